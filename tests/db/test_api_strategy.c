#include "config.h"

#include <stdio.h>
#include <string.h>

#include "t_api.h"
#include "t_db.h"
#include "test.h"

#include "script/script.h"
#include "script/store.h"

/* Strategies through the API, and the starters in the database. */

#define GOOD "{\"name\":\"Mine\",\"source\":\"//@version=6\\n// What it does.\\n" \
	"strategy(\\\"Mine\\\")\\nlen = input.int(5, \\\"Length\\\", minval = 1)\\n" \
	"plot(ta.sma(close, len))\\n\"}"
#define BAD "{\"name\":\"Bad\",\"source\":\"//@version=6\\nstrategy(\\\"B\\\")\\n" \
	"plot(clse)\\n\"}"

static void a_script_is_kept_with_its_inputs(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", GOOD, NULL), 201);
	assert_string_equal(t_api_text(".description"), "What it does.");
	assert_string_equal(t_api_text(".inputs[0].name"), "len");
	assert_string_equal(t_api_text(".inputs[0].default"), "5");
	assert_non_null(strstr(t_api_header("Location"), "/api/v1/strategies/"));
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", GOOD, NULL), 409);
	assert_int_equal(t_api("anna", "GET", "/api/v1/strategies", NULL, NULL), 200);
	assert_true(t_api_statements() <= 2);
	assert_string_equal(t_api_text(".items[0].name"), "Mine");
}

static void what_does_not_compile_is_not_kept(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", BAD, NULL), 400);
	assert_string_equal(t_api_text(".errors[0].field"), "source");
	assert_string_equal(t_api_text(".errors[0].detail"),
			    "line 3: \"clse\" is not defined; did you mean \"close\"?");
	assert_int_equal(t_api("anna", "GET", "/api/v1/strategies", NULL, NULL), 200);
	assert_null(t_api_json(".items[0]"));
}

#define LIB(name, k) "{\"name\":\"" name "\",\"source\":\"//@version=6\\nlibrary(\\\"tools\\\")\\n" \
	"export times(float x) =>\\n    x * " k "\\n\"}"
#define USES "//@version=6\\nstrategy(\\\"U\\\")\\nimport anna/tools/2 as t\\n" \
	"import anna/tools/1\\nplot(t.times(close) + tools.times(close))\\n"

/* A user's own libraries, by version; what is kept to run has them behind it. */
static void libraries_of_the_same_user_are_there(void **state)
{
	struct arena *a = arena_new("t", 1u << 24);
	struct str whole;
	struct err err;

	(void)state;
	t_api_user("anna", "trader");
	t_api_user("ben", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies/check",
			       "{\"source\":\"" USES "\"}", NULL), 200);
	assert_non_null(strstr(t_api_text(".diagnostics[0].message"),
			       "the library anna/tools is not here"));
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", LIB("tools", "3"), NULL), 201);
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", LIB("tools/2", "10"), NULL),
			 201);
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies/check",
			       "{\"source\":\"" USES "\"}", NULL), 200);
	assert_null(t_api_json(".diagnostics[0]"));
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies",
			       "{\"name\":\"U\",\"source\":\"" USES "\"}", NULL), 201);
	/* nobody else's */
	assert_int_equal(t_api("ben", "POST", "/api/v1/strategies",
			       "{\"name\":\"U\",\"source\":\"" USES "\"}", NULL), 400);
	assert_non_null(strstr(t_api_text(".errors[0].detail"), "is not here"));
	assert_int_equal(strategy_bundle(a, t_api_db(), (uint64_t)t_db_int("SELECT id FROM user "
			 "WHERE name = 'anna'"), STR("import anna/tools/2 as t\n"
			 "import x/none/1\n// import anna/tools/1\n"), &whole, &err), 0);
	assert_true(str_ends(whole, "\n//@library anna/tools/2\n//|//@version=6\n"
		"//|library(\"tools\")\n//|export times(float x) =>\n//|    x * 10\n"));
	arena_free(&a);
}

