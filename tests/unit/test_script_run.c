/* What scripts compute: each case is a script of one plot and its values. */
#include "config.h"

#include "t_script.h"

static struct t_bars bars;
static const double closes[] = { 10, 11, 13, 12, 15, 14 };
#define N 6

struct expect { const char *body; double want[N]; };

static void run_one(const struct expect *e, int version)
{
	struct arena *a = arena_new("t", 1 << 26);
	char src[2000];
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;

	snprintf(src, sizeof(src), "//@version=%d\n%s(\"t\")\n%s\n", version,
		 version < 5 ? "study" : "indicator", e->body);
	vm = t_vm(a, t_compile(a, src));
	for (size_t i = 0; i < N; i++) {
		struct bars all = t_view(&bars, N);
		struct bar b = bars_at(&all, i);
		double y;

		if (script_on_bar(vm, &b, NULL, &cmds, &err) < 0)
			fail_msg("%s\n%s", err.msg, src);
		script_plot_values(vm, &y);
		if (isnan(e->want[i]) ? !isnan(y) : !(fabs(y - e->want[i]) < 1e-9))
			fail_msg("bar %zu: %.12g, not %.12g\n%s", i, y, e->want[i], src);
	}
	arena_free(&a);
}

#define RUN(version, ...)						\
static const struct expect cases[] = { __VA_ARGS__ };			\
	(void)state;							\
	t_closes(&bars, closes, N);					\
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(*cases); i_++)	\
		run_one(&cases[i_], version)

static void expressions(void **state)
{
	RUN(6,
		{ "plot(1 + 2 * 3)", { 7, 7, 7, 7, 7, 7 } },
		{ "plot(-close % 3)", { -1, -2, -1, 0, 0, -2 } },
		{ "plot(1 / 2)", { .5, .5, .5, .5, .5, .5 } },
		{ "plot(close > 12 ? 1 : close == 12 ? 2 : 3)", { 3, 3, 1, 2, 1, 1 } },
		{ "plot(not (close > 12) and close > 10 or close == 15 ? 1 : 0)",
		  { 0, 1, 0, 1, 1, 0 } },
		{ "x = close +\n  open\nplot(x\n     )", { 20, 21, 24, 25, 27, 29 } },
		{ "x = close > 12\n     ? 1\n     : 0\nplot(x)", { 0, 0, 1, 0, 1, 1 } },
		{ "plot(math.max(close, 12, 13))", { 13, 13, 13, 13, 15, 14 } },
		{ "plot(math.round(2.5) + math.round(2.347, 2))",
		  { 5.35, 5.35, 5.35, 5.35, 5.35, 5.35 } },
		{ "plot(hlc3 - (high + low + close) / 3)", { 0, 0, 0, 0, 0, 0 } },
		{ "plot(int(3.9) + int(-3.9))", { 0, 0, 0, 0, 0, 0 } },
		{ "plot(color.r(#102030) + color.t(color.new(#102030, 40)))",
		  { 56, 56, 56, 56, 56, 56 } },
	);
}

static void na_propagates_and_never_compares(void **state)
{
	RUN(6,
		{ "plot(close[1] + 1)", { NAN, 11, 12, 14, 13, 16 } },
		{ "plot(close[1] > 0 ? 1 : 0)", { 0, 1, 1, 1, 1, 1 } },
		{ "plot(close[1] != 5 ? 1 : 0)", { 0, 1, 1, 1, 1, 1 } },
		{ "plot(nz(close[1], 5))", { 5, 10, 11, 13, 12, 15 } },
		{ "plot(na(close[2]) ? 1 : 0)", { 1, 1, 0, 0, 0, 0 } },
		{ "float x = na\nplot(nz(x))", { 0, 0, 0, 0, 0, 0 } },
		{ "plot(fixnan(close > 12 ? close : na))", { NAN, NAN, 13, 13, 15, 14 } },
		{ "b = close > 10\nplot(b[1] ? 1 : 0)", { 0, 0, 1, 1, 1, 1 } },
		{ "plot(math.max(na, 1))", { NAN, NAN, NAN, NAN, NAN, NAN } },
	);
}

