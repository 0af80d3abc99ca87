/** Uploading the zip of an artifact in parts. */

import { createRoute, z } from "@hono/zod-openapi";
import { completeUpload } from "../artifacts/uploads/complete.ts";
import { abortUpload, placePart, putUploadPart, readUploadState, startUpload } from "../artifacts/uploads/parts.ts";
import { RegistryError } from "../errors.ts";
import { issuedId } from "../lib/ids.ts";
import { R2_MAX_PARTS, UPLOAD_MAX_BYTES } from "../limits.ts";
import { answerUploaded, DIGEST_HEADERS, incomingBody, UPLOAD_RULES } from "./content.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactIdSchema, ArtifactPath, ArtifactSchema, IfMatchSchema } from "./schemas.ts";

const DigestHex = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, "must be 64 hex digits")
  .transform((hex) => hex.toLowerCase())
  .openapi({ type: "string", description: "SHA-256 of the whole zip." });
const Etag = z.string().min(1).max(256);
const PartNumber = z.coerce.number().int().min(1).max(R2_MAX_PARTS);
const UploadPath = ArtifactPath.extend({
  upload_id: ArtifactIdSchema.openapi({ param: { name: "upload_id", in: "path" } }),
});
const PartPath = UploadPath.extend({
  number: PartNumber.openapi({ param: { name: "number", in: "path" }, type: "integer" }),
});
const UploadPartSchema = z
  .object({ number: z.number().int(), etag: z.string(), size: z.number().int() })
  .openapi("UploadPart");
const UploadSchema = z
  .object({
    upload_id: z.string(),
    size: z.number().int(),
    part_size: z.number().int().openapi({ description: "Bytes of every part but the last." }),
    part_count: z.number().int(),
    expires_at: z.iso.datetime().openapi({ description: "If it is not completed by then, it has never been." }),
    parts: z.array(UploadPartSchema).openapi({ description: "Those that have come through the registry." }),
  })
  .openapi("Upload");
const bytes = {
  required: true,
  content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } },
};
const startRoute = createRoute({
  ...requires("artifact:write"),
  method: "post",
  path: "/artifacts/{artifact_type}/{id}/content/uploads",
  operationId: "ArtifactUploadStart",
  tags: ["uploads"],
  summary: "Begin to upload the zip of an artifact in parts",
  description: UPLOAD_RULES,
  request: {
    params: ArtifactPath,
    body: jsonBody(
      z
        .object({
          size: z.number().int().min(1).max(UPLOAD_MAX_BYTES).openapi({ description: "Bytes of the whole zip." }),
          part_size: z.number().int().optional().openapi({ description: "At least 5 MiB; chosen if not given." }),
          sha256: DigestHex.optional(),
        })
        .openapi("UploadStart"),
    ),
  },
  responses: {
    201: answer("Begun. `Location` is the upload.", UploadSchema),
    ...refusals("artifact_not_found", "no_upload", "body_too_large", "too_many_bytes", "too_many_artifacts"),
  },
});

