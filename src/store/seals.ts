/** Statements on the seals of the audit. */

import type { Database } from "../config.ts";
import { AUDIT_COLUMNS } from "./audit.ts";

/** A seal as stored: a SHA-256 (hex) over the audit rows `first_id` to `last_id` and the digest of the previous seal. */
export interface SealRow {
  number: number;
  first_id: number;
  last_id: number;
  digest: string;
  /** Milliseconds since 1970. */
  sealed_at: number;
}

/** Selects the newest seal (`SealRow`). */
export function selectHeadSeal(db: Database): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals ORDER BY number DESC LIMIT 1");
}

/** Selects one seal by its number (`SealRow`). */
export function selectSeal(db: Database, number: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals WHERE number = ?1").bind(number);
}

/** Selects the seals after a number, ascending (`SealRow`). */
export function selectSeals(db: Database, after: number, limit: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM audit_seals WHERE number > ?1 ORDER BY number LIMIT ?2").bind(after, limit);
}

/**
 * Selects the audit rows after the last row of a seal, ascending (`AuditRow`). With number 0 it selects from the very
 * first row, including ids below 1, which SQLite never assigns: only an edit of the database leaves one there.
 */
export function selectRowsAfterSeal(db: Database, number: number, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT ${AUDIT_COLUMNS} FROM audit
       WHERE ?1 = 0 OR id > (SELECT last_id FROM audit_seals WHERE number = ?1) ORDER BY id LIMIT ?2`,
    )
    .bind(number, limit);
}

/** Selects the last id that SQLite assigned in the audit (`{last_id}`). Removing rows from the end does not lower it. */
export function selectLastId(db: Database): D1PreparedStatement {
  return db.prepare("SELECT seq AS last_id FROM sqlite_sequence WHERE name = 'audit'");
}

/** Inserts a seal. Returns its number, or no row if a concurrent run has inserted a seal of that number. */
export function insertSeal(db: Database, seal: SealRow): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit_seals (number, first_id, last_id, digest, sealed_at) VALUES (?1, ?2, ?3, ?4, ?5)
       ON CONFLICT DO NOTHING RETURNING number`,
    )
    .bind(seal.number, seal.first_id, seal.last_id, seal.digest, seal.sealed_at);
}
