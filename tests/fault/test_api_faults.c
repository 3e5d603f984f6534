#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "t_api.h"
#include "t_db.h"

#include "core/fault.h"
#include "ops/ops.h"

/* A creating POST while the world fails at every point in turn: whatever the
 * client is told, asking again with the same key ends with the thing made
 * exactly once. */

struct note_in { struct str text; };
static const struct param note_params[] = {
	PARAM(struct note_in, text, P_STR, "text", .required = true, .min = 1,
	      .max = 100),
};
static const struct params note_body = PARAMS(struct note_in, note_params);

static int h_note(struct api_req *r, struct err *err)
{
	const struct note_in *in = r->body;
	struct app_entry e = {
		.time_ms = r->now_ms, .source = APP_CLIENT,
		.level = LOG_L_INFO, .user = r->who.id, .message = in->text.p,
	};
	int rc;

	rc = app_log_add(r->d->db, &e, 1, err);
	if (rc < 0)
		return rc;
	api_created(r, "/t/notes/1");
	jw_str(&r->w, "made");
	return 0;
}

static const struct route rows[] = {
	{ .method = M_POST, .path = "/t/notes", .id = "note", .doc = "x",
	  .fn = h_note, .need = N_TRADER, .flags = RF_CREATE, .status = 201,
	  .body = &note_body, .answer = &sc_str },
};
static const struct area area_test = AREA(rows);

static int post(void)
{
	return t_api("anna", "POST", "/t/notes", "{\"text\":\"x\"}",
		     "HTTP_IDEMPOTENCY_KEY=k", NULL);
}

/* Until it is made; the back-off after a lost connection is short. */
static void post_until_made(void)
{
	for (int i = 0; i < 200; i++) {
		if (post() == 201)
			return;
		clock_sleep_ms(20);
	}
	fail_msg("never made");
}

static void once(void)
{
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM app_log"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM idempotency"), 1);
}

static void whatever_fails_it_is_made_once(void **state)
{
	unsigned n = 0;
	bool struck;

	do {
		assert_int_equal(t_api_fresh(state), 0);
		t_api_user("anna", "trader");
		fault_arm(++n);
		(void)post();
		struck = fault_struck();
		fault_arm(0);
		post_until_made();
		once();
	} while (struck);
	assert_true(n > 5);
}

/* A worker killed at each point; the next one is asked again. */
static void a_worker_killed_anywhere_leaves_it_to_be_made_once(void **state)
{
	const char *point;

	for (size_t i = 0; (point = fault_met(i)) != NULL; i++) {
		int status;
		pid_t pid;

		assert_int_equal(t_api_fresh(state), 0);
		t_api_user("anna", "trader");
		db_close(t_api_db());	/* the child opens its own */
		fflush(NULL);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			fault_kill_at(point, 1);
			(void)post();
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		post_until_made();
		once();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_fails_it_is_made_once),
		cmocka_unit_test(
			a_worker_killed_anywhere_leaves_it_to_be_made_once),
	};

	t_db_start();
	t_db_schema();
	t_api_start(&area_test);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
