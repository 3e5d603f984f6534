#include "config.h"
#include "test.h"
#include <string.h>
#include "core/clock.h"
#include "core/rand.h"

static void a_virtual_clock_stands_where_it_is_put(void **state)
{
	struct clock c;

	(void)state;
	clock_virtual_init(&c, 1000);
	assert_int_equal(clock_ms(&c), 1000);
	clock_virtual_advance(&c, 500);
	assert_int_equal(clock_us(&c), 1500000);
	clock_virtual_set(&c, -1);
	assert_int_equal(clock_ms(&c), -1);
}

static void the_real_clock_and_the_monotonic_one_go_forward(void **state)
{
	int64_t a = clock_mono_ns(), b;

	(void)state;
	assert_true(clock_ms(&clock_real) > INT64_C(1600000000000));
	clock_sleep_ms(5);
	clock_sleep_ms(-1);
	b = clock_mono_ns();
	assert_true(b - a >= 5000000);
}

static void times_are_written_in_one_form(void **state)
{
	static const struct { int64_t ms; const char *text; } t[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ 1763856000123, "2025-11-23T00:00:00.123Z" },
		{ -62167219200000, "0000-01-01T00:00:00.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ 253402300800000, "+10000-01-01T00:00:00.000Z" },
		{ -62167219200001, "-0001-12-31T23:59:59.999Z" },
		{ INT64_MAX, "+292278994-08-17T07:12:55.807Z" },
		{ INT64_MIN, "-292275055-05-16T16:47:04.192Z" },
	};
	char buf[TIME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(time_format(buf, t[i].ms), strlen(t[i].text));
		assert_string_equal(buf, t[i].text);
	}
}

static void times_are_read_in_several_forms(void **state)
{
	static const struct { const char *text; int64_t ms; } t[] = {
		{ "2025-11-23", 1763856000000 },
		{ "2025-11-23 00:00:01", 1763856001000 },
		{ "2025-11-23T00:01", 1763856060000 },
		{ "2025-11-23T00:00:00.1", 1763856000100 },
		{ "2025-11-23T00:00:00.123456789Z", 1763856000123 },
		{ "2025-11-23t02:00:00+02:00", 1763856000000 },
		{ "2025-11-22T21:30:00-02:30", 1763856000000 },
		{ "1763856000000", 1763856000000 }, { "-5", -5 },
		{ "2024-02-29T00:00:00z", 1709164800000 },
	};
	static const char *const bad[] = { "", "x", "2025-1-1", "2025-13-01",
		"2025-00-01", "2025-02-29", "2025-04-31", "2025-01-00",
		"2025-01-01T24:00:00", "2025-01-01T00:60:00",
		"2025-01-01T00:00:60", "2025-01-01T00:00:00.",
		"2025-01-01T00:00:00.1234567890", "2025-01-01T00:00:00+2:00",
		"2025-01-01T00:00:00+24:00", "2025-01-01T00:00:00Zx",
		"2025-01-01 ", "2025-01-01T", " 2025-01-01", "1900-02-29",
		"9223372036854775808", "2025-01-01T00:00:00+0200" };
	int64_t ms = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (time_parse(&ms, bad[i]))
			fail_msg("accepted \"%s\"", bad[i]);
	assert_int_equal(ms, 42);
	assert_true(time_parse(&ms, "2025") && ms == 2025);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_true(time_parse(&ms, t[i].text));
		if (ms != t[i].ms)
			fail_msg("%s: %lld", t[i].text, (long long)ms);
	}
}

static void every_day_of_8000_years_counts_once(void **state)
{
	int y = 0, m = 1, d = 1;
	int64_t first = time_from_civil(0, 1, 1);

	(void)state;
	for (int64_t day = first; day < first + 8000 * 366; day += 1) {
		int gy, gm, gd;

		time_to_civil(day, &gy, &gm, &gd);
		if (day != first && gd != d + 1) {
			assert_int_equal(gd, 1);
			assert_true(gm == m + 1 || (m == 12 && gm == 1 && gy == y + 1));
		}
		if (time_from_civil(gy, gm, gd) != day)
			fail_msg("%d-%d-%d", gy, gm, gd);
		y = gy;
		m = gm;
		d = gd;
	}
}

static void what_is_written_is_read_back(void **state)
{
	char buf[TIME_TEXT_MAX];
	struct rng r;
	int64_t back;

	(void)state;
	rng_seed(&r, 6);
	for (int i = 0; i < 100000; i++) {
		int64_t ms = (int64_t)rng_below(&r, 315569519999999) - 62167219200000;

		time_format(buf, ms);
		assert_true(time_parse(&back, buf));
		assert_int_equal(back, ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtual_clock_stands_where_it_is_put),
		cmocka_unit_test(the_real_clock_and_the_monotonic_one_go_forward),
		cmocka_unit_test(times_are_written_in_one_form),
		cmocka_unit_test(times_are_read_in_several_forms),
		cmocka_unit_test(every_day_of_8000_years_counts_once),
		cmocka_unit_test(what_is_written_is_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
