-- Invariants.  Each query gives the rows that break one, so it must give none.
-- `-- name: ` says what holds; `orchctl doctor` and the tests ask them all.

-- name: every migration that was begun is finished
SELECT version, name, done, running FROM schema_migration
WHERE finished IS NULL LIMIT 20;

-- name: every amount of money is DECIMAL(38,18)
SELECT table_name, column_name, column_type FROM information_schema.columns
WHERE table_schema = DATABASE() AND data_type = 'decimal'
  AND column_type <> 'decimal(38,18)' LIMIT 20;

-- name: every table is transactional
SELECT table_name, engine FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
  AND engine <> 'InnoDB' LIMIT 20;

-- name: text is compared byte by byte
SELECT table_name, column_name, collation_name FROM information_schema.columns
WHERE table_schema = DATABASE() AND collation_name NOT IN
  ('utf8mb4_bin', 'ascii_bin') LIMIT 20;

-- name: every password is an argon2id hash
SELECT id, name FROM user WHERE password NOT LIKE '$argon2id$v=19$%' LIMIT 20;

-- name: a session ends after it began
SELECT id, created, seen, expires FROM session
WHERE expires <= created OR seen < created OR proved > seen LIMIT 20;

-- name: an API token ends after it began
SELECT id, created, expires FROM api_token WHERE expires <= created LIMIT 20;

