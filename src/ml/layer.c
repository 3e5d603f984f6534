#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/layer_i.h"

#define EPS	REAL(1e-5)

/* ---- shared ------------------------------------------------------------- */

void mat_transpose(size_t rows, size_t cols, const real *from, real *to)
{
	enum { N = 8 };		/* a block reads and writes whole lines */

	for (size_t i0 = 0; i0 < rows; i0 += N) {
		size_t i1 = i0 + N < rows ? i0 + N : rows;

		for (size_t j = 0; j < cols; j++)
			for (size_t i = i0; i < i1; i++)
				to[j * rows + i] = from[i * cols + j];
	}
}

void mat_colsum(const struct ml_kern *k, size_t rows, size_t n, const real *x,
		real *sum)
{
	static const real one = 1;

	k->gemm(1, n, rows, &one, 0, 0, x, n, sum, 0, sum, n);
}

void lin_forward(const struct ml_kern *k, size_t rows, size_t in, size_t out,
		 const real *x, const real *w, const real *b, real *y)
{
	k->gemm(rows, out, in, x, in, 1, w, out, b, 0, y, out);
}

void lin_backward(const struct ml_kern *k, size_t rows, size_t in, size_t out,
		  const real *x, const real *w, const real *dy, real *gw,
		  real *gb, real *dx, real *tmp)
{
	if (gw != NULL) {
		k->gemm(in, out, rows, x, 1, in, dy, out, gw, out, gw, out);
		mat_colsum(k, rows, out, dy, gb);
	}
	if (dx == NULL)
		return;
	mat_transpose(in, out, w, tmp);
	k->gemm(rows, in, out, dy, out, 1, tmp, in, NULL, 0, dx, in);
}

/* Sixteen sums side by side, then halves onto halves: quicker than one after
 * the other, and one order for all. */
static real lanes_sum(real *s)
{
	for (size_t w = 8; w > 0; w /= 2)
		for (size_t i = 0; i < w; i++)
			s[i] += s[i + w];
	return s[0];
}

static real row_sum(size_t n, const real *x)
{
	real s[16] = { 0 };

	for (size_t i = 0; i < n; i++)
		s[i % 16] += x[i];
	return lanes_sum(s);
}

static real row_dot(size_t n, const real *x, const real *y)
{
	real s[16] = { 0 };

	for (size_t i = 0; i < n; i++)
		s[i % 16] += x[i] * y[i];
	return lanes_sum(s);
}

void ln_forward(size_t rows, size_t n, const real *x, const real *gamma,
		const real *beta, real *stat, real *y)
{
	for (size_t i = 0; i < rows; i++, x += n, y += n) {
		real mean = row_sum(n, x) / (real)n, inv;

		for (size_t j = 0; j < n; j++)
			y[j] = x[j] - mean;
		inv = 1 / (real)sqrt(row_dot(n, y, y) / (real)n + EPS);
		for (size_t j = 0; j < n; j++)
			y[j] = y[j] * inv * gamma[j] + beta[j];
		stat[2 * i] = mean;
		stat[2 * i + 1] = inv;
	}
}

void ln_backward(size_t rows, size_t n, const real *x, const real *gamma,
		 const real *stat, const real *dy, real *ggamma, real *gbeta,
		 bool add, real *dx)
{
	for (size_t i = 0; i < rows; i++, x += n, dy += n) {
		real mean = stat[2 * i], inv = stat[2 * i + 1];
		real s1[16] = { 0 }, s2[16] = { 0 }, a, b;

		for (size_t j = 0; j < n; j++) {
			real h = (x[j] - mean) * inv, d = dy[j] * gamma[j];

			if (ggamma != NULL) {
				ggamma[j] += dy[j] * h;
				gbeta[j] += dy[j];
			}
			s1[j % 16] += d;
			s2[j % 16] += d * h;
		}
		a = lanes_sum(s1) / (real)n;
		b = lanes_sum(s2) / (real)n;
		for (size_t j = 0; dx != NULL && j < n; j++) {
			real h = (x[j] - mean) * inv;
			real d = inv * (dy[j] * gamma[j] - a - h * b);

			dx[j] = add ? dx[j] + d : d;
		}
		if (dx != NULL)
			dx += n;
	}
}

static size_t no_room(const struct layer *l, size_t b)
{
	(void)l, (void)b;
	return 0;
}


/* ---- dense -------------------------------------------------------------- */
/* w [in][out], b [out]; GELU asks for the sums on the way back. */

