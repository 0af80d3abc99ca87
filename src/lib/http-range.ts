/** Byte ranges of RFC 9110 §14: one range is served, several are answered whole, as the RFC allows. */

/** `offset` and `length` in bytes; `unsatisfiable` is a 416; undefined means: answer the whole. */
export type ByteRange = { offset: number; length: number } | "unsatisfiable" | undefined;

/**
 * Reads a `Range` header against a body of `size` bytes. What is not a well-formed single byte range is ignored, as the
 * RFC asks of a server that does not understand it.
 */
export function readRange(header: string | undefined, size: number): ByteRange {
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
