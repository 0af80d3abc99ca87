/** Makes the context of a request, and writes one line when it is answered. */

import type { Context as HonoContext } from "hono";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { actorName } from "../auth/scopes.ts";
import { readConfig } from "../config.ts";
import { createContext } from "../context.ts";
import type { RouteEnv } from "../routes/router.ts";

const BOOKMARK = "X-D1-Bookmark";

/** Reads that may come from a replica. Everything else (writes, and the checks that go with them; bytes out of bundles; who may come in; what a client polls that holds a 202 but no bookmark) asks the primary. */
const READS =
  /^(GET|HEAD) (?!.*\/(?:download$|content\/|files\/)|\/hf\/.*\/(?:resolve|raw)\/|\/(?:users|tokens)$|\/registrations\/)|^POST \/(artifacts|artifact\/byRegEx|hf\/.*)$/;

/**
 * A session of the database. A client that sends the bookmark of an earlier answer back reads at least that state, its own
 * writes included; one that does not may read a state that is a moment old, where the owner has switched replicas on.
 */
function openSession(c: HonoContext<RouteEnv>): D1DatabaseSession {
  if (!READS.test(`${c.req.method} ${c.req.path}`)) return c.env.DB.withSession("first-primary");
  const bookmark = c.req.header(BOOKMARK);
  return c.env.DB.withSession(bookmark && /^[\w-]{1,128}$/.test(bookmark) ? bookmark : "first-unconstrained");
}

/**
 * Sets `ctx` for everything below. The log line has the route's pattern and the path, never the query (signed links) nor a
 * header (tokens).
 */
export const observe = createMiddleware<RouteEnv>(async (c, next) => {
  const started = Date.now();
  const session = openSession(c);
  const ctx = createContext(c.env, {
    actor: { kind: readConfig(c.env).auth === "off" ? "anonymous" : "nobody" },
    requestId: c.var.requestId,
    db: session,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  });
  c.set("ctx", ctx);
  await next();
  const bookmark = session.getBookmark();
  if (bookmark !== null) c.res.headers.set(BOOKMARK, bookmark);
  ctx.log(c.res.status >= 500 ? "error" : "info", "request", {
    method: c.req.method,
    path: c.req.path,
    route: routePath(c, -1),
    status: c.res.status,
    ms: Date.now() - started,
    actor: actorName(c.var.ctx.actor),
  });
});
