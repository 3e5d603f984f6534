#include "config.h"

#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/arena.h"
#include "core/clock.h"
#include "http/http.h"
#include "ops/job.h"
#include "ops/ops.h"
#include "test.h"
#include "t_db.h"
#include "t_http.h"

static struct arena *a;
static struct db *db;
static struct err err;
static const char *const both[] = { "backtest", "prune" };

static int setup(void **state)
{
	t_db_fresh(state);
	a = arena_new("test", 32 << 20);
	db = t_db_open(a);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_set_sink(NULL, NULL);
	arena_free(&a);
	return 0;
}

static void quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

/* ---- jobs ---- */
static uint64_t enqueue(const char *kind, const char *unique, int64_t due)
{
	uint64_t id = 99;

	assert_int_equal(job_enqueue(db, kind, 3, "{\"n\":1}", unique, due, &id,
				     &err), 0);
	return id;
}

static int take(struct job *j, int64_t lease_ms)
{
	return job_take(a, db, both, 2, "w1", lease_ms, j, &err);
}

static void a_job_is_taken_once_in_order_and_finished(void **state)
{
	uint64_t first = enqueue("backtest", NULL, 0);
	uint64_t second = enqueue("prune", NULL, 0), queued, running;
	struct job j, k, none;

	(void)state;
	enqueue("other", NULL, 0);
	assert_int_equal(take(&j, 10000), 1);
	assert_int_equal(j.id, first);
	assert_int_equal(j.user, 3);
	assert_int_equal(j.attempt, 1);
	assert_string_equal(j.kind, "backtest");
	assert_string_equal(j.input, "{\"n\":1}");
	assert_int_equal(take(&k, 10000), 1);
	assert_int_equal(k.id, second);
	assert_int_equal(take(&none, 10000), 0);
	assert_int_equal(job_depth(db, &queued, &running, &err), 0);
	assert_int_equal(queued, 1);
	assert_int_equal(running, 2);
	assert_int_equal(job_finish(db, &j, "{\"ok\":true}", NULL, &err), 0);
	assert_int_equal(job_finish(db, &k, NULL, "no data", &err), 0);
	assert_string_equal(t_db_query("SELECT CONCAT(state, permille, result) "
		"FROM job WHERE id = %d", (int)first), "d1000{\"ok\":true}");
	assert_string_equal(t_db_query("SELECT CONCAT(state, error) FROM job "
		"WHERE id = %d", (int)second), "fno data");
	/* Its lease went with its end. */
	assert_int_equal(job_finish(db, &j, NULL, NULL, &err), -E_CONFLICT);
}

static void a_job_waits_for_its_time(void **state)
{
	struct job j;

	(void)state;
	enqueue("prune", NULL, clock_ms(&clock_real) + 60000);
	assert_int_equal(take(&j, 1000), 0);
}

static void a_name_is_queued_once_until_it_ended(void **state)
{
	struct job j;

	(void)state;
	assert_int_not_equal(enqueue("prune", "prune", 0), 0);
	assert_int_equal(enqueue("prune", "prune", 0), 0);
	assert_int_equal(take(&j, 10000), 1);
	assert_int_equal(enqueue("prune", "prune", 0), 0);
	assert_int_equal(job_finish(db, &j, NULL, NULL, &err), 0);
	assert_int_not_equal(enqueue("prune", "prune", 0), 0);
}

static void a_lost_lease_lets_another_take_it_and_stops_the_first(void **state)
{
	struct job j, k;

	(void)state;
	enqueue("backtest", NULL, 0);
	assert_int_equal(take(&j, 30), 1);
	assert_int_equal(job_renew(db, &j, 30, 500, &err), 0);
	clock_sleep_ms(60);
	assert_int_equal(take(&k, 10000), 1);
	assert_int_equal(k.id, j.id);
	assert_int_equal(k.attempt, 2);
	assert_int_equal(job_renew(db, &j, 10000, 600, &err), -E_CONFLICT);
	assert_int_equal(job_finish(db, &j, "{}", NULL, &err), -E_CONFLICT);
	assert_int_equal(job_finish(db, &k, "{}", NULL, &err), 0);
}

