/**
 * The sweep: what a crash or a store that was down left unfinished, it finishes. Run by cron, and safe to run at any time,
 * any number of times, beside anything else.
 */

import { type Context, requester } from "../context.ts";
import { SWEEP_MAX_ABORTS, SWEEP_MAX_PAGES, SWEEP_PAGE, SWEEP_SINGLES, SWEEP_SPLITS } from "../limits.ts";
import { deleteBundles } from "../store/blobs.ts";
import {
  finishDeletions,
  type OpenDeletion,
  postponeDeletions,
  selectDueDeletions,
  selectDueInParts,
} from "../store/deletions.ts";
import { writeJob } from "../store/jobs.ts";
import { deleteExpiredRegistrations } from "../store/registrations.ts";
import { rowsOf } from "../store/statements.ts";
import { giveUpUploads } from "../store/uploads.ts";
import { relaunchMirrors } from "./mirror/start.ts";

/** What one sweep did. */
export interface SweepReport {
  /** Intents that nobody settled in time, turned into deletions. */
  uploadsGivenUp: number;
  /** Mirrors that were decided and that nobody had started. */
  mirrorsStarted: number;
  /** Deletions finished, and tried in vain. */
  finished: number;
  failed: number;
}

/**
 * Turns expired uploads into deletions, tries each open deletion that is due once, and starts waiting mirrors. What deletes
 * most comes first, and of what takes calls of its own each run does a few: none keeps the others from their turn, also
 * where an invocation has few calls.
 */
export async function sweep(ctx: Context): Promise<SweepReport> {
  const report: SweepReport = {
    uploadsGivenUp: await giveUpExpired(ctx),
    mirrorsStarted: 0,
    finished: 0,
    failed: 0,
  };
  for (let page = 0; page < SWEEP_MAX_PAGES; page += 1) {
    const due = rowsOf<OpenDeletion>(await selectDueDeletions(ctx.db, ctx.now(), SWEEP_PAGE).all());
    if (due.length === 0) break;
    if (await tryDelete(ctx, due)) {
      report.finished += due.length;
      continue;
    }
    await tryInPieces(ctx, due, report);
    break;
  }
  const inParts = rowsOf<OpenDeletion>(await selectDueInParts(ctx.db, ctx.now(), SWEEP_MAX_ABORTS).all());
  for (const deletion of inParts) report[(await tryDelete(ctx, [deletion])) ? "finished" : "failed"] += 1;
  report.mirrorsStarted = await relaunchMirrors(ctx);
  await writeJob(ctx.db, "sweep", report, ctx.now()).run();
  ctx.log(report.failed > 0 ? "error" : "info", "sweep", { ...report });
  return report;
}

/**
 * One key may have failed the whole call: the pieces without it go, the largest first, so that it blocks none for long. Where
 * no piece does, some are tried one by one, so that their failure counts against them and the next have their turn.
 */
async function tryInPieces(ctx: Context, due: readonly OpenDeletion[], report: SweepReport): Promise<void> {
  const failed = [due];
  const before = report.finished;
  for (let splits = 0; splits < SWEEP_SPLITS; splits += 1) {
    const piece = failed.shift();
    if (!piece || piece.length < 2) break;
    const middle = Math.ceil(piece.length / 2);
    for (const half of [piece.slice(0, middle), piece.slice(middle)]) {
      if (await tryDelete(ctx, half)) report.finished += half.length;
      else if (half.length > 1) failed.push(half);
      else report.failed += 1;
    }
  }
  if (report.finished > before) return;
  for (const deletion of due.slice(0, SWEEP_SINGLES)) {
    report[due.length > 1 && (await tryDelete(ctx, [deletion])) ? "finished" : "failed"] += 1;
  }
}

/** One try. A failure counts against a deletion only when it was tried alone. */
async function tryDelete(ctx: Context, deletions: readonly OpenDeletion[]): Promise<boolean> {
  const keys = deletions.map((deletion) => deletion.object_key);
  try {
    await deleteBundles(ctx.blobs, deletions);
  } catch (error) {
    if (keys.length === 1) await postponeDeletions(ctx.db, keys, ctx.now(), String(error)).run();
    return false;
  }
  await finishDeletions(ctx.db, keys, ctx.now()).run();
  return true;
}

/** Never throws: a failure here must not keep the deletions from their turn. */
async function giveUpExpired(ctx: Context): Promise<number> {
  try {
    const [doomed] = await ctx.db.batch([
      ...giveUpUploads(ctx.db, { expiredAt: ctx.now() }, requester(ctx)),
      deleteExpiredRegistrations(ctx.db, ctx.now()),
    ]);
    return rowsOf(doomed).length;
  } catch (error) {
    ctx.log("error", "expired_uploads_not_given_up", { error: String(error) });
    return 0;
  }
}
