import { describe, expect, it } from "vitest";
import { gate } from "../../src/trust/gate.ts";
import { ALGORITHM_VERSION, explain, type Rating, rate, SCALAR_METRICS, toContract } from "../../src/trust/rate.ts";
import { ABSENT, type evidence as build, code, DOWN, evidence, found, hubRecord, NOW } from "./metrics/evidence.ts";

/** A clock that moves 2 ms at each look. */
function clock(): () => number {
  let at = 0;
  return () => {
    at += 2;
    return at;
  };
}

const reviewed = (reviewed_lines: number, added_lines: number) =>
  code({ reviews: found({ commits: 100, added_lines, reviewed_lines }) });
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
    for (const name of [...SCALAR_METRICS, "net_score", "size_score"]) expect(ALGORITHM_VERSION).toContain(`${name}:`);
    expect(of().algorithm_version).toBe(ALGORITHM_VERSION);
  });
});

describe("the contract's form", () => {
  it("has the 26 keys in order, all numbers but the name, the category and the sizes", () => {
    const body = toContract(rated(), { name: "owl" });
    expect(Object.keys(body)).toEqual(KEYS);
    const { name, category, size_score, ...numbers } = body;
    expect([name, category]).toEqual(["owl", "model"]);
    expect(Object.keys(size_score)).toEqual(["raspberry_pi", "jetson_nano", "desktop_pc", "aws_server"]);
    for (const value of [...Object.values(numbers), ...Object.values(size_score)]) expect(value).toBeTypeOf("number");
  });

  it("adds the task if it is known", () => {
    const body = toContract(rated(), { name: "owl", pipelineTag: "fill-mask" });
    expect(Object.keys(body)).toEqual([...KEYS, "pipeline_tag"]);
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
      version: 1,
      available: false,
      reason: "authors of the model's commits: timed out",
      sources: [],
    });
  });
});

describe("the explanation", () => {
  it("has score, inputs, sources and version of every metric", () => {
    const explained = explain(rated({ card: found({ license: "mit" }, "https://hub.test/card") }));
    expect(Object.keys(explained)).toEqual(["net_score", ...SCALAR_METRICS, "size_score"]);
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

describe("the gate", () => {
  const liked = (likes: number) => of({ card: ABSENT, record: { likes } });

  it.each([
    [0.24, []],
    [0.25, []],
    [0.26, ["reviewedness=0.25 < 0.26"]],
  ])("holds .25 against a minimum of %f", (minimum, expected) => {
    expect(gate(liked(1000), { reviewedness: minimum })).toEqual(expected);
  });

  it("names every failing metric in the order of the minimums", () => {
    expect(gate(liked(1000), { license: 0.3, reviewedness: 0.5, net_score: 0 })).toEqual([
      "license=0.00 < 0.30",
      "reviewedness=0.25 < 0.50",
    ]);
  });

  it("lets everything in without minimums", () => {
    expect(gate(of(), {})).toEqual([]);
  });

  it("fails a metric that is unavailable", () => {
    const minimums = { ramp_up_time: 0, net_score: 0.1 };
    expect(gate(of({ readme: DOWN }), minimums)).toEqual([
      "ramp_up_time=unavailable < 0.00",
      "net_score=unavailable < 0.10",
    ]);
  });

  it("never prints a failing score as large as its minimum", () => {
    // one reviewed line in 600 less than half: .4983, which would round up to .50
    const rating = of({ card: ABSENT, code: reviewed(299, 600) });
    expect(gate(rating, { reviewedness: 0.5 })).toEqual(["reviewedness=0.49 < 0.50"]);
  });
});
