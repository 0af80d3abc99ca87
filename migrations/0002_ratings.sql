-- The rating of a model, made when it was registered or last updated; served as it stands, without asking anybody.
CREATE TABLE ratings (
  artifact_id INTEGER PRIMARY KEY REFERENCES artifacts (id) ON DELETE CASCADE,
  algorithm   TEXT NOT NULL,                    -- versions of the metrics that made it; another one: renewed when asked for
  net         REAL,                             -- null: could not be computed
  rating      TEXT NOT NULL,                    -- JSON: the contract's keys, or which metrics were unavailable
  explanation TEXT NOT NULL                     -- JSON: inputs, sources and reasons of each metric
) STRICT;
