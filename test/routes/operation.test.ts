/** Health, tracks, and the pages that explain the rest. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";
import { insertArtifacts, seen, source } from "./answers.ts";

const registry = createRegistry();
const health = async (of = registry) => (await of.call("GET", "/health")).json;

describe("GET /health", () => {
  it("says that an empty registry is up, and exactly what it knows", async () => {
    const answer = await registry.call("GET", "/health");
    expect(seen(answer)).toEqual([
      200,
      {
        status: "ok",
        uptime_s: expect.any(Number),
        checked_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        models: 0,
        artifacts: { model: 0, dataset: 0, code: 0, total: 0 },
        deletions: { open: 0, oldest_s: 0, stuck: 0 },
        notices: ["AUTH is off: everyone who reaches this registry may write and delete."],
      },
    ]);
  });

  it("counts what is there by type, through every way in and out", async () => {
    await registry.register("code", source("a"));
    await registry.register("dataset", source("b"));
    await registry.register("model", "google-bert/bert-base-uncased");
    await insertArtifacts(5, { type: "dataset" });
    expect(await health()).toMatchObject({ models: 1, artifacts: { model: 1, dataset: 6, code: 1, total: 8 } });
    await registry.call("DELETE", "/artifacts/dataset/2");
    await registry.call("POST", "/artifacts/delete", { ids: [{ type: "model", id: "3" }] });
    expect(await health()).toMatchObject({ models: 0, artifacts: { model: 0, dataset: 5, code: 1, total: 6 } });
    await registry.call("DELETE", "/reset");
    expect(await health()).toMatchObject({ models: 0, artifacts: { model: 0, dataset: 0, code: 0, total: 0 } });
  });

  it("shows an open deletion and its age until the sweep has finished it", async () => {
    await registry.register("code", source("a"));
    const down = withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ });
    expect((await createRegistry(down.env).call("DELETE", "/artifacts/code/1")).status).toBe(500);
    await env.DB.prepare("UPDATE deletions SET requested_at = requested_at - 90000").run();
    const { deletions } = (await health()) as { deletions: { open: number; oldest_s: number; stuck: number } };
    expect(deletions).toEqual({ open: 1, oldest_s: expect.any(Number), stuck: 0 });
    expect(deletions.oldest_s).toBeGreaterThanOrEqual(90);
    expect(deletions.oldest_s).toBeLessThan(100);
    await registry.sweep(Date.now() + 1);
    expect(await health()).toMatchObject({ deletions: { open: 0, oldest_s: 0, stuck: 0 } });
  });

  it("is critical, and nothing else, without a database", async () => {
    const down = createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ }).env);
    expect(seen(await down.call("GET", "/health"))).toEqual([503, { status: "critical" }]);
  });

  it("is up without a bucket: reading and listing go on", async () => {
    const down = createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^bucket/ }).env);
    expect(await health(down)).toMatchObject({ status: "ok" });
  });
});

describe("PUT /authenticate", () => {
  it("is 501 where AUTH is off, whatever is sent", async () => {
    const body = { user: { name: "x", is_admin: true }, secret: { password: "y" } };
    for (const sent of [body, {}, "not JSON", undefined]) {
      expect(seen(await registry.call("PUT", "/authenticate", sent))).toEqual([
        501,
        { detail: "This system does not support authentication." },
      ]);
    }
  });
});

describe("GET /tracks", () => {
  it("names what is delivered", async () => {
    expect(seen(await registry.call("GET", "/tracks"))).toEqual([
      200,
      { plannedTracks: ["Performance track", "Access control track", "High assurance track"] },
    ]);
  });
});

describe("GET /docs", () => {
  it("is a page whose every file the registry serves itself, under any prefix", async () => {
    for (const prefix of ["", "/api"]) {
      const page = await registry.call("GET", `${prefix}/docs`);
      expect([page.status, page.headers.get("Content-Type")]).toEqual([200, "text/html; charset=UTF-8"]);
      const loaded = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path ?? "");
      expect(loaded).toEqual(["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"]);
      const types = await Promise.all(
        loaded.map(async (path) => {
          const { status, headers, text } = await registry.call("GET", path);
          return [status, headers.get("Content-Type")?.split(";")[0], text.length > 50];
        }),
      );
      expect(types).toEqual([
        [200, "text/css", true],
        [200, "text/javascript", true],
        [200, "text/javascript", true],
      ]);
      expect(page.text).not.toMatch(/https?:\/\//);
    }
  });

  it("lets the browser run its own scripts and styles, and nothing from elsewhere", async () => {
    const policy = (await registry.call("GET", "/docs")).headers.get("Content-Security-Policy");
    const directives = Object.fromEntries((policy ?? "").split(/;\s*/).map((part) => part.split(/ (.*)/, 2)));
    expect(directives).toMatchObject({
      "default-src": "'none'",
      "script-src": "'self'",
      "connect-src": "'self'",
      "frame-ancestors": "'none'",
      "style-src": "'self' 'unsafe-inline'",
    });
  });

  it("is configured to read the document of this registry", async () => {
    expect((await registry.call("GET", "/docs/start.js")).text).toContain('url: "/openapi.json"');
  });
});