static void a_check_says_all_there_is_to_say(void **state)
{
	(void)state;
	t_api_user("vera", "viewer");
	assert_int_equal(t_api("vera", "POST", "/api/v1/strategies/check",
		"{\"source\":\"//@version=6\\nstrategy(\\\"B\\\")\\na = clse\\nb = foo()\\n\"}",
		NULL), 200);
	assert_string_equal(t_api_text(".diagnostics[1].code"), "NAME");
	assert_int_equal(t_api_int(".diagnostics[1].line"), 4);
	assert_int_equal(t_api("vera", "POST", "/api/v1/strategies/check",
		"{\"source\":\"//@version=6\\nindicator(\\\"B\\\")\\n\"}", NULL), 200);
	assert_null(t_api_json(".diagnostics[0]"));
	assert_int_equal(t_api("vera", "POST", "/api/v1/strategies", GOOD, NULL), 403);
}

static void nobody_touches_the_strategies_of_others(void **state)
{
	char path[80], body[400];
	uint64_t id;

	(void)state;
	t_api_user("anna", "trader");
	t_api_user("bob", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/strategies", GOOD, NULL), 201);
	id = (uint64_t)t_api_int(".id");
	snprintf(path, sizeof(path), "/api/v1/strategies/%llu", (unsigned long long)id);
	snprintf(body, sizeof(body), "%s", GOOD);
	assert_int_equal(t_api("bob", "GET", path, NULL, NULL), 404);
	assert_int_equal(t_api("bob", "PUT", path, body, NULL), 404);
	assert_int_equal(t_api("bob", "DELETE", path, NULL, NULL), 404);
	assert_int_equal(t_api("anna", "PUT", path, body, NULL), 200);
	assert_int_equal(t_api("anna", "GET", path, NULL, NULL), 200);
	assert_non_null(strstr(t_api_text(".source"), "ta.sma"));
	assert_int_equal(t_api("anna", "DELETE", path, NULL, NULL), 204);
	assert_int_equal(t_api("anna", "GET", path, NULL, NULL), 404);
}

static void starters_are_everybodys_and_nobodys(void **state)
{
	struct arena *a = arena_new("t", 1 << 24);
	struct strategy s;
	char path[80];
	struct err err;
	uint64_t first;

	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(script_starters_sync(t_api_db(), 1000, &err), 0);
	assert_int_equal(strategy_find(a, t_api_db(), 0, "EMA cross", &s, &err), 0);
	first = s.id;
	assert_true(s.user_id == 0 && s.changed == 1000);
	/* a second time changes nothing */
	assert_int_equal(script_starters_sync(t_api_db(), 2000, &err), 0);
	assert_int_equal(strategy_find(a, t_api_db(), 0, "EMA cross", &s, &err), 0);
	assert_true(s.id == first && s.changed == 1000);
	assert_int_equal(strategy_find(a, t_api_db(), 0, "none", &s, &err), -E_NOTFOUND);
	snprintf(path, sizeof(path), "/api/v1/strategies/%llu", (unsigned long long)first);
	assert_int_equal(t_api("anna", "GET", path, NULL, NULL), 200);
	assert_int_equal(t_api("anna", "PUT", path, GOOD, NULL), 404);
	assert_int_equal(t_api("anna", "DELETE", path, NULL, NULL), 404);
	assert_int_equal(t_api("anna", "GET", "/api/v1/strategies?limit=1", NULL, NULL), 200);
	assert_non_null(t_api_text(".next"));
	arena_free(&a);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, t_api_fresh, NULL)
	const struct CMUnitTest tests[] = {
		T(a_script_is_kept_with_its_inputs),
		T(what_does_not_compile_is_not_kept),
		T(libraries_of_the_same_user_are_there),
		T(a_check_says_all_there_is_to_say),
		T(nobody_touches_the_strategies_of_others),
		T(starters_are_everybodys_and_nobodys),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
