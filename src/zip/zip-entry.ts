/**
 * Reads one entry of a zip whose index is known.
 *
 * Invariant: a stream of a whole entry ends well only if its bytes have the size and the checksum that the directory
 * promises; no more than the promised size is ever inflated, whatever the data says.
 */

import { crc32, inflateRawSync } from "node:zlib";
import { BUNDLE_ENTRY_MAX_BYTES } from "../limits.ts";
import { DEFLATED, LOCAL_HEADER_BYTES, STORED } from "./zip-format.ts";
import { type IndexedEntry, type ReadRange, readExactly, readZipIndex, ZipError } from "./zip-index.ts";
import { inflate } from "./zip-inflate.ts";
import { viewOf } from "./zip-records.ts";

/** What has to be known of an entry to read it: a row of an index that somebody kept. */
export interface EntryLocation {
  path: string;
  /** 0 stored, 8 deflated. */
  method: number;
  /** Bytes inflated. */
  size: number;
  /** Bytes in the archive. */
  compressedSize: number;
  crc32: number;
  /** Where its data begins. */
  dataOffset: number;
}

/** The range of the archive in which the data of an entry stands: as it is if stored, else deflated. */
export function dataRange(entry: EntryLocation): { offset: number; length: number } {
  return { offset: entry.dataOffset, length: entry.compressedSize };
}

/**
 * The bytes of an entry, streamed, inflated where they are deflated, checked for size and checksum.
 * The stream fails with a `ZipError` `content_corrupt` (`unknown_method` for what is neither stored nor deflated).
 *
 * @param data the bytes of `dataRange(entry)`
 */
export function openEntry(entry: EntryLocation, data: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const corrupt = (why: string) => new ZipError("content_corrupt", why, entry.path);
  if (entry.method === STORED) return data.pipeThrough(verifier(entry, corrupt));
  if (entry.method !== DEFLATED) {
    const error = new ZipError("unknown_method", "neither stored nor deflated", entry.path);
    return new ReadableStream({
      async start(controller) {
        controller.error(error);
        await data.cancel(error);
      },
    });
  }
  return streamOf(inflate(entry, data)).pipeThrough(verifier(entry, corrupt));
}

/** A stream of what is asked for only: nothing is made ahead. */
function streamOf(chunks: AsyncGenerator<Uint8Array, void, undefined>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => void (await chunks.return()),
    },
    { highWaterMark: 0 },
  );
}

/** Passes bytes on while they are as many as promised, and ends well only if their checksum is. */
function verifier(entry: EntryLocation, corrupt: (why: string) => ZipError): TransformStream<Uint8Array, Uint8Array> {
  let crc = 0;
  let done = 0;
  return new TransformStream({
    transform(chunk, controller) {
      done += chunk.byteLength;
      if (done > entry.size) throw corrupt("more bytes than its size");
      crc = crc32(chunk, crc);
      controller.enqueue(chunk);
    },
    flush() {
      if (done !== entry.size) throw corrupt("fewer bytes than its size");
      if (crc !== entry.crc32) throw corrupt("bytes that do not have its checksum");
    },
  });
}

/** Finds where the data of an entry begins; one short read. @throws ZipError `local_header_invalid`, `truncated` */
export async function locateEntry(read: ReadRange, entry: IndexedEntry): Promise<EntryLocation> {
  const header = viewOf(await readExactly(read, entry.headerOffset, LOCAL_HEADER_BYTES));
  if (header.getUint32(0, true) !== 0x04034b50) {
    throw new ZipError("local_header_invalid", "no local header where the directory says", entry.path);
  }
  const { path, method, size, compressedSize, crc32: crc } = entry;
  const length = LOCAL_HEADER_BYTES + header.getUint16(26, true) + header.getUint16(28, true);
  return { path, method, size, compressedSize, crc32: crc, dataOffset: entry.headerOffset + length };
}

/**
 * The bytes of a whole entry, in memory, checked.
 * @throws ZipError `content_corrupt`, `unknown_method`, `truncated`; RangeError if it is larger than `maxBytes`
 */
export async function readEntry(
  read: ReadRange,
  entry: EntryLocation,
  maxBytes = BUNDLE_ENTRY_MAX_BYTES,
): Promise<Uint8Array> {
  if (entry.size > maxBytes || entry.compressedSize > maxBytes) throw new RangeError("zip: an entry over the bound");
  const { offset, length } = dataRange(entry);
  const data = await readExactly(read, offset, length);
  const bytes = entry.method === STORED ? data : inflateWhole(entry, data);
  if (bytes.length !== entry.size || crc32(bytes) !== entry.crc32) {
    throw new ZipError("content_corrupt", "bytes that do not have its size and checksum", entry.path);
  }
  return bytes;
}

/**
 * The inflated bytes of an entry, in memory; never more than its size.
 * @throws ZipError `content_corrupt`, `unknown_method`
 */
export function inflateWhole(entry: EntryLocation, data: Uint8Array): Uint8Array {
  if (entry.method !== DEFLATED) throw new ZipError("unknown_method", "neither stored nor deflated", entry.path);
  try {
    const options = { maxOutputLength: Math.max(1, entry.size), info: true } as const;
    const { buffer, engine } = inflateRawSync(data, options);
    if (engine.bytesWritten === data.length) return buffer;
  } catch (cause) {
    throw Object.assign(new ZipError("content_corrupt", "data that cannot be inflated", entry.path), { cause });
  }
  throw new ZipError("content_corrupt", "data behind the end of the deflated data", entry.path);
}

/**
 * The bytes of one entry of an archive of our own, by its path.
 *
 * @param size bytes of the whole archive
 * @returns undefined if there is no such archive or entry, or the archive is not whole
 */
export async function readZipEntry(read: ReadRange, size: number, path: string): Promise<Uint8Array | undefined> {
  try {
    const { entries } = await readZipIndex(read, size);
    const entry = entries.find((candidate) => candidate.path === path);
    return entry && (await readEntry(read, await locateEntry(read, entry)));
  } catch (error) {
    if (error instanceof ZipError || error instanceof RangeError) return undefined;
    throw error;
  }
}
