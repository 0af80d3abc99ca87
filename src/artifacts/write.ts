/**
 * How an object gets into the bucket: intent, object, settlement. Registration and update differ only in the settlement.
 *
 * Invariant: at every moment an object under our keys is pointed at by an artifact, by an upload or by an open deletion.
 */

import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { writeBelongings } from "../store/artifacts.ts";
import { putBundle } from "../store/blobs.ts";
import type { OpenDeletion } from "../store/deletions.ts";
import { writeRating } from "../store/ratings.ts";
import { repeatOnce, rowsOf } from "../store/statements.ts";
import {
  describeUpload,
  giveUpUploads,
  insertUpload,
  settleUpload,
  type Upload,
  type UploadIntent,
} from "../store/uploads.ts";
import type { Ingested } from "./ingest.ts";
import { purge } from "./purge.ts";

/** Who an upload is for: a new artifact, or the one with `artifactId`. */
export type Target = Pick<UploadIntent, "artifactId" | "type" | "name">;

/**
 * Issues the id of a registration whose content is not known yet.
 * @throws RegistryError `already_exists`
 */
export async function reserve(ctx: Context, target: Target, sourceKey: string): Promise<Upload> {
  const by = requester(ctx);
  const intent = { ...target, sourceKey, size: 0, sha256: "" };
  const upload = await insertUpload(ctx.db, intent, by.at, by.actor).first<Upload>();
  if (!upload) throw new RegistryError("already_exists");
  return upload;
}

/**
 * Writes what was ingested and makes an artifact point at it.
 *
 * @param target  the artifact that the content is for
 * @param settle  statements that make the artifact point at the upload, if it still may
 * @param landed  whether the artifact does now; asked only when the settlement's own answer leaves it open
 * @param reserved the upload, where its id was issued ahead
 * @returns the upload, and the rows that the first statement of `settle` returned; undefined if the artifact could not be
 *   made to point at it, in which case the object is gone again
 * @throws RegistryError `already_exists`
 */
export async function writeContent(
  ctx: Context,
  target: Target,
  ingested: Ingested,
  settle: (uploadId: number) => D1PreparedStatement[],
  landed: (uploadId: number) => Promise<boolean>,
  reserved?: Upload,
): Promise<{ uploadId: number; first: D1Result | undefined } | undefined> {
  const { bundle, content } = ingested;
  const intent = { ...target, sourceKey: content.sourceKey, size: bundle.bytes.length, sha256: bundle.sha256 };
  const by = requester(ctx);
  const recording = reserved
    ? describeUpload(ctx.db, reserved.id, intent)
    : insertUpload(ctx.db, intent, by.at, by.actor);
  const upload = await recording.first<Upload>();
  if (!upload) throw new RegistryError("already_exists");

  try {
    await repeatOnce(() => putBundle(ctx.blobs, upload.object_key, bundle));
  } catch (error) {
    await giveUp(ctx, upload.id);
    throw error;
  }

  // A settlement that fails twice may still have taken effect: the upload is left as it is, and whatever it is then, the
  // sweep finds either an artifact that points at the object or an intent to give up.
  const results = await repeatOnce(() =>
    ctx.db.batch([
      ...settle(upload.id),
      ...writeBelongings(ctx.db, upload.id, ingested.text, ingested.parents, target.artifactId !== undefined),
      ...(ingested.rating
        ? [writeRating(ctx.db, { id: target.artifactId ?? upload.id, version: upload.id }, ingested.rating)]
        : []),
      settleUpload(ctx.db, upload.id),
    ]),
  );
  if (rowsOf(results.at(-1)).length > 0 || (await landed(upload.id))) return { uploadId: upload.id, first: results[0] };
  await giveUp(ctx, upload.id);
  return undefined;
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
