#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "core/rand.h"
#include "core/sha256.h"
#include "ind/ind.h"
#include "ml/feature.h"
#include "ml/model.h"

#define N 4000
#define HOUR 3600000LL

static int64_t t[N];
static double o[N], h[N], l[N], c[N], v[N], book[N];
static const struct bars bars = { N, t, o, h, l, c, v };

/* A walk with holes, flat stretches, and bars without volume. */
static void fill(uint64_t seed)
{
	struct rng r;
	double p = 100;
	int64_t at = 1704067200000 + 5 * HOUR;

	rng_seed(&r, seed);
	for (size_t i = 0; i < N; i++) {
		bool flat = i % 500 > 430;

		t[i] = at;
		at += HOUR * (rng_below(&r, 200) == 0 ? 1 + (int64_t)rng_below(&r, 30) : 1);
		o[i] = p;
		p *= flat ? 1 : 1 + 0.01 * rng_gauss(&r);
		c[i] = p;
		h[i] = fmax(o[i], p) * (flat ? 1 : 1 + 0.005 * rng_unit(&r));
		l[i] = fmin(o[i], p) * (flat ? 1 : 1 - 0.005 * rng_unit(&r));
		v[i] = flat || rng_below(&r, 20) == 0 ? 0 : 100 * rng_unit(&r);
		book[i] = rng_below(&r, 10) == 0 ? NAN : 2 * rng_unit(&r) - 1;
	}
}

static int setup(void **state)
{
	*state = arena_new("test", (size_t)1 << 30);
	fill(1);
	return 0;
}

static int teardown(void **state)
{
	arena_free((struct arena **)state);
	return 0;
}

/* Every row, some lags, other timeframes. */
static size_t all_names(struct arena *a, const char ***ret)
{
	static const char *const more[] = { "rsi_14[3]", "rsi_14@4h", "adx_14@1d[1]",
		"return_1[200]", "volume_ratio@2h[5]", "macd_histogram@4h",
		"support@12h", "hour_sin[2]", "book_imbalance[1]" };
	const char **names = NEW_N(a, const char *, ml_feature_table_n + ARRAY_LEN(more));
	size_t n = 0;

	for (size_t i = 0; i < ml_feature_table_n; i++)
		names[n++] = ml_feature_table[i].name;
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		names[n++] = more[i];
	*ret = names;
	return n;
}

static void cuts_change_no_bit(void **state)
{
	struct arena *a = *state;
	const char **names;
	size_t n = all_names(a, &names);
	struct ml_features *f;
	struct err err;
	struct rng r;
	float *whole = NEW_N(a, float, N * n), *cut = NEW_N(a, float, N * n);

	assert_int_equal(ml_features_new(a, TF_1H, names, n, ML_KNOWN_BOOK, &f, &err), 0);
	ml_features_run(f, &bars, book, whole);
	rng_seed(&r, 9);
	for (int turn = 0; turn < 4; turn++) {
		uint64_t most = turn == 0 ? 1 : 1u << (3 * turn);

		ml_features_restart(f);
		for (size_t i = 0; i < N; ) {
			size_t k = 1 + (size_t)rng_below(&r, most);
			struct bars b;

			k = k < N - i ? k : N - i;
			b = bars_slice(&bars, i, k);
			ml_features_run(f, &b, book + i, cut + i * n);
			i += k;
		}
		assert_memory_equal(cut, whole, N * n * sizeof(float));
	}
}

/* What comes later changes nothing that was said before. */
static void no_value_looks_ahead(void **state)
{
	struct arena *a = *state;
	const char **names;
	size_t n = all_names(a, &names), at = 2500;
	struct ml_features *f;
	struct bars b = bars;
	struct err err;
	float *x = NEW_N(a, float, N * n), *y = NEW_N(a, float, N * n);

	assert_int_equal(ml_features_new(a, TF_1H, names, n, ML_KNOWN_BOOK, &f, &err), 0);
	ml_features_run(f, &bars, book, x);
	for (size_t i = at; i < N; i++) {
		c[i] *= 3;
		h[i] *= 4;
		v[i] = 7;
	}
	ml_features_restart(f);
	b.n = N;
	ml_features_run(f, &b, book, y);
	assert_memory_equal(x, y, at * n * sizeof(float));
	assert_memory_not_equal(x + at * n, y + at * n, n * sizeof(float));
	fill(1);
}

