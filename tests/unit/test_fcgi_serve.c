#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "fcgi/fcgi.h"
#include "test.h"
#include "t_fcgi.h"

static char dir[] = "/tmp/orch-serve-XXXXXX";
static char board_path[64], sock[64];
static struct board *board;
static pid_t super;
static char out[5 << 20];
static struct fc_buf buf;

static void quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

/* What the worker does, by the path. */
static int handle(void *ctx, struct request *rq, struct answer *an)
{
	struct str body;
	struct err err;

	(void)ctx;
	request_set_route(rq, 1);
	an->type = "text/plain";
	if (strcmp(rq->path, "/echo") == 0) {
		if (request_body(rq, 200000, &body, &err) < 0) {
			an->status = errc_http(err.code);
			return 0;
		}
		sbuf_add(&an->body, body.p, body.n);
	} else if (strcmp(rq->path, "/fail") == 0) {
		sbuf_add_cstr(&an->body, "half an answ");
		answer_header(an, "X-Half", "yes");
		return -1;
	} else if (strcmp(rq->path, "/huge") == 0) {
		char *x = arena_alloc(rq->arena, 1 << 20);

		memset(x, 'x', 1 << 20);
		for (int i = 0; i < 5; i++)
			sbuf_add(&an->body, x, 1 << 20);
	} else if (strcmp(rq->path, "/large") == 0) {
		for (int i = 0; i < 100000; i++)
			sbuf_add_cstr(&an->body, "0123456789");
	} else if (strcmp(rq->path, "/none") == 0) {
		an->status = 204;
		sbuf_add_cstr(&an->body, "must not be sent");
	} else if (strcmp(rq->path, "/hang") == 0) {
		clock_sleep_ms(60000);
	} else if (strcmp(rq->path, "/memory") == 0) {
		arena_alloc(rq->arena, 64 << 20);
	} else if (strcmp(rq->path, "/pid") == 0) {
		sbuf_add_u64(&an->body, (uint64_t)getpid());
	} else {
		answer_header(an, "X-Path", rq->path);
		sbuf_addf(&an->body, "%s %s", rq->method_text, rq->path);
	}
	return 0;
}

static int worker(void *ctx, struct proc_self *self)
{
	static const struct fcgi_opts o = { .handle = handle, .slow_ms = 1000,
					    .access_log = true };

	(void)ctx;
	return fcgi_serve(&o, self);
}

static bool ready(void)
{
	struct slot_view v;

	for (unsigned i = 0; board_slot_next(board, &i, &v); )
		if (v.role == ROLE_WORKER && v.state == SLOT_IDLE)
			return true;
	return false;
}

static int setup(void **state)
{
	static const struct proc_role role = {
		.name = "worker", .role = ROLE_WORKER, .count = 1,
		.main = worker, .listens = true, .deadline_ms = 600 };
	struct arena *a = arena_new("test", 1 << 20);
	struct err err;
	bool inherited;
	int fd;

	*state = a;
	assert_int_equal(board_open(a, board_path, &board, &err), 0);
	board_route_set(board, 1, "/any");
	board_attach(board);
	assert_int_equal(proc_listen(sock, 64, &fd, &inherited, &err), 0);
	super = fork();
	if (super == 0) {
		struct proc_conf c = { .program = "test", .role = ROLE_API,
			.board = board, .listen_fd = fd, .drain_ms = 1000,
			.roles = &role, .n_roles = 1 };

		_exit(proc_run(&c, &err) == 0 ? 0 : 1);
	}
	close(fd);
	for (int i = 0; i < 1000 && !ready(); i++)
		clock_sleep_ms(5);
	assert_true(ready());
	buf.n = 0;
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;
	int status;

	kill(super, SIGTERM);
	assert_int_equal(waitpid(super, &status, 0), super);
	assert_int_equal(status, 0);
	arena_free(&a);
	unlink(board_path);
	unlink(sock);
	return 0;
}

static int call(const char *method, const char *path, const char *body)
{
	return fc_call(sock, method, path, body, out, sizeof(out));
}

static const char *body_of(void)
{
	const char *p = strstr(out, "\r\n\r\n");

	return p != NULL ? p + 4 : "";
}

static uint64_t served(void)
{
	uint64_t n = 0;

	for (unsigned c = 0; c < BOARD_CODES; c++)
		for (unsigned m = 0; m < HTTP_METHOD__MAX; m++)
			n += board_http_count(board, 1, (enum http_method)m, c);
	return n;
}

/* A request is counted just after its answer left: give it that moment. */
static uint64_t served_at_least(uint64_t n)
{
	for (int i = 0; i < 500 && served() < n; i++)
		clock_sleep_ms(10);
	return served();
}

