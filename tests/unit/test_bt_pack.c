#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/pack.h"
#include "core/rand.h"
#include "market/squeeze.h"

/* What is packed comes out to the bit, and damage is noticed. */

static struct arena *a;

static int fresh(void **state)
{
	(void)state;
	a = arena_new("t", (size_t)1 << 28);
	return 0;
}

static int done(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void columns_come_back_to_the_bit(void **state)
{
	static const bool whole[] = { true, false, false };
	const size_t sizes[] = { 1, 2, 7, 255, 5000 };
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		size_t n = sizes[s], got = 0;
		int64_t *t = NEW_N(a, int64_t, n);
		double *x = NEW_N(a, double, n), *y = NEW_N(a, double, n);
		const struct pack_col cols[] = {
			{ true, t }, { false, x }, { false, y } };
		void *back[3];
		struct str p;
		struct err err;

		for (size_t i = 0; i < n; i++) {
			t[i] = i % 97 == 96 ? INT64_MIN : (int64_t)i * 60000;
			x[i] = rng_gauss(&r) * 1e6;
			y[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? -0.0 : INFINITY;
		}
		p = pack_columns(a, cols, 3, n);
		assert_int_equal(unpack_columns(a, p, whole, 3, back, &got, &err), 0);
		assert_int_equal(got, n);
		assert_memory_equal(back[0], t, n * 8);
		assert_memory_equal(back[1], x, n * 8);
		assert_memory_equal(back[2], y, n * 8);
		/* as another number of columns it is not read */
		if (n % 2 == 1 && n % 7 != 0)
			assert_int_equal(unpack_columns(a, p, whole, 2, back, &got,
							&err), -E_IO);
	}
}

static void trades_come_back(void **state)
{
	const double seen[2] = { 1.5, NAN };
	const struct bt_trade in[] = {
		{ .number = 1, .pair = "BTC/USDT", .entry_signal = "L\xc3\xa4",
		  .exit_reason = "stop", .exit_signal = "", .is_short = true,
		  .entry_ms = 5, .exit_ms = 9, .bars = 3, .entry_price = 100.25,
		  .exit_price = NAN, .qty = 1e-9, .profit = -1, .profit_ratio = .5,
		  .fees = 0.1, .mfe = 2, .mae = 3, .seen = seen },
		{ .number = 2, .pair = "BTC/USDT", .tag = "t", .open_at_end = true,
		  .entry_ms = 7, .exit_ms = 8 },
	};
	struct bt_trade *out;
	struct str p;
	struct err err;
	size_t n;

	(void)state;
	p = pack_trades(a, in, 2, 2);
	assert_int_equal(unpack_trades(a, p, 2, 41, &out, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_true(out[0].number == 41 && out[1].number == 42);
	assert_string_equal(out[0].pair, "BTC/USDT");
	assert_string_equal(out[0].entry_signal, "L\xc3\xa4");
	assert_string_equal(out[0].exit_reason, "stop");
	assert_string_equal(out[0].exit_signal, "");
	assert_null(out[0].tag);
	assert_null(out[1].exit_signal);
	assert_string_equal(out[1].tag, "t");
	assert_true(out[0].is_short && !out[0].open_at_end && out[1].open_at_end);
	assert_true(out[0].entry_ms == 5 && out[0].exit_ms == 9 && out[0].bars == 3);
	assert_true(out[0].entry_price == 100.25 && isnan(out[0].exit_price));
	assert_true(out[0].qty == 1e-9 && out[0].mae == 3 && out[0].fees == 0.1);
	assert_true(out[0].seen[0] == 1.5 && isnan(out[0].seen[1]));
	assert_null(out[1].seen);
}

/* Cut anywhere and with any byte changed it is refused or reads as something:
 * never more than memory has (the sanitizers see to that). */
static void damage_does_no_harm(void **state)
{
	struct bt_trade in[40] = { { 0 } }, *out;
	char *copy;
	struct str p;
	struct err err;
	struct rng r;
	size_t n, refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(in); i++)
		in[i] = (struct bt_trade){ .pair = "A", .tag = i % 2 ? "x" : NULL,
					   .entry_ms = (int64_t)i, .qty = 1 };
	p = pack_trades(a, in, ARRAY_LEN(in), 0);
	for (size_t i = 0; i < p.n; i++)
		assert_int_equal(unpack_trades(a, str_n(p.p, i), 0, 1, &out, &n,
					       &err), -E_IO);
	rng_seed(&r, 3);
	for (int i = 0; i < 3000; i++) {
		SCOPE(tmp, a) {
			copy = memcpy(arena_alloc(tmp, p.n), p.p, p.n);
			copy[rng_u64(&r) % p.n] ^= (char)(1 + rng_u64(&r) % 255);
			refused += unpack_trades(tmp, str_n(copy, p.n), 0, 1,
						 &out, &n, &err) < 0;
		}
	}
	assert_true(refused > 1000);
}

static void squeezed_text_says_how_long_it_is(void **state)
{
	struct str p = squeeze(a, "aaaaaaaaaaaaaaaaaaaaaaaa", 24), back;
	struct err err;

	(void)state;
	assert_int_equal(unsqueeze(a, p, 24, &back, &err), 0);
	assert_int_equal(back.n, 24);
	assert_int_equal(unsqueeze(a, p, 23, &back, &err), -E_IO);
	assert_int_equal(unsqueeze(a, str_n(p.p, 4), 24, &back, &err), -E_IO);
	p = squeeze(a, "", 0);
	assert_int_equal(unsqueeze(a, p, 0, &back, &err), 0);
	assert_int_equal(back.n, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(columns_come_back_to_the_bit), T(trades_come_back),
		T(damage_does_no_harm), T(squeezed_text_says_how_long_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