static void variables_keep_or_begin_anew(void **state)
{
	RUN(6,
		{ "var n = 0\nn := n + 1\nplot(n)", { 1, 2, 3, 4, 5, 6 } },
		{ "n = 0\nn := n + 1\nplot(n)", { 1, 1, 1, 1, 1, 1 } },
		{ "var first = close\nplot(first)", { 10, 10, 10, 10, 10, 10 } },
		{ "varip n = 5\nn += 2\nn *= 2\nplot(n)", { 14, 32, 68, 140, 284, 572 } },
		{ "x = 0.0\nx := nz(x[1]) + close\nplot(x)", { 10, 21, 34, 46, 61, 75 } },
		{ "x = close\nx := x * 2\nplot(x[2])", { NAN, NAN, 20, 22, 26, 24 } },
		{ "x = close\ny = x\nx := 0\nplot(y)", { 10, 11, 13, 12, 15, 14 } },
		{ "int x = na\nif close > 12\n    x := 1\nplot(x)", { NAN, NAN, 1, NAN, 1, 1 } },
		{ "var x = 0\nx := x + 1\nplot(x[1])", { NAN, 1, 2, 3, 4, 5 } },
		{ "var x = 0\nif close > 12\n    var y = 0\n    y += 1\n    x := y\nplot(x)",
		  { 0, 0, 1, 1, 2, 3 } },
	);
}

static void blocks_and_loops(void **state)
{
	RUN(6,
		{ "x = if close > 13\n    1\nelse if close > 11\n    2\nelse\n    3\nplot(x)",
		  { 3, 3, 2, 2, 1, 1 } },
		{ "x = if close > 13\n    1\nplot(x)", { NAN, NAN, NAN, NAN, 1, 1 } },
		{ "s = 0.0\nfor i = 0 to 2\n    s += nz(close[i])\nplot(s)",
		  { 10, 21, 34, 36, 40, 41 } },
		{ "s = 0\nfor i = 5 to 1 by 2\n    s := s * 10 + i\nplot(s)",
		  { 531, 531, 531, 531, 531, 531 } },
		{ "s = 0\nfor i = 0 to 10\n    if i == 2\n        continue\n    if i == 5\n"
		  "        break\n    s += i\nplot(s)", { 8, 8, 8, 8, 8, 8 } },
		{ "i = 0\nwhile i * i < close\n    i += 1\nplot(i)", { 4, 4, 4, 4, 4, 4 } },
		{ "x = switch\n    close > 13 => 1\n    close > 11 => 2\n    => 3\nplot(x)",
		  { 3, 3, 2, 2, 1, 1 } },
		{ "k = close > 12 ? \"a\" : \"b\"\nx = switch k\n    \"a\" => 1\n"
		  "    \"b\" => 2\nplot(x)", { 2, 2, 1, 2, 1, 1 } },
		{ "x = for i = 1 to 3\n    i * 2\nplot(x)", { 6, 6, 6, 6, 6, 6 } },
		{ "s = 0\nfor i = 0 to 2\n    for k = 0 to 2\n        if k > i\n"
		  "            break\n        s += 1\nplot(s)", { 6, 6, 6, 6, 6, 6 } },
		{ "[a, b] = if close > 12\n    [1, 2]\nelse\n    [3, 4]\nplot(a * 10 + b)",
		  { 34, 34, 12, 34, 12, 12 } },
	);
}

