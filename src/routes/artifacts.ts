/** One artifact: register, read, update. */

import { createRoute, z } from "@hono/zod-openapi";
import { getArtifact } from "../artifacts/find.ts";
import { register, registerLater } from "../artifacts/register.ts";
import { update } from "../artifacts/update.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import {
  ArtifactPath,
  ArtifactSchema,
  ArtifactTypeSchema,
  IfMatchSchema,
  MetadataSchema,
  RegistrationSchema,
  UpdateSchema,
} from "./schemas.ts";

const registerRoute = createRoute({
  ...requires("artifact:write"),
  method: "post",
  path: "/artifact/{artifact_type}",
  operationId: "ArtifactCreate",
  tags: ["artifacts"],
  summary: "Register an artifact: fetch its evidence from upstream and keep its bundle",
  request: {
    params: z.object({
      artifact_type: ArtifactTypeSchema.openapi({ param: { name: "artifact_type", in: "path" } }),
    }),
    headers: z.object({
      prefer: z.string().optional().openapi({ description: "`respond-async`: answer 202 at once, rate afterwards." }),
    }),
    body: jsonBody(RegistrationSchema),
  },
  responses: {
    201: answer("Registered.", ArtifactSchema),
    202: answer(
      "Begun. Nothing is there under this id until it is rated, or ever if that fails. `Location` tells how far it is.",
      MetadataSchema,
    ),
    ...refusals(
      "already_exists",
      "body_too_large",
      "url_too_long",
      "too_many_bytes",
      "too_many_artifacts",
      "ingest_rejected",
      "model_not_found_upstream",
      "dataset_not_found_upstream",
      "repository_not_found_upstream",
      "upstream_failed",
    ),
  },
});

const getRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}",
  operationId: "ArtifactRetrieve",
  tags: ["artifacts"],
  summary: "Read an artifact, with a fresh download link",
  request: { params: ArtifactPath },
  responses: {
    200: answer("The artifact. `ETag` names its version.", ArtifactSchema),
    ...refusals("artifact_not_found"),
  },
});

const updateRoute = createRoute({
  ...requires("artifact:write"),
  method: "put",
  path: "/artifacts/{artifact_type}/{id}",
  operationId: "ArtifactUpdate",
  tags: ["artifacts"],
  summary: "Fetch an artifact's source again, or give it another",
  request: {
    params: ArtifactPath,
    headers: z.object({
      "if-match": IfMatchSchema,
    }),
    body: jsonBody(UpdateSchema),
  },
  responses: {
    200: answer("Updated.", ArtifactSchema),
    ...refusals(
      "name_id_mismatch",
      "artifact_not_found",
      "already_exists",
      "precondition_failed",
      "body_too_large",
      "url_too_long",
      "too_many_bytes",
      "ingest_rejected",
      "model_not_found_upstream",
      "dataset_not_found_upstream",
      "repository_not_found_upstream",
      "upstream_failed",
    ),
  },
});

export const artifactRoutes = createRouter()
  .openapi(registerRoute, async (c) => {
    const type = c.req.valid("param").artifact_type;
    const { url, name, mirror } = c.req.valid("json");
    if (/(^|,)\s*respond-async\s*(,|;|$)/i.test(c.req.valid("header").prefer ?? "")) {
      const metadata = await registerLater(c.var.ctx, { type, url, name, mirror });
      return c.json(metadata, 202, {
        "Preference-Applied": "respond-async",
        Location: `/registrations/${metadata.id}`,
      });
    }
    const origin = new URL(c.req.url).origin;
    const { artifact, etag } = await register(c.var.ctx, { type, url, name, mirror }, origin);
    return c.json(artifact, 201, { ETag: etag, Location: `/artifacts/${type}/${artifact.metadata.id}` });
  })
  .openapi(getRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { artifact, etag } = await getArtifact(c.var.ctx, ref, new URL(c.req.url).origin);
    return c.json(artifact, 200, { ETag: etag });
  })
  .openapi(updateRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { metadata, data } = c.req.valid("json");
    const ifMatch = c.req.valid("header")["if-match"];
    const wanted = { metadata, url: data.url, mirror: data.mirror, ifMatch };
    const { artifact, etag } = await update(c.var.ctx, ref, wanted, new URL(c.req.url).origin);
    return c.json(artifact, 200, { ETag: etag });
  });
