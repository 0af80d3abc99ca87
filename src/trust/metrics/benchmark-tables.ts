/**
 * Numbers in tables near the name of a benchmark: what is left of performance claims when a card has no `model-index`.
 *
 * Invariant: one pass over the lines, a bounded look at each cell.
 */

/** Benchmarks and test sets that cards report on, as parts of an expression; whole words, any case. */
const NAMES = String.raw`leaderboard super_?glue glue mnli qnli qqp sst-?2 sts-?b mrpc squad
    mmlu(?:-\w+)? hellaswag arc[-_](?:c|e|challenge|easy) winogrande truthfulqa gsm-?8k humaneval mbpp boolq piqa
    siqa triviaqa agieval big-?bench bbh lambada wikitext-?\d* enwik8 imagenet(?:-\w+)? cifar-?\d* ade20k kinetics
    librispeech common.?voice fleurs voxpopuli tedlium wmt\d* flores(?:-\d+)? xnli xtreme mteb beir ms.?marco
    conll-?\d* ontonotes snli gpqa ifeval livecodebench swe-?bench mmmu docvqa textvqa chartqa mathvista vqav2
    ocrbench mt-?bench alpacaeval arena-?hard musr c-?eval cmmlu toxigen realtoxicity(?:prompts)? winobias
    winogender crows-pairs`;
const BENCHMARK = new RegExp(String.raw`\b(?:${NAMES.split(/\s+/).join("|")})\b`, "i");
/** Benchmarks whose names are also plain words: only as their authors write them. */
const BENCHMARK_EXACT = /\b(?:ARC|BBQ|CBT|COCO|CoLA|COLA|DROP|MATH|PTB|RACE|RTE|RULER|VOC)\b/;
/** A cell that is a result: a number, perhaps with a percent sign, a spread or a second number behind; not `110M`. */
const NUMBER = /^[*_`~<>≈ ]{0,6}-?\d{1,6}(?:[.,]\d{1,6})?(?:\s?%)?(?:[*_`]{0,4})(?:$|\s?[±/(|])/;
const CELL_MAX_CHARS = 100;
const LINE_MAX_CHARS = 2000;
/** How many lines above a table still belong to it, blank ones not counted. */
const CONTEXT_LINES = 3;

/** A table with results: what it was near to, and its first number. */
export interface ClaimTable {
  benchmark: string;
  number: string;
}

/** Turns HTML table cells into `|` cells, so that both kinds of table are read alike. */
function asRow(line: string): string {
  return line.replace(/<\/?t[dhr]\b[^<>]{0,200}>/gi, "|").replace(/<[^<>]{0,200}>/g, "");
}

function benchmarkIn(text: string): string | undefined {
  return (BENCHMARK.exec(text) ?? BENCHMARK_EXACT.exec(text))?.[0];
}

function numberIn(cells: readonly string[]): string | undefined {
  return cells.map((cell) => cell.trim().slice(0, CELL_MAX_CHARS)).find((cell) => NUMBER.test(cell));
}

/** The first table with a number near the name of a benchmark: in its cells, or in the three lines above it. */
export function findClaimTable(prose: readonly string[]): ClaimTable | undefined {
  const context: string[] = [];
  let benchmark: string | undefined;
  let number: string | undefined;
  let inTable = false;
  let inHtml = false;
  for (const raw of prose) {
    const line = raw.slice(0, LINE_MAX_CHARS);
    inHtml ||= /<table\b/i.test(line);
    const blank = line.trim() === "";
    if (inHtml || (line.includes("|") && !blank)) {
      if (!inTable) {
        benchmark = benchmarkIn(context.join(" "));
        number = undefined;
      }
      inTable = true;
      const row = inHtml ? asRow(line) : line;
      benchmark ??= benchmarkIn(row);
      // What stands before the first `|` of a Markdown row is nothing, or the name of the row.
      number ??= numberIn(row.split("|").slice(inHtml ? 0 : 1));
      if (benchmark !== undefined && number !== undefined) return { benchmark, number };
      if (inHtml && /<\/table>/i.test(line)) inHtml = false;
    } else {
      if (inTable) context.length = 0;
      inTable = false;
      if (!blank) context.push(line);
      if (context.length > CONTEXT_LINES) context.shift();
    }
  }
  return undefined;
}
