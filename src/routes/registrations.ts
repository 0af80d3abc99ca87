/** What became of a registration that was answered before it was done. */

import { createRoute, z } from "@hono/zod-openapi";
import { getRegistration } from "../artifacts/registrations.ts";
import { ARTIFACT_TYPES } from "../lib/artifact.ts";
import { issuedId } from "../lib/ids.ts";
import { answer, ErrorSchema, refusals, requires } from "./declare.ts";
import { createRouter } from "./router.ts";
import { ArtifactIdSchema } from "./schemas.ts";

const RegistrationStateSchema = z
  .object({
    id: z.string(),
    type: z.enum(ARTIFACT_TYPES),
    name: z.string(),
    url: z.string(),
    state: z.enum(["running", "registered", "failed"]).openapi({
      description: "`registered`: the artifact is there under this id. `failed`: nothing is, and never was.",
    }),
    step: z.enum(["fetch", "rate", "store"]).openapi({ description: "The present one, or where it ended." }),
    started_at: z.iso.datetime(),
    since: z.iso.datetime().openapi({ description: "Of the present step, or of the end." }),
    requested_by: z.string(),
    refusal: ErrorSchema.extend({ code: z.string(), status: z.int() })
      .openapi("RegistrationRefusal")
      .optional()
      .openapi({
        description: "Of a failure: what the same registration would have been answered without `respond-async`.",
      }),
  })
  .openapi("RegistrationState");

const route = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/registrations/{id}",
  operationId: "RegistrationRetrieve",
  tags: ["artifacts"],
  summary: "How far a registration with `Prefer: respond-async` is, or how it ended; kept for a day",
  request: { params: z.object({ id: ArtifactIdSchema.openapi({ param: { name: "id", in: "path" } }) }) },
  responses: {
    200: answer("Where it stands.", RegistrationStateSchema),
    ...refusals("registration_not_found"),
  },
});

export const registrationRoutes = createRouter().openapi(route, async (c) => {
  return c.json(await getRegistration(c.var.ctx, issuedId(c.req.valid("param").id)), 200);
});
