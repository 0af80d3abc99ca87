/**
 * The Workers beside the one that tests run in: the registry as it is deployed, and the consumer that is bound to it.
 *
 * The test's own Worker cannot be the registry here: the plugin puts a stand-in of its own in front of every entrypoint, with
 * another prototype and without the platform's checks. So the registry is bundled and runs as a Worker of its own; database
 * and bucket are the test's, because they have the same ids, so a test sees and sets up what the registry works on.
 */

import { build } from "esbuild";
import { unstable_readConfig as readConfig } from "wrangler";

const DATE = "2026-10-20";
/** Before `enhanced_error_serialization`: errors arrive with name and message alone. */
const OLD_DATE = "2026-04-01";

async function bundle(entry: string): Promise<{ type: "ESModule"; path: string; contents: string }[]> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    // What these Workers log is no output of a test; what the door logs is tested where a test can see it.
    banner: { js: 'for (const level of ["info", "warn", "error"]) console[level] = () => {};' },
  });
  const contents = result.outputFiles.map((file) => file.text).join("\n");
  return [{ type: "ESModule", path: "index.js", contents }];
}

/** What is used of a wrangler.toml. */
interface WorkerConfig {
  services?: { binding: string; props?: Record<string, unknown> }[];
  d1_databases: { binding: string; database_id: string }[];
  r2_buckets: { binding: string; bucket_name: string }[];
}

function configOf(path: string): WorkerConfig {
  return readConfig({ config: path }) as WorkerConfig;
}

/** The Workers for Miniflare. Bindings are those of the consumer's wrangler.toml, and some that are wrong. */
export async function boundWorkers(outboundService: (request: Request) => Response | Promise<Response>) {
  const { services = [] } = configOf("test/rpc/consumer/wrangler.toml");
  const { d1_databases, r2_buckets } = configOf("wrangler.toml");
  const bound = (props?: Record<string, unknown>) => ({
    name: "registry",
    entrypoint: "RegistryService",
    ...(props && { props }),
  });
  const serviceBindings = {
    ...Object.fromEntries(services.map(({ binding, props }) => [binding, bound(props)])),
    DELETER: bound({ name: "janitor", scopes: ["artifact:delete"] }),
    LOOKER: bound({ name: "looker", scopes: ["artifact:read"] }),
    ADMIN: bound({ name: "root", scopes: ["admin"] }),
    POWERLESS: bound({ name: "nothing", scopes: [] }),
    NO_SUCH_SCOPE: bound({ name: "typo", scopes: ["artifact:reed"] }),
    NAMELESS: bound({ scopes: ["admin"] }),
    FORGED_NAME: bound({ name: "x worker:root", scopes: ["admin"] }),
    TEXT_SCOPES: bound({ name: "text", scopes: "admin" }),
    OPEN: { name: "open-registry", entrypoint: "RegistryService" },
    MORE_KEYS: bound({ name: "more", scopes: [], isAdmin: true }),
  };
  const modules = await bundle("src/index.ts");
  const registry = {
    modules,
    compatibilityDate: DATE,
    compatibilityFlags: ["nodejs_compat", "global_fetch_strictly_public"],
    d1Databases: Object.fromEntries(d1_databases.map(({ binding, database_id }) => [binding, database_id])),
    r2Buckets: Object.fromEntries(r2_buckets.map(({ binding, bucket_name }) => [binding, bucket_name])),
    outboundService,
  };
  const consumer = { modules: await bundle("test/rpc/consumer/src/index.ts"), serviceBindings };
  return [
    {
      ...registry,
      name: "registry",
      // closed to HTTP: what comes in by the binding is let in by its props alone
      bindings: { AUTH: "required", RATE_LIMITS: "off", SIGNING_KEY: "a key for tests only" },
      workflows: { MIRRORS: { name: "bound-registry-mirror", className: "MirrorWorkflow" } },
    },
    { ...registry, name: "open-registry", bindings: { AUTH: "off", RATE_LIMITS: "off" } },
    { name: "consumer", compatibilityDate: DATE, ...consumer },
    { name: "old-consumer", compatibilityDate: OLD_DATE, ...consumer },
  ];
}
