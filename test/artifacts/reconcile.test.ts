/** The comparison of bucket and database: what it reports, what it may remove, and where it keeps its hands off. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { RECONCILE_MAX_REMOVALS, STRAY_MIN_AGE_MS } from "../../src/limits.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, type TestRegistry } from "../harness.ts";
import { insertArtifacts, seen, source, world } from "../routes/answers.ts";

const reporting = createRegistry();
const enforcing = createRegistry({ RECONCILE: "enforce" });
/** When everything that a test has written is older than a day. Objects' times are real. */
const NEXT_DAY = () => Date.now() + STRAY_MIN_AGE_MS + 60_000;

const put = (...keys: string[]) => Promise.all(keys.map((key) => env.BUCKET.put(key, "stray")));
const numbered = (count: number, prefix = "stray/") =>
  Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(5, "0")}`);

/** A registry whose bucket lists only so many objects a page, as R2 may at any time. */
function withPagesOf(size: number, more: Partial<TestRegistry["env"]> = {}): TestRegistry {
  const BUCKET = {
    ...withFaults(env).env.BUCKET,
    list: (options: R2ListOptions) => env.BUCKET.list({ ...options, limit: size }),
  } as unknown as R2Bucket;
  return createRegistry({ BUCKET, ...more });
}

describe("an object that nothing points at", () => {
  it("is reported when it is older than a day, and only reported", async () => {
    await reporting.register("code", source("kept"));
    await put("artifacts/code/99.zip", "notes.txt");
    const before = await world();
    expect(await reporting.reconcile(NEXT_DAY())).toEqual({ strays: 2, removed: 0, missing: 0 });
    const { jobs: _, ...after } = await world();
    const { jobs: __, ...was } = before;
    expect(after).toEqual(was);
  });

  it("is not even reported while it is younger: it may be in flight", async () => {
    await put("artifacts/code/99.zip");
    for (const at of [Date.now(), Date.now() + STRAY_MIN_AGE_MS - 60_000]) {
      expect(await enforcing.reconcile(at)).toEqual({ strays: 0, removed: 0, missing: 0 });
    }
    expect(await objectKeys()).toEqual(["artifacts/code/99.zip"]);
  });

  it("is removed under RECONCILE=enforce, through a deletion that is finished", async () => {
    await enforcing.register("code", source("kept"));
    await put("artifacts/model/1.zip", "notes.txt");
    const at = NEXT_DAY();
    expect(await enforcing.reconcile(at)).toEqual({ strays: 2, removed: 2, missing: 0 });
    expect(await objectKeys()).toEqual(["artifacts/code/1.zip"]);
    expect(
      await rows("SELECT object_key, reason, requested_by, finished_at FROM deletions ORDER BY object_key"),
    ).toEqual([
      { object_key: "artifacts/model/1.zip", reason: "orphan", requested_by: "cron", finished_at: at },
      { object_key: "notes.txt", reason: "orphan", requested_by: "cron", finished_at: at },
    ]);
    expect(await rows("SELECT id FROM audit WHERE action = 'DELETE'")).toEqual([]);
    expect(seen(await enforcing.call("GET", "/deletions/1"))[0]).toBe(404);
    expect(await enforcing.reconcile(at)).toEqual({ strays: 0, removed: 0, missing: 0 });
  });

  it("is removed no more often than a run may, the rest on the following days", async () => {
    await put(...numbered(RECONCILE_MAX_REMOVALS + 5));
    const first = await enforcing.reconcile(NEXT_DAY());
    expect(first).toEqual({ strays: 105, removed: RECONCILE_MAX_REMOVALS, missing: 0 });
    expect(await objectKeys()).toEqual(numbered(105).slice(100));
    expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 5, removed: 5, missing: 0 });
    expect(await objectKeys()).toEqual([]);
  });

  it("that came back after its deletion is removed again", async () => {
    const id = await enforcing.register("code", source("x"));
    await enforcing.call("DELETE", `/artifacts/code/${id}`);
    await put(`artifacts/code/${id}.zip`);
    expect(await enforcing.reconcile(NEXT_DAY())).toMatchObject({ strays: 1, removed: 1 });
    expect(await objectKeys()).toEqual([]);
    expect((await enforcing.call("GET", `/deletions/${id}`)).json).toMatchObject({ status: "finished" });
  });

  it.each(["artifacts/code/3.zip", "artifacts/code/1-3.zip"])(
    "under %s, a key that is still to be issued, is reported and left to whoever is issued it",
    async (key) => {
      for (const name of ["a", "b"]) await enforcing.register("code", source(name), name);
      await put(key);
      expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 1, removed: 0, missing: 0 });
      expect(await rows("SELECT * FROM deletions")).toEqual([]);
      // Either writes over it, and is deleted like everything else.
      const body = { metadata: { name: "a", id: "1", type: "code" }, data: { url: source("c") } };
      if (key.includes("1-3")) expect((await enforcing.call("PUT", "/artifacts/code/1", body)).status).toBe(200);
      else await enforcing.register("code", source("c"), "c");
      expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 0, removed: 0, missing: 0 });
      await enforcing.sweep(NEXT_DAY());
      expect(await brokenInvariants()).toEqual([]);
      expect((await enforcing.call("DELETE", "/reset")).status).toBe(200);
      expect(await objectKeys()).toEqual([]);
    },
  );

  it("takes none of the places among those that a run may remove when its key is still to be issued", async () => {
    await put("artifacts/code/1.zip", ...numbered(RECONCILE_MAX_REMOVALS));
    expect(await enforcing.reconcile(NEXT_DAY())).toMatchObject({ strays: 101, removed: RECONCILE_MAX_REMOVALS });
    expect(await objectKeys()).toEqual(["artifacts/code/1.zip"]);
  });

  it("is none any more when its key is issued while the comparison runs: what is there now stays", async () => {
    await enforcing.register("code", source("a"), "a");
    await put("artifacts/code/2.zip");
    let lists = 0;
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      list: async (options: R2ListOptions) => {
        lists += 1;
        const page = await env.BUCKET.list(options);
        if (lists === 2) await reporting.register("code", source("b"), "b");
        return page;
      },
    } as unknown as R2Bucket;
    const registry = createRegistry({ BUCKET, RECONCILE: "enforce" });
    expect(await registry.reconcile(NEXT_DAY())).toMatchObject({ strays: 1, removed: 0 });
    expect(await brokenInvariants()).toEqual([]);
    expect(await rows("SELECT * FROM deletions")).toEqual([]);
  });

  it("that the bucket would not delete stays an open deletion, and the sweep finishes it", async () => {
    const id = await enforcing.register("code", source("x"));
    await enforcing.call("DELETE", `/artifacts/code/${id}`);
    await put("artifacts/code/1.zip");
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket\.delete/ });
    await createRegistry({ ...down.env, RECONCILE: "enforce" }).reconcile(NEXT_DAY());
    expect(await objectKeys()).toEqual(["artifacts/code/1.zip"]);
    expect(await brokenInvariants()).toEqual([]);
    await enforcing.sweep(NEXT_DAY() + STRAY_MIN_AGE_MS);
    expect(await objectKeys()).toEqual([]);
  });

  it("is looked at once more before it counts: a deletion may have finished since the bucket was listed", async () => {
    await put("artifacts/code/99.zip");
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      list: async (options: R2ListOptions) => {
        const page = await env.BUCKET.list(options);
        await env.BUCKET.delete("artifacts/code/99.zip");
        return page;
      },
    } as unknown as R2Bucket;
    const hasty = createRegistry({ BUCKET, RECONCILE: "enforce" });
    expect(await hasty.reconcile(NEXT_DAY())).toEqual({ strays: 0, removed: 0, missing: 0 });
    expect(await rows("SELECT * FROM deletions")).toEqual([]);
  });
});

describe("an object that something points at", () => {
  it("is no stray, however old: artifact, updated artifact, upload, open deletion", async () => {
    await enforcing.register("code", source("a"), "it");
    const body = { metadata: { name: "it", id: "1", type: "code" }, data: { url: source("b") } };
    await enforcing.call("PUT", "/artifacts/code/1", body);
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO uploads (id, type, name, size, sha256, started_at, started_by) VALUES (50, 'code', 'u', 1, '', 0, 'x')",
      ),
      env.DB.prepare(
        "INSERT INTO uploads (id, artifact_id, type, name, size, sha256, started_at, started_by) VALUES (51, 1, 'code', 'it', 1, '', 0, 'x')",
      ),
      env.DB.prepare(
        "INSERT INTO deletions VALUES ('artifacts/code/60.zip', 60, 'code', 'd', 1, '', 'deleted', 0, 'x', NULL, 0, 0, NULL, NULL)",
      ),
    ]);
    await put("artifacts/code/50.zip", "artifacts/code/1-51.zip", "artifacts/code/60.zip");
    const { jobs: _, ...before } = await world();
    expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 0, removed: 0, missing: 0 });
    const { jobs: __, ...after } = await world();
    expect(after).toEqual(before);
  });
});

describe("an artifact whose object is missing", () => {
  it("is reported, and neither it nor its row is touched, under enforce either", async () => {
    for (const name of ["a", "b", "c"]) await enforcing.register("code", source(name), name);
    await env.BUCKET.delete("artifacts/code/2.zip");
    const { jobs: _, ...before } = await world();
    expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 0, removed: 0, missing: 1 });
    expect(await enforcing.reconcile()).toEqual({ strays: 0, removed: 0, missing: 1 });
    const { jobs: __, ...after } = await world();
    expect(after).toEqual(before);
    expect((await enforcing.call("GET", "/artifacts/code/2")).status).toBe(200);
  });

  it("is found before, between and behind what is listed, on every page", async () => {
    const registry = withPagesOf(2);
    for (const name of ["a", "b", "c", "d", "e", "f", "g"]) await registry.register("code", source(name), name);
    for (const id of [1, 4, 7]) await env.BUCKET.delete(`artifacts/code/${id}.zip`);
    expect(await registry.reconcile()).toEqual({ strays: 0, removed: 0, missing: 3 });
  });

  it("is found among more than a page of artifacts", async () => {
    await insertArtifacts(1100);
    await put("artifacts/code/1100.zip");
    expect(await reporting.reconcile()).toEqual({ strays: 0, removed: 0, missing: 1099 });
  });

  it("is none when it is registered behind the back of the list", async () => {
    let late: Promise<string> | undefined;
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      list: async (options: R2ListOptions) => {
        const page = await env.BUCKET.list(options);
        late ??= reporting.register("code", source("late"));
        await late;
        return page;
      },
    } as unknown as R2Bucket;
    expect(await createRegistry({ BUCKET }).reconcile()).toEqual({ strays: 0, removed: 0, missing: 0 });
  });

  it("is none when it is deleted while the comparison runs", async () => {
    const id = await reporting.register("code", source("a"));
    await reporting.register("code", source("b"));
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      list: async (options: R2ListOptions) => {
        await reporting.call("DELETE", `/artifacts/code/${id}`);
        return env.BUCKET.list(options);
      },
    } as unknown as R2Bucket;
    expect(await createRegistry({ BUCKET }).reconcile()).toEqual({ strays: 0, removed: 0, missing: 0 });
  });
});

describe("a comparison", () => {
  it("stops after its pages and goes on where it stopped, until the end; then it begins anew", async () => {
    const registry = withPagesOf(2);
    await put(...numbered(5));
    const at = NEXT_DAY();
    expect(await registry.reconcile(at, 1)).toEqual({ after: "stray/00001", strays: 2, removed: 0, missing: 0 });
    expect(await registry.reconcile(at, 1)).toEqual({ after: "stray/00003", strays: 4, removed: 0, missing: 0 });
    expect(await registry.reconcile(at, 1)).toEqual({ strays: 5, removed: 0, missing: 0 });
    expect(await registry.reconcile(at, 2)).toEqual({ after: "stray/00003", strays: 4, removed: 0, missing: 0 });
    expect(await registry.reconcile(at, 2)).toEqual({ strays: 5, removed: 0, missing: 0 });
  });

  it("that removes goes on behind what it removed, over several runs", async () => {
    const registry = withPagesOf(2, { RECONCILE: "enforce" });
    await put(...numbered(5));
    const at = NEXT_DAY();
    for (const removed of [2, 4, 5])
      expect(await registry.reconcile(at, 1)).toMatchObject({ strays: removed, removed });
    expect(await objectKeys()).toEqual([]);
  });

  it("keeps its place in the order of keys that only bytes have", async () => {
    await put("Z", "a", "ä", "～", "😀", "😀😀");
    for (const size of [2, 5]) {
      expect(await withPagesOf(size).reconcile(NEXT_DAY())).toEqual({ strays: 6, removed: 0, missing: 0 });
    }
  });

  it("goes no further than both of its lists of the bucket, which may tell less the second time", async () => {
    for (const name of ["a", "b", "c", "d"]) await reporting.register("code", source(name), name);
    for (const id of [1, 4]) await env.BUCKET.delete(`artifacts/code/${id}.zip`);
    await put("artifacts/code/2-x.zip", "artifacts/code/3-x.zip");
    let lists = 0;
    const BUCKET = {
      ...withFaults(env).env.BUCKET,
      list: (options: R2ListOptions) => {
        lists += 1;
        return env.BUCKET.list({ ...options, limit: lists % 2 === 1 ? 4 : 1 });
      },
    } as unknown as R2Bucket;
    const registry = createRegistry({ BUCKET });
    const at = NEXT_DAY();
    expect((await registry.reconcile(at, 1)).after).toBe("artifacts/code/2-x.zip");
    expect((await registry.reconcile(at, 1)).after).toBe("artifacts/code/2.zip");
    expect(await registry.reconcile(at)).toEqual({ strays: 2, removed: 0, missing: 2 });
  });

  it("takes no more calls for however much is stray or missing", async () => {
    await insertArtifacts(900);
    const keys = numbered(900);
    for (let from = 0; from < keys.length; from += 100) await put(...keys.slice(from, from + 100));
    const counting = withFaults(env);
    const registry = createRegistry({ ...counting.env, RECONCILE: "enforce" });
    expect(await registry.reconcile(NEXT_DAY(), 1)).toEqual({ strays: 900, removed: 100, missing: 900 });
    expect(counting.calls()).toBeLessThanOrEqual(11);
  });

  it("reads a bucket of more than a thousand objects, and a page of nothing but strays", async () => {
    const keys = numbered(1003);
    for (let from = 0; from < keys.length; from += 100) await put(...keys.slice(from, from + 100));
    const first = await reporting.reconcile(NEXT_DAY(), 1);
    expect(first).toEqual({ after: "stray/00999", strays: 1000, removed: 0, missing: 0 });
    expect(await reporting.reconcile(NEXT_DAY(), 1)).toEqual({ strays: 1003, removed: 0, missing: 0 });
  });

  it("of nothing with nothing is at its end", async () => {
    expect(await enforcing.reconcile(NEXT_DAY())).toEqual({ strays: 0, removed: 0, missing: 0 });
  });
});
