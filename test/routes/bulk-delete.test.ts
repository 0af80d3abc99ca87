/** POST /artifacts/delete and DELETE /reset: many at once, as few calls as the platform allows. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { insertArtifacts, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const bulk = (ids: unknown, of = registry) => of.call("POST", "/artifacts/delete", { ids });
const refs = (from: number, to: number, type = "code") =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ type, id: String(from + index) }));

describe("POST /artifacts/delete", () => {
  it("answers one result each, in the order asked: deleted, unknown, of another type, never issued, twice", async () => {
    await registry.register("code", source("a"));
    await registry.register("dataset", source("b"));
    await registry.register("model", "google-bert/bert-base-uncased");
    const asked = [
      ["model", "3", "deleted"],
      ["code", "77", "not_found"],
      ["code", "1", "deleted"],
      ["model", "2", "not_found"],
      ["code", "1", "deleted"],
      ["code", "007", "not_found"],
      ["code", "abc", "not_found"],
      ["code", "0", "not_found"],
      ["code", "a".repeat(64), "not_found"],
    ] as const;
    const answer = await bulk(asked.map(([type, id]) => ({ type, id })));
    expect(seen(answer)).toEqual([200, asked.map(([type, id, status]) => ({ type, id, status }))]);
    expect(await objectKeys()).toEqual(["artifacts/dataset/2.zip"]);
    expect(await rows("SELECT artifact_id FROM audit WHERE action = 'DELETE' ORDER BY 1")).toEqual([
      { artifact_id: 1 },
      { artifact_id: 3 },
    ]);
    expect(seen(await bulk([{ type: "code", id: "1" }]))).toEqual([
      200,
      [{ type: "code", id: "1", status: "not_found" }],
    ]);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("deletes 1000 in one batch and one call to the bucket", async () => {
    await insertArtifacts(1001);
    const counting = withFaults(env);
    const answer = await bulk(refs(1, 1000), createRegistry(counting.env));
    expect(seen(answer)).toEqual([200, refs(1, 1000).map((ref) => ({ ...ref, status: "deleted" }))]);
    // the second write is the receipts', behind the answer
    expect(counting.names).toEqual(["db.batch", "bucket.delete", "db.run"]);
    expect(await rows("SELECT id FROM artifacts")).toEqual([{ id: 1001 }]);
    expect(await rows("SELECT count(*) AS n FROM deletions WHERE finished_at IS NOT NULL")).toEqual([{ n: 1000 }]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("says failed of what the bucket did not delete, and not found of the rest; the repetition finishes it", async () => {
    for (const name of ["a", "b"]) await registry.register("code", source(name));
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ });
    const statuses = (answer: Awaited<ReturnType<typeof bulk>>) =>
      (answer.json as { status: string }[]).map(({ status }) => status);
    expect(statuses(await bulk(refs(1, 3), createRegistry(down.env)))).toEqual(["failed", "failed", "not_found"]);
    expect((await registry.call("POST", "/artifacts", [])).json).toEqual([]);
    expect(statuses(await bulk(refs(1, 3)))).toEqual(["deleted", "deleted", "not_found"]);
    expect(await objectKeys()).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["1001 ids", refs(1, 1001), "Invalid request: body.ids: Too big: expected array to have <=1000 items"],
    ["none", [], "Invalid request: body.ids: Too small: expected array to have >=1 items"],
    [
      "an unknown type",
      [
        { type: "model", id: "1" },
        { type: "models", id: "1" },
      ],
      "Invalid artifact_type 'models', must be one of: model, dataset, code.",
    ],
    [
      "a type that cannot be written",
      [{ type: { toString: 1, valueOf: 1 }, id: "1" }],
      "Invalid artifact_type '{}', must be one of: model, dataset, code.",
    ],
    ["no type", [{ id: "1" }], "Invalid artifact_type 'undefined', must be one of: model, dataset, code."],
    [
      "a type that is null",
      [{ type: null, id: "1" }],
      "Invalid artifact_type 'null', must be one of: model, dataset, code.",
    ],
    [
      "a malformed id",
      [
        { type: "code", id: "1" },
        { type: "code", id: "a_b" },
      ],
      "Invalid artifact ID 'a_b'.",
    ],
    ["an id of 65 characters", [{ type: "code", id: "1".repeat(65) }], `Invalid artifact ID '${"1".repeat(65)}'.`],
    [
      "a number for an id",
      [{ type: "code", id: 1 }],
      "Invalid request: body.ids.0.id: Invalid input: expected string, received number",
    ],
    ["no id", [{ type: "code" }], "Invalid request: body.ids.0.id: Invalid input: expected string, received undefined"],
    ["bare ids", ["1"], "Invalid request: body.ids.0: Invalid input: expected object, received string"],
    [
      "an object",
      { type: "code", id: "1" },
      "Invalid request: body.ids: Invalid input: expected array, received object",
    ],
    ["null", null, "Invalid request: body.ids: Invalid input: expected array, received null"],
    ["nothing", undefined, "Invalid request: body.ids: Invalid input: expected array, received undefined"],
  ])("refuses %s, and then deletes none of the others either", async (_, ids, detail) => {
    await registry.register("code", source("a"));
    const before = await world();
    expect(seen(await bulk(ids))).toEqual(refusal(400, detail));
    expect(await world()).toEqual(before);
  });
});

describe("DELETE /reset", () => {
  it("deletes everything, page after page, and keeps receipts and audit", async () => {
    await insertArtifacts(2500);
    await registry.register("model", "google-bert/bert-base-uncased");
    expect(seen(await registry.call("DELETE", "/reset"))).toEqual([200, { status: "registry reset" }]);
    expect(await rows("SELECT id FROM artifacts UNION ALL SELECT artifact_id FROM cards")).toEqual([]);
    expect(await objectKeys()).toEqual([]);
    expect(await rows("SELECT action, count(*) AS n FROM audit GROUP BY 1 ORDER BY 1")).toEqual([
      { action: "CREATE", n: 2501 },
      { action: "DELETE", n: 2501 },
    ]);
    expect((await registry.call("GET", "/deletions/2501")).json).toMatchObject({ status: "finished" });
    expect(await registry.register("code", source("next"))).toBe("2502");
    expect([await brokenInvariants(), await unfinishedWork()]).toEqual([[], []]);
  });

  it("of an empty registry is no error", async () => {
    expect(seen(await registry.call("DELETE", "/reset"))).toEqual([200, { status: "registry reset" }]);
  });

  it("whose bucket is down empties the registry all the same, and says that it did not finish", async () => {
    await registry.register("code", source("a"));
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ });
    expect(seen(await createRegistry(down.env).call("DELETE", "/reset"))).toEqual(
      refusal(500, "Artifact deletion did not finish: repeat the request, or leave it to the sweep."),
    );
    expect((await registry.call("POST", "/artifacts", [])).json).toEqual([]);
    await registry.sweep(Date.now() + 1);
    expect([await objectKeys(), await unfinishedWork()]).toEqual([[], []]);
  });
});
