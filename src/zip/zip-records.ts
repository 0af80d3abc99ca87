/**
 * Reads the records of a zip out of bytes that nobody vouches for.
 *
 * Invariant: whatever the bytes are, the outcome is a record or a `ZipError`; nothing is read outside of what was given, and
 * a value that stands in two places (32 bits and zip64) is never taken from one of them when they disagree.
 */

import { CENTRAL_HEADER_BYTES, EXTRA, FLAG, LOCAL_HEADER_BYTES, MAX_16, MAX_32, SIGNATURE } from "./zip-format.ts";
import { DECISIVE_FIELDS, decodeName, type ExtraField, modesIn, namesIn } from "./zip-names.ts";

/** What can be wrong with the format of an archive. The inspection has a finding of the same name for each. */
export const ZIP_FAULTS = [
  "not_a_zip",
  "truncated",
  "prepended_data",
  "trailing_data",
  "hidden_data",
  "ambiguous_end",
  "multi_disk",
  "zip64_invalid",
  "directory_invalid",
  "too_many_entries",
  "directory_too_large",
  "local_header_invalid",
  "unknown_method",
  "content_corrupt",
] as const;
/** A code of that list. */
export type ZipFault = (typeof ZIP_FAULTS)[number];

/** An archive that violates the format; `code` says how. */
export class ZipError extends Error {
  readonly code: ZipFault;
  /** The entry, where it is one. */
  readonly path: string | undefined;

  constructor(code: ZipFault, message: string, path?: string) {
    super(message);
    this.name = "ZipError";
    this.code = code;
    this.path = path;
  }
}

/** One entry as the directory has it. Sizes and offsets in bytes. */
export interface IndexedEntry {
  path: string;
  /** The name's own bytes. */
  name: Uint8Array;
  /** What readers decode the name to that take undeclared names to be in CP437, where that is not `path`. */
  cp437?: string;
  /** Whether the encoding of the name is known, and every name in its extra fields is the same. */
  encoded: boolean;
  /** 0 stored, 8 deflated; others are not opened. */
  method: number;
  flags: number;
  crc32: number;
  compressedSize: number;
  size: number;
  /** Where the local header begins. */
  headerOffset: number;
  extraLength: number;
  /** The upper half of the external attributes: a Unix mode, for readers that do not ask where the entry was made; or 0. */
  mode: number;
  /** Modes in extra fields. */
  otherModes: number[];
  disk: number;
}

/** A local header. `size` and others are what the header itself says. */
export interface LocalHeader {
  name: Uint8Array;
  method: number;
  flags: number;
  crc32: number;
  compressedSize: number;
  size: number;
  /** Names and modes in extra fields; undefined for a name that cannot be read. */
  otherNames: (string | undefined)[];
  otherModes: number[];
  /** Whole length, name and extra field included. */
  length: number;
}

/** A record and where the next one begins. */
interface At<Record> {
  record: Record;
  next: number;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** An unsigned 64 bit value. @throws ZipError `zip64_invalid` if it is no size that can exist */
export function u64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ZipError("zip64_invalid", "a size or offset beyond 2^53");
  return Number(value);
}

/** The central header at `at`. @throws ZipError `directory_invalid`, `zip64_invalid` */
export function readCentralHeader(directory: Uint8Array, at: number): At<IndexedEntry> {
  const view = viewOf(directory);
  const from = at + CENTRAL_HEADER_BYTES;
  if (from > directory.length || view.getUint32(at, true) !== SIGNATURE.central) {
    throw new ZipError("directory_invalid", "a record of the directory is not where it must be");
  }
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  const next = from + nameLength + extraLength + view.getUint16(at + 32, true);
  if (next > directory.length) throw new ZipError("directory_invalid", "a record reaches beyond the directory");

  const name = directory.subarray(from, from + nameLength);
  const flags = view.getUint16(at + 8, true);
  const { fields: extra, rest } = extraFields(directory.subarray(from + nameLength, from + nameLength + extraLength));
  const otherNames = namesIn(extra, "central");
  const { path, cp437, known } = decodeName(name, (flags & FLAG.utf8) !== 0, otherNames);
  if (rest.length > 0) throw new ZipError("directory_invalid", "an extra field that does not add up", path);
  const values = wideValues(extra, path, [
    { value: view.getUint32(at + 24, true), bytes: 8 },
    { value: view.getUint32(at + 20, true), bytes: 8 },
    { value: view.getUint32(at + 42, true), bytes: 8 },
    { value: view.getUint16(at + 34, true), bytes: 4 },
  ]);
  const [size = 0, compressedSize = 0, headerOffset = 0, disk = 0] = values;
  return {
    record: {
      path,
      name,
      ...(cp437 !== undefined && { cp437 }),
      encoded: known && otherNames.every((other) => other === path),
      method: view.getUint16(at + 10, true),
      flags,
      crc32: view.getUint32(at + 16, true),
      compressedSize,
      size,
      headerOffset,
      extraLength,
      mode: view.getUint16(at + 40, true),
      otherModes: modesIn(extra),
      disk,
    },
    next,
  };
}

