/**
 * Where a list goes on. Two spellings are understood: a cursor of ours, which names the last id seen and costs the same at
 * any depth, and the 0-based index that older clients count for themselves.
 */

import { fromBase64Url, toBase64Url } from "./hash.ts";

/** The place to go on from. */
export type Offset = { after: number } | { index: number };

/** Reads a cursor, for lists that have no other spelling; undefined for what is none. */
export function readCursor(text: string): number | undefined {
  const offset = readOffset(text);
  return offset && "after" in offset ? offset.after : undefined;
}

/** Reads `?offset=`; undefined for what is neither spelling. */
export function readOffset(text: string): Offset | undefined {
  const cursor = /^after-([1-9]\d{0,14}|0)$/.exec(text);
  if (cursor) return { after: Number(cursor[1]) };
  return /^\d{1,15}$/.test(text) ? { index: Number(text) } : undefined;
}

/** The cursor behind the artifact with this id. Never digits only, so that it cannot be taken for an index. */
export function cursorAfter(id: number): string {
  return `after-${id}`;
}

/** The path behind which a list of files goes on; undefined for what is no cursor of ours. */
export function readFileOffset(text: string): string | undefined {
  const [, code] = /^after-([\w-]{1,8192})$/.exec(text) ?? [];
  if (code === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(fromBase64Url(code));
  } catch {
    return undefined;
  }
}

/** The cursor behind the file with this path: safe in a header and in a query, as it is. */
export function fileOffset(path: string): string {
  return `after-${toBase64Url(new TextEncoder().encode(path))}`;
}
