/**
 * Receipts, finished some at a time: deletes that follow each other closely share one write to the database.
 *
 * Invariant: what waits here is only the note that an object is gone, never the going itself. Should the Worker die before
 * the note is written, the sweep finds the deletion open, deletes what is gone already, and finishes the receipt.
 *
 * Only plain data crosses from one request to another: each request's objects and timers are its own, so the request that
 * begins a gathering also ends it, and nobody else waits for it.
 */

import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { RECEIPTS_GATHERED_MS, RECEIPTS_OVERDUE_MS } from "../limits.ts";
import { finishDeletions } from "../store/deletions.ts";
import { repeatOnce } from "../store/statements.ts";

/** Keys of objects that are gone, and since when (milliseconds since 1970) somebody is about to write that down. */
interface Gathering {
  keys: string[];
  since: number;
}

/** One for each deployment that this isolate serves: outside of tests, one. */
const gatherings = new WeakMap<Config, Gathering>();

/** Finishes the receipts of these objects, which are gone, after the answer. */
export function finishReceipts(ctx: Context, keys: readonly string[]): void {
  const open = gatherings.get(ctx.config);
  const age = open ? ctx.now() - open.since : 0;
  if (open && age >= 0 && age < RECEIPTS_OVERDUE_MS) {
    open.keys.push(...keys);
    return;
  }
  // Whoever began an overdue one has died: it is taken over.
  const gathering = { keys: [...(open?.keys ?? []), ...keys], since: ctx.now() };
  gatherings.set(ctx.config, gathering);
  ctx.defer(writeDown(ctx, gathering));
}

async function writeDown(ctx: Context, gathering: Gathering): Promise<void> {
  await scheduler.wait(RECEIPTS_GATHERED_MS);
  if (gatherings.get(ctx.config) === gathering) gatherings.delete(ctx.config);
  await repeatOnce(() => finishDeletions(ctx.db, gathering.keys, ctx.now()).run());
}
