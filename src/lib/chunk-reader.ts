/**
 * Streams, read in large chunks. Left to itself the platform hands out four kilobytes at a time, and the cost of a chunk, as
 * work and as garbage, is the same whatever its size.
 */

/** As a stream's own reader; but a chunk is there until the next one is asked for, and not longer. */
export type ChunkReader = Pick<ReadableStreamDefaultReader<Uint8Array>, "read" | "cancel">;

/**
 * Reads the platform's own streams through one piece of memory; others as they come.
 * @param bytes   the largest chunk
 * @param isFull  wait until each chunk but the last is that large
 */
export function openChunkReader(stream: ReadableStream<Uint8Array>, bytes: number, isFull = false): ChunkReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    return stream.getReader();
  }
  let memory = new ArrayBuffer(bytes);
  return {
    async read() {
      const view = new Uint8Array(memory);
      const { value } = await (isFull ? reader.readAtLeast(bytes, view) : reader.read(view));
      // The end comes with no bytes, or with the last that there were.
      if (!value || value.byteLength === 0) return { done: true, value: undefined };
      memory = value.buffer as ArrayBuffer;
      return { done: false, value };
    },
    cancel: (reason) => reader.cancel(reason),
  };
}
