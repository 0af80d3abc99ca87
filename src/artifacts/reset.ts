/** Reset: every artifact and its zip, through the same deletion as each of them alone. Ids go on; audit and receipts stay. */

import { may, permit } from "../auth/scopes.ts";
import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { BULK_DELETE_MAX_IDS, RESET_MAX_PAGES } from "../limits.ts";
import { selectCounts, selectSomeRefs } from "../store/artifacts.ts";
import type { ArtifactRef, OpenDeletion } from "../store/deletions.ts";
import { repeatOnce, rowsOf } from "../store/statements.ts";
import { giveUpUploads } from "../store/uploads.ts";
import { purge } from "./purge.ts";
import { takeOut } from "./remove.ts";

/** Ids that wait for content, and what is being uploaded to them in parts: nothing of before the reset comes in after it. */
async function endUploads(ctx: Context): Promise<void> {
  const statements = giveUpUploads(ctx.db, { waiting: true }, requester(ctx));
  const [doomed] = await repeatOnce(() => ctx.db.batch(statements));
  await purge(ctx, rowsOf<OpenDeletion>(doomed));
}

/**
 * Deletes everything, page by page, until nothing is left (contract: DELETE /reset).
 *
 * @param confirm how many artifacts the caller believes there are: where AUTH is required, a script that was pointed at the
 *   wrong registry does not know, and is refused
 * @throws RegistryError `confirmation_needed`; `deletion_unfinished` if some zips could not be deleted yet, or there were more artifacts than one
 *   request can delete: repeated, it goes on
 */
export async function reset(ctx: Context, confirm?: number): Promise<void> {
  permit(ctx, "registry:reset");
  if (ctx.config.auth === "required") await requireConfirmation(ctx, confirm);
  await endUploads(ctx);
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

async function requireConfirmation(ctx: Context, confirm: number | undefined): Promise<void> {
  const counts = rowsOf<{ artifacts: number }>(await selectCounts(ctx.db).all());
  const total = counts.reduce((sum, { artifacts }) => sum + artifacts, 0);
  if (confirm === total) return;
  // Whoever may not read the registry is not told how much is in it.
  const number = may(ctx.actor, "artifact:read") ? String(total) : "<number of artifacts>";
  throw new RegistryError("confirmation_needed", `A reset must be confirmed: repeat it with ?confirm=${number}`);
}
