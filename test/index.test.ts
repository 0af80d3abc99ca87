/** The cron: what each trigger of wrangler.toml does, and that one run of it fits into the smallest plan. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../src/env.ts";
import worker from "../src/index.ts";
import { SWEEP_MAX_PAGES, SWEEP_PAGE } from "../src/limits.ts";
import { withFaults } from "./faults.ts";
import { rows } from "./harness.ts";
import { insertArtifacts } from "./routes/answers.ts";

interface Globbing {
  glob(pattern: string, options: { query: "?raw"; import: "default"; eager: true }): Record<string, string>;
}
const [wrangler = ""] = Object.values(
  (import.meta as unknown as Globbing & ImportMeta).glob("../wrangler.toml", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
const TRIGGERS = JSON.parse(/^crons = (\[.*\])$/m.exec(wrangler)?.[1] ?? "[]") as string[];
const [FREQUENT = "", DAILY = ""] = TRIGGERS;
/** Calls that one invocation may make on the smallest plan. */
const CALLS = 50;

async function run(cron: string, bindings: Partial<Env> = {}): Promise<void> {
  const execution = createExecutionContext();
  const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
  await worker.scheduled(controller as unknown as ScheduledController, { ...env, ...bindings }, execution);
  await waitOnExecutionContext(execution);
}
const jobs = async () => (await rows("SELECT name FROM jobs ORDER BY name")).map(({ name }) => name);
const all = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";

describe("the triggers of wrangler.toml", () => {
  it("are two: one sweeps and seals the audit, the other compares bucket and database", async () => {
    expect(TRIGGERS).toHaveLength(2);
    await insertArtifacts(1);
    await run(DAILY);
    expect(await jobs()).toEqual(["reconcile"]);
    expect(await rows("SELECT * FROM audit_seals")).toEqual([]);
    await env.DB.prepare("DELETE FROM jobs").run();
    await run(FREQUENT);
    expect(await jobs()).toEqual(["sweep"]);
    expect(await rows("SELECT * FROM audit_seals")).toHaveLength(1);
  });
});

describe("one run of the cron", () => {
  /** More of everything than one run does. */
  async function seed(): Promise<void> {
    const doomed = (SWEEP_MAX_PAGES + 1) * SWEEP_PAGE;
    await insertArtifacts(10);
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO deletions (object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by,
                                next_attempt_at, multipart_id)
         ${all} SELECT 'gone/' || i, i + 100, 'code', 'n', 1, '', 'abandoned', 0, 'x', i + 100, NULL FROM n`,
      ).bind(doomed),
      env.DB.prepare(
        `INSERT INTO deletions (object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by,
                                next_attempt_at, multipart_id)
         ${all} SELECT 'parts/' || i, i + 100, 'code', 'n', 1, '', 'abandoned', 0, 'x', i, 'none' FROM n`,
      ).bind(100),
      env.DB.prepare(
        `INSERT INTO mirrors (artifact_id, version, round, state, requested_by, request_id, started_at, updated_at)
         SELECT id, id, 1, 'queued', '{"kind":"anonymous"}', 'x', 0, 0 FROM artifacts`,
      ),
      env.DB.prepare(
        `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
         ${all} SELECT 0, 'x', 'x', 'CREATE', i, 'code', 'n' FROM n`,
      ).bind(6000),
    ]);
  }

  /** Bindings that count every call, and a bucket whose deletes fail from one of them on. */
  function counted(deletesFailFrom: number) {
    const fault = { call: deletesFailFrom, when: "before", extent: "forever", only: /^bucket\.delete/ } as const;
    const counting = withFaults(withFaults(env, fault).env);
    let asked = 0;
    const MIRRORS = {
      create: async () => {
        asked += 1;
        throw new Error("instance.already_exists");
      },
      get: async () => {
        asked += 1;
        return {
          status: async () => {
            asked += 1;
            return { status: "errored" };
          },
        };
      },
    } as unknown as Env["MIRRORS"];
    return { bindings: { ...counting.env, MIRRORS }, calls: () => counting.calls() + asked };
  }

  it.each([0, 1, 2, 3, 99])(
    "with much to do makes no more calls than it has, with %i deletes that succeed",
    async (n) => {
      await seed();
      const { bindings, calls } = counted(n);
      await run(FREQUENT, bindings);
      expect(calls()).toBeLessThanOrEqual(CALLS);
      expect(calls()).toBeGreaterThan(30);
      expect(await jobs()).toEqual(["sweep"]);
      expect(await rows("SELECT last_id FROM audit_seals")).toEqual([{ last_id: 5000 }]);
    },
  );

  it("that compares with much to do makes no more calls than it has, and goes on with the next sweep", async () => {
    await insertArtifacts(4500);
    await env.BUCKET.put("artifacts/code/4500.zip", "");
    const { bindings, calls } = counted(99);
    await run(DAILY, { ...bindings, RECONCILE: "enforce" });
    expect(calls()).toBeLessThanOrEqual(CALLS);
    expect(calls()).toBeGreaterThan(15);
    const state = async () =>
      JSON.parse(String((await rows("SELECT state FROM jobs WHERE name = 'reconcile'"))[0]?.["state"]));
    expect(await state()).toMatchObject({ missing: 3999, after: expect.any(String) });
    await run(FREQUENT, bindings);
    expect(await state()).toEqual({ strays: 0, removed: 0, missing: 4499 });
  });
});
