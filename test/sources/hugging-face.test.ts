import { afterEach, describe, expect, it, vi } from "vitest";
import { hubCommitAuthors, hubFile, hubRecord } from "../../src/sources/hugging-face.ts";
import { answerWith, json, redirect, upstream } from "./answers.ts";

const BERT = { kind: "models", id: "o/bert" } as const;
const RECORD = "https://huggingface.co/api/models/o/bert?blobs=true";
const DIGEST = "a".repeat(64);

const record = (body: unknown, init?: ResponseInit) => {
  answerWith({ [RECORD]: body instanceof Response ? body : json(body, init) });
  return hubRecord(upstream(), BERT, { blobs: true });
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a record", () => {
  it("is read with its files, source, time and digest", async () => {
    const found = await record({
      id: "o/bert",
      sha: "86b5e0934494bd15c9632b12f734a8a67f723594",
      gated: "manual",
      private: false,
      downloads: 5,
      tags: ["license:mit", 7],
      cardData: { license: "mit" },
      lastModified: "2024-02-19T11:06:12.000Z",
      createdAt: "2022-03-02T23:29:04.000Z",
      siblings: [
        { rfilename: "config.json", size: 570 },
        { rfilename: "model.safetensors", lfs: { sha256: DIGEST.toUpperCase(), size: 9 } },
        { rfilename: "../../etc/passwd", size: 1 },
        { rfilename: "config.json", size: 1 },
        { rfilename: "odd.bin", size: -1, blobId: "b".repeat(41), lfs: "none" },
        { rfilename: "pointer.bin", blobId: "b".repeat(40), lfs: { sha256: "short", size: 1.5 } },
        { rfilename: "text.txt", size: "7", blobId: "b".repeat(40) },
        { rfilename: 7 },
        null,
        ["x"],
        "no file",
      ],
      unknown: { key: true },
    });
    expect(found).toMatchObject({ status: "found", url: RECORD, fetched_at: "2026-01-01T00:00:00.000Z" });
    expect(found.status === "found" && found.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(found.status === "found" && found.value).toEqual({
      id: "o/bert",
      sha: "86b5e0934494bd15c9632b12f734a8a67f723594",
      gated: true,
      gate: "manual",
      private: false,
      disabled: false,
      downloads: 5,
      tags: ["license:mit"],
      card_data: { license: "mit" },
      last_modified: "2024-02-19T11:06:12.000Z",
      created_at: "2022-03-02T23:29:04.000Z",
      files: [
        { path: "config.json", size: 570 },
        { path: "model.safetensors", size: 9, sha256: DIGEST },
        { path: "odd.bin" },
        { path: "pointer.bin" },
        { path: "text.txt", git_sha1: "b".repeat(40) },
      ],
    });
  });

  it.each([
    ["finished and clean", { scansDone: true, filesWithIssues: [] }, { done: true, issues: [] }],
    [
      "with issues, of a level that we do not know too",
      {
        scansDone: false,
        filesWithIssues: [{ path: "a.pkl", level: "unsafe" }, { path: "b.bin", level: "novel" }, { path: "c" }, 7],
      },
      {
        done: false,
        issues: [
          { path: "a.pkl", level: "unsafe" },
          { path: "b.bin", level: "novel" },
          { path: "c", level: "unknown" },
          { path: "", level: "unknown" },
        ],
      },
    ],
    ["of another shape", { scansDone: "yes", filesWithIssues: [] }, undefined],
    ["not there", null, undefined],
  ])("is asked with the hub's scan in the same call: one %s", async (_what, securityRepoStatus, scan) => {
    const url = `${RECORD}&securityStatus=true`;
    const asked = answerWith({ [url]: json({ id: "o/bert", siblings: [], securityRepoStatus }) });
    const found = await hubRecord(upstream(), BERT, { blobs: true, scan: true });
    expect(found.status === "found" && found.value.scan).toEqual(scan);
    expect(asked.map((request) => request.url)).toEqual([url]);
  });

  it("loses fields of the wrong type, not itself", async () => {
    const odd = { sha: {}, downloads: "many", likes: -1, tags: "none", gated: [], cardData: "text", author: null };
    const found = await record({ id: "o/bert", siblings: [], ...odd });
    expect(found.status === "found" && found.value).toEqual({
      id: "o/bert",
      private: false,
      gated: false,
      disabled: false,
      tags: [],
      files: [],
    });
  });

  it.each([
    ["no JSON", new Response("<!doctype html>")],
    ["nothing", new Response("")],
    ["a list", json([])],
    ["no id", json({ siblings: [] })],
    ["an id that is none", json({ id: "../../x", siblings: [] })],
    ["no list of files", json({ id: "o/bert" })],
    ["a list of more files than may be", json({ id: "o/bert", siblings: Array(100_001).fill({ rfilename: "a" }) })],
    ["a tower", new Response("[".repeat(1000) + "]".repeat(1000))],
  ])("that is %s is unreadable", async (_what, answer) => {
    expect((await record(answer)).status).toBe("unreadable");
  });

  it.each([
    [404, "absent", "upstream answered 404"],
    [410, "absent", "upstream answered 410"],
    [401, "unavailable", "private or gated"],
    [403, "unavailable", "private or gated"],
    [429, "unavailable", "rate limited"],
    [500, "unavailable", "upstream answered 500"],
    [503, "unavailable", "upstream answered 503"],
  ])("of status %i is %s: %s", async (status, outcome, reason) => {
    expect(await record(json({ error: "no" }, { status }))).toMatchObject({ status: outcome, reason });
  });

  it("refused for a bad token is not mistaken for a missing one", async () => {
    const headers = { "X-Error-Message": "Invalid credentials in Authorization header" };
    expect(await record(json({}, { status: 401, headers }))).toMatchObject({ reason: "HF_TOKEN was refused" });
  });

  it("of a renamed model is followed, and asked again if the redirect lost the query", async () => {
    const asked = answerWith({
      "https://huggingface.co/api/models/gpt2?blobs=true": redirect("/api/models/o/gpt2", 307),
      "https://huggingface.co/api/models/o/gpt2": json({ id: "o/gpt2", siblings: [{ rfilename: "a" }] }),
      "https://huggingface.co/api/models/o/gpt2?blobs=true": json({
        id: "o/gpt2",
        siblings: [{ rfilename: "a", size: 1 }],
      }),
    });
    const found = await hubRecord(upstream(), { kind: "models", id: "gpt2" }, { blobs: true });
    expect(found).toMatchObject({ value: { id: "o/gpt2", files: [{ path: "a", size: 1 }] } });
    expect(asked).toHaveLength(3);
  });
});

