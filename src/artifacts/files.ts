/** The files in a bundle: which there are, and one of them without the others. */

import { permit } from "../auth/scopes.ts";
import type { Context } from "../context.ts";
import { RegistryError } from "../errors.ts";
import { type InspectionFinding, isOutdated, type Verdict } from "../inspection/findings.ts";
import { type InspectionSummary, withoutSafe } from "../inspection/summary.ts";
import type { ArtifactRef } from "../lib/artifact.ts";
import { comparePaths, findPathDefect } from "../lib/paths.ts";
import {
  BUNDLE_INDEX_PAGE_FILES,
  BUNDLE_PATH_MAX_BYTES,
  DEFLATED_RANGE_MAX_OFFSET_BYTES,
  FILES_PAGE,
} from "../limits.ts";
import { getBundle } from "../store/blobs.ts";
import type { IndexedFile } from "../store/bundle-index.ts";
import {
  filesOn,
  type IndexedArtifact,
  type InspectionRow,
  type Ruled,
  type Stretch,
  selectFiles,
  selectInspection,
  type Wanted,
} from "../store/files.ts";
import { rowsOf } from "../store/statements.ts";
import { openEntry } from "../zip/zip-entry.ts";
import { STORED } from "../zip/zip-format.ts";
import { auditDownload } from "./audit/entries.ts";
import { type Download, type DownloadRequest, negotiate, openPresent, refuseUnsafe } from "./download.ts";
import { etagOf } from "./views.ts";

/** What a listing says of a file. `size` in bytes, digests in hex. */
export interface FileSummary {
  path: string;
  size: number;
  crc32: string;
  sha256?: string;
  /** The format that the inspection recognised. */
  kind?: string;
  /** Missing if the file was not inspected. */
  verdict?: Verdict;
}

/** A page of files in the order of their paths, and the path behind which the next begins if there is more. */
export interface FilePage {
  files: FileSummary[];
  last?: string;
  /** Of the content that they are in. */
  etag: string;
}

/**
 * One file or a part of it; as a `Download`, but for its digest, which may be unknown: then the tag is what else no other
 * content of the artifact has.
 */
export interface OpenedFile extends Omit<Download, "name" | "sha256"> {
  file: IndexedFile;
  artifact: IndexedArtifact;
  /** Whether a client that was cut off can go on by a range. */
  resumable: boolean;
}

/** Which files of a bundle a caller can see, and how it is told that one is not there. */
export interface FileView {
  has(path: string): boolean;
  missing(artifact: IndexedArtifact): RegistryError;
}

const EVERY_FILE: FileView = { has: () => true, missing: () => new RegistryError("file_not_found") };

/** What is kept of an inspection. Counts are missing if it was made by rules of before they were kept. */
export interface InspectionRecord extends Partial<InspectionSummary> {
  verdict: Verdict;
  findings: InspectionFinding[];
  /** ISO 8601. */
  inspected_at: string;
}

/**
 * An artifact and some pages of its index. `full`: there were as many as were asked for, so there may be more.
 * @throws RegistryError `artifact_not_found`
 */
export async function getIndexed(
  ctx: Context,
  wanted: Wanted,
  stretch: Stretch,
): Promise<{ artifact: IndexedArtifact; files: IndexedFile[]; full: boolean }> {
  const rows = rowsOf<IndexedArtifact>(await selectFiles(ctx.db, wanted, stretch).all());
  const [artifact] = rows;
  if (!artifact) throw new RegistryError("artifact_not_found");
  return { artifact, files: filesOn(rows), full: artifact.entries !== null && rows.length === stretch.pages };
}

/**
 * A page of the files in an artifact's bundle, beginning behind a path.
 * @throws RegistryError `artifact_not_found`
 */
export async function listFiles(ctx: Context, ref: ArtifactRef, after = ""): Promise<FilePage> {
  permit(ctx, "artifact:read");
  // the index page that the last answer ended on, those of this one, and one to see whether there is more
  const pages = FILES_PAGE / BUNDLE_INDEX_PAGE_FILES + 2;
  const { artifact, files, full } = await getIndexed(ctx, ref, { from: after, pages });
  const behind = files.filter(({ path }) => comparePaths(path, after) > 0);
  const shown = behind.slice(0, FILES_PAGE);
  const last = behind.length > FILES_PAGE || full ? shown.at(-1)?.path : undefined;
  return {
    files: shown.map((file) => summaryOf(file, artifact)),
    etag: etagOf(artifact),
    ...(last !== undefined && { last }),
  };
}

function summaryOf({ path, size, crc32, sha256, kind, verdict }: IndexedFile, inspected: Ruled): FileSummary {
  return {
    path,
    size,
    crc32: crcHex(crc32),
    ...(sha256 !== undefined && { sha256 }),
    ...(kind !== undefined && { kind }),
    ...(verdict !== undefined && { verdict: verdict === "safe" && isOutdated(inspected.rules) ? "unknown" : verdict }),
  };
}

function crcHex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

