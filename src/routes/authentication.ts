/** A session for a name and a password. Contract: PUT /authenticate. */

import { createRoute, z } from "@hono/zod-openapi";
import { logIn } from "../auth/log-in.ts";
import { PASSWORD_MAX_CHARS } from "../limits.ts";
import { answer, jsonBody, open, openRefusals } from "./declare.ts";
import { createRouter, onlyWithAccounts } from "./router.ts";

const authenticateRoute = createRoute({
  ...open(onlyWithAccounts),
  method: "put",
  path: "/authenticate",
  operationId: "CreateAuthToken",
  tags: ["access"],
  summary: "A token for a name and a password: good for ten hours or a thousand calls",
  request: {
    body: jsonBody(
      z
        .object({
          user: z.object({
            name: z.string().min(1).max(PASSWORD_MAX_CHARS),
            is_admin: z.boolean().openapi({
              description: "Makes nobody an administrator: what a user may do, the registry knows.",
            }),
          }),
          secret: z.object({ password: z.string().min(1).max(PASSWORD_MAX_CHARS) }),
        })
        .openapi("AuthenticationRequest"),
    ),
  },
  responses: {
    200: answer(
      "The token, as it goes into `X-Authorization`.",
      z.string().openapi("AuthenticationToken", { example: "bearer hf_tmr_s0123456789abcdef_…" }),
    ),
    ...openRefusals("invalid_request", "invalid_credentials", "unauthenticated", "body_too_large", "not_supported"),
  },
});

export const authenticationRoutes = createRouter().openapi(authenticateRoute, async (c) => {
  const { user, secret } = c.req.valid("json");
  return c.json(await logIn(c.var.ctx, user.name, secret.password), 200);
});
