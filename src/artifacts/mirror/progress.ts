/** What a client sees of a mirror, and how it asks for one again. */

import { permit } from "../../auth/scopes.ts";
import { type Context, requester } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { type MirrorRow, type MirrorState, requestMirror, selectMirror } from "../../store/mirrors.ts";
import { rowsOf } from "../../store/statements.ts";
import { startMirror } from "./start.ts";

/** How far a mirror is; `none`: nobody asked for one. Totals are absent while nobody knows them. Times in ISO 8601. */
export interface MirrorView {
  state: MirrorState | "none";
  files: { done: number; total?: number };
  bytes: { done: number; total?: number };
  error?: string;
  /** What to do about a failure, in a sentence. */
  remedy?: string;
  started_at?: string;
  updated_at?: string;
}

/**
 * How far the mirror of an artifact is.
 * @throws RegistryError `artifact_not_found`
 */
export async function getMirror(ctx: Context, ref: ArtifactRef): Promise<MirrorView> {
  permit(ctx, "artifact:read");
  return viewOf(await selectMirror(ctx.db, ref).first<MirrorRow>());
}

/**
 * Asks for a mirror of an artifact as it is: for the first time, or again after a failure. One that runs or has finished is
 * left alone.
 * @throws RegistryError `artifact_not_found`
 */
export async function askForMirror(ctx: Context, ref: ArtifactRef): Promise<MirrorView> {
  permit(ctx, "artifact:write");
  const by = { ...requester(ctx), as: ctx.actor };
  const [, row] = await ctx.db.batch([requestMirror(ctx.db, ref, by), selectMirror(ctx.db, ref)]);
  const view = viewOf(rowsOf<MirrorRow>(row)[0]);
  if (view.state === "queued") ctx.defer(startMirror(ctx, ref));
  return view;
}

/** A skipped mirror is asked for again only where something can be done about the reason. */
function remedyOf({ type, artifact_id, state, remedy }: MirrorRow): Pick<MirrorView, "remedy"> {
  if (state !== "failed" && remedy === null) return {};
  const again = `POST /artifacts/${type}/${artifact_id}/mirror`;
  return { remedy: remedy === null ? `Ask for it again: ${again}.` : `${remedy}, then ${again}.` };
}

export function viewOf(
  row: (MirrorRow | (Partial<Omit<MirrorRow, "state">> & { state: null })) | null | undefined,
): MirrorView {
  if (!row) throw new RegistryError("artifact_not_found");
  if (row.state === null) return { state: "none", files: { done: 0 }, bytes: { done: 0 } };
  const total = (value: number | null) => value !== null && { total: value };
  return {
    state: row.state,
    files: { done: row.files_done, ...total(row.files_total) },
    bytes: { done: row.bytes_done, ...total(row.bytes_total) },
    ...(row.error !== null && { error: row.error }),
    ...remedyOf(row),
    started_at: new Date(row.started_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  };
}
