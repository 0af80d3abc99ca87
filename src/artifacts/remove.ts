/**
 * Delete: row and zip, in one request.
 *
 * Two phases. First one D1 transaction that takes the artifact out of the registry and writes down which object must go.
 * Then one R2 call. A crash at any point leaves either everything as it was, or an open deletion that a repeated request or
 * the sweep finishes; never an object that nobody knows of, never a row that points at nothing.
 */

import { permit } from "../auth/scopes.ts";
import { type Context, requester } from "../context.ts";
import { RegistryError } from "../errors.ts";
import type { ArtifactRef, ArtifactType } from "../lib/artifact.ts";
import { issuedId } from "../lib/ids.ts";
import { DELETION_LOOKS_MS, DEPENDENTS_SHOWN } from "../limits.ts";
import { type ArtifactRow, type ArtifactSummary, selectArtifact, selectDependents } from "../store/artifacts.ts";
import { bundleExists } from "../store/blobs.ts";
import { type DoomedNow, type OpenDeletion, removeArtifacts, selectOpenOf } from "../store/deletions.ts";
import { repeatOnce, rowsOf } from "../store/statements.ts";
import { purge } from "./purge.ts";
import { type Metadata, metadataOf } from "./views.ts";

/** What became of one artifact: `failed` is out of the registry, but its zip could not be deleted yet. */
export type Removal = "deleted" | "not_found" | "failed";

/** The answer of a delete: it is gone. */
export interface Deleted {
  status: "deleted";
  id: string;
}

/** What a delete would do. Size in bytes. */
export interface RemovalPreview {
  status: "would delete";
  id: string;
  object_key: string;
  size: number;
  dependents: Metadata[];
}

/** How a delete is meant. */
export interface RemovalOptions {
  /** `refuse`: not if registered artifacts are derived from it. */
  dependents: "ignore" | "refuse";
  /** Only say what would be deleted. */
  dryRun: boolean;
}

/**
 * Deletes one artifact (contract: DELETE /artifacts/{artifact_type}/{id}).
 * @throws RegistryError `artifact_not_found`, `has_dependents`, `deletion_unfinished`
 */
export async function remove(
  ctx: Context,
  ref: ArtifactRef,
  { dependents, dryRun }: RemovalOptions,
): Promise<Deleted | RemovalPreview> {
  permit(ctx, "artifact:delete");
  if (dryRun) return preview(ctx, ref, dependents);
  const [outcome] = await takeOut(ctx, [ref], dependents);
  if (outcome === "deleted") return { status: "deleted", id: String(ref.id) };
  if (outcome === "failed") throw new RegistryError("deletion_unfinished");
  if (dependents === "refuse" && (await selectArtifact(ctx.db, ref.type, ref.id).first())) {
    throw new RegistryError("has_dependents", undefined, {
      extra: { dependents: await findDependents(ctx, ref.id) },
    });
  }
  throw new RegistryError("artifact_not_found");
}

/** Which artifact of a bulk delete, as the client names it, and what became of it. */
export interface RemovalResult {
  type: ArtifactType;
  id: string;
  status: Removal;
}

/** Deletes many artifacts at once (contract: POST /artifacts/delete): one result each, in the order asked. */
export async function removeMany(
  ctx: Context,
  ids: readonly { type: ArtifactType; id: string }[],
): Promise<RemovalResult[]> {
  permit(ctx, "artifact:delete");
  // An id that the registry never issues is asked for as 0, which no artifact has.
  const outcomes = await takeOut(
    ctx,
    ids.map(({ type, id }) => ({ type, id: issuedId(id) ?? 0 })),
  );
  return ids.map(({ type, id }, index) => ({ type, id, status: outcomes[index] ?? "not_found" }));
}

/**
 * Deletes artifacts in one transaction and one call to the bucket. One outcome for each reference, in their order; the same
 * one named twice has the same outcome twice.
 */
