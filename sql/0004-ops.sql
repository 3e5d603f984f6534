-- Jobs, the log that browsers and bots write, and error reports on their way
-- to the configured collector.  Times are milliseconds since 1970 UTC.

CREATE TABLE job (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	user_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
	-- q queued, r running, d done, f failed
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'q',
	-- queued: not before; running: the lease ends
	due_ms BIGINT NOT NULL,
	input MEDIUMTEXT NOT NULL,
	-- while it waits or runs, no second one of this name
	unique_name VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
	attempts INT UNSIGNED NOT NULL DEFAULT 0,
	max_attempts INT UNSIGNED NOT NULL DEFAULT 3,
	lease BIGINT UNSIGNED NOT NULL DEFAULT 0,
	worker VARCHAR(80) NULL,
	permille SMALLINT UNSIGNED NOT NULL DEFAULT 0,
	result MEDIUMTEXT NULL,
	error VARCHAR(500) NULL,
	created_ms BIGINT NOT NULL,
	started_ms BIGINT NULL,
	finished_ms BIGINT NULL,
	UNIQUE KEY (unique_name),
	KEY (state, due_ms),
	KEY (user_id, id),
	CHECK (state IN ('q', 'r', 'd', 'f')),
	CHECK (permille <= 1000)
) ENGINE=InnoDB;

CREATE TABLE app_log (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	t_ms BIGINT NOT NULL,
	-- c client (a browser), b bot
	source CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	-- 0 debug, 1 info, 2 warn, 3 error
	level TINYINT UNSIGNED NOT NULL,
	user_id BIGINT UNSIGNED NULL,
	bot_id BIGINT UNSIGNED NULL,
	request_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
	message VARCHAR(2000) NOT NULL,
	context MEDIUMTEXT NULL,
	count INT UNSIGNED NOT NULL DEFAULT 1,
	KEY (user_id, id),
	KEY (bot_id, id),
	KEY (request_id),
	KEY (t_ms),
	CHECK (source IN ('c', 'b')),
	CHECK (level <= 3)
) ENGINE=InnoDB;

CREATE TABLE error_report (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	t_ms BIGINT NOT NULL,
	event_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	event MEDIUMTEXT NOT NULL,
	attempts INT UNSIGNED NOT NULL DEFAULT 0,
	next_ms BIGINT NOT NULL,
	KEY (next_ms),
	KEY (t_ms)
) ENGINE=InnoDB;
