/**
 * tree_score: (own + mean of ancestors) / 2, own if there are none. Own = mean of the other nine
 * metrics and the mean of size_score, those that are available. Ancestors: stored nets of registered parents, a light
 * score of unregistered ones; unscorable left out, depth ≤ 5, each once, never the model itself.
 */

import { ANCESTOR_MAX_DEPTH } from "../../limits.ts";
import { type MetricResult, mean, measured, round4 } from "./result.ts";
import { meanSizeScore, type SizeScores } from "./size-score.ts";

export const version = 1;

/** An ancestor and what it scores. */
export interface AncestorScore {
  /** Canonical source id; upper and lower case are one. */
  source: string;
  /** 1 for a parent, 2 for a grandparent. */
  depth: number;
  /** 0..1; absent if it could not be scored. */
  score?: number;
  /** Stored net score of a registered model, or the light score of its hub record. */
  from: "rating" | "light";
}

/** What the tree score is made of, besides the evidence. */
export interface TreeInputs {
  /** The model's own canonical source id. */
  source: string;
  /** Results of the other nine scalar metrics, by name. */
  metrics: Readonly<Record<string, MetricResult>>;
  size: MetricResult<SizeScores>;
  ancestors: readonly AncestorScore[];
}

/** The ancestors that count: scored, at most five generations up, each once at its nearest. */
function countedAncestors(source: string, ancestors: readonly AncestorScore[]): (AncestorScore & { score: number })[] {
  const counted = new Map<string, AncestorScore & { score: number }>();
  const self = source.toLowerCase();
  for (const ancestor of ancestors.toSorted((a, b) => a.depth - b.depth)) {
    const key = ancestor.source.toLowerCase();
    const { score } = ancestor;
    if (key === self || ancestor.depth > ANCESTOR_MAX_DEPTH || counted.has(key)) continue;
    if (score !== undefined && Number.isFinite(score)) counted.set(key, { ...ancestor, score });
  }
  return [...counted.values()];
}

/** How far the model and what it was made from can be trusted together. */
export function treeScore({ source, metrics, size, ancestors }: TreeInputs): MetricResult {
  const parts = Object.entries(metrics).flatMap(([name, result]): [string, number][] =>
    result.available ? [[name, result.score]] : [],
  );
  if (size.available) parts.push(["size_score", round4(meanSizeScore(size.score))]);
  const own = mean(parts.map(([, score]) => score));
  if (own === undefined) return { available: false, reason: "no metric of the model itself is available", sources: [] };
  const counted = countedAncestors(source, ancestors);
  const theirs = mean(counted.map((ancestor) => ancestor.score));
  return measured(
    theirs === undefined ? own : (own + theirs) / 2,
    {
      own: round4(own),
      own_of: Object.fromEntries(parts),
      ancestors: counted.slice(0, 50).map(({ source: id, depth, score, from }) => ({
        source: id,
        depth,
        score,
        from,
      })),
      ancestor_count: counted.length,
      left_out: ancestors.length - counted.length,
      mean_of_ancestors: theirs === undefined ? null : round4(theirs),
    },
    [],
  );
}
