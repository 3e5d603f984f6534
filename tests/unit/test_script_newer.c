/* Pivot points, eigenvalues, maps of many keys, str.match(), windows on arrays:
 * values against published definitions and other implementations. */
#include "config.h"

#include "t_script.h"

static struct t_bars bars;
static const double closes[] = { 10, 11, 13, 12, 15, 14 };
#define N 6
#define S6 "//@version=6\nindicator(\"t\")\n"

/* Plot 0 on each bar; and in one block the same. */
static void values(const char *body, double *ret)
{
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p = t_compile(a, arena_printf(a, S6 "%s\n", body));
	struct script_vm *one = t_vm(a, p), *all = t_vm(a, p);
	struct bars b = t_view(&bars, N);
	struct strat_cmds k;
	struct err err;

	t_closes(&bars, closes, N);
	assert_int_equal(script_block(all, &b, &err), 0);
	for (size_t i = 0; i < N; i++) {
		struct bar x = bars_at(&b, i);
		double y;

		if (script_on_bar(one, &x, NULL, &k, &err) < 0 ||
		    script_step(all, NULL, &k, &err) < 0)
			fail_msg("%s\n%s", err.msg, body);
		script_plot_values(one, &ret[i]);
		script_plot_values(all, &y);
		assert_true(y == ret[i] || (isnan(y) && isnan(ret[i])));
	}
	arena_free(&a);
}

static void is(const char *body, size_t bar, double want)
{
	double y[N];

	values(body, y);
	if (isnan(want) ? !isnan(y[bar]) : !(fabs(y[bar] - want) < 1e-12 * (1 + fabs(want))))
		fail_msg("bar %zu: %.15g, not %.15g\n%s", bar, y[bar], want, body);
}

static void fails(const char *body, const char *why)
{
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p = t_compile(a, arena_printf(a, S6 "%s\n", body));
	struct script_vm *vm;
	struct bars b = t_view(&bars, N);
	struct bar x = bars_at(&b, 0);
	struct strat_cmds k;
	struct err err;
	int rc;

	t_closes(&bars, closes, N);
	rc = script_vm_new(a, p, NULL, &t_market, NULL, &vm, &err);
	if (rc == 0)
		rc = script_on_bar(vm, &x, NULL, &k, &err);
	assert_true(rc < 0);
	if (strstr(err.msg, why) == NULL)
		fail_msg("%s", err.msg);
	arena_free(&a);
}

/* Of bars 0 to 2: high 14, low 9, open 10, close 13; bar 3 opens at 13. */
static void levels_of_pivot_points(void **state)
{
	static const struct { const char *type; double level[11]; } sets[] = {
		{ "Traditional", { 12, 15, 10, 17, 7, 20, 5, 23, 3, 26, 1 } },
		{ "Fibonacci", { 12, 13.91, 10.09, 15.09, 8.91, 17, 7, NAN, NAN, NAN, NAN } },
		{ "Woodie", { 12.25, 15.5, 10.5, 17.25, 7.25, 20.5, 5.5, 25.5, 0.5, NAN, NAN } },
		{ "Classic", { 12, 15, 10, 17, 7, 22, 2, 27, -3, NAN, NAN } },
		{ "DM", { 12.5, 16, 11, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN } },
		{ "Camarilla", { 12, 13 + 5.5 / 12, 13 - 5.5 / 12, 13 + 5.5 / 6, 13 - 5.5 / 6,
				 14.375, 11.625, 15.75, 10.25, 14.0 / 9 * 13,
				 13 - (14.0 / 9 * 13 - 13) } },
	};
	char s[300];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		for (int k = 0; k < 11; k++) {
			snprintf(s, sizeof(s), "p = ta.pivot_point_levels(\"%s\", bar_index %% 3 == 0)\n"
				 "plot(p.get(%d))", sets[i].type, k);
			is(s, 3, sets[i].level[k]);
			is(s, 5, sets[i].level[k]);
			is(s, 2, NAN);
		}
	is("p = ta.pivot_point_levels(\"Traditional\", bar_index % 3 == 0, true)\nplot(p.get(0))",
	   2, 12);
	is("p = ta.pivot_point_levels(\"Traditional\", developing = true, anchor = bar_index % 3 == 0)\n"
	   "q = ta.pivot_point_levels(\"Classic\", bar_index == 1)\nplot(p.get(0) + q.get(0))",
	   4, (16.0 + 11 + 15) / 3 + (11.0 + 9 + 10) / 3);
	fails("plot(ta.pivot_point_levels(\"Wooody\", true).size())", "the type is Traditional");
	fails("plot(ta.pivot_point_levels(\"Woodie\", true, true).size())", "cannot be developing");
}