static void an_answer_has_status_type_length_and_id(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_non_null(strstr(out, "Status: 200 OK\r\n"));
	assert_non_null(strstr(out, "Content-Type: text/plain\r\n"));
	assert_non_null(strstr(out, "Content-Length: 10\r\n"));
	assert_non_null(strstr(out, "X-Request-Id: "));
	assert_non_null(strstr(out, "X-Path: /hello\r\n"));
	assert_string_equal(body_of(), "GET /hello");
}

static void head_is_get_without_the_body(void **state)
{
	(void)state;
	assert_int_equal(call("HEAD", "/hello", ""), 200);
	assert_non_null(strstr(out, "Content-Length: 11\r\n"));
	assert_string_equal(body_of(), "");
}

static void no_content_has_neither_body_nor_length(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/none", ""), 204);
	assert_null(strstr(out, "Content-Length"));
	assert_string_equal(body_of(), "");
}

static void a_handler_that_fails_half_way_gives_a_clean_500(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/fail", ""), 500);
	assert_non_null(strstr(out, "application/problem+json"));
	assert_null(strstr(out, "half an answ"));
	assert_null(strstr(out, "X-Half"));
}

static void an_answer_over_the_ceiling_gives_a_clean_500(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/huge", ""), 500);
	assert_null(strstr(out, "xxx"));
}

static void a_large_answer_comes_whole(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/large", ""), 200);
	assert_int_equal(strlen(body_of()), 1000000);
}

static void a_body_is_read_and_bounded(void **state)
{
	static char big[200001];

	(void)state;
	assert_int_equal(call("POST", "/echo", "some text"), 200);
	assert_string_equal(body_of(), "some text");
	memset(big, 'y', 200000);
	assert_int_equal(call("POST", "/echo", big), 200);
	assert_string_equal(body_of(), big);
	big[199999] = 'z';
	big[200000] = '\0';
	assert_int_equal(call("POST", "/echo", big), 200);
}

static void a_body_nobody_read_does_no_harm(void **state)
{
	static char big[300001];

	(void)state;
	memset(big, 'y', 300000);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(call("POST", "/hello", big), 200);
		assert_string_equal(body_of(), "POST /hello");
	}
	/* Over the route's limit: refused, and drained all the same. */
	assert_int_equal(call("POST", "/echo", big), 413);
	assert_int_equal(call("GET", "/hello", ""), 200);
}

static void records_cut_into_single_bytes_are_put_together(void **state)
{
	static const char *const more[] = { "HTTP_X_LONG="
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789012345678901234567890"
		"0123456789012345678901234567890123456789", NULL };
	int fd = fc_connect(sock);

	(void)state;
	fc_request(&buf, "POST", "/echo", "abc", 3, more);
	fc_send(fd, &buf, 1);
	assert_true(fc_answer(fd, out, sizeof(out), 5000) > 0);
	assert_string_equal(body_of(), "abc");
}

static void begin_and_close_reaches_no_handler(void **state)
{
	int fd = fc_connect(sock);

	(void)state;
	fc_begin(&buf);
	fc_send(fd, &buf, 0);
	close(fd);
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_int_equal(served_at_least(1), 1);
	/* Another worker may have had it, and need its time. */
	for (int i = 0; i < 500 && board_counter(BC_HTTP_ABORTED) == 0; i++)
		clock_sleep_ms(10);
	assert_int_equal(board_counter(BC_HTTP_ABORTED), 1);
}

static void a_request_without_method_reaches_no_handler(void **state)
{
	struct fc_buf *params = calloc(1, sizeof(*params));
	int fd = fc_connect(sock);

	(void)state;
	fc_param(params, "DOCUMENT_URI", "/hello");
	fc_begin(&buf);
	fc_record(&buf, FC_PARAMS, params->b, params->n);
	fc_record(&buf, FC_PARAMS, NULL, 0);
	fc_record(&buf, FC_STDIN, NULL, 0);
	fc_send(fd, &buf, 0);
	assert_true(fc_answer(fd, out, sizeof(out), 3000) > 0);
	assert_non_null(strstr(out, "Status: 400"));
	assert_int_equal(served(), 0);
	free(params);
}

static void parameters_over_the_cap_reach_no_handler(void **state)
{
	static char big[60001];
	struct fc_buf *params = calloc(1, sizeof(*params));
	int fd = fc_connect(sock);

	(void)state;
	memset(big, 'p', 60000);
	fc_param(params, "REQUEST_METHOD", "GET");
	fc_param(params, "DOCUMENT_URI", "/hello");
	fc_param(params, "HTTP_X_ONE", big);
	fc_param(params, "HTTP_X_TWO", big);
	fc_begin(&buf);
	fc_record(&buf, FC_PARAMS, params->b, params->n);
	fc_record(&buf, FC_PARAMS, NULL, 0);
	fc_record(&buf, FC_STDIN, NULL, 0);
	fc_send(fd, &buf, 0);
	assert_true(fc_answer(fd, out, sizeof(out), 3000) > 0);
	assert_non_null(strstr(out, "Status: 400"));
	assert_int_equal(served(), 0);
	free(params);
}

