#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/hist_i.h"

/* Gains below this share of the node's own score are rounding. */
#define GAIN_LEAST 1e-6

/* A leaf that may still be split. */
struct grow_node {
	int32_t node;
	uint32_t from, to, depth;
	uint64_t *hist;		/* NULL: columns are drawn anew */
	uint64_t total[2];
	double gain;			/* 0: it stays a leaf */
	uint32_t column, bin;
	bool missing_right;
};

struct growing {
	struct grow *g;
	struct grow_node *open;
	uint32_t n_open, room_open, n_leaves;
	uint32_t *drawn;
	uint64_t *shared;		/* histogram of node_columns */
	struct arena *mem;		/* of this tree */
};

static unsigned lanes(const struct grow *g)
{
	return g->rule.classes ? 2 : 1;
}

static size_t hist_len(const struct grow *g)
{
	return (size_t)g->n_columns * HIST_BINS * lanes(g);
}

static uint64_t *hist_get(struct grow *g)
{
	if (g->n_free > 0)
		return g->free_hist[--g->n_free];
	return arena_alloc_raw(g->mem, hist_len(g) * sizeof(uint64_t));
}

static void hist_put(struct grow *g, uint64_t *h)
{
	if (h != NULL)
		g->free_hist[g->n_free++] = h;
}

/* ---- filling ------------------------------------------------------------ */

static void fill_one(uint64_t *h, const struct grow *g, const uint32_t *idx,
		     uint32_t n)
{
	const struct binned *b = g->b;
	uint32_t inputs = b->inputs;

	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = b->by_row + (size_t)idx[i] * b->features;
		uint64_t v = g->sums[idx[i]], *to = h;
		uint32_t q = 0;

		if (i + 8 < n)
			__builtin_prefetch(b->by_row + (size_t)idx[i + 8] * b->features);
		for (; q + 4 <= inputs; q += 4, to += 4 * HIST_BINS) {
			to[p[q]] += v;
			to[HIST_BINS + p[q + 1]] += v;
			to[2 * HIST_BINS + p[q + 2]] += v;
			to[3 * HIST_BINS + p[q + 3]] += v;
		}
		for (; q < inputs; q++, to += HIST_BINS)
			to[p[q]] += v;
	}
}

static void fill_some(uint64_t *h, const struct grow *g, const uint32_t *idx,
		      uint32_t n, const uint32_t *columns, uint32_t n_columns)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = g->b->by_row + (size_t)idx[i] * g->b->features;
		uint64_t v = g->sums[idx[i]];

		for (uint32_t c = 0; c < n_columns; c++)
			h[(size_t)c * HIST_BINS + p[columns[c]]] += v;
	}
}

static void fill_classes(uint64_t *h, const struct grow *g, const uint32_t *idx,
			 uint32_t n, const uint32_t *columns, uint32_t n_columns)
{
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = g->b->by_row + (size_t)idx[i] * g->b->features;
		uint64_t v = g->sums[2 * (size_t)idx[i]];
		uint64_t w = g->sums[2 * (size_t)idx[i] + 1];

		for (uint32_t c = 0; c < n_columns; c++) {
			uint64_t *to = h + 2 * ((size_t)c * HIST_BINS +
				p[columns != NULL ? columns[c] : c]);

			to[0] += v;
			to[1] += w;
		}
	}
}

static void fill(uint64_t *h, const struct grow *g, const uint32_t *idx,
		 uint32_t n, const uint32_t *columns, uint32_t n_columns)
{
	memset(h, 0, (size_t)n_columns * HIST_BINS * lanes(g) * sizeof(*h));
	if (g->rule.classes)
		fill_classes(h, g, idx, n, columns, n_columns);
	else if (columns == NULL)
		fill_one(h, g, idx, n);
	else
		fill_some(h, g, idx, n, columns, n_columns);
}

/* ---- choosing ----------------------------------------------------------- */

static double score_of(const struct grow *g, const uint64_t *total)
{
	double a = (double)(int32_t)(total[0] >> 32) * g->g_unit;
	double b, c;

	if (!g->rule.classes)
		return a * a / ((double)(uint32_t)total[0] * g->h_unit +
				g->rule.lambda);
	b = (double)(uint32_t)total[0] * g->g_unit;
	c = (double)(uint32_t)(total[1] >> 32) * g->g_unit;
	return (a * a + b * b + c * c) / (a + b + c);
}

