-- Models: what was asked for, how its training goes, what came of it, and which
-- one of a name is in use.  Times are milliseconds.  ml/registry.h tells the
-- life of a row.

CREATE TABLE model (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id BIGINT UNSIGNED NOT NULL,
	-- versions of one model share it
	name VARCHAR(120) NOT NULL,
	notes TEXT NOT NULL,
	kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- q queued, t training, d candidate (done), a active, r retired, f failed,
	-- c cancelled
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'q',
	-- whoever trains it shall stop
	cancel TINYINT UNSIGNED NOT NULL DEFAULT 0,
	job_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	-- names the run that may write here
	lease BIGINT UNSIGNED NOT NULL DEFAULT 0,
	-- trained again from this one; it takes its place if it is better
	parent_id BIGINT UNSIGNED NULL,

	market_id BIGINT UNSIGNED NOT NULL,
	tf SMALLINT UNSIGNED NOT NULL,
	train_from BIGINT NOT NULL,
	train_to BIGINT NOT NULL,
	valid_to BIGINT NOT NULL,
	test_to BIGINT NOT NULL,
	-- JSON: all that the training is a function of, beside the candles
	spec MEDIUMTEXT NOT NULL,
	-- trained anew when it is so old; null: never
	retrain_days INT UNSIGNED NULL,

	permille SMALLINT UNSIGNED NOT NULL DEFAULT 0,
	eta_ms BIGINT NULL,
	error VARCHAR(500) NULL,
	created_ms BIGINT NOT NULL,
	started_ms BIGINT NULL,
	trained_ms BIGINT NULL,
	promoted_ms BIGINT NULL,
	ended_ms BIGINT NULL,

	-- of what was trained
	checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
	feature_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
	size BIGINT UNSIGNED NOT NULL DEFAULT 0,
	metrics MEDIUMTEXT NULL,
	evaluation LONGTEXT NULL,
	verdict VARCHAR(500) NULL,
	better TINYINT UNSIGNED NULL,
	-- how often a model of this name was promoted before, and this time
	generation BIGINT UNSIGNED NOT NULL DEFAULT 0,
	-- s stable, m moderate, d drifted
	drift CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NULL,
	drift_psi DOUBLE NULL,
	drift_ms BIGINT NULL,
	KEY (user_id, id),
	KEY (state, ended_ms),
	KEY (user_id, name),
	CONSTRAINT model_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE,
	CHECK (state IN ('q', 't', 'd', 'a', 'r', 'f', 'c')),
	CHECK (permille <= 1000),
	CHECK (train_from < train_to AND train_to <= valid_to
	       AND valid_to <= test_to),
	CHECK (retrain_days IS NULL OR retrain_days > 0),
	CHECK (drift IS NULL OR drift IN ('s', 'm', 'd')),
	CHECK (JSON_VALID(spec)), CHECK (JSON_VALID(metrics)),
	CHECK (JSON_VALID(evaluation))
) ENGINE=InnoDB;

-- The model file in pieces, so that every host has it.  Part 0 begins it.
CREATE TABLE model_part (
	model_id BIGINT UNSIGNED NOT NULL,
	part INT UNSIGNED NOT NULL,
	data MEDIUMBLOB NOT NULL,
	PRIMARY KEY (model_id, part),
	FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- One of a name is in use.  The generation grows with each that takes over.
CREATE TABLE model_active (
	user_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(120) NOT NULL,
	model_id BIGINT UNSIGNED NULL,
	generation BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (user_id, name),
	UNIQUE KEY (model_id),
	FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
	FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE SET NULL
) ENGINE=InnoDB;

-- Grows with every change of model_active: other hosts look at it.
CREATE TABLE model_generation (
	id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
	number BIGINT UNSIGNED NOT NULL,
	CHECK (id = 1)
) ENGINE=InnoDB;

CREATE TABLE model_point (
	model_id BIGINT UNSIGNED NOT NULL,
	epoch INT UNSIGNED NOT NULL,
	train_loss DOUBLE NULL,
	valid_loss DOUBLE NULL,
	valid_accuracy DOUBLE NULL,
	rate DOUBLE NULL,
	PRIMARY KEY (model_id, epoch),
	FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- What a training goes on from after a kill, in pieces.
CREATE TABLE model_checkpoint (
	model_id BIGINT UNSIGNED NOT NULL,
	part INT UNSIGNED NOT NULL,
	data MEDIUMBLOB NOT NULL,
	PRIMARY KEY (model_id, part),
	FOREIGN KEY (model_id) REFERENCES model (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- Which model a bot asked from bar from_ms on (null: none could be used, it
-- held): a restart asks the same ones again.
CREATE TABLE bot_model (
	bot_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(120) NOT NULL,
	from_ms BIGINT NOT NULL,
	model_id BIGINT UNSIGNED NULL,
	PRIMARY KEY (bot_id, name, from_ms),
	KEY (model_id),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;
