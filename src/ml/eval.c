#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/eval_i.h"

const char *ml_metric_name(enum ml_metric m)
{
	static const char *const names[] = {
#define X(id, name, up) name,
		ML_METRICS(X)
#undef X
	};

	assert((unsigned)m < ML_METRICS_N);
	return names[m];
}

bool ml_metric_up(enum ml_metric m)
{
	static const bool up[] = {
#define X(id, name, more) more,
		ML_METRICS(X)
#undef X
	};

	assert((unsigned)m < ML_METRICS_N);
	return up[m];
}

/* All metrics of one guess with their intervals; every guess is drawn alike. */
static void measure(struct arena *tmp, const struct ml_eval_in *in,
		    const struct ml_judged *j, struct ml_value ret[ML_METRICS_N])
{
	uint16_t *w = NEW_N(tmp, uint16_t, in->n);
	double one[ML_METRICS_N], *v;
	struct ml_draws d;

	for (size_t i = 0; i < in->n; i++)
		w[i] = 1;
	ml_measure(j, w, one);
	for (size_t m = 0; m < ML_METRICS_N; m++)
		ret[m].value = one[m];
	ml_draws_init(&d, in->n, in->block, in->reach, in->draws, in->seed);
	v = NEW_N(tmp, double, (size_t)d.draws * ML_METRICS_N);
	for (uint32_t k = 0; k < d.draws; k++) {
		ml_draw(&d, w);
		ml_measure(j, w, one);
		for (size_t m = 0; m < ML_METRICS_N; m++)
			v[m * d.draws + k] = one[m];
	}
	for (size_t m = 0; m < ML_METRICS_N; m++)
		ml_interval(v + m * d.draws, d.draws, &ret[m]);
}

static void tables(const struct ml_judged *j, struct ml_eval *ret)
{
	double p[ML_BINS] = { 0 }, hit[ML_BINS] = { 0 };
	size_t col[ML_ACTIONS] = { 0 };

	for (size_t i = 0; i < j->n; i++) {
		size_t b = (size_t)((double)j->p_said[i] * ML_BINS);

		b = b < ML_BINS ? b : ML_BINS - 1;
		ret->confusion[j->cls[i]][j->said[i]]++;
		col[j->said[i]]++;
		ret->row[j->cls[i]].support++;
		ret->bin[b].n++;
		p[b] += (double)j->p_said[i];
		hit[b] += j->cls[i] == j->said[i];
	}
	for (size_t b = 0; b < ML_BINS; b++) {
		struct ml_bin *bin = &ret->bin[b];

		bin->from = (double)b / ML_BINS;
		bin->to = (double)(b + 1) / ML_BINS;
		bin->mean_p = bin->n > 0 ? p[b] / (double)bin->n : NAN;
		bin->observed = bin->n > 0 ? hit[b] / (double)bin->n : NAN;
	}
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		struct ml_class_row *r = &ret->row[k];
		double right = (double)ret->confusion[k][k];

		r->precision = col[k] > 0 ? right / (double)col[k] : 0;
		r->recall = r->support > 0 ? right / (double)r->support : 0;
		r->f1 = r->precision + r->recall > 0 ?
			2 * r->precision * r->recall / (r->precision + r->recall) : 0;
	}
}

/* The curve at every step of its thresholds, thinned to what a chart shows. */
static void roc(struct arena *tmp, const struct ml_judged *j, size_t k,
		struct ml_roc *ret)
{
	float *x = NEW_N(tmp, float, j->n + 1), *y = NEW_N(tmp, float, j->n + 1);
	const uint32_t *o = j->order[k];
	double pos = 0, neg = 0, in = 0, out = 0, area = 0;
	size_t n = 1, step;

	for (size_t i = 0; i < j->n; i++)
		*(j->cls[i] == k ? &pos : &neg) += 1;
	ret->auc = NAN;
	if (!(pos > 0) || !(neg > 0))
		return;
	for (size_t i = j->n; i > 0; ) {	/* falling thresholds */
		float p = j->p[o[i - 1] * ML_ACTIONS + k];

		for (; i > 0 && !(j->p[o[i - 1] * ML_ACTIONS + k] < p); i--)
			*(j->cls[o[i - 1]] == k ? &in : &out) += 1;
		x[n] = (float)(out / neg);
		y[n] = (float)(in / pos);
		area += ((double)x[n] - (double)x[n - 1]) *
			((double)y[n] + (double)y[n - 1]) / 2;
		n++;
	}
	ret->auc = area;
	step = n > ML_ROC_POINTS ? ML_ROC_POINTS : n;
	for (size_t i = 0; i < step; i++) {
		size_t at = step > 1 ? i * (n - 1) / (step - 1) : 0;

		ret->fpr[i] = x[at];
		ret->tpr[i] = y[at];
	}
	ret->n = step;
}

