/** The Hugging Face Hub's own JavaScript client, unchanged, with this registry as its hub. */

import {
  checkRepoAccess,
  datasetInfo,
  downloadFile,
  fileDownloadInfo,
  fileExists,
  listFiles,
  modelInfo,
  pathsInfo,
  repoExists,
  whoAmI,
} from "@huggingface/hub";
import { beforeEach, describe, expect, it } from "vitest";
import { createRegistry, rows } from "../harness.ts";
import { bytesOf, counting, type Given, keepFiles } from "../zip/kept.ts";
import { hexOf } from "../zip/light-bundle.ts";
import { all, fetchFrom, HUB_URL } from "./hub-fetch.ts";

const registry = createRegistry();
const COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594";

const hub = { hubUrl: HUB_URL, fetch: fetchFrom(registry.env) };

const weights = counting(2_500_000);
const table = bytesOf("a,b,c\n".repeat(20_000));
const FILES: Given[] = [
  { path: "README.md", bytes: bytesOf("# A model\n") },
  { path: "config.json", bytes: bytesOf('{"model_type":"aster"}') },
  { path: "model.safetensors", bytes: weights },
  { path: "onnx/model.onnx", bytes: counting(3000), digestUnknown: true },
  { path: "onnx/quantized/model.onnx", bytes: counting(100) },
  { path: "data/table.csv", bytes: table, deflated: true },
];
const repo = "acme-labs/aster-base";

beforeEach(async () => {
  const id = await registry.register("model", repo);
  await keepFiles(id, FILES, { revision: COMMIT, verdict: "safe", pageSize: 2 });
});

