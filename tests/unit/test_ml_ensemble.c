/* Ensembles: they are at least as good as their members, contain networks,
 * weigh by what was seen, and come back from a checkpoint in any job. */
#include "config.h"

#include <stdio.h>

#include "test.h"

#include "ml/ensemble_i.h"
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

static const struct ml_column columns[] = {
	{ "return_1", 0, 1 }, { "rsi_14", 0, 1 }, { "adx_14", 0.25, 0.1 },
	{ "volatility_20", 0, 1 },
};

static struct ml_spec spec_of(const char *kind, const struct ml_set *s,
			      const char *layout)
{
	struct ml_spec spec = t_spec(kind, s);

	spec.columns = columns;
	spec.layout = layout;
	return spec;
}

static void learns(const char *kind, const char *layout, uint32_t window)
{
	struct ml_set *train = t_planted(mem, 900, 4, 3, 1);
	struct ml_set *test = t_planted(mem, 600, 4, 3, 2);
	const struct ml_kind *k = ml_kind_find(kind);
	struct ml_spec spec;
	double a;

	for (struct ml_set *s = train; s != NULL; s = s == train ? test : NULL) {
		s->shape.window = window;
		s->n -= window - 1;
		s->end += window - 1;
		s->cls += window - 1;
		s->target += window - 1;
		s->t += window - 1;
		s->t_end += window - 1;
	}
	spec = spec_of(kind, train, layout);
	a = t_accuracy(mem, k, t_train(mem, &spec, train, NULL), test);
	if (a < 0.72)
		fail_msg("%s of %s: %g", kind, layout, a);
}

