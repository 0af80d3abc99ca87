/** Routes of the audit: reading entries and verifying seals. */

import { createRoute, z } from "@hono/zod-openapi";
import { readArtifactAudit, readAudit } from "../artifacts/audit/entries.ts";
import { AUDIT_PROBLEMS, verifyAudit } from "../artifacts/audit/seal.ts";
import { issuedId } from "../lib/ids.ts";
import { ACCOUNT_KINDS, AUDIT_ACTIONS } from "../store/audit.ts";
import { answer, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import {
  ArtifactIdSchema,
  ArtifactPath,
  ArtifactTypeSchema,
  CursorSchema,
  MetadataSchema,
  nextHeader,
  offsetHeader,
} from "./schemas.ts";

const UserSchema = z.object({ name: z.string(), is_admin: z.boolean() }).openapi("AuditUser");
const ActionSchema = z.enum(AUDIT_ACTIONS);

const ArtifactAuditEntrySchema = z
  .object({ user: UserSchema, date: z.iso.datetime(), artifact: MetadataSchema, action: ActionSchema })
  .openapi("ArtifactAuditEntry");

const AuditEntrySchema = z
  .object({
    id: z.int(),
    user: UserSchema,
    date: z.iso.datetime(),
    artifact: MetadataSchema.optional(),
    account: z
      .object({ kind: z.enum(ACCOUNT_KINDS), name: z.string() })
      .optional()
      .openapi({ description: "A user by its name, a token or a session by its id." }),
    action: ActionSchema,
    request_id: z.string(),
    before: z.string().optional().openapi({ description: "SHA-256 of the zip before, in hex." }),
    after: z.string().optional().openapi({ description: "SHA-256 of the zip after, in hex." }),
  })
  .openapi("AuditEntry");

const artifactAuditRoute = createRoute({
  ...requires("audit:read"),
  method: "get",
  path: "/artifact/{artifact_type}/{id}/audit",
  operationId: "ArtifactAuditGet",
  tags: ["audit"],
  summary: "The audit of an artifact; of a deleted one for administrators only",
  request: { params: ArtifactPath, query: z.object({ offset: CursorSchema }) },
  responses: {
    200: {
      ...answer("A page of entries, oldest first.", z.array(ArtifactAuditEntrySchema)),
      headers: offsetHeader,
    },
    ...refusals("artifact_not_found"),
  },
});

/** A date, or a time with its zone, in ISO 8601; parsed to milliseconds since 1970. */
const MomentSchema = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], "must be a date or a time in ISO 8601")
  .transform((text) => Date.parse(text))
  .optional();
const moment = (description: string) =>
  MomentSchema.openapi({ type: "string", description, example: "2026-10-20T08:00:00Z" });

const auditRoute = createRoute({
  ...requires("admin"),
  method: "get",
  path: "/audit",
  operationId: "AuditGet",
  tags: ["audit"],
  summary: "The whole audit, for administrators",
  description:
    "One request scans a bounded number of entries: a page may be short or empty and still have an `offset` for the next one.",
  request: {
    query: z.object({
      actor: z.string().optional(),
      action: ActionSchema.optional(),
      artifact_type: ArtifactTypeSchema.optional().openapi({ param: { name: "artifact_type", in: "query" } }),
      artifact_id: ArtifactIdSchema.optional().openapi({ param: { name: "artifact_id", in: "query" } }),
      since: moment("Entries of this time or later."),
      until: moment("Entries of this time or earlier."),
      offset: CursorSchema,
    }),
  },
  responses: {
    200: { ...answer("A page of entries, oldest first.", z.array(AuditEntrySchema)), headers: offsetHeader },
    ...refusals(),
  },
});

const verifyRoute = createRoute({
  ...requires("audit:read"),
  method: "get",
  path: "/audit/verify",
  operationId: "AuditVerify",
  tags: ["audit"],
  summary: "Verify the audit against its seals",
  description:
    "Checks one page; if there is a `next`, send it as `?offset=` for the next one. Whoever can write to the database can compute all seals again: keep `head`, or a seal from the log, elsewhere, and send it as `?anchor=` to detect that.",
  request: {
    query: z.object({
      offset: CursorSchema,
      anchor: z
        .string()
        .regex(/^[1-9]\d{0,14}-[0-9a-f]{64}$/, "must be <seal>-<digest>")
        .optional()
        .openapi({ description: "A seal that you kept: its number, a hyphen, its digest." }),
    }),
  },
  responses: {
    200: answer(
      "If `status` is `broken`, `first_problem` says why.",
      z
        .object({
          status: z.enum(["intact", "broken"]),
          sealed_through: z.int().openapi({ description: "Id of the last entry that is sealed." }),
          rows_checked: z.int(),
          seals_checked: z.int(),
          head: z.object({ seal: z.int(), digest: z.string() }).optional(),
          first_problem: z
            .object({
              kind: z.enum(AUDIT_PROBLEMS),
              seal: z.int().optional(),
              entry: z.int().optional(),
            })
            .optional(),
          next: z.string().optional(),
        })
        .openapi("AuditVerification"),
    ),
    ...refusals(),
  },
});

export const auditRoutes = createRouter()
  .openapi(artifactAuditRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { entries, next } = await readArtifactAudit(c.var.ctx, ref, c.req.valid("query").offset ?? 0);
    return c.json(entries, 200, nextHeader(next));
  })
  .openapi(auditRoute, async (c) => {
    const { artifact_type, artifact_id, offset, ...rest } = c.req.valid("query");
    // No entry has the id -1: an id that the registry never assigns matches nothing.
    const artifactId = artifact_id === undefined ? undefined : (issuedId(artifact_id) ?? -1);
    const { entries, next } = await readAudit(
      c.var.ctx,
      { ...rest, artifactType: artifact_type, artifactId },
      offset ?? 0,
    );
    return c.json(entries, 200, nextHeader(next));
  })
  .openapi(verifyRoute, async (c) => {
    const { offset, anchor } = c.req.valid("query");
    return c.json(await verifyAudit(c.var.ctx, offset ?? 0, anchor), 200);
  });
