/**
 * A mirror under faults, and in the way of others. Every call that it makes to the database or the bucket fails once, before
 * and after it took effect; everything fails from some call on, as when the Worker dies; and at every step somebody deletes,
 * updates, or mirrors the artifact again. At every moment the invariants hold, and in the end nothing is owed.
 */

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { MirrorRun } from "../../src/env.ts";
import { withFaults } from "../faults.ts";
import { brokenInvariants, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { createMemory, createMirroringRegistry, filesOf, LEAST_PART_BYTES, mirror } from "./mirroring.ts";

let registry = createMirroringRegistry();
beforeEach(() => {
  registry = createMirroringRegistry();
});

let serial = 0;
/** A model with a mirror that waits to be run. */
async function prepare(model = "acme-labs/whole-small"): Promise<{ id: string; run: MirrorRun }> {
  serial += 1;
  const body = { url: model, name: `mirror-${serial}`, mirror: "full" };
  const answer = await registry.call("POST", "/artifact/model", body);
  const run = registry.started.at(-1);
  if (answer.status !== 201 || !run) throw new Error(`${answer.status} ${answer.text}`);
  return { id: (answer.json as { metadata: { id: string } }).metadata.id, run };
}

const stateOf = async (id: string) =>
  ((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json as { state?: string }).state;
const isFull = async (id: string) => (await filesOf(registry, "model", id)).has("model.safetensors");
/** Later than any upload or back-off waits. */
const muchLater = () => Date.now() + 24 * 3_600_000;

describe("a mirror whose calls fail", () => {
  it.each(["before", "after"] as const)("once, %s it took effect, is whole all the same", async (when) => {
    const wrong: string[] = [];
    for (let call = 0, fired = true; fired; call += 1) {
      const { id, run } = await prepare();
      const faulty = withFaults(env, { call, when, extent: "once" });
      const state = await mirror(run, createMemory(), faulty.env);
      fired = faulty.calls() > call;
      const note = (problem: string) => wrong.push(`call ${call} (${faulty.names[call]}): ${problem}`);
      for (const problem of await brokenInvariants()) note(problem);
      await registry.sweep(muchLater());
      if (state !== "finished" || (await stateOf(id)) !== "finished") note(`it is ${state}, ${await stateOf(id)}`);
      if (!(await isFull(id))) note("the bundle is light");
      for (const key of await unfinishedWork()) note(`still owed: ${key}`);
      for (const problem of await brokenInvariants()) note(`in the end: ${problem}`);
      await registry.call("DELETE", `/artifacts/model/${id}`);
    }
    expect(wrong).toEqual([]);
    expect(await objectKeys()).toEqual([]);
  });

  // That all fail before the n-th took effect is the same as that all fail after the one before it did.
  it.each(["is taken up again", "is swept"])("all from one on %s", async (recovery) => {
    const wrong: string[] = [];
    let runs = 0;
    for (let call = 0, fired = true; fired; call += 1, runs += 1) {
      const { id, run } = await prepare();
      const faulty = withFaults(env, { call, when: "after", extent: "forever" });
      const memory = createMemory({ tries: 2 });
      const first = await mirror(run, memory, faulty.env).catch(() => "died");
      fired = faulty.calls() > call;
      const note = (problem: string) => wrong.push(`call ${call} (${faulty.names[call]}): ${problem}`);
      for (const problem of await brokenInvariants()) note(problem);
      if (recovery === "is taken up again") {
        const state = await mirror(run, memory);
        if (state !== "finished" || !(await isFull(id))) note(`after ${first} it is ${state}`);
      }
      await registry.sweep(muchLater());
      await registry.sweep(muchLater());
      const state = await stateOf(id);
      if (recovery === "is taken up again" && state !== "finished") note(`it is said to be ${state}`);
      // one that died before it had an upload waits to be started again
      if (recovery === "is swept" && !["finished", "failed", "queued"].includes(state ?? "")) note(`it is ${state}`);
      if (((await isFull(id)) ? "finished" : "light") === "finished" && state !== "finished")
        note(`full, and ${state}`);
      for (const key of await unfinishedWork()) note(`still owed: ${key}`);
      for (const problem of await brokenInvariants()) note(`in the end: ${problem}`);
      await registry.call("DELETE", `/artifacts/model/${id}`);
    }
    expect(wrong).toEqual([]);
    expect(runs).toBeGreaterThan(10);
    expect(await objectKeys()).toEqual([]);
  });
});

const STEPS = ["plan", "open", "part 1", "part 2", "complete", "verify", "inspect", "settle"];

/** The multipart uploads that a run has begun. */
function watchMultiparts(): { key: string; id: string }[] {
  const begun: { key: string; id: string }[] = [];
  const create = env.BUCKET.createMultipartUpload.bind(env.BUCKET);
  vi.spyOn(env.BUCKET, "createMultipartUpload").mockImplementation(async (key, options) => {
    const upload = await create(key, options);
    begun.push({ key, id: upload.uploadId });
    return upload;
  });
  return begun;
}

async function expectNothingLeft(begun: readonly { key: string; id: string }[]): Promise<void> {
  expect(await unfinishedWork()).toEqual([]);
  expect(await brokenInvariants()).toEqual([]);
  for (const { key, id } of begun) {
    const part = env.BUCKET.resumeMultipartUpload(key, id).uploadPart(1, new Uint8Array(10));
    await expect(part, `the multipart upload of ${key} is still open`).rejects.toThrow();
  }
}

describe("an artifact that is deleted", () => {
  it.each(STEPS)("before the step %s takes its mirror along, and nothing is left", async (step) => {
    const begun = watchMultiparts();
    const { id, run } = await prepare("acme-labs/whole");
    const before = async (name: string) => {
      if (name === step) expect((await registry.call("DELETE", `/artifacts/model/${id}`)).status).toBe(200);
    };
    const memory = createMemory({ before });
    expect(await mirror(run, memory)).toBe("queued");
    expect(memory.names.at(-1)).toBe("end");
    expect(memory.names).toContain(step);
    expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).status).toBe(404);
    expect(await objectKeys()).toEqual([]);
    expect(await rows("SELECT * FROM mirrors")).toEqual([]);
    expect(await rows("SELECT reason FROM deletions WHERE finished_at IS NULL")).toEqual([]);
    await expectNothingLeft(begun);
  });

  it.each([
    ["createMultipartUpload", "after"],
    ["uploadPart", "before"],
    ["uploadPart", "after"],
    ["complete", "before"],
    ["complete", "after"],
  ])("in the midst of a step, %s, %s it, takes its mirror along", async (method, when) => {
    const begun = watchMultiparts();
    const { id, run } = await prepare();
    let deleted = 0;
    const remove = async () => {
      if (deleted++ === 0) expect((await registry.call("DELETE", `/artifacts/model/${id}`)).status).toBe(200);
    };
    const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (name === method && when === "before") await remove();
      const result = await work();
      if (name === method && when === "after") await remove();
      return result;
    };
    const wrap = (native: R2MultipartUpload): R2MultipartUpload => ({
      key: native.key,
      uploadId: native.uploadId,
      uploadPart: (...args) => around("uploadPart", () => native.uploadPart(...args)),
      complete: (parts) => around("complete", () => native.complete(parts)),
      abort: () => native.abort(),
    });
    const { BUCKET } = withFaults(env).env;
    const bucket = {
      ...BUCKET,
      createMultipartUpload: (key: string) =>
        around("createMultipartUpload", () => env.BUCKET.createMultipartUpload(key)).then(wrap),
      resumeMultipartUpload: (key: string, upload: string) => wrap(env.BUCKET.resumeMultipartUpload(key, upload)),
    } as unknown as R2Bucket;
    expect(await mirror(run, createMemory(), { BUCKET: bucket })).toBe("queued");
    expect(deleted).toBeGreaterThan(0);
    expect(await objectKeys()).toEqual([]);
    await expectNothingLeft(begun);
  });
});

