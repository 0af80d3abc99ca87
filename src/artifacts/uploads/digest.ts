/** Reading an upload through, once: for its digest, and the size, checksum and digest of each file in it. */

import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { BUNDLE_MAX_INFLATED_BYTES } from "../../limits.ts";
import { ObjectGoneError, openReadBack } from "../../store/read-back.ts";
import { type Digested, digestEntries } from "../../zip/zip-digest.ts";
import type { EntryLocation } from "../../zip/zip-entry.ts";
import { STORED } from "../../zip/zip-format.ts";
import { ZipError } from "../../zip/zip-records.ts";

/**
 * Refuses what would take too long to inflate.
 * @throws RegistryError `body_too_large`
 */
export function checkInflated(entries: readonly EntryLocation[]): void {
  const inflated = entries.reduce((sum, { method, size }) => sum + (method === STORED ? 0 : size), 0);
  if (inflated <= BUNDLE_MAX_INFLATED_BYTES) return;
  throw new RegistryError(
    "body_too_large",
    `The compressed files of this zip inflate to ${inflated} bytes; up to ${BUNDLE_MAX_INFLATED_BYTES} are taken. ` +
      "Store weights without compression (zip -0): they hardly compress.",
  );
}

/**
 * Reads an upload through.
 * @throws RegistryError `content_corrupt`, `upload_not_found` if the object is not there
 */
export async function digestUpload(
  ctx: Context,
  objectKey: string,
  entries: readonly EntryLocation[],
): Promise<Digested> {
  const object = await openReadBack(ctx.blobs, objectKey);
  if (!object) throw new RegistryError("upload_not_found");
  try {
    return await digestEntries(object.reader, object.size, entries);
  } catch (error) {
    if (error instanceof ObjectGoneError) throw new RegistryError("upload_not_found");
    if (!(error instanceof ZipError)) throw error;
    const { code, path = "", message } = error;
    throw new RegistryError("content_corrupt", `Upload refused: ${code}: ${message} (${path})`, {
      extra: { findings: [{ code, severity: "unsafe", path, detail: message }] },
      cause: error,
    });
  }
}
