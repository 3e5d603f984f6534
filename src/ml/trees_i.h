#ifndef ML_TREES_I_H
#define ML_TREES_I_H
/* trees_i.h - sums of decision trees: kept, asked, explained.
 *
 * Nodes of all trees stand in one set of arrays; a tree is a range of them,
 * its root first.  The two children of a node are neighbours and come after
 * it, so a walk always ends.  A value below `split` goes left, any other
 * right, one that is not a number where `missing` says.
 *
 * Sums are made tree by tree in float32, so that one sample and many, and
 * every instruction set, give the same bits. */
#include "ml/model.h"

#define TREES_DEPTH_MAX	32
#define TREES_NODES_MAX	(1u << 26)
/* Trees no deeper than this are also kept as complete trees, for speed. */
#define TREES_FLAT_DEPTH 8

enum trees_path { TREES_PORTABLE, TREES_AVX2, TREES_AVX512 };

struct trees {
	uint32_t outputs;	/* sums */
	uint32_t width;	/* values of a leaf: 1 (tree t adds to t % outputs) or outputs */
	uint32_t inputs;	/* values of a sample */
	uint32_t n, n_nodes;
	uint32_t depth;		/* known from trees_prepare() on */
	/* [n + 1] first node of each tree */
	int32_t *start;
	/* [n_nodes] left child counted from the tree's root (right is the next);
	 * 0: a leaf */
	int32_t *left;
	int32_t *feature;
	float *split;
	float *cover;	/* weight of the training samples that came by */
	float *value;		/* [n_nodes x width]; of leaves */
	uint8_t *missing;	/* 1: right */
	float *base;		/* [outputs] sum of no trees */
	uint32_t room, room_trees;	/* of arrays that grow */
	bool borrowed;			/* arrays of a file: read only */
	uint32_t counted;		/* nodes told to ml_mem_count() */
	struct arena *mem;
	struct trees_fast *fast;	/* NULL: not made */
};

/* Empty, growing in `mem`. */
void trees_init(struct trees *t, struct arena *mem, uint32_t inputs,
		uint32_t outputs, uint32_t width);
/* A tree begins: its root is node 0.  Then children, both at once, counted
 * from the tree's root. */
void trees_begin(struct trees *t);
int32_t trees_children(struct trees *t, int32_t node, int32_t feature,
		       float split, bool missing_right);
void trees_cut(struct trees *t, uint32_t n);	/* keep the first n trees */
static inline size_t trees_at(const struct trees *t, uint32_t tree, int32_t node)
{
	return (size_t)t->start[tree] + (size_t)node;
}

static inline float trees_value(const struct trees *t, size_t at, uint32_t output)
{
	return t->value[at * t->width + (t->width > 1 ? output : 0)];
}
/* Of two neighbours, the share of training weight that went left. */
static inline double trees_share(const struct trees *t, uint32_t tree, int32_t left)
{
	size_t at = trees_at(t, tree, left);
	double l = (double)t->cover[at], r = (double)t->cover[at + 1];

	return l + r > 0 ? l / (l + r) : 0.5;
}
static inline bool trees_right(const struct trees *t, size_t at, float v)
{
	return v != v ? t->missing[at] != 0 : v >= t->split[at];
}

/* Leaf of the tree a sample falls into, as an index of all nodes. */
size_t trees_leaf(const struct trees *t, uint32_t tree, const float *x);
/* ret[outputs] += the trees first .. first + n - 1. */
void trees_add(const struct trees *t, uint32_t first, uint32_t n, const float *x,
	       float *ret);
uint32_t trees_depth(const struct trees *t);

/* The fast forms; call when the trees are whole. */
void trees_prepare(struct trees *t);
enum trees_path trees_path_best(void);
/* base + all trees: n x outputs.  work: trees_work() bytes. */
size_t trees_work(const struct trees *t);
void trees_sum(const struct trees *t, enum trees_path path, void *work,
	       const float *const *x, size_t n, float *ret);

/* Exact SHAP values (Lundberg et al., path dependent) of one output, added to
 * ret[inputs]; they sum to the output's sum less trees_mean(). */
size_t trees_shap_work(const struct trees *t);
void trees_shap(const struct trees *t, void *work, const float *x,
		uint32_t output, float *ret);
/* What the sum is on average over the training samples (by cover). */
double trees_mean(const struct trees *t, uint32_t output);

/* Tensors "trees.*"; returns how many (at most TREES_TENSORS: without trees
 * there are no nodes to keep). */
#define TREES_TENSORS 8
size_t trees_tensors(struct trees *t, struct ml_tensor *ret);
/* The arrays are used in place.  Refuses what could lead a walk astray. */
MUST_CHECK int trees_load(struct arena *mem, const struct ml_tensor *ts, size_t n,
			  uint32_t inputs, uint32_t outputs, uint32_t width,
			  struct trees *ret, struct err *err);
/* The same check on trees however they were made. */
MUST_CHECK int trees_check(const struct trees *t, struct err *err);

#endif /* ML_TREES_I_H */
