/**
 * Licence names as found in the wild, as SPDX expressions with a kind for every leaf.
 *
 * Invariant: `parseLicense` never throws and is bounded: what cannot be identified is a leaf of the kind `unknown`, an
 * absent licence one of the kind `none`. Expressions are read by the field's own parser; we put ids in its spelling.
 */

import parse, { type ExpressionNode } from "spdx-expression-parse";
import SPDX_IDS from "spdx-license-ids/index.json" with { type: "json" };
import {
  ALIASES,
  CATEGORY_OF_ID,
  CATEGORY_OF_PREFIX,
  type LicenseCategory,
  NONE_NAMES,
  TELLING_WORDS,
  UNKNOWN_NAMES,
} from "./catalogue.ts";
import { MODEL_LICENSES } from "./model-licenses.ts";

export type { LicenseCategory } from "./catalogue.ts";

/** One licence of an expression. */
export interface LicenseTerm {
  kind: "license";
  /** SPDX id as it is written (`GPL-2.0-or-later`), `LicenseRef-<name>` for model licences, `NOASSERTION`, `NONE`. */
  id: string;
  /** The id without `-only`, `-or-later` and `+`. */
  base: string;
  or_later: boolean;
  exception?: string;
  category: LicenseCategory;
}

/** A licence or a choice (`or`) or sum (`and`) of licences. */
export type LicenseExpression = LicenseTerm | { kind: "and" | "or"; of: LicenseExpression[] };

/** Longest text that is read as a licence: no expression in use comes near. */
const EXPRESSION_MAX_CHARS = 512;
/** Ids, operators and parentheses of one expression: bounds the parser's recursion. */
const EXPRESSION_MAX_TOKENS = 64;
/** Licences of one list: a card can hold any number, nobody means more than a handful. */
const LIST_MAX_LICENSES = 32;

/** Longest reference to an unlisted licence that is kept: it is repeated in answers. */
const REF_MAX_CHARS = 100;

const BY_LOWER_CASE: ReadonlyMap<string, string> = new Map(SPDX_IDS.map((id) => [id.toLowerCase(), id]));
const GNU = /^(a|l)?gpl-(1\.0|2\.0|2\.1|3\.0)(-only|-or-later|\+)?$/;
const UNKNOWN_REF = "LicenseRef-unknown";

const UNKNOWN: LicenseTerm = {
  kind: "license",
  id: "NOASSERTION",
  base: "NOASSERTION",
  or_later: false,
  category: "unknown",
};
const NONE: LicenseTerm = { kind: "license", id: "NONE", base: "NONE", or_later: false, category: "none" };

const TAILS = ["-license", "-licence", "-agreement"] as const;

/** Lower case, blanks and underscores as `-`. */
function dashed(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, "-");
}

/** One spelling for comparisons: dashed, no `the` before, no `license` or `agreement` at its end. */
function slug(text: string): string {
  let name = dashed(text);
  if (name.startsWith("the-")) name = name.slice(4);
  for (let tail: string | undefined = ""; tail !== undefined; ) {
    name = name.slice(0, name.length - tail.length);
    tail = TAILS.find((end) => name.endsWith(end));
  }
  return name;
}

/** The terms of models by every spelling; an exact one goes before one that lacks its ending. */
const MODEL_LICENSE_OF: ReadonlyMap<string, string> = new Map(
  [slug, dashed].flatMap((spell) =>
    Object.entries(MODEL_LICENSES).flatMap(([id, { names = [] }]) =>
      [id, ...names].toReversed().map((name) => [spell(name), id] as const),
    ),
  ),
);

/** The SPDX spelling of one name, or `undefined` if it names no licence that we know. */
function identify(raw: string): string | undefined {
  const lower = raw.trim().toLowerCase();
  const gnu = GNU.exec(lower);
  if (gnu) {
    const later = gnu[3] === "-or-later" || gnu[3] === "+";
    return `${(gnu[1] ?? "").toUpperCase()}GPL-${gnu[2]}${later ? "-or-later" : "-only"}`;
  }
  const listed = BY_LOWER_CASE.get(lower);
  if (listed) return listed;
  const plain = lower.replace(/^licenseref-/, "");
  for (const name of [dashed(plain), slug(plain)]) {
    const alias = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
    if (alias) return alias;
    const terms = MODEL_LICENSE_OF.get(name);
    if (terms) return `LicenseRef-${terms}`;
    const canonical = BY_LOWER_CASE.get(name);
    if (canonical) return canonical;
    if (name !== lower && GNU.test(name)) return identify(name);
  }
  return undefined;
}

