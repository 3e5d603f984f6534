/* Ridge and softmax regression against numpy: tests/golden/linear.csv, made by
 * make_linear.py beside it; the same bytes whichever way they are trained. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "t_samples.h"

enum { N = 150, F = 4 };

static struct arena *mem;

static int setup(void **state)
{
	(void)state;
	mem = arena_new("t", (size_t)1 << 28);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&mem);
	return 0;
}

static double number(struct str *rest)
{
	struct str part;
	double v;

	assert_true(str_split(rest, ',', &part));
	assert_true(str_double(part, &v));
	return v;
}

/* golden[0]: ridge, 1..3: classes; F coefficients and the constant. */
static void read_golden(struct ml_set *s, double golden[4][F + 1])
{
	const char *top = getenv("top_srcdir");
	char *text = arena_alloc(mem, 1 << 16), path[4096];
	struct str rest, line, name;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/linear.csv", top != NULL ? top : ".");
	f = fopen(path, "rb");
	assert_non_null(f);
	rest = str_n(text, fread(text, 1, 1 << 16, f));
	fclose(f);
	assert_true(str_split(&rest, '\n', &line));
	for (size_t k = 0; k < 4; k++) {
		assert_true(str_split(&rest, '\n', &line));
		assert_true(str_split(&line, ',', &name));
		for (size_t j = 0; j <= F; j++)
			golden[k][j] = number(&line);
	}
	for (size_t i = 0; i < N; i++) {
		assert_true(str_split(&rest, '\n', &line));
		for (size_t j = 0; j < F; j++)
			T_X(s, i)[j] = (float)number(&line);
		if (s->cls != NULL)
			T_CLS(s)[i] = (uint8_t)number(&line);
		else
			(void)number(&line);
		T_TARGET(s)[i] = (float)number(&line);
	}
}

static void compare(void *m, const struct ml_kind *k, double (*golden)[F + 1],
		    unsigned outputs)
{
	const struct ml_tensor *t, *coef, *bias;
	size_t n = k->tensors(mem, m, false, &t);

	coef = ml_tensor_find(t, n, "linear.coef");
	bias = ml_tensor_find(t, n, "linear.bias");
	for (unsigned o = 0; o < outputs; o++) {
		for (unsigned j = 0; j < F; j++)
			assert_true(fabs((double)((float *)coef->data)[o * F + j] - golden[o][j]) <
				    1e-6 * (1e-3 + fabs(golden[o][j])));
		assert_true(fabs((double)((float *)bias->data)[o] - golden[o][F]) <
			    2e-6 * (0.1 + fabs(golden[o][F])));
	}
}

static void ridge_is_numpys(void **state)
{
	struct ml_set *s = t_set(mem, N, F, 1);
	double golden[4][F + 1];
	struct ml_spec spec;

	(void)state;
	read_golden(s, golden);
	spec = t_spec("ridge", s);
	t_param(&spec, "l2", 3);
	compare(t_train(mem, &spec, s, s), ml_kind_find("ridge"), golden, 1);
}

static void softmax_is_numpys(void **state)
{
	struct ml_set *s = t_set(mem, N, F, 3);
	double golden[4][F + 1];
	struct ml_spec spec;
	void *m;

	(void)state;
	read_golden(s, golden);
	spec = t_spec("logistic", s);
	t_param(&spec, "l2", 2);
	m = t_train(mem, &spec, s, s);
	compare(m, ml_kind_find("logistic"), golden + 1, 3);
}

/* Contributions sum to the logit less the logit at the mean. */
static void contributions_sum(void **state)
{
	struct ml_set *s = t_planted(mem, 400, 5, 1, 2);
	const struct ml_kind *k = ml_kind_find("ridge");
	struct ml_spec spec = t_spec("ridge", s);
	void *m = t_train(mem, &spec, s, NULL);
	float *y = t_ask(mem, k, m, s), c[5];
	double mean = 0;

	(void)state;
	for (size_t i = 0; i < s->n; i++)
		mean += (double)y[i] / (double)s->n;
	for (size_t i = 0; i < s->n; i++) {
		double sum = mean;

		k->explain(m, NULL, ml_sample(s, i), 0, c);
		for (unsigned j = 0; j < 5; j++)
			sum += (double)c[j];
		assert_true(fabs(sum - (double)y[i]) < 1e-6);
	}
}

