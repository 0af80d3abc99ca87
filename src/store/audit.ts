/**
 * Statements on the audit, which is append-only. Writes are audited where they are written, in their own transaction; what
 * only reads is audited after its answer.
 */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";
import { AUDIT_SCAN_ROWS, AUDIT_SKEW_MS, DOWNLOAD_PARTS_LOOKED_BACK, DOWNLOAD_PARTS_MS } from "../limits.ts";
import { LANDED } from "./artifacts.ts";

/** What is audited. */
export const AUDIT_ACTIONS = ["CREATE", "UPDATE", "DELETE", "DOWNLOAD", "RATE", "AUDIT"] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What else than artifacts is audited: who may come in, and with what. */
export const ACCOUNT_KINDS = ["user", "token", "session"] as const;

/** A user by name, or a token or a session by its id. */
export interface Account {
  kind: (typeof ACCOUNT_KINDS)[number];
  name: string;
}

/**
 * An entry as stored. Time in milliseconds since 1970; `before` and `after` are the SHA-256 of the zip in hex, missing where
 * there was none. `artifact_id` 0: the entry is of an account, or of the audit as a whole, where `type` is empty.
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

/** Every column, in the order in which an entry is sealed. */
export const AUDIT_COLUMNS = "id, at, actor, is_admin, request_id, action, artifact_id, type, name, before, after";
const WRITTEN_COLUMNS = AUDIT_COLUMNS.replace("id, ", "");

/** Something that was looked at: an artifact, or one that is gone (`sha256` missing). */
export interface AuditedArtifact {
  id: number;
  type: ArtifactType | "";
  name: string;
  sha256?: string;
}

/** How many entries are counted at the most, from the newest on: the cost of looking back does not grow with the audit. */
const COUNTED_ENTRIES = 5000;

/** Writes since a time, by stretch of time and action. Rows `{bucket, action, writes}`; `bucket` in milliseconds since 1970. */
export function countWrites(db: Database, since: number, bucketMs: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT at / ?2 * ?2 AS bucket, action, count(*) AS writes
       FROM (SELECT at, action, artifact_id FROM audit ORDER BY id DESC LIMIT ${COUNTED_ENTRIES})
       WHERE at >= ?1 AND artifact_id > 0 AND action IN ('CREATE', 'UPDATE', 'DELETE') GROUP BY 1, 2 ORDER BY 1`,
    )
    .bind(since, bucketMs);
}

/** Audits a registration, once, while its upload is still there to be settled by the same transaction. */
export function auditRegistration(db: Database, uploadId: number, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (at, actor, is_admin, request_id, action, artifact_id, type, name, after)
       SELECT ?2, ?3, ?4, ?5, 'CREATE', a.id, a.type, a.name, a.sha256
       FROM ${LANDED} WHERE u.id = ?1`,
    )
    .bind(uploadId, by.at, by.actor, by.isAdmin, by.requestId);
}

/** Audits a change of an account, if the statement before it in the same transaction has changed something. */
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

/** Audits that something was read. It changes nothing, so its digest is the same before and after. */
export function auditRead(
  db: Database,
  action: "DOWNLOAD" | "RATE" | "AUDIT",
  seen: AuditedArtifact,
  by: Requester,
): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO audit (${WRITTEN_COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)`)
    .bind(...readValues(action, seen, by));
}

/**
 * Audits that a part of a zip was read, unless a download of the same bytes by the same actor is among the last entries: a
 * zip that is fetched in a thousand parts is one download, whichever part comes first.
 */
export function auditPart(db: Database, seen: AuditedArtifact, by: Requester): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (${WRITTEN_COLUMNS})
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9
       WHERE NOT EXISTS (
         SELECT 1 FROM audit
         WHERE id > (SELECT max(id) FROM audit) - ${DOWNLOAD_PARTS_LOOKED_BACK} AND artifact_id = ?6
           AND action = ?5 AND actor = ?2 AND after = ?9 AND at > ?1 - ${DOWNLOAD_PARTS_MS})`,
    )
    .bind(...readValues("DOWNLOAD", seen, by));
}

function readValues(action: AuditAction, seen: AuditedArtifact, by: Requester) {
  return [
    by.at,
    by.actor,
    by.isAdmin,
    by.requestId,
    action,
    seen.id,
    seen.type,
    seen.name,
    seen.sha256 ?? null,
  ] as const;
}

/** Which entries are asked for; times in milliseconds since 1970, both inclusive. */
export interface AuditFilter {
  actor?: string | undefined;
  action?: AuditAction | undefined;
  artifactType?: ArtifactType | undefined;
  artifactId?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
}

/**
 * The id up to which all entries are older than a time, found by halving: times ascend with the ids but for the moment that
 * a request takes from its clock to its transaction, and an index for it would cost every write.
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

/** A matching entry, and how many entries were looked at for it and its like; the last of them is `last_id`. */
export type FoundAuditRow = AuditRow & { looked_at: number; last_id: number | null };

/**
 * Up to `limit` matching entries behind an id, ascending, among a bounded number that are looked at. Returns `FoundAuditRow`;
 * where none matches, one row whose `id` is null.
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
      `WITH looked AS MATERIALIZED
         (SELECT * FROM audit WHERE ${bounds.join(" AND ")} ORDER BY id LIMIT ${AUDIT_SCAN_ROWS})
       SELECT found.*, looked_at, last_id
       FROM (SELECT count(*) AS looked_at, max(id) AS last_id FROM looked)
       LEFT JOIN (SELECT ${AUDIT_COLUMNS} FROM looked
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

/** The last name that an artifact had, whether it is still there or not. Row `{name}`. */
export function selectAuditedName(db: Database, type: ArtifactType, id: number): D1PreparedStatement {
  return db
    .prepare("SELECT name FROM audit WHERE artifact_id = ?1 AND type = ?2 ORDER BY id DESC LIMIT 1")
    .bind(id, type);
}
