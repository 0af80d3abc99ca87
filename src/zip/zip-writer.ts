/**
 * Writes a small zip in memory. Its entries are stored, not deflated: the bytes of an entry stand in the archive as they
 * are, so that a later reader can fetch one of them by a ranged read.
 *
 * Bounded to what needs no zip64 (65,534 entries, 4 GiB): what is larger is streamed (`zip-stream.ts`).
 */

import { crc32 } from "node:zlib";
import { centralHeader, endRecords, localHeader, MAX_16, MAX_32 } from "./zip-format.ts";
import { planZip, type ZipLayout } from "./zip-layout.ts";

/** One file of an archive. */
export interface ZipEntry {
  path: string;
  bytes: Uint8Array;
}

/** Where everything will stand in the archive of some entries, checksums included. */
export function layOutZip(entries: readonly ZipEntry[]): ZipLayout {
  return planZip(entries.map(({ path, bytes }) => ({ path, size: bytes.length, crc32: crc32(bytes) })));
}

/**
 * Builds the archive in memory.
 * @param layout of these entries, where it is known already
 * @throws RangeError if it would need zip64.
 */
export function writeZip(entries: readonly ZipEntry[], layout = layOutZip(entries)): Uint8Array<ArrayBuffer> {
  const { size, files, directoryOffset, endOffset } = layout;
  if (size >= MAX_32 || entries.length >= MAX_16) throw new RangeError("zip: too large without zip64");

  const archive = new Uint8Array(size);
  files.forEach((file, index) => {
    const crc = file.crc32 ?? 0;
    archive.set(localHeader(file, crc), file.headerOffset);
    archive.set(entries[index]?.bytes ?? new Uint8Array(), file.dataOffset);
    archive.set(centralHeader(file, crc, file.headerOffset), file.centralOffset);
  });
  archive.set(
    endRecords({ count: files.length, offset: directoryOffset, size: endOffset - directoryOffset }),
    endOffset,
  );
  return archive;
}
