/* request.security() of the chart's own symbol: values against aggregates made
 * here, nothing of the future, and refusals. */
#include "config.h"

#include "t_script.h"

static struct t_bars bars, other;
#define N 600

/* Plot 0 of the script on each of n bars, in blocks of `block`. */
static void values(const char *src, const struct t_bars *from, size_t n, size_t block,
		   double *ret)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct bars all = t_view(from, n);
	struct script_market m = t_market;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;

	m.ahead = &all;
	if (script_vm_new(a, t_compile(a, src), NULL, &m, NULL, &vm, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t i = 0; i < n; ) {
		size_t k = block < n - i ? block : n - i;
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

/* --- What is expected: bars of `n` hours, made by hand ------------------------- */

static double highest(size_t from, size_t n)
{
	double h = bars.h[from];

	for (size_t i = 1; i < n; i++)
		h = fmax(h, bars.h[from + i]);
	return h;
}

static double lowest(size_t from, size_t n)
{
	double l = bars.l[from];

	for (size_t i = 1; i < n; i++)
		l = fmin(l, bars.l[from + i]);
	return l;
}

static double volume(size_t from, size_t n)
{
	double v = 0;

	for (size_t i = 0; i < n; i++)
		v += bars.v[from + i];
	return v;
}

/* Bars of 4 hours closed after bar i, and before the one under way there. */
#define CLOSED(i) (((i) + 1) / 4)
#define BEFORE(i) ((i) / 4)

static double off_close(size_t i) { return CLOSED(i) ? bars.c[CLOSED(i) * 4 - 1] : NAN; }
static double off_open(size_t i) { return CLOSED(i) ? bars.o[CLOSED(i) * 4 - 4] : NAN; }
static double off_high(size_t i) { return CLOSED(i) ? highest(CLOSED(i) * 4 - 4, 4) : NAN; }
static double off_low(size_t i) { return CLOSED(i) ? lowest(CLOSED(i) * 4 - 4, 4) : NAN; }
static double off_volume(size_t i) { return CLOSED(i) ? volume(CLOSED(i) * 4 - 4, 4) : NAN; }
static double off_gaps(size_t i) { return i % 4 == 3 ? bars.c[i] : NAN; }
static double off_number(size_t i) { return CLOSED(i) ? (double)CLOSED(i) : NAN; }
static double off_last(size_t i) { return CLOSED(i) > 1 ? bars.c[CLOSED(i) * 4 - 5] : NAN; }
static double on_close(size_t i) { return BEFORE(i) ? bars.c[BEFORE(i) * 4 - 1] : NAN; }
static double on_older(size_t i) { return BEFORE(i) > 1 ? bars.c[BEFORE(i) * 4 - 5] : NAN; }
static double on_open(size_t i) { return bars.o[i / 4 * 4]; }
static double on_time(size_t i) { return (double)bars.t[i / 4 * 4]; }
static double on_gaps(size_t i) { return i % 4 == 0 ? on_close(i) : NAN; }
static double on_middle(size_t i)
{
	return BEFORE(i) ? (highest(BEFORE(i) * 4 - 4, 4) + lowest(BEFORE(i) * 4 - 4, 4)) / 2 :
			   NAN;
}
static double off_mean(size_t i)
{
	size_t k = CLOSED(i) * 4;

	return k >= 12 ? (bars.c[k - 1] + bars.c[k - 5] + bars.c[k - 9]) / 3 : NAN;
}
static double off_range(size_t i) { return off_high(i) - off_low(i); }
static double off_up(size_t i) { return off_close(i) > off_open(i); }
static double day_close(size_t i) { return i >= 23 ? bars.c[(i + 1) / 24 * 24 - 1] : NAN; }
/* 2024-01-01 is a Monday */
static double week_high(size_t i) { return i >= 167 ? highest((i + 1) / 168 * 168 - 168, 168) : NAN; }
static double same_close(size_t i) { return bars.c[i]; }
static double same_last(size_t i) { return i ? bars.c[i - 1] : NAN; }

/* of all the candles at hand: N is a whole number of bars of 4 hours */
static double leak_close(size_t i) { return bars.c[i / 4 * 4 + 3]; }
static double leak_high(size_t i) { return highest(i / 4 * 4, 4); }
static double leak_gaps(size_t i) { return i % 4 == 0 ? leak_close(i) : 0; }

#define S6 "//@version=6\nindicator(\"t\")\n"
#define RS "request.security(syminfo.tickerid, \"240\", "
static const struct { const char *src; double (*want)(size_t i); } cases[] = {
	{ S6 "plot(" RS "close))", off_close },
	{ S6 "plot(" RS "open))", off_open },
	{ S6 "plot(" RS "high))", off_high },
	{ S6 "plot(" RS "low))", off_low },
	{ S6 "plot(" RS "volume))", off_volume },
	{ S6 "plot(" RS "close[1]))", off_last },
	{ S6 "plot(" RS "bar_index) + 1)", off_number },
	{ S6 "plot(" RS "close, barmerge.gaps_on))", off_gaps },
	{ S6 "plot(" RS "close, gaps = barmerge.gaps_off, lookahead = barmerge.lookahead_off))",
	  off_close },
	{ S6 "plot(" RS "close[1], lookahead = barmerge.lookahead_on))", on_close },
	{ S6 "plot(" RS "close[2], lookahead = barmerge.lookahead_on))", on_older },
	{ S6 "plot(" RS "open, lookahead = barmerge.lookahead_on))", on_open },
	{ S6 "plot(" RS "time, lookahead = barmerge.lookahead_on))", on_time },
	{ S6 "plot(" RS "close[1], barmerge.gaps_on, barmerge.lookahead_on))", on_gaps },
	{ S6 "plot(" RS "(high[1] + low[1]) / 2, lookahead = barmerge.lookahead_on))", on_middle },
	{ S6 "m = hl2[1]\nplot(" RS "m, lookahead = barmerge.lookahead_on))", on_middle },
	{ S6 "plot(" RS "ta.sma(close, 3)))", off_mean },
	{ S6 "x = 0.0\nfor i = 1 to 3\n    x := " RS "close)\nplot(x)", off_close },
	{ S6 "x = 0.0\nfor v in array.from(1, 2)\n    k = 3\n    m = ta.sma(close, k)\n"
	     "    x := " RS "m)\nplot(x)", off_mean },
	{ S6 "x = 0.0\nif close > 0\n    y = high\n    if open > 0\n        z = y - low\n"
	     "        x := " RS "z)\nplot(x)", off_range },
	{ S6 "f(a) =>\n    r = 0.0\n    if a > 0\n        b = a * 2\n        r := " RS "b)\n"
	     "    r\nplot(f(close) / 2)", off_close },
	{ S6 "plot(" RS "close, lookahead = barmerge.lookahead_on))", leak_close },
	{ S6 "plot(" RS "high > open ? high : low, lookahead = barmerge.lookahead_on))",
	  leak_high },
	{ S6 "plot(nz(" RS "close, barmerge.gaps_on, barmerge.lookahead_on)))", leak_gaps },
	{ S6 "plot(" RS "close[1] + close * 0, lookahead = barmerge.lookahead_on))", on_close },
	{ S6 "n = input.int(3)\nm = ta.sma(close, n)\nf(x) => x * 2\nplot(" RS "f(m)) / 2)",
	  off_mean },
	{ S6 "f(tf, src) =>\n    s = src * 2\n    request.security(syminfo.tickerid, tf, s)\n"
	  "plot(f(\"240\", high) / 2)", off_high },
	{ S6 "f(x) =>\n    var k = 0.0\n    k := nz(x[1])\n    k\n"
	  "plot(" RS "f(close) + 0) == 0 ? na : " RS "f(close)))", off_last },
	{ S6 "var n = 0\nn += 1\nplot(" RS "n))", off_number },
	{ S6 "x = 0.0\nif close > open\n    x := 1\nplot(" RS "x) == 1 ? 1 : 0)", off_up },
	{ S6 "plot(" RS "close > open) ? 1 : 0)", off_up },
	{ S6 "[h, l] = " RS "[high, low])\nplot(h - l)", off_range },
	{ S6 "type p\n    float x\np o = p.new(1.0)\no.x := close\nplot(" RS "o.x))", off_close },
	{ S6 "a = array.new_float(0)\narray.push(a, close)\nplot(" RS "array.get(a, 0)))", off_close },
	{ S6 "x = close > 0 ? " RS "high) : 0\nplot(x)", off_high },
	{ S6 "plot(timeframe.multiplier == 60 ? " RS "timeframe.multiplier == 240 ? close : 0) : 0)",
	  off_close },
	{ S6 "plot(request.security(\"\", \"D\", close))", day_close },
	{ S6 "plot(request.security(\"BTCUSDT\", \"1D\", close))", day_close },
	{ S6 "plot(request.security(\"SIM:BTC/USDT\", \"1D\", close))", day_close },
	{ S6 "plot(request.security(\"sim:BTCUSDT\", \"W\", high))", week_high },
	{ S6 "plot(request.security(syminfo.ticker, \"60\", close))", same_close },
	{ S6 "plot(request.security(syminfo.ticker, \"\", close))", same_close },
	{ S6 "plot(request.security(\"\", \"\", close[1], lookahead = barmerge.lookahead_on))",
	  same_last },
	{ "//@version=4\nstudy(\"t\")\nr = input(\"240\", type = input.resolution)\n"
	  "plot(security(tickerid, r, sma(close, 3)))", off_mean },
	{ "//@version=4\nstudy(\"t\")\nplot(security(syminfo.tickerid, \"240\", close[1], "
	  "lookahead = true))", on_close },
};
#define CASES (sizeof(cases) / sizeof(*cases))

static void values_are_those_of_bars_made_by_hand(void **state)
{
	static double y[N];

	(void)state;
	t_walk(&bars, 3);
	for (size_t k = 0; k < CASES; k++) {
		values(cases[k].src, &bars, N, SCRIPT_BLOCK, y);
		for (size_t i = 0; i < N; i++) {
			double w = cases[k].want(i);

			if (isnan(w) ? !isnan(y[i]) : !(fabs(y[i] - w) <= 1e-9 * fabs(w)))
				fail_msg("bar %zu: %.12g, not %.12g\n%s", i, y[i], w,
					 cases[k].src);
		}
	}
}

static bool equal(const double *x, const double *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(x[i]) ? !isnan(y[i]) : x[i] < y[i] || x[i] > y[i] || isnan(y[i]))
			return false;
	return true;
}

static bool leaks(size_t k)
{
	return cases[k].want == leak_close || cases[k].want == leak_high ||
	       cases[k].want == leak_gaps;
}

static void another_future_changes_nothing_before_it(void **state)
{
	static const size_t cuts[] = { 1, 97, 300, 303, 501 };
	static double x[N], y[N];

	(void)state;
	t_walk(&bars, 3);
	for (size_t k = 0; k < CASES; k++)
		for (size_t c = 0; c < sizeof(cuts) / sizeof(*cuts); c++) {
			t_walk(&other, 8);
			for (size_t i = 0; i < cuts[c]; i++) {
				other.o[i] = bars.o[i];
				other.h[i] = bars.h[i];
				other.l[i] = bars.l[i];
				other.c[i] = bars.c[i];
				other.v[i] = bars.v[i];
			}
			values(cases[k].src, &bars, N, SCRIPT_BLOCK, x);
			values(cases[k].src, &other, N, SCRIPT_BLOCK, y);
			/* 97 of 4 hours: one bar is under way */
			if (leaks(k) ? c == 1 && cases[k].want == leak_close &&
			    equal(x, y, cuts[c]) :
			    !equal(x, y, cuts[c]))
				fail_msg("bar %zu of the future shows\n%s", cuts[c], cases[k].src);
		}
}

static void batch_and_stream_are_the_same(void **state)
{
	static const size_t blocks[] = { 1, 3, 7, 100 };
	static double x[N], y[N];

	(void)state;
	t_walk(&bars, 4);
	for (size_t i = 100; i < T_BARS; i++)		/* a hole of five hours */
		bars.t[i] += 5 * 3600000;
	for (size_t k = 0; k < CASES; k++) {
		values(cases[k].src, &bars, N, SCRIPT_BLOCK, x);
		for (size_t b = 0; b < sizeof(blocks) / sizeof(*blocks); b++) {
			values(cases[k].src, &bars, N, blocks[b], y);
			if (!equal(x, y, N))
				fail_msg("blocks of %zu differ\n%s", blocks[b], cases[k].src);
		}
	}
}

/* Hours 0 1 2 | 5 6 7 | 12: the first two bars of 4 hours end with a hole, the
 * third whole one is missing. */
static void a_bar_with_a_missing_end_closes_with_the_next(void **state)
{
	static const double c[] = { 1, 2, 3, 4, 5, 6, 7 };
	static const int hour[] = { 0, 1, 2, 5, 6, 7, 12 };
	static const double off[] = { NAN, NAN, NAN, 3, 3, 6, 6 };
	static const double gaps[] = { NAN, NAN, NAN, 3, NAN, 6, NAN };
	static const double on[] = { NAN, NAN, NAN, 3, 3, 3, 6 };
	double y[7];

	(void)state;
	t_closes(&bars, c, 7);
	for (size_t i = 0; i < 7; i++)
		bars.t[i] = 1704067200000 + hour[i] * 3600000;
	values(S6 "plot(" RS "close))", &bars, 7, 7, y);
	assert_true(equal(y, off, 7));
	values(S6 "plot(" RS "close, barmerge.gaps_on))", &bars, 7, 7, y);
	assert_true(equal(y, gaps, 7));
	values(S6 "plot(" RS "close[1], lookahead = barmerge.lookahead_on))", &bars, 7, 7, y);
	assert_true(equal(y, on, 7));
}

static void inputs_reach_the_expression(void **state)
{
	static const char src[] = S6 "a = input.int(1)\ns = input.source(open)\n"
		"plot(" RS "s * a))";
	struct arena *a = arena_new("t", 1u << 26);
	const struct script_prog *p = t_compile(a, src);
	struct script_binding *b = script_bind(a, p);
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	double y = 0;

	(void)state;
	t_walk(&bars, 3);
	assert_int_equal(script_bind_text(b, STR("a"), STR("7"), &err), 0);
	assert_int_equal(script_bind_text(b, STR("s"), STR("close"), &err), 0);
	assert_int_equal(script_vm_new(a, p, b, &t_market, NULL, &vm, &err), 0);
	for (size_t i = 0; i < 4; i++) {
		struct bars all = t_view(&bars, N);
		struct bar one = bars_at(&all, i);

		assert_int_equal(script_on_bar(vm, &one, NULL, &cmds, &err), 0);
	}
	script_plot_values(vm, &y);
	assert_true(y == bars.c[3] * 7);
	arena_free(&a);
}

/* --- Refusals ------------------------------------------------------------------ */

static void wrong_calls_are_refused_with_a_remedy(void **state)
{
	static const struct { const char *src, *want; } faults[] = {
		{ "x = " RS "\"a\")", "line 3: request.security() gives numbers, bools and "
		  "colours, not string" },
		{ "x = " RS "closee)", "line 3: \"closee\" is not defined; did you mean "
		  "\"close\"?" },
		{ "x = " RS "close, gap = barmerge.gaps_on)", "line 3: request.security() has "
		  "no argument \"gap\"; did you mean \"gaps\"?" },
		{ "x = " RS "close, barmerge.lookahead_on)", "line 3: this must be "
		  "barmerge.gaps_on or barmerge.gaps_off" },
		{ "x = request.security(syminfo.tickerid)", "line 3: request.security() needs a "
		  "symbol, a timeframe and an expression" },
		{ "x = request.security(\"\", close > 1 ? \"D\" : \"W\", close)", "line 3: the "
		  "timeframe of request.security() must be a text that is the same on every "
		  "bar" },
		{ "x = " RS "strategy.equity)", "line 3: strategy.equity belongs to the chart "
		  "and has no value in request.security()" },
		{ "x = " RS "barstate.islast)", "line 3: barstate.islast belongs to the chart "
		  "and has no value in request.security()" },
		{ "x = " RS "close)\ny = request.security(\"\", \"D\", x)", "line 3: "
		  "request.security() stands inside another one, or its expression needs the "
		  "result of another one: ask for that value directly" },
		{ "for i = 1 to 3\n    x = " RS "close[i])", "line 4: request.security() needs "
		  "the counter of the loop it stands in: what it asks for must be one thing; "
		  "write a call for each" },
		{ "var n = 0\nx = " RS "n)\nn += 1", "line 4: request.security() needs a "
		  "variable that is changed at or below the call: move the call below, or give "
		  "the value another name" },
		{ "for i = 1 to 3\n    y = 0.0\n    y := high\n    x = " RS "y)", "line 6: "
		  "request.security() needs a variable that is changed at or below the call: "
		  "move the call below, or give the value another name" },
	};
	char src[1000];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct arena *a = arena_new("t", 1u << 26);
		const struct script_prog *p;
		struct diags d;
		struct err err = { 0 };

		snprintf(src, sizeof(src), S6 "%s\n", faults[i].src);
		assert_int_equal(script_compile(a, src, strlen(src), NULL, &p, &d, &err),
				 -E_INVAL);
		assert_string_equal(err.msg, faults[i].want);
		arena_free(&a);
	}
}

