/**
 * How an object gets into the bucket: intent, object, settlement. Whatever writes the object (one put, a stream, many parts),
 * and whether it makes a new artifact or replaces the content of one, the settlement is the same.
 *
 * Invariant: at every moment an object under our keys is pointed at by an artifact, by an upload or by an open deletion.
 */

import { type Context, requester } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import {
  type ArtifactContent,
  type ArtifactRow,
  insertArtifact,
  replaceContent,
  selectArtifact,
  writeBelongings,
} from "../store/artifacts.ts";
import { auditRegistration } from "../store/audit.ts";
import { putBundle } from "../store/blobs.ts";
import { forgetContent, writeIndex, writeInspection } from "../store/bundle-index.ts";
import { doomReplaced, type OpenDeletion } from "../store/deletions.ts";
import { type Fit, selectFit } from "../store/quotas.ts";
import { writeRating } from "../store/ratings.ts";
import { repeatOnce, rowsOf } from "../store/statements.ts";
import {
  describeUpload,
  giveUpUploads,
  insertUpload,
  measureUpload,
  settleUpload,
  type Upload,
  type UploadIntent,
} from "../store/uploads.ts";
import type { Described, Ingested } from "./ingest.ts";
import { purge } from "./purge.ts";
import { isUnbounded, overQuota } from "./quota.ts";
import { findTwin } from "./twin.ts";

/** Who an upload is for: a new artifact, or the one with `artifactId`. */
export type Target = Pick<UploadIntent, "artifactId" | "type" | "name">;

/** What is settled with an object. Without text and parents the artifact keeps those that it has. */
export type Belongings = Pick<Described, "files"> & Partial<Omit<Described, "files" | "content">>;

/** An upload whose object has been written under its key, by whichever means. */
export interface Written {
  upload: Pick<Upload, "id">;
  /** Bytes, and digest in hex, where the intent does not say them yet. */
  object?: { size: number; sha256: string };
}

/** How an artifact is made to point at an upload, if it still may. */
export interface Settlement {
  /** The artifact's id, where it is not the upload's own. */
  artifactId?: number;
  /** Whether there is content before it. */
  replaces: boolean;
  /** The first returns the `OpenDeletion` of the object that it replaces, where there is one. */
  statements(uploadId: number): D1PreparedStatement[];
  /** Whether the artifact points at it now; asked only when the settlement's own answer leaves it open. */
  landed(uploadId: number): Promise<boolean>;
}

/** Settles an upload as a new artifact, under its own id or the one that was reserved for it. */
export function asRegistration(
  ctx: Context,
  type: ArtifactType,
  content: ArtifactContent,
  reservedId?: number,
): Settlement {
  const by = requester(ctx);
  return {
    ...(reservedId !== undefined && { artifactId: reservedId }),
    replaces: false,
    statements: (id) => [
      insertArtifact(ctx.db, id, content, ctx.config.quota, by.at),
      auditRegistration(ctx.db, id, by),
    ],
    landed: (id) =>
      reservedId === undefined ? isThere(ctx, { type, id }) : pointsAt(ctx, { type, id: reservedId }, id),
  };
}

/**
 * Settles an upload as the content of an artifact that exists, whose old object is doomed by the same transaction.
 *
 * @param version only over this version, for a client that names one; else the last writer wins
 */
export function asReplacement(
  ctx: Context,
  artifact: Pick<ArtifactRow, "id" | "type">,
  content: ArtifactContent,
  version?: number,
): Settlement {
  const by = requester(ctx);
  const expected = { sourceKey: content.sourceKey, ...(version !== undefined && { version }) };
  return {
    artifactId: artifact.id,
    replaces: true,
    statements: (id) => [
      ...doomReplaced(ctx.db, id, expected, ctx.config.quota, by),
      replaceContent(ctx.db, id, content, by.at),
    ],
    landed: (id) => pointsAt(ctx, artifact, id),
  };
}

async function isThere(ctx: Context, { type, id }: Pick<ArtifactRow, "id" | "type">): Promise<boolean> {
  return (await selectArtifact(ctx.db, type, id).first()) !== null;
}

async function pointsAt(
  ctx: Context,
  { type, id }: Pick<ArtifactRow, "id" | "type">,
  uploadId: number,
): Promise<boolean> {
  return (await selectArtifact(ctx.db, type, id).first<ArtifactRow>())?.version === uploadId;
}

/**
 * Records the intent to write an object.
 * @throws RegistryError `already_exists`
 */
