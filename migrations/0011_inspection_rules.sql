-- The version of the rules that an inspection followed; 0: before this migration. A verdict of older rules is not shown as
-- safe, and the cron inspects that content again, one archive or a part of one at a time.
ALTER TABLE inspections ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;
ALTER TABLE inspections ADD COLUMN summary TEXT;                               -- JSON: counts by verdict, finding and part
ALTER TABLE inspections ADD COLUMN recheck_at INTEGER NOT NULL DEFAULT 0;      -- not before then (milliseconds since 1970)
ALTER TABLE inspections ADD COLUMN recheck_tries INTEGER NOT NULL DEFAULT 0;   -- runs that began and were cut off
CREATE INDEX inspections_by_rules ON inspections (rules, recheck_at);