static float cover_of(const struct grow *g, const uint64_t *total)
{
	if (!g->rule.classes)
		return (float)((double)(uint32_t)total[0] * g->h_unit);
	return (float)(((double)(uint32_t)(total[0] >> 32) +
			(double)(uint32_t)total[0] +
			(double)(uint32_t)(total[1] >> 32)) * g->g_unit);
}

static void choose_split(struct growing *w, struct grow_node *o)
{
	struct grow *g = w->g;
	const struct hist_best k = {
		(float)g->g_unit, (float)g->h_unit, (float)g->rule.lambda,
		(float)g->rule.min_child, { o->total[0], o->total[1] },
	};
	const uint32_t *columns = g->columns;
	uint32_t n = g->n_columns, column;
	const uint64_t *h = o->hist;
	double own = score_of(g, o->total), gain;
	float best = 0;

	if (g->rule.node_columns > 0) {
		n = g->rule.node_columns;
		draw_columns(g->rng, g->b->inputs, n, w->drawn);
		columns = w->drawn;
		fill(w->shared, g, g->idx + o->from, o->to - o->from, columns, n);
		h = w->shared;
	}
	for (uint32_t c = 0; c < n; c++, h += HIST_BINS * lanes(g)) {
		struct hist_cut cut;

		column = columns != NULL ? columns[c] : c;
		cut = g->rule.classes ?
			hist_cut_classes(h, g->b->n_cuts[column % g->b->features], &k) :
			hist_cut_gradient(h, g->b->n_cuts[column % g->b->features], &k);
		if (cut.gain > best) {
			best = cut.gain;
			o->column = column;
			o->bin = cut.bin;
			o->missing_right = cut.missing_right;
		}
	}
	gain = (double)best - own;
	o->gain = gain > GAIN_LEAST * own && gain > GAIN_LEAST &&
		  gain >= g->rule.gamma ? gain : 0;
}

/* ---- splitting ---------------------------------------------------------- */

/* Both sides keep their order. */
static uint32_t partition(const struct grow *g, const struct grow_node *o)
{
	uint32_t f = o->column % g->b->features, lag = o->column / g->b->features;
	const uint8_t *bin = g->b->by_column + (size_t)f * g->b->rows + lag;
	uint32_t *idx = g->idx + o->from, n = o->to - o->from, a = 0, c = 0;
	/* A bin of the missing, 255, wraps to 0 and so goes left. */
	uint8_t shift = o->missing_right ? 0 : 1, least = (uint8_t)(o->bin + shift);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t r = idx[i];
		bool right = (uint8_t)(bin[r] + shift) > least;

		idx[a] = r;
		g->spare[c] = r;
		a += !right;
		c += right;
	}
	memcpy(idx + a, g->spare, c * sizeof(*idx));
	return o->from + a;
}

static void sum_rows(const struct grow *g, struct grow_node *o)
{
	unsigned k = lanes(g);

	for (uint32_t i = o->from; i < o->to; i++)
		for (unsigned l = 0; l < k; l++)
			o->total[l] += g->sums[(size_t)g->idx[i] * k + l];
}

static void keep_leaf(struct grow *g, const struct grow_node *o)
{
	if (g->n_leaves == g->room) {
		uint32_t room = g->room > 0 ? g->room * 2 : 64;

		g->leaf = arena_grow(g->mem, g->leaf, g->room * sizeof(*g->leaf),
				     room * sizeof(*g->leaf));
		g->room = room;
	}
	g->leaf[g->n_leaves++] = (struct grow_leaf){ o->node, o->from, o->to };
}

/* Open, if there is a split for it; else it is a leaf. */
static void consider(struct growing *w, struct grow_node *o)
{
	struct grow *g = w->g;

	g->to->cover[trees_at(g->to, g->to->n - 1, o->node)] =
		cover_of(g, o->total);
	if (o->depth < g->rule.depth && o->to - o->from > 1)
		choose_split(w, o);
	if (o->gain <= 0) {
		hist_put(g, o->hist);
		keep_leaf(g, o);
		return;
	}
	if (w->n_open == w->room_open) {
		w->open = arena_grow(w->mem, w->open, w->room_open * sizeof(*w->open),
				     2 * w->room_open * sizeof(*w->open));
		w->room_open *= 2;
	}
	w->open[w->n_open++] = *o;
}

/* Deepest first needs few histograms; with a limit of leaves the best first. */
static struct grow_node next_open(struct growing *w)
{
	uint32_t at = w->n_open - 1;
	struct grow_node o;

