/** The only place that talks to the bucket. */

import { toHex } from "../lib/hash.ts";
import { R2_DELETE_MAX_KEYS } from "../limits.ts";
import { abortMultipart } from "./multipart.ts";
import { ObjectGoneError, openReadBack } from "./read-back.ts";
import { type ComingBody, passOn } from "./streams.ts";

const ZIP = { contentType: "application/zip" };

/**
 * Writes a zip. The store verifies the digest and refuses other bytes; a key is written once, because no two uploads share one.
 */
export async function putBundle(
  bucket: Pick<R2Bucket, "put">,
  key: string,
  bundle: { bytes: Uint8Array; sha256: string },
): Promise<void> {
  await bucket.put(key, bundle.bytes, { sha256: bundle.sha256, httpMetadata: ZIP });
}

/**
 * Writes a zip as it comes, and answers its SHA-256 (hex); the bucket verifies and keeps that digest where it is known ahead.
 * @throws BrokenBodyError, WrongDigestError
 */
export async function putStream(
  bucket: Pick<R2Bucket, "put">,
  key: string,
  body: ComingBody,
): Promise<{ sha256: string }> {
  const options = { ...(body.sha256 !== undefined && { sha256: body.sha256 }), httpMetadata: ZIP };
  return passOn(body, (stream) => bucket.put(key, stream, options));
}

/** The SHA-256 (hex) of an object, read through once; undefined if it is not there. */
export async function digestBundle(bucket: Pick<R2Bucket, "get">, key: string): Promise<string | undefined> {
  const object = await openReadBack(bucket, key);
  if (!object) return undefined;
  const { reader } = object;
  const digest = new crypto.DigestStream("SHA-256");
  const writer = digest.getWriter();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) await writer.write(part.value);
  } catch (error) {
    digest.digest.catch(() => {}); // of what was not read to its end
    writer.abort(error).catch(() => {});
    if (error instanceof ObjectGoneError) return undefined;
    throw error;
  }
  await writer.close();
  return toHex(await digest.digest);
}

/** Reads a zip, or a part of it; null when it is not there. */
export function getBundle(
  bucket: Pick<R2Bucket, "get">,
  key: string,
  range?: { offset: number; length: number },
): Promise<R2ObjectBody | null> {
  return range ? bucket.get(key, { range }) : bucket.get(key);
}

/** Whether an object is there. */
export async function bundleExists(bucket: Pick<R2Bucket, "head">, key: string): Promise<boolean> {
  return (await bucket.head(key)) !== null;
}

/** Asks the bucket for something that is not there: it answers, or it throws. */
export async function probeBucket(bucket: Pick<R2Bucket, "head">): Promise<void> {
  await bucket.head("health/probe");
}

/**
 * Deletes objects, in as few calls as the store takes; deleting what is absent is no error. What was still being written in
 * parts is aborted first, and only then is its key deleted. In that order nothing can come back, whoever completes it at the
 * same time: the store does one after the other, so a completion either came before the abort, and its object is there for
 * the delete to take away, or comes after it and finds no upload to complete. No other upload ever writes to that key.
 */
export async function deleteBundles(
  bucket: Pick<R2Bucket, "delete" | "resumeMultipartUpload">,
  doomed: readonly { object_key: string; multipart_id: string | null }[],
): Promise<void> {
  await Promise.all(
    doomed.map(async ({ object_key, multipart_id }) => {
      if (multipart_id !== null) await abortMultipart(bucket, { object_key, multipart_id });
    }),
  );
  const keys = doomed.map((deletion) => deletion.object_key);
  for (let from = 0; from < keys.length; from += R2_DELETE_MAX_KEYS) {
    await bucket.delete(keys.slice(from, from + R2_DELETE_MAX_KEYS));
  }
}

/** One page of what is in the bucket, in the order of the keys, beginning behind `after`. */
export async function listBundles(
  bucket: Pick<R2Bucket, "list">,
  after: string | undefined,
  limit: number,
): Promise<{ objects: { key: string; size: number; uploaded: number }[]; truncated: boolean }> {
  const page = await bucket.list({ limit, ...(after !== undefined && { startAfter: after }) });
  return {
    objects: page.objects.map((object) => ({
      key: object.key,
      size: object.size,
      uploaded: object.uploaded.getTime(),
    })),
    truncated: page.truncated,
  };
}