static void nonsense_costs_at_most_a_connection(void **state)
{
	static const char junk[][32] = {
		"GET / HTTP/1.0\r\n\r\n", "\x01\x04\x00\x01\xff\xff\x00\x00xx",
		"\x02\x01\x00\x01\x00\x08\x00\x00", "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(junk); i++) {
		int fd = fc_connect(sock);

		buf.n = sizeof(junk[i]);
		memcpy(buf.b, junk[i], buf.n);
		fc_send(fd, &buf, 0);
		close(fd);
		assert_int_equal(call("GET", "/hello", ""), 200);
	}
}

static void lengths_near_two_to_the_31_end_no_other_request(void **state)
{
	/* CVE-2025-23016: name and value length 0x7ffffffe each. */
	static const unsigned char evil[] = {
		0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe, 'A', 'B' };
	int fd = fc_connect(sock);

	(void)state;
	fc_begin(&buf);
	fc_record(&buf, FC_PARAMS, evil, sizeof(evil));
	fc_send(fd, &buf, 0);
	close(fd);
	/* The worker may end by it; the next one answers. */
	assert_int_equal(call("GET", "/hello", ""), 200);
}

static void a_client_that_hangs_in_its_head_is_under_the_deadline(void **state)
{
	int64_t t = clock_mono_ns();
	int fd = fc_connect(sock);

	(void)state;
	fc_begin(&buf);
	buf.n -= 3;			/* within a record */
	fc_send(fd, &buf, 0);
	/* The only worker is held; 600 ms later another takes its place. */
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_true((clock_mono_ns() - t) / 1000000 >= 300);
	assert_int_equal(board_counter(BC_DEADLINE_KILLS), 1);
	close(fd);
}

static void a_handler_that_hangs_is_under_the_deadline(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/hang", ""), -1);
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_int_equal(board_counter(BC_DEADLINE_KILLS), 1);
}

static void a_request_arena_at_its_limit_ends_only_its_worker(void **state)
{
	(void)state;
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_int_equal(call("GET", "/memory", ""), -1);
	assert_int_equal(call("GET", "/hello", ""), 200);
	assert_int_equal(board_restarts(board, ROLE_WORKER), 1);
}

static void hup_under_way_answers_with_another_process(void **state)
{
	char first[16];

	(void)state;
	assert_int_equal(call("GET", "/pid", ""), 200);
	snprintf(first, sizeof(first), "%s", body_of());
	kill(super, SIGHUP);
	for (int i = 0; i < 500; i++) {
		assert_int_equal(call("GET", "/pid", ""), 200);
		if (strcmp(first, body_of()) != 0)
			return;
		clock_sleep_ms(5);
	}
	fail_msg("still process %s", first);
}

static void requests_are_counted_by_route_and_code(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(call("GET", "/hello", ""), 200);
	assert_int_equal(call("POST", "/none", ""), 204);
	assert_int_equal(served_at_least(6), 6);
	assert_int_equal(board_http_count(board, 1, HTTP_GET, 0), 5);
	assert_int_equal(board_http_count(board, 1, HTTP_POST, 3), 1);
	assert_true(board_slot_gauge_sum(BS_ARENA_PEAK) > 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_has_status_type_length_and_id),
		T(head_is_get_without_the_body),
		T(no_content_has_neither_body_nor_length),
		T(a_handler_that_fails_half_way_gives_a_clean_500),
		T(an_answer_over_the_ceiling_gives_a_clean_500),
		T(a_large_answer_comes_whole),
		T(a_body_is_read_and_bounded),
		T(a_body_nobody_read_does_no_harm),
		T(records_cut_into_single_bytes_are_put_together),
		T(begin_and_close_reaches_no_handler),
		T(a_request_without_method_reaches_no_handler),
		T(parameters_over_the_cap_reach_no_handler),
		T(nonsense_costs_at_most_a_connection),
		T(lengths_near_two_to_the_31_end_no_other_request),
		T(a_client_that_hangs_in_its_head_is_under_the_deadline),
		T(a_handler_that_hangs_is_under_the_deadline),
		T(a_request_arena_at_its_limit_ends_only_its_worker),
		T(hup_under_way_answers_with_another_process),
		T(requests_are_counted_by_route_and_code),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(board_path, sizeof(board_path), "%s/board", dir);
	snprintf(sock, sizeof(sock), "%s/sock", dir);
	log_set_sink(quiet, NULL);
	rc = cmocka_run_group_tests_name("fcgi loop", tests, NULL, NULL);
	snprintf(board_path, sizeof(board_path), "%s/board.lock", dir);
	unlink(board_path);
	rmdir(dir);
	return rc;
}
