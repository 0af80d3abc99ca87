/** What an uploaded zip says of itself, read out of the bucket: when it comes, and when its rating is made again. */

import { locateEntry, readEntry } from "../../bundle/zip-entry.ts";
import { type ReadRange, readZipIndex, ZipError } from "../../bundle/zip-index.ts";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { READ_WHOLE_MAX_BYTES } from "../../limits.ts";
import type { ArtifactSource } from "../../sources/source-url.ts";
import { getBundle } from "../../store/blobs.ts";
import type { Collected } from "../../trust/collect.ts";
import { collectUpload } from "../../trust/collect-upload.ts";

/** A zip in the bucket. `size` in bytes, digest in hex. */
export interface StoredZip {
  object_key: string;
  size: number;
  sha256: string;
}

/** Reads parts of a zip; of a small one, parts of all of it, which is read once. */
export function rangeReader(ctx: Context, { object_key, size }: Pick<StoredZip, "object_key" | "size">): ReadRange {
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

/**
 * Collects what the files of an upload say, a few small ones of which are read.
 * @throws RegistryError `upload_refused` for one that is not as the zip's directory promises
 */
export async function readUpload(
  ctx: Context,
  source: ArtifactSource,
  zip: StoredZip,
  read = rangeReader(ctx, zip),
): Promise<Collected> {
  try {
    const { entries } = await readZipIndex(read, zip.size);
    const files = entries.filter(({ path }) => !path.endsWith("/"));
    return await collectUpload(source, {
      files: files.map(({ path, size }) => ({ path, size })),
      sha256: zip.sha256,
      at: new Date(ctx.now()).toISOString(),
      async read(path) {
        const entry = files.find((file) => file.path === path);
        if (!entry) throw new ZipError("truncated", "no such entry", path);
        return readEntry(read, await locateEntry(read, entry));
      },
    });
  } catch (error) {
    if (!(error instanceof ZipError || error instanceof RangeError)) throw error;
    throw new RegistryError("upload_refused", `Upload refused: ${error.message}`, { cause: error });
  }
}
