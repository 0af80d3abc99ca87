-- Who may come in. The first administrator stands in the deployment's secrets and has no row here.
CREATE TABLE users (
  name       TEXT PRIMARY KEY,
  scopes     TEXT NOT NULL,                     -- JSON array
  salt       TEXT NOT NULL,                     -- hex
  hash       TEXT NOT NULL,                     -- hex, of the password under the salt
  iterations INTEGER NOT NULL,                  -- of PBKDF2-SHA-256 that made the hash
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Tokens, as digests: whoever reads this table can use none of them. They go with their user.
CREATE TABLE tokens (
  id          TEXT PRIMARY KEY,                 -- the public part of a token
  digest      TEXT NOT NULL,                    -- SHA-256 of the secret part, hex
  user        TEXT REFERENCES users (name) ON DELETE CASCADE, -- null: the administrator of the deployment's secrets
  label       TEXT,                             -- of a long-lived token; null: a session, made with a password
  scopes      TEXT,                             -- JSON array of a long-lived token; null: all that its user may do
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER,                          -- null: never
  leases_left INTEGER                           -- blocks of calls not yet handed out; null: not counted
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_user ON tokens (user, created_at);
