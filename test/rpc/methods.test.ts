/** Every method over a real binding, against the answer of the same question over HTTP. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { inputs } from "../../src/rpc/inputs.ts";
import { brokenInvariants, createRegistry, objectKeys, rows } from "../harness.ts";
import { type Artifact, insertArtifacts, source } from "../routes/answers.ts";
import { call, comeToRest, type Outcome, play, said } from "./binding.ts";

const registry = createRegistry();
afterEach(comeToRest);

const BASE = "acme-labs/aster-base";
const CHAT = "acme-labs/aster-chat";
const GITHUB = { github_url: "https://github.com/acme-labs/aster" };

/** The questions that change nothing: method, its argument, and the same over HTTP. */
const QUESTIONS: [method: keyof typeof inputs, input: object, http: [method: string, path: string, body?: unknown]][] =
  [
    ["get", { type: "model", id: "1" }, ["GET", "/artifacts/model/1"]],
    ["get", { type: "code", id: "3", origin: "https://registry.test" }, ["GET", "/artifacts/code/3"]],
    ["summary", { type: "model", id: "1" }, ["GET", "/artifacts/model/1/summary"]],
    ["rate", { id: "1" }, ["GET", "/artifact/model/1/rate"]],
    ["rate", { id: "2", explain: true }, ["GET", "/artifact/model/2/rate?explain=true"]],
    ["lineage", { id: "2" }, ["GET", "/artifact/model/2/lineage"]],
    ["lineage", { id: "2", include: "datasets" }, ["GET", "/artifact/model/2/lineage?include=datasets"]],
    ["cost", { type: "code", id: "3" }, ["GET", "/artifact/code/3/cost"]],
    [
      "cost",
      { type: "model", id: "2", dependency: true, currency: "usd" },
      ["GET", "/artifact/model/2/cost?dependency=true&currency=usd"],
    ],
    ["checkLicense", { id: "1", ...GITHUB }, ["POST", "/artifact/model/1/license-check", GITHUB]],
    [
      "checkLicense",
      { id: "2", ...GITHUB, explain: true, scope: "lineage" },
      ["POST", "/artifact/model/2/license-check?explain=true&scope=lineage", GITHUB],
    ],
    ["remove", { type: "model", id: "1", dryRun: true }, ["DELETE", "/artifacts/model/1?dry_run=true"]],
  ];

/** Questions that are refused: over HTTP with this status and body, by the binding with the same and a code. */
const REFUSALS: [method: keyof typeof inputs, input: object, http: [method: string, path: string, body?: unknown]][] = [
  ["get", { type: "model", id: "77" }, ["GET", "/artifacts/model/77"]],
  ["get", { type: "code", id: "1" }, ["GET", "/artifacts/code/1"]],
  ["get", { type: "code", id: "007" }, ["GET", "/artifacts/code/007"]],
  ["get", { type: "code", id: "a_b" }, ["GET", "/artifacts/code/a_b"]],
  ["get", { type: "thing", id: "1" }, ["GET", "/artifacts/thing/1"]],
  ["register", { type: "model", url: BASE }, ["POST", "/artifact/model", { url: BASE }]],
  ["register", { type: "model", url: "acme-labs/lonely" }, ["POST", "/artifact/model", { url: "acme-labs/lonely" }]],
  ["register", { type: "model", url: "no/such" }, ["POST", "/artifact/model", { url: "no/such" }]],
  ["register", { type: "code", url: "ftp://x" }, ["POST", "/artifact/code", { url: "ftp://x" }]],
  ["register", { type: "code", url: "x".repeat(2049) }, ["POST", "/artifact/code", { url: "x".repeat(2049) }]],
  ["registerLater", { type: "model", url: BASE }, ["POST", "/artifact/model", { url: BASE }]],
  ["rate", { id: "3" }, ["GET", "/artifact/model/3/rate"]],
  ["lineage", { id: "3" }, ["GET", "/artifact/model/3/lineage"]],
  ["cost", { type: "code", id: "77" }, ["GET", "/artifact/code/77/cost"]],
  [
    "checkLicense",
    { id: "1", github_url: "https://x.example" },
    ["POST", "/artifact/model/1/license-check", { github_url: "https://x.example" }],
  ],
  ["search", { regex: "(a+)+$" }, ["POST", "/artifact/byRegEx", { regex: "(a+)+$" }]],
  ["search", { regex: "no such thing" }, ["POST", "/artifact/byRegEx", { regex: "no such thing" }]],
  ["remove", { type: "model", id: "77" }, ["DELETE", "/artifacts/model/77"]],
  ["remove", { type: "model", id: "1", dependents: "refuse" }, ["DELETE", "/artifacts/model/1?dependents=refuse"]],
  ["receipt", { id: "1" }, ["GET", "/deletions/1"]],
  ["registration", { id: "1" }, ["GET", "/registrations/1"]],
  ["registration", { id: "007" }, ["GET", "/registrations/007"]],
  ["summary", { type: "code", id: "1" }, ["GET", "/artifacts/code/1/summary"]],
  ["receipt", { id: "abc" }, ["GET", "/deletions/abc"]],
];

