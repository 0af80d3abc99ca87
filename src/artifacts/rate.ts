/**
 * Ratings: made from the evidence of an ingest, stored with the artifact, and served as stored.
 *
 * Invariant: serving a rating asks nobody outside. A rating that an older algorithm made is made again from the kept
 * evidence, not from what upstream says today; what that lacks is named in `awaiting_update`.
 */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { ANCESTOR_MAX_DEPTH } from "../limits.ts";
import { readParents } from "../lineage/parents.ts";
import { isUploadKey, uploadSource } from "../sources/source-url.ts";
import { type InspectionRow, selectInspection } from "../store/files.ts";
import {
  type AncestorRow,
  type RatingRow,
  type StoredRating,
  selectAncestorScores,
  selectRating,
  writeRating,
} from "../store/ratings.ts";
import { rowsOf } from "../store/statements.ts";
import { type ContractRating, type Explanation, explain, toContract } from "../trust/answer.ts";
import { isModelEvidence, type ModelEvidence } from "../trust/evidence.ts";
import { type AncestorScore, algorithmFor, isTrusted, lightScore, type Rating, rate } from "../trust/rate.ts";
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
  const algorithm = algorithmFor(isTrusted(row.source_key, ctx.config.trustedNamespaces));
  const stored = row.algorithm === algorithm ? parseStored(row) : await renew(ctx, row);
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
  const inspected = await selectInspection(ctx.db, row).first<InspectionRow>();
  const verdict = inspected?.verdict ?? undefined;
  const { evidence } = await readUpload(ctx, source, { sha256: row.sha256, entries, read, verdict });
  if (!isModelEvidence(evidence)) throw new RegistryError("rating_failed");
  return evidence;
}
