#ifndef ML_LAYER_I_H
#define ML_LAYER_I_H
/* layer_i.h - the layers of a network.
 *
 * What goes through is t steps of b samples of c values, [t][b][c]: a step of
 * all samples lies together, so that recurrent layers multiply matrices, and
 * dense ones see t * b rows.  One value of the result depends on its sample
 * only and is computed in one order: 1 sample and 32 give the same bits
 * (batchnorm in training aside).
 *
 * A layer owns no memory.  Its weights are tensors of the net; what the way
 * back needs is in `cache`, what nobody needs afterwards in `tmp`. */
#include "core/arena.h"
#include "core/err.h"
#include "ml/kern_i.h"

struct layer;
struct layer_run {
	const struct ml_kern *k;
	size_t b;			/* samples */
	bool train;			/* dropout, statistics of the batch */
	bool keep;			/* fill the cache */
	uint32_t key;			/* of this dropout in this step */
	real *cache, *tmp;
	const real *const *w;		/* of this layer */
	real *const *g;			/* gradients are added here, or NULL */
	real *const *own;		/* weights that training may write */
};

struct layer_op {
	const char *name;
	/* Sizes in reals, for b samples. */
	size_t (*cache)(const struct layer *l, size_t b);
	size_t (*tmp)(const struct layer *l, size_t b);
	void (*forward)(const struct layer *l, const struct layer_run *r,
			const real *x, real *y);
	/* dy is scratch afterwards; dx may be NULL. */
	void (*backward)(const struct layer *l, const struct layer_run *r,
			 const real *x, const real *y, real *dy, real *dx);
	bool only_train;	/* nothing happens outside of training */
	bool whole_batch;	/* samples of a batch see each other */
};

struct layer {
	const struct layer_op *op;
	size_t t, c, t_out, c_out;
	size_t n;			/* width within: feed forward */
	size_t kernel, dilation, heads;
	enum ml_act act;
	bool gated, residual, last;
	double p;			/* dropout */
	const real *table;		/* positions */
	size_t w0, n_w;			/* tensors of the net */
};

extern const struct layer_op layer_dense, layer_dropout, layer_batchnorm,
	layer_norm, layer_position, layer_last, layer_pool, layer_maxpool,
	layer_flatten, layer_lstm, layer_gru, layer_conv, layer_attention,
	layer_feedforward;

static inline size_t layer_in(const struct layer *l, size_t b)
{
	return l->t * l->c * b;
}

static inline size_t layer_out(const struct layer *l, size_t b)
{
	return l->t_out * l->c_out * b;
}

/* ---- shared by the layers ---------------------------------------------- */

/* to = transposed from, rows x cols */
void mat_transpose(size_t rows, size_t cols, const real *from, real *to);
/* sum[j] += every row's j */
void mat_colsum(const struct ml_kern *k, size_t rows, size_t n, const real *x,
		real *sum);

/* y = x w + b for all rows; its way back: gradients of w, b (g == NULL: none)
 * and of x (dx == NULL: not); tmp: in * out. */
void lin_forward(const struct ml_kern *k, size_t rows, size_t in, size_t out,
		 const real *x, const real *w, const real *b, real *y);
void lin_backward(const struct ml_kern *k, size_t rows, size_t in, size_t out,
		  const real *x, const real *w, const real *dy, real *gw,
		  real *gb, real *dx, real *tmp);

/* Rows to mean 0 and deviation 1, then gamma and beta; stat: mean and
 * 1 / deviation of each row. */
void ln_forward(size_t rows, size_t n, const real *x, const real *gamma,
		const real *beta, real *stat, real *y);
/* add: to dx in place of into it */
void ln_backward(size_t rows, size_t n, const real *x, const real *gamma,
		 const real *stat, const real *dy, real *ggamma, real *gbeta,
		 bool add, real *dx);

#endif /* ML_LAYER_I_H */
