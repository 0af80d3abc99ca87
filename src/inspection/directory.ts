/**
 * Checks what the directory of an archive alone says of its entries, but for their names.
 *
 * Invariant: if nothing unsafe was found, there are only files and directories, stored or deflated, and unpacking them all
 * yields no more than was declared.
 */

import { BUNDLE_MAX_INFLATED_BYTES, BUNDLE_MAX_RATIO, BUNDLE_RATIO_FREE_BYTES } from "../limits.ts";
import { DEFLATED, FLAG, STORED } from "../zip/zip-format.ts";
import type { ZipIndex } from "../zip/zip-index.ts";
import type { Findings } from "./findings.ts";

/**
 * Checks what the directory alone says of each entry but its name. A member that packs very well may be sparse data, so that
 * is only noted; a whole archive that packs very well and is large, too, is a bomb.
 */
export function checkDirectory({ entries, size: bytes }: ZipIndex, maxDeclaredBytes: number, findings: Findings): void {
  let declared = 0;
  let inflated = 0;
  for (const { path, method, flags, size, compressedSize, mode, otherModes } of entries) {
    declared += size;
    if (method !== STORED) inflated += size;
    if (flags & (FLAG.encrypted | FLAG.strong | FLAG.masked))
      findings.add("encrypted", "its data or header is encrypted", path);
    if (flags & FLAG.patched) findings.add("unknown_method", "a patch, not a file", path);
    if (method !== STORED && method !== DEFLATED) findings.add("unknown_method", `method ${method}`, path);
    if (method === STORED && size !== compressedSize)
      findings.add("stored_size_differs", "stored in another size", path);
    if (method === DEFLATED && size > BUNDLE_RATIO_FREE_BYTES && size > compressedSize * BUNDLE_MAX_RATIO) {
      findings.add("high_ratio", `${compressedSize} bytes that inflate to ${size}`, path);
    }
    const directory = path.endsWith("/");
    // deflate needs two bytes to say that there are none
    if (directory && (size > 0 || compressedSize > (method === DEFLATED ? 2 : 0)))
      findings.add("directory_has_data", "a directory with data", path);
    checkModes([mode, ...otherModes], path, findings);
  }
  if (declared > maxDeclaredBytes)
    findings.add("declared_size", `${declared} bytes declared, over ${maxDeclaredBytes}`);
  if (inflated > BUNDLE_MAX_INFLATED_BYTES && inflated > bytes * BUNDLE_MAX_RATIO)
    findings.add("declared_size", `${bytes} bytes that inflate to ${inflated}`);
}

/** What mode a regular file has: none, its own, or that of the pipe that `zip archive -` read it from. */
const FILE_KINDS = [0, 0o100000, 0o010000];

/** Only files and directories. Readers make a regular file of an entry whose mode is a pipe's, for it has data. */
export function checkModes(modes: readonly number[], path: string, findings: Findings): void {
  const allowed = path.endsWith("/") ? [0, 0o100000, 0o040000] : FILE_KINDS;
  const mode = modes.find((candidate) => !allowed.includes(candidate & 0o170000));
  if (mode === undefined) return;
  const isLink = (mode & 0o170000) === 0o120000;
  findings.add("special_file", isLink ? "a symbolic link" : `a special file, mode ${mode.toString(8)}`, path);
}
