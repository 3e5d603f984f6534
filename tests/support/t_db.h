#ifndef TESTS_T_DB_H
#define TESTS_T_DB_H
/* t_db.h - a private MariaDB for a cmocka program.
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = {
 *			cmocka_unit_test_setup_teardown(a_bot_is_stored,
 *							t_db_fresh, NULL),
 *		};
 *		t_db_start();	// skips the program when there is no mariadbd
 *		t_db_schema();	// all of sql/
 *		return cmocka_run_group_tests(tests, NULL, NULL);
 *	}
 *
 * One server per program, in a temporary directory, unix socket only.  It is
 * ended and its directory removed on every way out of the program, SIGKILL
 * included.  Without mariadbd the program prints a TAP skip and exits 0, or
 * fails if ORCH_REQUIRE_INTEG=1.  Put such programs into tests/db/ and add
 * them with `db_tests += %D%/db/test_x` in tests/local.mk. */
#include "db/db.h"

void t_db_start(void);
const char *t_db_dir(void);		/* private, for more sockets and files */
const char *t_db_socket(void);

/* A connection of the code under test, not connected yet, closed with `out`.
 * It waits 20 s for an answer, for a machine may be busy; tests of what happens
 * without an answer are less patient. */
struct db *t_db_open(struct arena *out) NONNULL_RET;
struct db *t_db_open_hasty(struct arena *out) NONNULL_RET;	/* 3 s */

/* The schema: every migration of sql/, applied to an empty database.  Again:
 * drops what is there first. */
void t_db_schema(void);
/* Setup of a test: every table but the schema's own is emptied. */
int t_db_fresh(void **state);
/* sql/checks.sql gives no row, or the test fails with the rows. */
void t_db_checks(void);
size_t t_db_broken(void);	/* the number of those rows */

/* The world breaks; each returns when it is so. */
void t_db_kill(void);			/* SIGKILL: what was not committed is gone */
void t_db_stop(void);			/* SIGTERM and wait */
void t_db_restart(void);		/* start again on the same data, wait until it answers */
void t_db_freeze(void);			/* SIGSTOP: connected, and silent */
void t_db_thaw(void);

/* SQL as text, as root, on a connection of its own that is not the code's
 * under test; several statements may be separated by ';'.  An error fails the
 * test.  The query gives the first column of the first row, NULL when there
 * is none; it lives until the next call. */
void t_db_sql(const char *fmt, ...) PRINTF_LIKE(1, 2);
const char *t_db_query(const char *fmt, ...) PRINTF_LIKE(1, 2);
int64_t t_db_int(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif /* TESTS_T_DB_H */
