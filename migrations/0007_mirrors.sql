-- The copy of everything that upstream has of an artifact, from the moment it is asked for. One at a time for each artifact:
-- a newer one takes the row, and with it the right to go on, from an older one.
CREATE TABLE mirrors (
  artifact_id  INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
  version      INTEGER NOT NULL,                -- of the content that it completes; once finished, the content that it made
  round        INTEGER NOT NULL,                -- 1, and one more each time it is started again for the same version
  state        TEXT NOT NULL CHECK (state IN ('queued', 'running', 'verifying', 'finished', 'failed', 'skipped')),
  upload_id    INTEGER,                         -- what it writes, while it does
  files_done   INTEGER NOT NULL DEFAULT 0,
  files_total  INTEGER,                         -- null while it is not known
  bytes_done   INTEGER NOT NULL DEFAULT 0,
  bytes_total  INTEGER,
  error        TEXT,                            -- why it failed or was skipped
  requested_by TEXT NOT NULL,                   -- JSON: who asked for it; what it writes is audited as theirs
  request_id   TEXT NOT NULL,
  started_at   INTEGER NOT NULL,                -- milliseconds since 1970
  updated_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX mirrors_by_upload ON mirrors (upload_id) WHERE upload_id IS NOT NULL;
CREATE INDEX mirrors_queued ON mirrors (updated_at) WHERE state = 'queued';

-- A mirror whose upload somebody gave up has failed, whoever that was: the sweep, above all, when the copying died.
CREATE TRIGGER mirrors_fail_with_their_upload AFTER DELETE ON uploads BEGIN
  UPDATE mirrors SET state = 'failed', upload_id = NULL, error = coalesce(error, 'The copying stopped and was given up.')
  WHERE upload_id = OLD.id;
END;
