/** Bodies: small, and JSON whatever they are labelled. */

import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { RegistryError } from "../errors.ts";
import { JSON_BODY_MAX_BYTES } from "../limits.ts";
import type { RouteEnv } from "../routes/router.ts";

/** 413 before anything is parsed. It buffers bodies without a length, so it is for JSON routes only. */
const limitBody = bodyLimit({
  maxSize: JSON_BODY_MAX_BYTES,
  onError: () => {
    throw new RegistryError("body_too_large", `The request body is larger than ${JSON_BODY_MAX_BYTES} bytes.`);
  },
});

/**
 * Bounds a body and labels it as the JSON that every route with a body takes. `curl -d` calls its body a form and `fetch`
 * calls a string plain text; a body that is no JSON is refused by its content. Other methods have no body that is read.
 */
export const takeJson = createMiddleware<RouteEnv>((c, next) => {
  if (c.req.method !== "POST" && c.req.method !== "PUT") return next();
  return limitBody(c, () => {
    if (c.req.header("content-type") !== "application/json") {
      const headers = new Headers(c.req.raw.headers);
      headers.set("Content-Type", "application/json");
      c.req.raw = new Request(c.req.raw, { headers });
    }
    return next();
  });
});
