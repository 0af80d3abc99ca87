/** Commit ids under /hf: what a client caches under one stays true, also when a light bundle becomes a mirror. */

import { downloadFile, listFiles, modelInfo } from "@huggingface/hub";
import { beforeEach, describe, expect, it } from "vitest";
import { createMirroringRegistry, mirror } from "../artifacts/mirroring.ts";
import { createRegistry, rows } from "../harness.ts";
import { bytesOf, keepFiles } from "../zip/kept.ts";
import { NO_ARTIFACT, source } from "./answers.ts";
import { all, fetchFrom, HUB_URL } from "./hub-fetch.ts";

let registry = createMirroringRegistry({ INGEST_GATE: "{}" });
// What was started in one test is not known in the next.
beforeEach(() => {
  registry = createMirroringRegistry({ INGEST_GATE: "{}" });
});
const hub = { hubUrl: HUB_URL, fetch: fetchFrom(registry.env) };
const repo = "acme-labs/whole";
const SHA = /^[0-9a-f]{40}$/;

const upstreamSha = async () => (await rows<{ revision: string }>("SELECT revision FROM artifacts"))[0]?.revision ?? "";
const shaOf = async (revision = "main") =>
  (await modelInfo({ ...hub, name: repo, revision, additionalFields: ["sha"] })).sha;
const pathsAt = async (revision: string) =>
  (await all(listFiles({ ...hub, repo, revision, recursive: true }))).map(({ path }) => path);
const head = (path: string) => registry.call("HEAD", `/hf/${repo}/resolve/${path}`);

async function registerMirrored(): Promise<void> {
  const answer = await registry.call("POST", "/artifact/model", { url: repo, mirror: "full" });
  expect(answer.status, answer.text).toBe(201);
}

async function finishMirror(): Promise<void> {
  const run = registry.started.at(-1);
  if (!run) throw new Error("no mirror was started");
  expect(await mirror(run)).toBe("finished");
}

describe("a light bundle that becomes a mirror", () => {
  it("has a commit id of its own before, and upstream's after", async () => {
    await registerMirrored();
    const upstream = await upstreamSha();
    const light = await shaOf();
    expect([light, upstream]).toEqual([expect.stringMatching(SHA), expect.stringMatching(SHA)]);
    expect(light).not.toBe(upstream);
    const before = await pathsAt(light);
    expect(before).toContain("config.json");
    expect(before).not.toContain("model.safetensors");
    expect((await head("main/config.json")).headers.get("X-Repo-Commit")).toBe(light);

    await finishMirror();
    expect(await shaOf()).toBe(upstream);
    expect(await pathsAt(upstream)).toEqual(expect.arrayContaining(["config.json", "model.safetensors"]));
    expect((await head("main/model.safetensors")).headers.get("X-Repo-Commit")).toBe(upstream);
    const gone = await registry.call("GET", `/hf/${repo}/resolve/${light}/config.json`);
    expect([gone.status, gone.headers.get("X-Error-Code")]).toEqual([404, "RevisionNotFound"]);
  });

  it("lets nothing be cached as upstream's commit that the mirror makes wrong", async () => {
    await registerMirrored();
    const upstream = await upstreamSha();
    const light = await shaOf();
    // The record leads to the bundle's own commit id; the bytes of a file are those of upstream's commit.
    expect(await shaOf(upstream)).toBe(light);
    const kept = await head(`${upstream}/config.json`);
    expect([kept.status, kept.headers.get("X-Repo-Commit")]).toEqual([200, upstream]);
    expect(await (await downloadFile({ ...hub, repo, path: "config.json", revision: upstream }))?.text()).toContain(
      "{",
    );
    // Not remembered as missing, and no list of files that would lack them.
    const missing = await head(`${upstream}/model.safetensors`);
    expect([missing.status, missing.headers.get("X-Error-Code")]).toEqual([404, "EntryNotFound"]);
    expect(missing.headers.get("X-Repo-Commit")).toBeNull();
    const tree = await registry.call("GET", `/hf/api/models/${repo}/tree/${upstream}?recursive=true`);
    expect([tree.status, tree.headers.get("X-Error-Code")]).toEqual([404, "RevisionNotFound"]);
    expect(tree.headers.get("X-Error-Message")).toMatch(/only some files .* POST \/artifacts\/model\/1\/mirror/);
    // Under its own commit id it is remembered.
    expect((await head("main/model.safetensors")).headers.get("X-Repo-Commit")).toBe(light);

    await finishMirror();
    expect((await head(`${upstream}/model.safetensors`)).status).toBe(200);
    expect((await head(`${upstream}/none.bin`)).headers.get("X-Repo-Commit")).toBe(upstream);
    expect(await pathsAt(upstream)).toContain("model.safetensors");
  });

  it("is upstream's commit no longer after an update that makes it light again", async () => {
    await registerMirrored();
    await finishMirror();
    const upstream = await upstreamSha();
    const { json } = await registry.call("GET", "/artifacts/model/1");
    const { metadata, data } = json as { metadata: object; data: { url: string } };
    const update = { metadata, data: { url: data.url, mirror: "light" } };
    expect((await registry.call("PUT", "/artifacts/model/1", update)).status).toBe(200);
    expect(await shaOf()).not.toBe(upstream);
    expect(await pathsAt("main")).not.toContain("model.safetensors");
  });

  it("of two artifacts of one commit, the complete one answers for upstream's commit", async () => {
    await registerMirrored();
    await finishMirror();
    const upstream = await upstreamSha();
    await registry.register("model", repo, "another");
    expect(await shaOf()).not.toBe(upstream);
    expect(await shaOf(upstream)).toBe(upstream);
    expect((await head(`${upstream}/model.safetensors`)).status).toBe(200);
  });
});

