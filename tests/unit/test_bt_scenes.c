#include "config.h"
#include "test.h"

#include "t_scene.h"

/* More scenes of the chart rules, where traders expect one thing and get
 * another: closes, exits, cancels, gaps, margin.  mintick 0.5. */

/* A long of 1 at 100. */
static void held(struct scene *s, const struct emu_rules *r)
{
	begin(s, r);
	bar(s, 100, 100, 100, 100);
	say(s, STRAT_ENTRY, 1, "L");
	bar(s, 100, 101, 99, 100);
	same(size(s), 1);
}

static void an_immediate_close_fills_at_this_close(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	bar(&s, 100, 104, 99, 103);
	say(&s, STRAT_CLOSE, 0, "L")->immediately = true;
	speak(&s);
	same(trade(&s, 0)->t.exit_price, 103);
	assert_int_equal(trade(&s, 0)->t.exit_time, s.t);
	/* the script still sees it until the next bar */
	same(emu_account(s.e)->position_size, 1);
	bar(&s, 103, 104, 102, 103);
	same(emu_account(s.e)->position_size, 0);
	end(&s);
}

static void an_exit_that_says_nothing_is_no_exit(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_EXIT, 0, "X")->from_entry = "L";
	bar(&s, 100, 150, 50, 100);
	same(size(&s), 1);
	assert_int_equal(emu_waiting(s.e), 0);
	end(&s);
}

static void an_exit_without_an_entry_is_for_the_position(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	held(&s, &base);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->limit = 105;
	x->stop = 95;
	bar(&s, 100, 106, 94, 100);		/* one leg, not both */
	assert_int_equal(emu_trades(s.e, &(const struct emu_trade *){ NULL }), 1);
	same(size(&s), 0);
	end(&s);
}

static void trailing_without_an_offset_leaves_where_it_begins(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_EXIT, 0, "X")->trail_price = 105;
	bar(&s, 100, 106, 99.5, 106);
	same(trade(&s, 0)->t.exit_price, 105);
	assert_int_equal(trade(&s, 0)->reason, EMU_TRAIL);
	end(&s);
}

static void a_gap_at_the_open_moves_the_mark(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	held(&s, &base);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->trail_price = 104;
	x->trail_offset = 4;
	bar(&s, 100, 104.5, 99, 104.5);
	same(size(&s), 1);
	bar(&s, 110, 110, 105, 106);
	same(trade(&s, 0)->t.exit_price, 108);
	end(&s);
}

static void a_limit_that_comes_first_wins_over_the_trail(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	held(&s, &base);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->limit = 106;
	x->trail_price = 104;
	x->trail_offset = 4;
	bar(&s, 100, 107, 90, 95);
	same(trade(&s, 0)->t.exit_price, 106);
	assert_int_equal(trade(&s, 0)->reason, EMU_PROFIT);
	end(&s);
}

/* Two entries; what is closed by the id of the second. */
static void two_entries(struct scene *s, bool any)
{
	struct emu_rules r = base;

	r.pyramiding = 2;
	r.close_any = any;
	begin(s, &r);
	bar(s, 100, 100, 100, 100);
	say(s, STRAT_ENTRY, 1, "A");
	bar(s, 100, 101, 99, 100);
	say(s, STRAT_ENTRY, 1, "B");
	bar(s, 110, 111, 109, 110);
	same(size(s), 2);
}

static void closing_by_id_still_closes_the_oldest(void **state)
{
	struct scene s;

	(void)state;
	two_entries(&s, false);
	say(&s, STRAT_CLOSE, 0, "B");
	bar(&s, 120, 121, 119, 120);
	assert_string_equal(trade(&s, 0)->t.entry_id, "A");
	same(trade(&s, 0)->t.entry_price, 100);
	same(size(&s), 1);
	end(&s);
}

static void with_any_an_exit_closes_its_own_entry(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	two_entries(&s, true);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->from_entry = "B";
	x->limit = 115;
	bar(&s, 110, 116, 109, 115);
	assert_string_equal(trade(&s, 0)->t.entry_id, "B");
	same(size(&s), 1);
	say(&s, STRAT_CLOSE, 0, "A");
	bar(&s, 120, 121, 119, 120);
	assert_string_equal(trade(&s, 1)->t.entry_id, "A");
	end(&s);
}

static void closes_of_one_bar_add_up_and_stop_at_flat(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.qty_value = 3;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 101, 99, 100);
	say(&s, STRAT_CLOSE, 0, "L")->qty = 2;
	say(&s, STRAT_CLOSE, 0, "L")->qty = 2;
	bar(&s, 100, 101, 99, 100);
	same(size(&s), 0);
	same(trade(&s, 0)->t.size + trade(&s, 1)->t.size, 3);
	end(&s);
}

