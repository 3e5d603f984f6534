#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/eval_i.h"

void ml_draws_init(struct ml_draws *d, size_t n, uint32_t block, uint32_t reach,
		   uint32_t draws, uint64_t seed)
{
	uint32_t usual = (uint32_t)ceil(2 * cbrt((double)n));

	if (block == 0)
		block = usual > 2 * reach ? usual : 2 * reach;
	*d = (struct ml_draws){ .n = n, .draws = draws > 0 ? draws : 500,
				.block = block < n ? block : (uint32_t)n };
	rng_seed(&d->r, seed);
}

/* Blocks of neighbours from random places, the end joined to the beginning. */
void ml_draw(struct ml_draws *d, uint16_t *ret_w)
{
	memset(ret_w, 0, d->n * sizeof(*ret_w));
	for (size_t left = d->n; left > 0; ) {
		size_t k = d->block < left ? d->block : left;
		size_t at = (size_t)rng_below(&d->r, d->n);

		for (size_t i = 0; i < k; i++)
			ret_w[at + i < d->n ? at + i : at + i - d->n]++;
		left -= k;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void ml_interval(double *v, size_t n, struct ml_value *ret)
{
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(v[i]))
			v[m++] = v[i];
	ret->low = ret->high = NAN;
	if (m < 20)
		return;
	qsort(v, m, sizeof(*v), by_value);
	ret->low = v[(size_t)floor(0.025 * (double)(m - 1))];
	ret->high = v[(size_t)ceil(0.975 * (double)(m - 1))];
}

struct ml_value ml_paired(const double *a, const double *b, size_t n, uint32_t block,
			  uint32_t draws, uint64_t seed)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("paired", (size_t)1 << 30);
	uint16_t *w = NEW_N(tmp, uint16_t, n);
	struct ml_value r = { 0, 0, 0 };
	struct ml_draws d;
	double *mean;

	ml_draws_init(&d, n, block, 0, draws, seed);
	mean = NEW_N(tmp, double, d.draws);
	for (size_t i = 0; i < n; i++)
		r.value += (a[i] - b[i]) / (double)n;
	for (uint32_t k = 0; k < d.draws; k++) {
		ml_draw(&d, w);
		for (size_t i = 0; i < n; i++)
			mean[k] += w[i] * (a[i] - b[i]) / (double)n;
	}
	ml_interval(mean, d.draws, &r);
	return r;
}

/* ---- metrics ------------------------------------------------------------------------ */

double ml_log_loss(const float p[static ML_ACTIONS], uint8_t cls)
{
	return -log(fmax((double)p[cls], 1e-15));
}

/* Equal ones: hold. */
uint8_t ml_said(const float p[static ML_ACTIONS])
{
	return p[ML_BUY] > p[ML_HOLD] && p[ML_BUY] > p[ML_SELL] ? ML_BUY :
	       p[ML_SELL] > p[ML_HOLD] && p[ML_SELL] > p[ML_BUY] ? ML_SELL : ML_HOLD;
}

void ml_signal(const uint8_t *said, const float *next, size_t n, double fee, double *ret)
{
	double pos = 0;

	for (size_t i = 0; i < n; i++) {
		double now = said[i] == ML_BUY ? 1 : said[i] == ML_SELL ? 0 : pos;

		ret[i] = now * (double)next[i] - fee * fabs(now - pos);
		pos = now;
	}
}

struct keyed { float p; uint32_t i; };

static int by_p(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	return x->p != y->p ? (x->p > y->p) - (x->p < y->p) :
	       (x->i > y->i) - (x->i < y->i);
}

static uint32_t *order_of(struct arena *out, const float *p, size_t n, size_t k)
{
	uint32_t *o = NEW_N(out, uint32_t, n);

	SCOPE(tmp, out) {
		struct keyed *v = NEW_N(tmp, struct keyed, n);

		for (size_t i = 0; i < n; i++)
			v[i] = (struct keyed){ p[i * ML_ACTIONS + k], (uint32_t)i };
		qsort(v, n, sizeof(*v), by_p);
		for (size_t i = 0; i < n; i++)
			o[i] = v[i].i;
	}
	return o;
}

void ml_judge(struct arena *out, const struct ml_eval_in *in, const float *p,
	      struct ml_judged *ret)
{
	size_t n = in->n;
	struct ml_judged j = { .n = n, .cls = in->cls, .p = p,
		.said = NEW_N(out, uint8_t, n), .p_said = NEW_N(out, float, n),
		.loss = NEW_N(out, double, n), .brier = NEW_N(out, double, n) };

	for (size_t i = 0; i < n; i++) {
		const float *pi = p + i * ML_ACTIONS;

		j.said[i] = ml_said(pi);
		j.p_said[i] = pi[j.said[i]];
		j.loss[i] = ml_log_loss(pi, in->cls[i]);
		for (size_t k = 0; k < ML_ACTIONS; k++) {
			double d = (double)pi[k] - (in->cls[i] == k);

			j.brier[i] += d * d;
		}
	}
	for (size_t k = 0; k < ML_ACTIONS; k++)
		j.order[k] = order_of(out, p, n, k);
	if (in->next != NULL) {
		j.ret = NEW_N(out, double, n);
		j.net = NEW_N(out, double, n);
		ml_signal(j.said, in->next, n, in->fee, j.ret);
		for (size_t i = 0; i < n; i++)
			j.net[i] = log(fmax(1 + j.ret[i], 1e-12));
	}
	*ret = j;
}