export async function openUpload(ctx: Context, intent: UploadIntent): Promise<Upload> {
  const by = requester(ctx);
  const upload = await insertUpload(ctx.db, intent, by.at, by.actor).first<Upload>();
  if (!upload) throw await findTwin(ctx, intent);
  return upload;
}

/**
 * Writes what was ingested and makes an artifact point at it.
 *
 * A put that failed may still land: its intent stays as it is, and the sweep dooms the object when nothing of the request
 * can be under way any more.
 *
 * @param target   the artifact that the content is for
 * @param issued the upload, where its id was issued ahead
 * @returns as `settle`
 * @throws RegistryError `already_exists`
 */
export async function writeContent(
  ctx: Context,
  target: Target,
  ingested: Ingested,
  settlement: Settlement,
  issued?: Upload,
): Promise<number | undefined> {
  const { bundle, content } = ingested;
  const intent = { ...target, sourceKey: content.sourceKey, size: bundle.bytes.length, sha256: bundle.sha256 };
  const upload = issued
    ? await describeUpload(ctx.db, issued.id, intent).first<Upload>()
    : await openUpload(ctx, intent);
  if (!upload) {
    if (issued) await giveUp(ctx, issued.id);
    throw await findTwin(ctx, intent);
  }
  await repeatOnce(() => putBundle(ctx.blobs, upload.object_key, bundle));
  return settle(ctx, { upload }, ingested, settlement);
}

/**
 * Makes an artifact point at an object that has been written, in one transaction with all that belongs to it. The object
 * that it replaces goes before the answer: if the store fails at that, the new content holds all the same and the sweep has
 * the rest.
 *
 * @returns the upload's id, which is the content's version; undefined if the artifact could not be made to point at it, in
 *   which case the object is gone again
 * @throws RegistryError `too_many_artifacts`, `too_many_bytes`; the object is gone again
 */
export async function settle(
  ctx: Context,
  { upload, object }: Written,
  belongings: Belongings,
  settlement: Settlement,
): Promise<number | undefined> {
  const artifact = { id: settlement.artifactId ?? upload.id, version: upload.id };
  const { text, parents } = belongings;
  const measured = object ? [measureUpload(ctx.db, upload.id, object)] : [];
  const fit = isUnbounded(ctx) ? [] : [selectFit(ctx.db, upload.id, ctx.config.quota)];
  // A settlement that fails twice may still have taken effect: the upload is left as it is, and whatever it is then, the
  // sweep finds either an artifact that points at the object or an intent to give up.
  const results = await repeatOnce(() =>
    ctx.db.batch([
      ...measured,
      ...fit,
      ...settlement.statements(upload.id),
      ...(text !== undefined && parents !== undefined
        ? writeBelongings(ctx.db, upload.id, text, parents, settlement.replaces)
        : []),
      ...(settlement.replaces ? forgetContent(ctx.db, upload.id) : []),
      ...writeIndex(ctx.db, upload.id, belongings.files),
      ...(belongings.inspection ? [writeInspection(ctx.db, upload.id, belongings.inspection, ctx.now())] : []),
      ...(belongings.rating ? [writeRating(ctx.db, artifact, belongings.rating)] : []),
      settleUpload(ctx.db, upload.id),
    ]),
  );
  if (rowsOf(results.at(-1)).length === 0 && !(await settlement.landed(upload.id))) {
    await giveUp(ctx, upload.id);
    const [found] = fit.length === 0 ? [] : rowsOf<Fit>(results[measured.length]);
    if (found?.fits === 0) {
      throw overQuota(ctx, found, { artifacts: found.added_artifacts, bytes: found.added_bytes });
    }
    return undefined;
  }
  await purge(ctx, rowsOf<OpenDeletion>(results[measured.length + fit.length]));
  return upload.id;
}

/**
 * Runs one step of an upload; if it fails, nothing is left of the upload.
 * @param isFinal whether a failure is one: an upload that can go on, or whose object may still land, is not given up
 */
export async function orGiveUp<T>(
  ctx: Context,
  upload: Pick<Upload, "id">,
  step: () => Promise<T>,
  isFinal: (error: unknown) => boolean = () => true,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (isFinal(error)) await giveUp(ctx, upload.id);
    throw error;
  }
}

/** Dooms the object of an upload that came to nothing, and purges it. What fails here, the sweep makes good. */
export async function giveUp(ctx: Context, uploadId: number): Promise<void> {
  try {
    const doomed = await ctx.db.batch(giveUpUploads(ctx.db, { id: uploadId }, requester(ctx)));
    await purge(ctx, rowsOf<OpenDeletion>(doomed[0]));
  } catch (error) {
    ctx.log("error", "upload_not_given_up", { upload: uploadId, error: String(error) });
  }
}
