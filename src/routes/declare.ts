/** How a route is declared for the document: what it requires, what it takes, what it answers and refuses. */

import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { type Permission, permit } from "../auth/scopes.ts";
import { type ErrorCode, refusalOf } from "../errors.ts";
import { takeJson } from "../middleware/json-body.ts";
import type { RouteEnv } from "./router.ts";
import { FindingSchema } from "./schemas.ts";

/** The ways to say who is asking, by their names in the document. */
const SCHEMES = ["XAuthorization", "Authorization", "CloudflareAccess"];

/**
 * What a route asks of whoever calls it: the same permission that its verb begins with, which a test compares. It is asked
 * before the path, the query, the headers or the body are validated, so that a caller who may not do this learns nothing of
 * how it is done. A route says this or `open`.
 *
 * @param before what else runs before the request is validated
 */
export function requires(permission: Permission, ...before: MiddlewareHandler<RouteEnv>[]) {
  const permitted = createMiddleware<RouteEnv>(async (c, next) => {
    permit(c.var.ctx, permission);
    await next();
  });
  return {
    security: SCHEMES.map((scheme) => ({ [scheme]: [permission] })),
    "x-required-scope": permission,
    middleware: [permitted, ...before, takeJson],
  };
}

/** A route that anyone may call. */
export function open(...before: MiddlewareHandler<RouteEnv>[]) {
  return { security: [], middleware: [...before, takeJson] };
}

/** A metric that keeps a model out. */
const FailingSchema = z
  .object({
    metric: z.string(),
    score: z.number().optional().openapi({ description: "Missing where it is not available." }),
    least: z.number(),
    reason: z.string().optional().openapi({ description: "Why it is not available." }),
  })
  .openapi("FailingMetric");

export const ErrorSchema = z
  .object({
    detail: z.string(),
    reason: z.string().optional().openapi({ description: "Why, where `detail` is a fixed text." }),
    id: z.string().optional().openapi({ description: "Of the artifact that exists already." }),
    failing: z
      .array(FailingSchema)
      .optional()
      .openapi({ description: "Of a gate refusal: the metrics below their minimum." }),
    evidence: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: "Of a gate refusal: how each of these came about, as in `rate?explain=true`." }),
  })
  .openapi("Error");

/** A refusal that says what was found in a zip, where that is why. */
const UploadRefusalSchema = ErrorSchema.extend({ findings: z.array(FindingSchema).optional() }).openapi(
  "UploadRefusal",
);

/** What a refusal may say beside `detail`. */
function schemaOf(codes: readonly ErrorCode[]) {
  return codes.includes("upload_refused") ? UploadRefusalSchema : ErrorSchema;
}

/** A JSON answer for the document. */
export function answer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

/** A body in JSON, for the document. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
}

/** The header of every refusal: which of these it is. */
export function errorCodeHeader(codes: readonly string[]) {
  return z.object({
    "X-Error-Code": z.enum([...new Set(codes)]).openapi({ description: "The refusal, for programs." }),
  });
}

/** The refusals of a route that asks for a permission, by status: those that every such route has, and its own. */
export function refusals(...codes: ErrorCode[]) {
  return openRefusals("invalid_request", "unauthenticated", "not_permitted", ...codes);
}

/** The refusals of a route that anyone may call, by status; 421, 429 and 500 are every route's. */
export function openRefusals(...codes: ErrorCode[]) {
  const byStatus = Map.groupBy(
    [...codes, "host_not_allowed" as const, "too_many_requests" as const, "internal" as const],
    (code) => refusalOf(code).status,
  );
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: [...new Set(group.map((code) => refusalOf(code).detail))].join(" / "),
        headers: errorCodeHeader(group),
        content: { "application/json": { schema: schemaOf(group) } },
      },
    ]),
  );
}
