/**
 * Finds in YAML, a file of it or the front matter of a card, what makes a loader import, or never end.
 *
 * Invariant: keys are looked for in block and in flow style; a key that is written with escapes is a finding by itself.
 */

import type { Note } from "../../format.ts";

/** Before a key: the beginning of a line, or what separates entries in flow style. */
const BEFORE = "(?:^|[\\s{[,?-])['\"]?";
/** Between a key and its value. */
const COLON = "['\"]?\\s*:\\s*['\"]?";
/** Begins a value that is written elsewhere, or in a notation that is not read here. */
const INDIRECT = '[#&*!|>]|"[^"\\n]{0,300}\\\\';
const TARGET = new RegExp(
  `${BEFORE}(?:_target_['"]?\\s{0,20}(?::|$)|target['"]?\\s{0,20}:\\s{0,20}['"]?[A-Za-z_]\\w{0,200}\\.\\w)`,
  "m",
);
/** The same where the value cannot be read, and other keys in flow style. In prose these are mostly no keys. */
const NAMED = new RegExp(
  [
    `(?<![\\w.-])target['"]?\\s*(?:#|:\\s*(?:${INDIRECT}))`,
    `${BEFORE}loader_module${COLON}`,
    `${BEFORE}[tT]rust_[rR]emote_[cC]ode${COLON}(?:[tT]rue|TRUE|[yY]es|YES|[oO]n|ON|1)\\b`,
  ].join("|"),
  "m",
);
const LAMBDA = new RegExp(`${BEFORE}class_name${COLON}(?:\\w{0,100}>)?(?:Lambda|__lambda__)\\b`, "m");
/** An alias as a key: what it stands for may be any key. */
const ALIAS_KEY = /(?:^|[\s,[{?-])\*[^\s,[\]{}*:]+\s*:/m;
const ALIAS = /(?:^|[\s[{,:?-])\*[\w-]/g;
/** How many times over an alias may stand for what is behind it, if each anchor held the aliases up to the next one. */
const MULTIPLES_MAX = 10_000;
/** Aliases of honest settings: each may stand for a large value. With merge keys, which copy what they name, far fewer. */
const ALIASES_MAX = 100;
const MERGED_ALIASES_MAX = 20;

/**
 * @param text a whole file of YAML, or one that begins with front matter
 * @param named whether the file is called YAML
 */
export function checkYaml(text: string, named: boolean, note: Note): void {
  const end = text.startsWith("---") ? text.indexOf("\n---", 3) : -1;
  const yaml = end === -1 ? text : text.slice(0, end);
  if (TARGET.test(yaml)) note("remote_code", "a class that a loader imports");
  if (named && NAMED.test(yaml))
    note("remote_code", "a key in a notation of YAML, for what a loader imports or trusts");
  if (named && LAMBDA.test(yaml)) note("keras_custom", "a lambda layer of Keras");
  if (named && yaml.includes("*") && ALIAS_KEY.test(yaml)) note("remote_code", "an alias as a key");
  if (named && hasEscapedKey(yaml)) note("yaml_tag", "a key that is written with escapes");
  const aliases = [...yaml.matchAll(ALIAS)].length;
  // `!!merge` makes a merge key of any text
  const multiplied = /<<|merge/.test(yaml) || multiples(yaml) > MULTIPLES_MAX;
  if (aliases > (multiplied ? MERGED_ALIASES_MAX : ALIASES_MAX)) {
    note("bound_reached", "so many aliases that what they stand for may be without end");
  }
}

/** The product of the numbers of aliases between anchors. */
function multiples(yaml: string): number {
  let product = 1;
  for (const [index, part] of yaml.split(/&(?=[\w-])/).entries()) {
    const aliases = index === 0 || !part.includes("*") ? 0 : [...part.matchAll(ALIAS)].length;
    product *= Math.max(1, aliases);
  }
  return product;
}

/** Whether an escape that can stand for a letter, or joins two lines, is in a quoted text that a colon follows. */
function hasEscapedKey(text: string): boolean {
  const behind = /\s*[:#]/y;
  let quote = -1;
  for (const { index } of text.matchAll(/\\[xuU\r\n]/g)) {
    if (index < quote) continue;
    quote = text.indexOf('"', index);
    if (quote === -1) return false;
    behind.lastIndex = quote + 1;
    if (behind.test(text)) return true;
  }
  return false;
}
