/**
 * Links into the bucket itself (S3's signature in the query), so that large bodies need not pass through the Worker.
 *
 * Invariant: a link names one key and one method and lives briefly; it is dead the moment the object is deleted.
 */

import { AwsClient } from "aws4fetch";
import type { S3Access } from "../config.ts";

/** What a link is for. `query` in addition to the signature's own; `expiresS` in seconds. */
export interface LinkedRequest {
  method: "GET" | "PUT";
  key: string;
  query?: Record<string, string>;
  /** Signed too: whoever uses the link has to send them as they are. */
  headers?: Record<string, string>;
  expiresS: number;
}

/** A link that does this one thing. */
export async function presign(
  s3: S3Access,
  { method, key, query = {}, headers = {}, expiresS }: LinkedRequest,
): Promise<string> {
  const { endpoint, accessKeyId, secretAccessKey } = s3;
  const client = new AwsClient({ accessKeyId, secretAccessKey, service: "s3", region: "auto" });
  const url = new URL(`${endpoint}/${key.split("/").map(encodeURIComponent).join("/")}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  url.searchParams.set("X-Amz-Expires", String(expiresS));
  const signed = await client.sign(url.href, { method, headers, aws: { signQuery: true, allHeaders: true } });
  return signed.url;
}
