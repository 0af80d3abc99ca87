/**
 * What every answer carries, whichever route or refusal gives it: its request's id, and what browsers are told.
 *
 * One layer for all of it, and no header that a JSON answer has no use for: eight of them cost a quarter of what the platform
 * takes for answering at all.
 */

import { createMiddleware } from "hono/factory";
import type { RouteEnv } from "../routes/router.ts";
import { EXPOSED_HEADERS } from "./browsers.ts";

const REQUEST_ID = "X-Request-Id";

/** An id of the client's that is fit to be written into receipts, audit and log. */
const FIT = /^[\w\-=]{1,255}$/;

/** The same for all answers. Which origins may read them is CORS's to say, so nothing here forbids it. */
const FIXED = [
  ["Access-Control-Expose-Headers", EXPOSED_HEADERS.join(",")],
  ["Referrer-Policy", "no-referrer"],
  ["Strict-Transport-Security", "max-age=15552000; includeSubDomains"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-Frame-Options", "SAMEORIGIN"],
] as const;

/** Unless the route says otherwise: the documentation loads scripts. */
const CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/** Names the request (`requestId`: the client's, or a new one), and completes the headers of its answer. */
export const completeHeaders = createMiddleware<RouteEnv>(async (c, next) => {
  const given = c.req.header(REQUEST_ID);
  const requestId = given !== undefined && FIT.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  const { headers } = c.res;
  headers.set(REQUEST_ID, requestId);
  for (const [name, value] of FIXED) headers.set(name, value);
  if (!headers.has("Content-Security-Policy")) headers.set("Content-Security-Policy", CONTENT_POLICY);
  const mayBeKept = headers.has("Cache-Control");
  if (!mayBeKept) headers.set("Cache-Control", "no-store");
  // What is kept (a zip, the documentation's files) is kept for the origin that it was answered to; a refusal says so too.
  if ((mayBeKept || c.req.header("origin") !== undefined) && !headers.has("Vary")) headers.set("Vary", "Origin");
});
