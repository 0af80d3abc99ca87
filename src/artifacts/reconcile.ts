/**
 * The comparison of bucket and database, both ways, in the order of the keys. It is the net under the protocol, not a part
 * of it: it finds what no protocol can (a bucket edited by hand, a restored database).
 *
 * Invariant: it reports; it removes only under `RECONCILE=enforce`, only strays older than a day whose key is issued to nobody
 * any more, only so many each time, and only by dooming them like every other deletion. An artifact whose object is missing
 * is never touched.
 */

import { type Context, requester } from "../context.ts";
import { comparePaths } from "../lib/paths.ts";
import { RECONCILE_MAX_PAGES, RECONCILE_MAX_REMOVALS, RECONCILE_PAGE, STRAY_MIN_AGE_MS } from "../limits.ts";
import { listBundles } from "../store/blobs.ts";
import type { OpenDeletion } from "../store/deletions.ts";
import { selectJob, writeJob } from "../store/jobs.ts";
import { doomStrays, selectKeysBetween, selectPointedAt, selectStrayKeys } from "../store/reconciliation.ts";
import { rowsOf } from "../store/statements.ts";
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
    state = await compareStretch(ctx, state);
    await writeJob(ctx.db, JOB, state, ctx.now()).run();
    if (state.after === undefined) break;
  }
  ctx.log(state.strays + state.missing > 0 ? "error" : "info", "reconcile", { ...state });
  return state;
}

async function readState(ctx: Context): Promise<ReconcileState | undefined> {
  const row = await selectJob(ctx.db, JOB).first<{ state: string }>();
  return row ? (JSON.parse(row.state) as ReconcileState) : undefined;
}

/**
 * Compares the keys from `state.after` on, as far as a list of the bucket, a page of artifacts and a second list reach. What
 * the first two do not agree on is looked for once more: a deletion, or an upload, may have finished since. For all of it
 * that is one list more, however much it is.
 */
async function compareStretch(ctx: Context, state: ReconcileState): Promise<ReconcileState> {
  const listed = await listBundles(ctx.blobs, state.after, RECONCILE_PAGE);
  const listEnd = endOf(listed);
  const pointedAt = await findKeys(selectKeysBetween(ctx.db, state.after ?? "", listEnd, RECONCILE_PAGE));
  const reached = pointedAt.length === RECONCILE_PAGE ? pointedAt.at(-1) : listEnd;
  const objects = reached === listEnd ? listed.objects : listed.objects.filter(({ key }) => isWithin(key, reached));
  const keys = new Set(objects.map(({ key }) => key));
  const unlisted = pointedAt.filter((key) => !keys.has(key));
  const unpointed = await findUnpointed(ctx, objects);
  const isAgreed = unlisted.length === 0 && unpointed.length === 0;

  const again = isAgreed ? undefined : await listBundles(ctx.blobs, state.after, RECONCILE_PAGE);
  const againEnd = again && endOf(again);
  const end = isWithin(againEnd, reached) ? (againEnd ?? reached) : reached;
  const present = new Set(again?.objects.map(({ key }) => key));
  const absent = unlisted.filter((key) => !present.has(key) && isWithin(key, end));
  const missing = absent.length === 0 ? [] : await findKeys(selectPointedAt(ctx.db, absent));
  const strays = unpointed.filter(({ key }) => present.has(key));
  for (const key of missing) ctx.log("error", "missing_object", { key });
  for (const stray of strays) ctx.log("error", "stray_object", stray);
  return {
    ...(end !== undefined && { after: end }),
    strays: state.strays + strays.length,
    removed: state.removed + (await removeStrays(ctx, strays, RECONCILE_MAX_REMOVALS - state.removed)),
    missing: state.missing + missing.length,
  };
}

/** The key up to which a list tells all; undefined: to the end of the bucket. */
function endOf({ objects, truncated }: Awaited<ReturnType<typeof listBundles>>): string | undefined {
  return truncated ? objects.at(-1)?.key : undefined;
}

/** Whether a key is not behind the end of a stretch, in the order of the bucket: of the bytes, not of UTF-16. */
function isWithin(key: string | undefined, end: string | undefined): boolean {
  if (end === undefined) return true;
  return key !== undefined && comparePaths(key, end) <= 0;
}

async function findKeys(statement: D1PreparedStatement): Promise<string[]> {
  return rowsOf<{ object_key: string }>(await statement.all()).map((row) => row.object_key);
}

/** Old objects that nothing points at. */
async function findUnpointed(
  ctx: Context,
  objects: readonly { key: string; size: number; uploaded: number }[],
): Promise<{ key: string; size: number }[]> {
  const old = objects.filter(({ uploaded }) => uploaded < ctx.now() - STRAY_MIN_AGE_MS);
  if (old.length === 0) return [];
  const keys = old.map(({ key }) => key);
  const unpointed = new Set(rowsOf<{ key: string }>(await selectStrayKeys(ctx.db, keys).all()).map(({ key }) => key));
  return old.filter(({ key }) => unpointed.has(key)).map(({ key, size }) => ({ key, size }));
}

/** Dooms strays, where that is wanted. Returns how many. */
async function removeStrays(
  ctx: Context,
  strays: readonly { key: string; size: number }[],
  room: number,
): Promise<number> {
  if (ctx.config.reconcile !== "enforce" || strays.length === 0 || room <= 0) return 0;
  const doomed = rowsOf<OpenDeletion>(await doomStrays(ctx.db, strays, requester(ctx), room).all());
  await purge(ctx, doomed);
  return doomed.length;
}
