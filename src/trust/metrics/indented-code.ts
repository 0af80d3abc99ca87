/**
 * Code in Markdown that is marked by its indentation instead of fences.
 *
 * Invariant: each line is looked at once.
 */

import type { Fence } from "./markdown.ts";

/** Characters of one block that are kept, as of a fenced one. */
const BLOCK_MAX_CHARS = 64 * 1024;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/;

/**
 * Finds code that is indented by four columns: after a blank line, and not inside a list, where it continues an item. Lines
 * are handed in one by one.
 */
export function indentedCode(add: (fence: Fence) => void): { line(line: string): void; end(): void } {
  let block: string[] = [];
  let chars = 0;
  let blank = true;
  let inList = false;
  const end = (): void => {
    const lines = block.filter((line) => line.trim() !== "").length;
    if (lines > 0) add({ language: "", code: block.join("\n"), lines });
    block = [];
    chars = 0;
  };
  return {
    line(line) {
      const isBlank = line.trim() === "";
      const indent = /^(?: {4}| {0,3}\t)/.exec(line)?.[0];
      if (isBlank) {
        if (block.length > 0) block.push("");
      } else if (indent !== undefined && !inList && (blank || block.length > 0)) {
        if (chars < BLOCK_MAX_CHARS) block.push(line.slice(indent.length));
        chars += line.length;
      } else {
        end();
        if (indent === undefined) inList = LIST_ITEM.test(line) || (inList && !blank);
      }
      blank = isBlank;
    },
    end,
  };
}
