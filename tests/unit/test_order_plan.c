#include "config.h"
#include "test.h"
#include "t_money.h"
#include <math.h>
#include <string.h>
#include "order/plan.h"

/* A small world: an account, open orders, and commands of one bar. */
static struct arena *A;
static struct acct acct;
static struct strat_properties props;
static struct intent live[32];
static size_t n_live;
static struct strat_cmd cmds[16];
static size_t n_cmds;
static struct plan_out out;
static struct err err;
static int64_t bar;
static uint64_t next_id;

static int setup(void **state)
{
	(void)state;
	A = arena_new("test", (size_t)64 << 20);
	acct_init(A, &acct, C("10000"));
	memset(&props, 0, sizeof(props));
	props.version = 5;
	props.default_qty_value = 1;
	props.pyramiding = 1;
	memset(live, 0, sizeof(live));
	n_live = n_cmds = 0;
	bar = 1000000;
	next_id = 1;
	return 0;
}
static int teardown(void **state)
{
	(void)state;
	arena_free(&A);
	return 0;
}

static struct strat_cmd *cmd(enum strat_kind kind, const char *id, int dir)
{
	struct strat_cmd *c = &cmds[n_cmds++];

	*c = (struct strat_cmd){ .kind = kind, .id = id, .dir = dir, .line = 1,
		.qty = NAN, .qty_percent = NAN, .limit = NAN, .stop = NAN,
		.profit = NAN, .loss = NAN, .trail_price = NAN,
		.trail_points = NAN, .trail_offset = NAN };
	return c;
}

static int plan(void)
{
	struct plan_in in = {
		.bot_id = 7, .rules = { P("0.01"), Q("0.001"), &props },
		.acct = &acct, .live = live, .n_live = n_live,
		.close = P("100"), .equity = C("10000"), .bar_ms = bar,
		.now_ms = bar + 1, .cmds = cmds, .n_cmds = n_cmds,
	};
	int rc = plan_orders(A, &in, &out, &err);

	n_cmds = 0;
	bar += 1000;
	return rc;
}

/* The exchange takes what was planned. */
static void accept_all(void)
{
	for (size_t i = 0; i < out.n_cancel; i++)
		out.cancel[i]->state = ORDER_CANCELED;
	for (size_t i = 0, n = 0; i <= n_live; i++) {
		if (i == n_live) {
			n_live = n;
			break;
		}
		if (live[i].state != ORDER_CANCELED)
			live[n++] = live[i];
	}
	for (size_t i = 0; i < out.n_place; i++) {
		live[n_live] = out.place[i];
		live[n_live].id = next_id++;
		live[n_live++].state = ORDER_OPEN;
	}
}
static void fill_order(size_t i, const char *px)
{
	struct acct_changes ch;
	struct acct_fill f = { .intent = live[i].id, .side = live[i].o.side,
		.price = P(px), .qty = live[i].o.qty, .fee = quote_zero(),
		.signal = live[i].tag, .comment = "" };

	assert_true(notional(&f.cost, f.price, f.qty, ROUND_HALF_EVEN));
	assert_int_equal(acct_fill(A, &acct, &f, &ch, &err), 0);
	memmove(&live[i], &live[i + 1], (--n_live - i) * sizeof(live[0]));
}
static void long_position(const char *id, const char *px)
{
	cmd(STRAT_ENTRY, id, 1);
	assert_int_equal(plan(), 0);
	accept_all();
	fill_order(n_live - 1, px);
}

static void an_entry_is_a_market_order_of_the_default_size(void **state)
{
	(void)state;
	cmd(STRAT_ENTRY, "L", 1);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
	assert_int_equal(out.place[0].o.type, OT_MARKET);
	assert_qty(out.place[0].o.qty, "1");
	assert_true(out.place[0].o.flags & XO_FIRST);
	assert_true(coid_eq(out.place[0].o.coid, coid_make(7, 1000000, 1, 0)));
}

static void sizes_come_from_equity_cash_or_a_number(void **state)
{
	(void)state;
	props.default_qty_type = STRAT_QTY_PERCENT;
	props.default_qty_value = 10;
	cmd(STRAT_ENTRY, "L", 1);
	assert_int_equal(plan(), 0);
	assert_qty(out.place[0].o.qty, "10");	/* 1000 at 100 */
	props.default_qty_type = STRAT_QTY_CASH;
	props.default_qty_value = 333.3;
	cmd(STRAT_ENTRY, "L", 1);
	assert_int_equal(plan(), 0);
	assert_qty(out.place[0].o.qty, "3.333");
	cmd(STRAT_ENTRY, "L", 1)->qty = 0.0019;
	assert_int_equal(plan(), 0);
	assert_qty(out.place[0].o.qty, "0.001");
	cmd(STRAT_ENTRY, "L", 1)->qty = 0.0009;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
	assert_int_equal(out.n_notes, 1);
}

static void a_reversal_trades_the_position_and_its_own_size(void **state)
{
	(void)state;
	long_position("L", "100");
	cmd(STRAT_ENTRY, "S", -1)->qty = 2;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
	assert_int_equal(out.place[0].o.side, SIDE_SELL);
	assert_qty(out.place[0].o.qty, "3");
}

