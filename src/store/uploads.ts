/** Statements on intents to write an object: recorded before the object is, gone in the transaction that settles its fate. */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactType } from "./artifacts.ts";
import { DELETION_COLUMNS } from "./deletions.ts";

/** What is about to be written, and for which artifact (`artifactId`: an update; none: a registration). */
export interface UploadIntent {
  artifactId?: number;
  type: ArtifactType;
  name: string;
  sourceKey: string;
  size: number;
  sha256: string;
}

/** A recorded intent: its number, and the key that its object is written under. */
export interface Upload {
  id: number;
  object_key: string;
}

/** Records an intent, unless another artifact already has its (type, source, name). Returns `Upload`. */
export function insertUpload(
  db: Database,
  intent: UploadIntent,
  startedAt: number,
  startedBy: string,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
       WHERE NOT EXISTS (SELECT 1 FROM artifacts
                         WHERE type = ?2 AND source_key = ?8 AND name = ?3 AND id IS NOT ?1)
       RETURNING id, object_key`,
    )
    .bind(
      intent.artifactId ?? null,
      intent.type,
      intent.name,
      intent.size,
      intent.sha256,
      startedAt,
      startedBy,
      intent.sourceKey,
    );
}

/** Says what an intent made ahead of its content is going to write; under the same condition. Returns `Upload`. */
export function describeUpload(db: Database, uploadId: number, intent: UploadIntent): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE uploads SET size = ?2, sha256 = ?3
       WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM artifacts AS a
                                     WHERE a.type = uploads.type AND a.source_key = ?4 AND a.name = uploads.name)
       RETURNING id, object_key`,
    )
    .bind(uploadId, intent.size, intent.sha256, intent.sourceKey);
}

/** Ends an intent whose object an artifact now points at. Returns a row if it did. */
export function settleUpload(db: Database, uploadId: number): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM uploads
       WHERE id = ?1 AND EXISTS (SELECT 1 FROM artifacts AS a
                                 WHERE a.id = coalesce(uploads.artifact_id, uploads.id) AND a.version = uploads.id)
       RETURNING id`,
    )
    .bind(uploadId);
}

/** Which uploads to give up: one, or all that were begun before a time (milliseconds since 1970). */
export type LostUploads = { id: number } | { startedBefore: number };

/**
 * Ends intents that came to nothing, and dooms their objects, whether they were written or not. Result of the first: the
 * `OpenDeletion` of each.
 */
export function giveUpUploads(db: Database, lost: LostUploads, by: Requester): D1PreparedStatement[] {
  const [which, value] = "id" in lost ? ["id = ?1", lost.id] : ["started_at < ?1", lost.startedBefore];
  return [
    db
      .prepare(
        `INSERT INTO deletions (${DELETION_COLUMNS})
         SELECT object_key, coalesce(artifact_id, id), type, name, size, sha256, 'abandoned', ?2, ?3, ?2
         FROM uploads WHERE ${which}
         RETURNING object_key, artifact_id, type, reason, attempts`,
      )
      .bind(value, by.at, by.actor),
    db
      .prepare(
        `DELETE FROM uploads
         WHERE ${which} AND EXISTS (SELECT 1 FROM deletions AS d WHERE d.object_key = uploads.object_key)`,
      )
      .bind(value),
  ];
}
