/** What an uploaded zip says of itself, read out of the bucket: when it comes, and when its rating is made again. */

import { locateEntry, readEntry } from "../bundle/zip-entry.ts";
import { type ReadRange, readZipIndex, ZipError } from "../bundle/zip-index.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactSource } from "../sources/source-url.ts";
import { getBundle } from "../store/blobs.ts";
import type { Collected } from "../trust/collect.ts";
import { collectUpload } from "../trust/collect-upload.ts";

/** A zip in the bucket. `size` in bytes, digest in hex. */
export interface StoredZip {
  object_key: string;
  size: number;
  sha256: string;
}

/** Reads parts of an object. */
export function rangeReader(ctx: Context, key: string): ReadRange {
  return async (range) => {
    const part = await getBundle(ctx.blobs, key, range);
    return part ? new Uint8Array(await part.arrayBuffer()) : undefined;
  };
}

/**
 * Collects what the files of an upload say, a few small ones of which are read.
 * @throws RegistryError `upload_refused` for one that is not as the zip's directory promises
 */
export async function readUpload(ctx: Context, source: ArtifactSource, zip: StoredZip): Promise<Collected> {
  const read = rangeReader(ctx, zip.object_key);
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
