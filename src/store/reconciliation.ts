/** Statements of the comparison between bucket and database. */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import { DELETION_COLUMNS, OPEN_COLUMNS } from "./deletions.ts";

/** That nothing points at a key: no artifact, no upload, no open deletion. */
const isStray = (key: string) =>
  `NOT EXISTS (SELECT 1 FROM artifacts WHERE object_key = ${key})
   AND ${key} NOT IN (SELECT object_key FROM uploads)
   AND NOT EXISTS (SELECT 1 FROM deletions AS d WHERE d.object_key = ${key} AND d.finished_at IS NULL)`;

/** Which of these keys nothing points at. Rows `{key}`. */
export function selectStrayKeys(db: Database, keys: readonly string[]): D1PreparedStatement {
  return db
    .prepare(`SELECT k.value AS key FROM json_each(?1) AS k WHERE ${isStray("k.value")}`)
    .bind(JSON.stringify(keys));
}

/** Keys that artifacts point at, between two keys (exclusive, inclusive), in their order. Rows `{object_key}`. */
export function selectKeysBetween(
  db: Database,
  after: string,
  upTo: string | undefined,
  limit: number,
): D1PreparedStatement {
  // Only a condition that always holds bounds the stretch of the index that is read.
  const bound = upTo === undefined ? "" : "AND object_key <= ?3";
  return db
    .prepare(`SELECT object_key FROM artifacts WHERE object_key > ?1 ${bound} ORDER BY object_key LIMIT ?2`)
    .bind(after, limit, ...(upTo === undefined ? [] : [upTo]));
}

/** Which of these keys artifacts point at. Rows `{object_key}`. */
export function selectPointedAt(db: Database, keys: readonly string[]): D1PreparedStatement {
  return db
    .prepare("SELECT a.object_key FROM json_each(?1) AS k CROSS JOIN artifacts AS a WHERE a.object_key = k.value")
    .bind(JSON.stringify(keys));
}

/** The number of the upload that a key is of, if it is of the form of ours (migrations/0001); else 0. */
function uploadOf(key: string): number {
  return Number(/^artifacts\/[a-z]+\/(?:\d+-)?(\d+)\.zip$/.exec(key)?.[1] ?? 0);
}

/**
 * Dooms up to `limit` stray objects that the comparison of bucket and database found, if they still are: what has come to
 * point at them meanwhile keeps them. One that was purged before is opened again. Returns `OpenDeletion`.
 *
 * A key that is still to be issued (the database was restored, or somebody wrote it by hand) is left alone: whoever is
 * issued it writes over what is there, and must find no deletion of it, neither an open one that would take the new object
 * away, nor a finished one in the place of its own.
 */
export function doomStrays(
  db: Database,
  strays: readonly { key: string; size: number }[],
  by: Requester,
  limit: number,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO deletions (${DELETION_COLUMNS})
       SELECT o.value ->> 'key', 0, 'unknown', o.value ->> 'key', o.value ->> 'size', '', 'orphan', ?2, ?3, ?2
       FROM json_each(?1) AS o
       WHERE ${isStray("o.value ->> 'key'")}
         AND o.value ->> 'upload' <= coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'uploads'), 0)
       LIMIT ?4
       ON CONFLICT (object_key) DO UPDATE SET finished_at = NULL, next_attempt_at = excluded.next_attempt_at
       RETURNING ${OPEN_COLUMNS}`,
    )
    .bind(
      JSON.stringify(strays.map(({ key, size }) => ({ key, size, upload: uploadOf(key) }))),
      by.at,
      by.actor,
      limit,
    );
}
