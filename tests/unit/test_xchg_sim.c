#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "test.h"
#include "core/clock.h"
#include "xchg/det.h"
#include "xchg/sim.h"

#define DAY 86400000LL
#define T0 1735689600000LL	/* 2025-01-01, a Wednesday */

static struct arena *root;

static int setup(void **st)
{
	(void)st;
	root = arena_new("test", 512u << 20);
	return 0;
}

static int teardown(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

static struct candles get(struct sim *s, enum tf tf, int64_t from, int64_t to)
{
	struct candles cs;
	struct err err;

	assert_int_equal(sim_candles(root, s, tf, from, to, &cs, &err), 0);
	return cs;
}

static uint64_t digest(const struct candles *cs)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < cs->n; i++) {
		struct candle c = candles_at(cs, i);
		uint64_t w[6];

		memcpy(w, &c, sizeof(w));
		for (size_t k = 0; k < 6; k++)
			h = (h ^ w[k]) * 0x100000001b3u;
	}
	return h;
}

/* Within two units of the last place of the C library's. */
static void own_functions_are_accurate(void **st)
{
	struct rng r;

	(void)st;
	rng_seed(&r, 1);
	for (int i = 0; i < 200000; i++) {
		double x = ldexp(rng_unit(&r) + 1e-9, (int)rng_below(&r, 200) - 100);
		double y = (rng_unit(&r) - 0.5) * 100;

		assert_true(fabs(det_log(x) - log(x)) <=
			    4e-16 * fabs(log(x)) + 1e-16);
		assert_true(fabs(det_exp(y) - exp(y)) <= 5e-16 * exp(y));
	}
	assert_true(det_log(1) == 0 && det_exp(0) == 1);
}

static void shocks_have_mean_0_and_deviation_1(void **st)
{
	double g1 = 0, g2 = 0, f1 = 0, f2 = 0, f4 = 0;
	const int n = 400000;
	struct rng r;

	(void)st;
	rng_seed(&r, 7);
	for (int i = 0; i < n; i++) {
		double g = det_gauss(&r), f = det_fat(&r);

		g1 += g;
		g2 += g * g;
		f1 += f;
		f2 += f * f;
		f4 += f * f * f * f;
	}
	assert_true(fabs(g1 / n) < 0.01 && fabs(g2 / n - 1) < 0.01);
	assert_true(fabs(f1 / n) < 0.01 && fabs(f2 / n - 1) < 0.02);
	assert_true(f4 / n > 6 && f4 / n < 9);	/* fat: 7.7 */
}

/* These numbers were written down once.  A machine, compiler or change that
 * gives others has broken every stored demo history. */
static void the_market_is_the_same_everywhere(void **st)
{
	struct sim *s = sim_new(root, 1, "BTC/USDT");
	struct candles m = get(s, TF_1M, T0, T0 + DAY);
	struct candles sec = get(s, TF_1S, T0, T0 + 600000);
	char text[80];

	(void)st;
	assert_int_equal(m.n, 1440);
	assert_int_equal(sec.n, 600);
	snprintf(text, sizeof(text), "%016" PRIx64 " %016" PRIx64, digest(&m),
		 digest(&sec));
	assert_string_equal(text, "4a7108c043a24bb5 d4fe6f10a18d462c");
}

static void any_order_of_asking_gives_the_same(void **st)
{
	struct sim *a = sim_new(root, 9, "ETH/USDT");
	struct sim *b = sim_new(root, 9, "ETH/USDT");
	struct candles whole = get(a, TF_5M, T0, T0 + 3 * DAY), part;

	(void)st;
	for (int k = 2; k >= 0; k--) {		/* backwards, day by day */
		part = get(b, TF_5M, T0 + k * DAY, T0 + (k + 1) * DAY);
		assert_int_equal(part.n, 288);
		for (size_t i = 0; i < part.n; i++) {
			struct candle x = candles_at(&part, i);
			struct candle y = candles_at(&whole, 288 * (size_t)k + i);

			assert_memory_equal(&x, &y, sizeof(x));
		}
	}
}

