/* What the compiler says about scripts that are wrong, and what a machine
 * does with scripts that go wrong while they run. */
#include "config.h"

#include "t_script.h"

static struct t_bars bars;

struct fault { const char *src, *want; };	/* want: all errors and warnings */

static void check(const struct fault *f)
{
	struct arena *a = arena_new("t", 1 << 26);
	const struct script_prog *p;
	char got[2000] = "";
	struct diags d;
	struct err err;
	size_t w = 0;

	(void)!script_compile(a, f->src, strlen(f->src), NULL, &p, &d, &err);
	for (size_t i = 0; i < d.n; i++)
		w += (size_t)snprintf(got + w, sizeof(got) - w, "%d:%d-%d %s: %s [%s]\n",
				      d.v[i].line, d.v[i].col, d.v[i].end_col,
				      diag_severity_name(d.v[i].severity), d.v[i].msg,
				      d.v[i].code);
	assert_string_equal(got, f->want);
	arena_free(&a);
}

#define HEAD "//@version=6\nstrategy(\"t\")\n"

static void diagnostics_name_place_and_remedy(void **state)
{
	static const struct fault faults[] = {
		{ HEAD "plot(close)\n", "" },
		{ HEAD "x = closee\n", "3:5-11 error: \"closee\" is not defined; did you "
		  "mean \"close\"? [NAME]\n" },
		{ HEAD "x = 1 +\ny = (2\n", "4:1-2 error: \"y\" is not defined [NAME]\n"
		  "4:3-4 error: expected the end of the line, found \"=\" [SYNTAX]\n" },
		{ HEAD "x = 1\nx = 2\n", "4:1-6 error: \"x\" is already defined; use := to "
		  "change its value [NAME]\n" },
		{ HEAD "y := 2\n", "3:1-2 error: \"y\" is not defined; declare it with = "
		  "first [NAME]\n" },
		{ HEAD "if close\n    a = 1\n", "3:4-9 error: this condition is float, but "
		  "bool is needed here [TYPE]\n" },
		{ HEAD "x = close + \"a\"\n", "3:5-16 error: \"+\" does not work with float "
		  "and string [TYPE]\n" },
		{ HEAD "plot(ta.ema(close, close > 1 ? 2 : 3))\n", "3:6-38 error: ta.ema() "
		  "needs a \"length\" that is the same on every bar: a constant, an input "
		  "or made of these [QUALIFIER]\n" },
		{ HEAD "plot(ta.sma(close, 0))\n", "3:6-22 error: sma: length is 0; it must "
		  "be from 1 to 5000 [RANGE]\n" },
		{ HEAD "f(x) => f(x - 1)\nplot(f(3))\n", "3:9-17 error: f() calls itself: "
		  "write a loop instead [RECURSION]\n" },
		{ HEAD "strategy.entry(\"L\")\n", "3:1-20 error: strategy.entry() needs the "
		  "argument \"direction\" [ARGS]\n" },
		{ HEAD "strategy.entry(\"L\", strategy.long, stpo = 3)\n", "3:36-44 error: "
		  "strategy.entry() has no argument \"stpo\"; did you mean \"stop\"? "
		  "[ARGS]\n" },
		{ HEAD "if close > 1\nplot(close)\n", "4:1-5 error: expected a block, "
		  "indented by four columns, found a new line with \"plot\" [SYNTAX]\n" },
		{ HEAD "import a/b/1 as c\n", "3:1-11 error: the library a/b is not here: "
		  "save its source under the name \"b\", or copy the functions you need into the "
		  "script [UNSUPPORTED]\n" },
		{ "//@version=6\nplot(close)\n", "1:1-2 error: the script does not say what "
		  "it is: begin with strategy(\"name\") or indicator(\"name\") "
		  "[DECLARATION]\n" },
		{ HEAD "x = \"abc\n", "3:5-9 error: this text has no closing quotation mark "
		  "on its line [SYNTAX]\n" },
		{ HEAD "if close > open\n    plot(close)\n", "4:5-16 error: plot() must stand "
		  "at the outermost level of the script: give it a series that is na "
		  "where it should not show [SCOPE]\n" },
		{ HEAD "x = close > 1 ? ta.ema(close, 3) : 0\n", "3:17-33 warning: ta.ema() "
		  "keeps a history of its own and only advances on bars where it is run: "
		  "compute it before the condition [CONDITIONAL]\n" },
		{ HEAD "x = close[-1]\n", "3:5-13 error: x[-1]: the distance must be from 0 "
		  "to 5000 bars [HISTORY]\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		check(&faults[i]);
}

/* What would otherwise be passed over in silence, and give a wrong run. */
static void misspelt_members_and_arguments_are_errors(void **state)
{
	static const struct fault faults[] = {
		{ HEAD "strategy.entry(\"L\", strategy.long, oca_type = strategy.oca.cancle)\n",
		  "3:47-66 error: \"strategy.oca.cancle\" is not known; did you mean "
		  "\"strategy.oca.cancel\"? [NAME]\n" },
		{ HEAD "x = strategy.commission.percnt\n", "3:5-31 error: "
		  "\"strategy.commission.percnt\" is not known; did you mean "
		  "\"strategy.commission.percent\"? [NAME]\n" },
		{ HEAD "c = color.gren\n", "3:5-15 error: \"color.gren\" is not known; did "
		  "you mean \"color.green\"? [NAME]\n" },
		{ HEAD "c = barmerge.lookahead_of\n", "3:5-26 error: "
		  "\"barmerge.lookahead_of\" is not known; did you mean "
		  "\"barmerge.lookahead_off\"? [NAME]\n" },
		{ HEAD "c = shape.triangelup\n", "3:5-21 error: \"shape.triangelup\" is not "
		  "known; did you mean \"shape.triangleup\"? [NAME]\n" },
		{ HEAD "c = strategy.oca.whatever\n", "3:5-26 error: "
		  "\"strategy.oca.whatever\" is not known: it is misspelt or not part of "
		  "the supported language [NAME]\n" },
		{ HEAD "plot(close, colour = color.red)\n", "3:13-31 error: plot() has no "
		  "argument \"colour\"; did you mean \"color\"? [ARGS]\n" },
		{ HEAD "plot(close, foo = 1)\n", "3:13-20 error: plot() has no argument "
		  "\"foo\"; it takes: series title color linewidth style trackprice "
		  "histbase offset join linestyle editable show_last display format "
		  "precision force_overlay transp [ARGS]\n" },
		{ HEAD "plotshape(close > open, styel = shape.cross)\n", "3:25-44 error: "
		  "plotshape() has no argument \"styel\"; did you mean \"style\"? "
		  "[ARGS]\n" },
		{ HEAD "n = input.int(3, minvall = 1)\n", "3:18-29 error: input.int() has no "
		  "argument \"minvall\"; did you mean \"minval\"? [ARGS]\n" },
		{ HEAD "label.new(bar_index, high, txt = \"a\")\n", "3:28-37 error: "
		  "label.new() has no argument \"txt\"; did you mean \"text\"? [ARGS]\n" },
		{ HEAD "plot(close, title = \"a\", title = \"b\")\n", "3:26-37 error: plot() "
		  "is given the argument \"title\" twice [ARGS]\n" },
		{ HEAD "x = nz(replacement = 1, source = close)\n", "3:8-23 error: nz() takes "
		  "its arguments in this order: source replacement [ARGS]\n" },
		{ HEAD "x = time(\"D\", \"\", \"\", 1, 2, 3)\n", "3:5-31 error: time() takes at "
		  "most 5 arguments, not 6 [ARGS]\n" },
		{ HEAD "x = ta.smaa(close, 3)\n", "3:5-22 error: there is no function "
		  "\"ta.smaa\"; did you mean \"ta.sma\"? [NAME]\n" },
		{ HEAD "l = label.new(bar_index, high)\nlabel.set_colour(l, color.red)\n",
		  "4:1-31 error: there is no function \"label.set_colour\" [NAME]\n" },
		{ HEAD "f(x, length = 3) => x + length\ny = f(1, lenght = 2)\n", "4:10-20 "
		  "error: f() has no argument \"lenght\"; did you mean \"length\"? "
		  "[ARGS]\n" },
		{ HEAD "type p\n    float price = 1\ny = p.new(pice = 2)\n", "5:11-19 error: "
		  "p.new() has no argument \"pice\"; did you mean \"price\"? [ARGS]\n" },
		{ "//@version=6\nstrategy(\"t\", default_qty_typ = strategy.cash)\n",
		  "2:15-46 error: strategy() has no argument \"default_qty_typ\"; did you "
		  "mean \"default_qty_type\"? [ARGS]\n" },
		{ "//@version=6\nstrategy(\"t\", commission_type = \"percents\")\n",
		  "2:15-43 error: \"commission_type\" cannot be \"percents\" [RANGE]\n" },
		{ "//@version=6\nindicator(\"t\", timeframe = \"D\")\n",
		  "2:1-32 error: the script runs on the timeframe of its chart: choose "
		  "\"D\" there and remove the argument [UNSUPPORTED]\n" },
		{ "//@version=6\nstrategy(\"t\", currency = currency.EUR)\n"
		  "x = strategy.convert_to_account(close)\n", "3:5-39 error: "
		  "strategy.convert_to_account() has no rates: the account is always in the "
		  "symbol's currency; remove currency = \"EUR\" from strategy() "
		  "[UNSUPPORTED]\n" },
		{ HEAD "log.info(\"{0} and {1}\", close, \"b\")\nplot(close, \"t\", "
		  "color.new(color = color.red, transp = 3), linewidth = 2)\n"
		  "alert(\"x\", alert.freq_once_per_bar)\nx = nz(close, replacement = 1)\n", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		check(&faults[i]);
}

static void several_faults_are_reported_at_once(void **state)
{
	(void)state;
	check(&(struct fault){ HEAD "a = 1 +* 2\nb = foo(3)\nc = (4\nd = 5 5\n",
		"3:8-9 error: expected a value, found \"*\" [SYNTAX]\n"
		"4:5-11 error: there is no function \"foo\" [NAME]\n"
		"6:1-2 error: expected \")\", found \"d\" [SYNTAX]\n" });
}

/* Runs until it fails; the sentence. */
static void fails(const char *src, int code, const char *want)
{
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p = t_compile(a, src);
	struct bars all = t_view(&bars, 50);
	struct strat_cmds cmds;
	struct script_vm *vm;
	struct err err = { 0 };
	int rc = script_vm_new(a, p, NULL, &t_market,
			       &(struct script_limits){ .steps = 10000, .memory = 1 << 20 }, &vm, &err);

	for (size_t i = 0; rc == 0 && i < all.n; i++) {
		struct bar b = bars_at(&all, i);

		rc = script_on_bar(vm, &b, NULL, &cmds, &err);
	}
	assert_string_equal(err.msg, want);
	assert_int_equal(rc, -code);
	arena_free(&a);
}

static void a_run_that_goes_wrong_ends_with_a_sentence(void **state)
{
	(void)state;
	t_walk(&bars, 1);
	fails(HEAD "while true\n    x = 1\n", E_LIMIT,
	      "line 3, bar 0: a loop takes more than 10000 steps in one bar");
	fails(HEAD "for i = 0 to 1000000\n    for k = 0 to 1000000\n        x = 1\n", E_LIMIT,
	      "line 4, bar 0: a loop takes more than 10000 steps in one bar");
	fails(HEAD "a = array.new<float>(90000, 1.0)\nplot(a.sort_indices().size())\n"
	      "plot(a.sum())", E_LIMIT, "line 4, bar 0: the script needs more than 1 MiB of memory");
	fails(HEAD "a = array.new<float>(30000, 1.0)\nplot(a.sum())", E_LIMIT,
	      "line 4, bar 0: array.sum() takes the bar over its 10000 steps");
	fails(HEAD "m = matrix.new<float>(220, 220, 1)\nplot(m.det())", E_LIMIT,
	      "line 3, bar 0: matrix.new() takes the bar over its 10000 steps");
	fails(HEAD "m = matrix.new<float>(1000, 1000, 1)\n", E_INVAL,
	      "line 3, bar 0: a matrix of 1000 rows and 1000 columns; there may be 100000 cells");
	fails(HEAD "var a = array.new<string>()\nfor i = 0 to 300\n"
	      "    a.push(str.repeat(\"x\", 8000) + str.tostring(i))\n", E_LIMIT,
	      "line 5, bar 0: the script needs more than 1 MiB of memory");
	fails(HEAD "if bar_index == 3\n    runtime.error(\"no more\")\n", E_INVAL,
	      "line 4, bar 3: no more");
	fails(HEAD "a = array.from(1, 2)\nplot(a.get(5))\n", E_INVAL,
	      "line 4, bar 0: array.get(): index 5 of an array of 2");
	fails(HEAD "n = bar_index > 4 ? -1 : 1\nplot(close[n])\n", E_INVAL,
	      "line 4, bar 5: x[-1] looks into the future");
	fails(HEAD "n = input.int(0)\nplot(ta.ema(close, n))\n", E_INVAL,
	      "line 4: ema: length is 0; it must be from 1 to 5000");
	fails(HEAD "plot(hour(time, \"Mars/Base\"))\n", E_INVAL,
	      "line 3, bar 0: the time zone \"Mars/Base\" is not known; write it as UTC+2");
}

static void garbage_is_collected(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	double y[2];

	(void)state;
	t_walk(&bars, 2);
	p = t_compile(a, HEAD
		"var keep = array.new<string>()\nif bar_index < 3\n"
		"    keep.push(\"k\" + str.tostring(bar_index))\n"
		"s = \"\"\nfor i = 0 to 20\n    s += str.repeat(\"x\", 100)\n"
		"plot(str.length(s))\nplot(keep.size() == 3 and keep.get(1) == \"k1\" ? 1 : 0)\n");
	assert_int_equal(script_vm_new(a, p, NULL, &t_market,
		&(struct script_limits){ .memory = 4 << 20 }, &vm, &err), 0);
	for (size_t i = 0; i < T_BARS; i++) {
		struct bars all = t_view(&bars, T_BARS);
		struct bar b = bars_at(&all, i);

		if (script_on_bar(vm, &b, NULL, &cmds, &err) < 0)
			fail_msg("bar %zu: %s", i, err.msg);
		script_plot_values(vm, y);
		assert_true(y[0] == 2100 && y[1] == (i >= 2));
	}
	arena_free(&a);
}

static void inputs_are_bound_and_bounded(void **state)
{
	struct arena *a = arena_new("t", 1 << 26);
	const struct script_prog *p = t_compile(a, HEAD
		"len = input.int(14, \"Length\", minval = 2, maxval = 50)\n"
		"on = input.bool(true)\nkind = input.string(\"a\", \"Kind\", options = [\"a\", \"b\"])\n"
		"src = input.source(close, \"Source\")\nk = input.float(1.5, step = 0.5)\n"
		"plot(len * 100 + (on ? 10 : 0) + (kind == \"b\" ? 1 : 0))\nplot(src)\nplot(k)\n");
	struct script_binding *b = script_bind(a, p);
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	struct sbuf s;
	struct jw w;
	double y[3];
	struct bar bar = { 1704067200000, 10, 12, 9, 11, 5 };

	(void)state;
	assert_int_equal(script_bind_text(b, STR("len"), STR("1"), &err), -E_INVAL);
	assert_string_equal(err.msg, "input \"len\": 1 is less than 2");
	assert_int_equal(script_bind_text(b, STR("len"), STR("2.5"), &err), -E_INVAL);
	assert_int_equal(script_bind_text(b, STR("kind"), STR("c"), &err), -E_INVAL);
	assert_int_equal(script_bind_text(b, STR("src"), STR("x"), &err), -E_INVAL);
	assert_int_equal(script_bind_text(b, STR("nothing"), STR("x"), &err), -E_INVAL);
	assert_string_equal(err.msg, "the script has no input \"nothing\"");
	assert_int_equal(script_bind_text(b, STR("len"), STR("20"), &err), 0);
	assert_int_equal(script_bind_text(b, STR("on"), STR("false"), &err), 0);
	assert_int_equal(script_bind_text(b, STR("kind"), STR("b"), &err), 0);
	assert_int_equal(script_bind_text(b, STR("src"), STR("hl2"), &err), 0);
	assert_int_equal(script_vm_new(a, p, b, &t_market, NULL, &vm, &err), 0);
	assert_int_equal(script_on_bar(vm, &bar, NULL, &cmds, &err), 0);
	script_plot_values(vm, y);
	assert_true(y[0] == 2001 && y[1] == 10.5 && y[2] == 1.5);
	sbuf_init(&s, a, 10000);
	jw_init(&w, &s);
	script_inputs_json(&w, p);
	assert_non_null(strstr(sbuf_finish(&s), "{\"name\":\"kind\",\"title\":\"Kind\","
		"\"type\":\"string\",\"default\":\"a\",\"options\":[\"a\",\"b\"]}"));
	arena_free(&a);
}

static void properties_in_force_include_the_defaults(void **state)
{
	struct arena *a = arena_new("t", 1 << 26);
	const struct strat_properties *p = script_properties(t_compile(a, "//@version=5\n"
		"strategy(\"S\", pyramiding=3, commission_type=strategy.commission.percent, "
		"commission_value=0.1, default_qty_type=strategy.percent_of_equity, "
		"default_qty_value=10, process_orders_on_close=true, "
		"close_entries_rule=\"ANY\")\n"));

	(void)state;
	assert_string_equal(p->title, "S");
	assert_true(p->initial_capital == 1000000 && p->pyramiding == 3 && p->close_any);
	assert_true(p->commission_value == 0.1 && p->default_qty_value == 10);
	assert_int_equal(p->default_qty_type, STRAT_QTY_PERCENT);
	assert_true(p->margin_long == 0 && p->process_orders_on_close);
	p = script_properties(t_compile(a, HEAD));
	assert_true(p->margin_long == 100 && p->default_qty_value == 1);
	arena_free(&a);
}

/* Each command arrives with what was said, the rest absent. */
static void commands_carry_their_arguments(void **state)
{
	struct arena *a = arena_new("t", 1 << 26);
	struct script_vm *vm = t_vm(a, t_compile(a, HEAD
		"strategy.risk.allow_entry_in(strategy.direction.long)\n"
		"strategy.risk.max_drawdown(20, strategy.percent_of_equity)\n"
		"d = close > 0 ? strategy.short : strategy.long\n"
		"strategy.entry(\"S\", d, qty = 2, stop = low, oca_name = \"o\", "
		"oca_type = strategy.oca.cancel, comment = \"c\" + str.tostring(1))\n"
		"strategy.exit(\"X\", \"S\", qty_percent = 50, profit = 10, trail_points = 5, "
		"trail_offset = 2)\nstrategy.close(\"S\", immediately = true)\n"
		"strategy.cancel(\"S\")\nstrategy.close_all()\n"));
	struct bar bar = { 1704067200000, 10, 12, 9, 11, 5 };
	struct strat_cmds k;
	struct err err;

	(void)state;
	assert_int_equal(script_on_bar(vm, &bar, NULL, &k, &err), 0);
	assert_int_equal(k.n, 7);
	assert_true(k.v[0].kind == STRAT_RISK_ALLOW_ENTRY && k.v[0].dir == 1);
	assert_true(k.v[1].qty == 20 && k.v[1].risk_percent);
	assert_true(k.v[2].kind == STRAT_ENTRY && k.v[2].dir == -1 && k.v[2].qty == 2);
	assert_true(k.v[2].stop == 9 && isnan(k.v[2].limit) &&
		    k.v[2].oca_type == STRAT_OCA_CANCEL);
	assert_string_equal(k.v[2].comment, "c1");
	assert_string_equal(k.v[2].oca_name, "o");
	assert_true(k.v[3].qty_percent == 50 && k.v[3].profit == 10 &&
		    k.v[3].trail_points == 5 && k.v[3].trail_offset == 2);
	assert_string_equal(k.v[3].from_entry, "S");
	assert_true(k.v[4].immediately && k.v[5].kind == STRAT_CANCEL &&
		    k.v[6].kind == STRAT_CLOSE_ALL && k.v[6].id == NULL);
	assert_int_equal(k.v[2].line, 6);
	arena_free(&a);
}

static void formatting_changes_blanks_only_and_settles(void **state)
{
	static const char *const src = "//@version=6\nstrategy( 'a' )\n\n\n\nx=1+2 // sum\n"
		"if  close>open\n\ty = -x [1]\n";
	struct arena *a = arena_new("t", 1 << 26);
	const char *one, *two;
	struct err err;

	(void)state;
	assert_int_equal(script_format(a, src, strlen(src), &one, &err), 0);
	assert_string_equal(one, "//@version=6\nstrategy('a')\n\nx = 1 + 2  // sum\n"
		"if close>open\n    y = -x[1]\n");
	assert_int_equal(script_format(a, one, strlen(one), &two, &err), 0);
	assert_string_equal(one, two);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagnostics_name_place_and_remedy),
		cmocka_unit_test(misspelt_members_and_arguments_are_errors),
		cmocka_unit_test(several_faults_are_reported_at_once),
		cmocka_unit_test(a_run_that_goes_wrong_ends_with_a_sentence),
		cmocka_unit_test(garbage_is_collected),
		cmocka_unit_test(inputs_are_bound_and_bounded),
		cmocka_unit_test(properties_in_force_include_the_defaults),
		cmocka_unit_test(commands_carry_their_arguments),
		cmocka_unit_test(formatting_changes_blanks_only_and_settles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
