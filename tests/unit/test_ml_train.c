#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"
#include "core/rand.h"
#include "ml/ml.h"
#include "ml/trainer.h"
#include "ml/trainer_i.h"

#define N 2600
#define HOUR 3600000LL

static int64_t t[N];
static double o[N], h[N], l[N], c[N], v[N];
static const struct bars bars = { N, t, o, h, l, c, v };
static const char *const names[] = { "volume_ratio", "return_1", "rsi_14" };

/* Much or little volume is followed by a rise, as usual by a fall, when
 * `signal`: nothing that a straight line could tell. */
static void fill(uint64_t seed, bool signal)
{
	struct rng r;
	double p = 100, next = 0;

	rng_seed(&r, seed);
	for (size_t i = 0; i < N; i++) {
		t[i] = 1704067200000 + (int64_t)i * HOUR;
		o[i] = p;
		p *= 1 + next + 0.005 * rng_gauss(&r);
		c[i] = p;
		h[i] = fmax(o[i], p) * 1.001;
		l[i] = fmin(o[i], p) * 0.999;
		v[i] = 100 + 80 * (rng_unit(&r) - 0.5);
		next = !signal ? 0 : fabs(v[i] - 100) > 20 ? 0.012 : -0.012;
	}
}

static void plan_of(struct ml_plan *p, const char *kind)
{
	const struct ml_kind *k = ml_kind_find(kind);

	assert_non_null(k);
	ml_plan_init(p, k, TF_1H);
	p->features = names;
	p->n_features = ARRAY_LEN(names);
	p->name = "probe";
	p->market = "test:X/Y";
}

static void set(struct ml_plan *p, const char *name, double x)
{
	struct err err;

	if (ml_spec_set(&p->spec, str_c(name), x, &err) < 0)
		fail_msg("%s", err.msg);
}

static struct arena *arena(void)
{
	return arena_new("test", (size_t)2 << 30);
}

static void a_planted_signal_is_learned_kept_and_asked(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	static char path[64];
	struct ml_prediction pred;
	struct ml_trained tr;
	struct ml_model *m;
	struct ml_plan p;
	struct ml_eye *e;
	struct err err;
	float *said = NEW_N(a, float, N * ML_SAID);
	size_t ready = 0, used;

	(void)state;
	fill(1, true);
	plan_of(&p, "boosting");
	set(&p, "rounds", 40);
	assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err), 0);
	assert_true(tr.eval.better);
	assert_non_null(strstr(tr.eval.verdict, "Better than"));
	assert_true(tr.eval.metric[ML_M_ACCURACY].low > 0.6);
	assert_string_equal(tr.eval.importance[0].feature, "volume_ratio");
	assert_true(tr.eval.importance[0].loss.low > 0);
	assert_true(tr.eval.metric[ML_M_PROFIT].low > 0);
	assert_int_equal(tr.n_train + tr.n_valid + tr.n_test > N * 9 / 10, 1);
	assert_true(tr.n_curve > 0);

	snprintf(path, sizeof(path), "/tmp/orch-model-%ld", (long)getpid());
	assert_int_equal(ml_file_save(path, tr.file, tr.size, &err), 0);
	if (ml_model_open(a, path, &m, &err) < 0)
		fail_msg("%s", err.msg);
	unlink(path);
	assert_string_equal(m->name, "probe");
	assert_string_equal(m->verdict, tr.eval.verdict);
	assert_string_equal(m->feature_hash, tr.feature_hash);
	assert_int_equal(m->train_to, tr.train_to);
	assert_true(m->better);

	/* Asked bar by bar it says what it says in one go. */
	assert_int_equal(ml_eye_new(a, m, 0, &e, &err), 0);
	ml_eye_run(e, &bars, NULL, said);
	ml_eye_restart(e);
	used = arena_used(a);
	for (size_t i = 0; i < N; i++) {
		struct bars one = bars_slice(&bars, i, 1);
		const float *want = said + i * ML_SAID;

		ml_eye_push(e, &one, NULL);
		assert_int_equal(ml_eye_ready(e), !isnan(want[0]));
		if (!ml_eye_ready(e)) {
			assert_int_equal(ml_eye_ask(e, false, &pred, &err), -E_UNPROCESSABLE);
			assert_non_null(strstr(err.msg, "needs"));
			continue;
		}
		ready++;
		assert_int_equal(ml_eye_ask(e, i % 100 == 0, &pred, &err), 0);
		assert_memory_equal(pred.p, want, sizeof(pred.p));
		assert_int_equal(pred.t, t[i]);
		if (i % 100 != 0)
			continue;
		assert_true(pred.n_reasons > 0);
		for (size_t k = 1; k < pred.n_reasons; k++)
			assert_true(fabsf(pred.reason[k].contribution) <=
				    fabsf(pred.reason[k - 1].contribution));
	}
	assert_true(ready > N - 100);
	assert_int_equal(arena_used(a), used);	/* nothing was allocated */
	/* Much volume, and what is usual. */
	assert_int_equal(ml_eye_ask_raw(e, (const float[]){ 1.35f, 0, 0.5f }, true, &pred, &err), 0);
	assert_int_equal(pred.action, ML_BUY);
	assert_string_equal(pred.reason[0].feature, "volume_ratio");
	assert_non_null(strstr(pred.reason[0].sentence, "speaks for buy"));
	assert_int_equal(ml_eye_ask_raw(e, (const float[]){ 1, 0, 0.5f }, true, &pred, &err), 0);
	assert_int_equal(pred.action, ML_SELL);
	assert_int_equal(ml_eye_ask_raw(e, (const float[]){ NAN, 0, 0.5f }, true, &pred, &err),
			 -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "volume_ratio"));
}

