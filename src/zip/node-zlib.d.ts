/** The part of node:zlib that is used here, so that the types of all of Node do not get mixed into a Worker's. */
declare module "node:zlib" {
  export function crc32(data: Uint8Array, value?: number): number;
  export function inflateRawSync(
    data: Uint8Array,
    options: { maxOutputLength: number; info: true; finishFlush?: number },
  ): { buffer: Uint8Array<ArrayBuffer>; engine: { bytesWritten: number } };
  /** The part of a Transform stream that is used here. */
  export function createInflateRaw(options: { chunkSize: number }): AsyncIterable<Uint8Array> & {
    /** Bytes of input that were used. */
    readonly bytesWritten: number;
    readonly errored: Error | null;
    write(chunk: Uint8Array, taken: (error?: Error | null) => void): void;
    end(): void;
    destroy(error?: Error): void;
  };
  export const constants: { Z_SYNC_FLUSH: number };
}
