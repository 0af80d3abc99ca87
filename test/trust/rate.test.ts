import { describe, expect, it } from "vitest";
import { explain, toContract } from "../../src/trust/answer.ts";
import { checkAge, gate } from "../../src/trust/gate.ts";
import { ALGORITHM_VERSION, type Rating, rate, SCALAR_METRICS } from "../../src/trust/rate.ts";
import { SIGNAL_NAMES } from "../../src/trust/signals/signals.ts";
import {
  ABSENT,
  type evidence as build,
  code,
  DOWN,
  evidence,
  found,
  hubRecord,
  NOW,
  repository,
} from "./metrics/evidence.ts";

/** A clock that moves 2 ms at each look. */
function clock(): () => number {
  let at = 0;
  return () => {
    at += 2;
    return at;
  };
}

const reviewed = (reviewed_lines: number, added_lines: number) =>
  code({ reviews: found({ commits: 100, added_lines, reviewed_lines, reviewers: 2 }) });
const dataset = { id: "a/b", record: found(hubRecord()) };

const of = (over?: Parameters<typeof build>[0]): Rating => rate(evidence(over), [], clock());

function rated(over?: Parameters<typeof build>[0]) {
  const rating = of(over);
  if (rating.failed) throw new Error(JSON.stringify(rating.unavailable));
  return rating;
}

/** The scores that a rating has, in the contract's order. */
function scoresOf(rating: Rating): number[] {
  return SCALAR_METRICS.flatMap((name) => {
    const { result } = rating.metrics[name];
    return result.available ? [result.score] : [];
  });
}

const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const KEYS = `name category net_score net_score_latency ramp_up_time ramp_up_time_latency bus_factor bus_factor_latency
  performance_claims performance_claims_latency license license_latency dataset_and_code_score
  dataset_and_code_score_latency dataset_quality dataset_quality_latency code_quality code_quality_latency
  reproducibility reproducibility_latency reviewedness reviewedness_latency tree_score tree_score_latency size_score
  size_score_latency`.split(/\s+/);

describe("a rating", () => {
  it("nets the plain mean of the ten scalar metrics", () => {
    const rating = rated({ card: found({ license: "mit" }), record: { likes: 1000 } });
    expect(scoresOf(rating)).toHaveLength(10);
    expect(Math.abs(rating.net_score - mean(scoresOf(rating)))).toBeLessThan(0.000051);
    expect(rating).toMatchObject({ source: "acme/owl", collected_at: NOW, unavailable: {} });
  });

  it("leaves an unavailable metric out of the net instead of counting it 0", () => {
    const rating = rated({ card: found({ license: "mit" }), commit_authors: DOWN });
    expect(rating.unavailable).toEqual({ bus_factor: "authors of the model's commits: timed out" });
    expect(scoresOf(rating)).toHaveLength(9);
    expect(Math.abs(rating.net_score - mean(scoresOf(rating)))).toBeLessThan(0.000051);
  });

  it.each([
    [0, {}, []],
    [1, { commit_authors: DOWN }, ["bus_factor"]],
    [2, { datasets: [{ id: "a/b", record: DOWN }] }, ["dataset_and_code_score", "dataset_quality"]],
    [3, { readme: DOWN }, ["ramp_up_time", "performance_claims", "reproducibility"]],
    [3, { code: code({ contributors: DOWN, tree: DOWN }) }, ["bus_factor", "dataset_and_code_score", "code_quality"]],
  ])("with %i of ten unavailable fails only above two", (count, over, names) => {
    const rating = of({ card: found({ license: "mit" }), ...over });
    expect(Object.keys(rating.unavailable)).toEqual(names);
    expect(rating.failed).toBe(count > 2);
  });

  it("does not fail for want of a size, which is none of the ten", () => {
    const rating = of({ card: found({ license: "mit" }), record: DOWN, code: reviewed(1, 2), datasets: [dataset] });
    expect(Object.keys(rating.unavailable)).toEqual(["size_score"]);
    expect(rating.failed).toBe(false);
  });

  it("takes the ancestors into the tree score", () => {
    const ancestors = [{ source: "acme/egg", depth: 1, score: 1, from: "rating" as const }];
    const alone = rated().metrics.tree_score.result;
    const child = rate(evidence(), ancestors, clock()).metrics.tree_score.result;
    expect(alone.available && child.available && child.score).toBe(
      alone.available && Math.round(((alone.score + 1) / 2) * 10_000) / 10_000,
    );
  });

  it("is the same for the same evidence, whatever the clock says", () => {
    const still = rate(evidence({ readme: "hello" }), [], () => 0);
    const moving = of({ readme: "hello" });
    expect(still.failed || moving.failed || still.net_score === moving.net_score).toBe(true);
  });

  it("survives JSON, to be stored", () => {
    expect(JSON.parse(JSON.stringify(of()))).toEqual(of());
  });

  it("names the version of every metric", () => {
    for (const name of [...SCALAR_METRICS, "net_score", "size_score", "standing", ...SIGNAL_NAMES])
      expect(ALGORITHM_VERSION).toContain(`${name}:`);
    expect(of().algorithm_version).toBe(ALGORITHM_VERSION);
  });
});