/* It is said, runs over history, and is refused where there is no future. */
static void what_shows_the_future_is_said(void **state)
{
	static const char src[] = S6 "plot(" RS "close[1], lookahead = barmerge.lookahead_on))\n"
		"x = " RS "[open, close], lookahead = barmerge.lookahead_on)\n";
	static const char one[] = S6 "plot(" RS "close[1] > 2 ? high : low, "
		"lookahead = barmerge.lookahead_on))\n";
	struct arena *a = arena_new("t", 1u << 26);
	const struct script_prog *p;
	struct script_vm *vm;
	struct diags d;
	struct err err;

	(void)state;
	assert_int_equal(script_compile(a, src, strlen(src), NULL, &p, &d, &err), 0);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.v[0].severity, DIAG_WARNING);
	assert_int_equal(d.v[0].line, 4);
	assert_string_equal(d.v[0].code, "LOOKAHEAD");
	assert_int_equal(script_vm_new(a, p, NULL, &t_market, NULL, &vm, &err),
			 -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "line 4: request.security(): lookahead_on asks for "
			       "what is not known yet, which only a backtest has"));
	assert_int_equal(script_compile(a, one, strlen(one), NULL, &p, &d, &err), 0);
	assert_int_equal(d.n, 1);
	arena_free(&a);
}

