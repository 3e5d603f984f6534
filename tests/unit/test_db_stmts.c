#include "config.h"

#include "test.h"

#include <string.h>

#include "db/db.h"

#define EACH(q) (enum stmt q = 0; q < STMT__MAX; q++)

/* How often c stands outside quotes. */
static size_t marks(const char *s, char c)
{
	size_t n = 0;
	char quote = 0;

	for (; *s != '\0'; s++) {
		if (quote != 0)
			quote = *s == quote ? 0 : quote;
		else if (*s == '\'' || *s == '"' || *s == '`')
			quote = *s;
		else if (*s == c)
			n++;
	}
	return n;
}

static void every_question_mark_has_a_type(void **state)
{
	(void)state;
	for EACH(q)
		if (marks(stmt_sql(q), '?') != strlen(stmt_in(q)))
			fail_msg("%s: %zu marks, types \"%s\"", stmt_name(q),
				 marks(stmt_sql(q), '?'), stmt_in(q));
}

static void every_type_is_a_known_letter(void **state)
{
	(void)state;
	for EACH(q) {
		if (strspn(stmt_in(q), "iufsbmIUFSBM") != strlen(stmt_in(q)))
			fail_msg("%s: parameter types %s", stmt_name(q), stmt_in(q));
		if (strspn(stmt_out(q), "iufsbmIUFSBM") != strlen(stmt_out(q)))
			fail_msg("%s: column types %s", stmt_name(q), stmt_out(q));
	}
}

static bool is_select(const char *sql)
{
	return strncmp(sql, "SELECT ", 7) == 0 || strncmp(sql, "WITH ", 5) == 0;
}

static void every_select_has_a_limit(void **state)
{
	(void)state;
	for EACH(q)
		if (is_select(stmt_sql(q)) && strstr(stmt_sql(q), " LIMIT ") == NULL)
			fail_msg("%s has no LIMIT", stmt_name(q));
}

static void only_selects_have_columns(void **state)
{
	(void)state;
	for EACH(q)
		if (is_select(stmt_sql(q)) != (*stmt_out(q) != '\0'))
			fail_msg("%s: columns \"%s\" for %s", stmt_name(q),
				 stmt_out(q), stmt_sql(q));
}

/* UPDATE and DELETE of a whole table are never meant. */
static void every_change_says_which_rows(void **state)
{
	(void)state;
	for EACH(q) {
		const char *s = stmt_sql(q);

		if ((strncmp(s, "UPDATE ", 7) == 0 ||
		     strncmp(s, "DELETE ", 7) == 0) && strstr(s, " WHERE ") == NULL)
			fail_msg("%s has no WHERE", stmt_name(q));
	}
}

static void only_data_is_touched(void **state)
{
	static const char *const verbs[] = { "SELECT ", "WITH ", "INSERT ",
					     "UPDATE ", "DELETE ", "REPLACE " };

	(void)state;
	for EACH(q) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
			known |= strncmp(stmt_sql(q), verbs[i],
					 strlen(verbs[i])) == 0;
		if (!known || marks(stmt_sql(q), ';') > 0)
			fail_msg("%s: %s", stmt_name(q), stmt_sql(q));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_question_mark_has_a_type),
		cmocka_unit_test(every_type_is_a_known_letter),
		cmocka_unit_test(every_select_has_a_limit),
		cmocka_unit_test(only_selects_have_columns),
		cmocka_unit_test(every_change_says_which_rows),
		cmocka_unit_test(only_data_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
