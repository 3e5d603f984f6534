#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/sbuf.h"
#include "db/migrate.h"

static struct arena *root;
static struct db *db;
static char dir[128];
static struct err err;
static struct sbuf said;

static int fresh(void **state)
{
	struct db_opts o = {
		.socket = t_db_socket(), .name = "orch", .user = "orch",
		.timeout_ms = 3000, .long_statements = true,
	};

	(void)state;
	root = arena_new("test", 1 << 26);
	db = db_new_opts(root, &o);
	t_db_sql("CREATE OR REPLACE DATABASE orch");
	snprintf(dir, sizeof(dir), "%s/sqlXXXXXX", t_db_dir());
	assert_non_null(mkdtemp(dir));
	sbuf_init(&said, root, 1 << 16);
	return 0;
}

static int done(void **state)
{
	(void)state;
	fault_arm(0);
	arena_free(&root);
	return 0;
}

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void del(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(unlink(path), 0);
}

static void say(void *ctx, const char *line)
{
	(void)ctx;
	sbuf_addf(&said, "%s|", line);
}

static int run(bool dry, enum mig_in_flight in_flight)
{
	struct mig_opts o = { .dir = dir, .dry_run = dry, .say = say,
			      .in_flight = in_flight, .wait_ms = 100 };

	err.msg[0] = '\0';
	return migrate_run(db, &o, &err);
}

static void ok(int rc)
{
	if (rc != 0)
		fail_msg("%d: %s", rc, err.msg);
}

static void refused(int rc, int code, const char *why)
{
	if (rc != code || strstr(err.msg, why) == NULL)
		fail_msg("%d, not %d: \"%s\" does not say \"%s\"", rc, code,
			 err.msg, why);
}

static const char a[] = "CREATE TABLE a (x INT); INSERT INTO a VALUES (1);";

static void files_are_applied_once_and_in_order(void **state)
{
	(void)state;
	put("0002-b.sql", "UPDATE a SET x = x * 10;\n-- done\n");
	put("0001-a.sql", a);
	put("readme.txt", "not mine");
	ok(run(false, MIG_ASK));
	assert_int_equal(t_db_int("SELECT x FROM a"), 10);
	assert_string_equal(sbuf_finish(&said), "apply 0001-a.sql: 2 statements|"
			    "apply 0002-b.sql: 1 statements|schema is at 0002|");
	ok(run(false, MIG_ASK));
	assert_int_equal(t_db_int("SELECT x FROM a"), 10);
	put("0003-c.sql", "UPDATE a SET x = x + 1;");
	ok(run(false, MIG_ASK));
	assert_int_equal(t_db_int("SELECT x FROM a"), 11);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM schema_migration"
				  " WHERE finished IS NOT NULL"), 3);
}

static void a_dry_run_writes_nothing(void **state)
{
	(void)state;
	put("0001-a.sql", a);
	ok(run(true, MIG_ASK));
	assert_string_equal(sbuf_finish(&said), "would apply 0001-a.sql: "
			    "2 statements|schema would be at 0001|");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM information_schema.tables"
				  " WHERE table_schema = 'orch'"), 0);
}

static void a_file_changed_afterwards_is_refused(void **state)
{
	(void)state;
	put("0001-a.sql", a);
	ok(run(false, MIG_ASK));
	put("0001-a.sql", "CREATE TABLE a (x INT); INSERT INTO a VALUES (2);");
	put("0002-b.sql", "CREATE TABLE b (x INT);");
	refused(run(false, MIG_ASK), -E_INVAL, "0001-a.sql was changed");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM information_schema.tables"
				  " WHERE table_name = 'b'"), 0);
}

static void a_database_newer_than_the_program_is_refused(void **state)
{
	(void)state;
	put("0001-a.sql", a);
	put("0002-b.sql", "CREATE TABLE b (x INT);");
	ok(run(false, MIG_ASK));
	del("0002-b.sql");
	refused(run(false, MIG_ASK), -E_INVAL, "older than the database");
}

static void a_number_below_the_newest_comes_too_late(void **state)
{
	(void)state;
	put("0001-a.sql", a);
	put("0003-c.sql", "CREATE TABLE c (x INT);");
	ok(run(false, MIG_ASK));
	put("0002-b.sql", "CREATE TABLE b (x INT);");
	refused(run(false, MIG_ASK), -E_INVAL, "0002-b.sql comes too late");
}