static void every_timeframe_is_the_sum_of_finer_ones(void **st)
{
	static const struct { enum tf fine, coarse; int64_t len; } t[] = {
		{ TF_1S, TF_1M, 3600000 }, { TF_1S, TF_5S, 3600000 },
		{ TF_5S, TF_30S, 3600000 }, { TF_1M, TF_1H, 3 * DAY },
		{ TF_5M, TF_4H, 3 * DAY }, { TF_1H, TF_1D, 30 * DAY },
		{ TF_1D, TF_1W, 70 * DAY }, { TF_1D, TF_1MO, 90 * DAY },
	};
	struct sim *s = sim_new(root, 4, "SOL/USDT");

	(void)st;
	for (size_t k = 0; k < ARRAY_LEN(t); k++) {
		int64_t from = tf_open(t[k].coarse, T0 + 5 * DAY);
		int64_t to = tf_open(t[k].coarse, from + t[k].len);
		struct candles fine = get(s, t[k].fine, from, to), made;
		struct candles want = get(s, t[k].coarse, from, to);
		struct err err;

		assert_int_equal(candles_resample(root, &fine, t[k].fine,
						  t[k].coarse, &made, &err), 0);
		assert_int_equal(made.n, want.n);
		assert_true(want.n >= 2);
		for (size_t i = 0; i < want.n; i++) {
			struct candle a = candles_at(&made, i);
			struct candle b = candles_at(&want, i);

			assert_true(a.t == b.t && a.o == b.o && a.h == b.h &&
				    a.l == b.l && a.c == b.c);
			assert_true(fabs(a.v - b.v) < 1e-9 * b.v);
		}
	}
}

static void candles_are_sound_and_without_gaps(void **st)
{
	static const char *const symbols[] = {
		"BTC/USDT", "ETH/USDT", "SOL/USDT", "DOGE/EUR"
	};

	(void)st;
	for (size_t k = 0; k < ARRAY_LEN(symbols); k++) {
		struct sim *s = sim_new(root, 2, symbols[k]);
		struct candles d = get(s, TF_1D, SIM_EPOCH, T0 + 700 * DAY);
		struct candles m = get(s, TF_1M, T0, T0 + 7 * DAY);

		assert_int_equal(d.n, (size_t)((T0 + 700 * DAY - SIM_EPOCH) / DAY));
		assert_int_equal(m.n, 7 * 1440);
		for (size_t i = 0; i < d.n; i++) {
			struct candle c = candles_at(&d, i);

			assert_null(candle_check(&c, TF_1D));
			assert_true(i == 0 || c.o == d.c[i - 1]);
			assert_true(c.c / c.o < 1.4 && c.o / c.c < 1.4);
		}
		for (size_t i = 0; i < m.n; i++) {
			struct candle c = candles_at(&m, i);

			assert_null(candle_check(&c, TF_1M));
			assert_true(i == 0 || c.t == m.t[i - 1] + 60000);
		}
	}
}