#define A3 "m = matrix.new<float>(0, 3)\nm.add_row(0, array.from(4.0, 1, 2))\n" \
	"m.add_row(1, array.from(1.0, 3, 0))\nm.add_row(2, array.from(2.0, 0, 5))\n"
#define B3 "m = matrix.new<float>(0, 3)\nm.add_row(0, array.from(1.0, 2, 0))\n" \
	"m.add_row(1, array.from(3.0, 1, 4))\nm.add_row(2, array.from(0.0, 1, 2))\n"

/* numpy.linalg, the signs as documented. */
static void eigenvalues_and_vectors(void **state)
{
	static const double sym[3] = { 6.669079088282287, 3.476023602918133, 1.854897308799576 };
	static const double gen[3] = { 4.414213562373095, 1.585786437626904, -2 };
	static const double vec[3][3] = {	/* of sym; columns */
		{ 0.631178968776483, 0.374361954783072, 0.679313061986336 },
		{ 0.172026536792908, 0.786435698751378, -0.593233311917385 },
		{ 0.756320024865991, -0.491296263511569, -0.431981482758553 } };
	static const double gvec[3] = { 0.475963149477968, 0.812519920068745, 0.336556770590778 };
	char s[400];

	(void)state;
	for (int i = 0; i < 3; i++) {
		snprintf(s, sizeof(s), A3 "plot(m.eigenvalues().get(%d))", i);
		is(s, 2, sym[i]);
		snprintf(s, sizeof(s), B3 "plot(matrix.eigenvalues(m).get(%d))", i);
		is(s, 2, gen[i]);
		snprintf(s, sizeof(s), B3 "plot(m.eigenvectors().get(%d, 0))", i);
		is(s, 1, gvec[i]);
		for (int k = 0; k < 3; k++) {
			snprintf(s, sizeof(s), A3 "plot(m.eigenvectors().get(%d, %d))", i, k);
			is(s, 1, vec[i][k]);
		}
	}
	/* a turn by a right angle: 0 +- i */
	is("m = matrix.new<float>(2, 2, 0)\nm.set(0, 1, -1)\nm.set(1, 0, 1)\n"
	   "plot(m.eigenvalues().get(0) + (na(m.eigenvectors().get(0, 0)) ? 5 : 0))", 0, 5);
	is("m = matrix.new<float>(2, 2)\nplot(m.eigenvalues().get(0))", 0, NAN);
	fails("plot(matrix.new<float>(2, 3, 1).eigenvalues().size())", "not square");
	fails("plot(matrix.new<float>(201, 201, 1).eigenvalues().size())", "more than 200");
}

/* Any matrix: A v = value v for the real ones, and the trace is the sum. */
static void eigenvalues_of_many(void **state)
{
	static const char body[] =
		"n = 2 + bar_index * 2\nm = matrix.new<float>(n, n, 0)\nt = 0.0\n"
		"for i = 0 to n - 1\n    for k = 0 to n - 1\n"
		"        m.set(i, k, math.sin(%s) * 10)\n"
		"    t += m.get(i, i)\n"
		"e = m.eigenvalues()\nv = m.eigenvectors()\nworst = math.abs(t - e.sum())\n"
		"for k = 0 to n - 1\n    x = v.col(k)\n    if not na(x.get(0))\n"
		"        y = m.mult(x)\n        for i = 0 to n - 1\n"
		"            worst := math.max(worst, math.abs(y.get(i) - e.get(k) * x.get(i)))\n"
		"plot(worst)\n";
	static const char *const how[] = { "i * 7.3 + k * 3.1 + 1", "(i + 1) * (k + 1)",
		"(i - k) * (i - k) + i", "i * k == 0 ? 1 : i > k ? 2 : 0" };
	double y[N];

	(void)state;
	for (size_t h = 0; h < ARRAY_LEN(how); h++) {
		char s[900];

		snprintf(s, sizeof(s), body, how[h]);
		values(s, y);
		for (size_t i = 0; i < N; i++)
			if (!(y[i] < 1e-6))
				fail_msg("%s, %zu rows: %g", how[h], 2 + 2 * i, y[i]);
	}
}

