#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/ft.h"

/* Candles of one hour; the signal of a row is acted on at the open of the
 * next.  Fees are 0 unless said, so that ratios can be read off the prices. */

#define HOUR INT64_C(3600000)
#define MAX 32

struct row { double o, h, l, c; int el, xl, es, xs; };

struct scene {
	int64_t t[MAX];
	double o[MAX], h[MAX], l[MAX], c[MAX], v[MAX];
	bool el[MAX], xl[MAX], es[MAX], xs[MAX];
	struct ft_pair pair;
};

static struct ft_rules rules(void)
{
	struct ft_rules r = ft_defaults();

	r.timeframe_ms = HOUR;
	r.stoploss = -0.10;
	r.fee = 0;
	r.stake_amount = 100;
	return r;
}

static void fill(struct scene *s, const char *name, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		s->t[i] = (int64_t)i * HOUR;
		s->o[i] = rows[i].o;
		s->h[i] = rows[i].h;
		s->l[i] = rows[i].l;
		s->c[i] = rows[i].c;
		s->el[i] = rows[i].el;
		s->xl[i] = rows[i].xl;
		s->es[i] = rows[i].es;
		s->xs[i] = rows[i].xs;
	}
	s->pair = (struct ft_pair){
		.name = name, .bars = { n, s->t, s->o, s->h, s->l, s->c, s->v },
		.enter_long = s->el, .exit_long = s->xl,
		.enter_short = s->es, .exit_short = s->xs,
	};
}

static struct ft_result run(struct arena *a, const struct ft_rules *r,
			    const struct row *rows, size_t n)
{
	struct scene *s = NEW(a, struct scene);
	struct ft_result res;
	struct err err;

	fill(s, "X/Y", rows, n);
	if (ft_run(a, r, &s->pair, 1, &res, &err) < 0)
		fail_msg("%s", err.msg);
	return res;
}

static void closed(const struct ft_result *r, size_t i, const char *why,
		   double rate, int tick)
{
	assert_true(i < r->n_trades);
	assert_string_equal(r->trades[i].exit_reason, why);
	if (fabs(r->trades[i].close_rate - rate) > 1e-9)
		fail_msg("closed at %.10g, not %.10g", r->trades[i].close_rate, rate);
	assert_int_equal(r->trades[i].close_ms / HOUR, tick);
}

#define RUN(rules, ...)							\
	run(a, (rules), (const struct row[]){ __VA_ARGS__ },		\
	    ARRAY_LEN(((const struct row[]){ __VA_ARGS__ })))

static void a_signal_is_acted_on_at_the_next_open(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 102, 103, 101, 102, 0, 0, 0, 0 },
		{ 102, 103, 101, 102, 0, 1, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 });
	assert_int_equal(x.n_trades, 1);
	assert_int_equal(x.trades[0].open_ms / HOUR, 1);
	closed(&x, 0, "exit_signal", 104, 3);
	arena_free(&a);
}

static void a_stop_fills_at_its_value_or_at_the_open_of_a_gap(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 101, 89, 95, 0, 0, 0, 0 },
		{ 95, 96, 94, 95, 0, 0, 0, 0 });
	closed(&x, 0, "stop_loss", 90, 2);
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 80, 85, 79, 84, 0, 0, 0, 0 },
		{ 95, 96, 94, 95, 0, 0, 0, 0 });
	closed(&x, 0, "stop_loss", 80, 2);
	arena_free(&a);
}

static void the_stop_comes_before_the_roi_table(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.n_roi = 1;
	r.roi[0].minutes = 0;
	r.roi[0].ratio = 0.05;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 110, 89, 95, 0, 0, 0, 0 },	/* both within reach */
		{ 95, 96, 94, 95, 0, 0, 0, 0 });
	closed(&x, 0, "stop_loss", 90, 2);
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 110, 99, 95, 0, 0, 0, 0 },
		{ 95, 96, 94, 95, 0, 0, 0, 0 });
	closed(&x, 0, "roi", 105, 2);
	arena_free(&a);
}

