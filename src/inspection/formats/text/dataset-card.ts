/**
 * Finds files outside of the repository that the settings of a dataset's card tell `datasets` to load.
 *
 * Invariant: in the settings, whatever could belong to `data_files` or `data_dir` is a plain relative path or is noted.
 * They are told apart by lines; where YAML would let a value stand elsewhere (flow style, anchors), all of the settings count.
 *
 * Source: `huggingface_hub` on the blocks of cards; `datasets` on `README.md` and `.huggingface.yaml`.
 */

import type { Note } from "../../format.ts";

const BREAK = "\\r\\n|[\\r\\n\\x85\\u2028\\u2029]";
const FIRST = new RegExp(`^[\\s\\x85]*---(?:${BREAK})`);
const LAST = new RegExp(`(?:${BREAK})---(?=${BREAK}|$)`);
const KEY = /data_(?:files|dir)/;
/** The key of a line in block style, behind the dashes of a list. */
const BLOCK_KEY = /^([ -]*)(["']?)data_(?:files|dir)\2[ \t]*:/;
/** A value may be repeated from elsewhere. A plain `&` in prose has a space behind it. */
const ANCHOR = /(?:^|[\s[{,])&[^\s&]/;

/** What a plain relative path has not: a root, a parent, an address, a home, an escape. */
const OUTSIDE = [
  /:\/\/|::|\\/,
  /(?:^|[\s"'[{,:])[/~]/,
  /(?:^|[\s"'[{,:/])\.\.(?:[/\s"'\]},]|$)/,
  /(?:^|[\s"'[{,])[A-Za-z]:[^\s]/,
];

/** Notes a reference to files outside. @param name last segment of the file's path, lower-cased */
export function checkDatasetCard(text: string, name: string, note: Note): void {
  const settings = settingsOf(text, name);
  if (settings === undefined) return;
  const escaped = settings.includes("\\") && settings.split(new RegExp(BREAK)).some(hasEscapedKey);
  if (!escaped && !KEY.test(settings)) return;
  const found = escaped || ANCHOR.test(settings) ? "a key or value that stands elsewhere" : findOutside(settings);
  if (found !== undefined) note("external_reference", `data_files: a file outside of the archive: ${found.trim()}`);
}

function settingsOf(text: string, name: string): string | undefined {
  if (name === ".huggingface.yaml") return text;
  const first = FIRST.exec(text);
  if (!first) return undefined;
  // the break of the first line may be that before the last
  const rest = text.slice(first[0].length - 1);
  const last = LAST.exec(rest);
  return last ? rest.slice(0, last.index) : rest;
}

/** The first line of what belongs to the keys that is no plain path. */
function findOutside(settings: string): string | undefined {
  const lines = settings.split(new RegExp(BREAK)).filter((line) => !/^\s*#/.test(line));
  const all = lines.some((line) => (KEY.test(line) && !BLOCK_KEY.test(line)) || opensFlow(line));
  let indent: number | undefined;
  for (const line of lines) {
    const key = BLOCK_KEY.exec(line);
    // what follows a key is indented more, or is a list at its own column
    const column = line.search(/[^ ]/);
    const inside =
      indent !== undefined && (column > indent || column === -1 || (column === indent && line[column] === "-"));
    if (!inside) indent = key?.[1]?.length;
    if (!all && indent === undefined) continue;
    if (OUTSIDE.some((pattern) => pattern.test(line)) || isOpenQuote(line)) return line;
  }
  return undefined;
}

/** Whether brackets are open behind a line: what follows may stand at any column. */
function opensFlow(line: string): boolean {
  const plain = line.replace(/"[^"\\[\]{}]*"|'[^'[\]{}]*'/g, "");
  if (!/[[{]/.test(plain)) return false;
  const count = (pattern: RegExp) => plain.match(pattern)?.length ?? 0;
  return /["'#\\]/.test(plain) || count(/\[/g) !== count(/\]/g) || count(/\{/g) !== count(/\}/g);
}

function isOpenQuote(line: string): boolean {
  return line.split('"').length % 2 === 0 || line.split("'").length % 2 === 0;
}

/** Whether it may have a double-quoted key, or one behind a question mark, whose escapes spell anything. */
function hasEscapedKey(line: string): boolean {
  if (/(?:^[ -]*|[[{,]\s*)\?(?:\s|$)/.test(line)) return true;
  return /\\[xuU]/.test(line) && line.replace(/\s/g, "").includes('":');
}
