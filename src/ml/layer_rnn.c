#include "config.h"

#include <string.h>

#include "ml/layer_i.h"

/* Recurrent layers.  The products with the inputs are made for many steps at
 * once: for all of them in training, for a stretch that stays in the first
 * cache otherwise.  Before the first step state and output are zero, so its
 * product with wh is left out, on both ways.
 *
 * LSTM: wx [in][4h], wh [h][4h], b [4h]; gates i f g o.
 * GRU:  wx [in][3h], wh [h][3h], b [3h], bn [h]; r z n, the reset gate after
 *	 the product (bn is within what it scales). */

#define STRETCH	32		/* rows of a stretch */

struct cell {			/* the parts of the cache */
	real *a;		/* [t][b][g h] gates; LSTM: sums before */
	real *c;		/* LSTM: [t + 1][b][h] states, the first zero */
	real *s;		/* LSTM: tanh(c), GRU: zh + bn; [t][b][h] */
	real *y;		/* [t][b][h], if only the last goes out */
	real *zx;		/* GRU: [t][b][3h] sums before */
};

static size_t steps_of(const struct layer *l, size_t b)
{
	size_t n = b >= STRETCH ? 1 : STRETCH / b;

	return n < l->t ? n : l->t;
}

static struct cell cell_of(const struct layer *l, size_t b, real *cache, size_t g)
{
	size_t n = l->t * b * l->n;
	struct cell c = { .a = cache };

	c.s = c.a + g * n;
	c.y = c.s + n;
	c.c = c.zx = c.y + n;
	return c;
}

static size_t lstm_cache(const struct layer *l, size_t b)
{
	return l->t * b * l->n * 7 + b * l->n;
}

static size_t gru_cache(const struct layer *l, size_t b)
{
	return l->t * b * l->n * 8;
}

/* Outside of training: sums of a stretch, state, outputs before and after.
 * Way back: dh, dc, transposed weights; GRU: gradients of both sums. */
static size_t rnn_tmp(const struct layer *l, size_t b, size_t g)
{
	size_t h = l->n, a = (steps_of(l, b) * g + 3 + g) * b * h;
	size_t w = (h > l->c ? h : l->c) * g * h + 3 * b * h +
		   l->t * b * g * h * (g == 3 ? 2 : 1);

	return a > w ? a : w;
}

static size_t lstm_tmp(const struct layer *l, size_t b)
{
	return rnn_tmp(l, b, 4);
}

static size_t gru_tmp(const struct layer *l, size_t b)
{
	return rnn_tmp(l, b, 3);
}

/* Sums of one step: z = zx + y wh, in place, or zh = y wh for a GRU. */
static void recur(const struct layer *l, const struct layer_run *r, size_t g,
		  size_t t, const real *yp, const real *z, real *out)
{
	size_t h = l->n, w = g * h;

	if (yp != NULL && r->b == 1)
		r->k->vecmat(w, h, yp, r->w[1], z, out, t % 2 != 0);
	else if (yp != NULL)
		r->k->gemm(r->b, w, h, yp, h, 1, r->w[1], w, z, w, out, w);
	else if (z == NULL)
		memset(out, 0, r->b * w * sizeof(*out));
}

/* ---- LSTM --------------------------------------------------------------- */

static void lstm_keep(const struct layer *l, const struct layer_run *r,
		      const real *x, real *y)
{
	size_t h = l->n, bh = r->b * h;
	struct cell c = cell_of(l, r->b, r->cache, 4);
	real *ys = l->last ? c.y : y;

	lin_forward(r->k, l->t * r->b, l->c, 4 * h, x, r->w[0], r->w[2], c.a);
	memset(c.c, 0, bh * sizeof(*c.c));
	for (size_t t = 0; t < l->t; t++) {
		real *a = c.a + t * 4 * bh;

		recur(l, r, 4, t, t > 0 ? ys + (t - 1) * bh : NULL, a, a);
		r->k->lstm(h, r->b, a, a, c.c + t * bh, c.c + (t + 1) * bh,
			   c.s + t * bh, ys + t * bh);
	}
	if (l->last)
		memcpy(y, ys + (l->t - 1) * bh, bh * sizeof(*y));
}

