/** Delete, in all its forms: one, many, all; and the receipt. */

import { createRoute, z } from "@hono/zod-openapi";
import { getReceipt } from "../artifacts/receipts.ts";
import { remove, removeMany } from "../artifacts/remove.ts";
import { reset } from "../artifacts/reset.ts";
import { ARTIFACT_TYPES } from "../lib/artifact.ts";
import { answer, errorCodeHeader, jsonBody, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import {
  ArtifactIdSchema,
  ArtifactPath,
  ArtifactTypeSchema,
  BulkDeleteSchema,
  DependentsSchema,
  FlagSchema,
  MetadataSchema,
} from "./schemas.ts";

const deleted = z.object({ status: z.literal("deleted"), id: z.string() }).openapi("Deleted");
const preview = z
  .object({
    status: z.literal("would delete"),
    id: z.string(),
    object_key: z.string(),
    size: z.int().openapi({ description: "Bytes of the zip." }),
    dependents: z.array(MetadataSchema),
  })
  .openapi("DeletionPreview");
const dependents = {
  ...answer(
    "Others are derived from it, and `dependents=refuse` was asked. Nothing has changed.",
    z.object({ detail: z.string(), dependents: z.array(MetadataSchema) }).openapi("HasDependents"),
  ),
  headers: errorCodeHeader(["has_dependents"]),
};

const deleteRoute = createRoute({
  ...requires("artifact:delete"),
  method: "delete",
  path: "/artifacts/{artifact_type}/{id}",
  operationId: "ArtifactDelete",
  tags: ["deletion"],
  summary: "Delete an artifact: row, zip and every trace, in this request",
  request: {
    params: ArtifactPath,
    query: z.object({
      dependents: DependentsSchema,
      dry_run: FlagSchema,
    }),
  },
  responses: {
    200: answer("Deleted; or, with `dry_run=true`, what would be.", z.union([deleted, preview])),
    ...refusals("artifact_not_found", "deletion_unfinished"),
    409: dependents,
  },
});

const bulkRoute = createRoute({
  ...requires("artifact:delete"),
  method: "post",
  path: "/artifacts/delete",
  operationId: "ArtifactsDelete",
  tags: ["deletion"],
  summary: "Delete up to 1000 artifacts at once",
  request: { body: jsonBody(BulkDeleteSchema) },
  responses: {
    200: answer(
      "One result each, in the order asked. `failed`: out of the registry, but the zip is left to the sweep.",
      z
        .array(
          z.object({
            type: ArtifactTypeSchema,
            id: z.string(),
            status: z.enum(["deleted", "not_found", "failed"]),
          }),
        )
        .openapi("BulkDeleteResults"),
    ),
    ...refusals("body_too_large"),
  },
});

const receiptRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/deletions/{id}",
  operationId: "DeletionReceipt",
  tags: ["deletion"],
  summary: "The receipt of a deletion",
  request: { params: z.object({ id: ArtifactIdSchema.openapi({ param: { name: "id", in: "path" } }) }) },
  responses: {
    200: answer(
      "What was deleted, by whom, and when its zip was gone.",
      z
        .object({
          id: z.string(),
          type: z.enum(ARTIFACT_TYPES),
          name: z.string(),
          object_key: z.string(),
          size: z.int(),
          sha256: z.string(),
          requested_at: z.iso.datetime(),
          requested_by: z.string(),
          finished_at: z.iso.datetime().optional(),
          status: z.enum(["finished", "open"]),
        })
        .openapi("DeletionReceipt"),
    ),
    ...refusals("deletion_not_found"),
  },
});

const resetRoute = createRoute({
  ...requires("registry:reset"),
  method: "delete",
  path: "/reset",
  operationId: "RegistryReset",
  tags: ["deletion"],
  summary: "Delete every artifact; where AUTH is required, only if the caller knows how many there are",
  description:
    "To be repeated until it answers 200: 500 says that the store is down, or that there is more than one request can delete (on the smallest plan some thousands), and that the next one goes on from there.",
  request: {
    query: z.object({
      confirm: z
        .string()
        .regex(/^\d{1,15}$/, "must be a number of artifacts")
        .optional()
        .openapi({
          description: "How many artifacts there are. Needed where AUTH is required, unless there are none.",
        }),
    }),
  },
  responses: {
    200: answer("Empty.", z.object({ status: z.literal("registry reset") })),
    ...refusals("confirmation_needed", "deletion_unfinished"),
  },
});

export const deletionRoutes = createRouter()
  .openapi(deleteRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { dependents, dry_run: dryRun } = c.req.valid("query");
    return c.json(await remove(c.var.ctx, ref, { dependents, dryRun }), 200);
  })
  .openapi(bulkRoute, async (c) => {
    return c.json(await removeMany(c.var.ctx, c.req.valid("json").ids), 200);
  })
  .openapi(receiptRoute, async (c) => {
    return c.json(await getReceipt(c.var.ctx, c.req.valid("param").id), 200);
  })
  .openapi(resetRoute, async (c) => {
    const { confirm } = c.req.valid("query");
    await reset(c.var.ctx, confirm === undefined ? undefined : Number(confirm));
    return c.json({ status: "registry reset" as const }, 200);
  });
