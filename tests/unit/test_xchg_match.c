#include "config.h"
#include "test.h"
#include "t_money.h"
#include <string.h>
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

	assert_int_equal(match_candle(f->a, &f->s, &k, NULL, 0, &f->ev, &f->err), 0);
	assert_false(f->ev.changed);
	f->t += HOUR;
}

/* A candle 100 - 105 - 95 - 102 that traded this. */
static int printed(struct fix *f, const struct xchg_order *o, const char *px,
		   const char *qty, bool last)
{
	struct match_candle k = { f->t, f->t + HOUR, P("100"), P("105"), P("95"),
				  P("102"), Q("100") };
	struct match_print p = { .coid = o->coid, .side = o->side, .price = P(px),
				 .qty = Q(qty), .last = last,
				 .maker = o->type == OT_LIMIT };
	struct match_state before = f->s;
	int rc = match_candle(f->a, &f->s, &k, &p, 1, &f->ev, &f->err);

	if (rc == 0)
		f->t += HOUR;
	else
		f->s = before;		/* of no use any more: put it back */
	return rc;
}

static void a_print_is_booked_to_the_digit(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.slippage_ticks = 3;
	o = order(&f, SIDE_BUY, OT_MARKET, "2", "0", "0");
	place(&f, &o);
	assert_int_equal(printed(&f, &o, "102.03", "2", true), 0);
	assert_true(f.ev.changed);
	assert_int_equal(f.ev.n_fills, 1);
	assert_quote(f.ev.fills[0].cost, "204.06");
	assert_quote(f.ev.fills[0].fee, "0.20406");
	assert_int_equal(f.s.orders[0].state, XS_FILLED);
	assert_qty(f.s.base, "2");
	assert_quote(f.s.cash, "99795.73594");
	assert_int_equal(f.ev.fills[0].time_ms, T0);
	match_sweep(&f.s);
	assert_int_equal(f.s.n_orders, 0);
	stop(&f);
}

static void fees_are_a_share_an_amount_a_unit_or_one_an_order(void **state)
{
	struct fix f;
	struct xchg_order o;

	(void)state;
	start(&f);
	f.s.rules.fee_taker = Q("0.001");
	f.s.rules.fee_maker = Q("0.0005");
	f.s.rules.fee_unit = Q("0.1");
	f.s.rules.fee_order = C("2");
	o = order(&f, SIDE_BUY, OT_LIMIT, "4", "100", "0");
	place(&f, &o);
	assert_int_equal(printed(&f, &o, "100", "3", false), 0);
	assert_quote(f.ev.fills[0].fee, "2.45");	/* 0.15 + 0.3 + 2 */
	assert_int_equal(f.s.orders[0].state, XS_PARTIAL);
	assert_int_equal(printed(&f, &o, "100", "1", true), 0);
	assert_quote(f.ev.fills[0].fee, "0.15");	/* the order has paid */
	assert_int_equal(f.s.orders[0].state, XS_FILLED);
	stop(&f);
}

static void what_no_exchange_could_have_done_is_refused(void **state)
{
	struct fix f;
	struct xchg_order o, none;

	(void)state;
	start(&f);
#define CANNOT(px, qty, why) do {					\
	assert_int_equal(printed(&f, &o, px, qty, true), -E_UNPROCESSABLE); \
	if (strstr(f.err.msg, why) == NULL) fail_msg("%s", f.err.msg); } while (0)
	o = none = order(&f, SIDE_BUY, OT_MARKET, "1", "0", "0");
	CANNOT("100", "1", "no such open order");
	place(&f, &o);
	CANNOT("106", "1", "did not see");
	CANNOT("94.99", "1", "did not see");
	CANNOT("100", "1.001", "less than that");
	CANNOT("100", "0", "of nothing");
	o = order(&f, SIDE_BUY, OT_LIMIT, "1", "99", "0");
	place(&f, &o);
	CANNOT("99.01", "1", "worse than the limit");
	o = order(&f, SIDE_SELL, OT_LIMIT, "1", "101", "0");
	place(&f, &o);
	CANNOT("100.99", "1", "worse than the limit");
	o = order(&f, SIDE_BUY, OT_STOP, "1", "0", "105.01");
	place(&f, &o);
	CANNOT("105", "1", "stop was not met");
	o = order(&f, SIDE_SELL, OT_STOP, "1", "0", "96");
	place(&f, &o);
	CANNOT("96.01", "1", "stop was not met");
	o = order(&f, SIDE_SELL, OT_MARKET, "1", "0", "0");
	o.flags = XO_REDUCE;
	place(&f, &o);
	CANNOT("100", "1", "only reduces");
	f.s.rules.allow_short = false;
	o = order(&f, SIDE_SELL, OT_MARKET, "1", "0", "0");
	place(&f, &o);
	CANNOT("100", "1", "does not hold");
