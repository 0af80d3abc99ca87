/**
 * JSON from strangers.
 *
 * Invariant: what comes out is nested no deeper than the limit and holds no `__proto__` key, so that it can be walked
 * recursively and copied key by key.
 */

import { depthOf } from "../lib/json-depth.ts";
import { UPSTREAM_JSON_MAX_DEPTH } from "../limits.ts";

/** Something came, but it is not what it should be. The message is a reason for people. */
export class UnreadableError extends Error {
  override readonly name = "UnreadableError";
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

/**
 * Parses a configuration as Python's `json` reads it, which is what loads it in the end: `NaN`, `Infinity` and `-Infinity`
 * are numbers there. JSON has no place for them, so they become null.
 *
 * @throws UnreadableError as `parseJsonObject`
 */
export function parsePythonJsonObject(text: string): Record<string, unknown> {
  return parseJsonObject(asJson(text));
}

/**
 * The same for any value.
 *
 * @throws UnreadableError as `parseJson`
 */
export function parsePythonJson(text: string): unknown {
  return parseJson(asJson(text));
}

function asJson(text: string): string {
  return /NaN|Infinity/.test(text) ? withoutConstants(text) : text;
}

/** Replaces Python's three constants outside of strings by null. One pass, each character once. */
function withoutConstants(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') {
      for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
    } else if (char === "N" || char === "I" || char === "-") {
      const constant = ["NaN", "Infinity", "-Infinity"].find((name) => text.startsWith(name, at));
      if (constant === undefined) continue;
      parts.push(text.slice(from, at), "null");
      from = at + constant.length;
      at = from - 1;
    }
  }
  return parts.join("") + text.slice(from);
}

/** Whether a value is a JSON object, not null and no list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** UTF-8 to text; bytes that are none become U+FFFD, a byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