static void a_market_reversal_takes_a_gapped_exit_with_it(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_EXIT, 0, "X")->stop = 95;
	say(&s, STRAT_ENTRY, -1, "S");
	bar(&s, 90, 91, 89, 90);
	same(size(&s), -1);
	assert_string_equal(trade(&s, 0)->t.exit_id, "S");
	assert_int_equal(emu_trades(s.e, &(const struct emu_trade *){ NULL }), 1);
	end(&s);
}

static void a_stop_reversal_in_the_same_gap_does_not(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_EXIT, 0, "X")->stop = 95;
	say(&s, STRAT_ENTRY, -1, "S")->stop = 94;
	bar(&s, 90, 91, 89, 90);
	assert_string_equal(trade(&s, 0)->t.exit_id, "X");
	same(trade(&s, 0)->t.exit_price, 90);
	same(size(&s), -1);
	end(&s);
}

static void cancel_all_reaches_market_orders(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	say(&s, STRAT_CANCEL_ALL, 0, NULL);
	bar(&s, 100, 101, 99, 100);
	same(size(&s), 0);
	end(&s);
}

static void cancelling_an_entry_leaves_the_exit_of_what_filled(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_EXIT, 0, "X")->stop = 95;
	say(&s, STRAT_CANCEL, 0, "L");
	bar(&s, 100, 101, 94, 96);
	same(trade(&s, 0)->t.exit_price, 95);
	end(&s);
}

static void a_margin_call_closes_four_times_the_shortfall(void **state)
{
	/* 88: equity 640, margin 660; 20 / 0.25 / 88 is 0.909 */
	static const struct { double lot, closed; } by[] = {
		{ 0.1, 3.6 }, { 1, 1 } };

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct emu_rules r = base;
		struct scene s;

		r.initial_capital = 1000;
		r.margin_long = 25;
		r.lot = by[k].lot;
		r.qty_value = 30;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 100, 100, 88, 88);
		same(size(&s), 30 - by[k].closed);
		assert_int_equal(trade(&s, 0)->reason, EMU_MARGIN);
		assert_int_equal(emu_margin_calls(s.e), 1);
		end(&s);
	}
}

static void equity_is_capital_and_both_profits(void **state)
{
	struct scene s;

	(void)state;
	held(&s, &base);
	say(&s, STRAT_CLOSE, 0, "L");
	bar(&s, 110, 111, 109, 110);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 110, 116, 109, 115);
	same(emu_account(s.e)->net_profit, 10);
	same(emu_account(s.e)->open_profit, 5);
	same(emu_account(s.e)->equity, 10015);
	end(&s);
}

/* Version 6 shows a script the newest 9,000; the list has all. */
static void version_6_shows_the_newest_trades_only(void **state)
{
	(void)state;
	for (int version = 5; version <= 6; version++) {
		const struct strat_account *a;
		const struct emu_trade *t;
		struct emu_rules r = base;
		struct scene s;

		r.version = version;
		begin(&s, &r);
		for (int i = 0; i < 9003; i++) {
			bar(&s, 100, 101, 99, 100);
			say(&s, STRAT_ENTRY, 1, "L");
			bar(&s, 100, 101, 99, 100);
			say(&s, STRAT_CLOSE, 0, "L");
		}
		bar(&s, 100, 101, 99, 100);
		a = emu_account(s.e);
		assert_int_equal(emu_trades(s.e, &t), 9003);
		assert_int_equal(a->n_closed, 9003);
		assert_int_equal(a->closed_first, version == 6 ? 3 : 0);
		assert_true(a->closed[0].entry_time == t[version == 6 ? 3 : 0].t.entry_time);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_immediate_close_fills_at_this_close),
		cmocka_unit_test(an_exit_that_says_nothing_is_no_exit),
		cmocka_unit_test(an_exit_without_an_entry_is_for_the_position),
		cmocka_unit_test(trailing_without_an_offset_leaves_where_it_begins),
		cmocka_unit_test(a_gap_at_the_open_moves_the_mark),
		cmocka_unit_test(a_limit_that_comes_first_wins_over_the_trail),
		cmocka_unit_test(closing_by_id_still_closes_the_oldest),
		cmocka_unit_test(with_any_an_exit_closes_its_own_entry),
		cmocka_unit_test(closes_of_one_bar_add_up_and_stop_at_flat),
		cmocka_unit_test(a_market_reversal_takes_a_gapped_exit_with_it),
		cmocka_unit_test(a_stop_reversal_in_the_same_gap_does_not),
		cmocka_unit_test(cancel_all_reaches_market_orders),
		cmocka_unit_test(cancelling_an_entry_leaves_the_exit_of_what_filled),
		cmocka_unit_test(a_margin_call_closes_four_times_the_shortfall),
		cmocka_unit_test(equity_is_capital_and_both_profits),
		cmocka_unit_test(version_6_shows_the_newest_trades_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
