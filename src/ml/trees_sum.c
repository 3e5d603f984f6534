#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ml/cpu_i.h"
#include "ml/fast_i.h"
#include "ml/mem.h"

#define FAST_BYTES_MAX ((size_t)64 << 20)
#define CUTS 256
#define SIDE_BY_SIDE 8		/* trees */
/* Below it a tile costs more than walking. */
#define TILE_LEAST 12

/* ---- making the fast form ----------------------------------------------- */

/* Node `from` of the tree stands at `to` of the complete one (level `level`). */
static void flatten(const struct trees *t, struct trees_fast *f, uint32_t tree,
		    int32_t from, uint32_t to, uint32_t level)
{
	size_t at = trees_at(t, tree, from), row = (size_t)tree * f->leaves;
	int32_t l = t->left[at];

	if (level == f->depth) {
		for (uint32_t k = 0; k < t->width; k++)
			f->leaf[((size_t)tree * t->width + k) * f->leaves + to - f->nodes] =
				t->value[at * t->width + k];
		return;
	}
	f->input[row + to] = l != 0 ? t->feature[at] : 0;
	f->split[row + to] = l != 0 ? t->split[at] : INFINITY;
	flatten(t, f, tree, l != 0 ? l : from, 2 * to + 1, level + 1);
	flatten(t, f, tree, l != 0 ? l + 1 : from, 2 * to + 2, level + 1);
}

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* The splits of each feature in order, without repeats; false: too many. */
static bool find_cuts(const struct trees *t, struct trees_fast *f,
		      uint32_t *slot_of, struct arena *tmp)
{
	uint32_t *n = NEW_N(tmp, uint32_t, t->inputs), at = 0;
	uint32_t *first = NEW_N(tmp, uint32_t, t->inputs + 1);
	float *all = NEW_N(tmp, float, t->n_nodes);

	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->left[i] != 0)
			first[t->feature[i] + 1]++;
	for (uint32_t i = 0; i < t->inputs; i++) {
		f->n_used += first[i + 1] > 0;
		first[i + 1] += first[i];
	}
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->left[i] != 0)
			all[first[t->feature[i]] + n[t->feature[i]]++] = t->split[i];
	f->used = NEW_N(t->mem, uint32_t, f->n_used + 1);
	f->cut = NEW_N(t->mem, float, (size_t)f->n_used * FAST_CUTS + 1);
	for (uint32_t i = 0; i < t->inputs; i++) {
		float *cut = f->cut + (size_t)at * FAST_CUTS, *v = all + first[i];
		uint32_t m = 0;

		if (n[i] == 0)
			continue;
		qsort(v, n[i], sizeof(*v), by_value);
		for (uint32_t k = 0; k < n[i]; k++) {
			if (m > 0 && v[k] <= cut[m - 1])
				continue;
			if (m == CUTS - 1)
				return false;
			cut[m++] = v[k];
		}
		while (m < CUTS)
			cut[m++] = INFINITY;
		for (; m < FAST_CUTS; m++)
			cut[m] = cut[(m - CUTS) * 16 + 15];
		slot_of[i] = at;
		f->used[at++] = i;
	}
	return true;
}

/* v >= cut[k] is rank(v) > k; what is made up is true of the infinite only,
 * and both its sides are the same. */
static void set_ranks(const struct trees *t, struct trees_fast *f,
		      const uint32_t *slot_of)
{
	for (size_t i = 0; i < (size_t)t->n * f->leaves; i++) {
		const float *cut;
		uint32_t lo = 0, hi = CUTS - 1;

		f->rank[i] = (struct fast_node){ 0, 0xffffffffu };
		if (!(f->split[i] < INFINITY) || f->n_used == 0)
			continue;
		cut = f->cut + (size_t)slot_of[f->input[i]] * FAST_CUTS;
		while (lo < hi) {
			uint32_t mid = (lo + hi) / 2;

			if (cut[mid] < f->split[i])
				lo = mid + 1;
			else
				hi = mid;
		}
		f->rank[i].at = slot_of[f->input[i]] * FAST_STRIDE;
		f->rank[i].rank = (lo + 1) * 0x01010101u;
	}
}

static void make_fast(struct trees *t)
{
	uint32_t depth = t->depth <= 4 ? 4 : t->depth <= 6 ? 6 : 8;
	struct trees_fast *f;
	size_t cells = (size_t)t->n << depth;

	t->fast = NULL;
	if (t->n == 0 || t->depth > TREES_FLAT_DEPTH ||
	    cells * (16 + 4 * t->width) > FAST_BYTES_MAX)
		return;
	f = NEW(t->mem, struct trees_fast);
	f->depth = depth;
	f->leaves = 1u << depth;
	f->nodes = f->leaves - 1;
	f->input = NEW_N(t->mem, int32_t, cells);
	f->split = NEW_N(t->mem, float, cells);
	f->leaf = NEW_N(t->mem, float, cells * t->width);
	for (uint32_t i = 0; i < t->n; i++) {
		f->split[(size_t)i * f->leaves + f->nodes] = INFINITY;
		flatten(t, f, i, 0, 0, 0);
	}
	t->fast = f;
	if (depth > FAST_RANKED || t->inputs > UINT16_MAX)
		return;
	SCOPE(tmp, t->mem) {
		uint32_t *slot_of = NEW_N(tmp, uint32_t, t->inputs);

		if (!find_cuts(t, f, slot_of, tmp))
			break;
		f->rank = NEW_N(t->mem, struct fast_node, cells);
		set_ranks(t, f, slot_of);
	}
}

