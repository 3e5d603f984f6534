#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "ml/model.h"

/* Layouts of networks: refused with a sentence, or a network that answers.  The
 * first byte chooses kind and outputs. */

static const char *const kinds[] = { "lstm", "dense", "conv", "transformer" };

static void answers(struct arena *a, const struct ml_kind *k, const void *m,
		    const struct ml_spec *s)
{
	size_t n = (size_t)s->shape.window * s->shape.features;
	float *v = NEW_N(a, float, n), *why = NEW_N(a, float, n), y[2][3];
	char *work = arena_alloc(a, k->work(m, 1) + 64);
	const float *x = v;
	double sum = 0;

	work += (64 - (uintptr_t)work % 64) % 64;
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(i % 7) - 3;
	k->forward(m, work, &x, 1, y[0]);
	k->explain(m, work, x, 0, why);
	k->forward(m, work, &x, 1, y[1]);
	for (size_t i = 0; i < s->shape.outputs; i++) {
		promise("the same answer again", y[0][i] == y[1][i]);
		sum += (double)y[0][i];
	}
	promise("probabilities", s->shape.outputs == 1 || fabs(sum - 1) < 1e-5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct ml_spec s;
	struct err err = { 0 };
	void *m = NULL;

	if (size > 0) {
		const struct ml_kind *k = ml_kind_find(kinds[data[0] % 4]);

		ml_spec_init(&s, k, data[0] & 4 ? 1 : 3);
		s.shape.window = 5;
		s.shape.features = 4;
		s.layout = str_dup(a, str_n((const char *)data + 1, size - 1));
		if (k->make(a, &s, &m, &err) == 0)
			answers(a, k, m, &s);
		else
			promise("a refusal says why", err.msg[0] != '\0');
	}
	arena_free(&a);
	return 0;
}
