/**
 * Statements on the audit, which is append-only: triggers refuse UPDATE and DELETE. A write is audited in its own
 * transaction, a read after its response.
 */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { LANDED } from "./artifacts.ts";

/** Entries that one query scans before it returns a cursor, about 10 ms. */
export const AUDIT_SCAN_ROWS = 10_000;

/** Upper bound of how much later the entry with the smaller id can be dated. No request runs this long before its commit. */
const AUDIT_SKEW_MS = 10 * 60_000;

/** Parts of one zip that an actor downloads within this time are one download. */
const DOWNLOAD_PARTS_MS = 3_600_000;

/** Newest entries that are searched for the first part of a download. */
export const DOWNLOAD_PARTS_LOOKED_BACK = 1000;

/** The audited actions. */
export const AUDIT_ACTIONS = ["CREATE", "UPDATE", "DELETE", "DOWNLOAD", "RATE", "AUDIT"] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** The kinds of account whose changes are audited. */
export const ACCOUNT_KINDS = ["user", "token", "session"] as const;

/** A user by name, or a token or a session by its id. */
export interface Account {
  kind: (typeof ACCOUNT_KINDS)[number];
  name: string;
}

/**
 * An entry as stored. `at` is in milliseconds since 1970. `before` and `after` are the SHA-256 of the zip in hex, null where
 * there was no zip. `artifact_id` is 0 in an entry of an account, and in one of the whole audit, whose `type` is empty.
 */
export interface AuditRow {
  id: number;
  at: number;
  actor: string;
  is_admin: 0 | 1;
  request_id: string;
  action: AuditAction;
  artifact_id: number;
  type: ArtifactType | Account["kind"] | "";
  name: string;
  before: string | null;
  after: string | null;
}

/** The columns of `AuditRow`. */
export const AUDIT_COLUMNS = "id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after";
const WRITTEN_COLUMNS = AUDIT_COLUMNS.replace("id, ", "");

/** The artifact that was read. `sha256` is missing if the artifact is deleted. */
export interface AuditedArtifact {
  id: number;
  type: ArtifactType | "";
  name: string;
  sha256?: string;
}

/** Newest entries that `countWrites` counts, so that its cost does not grow with the audit. */
const COUNTED_ENTRIES = 5000;

/** Counts the writes since a time, by time bucket and action: `{bucket, action, writes}`; times in milliseconds since 1970. */
export function countWrites(db: Database, since: number, bucketMs: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT at / ?2 * ?2 AS bucket, action, count(*) AS writes
       FROM (SELECT at, action, artifact_id FROM audit ORDER BY id DESC LIMIT ${COUNTED_ENTRIES})
       WHERE at >= ?1 AND artifact_id > 0 AND action IN ('CREATE', 'UPDATE', 'DELETE') GROUP BY 1, 2 ORDER BY 1`,
    )
    .bind(since, bucketMs);
}

/** Audits a registration once: only while its upload exists, which the same transaction commits. */
export function auditRegistration(db: Database, uploadId: number, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, after)
       SELECT ?2, ?3, ?4, ?5, 'CREATE', a.id, a.type, a.name, a.sha256
       FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, by.at, by.actor, by.isAdmin, by.requestId);
}

/** Audits a change of an account, if the previous statement of the same transaction changed a row. */
export function auditAccount(
  db: Database,
  action: "CREATE" | "UPDATE" | "DELETE",
  { kind, name }: Account,
  by: Requester,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (${WRITTEN_COLUMNS}) SELECT ?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, NULL, NULL WHERE changes() > 0`,
    )
    .bind(by.at, by.actor, by.isAdmin, by.requestId, action, kind, name);
}

/** Audits a read. The artifact does not change, so `before` and `after` are the same digest. */
export function auditRead(
  db: Database,
  action: "DOWNLOAD" | "RATE" | "AUDIT",
  artifact: AuditedArtifact,
  by: Requester,
): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO audit (${WRITTEN_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)`)
    .bind(...readValues(action, artifact, by));
}

/**
 * Audits the download of a part of a zip, unless the newest entries have a download of the same zip by the same actor: a zip
 * that is fetched in a thousand parts is one download, whichever part arrives first.
 */
export function auditPart(db: Database, artifact: AuditedArtifact, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (${WRITTEN_COLUMNS})
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
       WHERE NOT EXISTS (
         SELECT 1 FROM audit
         WHERE id > (SELECT max(id) FROM audit) - ${DOWNLOAD_PARTS_LOOKED_BACK} AND artifact_id = ?6
           AND action = ?5 AND actor = ?2 AND after = ?9 AND at > ?1 - ${DOWNLOAD_PARTS_MS})`,
    )
    .bind(...readValues("DOWNLOAD", artifact, by));
}