static void a_job_that_kills_its_workers_ends_as_failed(void **state)
{
	struct job j;

	(void)state;
	enqueue("backtest", "bt", 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(take(&j, 1), 1);
		assert_int_equal(j.attempt, i);
		clock_sleep_ms(10);
	}
	assert_int_equal(take(&j, 1), 0);
	assert_string_equal(t_db_query("SELECT CONCAT(state, ISNULL(unique_name)"
				       ") FROM job"), "f1");
}

static void a_retry_waits_and_has_an_end(void **state)
{
	struct job j;

	(void)state;
	enqueue("backtest", NULL, 0);
	assert_int_equal(take(&j, 10000), 1);
	assert_int_equal(job_retry(db, &j, "busy", 60000, &err), 0);
	assert_int_equal(take(&j, 10000), 0);
	for (int i = 0; i < 2; i++) {
		t_db_sql("UPDATE job SET due_ms = 0");
		assert_int_equal(take(&j, 10000), 1);
		assert_int_equal(job_retry(db, &j, "busy", 0, &err), 0);
	}
	assert_string_equal(t_db_query("SELECT CONCAT(state, error) FROM job"),
			    "fbusy");
}

static void without_a_database_it_is_said(void **state)
{
	struct job j;

	(void)state;
	t_db_stop();
	assert_int_equal(take(&j, 1000), -E_DB);
	t_db_restart();
}

/* ---- the log of browsers and bots ---- */
static void entries_are_found_again_by_what_they_are(void **state)
{
	const struct app_entry in[] = {
		{ .time_ms = 1000, .source = APP_CLIENT, .level = LOG_L_ERROR,
		  .user = 3, .message = "50% of _ failed", .count = 2,
		  .request_id = "abc12345", .context = "{\"a\":1}" },
		{ .time_ms = 2000, .source = APP_BOT, .level = LOG_L_INFO,
		  .user = 3, .bot = 7, .message = "entered" },
		{ .time_ms = 3000, .source = APP_BOT, .level = LOG_L_WARN,
		  .user = 4, .bot = 8, .message = "500 other" },
	};
	struct app_filter f = { .limit = 10 };
	struct rows r;

	(void)state;
	assert_int_equal(app_log_add(db, in, 3, &err), 0);
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 3);
	assert_int_equal(row_i64(&r, 0, 1), 3000);	/* newest first */
	f.user = 3;
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 2);
	f.source = "client";
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(row_u64(&r, 0, 9), 2);
	assert_string_equal(row_cstr(&r, 0, 8), "{\"a\":1}");
	assert_true(row_null(&r, 0, 5));
	f = (struct app_filter){ .limit = 10, .text = "50%" };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	f = (struct app_filter){ .limit = 10, .min_level = "warn" };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 2);
	f = (struct app_filter){ .limit = 10, .request_id = "abc12345" };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	f = (struct app_filter){ .limit = 10, .bot = 8, .user = 3 };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 0);			/* another's bot */
	f.user = 4;
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	f = (struct app_filter){ .limit = 1, .before = row_u64(&r, 0, 0) };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_string_equal(row_cstr(&r, 0, 7), "entered");
	f = (struct app_filter){ .limit = 1, .source = "x" };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), -E_INVAL);
	f = (struct app_filter){ .limit = 1, .min_level = "loud" };
	assert_int_equal(app_log_list(a, db, &f, &r, &err), -E_INVAL);
}

