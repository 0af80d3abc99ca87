/**
 * Statements on intents to write an object: recorded before the object is, gone in the transaction that settles its fate.
 * Every intent ends by itself at some time: what nobody settled until then, the sweep gives up.
 */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { UPLOAD_STALE_MS } from "../limits.ts";
import { LANDED } from "./artifacts.ts";
import { DELETION_COLUMNS, OPEN_COLUMNS } from "./deletions.ts";

/** Why there is an intent: migrations/0006. */
export type UploadPurpose = "write" | "reservation" | "upload" | "mirror";

/** What is about to be written, and for which artifact (`artifactId`: one that exists or is reserved; none: a registration). */
export interface UploadIntent {
  artifactId?: number;
  type: ArtifactType;
  name: string;
  sourceKey: string;
  /** Bytes, and digest in hex; 0 and empty where they are not known before the object is written. */
  size: number;
  sha256: string;
  /** Default `write`, by the request that records it. */
  purpose?: UploadPurpose;
  /** Milliseconds since 1970; by default as late as a single request can last. */
  expiresAt?: number;
  /** Bytes of every part but the last, for what is written in parts. */
  partSize?: number;
}

/** A recorded intent: its number, and the key that its object is written under. */
export interface Upload {
  id: number;
  object_key: string;
}

/** An intent as stored. Sizes in bytes, times in milliseconds since 1970. */
export interface UploadRow extends Upload {
  artifact_id: number | null;
  type: ArtifactType;
  name: string;
  size: number;
  sha256: string;
  purpose: UploadPurpose;
  started_at: number;
  expires_at: number;
  multipart_id: string | null;
  part_size: number | null;
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
      `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, purpose, expires_at, part_size)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?9, ?10, ?11
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
      intent.purpose ?? "write",
      intent.expiresAt ?? startedAt + UPLOAD_STALE_MS,
      intent.partSize ?? null,
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

/** Writes down what has been written under an intent's key, where that was not known before. First part of a settlement. */
export function measureUpload(
  db: Database,
  uploadId: number,
  object: { size: number; sha256: string },
): D1PreparedStatement {
  return db
    .prepare("UPDATE uploads SET size = ?2, sha256 = ?3 WHERE id = ?1")
    .bind(uploadId, object.size, object.sha256);
}

/** Whether the artifact of an intent is there or reserved. In terms of `uploads`. */
const WANTED = `(EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = uploads.artifact_id)
  OR EXISTS (SELECT 1 FROM uploads AS r WHERE r.id = uploads.artifact_id AND r.purpose = 'reservation'))`;

/**
 * Writes down the object store's name of a multipart upload, which from then on is doomed with its artifact. Returns a row
 * unless the artifact was deleted meanwhile: then the multipart upload is to be aborted and the intent given up.
 */
export function recordMultipart(
  db: Database,
  uploadId: number,
  multipartId: string,
  expiresAt: number,
): D1PreparedStatement {
  return db
    .prepare(`UPDATE uploads SET multipart_id = ?2, expires_at = ?3 WHERE id = ?1 AND ${WANTED} RETURNING id`)
    .bind(uploadId, multipartId, expiresAt);
}

/** An intent. Returns `UploadRow`. */
export function selectUpload(db: Database, uploadId: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT id, object_key, artifact_id, type, name, size, sha256, purpose, started_at, expires_at, multipart_id, part_size
       FROM uploads WHERE id = ?1`,
    )
    .bind(uploadId);
}

/** Ends an intent whose object an artifact now points at, and the reservation that it fulfilled. Returns a row if it did. */
export function settleUpload(db: Database, uploadId: number): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM uploads
       WHERE id IN (SELECT u.id FROM ${LANDED} WHERE u.id = ?1 UNION ALL SELECT a.id FROM ${LANDED} WHERE u.id = ?1)
       RETURNING id`,
    )
    .bind(uploadId);
}

/**
 * Which uploads to give up: one; all that have expired at a time (milliseconds since 1970); or all that wait for a client:
 * reservations, and uploads in parts to them.
 */
export type LostUploads = { id: number } | { expiredAt: number } | { waiting: true };

/** A reservation lives on while something is being written for it. */
const EXPIRED = `expires_at <= ?1 AND NOT (purpose = 'reservation'
  AND EXISTS (SELECT 1 FROM uploads AS child WHERE child.artifact_id = uploads.id))`;

function conditionOf(lost: LostUploads): [condition: string, value: number] {
  if ("id" in lost) return ["id = ?1", lost.id];
  if ("expiredAt" in lost) return [EXPIRED, lost.expiredAt];
  return ["purpose IN ('reservation', 'upload') AND ?1", 1];
}

/**
 * Ends intents that came to nothing, and dooms their objects, whether they were written or not. Result of the first: the
 * `OpenDeletion` of each.
 */
export function giveUpUploads(db: Database, lost: LostUploads, by: Requester): D1PreparedStatement[] {
  const [which, value] = conditionOf(lost);
  return [
    db
      .prepare(
        `INSERT INTO deletions (${DELETION_COLUMNS}, multipart_id)
         SELECT object_key, coalesce(artifact_id, id), type, name, size, sha256, 'abandoned', ?2, ?3, ?2, multipart_id
         FROM uploads WHERE ${which}
         RETURNING ${OPEN_COLUMNS}`,
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
