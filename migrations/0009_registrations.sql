-- Registrations that are answered before they are done (Prefer: respond-async): what became of each, kept for a day.
CREATE TABLE registrations (
  id           INTEGER PRIMARY KEY,             -- of the artifact that it is to become: the id of its row in uploads
  type         TEXT NOT NULL,
  name         TEXT NOT NULL,
  url          TEXT NOT NULL,                   -- as the client sent it
  state        TEXT NOT NULL CHECK (state IN ('running', 'registered', 'failed')),
  step         TEXT NOT NULL CHECK (step IN ('fetch', 'rate', 'store')),
  refusal      TEXT,                            -- JSON of a failure: the code, and the body of the same refusal over HTTP
  requested_by TEXT NOT NULL,
  started_at   INTEGER NOT NULL,                -- milliseconds since 1970
  updated_at   INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL                 -- the sweep forgets it from then on
) STRICT;
CREATE INDEX registrations_by_expiry ON registrations (expires_at);

-- A registration ends with its upload, in the same transaction: settled, if there is an artifact then; else given up, by itself
-- or, should its request have died, by the sweep. So it is "registered" exactly if the artifact is there, whatever failed to be
-- written down about it.
CREATE TRIGGER registrations_end_with_their_upload AFTER DELETE ON uploads
WHEN EXISTS (SELECT 1 FROM registrations WHERE id = OLD.id)
BEGIN
  UPDATE registrations SET state = 'registered', step = 'store', refusal = NULL,
                           updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE id = OLD.id AND EXISTS (SELECT 1 FROM artifacts WHERE id = OLD.id);
  UPDATE registrations SET state = 'failed', updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE id = OLD.id AND state = 'running';
END;

-- A delete leaves nothing of an artifact but the receipt and the audit.
CREATE TRIGGER artifacts_take_their_registration AFTER DELETE ON artifacts BEGIN
  DELETE FROM registrations WHERE id = OLD.id;
END;

-- What the owner can do about a mirror that failed or was skipped, beside why it did.
ALTER TABLE mirrors ADD COLUMN remedy TEXT;
