/** What a browser may do here: nothing from another origin, unless the owner named it in ALLOWED_ORIGINS. */

import type { Context as HonoContext } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import type { RouteEnv } from "../routes/router.ts";

const READING = ["GET", "HEAD", "OPTIONS"];

function isAllowed(origin: string, c: HonoContext): boolean {
  const { allowedOrigins } = (c as HonoContext<RouteEnv>).var.ctx.config;
  return allowedOrigins.includes("*") || allowedOrigins.includes(origin);
}

/** Answers preflights and lets the named origins read answers. */
export const allowOrigins = cors({
  origin: (origin, c) => (isAllowed(origin, c) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "DELETE"],
  allowHeaders: [
    "Authorization",
    "X-Authorization",
    "Content-Type",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "Prefer",
    "Repr-Digest",
    "Content-Digest",
    "X-Content-SHA256",
    "X-D1-Bookmark",
  ],
  exposeHeaders: ["offset", "X-Request-Id", "X-D1-Bookmark", "ETag", "Location", "Retry-After"],
  maxAge: 600,
});

/**
 * Refuses writes from pages of other origins. CORS alone does not: a page may send a POST without asking first, and a
 * registry on localhost or behind a company's network is within its reach. Programs send no Origin and are not concerned.
 */
export const refuseForeignWrites = createMiddleware<RouteEnv>(async (c, next) => {
  const origin = c.req.header("origin");
  if (origin !== undefined && !READING.includes(c.req.method)) {
    const isOwn = origin === new URL(c.req.url).origin;
    if (!isOwn && !isAllowed(origin, c)) throw new RegistryError("cross_site");
  }
  await next();
});
