/**
 * Finds tags in a YAML text that make a loader build objects.
 *
 * Invariant: every `!` of the text is looked at, whatever stands before it, so that no quoting or nesting hides a tag; tags
 * are compared after percent-decoding and after `%TAG` directives were applied. Too much may be found in comments.
 *
 * Source: YAML 1.1 and 1.2; the constructors of PyYAML.
 */

import type { Note } from "../../format.ts";

const CORE = "tag:yaml.org,2002:";
/** Tags of PyYAML that make a plain value whatever it is given. */
const INERT = /^(?:none|bool|bytes|str|unicode|int|long|float|complex|list|tuple|dict)$/;
const CORE_TAGS = /^(?:str|int|float|bool|null|binary|timestamp|set|omap|pairs|map|seq|merge|value)$/;
/** Tags by which HyperPyYAML, and loaders like it, import and call. */
const IMPORTING = /^!(?:new|apply|name|module|include):/;

const TAG = /!(?:<([^<>\s]{0,4000})>|([\w-]{0,100}!)?([^\s,[\]{}]{0,4000}))/g;
/** A document has one or two. Every tag is tried with each. */
const DIRECTIVES_MAX = 16;
const DIRECTIVE = /%TAG[ \t]+(![\w-]{0,100}!|!!?)[ \t]+(\S{1,300})/g;

/**
 * Notes tags that build objects.
 * @param named whether the file is called YAML; in other texts only what is meant for a loader is noted, and as unknown
 */
export function checkTags(text: string, named: boolean, note: Note): void {
  if (!text.includes("!")) return;
  const prefixes = new Map([
    ["!!", new Set([CORE])],
    ["!", new Set(["!"])],
  ]);
  let directives = 0;
  for (const [, handle = "", prefix = ""] of text.includes("%TAG") ? text.matchAll(DIRECTIVE) : []) {
    directives += 1;
    if (directives > DIRECTIVES_MAX) {
      note("yaml_tag", "too many directives about tags");
      break;
    }
    prefixes.set(handle, new Set([...(prefixes.get(handle) ?? []), prefix]));
  }
  const noted = new Set<string>();
  for (const match of text.matchAll(TAG)) {
    const [, verbatim, handle, suffix = ""] = match;
    const begins = match.index === 0 || /[\s[{,:]/.test(text[match.index - 1] ?? "");
    const uris = verbatim === undefined ? expand(handle, suffix, prefixes) : [verbatim];
    for (const uri of uris) {
      const judged = judge(decode(uri), named, begins);
      if (!judged || noted.has(judged.detail) || noted.size >= 20) continue;
      noted.add(judged.detail);
      note(judged.code, judged.detail);
    }
  }
}

function expand(
  handle: string | undefined,
  suffix: string,
  prefixes: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  if (handle === undefined) return [...(prefixes.get("!") ?? [])].map((prefix) => prefix + suffix);
  return [...(prefixes.get(`!${handle}`) ?? [`!${handle}`])].map((prefix) => prefix + suffix);
}

function judge(
  tag: string,
  named: boolean,
  begins: boolean,
): { code: "yaml_object" | "yaml_tag"; detail: string } | undefined {
  const local = tag.startsWith(CORE) ? tag.slice(CORE.length) : undefined;
  if (local?.startsWith("python/")) {
    const python = local.slice("python/".length);
    if (INERT.test(python)) return undefined;
    const calls = /^object\/(?:apply|new)/.test(python);
    return { code: calls && named ? "yaml_object" : "yaml_tag", detail: `a tag of a Python object: ${tag}` };
  }
  if (local !== undefined && CORE_TAGS.test(local)) return undefined;
  if (IMPORTING.test(tag)) return { code: "yaml_tag", detail: `a tag that imports: ${tag}` };
  // in other texts, what follows an exclamation mark is mostly prose
  if (!named || !begins || tag === "!" || tag === CORE) return undefined;
  return { code: "yaml_tag", detail: `a tag that is not one of YAML's own: ${tag}` };
}

/** Only ASCII matters: no tag that is known here has more. */
function decode(uri: string): string {
  if (!uri.includes("%")) return uri;
  return uri.replace(/%([0-7][0-9a-fA-F])/g, (_, pair: string) => String.fromCharCode(Number.parseInt(pair, 16)));
}
