/** Refusals lead on: a code for programs, the reason beside the contract's text, and what to do instead. */

import { beforeEach, describe, expect, it, vi } from "vitest";
import { isErrorCode } from "../../src/errors.ts";
import { closedRegistry, headersOf, issued } from "../accounts.ts";
import { createRegistry } from "../harness.ts";
import { zipOf } from "../zip/kept.ts";
import { source, UNAUTHENTICATED, world } from "./answers.ts";

const registry = createRegistry();
const closed = closedRegistry();
const detailOf = ({ json }: { json: unknown }) => (json as { detail: string }).detail;
const reasonOf = ({ json }: { json: unknown }) => (json as { reason?: string }).reason;

describe("every refusal", () => {
  it.each([
    ["GET", "/nope", "not_found"],
    ["GET", "/artifacts/code/77", "artifact_not_found"],
    ["GET", "/artifacts/code/a_b", "invalid_request"],
    ["PATCH", "/artifacts", "method_not_allowed"],
    ["POST", "/artifact/code", "invalid_request", "{"],
    ["POST", "/artifact/byRegEx", "no_match", { regex: "none" }],
    ["GET", "/deletions/5", "deletion_not_found"],
    ["GET", "/artifacts/code/1/download", "invalid_signature"],
    ["GET", "/tokens", "not_supported"],
    ["POST", "/artifacts", "body_too_large", "x".repeat(70_000)],
    ["GET", "/hf/api/models/a/b", "RepoNotFound"],
    ["GET", "/hf/nope", "not_found"],
  ])("%s %s carries the code %s", async (method, path, code, body?: unknown) => {
    const answer = await registry.call(method, path, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get("X-Error-Code")).toBe(code);
    expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("X-Error-Code");
    const head = await registry.call("HEAD", path);
    expect(method === "GET" ? head.headers.get("X-Error-Code") : code).toBe(code);
  });

  it("is named in the document, by its status", async () => {
    const { json } = await registry.call("GET", "/openapi.json");
    interface Response {
      headers?: Record<string, { schema: { enum?: string[] } }>;
    }
    const { paths } = json as { paths: Record<string, Record<string, { responses: Record<string, Response> }>> };
    const codesOf = (path: string, method: string, status: number) =>
      paths[path]?.[method]?.responses[status]?.headers?.["X-Error-Code"]?.schema.enum;
    expect(codesOf("/artifact/{artifact_type}", "post", 424)).toEqual([
      "ingest_rejected",
      "model_not_found_upstream",
      "dataset_not_found_upstream",
      "repository_not_found_upstream",
    ]);
    expect(codesOf("/hf/{repo}/resolve/{revision}/{path}", "get", 404)).toEqual([
      "RepoNotFound",
      "RevisionNotFound",
      "EntryNotFound",
    ]);
    for (const [path, methods] of Object.entries(paths)) {
      for (const [method, { responses }] of Object.entries(methods)) {
        for (const status of Object.keys(responses).filter((number) => Number(number) >= 400 && number !== "503")) {
          const codes = codesOf(path, method, Number(status));
          expect(codes, `${method} ${path} ${status}`).toBeDefined();
          if (!path.startsWith("/hf/")) expect(codes?.filter((code) => !isErrorCode(code))).toEqual([]);
        }
      }
    }
  });
});