/* What the literature calls the stylised facts of such a market. */
static void returns_cluster_and_have_fat_tails(void **st)
{
	struct sim *s = sim_new(root, 3, "BTC/USDT");
	struct candles m = get(s, TF_1M, T0, T0 + 60 * DAY);
	double s2 = 0, s4 = 0, c1 = 0, c60 = 0, a1 = 0, a2 = 0;
	double *r = NEW_N(root, double, m.n), lin = 0, cov = 0, v1 = 0, v2 = 0;
	size_t n = m.n - 61;

	(void)st;
	for (size_t i = 0; i < m.n; i++)
		r[i] = log(m.c[i] / m.o[i]);
	for (size_t i = 0; i < n; i++) {
		double a = fabs(r[i]), lv = log(m.v[i]);

		s2 += r[i] * r[i];
		s4 += r[i] * r[i] * r[i] * r[i];
		a1 += a;
		a2 += a * a;
		c1 += a * fabs(r[i + 1]);
		c60 += a * fabs(r[i + 60]);
		lin += r[i] * r[i + 1];
		v1 += lv;
		v2 += lv * lv;
		cov += a * lv;
	}
	s2 /= n, s4 /= n, c1 /= n, c60 /= n, a1 /= n, a2 /= n;
	lin /= n, v1 /= n, v2 /= n, cov /= n;
	assert_true(s4 / (s2 * s2) > 5);			/* fat tails */
	assert_true((c1 - a1 * a1) / (a2 - a1 * a1) > 0.1);	/* clusters */
	assert_true((c60 - a1 * a1) / (a2 - a1 * a1) > 0.03);	/* for long */
	assert_true(fabs(lin / s2) < 0.03);		/* no free lunch */
	assert_true((cov - a1 * v1) / sqrt((a2 - a1 * a1) * (v2 - v1 * v1)) >
		    0.4);			/* volume follows volatility */
	/* A day's deviation near 3 %: 60 % a year. */
	assert_true(sqrt(s2 * 1440) > 0.015 && sqrt(s2 * 1440) < 0.06);
}

static void the_hours_and_the_weekend_are_seen(void **st)
{
	struct sim *s = sim_new(root, 3, "BTC/USDT");
	struct candles h = get(s, TF_1H, T0, T0 + 364 * DAY);
	double busy = 0, quiet = 0, week = 0, weekend = 0;

	(void)st;
	for (size_t i = 0; i < h.n; i++) {
		int hour = (int)(h.t[i] / 3600000 % 24);
		int day = (int)((h.t[i] / DAY + 3) % 7);
		double range = log(h.h[i] / h.l[i]);

		busy += hour >= 14 && hour < 17 ? range / 3 : 0;
		quiet += hour >= 3 && hour < 6 ? range / 3 : 0;
		week += day < 5 ? range / 5 : 0;
		weekend += day >= 5 ? range / 2 : 0;
	}
	assert_true(busy > 1.3 * quiet);
	assert_true(week > 1.15 * weekend);
}

static void symbols_move_together_and_seeds_do_not(void **st)
{
	struct candles x[3] = {
		get(sim_new(root, 5, "BTC/USDT"), TF_1H, T0, T0 + 90 * DAY),
		get(sim_new(root, 5, "ETH/USDT"), TF_1H, T0, T0 + 90 * DAY),
		get(sim_new(root, 6, "BTC/USDT"), TF_1H, T0, T0 + 90 * DAY),
	};
	double s[3] = { 0 }, c01 = 0, c02 = 0;

	(void)st;
	for (size_t i = 0; i < x[0].n; i++) {
		double r[3];

		for (size_t k = 0; k < 3; k++) {
			r[k] = log(x[k].c[i] / x[k].o[i]);
			s[k] += r[k] * r[k];
		}
		c01 += r[0] * r[1];
		c02 += r[0] * r[2];
	}
	assert_true(c01 / sqrt(s[0] * s[1]) > 0.2);
	assert_true(fabs(c02 / sqrt(s[0] * s[2])) < 0.1);
}

/* Second by second the running candle grows into the closed one. */
static void the_running_candle_becomes_the_closed_one(void **st)
{
	struct sim *s = sim_new(root, 8, "BTC/USDT");
	struct candles sec = get(s, TF_1S, T0, T0 + 300000);
	struct candles five = get(s, TF_5M, T0, T0 + 300000);
	struct candle c = sim_running(s, TF_5M, T0), want = { 0 };

	(void)st;
	assert_true(c.t == T0 && c.v == 0 && c.o == five.o[0] && c.h == c.l);
	for (size_t i = 0; i < 300; i++) {
		struct candle x = candles_at(&sec, i);

		if (i == 0)
			want = x;
		want.h = x.h > want.h ? x.h : want.h;
		want.l = x.l < want.l ? x.l : want.l;
		if (i == 299)
			break;
		c = sim_running(s, TF_5M, T0 + 1000 * (int64_t)(i + 1) + 7);
		assert_true(c.o == five.o[0] && c.h == want.h &&
			    c.l == want.l && c.c == x.c);
	}
	assert_true(want.h == five.h[0] && want.l == five.l[0]);
}

