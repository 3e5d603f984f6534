/* calc_on_order_fills: which prices what is said after a fill can have. */
#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/bt.h"

#define N 8
struct scene {
	struct arena *a;
	int64_t t[N];
	double v[5][N];
	size_t n;
	struct bt_result r;
};

static void begin(struct scene *s)
{
	*s = (struct scene){ .a = arena_new("t", 1u << 26) };
}

static void bar(struct scene *s, double o, double h, double l, double c)
{
	const double x[5] = { o, h, l, c, 10 };

	s->t[s->n] = 1704067200000 + (int64_t)s->n * 900000;
	for (size_t k = 0; k < 5; k++)
		s->v[k][s->n] = x[k];
	s->n++;
}

static int try(struct scene *s, const char *head, const char *body, bool strict,
	       const struct bars *fine, struct err *err)
{
	struct script_market m = { .symbol = "X", .exchange = "file",
		.timeframe = "15", .mintick = 0.01, .pointvalue = 1 };
	struct bars b = { s->n, s->t, s->v[0], s->v[1], s->v[2], s->v[3], s->v[4] };
	struct bt_options opt = bt_defaults();
	const struct script_prog *p;
	struct diags d = { 0 };
	const char *src = arena_printf(s->a, "//@version=6\nstrategy(\"s\", "
		"calc_on_order_fills = true%s)\n%s", head, body);

	opt.rules_set = strict ? BT_RULES_STRICT : BT_RULES_CHART;
	if (fine != NULL)
		opt.detail = *fine;
	if (script_compile(s->a, src, strlen(src), NULL, &p, &d, err) < 0)
		fail_msg("%s", err->msg);
	return bt_run(s->a, p, NULL, &m, &b, &opt, &s->r, err);
}

static void run(struct scene *s, const char *head, const char *body)
{
	struct err err;

	if (try(s, head, body, false, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

struct want { double in, out; int bar_in, bar_out; const char *name; };

static void trades(const struct scene *s, const struct want *w, size_t n)
{
	assert_int_equal(s->r.n_trades, n);
	for (size_t i = 0; i < n; i++) {
		const struct emu_trade *t = &s->r.trades[i];

		if (fabs(t->t.entry_price - w[i].in) > 1e-9 ||
		    fabs(t->t.exit_price - w[i].out) > 1e-9 ||
		    t->t.entry_bar != w[i].bar_in || t->t.exit_bar != w[i].bar_out)
			fail_msg("trade %zu: %g on bar %d to %g on bar %d", i,
				 t->t.entry_price, (int)t->t.entry_bar,
				 t->t.exit_price, (int)t->t.exit_bar);
		if (w[i].name != NULL)
			assert_string_equal(emu_exit_signal(t), w[i].name);
	}
}
#define TRADES(s, ...) trades((s), (const struct want[]){ __VA_ARGS__ },	\
	ARRAY_LEN(((const struct want[]){ __VA_ARGS__ })))

/* The manual's example: two at the open, one at the high, one at the low. */
static void an_order_after_each_fill_fills_four_times_a_bar(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 100, 104, 98, 101);
	bar(&s, 101, 103, 95, 99);
	bar(&s, 99, 105, 98, 104);	/* low first */
	run(&s, ", pyramiding = 100", "strategy.entry(\"L\", strategy.long)\n");
	TRADES(&s, { 101, 104, 1, 2, NULL }, { 101, 104, 1, 2, NULL },
	       { 103, 104, 1, 2, NULL }, { 95, 104, 1, 2, NULL },
	       { 99, 104, 2, 2, NULL }, { 99, 104, 2, 2, NULL },
	       { 98, 104, 2, 2, NULL }, { 105, 104, 2, 2, NULL });
	arena_free(&s.a);
}

/* Published readings of one bar: what a run sees is the whole bar; its close
 * fills at the same open, and, after a target inside the bar, at its high. */
static void a_run_sees_the_whole_bar(void **state)
{
	static const char *const enter = "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n";
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 1519, 1522, 1518, 1519.95);
	bar(&s, 1519.95, 1523.56, 1514.04, 1520.73);
	bar(&s, 1520.73, 1521, 1520, 1520.5);
	run(&s, "", arena_printf(s.a, "%sif strategy.position_size > 0\n"
		"    strategy.close(\"L\", comment = str.tostring(close) + \" \" + str.tostring(high)"
		" + \" \" + str.tostring(low))\n", enter));
	TRADES(&s, { 1519.95, 1519.95, 1, 1, "1520.73 1523.56 1514.04" });
	run(&s, ", default_qty_value = 2", arena_printf(s.a, "%s"
		"if strategy.position_size == 2\n    strategy.exit(\"T\", \"L\", qty = 1, limit = strategy.position_avg_price + 1)\n"
		"if strategy.position_size == 1\n    strategy.close(\"L\", comment = \"rest\")\n", enter));
	TRADES(&s, { 1519.95, 1520.95, 1, 1, "T" }, { 1519.95, 1523.56, 1, 1, "rest" });
	arena_free(&s.a);
}

