/** The zip of an artifact, behind a signed link. Contract §1, Downloads. */

import { createRoute, z } from "@hono/zod-openapi";
import { findDirectLink } from "../artifacts/direct-link.ts";
import { openDownload } from "../artifacts/download.ts";
import { verifyDownload } from "../artifacts/links.ts";
import { hexToBase64 } from "../lib/hash.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactPath, refusals } from "./schemas.ts";

const zip = { "application/zip": { schema: z.string().openapi({ format: "binary" }) } };

const downloadRoute = createRoute({
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/download",
  operationId: "ArtifactDownload",
  tags: ["artifacts"],
  summary: "The zip, whole or in part; HEAD and conditional requests work",
  description: "The link is the permission: no token is needed, and none helps without the signature.",
  request: {
    params: ArtifactPath,
    query: z.object({
      expires: z.string().optional().openapi({ description: "Unix time in seconds; part of the signed link." }),
      signature: z.string().optional().openapi({ description: "Part of the signed link." }),
    }),
    headers: z.object({
      range: z.string().optional().openapi({ example: "bytes=0-1023" }),
      "if-range": z.string().optional(),
      "if-none-match": z.string().optional(),
    }),
  },
  responses: {
    200: { description: "The whole zip. `Repr-Digest` is its SHA-256, `ETag` the same in hex.", content: zip },
    206: { description: "The range that was asked for.", content: zip },
    307: { description: "Where the deployment has S3 credentials: a link into the bucket itself, for a minute." },
    304: { description: "`If-None-Match` names the present zip." },
    ...refusals("invalid_request", "invalid_signature", "artifact_not_found", "link_expired", "range_not_satisfiable"),
  },
});

export const downloadRoutes = createRouter().openapi(downloadRoute, async (c) => {
  const ref = getIssuedRef(c.req.valid("param"));
  c.set("ctx", await verifyDownload(c.var.ctx, ref, c.req.valid("query")));
  const headers = c.req.valid("header");
  // What the client has already is for us to say: a link into the bucket knows another entity tag.
  if (c.req.raw.method === "GET" && !headers["if-none-match"] && !headers["if-range"]) {
    const link = await findDirectLink(c.var.ctx, ref, attachment);
    if (link !== undefined) return c.body(null, 307, { Location: link });
  }
  const download = await openDownload(c.var.ctx, ref, {
    range: headers.range,
    ifRange: headers["if-range"],
    ifNoneMatch: headers["if-none-match"],
    headOnly: c.req.raw.method === "HEAD",
  });
  const digest = hexToBase64(download.sha256);
  const common = {
    ETag: `"${download.sha256}"`,
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Repr-Digest": `sha-256=:${digest}:`,
    Digest: `sha-256=${digest}`,
  };
  if (download.kind === "not_modified") return c.body(null, 304, common);
  const length = download.range?.length ?? download.size;
  const content = {
    ...common,
    "Content-Type": "application/zip",
    "Content-Length": String(length),
    "Content-Disposition": attachment(`${download.name}.zip`),
  };
  const body = download.body ?? null;
  if (!download.range) return new Response(body, { headers: content });
  const { offset } = download.range;
  const range = `bytes ${offset}-${offset + length - 1}/${download.size}`;
  return new Response(body, { status: 206, headers: { ...content, "Content-Range": range } });
});

/** A file name that no header parser can be led astray by, and beside it the true one (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const plain = name.replace(/[^\w.-]+/g, "_");
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