static size_t dense_cache(const struct layer *l, size_t b)
{
	return l->act == ACT_GELU ? layer_out(l, b) : 0;
}

static size_t dense_tmp(const struct layer *l, size_t b)
{
	(void)b;
	return l->c * l->c_out;
}

static void dense_forward(const struct layer *l, const struct layer_run *r,
			  const real *x, real *y)
{
	real *z = l->act == ACT_GELU && r->keep ? r->cache : y;

	lin_forward(r->k, l->t * r->b, l->c, l->c_out, x, r->w[0], r->w[1], z);
	if (l->act != ACT_LINEAR)
		r->k->act(l->act, layer_out(l, r->b), z, y);
}

static void dense_backward(const struct layer *l, const struct layer_run *r,
			   const real *x, const real *y, real *dy, real *dx)
{
	if (l->act != ACT_LINEAR)
		r->k->act_back(l->act, layer_out(l, r->b), r->cache, y, dy, dy);
	lin_backward(r->k, l->t * r->b, l->c, l->c_out, x, r->w[0], dy,
		     r->g != NULL ? r->g[0] : NULL, r->g != NULL ? r->g[1] : NULL,
		     dx, r->tmp);
}

const struct layer_op layer_dense = {
	.name = "dense", .cache = dense_cache, .tmp = dense_tmp,
	.forward = dense_forward, .backward = dense_backward,
};

/* ---- dropout ------------------------------------------------------------ */

static void dropout_forward(const struct layer *l, const struct layer_run *r,
			    const real *x, real *y)
{
	r->k->dropout(layer_in(l, r->b), r->key, l->p, x, y);
}

static void dropout_backward(const struct layer *l, const struct layer_run *r,
			     const real *x, const real *y, real *dy, real *dx)
{
	(void)x, (void)y;
	if (dx != NULL)
		r->k->dropout(layer_in(l, r->b), r->key, l->p, dy, dx);
}

const struct layer_op layer_dropout = {
	.name = "dropout", .cache = no_room, .tmp = no_room,
	.forward = dropout_forward, .backward = dropout_backward,
	.only_train = true,
};

/* ---- batch normalisation ------------------------------------------------ */
/* gamma, beta, and what moves along with training: mean, var (of the
 * population, as the batch's).  Steps count as samples. */

#define BN_MOVE	REAL(0.1)

static size_t bn_room(const struct layer *l, size_t b)
{
	(void)b;
	return 2 * l->c;
}

/* The batch's mean and variance, into stat; moves the running ones. */
static void bn_measure(const struct layer *l, const struct layer_run *r,
		       const real *x, real *mean, real *var)
{
	size_t n = l->c, rows = l->t * r->b;

	memset(mean, 0, n * sizeof(*mean));
	memset(var, 0, n * sizeof(*var));
	mat_colsum(r->k, rows, n, x, mean);
	for (size_t j = 0; j < n; j++)
		mean[j] /= (real)rows;
	for (size_t i = 0; i < rows; i++) {
		for (size_t j = 0; j < n; j++) {
			real d = x[i * n + j] - mean[j];

			var[j] += d * d;
		}
	}
	for (size_t j = 0; j < n; j++) {
		var[j] /= (real)rows;
		r->own[2][j] += BN_MOVE * (mean[j] - r->own[2][j]);
		r->own[3][j] += BN_MOVE * (var[j] - r->own[3][j]);
	}
}

static void bn_forward(const struct layer *l, const struct layer_run *r,
		       const real *x, real *y)
{
	size_t n = l->c, rows = l->t * r->b;
	real *mean = r->keep ? r->cache : r->tmp, *inv = mean + n;

	if (r->train) {
		bn_measure(l, r, x, mean, inv);
	} else {
		memcpy(mean, r->w[2], n * sizeof(*mean));
		memcpy(inv, r->w[3], n * sizeof(*inv));
	}
	for (size_t j = 0; j < n; j++)
		inv[j] = 1 / (real)sqrt(inv[j] + EPS);
	for (size_t i = 0; i < rows; i++, x += n, y += n)
		for (size_t j = 0; j < n; j++)
			y[j] = (x[j] - mean[j]) * inv[j] * r->w[0][j] + r->w[1][j];
}

