#ifndef ML_HIST_I_H
#define ML_HIST_I_H
/* hist_i.h - histograms of binned values, and trees grown on them.
 *
 * Every feature is cut into at most 255 bins of equal weight; 255 is the bin of
 * what is missing.  The lags of a window share the cuts and the bins of their
 * feature: a sample's bins are window x features bytes in a row, as its values
 * are.  A sample is named by its first row.
 *
 * Gradients are summed as whole numbers (the scale is chosen per tree so that
 * no sum can overflow): the order of additions is of no account, the larger
 * child is exactly its parent less the smaller, and one 64-bit addition adds
 * gradient and weight. */
#include "core/rand.h"
#include "ml/trees_i.h"

#define HIST_BINS 256
#define HIST_MISSING 255

struct binned {
	uint32_t rows, features, window, inputs;
	uint8_t *by_row;		/* rows x features */
	uint8_t *by_column;		/* features x rows */
	float *cut;		/* features x HIST_BINS: bin k + 1 starts at cut[k] */
	uint16_t *n_cuts;		/* [features] */
	uint32_t *row;			/* [n] first row of sample i */
	uint32_t n;
};
/* Is it of this shape, in order, with what its kind of output needs? */
MUST_CHECK int ml_trees_set_check(const struct ml_shape *shape,
				  const struct ml_set *s, struct err *err);
void binned_make(struct arena *out, const struct ml_set *s, unsigned bins,
		 struct binned *ret);

struct grow_rule {
	uint32_t depth, leaves;		/* leaves 0: no limit */
	double lambda, gamma;
	double min_child;		/* least weight of a child */
	uint32_t node_columns;		/* drawn anew for each node; 0: all */
	/* false: gain of a gradient (lo: weight h, hi: gradient g, one word a
	 * row); true: Gini of three classes (two words: 0|1, 2|rows). */
	bool classes;
};

struct grow_leaf { int32_t node; uint32_t from, to; };	/* of idx */

struct grow {
	struct grow_rule rule;
	const struct binned *b;
	/* By row: one word, or two. */
	const uint64_t *sums;
	double g_unit, h_unit;		/* what 1 stands for */
	uint32_t *idx, *spare;		/* rows of the samples; of the same size */
	uint32_t n;
	const uint32_t *columns;	/* of the tree; NULL: all */
	uint32_t n_columns;
	struct rng *rng;		/* for node_columns */
	struct trees *to;
	/* out: the leaves of the last tree */
	struct grow_leaf *leaf;
	uint32_t n_leaves, room;
	/* histograms that nobody uses at the moment */
	uint64_t **free_hist;
	uint32_t n_free;
	struct arena *mem;
};

/* Grows one tree at the end of g->to from idx[0..n-1], which it orders by
 * leaf.  Covers are set, values are the caller's. */
void grow_tree(struct grow *g);
/* g and h of the rows idx[0..n-1] as words; sets the units. */
void grow_pack(struct grow *g, const float *grad, const float *hess,
	       uint64_t *sums);

/* Best place to cut one column, in parts that depend on the instruction set
 * only in speed. */
struct hist_cut { float gain; uint32_t bin; bool missing_right; };
struct hist_best {
	float g_unit, h_unit, lambda, min_child;
	uint64_t total[2];
};
struct hist_cut hist_cut_gradient(const uint64_t *h, unsigned n_cuts,
				  const struct hist_best *k);
struct hist_cut hist_cut_classes(const uint64_t *h, unsigned n_cuts,
				 const struct hist_best *k);
void hist_subtract(uint64_t *from, const uint64_t *what, size_t n);

/* k of n numbers without replacement, ascending. */
void draw_columns(struct rng *r, uint32_t n, uint32_t k, uint32_t *ret);

#endif /* ML_HIST_I_H */
