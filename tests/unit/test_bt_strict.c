#include "config.h"
#include "test.h"

#include "t_scene.h"

/* Scenes under the strict rules, and with finer candles: bars of a minute,
 * what is commanded at their closes, what must have traded. */

static struct emu_rules strict(void)
{
	struct emu_rules r = base;

	r.lot = 1;
	r.strict = true;
	r.bar_ms = 60000;
	return r;
}

static void bar_of(struct scene *s, const double p[4], double v,
		   const struct bars *fine)
{
	bar_fine(s, &(struct bar){ s->t + 60000, p[0], p[1], p[2], p[3], v }, fine);
}

static struct strat_cmd *exit_of(struct scene *s, double limit, double stop)
{
	struct strat_cmd *x = say(s, STRAT_EXIT, 0, "X");

	x->from_entry = "L";
	x->limit = limit;
	x->stop = stop;
	return x;
}

/* The chart rules would take the target here: the high is nearer. */
static void the_stop_comes_before_the_target(void **state)
{
	struct emu_rules r = strict();

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct scene s;

		r.strict = k == 1;
		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 100, 101, 99, 100);
		exit_of(&s, 105, 95);
		bar(&s, 100, 106, 92, 99);
		same(trade(&s, 0)->t.exit_price, k == 1 ? 95 : 105);
		end(&s);
	}
}

/* A breakout entry is met on the way up, and its stop on the way down. */
static void an_entry_meets_the_way_that_turns_against_it(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->stop = 103;
	exit_of(&s, NAN, 97);
	bar(&s, 100, 106, 96, 105);		/* low is nearer */
	same(trade(&s, 0)->t.entry_price, 103);
	same(trade(&s, 0)->t.exit_price, 97);
	end(&s);
}

static void trailing_knows_only_the_bars_before(void **state)
{
	struct emu_rules r = strict();
	struct strat_cmd *x;
	struct scene s;

	(void)state;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 101, 99, 100);
	x = exit_of(&s, NAN, NAN);
	x->trail_price = 104;
	x->trail_offset = 4;			/* ticks: 2 */
	bar(&s, 100, 110, 100, 105);		/* 110 - 2 lies within it */
	assert_true(emu_account(s.e)->position_size == 1);
	bar(&s, 109, 109, 104, 105);
	same(trade(&s, 0)->t.exit_price, 108);
	assert_int_equal(trade(&s, 0)->reason, EMU_TRAIL);
	end(&s);
}

static void a_limit_is_met_when_the_other_side_has_come_to_it(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.limit_beyond = 0.5;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->limit = 98;
	bar(&s, 100, 101, 98, 99);
	assert_true(emu_account(s.e)->position_size == 0);
	bar(&s, 99, 100, 97.5, 99);
	same(emu_account(s.e)->position_avg_price, 98);
	end(&s);
}

/* 30 s of 60: half of the range, against the order. */
static void a_late_order_pays_for_its_way(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.latency_ms = 30000;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 104, 98, 101);
	same(emu_account(s.e)->position_avg_price, 103);
	say(&s, STRAT_CLOSE, 0, "L");
	bar(&s, 101, 102, 100.5, 102);		/* not below its low */
	same(trade(&s, 0)->t.exit_price, 100.5);
	end(&s);
	r.latency_ms = 60000;			/* a whole bar */
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 104, 98, 101);
	assert_true(emu_account(s.e)->position_size == 0);
	bar(&s, 101, 104, 98, 101);
	same(emu_account(s.e)->position_avg_price, 101);
	end(&s);
}

/* One order of a long (dir 1) or a short, said after a bar at 100, with half
 * of a bar's latency: the price at which it was had in the bar o h l c. */
static double had(int dir, double limit, double stop, const double p[4])
{
	struct emu_rules r = strict();
	struct strat_cmd *c;
	struct scene s;
	double at;

	r.latency_ms = 30000;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	c = say(&s, STRAT_ENTRY, dir, "E");
	c->limit = limit;
	c->stop = stop;
	bar_of(&s, p, 1000, NULL);
	at = emu_account(s.e)->position_avg_price;
	end(&s);
	return at;
}

