/** Uploads against each other and against a delete. Nothing depends on who wins, only on that nothing is lost or left. */

import { describe, expect, it } from "vitest";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { artifactIn } from "../routes/answers.ts";
import { hexOf, modelZip, reserveId, startParts, uploadOne } from "../routes/uploading.ts";

const registry = createRegistry();
const TIMES = 8;
const put = (id: string, zip: Uint8Array) => registry.call("PUT", `/artifacts/model/${id}/content`, zip);
const uploaded = async (id: string, zip: Uint8Array) => {
  const path = await startParts(id, zip);
  await registry.call("PUT", `${path}/parts/1`, zip);
  return path;
};
const complete = (path: string) => registry.call("POST", `${path}/complete`, {});
const remove = (id: string) => registry.call("DELETE", `/artifacts/model/${id}`);
const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).toSorted();
const digestOf = async (id: string) =>
  (await rows<{ sha256: string }>("SELECT sha256 FROM artifacts WHERE id = ?1", Number(id)))[0]?.sha256;
const actionsOn = async (id: string) =>
  (await rows("SELECT action FROM audit WHERE artifact_id = ?1 ORDER BY id", Number(id))).map(({ action }) => action);

async function expectCalm(artifacts: number): Promise<void> {
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
  expect(await rows("SELECT id FROM artifacts")).toHaveLength(artifacts);
  expect(await objectKeys()).toHaveLength(artifacts);
}

describe("at the same time", () => {
  it("two first contents of one id: one makes the artifact, the other is told", async () => {
    for (let time = 1; time <= TIMES; time += 1) {
      const id = await reserveId();
      const zips = [modelZip("a"), modelZip("b")];
      const answers = await Promise.all(zips.map((zip) => put(id, zip)));
      const [lower, higher] = statuses(answers);
      // Either the other came too late to be the first, or it found the first and took its place.
      expect([
        [201, 409],
        [200, 201],
      ]).toContainEqual([lower, higher]);
      const kept = answers.findIndex(({ status }) => status === lower);
      expect(await digestOf(id)).toBe(await hexOf(zips[kept] ?? modelZip()));
      await expectCalm(time);
    }
  });

  it("contents in place of the present one all hold, the last one stays", async () => {
    const id = await uploadOne();
    const answers = await Promise.all(["a", "b", "c", "d"].map((salt) => put(id, modelZip(salt))));
    expect(statuses(answers)).toEqual([200, 200, 200, 200]);
    const digests = await Promise.all(["a", "b", "c", "d"].map((salt) => hexOf(modelZip(salt))));
    expect(digests).toContain(await digestOf(id));
    await expectCalm(1);
  });

  it("two completions of one upload are one, and both are told so", async () => {
    for (let time = 1; time <= TIMES; time += 1) {
      const path = await uploaded(await reserveId(), modelZip());
      const [one, other] = await Promise.all([complete(path), complete(path)]);
      // Whoever finds it settled says that it is there; who helped to settle it, that it was made.
      expect([
        [201, 201],
        [200, 201],
      ]).toContainEqual(statuses([one, other]));
      expect(artifactIn(one).metadata).toEqual(artifactIn(other).metadata);
      expect(await rows("SELECT action FROM audit")).toHaveLength(time);
      await expectCalm(time);
    }
  });

  it("a completion and an abort: the artifact, or nothing", async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await reserveId();
      const path = await uploaded(id, modelZip());
      const [completed, aborted] = await Promise.all([complete(path), registry.call("DELETE", path)]);
      const made = completed.status === 201;
      expect([
        [201, 404], // made, and nothing left to abort
        [201, 204], // made while the abort was on its way, which found nothing to end
        [404, 204], // ended before there was anything whole
        [412, 204], // whole, but ended before it was settled
      ]).toContainEqual([completed.status, aborted.status]);
      expect((await registry.call("GET", `/artifacts/model/${id}`)).status).toBe(made ? 200 : 404);
      if (made) await remove(id);
      else await registry.sweep(Date.now() + 100 * 3_600_000);
      await expectCalm(0);
    }
  });

  it.each(["content in one request", "a completion"])("%s and a delete: deleted, and nothing is left", async (kind) => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await uploadOne();
      const path = kind === "a completion" ? await uploaded(id, modelZip("2")) : "";
      const writing = path === "" ? put(id, modelZip("2")) : complete(path);
      const [written, removed] = await Promise.all([writing, remove(id)]);
      expect([
        [200, 200],
        [404, 200],
      ]).toContainEqual([written.status, removed.status]);
      expect((await registry.call("GET", `/artifacts/model/${id}`)).status).toBe(404);
      // What was answered is what happened: the update took hold before the delete, or never.
      expect(await actionsOn(id)).toEqual(["CREATE", ...(written.status === 200 ? ["UPDATE"] : []), "DELETE"]);
      await expectCalm(0);
    }
  });

  it("a beginning of parts and a delete: nothing is left to expire", async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await uploadOne();
      const starting = registry.call("POST", `/artifacts/model/${id}/content/uploads`, { size: 99 });
      const [started, removed] = await Promise.all([starting, remove(id)]);
      expect([
        [201, 200],
        [404, 200],
      ]).toContainEqual([started.status, removed.status]);
      if (started.status === 201) {
        const { upload_id } = started.json as { upload_id: string };
        const path = `/artifacts/model/${id}/content/uploads/${upload_id}`;
        expect((await registry.call("GET", path)).status).toBe(404);
      }
      await expectCalm(0);
    }
  });

  it("parts and a delete: no part comes back", async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await uploadOne();
      const path = await startParts(id, modelZip());
      const [part, removed] = await Promise.all([registry.call("PUT", `${path}/parts/1`, modelZip()), remove(id)]);
      expect([
        [200, 200],
        [404, 200],
      ]).toContainEqual([part.status, removed.status]);
      expect((await registry.call("GET", path)).status).toBe(404);
      await expectCalm(0);
    }
  });
});
