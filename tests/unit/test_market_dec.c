#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "test.h"
#include "core/rand.h"
#include "market/market.h"

static enum dec_rc parse(struct dec *d, const char *s)
{
	return dec_parse(d, s, strlen(s));
}

static void text_is_read_exactly(void **st)
{
	static const struct { const char *text; int64_t m; int d; } ok[] = {
		{ "0", 0, 0 }, { "0.000", 0, 0 }, { "-0", 0, 0 },
		{ "1", 1, 0 }, { "1000", 1000, 0 }, { "1.50", 15, 1 },
		{ "0.00162008", 162008, 8 }, { "+12.25", 1225, 2 },
		{ "-3.125", -3125, 3 }, { ".5", 5, 1 }, { "5.", 5, 0 },
		{ "1e3", 1000, 0 }, { "1.5E-3", 15, 4 }, { "2.10E+2", 210, 0 },
		{ "1e-18", 1, 18 }, { "0e-999999999", 0, 0 },
		{ "9223372036854775807", INT64_MAX, 0 },
		{ "0.100000000000000000000000000000", 1, 1 },
		{ "000000000000000000000000000007.5", 75, 1 },
		{ "302889.301529914035", 302889301529914035, 12 },
	};
	struct dec d;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(ok); i++) {
		assert_int_equal(parse(&d, ok[i].text), DEC_OK);
		assert_int_equal(d.m, ok[i].m);
		assert_int_equal(d.d, ok[i].d);
	}
}

static void other_text_is_refused_and_leaves_the_result(void **st)
{
	static const char *const bad[] = {
		"", "-", "+", ".", "e5", "1e", "1e+", "1.2.3", "1,5", " 1",
		"1 ", "nan", "inf", "0x10", "1e5x", "--1", "1-",
	};
	static const char *const many[] = {
		"9223372036854775808", "1e-19", "0.1234567890123456789",
		"1e19", "99999999999999999999", "1e999999999999",
	};
	struct dec d = { 42, 7 };

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(parse(&d, bad[i]), DEC_SYNTAX);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		assert_int_equal(parse(&d, many[i]), DEC_DIGITS);
	assert_int_equal(d.m, 42);
	assert_int_equal(d.d, 7);
}

static void doubles_are_the_nearest_as_strtod_says(void **st)
{
	struct rng r;

	(void)st;
	rng_seed(&r, 1);
	for (int i = 0; i < 200000; i++) {
		struct dec d = {
			(int64_t)(rng_u64(&r) >> (1 + rng_below(&r, 60))),
			(uint8_t)rng_below(&r, 19)
		};
		char buf[DEC_TEXT_MAX];
		struct dec back;
		size_t n;

		if (i % 2)
			d.m = -d.m;
		n = dec_format(buf, d);
		assert_true(dec_to_double(d) == strtod(buf, NULL));
		assert_int_equal(dec_parse(&back, buf, n), DEC_OK);
		assert_int_equal(dec_cmp(back, d), 0);
	}
}

static void a_double_gives_its_shortest_decimal(void **st)
{
	struct dec d;
	struct rng r;

	(void)st;
	assert_true(dec_from_double(&d, 0.29));
	assert_int_equal(d.m, 29);
	assert_int_equal(d.d, 2);
	assert_true(dec_from_double(&d, 0.1 + 0.2));
	assert_int_equal(d.m, 30000000000000004);
	assert_false(dec_from_double(&d, 0.0 / 0.0));
	assert_false(dec_from_double(&d, 1e300));
	assert_false(dec_from_double(&d, 1e-30));
	rng_seed(&r, 2);
	for (int i = 0; i < 100000; i++) {
		double x = rng_unit(&r) * 100000;

		assert_true(dec_from_double(&d, x));
		assert_true(dec_to_double(d) == x);
	}
}

static void more_places_than_18_are_rounded_half_to_even(void **st)
{
	static const struct { const char *text; int64_t m; int d; } t[] = {
		{ "0.0016200000000000001", 162, 5 },
		{ "0.1234567890123456785", 123456789012345678, 18 },
		{ "0.1234567890123456775", 123456789012345678, 18 },
		{ "0.12345678901234567751", 123456789012345678, 18 },
		{ "0.12345678901234567650000", 123456789012345676, 18 },
		{ "0.12345678901234567650001", 123456789012345677, 18 },
		{ "-0.1234567890123456789", -123456789012345679, 18 },
		{ "1.9999999999999999999", 2, 0 },
		{ "4e-19", 0, 0 }, { "5e-19", 0, 0 }, { "6e-19", 1, 18 },
		{ "0.9e-40", 0, 0 }, { "1.5e-18", 2, 18 },
		{ "12345678901234567e-33", 12, 18 },
	};
	struct dec d;
	bool rounded;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(dec_parse_round(&d, t[i].text,
						 strlen(t[i].text), &rounded),
				 DEC_OK);
		assert_true(rounded);
		assert_int_equal(d.m, t[i].m);
		assert_int_equal(d.d, t[i].d);
	}
	assert_int_equal(dec_parse_round(&d, "0.5", 3, &rounded), DEC_OK);
	assert_false(rounded);
	assert_int_equal(dec_parse_round(&d, "1e19", 4, &rounded), DEC_DIGITS);
	assert_int_equal(dec_parse_round(&d, "12345678901234.1234567891", 25,
					 &rounded), DEC_DIGITS);
	assert_int_equal(dec_parse_round(&d, "x", 1, &rounded), DEC_SYNTAX);
}

static void comparing_sees_the_last_digit(void **st)
{
	(void)st;
	assert_int_equal(dec_cmp((struct dec){ 10, 1 }, (struct dec){ 1, 0 }), 0);
	assert_true(dec_cmp((struct dec){ INT64_MAX, 0 },
			    (struct dec){ INT64_MAX, 18 }) > 0);
	assert_true(dec_cmp((struct dec){ INT64_MAX - 1, 18 },
			    (struct dec){ INT64_MAX, 18 }) < 0);
	assert_true(dec_cmp((struct dec){ -1, 18 }, (struct dec){ 0, 0 }) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_read_exactly),
		cmocka_unit_test(other_text_is_refused_and_leaves_the_result),
		cmocka_unit_test(doubles_are_the_nearest_as_strtod_says),
		cmocka_unit_test(a_double_gives_its_shortest_decimal),
		cmocka_unit_test(more_places_than_18_are_rounded_half_to_even),
		cmocka_unit_test(comparing_sees_the_last_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
