/** One artifact at a glance. */

import { createRoute, z } from "@hono/zod-openapi";
import { getSummary } from "../artifacts/summary.ts";
import { answer, refusals, requires } from "./declare.ts";
import { MirrorSchema } from "./mirrors.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactPath, MetadataSchema } from "./schemas.ts";

const SummarySchema = MetadataSchema.extend({
  source: z.string().openapi({ description: "Canonical id of the source, as upstream spells it." }),
  url: z.string().openapi({ description: "The source, as it was registered." }),
  created_at: z.iso.datetime(),
  created_by: z.string().optional(),
  updated_at: z.iso.datetime(),
  license: z.array(z.string()).optional(),
  net_score: z.number().optional().openapi({ description: "Of a model; missing where it could not be computed." }),
  unavailable: z.array(z.string()).optional().openapi({ description: "Metrics whose evidence could not be fetched." }),
  verdict: z
    .enum(["safe", "unsafe", "unknown"])
    .optional()
    .openapi({ description: "Of the inspection of the present content, where there was one." }),
  size: z.int().openapi({ description: "Bytes of the zip." }),
  upstream_size: z.int().optional(),
  revision: z.string().optional().openapi({ description: "Upstream's commit." }),
  sha256: z.string().openapi({ description: "Of the zip." }),
  version: z.int(),
  mirror: MirrorSchema.optional().openapi({ description: "Missing where nobody asked for one." }),
}).openapi("ArtifactSummary");

const route = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/summary",
  operationId: "ArtifactSummaryRetrieve",
  tags: ["artifacts"],
  summary: "What is known of an artifact at a glance, the state of its mirror included",
  request: { params: ArtifactPath },
  responses: {
    200: answer("The summary. `ETag` names its version.", SummarySchema),
    ...refusals("artifact_not_found"),
  },
});

export const summaryRoutes = createRouter().openapi(route, async (c) => {
  const { summary, etag } = await getSummary(c.var.ctx, getIssuedRef(c.req.valid("param")));
  return c.json(summary, 200, { ETag: etag });
});
