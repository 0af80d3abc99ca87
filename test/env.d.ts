declare namespace Cloudflare {
  interface Env extends Registry {
    TEST_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}
type Registry = import("../src/config.ts").Env;
