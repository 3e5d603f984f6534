#include "config.h"

#include "test.h"
#include "t_db.h"

#include "conf/conf.h"
#include "core/clock.h"
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

static int64_t connection(void)
{
	return t_db_int("SELECT MAX(id) FROM information_schema.processlist"
			" WHERE user = 'orch'");
}

static void use(struct db *db)
{
	struct err err;

	if (schema_current(db, &err) < 0)
		fail_msg("%s", err.msg);
}

static int64_t pings(void)
{
	return t_db_int("SELECT variable_value FROM"
			" information_schema.global_status WHERE"
			" variable_name = 'COM_ADMIN_COMMANDS'");
}

static void the_settings_of_the_database_take_effect(void **state)
{
	struct arena *tmp = arena_new("test", 1 << 24);
	struct conf *c = conf_defaults(tmp, t_db_dir());
	struct db *db;
	int64_t t0, id, n;
	struct err err;

	(void)state;
	c->db_socket = t_db_socket();
	c->db_user = "orch";
	c->db_password = "wrong";
	assert_int_equal(schema_current(db_new(tmp, c), &err), -E_DB);
	c->db_password = "";
	c->db_name = "other";
	assert_int_equal(schema_current(db_new(tmp, c), &err), -E_DB);
	c->db_name = "orch";
	c->db_timeout = 1;
	c->db_recycle = 1;
	c->db_ping_idle = 0;
	db = db_new(tmp, c);
	use(db);
	id = connection();
	use(db);
	assert_true(connection() == id);
	clock_sleep_ms(1050);
	use(db);
	assert_true(connection() > id);
	c->db_recycle = 3600;
	c->db_ping_idle = 1;
	db_close(db);
	db = db_new(tmp, c);
	use(db);
	n = pings();
	use(db);
	assert_true(pings() == n);
	clock_sleep_ms(1050);
	use(db);
	assert_true(pings() == n + 1);
	t_db_freeze();
	t0 = clock_mono_ns();
	assert_int_equal(schema_current(db, &err), -E_DB);
	assert_true(clock_mono_ns() - t0 < INT64_C(2500000000));
	t_db_thaw();
	/* by TCP, where nobody listens */
	c->db_host = "127.0.0.1";
	c->db_port = 1;
	assert_int_equal(schema_current(db_new(tmp, c), &err), -E_DB);
	arena_free(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_migrations_apply_to_an_empty_database),
		cmocka_unit_test(every_statement_fits_the_schema),
		cmocka_unit_test(the_invariants_hold_in_an_empty_database),
		cmocka_unit_test(a_broken_invariant_is_seen),
		cmocka_unit_test(the_settings_of_the_database_take_effect),
	};

	t_db_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
