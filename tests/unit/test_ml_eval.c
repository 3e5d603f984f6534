#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "core/rand.h"
#include "ml/drift.h"
#include "ml/eval.h"
#include "ml/feature.h"
#include "ml/trainer.h"

/* Golden values: tests/golden/make_ml.py. */

#define LINES 80
static struct { char name[48]; double *v; size_t n; } golden[LINES];
static size_t n_golden;
static struct arena *a;

static int load(void **state)
{
	const char *top = getenv("top_srcdir");
	char path[4096], *line = NULL, *at, *end;
	size_t room = 0;
	FILE *f;

	(void)state;
	a = arena_new("test", (size_t)2 << 30);
	snprintf(path, sizeof(path), "%s/tests/golden/ml.txt", top != NULL ? top : ".");
	f = fopen(path, "r");
	if (f == NULL)
		return -1;
	while (getline(&line, &room, f) > 0) {
		if (line[0] == '#')
			continue;
		at = strchr(line, ' ');
		snprintf(golden[n_golden].name, 48, "%.*s", (int)(at - line), line);
		golden[n_golden].v = NEW_N(a, double, 4000);
		for (double v = strtod(at, &end); end != at; v = strtod(at, &end)) {
			golden[n_golden].v[golden[n_golden].n++] = v;
			at = end;
		}
		n_golden++;
	}
	free(line);
	fclose(f);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static const double *want(const char *name, size_t n)
{
	for (size_t i = 0; i < n_golden; i++)
		if (strcmp(golden[i].name, name) == 0) {
			assert_int_equal(golden[i].n, n);
			return golden[i].v;
		}
	fail_msg("no golden %s", name);
	return NULL;
}

static void near(const char *name, size_t i, double got, double wanted, double tol)
{
	if (isnan(got) != isnan(wanted) || fabs(got - wanted) > tol)
		fail_msg("%s[%zu] is %.12g, not %.12g", name, i, got, wanted);
}

static float *floats(const char *name, size_t n)
{
	const double *v = want(name, n);
	float *f = NEW_N(a, float, n);

	for (size_t i = 0; i < n; i++)
		f[i] = (float)v[i];
	return f;
}

static uint8_t *bytes(const char *name, size_t n)
{
	const double *v = want(name, n);
	uint8_t *b = NEW_N(a, uint8_t, n);

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)v[i];
	return b;
}

/* ---- metrics ---------------------------------------------------------------- */

static struct ml_eval_in sample_in(void)
{
	int64_t *t = NEW_N(a, int64_t, 400);

	for (size_t i = 0; i < 400; i++)
		t[i] = (int64_t)i;
	return (struct ml_eval_in){ .n = 400, .p = floats("eval.p", 1200), .t = t,
		.cls = bytes("eval.cls", 400), .next = floats("eval.next", 400),
		.fee = 0.001, .seed = 1 };
}

static void metrics_are_those_of_scikit_learn(void **state)
{
	struct ml_eval_in in = sample_in();
	struct ml_eval e;
	struct err err;

	(void)state;
	assert_int_equal(ml_evaluate(a, &in, &e, &err), 0);
	for (size_t m = 0; m < ML_METRICS_N; m++) {
		const struct ml_value *v = &e.metric[m];
		char name[48];

		snprintf(name, sizeof(name), "eval.%s", ml_metric_name((enum ml_metric)m));
		near(name, 0, v->value, *want(name, 1), 1e-9);
		assert_true(v->low < v->high);
		if (m != ML_M_ECE)	/* chance always adds to it */
			assert_true(v->low < v->value && v->value < v->high);
	}
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		near("precision", k, e.row[k].precision, want("eval.class_precision", 3)[k], 1e-12);
		near("recall", k, e.row[k].recall, want("eval.class_recall", 3)[k], 1e-12);
		near("f1", k, e.row[k].f1, want("eval.class_f1", 3)[k], 1e-12);
		near("auc", k, e.roc[k].auc, want("eval.class_auc", 3)[k], 1e-6);
		assert_true(e.roc[k].n > 2 && e.roc[k].n <= ML_ROC_POINTS);
		assert_float_equal(e.roc[k].fpr[0], 0, 0);
		assert_float_equal(e.roc[k].tpr[e.roc[k].n - 1], 1, 0);
		for (size_t j = 0; j < ML_ACTIONS; j++)
			assert_int_equal(e.confusion[k][j], want("eval.confusion", 9)[3 * k + j]);
	}
	assert_int_equal(e.profit.n, 400);
	near("growth", 0, e.profit.model[399] - 1, e.metric[ML_M_PROFIT].value, 1e-12);
	assert_false(e.better);
	assert_non_null(strstr(e.verdict, "Not compared"));
	in.n = 29;
	assert_int_equal(ml_evaluate(a, &in, &e, &err), -E_UNPROCESSABLE);
}

