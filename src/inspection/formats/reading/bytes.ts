/** Small helpers for formats that are told by fixed bytes. */

import type { FileContent } from "../../format.ts";

/** Fixed bytes at an offset of the file. Text stands for its Latin-1 bytes. */
export interface Magic {
  readonly at?: number;
  readonly bytes: string | readonly number[];
}

/** Whether all of `bytes` stand at the offset. */
export function hasBytes(head: Uint8Array, { at = 0, bytes }: Magic): boolean {
  if (at + bytes.length > head.length) return false;
  for (let index = 0; index < bytes.length; index += 1) {
    const wanted = typeof bytes === "string" ? bytes.charCodeAt(index) : bytes[index];
    if (head[at + index] !== wanted) return false;
  }
  return true;
}

const CHUNK_BYTES = 8192;

/** Bytes as text, one character of the same number a byte. `TextDecoder` takes Latin-1 for Windows-1252, and is no help. */
export function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES)));
  }
  return parts.join("");
}

/** An unsigned big-endian number. */
export function bigEndian(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}

/** An unsigned little-endian number; beyond 2^53 it is not exact. */
export function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** The last bytes of the file, at most `length`. */
export function readTail({ size, read }: FileContent, length: number): Promise<Uint8Array> {
  const wanted = Math.min(size, length);
  return read({ offset: size - wanted, length: wanted });
}

/** The first bytes of the file, at most `length`; read only if `head` does not have them. */
export async function readHead({ size, head, read }: FileContent, length: number): Promise<Uint8Array> {
  const wanted = Math.min(size, length);
  return head.length >= wanted ? head.subarray(0, wanted) : read({ offset: 0, length: wanted });
}
