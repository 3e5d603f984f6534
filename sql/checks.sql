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

-- name: the postings of a ledger transaction sum to zero per asset
SELECT tx_id, asset, SUM(amount) FROM ledger_posting
GROUP BY tx_id, asset HAVING SUM(amount) <> 0 LIMIT 20;

-- name: a balance is the sum of its postings
SELECT b.account_id, b.asset, b.available, SUM(p.amount) FROM balance b
LEFT JOIN ledger_posting p ON p.account_id = b.account_id
  AND p.asset = b.asset AND p.book = 'a'
GROUP BY b.account_id, b.asset, b.available
HAVING b.available <> COALESCE(SUM(p.amount), 0) LIMIT 20;

-- name: every posting to a balance has its balance
SELECT p.account_id, p.asset FROM ledger_posting p
LEFT JOIN balance b ON b.account_id = p.account_id AND b.asset = p.asset
WHERE p.book = 'a' AND b.asset IS NULL LIMIT 20;

-- name: every fill is in the ledger once, and nothing else is
SELECT f.id, t.id, COALESCE(f.account_id, t.account_id) FROM fill f
LEFT JOIN ledger_tx t ON t.account_id = f.account_id AND t.kind = 'f'
  AND t.ref = f.trade_id
WHERE t.id IS NULL
UNION ALL
SELECT f.id, t.id, t.account_id FROM ledger_tx t
LEFT JOIN fill f ON t.account_id = f.account_id AND t.ref = f.trade_id
WHERE t.kind = 'f' AND f.id IS NULL LIMIT 20;

-- name: an account has one first deposit
SELECT a.id, COUNT(t.id) FROM account a
LEFT JOIN ledger_tx t ON t.account_id = a.id AND t.kind = 'd'
GROUP BY a.id HAVING COUNT(t.id) <> 1 LIMIT 20;

-- name: an order has filled what its fills say, and never more than it asked
SELECT i.id, i.qty, i.filled, SUM(f.qty), i.cost, SUM(f.cost) FROM order_intent i
LEFT JOIN fill f ON f.intent_id = i.id
GROUP BY i.id, i.qty, i.filled, i.cost
HAVING i.filled <> COALESCE(SUM(f.qty), 0) OR i.cost <> COALESCE(SUM(f.cost), 0)
  OR i.filled > i.qty LIMIT 20;

-- name: an order that is filled has filled all, one that was never taken nothing
SELECT id, state, qty, filled FROM order_intent
WHERE (state = 'f' AND filled <> qty)
  OR (state IN ('n', 'r', 'l', 'a') AND filled <> 0) LIMIT 20;

-- name: every order that left the house is journalled as having left
SELECT p.account_id, p.seq, i.state FROM paper_order p
LEFT JOIN order_intent i ON i.coid = p.coid AND i.account_id = p.account_id
WHERE i.id IS NULL OR i.state IN ('n', 'r', 'l', 'a') LIMIT 20;

-- name: the exchange has every order that it is said to have taken, as it was
SELECT i.id, i.state, p.seq FROM order_intent i
LEFT JOIN paper_order p ON p.coid = i.coid AND p.account_id = i.account_id
WHERE i.state IN ('o', 'p', 'k', 'f', 'c')
  AND (p.seq IS NULL OR p.qty <> i.qty OR p.side <> i.side
       OR p.type <> i.type) LIMIT 20;

-- name: one decision is at the exchange at most once
SELECT i.bot_id, i.bar_ms, i.seq, COUNT(*) FROM order_intent i
JOIN paper_order p ON p.coid = i.coid AND p.account_id = i.account_id
GROUP BY i.bot_id, i.bar_ms, i.seq HAVING COUNT(*) > 1 LIMIT 20;

-- name: every fill of the journal is the exchange's, digit by digit
SELECT f.id, p.seq FROM fill f
LEFT JOIN paper_fill p ON p.account_id = f.account_id AND p.seq = f.seq
WHERE p.seq IS NULL OR p.qty <> f.qty OR p.price <> f.price
  OR p.cost <> f.cost OR p.fee <> f.fee OR p.side <> f.side
  OR p.time_us <> f.time_us LIMIT 20;

