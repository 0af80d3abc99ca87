import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { RegistryError } from "../../src/errors.ts";
import { REGEX_MAX_LIVE, SEARCH_MAX_STEPS } from "../../src/limits.ts";
import { compilePattern, type Pattern } from "../../src/search/pattern.ts";
import { HOSTILE_PATTERNS } from "./hostile-patterns.ts";
import { hostileTexts } from "./hostile-texts.ts";

/** The pattern, or undefined if it is refused. */
function compileOrRefuse(regex: string): Pattern | undefined {
  try {
    return compilePattern(regex);
  } catch (error) {
    if (error instanceof RegistryError && error.code === "invalid_regex") return undefined;
    throw error;
  }
}

/** Why a pattern is refused. */
function reasonFor(regex: string): unknown {
  try {
    compilePattern(regex);
  } catch (error) {
    return (error as RegistryError).extra["reason"];
  }
  return undefined;
}

/** Whether a pattern occurs in a text, and the steps that it took. */
function run(pattern: Pattern, text: string): { found: boolean; steps: number } {
  const meter = { steps: 0 };
  return { found: pattern.test(text, meter), steps: -meter.steps };
}

const texts = Object.entries(hostileTexts());
/** What remembering states of the DFA may add to the first text: its memory is bounded. */
const BUILDING_MAX_STEPS = 2_500_000;

describe("the cost of a pattern", () => {
  it("is bounded for each of 200 hostile patterns and the largest card that there can be", () => {
    expect(HOSTILE_PATTERNS.length).toBeGreaterThanOrEqual(200);
    let refused = 0;
    for (const regex of HOSTILE_PATTERNS) {
      const pattern = compileOrRefuse(regex);
      if (pattern === undefined) {
        refused += 1;
        continue;
      }
      for (const [name, text] of texts) {
        const { steps } = run(pattern, text);
        expect(steps, `${regex} in ${name}`).toBeLessThan(pattern.most(text.length) + BUILDING_MAX_STEPS);
        expect(pattern.most(text.length), regex).toBeLessThan(2 * SEARCH_MAX_STEPS);
      }
    }
    expect(refused).toBeGreaterThan(80);
    expect(refused).toBeLessThan(150);
  });

  it("of one whose DFA is small is a step for each character, on every text", () => {
    let small = 0;
    for (const regex of HOSTILE_PATTERNS) {
      const pattern = compileOrRefuse(regex);
      if (pattern === undefined || pattern.most(1000) > 1100) continue;
      small += 1;
      // The DFA is built by the first pass over all texts, and has to be there for the second.
      for (const [, text] of texts) run(pattern, text);
      for (const [name, text] of texts) {
        expect(run(pattern, text).steps, `${regex} in ${name}`).toBeLessThan(1.1 * text.length + 200);
      }
    }
    expect(small).toBeGreaterThan(30);
  });

  it("does not change what is found", () => {
    let compared = 0;
    for (const regex of HOSTILE_PATTERNS) {
      const pattern = compileOrRefuse(regex);
      if (pattern === undefined) continue;
      const plain = RE2JS.compile(regex, RE2JS.MULTILINE);
      for (const [name, text] of texts) {
        const part = text.slice(0, 2000);
        expect(run(pattern, part).found, `${regex} in ${name}`).toBe(plain.test(part));
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(500);
  });

  it("counts what the engine does: a character, a state of the DFA, live instructions of the NFA", () => {
    const text = Object.fromEntries(texts)["two letters at random"] ?? "";
    const { length } = text;
    // One state, or two, for the whole text.
    const simple = run(compilePattern("[xyz]\\p{Sc}"), text).steps;
    expect(simple).toBeGreaterThan(length);
    expect(simple).toBeLessThan(1.1 * length);
    // Its DFA remembers where the last twelve letters `a` were, so it becomes too large for its memory.
    const live = run(compilePattern("(?s)a.{12}\\p{Sc}"), text).steps;
    expect(live).toBeGreaterThan(3 * 13 * length);
    expect(live).toBeLessThan(3 * REGEX_MAX_LIVE * length + length + BUILDING_MAX_STEPS);
  });

  it.each([
    ["\\pL{0,1000}\\p{Sc}", /character classes have more than 50000 ranges/],
    ["(?s).{0,1000}\\p{Sc}", /may keep \d+ instructions busy/],
    ["(?s)a.{100}Q.*[0-9]", /may keep \d+ instructions busy/],
    ["(a+)+$", /exponential/],
    ["a{1001}", /repeat/],
    ["(?=a)", /./],
    ["x".repeat(513), /longer than 512 characters/],
  ])("refuses %s, and says why", (regex, reason) => {
    expect(reasonFor(regex)).toMatch(reason);
  });

  it.each([
    "whisper",
    "bert.*uncased",
    "(?i)bert-base-uncased-finetuned-[a-z]+-(large|small|tiny)",
    "(?i)(bert|gpt|llama|mistral|qwen|falcon|bloom|opt|phi|yi)",
    "[0-9a-f]{64}",
    "\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b",
    "https?://[^\\s)]+",
    "arxiv\\.org/abs/\\d{4}\\.\\d{4,5}",
    "[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}",
    "^\\s*#{1,6}\\s+.*(Limitations|Bias).*$",
    "[\\p{Han}\\p{Hiragana}\\p{Katakana}]{2,20}",
    "(llama|mistral)-?(7|13|70)b-(chat|instruct)-(gguf|gptq|awq)",
    "(?s)from transformers import.*AutoModel",
    "bert.{0,10}base",
    "a{1,1000}",
    "\\w{1,63}\\.\\w{2,6}",
  ])("lets %s through", (regex) => {
    expect(reasonFor(regex)).toBeUndefined();
  });
});
