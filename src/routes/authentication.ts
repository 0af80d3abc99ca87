/** Tokens for users. Contract §1, PUT /authenticate: this version issues none. */

import { createRoute } from "@hono/zod-openapi";
import { RegistryError } from "../errors.ts";
import { createRouter } from "./router.ts";
import { refusals } from "./schemas.ts";

const authenticateRoute = createRoute({
  method: "put",
  path: "/authenticate",
  operationId: "CreateAuthToken",
  tags: ["access"],
  summary: "Not supported: an open registry ignores tokens, a closed one issues none yet",
  responses: refusals("unauthenticated", "not_supported"),
});

export const authenticationRoutes = createRouter().openapi(authenticateRoute, () => {
  throw new RegistryError("not_supported");
});
