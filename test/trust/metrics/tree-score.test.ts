import { describe, expect, it } from "vitest";
import { lightScore } from "../../../src/trust/metrics/light-score.ts";
import { measured, type Unavailable } from "../../../src/trust/metrics/result.ts";
import type { SizeScores } from "../../../src/trust/metrics/size-score.ts";
import { type AncestorScore, treeScore } from "../../../src/trust/metrics/tree-score.ts";
import { hubRecord, inputs, score } from "./evidence.ts";

const NONE: Unavailable = { available: false, reason: "down", sources: [] };
const size = (raspberry_pi: number, jetson_nano: number, desktop_pc: number, aws_server: number) => ({
  available: true as const,
  score: { raspberry_pi, jetson_nano, desktop_pc, aws_server } satisfies SizeScores,
  inputs: {},
  sources: [],
});
const up = (source: string, value: number | undefined, depth = 1): AncestorScore => ({
  source,
  depth,
  from: "rating",
  ...(value === undefined ? {} : { score: value }),
});
const of = (ancestors: AncestorScore[]) =>
  treeScore({ source: "acme/owl", metrics: { license: measured(0.5, {}, []) }, size: NONE, ancestors });

describe("tree_score", () => {
  it("is the model's own mean without ancestors, the size counting as one metric", () => {
    const metrics = { license: measured(1, {}, []), bus_factor: measured(0, {}, []), code_quality: NONE };
    const result = treeScore({ source: "acme/owl", metrics, size: size(0, 0.5, 0.5, 1), ancestors: [] });
    expect(score(result)).toBe(0.5);
    expect(inputs(result)).toMatchObject({ own: 0.5, own_of: { license: 1, bus_factor: 0, size_score: 0.5 } });
    expect(score(treeScore({ source: "a", metrics, size: NONE, ancestors: [] }))).toBe(0.5);
  });

  it("is half own, half the mean of the ancestors", () => {
    expect(score(of([up("a/a", 1), up("b/b", 0)]))).toBe(0.5);
    expect(score(of([up("a/a", 1)]))).toBe(0.75);
    expect(score(of([up("a/a", 0)]))).toBe(0.25);
  });

  it("leaves the unscorable out, and is own if none is left", () => {
    expect(score(of([up("a/a", undefined), up("b/b", 1)]))).toBe(0.75);
    expect(score(of([up("a/a", undefined), up("b/b", Number.NaN)]))).toBe(0.5);
  });

  it("counts each ancestor once, whatever its case, and never the model itself", () => {
    expect(score(of([up("a/a", 1), up("A/A", 0, 2), up("Acme/Owl", 0, 3)]))).toBe(0.75);
    expect(score(of([up("a/a", undefined), up("a/a", 1, 2)]))).toBe(0.75);
  });

  it("looks five generations up", () => {
    expect(inputs(of([up("a/a", 1, 5), up("b/b", 0, 6)]))).toMatchObject({
      ancestor_count: 1,
      left_out: [{ source: "b/b", reason: "more than 5 generations up" }],
    });
  });

  it("shows the light score of a parent that is not registered, and does not average it", () => {
    const famous: AncestorScore = { source: "famous/model", depth: 1, score: 0.95, from: "light" };
    const unasked: AncestorScore = { source: "x/y", depth: 1, from: "none", reason: "not asked: too many parents" };
    const result = of([famous, unasked]);
    expect(score(result)).toBe(0.5);
    expect(inputs(result)).toMatchObject({
      ancestor_count: 0,
      left_out: [
        { source: "famous/model", reason: "not registered", light_score: 0.95 },
        { source: "x/y", reason: "not asked: too many parents" },
      ],
    });
  });

  it("is unavailable if nothing of the model is known", () => {
    expect(score(treeScore({ source: "a", metrics: { license: NONE }, size: NONE, ancestors: [up("b", 1)] }))).toBe(
      "unavailable: no metric of the model itself is available",
    );
  });
});

describe("the light score of a hub record", () => {
  it("is the mean of licence, community and size", () => {
    const record = hubRecord({
      downloads: 20_000_000,
      likes: 1000,
      card_data: { license: "mit", metrics: ["f1"] },
      tags: ["arxiv:1810.04805"],
      files: [{ path: "model.safetensors", size: 2 ** 30 }],
    });
    // licence 1, community 1, size mean(0, .5, .83, .9) = .5575
    expect(lightScore(record)).toBe(0.8525);
  });

  it("is 0 for an empty record", () => {
    expect(lightScore(hubRecord())).toBe(0);
  });
});
