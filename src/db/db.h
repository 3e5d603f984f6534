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
 * by age and pinged after idle time.  There is no auto-reconnect: outside a
 * transaction a lost connection lets a SELECT be tried once more; inside one,
 * or at COMMIT, the answer is -E_UNCERTAIN.  When the server is away the
 * answer is -E_DB at once during a growing back-off.
 *
 * Outcomes: 0 done | -E_DB not done, database away | -E_CONFLICT duplicate
 * key | -E_UNCERTAIN nobody knows | -E_BUG a statement that does not fit. */
#include "core/err.h"
#include "core/log.h"
#include "core/money.h"
#include "core/str.h"

/* Types: i int64, u uint64, f double, s text, b bytes, m money (DECIMAL(38,18)
 * as a raw 1e-18 integer); a capital letter says that NULL is possible. */
enum stmt {
#define X(id, in, out, sql) id,
#include "db/stmts.h"
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

/* Nothing is connected yet; `c` must outlive it; closed with `out`. */
struct db *db_new(struct arena *out, const struct conf *c) NONNULL_RET;
void db_set_hooks(struct db *db, const struct db_hooks *hooks);
/* Connect now and prepare every statement: a schema that does not fit is
 * found at start (-E_BUG) and not by a customer. */
MUST_CHECK int db_connect(struct db *db, struct err *err);
void db_close(struct db *db);

/* A SELECT. */
MUST_CHECK int db_select(struct arena *out, struct db *db, enum stmt q,
			 const struct dbval *args, size_t n_args,
			 struct rows *ret, struct err *err);
/* A SELECT whose rows come one by one and are not kept: fn returns 0 to go
 * on.  The values live until fn returns. */
MUST_CHECK int db_each(struct db *db, enum stmt q, const struct dbval *args,
		       size_t n_args,
		       int (*fn)(void *ctx, const struct rows *row, struct err *err),
		       void *ctx, struct err *err);
/* Anything else; either ret may be NULL. */
MUST_CHECK int db_exec(struct db *db, enum stmt q, const struct dbval *args,
		       size_t n_args, uint64_t *ret_changed,
		       uint64_t *ret_insert_id, struct err *err);
/* The same statement for n_rows rows at once (array binding); args holds
 * n_rows x n_args values, row after row. */
MUST_CHECK int db_exec_many(struct db *db, enum stmt q, const struct dbval *args,
			    size_t n_rows, size_t n_args, struct err *err);

/* Runs fn in a transaction and commits.  Deadlock and lock time-out (1213,
 * 1205, 1020) run the whole of it again, up to three times with jitter, so fn
 * must do nothing but SQL and set no state that a second run would see.
 * A negative return of fn rolls back.  Transactions do not nest (asserted). */
typedef int db_tx_fn(void *ctx, struct db *db, struct err *err);
MUST_CHECK int db_tx(struct db *db, db_tx_fn *fn, void *ctx, struct err *err);
bool db_in_tx(const struct db *db);

/* Answers within deadline_ms: 0, or -E_DB; ret_us is the round trip. */
MUST_CHECK int db_ping(struct db *db, int64_t deadline_ms, int64_t *ret_us,
		       struct err *err);
/* A lock held by this connection's session (GET_LOCK); -E_BUSY when taken. */
MUST_CHECK int db_lock(struct db *db, const char *name, int64_t wait_ms,
		       struct err *err);
void db_unlock(struct db *db, const char *name);

const char *stmt_name(enum stmt q);

#endif /* DB_DB_H */