/* Area under the ROC curve: how often one of the class has the higher p than
 * one of the rest, equal ones half.  NaN when one side is empty. */
static double auc(const struct ml_judged *j, const uint16_t *w, size_t k)
{
	const uint32_t *o = j->order[k];
	double below = 0, pos = 0, sum = 0;

	for (size_t i = 0; i < j->n; ) {
		float p = j->p[o[i] * ML_ACTIONS + k];
		double in = 0, out = 0;

		for (; i < j->n && !(j->p[o[i] * ML_ACTIONS + k] > p); i++)
			*(j->cls[o[i]] == k ? &in : &out) += w[o[i]];
		sum += in * (below + out / 2);
		below += out;
		pos += in;
	}
	return pos > 0 && below > 0 ? sum / (pos * below) : NAN;
}

static void measure_confusion(const struct ml_judged *j, const uint16_t *w, double *ret)
{
	double c[ML_ACTIONS][ML_ACTIONS] = { { 0 } }, row[ML_ACTIONS] = { 0 };
	double col[ML_ACTIONS] = { 0 }, hit = 0, n = 0, rc = 0, rr = 0, cc = 0;
	unsigned seen = 0;

	for (size_t i = 0; i < j->n; i++)
		c[j->cls[i]][j->said[i]] += w[i];
	for (size_t a = 0; a < ML_ACTIONS; a++)
		for (size_t b = 0; b < ML_ACTIONS; b++) {
			row[a] += c[a][b];
			col[b] += c[a][b];
		}
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		double precision = col[k] > 0 ? c[k][k] / col[k] : 0;
		double recall = row[k] > 0 ? c[k][k] / row[k] : 0;

		hit += c[k][k];
		n += row[k];
		rc += row[k] * col[k];
		rr += row[k] * row[k];
		cc += col[k] * col[k];
		seen += row[k] > 0;
		ret[ML_M_PRECISION] += precision / ML_ACTIONS;
		ret[ML_M_RECALL] += recall / ML_ACTIONS;
		ret[ML_M_BALANCED] += recall;
		if (precision + recall > 0)
			ret[ML_M_F1] += 2 * precision * recall / (precision + recall) / ML_ACTIONS;
	}
	ret[ML_M_ACCURACY] = hit / n;
	ret[ML_M_BALANCED] /= seen;
	ret[ML_M_MCC] = n * n > cc && n * n > rr ?
		(hit * n - rc) / sqrt((n * n - cc) * (n * n - rr)) : 0;
}

static void measure_means(const struct ml_judged *j, const uint16_t *w, double *ret)
{
	double n = 0, ln = 0, sum = 0, sq = 0, mean;
	double count[ML_BINS] = { 0 }, p[ML_BINS] = { 0 }, hit[ML_BINS] = { 0 };

	for (size_t i = 0; i < j->n; i++) {
		size_t b = (size_t)((double)j->p_said[i] * ML_BINS);

		b = b < ML_BINS ? b : ML_BINS - 1;
		n += w[i];
		ret[ML_M_LOG_LOSS] += w[i] * j->loss[i];
		ret[ML_M_BRIER] += w[i] * j->brier[i];
		count[b] += w[i];
		p[b] += w[i] * (double)j->p_said[i];
		hit[b] += j->cls[i] == j->said[i] ? w[i] : 0;
	}
	ret[ML_M_LOG_LOSS] /= n;
	ret[ML_M_BRIER] /= n;
	for (size_t b = 0; b < ML_BINS; b++)
		ret[ML_M_ECE] += fabs(hit[b] - p[b]) / n;
	ret[ML_M_PROFIT] = ret[ML_M_SHARPE] = NAN;
	if (j->ret == NULL)
		return;
	for (size_t i = 0; i < j->n; i++) {
		ln += w[i] * j->net[i];
		sum += w[i] * j->ret[i];
		sq += w[i] * j->ret[i] * j->ret[i];
	}
	mean = sum / n;
	ret[ML_M_PROFIT] = exp(ln) - 1;
	ret[ML_M_SHARPE] = sq / n - mean * mean > 1e-18 ?
			   mean / sqrt(sq / n - mean * mean) : 0;
}

void ml_measure(const struct ml_judged *j, const uint16_t *w,
		double ret[static ML_METRICS_N])
{
	double area = 0;
	unsigned areas = 0;

	memset(ret, 0, ML_METRICS_N * sizeof(*ret));
	measure_confusion(j, w, ret);
	measure_means(j, w, ret);
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		double a = auc(j, w, k);

		if (!isnan(a)) {
			area += a;
			areas++;
		}
	}
	ret[ML_M_AUC] = areas > 0 ? area / areas : NAN;
}
