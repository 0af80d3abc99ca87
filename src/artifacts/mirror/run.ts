/**
 * One run of a mirror, from the light bundle to the full one: plan, copy part by part, complete, read back, inspect, settle.
 *
 * Invariants: the light bundle stays whole until the settlement, which replaces it in one transaction or not at all; every
 * step may be repeated, at any time, also after it took effect; and before each the run asks whether it is still wanted, so
 * that a delete, an update or a newer run ends it.
 */

import { type Context, requester } from "../../context.ts";
import type { MirrorRun } from "../../env.ts";
import { MIRROR_LEASE_MS, MIRROR_MAX_PARTS, MIRROR_PART_BYTES } from "../../limits.ts";
import { gitHubCommit } from "../../sources/contents.ts";
import { projectPath } from "../../sources/source-url.ts";
import { type ArtifactRow, selectArtifact } from "../../store/artifacts.ts";
import { endMirror, keepMirror, type MirrorProgress, type MirrorState, openMirrorUpload } from "../../store/mirrors.ts";
import { abortMultipart, completeMultipart, createMultipart, type Multipart } from "../../store/multipart.ts";
import { repeatOnce, rowsOf } from "../../store/statements.ts";
import { recordMultipart, type UploadRow } from "../../store/uploads.ts";
import { type CrcPiece, mergePieces } from "../../zip/zip-stream.ts";
import { upstreamOf } from "../ingest.ts";
import { checkQuota } from "../quota.ts";
import { giveUp } from "../write.ts";
import { type CopiedPart, copyArchive, copyPart } from "./copy.ts";
import { findEnd, MirrorFailure, MirrorObsolete } from "./failure.ts";
import { layOut, type MirrorPlan, planMirror, sourceOf } from "./plan.ts";
import { requirePublic } from "./public.ts";
import { inspectMirror, settleMirror } from "./settle.ts";
import { type ReadBack, verifyMirror } from "./verify.ts";

/** Runs a step, remembers what it returned (text, up to a megabyte), and never runs it again once it has. */
export type Steps = (name: string, work: () => Promise<string>) => Promise<string>;

/** The upload of a run, once it is open. */
type MirrorUpload = Multipart & { id: number };

/** Copies what upstream has. Answers how it ended; `queued` stands for a run that nobody wants any more. */
export async function runMirror(
  ctx: Context,
  run: MirrorRun,
  steps: Steps,
  options: { partBytes?: number } = {},
): Promise<MirrorState> {
  const step = remember(steps);
  let upload: MirrorUpload | undefined;
  try {
    const source = await step("plan", () => sizeUp(ctx, run));
    const partBytes = partSize(source.size, options.partBytes ?? MIRROR_PART_BYTES);
    upload = await step("open", () => open(ctx, run, partBytes));
    await copyAndSettle(ctx, run, { source, upload, partBytes }, step);
    return "finished";
  } catch (error) {
    const end = findEnd(error) ?? new MirrorFailure(`It was tried in vain: ${messageOf(error)}`);
    return await step("end", () => finish(ctx, run, upload, end));
  }
}

/** A step whose outcome is any JSON, or one of the ends that cannot get better by trying again. */
type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

function remember(steps: Steps): Step {
  return async <T>(name: string, work: () => Promise<T>) => {
    const text = await steps(name, async () => {
      try {
        return JSON.stringify({ value: await work() });
      } catch (error) {
        const end = findEnd(error);
        if (!end) throw error;
        if (!(end instanceof MirrorFailure)) return JSON.stringify({ obsolete: true });
        return JSON.stringify({ end: end.message, state: end.state, remedy: end.remedy });
      }
    });
    const outcome = JSON.parse(text) as
      | { value: T }
      | { end: string; state: "failed" | "skipped"; remedy?: string }
      | { obsolete: true };
    if ("obsolete" in outcome) throw new MirrorObsolete();
    if ("end" in outcome) throw new MirrorFailure(outcome.end, outcome.state, outcome.remedy);
    return outcome.value;
  };
}

