/** Takes a stream apart into stretches of known length, without holding one of them whole. */

import { openChunkReader } from "./chunk-reader.ts";

/** Bytes that are read at once: fewer make more work than bytes. */
const READ_BYTES = 256 * 1024;

/** Such reads after which other requests have their turn: eight megabytes are hashed within some ten milliseconds. */
const READS_AT_ONCE = 32;

/** Reads a stream stretch by stretch. */
export interface ByteReader {
  /** The next bytes, in chunks that are valid until the next is asked for. Throws an Error if there are fewer. */
  take(length: number): AsyncGenerator<Uint8Array, void, undefined>;
  /** Throws an Error unless everything has been taken. */
  end(): Promise<void>;
  cancel(): Promise<void>;
}

/** Opens a stream for reading in stretches. */
export function openByteReader(body: ReadableStream<Uint8Array>): ByteReader {
  const reader = openChunkReader(body, READ_BYTES, true);
  let rest: Uint8Array = new Uint8Array();
  let reads = 0;
  const next = async () => {
    reads += 1;
    // A body that is always ahead would keep all other requests in this isolate waiting.
    if (reads % READS_AT_ONCE === 0) await scheduler.wait(0);
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