static void pseudo_inverses(void **state)
{
	static const double want[2][3] = {
		{ -4.0 / 3, -1.0 / 3, 2.0 / 3 }, { 13.0 / 12, 1.0 / 3, -5.0 / 12 } };
	char s[400];

	(void)state;
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 3; k++) {
			snprintf(s, sizeof(s), "m = matrix.new<float>(3, 2, 0)\nfor i = 0 to 5\n"
				 "    m.set(math.floor(i / 2), i %% 2, i + 1)\nplot(m.pinv().get(%d, %d))",
				 i, k);
			is(s, 0, want[i][k]);
			snprintf(s, sizeof(s), "m = matrix.new<float>(3, 2, 0)\nfor i = 0 to 5\n"
				 "    m.set(math.floor(i / 2), i %% 2, i + 1)\n"
				 "plot(m.transpose().pinv().get(%d, %d))", k, i);
			is(s, 0, want[i][k]);
		}
	is("m = matrix.new<float>(2, 2, 2)\nm.set(0, 0, 1)\nm.set(1, 1, 4)\np = m.pinv()\n"
	   "plot(p.get(0, 0) + p.get(0, 1) * 10 + p.get(1, 1) * 100)", 0, 0.04 + 0.8 + 16);
	is("plot(matrix.new<float>(2, 3, 0).pinv().sum(0).avg())", 0, 0);
}

/* The order of keys is that of their coming, also with many gone; 20,000 keys
 * in one bar are within its steps. */
static void maps_of_many_keys(void **state)
{
	(void)state;
	is("m = map.new<int, int>()\nfor i = 0 to 19999\n    m.put(i * 7919 % 20011, i)\n"
	   "s = 0\nfor i = 0 to 19999\n    s += m.get(i * 7919 % 20011) == i ? 1 : 0\n"
	   "plot(s + (m.size() == 20000 ? 1 : 0))", 0, 20001);
	is("m = map.new<string, int>()\nfor i = 0 to 99\n    m.put(str.tostring(i), i)\n"
	   "for i = 0 to 99\n    if i % 3 != 0\n        m.remove(str.tostring(i))\n"
	   "m.put(\"1\", 500)\nm.put(\"3\", 600)\nk = m.keys()\nv = m.values()\n"
	   "plot(m.size() + k.indexof(\"99\") * 100 + v.get(1) * 10000 + v.last() * 10000000 + "
	   "(m.contains(\"2\") ? 0.5 : 0))", 0, 35 + 3300 + 6000000 + 5000000000.0);
	is("m = map.new<float, int>()\nm.put(0.0, 1)\nm.put(-0.0, 2)\nm.put(na, 3)\nm.put(na, 4)\n"
	   "for i = 1 to 40\n    m.put(i / 8, i)\nplot(m.size() * 100 + m.get(0) * 10 + m.get(na))",
	   0, 4224);
	is("m = map.new<int, int>()\nfor i = 0 to 50\n    m.put(i, i)\nc = m.copy()\nm.clear()\n"
	   "m.put(7, 1)\nfor i = 0 to 40\n    c.remove(i)\nd = c.copy()\nd.put_all(m)\n"
	   "plot(m.size() + c.size() * 10 + d.size() * 1000 + d.keys().first() * 100000)",
	   0, 1 + 100 + 11000 + 4100000);
	is("var m = map.new<int, float>()\nm.put(bar_index, close)\nif bar_index > 2\n"
	   "    m.remove(bar_index - 3)\ns = 0.0\nfor [k, v] in m\n    s := s * 100 + v\nplot(s)",
	   5, 121514);
}

static void texts_that_match(void **state)
{
	(void)state;
	is("plot(str.tonumber(str.match(\"BTC at 42150.5 USDT\", \"[0-9]+\\\\.?[0-9]*\")))", 0,
	   42150.5);
	is("plot(na(str.match(\"abc\", \"\\\\d\")) ? 1 : 0)", 0, 1);
	is("plot(str.length(str.match(source = \"NASDAQ:AAPL\", regex = \"^\\\\w+\")))", 0, 6);
	is("x = str.match(str.tostring(close), \"^1\")\nplot(str.length(x))", 4, 1);
	fails("plot(str.length(str.match(\"a\", \"(a\")))",
	      "str.match(): the pattern cannot be read: a ( without its )");
	fails("plot(str.length(str.match(\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\", "
	      "\"(a+)+(a+)+(a+)+$\")))", "tries too many");
}