static void the_same_seed_gives_the_same_file(void **state)
{
	static const char *const kinds[] = { "boosting", "dense" };

	(void)state;
	fill(2, true);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct arena *a CLEANUP(arena_free) = arena();
		struct ml_trained x, y, z;
		struct ml_plan p;
		struct err err;

		plan_of(&p, kinds[k]);
		set(&p, k == 0 ? "rounds" : "epochs", 3);
		if (k == 1)
			p.spec.layout = "dense 8 relu, dropout 0.2, dense 3";
		assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &x, &err), 0);
		assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &y, &err), 0);
		assert_int_equal(x.size, y.size);
		assert_memory_equal(x.file, y.file, x.size);
		p.spec.seed = 2;
		assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &z, &err), 0);
		assert_string_not_equal(x.sum, z.sum);
	}
}

struct stop { unsigned after, seen; struct arena *a; void *kept; size_t n; };

static int count(void *ctx, const struct ml_step *s)
{
	struct stop *w = ctx;

	assert_true(s->done >= 0 && s->done <= 1);
	if (s->phase == ML_PHASE_FIT && ++w->seen == w->after)
		return -E_BUSY;
	return 0;
}

static int keep(void *ctx, const void *bytes, size_t n)
{
	struct stop *w = ctx;

	w->kept = arena_alloc(w->a, n);
	memcpy(w->kept, bytes, n);
	w->n = n;
	return 0;
}

