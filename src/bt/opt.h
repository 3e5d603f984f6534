#ifndef BT_OPT_H
#define BT_OPT_H
/* opt.h - searching the parameters of a strategy, without fooling oneself.
 *
 *	opt_spec_read -> opt_folds -> opt_search_new -> (opt_ask, opt_eval,
 *	opt_tell)* -> opt_conclude -> opt_result_json, opt_result_text
 *
 * A trial is a pure function of the spec, the candles and the scores of the
 * batches before its own: who computes it, where and when does not matter, so
 * a sweep that was cut off and continued, or spread over hosts, ends with the
 * same bytes.  Walk-forward: the search runs once per fold on its training
 * bars; its best is then run on the bars behind them, which no search saw.
 * Those runs, put one behind the other, are the out-of-sample result.
 *
 * Returns are of UTC days where the bars span 60 of them or more, else of
 * single bars.  Definitions in doc/backtest.md. */
#include "bt/bt.h"
#include "bt/overfit.h"

/* --- What is asked ------------------------------------------------------- */

enum opt_method { OPT_GRID, OPT_RANDOM, OPT_SOBOL, OPT_ANNEAL, OPT_TPE };
const char *opt_method_name(enum opt_method m);
MUST_CHECK bool opt_method_of(struct str name, enum opt_method *ret);

/* One input that is varied: a range, or a list of values. */
struct opt_axis {
	const char *name;		/* of the input */
	const struct script_input *input;
	double min, max, step;		/* step 0: any number between */
	bool listed;			/* not ordered: text, bool, options */
	const char *const *text;	/* n values as script_bind_text takes */
	size_t n;			/* how many; 0: any number between */
};
struct opt_limit { const char *metric; bool least; double value; };
enum opt_walk { WALK_NONE, WALK_ANCHORED, WALK_ROLLING };
struct opt_spec {
	enum opt_method method;
	const char *objective;		/* a metric of bt.h */
	bool minimise;			/* by itself where less is better */
	struct opt_limit *limits;
	struct opt_axis *axes;
	const char **metrics;	/* only these are kept of a trial, with those of
				 * the objective and the constraints; 0: all */
	size_t n_limits, n_axes, n_metrics;
	size_t max_trials;		/* of each fold */
	uint64_t seed;
	enum opt_walk walk;
	size_t train, test;		/* bars */
};
#define OPT_TRIALS_MAX 100000
#define OPT_AXES_MAX   32
#define OPT_BATCH      8	/* trials of a batch, where scores steer */
/* {method, objective, constraints:[{metric,op,value}], space:[{input,min,max,
 * step}|{input,options}], max_trials, seed, walk_forward, metrics}; space absent or
 * null: every input with min, max and step.  `objective` may begin with
 * "min:" or "max:".  -E_INVAL with a sentence. */
MUST_CHECK int opt_spec_read(struct arena *out, const struct script_prog *prog,
			     const struct json *obj, struct opt_spec *ret,
			     struct err *err);
void opt_spec_write(struct jw *w, const struct opt_spec *s);
/* "fast=5:50:5", "ma=EMA,SMA", "flag": an element of `space`. */
MUST_CHECK int opt_axis_text(struct jw *w, struct str text, struct err *err);
MUST_CHECK int opt_limit_text(struct jw *w, struct str text, struct err *err);
/* Points of the whole space; 0: without end. */
size_t opt_space_size(const struct opt_spec *s);
/* Trials of a fold: never more than there are points. */
size_t opt_trials(const struct opt_spec *s);

/* --- Folds ---------------------------------------------------------------- */

/* Bars [train, train_end) are searched, [train_end, test_end) only tested. */
struct opt_fold { size_t train, train_end, test_end; };
/* Without walk-forward one fold of all bars.  -E_INVAL: too few bars. */
MUST_CHECK int opt_folds(struct arena *out, const struct opt_spec *s,
			 size_t n_bars, struct opt_fold **ret, size_t *ret_n,
			 struct err *err);

/* --- The search ------------------------------------------------------------ */

struct opt_search;
struct opt_search *opt_search_new(struct arena *out, const struct opt_spec *s,
				  size_t fold) NONNULL_RET;
/* One number per axis: the place in the list or grid, or the value.  NULL:
 * trials of batches before its own are not told yet. */
const double *opt_ask(struct opt_search *s, size_t number);
/* Higher is better; NaN: no score. */
void opt_tell(struct opt_search *s, size_t number, double score);
/* The first number of the batch, and of the next. */
size_t opt_batch(const struct opt_spec *s, size_t number, size_t *ret_end);
/* A point as the inputs {name: value}, as script_bind_json takes them. */
void opt_point_json(struct jw *w, const struct opt_spec *s, const double *point);

