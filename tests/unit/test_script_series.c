/* Candles beside the chart's: other symbols, finer ones, heikin-ashi, and more
 * columns of the chart's own file. */
#include "config.h"

#include "t_script.h"

/* The chart: hours.  fine: quarters of them; other: another market's hours,
 * one of which is missing. */
static struct t_bars bars, fine, other;
#define N 200
#define MISSING 50

static void make_bars(void)
{
	t_walk(&bars, 3);
	t_walk(&fine, 4);
	t_walk(&other, 5);
	for (size_t i = 0; i < T_BARS; i++)
		fine.t[i] = bars.t[0] + (int64_t)i * 900000;
	for (size_t i = MISSING; i < T_BARS; i++)
		other.t[i] = bars.t[i] + 3600000;
}

static struct script_market market_of(const struct script_series *s, size_t n)
{
	struct script_market m = t_market;

	m.series = s;
	m.n_series = n;
	return m;
}

static void values(const char *src, const struct script_market *m, size_t block, double *ret)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct bars all = t_view(&bars, N);
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;

	if (script_vm_new(a, t_compile(a, src), NULL, m, NULL, &vm, &err) < 0)
		fail_msg("%s\n%s", err.msg, src);
	for (size_t i = 0; i < N; ) {
		size_t k = block < N - i ? block : N - i;
		struct bars part = bars_slice(&all, i, k);

		if (script_block(vm, &part, &err) < 0)
			fail_msg("%s", err.msg);
		for (; k > 0; k--, i++) {
			if (script_step(vm, NULL, &cmds, &err) < 0)
				fail_msg("%s", err.msg);
			script_plot_values(vm, &ret[i]);
		}
	}
	arena_free(&a);
}

/* Index of the other market's last closed bar at the end of bar i. */
static size_t other_at(size_t i) { return i < MISSING ? i : i - 1; }
static double other_close(size_t i) { return other.c[other_at(i)]; }
static double other_day(size_t i)
{
	size_t k = (i + 1) / 24 * 24;

	return k == 0 ? NAN : other.c[other_at(k - 1)];
}
static double last_fine(size_t i) { return fine.c[4 * i + 3]; }
static double half_hour(size_t i) { return fine.h[4 * i + 2] > fine.h[4 * i + 3] ?
	fine.h[4 * i + 2] : fine.h[4 * i + 3]; }
static double fine_sum(size_t i)
{
	return fine.v[4 * i] + fine.v[4 * i + 1] + fine.v[4 * i + 2] + fine.v[4 * i + 3];
}
static double four(size_t i) { (void)i; return 4; }
static double ha_close(size_t i) { return (bars.o[i] + bars.h[i] + bars.l[i] + bars.c[i]) / 4; }
static double ha_open(size_t i)
{
	double o = (bars.o[0] + bars.c[0]) / 2;

	for (size_t k = 1; k <= i; k++)
		o = (o + ha_close(k - 1)) / 2;
	return o;
}
static double ha_high(size_t i) { return fmax(bars.h[i], fmax(ha_open(i), ha_close(i))); }
static double mean2(size_t i) { return i ? (bars.c[i] + bars.c[i - 1]) / 2 : NAN; }
static double day_mean(size_t i)
{
	size_t k = i / 24 * 24;

	return k < 48 ? NAN : (bars.c[k - 1] + bars.c[k - 25]) / 2;
}

