/** How often somebody may ask. The counters are the platform's; here they are counted by hand. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { Env } from "../../src/env.ts";
import { networkOf } from "../../src/middleware/rate-limit.ts";
import { addUser, allBut, closedRegistry, credentials, headersOf, issued } from "../accounts.ts";
import { withFaults } from "../faults.ts";
import { createRegistry } from "../harness.ts";
import { refusal, seen, source, UNAUTHENTICATED } from "./answers.ts";

const TOO_MANY = refusal(429, "Too many requests.");
const NAMES = ["LIMIT_ADDRESS", "LIMIT_ACTOR", "LIMIT_REGISTER", "LIMIT_SEARCH", "LIMIT_LOGIN"] as const;
const FROM = { "CF-Connecting-IP": "203.0.113.7" };

/** Limits that let so many calls of a key through, or any number; and the keys that were counted. */
function limits(most: Partial<Record<(typeof NAMES)[number], number>> = {}) {
  const counted: string[] = [];
  const bindings = Object.fromEntries(
    NAMES.map((name) => [
      name,
      {
        limit: async ({ key }: { key: string }) => {
          counted.push(`${name} ${key}`);
          const times = counted.filter((entry) => entry === `${name} ${key}`).length;
          return { success: times <= (most[name] ?? Number.POSITIVE_INFINITY) };
        },
      },
    ]),
  );
  return { counted, settings: { RATE_LIMITS: "on", ...bindings } as Partial<Env> };
}

describe("a rate limit", () => {
  it("of an address is counted before anything else is known, and says when to come again", async () => {
    const { settings } = limits({ LIMIT_ADDRESS: 2 });
    const { env: counting, calls } = withFaults(env);
    const closed = closedRegistry({ ...settings, ...counting });
    for (let call = 0; call < 2; call += 1) {
      expect(seen(await closed.call("POST", "/artifacts", [], FROM))).toEqual(UNAUTHENTICATED);
    }
    const answer = await closed.call("POST", "/artifacts", "not JSON", FROM);
    expect([seen(answer), answer.headers.get("Retry-After")]).toEqual([TOO_MANY, "60"]);
    expect(seen(await closed.call("GET", "/nope", undefined, FROM))).toEqual(TOO_MANY);
    const neighbour = { "CF-Connecting-IP": "203.0.113.8" };
    expect(seen(await closed.call("POST", "/artifacts", [], neighbour))).toEqual(UNAUTHENTICATED);
    expect(calls()).toBe(0);
  });

  it("of a user goes with the user from address to address, and with every token of theirs", async () => {
    const { settings } = limits({ LIMIT_ACTOR: 2 });
    const closed = closedRegistry(settings);
    await addUser("ada", allBut());
    const [session, token] = [await issued("session", "ada"), await issued("token", "ada", { granted: allBut() })];
    const ask = (who: Record<string, string>, address: string) =>
      closed.call("POST", "/artifacts", [], { ...headersOf(who), "CF-Connecting-IP": address });
    expect((await ask(session, "203.0.113.7")).status).toBe(200);
    expect((await ask(token, "203.0.113.8")).status).toBe(200);
    expect(seen(await ask(token, "203.0.113.9"))).toEqual(TOO_MANY);
    const bob = await issued("session", await addUser("bob", allBut()));
    expect((await ask(bob, "203.0.113.7")).status).toBe(200);
  });

  it.each([
    ["PUT", "/authenticate", "LIMIT_LOGIN", credentials("ada", "a guess at a password"), 401],
    ["POST", "/artifact/code", "LIMIT_REGISTER", { url: source("x") }, 403],
    ["PUT", "/api/artifacts/code/1", "LIMIT_REGISTER", {}, 403],
    ["PUT", "/artifacts/code/1/content", "LIMIT_REGISTER", {}, 403],
    ["POST", "/artifacts/code/1/mirror", "LIMIT_REGISTER", {}, 403],
    ["POST", "/artifacts/code/1/content/uploads/2/complete", "LIMIT_REGISTER", {}, 403],
    ["POST", "/api/artifact/model/1/license-check", "LIMIT_REGISTER", { github_url: "https://github.com/a/b" }, 403],
    ["POST", "/artifact/byRegEx", "LIMIT_SEARCH", { regex: "x" }, 403],
    ["GET", "/health/components", "LIMIT_SEARCH", undefined, 200],
    ["HEAD", "/health/components", "LIMIT_SEARCH", undefined, 200],
  ] as const)("of %s %s is tighter, and its own", async (method, path, name, body, status) => {
    const { settings, counted } = limits({ [name]: 1 });
    const closed = closedRegistry(settings);
    expect((await closed.call(method, path, body, FROM)).status).toBe(status);
    const second = await closed.call(method, path, body, FROM);
    expect(method === "HEAD" ? [second.status, TOO_MANY[1]] : seen(second)).toEqual(TOO_MANY);
    expect((await closed.call("GET", "/health", undefined, FROM)).status).toBe(200);
    const address = "address:203.0.113.7";
    expect(counted).toEqual([
      `LIMIT_ADDRESS ${address}`,
      `${name} ${address}`,
      `LIMIT_ADDRESS ${address}`,
      `${name} ${address}`,
      `LIMIT_ADDRESS ${address}`,
    ]);
  });

  it("that is not bound, or switched off, is none", async () => {
    const bare = Object.fromEntries(NAMES.map((name) => [name, undefined])) as Partial<Env>;
    expect((await createRegistry({ ...bare, RATE_LIMITS: "on" }).call("GET", "/health", undefined, FROM)).status).toBe(
      200,
    );
    const { settings, counted } = limits({ LIMIT_ADDRESS: 0 });
    const off = createRegistry({ ...settings, RATE_LIMITS: "off" });
    expect((await off.call("GET", "/health", undefined, FROM)).status).toBe(200);
    expect(counted).toEqual([]);
  });

  it("is bound in wrangler.toml under each name", async () => {
    for (const name of NAMES) expect(await env[name]?.limit({ key: "the test's own" })).toEqual({ success: true });
  });

  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:1:2:ffff::1", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:0db8:0001::", "2001:db8:1:0"],
    ["::1", "0:0:0:0"],
  ])("counts %s as %s: an IPv6 host has a whole /64", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  it("names no address in the log", async () => {
    const { settings } = limits({ LIMIT_ADDRESS: 0 });
    const written: unknown[] = [];
    vi.spyOn(console, "info").mockImplementation((line: unknown) => void written.push(line));
    await createRegistry(settings).call("GET", "/health", undefined, FROM);
    expect(written).toEqual([expect.stringContaining('"status":429')]);
    expect(String(written)).not.toContain("203.0.113");
  });
});
