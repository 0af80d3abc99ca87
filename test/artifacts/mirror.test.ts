/** The whole of a repository, from the request to the zip that holds it. */

import { introspectWorkflow } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { INSPECTION_RULES } from "../../src/inspection/findings.ts";
import { sha256Hex } from "../../src/lib/hash.ts";
import { PACE_BYTES } from "../../src/limits.ts";
import { readZipIndex } from "../../src/zip/zip-index.ts";
import { brokenInvariants, createRegistry, objectKeys, rows, unfinishedWork } from "../harness.ts";
import { findHubRepo } from "../hub/catalogue.ts";
import { factsOf } from "../hub/files.ts";
import { createMemory, createMirroringRegistry, filesOf, LEAST_PART_BYTES, mirror } from "./mirroring.ts";

let registry = createMirroringRegistry();
beforeEach(() => {
  registry = createMirroringRegistry();
});

async function registerFull(type: string, url: string, more: object = {}): Promise<string> {
  const answer = await registry.call("POST", `/artifact/${type}`, { url, mirror: "full", ...more });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return (answer.json as { metadata: { id: string } }).metadata.id;
}
const lastRun = () => {
  const run = registry.started.at(-1);
  if (!run) throw new Error("nothing was started");
  return run;
};

/** The bytes of a hub file, as the hub makes them. */
async function hubBytes(id: string, path: string, kind: "models" | "datasets" = "models"): Promise<Uint8Array> {
  const content = findHubRepo(kind, id)?.files[path];
  if (content === undefined) throw new Error(`no ${path}`);
  return (await factsOf(id, path, content)).bytes ?? new Uint8Array();
}

