/** How each part of the registry is (contract: GET /health/components). */

import type { Context } from "../context.ts";
import { SWEEP_OVERDUE_MS } from "../limits.ts";
import { upstreamSince } from "../sources/observations.ts";
import { countWrites } from "../store/audit.ts";
import { probeBucket } from "../store/blobs.ts";
import { selectOpenSummary } from "../store/deletions.ts";
import { selectJob } from "../store/jobs.ts";
import { rowsOf } from "../store/statements.ts";

/** One component; times in ISO 8601. */
export interface Component {
  id: "api" | "d1" | "r2" | "hugging_face" | "github" | "sweep";
  display_name: string;
  status: "ok" | "degraded" | "critical" | "unknown";
  observed_at: string;
  description: string;
  metrics: Record<string, number | string | boolean>;
  issues: { code: string; severity: "info" | "warning" | "error"; summary: string; details?: string }[];
  timeline?: { bucket: string; value: number; unit: string }[];
}

/** The whole report. */
export interface ComponentReport {
  components: Component[];
  generated_at: string;
  window_minutes: number;
}

/** Stretches that a window's timeline is cut into. */
const TIMELINE_BUCKETS = 12;

type Condition = Pick<Component, "status" | "metrics" | "issues"> & Pick<Partial<Component>, "timeline">;

/** Probes what can be probed and reports what was seen of the rest in the last `windowMinutes`. Never throws. */
export async function readComponents(
  ctx: Context,
  windowMinutes: number,
  includeTimeline: boolean,
): Promise<ComponentReport> {
  const since = ctx.now() - windowMinutes * 60_000;
  const readingSweep = selectSweep(ctx);
  const [api, d1, r2, sweep] = await Promise.all([
    readActivity(ctx, since, includeTimeline ? (windowMinutes * 60_000) / TIMELINE_BUCKETS : undefined),
    probe("d1", () => readingSweep),
    probe("r2", () => probeBucket(ctx.blobs)),
    describeSweep(ctx, readingSweep),
  ]);
  const upstream = (endpoint: string) => readUpstream(endpoint, since);
  const observed_at = new Date(ctx.now()).toISOString();
  const component = (id: Component["id"], display_name: string, description: string, found: Condition): Component => ({
    id,
    display_name,
    description,
    observed_at,
    ...found,
  });
  return {
    components: [
      component("api", "API", "This Worker; writes are counted from the audit.", api),
      component("d1", "D1 database", "Asked just now.", d1),
      component("r2", "R2 bucket", "Asked just now.", r2),
      component("hugging_face", "Hugging Face", SEEN_BY_THIS_ISOLATE, upstream(ctx.config.hfEndpoint)),
      component("github", "GitHub", SEEN_BY_THIS_ISOLATE, upstream(ctx.config.githubApiUrl)),
      component("sweep", "Sweep", "The job that finishes deletions, every five minutes.", sweep),
    ],
    generated_at: observed_at,
    window_minutes: windowMinutes,
  };
}

const SEEN_BY_THIS_ISOLATE = "As it last answered this instance of the Worker; not asked for this report.";

const WELL: Condition = { status: "ok", metrics: {}, issues: [] };

async function probe(what: string, ask: () => Promise<unknown>): Promise<Condition> {
  const began = Date.now();
  try {
    await ask();
    return { ...WELL, metrics: { latency_ms: Date.now() - began } };
  } catch {
    return { ...WELL, status: "critical", issues: [issue(`${what}_unreachable`, "error", "It does not answer.")] };
  }
}

async function readActivity(ctx: Context, since: number, bucketMs: number | undefined): Promise<Condition> {
  try {
    const counted = await countWrites(ctx.db, since, Math.floor(bucketMs ?? 86_400_000)).all();
    const rows = rowsOf<{ bucket: number; action: string; writes: number }>(counted);
    const sum = (action: string) =>
      rows.filter((row) => row.action === action).reduce((total, row) => total + row.writes, 0);
    const buckets = Map.groupBy(rows, (row) => row.bucket);
    const timeline = [...buckets].map(([bucket, group]) => ({
      bucket: new Date(bucket).toISOString(),
      value: group.reduce((total, row) => total + row.writes, 0),
      unit: "writes",
    }));
    return {
      ...WELL,
      metrics: { registrations: sum("CREATE"), updates: sum("UPDATE"), deletions: sum("DELETE") },
      ...(bucketMs !== undefined && { timeline }),
    };
  } catch {
    return { ...WELL, status: "degraded", issues: [issue("activity_unknown", "warning", "The audit cannot be read.")] };
  }
}

function readUpstream(endpoint: string, since: number): Condition {
  const seen = upstreamSince(new URL(endpoint).origin, since);
  if (!seen) return { ...WELL, status: "unknown" };
  const metrics = {
    ...(seen.lastAnswerAt !== undefined && { last_answer_at: new Date(seen.lastAnswerAt).toISOString() }),
    ...(seen.lastFailureAt !== undefined && { last_failure_at: new Date(seen.lastFailureAt).toISOString() }),
  };
  if ((seen.lastFailureAt ?? -1) < (seen.lastAnswerAt ?? 0)) return { ...WELL, metrics };
  return {
    status: "degraded",
    metrics,
    issues: [issue("upstream_failing", "warning", "It failed last time.", seen.failure)],
  };
}

function selectSweep({ db }: Context): Promise<D1Result[]> {
  return db.batch([selectJob(db, "sweep"), selectOpenSummary(db)]);
}

async function describeSweep(ctx: Context, reading: Promise<D1Result[]>): Promise<Condition> {
  try {
    const [job, open] = await reading;
    const [last] = rowsOf<{ updated_at: number }>(job);
    const [summary] = rowsOf<{ open: number; stuck: number }>(open);
    const metrics = {
      open_deletions: summary?.open ?? 0,
      stuck_deletions: summary?.stuck ?? 0,
      ...(last && { last_run_at: new Date(last.updated_at).toISOString() }),
    };
    const issues = [
      ...(metrics.stuck_deletions > 0
        ? [issue("deletions_stuck", "error", `${metrics.stuck_deletions} deletions fail again and again.`)]
        : []),
      ...(last && ctx.now() - last.updated_at > SWEEP_OVERDUE_MS
        ? [issue("sweep_overdue", "warning", "The cron trigger has not run it for too long.")]
        : []),
    ];
    const status = issues.length > 0 ? "degraded" : last ? "ok" : "unknown";
    return { status, metrics, issues };
  } catch {
    return { ...WELL, status: "unknown", issues: [issue("sweep_unknown", "warning", "Its state cannot be read.")] };
  }
}

function issue(
  code: string,
  severity: "info" | "warning" | "error",
  summary: string,
  details?: string,
): Component["issues"][number] {
  return { code, severity, summary, ...(details !== undefined && { details }) };
}