const stateRoute = createRoute({
  ...requires("artifact:write"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/content/uploads/{upload_id}",
  operationId: "ArtifactUploadGet",
  tags: ["uploads"],
  summary: "Which parts have come: what to go on from after a lost connection",
  request: { params: UploadPath },
  responses: { 200: answer("The upload.", UploadSchema), ...refusals("upload_not_found") },
});

const placeRoute = createRoute({
  ...requires("artifact:write"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/content/uploads/{upload_id}/parts/{number}",
  operationId: "ArtifactUploadPartGet",
  tags: ["uploads"],
  summary: "Where a part is to be put, and how large it is",
  description:
    "Where the deployment has S3 credentials, a signed link into the bucket itself: the `ETag` that it answers goes into " +
    "the completion. Else the registry's own URL.",
  request: { params: PartPath },
  responses: {
    200: answer(
      "PUT the part there.",
      z
        .object({
          number: z.number().int(),
          size: z.number().int(),
          url: z.url(),
          expires_at: z.iso.datetime().optional(),
        })
        .openapi("UploadPartPlace"),
    ),
    ...refusals("upload_not_found"),
  },
});

const partRoute = createRoute({
  ...requires("artifact:write"),
  method: "put",
  path: "/artifacts/{artifact_type}/{id}/content/uploads/{upload_id}/parts/{number}",
  operationId: "ArtifactUploadPartPut",
  tags: ["uploads"],
  summary: "Upload one part, in any order; one that came before is written over",
  request: { params: PartPath, headers: z.object(DIGEST_HEADERS), body: bytes },
  responses: {
    200: answer("It has come. `ETag` is its tag.", UploadPartSchema),
    ...refusals(
      "body_broken",
      "digest_mismatch",
      "upload_not_found",
      "length_required",
      "body_too_large",
      "unsupported_media_type",
    ),
  },
});

const completeRoute = createRoute({
  ...requires("artifact:write"),
  method: "post",
  path: "/artifacts/{artifact_type}/{id}/content/uploads/{upload_id}/complete",
  operationId: "ArtifactUploadComplete",
  tags: ["uploads"],
  summary: "Make the parts the content of the artifact; can be repeated until it is answered",
  description:
    "Reads the whole back, which takes up to 3 seconds of CPU a gigabyte: uploads over 10 GB need a deployment whose " +
    "`cpu_ms` is higher than the platform's 30 seconds. A refusal of the content ends the upload.",
  request: {
    params: UploadPath,
    headers: z.object({ "if-match": IfMatchSchema }),
    body: jsonBody(
      z
        .object({
          sha256: DigestHex.optional(),
          parts: z
            .array(z.object({ number: PartNumber, etag: Etag }))
            .max(R2_MAX_PARTS)
            .optional()
            .openapi({ description: "Parts that were put into the bucket itself, by the tags that it answered." }),
        })
        .openapi("UploadCompletion"),
    ),
  },
  responses: {
    200: answer("Replaced; or completed before.", ArtifactSchema),
    201: answer("The artifact is there.", ArtifactSchema),
    ...refusals(
      "digest_mismatch",
      "upload_refused",
      "content_corrupt",
      "artifact_not_found",
      "upload_not_found",
      "already_exists",
      "precondition_failed",
      "body_too_large",
      "too_many_bytes",
      "too_many_artifacts",
    ),
  },
});

const abortRoute = createRoute({
  ...requires("artifact:write"),
  method: "delete",
  path: "/artifacts/{artifact_type}/{id}/content/uploads/{upload_id}",
  operationId: "ArtifactUploadAbort",
  tags: ["uploads"],
  summary: "End an upload; its parts are gone with it",
  request: { params: UploadPath },
  responses: { 204: { description: "Ended." }, ...refusals("upload_not_found") },
});

/** The number of an upload that a path means. */
function getUploadId({ upload_id }: { upload_id: string }): number {
  const id = issuedId(upload_id);
  if (id === undefined) throw new RegistryError("upload_not_found");
  return id;
}

export const uploadRoutes = createRouter()
  .openapi(startRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { size, part_size: partSize, sha256 } = c.req.valid("json");
    const upload = await startUpload(c.var.ctx, ref, { size, partSize, sha256 });
    return c.json(upload, 201, { Location: `/artifacts/${ref.type}/${ref.id}/content/uploads/${upload.upload_id}` });
  })
  .openapi(stateRoute, async (c) => {
    const path = c.req.valid("param");
    return c.json(await readUploadState(c.var.ctx, getIssuedRef(path), getUploadId(path)), 200);
  })
  .openapi(placeRoute, async (c) => {
    const path = c.req.valid("param");
    const own = new URL(c.req.url);
    own.search = "";
    return c.json(await placePart(c.var.ctx, getIssuedRef(path), getUploadId(path), path.number, own.href), 200);
  })
  .openapi(partRoute, async (c) => {
    const path = c.req.valid("param");
    const part = await putUploadPart(c.var.ctx, getIssuedRef(path), getUploadId(path), path.number, incomingBody(c));
    return c.json(part, 200, { ETag: `"${part.etag}"` });
  })
  .openapi(completeRoute, async (c) => {
    const path = c.req.valid("param");
    const completion = { ...c.req.valid("json"), ifMatch: c.req.valid("header")["if-match"] };
    const origin = new URL(c.req.url).origin;
    return answerUploaded(
      c,
      await completeUpload(c.var.ctx, getIssuedRef(path), getUploadId(path), completion, origin),
    );
  })
  .openapi(abortRoute, async (c) => {
    const path = c.req.valid("param");
    await abortUpload(c.var.ctx, getIssuedRef(path), getUploadId(path));
    return c.body(null, 204);
  });
