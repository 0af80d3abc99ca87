/** What the Worker is bound to, and what crosses its bindings. */

import type { Actor } from "./auth/scopes.ts";
import type { ArtifactType } from "./lib/artifact.ts";

/** What the Worker is bound to: see wrangler.toml. Vars and secrets are text, whatever they mean. */
export interface Env {
  DB: D1Database;
  BUCKET: R2Bucket;
  /** Swagger UI's files, for /docs. */
  DOCS: Fetcher;
  AUTH?: string;
  HF_ENDPOINT?: string;
  GITHUB_API_URL?: string;
  INGEST_GATE?: string;
  MIN_AGE_DAYS?: string;
  TRUSTED_NAMESPACES?: string;
  DOWNLOAD_TTL_SECONDS?: string;
  RECONCILE?: string;
  MIRROR?: string;
  MIRROR_MAX_BYTES?: string;
  /** Runs the copying of whole repositories. */
  MIRRORS: Workflow<MirrorRun>;
  ALLOWED_HOSTS?: string;
  ALLOWED_ORIGINS?: string;
  MAX_ARTIFACTS?: string;
  MAX_BYTES?: string;
  RATE_LIMITS?: string;
  ACCESS_TEAM_DOMAIN?: string;
  ACCESS_AUD?: string;
  ACCESS_SCOPES?: string;
  SIGNING_KEY?: string;
  ADMIN_USER?: string;
  ADMIN_PASSWORD?: string;
  HF_TOKEN?: string;
  GITHUB_TOKEN?: string;
  R2_S3_ENDPOINT?: string;
  R2_ACCESS_KEY_ID?: string;
  R2_SECRET_ACCESS_KEY?: string;
  /** How often somebody may ask; without a binding there is no such limit. */
  LIMIT_ADDRESS?: RateLimit;
  LIMIT_ACTOR?: RateLimit;
  LIMIT_REGISTER?: RateLimit;
  LIMIT_SEARCH?: RateLimit;
  LIMIT_LOGIN?: RateLimit;
}

/** One run of the copying, and who asked for it: all that it needs to be told. */
export interface MirrorRun {
  type: ArtifactType;
  artifactId: number;
  /** Of the content that is completed. */
  version: number;
  round: number;
  actor: Actor;
  requestId: string;
}
