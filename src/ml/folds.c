#include "config.h"

#include "ml/folds.h"

struct ml_set ml_set_slice(const struct ml_set *s, size_t from, size_t to)
{
	struct ml_set r = *s;

	assert(from <= to && to <= s->n);
	r.n = to - from;
	r.end += from;
	r.cls = s->cls != NULL ? s->cls + from : NULL;
	r.target = s->target != NULL ? s->target + from : NULL;
	r.weight = s->weight != NULL ? s->weight + from : NULL;
	r.t += from;
	r.t_end += from;
	return r;
}

size_t ml_set_seek(const struct ml_set *s, int64_t t)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->t[mid] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A barrier may be met late for one sample and early for the next, so labels
 * do not quite become known in the order of their samples: all up to the first
 * that reaches over the cut stay. */
size_t ml_purge(const struct ml_set *s, size_t n, size_t cut, size_t embargo)
{
	size_t stay = 0;

	assert(n <= cut && cut <= s->n);
	if (cut == s->n)
		stay = n;
	else
		while (stay < n && s->t_end[stay] <= s->t[cut])
			stay++;
	return stay > embargo ? stay - embargo : 0;
}

int ml_walk(const struct ml_set *s, size_t k, size_t least, size_t window,
	    size_t embargo, struct ml_fold *ret, struct err *err)
{
	size_t each;

	assert(k > 0 && least > 0);
	each = s->n > least ? (s->n - least) / k : 0;
	if (each == 0)
		return FAIL(err, E_UNPROCESSABLE, "%zu samples are too few for %zu tests "
			    "after %zu to learn from", s->n, k, least);
	for (size_t i = 0; i < k; i++) {
		struct ml_fold *f = &ret[i];

		f->test_to = s->n - (k - 1 - i) * each;
		f->test_from = f->test_to - each;
		f->train_to = ml_purge(s, f->test_from, f->test_from, embargo);
		f->train_from = window > 0 && f->train_to > window ?
				f->train_to - window : 0;
		if (f->train_to == 0)
			return FAIL(err, E_UNPROCESSABLE, "nothing is left to learn from "
				    "before test %zu: an embargo of %zu samples", i + 1,
				    embargo);
	}
	return 0;
}
