#include "config.h"
#include "test.h"

#include "t_scene.h"

/* The rules of strategy.risk, in scenes of hourly bars. */

#define HOUR INT64_C(3600000)
/* 2024-01-02 00:00 UTC, 19:00 of the day before in New York */
#define DAY  INT64_C(1704153600000)

/* An account of 1,000. */
static void poor(struct scene *s)
{
	struct emu_rules r = base;

	r.initial_capital = 1000;
	begin(s, &r);
}

static const struct emu_trade *last(struct scene *s)
{
	const struct emu_trade *t;
	size_t n = emu_trades(s->e, &t);

	assert_true(n > 0);
	return &t[n - 1];
}

static double position(struct scene *s) { return emu_account(s->e)->position_size; }

static void limit(struct scene *s, enum strat_kind k, double value, bool percent)
{
	struct strat_cmd *c = say(s, k, 0, NULL);

	c->qty = value;
	c->risk_percent = percent;
}

static void a_loss_of_the_day_closes_at_the_extreme(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_INTRADAY_LOSS, 5, false);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + HOUR, 100, 101, 96, 97);		/* 4 under */
	assert_true(position(&s) == 1);
	say(&s, STRAT_ENTRY, 1, "more");
	bar_at(&s, DAY + 2 * HOUR, 97, 98, 92, 96);	/* 8 under at the low */
	assert_true(position(&s) == 0);
	assert_true(last(&s)->t.exit_price == 92);
	assert_int_equal(last(&s)->reason, EMU_RISK);
	assert_string_equal(last(&s)->t.exit_id, "Close Position (Max intraday Loss)");
	/* Nothing more on this day; on the next one, yes. */
	say(&s, STRAT_ENTRY, 1, "again");
	bar_at(&s, DAY + 3 * HOUR, 96, 99, 95, 98);
	assert_true(position(&s) == 0);
	bar_at(&s, DAY + 24 * HOUR, 98, 99, 97, 98);
	assert_true(position(&s) == 0);		/* what was refused stays so */
	say(&s, STRAT_ENTRY, 1, "next day");
	bar_at(&s, DAY + 25 * HOUR, 98, 99, 97, 98);
	assert_true(position(&s) == 1);
	arena_free(&s.a);
}

static void a_percentage_is_of_the_equity_the_day_began_with(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_INTRADAY_LOSS, 1, true);	/* 10 of 1000 */
	say(&s, STRAT_ENTRY, -1, "S");
	bar_at(&s, DAY + HOUR, 100, 109.5, 100, 109);
	assert_true(position(&s) == -1);
	bar_at(&s, DAY + 2 * HOUR, 109, 110, 109, 109);
	assert_true(position(&s) == 0);
	assert_true(last(&s)->t.exit_price == 110);
	arena_free(&s.a);
}

static void a_gap_between_days_is_no_loss_of_a_day(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY + 22 * HOUR, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_INTRADAY_LOSS, 5, false);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + 23 * HOUR, 100, 101, 99, 100);
	bar_at(&s, DAY + 24 * HOUR, 80, 81, 78, 80);	/* opens 20 lower */
	assert_true(position(&s) == 1);
	bar_at(&s, DAY + 25 * HOUR, 74, 75, 73, 74);	/* 6 lower at its open */
	assert_true(position(&s) == 0);
	assert_true(last(&s)->t.exit_price == 74);
	arena_free(&s.a);
}

static void days_begin_where_the_exchange_is(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.initial_capital = 1000;
	r.timezone = "America/New_York";
	for (int k = 0; k < 3; k++) {
		/* 1: at midnight UTC; 0: five hours later; 2: 17:00 there,
		 * which is 22:00 UTC */
		r.timezone = k == 1 ? NULL : "America/New_York";
		r.day_start = k == 2 ? 17 * HOUR : 0;
		begin(&s, &r);
		bar_at(&s, DAY - 4 * HOUR, 100, 101, 99, 100);
		limit(&s, STRAT_RISK_MAX_INTRADAY_LOSS, 5, false);
		say(&s, STRAT_ENTRY, 1, "L");
		bar_at(&s, DAY - 3 * HOUR, 100, 100, 98, 98);
		bar_at(&s, DAY - 2 * HOUR, 96, 98, 96, 96);	/* 4 down */
		bar_at(&s, DAY, 96, 97, 92, 96);			/* 8, or 4 */
		assert_true(position(&s) == (k == 0 ? 0 : 1));
		arena_free(&s.a);
	}
}

