/** What the verbs hand out: the contract's shapes, built from rows in one place. */

import { RegistryError } from "../errors.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { namesTag } from "../lib/entity-tag.ts";
import type { ArtifactRow, ArtifactSummary } from "../store/artifacts.ts";

/** Contract: `Metadata`. */
export interface Metadata {
  name: string;
  id: string;
  type: ArtifactType;
}

/** Contract: `Artifact`. `download_url` is left out where the deployment cannot sign links, and for who may not download. */
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

/**
 * The version that `If-Match` names; undefined if any will do.
 * @param row the artifact as it is; undefined where there is no content yet that could match
 * @throws RegistryError `precondition_failed`
 */
export function requireVersion(
  row: Pick<ArtifactRow, "id" | "version"> | undefined,
  ifMatch: string | undefined,
): number | undefined {
  if (ifMatch === undefined) return undefined;
  if (!row || !namesTag(ifMatch, etagOf(row))) throw new RegistryError("precondition_failed");
  return ifMatch.trim() === "*" ? undefined : row.version;
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
