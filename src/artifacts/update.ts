/** Update: ingest again, and replace the content of an artifact whole or not at all. */

import { permit } from "../auth/scopes.ts";
import type { MirrorMode } from "../config.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { isUploadKey, parseSource } from "../sources/source-url.ts";
import { type ArtifactRow, selectTwin } from "../store/artifacts.ts";
import { getArtifactRow } from "./find.ts";
import { type Ingested, ingest } from "./ingest.ts";
import { signDownload } from "./links.ts";
import { startMirror, withMirror } from "./mirror/start.ts";
import { alreadyExists } from "./twin.ts";
import { artifactOf, type Metadata, requireVersion, type VersionedArtifact } from "./views.ts";
import { asReplacement, writeContent } from "./write.ts";

/** What a client sends: the artifact as it has it, with the source that it shall have. */
export interface Update {
  metadata: Metadata;
  url: string;
  /** `If-Match`: only if the artifact is still this version. */
  ifMatch?: string | undefined;
  /** How much is kept: by default as much as before. What the deployment says is for registrations alone. */
  mirror?: MirrorMode | undefined;
}

/**
 * Replaces zip, text and lineage of an artifact by what its (new or same) source holds now (contract: PUT).
 *
 * @throws RegistryError `artifact_not_found`, `name_id_mismatch`, `precondition_failed`, `is_upload`, `already_exists` (another artifact
 *   has that source and name), `too_many_bytes`, and what an ingest throws; in every case the old content stays whole
 */
export async function update(
  ctx: Context,
  ref: ArtifactRef,
  wanted: Update,
  origin?: string,
): Promise<VersionedArtifact> {
  permit(ctx, "artifact:write");
  const { metadata } = wanted;
  const row = await getArtifactRow(ctx, ref);
  if (metadata.id !== String(row.id) || metadata.name !== row.name || metadata.type !== row.type) {
    throw new RegistryError("name_id_mismatch");
  }
  const over = requireVersion(row, wanted.ifMatch);
  if (isUploadKey(row.source_key)) throw new RegistryError("is_upload");
  const source = parseSource(row.type, wanted.url);
  const ingested = await ingest(ctx, source, wanted.url.trim());

  const { content } = ingested;
  const version = await replace(ctx, row, ingested, { over, mirror: wanted.mirror });
  if (version === undefined) return refusal(ctx, ref, row, content.sourceKey);
  return artifactOf({ ...row, url: content.url, version }, await signDownload(ctx, row, origin));
}

/**
 * Fetches the source of a model again because the evidence was not enough for a rating, and replaces its content if now it is.
 * Runs after an answer, as nobody's request: what fails changes nothing.
 *
 * @param seen the version that could not be rated; any newer one stays
 * @returns whether the model is rated now
 */
export async function refreshUnrated(ctx: Context, seen: ArtifactRef & { version: number }): Promise<boolean> {
  permit(ctx, "artifact:write");
  const row = await getArtifactRow(ctx, seen);
  if (row.version !== seen.version) return false;
  const ingested = await ingest(ctx, parseSource(row.type, row.url), row.url);
  if (ingested.rating?.net === undefined) return false;
  return (await replace(ctx, row, ingested, { over: seen.version })) !== undefined;
}

/** Replaces the content of an artifact by what was ingested. Returns the new version; undefined if somebody was faster. */
async function replace(
  ctx: Context,
  row: ArtifactRow,
  ingested: Ingested,
  { over, mirror }: { over?: number | undefined; mirror?: MirrorMode | undefined },
): Promise<number | undefined> {
  const settlement = withMirror(ctx, asReplacement(ctx, row, ingested.content, over), mirror);
  const version = await writeContent(ctx, { artifactId: row.id, type: row.type, name: row.name }, ingested, settlement);
  if (version !== undefined && mirror !== "light") ctx.defer(startMirror(ctx, row));
  return version;
}

/** Why an update could not take hold after all: somebody was faster. */
async function refusal(ctx: Context, ref: ArtifactRef, seen: ArtifactRow, sourceKey: string): Promise<never> {
  await getArtifactRow(ctx, ref);
  const twin = await selectTwin(ctx.db, seen.type, sourceKey, seen.name).first<{ id: number }>();
  if (twin && twin.id !== seen.id) throw alreadyExists(twin.id);
  throw new RegistryError("precondition_failed");
}