#undef CANNOT
	assert_true(qty_is_zero(f.s.base));
	assert_quote(f.s.cash, "100000");
	stop(&f);
}

/* Entry with a target and a stop at distances: they wake with it. */
static void children_wake_with_their_parent_as_levels(void **state)
{
	struct fix f;
	struct xchg_order o, t, s;

	(void)state;
	start(&f);
	o = order(&f, SIDE_BUY, OT_STOP, "1", "0", "101");
	t = order(&f, SIDE_SELL, OT_LIMIT, "1", "2.505", "0");
	s = order(&f, SIDE_SELL, OT_STOP, "1", "0", "1.505");
	t.flags = XO_REDUCE | XO_REL_LIMIT;
	s.flags = XO_REDUCE | XO_REL_STOP;
	t.parent = s.parent = o.coid;
	place(&f, &o); place(&f, &t); place(&f, &s);
	assert_int_equal(f.s.orders[1].state, XS_PENDING);
	assert_int_equal(printed(&f, &t, "105", "1", true), -E_UNPROCESSABLE);
	assert_int_equal(printed(&f, &o, "101", "1", true), 0);
	match_sweep(&f.s);
	assert_int_equal(f.s.orders[0].state, XS_OPEN);
	assert_price(f.s.orders[0].o.limit, "103.51");	/* up to the tick */
	assert_price(f.s.orders[1].o.stop, "99.49");	/* down */
	assert_int_equal(printed(&f, &t, "103.51", "1", true), 0);
	assert_true(qty_is_zero(f.s.base));
	stop(&f);
}

/* The target of a short 150 below 101: there is no such price. */
static void a_child_whose_level_is_no_price_ends(void **state)
{
	struct fix f;
	struct xchg_order o, t;

	(void)state;
	start(&f);
	o = order(&f, SIDE_SELL, OT_MARKET, "1", "0", "0");
	t = order(&f, SIDE_BUY, OT_LIMIT, "1", "150", "0");
	t.flags = XO_REDUCE | XO_REL_LIMIT;
	t.parent = o.coid;
	place(&f, &o); place(&f, &t);
	assert_int_equal(printed(&f, &o, "101", "1", true), 0);
	assert_int_equal(f.s.orders[1].state, XS_CANCELED);
	assert_string_equal(f.s.orders[1].reason, "its level is no price");
	stop(&f);
}

static void a_cancelled_parent_takes_its_children_along(void **state)
{
	struct fix f;
	struct xchg_order o, c;

	(void)state;
	start(&f);
	o = order(&f, SIDE_BUY, OT_LIMIT, "1", "90", "0");
	c = order(&f, SIDE_SELL, OT_LIMIT, "1", "110", "0");
	c.parent = o.coid;
	place(&f, &o); place(&f, &c);
	assert_int_equal(match_cancel(&f.s, o.coid, "test", &f.err), 0);
	assert_int_equal(f.s.orders[0].state, XS_CANCELED);
	assert_int_equal(f.s.orders[1].state, XS_CANCELED);
	match_sweep(&f.s);
	assert_int_equal(match_cancel(&f.s, o.coid, "test", &f.err), -E_NOTFOUND);
	c = order(&f, SIDE_SELL, OT_LIMIT, "1", "110", "0");
	c.parent = o.coid;
	assert_int_equal(match_place(f.a, &f.s, &c, f.t, &f.ev, &f.err),
			 -E_UNPROCESSABLE);
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
		cmocka_unit_test(a_print_is_booked_to_the_digit),
		cmocka_unit_test(fees_are_a_share_an_amount_a_unit_or_one_an_order),
		cmocka_unit_test(what_no_exchange_could_have_done_is_refused),
		cmocka_unit_test(children_wake_with_their_parent_as_levels),
		cmocka_unit_test(a_child_whose_level_is_no_price_ends),
		cmocka_unit_test(a_cancelled_parent_takes_its_children_along),
		cmocka_unit_test(an_order_that_breaks_a_rule_is_refused),
		cmocka_unit_test(an_order_for_now_fills_at_the_close_that_was_seen),
		cmocka_unit_test(the_same_decision_has_the_same_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