/** Without the times of two fetches. */
const untimed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, item: unknown) => (key === "fetched_at" ? "then" : item));

describe("a method of the binding", () => {
  beforeEach(async () => {
    await registry.register("model", BASE);
    await registry.register("model", CHAT);
    await registry.register("code", source("tool"), "tool");
  });

  it.each(QUESTIONS)("%s %j answers what HTTP answers", async (method, input, [verb, path, body]) => {
    const http = await registry.call(verb, path, body);
    expect(http.status).toBe(200);
    const { value } = await call(method, input);
    if (method === "summary") {
      return expect(value).toEqual({ ...(http.json as object), etag: http.headers.get("ETag") });
    }
    if (method !== "get") return expect(value).toEqual(http.json);
    const { etag, ...artifact } = value as Artifact & { etag: string };
    expect(etag).toBe(http.headers.get("ETag"));
    const { metadata, data } = http.json as Artifact;
    if (!("origin" in input)) return expect(artifact).toEqual({ metadata, data: { url: data.url } });
    expect(artifact).toEqual({ metadata, data: { ...data, download_url: artifact.data.download_url } });
    expect(
      (await registry.call("GET", artifact.data.download_url?.slice("https://registry.test".length) ?? "")).status,
    ).toBe(200);
  });

  it.each(REFUSALS)("%s %j is refused as over HTTP, with a code", async (method, input, [verb, path, body]) => {
    const http = await registry.call(verb, path, body);
    const { refusal, ...error } = await call(method, input);
    const { code, status, request_id, ...seen } = refusal ?? {};
    expect([status, untimed(seen)]).toEqual([http.status, untimed(http.json)]);
    expect(error).toMatchObject({ name: `RegistryError [${code}]`, message: refusal?.detail });
    expect(request_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await brokenInvariants()).toEqual([]);
  });

  it("registers, updates and deletes; the audit and the receipt name the Worker", async () => {
    const registered = await call("register", { type: "dataset", url: source("d"), name: "d" });
    const { etag, ...artifact } = registered.value as Artifact & { etag: string };
    expect(artifact).toEqual({ metadata: { name: "d", id: "4", type: "dataset" }, data: { url: source("d") } });
    const changed = { ...artifact, data: { url: source("e") } };
    const stale = await call("update", { ...changed, ifMatch: '"4-3"' });
    expect(said(stale)).toBe("412 precondition_failed: The artifact has changed: If-Match names another version.");
    const other = await call("update", { ...changed, metadata: { ...changed.metadata, name: "other" } });
    expect(said(other)).toBe("400 name_id_mismatch: Name/id mismatch in artifact update.");
    const updated = await call("update", { ...changed, ifMatch: etag });
    expect(updated.value).toEqual({ ...changed, etag: expect.not.stringMatching(etag) });
    expect((await call("get", { type: "dataset", id: "4" })).value).toEqual(updated.value);
    expect((await call("remove", { type: "dataset", id: "4" })).value).toEqual({ status: "deleted", id: "4" });
    expect(said(await call("remove", { type: "dataset", id: "4" }))).toBe(
      "404 artifact_not_found: Artifact does not exist.",
    );
    const receipt = await call("receipt", { id: "4" });
    expect(receipt.value).toEqual((await registry.call("GET", "/deletions/4")).json);
    expect(receipt.value).toMatchObject({ requested_by: "worker:trainer" });
    expect(await rows("SELECT action, actor FROM audit WHERE artifact_id = 4 ORDER BY id")).toEqual(
      ["CREATE", "UPDATE", "DELETE"].map((action) => ({ action, actor: "worker:trainer" })),
    );
    expect(await brokenInvariants()).toEqual([]);
  });

  it("registers after the answer, under the id that it gave", async () => {
    const begun = await call("registerLater", { type: "model", url: "google-bert/bert-base-uncased" });
    expect(begun.value).toEqual({ name: "bert-base-uncased", id: "4", type: "model" });
    await expect.poll(async () => said(await call("rate", { id: "4" }))).toMatchObject({ name: "bert-base-uncased" });
  });

  it("deletes many, one result each in the order asked", async () => {
    const ids = [
      { type: "code", id: "3" },
      { type: "model", id: "3" },
      { type: "model", id: "2" },
      { type: "model", id: "abc" },
    ];
    const statuses = ["deleted", "not_found", "deleted", "not_found"];
    expect((await call("removeMany", { ids })).value).toEqual(
      ids.map((ref, index) => ({ ...ref, status: statuses[index] })),
    );
    expect(await objectKeys()).toEqual(["artifacts/model/1.zip"]);
    expect(said(await call("removeMany", { ids: [] }))).toBe(
      "400 invalid_request: Invalid request: argument.ids: Too small: expected array to have >=1 items",
    );
  });

  it("pages: `next` of one answer is the `offset` of the next question", async () => {
    await insertArtifacts(1500, { type: "dataset", name: "'same'" });
    const pages = async (method: string, input: object) => {
      const first = (await call(method, input)).value as { items: unknown[]; next?: string };
      const second = (await call(method, { ...input, offset: first.next })).value as typeof first;
      return [first.items.length, first.next, second.items.length, second.next];
    };
    expect(await pages("list", {})).toEqual([1000, "after-1000", 503, undefined]);
    expect(await pages("list", { queries: [{ name: "*", types: ["dataset"] }] })).toEqual([
      1000,
      "after-1003",
      500,
      undefined,
    ]);
    expect(await pages("findByName", { name: "same" })).toEqual([1000, "after-1003", 500, undefined]);
    expect((await call("findByName", { name: BASE })).value).toEqual({
      items: [{ name: "aster-base", id: "1", type: "model" }],
    });
    expect((await call("search", { regex: "^aster-(base|chat)$" })).value).toEqual({
      items: [
        { name: "aster-base", id: "1", type: "model" },
        { name: "aster-chat", id: "2", type: "model" },
      ],
    });
    expect(said(await call("list", { offset: "soon" }))).toBe(
      "400 invalid_request: Invalid request: argument.offset: must be the value of a previous answer's offset header, or a 0-based index",
    );
  });
});

