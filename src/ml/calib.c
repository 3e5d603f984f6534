#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/calib.h"

#define LEAST 50		/* samples; with fewer nothing is fitted */
#define P_LEAST 1e-6

const char *ml_calib_name(enum ml_calib_kind k)
{
	switch (k) {
#define X(id, name) case ML_CALIB_##id: return name;
	ML_CALIBS(X)
#undef X
	}
	assert(false);
	return NULL;
}

bool ml_calib_parse(struct str name, enum ml_calib_kind *ret)
{
#define X(id, text)							\
	if (str_eqc(name, text)) {					\
		*ret = ML_CALIB_##id;					\
		return true;						\
	}
	ML_CALIBS(X)
#undef X
	return false;
}

/* ---- temperature ------------------------------------------------------------ */

static void heat(const float *p, double t, double ret[ML_ACTIONS])
{
	double sum = 0;

	for (size_t k = 0; k < ML_ACTIONS; k++) {
		ret[k] = pow(fmax((double)p[k], P_LEAST), 1 / t);
		sum += ret[k];
	}
	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret[k] /= sum;
}

static double loss_at(const float *p, const uint8_t *cls, size_t n, double t)
{
	double sum = 0, q[ML_ACTIONS];

	for (size_t i = 0; i < n; i++) {
		heat(p + i * ML_ACTIONS, t, q);
		sum -= log(fmax(q[cls[i]], 1e-300));
	}
	return sum / (double)n;
}

/* The loss has one valley in ln T: golden section over 0.05 .. 20. */
static double best_temperature(const float *p, const uint8_t *cls, size_t n)
{
	static const double g = 0.6180339887498949;
	double lo = log(0.05), hi = log(20), a = hi - g * (hi - lo), b = lo + g * (hi - lo);
	double fa = loss_at(p, cls, n, exp(a)), fb = loss_at(p, cls, n, exp(b));

	while (hi - lo > 1e-6) {
		if (fa <= fb) {
			hi = b;
			b = a;
			fb = fa;
			a = hi - g * (hi - lo);
			fa = loss_at(p, cls, n, exp(a));
		} else {
			lo = a;
			a = b;
			fa = fb;
			b = lo + g * (hi - lo);
			fb = loss_at(p, cls, n, exp(b));
		}
	}
	return exp((lo + hi) / 2);
}

/* ---- platt ------------------------------------------------------------------- */

#define FREE 3			/* slope, bias of buy, bias of sell; hold's is 0 */

static void squash(const float *p, const double v[FREE], double ret[ML_ACTIONS])
{
	double z[ML_ACTIONS], most = -INFINITY, sum = 0;

	for (size_t k = 0; k < ML_ACTIONS; k++) {
		z[k] = v[0] * log(fmax((double)p[k], P_LEAST)) +
		       (k == ML_BUY ? v[1] : k == ML_SELL ? v[2] : 0);
		most = fmax(most, z[k]);
	}
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		ret[k] = exp(z[k] - most);
		sum += ret[k];
	}
	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret[k] /= sum;
}

/* Gradient and Hessian of the summed loss. */
static void slopes(const float *p, const uint8_t *cls, size_t n, const double v[FREE],
		   double g[FREE], double h[FREE][FREE])
{
	memset(g, 0, FREE * sizeof(*g));
	memset(h, 0, FREE * sizeof(*h));
	for (size_t i = 0; i < n; i++) {
		const float *pi = p + i * ML_ACTIONS;
		double q[ML_ACTIONS], d[ML_ACTIONS][FREE] = { { 0 } }, mean[FREE] = { 0 };

		squash(pi, v, q);
		d[ML_BUY][1] = d[ML_SELL][2] = 1;
		for (size_t k = 0; k < ML_ACTIONS; k++) {
			d[k][0] = log(fmax((double)pi[k], P_LEAST));
			for (size_t a = 0; a < FREE; a++)
				mean[a] += q[k] * d[k][a];
		}
		for (size_t a = 0; a < FREE; a++) {
			g[a] += mean[a] - d[cls[i]][a];
			for (size_t b = 0; b < FREE; b++)
				for (size_t k = 0; k < ML_ACTIONS; k++)
					h[a][b] += q[k] * (d[k][a] - mean[a]) *
						   (d[k][b] - mean[b]);
		}
	}
}

