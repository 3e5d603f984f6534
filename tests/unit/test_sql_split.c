#include "config.h"

#include "test.h"

#include <string.h>

#include "db/migrate.h"

static struct arena *root;
static struct err err;

static int fresh(void **state)
{
	(void)state;
	root = arena_new("test", 1 << 20);
	return 0;
}

static int done(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

static size_t n;
static struct sql_stmt *split(const char *sql)
{
	struct sql_stmt *v = NULL;

	if (sql_split(root, str_c(sql), &v, &n, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static void refused(const char *sql, const char *why)
{
	struct sql_stmt *v;

	assert_int_equal(sql_split(root, str_c(sql), &v, &n, &err), -E_INVAL);
	if (strstr(err.msg, why) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, why);
}

static void statements_end_at_semicolons(void **state)
{
	struct sql_stmt *v = split("SELECT 1;\n\n SELECT\n2 ;SELECT 3;");

	(void)state;
	assert_int_equal(n, 3);
	assert_true(str_eqc(v[0].text, "SELECT 1"));
	assert_int_equal(v[0].line, 1);
	assert_true(str_eqc(v[1].text, "SELECT\n2"));
	assert_int_equal(v[1].line, 3);
	assert_true(str_eqc(v[2].text, "SELECT 3"));
	assert_int_equal(v[2].line, 4);
	assert_int_equal(v[0].end, 9);
}

static void quotes_and_comments_hide_semicolons(void **state)
{
	struct sql_stmt *v = split(
		"A 'x;''y\\';' \"p;\"\"q\" `t;``u` b -- c; d\n"
		" e /* f; 'g */ h # i; \"\n j--k;\n"
		"-- only a comment;\n/* and; another */ L;\n-- the end;");

	(void)state;
	assert_int_equal(n, 2);
	assert_true(str_ends(v[0].text, "j--k"));
	assert_true(str_eqc(v[1].text, "L"));
	assert_true(str_eqc(v[1].comment,
			    "-- only a comment;\n/* and; another */"));
	assert_int_equal(v[1].line, 5);
}

static void a_backslash_is_no_escape_in_backquotes(void **state)
{
	(void)state;
	split("SELECT `a\\`; SELECT 2;");
	assert_int_equal(n, 2);
}

static void nothing_gives_nothing(void **state)
{
	(void)state;
	split("");
	assert_int_equal(n, 0);
	split(" \n-- c\n/* d */ # e");
	assert_int_equal(n, 0);
}

static void what_is_broken_is_named_by_line(void **state)
{
	struct sql_stmt *v;

	(void)state;
	refused("SELECT 1;\nSELECT 'a;\n", "line 2: the quote");
	refused("SELECT 1;\n\n/* x ", "line 3: the comment");
	refused("SELECT 1;\nSELECT 2", "line 2: the statement does not end");
	refused(";", "line 1: an empty");
	refused("SELECT 1;\n;", "line 2: an empty");
	refused("DELIMITER //\nx//", "DELIMITER");
	refused("/*!40101 SET x=1 */;", "executable");
	refused("SELECT /*M! 1 */ 2;", "executable");
	refused("SELECT 'a\\", "quote does not end");
	refused("SELECT '\xff';", "UTF-8");
	assert_int_equal(sql_split(root, str_n("a\0b;", 4), &v, &n, &err),
			 -E_INVAL);
}

/* No input makes it read past the end (the sanitizer watches) or loop. */
static void every_prefix_is_split_or_refused(void **state)
{
	static const char text[] = "-- a\nSELECT 'b\\'c' /* d */ # e\n, \"f\"\"\";"
				   "-- g\nX `h``i`;";

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		char *copy = arena_alloc_raw(root, i + 1);
		struct sql_stmt *v;

		memcpy(copy, text, i);
		if (sql_split(root, str_n(copy, i), &v, &n, &err) == 0)
			assert_true(n <= 2);
	}
}

static void the_checksum_is_the_published_one(void **state)
{
	(void)state;
	/* CRC-64/XZ, check value of the catalogue of parametrised CRCs */
	assert_true(crc64(0, "123456789", 9) == UINT64_C(0x995dc9bbdf1939fa));
	assert_true(crc64(crc64(0, "1234", 4), "56789", 5) ==
		    UINT64_C(0x995dc9bbdf1939fa));
	assert_true(crc64(0, "", 0) == 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(statements_end_at_semicolons),
		T(quotes_and_comments_hide_semicolons),
		T(a_backslash_is_no_escape_in_backquotes),
		T(nothing_gives_nothing),
		T(what_is_broken_is_named_by_line),
		T(every_prefix_is_split_or_refused),
		T(the_checksum_is_the_published_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