/* The mean of n independent numbers: known width of its interval. */
static void intervals_are_as_wide_as_theory_says(void **state)
{
	enum { M = 2000 };
	double *x = NEW_N(a, double, M), *zero = NEW_N(a, double, M);
	unsigned held = 0;
	struct rng r;

	(void)state;
	rng_seed(&r, 5);
	for (int turn = 0; turn < 100; turn++) {
		struct ml_value v;

		for (size_t i = 0; i < M; i++)
			x[i] = 1 + rng_gauss(&r);
		v = ml_paired(x, zero, M, 0, 300, (uint64_t)turn);
		assert_true((v.high - v.low) / 2 > 0.75 * 1.96 / sqrt(M));
		assert_true((v.high - v.low) / 2 < 1.25 * 1.96 / sqrt(M));
		held += v.low <= 1 && 1 <= v.high;
	}
	assert_true(held >= 88);
}

/* A run of alike neighbours: blocks see that there is less to know. */
static void blocks_widen_what_is_alike(void **state)
{
	enum { M = 3000 };
	double *x = NEW_N(a, double, M), *zero = NEW_N(a, double, M), now = 0;
	struct ml_value one, block;
	struct rng r;

	(void)state;
	rng_seed(&r, 6);
	for (size_t i = 0; i < M; i++)
		x[i] = now = 0.95 * now + rng_gauss(&r);
	one = ml_paired(x, zero, M, 1, 300, 1);
	block = ml_paired(x, zero, M, 100, 300, 1);
	assert_true(block.high - block.low > 3 * (one.high - one.low));
}

/* ---- calibration, scaling, drift ------------------------------------------------ */

static void calibration_finds_what_scipy_finds(void **state)
{
	const float *p = floats("calib.p", 1800);
	const uint8_t *cls = bytes("calib.cls", 600);
	const double *platt = want("calib.platt", 3), *iso = want("calib.isotonic", 300);
	struct ml_calib c;

	(void)state;
	ml_calib_fit(a, ML_CALIB_TEMPERATURE, p, cls, 600, &c);
	near("temperature", 0, c.temperature, *want("calib.temperature", 1), 1e-4);
	ml_calib_fit(a, ML_CALIB_PLATT, p, cls, 600, &c);
	near("slope", 0, c.slope, platt[0], 1e-4);
	near("buy", 0, c.bias[ML_BUY], platt[1], 1e-4);
	near("sell", 0, c.bias[ML_SELL], platt[2], 1e-4);
	ml_calib_fit(a, ML_CALIB_ISOTONIC, p, cls, 600, &c);
	for (size_t i = 0; i < 100; i++) {
		float q[ML_ACTIONS];

		ml_calib_apply(&c, p + 3 * i, q);
		for (size_t k = 0; k < ML_ACTIONS; k++)
			near("isotonic", 3 * i + k, (double)q[k], iso[3 * i + k], 2e-6);
	}
	ml_calib_fit(a, ML_CALIB_PLATT, p, cls, 20, &c);
	assert_int_equal(c.kind, ML_CALIB_NONE);
}

/* What says the opposite of what comes is not believed the other way round. */
static void worse_than_nothing_becomes_nothing(void **state)
{
	float p[300][3], q[3];
	uint8_t cls[300];
	struct ml_calib c;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		cls[i] = (uint8_t)(i % 3);
		for (size_t k = 0; k < 3; k++)
			p[i][k] = k == (i + 1) % 3 ? 0.6f : 0.2f;
	}
	ml_calib_fit(a, ML_CALIB_PLATT, p[0], cls, 300, &c);
	assert_true(c.slope >= 0);
	ml_calib_apply(&c, (const float[]){ 0.8f, 0.1f, 0.1f }, q);
	for (size_t k = 0; k < 3; k++)
		assert_float_equal(q[k], 1.0 / 3, 0.01);
}

