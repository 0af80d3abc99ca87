/**
 * What the methods of the service take: one object each, with the names of the HTTP contract and its schemas.
 *
 * Invariant: objects are strict. A misspelt `dryRun` must be an error, not a delete.
 */

import { z } from "@hono/zod-openapi";
import type { Permission } from "../auth/scopes.ts";
import { writeRange } from "../lib/http-range.ts";
import {
  ArtifactIdSchema,
  ArtifactTypeSchema,
  BulkDeleteSchema,
  CurrencySchema,
  DependentsSchema,
  IncludeSchema,
  LicenseCheckSchema,
  LicenseScopeSchema,
  OffsetSchema,
  QueriesSchema,
  RegistrationSchema,
  SearchSchema,
  UpdateSchema,
  WantedNameSchema,
} from "../routes/schemas.ts";

const flag = z.boolean().default(false);

/** One artifact. */
const artifact = { type: ArtifactTypeSchema, id: ArtifactIdSchema };

/** An id alone, where the contract's path has no type: a model, or what bears an id after or before it is an artifact. */
const model = { id: ArtifactIdSchema };

/** Where the caller's own clients reach the registry: `download_url` is built on it, and left out without it. */
const origin = {
  origin: z
    .url({ protocol: /^https?$/ })
    .transform((url) => new URL(url).origin)
    .optional(),
};

const bytes = z.int().min(0);
const part = z
  .union(
    [z.strictObject({ offset: bytes, length: bytes.min(1).optional() }), z.strictObject({ suffix: bytes.min(1) })],
    "expected {offset, length?} or {suffix}, in bytes",
  )
  .transform(writeRange);

export const inputs = {
  register: z.strictObject({ type: ArtifactTypeSchema, ...RegistrationSchema.shape, ...origin }),
  registerLater: z.strictObject({ type: ArtifactTypeSchema, ...RegistrationSchema.shape }),
  registration: z.strictObject(model),
  get: z.strictObject({ ...artifact, ...origin }),
  summary: z.strictObject(artifact),
  list: z.strictObject({ queries: QueriesSchema.default([]), offset: OffsetSchema }),
  findByName: z.strictObject({ name: WantedNameSchema, offset: OffsetSchema }),
  search: z.strictObject({ ...SearchSchema.shape, offset: OffsetSchema }),
  rate: z.strictObject({ ...model, explain: flag }),
  lineage: z.strictObject({ ...model, include: IncludeSchema }),
  cost: z.strictObject({ ...artifact, dependency: flag, currency: CurrencySchema }),
  checkLicense: z.strictObject({ ...model, ...LicenseCheckSchema.shape, explain: flag, scope: LicenseScopeSchema }),
  update: z.strictObject({ ...UpdateSchema.shape, ifMatch: z.string().optional(), ...origin }),
  remove: z.strictObject({ ...artifact, dependents: DependentsSchema, dryRun: flag }),
  removeMany: z.strictObject(BulkDeleteSchema.shape),
  receipt: z.strictObject(model),
  download: z.strictObject({ ...artifact, range: part.optional() }),
};

/** What each method asks of its caller, before it looks at its argument: the permission that its verb begins with. */
export const permissions: Record<keyof typeof inputs, Permission> = {
  register: "artifact:write",
  registerLater: "artifact:write",
  registration: "artifact:read",
  summary: "artifact:read",
  get: "artifact:read",
  list: "artifact:read",
  findByName: "artifact:read",
  search: "search",
  rate: "artifact:read",
  lineage: "artifact:read",
  cost: "artifact:read",
  checkLicense: "artifact:read",
  update: "artifact:write",
  remove: "artifact:delete",
  removeMany: "artifact:delete",
  receipt: "artifact:read",
  download: "artifact:download",
};

/** What a method takes, as its caller writes it: `Input<"remove">`. */
export type Input<Method extends keyof typeof inputs> = z.input<(typeof inputs)[Method]>;
