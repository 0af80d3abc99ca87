/** Statements on the audit, which is append-only. Deletes and updates are audited where they are written, in their own transaction. */

import type { Requester } from "./deletions.ts";

/** Audits a registration, once, while its upload is still there to be settled by the same transaction. */
export function auditRegistration(db: D1Database, uploadId: number, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (at, actor, request_id, action, artifact_id, type, name, after)
       SELECT ?2, ?3, ?4, 'CREATE', a.id, a.type, a.name, a.sha256
       FROM uploads AS u JOIN artifacts AS a ON a.id = u.id AND a.version = u.id WHERE u.id = ?1`,
    )
    .bind(uploadId, by.at, by.actor, by.requestId);
}
