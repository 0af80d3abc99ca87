/**
 * Ratings: made from the evidence of an ingest, stored with the artifact, and served as stored.
 *
 * Invariant: serving a rating asks nobody outside. A rating that an older algorithm made is made again from the kept
 * evidence, not from what upstream says today.
 */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { ANCESTOR_MAX_DEPTH } from "../limits.ts";
import { readParents } from "../lineage/parents.ts";
import { isUploadKey, uploadSource } from "../sources/source-url.ts";
import {
  type AncestorRow,
  type RatingRow,
  type StoredRating,
  selectAncestorScores,
  selectRating,
  writeRating,
} from "../store/ratings.ts";
import { rowsOf } from "../store/statements.ts";
import { isModelEvidence, type ModelEvidence } from "../trust/evidence.ts";
import {
  ALGORITHM_VERSION,
  type AncestorScore,
  type ContractRating,
  type Explanation,
  explain,
  lightScore,
  type Rating,
  rate,
  toContract,
} from "../trust/rate.ts";
import { readZipEntry } from "../zip/zip-entry.ts";
import { readZipIndex } from "../zip/zip-index.ts";
import { deferAuditRead } from "./audit/entries.ts";
import { readUpload } from "./uploads/read.ts";
import { readerOf } from "./zip-reader.ts";

/** The body of a rating: the contract's keys and, where asked for, how each came about. */
export type RatingBody = ContractRating & { evidence?: Record<string, Explanation> };

/** What is stored of a rating beside its explanation: the body without the name, or what was unavailable. */
type StoredBody = Omit<ContractRating, "name"> | { failed: true; unavailable: Record<string, string> };

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

/**
 * The rating of a model (contract: GET /artifact/model/{id}/rate); one D1 read, and an entry in the audit after the answer.
 * @throws RegistryError `artifact_not_found`, `not_a_model`, `rating_failed`
 */
export async function getRating(ctx: Context, ref: ArtifactRef, withEvidence: boolean): Promise<RatingBody> {
  permit(ctx, "artifact:read");
  if (ref.type !== "model") throw new RegistryError("not_a_model");
  const row = await selectRating(ctx.db, ref.id, withEvidence).first<RatingRow>();
  if (!row) throw new RegistryError("artifact_not_found");
  if (row.type !== "model") throw new RegistryError("not_a_model");
  const stored = row.algorithm === ALGORITHM_VERSION ? parseStored(row) : await renew(ctx, row);
  const body = stored.rating as StoredBody;
  if ("failed" in body) throw new RegistryError("rating_failed");
  deferAuditRead(ctx, "RATE", row);
  const { category, ...scores } = body;
  return {
    name: row.name,
    category,
    ...scores,
    ...(withEvidence && { evidence: stored.explanation as Record<string, Explanation> }),
  } as RatingBody;
}

function parseStored(row: RatingRow): Pick<StoredRating, "rating" | "explanation"> {
  return { rating: JSON.parse(row.rating ?? "null"), explanation: JSON.parse(row.explanation ?? "null") };
}

/** Makes a rating again from the evidence in the zip, and stores it after the answer. */
async function renew(ctx: Context, row: RatingRow): Promise<StoredRating> {
  const evidence = isUploadKey(row.source_key) ? await uploadedEvidence(ctx, row) : await keptEvidence(ctx, row);
  const stored = toStored(await rateEvidence(ctx, evidence), evidence);
  ctx.defer(writeRating(ctx.db, row, stored).run());
  return stored;
}

async function keptEvidence(ctx: Context, row: RatingRow): Promise<ModelEvidence> {
  const bytes = await readZipEntry(readerOf(ctx, row), row.size, "evidence.json");
  if (!bytes) throw new RegistryError("rating_failed");
  return JSON.parse(new TextDecoder().decode(bytes)) as ModelEvidence;
}

/** An upload keeps no evidence but itself; what it calls `evidence.json` is a file like any other. */
async function uploadedEvidence(ctx: Context, row: RatingRow): Promise<ModelEvidence> {
  const read = readerOf(ctx, row);
  const { entries } = await readZipIndex(read, row.size);
  const source = uploadSource("model", row.id, row.name);
  const { evidence } = await readUpload(ctx, source, { sha256: row.sha256, entries, read });
  if (!isModelEvidence(evidence)) throw new RegistryError("rating_failed");
  return evidence;
}
