/**
 * How often somebody may ask. The counters are the platform's, one for each of its locations and a little late: they keep
 * floods and guessing out and are no quota. No call to the database, and nothing at all where a limit is not bound.
 */

import { createMiddleware } from "hono/factory";
import { actorName } from "../auth/scopes.ts";
import type { Env } from "../env.ts";
import { RegistryError } from "../errors.ts";
import { RATE_LIMIT_PERIOD_S } from "../limits.ts";
import type { RouteEnv } from "../routes/router.ts";

type Limit = "LIMIT_ADDRESS" | "LIMIT_ACTOR" | "LIMIT_REGISTER" | "LIMIT_SEARCH" | "LIMIT_LOGIN";

/** Routes with a tighter limit of their own: what asks upstream, what computes long, what is guessed at. */
const TIGHTER: readonly [route: RegExp, limit: Limit][] = [
  [/^PUT \/authenticate$|^PATCH \/users\/[^/]+$/, "LIMIT_LOGIN"],
  [/^POST \/artifact\/byRegEx$|^(GET|HEAD) \/health\/components$/, "LIMIT_SEARCH"],
  [/^POST \/artifact\/(model|dataset|code)$|^PUT \/artifacts\/[^/]+\/[^/]+(\/content)?$/, "LIMIT_REGISTER"],
  [/^POST \/artifact\/[^/]+\/[^/]+\/license-check$/, "LIMIT_REGISTER"],
  [/^POST \/artifacts\/[^/]+\/[^/]+\/(mirror|content\/uploads\/[^/]+\/complete)$/, "LIMIT_REGISTER"],
];

/** Before it is known who asks: every address, and once more for the routes with a limit of their own. */
export const limitAddress = createMiddleware<RouteEnv>(async (c, next) => {
  // The edge sets it, and no client can; a request from another Worker of the owner's has none.
  const address = c.req.header("cf-connecting-ip");
  if (c.var.ctx.config.rateLimits && address !== undefined) {
    await spend(c.env, ["LIMIT_ADDRESS", tighterFor(c.req.method, c.req.path)], `address:${networkOf(address)}`);
  }
  await next();
});

/** As soon as it is known who asks: every actor, from wherever. Whoever has not said who they are is their address. */
export const limitActor = createMiddleware<RouteEnv>(async (c, next) => {
  const { config, actor } = c.var.ctx;
  if (config.rateLimits && (actor.kind === "user" || actor.kind === "worker")) {
    await spend(c.env, ["LIMIT_ACTOR", tighterFor(c.req.method, c.req.path)], `actor:${actorName(actor)}`);
  }
  await next();
});

async function spend(env: Env, limits: (Limit | undefined)[], key: string): Promise<void> {
  for (const limit of limits) {
    const outcome = limit && (await env[limit]?.limit({ key }));
    if (outcome?.success !== false) continue;
    throw new RegistryError("too_many_requests", undefined, {
      headers: { "Retry-After": String(RATE_LIMIT_PERIOD_S) },
    });
  }
}

function tighterFor(method: string, path: string): Limit | undefined {
  return TIGHTER.find(([route]) => route.test(`${method} ${path}`))?.[1];
}

/** An IPv6 host has a whole /64 to ask from: it counts as one. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const rest = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  const all = [...groups, ...Array<string>(zeros).fill("0"), ...rest];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, "").toLowerCase())
    .join(":");
}