describe("an artifact that is updated while it is mirrored", () => {
  const update = (id: string, data: object) =>
    registry.call("PUT", `/artifacts/model/${id}`, {
      metadata: { id, name: `mirror-${serial}`, type: "model" },
      data: { url: "acme-labs/whole-small", ...data },
    });

  it.each(["open", "part 1", "complete", "verify", "settle"])(
    "before the step %s is mirrored anew, and the older run loses",
    async (step) => {
      const begun = watchMultiparts();
      const { id, run } = await prepare();
      const before = async (name: string) => {
        if (name === step) expect((await update(id, {})).status).toBe(200);
      };
      expect(await mirror(run, createMemory({ before }))).toBe("queued");
      expect(await isFull(id)).toBe(false);
      expect(await stateOf(id)).toBe("queued");
      const newer = registry.started.at(-1);
      expect(newer?.version).toBeGreaterThan(run.version);
      expect(newer && (await mirror(newer))).toBe("finished");
      expect(await isFull(id)).toBe(true);
      // and an older one that wakes up late has nothing to say either
      expect(await mirror(run, createMemory())).toBe("queued");
      expect(await stateOf(id)).toBe("finished");
      expect(await objectKeys()).toHaveLength(1);
      await expectNothingLeft(begun);
    },
  );

  it("to be light from then on has no mirror any more", async () => {
    const { id, run } = await prepare();
    expect(await mirror(run)).toBe("finished");
    expect((await update(id, { mirror: "light" })).status).toBe(200);
    expect(await stateOf(id)).toBe("none");
    expect(await isFull(id)).toBe(false);
    const started = registry.started.length;
    expect((await update(id, {})).status).toBe(200);
    expect(registry.started).toHaveLength(started);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("after its mirror has finished is mirrored again, though the client does not say so", async () => {
    const { id, run } = await prepare();
    expect(await mirror(run)).toBe("finished");
    expect((await update(id, {})).status).toBe(200);
    expect(await stateOf(id)).toBe("queued");
    const again = registry.started.at(-1);
    expect(again && (await mirror(again))).toBe("finished");
    expect(await isFull(id)).toBe(true);
    expect(await unfinishedWork()).toEqual([]);
  });
});

describe("the sweep", () => {
  it("gives up a mirror that shows no sign of life any more, and says so", async () => {
    const begun = watchMultiparts();
    const { id, run } = await prepare();
    const die = async (name: string) => {
      if (name === "complete" || name === "end") throw new Error("the platform lost it");
    };
    await expect(mirror(run, createMemory({ before: die }))).rejects.toThrow("lost it");
    expect(await stateOf(id)).toBe("running");
    await registry.sweep(Date.now() + 3_600_000);
    expect(await stateOf(id)).toBe("running");
    await registry.sweep(Date.now() + 4 * 3_600_000);
    expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({
      state: "failed",
      error: "The copying stopped and was given up.",
    });
    expect(await isFull(id)).toBe(false);
    await expectNothingLeft(begun);
    // it may be asked for again
    expect((await registry.call("POST", `/artifacts/model/${id}/mirror`)).status).toBe(202);
    const again = registry.started.at(-1);
    expect(again && (await mirror(again))).toBe("finished");
  });

  it("starts a mirror that was decided and that nobody started", async () => {
    const refusing = createMirroringRegistry({
      MIRRORS: { create: () => Promise.reject(new Error("down")) } as unknown as (typeof env)["MIRRORS"],
    });
    const body = { url: "acme-labs/whole-small", mirror: "full" };
    expect((await refusing.call("POST", "/artifact/model", body)).status).toBe(201);
    expect((await registry.sweep(Date.now() + 60_000)).mirrorsStarted).toBe(0);
    expect((await registry.sweep(Date.now() + 11 * 60_000)).mirrorsStarted).toBe(1);
    expect(registry.started).toHaveLength(1);
    const [run] = registry.started;
    expect(run && (await mirror(run))).toBe("finished");
  });

  it.each([
    ["errored", "failed"],
    ["queued", "queued"],
    ["running", "queued"],
  ])("finds an instance that is %s before it began, and calls the mirror %s", async (status, state) => {
    const { id } = await prepare();
    const MIRRORS = {
      create: () => Promise.reject(new Error("instance.already_exists")),
      get: async () => ({ status: async () => ({ status }) }),
    } as unknown as (typeof env)["MIRRORS"];
    await createMirroringRegistry({ MIRRORS }).sweep(Date.now() + 11 * 60_000);
    expect(await stateOf(id)).toBe(state);
  });
});

describe("parts", () => {
  it("that were copied before a crash are not copied again", async () => {
    const { id, run } = await prepare("acme-labs/whole");
    let dead = true;
    const before = async (name: string) => {
      if (dead && (name === "part 2" || name === "end")) throw new Error("died");
    };
    const memory = createMemory({ before });
    await expect(mirror(run, memory)).rejects.toThrow("died");
    dead = false;
    const ranges: string[] = [];
    vi.mocked(globalThis.fetch).mockClear();
    expect(await mirror(run, memory)).toBe("finished");
    for (const [, init] of vi.mocked(globalThis.fetch).mock.calls) {
      ranges.push(new Headers(init?.headers as HeadersInit).get("range") ?? "");
    }
    // nothing before the second part is asked for
    const starts = ranges.flatMap((range) => /^bytes=(\d+)-/.exec(range)?.[1] ?? []).map(Number);
    expect(Math.min(...starts)).toBeGreaterThan(LEAST_PART_BYTES - 100_000);
    expect(await isFull(id)).toBe(true);
    expect(await unfinishedWork()).toEqual([]);
  });
});
