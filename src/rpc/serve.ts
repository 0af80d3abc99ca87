/**
 * The frame of every call from another Worker: who calls, what it asked, what it is told when that fails, one line in the log.
 *
 * Invariant: the same as over HTTP (the verb, its checks, its refusals and the audit); only identity differs, which is the
 * binding's and never an argument's.
 */

import type { z } from "@hono/zod-openapi";
import { actorName, permit } from "../auth/scopes.ts";
import { workerOf } from "../auth/workers.ts";
import { type Context, createContext, logLine } from "../context.ts";
import type { Env } from "../env.ts";
import { toRefusal } from "../errors.ts";
import { malformed } from "../routes/router.ts";
import { permissions } from "./inputs.ts";
import { toRemoteError } from "./refusal.ts";

/** One call: its method's name, its argument as it came, and the Worker that it came to. */
export interface Call {
  method: keyof typeof permissions;
  argument: unknown;
  env: Env;
  execution: Pick<ExecutionContext<unknown>, "props" | "waitUntil">;
}

/**
 * Answers a call. Each begins at the primary database, reads too: there is no answer header to carry a bookmark, and a Worker
 * must find what it has just registered. Who wants replicas calls `fetch`, which has the header.
 *
 * @throws Error as `toRemoteError` makes it
 */
export async function serve<Schema extends z.ZodType, Output>(
  { method, argument, env, execution }: Call,
  schema: Schema,
  run: (ctx: Context, input: z.output<Schema>) => Promise<Output>,
): Promise<Output> {
  const started = Date.now();
  const requestId = crypto.randomUUID();
  const log = logLine(requestId);
  let who = {};
  const done = (level: "info" | "error", outcome: string) =>
    log(level, "call", { method, outcome, ms: Date.now() - started, ...who });
  try {
    const actor = workerOf(execution.props);
    who = { actor: actorName(actor) };
    const waitUntil = (work: Promise<unknown>) => execution.waitUntil(work);
    const ctx = createContext(env, { actor, requestId, waitUntil, log });
    permit(ctx, permissions[method]);
    const input = schema.safeParse(argument);
    if (!input.success) throw malformed(input.error.issues[0], "argument");
    const output = await run(ctx, input.data);
    done("info", "ok");
    return output;
  } catch (error) {
    const refusal = toRefusal(error);
    if (refusal.code === "internal") log("error", "unforeseen_error", { error: String(error), stack: stackOf(error) });
    // A binding that nobody can use is its owner's mistake, and shows in the log of both.
    if (refusal.code === "unauthenticated") log("error", "malformed_binding", { detail: refusal.message });
    done(refusal.status >= 500 ? "error" : "info", refusal.code);
    throw toRemoteError(refusal, requestId);
  }
}

function stackOf(error: unknown): string | undefined {
  return error instanceof Error ? error.stack : undefined;
}
