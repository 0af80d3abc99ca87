/** The entries of the audit and who may read them: GET /artifact/{type}/{id}/audit and GET /audit. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readArtifactAudit, readAudit } from "../../src/artifacts/audit/entries.ts";
import { register } from "../../src/artifacts/register.ts";
import { remove } from "../../src/artifacts/remove.ts";
import { type Actor, SCOPES } from "../../src/auth/scopes.ts";
import { type Context, createContext } from "../../src/context.ts";
import { DOWNLOAD_PARTS_LOOKED_BACK } from "../../src/store/audit.ts";
import { withFaults } from "../faults.ts";
import { type Answer, brokenInvariants, createRegistry, rows } from "../harness.ts";
import { artifactIn, linkIn, NO_ARTIFACT, seen, source } from "./answers.ts";

const registry = createRegistry();
const ANN: Actor = { kind: "user", name: "ann", isAdmin: true, scopes: ["admin"] };
const BOB: Actor = { kind: "user", name: "bob", isAdmin: false, scopes: SCOPES.filter((scope) => scope !== "admin") };

/** Runs a verb as an actor, and waits for its deferred work. */
async function as<T>(actor: Actor, verb: (ctx: Context) => Promise<T>): Promise<T> {
  const execution = createExecutionContext();
  const ctx = createContext(env, { actor, requestId: "r-1", waitUntil: (work) => execution.waitUntil(work) });
  try {
    return await verb(ctx);
  } finally {
    await waitOnExecutionContext(execution);
  }
}

const actions = async () =>
  (await rows<{ action: string }>("SELECT action FROM audit ORDER BY id")).map((row) => row.action);
const downloads = async () => (await actions()).filter((action) => action === "DOWNLOAD").length;
const entriesIn = (answer: Answer) => answer.json as { id: number; action: string }[];
const idsIn = (answer: Answer) => entriesIn(answer).map(({ id }) => id);

