/** Long-lived tokens for machines, and the sessions beside them. */

import { createRoute, z } from "@hono/zod-openapi";
import { SCOPES } from "../auth/scopes.ts";
import { TOKEN_ID } from "../auth/token-text.ts";
import { issueToken, listTokens, revokeToken } from "../auth/tokens.ts";
import { answer, jsonBody, refusals, requires } from "./declare.ts";
import { createRouter, onlyWithAccounts } from "./router.ts";
import { NameSchema, ScopeSchema, UserNameSchema } from "./schemas.ts";

const view = {
  id: z.string().openapi({ description: "Public: names the token where it is listed and revoked." }),
  kind: z.enum(["session", "token"]).openapi({ description: "`session`: made with a password." }),
  name: z.string().optional(),
  scopes: z.array(ScopeSchema).optional().openapi({ description: "Missing: all that the user may do." }),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime().optional().openapi({ description: "Missing: never." }),
};

const issueRoute = createRoute({
  ...requires("session", onlyWithAccounts),
  method: "post",
  path: "/tokens",
  operationId: "TokenCreate",
  tags: ["access"],
  summary: "Make a long-lived token with some of your scopes",
  request: {
    body: jsonBody(
      z
        .object({
          name: NameSchema.openapi({ description: "What it is for.", example: "nightly build" }),
          scopes: z.array(ScopeSchema).min(1).max(SCOPES.length),
          expires_at: z.iso.datetime().optional().openapi({ description: "Missing: never." }),
        })
        .openapi("TokenRequest"),
    ),
  },
  responses: {
    201: answer(
      "Made. `token` is shown here and never again.",
      z.object({ ...view, token: z.string() }).openapi("NewToken"),
    ),
    ...refusals("too_many_tokens", "body_too_large", "not_supported"),
  },
});

const listRoute = createRoute({
  ...requires("session", onlyWithAccounts),
  method: "get",
  path: "/tokens",
  operationId: "TokensList",
  tags: ["access"],
  summary: "Your tokens and sessions that are still good, newest first",
  request: {
    query: z.object({
      user: UserNameSchema.optional().openapi({ description: "Another user's: for administrators." }),
    }),
  },
  responses: {
    200: answer("Up to a thousand.", z.array(z.object(view).openapi("Token"))),
    ...refusals("not_supported"),
  },
});

const revokeRoute = createRoute({
  ...requires("session", onlyWithAccounts),
  method: "delete",
  path: "/tokens/{id}",
  operationId: "TokenDelete",
  tags: ["access"],
  summary: "Revoke a token or end a session, at once; an administrator anybody's",
  request: {
    params: z.object({
      id: z
        .string()
        .regex(TOKEN_ID, "Invalid token ID.")
        .openapi({ param: { name: "id", in: "path" }, example: "t0123456789abcdef" }),
    }),
  },
  responses: {
    200: answer("Revoked.", z.object({ status: z.literal("revoked"), id: z.string() })),
    ...refusals("token_not_found", "not_supported"),
  },
});

export const tokenRoutes = createRouter()
  .openapi(issueRoute, async (c) => {
    const { name, scopes, expires_at } = c.req.valid("json");
    const expiresAt = expires_at === undefined ? undefined : Date.parse(expires_at);
    return c.json(await issueToken(c.var.ctx, { name, scopes, expiresAt }), 201);
  })
  .openapi(listRoute, async (c) => c.json(await listTokens(c.var.ctx, c.req.valid("query").user), 200))
  .openapi(revokeRoute, async (c) => {
    const { id } = c.req.valid("param");
    await revokeToken(c.var.ctx, id);
    return c.json({ status: "revoked" as const, id }, 200);
  });