static const char *const in_on_stop =
	"if bar_index == 0\n    strategy.entry(\"L\", strategy.long, stop = 104)\n"
	"if strategy.position_size > 0\n    strategy.exit(\"X\", \"L\", stop = 98, limit = %s)\n";

/* An exit that is said inside the bar: at the turn the price is on its way to,
 * at its level after that, not on the way to the close. */
static void exits_said_inside_a_bar(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 100, 108, 90, 95);	/* high first: in at 104 */
	bar(&s, 95, 96, 94, 95);
	run(&s, "", arena_printf(s.a, in_on_stop, "107"));
	TRADES(&s, { 104, 108, 1, 1, "X" });
	run(&s, "", arena_printf(s.a, in_on_stop, "120"));
	TRADES(&s, { 104, 98, 1, 1, "X" });
	arena_free(&s.a);
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 100, 103, 99, 102);
	bar(&s, 102, 106, 101, 105);	/* low first: in at 104, then the high */
	bar(&s, 105, 106, 97, 97.5);
	run(&s, "", arena_printf(s.a, in_on_stop, "105.5"));
	TRADES(&s, { 104, 106, 2, 2, "X" });
	arena_free(&s.a);
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 103, 103.5, 99.5, 103);
	bar(&s, 103, 103.5, 99, 107);	/* in on the way to the close */
	s.v[1][2] = 107;
	bar(&s, 107, 108, 104, 105);
	run(&s, "", arena_printf(s.a, in_on_stop, "105.5"));
	/* 103 to 107 is nearer than to 99: high first; in at 104, out at 107 */
	TRADES(&s, { 104, 107, 2, 2, "X" });
	arena_free(&s.a);
}

/* What the fill has passed already does not close it on the bar of its entry. */
static void a_stop_behind_the_price_waits_for_the_next_bar(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 100, 104, 97, 103);
	bar(&s, 103, 104, 102, 103);
	run(&s, "", "if bar_index == 0\n    strategy.entry(\"L\", strategy.long)\n"
	    "if strategy.position_size > 0\n    strategy.exit(\"X\", \"L\", stop = 105)\n");
	TRADES(&s, { 100, 103, 1, 2, "X" });
	arena_free(&s.a);
}

static void entries_said_inside_a_bar_fill_at_turns(void **state)
{
	static const char *const body =
		"if bar_index == 0\n    strategy.entry(\"A\", strategy.long, stop = 103)\n"
		"if strategy.opentrades == 1\n    strategy.entry(\"B\", strategy.long, limit = 99)\n";
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99.5, 100);
	bar(&s, 100, 105, 90, 101);	/* A at 103, then B at the low, 90 */
	bar(&s, 101, 102, 100, 101);
	run(&s, ", pyramiding = 3", body);
	TRADES(&s, { 103, 101, 1, 2, NULL }, { 90, 101, 1, 2, NULL });
	arena_free(&s.a);
	begin(&s);
	bar(&s, 100, 101, 99.5, 100);
	bar(&s, 101, 105, 100.5, 98);	/* low first; only the close is below */
	s.v[2][1] = 98;
	s.v[0][1] = 100;
	s.v[1][1] = 101.5;
	bar(&s, 98, 110, 97, 103.5);	/* A on the way up, B waits */
	bar(&s, 103.5, 104, 98, 100);	/* and is met like others: at 99 */
	run(&s, ", pyramiding = 3", body);
	TRADES(&s, { 103, 100, 2, 3, NULL }, { 99, 100, 3, 3, NULL });
	arena_free(&s.a);
}

/* Two runs after fills on each bar that is entered: what varip counts and var
 * does not. */
