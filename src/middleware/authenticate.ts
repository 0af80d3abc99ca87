/** Who may come in at all. */

import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { verifyDownload } from "../artifacts/links.ts";
import { identify } from "../auth/identify.ts";
import type { Context as ContextOfVerbs } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { ARTIFACT_TYPES } from "../lib/artifact.ts";
import { issuedId } from "../lib/ids.ts";
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

/** What a signed link opens: the bundle, and each file in it. */
const LINKED = /^\/artifacts\/([^/]+)\/([^/]+)\/(?:(download)|files\/[^/]+)$/;

/** The one value of a parameter of the query; empty where there is none, or more than one. */
function only(c: Context<RouteEnv>, name: string): string {
  const [value = "", ...more] = c.req.queries(name) ?? [];
  return more.length > 0 ? "" : value;
}

/**
 * The context of whoever holds the bundle's link, where the query of the link is what the request brings.
 * @throws RegistryError `invalid_signature`, `link_expired`
 */
async function identifyByLink(c: Context<RouteEnv>): Promise<ContextOfVerbs | undefined> {
  if (!["GET", "HEAD"].includes(c.req.method)) return undefined;
  const [path, type, id, isDownload] = LINKED.exec(c.req.path) ?? [];
  // A link reads. With another method there is no such route, which is for the router to say.
  if (
    path === undefined ||
    !["GET", "HEAD"].includes(c.req.method) ||
    (!isDownload && c.req.queries("signature") === undefined)
  )
    return undefined;
  const artifact = { type: ARTIFACT_TYPES.find((known) => known === type), id: issuedId(id ?? "") };
  if (artifact.type === undefined || artifact.id === undefined) {
    // No link can be for it. The route of the bundle is open, and says what is wrong with its path.
    if (isDownload) return undefined;
    throw new RegistryError("invalid_signature");
  }
  const link = { expires: only(c, "expires"), signature: only(c, "signature") };
  return verifyDownload(c.var.ctx, { type: artifact.type, id: artifact.id }, link);
}

/**
 * `AUTH=off`: everyone is anonymous, and tokens are ignored. `AUTH=required`: whoever has no good token is refused before
 * anything is looked up, parsed or routed. Tokens are looked up at the primary, whatever session the request itself has: a
 * replica may not yet know of a revocation. A link is verified either way.
 */
export const authenticate = createMiddleware<RouteEnv>(async (c, next) => {
  const { ctx } = c.var;
  const holder = await identifyByLink(c);
  if (holder) c.set("ctx", holder);
  else if (ctx.config.auth === "required" && !isOpen(c)) {
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
