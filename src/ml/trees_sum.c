#include "config.h"

#include <string.h>

#include "ml/cpu_i.h"
#include "ml/trees_i.h"

void trees_prepare(struct trees *t)
{
	t->depth = trees_depth(t);
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
