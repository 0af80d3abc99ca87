/** The HTTP door: which layers a request passes, in which order, and what an error looks like. */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { permit } from "./auth/scopes.ts";
import { logLine } from "./context.ts";
import { RegistryError, toRefusal } from "./errors.ts";
import { authenticate } from "./middleware/authenticate.ts";
import { guardOrigins } from "./middleware/browsers.ts";
import { completeHeaders } from "./middleware/headers.ts";
import { guardHosts } from "./middleware/hosts.ts";
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
import { fileRoutes } from "./routes/files.ts";
import { healthRoutes } from "./routes/health.ts";
import { hubRoutes } from "./routes/hub.ts";
import { hubFileRoutes } from "./routes/hub-files.ts";
import { hubRefusal, isHubPath } from "./routes/hub-refusals.ts";
import { listRoutes } from "./routes/lists.ts";
import { mirrorRoutes } from "./routes/mirrors.ts";
import { registrationRoutes } from "./routes/registrations.ts";
import type { RouteEnv } from "./routes/router.ts";
import { summaryRoutes } from "./routes/summary.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { trustRoutes } from "./routes/trust.ts";
import { isGitRequest, refuseUnrouted } from "./routes/unrouted.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { userRoutes } from "./routes/users.ts";

/** Builds the application. */
export function createApp(): OpenAPIHono<RouteEnv> {
  const app = new OpenAPIHono<RouteEnv>({ getPath: routedPath });

  app.use(completeHeaders);
  app.use(observe);
  app.use(guardHosts);
  app.use(guardOrigins);
  app.use(limitAddress);
  app.use(authenticate);
  app.use(limitActor);

  for (const routes of [
    authenticationRoutes,
    tokenRoutes,
    userRoutes,
    deletionRoutes,
    listRoutes,
    trustRoutes,
    artifactRoutes,
    registrationRoutes,
    summaryRoutes,
    contentRoutes,
    uploadRoutes,
    auditRoutes,
    mirrorRoutes,
    downloadRoutes,
    fileRoutes,
    hubRoutes,
    hubFileRoutes,
    healthRoutes,
  ])
    app.route("/", routes);
  app.get("/artifact/byName/", (c) => {
    permit(c.var.ctx, "artifact:read");
    throw new RegistryError("invalid_request", "The name must not be empty.");
  });
  addDocs(app);

  const methodsOf = methodTable(app.routes);
  app.notFound((c) => refuse(c, refuseUnrouted(c.req, methodsOf(c.req.path))));
  app.onError((error, c) => {
    const isBadJson = error instanceof HTTPException && error.status === 400;
    const refusal = isBadJson
      ? new RegistryError("invalid_request", "Invalid request: body: not valid JSON.")
      : toRefusal(error);
    if (refusal.code === "internal") {
      // A wrong configuration leaves no context; that above all must be in the log.
      const log = c.var.ctx?.log ?? logLine(c.var.requestId);
      log("error", "unforeseen_error", { error: String(error), stack: error.stack });
    }
    const why = refusal.extra["reason"] ?? refusal.cause;
    if (refusal.status === 502 && why !== undefined) {
      c.var.ctx.log("warn", "upstream_failed", { code: refusal.code, reason: String(why) });
    }
    return refuse(c, refusal);
  });
  return app;
}

/** A refusal as the caller's protocol has it. */
function refuse(c: Context<RouteEnv>, refusal: RegistryError): Response {
  if (!isHubPath(c.req.path)) {
    return c.json(refusal.body(), refusal.status, { ...refusal.headers, "X-Error-Code": refusal.code });
  }
  const { body, status, headers } = hubRefusal(refusal);
  // Git shows the body of a refusal to its user only if it is plain text.
  return isGitRequest(c.req) ? c.text(`${refusal.message}\n`, status, headers) : c.json(body, status, headers);
}

/** The application of this Worker: what it serves to the world, and to other Workers that call it by `fetch`. */
export const app = createApp();
