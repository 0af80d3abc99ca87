/** POST and GET of one artifact. What an ingest brings: artifacts/ingest.test.ts. */

import { describe, expect, it } from "vitest";
import { createRegistry, objectKeys, rows } from "../harness.ts";
import { ALREADY_EXISTS, artifactIn, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";
const NO_MODEL = refusal(424, "Ingest rejected: model not found on Hugging Face.");

const register = (type: string, body: unknown) => registry.call("POST", `/artifact/${type}`, body);

describe("POST /artifact/{artifact_type}", () => {
  it.each([
    ["model", BERT, "bert-base-uncased"],
    ["model", `https://huggingface.co/${BERT}/tree/main`, "bert-base-uncased"],
    ["model", "https://hf.co/polaris-ai/aurora-small?library=true#top", "aurora-small"],
    ["dataset", "https://huggingface.co/datasets/acme-labs/open-atlas", "open-atlas"],
    ["dataset", "https://files.example.org/a/b/corpus.jsonl", "corpus.jsonl"],
    ["code", "https://github.com/acme-labs/aster.git", "aster"],
    ["code", "https://github.com/acme-labs/aster/blob/main/src/aster/train.py", "aster"],
    ["code", "https://gitlab.com/acme-labs/tools/garden/-/tree/main", "garden"],
    ["code", "https://files.example.org", "files.example.org"],
  ])("%s %s is 201, named %s, and reads back as it was answered", async (type, url, name) => {
    const answer = await register(type, { url });
    const metadata = { name, id: "1", type };
    const data = {
      url,
      download_url: expect.stringMatching(
        new RegExp(`^https://registry\\.test/artifacts/${type}/1/download\\?expires=\\d{10}&signature=[\\w-]{43}$`),
      ),
    };
    expect(seen(answer)).toEqual([201, { metadata, data }]);
    expect(answer.headers.get("Location")).toBe(`/artifacts/${type}/1`);
    const read = await registry.call("GET", `/artifacts/${type}/1`);
    expect(seen(read)).toEqual([200, { metadata, data }]);
    expect(read.headers.get("ETag")).toBe(answer.headers.get("ETag"));
    expect(await objectKeys()).toEqual([`artifacts/${type}/1.zip`]);
  });

  it("gives links on the origin that was asked, for as long as the deployment says", async () => {
    const brief = createRegistry({ DOWNLOAD_TTL_SECONDS: "60" });
    const before = Math.floor(Date.now() / 1000);
    const answer = await brief.call("POST", "/api/artifact/code", { url: source("x") });
    const link = new URL(artifactIn(answer).data.download_url ?? "");
    expect(link.origin).toBe("https://registry.test");
    expect(Number(link.searchParams.get("expires")) - before).toBeGreaterThanOrEqual(60);
    expect(Number(link.searchParams.get("expires")) - before).toBeLessThan(70);
  });

  it.each([
    ["Two  Words/Ünï😀 ", "Two  Words/Ünï😀"],
    ["\t* * \n", "* *"],
    ["../x", "../x"],
    ["null", "null"],
    ["a".repeat(255), "a".repeat(255)],
    ["😀".repeat(255), "😀".repeat(255)],
  ])("keeps the name %j as it was sent, trimmed", async (sent, kept) => {
    expect(artifactIn(await register("code", { url: source("x"), name: sent })).metadata.name).toBe(kept);
    expect(artifactIn(await registry.call("GET", "/artifacts/code/1")).metadata.name).toBe(kept);
  });

  it("ignores a download_url: it hands out its own links only", async () => {
    const theirs = "https://elsewhere.example.org/x.zip";
    const answer = await register("code", { url: source("x"), download_url: theirs });
    expect(answer.status).toBe(201);
    expect(artifactIn(answer).data.download_url).toMatch(/^https:\/\/registry\.test\//);
    expect(JSON.stringify(await world())).not.toContain(theirs);
  });

  it("refuses the same source under the same name once more, however it is spelled", async () => {
    expect((await register("model", { url: BERT })).status).toBe(201);
    expect((await register("code", { url: "https://github.com/acme-labs/aster" })).status).toBe(201);
    const before = await world();
    for (const [type, body] of [
      ["model", { url: BERT }],
      ["model", { url: `https://www.huggingface.co/${BERT}/resolve/main/config.json`, name: " bert-base-uncased" }],
      ["model", { url: "bert-base-uncased", name: "bert-base-uncased" }],
      ["code", { url: "https://www.github.com/Acme-Labs/Aster.git", name: "aster" }],
    ] as const) {
      expect(seen(await register(type, body)), JSON.stringify(body)).toEqual(ALREADY_EXISTS);
    }
    expect(await world()).toEqual(before);
  });

  it("takes the same name for another source, the same source under another name, both as another type", async () => {
    const ids = [];
    for (const [type, body] of [
      ["code", { url: source("a"), name: "n" }],
      ["code", { url: source("b"), name: "n" }],
      ["code", { url: source("a"), name: "N" }],
      ["dataset", { url: source("a"), name: "n" }],
    ] as const) {
      const answer = await register(type, body);
      expect(answer.status).toBe(201);
      ids.push(artifactIn(answer).metadata.id);
    }
    expect(ids).toEqual(["1", "2", "3", "4"]);
  });

  it.each(["acme-labs/does-not-exist", "acme-labs/inner-circle", "acme-labs/sealed-gate"])(
    "refuses %s, which is missing, private or gated, and leaves nothing",
    async (url) => {
      const [status, body] = seen(await register("model", { url }));
      expect([status, body]).toMatchObject(NO_MODEL);
      expect([await objectKeys(), await rows("SELECT id FROM uploads")]).toEqual([[], []]);
    },
  );

  it("takes a gated model that the owner's token opens, and never hands out a private one", async () => {
    const trusted = createRegistry({ HF_TOKEN: "hub-test-token", INGEST_GATE: "{}" });
    expect((await trusted.call("POST", "/artifact/model", { url: "acme-labs/sealed-gate" })).status).toBe(201);
    const hidden = await trusted.call("POST", "/artifact/model", { url: "acme-labs/inner-circle" });
    expect([hidden.status, hidden.json]).toEqual([
      424,
      { detail: "Ingest rejected: model not found on Hugging Face." },
    ]);
  });

  it.each([
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "text/plain;charset=UTF-8",
    "Application/JSON",
    "application/json ; charset=utf-8",
    "application/json;",
    "application/json5",
    "multipart/form-data",
  ])("reads a JSON body as such though it is labelled %s", async (type) => {
    const body = JSON.stringify({ url: source("x") });
    const answer = await registry.call("POST", "/artifact/code", body, { "Content-Type": type });
    expect([answer.status, answer.text.slice(0, 12)]).toEqual([201, '{"metadata":']);
  });
});