describe("arguments of a wrong shape", () => {
  const BAD: [method: keyof typeof inputs, input: unknown, detail: string][] = [
    ["get", null, "Invalid request: argument: Invalid input: expected object, received null"],
    ["get", "1", "Invalid request: argument: Invalid input: expected object, received string"],
    ["get", [], "Invalid request: argument: Invalid input: expected object, received array"],
    ["get", { id: "1" }, "Invalid artifact_type 'undefined', must be one of: model, dataset, code."],
    ["get", { type: "code", id: 1 }, "Invalid request: argument.id: Invalid input: expected string, received number"],
    ["get", { type: "code", id: "1", origin: "x" }, "Invalid request: argument.origin: Invalid URL"],
    ["remove", { type: "code", id: "1", dryrun: true }, 'Invalid request: argument: Unrecognized key: "dryrun"'],
    [
      "remove",
      { type: "code", id: "1", dryRun: "true" },
      "Invalid request: argument.dryRun: Invalid input: expected boolean, received string",
    ],
    [
      "remove",
      { type: "code", id: "1", dependents: "keep" },
      'Invalid request: argument.dependents: Invalid option: expected one of "ignore"|"refuse"',
    ],
    ["register", { type: "code" }, "Invalid request: argument.url: Invalid input: expected string, received undefined"],
    ["register", { type: "code", url: source("x"), name: "*" }, "Invalid request: argument.name: `*` is reserved"],
    ["findByName", { name: " " }, "Invalid request: argument.name: The name must not be empty."],
    [
      "list",
      { queries: [{ name: "x", types: ["models"] }] },
      "Invalid artifact_type 'models', must be one of: model, dataset, code.",
    ],
    ["lineage", { id: "1", include: "all" }, 'Invalid request: argument.include: Invalid input: expected "datasets"'],
    [
      "download",
      { type: "code", id: "1", range: "bytes=0-1" },
      "Invalid request: argument.range: expected {offset, length?} or {suffix}, in bytes",
    ],
    [
      "download",
      { type: "code", id: "1", range: { offset: -1 } },
      "Invalid request: argument.range.offset: Too small: expected number to be >=0",
    ],
    [
      "download",
      { type: "code", id: "1", range: { suffix: 0 } },
      "Invalid request: argument.range.suffix: Too small: expected number to be >=1",
    ],
  ];
  it.each(BAD)("%s %j is a 400 that says where, and changes nothing", async (method, input, detail) => {
    await registry.register("code", source("a"));
    expect(said(await call(method, input))).toBe(`400 invalid_request: ${detail}`);
    expect(await rows("SELECT id FROM artifacts")).toEqual([{ id: 1 }]);
  });

  it("that JSON does not have (functions, maps, dates, bytes, bigints) are 400 as well", async () => {
    const [missing, more, ...strange] = await play<Outcome[]>("strange", {});
    expect(missing?.refusal?.detail).toBe(
      "Invalid request: argument: Invalid input: expected object, received undefined",
    );
    // what is too much is not looked at
    expect(more?.refusal?.code).toBe("artifact_not_found");
    expect(strange.length).toBe(21);
    expect(new Set(strange.map(({ refusal }) => refusal?.code))).toEqual(new Set(["invalid_request"]));
  });
});