/* What a script is kept with stands behind it, as comments. */
static void libraries_behind_the_script(void **state)
{
	(void)state;
	is("import me/tools/2 as t\nimport me/tools/1\nplot(t.times(close) + tools.times(1))\n"
	   "//@library me/tools/1\n//|//@version=6\n//|library(\"tools\")\n"
	   "//|export times(float x) =>\n//|    x * 3\n"
	   "\n//@library me/tools/2\n//|//@version=5\n//|library(\"tools\")\n//|K = 10\n"
	   "//|export times(float x) =>\n//|    x * K\n", 2, 133);
}

#define TEN "a = array.new_float(0)\nfor i = 0 to 9\n    a.push(i)\ns = a.slice(2, 5)\n"
static void candles_are_four_lines(void **state)
{
	static const char *const names[] = { "HA open", "HA high", "HA low", "HA close",
					     "plotbar open" };
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p = t_compile(a, S6 "plotcandle(open, high, low, hlc3, "
		"title = \"HA\", color = close > open ? color.green : color.red, wickcolor = color.gray)\n"
		"plotbar(open, high, low, close)\n");
	const struct script_plot *plots;
	struct script_vm *vm = t_vm(a, p);
	struct bars b = t_view(&bars, N);
	struct bar x = bars_at(&b, 0);
	struct strat_cmds k;
	struct err err;
	double v[8];

	(void)state;
	t_closes(&bars, closes, N);
	assert_int_equal(script_plots(p, &plots), 8);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_string_equal(plots[i].title, names[i]);
	x = bars_at(&b, 0);
	assert_int_equal(script_on_bar(vm, &x, NULL, &k, &err), 0);
	script_plot_values(vm, v);
	assert_true(v[1] == x.h && v[2] == x.l && v[3] == (x.h + x.l + x.c) / 3 && v[7] == x.c);
	arena_free(&a);
}

static void windows_on_arrays(void **state)
{
	(void)state;
	is(TEN "s.set(0, 100)\na.set(3, 7)\nplot(a.get(2) * 100 + s.get(1) * 10 + s.size())", 0, 10073);
	is(TEN "s.push(55)\nplot(a.size() * 10000 + a.get(5) * 100 + a.get(6) * 10 + s.size())", 0,
	   115554);
	is(TEN "x = s.shift() + s.pop() * 10\nplot(x * 1000 + a.size() * 10 + a.get(2))", 0, 42083);
	is(TEN "s.unshift(9)\ns.insert(1, 8)\nplot(a.get(2) * 100 + a.get(3) * 10 + a.get(4))", 0, 982);
	is(TEN "s.clear()\nplot(a.size() * 10 + a.get(2) + s.size() * 1000)", 0, 75);
	is(TEN "s.reverse()\nt = s.slice(1, 3)\nt.fill(-1)\nplot(a.sum() * 10 + a.get(2) + t.max())", 0,
	   45 * 10 - 7 * 10 + 3);
	is(TEN "c = s.copy()\nc.set(0, 50)\nplot(a.get(2) + c.sum() + s.avg())", 0, 2 + 57 + 3);
	is(TEN "s.concat(s)\nplot(a.size() * 100 + a.get(5) * 10 + s.size())", 0, 1326);
	is(TEN "a.concat(s)\nplot(a.size() * 10 + a.last())", 0, 134);
	is(TEN "n = 0.0\nfor v in s\n    n := n * 10 + v\nplot(n + array.from(1.0, 2).concat(s).size())", 0,
	   239);
	/* it holds its array */
	is("var s = array.from(1.0, 2, 3, 4).slice(1, 3)\nfor i = 0 to 3000\n"
	   "    t = array.new_float(20, i)\ns.set(1, s.get(1) + 1)\nplot(s.get(0) * 100 + s.get(1))",
	   5, 209);
	fails(TEN "for i = 0 to 6\n    a.pop()\nplot(s.get(0))", "has become shorter");
	fails(TEN "plot(s.get(3))", "index 3 of an array of 3");
	fails(TEN "plot(a.slice(5, 12).size())", "5 to 12 of an array of 10");
}

