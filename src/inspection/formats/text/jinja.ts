/**
 * Checks a Jinja template, as chat templates are: whether it stays within what a sandbox leaves harmless.
 *
 * Invariant: a template without a finding uses allowed statements, filters and calls, no name or string with two
 * underscores in a row, and no attribute that leads to Python's internals. A name that is made at run time and used as a
 * subscript is left to the sandbox, which every current loader has.
 *
 * Decided: a name such as `__globals__` is unsafe, not unknown. No template has a use for it, and llama-cpp-python before
 * 0.2.72 rendered the templates of GGUF files without a sandbox.
 *
 * Source: the syntax of Jinja 3.
 */

import type { Note } from "../../format.ts";

const TEMPLATE_MAX_CHARS = 1024 * 1024;

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));
const STATEMENTS = words(
  "if elif else endif for endfor set endset macro endmacro call endcall filter endfilter break continue raw endraw with endwith generation endgeneration do",
);
const FILTERS = words(
  "tojson trim length count upper lower replace default d first last join list map selectattr rejectattr select reject string int float safe items dictsort sort unique title capitalize indent escape e round abs sum min max batch slice reverse center wordcount striptags urlencode from_json fromjson groupby",
);
const FUNCTIONS = words("raise_exception strftime_now range namespace dict caller tojson");
const METHODS = words(
  "strip lstrip rstrip split rsplit startswith endswith upper lower title capitalize replace items keys values get append join count find index pop isdigit isalpha isupper islower isspace splitlines update rfind removeprefix removesuffix extend insert setdefault copy",
);
const KEYWORDS = words(
  "and or not in is if else true false none True False None recursive ignore missing without context",
);
/** Objects that Jinja or a web framework puts at hand, from which escapes begin. */
const GATEWAYS = words("self cycler joiner lipsum request url_for get_flashed_messages g session application");
/** Attributes of frames, code, functions and types that reach the interpreter without an underscore in front. */
const INTERNAL = /^(?:gi|cr|ag|f|tb|co|func|im)_|^mro$/;
const DUNDER =
  /__(?:class|globals|builtins|subclasses|import|mro|bases?|init|dict|getattribute|getattr|reduce|reduce_ex|code|func|self|module|call|new|closure|loader|spec|wrapped)__/;

const OPENING = /\{[{%#]/g;
const TOKEN =
  /\s+|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[\p{L}_][\p{L}\p{N}_]*|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|-?%\}|-?\}\}|\*\*|\/\/|[=!<>]=|[-+*/%~|.,:()[\]{}<>=;]/uy;

/** What is wrong in a template, or undefined. */
type Fault = { code: "template_escape" | "template_code"; detail: string } | undefined;

/** Notes what a template does beyond the ordinary. */
export function checkTemplate(template: string, note: Note): void {
  if (template.length > TEMPLATE_MAX_CHARS) {
    note("bound_reached", "a template too long to be checked");
    return;
  }
  const fault = findTemplateFault(template);
  if (fault) note(fault.code, fault.detail);
}

/** Whether a text has an expression or statement of Jinja at all. */
export function hasTemplate(text: string): boolean {
  return text.includes("{{") || text.includes("{%");
}

