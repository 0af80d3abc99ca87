declare namespace Cloudflare {
  interface Env extends Registry {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
    FUZZ_SEED: string;
    FUZZ_REQUESTS: string;
  }
}
type Registry = import("../src/config.ts").Env;
