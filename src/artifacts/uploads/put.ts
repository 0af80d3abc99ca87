/** Uploading content in one request: the body passes through to the bucket, is looked into there, and settled. */

import { permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { UPLOAD_BODY_MAX_BYTES, UPLOAD_BODY_TIMEOUT_MS } from "../../limits.ts";
import { putStream } from "../../store/blobs.ts";
import { BrokenBodyError, type ComingBody, WrongDigestError } from "../../store/streams.ts";
import type { Upload } from "../../store/uploads.ts";
import { signDownload } from "../links.ts";
import { alreadyExists } from "../twin.ts";
import { artifactOf, requireVersion, type VersionedArtifact } from "../views.ts";
import { openUpload, orGiveUp } from "../write.ts";
import { type ArrivedZip, checkRoom, getSlot, lookInto, type Slot, settleUploaded } from "./slot.ts";

/** A body as it comes. */
export interface IncomingBody {
  stream: ReadableStream<Uint8Array> | null;
  /** `Content-Length`, as it was sent. */
  length: string | undefined;
  /** SHA-256 that it must have, in hex; `malformed` for a digest that is none. */
  digest: string | undefined | "malformed";
}

/** What an upload has led to: the artifact, and whether this made it. */
export interface Uploaded extends VersionedArtifact {
  created: boolean;
}

/**
 * Makes a zip the content of an uploaded artifact: its first, or in place of what it has.
 *
 * @param ifMatch only over this version (an entity tag of the artifact)
 * @throws RegistryError `artifact_not_found`, `no_upload`, `precondition_failed`, `length_required`, `body_too_large`,
 *   `invalid_request`, `body_broken`, `digest_mismatch`, `upload_refused`, `content_corrupt`, `too_many_artifacts`,
 *   `too_many_bytes`; in every case what was there stays whole
 */
export async function putContent(
  ctx: Context,
  ref: ArtifactRef,
  body: IncomingBody,
  ifMatch: string | undefined,
  origin: string,
): Promise<Uploaded> {
  permit(ctx, "artifact:write");
  const coming = readBody(body);
  const slot = await getSlot(ctx, ref);
  const version = requireVersion(slot.present, ifMatch);
  const { size } = coming;
  await checkRoom(ctx, slot, size);
  const upload = await openUpload(ctx, { ...intentOf(slot), size, sha256: coming.sha256 ?? "" });
  const put = () => passingOn(() => putStream(ctx.blobs, upload.object_key, coming));
  // A body that was refused is nowhere; one that the bucket did not answer for may still land, and is left to the sweep.
  const { sha256 } = await orGiveUp(ctx, upload, put, isRefusal);
  return finish(ctx, slot, { upload, size, digests: [sha256], isVerified: true }, version, origin);
}

/** The intent of an upload for a slot, without what it is going to write. */
export function intentOf({ type, id, name }: Slot) {
  return { artifactId: id, type, name, sourceKey: "" };
}

/** An object that has been written; the rest as in `ArrivedZip`. */
export interface Arrived extends Omit<ArrivedZip, "object_key"> {
  upload: Upload;
}

/** Looks into an object that has been written, and settles it. If it is refused for good, the object is deleted. */
export async function finish(
  ctx: Context,
  slot: Slot,
  { upload, ...arrived }: Arrived,
  version: number | undefined,
  origin: string,
  isFinal?: (error: unknown) => boolean,
): Promise<Uploaded> {
  const zip = { object_key: upload.object_key, ...arrived };
  const { described, sha256 } = await orGiveUp(ctx, upload, () => lookInto(ctx, slot, zip), isFinal);
  const object = { size: arrived.size, sha256 };
  const landed = await settleUploaded(ctx, slot, { upload, object }, described, version);
  if (landed === undefined) return refuseLate(ctx, slot);
  const row = { id: slot.id, type: slot.type, name: slot.name, url: described.content.url, version: landed };
  return { ...artifactOf(row, await signDownload(ctx, row, origin)), created: slot.present === undefined };
}

/** Why content could not be settled after all: somebody was faster. */
async function refuseLate(ctx: Context, slot: Slot): Promise<never> {
  const now = await getSlot(ctx, slot);
  if (now.present && !slot.present) throw alreadyExists(slot.id);
  throw new RegistryError("precondition_failed");
}

/** Whether a failure is a refusal, which no repetition will mend. */
export function isRefusal(error: unknown): boolean {
  return error instanceof RegistryError;
}

/**
 * What a body's headers say, checked before a byte of it is read.
 * @throws RegistryError `length_required`, `body_too_large`, `invalid_request`
 */
export function readBody({ stream, length, digest }: IncomingBody): ComingBody {
  if (length === undefined) throw new RegistryError("length_required");
  const size = /^\d{1,15}$/.test(length) ? Number(length) : 0;
  if (digest === "malformed") throw invalid("digest: must be one SHA-256, `sha-256=:base64:` or 64 hex digits");
  if (!stream || size === 0) throw invalid("body: must not be empty");
  if (size > UPLOAD_BODY_MAX_BYTES) {
    throw new RegistryError(
      "body_too_large",
      `A request takes up to ${UPLOAD_BODY_MAX_BYTES} bytes: upload what is larger in parts.`,
    );
  }
  return { stream, size, sha256: digest, timeoutMs: UPLOAD_BODY_TIMEOUT_MS };
}

function invalid(what: string): RegistryError {
  return new RegistryError("invalid_request", `Invalid request: ${what}.`);
}

/**
 * Passes a body on, and says what was wrong with it in the registry's words.
 * @throws RegistryError `body_broken`, `digest_mismatch`
 */
export async function passingOn<T>(pass: () => Promise<T>): Promise<T> {
  try {
    return await pass();
  } catch (error) {
    if (error instanceof WrongDigestError) throw new RegistryError("digest_mismatch");
    if (!(error instanceof BrokenBodyError)) throw error;
    throw new RegistryError("body_broken", `The body did not arrive whole: ${error.message}.`);
  }
}
