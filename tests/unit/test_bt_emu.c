#include "config.h"
#include "test.h"

#include "t_scene.h"

/* Scenes: bars, what is commanded at their closes, what must have traded.
 * mintick 0.5 so that levels between ticks can be told apart. */

static void a_market_order_fills_at_the_next_open(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 101, 99, 100.5);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 102, 103, 101, 102.5);
	same(emu_account(s.e)->position_size, 1);
	same(emu_account(s.e)->position_avg_price, 102);
	say(&s, STRAT_CLOSE, 0, "L");
	bar(&s, 104, 105, 103, 104);
	assert_int_equal(trades(&s), 1);
	same(trade(&s, 0)->t.exit_price, 104);
	same(trade(&s, 0)->t.profit, 2);
	assert_int_equal(trade(&s, 0)->reason, EMU_CLOSE);
	assert_string_equal(trade(&s, 0)->t.exit_id, "Close entry(s) order L");
	same(emu_account(s.e)->equity, 10002);
	end(&s);
}

/* Open nearer the high: high first, so the target is met before the stop. */
static void the_nearer_extreme_comes_first(void **state)
{
	static const double bars[2][4] = {
		{ 100, 106, 92, 99 },	/* high 6 away, low 8: high first */
		{ 100, 109, 94, 99 },	/* low first */
	};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct scene s;
		struct strat_cmd *x;

		begin(&s, &base);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 100, 101, 99, 100);
		x = say(&s, STRAT_EXIT, 0, "X");
		x->from_entry = "L";
		x->limit = 105;
		x->stop = 95;
		bar(&s, bars[k][0], bars[k][1], bars[k][2], bars[k][3]);
		assert_int_equal(trades(&s), 1);
		same(trade(&s, 0)->t.exit_price, k == 0 ? 105 : 95);
		assert_int_equal(trade(&s, 0)->reason, k == 0 ? EMU_PROFIT : EMU_LOSS);
		end(&s);
	}
}

static void a_gap_fills_at_the_open_and_limits_never_slip(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.slippage = 1;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->limit = 98;
	bar(&s, 96, 97, 95, 96);	/* opened below the limit: at the open */
	same(emu_account(s.e)->position_avg_price, 96);
	say(&s, STRAT_EXIT, 0, "X")->stop = 94;
	bar(&s, 92, 93, 91, 92);	/* gapped: open, and slips */
	same(trade(&s, 0)->t.exit_price, 91);
	end(&s);
}

static void exit_levels_fall_on_the_side_that_never_helps(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 100);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->limit = 104.3;		/* a target goes up to 104.5 */
	x->stop = 95.3;			/* a stop goes down to 95.0 */
	bar(&s, 100, 104, 95.5, 100);
	assert_int_equal(trades(&s), 0);
	x = say(&s, STRAT_EXIT, 0, "X");
	x->limit = 104.3;
	x->stop = 95.3;
	bar(&s, 100, 104.5, 98, 100);
	same(trade(&s, 0)->t.exit_price, 104.5);
	end(&s);
}

static void a_reversal_trades_what_was_held_when_it_was_placed(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, -1, "S");
	bar(&s, 101, 101, 101, 101);
	same(emu_account(s.e)->position_size, -1);
	assert_int_equal(trades(&s), 1);
	assert_string_equal(trade(&s, 0)->t.exit_id, "S");
	assert_int_equal(trade(&s, 0)->reason, EMU_SIGNAL);
	/* close and opposite entry together: one flat, one of normal size */
	say(&s, STRAT_CLOSE, 0, "S");
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 102, 102, 102, 102);
	same(emu_account(s.e)->position_size, 1);
	end(&s);
}

/* Both placed while flat: the second only closes the first. */
static void two_stops_placed_flat_only_close_each_other(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->stop = 102;
	say(&s, STRAT_ENTRY, -1, "S")->stop = 98;
	bar(&s, 100, 103, 96, 97);	/* high first */
	same(emu_account(s.e)->position_size, 0);
	assert_int_equal(trades(&s), 1);
	same(trade(&s, 0)->t.entry_price, 102);
	same(trade(&s, 0)->t.exit_price, 98);
	end(&s);
}

static void oca_cancels_the_other_side(void **state)
{
	struct scene s;
	struct strat_cmd *c;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	for (int dir = 1; dir >= -1; dir -= 2) {
		c = say(&s, STRAT_ENTRY, dir, dir > 0 ? "L" : "S");
		c->stop = 100 + 2 * dir;
		c->oca_name = "g";
		c->oca_type = STRAT_OCA_CANCEL;
	}
	bar(&s, 100, 103, 96, 97);
	same(emu_account(s.e)->position_size, 1);
	assert_int_equal(emu_waiting(s.e), 0);
	end(&s);
}

