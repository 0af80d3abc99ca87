/** How the registry is, and what it set out to be. Contract §1, the rest. */

import { createRoute, z } from "@hono/zod-openapi";
import { readHealth } from "../artifacts/health.ts";
import { createRouter } from "./router.ts";
import { answer } from "./schemas.ts";

const healthRoute = createRoute({
  method: "get",
  path: "/health",
  operationId: "RegistryHealthHeartbeat",
  tags: ["operation"],
  summary: "Is it up, how much is in it, is anything owed",
  responses: {
    200: answer(
      "Up. `deletions.open` is what the sweep still owes.",
      z
        .object({
          status: z.enum(["ok", "degraded"]),
          uptime_s: z.int(),
          checked_at: z.iso.datetime(),
          models: z.int(),
          artifacts: z.object({ model: z.int(), dataset: z.int(), code: z.int(), total: z.int() }),
          deletions: z.object({ open: z.int(), oldest_s: z.int(), stuck: z.int() }),
          notices: z.array(z.string()).optional(),
        })
        .openapi("Health"),
    ),
    503: answer("The database does not answer.", z.object({ status: z.literal("critical") })),
  },
});

const tracksRoute = createRoute({
  method: "get",
  path: "/tracks",
  operationId: "TracksGet",
  tags: ["operation"],
  summary: "The tracks that this registry delivers",
  responses: {
    200: answer(
      "The tracks.",
      z.object({
        plannedTracks: z.array(
          z.enum(["Performance track", "Access control track", "High assurance track", "Other Security track"]),
        ),
      }),
    ),
  },
});

export const healthRoutes = createRouter()
  .openapi(healthRoute, async (c) => {
    try {
      return c.json(await readHealth(c.var.ctx), 200);
    } catch (error) {
      c.var.ctx.log("error", "health_check_failed", { error: String(error) });
      return c.json({ status: "critical" as const }, 503);
    }
  })
  .openapi(tracksRoute, (c) =>
    c.json({ plannedTracks: ["Performance track" as const, "High assurance track" as const] }, 200),
  );