describe("a file", () => {
  it("is fetched at the commit, each part of its path encoded", async () => {
    const url = "https://huggingface.co/datasets/o/d/resolve/abc/a%20b/%C3%BC.txt";
    answerWith({ [url]: new Response("text") });
    const found = await hubFile(upstream(), { kind: "datasets", id: "o/d" }, "abc", "a b/ü.txt");
    expect(found).toMatchObject({ status: "found", url });
  });

  it("from the CDN keeps no signature in its source, and the CDN sees no token", async () => {
    const asked = answerWith({
      "https://huggingface.co/o/bert/resolve/main/x": redirect("https://cas-bridge.xethub.hf.co/y?X-Signature=secret"),
      "https://cas-bridge.xethub.hf.co/y?X-Signature=secret": new Response("text"),
    });
    const found = await hubFile(upstream({ hfToken: "hf_secret" }), BERT, undefined, "x");
    expect(found).toMatchObject({ status: "found", url: "https://cas-bridge.xethub.hf.co/y" });
    expect(asked.map((request) => request.headers.get("Authorization"))).toEqual(["Bearer hf_secret", null]);
  });

  it("that is larger than what is read is unreadable: its publisher made it so", async () => {
    answerWith({ "https://huggingface.co/o/bert/resolve/main/x": new Response("12345") });
    const found = await hubFile(upstream(), BERT, undefined, "x", 4);
    expect(found).toMatchObject({ status: "unreadable", reason: expect.stringContaining("more than 4 bytes") });
  });

  it("is asked of the configured endpoint", async () => {
    answerWith({ "http://127.0.0.1:9000/hub/o/bert/resolve/main/x": new Response("text") });
    const mirror = upstream({ hfEndpoint: "http://127.0.0.1:9000/hub/" });
    expect((await hubFile(mirror, BERT, undefined, "x")).status).toBe("found");
  });
});

it("counts the commits of each author once for each commit", async () => {
  answerWith({
    "https://huggingface.co/api/models/o/bert/commits/main": json([
      { authors: [{ user: "ann" }, { user: "ann" }, { user: "bob" }] },
      { authors: [{ user: "bob" }, { name: "Carl" }] },
      { authors: "none" },
      null,
    ]),
  });
  expect(await hubCommitAuthors(upstream(), "o/bert")).toMatchObject({
    value: [
      { name: "bob", commits: 2 },
      { name: "ann", commits: 1 },
      { name: "Carl", commits: 1 },
    ],
  });
});
