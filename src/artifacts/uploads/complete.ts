/**
 * Completing an upload in parts: the object is made of them, read back and looked into, and settled.
 *
 * Each step finds what an earlier try has done already, so that the request can be repeated until it is answered.
 */

import { permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import { completeMultipart, isNoSuchUpload, PartsRefusedError } from "../../store/multipart.ts";
import { repeatOnce } from "../../store/statements.ts";
import { selectUpload } from "../../store/uploads.ts";
import { signDownload } from "../links.ts";
import { artifactOf, requireVersion } from "../views.ts";
import { giveUp } from "../write.ts";
import { getOpenUpload, type OpenUpload } from "./parts.ts";
import { finish, isRefusal, type Uploaded } from "./put.ts";
import { getSlot } from "./slot.ts";

/** What a client says at the end. */
export interface Completion {
  /** Of the whole, hex. */
  sha256?: string | undefined;
  /** Tags of parts that were put into the bucket itself, which the registry has not seen. */
  parts?: readonly { number: number; etag: string }[] | undefined;
  /** Only over this version of the artifact. */
  ifMatch?: string | undefined;
}

/**
 * Makes an upload the content of its artifact. Repeated after it succeeded, it answers the same artifact again.
 *
 * @throws RegistryError `artifact_not_found`, `upload_not_found`, `precondition_failed`, `invalid_request` (parts missing or
 *   not as the bucket has them: the upload goes on); `digest_mismatch`, `upload_refused`, `content_corrupt`,
 *   `body_too_large` (the upload has ended)
 */
export async function completeUpload(
  ctx: Context,
  ref: ArtifactRef,
  uploadId: number,
  completion: Completion,
  origin: string,
): Promise<Uploaded> {
  permit(ctx, "artifact:write");
  const settled = await selectArtifact(ctx.db, ref.type, ref.id).first<ArtifactRow>();
  if (settled?.version === uploadId) {
    return { ...artifactOf(settled, await signDownload(ctx, settled, origin)), created: false };
  }

  const { upload, parts: known } = await getOpenUpload(ctx, ref, uploadId);
  const slot = await getSlot(ctx, ref);
  const version = requireVersion(slot.present, completion.ifMatch);
  const { size } = await assemble(ctx, upload, partsOf(upload, [...known, ...(completion.parts ?? [])]));
  await checkSize(ctx, upload, size);
  const digests = [completion.sha256 ?? "", upload.sha256].filter((digest) => digest !== "");
  return finish(ctx, slot, { upload, size, digests, isVerified: false }, version, origin, isRefusal);
}

/** All parts of an upload in their order; of several tags of one, the last. */
function partsOf(
  { size, part_size }: OpenUpload,
  known: readonly { number: number; etag: string }[],
): { number: number; etag: string }[] {
  const tags = new Map(known.map(({ number, etag }) => [number, etag.replace(/^"(.*)"$/, "$1")]));
  const numbers = Array.from({ length: Math.ceil(size / part_size) }, (_, index) => index + 1);
  const missing = numbers.filter((number) => !tags.has(number));
  if (missing.length > 0) {
    const shown = missing.slice(0, 10).join(", ");
    throw new RegistryError(
      "invalid_request",
      `Invalid request: ${missing.length} of ${numbers.length} parts have not come: ${shown}${missing.length > 10 ? ", …" : ""}.`,
    );
  }
  return numbers.map((number) => ({ number, etag: tags.get(number) ?? "" }));
}

async function assemble(
  ctx: Context,
  upload: OpenUpload,
  parts: { number: number; etag: string }[],
): Promise<{ size: number }> {
  try {
    return await repeatOnce(() => completeMultipart(ctx.blobs, upload, parts));
  } catch (error) {
    if (error instanceof PartsRefusedError) {
      throw new RegistryError("invalid_request", `Invalid request: the parts do not make a whole: ${error.message}.`);
    }
    // Somebody has ended it meanwhile.
    if (isNoSuchUpload(error) && !(await selectUpload(ctx.db, upload.id).first())) {
      throw new RegistryError("upload_not_found");
    }
    throw error;
  }
}

/** What is not as long as it was announced has ended. That is seen before a byte of it is read. */
async function checkSize(ctx: Context, upload: OpenUpload, size: number): Promise<void> {
  if (size === upload.size) return;
  await giveUp(ctx, upload.id);
  throw new RegistryError(
    "invalid_request",
    `Invalid request: the parts make ${size} bytes, not ${upload.size}: the upload has ended.`,
  );
}
