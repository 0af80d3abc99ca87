/** A put that the bucket did not answer for, and that lands all the same, after the request has failed. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { source } from "../routes/answers.ts";
import { modelZip, reserveId, uploadOne } from "../routes/uploading.ts";

const healthy = createRegistry();

/** A registry whose puts are lost, and what lands in its bucket when they turn up again. */
function losingPuts() {
  const lost: (() => Promise<unknown>)[] = [];
  const BUCKET = {
    ...withFaults(env).env.BUCKET,
    put: async (key: string, body: Uint8Array | ReadableStream) => {
      const bytes = await new Response(body).arrayBuffer();
      lost.push(() => env.BUCKET.put(key, bytes));
      throw new Error("connection lost");
    },
  } as unknown as R2Bucket;
  return { registry: createRegistry({ BUCKET }), land: () => Promise.all(lost.map((put) => put())) };
}

const DOORS: Record<
  string,
  () => Promise<{ send: [string, string, unknown, Record<string, string>?]; first: number; again: number }>
> = {
  "a registration": async () => ({ send: ["POST", "/artifact/code", { url: source("a") }], first: 500, again: 201 }),
  "a registration after the answer": async () => ({
    send: ["POST", "/artifact/code", { url: source("a") }, { Prefer: "respond-async" }],
    first: 202,
    again: 202,
  }),
  "an update": async () => {
    const id = await healthy.register("code", source("a"), "it");
    const body = { metadata: { name: "it", id, type: "code" }, data: { url: source("b") } };
    return { send: ["PUT", `/artifacts/code/${id}`, body], first: 500, again: 200 };
  },
  "first content": async () => ({
    send: ["PUT", `/artifacts/model/${await reserveId()}/content`, modelZip()],
    first: 500,
    again: 201,
  }),
  "other content": async () => ({
    send: ["PUT", `/artifacts/model/${await uploadOne()}/content`, modelZip("2")],
    first: 500,
    again: 200,
  }),
};

describe.each(Object.entries(DOORS))("%s whose put lands late", (_, prepare) => {
  it("leaves no object that nothing points at, keeps nobody from trying again, and is cleared away by the sweep", async () => {
    const { send, first, again } = await prepare();
    const before = await rows("SELECT * FROM artifacts");
    const { registry, land } = losingPuts();
    expect((await registry.call(...send)).status).toBe(first);
    expect(await rows("SELECT * FROM artifacts")).toEqual(before);
    await healthy.sweep();
    await land();
    expect(await objectKeys()).toHaveLength(before.length + 1);
    expect(await brokenInvariants()).toEqual([]);

    expect((await healthy.call(...send)).status).toBe(again);
    expect(await rows("SELECT * FROM artifacts")).toHaveLength(1);
    for (let times = 0; times < 2; times += 1) await healthy.sweep(Date.now() + 100 * 3_600_000);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
    expect(await objectKeys()).toHaveLength(1);
  });
});
