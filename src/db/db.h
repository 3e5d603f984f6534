#ifndef DB_DB_H
#define DB_DB_H
/* db.h - one MariaDB connection and the statements the program knows.
 *
 * Every statement is a row of one table (stmt_<area>.h, collected below): a
 * name, the types of its parameters, the types of its columns, the SQL.  No
 * SQL exists elsewhere, none is built from pieces, every SELECT has a LIMIT.
 *
 * The connection is opened at first use (a fork never inherits one: an assert
 * compares getpid()), with connect, read and write timeouts; it is recycled
 * by age and pinged after idle time.  There is no auto-reconnect.  When the
 * connection is lost,
 *   - a SELECT outside a transaction is tried once more on a new one;
 *   - any other statement outside a transaction is tried once more if it was
 *     never sent, else the answer is -E_UNCERTAIN;
 *   - a transaction that did not reach COMMIT is rolled back by the server
 *     whatever happened: -E_DB, nothing was written;
 *   - at COMMIT the answer is -E_UNCERTAIN.
 * When the server is away, -E_DB comes at once during a growing back-off.
 *
 * Outcomes: 0 done | -E_DB not done, database away or statement cut off |
 * -E_CONFLICT not done: duplicate key, foreign key or CHECK says no |
 * -E_INVAL not done: a value is too long, out of range or malformed |
 * -E_BUSY not done: locked by others, three retries long |
 * -E_UNCERTAIN nobody knows | -E_BUG a statement that does not fit. */
#include "core/err.h"
#include "core/log.h"
#include "core/money.h"
#include "core/str.h"

/* Types: i int64, u uint64, f double, s text, b bytes, m money (DECIMAL(38,18)
 * as a raw 1e-18 integer); a capital letter says that NULL is possible.
 * Only SELECT has columns (MariaDB prepares INSERT ... RETURNING without).
 * DECIMAL with more digits is refused, since MariaDB rounds without a word;
 * an amount of 10^20 and above is -E_INVAL before it is sent. */
#ifndef DB_STMTS		/* tests of this module bring their own */
# define DB_STMTS "db/stmts.h"
#endif
enum stmt {
#define X(id, in, out, sql) id,
#include DB_STMTS
#undef X
	STMT__MAX
};

enum dbtype { DB_NULL, DB_I64, DB_U64, DB_F64, DB_TEXT, DB_BLOB, DB_MONEY };

struct dbval {
	enum dbtype type;
	union {
		int64_t i;
		uint64_t u;
		double f;
		struct str s;		/* text and bytes */
		money_raw m;
	};
};

static inline struct dbval V_NULL(void) { return (struct dbval){ .type = DB_NULL }; }
static inline struct dbval V_I64(int64_t v) { return (struct dbval){ .type = DB_I64, .i = v }; }
static inline struct dbval V_U64(uint64_t v) { return (struct dbval){ .type = DB_U64, .u = v }; }
static inline struct dbval V_F64(double v) { return (struct dbval){ .type = DB_F64, .f = v }; }
static inline struct dbval V_TEXT(struct str v) { return (struct dbval){ .type = DB_TEXT, .s = v }; }
static inline struct dbval V_STR(const char *v) { return (struct dbval){ .type = v ? DB_TEXT : DB_NULL, .s = str_c(v) }; }
static inline struct dbval V_BLOB(const void *p, size_t n) { return (struct dbval){ .type = DB_BLOB, .s = str_n(p, n) }; }
static inline struct dbval V_PRICE(struct price v) { return (struct dbval){ .type = DB_MONEY, .m = price_raw(v) }; }
static inline struct dbval V_QTY(struct qty v) { return (struct dbval){ .type = DB_MONEY, .m = qty_raw(v) }; }
static inline struct dbval V_QUOTE(struct quote v) { return (struct dbval){ .type = DB_MONEY, .m = quote_raw(v) }; }

/* Arguments in the order of the question marks. */
#define ARGS(...) ((const struct dbval[]){ __VA_ARGS__ }), \
	(sizeof((const struct dbval[]){ __VA_ARGS__ }) / sizeof(struct dbval))
#define NOARGS NULL, (size_t)0

/* A result: rows.n rows of `cols` values; text and bytes live in `out`. */
struct rows {
	size_t n, cols;
	struct dbval *v;
};
static inline const struct dbval *row_at(const struct rows *r, size_t row, size_t col)
{
	assert(row < r->n && col < r->cols);
	return &r->v[row * r->cols + col];
}
bool row_null(const struct rows *r, size_t row, size_t col);
int64_t row_i64(const struct rows *r, size_t row, size_t col);
uint64_t row_u64(const struct rows *r, size_t row, size_t col);
double row_f64(const struct rows *r, size_t row, size_t col);
struct str row_str(const struct rows *r, size_t row, size_t col);	/* empty if NULL */
const char *row_cstr(const struct rows *r, size_t row, size_t col);	/* NULL if NULL */
struct price row_price(const struct rows *r, size_t row, size_t col);
struct qty row_qty(const struct rows *r, size_t row, size_t col);
struct quote row_quote(const struct rows *r, size_t row, size_t col);

