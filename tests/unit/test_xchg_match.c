#include "config.h"
#include "test.h"
#include "t_money.h"
#include <stdio.h>
#include <string.h>
#include "core/rand.h"
#include "xchg/match.h"

#define T0 1700000000000LL
#define HOUR 3600000LL

struct fix {
	struct arena *a;
	struct match_state s;
	struct match_events ev;
	struct err err;
	unsigned seq;
	int64_t t;
};


static void start(struct fix *f)
{
	memset(f, 0, sizeof(*f));
	f->a = arena_new("test", (size_t)64 << 20);
	match_init(f->a, &f->s, MATCH_ORDERS_MAX);
	f->s.rules = (struct match_rules){
		.tick = P("0.01"), .lot = Q("0.001"),
		.min_notional = C("5"), .quote_step = C("0.00000001"),
		.fee_maker = Q("0.001"), .fee_taker = Q("0.001"),
		.allow_short = true,
	};
	f->s.cash = C("100000");
	f->t = T0;
}
static void stop(struct fix *f)
{
	arena_free(&f->a);
}

static struct xchg_order order(struct fix *f, enum xchg_side side,
			       enum xchg_type type, const char *qty,
			       const char *limit, const char *stop_at)
{
	return (struct xchg_order){
		.coid = coid_make(1, T0, ++f->seq, 0), .side = side,
		.type = type, .qty = Q(qty), .limit = P(limit), .stop = P(stop_at),
	};
}
static struct coid place(struct fix *f, const struct xchg_order *o)
{
	assert_int_equal(match_place(f->a, &f->s, o, f->t, &f->ev, &f->err), 0);
	return o->coid;
}
static void candle(struct fix *f, const char *o, const char *h, const char *l,
		   const char *c)
{
	struct match_candle k = { f->t, f->t + HOUR, P(o), P(h), P(l), P(c),
				  Q("100") };
	bool quiet = match_quiet(&f->s, &k);

	assert_int_equal(match_candle(f->a, &f->s, &k, &f->ev, &f->err), 0);
	assert_int_equal(quiet, !f->ev.changed);
	f->t += HOUR;
}

static void a_market_order_fills_at_the_next_open_with_slippage(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.slippage_ticks = 3;
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_MARKET, "2", "0", "0");
	place(&f, &o);
	candle(&f, "102", "103", "101", "102.5");
	assert_int_equal(f.ev.n_fills, 1);
	assert_price(f.ev.fills[0].price, "102.03");
	assert_quote(f.ev.fills[0].cost, "204.06");
	assert_quote(f.ev.fills[0].fee, "0.20406");
	assert_int_equal(f.s.orders[0].state, XS_FILLED);
	assert_qty(f.s.base, "2");
	assert_quote(f.s.cash, "99795.73594");
	assert_int_equal(f.ev.fills[0].time_ms, T0 + HOUR);
	stop(&f);
}

static void the_path_goes_to_the_nearer_extreme_first(void **state)
{
	struct match_candle k = { 0, 1, P("10"), P("11"), P("8"), P("9"), Q("1") };
	struct price p[4];

	(void)state;
	match_path(&k, p);
	assert_price(p[1], "11");
	k.h = P("13");
	match_path(&k, p);
	assert_price(p[1], "8");
	k.h = P("12");		/* as far: low first */
	match_path(&k, p);
	assert_price(p[1], "8");
}

static void limits_fill_at_their_price_or_better_and_stops_at_theirs_or_worse(void **state)
{
	struct fix f;
	struct xchg_order a, b, c, d;

	(void)state;
	start(&f);
	f.s.rules.slippage_ticks = 2;
	candle(&f, "100", "101", "99", "100");
	a = order(&f, SIDE_BUY, OT_LIMIT, "1", "99.5", "0");
	b = order(&f, SIDE_BUY, OT_LIMIT, "1", "95", "0");
	c = order(&f, SIDE_BUY, OT_STOP, "1", "0", "101");
	d = order(&f, SIDE_BUY, OT_STOP, "1", "0", "97");	/* gapped */
	place(&f, &a); place(&f, &b); place(&f, &c); place(&f, &d);
	candle(&f, "98", "102", "97", "99");	/* low is nearer */
	assert_int_equal(f.ev.n_fills, 3);
	assert_price(f.ev.fills[0].price, "98");	/* better than asked */
	assert_false(f.ev.fills[0].maker);
	assert_price(f.ev.fills[1].price, "98.02");	/* beyond: at the open */
	assert_price(f.ev.fills[2].price, "101.02");
	assert_int_equal(f.s.orders[1].state, XS_OPEN);
	match_sweep(&f.s);
	assert_int_equal(f.s.n_orders, 1);
	candle(&f, "99", "99.5", "94", "95");
	assert_price(f.ev.fills[0].price, "95");
	assert_true(f.ev.fills[0].maker);
	stop(&f);
}