function categoryOf(base: string): LicenseCategory {
  const known = CATEGORY_OF_ID.get(base);
  if (known) return known;
  if (base.startsWith("LicenseRef-")) {
    const name = base.slice("LicenseRef-".length).toLowerCase();
    if (Object.hasOwn(MODEL_LICENSES, name)) return MODEL_LICENSES[name]?.category ?? "unknown";
    return TELLING_WORDS.find(([word]) => word.test(name))?.[1] ?? "unknown";
  }
  return CATEGORY_OF_PREFIX.find(([prefix]) => base.startsWith(prefix))?.[1] ?? "unknown";
}

function term(id: string, plus: boolean, exception?: string): LicenseTerm {
  if (id === UNKNOWN_REF) return UNKNOWN;
  const later = plus || id.endsWith("-or-later");
  const base = id.replace(/-(only|or-later)$/, "");
  return {
    kind: "license",
    id: plus ? `${id}+` : id,
    base,
    or_later: later,
    category: categoryOf(base),
    ...(exception === undefined ? {} : { exception }),
  };
}

function fromNode(node: ExpressionNode): LicenseExpression {
  if ("license" in node) return term(node.license, node.plus === true, node.exception);
  const of = [fromNode(node.left), fromNode(node.right)].flatMap((side) =>
    side.kind === node.conjunction ? side.of : [side],
  );
  return { kind: node.conjunction, of };
}

/** One word of an expression in the parser's spelling; an id that we do not know becomes a reference of its own. */
function word(raw: string): string {
  const upper = raw.toUpperCase();
  if (upper === "AND" || upper === "OR" || upper === "WITH") return upper;
  const whole = identify(raw);
  if (whole) return whole;
  const base = raw.endsWith("+") ? identify(raw.slice(0, -1)) : undefined;
  if (base) return base.startsWith("LicenseRef-") ? base : `${base}+`;
  return raw.length <= REF_MAX_CHARS && /^LicenseRef-[A-Za-z0-9.-]+$/.test(raw) ? raw : UNKNOWN_REF;
}

function parseExpression(text: string): LicenseExpression | undefined {
  // The parser's scanner skips over characters that it does not know; so nothing else may reach it.
  if (!/^[A-Za-z0-9.+()\s/-]+$/.test(text)) return undefined;
  const tokens = text.replaceAll("/", " OR ").match(/[()]|[A-Za-z0-9.+-]+/g) ?? [];
  if (tokens.length > EXPRESSION_MAX_TOKENS) return undefined;
  const spelled: string[] = [];
  for (const token of tokens) {
    // What follows WITH is an exception, which has its own list.
    if (token === "(" || token === ")" || spelled.at(-1) === "WITH") spelled.push(token);
    else spelled.push(word(token));
  }
  try {
    return fromNode(parse(spelled.join(" ")));
  } catch {
    return undefined;
  }
}

/**
 * Reads one licence name or SPDX expression. Never throws.
 *
 * @param text Hugging Face id, SPDX id or expression (`MIT OR Apache-2.0`), GitHub's `spdx_id`, or a common name
 * @returns a tree whose leaves are SPDX ids or `LicenseRef-<name>`, each with its kind; `unknown` if not identified
 */
export function parseLicense(text: string): LicenseExpression {
  if (text.length > EXPRESSION_MAX_CHARS) return UNKNOWN;
  const name = slug(text);
  if (NONE_NAMES.has(name)) return NONE;
  if (UNKNOWN_NAMES.has(name)) return UNKNOWN;
  const id = identify(text);
  if (id) return term(id, false);
  const expression = parseExpression(text);
  if (expression && !(expression.kind === "license" && expression.category === "unknown")) return expression;
  const ref = `LicenseRef-${name.replace(/[^a-z0-9.-]+/g, "-")}`;
  return ref.length > REF_MAX_CHARS || categoryOf(ref) === "unknown" ? (expression ?? UNKNOWN) : term(ref, false);
}

/**
 * Reads a list of licences: all of them hold at once.
 *
 * @returns `none` for an empty list, the licence itself for one, an `and` for more
 */
export function parseLicenses(values: readonly string[]): LicenseExpression {
  if (values.length > LIST_MAX_LICENSES) return UNKNOWN;
  const of = [...new Map(values.map(parseLicense).map((part) => [formatLicense(part), part])).values()];
  const [first] = of;
  if (!first) return NONE;
  return of.length === 1 ? first : { kind: "and", of };
}

/** Writes an expression as SPDX text; `NONE` and `NOASSERTION` stand for no and for an unidentified licence. */
export function formatLicense(expression: LicenseExpression): string {
  if (expression.kind === "license") {
    return expression.exception === undefined ? expression.id : `${expression.id} WITH ${expression.exception}`;
  }
  const parts = expression.of.map((part) =>
    part.kind === "or" && expression.kind === "and" ? `(${formatLicense(part)})` : formatLicense(part),
  );
  return parts.join(expression.kind === "and" ? " AND " : " OR ");
}