static void profit(struct arena *out, const struct ml_eval_in *in,
		   const struct ml_judged *j, struct ml_eval *ret)
{
	size_t n = in->n < ML_PROFIT_POINTS ? in->n : ML_PROFIT_POINTS, at = 0;
	double model = 1, hold = 1 - in->fee;

	if (in->next == NULL)
		return;
	ret->profit.n = n;
	ret->profit.t = NEW_N(out, int64_t, n);
	ret->profit.model = NEW_N(out, double, n);
	ret->profit.buy_hold = NEW_N(out, double, n);
	for (size_t i = 0; i < in->n; i++) {
		model *= 1 + j->ret[i];
		hold *= 1 + (double)in->next[i];
		if (i == (at + 1) * in->n / n - 1) {
			ret->profit.t[at] = in->t[i];
			ret->profit.model[at] = model;
			ret->profit.buy_hold[at++] = hold;
		}
	}
}

/* The plain sentence.  The strictest baseline is the one with the lowest loss. */
static void judge_all(struct arena *out, struct ml_eval *e)
{
	const struct ml_value *own = &e->metric[ML_M_LOG_LOSS];
	const struct ml_value *p = &e->metric[ML_M_PROFIT];
	const struct ml_baseline *hard = NULL;
	const char *money = "";

	e->better = e->n_baselines > 0;
	for (size_t i = 0; i < e->n_baselines; i++) {
		const struct ml_baseline *b = &e->baseline[i];

		if (!(b->gain.value > 0 && b->gain.low > 0))
			e->better = false;
		if (hard == NULL || b->gain.low < hard->gain.low)
			hard = b;
	}
	if (p->value == 0 && p->low == p->high)
		money = " Its signal never traded.";
	else if (!isnan(p->value))
		money = arena_printf(out, " Its signal after fees: %+.1f %% (%+.1f to %+.1f "
			"%%)%s.", 100 * p->value, 100 * p->low, 100 * p->high,
			p->low > 0 ? "" : p->high < 0 ? ", surely a loss" :
			p->value > 0 ? ", which may be luck" : ", no profit");
	if (hard == NULL) {
		e->verdict = arena_printf(out, "Not compared with any baseline.%s", money);
		return;
	}
	e->verdict = arena_printf(out, "%s the baseline \"%s\": log loss %.4f against %.4f, "
		"difference %+.4f (%+.4f to %+.4f), out of sample on %zu bars.%s",
		e->better ? "Better than" : "Not better than", hard->name, own->value,
		own->value + hard->gain.value, hard->gain.value, hard->gain.low,
		hard->gain.high, e->samples, money);
}

int ml_evaluate(struct arena *out, const struct ml_eval_in *in, struct ml_eval *ret,
		struct err *err)
{
	struct ml_eval e = { .samples = in->n, .n_baselines = in->n_baselines };

	if (in->n < 30)
		return FAIL(err, E_UNPROCESSABLE, "%zu samples are too few to judge a model",
			    in->n);
	assert(in->n_baselines <= ML_BASELINES_MAX);
	SCOPE(tmp, out) {
		struct ml_judged own, other;
		struct ml_draws d;

		ml_judge(tmp, in, in->p, &own);
		measure(tmp, in, &own, e.metric);
		tables(&own, &e);
		for (size_t k = 0; k < ML_ACTIONS; k++)
			roc(tmp, &own, k, &e.roc[k]);
		profit(out, in, &own, &e);
		ml_draws_init(&d, in->n, in->block, in->reach, in->draws, in->seed);
		for (size_t i = 0; i < in->n_baselines; i++) {
			struct ml_baseline *b = &e.baseline[i];

			b->name = in->baseline[i].name;
			ml_judge(tmp, in, in->baseline[i].p, &other);
			measure(tmp, in, &other, b->metric);
			b->gain = ml_paired(other.loss, own.loss, in->n, d.block, d.draws,
					    in->seed);
		}
	}
	judge_all(out, &e);
	*ret = e;
	return 0;
}
