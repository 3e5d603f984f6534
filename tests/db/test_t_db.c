#include "config.h"

#include "test.h"
#include "t_db.h"

#include <string.h>
#include <unistd.h>

static void the_server_answers(void **state)
{
	(void)state;
	assert_int_equal(t_db_int("SELECT 40 + %d", 2), 42);
	assert_null(t_db_query("SELECT 1 LIMIT 0"));
	assert_string_equal(t_db_query("SELECT @@collation_server"),
			    "utf8mb4_bin");
}

static void a_killed_server_keeps_what_was_committed(void **state)
{
	(void)state;
	t_db_sql("CREATE TABLE t (a INT) ENGINE=InnoDB; "
		 "INSERT INTO t VALUES (7)");
	t_db_kill();
	t_db_restart();
	assert_int_equal(t_db_int("SELECT a FROM t"), 7);
	t_db_sql("DROP TABLE t");
}

static void a_frozen_server_thaws(void **state)
{
	(void)state;
	t_db_freeze();
	t_db_thaw();
	assert_int_equal(t_db_int("SELECT 1"), 1);
	assert_int_equal(access(t_db_socket(), F_OK), 0);
	assert_memory_equal(t_db_socket(), t_db_dir(), strlen(t_db_dir()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_server_answers),
		cmocka_unit_test(a_killed_server_keeps_what_was_committed),
		cmocka_unit_test(a_frozen_server_thaws),
	};

	t_db_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
