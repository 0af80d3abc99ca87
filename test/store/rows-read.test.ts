/**
 * What D1 reads for a request, as D1 itself counts it: users pay for it, and it must not depend on how many artifacts there
 * are. A query that has lost its index reads hundreds of rows here.
 */

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { selectKeysBetween } from "../../src/store/reconciliation.ts";
import { createRegistry, rows } from "../harness.ts";

/** Row, rating, card, edge, search text, index of the zip, registration, receipt and audit, each looked up or written once or twice. */
const DELETE_ROWS_MAX = 36;
const MANY = 3000;
const FEW = 30;

/** A registry whose reads are counted: every statement's `rows_read`, deferred ones too. */
function metered() {
  let read = 0;
  const natives = new WeakMap<object, D1PreparedStatement>();
  const count = <Result extends D1Result>(result: Result): Result => {
    read += result.meta.rows_read;
    return result;
  };
  function statement(native: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => statement(native.bind(...values)),
      all: async () => count(await native.all()),
      run: async () => count(await native.run()),
      first: async () => count(await native.all()).results[0] ?? null,
    } as unknown as D1PreparedStatement;
    natives.set(wrapped, native);
    return wrapped;
  }
  const over = (native: Pick<D1Database, "prepare" | "batch">) => ({
    prepare: (sql: string) => statement(native.prepare(sql)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await native.batch(statements.map((wrapped) => natives.get(wrapped) ?? wrapped))).map(count),
  });
  const DB = {
    ...over(env.DB),
    withSession: (constraint?: string) => {
      const session = env.DB.withSession(constraint);
      return { ...over(session), getBookmark: () => session.getBookmark() };
    },
  } as unknown as D1Database;
  const registry = createRegistry({ DB });
  return async (method: string, path: string, body?: unknown) => {
    read = 0;
    const answer = await registry.call(method, path, body);
    return { status: answer.status, json: answer.json, read };
  };
}

/** Artifacts with the ids 1 to `count`, models and datasets in turn, each with a card and a parent; objects they have none. */
async function seed(count: number): Promise<void> {
  const all = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)";
  const card = "'card number ' || i || iif(i = 7, ' of the quokka', ' of the owl')";
  await env.DB.batch(
    [
      `INSERT INTO artifacts (id, type, name, url, source, source_key, object_key, size, sha256, version, created_at, updated_at)
       ${all} SELECT i, iif(i % 2, 'model', 'dataset'), 'Name-' || i, 'https://example.org/' || i, 'Acme/Item-' || i,
                     'acme/item-' || i, 'artifacts/x/' || i || '.zip', 1, '', i, 0, 0 FROM n`,
      `INSERT INTO cards (artifact_id, text) ${all} SELECT i, ${card} FROM n`,
      `INSERT INTO search (rowid, body) ${all} SELECT i, 'Name-' || i || char(10) || ${card} FROM n`,
      `INSERT INTO edges (child_id, parent_type, parent_key, parent_source, relation, read_from)
       ${all} SELECT i, 'model', 'acme/base-' || i % 10, 'Acme/Base', 'base_model', 'model_card' FROM n`,
      `INSERT INTO deletions (object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by,
                              finished_at, next_attempt_at)
       ${all} SELECT 'artifacts/code/' || (?1 + i) || '.zip', ?1 + i, 'code', 'gone', 1, '', 'deleted', 0, 'test', 0, 0 FROM n`,
      `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name)
       ${all} SELECT 0, 'test', 'r', 'CREATE', i, iif(i % 2, 'model', 'dataset'), 'Name-' || i FROM n`,
      `INSERT INTO ratings (artifact_id, algorithm, rating, explanation) ${all} SELECT i, '', '{}', '{}' FROM n WHERE i % 2`,
    ].map((sql) => env.DB.prepare(sql).bind(count)),
  );
}

const page = Array.from({ length: 1000 }, (_, index) => String(index + 1));
const idsIn = (json: unknown) => (json as { id: string }[]).map(({ id }) => id);

