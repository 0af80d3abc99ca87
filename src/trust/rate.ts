/**
 * The rating of a model: eleven metrics over one evidence record, their net, and the gate.
 *
 * Invariant: pure but for the clock that is handed in. A metric that is not available has no score anywhere: it is left
 * out of the net, fails a gate that asks for it, and only the fixed 26 keys of the contract show it as 0, beside its
 * reason under `evidence`. More than two of the ten, and there is no net: the rating has failed, because asking again may
 * bring them. Of an upload nobody can be asked, now or later: its net is the mean of what its own files show.
 */

import type { ModelEvidence } from "./evidence.ts";
import * as busFactor from "./metrics/bus-factor.ts";
import * as codeQuality from "./metrics/code-quality.ts";
import * as datasetAndCode from "./metrics/dataset-and-code.ts";
import * as datasetQuality from "./metrics/dataset-quality.ts";
import * as licenseMetric from "./metrics/license.ts";
import * as performanceClaims from "./metrics/performance-claims.ts";
import * as rampUpTime from "./metrics/ramp-up-time.ts";
import * as reproducibility from "./metrics/reproducibility.ts";
import { type Json, type MetricResult, mean, round4, type Source } from "./metrics/result.ts";
import * as reviewedness from "./metrics/reviewedness.ts";
import * as sizeScore from "./metrics/size-score.ts";
import * as treeScore from "./metrics/tree-score.ts";

export { lightScore } from "./metrics/light-score.ts";
export type { AncestorScore } from "./metrics/tree-score.ts";

/** More unavailable metrics than this, and the rating fails: the contract's. */
const UNAVAILABLE_MAX = 2;
/** Version of the net's own arithmetic and of the light score. */
const NET_VERSION = 1;

/** The metrics of one evidence record, in the contract's order; tree_score, the tenth, needs their results. */
const OWN_METRICS = {
  ramp_up_time: { measure: rampUpTime.rampUpTime, version: rampUpTime.version },
  bus_factor: { measure: busFactor.busFactor, version: busFactor.version },
  performance_claims: { measure: performanceClaims.performanceClaims, version: performanceClaims.version },
  license: { measure: licenseMetric.license, version: licenseMetric.version },
  dataset_and_code_score: { measure: datasetAndCode.datasetAndCode, version: datasetAndCode.version },
  dataset_quality: { measure: datasetQuality.datasetQuality, version: datasetQuality.version },
  code_quality: { measure: codeQuality.codeQuality, version: codeQuality.version },
  reproducibility: { measure: reproducibility.reproducibility, version: reproducibility.version },
  reviewedness: { measure: reviewedness.reviewedness, version: reviewedness.version },
} as const satisfies Record<string, { measure: (evidence: ModelEvidence) => MetricResult; version: number }>;

type OwnMetric = keyof typeof OWN_METRICS;
/** One of the ten scalar metrics that make the net. */
export type ScalarMetric = OwnMetric | "tree_score";

const OWN_NAMES = Object.keys(OWN_METRICS) as OwnMetric[];
/** The ten scalar metrics, in the contract's order. */
export const SCALAR_METRICS: readonly ScalarMetric[] = [...OWN_NAMES, "tree_score"];

/** Names every metric's version: a stored rating that carries another one is out of date. */
export const ALGORITHM_VERSION: string = [
  `net_score:${NET_VERSION}`,
  ...OWN_NAMES.map((name) => `${name}:${OWN_METRICS[name].version}`),
  `tree_score:${treeScore.version}`,
  `size_score:${sizeScore.version}`,
].join(" ");

/** A metric's result, the version of its algorithm, and how long it took in milliseconds. */
export interface Timed<Score = number> {
  version: number;
  latency_ms: number;
  result: MetricResult<Score>;
}

interface RatingBase {
  /** Canonical source id of what was rated. */
  source: string;
  /** When its evidence was collected, ISO 8601. */
  collected_at: string;
  algorithm_version: string;
  metrics: Record<ScalarMetric, Timed>;
  size_score: Timed<sizeScore.SizeScores>;
  /** Milliseconds for the whole rating. */
  net_latency_ms: number;
  /** Metric → why it is not available. */
  unavailable: Record<string, string>;
}

/** A rating with a net score, 0..1, 4 decimals. */
export type RatedModel = RatingBase & { failed: false; net_score: number };
/** More than two of the ten metrics are unavailable; `unavailable` says why. */
export type FailedRating = RatingBase & { failed: true };
/** What `rate` answers; JSON all through, to be stored as it is. */
export type Rating = RatedModel | FailedRating;