/* ---- days of the exchange --------------------------------------------------- */

#define HOUR INT64_C(3600000)

static void in_market(const char *zone, const char *session, const char *tf,
		      const char *body, double (*want)(size_t i))
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_market m = t_market;
	struct script_vm *vm;
	struct strat_cmds k;
	struct err err;

	m.timezone = zone;
	m.session = session;
	m.timeframe = tf;
	t_walk(&bars, 9);
	for (size_t i = 0; i < 400 && strcmp(tf, "60") != 0; i++)
		bars.t[i] = bars.t[0] + (int64_t)i * 24 * HOUR;
	assert_int_equal(script_vm_new(a, t_compile(a, arena_printf(a, S6 "%s\n", body)), NULL,
				       &m, NULL, &vm, &err), 0);
	for (size_t i = 0; i < 400; i++) {
		struct bars all = t_view(&bars, 400);
		struct bar x = bars_at(&all, i);
		double y;

		if (script_on_bar(vm, &x, NULL, &k, &err) < 0)
			fail_msg("%s", err.msg);
		script_plot_values(vm, &y);
		if (isnan(want(i)) ? !isnan(y) : y != want(i))
			fail_msg("bar %zu: %.15g, not %.15g\n%s %s: %s", i, y, want(i), zone,
				 session, body);
	}
	arena_free(&a);
}

/* In winter New York's 17:00 is 22:00 UTC; bar 0 is Monday, 2024-01-01 00:00. */
static double at22(size_t i) { return (double)(bars.t[0] + ((int64_t)(i + 2) / 24 * 24 - 2) * HOUR); }
static double new22(size_t i) { return i == 0 || i % 24 == 22; }
static double close22(size_t i) { return i < 21 ? NAN : bars.c[(i - 21) / 24 * 24 + 21]; }
static double week22(size_t i) { return (double)(bars.t[0] + ((int64_t)(i + 2) / 168 * 168 - 2) * HOUR); }
static double label22(size_t i) { return (double)(bars.t[0] + (int64_t)(i + 2) / 24 * 24 * HOUR); }
static double at15(size_t i) { return (double)(bars.t[0] + ((int64_t)(i + 9) / 24 * 24 - 9) * HOUR); }
static double month15(size_t i) { (void)i; return (double)(bars.t[0] - 9 * HOUR); }
static double own(size_t i) { return (double)bars.t[i]; }
static double four(size_t i) { return (double)bars.t[i / 4 * 4]; }

static void days_are_those_of_the_exchange(void **state)
{
	static const char ny[] = "America/New_York", jp[] = "Asia/Tokyo", s[] = "1700-1700";

	(void)state;
	in_market(ny, s, "60", "plot(time(\"D\"))", at22);
	in_market(ny, s, "60", "plot(time_close(\"D\") - 24 * 3600000)", at22);
	in_market(ny, s, "60", "plot(timeframe.change(\"D\") ? 1 : 0)", new22);
	in_market(ny, s, "60", "plot(session.isfirstbar ? 1 : 0)", new22);
	in_market(ny, s, "60", "plot(request.security(syminfo.tickerid, \"D\", close))", close22);
	in_market(ny, s, "60", "plot(time(\"W\"))", week22);
	in_market(ny, s, "60", "plot(time_tradingday)", label22);
	in_market(ny, s, "60", "plot(time(\"240\"))", four);
	in_market(jp, NULL, "60", "plot(time(\"D\"))", at15);
	in_market(jp, NULL, "60", "plot(time(\"M\"))", month15);
	in_market("Etc/UTC", "24x7", "60", "plot(time(\"1\"))", own);
	/* what is a day already stays as it is stamped */
	in_market(ny, s, "1D", "plot(time(\"D\"))", own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(levels_of_pivot_points),
		cmocka_unit_test(eigenvalues_and_vectors),
		cmocka_unit_test(eigenvalues_of_many),
		cmocka_unit_test(pseudo_inverses),
		cmocka_unit_test(maps_of_many_keys),
		cmocka_unit_test(texts_that_match),
		cmocka_unit_test(libraries_behind_the_script),
		cmocka_unit_test(windows_on_arrays),
		cmocka_unit_test(candles_are_four_lines),
		cmocka_unit_test(days_are_those_of_the_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
