/** The kinds of artifact that there are. */
export const ARTIFACT_TYPES = ["model", "dataset", "code"] as const;

/** One of them. */
export type ArtifactType = (typeof ARTIFACT_TYPES)[number];

/** One artifact: its id and its type, which must fit each other. */
export interface ArtifactRef {
  id: number;
  type: ArtifactType;
}
