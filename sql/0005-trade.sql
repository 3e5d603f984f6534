-- Bots, the journal of their orders, the ledger, and the paper broker's books.
-- Money is DECIMAL(38,18); times are milliseconds UTC (_ms) or microseconds
-- (_us).  One-letter columns are named in the headers (order.h, xchg.h, bot.h).

-- ---- accounts and the ledger ----

CREATE TABLE account (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id BIGINT UNSIGNED NOT NULL,
	kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	base VARCHAR(24) NOT NULL,
	quote VARCHAR(24) NOT NULL,
	created_ms BIGINT NOT NULL,
	KEY (user_id)
) ENGINE=InnoDB;

CREATE TABLE balance (
	account_id BIGINT UNSIGNED NOT NULL,
	asset VARCHAR(24) NOT NULL,
	available DECIMAL(38,18) NOT NULL,
	ver BIGINT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (account_id, asset),
	FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE ledger_tx (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	account_id BIGINT UNSIGNED NOT NULL,
	kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	ref VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	time_us BIGINT NOT NULL,
	UNIQUE KEY (account_id, kind, ref),
	FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- Per transaction and asset the amounts of all books sum to zero.
CREATE TABLE ledger_posting (
	tx_id BIGINT UNSIGNED NOT NULL,
	line SMALLINT UNSIGNED NOT NULL,
	account_id BIGINT UNSIGNED NOT NULL,
	asset VARCHAR(24) NOT NULL,
	book CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	amount DECIMAL(38,18) NOT NULL,
	PRIMARY KEY (tx_id, line),
	KEY (account_id, asset, book),
	FOREIGN KEY (tx_id) REFERENCES ledger_tx (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- ---- bots ----

CREATE TABLE bot (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id BIGINT UNSIGNED NOT NULL,
	account_id BIGINT UNSIGNED NOT NULL,
	name VARCHAR(80) NOT NULL,
	mode CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	market_id BIGINT UNSIGNED NOT NULL,
	tf SMALLINT UNSIGNED NOT NULL,
	strategy_id BIGINT UNSIGNED NOT NULL,
	strategy_name VARCHAR(120) NOT NULL,
	-- What the bot runs: the text as it was when the bot was made, so that
	-- a restart rebuilds the same decisions.
	source MEDIUMTEXT NOT NULL,
	inputs TEXT NOT NULL,
	feed_kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	feed_from_ms BIGINT NULL,
	feed_to_ms BIGINT NULL,
	feed_speed DOUBLE NOT NULL DEFAULT 1,
	initial_balance DECIMAL(38,18) NOT NULL,
	max_position DECIMAL(38,18) NULL,
	max_notional DECIMAL(38,18) NULL,
	max_orders INT UNSIGNED NOT NULL DEFAULT 50,
	price_band DECIMAL(38,18) NOT NULL,
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	want CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	error VARCHAR(400) NULL,
	created_ms BIGINT NOT NULL,
	changed_ms BIGINT NOT NULL,
	ver BIGINT UNSIGNED NOT NULL DEFAULT 0,
	UNIQUE KEY (account_id),
	KEY (user_id, id),
	KEY (want, state),
	FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- Written by the runner only: the last decided bar, and what stood there.
CREATE TABLE bot_progress (
	bot_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
	warm_ms BIGINT NULL,
	first_ms BIGINT NULL,
	decided_ms BIGINT NULL,
	bars BIGINT UNSIGNED NOT NULL DEFAULT 0,
	bars_total BIGINT UNSIGNED NULL,
	last_price DECIMAL(38,18) NULL,
	cash DECIMAL(38,18) NOT NULL,
	base DECIMAL(38,18) NOT NULL,
	avg_price DECIMAL(38,18) NOT NULL DEFAULT 0,
	since_ms BIGINT NULL,
	equity DECIMAL(38,18) NOT NULL,
	trades BIGINT UNSIGNED NOT NULL DEFAULT 0,
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- One holder at a time; the epoch rises with every change of holder.
CREATE TABLE bot_lease (
	bot_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
	holder VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	epoch BIGINT UNSIGNED NOT NULL,
	expires_ms BIGINT NOT NULL,
	KEY (holder),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- ---- the journal ----

CREATE TABLE order_intent (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	coid BINARY(16) NOT NULL,
	bot_id BIGINT UNSIGNED NOT NULL,
	account_id BIGINT UNSIGNED NOT NULL,
	bar_ms BIGINT NOT NULL,
	seq INT UNSIGNED NOT NULL,
	attempt INT UNSIGNED NOT NULL,
	kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	leg CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	tag VARCHAR(64) NOT NULL,
	from_entry VARCHAR(64) NOT NULL,
	comment VARCHAR(120) NOT NULL,
	side CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	type CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	flags INT UNSIGNED NOT NULL,
	qty DECIMAL(38,18) NOT NULL,
	limit_price DECIMAL(38,18) NOT NULL,
	stop_price DECIMAL(38,18) NOT NULL,
	offset_price DECIMAL(38,18) NOT NULL,
	oca BIGINT UNSIGNED NOT NULL,
	oca_kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	parent BINARY(16) NOT NULL,
	deadline_us BIGINT NOT NULL,
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	created_ms BIGINT NOT NULL,
	sent_us BIGINT NULL,
	ack_us BIGINT NULL,
	exch_order_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
	filled DECIMAL(38,18) NOT NULL DEFAULT 0,
	cost DECIMAL(38,18) NOT NULL DEFAULT 0,
	last_query_us BIGINT NULL,
	not_found_n INT UNSIGNED NOT NULL DEFAULT 0,
	reason VARCHAR(200) NULL,
	lease_epoch BIGINT UNSIGNED NOT NULL,
	ver BIGINT UNSIGNED NOT NULL DEFAULT 0,
	UNIQUE KEY (coid),
	UNIQUE KEY (bot_id, bar_ms, seq, attempt),
	UNIQUE KEY (account_id, exch_order_id),
	KEY (bot_id, state),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- Append-only: every transition with its cause.
CREATE TABLE order_event (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	intent_id BIGINT UNSIGNED NOT NULL,
	time_us BIGINT NOT NULL,
	from_state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	to_state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	cause VARCHAR(200) NOT NULL,
	KEY (intent_id),
	FOREIGN KEY (intent_id) REFERENCES order_intent (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- intent_id NULL: an order of the account that the journal does not know.
CREATE TABLE fill (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	account_id BIGINT UNSIGNED NOT NULL,
	trade_id VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	seq BIGINT UNSIGNED NOT NULL,
	bot_id BIGINT UNSIGNED NOT NULL,
	intent_id BIGINT UNSIGNED NULL,
	time_us BIGINT NOT NULL,
	-- the last bar that was decided on before it was seen
	after_bar_ms BIGINT NOT NULL,
	side CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	price DECIMAL(38,18) NOT NULL,
	qty DECIMAL(38,18) NOT NULL,
	cost DECIMAL(38,18) NOT NULL,
	fee DECIMAL(38,18) NOT NULL,
	fee_asset VARCHAR(24) NOT NULL,
	maker TINYINT UNSIGNED NOT NULL,
	UNIQUE KEY (account_id, trade_id),
	UNIQUE KEY (account_id, seq),
	KEY (bot_id, id),
	KEY (intent_id),
	FOREIGN KEY (account_id) REFERENCES account (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- Round trips, first in first out.
CREATE TABLE trade (
	bot_id BIGINT UNSIGNED NOT NULL,
	number BIGINT UNSIGNED NOT NULL,
	lot BIGINT UNSIGNED NOT NULL,
	open TINYINT UNSIGNED NOT NULL,
	direction TINYINT NOT NULL,
	qty DECIMAL(38,18) NOT NULL,
	orig_qty DECIMAL(38,18) NOT NULL,
	entry_intent BIGINT UNSIGNED NOT NULL,
	entry_ms BIGINT NOT NULL,
	entry_bar BIGINT NOT NULL,
	entry_signal VARCHAR(64) NOT NULL,
	entry_comment VARCHAR(120) NOT NULL,
	entry_price DECIMAL(38,18) NOT NULL,
	entry_cost DECIMAL(38,18) NOT NULL,
	exit_intent BIGINT UNSIGNED NULL,
	exit_ms BIGINT NULL,
	exit_bar BIGINT NULL,
	exit_signal VARCHAR(64) NULL,
	exit_comment VARCHAR(120) NULL,
	exit_price DECIMAL(38,18) NULL,
	exit_cost DECIMAL(38,18) NULL,
	fees DECIMAL(38,18) NOT NULL,
	profit DECIMAL(38,18) NOT NULL,
	PRIMARY KEY (bot_id, number),
	KEY (bot_id, open),
	KEY (exit_ms),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE equity_point (
	bot_id BIGINT UNSIGNED NOT NULL,
	bar_ms BIGINT NOT NULL,
	equity DECIMAL(38,18) NOT NULL,
	cash DECIMAL(38,18) NOT NULL,
	-- the first of its day: enough for a curve of many bots
	marked TINYINT UNSIGNED NOT NULL,
	PRIMARY KEY (bot_id, bar_ms),
	KEY (bot_id, marked, bar_ms),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;

-- ---- the paper broker's own books: an exchange that knows no bot ----

CREATE TABLE paper_account (
	account_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
	base VARCHAR(24) NOT NULL,
	quote VARCHAR(24) NOT NULL,
	tick DECIMAL(38,18) NOT NULL,
	lot DECIMAL(38,18) NOT NULL,
	min_notional DECIMAL(38,18) NOT NULL,
	quote_step DECIMAL(38,18) NOT NULL,
	fee_maker DECIMAL(38,18) NOT NULL,
	fee_taker DECIMAL(38,18) NOT NULL,
	participation DECIMAL(38,18) NOT NULL,
	slippage_ticks BIGINT NOT NULL,
	latency_ms BIGINT NOT NULL,
	allow_short TINYINT UNSIGNED NOT NULL,
	bar_ms BIGINT NOT NULL DEFAULT 0,
	clock_ms BIGINT NOT NULL DEFAULT 0,
	last_price DECIMAL(38,18) NOT NULL DEFAULT 0,
	order_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
	fill_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
	fence BIGINT UNSIGNED NOT NULL DEFAULT 0,
	ver BIGINT UNSIGNED NOT NULL DEFAULT 0
) ENGINE=InnoDB;

CREATE TABLE paper_balance (
	account_id BIGINT UNSIGNED NOT NULL,
	asset VARCHAR(24) NOT NULL,
	total DECIMAL(38,18) NOT NULL,
	PRIMARY KEY (account_id, asset),
	FOREIGN KEY (account_id) REFERENCES paper_account (account_id)
		ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE paper_order (
	account_id BIGINT UNSIGNED NOT NULL,
	seq BIGINT UNSIGNED NOT NULL,
	coid BINARY(16) NOT NULL,
	side CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	type CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	flags INT UNSIGNED NOT NULL,
	qty DECIMAL(38,18) NOT NULL,
	limit_price DECIMAL(38,18) NOT NULL,
	stop_price DECIMAL(38,18) NOT NULL,
	offset_price DECIMAL(38,18) NOT NULL,
	oca BIGINT UNSIGNED NOT NULL,
	oca_kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	parent BINARY(16) NOT NULL,
	state CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	placed_ms BIGINT NOT NULL,
	updated_ms BIGINT NOT NULL,
	filled DECIMAL(38,18) NOT NULL,
	oca_taken DECIMAL(38,18) NOT NULL,
	cost DECIMAL(38,18) NOT NULL,
	triggered TINYINT UNSIGNED NOT NULL,
	trails TINYINT UNSIGNED NOT NULL,
	mark DECIMAL(38,18) NOT NULL,
	reason VARCHAR(60) NOT NULL,
	PRIMARY KEY (account_id, seq),
	UNIQUE KEY (account_id, coid),
	KEY (account_id, state),
	FOREIGN KEY (account_id) REFERENCES paper_account (account_id)
		ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE paper_fill (
	account_id BIGINT UNSIGNED NOT NULL,
	seq BIGINT UNSIGNED NOT NULL,
	coid BINARY(16) NOT NULL,
	time_us BIGINT NOT NULL,
	side CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	price DECIMAL(38,18) NOT NULL,
	qty DECIMAL(38,18) NOT NULL,
	cost DECIMAL(38,18) NOT NULL,
	fee DECIMAL(38,18) NOT NULL,
	maker TINYINT UNSIGNED NOT NULL,
	PRIMARY KEY (account_id, seq),
	KEY (account_id, coid),
	FOREIGN KEY (account_id) REFERENCES paper_account (account_id)
		ON DELETE CASCADE
) ENGINE=InnoDB;