static void roi_gives_its_net_profit_after_both_fees(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.fee = 0.001;
	r.n_roi = 1;
	r.roi[0].ratio = 0.05;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 120, 99, 95, 0, 0, 0, 0 },
		{ 95, 96, 94, 95, 0, 0, 0, 0 });
	assert_string_equal(x.trades[0].exit_reason, "roi");
	assert_true(fabs(x.trades[0].profit_ratio - 0.05) < 1e-3);
	closed(&x, 0, "roi", (100 * 0.05 + 100 * 1.001) / 0.999, 2);
	arena_free(&a);
}

static void a_new_row_of_the_table_closes_at_the_open(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.n_roi = 2;
	r.roi[0].ratio = 0.5;
	r.roi[1].minutes = 120;
	r.roi[1].ratio = 0.01;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 104, 99, 104, 0, 0, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 });
	closed(&x, 0, "roi", 104, 3);
	/* -1 closes at the open whatever the profit is, once it is above -1 */
	r.roi[1].ratio = -1;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 98, 99, 97, 98, 0, 0, 0, 0 },
		{ 97, 98, 96, 97, 0, 0, 0, 0 },
		{ 97, 98, 96, 97, 0, 0, 0, 0 });
	closed(&x, 0, "roi", 97, 3);
	arena_free(&a);
}

static void a_trailing_stop_follows_the_high_and_never_goes_back(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.trailing_stop = true;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 100, 99, 100, 0, 0, 0, 0 },
		{ 100, 120, 100, 119, 0, 0, 0, 0 },	/* stop 108 > low: hit */
		{ 119, 120, 118, 119, 0, 0, 0, 0 });
	closed(&x, 0, "trailing_stop_loss", 108, 2);
	r.only_offset = true;
	r.trailing_positive = 0.01;
	r.trailing_offset = 0.03;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 102, 99, 101, 0, 0, 0, 0 },	/* below the offset */
		{ 101, 105, 104.5, 105, 0, 0, 0, 0 },	/* 105 x 0.99 = 103.95 */
		{ 105, 105, 103, 104, 0, 0, 0, 0 },
		{ 104, 105, 103, 104, 0, 0, 0, 0 });
	closed(&x, 0, "trailing_stop_loss", 103.95, 3);
	arena_free(&a);
}

/* Armed and hit on the candle of the entry: what is known is the worst. */
static void trailing_on_the_entry_candle_is_pessimistic(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.trailing_stop = r.only_offset = true;
	r.trailing_positive = 0.02;
	r.trailing_offset = 0.05;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 110, 96, 107, 0, 0, 0, 0 },
		{ 107, 108, 106, 107, 0, 0, 0, 0 });
	closed(&x, 0, "trailing_stop_loss", 103, 1);
	arena_free(&a);
}

static void exit_profit_only_waits_for_a_profit(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.exit_profit_only = true;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 99, 0, 1, 0, 0 },
		{ 99, 101, 98, 101, 0, 1, 0, 0 },
		{ 102, 103, 101, 102, 0, 0, 0, 0 },
		{ 102, 103, 101, 102, 0, 0, 0, 0 });
	closed(&x, 0, "exit_signal", 102, 3);
	arena_free(&a);
}

static void shorts_mirror_longs_when_they_are_allowed(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	x = RUN(&r, { 100, 101, 99, 100, 0, 0, 1, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 112, 99, 100, 0, 0, 0, 0 });
	assert_int_equal(x.n_trades, 0);
	r.can_short = true;
	x = RUN(&r, { 100, 101, 99, 100, 0, 0, 1, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 112, 99, 100, 0, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 });
	closed(&x, 0, "stop_loss", 110, 2);
	assert_true(fabs(x.trades[0].profit_ratio + 0.1) < 1e-9);
	arena_free(&a);
}

