-- Which artifacts may contain a string: trigrams of name, source and card, without the text itself (cards has it) and
-- without positions, which would make it several times larger. It narrows; the engine decides.
CREATE VIRTUAL TABLE search USING fts5 (
  body, content = '', contentless_delete = 1, detail = 'none', tokenize = 'trigram'
);
INSERT INTO search (rowid, body)
  SELECT a.id, a.name || char(10) || a.source || char(10) || c.text
  FROM artifacts AS a JOIN cards AS c ON c.artifact_id = a.id;
CREATE TRIGGER artifacts_leave_the_search AFTER DELETE ON artifacts BEGIN
  DELETE FROM search WHERE rowid = OLD.id;
END;