static void what_the_chart_cannot_give_is_refused_before_the_first_bar(void **state)
{
	static const struct { const char *symbol, *tf, *want; } faults[] = {
#define NO_CANDLES(s) "there are no candles of \"" s "\" that make up \"D\": add them " \
	"(--data " s "=FILE), or use syminfo.tickerid for the chart's own symbol"
		{ "ETHUSDT", "D", NO_CANDLES("ETHUSDT") },
		{ "bin:BTCUSDT", "D", NO_CANDLES("bin:BTCUSDT") },
		{ "sim:ETHUSDT", "D", NO_CANDLES("sim:ETHUSDT") },
		{ "", "15", "\"15\" is a lower timeframe than the chart's \"60\": add such "
		  "candles (--data BTCUSDT:15=FILE), or run the script on a chart of the lower "
		  "one" },
		{ "", "90", "bars of \"90\" cannot be made of the chart's \"60\": choose a "
		  "multiple of it, or months that divide the year" },
		{ "", "5M", "bars of \"5M\" cannot be made of the chart's \"60\": choose a "
		  "multiple of it, or months that divide the year" },
		{ "", "1h", "\"1h\" is not a timeframe" },
	};
	char src[1000], want[400];

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
		struct arena *a = arena_new("t", 1u << 26);
		struct script_vm *vm;
		struct err err = { 0 };

		snprintf(src, sizeof(src), S6 "plot(request.security(\"%s\", \"%s\", close))\n",
			 faults[i].symbol, faults[i].tf);
		snprintf(want, sizeof(want), "line 3: request.security(): %s", faults[i].want);
		assert_int_equal(script_vm_new(a, t_compile(a, src), NULL, &t_market, NULL,
					       &vm, &err), -E_INVAL);
		assert_string_equal(err.msg, want);
		arena_free(&a);
	}
}

