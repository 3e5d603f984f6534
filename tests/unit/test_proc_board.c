#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "proc/board.h"
#include "proc/proc.h"
#include "test.h"

static char dir[] = "/tmp/orch-board-XXXXXX";
static char path[64];

static int setup(void **state)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct board *b;
	struct err err;

	*state = a;
	assert_int_equal(board_open(a, path, &b, &err), 0);
	board_attach(b);
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;

	board_attach(NULL);
	arena_free(&a);
	unlink(path);
	return 0;
}

static void a_second_opener_sees_the_same_counters(void **state)
{
	struct board *one = board_attached(), *two;
	struct err err;

	board_add(BC_DB_QUERIES, 41);
	assert_int_equal(board_open(*state, path, &two, &err), 0);
	assert_ptr_not_equal(one, two);
	board_attach(two);
	board_inc(BC_DB_QUERIES);
	board_attach(one);
	assert_int_equal(board_counter(BC_DB_QUERIES), 42);
}

static void without_a_board_nothing_happens(void **state)
{
	struct rate_verdict v;
	struct hist_view h;

	(void)state;
	board_attach(NULL);
	board_inc(BC_DB_QUERIES);
	board_gauge_set(BG_JOBS_QUEUED, 3);
	board_observe(BH_DB, 1000);
	board_http(3, HTTP_GET, 200, 1000);
	board_hist(BH_DB, &h);
	assert_int_equal(h.count, 0);
	assert_int_equal(board_counter(BC_DB_QUERIES), 0);
	rate_take(NULL, 1, 1, 1, 0, &v);
	assert_true(v.allowed);
}

static void a_file_of_another_layout_is_replaced(void **state)
{
	struct board *b;
	struct err err;
	unsigned wrong = 0x12345678;
	int fd = open(path, O_RDWR);

	board_inc(BC_FILLS);
	/* The old program goes on with the old file; only the name is new. */
	assert_int_equal(pwrite(fd, &wrong, sizeof(wrong), 4), sizeof(wrong));
	close(fd);
	assert_int_equal(board_open(*state, path, &b, &err), 0);
	assert_int_equal(board_counter(BC_FILLS), 1);
	board_attach(b);
	assert_int_equal(board_counter(BC_FILLS), 0);
}

static void a_file_of_another_size_is_replaced(void **state)
{
	struct board *b;
	struct err err;

	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(board_open(*state, path, &b, &err), 0);
	board_attach(b);
	board_inc(BC_FILLS);
	assert_int_equal(board_counter(BC_FILLS), 1);
}

static void a_board_that_cannot_be_made_says_where(void **state)
{
	struct board *b = NULL;
	struct err err;

	assert_int_equal(board_open(*state, "/nonexistent/board", &b, &err),
			 -E_IO);
	assert_null(b);
	assert_non_null(strstr(err.msg, "/nonexistent/board"));
}

static void histogram_counts_by_bucket_and_gives_quantiles(void **state)
{
	struct hist_view h;

	(void)state;
	for (int i = 0; i < 90; i++)
		board_observe(BH_DB, 2000000);		/* 2 ms */
	for (int i = 0; i < 10; i++)
		board_observe(BH_DB, 700000000);	/* 0.7 s */
	board_hist(BH_DB, &h);
	assert_int_equal(h.count, 100);
	assert_int_equal(h.sum_ns, 90 * 2000000LL + 10 * 700000000LL);
	assert_int_equal(h.bucket[2], 90);		/* 1 .. 2.5 ms */
	assert_int_equal(h.bucket[10], 10);		/* 0.5 .. 1 s */
	assert_true(hist_quantile(&h, 0.5) > 0.001);
	assert_true(hist_quantile(&h, 0.5) < 0.0025);
	assert_true(hist_quantile(&h, 0.99) > 0.5);
	assert_true(hist_quantile(&h, 0.99) <= 1.0);
	/* Exactly on a bound belongs below it, as Prometheus has it. */
	board_observe(BH_TICK, 500000);
	board_hist(BH_TICK, &h);
	assert_int_equal(h.bucket[0], 1);
	board_observe(BH_TICK, INT64_C(60000000000));
	board_hist(BH_TICK, &h);
	assert_int_equal(h.bucket[BOARD_BUCKETS - 1], 1);
}

static void http_counts_by_route_method_and_code(void **state)
{
	struct board *b = board_attached();
	struct hist_view h;

	(void)state;
	board_route_set(b, 5, "/api/v1/bots/{id}");
	board_http(5, HTTP_GET, 200, 1000000);
	board_http(5, HTTP_GET, 200, 1000000);
	board_http(5, HTTP_DELETE, 404, 1000000);
	board_http(5, HTTP_GET, 299, 1000000);
	board_http(9999, HTTP_GET, 404, 1000000);
	assert_int_equal(board_http_count(b, 5, HTTP_GET, 0), 2);
	assert_int_equal(board_http_count(b, 5, HTTP_GET, BOARD_CODES - 1), 1);
	board_http_hist(b, 5, &h);
	assert_int_equal(h.count, 4);
	for (unsigned c = 0; c < BOARD_CODES; c++)
		assert_int_equal(board_http_count(b, 0, HTTP_GET, c),
				 board_codes[c] == 404 ? 1 : 0);
	assert_string_equal(board_route(b, 5), "/api/v1/bots/{id}");
	assert_null(board_route(b, 4));
	assert_null(board_route(b, 6));
	/* The same name keeps its figures, another one begins anew. */
	board_route_set(b, 5, "/api/v1/bots/{id}");
	assert_int_equal(board_http_count(b, 5, HTTP_GET, 0), 2);
	board_route_set(b, 5, "/api/v1/markets");
	assert_int_equal(board_http_count(b, 5, HTTP_GET, 0), 0);
}

