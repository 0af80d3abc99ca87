/**
 * The comparison of bucket and database, both ways, in the order of the keys. It is the net under the protocol, not a part
 * of it: it finds what no protocol can (a bucket edited by hand, a restored database).
 *
 * Invariant: it reports; it removes only under `RECONCILE=enforce`, only strays older than a day, only so many each time, and
 * only by dooming them like every other deletion. An artifact whose object is missing is never touched.
 */

import { type Context, requester } from "../context.ts";
import {
  ORPHAN_MIN_AGE_MS,
  RECONCILE_MAX_PAGES,
  RECONCILE_MAX_PROBES,
  RECONCILE_MAX_REMOVALS,
  RECONCILE_PAGE,
} from "../limits.ts";
import { bundleExists, listBundles } from "../store/blobs.ts";
import type { OpenDeletion } from "../store/deletions.ts";
import { selectJob, writeJob } from "../store/jobs.ts";
import { doomOrphans, selectKey, selectKeysBetween, selectStrayKeys } from "../store/reconciliation.ts";
import { purge } from "./purge.ts";

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

/** Compares up to a bounded number of stretches, going on where the last run stopped. Where it stands is kept after each. */
export async function reconcile(ctx: Context, maxPages = RECONCILE_MAX_PAGES): Promise<ReconcileState> {
  const before = await readState(ctx);
  let state: ReconcileState = before?.after === undefined ? { strays: 0, removed: 0, missing: 0 } : before;
  for (let page = 0; page < maxPages; page += 1) {
    const found = state.missing + state.strays;
    state = await compareStretch(ctx, state);
    await writeJob(ctx.db, JOB, state, ctx.now()).run();
    // Looking for what is missing takes a call each: a bucket that lost much is compared over several runs.
    if (state.after === undefined || state.missing + state.strays - found >= RECONCILE_MAX_PROBES) break;
  }
  ctx.log(state.strays + state.missing > 0 ? "error" : "info", "reconcile", { ...state });
  return state;
}

async function readState(ctx: Context): Promise<ReconcileState | undefined> {
  const row = await selectJob(ctx.db, JOB).first<{ state: string }>();
  return row ? (JSON.parse(row.state) as ReconcileState) : undefined;
}

/**
 * Compares the keys from `state.after` on, as far as one list of the bucket and one page of artifacts reach, or until as
 * many objects had to be looked for one by one as one stretch may.
 */
async function compareStretch(ctx: Context, state: ReconcileState): Promise<ReconcileState> {
  const page = await listBundles(ctx.blobs, state.after, RECONCILE_PAGE);
  const listEnd = page.truncated ? page.objects.at(-1)?.key : undefined;
  const { missing, end } = await findMissing(ctx, page.objects, state.after ?? "", listEnd);
  for (const key of missing) ctx.log("error", "missing_object", { key });
  const strays = await findStrays(
    ctx,
    page.objects.filter((object) => end === undefined || object.key <= end),
  );
  for (const stray of strays) ctx.log("error", "stray_object", stray);

  const room = ctx.config.reconcile === "enforce" ? RECONCILE_MAX_REMOVALS - state.removed : 0;
  const removable = strays.slice(0, Math.max(0, room));
  if (removable.length > 0) {
    const doomed = await doomOrphans(ctx.db, removable, requester(ctx)).all<OpenDeletion>();
    await purge(ctx, doomed.results);
  }
  return {
    ...(end !== undefined && { after: end }),
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

/**
 * Artifacts whose object was not listed, and is not there now although the artifact still is. `end`: the key up to which
 * that is known; undefined for the end of everything.
 */
async function findMissing(
  ctx: Context,
  objects: readonly { key: string }[],
  after: string,
  listEnd: string | undefined,
): Promise<{ missing: string[]; end: string | undefined }> {
  const listed = new Set(objects.map((object) => object.key));
  const rows = await selectKeysBetween(ctx.db, after, listEnd, RECONCILE_PAGE).all<{ object_key: string }>();
  const keys = rows.results.map((row) => row.object_key);
  const unlisted = keys.filter((key) => !listed.has(key));
  const missing: string[] = [];
  for (const key of unlisted.slice(0, RECONCILE_MAX_PROBES)) {
    if (await bundleExists(ctx.blobs, key)) continue;
    if (await selectKey(ctx.db, key).first()) missing.push(key);
  }
  if (unlisted.length > RECONCILE_MAX_PROBES) return { missing, end: unlisted[RECONCILE_MAX_PROBES - 1] };
  return { missing, end: keys.length === RECONCILE_PAGE ? keys.at(-1) : listEnd };
}
