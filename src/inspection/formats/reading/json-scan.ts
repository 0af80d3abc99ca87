/**
 * Scans JSON and reports every key and value, in a loop.
 *
 * Invariant: what Python's `json` or JavaScript's parser accepts, this accepts, and it reports each occurrence of a key that
 * stands twice. It also accepts `NaN`, `Infinity` (as Python does) and line breaks in strings. No recursion: the depth is
 * bounded.
 */

/** Deeper nesting is refused, as Python's parser does. */
export const JSON_DEPTH_MAX = 900;

/** Takes what the scan finds. `key` is the nearest key above: that of the array, for its elements. */
export interface JsonVisitor {
  open(container: "object" | "array", key: string | undefined): void;
  close(container: "object" | "array"): void;
  /** A string, number or literal, as it stands in the text, with quotes and escapes. */
  scalar(raw: string, key: string | undefined): void;
}

/** Why a scan stopped early. */
export class JsonSyntaxError extends Error {}

/** The string that a quoted JSON string stands for. @throws JsonSyntaxError */
export function decodeString(raw: string): string {
  const inner = raw.slice(1, -1);
  if (!inner.includes("\\")) return inner;
  try {
    return String(JSON.parse(raw.replace(/[\t\n\r]/g, " ")));
  } catch {
    throw new JsonSyntaxError();
  }
}

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Infinity)|NaN|true|false|null/y;

interface Frame {
  readonly container: "object" | "array";
  key: string | undefined;
  empty: boolean;
}

/**
 * Scans one value.
 * @returns where it ends
 * @throws JsonSyntaxError
 */
export function scanJson(text: string, visitor: JsonVisitor, from = 0): number {
  const frames: Frame[] = [];
  let at = skip(SPACE, text, from);
  for (;;) {
    // a value begins here
    const frame = frames.at(-1);
    const char = text[at];
    if (char === "{" || char === "[") {
      if (frames.length >= JSON_DEPTH_MAX) throw new JsonSyntaxError();
      const container = char === "{" ? "object" : "array";
      visitor.open(container, frame?.key);
      frames.push({ container, key: frame?.key, empty: true });
      at = skip(SPACE, text, at + 1);
    } else {
      const end = char === '"' ? endOfString(text, at) : skip(SCALAR, text, at);
      if (end === at) throw new JsonSyntaxError();
      visitor.scalar(text.slice(at, end), frame?.key);
      at = end;
      if (frame) at = skip(SPACE, text, at);
    }
    // what stands behind it: the ends of containers, or the next value
    for (;;) {
      const inner = frames.at(-1);
      if (!inner) return at;
      const closing = inner.container === "object" ? "}" : "]";
      if (text[at] === closing) {
        visitor.close(inner.container);
        frames.pop();
        at += 1;
        if (frames.length > 0) at = skip(SPACE, text, at);
        continue;
      }
      if (!inner.empty) {
        if (text[at] !== ",") throw new JsonSyntaxError();
        at = skip(SPACE, text, at + 1);
      }
      inner.empty = false;
      if (inner.container === "object") {
        if (text[at] !== '"') throw new JsonSyntaxError();
        const end = endOfString(text, at);
        inner.key = decodeString(text.slice(at, end));
        at = skip(SPACE, text, end);
        if (text[at] !== ":") throw new JsonSyntaxError();
        at = skip(SPACE, text, at + 1);
      }
      break;
    }
  }
}

function skip(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : from;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1) throw new JsonSyntaxError();
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** Scans a whole text as one value. @returns whether it is one */
export function scanWhole(text: string, visitor: JsonVisitor): boolean {
  try {
    return text.slice(scanJson(text, visitor)).trim() === "";
  } catch {
    return false;
  }
}