static void the_last_order_of_a_day_is_closed_at_its_price(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_INTRADAY_ORDERS, 2, false);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + HOUR, 101, 103, 100, 102);
	assert_true(position(&s) == 1);
	say(&s, STRAT_ENTRY, -1, "S");		/* a reversal is one order */
	bar_at(&s, DAY + 2 * HOUR, 104, 105, 103, 104);
	assert_true(position(&s) == 0);
	assert_int_equal(trades(&s), 2);
	assert_true(last(&s)->t.entry_price == 104 && last(&s)->t.exit_price == 104);
	assert_string_equal(last(&s)->t.exit_id,
			    "Close Position (Max number of filled orders in one day)");
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + 3 * HOUR, 104, 105, 103, 104);
	assert_true(position(&s) == 0);
	bar_at(&s, DAY + 24 * HOUR, 104, 105, 103, 104);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + 25 * HOUR, 104, 105, 103, 104);
	assert_true(position(&s) == 1);
	arena_free(&s.a);
}

static void a_last_order_inside_the_bar_is_closed_where_it_was_carried(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_INTRADAY_ORDERS, 1, false);
	say(&s, STRAT_ENTRY, 1, "L")->stop = 102;
	bar_at(&s, DAY + HOUR, 100, 104, 99, 103);
	assert_true(last(&s)->t.entry_price == 102 && last(&s)->t.exit_price == 104);
	arena_free(&s.a);
}

static void a_drawdown_ends_trading_for_good(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_DRAWDOWN, 10, false);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + HOUR, 100, 100, 88, 95);	/* seen at the close */
	assert_true(position(&s) == 1);
	bar_at(&s, DAY + 2 * HOUR, 95, 95, 89, 90);
	assert_true(position(&s) == 0);
	assert_true(last(&s)->t.exit_price == 90);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + 48 * HOUR, 90, 95, 89, 90);
	assert_true(position(&s) == 0);
	arena_free(&s.a);
}

static void days_of_loss_in_a_row_end_trading(void **state)
{
	struct scene s;

	(void)state;
	poor(&s);
	bar_at(&s, DAY, 100, 101, 99, 100);
	limit(&s, STRAT_RISK_MAX_CONS_LOSS_DAYS, 2, false);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_at(&s, DAY + HOUR, 100, 101, 94, 95);
	bar_at(&s, DAY + 24 * HOUR, 95, 96, 90, 91);
	assert_true(position(&s) == 1);
	bar_at(&s, DAY + 48 * HOUR, 91, 92, 90, 91);
	assert_true(position(&s) == 0);
	assert_string_equal(last(&s)->t.exit_id,
			    "Close Position (Max consecutive loss days)");
	arena_free(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loss_of_the_day_closes_at_the_extreme),
		cmocka_unit_test(a_percentage_is_of_the_equity_the_day_began_with),
		cmocka_unit_test(a_gap_between_days_is_no_loss_of_a_day),
		cmocka_unit_test(days_begin_where_the_exchange_is),
		cmocka_unit_test(the_last_order_of_a_day_is_closed_at_its_price),
		cmocka_unit_test(a_last_order_inside_the_bar_is_closed_where_it_was_carried),
		cmocka_unit_test(a_drawdown_ends_trading_for_good),
		cmocka_unit_test(days_of_loss_in_a_row_end_trading),
	};

	return cmocka_run_group_tests_name("rules of strategy.risk", tests, NULL, NULL);
}
