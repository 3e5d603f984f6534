#include "config.h"

#include <math.h>
#include <string.h>

#include "test.h"
#include "core/rand.h"
#include "ml/folds.h"
#include "ml/label.h"

#define HOUR 3600000LL
#define N 1500

static int64_t t[N], t_end[N];
static double h[N], l[N], c[N];
static uint8_t cls[N];
static float target[N];
static const struct bars bars = { N, t, c, h, l, c, c };

static void fill(uint64_t seed, bool holes)
{
	struct rng r;
	double p = 100;
	int64_t at = 1704067200000;

	rng_seed(&r, seed);
	for (size_t i = 0; i < N; i++) {
		t[i] = at;
		at += HOUR * (holes && rng_below(&r, 50) == 0 ? 3 : 1);
		p *= 1 + 0.006 * rng_gauss(&r);
		c[i] = p;
		h[i] = p * (1 + 0.006 * rng_unit(&r));
		l[i] = p * (1 - 0.006 * rng_unit(&r));
	}
}

static struct ml_label label(enum ml_label_kind k, uint32_t n, double threshold)
{
	return (struct ml_label){ .kind = k, .bars = n, .threshold = threshold };
}

static void a_few_bars_by_hand(void **state)
{
	static const int64_t ht[] = { 0, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR };
	static const double hh[] = { 100, 101.2, 104, 103, 100 }, hl[] = { 100, 98.5, 98, 99, 99 },
		hc[] = { 100, 101, 100.2, 99, 100 };
	const struct bars b = { 5, ht, hc, hh, hl, hc, hc };
	struct ml_label x = label(ML_LABEL_NEXT, 1, 0.005);

	(void)state;
	ml_labels(&x, TF_1H, &b, cls, target, t_end);
	assert_int_equal(cls[0], ML_BUY);
	assert_int_equal(cls[1], ML_SELL);
	assert_int_equal(cls[2], ML_SELL);
	assert_int_equal(cls[3], ML_BUY);
	assert_int_equal(cls[4], ML_NO_CLASS);
	assert_float_equal(target[0], 0.01, 1e-6);
	assert_true(isnan(target[4]));
	assert_int_equal(t_end[0], 2 * HOUR);
	assert_true(t_end[4] == INT64_MAX);
	x = label(ML_LABEL_BARS, 2, 0.005);
	ml_labels(&x, TF_1H, &b, cls, target, t_end);
	assert_int_equal(cls[0], ML_HOLD);
	assert_int_equal(cls[1], ML_SELL);
	assert_int_equal(cls[3], ML_NO_CLASS);
	assert_int_equal(t_end[1], 4 * HOUR);
	/* 1 %: bar 1 touches both: nobody knows which came first. */
	x = label(ML_LABEL_TRIPLE, 3, 0.01);
	ml_labels(&x, TF_1H, &b, cls, target, t_end);
	assert_int_equal(cls[0], ML_HOLD);
	assert_int_equal(t_end[0], 2 * HOUR);
	/* 3 %: 103 is reached in bar 2, 97 never. */
	x = label(ML_LABEL_TRIPLE, 3, 0.03);
	ml_labels(&x, TF_1H, &b, cls, target, t_end);
	assert_int_equal(cls[0], ML_BUY);
	assert_int_equal(t_end[0], 3 * HOUR);
	assert_float_equal(target[0], 0.03, 1e-6);
	assert_int_equal(cls[1], ML_HOLD);	/* neither in time */
	x = label(ML_LABEL_RETURN, 1, 0.002);
	ml_labels(&x, TF_1H, &b, cls, target, t_end);
	assert_int_equal(cls[0], ML_NO_CLASS);
	assert_float_equal(target[0], 0.01, 1e-6);
}

static void a_label_spans_no_hole(void **state)
{
	static const enum ml_label_kind kinds[] = { ML_LABEL_BARS, ML_LABEL_TRIPLE, ML_LABEL_RETURN };

	(void)state;
	fill(1, true);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		struct ml_label x = label(kinds[k], 6, 0.01);

		ml_labels(&x, TF_1H, &bars, cls, target, t_end);
		for (size_t i = 0; i < N; i++) {
			bool whole = i + 6 < N && t[i + 6] == t[i] + 6 * HOUR;

			assert_int_equal(!isnan(target[i]), whole);
			if (whole)
				assert_true(t_end[i] > t[i] + HOUR && t_end[i] <= t[i] + 7 * HOUR);
		}
	}
}

static void weights_make_classes_equal(void **state)
{
	static const uint8_t some[] = { 0, 0, 0, 0, 0, 0, 1, 1, 1, 2 };
	double w[ML_ACTIONS];

	(void)state;
	ml_class_weights(some, 10, w);
	assert_float_equal(w[0], 10 / (3 * 6.0), 1e-12);
	assert_float_equal(w[1], 10 / (3 * 3.0), 1e-12);
	assert_float_equal(w[2], 10 / 3.0, 1e-12);
	ml_class_weights(some, 9, w);	/* no sell */
	assert_float_equal(w[0], 9 / (2 * 6.0), 1e-12);
	assert_float_equal(w[2], 0, 0);
}

