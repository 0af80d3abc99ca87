import { describe, expect, it } from "vitest";
import { busFactor, effectivePeople } from "../../../src/trust/metrics/bus-factor.ts";
import { ABSENT, BROKEN, code, DOWN, evidence, FULL, found, inputs, repository, score } from "./evidence.ts";

const people = (...counts: number[]) => counts.map((contributions, at) => ({ login: `p${at}`, contributions }));
const of = (...counts: number[]) =>
  score(busFactor(evidence({ code: code({ contributors: found(people(...counts)) }) }), FULL));

describe("bus_factor", () => {
  it("counts equal shares as that many people", () => {
    expect(effectivePeople([5, 5, 5])).toBeCloseTo(3, 10);
    expect(effectivePeople([])).toBe(0);
    expect(effectivePeople([0, 0])).toBe(0);
  });

  it.each([
    [[7], 0.05],
    // N = 2: ½ · .2 + ½ · (1 − ½)
    [[3, 3], 0.35],
    // p = 3/4, 1/4: N = exp(-(.75 ln .75 + .25 ln .25)) = 1.7548; ½ · .17548 + ½ · .25
    [[9, 3], 0.2127],
    // ½ · .9 + ½ · 8/9
    [Array(9).fill(4), 0.8944],
    [Array(10).fill(4), 0.95],
    [Array(20).fill(4), 0.975],
    [[], 0],
  ])("of %j contributions is %f", (counts, expected) => {
    expect(of(...counts)).toBe(expected);
  });

  it("counts nobody who contributed fewer than three times", () => {
    expect(of(2, 2, 2)).toBe(0);
    expect(of(50, ...Array(40).fill(1))).toBe(0.05);
    expect(of(3, 2)).toBe(0.05);
  });

  it("does not count robots", () => {
    const contributors = found([...people(4), { login: "dependabot[bot]", contributions: 4 }]);
    const result = busFactor(evidence({ code: code({ contributors }) }), FULL);
    expect(score(result)).toBe(0.05);
    expect(inputs(result)).toMatchObject({ people: 1, total: 4, largest_share: 1 });
  });

  it("is capped by the model's standing, and says so", () => {
    const crowd = evidence({ code: code({ contributors: found(people(...Array(12).fill(9))) }) });
    const capped = busFactor(crowd, { cap: 0.25, inputs: {} });
    expect([score(capped), inputs(capped)["cap"]]).toEqual([0.25, 0.25]);
  });

  it("takes the model's own commits without a repository of its own, capped at .5", () => {
    const authors = (count: number) =>
      found(Array.from({ length: count }, (_, at) => ({ name: `a${at}`, commits: 3 })));
    const without = (count: number, over = {}) =>
      score(busFactor(evidence({ commit_authors: authors(count), ...over }), FULL));
    expect([1, 2, 5, 20].map((count) => without(count))).toEqual([0.05, 0.35, 0.5, 0.5]);
    const stranger = code({
      repository: "famous/other",
      record: found(repository({ full_name: "famous/other" })),
      contributors: found(people(...Array(12).fill(9))),
    });
    expect(without(1, { code: stranger })).toBe(0.05);
  });

  it("takes them too when the repository that is named is gone", () => {
    const commit_authors = found([{ name: "a", commits: 9 }]);
    const gone = code({ record: ABSENT, contributors: ABSENT });
    expect(score(busFactor(evidence({ code: gone, commit_authors }), FULL))).toBe(0.05);
  });

  it("is 0 when there is neither, and when the list is too long to be had; unavailable when it could not be fetched", () => {
    expect(score(busFactor(evidence(), FULL))).toBe(0);
    expect(score(busFactor(evidence({ code: code({ contributors: BROKEN }) }), FULL))).toBe(0);
    expect(score(busFactor(evidence({ commit_authors: DOWN }), FULL))).toBe(
      "unavailable: authors of the model's commits: timed out",
    );
    expect(score(busFactor(evidence({ code: code({ contributors: DOWN }) }), FULL))).toBe(
      "unavailable: contributors of acme/owl-code: timed out",
    );
    // its README would say whether it is the model's own
    const open = code({ record: found(repository({ full_name: "famous/other" })), readme: DOWN });
    expect(score(busFactor(evidence({ code: open }), FULL))).toBe("unavailable: repository acme/owl-code: timed out");
  });
});