static void an_error_in_the_expression_ends_the_run(void **state)
{
	static const char src[] = S6 "f() =>\n    if close > 0\n        runtime.error(\"no\")\n"
		"    close\nplot(" RS "f()))\n";
	struct arena *a = arena_new("t", 1u << 26);
	struct script_vm *vm = t_vm(a, t_compile(a, src));
	struct bars all;
	struct strat_cmds cmds;
	struct err err = { 0 };
	int rc = 0;

	(void)state;
	t_walk(&bars, 3);
	all = t_view(&bars, N);
	for (size_t i = 0; rc == 0 && i < 4; i++) {
		struct bar b = bars_at(&all, i);

		assert_int_equal(vm != NULL && i == script_bars(vm), 1);
		rc = script_on_bar(vm, &b, NULL, &cmds, &err);
	}
	assert_int_equal(rc, -E_INVAL);
	assert_string_equal(err.msg, "line 5, bar 0: no");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_bars_made_by_hand),
		cmocka_unit_test(another_future_changes_nothing_before_it),
		cmocka_unit_test(batch_and_stream_are_the_same),
		cmocka_unit_test(a_bar_with_a_missing_end_closes_with_the_next),
		cmocka_unit_test(inputs_reach_the_expression),
		cmocka_unit_test(wrong_calls_are_refused_with_a_remedy),
		cmocka_unit_test(what_shows_the_future_is_said),
		cmocka_unit_test(what_the_chart_cannot_give_is_refused_before_the_first_bar),
		cmocka_unit_test(an_error_in_the_expression_ends_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
