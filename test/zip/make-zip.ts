/** Makes zips byte by byte, right ones and wrong ones: every field can be set against the truth. Shares nothing with the sources. */

import { crc32 } from "./read-zip.ts";

/** What a header says; whatever is not given is the truth. */
export interface Fields {
  flags?: number;
  method?: number;
  crc?: number;
  packed?: number;
  size?: number;
  name?: string | Uint8Array;
  extra?: Uint8Array;
}

/** One entry to be made. */
export interface Made {
  name: string;
  data?: Uint8Array | string;
  /** Data is written as it is given, and is this when inflated. */
  inflated?: Uint8Array;
  method?: number;
  flags?: number;
  /** What both headers say instead of the truth. */
  both?: Fields;
  local?: Fields;
  central?: Fields & { offset?: number; attributes?: number; madeBy?: number; disk?: number; comment?: string };
  /** Bytes of a data descriptor; given, flag bit 3 is set. */
  descriptor?: Uint8Array | "signed" | "unsigned" | "wide";
  /** No local header and no data: the directory points at another entry. */
  pointsAt?: number;
  /** Bytes put behind the entry. */
  after?: Uint8Array | string;
}

/** What the end says instead of the truth. */
export interface End {
  before?: Uint8Array | string;
  beforeDirectory?: Uint8Array | string;
  behindDirectory?: Uint8Array | string;
  after?: Uint8Array | string;
  comment?: Uint8Array | string;
  disk?: number;
  count?: number;
  onDisk?: number;
  directorySize?: number;
  directoryOffset?: number;
  zip64?: { count?: number; size?: number; offset?: number; recordSize?: number; disks?: number } | true;
}

export const bytesOf = (value: Uint8Array | string): Uint8Array =>
  typeof value === "string" ? new TextEncoder().encode(value) : value;

export function join(...parts: (Uint8Array | string)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map(bytesOf);
  const joined = new Uint8Array(all.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of all) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

const little = (bytes: number) => (value: number) =>
  Uint8Array.from({ length: bytes }, (_, index) => Math.floor(value / 256 ** index) % 256);
export const u16 = little(2);
export const u32 = little(4);
export const u64 = little(8);

/** The archive. */
export function makeZip(entries: readonly Made[], end: End = {}): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [bytesOf(end.before ?? "")];
  const length = () => parts.reduce((sum, part) => sum + part.length, 0);
  const offsets: number[] = [];
  const directory = entries.map((entry) => {
    const offset = entry.pointsAt === undefined ? length() : (offsets[entry.pointsAt] ?? 0);
    offsets.push(offset);
    const data = bytesOf(entry.data ?? "");
    const plain = entry.inflated ?? data;
    const utf8 = /[^\0-\x7f]/.test(entry.name) ? 0x0800 : 0;
    const truth = {
      flags: (entry.flags ?? utf8) | (entry.descriptor === undefined ? 0 : 8),
      method: entry.method ?? (entry.inflated ? 8 : 0),
      crc: crc32(plain),
      packed: data.length,
      size: plain.length,
      name: entry.name,
      extra: new Uint8Array(),
      ...entry.both,
    };
    if (entry.pointsAt === undefined) {
      const blank = entry.descriptor === undefined ? {} : { crc: 0, packed: 0, size: 0 };
      parts.push(join("PK\x03\x04", header({ ...truth, ...blank, ...entry.local })), data);
      if (entry.descriptor !== undefined) parts.push(descriptorOf(entry.descriptor, truth));
      parts.push(bytesOf(entry.after ?? ""));
    }
    const own = { ...truth, ...entry.central };
    const [name, comment] = [bytesOf(own.name), bytesOf(entry.central?.comment ?? "")];
    return join(
      ...["PK\x01\x02", u16(entry.central?.madeBy ?? 0x0314), header(own).subarray(0, 24 + 2)],
      ...[u16(comment.length), u16(entry.central?.disk ?? 0), u16(0), u32(entry.central?.attributes ?? 0)],
      ...[u32(entry.central?.offset ?? offset), name, own.extra, comment],
    );
  });
  parts.push(bytesOf(end.beforeDirectory ?? ""));
  const at = length();
  parts.push(...directory);
  const size = length() - at;
  parts.push(bytesOf(end.behindDirectory ?? ""));
  const count = entries.length;
  if (end.zip64) {
    const wide = { count, size, offset: at, recordSize: 44, disks: 1, ...(end.zip64 === true ? {} : end.zip64) };
    const record = length();
    parts.push(
      join("PK\x06\x06", u64(wide.recordSize), u16(45), u16(45), u32(0), u32(0)),
      join(u64(wide.count), u64(wide.count), u64(wide.size), u64(wide.offset)),
      join("PK\x06\x07", u32(0), u64(record), u32(wide.disks)),
    );
  }
  const comment = bytesOf(end.comment ?? "");
  parts.push(
    join("PK\x05\x06", u16(end.disk ?? 0), u16(0), u16(end.onDisk ?? end.count ?? count), u16(end.count ?? count)),
    join(u32(end.directorySize ?? size), u32(end.directoryOffset ?? at), u16(comment.length), comment),
    bytesOf(end.after ?? ""),
  );
  return join(...parts);
}

/** From "version needed" on; of a central header the first 26 bytes. */
function header(fields: Required<Fields>): Uint8Array {
  const name = bytesOf(fields.name);
  return join(
    ...[u16(20), u16(fields.flags), u16(fields.method), u32(0x0021_0000)],
    ...[u32(fields.crc), u32(fields.packed), u32(fields.size), u16(name.length), u16(fields.extra.length)],
    ...[name, fields.extra],
  );
}

function descriptorOf(kind: NonNullable<Made["descriptor"]>, { crc, packed, size }: Required<Fields>): Uint8Array {
  if (typeof kind !== "string") return kind;
  if (kind === "wide") return join("PK\x07\x08", u32(crc), u64(packed), u64(size));
  return join(kind === "signed" ? "PK\x07\x08" : "", u32(crc), u32(packed), u32(size));
}

/** The data of an entry that is deflated. */
export async function deflated(name: string, plain: Uint8Array | string): Promise<Made> {
  const inflated = bytesOf(plain);
  const stream = new Response(inflated as Uint8Array<ArrayBuffer>).body?.pipeThrough(
    new CompressionStream("deflate-raw"),
  );
  return { name, inflated, data: new Uint8Array(await new Response(stream).arrayBuffer()) };
}

/** Reads out of bytes in memory, as an object store does: short at the end. */
export const readerOf =
  (bytes: Uint8Array) =>
  async ({ offset, length }: { offset: number; length: number }): Promise<Uint8Array | undefined> =>
    offset >= bytes.length ? undefined : bytes.slice(offset, offset + length);

/** Numbers that look random and are the same in every run (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
