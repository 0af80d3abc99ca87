/** Bodies: small, and JSON whatever they are labelled. */

import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import { depthOf } from "../lib/json-depth.ts";
import { JSON_BODY_MAX_BYTES, REQUEST_JSON_MAX_DEPTH } from "../limits.ts";
import type { RouteEnv } from "../routes/router.ts";
import { streamsBody } from "./streamed-bodies.ts";

const limitJson = bodyLimit({
  maxSize: JSON_BODY_MAX_BYTES,
  onError: () => {
    throw new RegistryError("body_too_large", `The request body is larger than ${JSON_BODY_MAX_BYTES} bytes.`);
  },
});

/** 400 for a body that is nested deeper than anything here understands, before a parser or a schema walks down into it. */
export const boundDepth = createMiddleware<RouteEnv>(async (c, next) => {
  const sendsBody = c.req.method === "POST" || c.req.method === "PUT";
  if (sendsBody && !streamsBody(c.req) && depthOf(await c.req.text()) > REQUEST_JSON_MAX_DEPTH) {
    throw new RegistryError("invalid_request", "Invalid request: body: nested too deeply.");
  }
  await next();
});

/** 413 before anything is parsed. It buffers bodies without a length, so it is for JSON routes only. */
export const limitBody = createMiddleware<RouteEnv>((c, next) => (streamsBody(c.req) ? next() : limitJson(c, next)));

/**
 * Labels a body as the JSON that every other route with a body takes. `curl -d` calls its body a form and `fetch` calls a string
 * plain text; a body that is no JSON is refused by its content.
 */
export const assumeJson = createMiddleware<RouteEnv>(async (c, next) => {
  const sendsBody = c.req.method === "POST" || c.req.method === "PUT";
  if (sendsBody && !streamsBody(c.req) && c.req.header("content-type") !== "application/json") {
    const headers = new Headers(c.req.raw.headers);
    headers.set("Content-Type", "application/json");
    c.req.raw = new Request(c.req.raw, { headers });
  }
  await next();
});
