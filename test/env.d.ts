declare namespace Cloudflare {
  interface Env extends Registry {
    /** Workers that are bound to the registry: see rpc/workers.ts. */
    CONSUMER: Fetcher;
    OLD_CONSUMER: Fetcher;
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    FUZZ_SEED: string;
    FUZZ_REQUESTS: string;
  }
}
type Registry = import("../src/env.ts").Env;
