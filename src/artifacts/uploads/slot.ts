/**
 * Artifacts whose content a client uploads: what they are called, and what is made of the zip that came.
 *
 * Invariant: nothing that an inspection found unsafe, or could not check the structure of, becomes content, and nothing is
 * asked of anybody outside.
 */

import type { Context } from "../../context.ts";
import { RegistryError } from "../../errors.ts";
import { inspectZip } from "../../inspection/inspect.ts";
import { summarise } from "../../inspection/summary.ts";
import type { ArtifactRef } from "../../lib/artifact.ts";
import { REFUSAL_MAX_FINDINGS } from "../../limits.ts";
import { isUploadKey, uploadSource } from "../../sources/source-url.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import { withFacts } from "../../store/bundle-index.ts";
import type { Usage } from "../../store/quotas.ts";
import { rowsOf } from "../../store/statements.ts";
import { selectUpload, type UploadRow } from "../../store/uploads.ts";
import { isModelEvidence } from "../../trust/evidence.ts";
import { type Described, describe } from "../ingest.ts";
import { checkQuota } from "../quota.ts";
import { rateEvidence, toStored } from "../rate.ts";
import { asRegistration, asReplacement, settle, type Written } from "../write.ts";
import { readerOf } from "../zip-reader.ts";
import { checkInflated, digestUpload } from "./digest.ts";
import { readUpload } from "./read.ts";

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

/** A zip that has come. `digests` (hex): what its digest must be, as its sender or the way it came says. */
export interface ArrivedZip {
  object_key: string;
  size: number;
  digests: readonly string[];
  /** Whether those were verified on the way. */
  isVerified: boolean;
}

/**
 * Looks into a zip that was uploaded: its structure, then all of it, read through once, then the files that can run code.
 * @returns what it is, and its digest in hex
 * @throws RegistryError `upload_refused` with what was found, `content_corrupt`, `body_too_large`, `digest_mismatch`
 */
export async function lookInto(
  ctx: Context,
  slot: Slot,
  zip: ArrivedZip,
): Promise<{ described: Described; sha256: string }> {
  const read = readerOf(ctx, zip);
  let sha256 = "";
  const inspection = await inspectZip(read, zip.size, {
    type: slot.type,
    async digest(located) {
      // What is broken may have been broken on the way: its sender is told that, if there is a way to know.
      if (!located && (zip.isVerified || zip.digests.length === 0)) return undefined;
      checkInflated(located ?? []);
      const digested = await digestUpload(ctx, zip.object_key, located ?? []);
      if (zip.digests.some((digest) => digest !== digested.sha256)) throw new RegistryError("digest_mismatch");
      ({ sha256 } = digested);
      return digested.files;
    },
  });
  const { verdict, findings, inOrder, entries, facts } = inspection;
  if (verdict === "unsafe" || !inOrder) {
    const first = findings.find(({ severity }) => severity === "unsafe") ?? findings[0];
    const where = first?.path === undefined ? "" : ` (${first.path})`;
    throw new RegistryError("upload_refused", `Upload refused: ${first?.code}: ${first?.detail}${where}`, {
      extra: { findings: findings.slice(0, REFUSAL_MAX_FINDINGS) },
    });
  }
  const source = uploadSource(slot.type, slot.id, slot.name);
  const collected = await readUpload(ctx, source, { sha256, entries, read, verdict });
  const files = entries
    .filter(({ path }) => !path.endsWith("/"))
    .map((entry) => withFacts(entry, facts?.get(entry.path)));
  const { evidence } = collected;
  const rating = isModelEvidence(evidence) ? toStored(await rateEvidence(ctx, evidence), evidence) : undefined;
  const described = {
    ...describe(collected, source.source, rating),
    files,
    inspection: { verdict, findings, summary: summarise(inspection) },
  };
  return { described, sha256 };
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