	for (uint32_t i = 0; w->g->rule.leaves > 0 && i < w->n_open; i++)
		if (w->open[i].gain > w->open[at].gain ||
		    (w->open[i].gain >= w->open[at].gain &&
		     w->open[i].node < w->open[at].node))
			at = i;
	o = w->open[at];
	w->open[at] = w->open[--w->n_open];
	return o;
}

static void split(struct growing *w, struct grow_node *o)
{
	struct grow *g = w->g;
	struct grow_node child[2] = { { .depth = o->depth + 1 },
				      { .depth = o->depth + 1 } };
	uint32_t mid = partition(g, o);
	unsigned small = mid - o->from <= o->to - mid ? 0 : 1, k = lanes(g);
	float cut = g->b->cut[(size_t)(o->column % g->b->features) * HIST_BINS +
			      o->bin];

	child[0].from = o->from;
	child[0].to = child[1].from = mid;
	child[1].to = o->to;
	child[0].node = trees_children(g->to, o->node, (int32_t)o->column, cut,
				       o->missing_right);
	child[1].node = child[0].node + 1;
	sum_rows(g, &child[small]);
	for (unsigned l = 0; l < k; l++)
		child[1 - small].total[l] = o->total[l] - child[small].total[l];
	if (o->hist != NULL && child[0].depth < g->rule.depth) {
		child[small].hist = hist_get(g);
		child[1 - small].hist = o->hist;
		fill(child[small].hist, g, g->idx + child[small].from,
		     child[small].to - child[small].from, g->columns, g->n_columns);
		hist_subtract(o->hist, child[small].hist, hist_len(g));
	} else {
		hist_put(g, o->hist);
	}
	w->n_leaves++;
	consider(w, &child[0]);
	consider(w, &child[1]);
}

void grow_tree(struct grow *g)
{
	struct grow_node root = { .to = g->n };

	g->n_leaves = 0;
	trees_begin(g->to);
	SCOPE(tmp, g->mem) {
		struct growing w = { .g = g, .mem = tmp, .room_open = 64,
				     .n_leaves = 1 };

		w.open = NEW_N(tmp, struct grow_node, w.room_open);
		if (g->rule.node_columns > 0) {
			w.drawn = NEW_N(tmp, uint32_t, g->b->inputs);
			w.shared = NEW_N(tmp, uint64_t, (size_t)g->rule.node_columns *
					 HIST_BINS * lanes(g));
		} else {
			root.hist = hist_get(g);
			fill(root.hist, g, g->idx, g->n, g->columns, g->n_columns);
		}
		sum_rows(g, &root);
		consider(&w, &root);
		while (w.n_open > 0) {
			struct grow_node o = next_open(&w);

			if (g->rule.leaves > 0 && w.n_leaves >= g->rule.leaves) {
				hist_put(g, o.hist);
				keep_leaf(g, &o);
			} else {
				split(&w, &o);
			}
		}
	}
}

/* ---- words -------------------------------------------------------------- */

void grow_pack(struct grow *g, const float *grad, const float *hess,
	       uint64_t *sums)
{
	double sg = 0, sh = 0;
	float to_g, to_h;

	for (uint32_t i = 0; i < g->n; i++) {
		sg += (double)fabsf(grad[g->idx[i]]);
		sh += (double)hess[g->idx[i]];
	}
	/* Rounding adds at most a half for each row. */
	g->g_unit = sg > 0 ? sg / ((1 << 30) - (double)g->n) : 1;
	g->h_unit = sh > 0 ? sh / ((1 << 30) - (double)g->n) : 1;
	to_g = (float)(1 / g->g_unit);
	to_h = (float)(1 / g->h_unit);
	for (uint32_t i = 0; i < g->n; i++) {
		uint32_t r = g->idx[i];
		float a = grad[r] * to_g;
		int32_t v = (int32_t)(a + (a < 0 ? -0.5F : 0.5F));

		sums[r] = ((uint64_t)(uint32_t)v << 32) +
			  (uint32_t)(hess[r] * to_h + 0.5F);
	}
	g->sums = sums;
}

void draw_columns(struct rng *r, uint32_t n, uint32_t k, uint32_t *ret)
{
	uint32_t m = 0;

	/* Each is taken with the chance that is left for it. */
	for (uint32_t i = 0; i < n && m < k; i++)
		if (rng_below(r, n - i) < k - m)
			ret[m++] = i;
}
