import { describe, expect, it } from "vitest";
import { PRIVATE_OR_GATED } from "../../../src/sources/upstream.ts";
import type { Finding, HubRecord } from "../../../src/trust/evidence.ts";
import { performanceClaims } from "../../../src/trust/metrics/performance-claims.ts";
import { ABSENT, BROKEN, DOWN, evidence, FULL, found, hubRecord, inputs, score } from "./evidence.ts";

const result = (over: Record<string, unknown> = {}) => ({
  task: { type: "asr" },
  dataset: { type: "librispeech", name: "LibriSpeech" },
  metrics: [{ type: "wer", value: 7.5 }],
  ...over,
});
const card = (results: unknown[], more: Record<string, unknown> = {}) =>
  found({ "model-index": [{ name: "owl", results }], ...more });
/** The hub has these, by their old names. */
const existing = ["librispeech", "fleurs"].map((id) => ({ id, record: found(hubRecord({ id: `owner/${id}` })) }));
const measuredOn = (over: Parameters<typeof evidence>[0]) => evidence({ result_datasets: existing, ...over });
const of = (results: unknown[], more?: Record<string, unknown>) =>
  score(performanceClaims(measuredOn({ card: card(results, more) }), FULL));
const TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJoYXNoIjoiMDEyMzQ1Njc4OSJ9.c2lnbmF0dXJlLWJ5LXRoZS1odWI";

describe("performance_claims from model-index", () => {
  it.each([
    ["one complete result", [result()], 0.4],
    ["two of one dataset", [result(), result()], 0.4],
    ["three of one dataset", [result(), result(), result()], 0.6],
    ["two datasets", [result(), result({ dataset: { type: "fleurs" } })], 0.6],
    ["a source", [result({ source: { name: "leaderboard", url: "https://x.test" } })], 0.6],
    ["the hub's token", [result({ metrics: [{ type: "wer", value: 1, verified: true, verifyToken: TOKEN }] })], 0.6],
    ["a metric that says it is verified", [result({ metrics: [{ type: "wer", value: 1, verified: true }] })], 0.4],
    ["a token that is none", [result({ metrics: [{ type: "wer", value: 1, verifyToken: "trust me" }] })], 0.4],
    ["a source without an address", [result({ source: "our paper" })], 0.4],
    ["the model's own page", [result({ source: { url: "https://huggingface.co/acme/owl" } })], 0.4],
    ["the publisher's space", [result({ source: { url: "https://huggingface.co/spaces/Acme/board" } })], 0.4],
    ["somebody else's space", [result({ source: { url: "https://huggingface.co/spaces/other/board" } })], 0.6],
    ["the publisher's repository", [result({ source: { url: "https://github.com/acme/owl-code" } })], 0.4],
    ["the publisher's pages", [result({ source: { url: "https://acme.github.io/results" } })], 0.4],
    ["the publisher's site", [result({ source: { url: "https://www.acme.org/results" } })], 0.4],
    ["a dataset that the hub does not have", [result({ dataset: { type: "acme-secret" } })], 0.2],
    [
      "a source for such a dataset",
      [result({ dataset: { type: "acme-secret" }, source: { url: "https://x.test" } })],
      0.3,
    ],
    ["five of such a dataset", Array(5).fill(result({ dataset: { type: "acme-secret" } })), 0.2],
    ["six of such a dataset", Array(6).fill(result({ dataset: { type: "acme-secret" } })), 0.4],
    ["one dataset and one such", [result(), result({ dataset: { type: "acme-secret" } })], 0.4],
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
      score(performanceClaims(measuredOn({ card: card([result()]), record: { tags: [tag] } }), FULL));
    expect(paper("arxiv:2212.04356")).toBe(0.5);
    expect(paper("arxiv:1910.09700")).toBe(0.4);
    const linked = measuredOn({ card: card([result()]), readme: "see https://arxiv.org/abs/2212.04356" });
    expect(score(performanceClaims(linked, FULL))).toBe(0.5);
  });

  it("adds .1 if every declared metric was measured", () => {
    expect(of([result()], { metrics: ["WER"] })).toBe(0.5);
    expect(of([result()], { metrics: ["wer", "cer"] })).toBe(0.4);
    expect(of([result()], { metrics: [] })).toBe(0.4);
  });

  it("reaches 1 with all of it", () => {
    const all = [result({ source: { url: "https://x.test" } }), result(), result()];
    const full = measuredOn({ card: card(all, { metrics: "wer" }), record: { tags: ["arxiv:2212.04356"] } });
    expect(score(performanceClaims(full, FULL))).toBe(1);
    expect(inputs(performanceClaims(full, FULL))).toMatchObject({ results: 3, datasets: 1, measured: ["wer"] });
  });

  it("counts a dataset that is declared, has another name today, or could not be asked for", () => {
    const one = card([result()]);
    const asked = (record: Finding<HubRecord>) =>
      score(performanceClaims(evidence({ card: one, datasets: [{ id: "librispeech", record }] }), FULL));
    expect(asked(found(hubRecord({ id: "openslr/librispeech" })))).toBe(0.4);
    expect(asked(DOWN)).toBe(0.4);
    expect(asked(ABSENT)).toBe(0.2);
    expect(asked({ status: "unavailable", reason: PRIVATE_OR_GATED })).toBe(0.2);
    expect(score(performanceClaims(evidence({ card: one }), FULL))).toBe(0.2);
  });

  it("is capped by the model's standing", () => {
    const all = [result({ source: { url: "https://x.test" } }), result(), result()];
    const capped = performanceClaims(measuredOn({ card: card(all) }), { cap: 0.25, inputs: {} });
    expect([score(capped), inputs(capped)["cap"]]).toEqual([0.25, 0.25]);
    const table = evidence({ readme: "| MMLU | 25.8 |" });
    expect(score(performanceClaims(table, { cap: 0.25, inputs: {} }))).toBe(0.25);
  });

  it("is nothing for a paper alone", () => {
    expect(score(performanceClaims(evidence({ record: { tags: ["arxiv:2212.04356"] } }), FULL))).toBe(0);
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
    expect(score(performanceClaims(evidence({ readme }), FULL))).toBe(expected);
  });

  it("counts only when model-index says nothing", () => {
    const both = measuredOn({ card: card([result()]), readme: "| MMLU | 25.8 |" });
    expect(score(performanceClaims(both, FULL))).toBe(0.4);
  });

  it("is 0 without card and README, unavailable when one of them could still hold claims", () => {
    expect(score(performanceClaims(evidence({ card: ABSENT }), FULL))).toBe(0);
    expect(score(performanceClaims(evidence({ readme: DOWN }), FULL))).toBe("unavailable: README: timed out");
    expect(score(performanceClaims(evidence({ card: DOWN }), FULL))).toBe("unavailable: card: timed out");
    expect(score(performanceClaims(evidence({ card: BROKEN, readme: BROKEN }), FULL))).toBe(0);
    expect(score(performanceClaims(measuredOn({ card: card([result()]), readme: DOWN }), FULL))).toBe(0.4);
  });

  // A Worker's clock stands still while it computes; what is not linear here would simply not end.
  it.each(["|GLUE", "<td", "<table><td ", "| 1 \n", "arxiv.org/abs/", "<table>\n"])(
    "gets through two megabytes of %j",
    (piece) => {
      const readme = piece.repeat((2 * 1024 * 1024) / piece.length);
      expect(score(performanceClaims(evidence({ readme }), FULL))).toBe(0);
    },
  );
});
