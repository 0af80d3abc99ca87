/** What one sweep does when there is much to do: something of everything, and nobody waits for ever. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MIRROR_RELAUNCH_MAX, SWEEP_MAX_ABORTS } from "../../src/limits.ts";
import { createMultipart } from "../../src/store/multipart.ts";
import { withFaults } from "../faults.ts";
import { createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { createMirroringRegistry } from "./mirroring.ts";

const registry = createRegistry();
const LATER = () => Date.now() + 24 * 3_600_000;

/** An open deletion; with a `multipart`, of what was being written in parts. */
const doom = (key: string, multipart: string | null, dueAt: number) =>
  env.DB.prepare(
    `INSERT INTO deletions (object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by,
                            next_attempt_at, multipart_id)
     VALUES (?1, 1, 'code', 'n', 1, '', 'abandoned', 0, 'x', ?3, ?2)`,
  )
    .bind(key, multipart, dueAt)
    .run();

describe("uploads in parts that were abandoned", () => {
  it("do not keep objects from their turn, however many there are and however long they have been due", async () => {
    for (let count = 0; count < 60; count += 1) {
      const key = `parts/${count}`;
      await doom(key, await createMultipart(env.BUCKET, key), count);
    }
    for (const key of ["whole/1", "whole/2"]) {
      await env.BUCKET.put(key, "zip");
      await doom(key, null, 100);
    }
    const counting = withFaults(env);
    expect(await createRegistry(counting.env).sweep()).toMatchObject({ finished: 2 + SWEEP_MAX_ABORTS, failed: 0 });
    expect(await objectKeys()).toEqual([]);
    expect(counting.calls()).toBeLessThan(25);
    const left = await rows("SELECT multipart_id FROM deletions WHERE finished_at IS NULL");
    expect(left).toHaveLength(60 - SWEEP_MAX_ABORTS);
    for (let runs = 1; runs < 60 / SWEEP_MAX_ABORTS; runs += 1) await registry.sweep();
    expect(await unfinishedWork()).toEqual([]);
  });

  it("that cannot be ended do not keep the others of their kind", async () => {
    for (let count = 0; count < 2 * SWEEP_MAX_ABORTS; count += 1) await doom(`parts/${count}`, `id-${count}`, count);
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      resumeMultipartUpload: (key: string, id: string) => ({
        abort: () =>
          Number(id.slice(3)) < SWEEP_MAX_ABORTS ? Promise.reject(new Error(`down for ${key}`)) : undefined,
      }),
    } as unknown as R2Bucket;
    const picky = createRegistry({ BUCKET });
    expect(await picky.sweep()).toMatchObject({ finished: 0, failed: SWEEP_MAX_ABORTS });
    expect(await picky.sweep()).toMatchObject({ finished: SWEEP_MAX_ABORTS, failed: 0 });
  });
});

describe("a key that the bucket will not delete", () => {
  it("keeps a thousand others waiting for a few sweeps only", async () => {
    for (let count = 0; count < 64; count += 1) await doom(`whole/${count}`, null, count);
    const { BUCKET: native } = withFaults(env).env;
    const BUCKET = {
      ...native,
      delete: (keys: string[]) => (keys.includes("whole/5") ? Promise.reject(new Error("no")) : native.delete(keys)),
    } as R2Bucket;
    const picky = createRegistry({ BUCKET });
    for (const left of [16, 4, 1]) {
      await picky.sweep();
      expect(await rows("SELECT object_key FROM deletions WHERE finished_at IS NULL")).toHaveLength(left);
    }
    await picky.sweep();
    expect(await rows("SELECT object_key, attempts FROM deletions WHERE finished_at IS NULL")).toEqual([
      { object_key: "whole/5", attempts: 2 },
    ]);
  });
});

describe("mirrors that wait to be started", () => {
  /** So many, the longest waiting first, and what is asked of the platform. */
  async function waiting(count: number, create: (id: string) => Promise<void>) {
    const setUp = createMirroringRegistry();
    for (let index = 0; index < count; index += 1) {
      await setUp.call("POST", "/artifact/model", { url: "acme-labs/whole-small", name: `m${index}`, mirror: "full" });
    }
    await env.DB.prepare("UPDATE mirrors SET updated_at = artifact_id").run();
    const tried: string[] = [];
    const MIRRORS = {
      create: async ({ id }: { id: string }) => {
        tried.push(id);
        await create(id);
      },
      get: () => Promise.reject(new Error("not found")),
    } as unknown as (typeof env)["MIRRORS"];
    return { sweeping: createRegistry({ MIRRORS }), tried };
  }

  it("are each tried, also when the first of them is refused", async () => {
    const { sweeping, tried } = await waiting(MIRROR_RELAUNCH_MAX, (id) =>
      id.startsWith("mirror-1-") ? Promise.reject(new Error("refused")) : Promise.resolve(),
    );
    expect(await sweeping.sweep(LATER())).toMatchObject({ mirrorsStarted: MIRROR_RELAUNCH_MAX - 1 });
    expect(tried).toHaveLength(MIRROR_RELAUNCH_MAX);
  });

  it("have their turn one after the other, a few each time", async () => {
    const count = MIRROR_RELAUNCH_MAX + 1;
    const { sweeping, tried } = await waiting(count, () => Promise.reject(new Error("refused")));
    const at = LATER();
    expect(await sweeping.sweep(at)).toMatchObject({ mirrorsStarted: 0 });
    expect(tried).toHaveLength(MIRROR_RELAUNCH_MAX);
    await sweeping.sweep(at + 1);
    expect(new Set(tried).size).toBe(count);
  });
});
