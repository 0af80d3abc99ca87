/** Update: ingest again, and replace the content of an artifact whole or not at all. */

import { permit } from "../auth/scopes.ts";
import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { namesTag } from "../lib/entity-tag.ts";
import { parseSource } from "../sources/source-url.ts";
import { type ArtifactRow, replaceContent, selectArtifact, selectTwin } from "../store/artifacts.ts";
import { type ArtifactRef, doomReplaced, type OpenDeletion } from "../store/deletions.ts";
import { rowsOf } from "../store/statements.ts";
import { getArtifactRow } from "./find.ts";
import { ingest } from "./ingest.ts";
import { purge } from "./purge.ts";
import { artifactOf, etagOf, type Metadata, type VersionedArtifact } from "./views.ts";
import { writeContent } from "./write.ts";

/** What a client sends: the artifact as it has it, with the source that it shall have. */
export interface Update {
  metadata: Metadata;
  url: string;
  /** `If-Match`: only if the artifact is still this version. */
  ifMatch?: string | undefined;
}

/**
 * Replaces zip, text and lineage of an artifact by what its (new or same) source holds now (contract: PUT).
 *
 * @throws RegistryError `artifact_not_found`, `name_id_mismatch`, `precondition_failed`, `already_exists` (another artifact
 *   has that source and name), and what an ingest throws; in every case the old content stays whole
 */
export async function update(
  ctx: Context,
  ref: ArtifactRef,
  wanted: Update,
  origin: string,
): Promise<VersionedArtifact> {
  permit(ctx, "artifact:write");
  const { metadata } = wanted;
  const row = await getArtifactRow(ctx, ref);
  if (metadata.id !== String(row.id) || metadata.name !== row.name || metadata.type !== row.type) {
    throw new RegistryError("name_id_mismatch");
  }
  if (wanted.ifMatch !== undefined && !namesTag(wanted.ifMatch, etagOf(row))) {
    throw new RegistryError("precondition_failed");
  }
  const source = parseSource(row.type, wanted.url);
  const ingested = await ingest(ctx, source, wanted.url.trim());

  const by = requester(ctx);
  const { content } = ingested;
  // Without If-Match the last writer wins; with it, only over the version that the client saw.
  const expected = {
    sourceKey: content.sourceKey,
    ...(wanted.ifMatch !== undefined && wanted.ifMatch.trim() !== "*" && { version: row.version }),
  };
  const written = await writeContent(
    ctx,
    { artifactId: row.id, type: row.type, name: row.name },
    ingested,
    (uploadId) => [...doomReplaced(ctx.db, uploadId, expected, by), replaceContent(ctx.db, uploadId, content, by.at)],
    async (uploadId) => (await selectArtifact(ctx.db, row.type, row.id).first<ArtifactRow>())?.version === uploadId,
  );
  if (!written) return refusal(ctx, ref, row, content.sourceKey);

  // The old zip goes before the answer. If the store fails, the update holds all the same and the sweep has the rest.
  await purge(ctx, rowsOf<OpenDeletion>(written.first));
  return artifactOf(ctx, { ...row, url: content.url, version: written.uploadId }, origin);
}

/** Why an update could not take hold after all: somebody was faster. */
async function refusal(ctx: Context, ref: ArtifactRef, seen: ArtifactRow, sourceKey: string): Promise<never> {
  await getArtifactRow(ctx, ref);
  const twin = await selectTwin(ctx.db, seen.type, sourceKey, seen.name).first<{ id: number }>();
  throw new RegistryError(twin && twin.id !== seen.id ? "already_exists" : "precondition_failed");
}