/* --- Trials ---------------------------------------------------------------- */

/* Columns of trials on the same bars, computed once; for one process. */
struct opt_share { struct arena *a; struct script_share *s; size_t memory; };
struct opt_data {
	const struct script_prog *prog;
	const struct json *inputs;	/* fixed ones; may be NULL */
	struct script_market market;
	struct bars bars;
	struct bt_options opt;		/* its progress is called too */
	uint64_t id;			/* names script, bars and options */
	struct opt_share *share;	/* may be NULL */
};
struct opt_trial {
	size_t fold, number;
	const char *inputs;		/* JSON */
	double score;			/* higher is better; NaN: none */
	bool kept;			/* constraints */
	const char *error;		/* the run failed; else NULL */
	struct bt_stats stats;
	struct returns returns;
};
/* 0 also when the script fails with these inputs (ret->error).  What the
 * options' progress call returned, when that ended the run. */
MUST_CHECK int opt_eval(struct arena *out, const struct opt_data *d,
			const struct opt_spec *s, const struct opt_fold *f,
			size_t fold, size_t number, const double *point,
			struct opt_trial *ret, struct err *err);
/* Several trials of one fold, each what opt_eval() would give: where the script
 * only chooses (script/many.h) side by side, some ten times as fast. */
struct opt_point { size_t number; const double *point; };
MUST_CHECK int opt_eval_many(struct arena *out, const struct opt_data *d,
			     const struct opt_spec *s, const struct opt_fold *f,
			     size_t fold, const struct opt_point *v, size_t n,
			     struct opt_trial *ret, struct err *err);
/* {fold, number, inputs, score, kept, error, metrics, returns}; reads back to
 * the same bits. */
void opt_trial_write(struct jw *w, const struct opt_trial *t);
MUST_CHECK int opt_trial_read(struct arena *out, const struct json *j,
			      struct opt_trial *ret, struct err *err);
void opt_metrics_write(struct jw *w, const struct bt_stats *s);
void opt_metrics_read(const struct json *j, struct bt_stats *ret);
void opt_returns_write(struct jw *w, const struct returns *r);
MUST_CHECK bool opt_returns_read(const struct json *j, struct returns *ret);
/* Of `a` and `b`, is b the better?  Equal scores: the lower number stays. */
bool opt_better(const struct opt_trial *a, const struct opt_trial *b);

/* --- What came of it ------------------------------------------------------- */

struct opt_luck {
	double pbo, deflated, plateau;	/* NaN: cannot be told */
	double benchmark;	/* Sharpe of a period that luck alone gives */
	double loss;		/* as struct pbo */
	size_t trials, ways;
};
struct opt_fold_result {
	struct opt_fold f;
	const struct opt_trial *best;	/* NULL: none met the constraints */
	struct opt_luck luck;
	struct bt_stats test;		/* NaN without bars behind */
};
struct opt_result {
	struct opt_fold_result *folds;
	size_t n_folds, n_trials;
	const int64_t *t;		/* of all bars */
	int64_t end;			/* behind the last */
	const struct opt_trial *best;	/* of the newest fold that has one */
	struct opt_luck luck;		/* medians over the folds */
	struct monte_carlo chance;	/* of the best, or out of sample */
	bool walked;
	struct bt_stats out_of_sample;	/* when walked */
	const double *equity;		/* out of sample, of `n_equity` bars */
	const int64_t *equity_t;
	size_t n_equity;
};
#define OPT_CHANCES 2000
/* `v`: all trials, by fold and number.  Runs the best of each fold again. */
MUST_CHECK int opt_conclude(struct arena *out, const struct opt_data *d,
			    const struct opt_spec *s, const struct opt_trial *v,
			    size_t n, struct opt_result *ret, struct err *err);
/* Values: an object; an array (of a walk). */
void opt_statistics_write(struct jw *w, const struct opt_result *r);
void opt_folds_write(struct jw *w, const struct opt_result *r);
/* {best, statistics, folds, out_of_sample, trials}. */
void opt_result_json(struct jw *w, const struct opt_spec *s,
		     const struct opt_result *r, const struct opt_trial *v,
		     size_t n);
void opt_result_text(struct sbuf *b, const struct opt_spec *s,
		     const struct opt_result *r, const struct opt_trial *v,
		     size_t n);
void opt_trials_csv(struct sbuf *b, const struct opt_spec *s,
		    const struct opt_trial *v, size_t n);

#endif /* BT_OPT_H */
