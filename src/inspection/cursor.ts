/** Reads forward through something of which parts can be read; what is skipped is not read. */

/** Reads exactly the bytes asked for, or throws. */
export type ReadBytes = (range: { offset: number; length: number }) => Promise<Uint8Array>;

/** The bytes ended before what was wanted. */
export class EndOfBytes extends Error {}

/** A position in a stretch of bytes. Bytes are fetched by `need`, and taken without waiting. */
export class Cursor {
  readonly #read: ReadBytes;
  readonly #end: number;
  readonly #windowBytes: number;
  #buffer = new Uint8Array();
  /** Where the buffer begins, and how far into it we are. */
  #base: number;
  #at = 0;
  /** Bytes fetched so far. */
  fetched = 0;

  constructor(read: ReadBytes, stretch: { from: number; to: number }, windowBytes: number) {
    this.#read = read;
    this.#base = stretch.from;
    this.#end = stretch.to;
    this.#windowBytes = windowBytes;
  }

  get position(): number {
    return this.#base + this.#at;
  }

  get rest(): number {
    return this.#end - this.position;
  }

  /** Bytes that can be taken without waiting. */
  get ready(): number {
    return this.#buffer.length - this.#at;
  }

  /** Makes so many bytes ready. @throws EndOfBytes */
  async need(count: number): Promise<void> {
    if (this.ready >= count) return;
    if (count > this.rest) throw new EndOfBytes();
    await this.fill(count);
  }

  /** Makes a window of bytes ready, or all that are left. */
  async fill(count = 0): Promise<void> {
    const wanted = Math.min(Math.max(count, this.#windowBytes), this.rest);
    const missing = wanted - this.ready;
    if (missing <= 0) return;
    const more = await this.#read({ offset: this.#base + this.#buffer.length, length: missing });
    const buffer = new Uint8Array(wanted);
    buffer.set(this.#buffer.subarray(this.#at));
    buffer.set(more, this.ready);
    this.fetched += missing;
    this.#base = this.position;
    this.#at = 0;
    this.#buffer = buffer;
  }

  /** The next bytes, which must be ready; valid until the next fetch. */
  take(count: number): Uint8Array {
    if (count > this.ready) throw new EndOfBytes();
    this.#at += count;
    return this.#buffer.subarray(this.#at - count, this.#at);
  }

  /** The next bytes, as many of them as are ready, without taking them. */
  peek(count: number): Uint8Array {
    return this.#buffer.subarray(this.#at, this.#at + count);
  }

  /** The next little-endian number of 1, 2, 4 or 8 bytes, which must be ready; beyond 2^53 it is not exact. */
  uint(bytes: number): number {
    const field = this.take(bytes);
    let value = 0;
    for (let index = bytes - 1; index >= 0; index -= 1) value = value * 256 + (field[index] ?? 0);
    return value;
  }

  /** The distance to the next byte of this value among those ready; -1 if there is none. */
  find(byte: number): number {
    const at = this.#buffer.indexOf(byte, this.#at);
    return at === -1 ? -1 : at - this.#at;
  }

  /** Steps over bytes, ready or not. @throws EndOfBytes */
  skip(count: number): void {
    if (count > this.rest) throw new EndOfBytes();
    if (count <= this.ready) {
      this.#at += count;
      return;
    }
    this.#base = this.position + count;
    this.#at = 0;
    this.#buffer = new Uint8Array();
  }
}
