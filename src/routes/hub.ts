/**
 * What clients of the Hugging Face Hub ask when `HF_ENDPOINT` is this registry's `/hf`.
 *
 * Checked against `@huggingface/hub` 2.17 (test/routes/hub-client.test.ts) and the sources of `huggingface_hub` of 2026.
 */

import { createRoute, z } from "@hono/zod-openapi";
import { getHubPaths, getHubRecord, getHubTree, getHubUser, type HubRepo, openHubFile } from "../artifacts/hub.ts";
import { RegistryError } from "../errors.ts";
import { HUB_PATHS_MAX } from "../limits.ts";
import { fileRequest, fileResponse } from "./file-response.ts";
import { hubRefusals } from "./hub-refusals.ts";
import { entryOf, HubEntriesSchema, HubRecordSchema, HubUserSchema, PathsSchema, recordOf } from "./hub-schemas.ts";
import { createRouter } from "./router.ts";
import { answer, requires } from "./schemas.ts";

const reading = { ...requires("artifact:read"), tags: ["hub"] };
const downloading = { ...requires("artifact:download"), tags: ["hub"] };
const kind = z.enum(["models", "datasets"]).openapi({ param: { name: "kind", in: "path" } });
const repo = z.string().openapi({ param: { name: "repo", in: "path" }, example: "google-bert/bert-base-uncased" });
const revision = z.string().openapi({
  param: { name: "revision", in: "path" },
  description: "`main`, `HEAD`, or the commit that is kept.",
  example: "main",
});
const path = z.string().openapi({ param: { name: "path", in: "path" }, example: "config.json" });
/** `true` in any of the ways that the clients write it. */
const flag = z
  .string()
  .optional()
  .transform((text) => /^(?:true|1)$/i.test(text ?? ""))
  .openapi({ type: "boolean" });
/** Which fields the client wants: it always gets those that there are. */
const recordQuery = z.object({
  blobs: flag,
  expand: z.union([z.string(), z.array(z.string())]).optional(),
});
const treeQuery = z.object({
  recursive: flag,
  expand: flag,
  cursor: z.string().max(4096).optional().openapi({ description: "Of the `Link` of the page before." }),
});

const recordResponses = {
  200: answer("The record. Its facts are those of the ingest; its files are those of the bundle.", HubRecordSchema),
  ...hubRefusals("revision_not_found"),
};
const recordRoute = createRoute({
  method: "get",
  path: "/hf/api/{kind}/{repo}",
  operationId: "HubRecord",
  ...reading,
  summary: "The record of a model or dataset",
  request: { params: z.object({ kind, repo }), query: recordQuery },
  responses: recordResponses,
});
const revisionRoute = createRoute({
  method: "get",
  path: "/hf/api/{kind}/{repo}/revision/{revision}",
  operationId: "HubRecordAtRevision",
  ...reading,
  summary: "The record of a model or dataset at a revision",
  request: { params: z.object({ kind, repo, revision }), query: recordQuery },
  responses: recordResponses,
});

const treeResponses = {
  200: {
    ...answer("A page of files and directories.", HubEntriesSchema),
    headers: z.object({ Link: z.string().optional().openapi({ description: 'The next page: `<url>; rel="next"`.' }) }),
  },
  ...hubRefusals("revision_not_found", "file_not_found"),
};
const treeRoute = createRoute({
  method: "get",
  path: "/hf/api/{kind}/{repo}/tree/{revision}",
  operationId: "HubTree",
  ...reading,
  summary: "The files and directories of a repository",
  request: { params: z.object({ kind, repo, revision }), query: treeQuery },
  responses: treeResponses,
});
const subtreeRoute = createRoute({
  method: "get",
  path: "/hf/api/{kind}/{repo}/tree/{revision}/{path}",
  operationId: "HubSubtree",
  ...reading,
  summary: "The files and directories of a directory",
  request: { params: z.object({ kind, repo, revision, path }), query: treeQuery },
  responses: treeResponses,
});

/** Documented here and read by hand: the JavaScript client sends JSON, the Python client a form. */
const pathsParams = z.object({ kind, repo, revision });
const pathsPath = "/hf/api/{kind}/{repo}/paths-info/{revision}";

const bytes = { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } };
const hubHeaders = z.object({
  "X-Repo-Commit": z.string().openapi({ description: "The commit that the file is of." }),
  "X-Linked-Size": z.string().openapi({ description: "Bytes of the whole file." }),
  "X-Linked-ETag": z
    .string()
    .openapi({ description: "The SHA-256 of the file, quoted; another tag where it is not known." }),
});

