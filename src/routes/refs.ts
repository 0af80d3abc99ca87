/** From what a path says to an artifact that the registry could have. */

import { RegistryError } from "../errors.ts";
import type { ArtifactRef, ArtifactType } from "../lib/artifact.ts";
import { issuedId } from "../lib/ids.ts";

/**
 * The artifact that a path means.
 * @throws RegistryError `artifact_not_found` for a well-formed id that the registry never issues
 */
export function getIssuedRef(path: { artifact_type: ArtifactType; id: string }): ArtifactRef {
  const id = issuedId(path.id);
  if (id === undefined) throw new RegistryError("artifact_not_found");
  return { type: path.artifact_type, id };
}
