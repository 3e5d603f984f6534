#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "market/table.h"

static int parse(struct arena *a, const char *text, struct table *t, struct err *err)
{
	return table_parse(a, "x.csv", text, strlen(text), t, err);
}

static void columns_are_found_by_name(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	static const char *const names[] = { "rsi", NULL };
	struct table t;
	struct bars_cols b;
	struct err err;
	double *v;
	bool *f;

	(void)state;
	assert_int_equal(parse(a, "\xef\xbb\xbf""Date, Open,High,low,close,\"RSI\",go\r\n"
		"# a comment\n2024-01-01 00:00:00,1,2,0.5,1.5,,1\r\n"
		"2024-01-01T02:00:00+01:00,1,2,0.5,1.5,\"4\",0\n", &t, &err), 0);
	assert_int_equal(t.rows, 2);
	assert_int_equal(table_bars(a, &t, &b, &err), 0);
	assert_int_equal(b.t[1] - b.t[0], 3600000);
	assert_int_equal(table_find(&t, names), 5);
	assert_int_equal(table_numbers(a, &t, 5, &v, &err), 0);
	assert_true(isnan(v[0]) && v[1] == 4);
	assert_int_equal(table_flags(a, &t, 6, &f, &err), 0);
	assert_true(f[0] && !f[1]);
	arena_free(&a);
}

static void quotes_inside_quotes_are_one(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct table t;
	struct err err;

	(void)state;
	assert_int_equal(parse(a, "a,b,c\n\"x \"\"y\"\", z\",\"\",\"two\nlines\"\n 1 ,2,3",
			       &t, &err), 0);
	assert_int_equal(t.rows, 2);
	assert_true(str_eqc(table_cell(&t, 0, 0), "x \"y\", z"));
	assert_int_equal(table_cell(&t, 0, 1).n, 0);
	assert_true(str_eqc(table_cell(&t, 0, 2), "two\nlines"));
	assert_true(str_eqc(table_cell(&t, 1, 0), "1"));
	assert_true(str_eqc(table_cell(&t, 1, 2), "3"));
	arena_free(&a);
}

static void what_is_broken_is_named_by_line(void **state)
{
	static const struct { const char *text, *says; } bad[] = {
		{ "", "empty" },
		{ "a,b\n1\n", "x.csv:2" },
		{ "time,open,high,low,close\n1,1,1,1,1\n1,1,1,1,1\n", "x.csv:3" },
		{ "time,open,high,low,close\n1,1,1,1,x\n", "close" },
		{ "time,open,high,low,close\n1,1,1,1,-1\n", "not a price" },
		{ "time,open,high,low,close\n1,5,4,1,2\n", "between low and high" },
		{ "time,open,high,low\n1,5,4,1\n", "close" },
		{ "open,high,low,close\n5,4,1,1\n", "times" },
		{ "a,b\n\"1,2\n", "x.csv:2" },
		{ "a,b\n1,2,3\n", "more fields than the 2" },
		{ "a,b\n1,2\n\"1\"x,2\n", "x.csv:3" },
	};
	struct arena *a = arena_new("t", 1 << 22);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct table t;
		struct bars_cols b;
		struct err err;
		int rc = parse(a, bad[i].text, &t, &err);

		if (rc == 0)
			rc = table_bars(a, &t, &b, &err);
		assert_int_equal(rc, -E_INVAL);
		if (strstr(err.msg, bad[i].says) == NULL)
			fail_msg("\"%s\" does not say %s", err.msg, bad[i].says);
	}
	arena_free(&a);
}

static void a_file_that_is_not_there_is_an_io_error(void **state)
{
	struct arena *a = arena_new("t", 1 << 22);
	struct table t;
	struct err err;

	(void)state;
	assert_int_equal(table_read(a, "/nonexistent/x.csv", &t, &err), -E_IO);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_found_by_name),
		cmocka_unit_test(quotes_inside_quotes_are_one),
		cmocka_unit_test(what_is_broken_is_named_by_line),
		cmocka_unit_test(a_file_that_is_not_there_is_an_io_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