describe("the contract's form", () => {
  it("has the 26 keys in order, all numbers but the name, the category and the sizes", () => {
    const body = toContract(rated(), { name: "owl" });
    expect(Object.keys(body)).toEqual([...KEYS, "signals"]);
    const { name, category, size_score, signals, ...numbers } = body;
    expect(Object.keys(signals)).toEqual(["code_link", "artifact_safety", "openness", "card_sections", "license_text"]);
    expect([name, category]).toEqual(["owl", "model"]);
    expect(Object.keys(size_score)).toEqual(["raspberry_pi", "jetson_nano", "desktop_pc", "aws_server"]);
    for (const value of [...Object.values(numbers), ...Object.values(size_score)]) expect(value).toBeTypeOf("number");
  });

  it("adds the task if it is known", () => {
    const body = toContract(rated(), { name: "owl", pipelineTag: "fill-mask" });
    expect(Object.keys(body)).toEqual([...KEYS, "pipeline_tag", "signals"]);
  });

  it("gives latencies in milliseconds", () => {
    const body = toContract(rated(), { name: "owl" });
    expect(body.license_latency).toBe(2);
    expect(body.size_score_latency).toBe(2);
    expect(body.net_score_latency).toBeGreaterThan(20);
  });

  it("prints an unavailable metric as 0, and its reason in the explanation", () => {
    const rating = rated({ commit_authors: DOWN });
    expect(toContract(rating, { name: "owl" }).bus_factor).toBe(0);
    expect(explain(rating)["bus_factor"]).toEqual({
      summary: "Not available: authors of the model's commits: timed out. It does not count.",
      version: 2,
      available: false,
      reason: "authors of the model's commits: timed out",
      sources: [],
    });
  });
});

describe("the explanation", () => {
  it("has score, inputs, sources and version of every metric", () => {
    const explained = explain(rated({ card: found({ license: "mit" }, "https://hub.test/card") }));
    expect(Object.keys(explained)).toEqual(["net_score", ...SCALAR_METRICS, "size_score", ...SIGNAL_NAMES]);
    expect(explained["license"]).toMatchObject({
      version: 2,
      score: 1,
      inputs: { license: "MIT" },
      sources: [
        { url: "https://hub.test/card", fetched_at: NOW },
        { url: "https://hub.test/record", fetched_at: NOW },
      ],
    });
    expect(explained["net_score"]).toMatchObject({ available: true, inputs: { mean_of: { license: 1 } } });
  });

  it("says of a failed rating that it has no net", () => {
    expect(explain(of({ readme: DOWN, card: DOWN }))["net_score"]).toMatchObject({ available: false });
  });
});

