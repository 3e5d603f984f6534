/* What functions of the library give: scripts of one plot and its values, and
 * inputs written in all the ways scripts write them. */
#include "config.h"

#include "t_script.h"

static struct t_bars bars;
static const double closes[] = { 10, 11, 13, 12, 15, 14 };
#define N 6

struct expect { int version; const char *body; double want[N]; };

static void run_one(const struct expect *e)
{
	struct arena *a = arena_new("t", 1 << 26);
	char src[3000];
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct err err;

	snprintf(src, sizeof(src), "//@version=%d\n%s(\"t\")\n%s\n", e->version,
		 e->version < 5 ? "study" : "indicator", e->body);
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

#define RUN(...)							\
static const struct expect cases[] = { __VA_ARGS__ };			\
	(void)state;							\
	t_closes(&bars, closes, N);					\
	for (size_t i_ = 0; i_ < sizeof(cases) / sizeof(*cases); i_++)	\
		run_one(&cases[i_])
#define ALL(x) { x, x, x, x, x, x }

static void inputs_are_named_in_any_order(void **state)
{
	RUN(
		{ 4, "n = input(title=\"N\", defval=2)\nplot(n)", ALL(2) },
		{ 4, "n = input(title=\"N\", type=input.source, defval=high)\nplot(n - high)",
		  ALL(0) },
		{ 5, "n = input.source(title=\"N\", defval=low)\nplot(n - low)", ALL(0) },
		{ 5, "n = input(title=\"N\" + \"o\", defval=true)\nplot(n ? 1 : 0)", ALL(1) },
		{ 5, "t = input.time(timestamp(\"01 Jan 2024 02:00 +0000\"))\nplot(time >= t ? 1 : 0)",
		  { 0, 0, 1, 1, 1, 1 } },
		{ 5, "t = input.time(timestamp(2024, 1, 1, 3, 0))\nplot(time >= t ? 1 : 0)",
		  { 0, 0, 0, 1, 1, 1 } },
		{ 6, "enum E\n    a = \"Alpha\"\n    b\n    c\ne = input.enum(E.c, options = [E.b, "
		     "E.c])\nplot(e == E.c and str.tostring(e) == \"c\" and "
		     "str.tostring(E.a) == \"Alpha\" ? 1 : 0)", ALL(1) },
	);
}

static void dates_are_read_in_their_usual_forms(void **state)
{
#define DATE(text) { 5, "plot(timestamp(\"" text "\") - 1704164645000)", ALL(0) }
	RUN(
		DATE("2024-01-02T03:04:05"), DATE("2024-01-02 03:04:05"),
		DATE("2024-01-02 03:04:05 +0000"), DATE("02 Jan 2024 03:04:05"),
		DATE("2 January 2024 05:04:05 +0200"), DATE("Jan 02 2024 03:04:05"),
		DATE("Jan 2, 2024 03:04:05 GMT+0"), DATE("2024-01-01T22:04:05-05:00"),
		{ 5, "plot(timestamp(\"2024-01-02\") - 1704153600000)", ALL(0) },
		{ 5, "plot(timestamp(\"UTC-2\", 2024, 1, 2, 1, 4, 5) - 1704164645000)", ALL(0) },
	);
}

static void what_never_changes_makes_nothing_conditional(void **state)
{
	RUN(
		/* lengths that would be refused are not, where they are not used */
		{ 6, "n = input.int(0)\nx = n > 0 ? ta.sma(close, n) : close\nplot(x)",
		  { 10, 11, 13, 12, 15, 14 } },
		{ 6, "ma(s, n, k) =>\n    switch k\n        \"A\" => ta.sma(s, n)\n        \"B\" => "
		     "ta.highest(s, n)\nk = input.string(\"B\")\nplot(ma(close, 2, k)[1])",
		  { NAN, NAN, 11, 13, 13, 15 } },
		{ 6, "on = input.bool(true)\nb = on and ta.crossover(close, 12)\nplot(b ? 1 : 0)",
		  { 0, 0, 1, 0, 1, 0 } },
		{ 6, "on = input.bool(false)\nb = on or ta.crossover(close, 12)\nplot(b ? 1 : 0)",
		  { 0, 0, 1, 0, 1, 0 } },
		{ 6, "on = input.bool(true)\nx = 0.0\nif on\n    if close != 13\n        x := "
		     "ta.cum(1)\nplot(x)", { 1, 2, 0, 3, 4, 5 } },
	);
}

static void arrays_have_statistics(void **state)
{
	RUN(
		{ 6, "a = array.from(1.0, 2, 4)\nplot(a.covariance(array.from(2.0, 4, 6)))",
		  ALL(2) },
		{ 6, "a = array.from(1.0, 2, 4)\nplot(a.covariance(array.from(2.0, 4, 6), false))",
		  ALL(3) },
		{ 6, "a = array.from(3, 1, 2)\nplot(a.percentrank(2))", ALL(50) },
		{ 6, "a = array.from(-3, 1)\nplot(a.abs().sum() + a.sum())", ALL(2) },
		{ 6, "a = array.from(1.0, 3)\nplot(a.standardize().get(1))", ALL(1) },
		{ 6, "a = array.from(3, 1, 2)\ni = a.sort_indices()\nplot(i.get(0) * 100 + "
		     "i.get(1) * 10 + i.get(2))", ALL(120) },
		{ 6, "a = array.from(3, 1, 2)\ni = a.sort_indices(order.descending)\n"
		     "plot(i.get(0) * 100 + i.get(1) * 10 + i.get(2))", ALL(21) },
		{ 6, "a = array.from(1, 2, 2, 2, 5)\nplot(a.binary_search_leftmost(2) * 1000 + "
		     "a.binary_search_rightmost(2) * 100 + a.binary_search_leftmost(3) * 10 + "
		     "a.binary_search_rightmost(3))", ALL(1334) },
		{ 6, "f(int x) => 1\nf(string x) => 2\nf(float x, float y) => 3\n"
		     "plot(f(1) * 100 + f(\"a\") * 10 + f(1, 2))", ALL(123) },
		{ 6, "a = array.from(1.5, 2)\nb = array.from(true)\nplot(str.tostring(a) == "
		     "\"[1.5, 2]\" and str.format(\"{0}\", b) == \"[true]\" ? 1 : 0)", ALL(1) },
		{ 6, "a = array.from(true, false)\nplot((a.some() ? 1 : 0) + (a.every() ? 2 : 0))",
		  ALL(1) },
	);
}

static void time_has_more_words(void **state)
{
	RUN(
		{ 6, "plot(timeframe.from_seconds(14400) == \"240\" and "
		     "timeframe.from_seconds(86400) == \"1D\" ? 1 : 0)", ALL(1) },
		{ 6, "plot(session.isfirstbar ? 1 : 0)", { 1, 0, 0, 0, 0, 0 } },
		{ 6, "plot(time(\"12M\") - timestamp(2024, 1, 1) + time_close(\"3M\") - "
		     "timestamp(2024, 4, 1))", ALL(0) },
		{ 6, "plot(timeframe.in_seconds(\"12M\") / 2628003)", ALL(12) },
		{ 6, "plot(time(\"300\") - timestamp(2024, 1, 1))",
		  { 0, 0, 0, 0, 0, 18000000 } },
		{ 6, "plot(time_tradingday - timestamp(2024, 1, 1))", ALL(0) },
		{ 6, "plot(syminfo.pricescale * 10 + syminfo.minmove)", ALL(1001) },
		{ 5, "f(n) => 2 / (n + 1)\nplot(f(3) + 7 / 2)", ALL(3.5) },
		{ 5, "s = ta.crossover(close, 12) ? 1 : ta.crossunder(close, 12.5) ? -1 : 0\nplot(s)",
		  { 0, 0, 1, 0, 1, 0 } },	/* the second is not asked on bar 2 */
		{ 4, "plot(offset(close, 1))", { NAN, 10, 11, 13, 12, 15 } },
	);
}

static void drawings_are_read_back(void **state)
{
	RUN(
		{ 5, "var line l = na\nif bar_index == 1\n    l := line.new(bar_index, low, "
		     "bar_index + 2, high)\nif bar_index == 3\n    line.set_xy2(l, 5, 100)\n"
		     "plot(line.get_y2(l) + l.get_x1())", { NAN, 13, 13, 101, 101, 101 } },
		{ 5, "l = line.new(0, 10, 10, 20)\nplot(line.get_price(l, 5))", ALL(15) },
		{ 6, "b = box.new(left = 1, top = high, right = 3, bottom = low)\nc = b.copy()\n"
		     "c.set_top(50)\nplot(b.get_top() - high + c.get_top() + b.get_left())",
		  ALL(51) },
		{ 6, "label.new(bar_index, high, \"x\")\nplot(label.all.size())",
		  { 1, 2, 3, 4, 5, 6 } },
		{ 6, "l = label.new(bar_index, high, \"x\")\nlabel.delete(l[1])\n"
		     "plot(label.all.size() * 10 + (na(label.get_x(l[1])) ? 1 : 0))", ALL(11) },
		{ 6, "p = chart.point.from_index(3, close)\nl = label.new(p, \"t\")\n"
		     "plot(l.get_x() * 100 + l.get_y() - p.price)", ALL(300) },
		{ 6, "a = array.new<chart.point>()\na.push(chart.point.now(high))\n"
		     "plot(a.first().price - high)", ALL(0) },
		{ 5, "t = table.new(position.top_left, 1, 1)\ntable.cell(t, 0, 0, \"a\")\nplot(1)",
		  ALL(1) },
	);
}

static void matrices(void **state)
{
#define M "m = matrix.new<float>(2, 2, 0)\nm.set(0, 0, 4)\nm.set(0, 1, 7)\nm.set(1, 0, 2)\n" \
	"m.set(1, 1, 6)\n"
	RUN(
		{ 6, M "plot(m.det() + m.trace() * 100 + m.rank() * 10000)", ALL(21010) },
		{ 6, M "i = m.inv()\nu = m.mult(i)\nplot(u.get(0, 0) + u.get(1, 1) + "
		       "u.get(0, 1) + i.get(0, 0))", ALL(2.6) },
		{ 6, M "plot(matrix.sum(m, 1).avg() - m.diff(m).avg())", ALL(5.75) },
		{ 6, M "x = m.mult(array.from(1.0, 2))\nplot(x.get(0) * 100 + x.get(1))",
		  ALL(1814) },
		{ 6, M "t = m.transpose()\nm.add_row(2, array.from(8.0, 9))\nplot(t.get(0, 1) * "
		       "1000 + m.rows() * 100 + m.columns() * 10 + m.get(2, 1))", ALL(2329) },
		{ 6, M "m.add_col(0, array.from(1.0, 3))\nr = m.row(1)\nplot(r.get(0) * 100 + "
		       "r.get(1) * 10 + r.get(2))", ALL(326) },
		{ 6, M "r = m.remove_col(0)\nplot(r.get(1) * 100 + m.get(1, 0) * 10 + m.columns())",
		  ALL(261) },
		{ 6, M "m.sort(0)\nm.swap_columns(0, 1)\nplot(m.get(0, 0) * 10 + m.get(1, 1))",
		  ALL(64) },
		{ 6, M "s = 0.0\nfor [i, r] in m\n    s += r.sum() * (i + 1)\nplot(s + "
		       "m.pow(2).get(0, 0) * 1000)", ALL(30027) },
		{ 6, M "plot((m.is_square() ? 1 : 0) + (m.is_symmetric() ? 2 : 0) + "
		       "m.median() * 10 + m.max() * 1000 + m.elements_count() * 100)",
		  ALL(7451) },
		{ 6, "m = matrix.new<int>()\nm.add_row(0, array.from(1, 2, 3))\nm.reshape(3, 1)\n"
		     "plot(m.rows() * 10 + m.kron(m).rows() + m.submatrix(1, 2).get(0, 0) * 100)",
		  ALL(239) },
	);
}

static void maps_are_gone_through(void **state)
{
	RUN(
		{ 6, "m = map.new<string, float>()\nm.put(\"a\", 1)\nm.put(\"b\", 2)\nm.put(\"a\", "
		     "3)\ns = 0.0\nfor [k, v] in m\n    s := s * 10 + v + (k == \"b\" ? 5 : 0)\n"
		     "plot(s)", ALL(37) },
	);
}

static void names_of_symbol_and_timeframe_are_as_scripts_expect(void **state)
{
	static const struct { const char *src; double want; } days[] = {
		{ "//@version=5\nindicator(\"t\")\nplot(timeframe.period == \"D\" ? 1 : 0)\n", 1 },
		{ "//@version=6\nindicator(\"t\")\nplot(timeframe.period == \"1D\" ? 1 : 0)\n", 1 },
		{ "//@version=6\nindicator(\"t\")\nplot(syminfo.ticker == \"ETHUSDT\" and "
		  "syminfo.tickerid == \"sim:ETHUSDT\" ? 1 : 0)\n", 1 },
		{ "//@version=6\nindicator(\"t\")\nplot(request.security(syminfo.tickerid, \"1W\", "
		  "time) == 0 ? 1 : 2)\n", 2 },
	};

	(void)state;
	t_closes(&bars, closes, N);
	for (size_t i = 0; i < sizeof(days) / sizeof(*days); i++) {
		struct arena *a = arena_new("t", 1 << 26);
		struct script_market m = t_market;
		struct bars all = t_view(&bars, N);
		struct bar b = bars_at(&all, 0);
		struct script_vm *vm;
		struct strat_cmds cmds;
		struct err err;
		double y;

		m.symbol = "ETH/USDT";
		m.timeframe = "1D";
		assert_int_equal(script_vm_new(a, t_compile(a, days[i].src), NULL, &m, NULL,
					       &vm, &err), 0);
		assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), 0);
		script_plot_values(vm, &y);
		assert_true(y == days[i].want);
		arena_free(&a);
	}
}