static void functions_have_state_of_their_own(void **state)
{
	RUN(6,
		{ "f(x) => x * 2\nplot(f(close) + f(1))", { 22, 24, 28, 26, 32, 30 } },
		{ "f(x, k = 3) =>\n    y = x + k\n    y * y\nplot(f(1) + f(1, 1) + f(k = 0, x = 2))",
		  { 24, 24, 24, 24, 24, 24 } },
		{ "count() =>\n    var n = 0\n    n += 1\n    n\nplot(count() * 10 + count())",
		  { 11, 22, 33, 44, 55, 66 } },
		{ "f(x) => [x, x + 1]\n[a, b] = f(close)\nplot(a * b)",
		  { 110, 132, 182, 156, 240, 210 } },
		{ "prev(x) => x[1]\nplot(prev(close * 2))", { NAN, 20, 22, 26, 24, 30 } },
		{ "f(float x) =>\n    r = 0.0\n    for i = 1 to 2\n        r += x\n    r\n"
		  "g(x) => f(x) + 1\nplot(g(close))", { 21, 23, 27, 25, 31, 29 } },
		/* a conditional call remembers only the bars on which it ran */
		{ "f(x) =>\n    x[1]\ny = 0.0\nif close > 11\n    y := nz(f(close), -1)\nplot(y)",
		  { 0, 0, -1, 13, 12, 15 } },
		{ "y = 0.0\nif close != 13\n    y := nz(ta.cum(1))\nplot(y)",
		  { 1, 2, 0, 3, 4, 5 } },
	);
}

static void version_6_is_lazy_version_5_is_not(void **state)
{
	static const char *const body =
		"f() =>\n    var n = 0\n    n += 1\n    n > 0\n"
		"g() =>\n    var n = 0\n    n += 1\n    n\n"
		"x = close > 12 and g() > 2\nplot(x ? 1 : 0)";
	static const struct expect lazy = { "", { 0, 0, 0, 0, 0, 1 } },
		eager = { "", { 0, 0, 1, 0, 1, 1 } };
	struct expect e;

	(void)state;
	t_closes(&bars, closes, N);
	e = lazy;
	e.body = body;
	run_one(&e, 6);
	e = eager;
	e.body = body;
	run_one(&e, 5);
}

static void version_5_differences(void **state)
{
	RUN(5,
		{ "plot(1 / 2)", { 0, 0, 0, 0, 0, 0 } },
		{ "plot(bar_index / 2)", { 0, .5, 1, 1.5, 2, 2.5 } },
		{ "plot(close - 10 ? 1 : 0)", { 0, 1, 1, 1, 1, 1 } },
		{ "bool b = na\nplot(na(b) ? 1 : 0)", { 1, 1, 1, 1, 1, 1 } },
	);
}

static void version_4_names(void **state)
{
	RUN(4,
		{ "plot(sma(close, 2))", { NAN, 10.5, 12, 12.5, 13.5, 14.5 } },
		{ "plot(max(close, 12) + abs(-1))", { 13, 13, 14, 13, 16, 15 } },
		{ "len = input(2, title=\"Len\", type=input.integer, minval=1)\n"
		  "plot(highest(len))", { NAN, 12, 14, 14, 16, 16 } },
		{ "plot(iff(close > 12, 1, 0), color=red)", { 0, 0, 1, 0, 1, 1 } },
		{ "plot(n)", { 0, 1, 2, 3, 4, 5 } },
	);
}

