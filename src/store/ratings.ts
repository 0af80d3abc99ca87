/** Statements on ratings. */

import type { Database } from "../config.ts";
import type { ArtifactType } from "../lib/artifact.ts";

/** A stored rating, with what is shown beside it. `rating` and `explanation` are JSON; all three are null where none is stored. */
export interface RatingRow {
  id: number;
  type: ArtifactType;
  name: string;
  source_key: string;
  object_key: string;
  size: number;
  sha256: string;
  version: number;
  updated_at: number;
  algorithm: string | null;
  net: number | null;
  rating: string | null;
  /** When evidence was last fetched again for it, because it could not be made. */
  retried_at: number | null;
  explanation?: string | null;
}

/** A rating to store. */
export interface StoredRating {
  algorithm: string;
  net?: number;
  rating: unknown;
  explanation: unknown;
}

/** An artifact and its rating, in one read; the explanation only where it is asked for. */
export function selectRating(db: Database, id: number, explain: boolean): D1PreparedStatement {
  return db
    .prepare(
      `SELECT a.id, a.type, a.name, a.source_key, a.object_key, a.size, a.sha256, a.version, a.updated_at, r.algorithm, r.net, r.rating, r.retried_at ${explain ? ", r.explanation" : ""}
       FROM artifacts AS a LEFT JOIN ratings AS r ON r.artifact_id = a.id
       WHERE a.id = ?1`,
    )
    .bind(id);
}

/** Stores the rating of this version of an artifact; nothing happens if it has another one by now. */
export function writeRating(
  db: Database,
  artifact: { id: number; version: number },
  rating: StoredRating,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT OR REPLACE INTO ratings (artifact_id, algorithm, net, rating, explanation)
       SELECT id, ?3, ?4, ?5, ?6 FROM artifacts WHERE id = ?1 AND version = ?2`,
    )
    .bind(
      artifact.id,
      artifact.version,
      rating.algorithm,
      rating.net ?? null,
      JSON.stringify(rating.rating),
      JSON.stringify(rating.explanation),
    );
}

/**
 * Takes the turn to fetch evidence again for a rating that could not be made. Returns a row to one of all who ask at once, and
 * to nobody within `waitMs` of the time before, or of the artifact's last content.
 */
export function claimRetry(
  db: Database,
  artifact: { id: number; version: number },
  now: number,
  waitMs: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE ratings SET retried_at = ?3
       WHERE artifact_id = ?1 AND net IS NULL
         AND EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = ?1 AND a.version = ?2
                     AND max(a.updated_at, coalesce(retried_at, 0)) <= ?3 - ?4)
       RETURNING artifact_id`,
    )
    .bind(artifact.id, artifact.version, now, waitMs);
}

/** A registered ancestor: its licence, its net score, and the algorithm that made the score. */
export interface AncestorRow {
  id: number;
  source: string;
  source_key: string;
  /** JSON array; null if it states none. */
  license: string | null;
  depth: number;
  algorithm: string | null;
  net: number | null;
}

/** The model of a source that was registered first; there may be others of other names. */
const REGISTERED = `(SELECT a.id FROM artifacts AS a
  WHERE a.source_key = up.source_key AND +a.type = 'model' ORDER BY a.id LIMIT 1)`;

/**
 * Registered ancestors of a model that may not be registered itself yet, found from the sources of its parents; each once,
 * at its smallest depth (1: a parent), cycles and all.
 */
export function selectAncestorScores(
  db: Database,
  parentKeys: readonly string[],
  selfKey: string,
  maxDepth: number,
): D1PreparedStatement {
  return db
    .prepare(
      `WITH RECURSIVE up (source_key, depth) AS (
         SELECT value, 1 FROM json_each(?1)
         UNION
         SELECT e.parent_key, up.depth + 1
         FROM up
         CROSS JOIN edges AS e ON e.parent_type = 'model' AND e.child_id = ${REGISTERED}
         WHERE up.depth < ?3)
       SELECT a.id, a.source, a.source_key, a.license, depth, r.algorithm, r.net
       FROM (SELECT source_key, min(depth) AS depth, ${REGISTERED} AS id
             FROM up WHERE source_key <> ?2 GROUP BY source_key) AS nearest
       JOIN artifacts AS a ON a.id = nearest.id
       LEFT JOIN ratings AS r ON r.artifact_id = nearest.id
       ORDER BY depth, a.source_key`,
    )
    .bind(JSON.stringify(parentKeys), selfKey, maxDepth);
}
