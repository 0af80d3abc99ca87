/**
/**
 * Rates evidence, with what the registry knows of a model's ancestors. Reading a rating is `read-rating.ts`.
 */

import type { Context } from "../context.ts";
import { ANCESTOR_MAX_DEPTH } from "../limits.ts";
import { readParents } from "../lineage/parents.ts";
import { type AncestorRow, type StoredRating, selectAncestorScores } from "../store/ratings.ts";
import { rowsOf } from "../store/statements.ts";
import { type ContractRating, explain, toContract } from "../trust/answer.ts";
import type { ModelEvidence } from "../trust/evidence.ts";
import { type AncestorScore, algorithmFor, isTrusted, lightScore, type Rating, rate } from "../trust/rate.ts";

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
  const trusted = isTrusted(evidence.source, ctx.config.trustedNamespaces);
  const known = new Set(registered.map((row) => row.source_key));
  const others = keys.filter((key) => !known.has(key)).map((key) => unregisteredAncestor(key, evidence));
  const ancestor_licenses = registered.map(({ id, source, depth, license }) => ({
    id: String(id),
    source,
    depth,
    licenses: license === null ? [] : (JSON.parse(license) as string[]),
  }));
  const scores = [...registered.map(registeredAncestor), ...others];
  return rate({ ...evidence, ancestor_licenses }, scores, ctx.now, trusted);
}

/** A registered ancestor. A net that another algorithm made is on another scale; reading that rating renews it. */
function registeredAncestor({ source_key: source, depth, algorithm, net }: AncestorRow): AncestorScore {
  const ancestor = { source, depth, from: "rating" } as const;
  if (net === null) return { ...ancestor, reason: "its rating failed" };
  const current = algorithm === algorithmFor(false) || algorithm === algorithmFor(true);
  return current ? { ...ancestor, score: net } : { ...ancestor, reason: "rated by an older algorithm" };
}

/** A parent that is not registered, with what its hub record shows, where that was asked for. */
function unregisteredAncestor(key: string, { parents = [] }: ModelEvidence): AncestorScore {
  const asked = parents.find(({ id, record }) =>
    [id, ...(record.status === "found" ? [record.value.id] : [])].some((name) => name.toLowerCase() === key),
  );
  if (asked === undefined) return { source: key, depth: 1, from: "none", reason: "not asked: too many parents" };
  const { record } = asked;
  if (record.status !== "found") return { source: asked.id, depth: 1, from: "none", reason: record.reason };
  return { source: record.value.id, depth: 1, score: lightScore(record.value), from: "light" };
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