describe("a full mirror of a model", () => {
  it("replaces the light bundle by every upstream file, checked, indexed and inspected", async () => {
    const id = await registerFull("model", "acme-labs/whole");
    const light = await filesOf(registry, "model", id);
    expect(light.has("model.safetensors")).toBe(false);
    expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({
      state: "queued",
      files: { done: 0 },
      bytes: { done: 0 },
    });

    const memory = createMemory();
    expect(await mirror(lastRun(), memory)).toBe("finished");
    expect(memory.names).toEqual(["plan", "open", "part 1", "part 2", "complete", "verify", "inspect", "settle"]);

    const files = await filesOf(registry, "model", id);
    const listed = Object.keys(findHubRepo("models", "acme-labs/whole")?.files ?? {});
    expect([...files.keys()].sort()).toEqual(["evidence.json", "manifest.json", ...listed].sort());
    for (const path of listed) {
      expect(await sha256Hex(new Uint8Array(files.get(path) ?? [])), path).toBe(
        await sha256Hex(new Uint8Array(await hubBytes("acme-labs/whole", path))),
      );
    }
    expect(files.get("evidence.json")).toEqual(light.get("evidence.json"));
    const manifest = JSON.parse(new TextDecoder().decode(files.get("manifest.json")));
    expect(manifest.files.every((file: { kept: boolean }) => file.kept)).toBe(true);
    expect(manifest.files).toHaveLength(listed.length);

    const [row] = await rows("SELECT size, sha256, version, object_key FROM artifacts");
    expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({
      state: "finished",
      files: { done: files.size, total: files.size },
      bytes: { done: row?.["size"], total: row?.["size"] },
    });
    const [inspection] = await rows("SELECT verdict, version, rules FROM inspections");
    // external tensor data of an ONNX graph has no format by which it could be recognised
    expect(inspection).toEqual({ verdict: "unknown", version: row?.["version"], rules: INSPECTION_RULES });
    const [page] = await rows<{ entries: string }>("SELECT entries FROM bundle_index");
    const indexed = JSON.parse(page?.entries ?? "[]") as { path: string; text: boolean; tail: string }[];
    expect(indexed.find(({ path }) => path === "manifest.json")).toMatchObject({
      text: true,
      tail: expect.any(String),
    });
    expect(await rows("SELECT action, actor, before, after FROM audit ORDER BY id")).toMatchObject([
      { action: "CREATE", actor: "anonymous" },
      { action: "UPDATE", actor: "anonymous", after: row?.["sha256"] },
    ]);
    expect(await objectKeys()).toEqual([row?.["object_key"]]);
    expect((await registry.call("GET", `/artifact/model/${id}/rate`)).status).toBe(200);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("lets others have their turn while it copies and reads back, and never asks for the whole zip at once", async () => {
    await registerFull("model", "acme-labs/whole");
    const wait = vi.spyOn(scheduler, "wait");
    const get = vi.fn<R2Bucket["get"]>((key: string, options?: R2GetOptions) => env.BUCKET.get(key, options));
    const BUCKET = new Proxy(env.BUCKET, {
      get: (bucket, key) => (key === "get" ? get : Reflect.get(bucket, key).bind(bucket)),
    });
    const pauses: Record<string, number> = {};
    const before = async (name: string) => {
      pauses[name] = wait.mock.calls.length;
    };
    expect(await mirror(lastRun(), createMemory({ before }), { BUCKET })).toBe("finished");
    wait.mockRestore();
    const during = (name: string, next: string) => (pauses[next] ?? 0) - (pauses[name] ?? 0);
    const [row] = await rows<{ size: number; object_key: string }>("SELECT size, object_key FROM artifacts");
    expect(during("part 1", "part 2")).toBe(Math.floor(LEAST_PART_BYTES / PACE_BYTES));
    expect(during("verify", "inspect")).toBe(Math.floor((row?.size ?? 0) / PACE_BYTES));
    const whole = get.mock.calls.filter(([key, options]) => key === row?.object_key && options?.range === undefined);
    expect(whole).toEqual([]);
  });

  it("is decided by the deployment where the client does not say", async () => {
    const full = createMirroringRegistry({ MIRROR: "full" });
    await full.register("model", "acme-labs/whole-small");
    expect(full.started).toHaveLength(1);
    await full.call("POST", "/artifact/model", { url: "acme-labs/whole-small", name: "light", mirror: "light" });
    expect(full.started).toHaveLength(1);
    await registry.register("model", "acme-labs/whole-small", "other");
    expect((await rows("SELECT count(*) AS n FROM mirrors"))[0]).toEqual({ n: 1 });
  });

  it("is not begun by an update that does not say, where light was wanted; one that is there is made anew", async () => {
    const full = createMirroringRegistry({ MIRROR: "full" });
    const update = async (id: string, more = {}) => {
      const { json } = await full.call("GET", `/artifacts/model/${id}`);
      const artifact = json as { metadata: object; data: object };
      const data = { ...artifact.data, ...more };
      return (await full.call("PUT", `/artifacts/model/${id}`, { metadata: artifact.metadata, data })).status;
    };
    const wanted = { url: "acme-labs/whole-small", name: "light", mirror: "light" };
    expect((await full.call("POST", "/artifact/model", wanted)).status).toBe(201);
    expect([await update("1"), full.started]).toEqual([200, []]);
    expect([await update("1", { mirror: "full" }), full.started.length]).toEqual([200, 1]);
    expect([await update("1"), full.started.length]).toEqual([200, 2]);
    expect([await update("1", { mirror: "light" }), await update("1"), full.started.length]).toEqual([200, 200, 2]);
  });

  it("begins after a registration that is answered before it is rated", async () => {
    const answer = await registry.call(
      "POST",
      "/artifact/model",
      { url: "acme-labs/whole-small", mirror: "full" },
      { Prefer: "respond-async" },
    );
    expect(answer.status).toBe(202);
    expect(await mirror(lastRun())).toBe("finished");
    expect(await brokenInvariants()).toEqual([]);
  });

  it("of a gated model takes the token to the hub, and never to where the hub sends it", async () => {
    const gated = createMirroringRegistry({ HF_TOKEN: "hub-test-token" });
    const answer = await gated.call("POST", "/artifact/model", { url: "acme-labs/sealed-whole", mirror: "full" });
    expect(answer.status).toBe(201);
    const run = gated.started.at(-1);
    const asked = vi.mocked(globalThis.fetch).mock.calls;
    asked.length = 0;
    // the stand-in for the content network refuses whoever sends a token
    expect(run && (await mirror(run, createMemory(), { HF_TOKEN: "hub-test-token" }))).toBe("finished");
    const tokens = asked.map(([url, init]) => [
      new URL(String(url)).hostname,
      new Headers(init?.headers as HeadersInit).has("authorization"),
    ]);
    expect(tokens).toContainEqual(["huggingface.co", true]);
    expect(tokens).toContainEqual(["cdn-lfs.huggingface.co", false]);
    expect(tokens).not.toContainEqual(["cdn-lfs.huggingface.co", true]);
    expect(run && (await mirror({ ...run, round: 2 }, createMemory()))).toBe("queued");
  });
});

describe("a full mirror", () => {
  it("of a dataset holds its files", async () => {
    const id = await registerFull("dataset", "https://huggingface.co/datasets/acme-labs/open-atlas");
    expect(await mirror(lastRun())).toBe("finished");
    const files = await filesOf(registry, "dataset", id);
    for (const path of Object.keys(findHubRepo("datasets", "acme-labs/open-atlas")?.files ?? {})) {
      expect(files.get(path), path).toEqual(await hubBytes("acme-labs/open-atlas", path, "datasets"));
    }
    expect(await brokenInvariants()).toEqual([]);
  });

  it("of code on GitHub holds the archive at the commit, beside what the light bundle holds", async () => {
    const id = await registerFull("code", "https://github.com/acme-labs/aster");
    const light = await filesOf(registry, "code", id);
    const memory = createMemory();
    expect(await mirror(lastRun(), memory)).toBe("finished");
    expect(memory.names).toEqual(["plan", "open", "archive", "complete", "verify", "inspect", "settle"]);
    const [row] = await rows<{ revision: string }>("SELECT revision FROM artifacts");
    const commit = row?.revision ?? "";
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    const files = await filesOf(registry, "code", id);
    expect([...files.keys()]).toEqual([...light.keys(), `aster-${commit}.zip`]);
    expect(files.get("README.md")).toEqual(light.get("README.md"));
    expect(JSON.parse(new TextDecoder().decode(files.get("manifest.json")))).toMatchObject({
      revision: commit,
      archive: `aster-${commit}.zip`,
    });
    const archive = files.get(`aster-${commit}.zip`) ?? new Uint8Array();
    const inner = await namesIn(archive);
    expect(inner).toContain(`acme-labs-aster-${commit.slice(0, 7)}/src/aster/train.py`);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it.each([
    ["code", "https://gitlab.com/acme-labs/tools/garden"],
    ["dataset", "https://files.example.org/data.tar"],
  ])("of %s at %s is skipped, because there is no list of files", async (type, url) => {
    const id = await registerFull(type, url);
    expect(await mirror(lastRun())).toBe("skipped");
    expect((await registry.call("GET", `/artifacts/${type}/${id}/mirror`)).json).toMatchObject({
      state: "skipped",
      error: "There is nothing to mirror: the host gives no list of files.",
    });
    expect(await unfinishedWork()).toEqual([]);
  });
});

/** From now on a record says that its repository is private: its owner has closed it, and our token still sees it. */
function turnPrivate(path: string): void {
  const real = vi.mocked(globalThis.fetch).getMockImplementation();
  vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
    if (new URL(String(input)).pathname !== path) return real?.(input, init) ?? Response.error();
    // the record has changed, so "not modified" is no answer
    const headers = new Headers(init?.headers as HeadersInit);
    headers.delete("If-None-Match");
    const answer = (await real?.(input, { ...init, headers })) ?? Response.error();
    return Response.json({ ...((await answer.json()) as object), private: true });
  });
}

describe("what only our token can see", () => {
  const tokens = { HF_TOKEN: "hub-test-token", GITHUB_TOKEN: "hub-test-token" };
  const seeing = () => createMirroringRegistry(tokens);
  /** Registers, runs the mirror with the tokens, and tells what was asked of upstream for it. */
  async function mirrorOf(type: string, url: string, midway = createMemory()) {
    const all = seeing();
    const answer = await all.call("POST", `/artifact/${type}`, { url, mirror: "full" });
    expect(answer.status, answer.text).toBe(201);
    const { id } = (answer.json as { metadata: { id: string } }).metadata;
    const [run] = all.started;
    return {
      path: `/artifacts/${type}/${id}/mirror`,
      run: async () => {
        vi.mocked(globalThis.fetch).mock.calls.length = 0;
        const state = run && (await mirror(run, midway, tokens));
        return { state, asked: vi.mocked(globalThis.fetch).mock.calls.map(([url]) => new URL(String(url)).pathname) };
      },
    };
  }
  async function expectSkipped(path: string): Promise<void> {
    expect((await registry.call("GET", path)).json).toMatchObject({
      state: "skipped",
      error: "There is nothing to mirror: the repository is not public.",
    });
    expect(await objectKeys()).toHaveLength(1);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  }

  it.each(["code", "dataset"])("of a private repository on GitHub as %s is not even registered", async (type) => {
    const all = seeing();
    const url = "https://github.com/acme-labs/back-room";
    const answer = await all.call("POST", `/artifact/${type}`, { url, mirror: "full" });
    expect([answer.status, all.started]).toEqual([424, []]);
  });

  it("is mirrored with the token while it is public", async () => {
    const { run } = await mirrorOf("code", "https://github.com/acme-labs/aster");
    const { state, asked } = await run();
    expect([state, asked.some((path) => path.includes("/legacy.zip/"))]).toEqual(["finished", true]);
  });

  it("of a repository on GitHub that turns private just before it is copied stays there", async () => {
    const before = async (name: string) => void (name === "archive" && turnPrivate("/repos/acme-labs/aster"));
    const { path, run } = await mirrorOf("code", "https://github.com/acme-labs/aster", createMemory({ before }));
    const { state, asked } = await run();
    expect([state, asked.filter((at) => /zipball|legacy/.test(at))]).toEqual(["skipped", []]);
    await expectSkipped(path);
  });

  it.each([
    ["model", "acme-labs/whole-small", "/api/models/acme-labs/whole-small"],
    ["dataset", "https://huggingface.co/datasets/acme-labs/open-atlas", "/api/datasets/acme-labs/open-atlas"],
  ])("of a %s of the hub that has turned private since stays there", async (type, url, record) => {
    const { path, run } = await mirrorOf(type, url);
    turnPrivate(record);
    expect(await run()).toEqual({ state: "skipped", asked: [record] });
    await expectSkipped(path);
  });

  it("is asked about again when nobody can say whether it is public", async () => {
    const { run } = await mirrorOf("model", "acme-labs/whole-small");
    const real = vi.mocked(globalThis.fetch).getMockImplementation();
    let failures = 2;
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      if (!String(input).includes("/api/models/") || failures === 0) return real?.(input, init) ?? Response.error();
      failures -= 1;
      return new Response("later", { status: 503 });
    });
    expect((await run()).state).toBe("finished");
    expect(failures).toBe(0);
  });
});

