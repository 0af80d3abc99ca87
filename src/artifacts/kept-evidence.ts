/** The evidence that an ingest kept in the bundle, for what is asked of it later. */

import type { Context } from "../context.ts";
import type { Evidence } from "../trust/evidence.ts";
import { readZipEntry } from "../zip/zip-entry.ts";
import { readerOf } from "./zip-reader.ts";

/**
 * Reads `evidence.json` out of a light bundle or a mirror. An upload keeps none: what it calls so is a file like any other, and
 * must not be read by this.
 * @param row the bundle; `size` in bytes
 * @returns undefined if the bundle has none that can be read
 * @throws if the bucket fails
 */
export async function readKeptEvidence(
  ctx: Context,
  row: { object_key: string; size: number },
): Promise<Evidence | undefined> {
  const bytes = await readZipEntry(readerOf(ctx, row), row.size, "evidence.json");
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Evidence;
  } catch {
    return undefined;
  }
}
