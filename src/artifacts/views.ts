/** What the verbs hand out: the contract's shapes, built from rows in one place. */

import { may } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import type { ArtifactRow, ArtifactSummary, ArtifactType } from "../store/artifacts.ts";
import { signDownload } from "./links.ts";

/** Contract §0: `Metadata`. */
export interface Metadata {
  name: string;
  id: string;
  type: ArtifactType;
}

/** Contract §0: `Artifact`. `download_url` is left out where the deployment cannot sign links. */
export interface Artifact {
  metadata: Metadata;
  data: { url: string; download_url?: string };
}

/** An artifact, and the entity tag of the version that it describes. */
export interface VersionedArtifact {
  artifact: Artifact;
  etag: string;
}

export function metadataOf(row: ArtifactSummary): Metadata {
  return { name: row.name, id: String(row.id), type: row.type };
}

/** The entity tag of an artifact's present content: what `If-Match` of an update is compared with. */
export function etagOf(row: Pick<ArtifactRow, "id" | "version">): string {
  return `"${row.id}-${row.version}"`;
}

/** The artifact, with a fresh download link on `origin` for an actor who may download: a link lets in whoever holds it. */
export async function artifactOf(
  ctx: Context,
  row: ArtifactSummary & Pick<ArtifactRow, "url" | "version">,
  origin: string | undefined,
): Promise<VersionedArtifact> {
  const link =
    origin !== undefined && may(ctx.actor, "artifact:download")
      ? await signDownload(ctx, { type: row.type, id: row.id }, origin)
      : undefined;
  return {
    artifact: { metadata: metadataOf(row), data: { url: row.url, ...(link && { download_url: link }) } },
    etag: etagOf(row),
  };
}