static void bn_backward(const struct layer *l, const struct layer_run *r,
			const real *x, const real *y, real *dy, real *dx)
{
	size_t n = l->c, rows = l->t * r->b;
	const real *mean = r->cache, *inv = mean + n;
	real *s1 = r->tmp, *s2 = s1 + n;

	(void)y;
	memset(s1, 0, 2 * n * sizeof(*s1));
	for (size_t i = 0; i < rows; i++) {
		for (size_t j = 0; j < n; j++) {
			real d = dy[i * n + j];

			s1[j] += d;
			s2[j] += d * ((x[i * n + j] - mean[j]) * inv[j]);
		}
	}
	for (size_t j = 0; r->g != NULL && j < n; j++) {
		r->g[0][j] += s2[j];
		r->g[1][j] += s1[j];
	}
	if (dx == NULL)
		return;
	for (size_t j = 0; j < n; j++) {
		s1[j] = r->train ? s1[j] / (real)rows : 0;
		s2[j] = r->train ? s2[j] / (real)rows : 0;
	}
	for (size_t i = 0; i < rows; i++, x += n, dy += n, dx += n)
		for (size_t j = 0; j < n; j++)
			dx[j] = r->w[0][j] * inv[j] *
				(dy[j] - s1[j] - (x[j] - mean[j]) * inv[j] * s2[j]);
}

const struct layer_op layer_batchnorm = {
	.name = "batchnorm", .cache = bn_room, .tmp = bn_room,
	.forward = bn_forward, .backward = bn_backward, .whole_batch = true,
};

/* ---- layer normalisation ------------------------------------------------ */

static size_t norm_room(const struct layer *l, size_t b)
{
	return 2 * l->t * b;
}

static void norm_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	ln_forward(l->t * r->b, l->c, x, r->w[0], r->w[1],
		   r->keep ? r->cache : r->tmp, y);
}

static void norm_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	(void)y;
	ln_backward(l->t * r->b, l->c, x, r->w[0], r->cache, dy,
		    r->g != NULL ? r->g[0] : NULL, r->g != NULL ? r->g[1] : NULL,
		    false, dx);
}

const struct layer_op layer_norm = {
	.name = "layernorm", .cache = norm_room, .tmp = norm_room,
	.forward = norm_forward, .backward = norm_backward,
};

/* ---- layers without weights --------------------------------------------- */

/* Sines and cosines of the step, so that attention knows what came first. */
static void position_forward(const struct layer *l, const struct layer_run *r,
			     const real *x, real *y)
{
	for (size_t i = 0; i < l->t * r->b; i++)
		for (size_t j = 0; j < l->c; j++)
			y[i * l->c + j] = x[i * l->c + j] +
					  l->table[i / r->b * l->c + j];
}

static void position_backward(const struct layer *l, const struct layer_run *r,
			      const real *x, const real *y, real *dy, real *dx)
{
	(void)x, (void)y;
	if (dx != NULL)
		memcpy(dx, dy, layer_in(l, r->b) * sizeof(*dx));
}

const struct layer_op layer_position = {
	.name = "position", .cache = no_room, .tmp = no_room,
	.forward = position_forward, .backward = position_backward,
};

static void last_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	size_t n = r->b * l->c;

	memcpy(y, x + (l->t - 1) * n, n * sizeof(*y));
}

static void last_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	size_t n = r->b * l->c;

	(void)x, (void)y;
	if (dx == NULL)
		return;
	memset(dx, 0, (l->t - 1) * n * sizeof(*dx));
	memcpy(dx + (l->t - 1) * n, dy, n * sizeof(*dx));
}

const struct layer_op layer_last = {
	.name = "last", .cache = no_room, .tmp = no_room,
	.forward = last_forward, .backward = last_backward,
};

static void pool_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	size_t n = r->b * l->c;

	memset(y, 0, n * sizeof(*y));
	mat_colsum(r->k, l->t, n, x, y);
	for (size_t j = 0; j < n; j++)
		y[j] /= (real)l->t;
}

static void pool_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	size_t n = r->b * l->c;

	(void)x, (void)y;
	for (size_t i = 0; dx != NULL && i < l->t; i++)
		for (size_t j = 0; j < n; j++)
			dx[i * n + j] = dy[j] / (real)l->t;
}

const struct layer_op layer_pool = {
	.name = "pool", .cache = no_room, .tmp = no_room,
	.forward = pool_forward, .backward = pool_backward,
};

static void maxpool_forward(const struct layer *l, const struct layer_run *r,
			    const real *x, real *y)
{
	size_t n = r->b * l->c;

	memcpy(y, x, n * sizeof(*y));
	for (size_t i = 1; i < l->t; i++)
		for (size_t j = 0; j < n; j++)
			y[j] = x[i * n + j] > y[j] ? x[i * n + j] : y[j];
}