static void a_reversal_enters_on_the_open_of_the_same_candle(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;

	(void)state;
	r.can_short = true;
	x = RUN(&r, { 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 1, 1, 0 },
		{ 101, 102, 100, 101, 0, 0, 0, 0 },
		{ 101, 102, 100, 101, 0, 0, 0, 0 });
	assert_int_equal(x.n_trades, 2);
	closed(&x, 0, "exit_signal", 101, 2);
	assert_true(x.trades[1].is_short);
	assert_int_equal(x.trades[1].open_ms / HOUR, 2);
	arena_free(&a);
}

static void slots_are_counted_and_the_rest_is_rejected(void **state)
{
	static const struct row rows[] = {
		{ 100, 101, 99, 100, 1, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 },
		{ 100, 101, 99, 100, 0, 0, 0, 0 } };
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct scene *s = NEW_N(a, struct scene, 3);
	struct ft_pair p[3];
	struct ft_result x;
	struct err err;

	(void)state;
	r.max_open_trades = 2;
	r.stake_amount = NAN;
	r.wallet = 1000;
	r.tradable_ratio = 1;
	for (int i = 0; i < 3; i++) {
		fill(&s[i], i == 0 ? "A" : i == 1 ? "B" : "C", rows, 3);
		p[i] = s[i].pair;
	}
	assert_int_equal(ft_run(a, &r, p, 3, &x, &err), 0);
	assert_int_equal(x.n_trades, 2);
	assert_int_equal(x.rejected, 1);
	assert_string_equal(x.trades[0].pair, "A");
	assert_true(fabs(x.trades[0].stake - 500) < 1e-9);
	assert_string_equal(x.trades[0].exit_reason, "force_exit");
	arena_free(&a);
}

static void cooldown_locks_the_pair(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r = rules();
	struct ft_result x;
	static const struct row again = { 100, 101, 99, 100, 1, 0, 0, 0 };
	static const struct row out = { 100, 101, 99, 100, 1, 1, 0, 0 };

	(void)state;
	r.n_protections = 1;
	r.protections[0] = (struct ft_protection){
		.kind = FT_COOLDOWN, .stop = 120, .lookback = 60,
		.unlock_minute = -1 };
	x = RUN(&r, again, { 100, 101, 99, 100, 0, 1, 0, 0 }, again, again,
		again, again, again, again, out, again);
	assert_true(x.n_trades >= 2);
	assert_int_equal(x.trades[0].close_ms / HOUR, 2);
	assert_int_equal(x.trades[1].open_ms / HOUR, 6);
	assert_true(x.locks >= 1);
	arena_free(&a);
}

static int read_rules(struct arena *a, const char *text, struct ft_rules *r,
		      struct err *err)
{
	const struct json *j;

	*r = ft_defaults();
	assert_int_equal(json_parse(a, text, strlen(text), &j, err), 0);
	return ft_rules_read(j, r, err);
}

static void rules_are_read_by_their_own_names(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r;
	struct err err;

	(void)state;
	assert_int_equal(read_rules(a, "{\"timeframe\":\"5m\",\"stoploss\":-0.1,"
		"\"minimal_roi\":{\"40\":0,\"0\":0.04,\"30\":0.01},"
		"\"stake_amount\":\"unlimited\",\"trailing_stop\":true,"
		"\"protections\":[{\"method\":\"CooldownPeriod\","
		"\"stop_duration_candles\":5}]}", &r, &err), 0);
	assert_int_equal(r.timeframe_ms, 300000);
	assert_int_equal(r.n_roi, 3);
	assert_int_equal(r.roi[1].minutes, 30);
	assert_true(isnan(r.stake_amount));
	assert_true(r.protections[0].stop == 25);
	arena_free(&a);
}

