/** Statements of the comparison between bucket and database. */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import { DELETION_COLUMNS, OPEN_COLUMNS } from "./deletions.ts";

/** Which of these keys nothing points at: no artifact, no upload, no open deletion. Rows `{key}`. */
export function selectStrayKeys(db: Database, keys: readonly string[]): D1PreparedStatement {
  return db
    .prepare(
      `SELECT k.value AS key FROM json_each(?1) AS k
       WHERE NOT EXISTS (SELECT 1 FROM artifacts WHERE object_key = k.value)
         AND k.value NOT IN (SELECT object_key FROM uploads)
         AND NOT EXISTS (SELECT 1 FROM deletions WHERE object_key = k.value AND finished_at IS NULL)`,
    )
    .bind(JSON.stringify(keys));
}

/** Keys that artifacts point at, between two keys (exclusive, inclusive), in their order. Rows `{object_key}`. */
export function selectKeysBetween(
  db: Database,
  after: string,
  upTo: string | undefined,
  limit: number,
): D1PreparedStatement {
  return db
    .prepare(
      `SELECT object_key FROM artifacts
       WHERE object_key > ?1 AND (?2 IS NULL OR object_key <= ?2) ORDER BY object_key LIMIT ?3`,
    )
    .bind(after, upTo ?? null, limit);
}

/** Whether an artifact points at this key. */
export function selectKey(db: Database, key: string): D1PreparedStatement {
  return db.prepare("SELECT id FROM artifacts WHERE object_key = ?1").bind(key);
}

/** Dooms stray objects that the comparison of bucket and database found; one that was purged before is opened again. */
export function doomOrphans(
  db: Database,
  orphans: readonly { key: string; size: number }[],
  by: Requester,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO deletions (${DELETION_COLUMNS})
       SELECT o.value ->> 'key', 0, 'unknown', o.value ->> 'key', o.value ->> 'size', '', 'orphan', ?2, ?3, ?2
       FROM json_each(?1) AS o WHERE true
       ON CONFLICT (object_key) DO UPDATE SET finished_at = NULL, next_attempt_at = excluded.next_attempt_at
       RETURNING ${OPEN_COLUMNS}`,
    )
    .bind(JSON.stringify(orphans), by.at, by.actor);
}
