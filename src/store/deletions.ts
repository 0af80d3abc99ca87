/**
 * Statements on deletions: every object that must go, why, and when it went.
 *
 * Invariant: a row is inserted in the same transaction that takes the last pointer to its object away, and is finished
 * only after the object store said that the object is gone.
 */

import type { Database, Quota } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactRef, ArtifactType } from "../lib/artifact.ts";
import { DELETION_BACKOFF_MAX_MS, DELETION_BACKOFF_MS, DELETION_STUCK_ATTEMPTS, SWEEP_PAGE } from "../limits.ts";
import { fitsInPlace } from "./quotas.ts";

/** A deletion as stored: the receipt, with times in milliseconds since 1970. */
export interface DeletionRow {
  object_key: string;
  artifact_id: number;
  /** `unknown` of an object that no artifact is known to have had. */
  type: ArtifactType | "unknown";
  name: string;
  size: number;
  sha256: string;
  reason: "deleted" | "replaced" | "abandoned" | "orphan";
  requested_at: number;
  requested_by: string;
  finished_at: number | null;
  attempts: number;
  next_attempt_at: number;
  last_error: string | null;
  multipart_id: string | null;
}

/** The deletion of an artifact, of which there is at most one: its receipt. */
export type ReceiptRow = DeletionRow & { type: ArtifactType; reason: "deleted" };

/** A deletion that still has work to do. With a `multipart_id`, the object was still being written in parts. */
export type OpenDeletion = Pick<
  DeletionRow,
  "object_key" | "artifact_id" | "type" | "reason" | "attempts" | "multipart_id"
>;

/** What every insertion into `deletions` fills, in this order. */
export const DELETION_COLUMNS =
  "object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by, next_attempt_at";
/** What an `OpenDeletion` is read from. */
export const OPEN_COLUMNS = "object_key, artifact_id, type, reason, attempts, multipart_id";

/** Which artifacts a statement is about: its values from `?5` on, and two tables with the condition that picks from them. */
interface Wanted {
  values: (string | number)[];
  artifacts: string;
  deletions: string;
  /** The condition on an artifact by itself. */
  isWanted: string;
}

/** One is looked up by its key; for many, the list is a table of its own. */
function wantedOf(refs: readonly ArtifactRef[]): Wanted {
  const [first] = refs;
  if (first && refs.length === 1) {
    return {
      values: [first.id, first.type],
      artifacts: "artifacts AS a WHERE a.id = ?5 AND a.type = ?6",
      deletions: "deletions AS d WHERE d.artifact_id = ?5 AND d.type = ?6",
      isWanted: "a.id = ?5 AND a.type = ?6",
    };
  }
  const artifacts = `json_each(?5) AS w CROSS JOIN artifacts AS a
                     WHERE a.id = w.value ->> 'id' AND a.type = w.value ->> 'type'`;
  return {
    values: [JSON.stringify(refs)],
    artifacts,
    deletions: `json_each(?5) AS w CROSS JOIN deletions AS d
                WHERE d.artifact_id = w.value ->> 'id' AND d.type = w.value ->> 'type'`,
    isWanted: `a.id IN (SELECT a.id FROM ${artifacts})`,
  };
}

const DOOMED = "EXISTS (SELECT 1 FROM deletions AS d WHERE d.object_key = a.object_key)";

/**
 * What a delete has just doomed; `others`: whether more of this artifact is to be purged beside it, an older deletion that is
 * still open or an upload in parts that the same transaction dooms.
 */
export type DoomedNow = OpenDeletion & { others: 0 | 1 };

/**
 * The heart of the product: takes artifacts out of the registry in one transaction. Each row moves into `deletions`, is
 * audited once and deleted, and takes what belongs to it along by its foreign keys; what was being written for it in
 * parts is doomed by a trigger.
 *
 * Result of the first: `DoomedNow` of each artifact that this transaction deleted. What else is open of these artifacts,
 * whoever doomed it, `selectOpenOf` tells; the common delete has no need to ask.
 *
 * @param refuseDependents leave out an artifact that others are derived from
 */
export function removeArtifacts(
  db: Database,
  refs: readonly ArtifactRef[],
  by: Requester,
  refuseDependents: boolean,
): D1PreparedStatement[] {
  const { artifacts, isWanted, values } = wantedOf(refs);
  const bound = [by.at, by.actor, by.isAdmin, by.requestId, ...values];
  const unlessDependents = refuseDependents
    ? `AND NOT EXISTS (SELECT 1 FROM edges AS e
                       WHERE e.parent_type = a.type AND e.parent_key = a.source_key AND e.child_id <> a.id)`
    : "";
  return [
    db
      .prepare(
        `INSERT INTO deletions (${DELETION_COLUMNS})
         SELECT a.object_key, a.id, a.type, a.name, a.size, a.sha256, 'deleted', ?1, ?2, ?1
         FROM ${artifacts} ${unlessDependents}
         RETURNING ${OPEN_COLUMNS},
           EXISTS (SELECT 1 FROM deletions AS o
                   WHERE o.artifact_id = deletions.artifact_id AND o.object_key <> deletions.object_key
                     AND o.finished_at IS NULL)
           OR EXISTS (SELECT 1 FROM uploads AS u
                      WHERE u.artifact_id = deletions.artifact_id AND u.multipart_id IS NOT NULL) AS others`,
      )
      .bind(...bound),
    db
      .prepare(
        `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, before)
         SELECT ?1, ?2, ?3, ?4, 'DELETE', a.id, a.type, a.name, a.sha256 FROM ${artifacts} AND ${DOOMED}`,
      )
      .bind(...bound),
    db.prepare(`DELETE FROM artifacts AS a WHERE ${isWanted} AND ${DOOMED}`).bind(...bound),
  ];
}