/** Inserts many entries, one a minute from 2026-01-01 on. */
const START = Date.UTC(2026, 0, 1);
async function insertEntries(count: number): Promise<void> {
  await env.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
     INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
     SELECT ?2 + (i - 1) * 60000, iif(i % 1000 = 0, 'rare', 'common'), 'volume', 'RATE', 1 + i % 5, 'model', 'm' FROM n`,
  )
    .bind(count, START)
    .run();
}

describe("the audit of an artifact", () => {
  it("has every write, download, rating and audit read, in order, with its actor", async () => {
    const id = await registry.register("model", "google-bert/bert-base-uncased");
    const read = await registry.call("GET", `/artifacts/model/${id}`);
    await registry.call("GET", linkIn(read));
    await registry.call("GET", `/artifact/model/${id}/rate`);
    await registry.call("PUT", `/artifacts/model/${id}`, artifactIn(read));
    const artifact = { name: "bert-base-uncased", id, type: "model" };
    const entry = (name: string, action: string) => ({
      user: { name, is_admin: false },
      date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      artifact,
      action,
    });
    const expected = [
      entry("anonymous", "CREATE"),
      entry("signed link", "DOWNLOAD"),
      entry("anonymous", "RATE"),
      entry("anonymous", "UPDATE"),
    ];
    expect(seen(await registry.call("GET", `/artifact/model/${id}/audit`))).toEqual([200, expected]);
    expect(seen(await registry.call("GET", `/api/artifact/model/${id}/audit`))).toEqual([
      200,
      [...expected, entry("anonymous", "AUDIT")],
    ]);
  });

  it("stores the digests of the zip before and after, the request id, and whether the actor is an administrator", async () => {
    await as(ANN, (ctx) => register(ctx, { type: "code", url: source("x"), name: "x" }, "https://registry.test"));
    const [first] = await rows<{ sha256: string }>("SELECT sha256 FROM artifacts");
    const read = await registry.call("GET", "/artifacts/code/1");
    await registry.call("GET", linkIn(read), undefined, { "X-Request-Id": "r-download" });
    await registry.call("PUT", "/artifacts/code/1", { ...artifactIn(read), data: { url: source("y") } });
    const [second] = await rows<{ sha256: string }>("SELECT sha256 FROM artifacts");
    await as(BOB, (ctx) => remove(ctx, { type: "code", id: 1 }, { dependents: "ignore", dryRun: false }));
    expect(await rows("SELECT action, actor, is_admin, before, after FROM audit ORDER BY id")).toEqual([
      { action: "CREATE", actor: "ann", is_admin: 1, before: null, after: first?.sha256 },
      { action: "DOWNLOAD", actor: "signed link", is_admin: 0, before: first?.sha256, after: first?.sha256 },
      { action: "UPDATE", actor: "anonymous", is_admin: 0, before: first?.sha256, after: second?.sha256 },
      { action: "DELETE", actor: "bob", is_admin: 0, before: second?.sha256, after: null },
    ]);
    expect(await rows("SELECT request_id FROM audit WHERE action = 'DOWNLOAD'")).toEqual([
      { request_id: "r-download" },
    ]);
    expect(first?.sha256).not.toBe(second?.sha256);
  });

  it("is visible to administrators only once the artifact is deleted, with the entry of the deletion", async () => {
    await registry.register("code", source("x"), "x");
    const ref = { type: "code", id: 1 } as const;
    expect(await as(BOB, (ctx) => readArtifactAudit(ctx, ref, 0))).toMatchObject({ entries: [{ action: "CREATE" }] });
    await as(ANN, (ctx) => remove(ctx, ref, { dependents: "ignore", dryRun: false }));
    await expect(as(BOB, (ctx) => readArtifactAudit(ctx, ref, 0))).rejects.toMatchObject({
      code: "artifact_not_found",
    });
    const { entries } = await as(ANN, (ctx) => readArtifactAudit(ctx, ref, 0));
    expect(entries.map(({ action, user }) => [action, user])).toEqual([
      ["CREATE", { name: "anonymous", is_admin: false }],
      ["AUDIT", { name: "bob", is_admin: false }],
      ["DELETE", { name: "ann", is_admin: true }],
    ]);
    expect(entries.map(({ artifact }) => artifact)).toEqual(Array(3).fill({ name: "x", id: "1", type: "code" }));
  });

  it("requires audit:read, and the whole audit requires admin", async () => {
    await registry.register("code", source("x"));
    const reader: Actor = { kind: "user", name: "eve", isAdmin: false, scopes: ["artifact:read", "artifact:write"] };
    const refused = { code: "not_permitted", message: "You do not have permission to read the audit." };
    await expect(as(reader, (ctx) => readArtifactAudit(ctx, { type: "code", id: 1 }, 0))).rejects.toMatchObject(
      refused,
    );
    await expect(as(BOB, (ctx) => readAudit(ctx, {}, 0))).rejects.toMatchObject({ code: "not_permitted" });
    expect(await actions()).toEqual(["CREATE"]);
  });

  it("is 404 for an id that does not exist, for another type, and for a registration that is pending or failed", async () => {
    await registry.register("code", source("x"));
    await registry.call("POST", "/artifact/model", { url: "hostile/broken" }, { Prefer: "respond-async" });
    for (const path of ["model/1", "dataset/1", "model/2", "code/3", "code/abc", "code/0"]) {
      expect(seen(await registry.call("GET", `/artifact/${path}/audit`)), path).toEqual(NO_ARTIFACT);
    }
    expect((await registry.call("GET", "/artifact/thing/1/audit")).status).toBe(400);
    expect(await actions()).toEqual(["CREATE"]);
  });

  it("is paged", async () => {
    await insertEntries(11_000);
    const first = await registry.call("GET", "/artifact/model/1/audit");
    expect(entriesIn(first)).toHaveLength(1000);
    const second = await registry.call("GET", `/artifact/model/1/audit?offset=${first.headers.get("offset")}`);
    expect(entriesIn(second)).toHaveLength(1000);
    const third = await registry.call("GET", `/artifact/model/1/audit?offset=${second.headers.get("offset")}`);
    // 2200 inserted entries, and the two audit reads before this one
    expect([entriesIn(third).length, third.headers.get("offset")]).toEqual([202, null]);
  });
});

describe("a download", () => {
  async function link(): Promise<string> {
    await registry.register("code", source("x"));
    return linkIn(await registry.call("GET", "/artifacts/code/1"));
  }

  it("is audited for every response with content, and not for HEAD, 304, 403 or 416", async () => {
    const path = await link();
    const etag = (await registry.call("HEAD", path)).headers.get("ETag") ?? "";
    expect((await registry.call("GET", path, undefined, { "If-None-Match": etag })).status).toBe(304);
    expect((await registry.call("GET", path, undefined, { Range: "bytes=999999-" })).status).toBe(416);
    expect((await registry.call("GET", `${path}x`)).status).toBe(403);
    expect(await downloads()).toBe(0);
    for (const count of [1, 2, 3]) {
      expect((await registry.call("GET", path)).status).toBe(200);
      expect(await downloads()).toBe(count);
    }
  });

  it("in a hundred parts is one entry, whether the parts are sequential or concurrent", async () => {
    const path = await link();
    const part = (from: number) => registry.call("GET", path, undefined, { Range: `bytes=${from}-${from + 1}` });
    for (let from = 40; from >= 0; from -= 2) expect((await part(from)).status).toBe(206);
    await Promise.all(Array.from({ length: 80 }, (_, index) => part(index)));
    expect(await downloads()).toBe(1);
  });

  it("of a range that covers the whole zip is audited every time", async () => {
    const path = await link();
    for (const [count, range] of ["bytes=0-", "bytes=0-", "bytes=-99999999", "bytes=0-99999999"].entries()) {
      expect((await registry.call("GET", path, undefined, { Range: range })).status).toBe(206);
      expect(await downloads()).toBe(count + 1);
    }
  });

  it("in parts is a new entry after an hour, for another version, or after a thousand other entries", async () => {
    const path = await link();
    const part = () => registry.call("GET", path, undefined, { Range: "bytes=1-5" });
    await part();
    await registry.call("PUT", "/artifacts/code/1", {
      metadata: { name: "x.tar", id: "1", type: "code" },
      data: { url: source("other") },
    });
    await part();
    expect(await downloads()).toBe(2);
    await insertEntries(1000);
    await part();
    await part();
    expect(await downloads()).toBe(3);
    await env.DB.prepare("DROP TRIGGER audit_is_never_changed").run();
    await env.DB.prepare("UPDATE audit SET at = at - 3600000").run();
    await part();
    expect(await downloads()).toBe(4);
  });

  it("of a part reads a bounded number of entries of a long audit", async () => {
    await insertEntries(20_000);
    const path = await link();
    let read = 0;
    const DB = {
      withSession: (constraint: string) => {
        const session = env.DB.withSession(constraint);
        const watched = (statement: D1PreparedStatement): D1PreparedStatement =>
          ({
            bind: (...values: unknown[]) => watched(statement.bind(...values)),
            first: () => statement.first(),
            run: async () => {
              const result = await statement.run();
              read += result.meta.rows_read;
              return result;
            },
          }) as unknown as D1PreparedStatement;
        return { prepare: (sql: string) => watched(session.prepare(sql)), getBookmark: () => null };
      },
    } as unknown as D1Database;
    const watching = createRegistry({ DB });
    for (let part = 0; part < 3; part += 1) await watching.call("GET", path, undefined, { Range: "bytes=1-5" });
    expect(await downloads()).toBe(1);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(3 * DOWNLOAD_PARTS_LOOKED_BACK);
  });

  it.each(["before", "after"] as const)(
    "and a rating and audit reads are served if the insert of their entry fails (%s it takes effect)",
    async (when) => {
      await registry.register("model", "google-bert/bert-base-uncased");
      const path = linkIn(await registry.call("GET", "/artifacts/model/1"));
      const broken = () => createRegistry(withFaults(env, { call: 0, when, extent: "forever", only: /^db\.run/ }).env);
      expect((await broken().call("GET", path)).status).toBe(200);
      expect((await broken().call("GET", "/artifact/model/1/rate")).status).toBe(200);
      expect((await broken().call("GET", "/artifact/model/1/audit")).status).toBe(200);
      expect((await broken().call("GET", "/audit")).status).toBe(200);
      expect(await actions()).toEqual(
        when === "before" ? ["CREATE"] : ["CREATE", "DOWNLOAD", "RATE", "AUDIT", "AUDIT"],
      );
      expect(await brokenInvariants()).toEqual([]);
    },
  );
});

describe("the whole audit", () => {
  it("has the id, the request id and the digests of each entry, and an entry of its own read", async () => {
    await registry.call("POST", "/artifact/code", { url: source("x"), name: "x" }, { "X-Request-Id": "r-create" });
    const created = {
      id: 1,
      user: { name: "anonymous", is_admin: false },
      date: expect.any(String),
      artifact: { name: "x", id: "1", type: "code" },
      action: "CREATE",
      request_id: "r-create",
      after: expect.stringMatching(/^[0-9a-f]{64}$/),
    };
    expect(seen(await registry.call("GET", "/audit"))).toEqual([200, [created]]);
    const { artifact: _, after: __, ...rest } = created;
    expect(seen(await registry.call("GET", "/audit"))).toEqual([
      200,
      [created, { ...rest, id: 2, action: "AUDIT", request_id: expect.any(String) }],
    ]);
  });

  it("is paged by a thousand entries, oldest first, each entry once", async () => {
    await insertEntries(2500);
    const found: number[] = [];
    let offset: string | null = "after-0";
    let pages = 0;
    for (; offset !== null; pages += 1) {
      const page = await registry.call("GET", `/audit?action=RATE&offset=${offset}`);
      found.push(...idsIn(page));
      offset = page.headers.get("offset");
    }
    expect(pages).toBe(3);
    expect(found).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
  });

  it.each<[query: string, ids: number[]]>([
    ["actor=rare", [1000, 2000]],
    ["actor=rare&artifact_id=1", [1000, 2000]],
    ["actor=rare&artifact_id=2", []],
    ["actor=rare&artifact_type=code", []],
    ["actor=rare&action=RATE&artifact_type=model&since=2026-01-02", [2000]],
    ["actor=rare&action=CREATE", []],
    ["artifact_id=abc", []],
    ["since=2026-01-02T17:38:00Z&until=2026-01-02T17:39:00Z", [2499, 2500]],
    ["until=2026-01-01T00:01:30Z", [1, 2]],
    ["since=2026-01-01T01:00:00%2B01:00&until=2026-01-01T00:00:00Z", [1]],
    ["since=2027-01-01&actor=rare", []],
    ["until=2025-12-31", []],
    ["offset=after-2498&actor=common", [2499, 2500]],
  ])("filters by %s", async (query, ids) => {
    await insertEntries(2500);
    expect(idsIn(await registry.call("GET", `/audit?${query}`))).toEqual(ids);
  });

  it("filters by time although times do not ascend with the ids, as deferred entries are inserted late", async () => {
    await insertEntries(1000);
    await env.DB.prepare(
      `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
       VALUES (?1, 'late', 'r', 'RATE', 1, 'model', 'm'), (?2, 'next', 'r', 'RATE', 1, 'model', 'm')`,
    )
      .bind(START + 995 * 60_000, START + 1001 * 60_000)
      .run();
    const late = new Date(START + 995 * 60_000).toISOString();
    expect(idsIn(await registry.call("GET", `/audit?since=${late}&until=${late}`))).toEqual([996, 1001]);
  });

  it("scans a bounded number of entries and returns a cursor; a filter by time does not scan older entries", async () => {
    await insertEntries(10_500);
    const first = await registry.call("GET", "/audit?actor=nobody");
    expect([first.json, first.headers.get("offset")]).toEqual([[], "after-10000"]);
    const second = await registry.call("GET", "/audit?actor=nobody&offset=after-10000");
    expect([second.json, second.headers.get("offset")]).toEqual([[], null]);
    const late = new Date(START + 10_400 * 60_000).toISOString();
    const found = await registry.call("GET", `/audit?since=${late}&action=RATE`);
    expect([idsIn(found)[0], idsIn(found).at(-1), found.headers.get("offset")]).toEqual([10_401, 10_500, null]);
  });

  it.each([
    "action=READ",
    "artifact_type=thing",
    "artifact_id=a_b",
    "since=yesterday",
    "since=2026-13-01",
    "until=1",
    "offset=1000",
    "offset=after--1",
  ])("refuses %s", async (query) => {
    const answer = await registry.call("GET", `/audit?${query}`);
    expect([answer.status, Object.keys(answer.json as object)]).toEqual([400, ["detail"]]);
  });
});
