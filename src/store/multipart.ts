/**
 * Objects that are written in parts, over many requests.
 *
 * Invariant: the store's name of a multipart upload is written down as soon as it is known. One that could not be (a crash
 * in between) holds no object, nobody can complete it, and the store itself aborts it after seven days.
 */

import { type ComingBody, passOn } from "./streams.ts";

/** A multipart upload of which the store has told us the name. */
export interface Multipart {
  object_key: string;
  multipart_id: string;
}

/** Begins one. Returns the store's name of it. */
export async function createMultipart(bucket: Pick<R2Bucket, "createMultipartUpload">, key: string): Promise<string> {
  const upload = await bucket.createMultipartUpload(key, { httpMetadata: { contentType: "application/zip" } });
  return upload.uploadId;
}

/**
 * Writes one part; a part of the same number is written over. All but the last are of one size, of 5 MiB at the least.
 * Returns the tag that completing it takes.
 */
export async function putPart(
  bucket: Pick<R2Bucket, "resumeMultipartUpload">,
  { object_key, multipart_id }: Multipart,
  number: number,
  bytes: ReadableStream | Uint8Array,
): Promise<string> {
  const part = await bucket.resumeMultipartUpload(object_key, multipart_id).uploadPart(number, bytes);
  return part.etag;
}

/**
 * Writes one part as it comes; see `putPart`.
 * @throws BrokenBodyError, WrongDigestError: then the store may have the part, and nobody its tag
 */
export async function putStreamedPart(
  bucket: Pick<R2Bucket, "resumeMultipartUpload">,
  upload: Multipart,
  number: number,
  body: ComingBody,
): Promise<{ etag: string }> {
  const { written } = await passOn(body, (stream) => putPart(bucket, upload, number, stream));
  return { etag: written };
}

/** The store does not make an object of these parts: one is missing, too small, or of another size than the others. */
export class PartsRefusedError extends Error {
  override readonly name = "PartsRefusedError";
}

/** The store's errors for parts that do not fit: too small, unknown, of unequal sizes. */
const PARTS_REFUSED: ReadonlyMap<number, string> = new Map([
  [10011, "a part is smaller than 5 MiB"],
  [10025, "the store does not have a part of this tag"],
  [10048, "parts other than the last differ in size"],
]);

/**
 * Makes the object of its parts, and answers how large it is, in bytes. One that was completed before is found completed: a
 * key is written by one upload alone, so an object under it is this one.
 * @throws PartsRefusedError
 */
export async function completeMultipart(
  bucket: Pick<R2Bucket, "resumeMultipartUpload" | "head">,
  { object_key, multipart_id }: Multipart,
  parts: readonly { number: number; etag: string }[],
): Promise<{ size: number }> {
  const uploaded = parts.map(({ number, etag }) => ({ partNumber: number, etag }));
  try {
    return { size: (await bucket.resumeMultipartUpload(object_key, multipart_id).complete(uploaded)).size };
  } catch (error) {
    const object = await bucket.head(object_key);
    if (object) return { size: object.size };
    const reason = PARTS_REFUSED.get(codeOf(error) ?? 0);
    throw reason === undefined ? error : new PartsRefusedError(reason, { cause: error });
  }
}

/** The store's error for a multipart upload that was completed, aborted, or never was. */
const NO_SUCH_UPLOAD = 10024;

/** Ends one and frees its parts. That there is none any more is no error. */
export async function abortMultipart(
  bucket: Pick<R2Bucket, "resumeMultipartUpload">,
  { object_key, multipart_id }: Multipart,
): Promise<void> {
  try {
    await bucket.resumeMultipartUpload(object_key, multipart_id).abort();
  } catch (error) {
    if (!isNoSuchUpload(error)) throw error;
  }
}

/** Whether the store says that there is no such multipart upload, or none any more. */
export function isNoSuchUpload(error: unknown): boolean {
  return codeOf(error) === NO_SUCH_UPLOAD;
}

/** The number at the end of the store's messages, the only thing in them that is stable. */
function codeOf(error: unknown): number | undefined {
  const code = /\((\d{5})\)$/.exec(String(error))?.[1];
  return code === undefined ? undefined : Number(code);
}
