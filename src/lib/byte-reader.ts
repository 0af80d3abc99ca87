/** Takes a stream apart into ranges of known length, without holding one of them whole. */

import { type ChunkReader, openChunkReader } from "./chunk-reader.ts";

/** Bytes that are read at once: fewer make more work than bytes. */
const READ_BYTES = 256 * 1024;

/** Reads a stream range by range. */
export interface ByteReader {
  /** The next bytes, in chunks that are valid until the next is asked for. Throws an Error if there are fewer. */
  take(length: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** Throws an Error unless everything has been taken. */
  end(): Promise<void>;
  cancel(): Promise<void>;
}

/** Opens a stream, or what reads one in chunks already, for reading in ranges. */
export function openByteReader(source: ReadableStream<Uint8Array> | ChunkReader): ByteReader {
  const reader = source instanceof ReadableStream ? openChunkReader(source, READ_BYTES, true) : source;
  let rest: Uint8Array = new Uint8Array();
  const next = async () => {
    const { done, value } = await reader.read();
    rest = value ?? new Uint8Array();
    return !done;
  };
  return {
    async *take(length) {
      for (let left = length; left > 0; ) {
        if (rest.length === 0 && !(await next())) throw new Error(`the object ended ${left} bytes early`);
        const chunk = rest.subarray(0, left);
        rest = rest.subarray(chunk.length);
        left -= chunk.length;
        yield chunk;
      }
    },
    async end() {
      if (rest.length > 0 || (await next())) throw new Error("the object is longer than it says");
    },
    cancel: () => reader.cancel(),
  };
}