static void what_is_not_a_rule_is_named(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "{\"stop_loss\":-0.1}", "stop_loss" },
		{ "{\"stoploss\":0.1}", "stoploss" },
		{ "{\"minimal_roi\":{\"x\":1}}", "minimal_roi" },
		{ "{\"timeframe\":\"5x\"}", "timeframe" },
		{ "{\"stake_amount\":\"all\"}", "stake_amount" },
		{ "{\"trailing_only_offset_is_reached\":true}", "offset" },
		{ "{\"protections\":[]}", "timeframe" },
		{ "{\"timeframe\":\"1h\",\"protections\":[{\"method\":\"X\"}]}", "method" },
		{ "[1]", "object" },
	};
	struct arena *a = arena_new("t", 1 << 22);
	struct ft_rules r;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(read_rules(a, bad[i].text, &r, &err), -E_INVAL);
		if (strstr(err.msg, bad[i].says) == NULL)
			fail_msg("\"%s\" does not name %s", err.msg, bad[i].says);
	}
	arena_free(&a);
}

static void metrics_follow_their_definitions(void **state)
{
	struct ft_trade t[] = {
		{ .pair = "A", .exit_reason = "roi", .open_ms = 0,
		  .close_ms = HOUR, .profit_abs = 10, .profit_ratio = 0.1 },
		{ .pair = "A", .exit_reason = "stop_loss", .open_ms = 2 * HOUR,
		  .close_ms = 30 * HOUR, .profit_abs = -20, .profit_ratio = -0.2 },
		{ .pair = "A", .exit_reason = "roi", .open_ms = 31 * HOUR,
		  .close_ms = 40 * HOUR, .profit_abs = 30, .profit_ratio = 0.3 },
	};
	struct ft_result r = { .trades = t, .n_trades = 3, .from = 0,
			       .to = 240 * HOUR, .final_balance = 1020 };
	struct ft_stats s;
	double m = 20.0 / 3, dev = sqrt(((10 - m) * (10 - m) + (-20 - m) * (-20 - m) +
					 (30 - m) * (30 - m)) / 3);

	(void)state;
	r.rules = rules();
	r.rules.wallet = 1000;
	ft_stats(&s, &r);
	assert_true(fabs(s.sharpe - 20.0 / 10 / dev * sqrt(365)) < 1e-9);
	assert_true(fabs(s.max_drawdown_abs - 20) < 1e-9);
	assert_true(fabs(s.max_drawdown_account - 20.0 / 1010) < 1e-12);
	assert_true(fabs(s.profit_factor - 2) < 1e-12);
	assert_true(fabs(s.expectancy - 20.0 / 3) < 1e-9);
	assert_true(fabs(s.winrate - 2.0 / 3) < 1e-12);
	assert_true(fabs(s.profit_median - 0.1) < 1e-12);
	assert_true(fabs(s.worst_day_abs - 10) < 1e-9);	/* -20 + 30 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_is_acted_on_at_the_next_open),
		cmocka_unit_test(a_stop_fills_at_its_value_or_at_the_open_of_a_gap),
		cmocka_unit_test(the_stop_comes_before_the_roi_table),
		cmocka_unit_test(roi_gives_its_net_profit_after_both_fees),
		cmocka_unit_test(a_new_row_of_the_table_closes_at_the_open),
		cmocka_unit_test(a_trailing_stop_follows_the_high_and_never_goes_back),
		cmocka_unit_test(trailing_on_the_entry_candle_is_pessimistic),
		cmocka_unit_test(exit_profit_only_waits_for_a_profit),
		cmocka_unit_test(shorts_mirror_longs_when_they_are_allowed),
		cmocka_unit_test(a_reversal_enters_on_the_open_of_the_same_candle),
		cmocka_unit_test(slots_are_counted_and_the_rest_is_rejected),
		cmocka_unit_test(cooldown_locks_the_pair),
		cmocka_unit_test(rules_are_read_by_their_own_names),
		cmocka_unit_test(what_is_not_a_rule_is_named),
		cmocka_unit_test(metrics_follow_their_definitions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
