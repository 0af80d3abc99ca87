/** Many at once. Nothing here depends on who wins, only on that somebody does and nothing is lost or comes back. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";

const registry = createRegistry();
const source = (index: number) => `https://files.example.org/race/item-${index}.tar`;
const statuses = (answers: { status: number }[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};
const times = <T>(count: number, act: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

async function expectCalm(): Promise<void> {
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
  expect(await objectKeys()).toHaveLength((await rows("SELECT id FROM artifacts")).length);
}

describe("many at once", () => {
  it("200 registrations get 200 ids and are all there; 200 deletes leave nothing, and none comes back", async () => {
    const ids = await times(200, (index) => registry.register("dataset", source(index)));
    expect(new Set(ids).size).toBe(200);
    expect((await registry.call("POST", "/artifacts", [{ name: "*" }])).json).toHaveLength(200);
    const deleted = await times(200, (index) => registry.call("DELETE", `/artifacts/dataset/${ids[index]}`));
    expect(statuses(deleted)).toEqual({ 200: 200 });
    expect((await registry.call("POST", "/artifacts", [{ name: "*" }])).json).toEqual([]);
    expect(await objectKeys()).toEqual([]);
    await expectCalm();
  });

  it("the same source registered 16 times at once is registered once", async () => {
    const answers = await times(16, () => registry.call("POST", "/artifact/code", { url: source(0) }));
    expect(statuses(answers)).toEqual({ 201: 1, 409: 15 });
    await expectCalm();
  });

  it("the same id deleted 16 times at once is deleted, audited and answered so once", async () => {
    const id = await registry.register("code", source(0));
    const answers = await times(16, () => registry.call("DELETE", `/artifacts/code/${id}`));
    expect(statuses(answers)).toEqual({ 200: 1, 404: 15 });
    expect(await rows("SELECT action FROM audit WHERE action = 'DELETE'")).toHaveLength(1);
    await expectCalm();
  });

  it("a delete that comes while the object of another is going waits for it, and answers that there is nothing", async () => {
    const id = await registry.register("code", source(0));
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const slow = {
      ...withFaults(env).env.BUCKET,
      delete: (keys: string[]) => released.then(() => env.BUCKET.delete(keys)),
    };
    const first = createRegistry({ BUCKET: slow as R2Bucket }).call("DELETE", `/artifacts/code/${id}`);
    await expect.poll(() => rows("SELECT artifact_id FROM deletions")).toHaveLength(1);

    const looking = withFaults(env);
    const second = createRegistry(looking.env).call("DELETE", `/artifacts/code/${id}`);
    await expect.poll(() => looking.names).toContain("db.all");
    release();
    expect([(await first).status, (await second).status]).toEqual([200, 404]);
    expect(looking.names.filter((name) => name.startsWith("bucket"))).toEqual([]);
    await expectCalm();
  });

  it("a delete followed by a delete is 200, then 404", async () => {
    for (let index = 0; index < 20; index += 1) {
      const id = await registry.register("code", source(index));
      expect((await registry.call("DELETE", `/artifacts/code/${id}`)).status).toBe(200);
      expect((await registry.call("DELETE", `/artifacts/code/${id}`)).status).toBe(404);
    }
  });

  it("bulk and single deletes of the same artifacts delete each once", async () => {
    const ids = await times(20, (index) => registry.register("code", source(index)));
    const refs = ids.map((id) => ({ type: "code", id }));
    const answers = await Promise.all([
      registry.call("POST", "/artifacts/delete", { ids: refs }),
      registry.call("POST", "/artifacts/delete", { ids: refs.toReversed() }),
      registry.call("DELETE", "/reset"),
      ...ids.map((id) => registry.call("DELETE", `/artifacts/code/${id}`)),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect(await rows("SELECT id FROM audit WHERE action = 'DELETE'")).toHaveLength(20);
    await expectCalm();
  });

  it("an update against a delete ends deleted, with both zips gone", async () => {
    for (let index = 0; index < 10; index += 1) {
      const id = await registry.register("code", source(index), "it");
      const body = { metadata: { name: "it", id, type: "code" }, data: { url: source(1000 + index) } };
      const [updated, deleted] = await Promise.all([
        registry.call("PUT", `/artifacts/code/${id}`, body),
        registry.call("DELETE", `/artifacts/code/${id}`),
      ]);
      expect(deleted.status).toBe(200);
      expect(updated.status === 200 || updated.status === 404, `update answered ${updated.status}`).toBe(true);
      expect((await registry.call("GET", `/artifacts/code/${id}`)).status).toBe(404);
    }
    expect(await objectKeys()).toEqual([]);
    await expectCalm();
  });

  it("updates of one artifact at once leave one zip, the one that the row describes", async () => {
    const id = await registry.register("code", source(0), "it");
    const answers = await times(8, (index) =>
      registry.call("PUT", `/artifacts/code/${id}`, {
        metadata: { name: "it", id, type: "code" },
        data: { url: source(100 + index) },
      }),
    );
    expect(statuses(answers)).toEqual({ 200: 8 });
    expect(await objectKeys()).toHaveLength(1);
    await expectCalm();
  });

  it("of updates at once that name the same version, one holds", async () => {
    const id = await registry.register("code", source(0), "it");
    const etag = (await registry.call("GET", `/artifacts/code/${id}`)).headers.get("ETag") ?? "";
    const answers = await times(8, (index) =>
      registry.call(
        "PUT",
        `/artifacts/code/${id}`,
        { metadata: { name: "it", id, type: "code" }, data: { url: source(100 + index) } },
        { "If-Match": etag },
      ),
    );
    expect(statuses(answers)).toEqual({ 200: 1, 412: 7 });
    await expectCalm();
  });

  it("a download against a delete is the whole zip or 404, never a part or a failure", async () => {
    for (let index = 0; index < 10; index += 1) {
      const id = await registry.register("code", source(index));
      const artifact = (await registry.call("GET", `/artifacts/code/${id}`)).json as { data: { download_url: string } };
      const link = new URL(artifact.data.download_url);
      const [download] = await Promise.all([
        registry.call("GET", link.pathname + link.search),
        registry.call("DELETE", `/artifacts/code/${id}`),
      ]);
      expect(download.status === 200 || download.status === 404, `download answered ${download.status}`).toBe(true);
      if (download.status === 200) expect(download.text.slice(0, 2)).toBe("PK");
    }
  });

  it("a child registered against the delete of its parent keeps its edge to the source", async () => {
    const parent = await registry.register("model", "google-bert/bert-base-uncased");
    const [child, deleted] = await Promise.all([
      registry.call("POST", "/artifact/model", { url: "borealis-lab/duo-merge" }),
      registry.call("DELETE", `/artifacts/model/${parent}`),
    ]);
    expect([child.status, deleted.status]).toEqual([201, 200]);
    const edges = await rows<{ parent_source: string }>("SELECT parent_source FROM edges ORDER BY 1");
    expect(edges.map((edge) => edge.parent_source)).toEqual(["elsewhere/lost-model", "google-bert/bert-base-uncased"]);
    await expectCalm();
  });
});
