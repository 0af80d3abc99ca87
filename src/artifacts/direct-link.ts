/** Downloads that need not pass through the Worker: whoever may have the zip is sent on to the bucket for a moment. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { PRESIGNED_GET_S } from "../limits.ts";
import type { ArtifactRef } from "../store/deletions.ts";
import { presign } from "../store/presign.ts";
import { auditLater } from "./audit.ts";
import { getArtifactRow } from "./find.ts";

/**
 * A link to the zip in the bucket itself, for who has been let in to download it; undefined where the deployment has no S3
 * credentials. It names the object of the present version and is dead with it.
 *
 * @param disposition the `Content-Disposition` that the bucket is to answer, for the artifact's name
 * @throws RegistryError `artifact_not_found`
 */
export async function findDirectLink(
  ctx: Context,
  ref: ArtifactRef,
  disposition: (name: string) => string,
): Promise<string | undefined> {
  permit(ctx, "artifact:download");
  const { s3 } = ctx.config;
  if (!s3) return undefined;
  const row = await getArtifactRow(ctx, ref);
  // Handing out the link is all that is seen of the download here.
  auditLater(ctx, "DOWNLOAD", row);
  return presign(s3, {
    method: "GET",
    key: row.object_key,
    query: { "response-content-disposition": disposition(`${row.name}.zip`) },
    expiresS: PRESIGNED_GET_S,
  });
}
