/** The seals of the audit: what they show, beside whom they are made, and what a sealer that dies leaves behind. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { AuditVerification } from "../../src/artifacts/audit/seal.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { createRegistry, rows, type TestRegistry } from "../harness.ts";

const registry = createRegistry();

/** Entries in volume, as deferred writes leave them. */
async function insertEntries(count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
     SELECT 1000 + i, 'actor-' || (i % 7), 'volume', 'RATE', 1 + i % 10, 'model', 'näme "' || i || '"' FROM n`,
  )
    .bind(count)
    .run();
}

/** What somebody can do who has the database to themself. */
async function tamper(...statements: string[]): Promise<void> {
  const triggers = await rows<{ name: string; sql: string }>(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('audit', 'audit_seals')",
  );
  await env.DB.batch(triggers.map(({ name }) => env.DB.prepare(`DROP TRIGGER ${name}`)));
  await env.DB.batch(statements.map((sql) => env.DB.prepare(sql)));
  await env.DB.batch(triggers.map(({ sql }) => env.DB.prepare(sql)));
}

async function verify(query = "", of: TestRegistry = registry): Promise<AuditVerification> {
  const answer = await of.call("GET", `/audit/verify${query}`);
  expect(answer.status).toBe(200);
  return answer.json as AuditVerification;
}

/** All pages of a verification; the rows and seals that they checked, added up. */
async function verifyAll(): Promise<AuditVerification & { pages: number }> {
  let page = await verify();
  const sum = { pages: 1, rows_checked: page.rows_checked, seals_checked: page.seals_checked };
  while (page.next !== undefined) {
    page = await verify(`?offset=${page.next}`);
    sum.pages += 1;
    sum.rows_checked += page.rows_checked;
    sum.seals_checked += page.seals_checked;
  }
  return { ...page, ...sum };
}

const seals = () =>
  rows<{ number: number; first_id: number; last_id: number; digest: string }>(
    "SELECT number, first_id, last_id, digest FROM audit_seals ORDER BY number",
  );

/** Three seals over ten entries each. */
async function threeSeals(): Promise<void> {
  for (let seal = 0; seal < 3; seal += 1) {
    await insertEntries(10);
    await registry.seal(5000 + seal);
  }
}

describe("the audit's ids", () => {
  it("have no gap after a transaction that failed, an insertion of nothing, or a refused one", async () => {
    const insert = "INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)";
    const entry = `${insert} VALUES (1, 'a', 'r', 'RATE', 1, 'model', 'n')`;
    await env.DB.prepare(entry).run();
    const failing = env.DB.batch([
      env.DB.prepare(entry),
      env.DB.prepare(entry),
      env.DB.prepare("SELECT abs(-9223372036854775808)"),
    ]);
    await expect(failing).rejects.toThrow("overflow");
    await env.DB.prepare(`${insert} SELECT 1, 'a', 'r', 'RATE', 1, 'model', 'n' WHERE false`).run();
    await expect(env.DB.prepare(`${insert} VALUES (1, 'a', 'r', 'OTHER', 1, 'model', 'n')`).run()).rejects.toThrow(
      "CHECK",
    );
    await expect(env.DB.prepare("DELETE FROM audit").run()).rejects.toThrow("append-only");
    await expect(env.DB.prepare("UPDATE audit SET actor = 'b'").run()).rejects.toThrow("append-only");
    await env.DB.prepare(entry).run();
    expect(await rows("SELECT id FROM audit ORDER BY id")).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await verify()).toEqual({ status: "intact", sealed_through: 0, rows_checked: 0, seals_checked: 0 });
  });
});

describe("sealing", () => {
  it("covers every entry once, each seal from where the one before ends, and nothing where nothing came", async () => {
    expect(await registry.seal()).toEqual({ seals: 0, rows: 0 });
    await threeSeals();
    expect(await registry.seal()).toEqual({ seals: 0, rows: 0 });
    expect(await seals()).toEqual([
      { number: 1, first_id: 1, last_id: 10, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { number: 2, first_id: 11, last_id: 20, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { number: 3, first_id: 21, last_id: 30, digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    const [, , head] = await seals();
    expect(await verify()).toEqual({
      status: "intact",
      sealed_through: 30,
      rows_checked: 30,
      seals_checked: 3,
      head: { seal: 3, digest: head?.digest },
    });
  });

  it("is a digest that anybody can compute from the rows alone", async () => {
    await env.DB.prepare(
      `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, before, after)
       VALUES (7, 'ann', 1, 'r-1', 'UPDATE', 3, 'code', 'zäh "x"', 'aa', NULL)`,
    ).run();
    await registry.seal(99);
    const text = '["",1,1,1,99]\n[1,7,"ann",1,"r-1","UPDATE",3,"code","zäh \\"x\\"","aa",null]\n';
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    expect((await seals())[0]?.digest).toBe(hex);
  });

  it("takes a thousand rows to a seal and so many seals to a run; the next run goes on", async () => {
    await insertEntries(3500);
    expect(await registry.seal(1, 2)).toEqual({ seals: 2, rows: 2000 });
    expect(await registry.seal(2, 2)).toEqual({ seals: 2, rows: 1500 });
    expect((await seals()).map(({ first_id, last_id }) => [first_id, last_id])).toEqual([
      [1, 1000],
      [1001, 2000],
      [2001, 3000],
      [3001, 3500],
    ]);
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 3500, seals_checked: 4 });
  });

  it("beside other sealers, and beside writes, makes one chain without a gap", async () => {
    await insertEntries(2500);
    await Promise.all([
      registry.seal(),
      registry.seal(),
      insertEntries(300),
      registry.seal(),
      registry.register("code", "https://files.example.org/a.tar"),
      registry.seal(),
    ]);
    await registry.seal();
    const all = await seals();
    expect(all.map(({ number }) => number)).toEqual(all.map((_, index) => index + 1));
    expect(await verify()).toMatchObject({ status: "intact", sealed_through: 2801, rows_checked: 2801 });
  });

  it.each(EVERY_WAY)(
    "that fails at any call, $when it took effect, $extent, is made good by the next run",
    async (how) => {
      let ran = 0;
      for (let call = 0, fired = true; fired; call += 1) {
        await insertEntries(1500);
        const faulty = withFaults(env, { call, ...how });
        await createRegistry(faulty.env)
          .seal()
          .catch((error: unknown) => expect(String(error)).toContain("injected"));
        fired = faulty.calls() > call;
        ran += 1;
        expect(await verify()).toMatchObject({ status: "intact" });
        await registry.seal();
        expect(await verify()).toMatchObject({
          status: "intact",
          sealed_through: ran * 1500,
          rows_checked: ran * 1500,
        });
      }
      expect(ran).toBe(5); // two seals of two calls each, and one run without a fault
    },
  );

  it("writes each seal's digest to the log, to be kept outside, and shows the newest in /health", async () => {
    await insertEntries(5);
    const written: unknown[] = [];
    vi.spyOn(console, "info").mockImplementation((line: string) => written.push(JSON.parse(line)));
    const { default: worker } = await import("../../src/index.ts");
    await worker.scheduled({ cron: "*/5 * * * *", scheduledTime: 0, noRetry: () => {} }, env, {
      waitUntil: () => {},
      passThroughOnException: () => {},
      props: {},
    } as unknown as ExecutionContext);
    const [seal] = await seals();
    expect(written).toContainEqual({
      event: "audit_sealed",
      request_id: expect.any(String),
      seal: 1,
      through: 5,
      digest: seal?.digest,
    });
    expect((await registry.call("GET", "/health")).json).toMatchObject({
      audit: { seal: 1, sealed_through: 5, digest: seal?.digest },
    });
  });

  it("goes on when the sweep has failed", async () => {
    await insertEntries(5);
    const { default: worker } = await import("../../src/index.ts");
    const DB = {
      ...env.DB,
      prepare: (sql: string) => {
        if (sql.includes("FROM deletions")) throw new Error("injected");
        return env.DB.prepare(sql);
      },
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database;
    const run = worker.scheduled({ cron: "*/5 * * * *", scheduledTime: 0, noRetry: () => {} }, { ...env, DB }, {
      waitUntil: () => {},
      passThroughOnException: () => {},
      props: {},
    } as unknown as ExecutionContext);
    await expect(run).rejects.toThrow("injected");
    expect(await seals()).toHaveLength(1);
  });
});

describe("GET /audit/verify", () => {
  it.each<[what: string, sql: string[], problem: object]>([
    ["a changed actor", ["UPDATE audit SET actor = 'nobody' WHERE id = 15"], { kind: "entries_changed", seal: 2 }],
    ["a changed time", ["UPDATE audit SET at = at + 1 WHERE id = 1"], { kind: "entries_changed", seal: 1 }],
    ["a changed role", ["UPDATE audit SET is_admin = 1 WHERE id = 30"], { kind: "entries_changed", seal: 3 }],
    [
      "a digest that was taken out",
      ["UPDATE audit SET after = 'x' WHERE id = 12"],
      { kind: "entries_changed", seal: 2 },
    ],
    ["a removed entry", ["DELETE FROM audit WHERE id = 15"], { kind: "entry_missing", seal: 2, entry: 15 }],
    [
      "a removed last entry of a seal",
      ["DELETE FROM audit WHERE id = 20"],
      { kind: "entry_missing", seal: 2, entry: 20 },
    ],
    [
      "removed entries of a whole seal",
      ["DELETE FROM audit WHERE id BETWEEN 11 AND 20"],
      { kind: "entry_missing", seal: 2, entry: 11 },
    ],
    [
      "two entries that changed places",
      [
        "UPDATE audit SET id = 1000 WHERE id = 14",
        "UPDATE audit SET id = 14 WHERE id = 15",
        "UPDATE audit SET id = 15 WHERE id = 1000",
      ],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "an entry put in before the first",
      [
        "INSERT INTO audit (id, at, actor, request_id, action, artifact_id, type, name) VALUES (0, 1, 'a', 'r', 'RATE', 1, 'code', 'n')",
      ],
      { kind: "entry_inserted", seal: 1, entry: 0 },
    ],
    [
      "an entry that was removed and made anew",
      [
        "DELETE FROM audit WHERE id = 15",
        "INSERT INTO audit (id, at, actor, request_id, action, artifact_id, type, name) VALUES (15, 1, 'a', 'r', 'RATE', 1, 'code', 'n')",
      ],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "a changed seal",
      [`UPDATE audit_seals SET digest = '${"0".repeat(64)}' WHERE number = 2`],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "a seal with another time",
      ["UPDATE audit_seals SET sealed_at = 1 WHERE number = 3"],
      { kind: "entries_changed", seal: 3 },
    ],
    ["a removed seal", ["DELETE FROM audit_seals WHERE number = 2"], { kind: "seal_missing", seal: 2 }],
    ["a removed first seal", ["DELETE FROM audit_seals WHERE number = 1"], { kind: "seal_missing", seal: 1 }],
    [
      "a seal that covers less",
      ["UPDATE audit_seals SET first_id = 12 WHERE number = 2"],
      { kind: "seal_misplaced", seal: 2 },
    ],
    [
      "a seal that covers more",
      ["UPDATE audit_seals SET last_id = 21 WHERE number = 2"],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "a seal that covers what is not there",
      ["UPDATE audit_seals SET last_id = 1000 WHERE number = 3"],
      { kind: "entry_missing", seal: 3 },
    ],
    [
      "an entry removed from the end that no seal covers",
      [
        "INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name) VALUES (1, 'a', 'r', 'RATE', 1, 'code', 'n')",
        "DELETE FROM audit WHERE id = 31",
      ],
      { kind: "entry_missing", entry: 31 },
    ],
  ])("shows %s", async (_, sql, problem) => {
    await threeSeals();
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 30 });
    await tamper(...sql);
    expect(await verify()).toMatchObject({ status: "broken", first_problem: problem });
    // What is broken stays broken, however often it is sealed over.
    await insertEntries(5);
    await registry.seal();
    expect(await verify()).toMatchObject({ status: "broken", first_problem: problem });
  });

  it("shows an entry that was removed before it was sealed, and the sealer says so in the log", async () => {
    await insertEntries(10);
    await tamper("DELETE FROM audit WHERE id = 4");
    expect(await verify()).toMatchObject({ status: "broken", first_problem: { kind: "entry_missing", entry: 4 } });
    await registry.seal();
    expect(await verify()).toMatchObject({
      status: "broken",
      first_problem: { kind: "entry_missing", seal: 1, entry: 4 },
    });
  });

  it("shows against a seal that was kept outside that all seals were made anew", async () => {
    await threeSeals();
    const [, kept] = await seals();
    const anchor = `?anchor=${kept?.number}-${kept?.digest}`;
    expect(await verify(anchor)).toMatchObject({ status: "intact", seals_checked: 3 });
    await tamper("UPDATE audit SET actor = 'nobody' WHERE id = 5", "DELETE FROM audit_seals");
    await registry.seal();
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 30 });
    const differs = { status: "broken", first_problem: { kind: "anchor_differs", seal: 2 } };
    expect(await verify(anchor)).toMatchObject(differs);
    await registry.register("code", "https://files.example.org/a.tar");
    await registry.seal();
    expect(await verify(anchor)).toMatchObject(differs);
  });

  it("goes through an audit of any length in bounded pages, and finds what is broken in a later one", async () => {
    await insertEntries(25_300);
    await registry.seal(1, 26);
    await insertEntries(40);
    expect(await verify()).toEqual({
      status: "intact",
      sealed_through: 25_300,
      rows_checked: 10_000,
      seals_checked: 10,
      head: { seal: 26, digest: expect.any(String) },
      next: "after-10",
    });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 25_300, seals_checked: 26, pages: 3 });
    await tamper("UPDATE audit SET name = 'x' WHERE id = 24123");
    expect(await verify()).toMatchObject({ status: "intact", next: "after-10" });
    expect(await verifyAll()).toMatchObject({ status: "broken", first_problem: { kind: "entries_changed", seal: 25 } });
  });

  it("goes through many small seals page by page", async () => {
    for (let seal = 0; seal < 520; seal += 1) {
      await insertEntries(1);
      await registry.seal();
    }
    expect(await verify()).toMatchObject({ status: "intact", seals_checked: 500, next: "after-500" });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 520, pages: 2 });
  });

  it.each(["?offset=5", "?offset=x", "?anchor=1", "?anchor=1-zz", `?anchor=0-${"a".repeat(64)}`])(
    "refuses %s",
    async (query) => {
      expect((await registry.call("GET", `/audit/verify${query}`)).status).toBe(400);
    },
  );
});
