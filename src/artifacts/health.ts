/** How the registry is. */

import { canBeEntered } from "../auth/first-admin.ts";
import type { Context } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { selectCounts } from "../store/artifacts.ts";
import { selectOpenSummary } from "../store/deletions.ts";
import { type SealRow, selectHeadSeal } from "../store/seals.ts";
import { rowsOf } from "../store/statements.ts";

/** Contract: GET /health. Ages in whole seconds. */
export interface Health {
  status: "ok" | "degraded";
  uptime_s: number;
  checked_at: string;
  models: number;
  artifacts: Record<ArtifactType | "total", number>;
  /** `stuck`: the sweep has failed at them too often; somebody should look. */
  deletions: { open: number; oldest_s: number; stuck: number };
  /** The newest seal of the audit, to keep elsewhere as an anchor for `GET /audit/verify`. Missing before the first seal. */
  audit?: { seal: number; sealed_through: number; digest: string };
  /** What the owner should know of the configuration; missing when there is nothing. */
  notices?: string[];
}

// The clock stands still while a Worker's module is evaluated: the start is noted by the first request that asks.
let startedAt: number | undefined;

/** Reads the counters; one D1 round trip. Throws whatever D1 throws when it is down. */
export async function readHealth(ctx: Context): Promise<Health> {
  startedAt ??= ctx.now();
  const [counted, open, sealed] = await ctx.db.batch([
    selectCounts(ctx.db),
    selectOpenSummary(ctx.db),
    selectHeadSeal(ctx.db),
  ]);
  const artifacts = { model: 0, dataset: 0, code: 0, total: 0 };
  for (const row of rowsOf<{ type: ArtifactType; artifacts: number }>(counted)) {
    artifacts[row.type] = row.artifacts;
    artifacts.total += row.artifacts;
  }
  const [summary] = rowsOf<{ open: number; oldest: number | null; stuck: number }>(open);
  const oldest = summary?.oldest ?? ctx.now();
  const deletions = {
    open: summary?.open ?? 0,
    oldest_s: Math.max(0, Math.floor((ctx.now() - oldest) / 1000)),
    stuck: summary?.stuck ?? 0,
  };
  const [head] = rowsOf<SealRow>(sealed);
  const notices = configurationNotices(ctx);
  return {
    status: deletions.stuck > 0 ? "degraded" : "ok",
    uptime_s: Math.floor((ctx.now() - startedAt) / 1000),
    checked_at: new Date(ctx.now()).toISOString(),
    models: artifacts.model,
    artifacts,
    deletions,
    ...(head && { audit: { seal: head.number, sealed_through: head.last_id, digest: head.digest } }),
    ...(notices.length > 0 && { notices }),
  };
}

function configurationNotices({ config }: Context): string[] {
  const notices = [];
  if (!config.signingKey) notices.push("SIGNING_KEY is not set: artifacts carry no download_url.");
  if (!canBeEntered(config)) {
    notices.push(
      "AUTH is required, but neither ADMIN_PASSWORD nor ACCESS_TEAM_DOMAIN and ACCESS_AUD are set: nobody can come in.",
    );
  }
  if (config.auth === "off") notices.push("AUTH is off: everyone who reaches this registry may write and delete.");
  return notices;
}