static void long_messages_are_cut_between_characters(void **state)
{
	char *text = arena_alloc(a, 5001);
	struct app_entry e = { .time_ms = 1, .message = text };
	struct app_entry many[APP_LOG_BATCH + 1] = { e };

	(void)state;
	for (int i = 0; i < 2500; i++)
		memcpy(text + 2 * i, "\xc3\xa4", 2);
	memmove(text + 1, text, 4999);
	text[0] = 'x';
	assert_int_equal(app_log_add(db, &e, 1, &err), 0);
	assert_int_equal(t_db_int("SELECT CHAR_LENGTH(message) FROM app_log"),
			 1000);
	assert_int_equal(app_log_add(db, many, APP_LOG_BATCH + 1, &err),
			 -E_TOOBIG);
}

static void old_rows_are_pruned(void **state)
{
	int64_t now = clock_ms(&clock_real), day = 86400000;

	(void)state;
	t_db_sql("INSERT INTO app_log (t_ms, source, level, message) VALUES "
		 "(%lld, 'c', 1, 'old'), (%lld, 'c', 1, 'new')",
		 (long long)(now - 31 * day), (long long)(now - day));
	assert_int_equal(ops_prune(db, now, &err), 0);
	assert_string_equal(t_db_query("SELECT GROUP_CONCAT(message) FROM "
				       "app_log"), "new");
}

/* ---- error reports ---- */
static struct conf *reporting(const char *path)
{
	struct conf *c = conf_defaults(a, "/tmp");
	int port = t_http_start();

	c->env = ENV_PRODUCTION;
	c->enable_sentry = true;
	c->sentry_dsn = arena_printf(a, "http://k3y@127.0.0.1:%d%s/7", port,
				     path);
	return c;
}

static unsigned send_reports(const struct conf *c)
{
	const struct http_opts o = { .timeout_ms = 500 };
	struct http *h;
	unsigned sent = 99;

	assert_int_equal(http_new(a, &o, &h, &err), 0);
	assert_int_equal(ops_report_send(db, h, c, 10, &sent, &err), 0);
	return sent;
}

