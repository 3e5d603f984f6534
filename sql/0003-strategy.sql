-- Strategies: the users' own, and the starters that come with the program
-- (orchctl migrate keeps those in step with it).  Times are milliseconds.

CREATE TABLE strategy (
	id		BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id		BIGINT UNSIGNED NULL COMMENT 'NULL: a starter',
	owner		BIGINT UNSIGNED AS (COALESCE(user_id, 0)) PERSISTENT
			COMMENT 'makes names unique among starters too',
	name		VARCHAR(80) NOT NULL,
	description	VARCHAR(400) NOT NULL,
	source		MEDIUMTEXT NOT NULL,
	inputs		MEDIUMTEXT NOT NULL COMMENT 'JSON, made from the source',
	hash		BIGINT UNSIGNED NOT NULL COMMENT 'of the source',
	created		BIGINT NOT NULL,
	changed		BIGINT NOT NULL,
	UNIQUE KEY name (owner, name),
	CONSTRAINT strategy_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE,
	CONSTRAINT strategy_inputs CHECK (JSON_VALID(inputs))
) ENGINE=InnoDB;
