/** Uploads against each other and against a delete. Nothing depends on who wins, only on that nothing is lost or left. */

import { describe, expect, it } from "vitest";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
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
      const answers = await Promise.all([put(id, modelZip("a")), put(id, modelZip("b"))]);
      expect([
        [201, 409],
        [200, 201],
      ]).toContainEqual(statuses(answers));
      await expectCalm(time);
    }
  });

  it("contents in place of the present one all hold, the last one stays", async () => {
    const id = await uploadOne();
    const answers = await Promise.all(["a", "b", "c", "d"].map((salt) => put(id, modelZip(salt))));
    expect(statuses(answers)).toEqual([200, 200, 200, 200]);
    const digests = await Promise.all(["a", "b", "c", "d"].map((salt) => hexOf(modelZip(salt))));
    expect(digests).toContain((await rows<{ sha256: string }>("SELECT sha256 FROM artifacts"))[0]?.sha256);
    await expectCalm(1);
  });

  it("two completions of one upload are one, and both are told so", async () => {
    for (let time = 1; time <= TIMES; time += 1) {
      const path = await uploaded(await reserveId(), modelZip());
      const answers = await Promise.all([complete(path), complete(path)]);
      for (const { status } of answers) expect([200, 201]).toContain(status);
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
      expect(made ? [204, 404] : [204]).toContain(aborted.status);
      if (!made) expect([404, 412]).toContain(completed.status);
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
      expect(removed.status).toBe(200);
      expect([200, 404]).toContain(written.status);
      expect((await registry.call("GET", `/artifacts/model/${id}`)).status).toBe(404);
      await expectCalm(0);
    }
  });

  it("a beginning of parts and a delete: nothing is left to expire", async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await uploadOne();
      const starting = registry.call("POST", `/artifacts/model/${id}/content/uploads`, { size: 99 });
      const [started, removed] = await Promise.all([starting, remove(id)]);
      expect(removed.status).toBe(200);
      expect([201, 404]).toContain(started.status);
      await expectCalm(0);
    }
  });

  it("parts and a delete: no part comes back", async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const id = await uploadOne();
      const path = await startParts(id, modelZip());
      const [part, removed] = await Promise.all([registry.call("PUT", `${path}/parts/1`, modelZip()), remove(id)]);
      expect(removed.status).toBe(200);
      expect([200, 404]).toContain(part.status);
      await expectCalm(0);
    }
  });
});
