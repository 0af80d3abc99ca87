import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig, defineProject } from "vitest/config";
import { createHub } from "./hub/hub.ts";
import { boundWorkers } from "./rpc/workers.ts";

// .ci/run asks for a report to count from, beside the one for people.
const report = process.env["VITEST_JSON"];

const hub = createHub({ token: "hub-test-token" });

/**
 * Folders whose tests need neither database nor bucket: they run without any, so none is made anew before each test.
 * A test in one of them that asks for storage fails; it belongs into a folder beside them.
 */
const PURE = ["inspection", "lib", "license", "sources", "trust", "zip"].map((folder) => `test/${folder}/**/*.test.ts`);

// All test files share a workerd per worker: starting one takes a second.
const shared = { isolate: false, testTimeout: 60_000 };

// The only way out of a test: the stand-in for the hubs, which answers 599 for every host that is not theirs.
const outboundService = (request: Request) => hub.fetch(request);

const pure = defineProject({
  plugins: [
    cloudflareTest({
      miniflare: {
        compatibilityDate: "2026-10-20",
        compatibilityFlags: ["nodejs_compat", "global_fetch_strictly_public"],
        bindings: {},
        outboundService,
      },
    }),
  ],
  test: { ...shared, name: "pure", include: [...PURE, "test/structure.test.ts"], setupFiles: ["test/setup-all.ts"] },
});

const storage = defineProject({
  plugins: [
    cloudflareTest(async () => ({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          AUTH: "off",
          // Requests of tests go to hosts of many names; those about hosts set it themselves.
          ALLOWED_HOSTS: "*",
          // All tests come from one place; those about the limits switch them on.
          RATE_LIMITS: "off",
          SIGNING_KEY: "a key for tests only",
          // Whatever .dev.vars holds for a developer, tests are nobody to the hubs.
          ADMIN_USER: "",
          ADMIN_PASSWORD: "",
          HF_TOKEN: "",
          GITHUB_TOKEN: "",
          FUZZ_SEED: process.env["FUZZ_SEED"] ?? "1",
          FUZZ_REQUESTS: process.env["FUZZ_REQUESTS"] ?? "4000",
          TEST_MIGRATIONS: await readD1Migrations("migrations"),
        },
        outboundService,
        serviceBindings: { CONSUMER: "consumer", OLD_CONSUMER: "old-consumer" },
        workers: await boundWorkers(outboundService),
      },
    })),
  ],
  test: {
    ...shared,
    name: "storage",
    include: ["test/**/*.test.ts"],
    exclude: [...PURE, "test/structure.test.ts"],
    setupFiles: ["test/setup-all.ts", "test/setup.ts"],
  },
});

export default defineConfig({
  test: {
    projects: [pure, storage],
    // Each worker is a workerd with a database and a bucket of its own; left alone, two cores would make one.
    maxWorkers: 2,
    ...(report && { reporters: ["default", "json"], outputFile: { json: report } }),
  },
});
