/**
 * Statements that write what is known of a zip beside its artifact: where each file stands in it, and what an inspection
 * found. Part of the transaction that makes the artifact point at the zip.
 *
 * Invariant: an index and a verdict are of the content that the artifact points at, or there are none.
 */

import type { Database } from "../config.ts";
import { INSPECTION_RULES, type Verdict } from "../inspection/findings.ts";
import type { InspectionSummary } from "../inspection/summary.ts";
import { fromBase64Url, toBase64Url } from "../lib/hash.ts";
import { comparePaths } from "../lib/paths.ts";
import { BUNDLE_INDEX_PAGE_FILES, BUNDLE_INDEX_PAGES_PER_STATEMENT } from "../limits.ts";
import type { EntryFacts } from "../zip/zip-digest.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import { LANDED } from "./artifacts.ts";

/** One file of a bundle. */
export interface IndexedFile extends EntryLocation {
  /** Of its bytes, hex, where it is known. */
  sha256?: string;
  /** The format that the inspection recognised it as. */
  kind?: string;
  /** What the inspection came to for this file. */
  verdict?: Verdict;
  /** What reading the file through told of it (`EntryFacts`), where that was done; the last bytes in base64url. */
  text?: boolean;
  tail?: string;
}

/** A file as it is indexed, with what reading it through told of it. */
export function withFacts(file: IndexedFile, facts: EntryFacts | undefined): IndexedFile {
  if (!facts) return file;
  const { sha256, text, tail } = facts;
  return { ...file, sha256, text, tail: toBase64Url(tail) };
}

/** What the index remembers of reading a file through; undefined where nobody did. */
export function factsOf({ sha256, text, tail }: IndexedFile): EntryFacts | undefined {
  if (sha256 === undefined || text === undefined || tail === undefined) return undefined;
  return { sha256, text, tail: fromBase64Url(tail) };
}

/** What an inspection came to, to be stored with the content. JSON all through. */
export interface StoredInspection {
  verdict: Verdict;
  findings: readonly unknown[];
  summary: InspectionSummary;
}

/** SQL over `inspections AS i`: the verdict as it is shown. One of older rules is not, unless it is unsafe. */
export const SHOWN_VERDICT = `CASE WHEN i.rules < ${INSPECTION_RULES} AND i.verdict <> 'unsafe' THEN 'unknown' ELSE i.verdict END`;

/** Writes the index of an upload that has just become the content of an artifact. */
export function writeIndex(db: Database, uploadId: number, files: readonly IndexedFile[]): D1PreparedStatement[] {
  return inStatements(files).map((pages) =>
    db
      .prepare(
        `INSERT INTO bundle_index (artifact_id, first_path, entries)
         SELECT a.id, p.value ->> 'first', p.value -> 'entries' FROM ${LANDED} JOIN json_each(?2) AS p WHERE u.id = ?1`,
      )
      .bind(uploadId, pages),
  );
}

/** Writes the index of a version's content again, unless the artifact has another by now. The same files make the same pages. */
export function rewriteIndex(
  db: Database,
  { id, version }: { id: number; version: number },
  files: readonly IndexedFile[],
): D1PreparedStatement[] {
  return inStatements(files).map((pages) =>
    db
      .prepare(
        `UPDATE bundle_index SET entries = p.value -> 'entries' FROM json_each(?3) AS p
         WHERE artifact_id = ?1 AND first_path = p.value ->> 'first'
           AND EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = ?1 AND a.version = ?2)`,
      )
      .bind(id, version, pages),
  );
}

/** The pages of an index, as JSON, so many at once as one statement takes. */
function inStatements(files: readonly IndexedFile[]): string[] {
  const sorted = files.toSorted((a, b) => comparePaths(a.path, b.path));
  const pages = chunks(sorted, BUNDLE_INDEX_PAGE_FILES).map((entries) => ({ first: entries[0]?.path ?? "", entries }));
  return chunks(pages, BUNDLE_INDEX_PAGES_PER_STATEMENT).map((some) => JSON.stringify(some));
}

/** Writes what the inspection of such an upload found. */
export function writeInspection(
  db: Database,
  uploadId: number,
  { verdict, findings, summary }: StoredInspection,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO inspections (artifact_id, version, verdict, findings, inspected_at, rules, summary)
       SELECT a.id, a.version, ?2, ?3, ?4, ?5, ?6 FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, verdict, JSON.stringify(findings), at, INSPECTION_RULES, JSON.stringify(summary));
}

/** Writes what inspecting a version's content again found, unless the artifact has another by now. Returns a row if it did. */
export function rewriteInspection(
  db: Database,
  { id, version }: { id: number; version: number },
  { verdict, findings, summary }: StoredInspection,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE inspections SET verdict = ?3, findings = ?4, inspected_at = ?5, rules = ?6, summary = ?7, recheck_at = 0, recheck_tries = 0
       WHERE artifact_id = ?1 AND version = ?2
         AND EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = ?1 AND a.version = ?2)
       RETURNING artifact_id`,
    )
    .bind(id, version, verdict, JSON.stringify(findings), at, INSPECTION_RULES, JSON.stringify(summary));
}

/** Forgets both of the content before, for an upload that has just replaced it. */
export function forgetContent(db: Database, uploadId: number): D1PreparedStatement[] {
  return ["bundle_index", "inspections"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE artifact_id IN (SELECT a.id FROM ${LANDED} WHERE u.id = ?1)`).bind(uploadId),
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
