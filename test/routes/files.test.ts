/** The files in a bundle: listed, served one by one, and refused. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import { withFaults } from "../faults.ts";
import { createRegistry, rows } from "../harness.ts";
import { bytesOf, counting, type Given, keepFiles } from "../zip/kept.ts";
import { hexOf } from "../zip/light-bundle.ts";
import { INTERNAL, linkIn, NO_ARTIFACT, refusal, seen, source, UNAUTHENTICATED, world } from "./answers.ts";

const registry = createRegistry();
const app = createApp();
const NO_FILE = refusal(404, "The artifact has no such file.");
const BAD_PATH = refusal(400, "Invalid file path.");

interface Bytes {
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
  json: unknown;
}

/** An answer with its bytes as they came. */
async function get(
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
  bindings = registry.env,
): Promise<Bytes> {
  const execution = createExecutionContext();
  const response = await app.fetch(
    new Request(`https://registry.test${path}`, { method, headers }),
    bindings,
    execution,
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  await waitOnExecutionContext(execution);
  const isJson = response.status >= 400 && bytes.length > 0;
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    json: isJson ? JSON.parse(new TextDecoder().decode(bytes)) : undefined,
  };
}
const head = ({ status, headers }: Bytes, ...names: string[]) => [status, ...names.map((name) => headers.get(name))];

const weights = counting(5000);
const table = bytesOf("a,b,c\n".repeat(20_000));
const FILES: Given[] = [
  { path: "README.md", bytes: bytesOf("# A model\n") },
  { path: "config.json", bytes: bytesOf('{"model_type":"aster"}') },
  { path: "model.safetensors", bytes: weights },
  { path: "data/table.csv", bytes: table, deflated: true },
  { path: "data/undigested.bin", bytes: counting(300), digestUnknown: true },
  { path: "empty.txt", bytes: bytesOf("") },
  { path: "page.html", bytes: bytesOf("<script>alert(1)</script>") },
  { path: "größe 100%.txt", bytes: bytesOf("ü") },
  { path: "a%2Fb.txt", bytes: bytesOf("percent") },
  { path: "a/b.txt", bytes: bytesOf("slash") },
];

let id = "";
const at = (path: string) => `/artifacts/code/${id}/files/${path}`;

beforeEach(async () => {
  id = await registry.register("code", source("x"), "x");
  await keepFiles(id, FILES);
});