static void methods_have_names_both_ways(void **state)
{
	(void)state;
	for (unsigned m = 0; m < HTTP_OTHER; m++)
		assert_int_equal(http_method_parse(http_method_name(
					(enum http_method)m)), m);
	assert_int_equal(http_method_parse("BREW"), HTTP_OTHER);
	assert_int_equal(http_method_parse("get"), HTTP_OTHER);
}

static void a_slot_tells_what_its_process_does(void **state)
{
	struct board *b = board_attached();
	struct board_slot *s = slot_take(b, ROLE_WORKER, (int)getpid());
	struct slot_view v;
	unsigned i = 0, seen = 0;

	(void)state;
	assert_non_null(s);
	slot_start(s, 4711);
	slot_attach(s);
	slot_view(s, &v);
	assert_int_equal(v.state, SLOT_STARTING);
	assert_int_equal(v.owner, getpid());
	slot_ready(s);
	slot_busy(s, 7, "0123456789abcdef0123456789abcdef");
	slot_view(s, &v);
	assert_int_equal(v.state, SLOT_BUSY);
	assert_int_equal(v.route, 7);
	assert_true(v.busy_since_ns > 0);
	assert_string_equal(v.reqid, "0123456789abcdef0123456789abcdef");
	slot_busy(s, 7, "a-name-longer-than-the-room-there-is-for-it-in-the-slot");
	slot_view(s, &v);
	assert_int_equal(strlen(v.reqid), BOARD_REQID - 1);
	slot_idle(s);
	slot_view(s, &v);
	assert_int_equal(v.state, SLOT_IDLE);
	assert_int_equal(v.busy_since_ns, 0);
	assert_int_equal(v.served, 1);
	slot_busy(s, 0, NULL);
	slot_unbusy(s);
	slot_view(s, &v);
	assert_int_equal(v.served, 1);
	board_slot_gauge_set(BS_LIVE_WS, 12);
	assert_int_equal(board_slot_gauge_sum(BS_LIVE_WS), 12);
	while (board_slot_next(b, &i, &v)) {
		assert_int_equal(v.pid, 4711);
		seen++;
	}
	assert_int_equal(seen, 1);
	assert_ptr_equal(slot_at(b, slot_number(b, s)), s);
	assert_null(slot_at(b, BOARD_SLOTS));
	slot_free(s);
	assert_int_equal(board_slot_gauge_sum(BS_LIVE_WS), 0);
}

static void there_are_as_many_slots_as_promised(void **state)
{
	struct board *b = board_attached();

	(void)state;
	for (unsigned i = 0; i < BOARD_SLOTS; i++)
		assert_non_null(slot_take(b, ROLE_JOB, (int)getpid()));
	assert_null(slot_take(b, ROLE_JOB, (int)getpid()));
}

static void slots_of_a_dead_supervisor_become_free(void **state)
{
	struct board *b = board_attached();
	struct board_slot *mine = slot_take(b, ROLE_API, (int)getpid());
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		slot_take(b, ROLE_WORKER, (int)getpid());
		slot_take(b, ROLE_WORKER, (int)getpid());
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(board_reap(b), 2);
	assert_int_equal(board_reap(b), 0);
	slot_free(mine);
}

static void generations_and_sums_only_grow(void **state)
{
	struct board *b = board_attached();

	(void)state;
	assert_int_equal(board_generation(GEN_MODELS), 0);
	board_generation_bump(GEN_MODELS);
	assert_int_equal(board_generation(GEN_MODELS), 1);
	board_cpu_add(b, ROLE_WORKER, 1500);
	board_cpu_add(b, ROLE_WORKER, 500);
	assert_int_equal(board_cpu_us(b, ROLE_WORKER), 2000);
	board_restarted(b, ROLE_FEED);
	assert_int_equal(board_restarts(b, ROLE_FEED), 1);
	assert_int_equal(board_restarts(b, ROLE_WORKER), 0);
	board_gauge_set(BG_BOTS_HALTED, 9);
	assert_int_equal(board_gauge(BG_BOTS_HALTED), 9);
	assert_string_equal(role_name(ROLE_RUNNER), "runner");
	assert_string_equal(slot_state_name(SLOT_DRAINING), "draining");
}

static void start_ticks_name_a_living_process(void **state)
{
	(void)state;
	assert_true(proc_start_ticks((int)getpid()) > 0);
	assert_int_equal(proc_start_ticks((int)getpid()),
			 proc_start_ticks((int)getpid()));
	assert_int_equal(proc_start_ticks(0x3fffff), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_second_opener_sees_the_same_counters),
		T(without_a_board_nothing_happens),
		T(a_file_of_another_layout_is_replaced),
		T(a_file_of_another_size_is_replaced),
		T(a_board_that_cannot_be_made_says_where),
		T(histogram_counts_by_bucket_and_gives_quantiles),
		T(http_counts_by_route_method_and_code),
		T(methods_have_names_both_ways),
		T(a_slot_tells_what_its_process_does),
		T(there_are_as_many_slots_as_promised),
		T(slots_of_a_dead_supervisor_become_free),
		T(generations_and_sums_only_grow),
		T(start_ticks_name_a_living_process),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(path, sizeof(path), "%s/board", dir);
	rc = cmocka_run_group_tests_name("board", tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/board.lock", dir);
	unlink(path);
	rmdir(dir);
	return rc;
}
