/**
 * JSON from strangers.
 *
 * Invariant: what comes out is nested no deeper than the limit and holds no `__proto__` key, so that it can be walked
 * recursively and copied key by key.
 */

import { UPSTREAM_JSON_MAX_DEPTH } from "../limits.ts";

/** Something came, but it is not what it should be. The message is a reason for people. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x5b, 0x7b]);
const CLOSE = new Set([0x5d, 0x7d]);

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (OPEN.has(code)) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (CLOSE.has(code)) depth -= 1;
  }
  return deepest;
}

/**
 * Parses JSON text.
 *
 * @throws UnreadableError if it is not JSON or nested too deeply.
 */
export function parseJson(text: string): unknown {
  // before the parser and its reviver, which both would recurse
  if (depthOf(text) > UPSTREAM_JSON_MAX_DEPTH) throw new UnreadableError("nested too deeply");
  try {
    if (!/__proto__|\\u005f/i.test(text)) return JSON.parse(text);
    return JSON.parse(text, (key, value: unknown) => (key === "__proto__" ? undefined : value));
  } catch {
    throw new UnreadableError("not JSON");
  }
}

/**
 * Parses JSON text that must be an object.
 *
 * @throws UnreadableError if it is anything else.
 */
export function parseJsonObject(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (!isObject(value)) throw new UnreadableError("not a JSON object");
  return value;
}

/** Whether a value is a JSON object, not null and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** UTF-8 to text; bytes that are none become U+FFFD, a byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
