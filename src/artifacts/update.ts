/** Update: ingest again, and replace the content of an artifact whole or not at all. */

import { permit } from "../auth/scopes.ts";
import type { MirrorMode } from "../config.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { isUploadKey, parseSource } from "../sources/source-url.ts";
import { type ArtifactRow, selectTwin } from "../store/artifacts.ts";
import { getArtifactRow } from "./find.ts";
import { ingest } from "./ingest.ts";
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
  const replacing = asReplacement(ctx, row, content, over);
  const settlement = withMirror(ctx, replacing, wanted.mirror);
  const version = await writeContent(ctx, { artifactId: row.id, type: row.type, name: row.name }, ingested, settlement);
  if (version === undefined) return refusal(ctx, ref, row, content.sourceKey);
  if (wanted.mirror !== "light") ctx.defer(startMirror(ctx, row));
  return artifactOf({ ...row, url: content.url, version }, await signDownload(ctx, row, origin));
}

/** Why an update could not take hold after all: somebody was faster. */
async function refusal(ctx: Context, ref: ArtifactRef, seen: ArtifactRow, sourceKey: string): Promise<never> {
  await getArtifactRow(ctx, ref);
  const twin = await selectTwin(ctx.db, seen.type, sourceKey, seen.name).first<{ id: number }>();
  if (twin && twin.id !== seen.id) throw alreadyExists(twin.id);
  throw new RegistryError("precondition_failed");
}
