#include "config.h"

#include <string.h>

#include "ml/layer_i.h"

/* Causal dilated convolution over the steps: what step t gives depends on
 * t, t - d, t - 2d ... only, and zeros stand before the first.  w [kernel *
 * in][m], oldest tap first, b [m]; gated: m = 2n, y = tanh(p) sigmoid(q).
 * Steps lie together, so a tap is one product of shifted rows. */

static size_t width(const struct layer *l)
{
	return l->gated ? 2 * l->n : l->n;
}

/* Sums or gates, and the outcome without what was added to it. */
static size_t conv_cache(const struct layer *l, size_t b)
{
	return l->t * b * (width(l) + l->n);
}

static size_t conv_tmp(const struct layer *l, size_t b)
{
	size_t a = conv_cache(l, b);
	size_t w = l->t * b * (width(l) + l->c) + l->c * width(l);

	return a > w ? a : w;
}

/* Rows that tap i of step 0 would need from before the beginning. */
static size_t shift(const struct layer *l, size_t b, size_t i)
{
	size_t s = (l->kernel - 1 - i) * l->dilation;

	return (s < l->t ? s : l->t) * b;
}

static void conv_forward(const struct layer *l, const struct layer_run *r,
			 const real *x, real *y)
{
	size_t rows = l->t * r->b, m = width(l), c = l->c;
	real *z = r->keep ? r->cache : r->tmp, *f = z + rows * m;

	for (size_t i = 0; i < rows; i++)
		memcpy(z + i * m, r->w[1], m * sizeof(*z));
	for (size_t i = 0; i < l->kernel; i++) {
		size_t s = shift(l, r->b, i);

		if (s < rows)
			r->k->gemm(rows - s, m, c, x, c, 1, r->w[0] + i * c * m,
				   m, z + s * m, m, z + s * m, m);
	}
	if (l->gated)
		r->k->gate(rows, l->n, z, z, f);
	else
		r->k->act(l->act, rows * m, z, f);
	for (size_t i = 0; i < rows * l->n; i++)
		y[i] = l->residual ? x[i] + f[i] : f[i];
}

static void conv_backward(const struct layer *l, const struct layer_run *r,
			  const real *x, const real *y, real *dy, real *dx)
{
	size_t rows = l->t * r->b, m = width(l), c = l->c;
	const real *z = r->cache, *f = z + rows * m;
	real *dz = r->tmp, *wt = dz + rows * m, *part = wt + c * m;

	(void)y;
	if (l->gated)
		r->k->gate_back(rows, l->n, z, dy, dz);
	else
		r->k->act_back(l->act, rows * m, z, f, dy, dz);
	if (r->g != NULL)
		mat_colsum(r->k, rows, m, dz, r->g[1]);
	if (dx != NULL && l->residual)
		memcpy(dx, dy, rows * c * sizeof(*dx));
	else if (dx != NULL)
		memset(dx, 0, rows * c * sizeof(*dx));
	for (size_t i = 0; i < l->kernel; i++) {
		size_t s = shift(l, r->b, i), at = i * c * m;

		if (s >= rows)
			continue;
		if (r->g != NULL)
			r->k->gemm(c, m, rows - s, x, 1, c, dz + s * m, m,
				   r->g[0] + at, m, r->g[0] + at, m);
		if (dx == NULL)
			continue;
		mat_transpose(c, m, r->w[0] + at, wt);
		r->k->gemm(rows - s, c, m, dz + s * m, m, 1, wt, c, NULL, 0,
			   part, c);
		for (size_t j = 0; j < (rows - s) * c; j++)
			dx[j] += part[j];
	}
}

const struct layer_op layer_conv = {
	.name = "conv", .cache = conv_cache, .tmp = conv_tmp,
	.forward = conv_forward, .backward = conv_backward,
};