#define S6 "//@version=6\nindicator(\"t\")\n"
static const struct { const char *src; double (*want)(size_t i); } cases[] = {
	{ S6 "plot(request.security(\"ETH/USDT\", timeframe.period, close))", other_close },
	{ S6 "plot(request.security(\"sim:ETHUSDT\", \"60\", close))", other_close },
	{ S6 "plot(request.security(ticker.new(\"sim\", \"ETHUSDT\"), \"D\", close))", other_day },
	{ S6 "plot(request.security(\"\", \"15\", close))", last_fine },
	{ S6 "plot(request.security(syminfo.tickerid, \"30\", high))", half_hour },
	{ S6 "a = request.security_lower_tf(syminfo.tickerid, \"15\", volume)\nplot(a.sum())",
	  fine_sum },
	{ S6 "[a, b] = request.security_lower_tf(syminfo.tickerid, \"15\", [close, high])\n"
	     "plot(a.size() + (b.last() > 0 and a.last() == request.security(\"\", \"15\", "
	     "close) ? 0 : 100))", four },
	{ S6 "plot(request.security(ticker.heikinashi(syminfo.tickerid), timeframe.period, close))",
	  ha_close },
	{ S6 "plot(request.security(ticker.heikinashi(syminfo.tickerid), timeframe.period, open, "
	     "lookahead = barmerge.lookahead_on))", ha_open },
	{ "//@version=4\nstudy(\"t\")\nplot(security(heikinashi(syminfo.tickerid), "
	  "timeframe.period, high))", ha_high },
	/* a tuple made by a function */
	{ S6 "f() => [close, ta.sma(close, 2)]\n[a, b] = request.security(syminfo.tickerid, "
	     "timeframe.period, f())\nplot(b)", mean2 },
	{ S6 "[a, b, c] = request.security(syminfo.tickerid, timeframe.period, ta.bb(close, 2, 1))\n"
	     "plot(a)", mean2 },
	/* of yesterday's bars, also where the step back is inside */
	{ S6 "plot(request.security(syminfo.tickerid, \"D\", ta.sma(close[1], 2), lookahead = "
	     "barmerge.lookahead_on))", day_mean },
	{ S6 "n = input.int(2)\nplot(request.security(syminfo.tickerid, \"D\", close[1] > 0 ? "
	     "ta.sma(close, n)[1] : na, lookahead = barmerge.lookahead_on))", day_mean },
};

static void candles_beside_the_charts_are_read_in_step(void **state)
{
	struct script_series s[2] = {
		{ "ETHUSDT", "60", t_view(&other, T_BARS) },
		{ "BTC/USDT", "15", t_view(&fine, T_BARS) },
	};
	struct script_market m = market_of(s, 2);
	static const size_t blocks[] = { 1, 7, 64, 200 };
	double got[N];

	(void)state;
	make_bars();
	for (size_t k = 0; k < sizeof(cases) / sizeof(*cases); k++)
		for (size_t b = 0; b < 4; b++) {
			values(cases[k].src, &m, blocks[b], got);
			for (size_t i = 0; i < N; i++) {
				double w = cases[k].want(i);

				if (isnan(w) ? !isnan(got[i]) : !(fabs(got[i] - w) < 1e-9))
					fail_msg("bar %zu: %g, not %g\n%s", i, got[i], w,
						 cases[k].src);
			}
		}
}

static void a_series_may_grow_between_bars(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_series s = { "ETHUSDT", "60", t_view(&other, 0) };
	struct script_market m = market_of(&s, 1);
	struct bars all;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	double y;

	(void)state;
	make_bars();
	all = t_view(&bars, N);
	assert_int_equal(script_vm_new(a, t_compile(a, S6 "plot(request.security(\"ETHUSDT\", "
		"\"60\", close))"), NULL, &m, NULL, &vm, &err), 0);
	for (size_t i = 0; i < 10; i++) {
		struct bar b = bars_at(&all, i);

		s.bars = t_view(&other, i + 1);
		assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), 0);
		script_plot_values(vm, &y);
		assert_true(y == other.c[i]);
	}
	arena_free(&a);
}

static void more_columns_of_the_candles(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_column c = { "funding", fine.c, N };
	struct script_market m = t_market;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	struct bar b;
	double got[N];

	(void)state;
	make_bars();
	m.columns = &c;
	m.n_columns = 1;
	values(S6 "plot(ta.sma(data.column(\"funding\"), 2))", &m, 64, got);
	assert_true(isnan(got[0]));
	assert_true(fabs(got[70] - (fine.c[70] + fine.c[69]) / 2) < 1e-9);
	assert_int_equal(script_vm_new(a, t_compile(a, S6 "plot(data.column(\"fund\"))"), NULL,
				       &m, NULL, &vm, &err), 0);
	b = bars_at(&(struct bars){ 1, bars.t, bars.o, bars.h, bars.l, bars.c, bars.v }, 0);
	assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), -E_INVAL);
	assert_string_equal(err.msg, "line 3, bar 0: the candles have no column \"fund\"");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candles_beside_the_charts_are_read_in_step),
		cmocka_unit_test(a_series_may_grow_between_bars),
		cmocka_unit_test(more_columns_of_the_candles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
