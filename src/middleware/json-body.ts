/** Bodies: small, not deep, and JSON whatever they are labelled. */

import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import { depthOf } from "../lib/json-depth.ts";
import { JSON_BODY_MAX_BYTES, REQUEST_JSON_MAX_DEPTH } from "../limits.ts";
import type { RouteEnv } from "../routes/router.ts";
import { streamsBody } from "./streamed-bodies.ts";

/** 413 before anything is parsed. It buffers bodies without a length, so it is for JSON routes only. */
const limitBody = bodyLimit({
  maxSize: JSON_BODY_MAX_BYTES,
  onError: () => {
    throw new RegistryError("body_too_large", `The request body is larger than ${JSON_BODY_MAX_BYTES} bytes.`);
  },
});

const WITH_BODY = ["POST", "PUT", "PATCH"];

/**
 * Bounds a body and labels it as the JSON that every route with a body takes, but for those that stream theirs. `curl -d`
 * calls its body a form and `fetch` calls a string plain text; a body that is no JSON is refused by its content. One that is
 * nested deeper than anything here understands is refused before a parser or a schema walks down into it. Other methods have
 * no body that is read.
 */
export const takeJson = createMiddleware<RouteEnv>((c, next) => {
  if (!WITH_BODY.includes(c.req.method) || streamsBody(c.req)) return next();
  return limitBody(c, async () => {
    if (c.req.header("content-type") !== "application/json") {
      const headers = new Headers(c.req.raw.headers);
      headers.set("Content-Type", "application/json");
      c.req.raw = new Request(c.req.raw, { headers });
    }
    if (depthOf(await c.req.text()) > REQUEST_JSON_MAX_DEPTH) {
      throw new RegistryError("invalid_request", "Invalid request: body: nested too deeply.");
    }
    return next();
  });
});
