/** What every answer has, whichever route gives it: path prefixes, error envelope, headers. */

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";
import { INTERNAL, linkIn, nullsIn, refusal, seen, source, world } from "./answers.ts";

const registry = createRegistry();
const update = { metadata: { name: "kept", id: "1", type: "code" }, data: { url: source("kept") } };

/** Every route with an answer that is good, on a registry that holds code 1. */
const GOOD: [method: string, path: string, status: number, body?: unknown][] = [
  ["GET", "/health", 200],
  ["GET", "/health/components", 200],
  ["GET", "/tracks", 200],
  ["GET", "/openapi.json", 200],
  ["GET", "/docs", 200],
  ["GET", "/docs/start.js", 200],
  ["GET", "/artifacts/code/1", 200],
  ["GET", "/artifact/code/1/cost", 200],
  ["POST", "/artifacts", 200, []],
  ["GET", "/artifact/byName/kept", 200],
  ["POST", "/artifact/code", 201, { url: source("other") }],
  ["PUT", "/artifacts/code/1", 200, update],
  ["DELETE", "/artifacts/code/1?dry_run=true", 200],
  ["POST", "/artifacts/delete", 200, { ids: [{ type: "code", id: "1" }] }],
  ["DELETE", "/artifacts/code/1", 200],
  ["DELETE", "/reset", 200],
];

beforeEach(async () => {
  await registry.register("code", source("kept"), "kept");
});

describe.each(["", "/api"])("under %j", (prefix) => {
  it.each(GOOD)("%s %s answers %i, without a null", async (method, path, status, body) => {
    const answer = await registry.call(method, prefix + path, body);
    expect(answer.status).toBe(status);
    expect(nullsIn(answer.json ?? {})).toEqual([]);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
  });

  it("a signed link is served, and a receipt", async () => {
    const link = linkIn(await registry.call("GET", `${prefix}/artifacts/code/1`));
    expect(link).toMatch(/^\/artifacts\/code\/1\/download\?expires=\d+&signature=[\w-]{43}$/);
    expect((await registry.call("GET", prefix + link)).status).toBe(200);
    await registry.call("DELETE", `${prefix}/artifacts/code/1`);
    expect((await registry.call("GET", `${prefix}/deletions/1`)).status).toBe(200);
  });

  it.each([
    ["GET", "/"],
    ["GET", ""],
    ["GET", "/nope"],
    ["GET", "/artifacts/"],
    ["GET", "/artifacts/search"],
    ["GET", "/artifacts/code/"],
    ["GET", "/artifacts/code/1/"],
    ["GET", "/artifacts/code/1/downloads"],
    ["GET", "/Artifacts/code/1"],
    ["GET", "/env"],
    ["GET", "/api/s3/x"],
    ["GET", "/healthz"],
    ["GET", "/deletions"],
    ["GET", "/docs/package.json"],
    ["GET", "/docs/..%2Fpackage.json"],
    ["DELETE", "/artifact/code/1/2/3"],
    ["PROPFIND", "/nope"],
  ])("%s %s is not found", async (method, path) => {
    // without a prefix an empty path is the root
    expect(seen(await registry.call(method, prefix + path || "/"))).toEqual(refusal(404, "Not Found"));
  });

  it.each([
    ["PATCH", "/artifacts", "POST"],
    ["GET", "/artifacts/delete", "POST"],
    ["DELETE", "/artifacts/delete", "POST"],
    ["POST", "/artifacts/code/1", "DELETE, GET, HEAD, PUT"],
    ["PUT", "/artifacts/code/1/download", "GET, HEAD"],
    ["POST", "/artifact/byName/some/name", "GET, HEAD"],
    ["POST", "/deletions/1", "GET, HEAD"],
    ["GET", "/reset", "DELETE"],
    ["POST", "/health", "GET, HEAD"],
    ["DELETE", "/tracks", "GET, HEAD"],
    ["POST", "/openapi.json", "GET, HEAD"],
    ["POST", "/docs", "GET, HEAD"],
  ])("%s %s is refused, and Allow says %s", async (method, path, allowed) => {
    const answer = await registry.call(method, prefix + path);
    expect(seen(answer)).toEqual(refusal(405, "Method Not Allowed"));
    expect(answer.headers.get("Allow")).toBe(allowed);
  });
});

