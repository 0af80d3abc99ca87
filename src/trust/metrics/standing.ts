/**
 * Standing: how far somebody other than the publisher stands behind a model, 0..1, and how much a claim may count for by it.
 *
 * Results, training data, authors and reviews are what a publisher can write down or make himself, and nothing in them tells
 * an invented one from a true one. So a metric that rests on such claims is capped at .1 + .9 × standing²: what it says in
 * full still needs full evidence, and what nobody vouches for counts for little. What can be checked in the files (words
 * of a card, a licence, a snippet that loads) has no cap.
 *
 * Standing = min(maturity, attention). Time cannot be bought; attention needs users and likes, each to a score of .6 (100,000
 * downloads, 50 likes), so that bought downloads alone are not enough. It is 1 for `TRUSTED_NAMESPACES`, and for uploads, whose
 * publisher is a user of this registry. Stars of a code repository do not count: they are cheap.
 */

import type { ModelEvidence } from "../evidence.ts";
import { daysBetween, matured } from "../signals/maturity.ts";
import { downloadsScore, likesScore } from "./popularity.ts";
import { type Json, round4 } from "./result.ts";

export const version = 1;

/** What a claim counts for that nobody stands behind. */
const FLOOR = 0.1;
/** Score of downloads, and of likes, from which attention is full. */
const FULL_ATTENTION = 0.6;

/** Standing, and what it was made of. */
export interface Standing {
  /** The most that a metric of claims can have, 0..1, 4 decimals. */
  cap: number;
  inputs: { [key: string]: Json };
}

/** The standing of a model. `trusted`: its namespace is in `TRUSTED_NAMESPACES`. */
export function standingOf(evidence: ModelEvidence, trusted: boolean): Standing {
  if (trusted) return { cap: 1, inputs: { trusted_namespace: true } };
  if (evidence.uploaded) return { cap: 1, inputs: { uploaded: true } };
  const record = evidence.record.status === "found" ? evidence.record.value : undefined;
  const days = daysBetween(record?.created_at, evidence.collected_at);
  const attention = Math.min(
    1,
    Math.min(downloadsScore(record?.downloads), likesScore(record?.likes)) / FULL_ATTENTION,
  );
  // a hub that does not say when it made this model says so of none
  const standing = Math.min(days === undefined ? 1 : matured(days), attention);
  return {
    // squared: half of the way is not half of the trust, and the first steps are the cheapest to buy
    cap: round4(FLOOR + (1 - FLOOR) * standing ** 2),
    inputs: {
      standing: round4(standing),
      ...(days !== undefined && { age_days: round4(days) }),
      downloads: record?.downloads ?? 0,
      likes: record?.likes ?? 0,
    },
  };
}