static void bad_files_are_named_before_anything_is_done(void **state)
{
	(void)state;
	refused(run(false, MIG_ASK), -E_IO, "no migrations");
	put("0001-a.sql", a);
	put("2-b.sql", "SELECT 1;");
	refused(run(false, MIG_ASK), -E_INVAL, "2-b.sql: not NNNN");
	del("2-b.sql");
	put("0001-z.sql", "SELECT 1;");
	refused(run(false, MIG_ASK), -E_INVAL, "same number");
	del("0001-z.sql");
	put("0002-b.sql", "CREATE TABLE b (x INT);\nCREATE TABLE c (");
	refused(run(false, MIG_ASK), -E_INVAL, "0002-b.sql: line 2");
	put("0002-b.sql", "-- nothing\n");
	refused(run(false, MIG_ASK), -E_INVAL, "no statement");
	del("0002-b.sql");
	snprintf(dir, sizeof(dir), "/nonexistent");
	refused(run(false, MIG_ASK), -E_IO, "/nonexistent");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM information_schema.tables"
				  " WHERE table_schema = 'orch'"), 0);
}

static void a_refused_statement_can_be_mended(void **state)
{
	(void)state;
	put("0001-a.sql", "CREATE TABLE a (x INT);\n\nCREATE TABLE b (y NONSENSE);\n"
	    "INSERT INTO a VALUES (5);");
	refused(run(false, MIG_ASK), -E_BUG, "0001-a.sql line 3");
	/* the part that ran must not change */
	put("0001-a.sql", "CREATE TABLE a (z INT);\n\nCREATE TABLE b (y INT);\n");
	refused(run(false, MIG_ASK), -E_INVAL, "the 1 statements");
	put("0001-a.sql", "CREATE TABLE a (x INT);\n\nCREATE TABLE b (y INT);\n"
	    "INSERT INTO a VALUES (5);");
	ok(run(false, MIG_ASK));
	assert_int_equal(t_db_int("SELECT x FROM a"), 5);
	ok(run(false, MIG_ASK));
}

#ifdef ENABLE_FAULTS
static void a_run_that_broke_off_asks(const char *point, enum mig_in_flight say_)
{
	put("0001-a.sql", "CREATE TABLE a (x INT);\nINSERT INTO a VALUES (1);\n"
	    "UPDATE a SET x = x + 1;");
	fault_arm_at(point, 2);
	assert_int_equal(run(false, MIG_ASK), -E_UNCERTAIN);
	refused(run(false, MIG_ASK), -E_CONFLICT, "statement 2 (line 2)");
	ok(run(false, say_));
	assert_int_equal(t_db_int("SELECT x FROM a"), 2);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM a"), 1);
	ok(run(false, MIG_ASK));
}

static void a_statement_that_was_not_done_is_run_again(void **state)
{
	(void)state;
	a_run_that_broke_off_asks("migrate.before", MIG_AGAIN);
}

static void a_statement_that_took_effect_is_passed(void **state)
{
	(void)state;
	a_run_that_broke_off_asks("migrate.after", MIG_TOOK_EFFECT);
}
#endif

static void one_runner_at_a_time(void **state)
{
	struct db *other = t_db_open(root);

	(void)state;
	put("0001-a.sql", a);
	ok(db_lock(other, "migrate", 0, &err));
	refused(run(false, MIG_ASK), -E_BUSY, "another migration");
	db_unlock(other, "migrate");
	ok(run(false, MIG_ASK));
}

static int afterwards(void *ctx, struct db *d, struct err *e)
{
	struct db *other = t_db_open(root);

	(void)ctx;
	(void)d;
	/* still under the lock */
	assert_int_equal(db_lock(other, "migrate", 0, e), -E_BUSY);
	assert_int_equal(t_db_int("SELECT x FROM a"), 1);
	return FAIL(e, E_LIMIT, "seen");
}

