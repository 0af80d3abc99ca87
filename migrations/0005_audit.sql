-- Whether the actor was an administrator when it acted. Rows from before there were any say no.
ALTER TABLE audit ADD COLUMN is_admin INTEGER NOT NULL DEFAULT 0;

-- The audit, sealed stretch by stretch by the cron: each seal is a digest over its rows and over the seal before, so that a
-- row that was changed, removed or put in shows in its seal, and a seal that was made anew shows in all that follow.
-- Numbers follow each other from 1 on without a gap, and so do the ids of the rows.
CREATE TABLE audit_seals (
  number    INTEGER PRIMARY KEY,
  first_id  INTEGER NOT NULL,                   -- of the audit rows that it covers
  last_id   INTEGER NOT NULL,
  digest    TEXT NOT NULL,                      -- SHA-256, hex
  sealed_at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER audit_seals_are_never_changed BEFORE UPDATE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit seals are append-only'); END;
CREATE TRIGGER audit_seals_are_never_removed BEFORE DELETE ON audit_seals
BEGIN SELECT RAISE(ABORT, 'audit seals are append-only'); END;

-- How many bytes the zips of all artifacts have: counted like the artifacts themselves, for the quota.
ALTER TABLE counts ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
UPDATE counts SET bytes = (SELECT coalesce(sum(size), 0) FROM artifacts WHERE artifacts.type = counts.type);
DROP TRIGGER artifacts_counted_in;
DROP TRIGGER artifacts_counted_out;
CREATE TRIGGER artifacts_counted_in AFTER INSERT ON artifacts BEGIN
  UPDATE counts SET artifacts = artifacts + 1, bytes = bytes + NEW.size WHERE type = NEW.type;
END;
CREATE TRIGGER artifacts_counted_out AFTER DELETE ON artifacts BEGIN
  UPDATE counts SET artifacts = artifacts - 1, bytes = bytes - OLD.size WHERE type = OLD.type;
END;
CREATE TRIGGER artifacts_counted_anew AFTER UPDATE OF size ON artifacts BEGIN
  UPDATE counts SET bytes = bytes + NEW.size - OLD.size WHERE type = NEW.type;
END;