describe("the workflow", () => {
  const platform = createRegistry();

  it("runs the mirror that a registration asks for, and tries a step again that failed", async () => {
    await using introspector = await introspectWorkflow(env.MIRRORS as Workflow);
    await introspector.modifyAll(async (modifier) => {
      await modifier.disableRetryDelays();
      await modifier.mockStepError({ name: "part 1" }, new Error("connection lost"), 2);
    });
    const answer = await platform.call("POST", "/artifact/model", { url: "acme-labs/whole-small", mirror: "full" });
    const { id } = (answer.json as { metadata: { id: string } }).metadata;
    const [instance] = await introspector.get();
    await instance?.waitForStatus("complete");
    expect(await instance?.getOutput()).toBe("finished");
    expect((await platform.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({ state: "finished" });
    expect((await filesOf(platform, "model", id)).has("model.safetensors")).toBe(true);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });

  it("gives up when a step fails too often, and leaves the light bundle and nothing else", async () => {
    await using introspector = await introspectWorkflow(env.MIRRORS as Workflow);
    await introspector.modifyAll(async (modifier) => {
      await modifier.disableRetryDelays();
      await modifier.mockStepError({ name: "verify" }, new Error("connection lost"));
    });
    const answer = await platform.call("POST", "/artifact/model", { url: "acme-labs/whole-small", mirror: "full" });
    const { id } = (answer.json as { metadata: { id: string } }).metadata;
    const [instance] = await introspector.get();
    await instance?.waitForStatus("complete");
    expect(await instance?.getOutput()).toBe("failed");
    expect((await platform.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({
      state: "failed",
      error: "It was tried in vain: connection lost",
    });
    expect((await filesOf(platform, "model", id)).has("model.safetensors")).toBe(false);
    expect(await objectKeys()).toHaveLength(1);
    expect(await brokenInvariants()).toEqual([]);
    expect(await unfinishedWork()).toEqual([]);
  });
});

/** What a mirror that cannot become whole leaves: the light bundle, and the reason. */
async function expectLight(id: string, state: string, error: unknown): Promise<void> {
  expect((await registry.call("GET", `/artifacts/model/${id}/mirror`)).json).toMatchObject({ state, error });
  expect((await filesOf(registry, "model", id)).has("README.md")).toBe(true);
  expect((await filesOf(registry, "model", id)).has("model.safetensors")).toBe(false);
  expect(await objectKeys()).toEqual([`artifacts/model/${id}.zip`]);
  expect(await brokenInvariants()).toEqual([]);
  expect(await unfinishedWork()).toEqual([]);
}

describe("an upstream that fails", () => {
  it.each([
    ["other-bytes", /model\.safetensors: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64} as upstream says/],
    ["other-size", /6000001 bytes, not 6000000/],
    ["short", /tried in vain: .* ended after 5999999 of 6000000 bytes/],
    ["long", /more than 6000000 bytes/],
    ["broken-middle", /tried in vain: .* answered 500/],
    ["wrong-range", /answered range "bytes 1-/],
    ["redirect-metadata", /redirects where we do not follow: only https is allowed/],
    ["redirect-loopback", /redirects where we do not follow/],
    ["redirect-loop", /more than 3 hops/],
    ["unavailable", /answered 503/],
    ["rate-limited", /answered 429/],
  ])("with %s makes no mirror", async (fault, error) => {
    const id = await registerFull("model", `hostile/weights-${fault}`);
    expect(await mirror(lastRun(), createMemory({ tries: 2 }))).toBe("failed");
    await expectLight(id, "failed", expect.stringMatching(error));
  });

  it.each(["no-ranges", "no-length"])("with %s is copied all the same", async (fault) => {
    const id = await registerFull("model", `hostile/weights-${fault}`);
    // letters are no safetensors file, and nothing but the inspection minds
    expect(await mirror(lastRun())).toBe("failed");
    await expectLight(id, "failed", expect.stringMatching(/unsafe to serve: model\.safetensors/));
  });

  it.each(["that never was", "that breaks midway"])("with a connection %s is asked again", async (how) => {
    await registerFull("model", "acme-labs/whole-small");
    const real = vi.mocked(globalThis.fetch).getMockImplementation();
    let failures = 2;
    vi.mocked(globalThis.fetch).mockImplementation(async (input, init) => {
      const answer = await real?.(input as RequestInfo, init as RequestInit);
      if (!answer || !String(input).includes("cdn-lfs") || failures === 0) return answer ?? Response.error();
      failures -= 1;
      if (how === "that never was") throw new TypeError("connection lost");
      return new Response(breakingAfter(answer, 1000), answer);
    });
    expect(await mirror(lastRun())).toBe("finished");
    expect(failures).toBe(0);
  });
});

/** The beginning of an answer's body, and then no more of it. */
function breakingAfter(answer: Response, bytes: number): ReadableStream {
  const reader = answer.body?.getReader();
  let sent = false;
  return new ReadableStream({
    async pull(controller) {
      const part = sent ? undefined : await reader?.read();
      sent = true;
      if (part?.value) return controller.enqueue(part.value.subarray(0, bytes));
      await reader?.cancel();
      controller.error(new Error("connection reset"));
    },
  });
}

describe("a repository that is not to be kept whole", () => {
  it("because something in it is dangerous, keeps its light bundle and says so", async () => {
    const id = await registerFull("model", "acme-labs/loaded");
    expect(await mirror(lastRun())).toBe("failed");
    await expectLight(
      id,
      "failed",
      expect.stringMatching(/^It is unsafe to serve: optimizer\.pkl: .* \(pickle_import\)\.$/),
    );
  });

  it("because two of its files are one where case does not count, keeps its light bundle", async () => {
    const id = await registerFull("model", "acme-labs/twin-names");
    expect(await mirror(lastRun())).toBe("failed");
    await expectLight(id, "failed", "Notes.txt and notes.txt differ only by case or form.");
  });

  it("because it is too large, is not asked for a single byte", async () => {
    const id = await registerFull("model", "acme-labs/whole");
    vi.mocked(globalThis.fetch).mockClear();
    expect(await mirror(lastRun(), createMemory(), { MIRROR_MAX_BYTES: "9000000" })).toBe("failed");
    await expectLight(
      id,
      "failed",
      expect.stringMatching(/^\d+ bytes, more than MIRROR_MAX_BYTES allows \(9000000\)\.$/),
    );
    expect(globalThis.fetch).not.toHaveBeenCalled();
  });

  it("because its archive turns out to be too large, is stopped midway", async () => {
    const id = await registerFull("code", "https://github.com/acme-labs/aster");
    expect(await mirror(lastRun(), createMemory(), { MIRROR_MAX_BYTES: "1000" })).toBe("failed");
    expect((await registry.call("GET", `/artifacts/code/${id}/mirror`)).json).toMatchObject({
      state: "failed",
      error: expect.stringContaining("answered more than 1000 bytes"),
    });
    expect(await objectKeys()).toEqual([`artifacts/code/${id}.zip`]);
    expect(await unfinishedWork()).toEqual([]);
  });
});

describe("asking for a mirror", () => {
  it("of an artifact that has none, or whose last one failed, starts one; else it changes nothing", async () => {
    const id = await registry.register("model", "acme-labs/whole-small");
    const path = `/artifacts/model/${id}/mirror`;
    expect((await registry.call("GET", path)).json).toEqual({ state: "none", files: { done: 0 }, bytes: { done: 0 } });

    const before = registry.started.length;
    const asked = await registry.call("POST", path);
    expect([asked.status, asked.json]).toEqual([202, expect.objectContaining({ state: "queued" })]);
    expect((await registry.call("POST", path)).json).toMatchObject({ state: "queued" });
    expect(registry.started.length).toBe(before + 1);

    expect(await mirror(lastRun(), createMemory(), { MIRROR_MAX_BYTES: "1" })).toBe("failed");
    expect((await registry.call("POST", path)).json).toMatchObject({ state: "queued", files: { done: 0 } });
    expect(lastRun().round).toBe(2);
    expect(await mirror(lastRun())).toBe("finished");
    expect((await registry.call("POST", path)).json).toMatchObject({ state: "finished" });
    expect(registry.started.length).toBe(before + 2);
  });

  it("of an artifact that is not there is refused like every other question", async () => {
    const id = await registry.register("model", "acme-labs/whole-small");
    for (const method of ["GET", "POST"]) {
      expect((await registry.call(method, "/artifacts/model/999/mirror")).status).toBe(404);
      expect((await registry.call(method, `/artifacts/code/${id}/mirror`)).status).toBe(404);
      expect((await registry.call(method, "/artifacts/model/a.b/mirror")).status).toBe(400);
    }
    expect((await registry.call("POST", "/artifact/model", { url: "gpt2", mirror: "half" })).status).toBe(400);
  });
});

/** The names in a zip within the zip. */
async function namesIn(archive: Uint8Array): Promise<string[]> {
  const read = async ({ offset, length }: { offset: number; length: number }) =>
    archive.subarray(offset, offset + length);
  return (await readZipIndex(read, archive.length)).entries.map(({ path }) => path);
}
