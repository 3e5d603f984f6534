#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/bt.h"
#include "core/clock.h"
#include "market/table.h"
#include "t_shared.h"

/* Trade lists that another implementation exported, over its own candles: each
 * trade's direction, times, prices, signals and quantity must be equal. */

static struct arena *root;

static const char *slurp(const char *path, size_t *ret_n)
{
	char *buf = arena_alloc(root, 1 << 16);
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	*ret_n = fread(buf, 1, 1 << 16, f);
	fclose(f);
	return buf;
}

static struct bt_result run(const char *name, const struct bars *bars)
{
	const char *top = getenv("top_srcdir");
	struct script_market m = {
		.symbol = "EURUSD", .exchange = "file", .timeframe = "60",
		.mintick = 1e-5, .pointvalue = 1, .lot = 0.1 };
	struct bt_options opt = bt_defaults();
	const struct script_prog *prog;
	struct diags diags = { 0 };
	struct bt_result res = { 0 };
	struct err err;
	size_t n;
	const char *source = slurp(arena_printf(root,
		"%s/tests/golden/reference/%s.pine", top != NULL ? top : ".",
		name), &n);

	if (script_compile(root, source, n, NULL, &prog, &diags, &err) < 0 ||
	    bt_run(root, prog, script_bind(root, prog), &m, bars, &opt, &res,
		   &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	return res;
}

struct want { struct table t; int64_t *time; double *price, *qty; const char **signal, **type; };

static void read_want(const char *path, struct want *w)
{
	static const char *const price[] = { "Price USD", NULL };
	static const char *const qty[] = { "Position size (qty)", NULL };
	static const char *const signal[] = { "Signal", NULL };
	static const char *const type[] = { "Type", NULL };
	static const char *const when[] = { "Date/Time", NULL };
	struct err err;

	if (table_read(root, path, &w->t, &err) < 0 ||
	    table_numbers(root, &w->t, (size_t)table_find(&w->t, price), &w->price, &err) < 0 ||
	    table_numbers(root, &w->t, (size_t)table_find(&w->t, qty), &w->qty, &err) < 0)
		fail_msg("%s", err.msg);
	w->signal = table_texts(root, &w->t, (size_t)table_find(&w->t, signal));
	w->type = table_texts(root, &w->t, (size_t)table_find(&w->t, type));
	w->time = NEW_N(root, int64_t, w->t.rows);
	for (size_t i = 0; i < w->t.rows; i++) {
		struct str s = table_cell(&w->t, i,
			(size_t)table_find(&w->t, when));

		/* "-0500" for "-05:00" */
		if (!time_parse(&w->time[i], arena_printf(root, "%.*s:%.*s",
		    (int)s.n - 2, s.p, 2, s.p + s.n - 2)))
			fail_msg("%.*s is not a time", STR_ARG(s));
	}
}

static bool is_entry(const char *type) { return strncmp(type, "Entry", 5) == 0; }

static void compare(const char *name, size_t count)
{
	const char *dir = t_shared();
	struct bars_cols c;
	struct table t;
	struct want w;
	struct bars bars;
	struct bt_result r;
	struct err err;

	if (table_read(root, arena_printf(root, "%s/reference_trades/candles_1h.csv",
			dir), &t, &err) < 0 || table_bars(root, &t, &c, &err) < 0)
		fail_msg("%s", err.msg);
	bars = (struct bars){ c.n, c.t, c.o, c.h, c.l, c.c, c.v };
	r = run(name, &bars);
	read_want(arena_printf(root, "%s/reference_trades/%s_trades.csv", dir,
			       name), &w);
	assert_int_equal(w.t.rows, 2 * count);
	assert_int_equal(r.n_trades, count);
	for (size_t i = 0; i < count; i++) {
		size_t in = is_entry(w.type[2 * i]) ? 2 * i : 2 * i + 1;
		size_t out = 4 * i + 1 - in;
		const struct emu_trade *x = &r.trades[i];

		if (strcmp(x->t.size > 0 ? "Entry long" : "Entry short", w.type[in]) != 0 ||
		    x->t.entry_time != w.time[in] || x->t.exit_time != w.time[out] ||
		    fabs(x->t.entry_price - w.price[in]) > 1e-9 ||
		    fabs(x->t.exit_price - w.price[out]) > 1e-9 ||
		    fabs(fabs(x->t.size) - w.qty[in]) > 1e-6 ||
		    strcmp(x->t.entry_id, w.signal[in]) != 0 ||
		    strcmp(x->reason == EMU_END ? "Open" : x->t.exit_id,
			   w.signal[out]) != 0)
			fail_msg("%s: trade %zu differs", name, i + 1);
	}
}

static void rsi_is_the_same(void **state) { (void)state; compare("rsi", 194); }
static void macd_is_the_same(void **state) { (void)state; compare("macd", 1808); }
static void bollinger_is_the_same(void **state) { (void)state; compare("bollinger", 579); }
static void supertrend_is_the_same(void **state) { (void)state; compare("supertrend", 602); }

static int setup(void **state)
{
	(void)state;
	root = arena_new("t", (size_t)1 << 31);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rsi_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(macd_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(bollinger_is_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(supertrend_is_the_same, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
