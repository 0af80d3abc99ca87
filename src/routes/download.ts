/** The zip of an artifact, behind a signed link. */

import { createRoute, z } from "@hono/zod-openapi";
import { type OpenedPart, openPart } from "../artifacts/bundle-part.ts";
import { openDownload } from "../artifacts/download.ts";
import { RegistryError } from "../errors.ts";
import { attachment } from "../lib/attachment.ts";
import { hexToBase64 } from "../lib/hash.ts";
import { PARTS } from "../lib/parts.ts";
import { bytesResponse, fileRequest } from "./bytes-response.ts";
import { open, openRefusals } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactPath, RangeHeadersSchema } from "./schemas.ts";

const zip = { "application/zip": { schema: z.string().openapi({ format: "binary" }) } };

const downloadRoute = createRoute({
  ...open(),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/download",
  operationId: "ArtifactDownload",
  tags: ["artifacts"],
  summary: "The zip, whole or in part; HEAD and conditional requests work",
  description:
    "The link is the permission: no token is needed, and none helps without the signature. With `part`, a zip of stored files is put together on the way out: always whole, of known length, and the same for the same bundle.",
  request: {
    params: ArtifactPath,
    query: z.object({
      expires: z.string().optional().openapi({ description: "Unix time in seconds; part of the signed link." }),
      signature: z.string().optional().openapi({ description: "Part of the signed link." }),
      part: z.enum(PARTS).optional().openapi({ description: "To be added to the link: a zip of these files alone." }),
    }),
    headers: RangeHeadersSchema,
  },
  responses: {
    200: { description: "The whole zip. `Repr-Digest` is its SHA-256, `ETag` the same in hex.", content: zip },
    206: { description: "The range that was asked for.", content: zip },
    307: { description: "Where the deployment has S3 credentials: a link into the bucket itself, for a minute." },
    304: { description: "`If-None-Match` names the present zip." },
    ...openRefusals(
      "invalid_request",
      "invalid_signature",
      "unsafe_content",
      "artifact_not_found",
      "file_not_found",
      "link_expired",
      "range_not_satisfiable",
    ),
  },
});

export const downloadRoutes = createRouter().openapi(downloadRoute, async (c) => {
  const ref = getIssuedRef(c.req.valid("param"));
  const { part } = c.req.valid("query");
  // The link was verified before the request was looked at (middleware/authenticate.ts); without one nobody gets here.
  if (c.var.ctx.actor.kind !== "link") throw new RegistryError("invalid_signature");
  if (part !== undefined) return partResponse(await openPart(c.var.ctx, ref, part, fileRequest(c.req.raw)));
  const download = await openDownload(c.var.ctx, ref, { ...fileRequest(c.req.raw), mayBeSentOn: true });
  if (download.link !== undefined) return c.body(null, 307, { Location: download.link });
  const digest = hexToBase64(download.sha256);
  const common = {
    ETag: download.etag,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Repr-Digest": `sha-256=:${digest}:`,
    Digest: `sha-256=${digest}`,
  };
  return bytesResponse(download, common, zipNamed(download.name));
});

function partResponse(opened: OpenedPart): Response {
  const common = { ETag: opened.etag, "Accept-Ranges": "none", "Cache-Control": "private, no-cache" };
  return bytesResponse(opened, common, zipNamed(opened.name));
}

function zipNamed(name: string): Record<string, string> {
  return { "Content-Type": "application/zip", "Content-Disposition": attachment(`${name}.zip`) };
}
