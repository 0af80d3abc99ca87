/**
 * tree_score: (own + mean of ancestors) / 2, own if there are none. Own = mean of the other nine metrics and the mean of
 * size_score, those that are available. Ancestors: stored nets of registered ones by today's algorithm; depth ≤ 5, each
 * once, never the model itself. The light score of a parent that is not registered is shown and not averaged: it knows three
 * metrics of ten, of which a popular parent has two in full, so that naming a famous model would raise any child. What is
 * not averaged is listed under `left_out`, with the reason; so are parents that were not asked for.
 */

import { ANCESTOR_MAX_DEPTH } from "../../limits.ts";
import { type MetricResult, mean, measured, round4 } from "./result.ts";
import { meanSizeScore, type SizeScores } from "./size-score.ts";

export const version = 2;

/** An ancestor and what it scores. */
export interface AncestorScore {
  /** Canonical source id; upper and lower case are one. */
  source: string;
  /** 1 for a parent, 2 for a grandparent. */
  depth: number;
  /** 0..1; absent if it could not be scored. */
  score?: number;
  /** Stored net score of a registered model, the light score of a hub record, or a parent of which nothing was asked. */
  from: "rating" | "light" | "none";
  /** Why it has no score. */
  reason?: string;
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

const LEFT_OUT_SHOWN = 50;

interface LeftOut {
  source: string;
  reason: string;
  light_score?: number;
}

/** The ancestors that count: rated, at most five generations up, each once at its nearest; and the others with the reason. */
function sortAncestors(
  source: string,
  ancestors: readonly AncestorScore[],
): { counted: (AncestorScore & { score: number })[]; left_out: LeftOut[] } {
  const counted = new Map<string, AncestorScore & { score: number }>();
  const left_out = new Map<string, LeftOut>();
  const self = source.toLowerCase();
  for (const ancestor of ancestors.toSorted((a, b) => a.depth - b.depth)) {
    const key = ancestor.source.toLowerCase();
    const { score, from } = ancestor;
    if (counted.has(key)) continue;
    const leave = (reason: string) => left_out.set(key, { source: ancestor.source, reason });
    if (key === self) leave("the model itself");
    else if (ancestor.depth > ANCESTOR_MAX_DEPTH) leave(`more than ${ANCESTOR_MAX_DEPTH} generations up`);
    else if (from === "light" && score !== undefined) {
      left_out.set(key, { source: ancestor.source, reason: "not registered", light_score: score });
    } else if (score === undefined || !Number.isFinite(score)) leave(ancestor.reason ?? "it has no score");
    else {
      counted.set(key, { ...ancestor, score });
      left_out.delete(key);
    }
  }
  return { counted: [...counted.values()], left_out: [...left_out.values()] };
}

/** How far the model and what it was made from can be trusted together. */
export function treeScore({ source, metrics, size, ancestors }: TreeInputs): MetricResult {
  const parts = Object.entries(metrics).flatMap(([name, result]): [string, number][] =>
    result.available ? [[name, result.score]] : [],
  );
  if (size.available) parts.push(["size_score", round4(meanSizeScore(size.score))]);
  const own = mean(parts.map(([, score]) => score));
  if (own === undefined) return { available: false, reason: "no metric of the model itself is available", sources: [] };
  const { counted, left_out } = sortAncestors(source, ancestors);
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
      left_out: left_out.slice(0, LEFT_OUT_SHOWN).map((one) => ({ ...one })),
      mean_of_ancestors: theirs === undefined ? null : round4(theirs),
    },
    [],
  );
}