function readValues(action: AuditAction, artifact: AuditedArtifact, by: Requester) {
  return [
    by.at,
    by.actor,
    by.isAdmin,
    by.requestId,
    action,
    artifact.id,
    artifact.type,
    artifact.name,
    artifact.sha256 ?? null,
  ] as const;
}

/** Filter of entries. `since` and `until` are inclusive, in milliseconds since 1970. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: AuditAction | undefined;
  artifactType?: ArtifactType | undefined;
  artifactId?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
}

/**
 * Fragment: the last id before a time, by binary search over the ids. Times ascend with the ids, except for up to
 * `AUDIT_SKEW_MS`. There is no index on the time because it would make every write more expensive.
 */
function idBefore(time: string): string {
  const middle = "(lo + hi + 1) / 2";
  const isOlder = `(SELECT at FROM audit WHERE id >= ${middle} ORDER BY id LIMIT 1) < ${time}`;
  return `(WITH RECURSIVE halves (lo, hi) AS (
             SELECT 0, coalesce((SELECT max(id) FROM audit), 0)
             UNION ALL
             SELECT iif(${isOlder}, ${middle}, lo), iif(${isOlder}, hi, ${middle} - 1) FROM halves WHERE lo < hi)
           SELECT lo FROM halves WHERE lo = hi)`;
}

/** A matching entry, with the number of entries that the query scanned and the id of the last one of them. */
export type FoundAuditRow = AuditRow & { scanned_rows: number; last_id: number | null };

/**
 * Selects up to `limit` matching entries after an id, ascending (`FoundAuditRow`). Scans at most `AUDIT_SCAN_ROWS` entries.
 * If no entry matches, it returns one row whose `id` is null.
 */
export function selectAudit(db: Database, filter: AuditFilter, after: number, limit: number): D1PreparedStatement {
  const bounds = [
    "id > ?1",
    ...(filter.since === undefined ? [] : [`id > ${idBefore(`(?2 - ${AUDIT_SKEW_MS})`)}`]),
    ...(filter.until === undefined ? [] : [`id <= ${idBefore(`(?3 + ${AUDIT_SKEW_MS})`)}`]),
    ...(filter.artifactId === undefined ? [] : ["artifact_id = ?4"]),
  ];
  return db
    .prepare(
      `WITH scanned AS MATERIALIZED
         (SELECT * FROM audit WHERE ${bounds.join(" AND ")} ORDER BY id LIMIT ${AUDIT_SCAN_ROWS})
       SELECT found.*, scanned_rows, last_id
       FROM (SELECT count(*) AS scanned_rows, max(id) AS last_id FROM scanned)
       LEFT JOIN (SELECT ${AUDIT_COLUMNS} FROM scanned
                  WHERE (?2 IS NULL OR at >= ?2) AND (?3 IS NULL OR at <= ?3) AND (?4 IS NULL OR artifact_id = ?4)
                    AND (?5 IS NULL OR type = ?5) AND (?6 IS NULL OR actor = ?6) AND (?7 IS NULL OR action = ?7)
                  ORDER BY id LIMIT ?8) AS found
       ORDER BY id`,
    )
    .bind(
      after,
      filter.since ?? null,
      filter.until ?? null,
      filter.artifactId ?? null,
      filter.artifactType ?? null,
      filter.actor ?? null,
      filter.action ?? null,
      limit,
    );
}

/** Selects the last audited name of an artifact, which may be deleted (`{name}`). */
export function selectAuditedName(db: Database, type: ArtifactType, id: number): D1PreparedStatement {
  return db
    .prepare("SELECT name FROM audit WHERE artifact_id = ?1 AND type = ?2 ORDER BY id DESC LIMIT 1")
    .bind(id, type);
}