/** The artifact's row, in the version that the run completes. */
async function getRow(ctx: Context, run: MirrorRun): Promise<ArtifactRow> {
  const row = await selectArtifact(ctx.db, run.type, run.artifactId).first<ArtifactRow>();
  if (row?.version !== run.version) throw new MirrorObsolete();
  return row;
}

/** What is copied: all files of a revision, into a zip of so many bytes; or the archive of a commit, as long as it is. */
type Copied = { size: number; commit?: undefined } | { commit: string; size?: undefined };

async function sizeUp(ctx: Context, run: MirrorRun): Promise<Copied> {
  const row = await getRow(ctx, run);
  const source = sourceOf(row);
  if (source.host !== "github") {
    const plan = await planMirror(ctx, row);
    const { size } = layOut(plan);
    await checkQuota(ctx, { artifacts: 0, bytes: size - row.size });
    await requirePublic(ctx, plan.repository);
    return { size };
  }
  const id = projectPath(source);
  await requirePublic(ctx, { kind: "github", id });
  const commit = row.revision ?? (await gitHubCommit(upstreamOf(ctx), id));
  await planMirror(ctx, row, commit);
  return { commit };
}

/** Bytes of every part but the last: more than usual where that would make too many steps. */
function partSize(size: number | undefined, least: number): number {
  const mebibyte = 1024 * 1024;
  return Math.max(least, Math.ceil((size ?? 0) / MIRROR_MAX_PARTS / mebibyte) * mebibyte);
}

/** Intent first, then the multipart upload, then its name into the intent: from then on a delete knows of it. */
async function open(ctx: Context, run: MirrorRun, partBytes: number): Promise<MirrorUpload> {
  const by = requester(ctx);
  const expiresAt = by.at + MIRROR_LEASE_MS;
  const results = await ctx.db.batch(openMirrorUpload(ctx.db, run, by, { expiresAt, partSize: partBytes }));
  const [row] = rowsOf<UploadRow>(results.at(-1));
  if (!row) throw new MirrorObsolete();
  const { id, object_key } = row;
  if (row.multipart_id !== null) return { id, object_key, multipart_id: row.multipart_id };
  const multipart = { object_key, multipart_id: await createMultipart(ctx.blobs, object_key) };
  const recorded = await repeatOnce(() =>
    recordMultipart(ctx.db, id, multipart.multipart_id, expiresAt).first<{ id: number }>(),
  );
  if (recorded) return { id, ...multipart };
  // The artifact was deleted just now, without this upload that nobody could find yet.
  await abortMultipart(ctx.blobs, multipart);
  await giveUp(ctx, id);
  throw new MirrorObsolete();
}

