/**
 * Ratings: stored with the artifact, and served as stored.
 *
 * Invariant: serving a rating asks nobody outside; only one that could not be made has its evidence fetched again. A rating that
 * an older algorithm made is made again from the kept evidence, not from what upstream says today; what that lacks is named in
 * `awaiting_update`.
 */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { RATING_RETRY_MS, RATING_RETRY_TAKES_MS } from "../limits.ts";
import { isUploadKey, uploadSource } from "../sources/source-url.ts";
import { type InspectionRow, selectInspection } from "../store/files.ts";
import { claimRetry, type RatingRow, type StoredRating, selectRating, writeRating } from "../store/ratings.ts";
import type { ContractRating, Explanation } from "../trust/answer.ts";
import { isModelEvidence, type ModelEvidence } from "../trust/evidence.ts";
import { algorithmFor, isTrusted } from "../trust/rate.ts";
import { readZipIndex } from "../zip/zip-index.ts";
import { deferAuditRead } from "./audit/entries.ts";
import { readKeptEvidence } from "./kept-evidence.ts";
import { rateEvidence, type StoredBody, toStored } from "./rate.ts";
import { refreshUnrated } from "./update.ts";
import { readUpload } from "./uploads/read.ts";
import { readerOf } from "./zip-reader.ts";

/** The body of a rating: the contract's keys and, where asked for, how each came about. */
export type RatingBody = ContractRating & { evidence?: Record<string, Explanation> };

/**
 * The rating of a model (contract: GET /artifact/model/{id}/rate); one D1 read, and an entry in the audit after the answer. For
 * one that could not be made, evidence is fetched again after the answer, at most every few minutes.
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
  if ("failed" in body) throw await retryRating(ctx, row, Object.keys(body.unavailable));
  deferAuditRead(ctx, "RATE", row);
  const { category, ...scores } = body;
  return {
    name: row.name,
    category,
    ...scores,
    ...(withEvidence && { evidence: stored.explanation as Record<string, Explanation> }),
  } as RatingBody;
}

/**
 * What is said of a model that could not be rated because too much of its evidence was not there: which metrics lack it and,
 * where upstream can be asked again, that it is and when to come back. Who asks first in a while starts it, after the answer.
 */
async function retryRating(ctx: Context, row: RatingRow, unavailable: readonly string[]): Promise<RegistryError> {
  const reason = `The evidence for these metrics could not be read: ${unavailable.join(", ")}.`;
  // The evidence of an upload is the upload.
  if (isUploadKey(row.source_key)) return new RegistryError("rating_failed", undefined, { extra: { reason } });
  const now = ctx.now();
  const claimed = await claimRetry(ctx.db, row, now, RATING_RETRY_MS).first();
  if (claimed) ctx.defer(refreshAfterAnswer(ctx, row));
  const retriedAt = claimed ? now : (row.retried_at ?? 0);
  const isUnderWay = now < retriedAt + RATING_RETRY_TAKES_MS;
  const again = isUnderWay ? retriedAt + RATING_RETRY_TAKES_MS : Math.max(row.updated_at, retriedAt) + RATING_RETRY_MS;
  return new RegistryError("rating_failed", undefined, {
    extra: {
      reason: `${reason} It is fetched again when the rating is asked for, at most every ${RATING_RETRY_MS / 60_000} minutes.`,
    },
    headers: { "Retry-After": String(Math.max(1, Math.ceil((again - now) / 1000))) },
  });
}

/** Whoever asks for a rating may not be one who may write: what is fetched again is fetched by the registry itself. */
async function refreshAfterAnswer(ctx: Context, { id, type, version }: RatingRow): Promise<void> {
  const rated = await refreshUnrated({ ...ctx, actor: { kind: "cron", schedule: "rating" } }, { id, type, version });
  ctx.log("info", "rating_retried", { artifact: id, rated });
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
  const evidence = await readKeptEvidence(ctx, row);
  if (!evidence) throw new RegistryError("rating_failed");
  return evidence as ModelEvidence;
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
