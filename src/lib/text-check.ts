/** Tells text from other bytes as they pass. */

/** Whether bytes are text, written in chunks of any size. */
export interface TextCheck {
  write(chunk: Uint8Array): void;
  /** It is no text, whatever follows. */
  readonly failed: boolean;
  /** Whether all of it was UTF-8 without control characters other than tab, line feed and carriage return. */
  end(): boolean;
}

/** Checks until the first byte that is no text; what follows costs nothing. */
export function createTextCheck(): TextCheck {
  let decoder: TextDecoder | undefined = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const decode = (chunk?: Uint8Array) => {
    try {
      decoder?.decode(chunk, { stream: chunk !== undefined });
    } catch {
      decoder = undefined;
    }
  };
  return {
    write(chunk) {
      if (decoder && hasControl(chunk)) decoder = undefined;
      decode(chunk);
    },
    get failed() {
      return decoder === undefined;
    },
    end() {
      decode();
      return decoder !== undefined;
    },
  };
}

/** Whether a byte is a control character; in UTF-8 no byte of a longer character can be taken for one. */
function hasControl(chunk: Uint8Array): boolean {
  const { buffer, byteOffset, length } = chunk;
  const head = (4 - (byteOffset % 4)) % 4;
  if (length < head) return hasControlIn(chunk, 0, length);
  const words = new Int32Array(buffer, byteOffset + head, (length - head) >> 2);
  const tail = head + words.length * 4;
  if (hasControlIn(chunk, 0, head) || hasControlIn(chunk, tail, length)) return true;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? 0;
    // Four bytes at once: is one of them below 0x20, or 0x7f?
    const deleted = word ^ 0x7f7f_7f7f;
    const found = ((word - 0x2020_2020) & ~word) | ((deleted - 0x0101_0101) & ~deleted);
    if ((found & 0x8080_8080) !== 0 && hasControlIn(chunk, head + index * 4, head + index * 4 + 4)) return true;
  }
  return false;
}

function hasControlIn(chunk: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte === 0x7f || (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d)) return true;
  }
  return false;
}
