/** Who may come in at all. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { identify } from "../auth/identify.ts";
import { leadsToDocs } from "../routes/docs.ts";
import type { RouteEnv } from "../routes/router.ts";
import { isGitRequest } from "../routes/unrouted.ts";

/**
 * What anyone may ask: is it up, what can it do, who am I; and what carries its own permission, the signed download link.
 * Everything else is closed, also what does not exist, and what is added tomorrow.
 */
const OPEN_TO_ALL =
  /^\/(health(\/.*)?|openapi\.json|docs(\/.*)?|tracks|authenticate|favicon\.ico|artifacts\/[^/]+\/[^/]+\/download)$/;

/**
 * Whether a request needs no token: those above, what only says that git is not served (git would ask its user for a password
 * first), and where a browser begins.
 */
function isOpen(c: Context<RouteEnv>): boolean {
  return OPEN_TO_ALL.test(c.req.path) || isGitRequest(c.req) || leadsToDocs(c.req.path, c.req.header("accept"));
}

/** A file in a bundle. */
const FILE = /^\/artifacts\/[^/]+\/[^/]+\/files\/[^/]+$/;

/** Whether the query of the bundle's link is the permission, which its route verifies. */
function hasLink(c: Context<RouteEnv>): boolean {
  return FILE.test(c.req.path) && c.req.query("signature") !== undefined;
}

/**
 * `AUTH=off`: everyone is anonymous, and tokens are ignored. `AUTH=required`: whoever has no good token is refused before
 * anything is looked up, parsed or routed. Tokens are looked up at the primary, whatever session the request itself has: a
 * replica may not yet know of a revocation.
 */
export const authenticate = createMiddleware<RouteEnv>(async (c, next) => {
  const { ctx } = c.var;
  if (ctx.config.auth === "required" && !isOpen(c) && !hasLink(c)) {
    const actor = await identify(
      { ...ctx, db: c.env.DB },
      {
        xAuthorization: c.req.header("x-authorization"),
        authorization: c.req.header("authorization"),
        assertion: c.req.header("cf-access-jwt-assertion"),
      },
    );
    c.set("ctx", { ...ctx, actor });
  }
  await next();
});
