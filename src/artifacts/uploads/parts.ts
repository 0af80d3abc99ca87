/**
 * Uploading content in parts: for what is larger than one request may be, and for lines that break.
 *
 * Invariant: an upload says ahead how large it is, so that every part's size is known and checked before its bytes are read.
 * What has come is written down part by part, so that a client goes on where it was cut off.
 */

import { permit } from "../../auth/scopes.ts";
import { type Context, requester } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import {
  PRESIGNED_PUT_S,
  R2_MAX_PARTS,
  UPLOAD_BODY_MAX_BYTES,
  UPLOAD_LIFE_MS,
  UPLOAD_PART_DEFAULT_BYTES,
  UPLOAD_PART_MAX_BYTES,
  UPLOAD_PART_MIN_BYTES,
} from "../../limits.ts";
import type { OpenDeletion } from "../../store/deletions.ts";
import {
  abortMultipart,
  createMultipart,
  isNoSuchUpload,
  type Multipart,
  putStreamedPart,
} from "../../store/multipart.ts";
import { presign } from "../../store/presign.ts";
import { repeatOnce, rowsOf } from "../../store/statements.ts";
import { selectParts, type UploadPart, writePart } from "../../store/upload-parts.ts";
import { giveUpUploads, recordMultipart, selectUpload, type UploadRow } from "../../store/uploads.ts";
import { purge } from "../purge.ts";
import { checkAnnounced } from "../quota.ts";
import { openUpload, orGiveUp } from "../write.ts";
import { type IncomingBody, intentOf, passingOn, readBody } from "./put.ts";
import { addedBy, getSlot } from "./slot.ts";

/** An upload in parts. Sizes in bytes; `expires_at` in ISO 8601. */
export interface PartedUpload {
  upload_id: string;
  size: number;
  part_size: number;
  part_count: number;
  expires_at: string;
  /** Those that have come through the registry, in their order. */
  parts: UploadPart[];
}

/** One part, and where to put it. */
export interface PartPlace {
  number: number;
  size: number;
  url: string;
  /** ISO 8601; of a link into the bucket. */
  expires_at?: string;
}

/** The row of an upload that takes parts. */
export type OpenUpload = UploadRow & Multipart & { part_size: number };

/**
 * Begins an upload in parts.
 *
 * @param wanted `size` of the whole, `partSize` of every part but the last, `sha256` of the whole where it is known (hex)
 * @throws RegistryError `artifact_not_found`, `no_upload`, `invalid_request`, `too_many_artifacts`, `too_many_bytes`
 */
export async function startUpload(
  ctx: Context,
  ref: ArtifactRef,
  wanted: { size: number; partSize?: number | undefined; sha256?: string | undefined },
): Promise<PartedUpload> {
  permit(ctx, "artifact:write");
  const { size, sha256 = "" } = wanted;
  const partSize = wanted.partSize ?? Math.max(UPLOAD_PART_DEFAULT_BYTES, Math.ceil(size / R2_MAX_PARTS));
  checkPartSize(ctx, size, partSize);
  const slot = await getSlot(ctx, ref);
  const added = addedBy(slot, size);
  await checkAnnounced(ctx, added);
  const upload = await openUpload(ctx, { ...intentOf(slot), size, sha256, purpose: "upload", partSize });
  const expiresAt = ctx.now() + UPLOAD_LIFE_MS;
  await orGiveUp(ctx, upload, async () => {
    await checkAnnounced(ctx, added, upload.id);
    const multipart_id = await createMultipart(ctx.blobs, upload.object_key);
    if (await repeatOnce(() => recordMultipart(ctx.db, upload.id, multipart_id, expiresAt).first())) return;
    // Deleted meanwhile, before anybody knew what to abort with it.
    await abortMultipart(ctx.blobs, { object_key: upload.object_key, multipart_id });
    throw new RegistryError("artifact_not_found");
  });
  return viewOf({ id: upload.id, size, part_size: partSize, expires_at: expiresAt }, []);
}

function checkPartSize(ctx: Context, size: number, partSize: number): void {
  const max = ctx.config.s3 ? UPLOAD_PART_MAX_BYTES : UPLOAD_BODY_MAX_BYTES;
  const wrong =
    partSize < UPLOAD_PART_MIN_BYTES || partSize > max
      ? `part_size: must be from ${UPLOAD_PART_MIN_BYTES} to ${max} bytes`
      : Math.ceil(size / partSize) > R2_MAX_PARTS && `part_size: makes more than ${R2_MAX_PARTS} parts`;
  if (wrong) throw new RegistryError("invalid_request", `Invalid request: body.${wrong}`);
}

