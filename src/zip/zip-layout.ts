/**
 * Where everything of an archive will stand, known before a byte of its files is read.
 *
 * Invariant: the segments of a layout tile it from 0 to its size without gap or overlap; only checksums are missing, and
 * none of them changes a length.
 */

import {
  centralHeaderLength,
  descriptorLength,
  type EntryRecord,
  endLength,
  localHeaderLength,
  MAX_16,
  MAX_32,
} from "./zip-format.ts";

/** A file that goes into an archive. */
export interface PlannedFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Its CRC-32, where known: it then stands in the local header; else it is learnt from the bytes and follows them. */
  crc32?: number;
  /**
   * The size was not known when the local header was written; such a file is the last one. Plan it with size 0, stream
   * header and data from its `dataOffset` on, then plan again with the real size and stream the rest: no byte before changes.
   */
  openEnded?: boolean;
}

/** A file and where it stands, all offsets in bytes of the archive. */
export interface LaidOutFile extends PlannedFile, EntryRecord {
  headerOffset: number;
  dataOffset: number;
  descriptorOffset: number;
  /** Where its record in the directory begins. */
  centralOffset: number;
}

/** An archive to be. */
export interface ZipLayout {
  /** Bytes of the whole archive. */
  size: number;
  files: readonly LaidOutFile[];
  directoryOffset: number;
  /** Where the directory ends and the records of the end begin. */
  endOffset: number;
}

/** A part of an archive: the kind of bytes, which of them, and where they stand. */
export interface ZipSegment {
  kind: "header" | "data" | "descriptor" | "central" | "end";
  /** Index of the file; absent for the records of the end. */
  file?: number;
  /** First byte wanted, counted from the segment's own beginning. */
  offset: number;
  length: number;
}

/**
 * Lays out an archive of stored files in their order, with zip64 where sizes, offsets or their number need it.
 * @throws RangeError if a name is longer than the format has room for, or an open-ended file is not the last
 */
export function planZip(files: readonly PlannedFile[]): ZipLayout {
  const encoder = new TextEncoder();
  let at = 0;
  const placed = files.map((file, index) => {
    const name = encoder.encode(file.path);
    if (name.length > MAX_16) throw new RangeError("zip: a name of more than 65,535 bytes");
    if (file.openEnded && index !== files.length - 1) throw new RangeError("zip: only the last file may be open-ended");
    const descriptor = file.crc32 === undefined || file.openEnded === true;
    const entry = { ...file, name, descriptor, wide: file.size >= MAX_32 || file.openEnded === true };
    const headerOffset = at;
    const dataOffset = headerOffset + localHeaderLength(entry);
    const descriptorOffset = dataOffset + file.size;
    at = descriptorOffset + descriptorLength(entry);
    return { ...entry, headerOffset, dataOffset, descriptorOffset };
  });
  const directoryOffset = at;
  const laidOut = placed.map((file) => {
    const centralOffset = at;
    at += centralHeaderLength(file, file.headerOffset);
    return { ...file, centralOffset };
  });
  const directory = { count: files.length, offset: directoryOffset, size: at - directoryOffset };
  return { size: at + endLength(directory), files: laidOut, directoryOffset, endOffset: at };
}

/** The segments of a range of the archive, in their order; empty ones are left out. */
export function* segmentsOf(
  layout: ZipLayout,
  range: { offset: number; length: number },
): Generator<ZipSegment, void, undefined> {
  const { files, directoryOffset, endOffset, size } = layout;
  const to = Math.min(range.offset + range.length, size);
  const cut = (kind: ZipSegment["kind"], from: number, end: number, file?: number): ZipSegment[] => {
    const first = Math.max(from, range.offset);
    const length = Math.min(end, to) - first;
    return length > 0 ? [{ kind, ...(file !== undefined && { file }), offset: first - from, length }] : [];
  };

  for (let index = lastBefore(files, range.offset, "headerOffset"); index < files.length; index += 1) {
    const file = files[index];
    if (!file || file.headerOffset >= to) break;
    yield* cut("header", file.headerOffset, file.dataOffset, index);
    yield* cut("data", file.dataOffset, file.descriptorOffset, index);
    yield* cut("descriptor", file.descriptorOffset, files[index + 1]?.headerOffset ?? directoryOffset, index);
  }
  for (let index = lastBefore(files, range.offset, "centralOffset"); index < files.length; index += 1) {
    const file = files[index];
    if (!file || file.centralOffset >= to) break;
    yield* cut("central", file.centralOffset, files[index + 1]?.centralOffset ?? endOffset, index);
  }
  yield* cut("end", endOffset, size);
}

/** The index of the last file whose header begins at or before an offset; 0 if there is none. */
function lastBefore(files: readonly LaidOutFile[], offset: number, field: "headerOffset" | "centralOffset"): number {
  let low = 0;
  let high = files.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((files[middle]?.[field] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