describe("a wrong method", () => {
  it.each([
    ["GET", "/artifacts", "POST", /^Method Not Allowed\. To list artifacts, POST a JSON array .*\[\] lists all/],
    ["GET", "/artifact/model", "POST", /^Method Not Allowed\. To register an artifact, POST \{"url"/],
    ["GET", "/artifact/byRegEx", "POST", /^Method Not Allowed\. To search, POST \{"regex"/],
    ["POST", "/authenticate", "PUT", /^Method Not Allowed\. To log in, PUT/],
    ["POST", "/artifacts/code/1/content", "PUT", /^Method Not Allowed\. PUT the zip itself .*--data-binary @file/],
    ["POST", "/artifacts/code/1", "DELETE, GET, HEAD, PUT", /^Method Not Allowed$/],
  ])("%s %s is 405, Allow says %s, and the text what to do instead", async (method, path, allowed, detail) => {
    for (const prefix of ["", "/api"]) {
      const answer = await registry.call(method, prefix + path);
      expect([answer.status, answer.headers.get("Allow")]).toEqual([405, allowed]);
      expect(detailOf(answer)).toMatch(detail);
    }
  });

  it.each([
    ["PUT", "/artifacts", 405],
    ["POST", "/artifacts/code/1", 405],
    ["POST", "/artifacts/code/1/content", 405],
    ["PATCH", "/health", 405],
    ["POST", "/nope", 404],
    ["PUT", "/artifact/code/1/2/3", 404],
  ])("%s %s with a large body is %i, not 413", async (method, path, status) => {
    expect((await registry.call(method, path, "x".repeat(3_000_000))).status).toBe(status);
  });

  it("does not lift the bound of a body that a route takes", async () => {
    expect((await registry.call("POST", "/artifacts", "x".repeat(3_000_000))).status).toBe(413);
  });
});

describe("a form in place of a zip", () => {
  const form = (size: number) => {
    const boundary = "------------------------d74496d66958873e";
    const text = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n${"x".repeat(size)}\r\n--${boundary}--\r\n`;
    return { text, type: `multipart/form-data; boundary=${boundary}` };
  };

  it.each([200, 200_000])("of about %i bytes is 415, and says how", async (size) => {
    const reserved = await registry.call("POST", "/artifact/dataset/upload", { name: "ours" });
    const { id } = reserved.json as { id: string };
    const begun = await registry.call("POST", `/artifacts/dataset/${id}/content/uploads`, { size });
    const { upload_id } = begun.json as { upload_id: string };
    const before = await world();
    const { text, type } = form(size);
    const content = `/artifacts/dataset/${id}/content`;
    for (const [method, path] of [
      ["PUT", content],
      ["PUT", `${content}/uploads/${upload_id}/parts/1`],
      ["POST", "/artifact/dataset/upload"],
    ] as const) {
      const answer = await registry.call(method, path, text, { "Content-Type": type });
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([415, "unsupported_media_type"]);
      expect(detailOf(answer)).toContain("send the zip itself as the body: --data-binary @file");
    }
    expect(await world()).toEqual(before);
  });

  it("is no concern where curl merely labels a zip as a form", async () => {
    const { zip } = await zipOf([{ path: "a.txt", bytes: new Uint8Array([65]) }]);
    const reserved = await registry.call("POST", "/artifact/dataset/upload", { name: "ours" });
    const { id } = reserved.json as { id: string };
    const label = { "Content-Type": "application/x-www-form-urlencoded" };
    expect((await registry.call("PUT", `/artifacts/dataset/${id}/content`, zip, label)).status).toBe(201);
  });
});

describe("who has not logged in", () => {
  it("is told which header, and where a token comes from", async () => {
    for (const headers of [{}, { "X-Authorization": "bearer tmr_bad" }] as Record<string, string>[]) {
      const answer = await closed.call("GET", "/artifacts/code/1", undefined, headers);
      expect([answer.status, answer.json]).toEqual(UNAUTHENTICATED);
    }
  });
});

describe("what is registered already", () => {
  beforeEach(async () => {
    await registry.register("code", source("first"), "n");
    await registry.register("code", source("second"), "n");
  });

  it("is named by its id, to a registration and to an update", async () => {
    const again = { detail: "Artifact exists already.", id: "2" };
    const posted = await registry.call("POST", "/artifact/code", { url: source("second"), name: "n" });
    expect([posted.status, posted.json]).toEqual([409, again]);
    const later = await registry.call(
      "POST",
      "/artifact/code",
      { url: source("second"), name: "n" },
      { Prefer: "respond-async" },
    );
    expect([later.status, later.json]).toEqual([409, again]);
    const update = { metadata: { name: "n", id: "1", type: "code" }, data: { url: source("second") } };
    const put = await registry.call("PUT", "/artifacts/code/1", update);
    expect([put.status, put.json]).toEqual([409, again]);
  });
});

describe("an upstream that does not answer", () => {
  it.each([
    ["hostile/broken", "huggingface.co: upstream answered 500"],
    ["hostile/rate-limited", "huggingface.co: rate limited"],
    ["hostile/not-json", /^huggingface\.co: .*JSON/],
  ])("%s is 502 with host and cause", async (url, reason) => {
    const answer = await registry.call("POST", "/artifact/model", { url });
    expect([answer.status, detailOf(answer)]).toEqual([502, "Unable to fetch model metadata."]);
    expect(reasonOf(answer)).toMatch(reason);
  });

  it("says that the deployment's token was refused, or that there was no connection", async () => {
    const stranger = createRegistry({ HF_TOKEN: "expired" });
    const refused = await stranger.call("POST", "/artifact/model", { url: "google-bert/bert-base-uncased" });
    expect([refused.status, reasonOf(refused)]).toEqual([502, "huggingface.co: HF_TOKEN was refused"]);
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("internal error"));
    const down = await registry.call("POST", "/artifact/model", { url: "google-bert/bert-base-uncased" });
    expect([down.status, reasonOf(down)]).toEqual([
      502,
      "GET huggingface.co/api/models/google-bert/bert-base-uncased failed",
    ]);
  });

  it("is named for a licence that cannot be read", async () => {
    const id = await registry.register("model", "acme-labs/aster-base");
    const body = { github_url: "https://github.com/hostile/broken" };
    const answer = await registry.call("POST", `/artifact/model/${id}/license-check`, body);
    expect([answer.status, answer.json]).toEqual([
      502,
      { detail: "Unable to fetch GitHub license.", reason: "api.github.com: upstream answered 500" },
    ]);
  });

  it("a gated model without a token says what to set; one that is hidden says nothing more", async () => {
    const gated = await registry.call("POST", "/artifact/model", { url: "acme-labs/sealed-gate" });
    expect([gated.status, reasonOf(gated)]).toEqual([424, expect.stringMatching(/gated: set the secret HF_TOKEN/)]);
    const hidden = await registry.call("POST", "/artifact/model", { url: "acme-labs/inner-circle" });
    expect(hidden.json).toEqual({ detail: "Ingest rejected: model not found on Hugging Face." });
  });
});

describe("a pattern that is refused", () => {
  it.each([
    ["(", /^RE2 syntax: .*missing closing \)/],
    ["a(?=b)", /^RE2 syntax: .*\(\?=/],
    ["(a)\\1", /^RE2 syntax: .*\\1/],
    ["(a+)+$", /exponential/],
    ["((a{1,100}){1,100}){1,100}", /./],
    ["a".repeat(513), /longer than 512 characters/],
  ])("%s says why beside the fixed text", async (regex, reason) => {
    const answer = await registry.call("POST", "/artifact/byRegEx", { regex });
    expect([answer.status, detailOf(answer)]).toEqual([400, "Invalid regular expression."]);
    expect(reasonOf(answer)).toMatch(reason);
    // kept, and refused for the same reason again
    expect((await registry.call("POST", "/artifact/byRegEx", { regex })).json).toEqual(answer.json);
  });
});

describe("a browser", () => {
  const HTML = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
  it.each(["open", "closed"])(
    "that comes to the address of an %s registry is led to the documentation",
    async (which) => {
      const of = which === "open" ? registry : closed;
      for (const path of ["/", "/api", "/api/"]) {
        const answer = await of.call("GET", path, undefined, HTML);
        expect([answer.status, answer.headers.get("Location")], path).toEqual([302, "/docs"]);
        expect(answer.headers.get("Vary")).toContain("Accept");
      }
      const icon = await of.call("GET", "/favicon.ico");
      expect([icon.status, icon.headers.get("Content-Type")]).toEqual([200, "image/x-icon"]);
      expect(icon.text.length).toBeGreaterThan(50);
    },
  );

  it("anybody else there is told 404, or that a token is wanted", async () => {
    for (const accept of ["*/*", "application/json"]) {
      expect((await registry.call("GET", "/", undefined, { Accept: accept })).status).toBe(404);
      expect((await closed.call("GET", "/", undefined, { Accept: accept })).status).toBe(403);
    }
    expect((await closed.call("GET", "/nope", undefined, HTML)).status).toBe(403);
    const reader = headersOf(await issued("token", null, { granted: ["artifact:read"] }));
    expect((await closed.call("GET", "/artifacts", undefined, reader)).status).toBe(405);
  });
});