function viewOf(
  upload: Pick<OpenUpload, "id" | "size" | "part_size" | "expires_at">,
  parts: UploadPart[],
): PartedUpload {
  return {
    upload_id: String(upload.id),
    size: upload.size,
    part_size: upload.part_size,
    part_count: Math.ceil(upload.size / upload.part_size),
    expires_at: new Date(upload.expires_at).toISOString(),
    parts,
  };
}

/**
 * An upload that takes parts, and those that have come.
 * @throws RegistryError `upload_not_found`
 */
export async function getOpenUpload(
  ctx: Context,
  ref: ArtifactRef,
  uploadId: number,
): Promise<{ upload: OpenUpload; parts: UploadPart[] }> {
  const [uploads, parts] = await ctx.db.batch([selectUpload(ctx.db, uploadId), selectParts(ctx.db, uploadId)]);
  const [row] = rowsOf<UploadRow>(uploads);
  if (row?.purpose !== "upload" || row.artifact_id !== ref.id || row.type !== ref.type || !isOpen(row)) {
    throw new RegistryError("upload_not_found");
  }
  return { upload: row, parts: rowsOf<UploadPart>(parts) };
}

function isOpen(row: UploadRow): row is OpenUpload {
  return row.multipart_id !== null && row.part_size !== null;
}

/**
 * How far an upload is: what to go on from.
 * @throws RegistryError `upload_not_found`
 */
export async function readUploadState(ctx: Context, ref: ArtifactRef, uploadId: number): Promise<PartedUpload> {
  permit(ctx, "artifact:write");
  const { upload, parts } = await getOpenUpload(ctx, ref, uploadId);
  return viewOf(upload, parts);
}

/**
 * Where a part is to be put: into the bucket itself where the deployment has S3 credentials, else to the registry.
 * @param own the registry's own URL of the part
 * @throws RegistryError `upload_not_found`, `invalid_request`
 */
export async function placePart(
  ctx: Context,
  ref: ArtifactRef,
  uploadId: number,
  number: number,
  own: string,
): Promise<PartPlace> {
  permit(ctx, "artifact:write");
  const { upload } = await getOpenUpload(ctx, ref, uploadId);
  const size = sizeOfPart(upload, number);
  const { s3 } = ctx.config;
  if (!s3) return { number, size, url: own };
  const url = await presign(s3, {
    method: "PUT",
    key: upload.object_key,
    query: { partNumber: String(number), uploadId: upload.multipart_id },
    headers: { "Content-Length": String(size) },
    expiresS: PRESIGNED_PUT_S,
  });
  return { number, size, url, expires_at: new Date(ctx.now() + PRESIGNED_PUT_S * 1000).toISOString() };
}

/** How large a part has to be. */
function sizeOfPart({ size, part_size }: OpenUpload, number: number): number {
  const count = Math.ceil(size / part_size);
  if (number < 1 || number > count) {
    throw new RegistryError("invalid_request", `Invalid request: this upload has parts 1 to ${count}.`);
  }
  return number === count ? size - (count - 1) * part_size : part_size;
}

/**
 * Takes one part, in any order; one that came before is written over.
 * @throws RegistryError `upload_not_found`, `invalid_request`, `length_required`, `body_too_large`, `body_broken`,
 *   `digest_mismatch`; then the part has not come, and the upload is as it was
 */
export async function putUploadPart(
  ctx: Context,
  ref: ArtifactRef,
  uploadId: number,
  number: number,
  body: IncomingBody,
): Promise<UploadPart> {
  permit(ctx, "artifact:write");
  const coming = readBody(body);
  const { upload } = await getOpenUpload(ctx, ref, uploadId);
  const size = sizeOfPart(upload, number);
  if (coming.size !== size) {
    throw new RegistryError("invalid_request", `Invalid request: part ${number} of this upload has ${size} bytes.`);
  }
  const put = () => passingOn(() => putStreamedPart(ctx.blobs, upload, number, coming));
  const { etag } = await put().catch((error: unknown) => {
    throw isNoSuchUpload(error) ? new RegistryError("upload_not_found") : error;
  });
  const part = { number, etag, size };
  const kept = await repeatOnce(() => writePart(ctx.db, upload.id, part).first());
  if (!kept) throw new RegistryError("upload_not_found");
  return part;
}

/**
 * Ends an upload whose content is not wanted any more; its parts are gone with it.
 * @throws RegistryError `upload_not_found`
 */
export async function abortUpload(ctx: Context, ref: ArtifactRef, uploadId: number): Promise<void> {
  permit(ctx, "artifact:write");
  const { upload } = await getOpenUpload(ctx, ref, uploadId);
  const doomed = await repeatOnce(() => ctx.db.batch(giveUpUploads(ctx.db, { id: upload.id }, requester(ctx))));
  // It has ended, whatever the bucket says now: the sweep has the rest.
  await purge(ctx, rowsOf<OpenDeletion>(doomed[0]));
}
