#ifndef TESTS_T_MODELS_H
#define TESTS_T_MODELS_H
/* t_models.h - something to read for scripts that ask models. */
#include <math.h>

#include "core/rand.h"
#include "script/script.h"

/* Rows for the models that a program asks: numbers that look like theirs. */
static inline void t_models(struct arena *a, const struct script_prog *p,
			    const int64_t *t, size_t n, struct script_market *m)
{
	const char *const *names;
	size_t k = script_models(p, &names);
	struct script_model *v = NEW_N(a, struct script_model, k + 1);
	double *said = NEW_N(a, double, n * SM__N + 1);
	struct rng r;

	rng_seed(&r, 5);
	for (size_t i = 0; i < n; i++) {
		double *row = said + i * SM__N, x = rng_unit(&r), y = rng_unit(&r);

		row[SM_BUY] = x * y;
		row[SM_SELL] = (1 - x) * y;
		row[SM_HOLD] = 1 - y;
		row[SM_ACTION] = y < 0.5 ? 1 : x > 0.5 ? 0 : 2;
		row[SM_CONFIDENCE] = row[(int)row[SM_ACTION]];
		row[SM_RETURN] = NAN;
	}
	for (size_t i = 0; i < k; i++)
		v[i] = (struct script_model){ names[i], said, t, n };
	m->models = v;
	m->n_models = k;
}

#endif