describe("an explanation for people", () => {
  it("has a sentence for every metric and signal, without gaps", () => {
    const rich = rated({
      readme:
        "# Owl\n## Usage\n```python\nfrom transformers import AutoModel\nAutoModel.from_pretrained('acme/owl')\n```",
      card: found({ license: "mit", datasets: ["a/b"] }),
      record: { files: [{ path: "model.safetensors", size: 9 }], downloads: 9, created_at: "2026-10-01T00:00:00Z" },
      datasets: [dataset],
      code: code({ contributors: found([{ login: "ann", contributions: 9 }]) }),
    });
    for (const rating of [rated(), rich]) {
      for (const [name, { summary }] of Object.entries(explain(rating))) {
        expect(summary, name).toMatch(/^[A-Z\d/a-z].*[.]$/);
        expect(summary, name).not.toMatch(/null|undefined|NaN|\[object|\?/);
      }
    }
  });

  it("says what a cap decided, and why", () => {
    const crowd = Array.from({ length: 12 }, (_, at) => ({ login: `p${at}`, contributions: 9 }));
    const young = rated({ record: { downloads: 9 }, code: code({ contributors: found(crowd) }) });
    expect(young.standing.cap).toBe(0.1);
    expect(explain(young)["bus_factor"]?.summary).toBe(
      "12 people with at least 3 contributions (acme/owl-code), the busiest with 8 % of them. Capped at 0.1: a claim counts by who else stands behind the model.",
    );
  });
});

describe("a rating from evidence of an older format", () => {
  it("names what an update would renew, and does not fail for it", () => {
    const { readme: _, ...old } = code({ record: found(repository({ full_name: "famous/other" })) });
    const rating = rated({ format: 1, card: found({ license: "mit" }), code: old });
    expect(rating.awaiting_update).toEqual([
      "bus_factor",
      "dataset_and_code_score",
      "code_quality",
      "reproducibility",
      "reviewedness",
      "code_link",
      "artifact_safety",
      "maturity",
      "openness",
    ]);
    expect(rating.signals.code_link.result).toMatchObject({
      available: false,
      reason: "README of acme/owl-code: not in the kept evidence; an update asks for it",
    });
    expect(toContract(rating, { name: "owl" }).awaiting_update).toEqual(rating.awaiting_update);
    expect(rated({ card: found({ license: "mit" }) }).awaiting_update).toEqual([]);
    expect(toContract(rated(), { name: "owl" })).not.toHaveProperty("awaiting_update");
  });
});

describe("the gate", () => {
  const liked = (likes: number) => of({ card: ABSENT, record: { likes } });
  const texts = (rating: Rating, minimums: Parameters<typeof gate>[1]) =>
    gate(rating, minimums).map(({ text }) => text);

  it.each([
    [0.24, []],
    [0.25, []],
    [0.26, ["reviewedness=0.25 < 0.26"]],
  ])("holds .25 against a minimum of %f", (minimum, expected) => {
    expect(texts(liked(1000), { reviewedness: minimum })).toEqual(expected);
  });

  it("names every failing metric in the order of the minimums, with its value, the least and what would change it", () => {
    const refused = gate(liked(1000), { license: 0.3, reviewedness: 0.5, net_score: 0, artifact_safety: 0.75 });
    expect(refused.map(({ text }) => text)).toEqual([
      "license=0.00 < 0.30",
      "reviewedness=0.25 < 0.50",
      "artifact_safety=0.50 < 0.75",
    ]);
    expect(refused.map(({ failing }) => failing)).toMatchObject([
      { metric: "license", score: 0, least: 0.3, reason: expect.stringContaining("licence") },
      { metric: "reviewedness", score: 0.25, least: 0.5, reason: expect.stringContaining("downloads and likes") },
      { metric: "artifact_safety", score: 0.5, least: 0.75, reason: expect.stringContaining("safetensors") },
    ]);
  });

  it("can ask for every metric and signal, and says of each what would change it", () => {
    const names = [...SCALAR_METRICS, ...SIGNAL_NAMES, "size_score", "net_score"] as const;
    const empty = of({ card: ABSENT, record: { created_at: NOW } });
    for (const name of names) {
      const [refused] = gate(empty, { [name]: 1 });
      expect(refused?.failing, name).toMatchObject({
        metric: name,
        least: 1,
        reason: expect.stringMatching(/^needs \w/),
      });
    }
  });

  it("lets everything in without minimums", () => {
    expect(gate(of(), {})).toEqual([]);
  });

  it("fails a metric that is unavailable, with the reason and no score", () => {
    const minimums = { ramp_up_time: 0, net_score: 0.1, maturity: 0.5 };
    const refused = gate(of({ readme: DOWN }), minimums);
    expect(refused.map(({ text }) => text)).toEqual([
      "ramp_up_time=unavailable < 0.00",
      "net_score=unavailable < 0.10",
      "maturity=unavailable < 0.50",
    ]);
    expect(refused[0]?.failing).toEqual({ metric: "ramp_up_time", least: 0, reason: "README: timed out" });
  });

  it("never prints a failing score as large as its minimum", () => {
    // one reviewed line in 600 less than half: .4983, which would round up to .50
    const rating = rate(evidence({ card: ABSENT, code: reviewed(299, 600) }), [], clock(), true);
    expect(texts(rating, { reviewedness: 0.5 })).toEqual(["reviewedness=0.49 < 0.50"]);
  });
});

describe("the least age", () => {
  const age = (created_at: string | undefined, least: number, trusted = false) =>
    checkAge(evidence({ record: { ...(created_at && { created_at }) } }), least, trusted);

  it.each([
    // NOW is 2026-10-20T12:00:00Z
    ["2026-10-19T18:00:00.000Z", 7, "created 0.8 days ago < 7 days"],
    ["2026-10-13T12:00:00.001Z", 7, "created 6.9 days ago < 7 days"],
    ["2026-10-20T12:00:00.000Z", 1, "created 0.0 days ago < 1 days"],
    // a clock ahead of ours
    ["2026-12-01T00:00:00.000Z", 7, "created 0.0 days ago < 7 days"],
    ["+275760-09-13T00:00:00.000Z", 7, "created 0.0 days ago < 7 days"],
  ])("refuses a model that the hub made at %s, where %i days are asked for", (created_at, least, text) => {
    const [refused] = age(created_at, least);
    expect(refused?.text).toBe(text);
    expect(refused?.failing).toMatchObject({ metric: "age_days", least, score: expect.any(Number) });
  });

  it.each([
    ["2026-10-13T12:00:00.000Z", 7],
    ["2026-10-20T12:00:00.000Z", 0],
    [undefined, 7],
    ["no date", 7],
  ])("lets one in that it made at %s, where %i days are asked for", (created_at, least) => {
    expect(age(created_at, least)).toEqual([]);
  });

  it("says from when on it is let in, and exempts trusted namespaces", () => {
    expect(age("2026-10-19T18:00:00.000Z", 7)[0]?.failing).toMatchObject({
      score: 0.75,
      reason: expect.stringContaining("it is let in from 2026-10-26T18:00:00.000Z"),
    });
    expect(age("2026-10-19T18:00:00.000Z", 7, true)).toEqual([]);
  });
});
