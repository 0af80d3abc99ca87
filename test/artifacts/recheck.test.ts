/** Content that was inspected by older rules: the cron reads it through and inspects it again, a bounded part in each run. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { INSPECTION_RULES } from "../../src/inspection/findings.ts";
import { RECHECK_MAX_TRIES, RECHECK_RETRY_MS } from "../../src/limits.ts";
import { EVERY_WAY, withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows } from "../harness.ts";
import { CARD, hexOf, modelZip, uploadOne, zipOf } from "../routes/uploading.ts";

const registry = createRegistry();
const MUCH_LATER = () => Date.now() + 48 * 3_600_000;

/** Makes content as an earlier release left it: no digests in its index, no rules at its inspection. */
async function age(id: string): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("UPDATE inspections SET rules = 0, inspected_at = 1 WHERE artifact_id = ?1").bind(Number(id)),
    env.DB.prepare(
      `UPDATE bundle_index SET entries =
         (SELECT json_group_array(json_remove(value, '$.sha256', '$.text', '$.tail')) FROM json_each(entries))
       WHERE artifact_id = ?1`,
    ).bind(Number(id)),
  ]);
}
const old = async (zip = modelZip()) => {
  const id = await uploadOne("model", zip);
  await age(id);
  return id;
};
/** Other bytes of the same length under the key of an artifact: what no upload of today could make. */
async function corrupt(id: string): Promise<void> {
  const key = `artifacts/model/${id}.zip`;
  const [row] = await rows<{ object_key: string }>("SELECT object_key FROM artifacts WHERE id = ?1", Number(id));
  const object = await env.BUCKET.get(row?.object_key ?? key);
  const bytes = new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer(0));
  bytes[60] = (bytes[60] ?? 0) ^ 1;
  await env.BUCKET.put(row?.object_key ?? key, bytes);
}
const inspections = () =>
  rows<{ verdict: string; findings: string; rules: number; inspected_at: number }>(
    "SELECT verdict, findings, rules, inspected_at FROM inspections ORDER BY artifact_id",
  );
const filesOf = async (id: string) =>
  (await rows<{ entries: string }>("SELECT entries FROM bundle_index WHERE artifact_id = ?1", Number(id))).flatMap(
    ({ entries }) => JSON.parse(entries) as { path: string; sha256?: string }[],
  );
const UNSAFE = {
  verdict: "unsafe",
  findings: JSON.stringify([
    { code: "content_corrupt", severity: "unsafe", path: "README.md", detail: "bytes that do not have its checksum" },
  ]),
  rules: INSPECTION_RULES,
};

