/** What an uploaded zip says of itself, read out of the bucket: when it comes, and when its rating is made again. */

import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { Verdict } from "../../inspection/findings.ts";
import type { ArtifactSource } from "../../sources/source-url.ts";
import type { Collected } from "../../trust/collect.ts";
import { collectUpload } from "../../trust/collect-upload.ts";
import { type EntryLocation, locateEntry, readEntry } from "../../zip/zip-entry.ts";
import { type IndexedEntry, type ReadRange, ZipError } from "../../zip/zip-index.ts";

/** An uploaded zip whose directory is known: its entries, located or not, and how to read in it. */
export interface KnownZip {
  /** Hex. */
  sha256: string;
  entries: readonly (EntryLocation | IndexedEntry)[];
  read: ReadRange;
  /** What the inspection of its bytes says, where there was one. */
  verdict?: Verdict | undefined;
}

/**
 * Collects what the files of an upload say, a few small ones of which are read.
 * @throws RegistryError `upload_refused` for one that is not as the zip's directory promises
 */
export async function readUpload(
  ctx: Context,
  source: ArtifactSource,
  { sha256, entries, read, verdict }: KnownZip,
): Promise<Collected> {
  const files = entries.filter(({ path }) => !path.endsWith("/"));
  try {
    return await collectUpload(source, {
      files: files.map(({ path, size }) => ({ path, size })),
      sha256,
      inspection: verdict,
      at: new Date(ctx.now()).toISOString(),
      async read(path) {
        const entry = files.find((file) => file.path === path);
        if (!entry) throw new ZipError("truncated", "no such entry", path);
        return readEntry(read, "dataOffset" in entry ? entry : await locateEntry(read, entry));
      },
    });
  } catch (error) {
    if (!(error instanceof ZipError || error instanceof RangeError)) throw error;
    throw new RegistryError("upload_refused", `Upload refused: ${error.message}`, { cause: error });
  }
}
