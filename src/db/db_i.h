#ifndef DB_DB_I_H
#define DB_DB_I_H
/* db_i.h - what the files of this module share. */
#include <mysql.h>
#include <sys/types.h>

#include "core/arena.h"
#include "db/db.h"

/* One column of the row being fetched. */
struct cell {
	unsigned long len;
	my_bool null, cut;
	union {
		int64_t i;
		double f;
		char text[MONEY_TEXT_MAX + 24];
	};
};

/* A statement prepared on this connection; lives in db->conn. */
struct prepared {
	MYSQL_STMT *h;
	size_t n_in, n_out;
	MYSQL_BIND *in, *out;
	char (*money)[MONEY_TEXT_MAX];	/* one per parameter */
	struct cell *cells;		/* one per column */
	bool read;			/* may be run twice */
};

/* What the server's or the client library's error number means for us. */
enum db_class {
	DBC_LOST,	/* no connection any more */
	DBC_RETRY,	/* deadlock and its kin: the same again may succeed */
	DBC_DEFINITE,	/* refused: nothing was done */
};

struct db {
	unsigned magic;
#define DB_MAGIC 0xdb7a11e5u
	struct db_opts o;
	struct arena *arena;	/* as long as the db */
	struct arena *conn;	/* as long as the connection; NULL: closed */
	MYSQL *my;
	pid_t owner;		/* the process that connected */
	struct prepared *prep[STMT__MAX];
	const struct db_hooks *hooks;
	int64_t opened_ns, used_ns, recycle_ns;
	unsigned fails;		/* connects in a row that failed */
	int64_t retry_at_ns;
	bool in_tx, busy;	/* busy: rows are on the wire */
	enum errc doomed;	/* != 0: this transaction can only be rolled back */
	bool doomed_retry;	/* ... and may be run again */
	unsigned locks;		/* GET_LOCKs held */
	bool lock_lost;
	unsigned last_no;	/* the last error number */
};

/* conn.c */
/* A usable connection: recycled, pinged and back-off observed.  In a
 * transaction: the one that is open, or the error that doomed it. */
MUST_CHECK int conn_ready(struct db *db, struct err *err);
MUST_CHECK int conn_open(struct db *db, int64_t deadline_ms, struct err *err);
void conn_drop(struct db *db);
/* The only way SQL travels as text: session control and migrations. */
MUST_CHECK int conn_text(struct db *db, const char *sql, size_t n,
			 struct err *err);
/* The same for a SELECT whose columns are not known; values as text. */
#define CONN_COLS 32
MUST_CHECK int conn_rows(struct db *db, const char *sql, size_t n,
			 int (*fn)(void *ctx, unsigned cols,
				   const char *const *names,
				   const char *const *row, struct err *err),
			 void *ctx, struct err *err);
enum db_class db_classify(unsigned mysql_errno_);
/* Fills err for a definite refusal or a lost connection; returns -code. */
int db_fail(struct err *err, enum stmt q, unsigned no, const char *text);
/* Note in an open transaction that it cannot be saved. */
void tx_doom(struct db *db, enum db_class c);

/* stmt.c */
#define STMT_NONE STMT__MAX
MUST_CHECK int stmt_prepare(struct db *db, enum stmt q, struct prepared **ret,
			    struct err *err);
void stmt_drop_all(struct db *db);
/* The value fits the parameter's letter, or -E_BUG, or -E_INVAL for money
 * that DECIMAL(38,18) does not hold. */
MUST_CHECK int stmt_check_arg(enum stmt q, size_t i, const struct dbval *v,
			      struct err *err);
/* Run op with the retry rules of db.h; op returns a MySQL error number, and
 * says in *sent whether the server may have acted. */
struct stmt_call {
	enum stmt q;
	const struct dbval *args;
	size_t n_args, n_rows;		/* n_rows 0: a single row */
	unsigned (*op)(struct db *db, struct prepared *p, struct stmt_call *c);
	struct arena *out;		/* select */
	struct rows *rows;
	int (*each)(void *ctx, const struct rows *row, struct err *err);
	void *ctx;
	uint64_t changed, insert_id;	/* exec */
	bool sent, delivered;		/* delivered: each() has seen a row */
	int rc;				/* an error of our own making */
	struct err *err;
};
MUST_CHECK int stmt_call(struct db *db, struct stmt_call *c);
void stmt_bind_in(struct prepared *p, const struct dbval *args);

/* many.c */
unsigned many_op(struct db *db, struct prepared *p, struct stmt_call *c);

/* migrate.c: a regular file of at most 4 MiB */
MUST_CHECK int file_text(struct arena *out, const char *path, struct str *ret,
			 struct err *err);

/* value.c */
bool money_in_range(money_raw m);
size_t money_text(char buf[static MONEY_TEXT_MAX], money_raw m);
MUST_CHECK bool money_read(money_raw *ret, const char *s, size_t n);

#endif /* DB_DB_I_H */
