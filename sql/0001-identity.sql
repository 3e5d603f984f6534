-- Users and how they prove who they are.  Times are milliseconds since 1970
-- UTC; names are compared byte by byte (utf8mb4_bin is the database's).

CREATE TABLE user (
	id		BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	name		VARCHAR(40) NOT NULL,
	role		TINYINT UNSIGNED NOT NULL COMMENT '0 viewer, 1 trader, 2 admin',
	password	VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
			COMMENT 'argon2id, with its parameters',
	created		BIGINT NOT NULL,
	password_set	BIGINT NOT NULL,
	last_login	BIGINT NULL,
	disabled	BIGINT NULL COMMENT 'since when',
	preferences	VARCHAR(4096) NOT NULL DEFAULT '{}',
	totp_secret	VARBINARY(128) NULL COMMENT 'sealed; no second factor: NULL',
	totp_counter	BIGINT UNSIGNED NULL COMMENT 'the last one used',
	UNIQUE KEY name (name),
	CONSTRAINT user_role CHECK (role <= 2),
	CONSTRAINT user_preferences CHECK (JSON_VALID(preferences))
) ENGINE=InnoDB;

-- One row per browser that is signed in.
CREATE TABLE session (
	id		BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id		BIGINT UNSIGNED NOT NULL,
	hash		BINARY(32) NOT NULL COMMENT 'SHA-256 of the cookie',
	created		BIGINT NOT NULL,
	seen		BIGINT NOT NULL,
	expires		BIGINT NOT NULL,
	proved		BIGINT NOT NULL COMMENT 'the password was last given',
	address		VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NULL,
	agent		VARCHAR(200) NULL,
	UNIQUE KEY hash (hash),
	KEY user_id (user_id, expires),
	CONSTRAINT session_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE
) ENGINE=InnoDB;

CREATE TABLE api_token (
	id		BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
	user_id		BIGINT UNSIGNED NOT NULL,
	public_id	CHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	hash		BINARY(32) NOT NULL COMMENT 'SHA-256 of the whole token',
	name		VARCHAR(60) NOT NULL,
	scopes		TINYINT UNSIGNED NOT NULL COMMENT '1 read, 2 trade',
	created		BIGINT NOT NULL,
	expires		BIGINT NOT NULL,
	seen		BIGINT NULL,
	UNIQUE KEY public_id (public_id),
	KEY user_id (user_id),
	CONSTRAINT api_token_scopes CHECK (scopes BETWEEN 1 AND 3),
	CONSTRAINT api_token_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE
) ENGINE=InnoDB;

-- Failed sign-ins; one row per account name tried and per address.
CREATE TABLE login_throttle (
	subject		BINARY(16) NOT NULL PRIMARY KEY COMMENT 'keyless BLAKE2b',
	fails		INT UNSIGNED NOT NULL,
	last		BIGINT NOT NULL,
	until		BIGINT NOT NULL COMMENT 'no attempt before',
	KEY last (last)
) ENGINE=InnoDB;

-- What a creating request answered, so that its repetition gets the same.
CREATE TABLE idempotency (
	user_id		BIGINT UNSIGNED NOT NULL,
	ikey		VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	operation	VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	body_hash	BIGINT UNSIGNED NOT NULL,
	status		SMALLINT NOT NULL,
	location	VARCHAR(200) NULL,
	answer		MEDIUMTEXT NOT NULL,
	created		BIGINT NOT NULL,
	PRIMARY KEY (user_id, ikey),
	KEY created (created),
	CONSTRAINT idempotency_user FOREIGN KEY (user_id) REFERENCES user (id)
		ON DELETE CASCADE
) ENGINE=InnoDB;