describe("a download over the binding", () => {
  const MEGABYTES_20 = 20 * 1024 * 1024;

  /** An artifact whose zip is of a size that no light bundle has: the same pattern all along, so that a shift would show. */
  async function registerLarge(): Promise<string> {
    await registry.register("code", source("large"), "large");
    const bytes = new Uint8Array(MEGABYTES_20);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = (at * 31 + (at >> 8)) & 255;
    const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).reduce(
      (hex, byte) => hex + byte.toString(16).padStart(2, "0"),
      "",
    );
    await env.BUCKET.put("artifacts/code/1.zip", bytes, { sha256 });
    await env.DB.prepare("UPDATE artifacts SET size = ?1, sha256 = ?2").bind(bytes.length, sha256).run();
    return sha256;
  }

  it("streams 20 MB through, byte for byte", async () => {
    const sha256 = await registerLarge();
    expect(await play("stream", { type: "code", id: "1" })).toEqual({
      name: "large",
      size: MEGABYTES_20,
      sha256,
      etag: `"${sha256}"`,
      received: MEGABYTES_20,
      digest: sha256,
    });
  });

  it("gives the part that is asked for: from an offset, of a length, or the last so many bytes", async () => {
    const sha256 = await registerLarge();
    const bytes = new Uint8Array((await (await env.BUCKET.get("artifacts/code/1.zip"))?.arrayBuffer()) ?? []);
    for (const [range, from, to] of [
      [{ offset: 5, length: 100_000 }, 5, 100_005],
      [{ offset: MEGABYTES_20 - 7 }, MEGABYTES_20 - 7, MEGABYTES_20],
      [{ suffix: 1 }, MEGABYTES_20 - 1, MEGABYTES_20],
      [{ offset: 1, length: MEGABYTES_20 }, 1, MEGABYTES_20],
    ] as const) {
      const part = await crypto.subtle.digest("SHA-256", bytes.slice(from, to));
      expect(await play("stream", { type: "code", id: "1", range })).toEqual({
        name: "large",
        size: MEGABYTES_20,
        sha256,
        etag: `"${sha256}"`,
        range: { offset: from, length: to - from },
        received: to - from,
        digest: [...new Uint8Array(part)].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
      });
    }
    expect(said(await call("download", { type: "code", id: "1", range: { offset: MEGABYTES_20 } }))).toBe(
      "416 range_not_satisfiable: The requested range lies outside the bundle.",
    );
  });

  it("that is let go of, unread or half read, harms nobody", async () => {
    await registerLarge();
    for (let round = 0; round < 5; round += 1) {
      expect(await play("dispose", { type: "code", id: "1" })).toEqual({ half: true, again: "1" });
    }
  });
});

describe("50 removes of one artifact at once", () => {
  it("delete and audit it once, and one caller alone is told that it was deleted", async () => {
    const id = await registry.register("code", source("a"));
    const outcomes = await play<Record<string, number>>("race", { type: "code", id, times: 50 });
    expect(outcomes).toEqual({ deleted: 1, artifact_not_found: 49 });
    expect(await rows("SELECT actor FROM audit WHERE action = 'DELETE'")).toEqual([{ actor: "worker:trainer" }]);
    expect(await rows("SELECT count(*) AS n FROM deletions WHERE reason = 'deleted'")).toEqual([{ n: 1 }]);
    await comeToRest();
    expect([await objectKeys(), await brokenInvariants()]).toEqual([[], []]);
  });
});
