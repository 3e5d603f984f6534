#include "config.h"
#include "test.h"
#include "t_money.h"
#include <string.h>
#include "core/rand.h"
#include "order/order.h"

static const enum order_state all[] = {
#define X(id, c, live) ORDER_##id,
	ORDER_STATES(X)
#undef X
};

static void states_have_names_and_letters_that_lead_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		enum order_state s;

		assert_true(order_state_parse((char)all[i], &s));
		assert_int_equal(s, all[i]);
		assert_string_not_equal(order_state_name(s), "?");
	}
}

/* Every pair of states: what the design allows, and nothing else. */
static void an_order_goes_only_the_ways_of_the_design(void **state)
{
	static const char *ways[] = {
		"ns", "nr", "na",
		"so", "sp", "sr", "su", "sf", "sc", "sl",
		"uo", "up", "uf", "uc", "ur", "ul", "uk",
		"op", "of", "oc", "ok", "or",
		"pp", "pf", "pc", "pk",
		"kc", "kf", "ko", "kp",
		"cc", "cf", "ff",
	};

	(void)state;
	for (size_t a = 0; a < ARRAY_LEN(all); a++)
		for (size_t b = 0; b < ARRAY_LEN(all); b++) {
			bool want = false;

			for (size_t i = 0; i < ARRAY_LEN(ways); i++)
				want |= ways[i][0] == (char)all[a] &&
					ways[i][1] == (char)all[b];
			assert_int_equal(order_state_may(all[a], all[b]), want);
		}
	/* What is over never lives again. */
	for (size_t a = 0; a < ARRAY_LEN(all); a++)
		for (size_t b = 0; b < ARRAY_LEN(all); b++)
			if (!order_state_live(all[a]) && all[a] != ORDER_NEW)
				assert_false(order_state_may(all[a], all[b]) &&
					     order_state_live(all[b]));
}

static void sums(const struct posting *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct quote sum = quote_zero();

		for (size_t k = 0; k < n; k++)
			if (strcmp(p[k].asset, p[i].asset) == 0)
				assert_true(quote_add(&sum, sum, p[k].amount));
		assert_true(quote_is_zero(sum));
		assert_false(quote_is_zero(p[i].amount));
	}
}

static void the_postings_of_a_fill_sum_to_zero_per_asset(void **state)
{
	struct posting p[POSTINGS_MAX];
	struct err err;
	struct rng r;
	size_t n;

	(void)state;
	rng_seed(&r, 3);
	for (int i = 0; i < 5000; i++) {
		struct xchg_fill f = { .side = i % 2 ? SIDE_BUY : SIDE_SELL };
		const char *fee_in[] = { "USDT", "BTC", "BNB" };

		assert_true(price_from_double(&f.price, 1 + 90000 * rng_unit(&r),
					      P("0.01"), ROUND_HALF_EVEN));
		assert_true(qty_from_double(&f.qty, 0.00001 + rng_unit(&r),
					    Q("0.00001"), ROUND_UP));
		assert_true(notional(&f.cost, f.price, f.qty, ROUND_HALF_EVEN));
		if (i % 3 == 0)		/* the exchange rounds */
			assert_true(quote_to_step(&f.cost, f.cost, C("0.0001"),
						  ROUND_HALF_EVEN));
		assert_true(quote_from_double(&f.fee, rng_unit(&r) - 0.2,
					      C("0.00000001"), ROUND_UP));
		memcpy(f.fee_asset, fee_in[i % 3], strlen(fee_in[i % 3]) + 1);
		assert_int_equal(ledger_of_fill(&f, "BTC", "USDT", p, &n, &err), 0);
		sums(p, n);
	}
}

static void a_rounding_difference_is_seen_in_its_own_book(void **state)
{
	struct xchg_fill f = { .side = SIDE_SELL, .price = P("100.01"),
		.qty = Q("0.333"), .cost = C("33.3"), .fee = C("0"),
		.fee_asset = "USDT" };
	struct posting p[POSTINGS_MAX];
	struct err err;
	size_t n;

	(void)state;
	assert_int_equal(ledger_of_fill(&f, "BTC", "USDT", p, &n, &err), 0);
	assert_int_equal(n, 5);
	assert_int_equal(p[4].book, BOOK_ROUNDING);
	assert_quote(p[4].amount, "0.00333");	/* what the sale fell short */
	sums(p, n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_have_names_and_letters_that_lead_back),
		cmocka_unit_test(an_order_goes_only_the_ways_of_the_design),
		cmocka_unit_test(the_postings_of_a_fill_sum_to_zero_per_asset),
		cmocka_unit_test(a_rounding_difference_is_seen_in_its_own_book),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
