#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/opt_run_i.h"

/* What came of a search: its best, and how much to believe it. */

int opt_folds(struct arena *out, const struct opt_spec *s, size_t n_bars,
	      struct opt_fold **ret, size_t *ret_n, struct err *err)
{
	size_t n = 0, at = s->train;
	struct opt_fold *v;

	if (n_bars < 2)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	if (s->walk == WALK_NONE) {
		*ret = v = NEW(out, struct opt_fold);
		*v = (struct opt_fold){ 0, n_bars, n_bars };
		*ret_n = 1;
		return 0;
	}
	if (n_bars < s->train + s->test)
		return FAIL(err, E_INVAL, "walk-forward needs %zu + %zu bars, and "
			    "there are %zu", s->train, s->test, n_bars);
	v = NEW_N(out, struct opt_fold, (n_bars - s->train) / s->test + 1);
	/* A last test of half the length or more is one; less is left out. */
	while (n_bars - at >= (s->test + 1) / 2 && n_bars > at + 1) {
		size_t end = n_bars - at < s->test ? n_bars : at + s->test;

		v[n++] = (struct opt_fold){
			s->walk == WALK_ANCHORED ? 0 : at - s->train, at, end };
		at = end;
	}
	if (n > 1000)
		return FAIL(err, E_INVAL, "walk-forward of %zu folds: at most 1000, "
			    "with longer tests", n);
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- luck ------------------------------------------------------------------------- */

/* Places of the plateau's axes: 1 is one step, a tenth of the range at least. */
static void coordinates(struct arena *tmp, const struct opt_spec *s,
			const struct opt_trial *t, double *ret)
{
	const struct json *j = NULL;
	struct err err;

	if (json_parse(tmp, t->inputs, strlen(t->inputs), &j, &err) < 0)
		j = NULL;
	for (size_t k = 0; k < s->n_axes; k++) {
		const struct opt_axis *a = &s->axes[k];
		const struct json *v = json_get(j, a->name);
		double x = NAN;
		bool flag;

		if (!a->listed) {
			if (json_f64(v, &x))
				x = (x - a->min) / fmax(fmax(a->step, 1e-300),
							(a->max - a->min) / 10);
		} else {
			struct str text = json_bool(v, &flag) ?
				str_c(flag ? "true" : "false") : json_text(v);

			for (size_t i = 0; i < a->n; i++)
				if (str_eqc(text, a->text[i]))
					x = 2 * (double)i; /* no order: no neighbours */
		}
		ret[k] = x;
	}
}

static double plateau_of(struct arena *tmp, const struct opt_spec *s,
			 const struct opt_trial *v, size_t n, size_t best)
{
	double *xy = NEW_N(tmp, double, n * s->n_axes);
	double *score = NEW_N(tmp, double, n), *p = NEW_N(tmp, double, n);

	for (size_t i = 0; i < n; i++) {
		coordinates(tmp, s, &v[i], xy + i * s->n_axes);
		score[i] = v[i].score;
	}
	plateau_scores(xy, s->n_axes, score, n, p);
	return p[best];
}

static void luck_of(const struct opt_spec *s, const struct opt_trial *v, size_t n,
		    const struct opt_trial *best, struct opt_luck *ret)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("luck", (size_t)4 << 30);
	const struct returns **r = NEW_N(tmp, const struct returns *, n + 1);
	double *sharpes = NEW_N(tmp, double, n + 1);
	struct pbo p;
	size_t k = 0;

	*ret = (struct opt_luck){ NAN, NAN, NAN, NAN, NAN, 0, 0 };
	for (size_t i = 0; i < n; i++)
		if (v[i].error == NULL && v[i].returns.n > 1) {
			r[k] = &v[i].returns;
			sharpes[k++] = returns_sharpe(&v[i].returns);
		}
	ret->trials = k;
	if (overfit_pbo(tmp, r, k, OVERFIT_SLICES, &p)) {
		ret->pbo = p.pbo;
		ret->loss = p.loss;
		ret->ways = p.ways;
	}
	if (best == NULL)
		return;
	ret->deflated = sharpe_deflated(sharpes, k, &best->returns, &ret->benchmark);
	ret->plateau = plateau_of(tmp, s, v, n, (size_t)(best - v));
}

