/** The copying of all that upstream has of an artifact: how far it is, and asking for it. */

import { createRoute, z } from "@hono/zod-openapi";
import { askForMirror, getMirror } from "../artifacts/mirror/progress.ts";
import { answer, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactPath } from "./schemas.ts";

const CountSchema = z.object({
  done: z.int(),
  total: z.int().optional().openapi({ description: "Absent while nobody knows it." }),
});

export const MirrorSchema = z
  .object({
    state: z.enum(["none", "queued", "running", "verifying", "finished", "failed", "skipped"]).openapi({
      description: "`none`: nobody asked for one. `skipped`: the host has nothing that could be copied.",
    }),
    files: CountSchema,
    bytes: CountSchema.openapi({ description: "Bytes of the zip." }),
    error: z.string().optional().openapi({ description: "Why it failed or was skipped; the light bundle is whole." }),
    remedy: z.string().optional().openapi({ description: "What to do about that." }),
    started_at: z.iso.datetime().optional(),
    updated_at: z.iso.datetime().optional(),
  })
  .openapi("Mirror");

const getMirrorRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/mirror",
  operationId: "MirrorRetrieve",
  tags: ["mirrors"],
  summary: "How far the copying of all upstream files is",
  request: { params: ArtifactPath },
  responses: {
    200: answer("Where it stands.", MirrorSchema),
    ...refusals("artifact_not_found"),
  },
});

const askRoute = createRoute({
  ...requires("artifact:write"),
  method: "post",
  path: "/artifacts/{artifact_type}/{id}/mirror",
  operationId: "MirrorCreate",
  tags: ["mirrors"],
  summary: "Copy all upstream files at the pinned revision: for the first time, or again after a failure",
  request: { params: ArtifactPath },
  responses: {
    202: answer("Where it stands; one that runs or has finished is left alone.", MirrorSchema),
    ...refusals("artifact_not_found", "body_too_large"),
  },
});

export const mirrorRoutes = createRouter()
  .openapi(getMirrorRoute, async (c) => c.json(await getMirror(c.var.ctx, getIssuedRef(c.req.valid("param"))), 200))
  .openapi(askRoute, async (c) => c.json(await askForMirror(c.var.ctx, getIssuedRef(c.req.valid("param"))), 202));
