/**
 * The bytes of the records that a zip of ours is made of. Entries are stored; what does not fit 32 bits goes to zip64.
 *
 * Invariant: the length of every record follows from the name, the size and the offset alone, never from the checksum,
 * so that a whole archive can be laid out before its first byte is read.
 *
 * Sources: PKWARE APPNOTE 6.3.10, §4.3 (structure), §4.4 (fields), §4.5.3 (zip64).
 */

export const SIGNATURE = {
  local: 0x04034b50,
  descriptor: 0x08074b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
} as const;

export const LOCAL_HEADER_BYTES = 30;
export const CENTRAL_HEADER_BYTES = 46;
export const END_RECORD_BYTES = 22;
export const LOCATOR64_BYTES = 20;
export const END64_RECORD_BYTES = 56;
/** Longest of the four forms of a data descriptor: signature, checksum, two sizes of 8 bytes. */
export const DESCRIPTOR_MAX_BYTES = 24;

export const STORED = 0;
export const DEFLATED = 8;

/** General purpose bits. */
export const FLAG = {
  encrypted: 0x0001,
  descriptor: 0x0008,
  patched: 0x0020,
  strong: 0x0040,
  utf8: 0x0800,
  masked: 0x2000,
};

/** What a 16 or 32 bit field holds when the value stands in a zip64 record. */
export const MAX_16 = 0xffff;
export const MAX_32 = 0xffff_ffff;

/** Extra field ids: zip64 sizes; second names of an entry (Info-ZIP, Xceed); Unix modes and links (PKWARE, ASi, libarchive). */
export const EXTRA = {
  zip64: 0x0001,
  pkwareUnix: 0x000d,
  xceedUnicode: 0x554e,
  libarchive: 0x6c78,
  unicodePath: 0x7075,
  asiUnix: 0x756e,
} as const;

const VERSION_PLAIN = 20;
const VERSION_ZIP64 = 45;
/** 1980-01-01 00:00, the format's zero: equal content gives equal bytes. */
const DOS_DATE = 0x0021;
const MADE_BY_UNIX = 3 << 8;
/** A regular file, rw-r--r--: what Unix tools restore. */
const REGULAR_FILE = (0o100644 << 16) >>> 0;

/**
 * One entry as it is written.
 *
 * @property descriptor its checksum follows the data instead of standing in the local header
 * @property wide its sizes are written in zip64 form, in both headers and in the descriptor
 */
export interface EntryRecord {
  name: Uint8Array;
  size: number;
  descriptor: boolean;
  wide: boolean;
}

/** Writes little-endian fields into an array of known length. */
function record(length: number, write: (fields: Fields) => void): Uint8Array<ArrayBuffer> {
  const fields = new Fields(length);
  write(fields);
  return fields.bytes;
}

