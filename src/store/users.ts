/** Statements on users. A password is kept as a hash under a salt of its own. */

import type { Database } from "../config.ts";

/** A password as stored: hex, and how many iterations made it. */
export interface StoredPassword {
  salt: string;
  hash: string;
  iterations: number;
}

/** A user as stored. `scopes` is a JSON array; times in milliseconds since 1970. */
export interface UserRow extends StoredPassword {
  name: string;
  scopes: string;
  created_at: number;
  created_by: string;
}

/** The user of this name. Returns `UserRow`. */
export function selectUser(db: Database, name: string): D1PreparedStatement {
  return db.prepare("SELECT * FROM users WHERE name = ?1").bind(name);
}

/** Users by name, from the first one behind `after`. Returns `UserRow`. */
export function selectUsers(db: Database, after: string, limit: number): D1PreparedStatement {
  return db.prepare("SELECT * FROM users WHERE name > ?1 ORDER BY name LIMIT ?2").bind(after, limit);
}

/** Adds a user unless the name is taken, in whatever case. Returns a row if it did. Names are ASCII, as NOCASE folds. */
export function insertUser(db: Database, user: UserRow): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO users (name, scopes, salt, hash, iterations, created_at, created_by)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
       WHERE NOT EXISTS (SELECT 1 FROM users WHERE name = ?1 COLLATE NOCASE) RETURNING name`,
    )
    .bind(user.name, user.scopes, user.salt, user.hash, user.iterations, user.created_at, user.created_by);
}

/** What is to be changed of a user; what is missing stays. `scopes` is a JSON array. */
export type UserChange = Partial<StoredPassword & Pick<UserRow, "scopes">>;

/** Changes a user; with a `hash`, only if the password still is the one that was looked at. Returns `UserRow` if it did. */
export function updateUser(
  db: Database,
  { name, hash }: Pick<UserRow, "name"> & { hash?: string | undefined },
  change: UserChange,
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE users SET scopes = coalesce(?3, scopes), salt = coalesce(?4, salt), hash = coalesce(?5, hash),
                        iterations = coalesce(?6, iterations)
       WHERE name = ?1 AND (?2 IS NULL OR hash = ?2) RETURNING *`,
    )
    .bind(
      name,
      hash ?? null,
      change.scopes ?? null,
      change.salt ?? null,
      change.hash ?? null,
      change.iterations ?? null,
    );
}

/** Removes a user, and with it by foreign key all its tokens. Returns a row if there was one. */
export function deleteUser(db: Database, name: string): D1PreparedStatement {
  return db.prepare("DELETE FROM users WHERE name = ?1 RETURNING name").bind(name);
}
