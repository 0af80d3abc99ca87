/** Statements on content that was inspected by older rules than today's: which is next, and how often its check was cut off. */

import type { Database } from "../config.ts";
import { INSPECTION_RULES } from "../inspection/findings.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { RECHECK_RETRY_MAX_MS, RECHECK_RETRY_MS } from "../limits.ts";

/** An artifact whose content is to be inspected again. `size` in bytes. */
export interface RecheckRow {
  id: number;
  type: ArtifactType;
  version: number;
  object_key: string;
  size: number;
  /** Runs that took it up and were cut off, this one included. */
  tries: number;
}

/**
 * Takes up the next content that is to be inspected again: it is not due again for a while, longer with each time, so that one
 * whose check is cut off does not keep the others waiting. Returns `RecheckRow`, if there is one.
 */
export function takeRecheck(db: Database, at: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE inspections
       SET recheck_at = ?2 + min(?3 << recheck_tries, ?4), recheck_tries = min(recheck_tries + 1, 20)
       WHERE artifact_id = (SELECT artifact_id FROM inspections
                            WHERE rules = (SELECT min(rules) FROM inspections WHERE rules < ?1) AND recheck_at <= ?2
                            ORDER BY recheck_at LIMIT 1)
       RETURNING artifact_id AS id, version, recheck_tries AS tries,
         (SELECT type FROM artifacts AS a WHERE a.id = artifact_id) AS type,
         (SELECT object_key FROM artifacts AS a WHERE a.id = artifact_id) AS object_key,
         (SELECT size FROM artifacts AS a WHERE a.id = artifact_id) AS size`,
    )
    .bind(INSPECTION_RULES, at, RECHECK_RETRY_MS, RECHECK_RETRY_MAX_MS);
}

/** Writes down that a check came forward and is to go on; or that it failed for a reason that is not its own. */
export function continueRecheck(
  db: Database,
  { id, version }: Pick<RecheckRow, "id" | "version">,
  { dueAt, tries }: { dueAt: number; tries: number },
): D1PreparedStatement {
  return db
    .prepare("UPDATE inspections SET recheck_at = ?3, recheck_tries = ?4 WHERE artifact_id = ?1 AND version = ?2")
    .bind(id, version, dueAt, tries);
}
