#ifndef BT_SWEEP_H
#define BT_SWEEP_H
/* sweep.h - searches over a strategy's inputs, in the database.
 *
 *	queued -> running -> done | failed | cancelled;  the last two may be
 *	resumed: what is there stays, what is missing is done
 *
 * A row pins script, inputs, options, market, range and the spec of opt.h.
 * The work is cut into jobs ("sweep") that any worker of any host takes: one
 * begins it, each of the others does some trials, the last one ends it.  A
 * trial is a pure function of the row, so one that is done twice, by whomever,
 * is the same; a worker that is lost costs only time.  Whoever changes the
 * state of the work locks the row first. */
#include "bt/opt.h"
#include "bt/store.h"

#define SWEEP_TRIALS_MAX 100000		/* of all folds */

struct sweep {
	uint64_t id, user_id;
	const char *name, *notes, *tags;	/* tags: JSON */
	enum bt_state state;
	uint64_t strategy_id;			/* 0: of no stored strategy */
	const char *strategy_name;
	uint64_t market_id;
	const char *exchange, *symbol;
	enum tf tf;
	int64_t from, to;
	const char *inputs, *options, *spec;	/* JSON objects */
	enum bt_rules rules_set;
	const char *error;
	int64_t created, started, finished, begun;	/* 0: not yet */
	uint64_t begun_trials, total, done;
	const char *best, *statistics, *folds, *out_of_sample;	/* may be NULL */
	struct str source;			/* empty in lists */
};
/* About so much longer, ms; -1: nobody knows. */
int64_t sweep_eta(const struct sweep *s, int64_t now_ms);

MUST_CHECK int sweep_add(struct db *db, const struct sweep *s, int64_t now_ms,
			 uint64_t *ret_id, struct err *err);
MUST_CHECK int sweep_get(struct arena *out, struct db *db, uint64_t id,
			 struct sweep *ret, struct err *err);
MUST_CHECK int sweep_list(struct arena *out, struct db *db,
			  const struct bt_filter *f, struct sweep **ret,
			  size_t *ret_n, struct err *err);
MUST_CHECK int sweep_waiting(struct db *db, uint64_t user, size_t *ret,
			     struct err *err);
MUST_CHECK int sweep_patch(struct db *db, const struct sweep *s, struct err *err);
MUST_CHECK int sweep_del(struct db *db, uint64_t id, struct err *err);
/* -E_CONFLICT when it has ended already; when it has not, or is done. */
MUST_CHECK int sweep_cancel(struct db *db, uint64_t id, int64_t now_ms,
			    struct err *err);
MUST_CHECK int sweep_resume(struct db *db, uint64_t id, struct err *err);

/* -- the work -------------------------------------------------------------- */
/* 1: it is running (or waits to, when `queued` is right too); 0: it is not. */
MUST_CHECK int sweep_lock(struct db *db, uint64_t id, bool queued, struct err *err);
MUST_CHECK int sweep_running(struct db *db, uint64_t id, struct err *err);
MUST_CHECK int sweep_begin(struct db *db, uint64_t id, uint64_t total,
			   uint64_t done, int64_t now_ms, struct err *err);
MUST_CHECK int sweep_put(struct db *db, uint64_t id, const struct opt_trial *t,
			 struct err *err);
/* Trials there are: of all, or of [first, end) of one fold. */
MUST_CHECK int sweep_count(struct db *db, uint64_t id, uint64_t *ret, struct err *err);
MUST_CHECK int sweep_count_in(struct db *db, uint64_t id, size_t fold, size_t first,
			      size_t end, uint64_t *ret, struct err *err);
struct sweep_score { size_t fold, number; double score; };
MUST_CHECK int sweep_scores(struct arena *out, struct db *db, uint64_t id,
			    struct sweep_score **ret, size_t *ret_n, struct err *err);
MUST_CHECK int sweep_trials(struct arena *out, struct db *db, uint64_t id,
			    struct opt_trial **ret, size_t *ret_n, struct err *err);
/* Counts what is there and notes the best so far. */
MUST_CHECK int sweep_progress(struct arena *tmp, struct db *db, uint64_t id,
			      uint64_t *ret_done, const char **ret_best,
			      struct err *err);
MUST_CHECK int sweep_done(struct arena *tmp, struct db *db, uint64_t id,
			  const struct opt_result *r, int64_t now_ms, struct err *err);
MUST_CHECK int sweep_fail(struct db *db, uint64_t id, const char *why,
			  int64_t now_ms, struct err *err);
MUST_CHECK int sweep_tidy(struct db *db, int64_t now_ms, int64_t keep_ms,
			  struct err *err);

/* -- for the pages ----------------------------------------------------------- */
/* A trial as texts; score NaN: none. */
struct sweep_trial {
	uint64_t fold, number;
	const char *inputs, *error, *metrics;
	double score;
	bool kept;
};
/* By number: those from (fold, number) on; by score: from place `skip` on. */
MUST_CHECK int sweep_by_number(struct arena *out, struct db *db, uint64_t id,
			       uint64_t fold, uint64_t number, size_t n,
			       struct sweep_trial **ret, size_t *ret_n,
			       struct err *err);
MUST_CHECK int sweep_by_score(struct arena *out, struct db *db, uint64_t id,
			      uint64_t skip, size_t n, struct sweep_trial **ret,
			      size_t *ret_n, struct err *err);
/* Of each pair of values of two inputs the best trial's metric. */
struct sweep_map {
	const char **x, **y;		/* values as texts, sorted */
	size_t n_x, n_y;
	double *score, *value, *plateau;	/* [y * n_x + x]; NaN: no trial */
};
#define SWEEP_MAP_MAX 60		/* values of an axis; more are binned */
MUST_CHECK int sweep_map(struct arena *out, struct db *db, uint64_t id,
			 const char *x, const char *y, const char *metric,
			 struct sweep_map *ret, struct err *err);

#endif /* BT_SWEEP_H */
