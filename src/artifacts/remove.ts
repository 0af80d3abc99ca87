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
import { issuedId } from "../lib/ids.ts";
import { DEPENDENTS_SHOWN } from "../limits.ts";
import {
  type ArtifactRow,
  type ArtifactSummary,
  type ArtifactType,
  selectArtifact,
  selectDependents,
} from "../store/artifacts.ts";
import { bundleExists } from "../store/blobs.ts";
import {
  type ArtifactRef,
  type DoomedNow,
  type OpenDeletion,
  removeArtifacts,
  selectOpenOf,
} from "../store/deletions.ts";
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
 * Deletes artifacts in one transaction and one call to the bucket, for a verb that has asked for its permission. One outcome
 * for each reference, in their order; the same one named twice has the same outcome twice.
 */
export async function takeOut(
  ctx: Context,
  refs: readonly ArtifactRef[],
  dependents: "ignore" | "refuse" = "ignore",
): Promise<Removal[]> {
  if (refs.length === 0) return [];
  const distinct = [...new Map(refs.map((ref) => [nameOf(ref.type, ref.id), ref])).values()];
  const statements = removeArtifacts(ctx.db, distinct, requester(ctx), dependents === "refuse");
  const [taken] = await repeatOnce(() => ctx.db.batch(statements));
  const now = rowsOf<DoomedNow>(taken);
  const deletedNow = new Set(now.map((deletion) => deletion.artifact_id));
  // Only who was not there to be deleted, was updated while the bucket was down, or is being uploaded has more open.
  const isAll = now.length === distinct.length && !now.some((deletion) => deletion.others);
  const open: OpenDeletion[] = isAll ? now : rowsOf(await selectOpenOf(ctx.db, distinct).all());

  const owed = open.filter((deletion) => deletion.reason === "deleted");
  const mine = await Promise.all(owed.map((deletion) => isStillOwed(ctx, deletion, deletedNow)));
  const answered = new Set(owed.filter((_, index) => mine[index]).map((row) => nameOf(row.type, row.artifact_id)));
  const outcome = (await purge(ctx, open)) ? "deleted" : "failed";
  return refs.map((ref) => (answered.has(nameOf(ref.type, ref.id)) ? outcome : "not_found"));
}

function nameOf(type: ArtifactType, id: number): string {
  return `${type}/${id}`;
}

/**
 * Whether this request is the one to answer "deleted". The transaction's own deletions are. An open deletion of an earlier
 * request is, if that request said that it did not finish, or died on the way. But if nobody ever failed at it and the
 * object is gone, then somebody has just answered "deleted" and only the receipt is late: for this request it never existed.
 */
async function isStillOwed(ctx: Context, deletion: OpenDeletion, deletedNow: Set<number>): Promise<boolean> {
  if (deletedNow.has(deletion.artifact_id) || deletion.attempts > 0) return true;
  return bundleExists(ctx.blobs, deletion.object_key).catch(() => true);
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
