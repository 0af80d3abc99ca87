/** The part of node:zlib that is used here, so that the types of all of Node do not get mixed into a Worker's. */
declare module "node:zlib" {
  export function crc32(data: Uint8Array, value?: number): number;
  export function inflateRawSync(
    data: Uint8Array,
    options: { maxOutputLength: number; info: true; finishFlush?: number },
  ): { buffer: Uint8Array<ArrayBuffer>; engine: { bytesWritten: number } };
  export const constants: { Z_SYNC_FLUSH: number };
}
