#ifndef ML_FAST_I_H
#define ML_FAST_I_H
/* fast_i.h - the form in which many samples go through trees at once.
 *
 * Trees no deeper than TREES_FLAT_DEPTH are made complete (depth 4, 6 or 8): a
 * leaf above the bottom stands in all the places below it.  No branch is left,
 * and eight trees are walked side by side.
 *
 * For vectors, values become ranks: how many of the feature's splits they are
 * not below, at most 255.  Then "v >= split" is a comparison of bytes, exactly
 * as true, and one instruction answers a node for 32 or 64 samples.  The
 * answers of all nodes become the bits of the leaf's number by selecting.
 * What each path adds, and in which order, is the same. */
#include "ml/trees_i.h"

#define FAST_STRIDE	64	/* samples in a tile, at most */
#define FAST_CUTS	(256 + 16)
#define FAST_RANKED	6	/* depth up to which there are ranks */

struct fast_node {
	uint32_t at;			/* the feature's row of a tile, in bytes */
	uint32_t rank;			/* four times the same byte */
};

struct trees_fast {
	uint32_t depth, nodes, leaves;	/* of each complete tree */
	/* [trees][leaves]: of the nodes, the last is unused */
	int32_t *input;			/* what is asked for */
	float *split;
	float *leaf;			/* [trees][width][leaves] */
	/* ranks; NULL: a feature has more than 255 splits, or the trees are
	 * too deep */
	struct fast_node *rank;		/* [trees][leaves] */
	uint32_t n_used;
	uint32_t *used;			/* [n_used] input of a slot */
	/* [n_used][FAST_CUTS]: 256 ascending (then infinite), and again each
	 * sixteenth of them */
	float *cut;
};

/* A tile of up to FAST_STRIDE samples: x[0..n-1], n >= 1.  False: some value is
 * not a number, and nothing was done. */
bool fast_tile_avx2(const struct trees *t, void *work, const float *const *x,
		    size_t n, float *ret);
bool fast_tile_avx512(const struct trees *t, void *work, const float *const *x,
		      size_t n, float *ret);

#endif /* ML_FAST_I_H */