static void learns_and_resumes(void **state)
{
	struct ml_set *s = t_planted(mem, 1000, 6, 3, 2);
	struct ml_spec spec = t_spec("logistic", s);
	const struct ml_kind *k = ml_kind_find("logistic");
	const unsigned at[] = { 1, 2, 4 };
	struct ml_fit f = { .train = s };
	struct err err;
	void *m = t_train(mem, &spec, s, NULL);

	(void)state;
	assert_true(t_accuracy(mem, k, m, t_planted(mem, 1000, 6, 3, 3)) > 0.74);
	t_resumes(mem, &spec, s, s, at, ARRAY_LEN(at));
	/* Nothing to gain for what has converged. */
	assert_int_equal(k->fit(m, &f, &err), 0);
	spec = t_spec("ridge", t_planted(mem, 10, 6, 1, 2));
	t_resumes(mem, &spec, t_planted(mem, 100, 6, 1, 2), NULL, at, 1);
}

/* A column without news, and one that is another one's double. */
static void useless_columns(void **state)
{
	struct ml_set *s = t_planted(mem, 300, 4, 1, 2);
	struct ml_spec spec = t_spec("ridge", s);
	float *y;

	(void)state;
	for (size_t i = 0; i < s->n; i++) {
		T_X(s, i)[2] = 7;
		T_X(s, i)[3] = 2 * T_X(s, i)[0];
	}
	t_param(&spec, "l2", 0);
	y = t_ask(mem, ml_kind_find("ridge"), t_train(mem, &spec, s, NULL), s);
	for (size_t i = 0; i < s->n; i++)
		assert_true(fabs((double)y[i] - (double)s->target[i]) < 0.02);
	s = t_planted(mem, 300, 4, 3, 2);
	spec = t_spec("logistic", s);
	for (size_t i = 0; i < s->n; i++)
		T_X(s, i)[2] = 7;
	assert_true(t_accuracy(mem, ml_kind_find("logistic"),
			       t_train(mem, &spec, s, NULL), s) > 0.7);
}

static void refusals(void **state)
{
	struct ml_set *s = t_planted(mem, 100, 4, 3, 2);
	struct ml_spec spec = t_spec("logistic", s);
	const struct ml_kind *k = ml_kind_find("logistic");
	const struct ml_tensor *t;
	struct ml_tensor *c;
	struct err err = { 0 };
	void *m = t_train(mem, &spec, s, NULL), *again;
	size_t n = k->tensors(mem, m, true, &t);

	(void)state;
	assert_int_equal(k->load(mem, &spec, t, n, &again, &err), 0);
	for (size_t i = 0; i < n; i++) {
		c = t_copied(mem, t, n);
		if (c[i].dtype == ML_F32)
			((float *)c[i].data)[0] = NAN;
		else
			((double *)c[i].data)[0] = NAN;
		assert_int_equal(k->load(mem, &spec, c, n, &again, &err), -E_INVAL);
		c = t_copied(mem, t, n);
		c[i].dim[0]++;
		assert_int_equal(k->load(mem, &spec, c, n, &again, &err), -E_INVAL);
	}
	spec.shape.outputs = 1;
	assert_int_equal(k->make(mem, &spec, &m, &err), -E_INVAL);
	spec = t_spec("ridge", s);
	assert_int_equal(ml_kind_find("ridge")->make(mem, &spec, &m, &err), -E_INVAL);
	spec.shape = (struct ml_shape){ 512, 256, 1 };
	assert_int_equal(ml_kind_find("ridge")->make(mem, &spec, &m, &err), -E_INVAL);
	spec = t_spec("logistic", s);
	s->weight = NEW_N(mem, float, s->n);
	assert_int_equal(k->make(mem, &spec, &m, &err), 0);
	assert_int_equal(k->fit(m, &(struct ml_fit){ .train = s }, &err), -E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ridge_is_numpys),
		TEST(softmax_is_numpys),
		TEST(contributions_sum),
		TEST(learns_and_resumes),
		TEST(useless_columns),
		TEST(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
