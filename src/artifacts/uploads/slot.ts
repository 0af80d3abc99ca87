/**
 * Artifacts whose content a client uploads: what they are called, and what is made of the zip that came.
 *
 * Invariant: nothing that an inspection found unsafe, or could not check the structure of, becomes content, and nothing is
 * asked of anybody outside.
 */

import { inspectZip } from "../../bundle/inspect.ts";
import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { REFUSAL_MAX_FINDINGS } from "../../limits.ts";
import { isUploadKey, uploadSource } from "../../sources/source-url.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import type { Usage } from "../../store/quotas.ts";
import { rowsOf } from "../../store/statements.ts";
import { selectUpload, type UploadRow } from "../../store/uploads.ts";
import { isModelEvidence } from "../../trust/evidence.ts";
import { type Described, describe } from "../ingest.ts";
import { checkQuota } from "../quota.ts";
import { rateEvidence, toStored } from "../rate.ts";
import { asRegistration, asReplacement, settle, type Written } from "../write.ts";
import { readerOf } from "../zip-reader.ts";
import { readUpload, type StoredZip } from "./read.ts";

/** Where uploaded content goes: an artifact that has some already, or an id that waits for its first. */
export interface Slot extends ArtifactRef {
  name: string;
  /** The artifact as it is; missing for a reserved id. */
  present?: ArtifactRow;
}

/**
 * Finds where uploaded content of this artifact goes.
 * @throws RegistryError `artifact_not_found`; `no_upload` for an artifact whose content comes from upstream
 */
export async function getSlot(ctx: Context, ref: ArtifactRef): Promise<Slot> {
  const [artifacts, uploads] = await ctx.db.batch([
    selectArtifact(ctx.db, ref.type, ref.id),
    selectUpload(ctx.db, ref.id),
  ]);
  const [present] = rowsOf<ArtifactRow>(artifacts);
  if (present) {
    if (!isUploadKey(present.source_key)) throw new RegistryError("no_upload");
    return { type: ref.type, id: ref.id, name: present.name, present };
  }
  const [reserved] = rowsOf<UploadRow>(uploads);
  if (reserved?.purpose !== "reservation" || reserved.type !== ref.type || reserved.expires_at <= ctx.now()) {
    throw new RegistryError("artifact_not_found");
  }
  return { type: ref.type, id: ref.id, name: reserved.name };
}

/**
 * Refuses content that does not fit, before a byte of it is read.
 * @throws RegistryError `too_many_artifacts`, `too_many_bytes`
 */
export function checkRoom(ctx: Context, slot: Slot, size: number): Promise<void> {
  return checkQuota(ctx, addedBy(slot, size));
}

/** What content of this size adds to what the registry holds. */
export function addedBy({ present }: Slot, size: number): Usage {
  return { artifacts: present ? 0 : 1, bytes: size - (present?.size ?? 0) };
}

/**
 * Looks into a zip that was uploaded.
 * @throws RegistryError `upload_refused`, with what was found
 */
export async function lookInto(ctx: Context, slot: Slot, zip: StoredZip): Promise<Described> {
  const read = readerOf(ctx, zip);
  const { verdict, findings, inOrder, entries } = await inspectZip(read, zip.size);
  if (verdict === "unsafe" || !inOrder) {
    const first = findings.find(({ severity }) => severity === "unsafe") ?? findings[0];
    const where = first?.path === undefined ? "" : ` (${first.path})`;
    throw new RegistryError("upload_refused", `Upload refused: ${first?.code}: ${first?.detail}${where}`, {
      extra: { findings: findings.slice(0, REFUSAL_MAX_FINDINGS) },
    });
  }
  const source = uploadSource(slot.type, slot.id, slot.name);
  const collected = await readUpload(ctx, source, { sha256: zip.sha256, entries, read, verdict });
  const files = entries.filter(({ path }) => !path.endsWith("/"));
  const { evidence } = collected;
  const rating = isModelEvidence(evidence) ? toStored(await rateEvidence(ctx, evidence), evidence) : undefined;
  return { ...describe(collected, source.source, rating), files, inspection: { verdict, findings } };
}

/** Makes a zip that has been looked into the content of its artifact; undefined if that has changed meanwhile. */
export function settleUploaded(
  ctx: Context,
  slot: Slot,
  written: Written,
  described: Described,
  version?: number,
): Promise<number | undefined> {
  const settlement = slot.present
    ? asReplacement(ctx, slot.present, described.content, version)
    : asRegistration(ctx, slot.type, described.content, slot.id);
  return settle(ctx, written, described, settlement);
}
