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


-- name: a candle series counts what its blocks and its tail hold
SELECT s.market_id, s.tf, s.n, s.tail_n FROM candle_series s
WHERE s.tail_n >= 4096
  OR s.tail_n <> (SELECT COUNT(*) FROM candle_tail t
    WHERE t.market_id = s.market_id AND t.tf = s.tf)
  OR s.n <> s.tail_n + COALESCE((SELECT SUM(b.n) FROM candle_block b
    WHERE b.market_id = s.market_id AND b.tf = s.tf), 0) LIMIT 20;

-- name: a candle series knows its first and last candle
SELECT s.market_id, s.tf, s.first_t, s.last_t FROM candle_series s
WHERE s.n > 0 AND (
  s.first_t <> COALESCE(
    (SELECT MIN(b.t0) FROM candle_block b
      WHERE b.market_id = s.market_id AND b.tf = s.tf),
    (SELECT MIN(t.t) FROM candle_tail t
      WHERE t.market_id = s.market_id AND t.tf = s.tf))
  OR s.last_t <> COALESCE(
    (SELECT MAX(t.t) FROM candle_tail t
      WHERE t.market_id = s.market_id AND t.tf = s.tf),
    (SELECT MAX(b.t1) FROM candle_block b
      WHERE b.market_id = s.market_id AND b.tf = s.tf))) LIMIT 20;

-- name: candle blocks of a series do not overlap
SELECT x.market_id, x.tf, x.t0 FROM (
  SELECT market_id, tf, t0, LAG(t1) OVER (
    PARTITION BY market_id, tf ORDER BY t0) AS before_t1
  FROM candle_block) x
WHERE x.t0 <= x.before_t1 LIMIT 20;

-- name: the tail of a series lies behind its blocks
SELECT t.market_id, t.tf, t.t FROM candle_tail t
JOIN (SELECT market_id, tf, MAX(t1) AS t1 FROM candle_block
  GROUP BY market_id, tf) b ON b.market_id = t.market_id AND b.tf = t.tf
WHERE t.t <= b.t1 LIMIT 20;
