-- Which rules an inspection followed. What was judged by older ones is inspected again by the cron, a few at a time.
ALTER TABLE inspections ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inspections ADD COLUMN summary TEXT;                               -- JSON: verdicts by file, counts by reason
ALTER TABLE inspections ADD COLUMN recheck_at INTEGER NOT NULL DEFAULT 0;      -- not before then (milliseconds since 1970)
ALTER TABLE inspections ADD COLUMN recheck_tries INTEGER NOT NULL DEFAULT 0;   -- runs that began and were cut off
CREATE INDEX inspections_by_rules ON inspections (rules, recheck_at);
