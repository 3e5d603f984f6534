/* A bar that is run again begins where it began: whatever the script keeps,
 * how often it was run before leaves no trace; but for varip. */
#include "config.h"

#include "t_script.h"

#include "json/json.h"
#include "script/again.h"

static struct t_bars bars;

static const char *const keepers =
	"//@version=6\nindicator(\"k\", max_labels_count = 5)\n"
	"type node\n    float v\n    node next\n"
	"var int n = 0\nn += 1\nplot(n)\n"
	"var float[] a = array.new_float()\narray.push(a, close * n)\n"
	"if a.size() > 30\n    a.shift()\nplot(a.sum())\nplot(a.get(0))\n"
	"var w = array.from(1.0, 2, 3, 4).slice(1, 3)\nw.set(0, w.get(0) + close)\n"
	"if n % 6 == 0\n    w.push(n)\n    if w.size() > 8\n        w.clear()\n        w.push(0)\n"
	"plot(w.avg())\n"
	"var m = map.new<string, float>()\nm.put(str.tostring(n % 7), close)\n"
	"if n % 5 == 0\n    m.remove(str.tostring(n % 3))\nplot(m.size())\n"
	"s = 0.0\nfor v in m.values()\n    s += v\nplot(s)\n"
	"var x = matrix.new<float>(2, 2, 0)\nx.set(n % 2, 1, close)\nplot(x.avg())\n"
	"var node head = na\nhead := node.new(close, n % 9 == 0 ? na : head)\n"
	"d = 0\nvar node at = na\nat := head\nwhile not na(at)\n    d += 1\n    at := at.next\nplot(d)\n"
	"head.v += 1\nplot(head.v)\n"
	"if close > open\n    n += 1\n"
	"z = close > open ? ta.ema(close + n * 0, 5) : na\nplot(z)\n"
	"q = ta.sma(close * (n % 3), 2 + n % 4)\nplot(q)\nplot(q[n % 3])\nplot(n[1])\n"
	"plot(math.random(0, 1))\n"
	"var string t = \"\"\nt := str.length(t) > 20 ? \"\" : t + str.tostring(n % 10)\n"
	"plot(str.length(t))\nplot(t == \"123\" ? 1 : 0)\n"
	"if n % 4 == 0\n    label.new(bar_index, close, t)\n"
	"if n % 11 == 0\n    label.delete(label.all.first())\nplot(label.all.size())\n"
	"if n % 3 == 0\n    x := matrix.copy(x)\n";

struct seen { double v[64]; const char *drawn; };

static void look(struct arena *a, struct script_vm *vm, size_t n, struct seen *s)
{
	struct sbuf b;
	struct jw w;

	assert_true(n <= 64);
	script_plot_values(vm, s->v);
	sbuf_init(&b, a, 1 << 16);
	jw_init(&w, &b);
	script_drawings_json(&w, vm, a);
	s->drawn = sbuf_finish(&b);
	assert_non_null(s->drawn);
}

static void announce(struct script_vm *vm, size_t i)
{
	struct bars all = t_view(&bars, T_BARS), one = bars_slice(&all, i, 1);
	struct err err;

	assert_int_equal(script_block(vm, &one, &err), 0);
}

static void runs_before_and_after_leave_no_trace(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	const struct script_prog *p = t_compile(a, keepers);
	struct script_vm *one = t_vm(a, p), *many = t_vm(a, p);
	const struct script_plot *plots;
	size_t n = script_plots(p, &plots);
	struct strat_cmds k;
	struct rng r;
	struct err err;

	(void)state;
	t_walk(&bars, 11);
	rng_seed(&r, 4);
	for (size_t i = 0; i < 700; i++) {
		unsigned early = rng_below(&r, 4), late = rng_below(&r, 3);

		announce(one, i);
		announce(many, i);
		assert_int_equal(script_step(one, NULL, &k, &err), 0);
		for (unsigned j = 0; j < early; j++)
			assert_int_equal(script_early(many, NULL, &k, &err), 0);
		if (late > 0)
			assert_int_equal(script_keep(many, &err), 0);
		assert_int_equal(script_step(many, NULL, &k, &err), 0);
		for (unsigned j = 0; j < late; j++)
			assert_int_equal(script_late(many, NULL, &k, &err), 0);
		SCOPE(tmp, a) {
			struct seen x, y;

			look(tmp, one, n, &x);
			look(tmp, many, n, &y);
			for (size_t j = 0; j < n; j++)
				if (memcmp(&x.v[j], &y.v[j], sizeof(double)) != 0 &&
				    !(isnan(x.v[j]) && isnan(y.v[j])))
					fail_msg("bar %zu, plot %zu: %.17g, not %.17g "
						 "(%u early, %u late)", i, j, y.v[j],
						 x.v[j], early, late);
			assert_string_equal(x.drawn, y.drawn);
		}
	}
	assert_int_equal(script_bars(many), 700);
	arena_free(&a);
}

