/** The files in a bundle, one by one, and what an inspection found in them. */

import { createRoute, z } from "@hono/zod-openapi";
import { getInspection, listFiles, openFile } from "../artifacts/files.ts";
import { fileOffset, readFileOffset } from "../lib/paging.ts";
import { DEFLATED_RANGE_MAX_OFFSET_BYTES } from "../limits.ts";
import { FILE_CONTENT, fileRequest, fileResponse } from "./bytes-response.ts";
import { answer, refusals, requires } from "./declare.ts";
import { getIssuedRef } from "./refs.ts";
import { createRouter } from "./router.ts";
import { ArtifactPath, FindingSchema, RangeHeadersSchema, VerdictSchema } from "./schemas.ts";

const FileSchema = z
  .object({
    path: z.string().openapi({ example: "model.safetensors" }),
    size: z.int().openapi({ description: "Bytes." }),
    crc32: z.string().openapi({ description: "Hex.", example: "cbf43926" }),
    sha256: z.string().optional().openapi({ description: "Hex; where it is known." }),
    kind: z.string().optional().openapi({
      description: "The format that the inspection recognised by its content; missing if it recognised none.",
      example: "safetensors",
    }),
    verdict: VerdictSchema.optional().openapi({ description: "Of this file; missing if it was not inspected." }),
  })
  .openapi("BundleFile");

const listRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/files",
  operationId: "ArtifactFilesList",
  tags: ["files"],
  summary: "List the files in the bundle, by path",
  request: {
    params: ArtifactPath,
    query: z.object({
      offset: z
        .string()
        .transform((text, context) => {
          const after = readFileOffset(text);
          if (after !== undefined) return after;
          context.addIssue("must be the value of a previous answer's offset header");
          return z.NEVER;
        })
        .optional()
        .openapi({ type: "string", param: { name: "offset", in: "query" }, description: "Where the page begins." }),
    }),
  },
  responses: {
    200: {
      ...answer(
        "A page of files, in the order of their paths. `ETag` names the artifact's version.",
        z.array(FileSchema),
      ),
      headers: z.object({
        offset: z.string().optional().openapi({ description: "There is more: send this back as `?offset=`." }),
      }),
    },
    ...refusals("artifact_not_found"),
  },
});

const fileRoute = createRoute({
  ...requires("artifact:download"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/files/{path}",
  operationId: "ArtifactFileRetrieve",
  tags: ["files"],
  summary: "One file out of the bundle, whole or in part; HEAD and conditional requests work",
  description:
    "The slashes of the path may be written as they are or as `%2F`. Without a token, the query of the artifact's download link opens its files too.",
  request: {
    params: ArtifactPath.extend({
      path: z.string().openapi({ param: { name: "path", in: "path" }, example: "onnx/model.onnx" }),
    }),
    query: z.object({
      expires: z.string().optional().openapi({ description: "Of the download link." }),
      signature: z.string().optional().openapi({ description: "Of the download link." }),
    }),
    headers: RangeHeadersSchema,
  },
  responses: {
    200: {
      description:
        "The whole file. `ETag` is its SHA-256 where that is known, as is `Repr-Digest`. So is answered, too, a range that begins " +
        `beyond the first ${DEFLATED_RANGE_MAX_OFFSET_BYTES} bytes of a file that is deflated in the bundle; \`Accept-Ranges: none\` says so ahead.`,
      content: FILE_CONTENT,
    },
    206: { description: "The range that was asked for.", content: FILE_CONTENT },
    304: { description: "`If-None-Match` names the present file." },
    ...refusals(
      "invalid_signature",
      "unsafe_content",
      "artifact_not_found",
      "file_not_found",
      "link_expired",
      "range_not_satisfiable",
    ),
  },
});

const inspectionRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifacts/{artifact_type}/{id}/inspection",
  operationId: "ArtifactInspection",
  tags: ["files"],
  summary: "What an inspection of the present content found",
  request: { params: ArtifactPath },
  responses: {
    200: answer(
      "Verdict and findings. `safe`: every file was recognised by its content as a format that is understood, and was looked " +
        "through. `unsafe`: the archive breaks the format, or loading a file could run code. `unknown`: anything else; the " +
        "findings say why.",
      z
        .object({
          verdict: VerdictSchema,
          findings: z.array(FindingSchema),
          omitted: z.int().optional().openapi({ description: "Findings that are not listed." }),
          files: z
            .object({ safe: z.int(), unknown: z.int(), unsafe: z.int() })
            .optional()
            .openapi({ description: "Files by verdict." }),
          reasons: z
            .record(z.string(), z.int())
            .optional()
            .openapi({ description: "How many files have which finding.", example: { source_code: 2 } }),
          parts: z
            .object({
              weights: VerdictSchema.optional(),
              config: VerdictSchema.optional(),
              card: VerdictSchema.optional(),
            })
            .optional()
            .openapi({ description: "The verdict of each `?part=` that the bundle has, whatever stands beside it." }),
          inspected_at: z.iso.datetime(),
        })
        .openapi("Inspection"),
    ),
    ...refusals("artifact_not_found", "inspection_not_found"),
  },
});

export const fileRoutes = createRouter()
  .openapi(listRoute, async (c) => {
    const ref = getIssuedRef(c.req.valid("param"));
    const { files, last, etag } = await listFiles(c.var.ctx, ref, c.req.valid("query").offset);
    return c.json(files, 200, { ETag: etag, ...(last !== undefined && { offset: fileOffset(last) }) });
  })
  .openapi(fileRoute, async (c) => {
    const { path, ...artifact } = c.req.valid("param");
    const ref = getIssuedRef(artifact);
    return fileResponse(await openFile(c.var.ctx, ref, path, fileRequest(c.req.raw)));
  })
  .openapi(inspectionRoute, async (c) => {
    return c.json(await getInspection(c.var.ctx, getIssuedRef(c.req.valid("param"))), 200);
  });
