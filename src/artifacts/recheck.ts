/**
 * Inspects content again that was inspected by older rules. Part of the cron: one archive, or one stretch of a large one, in
 * each run.
 *
 * Progress is the index itself: a file that was read through has its digest there, so that a run which was cut off costs
 * what it did. Everything is written over the version that was read, and no other: an update meanwhile wins.
 */

import type { Context } from "../context.ts";
import type { FindingCode, InspectionFinding } from "../inspection/findings.ts";
import { inspectZip } from "../inspection/inspect.ts";
import { summarise } from "../inspection/summary.ts";
import {
  BUNDLE_INDEX_PAGE_FILES,
  BUNDLE_MAX_ENTRIES,
  RECHECK_COALESCE_BYTES,
  RECHECK_KNOWN_MAX_BYTES,
  RECHECK_MAX_READS,
  RECHECK_MAX_TRIES,
  RECHECK_RETRY_MS,
  RECHECK_STEP_BYTES,
} from "../limits.ts";
import { getBundle } from "../store/blobs.ts";
import {
  factsOf,
  type IndexedFile,
  rewriteIndex,
  rewriteInspection,
  type StoredInspection,
  withFacts,
} from "../store/bundle-index.ts";
import { filesOn, type IndexedArtifact, selectFiles } from "../store/files.ts";
import { continueRecheck, type RecheckRow, takeRecheck } from "../store/rechecks.ts";
import { rowsOf } from "../store/statements.ts";
import { digestEntries, type EntryFacts } from "../zip/zip-digest.ts";
import { dataRange } from "../zip/zip-entry.ts";
import type { ReadRange } from "../zip/zip-index.ts";
import { ZipError } from "../zip/zip-records.ts";
import { readerOf } from "./zip-reader.ts";

/** What one run did: nothing was to do; a part of an archive was read; it was inspected; its check failed and is repeated. */
export type RecheckOutcome = "none" | "read" | "inspected" | "failed";

/** Bounds of one run; those of `limits.ts` if not given. */
export interface RecheckBounds {
  maxBytes?: number;
}

/** Takes the inspection of one archive forward. Never throws. */
export async function recheckUploads(ctx: Context, bounds: RecheckBounds = {}): Promise<RecheckOutcome> {
  let row: RecheckRow | null = null;
  try {
    row = await takeRecheck(ctx.db, ctx.now()).first<RecheckRow>();
    return row ? await recheck(ctx, row, bounds.maxBytes ?? RECHECK_STEP_BYTES) : "none";
  } catch (error) {
    ctx.log("error", "recheck_failed", { ...(row && { artifact: row.id }), error: String(error) });
    // Not cut off but refused by the store, which says nothing of the archive.
    if (row) {
      const again = { dueAt: ctx.now() + RECHECK_RETRY_MS, tries: row.tries - 1 };
      await continueRecheck(ctx.db, row, again)
        .run()
        .catch((cause: unknown) => ctx.log("error", "recheck_not_postponed", { error: String(cause) }));
    }
    return "failed";
  }
}

async function recheck(ctx: Context, row: RecheckRow, maxBytes: number): Promise<RecheckOutcome> {
  let files = await readIndex(ctx, row);
  const missing = files.filter(isUnread).toSorted((a, b) => a.dataOffset - b.dataOffset);
  const isStuck = row.tries > RECHECK_MAX_TRIES;
  if (missing.length > 0 && !isStuck) {
    const step = takeStep(missing, maxBytes);
    const read = await readThrough(ctx, row, step);
    if (read instanceof ZipError) return refuse(ctx, row, read);
    files = files.map((file) => withFacts(file, read.get(file.path)));
    const changed = new Set(step.flat().map(({ path }) => path));
    const isDone = changed.size === missing.length;
    await ctx.db.batch([
      ...rewriteIndex(ctx.db, row, files),
      continueRecheck(ctx.db, row, { dueAt: ctx.now() + (isDone ? RECHECK_RETRY_MS : 0), tries: isDone ? 1 : 0 }),
    ]);
    if (!isDone) return "read";
  }
  const facts = new Map(files.flatMap((file) => pairOf(file.path, factsOf(file))));
  const inspection = await inspectZip(presentReader(ctx, row), row.size, { type: row.type, digest: async () => facts });
  const summary = summarise(inspection);
  const inspected = new Map(inspection.entries.map((entry) => [entry.path, entry]));
  const indexed = files.map((file) => {
    const { kind, verdict } = inspected.get(file.path) ?? {};
    return { ...file, ...(kind !== undefined && { kind }), ...(verdict !== undefined && { verdict }) };
  });
  const { verdict, findings } = inspection;
  const unread = files.find((file) => file.sha256 === undefined);
  if (!unread) return write(ctx, row, { verdict, findings, summary }, indexed);
  const bound = finding("bound_reached", "unknown", "too large to be read through in one run", unread.path);
  return write(
    ctx,
    row,
    { verdict: verdict === "safe" ? "unknown" : verdict, findings: [...findings, bound], summary },
    indexed,
  );
}

