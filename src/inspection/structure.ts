/**
 * Checks an archive against its directory: every local header, descriptor and byte between them.
 *
 * Invariant: if nothing was found, the entries tile the archive from its first byte to the directory, and no reader can be
 * told another name, size or place of a file than the directory's.
 */

import {
  INSPECT_COALESCE_BYTES,
  INSPECT_HEAD_BYTES,
  INSPECT_MAX_HEADER_READS,
  INSPECT_READ_MAX_BYTES,
} from "../limits.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import { DESCRIPTOR_MAX_BYTES, FLAG, LOCAL_HEADER_BYTES, SIGNATURE } from "../zip/zip-format.ts";
import { type ReadRange, readExactly, type ZipIndex } from "../zip/zip-index.ts";
import {
  equalBytes,
  type IndexedEntry,
  type LocalHeader,
  readLocalHeader,
  u64,
  viewOf,
  ZipError,
} from "../zip/zip-records.ts";
import { checkModes } from "./directory.ts";
import type { Findings } from "./findings.ts";

/** An entry, where its data stands, and the first bytes of that data, as they are in the archive. */
export interface LocatedEntry {
  location: EntryLocation;
  head: Uint8Array;
}

/**
 * Reads all local headers, in joined reads, and checks them. What is returned is complete if nothing was found.
 * @param maxReads for headers that lie far from others; those that lie least far are then read in one with what is between
 * @throws whatever `read` throws
 */
export async function locateAll(
  read: ReadRange,
  index: ZipIndex,
  findings: Findings,
  maxReads = INSPECT_MAX_HEADER_READS,
): Promise<LocatedEntry[]> {
  const sorted = index.entries.toSorted((a, b) => a.headerOffset - b.headerOffset);
  const end = { from: Math.max(0, index.directoryOffset - DESCRIPTOR_MAX_BYTES), to: index.directoryOffset };
  const windows = new Windows(read, [...sorted.map((entry) => windowOf(entry, index.directoryOffset)), end], maxReads);
  const located: LocatedEntry[] = [];
  let previous: { entry: IndexedEntry; dataEnd: number } | undefined;
  for (const [position, entry] of sorted.entries()) {
    const { headerOffset, path } = entry;
    if (headerOffset + LOCAL_HEADER_BYTES > index.directoryOffset) {
      findings.add("local_header_invalid", "no local header where the directory says", path);
      return located;
    }
    await windows.load(position);
    if (!(await checkSeam(windows, previous, headerOffset, findings, path))) return located;
    const local = await localOf(windows, entry, findings);
    if (!local) return located;
    const dataOffset = headerOffset + local.length;
    const { method, size, compressedSize, crc32 } = entry;
    previous = { entry, dataEnd: dataOffset + compressedSize };
    if (previous.dataEnd > index.directoryOffset) {
      findings.add("overlapping_entries", "data that reaches into the directory", path);
      return located;
    }
    const head = (await windows.get(dataOffset, Math.min(compressedSize, INSPECT_HEAD_BYTES))).slice();
    located.push({ location: { path, method, size, compressedSize, crc32, dataOffset }, head });
  }
  await windows.load(sorted.length);
  await checkSeam(windows, previous, index.directoryOffset, findings);
  return located;
}

/** What has to be read to check one entry's header and the seam before it. */
function windowOf(entry: IndexedEntry, end: number): { from: number; to: number } {
  const { headerOffset, name, extraLength } = entry;
  const to = headerOffset + LOCAL_HEADER_BYTES + name.length + extraLength + 64 + INSPECT_HEAD_BYTES;
  return { from: Math.max(0, headerOffset - DESCRIPTOR_MAX_BYTES), to: Math.min(end, to) };
}

/** Whether the entry before ends where this place begins; false if what follows cannot be told apart any more. */
async function checkSeam(
  windows: Windows,
  previous: { entry: IndexedEntry; dataEnd: number } | undefined,
  at: number,
  findings: Findings,
  path?: string,
): Promise<boolean> {
  if (!previous) {
    if (at > 0) findings.add("prepended_data", `${at} bytes before the first entry`);
    return at === 0;
  }
  const { entry, dataEnd } = previous;
  const gap = at - dataEnd;
  if (gap < 0) {
    findings.add("overlapping_entries", `begins inside of ${entry.path}`, path ?? entry.path);
    return false;
  }
  const described = (entry.flags & FLAG.descriptor) !== 0;
  if (!described && gap === 0) return true;
  if (!described || gap > DESCRIPTOR_MAX_BYTES) {
    findings.add("hidden_data", `${gap} bytes behind it that belong to no entry`, entry.path);
    return false;
  }
  const descriptor = await windows.get(dataEnd, gap);
  if (isDescriptor(descriptor, entry)) return true;
  findings.add("data_descriptor_invalid", "a data descriptor that says otherwise than the directory", entry.path);
  return false;
}

