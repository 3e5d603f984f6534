#include "config.h"

#include <math.h>
#include <string.h>

#include "ml/trees_i.h"

#define VALUE_MAX 1e30F		/* of a leaf: sums of all trees stay finite */

void trees_init(struct trees *t, struct arena *mem, uint32_t inputs,
		uint32_t outputs, uint32_t width)
{
	*t = (struct trees){
		.outputs = outputs, .width = width, .inputs = inputs, .mem = mem,
	};
	t->base = NEW_N(mem, float, outputs);
	t->room_trees = 1;
	t->start = NEW_N(mem, int32_t, 2);
}

static void *wider(struct trees *t, void *old, size_t size)
{
	return arena_grow(t->mem, old, t->n_nodes * size, t->room * size);
}

static void *copied(struct trees *t, const void *old, size_t n, size_t size)
{
	void *p = arena_alloc_n(t->mem, n > 0 ? n : 1, size);

	if (n > 0)
		memcpy(p, old, n * size);
	return p;
}

/* Trees that came from a file move to memory of ours before they change. */
static void make_ours(struct trees *t)
{
	t->borrowed = false;
	t->room = t->n_nodes;
	t->room_trees = t->n > 0 ? t->n : 1;
	t->base = copied(t, t->base, t->outputs, sizeof(*t->base));
	t->start = memcpy(NEW_N(t->mem, int32_t, (size_t)t->room_trees + 1),
			  t->start, ((size_t)t->n + 1) * sizeof(*t->start));
	t->left = copied(t, t->left, t->n_nodes, sizeof(*t->left));
	t->feature = copied(t, t->feature, t->n_nodes, sizeof(*t->feature));
	t->split = copied(t, t->split, t->n_nodes, sizeof(*t->split));
	t->cover = copied(t, t->cover, t->n_nodes, sizeof(*t->cover));
	t->missing = copied(t, t->missing, t->n_nodes, sizeof(*t->missing));
	t->value = copied(t, t->value, (size_t)t->n_nodes * t->width,
			  sizeof(*t->value));
}

static void make_room(struct trees *t, uint32_t more)
{
	if (t->n_nodes + more <= t->room)
		return;
	assert(t->n_nodes + more <= TREES_NODES_MAX);
	t->room = (t->n_nodes + more) * 2;
	t->left = wider(t, t->left, sizeof(*t->left));
	t->feature = wider(t, t->feature, sizeof(*t->feature));
	t->split = wider(t, t->split, sizeof(*t->split));
	t->cover = wider(t, t->cover, sizeof(*t->cover));
	t->missing = wider(t, t->missing, sizeof(*t->missing));
	t->value = wider(t, t->value, sizeof(*t->value) * t->width);
}

static void put_node(struct trees *t)
{
	size_t at = t->n_nodes++;

	t->left[at] = t->feature[at] = 0;
	t->split[at] = t->cover[at] = 0;
	t->missing[at] = 0;
	memset(t->value + at * t->width, 0, t->width * sizeof(*t->value));
	t->start[t->n] = (int32_t)t->n_nodes;
}

void trees_begin(struct trees *t)
{
	if (t->borrowed)
		make_ours(t);
	if (t->n == t->room_trees) {
		t->start = arena_grow(t->mem, t->start,
				      (t->room_trees + 1) * sizeof(*t->start),
				      (2 * (size_t)t->room_trees + 1) *
				      sizeof(*t->start));
		t->room_trees *= 2;
	}
	make_room(t, 1);
	t->n++;
	put_node(t);
}

int32_t trees_children(struct trees *t, int32_t node, int32_t feature,
		       float split, bool missing_right)
{
	size_t at = trees_at(t, t->n - 1, node);
	int32_t left = t->start[t->n] - t->start[t->n - 1];

	make_room(t, 2);
	t->left[at] = left;
	t->feature[at] = feature;
	t->split[at] = split;
	t->missing[at] = missing_right;
	put_node(t);
	put_node(t);
	return left;
}

void trees_cut(struct trees *t, uint32_t n)
{
	assert(n <= t->n);
	t->n = n;
	t->n_nodes = (uint32_t)t->start[n];
}

size_t trees_leaf(const struct trees *t, uint32_t tree, const float *x)
{
	size_t root = (size_t)t->start[tree], at = root;

	while (t->left[at] != 0)
		at = root + (size_t)t->left[at] +
		     trees_right(t, at, x[t->feature[at]]);
	return at;
}

