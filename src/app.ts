/** The HTTP door: which layers a request passes, in which order, and what an error looks like. */

import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { logLine } from "./context.ts";
import { RegistryError } from "./errors.ts";
import { authenticate } from "./middleware/authenticate.ts";
import { allowOrigins, refuseForeignWrites } from "./middleware/browsers.ts";
import { assumeJson, boundDepth, limitBody } from "./middleware/json-body.ts";
import { observe } from "./middleware/observe.ts";
import { methodTable, routedPath } from "./middleware/paths.ts";
import { limitActor, limitAddress } from "./middleware/rate-limit.ts";
import { artifactRoutes } from "./routes/artifacts.ts";
import { auditRoutes } from "./routes/audit.ts";
import { authenticationRoutes } from "./routes/authentication.ts";
import { contentRoutes } from "./routes/content.ts";
import { deletionRoutes } from "./routes/deletions.ts";
import { addDocs } from "./routes/docs.ts";
import { downloadRoutes } from "./routes/download.ts";
import { healthRoutes } from "./routes/health.ts";
import { listRoutes } from "./routes/lists.ts";
import type { RouteEnv } from "./routes/router.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { trustRoutes } from "./routes/trust.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { userRoutes } from "./routes/users.ts";

/** What an answer says unless its route says otherwise: the documentation loads scripts, and a zip may be kept. */
const DEFAULT_HEADERS = [
  ["Cache-Control", "no-store"],
  ["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
] as const;

/** Builds the application. */
export function createApp(): OpenAPIHono<RouteEnv> {
  const app = new OpenAPIHono<RouteEnv>({ getPath: routedPath });

  app.use(requestId());
  app.use(
    secureHeaders({
      // A page of an allowed origin may read answers; CORS says which.
      crossOriginResourcePolicy: false,
    }),
  );
  app.use(async (c, next) => {
    await next();
    for (const [header, value] of DEFAULT_HEADERS) if (!c.res.headers.has(header)) c.res.headers.set(header, value);
  });
  app.use(observe);
  app.use(allowOrigins);
  app.use(refuseForeignWrites);
  app.use(limitAddress);
  app.use(authenticate);
  app.use(limitActor);
  app.use(limitBody);
  app.use(assumeJson);
  app.use(boundDepth);

  for (const routes of [
    authenticationRoutes,
    tokenRoutes,
    userRoutes,
    deletionRoutes,
    listRoutes,
    trustRoutes,
    artifactRoutes,
    contentRoutes,
    uploadRoutes,
    auditRoutes,
    downloadRoutes,
    healthRoutes,
  ])
    app.route("/", routes);
  app.get("/artifact/byName/", () => {
    throw new RegistryError("invalid_request", "The name must not be empty.");
  });
  addDocs(app);

  const methodsOf = methodTable(app.routes);
  app.notFound((c) => {
    const methods = methodsOf(c.req.path);
    const refusal =
      methods.length === 0
        ? new RegistryError("not_found")
        : new RegistryError("method_not_allowed", undefined, { headers: { Allow: methods.join(", ") } });
    return c.json(refusal.body(), refusal.status, refusal.headers);
  });
  app.onError((error, c) => {
    const refusal = toRefusal(error);
    if (refusal.code === "internal") {
      // A wrong configuration leaves no context; that above all must be in the log.
      const log = c.var.ctx?.log ?? logLine(c.var.requestId);
      log("error", "unforeseen_error", { error: String(error), stack: error.stack });
    }
    return c.json(refusal.body(), refusal.status, refusal.headers);
  });
  return app;
}

/** What the caller is told of an error: its own text for a refusal of ours, nothing of an unforeseen one's. */
function toRefusal(error: Error): RegistryError {
  if (error instanceof RegistryError) return error;
  if (error instanceof HTTPException && error.status === 400) {
    return new RegistryError("invalid_request", "Invalid request: body: not valid JSON.");
  }
  return new RegistryError("internal");
}
