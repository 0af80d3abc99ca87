/** The outermost layer: makes the context of a request, and writes one line when it is answered. */

import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { actorName, createContext } from "../context.ts";
import type { RouteEnv } from "../routes/router.ts";

/**
 * Sets `ctx` for everything below. The log line has the route's pattern and the path, never the query (signed links) nor a
 * header (tokens).
 */
export const observe = createMiddleware<RouteEnv>(async (c, next) => {
  const started = Date.now();
  const ctx = createContext(c.env, {
    actor: { kind: "anonymous" },
    requestId: c.var.requestId,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  });
  c.set("ctx", ctx);
  await next();
  ctx.log(c.res.status >= 500 ? "error" : "info", "request", {
    method: c.req.method,
    path: c.req.path,
    route: routePath(c, -1),
    status: c.res.status,
    ms: Date.now() - started,
    actor: actorName(c.var.ctx.actor),
  });
});
