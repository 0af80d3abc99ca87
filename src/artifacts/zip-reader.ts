/** Reads zips in the bucket part by part: what uploads, mirrors and ratings look into archives with. */

import type { Context } from "../context.ts";
import { READ_WHOLE_MAX_BYTES } from "../limits.ts";
import { getBundle } from "../store/blobs.ts";
import type { ReadRange } from "../zip/zip-index.ts";

/** Reads parts of a zip of so many bytes; of a small one, parts of all of it, which is read once. */
export function readerOf(ctx: Context, { object_key, size }: { object_key: string; size: number }): ReadRange {
  const read: ReadRange = async (range) => {
    const part = await getBundle(ctx.blobs, object_key, range);
    return part ? new Uint8Array(await part.arrayBuffer()) : undefined;
  };
  if (size > READ_WHOLE_MAX_BYTES) return read;
  let whole: Promise<Uint8Array | undefined> | undefined;
  return async ({ offset, length }) => {
    whole ??= read({ offset: 0, length: size });
    return (await whole)?.subarray(offset, offset + length);
  };
}
