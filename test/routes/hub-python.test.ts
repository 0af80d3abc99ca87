/**
 * The calls of the Python client `huggingface_hub`, made by hand: its sources of 2026 (file_download.py, hf_api.py,
 * utils/_http.py) say which requests it sends and which headers it relies upon. Python itself does not run here.
 */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";
import { bytesOf, counting, keepFiles } from "../zip/kept.ts";
import { hexOf } from "../zip/light-bundle.ts";
import { insertArtifacts } from "./answers.ts";

const registry = createRegistry();
const app = createApp();
const COMMIT = "86b5e0934494bd15c9632b12f734a8a67f723594";
const weights = counting(70_000);

/** `build_hf_headers`, and what `get_hf_file_metadata` adds to it. */
const HEADERS = { "user-agent": "unknown/None; hf_hub/1.4.0; python/3.12.3", authorization: "Bearer hf_test" };
const METADATA = { ...HEADERS, "Accept-Encoding": "identity" };

async function send(method: string, path: string, headers: Record<string, string>, body?: string, env = registry.env) {
  const execution = createExecutionContext();
  const request = new Request(`https://registry.test/hf${path}`, {
    method,
    headers,
    ...(body !== undefined && { body }),
  });
  const response = await app.fetch(request, env, execution);
  const bytes = new Uint8Array(await response.arrayBuffer());
  await waitOnExecutionContext(execution);
  const isJson = response.headers.get("Content-Type") === "application/json";
  const json = isJson && bytes.length > 0 ? (JSON.parse(new TextDecoder().decode(bytes)) as unknown) : undefined;
  return { status: response.status, header: (name: string) => response.headers.get(name), bytes, json };
}

