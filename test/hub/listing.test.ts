/** What the offline hub says of its models, held against mirrors of them. */

import { describe, expect, it } from "vitest";
import { createMemory, createMirroringRegistry, mirror } from "../artifacts/mirroring.ts";
import { allHubRepos } from "./catalogue.ts";
import { factsOf } from "./files.ts";
import { listing, mirrorable, sizeOf } from "./listing.ts";

const MODELS = allHubRepos().filter(({ kind }) => kind === "models");

/** The model of the README's tour. */
const TOUR = "Qwen/Qwen2.5-0.5B-Instruct";

describe("the listing of the offline hub", () => {
  it("names every model with its size", async () => {
    const lines = listing("http://127.0.0.1:8790").split("\n");
    for (const repo of MODELS) {
      expect(lines.filter((line) => line.trim().split(" ")[0] === repo.id)).toHaveLength(1);
      const facts = await Promise.all(Object.entries(repo.files).map(([path, it]) => factsOf(repo.id, path, it)));
      expect(sizeOf(repo), repo.id).toBe(facts.reduce((sum, { size }) => sum + size, 0));
    }
    expect(lines.find((line) => line.includes(TOUR))).toMatch(/ 3\.0 MB {2}yes$/);
  });

  it("has the tour's model among those that can be mirrored, with a parent that is there as well", () => {
    const tour = MODELS.find(({ id }) => id === TOUR);
    expect(tour && mirrorable(tour)).toBe("yes");
    expect(tour && sizeOf(tour)).toBeLessThan(5_000_000);
    expect(MODELS.map(({ id }) => id)).toContain(tour?.card?.["base_model"]);
  });

  // Those whose content is only declared would be hundreds of megabytes that end in a wrong digest.
  const small = MODELS.filter((repo) => mirrorable(repo) !== "no: its weights have a size but no content");
  it.each(small.map((repo) => [mirrorable(repo), repo.id] as const))("says '%s' of %s", async (said, id) => {
    const registry = createMirroringRegistry({ INGEST_GATE: "{}", HF_TOKEN: "" });
    await registry.call("POST", "/artifact/model", { url: id, mirror: "full" });
    const [run] = registry.started;
    const state = run ? await mirror(run, createMemory({ tries: 1 })) : "not started";
    expect(state === "finished" ? "yes" : "no").toBe(said === "yes" ? "yes" : "no");
  });
});
