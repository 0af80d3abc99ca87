/** How the registry is, and what it set out to be. */

import { createRoute, z } from "@hono/zod-openapi";
import { readHealth } from "../artifacts/health.ts";
import { readComponents } from "../artifacts/health-components.ts";
import { answer, open, openRefusals } from "./declare.ts";
import { createRouter } from "./router.ts";
import { FlagSchema } from "./schemas.ts";

const healthRoute = createRoute({
  ...open(),
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
          audit: z.object({ seal: z.int(), sealed_through: z.int(), digest: z.string() }).optional().openapi({
            description: "The newest seal of the audit. Keep it elsewhere, for `GET /audit/verify?anchor=`.",
          }),
          notices: z.array(z.string()).optional(),
        })
        .openapi("Health"),
    ),
    ...openRefusals(),
    503: answer("The database does not answer.", z.object({ status: z.literal("critical") })),
  },
});

const componentsRoute = createRoute({
  ...open(),
  method: "get",
  path: "/health/components",
  operationId: "RegistryHealthComponents",
  tags: ["operation"],
  summary: "How each part is: api, d1, r2, hugging_face, github, sweep",
  request: {
    query: z.object({
      windowMinutes: z.coerce.number().int().min(5).max(1440).default(60),
      includeTimeline: FlagSchema,
    }),
  },
  responses: {
    200: answer(
      "One entry each, whether it could be reached or not.",
      z
        .object({
          components: z.array(
            z.object({
              id: z.string(),
              display_name: z.string(),
              status: z.enum(["ok", "degraded", "critical", "unknown"]),
              observed_at: z.iso.datetime(),
              description: z.string(),
              metrics: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
              issues: z.array(
                z.object({
                  code: z.string(),
                  severity: z.enum(["info", "warning", "error"]),
                  summary: z.string(),
                  details: z.string().optional(),
                }),
              ),
              timeline: z.array(z.object({ bucket: z.iso.datetime(), value: z.number(), unit: z.string() })).optional(),
            }),
          ),
          generated_at: z.iso.datetime(),
          window_minutes: z.int(),
        })
        .openapi("HealthComponents"),
    ),
    ...openRefusals("invalid_request"),
  },
});

const DELIVERED = ["Performance track", "Access control track", "High assurance track"] as const;

const tracksRoute = createRoute({
  ...open(),
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
    ...openRefusals(),
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
  .openapi(componentsRoute, async (c) => {
    const { windowMinutes, includeTimeline } = c.req.valid("query");
    return c.json(await readComponents(c.var.ctx, windowMinutes, includeTimeline), 200);
  })
  .openapi(tracksRoute, (c) => c.json({ plannedTracks: [...DELIVERED] }, 200));
