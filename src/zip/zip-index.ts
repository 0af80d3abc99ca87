/**
 * Reads the directory of a zip by ranged reads: the end of the archive, then the directory; nothing is inflated.
 *
 * Invariant: what comes back tiles the end of the archive without gap: directory, records of the end, comment, end of file.
 * Whether the entries themselves are what the directory says is for the inspection (`inspect.ts`).
 *
 * Sources: PKWARE APPNOTE 6.3.10, §4.3.12 to §4.3.16.
 */

import { BUNDLE_DIRECTORY_MAX_BYTES, BUNDLE_MAX_ENTRIES } from "../limits.ts";
import {
  CENTRAL_HEADER_BYTES,
  END_RECORD_BYTES,
  END64_RECORD_BYTES,
  LOCATOR64_BYTES,
  MAX_16,
  MAX_32,
  SIGNATURE,
} from "./zip-format.ts";
import { type IndexedEntry, readCentralHeader, u64, viewOf, ZipError } from "./zip-records.ts";

export { type IndexedEntry, ZipError } from "./zip-records.ts";

/** Reads a part of the archive; undefined if there is no archive, fewer bytes if it ends. */
export type ReadRange = (range: { offset: number; length: number }) => Promise<Uint8Array | undefined>;

/** The directory of an archive. */
export interface ZipIndex {
  /** In the order of the directory. */
  entries: IndexedEntry[];
  directoryOffset: number;
  /** Bytes of the whole archive. */
  size: number;
  comment: Uint8Array;
}

/** Bounds of the directory; those of `limits.ts` if not given. */
export interface IndexBounds {
  maxEntries?: number;
  maxDirectoryBytes?: number;
}

/** Exactly the bytes asked for. @throws ZipError `truncated` */
export async function readExactly(read: ReadRange, offset: number, length: number): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array();
  const bytes = await read({ offset, length });
  if (bytes?.byteLength !== length) throw new ZipError("truncated", `no ${length} bytes at ${offset}`);
  return bytes;
}

/**
 * Reads the index of an archive; two reads, one if the directory is near the end.
 * @param size bytes of the whole archive
 * @throws ZipError with the code of what is wrong; whatever `read` throws
 */
export async function readZipIndex(read: ReadRange, size: number, bounds: IndexBounds = {}): Promise<ZipIndex> {
  const { maxEntries = BUNDLE_MAX_ENTRIES, maxDirectoryBytes = BUNDLE_DIRECTORY_MAX_BYTES } = bounds;
  if (size < END_RECORD_BYTES) throw new ZipError("not_a_zip", "shorter than the shortest zip");
  const tailOffset = Math.max(0, size - END_RECORD_BYTES - MAX_16 - END64_RECORD_BYTES - LOCATOR64_BYTES);
  const tail = await readExactly(read, tailOffset, size - tailOffset);
  const end = findEnd(tail);
  const comment = tail.subarray(end + END_RECORD_BYTES);

  const { count, offset, length, endsAt } = await readEnd(tail, tailOffset, end);
  if (count > maxEntries) throw new ZipError("too_many_entries", `${count} entries, more than ${maxEntries}`);
  if (length > maxDirectoryBytes) {
    throw new ZipError("directory_too_large", `a directory of ${length} bytes, more than ${maxDirectoryBytes}`);
  }
  if (offset + length > endsAt) throw new ZipError("directory_invalid", "the directory reaches beyond its end");
  const part = (from: number, bytes: number) =>
    from >= tailOffset ? tail.subarray(from - tailOffset, from - tailOffset + bytes) : readExactly(read, from, bytes);
  if (offset + length < endsAt) {
    // Offsets that do not count from the first byte: something stands before the archive, or behind its directory.
    const moved = length >= 4 ? viewOf(await part(endsAt - length, 4)).getUint32(0, true) : 0;
    const code = moved === SIGNATURE.central || length === 0 ? "prepended_data" : "hidden_data";
    throw new ZipError(code, `${endsAt - offset - length} bytes that belong to no entry`);
  }

  const directory = await part(offset, length);
  const entries: IndexedEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    const { record, next } = readCentralHeader(directory, at);
    if (record.disk !== 0) throw new ZipError("multi_disk", "an entry on another disk", record.path);
    entries.push(record);
    at = next;
  }
  if (at !== length) throw new ZipError("directory_invalid", "a directory longer than its entries");
  return { entries, directoryOffset: offset, size, comment: comment.slice() };
}

