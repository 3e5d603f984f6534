#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/layer_i.h"

/* Multi-head self-attention with what belongs around it:
 *
 *	y = x + wo attend(wqkv norm(x))
 *
 * gamma, beta; wqkv [c][3c] (queries, keys, values; head after head within
 * each), bqkv; wo [c][c], bo.  Every step sees every step of its window: all of
 * them are past. */

struct parts {			/* of the cache, or of tmp */
	real *stat, *h;		/* rows: statistics, norm(x) */
	real *qkv, *o;		/* rows: 3c, c */
	real *p;		/* [b][heads][t][t] weights of attention */
};

static size_t parts_size(const struct layer *l, size_t b, size_t kept)
{
	return l->t * b * (2 + 5 * l->c) + kept * l->t * l->t;
}

static struct parts parts_of(const struct layer *l, size_t b, real *at)
{
	size_t rows = l->t * b;
	struct parts p = { .stat = at };

	p.h = p.stat + 2 * rows;
	p.qkv = p.h + rows * l->c;
	p.o = p.qkv + rows * 3 * l->c;
	p.p = p.o + rows * l->c;
	return p;
}

static size_t attn_cache(const struct layer *l, size_t b)
{
	return parts_size(l, b, b * l->heads);
}

/* Forward: one head's weights, its keys transposed.  Way back: gradients of o,
 * h and qkv, of one head's weights, a transposed piece of a head, wqkv. */
static size_t attn_tmp(const struct layer *l, size_t b)
{
	size_t head = l->t * l->c / l->heads;
	size_t f = parts_size(l, b, 1) + head;
	size_t w = l->t * b * 5 * l->c + l->t * l->t + head + 3 * l->c * l->c;

	return f > w ? f : w;
}

static void softmax_rows(const struct ml_kern *k, size_t rows, size_t n, real *p)
{
	for (size_t i = 0; i < rows; i++, p += n) {
		real max = p[0], sum = 0;

		for (size_t j = 1; j < n; j++)
			max = p[j] > max ? p[j] : max;
		k->exp(n, p, max, p);
		for (size_t j = 0; j < n; j++)
			sum += p[j];
		for (size_t j = 0; j < n; j++)
			p[j] /= sum;
	}
}

/* to [n][t] = a head's columns of one sample, rows `step` apart */
static void head_transpose(size_t t, size_t n, const real *from, size_t step,
			   real *to)
{
	for (size_t i = 0; i < t; i++)
		for (size_t j = 0; j < n; j++)
			to[j * t + i] = from[i * step + j];
}

/* Weights of attention and their sum of values, for one head. */
static void head_forward(const struct layer *l, const struct layer_run *r,
			 const real *qkv, real *p, real *kt, real *o)
{
	size_t n = l->c / l->heads, row = 3 * l->c * r->b, t = l->t;
	real scale = 1 / (real)sqrt((double)n);

	head_transpose(t, n, qkv + l->c, row, kt);
	for (size_t i = 0; i < n * t; i++)
		kt[i] *= scale;
	r->k->gemm(t, t, n, qkv, row, 1, kt, t, NULL, 0, p, t);
	softmax_rows(r->k, t, t, p);
	r->k->gemm(t, n, t, p, t, 1, qkv + 2 * l->c, row, NULL, 0, o,
		   l->c * r->b);
}

static void attn_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	size_t rows = l->t * r->b, c = l->c, n = c / l->heads;
	struct parts p = parts_of(l, r->b, r->keep ? r->cache : r->tmp);
	real *kt = r->keep ? r->tmp : p.p + l->t * l->t, *w = p.p;

	ln_forward(rows, c, x, r->w[0], r->w[1], p.stat, p.h);
	lin_forward(r->k, rows, c, 3 * c, p.h, r->w[2], r->w[3], p.qkv);
	for (size_t s = 0; s < r->b; s++) {
		for (size_t i = 0; i < l->heads; i++) {
			head_forward(l, r, p.qkv + s * 3 * c + i * n, w, kt,
				     p.o + s * c + i * n);
			w += r->keep ? l->t * l->t : 0;
		}
	}
	lin_forward(r->k, rows, c, c, p.o, r->w[4], r->w[5], y);
	for (size_t i = 0; i < rows * c; i++)
		y[i] += x[i];
}

/* dp, of the weights, becomes that of the scores. */
static void softmax_back(size_t rows, size_t n, const real *p, real *dp)
{
	for (size_t i = 0; i < rows; i++, p += n, dp += n) {
		real dot = 0;

		for (size_t j = 0; j < n; j++)
			dot += p[j] * dp[j];
		for (size_t j = 0; j < n; j++)
			dp[j] = p[j] * (dp[j] - dot);
	}
}

static void head_backward(const struct layer *l, const struct layer_run *r,
			  const real *qkv, const real *p, const real *d_o,
			  real *dp, real *tr, real *dqkv)
{
	size_t c = l->c, n = c / l->heads, row = 3 * c * r->b, t = l->t;
	size_t orow = c * r->b;
	real scale = 1 / (real)sqrt((double)n);

	head_transpose(t, n, qkv + 2 * c, row, tr);	/* values */
	r->k->gemm(t, t, n, d_o, orow, 1, tr, t, NULL, 0, dp, t);
	r->k->gemm(t, n, t, p, 1, t, d_o, orow, NULL, 0, dqkv + 2 * c, row);
	softmax_back(t, t, p, dp);
	for (size_t i = 0; i < t * t; i++)
		dp[i] *= scale;
	r->k->gemm(t, n, t, dp, t, 1, qkv + c, row, NULL, 0, dqkv, row);
	r->k->gemm(t, n, t, dp, 1, t, qkv, row, NULL, 0, dqkv + c, row);
}

static void attn_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	size_t rows = l->t * r->b, c = l->c, n = c / l->heads;
	struct parts p = parts_of(l, r->b, r->cache);
	real *d_o = r->tmp, *dh = d_o + rows * c, *dqkv = dh + rows * c;
	real *dp = dqkv + rows * 3 * c, *tr = dp + l->t * l->t;
	real *wt = tr + l->t * n;
	const real *w = p.p;
	bool g = r->g != NULL;

	(void)y;
	lin_backward(r->k, rows, c, c, p.o, r->w[4], dy, g ? r->g[4] : NULL,
		     g ? r->g[5] : NULL, d_o, wt);
	for (size_t s = 0; s < r->b; s++) {
		for (size_t i = 0; i < l->heads; i++, w += l->t * l->t) {
			size_t at = s * 3 * c + i * n;

			head_backward(l, r, p.qkv + at, w, d_o + s * c + i * n,
				      dp, tr, dqkv + at);
		}
	}
	lin_backward(r->k, rows, c, 3 * c, p.h, r->w[2], dqkv,
		     g ? r->g[2] : NULL, g ? r->g[3] : NULL, dh, wt);
	if (dx != NULL)
		memcpy(dx, dy, rows * c * sizeof(*dx));
	ln_backward(rows, c, x, r->w[0], p.stat, dh, g ? r->g[0] : NULL,
		    g ? r->g[1] : NULL, true, dx);
}

const struct layer_op layer_attention = {
	.name = "attention", .cache = attn_cache, .tmp = attn_tmp,
	.forward = attn_forward, .backward = attn_backward,
};