static void a_close_and_an_entry_against_it_do_not_close_twice(void **state)
{
	(void)state;
	long_position("L", "100");
	cmd(STRAT_CLOSE, "L", 0);
	cmd(STRAT_ENTRY, "S", -1)->qty = 2;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 2);
	assert_qty(out.place[0].o.qty, "1");
	assert_true(out.place[0].o.flags & XO_REDUCE);
	assert_qty(out.place[1].o.qty, "2");
}

static void pyramiding_bounds_the_entries_of_one_direction(void **state)
{
	(void)state;
	long_position("L", "100");
	cmd(STRAT_ENTRY, "L2", 1);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
	props.pyramiding = 2;
	cmd(STRAT_ENTRY, "L2", 1);
	cmd(STRAT_ENTRY, "L3", 1);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
	assert_false(out.place[0].o.flags & XO_FIRST);
	cmd(STRAT_ORDER, "any", 1);	/* order() does not count */
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
}

static void the_same_pending_entry_stands_and_another_price_replaces_it(void **state)
{
	(void)state;
	cmd(STRAT_ENTRY, "L", 1)->limit = 90;
	assert_int_equal(plan(), 0);
	accept_all();
	cmd(STRAT_ENTRY, "L", 1)->limit = 90;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
	assert_int_equal(out.n_cancel, 0);
	cmd(STRAT_ENTRY, "L", 1)->limit = 91.009;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
	assert_int_equal(out.n_cancel, 1);
	assert_price(out.place[0].o.limit, "91");	/* never worse */
}

static void a_bracket_on_a_position_is_one_group_and_stands_while_unchanged(void **state)
{
	struct strat_cmd *c;

	(void)state;
	long_position("L", "100");
	for (int i = 0; i < 3; i++) {
		c = cmd(STRAT_EXIT, "X", 0);
		c->from_entry = "L";
		c->profit = 500;		/* ticks */
		c->stop = i < 2 ? 98.005 : 98.5;
		assert_int_equal(plan(), 0);
		if (i == 1) {
			assert_int_equal(out.n_place, 0);
			assert_int_equal(out.n_cancel, 0);
			continue;
		}
		assert_int_equal(out.n_place, 2);
		assert_int_equal(out.n_cancel, i == 2 ? 2 : 0);
		assert_price(out.place[0].o.limit, "105");
		assert_price(out.place[1].o.stop, i == 2 ? "98.5" : "98");
		assert_int_equal(out.place[0].o.oca_kind, OCA_REDUCE);
		assert_true(out.place[0].o.oca != 0);
		assert_true(out.place[0].o.oca == out.place[1].o.oca);
		assert_true(out.place[0].o.flags & XO_REDUCE);
		accept_all();
	}
}

static void an_exit_of_a_pending_entry_is_its_child_and_stays_after_the_fill(void **state)
{
	struct strat_cmd *c;

	(void)state;
	cmd(STRAT_ENTRY, "L", 1)->stop = 110;
	c = cmd(STRAT_EXIT, "X", 0);
	c->from_entry = "L";
	c->loss = 200;
	c->profit = 400;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 3);
	assert_true(coid_eq(out.place[1].o.parent, out.place[0].o.coid));
	assert_true(out.place[2].o.flags & XO_REL_STOP);
	assert_price(out.place[2].o.stop, "2");
	accept_all();
	/* the entry fills; the same call again: the children serve */
	fill_order(0, "110");
	c = cmd(STRAT_EXIT, "X", 0);
	c->from_entry = "L";
	c->loss = 200;
	c->profit = 400;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
	assert_int_equal(out.n_cancel, 0);
}

static void a_replaced_entry_takes_its_exits_along(void **state)
{
	struct strat_cmd *c;

	(void)state;
	cmd(STRAT_ENTRY, "L", 1)->stop = 110;
	c = cmd(STRAT_EXIT, "X", 0);
	c->from_entry = "L";
	c->stop = 100;
	assert_int_equal(plan(), 0);
	accept_all();
	cmd(STRAT_ENTRY, "L", 1)->stop = 111;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_cancel, 2);
	assert_int_equal(out.n_place, 2);
	assert_true(coid_eq(out.place[1].o.parent, out.place[0].o.coid));
}

static void partial_exits_set_aside_and_fire_once(void **state)
{
	struct strat_cmd *c;

	(void)state;
	props.default_qty_value = 10;
	long_position("L", "100");
	c = cmd(STRAT_EXIT, "half", 0);
	c->from_entry = "L";
	c->qty_percent = 50;
	c->limit = 110;
	c = cmd(STRAT_EXIT, "rest", 0);
	c->from_entry = "L";
	c->limit = 120;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 2);
	assert_qty(out.place[0].o.qty, "5");
	assert_qty(out.place[1].o.qty, "5");
	accept_all();
	fill_order(0, "110");
	c = cmd(STRAT_EXIT, "half", 0);
	c->from_entry = "L";
	c->qty_percent = 50;
	c->limit = 110;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);	/* fired for this position */
}