static void a_return_becomes_probabilities(void **state)
{
	struct ml_calib c;
	float r[500], came[500], p[3];
	struct rng g;

	(void)state;
	rng_seed(&g, 3);
	for (size_t i = 0; i < 500; i++) {
		r[i] = (float)(0.01 * rng_gauss(&g));
		came[i] = (float)(0.002 + 0.5 * (double)r[i] + 0.004 * rng_gauss(&g));
	}
	ml_calib_fit_normal(r, came, 500, 0.002, &c);
	assert_float_equal(c.slope, 0.5, 0.05);
	assert_float_equal(c.offset, 0.002, 0.0005);
	assert_float_equal(c.sigma, 0.004, 0.0004);
	/* Expected at the threshold itself: half lies above it. */
	ml_calib_apply(&c, (const float[]){ (float)((0.002 - c.offset) / c.slope) }, p);
	assert_float_equal(p[ML_BUY], 0.5, 1e-4);
	assert_float_equal(p[ML_SELL], 0.5 * erfc(0.004 / c.sigma / M_SQRT2), 1e-3);
	assert_float_equal(p[0] + p[1] + p[2], 1, 1e-6);
}

static void scaling_is_that_of_scikit_learn(void **state)
{
	const float *raw = floats("scale.raw", 201);
	const double *s = want("scale.standard", 2), *r = want("scale.robust", 2);
	struct ml_scaler c;
	float x[4];

	(void)state;
	ml_scaler_fit(a, ML_SCALE_STANDARD, raw, 1, 0, 201, &c);
	near("mean", 0, (double)c.offset[0], s[0], 1e-6);
	near("deviation", 0, (double)c.scale[0], s[1], 1e-6);
	ml_scaler_fit(a, ML_SCALE_ROBUST, raw, 1, 0, 201, &c);
	near("median", 0, (double)c.offset[0], r[0], 1e-6);
	near("quartiles", 0, (double)c.scale[0], r[1], 1e-6);
	/* Clipped; NaN stays; what never changes becomes 0. */
	ml_scale(&c, (const float[]){ 1e9f, -1e9f, NAN, c.offset[0] }, 4, x);
	assert_float_equal(x[0], ML_CLIP, 0);
	assert_float_equal(x[1], -ML_CLIP, 0);
	assert_true(isnan(x[2]));
	assert_float_equal(x[3], 0, 0);
	ml_scaler_fit(a, ML_SCALE_STANDARD, (const float[]){ 0.1f, 0.1f, 0.1f }, 1, 0, 3, &c);
	ml_scale(&c, (const float[]){ 0.1f }, 1, x);
	assert_float_equal(x[0], 0, 1e-6);
	assert_float_equal(c.scale[0], 1, 0);
}

static void drift_is_measured_as_defined(void **state)
{
	const float *train = floats("psi.train", 1000), *now = floats("psi.now", 700);
	struct ml_drift d;
	double psi;

	(void)state;
	ml_drift_fit(a, train, 1, 0, 1000, &d);
	assert_int_equal(ml_drift_psi(&d, now, 700, &psi), 0);
	near("psi", 0, psi, *want("psi", 1), 1e-5);
	assert_int_equal(ml_drift_state(psi), ML_DRIFT_MODERATE);
	assert_int_equal(ml_drift_psi(&d, train, 1000, &psi), 0);
	assert_float_equal(psi, 0, 1e-6);
	assert_int_equal(ml_drift_psi(&d, now, 199, &psi), -1);
	assert_int_equal(ml_drift_state(0.0999), ML_DRIFT_STABLE);
	assert_int_equal(ml_drift_state(0.1), ML_DRIFT_MODERATE);
	assert_int_equal(ml_drift_state(0.25), ML_DRIFT_DRIFTED);
}

static void features_are_those_of_numpy(void **state)
{
	enum { M = 300 };
	static const char *const names[] = { "return_1", "volume_ratio", "rsi_14",
		"bollinger", "atr_14", "volume_oscillator", "stochastic_k", "stochastic_d",
		"obv", "momentum_5", "momentum_10", "momentum_20", "volatility_20",
		"range_position", "sma_distance", "support", "resistance", "trend_10_20",
		"hour_sin", "hour_cos", "weekday_sin", "weekday_cos" };
	const double *td = want("feature.bars.t", M);
	struct bars b = { .n = M, .o = want("feature.bars.o", M),
		.h = want("feature.bars.h", M), .l = want("feature.bars.l", M),
		.c = want("feature.bars.c", M), .v = want("feature.bars.v", M) };
	size_t n = ARRAY_LEN(names);
	float *x = NEW_N(a, float, M * n);
	int64_t *t = NEW_N(a, int64_t, M);
	struct ml_features *f;
	struct err err;

	(void)state;
	for (size_t i = 0; i < M; i++)
		t[i] = (int64_t)td[i];
	b.t = t;
	assert_int_equal(ml_features_new(a, TF_1H, names, n, 0, &f, &err), 0);
	ml_features_run(f, &b, NULL, x);
	for (size_t j = 0; j < n; j++) {
		char name[64];

		snprintf(name, sizeof(name), "feature.%s", names[j]);
		for (size_t i = 0; i < M; i++)
			near(name, i, (double)x[i * n + j], want(name, M)[i], 1e-6);
	}
}