/* Up to 101, down to 96, back to 100: at half of that way it is at 97. */
static void an_order_takes_part_in_the_rest_of_its_first_bar(void **state)
{
	static const double p[] = { 100, 101, 96, 100 };

	(void)state;
	same(had(1, 96.5, NAN, p), 96.5);
	same(had(1, 98, NAN, p), 98);		/* passed, but moved against */
	same(had(1, NAN, 99, p), 99);
	assert_true(isnan(had(1, NAN, 100.5, p)));	/* only before it came */
	/* Down first, then up: at 97 on its way up. */
	same(had(-1, NAN, 98, p), 97);
	same(had(-1, 100.5, NAN, p), 100.5);
	assert_true(isnan(had(-1, NAN, 96, p)));
	/* A bar without any way. */
	same(had(1, 100, NAN, (double[]){ 100, 100, 100, 100 }), 100);
	assert_true(isnan(had(1, 99, NAN, (double[]){ 100, 100, 100, 100 })));
}

/* More than a bar's latency: sent anew on each bar it would never be there. */
static void what_is_said_again_unchanged_is_not_sent_anew(void **state)
{
	struct emu_rules r = strict();

	(void)state;
	r.latency_ms = 90000;
	for (int k = 0; k < 2; k++) {
		struct scene s;

		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		for (int i = 0; i < 4; i++) {
			/* changed by a tick each time, or not */
			say(&s, STRAT_ENTRY, 1, "L")->limit = 98 + 0.5 * k * (i % 2);
			bar(&s, 100, 101, 97, 100);
		}
		same(size(&s), k == 0 ? 1 : 0);
		end(&s);
	}
}

/* The stop that came with the entry is there within the bar, too. */
static void an_exit_is_there_when_its_entry_is(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.latency_ms = 15000;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	exit_of(&s, NAN, 97);
	bar(&s, 100, 104, 96, 100);	/* 4 of 16 gone: it is at 96 */
	same(trade(&s, 0)->t.entry_price, 102);
	same(trade(&s, 0)->t.exit_price, 96);
	end(&s);
}

static void a_late_order_meets_the_finer_bar_it_comes_in(void **state)
{
	static const int64_t t[] = { 120000, 140000, 160000 };
	static const double o[] = { 100, 101, 104 }, h[] = { 101, 104, 110 };
	static const double l[] = { 99, 100, 102 }, c[] = { 101, 104, 106 };
	static const double v[] = { 1, 1, 1 };
	const struct bars fine = { 3, t, o, h, l, c, v };
	static const double whole[] = { 100, 110, 99, 106 };
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.latency_ms = 30000;		/* in the middle of the second one */
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_of(&s, whole, 3, &fine);
	same(emu_account(s.e)->position_avg_price, 103);
	end(&s);
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L")->limit = 100;	/* from 101 up to 104 */
	bar_of(&s, whole, 3, &fine);
	same(emu_account(s.e)->position_avg_price, 100);
	end(&s);
}

static void a_bar_gives_no_more_than_its_share_of_volume(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.volume_share = 0.1;
	r.qty_value = 25;
	begin(&s, &r);
	bar_of(&s, (double[]){ 100, 100, 100, 100 }, 100, NULL);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_of(&s, (double[]){ 100, 101, 99, 100 }, 109, NULL);	/* 10 by lots */
	same(emu_account(s.e)->position_size, 10);
	bar_of(&s, (double[]){ 101, 102, 100, 101 }, 100, NULL);
	same(emu_account(s.e)->position_size, 20);
	bar_of(&s, (double[]){ 102, 103, 101, 102 }, 0, NULL);
	same(emu_account(s.e)->position_size, 20);
	bar_of(&s, (double[]){ 103, 104, 102, 103 }, 1000, NULL);
	same(emu_account(s.e)->position_size, 25);
	same(emu_account(s.e)->position_avg_price, (1000 + 1010 + 515) / 25.0);
	end(&s);
}

