/**
 * Model and dataset cards: a README whose YAML front matter says what the thing is.
 *
 * Invariant: no card can make us throw, run long or grow: what is too large, too deep, full of aliases or broken is a
 * finding, never an error.
 */

import { Composer, type Document, Lexer, Parser } from "yaml";
import {
  FRONT_MATTER_MAX_ALIASES,
  FRONT_MATTER_MAX_BYTES,
  FRONT_MATTER_MAX_LEXEMES,
  README_KEPT_BYTES,
  UPSTREAM_JSON_MAX_DEPTH,
} from "../limits.ts";
import { isObject, parseJsonObject, UnreadableError } from "../sources/json.ts";
import { mapFound } from "../sources/upstream.ts";
import type { Finding, HubRecord, JsonObject } from "./evidence.ts";

/** A README in its two parts. */
export interface Card {
  /** The YAML between the two `---`, without them; absent if the README does not begin with such a block. */
  frontMatter?: string;
  body: string;
}

/** Splits a README into front matter and body. A block that is not closed is body. */
export function splitCard(readme: string): Card {
  const open = /^\uFEFF?\s*---[ \t]*(?:\r\n|\r|\n)/.exec(readme);
  if (open === null) return { body: readme };
  const start = open[0].length;
  const close = /(?:^|\r\n|\r|\n)---[ \t]*(?:\r\n|\r|\n|$)/.exec(readme.slice(start));
  if (close === null) return { body: readme };
  return {
    frontMatter: readme.slice(start, start + close.index),
    body: readme.slice(start + close.index + close[0].length),
  };
}

/**
 * The card's data: the hub's own reading of it or, where that is missing, ours of the README.
 * `absent` without front matter, `unreadable` if it is no YAML mapping.
 */
export function readCard(readme: Finding<string>, record: Finding<HubRecord>): Finding<JsonObject> {
  if (record.status === "found") {
    const data = record.value.card_data;
    if (data !== undefined && Object.keys(data).length > 0) return { ...record, value: data };
  }
  if (readme.status !== "found") return readme;
  const { frontMatter } = splitCard(readme.value);
  if (frontMatter === undefined || frontMatter.trim() === "") {
    return { status: "absent", reason: "the README has no front matter", url: readme.url };
  }
  return mapFound(readme, () => parseFrontMatter(frontMatter));
}

/**
 * Parses front matter as plain YAML 1.2: no tags of its own, few aliases, keys are texts.
 *
 * @throws UnreadableError for anything that is not a small, sound mapping.
 */
function parseFrontMatter(text: string): JsonObject {
  if (text.length > FRONT_MATTER_MAX_BYTES) throw new UnreadableError("card unreadable: too large");
  let json: string | undefined;
  try {
    const document = composeDocument(text);
    const value: unknown = document.toJS({ maxAliasCount: FRONT_MATTER_MAX_ALIASES });
    // through JSON: aliases become copies, so that size, depth and keys can be judged like any upstream answer
    json = isObject(value) ? JSON.stringify(value) : undefined;
  } catch (error) {
    if (error instanceof UnreadableError) throw error;
    // too many aliases, an alias of itself, nesting beyond the stack
    throw new UnreadableError("card unreadable");
  }
  if (json === undefined) throw new UnreadableError("card unreadable: not a mapping");
  if (json.length > 4 * FRONT_MATTER_MAX_BYTES) throw new UnreadableError("card unreadable: too large");
  try {
    return parseJsonObject(json);
  } catch {
    throw new UnreadableError("card unreadable: nested too deeply");
  }
}

/**
 * What `parseDocument` of the library does, step by step, so that it can be stopped. The composer is recursive and takes the
 * square of the depth, so depth is bounded while the parser still keeps it in a list; and everything takes time by lexemes,
 * of which a text of `[`, `-` or `,` has one for each character.
 *
 * @throws UnreadableError for text that is deep, long or no YAML.
 */
function composeDocument(text: string): Document {
  const parser = new Parser();
  const composer = new Composer({
    schema: "core",
    resolveKnownTags: false,
    stringKeys: true,
    // real cards repeat keys; the last one counts, as everywhere
    uniqueKeys: false,
    logLevel: "silent",
    // an excerpt for every error costs the square of their number
    prettyErrors: false,
  });
  function* tokens() {
    let lexemes = 0;
    for (const lexeme of new Lexer().lex(text)) {
      lexemes += 1;
      if (lexemes > FRONT_MATTER_MAX_LEXEMES) throw new UnreadableError("card unreadable: too much of it");
      for (const token of parser.next(lexeme)) {
        if (token.type === "error") throw new UnreadableError("card unreadable: not YAML");
        yield token;
      }
      // The document itself and the scalar that is being read are on the stack, too.
      if (parser.stack.length > UPSTREAM_JSON_MAX_DEPTH + 2) {
        throw new UnreadableError("card unreadable: nested too deeply");
      }
    }
    yield* parser.end();
  }
  const [document, ...more] = composer.compose(tokens(), true, text.length);
  if (document === undefined || more.length > 0) throw new UnreadableError("card unreadable: not one document");
  const [error] = document.errors;
  if (error !== undefined) throw new UnreadableError(`card unreadable: ${error.code}`);
  return document;
}

/** What of a README can be searched: no front matter, the first 64 KiB of UTF-8, cut between characters. */
export function searchableText(readme: string): string {
  // NUL would end the text in the search index.
  const body = splitCard(readme).body.replaceAll("\u0000", " ").trim();
  const bytes = new TextEncoder().encode(body);
  if (bytes.byteLength <= README_KEPT_BYTES) return body;
  // streaming: a character that the cut went through is held back instead of becoming U+FFFD
  return new TextDecoder().decode(bytes.subarray(0, README_KEPT_BYTES), { stream: true });
}
