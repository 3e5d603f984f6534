#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/opt_run_i.h"
#include "bt/quick_i.h"
#include "bt/run_i.h"
#include "bt/stats_i.h"

/* Many trials of a program that only chooses (script/many.h), side by side: a
 * block of bars goes through all of them while it is in the cache, columns in
 * common are computed once, and nothing is kept of a trial but its trades'
 * sums, the equity of days and how far it fell.  What cannot go this way goes
 * through opt_eval(). */

#define SIDE_BY_SIDE 128

struct side {
	struct script_vm *vm;
	struct quick *q;
	quick_trades trades;
	struct bt_fold fold;
	double *ends;
	bool on;
};
struct sides {
	const struct opt_data *d;
	const struct opt_spec *s;
	const struct opt_fold *f;
	struct bars bars;
	struct emu_rules rules;
	struct script_market market;
	uint32_t *ends;
	size_t n_ends;
	bool days, path, spans;
	struct side *v;
	double equity[SCRIPT_BLOCK];
	struct script_choice room[SCRIPT_BLOCK];
};

static bool asked(const struct opt_spec *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (opt_wants(s, names[i]))
			return true;
	return false;
}

/* The rules of the run, or false: not side by side. */
static bool begin(struct arena *tmp, struct sides *a)
{
	static const char *const path[] = { "max_drawdown", "max_drawdown_ratio",
		"recovery_factor", "ulcer_index", "calmar" };
	static const char *const spans[] = { "average_mae", "average_mfe" };
	const struct opt_data *d = a->d;
	const struct strat_properties *p = script_properties(d->prog);
	struct err why;		/* told by a run of its own */
	int64_t span;

	a->bars = bars_slice(&d->bars, a->f->train, a->f->train_end - a->f->train);
	if (!p->is_strategy || a->bars.n == 0)
		return false;
	a->rules = bt_rules_in_force(d->prog, &d->market, &a->bars, &d->opt);
	if (!(a->rules.initial_capital > 0) || d->opt.bar_by_bar ||
	    d->opt.each_bar != NULL || d->opt.detail.n > 0 ||
	    bt_account_rate(tmp, p, &d->market, &a->bars, &a->rules.rate, &why) < 0 ||
	    !quick_rules(&a->rules, p))
		return false;
	a->market = d->market;
	a->market.last_bar_index = (int64_t)a->bars.n - 1;
	a->market.last_bar_time = a->bars.t[a->bars.n - 1];
	span = a->bars.t[a->bars.n - 1] - a->bars.t[0];
	a->days = opt_in_days(span);
	a->path = asked(a->s, path, ARRAY_LEN(path));
	a->spans = asked(a->s, spans, ARRAY_LEN(spans));
	a->n_ends = bt_day_ends(tmp, &a->bars, &a->ends);
	return true;
}

static bool side_new(struct arena *tmp, struct sides *a, struct script_group *g,
		     const char *inputs, struct side *ret)
{
	const struct opt_data *d = a->d;
	struct script_limits lim = d->opt.limits;
	struct script_binding *b = script_bind(tmp, d->prog);
	struct side s = { .on = true };
	struct quick_want want;

	lim.share = NULL;
	if (opt_bind(tmp, d, inputs, b, NULL) < 0 ||
	    script_vm_new(tmp, d->prog, b, &a->market, &lim, &s.vm, NULL) < 0 ||
	    !script_choose(s.vm) || !script_group_add(g, s.vm))
		return false;
	s.ends = NEW_N(tmp, double, a->n_ends);
	want = (struct quick_want){ .spans = a->spans, .trade_from = d->opt.trade_from,
				    .ends = a->ends, .n_ends = a->n_ends,
				    .at_ends = s.ends, .room = a->room };
	*ret = s;
	ret->q = quick_new(tmp, s.vm, &a->rules, &want, &ret->trades);
	bt_fold_init(&ret->fold, a->rules.initial_capital);
	return true;
}

