/** One JSON line a request, with what an operator needs and nothing that opens a door. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { withFaults } from "../faults.ts";
import { createRegistry, type TestRegistry } from "../harness.ts";
import { linkIn, source } from "./answers.ts";

const registry = createRegistry();

/** The lines that are written while something happens, each parsed; a line that is no JSON object fails. */
async function linesOf(act: (registry: TestRegistry) => Promise<unknown>, of = registry) {
  const written: { level: string; line: unknown }[] = [];
  for (const level of ["log", "debug", "info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => {
      expect(args).toHaveLength(1);
      expect(args[0]).not.toContain("\n");
      written.push({ level, line: JSON.parse(String(args[0])) as unknown });
    });
  }
  await act(of);
  return written;
}

describe("the log", () => {
  it.each([
    ["GET", "/health", "/health", 200],
    ["GET", "/api/health?x=1", "/health", 200],
    ["GET", "/artifacts/code/77", "/artifacts/:artifact_type/:id", 404],
    ["GET", "/artifacts/code/a_b", "/artifacts/:artifact_type/:id", 400],
    ["DELETE", "/artifacts/code/77?dry_run=true", "/artifacts/:artifact_type/:id", 404],
    ["GET", "/artifact/byName/google-bert/bert", "/artifact/byName/:name", 200],
    ["PATCH", "/artifacts", undefined, 405],
    ["GET", "/nope", undefined, 404],
  ])("has one line of %s %s", async (method, path, route, status) => {
    const lines = await linesOf(({ call }) => call(method, path, undefined, { "X-Request-Id": "r-1" }));
    expect(lines).toEqual([
      {
        level: "info",
        line: {
          event: "request",
          request_id: "r-1",
          method,
          path: expect.stringMatching(/^\/(?!api)[^?]*$/),
          route: route ?? expect.any(String),
          status,
          ms: expect.any(Number),
          actor: "anonymous",
        },
      },
    ]);
  });

  it("says why an upstream failed", async () => {
    const lines = await linesOf(({ call }) =>
      call("POST", "/artifact/model", { url: "hostile/unavailable" }, { "X-Request-Id": "r-1" }),
    );
    expect(lines.map(({ level, line }) => [level, line])).toContainEqual([
      "warn",
      { event: "upstream_failed", request_id: "r-1", code: "upstream_failed", reason: expect.stringContaining("503") },
    ]);
  });

  it("has no signature, no token, no cookie and no body in it, whatever the answer", async () => {
    const id = await registry.register("code", source("secret-body"));
    const link = linkIn(await registry.call("GET", `/artifacts/code/${id}`));
    const secrets = {
      Authorization: "Bearer top-secret-1",
      "X-Authorization": "bearer top-secret-2",
      Cookie: "session=top-secret-3",
    };
    const lines = await linesOf(async ({ call }) => {
      await call("GET", link, undefined, secrets);
      await call("GET", link.replace(/.$/, "!"), undefined, secrets);
      await call("GET", `/nope${link}`, undefined, secrets);
      await call("POST", "/artifact/code", { url: "https://user:top-secret-4@example.org/x" }, secrets);
      await call("GET", link, undefined, { ...secrets, Range: "bytes=99999999-" });
      await createRegistry({ AUTH: "required" }).call("POST", "/artifacts", [], secrets);
    });
    expect(lines.map(({ line }) => (line as { status: number }).status)).toEqual([200, 403, 404, 400, 416, 403]);
    const signature = new URL(link, "https://registry.test").searchParams.get("signature") ?? "none";
    expect(JSON.stringify(lines)).not.toMatch(/top-secret|signature|expires|user:/);
    expect(JSON.stringify(lines)).not.toContain(signature);
  });

  it("keeps a line break in a path on its line", async () => {
    const lines = await linesOf(({ call }) => call("GET", '/artifacts/code/1%0A{"event":"forged"}'));
    expect(lines).toMatchObject([{ level: "info", line: { event: "request", status: 400 } }]);
  });

  it("shows no character of a path that a terminal would act upon", async () => {
    const written: string[] = [];
    vi.spyOn(console, "info").mockImplementation((line: unknown) => void written.push(String(line)));
    const path = "/artifacts/code/1%1B[2J%C2%9B31m%7F%E2%80%AE%E2%80%A8%EF%BB%BF";
    await registry.call("GET", path);
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/^[\x20-\x7e]*$/);
    const { path: read } = JSON.parse(written[0] ?? "") as { path: string };
    expect(read).toBe(decodeURIComponent(path));
  });

  it("says of an unforeseen error what it was, and of the request that it failed", async () => {
    const down = createRegistry(withFaults(env, { call: 0, when: "before", extent: "forever", only: /^db/ }).env);
    const lines = await linesOf(
      ({ call }) => call("GET", "/artifacts/code/1", undefined, { "X-Request-Id": "r-2" }),
      down,
    );
    expect(lines).toMatchObject([
      {
        level: "error",
        line: { event: "unforeseen_error", request_id: "r-2", error: "Error: injected before db.first" },
      },
      { level: "error", line: { event: "request", request_id: "r-2", status: 500 } },
    ]);
  });

  it("has the sweep's and the comparison's reports", async () => {
    const lines = await linesOf(async () => {
      const { default: worker } = await import("../../src/index.ts");
      for (const cron of ["*/5 * * * *", "17 3 * * *"]) {
        await worker.scheduled({ cron, scheduledTime: 0, noRetry: () => {} }, { ...env, RECONCILE: "report" }, {
          waitUntil: () => {},
          passThroughOnException: () => {},
          props: {},
        } as unknown as ExecutionContext);
      }
    });
    expect(lines).toMatchObject([
      { level: "info", line: { event: "sweep", uploadsGivenUp: 0, finished: 0, failed: 0 } },
      { level: "info", line: { event: "reconcile", strays: 0, removed: 0, missing: 0 } },
    ]);
  });
});
