#include "config.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bt/out.h"
#include "bt/spec.h"
#include "core/rand.h"

/* What is written and read of a run. */

static void plain_is(double v, const char *want)
{
	char buf[PLAIN_MAX];

	buf[out_plain(buf, v)] = '\0';
	assert_string_equal(buf, want);
}

static void money_is(double v, const char *want)
{
	char buf[PLAIN_MAX];

	buf[out_money(buf, v)] = '\0';
	assert_string_equal(buf, want);
}

static void numbers_have_no_exponents(void **state)
{
	struct rng r;

	(void)state;
	plain_is(0, "0");
	plain_is(-12.5, "-12.5");
	plain_is(1.5e-7, "0.00000015");
	plain_is(-3e-10, "-0.0000000003");
	plain_is(1e-7, "0.0000001");
	plain_is(1.5e22, "15000000000000000000000");
	plain_is(-1e25, "-10000000000000000000000000");
	plain_is(47035.200000000004, "47035.2");
	money_is(0.1 + 0.2, "0.3");
	money_is(-0.000000001, "0");
	money_is(-1234.5, "-1234.5");
	money_is(100, "100");
	money_is(1e20, "100000000000000000000");
	money_is(0.00000001, "0.00000001");
	rng_seed(&r, 7);
	for (int i = 0; i < 20000; i++) {
		double v = rng_gauss(&r) * pow(10, floor(60 * rng_unit(&r)) - 30);
		char buf[PLAIN_MAX];

		buf[out_plain(buf, v)] = '\0';
		assert_null(strpbrk(buf, "eE"));
		/* 15 digits: what a double holds for certain */
		assert_true(fabs(strtod(buf, NULL) - v) <= 1e-14 * fabs(v));
	}
}

static int read_options(struct arena *a, const char *text, struct bt_setup *s,
			struct script_options *so, struct err *err)
{
	const struct json *j;

	if (json_parse(a, text, strlen(text), &j, err) < 0)
		fail_msg("%s", err->msg);
	return bt_options_read(j, s, so, err);
}

static void options_are_read_by_name(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	struct script_options so;
	struct bt_setup s;
	struct err err;

	(void)state;
	assert_int_equal(bt_options_read(NULL, &s, &so, &err), 0);
	assert_true(isnan(s.opt.fee_percent) && isnan(s.mintick));
	assert_int_equal(read_options(a, "{\"fee\":0.25,\"slippage\":2,"
		"\"new_defaults\":true,\"lot\":0,\"mintick\":null}", &s, &so,
		&err), 0);
	assert_true(s.opt.fee_percent == 0.25 && s.opt.slippage_ticks == 2);
	assert_true(so.new_defaults && s.lot == 0 && isnan(s.mintick));
	assert_true(isnan(s.opt.initial_capital));
	assert_int_equal(read_options(a, "{\"fee\":\"1\"}", &s, &so, &err), -E_INVAL);
	assert_string_equal(err.msg, "fee: must be a number from 0 to 50");
	assert_int_equal(read_options(a, "{\"initial_capital\":0}", &s, &so, &err),
			 -E_INVAL);
	assert_int_equal(read_options(a, "{\"cash\":1}", &s, &so, &err), -E_INVAL);
	assert_string_equal(err.msg, "\"cash\" is not an option that is known");
	assert_int_equal(read_options(a, "[1]", &s, &so, &err), -E_INVAL);
	arena_free(&a);
}

static void rule_sets_have_names_and_letters(void **state)
{
	enum bt_rules r;

	(void)state;
	assert_true(bt_rules_parse(str_c("strict"), &r) && r == BT_RULES_STRICT);
	assert_true(bt_rules_of('f', &r) && r == BT_RULES_FREQTRADE);
	assert_string_equal(bt_rules_name(BT_RULES_CHART), "chart");
	assert_int_equal(bt_rules_letter(BT_RULES_CHART), 'c');
	assert_false(bt_rules_parse(str_c("loose"), &r));
	assert_false(bt_rules_of('x', &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_have_no_exponents),
		cmocka_unit_test(options_are_read_by_name),
		cmocka_unit_test(rule_sets_have_names_and_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
