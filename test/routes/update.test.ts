/** PUT of one artifact: another source or the same anew, whole or not at all. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Answer, createRegistry, objectKeys, rows } from "../harness.ts";
import { ALREADY_EXISTS, artifactIn, linkIn, NO_ARTIFACT, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const BERT = "google-bert/bert-base-uncased";
const NO_MODEL = refusal(424, "Ingest rejected: model not found on Hugging Face.");
const UPSTREAM = [
  502,
  { detail: "Unable to fetch model metadata.", reason: expect.stringContaining("huggingface.co") },
];
const MISMATCH = refusal(400, "Name/id mismatch in artifact update.");

const register = (type: string, body: unknown) => registry.call("POST", `/artifact/${type}`, body);
const download = async (answer: Answer) => (await registry.call("GET", linkIn(answer))).headers.get("Repr-Digest");

describe("PUT /artifacts/{artifact_type}/{id}", () => {
  const put = (path: string, metadata: unknown, url: string, headers = {}) =>
    registry.call("PUT", path, { metadata, data: { url } }, headers);
  const it_ = { name: "it", id: "1", type: "code" };

  it("gives the artifact another source: 200, new zip, old zip gone, same id and name", async () => {
    const first = await register("code", { url: source("old"), name: "it" });
    const oldLink = linkIn(first);
    const oldDigest = await download(first);
    const answer = await put("/artifacts/code/1", it_, source("new"));
    expect(seen(answer)).toEqual([
      200,
      {
        metadata: it_,
        data: { url: source("new"), download_url: expect.stringContaining("/artifacts/code/1/download?") },
      },
    ]);
    expect(answer.headers.get("ETag")).not.toBe(first.headers.get("ETag"));
    expect((await registry.call("GET", "/artifacts/code/1")).headers.get("ETag")).toBe(answer.headers.get("ETag"));
    expect(await objectKeys()).toHaveLength(1);
    const newDigest = await download(answer);
    expect(newDigest).not.toBe(oldDigest);
    // the link names the artifact: it goes on, to the new zip
    expect((await registry.call("GET", oldLink)).headers.get("Repr-Digest")).toBe(newDigest);
    expect(
      (await rows("SELECT action FROM audit WHERE action <> 'DOWNLOAD' ORDER BY id")).map((row) => row["action"]),
    ).toEqual(["CREATE", "UPDATE"]);
  });

  it("refreshes an artifact whose url stays the same, links and all the rest in the body ignored", async () => {
    const first = await register("model", { url: BERT });
    const { metadata, data } = artifactIn(first);
    const body = { metadata: { ...metadata, extra: 1 }, data: { ...data, download_url: "https://x.example.org/y" } };
    const answer = await registry.call("PUT", "/artifacts/model/1", body);
    expect([answer.status, artifactIn(answer).metadata, artifactIn(answer).data.url]).toEqual([200, metadata, BERT]);
    expect(await rows("SELECT source FROM artifacts")).toEqual([{ source: BERT }]);
    expect(await objectKeys()).toHaveLength(1);
  });

  it("replaces lineage and searchable text", async () => {
    await register("model", { url: "borealis-lab/duo-merge", name: "m" });
    const state = async () => [
      await rows("SELECT parent_source FROM edges ORDER BY 1"),
      (await rows<{ text: string }>("SELECT text FROM cards")).map(({ text }) => text.split("\n").find(Boolean)),
    ];
    const parents = [{ parent_source: "elsewhere/lost-model" }, { parent_source: BERT }];
    expect(await state()).toEqual([parents, ["# borealis-lab/duo-merge"]]);
    await put("/artifacts/model/1", { name: "m", id: "1", type: "model" }, "acme-labs/aster-code");
    expect(await state()).toEqual([[{ parent_source: "acme-labs/aster-base" }], ["# acme-labs/aster-code"]]);
  });

  it.each([
    ["another name", { ...it_, name: "It" }, MISMATCH],
    ["the name untrimmed", { ...it_, name: "it " }, MISMATCH],
    ["another id", { ...it_, id: "2" }, MISMATCH],
    ["the id in another spelling", { ...it_, id: "01" }, MISMATCH],
    ["another type", { ...it_, type: "model" }, MISMATCH],
    ["an id that is no id", { ...it_, id: "a_b" }, refusal(400, "Invalid artifact ID 'a_b'.")],
    [
      "a number for an id",
      { ...it_, id: 1 },
      refusal(400, "Invalid request: body.metadata.id: Invalid input: expected string, received number"),
    ],
    [
      "no name",
      { id: "1", type: "code" },
      refusal(400, "Invalid request: body.metadata.name: Invalid input: expected string, received undefined"),
    ],
    [
      "no metadata",
      null,
      refusal(400, "Invalid request: body.metadata: Invalid input: expected object, received null"),
    ],
  ])("refuses %s and changes nothing", async (_, metadata, expected) => {
    await register("code", { url: source("old"), name: "it" });
    const before = await world();
    expect(seen(await put("/artifacts/code/1", metadata, source("new")))).toEqual(expected);
    expect(await world()).toEqual(before);
  });

  it("holds If-Match against the version that is there", async () => {
    const stale = (await register("code", { url: source("a"), name: "it" })).headers.get("ETag") ?? "";
    const fresh = (await put("/artifacts/code/1", it_, source("b"), { "If-Match": stale })).headers.get("ETag") ?? "";
    const before = await world();
    const changed = refusal(412, "The artifact has changed: If-Match names another version.");
    for (const tag of [stale, '"other"', "1-1", `"x", ${stale}`, ""]) {
      const answer = await put("/artifacts/code/1", it_, source("c"), { "If-Match": tag });
      expect(seen(answer), tag).toEqual(changed);
    }
    expect(await world()).toEqual(before);
    const listed = await put("/artifacts/code/1", it_, source("c"), { "If-Match": `"x", ${fresh}` });
    expect(listed.status).toBe(200);
    expect((await put("/artifacts/code/1", it_, source("d"), { "If-Match": "*" })).status).toBe(200);
  });

  it("refuses the source of another artifact of that name, and takes it under another name", async () => {
    await register("code", { url: source("a"), name: "it" });
    await register("code", { url: source("b"), name: "it" });
    await register("code", { url: source("c"), name: "other" });
    expect(seen(await put("/artifacts/code/1", it_, source("b")))).toEqual(ALREADY_EXISTS);
    expect((await put("/artifacts/code/1", it_, source("c"))).status).toBe(200);
    expect(await objectKeys()).toHaveLength(3);
  });

  it.each([
    ["a model that is not there", "acme-labs/does-not-exist", NO_MODEL],
    [
      "one that nobody trusts",
      "acme-labs/lonely",
      [
        424,
        { detail: "Ingest rejected: reviewedness=0.14 < 0.50", failing: [expect.objectContaining({ least: 0.5 })] },
      ],
    ],
    ["one whose host is down", "hostile/unavailable", UPSTREAM],
    ["no model", "https://example.org/x", refusal(400, "A model must be a Hugging Face URL or id.")],
    ["a long url", "x".repeat(2049), refusal(413, "URL exceeds maximum length of 2048 characters.")],
  ])("to %s fails and leaves the old version whole", async (_, url, expected) => {
    const first = await register("model", { url: BERT, name: "m" });
    const digest = await download(first);
    const before = await world();
    expect(seen(await put("/artifacts/model/1", { name: "m", id: "1", type: "model" }, url))).toMatchObject(expected);
    expect(await world()).toEqual(before);
    expect(await download(first)).toBe(digest);
  });

  it("is 404 after the delete, and brings nothing back", async () => {
    await register("code", { url: source("a"), name: "it" });
    await registry.call("DELETE", "/artifacts/code/1");
    expect(seen(await put("/artifacts/code/1", it_, source("a")))).toEqual(NO_ARTIFACT);
    expect(await env.BUCKET.head("artifacts/code/1.zip")).toBeNull();
  });
});
