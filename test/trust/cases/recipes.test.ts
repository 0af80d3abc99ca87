/** Recipes for a good rating of a worthless or malicious model: none of them reaches the middle of the honest set. */

import { beforeAll, describe, expect, it } from "vitest";
import { checkAge, gate } from "../../../src/trust/gate.ts";
import type { RatedModel } from "../../../src/trust/rate.ts";
import { HONEST } from "./honest.ts";
import { RECIPES } from "./recipes.ts";
import { collectCase, median, rateCase } from "./world.ts";

let middle = Number.NaN;
beforeAll(async () => {
  const nets: number[] = [];
  for (const spec of HONEST) nets.push((await rateCase(spec, HONEST)).net_score);
  middle = median(nets);
});

/** A metric or signal of a rating; of the sizes the mean. */
function scoreOf(rating: RatedModel, name: string): number {
  if (name === "size_score") {
    const { result } = rating.size_score;
    return result.available ? Object.values(result.score).reduce((sum, value) => sum + value, 0) / 4 : Number.NaN;
  }
  const all: Record<string, RatedModel["metrics"]["license"]> = { ...rating.metrics, ...rating.signals };
  const result = all[name]?.result;
  return result?.available ? result.score : Number.NaN;
}

describe("a recipe", () => {
  it("is one of many", () => {
    expect(new Set(RECIPES.map(({ name }) => name)).size).toBeGreaterThanOrEqual(12);
  });

  it.each(RECIPES)("does not pay: $name", async ({ spec, shows }) => {
    const rating = await rateCase(spec, HONEST);
    expect(rating.net_score).toBeLessThan(middle);
    // what is broken on purpose makes nothing unavailable
    expect(rating.unavailable).toEqual({});
    for (const [name, most] of Object.entries(shows)) {
      const score = scoreOf(rating, name);
      expect(score, name).not.toBeNaN();
      expect(score, name).toBeLessThanOrEqual(most);
    }
  });

  it("as in the incident is refused by the least age, the strict gate, and by what lies in it", async () => {
    const incident = RECIPES.find(({ name }) => name.startsWith("the incident"));
    if (!incident) throw new Error("no incident");
    const rating = await rateCase(incident.spec, HONEST);
    const evidence = await collectCase(incident.spec, HONEST);
    expect(checkAge(evidence, 7, false).map(({ text }) => text)).toEqual(["created 0.8 days ago < 7 days"]);
    // bought downloads and likes pass the default gate, which is why it does not stand alone
    expect(gate(rating, { reviewedness: 0.5 })).toEqual([]);
    const strict = gate(rating, { reviewedness: 0.5, artifact_safety: 0.5, maturity: 0.25 });
    expect(strict.map(({ text }) => text)).toEqual(["artifact_safety=0.00 < 0.50", "maturity=0.00 < 0.25"]);
  });

  it("none of which passes the default gate, the least age and the strict gate together", async () => {
    for (const { name, spec } of RECIPES) {
      const rating = await rateCase(spec, HONEST);
      const strict = { reviewedness: 0.5, artifact_safety: 0.5, maturity: 0.25 };
      const refused = [...gate(rating, strict), ...checkAge(await collectCase(spec, HONEST), 7, false)];
      expect(refused.length, name).toBeGreaterThan(0);
    }
  });

  it("with bought downloads, bought likes and some months of patience is what remains", async () => {
    const best = RECIPES.find(({ name }) => name.startsWith("the same with full files"));
    if (!best) throw new Error("no recipe");
    const netOf = async (downloads: number, likes: number, createdDaysAgo: number) =>
      (await rateCase({ ...best.spec, downloads, likes, createdDaysAgo }, HONEST)).net_score;
    // known, and said in the README: whoever pays for both and waits is taken for a model that others use
    expect(await netOf(10_000, 10, 180)).toBeGreaterThan(middle);
    expect(await netOf(9_000_000, 9, 400)).toBeLessThan(middle);
    expect(await netOf(9999, 999, 400)).toBeLessThan(middle);
    expect(await netOf(900_000, 199, 60)).toBeLessThan(middle);
  });
});
