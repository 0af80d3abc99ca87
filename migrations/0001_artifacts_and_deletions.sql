-- One row per artifact that exists. A row is written only when its zip is in the bucket (see uploads), and leaves only
-- together with the insertion of its row into deletions, so that no object is ever without a record of it.
CREATE TABLE artifacts (
  id            INTEGER PRIMARY KEY,            -- issued by uploads.id: never reused
  type          TEXT NOT NULL CHECK (type IN ('model', 'dataset', 'code')),
  name          TEXT NOT NULL,
  url           TEXT NOT NULL,                  -- as the client sent it
  source        TEXT NOT NULL,                  -- canonical source id, as upstream spells it
  source_key    TEXT NOT NULL,                  -- the same for comparison (case folded where the host does)
  revision      TEXT,                           -- upstream commit
  license       TEXT,                           -- JSON array of licence ids as upstream spells them
  upstream_size INTEGER,                        -- bytes
  object_key    TEXT NOT NULL UNIQUE,           -- of the zip; never written twice
  size          INTEGER NOT NULL,               -- bytes of the zip
  sha256        TEXT NOT NULL,                  -- of the zip, hex
  version       INTEGER NOT NULL,               -- the upload that made this content; the ETag is made of it
  created_at    INTEGER NOT NULL,               -- all times: milliseconds since 1970
  updated_at    INTEGER NOT NULL,
  UNIQUE (type, source_key, name)
) STRICT;
-- Each ends with the id, which is the order of every list.
CREATE INDEX artifacts_by_name ON artifacts (name);
CREATE INDEX artifacts_by_source_key ON artifacts (source_key);
CREATE INDEX artifacts_by_type ON artifacts (type);

-- The card's text, for search; the evidence itself is kept in the zip.
CREATE TABLE cards (
  artifact_id INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
  text        TEXT NOT NULL                     -- front matter removed, first 64 KiB
) STRICT;

-- Parents are kept by canonical source, not by id: that is what re-links when a parent is registered again.
CREATE TABLE edges (
  child_id      INTEGER NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
  parent_type   TEXT NOT NULL CHECK (parent_type IN ('model', 'dataset', 'code')),
  parent_key    TEXT NOT NULL,
  parent_source TEXT NOT NULL,                  -- for display
  relation      TEXT NOT NULL CHECK (relation IN ('base_model', 'fine_tuning_dataset', 'code_repository')),
  detail        TEXT,
  read_from     TEXT NOT NULL,
  PRIMARY KEY (child_id, parent_type, parent_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX edges_by_parent ON edges (parent_type, parent_key, child_id);

-- The intent to write an object, recorded before the object is. Its id becomes the artifact's id (or, for an update, its
-- version). It goes in the batch that makes the artifact point at the object, or in the one that dooms the object.
CREATE TABLE uploads (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  artifact_id INTEGER,                          -- of the artifact to update; null for a registration
  type        TEXT NOT NULL,
  name        TEXT NOT NULL,
  size        INTEGER NOT NULL,
  sha256      TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  started_by  TEXT NOT NULL,
  -- A registration writes artifacts/{type}/{id}.zip. An update writes beside it, never over it: a reader always finds the
  -- bytes whose digest the row names, and a failed update leaves the old content whole.
  object_key  TEXT NOT NULL GENERATED ALWAYS AS
    ('artifacts/' || type || '/' || coalesce(artifact_id || '-', '') || id || '.zip') VIRTUAL
) STRICT;
CREATE INDEX uploads_by_age ON uploads (started_at);

-- Every object that must go, and the receipt of its going.
CREATE TABLE deletions (
  object_key      TEXT PRIMARY KEY,
  artifact_id     INTEGER NOT NULL,
  type            TEXT NOT NULL,
  name            TEXT NOT NULL,
  size            INTEGER NOT NULL,
  sha256          TEXT NOT NULL,
  reason          TEXT NOT NULL CHECK (reason IN ('deleted', 'replaced', 'abandoned', 'orphan')),
  requested_at    INTEGER NOT NULL,
  requested_by    TEXT NOT NULL,
  finished_at     INTEGER,                      -- null while the object may still be there
  attempts        INTEGER NOT NULL DEFAULT 0,   -- that failed
  next_attempt_at INTEGER NOT NULL,
  last_error      TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX deletions_by_artifact ON deletions (artifact_id);
CREATE INDEX deletions_open ON deletions (next_attempt_at) WHERE finished_at IS NULL;

-- Who changed what. Append-only.
CREATE TABLE audit (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  at          INTEGER NOT NULL,
  actor       TEXT NOT NULL,
  request_id  TEXT NOT NULL,
  action      TEXT NOT NULL CHECK (action IN ('CREATE', 'UPDATE', 'DELETE', 'DOWNLOAD', 'RATE', 'AUDIT')),
  artifact_id INTEGER NOT NULL,
  type        TEXT NOT NULL,
  name        TEXT NOT NULL,
  before      TEXT,                             -- SHA-256 of the zip before and after
  after       TEXT
) STRICT;
CREATE INDEX audit_by_artifact ON audit (artifact_id);
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER audit_is_never_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;

-- How many artifacts there are: counted where they come and go, because counting a million rows on every health check is not free.
CREATE TABLE counts (type TEXT PRIMARY KEY, artifacts INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counts VALUES ('model', 0), ('dataset', 0), ('code', 0);
CREATE TRIGGER artifacts_counted_in AFTER INSERT ON artifacts BEGIN
  UPDATE counts SET artifacts = artifacts + 1 WHERE type = NEW.type;
END;
CREATE TRIGGER artifacts_counted_out AFTER DELETE ON artifacts BEGIN
  UPDATE counts SET artifacts = artifacts - 1 WHERE type = OLD.type;
END;

-- Where the periodic jobs stand: one JSON value per job.
CREATE TABLE jobs (name TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
