#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "ops/ops.h"
#include "test.h"

static char dir[] = "/tmp/orch-metrics-XXXXXX";
static char path[64];
static struct arena *a;
static struct board *board;

static int setup(void **state)
{
	struct err err;

	(void)state;
	a = arena_new("test", 8 << 20);
	assert_int_equal(board_open(a, path, &board, &err), 0);
	board_attach(board);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	unlink(path);
	return 0;
}

static const char *text(void)
{
	struct sbuf b;
	const char *s;

	sbuf_init(&b, a, 1 << 20);
	ops_metrics_text(&b, board);
	s = sbuf_finish(&b);
	assert_non_null(s);
	return s;
}

static unsigned times(const char *s, const char *part)
{
	unsigned n = 0;

	for (; (s = strstr(s, part)) != NULL; s += strlen(part))
		n++;
	return n;
}

static void every_family_is_described_once(void **state)
{
	const char *s = text(), *p = s;
	unsigned n = 0;

	(void)state;
	while ((p = strstr(p, "# TYPE ")) != NULL) {
		char line[120], name[100];

		assert_int_equal(sscanf(p + 7, "%99s", name), 1);
		snprintf(line, sizeof(line), "# TYPE %s ", name);
		assert_int_equal(times(s, line), 1);
		snprintf(line, sizeof(line), "# HELP %s ", name);
		assert_int_equal(times(s, line), 1);
		p += 7;
		n++;
	}
	assert_true(n > 30);
	assert_int_equal(s[strlen(s) - 1], '\n');
}

static void all_that_the_issue_names_is_there(void **state)
{
	static const char *const names[] = {
		"http_requests_total", "http_request_duration_seconds",
		"http_requests_active", "http_requests_slow_total",
		"process_resident_memory_bytes", "process_cpu_seconds_total",
		"processes", "process_restarts_total",
		"db_query_duration_seconds", "db_errors_total", "bots",
		"orders_total", "job_queue_depth", "build_info",
	};
	const char *s = text();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char line[80];

		snprintf(line, sizeof(line), "# TYPE %s ", names[i]);
		assert_non_null(strstr(s, line));
	}
}

static void rows_of_one_template_are_one_series(void **state)
{
	const char *s;

	(void)state;
	board_route_set(board, 1, "/api/v1/bots");
	board_route_set(board, 2, "/api/v1/bots");
	board_route_set(board, 3, "/api/v1/bots/{id}");
	board_http(1, HTTP_GET, 200, 1000000);
	board_http(2, HTTP_POST, 201, 1000000);
	board_http(2, HTTP_POST, 405, 1000000);
	board_http(1, HTTP_POST, 405, 1000000);
	board_http(3, HTTP_GET, 404, 1000000);
	s = text();
	assert_non_null(strstr(s, "http_requests_total{method=\"GET\",route="
			       "\"/api/v1/bots\",code=\"200\"} 1\n"));
	assert_non_null(strstr(s, "http_requests_total{method=\"POST\",route="
			       "\"/api/v1/bots\",code=\"405\"} 2\n"));
	assert_int_equal(times(s, "http_request_duration_seconds_count{route="
			       "\"/api/v1/bots\"} 4\n"), 1);
	assert_non_null(strstr(s, "route=\"/api/v1/bots/{id}\",code=\"404\"} 1"));
}

static void histogram_buckets_add_up(void **state)
{
	const char *s;

	(void)state;
	board_observe(BH_DB, 400000);
	board_observe(BH_DB, 2000000);
	board_observe(BH_DB, INT64_C(40000000000));
	s = text();
	assert_non_null(strstr(s, "db_query_duration_seconds_bucket{le=\"0.0005\"} 1\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_bucket{le=\"0.001\"} 1\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_bucket{le=\"0.0025\"} 2\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_bucket{le=\"30\"} 2\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_sum 40.0024\n"));
	assert_non_null(strstr(s, "db_query_duration_seconds_count 3\n"));
}

static void processes_are_counted_with_memory_and_time(void **state)
{
	struct board_slot *s = slot_take(board, ROLE_WORKER, (int)getpid());
	uint64_t rss = 0, cpu = 0;
	char line[100];
	const char *t;

	(void)state;
	slot_start(s, (int)getpid());
	slot_busy(s, 1, "x");
	/* Until the kernel has counted a tick of ours. */
	for (int64_t until = clock_mono_ns() + INT64_C(20000000000);
	     cpu == 0 && clock_mono_ns() < until; )
		assert_true(ops_proc_usage((int)getpid(), &rss, &cpu));
	assert_true(rss > 500000 && rss < 1u << 30);
	assert_true(cpu > 0);
	assert_false(ops_proc_usage(0x3fffff, &rss, &cpu));
	board_cpu_add(board, ROLE_FEED, 2500000);
	t = text();
	assert_non_null(strstr(t, "processes{role=\"worker\",state=\"busy\"} 1\n"));
	assert_non_null(strstr(t, "http_requests_active 1\n"));
	assert_non_null(strstr(t, "process_cpu_seconds_total{role=\"feed\"} 2.500000\n"));
	assert_null(strstr(t, "process_resident_memory_bytes{role=\"worker\"} 0\n"));
	snprintf(line, sizeof(line), "build_info{version=\"%s\"} 1\n",
		 PACKAGE_VERSION);
	assert_non_null(strstr(t, line));
	slot_free(s);
}

static void statements_are_counted_by_their_outcome(void **state)
{
	(void)state;
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, 0);
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, -E_DB);
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, -E_UNCERTAIN);
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, -E_CONFLICT);
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, -E_TIMEOUT);
	ops_db_hooks.done(NULL, (enum stmt)0, 1000000, -E_BUG);
	assert_int_equal(board_counter(BC_DB_QUERIES), 6);
	assert_int_equal(board_counter(BC_DB_ERR_AWAY), 1);
	assert_int_equal(board_counter(BC_DB_ERR_UNCERTAIN), 1);
	assert_int_equal(board_counter(BC_DB_ERR_CONFLICT), 1);
	assert_int_equal(board_counter(BC_DB_ERR_TIMEOUT), 1);
	assert_int_equal(board_counter(BC_DB_ERR_OTHER), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(every_family_is_described_once),
		T(all_that_the_issue_names_is_there),
		T(rows_of_one_template_are_one_series),
		T(histogram_buckets_add_up),
		T(processes_are_counted_with_memory_and_time),
		T(statements_are_counted_by_their_outcome),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(path, sizeof(path), "%s/board", dir);
	rc = cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/board.lock", dir);
	unlink(path);
	rmdir(dir);
	return rc;
}
