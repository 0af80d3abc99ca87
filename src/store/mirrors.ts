/**
 * Statements on mirrors: the copies of whole upstream repositories, from the request to the end.
 *
 * Invariant: a mirror that writes has its upload, and only the one that its row names may go on: a row of another version or
 * round, or none, tells the copying that it is not wanted any more.
 */

import type { Database, MirrorMode } from "../config.ts";
import type { Context, Requester } from "../context.ts";
import type { MirrorRun } from "../env.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { LANDED } from "./artifacts.ts";

/** Where a mirror stands. */
export type MirrorState = "queued" | "running" | "verifying" | "finished" | "failed" | "skipped";

/** Which row a run is. */
export type MirrorKey = Pick<MirrorRun, "artifactId" | "version" | "round">;

/** A mirror as stored. Times in milliseconds since 1970. */
export interface MirrorRow {
  artifact_id: number;
  type: ArtifactType;
  version: number;
  round: number;
  state: MirrorState;
  /** While it writes. */
  upload_id: number | null;
  files_done: number;
  files_total: number | null;
  bytes_done: number;
  bytes_total: number | null;
  error: string | null;
  remedy: string | null;
  requested_by: string;
  request_id: string;
  started_at: number;
  updated_at: number;
}

/** How far a run is. Absent totals are not known. */
export interface MirrorProgress {
  filesDone: number;
  filesTotal?: number;
  bytesDone: number;
  bytesTotal?: number;
}

/** Who asks for a mirror. */
export interface MirrorRequest extends Requester {
  /** As the run will need them. */
  as: Context["actor"];
}

const COLUMNS = "artifact_id, version, round, state, requested_by, request_id, started_at, updated_at";
const AFRESH = `version = excluded.version, state = 'queued', upload_id = NULL, files_done = 0, files_total = NULL,
  bytes_done = 0, bytes_total = NULL, error = NULL, remedy = NULL, requested_by = excluded.requested_by,
  request_id = excluded.request_id, started_at = excluded.started_at, updated_at = excluded.updated_at`;
/** The row of a run. In terms of `mirrors`; ?1 to ?3 are a `MirrorKey`. */
const RUN = "artifact_id = ?1 AND version = ?2 AND round = ?3";

/** A mirror that has not ended. In terms of `mirrors`. */
const ALIVE = "state IN ('queued', 'running', 'verifying')";

function keyOf({ artifactId, version, round }: MirrorKey): [number, number, number] {
  return [artifactId, version, round];
}

/**
 * Says what is to become of the content that has just landed: part of its settlement.
 *
 * @param mode undefined: what was so far, for an update that does not say; full if there is a mirror
 */
export function decideMirror(
  db: Database,
  uploadId: number,
  mode: MirrorMode | undefined,
  by: MirrorRequest,
): D1PreparedStatement {
  if (mode === "light") {
    return db
      .prepare(`DELETE FROM mirrors WHERE artifact_id IN (SELECT a.id FROM ${LANDED} WHERE u.id = ?1)`)
      .bind(uploadId);
  }
  const wanted = mode === "full" ? "" : "AND EXISTS (SELECT 1 FROM mirrors AS before WHERE before.artifact_id = a.id)";
  return db
    .prepare(
      `INSERT INTO mirrors (${COLUMNS})
       SELECT a.id, a.version, 1, 'queued', ?2, ?3, ?4, ?4 FROM ${LANDED} WHERE u.id = ?1 ${wanted}
       ON CONFLICT (artifact_id) DO UPDATE SET round = 1, ${AFRESH}`,
    )
    .bind(uploadId, JSON.stringify(by.as), by.requestId, by.at);
}

/** Asks for a mirror of an artifact as it is, if its present content has none that runs or has finished. */
export function requestMirror(
  db: Database,
  artifact: { type: ArtifactType; id: number },
  by: MirrorRequest,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO mirrors (${COLUMNS})
       SELECT id, version, 1, 'queued', ?3, ?4, ?5, ?5 FROM artifacts WHERE id = ?1 AND type = ?2
       ON CONFLICT (artifact_id) DO UPDATE SET round = mirrors.round + 1, ${AFRESH}
         WHERE mirrors.state IN ('failed', 'skipped') OR mirrors.version <> excluded.version`,
    )
    .bind(artifact.id, artifact.type, JSON.stringify(by.as), by.requestId, by.at);
}

/** The mirror of an artifact's present content. Returns `MirrorRow`; without a mirror, its `state` is null. */
export function selectMirror(db: Database, artifact: { type: ArtifactType; id: number }): D1PreparedStatement {
  return db
    .prepare(
      `SELECT m.*, a.id AS artifact_id, a.type FROM artifacts AS a LEFT JOIN mirrors AS m ON m.artifact_id = a.id AND m.version = a.version
       WHERE a.id = ?1 AND a.type = ?2`,
    )
    .bind(artifact.id, artifact.type);
}

/** Takes up mirrors that have been waiting since before a time, which then wait for their next turn. Returns `MirrorRow`. */
export function takeWaitingMirrors(db: Database, before: number, at: number, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE mirrors SET updated_at = ?2
       WHERE artifact_id IN (SELECT artifact_id FROM mirrors WHERE state = 'queued' AND updated_at <= ?1
                             ORDER BY updated_at LIMIT ?3)
       RETURNING *, (SELECT type FROM artifacts AS a WHERE a.id = artifact_id) AS type`,
    )
    .bind(before, at, limit);
}