describe("@huggingface/hub, with the registry as its hub,", () => {
  it("lists files, at the top, in a directory, and all", async () => {
    const paths = async (params: { path?: string; recursive?: boolean; revision?: string }) =>
      (await all(listFiles({ repo, ...hub, ...params }))).map(({ type, path }) => [type, path]);
    expect(await paths({})).toEqual([
      ["file", "README.md"],
      ["file", "config.json"],
      ["directory", "data"],
      ["file", "model.safetensors"],
      ["directory", "onnx"],
    ]);
    expect(await paths({ path: "onnx" })).toEqual([
      ["file", "onnx/model.onnx"],
      ["directory", "onnx/quantized"],
    ]);
    expect(await paths({ recursive: true, revision: COMMIT })).toEqual([
      ["file", "README.md"],
      ["file", "config.json"],
      ["directory", "data"],
      ["file", "data/table.csv"],
      ["file", "model.safetensors"],
      ["directory", "onnx"],
      ["file", "onnx/model.onnx"],
      ["directory", "onnx/quantized"],
      ["file", "onnx/quantized/model.onnx"],
    ]);
    await expect(paths({ path: "nowhere" })).rejects.toMatchObject({ statusCode: 404 });
  });

  it("is told size, digest and commit of a file", async () => {
    const [file] = await all(listFiles({ repo, ...hub, expand: true })).then((list) =>
      list.filter(({ path }) => path === "model.safetensors"),
    );
    const sha256 = await hexOf(weights);
    expect(file).toMatchObject({ type: "file", size: weights.length, lfs: { oid: sha256, size: weights.length } });
    expect(file?.lastCommit?.id).toBe(COMMIT);
    expect(file?.oid).toMatch(/^[0-9a-f]{40}$/);
    expect(await fileDownloadInfo({ repo, ...hub, path: "model.safetensors" })).toEqual({
      etag: `"${sha256}"`,
      size: weights.length,
      url: `${HUB_URL}/${repo}/resolve/main/model.safetensors`,
    });
  });

  it.each(FILES.map(({ path, bytes }) => [path, bytes] as const))("downloads %s whole", async (path, bytes) => {
    const blob = await downloadFile({ repo, ...hub, path });
    expect(blob?.size).toBe(bytes.length);
    expect(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(bytes);
  });

  it.each([false, true])("downloads an empty file, deflated: %s", async (deflated) => {
    const files = [...FILES, { path: "sub/__init__.py", bytes: bytesOf(""), deflated }];
    await keepFiles("1", files, { revision: COMMIT, verdict: "safe" });
    const info = await fileDownloadInfo({ repo, ...hub, path: "sub/__init__.py" });
    expect(info).toMatchObject({ size: 0, etag: expect.stringMatching(/^"/) });
    expect(await (await downloadFile({ repo, ...hub, path: "sub/__init__.py" }))?.text()).toBe("");
  });

  it("downloads by range, stored files and deflated ones", async () => {
    for (const [path, bytes] of [
      ["model.safetensors", weights],
      ["data/table.csv", table],
    ] as const) {
      const blob = await downloadFile({ repo, ...hub, path, revision: COMMIT });
      const slice = await blob?.slice(70_001, 70_101).arrayBuffer();
      expect(new Uint8Array(slice ?? new ArrayBuffer())).toEqual(bytes.slice(70_001, 70_101));
    }
  });

  it("sees what exists and what does not", async () => {
    expect(await fileExists({ repo, ...hub, path: "onnx/model.onnx" })).toBe(true);
    expect(await fileExists({ repo, ...hub, path: "pytorch_model.bin" })).toBe(false);
    expect(await downloadFile({ repo, ...hub, path: "pytorch_model.bin" })).toBeNull();
    expect(await repoExists({ repo, ...hub })).toBe(true);
    expect(await repoExists({ repo: "acme-labs/none", ...hub })).toBe(false);
    await expect(checkRepoAccess({ repo, ...hub })).resolves.toBeUndefined();
    await expect(checkRepoAccess({ repo: { type: "dataset", name: repo }, ...hub })).rejects.toMatchObject({
      statusCode: 404,
    });
    const elsewhere = fileDownloadInfo({ repo, ...hub, path: "README.md", revision: "refs/pr/1" });
    await expect(elsewhere).rejects.toMatchObject({ statusCode: 404, message: /does not hold this revision/ });
  });

  it("reads the record of a model and of a dataset", async () => {
    expect(await modelInfo({ name: repo, ...hub, additionalFields: ["sha", "filePaths", "tags"] })).toMatchObject({
      id: "1",
      name: repo,
      private: false,
      gated: false,
      sha: COMMIT,
      filePaths: [
        "README.md",
        "config.json",
        "data/table.csv",
        "model.safetensors",
        "onnx/model.onnx",
        "onnx/quantized/model.onnx",
      ],
      updatedAt: expect.any(Date),
    });
    const id = await registry.register("dataset", "https://huggingface.co/datasets/acme-labs/open-atlas");
    await keepFiles(id, [{ path: "train.csv", bytes: table }]);
    expect(await datasetInfo({ name: "acme-labs/open-atlas", ...hub })).toMatchObject({
      name: "acme-labs/open-atlas",
    });
    const dataset = { type: "dataset", name: "acme-labs/open-atlas" } as const;
    const blob = await downloadFile({ repo: dataset, ...hub, path: "train.csv" });
    expect(await blob?.text()).toBe(new TextDecoder().decode(table));
  });

  it("looks paths up", async () => {
    const paths = ["onnx", "onnx/model.onnx", "none", "data", "model.safetensors"];
    const found = await pathsInfo({ repo, ...hub, paths, expand: true });
    expect(found.map(({ type, path, size }) => [type, path, size])).toEqual([
      ["directory", "onnx", 0],
      ["file", "onnx/model.onnx", 3000],
      ["directory", "data", 0],
      ["file", "model.safetensors", weights.length],
    ]);
    expect(found.every(({ lastCommit }) => lastCommit.id === COMMIT)).toBe(true);
  });

  it("walks a large tree page by page", async () => {
    const many = Array.from(
      { length: 2600 },
      (_, i) => `${i < 1300 ? "deep/er/" : ""}f-${String(i).padStart(4, "0")}.txt`,
    );
    await keepFiles(
      "1",
      many.map((path) => ({ path, bytes: bytesOf(path), digestUnknown: true })),
      { revision: COMMIT },
    );
    const deep = await all(listFiles({ repo, ...hub, recursive: true }));
    expect(deep.filter(({ type }) => type === "file").map(({ path }) => path)).toEqual(many);
    expect(deep.filter(({ type }) => type === "directory").map(({ path }) => path)).toEqual(["deep", "deep/er"]);
    const top = await all(listFiles({ repo, ...hub }));
    expect(top.map(({ path }) => path)).toEqual(["deep", ...many.slice(1300)]);
    expect((await all(listFiles({ repo, ...hub, path: "deep/er" }))).map(({ path }) => path)).toEqual(
      many.slice(0, 1300),
    );
  });

  it("says why it may not: no token, and a bundle found unsafe", async () => {
    const closed = { hubUrl: HUB_URL, fetch: fetchFrom(createRegistry({ AUTH: "required" }).env) };
    await expect(modelInfo({ name: repo, ...closed })).rejects.toMatchObject({
      statusCode: 401,
      message: /^Authentication failed/,
    });
    await keepFiles("1", FILES, { revision: COMMIT, verdict: "unsafe" });
    await expect(fileDownloadInfo({ repo, ...hub, path: "README.md" })).rejects.toMatchObject({
      statusCode: 403,
      message: /^The inspection of this artifact found it unsafe/,
    });
  });

  it("knows a model by its old name, in any case, and the last that was registered of a source", async () => {
    await registry.register("model", "google-bert/bert-base-uncased");
    expect(await modelInfo({ name: "bert-base-uncased", ...hub })).toMatchObject({
      name: "google-bert/bert-base-uncased",
    });
    expect(await modelInfo({ name: "Acme-Labs/Aster-Base", ...hub })).toMatchObject({ id: "1", name: repo });
    const id = await registry.register("model", repo, "again");
    await keepFiles(id, [{ path: "config.json", bytes: bytesOf("{}") }], { revision: "f".repeat(40) });
    expect(await modelInfo({ name: repo, ...hub })).toMatchObject({ id });
    expect(await modelInfo({ name: repo, ...hub, revision: COMMIT })).toMatchObject({ id: "1" });
    await registry.call("DELETE", `/artifacts/model/${id}`);
    expect(await modelInfo({ name: repo, ...hub })).toMatchObject({ id: "1" });
    expect((await rows("SELECT id FROM artifacts WHERE source = ?1", repo)).length).toBe(1);
  });

  it("loads what a registration has kept, as it was kept", async () => {
    const id = await registry.register("model", "google-bert/bert-base-uncased");
    const info = await modelInfo({
      name: "google-bert/bert-base-uncased",
      ...hub,
      additionalFields: ["sha", "library_name"],
    });
    expect(info).toMatchObject({ id, task: "fill-mask", library_name: "transformers" });
    const listed = await all(listFiles({ repo: "google-bert/bert-base-uncased", ...hub, recursive: true }));
    expect(listed.map(({ path }) => path)).toEqual(expect.arrayContaining(["README.md", "config.json"]));
    for (const { path, lfs } of listed) {
      const blob = await downloadFile({ repo: "google-bert/bert-base-uncased", ...hub, path, revision: info.sha });
      expect(await hexOf(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer())), path).toBe(lfs?.oid);
    }
  });

  it("is told who it is", async () => {
    expect(await whoAmI({ ...hub, accessToken: "hf_test" })).toMatchObject({ type: "user", name: "anonymous" });
  });
});
