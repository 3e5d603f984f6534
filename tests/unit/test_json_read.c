#include "config.h"
#include "test.h"
#include <stdio.h>
#include <string.h>
#include "json/json.h"

static int setup(void **state)
{
	*state = arena_new("t", 64 << 20);
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;

	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	arena_free(&a);
	return 0;
}

static const struct json *parse(struct arena *a, const char *text)
{
	const struct json *j = NULL;
	struct err err;

	if (json_parse(a, text, strlen(text), &j, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return j;
}

static void every_kind_of_value_is_read(void **state)
{
	struct arena *a = *state;
	const struct json *j = parse(a, " {\"n\":null,\"t\":true,\"f\":false,"
		"\"i\":-12,\"d\":1.50e1,\"s\":\"x\\u00e9\\ud83d\\ude00\\n\","
		"\"a\":[1,[],null],\"o\":{}} \r\n");
	bool b;
	int64_t i;
	uint64_t u;
	double d;
	struct str s;

	assert_int_equal(json_type(j), JSON_OBJ);
	assert_int_equal(json_len(j), 8);
	assert_int_equal(json_type(json_get(j, "n")), JSON_NULL);
	assert_null(json_get(j, "absent"));
	assert_true(json_bool(json_get(j, "t"), &b) && b);
	assert_true(json_bool(json_get(j, "f"), &b) && !b);
	assert_true(json_i64(json_get(j, "i"), &i) && i == -12);
	assert_false(json_u64(json_get(j, "i"), &u));
	assert_false(json_i64(json_get(j, "d"), &i));
	assert_true(json_f64(json_get(j, "d"), &d) && d == 15);
	assert_string_equal(json_text(json_get(j, "d")).p, "1.50e1");
	assert_true(json_str(json_get(j, "s"), &s));
	assert_string_equal(s.p, "x\xc3\xa9\xf0\x9f\x98\x80\n");
	assert_int_equal(json_len(json_get(j, "a")), 3);
	assert_int_equal(json_type(json_at(json_get(j, "a"), 2)), JSON_NULL);
	assert_null(json_at(json_get(j, "a"), 3));
	assert_int_equal(json_len(json_get(j, "o")), 0);
}

static void nothing_is_there_of_another_type(void **state)
{
	const struct json *j = parse(*state, "[\"1\",1,null]");
	int64_t i = 42;
	bool b = true;
	double d = 42;
	struct str s = STR("kept");

	assert_false(json_i64(json_at(j, 0), &i));
	assert_false(json_f64(json_at(j, 0), &d));
	assert_false(json_bool(json_at(j, 1), &b));
	assert_false(json_str(json_at(j, 1), &s));
	assert_false(json_str(json_at(j, 2), &s));
	assert_false(json_i64(NULL, &i));
	assert_null(json_get(j, "x"));
	assert_null(json_get(NULL, "x"));
	assert_int_equal(json_len(json_at(j, 1)), 0);
	assert_int_equal(i, 42);
	assert_true(b && d == 42 && str_eqc(s, "kept"));
}

static void members_come_in_the_order_of_the_text(void **state)
{
	struct sbuf b;
	const struct json *j, *v;
	struct str key;
	char want[20];
	size_t i;
	int64_t n;

	sbuf_init(&b, *state, 1 << 20);
	for (int k = 0; k < 3000; k++)
		sbuf_addf(&b, "%s\"k%d\":%d", k ? "," : "{", k * 7919 % 3000, k);
	sbuf_add_c(&b, '}');
	j = parse(*state, sbuf_finish(&b));
	for (i = 0; json_member(j, i, &key, &v); i++) {
		snprintf(want, sizeof(want), "k%d", (int)i * 7919 % 3000);
		assert_string_equal(key.p, want);
		assert_true(json_i64(v, &n) && n == (int64_t)i);
		assert_ptr_equal(json_get(j, want), v);
	}
	assert_int_equal(i, 3000);
}

static void numbers_keep_what_a_double_would_lose(void **state)
{
	const struct json *j = parse(*state,
		"[302889.301529914035232,18446744073709551615,1e999,"
		"9223372036854775808,-9223372036854775808,2.1E-4]");
	struct quote q;
	struct str t = json_text(json_at(j, 0));
	char buf[MONEY_TEXT_MAX];
	uint64_t u;
	int64_t i;
	double d;

	assert_true(quote_parse_exchange(&q, t.p, t.n, ROUND_HALF_EVEN));
	quote_format(buf, q);
	assert_string_equal(buf, "302889.301529914035232");
	assert_true(json_u64(json_at(j, 1), &u) && u == UINT64_MAX);
	assert_false(json_f64(json_at(j, 2), &d));
	assert_false(json_i64(json_at(j, 3), &i));
	assert_true(json_i64(json_at(j, 4), &i) && i == INT64_MIN);
	assert_true(json_f64(json_at(j, 5), &d) && d == 2.1e-4);
}

static void malformed_text_is_refused_with_its_place(void **state)
{
	static const struct { const char *text; size_t at; } bad[] = {
		{ "", 0 }, { " ", 1 }, { "{", 1 }, { "[1,]", 3 }, { "[1 2]", 3 },
		{ "{\"a\"}", 4 }, { "{\"a\":}", 5 }, { "{a:1}", 1 },
		{ "{'a':1}", 1 }, { "{\"a\":1,}", 7 }, { "{\"a\":1 \"b\":2}", 7 },
		{ "{\"a\":1,\"a\":2}", 10 }, { "{\"a\":1,\"\\u0061\":2}", 15 },
		{ "nul", 0 }, { "NaN", 0 }, { "Infinity", 0 }, { "-", 1 },
		{ "01", 1 }, { "1.", 2 }, { ".5", 0 }, { "+1", 0 }, { "1e", 2 },
		{ "1e+", 3 }, { "0x10", 1 }, { "1 2", 2 }, { "[] []", 3 },
		{ "\"abc", 4 }, { "\"a\nb\"", 2 }, { "\"\\x\"", 2 },
		{ "\"\\u12g4\"", 3 }, { "\"\\u0000\"", 7 },
		{ "\"\\ud800\"", 7 }, { "\"\\udc00\"", 7 },
		{ "\"\\ud800\\u0041\"", 13 }, { "\"\xff\"", 1 },
		{ "\"\xc0\x80\"", 1 }, { "\"\xed\xa0\x80\"", 1 },
		{ "\"\xf5\x80\x80\x80\"", 1 }, { "\"a\\", 3 },
		{ "[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 16 }, { "//", 0 },
		{ "\"\\", 2 }, { "\xef\xbb\xbf{}", 0 },
	};
	const struct json *j = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err;
		char want[40];

		assert_int_equal(json_parse(*state, bad[i].text,
			strlen(bad[i].text), &j, &err), -E_INVAL);
		snprintf(want, sizeof(want), "JSON, byte %zu: ", bad[i].at);
		if (strncmp(err.msg, want, strlen(want)) != 0)
			fail_msg("%s: %s, not %s", bad[i].text, err.msg, want);
		assert_null(j);
	}
}

static void depth_and_size_are_bounded(void **state)
{
	const struct json *j;
	struct err err;
	static const char zero[] = "1\0";

	parse(*state, "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]");
	assert_int_equal(json_parse(*state, zero, 2, &j, &err), -E_INVAL);
	assert_int_equal(json_parse(*state, "", JSON_SIZE_MAX + 1, &j, &err),
			 -E_TOOBIG);
}

/* A document cut anywhere is refused, and nothing of it stays behind. */
static void every_prefix_of_a_document_is_refused(void **state)
{
	static const char text[] = "{\"a\":[1,2.5e-3,\"\\u00e9\\\\\",true,null],"
		"\"b\":{\"c\":false}}";
	const struct json *j;
	struct err err;

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_int_equal(json_parse(*state, text, n, &j, &err), -E_INVAL);
	assert_int_equal(json_parse(*state, text, sizeof(text) - 1, &j, &err), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(every_kind_of_value_is_read),
		CASE(nothing_is_there_of_another_type),
		CASE(members_come_in_the_order_of_the_text),
		CASE(numbers_keep_what_a_double_would_lose),
		CASE(malformed_text_is_refused_with_its_place),
		CASE(depth_and_size_are_bounded),
		CASE(every_prefix_of_a_document_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