/**
 * Opens one file: one read of the database and one of the bucket, none of it for HEAD. Stored files come as they stand in
 * the zip; deflated ones are inflated on the way. A range far into one of those is answered by the whole: everything before
 * it would be inflated for nobody.
 *
 * @throws RegistryError `artifact_not_found`, `file_not_found`, `unsafe_content`, `range_not_satisfiable`,
 *   `invalid_request` for a path that no file has; Error if the object is missing though its row is there
 */
export async function openFile(
  ctx: Context,
  wanted: Wanted,
  path: string,
  request: DownloadRequest,
  view: FileView = EVERY_FILE,
): Promise<OpenedFile> {
  permit(ctx, "artifact:download");
  refuseBadPath(path);
  return openPresent(
    async () => {
      const { artifact, files } = await getIndexed(ctx, wanted, { from: path, pages: 1 });
      refuseUnsafe(artifact);
      const file = view.has(path) ? files.find((candidate) => candidate.path === path) : undefined;
      if (!file) throw view.missing(artifact);
      return { artifact, file, object_key: artifact.object_key };
    },
    async ({ artifact, file }) => {
      const etag = fileTag(artifact, file);
      const asked = negotiate(request, { size: file.size, etag, called: "file" });
      const plan: typeof asked = asked.range && !isNear(file, asked.range.offset) ? { kind: "whole" } : asked;
      const resumable = isNear(file, file.size);
      const described = { ...plan, artifact, file, etag, resumable, size: file.size };
      if (plan.kind === "not_modified" || request.headOnly) return described;
      const body = await readFile(ctx, artifact, file, plan.range);
      if (!body) return undefined;
      // of the zip, a file is a part: those that one reads in an hour are one download
      auditDownload(ctx, artifact, "part");
      return { ...described, body };
    },
  );
}

/** A path that cannot be a file's is a mistake, not a file that is missing. */
function refuseBadPath(path: string): void {
  const tooLong = new TextEncoder().encode(path).length > BUNDLE_PATH_MAX_BYTES;
  if (tooLong || findPathDefect(path) !== undefined) throw new RegistryError("invalid_request", "Invalid file path.");
}

/** The entity tag of a file. */
function fileTag({ version }: Pick<IndexedArtifact, "version">, { sha256, crc32, size }: IndexedFile): string {
  return `"${sha256 ?? `${version}-${crcHex(crc32)}-${size}`}"`;
}

/** Whether a range of a file may begin there. */
function isNear({ method }: IndexedFile, offset: number): boolean {
  return method === STORED || offset <= DEFLATED_RANGE_MAX_OFFSET_BYTES;
}

/** The bytes of a file, or a range of them; undefined if the object is not there. */
export async function readFile(
  ctx: Context,
  artifact: Pick<IndexedArtifact, "object_key">,
  file: IndexedFile,
  range?: { offset: number; length: number },
): Promise<ReadableStream<Uint8Array> | undefined> {
  const { offset, length } = range ?? { offset: 0, length: file.size };
  // The bucket takes no range of nothing.
  if (length === 0) return new Blob([]).stream();
  const stored = file.method === STORED;
  const part = stored
    ? { offset: file.dataOffset + offset, length }
    : { offset: file.dataOffset, length: file.compressedSize };
  const object = await getBundle(ctx.blobs, artifact.object_key, part);
  if (!object) return undefined;
  if (stored) return object.body;
  const inflated = openEntry(file, object.body);
  const cut = range ? inflated.pipeThrough(cutter(offset, length)) : inflated;
  // Says how long the answer is, and breaks it off if it would be any other.
  return cut.pipeThrough(new FixedLengthStream(length));
}

/** Passes on a stretch of a stream and then ends it. */
function cutter(offset: number, length: number): TransformStream<Uint8Array, Uint8Array> {
  let at = 0;
  return new TransformStream({
    transform(chunk, controller) {
      const wanted = chunk.subarray(Math.max(0, offset - at), Math.max(0, offset + length - at));
      at += chunk.byteLength;
      if (wanted.byteLength > 0) controller.enqueue(wanted);
      if (at >= offset + length) controller.terminate();
    },
  });
}

/**
 * What the inspection of an artifact's present content found.
 * @throws RegistryError `artifact_not_found`; `inspection_not_found` for what the registry made itself
 */
export async function getInspection(ctx: Context, ref: ArtifactRef): Promise<InspectionRecord> {
  permit(ctx, "artifact:read");
  const row = await selectInspection(ctx.db, ref).first<InspectionRow>();
  if (!row) throw new RegistryError("artifact_not_found");
  const { verdict, findings, inspected_at } = row;
  const summary = row.summary === null ? undefined : (JSON.parse(row.summary) as InspectionSummary);
  if (verdict === null || findings === null || inspected_at === null) throw new RegistryError("inspection_not_found");
  const record = {
    verdict,
    findings: JSON.parse(findings) as InspectionFinding[],
    ...(summary && isOutdated(row.rules) ? withoutSafe(summary) : summary),
    inspected_at: new Date(inspected_at).toISOString(),
  };
  return isOutdated(row.rules) && verdict === "unknown"
    ? { ...record, findings: [OUTDATED, ...record.findings] }
    : record;
}

const OUTDATED: InspectionFinding = {
  code: "outdated_rules",
  severity: "unknown",
  detail: "inspected by the rules of an earlier release; the sweep inspects it again",
};
