import { describe, expect, it } from "vitest";
import { busFactor, effectivePeople } from "../../../src/trust/metrics/bus-factor.ts";
import { ABSENT, code, DOWN, evidence, found, inputs, score } from "./evidence.ts";

const people = (...counts: number[]) => counts.map((contributions, at) => ({ login: `p${at}`, contributions }));
const of = (...counts: number[]) =>
  score(busFactor(evidence({ code: code({ contributors: found(people(...counts)) }) })));

describe("bus_factor", () => {
  it("counts equal shares as that many people", () => {
    expect(effectivePeople([5, 5, 5])).toBeCloseTo(3, 10);
    expect(effectivePeople([])).toBe(0);
    expect(effectivePeople([0, 0])).toBe(0);
  });

  it.each([
    [[7], 0.1],
    [[1, 1], 0.2],
    // p = 3/4, 1/4: exp(-(.75 ln .75 + .25 ln .25)) = 1.7548
    [[3, 1], 0.1755],
    [Array(9).fill(2), 0.9],
    [Array(10).fill(2), 1],
    [Array(11).fill(2), 1],
    [[], 0],
  ])("of %j contributions is %f", (counts, expected) => {
    expect(of(...counts)).toBe(expected);
  });

  it("does not count robots", () => {
    const contributors = found([...people(4), { login: "dependabot[bot]", contributions: 4 }]);
    const result = busFactor(evidence({ code: code({ contributors }) }));
    expect(score(result)).toBe(0.1);
    expect(inputs(result)).toMatchObject({ people: 1, total: 4 });
  });

  it("takes the model's own commits without a repository, capped at .5", () => {
    const authors = (count: number) =>
      found(Array.from({ length: count }, (_, at) => ({ name: `a${at}`, commits: 1 })));
    const without = (count: number) => score(busFactor(evidence({ commit_authors: authors(count) })));
    expect([1, 4, 5, 6, 20].map(without)).toEqual([0.1, 0.4, 0.5, 0.5, 0.5]);
  });

  it("takes them too when the repository that is named is gone", () => {
    const commit_authors = found([{ name: "a", commits: 9 }]);
    const gone = code({ record: ABSENT, contributors: ABSENT });
    expect(score(busFactor(evidence({ code: gone, commit_authors })))).toBe(0.1);
  });

  it("is 0 when there is neither, unavailable when they could not be fetched", () => {
    expect(score(busFactor(evidence()))).toBe(0);
    expect(score(busFactor(evidence({ commit_authors: DOWN })))).toBe(
      "unavailable: authors of the model's commits: timed out",
    );
    expect(score(busFactor(evidence({ code: code({ contributors: DOWN }) })))).toBe(
      "unavailable: contributors of acme/owl-code: timed out",
    );
  });
});
