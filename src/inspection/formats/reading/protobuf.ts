/** Reads the fields of a protocol buffer's message that lies in memory. Source: the encoding of protocol buffers. */

/** One field. `bytes` of a field with a length, `value` of a number. */
export interface ProtoField {
  readonly number: number;
  readonly wire: number;
  readonly bytes: Uint8Array;
}

/** Bytes that are no message. */
export class NotProtobuf extends Error {}

const EMPTY = new Uint8Array();

/** The fields in their order. Groups are refused. @throws NotProtobuf */
export function* fieldsOf(message: Uint8Array): Generator<ProtoField> {
  for (let at = 0; at < message.length; ) {
    const tag = varintAt(message, at);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (number === 0) throw new NotProtobuf();
    let length = 0;
    if (wire === 0) length = varintAt(message, at).next - at;
    else if (wire === 1) length = 8;
    else if (wire === 5) length = 4;
    else if (wire === 2) {
      const stated = varintAt(message, at);
      at = stated.next;
      length = stated.value;
    } else throw new NotProtobuf();
    if (length > message.length - at) throw new NotProtobuf();
    yield { number, wire, bytes: length === 0 ? EMPTY : message.subarray(at, at + length) };
    at += length;
  }
}

function varintAt(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  throw new NotProtobuf();
}
