/**
 * The comparison of bucket and database, both ways, in the order of the keys. It is the net under the protocol, not a part
 * of it: it finds what no protocol can (a bucket edited by hand, a restored database).
 *
 * Invariant: it reports; it removes only under `RECONCILE=enforce`, only strays older than a day, only so many a run, and
 * only by dooming them like every other deletion. An artifact whose object is missing is never touched.
 */

import type { Context } from "../context.ts";
import { ORPHAN_MIN_AGE_MS, RECONCILE_MAX_PAGES, RECONCILE_MAX_REMOVALS, RECONCILE_PAGE } from "../limits.ts";
import { bundleExists, listBundles } from "../store/blobs.ts";
import { doomOrphans, type OpenDeletion } from "../store/deletions.ts";
import { selectJob, writeJob } from "../store/jobs.ts";
import { selectKey, selectKeysBetween, selectStrayKeys } from "../store/reconciliation.ts";
import { purge } from "./purge.ts";
import { requester } from "./views.ts";

/** Where a comparison stands, and what it found so far. Kept between runs. */
export interface ReconcileState {
  /** The key behind which the next run goes on; missing when the last one came to the end. */
  after?: string;
  /** Objects that nothing points at, and how many of them were removed. */
  strays: number;
  removed: number;
  /** Artifacts whose object is missing. */
  missing: number;
}

const JOB = "reconcile";

/** Whether a comparison has stopped midway and waits for its next run. */
export async function reconcileIsUnfinished(ctx: Context): Promise<boolean> {
  return (await readState(ctx))?.after !== undefined;
}

/** Compares up to a bounded number of pages, going on where the last run stopped. */
export async function reconcile(ctx: Context, maxPages = RECONCILE_MAX_PAGES): Promise<ReconcileState> {
  const before = await readState(ctx);
  let state: ReconcileState = before?.after === undefined ? { strays: 0, removed: 0, missing: 0 } : before;
  for (let page = 0; page < maxPages; page += 1) {
    state = await comparePage(ctx, state);
    if (state.after === undefined) break;
  }
  await writeJob(ctx.db, JOB, state, ctx.now()).run();
  ctx.log(state.strays + state.missing > 0 ? "error" : "info", "reconcile", { ...state });
  return state;
}

async function readState(ctx: Context): Promise<ReconcileState | undefined> {
  const row = await selectJob(ctx.db, JOB).first<{ state: string }>();
  return row ? (JSON.parse(row.state) as ReconcileState) : undefined;
}

async function comparePage(ctx: Context, state: ReconcileState): Promise<ReconcileState> {
  const page = await listBundles(ctx.blobs, state.after, RECONCILE_PAGE);
  const upTo = page.truncated ? page.objects.at(-1)?.key : undefined;
  const strays = await findStrays(ctx, page.objects);
  const missing = await findMissing(ctx, page.objects, state.after ?? "", upTo);
  for (const stray of strays) ctx.log("error", "stray_object", stray);
  for (const key of missing) ctx.log("error", "missing_object", { key });

  const room = ctx.config.reconcile === "enforce" ? RECONCILE_MAX_REMOVALS - state.removed : 0;
  const removable = strays.slice(0, Math.max(0, room));
  if (removable.length > 0) {
    const doomed = await doomOrphans(ctx.db, removable, requester(ctx)).all<OpenDeletion>();
    await purge(ctx, doomed.results);
  }
  return {
    ...(upTo !== undefined && { after: upTo }),
    strays: state.strays + strays.length,
    removed: state.removed + removable.length,
    missing: state.missing + missing.length,
  };
}

/** Old objects that nothing points at. The bucket is asked again last: a deletion may have finished since it was listed. */
async function findStrays(
  ctx: Context,
  objects: readonly { key: string; size: number; uploaded: number }[],
): Promise<{ key: string; size: number }[]> {
  const old = objects.filter((object) => object.uploaded < ctx.now() - ORPHAN_MIN_AGE_MS);
  const stray = await selectStrayKeys(
    ctx.db,
    old.map((object) => object.key),
  ).all<{ key: string }>();
  const keys = new Set(stray.results.map((row) => row.key));
  const candidates = old.filter((object) => keys.has(object.key)).map(({ key, size }) => ({ key, size }));
  const present = await Promise.all(candidates.map((object) => bundleExists(ctx.blobs, object.key)));
  return candidates.filter((_, index) => present[index]);
}

/** Artifacts in this stretch of keys whose object was not listed, and is not there now although the artifact still is. */
async function findMissing(
  ctx: Context,
  objects: readonly { key: string }[],
  after: string,
  upTo: string | undefined,
): Promise<string[]> {
  const listed = new Set(objects.map((object) => object.key));
  const missing: string[] = [];
  for (let from = after; ; ) {
    const rows = await selectKeysBetween(ctx.db, from, upTo, RECONCILE_PAGE).all<{ object_key: string }>();
    const keys = rows.results.map((row) => row.object_key);
    for (const key of keys.filter((candidate) => !listed.has(candidate))) {
      if (await bundleExists(ctx.blobs, key)) continue;
      if (await selectKey(ctx.db, key).first()) missing.push(key);
    }
    const last = keys.at(-1);
    if (last === undefined || keys.length < RECONCILE_PAGE) return missing;
    from = last;
  }
}
