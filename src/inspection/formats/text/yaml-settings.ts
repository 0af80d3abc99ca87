/**
 * Finds in YAML, a file of it or the front matter of a card, what makes a loader import, or never end.
 *
 * Invariant: keys are looked for in block and in flow style; a key that is written with escapes is a finding by itself.
 */

import type { Note } from "../../format.ts";

/** Before a key: the beginning of a line, or what separates entries in flow style. */
const BEFORE = "(?:^|[\\s{,?-])['\"]?";
const TARGET = new RegExp(
  `${BEFORE}(?:_target_['"]?\\s{0,20}(?::|$)|target['"]?\\s{0,20}:\\s{0,20}['"]?[A-Za-z_]\\w{0,200}\\.\\w)`,
  "m",
);
const ESCAPED_KEY = /"[^"\n]{0,200}\\[xuU][^"\n]{0,200}"\s{0,20}:/;
const ALIAS = /(?:^|[\s[,:-])\*[\w-]/g;
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
  if (named && ESCAPED_KEY.test(yaml)) note("yaml_tag", "a key that is written with escapes");
  const aliases = [...yaml.matchAll(ALIAS)].length;
  if (aliases > (yaml.includes("<<") ? MERGED_ALIASES_MAX : ALIASES_MAX)) {
    note("bound_reached", "so many aliases that what they stand for may be without end");
  }
}
