/**
 * Handing out a zip: whole or a part of it, and never the bytes of another version than the one described.
 *
 * A download is audited when its bytes begin to flow, after the answer: HEAD and "not modified" are none, and the parts that
 * one actor reads of a zip within an hour are one. A range that is all of it is no part.
 */

import { permit } from "../auth/scopes.ts";
import type { S3Access } from "../config.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { attachment } from "../lib/attachment.ts";
import { namesTag } from "../lib/entity-tag.ts";
import { readRange } from "../lib/http-range.ts";
import { PRESIGNED_GET_S } from "../limits.ts";
import type { ArtifactRow } from "../store/artifacts.ts";
import { getBundle } from "../store/blobs.ts";
import { selectVerdicted, type Verdicted } from "../store/files.ts";
import { presign } from "../store/presign.ts";
import { auditDownload } from "./audit/entries.ts";

/** What the client has and wants, as its headers say. */
export interface DownloadRequest {
  range?: string | undefined;
  ifRange?: string | undefined;
  ifNoneMatch?: string | undefined;
  /** Headers only (HEAD). */
  headOnly: boolean;
  /** Whether the client may be sent on to the bucket itself, where the deployment has S3 credentials. */
  mayBeSentOn?: boolean;
}

/** The zip or a part of it. `range` in bytes. `body` is missing for HEAD, for `not_modified`, and where there is a `link`. */
export interface Download {
  kind: "whole" | "part" | "not_modified";
  name: string;
  size: number;
  sha256: string;
  /** With its quotes. */
  etag: string;
  range?: { offset: number; length: number };
  body?: ReadableStream;
  /** Into the bucket itself, for a moment; it names the object of this version and is dead with it. */
  link?: string;
}

/** Reads of an artifact's row before giving up on finding its object: an update may replace it in between. */
const READS_MAX = 3;

/**
 * Opens the zip of an artifact (contract: Downloads).
 * @throws RegistryError `artifact_not_found`, `unsafe_content`, `range_not_satisfiable`; Error if the object is missing though
 *   its row is there
 */
export function openDownload(ctx: Context, ref: ArtifactRef, request: DownloadRequest): Promise<Download> {
  permit(ctx, "artifact:download");
  return openPresent(
    async () => {
      const row = await selectVerdicted(ctx.db, ref).first<ArtifactRow & Verdicted>();
      if (!row) throw new RegistryError("artifact_not_found");
      refuseUnsafe(row);
      return row;
    },
    (row) => openVersion(ctx, row, request),
  );
}

/** Nothing is handed out of a bundle that an inspection found unsafe. */
export function refuseUnsafe({ verdict }: Verdicted): void {
  if (verdict === "unsafe") throw new RegistryError("unsafe_content");
}

/**
 * Opens what a row points at, and reads the row again when that is not there any more.
 * @param open undefined if the object is not there
 * @throws Error if the object is missing though its row is there
 */
export async function openPresent<Row extends Pick<ArtifactRow, "object_key">, Opened>(
  read: () => Promise<Row>,
  open: (row: Row) => Promise<Opened | undefined>,
): Promise<Opened> {
  let missing = "";
  for (let reads = 0; reads < READS_MAX; reads += 1) {
    const row = await read();
    if (row.object_key === missing) break;
    const opened = await open(row);
    if (opened) return opened;
    missing = row.object_key;
  }
  throw new Error(`object ${missing} is missing though its artifact is there`);
}

/**
 * What a request is to be answered with.
 * @param content what there is: `size` in bytes, `etag` with its quotes, `called` for people
 * @throws RegistryError `range_not_satisfiable`
 */
export function negotiate(
  request: DownloadRequest,
  content: { size: number; etag: string; called: string },
): Pick<Download, "kind" | "range"> {
  const { size, etag, called } = content;
  if (request.ifNoneMatch !== undefined && namesTag(request.ifNoneMatch, etag)) return { kind: "not_modified" };
  // Range means GET alone (RFC 9110 §14.2).
  const fresh = !request.headOnly && (request.ifRange === undefined || request.ifRange === etag);
  const range = fresh ? readRange(request.range, size) : undefined;
  if (range === "unsatisfiable") {
    throw new RegistryError("range_not_satisfiable", `The requested range lies outside the ${called}.`, {
      headers: { "Content-Range": `bytes */${size}` },
    });
  }
  return range ? { kind: "part", range } : { kind: "whole" };
}

function linkTo(s3: S3Access, { object_key, name }: ArtifactRow): Promise<string> {
  const query = { "response-content-disposition": attachment(`${name}.zip`) };
  return presign(s3, { method: "GET", key: object_key, query, expiresS: PRESIGNED_GET_S });
}

async function openVersion(ctx: Context, row: ArtifactRow, request: DownloadRequest): Promise<Download | undefined> {
  const { name, size, sha256 } = row;
  const etag = `"${sha256}"`;
  const plan = negotiate(request, { size, etag, called: "bundle" });
  const described = { ...plan, name, size, sha256, etag };
  if (plan.kind === "not_modified" || request.headOnly) return described;
  const extent = plan.range && plan.range.length < size ? "part" : "whole";
  // What a client has already is for us to say: the bucket knows another entity tag.
  if (request.mayBeSentOn && ctx.config.s3 && request.ifNoneMatch === undefined && request.ifRange === undefined) {
    auditDownload(ctx, row, extent);
    return { ...described, link: await linkTo(ctx.config.s3, row) };
  }
  const object = await getBundle(ctx.blobs, row.object_key, plan.range);
  if (!object) return undefined;
  auditDownload(ctx, row, extent);
  return { ...described, body: object.body };
}
