/** DELETE of one artifact, in all its cases, and the receipt. What happens under faults: artifacts/crash.test.ts. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { artifactIn, linkIn, NO_ARTIFACT, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const NEVER_DELETED = refusal(404, "No artifact with this id was deleted.");
const deleted = (id: string) => [200, { status: "deleted", id }];
const bucketDown = () =>
  createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ }).env);

describe("DELETE /artifacts/{artifact_type}/{id}", () => {
  it.each([
    ["model", "borealis-lab/duo-merge"],
    ["dataset", "https://huggingface.co/datasets/acme-labs/open-atlas"],
    ["code", "https://github.com/acme-labs/aster"],
  ] as const)("of a %s: row, zip, every derived row and every link are gone in that request", async (type, url) => {
    const id = await registry.register(type, url, "doomed");
    await registry.register("code", source("other"));
    const link = linkIn(await registry.call("GET", `/artifacts/${type}/${id}`));
    expect(seen(await registry.call("DELETE", `/artifacts/${type}/${id}`))).toEqual(deleted(id));

    expect(seen(await registry.call("GET", `/artifacts/${type}/${id}`))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", link))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", "/artifact/byName/doomed"))).toEqual([200, []]);
    expect((await registry.call("POST", "/artifacts", [])).json).toHaveLength(1);
    expect(await objectKeys()).toEqual(["artifacts/code/2.zip"]);
    for (const sql of [
      "SELECT artifact_id FROM cards",
      "SELECT child_id FROM edges",
      "SELECT artifact_id FROM ratings",
    ]) {
      expect((await rows(sql)).filter((row) => String(Object.values(row)[0]) === id)).toEqual([]);
    }
    expect(seen(await registry.call("DELETE", `/artifacts/${type}/${id}`))).toEqual(NO_ARTIFACT);
    expect([await brokenInvariants(), await unfinishedWork()]).toEqual([[], []]);
  });

  it("deletes the zip that an update wrote", async () => {
    await registry.register("code", source("a"), "it");
    const body = { metadata: { name: "it", id: "1", type: "code" }, data: { url: source("b") } };
    expect((await registry.call("PUT", "/artifacts/code/1", body)).status).toBe(200);
    expect(seen(await registry.call("DELETE", "/artifacts/code/1"))).toEqual(deleted("1"));
    expect(await objectKeys()).toEqual([]);
  });

  it("frees source and name for a registration, which gets an id that was never used", async () => {
    const first = await registry.register("code", source("a"), "n");
    await registry.call("DELETE", `/artifacts/code/${first}`);
    const second = await registry.register("code", source("a"), "n");
    await registry.call("DELETE", "/reset");
    const third = await registry.register("code", source("a"), "n");
    expect([first, second, third]).toEqual(["1", "2", "3"]);
    expect(seen(await registry.call("GET", "/artifacts/code/1"))).toEqual(NO_ARTIFACT);
    expect(await objectKeys()).toEqual(["artifacts/code/3.zip"]);
  });

  it("does not let an old link read what was registered again", async () => {
    const first = await registry.call("POST", "/artifact/code", { url: source("a") });
    await registry.call("DELETE", "/artifacts/code/1");
    await registry.register("code", source("a"));
    expect(seen(await registry.call("GET", linkIn(first)))).toEqual(NO_ARTIFACT);
  });

  it("that could not reach the bucket says so, is finished by its repetition, and is invisible in between", async () => {
    await registry.register("code", source("a"), "n");
    const unfinished = refusal(500, "Artifact deletion did not finish: repeat the request, or leave it to the sweep.");
    expect(seen(await bucketDown().call("DELETE", "/artifacts/code/1"))).toEqual(unfinished);
    expect(seen(await bucketDown().call("DELETE", "/artifacts/code/1"))).toEqual(unfinished);
    for (const type of ["model", "dataset"]) {
      expect(seen(await registry.call("DELETE", `/artifacts/${type}/1`))).toEqual(NO_ARTIFACT);
    }
    expect(seen(await registry.call("GET", "/artifacts/code/1"))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("DELETE", "/artifacts/code/1?dry_run=true"))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("DELETE", "/artifacts/code/1?dependents=refuse"))).toEqual(deleted("1"));
    expect(await objectKeys()).toEqual([]);
  });

  it.each([
    ["?dry_run=yes", 'query.dry_run: Invalid option: expected one of "true"|"false"'],
    ["?dry_run=", 'query.dry_run: Invalid option: expected one of "true"|"false"'],
    ["?dry_run=TRUE", 'query.dry_run: Invalid option: expected one of "true"|"false"'],
    ["?dependents=", 'query.dependents: Invalid option: expected one of "ignore"|"refuse"'],
    ["?dependents=Refuse", 'query.dependents: Invalid option: expected one of "ignore"|"refuse"'],
  ])("with %s is not guessed at: 400, and nothing is deleted", async (query, detail) => {
    await registry.register("code", source("a"));
    const before = await world();
    expect(seen(await registry.call("DELETE", `/artifacts/code/1${query}`))).toEqual(
      refusal(400, `Invalid request: ${detail}`),
    );
    expect(await world()).toEqual(before);
  });

  it.each(["?dry_run=false", "?dependents=ignore", "?unknown=1", "?dry_run=false&dependents=refuse"])(
    "with %s deletes",
    async (query) => {
      await registry.register("code", source("a"));
      expect(seen(await registry.call("DELETE", `/artifacts/code/1${query}`))).toEqual(deleted("1"));
    },
  );
});

describe("dependents", () => {
  const chat = { name: "aster-chat", id: "2", type: "model" };
  const mini = { name: "aster-mini", id: "3", type: "model" };
  const family = async () => {
    await registry.register("model", "acme-labs/aster-base");
    await registry.register("model", "acme-labs/aster-chat");
    await registry.register("model", "acme-labs/aster-mini");
    await registry.register("model", "acme-labs/aster-chat-lora");
  };

  it("are named by a refusal, direct ones only, and nothing changes", async () => {
    await family();
    const before = await world();
    const refused = [409, { detail: "Artifact has dependents.", dependents: [chat, mini] }];
    expect(seen(await registry.call("DELETE", "/artifacts/model/1?dependents=refuse"))).toEqual(refused);
    expect(seen(await registry.call("DELETE", "/artifacts/model/1?dependents=refuse&dry_run=true"))).toEqual(refused);
    expect(await world()).toEqual(before);
  });

  it("are no obstacle unless the request says so, and none is one", async () => {
    await family();
    expect(seen(await registry.call("DELETE", "/artifacts/model/4?dependents=refuse"))).toEqual(deleted("4"));
    expect(seen(await registry.call("DELETE", "/artifacts/model/1"))).toEqual(deleted("1"));
    expect((await registry.call("GET", "/artifacts/model/2")).status).toBe(200);
    // re-registered, the parent has its children again
    await registry.register("model", "acme-labs/aster-base");
    expect((await registry.call("DELETE", "/artifacts/model/5?dry_run=true")).json).toMatchObject({
      dependents: [chat, mini],
    });
  });

  it("of a dataset are the models that were trained on it", async () => {
    await registry.register("dataset", "https://huggingface.co/datasets/acme-labs/field-notes");
    await registry.register("model", "acme-labs/aster-base");
    expect(seen(await registry.call("DELETE", "/artifacts/dataset/1?dependents=refuse"))).toEqual([
      409,
      { detail: "Artifact has dependents.", dependents: [{ name: "aster-base", id: "2", type: "model" }] },
    ]);
  });

  it("beyond the hundredth are not named", async () => {
    await registry.register("model", "acme-labs/aster-base");
    await env.DB.batch([
      env.DB.prepare(
        `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 102)
         INSERT INTO artifacts SELECT i, type, 'child-' || i, url, source, 'child-' || i, NULL, NULL, NULL,
                'child-' || i, size, sha256, i, 0, 0 FROM n, artifacts WHERE id = 1`,
      ),
      env.DB.prepare(
        `INSERT INTO edges SELECT id, 'model', 'acme-labs/aster-base', 'x', 'base_model', NULL, 'hf_tag'
         FROM artifacts WHERE id > 1`,
      ),
    ]);
    const answer = await registry.call("DELETE", "/artifacts/model/1?dependents=refuse");
    const { dependents } = answer.json as { dependents: { id: string }[] };
    expect([answer.status, dependents.length, dependents[0]?.id, dependents[99]?.id]).toEqual([409, 100, "2", "101"]);
  });
});

describe("a dry run", () => {
  it("says what a delete would do, and does none of it", async () => {
    await registry.register("model", "google-bert/bert-base-uncased");
    await registry.register("model", "borealis-lab/duo-merge");
    const before = await world();
    const size = (await env.BUCKET.head("artifacts/model/1.zip"))?.size;
    expect(seen(await registry.call("DELETE", "/artifacts/model/1?dry_run=true"))).toEqual([
      200,
      {
        status: "would delete",
        id: "1",
        object_key: "artifacts/model/1.zip",
        size,
        dependents: [{ name: "duo-merge", id: "2", type: "model" }],
      },
    ]);
    expect(seen(await registry.call("DELETE", "/artifacts/model/99?dry_run=true"))).toEqual(NO_ARTIFACT);
    expect(await world()).toEqual(before);
  });
});

describe("GET /deletions/{id}", () => {
  const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

  it("is the receipt: open while the zip is there, finished once it is gone", async () => {
    const answer = await registry.call("POST", "/artifact/code", { url: source("a"), name: "Näme" });
    const [row] = await rows<{ size: number; sha256: string }>("SELECT size, sha256 FROM artifacts");
    expect(seen(await registry.call("GET", "/deletions/1"))).toEqual(NEVER_DELETED);
    await bucketDown().call("DELETE", "/artifacts/code/1");
    const receipt = {
      id: "1",
      type: "code",
      name: artifactIn(answer).metadata.name,
      object_key: "artifacts/code/1.zip",
      size: row?.size,
      sha256: row?.sha256,
      requested_at: TIME,
      requested_by: "anonymous",
    };
    expect(seen(await registry.call("GET", "/deletions/1"))).toEqual([200, { ...receipt, status: "open" }]);
    await registry.call("DELETE", "/artifacts/code/1");
    const finished = await registry.call("GET", "/deletions/1");
    expect(seen(finished)).toEqual([200, { ...receipt, finished_at: TIME, status: "finished" }]);
    const { requested_at, finished_at } = finished.json as Record<string, string>;
    expect(Date.parse(finished_at ?? "")).toBeGreaterThanOrEqual(Date.parse(requested_at ?? ""));
  });

  it("is there for every way to delete, and outlives a reset", async () => {
    for (const name of ["a", "b", "c"]) await registry.register("code", source(name), name);
    await registry.call("DELETE", "/artifacts/code/1");
    await registry.call("POST", "/artifacts/delete", { ids: [{ type: "code", id: "2" }] });
    await registry.call("DELETE", "/reset");
    for (const [id, name] of [
      ["1", "a"],
      ["2", "b"],
      ["3", "c"],
    ]) {
      expect((await registry.call("GET", `/deletions/${id}`)).json).toMatchObject({ id, name, status: "finished" });
    }
  });

  it("is none for a zip that was replaced, nor for a registration that failed", async () => {
    await registry.register("code", source("a"), "it");
    const body = { metadata: { name: "it", id: "1", type: "code" }, data: { url: source("b") } };
    await registry.call("PUT", "/artifacts/code/1", body);
    await bucketDown().call("POST", "/artifact/code", { url: source("c") });
    await registry.sweep(Date.now() + 24 * 3_600_000);
    expect((await rows("SELECT reason FROM deletions ORDER BY 1")).map((row) => row["reason"])).toEqual([
      "abandoned",
      "replaced",
    ]);
    for (const id of ["1", "2", "3"])
      expect(seen(await registry.call("GET", `/deletions/${id}`))).toEqual(NEVER_DELETED);
  });
});
