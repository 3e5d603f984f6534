-- Sweeps: searches over a strategy's inputs.  Times are milliseconds.
-- bt/sweep.h tells the life of a row.

CREATE TABLE sweep (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(120) NOT NULL,
	notes TEXT NOT NULL,
	-- JSON, a list of texts
	tags TEXT NOT NULL,
	-- q queued, r running, d done, f failed, c cancelled
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'q',

	strategy_id BIGINT UNSIGNED NULL,
	strategy_name VARCHAR(120) NOT NULL,
	source MEDIUMTEXT NOT NULL,
	inputs TEXT NOT NULL,
	-- c chart, f freqtrade, s strict
	rules_set CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	options TEXT NOT NULL,
	market_id BIGINT UNSIGNED NOT NULL,
	tf SMALLINT UNSIGNED NOT NULL,
	from_ms BIGINT NOT NULL,
	to_ms BIGINT NOT NULL,
	-- JSON, as bt/opt.h writes it: method, space, objective, folds, seed
	spec MEDIUMTEXT NOT NULL,

	error VARCHAR(500) NULL,
	created_ms BIGINT NOT NULL,
	started_ms BIGINT NULL,
	finished_ms BIGINT NULL,
	-- when it was last begun, and what was there then: for the time left
	begun_ms BIGINT NULL,
	begun_trials BIGINT UNSIGNED NOT NULL DEFAULT 0,
	trials_total BIGINT UNSIGNED NOT NULL DEFAULT 0,
	trials_done BIGINT UNSIGNED NOT NULL DEFAULT 0,

	best MEDIUMTEXT NULL,
	statistics MEDIUMTEXT NULL,
	folds MEDIUMTEXT NULL,
	out_of_sample MEDIUMTEXT NULL,
	KEY (user_id, id),
	KEY (state, finished_ms),
	CONSTRAINT sweep_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE,
	CHECK (state IN ('q', 'r', 'd', 'f', 'c')),
	CHECK (rules_set IN ('c', 'f', 's')),
	CHECK (from_ms < to_ms),
	CHECK (JSON_VALID(tags)), CHECK (JSON_VALID(inputs)),
	CHECK (JSON_VALID(options)), CHECK (JSON_VALID(spec)),
	CHECK (JSON_VALID(best)), CHECK (JSON_VALID(statistics)),
	CHECK (JSON_VALID(folds)), CHECK (JSON_VALID(out_of_sample))
) ENGINE=InnoDB;

-- One set of inputs on the training bars of one fold.
CREATE TABLE sweep_trial (
	sweep_id BIGINT UNSIGNED NOT NULL,
	fold INT UNSIGNED NOT NULL,
	number INT UNSIGNED NOT NULL,
	inputs TEXT NOT NULL,
	-- higher is better; null: failed, or a constraint does not hold
	score DOUBLE NULL,
	kept TINYINT UNSIGNED NOT NULL,
	error VARCHAR(500) NULL,
	metrics TEXT NOT NULL,
	-- moments of its returns and sums of their slices, bt/overfit.h
	returns TEXT NOT NULL,
	PRIMARY KEY (sweep_id, fold, number),
	KEY (sweep_id, score),
	FOREIGN KEY (sweep_id) REFERENCES sweep (id) ON DELETE CASCADE,
	CHECK (JSON_VALID(inputs)), CHECK (JSON_VALID(metrics)),
	CHECK (JSON_VALID(returns))
) ENGINE=InnoDB;