describe("a listing of files", () => {
  it("has path, size and digests of each, in the order of the paths", async () => {
    const answer = await registry.call("GET", `/artifacts/code/${id}/files`);
    expect(answer.status).toBe(200);
    const listed = answer.json as { path: string; size: number; crc32: string; sha256?: string }[];
    expect(listed.map(({ path }) => path)).toEqual([
      "README.md",
      "a%2Fb.txt",
      "a/b.txt",
      "config.json",
      "data/table.csv",
      "data/undigested.bin",
      "empty.txt",
      "größe 100%.txt",
      "model.safetensors",
      "page.html",
    ]);
    expect(listed.find(({ path }) => path === "config.json")).toEqual({
      path: "config.json",
      size: 22,
      crc32: expect.stringMatching(/^[0-9a-f]{8}$/),
      sha256: await hexOf(bytesOf('{"model_type":"aster"}')),
    });
    expect(listed[5]).not.toHaveProperty("sha256");
    expect(listed[6]?.crc32).toBe("00000000");
    expect(answer.headers.get("offset")).toBeNull();
  });

  it("goes on behind its offset header, whatever characters the paths have, and ends without one", async () => {
    const names = Array.from({ length: 2500 }, (_, i) => `f-${String(i).padStart(4, "0")}-😀-\uffee.txt`);
    await keepFiles(
      id,
      names.map((path) => ({ path, bytes: bytesOf(path), digestUnknown: true })),
    );
    const listed: string[] = [];
    const sizes: number[] = [];
    for (let offset: string | null = ""; offset !== null; ) {
      const answer = await registry.call("GET", `/artifacts/code/${id}/files${offset && `?offset=${offset}`}`);
      const page = answer.json as { path: string }[];
      listed.push(...page.map(({ path }) => path));
      sizes.push(page.length);
      offset = answer.headers.get("offset");
    }
    expect(sizes).toEqual([1000, 1000, 500]);
    expect(listed).toEqual(names);
  });

  it("orders characters outside of the basic plane behind U+FFFF, on both sides of a page", async () => {
    const paths = ["\uffee.txt", "a.txt", "😀.txt", "😁.txt"];
    await keepFiles(
      id,
      paths.map((path) => ({ path, bytes: bytesOf(path) })),
      { pageSize: 2 },
    );
    const answer = await registry.call("GET", `/artifacts/code/${id}/files`);
    expect((answer.json as { path: string }[]).map(({ path }) => path)).toEqual([
      "a.txt",
      "\uffee.txt",
      "😀.txt",
      "😁.txt",
    ]);
    for (const path of paths) expect((await get(at(encodeURIComponent(path)))).bytes).toEqual(bytesOf(path));
  });

  it.each(["0", "after-", "after-%", "before-YQ", "after-*", `after-${"A".repeat(9000)}`])(
    "refuses the offset %s",
    async (offset) => {
      const answer = await registry.call("GET", `/artifacts/code/${id}/files?offset=${encodeURIComponent(offset)}`);
      expect(seen(answer)).toEqual(
        refusal(400, "Invalid request: query.offset: must be the value of a previous answer's offset header"),
      );
    },
  );

  it("is 404 for an artifact that is unknown, of another type or deleted", async () => {
    expect(seen(await registry.call("GET", "/artifacts/code/99/files"))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", `/artifacts/model/${id}/files`))).toEqual(NO_ARTIFACT);
    await registry.call("DELETE", `/artifacts/code/${id}`);
    expect(seen(await registry.call("GET", `/artifacts/code/${id}/files`))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", at("README.md")))).toEqual(NO_ARTIFACT);
  });
});

describe("a file", () => {
  it.each(FILES.map(({ path, bytes }) => [path, bytes] as const))("named %s is its bytes", async (path, bytes) => {
    for (const written of [encodeURIComponent(path), encodeURI(path).replaceAll("%252F", "%252F")]) {
      const answer = await get(at(written));
      expect([answer.status, answer.headers.get("Content-Length")], written).toEqual([200, String(bytes.length)]);
      expect(answer.bytes).toEqual(bytes);
    }
  });

  it("says what it is, and lets no browser run it", async () => {
    const sha256 = await hexOf(weights);
    const answer = await get(at("model.safetensors"));
    const names = [
      "Content-Type",
      "Content-Length",
      "ETag",
      "Accept-Ranges",
      "Cache-Control",
      "X-Content-Type-Options",
    ];
    expect(head(answer, ...names)).toEqual([
      200,
      "application/octet-stream",
      "5000",
      `"${sha256}"`,
      "bytes",
      "private, no-cache, no-transform",
      "nosniff",
    ]);
    expect(answer.headers.get("Repr-Digest")).toMatch(/^sha-256=:[\w+/]+=*:$/);
    for (const [path, type] of [
      ["page.html", "application/octet-stream"],
      ["config.json", "application/json"],
      ["README.md", "text/plain; charset=utf-8"],
      ["data/table.csv", "text/plain; charset=utf-8"],
    ]) {
      const { headers } = await get(at(path ?? ""));
      expect(headers.get("Content-Type"), path).toBe(type);
      expect(headers.get("Content-Disposition"), path).toMatch(/^attachment; filename="/);
      expect(headers.get("Content-Security-Policy"), path).toBe("default-src 'none'; sandbox; frame-ancestors 'none'");
    }
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=10-19", 10, 20],
    ["bytes=4990-", 4990, 5000],
    ["bytes=-10", 4990, 5000],
    ["bytes=0-999999", 0, 5000],
  ])("of %s is that part, stored", async (range, from, to) => {
    const answer = await get(at("model.safetensors"), { Range: range });
    expect(answer.bytes).toEqual(weights.slice(from, to));
    expect(head(answer, "Content-Range", "Content-Length")).toEqual([
      206,
      `bytes ${from}-${to - 1}/5000`,
      String(to - from),
    ]);
  });

  it.each([
    ["bytes=0-0", 0, 1],
    ["bytes=70000-70099", 70_000, 70_100],
    ["bytes=-6", 119_994, 120_000],
    ["bytes=119999-", 119_999, 120_000],
    ["bytes=0-", 0, 120_000],
  ])("of %s is that part, deflated", async (range, from, to) => {
    const answer = await get(at("data/table.csv"), { Range: range });
    expect(answer.bytes).toEqual(table.slice(from, to));
    expect(head(answer, "Content-Range", "Content-Length")).toEqual([
      206,
      `bytes ${from}-${to - 1}/120000`,
      String(to - from),
    ]);
  });

  it("is answered whole where a range begins far into it, if it is deflated: nothing is inflated for nobody", async () => {
    const far = 4 * 1024 * 1024;
    const bytes = counting(far + 1000);
    await keepFiles(id, [
      { path: "stored.bin", bytes },
      { path: "deflated.bin", bytes, deflated: true },
    ]);
    const ask = async (path: string, range: string) => {
      const answer = await get(at(path), { Range: range });
      return [...head(answer, "Content-Length"), answer.bytes.length];
    };
    const whole = [200, String(bytes.length), bytes.length];
    expect(await ask("deflated.bin", `bytes=${far + 1}-`)).toEqual(whole);
    expect(await ask("deflated.bin", "bytes=-1")).toEqual(whole);
    expect(await ask("deflated.bin", `bytes=${far}-${far + 9}`)).toEqual([206, "10", 10]);
    expect((await ask("deflated.bin", `bytes=${far + 1000}-`))[0]).toBe(416);
    expect(await ask("stored.bin", "bytes=-1")).toEqual([206, "1", 1]);
    for (const method of ["GET", "HEAD"]) {
      expect(head(await get(at("deflated.bin"), {}, method), "Accept-Ranges")).toEqual([200, "none"]);
      expect(head(await get(at("stored.bin"), {}, method), "Accept-Ranges")).toEqual([200, "bytes"]);
    }
  });

  it.each(["bytes=0-0", "bytes=0-", "bytes=-5"])(
    "that is empty is 200 without a byte for the range %s",
    async (Range) => {
      const answer = await get(at("empty.txt"), { Range });
      expect([answer.status, answer.bytes.length, answer.headers.get("Content-Length")]).toEqual([200, 0, "0"]);
    },
  );

  it("of a range behind its end is 416, with its size", async () => {
    const answer = await get(at("model.safetensors"), { Range: "bytes=5000-" });
    expect([answer.status, answer.json, answer.headers.get("Content-Range")]).toEqual([
      ...refusal(416, "The requested range lies outside the file."),
      "bytes */5000",
    ]);
  });

  it("heeds If-None-Match and If-Range, with a tag of its own where no digest is known", async () => {
    for (const path of ["model.safetensors", "data/table.csv", "data/undigested.bin"]) {
      const tag = (await get(at(path))).headers.get("ETag") ?? "";
      expect(head(await get(at(path), { "If-None-Match": `W/${tag}` }), "ETag", "Content-Length")).toEqual([
        304,
        tag,
        null,
      ]);
      expect((await get(at(path), { Range: "bytes=0-3", "If-Range": tag })).status).toBe(206);
      expect((await get(at(path), { Range: "bytes=0-3", "If-Range": '"other"' })).status).toBe(200);
    }
    const before = (await get(at("data/undigested.bin"))).headers.get("ETag");
    await keepFiles(id, FILES);
    expect((await get(at("data/undigested.bin"))).headers.get("ETag")).not.toBe(before);
  });

  it("to HEAD is everything but the bytes, and reads no object", async () => {
    const names = ["Content-Length", "ETag", "Content-Type", "Content-Disposition", "Accept-Ranges"];
    for (const path of ["model.safetensors", "data/table.csv"]) {
      const faulty = withFaults(registry.env);
      const answer = await get(at(path), { Range: "bytes=0-3" }, "HEAD", { ...registry.env, ...faulty.env });
      expect(answer.bytes.length).toBe(0);
      expect(head(answer, ...names)).toEqual(head(await get(at(path)), ...names));
      expect(faulty.names).toEqual(["db.all"]);
    }
  });

  it("costs one read of the database, of few rows, and one of the bucket, however many there are", async () => {
    const names = Array.from({ length: 1800 }, (_, i) => `file-${String(i).padStart(4, "0")}.bin`);
    await keepFiles(
      id,
      names.map((path) => ({ path, bytes: bytesOf(path), digestUnknown: true })),
    );
    let read = 0;
    const counted = withFaults(registry.env);
    const session = (native: D1Database) => ({
      ...native.withSession(),
      prepare: (sql: string) => {
        const bound = (statement: D1PreparedStatement): unknown => ({
          bind: (...values: unknown[]) => bound(statement.bind(...values)),
          all: async () => {
            const result = await statement.all();
            read += result.meta.rows_read;
            return result;
          },
        });
        return bound(native.prepare(sql));
      },
      getBookmark: () => null,
    });
    const DB = { withSession: () => session(env.DB) } as unknown as D1Database;
    await get(at("file-1234.bin"), {}, "GET", { ...registry.env, ...counted.env });
    // the last one is the audit, after the answer
    expect(counted.names).toEqual(["db.all", "bucket.get", "db.run"]);
    const answer = await get(at("file-1234.bin"), {}, "GET", { ...registry.env, DB });
    expect(answer.bytes).toEqual(bytesOf("file-1234.bin"));
    expect(read).toBeLessThanOrEqual(10);
    expect(read).toBeGreaterThan(0);
  });

  it.each([
    ["..%2Fsecret", BAD_PATH],
    ["a%2F..%2Fb.txt", BAD_PATH],
    ["%2Fetc%2Fpasswd", BAD_PATH],
    ["/README.md", BAD_PATH],
    ["a//b.txt", BAD_PATH],
    ["a%5Cb.txt", BAD_PATH],
    ["C%3A%2Fx", BAD_PATH],
    ["README.md%00", BAD_PATH],
    ["%FF", BAD_PATH],
    ["%E0%A4", BAD_PATH],
    ["README.md%", BAD_PATH],
    ["", BAD_PATH],
    ["data/", BAD_PATH],
    ["x".repeat(1025), BAD_PATH],
    ["%C3%BC".repeat(513), BAD_PATH],
    ["x".repeat(1024), NO_FILE],
    ["readme.md", NO_FILE],
    ["data", NO_FILE],
    ["zzz", NO_FILE],
    [" README.md", NO_FILE],
    ["%25FF", NO_FILE],
  ])("at %s is refused, and nothing changes", async (written, expected) => {
    const before = await world();
    for (const prefix of ["", "/api"]) {
      const answer = await get(`${prefix}${at(written)}`);
      expect([answer.status, answer.json], written).toEqual(expected);
    }
    expect(await world()).toEqual(before);
  });

  it("of a bundle found unsafe is not handed out, though it is listed; of one not judged it is", async () => {
    await keepFiles(id, FILES, { verdict: "unsafe" });
    const answer = await get(at("README.md"));
    expect([answer.status, answer.json]).toEqual(
      refusal(403, "The inspection of this artifact found it unsafe: its files are not handed out."),
    );
    expect((await registry.call("GET", `/artifacts/code/${id}/files`)).status).toBe(200);
    await keepFiles(id, FILES, { verdict: "unknown" });
    expect((await get(at("README.md"))).status).toBe(200);
  });

  it("needs permission, or the query of the artifact's download link", async () => {
    const closed = createRegistry({ AUTH: "required" }).env;
    const link = new URL(linkIn(await registry.call("GET", `/artifacts/code/${id}`)), "https://registry.test").search;
    const answer = await get(at("model.safetensors"), {}, "GET", closed);
    expect([answer.status, answer.json]).toEqual(UNAUTHENTICATED);
    expect((await get(at("model.safetensors") + link, {}, "GET", closed)).bytes).toEqual(weights);
    expect((await get(at("data/table.csv") + link, { Range: "bytes=0-5" }, "GET", closed)).bytes).toEqual(
      bytesOf("a,b,c\n"),
    );
    const forged = await get(`${at("README.md")}${link}x`, {}, "GET", closed);
    expect([forged.status, forged.json]).toEqual(refusal(403, "The download link is not valid."));
    const listing = await get(`/artifacts/code/${id}/files${link}`, {}, "GET", closed);
    expect([listing.status, listing.json]).toEqual(UNAUTHENTICATED);
  });
});

describe("the audit of files", () => {
  const downloads = () => rows("SELECT actor, artifact_id FROM audit WHERE action = 'DOWNLOAD'");

  it("has one download of whoever reads some of them within an hour, and none for HEAD or what is not there", async () => {
    await get(at("README.md"), {}, "HEAD");
    await get(at("none"));
    await get(at("README.md"), { "If-None-Match": "*" });
    expect(await downloads()).toEqual([]);
    for (const path of ["README.md", "model.safetensors", "data/table.csv"])
      await get(at(path), { Range: "bytes=0-3" });
    expect(await downloads()).toEqual([{ actor: "anonymous", artifact_id: Number(id) }]);
  });
});

describe("a file whose artifact changes while it is asked for", () => {
  const interrupted = (act: () => Promise<unknown>) => {
    let asked = 0;
    const BUCKET = {
      get: async (...args: Parameters<R2Bucket["get"]>) => {
        asked += 1;
        if (asked === 1) await act();
        return env.BUCKET.get(...args);
      },
    } as unknown as R2Bucket;
    return { ...registry.env, BUCKET };
  };

  it("is of the new version, described as such", async () => {
    const next = counting(777);
    const bindings = interrupted(() => keepFiles(id, [{ path: "model.safetensors", bytes: next }]));
    const answer = await get(at("model.safetensors"), {}, "GET", bindings);
    expect(answer.bytes).toEqual(next);
    expect(head(answer, "ETag", "Content-Length")).toEqual([200, `"${await hexOf(next)}"`, "777"]);
  });

  it("is 404 when the new version does not have it, or the artifact is gone", async () => {
    const replaced = interrupted(() => keepFiles(id, [{ path: "other.bin", bytes: weights }]));
    const answer = await get(at("model.safetensors"), {}, "GET", replaced);
    expect([answer.status, answer.json]).toEqual(NO_FILE);
    await keepFiles(id, FILES);
    const deleted = interrupted(() => registry.call("DELETE", `/artifacts/code/${id}`));
    const gone = await get(at("model.safetensors"), {}, "GET", deleted);
    expect([gone.status, gone.json]).toEqual(NO_ARTIFACT);
  });

  it("whose object is missing is a 500, never other bytes", async () => {
    const [row] = await rows<{ object_key: string }>("SELECT object_key FROM artifacts");
    await env.BUCKET.delete(row?.object_key ?? "");
    for (const path of ["model.safetensors", "data/table.csv"]) {
      const answer = await get(at(path));
      expect([answer.status, answer.json]).toEqual(INTERNAL);
    }
  });

  it("is a 500 when database or bucket fail", async () => {
    for (const only of [/^db/, /^bucket/]) {
      const faulty = withFaults(registry.env, { call: 0, when: "before", extent: "forever", only });
      const answer = await get(at("model.safetensors"), {}, "GET", { ...registry.env, ...faulty.env });
      expect([answer.status, answer.json]).toEqual(INTERNAL);
    }
  });

  it("that does not inflate to what the index says breaks off", async () => {
    await env.DB.prepare(
      "UPDATE bundle_index SET entries = replace(entries, '\"size\":120000', '\"size\":120001')",
    ).run();
    await expect(get(at("data/table.csv"))).rejects.toThrow();
    await env.DB.prepare(
      "UPDATE bundle_index SET entries = replace(entries, '\"size\":120001', '\"size\":119999')",
    ).run();
    await expect(get(at("data/table.csv"))).rejects.toThrow();
  });
});

describe("an inspection", () => {
  it("is told with its findings, whatever its verdict", async () => {
    const finding = { code: "pickle_import", severity: "unsafe", path: "a.pkl", detail: "os.system" };
    await keepFiles(id, FILES, { verdict: "unsafe", findings: [finding] });
    expect(seen(await registry.call("GET", `/artifacts/code/${id}/inspection`))).toEqual([
      200,
      { verdict: "unsafe", findings: [finding], inspected_at: "2023-11-14T22:13:20.000Z" },
    ]);
    await keepFiles(id, FILES, { verdict: "safe" });
    expect((await registry.call("GET", `/artifacts/code/${id}/inspection`)).json).toMatchObject({
      verdict: "safe",
      findings: [],
    });
  });

  it("by earlier rules is not shown as safe, not of a file or a part either, until it is made again", async () => {
    const files: Given[] = [
      { path: "README.md", bytes: bytesOf("# A"), verdict: "safe" },
      { path: "model.safetensors", bytes: weights, verdict: "safe" },
      { path: "x.pkl", bytes: bytesOf("N."), verdict: "unsafe" },
    ];
    const summary = {
      files: { safe: 2, unknown: 0, unsafe: 1 },
      reasons: { pickle_import: 1 },
      omitted: 0,
      parts: { card: "safe", weights: "safe", config: "unsafe" },
    };
    const shown = async () => {
      const inspection = await registry.call("GET", `/artifacts/code/${id}/inspection`);
      const listed = (await registry.call("GET", `/artifacts/code/${id}/files`)).json as { verdict: string }[];
      const glance = (await registry.call("GET", `/artifacts/code/${id}/summary`)).json as { verdict: string };
      return { inspection: inspection.json, listed: listed.map(({ verdict }) => verdict), glance: glance.verdict };
    };
    const outdated = {
      code: "outdated_rules",
      severity: "unknown",
      detail: expect.stringContaining("earlier release"),
    };
    const inspected_at = "2023-11-14T22:13:20.000Z";
    const weaker = {
      ...summary,
      files: { safe: 0, unknown: 2, unsafe: 1 },
      parts: { card: "unknown", weights: "unknown", config: "unsafe" },
    };
    await keepFiles(id, files, { verdict: "safe", rules: 0, summary });
    expect(await shown()).toEqual({
      inspection: { verdict: "unknown", findings: [outdated], inspected_at, ...weaker },
      listed: ["unknown", "unknown", "unsafe"],
      glance: "unknown",
    });
    await keepFiles(id, files, { verdict: "safe", rules: 0 });
    expect((await shown()).inspection).toEqual({ verdict: "unknown", findings: [outdated], inspected_at });
    // what was unsafe stays so, with its findings alone
    const finding = { code: "pickle_import", severity: "unsafe", path: "x.pkl", detail: "os.system" };
    await keepFiles(id, files, { verdict: "unsafe", rules: 0, findings: [finding] });
    expect(await shown()).toMatchObject({ inspection: { verdict: "unsafe", findings: [finding] }, glance: "unsafe" });
    await keepFiles(id, files, { verdict: "safe", summary });
    expect(await shown()).toEqual({
      inspection: { verdict: "safe", findings: [], inspected_at, ...summary },
      listed: ["safe", "safe", "unsafe"],
      glance: "safe",
    });
  });

  it("is 404 where there was none, or none of the present content", async () => {
    const none = refusal(404, "The content of this artifact has not been inspected.");
    expect(seen(await registry.call("GET", `/artifacts/code/${id}/inspection`))).toEqual(none);
    await keepFiles(id, FILES, { verdict: "safe" });
    await env.DB.prepare("UPDATE artifacts SET version = version + 1").run();
    expect(seen(await registry.call("GET", `/artifacts/code/${id}/inspection`))).toEqual(none);
    expect(seen(await registry.call("GET", "/artifacts/code/99/inspection"))).toEqual(NO_ARTIFACT);
    expect(seen(await registry.call("GET", `/artifacts/model/${id}/inspection`))).toEqual(NO_ARTIFACT);
  });
});