static void varip_outlives_a_run(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	for (int i = 0; i < 6; i++)
		bar(&s, 100, 102, 99, 101);
	run(&s, "", "varip int a = 0\nvar int b = 0\na += 1\nb += 1\n"
	    "if bar_index % 2 == 0\n    strategy.entry(\"L\", strategy.long)\n"
	    "else\n    strategy.close(\"L\", comment = str.tostring(a - b))\n");
	/* in on bar 1: a run, which closes at the same open: another */
	TRADES(&s, { 100, 100, 1, 1, "0" }, { 100, 100, 3, 3, "2" },
	       { 100, 100, 5, 5, "4" });
	arena_free(&s.a);
}

/* With process_orders_on_close the run after the close places the bracket one
 * bar earlier; a market order of it is too late. */
static void runs_after_the_close(void **state)
{
	struct scene s;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 100, 108, 99, 101);
	bar(&s, 101, 102, 100, 101);
	run(&s, ", process_orders_on_close = true, pyramiding = 5",
	    "if bar_index == 0 and strategy.opentrades < 2\n    strategy.entry(\"L\" + str.tostring(strategy.opentrades), strategy.long)\n"
	    "if strategy.position_size > 0\n    strategy.exit(\"X\", limit = 105)\n");
	TRADES(&s, { 100, 105, 0, 1, "X" });
	arena_free(&s.a);
}

static void a_run_that_fails_ends_the_backtest(void **state)
{
	struct scene s;
	struct err err;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 100, 108, 99, 101);
	assert_int_equal(try(&s, "", "strategy.entry(\"L\", strategy.long)\n"
		"if strategy.position_size > 0\n    runtime.error(\"held\")\n", false,
		NULL, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "held"));
	assert_non_null(strstr(err.msg, "bar 1"));
	arena_free(&s.a);
}

static void strict_rules_do_not_ask_again(void **state)
{
	struct scene s;
	struct err err;

	(void)state;
	begin(&s);
	bar(&s, 100, 104, 98, 101);
	bar(&s, 101, 103, 95, 99);
	bar(&s, 99, 105, 98, 104);
	assert_int_equal(try(&s, ", pyramiding = 9", "strategy.entry(\"L\", strategy.long, qty = 0.1)\n",
			     true, NULL, &err), 0);
	assert_int_equal(s.r.n_trades, 2);
	arena_free(&s.a);
}

/* Finer candles: the turns and the opens of each. */
static void with_finer_candles_each_of_them_has_turns(void **state)
{
	int64_t t[4];
	double o[4] = { 100, 101, 101, 99 }, h[4] = { 101, 102, 103, 100 };
	double l[4] = { 99.5, 100, 98, 98.5 }, c[4] = { 101, 101.5, 99, 99 };
	double v[4] = { 1, 1, 1, 1 };
	struct bars fine = { 4, t, o, h, l, c, v };
	struct scene s;
	struct err err;

	(void)state;
	begin(&s);
	bar(&s, 100, 101, 99, 100);
	bar(&s, 101, 103, 98, 99);
	t[0] = s.t[0];
	t[1] = s.t[1];
	t[2] = s.t[1] + 300000;
	t[3] = s.t[1] + 600000;
	assert_int_equal(try(&s, ", pyramiding = 20", "strategy.entry(\"L\", strategy.long)\n",
			     false, &fine, &err), 0);
	/* 101 101 | 102/100 in order | 101 | 103 98 ... | 99 | ... */
	assert_int_equal(s.r.n_trades, 2 + 2 + 3 + 3);
	assert_true(s.r.trades[4].t.entry_price == 101);
	assert_true(s.r.trades[7].t.entry_price == 99);
	arena_free(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_after_each_fill_fills_four_times_a_bar),
		cmocka_unit_test(a_run_sees_the_whole_bar),
		cmocka_unit_test(exits_said_inside_a_bar),
		cmocka_unit_test(a_stop_behind_the_price_waits_for_the_next_bar),
		cmocka_unit_test(entries_said_inside_a_bar_fill_at_turns),
		cmocka_unit_test(varip_outlives_a_run),
		cmocka_unit_test(runs_after_the_close),
		cmocka_unit_test(a_run_that_fails_ends_the_backtest),
		cmocka_unit_test(strict_rules_do_not_ask_again),
		cmocka_unit_test(with_finer_candles_each_of_them_has_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
