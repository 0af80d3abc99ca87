import { describe, expect, it } from "vitest";
import { downloadsScore, likesScore } from "../../../src/trust/metrics/popularity.ts";
import { reviewedness } from "../../../src/trust/metrics/reviewedness.ts";
import { ABSENT, code, DOWN, evidence, FULL, found, inputs, repository, score } from "./evidence.ts";

const reviews = (reviewed_lines: number, added_lines: number) =>
  code({ reviews: found({ commits: 100, added_lines, reviewed_lines, reviewers: 2 }) });
const bare = { card: ABSENT } as const;

describe("community reviewedness", () => {
  it.each([
    [undefined, 0],
    [0, 0],
    [1, 0.1],
    [999, 0.1],
    [1000, 0.2],
    [9999, 0.2],
    [10_000, 0.4],
    [99_999, 0.4],
    [100_000, 0.6],
    [999_999, 0.6],
    [1_000_000, 0.8],
    [4_999_999, 0.8],
    [5_000_000, 0.9],
    [19_999_999, 0.9],
    [20_000_000, 1],
    [99_000_000, 1],
  ])("scores %s downloads %f", (downloads, expected) => {
    expect(downloadsScore(downloads)).toBe(expected);
  });

  it.each([
    [undefined, 0],
    [0, 0],
    [1, 0.2],
    [9, 0.2],
    [10, 0.4],
    [49, 0.4],
    [50, 0.6],
    [199, 0.6],
    [200, 0.8],
    [999, 0.8],
    [1000, 1],
  ])("scores %s likes %f", (likes, expected) => {
    expect(likesScore(likes)).toBe(expected);
  });

  it("weighs downloads .60, likes .25 and the card .15", () => {
    expect(score(reviewedness(evidence({ ...bare, record: { downloads: 20_000_000 } }), FULL))).toBe(0.6);
    expect(score(reviewedness(evidence({ ...bare, record: { likes: 1000 } }), FULL))).toBe(0.25);
    expect(score(reviewedness(evidence({ ...bare, record: { downloads: 1000, likes: 10 } }), FULL))).toBe(0.22);
  });

  it.each([
    ["a card", { card: found({}) }, 0.3],
    ["a README without YAML", { card: ABSENT, readme: "hello" }, 0.3],
    ["results on the card", { card: found({ "model-index": [{ name: "x" }] }) }, 0.7],
    ["metrics on the card", { card: found({ metrics: ["wer"] }) }, 0.7],
    ["empty metrics", { card: found({ metrics: [] }) }, 0.3],
    ["a section of results", { readme: "# Evaluation results\nGood." }, 0.7],
    ["a section of filler", { readme: "# Results\n[More Information Needed]" }, 0.3],
    ["a licence", { card: found({ license: "mit" }) }, 0.5],
    ["datasets and language", { card: found({ datasets: ["a"], language: "en" }) }, 0.5],
    ["a paper", { card: found({}), record: { tags: ["arxiv:2212.04356"] } }, 0.4],
    ["the template's paper", { card: found({}), record: { tags: ["arxiv:1910.09700"] } }, 0.3],
    ["all of it", { card: found({ license: "mit", metrics: ["wer"] }), record: { tags: ["arxiv:2212.04356"] } }, 1],
  ])("scores a card with %s", (_, over, expected) => {
    expect(inputs(reviewedness(evidence(over as Parameters<typeof evidence>[0]), FULL))["community_of"]).toMatchObject({
      card_score: expected,
    });
  });
});

describe("reviewedness", () => {
  it("is the greater of peer and community", () => {
    const popular = { ...bare, record: { downloads: 1_000_000 } };
    expect(score(reviewedness(evidence({ ...popular, code: reviews(1, 4) }), FULL))).toBe(0.48);
    expect(score(reviewedness(evidence({ ...popular, code: reviews(3, 4) }), FULL))).toBe(0.75);
  });

  it.each([
    [0, 10, 0],
    [1, 3, 0.3333],
    [10, 10, 1],
    [11, 10, 1],
    [0, 0, 0],
  ])("takes %i reviewed of %i added lines as %f", (reviewed, added, expected) => {
    expect(score(reviewedness(evidence({ ...bare, code: reviews(reviewed, added) }), FULL))).toBe(expected);
  });

  it("does not credit the reviews of a repository that has nothing to do with the model", () => {
    for (const full_name of ["famous/other", "huggingface/transformers"]) {
      const stranger = { ...reviews(10, 10), record: found(repository({ full_name })) };
      expect(score(reviewedness(evidence({ ...bare, code: stranger }), FULL))).toBe(0);
    }
    const fork = { ...reviews(10, 10), record: found(repository({ fork: true })) };
    expect(score(reviewedness(evidence({ ...bare, code: fork }), FULL))).toBe(0);
  });

  it("counts approvals by at least two people, capped by the model's standing", () => {
    const by = (reviewers?: number) =>
      code({ reviews: found({ commits: 9, added_lines: 10, reviewed_lines: 9, ...(reviewers && { reviewers }) }) });
    const of = (reviewers: number | undefined, cap = 1) =>
      score(reviewedness(evidence({ ...bare, code: by(reviewers) }), { cap, inputs: {} }));
    expect([of(1), of(2), of(3), of(2, 0.25)]).toEqual([0, 0.9, 0.9, 0.25]);
    // evidence from before approvals by members were told from others
    const old = reviewedness(evidence({ ...bare, code: by() }), FULL);
    expect([score(old), inputs(old)["peer"]]).toEqual([0, null]);
  });

  it("leaves out a side that could not be learned", () => {
    const result = reviewedness(evidence({ ...bare, record: { likes: 1000 }, code: code({ reviews: DOWN }) }), FULL);
    expect(score(result)).toBe(0.25);
    expect(inputs(result)).toMatchObject({ peer: null, peer_of: "timed out" });
    expect(score(reviewedness(evidence({ ...bare, record: DOWN, code: reviews(1, 2) }), FULL))).toBe(0.5);
  });

  it("is unavailable without both", () => {
    expect(score(reviewedness(evidence({ record: DOWN }), FULL))).toBe("unavailable: model record: timed out");
    expect(score(reviewedness(evidence({ record: DOWN, code: code({ reviews: DOWN }) }), FULL))).toBe(
      "unavailable: model record: timed out",
    );
  });
});
