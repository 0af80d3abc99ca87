/**
 * What every answer carries, whichever route or refusal gives it: its request's id, and what browsers are told.
 *
 * One layer and one table for all of it: each layer that touches the headers of an answer costs as much as finding its route.
 */

import { createMiddleware } from "hono/factory";
import type { RouteEnv } from "../routes/router.ts";
import { EXPOSED_HEADERS } from "./browsers.ts";

const REQUEST_ID = "X-Request-Id";

/** An id of the client's that is fit to be written into receipts, audit and log. */
const FIT = /^[\w\-=]{1,255}$/;

/** The same for all answers. Which origins may read them is CORS's to say, so nothing here forbids it. */
const FIXED = [
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["Referrer-Policy", "no-referrer"],
  ["Strict-Transport-Security", "max-age=15552000; includeSubDomains"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-DNS-Prefetch-Control", "off"],
  ["X-Download-Options", "noopen"],
  ["X-Frame-Options", "SAMEORIGIN"],
  ["X-Permitted-Cross-Domain-Policies", "none"],
  ["X-XSS-Protection", "0"],
  ["Access-Control-Expose-Headers", EXPOSED_HEADERS.join(",")],
] as const;

/** Unless the route says otherwise: the documentation loads scripts, and a zip may be kept. */
const DEFAULTS = [
  ["Cache-Control", "no-store"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
  ["Vary", "Origin"],
] as const;

/** Names the request (`requestId`: the client's, or a new one), and completes the headers of its answer. */
export const completeHeaders = createMiddleware<RouteEnv>(async (c, next) => {
  const given = c.req.header(REQUEST_ID);
  const requestId = given !== undefined && FIT.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  const { headers } = c.res;
  headers.set(REQUEST_ID, requestId);
  for (const [name, value] of FIXED) headers.set(name, value);
  for (const [name, value] of DEFAULTS) if (!headers.has(name)) headers.set(name, value);
});