/* What the volume leaves of a stop that was met goes at the next prices. */
static void a_stop_that_was_met_is_filled_to_its_end(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	r.volume_share = 0.5;
	r.qty_value = 15;
	begin(&s, &r);
	bar_of(&s, (double[]){ 100, 100, 100, 100 }, 100, NULL);
	say(&s, STRAT_ENTRY, 1, "L");
	bar_of(&s, (double[]){ 100, 101, 99, 100 }, 100, NULL);
	exit_of(&s, NAN, 95);
	bar_of(&s, (double[]){ 100, 101, 94, 96 }, 20, NULL);	/* 10 of 15 */
	same(trade(&s, 0)->t.size, 10);
	same(trade(&s, 0)->t.exit_price, 95);
	same(emu_account(s.e)->position_size, 5);
	bar_of(&s, (double[]){ 97, 98, 96, 97 }, 20, NULL);
	same(trade(&s, 1)->t.exit_price, 97);
	assert_int_equal(trade(&s, 1)->reason, EMU_LOSS);
	same(emu_account(s.e)->position_size, 0);
	end(&s);
}

static void a_close_at_this_bars_price_waits_for_the_next(void **state)
{
	struct emu_rules r = strict();
	struct scene s;

	(void)state;
	begin(&s, &r);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_ENTRY, 1, "L");
	bar(&s, 100, 101, 99, 100);
	say(&s, STRAT_CLOSE, 0, "L")->immediately = true;
	bar(&s, 104, 105, 103, 104);
	same(trade(&s, 0)->t.exit_price, 104);
	end(&s);
}

/* The bar alone would go to its high first; the finer ones know better. */
static void finer_candles_tell_the_way(void **state)
{
	static const int64_t t[] = { 180000, 200000, 220000 };
	static const double o[] = { 100, 96, 93 }, h[] = { 101, 97, 106 };
	static const double l[] = { 96, 94, 92 }, c[] = { 96, 94, 105 };
	static const double v[] = { 1, 1, 1 };
	const struct bars fine = { 3, t, o, h, l, c, v };
	struct emu_rules r = strict();

	(void)state;
	r.strict = false;
	for (int k = 0; k < 2; k++) {
		struct scene s;

		begin(&s, &r);
		bar(&s, 100, 100, 100, 100);
		say(&s, STRAT_ENTRY, 1, "L");
		bar(&s, 100, 101, 99, 100);
		exit_of(&s, 105, 93.5);
		bar_of(&s, (double[]){ 100, 106, 92, 105 }, 3, k ? &fine : NULL);
		/* it opened at 93 after 94: a gap inside the bar */
		same(trade(&s, 0)->t.exit_price, k ? 93 : 105);
		assert_int_equal(trade(&s, 0)->t.exit_time, 180000);
		end(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stop_comes_before_the_target),
		cmocka_unit_test(an_entry_meets_the_way_that_turns_against_it),
		cmocka_unit_test(trailing_knows_only_the_bars_before),
		cmocka_unit_test(a_limit_is_met_when_the_other_side_has_come_to_it),
		cmocka_unit_test(a_late_order_pays_for_its_way),
		cmocka_unit_test(an_order_takes_part_in_the_rest_of_its_first_bar),
		cmocka_unit_test(what_is_said_again_unchanged_is_not_sent_anew),
		cmocka_unit_test(an_exit_is_there_when_its_entry_is),
		cmocka_unit_test(a_late_order_meets_the_finer_bar_it_comes_in),
		cmocka_unit_test(a_bar_gives_no_more_than_its_share_of_volume),
		cmocka_unit_test(a_stop_that_was_met_is_filled_to_its_end),
		cmocka_unit_test(a_close_at_this_bars_price_waits_for_the_next),
		cmocka_unit_test(finer_candles_tell_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