static void labels_that_are_none_are_refused(void **state)
{
	struct ml_label x = label(ML_LABEL_NEXT, 2, 0.005);
	struct err err;

	(void)state;
	assert_int_equal(ml_label_check(&x, &err), -E_INVAL);
	x = label(ML_LABEL_BARS, 0, 0.005);
	assert_int_equal(ml_label_check(&x, &err), -E_INVAL);
	x = label(ML_LABEL_BARS, 5, NAN);
	assert_int_equal(ml_label_check(&x, &err), -E_INVAL);
	x = label(ML_LABEL_TRIPLE, 5, 0);
	assert_int_equal(ml_label_check(&x, &err), -E_INVAL);
}

/* Samples of the bars that have a label. */
static uint32_t end[N];
static int64_t st[N], se[N];
static struct ml_set samples(void)
{
	struct ml_set s = { .shape = { 1, 1, 3 }, .end = end, .t = st, .t_end = se,
			    .target = target };

	for (size_t i = 0; i < N; i++)
		if (!isnan(target[i])) {
			end[s.n] = (uint32_t)i;
			st[s.n] = t[i];
			se[s.n++] = t_end[i];
		}
	return s;
}

/* The promise of every fold: no label of training is known only after the test
 * has begun, and the embargo lies between. */
static void no_label_of_training_reaches_into_the_test(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 7);
	for (int turn = 0; turn < 200; turn++) {
		struct ml_label x = label(turn % 2 ? ML_LABEL_TRIPLE : ML_LABEL_BARS,
					  1 + (uint32_t)rng_below(&r, 40), 0.01);
		size_t k = 1 + (size_t)rng_below(&r, 6), embargo = (size_t)rng_below(&r, 30);
		size_t window = turn % 3 == 0 ? 200 : 0;
		struct ml_fold f[8];
		struct ml_set s;
		struct err err;

		fill((uint64_t)turn, turn % 4 == 0);
		ml_labels(&x, TF_1H, &bars, cls, target, t_end);
		s = samples();
		if (s.n < 500)
			continue;
		assert_int_equal(ml_walk(&s, k, 300, window, embargo, f, &err), 0);
		assert_int_equal(f[k - 1].test_to, s.n);
		for (size_t i = 0; i < k; i++) {
			size_t stay = 0;

			assert_true(f[i].test_from >= 300 && f[i].train_to <= f[i].test_from);
			assert_true(i == 0 || f[i].test_from == f[i - 1].test_to);
			assert_int_equal(f[i].test_to - f[i].test_from,
					 f[0].test_to - f[0].test_from);
			for (size_t j = f[i].train_from; j < f[i].train_to; j++) {
				assert_true(s.t_end[j] <= s.t[f[i].test_from]);
				stay++;
			}
			assert_true(window == 0 || stay <= window);
			assert_true(f[i].train_to + embargo <= f[i].test_from);
			/* No more was thrown away than had to be. */
			assert_true(f[i].train_to + embargo + 2 * x.bars + 1 >= f[i].test_from);
		}
	}
}

static void slices_share_and_seek_finds(void **state)
{
	struct ml_label x = label(ML_LABEL_BARS, 3, 0.01);
	struct ml_set s, part;
	struct ml_fold f[3];
	struct err err;

	(void)state;
	fill(3, false);
	ml_labels(&x, TF_1H, &bars, cls, target, t_end);
	s = samples();
	assert_int_equal(ml_set_seek(&s, s.t[100]), 100);
	assert_int_equal(ml_set_seek(&s, s.t[100] + 1), 101);
	assert_int_equal(ml_set_seek(&s, 0), 0);
	assert_int_equal(ml_set_seek(&s, INT64_MAX), s.n);
	part = ml_set_slice(&s, 100, 150);
	assert_int_equal(part.n, 50);
	assert_int_equal(part.end[0], s.end[100]);
	assert_int_equal(ml_purge(&s, 100, 100, 0), 97);
	assert_int_equal(ml_purge(&s, 100, 100, 10), 87);
	assert_int_equal(ml_purge(&s, 100, 100, 500), 0);
	assert_int_equal(ml_purge(&s, s.n, s.n, 0), s.n);
	assert_int_equal(ml_walk(&s, 3, s.n, 0, 0, f, &err), -E_UNPROCESSABLE);
	assert_int_equal(ml_walk(&s, 3, 100, 0, 5000, f, &err), -E_UNPROCESSABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_bars_by_hand),
		cmocka_unit_test(a_label_spans_no_hole),
		cmocka_unit_test(weights_make_classes_equal),
		cmocka_unit_test(labels_that_are_none_are_refused),
		cmocka_unit_test(no_label_of_training_reaches_into_the_test),
		cmocka_unit_test(slices_share_and_seek_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
