/** How a route is declared for the document: what it requires, what it takes, what it answers and refuses. */

import { z } from "@hono/zod-openapi";
import type { Permission } from "../auth/scopes.ts";
import { type ErrorCode, refusalOf } from "../errors.ts";
import { FindingSchema } from "./schemas.ts";

/** The ways to say who is asking, by their names in the document. */
const SCHEMES = ["XAuthorization", "Authorization", "CloudflareAccess"];

/**
 * What a route asks of whoever calls it, for the document: the same permission that its verb begins with, which a test
 * compares. A route says this or `OPEN`.
 */
export function requires(permission: Permission) {
  return {
    security: SCHEMES.map((scheme) => ({ [scheme]: [permission] })),
    "x-required-scope": permission,
  };
}

/** A route that anyone may call. */
export const OPEN = { security: [] };

const ErrorSchema = z.object({ detail: z.string() }).openapi("Error");

/** A refusal that says what was found in a zip, where that is why. */
const UploadRefusalSchema = ErrorSchema.extend({ findings: z.array(FindingSchema).optional() }).openapi(
  "UploadRefusal",
);

/** A JSON answer for the document. */
export function answer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { "application/json": { schema } } };
}

/** A body in JSON, for the document. */
export function jsonBody<T extends z.ZodType>(schema: T) {
  return { required: true, content: { "application/json": { schema } } };
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
        content: {
          "application/json": { schema: group.includes("upload_refused") ? UploadRefusalSchema : ErrorSchema },
        },
      },
    ]),
  );
}