describe("the registry's own files", () => {
  it("are no files of a repository, light or mirrored; the zip and /files have them", async () => {
    await registerMirrored();
    for (const mirrored of [false, true]) {
      if (mirrored) await finishMirror();
      const record = await modelInfo({ ...hub, name: repo, additionalFields: ["filePaths"] });
      const listed = await pathsAt("main");
      for (const path of ["manifest.json", "evidence.json"]) {
        expect([listed, record.filePaths].flat()).not.toContain(path);
        const answer = await head(`main/${path}`);
        expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([404, "EntryNotFound"]);
        expect(answer.headers.get("X-Repo-Commit")).toBeNull();
        expect((await registry.call("GET", `/artifacts/model/1/files/${path}`)).status).toBe(200);
      }
      const asked = { paths: ["manifest.json", "evidence.json", "config.json"] };
      const found = await registry.call("POST", `/hf/api/models/${repo}/paths-info/main`, asked);
      expect((found.json as { path: string }[]).map(({ path }) => path)).toEqual(["config.json"]);
    }
  });
});

describe("what has no upstream commit", () => {
  it.each([
    ["a dataset whose host could not be asked", "dataset", "https://huggingface.co/datasets/hostile/broken"],
    ["a dataset from elsewhere", "dataset", source("corpus.csv")],
  ] as const)("%s is not served", async (_, type, url) => {
    const id = await registry.register(type, url);
    await keepFiles(id, [{ path: "config.json", bytes: bytesOf("{}") }], { verdict: "safe" });
    for (const path of ["api/datasets/hostile/broken", "datasets/hostile/broken/resolve/main/config.json"]) {
      const answer = await registry.call("GET", `/hf/${path}`);
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([404, "RepoNotFound"]);
    }
    expect((await registry.call("GET", `/artifacts/${type}/${id}/files/config.json`)).status).toBe(200);
  });

  it("an older artifact of the same source, whose commit is known, is served in its place", async () => {
    const open = createRegistry({ INGEST_GATE: "{}" });
    const id = await open.register("model", repo);
    const other = await open.register("model", repo, "another");
    expect((await modelInfo({ ...hub, name: repo })).id).toBe(other);
    await open.env.DB.prepare("UPDATE artifacts SET revision = NULL WHERE id = ?1").bind(other).run();
    expect((await modelInfo({ ...hub, name: repo })).id).toBe(id);
    await open.env.DB.prepare("UPDATE artifacts SET revision = NULL").run();
    const { status, json } = await registry.call("GET", `/hf/api/models/${repo}`);
    expect([status, (json as { detail: string }).detail]).toEqual([404, NO_ARTIFACT[1].detail]);
  });
});