static void indicators(void **state)
{
	RUN(6,
		{ "plot(ta.sma(close, 2)[1])", { NAN, NAN, 10.5, 12, 12.5, 13.5 } },
		{ "plot(ta.change(close))", { NAN, 1, 2, -1, 3, -1 } },
		{ "plot(ta.crossover(close, 12) ? 1 : 0)", { 0, 0, 1, 0, 1, 0 } },
		{ "plot(ta.barssince(close == 13))", { NAN, NAN, 0, 1, 2, 3 } },
		{ "plot(ta.valuewhen(close > open, close, 1))",
		  { NAN, NAN, 11, 11, 13, 13 } },
		{ "plot(ta.highest(2))", { NAN, 12, 14, 14, 16, 16 } },
		{ "plot(ta.sma(close, bar_index > 3 ? 3 : 1))", { 10, 11, 13, 12, 40 / 3.0, 41 / 3.0 } },
		{ "len = close > 12 ? 1 : 2\nplot(close[len])", { NAN, NAN, 11, 11, 12, 15 } },
		{ "n = input.int(2)\nplot(close[n])", { NAN, NAN, 10, 11, 13, 12 } },
		{ "x = close\nx := x + 1\nplot(ta.sma(x, 2))", { NAN, 11.5, 13, 13.5, 14.5, 15.5 } },
		{ "[m, u, l] = ta.bb(close, 2, 1)\nplot(u - l)", { NAN, 1, 2, 1, 3, 1 } },
		{ "src = input.source(high)\nplot(src)", { 11, 12, 14, 14, 16, 16 } },
		{ "plot(math.sum(close, 3))", { NAN, NAN, 34, 36, 40, 41 } },
		{ "plot(ta.tr)", { NAN, 3, 4, 3, 5, 3 } },
		{ "plot(hour + dayofweek * 100)", { 200, 201, 202, 203, 204, 205 } },
		{ "plot(time == timestamp(2024, 1, 1, 2, 0) ? 1 : 0)", { 0, 0, 1, 0, 0, 0 } },
		{ "plot(na(time(timeframe.period, \"0100-0300\")) ? 0 : 1)", { 0, 1, 1, 0, 0, 0 } },
		{ "plot(hour(time, \"America/New_York\"))", { 19, 20, 21, 22, 23, 0 } },
	);
}

static void texts_and_arrays(void **state)
{
	RUN(6,
		{ "plot(str.length(\"a\" + str.tostring(close)))", { 3, 3, 3, 3, 3, 3 } },
		{ "plot(str.tostring(1234.5, \"#,###.00\") == \"1,234.50\" ? 1 : 0)",
		  { 1, 1, 1, 1, 1, 1 } },
		{ "plot(str.format(\"{0} {1,number,#.#}\", \"x\", 1.25) == \"x 1.3\" ? 1 : 0)",
		  { 1, 1, 1, 1, 1, 1 } },
		{ "plot(str.contains(syminfo.ticker, \"USD\") ? 1 : 0)", { 1, 1, 1, 1, 1, 1 } },
		{ "plot(str.tonumber(\"2.5\") + str.length(str.replace_all(\"aXbX\", \"X\", \"\")))",
		  { 4.5, 4.5, 4.5, 4.5, 4.5, 4.5 } },
		{ "a = array.from(3, 1, 2)\narray.sort(a)\nplot(array.get(a, 0) * 100 + a.get(2))",
		  { 103, 103, 103, 103, 103, 103 } },
		{ "var a = array.new<float>()\na.push(close)\nif a.size() > 3\n    a.shift()\n"
		  "plot(a.avg())", { 10, 10.5, 34 / 3.0, 12, 40 / 3.0, 41 / 3.0 } },
		{ "a = array.from(1, 2, 3)\ns = 0\nfor x in a\n    s += x\nplot(s)",
		  { 6, 6, 6, 6, 6, 6 } },
		{ "a = array.from(5, 6)\ns = 0\nfor [i, x] in a\n    s += i * x\nplot(s)",
		  { 6, 6, 6, 6, 6, 6 } },
		{ "type P\n    float x = 1\n    int n\np = P.new(close, 2)\np.x += 1\n"
		  "plot(p.x * p.n)", { 22, 24, 28, 26, 32, 30 } },
		{ "type P\n    float x\nmethod twice(P this) =>\n    this.x * 2\n"
		  "var P p = P.new(3)\nplot(p.twice())", { 6, 6, 6, 6, 6, 6 } },
		{ "enum E\n    a\n    b\ne = close > 12 ? E.a : E.b\nplot(e == E.a ? 1 : 0)",
		  { 0, 0, 1, 0, 1, 1 } },
	);
}