void trees_prepare(struct trees *t)
{
	size_t node = 4 * sizeof(float) + 1 + t->width * sizeof(float);

	t->depth = trees_depth(t);
	make_fast(t);
	if (t->counted >= t->n_nodes)
		return;
	ml_mem_count(t->mem, (t->n_nodes - t->counted) * node,
		     t->counted == 0 ? TREES_TENSORS : 0);
	t->counted = t->n_nodes;
}

enum trees_path trees_path_best(void)
{
#ifdef ML_X86
	if (__builtin_cpu_supports("avx512bw"))
		return TREES_AVX512;
	if (__builtin_cpu_supports("avx2"))
		return TREES_AVX2;
#endif
	return TREES_PORTABLE;
}

size_t trees_work(const struct trees *t)
{
	size_t used = t->fast != NULL ? t->fast->n_used : 0;

	/* A tile of ranks, a column of values, sums. */
	return (used + 1) * FAST_STRIDE + FAST_STRIDE * sizeof(float) *
	       (1 + t->outputs);
}

/* ---- one sample --------------------------------------------------------- */

static bool all_numbers(const struct trees *t, const float *x)
{
	float sum = 0;

	/* Anything times nothing is nothing, but for what is no number (or
	 * infinite, for which the slow way does as well). */
	for (uint32_t i = 0; i < t->inputs; i++)
		sum += x[i] * 0;
	return !(sum != sum);
}

static inline __attribute__((__always_inline__))
void walk_trees(const struct trees *t, const struct trees_fast *f, uint32_t depth,
		const float *x, float *ret)
{
	uint32_t leaves = 1u << depth, i = 0;

	for (; i < t->n; i += SIDE_BY_SIDE) {
		uint32_t n = t->n - i < SIDE_BY_SIDE ? t->n - i : SIDE_BY_SIDE;
		size_t row = (size_t)i * leaves;
		uint32_t k[SIDE_BY_SIDE] = { 0 };

		for (uint32_t d = 0; n == SIDE_BY_SIDE && d < depth; d++)
			for (uint32_t q = 0; q < SIDE_BY_SIDE; q++) {
				size_t at = row + q * leaves + k[q];

				k[q] = 2 * k[q] + 1 + (x[f->input[at]] >= f->split[at]);
			}
		for (uint32_t d = 0; n < SIDE_BY_SIDE && d < depth; d++)
			for (uint32_t q = 0; q < n; q++) {
				size_t at = row + q * leaves + k[q];

				k[q] = 2 * k[q] + 1 + (x[f->input[at]] >= f->split[at]);
			}
		for (uint32_t q = 0; q < n; q++) {
			const float *v = f->leaf + (size_t)(i + q) * t->width * leaves +
					 (k[q] - (leaves - 1));

			if (t->width == 1)
				ret[t->outputs == 1 ? 0 : (i + q) % t->outputs] += *v;
			else
				for (uint32_t c = 0; c < t->width; c++)
					ret[c] += v[c * leaves];
		}
	}
}

static void sum_one(const struct trees *t, const float *x, float *ret)
{
	const struct trees_fast *f = t->fast;

	memcpy(ret, t->base, t->outputs * sizeof(*ret));
	if (f == NULL || !all_numbers(t, x))
		trees_add(t, 0, t->n, x, ret);
	else if (f->depth == 4)
		walk_trees(t, f, 4, x, ret);
	else if (f->depth == 6)
		walk_trees(t, f, 6, x, ret);
	else
		walk_trees(t, f, 8, x, ret);
}

void trees_sum(const struct trees *t, enum trees_path path, void *work,
	       const float *const *x, size_t n, float *ret)
{
	size_t tile = path == TREES_AVX512 ? FAST_STRIDE : FAST_STRIDE / 2;
	bool ranked = path != TREES_PORTABLE && t->fast != NULL && t->fast->rank != NULL;

	for (size_t i = 0; i < n;) {
		size_t m = n - i < tile ? n - i : tile;
		bool done = false;

#ifdef ML_X86
		if (ranked && m >= TILE_LEAST)
			done = path == TREES_AVX512 ?
				fast_tile_avx512(t, work, x + i, m, ret + i * t->outputs) :
				fast_tile_avx2(t, work, x + i, m, ret + i * t->outputs);
#endif
		for (size_t k = 0; !done && k < m; k++)
			sum_one(t, x[i + k], ret + (i + k) * t->outputs);
		i += m;
	}
	(void)work;
	(void)ranked;
}