static void all_learn(void **state)
{
	static const char *const kinds[] = { "ensemble_vote", "ensemble_stack",
					     "ensemble_regime" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		learns(kinds[i], "boosting rounds=30 depth=3; forest trees=20; logistic", 1);
	learns("ensemble_stack", "logistic; dense epochs=3 window=2: dense 8 relu, dense out;", 3);
}

/* A member that only guesses counts for little, in a stack for nothing. */
static void guesses_count_for_little(void **state)
{
	struct ml_set *train = t_planted(mem, 1200, 4, 3, 1);
	struct ml_set *test = t_planted(mem, 600, 4, 3, 2);
	struct ml_spec spec = spec_of("ensemble_vote", train,
				      "logistic; forest trees=5 depth=1 min_leaf=100000");
	struct ensemble *e;
	double alone, stacked;

	(void)state;
	t_param(&spec, "power", 4);
	e = t_train(mem, &spec, train, NULL);
	assert_true(e->weight[0] > 0.85);
	assert_true(fabs(e->weight[0] + e->weight[1] - 1) < 1e-9);
	spec.kind = "ensemble_stack";
	stacked = t_accuracy(mem, ml_kind_find(spec.kind),
			     t_train(mem, &spec, train, NULL), test);
	spec = t_spec("logistic", train);
	alone = t_accuracy(mem, ml_kind_find("logistic"),
			   t_train(mem, &spec, train, NULL), test);
	assert_true(stacked > alone - 0.02);
}

/* In volatile times the sign is turned: who sees that is worth more there. */
static void regimes_have_weights(void **state)
{
	struct ml_set *s = t_planted(mem, 2000, 4, 3, 1);
	struct ml_spec spec = spec_of("ensemble_regime", s,
				      "logistic; boosting rounds=40");
	struct ensemble *e;
	size_t n[REGIMES] = { 0 };

	(void)state;
	for (size_t i = 0; i < s->n; i++)
		if (T_X(s, i)[3] > 1 && s->cls[i] != ML_HOLD)
			T_CLS(s)[i] = (uint8_t)(2 - s->cls[i]);
	t_param(&spec, "volatile", 84);
	e = t_train(mem, &spec, s, NULL);
	for (size_t i = 0; i < s->n; i++)
		n[ensemble_regime(e, ml_sample(s, i))]++;
	assert_true(n[2] > 300 && n[2] < 340);
	assert_true(n[0] > 700 && n[1] > 700);	/* ADX: half of each */
	assert_true(e->weight[2 * 2 + 1] > e->weight[1] + 0.1);
}

static void same_in_batches(void **state)
{
	struct ml_set *s = t_planted(mem, 400, 4, 3, 1);
	struct ml_spec spec = spec_of("ensemble_stack", s,
				      "boosting rounds=10; logistic; dense epochs=1: dense 4, dense out");
	const struct ml_kind *k = ml_kind_find("ensemble_stack");
	void *m = t_train(mem, &spec, s, NULL), *work = t_work(mem, k, m, 32);
	const float *x[32], *p = t_ask(mem, k, m, s);
	float q[96], c[4];

	(void)state;
	for (size_t i = 0; i < 32; i++)
		x[i] = ml_sample(s, i);
	k->forward(m, work, x, 32, q);
	assert_memory_equal(p, q, sizeof(q));
	k->explain(m, work, x[0], ML_BUY, c);
	assert_true(fabsf(c[0]) > fabsf(c[2]) && fabsf(c[0]) > fabsf(c[3]));
}

static void resumes_in_any_job(void **state)
{
	struct ml_set *train = t_planted(mem, 300, 4, 3, 1);
	struct ml_set *valid = t_planted(mem, 100, 4, 3, 2);
	const unsigned at[] = { 1, 5, 6, 8, 12, 16, 20 };
	static const char *const kinds[] = { "ensemble_vote", "ensemble_stack",
					     "ensemble_regime" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct ml_spec spec = spec_of(kinds[i], train,
			"boosting rounds=4 depth=2; dense epochs=3: dense 4 relu, dense out");

		t_param(&spec, "folds", 2);
		t_resumes(mem, &spec, train, valid, at, i == 1 ? ARRAY_LEN(at) : 2);
	}
}

static void refuse(const char *kind, const char *layout)
{
	struct ml_set *s = t_planted(mem, 50, 4, 3, 1);
	struct ml_spec spec = spec_of(kind, s, layout);
	struct err err = { 0 };
	void *m;

	if (ml_kind_find(kind)->make(mem, &spec, &m, &err) != -E_INVAL)
		fail_msg("%s is accepted", layout);
	assert_true(strlen(err.msg) > 10);
}

static void layouts_are_read(void **state)
{
	struct ml_set *s = t_planted(mem, 50, 4, 3, 1);
	struct ml_spec spec = spec_of("ensemble_vote", s, NULL);
	struct member m[MEMBERS_MAX];
	struct err err;
	void *e;
	size_t n;

	(void)state;
	spec.shape.window = 24;
	spec.layout = " boosting  rounds=100 depth=4 ;logistic window=3; "
		      "dense window=5 : dense 8 relu, dense out ; ";
	assert_int_equal(ensemble_members(mem, &spec, m, &n, &err), 0);
	assert_int_equal(n, 3);
	assert_true(fabs(ml_spec_param(&m[0].spec, "rounds") - 100) < 1e-9);
	assert_int_equal(m[0].spec.shape.window, 1);
	assert_int_equal(m[0].skip, 23 * 4);
	assert_int_equal(m[1].spec.shape.window, 3);
	assert_string_equal(m[2].spec.layout, "dense 8 relu, dense out");
	assert_int_equal(m[2].spec.shape.window, 5);
	refuse("ensemble_vote", "boosting");
	refuse("ensemble_vote", "");
	refuse("ensemble_vote", "boosting; bushes");
	refuse("ensemble_vote", "boosting; ensemble_vote");
	refuse("ensemble_vote", "boosting rounds; logistic");
	refuse("ensemble_vote", "boosting rounds=x; logistic");
	refuse("ensemble_vote", "boosting rounds=0; logistic");
	refuse("ensemble_vote", "boosting bushes=3; logistic");
	refuse("ensemble_vote", "boosting window=2; logistic");
	refuse("ensemble_vote", "ridge; logistic");
	refuse("ensemble_vote", "logistic; dense: bushes 7");
	refuse("ensemble_vote", "logistic;logistic;logistic;logistic;logistic;"
	       "logistic;logistic;logistic;logistic");
	spec = spec_of("ensemble_regime", s, "boosting; logistic");
	spec.columns = NULL;
	assert_int_equal(ml_kind_find("ensemble_regime")->make(mem, &spec, &e, &err), -E_INVAL);
}

static void lies_are_refused(void **state)
{
	struct ml_set *s = t_planted(mem, 300, 4, 3, 1);
	const struct ml_kind *k = ml_kind_find("ensemble_stack");
	struct ml_spec spec = spec_of("ensemble_stack", s, "boosting rounds=3; logistic");
	struct t_stop stop = { .kind = k, .arena = mem, .at = 2 };
	struct ml_fit f = { s, NULL, t_stop_here, &stop };
	struct err err = { 0 };
	void *m;

	(void)state;
	assert_int_equal(k->make(mem, &spec, &stop.model, &err), 0);
	assert_int_equal(k->fit(stop.model, &f, &err), 7);
	assert_int_equal(k->load(mem, &spec, stop.t, stop.n, &m, &err), 0);
	for (size_t i = 0; i < stop.n; i++) {
		struct ml_tensor *c = t_copied(mem, stop.t, stop.n);
		int rc;

		c[i].name = "something";
		rc = k->load(mem, &spec, c, stop.n, &m, &err);
		/* Without the state it is a model that was not trained. */
		assert_true(rc == -E_INVAL || strncmp(stop.t[i].name, "state.", 6) == 0);
		c = t_copied(mem, stop.t, stop.n);
		c[i].dim[0]--;
		/* Of how many samples the answers are, fit() looks at. */
		if (k->load(mem, &spec, c, stop.n, &m, &err) != -E_INVAL &&
		    (strcmp(c[i].name, "state.oof") != 0 ||
		     k->fit(m, &f, &err) != -E_INVAL))
			fail_msg("%s may be shorter", c[i].name);
		c[i].dim[0]++;
		if (c[i].dtype == ML_F32)
			((float *)c[i].data)[0] = NAN;
		else if (c[i].dtype == ML_F64)
			((double *)c[i].data)[0] = NAN;
		else
			continue;
		if (k->load(mem, &spec, c, stop.n, &m, &err) != -E_INVAL)
			fail_msg("no number in %s is accepted", c[i].name);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_learn),
		TEST(guesses_count_for_little),
		TEST(regimes_have_weights),
		TEST(same_in_batches),
		TEST(resumes_in_any_job),
		TEST(layouts_are_read),
		TEST(lies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
