-- Stored backtests: what was asked for, pinned, and what came of it.  Times
-- are milliseconds.  `bt/store.h` tells the life of a row.

CREATE TABLE backtest (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(120) NOT NULL,
	notes TEXT NOT NULL,
	-- JSON, a list of texts
	tags TEXT NOT NULL,
	-- q queued, r running, d done, f failed, c cancelled
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'q',
	-- whoever runs it shall stop
	cancel TINYINT UNSIGNED NOT NULL DEFAULT 0,
	job_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	-- names the run that may write here
	lease BIGINT UNSIGNED NOT NULL DEFAULT 0,

	strategy_id BIGINT UNSIGNED NULL,
	strategy_name VARCHAR(120) NOT NULL,
	source MEDIUMTEXT NOT NULL,
	inputs TEXT NOT NULL,
	-- c chart, f freqtrade, s strict
	rules_set CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	options TEXT NOT NULL,
	rules MEDIUMTEXT NULL,
	market_id BIGINT UNSIGNED NOT NULL,
	tf SMALLINT UNSIGNED NOT NULL,
	from_ms BIGINT NOT NULL,
	to_ms BIGINT NOT NULL,

	permille SMALLINT UNSIGNED NOT NULL DEFAULT 0,
	eta_ms BIGINT NULL,
	error VARCHAR(500) NULL,
	created_ms BIGINT NOT NULL,
	started_ms BIGINT NULL,
	finished_ms BIGINT NULL,

	-- of a result
	metrics MEDIUMTEXT NULL,
	properties MEDIUMTEXT NULL,
	breakdown MEDIUMTEXT NULL,
	plots MEDIUMTEXT NULL,
	points BIGINT UNSIGNED NOT NULL DEFAULT 0,
	trades BIGINT UNSIGNED NOT NULL DEFAULT 0,
	KEY (user_id, id),
	KEY (state, finished_ms),
	CONSTRAINT backtest_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE,
	CHECK (state IN ('q', 'r', 'd', 'f', 'c')),
	CHECK (rules_set IN ('c', 'f', 's')),
	CHECK (permille <= 1000),
	CHECK (from_ms < to_ms),
	CHECK (JSON_VALID(tags)), CHECK (JSON_VALID(inputs)),
	CHECK (JSON_VALID(options)), CHECK (JSON_VALID(rules)),
	CHECK (JSON_VALID(metrics)), CHECK (JSON_VALID(properties)),
	CHECK (JSON_VALID(breakdown)), CHECK (JSON_VALID(plots))
) ENGINE=InnoDB;

-- The columns of a result (bt/pack.h): e equity and its like, p plots,
-- t trades; rows number .. number + n - 1 of them, between t0 and t1.
CREATE TABLE backtest_part (
	backtest_id BIGINT UNSIGNED NOT NULL,
	kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	number BIGINT UNSIGNED NOT NULL,
	n INT UNSIGNED NOT NULL,
	t0 BIGINT NOT NULL,
	t1 BIGINT NOT NULL,
	data MEDIUMBLOB NOT NULL,
	PRIMARY KEY (backtest_id, kind, number),
	FOREIGN KEY (backtest_id) REFERENCES backtest (id) ON DELETE CASCADE,
	CHECK (kind IN ('e', 'p', 't')),
	CHECK (n > 0)
) ENGINE=InnoDB;