/**
 * The local header that `bytes` begins with; undefined if it is cut off.
 * @throws ZipError `local_header_invalid`, `zip64_invalid`
 */
export function readLocalHeader(bytes: Uint8Array, path: string): LocalHeader | undefined {
  const view = viewOf(bytes);
  if (bytes.length < LOCAL_HEADER_BYTES) return undefined;
  if (view.getUint32(0, true) !== SIGNATURE.local) {
    throw new ZipError("local_header_invalid", "no local header where the directory says", path);
  }
  const nameEnd = LOCAL_HEADER_BYTES + view.getUint16(26, true);
  const length = nameEnd + view.getUint16(28, true);
  if (length > bytes.length) return undefined;
  const sizes = [
    { value: view.getUint32(22, true), bytes: 8 },
    { value: view.getUint32(18, true), bytes: 8 },
  ];
  // Padding of other writers need not be well formed, but readers still see the fields before it.
  const { fields: extra, rest } = extraFields(bytes.subarray(nameEnd, length));
  if (rest.length >= 2 && DECISIVE_FIELDS.includes(viewOf(rest).getUint16(0, true))) {
    throw new ZipError("local_header_invalid", "an extra field that is cut off", path);
  }
  const wide = sizes.some(({ value }) => value === MAX_32);
  const [size = 0, compressedSize = 0] = wide ? wideValues(extra, path, sizes) : sizes.map(({ value }) => value);
  return {
    name: bytes.subarray(LOCAL_HEADER_BYTES, nameEnd),
    method: view.getUint16(8, true),
    flags: view.getUint16(6, true),
    crc32: view.getUint32(14, true),
    compressedSize,
    size,
    otherNames: namesIn(extra, "local"),
    otherModes: modesIn(extra),
    length,
  };
}

/** Whether two byte strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** The fields of an extra field, and the bytes behind the last whole one. */
function extraFields(extra: Uint8Array): { fields: ExtraField[]; rest: Uint8Array } {
  const view = viewOf(extra);
  const fields: ExtraField[] = [];
  let at = 0;
  while (at + 4 <= extra.length) {
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > extra.length) break;
    fields.push({ id: view.getUint16(at, true), data: extra.subarray(at + 4, end) });
    at = end;
  }
  return { fields, rest: extra.subarray(at) };
}

/**
 * Values whose 32 (16) bit field may refer to the zip64 extra field. It holds those that do, in their order. Where they are
 * the first of all, some writers repeat the values that follow, which then must be the same: Go's archive/zip writes three
 * values for every large file. Anything else could be read in two ways.
 */
function wideValues(extra: ExtraField[], path: string, fields: { value: number; bytes: number }[]): number[] {
  const [zip64, ...more] = extra.filter(({ id }) => id === EXTRA.zip64);
  const isWide = ({ value, bytes }: { value: number; bytes: number }) => value === (bytes === 8 ? MAX_32 : MAX_16);
  const wide = fields.filter(isWide).length;
  if (!zip64 && wide === 0) return fields.map(({ value }) => value);
  if (!zip64 || more.length > 0) throw new ZipError("zip64_invalid", "not exactly one zip64 field", path);
  const { data } = zip64;
  const view = viewOf(data);
  let at = 0;
  const next = (bytes: number) => {
    if (at + bytes > data.length) throw new ZipError("zip64_invalid", "a zip64 field of another length", path);
    at += bytes;
    return bytes === 8 ? u64(view, at - 8) : view.getUint32(at - 4, true);
  };
  const values = fields.map((field) => (isWide(field) ? next(field.bytes) : field.value));
  if (at < data.length && !fields.slice(0, wide).every(isWide)) {
    throw new ZipError("zip64_invalid", "a zip64 field of another length", path);
  }
  for (const { value, bytes } of fields.slice(wide)) {
    if (at < data.length && next(bytes) !== value) throw new ZipError("zip64_invalid", "two sizes for one entry", path);
  }
  if (at < data.length) throw new ZipError("zip64_invalid", "a zip64 field of another length", path);
  return values;
}
