/** Every test begins with an empty bucket and a database of the real migrations, and reaches nothing but the stand-in hub. */

import { applyD1Migrations, reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { watchOutbound } from "./lib/outbound.ts";

// After a test that kept the database busy for long, reset() may leave it as it was, without a word: it is asked again.
beforeEach(async () => {
  for (let tries = 0; ; tries += 1) {
    await reset();
    const tables = await env.DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'artifacts'").first("n");
    if (tables === 0) break;
    if (tries === 5) throw new Error("the database of the test before cannot be cleared");
  }
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

// The log of the code under test is not the log of the tests; a test that is about it replaces the spy.
beforeEach(() => {
  for (const level of ["info", "warn", "error"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
watchOutbound();
afterEach(() => {
  vi.restoreAllMocks();
});
