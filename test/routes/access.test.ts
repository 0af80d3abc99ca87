/** Who may do what: deployments that are closed, deployments without a signing key, pages of other origins. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createRegistry } from "../harness.ts";
import { artifactIn, linkIn, NOTHING, refusal, seen, source, UNAUTHENTICATED, world } from "./answers.ts";

const open = createRegistry();
const closed = createRegistry({ AUTH: "required" });
const FOREIGN = "https://evil.example";
const CROSS_SITE = refusal(403, "Writes from another web origin are not allowed.");

const CLOSED: [method: string, path: string, body?: unknown][] = [
  ["GET", "/artifacts/code/1"],
  ["PUT", "/artifacts/code/1", { metadata: { name: "x", id: "1", type: "code" }, data: { url: source("x") } }],
  ["DELETE", "/artifacts/code/1"],
  ["DELETE", "/artifacts/code/1?dry_run=true"],
  ["POST", "/artifact/code", { url: source("x") }],
  ["POST", "/artifacts", []],
  ["POST", "/artifacts/delete", { ids: [{ type: "code", id: "1" }] }],
  ["GET", "/artifact/byName/x"],
  ["POST", "/artifact/byRegEx", { regex: "x" }],
  ["GET", "/deletions/1"],
  ["GET", "/artifact/model/1/rate"],
  ["GET", "/artifact/model/1/lineage"],
  ["GET", "/artifact/model/1/cost"],
  ["POST", "/artifact/model/1/license-check", { github_url: "https://github.com/acme-labs/aster" }],
  ["DELETE", "/reset"],
  ["GET", "/artifacts/code/1/files"],
  ["GET", "/artifacts/code/1/files?signature=x"],
  ["GET", "/artifacts/code/1/files/manifest.json"],
  ["GET", "/artifacts/code/1/inspection"],
  ["GET", "/artifacts/code/1/downloads"],
  ["GET", "/healthy"],
  ["GET", "/artifacts/thing/1"],
  ["POST", "/artifact/code", "not even JSON"],
];

describe("a registry with AUTH=required", () => {
  it.each(CLOSED)("refuses %s %s before it looks at anything", async (method, path, body) => {
    await open.register("code", source("x"), "x");
    const before = await world();
    for (const headers of [
      {},
      { "X-Authorization": "bearer nobody-issued-this" },
      { Authorization: "Bearer nobody-issued-this" },
      { "X-Authorization": "" },
    ]) {
      for (const prefix of ["", "/api"]) {
        expect(seen(await closed.call(method, prefix + path, body, headers))).toEqual(UNAUTHENTICATED);
      }
    }
    expect(await world()).toEqual(before);
  });

  it.each([
    "/health",
    "/health/components",
    "/tracks",
    "/openapi.json",
    "/docs",
    "/docs/start.js",
    "/docs/swagger-ui.css",
  ])("leaves %s open", async (path) => {
    expect((await closed.call("GET", path)).status).toBe(200);
    expect((await closed.call("GET", `/api${path}`)).status).toBe(200);
  });

  it("serves a signed link to whoever holds it, and nobody without a signature", async () => {
    await open.register("code", source("x"));
    const link = linkIn(await open.call("GET", "/artifacts/code/1"));
    expect((await closed.call("GET", link)).status).toBe(200);
    expect(seen(await closed.call("GET", "/artifacts/code/1/download"))).toEqual(
      refusal(403, "The download link is not valid."),
    );
  });

  it("does not tell strangers, through the state of its upstreams, what is being registered", async () => {
    const down = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("connection lost"));
    expect((await open.call("POST", "/artifact/model", { url: "acme-labs/top-secret" })).status).toBe(502);
    down.mockRestore();
    const { status, text } = await closed.call("GET", "/health/components");
    expect(status).toBe(200);
    expect(text).toContain("hugging_face");
    expect(text).not.toContain("top-secret");
  });

  it("that nobody can enter says so in its health", async () => {
    expect((await closed.call("GET", "/health")).json).toMatchObject({
      notices: [
        "AUTH is required, but neither ADMIN_PASSWORD nor ACCESS_TEAM_DOMAIN and ACCESS_AUD are set: nobody can come in.",
      ],
    });
  });

  it("is what a deployment is that says nothing of AUTH", () => {
    const { AUTH: _, ...silent } = env;
    expect(readConfig(silent).auth).toBe("required");
  });
});

describe("a registry with AUTH=off", () => {
  it("ignores tokens, good or bad", async () => {
    const headers = { "X-Authorization": "nonsense", Authorization: "Basic AAAA" };
    expect((await open.call("POST", "/artifacts", [], headers)).status).toBe(200);
  });

  it("says in its health that everyone may write", async () => {
    expect((await open.call("GET", "/health")).json).toMatchObject({
      notices: ["AUTH is off: everyone who reaches this registry may write and delete."],
    });
  });
});

describe("a registry without a signing key", () => {
  const unsigned = createRegistry({ SIGNING_KEY: "" });

  it("leaves the key download_url out, and says so in its health", async () => {
    const registered = await unsigned.call("POST", "/artifact/code", { url: source("x") });
    const metadata = { name: "x.tar", id: "1", type: "code" };
    expect(seen(registered)).toEqual([201, { metadata, data: { url: source("x") } }]);
    const read = await unsigned.call("GET", "/artifacts/code/1");
    expect(seen(read)).toEqual([200, { metadata, data: { url: source("x") } }]);
    const updated = await unsigned.call("PUT", "/artifacts/code/1", artifactIn(read));
    expect(seen(updated)).toEqual([200, { metadata, data: { url: source("x") } }]);
    expect((await unsigned.call("GET", "/health")).json).toMatchObject({
      notices: expect.arrayContaining(["SIGNING_KEY is not set: artifacts carry no download_url."]),
    });
  });

  it("accepts no link, not even one signed with an empty key", async () => {
    await open.register("code", source("x"));
    const link = linkIn(await open.call("GET", "/artifacts/code/1"));
    expect(seen(await unsigned.call("GET", link))).toEqual(refusal(403, "The download link is not valid."));
  });
});

describe("a page of another origin", () => {
  it.each([FOREIGN, "null", "http://registry.test", "https://registry.test:444", "https://sub.registry.test"])(
    "%s may not write, whatever the method, and may not read answers",
    async (origin) => {
      for (const [method, path, body] of CLOSED.filter(([name]) => name !== "GET")) {
        const answer = await open.call(method, path, body, { Origin: origin });
        expect(seen(answer)).toEqual(CROSS_SITE);
        expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
      }
      expect(await world()).toEqual(NOTHING);
      const read = await open.call("GET", "/health", undefined, { Origin: origin });
      expect([read.status, read.headers.get("Access-Control-Allow-Origin")]).toEqual([200, null]);
    },
  );

  it("gets a preflight without permission", async () => {
    const answer = await open.call("OPTIONS", "/artifacts/code/1", undefined, {
      Origin: FOREIGN,
      "Access-Control-Request-Method": "DELETE",
    });
    expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).toEqual([204, null]);
  });

  it("may read and write if ALLOWED_ORIGINS names it, and only then", async () => {
    const friendly = createRegistry({ ALLOWED_ORIGINS: "https://a.example, https://b.example" });
    for (const [origin, status, allowed] of [
      ["https://a.example", 201, "https://a.example"],
      ["https://b.example", 201, "https://b.example"],
      ["https://c.example", 403, null],
      ["https://a.example.evil.example", 403, null],
      ["http://a.example", 403, null],
    ] as const) {
      const answer = await friendly.call(
        "POST",
        "/artifact/code",
        { url: source(origin.slice(-9)) },
        { Origin: origin },
      );
      expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")], origin).toEqual([status, allowed]);
      expect(answer.headers.get("Vary")).toContain("Origin");
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
    }
  });

  it("is told by the preflight what it may send, even where AUTH is required", async () => {
    const friendly = createRegistry({ ALLOWED_ORIGINS: "https://a.example", AUTH: "required" });
    const { status, headers } = await friendly.call("OPTIONS", "/api/artifacts/code/1", undefined, {
      Origin: "https://a.example",
      "Access-Control-Request-Method": "DELETE",
      "Access-Control-Request-Headers": "x-authorization",
    });
    expect(status).toBe(204);
    expect(headers.get("Access-Control-Allow-Origin")).toBe("https://a.example");
    expect(headers.get("Access-Control-Allow-Methods")).toBe("GET,HEAD,POST,PUT,PATCH,DELETE");
    expect(headers.get("Access-Control-Allow-Headers")?.split(",")).toEqual(
      expect.arrayContaining(["Authorization", "X-Authorization", "Content-Type", "If-Match", "Range"]),
    );
  });

  it("may do all under ALLOWED_ORIGINS=*", async () => {
    const friendly = createRegistry({ ALLOWED_ORIGINS: "*" });
    const answer = await friendly.call("DELETE", "/reset", undefined, { Origin: FOREIGN });
    expect(seen(answer)).toEqual([200, { status: "registry reset" }]);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(FOREIGN);
  });

  it("is not what the registry's own pages are", async () => {
    const answer = await open.call("DELETE", "/reset", undefined, { Origin: "https://registry.test" });
    expect(seen(answer)).toEqual([200, { status: "registry reset" }]);
  });
});
