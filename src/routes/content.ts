/** Uploading an artifact of one's own: its id is issued, then its content comes, whole here or in parts (`uploads.ts`). */

import { createRoute, z } from "@hono/zod-openapi";
import type { Context as HonoContext } from "hono";
import { type IncomingBody, putContent, type Uploaded } from "../artifacts/uploads/put.ts";
import { reserveUpload } from "../artifacts/uploads/reserve.ts";
import { readDigest } from "../lib/digest.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter, type RouteEnv } from "./router.ts";
import {
  ArtifactPath,
  ArtifactSchema,
  ArtifactTypeSchema,
  IfMatchSchema,
  MetadataSchema,
  NameSchema,
} from "./schemas.ts";

/** How a request says the digest of its body. */
export const DIGEST_HEADERS = {
  "repr-digest": z.string().optional().openapi({ description: "`sha-256=:base64:` of the body; verified." }),
  "content-digest": z.string().optional().openapi({ description: "As `Repr-Digest`." }),
  "x-content-sha256": z.string().optional().openapi({ description: "The same in hex." }),
};
const zip = {
  required: true,
  content: { "application/zip": { schema: z.string().openapi({ format: "binary" }) } },
};
const reserveRoute = createRoute({
  ...requires("artifact:write"),
  method: "post",
  path: "/artifact/{artifact_type}/upload",
  operationId: "ArtifactUploadCreate",
  tags: ["uploads"],
  summary: "Issue the id of an artifact whose content will be uploaded",
  description: "Nothing is there under the id until its content is, and never was if that does not come in time.",
  request: {
    params: z.object({
      artifact_type: ArtifactTypeSchema.openapi({ param: { name: "artifact_type", in: "path" } }),
    }),
    body: jsonBody(z.object({ name: NameSchema }).openapi("ArtifactUpload")),
  },
  responses: {
    201: answer(
      "The id, and until when it waits. `Location` is where the content goes.",
      MetadataSchema.extend({ expires_at: z.iso.datetime() }).openapi("ArtifactReservation"),
    ),
    ...refusals("body_too_large", "unsupported_media_type", "too_many_bytes", "too_many_artifacts"),
  },
});

const putRoute = createRoute({
  ...requires("artifact:write"),
  method: "put",
  path: "/artifacts/{artifact_type}/{id}/content",
  operationId: "ArtifactContentPut",
  tags: ["uploads"],
  summary: "Upload the zip of an artifact in one request, its first or in place of the present one",
  description:
    "Inspected before it is served: a zip that is not safe is refused with what was found, and kept nowhere.",
  request: { params: ArtifactPath, headers: z.object({ "if-match": IfMatchSchema, ...DIGEST_HEADERS }), body: zip },
  responses: {
    200: answer("Replaced.", ArtifactSchema),
    201: answer("The artifact is there.", ArtifactSchema),
    ...refusals(
      "body_broken",
      "digest_mismatch",
      "upload_refused",
      "artifact_not_found",
      "no_upload",
      "already_exists",
      "length_required",
      "precondition_failed",
      "body_too_large",
      "unsupported_media_type",
      "too_many_bytes",
      "too_many_artifacts",
    ),
  },
});

/** The body of a request, as it comes. */
export function incomingBody(c: HonoContext<RouteEnv>): IncomingBody {
  const { headers, body } = c.req.raw;
  return { stream: body, length: headers.get("Content-Length") ?? undefined, digest: readDigest(headers) };
}

/** The artifact that an upload has led to: 201 for a new one. */
export function answerUploaded(c: HonoContext<RouteEnv>, { artifact, etag, created }: Uploaded) {
  const { type, id } = artifact.metadata;
  return created
    ? c.json(artifact, 201, { ETag: etag, Location: `/artifacts/${type}/${id}` })
    : c.json(artifact, 200, { ETag: etag });
}

export const contentRoutes = createRouter()
  .openapi(reserveRoute, async (c) => {
    const type = c.req.valid("param").artifact_type;
    const reserved = await reserveUpload(c.var.ctx, { type, name: c.req.valid("json").name });
    return c.json(reserved, 201, { Location: `/artifacts/${type}/${reserved.id}/content` });
  })
  .openapi(putRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const match = c.req.valid("header")["if-match"];
    return answerUploaded(c, await putContent(c.var.ctx, ref, incomingBody(c), match, new URL(c.req.url).origin));
  });