/* h x = g by elimination; h is positive definite (a ridge sees to it). */
static void solve(double h[FREE][FREE], double g[FREE])
{
	for (size_t i = 0; i < FREE; i++)
		for (size_t j = i + 1; j < FREE; j++) {
			double f = h[j][i] / h[i][i];

			for (size_t k = i; k < FREE; k++)
				h[j][k] -= f * h[i][k];
			g[j] -= f * g[i];
		}
	for (size_t i = FREE; i-- > 0; ) {
		for (size_t k = i + 1; k < FREE; k++)
			g[i] -= h[i][k] * g[k];
		g[i] /= h[i][i];
	}
}

static double squash_loss(const float *p, const uint8_t *cls, size_t n,
			  const double v[FREE])
{
	double sum = 0, q[ML_ACTIONS];

	for (size_t i = 0; i < n; i++) {
		squash(p + i * ML_ACTIONS, v, q);
		sum -= log(fmax(q[cls[i]], 1e-300));
	}
	return sum;
}

/* The frequencies alone: what is left of a model that knows less than nothing. */
static void only_frequencies(const uint8_t *cls, size_t n, double v[FREE])
{
	double count[ML_ACTIONS] = { 0.5, 0.5, 0.5 };

	for (size_t i = 0; i < n; i++)
		count[cls[i]]++;
	v[0] = 0;
	v[1] = log(count[ML_BUY] / count[ML_HOLD]);
	v[2] = log(count[ML_SELL] / count[ML_HOLD]);
}

static void fit_platt(const float *p, const uint8_t *cls, size_t n, struct ml_calib *ret)
{
	double v[FREE] = { 1, 0, 0 }, loss = squash_loss(p, cls, n, v);

	for (int turn = 0; turn < 50; turn++) {	/* Newton, halved until it helps */
		double g[FREE], h[FREE][FREE], next[FREE], step = 1, now = loss;

		slopes(p, cls, n, v, g, h);
		for (size_t a = 0; a < FREE; a++)
			h[a][a] += 1e-6 * (double)n;
		solve(h, g);
		for (int cut = 0; cut < 30 && now >= loss; cut++, step /= 2) {
			for (size_t a = 0; a < FREE; a++)
				next[a] = v[a] - step * g[a];
			now = squash_loss(p, cls, n, next);
		}
		if (now >= loss)
			break;
		memcpy(v, next, sizeof(v));
		if (loss - now < 1e-10 * loss) {
			loss = now;
			break;
		}
		loss = now;
	}
	if (v[0] < 0)
		only_frequencies(cls, n, v);
	ret->slope = v[0];
	ret->bias[ML_BUY] = v[1];
	ret->bias[ML_SELL] = v[2];
}

/* ---- isotonic ----------------------------------------------------------------- */

struct point { float x; float y; };

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

struct pool { double x0, x1, y, n; };

/* Neighbours that fall are made one, until none falls. */
static size_t pool_violators(struct point *v, size_t n, struct pool *ret)
{
	size_t m = 0;

	qsort(v, n, sizeof(*v), by_x);
	for (size_t i = 0; i < n; ) {
		struct pool p = { (double)v[i].x, (double)v[i].x, 0, 0 };

		for (; i < n && (double)v[i].x <= p.x0; i++) {	/* equal x: one point */
			p.y += (double)v[i].y;
			p.n++;
		}
		p.y /= p.n;
		ret[m++] = p;
		while (m > 1 && ret[m - 2].y >= ret[m - 1].y) {
			struct pool *a = &ret[m - 2], *b = &ret[m - 1];

			a->y = (a->y * a->n + b->y * b->n) / (a->n + b->n);
			a->n += b->n;
			a->x1 = b->x1;
			m--;
		}
	}
	return m;
}

static void fit_isotonic(struct arena *out, const float *p, const uint8_t *cls,
			 size_t n, struct ml_calib *ret)
{
	for (size_t k = 0; k < ML_ACTIONS; k++) SCOPE(tmp, out) {
		struct point *v = NEW_N(tmp, struct point, n);
		struct pool *pool = NEW_N(tmp, struct pool, n);
		float *x, *y;
		size_t m, w = 0;

		for (size_t i = 0; i < n; i++)
			v[i] = (struct point){ p[i * ML_ACTIONS + k], cls[i] == k ? 1.0f : 0.0f };
		m = pool_violators(v, n, pool);
		x = NEW_N(out, float, 2 * m);
		y = NEW_N(out, float, 2 * m);
		for (size_t i = 0; i < m; i++) {	/* both ends of each step */
			x[w] = (float)pool[i].x0;
			y[w++] = (float)pool[i].y;
			if (pool[i].x1 > pool[i].x0) {
				x[w] = (float)pool[i].x1;
				y[w++] = (float)pool[i].y;
			}
		}
		ret->points[k] = (uint32_t)w;
		ret->x[k] = x;
		ret->y[k] = y;
	}
}

