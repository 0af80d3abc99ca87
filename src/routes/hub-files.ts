/** The files of repositories as clients of the Hugging Face Hub fetch them. */

import { createRoute, z } from "@hono/zod-openapi";
import { type OpenedHubFile, openKeptFile } from "../artifacts/hub/read.ts";
import { FILE_CONTENT, fileRequest, fileResponse } from "./bytes-response.ts";
import { requires } from "./declare.ts";
import { hubRefusals } from "./hub-refusals.ts";
import { path, repo, repoAt, revision } from "./hub-schemas.ts";
import { createRouter } from "./router.ts";
import { RangeHeadersSchema } from "./schemas.ts";

const headers = z.object({
  "X-Repo-Commit": z.string().openapi({ description: "The commit that the file is of." }),
  "X-Linked-Size": z.string().openapi({ description: "Bytes of the whole file." }),
  "X-Linked-ETag": z.string().openapi({ description: "Its SHA-256, quoted; another tag where that is not known." }),
});

/** What the routes have in common. `raw` is what `resolve` is: nothing here stands behind a pointer. */
const common = {
  method: "get" as const,
  tags: ["hub"],
  request: {
    params: z.object({ repo, revision, path }),
    headers: RangeHeadersSchema,
  },
  responses: {
    200: { description: "The whole file.", content: FILE_CONTENT, headers },
    206: { description: "The range that was asked for.", content: FILE_CONTENT, headers },
    304: { description: "`If-None-Match` names the present file." },
    ...hubRefusals("revision_not_found", "file_not_found", "unsafe_content", "range_not_satisfiable"),
  },
};

const modelFileRoute = createRoute({
  ...requires("artifact:download"),
  ...common,
  path: "/hf/{repo}/resolve/{revision}/{path}",
  operationId: "HubModelFile",
  summary: "A file of a model, whole or in part; HEAD works",
});
const rawModelFileRoute = createRoute({
  ...requires("artifact:download"),
  ...common,
  path: "/hf/{repo}/raw/{revision}/{path}",
  operationId: "HubModelFileRaw",
  summary: "The same, at the address that some clients look whether a file exists",
});
const datasetFileRoute = createRoute({
  ...requires("artifact:download"),
  ...common,
  path: "/hf/datasets/{repo}/resolve/{revision}/{path}",
  operationId: "HubDatasetFile",
  summary: "A file of a dataset, whole or in part; HEAD works",
});
const rawDatasetFileRoute = createRoute({
  ...requires("artifact:download"),
  ...common,
  path: "/hf/datasets/{repo}/raw/{revision}/{path}",
  operationId: "HubDatasetFileRaw",
  summary: "The same, at the address that some clients look whether a file exists",
});

const MODELS = { kind: "models" } as const;
const DATASETS = { kind: "datasets" } as const;

export const hubFileRoutes = createRouter()
  .openapi(modelFileRoute, async (c) => {
    const { path, ...at } = c.req.valid("param");
    return respond(await openKeptFile(c.var.ctx, repoAt({ ...MODELS, ...at }), path, fileRequest(c.req.raw)));
  })
  .openapi(rawModelFileRoute, async (c) => {
    const { path, ...at } = c.req.valid("param");
    return respond(await openKeptFile(c.var.ctx, repoAt({ ...MODELS, ...at }), path, fileRequest(c.req.raw)));
  })
  .openapi(datasetFileRoute, async (c) => {
    const { path, ...at } = c.req.valid("param");
    return respond(await openKeptFile(c.var.ctx, repoAt({ ...DATASETS, ...at }), path, fileRequest(c.req.raw)));
  })
  .openapi(rawDatasetFileRoute, async (c) => {
    const { path, ...at } = c.req.valid("param");
    return respond(await openKeptFile(c.var.ctx, repoAt({ ...DATASETS, ...at }), path, fileRequest(c.req.raw)));
  });

function respond({ commit, ...opened }: OpenedHubFile): Response {
  return fileResponse(opened, {
    "X-Repo-Commit": commit,
    // `@huggingface/hub` asks for `bytes=0-0` and reads the size from this header alone, whatever the status.
    ...(opened.size === 0 && { "Content-Range": "bytes */0" }),
    "X-Linked-Size": String(opened.size),
    "X-Linked-ETag": opened.etag,
  });
}
