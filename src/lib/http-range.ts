/** Byte ranges of RFC 9110 §14: one range is served, several are answered whole, as the RFC allows. */

/** `offset` and `length` in bytes; `unsatisfiable` is a 416; undefined means: answer the whole. */
export type ByteRange = { offset: number; length: number } | "unsatisfiable" | undefined;

/** A part of a body as R2 names it, in bytes: from an offset on, or the last so many. */
export type RangeAsked = { offset: number; length?: number | undefined } | { suffix: number };

/** The `Range` header that asks for a part. */
export function writeRange(part: RangeAsked): string {
  if ("suffix" in part) return `bytes=-${part.suffix}`;
  const { offset, length } = part;
  return `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
}

/**
 * Reads a `Range` header against a body of `size` bytes. What is not a well-formed single byte range is ignored, as the
 * RFC asks of a server that does not understand it. So is every range of an empty body: 206 cannot express a part of it,
 * and clients that probe with `bytes=0-0` give up on 416.
 */
export function readRange(header: string | undefined, size: number): ByteRange {
  if (size === 0) return undefined;
  const match = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (!match || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < offset) return undefined;
  return offset >= size ? "unsatisfiable" : { offset, length: end - offset + 1 };
}