static double median_of(const struct opt_result *r, size_t offset)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("median", 1 << 20);
	double *v = NEW_N(tmp, double, r->n_folds + 1);
	size_t n = 0;

	for (size_t i = 0; i < r->n_folds; i++) {
		double x;

		memcpy(&x, (const char *)&r->folds[i].luck + offset, sizeof(x));
		if (!isnan(x))
			v[n++] = x;
	}
	return quantile(v, n, 0.5);
}

static void luck_of_all(struct opt_result *r)
{
	r->luck = (struct opt_luck){
		.pbo = median_of(r, offsetof(struct opt_luck, pbo)),
		.deflated = median_of(r, offsetof(struct opt_luck, deflated)),
		.plateau = median_of(r, offsetof(struct opt_luck, plateau)),
		.benchmark = median_of(r, offsetof(struct opt_luck, benchmark)),
		.loss = median_of(r, offsetof(struct opt_luck, loss)),
	};
	for (size_t i = 0; i < r->n_folds; i++) {
		r->luck.trials += r->folds[i].luck.trials;
		r->luck.ways += r->folds[i].luck.ways;
	}
}

/* --- the run that is believed: the best, or out of sample -------------------------- */

static void chance_of(const struct bt_result *run, uint64_t seed,
		      struct monte_carlo *ret)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("chance", (size_t)4 << 30);
	double *trades = NEW_N(tmp, double, run->n_trades + 1), *v, year;
	double equity = run->rules.initial_capital;
	size_t n = opt_returns(tmp, run, &v, &year), k = 0;

	for (size_t i = 0; i < run->n_trades; i++) {
		if (run->trades[i].reason == EMU_END)
			continue;
		trades[k++] = equity > 0 ? run->trades[i].t.profit / equity : 0;
		equity += run->trades[i].t.profit;
	}
	monte_carlo(tmp, trades, k, v, n, year, OPT_CHANCES, seed, ret);
}

struct stitch {
	struct bt_result run;
	ARRAY(struct emu_trade) trades;
	size_t at;
	double equity;
	bool begun;
};

static void stitch_nothing(struct stitch *st, size_t n)
{
	for (size_t i = 0; i < n; i++)
		st->run.equity[st->at++] = st->equity;
}

/* The fold's account begins with what the folds before left. */
static void stitch_add(struct arena *out, struct stitch *st,
		       const struct bt_result *r, bool last)
{
	double k = fmax(0, st->equity) / r->rules.initial_capital;	/* 0: ruined */

	for (size_t i = 0; i < r->bars.n; i++, st->at++) {
		st->run.equity[st->at] = r->equity[i] * k;
		st->run.position[st->at] = r->position[i] * k;
	}
	for (size_t i = 0; i < r->n_trades; i++) {
		struct emu_trade *t = array_push(out, &st->trades);

		*t = r->trades[i];
		t->t.size *= k;
		t->t.profit *= k;
		t->t.commission *= k;
		t->t.max_runup *= k;
		t->t.max_drawdown *= k;
		t->t.entry_id = t->t.exit_id = NULL;	/* they go with the run */
		t->t.entry_comment = t->t.exit_comment = NULL;
		/* The next fold starts flat: what is open is closed here. */
		if (t->reason == EMU_END && !last)
			t->reason = EMU_CLOSE;
	}
	st->equity = st->run.equity[st->at - 1];
}

