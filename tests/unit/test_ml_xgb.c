/* Models of xgboost: tests/golden/xgboost, made by make_xgboost.py beside it.
 * Answers and sums within 1e-6, contributions within 1e-5; what is exported
 * reads back as the same; what is trained here on the same samples with the
 * same rules has the same loss. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#include "ml/boost_i.h"
#include "ml/xgb.h"
#include "t_samples.h"

enum { ROWS = 240, F = 4 };

static struct arena *mem;

struct golden {
	struct ml_set *s;
	unsigned sums, answers;
	double loss, *sum, *answer, *shap;	/* by row */
};

static char *slurp(const char *name, const char *type, size_t *n)
{
	const char *top = getenv("top_srcdir");
	char *text = arena_alloc(mem, 1 << 20);
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/xgboost/%s.%s",
		 top != NULL ? top : ".", name, type);
	f = fopen(path, "rb");
	assert_non_null(f);
	*n = fread(text, 1, (1 << 20) - 1, f);
	fclose(f);
	return text;
}

static double number(struct str *rest, char sep)
{
	struct str part;
	double v;

	assert_true(str_split(rest, sep, &part));
	if (part.n == 0)
		return NAN;
	assert_true(str_double(part, &v));
	return v;
}

static struct golden golden(const char *name, unsigned sums, uint32_t outputs)
{
	struct golden g = { .s = t_set(mem, ROWS, F, outputs), .sums = sums };
	size_t n;
	struct str rest, line;
	const char *text = slurp(name, "csv", &n), *at = strstr(text, "loss ");

	g.answers = sums;
	g.sum = NEW_N(mem, double, ROWS * sums);
	g.answer = NEW_N(mem, double, ROWS * sums);
	g.shap = NEW_N(mem, double, ROWS * sums * (F + 1));
	rest = str_n(text, n);
	assert_true(str_split(&rest, '\n', &line));
	line = str_n(at + 5, (size_t)(line.p + line.n - at - 5));
	g.loss = number(&line, '\n');
	for (size_t i = 0; i < ROWS; i++) {
		double y;

		assert_true(str_split(&rest, '\n', &line));
		for (size_t f = 0; f < F; f++)
			T_X(g.s, i)[f] = (float)number(&line, ',');
		y = number(&line, ',');
		T_TARGET(g.s)[i] = (float)y;
		if (outputs == 3)
			T_CLS(g.s)[i] = sums == 3 ? (uint8_t)y : y > 0 ? ML_BUY : ML_SELL;
		for (size_t k = 0; k < sums; k++)
			g.sum[i * sums + k] = number(&line, ',');
		for (size_t k = 0; k < sums; k++)
			g.answer[i * sums + k] = number(&line, ',');
		for (size_t k = 0; k < sums * (F + 1); k++)
			g.shap[i * sums * (F + 1) + k] = number(&line, ',');
	}
	return g;
}

static struct boost *imported(const char *name, struct ml_spec *spec)
{
	size_t n;
	const char *text = slurp(name, "json", &n);
	struct err err = { 0 };
	void *m;

	if (ml_xgb_import(mem, text, n, 1, spec, &m, &err) < 0)
		fail_msg("%s", err.msg);
	return m;
}

static void compare(const char *name, unsigned sums, uint32_t outputs)
{
	struct golden g = golden(name, sums, outputs);
	struct ml_spec spec;
	struct boost *b = imported(name, &spec);
	void *work = t_work(mem, &ml_kind_boosting, b, 1);
	struct err err;

	assert_int_equal(ml_spec_check(&spec, &err), 0);
	assert_int_equal(spec.shape.outputs, outputs);
	assert_int_equal(spec.shape.features, F);
	assert_int_equal(b->t.n, 8 * sums);
	for (size_t i = 0; i < ROWS; i++) {
		const float *x = ml_sample(g.s, i);
		float sum[3], p[3], c[F];

		trees_sum(&b->t, TREES_PORTABLE, work, &x, 1, sum);
		ml_kind_boosting.forward(b, work, &x, 1, p);
		for (unsigned k = 0; k < sums; k++) {
			const double *shap = g.shap + (i * sums + k) * (F + 1);

			/* Of softmax only differences between sums are given. */
			assert_true(fabs((double)(sum[k] - sum[0]) -
					 (g.sum[i * sums + k] - g.sum[i * sums])) < 2e-6);
			if (sums == 1)
				assert_true(fabs((double)sum[0] - g.sum[i]) < 2e-6);
			assert_true(fabs((double)p[k] - g.answer[i * sums + k]) < 1e-6);
			ml_kind_boosting.explain(b, work, x, k, c);
			for (size_t f = 0; f < F; f++)
				assert_true(fabs((double)c[f] - shap[f]) < 1e-5);
			assert_true(fabs(trees_mean(&b->t, k) - shap[F]) < 1e-5);
		}
		if (outputs == 3 && sums == 1) {
			assert_true(fabs((double)(p[0] + p[2]) - 1) < 1e-6);
			assert_true(p[1] <= 0);
		}
	}
}

