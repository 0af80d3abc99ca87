/** What Hugging Face clients and git try that the registry does not do yet: each is told so in one sentence. */

import { commit, createRepo, deleteRepo, uploadFile } from "@huggingface/hub";
import { beforeEach, describe, expect, it } from "vitest";
import { closedRegistry, headersOf, issued } from "../accounts.ts";
import { createRegistry } from "../harness.ts";
import { bytesOf, keepFiles } from "../zip/kept.ts";
import { world } from "./answers.ts";
import { fetchFrom, HUB_URL } from "./hub-fetch.ts";

const registry = createRegistry();
const closed = closedRegistry();
const repo = "acme-labs/aster-base";
const READ_ONLY = /^This registry takes no writes from Hugging Face clients: [^.]*\.$/;
const GIT = /^Git is not served here: [^.]*\.$/;

beforeEach(async () => {
  const id = await registry.register("model", repo);
  await keepFiles(id, [{ path: "config.json", bytes: bytesOf("{}") }], { revision: "a".repeat(40), verdict: "safe" });
});

describe("a write of @huggingface/hub", () => {
  const token = async () => headersOf(await issued("token", null, { granted: ["admin"] }));
  it.each(["open", "closed"])("to an %s registry fails with 403 and the reason, and changes nothing", async (which) => {
    const { env } = which === "open" ? registry : closed;
    const accessToken = (await token())["X-Authorization"].replace("bearer ", "");
    const hub = { hubUrl: HUB_URL, fetch: fetchFrom(env), accessToken };
    const before = await world();
    const file = { path: "notes.txt", content: new Blob(["notes"]) };
    for (const attempt of [
      () => createRepo({ ...hub, repo: "acme-labs/new" }),
      () => deleteRepo({ ...hub, repo }),
      () => uploadFile({ ...hub, repo, file }),
      () => commit({ ...hub, repo, title: "t", operations: [{ operation: "addOrUpdate", ...file }] }),
      () => commit({ ...hub, repo, title: "t", operations: [{ operation: "delete", path: "config.json" }] }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        statusCode: 403,
        message: expect.stringContaining("This registry takes no writes from Hugging Face clients"),
      });
    }
    expect(await world()).toEqual(before);
  });
});

describe("a write of huggingface_hub", () => {
  it.each([
    ["POST", "/api/repos/create"],
    ["DELETE", "/api/repos/delete"],
    ["POST", "/api/repos/move"],
    ["POST", "/api/validate-yaml"],
    ["POST", `/api/models/${repo}/preupload/main`],
    ["POST", `/api/models/${repo}/commit/main`],
    ["POST", `/api/datasets/${repo}/commit/main?create_pr=1`],
    ["PUT", `/api/models/${repo}/settings`],
    ["POST", `/api/models/${repo}/branch/dev`],
    ["DELETE", `/api/models/${repo}/branch/dev`],
    ["POST", `/api/models/${repo}/tag/main`],
    ["POST", `/api/models/${repo}/super-squash/main`],
    ["POST", `/api/models/${repo}/discussions`],
    ["POST", `/${repo}.git/info/lfs/objects/batch`],
    ["POST", `/datasets/${repo}.git/info/lfs/objects/batch`],
    ["POST", `/api/models/${repo}`],
    ["DELETE", `/${repo}/resolve/main/config.json`],
    ["GET", `/api/models/${repo}/xet-write-token/main`],
    ["GET", `/api/models/${repo}/auth-check/write`],
  ])("%s %s is 403 with one sentence, under /api too", async (method, path) => {
    for (const prefix of ["/hf", "/api/hf"]) {
      const answer = await registry.call(method, prefix + path, method === "GET" ? undefined : "{}");
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([403, "hub_read_only"]);
      const sentence = answer.headers.get("X-Error-Message") ?? "";
      expect(sentence).toMatch(READ_ONLY);
      expect(answer.json).toEqual({ error: sentence, detail: sentence });
    }
  });

  it("is 403 with that sentence whatever the size of its body", async () => {
    const answer = await registry.call("POST", `/hf/api/models/${repo}/commit/main`, "x".repeat(2_000_000));
    expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([403, "hub_read_only"]);
  });

  it("is 401 first where nobody has said who they are", async () => {
    expect((await closed.call("POST", "/hf/api/repos/create", {})).status).toBe(401);
  });
});

describe("git", () => {
  it.each([
    `/hf/${repo}/info/refs?service=git-upload-pack`,
    `/hf/${repo}.git/info/refs?service=git-upload-pack`,
    `/hf/datasets/${repo}/info/refs?service=git-upload-pack`,
    `/hf/gpt2/info/refs?service=git-receive-pack`,
    `/hf/${repo}/info/refs`,
  ])("GET %s is told that git is not served, with a token and without, as text that git shows", async (path) => {
    for (const of of [registry, closed]) {
      const answer = await of.call("GET", path);
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([403, "git_not_served"]);
      expect(answer.headers.get("Content-Type")).toMatch(/^text\/plain/);
      expect(answer.text.trim()).toMatch(GIT);
      expect(answer.headers.get("X-Error-Message")).toMatch(GIT);
    }
  });

  it("learns nothing else without a token", async () => {
    expect((await closed.call("POST", `/hf/${repo}/git-upload-pack`, "x")).status).toBe(401);
    expect((await closed.call("GET", "/artifacts/code/info/refs")).status).toBe(403);
  });
});

describe("hf repos ls", () => {
  it.each(["/hf/api/settings/repositories", "/hf/api/organizations/acme-labs/settings/repositories"])(
    "GET %s is an empty list, with a warning that the client shows",
    async (path) => {
      const answer = await registry.call("GET", path);
      expect([answer.status, answer.json]).toEqual([200, []]);
      expect(answer.headers.get("X-HF-Warning")).toMatch(/^repositories; This registry takes no pushes/);
    },
  );
});

describe("a path of the Hub that is not served", () => {
  it.each(["/hf/api/spaces/gpt2", "/hf/api/telemetry/x", "/hf/api/settings/other", "/hf/api/collections/x"])(
    "GET %s is 404, not a mistake of the client's",
    async (path) => {
      const answer = await registry.call("GET", path);
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([404, "not_found"]);
    },
  );
});

describe("a token without the scope to download", () => {
  it("is refused with our text and no code that clients word as a gated repository", async () => {
    const headers = headersOf(await issued("token", null, { granted: ["artifact:read"] }));
    for (const method of ["HEAD", "GET"]) {
      const answer = await closed.call(method, `/hf/${repo}/resolve/main/config.json`, undefined, headers);
      expect([answer.status, answer.headers.get("X-Error-Code")]).toEqual([403, "not_permitted"]);
      expect(answer.headers.get("X-Error-Message")).toBe("You do not have permission to download artifacts.");
    }
  });
});
