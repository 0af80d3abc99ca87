/**
 * Statements that write what is known of a zip beside its artifact: where each file stands in it, and what an inspection
 * found. Part of the transaction that makes the artifact point at the zip.
 *
 * Invariant: an index and a verdict are of the content that the artifact points at, or there are none.
 */

import type { Database } from "../config.ts";
import type { Verdict } from "../inspection/findings.ts";
import { comparePaths } from "../lib/paths.ts";
import { BUNDLE_INDEX_PAGE_FILES, BUNDLE_INDEX_PAGES_PER_STATEMENT } from "../limits.ts";
import type { EntryLocation } from "../zip/zip-entry.ts";
import { LANDED } from "./artifacts.ts";

/** One file of a bundle; `sha256` of its bytes in hex, where it is known. */
export interface IndexedFile extends EntryLocation {
  sha256?: string;
}

/** What an inspection came to, to be stored with the content. */
export interface StoredInspection {
  verdict: Verdict;
  /** JSON all through. */
  findings: readonly unknown[];
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
  { verdict, findings }: StoredInspection,
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO inspections (artifact_id, version, verdict, findings, inspected_at)
       SELECT a.id, a.version, ?2, ?3, ?4 FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, verdict, JSON.stringify(findings), at);
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
