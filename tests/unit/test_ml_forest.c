/* Random forests: what they learn, same seed same bytes, contributions. */
#include "config.h"

#include "test.h"

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
	const struct ml_kind *k = ml_kind_find("forest");
	struct ml_set *train = t_moons(mem, 1500, 1), *test = t_moons(mem, 1000, 2);
	struct ml_spec spec = t_spec("forest", train);

	(void)state;
	t_param(&spec, "trees", 40);
	assert_true(t_accuracy(mem, k, t_train(mem, &spec, train, NULL), test) > 0.97);
	train = t_xor(mem, 1500, 3);
	assert_true(t_accuracy(mem, k, t_train(mem, &spec, train, NULL),
			       t_xor(mem, 1000, 4)) > 0.96);
	train = t_planted(mem, 2000, 8, 3, 5);
	spec = t_spec("forest", train);
	t_param(&spec, "trees", 40);
	/* The noise leaves no more than about 0.79 to anybody. */
	assert_true(t_accuracy(mem, k, t_train(mem, &spec, train, NULL),
			       t_planted(mem, 1000, 8, 3, 6)) > 0.68);
}

static void learns_a_return(void **state)
{
	const struct ml_kind *k = ml_kind_find("forest");
	struct ml_set *train = t_planted(mem, 2000, 6, 1, 1);
	struct ml_set *test = t_planted(mem, 1000, 6, 1, 2);
	struct ml_spec spec = t_spec("forest", train);
	double err2 = 0, all2 = 0;
	float *p;

	(void)state;
	t_param(&spec, "trees", 40);
	t_param(&spec, "features", 0.5);
	p = t_ask(mem, k, t_train(mem, &spec, train, NULL), test);
	for (size_t i = 0; i < test->n; i++) {
		err2 += pow((double)p[i] - (double)test->target[i], 2);
		all2 += pow((double)test->target[i], 2);
	}
	assert_true(1 - err2 / all2 > 0.75);
}

static void same_seed_same_bytes(void **state)
{
	struct ml_set *train = t_planted(mem, 600, 7, 3, 1);
	struct ml_set *valid = t_planted(mem, 200, 7, 3, 2);
	struct ml_spec spec = t_spec("forest", train);
	const unsigned at[] = { 1, 10, 20 };

	(void)state;
	t_param(&spec, "trees", 20);
	t_same(mem, ml_kind_find("forest"), t_train(mem, &spec, train, valid),
	       t_train(mem, &spec, train, valid));
	t_resumes(mem, &spec, train, valid, at, ARRAY_LEN(at));
}

/* Shares sum to one; contributions to the share less the mean share. */
static void contributions_sum(void **state)
{
	enum { F = 6 };
	const struct ml_kind *k = ml_kind_find("forest");
	struct ml_set *train = t_planted(mem, 500, F, 3, 3);
	struct ml_spec spec = t_spec("forest", train);
	double mean[3] = { 0 };
	void *m, *work;
	float *p;

	(void)state;
	t_param(&spec, "trees", 30);
	m = t_train(mem, &spec, train, NULL);
	work = t_work(mem, k, m, 1);
	p = t_ask(mem, k, m, train);
	for (size_t i = 0; i < train->n; i++) {
		assert_true(fabs((double)(p[3 * i] + p[3 * i + 1] + p[3 * i + 2]) - 1) < 1e-5);
		for (unsigned c = 0; c < 3; c++) {
			float s[F];
			double sum = 0;

			k->explain(m, work, ml_sample(train, i), c, s);
			for (unsigned f = 0; f < F; f++)
				sum += (double)s[f];
			/* What is left is the same for every sample. */
			if (i == 0)
				mean[c] = (double)p[c] - sum;
			assert_true(fabs((double)p[3 * i + c] - sum - mean[c]) < 1e-5);
		}
	}
	assert_true(fabs(mean[0] + mean[1] + mean[2] - 1) < 1e-5);
}

static void weights_count(void **state)
{
	struct ml_set *s = t_planted(mem, 2000, 2, 3, 3);
	struct ml_spec spec = t_spec("forest", s);
	float *w = NEW_N(mem, float, s->n), *p;
	size_t sells = 0;

	(void)state;
	for (size_t i = 0; i < s->n; i++)
		w[i] = s->cls[i] == ML_SELL ? 1 : 0;
	s->weight = w;
	t_param(&spec, "trees", 5);
	p = t_ask(mem, ml_kind_find("forest"), t_train(mem, &spec, s, NULL), s);
	for (size_t i = 0; i < s->n; i++)
		sells += p[3 * i + 2] > 0.999F;
	assert_int_equal(sells, s->n);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(learns_moons_and_xor),
		TEST(learns_a_return),
		TEST(same_seed_same_bytes),
		TEST(contributions_sum),
		TEST(weights_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
