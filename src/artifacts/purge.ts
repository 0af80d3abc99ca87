/**
 * The second phase of every deletion: the objects go, then the receipts say so.
 *
 * Invariant: only keys that stand in an open deletion are ever handed to the object store, and a deletion is finished only
 * after the store has answered. Everything here can be repeated: deleting what is gone is no error.
 */

import type { Context } from "../context.ts";
import { deleteBundles } from "../store/blobs.ts";
import { finishDeletions, type OpenDeletion, postponeDeletions } from "../store/deletions.ts";
import { repeatOnce } from "../store/statements.ts";
import { finishReceipts } from "./finish-receipts.ts";

/**
 * Deletes the objects of open deletions, with one retry. On success the receipts are finished after the answer: should that
 * write be lost, the sweep repeats the whole. On failure the deletions stay open, with the failure written down.
 *
 * @returns whether the objects are gone
 */
export async function purge(ctx: Context, deletions: readonly OpenDeletion[]): Promise<boolean> {
  if (deletions.length === 0) return true;
  const isGone = await deleteObjects(ctx, deletions);
  if (isGone) finishReceipts(ctx, keysOf(deletions));
  return isGone;
}

/** The same with the receipts finished before the answer: for who asks what is still open and purges that. */
export async function purgeAndFinish(ctx: Context, deletions: readonly OpenDeletion[]): Promise<boolean> {
  const isGone = await deleteObjects(ctx, deletions);
  if (isGone) await repeatOnce(() => finishDeletions(ctx.db, keysOf(deletions), ctx.now()).run());
  return isGone;
}

function keysOf(deletions: readonly OpenDeletion[]): string[] {
  return deletions.map((deletion) => deletion.object_key);
}

async function deleteObjects(ctx: Context, deletions: readonly OpenDeletion[]): Promise<boolean> {
  const keys = keysOf(deletions);
  try {
    await repeatOnce(() => deleteBundles(ctx.blobs, deletions));
  } catch (error) {
    ctx.log("error", "purge_failed", { objects: keys.length, first: keys[0], error: String(error) });
    await postponeDeletions(ctx.db, keys, ctx.now(), String(error))
      .run()
      .catch((cause: unknown) => ctx.log("error", "purge_failure_not_recorded", { error: String(cause) }));
    return false;
  }
  return true;
}