static void an_error_in_the_log_reaches_the_collector(void **state)
{
	struct conf *c = reporting("");
	struct logctx lc = log_child(NULL, "req", "r1");
	const char *last;

	(void)state;
	log_set_sink(quiet, NULL);
	ops_report_start(a, c, "orch-api", "1.2.3");
	log_error(&lc, "it broke: %d", 42);
	log_error(&lc, "it broke: %d", 42);
	log_warn(NULL, "a warning is none");
	assert_in_range(ops_report_pending(), 1, 2);
	assert_int_equal(ops_report_flush(db, &err), 0);
	assert_int_equal(ops_report_pending(), 0);
	assert_true(send_reports(c) >= 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM error_report"), 0);
	last = t_http_last();
	assert_non_null(strstr(last, "POST /api/7/envelope/ HTTP/1.1"));
	assert_non_null(strstr(last, "sentry_key=k3y"));
	assert_non_null(strstr(last, "it broke: 42"));
	assert_non_null(strstr(last, "\"release\":\"1.2.3\""));
	assert_non_null(strstr(last, "\"environment\":\"production\""));
	assert_null(strstr(last, "a warning is none"));
	t_http_stop();
}

static void a_collector_in_trouble_is_asked_later(void **state)
{
	struct conf *c = reporting("/status/503?x=");
	struct report r = { .level = LOG_L_ERROR, .message = "m", .stack = "s",
			    .url = "/u", .from_browser = true, .user = 3 };

	(void)state;
	log_set_sink(quiet, NULL);
	assert_int_equal(ops_report_add(db, c, &r, &err), 0);
	assert_int_equal(send_reports(c), 0);
	assert_int_equal(t_db_int("SELECT attempts FROM error_report"), 1);
	assert_true(t_db_int("SELECT next_ms FROM error_report") >
		    clock_ms(&clock_real) + 20000);
	assert_int_equal(send_reports(c), 0);	/* not due */
	assert_int_equal(t_http_requests(), 1);
	/* After the last attempt it is given up. */
	t_db_sql("UPDATE error_report SET attempts = 11, next_ms = 0");
	assert_int_equal(send_reports(c), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM error_report"), 0);
	t_http_stop();
}

static void a_report_the_collector_refuses_is_dropped(void **state)
{
	struct conf *c = reporting("/status/403?x=");
	struct report r = { .level = LOG_L_ERROR, .message = "m" };

	(void)state;
	log_set_sink(quiet, NULL);
	assert_int_equal(ops_report_add(db, c, &r, &err), 0);
	assert_int_equal(send_reports(c), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM error_report"), 0);
	t_http_stop();
}

static void nothing_is_kept_when_nobody_asked(void **state)
{
	struct conf *c = conf_defaults(a, "/tmp");
	struct report r = { .level = LOG_L_ERROR, .message = "m" };

	(void)state;
	log_set_sink(quiet, NULL);
	c->sentry_dsn = "https://k@h/1";
	c->enable_sentry = false;
	ops_report_start(a, c, "orch-api", "1");
	log_error(NULL, "unheard");
	assert_int_equal(ops_report_pending(), 0);
	assert_int_equal(ops_report_add(db, c, &r, &err), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM error_report"), 0);
}

static void a_flood_of_errors_is_kept_small_and_survives_the_database(void **state)
{
	struct conf *c = reporting("");
	unsigned kept;

	(void)state;
	log_set_sink(quiet, NULL);
	ops_report_start(a, c, "orch-api", "1");
	for (int i = 0; i < 1000; i++)
		log_error(NULL, "error %d", i);
	kept = ops_report_pending();
	assert_int_equal(kept, 16);
	t_db_stop();
	assert_int_equal(ops_report_flush(db, &err), -E_DB);
	assert_int_equal(ops_report_pending(), kept);
	t_db_restart();
	for (int i = 0; i < 50 && ops_report_flush(db, &err) < 0; i++)
		clock_sleep_ms(100);
	assert_int_equal(ops_report_pending(), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM error_report"), kept);
	t_http_stop();
}

static void a_dsn_is_taken_apart(void **state)
{
	static const char *const bad[] = { "", "k@h/1", "https://h/1",
		"https://k@h", "https://k@/1", "https://@h/1", "ftp://k@h/1",
		"https://k@h/", "https://k@h/x" };
	struct dsn d;

	(void)state;
	assert_int_equal(ops_dsn_parse(a, "https://k@sentry.example/42", &d,
				       &err), 0);
	assert_string_equal(d.key, "k");
	assert_string_equal(d.url, "https://sentry.example/api/42/envelope/");
	assert_int_equal(ops_dsn_parse(a, "http://k:s@h:9000/path/42", &d,
				       &err), 0);
	assert_string_equal(d.key, "k");
	assert_string_equal(d.url, "http://h:9000/path/api/42/envelope/");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(ops_dsn_parse(a, bad[i], &d, &err), -E_INVAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_job_is_taken_once_in_order_and_finished),
		T(a_job_waits_for_its_time),
		T(a_name_is_queued_once_until_it_ended),
		T(a_lost_lease_lets_another_take_it_and_stops_the_first),
		T(a_job_that_kills_its_workers_ends_as_failed),
		T(a_retry_waits_and_has_an_end),
		T(without_a_database_it_is_said),
		T(entries_are_found_again_by_what_they_are),
		T(long_messages_are_cut_between_characters),
		T(old_rows_are_pruned),
		T(an_error_in_the_log_reaches_the_collector),
		T(a_collector_in_trouble_is_asked_later),
		T(a_report_the_collector_refuses_is_dropped),
		T(nothing_is_kept_when_nobody_asked),
		T(a_flood_of_errors_is_kept_small_and_survives_the_database),
		T(a_dsn_is_taken_apart),
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests_name("ops", tests, NULL, NULL);
}