-- name: of a bot at rest every fill of the exchange is booked
SELECT p.account_id, p.seq FROM paper_fill p
JOIN bot b ON b.account_id = p.account_id AND b.state IN ('c', 'p', 'x', 'f')
LEFT JOIN fill f ON f.account_id = p.account_id AND f.seq = p.seq
WHERE f.id IS NULL LIMIT 20;

-- name: of a bot at rest the ledger and the exchange have the same balances
SELECT b.account_id, p.asset, p.total, l.available FROM bot b
JOIN paper_balance p ON p.account_id = b.account_id
LEFT JOIN balance l ON l.account_id = p.account_id AND l.asset = p.asset
WHERE b.state IN ('c', 'p', 'x', 'f')
  AND p.total <> COALESCE(l.available, 0) LIMIT 20;

-- name: of a bot at rest no order is between two states
SELECT i.id, i.state, b.state FROM order_intent i
JOIN bot b ON b.id = i.bot_id
WHERE (b.state IN ('x', 'f') AND i.state IN ('n', 's', 'o', 'p', 'k', 'u'))
  OR (b.state = 'p' AND i.state IN ('n', 's', 'k', 'u')) LIMIT 20;

-- name: of a bot at rest both sides call the same orders open
SELECT p.account_id, p.seq, p.state, i.state FROM paper_order p
JOIN bot b ON b.account_id = p.account_id AND b.state IN ('p', 'x', 'f')
JOIN order_intent i ON i.coid = p.coid
WHERE (p.state IN ('w', 'o', 'p')) <> (i.state IN ('o', 'p')) LIMIT 20;

-- name: the open trades are the position
SELECT b.id, l.available, SUM(t.direction * t.qty) FROM bot b
JOIN account a ON a.id = b.account_id
JOIN balance l ON l.account_id = a.id AND l.asset = a.base
LEFT JOIN trade t ON t.bot_id = b.id AND t.open = 1
GROUP BY b.id, l.available
HAVING l.available <> COALESCE(SUM(t.direction * t.qty), 0) LIMIT 20;

-- name: closed trades and the cost of open ones are the money that is there
SELECT b.id, l.available, b.initial_balance,
  SUM(IF(t.open, -t.direction * t.entry_cost - t.fees, t.profit)) FROM bot b
JOIN account a ON a.id = b.account_id
JOIN balance l ON l.account_id = a.id AND l.asset = a.quote
LEFT JOIN trade t ON t.bot_id = b.id
GROUP BY b.id, l.available, b.initial_balance
HAVING l.available <> b.initial_balance + COALESCE(
  SUM(IF(t.open, -t.direction * t.entry_cost - t.fees, t.profit)), 0) LIMIT 20;

-- name: a bot at rest has stored the equity of every bar it decided on
SELECT b.id, p.bars, COUNT(e.bar_ms) FROM bot b
JOIN bot_progress p ON p.bot_id = b.id
LEFT JOIN equity_point e ON e.bot_id = b.id
WHERE b.state IN ('p', 'x', 'f')
GROUP BY b.id, p.bars HAVING p.bars <> COUNT(e.bar_ms) LIMIT 20;

-- name: a bot that runs is wanted to, and one at rest is in nobody's hands
SELECT b.id, b.state, l.holder FROM bot b JOIN bot_lease l ON l.bot_id = b.id
WHERE b.state IN ('c', 'p', 'x', 'f') AND l.holder <> '' LIMIT 20;

-- name: the last event of an order is its state
SELECT i.id, i.state, e.to_state
FROM (SELECT intent_id, MAX(id) AS id FROM order_event GROUP BY intent_id) last
JOIN order_event e ON e.id = last.id
JOIN order_intent i ON i.id = last.intent_id
WHERE e.to_state <> i.state LIMIT 20;

-- name: a backtest that is done has its curve and all of its trades
SELECT b.id, b.points, b.trades FROM backtest b WHERE b.state = 'd' AND (
  b.metrics IS NULL OR b.properties IS NULL OR b.breakdown IS NULL
  OR b.points <> COALESCE((SELECT SUM(p.n) FROM backtest_part p
    WHERE p.backtest_id = b.id AND p.kind = 'e'), 0)
  OR b.trades <> COALESCE((SELECT SUM(p.n) FROM backtest_part p
    WHERE p.backtest_id = b.id AND p.kind = 't'), 0)) LIMIT 20;

