#ifndef BT_STORE_H
#define BT_STORE_H
/* store.h - backtests in the database.
 *
 *	queued -> running -> done | failed | cancelled
 *
 * A row pins what was asked for: the text of the script, its inputs, options,
 * market and range.  A job ("backtest", {"id":N}) runs it; whoever begins the
 * run names it by the job's lease, and only that run may write to the row from
 * then on.  A run that is begun again after its worker was lost starts from
 * nothing, so it may happen twice and leaves one result.  Cancelling a running
 * one sets a flag that the run meets at its next sign of life. */
#include "bt/record.h"
#include "bt/spec.h"

#define BT_STATES(X)							\
	X(QUEUED, "queued", 'q') X(RUNNING, "running", 'r')		\
	X(DONE, "done", 'd') X(FAILED, "failed", 'f')			\
	X(CANCELLED, "cancelled", 'c')
enum bt_state {
#define X(id, name, letter) BT_##id,
	BT_STATES(X)
#undef X
};
const char *bt_state_name(enum bt_state s);

#define BT_NAME_MAX 120
#define BT_NOTES_MAX 10000
#define BT_TAGS_MAX 20
#define BT_TAG_MAX 40

struct backtest {
	uint64_t id, user_id;
	const char *name, *notes, *tags;	/* tags: JSON */
	enum bt_state state;
	uint64_t strategy_id;			/* 0: of no stored strategy */
	const char *strategy_name;
	uint64_t market_id;
	const char *exchange, *symbol;
	enum tf tf;
	int64_t from, to;
	const char *inputs, *options;		/* JSON objects */
	enum bt_rules rules_set;
	unsigned permille;
	bool has_eta, has_started, has_finished;
	int64_t eta_ms, created, started, finished;
	const char *error, *metrics, *properties, *plots;	/* may be NULL */
	uint64_t points, trades;
	struct str source;			/* empty in lists */
	const char *rules;			/* freqtrade's, JSON; may be NULL */
};

/* Inserts it (user_id .. to, inputs .. rules_set, source, rules).  The caller
 * queues its job in the same transaction and says so. */
MUST_CHECK int bt_store_add(struct db *db, const struct backtest *b,
			    int64_t now_ms, uint64_t *ret_id, struct err *err);
MUST_CHECK int bt_store_queued(struct db *db, uint64_t id, uint64_t job_id,
			       struct err *err);
MUST_CHECK int bt_store_get(struct arena *out, struct db *db, uint64_t id,
			    struct backtest *ret, struct err *err);
struct bt_filter {
	uint64_t user, before, strategy, market;	/* 0: any */
	const char *state, *tag;	/* letter; JSON text; "": any */
	size_t limit;
};
/* Newest first. */
MUST_CHECK int bt_store_list(struct arena *out, struct db *db,
			     const struct bt_filter *f, struct backtest **ret,
			     size_t *ret_n, struct err *err);
/* How many of the user's wait or run. */
MUST_CHECK int bt_store_waiting(struct db *db, uint64_t user, size_t *ret,
				struct err *err);
MUST_CHECK int bt_store_patch(struct db *db, const struct backtest *b,
			      struct err *err);
MUST_CHECK int bt_store_del(struct db *db, uint64_t id, struct err *err);
/* -E_CONFLICT when it has ended already. */
MUST_CHECK int bt_store_cancel(struct db *db, uint64_t id, int64_t now_ms,
			       struct err *err);

/* Those who watch topic backtest:<id>: "state" or "progress". */
void bt_store_tell(const struct backtest *b, const char *type);

/* -- the run ------------------------------------------------------------- */
/* 1: begin; 0: there is nothing to run (ended, cancelled, deleted). */
MUST_CHECK int bt_store_begin(struct db *db, uint64_t id, uint64_t lease,
			      int64_t now_ms, struct err *err);
/* 1: go on; 0: stop, nobody waits for the result. */
MUST_CHECK int bt_store_progress(struct db *db, uint64_t id, uint64_t lease,
				 unsigned permille, int64_t eta_ms,
				 struct err *err);
MUST_CHECK int bt_store_fail(struct db *db, uint64_t id, uint64_t lease,
			     const char *why, int64_t now_ms, struct err *err);
/* The run that was told to stop has stopped. */
MUST_CHECK int bt_store_cancelled(struct db *db, uint64_t id, int64_t now_ms,
				  struct err *err);
/* The result, all or nothing; 0 rows of an older run stay.  When the row was
 * cancelled, deleted or taken over meanwhile nothing is kept: -E_CONFLICT. */
MUST_CHECK int bt_store_done(struct db *db, uint64_t id, uint64_t lease,
			     const struct bt_record *rec, int64_t now_ms,
			     struct err *err);
/* A run that no job made: the row and its result in one. */
MUST_CHECK int bt_store_keep(struct db *db, const struct backtest *b,
			     const struct bt_record *rec, int64_t now_ms,
			     uint64_t *ret_id, struct err *err);
/* The drawings as JSON text: "[]" without any. */
MUST_CHECK int bt_store_drawings(struct arena *out, struct db *db, uint64_t id,
				 struct str *ret, struct err *err);
/* Rows whose job was given up, and results that are older than keep_ms (0:
 * none is too old), a bounded number at a time; without notes or tags. */
MUST_CHECK int bt_store_tidy(struct db *db, int64_t now_ms, int64_t keep_ms,
			     struct err *err);

/* -- the result ------------------------------------------------------------ */
/* {months, groups} as JSON text. */
MUST_CHECK int bt_store_breakdown(struct arena *out, struct db *db, uint64_t id,
				  struct str *ret, struct err *err);
/* Rows of one kind, a part at a time, in order: those that touch the times
 * [from, to].  The columns live until fn returns; fn returns 0 to go on. */
struct bt_part {
	uint64_t number;		/* of the first row */
	size_t n;
	const int64_t *t;		/* of the curve and the plots */
	const double *equity, *position, *close;
	const double *const *plots;	/* of the plots */
	const struct bt_trade *trades;	/* of the trades */
};
enum bt_kind { BT_CURVE, BT_PLOTS, BT_TRADES };
typedef int bt_part_fn(void *ctx, const struct bt_part *p, struct err *err);
MUST_CHECK int bt_store_each(struct db *db, const struct backtest *b,
			     enum bt_kind kind, int64_t from, int64_t to,
			     bt_part_fn *fn, void *ctx, struct err *err);
/* Trades number `after` + 1 and on, at most n. */
MUST_CHECK int bt_store_trades(struct arena *out, struct db *db,
			       const struct backtest *b, uint64_t after,
			       size_t n, struct bt_trade **ret, size_t *ret_n,
			       struct err *err);
/* The names of the plots; v of *ret lives in `out`. */
MUST_CHECK int bt_store_plots(struct arena *out, const struct backtest *b,
			      struct bt_plots *ret, struct err *err);
/* What it began with, by its metrics; 0 when they do not say. */
double bt_store_initial(struct arena *tmp, const struct backtest *b);
/* All of it, but for the plots' values. */
MUST_CHECK int bt_store_record(struct arena *out, struct db *db,
			       const struct backtest *b, struct bt_record *ret,
			       struct err *err);

#endif /* BT_STORE_H */
