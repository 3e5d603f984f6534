-- Exchanges, markets and their candles.  Times are milliseconds since 1970
-- UTC.  Timeframes are the numbers of TF_LIST in market.h.

CREATE TABLE exchange (
	id		INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	name		VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	kind		VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
			COMMENT 'sim: simulated by us; import: from files',
	created		BIGINT NOT NULL,
	UNIQUE KEY name (name)
) ENGINE=InnoDB;

CREATE TABLE market (
	id		INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	exchange_id	INT UNSIGNED NOT NULL,
	symbol		VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	base		VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	quote		VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	tick		DECIMAL(38,18) NOT NULL,
	lot		DECIMAL(38,18) NOT NULL,
	min_notional	DECIMAL(38,18) NOT NULL,
	status		TINYINT UNSIGNED NOT NULL
			COMMENT '0 active, 1 halted, 2 delisted',
	created		BIGINT NOT NULL,
	UNIQUE KEY symbol (exchange_id, symbol),
	CONSTRAINT market_exchange FOREIGN KEY (exchange_id)
		REFERENCES exchange (id),
	CONSTRAINT market_steps CHECK (tick > 0 AND lot > 0 AND min_notional >= 0)
) ENGINE=InnoDB;

-- One row per stored series; whoever writes the series locks it first.
CREATE TABLE candle_series (
	market_id	INT UNSIGNED NOT NULL,
	tf		TINYINT UNSIGNED NOT NULL,
	first_t		BIGINT NOT NULL,
	last_t		BIGINT NOT NULL,
	n		BIGINT UNSIGNED NOT NULL,
	tail_n		INT UNSIGNED NOT NULL COMMENT 'of them in candle_tail',
	PRIMARY KEY (market_id, tf),
	CONSTRAINT candle_series_market FOREIGN KEY (market_id)
		REFERENCES market (id)
) ENGINE=InnoDB;

-- Up to 4,096 candles, compressed without loss (market_i.h).  Blocks of a
-- series do not overlap.
CREATE TABLE candle_block (
	market_id	INT UNSIGNED NOT NULL,
	tf		TINYINT UNSIGNED NOT NULL,
	t0		BIGINT NOT NULL COMMENT 'first and',
	t1		BIGINT NOT NULL COMMENT 'last open',
	n		SMALLINT UNSIGNED NOT NULL,
	data		MEDIUMBLOB NOT NULL,
	PRIMARY KEY (market_id, tf, t0),
	CONSTRAINT candle_block_series FOREIGN KEY (market_id, tf)
		REFERENCES candle_series (market_id, tf),
	CONSTRAINT candle_block_size CHECK (n BETWEEN 1 AND 4096 AND t0 <= t1)
) ENGINE=InnoDB;

-- The newest, unfinished block: all of it behind the last block.
CREATE TABLE candle_tail (
	market_id	INT UNSIGNED NOT NULL,
	tf		TINYINT UNSIGNED NOT NULL,
	t		BIGINT NOT NULL,
	o		DECIMAL(38,18) NOT NULL,
	h		DECIMAL(38,18) NOT NULL,
	l		DECIMAL(38,18) NOT NULL,
	c		DECIMAL(38,18) NOT NULL,
	v		DECIMAL(38,18) NOT NULL,
	PRIMARY KEY (market_id, tf, t),
	CONSTRAINT candle_tail_series FOREIGN KEY (market_id, tf)
		REFERENCES candle_series (market_id, tf)
) ENGINE=InnoDB;
