/** Every test with storage begins with an empty bucket and a database of the real migrations. */

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach } from "vitest";

// After a test that kept the database busy for long, reset() may leave it as it was, without a word: it is asked again.
beforeEach(async () => {
  for (let tries = 0; ; tries += 1) {
    await reset();
    const tables = await env.DB.prepare("SELECT count(*) AS n FROM sqlite_master WHERE name = 'artifacts'").first("n");
    if (tables === 0) break;
    if (tries === 5) throw new Error("the database of the test before cannot be cleared");
  }
  // in one batch: applied one by one, they would take longer than most tests do
  await env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries.map((query) => env.DB.prepare(query))));
});