/* What the sentence says of the money. */
static void the_profit_is_not_praised_for_nothing(void **state)
{
	static const struct { float next, p[3]; const char *part; } cases[] = {
		{ 0.01f, { 0.8f, 0.1f, 0.1f }, " %)." },
		{ -0.01f, { 0.8f, 0.1f, 0.1f }, "surely a loss." },
		{ 0.01f, { 0.1f, 0.8f, 0.1f }, "never traded." },
	};
	struct ml_eval_in in = sample_in();
	float *p = NEW_N(a, float, 1200), *next = NEW_N(a, float, 400);
	struct ml_eval e;
	struct err err;

	(void)state;
	in.p = p;
	in.next = next;
	for (size_t k = 0; k < ARRAY_LEN(cases); k++) {
		for (size_t i = 0; i < 400; i++) {
			next[i] = cases[k].next;
			memcpy(p + 3 * i, cases[k].p, sizeof(cases[k].p));
		}
		assert_int_equal(ml_evaluate(a, &in, &e, &err), 0);
		if (strstr(e.verdict, cases[k].part) == NULL)
			fail_msg("%s", e.verdict);
	}
	/* As often up as down: nobody can tell. */
	for (size_t i = 0; i < 400; i++) {
		next[i] = i % 7 < 3 ? 0.013f : -0.0095f;
		memcpy(p + 3 * i, cases[0].p, sizeof(cases[0].p));
	}
	assert_int_equal(ml_evaluate(a, &in, &e, &err), 0);
	assert_true(strstr(e.verdict, "luck.") != NULL || strstr(e.verdict, "no profit.") != NULL);
}

/* ---- the plain sentence ------------------------------------------------------------ */

/* On a walk that nothing can foretell, no model may say that it can. */
static void a_random_walk_is_not_beaten(void **state)
{
	enum { SEEDS = 60, M = 1200 };
	static const char *const names[] = { "return_1", "rsi_14", "momentum_5" };
	double *c = NEW_N(a, double, M), *v = NEW_N(a, double, M);
	int64_t *t = NEW_N(a, int64_t, M);
	struct bars b = { M, t, c, c, c, c, v };
	unsigned claims = 0;

	(void)state;
	for (unsigned seed = 1; seed <= SEEDS; seed++) SCOPE(tmp, a) {
		struct ml_trained tr;
		struct ml_plan p;
		struct rng r;
		struct err err;
		double now = 100;

		rng_seed(&r, seed);
		for (size_t i = 0; i < M; i++) {
			now *= 1 + 0.008 * rng_gauss(&r);
			t[i] = 1704067200000 + (int64_t)i * 3600000;
			c[i] = now;
			v[i] = 1;
		}
		ml_plan_init(&p, ml_kind_find(seed % 2 ? "boosting" : "logistic"), TF_1H);
		p.features = names;
		p.n_features = ARRAY_LEN(names);
		if (seed % 2 && ml_spec_set(&p.spec, STR("rounds"), 10, &err) < 0)
			fail_msg("%s", err.msg);
		if (ml_train(tmp, &p, &b, NULL, NULL, 0, NULL, &tr, &err) < 0)
			fail_msg("%s", err.msg);
		claims += tr.eval.better;
		assert_int_equal(tr.eval.better,
				 strncmp(tr.eval.verdict, "Better than", 11) == 0);
	}
	assert_true(claims <= SEEDS / 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_those_of_scikit_learn),
		cmocka_unit_test(intervals_are_as_wide_as_theory_says),
		cmocka_unit_test(blocks_widen_what_is_alike),
		cmocka_unit_test(calibration_finds_what_scipy_finds),
		cmocka_unit_test(worse_than_nothing_becomes_nothing),
		cmocka_unit_test(a_return_becomes_probabilities),
		cmocka_unit_test(scaling_is_that_of_scikit_learn),
		cmocka_unit_test(drift_is_measured_as_defined),
		cmocka_unit_test(features_are_those_of_numpy),
		cmocka_unit_test(the_profit_is_not_praised_for_nothing),
		cmocka_unit_test(a_random_walk_is_not_beaten),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
