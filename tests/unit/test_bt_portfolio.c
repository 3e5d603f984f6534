#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/bt.h"

#define N 600
#define HOUR INT64_C(3600000)

static struct bars walk_of(struct arena *a, uint32_t seed, size_t skip)
{
	int64_t *t = NEW_N(a, int64_t, N);
	double *v[5], c = 100;

	for (int k = 0; k < 5; k++)
		v[k] = NEW_N(a, double, N);
	for (size_t i = 0; i < N; i++) {
		t[i] = (int64_t)(i + skip) * HOUR;
		v[0][i] = c;
		seed = seed * 1664525u + 1013904223u;
		c += ((double)(seed >> 8) / (1 << 24) - 0.5) * 3;
		v[3][i] = c;
		v[1][i] = fmax(v[0][i], c) + 0.5;
		v[2][i] = fmin(v[0][i], c) - 0.5;
		v[4][i] = 1000;
	}
	return (struct bars){ N, t, v[0], v[1], v[2], v[3], v[4] };
}

static const struct script_market market = {
	.symbol = "X", .exchange = "file", .timeframe = "60",
	.mintick = 0.01, .pointvalue = 1, .lot = 0.001 };

static const char source[] =
	"//@version=5\n"
	"strategy(\"s\", initial_capital=1000, default_qty_type="
	"strategy.percent_of_equity, default_qty_value=40, "
	"commission_type=strategy.commission.percent, commission_value=0.1)\n"
	"f = ta.sma(close, 5)\ns = ta.sma(close, 20)\n"
	"if ta.crossover(f, s)\n    strategy.entry(\"L\", strategy.long)\n"
	"if ta.crossunder(f, s)\n    strategy.close(\"L\")\n";

static const struct script_prog *compile(struct arena *a)
{
	const struct script_prog *p;
	struct diags d = { 0 };
	struct err err;

	if (script_compile(a, source, strlen(source), NULL, &p, &d, &err) < 0)
		fail_msg("%s", err.msg);
	return p;
}

static struct bt_portfolio run(struct arena *a, size_t n, size_t max_open)
{
	static const char *const names[] = { "A", "B", "C" };
	const struct script_prog *p = compile(a);
	struct bt_options opt = bt_defaults();
	struct bt_job jobs[3];
	struct bt_portfolio r;
	struct err err;

	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct bt_job){
			.pair = names[i], .prog = p,
			.binding = script_bind(a, p), .market = &market,
			.bars = walk_of(a, (uint32_t)i + 3, 7 * i) };
	if (bt_run_portfolio(a, jobs, n, &opt, max_open, &r, &err) < 0)
		fail_msg("%s", err.msg);
	return r;
}

static void one_pair_is_the_plain_run(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	const struct script_prog *p = compile(a);
	struct bars bars = walk_of(a, 3, 0);
	struct bt_options opt = bt_defaults();
	struct bt_portfolio r = run(a, 1, 0);
	struct bt_result one;
	struct err err;

	(void)state;
	assert_int_equal(bt_run(a, p, script_bind(a, p), &market, &bars, &opt,
				&one, &err), 0);
	assert_true(one.n_trades > 10);
	assert_int_equal(r.all.n_trades, one.n_trades);
	for (size_t i = 0; i < one.n_trades; i++) {
		assert_true(r.all.trades[i].t.exit_time == one.trades[i].t.exit_time);
		assert_true(r.all.trades[i].t.size == one.trades[i].t.size);
		assert_true(r.all.trades[i].t.profit == one.trades[i].t.profit);
	}
	for (size_t i = 0; i < N; i++)
		assert_true(fabs(r.all.equity[i] - one.equity[i]) < 1e-9);
	arena_free(&a);
}

static void all_pairs_live_on_one_account(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_portfolio r = run(a, 3, 0);
	double sum = 1000, most = 0;

	(void)state;
	for (size_t i = 0; i < r.all.n_trades; i++)
		sum += r.all.trades[i].t.profit;
	for (size_t i = 0; i < r.all.bars.n; i++)
		most = fmax(most, r.all.position[i]);
	assert_true(most == 3);
	assert_int_equal(r.all.bars.n, N + 14);
	/* What was open at the end is in both. */
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < r.pairs[i].n_trades; k++)
			if (r.pairs[i].trades[k].reason == EMU_END)
				sum -= r.pairs[i].trades[k].t.profit;
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < r.pairs[i].n_trades; k++) {
			const struct emu_trade *t = &r.pairs[i].trades[k];

			if (t->reason == EMU_END)
				sum += (r.pairs[i].bars.c[N - 1] -
					t->t.entry_price) * t->t.size -
					t->fee_entry;
		}
	assert_true(fabs(sum - r.all.equity[r.all.bars.n - 1]) < 1e-6);
	for (size_t i = 1; i < r.all.n_trades; i++)
		assert_true(r.all.trades[i].t.exit_time >=
			    r.all.trades[i - 1].t.exit_time);
	arena_free(&a);
}

/* The size of the second pair's trades comes from what the first one made. */
static void sizes_come_from_the_equity_of_all(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_portfolio r = run(a, 2, 0);
	const struct emu_trade *t = &r.pairs[1].trades[r.pairs[1].n_trades - 2];
	size_t k = 0;
	double close, want;

	(void)state;
	while (r.all.bars.t[k] < t->t.entry_time)
		k++;
	close = r.pairs[1].bars.c[t->t.entry_bar - 1];
	want = r.all.equity[k - 1] * 0.4 / (close * 1.001);
	assert_true(fabs(t->t.size - want) <= 0.001);
	arena_free(&a);
}

static void no_more_pairs_are_held_than_allowed(void **state)
{
	struct arena *a = arena_new("t", 1 << 28);
	struct bt_portfolio r = run(a, 3, 1), again = run(a, 3, 1);

	(void)state;
	for (size_t i = 0; i < r.all.bars.n; i++)
		assert_true(r.all.position[i] <= 1);
	assert_true(r.all.rejected > 0);
	assert_true(r.pairs[1].n_trades > 0 && r.pairs[2].n_trades > 0);
	assert_int_equal(r.all.n_trades, again.all.n_trades);
	assert_memory_equal(r.all.equity, again.all.equity,
			    r.all.bars.n * sizeof(double));
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_pair_is_the_plain_run),
		cmocka_unit_test(all_pairs_live_on_one_account),
		cmocka_unit_test(sizes_come_from_the_equity_of_all),
		cmocka_unit_test(no_more_pairs_are_held_than_allowed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