void trees_add(const struct trees *t, uint32_t first, uint32_t n, const float *x,
	       float *ret)
{
	for (uint32_t i = first; i < first + n; i++) {
		const float *v = t->value + trees_leaf(t, i, x) * t->width;

		if (t->width == 1)
			ret[i % t->outputs] += *v;
		else
			for (uint32_t k = 0; k < t->width; k++)
				ret[k] += v[k];
	}
}

/* Depth of each node of one tree; children come after their parents. */
static uint32_t tree_depth(const struct trees *t, uint32_t tree, uint8_t *depth)
{
	int32_t n = t->start[tree + 1] - t->start[tree];
	uint32_t most = 0;

	depth[0] = 0;
	for (int32_t i = 0; i < n; i++) {
		int32_t l = t->left[trees_at(t, tree, i)];

		if (l == 0)
			continue;
		depth[l] = depth[l + 1] = (uint8_t)(depth[i] + 1);
		if (depth[l] > most)
			most = depth[l];
	}
	return most;
}

static uint32_t largest(const struct trees *t)
{
	uint32_t n = 1;

	for (uint32_t i = 0; i < t->n; i++)
		if ((uint32_t)(t->start[i + 1] - t->start[i]) > n)
			n = (uint32_t)(t->start[i + 1] - t->start[i]);
	return n;
}

uint32_t trees_depth(const struct trees *t)
{
	uint32_t most = 0, d;

	SCOPE(tmp, t->mem) {
		uint8_t *depth = NEW_N(tmp, uint8_t, largest(t));

		for (uint32_t i = 0; i < t->n; i++) {
			d = tree_depth(t, i, depth);
			if (d > most)
				most = d;
		}
	}
	return most;
}

double trees_mean(const struct trees *t, uint32_t output)
{
	double sum = (double)t->base[output];

	SCOPE(tmp, t->mem) {
		double *mean = NEW_N(tmp, double, largest(t));

		for (uint32_t i = 0; i < t->n; i++) {
			if (t->width == 1 && i % t->outputs != output)
				continue;
			for (int32_t k = t->start[i + 1] - t->start[i] - 1; k >= 0; k--) {
				size_t at = trees_at(t, i, k);
				int32_t l = t->left[at];

				mean[k] = l == 0 ? (double)trees_value(t, at, output) :
					trees_share(t, i, l) * mean[l] +
					(1 - trees_share(t, i, l)) * mean[l + 1];
			}
			sum += mean[0];
		}
	}
	return sum;
}

/* ---- kept and loaded ---------------------------------------------------- */

size_t trees_tensors(struct trees *t, struct ml_tensor *ret)
{
	const struct ml_tensor all[TREES_TENSORS] = {
		{ "trees.base", ML_F32, 1, { t->outputs }, t->base },
		{ "trees.start", ML_I32, 1, { t->n + 1 }, t->start },
		{ "trees.left", ML_I32, 1, { t->n_nodes }, t->left },
		{ "trees.feature", ML_I32, 1, { t->n_nodes }, t->feature },
		{ "trees.split", ML_F32, 1, { t->n_nodes }, t->split },
		{ "trees.cover", ML_F32, 1, { t->n_nodes }, t->cover },
		{ "trees.missing", ML_U8, 1, { t->n_nodes }, t->missing },
		{ "trees.value", ML_F32, 2, { t->n_nodes, t->width }, t->value },
	};

	memcpy(ret, all, sizeof(all));
	return t->n_nodes > 0 ? TREES_TENSORS : 2;	/* none is of no length */
}

/* One tree of n nodes: every node but the root is the child of exactly one
 * earlier node, so a walk is short and each leaf is met on one path. */
static int check_tree(const struct trees *t, uint32_t tree, uint8_t *seen,
		      struct err *err)
{
	int32_t n = t->start[tree + 1] - t->start[tree];

	memset(seen, 0, (size_t)n);
	seen[0] = 1;		/* depth + 1 */
	for (int32_t i = 0; i < n; i++) {
		size_t at = trees_at(t, tree, i);
		int32_t l = t->left[at];

		if (seen[i] == 0)
			return FAIL(err, E_INVAL, "tree %u: nothing leads to node %d", tree, i);
		if (!isfinite(t->cover[at]) || t->cover[at] < 0 || t->missing[at] > 1)
			return FAIL(err, E_INVAL, "tree %u: node %d has no sensible cover", tree, i);
		if (l == 0)
			continue;
		if (l <= i || l >= n - 1)
			return FAIL(err, E_INVAL, "tree %u: the children of node %d are not behind it", tree, i);
		if (seen[l] != 0 || seen[l + 1] != 0)
			return FAIL(err, E_INVAL, "tree %u: two ways lead to node %d", tree, l);
		if (seen[i] > TREES_DEPTH_MAX)
			return FAIL(err, E_INVAL, "tree %u is deeper than %d", tree, TREES_DEPTH_MAX);
		seen[l] = seen[l + 1] = (uint8_t)(seen[i] + 1);
		if (t->feature[at] < 0 || (uint32_t)t->feature[at] >= t->inputs)
			return FAIL(err, E_INVAL, "tree %u: node %d asks for feature %d of %u",
				    tree, i, t->feature[at], t->inputs);
		if (isnan(t->split[at]))
			return FAIL(err, E_INVAL, "tree %u: node %d splits at no number", tree, i);
	}
	return 0;
}

