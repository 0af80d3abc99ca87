/** The seals of the audit: what a verification detects, concurrent runs, and runs that fail. */

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { AuditVerification } from "../../src/artifacts/audit/seal.ts";
import worker from "../../src/index.ts";
import { textSha256Hex } from "../../src/lib/hash.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { createRegistry, rows, type TestRegistry } from "../harness.ts";

const registry = createRegistry();

/** Inserts many entries. */
async function insertEntries(count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
     SELECT 1000 + i, 'actor-' || (i % 7), 'volume', 'RATE', 1 + i % 10, 'model', 'näme "' || i || '"' FROM n`,
  )
    .bind(count)
    .run();
}

/** Changes the audit as somebody with write access to the database can: without the triggers. */
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

/** Follows `next` to the last page. Adds up the rows and seals of all pages. */
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

/**
 * Inserts entries and seals of `size` entries each. The digests are computed here, from the format that every release must
 * verify, and not by the code under test.
 */
async function insertChain(count: number, size: number): Promise<void> {
  await insertEntries(count);
  const entries = await rows<Record<string, string | number | null>>(
    "SELECT id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after FROM audit ORDER BY id",
  );
  const inserts: D1PreparedStatement[] = [];
  let digest = "";
  for (let from = 0; from < count; from += size) {
    const covered = entries.slice(from, from + size);
    const seal = [inserts.length + 1, from + 1, from + covered.length, 5000];
    const lines = [[digest, ...seal], ...covered.map((entry) => Object.values(entry))];
    digest = await textSha256Hex(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    inserts.push(env.DB.prepare("INSERT INTO audit_seals VALUES (?1, ?2, ?3, ?5, ?4)").bind(...seal, digest));
  }
  await env.DB.batch(inserts);
}

/** Runs the cron of the sweep. Returns the lines that it logged. */
async function runCron(bindings = env): Promise<unknown[]> {
  const lines: unknown[] = [];
  for (const level of ["info", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => lines.push(JSON.parse(line)));
  }
  const controller = { cron: "*/5 * * * *", scheduledTime: 0, noRetry: () => {} };
  await worker.scheduled(controller as ScheduledController, bindings, createExecutionContext());
  return lines;
}

/** Makes three seals of ten entries each. */
async function threeSeals(): Promise<void> {
  for (let seal = 0; seal < 3; seal += 1) {
    await insertEntries(10);
    await registry.seal(5000 + seal);
  }
}

describe("audit ids", () => {
  it("have no gap after a failed transaction, an insert of no row, or a refused insert", async () => {
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
  it("covers every entry once: each seal starts where the previous one ends, and no new entry makes no seal", async () => {
    expect(await registry.seal()).toBe(0);
    await threeSeals();
    expect(await registry.seal()).toBe(0);
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

  it("computes a digest that depends on the rows alone", async () => {
    await env.DB.prepare(
      `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, before, after)
       VALUES (7, 'ann', 1, 'r-1', 'UPDATE', 3, 'code', 'zäh "x"', 'aa', NULL)`,
    ).run();
    await registry.seal(99);
    const text = '["",1,1,1,99]\n[1,7,"ann",1,"r-1","UPDATE",3,"code","zäh \\"x\\"","aa",null]\n';
    expect((await seals())[0]?.digest).toBe(await textSha256Hex(text));
  });

  it("covers at most 5000 entries in a run; the next run continues", async () => {
    await insertEntries(12_000);
    expect([await registry.seal(), await registry.seal(), await registry.seal()]).toEqual([5000, 5000, 2000]);
    expect((await seals()).map(({ first_id, last_id }) => [first_id, last_id])).toEqual([
      [1, 5000],
      [5001, 10_000],
      [10_001, 12_000],
    ]);
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 10_000, seals_checked: 2, next: "after-2" });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 12_000, seals_checked: 3, pages: 2 });
  });

  it("continues the seals of an earlier release, which still verify", async () => {
    await insertEntries(1003);
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, before, after)
         VALUES (7, 'ann', 1, 'r-1', 'UPDATE', 3, 'code', 'zäh "x"', 'aa', NULL)`,
      ),
      // Computed by release 0.1.0.
      env.DB.prepare(
        `INSERT INTO audit_seals (number, first_id, last_id, sealed_at, digest) VALUES
         (1, 1, 1000, 5000, 'c5d5fcc32720c6266f42623182fa7d7e8c066024fb5a9fb6997a3321bd1d0a49'),
         (2, 1001, 1004, 5000, '858e0b7bab5c906d7e4f9b8a2fe08ec0aa6537927c32351d092c5d15cbac5720')`,
      ),
    ]);
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 1004, seals_checked: 2 });
    await insertEntries(14_000);
    expect([await registry.seal(), await registry.seal(), await registry.seal()]).toEqual([5000, 5000, 4000]);
    // The fourth seal ends after the entries that the first page reads, so it is left to the second page.
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 6004, seals_checked: 3, next: "after-3" });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 15_004, seals_checked: 5, pages: 2 });
  });

  it("makes one chain without a gap when runs and writes are concurrent", async () => {
    await insertEntries(2500);
    const [first, second, , third, , fourth] = await Promise.all([
      registry.seal(),
      registry.seal(),
      insertEntries(300),
      registry.seal(),
      registry.register("code", "https://files.example.org/a.tar"),
      registry.seal(),
    ]);
    expect(first + second + third + fourth + (await registry.seal())).toBe(2801);
    const all = await seals();
    expect(all.map(({ number }) => number)).toEqual(all.map((_, index) => index + 1));
    expect(await verify()).toMatchObject({ status: "intact", sealed_through: 2801, rows_checked: 2801 });
  });

  it("makes one seal when two runs have read the same entries", async () => {
    await insertEntries(10);
    // The second run seals, with one more entry, just before the first one inserts its seal.
    const insertAfterOther = (sql: string) => ({
      bind: (...values: unknown[]) => ({
        first: async () => {
          await insertEntries(1);
          expect(await registry.seal()).toBe(11);
          return env.DB.prepare(sql)
            .bind(...values)
            .first();
        },
      }),
    });
    const DB = {
      prepare: (sql: string) =>
        sql.startsWith("INSERT INTO audit_seals") ? insertAfterOther(sql) : env.DB.prepare(sql),
    } as unknown as D1Database;
    expect(await createRegistry({ DB }).seal()).toBe(0);
    expect(await seals()).toMatchObject([{ number: 1, last_id: 11 }]);
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 11 });
  });

  it.each(EVERY_WAY)(
    "that fails at any call ($when it takes effect, $extent) is completed by the next run",
    async (how) => {
      let runs = 0;
      for (let call = 0, hasFailed = true; hasFailed; call += 1) {
        await insertEntries(100);
        const faulty = withFaults(env, { call, ...how });
        const { seal } = createRegistry(faulty.env);
        await (async () => [await seal(), await insertEntries(100), await seal()])().catch((error: unknown) =>
          expect(String(error)).toContain("injected"),
        );
        hasFailed = faulty.calls() > call;
        runs += 1;
        expect(await verify()).toMatchObject({ status: "intact" });
        await registry.seal();
        const [{ entries } = { entries: 0 }] = await rows<{ entries: number }>("SELECT count(*) AS entries FROM audit");
        expect(await verify()).toMatchObject({ status: "intact", sealed_through: entries, rows_checked: entries });
      }
      expect(runs).toBe(7); // two seals of three calls each, and one round without a fault
    },
  );

  it("logs the digest of each seal, to be kept elsewhere, and shows the newest in /health", async () => {
    await insertEntries(5);
    const logged = await runCron();
    const [seal] = await seals();
    expect(logged).toContainEqual({
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

  it("runs even if the sweep fails", async () => {
    await insertEntries(5);
    const DB = {
      prepare: (sql: string) => {
        if (sql.includes("FROM deletions")) throw new Error("injected");
        return env.DB.prepare(sql);
      },
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database;
    await expect(runCron({ ...env, DB })).rejects.toThrow("injected");
    expect(await seals()).toHaveLength(1);
  });
});

describe("GET /audit/verify", () => {
  it.each<[what: string, sql: string[], problem: object]>([
    ["a changed actor", ["UPDATE audit SET actor = 'nobody' WHERE id = 15"], { kind: "entries_changed", seal: 2 }],
    ["a changed time", ["UPDATE audit SET at = at + 1 WHERE id = 1"], { kind: "entries_changed", seal: 1 }],
    ["a changed role", ["UPDATE audit SET is_admin = 1 WHERE id = 30"], { kind: "entries_changed", seal: 3 }],
    ["an added digest", ["UPDATE audit SET after = 'x' WHERE id = 12"], { kind: "entries_changed", seal: 2 }],
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
      "two swapped entries",
      [
        "UPDATE audit SET id = 1000 WHERE id = 14",
        "UPDATE audit SET id = 14 WHERE id = 15",
        "UPDATE audit SET id = 15 WHERE id = 1000",
      ],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "an entry inserted before the first",
      [
        "INSERT INTO audit (id, at, actor, request_id, action, artifact_id, type, name) VALUES (0, 1, 'a', 'r', 'RATE', 1, 'code', 'n')",
      ],
      { kind: "entry_inserted", seal: 1, entry: 0 },
    ],
    [
      "an entry that was removed and inserted again",
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
      "a seal with a changed time",
      ["UPDATE audit_seals SET sealed_at = 1 WHERE number = 3"],
      { kind: "entries_changed", seal: 3 },
    ],
    ["a removed seal", ["DELETE FROM audit_seals WHERE number = 2"], { kind: "seal_missing", seal: 2 }],
    ["a removed first seal", ["DELETE FROM audit_seals WHERE number = 1"], { kind: "seal_missing", seal: 1 }],
    [
      "a seal that starts later",
      ["UPDATE audit_seals SET first_id = 12 WHERE number = 2"],
      { kind: "seal_misplaced", seal: 2 },
    ],
    [
      "a seal that ends later",
      ["UPDATE audit_seals SET last_id = 21 WHERE number = 2"],
      { kind: "entries_changed", seal: 2 },
    ],
    [
      "a seal that ends before it starts",
      ["UPDATE audit_seals SET last_id = 5 WHERE number = 3"],
      { kind: "entry_missing", seal: 3 },
    ],
    [
      "a seal that ends after the last entry",
      ["UPDATE audit_seals SET last_id = 1000000 WHERE number = 3"],
      { kind: "entry_missing", seal: 3 },
    ],
    [
      "an entry that was removed from the end before it was sealed",
      [
        "INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name) VALUES (1, 'a', 'r', 'RATE', 1, 'code', 'n')",
        "DELETE FROM audit WHERE id = 31",
      ],
      { kind: "entry_missing", entry: 31 },
    ],
  ])("detects %s", async (_, sql, problem) => {
    await threeSeals();
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 30 });
    await tamper(...sql);
    const broken = await verify();
    expect(broken).toMatchObject({ status: "broken", first_problem: problem });
    expect(broken).not.toHaveProperty("next");
    // Later seals do not hide it.
    await insertEntries(5);
    await registry.seal();
    expect(await verify()).toMatchObject({ status: "broken", first_problem: problem });
  });

  it("detects an entry that was removed before it was sealed; the seal logs the gap", async () => {
    await insertEntries(10);
    await tamper("DELETE FROM audit WHERE id = 4");
    expect(await verify()).toMatchObject({ status: "broken", first_problem: { kind: "entry_missing", entry: 4 } });
    const gap = { event: "audit_gap", request_id: expect.any(String), seal: 1, missing: 4 };
    expect(await runCron()).toContainEqual(gap);
    expect(await verify()).toMatchObject({
      status: "broken",
      first_problem: { kind: "entry_missing", seal: 1, entry: 4 },
    });
    await insertEntries(10);
    expect(await runCron()).not.toContainEqual(expect.objectContaining({ event: "audit_gap" }));
  });

  it("detects an entry that was inserted before the first one was sealed", async () => {
    await insertEntries(10);
    await tamper("UPDATE audit SET id = -1 WHERE id = 10", "UPDATE sqlite_sequence SET seq = 9 WHERE name = 'audit'");
    expect(await verify()).toMatchObject({ status: "broken", first_problem: { kind: "entry_inserted", entry: -1 } });
    await registry.seal();
    expect(await verify()).toMatchObject({
      status: "broken",
      first_problem: { kind: "entry_inserted", seal: 1, entry: -1 },
    });
  });

  it("detects by an anchor that all seals were computed again", async () => {
    await threeSeals();
    const [, kept] = await seals();
    const anchor = `?anchor=${kept?.number}-${kept?.digest}`;
    expect(await verify(anchor)).toMatchObject({ status: "intact", seals_checked: 3 });
    expect(await verify(`${anchor}&offset=after-2`)).toMatchObject({ status: "intact", seals_checked: 1 });
    expect(await verify(`?anchor=3-${kept?.digest}`)).toMatchObject({
      status: "broken",
      first_problem: { kind: "anchor_differs", seal: 3 },
    });
    await tamper("UPDATE audit SET actor = 'nobody' WHERE id = 5", "DELETE FROM audit_seals");
    await registry.seal();
    // Without an anchor nothing shows.
    expect(await verify()).toMatchObject({ status: "intact", rows_checked: 30 });
    const differs = { status: "broken", first_problem: { kind: "anchor_differs", seal: 2 } };
    expect(await verify(anchor)).toMatchObject(differs);
    await registry.register("code", "https://files.example.org/a.tar");
    await registry.seal();
    expect(await verify(anchor)).toMatchObject(differs);
  });

  it("checks a long audit in bounded pages and detects a change on a later page", async () => {
    await insertEntries(25_300);
    for (let seal = 0; seal < 6; seal += 1) await registry.seal();
    await insertEntries(40);
    expect(await verify()).toEqual({
      status: "intact",
      sealed_through: 25_300,
      rows_checked: 10_000,
      seals_checked: 2,
      head: { seal: 6, digest: expect.any(String) },
      next: "after-2",
    });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 25_300, seals_checked: 6, pages: 3 });
    await tamper("UPDATE audit SET name = 'x' WHERE id = 24123");
    expect(await verify()).toMatchObject({ status: "intact", next: "after-2" });
    expect(await verifyAll()).toMatchObject({ status: "broken", first_problem: { kind: "entries_changed", seal: 5 } });
  });

  it("detects a seal that ends after the entries of its page", async () => {
    await insertEntries(12_000);
    await registry.seal();
    await tamper("UPDATE audit_seals SET last_id = 20000 WHERE number = 1");
    const problem = { kind: "entry_missing", seal: 1, entry: 10_001 };
    expect(await verify()).toMatchObject({ status: "broken", first_problem: problem });
  });

  it("checks many small seals in pages", async () => {
    await insertChain(520, 1);
    expect(await verify()).toMatchObject({ status: "intact", seals_checked: 500, next: "after-500" });
    expect(await verifyAll()).toMatchObject({ status: "intact", rows_checked: 520, pages: 2 });
  });

  it("checks unsealed entries for gaps as far as one page reads", async () => {
    await insertEntries(10);
    await registry.seal();
    await insertEntries(10_500);
    expect(await verify()).toMatchObject({ status: "intact", sealed_through: 10, rows_checked: 10 });
    await tamper("DELETE FROM audit WHERE id = 9000");
    expect(await verify()).toMatchObject({ status: "broken", first_problem: { kind: "entry_missing", entry: 9000 } });
  });

  it("reports a seal that does not exist as the start of a page", async () => {
    await threeSeals();
    expect(await verify("?offset=after-3")).toMatchObject({ status: "intact", rows_checked: 0, seals_checked: 0 });
    expect(await verify("?offset=after-4")).toMatchObject({
      status: "broken",
      rows_checked: 0,
      seals_checked: 0,
      first_problem: { kind: "seal_missing", seal: 4 },
    });
  });

  it.each(["?offset=5", "?offset=x", "?anchor=1", "?anchor=1-zz", `?anchor=0-${"a".repeat(64)}`])(
    "refuses %s",
    async (query) => {
      expect((await registry.call("GET", `/audit/verify${query}`)).status).toBe(400);
    },
  );
});
