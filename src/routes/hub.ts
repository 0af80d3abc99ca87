/**
 * What clients of the Hugging Face Hub ask about repositories when `HF_ENDPOINT` is this registry's `/hf`.
 *
 * Checked against `@huggingface/hub` 2.17 (test/routes/hub-client.test.ts) and the sources of `huggingface_hub` of 2026.
 */

import { createRoute, z } from "@hono/zod-openapi";
import { getHubPaths, getHubRecord, getHubTree, getHubUser, listHubRepositories } from "../artifacts/hub/read.ts";
import { RegistryError } from "../errors.ts";
import { HUB_PATHS_MAX } from "../limits.ts";
import { answer, requires } from "./declare.ts";
import { hubRefusals } from "./hub-refusals.ts";
import {
  entriesOf,
  flag,
  HubEntriesSchema,
  HubOwnedSchema,
  HubRecordSchema,
  HubUserSchema,
  kind,
  nextLink,
  PathsSchema,
  path,
  readPaths,
  recordOf,
  repo,
  repoAt,
  revision,
} from "./hub-schemas.ts";
import { createRouter } from "./router.ts";

const whoamiRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/whoami-v2",
  operationId: "HubWhoAmI",
  tags: ["hub"],
  summary: "Whose token it is, for a client's login",
  responses: { 200: answer("Who asks.", HubUserSchema), ...hubRefusals() },
});

/** Which fields a client wants is not heeded: it gets those that there are, the files' sizes only with `blobs`. */
const recordQuery = z.object({ blobs: flag });
const recordResponses = {
  200: answer("The record. Its facts are those of the ingest; its files are those of the bundle.", HubRecordSchema),
  ...hubRefusals("revision_not_found"),
};
const recordRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/{kind}/{repo}",
  operationId: "HubRecord",
  tags: ["hub"],
  summary: "The record of a model or dataset",
  request: { params: z.object({ kind, repo }), query: recordQuery },
  responses: recordResponses,
});
const revisionRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/{kind}/{repo}/revision/{revision}",
  operationId: "HubRecordAtRevision",
  tags: ["hub"],
  summary: "The record of a model or dataset at a revision",
  request: { params: z.object({ kind, repo, revision }), query: recordQuery },
  responses: recordResponses,
});

const treeQuery = z.object({
  recursive: flag,
  expand: flag,
  cursor: z.string().max(4096).default("").openapi({ description: "Of the `Link` of the page before." }),
});
const treeResponses = {
  200: {
    ...answer("A page of files and directories.", HubEntriesSchema),
    headers: z.object({ Link: z.string().optional().openapi({ description: 'The next page: `<url>; rel="next"`.' }) }),
  },
  ...hubRefusals("revision_not_found", "file_not_found"),
};
const treeRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/{kind}/{repo}/tree/{revision}",
  operationId: "HubTree",
  tags: ["hub"],
  summary: "The files and directories of a repository",
  request: { params: z.object({ kind, repo, revision }), query: treeQuery },
  responses: treeResponses,
});
const subtreeRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/{kind}/{repo}/tree/{revision}/{path}",
  operationId: "HubSubtree",
  tags: ["hub"],
  summary: "The files and directories of a directory",
  request: { params: z.object({ kind, repo, revision, path }), query: treeQuery },
  responses: treeResponses,
});

/** Nobody can push yet, so nobody has repositories. Clients show the warning (`topic; text`) to their user. */
const NO_REPOSITORIES = {
  "X-HF-Warning":
    "repositories; This registry takes no pushes, so nobody owns repositories here. POST /artifacts lists it.",
};
const repositoriesAnswer = {
  200: answer("None: repositories belong to who pushes them, and nothing can be pushed.", z.array(HubOwnedSchema)),
  ...hubRefusals(),
};
const repositoriesRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/settings/repositories",
  operationId: "HubRepositories",
  tags: ["hub"],
  summary: "The repositories of who asks, for `hf repos ls`",
  responses: repositoriesAnswer,
});
const organizationRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/hf/api/organizations/{organization}/settings/repositories",
  operationId: "HubOrganizationRepositories",
  tags: ["hub"],
  summary: "The repositories of a namespace, for `hf repos ls --namespace`",
  request: { params: z.object({ organization: z.string().openapi({ param: { name: "organization", in: "path" } }) }) },
  responses: repositoriesAnswer,
});

// Before the records: a whoami is none, and neither are settings.
export const hubRoutes = createRouter({ closedParam: "kind" })
  .openapi(whoamiRoute, (c) => {
    const name = getHubUser(c.var.ctx);
    const auth = { type: "access_token", accessToken: { displayName: name, role: "read" } };
    return c.json({ type: "user" as const, id: name, name, fullname: name, orgs: [], auth }, 200);
  })
  .openapi(repositoriesRoute, (c) => c.json(listHubRepositories(c.var.ctx), 200, NO_REPOSITORIES))
  .openapi(organizationRoute, (c) => c.json(listHubRepositories(c.var.ctx), 200, NO_REPOSITORIES))
  .openapi(recordRoute, async (c) => {
    const record = await getHubRecord(c.var.ctx, repoAt(c.req.valid("param")));
    return c.json(recordOf(record, c.req.valid("query").blobs), 200);
  })
  .openapi(revisionRoute, async (c) => {
    const record = await getHubRecord(c.var.ctx, repoAt(c.req.valid("param")));
    return c.json(recordOf(record, c.req.valid("query").blobs), 200);
  })
  .openapi(treeRoute, async (c) => {
    const { recursive, expand, cursor } = c.req.valid("query");
    const query = { directory: "", recursive, after: cursor };
    const tree = await getHubTree(c.var.ctx, repoAt(c.req.valid("param")), query);
    return c.json(entriesOf(tree, expand), 200, nextLink(c.req.url, tree.next));
  })
  .openapi(subtreeRoute, async (c) => {
    const { path: directory, ...at } = c.req.valid("param");
    const { recursive, expand, cursor } = c.req.valid("query");
    const tree = await getHubTree(c.var.ctx, repoAt(at), { directory, recursive, after: cursor });
    return c.json(entriesOf(tree, expand), 200, nextLink(c.req.url, tree.next));
  });

// Documented here and read by hand: the JavaScript client sends JSON, the Python client a form.
const pathsParams = z.object({ kind, repo, revision });
const { middleware: beforePaths, ...declaredOfPaths } = requires("artifact:read");
hubRoutes.openAPIRegistry.registerPath({
  ...declaredOfPaths,
  method: "post",
  path: "/hf/api/{kind}/{repo}/paths-info/{revision}",
  operationId: "HubPathsInfo",
  tags: ["hub"],
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
hubRoutes.use("/hf/api/:kind/:repo/paths-info/:revision", ...beforePaths);
hubRoutes.post("/hf/api/:kind/:repo/paths-info/:revision", async (c) => {
  const params = pathsParams.safeParse(c.req.param());
  if (!params.success) throw new RegistryError("not_found");
  const asked = PathsSchema.safeParse(readPaths(await c.req.text()));
  if (!asked.success) {
    const detail = `Invalid request: body: expected {"paths": [...]} of 1 to ${HUB_PATHS_MAX} paths`;
    throw new RegistryError("invalid_request", detail);
  }
  const found = await getHubPaths(c.var.ctx, repoAt(params.data), asked.data.paths);
  return c.json(entriesOf(found, asked.data.expand));
});
