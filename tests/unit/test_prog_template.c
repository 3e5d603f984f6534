#include "config.h"

#include <string.h>

#include "core/arena.h"
#include "prog/template.h"
#include "test.h"

static const struct template_value values[] = {
	{ "NAME", "world" }, { "N", "7" }, { NULL, NULL } };
static const struct template_flag flags[] = {
	{ "yes", true }, { "no", false }, { NULL, false } };

static struct arena *a;
static struct err err;

static int setup(void **state)
{
	(void)state;
	a = arena_new("test", 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static const char *fill(const char *text)
{
	struct sbuf b;

	sbuf_init(&b, a, 1000);
	if (template_fill(&b, "t", text, values, flags, &err) < 0)
		return NULL;
	return sbuf_finish(&b);
}

static void holes_are_filled(void **state)
{
	(void)state;
	assert_string_equal(fill("hello @NAME@, @N@@N@"), "hello world, 77");
	assert_string_equal(fill(""), "");
}

static void an_at_sign_of_its_own_stays(void **state)
{
	(void)state;
	assert_string_equal(fill("a@b @problem_502; x@ @@ @"),
			    "a@b @problem_502; x@ @@ @");
}

static void what_is_false_is_left_out(void **state)
{
	(void)state;
	assert_string_equal(fill("a@if yes@b@end@c"), "abc");
	assert_string_equal(fill("a@if no@b@NAME@@end@c"), "ac");
	assert_string_equal(fill("1\n@if yes@\n2\n@end@\n3\n"), "1\n2\n3\n");
	assert_string_equal(fill("1\n@if no@\n2\n@end@\n3\n"), "1\n3\n");
}

static void conditions_nest(void **state)
{
	(void)state;
	assert_string_equal(fill("@if yes@a@if no@b@end@c@end@d"), "acd");
	assert_string_equal(fill("@if no@a@if yes@b@end@c@end@d"), "d");
	assert_string_equal(fill("@if no@a@if no@b@end@c@end@d"), "d");
}

static void mistakes_are_named_with_their_line(void **state)
{
	(void)state;
	assert_null(fill("1\n2 @NOBODY@"));
	assert_string_equal(err.msg, "t:2: no value NOBODY");
	assert_null(fill("@if maybe@x@end@"));
	assert_string_equal(err.msg, "t:1: no condition maybe");
	assert_null(fill("\n\nx@end@"));
	assert_string_equal(err.msg, "t:3: an end without an if");
	assert_null(fill("@if yes@x"));
	assert_string_equal(err.msg, "t: an if without its end");
}

static void a_result_over_its_ceiling_is_refused(void **state)
{
	char text[1200];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_null(fill(text));
	assert_int_equal(err.code, E_TOOBIG);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(holes_are_filled),
		T(an_at_sign_of_its_own_stays),
		T(what_is_false_is_left_out),
		T(conditions_nest),
		T(mistakes_are_named_with_their_line),
		T(a_result_over_its_ceiling_is_refused),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
