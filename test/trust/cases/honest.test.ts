/** The honest set: the order by net is one that somebody who knows the field would defend. */

import { beforeAll, describe, expect, it } from "vitest";
import type { RatedModel } from "../../../src/trust/rate.ts";
import { HONEST } from "./honest.ts";
import { median, rateCase } from "./world.ts";

const rated = new Map<string, RatedModel>();
const netOf = (id: string): number => rated.get(id)?.net_score ?? Number.NaN;
const scoreOf = (id: string, name: keyof RatedModel["metrics"]): number | undefined => {
  const result = rated.get(id)?.metrics[name].result;
  return result?.available ? result.score : undefined;
};

beforeAll(async () => {
  for (const spec of HONEST) rated.set(spec.id, await rateCase(spec, HONEST));
});

describe("the honest set", () => {
  it("is rated whole, nothing of it unavailable", () => {
    expect(HONEST.length).toBeGreaterThanOrEqual(15);
    for (const [id, rating] of rated) expect(rating.unavailable, id).toEqual({});
  });

  it("has its grades in order: whoever is better known and described has the greater net, in the middle of each grade", () => {
    const byGrade = [0, 1, 2, 3].map((grade) =>
      median(HONEST.filter(({ expert }) => expert === grade).map(({ id }) => netOf(id))),
    );
    expect(byGrade).toEqual(byGrade.toSorted((a, b) => a - b));
    expect(Math.max(...HONEST.filter(({ expert }) => expert === 0).map(({ id }) => netOf(id)))).toBeLessThan(0.1);
    const thin = HONEST.filter(({ expert }) => expert === 1).map(({ id }) => netOf(id));
    const known = HONEST.filter(({ expert }) => expert >= 2).map(({ id }) => netOf(id));
    expect(Math.max(...thin)).toBeLessThan(Math.min(...known));
  });

  it("agrees with the expert in 85 of 100 pairs of different grades", () => {
    const pairs = HONEST.flatMap((a) => HONEST.filter((b) => a.expert > b.expert).map((b) => [a.id, b.id] as const));
    const agreed = pairs.filter(([better, worse]) => netOf(better) > netOf(worse));
    expect(agreed.length / pairs.length).toBeGreaterThan(0.85);
  });

  it.each([
    ["a German card", "deepforest-nlp/gbert-news", 0.85],
    ["a Japanese card", "hoshizora-lab/japanese-gpt-small", 0.85],
    ["a Chinese card", "shanshui-ai/embedding-base-zh", 0.85],
    ["a card whose code is indented", "river-acoustics/wav2vec-birds", 0.85],
  ])("gives %s what an English one would have", (_, id, least) => {
    expect(scoreOf(id, "ramp_up_time")).toBeGreaterThanOrEqual(least);
    expect(scoreOf(id, "reproducibility")).toBe(1);
  });

  it("does not count terms that anybody can accept against a model", () => {
    const gated = HONEST.find(({ id }) => id === "river-acoustics/wav2vec-birds");
    expect(gated?.gated).toBe("auto");
    expect(scoreOf("river-acoustics/wav2vec-birds", "reproducibility")).toBe(1);
  });

  it("gives safetensors alone the highest safety, and pickles with a clean scan the one below", () => {
    const safety = (id: string) => rated.get(id)?.signals.artifact_safety.result;
    expect(safety("Qwen/Qwen3-0.6B")).toMatchObject({ score: 1 });
    expect(safety("google/gemma-3-270m")).toMatchObject({ score: 1 });
    expect(safety("google-bert/bert-base-uncased")).toMatchObject({ score: 0.75 });
  });

  it("has a known owner's code linked to its models", () => {
    const link = (id: string) => rated.get(id)?.signals.code_link.result;
    for (const id of [
      "google-bert/bert-base-uncased",
      "openai/whisper-tiny",
      "BAAI/bge-small-en-v1.5",
      "Qwen/Qwen3-0.6B",
    ])
      expect(link(id), id).toMatchObject({ score: 1 });
    expect(link("google-t5/t5-small")).toMatchObject({ score: 0.5 });
    expect(link("timm/resnet50.a1_in1k")).toMatchObject({ score: 0, inputs: { by: "framework" } });
  });
});