describe.each([FEW, MANY])("among %i artifacts", (count) => {
  beforeEach(() => seed(count));

  it("GET reads the one row, whether it is there or not", async () => {
    const call = metered();
    expect(await call("GET", "/artifacts/model/9")).toMatchObject({ status: 200, read: 1 });
    const absent = await call("GET", "/artifacts/model/999999");
    expect(absent.status).toBe(404);
    expect(absent.read).toBeLessThanOrEqual(1);
  });

  it.each(["Name-9", "Acme/Item-9", "acme/item-9", "nobody"])("byName of %s reads what it finds", async (name) => {
    const { status, read } = await metered()("GET", `/artifact/byName/${name}`);
    expect(status).toBe(200);
    expect(read).toBeLessThanOrEqual(4);
  });

  it("DELETE reads the artifact and what belongs to it, receipt included", async () => {
    const call = metered();
    for (const [type, id] of [
      ["model", 9],
      ["dataset", 10],
    ] as const) {
      const { status, read } = await call("DELETE", `/artifacts/${type}/${id}`);
      expect(status).toBe(200);
      expect(read).toBeLessThanOrEqual(DELETE_ROWS_MAX);
    }
    const absent = await call("DELETE", "/artifacts/model/999999");
    expect(absent.status).toBe(404);
    // Two inserts that find nothing (the audit's looks into its sequence), a delete that does, nothing in the registry.
    expect(absent.read).toBeLessThanOrEqual(7);
    expect(await rows("SELECT artifact_id FROM deletions WHERE finished_at IS NULL")).toEqual([]);
  });

  it("a bulk delete reads the artifacts that it names, and what belongs to them", async () => {
    const call = metered();
    const ids = Array.from({ length: 20 }, (_, index) => ({
      type: index % 2 ? "dataset" : "model",
      id: String(index + 1),
    }));
    const { status, json, read } = await call("POST", "/artifacts/delete", { ids });
    expect([status, (json as { status: string }[]).every((one) => one.status === "deleted")]).toEqual([200, true]);
    expect(read).toBeLessThanOrEqual(20 * 40);
  });

  it.each([
    ["everything", []],
    ["one type", [{ name: "*", types: ["model"] }]],
    ["two types", [{ name: "*", types: ["model", "code"] }]],
  ])("a page of %s reads the page, first or deep", async (_, queries) => {
    const call = metered();
    for (const offset of ["after-0", `after-${count - 20}`]) {
      const { status, json, read } = await call("POST", `/artifacts?offset=${offset}`, queries);
      expect(status).toBe(200);
      expect(read).toBeLessThanOrEqual(4 * idsIn(json).length + 30);
    }
    const first = idsIn((await call("POST", "/artifacts", [])).json);
    expect(first).toEqual(page.slice(0, Math.min(count, 1000)));
  });

  it("a list of some names reads what it finds", async () => {
    const queries = ["Name-3", "Name-9", "nobody"].map((name) => ({ name }));
    const call = metered();
    expect((await call("POST", "/artifacts", queries.slice(0, 1))).read).toBeLessThanOrEqual(2);
    const several = await call("POST", "/artifacts", queries);
    expect(idsIn(several.json)).toEqual(["3", "9"]);
    expect(several.read).toBeLessThanOrEqual(40);
    const again = Array.from({ length: 500 }, () => queries).flat();
    expect(await call("POST", "/artifacts", again)).toEqual(several);
    const one = again.flatMap(() => [{ name: "Name-9" }]);
    expect((await call("POST", "/artifacts", one)).read).toBeLessThanOrEqual(2);
  });

  it("lineage, and what depends on an artifact, read the edges of that artifact", async () => {
    const call = metered();
    const lineage = await call("GET", "/artifact/model/9/lineage");
    expect(lineage.status).toBe(200);
    expect(lineage.read).toBeLessThanOrEqual(30);
    const dry = await call("DELETE", "/artifacts/model/9?dry_run=true");
    expect(dry.status).toBe(200);
    expect(dry.read).toBeLessThanOrEqual(10);
  });

  it("the history of an artifact reads the entries of that artifact", async () => {
    const { status, read } = await metered()("GET", "/artifact/model/9/audit");
    expect(status).toBe(200);
    expect(read).toBeLessThanOrEqual(12);
  });

  it("health reads the open deletions, however many are finished", async () => {
    const { status, read } = await metered()("GET", "/health");
    expect(status).toBe(200);
    expect(read).toBeLessThanOrEqual(10);
  });

  it("a search for a rare word reads what it finds, and one for an absent word next to nothing", async () => {
    const call = metered();
    const found = await call("POST", "/artifact/byRegEx", { regex: "quokka$" });
    expect(idsIn(found.json)).toEqual(["7"]);
    expect(found.read).toBeLessThanOrEqual(5);
    const absent = await call("POST", "/artifact/byRegEx", { regex: "wombat" });
    expect(absent.status).toBe(404);
    expect(absent.read).toBeLessThanOrEqual(5);
  });

  it("a search with nothing for the index reads a bounded number of rows", async () => {
    const { status, read } = await metered()("POST", "/artifact/byRegEx", { regex: "^x.y" });
    expect(status).toBe(count === FEW ? 404 : 200);
    expect(read).toBeLessThanOrEqual(5 * 1000);
  });

  it("a stretch of the comparison reads the keys of that stretch", async () => {
    const stretch = selectKeysBetween(env.DB, "artifacts/x/20.zip", "artifacts/x/24.zip", 1000);
    const { results, meta } = await stretch.all();
    expect(results.length).toBeLessThanOrEqual(445);
    expect(meta.rows_read).toBeLessThanOrEqual(results.length + 1);
  });
});
