/**
 * A rating as it is answered: the contract's 26 keys and what stands beside them, and how each came about.
 *
 * Invariant: nothing optional is null, here as everywhere.
 */

import type { Json, Source } from "./metrics/result.ts";
import * as sizeScore from "./metrics/size-score.ts";
import { NET_VERSION, type RatedModel, type Rating, SCALAR_METRICS, type ScalarMetric } from "./rate.ts";
import { SIGNAL_NAMES, type Signal } from "./signals/signals.ts";
import { summarize } from "./summaries.ts";

/** The body of `GET /artifact/model/{id}/rate`: 26 keys in the contract's order, and `pipeline_tag` if it is known. */
export type ContractRating = { name: string; category: "model"; net_score: number; net_score_latency: number } & Record<
  ScalarMetric | `${ScalarMetric}_latency`,
  number
> & {
    size_score: sizeScore.SizeScores;
    size_score_latency: number;
    pipeline_tag?: string;
    unavailable?: string[];
    /** Those that are available; not in the net. */
    signals: Partial<Record<Signal, number>>;
    awaiting_update?: string[];
  };

/**
 * A rating as the contract prints it. All 26 keys are numbers for generated clients, so a metric that is not available
 * is printed as 0; it did not count in the net, and is named in `unavailable`, so that the two kinds of 0 can be told apart.
 *
 * @param of the stored name of the artifact and, if known, its task on the hub
 */
export function toContract(rating: RatedModel, of: { name: string; pipelineTag?: string | undefined }): ContractRating {
  const scalars = SCALAR_METRICS.flatMap((name): [string, number][] => {
    const { result, latency_ms } = rating.metrics[name];
    return [
      [name, result.available ? result.score : 0],
      [`${name}_latency`, latency_ms],
    ];
  });
  const { result } = rating.size_score;
  return {
    name: of.name,
    category: "model",
    net_score: rating.net_score,
    net_score_latency: rating.net_latency_ms,
    ...(Object.fromEntries(scalars) as Record<ScalarMetric | `${ScalarMetric}_latency`, number>),
    size_score: result.available ? result.score : sizeScore.scoresOfBytes(undefined),
    size_score_latency: rating.size_score.latency_ms,
    ...(of.pipelineTag === undefined ? {} : { pipeline_tag: of.pipelineTag.slice(0, 64) }),
    ...(Object.keys(rating.unavailable).length === 0 ? {} : { unavailable: Object.keys(rating.unavailable) }),
    signals: Object.fromEntries(
      SIGNAL_NAMES.flatMap((name) => {
        const signal = rating.signals[name].result;
        return signal.available ? [[name, signal.score]] : [];
      }),
    ),
    ...(rating.awaiting_update.length > 0 && { awaiting_update: rating.awaiting_update }),
  };
}

/** How one metric came about. */
export type Explanation = { summary: string; version: number; sources: Source[] } & (
  | { available: true; score: Json; inputs: Record<string, Json> }
  | { available: false; reason: string }
);

/** How one metric came about, without the sentence about it. */
type Facts = { version: number; sources: Source[] } & (
  | { available: true; score: Json; inputs: Record<string, Json> }
  | { available: false; reason: string }
);

/**
 * `evidence` of `?explain=true`: per metric and signal a sentence, the score, the inputs, their sources and the algorithm's
 * version.
 */
export function explain(rating: Rating): Record<string, Explanation> {
  const facts: Record<string, Facts> = {};
  const inputs = Object.fromEntries(
    SCALAR_METRICS.flatMap((name) => {
      const { result } = rating.metrics[name];
      return result.available ? [[name, result.score]] : [];
    }),
  );
  facts["net_score"] = rating.failed
    ? { version: NET_VERSION, available: false, reason: "more than two metrics are unavailable", sources: [] }
    : {
        version: NET_VERSION,
        available: true,
        score: rating.net_score,
        inputs: { mean_of: inputs, standing: { ...rating.standing } },
        sources: [],
      };
  for (const name of SCALAR_METRICS) {
    const { version, result } = rating.metrics[name];
    facts[name] = { version, ...withoutNulls(result) };
  }
  const { version, result } = rating.size_score;
  facts["size_score"] = result.available
    ? { version, ...withoutNulls(result), score: { ...result.score } }
    : { version, ...result };
  for (const name of SIGNAL_NAMES) {
    const signal = rating.signals[name];
    facts[name] = { version: signal.version, ...withoutNulls(signal.result) };
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, { summary: summarize(name, fact), ...fact }]),
  );
}

/** What was looked for and not found is left out, like everything optional. */
function withoutNulls<Result extends object>(result: Result): Result {
  return JSON.parse(JSON.stringify(result, (_, value: unknown) => value ?? undefined)) as Result;
}
