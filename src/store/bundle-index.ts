/**
 * Statements that write what is known of a zip beside its artifact: where each file stands in it, and what an inspection
 * found. Part of the transaction that makes the artifact point at the zip.
 *
 * Invariant: an index and a verdict are of the content that the artifact points at, or there are none.
 */

import type { Database } from "../config.ts";
import { INSPECTION_RULES, type Verdict } from "../inspection/findings.ts";
import type { InspectionSummary } from "../inspection/summary.ts";
import { comparePaths } from "../lib/paths.ts";
import { BUNDLE_INDEX_PAGE_FILES, BUNDLE_INDEX_PAGES_PER_STATEMENT } from "../limits.ts";
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
}

/** What an inspection came to, to be stored with the content. JSON all through. */
export interface StoredInspection {
  verdict: Verdict;
  findings: readonly unknown[];
  summary: InspectionSummary;
}

/** Writes the index of an upload that has just become the content of an artifact. */
export function writeIndex(db: Database, uploadId: number, files: readonly IndexedFile[]): D1PreparedStatement[] {
  const sorted = files.toSorted((a, b) => comparePaths(a.path, b.path));
  const pages = chunks(sorted, BUNDLE_INDEX_PAGE_FILES).map((entries) => ({ first: entries[0]?.path ?? "", entries }));
  return chunks(pages, BUNDLE_INDEX_PAGES_PER_STATEMENT).map((some) =>
    db
      .prepare(
        `INSERT INTO bundle_index (artifact_id, first_path, entries)
         SELECT a.id, p.value ->> 'first', p.value -> 'entries' FROM ${LANDED} JOIN json_each(?2) AS p WHERE u.id = ?1`,
      )
      .bind(uploadId, JSON.stringify(some)),
  );
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
