/** Who may come in at all. */

import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import type { RouteEnv } from "../routes/router.ts";

/** What anyone may ask: is it up, what can it do; and what carries its own permission, the signed download link. */
const OPEN_TO_ALL = /^\/(health(\/.*)?|openapi\.json|docs(\/.*)?|tracks|artifacts\/[^/]+\/[^/]+\/download)$/;

/** A file in a bundle: the query of the bundle's link is permission for it, too. */
const FILE = /^\/artifacts\/[^/]+\/[^/]+\/files\/[^/]+$/;

/**
 * `AUTH=off`: everyone is anonymous, and tokens are ignored. `AUTH=required`: nobody has a token yet, so everything but the
 * open routes is refused, before anything is looked up.
 */
export const authenticate = createMiddleware<RouteEnv>(async (c, next) => {
  const hasLink = FILE.test(c.req.path) && c.req.query("signature") !== undefined;
  if (c.var.ctx.config.auth === "required" && !hasLink && !OPEN_TO_ALL.test(c.req.path))
    throw new RegistryError("unauthenticated");
  await next();
});