static void lstm_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	size_t h = l->n, bh = r->b * h, most = steps_of(l, r->b);
	real *z = r->tmp, *c = z + most * 4 * bh, *yp = c + bh;

	if (r->keep) {
		lstm_keep(l, r, x, y);
		return;
	}
	memset(c, 0, bh * sizeof(*c));
	for (size_t t = 0; t < l->t; t++) {
		size_t at = t % most, n = l->t - t < most ? l->t - t : most;
		real *yt = l->last ? (t % 2 == 0 ? yp : yp + bh) : y + t * bh;
		const real *ypt = l->last ? (t % 2 == 0 ? yp + bh : yp) :
				  y + t * bh - bh;

		if (at == 0)
			lin_forward(r->k, n * r->b, l->c, 4 * h,
				    x + t * r->b * l->c, r->w[0], r->w[2], z);
		recur(l, r, 4, t, t > 0 ? ypt : NULL, z + at * 4 * bh,
		      z + at * 4 * bh);
		r->k->lstm(h, r->b, z + at * 4 * bh, NULL, c, c, NULL, yt);
	}
	if (l->last)
		memcpy(y, (l->t - 1) % 2 == 0 ? yp : yp + bh, bh * sizeof(*y));
}

/* What comes from above at step t: all of it for a sequence, at the end only
 * for the last. */
static void from_above(const struct layer *l, size_t bh, size_t t,
		       const real *dy, real *dh)
{
	const real *d = !l->last ? dy + t * bh : t + 1 == l->t ? dy : NULL;

	for (size_t i = 0; d != NULL && i < bh; i++)
		dh[i] += d[i];
}

/* Gradients of the weights, from those of the sums. */
static void rnn_weights(const struct layer *l, const struct layer_run *r,
			size_t g, const real *x, const real *ys, const real *dz,
			const real *dzh)
{
	size_t h = l->n, w = g * h, bh = r->b * h;

	r->k->gemm(l->c, w, l->t * r->b, x, 1, l->c, dz, w, r->g[0], w, r->g[0], w);
	if (l->t > 1)
		r->k->gemm(h, w, (l->t - 1) * r->b, ys, 1, h, dzh + g * bh, w,
			   r->g[1], w, r->g[1], w);
	mat_colsum(r->k, l->t * r->b, w, dz, r->g[2]);
}

static void rnn_input(const struct layer *l, const struct layer_run *r, size_t g,
		      const real *dz, real *wt, real *dx)
{
	size_t w = g * l->n;

	if (dx == NULL)
		return;
	mat_transpose(l->c, w, r->w[0], wt);
	r->k->gemm(l->t * r->b, l->c, w, dz, w, 1, wt, l->c, NULL, 0, dx, l->c);
}

static void lstm_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	size_t h = l->n, bh = r->b * h;
	struct cell c = cell_of(l, r->b, r->cache, 4);
	real *dh = r->tmp, *dc = dh + bh, *wt = dc + bh;
	real *dz = wt + (h > l->c ? h : l->c) * 4 * h;

	mat_transpose(h, 4 * h, r->w[1], wt);
	memset(dh, 0, 2 * bh * sizeof(*dh));
	for (size_t t = l->t; t-- > 0; ) {
		real *d = dz + t * 4 * bh;

		from_above(l, bh, t, dy, dh);
		r->k->lstm_back(h, r->b, c.a + t * 4 * bh, c.c + t * bh,
				c.s + t * bh, dh, dc, d);
		if (t > 0)
			r->k->gemm(r->b, h, 4 * h, d, 4 * h, 1, wt, h, NULL, 0,
				   dh, h);
	}
	if (r->g != NULL)
		rnn_weights(l, r, 4, x, l->last ? c.y : y, dz, dz);
	rnn_input(l, r, 4, dz, wt, dx);
}

const struct layer_op layer_lstm = {
	.name = "lstm", .cache = lstm_cache, .tmp = lstm_tmp,
	.forward = lstm_forward, .backward = lstm_backward,
};

/* ---- GRU ---------------------------------------------------------------- */

