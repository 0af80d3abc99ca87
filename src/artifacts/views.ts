/** What the verbs hand out: the contract's shapes, built from rows in one place. */

import type { ArtifactType } from "../lib/artifact-types.ts";
import type { ArtifactRow, ArtifactSummary } from "../store/artifacts.ts";

/** Contract: `Metadata`. */
export interface Metadata {
  name: string;
  id: string;
  type: ArtifactType;
}

/** Contract: `Artifact`. `download_url` is left out where the deployment cannot sign links. */
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

/** The artifact, with a download link where there is one. */
export function artifactOf(
  row: ArtifactSummary & Pick<ArtifactRow, "url" | "version">,
  link: string | undefined,
): VersionedArtifact {
  return {
    artifact: { metadata: metadataOf(row), data: { url: row.url, ...(link && { download_url: link }) } },
    etag: etagOf(row),
  };
}
