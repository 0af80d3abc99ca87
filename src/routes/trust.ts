/** How far a model can be trusted, whence it comes, what it costs, where it may be used. */

import { createRoute, z } from "@hono/zod-openapi";
import { checkLicense } from "../artifacts/check-license.ts";
import { readCost } from "../artifacts/cost.ts";
import { getLineage } from "../artifacts/lineage.ts";
import { getRating } from "../artifacts/read-rating.ts";
import { SCALAR_METRICS } from "../trust/rate.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import {
  ArtifactIdSchema,
  ArtifactPath,
  CurrencySchema,
  FlagSchema,
  IncludeSchema,
  LicenseCheckSchema,
  LicenseScopeSchema,
} from "./schemas.ts";

const score = z.number().min(0).max(1);
const latency = z.number().min(0).openapi({ description: "Milliseconds." });
const scalars = Object.fromEntries(
  ["net_score", ...SCALAR_METRICS].flatMap((metric) => [
    [metric, score],
    [`${metric}_latency`, latency],
  ]),
);
const rating = z
  .object({
    name: z.string(),
    category: z.literal("model"),
    ...scalars,
    size_score: z.object({ raspberry_pi: score, jetson_nano: score, desktop_pc: score, aws_server: score }),
    size_score_latency: latency,
    pipeline_tag: z.string().optional(),
    unavailable: z
      .array(z.string())
      .optional()
      .openapi({ description: "Metrics whose evidence could not be fetched: shown as 0, not counted in the net." }),
    evidence: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "With `explain=true`: per metric its inputs, their sources, the algorithm's version." }),
  })
  .openapi("ModelRating");

const rateRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifact/{artifact_type}/{id}/rate",
  operationId: "ModelArtifactRate",
  tags: ["trust"],
  summary: "The rating of a model, as it was made when it was registered or last updated",
  request: { params: ArtifactPath, query: z.object({ explain: FlagSchema }) },
  responses: {
    200: answer("All scores from 0 to 1; what `unavailable` names shows 0 and did not count in the net.", rating),
    ...refusals("not_a_model", "artifact_not_found", "rating_failed"),
  },
});

const ModelPath = z.object({ id: ArtifactIdSchema.openapi({ param: { name: "id", in: "path" } }) });

const lineageRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifact/model/{id}/lineage",
  operationId: "ArtifactLineageGet",
  tags: ["trust"],
  summary: "Registered ancestors and descendants of a model; parents that are not registered as placeholders",
  request: { params: ModelPath, query: z.object({ include: IncludeSchema }) },
  responses: {
    200: answer(
      "The graph, root first; edges run from parent to child.",
      z
        .object({
          nodes: z.array(
            z.object({
              artifact_id: z.string(),
              name: z.string(),
              source: z.string(),
              metadata: z.record(z.string(), z.unknown()).optional(),
            }),
          ),
          edges: z.array(
            z.object({
              from_node_artifact_id: z.string(),
              to_node_artifact_id: z.string(),
              relationship: z.enum(["base_model", "fine_tuning_dataset", "code_repository"]),
            }),
          ),
        })
        .openapi("ArtifactLineageGraph"),
    ),
    ...refusals("artifact_not_found"),
  },
});

const costRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifact/{artifact_type}/{id}/cost",
  operationId: "ArtifactCost",
  tags: ["trust"],
  summary: "Megabytes to download, alone and with all that it stands on",
  request: {
    params: ArtifactPath,
    query: z.object({ dependency: FlagSchema, currency: CurrencySchema }),
  },
  responses: {
    200: answer(
      "By artifact id.",
      z
        .record(
          z.string(),
          z.object({
            standalone_cost: z.number(),
            total_cost: z.number(),
            estimated_monthly_usd: z.number().optional(),
          }),
        )
        .openapi("ArtifactCost"),
    ),
    ...refusals("artifact_not_found", "cost_failed"),
  },
});

const licenseRoute = createRoute({
  ...requires("artifact:read"),
  method: "post",
  path: "/artifact/model/{id}/license-check",
  operationId: "ArtifactLicenseCheck",
  tags: ["trust"],
  summary: "May this model be used in that project?",
  request: {
    params: ModelPath,
    query: z.object({ explain: FlagSchema, scope: LicenseScopeSchema }),
    body: jsonBody(LicenseCheckSchema),
  },
  responses: {
    200: answer(
      "The bare answer; or, with `explain=true`, its reasons.",
      z.union([
        z.boolean(),
        z
          .object({
            compatible: z.boolean(),
            model_license: z.string(),
            project_license: z.string(),
            reasons: z.array(z.string()),
          })
          .openapi("LicenseCheck"),
      ]),
    ),
    ...refusals(
      "invalid_github_url",
      "artifact_not_found",
      "project_not_found",
      "body_too_large",
      "license_unavailable",
    ),
  },
});

export const trustRoutes = createRouter()
  .openapi(rateRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    return c.json(await getRating(c.var.ctx, ref, c.req.valid("query").explain), 200);
  })
  .openapi(lineageRoute, async (c) => {
    const ref = getIssuedRef({ artifact_type: "model", id: c.req.valid("param").id });
    return c.json(await getLineage(c.var.ctx, ref.id, c.req.valid("query").include), 200);
  })
  .openapi(costRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    return c.json(await readCost(c.var.ctx, ref, c.req.valid("query")), 200);
  })
  .openapi(licenseRoute, async (c) => {
    const ref = getIssuedRef({ artifact_type: "model", id: c.req.valid("param").id });
    const wanted = { ...c.req.valid("json"), ...c.req.valid("query") };
    return c.json(await checkLicense(c.var.ctx, ref.id, wanted), 200);
  });
