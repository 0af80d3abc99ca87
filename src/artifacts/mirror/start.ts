/**
 * How a mirror begins: it is decided in the transaction that lands the content, and started after it.
 *
 * Invariant: a mirror that was decided is started, by whoever decided it or, should that one die in between, by the sweep.
 * Starting it twice starts it once: the name of a run follows from what it completes.
 */

import type { Actor } from "../../auth/scopes.ts";
import type { MirrorMode } from "../../config.ts";
import { type Context, requester } from "../../context.ts";
import type { MirrorRun } from "../../env.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { MIRROR_RELAUNCH_MAX, MIRROR_RELAUNCH_MS } from "../../limits.ts";
import { decideMirror, endMirror, type MirrorRow, selectMirror, takeWaitingMirrors } from "../../store/mirrors.ts";
import { rowsOf } from "../../store/statements.ts";
import type { Settlement } from "../write.ts";

/** A settlement that also decides whether the new content is to be completed. `mode` undefined: as before. */
export function withMirror(ctx: Context, settlement: Settlement, mode: MirrorMode | undefined): Settlement {
  const by = { ...requester(ctx), as: ctx.actor };
  return {
    ...settlement,
    statements: (id) => [...settlement.statements(id), decideMirror(ctx.db, id, mode, by)],
  };
}

/** Starts the mirror of an artifact if it waits for that. What fails here, the sweep makes good. */
export async function startMirror(ctx: Context, ref: ArtifactRef): Promise<void> {
  const row = await selectMirror(ctx.db, ref).first<MirrorRow>();
  if (row?.state === "queued") await create(ctx, row);
}

/** The name of a run: the same run is never there twice. */
function instanceOf({ artifactId, version, round }: Pick<MirrorRun, "artifactId" | "version" | "round">): string {
  return `mirror-${artifactId}-${version}-${round}`;
}

function runOf(row: MirrorRow): MirrorRun {
  return {
    type: row.type,
    artifactId: row.artifact_id,
    version: row.version,
    round: row.round,
    actor: JSON.parse(row.requested_by) as Actor,
    requestId: row.request_id,
  };
}

async function create(ctx: Context, row: MirrorRow): Promise<void> {
  const params = runOf(row);
  await ctx.mirrors.create({ id: instanceOf(params), params });
}

/**
 * Starts what should have been started, and ends what died before it began: part of the sweep. Never throws.
 * @returns how many it started
 */
export async function relaunchMirrors(ctx: Context): Promise<number> {
  try {
    const [now, before] = [ctx.now(), ctx.now() - MIRROR_RELAUNCH_MS];
    const waiting = rowsOf<MirrorRow>(await takeWaitingMirrors(ctx.db, before, now, MIRROR_RELAUNCH_MAX).all());
    const started = await Promise.all(waiting.map((row) => relaunch(ctx, row)));
    return started.filter(Boolean).length;
  } catch (error) {
    ctx.log("error", "mirrors_not_relaunched", { error: String(error) });
    return 0;
  }
}

/** Whether it was started now. Never throws: one that cannot be started does not keep the others from it. */
async function relaunch(ctx: Context, row: MirrorRow): Promise<boolean> {
  try {
    await create(ctx, row);
    return true;
  } catch (refusal) {
    await endIfDead(ctx, runOf(row), refusal).catch((error: unknown) =>
      ctx.log("error", "mirror_not_relaunched", { artifact: row.artifact_id, error: String(error) }),
    );
    return false;
  }
}

/** A run that cannot be created is there already, most likely: waiting for its turn, or dead. */
async function endIfDead(ctx: Context, run: MirrorRun, refusal: unknown): Promise<void> {
  const status = await ctx.mirrors.get(instanceOf(run)).then(
    (instance) => instance.status(),
    () => undefined,
  );
  if (!status) throw refusal;
  if (["errored", "terminated", "complete"].includes(status.status)) {
    await endMirror(ctx.db, run, ctx.now(), { state: "failed", error: "The copying died before it began." }).run();
  }
}
