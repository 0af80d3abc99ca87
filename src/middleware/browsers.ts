/** What a browser may do here: nothing from another origin, unless the owner named it in ALLOWED_ORIGINS. */

import type { Context as HonoContext } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import type { RouteEnv } from "../routes/router.ts";

const READING = ["GET", "HEAD", "OPTIONS"];

/** What a page that may read an answer may read of its headers. */
export const EXPOSED_HEADERS = [
  "offset",
  "X-Request-Id",
  "X-D1-Bookmark",
  "ETag",
  "Location",
  "Retry-After",
  "Content-Range",
  "X-Repo-Commit",
  "X-Linked-Size",
  "X-Linked-ETag",
  "X-Error-Code",
  "X-Error-Message",
  "Link",
] as const;

function isAllowed(origin: string, c: HonoContext): boolean {
  const { allowedOrigins } = (c as HonoContext<RouteEnv>).var.ctx.config;
  return allowedOrigins.includes("*") || allowedOrigins.includes(origin);
}

/** Answers preflights and lets the named origins read answers. */
const allowOrigins = cors({
  origin: (origin, c) => (isAllowed(origin, c) ? origin : null),
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
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
    "X-Request-Id",
  ],
  maxAge: 600,
});

/**
 * CORS, and writes from pages of other origins refused. CORS alone does not refuse them: a page may send a POST without
 * asking first, and a registry on localhost or behind a company's network is within its reach. Programs send no Origin and
 * are not concerned.
 */
export const guardOrigins = createMiddleware<RouteEnv>((c, next) => {
  const origin = c.req.header("origin");
  if (origin === undefined && c.req.method !== "OPTIONS") return next();
  return allowOrigins(c, () => {
    const isWrite = origin !== undefined && !READING.includes(c.req.method);
    if (isWrite && origin !== new URL(c.req.url).origin && !isAllowed(origin, c)) throw new RegistryError("cross_site");
    return next();
  });
});
