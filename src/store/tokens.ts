/** Statements on tokens, which are kept as digests. A `user` that is null is the administrator of the deployment's secrets. */

import type { Database } from "../config.ts";
import { TOKENS_PER_USER_MAX } from "../limits.ts";

/** A token as stored. `scopes` is a JSON array; times in milliseconds since 1970. */
export interface TokenRow {
  id: string;
  digest: string;
  user: string | null;
  label: string | null;
  scopes: string | null;
  created_at: number;
  expires_at: number | null;
  leases_left: number | null;
}

/** What a call needs of its token, and what its user may do as of now (JSON array). */
export interface CredentialRow extends Pick<TokenRow, "digest" | "user" | "label" | "scopes"> {
  user_scopes: string | null;
}

const CREDENTIAL =
  "digest, user, label, scopes, (SELECT u.scopes FROM users AS u WHERE u.name = tokens.user) AS user_scopes";
const ALIVE = "id = ?1 AND (expires_at IS NULL OR expires_at > ?2)";

/** A token that has not expired; whether it still has calls is for its lease to say. Returns `CredentialRow`. */
export function selectCredential(db: Database, id: string, at: number): D1PreparedStatement {
  return db.prepare(`SELECT ${CREDENTIAL} FROM tokens WHERE ${ALIVE}`).bind(id, at);
}

/**
 * The same, and takes one lease of calls out of a counted token; nothing if none is left. It wants the digest, so that nobody
 * who merely knows an id can use its calls up. Returns `CredentialRow`.
 *
 * @param digests what the digest may be: it depends on whose token it is, which the row says
 */
export function leaseCalls(
  db: Database,
  id: string,
  at: number,
  digests: readonly [string, string],
): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE tokens SET leases_left = leases_left - 1
       WHERE ${ALIVE} AND digest IN (?3, ?4) AND leases_left > 0 RETURNING ${CREDENTIAL}`,
    )
    .bind(id, at, ...digests);
}

/**
 * Adds a token, unless its user is gone or has too many long-lived ones; and clears away what has expired of that user's.
 * The second result has a row if it was added.
 *
 * @param hash of a session: the hash of the password that opened it, which must still be the user's
 */
export function insertToken(
  db: Database,
  token: TokenRow,
  hash?: string,
): [clear: D1PreparedStatement, insert: D1PreparedStatement] {
  return [
    db.prepare("DELETE FROM tokens WHERE user IS ?1 AND expires_at <= ?2").bind(token.user, token.created_at),
    db
      .prepare(
        `INSERT INTO tokens (id, digest, user, label, scopes, created_at, expires_at, leases_left)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
         WHERE (?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE name = ?3 AND (?9 IS NULL OR hash = ?9)))
           AND (?4 IS NULL OR
                (SELECT count(*) FROM tokens WHERE user IS ?3 AND label IS NOT NULL) < ${TOKENS_PER_USER_MAX})
         RETURNING id`,
      )
      .bind(
        token.id,
        token.digest,
        token.user,
        token.label,
        token.scopes,
        token.created_at,
        token.expires_at,
        token.leases_left,
        hash ?? null,
      ),
  ];
}

/** The newest tokens of a user that are still good. Returns `TokenRow`. */
export function selectTokens(db: Database, user: string | null, at: number, limit: number): D1PreparedStatement {
  return db
    .prepare(
      `SELECT * FROM tokens WHERE user IS ?1 AND (expires_at IS NULL OR expires_at > ?2)
       ORDER BY created_at DESC LIMIT ?3`,
    )
    .bind(user, at, limit);
}

/** Ends all sessions of a user, unless the password is another than this one. */
export function deleteSessions(db: Database, user: string, hash: string): D1PreparedStatement {
  return db
    .prepare(
      `DELETE FROM tokens
       WHERE user = ?1 AND label IS NULL AND EXISTS (SELECT 1 FROM users WHERE name = ?1 AND hash = ?2)`,
    )
    .bind(user, hash);
}

/** Removes a token of a user. Returns a row if there was one. */
export function deleteTokenOf(db: Database, user: string | null, id: string): D1PreparedStatement {
  return db.prepare("DELETE FROM tokens WHERE id = ?2 AND user IS ?1 RETURNING id").bind(user, id);
}

/** Removes a token, whosever it is. Returns a row if there was one. */
export function deleteToken(db: Database, id: string): D1PreparedStatement {
  return db.prepare("DELETE FROM tokens WHERE id = ?1 RETURNING id").bind(id);
}