static void maps(void **state)
{
	RUN(6,
		{ "m = map.new<string, float>()\nm.put(\"a\", close)\nmap.put(m, \"b\", 2)\n"
		  "m.put(\"a\", close + 1)\nplot(m.get(\"a\") + m.size() * 100 + "
		  "(m.contains(\"b\") ? 1000 : 0) + (m.contains(\"c\") ? 5000 : 0))",
		  { 1211, 1212, 1214, 1213, 1216, 1215 } },
		{ "var m = map.new<int, int>()\nm.put(bar_index % 3, bar_index)\n"
		  "plot(m.values().sum() + m.keys().size() * 100)",
		  { 100, 201, 303, 306, 309, 312 } },
		{ "var m = map.new<int, float>()\nm.put(bar_index, close)\nx = m.remove(bar_index "
		  "- 1)\nplot(nz(x) + m.size() * 100)", { 100, 110, 111, 113, 112, 115 } },
		{ "var m = map.new<int, float>()\nm.put(1, close)\nplot(nz(m.get(2), -1))",
		  { -1, -1, -1, -1, -1, -1 } },
		{ "var m = map.new<int, float>()\nplot(nz(m.put(1, close), -1))",
		  { -1, 10, 11, 13, 12, 15 } },
		{ "map<string, int> m = map.new<string, int>()\nfor i = 0 to 20\n"
		  "    m.put(str.tostring(i % 7), i)\nn = m.copy()\nm.clear()\n"
		  "n.put_all(m)\nplot(n.get(\"6\") + n.size() + m.size())",
		  { 27, 27, 27, 27, 27, 27 } },
		{ "m = map.new<int, float>()\nm.put(1, close)\n"
		  "s = 0.0\nfor k in m.keys()\n    s += k + m.get(k)\nplot(s)",
		  { 11, 12, 14, 13, 16, 15 } },
	);
}

static void sizes_and_messages_are_made_of_what_is_in_force(void **state)
{
	static const char src[] = "//@version=6\nstrategy(\"t\", default_qty_type = "
		"strategy.percent_of_equity, default_qty_value = 50, commission_value = 1)\n"
		"plot(strategy.default_entry_qty(close))\n"
		"plot(strategy.convert_to_symbol(strategy.convert_to_account(close)))\n"
		"log.warning(\"close {0}, {1}\", close, \"x\")\n";
	struct arena *a = arena_new("t", 1 << 26);
	struct strat_account acct = { .initial_capital = 500, .equity = 1000 };
	struct script_market m = t_market;
	const struct script_note *notes;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;
	struct bar b;
	double y[2];

	(void)state;
	t_closes(&bars, closes, N);
	m.lot = 0.1;
	assert_int_equal(script_vm_new(a, t_compile(a, src), NULL, &m, NULL, &vm, &err), 0);
	b = bars_at(&(struct bars){ 1, bars.t, bars.o, bars.h, bars.l, bars.c, bars.v }, 0);
	assert_int_equal(script_on_bar(vm, &b, &acct, &cmds, &err), 0);
	script_plot_values(vm, y);
	assert_true(fabs(y[0] - 49.5) < 1e-12);	/* 500 / (10 * 1.01), cut to 0.1 */
	assert_true(y[1] == 10);
	assert_int_equal(script_notes(vm, &notes), 1);
	assert_int_equal(notes[0].kind, NOTE_WARNING);
	assert_string_equal(notes[0].text, "close 10, x");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions),
		cmocka_unit_test(na_propagates_and_never_compares),
		cmocka_unit_test(variables_keep_or_begin_anew),
		cmocka_unit_test(blocks_and_loops),
		cmocka_unit_test(functions_have_state_of_their_own),
		cmocka_unit_test(version_6_is_lazy_version_5_is_not),
		cmocka_unit_test(version_5_differences),
		cmocka_unit_test(version_4_names),
		cmocka_unit_test(indicators),
		cmocka_unit_test(texts_and_arrays),
		cmocka_unit_test(sizes_and_messages_are_made_of_what_is_in_force),
		cmocka_unit_test(maps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
