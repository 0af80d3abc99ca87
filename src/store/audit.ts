/** Statements on the audit, which is append-only. Deletes and updates are audited where they are written, in their own transaction. */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import { LANDED } from "./artifacts.ts";

/** How many entries are counted at the most, from the newest on: the cost of looking back does not grow with the audit. */
const COUNTED_ENTRIES = 1000;

/** Writes since a time, by stretch of time and action. Rows `{bucket, action, writes}`; `bucket` in milliseconds since 1970. */
export function countWrites(db: Database, since: number, bucketMs: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT at / ?2 * ?2 AS bucket, action, count(*) AS writes
       FROM (SELECT at, action FROM audit ORDER BY id DESC LIMIT ${COUNTED_ENTRIES})
       WHERE at >= ?1 GROUP BY 1, 2 ORDER BY 1`,
    )
    .bind(since, bucketMs);
}

/** Audits a registration, once, while its upload is still there to be settled by the same transaction. */
export function auditRegistration(db: Database, uploadId: number, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name, after)
       SELECT ?2, ?3, ?4, 'CREATE', a.id, a.type, a.name, a.sha256
       FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, by.at, by.actor, by.requestId);
}
