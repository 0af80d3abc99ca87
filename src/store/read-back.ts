/**
 * Reading a whole object back from the bucket.
 *
 * Invariant: what is read is one object from its first byte to its last, or it fails. A key is written once, so ranges of it
 * that are asked for one after the other belong together.
 */

import { type ChunkReader, openChunkReader } from "../lib/chunk-reader.ts";
import { createPace } from "../lib/pace.ts";
import { BUNDLE_READ_BYTES, PACE_BYTES, READ_BACK_MAX_RANGES, READ_BACK_RANGE_BYTES } from "../limits.ts";

/** The object was deleted while it was read. */
export class ObjectGoneError extends Error {
  override readonly name = "ObjectGoneError";
}

/**
 * Opens an object that is read from beginning to end, in ranges, with pauses in which other requests are served. Not with
 * one `get` of all: the local simulator takes such a stream into its memory before it serves anybody else.
 *
 * @param rangeBytes bytes of one range; more where the object would have more than `READ_BACK_MAX_RANGES` of them
 * @returns the size in bytes, and a reader whose chunks are valid until the next is asked for; its `read` rejects with
 *   ObjectGoneError. Undefined if there is no such object. Whoever does not read to the end cancels the reader.
 */
export async function openReadBack(
  bucket: Pick<R2Bucket, "get">,
  key: string,
  rangeBytes: number = READ_BACK_RANGE_BYTES,
): Promise<{ size: number; reader: ChunkReader } | undefined> {
  const first = await bucket.get(key, { range: { offset: 0, length: rangeBytes } });
  if (!first) return undefined;
  const { size } = first;
  const step = Math.max(rangeBytes, Math.ceil(size / READ_BACK_MAX_RANGES));
  const pace = createPace(PACE_BYTES);
  let current = openChunkReader(first.body, BUNDLE_READ_BYTES, true);
  let end = Math.min(rangeBytes, size);
  let at = 0;
  const read: ChunkReader["read"] = async () => {
    const part = await current.read();
    if (!part.done) {
      at += part.value.byteLength;
      await pace(part.value.byteLength);
      return part;
    }
    if (at !== end) throw new Error(`${key}: a range ended at byte ${at} instead of ${end}`);
    if (end === size) return part;
    const next = await bucket.get(key, { range: { offset: at, length: Math.min(step, size - at) } });
    if (!next) throw new ObjectGoneError(`${key} was deleted while it was read`);
    end = Math.min(at + step, size);
    current = openChunkReader(next.body, BUNDLE_READ_BYTES, true);
    return read();
  };
  return { size, reader: { read, cancel: (reason) => current.cancel(reason) } };
}
