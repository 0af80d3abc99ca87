/** Bodies: small, not deep, and JSON whatever they are labelled. */

import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { RegistryError, refusalOf } from "../errors.ts";
import { depthOf } from "../lib/json-depth.ts";
import { HUB_PATHS_BODY_MAX_BYTES, JSON_BODY_MAX_BYTES, REQUEST_JSON_MAX_DEPTH } from "../limits.ts";
import type { RouteEnv } from "../routes/router.ts";
import { streamsBody } from "./streamed-bodies.ts";

/** 413 before anything is parsed. It buffers bodies without a length, so it is for JSON routes only. */
const limitBody = (maxSize: number) =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw new RegistryError("body_too_large", `The request body is larger than ${maxSize} bytes.`);
    },
  });
const limitJson = limitBody(JSON_BODY_MAX_BYTES);
const limitPaths = limitBody(HUB_PATHS_BODY_MAX_BYTES);

const WITH_BODY = ["POST", "PUT", "PATCH"];

/** Where somebody sends a zip in a form, as `curl -F` does: stored, the form would be no zip. */
function refuseForm(request: { method: string; path: string }): void {
  if (streamsBody(request)) throw new RegistryError("unsupported_media_type");
  if (/^\/artifact\/[^/]+\/upload$/.test(request.path)) {
    const detail = `${refusalOf("unsupported_media_type").detail} to the Location that POST {"name": "..."} answers here.`;
    throw new RegistryError("unsupported_media_type", detail);
  }
}

/**
 * Bounds a body and labels it as the JSON that every route with a body takes, but for those that stream theirs. `curl -d`
 * calls its body a form and `fetch` calls a string plain text; a body that is no JSON is refused by its content. One that is
 * nested deeper than anything here understands is refused before a parser or a schema walks down into it. Other methods have
 * no body that is read. A middleware of the routes: a request that no route takes is refused for that, whatever its size.
 */
export const takeJson = createMiddleware<RouteEnv>((c, next) => {
  const { method, path } = c.req;
  if (!WITH_BODY.includes(method)) return next();
  if (/^multipart\/form-data\b/i.test(c.req.header("content-type") ?? "")) refuseForm(c.req);
  if (streamsBody(c.req)) return next();
  const limit = /^\/hf\/api\/.*\/paths-info\//.test(path) ? limitPaths : limitJson;
  return limit(c, async () => {
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
