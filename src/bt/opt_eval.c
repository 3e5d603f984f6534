#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/opt.h"
#include "bt/opt_run_i.h"

#define DAY_MS INT64_C(86400000)
#define DAYS_LEAST 60

/* One trial: a backtest with these inputs, and what is kept of it. */

bool opt_in_days(int64_t span)
{
	return span / DAY_MS >= DAYS_LEAST;
}

size_t opt_returns(struct arena *out, const struct bt_result *r, double **ret,
		   double *ret_year)
{
	const struct bars *b = &r->bars;
	double *v, last = r->rules.initial_capital;
	int64_t span = b->t[b->n - 1] - b->t[0], end = INT64_MIN;
	bool days = opt_in_days(span);
	size_t n = 0;

	v = NEW_N(out, double, days && (uint64_t)(span / DAY_MS) + 2 < b->n ?
		  (size_t)(span / DAY_MS) + 2 : b->n);
	for (size_t i = 0; i < b->n; i++) {
		if (b->t[i] >= end)	/* of the day that bar i is in */
			end = (b->t[i] / DAY_MS + 1) * DAY_MS;
		if (days && i + 1 < b->n && b->t[i + 1] < end)
			continue;
		v[n++] = last > 0 ? r->equity[i] / last - 1 : 0;
		last = r->equity[i];
	}
	*ret = v;
	*ret_year = days || span <= 0 ? 365 :
		(double)b->n / ((double)span / (365.0 * (double)DAY_MS));
	return n;
}

/* Another fold has other bars: what was shared is of no use any more. */
static struct script_share *share_of(struct opt_share *s, const struct bars *bars)
{
	if (s == NULL)
		return NULL;
	if (s->s == NULL || !script_share_fits(s->s, bars)) {
		arena_reset(s->a);
		s->s = script_share_new(s->a, bars, s->memory);
	}
	return s->s;
}

int opt_bind(struct arena *tmp, const struct opt_data *d, const char *inputs,
	     struct script_binding *b, struct err *err)
{
	const struct json *j;
	int rc = script_bind_json(b, d->inputs, err);

	if (rc == 0)
		rc = json_parse(tmp, inputs, strlen(inputs), &j, err);
	return rc == 0 ? script_bind_json(b, j, err) : rc;
}

int opt_run(struct arena *out, const struct opt_data *d, const char *inputs,
	    size_t from, size_t to, size_t test, struct bt_result *ret,
	    struct err *err)
{
	struct script_binding *b = script_bind(out, d->prog);
	struct bars bars = bars_slice(&d->bars, from, to - from);
	struct bt_options opt = d->opt;
	int rc = opt_bind(out, d, inputs, b, err);

	if (test > from && bars.t[test - from] > opt.trade_from)
		opt.trade_from = bars.t[test - from];
	opt.limits.share = test == from ? share_of(d->share, &bars) : NULL;
	if (rc == 0)
		rc = bt_run(out, d->prog, b, &d->market, &bars, &opt, ret, err);
	if (rc != 0 || test == from)
		return rc;
	/* What was before only fed the strategy. */
	ret->bars = bars_slice(&bars, test - from, to - test);
	ret->equity += test - from;
	ret->position += test - from;
	return 0;
}

static bool keeps(const struct opt_spec *s, const struct bt_stats *st)
{
	for (size_t i = 0; i < s->n_limits; i++) {
		const struct opt_limit *l = &s->limits[i];
		double v = bt_stat(st, l->metric);

		if (!(l->least ? v >= l->value : v <= l->value))
			return false;
	}
	return true;
}

bool opt_wants(const struct opt_spec *s, const char *metric)
{
	bool wants = s->n_metrics == 0 || strcmp(s->objective, metric) == 0;

	for (size_t i = 0; i < s->n_metrics; i++)
		wants = wants || strcmp(s->metrics[i], metric) == 0;
	for (size_t i = 0; i < s->n_limits; i++)
		wants = wants || strcmp(s->limits[i].metric, metric) == 0;
	return wants;
}

void opt_score(const struct opt_spec *s, struct opt_trial *t)
{
	double v = bt_stat(&t->stats, s->objective);

#define X(n) if (s->n_metrics > 0 && !opt_wants(s, #n)) t->stats.n = NAN;
	BT_STATS(X)
#undef X

	t->kept = keeps(s, &t->stats);
	t->score = !t->kept || isinf(v) ? NAN : s->minimise ? -v : v;
}

int opt_point_text(struct arena *out, const struct opt_spec *s, const double *point,
		   const char **ret, struct err *err)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, 1 << 16);
	jw_init(&w, &b);
	opt_point_json(&w, s, point);
	*ret = sbuf_finish(&b);
	return *ret != NULL ? 0 : FAIL(err, E_TOOBIG, "the inputs are too long");
}