/* Each run counts one more; the past is that of the bars. */
static void varip_counts_the_runs(void **state)
{
	struct arena *a = arena_new("t", 1u << 24);
	struct script_vm *vm = t_vm(a, t_compile(a, "//@version=6\nindicator(\"v\")\n"
		"varip int runs = 0\nvar int bars = 0\nvarip float[] list = array.new_float()\n"
		"runs += 1\nbars += 1\nlist.push(close)\n"
		"plot(runs)\nplot(bars)\nplot(list.size())\nplot(runs[1])\n"));
	struct strat_cmds k;
	struct err err;
	double v[4];

	(void)state;
	t_walk(&bars, 3);
	for (size_t i = 0; i < 50; i++) {
		announce(vm, i);
		for (int j = 0; j < 2; j++)
			assert_int_equal(script_early(vm, NULL, &k, &err), 0);
		assert_int_equal(script_step(vm, NULL, &k, &err), 0);
		assert_int_equal(script_late(vm, NULL, &k, &err), 0);
		script_plot_values(vm, v);
		assert_true(v[0] == 4.0 * (double)(i + 1));
		assert_true(v[1] == (double)(i + 1));
		assert_true(v[2] == 4.0 * (double)(i + 1));
		assert_true(i == 0 ? isnan(v[3]) : v[3] == 4.0 * (double)i);
	}
	arena_free(&a);
}

static void a_bar_that_was_not_kept_is_not_run_again(void **state)
{
	struct arena *a = arena_new("t", 1u << 24);
	struct script_vm *vm = t_vm(a, t_compile(a, "//@version=6\nindicator(\"v\")\nplot(close)\n"));
	struct strat_cmds k;
	struct err err;

	(void)state;
	t_walk(&bars, 3);
	announce(vm, 0);
	assert_int_equal(script_step(vm, NULL, &k, &err), 0);
	assert_int_equal(script_late(vm, NULL, &k, &err), -E_BUG);
	arena_free(&a);
}

/* Runs of one bar share a budget: a loop of a million steps is had some times. */
static void runs_without_end_are_stopped(void **state)
{
	struct arena *a = arena_new("t", 1u << 24);
	struct script_vm *vm;
	struct strat_cmds k;
	struct err err;
	int rc = 0, n = 0;

	(void)state;
	t_walk(&bars, 3);
	assert_int_equal(script_vm_new(a, t_compile(a, "//@version=6\nindicator(\"v\")\n"
		"s = 0\nfor i = 0 to 900\n    s += i\nplot(s)\n"), NULL, &t_market,
		&(struct script_limits){ .steps = 10000 }, &vm, &err), 0);
	announce(vm, 0);
	for (; rc == 0 && n < 1000; n++)
		rc = script_early(vm, NULL, &k, &err);
	assert_int_equal(rc, -E_LIMIT);
	assert_non_null(strstr(err.msg, "after its fills"));
	assert_true(n > 16);
	arena_free(&a);
}

/* The copy counts as memory. */
static void a_copy_needs_room(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_vm *vm;
	struct strat_cmds k;
	struct err err;

	(void)state;
	t_walk(&bars, 3);
	assert_int_equal(script_vm_new(a, t_compile(a, "//@version=6\nindicator(\"v\")\n"
		"var x = array.new_float(90000, 1)\nplot(x.size())\n"), NULL, &t_market,
		&(struct script_limits){ .memory = 1500000 }, &vm, &err), 0);
	announce(vm, 0);
	assert_int_equal(script_step(vm, NULL, &k, &err), 0);
	announce(vm, 1);
	assert_int_equal(script_early(vm, NULL, &k, &err), -E_LIMIT);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_before_and_after_leave_no_trace),
		cmocka_unit_test(varip_counts_the_runs),
		cmocka_unit_test(a_bar_that_was_not_kept_is_not_run_again),
		cmocka_unit_test(runs_without_end_are_stopped),
		cmocka_unit_test(a_copy_needs_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