static double along(const float *x, const float *y, uint32_t n, double v)
{
	uint32_t lo = 0, hi = n - 1;

	if (v <= (double)x[0])
		return (double)y[0];
	if (v >= (double)x[n - 1])
		return (double)y[n - 1];
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if ((double)x[mid] <= v)
			lo = mid;
		else
			hi = mid;
	}
	return (double)y[lo] + ((double)y[hi] - (double)y[lo]) * (v - (double)x[lo]) /
			       ((double)x[hi] - (double)x[lo]);
}

void ml_calib_fit(struct arena *out, enum ml_calib_kind k, const float *p,
		  const uint8_t *cls, size_t n, struct ml_calib *ret)
{
	*ret = (struct ml_calib){ .kind = ML_CALIB_NONE, .temperature = 1 };
	if (n < LEAST)
		return;
	switch (k) {
	case ML_CALIB_NONE:
	case ML_CALIB_NORMAL:
		return;
	case ML_CALIB_TEMPERATURE:
		ret->temperature = best_temperature(p, cls, n);
		break;
	case ML_CALIB_PLATT:
		fit_platt(p, cls, n, ret);
		break;
	case ML_CALIB_ISOTONIC:
		fit_isotonic(out, p, cls, n, ret);
		break;
	}
	ret->kind = k;
}

/* ---- a return -------------------------------------------------------------------- */

void ml_calib_fit_normal(const float *r, const float *came, size_t n,
			 double threshold, struct ml_calib *ret)
{
	double mx = 0, my = 0, sxx = 0, sxy = 0, rest = 0;

	*ret = (struct ml_calib){ .kind = ML_CALIB_NORMAL, .temperature = 1, .slope = 1,
				  .sigma = 1, .threshold = threshold };
	if (n < LEAST)
		return;
	for (size_t i = 0; i < n; i++) {
		mx += (double)r[i] / (double)n;
		my += (double)came[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		sxx += ((double)r[i] - mx) * ((double)r[i] - mx);
		sxy += ((double)r[i] - mx) * ((double)came[i] - my);
	}
	/* A model that is wrong the other way round is not turned about. */
	ret->slope = sxx > 0 ? fmax(sxy / sxx, 0) : 0;
	ret->offset = my - ret->slope * mx;
	for (size_t i = 0; i < n; i++) {
		double d = (double)came[i] - ret->offset - ret->slope * (double)r[i];

		rest += d * d;
	}
	ret->sigma = fmax(sqrt(rest / (double)n), 1e-9);
}

static double normal_below(double z)
{
	return 0.5 * erfc(-z / M_SQRT2);
}

void ml_calib_apply(const struct ml_calib *c, const float *y,
		    float ret_p[static ML_ACTIONS])
{
	double q[ML_ACTIONS], sum = 0, m;

	switch (c->kind) {
	case ML_CALIB_NONE:
		memcpy(ret_p, y, ML_ACTIONS * sizeof(*ret_p));
		return;
	case ML_CALIB_TEMPERATURE:
		heat(y, c->temperature, q);
		break;
	case ML_CALIB_PLATT:
		squash(y, (const double[FREE]){ c->slope, c->bias[ML_BUY],
						c->bias[ML_SELL] }, q);
		break;
	case ML_CALIB_ISOTONIC:
		for (size_t k = 0; k < ML_ACTIONS; k++)
			q[k] = along(c->x[k], c->y[k], c->points[k], (double)y[k]);
		break;
	case ML_CALIB_NORMAL:
		m = c->offset + c->slope * (double)y[0];
		q[ML_BUY] = normal_below((m - c->threshold) / c->sigma);
		q[ML_SELL] = normal_below((-c->threshold - m) / c->sigma);
		q[ML_HOLD] = 1 - q[ML_BUY] - q[ML_SELL];
		break;
	}
	/* Nothing is impossible: a loss stays finite. */
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		q[k] = fmax(q[k], P_LEAST);
		sum += q[k];
	}
	for (size_t k = 0; k < ML_ACTIONS; k++)
		ret_p[k] = (float)(q[k] / sum);
}
