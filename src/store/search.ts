/** Statements on the search index, and on what a search verifies. */

import type { Database } from "../config.ts";
import type { ArtifactSummary } from "./artifacts.ts";

/** An artifact that a pattern may occur in. */
export interface CandidateRow extends ArtifactSummary {
  source: string;
}

/** The searchable text of an artifact. */
export interface CardRow {
  artifact_id: number;
  text: string;
}

/** Candidates behind an id, ascending: those that the index query names, or all. */
export function selectCandidates(
  db: Database,
  index: string | undefined,
  after: number,
  limit: number,
): D1PreparedStatement {
  if (index === undefined) {
    return db
      .prepare("SELECT id, type, name, source FROM artifacts WHERE id > ?1 ORDER BY id LIMIT ?2")
      .bind(after, limit);
  }
  return db
    .prepare(
      `SELECT a.id, a.type, a.name, a.source
       FROM search AS s CROSS JOIN artifacts AS a ON a.id = s.rowid
       WHERE s.search MATCH ?1 AND s.rowid > ?2 ORDER BY s.rowid LIMIT ?3`,
    )
    .bind(index, after, limit);
}

/** Cards of some artifacts. */
export function selectCards(db: Database, ids: readonly number[]): D1PreparedStatement {
  return db
    .prepare("SELECT artifact_id, text FROM cards WHERE artifact_id IN (SELECT value FROM json_each(?1))")
    .bind(JSON.stringify(ids));
}