static void a_bracket_wakes_with_its_parent_and_its_legs_share(void **state)
{
	struct fix f;
	struct xchg_order e, tp, sl;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
	e = order(&f, SIDE_BUY, OT_STOP, "2", "0", "101");
	tp = order(&f, SIDE_SELL, OT_LIMIT, "2", "5", "0");
	tp.flags = XO_REDUCE | XO_REL_LIMIT;
	tp.parent = e.coid;
	tp.oca = 7; tp.oca_kind = OCA_REDUCE;
	sl = order(&f, SIDE_SELL, OT_STOP, "2", "0", "2");
	sl.flags = XO_REDUCE | XO_REL_STOP;
	sl.parent = e.coid;
	sl.oca = 7; sl.oca_kind = OCA_REDUCE;
	place(&f, &e); place(&f, &tp); place(&f, &sl);
	assert_int_equal(f.s.orders[1].state, XS_PENDING);
	/* up through 101 to 102, then down through 99: entry and stop in one */
	candle(&f, "100.5", "102", "98", "98.5");
	assert_int_equal(f.ev.n_fills, 2);
	assert_price(f.ev.fills[0].price, "101");
	assert_price(f.ev.fills[1].price, "99");
	assert_int_equal(f.s.orders[1].state, XS_CANCELED);
	assert_true(qty_is_zero(f.s.base));
	stop(&f);
}

static void an_exit_without_a_position_ends_without_a_fill(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_SELL, OT_MARKET, "2", "0", "0");
	o.flags = XO_REDUCE;
	place(&f, &o);
	candle(&f, "100", "101", "99", "100");
	assert_int_equal(f.ev.n_fills, 0);
	assert_true(f.ev.changed);
	assert_int_equal(f.s.orders[0].state, XS_CANCELED);
	stop(&f);
}

static void a_cancelled_parent_takes_its_children_along(void **state)
{
	struct fix f;
	struct xchg_order e, x;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
	e = order(&f, SIDE_BUY, OT_LIMIT, "2", "90", "0");
	x = order(&f, SIDE_SELL, OT_STOP, "2", "0", "80");
	x.parent = e.coid;
	x.flags = XO_REDUCE;
	place(&f, &e); place(&f, &x);
	assert_int_equal(match_cancel(&f.s, e.coid, "asked", &f.err), 0);
	assert_int_equal(f.s.orders[1].state, XS_CANCELED);
	assert_int_equal(match_cancel(&f.s, e.coid, "asked", &f.err), -E_NOTFOUND);
	match_sweep(&f.s);
	assert_int_equal(f.s.n_orders, 0);
	x.coid = coid_make(9, 9, 9, 9);
	assert_int_equal(match_place(f.a, &f.s, &x, f.t, &f.ev, &f.err),
			 -E_UNPROCESSABLE);	/* its parent is gone */
	stop(&f);
}

static void a_trail_follows_the_path_and_fills_behind_its_best(void **state)
{
	struct fix f;
	struct xchg_order b, t;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
	b = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	place(&f, &b);
	t = order(&f, SIDE_SELL, OT_TRAIL, "1", "0", "104");
	t.offset = P("2");
	t.flags = XO_REDUCE;
	place(&f, &t);
	candle(&f, "100", "103", "99", "102");		/* not activated */
	match_sweep(&f.s);
	assert_false(f.s.orders[0].trailing);
	candle(&f, "102", "106", "101.5", "105");	/* low first, then 106 */
	assert_int_equal(f.ev.n_fills, 0);
	assert_price(f.s.orders[0].mark, "106");
	candle(&f, "107", "107.5", "104", "104.5");	/* high, then down */
	assert_int_equal(f.ev.n_fills, 1);
	assert_price(f.ev.fills[0].price, "105.5");
	stop(&f);
}

static void a_stop_limit_waits_at_its_limit_after_the_stop(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_STOP_LIMIT, "1", "100", "102");
	place(&f, &o);
	candle(&f, "100.5", "103", "100.2", "101");	/* stop met, limit not */
	assert_int_equal(f.ev.n_fills, 0);
	assert_true(f.s.orders[0].triggered);
	candle(&f, "101", "101", "99", "99.5");
	assert_price(f.ev.fills[0].price, "100");
	assert_true(f.ev.fills[0].maker);
	stop(&f);
}

static void volume_bounds_a_fill_and_the_rest_waits(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.participation = Q("0.01");	/* 1 of 100 */
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_MARKET, "2.5", "0", "0");
	place(&f, &o);
	candle(&f, "100", "101", "99", "100");
	assert_qty(f.ev.fills[0].qty, "1");
	assert_int_equal(f.s.orders[0].state, XS_PARTIAL);
	candle(&f, "101", "102", "99", "100");
	assert_qty(f.ev.fills[0].qty, "1");
	assert_price(f.ev.fills[0].price, "101");
	candle(&f, "103", "103", "99", "100");
	assert_qty(f.ev.fills[0].qty, "0.5");
	assert_int_equal(f.s.orders[0].state, XS_FILLED);
	stop(&f);
}

