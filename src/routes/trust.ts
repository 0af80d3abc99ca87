/** How far a model can be trusted, whence it comes, what it costs, where it may be used. */

import { createRoute, z } from "@hono/zod-openapi";
import { checkLicense } from "../artifacts/check-license.ts";
import { readCost } from "../artifacts/cost.ts";
import { getLineage } from "../artifacts/lineage.ts";
import { getRating } from "../artifacts/read-rating.ts";
import { CONDITIONS, type ConditionWord } from "../license/conditions.ts";
import { SCALAR_METRICS } from "../trust/rate.ts";
import { SIGNAL_NAMES } from "../trust/signals/signals.ts";
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
    signals: z
      .object(Object.fromEntries(SIGNAL_NAMES.map((name) => [name, score.optional()])))
      .openapi({ description: "Beside the metrics, not in the net, usable in a gate. Absent: not available." }),
    awaiting_update: z.array(z.string()).optional().openapi({
      description:
        "The rating was renewed from evidence that older code collected: what that does not suffice for. An update of the artifact collects the rest.",
    }),
    evidence: z.record(z.string(), z.unknown()).optional().openapi({
      description:
        "With `explain=true`: per metric and signal a sentence, its inputs, their sources, the algorithm's version.",
    }),
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

const WORDS = Object.keys(CONDITIONS) as [ConditionWord, ...ConditionWord[]];
const licenseText = (what: string) =>
  z.string().openapi({ description: `${what}, as an SPDX expression; NONE: no license, NOASSERTION: not identified.` });
const lineageIds = (what: string) =>
  z.array(z.string()).openapi({ description: `${what}: artifact ids, or external:<source> as in a lineage.` });
const licenseCheck = z
  .object({
    compatible: z.boolean(),
    model_license: licenseText("What the model itself states"),
    license_effective: licenseText(
      "What the model AND its declared ancestors, five generations up, state; with `scope=model` the model alone",
    ),
    project_license: licenseText("What GitHub recognised"),
    license_conflict: lineageIds("Ancestors whose license the project or the model's own statement does not keep to"),
    license_unknown: lineageIds("Ancestors whose license is not known, which did not count"),
    conditions: z
      .array(
        z.object({
          license: z.string(),
          must: z.array(z.enum(WORDS)).openapi({
            description: WORDS.map((word) => `${word}: ${CONDITIONS[word]}`).join(" "),
          }),
          source: z.url().optional().openapi({ description: "Where the facts are from." }),
          choice: z
            .literal(true)
            .optional()
            .openapi({ description: "The license stands in an OR: only for whoever picks it." }),
        }),
      )
      .openapi({ description: "What each of the effective licenses asks for." }),
    reasons: z.array(z.string()),
  })
  .openapi("LicenseCheck");

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
    200: answer("The bare answer; or, with `explain=true`, its reasons.", z.union([z.boolean(), licenseCheck])),
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
