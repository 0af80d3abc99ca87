/**
 * The rating of a model: eleven metrics and six signals over one evidence record, and the net of ten metrics.
 *
 * Invariant: pure but for the clock that is handed in. A metric that is not available has no score anywhere: it is left
 * out of the net, fails a gate that asks for it, and only the fixed 26 keys of the contract show it as 0, beside its
 * reason under `evidence`. More than two of the ten, and there is no net: the rating has failed, because asking again may
 * bring them. Of an upload nobody can be asked, now or later: its net is the mean of what its own files show.
 */

import { awaitingUpdate } from "./awaiting-update.ts";
import type { ModelEvidence } from "./evidence.ts";
import * as busFactor from "./metrics/bus-factor.ts";
import * as codeQuality from "./metrics/code-quality.ts";
import * as datasetAndCode from "./metrics/dataset-and-code.ts";
import * as datasetQuality from "./metrics/dataset-quality.ts";
import * as licenseMetric from "./metrics/license.ts";
import * as performanceClaims from "./metrics/performance-claims.ts";
import * as rampUpTime from "./metrics/ramp-up-time.ts";
import * as reproducibility from "./metrics/reproducibility.ts";
import { type MetricResult, mean, round4 } from "./metrics/result.ts";
import * as reviewedness from "./metrics/reviewedness.ts";
import * as sizeScore from "./metrics/size-score.ts";
import { type Standing, standingOf, version as standingVersion } from "./metrics/standing.ts";
import * as treeScore from "./metrics/tree-score.ts";
import { namespaceOf } from "./signals/namespaces.ts";
import { SIGNAL_NAMES, SIGNALS, type Signal } from "./signals/signals.ts";

export { lightScore } from "./metrics/light-score.ts";
export type { AncestorScore } from "./metrics/tree-score.ts";

/** More unavailable metrics than this, and the rating fails: the contract's. */
const UNAVAILABLE_MAX = 2;
/** Version of the net's own arithmetic and of the light score. */
export const NET_VERSION = 1;

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
} as const satisfies Record<
  string,
  { measure: (evidence: ModelEvidence, standing: Standing) => MetricResult; version: number }
>;

type OwnMetric = keyof typeof OWN_METRICS;
/** One of the ten scalar metrics that make the net. */
export type ScalarMetric = OwnMetric | "tree_score";

const OWN_NAMES = Object.keys(OWN_METRICS) as OwnMetric[];
/** The ten scalar metrics, in the contract's order. */
export const SCALAR_METRICS: readonly ScalarMetric[] = [...OWN_NAMES, "tree_score"];

/** Names the version of every metric and signal: a stored rating that carries another one is out of date. */
export const ALGORITHM_VERSION: string = [
  `net_score:${NET_VERSION}`,
  ...OWN_NAMES.map((name) => `${name}:${OWN_METRICS[name].version}`),
  `tree_score:${treeScore.version}`,
  `size_score:${sizeScore.version}`,
  `standing:${standingVersion}`,
  ...SIGNAL_NAMES.map((name) => `${name}:${SIGNALS[name].version}`),
].join(" ");

/** The algorithm by which a model is rated: a namespace that the owner of the registry trusts is rated otherwise. */
export function algorithmFor(trusted: boolean): string {
  return trusted ? `${ALGORITHM_VERSION} trusted` : ALGORITHM_VERSION;
}

/** Whether the namespace of a hub id is one of those, given in lower case. */
export function isTrusted(id: string, namespaces: ReadonlySet<string>): boolean {
  return namespaces.has(namespaceOf(id).toLowerCase());
}

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
  signals: Record<Signal, Timed>;
  /** How far anybody but the publisher stands behind the model: the caps of the metrics that are claims. */
  standing: Standing;
  /** Milliseconds for the whole rating. */
  net_latency_ms: number;
  /** Metric → why it is not available. */
  unavailable: Record<string, string>;
  /** Metrics and signals that the kept evidence does not suffice for; an update of the artifact collects the rest. */
  awaiting_update: string[];
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
 * @param evidence  what one ingest learned, and the licences of registered ancestors
 * @param ancestors scores of the models that it was made from; see `AncestorScore`
 * @param now       clock in milliseconds, for the latencies only
 * @param trusted   its namespace is in `TRUSTED_NAMESPACES`
 */
export function rate(
  evidence: licenseMetric.LicenseEvidence,
  ancestors: readonly treeScore.AncestorScore[],
  now: () => number,
  trusted = false,
): Rating {
  const timed = <Score>(version: number, measure: () => MetricResult<Score>): Timed<Score> => {
    const start = now();
    const result = measure();
    return { version, latency_ms: milliseconds(start, now()), result };
  };
  const begin = now();
  const standing = standingOf(evidence, trusted);
  const own = (name: OwnMetric): Timed =>
    timed(OWN_METRICS[name].version, () => OWN_METRICS[name].measure(evidence, standing));
  const signal = (name: Signal): Timed => timed(SIGNALS[name].version, () => SIGNALS[name].measure(evidence, trusted));

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
    algorithm_version: algorithmFor(trusted),
    metrics,
    size_score: size,
    signals: Object.fromEntries(SIGNAL_NAMES.map((name) => [name, signal(name)])) as Record<Signal, Timed>,
    standing,
    net_latency_ms: milliseconds(begin, now()),
    unavailable: Object.fromEntries(
      all.flatMap(([name, { result }]) => (result.available ? [] : [[name, result.reason]])),
    ),
    awaiting_update: awaitingUpdate(evidence),
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