static void an_exit_without_levels_does_nothing(void **state)
{
	(void)state;
	long_position("L", "100");
	cmd(STRAT_EXIT, "X", 0)->from_entry = "L";
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
}

static void exits_of_a_position_that_is_gone_are_cancelled(void **state)
{
	struct strat_cmd *c;

	(void)state;
	long_position("L", "100");
	c = cmd(STRAT_EXIT, "X", 0);
	c->from_entry = "L";
	c->stop = 90;
	assert_int_equal(plan(), 0);
	accept_all();
	cmd(STRAT_CLOSE_ALL, NULL, 0);
	assert_int_equal(plan(), 0);
	accept_all();
	fill_order(1, "101");
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_cancel, 1);
	assert_string_equal(out.cancel[0]->tag, "X");
}

static void cancel_reaches_orders_of_this_bar_and_of_earlier_ones(void **state)
{
	(void)state;
	cmd(STRAT_ENTRY, "A", 1)->limit = 90;
	assert_int_equal(plan(), 0);
	accept_all();
	cmd(STRAT_ENTRY, "B", 1)->limit = 91;
	cmd(STRAT_CANCEL, "A", 0);
	cmd(STRAT_CANCEL, "B", 0);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
	assert_int_equal(out.n_cancel, 1);
	cmd(STRAT_ENTRY, "C", 1);
	cmd(STRAT_CANCEL_ALL, NULL, 0);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 0);
}

static void both_levels_given_the_nearest_counts_since_version_6(void **state)
{
	struct strat_cmd *c;

	(void)state;
	long_position("L", "100");
	for (int v = 5; v <= 6; v++) {
		props.version = v;
		c = cmd(STRAT_EXIT, v == 5 ? "X5" : "X6", 0);
		c->from_entry = "L";
		c->limit = 120;
		c->profit = 1000;	/* 110 */
		c->qty = 0.5;
		assert_int_equal(plan(), 0);
		assert_int_equal(out.n_place, 1);
		assert_price(out.place[0].o.limit, v == 5 ? "120" : "110");
	}
}

static void trailing_exits_activate_and_follow(void **state)
{
	struct strat_cmd *c;

	(void)state;
	long_position("L", "100");
	c = cmd(STRAT_EXIT, "T", 0);
	c->from_entry = "L";
	c->trail_points = 300;
	c->trail_offset = 50;
	assert_int_equal(plan(), 0);
	assert_int_equal(out.place[0].o.type, OT_TRAIL);
	assert_price(out.place[0].o.stop, "103");
	assert_price(out.place[0].o.offset, "0.5");
}

static void a_direction_that_is_not_allowed_only_closes(void **state)
{
	(void)state;
	long_position("L", "100");
	cmd(STRAT_RISK_ALLOW_ENTRY, NULL, 1);
	cmd(STRAT_ENTRY, "S", -1);
	assert_int_equal(plan(), 0);
	assert_int_equal(out.n_place, 1);
	assert_qty(out.place[0].o.qty, "1");
	assert_true(out.place[0].o.flags & XO_REDUCE);
}

static void a_guard_that_bots_do_not_have_stops_the_run(void **state)
{
	(void)state;
	cmd(STRAT_RISK_MAX_DRAWDOWN, NULL, 0);
	assert_int_equal(plan(), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "line 1"));
}

static void orders_on_close_are_for_now(void **state)
{
	(void)state;
	props.process_orders_on_close = true;
	cmd(STRAT_ENTRY, "L", 1);
	assert_int_equal(plan(), 0);
	assert_true(out.place[0].o.flags & XO_NOW);
}

static void a_price_beyond_the_range_of_money_stops_the_run(void **state)
{
	(void)state;
	cmd(STRAT_ENTRY, "L", 1)->limit = 1e30;
	assert_int_equal(plan(), -E_UNPROCESSABLE);
	cmd(STRAT_ENTRY, "L", 1)->limit = -5;
	assert_int_equal(plan(), -E_UNPROCESSABLE);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_entry_is_a_market_order_of_the_default_size),
		T(sizes_come_from_equity_cash_or_a_number),
		T(a_reversal_trades_the_position_and_its_own_size),
		T(a_close_and_an_entry_against_it_do_not_close_twice),
		T(pyramiding_bounds_the_entries_of_one_direction),
		T(the_same_pending_entry_stands_and_another_price_replaces_it),
		T(a_bracket_on_a_position_is_one_group_and_stands_while_unchanged),
		T(an_exit_of_a_pending_entry_is_its_child_and_stays_after_the_fill),
		T(a_replaced_entry_takes_its_exits_along),
		T(partial_exits_set_aside_and_fire_once),
		T(an_exit_without_levels_does_nothing),
		T(exits_of_a_position_that_is_gone_are_cancelled),
		T(cancel_reaches_orders_of_this_bar_and_of_earlier_ones),
		T(both_levels_given_the_nearest_counts_since_version_6),
		T(trailing_exits_activate_and_follow),
		T(a_direction_that_is_not_allowed_only_closes),
		T(a_guard_that_bots_do_not_have_stops_the_run),
		T(orders_on_close_are_for_now),
		T(a_price_beyond_the_range_of_money_stops_the_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