int trees_check(const struct trees *t, struct err *err)
{
	int rc;

	for (uint32_t k = 0; k < t->outputs; k++)
		if (!(fabsf(t->base[k]) <= VALUE_MAX))
			return FAIL(err, E_INVAL, "the base of output %u is no number", k);
	if (t->start[0] != 0 || t->start[t->n] != (int32_t)t->n_nodes)
		return FAIL(err, E_INVAL, "the trees do not begin and end with the nodes");
	for (uint32_t i = 0; i < t->n; i++)
		if (t->start[i] < 0 || t->start[i + 1] <= t->start[i])
			return FAIL(err, E_INVAL, "tree %u has no nodes", i);
	for (size_t i = 0; i < (size_t)t->n_nodes * t->width; i++)
		if (!(fabsf(t->value[i]) <= VALUE_MAX))
			return FAIL(err, E_INVAL, "the value of node %zu is no sensible number", i / t->width);
	SCOPE(tmp, t->mem) {
		uint8_t *seen = NEW_N(tmp, uint8_t, largest(t));

		for (uint32_t i = 0; i < t->n; i++) {
			rc = check_tree(t, i, seen, err);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int trees_load(struct arena *mem, const struct ml_tensor *ts, size_t n,
	       uint32_t inputs, uint32_t outputs, uint32_t width,
	       struct trees *ret, struct err *err)
{
	struct trees t = { .mem = mem, .inputs = inputs, .outputs = outputs,
			   .width = width, .borrowed = true };
	const struct ml_tensor *f = ml_tensor_find(ts, n, "trees.start");
	const struct ml_tensor *left = ml_tensor_find(ts, n, "trees.left");
	const struct {
		const char *name;
		enum ml_dtype dtype;
		uint32_t d0, d1;
		void **to;
	} need[] = {
		{ "trees.base", ML_F32, outputs, 0, (void **)&t.base },
		{ "trees.start", ML_I32, f != NULL ? f->dim[0] : 0, 0, (void **)&t.start },
		{ "trees.left", ML_I32, left != NULL ? left->dim[0] : 0, 0, (void **)&t.left },
		{ "trees.feature", ML_I32, left != NULL ? left->dim[0] : 0, 0, (void **)&t.feature },
		{ "trees.split", ML_F32, left != NULL ? left->dim[0] : 0, 0, (void **)&t.split },
		{ "trees.cover", ML_F32, left != NULL ? left->dim[0] : 0, 0, (void **)&t.cover },
		{ "trees.missing", ML_U8, left != NULL ? left->dim[0] : 0, 0, (void **)&t.missing },
		{ "trees.value", ML_F32, left != NULL ? left->dim[0] : 0, width, (void **)&t.value },
	};
	int rc;

	for (size_t i = 0; i < (need[1].d0 == 1 ? 2 : ARRAY_LEN(need)); i++) {
		rc = ml_tensor_need(ts, n, need[i].name, need[i].dtype, need[i].d0,
				    need[i].d1, &f, err);
		if (rc < 0)
			return rc;
		*need[i].to = f->data;
		if ((uintptr_t)f->data % _Alignof(float) != 0)
			*need[i].to = copied(&t, f->data, ml_tensor_len(f),
					     ml_dtype_size(f->dtype));
	}
	t.n = t.room_trees = need[1].d0 - 1;	/* 0 - 1 is refused just below */
	t.n_nodes = t.room = need[1].d0 == 1 ? 0 : need[2].d0;
	if (need[1].d0 == 0 || t.n > t.n_nodes || t.n_nodes > TREES_NODES_MAX)
		return FAIL(err, E_INVAL, "%u trees of %u nodes", t.n, t.n_nodes);
	rc = trees_check(&t, err);
	if (rc == 0)
		*ret = t;
	return rc;
}