static int block(struct sides *a, struct side *s, const struct bars *b, struct err *err)
{
	bool lost = false;
	int rc = script_block(s->vm, b, err);

	if (rc == 0 && s->on)
		rc = quick_block(s->q, b, a->path ? a->equity : NULL, NULL, &lost, err);
	else
		script_pass(s->vm);	/* others may read its columns */
	if (rc == 0 && lost) {
		s->on = false;
		script_pass(s->vm);
	}
	if (rc < 0 || !s->on)
		return rc;
	bt_fold_trades(&s->fold, s->trades.v, s->trades.n);
	s->trades.n = 0;
	if (a->path)
		bt_path_add(&s->fold.path, a->equity, b->n);
	return 0;
}

static int blocks(struct sides *a, size_t n, struct err *err)
{
	struct bars b;

	for (size_t at = 0; at < a->bars.n; at += b.n) {
		size_t left = a->bars.n - at;
		int rc = a->d->opt.progress == NULL ? 0 :
			a->d->opt.progress(a->d->opt.ctx, at, a->bars.n);

		b = bars_slice(&a->bars, at, left < SCRIPT_BLOCK ? left : SCRIPT_BLOCK);
		for (size_t i = 0; i < n && rc == 0; i++)
			if (a->v[i].vm != NULL)
				rc = block(a, &a->v[i], &b, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static void end(struct sides *a, struct side *s, struct opt_trial *ret)
{
	quick_finish(s->q);
	bt_fold_trades(&s->fold, s->trades.v, s->trades.n);
	s->fold.held = quick_held(s->q);
	bt_returns(s->ends, a->n_ends, a->rules.initial_capital);
	returns_of(&ret->returns, s->ends, a->n_ends);
	bt_fold_end(&s->fold, &a->bars, quick_equity(s->q), s->ends, a->n_ends,
		    &ret->stats);
	opt_score(a->s, ret);
}

/* Those that could be done have their numbers in `done`. */
static int side_by_side(struct arena *out, struct sides *a, size_t n,
			struct opt_trial *ret, bool *done, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, out) {
		struct script_group *g = script_group_new(tmp);

		if (!begin(tmp, a) || !a->days)
			return 0;
		a->v = NEW_N(tmp, struct side, n);
		for (size_t i = 0; i < n; i++) {
			if (!side_new(tmp, a, g, ret[i].inputs, &a->v[i]))
				a->v[i] = (struct side){ 0 };
			else
				done[i] = true;
			if (i == 0 && !done[0])
				return 0;
		}
		rc = blocks(a, n, err);
		for (size_t i = 0; i < n && rc == 0; i++) {
			done[i] = done[i] && a->v[i].on;
			if (done[i])
				end(a, &a->v[i], &ret[i]);
		}
	}
	return rc;
}

static int batch(struct arena *out, const struct opt_data *d, const struct opt_spec *s,
		 const struct opt_fold *f, size_t fold, const struct opt_point *v, size_t n,
		 struct opt_trial *ret, struct err *err)
{
	struct sides a = { .d = d, .s = s, .f = f };
	bool done[SIDE_BY_SIDE] = { false };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		ret[i] = (struct opt_trial){ .fold = fold, .number = v[i].number,
					     .score = NAN };
		rc = opt_point_text(out, s, v[i].point, &ret[i].inputs, err);
	}
	if (rc == 0 && n > 1)
		rc = side_by_side(out, &a, n, ret, done, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		if (!done[i])
			rc = opt_eval(out, d, s, f, fold, v[i].number, v[i].point,
				      &ret[i], err);
	return rc;
}

int opt_eval_many(struct arena *out, const struct opt_data *d, const struct opt_spec *s,
		  const struct opt_fold *f, size_t fold, const struct opt_point *v, size_t n,
		  struct opt_trial *ret, struct err *err)
{
	int rc = 0;

	for (size_t i = 0, m; i < n && rc == 0; i += m) {
		m = n - i < SIDE_BY_SIDE ? n - i : SIDE_BY_SIDE;
		rc = batch(out, d, s, f, fold, v + i, m, ret + i, err);
	}
	return rc;
}