/**
 * Where the end record begins. Readers differ in where they look for it, so there may be only one place: it is the last
 * record, and what follows is its comment, in which nothing looks like a record.
 */
function findEnd(tail: Uint8Array): number {
  const view = viewOf(tail);
  const found: number[] = [];
  let looksLikeEnd = false;
  for (let at = tail.length - END_RECORD_BYTES; at >= 0; at -= 1) {
    if (tail[at] !== 0x50 || view.getUint32(at, true) !== SIGNATURE.end) continue;
    looksLikeEnd = true;
    if (at + END_RECORD_BYTES + view.getUint16(at + 20, true) === tail.length) found.push(at);
  }
  const [end, ...others] = found;
  if (end === undefined) {
    if (looksLikeEnd) throw new ZipError("trailing_data", "bytes behind the end of the archive");
    throw new ZipError("not_a_zip", "no end of a zip");
  }
  const records: readonly number[] = Object.values(SIGNATURE);
  for (let at = end + END_RECORD_BYTES; at + 4 <= tail.length; at += 1) {
    if (tail[at] === 0x50 && records.includes(view.getUint32(at, true))) {
      throw new ZipError("ambiguous_end", "a comment that looks like a part of a zip");
    }
  }
  if (others.length > 0) throw new ZipError("ambiguous_end", "more than one end of the archive");
  return end;
}

/** What the records of the end say, all of them agreeing. `endsAt`: where the directory has to end. */
async function readEnd(
  tail: Uint8Array,
  tailOffset: number,
  end: number,
): Promise<{ count: number; offset: number; length: number; endsAt: number }> {
  const view = viewOf(tail);
  const u16 = (at: number) => view.getUint16(at, true);
  const u32 = (at: number) => view.getUint32(at, true);
  const disks = [u16(end + 4), u16(end + 6)];
  const [onDisk, count, length, offset] = [u16(end + 8), u16(end + 10), u32(end + 12), u32(end + 16)];
  const wide = onDisk === MAX_16 || count === MAX_16 || length === MAX_32 || offset === MAX_32;
  const locator = end - LOCATOR64_BYTES;
  const hasLocator = locator >= 0 && u32(locator) === SIGNATURE.locator64;
  if (!hasLocator) {
    if (disks.some((disk) => disk !== 0) || onDisk !== count) throw new ZipError("multi_disk", "more than one disk");
    // 65,535 entries need no zip64, and Python writes none for them; no other value can be what it seems.
    const isCount = length < MAX_32 && offset < MAX_32 && length >= MAX_16 * CENTRAL_HEADER_BYTES;
    if (wide && !isCount) throw new ZipError("zip64_invalid", "sizes in zip64 records that are not there");
    return { count, offset, length, endsAt: tailOffset + end };
  }

  const at = u64(view, locator + 8) - tailOffset;
  if (at < 0 || at + END64_RECORD_BYTES !== locator || u32(at) !== SIGNATURE.end64) {
    throw new ZipError("zip64_invalid", "no zip64 end record before its locator");
  }
  if (u64(view, at + 4) !== END64_RECORD_BYTES - 12) throw new ZipError("zip64_invalid", "a longer zip64 end record");
  if (u32(locator + 4) !== 0 || u32(locator + 16) !== 1 || u32(at + 16) !== 0 || u32(at + 20) !== 0) {
    throw new ZipError("multi_disk", "more than one disk");
  }
  const wider = {
    onDisk: u64(view, at + 24),
    count: u64(view, at + 32),
    length: u64(view, at + 40),
    offset: u64(view, at + 48),
  };
  const agree = (value: number, max: number, inZip64: number) => value === inZip64 || value === max;
  const agreed =
    disks.every((disk) => agree(disk, MAX_16, 0)) &&
    wider.onDisk === wider.count &&
    agree(onDisk, MAX_16, wider.count) &&
    agree(count, MAX_16, wider.count) &&
    agree(length, MAX_32, wider.length) &&
    agree(offset, MAX_32, wider.offset);
  if (!agreed) throw new ZipError("zip64_invalid", "zip64 and end record disagree");
  return { ...wider, endsAt: tailOffset + at };
}