static void pyramiding_is_checked_at_the_fill(void **state)
{
	for (int limit = 0; limit <= 3; limit++) {
		struct emu_rules r = base;
		struct scene s;

		(void)state;
		r.pyramiding = limit;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		for (int i = 0; i < 4; i++) {
			say(&s, STRAT_ENTRY, 1, "L");
			bar(&s, 100, 100, 100, 100);
		}
		same(emu_account(s.e)->position_size, limit < 1 ? 1 : limit);
		end(&s);
	}
}

static void a_partial_exit_fires_once_and_the_rest_leaves_its_slice(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->qty = 4;
	bar(&s, 100, 100, 100, 100);
	for (int i = 0; i < 3; i++) {
		x = say(&s, STRAT_EXIT, 0, "half");
		x->from_entry = "L";
		x->qty_percent = 50;
		x->limit = 102;
		x = say(&s, STRAT_EXIT, 0, "rest");
		x->from_entry = "L";
		x->limit = 110;
		bar(&s, 101, 103, 100, 102);
		same(emu_account(s.e)->position_size, 2);
	}
	x = say(&s, STRAT_EXIT, 0, "rest");
	x->from_entry = "L";
	x->limit = 110;
	bar(&s, 102, 111, 102, 105);
	same(emu_account(s.e)->position_size, 0);
	assert_int_equal(trades(&s), 2);
	same(trade(&s, 1)->t.size, 2);
	end(&s);
}

static void an_exit_said_with_its_entry_lives_in_the_fill_bar(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	x = say(&s, STRAT_EXIT, 0, "X");
	x->from_entry = "L";
	x->profit = 4;			/* ticks: 2.0 */
	x->loss = 4;
	bar(&s, 101, 102, 98.5, 99);	/* stop at 99 */
	assert_int_equal(trades(&s), 1);
	same(trade(&s, 0)->t.exit_price, 99);
	assert_int_equal(trade(&s, 0)->t.exit_bar, trade(&s, 0)->t.entry_bar);
	end(&s);
}

static void a_trailing_stop_follows_the_extreme(void **state)
{
	struct scene s;
	struct strat_cmd *x;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 100);
	for (int i = 0; i < 2; i++) {
		x = say(&s, STRAT_EXIT, 0, "T");
		x->from_entry = "L";
		x->trail_points = 8;	/* on from 104 */
		x->trail_offset = 4;	/* 2.0 behind */
		if (i == 0)
			bar(&s, 100, 103.5, 99, 103);	/* not on yet */
		else
			bar(&s, 103, 107, 101, 102);	/* 107 - 2 */
	}
	assert_int_equal(trades(&s), 1);
	same(trade(&s, 0)->t.exit_price, 105);
	assert_int_equal(trade(&s, 0)->reason, EMU_TRAIL);
	end(&s);
}

static void version_6_takes_the_nearer_of_two_levels(void **state)
{
	(void)state;
	for (int v = 5; v <= 6; v++) {
		struct emu_rules r = base;
		struct scene s;
		struct strat_cmd *x;

		r.version = v;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 100, 100, 100, 100);
		x = say(&s, STRAT_EXIT, 0, "X");
		x->limit = 110;
		x->profit = 8;		/* 104 */
		bar(&s, 100, 111, 99.5, 100);
		same(trade(&s, 0)->t.exit_price, v == 5 ? 110 : 104);
		end(&s);
	}
}

static void orders_on_close_fill_at_this_close(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.on_close = true;
	begin(&s, &r);
	bar(&s, 100, 102, 99, 101);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 103, 105, 102, 104);
	same(emu_account(s.e)->position_avg_price, 101);
	say(&s, STRAT_CLOSE, 0, "L");
	bar(&s, 90, 90, 90, 90);
	same(trade(&s, 0)->t.exit_price, 104);
	end(&s);
}

static void fees_of_every_kind(void **state)
{
	static const enum strat_fee_type kind[] = {
		STRAT_FEE_PERCENT, STRAT_FEE_PER_CONTRACT, STRAT_FEE_PER_ORDER };
	static const double want[] = { 2 + 2.2, 2 * 2, 1 + 0.5 };

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kind); k++) {
		struct emu_rules r = base;
		struct scene s;

		r.fee_type = kind[k];
		r.fee = 1;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L")->qty = 2;
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, -1, "S")->qty = 2;
		bar(&s, 110, 110, 110, 110);
		same(trade(&s, 0)->t.commission, want[k]);
		same(trade(&s, 0)->t.profit, 20 - want[k]);
		end(&s);
	}
}

static void percent_of_equity_is_sized_at_the_signal_and_cut_to_the_lot(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.qty_type = STRAT_QTY_PERCENT;
	r.qty_value = 50;
	r.lot = 0.1;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 96);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 100);
	same(emu_account(s.e)->position_size, 52);	/* 5000 / 96 = 52.08 */
	end(&s);
}