function findTemplateFault(template: string): Fault {
  const macros = new Set<string>();
  if (template.includes("macro")) {
    for (const [, name = ""] of template.matchAll(/\{%[-+]?\s*macro\s+(\w+)/g)) macros.add(name);
  }
  let weaker: Fault;
  for (let at = 0; ; ) {
    OPENING.lastIndex = at;
    const opening = OPENING.exec(template);
    if (!opening) return weaker;
    at = opening.index + 2;
    if (opening[0] === "{#") {
      const end = template.indexOf("#}", at);
      if (end === -1) return weaker ?? malformed("a comment without an end");
      at = end + 2;
      continue;
    }
    const { tokens, end } = tokensFrom(template, at, opening[0] === "{%" ? "%}" : "}}");
    const fault = checkTokens(tokens, opening[0] === "{%", macros);
    if (fault?.code === "template_escape") return fault;
    weaker ??= fault;
    if (end === undefined) return weaker ?? malformed("an expression without an end, or with characters of no token");
    at = end;
    if (tokens[0] === "raw") {
      const raw = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;
      raw.lastIndex = at;
      const closing = raw.exec(template);
      if (!closing) return weaker ?? malformed("raw text without an end");
      at = closing.index + closing[0].length;
    }
  }
}

const malformed = (detail: string): Fault => ({ code: "template_code", detail: `a template with ${detail}` });

/** The tokens up to the closing delimiter, and where the text goes on; no `end` if it does not close. */
function tokensFrom(template: string, from: number, closing: string): { tokens: string[]; end: number | undefined } {
  const tokens: string[] = [];
  let braces = 0;
  let at = from;
  if (template[at] === "-" || template[at] === "+") at += 1;
  while (at < template.length) {
    TOKEN.lastIndex = at;
    const [token] = TOKEN.exec(template) ?? [];
    if (token === undefined) return { tokens, end: undefined };
    if (token.endsWith("}}") || token.endsWith("%}")) {
      if (token.endsWith(closing) && braces === 0) return { tokens, end: at + token.length };
      if (token.endsWith("%}") || braces < 1) return { tokens, end: undefined };
      // two braces of a dictionary within an expression
      tokens.push("}");
      braces -= 1;
      at += token.length - 1;
      continue;
    }
    if (token === "{") braces += 1;
    if (token === "}") braces -= 1;
    at += token.length;
    if (!/^\s/.test(token)) tokens.push(token);
  }
  return { tokens, end: undefined };
}

function checkTokens(tokens: readonly string[], statement: boolean, macros: ReadonlySet<string>): Fault {
  const [first = ""] = tokens;
  let weaker: Fault;
  if (statement && !STATEMENTS.has(first)) weaker = unusual(`a statement ${first}`);
  for (let at = statement ? 1 : 0; at < tokens.length; at += 1) {
    const token = tokens[at] ?? "";
    const before = at > 0 ? tokens[at - 1] : undefined;
    const called = tokens[at + 1] === "(";
    const fault = /^["']/.test(token) ? checkString(token, before) : checkName(token, before, called, first, macros);
    if (fault?.code === "template_escape") return fault;
    weaker ??= fault;
  }
  return weaker;
}

function checkName(
  token: string,
  before: string | undefined,
  called: boolean,
  first: string,
  macros: ReadonlySet<string>,
): Fault {
  if (!/^[\p{L}_]/u.test(token)) return undefined;
  if (DUNDER.test(token)) return escaping(token);
  // compatibility forms of letters become plain ones in Python
  if (token.includes("__")) return unusual(`a name ${token}`);
  if (token.normalize("NFKC") !== token) return unusual(`a name ${token}`);
  if (before === "|") return FILTERS.has(token) ? undefined : unusual(`a filter ${token}`);
  if (before === ".") {
    if (token.startsWith("_") || INTERNAL.test(token)) return unusual(`an attribute ${token}`);
    return called && !METHODS.has(token) ? unusual(`a call of ${token}`) : undefined;
  }
  if (before === "filter" && first === "filter") return FILTERS.has(token) ? undefined : unusual(`a filter ${token}`);
  if (token.startsWith("_")) return unusual(`a name ${token}`);
  if (GATEWAYS.has(token)) return unusual(`a name ${token}`);
  if (!called || KEYWORDS.has(token) || before === "is" || before === "not" || before === "macro") return undefined;
  return FUNCTIONS.has(token) || macros.has(token) || first === "macro" ? undefined : unusual(`a call of ${token}`);
}

function checkString(token: string, before: string | undefined): Fault {
  const value = decodeEscapes(token.slice(1, -1));
  if (DUNDER.test(value)) return escaping(value);
  if (value.includes("__")) return unusual("a string with two underscores");
  return before === "[" && value.startsWith("_") ? unusual(`an attribute ${value}`) : undefined;
}

/** As Python decodes them, as far as an underscore can be written. */
function decodeEscapes(value: string): string {
  return value.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^}]*)\})/g,
    (all, x, u, wide, octal, name) => {
      if (name !== undefined) return /LOW LINE/i.test(name) ? "_" : all;
      const code = octal === undefined ? Number.parseInt(x ?? u ?? wide, 16) : Number.parseInt(octal, 8);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}

const escaping = (name: string): Fault => ({
  code: "template_escape",
  detail: `a template that reaches for Python's internals: ${name}`,
});
const unusual = (what: string): Fault => ({ code: "template_code", detail: `a template with ${what}` });