/** What is still to be purged of some artifacts. Returns `OpenDeletion`. */
export function selectOpenOf(db: Database, refs: readonly ArtifactRef[]): D1PreparedStatement {
  const { deletions, values } = wantedOf(refs);
  return db
    .prepare(
      `SELECT d.object_key, d.artifact_id, d.type, d.reason, d.attempts, d.multipart_id
       FROM ${deletions} AND d.finished_at IS NULL`,
    )
    .bind(null, null, null, null, ...values);
}

/**
 * The condition under which an upload may replace an artifact's content: the artifact is there, is still the version that
 * the client saw (`?2`, null for any), no other artifact has the same (type, source `?3`, name), and the new
 * zip fits into the quota.
 */
const replaceable = (quota: Quota) => `uploads AS u JOIN artifacts AS a ON a.id = u.artifact_id
  WHERE u.id = ?1 AND (?2 IS NULL OR a.version = ?2)
    AND NOT EXISTS (SELECT 1 FROM artifacts AS twin
                    WHERE twin.type = a.type AND twin.source_key = ?3 AND twin.name = a.name AND twin.id <> a.id)
    AND ${fitsInPlace(quota)}`;

/** Dooms the content that an upload is about to replace, and audits the update. First part of an update's transaction. */
export function doomReplaced(
  db: Database,
  uploadId: number,
  expected: { version?: number; sourceKey: string },
  quota: Quota,
  by: Requester,
): D1PreparedStatement[] {
  const guard = [uploadId, expected.version ?? null, expected.sourceKey];
  return [
    db
      .prepare(
        `INSERT INTO deletions (${DELETION_COLUMNS})
         SELECT a.object_key, a.id, a.type, a.name, a.size, a.sha256, 'replaced', ?4, ?5, ?4
         FROM ${replaceable(quota)}
         RETURNING ${OPEN_COLUMNS}`,
      )
      .bind(...guard, by.at, by.actor),
    db
      .prepare(
        `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, before, after)
         SELECT ?4, ?5, ?6, ?7, 'UPDATE', a.id, a.type, a.name, a.sha256, u.sha256 FROM ${replaceable(quota)}`,
      )
      .bind(...guard, by.at, by.actor, by.isAdmin, by.requestId),
  ];
}

/** Writes down that these objects are gone. */
export function finishDeletions(db: Database, keys: readonly string[], at: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deletions SET finished_at = ?2, last_error = NULL
       WHERE object_key IN (SELECT value FROM json_each(?1)) AND finished_at IS NULL`,
    )
    .bind(JSON.stringify(keys), at);
}

/**
 * Writes down that these objects could not be deleted, and when the sweep tries again: at its next run after the first
 * failure, then ever later, up to a bound.
 */
export function postponeDeletions(
  db: Database,
  keys: readonly string[],
  at: number,
  error: string,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE deletions
       SET attempts = attempts + 1, last_error = ?3,
           next_attempt_at = ?2 + min(${DELETION_BACKOFF_MS} * ((1 << min(attempts, 20)) - 1), ${DELETION_BACKOFF_MAX_MS})
       WHERE object_key IN (SELECT value FROM json_each(?1)) AND finished_at IS NULL`,
    )
    .bind(JSON.stringify(keys), at, error.slice(0, 500));
}

/** Open deletions of whole objects whose time has come, the longest due first. Returns `OpenDeletion`. */
export function selectDueDeletions(db: Database, at: number, limit: number): D1PreparedStatement {
  return db.prepare(`SELECT ${OPEN_COLUMNS} FROM ${DUE} AND multipart_id IS NULL ${FIRST} LIMIT ?2`).bind(at, limit);
}

/**
 * The same of what was being written in parts, each of which takes a call of its own; looked for among those that are due
 * first, so that a backlog of others is not read whole for them. Returns `OpenDeletion`.
 */
export function selectDueInParts(db: Database, at: number, limit: number): D1PreparedStatement {
  const due = `SELECT * FROM ${DUE} ${FIRST} LIMIT ${SWEEP_PAGE}`;
  return db.prepare(`SELECT ${OPEN_COLUMNS} FROM (${due}) WHERE multipart_id IS NOT NULL LIMIT ?2`).bind(at, limit);
}

const DUE = "deletions WHERE finished_at IS NULL AND next_attempt_at <= ?1";
const FIRST = "ORDER BY next_attempt_at";

/** The receipt of an artifact's deletion. Returns `ReceiptRow`. */
export function selectReceipt(db: Database, artifactId: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM deletions WHERE artifact_id = ?1 AND reason = 'deleted'").bind(artifactId);
}

/** How many deletions are open, since when the oldest is, and how many the sweep has tried in vain too often. */
export function selectOpenSummary(db: Database): D1PreparedStatement {
  return db.prepare(
    `SELECT count(*) AS open, min(requested_at) AS oldest,
            count(*) FILTER (WHERE attempts >= ${DELETION_STUCK_ATTEMPTS}) AS stuck
     FROM deletions WHERE finished_at IS NULL`,
  );
}
