import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { createHub } from "./hub/hub.ts";
import { boundWorkers } from "./rpc/workers.ts";

// .ci/run asks for a report to count from, beside the one for people.
const report = process.env["VITEST_JSON"];

const hub = createHub({ token: "hub-test-token" });

export default defineConfig({
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
        // The only way out of a test: the stand-in for the hubs, which answers 599 for every host that is not theirs.
        outboundService: (request: Request) => hub.fetch(request),
        serviceBindings: { CONSUMER: "consumer", OLD_CONSUMER: "old-consumer" },
        workers: await boundWorkers((request) => hub.fetch(request)),
      },
    })),
  ],
  test: {
    include: ["test/**/*.test.ts"],
    isolate: false,
    // Each worker is a workerd with a database and a bucket of its own; left alone, two cores would make one.
    maxWorkers: 2,
    setupFiles: ["test/setup.ts"],
    testTimeout: 60_000,
    ...(report && { reporters: ["default", "json"], outputFile: { json: report } }),
  },
});
