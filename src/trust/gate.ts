/**
 * The ingest gate: the least scores and the least age that a model must have to be let in.
 *
 * Invariant: pure; the age is counted to the collection of the evidence, never to a clock of its own.
 */

import type { Gate } from "../config.ts";
import type { ModelEvidence } from "./evidence.ts";
import { round4 } from "./metrics/result.ts";
import { meanSizeScore } from "./metrics/size-score.ts";
import { type Rating, SCALAR_METRICS, type ScalarMetric } from "./rate.ts";
import { daysBetween } from "./signals/maturity.ts";
import { SIGNAL_NAMES, type Signal } from "./signals/signals.ts";

const DAY_MS = 86_400_000;
/** The last moment that a Date can hold. */
const LAST_TIME_MS = 8.64e15;

/** One reason why a model is not let in. */
export interface Failing {
  /** A metric or signal, or `age_days`. */
  metric: keyof Gate | "age_days";
  /** What it has, 0..1, or days; absent if it is not available. */
  score?: number;
  /** What it would need. */
  least: number;
  /** Why it has no score, or what would change it. */
  reason?: string;
}

/** A refusal: its text in the contract's words, and the same as data. */
export interface Refused {
  text: string;
  failing: Failing;
}

/** What would change a score, in one line. Nothing here is in the hands of whoever only asks for the registration. */
const REMEDY: Partial<Record<keyof Gate, string>> = {
  net_score: "the net is the mean of ten metrics: see the evidence of the lowest",
  ramp_up_time: "a longer README with a section on how to use the model and a code block",
  bus_factor: "more people who contribute to the model's own code repository",
  performance_claims: "results in the card's model-index, on datasets that the hub has, with a source",
  license: "a licence that permits more, stated on the card",
  dataset_and_code_score: "a declared dataset that anybody can fetch, and a code repository of the model's own",
  dataset_quality: "declared datasets that are documented, licensed and in use",
  code_quality: "a code repository of the model's own with tests, CI and a manifest",
  reproducibility: "a code block that loads this id with files that are there, and runs no code of strangers",
  reviewedness:
    "more downloads and likes, a fuller card, or approvals by two members in the model's own code repository",
  tree_score: "better scores of its own, or of the registered models that it was made from",
  size_score: "a smaller format of its weights",
  code_link: "a code repository of the model's own namespace, or whose README names this model",
  artifact_safety: "weights in safetensors, gguf or onnx, and no code or executables beside them",
  maturity: "time: it grows for 180 days; TRUSTED_NAMESPACES exempts a namespace",
  openness: "an open licence, and a card that speaks of data and evaluation",
  card_sections: "more of the eight sections of a card",
  license_text: "the text of the licence as a file LICENSE",
};

const isScalar = (metric: keyof Gate): metric is ScalarMetric => (SCALAR_METRICS as string[]).includes(metric);
const isSignal = (metric: keyof Gate): metric is Signal => (SIGNAL_NAMES as string[]).includes(metric);

/** What a gate compares: a metric, a signal, the net, or the mean of size_score; or why there is nothing to compare. */
function gated(rating: Rating, metric: keyof Gate): { score: number } | { reason: string } {
  if (isScalar(metric) || isSignal(metric)) {
    const { result } = isScalar(metric) ? rating.metrics[metric] : rating.signals[metric];
    return result.available ? { score: result.score } : { reason: result.reason };
  }
  if (metric === "size_score") {
    const { result } = rating.size_score;
    return result.available ? { score: meanSizeScore(result.score) } : { reason: result.reason };
  }
  return rating.failed ? { reason: "more than two metrics are unavailable" } : { score: rating.net_score };
}

/**
 * Holds a rating against the least scores.
 *
 * @param minimums metric → least score, 0..1 (`INGEST_GATE`); a metric that is not available fails
 * @returns one refusal for each failing metric, in the order of `minimums`; texts such as `reviewedness=0.10 < 0.50`
 */
export function gate(rating: Rating, minimums: Readonly<Gate>): Refused[] {
  return (Object.entries(minimums) as [keyof Gate, number][]).flatMap(([metric, minimum]): Refused[] => {
    const has = gated(rating, metric);
    const least = minimum.toFixed(2);
    if ("reason" in has) {
      const failing = { metric, least: minimum, reason: has.reason };
      return [{ text: `${metric}=unavailable < ${least}`, failing }];
    }
    if (has.score >= minimum) return [];
    // Rounded up, 0.4996 would read as `0.50 < 0.50`.
    const rounded = has.score.toFixed(2);
    const shown = rounded < least ? rounded : (Math.floor(round4(has.score) * 100 + 1e-6) / 100).toFixed(2);
    const reason = REMEDY[metric];
    const failing = { metric, score: round4(has.score), least: minimum, ...(reason && { reason: `needs ${reason}` }) };
    return [{ text: `${metric}=${shown} < ${least}`, failing }];
  });
}

/**
 * Holds a model's age on the hub against the least (`MIN_AGE_DAYS`).
 *
 * @param least   days; 0 asks for none
 * @param trusted its namespace is in `TRUSTED_NAMESPACES`: it needs none
 * @returns nothing where the hub does not say when it made the model: then it says so of no model
 */
export function checkAge(evidence: ModelEvidence, least: number, trusted: boolean): Refused[] {
  const created_at = evidence.record.status === "found" ? evidence.record.value.created_at : undefined;
  const days = daysBetween(created_at, evidence.collected_at);
  if (created_at === undefined || days === undefined || days >= least || trusted) return [];
  const rounded = days.toFixed(1);
  const shown = Number(rounded) < least ? rounded : (Math.floor(days * 10) / 10).toFixed(1);
  const from = new Date(Math.min(LAST_TIME_MS, Date.parse(created_at) + least * DAY_MS)).toISOString();
  const reason = `needs time: it is let in from ${from}; TRUSTED_NAMESPACES exempts a namespace, MIN_AGE_DAYS sets the days`;
  return [
    {
      text: `created ${shown} days ago < ${least} days`,
      failing: { metric: "age_days", score: round4(days), least, reason },
    },
  ];
}
