-- Content that is written over many requests: uploads in parts by a client, mirrors of what upstream holds.

-- What an upload is for, how long it may take, and how it writes.
--   write        one request puts the object itself; no such put is cut off by a delete, because it may land after the purge
--   reservation  an id was issued for content that a client is going to send; writes no object of its own
--   upload       a client sends the object part by part
--   mirror       we copy it from upstream part by part
ALTER TABLE uploads ADD COLUMN purpose TEXT NOT NULL DEFAULT 'write'
  CHECK (purpose IN ('write', 'reservation', 'upload', 'mirror'));
ALTER TABLE uploads ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;  -- the sweep gives it up from then on
ALTER TABLE uploads ADD COLUMN multipart_id TEXT;                      -- the object store's name of it; null for a single put
ALTER TABLE uploads ADD COLUMN part_size INTEGER;                      -- bytes of every part but the last
UPDATE uploads SET expires_at = started_at + 3600000;
DROP INDEX uploads_by_age;
CREATE INDEX uploads_by_expiry ON uploads (expires_at);
CREATE INDEX uploads_by_artifact ON uploads (artifact_id) WHERE artifact_id IS NOT NULL;

-- The parts that the object store has confirmed. It forgets to tell: only who keeps the tags can complete an upload.
CREATE TABLE upload_parts (
  upload_id INTEGER NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
  number    INTEGER NOT NULL CHECK (number BETWEEN 1 AND 10000),
  etag      TEXT NOT NULL,
  size      INTEGER NOT NULL,                   -- bytes
  PRIMARY KEY (upload_id, number)
) STRICT, WITHOUT ROWID;

-- An object that is still being written in parts is doomed by ending the multipart upload first, then deleting the key.
ALTER TABLE deletions ADD COLUMN multipart_id TEXT;

-- Deleting an artifact dooms what is being written for it in parts, in the same transaction and whoever writes it. It is
-- taken down as requested by whoever deletes the artifact; without that row (which every delete has) nothing is touched.
-- A single put is left alone: it may land after the purge, and its writer finds out when it settles.
CREATE TRIGGER artifacts_end_their_uploads AFTER DELETE ON artifacts
WHEN EXISTS (SELECT 1 FROM uploads WHERE artifact_id = OLD.id AND multipart_id IS NOT NULL)
BEGIN
  INSERT INTO deletions (object_key, artifact_id, type, name, size, sha256, reason, requested_at, requested_by,
                         next_attempt_at, multipart_id)
    SELECT u.object_key, u.artifact_id, u.type, u.name, u.size, u.sha256, 'abandoned', d.requested_at, d.requested_by,
           d.requested_at, u.multipart_id
    FROM uploads AS u JOIN deletions AS d ON d.object_key = OLD.object_key
    WHERE u.artifact_id = OLD.id AND u.multipart_id IS NOT NULL;
  DELETE FROM uploads
    WHERE artifact_id = OLD.id AND multipart_id IS NOT NULL
      AND EXISTS (SELECT 1 FROM deletions AS d WHERE d.object_key = uploads.object_key);
END;

-- Where each file stands in an artifact's zip: one file costs one row here and one ranged read there.
CREATE TABLE bundle_index (
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id) ON DELETE CASCADE,
  first_path  TEXT NOT NULL,                    -- of the page; pages and their entries are in the order of the paths
  entries     TEXT NOT NULL,                    -- JSON array of entries
  PRIMARY KEY (artifact_id, first_path)
) STRICT, WITHOUT ROWID;

-- What looking into a zip found before it was let in. Zips of our own making have none: they are safe by construction.
CREATE TABLE inspections (
  artifact_id  INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
  version      INTEGER NOT NULL,                -- of the artifact's content: the upload that was inspected
  verdict      TEXT NOT NULL CHECK (verdict IN ('safe', 'unsafe', 'unknown')),
  findings     TEXT NOT NULL,                   -- JSON array
  inspected_at INTEGER NOT NULL
) STRICT;