static void the_accounts_past_is_whole(void **state)
{
	static const char src[] = "//@version=6\nstrategy(\"t\")\nvar float seen = na\n"
		"if bar_index == 3 and strategy.position_size[1] == 3\n"
		"    seen := strategy.position_size[2]\nplot(seen)\n";
	struct arena *a = arena_new("t", 1 << 26);
	struct script_vm *vm = t_vm(a, t_compile(a, src));
	struct strat_cmds cmds;
	struct err err;
	double y;

	(void)state;
	t_closes(&bars, closes, N);
	for (size_t i = 0; i < N; i++) {
		struct bars all = t_view(&bars, N);
		struct bar b = bars_at(&all, i);
		struct strat_account acct = { .position_size = (double)i + 1 };

		assert_int_equal(script_on_bar(vm, &b, &acct, &cmds, &err), 0);
	}
	script_plot_values(vm, &y);
	assert_true(y == 2);
	arena_free(&a);
}

static void drawings_are_shown_to_hosts(void **state)
{
	static const char src[] = "//@version=6\nindicator(\"t\", max_labels_count = 2)\n"
		"label.new(bar_index, close, \"n\" + str.tostring(bar_index))\n";
	struct arena *a = arena_new("t", 1 << 26);
	struct script_vm *vm = t_vm(a, t_compile(a, src));
	struct strat_cmds cmds;
	struct sbuf text;
	struct err err;
	struct jw w;

	(void)state;
	t_closes(&bars, closes, N);
	for (size_t i = 0; i < N; i++) {
		struct bars all = t_view(&bars, N);
		struct bar b = bars_at(&all, i);

		assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), 0);
	}
	sbuf_init(&text, a, 1 << 16);
	jw_init(&w, &text);
	script_drawings_json(&w, vm, a);
	assert_string_equal(sbuf_finish(&text), "[{\"kind\":\"label\",\"x\":4,\"y\":15,\"text\":"
		"\"n4\"},{\"kind\":\"label\",\"x\":5,\"y\":14,\"text\":\"n5\"}]");
	arena_free(&a);
}

