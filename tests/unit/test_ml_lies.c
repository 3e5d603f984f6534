/* Files that lie: whatever stands in the tensors of a model, it is refused with
 * a sentence, or it is one that answers, explains and ends. */
#include "config.h"

#include "test.h"

#include "t_samples.h"

enum { N = 120, F = 6, TURNS = 150 };

static const struct ml_column columns[F] = {
	{ "return_1", 0, 0.01 }, { "rsi_14", 0.5, 0.2 }, { "volume_ratio", 1, 0.5 },
	{ "volatility_20", 0.01, 0.005 }, { "trend_10_20", 0, 0.01 }, { "adx_14", 0.25, 0.1 },
};
static const struct {
	const char *name, *layout, *param;
	double value;
	uint32_t outputs;
} kinds[] = {
	{ "boosting", NULL, "rounds", 4, 3 }, { "boosting", NULL, "rounds", 4, 1 },
	{ "forest", NULL, "trees", 4, 3 }, { "forest", NULL, "trees", 4, 1 },
	{ "logistic", NULL, "l2", 1, 3 }, { "ridge", NULL, "l2", 1, 1 },
	{ "qlearn", NULL, "episodes", 3, 3 }, { "qlinear", NULL, "episodes", 3, 3 },
	{ "ensemble_vote", "boosting rounds=3; forest trees=3", "folds", 1, 3 },
	{ "ensemble_stack", "qlearn episodes=3; logistic", "folds", 1, 3 },
	{ "ensemble_regime", "boosting rounds=3; qlinear episodes=2", "folds", 1, 3 },
};

static struct rng r;

static void ask(struct arena *mem, const struct ml_kind *k, const void *m,
		const struct ml_set *s)
{
	void *work = t_work(mem, k, m, 1);
	float p[3], c[F];

	for (size_t i = 0; i < 5; i++) {
		const float *x = ml_sample(s, i);

		k->forward(m, work, &x, 1, p);
		for (uint32_t o = 0; o < s->shape.outputs; o++) {
			assert_false(isnan(p[o]));
			if (s->shape.outputs == 3 && !(p[o] >= 0 && p[o] <= 1.0001F))
				fail_msg("%s answers %g", k->name, (double)p[o]);
			k->explain(m, work, x, o, c);
		}
	}
}

/* Some bytes of one tensor are others, or its length is. */
static void lie(struct ml_tensor *t, size_t n)
{
	struct ml_tensor *w = &t[rng_below(&r, n)];
	size_t size = ml_tensor_len(w) * ml_dtype_size(w->dtype);
	unsigned char *p = w->data;

	if (rng_below(&r, 12) == 0) {
		w->dim[0] -= (uint32_t)rng_below(&r, w->dim[0]);
		return;
	}
	for (uint64_t k = 1 + rng_below(&r, 3); k > 0; k--) {
		size_t at = rng_below(&r, size / ml_dtype_size(w->dtype)) *
			    ml_dtype_size(w->dtype);

		for (size_t b = 0; b < ml_dtype_size(w->dtype); b++)
			if (rng_u64(&r) & 1)
				p[at + b] = (unsigned char)rng_u64(&r);
	}
}

static void lies_do_no_harm(void **state)
{
	size_t accepted = 0, refused = 0;

	(void)state;
	rng_seed(&r, 3);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct arena *mem = arena_new("t", (size_t)1 << 28);
		const struct ml_kind *k = ml_kind_find(kinds[i].name);
		struct ml_set *s = t_planted(mem, N, F, kinds[i].outputs, 1);
		struct ml_spec spec = t_spec(kinds[i].name, s);
		const struct ml_tensor *t;
		size_t n;
		void *m;

		spec.columns = columns;
		if (kinds[i].layout != NULL)
			spec.layout = kinds[i].layout;
		t_param(&spec, kinds[i].param, kinds[i].value);
		m = t_train(mem, &spec, s, NULL);
		n = k->tensors(mem, m, true, &t);
		for (int turn = 0; turn < TURNS; turn++)
			SCOPE(tmp, mem) {
				struct ml_tensor *c = t_copied(tmp, t, n);
				struct err err = { 0 };

				lie(c, n);
				if (k->load(tmp, &spec, c, n, &m, &err) == 0) {
					ask(tmp, k, m, s);
					accepted++;
				} else {
					assert_int_equal(err.code, E_INVAL);
					assert_true(strlen(err.msg) > 10);
					refused++;
				}
			}
		arena_free(&mem);
	}
	/* Both happen often: the lies are neither all bare nor all harmless. */
	assert_true(accepted > 100 && refused > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lies_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