static void begin_stitch(struct stitch *st, const struct bt_result *one)
{
	st->run.rules = one->rules;
	st->run.props = one->props;
	st->equity = one->rules.initial_capital;
	st->begun = true;
	for (size_t k = 0; k < st->at; k++)	/* folds without a best */
		st->run.equity[k] = st->equity;
}

static int test_fold(struct arena *out, const struct opt_data *d,
		     struct opt_result *r, size_t i, struct stitch *st,
		     struct err *err)
{
	struct opt_fold_result *f = &r->folds[i];

	opt_no_stats(&f->test);
	if (f->best == NULL) {
		stitch_nothing(st, f->f.test_end - f->f.train_end);
		return 0;
	}
	/* A run is as long as its training: there may be a thousand. */
	SCOPE(tmp, out) {
		struct bt_result one;
		int rc = opt_run(tmp, d, f->best->inputs, f->f.train,
				 f->f.test_end, f->f.train_end, &one, err);

		if (rc != 0)
			return rc;
		bt_stats(&f->test, &one);
		if (!st->begun)
			begin_stitch(st, &one);
		stitch_add(out, st, &one, i + 1 == r->n_folds);
	}
	return 0;
}

static int walk_on(struct arena *out, const struct opt_data *d,
		   const struct opt_spec *s, struct opt_result *r, struct err *err)
{
	size_t from = r->folds[0].f.train_end;
	size_t to = r->folds[r->n_folds - 1].f.test_end;
	struct stitch st = { 0 };

	st.run.bars = bars_slice(&d->bars, from, to - from);
	st.run.equity = NEW_N(out, double, to - from);
	st.run.position = NEW_N(out, double, to - from);
	for (size_t i = 0; i < r->n_folds; i++) {
		int rc = test_fold(out, d, r, i, &st, err);

		if (rc != 0)
			return rc;
	}
	opt_no_stats(&r->out_of_sample);
	r->walked = true;
	if (!st.begun)
		return 0;		/* no fold has a best */
	st.run.trades = st.trades.v;
	st.run.n_trades = st.trades.n;
	bt_stats(&r->out_of_sample, &st.run);
	chance_of(&st.run, s->seed, &r->chance);
	r->n_equity = to - from;
	r->equity = st.run.equity;
	r->equity_t = st.run.bars.t;
	return 0;
}

int opt_conclude(struct arena *out, const struct opt_data *d,
		 const struct opt_spec *s, const struct opt_trial *v, size_t n,
		 struct opt_result *ret, struct err *err)
{
	struct opt_result r = { .n_trials = n, .t = d->bars.t,
				.end = d->bars.t[d->bars.n - 1] + 1 };
	struct opt_fold *folds;
	size_t at = 0;
	int rc = opt_folds(out, s, d->bars.n, &folds, &r.n_folds, err);

	if (rc < 0)
		return rc;
	monte_carlo(out, NULL, 0, NULL, 0, 365, OPT_CHANCES, 1, &r.chance);
	r.folds = NEW_N(out, struct opt_fold_result, r.n_folds);
	for (size_t i = 0; i < r.n_folds; i++) {
		struct opt_fold_result *f = &r.folds[i];
		size_t end = at;

		f->f = folds[i];
		for (; end < n && v[end].fold == i; end++)
			if (!isnan(v[end].score) &&
			    (f->best == NULL || opt_better(f->best, &v[end])))
				f->best = &v[end];
		luck_of(s, v + at, end - at, f->best, &f->luck);
		opt_no_stats(&f->test);
		if (f->best != NULL)
			r.best = f->best;
		at = end;
	}
	luck_of_all(&r);
	if (s->walk != WALK_NONE) {
		rc = walk_on(out, d, s, &r, err);
	} else if (r.best != NULL) {
		struct bt_result run;

		rc = opt_run(out, d, r.best->inputs, 0, d->bars.n, 0, &run, err);
		if (rc == 0)
			chance_of(&run, s->seed, &r.chance);
	}
	if (rc == 0)
		*ret = r;
	return rc;
}