/* What a script has drawn once its bars are over. */
static const char *drawn(struct arena *a, const char *body)
{
	char *src = arena_printf(a, "//@version=6\nindicator(\"t\")\n%s\n", body);
	struct script_vm *vm = t_vm(a, t_compile(a, src));
	struct strat_cmds cmds;
	struct sbuf text;
	struct err err;
	struct jw w;

	t_closes(&bars, closes, N);
	for (size_t i = 0; i < N; i++) {
		struct bars all = t_view(&bars, N);
		struct bar b = bars_at(&all, i);

		assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), 0);
	}
	sbuf_init(&text, a, 1 << 16);
	jw_init(&w, &text);
	script_drawings_json(&w, vm, a);
	return sbuf_finish(&text);
}

static void drawings_of_several_parts_are_whole(void **state)
{
	struct arena *a = arena_new("t", 1 << 26);

	(void)state;
	assert_string_equal(drawn(a,
		"var t = table.new(position.top_right, 2, 2, bgcolor = color.red)\n"
		"table.cell(t, 0, 1, \"n\" + str.tostring(bar_index), text_color = color.new(color.black, 50))\n"
		"table.cell(t, 1, 1, bgcolor = color.red)\n"
		"table.cell(t, 5, 1, \"outside\")\n"
		"table.cell(t, 0, 0, \"gone\")\ntable.clear(t, 0, 0)\n"
		"table.cell_set_text(t, 1, 0, \"one\")"),
		"[{\"kind\":\"table\",\"position\":\"top_right\",\"columns\":2,\"rows\":2,"
		"\"bgcolor\":\"#f23645ff\",\"cells\":["
		"{\"column\":1,\"row\":0,\"text\":\"one\"},"
		"{\"column\":0,\"row\":1,\"text\":\"n5\",\"text_color\":\"#363a4580\"},"
		"{\"column\":1,\"row\":1,\"bgcolor\":\"#f23645ff\"}]}]");
	assert_string_equal(drawn(a,
		"if bar_index == 3\n    a = line.new(1, 2, 3, 4)\n    b = line.new(1, 5, 3, 6)\n"
		"    linefill.new(a, b, color.red)\n    line.delete(b)"),
		"[{\"kind\":\"line\",\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},"
		"{\"kind\":\"linefill\",\"line1\":{\"kind\":\"line\",\"x1\":1,\"y1\":2,\"x2\":3,"
		"\"y2\":4},\"color\":\"#f23645ff\"}]");
	assert_string_equal(drawn(a,
		"if bar_index == 3\n    polyline.new(array.from(chart.point.from_index(1, 2.5), "
		"chart.point.from_time(60000, 3)), closed = true)"),
		"[{\"kind\":\"polyline\",\"points\":[[1,2.5],[60000,3]],\"closed\":true}]");
	arena_free(&a);
}