/* The first of equal ones has it. */
static void maxpool_backward(const struct layer *l, const struct layer_run *r,
			     const real *x, const real *y, real *dy, real *dx)
{
	size_t n = r->b * l->c;

	for (size_t i = 0; dx != NULL && i < l->t; i++) {
		for (size_t j = 0; j < n; j++) {
			bool it = x[i * n + j] == y[j];

			dx[i * n + j] = it ? dy[j] : 0;
			if (it)
				dy[j] = 0;
		}
	}
}

const struct layer_op layer_maxpool = {
	.name = "maxpool", .cache = no_room, .tmp = no_room,
	.forward = maxpool_forward, .backward = maxpool_backward,
};

/* [t][b][c] to [b][t * c]: oldest step first. */
static void flatten_forward(const struct layer *l, const struct layer_run *r,
			    const real *x, real *y)
{
	for (size_t i = 0; i < l->t; i++)
		for (size_t s = 0; s < r->b; s++)
			memcpy(y + (s * l->t + i) * l->c,
			       x + (i * r->b + s) * l->c, l->c * sizeof(*y));
}

static void flatten_backward(const struct layer *l, const struct layer_run *r,
			     const real *x, const real *y, real *dy, real *dx)
{
	(void)x, (void)y;
	for (size_t i = 0; dx != NULL && i < l->t; i++)
		for (size_t s = 0; s < r->b; s++)
			memcpy(dx + (i * r->b + s) * l->c,
			       dy + (s * l->t + i) * l->c, l->c * sizeof(*dx));
}

const struct layer_op layer_flatten = {
	.name = "flatten", .cache = no_room, .tmp = no_room,
	.forward = flatten_forward, .backward = flatten_backward,
};

/* ---- feed forward ------------------------------------------------------- */
/* y = x + w2 f(w1 norm(x)): gamma, beta, w1 [c][n], b1, w2 [n][c], b2.
 * cache: row statistics, norm(x), sums, f of them. */

static size_t ff_cache(const struct layer *l, size_t b)
{
	return l->t * b * (2 + l->c + 2 * l->n);
}

static size_t ff_tmp(const struct layer *l, size_t b)
{
	return ff_cache(l, b) + l->c * l->n;
}

static void ff_forward(const struct layer *l, const struct layer_run *r,
		       const real *x, real *y)
{
	size_t rows = l->t * r->b, c = l->c, n = l->n;
	real *stat = r->keep ? r->cache : r->tmp, *h = stat + 2 * rows;
	real *z = h + rows * c, *a = z + rows * n;

	ln_forward(rows, c, x, r->w[0], r->w[1], stat, h);
	lin_forward(r->k, rows, c, n, h, r->w[2], r->w[3], z);
	r->k->act(l->act, rows * n, z, a);
	lin_forward(r->k, rows, n, c, a, r->w[4], r->w[5], y);
	for (size_t i = 0; i < rows * c; i++)
		y[i] += x[i];
}

static void ff_backward(const struct layer *l, const struct layer_run *r,
			const real *x, const real *y, real *dy, real *dx)
{
	size_t rows = l->t * r->b, c = l->c, n = l->n;
	const real *stat = r->cache, *h = stat + 2 * rows;
	const real *z = h + rows * c, *a = z + rows * n;
	real *da = r->tmp, *dh = da + rows * n, *wt = dh + rows * c;
	bool g = r->g != NULL;

	(void)y;
	lin_backward(r->k, rows, n, c, a, r->w[4], dy, g ? r->g[4] : NULL,
		     g ? r->g[5] : NULL, da, wt);
	r->k->act_back(l->act, rows * n, z, a, da, da);
	lin_backward(r->k, rows, c, n, h, r->w[2], da, g ? r->g[2] : NULL,
		     g ? r->g[3] : NULL, dh, wt);
	if (dx != NULL)
		memcpy(dx, dy, rows * c * sizeof(*dx));
	ln_backward(rows, c, x, r->w[0], stat, dh, g ? r->g[0] : NULL,
		    g ? r->g[1] : NULL, true, dx);
}

const struct layer_op layer_feedforward = {
	.name = "feedforward", .cache = ff_cache, .tmp = ff_tmp,
	.forward = ff_forward, .backward = ff_backward,
};
