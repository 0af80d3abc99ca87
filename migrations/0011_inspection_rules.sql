-- The version of the rules by which an inspection judged: verdicts of earlier rules are not shown as safe, and the sweep
-- inspects their content again. 0: an inspection of before this migration.
ALTER TABLE inspections ADD COLUMN rules INTEGER NOT NULL DEFAULT 0;

-- Counts of the inspection as JSON: files by verdict, files by finding, a verdict for each part. NULL under rules 0.
ALTER TABLE inspections ADD COLUMN summary TEXT;
