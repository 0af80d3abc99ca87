/**
 * Writes a zip whose entries are stored, not deflated: the bytes of an entry stand in the archive as they are, so that a
 * later reader can fetch one of them by a ranged read, and the archive's size is known before it is written.
 *
 * Sources: PKWARE APPNOTE 6.3.10, §4.3 (structure) and §4.4 (fields). Bounded to what needs no zip64 (65,535 entries, 4 GiB).
 */

import { crc32 } from "node:zlib";

/** One file of an archive. */
export interface ZipEntry {
  path: string;
  bytes: Uint8Array;
}

const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const END_RECORD_BYTES = 22;
const VERSION_NEEDED = 20;
/** General purpose bit 11: names are UTF-8. */
const UTF8_NAMES = 0x0800;
/** 1980-01-01 00:00, the format's zero: equal content gives equal bytes. */
const DOS_DATE = 0x0021;
const MADE_BY_UNIX = 3 << 8;
/** A regular file, rw-r--r--: what Unix tools restore. */
const REGULAR_FILE = (0o100644 << 16) >>> 0;

/**
 * Builds the archive in memory.
 * @throws RangeError if it would need zip64.
 */
export function writeZip(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const named = entries.map(({ path, bytes }) => ({ name: encoder.encode(path), bytes, crc: crc32(bytes) }));
  const size = named.reduce(
    (sum, { name, bytes }) => sum + LOCAL_HEADER_BYTES + CENTRAL_HEADER_BYTES + 2 * name.length + bytes.length,
    END_RECORD_BYTES,
  );
  if (size > 0xffff_fffe || entries.length > 0xfffe || named.some(({ name }) => name.length > 0xffff)) {
    throw new RangeError("zip: too large without zip64");
  }

  const archive = new Uint8Array(size);
  const view = new DataView(archive.buffer);
  let at = 0;
  const u16 = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const raw = (bytes: Uint8Array) => {
    archive.set(bytes, at);
    at += bytes.length;
  };
  /** The fields that a local header and its central twin share, from "version needed" to "extra field length". */
  const shared = ({ name, bytes, crc }: (typeof named)[number]) => {
    u16(VERSION_NEEDED);
    u16(UTF8_NAMES);
    u16(0); // method: stored
    u16(0); // time
    u16(DOS_DATE);
    u32(crc);
    u32(bytes.length);
    u32(bytes.length);
    u16(name.length);
    u16(0);
  };

  const offsets = named.map((entry) => {
    const offset = at;
    u32(0x04034b50);
    shared(entry);
    raw(entry.name);
    raw(entry.bytes);
    return offset;
  });
  const directory = at;
  named.forEach((entry, index) => {
    u32(0x02014b50);
    u16(MADE_BY_UNIX | VERSION_NEEDED);
    shared(entry);
    u16(0); // comment length
    u16(0); // disk
    u16(0); // internal attributes
    u32(REGULAR_FILE);
    u32(offsets[index] ?? 0);
    raw(entry.name);
  });
  const directorySize = at - directory;
  u32(0x06054b50);
  u16(0);
  u16(0);
  u16(named.length);
  u16(named.length);
  u32(directorySize);
  u32(directory);
  u16(0);
  return archive;
}
