/**
 * ramp_up_time: README without front matter: words < 50 0, < 200 .10, < 500 .25, else .40;
 * + .35 an install or usage heading, or a fenced install command; + .25 a fenced block of a language or of ≥ 2 lines.
 * No README: 0.
 */

import type { ModelEvidence } from "../evidence.ts";
import { type Fence, type Heading, readmeOutline } from "./markdown.ts";
import { type MetricResult, measured, unavailable, undecided } from "./result.ts";

export const version = 1;

const USAGE = new RegExp(
  [
    String.raw`\b(?:install|installing|installation|usage|quick ?-?start|get(?:ting)? started|set-?up)\b`,
    String.raw`\b(?:how (?:to|do i) (?:use|run|load|install)|using (?:the|this))\b`,
    String.raw`^(?:use|using|run|running)\b`,
    "^(?:code |quick |minimal |inference )?(?:examples?|inference)(?: code| script)?$",
  ].join("|"),
  "i",
);
/** Headings that speak of use without telling how: "Intended uses", "Usage and limitations", "Use cases". */
const NO_USAGE =
  /\b(?:intended|scope|acceptable|prohibited|misuse|malicious|limitations?|license|policy|risks?|cases?)\b/i;
const INSTALL = new RegExp(
  [
    String.raw`^[\s>#$%!]*(?:sudo\s+)?(?:(?:python[\d.]*|py)\s+-m\s+)?`,
    "(?:pip[0-9.]*|pipx|conda|mamba|micromamba|uv pip|uv|poetry|npm|pnpm|yarn|apt|apt-get|brew|cargo|go|gem)",
    String.raw`\s+(?:install|i|add|get)\b`,
  ].join(""),
);
const LINE_MAX_CHARS = 200;

/** Points for a number of words, 0 to .40. */
function wordPoints(words: number): number {
  if (words < 50) return 0;
  if (words < 200) return 0.1;
  return words < 500 ? 0.25 : 0.4;
}

/** Whether a heading announces how to install or use the model, with something under it. */
function isUsageHeading(heading: Heading): boolean {
  return heading.filled && USAGE.test(heading.text) && !NO_USAGE.test(heading.text);
}

/** Whether a fenced block holds a command that installs something. */
function hasInstallCommand(fence: Fence): boolean {
  return fence.code.split("\n").some((line) => INSTALL.test(line.slice(0, LINE_MAX_CHARS)));
}

/** How quickly somebody can start with the model, judged by its README. */
export function rampUpTime(evidence: ModelEvidence): MetricResult {
  const { readme } = evidence;
  if (undecided(readme)) return unavailable("README", readme);
  const outline = readmeOutline(readme);
  if (!outline) return measured(0, { readme: "absent" }, []);
  const usage = outline.headings.find(isUsageHeading);
  const install = outline.fences.some(hasInstallCommand);
  const example = outline.fences.some((fence) => fence.lines >= 2 || (fence.language !== "" && fence.lines >= 1));
  const points = {
    words: wordPoints(outline.words),
    usage: usage || install ? 0.35 : 0,
    example: example ? 0.25 : 0,
  };
  return measured(
    points.words + points.usage + points.example,
    {
      words: outline.words,
      usage_heading: usage?.text ?? null,
      install_command: install,
      fenced_blocks: outline.fences.length,
      points,
    },
    [readme],
  );
}