/* --- Libraries ---------------------------------------------------------------- */

static const char lib_source[] = "//@version=5\nlibrary(\"tools\")\nK = 3\n"
	"half(x) => x / 2\n"
	"export type Level\n    float price\n    int hits = 0\n"
	"export scale(float x) => half(x) * K\n"
	"export method hit(Level this) =>\n    this.hits += 1\n    this\n"
	"export bad(x) => x + nothing\n"
	"export mean(series float s, simple int n) => ta.sma(s, n)\n";

static int find_library(void *ctx, struct arena *out, struct str user, struct str name,
			int version, struct str *ret)
{
	(void)out;
	assert_ptr_equal(ctx, lib_source);
	if (!str_eqc(user, "me") || !str_eqc(name, "tools") || version != 2)
		return -1;
	*ret = str_c(lib_source);
	return 0;
}

static const char *library_fault(struct arena *a, const char *body,
				 const struct script_prog **ret)
{
	const struct script_options o = { .library = find_library,
		.library_ctx = (void *)(uintptr_t)lib_source };
	char *src = arena_printf(a, "//@version=6\nindicator(\"t\")\n%s\n", body);
	struct diags d;
	struct err err = { 0 };

	if (script_compile(a, src, strlen(src), &o, ret, &d, &err) == 0)
		return "";
	return arena_printf(a, "%d:%d %s", d.v[0].line, d.v[0].col, d.v[0].msg);
}

