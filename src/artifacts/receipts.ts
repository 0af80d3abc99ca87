/** The receipt of a deletion. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { issuedId } from "../lib/ids.ts";
import { type ReceiptRow, selectReceipt } from "../store/deletions.ts";

/** Contract: GET /deletions/{id}. Times in ISO 8601, size in bytes, digest in hex. */
export interface Receipt {
  id: string;
  type: ArtifactType;
  name: string;
  object_key: string;
  size: number;
  sha256: string;
  requested_at: string;
  requested_by: string;
  finished_at?: string;
  status: "finished" | "open";
}

/**
 * What was deleted under this id, by whom, and whether its zip is gone.
 * @throws RegistryError `deletion_not_found`
 */
export async function getReceipt(ctx: Context, id: string): Promise<Receipt> {
  permit(ctx, "artifact:read");
  const issued = issuedId(id);
  const row = issued === undefined ? undefined : await selectReceipt(ctx.db, issued).first<ReceiptRow>();
  if (!row) throw new RegistryError("deletion_not_found");
  return {
    id: String(row.artifact_id),
    type: row.type,
    name: row.name,
    object_key: row.object_key,
    size: row.size,
    sha256: row.sha256,
    requested_at: new Date(row.requested_at).toISOString(),
    requested_by: row.requested_by,
    ...(row.finished_at !== null && { finished_at: new Date(row.finished_at).toISOString() }),
    status: row.finished_at === null ? "open" : "finished",
  };
}
