/**
 * Inflates an entry as a stream.
 *
 * Invariant: memory stays flat, however well the data packs. `DecompressionStream` would not do: it takes whatever is written
 * to it, and holds what nobody has read yet.
 */

import { createInflateRaw } from "node:zlib";
import type { EntryLocation } from "./zip-entry.ts";
import { ZipError } from "./zip-records.ts";

/** Bytes that come out at once. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The inflated bytes of an entry; as many as there are, whatever its size says.
 *
 * @param data the bytes of its data; a chunk may be reused when the next is asked for
 * @throws ZipError `content_corrupt` if they cannot be inflated, break off, or go on behind their end; whatever `data` throws
 */
export async function* inflate(
  entry: EntryLocation,
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
  const source: { error?: unknown; bytes: number } = { bytes: 0 };
  const feeding = feed();
  // its failure is one of the inflater, too, and thrown there
  feeding.catch(() => undefined);
  try {
    yield* inflater;
    await feeding;
  } catch (error) {
    if ("error" in source) throw source.error;
    throw Object.assign(new ZipError("content_corrupt", "data that cannot be inflated", entry.path), { cause: error });
  } finally {
    inflater.destroy();
  }
  if (inflater.bytesWritten !== source.bytes) {
    throw new ZipError("content_corrupt", "data behind the end of the deflated data", entry.path);
  }

  async function feed(): Promise<void> {
    try {
      for await (const chunk of data) {
        source.bytes += chunk.length;
        await new Promise<void>((resolve, reject) => {
          // taken when it has been inflated, which waits for whoever reads
          inflater.write(chunk, (error) => (error ? reject(error) : resolve()));
        });
      }
    } catch (error) {
      if (!inflater.errored) source.error = error;
      inflater.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    inflater.end();
  }
}
