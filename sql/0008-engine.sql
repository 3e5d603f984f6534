-- One code decides what an order does, in a backtest and live: the emulator.
-- The journal names its orders by the emulator's names, the paper broker's
-- books keep only what a broker knows, and what did not go as the strategy
-- said is written down, so that a restart finds it.

ALTER TABLE order_intent
	ADD COLUMN key_seq BIGINT UNSIGNED NOT NULL DEFAULT 0,
	ADD COLUMN key_entry BIGINT UNSIGNED NOT NULL DEFAULT 0;

ALTER TABLE paper_order
	DROP COLUMN oca_taken,
	DROP COLUMN triggered,
	DROP COLUMN trails,
	DROP COLUMN mark;

ALTER TABLE paper_account
	ADD COLUMN fee_unit DECIMAL(38,18) NOT NULL DEFAULT 0,
	ADD COLUMN fee_order DECIMAL(38,18) NOT NULL DEFAULT 0;

-- 'l': the commands of the bar came too late and were not carried out;
-- 'w': after it all open orders were withdrawn, the bot was stopped.
CREATE TABLE bot_detour (
	bot_id BIGINT UNSIGNED NOT NULL,
	bar_ms BIGINT NOT NULL,
	kind CHAR(1) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	PRIMARY KEY (bot_id, bar_ms, kind),
	FOREIGN KEY (bot_id) REFERENCES bot (id) ON DELETE CASCADE
) ENGINE=InnoDB;