async function takeOut(
  ctx: Context,
  refs: readonly ArtifactRef[],
  dependents: "ignore" | "refuse" = "ignore",
): Promise<Removal[]> {
  if (refs.length === 0) return [];
  const distinct = [...new Map(refs.map((ref) => [nameOf(ref.type, ref.id), ref])).values()];
  const statements = removeArtifacts(ctx.db, distinct, requester(ctx), dependents === "refuse");
  const [taken] = await repeatOnce(() => ctx.db.batch(statements));
  const mine = rowsOf<DoomedNow>(taken);
  // More can be open only for what was gone already, was updated while the bucket was down, or is being uploaded to.
  const isAll = mine.length === distinct.length && !mine.some((deletion) => deletion.others);
  const open = isAll ? mine : rowsOf<OpenDeletion>(await selectOpenOf(ctx.db, distinct).all());

  const deletedNow = new Set(mine.map((deletion) => deletion.artifact_id));
  const isAnothers = ({ artifact_id, reason, attempts }: OpenDeletion) =>
    reason === "deleted" && attempts === 0 && !deletedNow.has(artifact_id);
  const ours = open.filter((deletion) => !isAnothers(deletion));
  const isGone = await purge(ctx, ours);
  const left = await findLeftBehind(ctx, distinct, open.filter(isAnothers));
  const owed = await Promise.all(left.map((deletion) => isStillOwed(ctx, deletion)));
  const isLeftGone = await purge(ctx, left);

  const answered = [...ours.filter(({ reason }) => reason === "deleted"), ...left.filter((_, index) => owed[index])];
  const deleted = new Set(answered.map(nameOfDeleted));
  const unfinished = new Set([...(isGone ? [] : ours), ...(isLeftGone ? [] : left)].map(nameOfDeleted));
  return refs.map(({ type, id }) => {
    const name = nameOf(type, id);
    if (!deleted.has(name)) return "not_found";
    return unfinished.has(name) ? "failed" : "deleted";
  });
}

function nameOf(type: string, id: number): string {
  return `${type}/${id}`;
}

function nameOfDeleted({ type, artifact_id }: OpenDeletion): string {
  return nameOf(type, artifact_id);
}

/**
 * Which of these deletions, begun by other requests that have not failed, nobody finishes. As a rule that happens this very
 * moment: they are looked at again, and once one is finished it is its own request which answers "deleted"; for this one the
 * artifact never existed. What stays open has lost its request, or its receipt.
 */
async function findLeftBehind(
  ctx: Context,
  refs: readonly ArtifactRef[],
  begun: readonly OpenDeletion[],
): Promise<OpenDeletion[]> {
  const keys = new Set(begun.map(({ object_key }) => object_key));
  let left = [...begun];
  for (const wait of DELETION_LOOKS_MS) {
    if (left.every(({ attempts }) => attempts > 0)) break;
    await scheduler.wait(wait);
    // What was deleted by now is to be answered, whatever this look comes to.
    const looked = await selectOpenOf(ctx.db, refs)
      .all()
      .catch(() => undefined);
    if (!looked) break;
    left = rowsOf<OpenDeletion>(looked).filter(({ object_key }) => keys.has(object_key));
  }
  return left;
}

/**
 * Whether "deleted" is still to be answered: not if the object is gone, which its own request has said, and only the receipt
 * was lost.
 */
function isStillOwed(ctx: Context, { attempts, object_key }: OpenDeletion): Promise<boolean> {
  return attempts > 0 ? Promise.resolve(true) : bundleExists(ctx.blobs, object_key).catch(() => true);
}

/** What deleting this artifact would do; changes nothing, and refuses where the delete itself would. */
async function preview(ctx: Context, ref: ArtifactRef, dependents: "ignore" | "refuse"): Promise<RemovalPreview> {
  const row = await selectArtifact(ctx.db, ref.type, ref.id).first<ArtifactRow>();
  if (!row) throw new RegistryError("artifact_not_found");
  const found = await findDependents(ctx, ref.id);
  if (dependents === "refuse" && found.length > 0) {
    throw new RegistryError("has_dependents", undefined, { extra: { dependents: found } });
  }
  return {
    status: "would delete",
    id: String(row.id),
    object_key: row.object_key,
    size: row.size,
    dependents: found,
  };
}

async function findDependents(ctx: Context, id: number): Promise<Metadata[]> {
  return rowsOf<ArtifactSummary>(await selectDependents(ctx.db, id, DEPENDENTS_SHOWN).all()).map(metadataOf);
}