async function copyAndSettle(
  ctx: Context,
  run: MirrorRun,
  target: { source: Copied; upload: MirrorUpload; partBytes: number },
  step: Step,
): Promise<void> {
  const { source, upload, partBytes } = target;
  const { commit } = source;
  // Made again from the light bundle by each process that takes the run up, inside the first step that it runs.
  let made: Promise<MirrorPlan> | undefined;
  const plan = () => {
    made ??= getRow(ctx, run).then((row) => planMirror(ctx, row, commit));
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
  const layout = async (archiveSize?: number) => layOut(await plan(), archiveSize);
  const copied = source.size === undefined ? await copyWhole() : await copyParts(source.size);

  const size = await step("complete", async () => {
    const { files, size: bytes } = await layout(copied.archiveSize);
    await keep(ctx, run, "verifying", { ...totals(files.length, bytes), filesDone: files.length, bytesDone: bytes });
    return (await completeMultipart(ctx.blobs, upload, copied.parts)).size;
  });
  // What a step has read of the files is more than it can remember: a process that did not run it reads them again.
  let facts: ReadBack["facts"] | undefined;
  const readBack = async () => {
    const read = await verifyMirror(ctx, await plan(), await layout(copied.archiveSize), upload.object_key);
    facts = read.facts;
    return read;
  };
  const verified = await step("verify", async () => {
    await keep(ctx, run, "verifying");
    return (await readBack()).verified;
  });
  const inspected = await step("inspect", async () => {
    await keep(ctx, run, "verifying");
    return inspectMirror(ctx, run.type, upload.object_key, size, facts ?? (await readBack()).facts);
  });
  await step("settle", async () => {
    const [planned, whole] = [await plan(), await layout(copied.archiveSize)];
    return settleMirror(ctx, run, upload.id, { plan: planned, layout: whole, size, verified, inspected, facts });
  });

  async function copyParts(total: number): Promise<{ parts: CopiedPart[]; archiveSize?: number }> {
    const parts: CopiedPart[] = [];
    let pieces: CrcPiece[] = [];
    for (let offset = 0; offset < total; offset += partBytes) {
      const number = parts.length + 1;
      const part = await step(`part ${number}`, async () => {
        const whole = await layout();
        const filesDone = whole.files.filter((file) => file.descriptorOffset <= offset).length;
        await keep(ctx, run, "running", { ...totals(whole.files.length, total), filesDone, bytesDone: offset });
        const range = { offset, length: Math.min(partBytes, total - offset) };
        return copyPart(ctx, await plan(), { upload, number, layout: whole, range }, pieces);
      });
      parts.push(part.part);
      pieces = mergePieces([...pieces, ...part.pieces]);
    }
    return { parts };
  }

  async function copyWhole(): Promise<{ parts: CopiedPart[]; archiveSize?: number }> {
    return step("archive", async () => {
      const planned = await plan();
      const onPart = (bytesDone: number) =>
        keep(ctx, run, "running", { filesDone: 0, filesTotal: planned.files.length, bytesDone });
      await requirePublic(ctx, planned.repository);
      return copyArchive(ctx, planned, upload, onPart);
    });
  }
}

function totals(files: number, bytes: number): { filesTotal: number; bytesTotal: number } {
  return { filesTotal: files, bytesTotal: bytes };
}

/** The sign of life with which each step begins. @throws MirrorObsolete if the run is not wanted any more */
async function keep(
  ctx: Context,
  run: MirrorRun,
  state: "running" | "verifying",
  progress?: MirrorProgress,
): Promise<void> {
  const at = ctx.now();
  const results = await ctx.db.batch(keepMirror(ctx.db, run, { at, expiresAt: at + MIRROR_LEASE_MS }, state, progress));
  if (rowsOf(results[0]).length === 0) throw new MirrorObsolete();
}

/** Writes the end down and gives the upload up. Of a run that nobody wants the row is no longer its own: it stays. */
async function finish(
  ctx: Context,
  run: MirrorRun,
  upload: MirrorUpload | undefined,
  end: MirrorFailure | MirrorObsolete,
): Promise<MirrorState> {
  const row = await selectArtifact(ctx.db, run.type, run.artifactId).first<ArtifactRow>();
  // It has settled, and only the answer to that was lost.
  if (upload && row?.version === upload.id) return "finished";
  let uploadId = upload?.id;
  if (end instanceof MirrorFailure) {
    const ended = { state: end.state, error: end.message, remedy: end.remedy };
    const was = await endMirror(ctx.db, run, ctx.now(), ended, uploadId).first<{ upload_id: number | null }>();
    uploadId ??= was?.upload_id ?? undefined;
    const level = end.state === "failed" ? "error" : "info";
    ctx.log(level, `mirror_${end.state}`, { artifact: run.artifactId, error: end.message });
  }
  if (uploadId !== undefined) await giveUp(ctx, uploadId);
  return end instanceof MirrorFailure ? end.state : "queued";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