/* With margin 100 % all of the equity cannot buy at a higher open. */
static void what_cannot_be_margined_is_refused(void **state)
{
	(void)state;
	for (int margin = 0; margin <= 100; margin += 100) {
		struct emu_rules r = base;
		struct scene s;

		r.qty_type = STRAT_QTY_PERCENT;
		r.qty_value = 100;
		r.margin_long = r.margin_short = margin;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 101, 101, 101, 101);
		same(emu_account(s.e)->position_size, margin ? 0 : 100);
		assert_int_equal(emu_rejected(s.e), margin ? 1 : 0);
		end(&s);
	}
}

static void a_short_without_funds_is_trimmed_by_a_margin_call(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.margin_long = r.margin_short = 100;
	r.lot = 1;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, -1, "S")->qty = 100;
	bar(&s, 100, 100, 100, 100);
	bar(&s, 100, 102, 100, 101);	/* short of 400 at 102: 3 x 4 */
	assert_int_equal(emu_margin_calls(s.e), 1);
	same(emu_account(s.e)->position_size, -88);
	assert_int_equal(trade(&s, 0)->reason, EMU_MARGIN);
	end(&s);
}

static void cancel_matches_entries_and_exits(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->limit = 90;
	bar(&s, 100, 100, 100, 100);
	assert_int_equal(emu_waiting(s.e), 1);
	say(&s, STRAT_CANCEL, 0, "L");
	bar(&s, 100, 100, 80, 100);
	same(emu_account(s.e)->position_size, 0);
	assert_int_equal(emu_waiting(s.e), 0);
	end(&s);
}

static void an_exit_of_nothing_is_forgotten(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_EXIT, 0, "X")->stop = 95;
	bar(&s, 100, 100, 90, 100);
	assert_int_equal(emu_waiting(s.e), 0);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 90, 100);	/* and does not act on what comes later */
	same(emu_account(s.e)->position_size, 1);
	end(&s);
}

static void entries_of_the_other_side_only_close_when_not_allowed(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_RISK_ALLOW_ENTRY, 1, NULL);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, -1, "S");
	bar(&s, 100, 100, 100, 100);
	same(emu_account(s.e)->position_size, 0);
	assert_int_equal(trades(&s), 1);
	end(&s);
}

static void the_worst_and_best_of_a_trade_are_kept(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 104, 97, 101);
	say(&s, STRAT_CLOSE_ALL, 0, NULL);
	bar(&s, 101, 120, 80, 100);	/* gone at the open */
	same(trade(&s, 0)->t.max_runup, 4);
	same(trade(&s, 0)->t.max_drawdown, 3);
	assert_string_equal(trade(&s, 0)->t.exit_id, "Close position order");
	end(&s);
}

static void what_is_open_at_the_end_is_listed(void **state)
{
	struct scene s;

	(void)state;
	begin(&s, &base);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 100, 100, 103);
	emu_finish(s.e);
	assert_int_equal(trades(&s), 1);
	assert_int_equal(trade(&s, 0)->reason, EMU_END);
	same(trade(&s, 0)->t.profit, 3);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_market_order_fills_at_the_next_open),
		cmocka_unit_test(the_nearer_extreme_comes_first),
		cmocka_unit_test(a_gap_fills_at_the_open_and_limits_never_slip),
		cmocka_unit_test(exit_levels_fall_on_the_side_that_never_helps),
		cmocka_unit_test(a_reversal_trades_what_was_held_when_it_was_placed),
		cmocka_unit_test(two_stops_placed_flat_only_close_each_other),
		cmocka_unit_test(oca_cancels_the_other_side),
		cmocka_unit_test(pyramiding_is_checked_at_the_fill),
		cmocka_unit_test(a_partial_exit_fires_once_and_the_rest_leaves_its_slice),
		cmocka_unit_test(an_exit_said_with_its_entry_lives_in_the_fill_bar),
		cmocka_unit_test(a_trailing_stop_follows_the_extreme),
		cmocka_unit_test(version_6_takes_the_nearer_of_two_levels),
		cmocka_unit_test(orders_on_close_fill_at_this_close),
		cmocka_unit_test(fees_of_every_kind),
		cmocka_unit_test(percent_of_equity_is_sized_at_the_signal_and_cut_to_the_lot),
		cmocka_unit_test(what_cannot_be_margined_is_refused),
		cmocka_unit_test(a_short_without_funds_is_trimmed_by_a_margin_call),
		cmocka_unit_test(cancel_matches_entries_and_exits),
		cmocka_unit_test(an_exit_of_nothing_is_forgotten),
		cmocka_unit_test(entries_of_the_other_side_only_close_when_not_allowed),
		cmocka_unit_test(the_worst_and_best_of_a_trade_are_kept),
		cmocka_unit_test(what_is_open_at_the_end_is_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