static void gru_keep(const struct layer *l, const struct layer_run *r,
		     const real *x, real *y)
{
	size_t h = l->n, bh = r->b * h;
	struct cell c = cell_of(l, r->b, r->cache, 3);
	real *ys = l->last ? c.y : y, *zh = r->tmp, *zero = zh + 3 * bh;

	lin_forward(r->k, l->t * r->b, l->c, 3 * h, x, r->w[0], r->w[2], c.zx);
	memset(zero, 0, bh * sizeof(*zero));
	for (size_t t = 0; t < l->t; t++) {
		const real *yp = t > 0 ? ys + (t - 1) * bh : NULL;

		recur(l, r, 3, t, yp, NULL, zh);
		r->k->gru(h, r->b, c.zx + t * 3 * bh, zh, r->w[3],
			  yp != NULL ? yp : zero, c.a + t * 3 * bh,
			  c.s + t * bh, ys + t * bh);
	}
	if (l->last)
		memcpy(y, ys + (l->t - 1) * bh, bh * sizeof(*y));
}

static void gru_forward(const struct layer *l, const struct layer_run *r,
			const real *x, real *y)
{
	size_t h = l->n, bh = r->b * h, most = steps_of(l, r->b);
	real *z = r->tmp, *zh = z + most * 3 * bh, *yp = zh + 3 * bh;

	if (r->keep) {
		gru_keep(l, r, x, y);
		return;
	}
	/* yp, one after the other: zeros before the first step. */
	memset(yp, 0, 2 * bh * sizeof(*yp));
	for (size_t t = 0; t < l->t; t++) {
		size_t at = t % most, n = l->t - t < most ? l->t - t : most;
		real *yt = l->last ? (t % 2 == 0 ? yp : yp + bh) : y + t * bh;
		const real *ypt = l->last || t == 0 ?
				  (t % 2 == 0 ? yp + bh : yp) : y + t * bh - bh;

		if (at == 0)
			lin_forward(r->k, n * r->b, l->c, 3 * h,
				    x + t * r->b * l->c, r->w[0], r->w[2], z);
		recur(l, r, 3, t, t > 0 ? ypt : NULL, NULL, zh);
		r->k->gru(h, r->b, z + at * 3 * bh, zh, r->w[3], ypt, NULL, NULL,
			  yt);
	}
	if (l->last)
		memcpy(y, (l->t - 1) % 2 == 0 ? yp : yp + bh, bh * sizeof(*y));
}

static void gru_backward(const struct layer *l, const struct layer_run *r,
			 const real *x, const real *y, real *dy, real *dx)
{
	size_t h = l->n, bh = r->b * h;
	struct cell c = cell_of(l, r->b, r->cache, 3);
	const real *ys = l->last ? c.y : y;
	real *dh = r->tmp, *dhp = dh + bh, *zero = dhp + bh, *wt = zero + bh;
	real *dz = wt + (h > l->c ? h : l->c) * 3 * h, *dzh = dz + l->t * 3 * bh;

	mat_transpose(h, 3 * h, r->w[1], wt);
	memset(dh, 0, 3 * bh * sizeof(*dh));
	for (size_t t = l->t; t-- > 0; ) {
		real *d = dzh + t * 3 * bh;

		from_above(l, bh, t, dy, dh);
		r->k->gru_back(h, r->b, c.a + t * 3 * bh, c.s + t * bh,
			       t > 0 ? ys + (t - 1) * bh : zero, dh,
			       dz + t * 3 * bh, d, dhp);
		if (t > 0)
			r->k->gemm(r->b, h, 3 * h, d, 3 * h, 1, wt, h, dhp, h,
				   dh, h);
		for (size_t i = 0; r->g != NULL && i < r->b; i++)
			for (size_t j = 0; j < h; j++)
				r->g[3][j] += d[i * 3 * h + 2 * h + j];
	}
	if (r->g != NULL)
		rnn_weights(l, r, 3, x, ys, dz, dzh);
	rnn_input(l, r, 3, dz, wt, dx);
}

const struct layer_op layer_gru = {
	.name = "gru", .cache = gru_cache, .tmp = gru_tmp,
	.forward = gru_forward, .backward = gru_backward,
};