/**
 * Records the intent of a run to write, once. The last returns the upload (`UploadRow`), or nothing if the run is not
 * wanted any more.
 */
export function openMirrorUpload(
  db: Database,
  run: MirrorKey,
  by: Requester,
  intent: { expiresAt: number; partSize: number },
): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `INSERT INTO uploads (artifact_id, type, name, size, sha256, started_at, started_by, purpose, expires_at, part_size)
         SELECT a.id, a.type, a.name, 0, '', ?4, ?5, 'mirror', ?6, ?7
         FROM artifacts AS a
         WHERE a.id = ?1 AND a.version = ?2 AND EXISTS (SELECT 1 FROM mirrors WHERE ${RUN} AND state = 'queued')`,
      )
      .bind(...keyOf(run), by.at, by.actor, intent.expiresAt, intent.partSize),
    db
      .prepare(
        `UPDATE mirrors SET state = 'running', upload_id = last_insert_rowid(), updated_at = ?4
         WHERE ${RUN} AND state = 'queued' AND changes() = 1`,
      )
      .bind(...keyOf(run), by.at),
    db.prepare(`SELECT * FROM uploads WHERE id = (SELECT upload_id FROM mirrors WHERE ${RUN})`).bind(...keyOf(run)),
  ];
}

/**
 * A sign of life: the upload lives on until `expiresAt`, and state and progress are written down; without news the progress
 * stays. The first returns a row if the run is still wanted: its artifact is there, in the version that it completes, and its
 * upload was not given up.
 */
export function keepMirror(
  db: Database,
  run: MirrorKey,
  lease: { at: number; expiresAt: number },
  state: "running" | "verifying",
  news?: MirrorProgress,
): D1PreparedStatement[] {
  const progress = [news?.filesDone, news?.filesTotal, news?.bytesDone, news?.bytesTotal];
  return [
    db
      .prepare(
        `UPDATE uploads SET expires_at = ?4
         WHERE id = (SELECT upload_id FROM mirrors WHERE ${RUN} AND ${ALIVE})
           AND EXISTS (SELECT 1 FROM artifacts AS a WHERE a.id = ?1 AND a.version = ?2)
         RETURNING id`,
      )
      .bind(...keyOf(run), lease.expiresAt),
    db
      .prepare(
        `UPDATE mirrors
         SET state = ?4, updated_at = ?5, files_done = coalesce(?6, files_done), files_total = coalesce(?7, files_total),
             bytes_done = coalesce(?8, bytes_done), bytes_total = coalesce(?9, bytes_total)
         WHERE ${RUN} AND ${ALIVE} AND upload_id IS NOT NULL`,
      )
      .bind(...keyOf(run), state, lease.at, ...progress.map((value) => value ?? null)),
  ];
}

/** Ends a mirror whose upload has become the artifact's content: part of its settlement. */
export function finishMirror(
  db: Database,
  uploadId: number,
  at: number,
  done: { files: number; bytes: number },
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE mirrors SET state = 'finished', version = ?1, upload_id = NULL, error = NULL, remedy = NULL, updated_at = ?2,
              files_done = ?3, files_total = ?3, bytes_done = ?4, bytes_total = ?4
       WHERE upload_id = ?1 AND EXISTS (SELECT 1 FROM ${LANDED} WHERE u.id = ?1)`,
    )
    .bind(uploadId, at, done.files, done.bytes);
}

/**
 * Ends a mirror that came to nothing, and says why, also where it is only known that it failed; one that has finished stays.
 * Returns `{upload_id}`: its upload, if it had another one than is known, which is to be given up.
 *
 * @param uploadId the upload that is given up next, and may not make the end another one
 */
export function endMirror(
  db: Database,
  run: MirrorKey,
  at: number,
  outcome: { state: "failed" | "skipped"; error: string; remedy?: string | undefined },
  uploadId?: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE mirrors SET state = ?4, error = ?5, remedy = ?8, updated_at = ?6, upload_id = nullif(upload_id, ?7)
       WHERE ${RUN} AND state NOT IN ('finished', 'skipped') RETURNING upload_id`,
    )
    .bind(...keyOf(run), outcome.state, outcome.error, at, uploadId ?? null, outcome.remedy ?? null);
}
