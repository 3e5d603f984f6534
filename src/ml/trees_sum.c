#include "config.h"

#include <string.h>

#include "ml/cpu_i.h"
#include "ml/mem.h"
#include "ml/trees_i.h"

void trees_prepare(struct trees *t)
{
	size_t node = 4 * sizeof(float) + 1 + t->width * sizeof(float);

	t->depth = trees_depth(t);
	if (t->counted >= t->n_nodes)
		return;
	ml_mem_count(t->mem, (t->n_nodes - t->counted) * node,
		     t->counted == 0 ? TREES_TENSORS : 0);
	t->counted = t->n_nodes;
}

enum trees_path trees_path_best(void)
{
	return TREES_PORTABLE;
}

size_t trees_work(const struct trees *t)
{
	(void)t;
	return 64;
}

void trees_sum(const struct trees *t, enum trees_path path, void *work,
	       const float *const *x, size_t n, float *ret)
{
	(void)path;
	(void)work;
	for (size_t i = 0; i < n; i++) {
		memcpy(ret + i * t->outputs, t->base, t->outputs * sizeof(*ret));
		trees_add(t, 0, t->n, x[i], ret + i * t->outputs);
	}
}