struct db;
struct conf;
struct db_hooks {	/* counted and timed: ops fills this; may be NULL */
	void (*done)(void *ctx, enum stmt q, int64_t ns, int rc);
	void *ctx;
};

struct db_opts {		/* strings must outlive the connection */
	const char *socket, *host;	/* socket "" or NULL: TCP to host */
	unsigned port;
	const char *name, *user, *password;
	int64_t timeout_ms;	/* connect, each read, each write; >= 1 s */
	int64_t recycle_ms;	/* age at which a connection is renewed; 0 never */
	int64_t ping_idle_ms;	/* idle time before a ping comes first; 0 never */
	bool long_statements;	/* migrations: no limit on a statement's time */
};

/* Nothing is connected yet; `c` must outlive it; closed with `out`. */
struct db *db_new(struct arena *out, const struct conf *c) NONNULL_RET;
struct db *db_new_opts(struct arena *out, const struct db_opts *o) NONNULL_RET;
void db_set_hooks(struct db *db, const struct db_hooks *hooks);
/* Connect now (no back-off) and prepare every statement once: a schema that
 * does not fit is found at start (-E_BUG) and not by a customer.  They are
 * kept prepared only when used. */
MUST_CHECK int db_connect(struct db *db, struct err *err);
void db_close(struct db *db);
bool db_connected(const struct db *db);

/* A SELECT. */
MUST_CHECK int db_select(struct arena *out, struct db *db, enum stmt q,
			 const struct dbval *args, size_t n_args,
			 struct rows *ret, struct err *err);
/* A SELECT whose rows come one by one and are not kept: fn returns 0 to go
 * on, a negative error to stop with.  The values live until fn returns; fn
 * must not use this connection. */
MUST_CHECK int db_each(struct db *db, enum stmt q, const struct dbval *args,
		       size_t n_args,
		       int (*fn)(void *ctx, const struct rows *row, struct err *err),
		       void *ctx, struct err *err);
/* Anything else; either ret may be NULL.  ret_changed counts the rows that
 * matched, also those which already were as they should become (so 0 from an
 * UPDATE by key is "not found"). */
MUST_CHECK int db_exec(struct db *db, enum stmt q, const struct dbval *args,
		       size_t n_args, uint64_t *ret_changed,
		       uint64_t *ret_insert_id, struct err *err);
/* The same statement for n_rows rows at once (array binding); args holds
 * n_rows x n_args values, row after row.  All or nothing: it opens a
 * transaction unless one is open. */
MUST_CHECK int db_exec_many(struct db *db, enum stmt q, const struct dbval *args,
			    size_t n_rows, size_t n_args, struct err *err);

/* Runs fn in a transaction and commits.  Deadlock and lock time-out (1213,
 * 1205, 1020) run the whole of it again, up to three times with jitter, and
 * so does, once, a connection lost before COMMIT; so fn must do nothing but
 * SQL and set no state that a second run would see.  A negative return of fn
 * rolls back.  After such an error every further statement in fn fails the
 * same way, so it cannot be ignored.  Transactions do not nest (asserted);
 * db_tx_join runs fn in the one that is open, or in its own. */
typedef int db_tx_fn(void *ctx, struct db *db, struct err *err);
MUST_CHECK int db_tx(struct db *db, db_tx_fn *fn, void *ctx, struct err *err);
MUST_CHECK int db_tx_join(struct db *db, db_tx_fn *fn, void *ctx,
			  struct err *err);
bool db_in_tx(const struct db *db);

/* Answers within deadline_ms: 0, or -E_DB; ret_us is the round trip. */
MUST_CHECK int db_ping(struct db *db, int64_t deadline_ms, int64_t *ret_us,
		       struct err *err);
/* A lock held by this connection's session (GET_LOCK); -E_BUSY when taken.
 * It is gone with the connection: from then on every call gives -E_DB until
 * db_unlock, so nobody works on without the lock. */
MUST_CHECK int db_lock(struct db *db, const char *name, int64_t wait_ms,
		       struct err *err);
void db_unlock(struct db *db, const char *name);

const char *stmt_name(enum stmt q);
const char *stmt_sql(enum stmt q);	/* for tests */
const char *stmt_in(enum stmt q);
const char *stmt_out(enum stmt q);

#endif /* DB_DB_H */
