#include "config.h"
#include "test.h"
#include "core/clock.h"
#include "market/market.h"

static int64_t at(const char *text)
{
	int64_t ms;

	assert_true(time_parse(&ms, text));
	return ms;
}

static void names_go_both_ways(void **st)
{
	enum tf tf;

	(void)st;
	for (int i = 1; i < TF__MAX; i++) {
		assert_true(tf_parse(str_c(tf_name((enum tf)i)), &tf));
		assert_int_equal(tf, i);
	}
	assert_true(tf_parse(STR("1m"), &tf) && tf == TF_1M);
	assert_true(tf_parse(STR("1M"), &tf) && tf == TF_1MO);
	assert_false(tf_parse(STR("1H"), &tf));
	assert_false(tf_parse(STR(""), &tf));
	assert_false(tf_parse(STR("10m"), &tf));
	assert_false(tf_valid(0));
	assert_false(tf_valid(TF__MAX));
	assert_true(tf_valid(TF_1W));
}

static void bars_open_on_the_grid(void **st)
{
	int64_t t = at("2024-02-29T13:47:31.250Z");

	(void)st;
	assert_int_equal(tf_open(TF_1S, t), at("2024-02-29T13:47:31Z"));
	assert_int_equal(tf_open(TF_1M, t), at("2024-02-29T13:47:00Z"));
	assert_int_equal(tf_open(TF_15M, t), at("2024-02-29T13:45:00Z"));
	assert_int_equal(tf_open(TF_4H, t), at("2024-02-29T12:00:00Z"));
	assert_int_equal(tf_open(TF_1D, t), at("2024-02-29"));
	assert_int_equal(tf_open(TF_1W, t), at("2024-02-26"));	/* Monday */
	assert_int_equal(tf_open(TF_1MO, t), at("2024-02-01"));
	assert_int_equal(tf_next(TF_1MO, at("2024-02-01")), at("2024-03-01"));
	assert_int_equal(tf_next(TF_1MO, at("2023-12-01")), at("2024-01-01"));
	/* Before 1970 as well. */
	assert_int_equal(tf_open(TF_1D, -1), -86400000);
	assert_int_equal(tf_open(TF_1W, 0), at("1969-12-29"));
	assert_int_equal(tf_open(TF_1MO, -1), at("1969-12-01"));
}

/* Counting one by one must give what tf_count says, whatever the ends. */
static void counting_agrees_with_walking(void **st)
{
	static const int64_t off[] = { 0, 1, -1, 77777, 3600000, 86399999 };

	(void)st;
	for (int i = 1; i < TF__MAX; i++) {
		enum tf tf = (enum tf)i;

		for (size_t a = 0; a < ARRAY_LEN(off); a++) {
			int64_t from = at("2023-11-05") + off[a];
			int64_t to = from + 40 * tf_ms(tf) + off[a] / 7, n = 0;
			int64_t t = tf_open(tf, from);

			for (; t < to; t = tf_next(tf, t))
				n += t >= from;
			assert_int_equal(tf_count(tf, from, to), n);
		}
	}
	assert_int_equal(tf_count(TF_1H, 10, 10), 0);
	assert_int_equal(tf_count(TF_1H, 10, 5), 0);
}

/* By the definition: no bar of the fine one crosses an open of the coarse. */
static void division_means_whole_bars(void **st)
{
	(void)st;
	for (int f = 1; f < TF__MAX; f++) {
		for (int c = 1; c < TF__MAX; c++) {
			bool whole = tf_ms((enum tf)f) <= tf_ms((enum tf)c);
			int64_t t = tf_open((enum tf)c, at("2024-01-15"));

			for (int i = 0; i < 12 && whole; i++) {
				whole = tf_open((enum tf)f, t) == t;
				t = tf_next((enum tf)c, t);
			}
			assert_int_equal(tf_divides((enum tf)f, (enum tf)c),
					 whole);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(bars_open_on_the_grid),
		cmocka_unit_test(counting_agrees_with_walking),
		cmocka_unit_test(division_means_whole_bars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
