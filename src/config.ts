/** Vars and secrets, read once into one typed object; a value that cannot be meant is an error that names it. */

import { z } from "zod";
import { isReservedName, type Scope, USER_NAME } from "./auth/scopes.ts";
import type { Env } from "./env.ts";
import { bound, endpoint, type Gate, gate, hosts, namespaces, optional, password, scopes } from "./settings.ts";

export type { Gate } from "./settings.ts";

/** How much is kept of what upstream has: card and configuration, or all of it. */
export type MirrorMode = "light" | "full";

/** How the bucket is reached by S3's protocol. `endpoint`: its URL, the bucket's name included. */
export interface S3Access {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** What is used of D1: the database itself, or a session of it, which may read from a replica. */
export type Database = Pick<D1Database, "prepare" | "batch">;

const schema = z.object({
  AUTH: z.enum(["off", "required"]).default("required"),
  HF_ENDPOINT: endpoint.default("https://huggingface.co"),
  GITHUB_API_URL: endpoint.default("https://api.github.com"),
  INGEST_GATE: gate,
  MIN_AGE_DAYS: z.coerce.number().min(0).max(3650).default(7),
  TRUSTED_NAMESPACES: namespaces,
  DOWNLOAD_TTL_SECONDS: z.coerce.number().int().min(1).max(604_800).default(3600),
  RECONCILE: z.enum(["report", "enforce"]).default("report"),
  MIRROR: z.enum(["light", "full"]).default("light"),
  MIRROR_MAX_BYTES: z.coerce.number().int().min(0).default(5_000_000_000),
  MAX_ARTIFACTS: bound,
  MAX_BYTES: bound,
  ALLOWED_HOSTS: hosts,
  ALLOWED_ORIGINS: optional.transform((list) => list?.split(/[\s,]+/) ?? []),
  RATE_LIMITS: z.enum(["on", "off"]).default("on"),
  ACCESS_TEAM_DOMAIN: optional.pipe(
    z
      .string()
      .regex(/^[a-z0-9-]+\.cloudflareaccess\.com$/, "is <team>.cloudflareaccess.com")
      .optional(),
  ),
  ACCESS_AUD: optional,
  ACCESS_SCOPES: scopes,
  SIGNING_KEY: optional,
  ADMIN_USER: optional.pipe(
    z
      .string()
      .regex(USER_NAME)
      .refine((name) => !isReservedName(name), "is reserved")
      .default("admin"),
  ),
  ADMIN_PASSWORD: password,
  HF_TOKEN: optional,
  GITHUB_TOKEN: optional,
  R2_S3_ENDPOINT: optional.pipe(endpoint.optional()),
  R2_ACCESS_KEY_ID: optional,
  R2_SECRET_ACCESS_KEY: optional,
});

/** What the registry may hold; what is missing is unbounded. */
export interface Quota {
  artifacts?: number;
  /** Of the zips of all artifacts together. */
  bytes?: number;
}

/** The registry's settings, typed and with their defaults. */
export interface Config {
  /** `off`: open to everyone; `required`: closed to everyone without a token. */
  auth: "off" | "required";
  hfEndpoint: string;
  githubApiUrl: string;
  /** What a model must score to be let in. */
  ingestGate: Gate;
  /** Days that a model must have been on the hub to be let in; 0: no bound. */
  minAgeDays: number;
  /** Namespaces on the hub, in lower case, whose models need no age, and whose claims count in full. */
  trustedNamespaces: ReadonlySet<string>;
  /** How long a download link lives. */
  downloadTtlSeconds: number;
  /** Whether the daily comparison only reports stray objects or also removes them. */
  reconcile: "report" | "enforce";
  /** How much is kept where a registration does not say. */
  mirror: MirrorMode;
  /** Bytes of the largest repository that is kept whole; 0: no bound. */
  mirrorMaxBytes: number;
  quota: Quota;
  /** Hosts that an open registry answers for; without it those of this machine. */
  allowedHosts?: string[];
  /** Web origins whose pages may call the registry; `*` for all. */
  allowedOrigins: string[];
  /** Whether the rate limits that are bound are kept. */
  rateLimits: boolean;
  /** The first administrator. */
  admin?: { name: string; password: string };
  /** Cloudflare Access as a second way in: whose assertions for which application are believed, and what their users may do. */
  access?: { issuer: string; audience: string; scopes: readonly Scope[] };
  /** Signs download links; without it there are none. */
  signingKey?: string;
  hfToken?: string;
  githubToken?: string;
  /** Where it is set, large bodies go straight to and from the bucket. */
  s3?: S3Access;
}

/** All three settings of it, or none: with some of them missing the owner meant something else. */
function s3Of(data: z.output<typeof schema>): Pick<Config, "s3"> {
  const { R2_S3_ENDPOINT: endpoint, R2_ACCESS_KEY_ID: accessKeyId, R2_SECRET_ACCESS_KEY: secretAccessKey } = data;
  if (endpoint && accessKeyId && secretAccessKey) return { s3: { endpoint, accessKeyId, secretAccessKey } };
  if (!endpoint && !accessKeyId && !secretAccessKey) return {};
  throw new Error("configuration: R2_S3_ENDPOINT, R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY go together");
}

const known = new WeakMap<Env, Config>();

/**
 * Reads and checks the settings, once per isolate.
 * @throws Error naming the variable and what it should be.
 */
export function readConfig(env: Env): Config {
  const before = known.get(env);
  if (before) return before;
  const vars = schema.safeParse(env);
  if (!vars.success) throw new Error(`configuration: ${z.prettifyError(vars.error)}`);
  const { data } = vars;
  if ((data.ACCESS_TEAM_DOMAIN === undefined) !== (data.ACCESS_AUD === undefined)) {
    throw new Error("configuration: ACCESS_TEAM_DOMAIN and ACCESS_AUD go together");
  }
  const config: Config = {
    auth: data.AUTH,
    hfEndpoint: data.HF_ENDPOINT,
    githubApiUrl: data.GITHUB_API_URL,
    ingestGate: data.INGEST_GATE,
    minAgeDays: data.MIN_AGE_DAYS,
    trustedNamespaces: data.TRUSTED_NAMESPACES,
    downloadTtlSeconds: data.DOWNLOAD_TTL_SECONDS,
    reconcile: data.RECONCILE,
    mirror: data.MIRROR,
    mirrorMaxBytes: data.MIRROR_MAX_BYTES,
    quota: {
      ...(data.MAX_ARTIFACTS !== undefined && { artifacts: data.MAX_ARTIFACTS }),
      ...(data.MAX_BYTES !== undefined && { bytes: data.MAX_BYTES }),
    },
    ...(data.ALLOWED_HOSTS && { allowedHosts: data.ALLOWED_HOSTS }),
    allowedOrigins: data.ALLOWED_ORIGINS,
    rateLimits: data.RATE_LIMITS === "on",
    ...(data.ADMIN_PASSWORD && { admin: { name: data.ADMIN_USER, password: data.ADMIN_PASSWORD } }),
    ...(data.ACCESS_TEAM_DOMAIN &&
      data.ACCESS_AUD && {
        access: {
          issuer: `https://${data.ACCESS_TEAM_DOMAIN}`,
          audience: data.ACCESS_AUD,
          scopes: data.ACCESS_SCOPES,
        },
      }),
    ...(data.SIGNING_KEY && { signingKey: data.SIGNING_KEY }),
    ...(data.HF_TOKEN && { hfToken: data.HF_TOKEN }),
    ...(data.GITHUB_TOKEN && { githubToken: data.GITHUB_TOKEN }),
    ...s3Of(data),
  };
  known.set(env, config);
  return config;
}