static void a_stopped_training_goes_on_to_the_same_bytes(void **state)
{
	static const char *const kinds[] = { "boosting", "dense" };

	(void)state;
	fill(3, true);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct arena *a CLEANUP(arena_free) = arena();
		struct stop w = { .after = 3, .a = a };
		struct ml_hooks hooks = { .step = count, .checkpoint = keep, .ctx = &w };
		struct ml_trained whole, rest;
		struct ml_plan p;
		struct err err;

		plan_of(&p, kinds[k]);
		set(&p, k == 0 ? "rounds" : "epochs", 8);
		if (k == 1)
			p.spec.layout = "dense 8 relu, dropout 0.2, dense 3";
		assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &whole, &err), 0);
		assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, &hooks, &rest, &err),
				 -E_BUSY);
		assert_non_null(strstr(err.msg, "stopped"));
		w.after = 0;
		if (ml_train(a, &p, &bars, NULL, w.kept, w.n, &hooks, &rest, &err) < 0)
			fail_msg("%s: %s", kinds[k], err.msg);
		assert_int_equal(whole.n_curve, rest.n_curve);
		assert_memory_equal(whole.curve, rest.curve,
				    whole.n_curve * sizeof(*whole.curve));
		assert_int_equal(whole.size, rest.size);
		assert_memory_equal(whole.file, rest.file, whole.size);
		/* Of another plan: refused. */
		p.spec.seed++;
		assert_int_equal(ml_train(a, &p, &bars, NULL, w.kept, w.n, NULL, &rest, &err),
				 -E_CONFLICT);
		p.spec.seed--;
		((char *)w.kept)[w.n - 1] ^= 1;
		assert_int_equal(ml_train(a, &p, &bars, NULL, w.kept, w.n, NULL, &rest, &err),
				 -E_INVAL);
	}
}

