/**
 * A client's pattern, made safe: compiled by a linear-time engine, and the strings found that every match must contain, so
 * that an index can narrow where to look.
 */

import { RE2JS, RE2JSException } from "re2js";
import { RegistryError } from "../errors.ts";
import { PATTERNS_KEPT, REGEX_MAX_CHARS } from "../limits.ts";
import { isExponential } from "./ambiguity.ts";
import { type CountedProgram, countCost } from "./cost.ts";

/** A pattern to search with. */
export interface Pattern extends CountedProgram {
  /** A query for the trigram index that every matching artifact answers; undefined if no string is certain to occur. */
  index: string | undefined;
}

/** What must occur: a string, all of some, one of some. The engine's own prefilter has this shape. */
type Required = { string: string } | { all: Required[] } | { any: Required[] };

/**
 * Compiles a pattern (contract, POST /artifact/byRegEx: RE2 syntax, `^ $` per line).
 * @throws RegistryError `invalid_regex` for what the engine refuses, for programs that are too dear to run over many texts,
 *   and for what would be exponential elsewhere; its `cause` is a sentence that says which
 */
export function compilePattern(regex: string): Pattern {
  if (regex.length > REGEX_MAX_CHARS) throw refusal(`The pattern is longer than ${REGEX_MAX_CHARS} characters.`);
  // A client that goes through a registry page by page sends the same pattern with every page.
  let pattern = compiled.get(regex);
  if (pattern === undefined) {
    const [oldest] = compiled.keys();
    if (oldest !== undefined && compiled.size >= PATTERNS_KEPT) compiled.delete(oldest);
    pattern = toPattern(regex);
    compiled.set(regex, pattern);
  }
  if ("refused" in pattern) throw refusal(pattern.refused);
  return pattern;
}

function refusal(reason: string): RegistryError {
  return new RegistryError("invalid_regex", undefined, { extra: { reason } });
}

/** The patterns asked for lately, also those that are refused. */
const compiled = new Map<string, Pattern | { refused: string }>();

function toPattern(regex: string): Pattern | { refused: string } {
  const program = compile(regex);
  if (!(program instanceof RE2JS)) return program;
  if (isExponential(regex)) return { refused: EXPONENTIAL };
  const counted = countCost(program);
  if ("refused" in counted) return counted;
  const required = requiredStrings(regex, program);
  return { ...counted, index: required && toQuery(required) };
}

const EXPONENTIAL =
  "A repeated group can match the same text in more than one way, which takes exponential time in most engines: write (a+)+ as a+.";

/** The program, or why the engine refuses the pattern. */
function compile(regex: string): RE2JS | { refused: string } {
  try {
    return RE2JS.compile(regex, RE2JS.MULTILINE);
  } catch (error) {
    if (error instanceof RE2JSException) return { refused: `RE2 syntax: ${error.message}` };
    throw error;
  }
}

/**
 * The engine works out what must occur for its own use; the version is pinned, and a test compares with the plain engine.
 * Under a leading `(?i)` it gives up: there the same pattern without the flag names the same strings but for their case,
 * which the index ignores anyway. Only ASCII is kept of them, where the engine and the index fold alike.
 */
function requiredStrings(regex: string, program: RE2JS): Required | undefined {
  const folded = /^\(\?i\)/.test(regex);
  const unfolded = folded ? compile(regex.slice(4)) : program;
  const { prefilter } = (unfolded instanceof RE2JS ? unfolded : program).re2();
  const required = readPrefilter(prefilter);
  return folded && required ? onlyAscii(required) : required;
}

/** The engine's node types. */
const EXACT = 1;
const AND = 2;
const OR = 3;

function readPrefilter(node: unknown): Required | undefined {
  const { type, str, subs } = (node ?? {}) as { type?: unknown; str?: unknown; subs?: unknown };
  if (type === EXACT && typeof str === "string") return { string: str };
  if ((type !== AND && type !== OR) || !Array.isArray(subs)) return undefined;
  const parts = subs.map(readPrefilter);
  if (type === AND) return { all: parts.filter((part) => part !== undefined) };
  return parts.includes(undefined) ? undefined : { any: parts.filter((part) => part !== undefined) };
}

function onlyAscii(required: Required): Required {
  if ("all" in required) return { all: required.all.map(onlyAscii) };
  if ("any" in required) return { any: required.any.map(onlyAscii) };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII
  return { all: required.string.split(/[^\u0001-\u007f]+/).map((string) => ({ string })) };
}

/** A query in the index's language; undefined if nothing in it has the three characters that the index needs. */
function toQuery(required: Required): string | undefined {
  if ("string" in required) return trigrams(required.string);
  const parts = ("all" in required ? required.all : required.any).map(toQuery);
  const usable = parts.filter((part) => part !== undefined);
  if (usable.length === 0) return undefined;
  if ("all" in required) return [...new Set(usable)].join(" AND ");
  return usable.length < parts.length ? undefined : `(${usable.map((part) => `(${part})`).join(" OR ")})`;
}

/** Every three characters of a string, all of which must occur. The index ends a string at NUL. */
function trigrams(string: string): string | undefined {
  const all = string.split("\u0000").flatMap((part) => {
    const chars = [...part];
    return chars.slice(2).map((last, index) => `${chars[index]}${chars[index + 1]}${last}`);
  });
  if (all.length === 0) return undefined;
  return [...new Set(all)].map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(" AND ");
}
