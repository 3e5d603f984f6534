#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "ml/boost_i.h"
#include "ml/xgb.h"

/* Whatever the text says: it is refused with a reason, or it is a model that
 * answers numbers, explains them, and reads back as itself. */

static void ask(struct arena *a, const struct ml_spec *s, void *m, float *ret)
{
	size_t inputs = (size_t)s->shape.window * s->shape.features;
	size_t size = ml_kind_boosting.work(m, 1) + 64;
	float *x = NEW_N(a, float, inputs), *c = NEW_N(a, float, inputs);
	const float *at = x;
	uintptr_t work = (uintptr_t)arena_alloc(a, size);

	work = (work + 63) / 64 * 64;
	for (size_t i = 0; i < inputs; i++)
		x[i] = (float)(i % 3) - 1;
	ml_kind_boosting.forward(m, (void *)work, &at, 1, ret);
	for (uint32_t k = 0; k < s->shape.outputs; k++) {
		promise("an answer is a number", !isnan(ret[k]));
		ml_kind_boosting.explain(m, (void *)work, x, k, c);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	struct ml_spec spec, again;
	float p[3], q[3];
	struct sbuf b;
	struct err err = { 0 };
	void *m;

	if (ml_xgb_import(a, (const char *)data, size, 1, &spec, &m, &err) == 0) {
		ask(a, &spec, m, p);
		sbuf_init(&b, a, (size_t)1 << 28);
		if (ml_xgb_export(m, &b, &err) == 0) {
			if (ml_xgb_import(a, b.buf, b.len, 1, &again, &m, &err) < 0)
				promise(err.msg, false);
			ask(a, &again, m, q);
		}
	} else {
		promise("a refusal has its reason", err.msg[0] != '\0');
	}
	arena_free(&a);
	return 0;
}
