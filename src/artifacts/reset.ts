/** Reset: every artifact and its zip, by the same two phases as each of them alone. Ids go on; audit and receipts stay. */

import { may, permit } from "../auth/scopes.ts";
import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { BULK_DELETE_MAX_IDS, RESET_MAX_PAGES, RESET_PAGE_ABORTS, SWEEP_PAGE } from "../limits.ts";
import { selectCounts, selectSomeRefs } from "../store/artifacts.ts";
import { type OpenDeletion, removeArtifacts, selectDueDeletions, selectDueInParts } from "../store/deletions.ts";
import { repeatOnce, rowsOf } from "../store/statements.ts";
import { giveUpUploads } from "../store/uploads.ts";
import { purgeAndFinish } from "./purge.ts";

/**
 * Deletes everything (contract: DELETE /reset): first every row, so that nothing is to be seen from then on, then every
 * object that is still to go, whoever doomed it and whenever. What breaks off, the same request again goes on with.
 *
 * @param confirm how many artifacts the caller believes there are: where AUTH is required, a script that was pointed at the
 *   wrong registry does not know, and is refused. An empty registry needs no confirmation
 * @throws RegistryError `confirmation_needed`; `deletion_unfinished` while there is an artifact or an object left: the store
 *   was down, or there were more of them than one request can delete
 */
export async function reset(ctx: Context, confirm?: number): Promise<void> {
  permit(ctx, "registry:reset");
  if (ctx.config.auth === "required") await requireConfirmation(ctx, confirm);
  // Ids that wait for content, and what is being uploaded to them: nothing of before comes in after it.
  await repeatOnce(() => ctx.db.batch(giveUpUploads(ctx.db, { waiting: true }, requester(ctx))));
  if (!(await deleteEverything(ctx))) throw new RegistryError("deletion_unfinished");
}

/**
 * Whether everything is gone. From here on something may have been deleted: an invocation that has no calls left is no other
 * failure than a store that is down.
 */
async function deleteEverything(ctx: Context): Promise<boolean> {
  try {
    return (await takeOutAll(ctx)) && (await purgeAll(ctx));
  } catch (error) {
    ctx.log("error", "reset_unfinished", { error: String(error) });
    return false;
  }
}

async function takeOutAll(ctx: Context): Promise<boolean> {
  const by = requester(ctx);
  for (let page = 0; page < RESET_MAX_PAGES; page += 1) {
    const refs = rowsOf<ArtifactRef>(await selectSomeRefs(ctx.db, BULK_DELETE_MAX_IDS).all());
    if (refs.length === 0) return true;
    await repeatOnce(() => ctx.db.batch(removeArtifacts(ctx.db, refs, by, false)));
  }
  return false;
}

async function purgeAll(ctx: Context): Promise<boolean> {
  for (let page = 0; page < RESET_MAX_PAGES; page += 1) {
    const due = await ctx.db.batch([
      selectDueDeletions(ctx.db, Number.MAX_SAFE_INTEGER, SWEEP_PAGE - RESET_PAGE_ABORTS),
      selectDueInParts(ctx.db, Number.MAX_SAFE_INTEGER, RESET_PAGE_ABORTS),
    ]);
    const open = due.flatMap(rowsOf<OpenDeletion>);
    if (open.length === 0) return true;
    if (!(await purgeAndFinish(ctx, open))) return false;
  }
  return false;
}

async function requireConfirmation(ctx: Context, confirm: number | undefined): Promise<void> {
  const counts = rowsOf<{ artifacts: number }>(await selectCounts(ctx.db).all());
  const total = counts.reduce((sum, { artifacts }) => sum + artifacts, 0);
  // With no artifact there is nothing to lose: it is new, or a reset goes on whose objects are left.
  if (total === 0 || confirm === total) return;
  // The number is told to who may read the registry; /health has it by type for everybody.
  const number = may(ctx.actor, "artifact:read") ? String(total) : "<number of artifacts>";
  throw new RegistryError("confirmation_needed", `A reset must be confirmed: repeat it with ?confirm=${number}`);
}
