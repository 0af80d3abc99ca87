/** Many artifacts: list, by name. Contract §1. */

import { createRoute, z } from "@hono/zod-openapi";
import { findByName, listArtifacts, type Page, search } from "../artifacts/find.ts";
import { ARTIFACT_TYPES } from "../store/artifacts.ts";
import type { ListQuery } from "../store/lists.ts";
import { createRouter } from "./router.ts";
import { answer, ListSchema, MetadataSchema, OffsetSchema, refusals } from "./schemas.ts";

const page = {
  ...answer("A page of artifacts, ascending id.", z.array(MetadataSchema)),
  headers: z.object({
    offset: z.string().optional().openapi({ description: "There is more: send this back as `?offset=`." }),
  }),
};

const listRoute = createRoute({
  method: "post",
  path: "/artifacts",
  operationId: "ArtifactsList",
  tags: ["artifacts"],
  summary: "List the artifacts that any of the queries matches",
  request: {
    query: z.object({ offset: OffsetSchema }),
    body: { required: true, content: { "application/json": { schema: ListSchema } } },
  },
  responses: { 200: page, ...refusals("invalid_request", "unauthenticated", "not_permitted", "body_too_large") },
});

const byNameRoute = createRoute({
  method: "get",
  path: "/artifact/byName/{name}",
  operationId: "ArtifactByNameGet",
  tags: ["artifacts"],
  summary: "Find artifacts by their exact name or source id",
  request: {
    query: z.object({ offset: OffsetSchema }),
    params: z.object({
      name: z
        .string()
        .trim()
        .min(1, "The name must not be empty.")
        .openapi({ param: { name: "name", in: "path" }, example: "google-bert/bert-base-uncased" }),
    }),
  },
  responses: { 200: page, ...refusals("invalid_request", "unauthenticated", "not_permitted") },
});

const byRegExRoute = createRoute({
  method: "post",
  path: "/artifact/byRegEx",
  operationId: "ArtifactByRegExGet",
  tags: ["artifacts"],
  summary: "Find artifacts by a pattern over name, source id and card",
  description:
    "RE2 syntax; `^` and `$` match at lines. One request reads a bounded amount: a page may be short or empty and still have an `offset` to go on from.",
  request: {
    query: z.object({ offset: OffsetSchema }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({ regex: z.string().openapi({ example: "^bert-.*" }) }).openapi("ArtifactRegEx"),
        },
      },
    },
  },
  responses: {
    200: page,
    ...refusals("invalid_request", "invalid_regex", "unauthenticated", "not_permitted", "no_match", "body_too_large"),
  },
});

export const listRoutes = createRouter()
  .openapi(listRoute, async (c) => {
    const body = c.req.valid("json");
    const queries = Array.isArray(body) ? body : body.queries;
    const wanted: ListQuery[] = queries.map(({ name, types }) => ({
      ...(name !== "" && name !== "*" && { name }),
      types: types === undefined || types.length === 0 ? ARTIFACT_TYPES : types,
    }));
    const everything: ListQuery[] = [{ types: ARTIFACT_TYPES }];
    const found = await listArtifacts(
      c.var.ctx,
      wanted.length === 0 ? everything : wanted,
      c.req.valid("query").offset,
    );
    return c.json(found.items, 200, nextHeader(found));
  })
  .openapi(byNameRoute, async (c) => {
    const found = await findByName(c.var.ctx, c.req.valid("param").name, c.req.valid("query").offset);
    return c.json(found.items, 200, nextHeader(found));
  })
  .openapi(byRegExRoute, async (c) => {
    const found = await search(c.var.ctx, c.req.valid("json").regex, c.req.valid("query").offset);
    return c.json(found.items, 200, nextHeader(found));
  });

function nextHeader(found: Page): Record<string, string> {
  return found.next === undefined ? {} : { offset: found.next };
}
