/** Reset: every artifact and its zip, through the same deletion as each of them alone. Ids go on; audit and receipts stay. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { BULK_DELETE_MAX_IDS, RESET_MAX_PAGES } from "../limits.ts";
import { selectSomeRefs } from "../store/artifacts.ts";
import type { ArtifactRef } from "../store/deletions.ts";
import { rowsOf } from "../store/statements.ts";
import { takeOut } from "./remove.ts";

/**
 * Deletes everything, page by page, until nothing is left (contract: DELETE /reset).
 * @throws RegistryError `deletion_unfinished` if some zips could not be deleted yet, or there were more artifacts than one
 *   request can delete: repeated, it goes on
 */
export async function reset(ctx: Context): Promise<void> {
  permit(ctx, "registry:reset");
  let unfinished = false;
  for (let page = 0; ; page += 1) {
    const refs = rowsOf<ArtifactRef>(await selectSomeRefs(ctx.db, BULK_DELETE_MAX_IDS).all());
    if (refs.length === 0) break;
    if (page === RESET_MAX_PAGES) throw new RegistryError("deletion_unfinished");
    const outcomes = await takeOut(ctx, refs);
    unfinished ||= outcomes.includes("failed");
  }
  if (unfinished) throw new RegistryError("deletion_unfinished");
}
