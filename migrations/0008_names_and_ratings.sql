-- A new user name is compared with all others without regard to case. Not unique: before this, names that differ by case alone
-- could be registered, and those users stay.
CREATE INDEX users_name_folded ON users (name COLLATE NOCASE);

-- When evidence was last fetched again for a rating that could not be made, in milliseconds since 1970; null: never.
ALTER TABLE ratings ADD COLUMN retried_at INTEGER;
