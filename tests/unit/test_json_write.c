#include "config.h"
#include "test.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/rand.h"
#include "json/json.h"

static void commas_stand_where_they_must(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	struct price px;
	struct sbuf b;
	struct jw w;

	(void)state;
	sbuf_init(&b, a, 4000);
	jw_init(&w, &b);
	assert_true(price_parse(&px, "67123.450"));
	jw_obj(&w);
	jw_kstr(&w, "s", "a\"b");
	jw_kstr(&w, "z", NULL);
	jw_ki64(&w, "i", INT64_MIN);
	jw_ku64(&w, "u", UINT64_MAX);
	jw_kf64(&w, "f", 0.1);
	jw_kbool(&w, "b", true);
	jw_key(&w, "a");
	jw_arr(&w);
	jw_arr(&w);
	jw_arr_end(&w);
	jw_obj(&w);
	jw_obj_end(&w);
	jw_bool(&w, false);
	jw_raw(&w, "{}", 2);
	jw_f64(&w, NAN);
	jw_f64(&w, -INFINITY);
	jw_price(&w, px);
	jw_qty(&w, qty_zero());
	jw_quote(&w, quote_from_raw(-1));
	jw_time(&w, 1763856000000);
	jw_strn(&w, "\xe2\x80\xa8\x7f\xff", 5);
	jw_arr_end(&w);
	jw_obj_end(&w);
	assert_string_equal(sbuf_finish(&b),
		"{\"s\":\"a\\\"b\",\"z\":null,\"i\":-9223372036854775808,"
		"\"u\":18446744073709551615,\"f\":0.1,\"b\":true,\"a\":[[],{},"
		"false,{},null,null,\"67123.45\",\"0\",\"-0.000000000000000001\","
		"1763856000000,\"\\u2028\\u007f\xef\xbf\xbd\"]}");
	arena_free(&a);
}

static void what_does_not_fit_is_not_sent_half(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);

	(void)state;
	for (size_t max = 0; max < 14; max++) {
		struct sbuf b;
		struct jw w;

		sbuf_init(&b, a, max);
		jw_init(&w, &b);
		jw_obj(&w);
		jw_kf64(&w, "abc", 1.25);
		jw_obj_end(&w);
		if (max < strlen("{\"abc\":1.25}"))
			assert_null(sbuf_finish(&b));
		else
			assert_string_equal(sbuf_finish(&b), "{\"abc\":1.25}");
	}
	arena_free(&a);
}

static void known_doubles_have_known_texts(void **state)
{
	static const struct { double v; const char *text; } t[] = {
		{ 0, "0" }, { -0.0, "-0" }, { 1, "1" }, { -1, "-1" },
		{ 0.1, "0.1" }, { 0.3, "0.3" }, { 0.1 + 0.2, "0.30000000000000004" },
		{ 67123.45, "67123.45" }, { 1e20, "100000000000000000000" },
		{ 1e21, "1e21" }, { 1e22, "1e22" }, { 1e23, "1e23" },
		{ 1e-6, "0.000001" }, { 1e-7, "1e-7" }, { 1.5e-7, "1.5e-7" },
		{ 123456789012345680.0, "123456789012345680" },
		{ 9007199254740993.0, "9007199254740992" },
		{ 5e-324, "5e-324" }, { DBL_MIN, "2.2250738585072014e-308" },
		{ DBL_MAX, "1.7976931348623157e308" },
		{ 2.2250738585072011e-308, "2.225073858507201e-308" },
		{ 4.35, "4.35" }, { 2e-5, "0.00002" }, { 1.0 / 3, "0.3333333333333333" },
		{ 9.5367431640625e-7, "9.5367431640625e-7" },
		{ 0x1p-1074 * 3, "1.5e-323" },
		{ 8.41e21, "8.41e21" }, { 2.0919495182368195e19, "20919495182368195000" },
		{ 9.061488e15, "9061488000000000" },
	};
	char buf[F64_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(f64_format(buf, t[i].v), strlen(t[i].text));
		assert_string_equal(buf, t[i].text);
	}
	assert_int_equal(f64_format(buf, NAN), 4);
	assert_string_equal(buf, "null");
}

static int significant(const char *s)
{
	int n = 0, zeros = 0;
	bool any = false;

	for (; *s != '\0' && *s != 'e'; s++) {
		if (*s < '0' || *s > '9')
			continue;
		any = any || *s != '0';
		if (!any)
			continue;
		n++;
		zeros = *s == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

static void check(double v)
{
	char buf[F64_TEXT_MAX], ladder[40];
	size_t n = f64_format(buf, v);
	int want = 1;

	assert_true(n < F64_TEXT_MAX && buf[n] == '\0');
	if (strtod(buf, NULL) != v)
		fail_msg("%.17g became %s", v, buf);
	do
		snprintf(ladder, sizeof(ladder), "%.*e", want - 1, v);
	while (strtod(ladder, NULL) != v && ++want < 18);
	if (significant(buf) > want)
		fail_msg("%s is longer than %s", buf, ladder);
}

static void every_double_reads_back_and_none_is_shorter(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 4);
	for (int i = 0; i < 60000; i++) {
		uint64_t bits = rng_u64(&r);
		double v;

		memcpy(&v, &bits, sizeof(v));
		if (isfinite(v))
			check(v);
	}
	/* Each power of two and its neighbours, where intervals change. */
	for (int e = -1074; e <= 1023; e++) {
		check(ldexp(1, e));
		check(nextafter(ldexp(1, e), 0));
		check(nextafter(ldexp(1, e), INFINITY));
	}
	for (int e = -323; e <= 308; e++) {
		char t[20];

		snprintf(t, sizeof(t), "1e%d", e);
		check(strtod(t, NULL));
		check(nextafter(strtod(t, NULL), 0));
	}
}

static void prices_read_back_and_none_is_shorter(void **state)
{
	static const double tens[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e8, 1e10 };
	struct rng r;

	(void)state;
	rng_seed(&r, 5);
	for (int i = 0; i < 60000; i++) {
		uint64_t n = rng_u64(&r) >> (10 + rng_below(&r, 50));

		check((double)n / tens[rng_below(&r, ARRAY_LEN(tens))]);
	}
}

static void what_was_read_is_written_again(void **state)
{
	static const char text[] = "{\"a \\\"b\\\"\":[1,-2.50,1e3,true,false,"
		"null,{},[],\"\\u001fx\"],\"\":{\"k\":\"v\"}}";
	struct arena *t = arena_new("again", 1 << 20);
	const struct json *j;
	struct sbuf out;
	struct err err;
	struct jw w;

	(void)state;
	assert_int_equal(json_parse(t, text, sizeof(text) - 1, &j, &err), 0);
	sbuf_init(&out, t, 1000);
	jw_init(&w, &out);
	jw_json(&w, j);
	assert_string_equal(sbuf_finish(&out), text);
	arena_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_stand_where_they_must),
		cmocka_unit_test(what_does_not_fit_is_not_sent_half),
		cmocka_unit_test(known_doubles_have_known_texts),
		cmocka_unit_test(every_double_reads_back_and_none_is_shorter),
		cmocka_unit_test(prices_read_back_and_none_is_shorter),
		cmocka_unit_test(what_was_read_is_written_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
