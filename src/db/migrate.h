#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H
/* migrate.h - the schema goes forward, one numbered file after the other.
 *
 * Files sql/NNNN-name.sql hold statements that end in ';'.  They are applied
 * in the order of their numbers, once, by one runner at a time (a lock in the
 * database), and never undone.  Table schema_migration remembers length and
 * CRC-64 of each: a file that was changed afterwards is refused.  (A checksum
 * against mistakes: whoever could forge one may also write that table.)
 *
 * MariaDB commits around each DDL statement, so a migration is not one
 * transaction.  Each statement is therefore recorded before it is sent and
 * after it is done:
 *   - refused by the server: the migration stands before that statement; the
 *     file may be mended from there on (the part that ran must stay as it
 *     was) and the next run goes on;
 *   - the runner or the server died meanwhile: nobody knows whether that one
 *     statement took effect; the next run names it and wants to be told
 *     (MIG_TOOK_EFFECT or MIG_AGAIN).
 *
 * This is the one place that runs SQL text from files; checks.sql (see
 * checks_run) is the other half of it. */
#include "db/db.h"

enum mig_state {
	MIG_FINISHED,
	MIG_PENDING,
	MIG_STOPPED,	/* at a statement that was refused */
	MIG_IN_FLIGHT,	/* at a statement of unknown effect */
	MIG_CHANGED,	/* finished, and the file is another now */
	MIG_MISSING,	/* recorded, and there is no such file */
};
const char *mig_state_name(enum mig_state s);

struct migration {
	unsigned version;
	const char *name;	/* "0001-identity.sql" */
	enum mig_state state;
	size_t statements, done;
	int64_t finished_ms;	/* 0: not */
};

enum mig_in_flight { MIG_ASK, MIG_TOOK_EFFECT, MIG_AGAIN };
struct mig_opts {
	const char *dir;
	bool dry_run;		/* say what would be done, write nothing */
	enum mig_in_flight in_flight;
	int64_t wait_ms;	/* for another runner to finish */
	void (*say)(void *ctx, const char *line);	/* progress; may be NULL */
	/* Run under the same lock once the schema is current; may be NULL. */
	int (*after)(void *ctx, struct db *db, struct err *err);
	void *ctx;
};

/* db: made with long_statements.  -E_INVAL for a file that is malformed or
 * changed, -E_CONFLICT for what needs a decision, -E_BUSY while another
 * runner is at work; the sentence names file, line and remedy. */
MUST_CHECK int migrate_run(struct db *db, const struct mig_opts *o,
			   struct err *err);
MUST_CHECK int migrate_status(struct arena *out, struct db *db, const char *dir,
			      struct migration **ret, size_t *ret_n,
			      struct err *err);

/* Cheap, for readiness: -E_BUSY while the schema is older than this program
 * needs, -E_CONFLICT when it is newer. */
MUST_CHECK int schema_current(struct db *db, struct err *err);
unsigned schema_needed(void);	/* the highest number in sql/ */

/* sql/checks.sql: "-- name: what must hold" before each SELECT, which must
 * give no row.  Each row that does come is told to fn as text. */
MUST_CHECK int checks_run(struct db *db, const char *path,
			  void (*fn)(void *ctx, const char *check,
				     const char *row),
			  void *ctx, size_t *ret_checks, size_t *ret_rows,
			  struct err *err);

/* ---- for tests ---- */
struct sql_stmt {
	struct str text;	/* without the ';' and comments before it */
	struct str comment;	/* those comments */
	size_t line;		/* of its first word */
	size_t end;		/* offset behind the ';' */
};
/* Quotes, comments and escapes are understood; -E_INVAL names the line. */
MUST_CHECK int sql_split(struct arena *out, struct str sql,
			 struct sql_stmt **ret, size_t *ret_n, struct err *err);
/* CRC-64/XZ; crc of nothing is 0; goes on from crc. */
uint64_t crc64(uint64_t crc, const void *p, size_t n);
extern const char migrate_table_sql[];

#endif /* DB_MIGRATE_H */
