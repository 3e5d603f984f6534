#include "config.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/array.h"
#include "core/rand.h"
#include "core/str.h"

static void views_compare_trim_and_split(void **state)
{
	struct str rest = STR("a,,b"), part;

	(void)state;
	assert_true(str_split(&rest, ',', &part) && str_eqc(part, "a"));
	assert_true(str_split(&rest, ',', &part) && part.n == 0);
	assert_true(str_split(&rest, ',', &part) && str_eqc(part, "b"));
	assert_false(str_split(&rest, ',', &part));
	rest = str_c("");
	assert_true(str_split(&rest, ',', &part) && part.n == 0);
	assert_false(str_split(&rest, ',', &part));
	rest = str_c(NULL);
	assert_true(str_split(&rest, ',', &part) && part.n == 0);
	assert_true(str_eqc(str_trim(STR(" \t\r\nx y\n ")), "x y"));
	assert_int_equal(str_trim(STR("  ")).n, 0);
	assert_true(str_starts(STR("abc"), "ab") && !str_starts(STR("a"), "ab"));
	assert_true(str_ends(STR("abc"), "bc") && !str_ends(STR("c"), "bc"));
	assert_true(str_contains(STR("abc"), "b") && str_contains(STR(""), ""));
	assert_false(str_contains(STR("abc"), "bd"));
	assert_true(str_cmp(STR("a"), STR("b")) < 0 && str_cmp(STR("a"), STR("ab")) < 0);
	assert_int_equal(str_cmp(STR("a"), STR("a")), 0);
	assert_true(str_eq_nocase(STR("aZ[09"), STR("Az[09")));
	assert_false(str_eq_nocase(STR("@"), STR("`")));
}

static void integers_are_read_whole_or_not_at_all(void **state)
{
	static const char *const bad[] = { "", "-", "+1", " 1", "1 ", "0x1", "1.0",
		"9223372036854775808", "-9223372036854775809", "--1", "1e3" };
	int64_t i = 42;
	uint64_t u = 42;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(bad); k++)
		assert_false(str_i64(str_c(bad[k]), &i));
	assert_false(str_u64(STR("-1"), &u));
	assert_false(str_u64(STR("18446744073709551616"), &u));
	assert_true(i == 42 && u == 42);
	assert_true(str_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	assert_true(str_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
	assert_true(str_i64(STR("-0"), &i) && i == 0);
	assert_true(str_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
}

static void doubles_are_read_like_strtod_without_its_extras(void **state)
{
	static const char *const good[] = { "0", "-0", "1", "1.", ".5", "-1.5e3",
		"+2", "0.1", "67123.45", "1e-400", "123456789012345",
		"1234567890123456", "0.000000000000001", "1e22", "1E+2",
		"9007199254740993", "2.2250738585072011e-308", "1.7976931348623157e308" };
	static const char *const bad[] = { "", "-", ".", "e5", "1e", "1e+", "nan",
		"inf", "0x1p3", "1e999", "-1e999", " 1", "1 ", "1,5", "1..2" };
	struct rng r;
	double d = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (str_double(str_c(bad[i]), &d))
			fail_msg("accepted \"%s\"", bad[i]);
	assert_true(d == 42);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(str_double(str_c(good[i]), &d));
		assert_true(d == strtod(good[i], NULL));
	}
	rng_seed(&r, 11);
	for (int i = 0; i < 100000; i++) {
		char t[40];
		uint64_t n = rng_u64(&r) >> rng_below(&r, 60);

		snprintf(t, sizeof(t), "%llu.%0*llu", (unsigned long long)(n >> 20),
			 (int)rng_below(&r, 9) + 1, (unsigned long long)(n & 0xfffff));
		assert_true(str_double(str_c(t), &d));
		if (d != strtod(t, NULL))
			fail_msg("%s", t);
	}
}

static void utf8_is_told_from_what_only_looks_like_it(void **state)
{
	static const char *const good[] = { "", "a", "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
		"\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xc2",
		"\xc2\x41", "\xe0\x9f\xbf", "\xe1\x80", "\xed\xa0\x80", "\xe2\x82\x28",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xf1\x80\x80", "\xff", "\xf0\x90\x80\x28" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(str_utf8_valid(str_c(good[i])));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(str_utf8_valid(str_c(bad[i])));
	for (uint32_t c = 1; c <= 0x10ffff; c++) {
		char b[4];
		size_t n;

		if (c == 0xd800)
			c = 0xe000;
		n = utf8_encode(b, c);
		assert_int_equal(utf8_len(b, n), n);
		assert_int_equal(utf8_decode(b, n), c);
	}
}

static void hex_goes_there_and_back(void **state)
{
	char text[9];
	unsigned char b[4] = { 1, 2, 3, 4 };

	(void)state;
	str_hex(text, "\x00\xff\x1a\x9e", 4);
	assert_string_equal(text, "00ff1a9e");
	assert_true(str_unhex(b, 4, STR("00FF1a9E")));
	assert_memory_equal(b, "\x00\xff\x1a\x9e", 4);
	assert_false(str_unhex(b, 4, STR("00ff1a9")));
	assert_false(str_unhex(b, 4, STR("00ff1a9g")));
	assert_false(str_unhex(b, 3, STR("00ff1a9e")));
	assert_memory_equal(b, "\x00\xff\x1a\x9e", 4);
	assert_true(mem_eq_secret("abc", "abc", 3) && !mem_eq_secret("abc", "abd", 3));
	assert_true(mem_eq_secret("", "", 0));
}

static void arrays_grow_and_keep_what_they_hold(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	ARRAY(uint64_t) v = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		*array_push(a, &v) = i;
	assert_int_equal(v.n, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(v.v[i], i);
	array_reserve(a, &v, 5000);
	assert_true(v.size >= 5000);
	assert_int_equal(v.v[999], 999);
	assert_int_equal(*array_push(a, &v), 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views_compare_trim_and_split),
		cmocka_unit_test(integers_are_read_whole_or_not_at_all),
		cmocka_unit_test(doubles_are_read_like_strtod_without_its_extras),
		cmocka_unit_test(utf8_is_told_from_what_only_looks_like_it),
		cmocka_unit_test(hex_goes_there_and_back),
		cmocka_unit_test(arrays_grow_and_keep_what_they_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
