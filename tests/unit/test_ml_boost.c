/* Gradient boosting: what it learns, that it is the same whichever way it is
 * trained, what the contributions sum to, and what it refuses to load. */
#include "config.h"

#include <stdlib.h>

#include "test.h"

#include "ml/boost_i.h"
#include "t_samples.h"

static struct arena *mem;

static int setup(void **state)
{
	(void)state;
	mem = arena_new("t", (size_t)1 << 29);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

static void learns_moons_and_xor(void **state)
{
	struct ml_set *train = t_moons(mem, 1500, 1), *test = t_moons(mem, 1000, 2);
	struct ml_spec spec = t_spec("boosting", train);

	(void)state;
	t_param(&spec, "rounds", 60);
	assert_true(t_accuracy(mem, &ml_kind_boosting,
			       t_train(mem, &spec, train, NULL), test) > 0.97);
	train = t_xor(mem, 1500, 3);
	test = t_xor(mem, 1000, 4);
	assert_true(t_accuracy(mem, &ml_kind_boosting,
			       t_train(mem, &spec, train, NULL), test) > 0.97);
	t_param(&spec, "objective", 1);
	assert_true(t_accuracy(mem, &ml_kind_boosting,
			       t_train(mem, &spec, train, NULL), test) > 0.97);
	t_param(&spec, "leaves", 8);
	t_param(&spec, "rows", 0.5);
	t_param(&spec, "columns", 0.6);	/* both of two */
	assert_true(t_accuracy(mem, &ml_kind_boosting,
			       t_train(mem, &spec, train, NULL), test) > 0.95);
}

static void learns_a_return(void **state)
{
	struct ml_set *train = t_planted(mem, 3000, 6, 1, 1);
	struct ml_set *test = t_planted(mem, 1000, 6, 1, 2);
	struct ml_spec spec = t_spec("boosting", train);
	double err2 = 0, all2 = 0;
	float *p;

	(void)state;
	t_param(&spec, "min_child", 5);
	t_param(&spec, "rounds", 100);
	p = t_ask(mem, &ml_kind_boosting, t_train(mem, &spec, train, NULL), test);
	for (size_t i = 0; i < test->n; i++) {
		err2 += pow((double)p[i] - (double)test->target[i], 2);
		all2 += pow((double)test->target[i], 2);
	}
	/* The noise is 0.09 of 1.34: no model has more than 0.93. */
	assert_true(1 - err2 / all2 > 0.87);
}

/* Of noise nothing can be learned: it stops, and is no better than the shares
 * of the classes. */
static void stops_early(void **state)
{
	struct ml_set *train = t_planted(mem, 1000, 5, 3, 1);
	struct ml_set *valid = t_planted(mem, 500, 5, 3, 2);
	struct ml_spec spec = t_spec("boosting", train);
	const struct ml_tensor *t;
	struct boost *b;
	struct rng r;
	struct err err;
	void *copy;
	size_t n;

	(void)state;
	rng_seed(&r, 9);
	for (size_t i = 0; i < train->n; i++)
		T_CLS(train)[i] = (uint8_t)rng_below(&r, 3);
	for (size_t i = 0; i < valid->n; i++)
		T_CLS(valid)[i] = (uint8_t)rng_below(&r, 3);
	b = t_train(mem, &spec, train, valid);
	assert_true(b->t.n / 3 < 10);
	/* Not even a tree is better than none: that can be kept, too. */
	for (size_t i = 0; i < train->n; i++)
		T_CLS(train)[i] = T_X(train, i)[0] > 0 ? ML_BUY : ML_SELL;
	for (size_t i = 0; i < valid->n; i++)
		T_CLS(valid)[i] = T_X(valid, i)[0] > 0 ? ML_SELL : ML_BUY;
	b = t_train(mem, &spec, train, valid);
	assert_int_equal(b->t.n, 0);
	n = ml_kind_boosting.tensors(mem, b, false, &t);
	for (size_t i = 0; i < n; i++)
		assert_true(ml_tensor_len(&t[i]) > 0);
	assert_int_equal(ml_kind_boosting.load(mem, &spec, t_copied(mem, t, n), n,
					       &copy, &err), 0);
	assert_memory_equal(t_ask(mem, &ml_kind_boosting, b, valid),
			    t_ask(mem, &ml_kind_boosting, copy, valid), 500 * 3 * 4);
	t_param(&spec, "rounds", 40);
	b = t_train(mem, &spec, train, NULL);
	assert_int_equal(b->t.n, 120);
}

static void same_seed_same_bytes(void **state)
{
	struct ml_set *train = t_planted(mem, 800, 7, 3, 1);
	struct ml_set *valid = t_planted(mem, 300, 7, 3, 2);
	struct ml_spec spec = t_spec("boosting", train);
	const unsigned at[] = { 1, 7, 24, 25 };

	(void)state;
	t_param(&spec, "rounds", 25);
	t_param(&spec, "rows", 0.7);
	t_param(&spec, "columns", 0.5);
	t_same(mem, &ml_kind_boosting, t_train(mem, &spec, train, valid),
	       t_train(mem, &spec, train, valid));
	t_resumes(mem, &spec, train, valid, at, ARRAY_LEN(at));
	t_param(&spec, "rounds", 200);
	t_param(&spec, "patience", 5);
	t_param(&spec, "rate", 0.6);
	t_resumes(mem, &spec, train, valid, at, 2);
}

/* A warm start adds rounds to those there are. */
static void goes_on(void **state)
{
	struct ml_set *train = t_planted(mem, 500, 4, 3, 1);
	struct ml_spec spec = t_spec("boosting", train);
	struct ml_fit f = { .train = train };
	struct boost *b, *longer;
	const struct ml_tensor *t;
	struct err err;
	void *copy;
	size_t n;

	(void)state;
	t_param(&spec, "rounds", 10);
	b = t_train(mem, &spec, train, NULL);
	n = ml_kind_boosting.tensors(mem, b, false, &t);
	assert_int_equal(ml_kind_boosting.load(mem, &spec, t_copied(mem, t, n), n,
					       &copy, &err), 0);
	assert_int_equal(ml_kind_boosting.fit(copy, &f, &err), 0);
	t_param(&spec, "rounds", 20);
	longer = t_train(mem, &spec, train, NULL);
	t_same(mem, &ml_kind_boosting, copy, longer);
}

/* ---- windows ------------------------------------------------------------ */

/* A window shares rows; it is worth the same as its values side by side. */
static void window_is_flat(void **state)
{
	enum { N = 600, W = 3, F = 2 };
	struct ml_set *rows = t_planted(mem, N, F, 3, 5);
	struct ml_set *flat = t_set(mem, N - W + 1, W * F, 3), win = *rows;
	struct ml_spec spec = t_spec("boosting", flat);
	struct boost *a, *b;

	(void)state;
	win.shape.window = W;
	win.n = N - W + 1;
	win.end += W - 1;
	win.cls += W - 1;
	for (size_t i = 0; i < flat->n; i++) {
		memcpy(T_X(flat, i), ml_sample(&win, i), W * F * sizeof(float));
		T_CLS(flat)[i] = win.cls[i];
	}
	t_param(&spec, "rounds", 8);
	a = t_train(mem, &spec, flat, NULL);
	spec.shape = win.shape;
	b = t_train(mem, &spec, &win, NULL);
	/* The cuts are of slightly other rows: the accuracy is what is alike. */
	assert_true(fabs(t_accuracy(mem, &ml_kind_boosting, a, flat) -
			 t_accuracy(mem, &ml_kind_boosting, b, &win)) < 0.03);
	assert_true(t_accuracy(mem, &ml_kind_boosting, b, &win) > 0.8);
}

/* ---- missing values ----------------------------------------------------- */

static void missing_values_choose(void **state)
{
	struct ml_set *s = t_planted(mem, 2000, 3, 3, 1);
	struct ml_spec spec = t_spec("boosting", s);
	struct rng r;

	(void)state;
	rng_seed(&r, 2);
	/* What is missing is always to be sold. */
	for (size_t i = 0; i < s->n; i++) {
		T_CLS(s)[i] = T_X(s, i)[0] > 0 ? ML_BUY : ML_HOLD;
		if (rng_below(&r, 4) == 0) {
			T_X(s, i)[0] = NAN;
			T_CLS(s)[i] = ML_SELL;
		}
	}
	t_param(&spec, "rounds", 10);
	assert_true(t_accuracy(mem, &ml_kind_boosting,
			       t_train(mem, &spec, s, NULL), s) > 0.99);
}

/* ---- histograms --------------------------------------------------------- */

static double naive_gain(const uint64_t *h, unsigned bin, bool missing_right,
			 const struct hist_best *k)
{
	double g[2] = { 0 }, w[2] = { 0 };

	for (unsigned b = 0; b < HIST_BINS; b++) {
		bool right = b == HIST_MISSING ? missing_right : b > bin;

		g[right] += (double)(int32_t)(h[b] >> 32) * (double)k->g_unit;
		w[right] += (double)(uint32_t)h[b] * (double)k->h_unit;
	}
	if (w[0] < (double)k->min_child || w[1] < (double)k->min_child)
		return -1;
	return g[0] * g[0] / (w[0] + (double)k->lambda) +
	       g[1] * g[1] / (w[1] + (double)k->lambda);
}

static void cut_is_the_best(void **state)
{
	uint64_t h[HIST_BINS];
	struct rng r;

	(void)state;
	rng_seed(&r, 4);
	for (int turn = 0; turn < 200; turn++) {
		unsigned n_cuts = (unsigned)rng_below(&r, 255);
		struct hist_best k = { 1e-3F, 1e-3F, 1, 2, { 0 } };
		struct hist_cut c;
		double best = -1;

		memset(h, 0, sizeof(h));
		for (unsigned b = 0; b <= n_cuts; b++)
			h[b] = (uint64_t)((int64_t)rng_below(&r, 2000) - 1000) * (1ull << 32) +
			       rng_below(&r, 3000);
		if (turn % 2 > 0)
			h[HIST_MISSING] = (uint64_t)-500 * (1ull << 32) + 4000;
		for (unsigned b = 0; b < HIST_BINS; b++)
			k.total[0] += h[b];
		for (unsigned b = 0; b < n_cuts; b++)
			for (int m = 0; m < 2; m++)
				best = fmax(best, naive_gain(h, b, m, &k));
		c = hist_cut_gradient(h, n_cuts, &k);
		assert_true(fabs((double)c.gain - best) <= 1e-4 * fabs(best));
		if (c.gain > 0)
			assert_true(fabs(naive_gain(h, c.bin, c.missing_right, &k) -
					 best) <= 1e-4 * best);
	}
}

/* ---- contributions ------------------------------------------------------ */

/* The tree's answer when only the features in `known` are. */
static double expected(const struct trees *t, uint32_t tree, int32_t node,
		       const float *x, unsigned known)
{
	size_t at = trees_at(t, tree, node);
	int32_t l = t->left[at];
	double share;

	if (l == 0)
		return (double)t->value[at];
	if (known >> t->feature[at] & 1)
		return expected(t, tree, l + trees_right(t, at, x[t->feature[at]]), x, known);
	share = trees_share(t, tree, l);
	return share * expected(t, tree, l, x, known) +
	       (1 - share) * expected(t, tree, l + 1, x, known);
}

/* Shapley's sum over all subsets. */
static double shapley(const struct trees *t, uint32_t output, unsigned f, unsigned n,
		      const float *x)
{
	static const double fact[] = { 1, 1, 2, 6, 24, 120, 720 };
	double sum = 0;

	for (unsigned s = 0; s < 1u << n; s++) {
		unsigned size = (unsigned)__builtin_popcount(s);

		if (s >> f & 1)
			continue;
		for (uint32_t i = output; i < t->n; i += t->outputs)
			sum += fact[size] * fact[n - size - 1] / fact[n] *
			       (expected(t, i, 0, x, s | 1u << f) - expected(t, i, 0, x, s));
	}
	return sum;
}

static void contributions_are_shapley_values(void **state)
{
	enum { F = 5 };
	struct ml_set *train = t_planted(mem, 400, F, 3, 3);
	struct ml_spec spec = t_spec("boosting", train);
	float c[F];
	struct boost *b;
	void *work;

	(void)state;
	t_param(&spec, "rounds", 6);
	t_param(&spec, "depth", 6);	/* features come again on a path */
	t_param(&spec, "min_child", 0.01);
	b = t_train(mem, &spec, train, NULL);
	work = t_work(mem, &ml_kind_boosting, b, 1);
	for (size_t i = 0; i < 20; i++)
		for (unsigned k = 0; k < 3; k++) {
			const float *x = ml_sample(train, i);
			float sum[3];
			double all = 0;

			ml_kind_boosting.explain(b, work, x, k, c);
			for (unsigned f = 0; f < F; f++) {
				assert_true(fabs((double)c[f] -
						 shapley(&b->t, k, f, F, x)) < 1e-6);
				all += (double)c[f];
			}
			trees_sum(&b->t, TREES_PORTABLE, work, &x, 1, sum);
			assert_true(fabs(all + trees_mean(&b->t, k) - (double)sum[k]) < 1e-5);
		}
}

/* ---- files that lie ----------------------------------------------------- */

static struct ml_tensor *kept(struct boost *b, size_t *n)
{
	const struct ml_tensor *t;

	*n = ml_kind_boosting.tensors(mem, b, false, &t);
	return t_copied(mem, t, *n);
}

static void lie(struct boost *b, const char *name, size_t at, int32_t i, float f)
{
	size_t n;
	struct ml_tensor *t = kept(b, &n), *w = NULL;
	struct err err = { 0 };
	void *m = NULL;

	for (size_t k = 0; k < n; k++)
		if (strcmp(t[k].name, name) == 0)
			w = &t[k];
	assert_non_null(w);
	switch (w->dtype) {
	case ML_F32: ((float *)w->data)[at] = f; break;
	case ML_I32: ((int32_t *)w->data)[at] = i; break;
	case ML_U8: ((uint8_t *)w->data)[at] = (uint8_t)i; break;
	case ML_F64: fail();
	}
	assert_int_equal(ml_kind_boosting.load(mem, &b->spec, t, n, &m, &err), -E_INVAL);
	assert_true(strlen(err.msg) > 10);
	assert_null(m);
}

static void lies_are_refused(void **state)
{
	struct ml_set *train = t_planted(mem, 300, 3, 3, 3);
	struct ml_spec spec = t_spec("boosting", train);
	struct ml_tensor *t;
	struct boost *b;
	struct err err;
	void *m;
	size_t n;

	(void)state;
	t_param(&spec, "rounds", 3);
	b = t_train(mem, &spec, train, NULL);
	assert_true(b->t.left[0] != 0);
	lie(b, "trees.start", 1, 0, 0);		/* a tree without nodes */
	lie(b, "trees.start", 1, 1 << 30, 0);
	lie(b, "trees.start", 1, -1, 0);
	lie(b, "trees.start", b->t.n, 7, 0);
	lie(b, "trees.left", 0, -1, 0);
	lie(b, "trees.left", 0, 1 << 30, 0);
	lie(b, "trees.left", (size_t)b->t.left[0], 1, 0);	/* back, or to itself */
	lie(b, "trees.left", 0, 0, 0);		/* nothing leads to the rest */
	lie(b, "trees.left", 0, 2, 0);
	lie(b, "trees.feature", 0, 3, 0);
	lie(b, "trees.feature", 0, -1, 0);
	lie(b, "trees.split", 0, 0, NAN);
	lie(b, "trees.cover", 0, 0, -1);
	lie(b, "trees.cover", 0, 0, INFINITY);
	lie(b, "trees.value", 0, 0, NAN);
	lie(b, "trees.base", 0, 0, INFINITY);
	lie(b, "trees.missing", 0, 2, 0);
	t = kept(b, &n);
	for (size_t k = 0; k < n; k++) {
		struct ml_tensor keep = t[k];

		t[k].name = "something";
		assert_int_equal(ml_kind_boosting.load(mem, &spec, t, n, &m, &err), -E_INVAL);
		t[k] = keep;
		t[k].dim[0]--;
		assert_int_equal(ml_kind_boosting.load(mem, &spec, t, n, &m, &err), -E_INVAL);
		t[k] = keep;
	}
	assert_int_equal(ml_kind_boosting.load(mem, &spec, t, n, &m, &err), 0);
}

static void bad_samples_are_refused(void **state)
{
	struct ml_set *s = t_planted(mem, 100, 3, 3, 3), bad = *s;
	struct ml_spec spec = t_spec("boosting", s);
	struct ml_fit f = { .train = &bad };
	struct err err;
	void *m;

	(void)state;
	assert_int_equal(ml_kind_boosting.make(mem, &spec, &m, &err), 0);
	bad.n = 1;
	assert_int_equal(ml_kind_boosting.fit(m, &f, &err), -E_INVAL);
	bad = *s;
	bad.cls = NULL;
	assert_int_equal(ml_kind_boosting.fit(m, &f, &err), -E_INVAL);
	bad = *s;
	bad.shape.features = 2;
	assert_int_equal(ml_kind_boosting.fit(m, &f, &err), -E_INVAL);
	bad = *s;
	T_CLS(s)[50] = 3;
	assert_int_equal(ml_kind_boosting.fit(m, &f, &err), -E_INVAL);
	T_CLS(s)[50] = 0;
	((uint32_t *)(uintptr_t)s->end)[50] = 49;
	assert_int_equal(ml_kind_boosting.fit(m, &f, &err), -E_INVAL);
	spec.param[2] = 16;		/* depth */
	spec.param[0] = 5000;
	assert_int_equal(ml_kind_boosting.make(mem, &spec, &m, &err), -E_INVAL);
	spec = t_spec("boosting", s);
	spec.shape.outputs = 1;
	t_param(&spec, "objective", 1);
	assert_int_equal(ml_kind_boosting.make(mem, &spec, &m, &err), -E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(learns_moons_and_xor),
		TEST(learns_a_return),
		TEST(stops_early),
		TEST(same_seed_same_bytes),
		TEST(goes_on),
		TEST(window_is_flat),
		TEST(missing_values_choose),
		TEST(cut_is_the_best),
		TEST(contributions_are_shapley_values),
		TEST(lies_are_refused),
		TEST(bad_samples_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