describe("an answer", () => {
  it.each(["/apihealth", "/api/api/health", "/API/health"])("%s is not under /api", async (path) => {
    expect(seen(await registry.call("GET", path))).toEqual(refusal(404, "Not Found"));
  });

  it.each([
    ["GET", "/artifacts/code/1", undefined],
    ["PUT", "/artifacts/code/1", update],
    ["DELETE", "/artifacts/code/1", undefined],
    ["DELETE", "/artifacts/code/1?dry_run=true", undefined],
    ["POST", "/artifacts", []],
    ["POST", "/artifacts/delete", { ids: [{ type: "code", id: "1" }] }],
    ["POST", "/artifact/code", { url: source("new") }],
    ["GET", "/artifact/byName/x", undefined],
    ["GET", "/deletions/1", undefined],
    ["DELETE", "/reset", undefined],
  ])("of %s %s without a database is 500, tells nothing of why, and changes nothing", async (method, path, body) => {
    const before = await world();
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ });
    const answer = await createRegistry(down.env).call(method, path, body);
    expect(seen(answer)).toEqual(INTERNAL);
    expect(answer.headers.get("Cache-Control")).toBe("no-store");
    expect(await world()).toEqual(before);
  });

  it("of a download whose object has vanished is 500, and says no more", async () => {
    const link = linkIn(await registry.call("GET", "/artifacts/code/1"));
    await env.BUCKET.delete("artifacts/code/1.zip");
    expect(seen(await registry.call("GET", link))).toEqual(INTERNAL);
  });

  it("of a registry with a setting that cannot be meant is 500, and the log names the setting", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const answer = await createRegistry({ AUTH: "maybe" }).call("GET", "/health");
    expect(seen(answer)).toEqual(INTERNAL);
    expect(log.mock.calls.join("\n")).toContain("AUTH");
  });

  it("has an X-Request-Id of its own, errors and files too", async () => {
    const ids = new Set<string | null>();
    for (const path of ["/health", "/nope", "/artifacts/code/a_b", "/artifacts/code/77", "/docs/swagger-ui.css"]) {
      ids.add((await registry.call("GET", path)).headers.get("X-Request-Id"));
    }
    expect([...ids].filter((id) => /^[0-9a-f-]{36}$/.test(id ?? ""))).toHaveLength(5);
  });

  it("keeps the client's X-Request-Id, in the receipt's audit too, if it is fit to be written down", async () => {
    const answer = await registry.call("DELETE", "/artifacts/code/1", undefined, { "X-Request-Id": "build-7_a=" });
    expect(answer.headers.get("X-Request-Id")).toBe("build-7_a=");
    const { audit } = (await world()) as { audit: { action: string; request_id: string }[] };
    expect(audit.at(-1)).toMatchObject({ action: "DELETE", request_id: "build-7_a=" });
    for (const bad of ["a b", "<script>", '"', "é", "x".repeat(256)]) {
      const other = await registry.call("GET", "/health", undefined, { "X-Request-Id": bad });
      expect(other.headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it.each([
    ["/health", 200],
    ["/nope", 404],
    ["/artifacts/code/a_b", 400],
  ])("of %s (%i) tells browsers to be careful", async (path, status) => {
    const { status: answered, headers } = await registry.call("GET", path);
    expect(answered).toBe(status);
    expect(Object.fromEntries([...headers])).toMatchObject({
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/json",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=15552000; includeSubDomains",
      "x-content-type-options": "nosniff",
      "x-frame-options": "SAMEORIGIN",
    });
    const exposed = headers.get("Access-Control-Expose-Headers")?.split(",");
    expect(exposed).toEqual(expect.arrayContaining(["offset", "X-Request-Id", "X-D1-Bookmark"]));
  });

  it("to HEAD has the status of GET and no body", async () => {
    for (const [path, status] of [
      ["/health", 200],
      ["/artifacts/code/1", 200],
      ["/artifacts/code/77", 404],
      ["/nope", 404],
    ] as const) {
      const answer = await registry.call("HEAD", path);
      expect([answer.status, answer.text]).toEqual([status, ""]);
    }
  });
});
