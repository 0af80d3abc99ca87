/**
 * Rates evidence, with what the registry knows of a model's ancestors. Reading a rating is `read-rating.ts`.
 */

import type { Context } from "../context.ts";
import { ANCESTOR_MAX_DEPTH } from "../limits.ts";
import { readParents } from "../lineage/parents.ts";
import { type AncestorRow, type StoredRating, selectAncestorScores } from "../store/ratings.ts";
import { rowsOf } from "../store/statements.ts";
import type { ModelEvidence } from "../trust/evidence.ts";
import {
  type AncestorScore,
  type ContractRating,
  explain,
  lightScore,
  type Rating,
  rate,
  toContract,
} from "../trust/rate.ts";

/** What is stored of a rating beside its explanation: the body without the name, or what was unavailable. */
export type StoredBody = Omit<ContractRating, "name"> | { failed: true; unavailable: Record<string, string> };

/** Rates the evidence of a model, with its ancestors as the registry and the evidence know them. */
export async function rateEvidence(ctx: Context, evidence: ModelEvidence): Promise<Rating> {
  const parents = readParents(evidence);
  const keys = parents.map((parent) => parent.key);
  const self = evidence.source.toLowerCase();
  const registered =
    keys.length === 0
      ? []
      : rowsOf<AncestorRow>(await selectAncestorScores(ctx.db, keys, self, ANCESTOR_MAX_DEPTH).all());
  const known = new Set(registered.map((row) => row.source_key));
  const light = (evidence.parents ?? []).flatMap(({ id, record }): AncestorScore[] => {
    if (record.status !== "found") return [];
    const source = record.value.id;
    if (known.has(source.toLowerCase()) || known.has(id.toLowerCase())) return [];
    return [{ source, depth: 1, score: lightScore(record.value), from: "light" }];
  });
  const stored = registered.map(
    (row): AncestorScore => ({
      source: row.source_key,
      depth: row.depth,
      from: "rating",
      ...(row.net !== null && { score: row.net }),
    }),
  );
  return rate(evidence, [...stored, ...light], ctx.now);
}

/** A rating as it is stored. */
export function toStored(rating: Rating, evidence: ModelEvidence): StoredRating {
  const pipelineTag = evidence.record.status === "found" ? evidence.record.value.pipeline_tag : undefined;
  let body: StoredBody = { failed: true, unavailable: rating.unavailable };
  if (!rating.failed) {
    const { name: _, ...rest } = toContract(rating, { name: "", pipelineTag });
    body = rest;
  }
  return {
    algorithm: rating.algorithm_version,
    ...(!rating.failed && { net: rating.net_score }),
    rating: body,
    explanation: explain(rating),
  };
}
