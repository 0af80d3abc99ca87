/**
 * MessagePack, as Flax keeps its weights.
 *
 * Invariant: recognised only if one map fills the file to its last byte. Extension types are those of Flax, which hold
 * numbers; of other types it is not known what a reader makes of them.
 *
 * Source: the specification of MessagePack; flax.serialization.
 */

import { Cursor, EndOfBytes } from "../../cursor.ts";
import type { FileContent, Format } from "../../format.ts";
import { bigEndian, hasBytes } from "../reading/bytes.ts";

const VALUES_MAX = 2_000_000;
const DEPTH_MAX = 1000;
const WINDOW_BYTES = 64 * 1024;
const NUMPY_KEY = "nd";
const FLAX_TYPES = new Set([1, 2, 3]);

interface Walked {
  /** A type of extension that is not Flax's. */
  readonly foreign?: number;
  /** Has the key by which msgpack-numpy knows an array; those of objects are pickles. */
  readonly numpy: boolean;
}

const walks = new WeakMap<FileContent, Promise<Walked | undefined>>();

export const msgpack: Format = {
  kind: "msgpack",
  async recognise(content) {
    const [first = 0] = content.head;
    if (!((first > 0x80 && first < 0x90) || first === 0xde || first === 0xdf)) return false;
    const walked = walk(content);
    walks.set(content, walked);
    return (await walked) !== undefined;
  },
  async inspect(content, note) {
    const walked = await (walks.get(content) ?? walk(content));
    if (walked?.numpy) note("opaque_format", "an array of msgpack-numpy, which may be a pickle");
    if (walked?.foreign !== undefined) note("opaque_format", `MessagePack with values of a type ${walked.foreign}`);
  },
};

/** Bytes of the length or value behind the first byte of a value, and what they are. */
const SIZED: Readonly<Record<number, readonly [bytes: number, what: "bytes" | "array" | "map" | "ext" | "plain"]>> = {
  192: [0, "plain"],
  194: [0, "plain"],
  195: [0, "plain"],
  196: [1, "bytes"],
  197: [2, "bytes"],
  198: [4, "bytes"],
  199: [1, "ext"],
  200: [2, "ext"],
  201: [4, "ext"],
  202: [4, "plain"],
  203: [8, "plain"],
  204: [1, "plain"],
  205: [2, "plain"],
  206: [4, "plain"],
  207: [8, "plain"],
  208: [1, "plain"],
  209: [2, "plain"],
  210: [4, "plain"],
  211: [8, "plain"],
  217: [1, "bytes"],
  218: [2, "bytes"],
  219: [4, "bytes"],
  220: [2, "array"],
  221: [4, "array"],
  222: [2, "map"],
  223: [4, "map"],
};

/** Walks one value; undefined if it does not fill the file. */
async function walk({ read, size }: FileContent): Promise<Walked | undefined> {
  const cursor = new Cursor(read, { from: 0, to: size }, WINDOW_BYTES);
  // values still to come, by level
  const open: number[] = [1];
  let foreign: number | undefined;
  let numpy = false;
  const skip = async (length: number) => {
    if (length === NUMPY_KEY.length && !numpy) {
      await cursor.need(length);
      numpy = hasBytes(cursor.take(length), { bytes: NUMPY_KEY });
    } else cursor.skip(length);
  };
  try {
    for (let values = 0; open.length > 0; values += 1) {
      if (values > VALUES_MAX || open.length > DEPTH_MAX) return undefined;
      const level = open.length - 1;
      if (open[level] === 0) {
        open.pop();
        continue;
      }
      open[level] = (open[level] ?? 0) - 1;
      if (cursor.ready < 1) await cursor.need(1);
      const byte = cursor.uint(1);
      let count = 0;
      if (byte < 0x80 || byte >= 0xe0) continue;
      if (byte < 0x90) count = (byte & 0x0f) * 2;
      else if (byte < 0xa0) count = byte & 0x0f;
      else if (byte < 0xc0) {
        await skip(byte & 0x1f);
        continue;
      } else if (byte >= 0xd4 && byte <= 0xd8) {
        await cursor.need(1);
        const type = cursor.uint(1);
        if (!FLAX_TYPES.has(type)) foreign ??= type;
        cursor.skip(2 ** (byte - 0xd4));
        continue;
      } else {
        const sized = SIZED[byte];
        if (!sized) return undefined;
        const [bytes, what] = sized;
        await cursor.need(bytes);
        const value = bigEndian(cursor.take(bytes));
        if (what === "plain") continue;
        if (what === "ext") {
          await cursor.need(1);
          const type = cursor.uint(1);
          if (!FLAX_TYPES.has(type)) foreign ??= type;
        }
        if (what === "bytes" || what === "ext") {
          await skip(value);
          continue;
        }
        count = what === "map" ? value * 2 : value;
      }
      if (count > cursor.rest) return undefined;
      if (count > 0) open.push(count);
    }
  } catch (error) {
    if (error instanceof EndOfBytes) return undefined;
    throw error;
  }
  return cursor.rest === 0 ? { numpy, ...(foreign !== undefined && { foreign }) } : undefined;
}