static void the_book_is_a_book(void **st)
{
	struct sim *s = sim_new(root, 8, "ETH/USDT");
	struct market m;
	struct book b, again;
	struct ticker t;
	double change;

	(void)st;
	sim_market(s, &m);
	for (int64_t now = T0; now < T0 + 3600000; now += 7001) {
		struct price p;

		sim_ticker(s, now, &t);
		sim_book(s, now, 20, &b);
		sim_book(s, now, 20, &again);
		assert_memory_equal(&b, &again, sizeof(b));
		assert_int_equal(b.n_bids, 20);
		assert_int_equal(b.n_asks, 20);
		assert_int_equal(price_cmp(b.bids[0].price, t.bid), 0);
		assert_int_equal(price_cmp(b.asks[0].price, t.ask), 0);
		assert_true(price_cmp(t.bid, t.ask) < 0);
		assert_true(price_cmp(t.bid, t.last) <= 0 &&
			    price_cmp(t.last, t.ask) <= 0);
		for (unsigned i = 0; i < 20; i++) {
			assert_true(qty_sign(b.bids[i].qty) > 0);
			assert_true(price_to_step(&p, b.bids[i].price, m.tick,
						  ROUND_DOWN));
			assert_int_equal(price_cmp(p, b.bids[i].price), 0);
			if (i == 0)
				continue;
			assert_true(price_cmp(b.bids[i].price,
					      b.bids[i - 1].price) < 0);
			assert_true(price_cmp(b.asks[i].price,
					      b.asks[i - 1].price) > 0);
		}
	}
	assert_true(ticker_change(&t, &change));
	assert_true(fabs(change) < 0.3);
	sim_book(s, T0, 1000, &b);
	assert_int_equal(b.n_bids, BOOK_DEPTH);
}

static void times_outside_are_refused_or_empty(void **st)
{
	struct sim *s = sim_new(root, 8, "ETH/USDT");
	struct candles cs;
	struct err err;

	(void)st;
	assert_int_equal(sim_candles(root, s, TF_1D, T0, SIM_END + 1, &cs, &err),
			 -E_INVAL);
	assert_int_equal(get(s, TF_1D, 0, SIM_EPOCH).n, 0);
	assert_int_equal(get(s, TF_1D, 0, SIM_EPOCH + DAY).n, 1);
	assert_int_equal(get(s, TF_1H, T0, T0).n, 0);
	/* Only whole bars from `from` on. */
	assert_int_equal(get(s, TF_1H, T0 + 1, T0 + 2 * 3600000).n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_functions_are_accurate),
		cmocka_unit_test(shocks_have_mean_0_and_deviation_1),
		cmocka_unit_test(the_market_is_the_same_everywhere),
		cmocka_unit_test(any_order_of_asking_gives_the_same),
		cmocka_unit_test(every_timeframe_is_the_sum_of_finer_ones),
		cmocka_unit_test(candles_are_sound_and_without_gaps),
		cmocka_unit_test(returns_cluster_and_have_fat_tails),
		cmocka_unit_test(the_hours_and_the_weekend_are_seen),
		cmocka_unit_test(symbols_move_together_and_seeds_do_not),
		cmocka_unit_test(the_running_candle_becomes_the_closed_one),
		cmocka_unit_test(the_book_is_a_book),
		cmocka_unit_test(times_outside_are_refused_or_empty),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
