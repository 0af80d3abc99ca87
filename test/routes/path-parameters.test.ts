/** Ids and types in paths: one rule on every route. */

import { beforeEach, describe, expect, it } from "vitest";
import { createRegistry } from "../harness.ts";
import { linkIn, NO_ARTIFACT, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const update = { metadata: { name: "kept", id: "1", type: "code" }, data: { url: source("kept") } };

beforeEach(async () => {
  await registry.register("code", source("kept"), "kept");
});

describe("an artifact id in a path", () => {
  const ROUTES: [method: string, path: (id: string) => string, unknown: [number, unknown], body?: unknown][] = [
    ["GET", (id) => `/artifacts/code/${id}`, NO_ARTIFACT],
    ["PUT", (id) => `/artifacts/code/${id}`, NO_ARTIFACT, update],
    ["DELETE", (id) => `/artifacts/code/${id}`, NO_ARTIFACT],
    ["DELETE", (id) => `/artifacts/code/${id}?dry_run=true`, NO_ARTIFACT],
    ["DELETE", (id) => `/artifacts/code/${id}?dependents=refuse`, NO_ARTIFACT],
    ["GET", (id) => `/deletions/${id}`, refusal(404, "No artifact with this id was deleted.")],
    ["GET", (id) => `/artifact/model/${id}/rate`, NO_ARTIFACT],
    ["GET", (id) => `/artifact/model/${id}/lineage`, NO_ARTIFACT],
    ["GET", (id) => `/artifact/code/${id}/cost`, NO_ARTIFACT],
    ["POST", (id) => `/artifact/model/${id}/license-check`, NO_ARTIFACT, { github_url: "https://github.com/a/b" }],
  ];
  const UNKNOWN = [
    "007",
    "01",
    "abc",
    "0",
    "-1",
    "1e0",
    "2",
    "9".repeat(15),
    "9".repeat(16),
    "9".repeat(64),
    "a".repeat(64),
  ];
  const MALFORMED: [written: string, read: string][] = [
    ["%00", "\u0000"],
    ["1%00", "1\u0000"],
    ["a_b", "a_b"],
    ["1.0", "1.0"],
    ["1%20", "1 "],
    ["%2B1", "+1"],
    ["1%2F2", "1/2"],
    ["%EF%BC%91", "１"],
    ["%27;--", "';--"],
    ["9".repeat(65), "9".repeat(65)],
  ];

  it.each(ROUTES)("of %s %s is 404 when well-formed and unknown", async (method, path, unknown, body) => {
    for (const id of UNKNOWN) expect(seen(await registry.call(method, path(id), body)), id).toEqual(unknown);
  });

  it.each(ROUTES)("of %s %s is 400 when malformed", async (method, path, _, body) => {
    for (const [written, read] of [...MALFORMED, ["a".repeat(65), "a".repeat(65)] as const]) {
      const answer = await registry.call(method, path(written), body);
      expect(seen(answer)).toEqual(refusal(400, `Invalid artifact ID '${read}'.`));
    }
  });

  it("of a download is checked before the signature", async () => {
    const answer = await registry.call("GET", "/artifacts/code/a_b/download?expires=1&signature=x");
    expect(seen(answer)).toEqual(refusal(400, "Invalid artifact ID 'a_b'."));
    expect(seen(await registry.call("GET", "/artifacts/code/007/download"))).toEqual(NO_ARTIFACT);
  });
});

describe("an artifact type in a path", () => {
  it.each(["models", "Model", "MODEL", "%20model", "package", "null", "__proto__", "constructor"])(
    "%s is 400 everywhere",
    async (type) => {
      const text = `Invalid artifact_type '${decodeURIComponent(type)}', must be one of: model, dataset, code.`;
      for (const [method, path, body] of [
        ["GET", `/artifacts/${type}/1`],
        ["PUT", `/artifacts/${type}/1`, update],
        ["DELETE", `/artifacts/${type}/1`],
        ["GET", `/artifacts/${type}/1/download`],
        ["POST", `/artifact/${type}`, { url: source("x") }],
      ] as const) {
        expect(seen(await registry.call(method, path, body)), `${method} ${path}`).toEqual(refusal(400, text));
      }
    },
  );

  it.each(["model", "dataset"])("%s is 404 everywhere for an id that is code's", async (type) => {
    const link = linkIn(await registry.call("GET", "/artifacts/code/1"));
    const before = await world();
    expect(seen(await registry.call("GET", `/artifacts/${type}/1`))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("PUT", `/artifacts/${type}/1`, update))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("DELETE", `/artifacts/${type}/1`))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", link.replace("/code/", `/${type}/`)))).toEqual(
      refusal(403, "The download link is not valid."),
    );
    expect(await world()).toEqual(before);
  });
});