static void libraries_are_imported(void **state)
{
	static const char good[] = "import me/tools/2 as t\n"
		"l = t.Level.new(close)\nl.hit()\nl.hit()\nt.Level m = na\nm := l\n"
		"plot(t.scale(close) + m.hits * 100 + t.mean(close, 1) * 1000)";
	struct arena *a = arena_new("t", 1 << 26);
	const struct script_prog *p;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct bars all;
	struct err err;
	struct bar b;
	double y;

	(void)state;
	t_closes(&bars, closes, N);
	all = t_view(&bars, N);
	b = bars_at(&all, 0);
	assert_string_equal(library_fault(a, good, &p), "");
	vm = t_vm(a, p);
	assert_int_equal(script_on_bar(vm, &b, NULL, &cmds, &err), 0);
	script_plot_values(vm, &y);
	assert_true(y == 10215);
	assert_string_equal(library_fault(a, "import me/tools/2\nplot(tools.half(1))", &p),
			    "4:6 there is no function \"tools.half\"");
	assert_string_equal(library_fault(a, "import me/tools/2\nplot(tools.bad(1))", &p),
			    "4:6 the library tools, line 12: \"nothing\" is not defined");
	assert_string_equal(library_fault(a, "import you/other/1\nplot(1)", &p),
			    "3:1 the library you/other is not here: save its source under the name "
			    "\"other\", or copy the functions you need into the script");
	assert_string_equal(library_fault(a, "import me/tools\nplot(1)", &p),
			    "4:1 expected user/library/version, found a new line with \"plot\"");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inputs_are_named_in_any_order),
		cmocka_unit_test(dates_are_read_in_their_usual_forms),
		cmocka_unit_test(what_never_changes_makes_nothing_conditional),
		cmocka_unit_test(arrays_have_statistics),
		cmocka_unit_test(time_has_more_words),
		cmocka_unit_test(drawings_are_read_back),
		cmocka_unit_test(matrices),
		cmocka_unit_test(maps_are_gone_through),
		cmocka_unit_test(names_of_symbol_and_timeframe_are_as_scripts_expect),
		cmocka_unit_test(the_accounts_past_is_whole),
		cmocka_unit_test(drawings_are_shown_to_hosts),
		cmocka_unit_test(drawings_of_several_parts_are_whole),
		cmocka_unit_test(libraries_are_imported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
