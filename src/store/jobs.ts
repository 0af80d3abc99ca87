/** Statements on where the periodic jobs stand. */

import type { Database } from "../config.ts";

/** The state of a job, as JSON in `state`, and when it was written. */
export function selectJob(db: Database, name: string): D1PreparedStatement {
  return db.prepare("SELECT state, updated_at FROM jobs WHERE name = ?1").bind(name);
}

/** Writes the state of a job. */
export function writeJob(db: Database, name: string, state: unknown, at: number): D1PreparedStatement {
  return db
    .prepare("INSERT OR REPLACE INTO jobs (name, state, updated_at) VALUES (?1, ?2, ?3)")
    .bind(name, JSON.stringify(state), at);
}
