/**
 * The bytes of one file of an archive, as the formats read them.
 *
 * Invariant: what a format reads is exactly what a reader of the archive gets: a deflated file is inflated as a whole and
 * checked against its size and checksum before a byte of it is handed out.
 */

import { constants, inflateRawSync } from "node:zlib";
import { createTextCheck } from "../lib/text-check.ts";
import { INSPECT_HEAD_BYTES, INSPECT_INFLATE_MAX_BYTES, INSPECT_READ_AHEAD_BYTES } from "../limits.ts";
import type { EntryFacts } from "../zip/zip-digest.ts";
import { dataRange, type EntryLocation, readEntry } from "../zip/zip-entry.ts";
import { STORED } from "../zip/zip-format.ts";
import { type ReadRange, readExactly } from "../zip/zip-index.ts";
import type { ReadBytes } from "./cursor.ts";
import { type FileContent, TooLarge } from "./format.ts";

/** Counts bytes that were looked at. Throws `BoundReached` when they become too many. */
export type Spend = (bytes: number) => void;

/**
 * The content of an entry.
 * @param raw the first bytes of its data as they are in the archive
 * @param facts what reading the whole file told, its checksum being right
 * @throws TooLarge for a deflated file over the inflate bound; ZipError `content_corrupt`; whatever `read` and `spend` throw
 */
export async function contentOf(
  read: ReadRange,
  location: EntryLocation,
  raw: Uint8Array,
  spend: Spend,
  facts?: EntryFacts,
): Promise<FileContent> {
  const { size } = location;
  const readAll = location.method === STORED ? storedReader(read, location, spend) : inflater(read, location, spend);
  const wanted = Math.min(size, INSPECT_HEAD_BYTES);
  let head = location.method === STORED ? raw.subarray(0, wanted) : new Uint8Array();
  // Only of a file that was checked before, or that no read would get past: its other bytes are checked by nobody then.
  if (location.method !== STORED && (facts || isTooLarge(location))) head = inflateHead(raw, wanted);
  if (head.length < wanted) head = await readAll({ offset: 0, length: wanted });
  return withHead(size, head, readAll, facts);
}

/** The content of a file that is in memory. */
export function contentInMemory(bytes: Uint8Array, spend: Spend): FileContent {
  const readAll: ReadBytes = async ({ offset, length }) => {
    if (offset + length > bytes.length) throw new RangeError("beyond the end of the file");
    spend(length);
    return bytes.subarray(offset, offset + length);
  };
  return withHead(bytes.length, bytes.subarray(0, INSPECT_HEAD_BYTES), readAll);
}

function withHead(size: number, head: Uint8Array, readAll: ReadBytes, facts?: EntryFacts): FileContent {
  const tail = facts?.tail ?? new Uint8Array();
  const tailOffset = size - tail.length;
  let text: Promise<boolean> | undefined;
  return {
    size,
    head,
    // First and last bytes are there already: reading them costs no call.
    read: async ({ offset, length }) => {
      if (offset + length <= head.length) return head.subarray(offset, offset + length);
      if (offset >= tailOffset && offset + length <= size) {
        return tail.subarray(offset - tailOffset, offset - tailOffset + length);
      }
      return readAll({ offset, length });
    },
    isText() {
      text ??= facts ? Promise.resolve(facts.text) : readsAsText(size, head, readAll);
      return text;
    },
  };
}

function storedReader(read: ReadRange, location: EntryLocation, spend: Spend): ReadBytes {
  const { offset: base } = dataRange(location);
  return ({ offset, length }) => {
    if (offset + length > location.size) throw new RangeError("beyond the end of the file");
    spend(length);
    return readExactly(read, base + offset, length);
  };
}

/** Inflates the whole file at the first read. */
function inflater(read: ReadRange, location: EntryLocation, spend: Spend): ReadBytes {
  let inflated: Promise<Uint8Array> | undefined;
  return async ({ offset, length }) => {
    if (isTooLarge(location)) throw new TooLarge();
    if (offset + length > location.size) throw new RangeError("beyond the end of the file");
    if (!inflated) spend(location.size);
    inflated ??= readEntry(read, location);
    return (await inflated).subarray(offset, offset + length);
  };
}

function isTooLarge({ size, compressedSize }: EntryLocation): boolean {
  return size > INSPECT_INFLATE_MAX_BYTES || compressedSize > INSPECT_INFLATE_MAX_BYTES;
}

/** As much of the file's head as the first bytes of its deflated data hold; empty if they cannot be inflated alone. */
function inflateHead(raw: Uint8Array, wanted: number): Uint8Array {
  try {
    const options = { maxOutputLength: 1024 * 1024, info: true, finishFlush: constants.Z_SYNC_FLUSH } as const;
    return inflateRawSync(raw, options).buffer.subarray(0, wanted);
  } catch {
    return new Uint8Array(); // it is read as a whole then
  }
}

const TEXT_STEP_BYTES = 256 * 1024;
/** Reads forward while it is text; what is none is seldom read beyond its head. */
async function readsAsText(size: number, head: Uint8Array, read: ReadBytes): Promise<boolean> {
  const check = createTextCheck();
  check.write(head);
  for (let offset = head.length; offset < size && !check.failed; offset += TEXT_STEP_BYTES) {
    check.write(await read({ offset, length: Math.min(TEXT_STEP_BYTES, size - offset) }));
  }
  return check.end();
}

/**
 * Reads ahead a little: the files of an archive stand one behind the other, so that many small ones share a call.
 * @param size bytes of the whole archive
 */
export function readingAhead(read: ReadRange, size: number): ReadRange {
  let base = 0;
  let ready = new Uint8Array();
  return async ({ offset, length }) => {
    if (offset >= base && offset + length <= base + ready.length) {
      return ready.subarray(offset - base, offset - base + length);
    }
    if (length >= INSPECT_READ_AHEAD_BYTES) return read({ offset, length });
    const bytes = await read({ offset, length: Math.min(INSPECT_READ_AHEAD_BYTES, size - offset) });
    if (bytes) [base, ready] = [offset, new Uint8Array(bytes)];
    return bytes?.subarray(0, length);
  };
}
