/**
 * Digests an archive and each file in it by reading it through once, from its first byte to its last.
 *
 * Invariant: facts are handed out only of files whose bytes have the size and the checksum that the directory promises.
 * Memory stays flat, whatever the size of a file: it is read, inflated and digested in chunks.
 */

import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { openByteReader } from "../lib/byte-reader.ts";
import type { ChunkReader } from "../lib/chunk-reader.ts";
import { createTextCheck } from "../lib/text-check.ts";
import { dataRange, type EntryLocation, inflateWhole } from "./zip-entry.ts";
import { DEFLATED, STORED } from "./zip-format.ts";
import { inflate } from "./zip-inflate.ts";
import { ZipError } from "./zip-records.ts";

/** What reading a whole file, inflated, tells of it. */
export interface EntryFacts {
  /** Hex. */
  sha256: string;
  /** Whether all of it is UTF-8 without control characters other than tab, line feed and carriage return. */
  text: boolean;
  /** Its last 32 bytes; all of a shorter one. */
  tail: Uint8Array;
}

/** What was read: the SHA-256 of all of it, in hex, and the facts of each file by its path. */
export interface Digested {
  sha256: string;
  files: Map<string, EntryFacts>;
}

const TAIL_BYTES = 32;

/** A deflated file up to this size, packed and inflated, is inflated in one call: a stream costs more than it does. */
const INFLATE_AT_ONCE_BYTES = 256 * 1024;

/**
 * Reads an archive, or a stretch of it, through to its end.
 *
 * @param body the bytes of the archive from `from` on
 * @param size how many they are
 * @param entries those that are to be digested, all of which lie in that stretch; directories are left out
 * @throws ZipError `content_corrupt` for the first entry whose bytes are not as promised, `unknown_method`, `truncated` if
 *   entries overlap; whatever `body` fails with, an Error if it is shorter or longer than `size`
 */
export async function digestEntries(
  body: ReadableStream<Uint8Array> | ChunkReader,
  size: number,
  entries: readonly EntryLocation[],
  from = 0,
): Promise<Digested> {
  const reader = openByteReader(body);
  const whole = createHash("sha256");
  const files = new Map<string, EntryFacts>();
  let at = from;
  async function* take(length: number): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of reader.take(length)) {
      whole.update(chunk);
      at += chunk.length;
      yield chunk;
    }
  }
  async function skipTo(offset: number): Promise<void> {
    for await (const _ of take(offset - at));
  }
  try {
    for (const entry of entries.toSorted((a, b) => a.dataOffset - b.dataOffset)) {
      if (entry.path.endsWith("/")) continue;
      const { offset, length } = dataRange(entry);
      if (offset < at || offset + length > from + size) throw new ZipError("truncated", "overlaps another", entry.path);
      await skipTo(offset);
      files.set(entry.path, await digestEntry(entry, take(length)));
    }
    await skipTo(from + size);
    await reader.end();
  } catch (error) {
    await reader.cancel();
    throw error;
  }
  return { sha256: whole.digest("hex"), files };
}

async function digestEntry(entry: EntryLocation, data: AsyncIterable<Uint8Array>): Promise<EntryFacts> {
  const corrupt = (why: string) => new ZipError("content_corrupt", why, entry.path);
  const file = createFileDigest();
  let size = 0;
  for await (const chunk of contentOf(entry, data)) {
    size += chunk.length;
    if (size > entry.size) throw corrupt("more bytes than its size");
    file.write(chunk);
  }
  if (size !== entry.size) throw corrupt("fewer bytes than its size");
  const { crc32: crc, facts } = file.end();
  if (crc !== entry.crc32) throw corrupt("bytes that do not have its checksum");
  return facts;
}

async function* contentOf(entry: EntryLocation, data: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { method, size, compressedSize, path } = entry;
  if (method === STORED) yield* data;
  else if (method !== DEFLATED) throw new ZipError("unknown_method", "neither stored nor deflated", path);
  else if (size > INFLATE_AT_ONCE_BYTES || compressedSize > INFLATE_AT_ONCE_BYTES) yield* inflate(entry, data);
  else yield inflateWhole(entry, await collect(data, compressedSize));
}

async function collect(data: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for await (const chunk of data) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Takes the checksum and the facts of one file as its bytes pass; a chunk may be reused when `write` has returned. */
export function createFileDigest(): { write(chunk: Uint8Array): void; end(): { crc32: number; facts: EntryFacts } } {
  const sha256 = createHash("sha256");
  const text = createTextCheck();
  let tail: Uint8Array = new Uint8Array();
  let crc = 0;
  return {
    write(chunk) {
      crc = crc32(chunk, crc);
      sha256.update(chunk);
      text.write(chunk);
      tail = lastOf(tail, chunk);
    },
    end: () => ({ crc32: crc, facts: { sha256: sha256.digest("hex"), text: text.end(), tail } }),
  };
}

/** The last bytes, in memory of their own: chunks are written over, and inflated ones share what they stand in. */
function lastOf(tail: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (chunk.length >= TAIL_BYTES) return Uint8Array.from(chunk.subarray(-TAIL_BYTES));
  const kept = tail.subarray(Math.max(0, tail.length + chunk.length - TAIL_BYTES));
  const joined = new Uint8Array(kept.length + chunk.length);
  joined.set(kept);
  joined.set(chunk, kept.length);
  return joined;
}
