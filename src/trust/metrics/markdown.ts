/**
 * A card's README as the metrics see it: words, headings, fenced blocks and the prose between them.
 *
 * Invariant: one pass, line by line, in time and memory linear in the text, which is up to 2 MB and anybody's. What a
 * reader does not see (front matter, HTML comments) and the hub's own filler (`[More Information Needed]`) are not
 * there.
 */

import { splitCard } from "../card.ts";
import type { Finding, Found } from "../evidence.ts";
import { indentedCode } from "./indented-code.ts";
import { countWords } from "./words.ts";

/** A code block, fenced or indented. */
export interface Fence {
  /** First word of the info string in lower case; empty if there is none, and for an indented block. */
  language: string;
  /** What stands inside, at most `FENCE_MAX_CHARS`. */
  code: string;
  /** Lines inside that are not blank. */
  lines: number;
}

/** A heading (`#`, underlined, or HTML). */
export interface Heading {
  level: number;
  /** At most `HEADING_MAX_CHARS`. */
  text: string;
  /** Whether anything but blanks and filler stands under it, subsections included. */
  filled: boolean;
}

/** A README, taken apart. */
export interface Outline {
  words: number;
  headings: Heading[];
  fences: Fence[];
  /** Visible lines outside fenced blocks. */
  prose: string[];
}

const FENCE_MAX_CHARS = 64 * 1024;
const HEADING_MAX_CHARS = 200;
/** Blocks and headings beyond these are not looked at: the longest cards known have some hundreds. */
const FENCES_MAX = 1000;
const HEADINGS_MAX = 5000;
/** What the hub's card template says where nobody filled anything in. */
const FILLER = /\[?more information needed\]?/gi;

interface Section extends Heading {
  text_seen: boolean;
  filler_seen: boolean;
  code_seen: boolean;
}

/** Yields the lines of a text and where each ends; a generator, so that a text of line breaks makes no list. */
function* linesOf(text: string): Generator<{ line: string; end: number }> {
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    yield { line: text.slice(start, text[end - 1] === "\r" ? end - 1 : end), end: end + 1 };
    start = end + 1;
  }
}

/** Removes HTML comments from lines, across lines; a comment that is never closed is text. */
function commentRemover(body: string): (line: string, start: number) => string {
  const lastClose = body.lastIndexOf("-->");
  let inside = false;
  return (line, start) => {
    if (!inside && !line.includes("<!--")) return line;
    let kept = "";
    for (let at = 0; at < line.length; ) {
      const next = line.indexOf(inside ? "-->" : "<!--", at);
      if (next === -1 || (!inside && start + next > lastClose)) return inside ? kept : kept + line.slice(at);
      if (!inside) kept += line.slice(at, next);
      at = next + (inside ? 3 : 4);
      inside = !inside;
    }
    return kept;
  };
}

function headingOf(line: string, previous: string | undefined): { level: number; text: string } | undefined {
  const short = line.slice(0, HEADING_MAX_CHARS);
  const atx = /^ {0,3}(#{1,6})[ \t]+(.*)$/.exec(short);
  if (atx) return { level: atx[1]?.length ?? 1, text: (atx[2] ?? "").replace(/#+$/, "").trim() };
  const html = /^\s*<h([1-6])\b[^>]*>(.*)$/i.exec(short);
  if (html) return { level: Number(html[1]), text: (html[2] ?? "").replace(/<[^>]*>/g, "").trim() };
  if (previous?.trim() && (/^={2,}\s*$/.test(short) || /^-{2,}\s*$/.test(short)) && !previous.includes("|")) {
    return { level: short.startsWith("=") ? 1 : 2, text: previous.slice(0, HEADING_MAX_CHARS).trim() };
  }
  return undefined;
}

/** A section is filled by its own text or by a filled one below it; from the last to the first, so in one pass. */
function fillUp(sections: Section[]): Heading[] {
  const below = [false, false, false, false, false, false, false, false];
  for (const section of sections.toReversed()) {
    section.filled =
      section.code_seen || (section.text_seen && !section.filler_seen) || below.slice(section.level + 1).includes(true);
    below[section.level] = below[section.level] === true || section.filled;
    below.fill(false, section.level + 1);
  }
  return sections.map(({ level, text, filled }) => ({ level, text, filled }));
}

/** Takes a README apart. Never throws; linear in its length. */
export function outline(readme: string): Outline {
  const { body } = splitCard(readme);
  const withoutComments = commentRemover(body);
  const prose: string[] = [];
  const fences: Fence[] = [];
  const sections: Section[] = [];
  let words = 0;
  let open: { mark: string; language: string; start: number; lines: number } | undefined;
  let previous: string | undefined;

  const add = (fence: Fence): void => {
    if (fences.length < FENCES_MAX) fences.push(fence);
    const section = sections.at(-1);
    if (section && fence.lines > 0) section.code_seen = true;
  };
  const close = (end: number): void => {
    if (open) {
      const code = body.slice(open.start, Math.min(end, open.start + FENCE_MAX_CHARS));
      add({ language: open.language, code, lines: open.lines });
    }
    open = undefined;
  };
  const indented = indentedCode(add);

  let offset = 0;
  for (const { line, end } of linesOf(body)) {
    const start = offset;
    offset = end;
    if (open) {
      const bare = line.trim();
      if (bare.length >= open.mark.length && bare === open.mark.charAt(0).repeat(bare.length)) close(start);
      else {
        if (bare !== "") open.lines++;
        words += countWords(line);
      }
      continue;
    }
    const shown = withoutComments(line, start);
    indented.line(shown);
    const fence = /^[ \t]*(`{3,}|~{3,})([^`]*)$/.exec(shown);
    if (fence) {
      const language =
        (fence[2] ?? "")
          .trim()
          .slice(0, 40)
          .replace(/^[{.]+/, "")
          .split(/[\s{},:]/, 1)[0] ?? "";
      open = { mark: fence[1] ?? "```", language: language.toLowerCase(), start: end, lines: 0 };
      previous = undefined;
      continue;
    }
    const text = shown.replace(FILLER, " ");
    const found = countWords(text);
    words += found;
    prose.push(shown);
    const heading = headingOf(shown, previous);
    if (heading && sections.length < HEADINGS_MAX) {
      sections.push({ ...heading, filled: false, text_seen: false, filler_seen: false, code_seen: false });
    } else {
      const section = sections.at(-1);
      if (section && found > 0) section.text_seen = true;
      if (section && text.length !== shown.length) section.filler_seen = true;
    }
    previous = heading ? undefined : shown;
  }
  close(body.length);
  indented.end();
  return { words, headings: fillUp(sections), fences, prose };
}

const cache = new WeakMap<Found<string>, Outline>();

/** The outline of an evidence record's README, made once per record; `undefined` if there is no README to read. */
export function readmeOutline(readme: Finding<string>): Outline | undefined {
  if (readme.status !== "found") return undefined;
  const known = cache.get(readme) ?? outline(readme.value);
  cache.set(readme, known);
  return known;
}
