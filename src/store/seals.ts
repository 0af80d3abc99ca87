/** Statements on the seals of the audit. */

import type { Database } from "../config.ts";
import { AUDIT_COLUMNS } from "./audit.ts";

/** A seal as stored: a digest over the audit's rows from `first_id` to `last_id` and over the seal before. */
export interface SealRow {
  number: number;
  first_id: number;
  last_id: number;
  digest: string;
  sealed_at: number;
}

/** The newest seal. Returns `SealRow`. */
export function selectHeadSeal(db: Database): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals ORDER BY number DESC LIMIT 1");
}

/** One seal by its number. Returns `SealRow`. */
export function selectSeal(db: Database, number: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals WHERE number = ?1").bind(number);
}

/** Seals behind a number, ascending. Returns `SealRow`. */
export function selectSeals(db: Database, after: number, limit: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals WHERE number > ?1 ORDER BY number LIMIT ?2").bind(after, limit);
}

/** Rows of the audit that no seal covers yet, ascending. Returns `AuditRow`. */
export function selectUnsealed(db: Database, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${AUDIT_COLUMNS} FROM audit
       WHERE id > coalesce((SELECT last_id FROM audit_seals ORDER BY number DESC LIMIT 1), 0) ORDER BY id LIMIT ?1`,
    )
    .bind(limit);
}

/**
 * Rows of the audit behind what a seal covers, ascending; behind seal 0 those below the first id that is ever issued, too,
 * where only a stranger's would be. Returns `AuditRow`.
 */
export function selectRowsBehindSeal(db: Database, number: number, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${AUDIT_COLUMNS} FROM audit
       WHERE ?1 = 0 OR id > (SELECT last_id FROM audit_seals WHERE number = ?1) ORDER BY id LIMIT ?2`,
    )
    .bind(number, limit);
}

/** The last id that the audit has issued; rows that are gone from its end leave it standing. Row `{last_id}`. */
export function selectLastIssued(db: Database): D1PreparedStatement {
  return db.prepare("SELECT seq AS last_id FROM sqlite_sequence WHERE name = 'audit'");
}

/** Adds a seal behind the newest one; nothing happens if somebody else has just added it. */
export function insertSeal(db: Database, seal: SealRow): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit_seals (number, first_id, last_id, digest, sealed_at) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT DO NOTHING RETURNING number`,
    )
    .bind(seal.number, seal.first_id, seal.last_id, seal.digest, seal.sealed_at);
}