static void a_fill_never_costs_more_than_there_is(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.cash = C("1000");
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_MARKET, "10", "0", "0");	/* + fee */
	place(&f, &o);
	candle(&f, "100", "101", "99", "100");
	assert_qty(f.ev.fills[0].qty, "9.99");
	assert_int_equal(f.s.orders[0].state, XS_CANCELED);
	assert_true(quote_sign(f.s.cash) >= 0);
	stop(&f);
}

static void without_shorting_nothing_is_sold_that_is_not_there(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.allow_short = false;
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	place(&f, &o);
	candle(&f, "100", "101", "99", "100");
	match_sweep(&f.s);
	o = order(&f, SIDE_SELL, OT_MARKET, "3", "0", "0");
	place(&f, &o);
	candle(&f, "100", "101", "99", "100");
	assert_qty(f.ev.fills[0].qty, "1");
	assert_true(qty_is_zero(f.s.base));
	stop(&f);
}

static void latency_lets_the_path_run_on_first(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.latency_ms = HOUR / 6;	/* half of the first segment */
	candle(&f, "100", "101", "99", "100");
	o = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	place(&f, &o);
	candle(&f, "100", "104", "90", "95");	/* up to 104 first */
	assert_price(f.ev.fills[0].price, "102");
	f.s.rules.latency_ms = HOUR;
	match_sweep(&f.s);
	o = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	place(&f, &o);
	candle(&f, "100", "104", "90", "95");
	assert_int_equal(f.ev.n_fills, 0);
	candle(&f, "96", "104", "90", "95");
	assert_price(f.ev.fills[0].price, "96");
	stop(&f);
}

static void an_order_that_breaks_a_rule_is_refused(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100");
#define REFUSED(why) do {						\
	assert_int_equal(match_place(f.a, &f.s, &o, f.t, &f.ev, &f.err),	\
			 -E_UNPROCESSABLE);				\
	assert_non_null(strstr(f.err.msg, why)); } while (0)
	o = order(&f, SIDE_BUY, OT_MARKET, "1.0005", "0", "0");
	REFUSED("lot");
	o = order(&f, SIDE_BUY, OT_LIMIT, "1", "99.999", "0");
	REFUSED("tick");
	o = order(&f, SIDE_BUY, OT_STOP, "1", "0", "0");
	REFUSED("tick");
	o = order(&f, SIDE_BUY, OT_LIMIT, "0.01", "100", "0");
	REFUSED("notional");
	o = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	o.deadline_us = f.t * 1000 - 1;
	REFUSED("deadline");
	o = order(&f, SIDE_BUY, OT_LIMIT, "1", "100", "0");
	o.flags = XO_NOW;
	REFUSED("price to fill");
	stop(&f);
}

static void an_order_for_now_fills_at_the_close_that_was_seen(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	candle(&f, "100", "101", "99", "100.5");
	o = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	o.flags = XO_NOW;
	place(&f, &o);
	assert_int_equal(f.ev.n_fills, 1);
	assert_price(f.ev.fills[0].price, "100.5");
	assert_int_equal(f.ev.fills[0].time_ms, T0);
	stop(&f);
}

