/**
 * Statements on registrations that are answered before they are done.
 *
 * Invariant: a registration runs while its upload is there, and ends in the transaction that takes the upload away (a trigger,
 * migrations/0009): no state of it outlives the request that died with it.
 */

import type { Database } from "../config.ts";
import type { Requester } from "../context.ts";
import type { ArtifactType } from "../lib/artifact.ts";

/** Where a registration stands: asking upstream, rating and the gate, writing the bundle. */
export type RegistrationStep = "fetch" | "rate" | "store";

/** A registration as stored. Times in milliseconds since 1970. `refusal`: JSON, null while it has not failed for a known reason. */
export interface RegistrationRow {
  id: number;
  type: ArtifactType;
  name: string;
  url: string;
  state: "running" | "registered" | "failed";
  step: RegistrationStep;
  refusal: string | null;
  requested_by: string;
  started_at: number;
  updated_at: number;
  expires_at: number;
}

/** Records a registration for the upload that the statement before it in the batch has inserted, if it did. */
export function insertRegistration(db: Database, url: string, by: Requester, expiresAt: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO registrations (id, type, name, url, state, step, requested_by, started_at, updated_at, expires_at)
       SELECT id, type, name, ?1, 'running', 'fetch', ?2, ?3, ?3, ?4
       FROM uploads WHERE id = last_insert_rowid() AND changes() = 1`,
    )
    .bind(url, by.actor, by.at, expiresAt);
}

/** Writes down that a registration has come to a step. */
export function advanceRegistration(db: Database, id: number, step: RegistrationStep, at: number): D1PreparedStatement {
  return db
    .prepare("UPDATE registrations SET step = ?2, updated_at = ?3 WHERE id = ?1 AND state = 'running'")
    .bind(id, step, at);
}

/**
 * Writes down why a registration has failed, also where its upload has been given up before that; one that has become an
 * artifact has not failed. Without a step, at the one that it had.
 */
export function failRegistration(
  db: Database,
  id: number,
  failure: { step?: RegistrationStep; refusal: unknown },
  at: number,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE registrations SET state = 'failed', step = coalesce(?2, step), refusal = ?3, updated_at = ?4
       WHERE id = ?1 AND (state = 'running' OR (state = 'failed' AND refusal IS NULL))`,
    )
    .bind(id, failure.step ?? null, JSON.stringify(failure.refusal), at);
}

/** A registration. Returns `RegistrationRow`. */
export function selectRegistration(db: Database, id: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM registrations WHERE id = ?1").bind(id);
}

/** Forgets registrations whose time is over. */
export function deleteExpiredRegistrations(db: Database, at: number): D1PreparedStatement {
  return db.prepare("DELETE FROM registrations WHERE expires_at <= ?1 AND state <> 'running'").bind(at);
}
