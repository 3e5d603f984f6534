#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/emu.h"

/* Scenes under the strict rules, and with finer candles: bars of a minute,
 * what is commanded at their closes, what must have traded. */

struct scene {
	struct arena *a;
	struct emu *e;
	struct strat_cmd q[8];
	size_t n_q;
	int64_t t;
};

static struct emu_rules strict(void)
{
	return (struct emu_rules){
		.version = 5, .mintick = 0.5, .pointvalue = 1, .lot = 1,
		.initial_capital = 10000, .qty_type = STRAT_QTY_FIXED,
		.qty_value = 1, .strict = true, .bar_ms = 60000,
	};
}

static void begin(struct scene *s, const struct emu_rules *r)
{
	*s = (struct scene){ .a = arena_new("t", 1 << 22) };
	s->e = emu_new(s->a, r);
}

static void end(struct scene *s) { arena_free(&s->a); }

static struct strat_cmd *say(struct scene *s, enum strat_kind k, int dir,
			     const char *id)
{
	struct strat_cmd *c = &s->q[s->n_q++];

	*c = (struct strat_cmd){
		.kind = k, .dir = dir, .id = id, .qty = NAN, .qty_percent = NAN,
		.limit = NAN, .stop = NAN, .profit = NAN, .loss = NAN,
		.trail_price = NAN, .trail_points = NAN, .trail_offset = NAN,
	};
	return c;
}

static void bar_of(struct scene *s, const double p[4], double v,
		   const struct bars *fine)
{
	struct strat_cmds cmds = { s->q, s->n_q };

	if (s->t > 0)
		emu_commands(s->e, &cmds);
	s->n_q = 0;
	s->t += 60000;
	emu_bar_fine(s->e, &(struct bar){ s->t, p[0], p[1], p[2], p[3], v }, fine);
}

static void bar(struct scene *s, double o, double h, double l, double c)
{
	bar_of(s, (double[]){ o, h, l, c }, 1000, NULL);
}

static const struct emu_trade *trade(struct scene *s, size_t i)
{
	const struct emu_trade *t;
	size_t n = emu_trades(s->e, &t);

	assert_true(i < n);
	return &t[i];
}

static void same(double a, double b)
{
	if (fabs(a - b) > 1e-9)
		fail_msg("%.12g is not %.12g", a, b);
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
		cmocka_unit_test(a_bar_gives_no_more_than_its_share_of_volume),
		cmocka_unit_test(a_stop_that_was_met_is_filled_to_its_end),
		cmocka_unit_test(a_close_at_this_bars_price_waits_for_the_next),
		cmocka_unit_test(finer_candles_tell_the_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