/* Thousands of random candles and orders: what must hold always. */
static void chaos(unsigned seed)
{
	struct fix f;
	struct rng r;
	double x = 100;
	struct quote paid = quote_zero();

	start(&f);
	rng_seed(&r, seed);
	if (seed % 3 == 1)
		f.s.rules.participation = Q("0.02");
	f.s.rules.slippage_ticks = (int64_t)(seed % 4);
	f.s.rules.latency_ms = (seed % 5 == 2) ? HOUR / 3 : 0;
	f.s.rules.allow_short = seed % 2;
	for (int i = 0; i < 400; i++) {
		double o = x, c = x * (1 + 0.01 * rng_gauss(&r));
		double h = (o > c ? o : c) * (1 + 0.01 * rng_unit(&r));
		double l = (o < c ? o : c) * (1 - 0.01 * rng_unit(&r));
		struct match_candle k = { .open_ms = f.t, .close_ms = f.t + HOUR,
					  .v = Q("100") };
		struct price lo, hi, slip;
		struct qty old = f.s.base;

		assert_true(price_from_double(&k.o, o, P("0.01"), ROUND_HALF_EVEN));
		assert_true(price_from_double(&k.c, c, P("0.01"), ROUND_HALF_EVEN));
		assert_true(price_from_double(&k.h, h, P("0.01"), ROUND_CEIL));
		assert_true(price_from_double(&k.l, l, P("0.01"), ROUND_FLOOR));
		assert_true(price_mul_i64(&slip, P("0.01"), f.s.rules.slippage_ticks));
		assert_true(price_sub(&lo, k.l, slip));
		assert_true(price_add(&hi, k.h, slip));
		assert_int_equal(match_candle(f.a, &f.s, &k, &f.ev, &f.err), 0);
		for (size_t j = 0; j < f.ev.n_fills; j++) {
			struct match_fill *m = &f.ev.fills[j];
			struct match_order *q = &f.s.orders[m->order];
			struct qty left;

			assert_true(price_cmp(m->price, lo) >= 0);
			assert_true(price_cmp(m->price, hi) <= 0);
			assert_true(qty_sign(m->qty) > 0);
			assert_true(quote_add(&paid, paid, m->fee));
			if (q->o.type == OT_LIMIT)
				assert_true(q->o.side == SIDE_BUY ?
					price_cmp(m->price, q->o.limit) <= 0 :
					price_cmp(m->price, q->o.limit) >= 0);
			assert_true(qty_sub(&left, q->o.qty, q->filled));
			assert_true(qty_sign(left) >= 0);
		}
		if (!f.s.rules.allow_short) {
			assert_true(qty_sign(f.s.base) >= 0);
			assert_true(quote_sign(f.s.cash) >= 0);
		}
		(void)old;
		match_sweep(&f.s);
		f.t += HOUR;
		x = c;
		for (int n = (int)rng_below(&r, 3); n > 0; n--) {
			char q[32], lim[32], st[32];
			const enum xchg_type types[] = { OT_MARKET, OT_LIMIT,
				OT_STOP, OT_STOP_LIMIT, OT_TRAIL };
			struct xchg_order ord;

			snprintf(q, sizeof(q), "%.3f", 0.5 + 5 * rng_unit(&r));
			snprintf(lim, sizeof(lim), "%.2f", x * (0.98 + 0.04 * rng_unit(&r)));
			snprintf(st, sizeof(st), "%.2f", x * (0.98 + 0.04 * rng_unit(&r)));
			ord = order(&f, rng_below(&r, 2) ? SIDE_BUY : SIDE_SELL,
				    types[rng_below(&r, 5)], q, lim, st);
			ord.offset = P("0.5");
			ord.flags = rng_below(&r, 3) == 0 ? XO_REDUCE : 0;
			if (f.s.n_orders < 20)
				place(&f, &ord);
		}
	}
	assert_true(quote_sign(paid) > 0);
	stop(&f);
}
static void no_fill_is_outside_its_candle_and_no_balance_below_zero(void **state)
{
	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++)
		chaos(seed);
}

static void the_same_decision_has_the_same_name(void **state)
{
	char a[COID_TEXT_MAX], b[COID_TEXT_MAX];

	(void)state;
	coid_format(a, coid_make(7, T0, 1, 0));
	coid_format(b, coid_make(7, T0, 1, 0));
	assert_string_equal(a, b);
	assert_false(coid_eq(coid_make(7, T0, 1, 0), coid_make(7, T0, 1, 1)));
	assert_false(coid_eq(coid_make(7, T0, 1, 0), coid_make(7, T0, 2, 0)));
	assert_false(coid_eq(coid_make(7, T0, 1, 0), coid_make(8, T0, 1, 0)));
	assert_false(coid_eq(coid_make(7, T0, 1, 0), coid_make(7, T0 + 1, 1, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_market_order_fills_at_the_next_open_with_slippage),
		cmocka_unit_test(the_path_goes_to_the_nearer_extreme_first),
		cmocka_unit_test(limits_fill_at_their_price_or_better_and_stops_at_theirs_or_worse),
		cmocka_unit_test(a_bracket_wakes_with_its_parent_and_its_legs_share),
		cmocka_unit_test(an_exit_without_a_position_ends_without_a_fill),
		cmocka_unit_test(a_cancelled_parent_takes_its_children_along),
		cmocka_unit_test(a_trail_follows_the_path_and_fills_behind_its_best),
		cmocka_unit_test(a_stop_limit_waits_at_its_limit_after_the_stop),
		cmocka_unit_test(volume_bounds_a_fill_and_the_rest_waits),
		cmocka_unit_test(a_fill_never_costs_more_than_there_is),
		cmocka_unit_test(without_shorting_nothing_is_sold_that_is_not_there),
		cmocka_unit_test(latency_lets_the_path_run_on_first),
		cmocka_unit_test(an_order_that_breaks_a_rule_is_refused),
		cmocka_unit_test(an_order_for_now_fills_at_the_close_that_was_seen),
		cmocka_unit_test(no_fill_is_outside_its_candle_and_no_balance_below_zero),
		cmocka_unit_test(the_same_decision_has_the_same_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