/** The four forms that a data descriptor has: with signature or without, sizes of 4 or 8 bytes. */
function isDescriptor(bytes: Uint8Array, { crc32, compressedSize, size }: IndexedEntry): boolean {
  const view = viewOf(bytes);
  const signed = bytes.length === 16 || bytes.length === 24;
  if (!signed && bytes.length !== 12 && bytes.length !== 20) return false;
  if (signed && view.getUint32(0, true) !== SIGNATURE.descriptor) return false;
  const at = signed ? 4 : 0;
  const wide = bytes.length >= 20;
  const sizes = wide
    ? [u64OrNone(view, at + 4), u64OrNone(view, at + 12)]
    : [view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
  return view.getUint32(at, true) === crc32 && sizes[0] === compressedSize && sizes[1] === size;
}

function u64OrNone(view: DataView, at: number): number | undefined {
  try {
    return u64(view, at);
  } catch {
    return undefined;
  }
}

/** The local header of an entry, compared with the directory; undefined if there is none. */
async function localOf(windows: Windows, entry: IndexedEntry, findings: Findings): Promise<LocalHeader | undefined> {
  const { headerOffset, path } = entry;
  try {
    let local = readLocalHeader(windows.ready(headerOffset), path);
    if (!local) {
      // a longer extra field than the directory let expect
      const fixed = viewOf(await windows.get(headerOffset, LOCAL_HEADER_BYTES));
      const length = LOCAL_HEADER_BYTES + fixed.getUint16(26, true) + fixed.getUint16(28, true);
      local = readLocalHeader(await windows.get(headerOffset, length), path);
    }
    if (local) compare(local, entry, findings);
    return local;
  } catch (error) {
    if (!(error instanceof ZipError)) throw error;
    findings.add(error.code, error.message, path);
    return undefined;
  }
}

function compare(local: LocalHeader, entry: IndexedEntry, findings: Findings): void {
  const differs = (what: string) =>
    findings.add("local_header_differs", `another ${what} in its local header`, entry.path);
  if (!equalBytes(local.name, entry.name)) differs("name");
  if (local.otherNames.some((name) => name !== entry.path)) differs("name in an extra field");
  checkModes(local.otherModes, entry.path, findings);
  if (local.method !== entry.method) differs("method");
  const compared = FLAG.encrypted | FLAG.descriptor | FLAG.patched | FLAG.strong | FLAG.masked;
  // of an ASCII name it makes no difference which encoding is declared
  const encoding = entry.name.some((byte) => byte >= 0x80) ? FLAG.utf8 : 0;
  if ((local.flags ^ entry.flags) & (compared | encoding)) differs("set of flags");
  // with a descriptor the header may leave out what was not known yet, but may not claim something else
  const described = (entry.flags & FLAG.descriptor) !== 0;
  const agrees = (value: number, promised: number) => value === promised || (described && value === 0);
  if (!agrees(local.crc32, entry.crc32)) differs("checksum");
  if (!agrees(local.size, entry.size) || !agrees(local.compressedSize, entry.compressedSize)) differs("size");
}

/** Reads windows that lie in ascending order, near ones together. */
class Windows {
  readonly #read: ReadRange;
  /** Those that are read by themselves, because they lie farthest from the one before. */
  readonly #far: ReadonlySet<number>;
  readonly #windows: readonly { from: number; to: number }[];
  #base = 0;
  #bytes: Uint8Array = new Uint8Array();

  constructor(read: ReadRange, windows: readonly { from: number; to: number }[], maxFar: number) {
    this.#read = read;
    this.#windows = windows;
    const gaps = windows.map(({ from }, index) => ({ index, gap: from - (windows[index - 1]?.to ?? from) }));
    const far = gaps.filter(({ gap }) => gap > INSPECT_COALESCE_BYTES).sort((a, b) => b.gap - a.gap);
    this.#far = new Set(far.slice(0, maxFar).map(({ index }) => index));
  }

  /** Makes a window ready, and those that follow closely. */
  async load(position: number): Promise<void> {
    const first = this.#windows[position];
    if (!first || (first.from >= this.#base && first.to <= this.#base + this.#bytes.length)) return;
    let { to } = first;
    for (let index = position + 1; index < this.#windows.length; index += 1) {
      const next = this.#windows[index];
      if (!next || this.#far.has(index) || next.to - first.from > INSPECT_READ_MAX_BYTES) break;
      to = Math.max(to, next.to);
    }
    this.#bytes = await readExactly(this.#read, first.from, to - first.from);
    this.#base = first.from;
  }

  /** What is ready from an offset on, at most so many bytes. */
  ready(offset: number, length = Number.POSITIVE_INFINITY): Uint8Array {
    const at = Math.max(0, offset - this.#base);
    return this.#bytes.subarray(at, at + length);
  }

  /** Bytes that may be ready. */
  async get(offset: number, length: number): Promise<Uint8Array> {
    const ready = offset >= this.#base ? this.ready(offset, length) : new Uint8Array();
    return ready.length === length ? ready : readExactly(this.#read, offset, length);
  }
}
