/** Making room for a team's own artifact: its id is issued, and waits for the content. */

import { permit } from "../../auth/scopes.ts";
import type { Context } from "../../context.ts";
import type { ArtifactType } from "../../lib/artifact.ts";
import { UPLOAD_LIFE_MS } from "../../limits.ts";
import { ANOTHER, checkQuota } from "../quota.ts";
import { type Metadata, metadataOf } from "../views.ts";
import { openUpload } from "../write.ts";

/** What is to be uploaded, and until when its id waits (ISO 8601). */
export interface Reservation extends Metadata {
  expires_at: string;
}

/**
 * Issues the id of an artifact whose content will be uploaded. Until it is there, nothing is under that id; if it never comes,
 * nothing ever was. Its source is its own, so that no name is taken: uploads of one name are told apart by their ids.
 *
 * @throws RegistryError `too_many_artifacts`, `too_many_bytes`
 */
export async function reserveUpload(ctx: Context, wanted: { type: ArtifactType; name: string }): Promise<Reservation> {
  permit(ctx, "artifact:write");
  await checkQuota(ctx, ANOTHER);
  const expiresAt = ctx.now() + UPLOAD_LIFE_MS;
  const intent = { ...wanted, sourceKey: "", size: 0, sha256: "", purpose: "reservation", expiresAt } as const;
  const { id } = await openUpload(ctx, intent);
  return { ...metadataOf({ id, ...wanted }), expires_at: new Date(expiresAt).toISOString() };
}
