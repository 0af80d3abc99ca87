/** Which hosts an open registry answers for: what keeps DNS rebinding out. */

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { createApp } from "../../src/app.ts";
import type { Env } from "../../src/env.ts";
import { createRegistry, rows } from "../harness.ts";

const app = createApp();

async function ask(url: string, settings: Partial<Env> = {}, init: RequestInit = {}) {
  const execution = createExecutionContext();
  const bindings = { ...env, ALLOWED_HOSTS: "", ...settings };
  const response = await app.fetch(new Request(url, init), bindings, execution);
  const text = await response.text();
  await waitOnExecutionContext(execution);
  return { status: response.status, text, headers: response.headers };
}

describe("with AUTH=off", () => {
  it.each([
    "http://localhost:8787",
    "http://LOCALHOST",
    "http://registry.localhost:8787",
    "http://127.0.0.1:8787",
    "http://127.1",
    "http://127.255.0.3",
    "http://[::1]:8787",
  ])("%s is answered for", async (origin) => {
    expect((await ask(`${origin}/tracks`)).status).toBe(200);
  });

  it.each([
    "http://evil.example",
    "http://evil.example:8787",
    "http://localhost.evil.example",
    "http://evil-localhost",
    "http://127.0.0.1.evil.example",
    "http://0.0.0.0:8787",
    "http://192.168.1.5:8787",
    "http://[::]",
    "http://[::ffff:192.168.1.5]",
    "http://128.0.0.1",
  ])("%s is not, and the answer names the setting", async (origin) => {
    for (const path of ["/tracks", "/api/artifacts/model/1", "/health", "/docs", "/nowhere"]) {
      const { status, text, headers } = await ask(origin + path);
      expect([status, headers.get("X-Error-Code")], path).toEqual([421, "host_not_allowed"]);
      expect(JSON.parse(text).detail).toContain("ALLOWED_HOSTS");
    }
    expect((await ask(`${origin}/hf/api/models/gpt2`)).status).toBe(421);
  });

  it("a page that rebinds its name deletes nothing", async () => {
    const registry = createRegistry();
    await registry.register("code", "https://github.com/google-research/bert");
    const headers = { Origin: "http://evil.example:8787" };
    const deleted = await ask("http://evil.example:8787/reset", {}, { method: "DELETE", headers });
    expect(deleted.status).toBe(421);
    const preflight = await ask("http://evil.example:8787/reset", {}, { method: "OPTIONS", headers });
    expect([preflight.status, preflight.headers.get("Access-Control-Allow-Origin")]).toEqual([421, null]);
    expect(await rows("SELECT id FROM artifacts")).toHaveLength(1);
  });

  it.each([
    ["lab.example", "http://lab.example:8787", 200],
    ["LAB.example, 10.0.0.5", "http://10.0.0.5", 200],
    ["[fd00::5]", "http://[fd00::5]:8787", 200],
    ["*.lab.example", "http://a.b.lab.example", 200],
    ["*.lab.example", "http://lab.example", 421],
    ["*.lab.example", "http://evillab.example", 421],
    ["lab.example", "http://localhost", 421],
    ["lab.example", "http://a.lab.example", 421],
    ["*", "http://evil.example", 200],
  ])("ALLOWED_HOSTS=%s: %s answers %i", async (allowed, origin, status) => {
    expect((await ask(`${origin}/tracks`, { ALLOWED_HOSTS: allowed })).status).toBe(status);
  });

  it.each(["lab.example:8787", "http://lab.example", "a..b", "*evil"])(
    "ALLOWED_HOSTS=%s is an error",
    async (allowed) => {
      expect((await ask("http://localhost/tracks", { ALLOWED_HOSTS: allowed })).status).toBe(500);
    },
  );

  it("is no matter to a call over a binding", async () => {
    const answer = await env.CONSUMER.fetch("https://consumer.test/fetch/tracks?binding=OPEN");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toHaveProperty("plannedTracks");
  });
});

describe("with AUTH=required", () => {
  it("any host is answered for: tokens decide", async () => {
    expect((await ask("https://registry.example.com/tracks", { AUTH: "required" })).status).toBe(200);
    expect((await ask("https://registry.example.com/artifacts/model/1", { AUTH: "required" })).status).toBe(403);
  });
});