/** `_normalize_etag`. */
const normalized = (etag: string | null) => etag?.replace(/^W\//, "").replaceAll('"', "");

beforeEach(async () => {
  const id = await registry.register("model", "acme-labs/aster-base");
  await keepFiles(
    id,
    [
      { path: "config.json", bytes: bytesOf('{"model_type":"aster"}') },
      { path: "model.safetensors", bytes: weights },
      { path: "sub dir/vocab.txt", bytes: bytesOf("[PAD]\n"), deflated: true },
    ],
    { revision: COMMIT, verdict: "safe" },
  );
});

describe("hf_hub_download", () => {
  it.each([
    ["config.json", "config.json", bytesOf('{"model_type":"aster"}')],
    ["model.safetensors", "model.safetensors", weights],
    ["sub dir/vocab.txt", "sub%20dir/vocab.txt", bytesOf("[PAD]\n")],
  ])("of %s: HEAD for commit, tag and size, then GET of the same address", async (_, quoted, bytes) => {
    const head = await send("HEAD", `/acme-labs/aster-base/resolve/main/${quoted}`, METADATA);
    expect(head.status).toBe(200);
    expect(head.header("Location")).toBeNull();
    expect(head.header("Content-Encoding")).toBeNull();
    expect(head.header("X-Repo-Commit")).toBe(COMMIT);
    expect(normalized(head.header("X-Linked-Etag") ?? head.header("ETag"))).toBe(await hexOf(bytes));
    expect(Number(head.header("X-Linked-Size") ?? head.header("Content-Length"))).toBe(bytes.length);
    expect(head.header("X-Xet-Hash")).toBeNull();
    const get = await send("GET", `/acme-labs/aster-base/resolve/main/${quoted}`, HEADERS);
    expect([get.status, get.header("Content-Length")]).toEqual([200, String(bytes.length)]);
    expect(get.bytes).toEqual(bytes);
  });

  it("resumes where a download broke off", async () => {
    for (const [path, bytes] of [
      ["model.safetensors", weights],
      ["sub%20dir/vocab.txt", bytesOf("[PAD]\n")],
    ] as const) {
      const rest = await send("GET", `/acme-labs/aster-base/resolve/${COMMIT}/${path}`, {
        ...HEADERS,
        Range: "bytes=3-",
      });
      expect([rest.status, rest.header("Content-Range")]).toEqual([206, `bytes 3-${bytes.length - 1}/${bytes.length}`]);
      expect(rest.bytes).toEqual(bytes.slice(3));
    }
  });

  it("of a file that is not there raises the error that is meant, and names the commit, so that it is not asked for again", async () => {
    for (const method of ["HEAD", "GET"]) {
      const answer = await send(method, "/acme-labs/aster-base/resolve/main/pytorch_model.bin", METADATA);
      expect([answer.status, answer.header("X-Error-Code")]).toEqual([404, "EntryNotFound"]);
      expect(answer.header("X-Repo-Commit")).toBe(COMMIT);
    }
  });

  it.each([
    [
      "a revision that is not kept",
      `/acme-labs/aster-base/resolve/${"0".repeat(40)}/config.json`,
      404,
      "RevisionNotFound",
    ],
    ["a branch that is not kept", "/acme-labs/aster-base/resolve/refs%2Fpr%2F1/config.json", 404, "RevisionNotFound"],
    ["a model that is not there", "/acme-labs/none/resolve/main/config.json", 404, "RepoNotFound"],
    ["a model that is not there, at a revision", `/acme-labs/none/resolve/${COMMIT}/config.json`, 404, "RepoNotFound"],
    ["a dataset of that name", "/datasets/acme-labs/aster-base/resolve/main/config.json", 404, "RepoNotFound"],
  ])("of %s raises the error that is meant", async (_, path, status, code) => {
    for (const method of ["HEAD", "GET"]) {
      const answer = await send(method, path, METADATA);
      expect([answer.status, answer.header("X-Error-Code")]).toEqual([status, code]);
      expect(answer.header("X-Error-Message")).toMatch(/\w/);
      expect(answer.header("X-Repo-Commit")).toBeNull();
    }
  });

  it("from a closed registry without a token raises what the server says, not a guess about the network", async () => {
    const answer = await send(
      "HEAD",
      "/acme-labs/aster-base/resolve/main/config.json",
      METADATA,
      undefined,
      createRegistry({ AUTH: "required" }).env,
    );
    expect([answer.status, answer.header("X-Error-Code")]).toEqual([401, "unauthenticated"]);
    expect(answer.header("X-Error-Message")).toMatch(/^Authentication failed/);
  });
});

describe("what a file costs", () => {
  it("is one read of the database, of few rows, and one of the bucket, however many models share its source", async () => {
    await insertArtifacts(3000, { type: "model" });
    // a dataset of the same name that was registered later is passed over, and costs a row
    await insertArtifacts(1, { type: "dataset" });
    await env.DB.prepare("UPDATE artifacts SET source_key = 'acme-labs/aster-base' WHERE id > 1").run();
    await keepFiles("3001", [{ path: "config.json", bytes: bytesOf("{}") }], { revision: "a".repeat(40) });
    let rowsRead = 0;
    const DB = {
      withSession: (...args: Parameters<D1Database["withSession"]>) => {
        const session = env.DB.withSession(...args);
        return { prepare: (sql: string) => counted(session.prepare(sql)), getBookmark: () => null };
      },
    } as unknown as D1Database;
    function counted(statement: D1PreparedStatement): D1PreparedStatement {
      return {
        bind: (...values: unknown[]) => counted(statement.bind(...values)),
        // the audit's, after the answer
        run: () => statement.run(),
        all: async () => {
          const result = await statement.all();
          rowsRead += result.meta.rows_read;
          return result;
        },
      } as unknown as D1PreparedStatement;
    }
    const counting = withFaults(registry.env);
    const path = "/acme-labs/aster-base/resolve/main/config.json";
    expect((await send("GET", path, HEADERS, undefined, { ...registry.env, ...counting.env })).status).toBe(200);
    // the last one is the audit, after the answer
    expect(counting.names).toEqual(["db.all", "bucket.get", "db.run"]);
    expect((await send("GET", path, HEADERS, undefined, { ...registry.env, DB })).status).toBe(200);
    expect(rowsRead).toBeLessThanOrEqual(12);
    expect(rowsRead).toBeGreaterThan(0);
  });
});

describe("snapshot_download and HfApi", () => {
  it("model_info: a record with the commit, its files where they are asked for", async () => {
    const plain = await send("GET", "/api/models/acme-labs/aster-base/revision/main", HEADERS);
    expect(plain.json).toMatchObject({
      id: "acme-labs/aster-base",
      sha: COMMIT,
      private: false,
      gated: false,
      disabled: false,
    });
    expect((plain.json as { siblings: unknown[] }).siblings[0]).toEqual({ rfilename: "config.json" });
    expect(Date.parse((plain.json as { lastModified: string }).lastModified)).toBeGreaterThan(0);
    const blobs = await send("GET", "/api/models/acme-labs/aster-base?blobs=true", HEADERS);
    expect((blobs.json as { siblings: unknown[] }).siblings[1]).toEqual({
      rfilename: "model.safetensors",
      size: weights.length,
      blobId: expect.stringMatching(/^[0-9a-f]{40}$/),
      lfs: { sha256: await hexOf(weights), size: weights.length, pointerSize: 130 },
    });
  });

  it("list_repo_tree: files with oid and size, directories with oid", async () => {
    const { json } = await send(
      "GET",
      `/api/models/acme-labs/aster-base/tree/${COMMIT}?recursive=true&expand=false`,
      HEADERS,
    );
    const tree = json as { type: string; path: string; oid: string; size: number }[];
    expect(tree.map(({ type, path, size }) => [type, path, size])).toEqual([
      ["file", "config.json", 22],
      ["file", "model.safetensors", 70_000],
      ["directory", "sub dir", 0],
      ["file", "sub dir/vocab.txt", 6],
    ]);
    expect(tree.every(({ oid }) => /^[0-9a-f]{40}$/.test(oid))).toBe(true);
  });

  it("get_paths_info: a form, as `requests` and `httpx` send it", async () => {
    const form = { ...HEADERS, "content-type": "application/x-www-form-urlencoded" };
    const body = "paths=config.json&paths=sub+dir&paths=none&expand=True";
    const { status, json } = await send("POST", "/api/models/acme-labs/aster-base/paths-info/main", form, body);
    expect([status, (json as { path: string }[]).map(({ path }) => path)]).toEqual([200, ["config.json", "sub dir"]]);
    expect((json as { lastCommit: { id: string } }[])[0]?.lastCommit.id).toBe(COMMIT);
  });

  it("get_paths_info: a thousand paths at once, as the Hub takes them", async () => {
    const paths = Array.from(
      { length: 998 },
      (_, i) => `shards/model-${String(i).padStart(5, "0")}-of-99999.safetensors`,
    );
    const form = { ...HEADERS, "content-type": "application/x-www-form-urlencoded" };
    const body = new URLSearchParams([...paths, "sub dir", "config.json"].map((path) => ["paths", path])).toString();
    const { status, json } = await send("POST", "/api/models/acme-labs/aster-base/paths-info/main", form, body);
    expect([status, (json as { path: string }[]).map(({ path }) => path)]).toEqual([200, ["sub dir", "config.json"]]);
  });

  it("whoami: whose token it is, for `hf auth login`", async () => {
    const { json } = await send("GET", "/api/whoami-v2", HEADERS);
    expect(json).toEqual({
      type: "user",
      id: "anonymous",
      name: "anonymous",
      fullname: "anonymous",
      orgs: [],
      auth: { type: "access_token", accessToken: { displayName: "anonymous", role: "read" } },
    });
  });
});

describe("a model as an ingest leaves it", () => {
  it("is described by what upstream said of it", async () => {
    const { zip } = await registry.register("model", "google-bert/bert-base-uncased").then(async (id) => {
      const evidence = {
        record: {
          status: "found",
          value: {
            tags: ["transformers", "license:apache-2.0"],
            downloads: 7,
            likes: 3,
            pipeline_tag: "fill-mask",
            library_name: "transformers",
            card_data: { license: "apache-2.0" },
          },
        },
      };
      await keepFiles(id, [{ path: "evidence.json", bytes: bytesOf(JSON.stringify(evidence)) }]);
      return { zip: id };
    });
    const { json } = await send("GET", "/api/models/google-bert/bert-base-uncased", HEADERS);
    expect(json).toMatchObject({
      _id: zip,
      author: "google-bert",
      downloads: 7,
      likes: 3,
      tags: ["transformers", "license:apache-2.0"],
      pipeline_tag: "fill-mask",
      library_name: "transformers",
      cardData: { license: "apache-2.0" },
    });
  });

  it.each(["", "{", "[]", '{"record":{"status":"found","value":{"tags":3,"downloads":-1,"likes":"x"}}}'])(
    "is described without its evidence where that reads %s",
    async (text) => {
      await keepFiles("1", [{ path: "evidence.json", bytes: bytesOf(text) }]);
      const { status, json } = await send("GET", "/api/models/acme-labs/aster-base", HEADERS);
      expect([status, json]).toEqual([200, expect.objectContaining({ tags: [], downloads: 0, likes: 0 })]);
    },
  );
});

describe("bad input to the hub's routes", () => {
  const repo = "/acme-labs/aster-base";
  const BAD: [method: string, path: string, status: number, body?: string][] = [
    ["GET", `${repo}/resolve/main/..%2Fx`, 400],
    ["GET", `${repo}/resolve/main/%00`, 400],
    ["GET", `${repo}/resolve/main/%FF`, 400],
    ["GET", `${repo}/resolve/main/`, 400],
    ["GET", `${repo}/resolve/main/${"x".repeat(1025)}`, 400],
    ["GET", `${repo}/resolve/main`, 404],
    ["GET", "/a/b/c/resolve/main/config.json", 404],
    ["GET", "/api/spaces/acme-labs/aster-base", 404],
    ["GET", "/api/models/a/b/c", 404],
    ["GET", "/api/models/%FF", 404],
    ["GET", "/api/models", 404],
    ["GET", `/api/models${repo}/tree/main/none`, 404],
    ["GET", `/api/models${repo}/tree/main/config.json`, 404],
    ["GET", `/api/models${repo}/tree/main?cursor=${"x".repeat(5000)}`, 400],
    ["POST", `/api/models${repo}/paths-info/main`, 400],
    ["POST", `/api/models${repo}/paths-info/main`, 400, "{"],
    ["POST", `/api/models${repo}/paths-info/main`, 400, '{"paths":"config.json"}'],
    ["POST", `/api/models${repo}/paths-info/main`, 400, JSON.stringify({ paths: Array(1001).fill("x") })],
    ["POST", `/api/models${repo}/paths-info/main`, 400, `{"paths":["${"x".repeat(70_000)}"]}`],
    ["POST", `/api/models${repo}/paths-info/main`, 413, `{"paths":["${"x".repeat(600_000)}"]}`],
    ["GET", `/api/models${repo}/paths-info/main`, 405],
    ["GET", "/api/spaces/gpt2", 404],
  ];
  const titled = BAD.map(([method, path, status, body]) => {
    return { title: `${method} ${path.slice(0, 80)} ${body?.slice(0, 20) ?? ""}`.trim(), method, path, status, body };
  });
  it.each(titled)("$title is $status", async ({ method, path, status, body }) => {
    const answer = await send(method, path, HEADERS, body);
    expect(answer.status, JSON.stringify(answer.json)).toBe(status);
    expect(answer.json).toEqual({ error: expect.any(String), detail: expect.any(String) });
  });
});
