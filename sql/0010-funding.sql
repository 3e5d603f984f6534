-- What holders of a perpetual future pay each other every few hours: rate x
-- mark x amount, longs to shorts where the rate is positive.  Times are
-- milliseconds.  Without a mark the open of the candle stands for it.
CREATE TABLE funding (
	market_id INT UNSIGNED NOT NULL,
	t_ms BIGINT NOT NULL,
	rate DOUBLE NOT NULL,
	mark DOUBLE NULL,
	PRIMARY KEY (market_id, t_ms),
	FOREIGN KEY (market_id) REFERENCES market (id) ON DELETE CASCADE,
	CHECK (rate > -1 AND rate < 1),
	CHECK (mark IS NULL OR mark > 0)
) ENGINE=InnoDB;

-- What the script drew, after the last bar: a JSON list.
ALTER TABLE backtest ADD COLUMN drawings MEDIUMTEXT NULL AFTER plots,
	ADD CHECK (JSON_VALID(drawings));
