/** Many artifacts: a list, those of a name, what a pattern occurs in. */

import { createRoute, z } from "@hono/zod-openapi";
import { findByName, listArtifacts, search } from "../artifacts/find.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { createRouter } from "./router.ts";
import {
  ListSchema,
  MetadataSchema,
  nextHeader,
  OffsetSchema,
  offsetHeader,
  SearchSchema,
  WantedNameSchema,
} from "./schemas.ts";

const page = { ...answer("A page of artifacts, ascending id.", z.array(MetadataSchema)), headers: offsetHeader };

const listRoute = createRoute({
  ...requires("artifact:read"),
  method: "post",
  path: "/artifacts",
  operationId: "ArtifactsList",
  tags: ["artifacts"],
  summary: "List the artifacts that any of the queries matches",
  request: {
    query: z.object({ offset: OffsetSchema }),
    body: jsonBody(ListSchema),
  },
  responses: { 200: page, ...refusals("body_too_large") },
});

const byNameRoute = createRoute({
  ...requires("artifact:read"),
  method: "get",
  path: "/artifact/byName/{name}",
  operationId: "ArtifactByNameGet",
  tags: ["artifacts"],
  summary: "Find artifacts by their exact name or source id",
  request: {
    query: z.object({ offset: OffsetSchema }),
    params: z.object({
      name: WantedNameSchema.openapi({ param: { name: "name", in: "path" }, example: "google-bert/bert-base-uncased" }),
    }),
  },
  responses: { 200: page, ...refusals() },
});

const byRegExRoute = createRoute({
  ...requires("search"),
  method: "post",
  path: "/artifact/byRegEx",
  operationId: "ArtifactByRegExGet",
  tags: ["artifacts"],
  summary: "Find artifacts by a pattern over name, source id and card",
  description:
    "RE2 syntax; `^` and `$` match at lines. One request reads a bounded amount: a page may be short or empty and still have an `offset` to go on from.",
  request: {
    query: z.object({ offset: OffsetSchema }),
    body: jsonBody(SearchSchema),
  },
  responses: {
    200: page,
    ...refusals("invalid_regex", "no_match", "body_too_large"),
  },
});

export const listRoutes = createRouter()
  .openapi(listRoute, async (c) => {
    const body = c.req.valid("json");
    const queries = Array.isArray(body) ? body : body.queries;
    const found = await listArtifacts(c.var.ctx, queries, c.req.valid("query").offset);
    return c.json(found.items, 200, nextHeader(found.next));
  })
  .openapi(byNameRoute, async (c) => {
    const found = await findByName(c.var.ctx, c.req.valid("param").name, c.req.valid("query").offset);
    return c.json(found.items, 200, nextHeader(found.next));
  })
  .openapi(byRegExRoute, async (c) => {
    const found = await search(c.var.ctx, c.req.valid("json").regex, c.req.valid("query").offset);
    return c.json(found.items, 200, nextHeader(found.next));
  });
