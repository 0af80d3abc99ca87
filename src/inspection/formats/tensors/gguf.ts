/**
 * GGUF: metadata, descriptions of tensors, tensors.
 *
 * Invariant: a file without a finding was walked from its first byte to the first tensor, its tensors lie one behind the
 * other as llama.cpp demands, and every template in it was checked.
 *
 * Source: the format's own description (ggml, docs/gguf.md).
 */

import { Cursor, EndOfBytes } from "../../cursor.ts";
import type { Format, Note } from "../../format.ts";
import { hasBytes, littleEndian } from "../reading/bytes.ts";
import { checkTemplate, hasTemplate } from "../text/jinja.ts";

const PAIRS_MAX = 100_000;
const TENSORS_MAX = 100_000;
const VALUES_MAX = 5_000_000;
const STRING_MAX_BYTES = 4 * 1024 * 1024;
const NAME_MAX_BYTES = 65_535;
const WINDOW_BYTES = 256 * 1024;

const STRING = 8;
const MERGES = "tokenizer.ggml.merges";
const CHARSMAP = "tokenizer.ggml.precompiled_charsmap";
/** Arrays of the vocabulary, and the types that their values may have: texts, 32-bit floats, 32-bit integers, bytes. */
const VOCABULARY: ReadonlyMap<string, readonly number[]> = new Map([
  ["tokenizer.ggml.tokens", [8]],
  [MERGES, [8]],
  ["tokenizer.ggml.scores", [6]],
  ["tokenizer.ggml.token_type", [5]],
  [CHARSMAP, [0, 1]],
]);
/** Those of them that need not be as long as the others. */
const OF_ANY_LENGTH: ReadonlySet<string> = new Set([MERGES, CHARSMAP]);
const ARRAY = 9;
/** Bytes of a value, by its type. */
const WIDTHS: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};

/** Elements and bytes of a block, by the type of the tensor. */
const BLOCKS: Readonly<Record<number, readonly [elements: number, bytes: number]>> = {
  0: [1, 4],
  1: [1, 2],
  2: [32, 18],
  3: [32, 20],
  6: [32, 22],
  7: [32, 24],
  8: [32, 34],
  9: [32, 36],
  10: [256, 84],
  11: [256, 110],
  12: [256, 144],
  13: [256, 176],
  14: [256, 210],
  15: [256, 292],
  16: [256, 66],
  17: [256, 74],
  18: [256, 98],
  19: [256, 50],
  20: [32, 18],
  21: [256, 110],
  22: [256, 82],
  23: [256, 136],
  24: [1, 1],
  25: [1, 2],
  26: [1, 4],
  27: [1, 8],
  28: [1, 8],
  29: [256, 56],
  30: [1, 2],
  34: [256, 54],
  35: [256, 66],
  39: [32, 17],
};

class Malformed extends Error {}

export const gguf: Format = {
  kind: "gguf",
  recognise: ({ head }) => hasBytes(head, { bytes: "GGUF" }),
  async inspect({ read, size, head }, note) {
    const version = littleEndian(head.subarray(4, 8));
    if (version !== 2 && version !== 3) return note("opaque_format", "GGUF of another version or byte order");
    const walk = new Walk(new Cursor(read, { from: 8, to: size }, WINDOW_BYTES), note);
    try {
      await walk.run(size);
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof EndOfBytes)) throw error;
      note("format_malformed", error.message || "GGUF that breaks off");
    }
  },
};

class Walk {
  readonly #cursor: Cursor;
  readonly #note: Note;
  #values = 0;
  #alignment = 32;

  constructor(cursor: Cursor, note: Note) {
    this.#cursor = cursor;
    this.#note = note;
  }

