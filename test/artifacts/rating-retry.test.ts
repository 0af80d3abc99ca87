/** A rating that could not be made because upstream was too slow or down: it is made later, without anybody's update. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { RATING_RETRY_MS } from "../../src/limits.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, rows, unfinishedWork } from "../harness.ts";

const OPEN = { INGEST_GATE: "{}" };
const registry = createRegistry(OPEN);
const MODEL = "google-bert/bert-base-uncased";

const real = globalThis.fetch;
/** What upstream does: files and code hosts are down, and records are there; or all is well. */
function upstream(state: "slow" | "down" | "well") {
  return vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (state === "down") return Promise.resolve(new Response("later", { status: 503 }));
    if (state === "well" || /\/api\/models\/[^?]*\?/.test(url)) return real(input, init);
    return Promise.reject(new DOMException("The operation timed out.", "TimeoutError"));
  });
}

let now = 0;
let id = "";
const later = (ms: number) => {
  now += ms;
};
const rate = (from = registry) => from.call("GET", `/artifact/model/${id}/rate`);
const version = async () => (await rows<{ version: number }>("SELECT version FROM artifacts"))[0]?.version;

beforeEach(async () => {
  now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const slow = upstream("slow");
  id = await registry.register("model", MODEL);
  slow.mockRestore();
});
afterEach(async () => {
  vi.restoreAllMocks();
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
});

describe("a model whose evidence did not come in time", () => {
  it("says so, and when to come back", async () => {
    later(1000);
    const answer = await rate();
    expect([answer.status, answer.json]).toEqual([
      500,
      { detail: "Internal rating error.", reason: expect.stringContaining("fetched again") },
    ]);
    expect(answer.headers.get("Retry-After")).toBe(String(RATING_RETRY_MS / 1000 - 1));
    expect(await rows("SELECT retried_at FROM ratings")).toEqual([{ retried_at: null }]);
  });

  it("is rated once upstream has recovered and somebody asks, by the registry itself", async () => {
    later(RATING_RETRY_MS);
    const before = await version();
    upstream("well");
    const first = await rate();
    expect([first.status, first.headers.get("Retry-After")]).toEqual([500, "30"]);
    const second = await rate();
    expect(second.status).toBe(200);
    expect(second.json).toMatchObject({ name: "bert-base-uncased", license: 1 });
    expect(await version()).toBeGreaterThan(before ?? 0);
    expect(await rows("SELECT action, actor FROM audit WHERE action IN ('CREATE', 'UPDATE') ORDER BY id")).toEqual([
      { action: "CREATE", actor: "anonymous" },
      { action: "UPDATE", actor: "cron" },
    ]);
    // The bundle holds the evidence of the rating, and the files that had not come.
    const files = (await registry.call("GET", `/artifacts/model/${id}/files`)).json as { path: string }[];
    expect(files.map(({ path }) => path)).toContain("README.md");
  });

  it.each(["slow", "down"] as const)(
    "stays as it is while upstream is %s, and is tried once in a while",
    async (state) => {
      const before = await version();
      const asked = upstream(state);
      for (const [wait, tries] of [
        [RATING_RETRY_MS, 1],
        [1000, 1],
        [RATING_RETRY_MS - 2000, 1],
        [1000, 2],
      ] as const) {
        later(wait);
        expect((await rate()).status).toBe(500);
        const records = asked.mock.calls.filter(([input]) => {
          const url = input instanceof Request ? input.url : String(input);
          return url.includes(`/api/models/${MODEL}`) && !url.includes("/commits");
        });
        expect(records).toHaveLength(tries);
      }
      expect(await version()).toBe(before);
      expect(await rows("SELECT action FROM audit WHERE action = 'UPDATE'")).toEqual([]);
    },
  );

  it("is fetched by one of many who ask at once", async () => {
    later(RATING_RETRY_MS);
    const asked = upstream("slow");
    const answers = await Promise.all(Array.from({ length: 8 }, () => rate()));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(500));
    const records = asked.mock.calls.filter(([input]) =>
      String(input instanceof Request ? input.url : input).includes("?blobs"),
    );
    expect(records.length).toBeLessThanOrEqual(1);
  });

  /** Has something happen while the registry asks upstream for the evidence, by itself. */
  function meanwhile(act: () => Promise<unknown>): void {
    let done = false;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      if (!done) {
        done = true;
        await act();
      }
      return real(input, init);
    });
  }

  it("is gone when somebody deletes it meanwhile", async () => {
    later(RATING_RETRY_MS);
    meanwhile(() => registry.call("DELETE", `/artifacts/model/${id}`));
    expect((await rate()).status).toBe(500);
    expect((await rate()).status).toBe(404);
    expect(await rows("SELECT id FROM artifacts")).toEqual([]);
  });

  it("is what somebody makes of it meanwhile by an update", async () => {
    later(RATING_RETRY_MS);
    const body = { metadata: { name: "bert-base-uncased", id, type: "model" }, data: { url: "acme-labs/aster-base" } };
    meanwhile(() => registry.call("PUT", `/artifacts/model/${id}`, body));
    expect((await rate()).status).toBe(500);
    expect((await rate()).status).toBe(200);
    expect(await rows("SELECT source FROM artifacts")).toEqual([{ source: "acme-labs/aster-base" }]);
    expect(await rows("SELECT actor FROM audit WHERE action = 'UPDATE'")).toEqual([{ actor: "anonymous" }]);
  });

  it.each(EVERY_WAY)(
    "loses nothing, whichever call fails on the way: $when, $extent; and is rated by the next try",
    async (way) => {
      upstream("well");
      let rated = false;
      for (let call = 0; !rated && call < 40; call += 1) {
        later(RATING_RETRY_MS);
        const faulty = createRegistry({ ...OPEN, ...withFaults(registry.env, { call, ...way }).env });
        await rate(faulty);
        later(3_600_001);
        await registry.sweep(now);
        rated = (await rows("SELECT net FROM ratings WHERE net IS NOT NULL")).length > 0;
        expect(await brokenInvariants(), `call ${call}`).toEqual([]);
      }
      expect(rated).toBe(true);
      expect((await rate()).status).toBe(200);
    },
  );
});
