/** Uploading an artifact of one's own: its id is issued, then its content comes, whole here or in parts (`uploads.ts`). */

import { createRoute, z } from "@hono/zod-openapi";
import type { Context as HonoContext } from "hono";
import { type IncomingBody, putContent, type Uploaded } from "../artifacts/uploads/put.ts";
import { reserveUpload } from "../artifacts/uploads/reserve.ts";
import { readDigest } from "../lib/digest.ts";
import { BUNDLE_MAX_ENTRIES, BUNDLE_MAX_INFLATED_BYTES, BUNDLE_MAX_RATIO, BUNDLE_PATH_MAX_BYTES } from "../limits.ts";
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
const bytes = { schema: z.string().openapi({ format: "binary" }) };
/** The second media type is for generated clients, which send bytes for it; the registry looks at the bytes alone. */
const zip = { required: true, content: { "application/zip": bytes, "application/octet-stream": bytes } };

/** What an upload may be, whichever way it comes. */
export const UPLOAD_RULES = `The upload is one zip, which is inspected before it is served.

- Its first entry begins at the first byte and its end record is the last: nothing before, between or behind the entries.
- Entries are stored or deflated, not encrypted, on one disk. Up to ${BUNDLE_MAX_ENTRIES} of them.
- Entries are files and directories: no symbolic links, devices or sockets.
- Names are relative, in ASCII or UTF-8, with \`/\` between segments: no \`..\`, \`.\`, drive, backslash or control character, and
  no two that are the same but for case. Up to ${BUNDLE_PATH_MAX_BYTES} bytes each.
- Every file has the size and the CRC-32 that the zip says; else the answer is 400 \`content_corrupt\`.
- Deflated entries inflate to ${BUNDLE_MAX_INFLATED_BYTES / 1e9} GB together at the most, else the answer is 413: store weights without compression
  (\`zip -0\`). An entry over 1 MiB that packs better than ${BUNDLE_MAX_RATIO}:1 is let in as \`unknown\`. Overlapping entries and archives
  that hold themselves are refused.
- A pickle is refused if loading it could call anything but a list of functions that are known to be harmless. That refuses
  what scikit-learn, XGBoost and \`torch.save\` of a whole module write: loading those runs whatever they name. Save a
  \`state_dict\`, or use safetensors, ONNX or the library's own format.
- \`unsafe\` is refused with the findings, and nothing of it is kept. \`unknown\`, which nobody can vouch for, is let in and
  says so in \`GET …/inspection\`.`;

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
  description: UPLOAD_RULES,
  request: { params: ArtifactPath, headers: z.object({ "if-match": IfMatchSchema, ...DIGEST_HEADERS }), body: zip },
  responses: {
    200: answer("Replaced.", ArtifactSchema),
    201: answer("The artifact is there.", ArtifactSchema),
    ...refusals(
      "body_broken",
      "digest_mismatch",
      "upload_refused",
      "content_corrupt",
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
