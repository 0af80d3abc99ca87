/**
 * Adds up numbers of a struct in Thrift's compact protocol that lies in memory; whatever else is in it is stepped over.
 *
 * Invariant: every element that is stepped over takes at least a byte, and the depth is bounded: the time is bounded by the
 * length.
 *
 * Source: the compact protocol's own description (apache/thrift, doc/specs).
 */

/** Where the numbers are: by number of a field, the name to add it under, or the same of a struct or a list of structs. */
export interface Wanted {
  readonly [field: number]: string | Wanted;
}

/** Bytes that are no struct, or one whose wanted fields are of another type, or negative. */
export class NotThrift extends Error {}

const DEPTH_MAX = 32;
const VARINT_MAX_BYTES = 10;
const [I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID] = [6, 7, 8, 9, 10, 11, 12, 13];

/**
 * The sums of the wanted 64-bit integers, by their names; a name that does not occur has none. Beyond 2^53 not exact.
 * @throws NotThrift also if the struct does not end where the bytes end
 */
export function sumFields(bytes: Uint8Array, wanted: Wanted): Map<string, number> {
  const walk = new Walk(bytes);
  walk.struct(wanted, 0);
  if (walk.at !== bytes.length) throw new NotThrift();
  return walk.sums;
}

class Walk {
  readonly #bytes: Uint8Array;
  readonly sums = new Map<string, number>();
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(wanted: Wanted | undefined, depth: number): void {
    if (depth > DEPTH_MAX) throw new NotThrift();
    let field = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return;
      field = head >> 4 === 0 ? this.#signed() : field + (head >> 4);
      const type = head & 15;
      const want = wanted?.[field];
      if (typeof want === "string") {
        if (type !== I64) throw new NotThrift();
        const value = this.#signed();
        if (value < 0) throw new NotThrift();
        this.sums.set(want, (this.sums.get(want) ?? 0) + value);
      } else if (want !== undefined && type !== STRUCT && type !== LIST) {
        throw new NotThrift();
      } else if (type !== 1 && type !== 2) {
        // the type of a boolean field is its value
        this.#value(type, want, depth + 1);
      }
    }
  }

  #value(type: number, wanted: Wanted | undefined, depth: number): void {
    if (depth > DEPTH_MAX) throw new NotThrift();
    if (type >= 1 && type <= 3) this.#skip(1);
    else if (type >= 4 && type <= I64) this.#varint();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#varint());
    else if (type === LIST || type === SET) this.#list(wanted, depth);
    else if (type === MAP) this.#map(depth);
    else if (type === STRUCT) this.struct(wanted, depth);
    else if (type === UUID) this.#skip(16);
    else throw new NotThrift();
  }

  #list(wanted: Wanted | undefined, depth: number): void {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    const type = head & 15;
    if (wanted !== undefined && count > 0 && type !== STRUCT) throw new NotThrift();
    for (let index = 0; index < count; index += 1) this.#value(type, wanted, depth + 1);
  }

  #map(depth: number): void {
    const count = this.#varint();
    if (count === 0) return;
    const types = this.#byte();
    for (let index = 0; index < count; index += 1) {
      this.#value(types >> 4, undefined, depth + 1);
      this.#value(types & 15, undefined, depth + 1);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new NotThrift();
    this.at += 1;
    return byte;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.at) throw new NotThrift();
    this.at += count;
  }

  #varint(): number {
    let value = 0;
    for (let index = 0; index < VARINT_MAX_BYTES; index += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw new NotThrift();
  }

  /** A number in zigzag: the lowest bit is the sign. */
  #signed(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