static void what_follows_runs_under_the_lock(void **state)
{
	struct mig_opts o = { .dir = dir, .after = afterwards, .dry_run = true };

	(void)state;
	put("0001-a.sql", a);
	ok(migrate_run(db, &o, &err));
	o.dry_run = false;
	refused(migrate_run(db, &o, &err), -E_LIMIT, "seen");
}

static void the_status_tells_each_state(void **state)
{
	struct migration *v;
	size_t n;

	(void)state;
	put("0001-a.sql", a);
	put("0002-b.sql", "CREATE TABLE b (x INT);");
	ok(run(false, MIG_ASK));
	put("0001-a.sql", "SELECT 2;");
	del("0002-b.sql");
	put("0003-c.sql", "CREATE TABLE c (x INT); SELECT 1;");
	ok(migrate_status(root, db, dir, &v, &n, &err));
	assert_int_equal(n, 3);
	assert_int_equal(v[0].state, MIG_MISSING);
	assert_int_equal(v[1].state, MIG_CHANGED);
	assert_int_equal(v[2].state, MIG_PENDING);
	assert_int_equal(v[2].statements, 2);
	assert_int_equal(v[2].done, 0);
}

static void the_schema_is_old_current_or_new(void **state)
{
	char name[40];

	(void)state;
	refused(schema_current(db, &err), -E_BUSY, "run orchctl migrate");
	snprintf(name, sizeof(name), "%04u-a.sql", schema_needed());
	put(name, a);
	ok(run(false, MIG_ASK));
	ok(schema_current(db, &err));
	snprintf(name, sizeof(name), "%04u-b.sql", schema_needed() + 1);
	put(name, "SELECT 1;");
	ok(run(false, MIG_ASK));
	refused(schema_current(db, &err), -E_CONFLICT, "knows");
}

static void tell(void *ctx, const char *check, const char *row)
{
	(void)ctx;
	sbuf_addf(&said, "%s: %s|", check, row);
}

static int check(const char *text)
{
	char path[256];
	size_t checks = 0, rows = 0;
	int rc;

	put("checks.sql", text);
	snprintf(path, sizeof(path), "%s/checks.sql", dir);
	rc = checks_run(db, path, tell, NULL, &checks, &rows, &err);
	return rc < 0 ? rc : (int)(checks * 100 + rows);
}

static void checks_tell_the_rows_and_change_nothing(void **state)
{
	(void)state;
	put("0001-a.sql", a);
	ok(run(false, MIG_ASK));
	sbuf_init(&said, root, 1 << 16);
	assert_int_equal(check("-- name: x is not 1\n"
			       "SELECT x, NULL AS n FROM a WHERE x = 1 LIMIT 9;\n"
			       "-- name: x is 1\n"
			       "SELECT x FROM a WHERE x <> 1 LIMIT 9;"), 201);
	assert_string_equal(sbuf_finish(&said), "x is not 1: x=1 n=NULL|");
	refused(check("SELECT 1 LIMIT 1;"), -E_INVAL, "-- name");
	refused(check("-- name: a\nSELECT 1;"), -E_INVAL, "without LIMIT");
	refused(check("-- name: a\nDELETE FROM a LIMIT 1;"), -E_INVAL, "no SELECT");
	refused(check("-- name: a\nSELECT nope FROM a LIMIT 1;"), -E_BUG, "line 2: a");
	refused(check("-- name: a\nSELECT NEXTVAL(s) FROM a LIMIT 1;"), -E_BUG, "a");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM a"), 1);
	ok(run(false, MIG_ASK));	/* the connection is good */
}

#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(files_are_applied_once_and_in_order),
		T(a_dry_run_writes_nothing),
		T(a_file_changed_afterwards_is_refused),
		T(a_database_newer_than_the_program_is_refused),
		T(a_number_below_the_newest_comes_too_late),
		T(bad_files_are_named_before_anything_is_done),
		T(a_refused_statement_can_be_mended),
#ifdef ENABLE_FAULTS
		T(a_statement_that_was_not_done_is_run_again),
		T(a_statement_that_took_effect_is_passed),
#endif
		T(one_runner_at_a_time),
		T(what_follows_runs_under_the_lock),
		T(the_status_tells_each_state),
		T(the_schema_is_old_current_or_new),
		T(checks_tell_the_rows_and_change_nothing),
	};

	t_db_start();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