int opt_eval(struct arena *out, const struct opt_data *d, const struct opt_spec *s,
	     const struct opt_fold *f, size_t fold, size_t number,
	     const double *point, struct opt_trial *ret, struct err *err)
{
	struct opt_trial t = { .fold = fold, .number = number, .score = NAN };
	int rc = opt_point_text(out, s, point, &t.inputs, err);

	if (rc < 0)
		return rc;
	SCOPE(tmp, out) {
		struct bt_result r;
		struct err why;
		double *v, year;
		size_t n;

		rc = opt_run(tmp, d, t.inputs, f->train, f->train_end, f->train, &r,
			     &why);
		if (rc == -E_INVAL || rc == -E_LIMIT) {
			/* With these inputs it cannot run: that is an answer. */
			t.error = arena_strdup(out, why.msg);
			opt_no_stats(&t.stats);
			rc = 0;
		} else if (rc == 0) {
			bt_stats(&t.stats, &r);
			n = opt_returns(tmp, &r, &v, &year);
			returns_of(&t.returns, v, n);
			opt_score(s, &t);
		} else if (rc < 0 && err != NULL) {
			*err = why;
		}
	}
	if (rc == 0)
		*ret = t;
	return rc;
}

bool opt_better(const struct opt_trial *a, const struct opt_trial *b)
{
	if (isnan(b->score))
		return false;
	return isnan(a->score) || b->score > a->score ||
		(b->score == a->score && b->number < a->number);
}

/* --- as text -------------------------------------------------------------------- */

void opt_no_stats(struct bt_stats *s)
{
#define X(n) s->n = NAN;
	BT_STATS(X)
#undef X
}

void opt_metrics_write(struct jw *w, const struct bt_stats *s)
{
	jw_obj(w);
#define X(n) jw_kf64(w, #n, s->n);
	BT_STATS(X)
#undef X
	jw_obj_end(w);
}

static double num(const struct json *obj, const char *key)
{
	double v;

	return json_f64(json_get(obj, key), &v) ? v : NAN;
}

void opt_metrics_read(const struct json *j, struct bt_stats *ret)
{
#define X(n) ret->n = num(j, #n);
	BT_STATS(X)
#undef X
}

void opt_returns_write(struct jw *w, const struct returns *r)
{
	const double v[] = { r->n, r->mean, r->sd, r->skew, r->kurtosis, r->slice_n };

	jw_arr(w);
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		jw_f64(w, v[i]);
	for (size_t i = 0; i < OVERFIT_SLICES; i++) {
		jw_f64(w, r->slice[i].sum);
		jw_f64(w, r->slice[i].sum2);
	}
	jw_arr_end(w);
}

bool opt_returns_read(const struct json *j, struct returns *ret)
{
	double v[6 + 2 * OVERFIT_SLICES];

	if (json_type(j) != JSON_ARR || json_len(j) != ARRAY_LEN(v))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		if (!json_f64(json_at(j, i), &v[i]))
			v[i] = NAN;
	*ret = (struct returns){ .n = v[0], .mean = v[1], .sd = v[2], .skew = v[3],
				 .kurtosis = v[4], .slice_n = v[5] };
	for (size_t i = 0; i < OVERFIT_SLICES; i++) {
		ret->slice[i].sum = v[6 + 2 * i];
		ret->slice[i].sum2 = v[7 + 2 * i];
	}
	return true;
}

void opt_trial_write(struct jw *w, const struct opt_trial *t)
{
	jw_obj(w);
	jw_ku64(w, "fold", t->fold);
	jw_ku64(w, "number", t->number);
	jw_key(w, "inputs");
	jw_raw(w, t->inputs, strlen(t->inputs));
	jw_kf64(w, "score", t->score);
	jw_kbool(w, "kept", t->kept);
	jw_kstr(w, "error", t->error);
	jw_key(w, "metrics");
	opt_metrics_write(w, &t->stats);
	jw_key(w, "returns");
	opt_returns_write(w, &t->returns);
	jw_obj_end(w);
}

int opt_trial_read(struct arena *out, const struct json *j, struct opt_trial *ret,
		   struct err *err)
{
	struct opt_trial t = { 0 };
	uint64_t fold, number;
	struct sbuf b;
	struct str why;
	struct jw w;

	if (!json_u64(json_get(j, "fold"), &fold) ||
	    !json_u64(json_get(j, "number"), &number) ||
	    !json_bool(json_get(j, "kept"), &t.kept) ||
	    json_type(json_get(j, "inputs")) != JSON_OBJ ||
	    json_type(json_get(j, "metrics")) != JSON_OBJ ||
	    !opt_returns_read(json_get(j, "returns"), &t.returns))
		return FAIL(err, E_INVAL, "is no trial");
	t.fold = fold;
	t.number = number;
	t.score = num(j, "score");
	if (json_str(json_get(j, "error"), &why))
		t.error = str_dup(out, why);
	opt_metrics_read(json_get(j, "metrics"), &t.stats);
	sbuf_init(&b, out, 1 << 16);
	jw_init(&w, &b);
	jw_json(&w, json_get(j, "inputs"));
	t.inputs = sbuf_finish(&b);
	if (t.inputs == NULL)
		return FAIL(err, E_TOOBIG, "the inputs are too long");
	*ret = t;
	return 0;
}