class Fields {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  #at = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.#view = new DataView(this.bytes.buffer);
  }

  u16(...values: number[]): void {
    for (const value of values) {
      this.#view.setUint16(this.#at, value, true);
      this.#at += 2;
    }
  }

  u32(...values: number[]): void {
    for (const value of values) {
      this.#view.setUint32(this.#at, value, true);
      this.#at += 4;
    }
  }

  u64(...values: number[]): void {
    for (const value of values) {
      this.#view.setBigUint64(this.#at, BigInt(value), true);
      this.#at += 8;
    }
  }

  raw(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

/** Bytes of the local header, its name and extra field included. */
export function localHeaderLength({ name, wide }: EntryRecord): number {
  return LOCAL_HEADER_BYTES + name.length + (wide ? 20 : 0);
}

/** Bytes of the data descriptor: none without one. */
export function descriptorLength({ descriptor, wide }: EntryRecord): number {
  if (!descriptor) return 0;
  return wide ? 24 : 16;
}

/** Bytes of the central header of an entry whose local header begins at `offset`. */
export function centralHeaderLength({ name, wide }: EntryRecord, offset: number): number {
  const values = (wide ? 2 : 0) + (offset >= MAX_32 ? 1 : 0);
  return CENTRAL_HEADER_BYTES + name.length + (values > 0 ? 4 + 8 * values : 0);
}

/** The fields that a local header and its central twin share, from "version needed" to "file name length". */
function shared(to: Fields, entry: EntryRecord, zip64: boolean, crc32: number, size: number): void {
  to.u16(
    zip64 ? VERSION_ZIP64 : VERSION_PLAIN,
    FLAG.utf8 | (entry.descriptor ? FLAG.descriptor : 0),
    STORED,
    0,
    DOS_DATE,
  );
  to.u32(crc32, size, size);
  to.u16(entry.name.length);
}

/** The local header. With a descriptor its checksum and sizes are zero, as the format wants it. */
export function localHeader(entry: EntryRecord, crc32: number): Uint8Array<ArrayBuffer> {
  const size = entry.descriptor ? 0 : entry.size;
  return record(localHeaderLength(entry), (to) => {
    to.u32(SIGNATURE.local);
    shared(to, entry, entry.wide, entry.descriptor ? 0 : crc32, entry.wide ? MAX_32 : size);
    to.u16(entry.wide ? 20 : 0);
    to.raw(entry.name);
    if (entry.wide) {
      to.u16(EXTRA.zip64, 16);
      to.u64(size, size);
    }
  });
}

/** The data descriptor of an entry that has one. */
export function dataDescriptor(entry: EntryRecord, crc32: number): Uint8Array<ArrayBuffer> {
  return record(descriptorLength(entry), (to) => {
    to.u32(SIGNATURE.descriptor, crc32);
    if (entry.wide) to.u64(entry.size, entry.size);
    else to.u32(entry.size, entry.size);
  });
}

/** The central header of an entry whose local header begins at `offset`. */
export function centralHeader(entry: EntryRecord, crc32: number, offset: number): Uint8Array<ArrayBuffer> {
  const length = centralHeaderLength(entry, offset);
  const extra = length - CENTRAL_HEADER_BYTES - entry.name.length;
  return record(length, (to) => {
    to.u32(SIGNATURE.central);
    to.u16(MADE_BY_UNIX | (extra > 0 ? VERSION_ZIP64 : VERSION_PLAIN));
    shared(to, entry, extra > 0, crc32, entry.wide ? MAX_32 : entry.size);
    to.u16(extra, 0, 0, 0); // extra field, comment, disk, internal attributes
    to.u32(REGULAR_FILE, Math.min(offset, MAX_32));
    to.raw(entry.name);
    if (extra > 0) {
      to.u16(EXTRA.zip64, extra - 4);
      if (entry.wide) to.u64(entry.size, entry.size);
      if (offset >= MAX_32) to.u64(offset);
    }
  });
}

/** What the records at the end say about the directory. */
export interface Directory {
  count: number;
  offset: number;
  size: number;
}

function needsZip64({ count, offset, size }: Directory): boolean {
  return count >= MAX_16 || offset >= MAX_32 || size >= MAX_32;
}

/** Bytes of the records at the end. */
export function endLength(directory: Directory): number {
  return END_RECORD_BYTES + (needsZip64(directory) ? END64_RECORD_BYTES + LOCATOR64_BYTES : 0);
}

/** The records at the end: the end record, before it those of zip64 where the directory needs them. */
export function endRecords(directory: Directory): Uint8Array<ArrayBuffer> {
  const { count, offset, size } = directory;
  return record(endLength(directory), (to) => {
    if (needsZip64(directory)) {
      to.u32(SIGNATURE.end64);
      to.u64(END64_RECORD_BYTES - 12);
      to.u16(MADE_BY_UNIX | VERSION_ZIP64, VERSION_ZIP64);
      to.u32(0, 0); // this disk, disk of the directory
      to.u64(count, count, size, offset);
      to.u32(SIGNATURE.locator64, 0);
      to.u64(offset + size);
      to.u32(1); // disks
    }
    to.u32(SIGNATURE.end);
    to.u16(0, 0, Math.min(count, MAX_16), Math.min(count, MAX_16));
    to.u32(Math.min(size, MAX_32), Math.min(offset, MAX_32));
    to.u16(0); // comment
  });
}