/** The routes of files: of models without a prefix, of datasets with one; `raw` is what `resolve` is, as nothing here is kept in LFS. */
function fileRoute(prefix: "" | "datasets/", how: "resolve" | "raw") {
  return createRoute({
    method: "get",
    path: `/hf/${prefix}{repo}/${how}/{revision}/{path}`,
    operationId: `Hub${prefix === "" ? "Model" : "Dataset"}File${how === "raw" ? "Raw" : ""}`,
    ...downloading,
    summary: `A file of a ${prefix === "" ? "model" : "dataset"}, whole or in part; HEAD works`,
    request: {
      params: z.object({ repo, revision, path }),
      headers: z.object({
        range: z.string().optional(),
        "if-range": z.string().optional(),
        "if-none-match": z.string().optional(),
      }),
    },
    responses: {
      200: { description: "The whole file.", content: bytes, headers: hubHeaders },
      206: { description: "The range that was asked for.", content: bytes, headers: hubHeaders },
      304: { description: "`If-None-Match` names the present file." },
      ...hubRefusals("revision_not_found", "file_not_found", "unsafe_content", "range_not_satisfiable"),
    },
  });
}

const whoamiRoute = createRoute({
  method: "get",
  path: "/hf/api/whoami-v2",
  operationId: "HubWhoAmI",
  ...reading,
  summary: "Whose token it is, for a client's login",
  responses: { 200: answer("Who asks.", HubUserSchema), ...hubRefusals() },
});

const repoAt = (params: { kind: "models" | "datasets"; repo: string; revision?: string }): HubRepo => ({
  type: params.kind === "models" ? "model" : "dataset",
  id: params.repo,
  revision: params.revision ?? "main",
});

/** The link to the next page, on the address that was asked. */
function nextLink(url: string, cursor: string | undefined): Record<string, string> {
  if (cursor === undefined) return {};
  const next = new URL(url);
  next.searchParams.set("cursor", cursor);
  return { Link: `<${next.href}>; rel="next"` };
}

export const hubRoutes = createRouter();

// Before the records: a whoami is none.
hubRoutes.openapi(whoamiRoute, (c) => {
  const name = getHubUser(c.var.ctx);
  const auth = { type: "access_token", accessToken: { displayName: name, role: "read" } };
  return c.json({ type: "user", id: name, name, fullname: name, orgs: [], auth }, 200);
});

for (const route of [recordRoute, revisionRoute]) {
  hubRoutes.openapi(route, async (c) => {
    const params: { kind: "models" | "datasets"; repo: string; revision?: string } = c.req.valid("param");
    const record = await getHubRecord(c.var.ctx, repoAt(params));
    return c.json(recordOf(record, c.req.valid("query").blobs), 200);
  });
}

for (const route of [treeRoute, subtreeRoute]) {
  hubRoutes.openapi(route, async (c) => {
    const { path: directory = "", ...params }: Parameters<typeof repoAt>[0] & { path?: string } = c.req.valid("param");
    const { recursive, expand, cursor = "" } = c.req.valid("query");
    const tree = await getHubTree(c.var.ctx, repoAt(params), { directory, recursive, after: cursor });
    return c.json(
      tree.entries.map((entry) => entryOf(tree, entry, expand)),
      200,
      nextLink(c.req.url, tree.next),
    );
  });
}

hubRoutes.openAPIRegistry.registerPath({
  method: "post",
  path: pathsPath,
  operationId: "HubPathsInfo",
  ...reading,
  summary: "Those of some paths that are there",
  request: {
    params: pathsParams,
    body: {
      required: true,
      content: {
        "application/json": { schema: PathsSchema },
        "application/x-www-form-urlencoded": { schema: PathsSchema },
      },
    },
  },
  responses: {
    200: answer("The files and directories among them.", HubEntriesSchema),
    ...hubRefusals("revision_not_found", "body_too_large"),
  },
});
hubRoutes.post("/hf/api/:kind/:repo/paths-info/:revision", async (c) => {
  const params = pathsParams.safeParse(c.req.param());
  const asked = PathsSchema.safeParse(readPaths(await c.req.text()));
  if (!params.success) throw new RegistryError("not_found");
  if (!asked.success) {
    throw new RegistryError(
      "invalid_request",
      `Invalid request: body: expected {"paths"} of up to ${HUB_PATHS_MAX} paths`,
    );
  }
  const { paths, expand } = asked.data;
  const found = await getHubPaths(c.var.ctx, repoAt(params.data), paths);
  return c.json(found.entries.map((entry) => entryOf(found, entry, expand)));
});

/** A body in either of the two clients' encodings. */
function readPaths(text: string): unknown {
  try {
    if (text.trimStart().startsWith("{")) return JSON.parse(text);
  } catch {
    return undefined;
  }
  const form = new URLSearchParams(text);
  return { paths: form.getAll("paths"), expand: form.get("expand")?.toLowerCase() === "true" };
}

for (const prefix of ["", "datasets/"] as const) {
  for (const how of ["resolve", "raw"] as const) {
    hubRoutes.openapi(fileRoute(prefix, how), async (c) => {
      const { path: wanted, ...params } = c.req.valid("param");
      const asked = repoAt({ kind: prefix === "" ? "models" : "datasets", ...params });
      const { commit, ...opened } = await openHubFile(c.var.ctx, asked, wanted, fileRequest(c.req.raw));
      return fileResponse(opened, {
        "X-Repo-Commit": commit,
        "X-Linked-Size": String(opened.size),
        "X-Linked-ETag": opened.etag,
      });
    });
  }
}