static void warm_up_and_range_are_what_the_table_says(void **state)
{
	struct arena *a = *state;

	for (size_t k = 0; k < ml_feature_table_n; k++) {
		const struct ml_feature *row = &ml_feature_table[k];
		struct ml_features *f;
		struct err err;
		float *x = NEW_N(a, float, N);

		assert_int_equal(ml_features_new(a, TF_1H, &row->name, 1, ML_KNOWN_BOOK,
						 &f, &err), 0);
		assert_int_equal(ml_features_warm_up(f), row->warm_up);
		ml_features_run(f, &bars, book, x);
		for (size_t i = 0; i < N; i++) {
			if (isnan(x[i]) != (i < row->warm_up) && strcmp(row->group, "book") != 0)
				fail_msg("%s at %zu is %g", row->name, i, (double)x[i]);
			assert_false(x[i] < (float)row->min || x[i] > (float)row->max);
		}
		/* The first value is one of the formula, not of a flat market. */
		if (row->warm_up > 0)
			assert_true(x[row->warm_up] != (float)row->flat);
	}
}

/* The same candles made coarse first: the same values where they are known. */
static void another_timeframe_is_its_closed_bars(void **state)
{
	struct arena *a = *state;
	static const char *const fine[] = { "rsi_14@4h", "rsi_14@4h[1]" }, *const coarse[] = { "rsi_14" };
	struct candles cs = { N, t, o, h, l, c, v }, four;
	struct ml_features *f;
	struct bars b;
	struct err err;
	float *x = NEW_N(a, float, 2 * N), *y;
	size_t at = 0;

	assert_int_equal(candles_resample(a, &cs, TF_1H, TF_4H, &four, &err), 0);
	y = NEW_N(a, float, four.n);
	b = (struct bars){ four.n, four.t, four.o, four.h, four.l, four.c, four.v };
	assert_int_equal(ml_features_new(a, TF_4H, coarse, 1, 0, &f, &err), 0);
	ml_features_run(f, &b, NULL, y);
	assert_int_equal(ml_features_new(a, TF_1H, fine, 2, 0, &f, &err), 0);
	ml_features_run(f, &bars, NULL, x);
	for (size_t i = 0; i < N; i++) {
		/* Closed by the end of bar i, or followed by a bar already here. */
		while (at < four.n && (four.t[at] + 4 * HOUR <= t[i] + HOUR))
			at++;
		for (size_t k = 0; k < 2; k++)
			if (at <= k || isnan(y[at - 1 - k]))
				assert_true(isnan(x[2 * i + k]));
			else
				assert_memory_equal(&x[2 * i + k], &y[at - 1 - k],
						    sizeof(float));
	}
}

static void a_lag_is_an_earlier_value(void **state)
{
	struct arena *a = *state;
	static const char *const names[] = { "return_1", "return_1[7]" };
	struct ml_features *f;
	struct err err;
	float *x = NEW_N(a, float, N * 2);

	assert_int_equal(ml_features_new(a, TF_1H, names, 2, 0, &f, &err), 0);
	ml_features_run(f, &bars, NULL, x);
	for (size_t i = 7; i < N; i++)
		assert_memory_equal(&x[2 * i + 1], &x[2 * (i - 7)], sizeof(float));
	assert_true(isnan(x[2 * 7 + 1]) && !isnan(x[2 * 8 + 1]));
}

static void averages_forget_within_the_history(void **state)
{
	struct arena *a = *state;
	const char *const *names;
	size_t n = ml_features_usual(a, &names), h0;
	struct ml_features *f;
	struct bars b;
	struct err err;
	float *x = NEW_N(a, float, N * n), *y = NEW_N(a, float, N * n);

	assert_int_equal(ml_features_new(a, TF_1H, names, n, 0, &f, &err), 0);
	h0 = ml_features_history(f);
	assert_true(h0 >= 450 && h0 < 600);
	ml_features_run(f, &bars, NULL, x);
	ml_features_restart(f);
	b = bars_slice(&bars, 1000, N - 1000);
	ml_features_run(f, &b, NULL, y);
	for (size_t i = 1000 + h0; i < N; i++)
		for (size_t j = 0; j < n; j++)
			assert_float_equal(y[(i - 1000) * n + j], x[i * n + j], 1e-6);
}

