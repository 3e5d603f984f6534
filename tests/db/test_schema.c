#include "config.h"

#include "test.h"
#include "t_db.h"

#include "db/migrate.h"

static void the_migrations_apply_to_an_empty_database(void **state)
{
	struct arena *tmp = arena_new("test", 1 << 24);
	struct err err;

	(void)state;
	t_db_schema();
	if (schema_current(t_db_open(tmp), &err) < 0)
		fail_msg("%s", err.msg);
	arena_free(&tmp);
}

static void every_statement_fits_the_schema(void **state)
{
	struct arena *tmp = arena_new("test", 1 << 24);
	struct err err;

	(void)state;
	if (db_connect(t_db_open(tmp), &err) < 0)
		fail_msg("%s", err.msg);
	arena_free(&tmp);
}

static void the_invariants_hold_in_an_empty_database(void **state)
{
	(void)state;
	t_db_checks();
}

static void a_broken_invariant_is_seen(void **state)
{
	(void)state;
	t_db_sql("INSERT INTO user (name, role, password, created, password_set)"
		 " VALUES ('x', 0, 'plain', 1, 1)");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM user"), 1);
	assert_int_equal(t_db_broken(), 1);
	t_db_fresh(NULL);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM user"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_migrations_apply_to_an_empty_database),
		cmocka_unit_test(every_statement_fits_the_schema),
		cmocka_unit_test(the_invariants_hold_in_an_empty_database),
		cmocka_unit_test(a_broken_invariant_is_seen),
	};

	t_db_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
