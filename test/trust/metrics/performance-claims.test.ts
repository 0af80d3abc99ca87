import { describe, expect, it } from "vitest";
import { performanceClaims } from "../../../src/trust/metrics/performance-claims.ts";
import { ABSENT, BROKEN, DOWN, evidence, found, inputs, score } from "./evidence.ts";

const result = (over: Record<string, unknown> = {}) => ({
  task: { type: "asr" },
  dataset: { type: "librispeech", name: "LibriSpeech" },
  metrics: [{ type: "wer", value: 7.5 }],
  ...over,
});
const card = (results: unknown[], more: Record<string, unknown> = {}) =>
  found({ "model-index": [{ name: "owl", results }], ...more });
const of = (results: unknown[], more?: Record<string, unknown>) =>
  score(performanceClaims(evidence({ card: card(results, more) })));

describe("performance_claims from model-index", () => {
  it.each([
    ["one complete result", [result()], 0.4],
    ["two of one dataset", [result(), result()], 0.4],
    ["three of one dataset", [result(), result(), result()], 0.6],
    ["two datasets", [result(), result({ dataset: { type: "fleurs" } })], 0.6],
    ["a source", [result({ source: { name: "leaderboard", url: "https://x.test" } })], 0.6],
    ["a verified metric", [result({ metrics: [{ type: "wer", value: 1, verified: true }] })], 0.6],
    ["a metric marked as not verified", [result({ metrics: [{ type: "wer", value: 1, verified: false }] })], 0.4],
    ["a value written as text", [result({ metrics: [{ type: "wer", value: "7.5 %" }] })], 0.4],
    ["no task", [result({ task: undefined })], 0],
    ["no dataset", [result({ dataset: {} })], 0],
    ["no metric", [result({ metrics: [] })], 0],
    ["no name of the metric", [result({ metrics: [{ value: 3 }] })], 0],
    ["no value", [result({ metrics: [{ type: "wer" }] })], 0],
    ["a value that is no number", [result({ metrics: [{ type: "wer", value: "tbd" }] })], 0],
    ["rubbish", [null, 3, "x", []], 0],
  ])("scores %s", (_, results, expected) => {
    expect(of(results)).toBe(expected);
  });

  it("adds .1 for a paper, but not for the one that the card template cites", () => {
    const paper = (tag: string) =>
      score(performanceClaims(evidence({ card: card([result()]), record: { tags: [tag] } })));
    expect(paper("arxiv:2212.04356")).toBe(0.5);
    expect(paper("arxiv:1910.09700")).toBe(0.4);
    const linked = evidence({ card: card([result()]), readme: "see https://arxiv.org/abs/2212.04356" });
    expect(score(performanceClaims(linked))).toBe(0.5);
  });

  it("adds .1 if every declared metric was measured", () => {
    expect(of([result()], { metrics: ["WER"] })).toBe(0.5);
    expect(of([result()], { metrics: ["wer", "cer"] })).toBe(0.4);
    expect(of([result()], { metrics: [] })).toBe(0.4);
  });

  it("reaches 1 with all of it", () => {
    const all = [result({ source: { url: "https://x.test" } }), result(), result()];
    const full = evidence({ card: card(all, { metrics: "wer" }), record: { tags: ["arxiv:2212.04356"] } });
    expect(score(performanceClaims(full))).toBe(1);
    expect(inputs(performanceClaims(full))).toMatchObject({ results: 3, datasets: 1, measured: ["wer"] });
  });

  it("is nothing for a paper alone", () => {
    expect(score(performanceClaims(evidence({ record: { tags: ["arxiv:2212.04356"] } })))).toBe(0);
  });
});

describe("performance_claims from tables", () => {
  it.each([
    ["a benchmark in a row", "| Metric | Value |\n|--|--|\n| MMLU (5-shot) | 25.8 |", 0.3],
    ["a benchmark in the header", "| Task | GLUE |\n|--|--|\n| x | **84.6/83.4** |", 0.3],
    ["a benchmark in the line above", "GLUE test results:\n\n| Task | Score |\n|--|--|\n| x | 71.2% |", 0.3],
    ["an HTML table", "<table><tr><td>MMLU</td><td>66.6</td></tr></table>", 0.3],
    ["an HTML table of many lines", "<table>\n<tr>\n<td>MMLU\n</td>\n<td>66.6\n</td>\n</tr>\n</table>", 0.3],
    ["numbers without a benchmark", "| Size | Value |\n|--|--|\n| x | 25.8 |", 0],
    ["a benchmark without numbers", "| Metric | Value |\n|--|--|\n| MMLU | good |", 0],
    ["parameter counts", "| Model | MMLU |\n|--|--|\n| tiny | 39 M |", 0],
    ["a benchmark in the prose of another section", "We use GLUE.\na\nb\nc\n\n| a | b |\n|--|--|\n| x | 2 |", 0],
    ["numbers in prose", "It reaches 71.2 on GLUE.", 0],
    ["a table in code", "```\n| MMLU | 25.8 |\n```", 0],
  ])("scores %s", (_, readme, expected) => {
    expect(score(performanceClaims(evidence({ readme })))).toBe(expected);
  });

  it("counts only when model-index says nothing", () => {
    const both = evidence({ card: card([result()]), readme: "| MMLU | 25.8 |" });
    expect(score(performanceClaims(both))).toBe(0.4);
  });

  it("is 0 without card and README, unavailable when one of them could still hold claims", () => {
    expect(score(performanceClaims(evidence({ card: ABSENT })))).toBe(0);
    expect(score(performanceClaims(evidence({ readme: DOWN })))).toBe("unavailable: README: timed out");
    expect(score(performanceClaims(evidence({ card: BROKEN })))).toBe("unavailable: card: not YAML");
    expect(score(performanceClaims(evidence({ card: card([result()]), readme: DOWN })))).toBe(0.4);
  });

  // A Worker's clock stands still while it computes; what is not linear here would simply not end.
  it.each(["|GLUE", "<td", "<table><td ", "| 1 \n", "arxiv.org/abs/", "<table>\n"])(
    "gets through two megabytes of %j",
    (piece) => {
      const readme = piece.repeat((2 * 1024 * 1024) / piece.length);
      expect(score(performanceClaims(evidence({ readme })))).toBe(0);
    },
  );
});