static void a_search_takes_the_better_rate(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	static const double rates[] = { 1e-7, 0.02, 1e-6, 1e-5 };
	static const char *const layouts[] = { "dense 8 relu, dense 3" };
	struct ml_trained tr;
	struct ml_plan p;
	struct err err;
	size_t chosen = 0;

	(void)state;
	fill(4, true);
	plan_of(&p, "dense");
	set(&p, "epochs", 8);
	p.search.trials = 4;
	p.search.rates = rates;
	p.search.n_rates = ARRAY_LEN(rates);
	p.search.layouts = layouts;
	p.search.n_layouts = 1;
	if (ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(tr.n_trials, 4);
	for (size_t i = 0; i < tr.n_trials; i++)
		if (tr.trial[i].chosen) {
			chosen++;
			assert_true(tr.trial[i].rate > 0.01);
			assert_int_equal(tr.trial[i].round, 3);
			assert_string_equal(tr.trial[i].layout, layouts[0]);
		}
	assert_int_equal(chosen, 1);
	assert_string_equal(tr.layout, layouts[0]);
	assert_true(tr.eval.better);
}

static void a_return_is_predicted_too(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	struct ml_prediction pred;
	struct ml_trained tr;
	struct ml_model *m = NULL;
	struct ml_plan p;
	struct ml_eye *e = NULL;
	struct err err;

	(void)state;
	fill(5, true);
	plan_of(&p, "boosting");
	set(&p, "rounds", 40);
	p.label = ml_label_usual(ML_LABEL_RETURN);
	p.label.threshold = 0.005;
	if (ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err) < 0 ||
	    ml_model_parse(a, tr.file, tr.size, &m, &err) < 0 ||
	    ml_eye_new(a, m, 0, &e, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(tr.eval.better);
	assert_int_equal(m->calib.kind, ML_CALIB_NORMAL);
	ml_eye_push(e, &bars, NULL);
	assert_int_equal(ml_eye_ask_raw(e, (const float[]){ 1.35f, 0, 0.5f }, true, &pred, &err), 0);
	assert_int_equal(pred.action, ML_BUY);
	assert_true(pred.predicted > 0.005f && pred.predicted < 0.02f);
	assert_non_null(strstr(pred.reason[0].sentence, "higher return"));
}

/* Tests lie behind each other in the second half, judged together. */
static void walking_forward_judges_the_second_half(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	struct stop w = { .after = 2 };
	struct ml_hooks hooks = { .step = count, .ctx = &w };
	struct ml_eval e;
	struct ml_plan p;
	struct err err;

	(void)state;
	fill(7, true);
	plan_of(&p, "boosting");
	set(&p, "rounds", 20);
	if (ml_walk_forward(a, &p, &bars, NULL, 4, NULL, &e, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(e.samples > N / 2 - 40 && e.samples <= N / 2);
	assert_true(e.better);
	assert_true(e.profit.t[0] >= t[N / 2 - 20]);
	assert_int_equal(ml_walk_forward(a, &p, &bars, NULL, 4, &hooks, &e, &err), -E_BUSY);
	assert_int_equal(ml_walk_forward(a, &p, &bars, NULL, 0, NULL, &e, &err), -E_INVAL);
	p.search.trials = 2;
	assert_int_equal(ml_walk_forward(a, &p, &bars, NULL, 2, NULL, &e, &err), -E_INVAL);
	fill(8, false);
	plan_of(&p, "boosting");
	set(&p, "rounds", 20);
	assert_int_equal(ml_walk_forward(a, &p, &bars, NULL, 4, NULL, &e, &err), 0);
	assert_false(e.better);
}

/* No part knows of the next: labels end before it begins, and what is learned
 * from training alone stays the same whatever comes later. */
static void parts_do_not_touch(void **state)
{
	static const enum ml_label_kind kinds[] = { ML_LABEL_NEXT, ML_LABEL_BARS,
		ML_LABEL_TRIPLE, ML_LABEL_RETURN };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct arena *a CLEANUP(arena_free) = arena();
		struct ml_data d, later;
		struct ml_plan p;
		struct err err;

		fill(9, true);
		plan_of(&p, kinds[k] == ML_LABEL_RETURN ? "ridge" : "logistic");
		p.label = ml_label_usual(kinds[k]);
		p.embargo = (uint32_t)k * 5;
		p.spec.shape.window = 3;
		if (ml_data_make(a, &p, &bars, NULL, &d, &err) < 0)
			fail_msg("%s", err.msg);
		for (size_t i = 0; i < d.train.n; i++)
			assert_true(d.train.t_end[i] <= d.valid.t[0]);
		for (size_t i = 0; i < d.valid.n; i++)
			assert_true(d.valid.t_end[i] <= d.test.t[0]);
		assert_true(d.valid.end[0] - d.train.end[d.train.n - 1] > p.embargo);
		assert_true(d.train.t[0] >= d.train_from && d.test.t[0] >= d.valid_to);
		for (size_t i = d.valid.end[0]; i < N; i++) {
			c[i] *= 1.5;
			v[i] *= 7;
		}
		assert_int_equal(ml_data_make(a, &p, &bars, NULL, &later, &err), 0);
		assert_memory_equal(d.scaler.offset, later.scaler.offset,
				    d.features * sizeof(float));
		assert_memory_equal(d.scaler.scale, later.scaler.scale,
				    d.features * sizeof(float));
		assert_memory_equal(d.drift.edge, later.drift.edge,
				    d.features * 9 * sizeof(float));
		assert_memory_equal(d.x, later.x, d.row_to * d.features * sizeof(float));
	}
}

static struct ml_model *trained(struct arena *a, unsigned rounds)
{
	struct ml_model *m = NULL;
	struct ml_trained tr;
	struct ml_plan p;
	struct err err;

	plan_of(&p, "boosting");
	set(&p, "rounds", rounds);
	if (ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err) < 0 ||
	    ml_model_parse(a, tr.file, tr.size, &m, &err) < 0)
		fail_msg("%s", err.msg);
	return m;
}

static void the_new_one_must_beat_the_old_one(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	struct ml_model *weak, *good;
	struct ml_value x;
	struct ml_eval e;
	struct err err;
	size_t n;

	(void)state;
	fill(10, true);
	weak = trained(a, 1);
	good = trained(a, 40);
	fill(11, true);		/* bars that neither has seen */
	assert_int_equal(ml_duel(good, weak, &bars, NULL, 0, INT64_MAX, &x, &n, &err), 0);
	assert_true(n > N - 60 && x.low > 0);
	assert_int_equal(ml_duel(weak, good, &bars, NULL, 0, INT64_MAX, &x, &n, &err), 0);
	assert_true(x.high < 0);
	assert_int_equal(ml_duel(good, good, &bars, NULL, 0, INT64_MAX, &x, &n, &err), 0);
	assert_true(x.value == 0 && x.low == 0);
	assert_int_equal(ml_duel(good, weak, &bars, NULL, t[N - 10], INT64_MAX, &x, &n, &err),
			 -E_UNPROCESSABLE);
	assert_int_equal(ml_review(a, good, &bars, NULL, t[N / 2], INT64_MAX, 0.001, &e,
				   &err), 0);
	assert_int_equal(e.samples, N / 2 - 1);
	assert_true(e.better);
	assert_int_equal(e.n_baselines, 2);
	assert_int_equal(ml_review(a, good, &bars, NULL, t[N - 5], INT64_MAX, 0.001, &e,
				   &err), -E_UNPROCESSABLE);
}

static void a_market_that_changed_is_noticed(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	struct ml_model *m;
	struct bars few = bars_slice(&bars, 0, 400);
	double psi[ARRAY_LEN(names)];
	struct err err;
	size_t worst;

	(void)state;
	fill(12, true);
	m = trained(a, 1);
	assert_int_equal(ml_model_drift(m, &bars, NULL, psi, &worst, &err), 0);
	assert_int_equal(ml_drift_state(psi[worst]), ML_DRIFT_STABLE);
	for (size_t i = 0; i < N; i++)		/* volume that comes in bursts */
		v[i] = i % 10 == 0 ? 500 : v[i] / 10;
	assert_int_equal(ml_model_drift(m, &bars, NULL, psi, &worst, &err), 0);
	assert_string_equal(m->features[worst], "volume_ratio");
	assert_int_equal(ml_drift_state(psi[worst]), ML_DRIFT_DRIFTED);
	assert_int_equal(ml_model_drift(m, &few, NULL, psi, &worst, &err), -E_UNPROCESSABLE);
}

static void too_little_or_nonsense_is_refused(void **state)
{
	struct arena *a CLEANUP(arena_free) = arena();
	struct bars few = bars_slice(&bars, 0, 120);
	struct ml_trained tr = { .size = 77 };
	struct ml_plan p;
	struct err err;

	(void)state;
	fill(6, false);
	plan_of(&p, "boosting");
	assert_int_equal(ml_train(a, &p, &few, NULL, NULL, 0, NULL, &tr, &err), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "too few"));
	few.n = 0;
	assert_int_equal(ml_train(a, &p, &few, NULL, NULL, 0, NULL, &tr, &err), -E_UNPROCESSABLE);
	p.train_from = p.valid_to = p.test_to = t[10];
	p.train_to = t[20];
	assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "follow one another"));
	plan_of(&p, "boosting");
	p.features = (const char *const[]){ "book_imbalance" };
	p.n_features = 1;
	assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "book_imbalance"));
	plan_of(&p, "boosting");
	p.label.bars = 3;
	assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err), -E_INVAL);
	plan_of(&p, "boosting");
	p.fee = 0.5;
	assert_int_equal(ml_train(a, &p, &bars, NULL, NULL, 0, NULL, &tr, &err), -E_INVAL);
	assert_int_equal(tr.size, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_planted_signal_is_learned_kept_and_asked),
		cmocka_unit_test(the_same_seed_gives_the_same_file),
		cmocka_unit_test(a_stopped_training_goes_on_to_the_same_bytes),
		cmocka_unit_test(a_search_takes_the_better_rate),
		cmocka_unit_test(a_return_is_predicted_too),
		cmocka_unit_test(walking_forward_judges_the_second_half),
		cmocka_unit_test(parts_do_not_touch),
		cmocka_unit_test(the_new_one_must_beat_the_old_one),
		cmocka_unit_test(a_market_that_changed_is_noticed),
		cmocka_unit_test(too_little_or_nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