static void names_that_are_none_are_refused(void **state)
{
	static const struct { const char *name, *part; } bad[] = {
		{ "", "1 to 48" }, { "rsi", "did you mean \"rsi_14\"" },
		{ "qqqqqqqqqq", "no feature \"qqqqqqqqqq\"" },
		{ "rsi_14[0]", "bars ago" }, { "rsi_14[201]", "bars ago" },
		{ "rsi_14]", "bars ago" }, { "rsi_14[x]", "bars ago" },
		{ "rsi_14[]", "bars ago" }, { "rsi_14[01]", "bars ago" },
		{ "rsi_14@7h", "\"7h\" is no timeframe" }, { "rsi_14@", "no timeframe" },
		{ "hour_sin@4h", "own timeframe only" },
		{ "book_imbalance@4h", "own timeframe only" },
		{ "rsi_14@1m", "bars of 1h make no bars of 1m" },
		{ "rsi_14@1h", "make no bars" },
		{ "book_imbalance", "\"book_imbalance\" needs the order book" },
	};
	static const char *const twice[] = { "rsi_14", "macd", "rsi_14" };
	struct arena *a = *state;
	struct ml_features *f = NULL;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(ml_features_new(a, TF_1H, &bad[i].name, 1, 0, &f, &err) < 0);
		if (strstr(err.msg, bad[i].part) == NULL)
			fail_msg("\"%s\": %s", bad[i].name, err.msg);
	}
	assert_int_equal(ml_features_new(a, TF_1H, twice, 3, 0, &f, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "twice"));
	assert_int_equal(ml_features_new(a, TF_1H, twice, 0, 0, &f, &err), -E_INVAL);
	assert_null(f);
}

static void the_hash_is_of_names_formulas_and_order(void **state)
{
	static const char *const a[] = { "rsi_14", "macd" }, *const b[] = { "macd", "rsi_14" },
		*const none[] = { "nothing_like_it" };
	char x[ML_HASH_HEX + 1], y[ML_HASH_HEX + 1], want[65];
	static const char text[] = "rsi_14=rsi(close, 14) / 100#1\n"
		"macd=(ema(close, 12) - ema(close, 26)) / close#1\n";
	struct err err;

	(void)state;
	assert_int_equal(ml_features_hash(a, 2, x, &err), 0);
	assert_int_equal(ml_features_hash(b, 2, y, &err), 0);
	assert_string_not_equal(x, y);
	sha256_hex(text, sizeof(text) - 1, want);
	assert_string_equal(x, want);
	assert_int_equal(ml_features_hash(none, 1, x, &err), -E_INVAL);
}

static void titles_are_for_people(void **state)
{
	struct ml_feature_ref r;
	struct err err;

	assert_int_equal(ml_feature_parse(STR("rsi_14@4h[1]"), &r, &err), 0);
	assert_string_equal(ml_feature_title(*state, &r), "RSI of 14 bars (4h, 1 bar ago)");
	assert_int_equal(ml_feature_parse(STR("rsi_14[2]"), &r, &err), 0);
	assert_string_equal(ml_feature_title(*state, &r), "RSI of 14 bars (2 bars ago)");
	assert_int_equal(ml_feature_parse(STR("rsi_14"), &r, &err), 0);
	assert_string_equal(ml_feature_title(*state, &r), "RSI of 14 bars");
}

/* FIPS 180-4's examples, and the million times 'a' in uneven pieces. */
static void sha256_gives_the_published_sums(void **state)
{
	unsigned char sum[32];
	char hex[65], a[1000];
	struct sha256 s;

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(a, 'a', sizeof(a));
	sha256_init(&s);
	for (size_t left = 1000000, k = 1; left > 0; k = k * 7 % 997 + 1) {
		size_t take = k < left ? k : left;

		sha256_add(&s, a, take);
		left -= take;
	}
	sha256_end(&s, sum);
	str_hex(hex, sum, 32);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_change_no_bit),
		cmocka_unit_test(no_value_looks_ahead),
		cmocka_unit_test(warm_up_and_range_are_what_the_table_says),
		cmocka_unit_test(another_timeframe_is_its_closed_bars),
		cmocka_unit_test(a_lag_is_an_earlier_value),
		cmocka_unit_test(averages_forget_within_the_history),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(the_hash_is_of_names_formulas_and_order),
		cmocka_unit_test(titles_are_for_people),
		cmocka_unit_test(sha256_gives_the_published_sums),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
