#include "config.h"
#include "test.h"
#include "t_money.h"
#include <stdio.h>
#include <string.h>
#include "core/rand.h"
#include "risk/risk.h"

static struct risk_state st;
static struct risk_limits lim;
static struct xchg_order o;
static struct risk_verdict v;

static int setup(void **state)
{
	(void)state;
	memset(&st, 0, sizeof(st));
	memset(&lim, 0, sizeof(lim));
	memset(&o, 0, sizeof(o));
	st.rules = (struct match_rules){ .tick = P("0.01"), .lot = Q("0.001"),
		.min_notional = C("10"), .quote_step = C("0.00000001"),
		.fee_taker = Q("0.001"), .fee_maker = Q("0.001"),
		.allow_short = true };
	st.last = P("100");
	st.cash = C("10000");
	o = (struct xchg_order){ .side = SIDE_BUY, .type = OT_MARKET,
				 .qty = Q("1") };
	return 0;
}
static void check(enum risk_outcome want, const char *rule)
{
	risk_check(&lim, &st, &o, &v);
	assert_int_equal(v.outcome, want);
	if (rule == NULL)
		assert_null(v.rule);
	else
		assert_string_equal(v.rule, rule);
}

static void an_order_within_all_limits_passes_unchanged(void **state)
{
	(void)state;
	check(RISK_PASS, NULL);
	assert_qty(o.qty, "1");
}

static void quantities_go_down_and_limits_never_to_the_worse_side(void **state)
{
	(void)state;
	o.qty = Q("1.0009");
	o.type = OT_LIMIT;
	o.limit = P("99.999");
	check(RISK_SHRUNK, "round");
	assert_qty(o.qty, "1");
	assert_price(o.limit, "99.99");
	o.side = SIDE_SELL;
	o.limit = P("100.001");
	check(RISK_PASS, NULL);
	assert_price(o.limit, "100.01");
	o.qty = Q("0.0009");
	check(RISK_REFUSED, "min_qty");
}

static void a_small_order_is_refused_on_its_rounded_value(void **state)
{
	(void)state;
	o.qty = Q("0.0999");	/* 9.9 after rounding to 0.099 */
	check(RISK_REFUSED, "min_notional");
}

static void a_price_far_away_is_refused(void **state)
{
	(void)state;
	lim.price_band = Q("0.05");
	o.type = OT_LIMIT;
	o.limit = P("94.99");
	check(RISK_REFUSED, "price_band");
	o.limit = P("95");
	check(RISK_PASS, NULL);
	o.type = OT_STOP;
	o.limit = price_zero();
	o.stop = P("105.01");
	check(RISK_REFUSED, "price_band");
}

static void the_position_is_bounded_with_all_open_orders_filled(void **state)
{
	(void)state;
	lim.max_position = Q("3");
	st.base = Q("1");
	st.open_buy = Q("1.5");
	check(RISK_SHRUNK, "max_position");
	assert_qty(o.qty, "0.5");
	st.open_buy = Q("2");
	o.qty = Q("1");
	check(RISK_REFUSED, "max_position");
	o.side = SIDE_SELL;		/* through zero to -3 */
	o.qty = Q("9");
	check(RISK_SHRUNK, "max_position");
	assert_qty(o.qty, "4");
	setup(state);
	lim.max_notional = C("150");
	o.qty = Q("5");
	check(RISK_SHRUNK, "max_notional");
	assert_qty(o.qty, "1.499");	/* at 100.01 */
}

static void an_order_is_cut_to_what_the_balance_pays_with_fee(void **state)
{
	(void)state;
	o.qty = Q("100");
	/* What a margin account may open, its exchange says at the fill. */
	check(RISK_PASS, NULL);
	st.rules.allow_short = false;
	check(RISK_SHRUNK, "balance");
	assert_qty(o.qty, "99.89");	/* 10000 / (100.01 x 1.001) */
	st.open_cost = C("9995");
	o.qty = Q("1");
	check(RISK_REFUSED, "min_notional");
	st.open_cost = C("20000");
	o.qty = Q("1");
	check(RISK_REFUSED, "balance");
}

static void without_shorting_only_what_is_held_can_be_sold(void **state)
{
	(void)state;
	st.rules.allow_short = false;
	o.side = SIDE_SELL;
	check(RISK_REFUSED, "balance");
	st.base = Q("0.5");
	check(RISK_SHRUNK, "balance");
	assert_qty(o.qty, "0.5");
}

static void a_reversal_pays_with_what_it_closes(void **state)
{
	(void)state;
	st.base = Q("-50");
	st.cash = C("15000");		/* equity 10000, all bound by half */
	o.qty = Q("149");		/* close 50, open 99 */
	check(RISK_PASS, NULL);
}

static void what_only_reduces_is_never_held_up(void **state)
{
	(void)state;
	lim.max_orders = 1;
	lim.price_band = Q("0.01");
	lim.max_position = Q("0.001");
	st.n_open = 5;
	st.base = Q("1");
	o.side = SIDE_SELL;
	o.type = OT_STOP;
	o.stop = P("50");
	o.flags = XO_REDUCE;
	check(RISK_PASS, NULL);
	o.flags = 0;
	check(RISK_REFUSED, "max_orders");
}

/* Random states and orders: never larger, never turned round, and what passes
 * can be paid. */
static void a_check_only_ever_shrinks(void **state)
{
	struct rng r;

	rng_seed(&r, 11);
	for (int i = 0; i < 20000; i++) {
		struct xchg_order was;
		char q[32], b[32], c[32];

		setup(state);
		snprintf(q, sizeof(q), "%.5f", 200 * rng_unit(&r));
		snprintf(b, sizeof(b), "%.3f", 100 * (rng_unit(&r) - 0.5));
		snprintf(c, sizeof(c), "%.2f", 20000 * rng_unit(&r));
		st.rules.allow_short = i % 2;
		st.base = Q(b);
		st.cash = C(c);
		if (!st.rules.allow_short && qty_sign(st.base) < 0)
			st.base = qty_zero();
		o.side = rng_below(&r, 2) ? SIDE_BUY : SIDE_SELL;
		o.qty = Q(q);
		lim.max_position = rng_below(&r, 3) ? qty_zero() : Q("20");
		was = o;
		risk_check(&lim, &st, &o, &v);
		assert_int_equal(o.side, was.side);
		assert_true(qty_cmp(o.qty, was.qty) <= 0);
		assert_int_equal(v.outcome == RISK_PASS, v.rule == NULL);
		if (v.outcome == RISK_REFUSED)
			continue;
		assert_true(qty_sign(o.qty) > 0);
		if (!st.rules.allow_short && o.side == SIDE_BUY) {
			struct quote cost, fee;

			assert_true(notional(&cost, P("100.01"), o.qty, ROUND_UP));
			assert_true(quote_scale(&fee, cost, Q("0.001"), ROUND_UP));
			assert_true(quote_add(&cost, cost, fee));
			assert_true(quote_cmp(cost, st.cash) <= 0);
		}
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup(fn, setup)
	const struct CMUnitTest tests[] = {
		T(an_order_within_all_limits_passes_unchanged),
		T(quantities_go_down_and_limits_never_to_the_worse_side),
		T(a_small_order_is_refused_on_its_rounded_value),
		T(a_price_far_away_is_refused),
		T(the_position_is_bounded_with_all_open_orders_filled),
		T(an_order_is_cut_to_what_the_balance_pays_with_fee),
		T(without_shorting_only_what_is_held_can_be_sold),
		T(a_reversal_pays_with_what_it_closes),
		T(what_only_reduces_is_never_held_up),
		T(a_check_only_ever_shrinks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
