/** DELETE /reset: 200 means that nothing is left, whatever has failed before. Contract §1. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { RESET_PAGE_ABORTS } from "../../src/limits.ts";
import { closedRegistry, headersOf, issued, logIn, OWNER } from "../accounts.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { insertArtifacts, refusal, seen, source } from "../routes/answers.ts";
import { modelZip, reserveId, startParts, uploadOne } from "../routes/uploading.ts";

const registry = createRegistry();
const DONE = [200, { status: "registry reset" }];
const UNFINISHED = refusal(500, "Artifact deletion did not finish: repeat the request, or leave it to the sweep.");
const failing = (only: RegExp) =>
  createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only }).env);

async function expectEmpty(): Promise<void> {
  expect(await rows("SELECT id FROM artifacts")).toEqual([]);
  expect(await objectKeys()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
  expect(await brokenInvariants()).toEqual([]);
}

describe("a reset", () => {
  it("is not done while a zip is left, however often it is repeated, and then it is", async () => {
    for (const name of ["a", "b"]) await registry.register("code", source(name));
    const down = failing(/^bucket/);
    for (let times = 0; times < 3; times += 1) {
      expect(seen(await down.call("DELETE", "/reset"))).toEqual(UNFINISHED);
      expect((await registry.call("POST", "/artifacts", [])).json).toEqual([]);
      expect(await objectKeys()).toHaveLength(2);
    }
    expect(seen(await registry.call("DELETE", "/reset"))).toEqual(DONE);
    await expectEmpty();
  });

  it("is not done while an upload in parts is left that could not be ended", async () => {
    const waiting = await startParts(await reserveId(), modelZip());
    const replacing = await startParts(await uploadOne(), modelZip());
    const down = failing(/^bucket\.abort/);
    for (let times = 0; times < 2; times += 1) {
      expect(seen(await down.call("DELETE", "/reset"))).toEqual(UNFINISHED);
    }
    expect(seen(await registry.call("DELETE", "/reset"))).toEqual(DONE);
    await expectEmpty();
    for (const path of [waiting, replacing]) expect((await registry.call("GET", path)).status).toBe(404);
  });

  it("ends more uploads in parts than one page of objects takes along", async () => {
    const id = await reserveId();
    for (let count = 0; count < RESET_PAGE_ABORTS + 2; count += 1) await startParts(id, modelZip());
    const counting = withFaults(env);
    expect(seen(await createRegistry(counting.env).call("DELETE", "/reset"))).toEqual(DONE);
    expect(counting.names.filter((name) => name === "bucket.abort")).toHaveLength(RESET_PAGE_ABORTS + 2);
    await expectEmpty();
  });

  it("takes along what an earlier delete has left open, also where its next try is far away", async () => {
    await registry.register("code", source("a"));
    await failing(/^bucket/).call("DELETE", "/artifacts/code/1");
    await env.DB.prepare("UPDATE deletions SET next_attempt_at = ?1").bind(Number.MAX_SAFE_INTEGER).run();
    expect(seen(await registry.call("DELETE", "/reset"))).toEqual(DONE);
    await expectEmpty();
  });

  it("of an empty registry that wants tokens needs no confirmation; with an artifact it does", async () => {
    const closed = closedRegistry();
    const owner = await logIn(closed, OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
    expect(seen(await closed.call("DELETE", "/reset", undefined, owner))).toEqual(DONE);
    await registry.register("code", source("a"));
    expect(seen(await closed.call("DELETE", "/reset", undefined, owner))).toEqual(
      refusal(409, "A reset must be confirmed: repeat it with ?confirm=1"),
    );
    expect(await objectKeys()).toHaveLength(1);
    const reader = await issued("token", null, { granted: ["artifact:read"] });
    expect((await closed.call("DELETE", "/reset", undefined, headersOf(reader))).status).toBe(401);
  });

  it("that was confirmed is finished by the same request, whose number has come true meanwhile", async () => {
    const owner = await logIn(closedRegistry(), OWNER.ADMIN_USER, OWNER.ADMIN_PASSWORD);
    await registry.register("code", source("a"));
    const down = closedRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ }).env);
    expect(seen(await down.call("DELETE", "/reset?confirm=1", undefined, owner))).toEqual(UNFINISHED);
    expect(seen(await closedRegistry().call("DELETE", "/reset?confirm=1", undefined, owner))).toEqual(DONE);
    await expectEmpty();
  });

  it("that had not calls enough says so, and goes on where it stopped", async () => {
    await insertArtifacts(4500);
    await registry.register("code", source("real"));
    let repeated = 0;
    for (; repeated < 10; repeated += 1) {
      const bounded = withFaults(env, { call: 8, when: "before", extent: "forever" });
      const answer = seen(await createRegistry(bounded.env).call("DELETE", "/reset"));
      if (answer[0] === 200) break;
      expect(answer).toEqual(UNFINISHED);
    }
    expect(repeated).toBe(4);
    await expectEmpty();
    expect(await rows("SELECT count(*) AS deleted FROM audit WHERE action = 'DELETE'")).toEqual([{ deleted: 4501 }]);
  });
});
