#include "config.h"
#include "test.h"
#include <string.h>
#include "core/err.h"

static void an_error_names_code_place_and_reason(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(FAIL(&e, E_NOTFOUND, "bot %d", 7), -E_NOTFOUND);
	assert_int_equal(e.code, E_NOTFOUND);
	assert_string_equal(e.msg, "bot 7");
	assert_int_equal(e.line, __LINE__ - 3);
	assert_non_null(strstr(e.file, "test_err.c"));
	assert_int_equal(FAIL(NULL, E_IO, "nobody asks"), -E_IO);
}

static void wrapping_puts_context_in_front_and_never_overruns(void **state)
{
	struct err e;
	char long_text[400];

	(void)state;
	FAIL(&e, E_DB, "gone away");
	err_wrap(&e, "select %s", "bot");
	err_wrap(&e, "start bot %d", 7);
	assert_string_equal(e.msg, "start bot 7: select bot: gone away");
	assert_int_equal(e.code, E_DB);
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	err_wrap(&e, "%s", long_text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_wrap(NULL, "nobody asks");
}

static void every_code_has_a_name_and_a_status(void **state)
{
	(void)state;
	for (enum errc c = E_OK; c < E__MAX; c++) {
		assert_string_not_equal(errc_name(c), "?");
		assert_true(errc_http(c) >= 200 && errc_http(c) < 600);
	}
	assert_string_equal(errc_name(E_INVAL), "INVAL");
	assert_int_equal(errc_http(E_LIMIT), 429);
	assert_string_equal(errc_name(E__MAX), "?");
	assert_int_equal(errc_http(E__MAX), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_names_code_place_and_reason),
		cmocka_unit_test(wrapping_puts_context_in_front_and_never_overruns),
		cmocka_unit_test(every_code_has_a_name_and_a_status),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
