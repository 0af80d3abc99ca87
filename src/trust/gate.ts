/** The ingest gate: which metrics of a rating do not reach the minimum that the deployment has set. Pure. */

import type { Gate } from "../config.ts";
import { round4 } from "./metrics/result.ts";
import * as sizeScore from "./metrics/size-score.ts";
import { type Rating, TOO_FEW } from "./rate.ts";

/** What a gate compares: a scalar metric, the net, or the mean of size_score. */
function gatedScore(rating: Rating, metric: keyof Gate): number | undefined {
  if (metric === "net_score") return rating.failed ? undefined : rating.net_score;
  if (metric === "size_score") {
    return rating.size_score.result.available ? sizeScore.meanSizeScore(rating.size_score.result.score) : undefined;
  }
  const { result } = rating.metrics[metric];
  return result.available ? result.score : undefined;
}

/** A metric that does not reach its minimum. Without a score it is not available, and `reason` says why. */
export interface FailingMetric {
  metric: keyof Gate;
  score?: number;
  least: number;
  reason?: string;
}

/**
 * Holds a rating against the ingest gate.
 *
 * @param minimums metric → least score, 0..1 (`INGEST_GATE`); a metric that is not available fails
 * @returns the failing metrics in the order of `minimums`
 */
export function failingMetrics(rating: Rating, minimums: Readonly<Gate>): FailingMetric[] {
  return (Object.entries(minimums) as [keyof Gate, number][]).flatMap(([metric, least]): FailingMetric[] => {
    const score = gatedScore(rating, metric);
    if (score === undefined) return [{ metric, least, reason: rating.unavailable[metric] ?? TOO_FEW }];
    return score >= least ? [] : [{ metric, score: round4(score), least }];
  });
}

/**
 * The same as texts, one for each failing metric: `reviewedness=0.10 < 0.50`; to be joined by `; `.
 */
export function gate(rating: Rating, minimums: Readonly<Gate>): string[] {
  return failingMetrics(rating, minimums).map(({ metric, score, least: minimum }) => {
    const least = minimum.toFixed(2);
    if (score === undefined) return `${metric}=unavailable < ${least}`;
    // Rounded up, 0.4996 would read as `0.50 < 0.50`.
    const rounded = score.toFixed(2);
    const shown = rounded < least ? rounded : (Math.floor(score * 100 + 1e-6) / 100).toFixed(2);
    return `${metric}=${shown} < ${least}`;
  });
}