/** An object that is missing is no finding: it may come back from a backup. */
function presentReader(ctx: Context, row: RecheckRow): ReadRange {
  const read = readerOf(ctx, row);
  return async (range) => {
    const part = await read(range);
    if (!part) throw new Error("the object is not there");
    return part;
  };
}

/** All files of an artifact; none if it has another version by now. */
async function readIndex(ctx: Context, { id, type, version }: RecheckRow): Promise<IndexedFile[]> {
  const pages = Math.ceil(BUNDLE_MAX_ENTRIES / BUNDLE_INDEX_PAGE_FILES);
  const rows = rowsOf<IndexedArtifact>(await selectFiles(ctx.db, { id, type }, { from: "", pages }).all());
  return rows[0]?.version === version ? filesOn(rows) : [];
}

/** Of an upload from before nothing is known but its directory; of a mirror the digests are. */
function isUnread(file: IndexedFile): boolean {
  if (file.sha256 === undefined) return true;
  return factsOf(file) === undefined && file.size <= RECHECK_KNOWN_MAX_BYTES;
}

/** The first of some files that one run reads, at least one; those that lie near each other together. */
function takeStep(files: readonly IndexedFile[], maxBytes: number): IndexedFile[][] {
  const groups: IndexedFile[][] = [];
  let bytes = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const file of files) {
    bytes += file.size + file.compressedSize;
    const isNear = file.dataOffset - end <= RECHECK_COALESCE_BYTES;
    if (groups.length > 0 && (bytes > maxBytes || (!isNear && groups.length === RECHECK_MAX_READS))) break;
    if (isNear) groups.at(-1)?.push(file);
    else groups.push([file]);
    end = file.dataOffset + file.compressedSize;
  }
  return groups;
}

/** Reads files through; or what is wrong with the first that is not as the index promises. */
async function readThrough(
  ctx: Context,
  row: RecheckRow,
  groups: readonly (readonly IndexedFile[])[],
): Promise<Map<string, EntryFacts> | ZipError> {
  const facts = new Map<string, EntryFacts>();
  for (const group of groups) {
    const from = group[0]?.dataOffset ?? 0;
    const ends = group.map((file) => dataRange(file).offset + dataRange(file).length);
    const length = Math.max(...ends) - from;
    try {
      const { files } =
        length === 0
          ? await digestEntries(new Blob([]).stream(), 0, group, from)
          : await digestEntries(await open(ctx, row, { offset: from, length }), length, group, from);
      for (const [path, fact] of files) facts.set(path, fact);
    } catch (error) {
      if (error instanceof ZipError) return error;
      throw error;
    }
  }
  return facts;
}

async function open(ctx: Context, row: RecheckRow, range: { offset: number; length: number }) {
  const object = await getBundle(ctx.blobs, row.object_key, range);
  if (!object) throw new Error("the object is not there");
  return object.body;
}

/** Content with a file that is not what its directory promises: from now on none of it is handed out. */
function refuse(ctx: Context, row: RecheckRow, { code, message, path = "" }: ZipError): Promise<RecheckOutcome> {
  const summary = { files: { safe: 0, unknown: 0, unsafe: 1 }, reasons: { [code]: 1 }, omitted: 0, parts: {} };
  return write(ctx, row, { verdict: "unsafe", findings: [finding(code, "unsafe", message, path)], summary }, []);
}

function finding(code: FindingCode, severity: "unsafe" | "unknown", detail: string, path: string): InspectionFinding {
  return { code, severity, path, detail };
}

/** Writes the inspection and, file by file, the index, over the version that was read and no other. */
async function write(
  ctx: Context,
  row: RecheckRow,
  inspection: StoredInspection,
  files: readonly IndexedFile[],
): Promise<RecheckOutcome> {
  const results = await ctx.db.batch([
    ...rewriteIndex(ctx.db, row, files),
    rewriteInspection(ctx.db, row, inspection, ctx.now()),
  ]);
  const [written] = rowsOf(results.at(-1));
  const { verdict, findings } = inspection;
  if (written && verdict === "unsafe") {
    const first = (findings as readonly InspectionFinding[]).find(({ severity }) => severity === "unsafe");
    const { code, path } = first ?? {};
    ctx.log("error", "content_found_unsafe", { artifact: row.id, type: row.type, code, path });
  }
  return "inspected";
}

function pairOf(path: string, facts: EntryFacts | undefined): [string, EntryFacts][] {
  return facts ? [[path, facts]] : [];
}