describe("content that was inspected by older rules", () => {
  it("is read through, and inspected again", async () => {
    const id = await old();
    expect(await registry.recheck(7_000)).toBe("inspected");
    expect(await inspections()).toEqual([
      { verdict: "safe", findings: "[]", rules: INSPECTION_RULES, inspected_at: 7_000 },
    ]);
    expect(await filesOf(id)).toMatchObject([
      { path: "README.md", sha256: await hexOf(new TextEncoder().encode(CARD)), text: true },
      { path: "config.json", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(await registry.recheck()).toBe("none");
    expect(await brokenInvariants()).toEqual([]);
  });

  it("that is not what its zip says is unsafe from then on: its files are not handed out", async () => {
    const id = await old();
    await corrupt(id);
    const link = (await registry.call("GET", `/artifacts/model/${id}/files/config.json`)).status;
    expect(link).toBe(200);
    expect(await registry.recheck()).toBe("inspected");
    expect(await inspections()).toMatchObject([UNSAFE]);
    expect((await registry.call("GET", `/artifacts/model/${id}/files/config.json`)).status).toBe(403);
    expect(registry.logged).toContainEqual({
      event: "content_found_unsafe",
      artifact: Number(id),
      type: "model",
      code: "content_corrupt",
      path: "README.md",
    });
    expect(await registry.recheck()).toBe("none");
  });

  it("is one archive in each run, and none waits for ever", async () => {
    const ids = [await old(modelZip("a")), await old(modelZip("b")), await old(modelZip("c"))];
    for (const _ of ids) expect(await registry.recheck()).toBe("inspected");
    expect(await registry.recheck()).toBe("none");
    expect((await inspections()).map(({ rules }) => rules)).toEqual(ids.map(() => INSPECTION_RULES));
  });

  it("is read in stretches if it is large, each file once", async () => {
    const id = await old(zipOf({ a: "a".repeat(50), b: "b".repeat(50), c: "c".repeat(50), d: "d".repeat(500) }));
    const known = async () => (await filesOf(id)).filter(({ sha256 }) => sha256 !== undefined).map(({ path }) => path);
    const step = () => registry.recheck(undefined, { maxBytes: 250 });
    expect([await step(), await known()]).toEqual(["read", ["a", "b"]]);
    // one by itself is read, however large it is
    expect([await step(), await known()]).toEqual(["read", ["a", "b", "c"]]);
    expect([await step(), await known()]).toEqual(["inspected", ["a", "b", "c", "d"]]);
    expect(await inspections()).toMatchObject([{ rules: INSPECTION_RULES }]);
  });

  it("is not read again where its digests are known", async () => {
    const id = await uploadOne();
    await env.DB.prepare("UPDATE inspections SET rules = 0, verdict = 'unsafe'").run();
    const counted = withFaults(env);
    expect(await createRegistry(counted.env).recheck()).toBe("inspected");
    expect(counted.names.filter((name) => name === "bucket.get")).toHaveLength(1);
    expect(await inspections()).toMatchObject([{ verdict: "safe", rules: INSPECTION_RULES }]);
    expect((await filesOf(id))[0]).toHaveProperty("sha256");
  });

  it("that is replaced meanwhile is left to what replaced it", async () => {
    const id = await old();
    await corrupt(id);
    const zip = modelZip("new");
    let isReplaced = false;
    const BUCKET = {
      get: async (...args: Parameters<R2Bucket["get"]>) => {
        const object = await env.BUCKET.get(...args);
        if (!isReplaced) {
          isReplaced = true;
          expect((await registry.call("PUT", `/artifacts/model/${id}/content`, zip)).status).toBe(200);
        }
        return object;
      },
    } as unknown as R2Bucket;
    await createRegistry({ BUCKET }).recheck();
    expect(isReplaced).toBe(true);
    expect(await inspections()).toMatchObject([{ verdict: "safe", findings: "[]", rules: INSPECTION_RULES }]);
    expect((await filesOf(id)).every(({ sha256 }) => sha256 !== undefined)).toBe(true);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("whose object is missing is no finding: it is tried again", async () => {
    const id = await old();
    await env.BUCKET.delete(await objectKeys());
    expect(await registry.recheck()).toBe("failed");
    expect(await inspections()).toMatchObject([{ verdict: "safe", rules: 0 }]);
    expect(await registry.recheck()).toBe("none");
    expect(await registry.recheck(Date.now() + RECHECK_RETRY_MS + 1000)).toBe("failed");
    expect(id).toBe("1");
  });

  it("whose check is cut off again and again does not keep others waiting, and ends as unknown", async () => {
    const [stuck, next] = [await old(modelZip("a")), await old(modelZip("b"))];
    // What an invocation leaves behind that is ended by the platform: it was taken up, and no more.
    await env.DB.prepare("UPDATE inspections SET recheck_tries = ?2 WHERE artifact_id = ?1")
      .bind(Number(stuck), RECHECK_MAX_TRIES)
      .run();
    expect(await registry.recheck()).toBe("inspected");
    expect(await registry.recheck()).toBe("inspected");
    expect(await inspections()).toMatchObject([
      { verdict: "unknown", findings: expect.stringContaining("bound_reached"), rules: INSPECTION_RULES },
      { verdict: "safe", rules: INSPECTION_RULES },
    ]);
    expect([stuck, next]).toEqual(["1", "3"]);
  });

  it("waits longer each time that its check is cut off", async () => {
    await old();
    const waits: number[] = [];
    const BUCKET = { get: () => new Promise(() => {}) } as unknown as R2Bucket;
    for (let at = 1_000_000, runs = 0; runs < 3; runs += 1) {
      void createRegistry({ BUCKET }).recheck(at);
      const due = async () => (await rows<{ recheck_at: number }>("SELECT recheck_at FROM inspections"))[0]?.recheck_at;
      while (((await due()) ?? 0) <= at) await scheduler.wait(5);
      waits.push(((await due()) ?? 0) - at);
      at = (await due()) ?? 0;
    }
    expect(waits).toEqual([RECHECK_RETRY_MS, 2 * RECHECK_RETRY_MS, 4 * RECHECK_RETRY_MS]);
  });
});

describe.each(EVERY_WAY)("with any one call failing $when it took effect, $extent", (fault) => {
  it.each([
    ["sound", "safe", async () => {}],
    ["corrupt", "unsafe", corrupt],
  ] as const)("%s content is found so in the end", async (_, verdict, damage) => {
    for (let call = 0, fired = true; fired; call += 1) {
      const id = await old();
      await damage(id);
      const faulty = withFaults(env, { call, ...fault });
      await createRegistry(faulty.env).recheck();
      fired = faulty.calls() > call;
      if (verdict === "safe") expect(await brokenInvariants()).toEqual([]);
      for (let runs = 0; runs < 3; runs += 1) await registry.recheck(MUCH_LATER());
      expect([call, await inspections()]).toMatchObject([call, [{ verdict, rules: INSPECTION_RULES }]]);
      await registry.call("DELETE", `/artifacts/model/${id}`);
      if (!fired) expect(call).toBeGreaterThanOrEqual(verdict === "safe" ? 6 : 4);
    }
  });
});
