/**
 * What every route file starts from.
 *
 * A new route says what it requires (`requires`, `open`), and has an example in test/routes/examples.ts. Then ask of it what no
 * test can know: may it be answered by a replica (middleware/observe.ts); does it want a tighter limit (rate-limit.ts); does
 * it stream its body (streamed-bodies.ts); may a parameter of its path hold slashes (paths.ts)?
 */

import { OpenAPIHono } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { requireAccounts } from "../auth/first-admin.ts";
import type { Context } from "../context.ts";
import type { Env } from "../env.ts";
import { RegistryError } from "../errors.ts";

/** Bindings and variables of a request. */
export interface RouteEnv {
  Bindings: Env;
  Variables: { ctx: Context; requestId: string };
}

/**
 * A router whose validation failures are the contract's 400: the schema's own sentence for the path, and for body and query
 * the place of the first mistake with what is wrong there.
 *
 * @param options `closedParam`: a parameter of the path that stands for a few fixed words; any other word is a path that does
 *   not exist
 */
export function createRouter(options: { closedParam?: string } = {}): OpenAPIHono<RouteEnv> {
  return new OpenAPIHono<RouteEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      if (options.closedParam !== undefined && issue?.path[0] === options.closedParam)
        throw new RegistryError("not_found");
      if (result.target === "param") throw new RegistryError("invalid_request", issue?.message);
      throw malformed(issue, result.target === "json" ? "body" : result.target);
    },
  });
}

/** Before anything is validated: an open registry has neither users nor tokens, whatever is sent. */
export const onlyWithAccounts = createMiddleware<RouteEnv>(async (c, next) => {
  requireAccounts(c.var.ctx);
  await next();
});

/** The refusal of what a schema found wrong: a sentence of the contract's as it is, whatever else with its place. */
export function malformed(
  issue: { path: PropertyKey[]; message: string } = { path: [], message: "malformed" },
  root: string,
): RegistryError {
  const { path, message } = issue;
  if (/^Invalid artifact/.test(message)) return new RegistryError("invalid_request", message);
  return new RegistryError("invalid_request", `Invalid request: ${[root, ...path].map(String).join(".")}: ${message}`);
}