-- name: only a backtest that is done has results
SELECT b.id, b.state FROM backtest b WHERE b.state <> 'd' AND (
  b.metrics IS NOT NULL
  OR EXISTS (SELECT 1 FROM backtest_part p WHERE p.backtest_id = b.id)) LIMIT 20;

-- name: a backtest that ended says when, and one that failed why
SELECT id, state, finished_ms, error FROM backtest
WHERE (state IN ('d', 'f', 'c')) <> (finished_ms IS NOT NULL)
  OR (state = 'f') <> (error IS NOT NULL) LIMIT 20;

-- name: a backtest that waits or runs has its job
SELECT b.id, b.state, b.job_id FROM backtest b
LEFT JOIN job j ON j.id = b.job_id
WHERE b.state IN ('q', 'r') AND j.id IS NULL LIMIT 20;

-- name: a sweep that is done has all of its trials and its statistics
SELECT s.id, s.trials_total, s.trials_done FROM sweep s WHERE s.state = 'd' AND (
  s.statistics IS NULL OR s.trials_done <> s.trials_total
  OR s.trials_total <> (SELECT COUNT(*) FROM sweep_trial t
    WHERE t.sweep_id = s.id)) LIMIT 20;

-- name: only a sweep that is done has statistics
SELECT id, state FROM sweep WHERE state <> 'd' AND (statistics IS NOT NULL
  OR folds IS NOT NULL OR out_of_sample IS NOT NULL) LIMIT 20;

-- name: a sweep that ended says when, and one that failed why
SELECT id, state, finished_ms, error FROM sweep
WHERE (state IN ('d', 'f', 'c')) <> (finished_ms IS NOT NULL)
  OR (state = 'f') <> (error IS NOT NULL) LIMIT 20;

-- name: a trial with a score has kept to the constraints and has not failed
SELECT sweep_id, fold, number FROM sweep_trial
WHERE score IS NOT NULL AND (kept = 0 OR error IS NOT NULL) LIMIT 20;

-- name: of one name at most one model is active, the one that is said to be
SELECT m.id, m.state, a.model_id FROM model m
LEFT JOIN model_active a ON a.model_id = m.id
WHERE (m.state = 'a') <> (a.model_id IS NOT NULL) LIMIT 20;

-- name: the active model of a name is its owner's, of that name and generation
SELECT a.user_id, a.name, a.model_id FROM model_active a
JOIN model m ON m.id = a.model_id
WHERE m.user_id <> a.user_id OR m.name <> a.name
  OR m.generation <> a.generation LIMIT 20;

-- name: a model that was trained has its whole file and says what it is
SELECT m.id, m.state, m.size FROM model m WHERE m.state IN ('d', 'a', 'r') AND (
  m.checksum IS NULL OR m.feature_hash IS NULL OR m.trained_ms IS NULL
  OR m.size = 0 OR m.size <> COALESCE((SELECT SUM(LENGTH(p.data))
    FROM model_part p WHERE p.model_id = m.id), 0)) LIMIT 20;

-- name: a model that is not trained has no file and no evaluation
SELECT m.id, m.state FROM model m WHERE m.state IN ('q', 't', 'f', 'c') AND (
  m.checksum IS NOT NULL OR m.evaluation IS NOT NULL
  OR EXISTS (SELECT 1 FROM model_part p WHERE p.model_id = m.id)) LIMIT 20;

-- name: a model that ended says when, and one that failed why
SELECT id, state, ended_ms, error FROM model
WHERE (state IN ('q', 't')) = (ended_ms IS NOT NULL)
  OR (state = 'f') <> (error IS NOT NULL) LIMIT 20;

-- name: a model that waits or is trained has its job
SELECT m.id, m.state, m.job_id FROM model m
LEFT JOIN job j ON j.id = m.job_id
WHERE m.state IN ('q', 't') AND j.id IS NULL LIMIT 20;

-- name: a model that was trained keeps nothing to go on from
SELECT m.id, m.state FROM model m WHERE m.state IN ('d', 'a', 'r')
  AND EXISTS (SELECT 1 FROM model_checkpoint c WHERE c.model_id = m.id) LIMIT 20;

-- name: the models that bots have asked are still there
SELECT b.bot_id, b.name, b.model_id FROM bot_model b
LEFT JOIN model m ON m.id = b.model_id
WHERE b.model_id IS NOT NULL AND m.id IS NULL LIMIT 20;
