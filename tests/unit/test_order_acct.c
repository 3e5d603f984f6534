#include "config.h"
#include "test.h"
#include "t_money.h"
#include <stdio.h>
#include <string.h>
#include "core/rand.h"
#include "order/acct.h"


static struct arena *A;
static struct acct acct;
static struct acct_changes ch;
static struct err err;

static int setup(void **state)
{
	(void)state;
	A = arena_new("test", (size_t)256 << 20);
	acct_init(A, &acct, C("10000"));
	return 0;
}
static int teardown(void **state)
{
	(void)state;
	arena_free(&A);
	return 0;
}

static void fill(uint64_t intent, enum xchg_side side, const char *px,
		 const char *q, const char *fee, int64_t bar)
{
	struct acct_fill f = { .intent = intent, .side = side, .price = P(px),
		.qty = Q(q), .fee = C(fee), .time_ms = bar * 1000, .bar = bar,
		.signal = side == SIDE_BUY ? "L" : "S", .comment = "" };

	assert_true(notional(&f.cost, f.price, f.qty, ROUND_HALF_EVEN));
	assert_int_equal(acct_fill(A, &acct, &f, &ch, &err), 0);
}

static void a_round_trip_earns_the_difference_less_both_fees(void **state)
{
	struct quote eq;

	(void)state;
	fill(1, SIDE_BUY, "100", "2", "0.2", 1);
	assert_int_equal(ch.n, 1);
	assert_true(ch.v[0].open);
	assert_price(acct_avg_price(&acct), "100");
	assert_true(acct_equity(&acct, P("110"), &eq));
	assert_quote(eq, "10019.8");
	fill(2, SIDE_SELL, "110", "2", "0.22", 5);
	assert_int_equal(ch.n, 1);
	assert_false(ch.v[0].open);
	assert_int_equal(ch.v[0].number, 1);
	assert_quote(ch.v[0].profit, "19.58");
	assert_quote(acct.cash, "10019.58");
	assert_true(qty_is_zero(acct.base));
	assert_int_equal(acct.wins, 1);
}

static void a_reversal_closes_one_trade_and_opens_the_next(void **state)
{
	(void)state;
	fill(1, SIDE_BUY, "100", "2", "0", 1);
	fill(2, SIDE_SELL, "90", "5", "0.5", 2);
	assert_int_equal(ch.n, 2);
	assert_quote(ch.v[0].profit, "-20.2");	/* 2/5 of the fee */
	assert_int_equal(ch.v[1].direction, -1);
	assert_qty(ch.v[1].qty, "3");
	assert_quote(ch.v[1].entry_fee, "0.3");
	assert_qty(acct.base, "-3");
	assert_int_equal(acct.losses, 1);
}

static void the_oldest_lot_is_closed_first_and_a_part_has_a_row_of_its_own(void **state)
{
	(void)state;
	fill(1, SIDE_BUY, "100", "1", "0.3", 1);
	fill(2, SIDE_BUY, "200", "1", "0.3", 2);
	fill(3, SIDE_SELL, "150", "1.5", "0", 3);
	assert_int_equal(ch.n, 3);
	assert_int_equal(ch.v[0].number, 1);
	assert_false(ch.v[0].open);
	assert_quote(ch.v[0].profit, "49.7");
	assert_int_equal(ch.v[1].number, 3);	/* half of number 2 */
	assert_int_equal(ch.v[1].lot, 2);
	assert_quote(ch.v[1].profit, "-25.15");
	assert_int_equal(ch.v[2].number, 2);
	assert_true(ch.v[2].open);
	assert_qty(ch.v[2].qty, "0.5");
	assert_qty(ch.v[2].orig_qty, "1");
	assert_qty(acct_qty_of(&acct, "L"), "0.5");
	assert_qty(acct_qty_of(&acct, "other"), "0");
}

static void parts_of_one_entry_order_are_one_trade(void **state)
{
	(void)state;
	fill(1, SIDE_BUY, "100", "1", "0.1", 1);
	fill(1, SIDE_BUY, "102", "1", "0.1", 2);
	assert_int_equal(acct.n_lots, 1);
	assert_price(acct_avg_price(&acct), "101");
	fill(2, SIDE_SELL, "103", "0.5", "0", 3);
	fill(2, SIDE_SELL, "105", "0.5", "0", 4);
	assert_int_equal(acct.n_closed, 1);	/* one exit order, one row */
	assert_qty(acct.closed[0].qty, "1");
	assert_price(acct_exit_price(&acct.closed[0]), "104");
	fill(2, SIDE_SELL, "105", "1", "0", 5);
	assert_int_equal(acct.n_lots, 0);
	assert_int_equal(acct.n_closed, 2);
}

/* Random fills: cash moves by exactly what the trades earned and hold. */
static void profits_and_open_costs_always_sum_to_the_cash(void **state)
{
	struct rng r;

	rng_seed(&r, 7);
	for (int run = 0; run < 20; run++) {
		teardown(state);
		setup(state);
		for (int i = 1; i < 300; i++) {
			char px[32], q[32], fee[32];
			struct quote sum = acct.initial, d;
			struct qty held = qty_zero();

			snprintf(px, sizeof(px), "%.2f", 50 + 100 * rng_unit(&r));
			snprintf(q, sizeof(q), "%.5f", 0.00001 + 3 * rng_unit(&r));
			snprintf(fee, sizeof(fee), "%.8f", rng_unit(&r));
			fill((uint64_t)(i / 2), rng_below(&r, 2) ? SIDE_BUY : SIDE_SELL,
			     px, q, fee, i);
			/* cash = initial + closed profits - what lots cost */
			assert_true(quote_add(&sum, sum, acct.net_profit));
			for (size_t k = 0; k < acct.n_lots; k++) {
				struct acct_trade *t = &acct.lots[k];

				assert_true(quote_sub(&sum, sum, t->entry_fee));
				assert_true(t->direction > 0 ?
					quote_sub(&sum, sum, t->entry_cost) :
					quote_add(&sum, sum, t->entry_cost));
				assert_true(t->direction > 0 ?
					qty_add(&held, held, t->qty) :
					qty_sub(&held, held, t->qty));
			}
			assert_true(quote_sub(&d, sum, acct.cash));
			assert_true(quote_is_zero(d));
			assert_int_equal(qty_cmp(held, acct.base), 0);
		}
	}
}

static void a_fill_beyond_the_range_of_money_is_refused(void **state)
{
	struct acct_fill f = { .intent = 1, .side = SIDE_BUY, .price = P("1"),
		.qty = Q("1"), .cost = quote_from_raw(((money_raw)1 << 126) +
		(((money_raw)1 << 126) - 1)), .fee = C("1"),
		.signal = "L", .comment = "" };

	(void)state;
	f.side = SIDE_BUY;
	assert_true(quote_neg(&acct.cash, f.cost));
	assert_int_equal(acct_fill(A, &acct, &f, &ch, &err), -E_UNPROCESSABLE);
	f.qty = qty_zero();
	assert_int_equal(acct_fill(A, &acct, &f, &ch, &err), -E_UNPROCESSABLE);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_round_trip_earns_the_difference_less_both_fees),
		T(a_reversal_closes_one_trade_and_opens_the_next),
		T(the_oldest_lot_is_closed_first_and_a_part_has_a_row_of_its_own),
		T(parts_of_one_entry_order_are_one_trade),
		T(profits_and_open_costs_always_sum_to_the_cash),
		T(a_fill_beyond_the_range_of_money_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