static void answers_as_xgboost(void **state)
{
	(void)state;
	compare("binary", 1, 3);
	compare("multi", 3, 3);
	compare("squared", 1, 1);
}

static double loss_here(const char *name, const struct ml_set *s, double objective)
{
	struct ml_spec spec = t_spec("boosting", s);
	double loss = 0;
	const float *p;

	(void)name;
	t_param(&spec, "rounds", 8);
	t_param(&spec, "depth", 3);
	t_param(&spec, "rate", 0.3);
	t_param(&spec, "objective", objective);
	p = t_ask(mem, &ml_kind_boosting, t_train(mem, &spec, s, NULL), s);
	for (size_t i = 0; i < s->n; i++, p += s->shape.outputs)
		loss += s->shape.outputs == 1 ?
			pow((double)p[0] - (double)s->target[i], 2) :
			-log((double)p[s->cls[i]]);
	return loss / (double)s->n;
}

static void trains_as_well_as_xgboost(void **state)
{
	static const struct {
		const char *name;
		unsigned sums;
		uint32_t outputs;
	} all[] = { { "binary", 1, 3 }, { "multi", 3, 3 }, { "squared", 1, 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct golden g = golden(all[i].name, all[i].sums, all[i].outputs);
		double loss = loss_here(all[i].name, g.s,
					all[i].sums == 1 && all[i].outputs == 3);

		if (loss > g.loss * 1.02)
			fail_msg("%s: loss %g, xgboost has %g", all[i].name, loss, g.loss);
	}
}

/* xgboost takes a number without a point for an integer, and refuses it. */
static void assert_points(const char *text, const char *field)
{
	const char *at = strstr(text, field), *end, *dot, *comma;

	assert_non_null(at);
	at += strlen(field);
	end = strchr(at, ']');
	for (; at < end; at = comma + 1) {
		comma = strchr(at, ',');
		comma = comma == NULL || comma > end ? end : comma;
		dot = strchr(at, '.');
		assert_true(dot != NULL && dot < comma);
	}
}

static void export_reads_back(void **state)
{
	static const char *const all[] = { "binary", "multi", "squared" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct golden g = golden("multi", 3, 3);
		struct ml_spec spec, again;
		struct boost *b = imported(all[i], &spec);
		const float *p, *q;
		struct sbuf text;
		struct err err = { 0 };
		void *m;

		sbuf_init(&text, mem, 1 << 20);
		assert_int_equal(ml_xgb_export(b, &text, &err), 0);
		assert_points(text.buf, "\"base_weights\":[");
		assert_points(text.buf, "\"split_conditions\":[");
		assert_points(text.buf, "\"loss_changes\":[");
		assert_points(text.buf, "\"sum_hessian\":[");
		if (ml_xgb_import(mem, text.buf, text.len, 1, &again, &m, &err) < 0)
			fail_msg("%s", err.msg);
		assert_memory_equal(spec.param, again.param, sizeof(spec.param));
		g.s->shape.outputs = spec.shape.outputs;
		p = t_ask(mem, &ml_kind_boosting, b, g.s);
		q = t_ask(mem, &ml_kind_boosting, m, g.s);
		for (size_t k = 0; k < ROWS * spec.shape.outputs; k++)
			assert_true(fabs((double)p[k] - (double)q[k]) < 1e-6);
		sbuf_init(&text, mem, 1000);
		assert_int_equal(ml_xgb_export(b, &text, &err), -E_TOOBIG);
	}
}

/* The text with the first `from` changed to `to` is refused. */
static void refuse(const char *from, const char *to)
{
	size_t n;
	char *text = slurp("multi", "json", &n), *at = strstr(text, from);
	struct ml_spec spec;
	struct sbuf b;
	struct err err = { 0 };
	void *m = NULL;

	assert_non_null(at);
	sbuf_init(&b, mem, 1 << 20);
	sbuf_add(&b, text, (size_t)(at - text));
	sbuf_add(&b, to, strlen(to));
	sbuf_add(&b, at + strlen(from), n - (size_t)(at - text) - strlen(from));
	if (ml_xgb_import(mem, b.buf, b.len, 1, &spec, &m, &err) != -E_INVAL)
		fail_msg("%s for %s is accepted", to, from);
	assert_null(m);
	assert_true(strlen(err.msg) > 10);
}

static void lies_are_refused(void **state)
{
	struct ml_spec spec;
	struct err err;
	void *m;
	size_t n;
	char *text = slurp("multi", "json", &n);

	(void)state;
	refuse("\"left_children\":[1,", "\"left_children\":[0,");
	refuse("\"left_children\":[1,", "\"left_children\":[99,");
	refuse("\"left_children\":[1,", "\"left_children\":[-2,");
	refuse("\"left_children\":[1,", "\"left_children\":[\"1\",");
	refuse("\"left_children\":[1,", "\"left_children\":[");
	refuse("\"right_children\":[2,", "\"right_children\":[0,");
	refuse("\"split_indices\":[", "\"split_indices\":[4,");
	refuse("\"split_conditions\":[", "\"split_conditions\":[1e60,");
	refuse("\"sum_hessian\":[", "\"sum_hessian\":[-1,");
	refuse("\"tree_info\":[0,1,2,", "\"tree_info\":[0,1,3,");
	refuse("\"tree_info\":[0,1,2,", "\"tree_info\":[0,1,1,");
	refuse("\"tree_info\":[0,", "\"tree_info\":[");
	refuse("\"num_class\":\"3\"", "\"num_class\":\"4\"");
	refuse("\"num_class\":\"3\",\"num_feature\":\"4\"",
	       "\"num_class\":\"3\",\"num_feature\":\"0\"");
	refuse("gbtree\"", "dart\"");
	refuse("multi:softprob", "rank:ndcg");
	refuse("\"split_type\":[0", "\"split_type\":[1");
	refuse("\"trees\":", "\"bushes\":");
	refuse("\"base_score\":\"[", "\"base_score\":\"[x,");
	assert_int_equal(ml_xgb_import(mem, text, n, 3, &spec, &m, &err), -E_INVAL);
	assert_int_equal(ml_xgb_import(mem, text, n - 1, 1, &spec, &m, &err), -E_INVAL);
	assert_int_equal(ml_xgb_import(mem, "{}", 2, 1, &spec, &m, &err), -E_INVAL);
	assert_int_equal(ml_xgb_import(mem, "[1]", 3, 1, &spec, &m, &err), -E_INVAL);
	/* Two bars of two features are the same four numbers. */
	assert_int_equal(ml_xgb_import(mem, text, n, 2, &spec, &m, &err), 0);
	assert_int_equal(spec.shape.window, 2);
	assert_int_equal(spec.shape.features, 2);
}

static void nothing_to_export(void **state)
{
	struct ml_set *s = t_planted(mem, 50, 2, 3, 1);
	struct ml_spec spec = t_spec("boosting", s);
	struct sbuf b;
	struct err err;
	void *m;

	(void)state;
	assert_int_equal(ml_kind_boosting.make(mem, &spec, &m, &err), 0);
	sbuf_init(&b, mem, 1000);
	assert_int_equal(ml_xgb_export(m, &b, &err), -E_CONFLICT);
}

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

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_as_xgboost),
		TEST(trains_as_well_as_xgboost),
		TEST(export_reads_back),
		TEST(lies_are_refused),
		TEST(nothing_to_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