/**
 * Rates a model. Pure but for `now`.
 *
 * @param evidence  what one ingest learned
 * @param ancestors scores of the models that it was made from; see `AncestorScore`
 * @param now       clock in milliseconds, for the latencies only
 */
export function rate(
  evidence: ModelEvidence,
  ancestors: readonly treeScore.AncestorScore[],
  now: () => number,
): Rating {
  const timed = <Score>(version: number, measure: () => MetricResult<Score>): Timed<Score> => {
    const start = now();
    const result = measure();
    return { version, latency_ms: milliseconds(start, now()), result };
  };
  const own = (name: OwnMetric): Timed => timed(OWN_METRICS[name].version, () => OWN_METRICS[name].measure(evidence));

  const begin = now();
  const nine = {
    ramp_up_time: own("ramp_up_time"),
    bus_factor: own("bus_factor"),
    performance_claims: own("performance_claims"),
    license: own("license"),
    dataset_and_code_score: own("dataset_and_code_score"),
    dataset_quality: own("dataset_quality"),
    code_quality: own("code_quality"),
    reproducibility: own("reproducibility"),
    reviewedness: own("reviewedness"),
  };
  const size = timed(sizeScore.version, () => sizeScore.sizeScore(evidence));
  const results = Object.fromEntries(OWN_NAMES.map((name) => [name, nine[name].result]));
  const tree = timed(treeScore.version, () =>
    treeScore.treeScore({ source: evidence.source, metrics: results, size: size.result, ancestors }),
  );
  const metrics: Record<ScalarMetric, Timed> = { ...nine, tree_score: tree };

  const scores = SCALAR_METRICS.flatMap((name) => (metrics[name].result.available ? [metrics[name].result.score] : []));
  const all = Object.entries<Timed<unknown>>({ ...metrics, size_score: size });
  const base: RatingBase = {
    source: evidence.source,
    collected_at: evidence.collected_at,
    algorithm_version: ALGORITHM_VERSION,
    metrics,
    size_score: size,
    net_latency_ms: milliseconds(begin, now()),
    unavailable: Object.fromEntries(
      all.flatMap(([name, { result }]) => (result.available ? [] : [[name, result.reason]])),
    ),
  };
  const net = mean(scores);
  const missing = SCALAR_METRICS.length - scores.length;
  const tooMany = missing > UNAVAILABLE_MAX && !evidence.uploaded;
  if (net === undefined || tooMany) return { ...base, failed: true };
  return { ...base, failed: false, net_score: round4(net) };
}

function milliseconds(start: number, end: number): number {
  return Math.round(Math.max(0, end - start) * 1000) / 1000;
}

/** The body of `GET /artifact/model/{id}/rate`: 26 keys in the contract's order, and `pipeline_tag` if it is known. */
export type ContractRating = { name: string; category: "model"; net_score: number; net_score_latency: number } & Record<
  ScalarMetric | `${ScalarMetric}_latency`,
  number
> & { size_score: sizeScore.SizeScores; size_score_latency: number; pipeline_tag?: string; unavailable?: string[] };

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
  };
}

/** Why there is no net. */
export const TOO_FEW = "more than two metrics are unavailable";

/** How one metric came about. */
export type Explanation = { version: number; sources: Source[] } & (
  | { available: true; score: Json; inputs: Record<string, Json> }
  | { available: false; reason: string }
);

/** `evidence` of `?explain=true`: per metric the score, the inputs, their sources and the algorithm's version. */
export function explain(rating: Rating): Record<string, Explanation> {
  const explanations: Record<string, Explanation> = {};
  const inputs = Object.fromEntries(
    SCALAR_METRICS.flatMap((name) => {
      const { result } = rating.metrics[name];
      return result.available ? [[name, result.score]] : [];
    }),
  );
  explanations["net_score"] = rating.failed
    ? { version: NET_VERSION, available: false, reason: TOO_FEW, sources: [] }
    : { version: NET_VERSION, available: true, score: rating.net_score, inputs: { mean_of: inputs }, sources: [] };
  for (const name of SCALAR_METRICS) {
    const { version, result } = rating.metrics[name];
    explanations[name] = { version, ...withoutNulls(result) };
  }
  const { version, result } = rating.size_score;
  explanations["size_score"] = result.available
    ? { version, ...withoutNulls(result), score: { ...result.score } }
    : { version, ...result };
  return explanations;
}

/** What was looked for and not found is left out, like everything optional. */
function withoutNulls<Result extends object>(result: Result): Result {
  return JSON.parse(JSON.stringify(result, (_, value: unknown) => value ?? undefined)) as Result;
}
