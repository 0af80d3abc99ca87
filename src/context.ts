/**
 * What every verb works with, made once at the door (HTTP, cron, RPC) and handed on.
 *
 * Invariant: verbs reach the outside only through this; they never see a request, a binding of their own or the clock.
 */

import { type Actor, actorName, isAdmin } from "./auth/scopes.ts";
import { type Config, type Database, readConfig } from "./config.ts";
import type { Env } from "./env.ts";

/** Who asks, when (milliseconds since 1970), in which request: what receipts and audit write down. */
export interface Requester {
  actor: string;
  isAdmin: boolean;
  requestId: string;
  at: number;
}

/** The requester of a context, now. */
export function requester(ctx: Context): Requester {
  return { actor: actorName(ctx.actor), isAdmin: isAdmin(ctx.actor), requestId: ctx.requestId, at: ctx.now() };
}

/** Writes one structured line; never given a token, a password or a signed query. */
export type Log = (level: "info" | "warn" | "error", event: string, fields?: Record<string, unknown>) => void;

/** The context of one request or one cron run. */
export interface Context {
  db: Database;
  blobs: R2Bucket;
  /** Starts the copying of a whole repository, and knows what became of it. */
  mirrors: Pick<Env["MIRRORS"], "create" | "get">;
  config: Config;
  actor: Actor;
  requestId: string;
  /** Milliseconds since 1970. */
  now: () => number;
  log: Log;
  /** Work that the answer does not wait for. Its failure is logged and must be something that the sweep makes good. */
  defer: (work: Promise<unknown>) => void;
}

/** Builds the context at a door. */
export function createContext(
  env: Env,
  door: {
    actor: Actor;
    requestId: string;
    waitUntil: (work: Promise<unknown>) => void;
    /** The database, or a session of it; without it the primary. */
    db?: Database;
    log?: Log;
  },
): Context {
  const log = door.log ?? logLine(door.requestId);
  return {
    db: door.db ?? env.DB,
    blobs: env.BUCKET,
    mirrors: env.MIRRORS,
    config: readConfig(env),
    actor: door.actor,
    requestId: door.requestId,
    now: () => Date.now(),
    log,
    defer: (work) =>
      door.waitUntil(work.catch((error: unknown) => log("warn", "deferred_work_failed", { error: String(error) }))),
  };
}

/** What JSON leaves as it is, but a terminal acts upon or shows as something else: C1 controls, line and direction marks. */
const TREACHEROUS = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** One JSON object a line: what Workers Logs indexes field by field. Whatever a stranger put into it stays on that line. */
export function logLine(requestId: string): Log {
  return (level, event, fields) => {
    const line = JSON.stringify({ event, request_id: requestId, ...fields }).replace(
      TREACHEROUS,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    // biome-ignore lint/suspicious/noConsole: the platform's log is written through the console
    console[level](line);
  };
}