  async run(size: number): Promise<void> {
    const tensors = await this.#count(8, TENSORS_MAX, "tensors");
    const pairs = await this.#count(8, PAIRS_MAX, "keys");
    const keys = new Set<string>();
    for (let index = 0; index < pairs; index += 1) {
      const key = await this.#string(NAME_MAX_BYTES);
      if (keys.has(key)) throw new Malformed(`GGUF with a key twice: ${key}`);
      keys.add(key);
      await this.#pair(key);
    }
    let offset = 0;
    let unknown: number | undefined;
    for (let index = 0; index < tensors; index += 1) {
      const { begin, bytes, type } = await this.#tensor();
      if (bytes === undefined) unknown ??= type;
      if (unknown === undefined && begin !== offset) throw new Malformed("GGUF whose tensors overlap or leave a hole");
      offset = this.#aligned(begin + (bytes ?? 0));
      if (offset > size + this.#alignment) throw new Malformed("GGUF with a tensor outside of the file");
    }
    if (unknown !== undefined) return this.#note("opaque_format", `GGUF with tensors of a type ${unknown}`);
    const data = this.#aligned(this.#cursor.position);
    // the last tensor may lack its padding
    const rest = size - data;
    const tolerated = tensors === 0 ? rest <= 0 : rest <= offset && rest > offset - this.#alignment;
    if (!tolerated) throw new Malformed("GGUF of another length than its tensors say");
  }

  /** Lengths of the parts of the vocabulary: one, if they fit each other. */
  readonly #vocabulary = new Set<number>();

  #aligned(position: number): number {
    return Math.ceil(position / this.#alignment) * this.#alignment;
  }

  async #pair(key: string): Promise<void> {
    const type = await this.#uint(4);
    // llama.cpp aborts if one of these is no array
    if (type !== ARRAY && VOCABULARY.has(key)) throw new Malformed(`GGUF whose ${key} is no array`);
    if (type === STRING) {
      const text = await this.#string(STRING_MAX_BYTES);
      if (key.startsWith("tokenizer.chat_template") || hasTemplate(text)) checkTemplate(text, this.#note);
      return;
    }
    if (type === ARRAY) return this.#array(key);
    const width = WIDTHS[type];
    if (width === undefined) throw new Malformed("GGUF with a value of an unknown type");
    const value = await this.#uint(width);
    if (key === "general.alignment") {
      if (type !== 4 || value < 8 || value > 65_536 || (value & (value - 1)) !== 0) {
        throw new Malformed("GGUF with an odd alignment");
      }
      this.#alignment = value;
    }
  }

  async #array(key: string): Promise<void> {
    const type = await this.#uint(4);
    const count = await this.#count(8, VALUES_MAX, "values");
    // llama.cpp reads these without a look at their type, and as many of one as there are of the others
    const wanted = VOCABULARY.get(key);
    if (wanted !== undefined && !wanted.includes(type)) throw new Malformed(`GGUF whose ${key} is of another type`);
    if (wanted !== undefined && !OF_ANY_LENGTH.has(key)) this.#vocabulary.add(count);
    if (this.#vocabulary.size > 1) throw new Malformed("GGUF whose vocabulary has parts of different lengths");
    this.#values += count;
    if (this.#values > VALUES_MAX) throw new Malformed("GGUF with too many values");
    if (type === STRING) {
      for (let index = 0; index < count; index += 1) {
        if (this.#cursor.ready < 8) await this.#cursor.need(8);
        const length = this.#cursor.uint(8);
        if (length > STRING_MAX_BYTES) throw new Malformed("GGUF with a text that is too long");
        this.#cursor.skip(length);
      }
      return;
    }
    const width = WIDTHS[type];
    // llama.cpp does not read arrays of arrays
    if (width === undefined) throw new Malformed("GGUF with an array of an unknown type");
    this.#cursor.skip(count * width);
  }

  async #tensor(): Promise<{ begin: number; bytes: number | undefined; type: number }> {
    await this.#string(NAME_MAX_BYTES);
    const dimensions = await this.#uint(4);
    if (dimensions > 4) throw new Malformed("GGUF with a tensor of too many dimensions");
    let elements = 1;
    let row = 1;
    for (let index = 0; index < dimensions; index += 1) {
      const length = await this.#uint(8);
      if (index === 0) row = length;
      elements *= length;
    }
    const type = await this.#uint(4);
    const begin = await this.#uint(8);
    const [block, bytes] = BLOCKS[type] ?? [];
    if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(begin))
      throw new Malformed("GGUF with a tensor beyond all sizes");
    if (block === undefined || bytes === undefined) return { begin, bytes: undefined, type };
    if (row % block !== 0) throw new Malformed("GGUF with a tensor whose rows are no blocks");
    return { begin, bytes: (elements / block) * bytes, type };
  }

  async #uint(bytes: number): Promise<number> {
    await this.#cursor.need(bytes);
    return this.#cursor.uint(bytes);
  }

  async #count(bytes: number, max: number, what: string): Promise<number> {
    const count = await this.#uint(bytes);
    if (count > max) throw new Malformed(`GGUF with too many ${what}`);
    return count;
  }

  async #string(max: number): Promise<string> {
    const length = await this.#uint(8);
    if (length > max) throw new Malformed("GGUF with a text that is too long");
    await this.#cursor.need(length);
    return new TextDecoder().decode(this.#cursor.take(length));
  }
}
