#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "http/http.h"
#include "test.h"
#include "t_http.h"

static struct arena *a;
static struct http *h;
static int port;

static int setup(void **state)
{
	struct http_opts o = { .timeout_ms = 700, .max_body = 65536,
			       .pause_ms = 20, .pause_max_ms = 3000,
			       .agent = "orch-test" };
	struct err err;

	(void)state;
	a = arena_new("test", 4 << 20);
	port = t_http_start();
	return http_new(a, &o, &h, &err);
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	t_http_stop();
	return 0;
}

static const char *url(const char *path)
{
	return arena_printf(a, "http://127.0.0.1:%d%s", port, path);
}

static int get(const char *path, struct http_answer *ret, struct err *err)
{
	return http_do(a, h, &(struct http_request){ .url = url(path) }, ret,
		       err);
}

static int post(const char *path, const char *body, struct http_answer *ret,
		struct err *err)
{
	return http_do(a, h, &(struct http_request){ .method = "POST",
		       .url = url(path), .body = str_c(body) }, ret, err);
}

static void an_answer_comes_with_status_type_and_body(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(get("/ok", &an, &err), 0);
	assert_int_equal(an.status, 200);
	assert_true(str_eqc(an.body, "fine"));
	assert_string_equal(an.type, "text/plain");
	assert_int_equal(an.retry_after_ms, -1);
	assert_non_null(strstr(t_http_last(), "User-Agent: orch-test\r\n"));
}

static void a_write_carries_headers_and_body(void **state)
{
	const struct http_header hd[] = { { "X-Test", "yes" },
					  { "Content-Type", "application/json" } };
	struct http_request rq = { .method = "POST", .url = url("/echo"),
		.headers = hd, .n_headers = 2, .body = STR("{\"a\":1}") };
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(http_do(a, h, &rq, &an, &err), 0);
	assert_true(str_eqc(an.body, "{\"a\":1}"));
	assert_non_null(strstr(t_http_last(), "X-Test: yes\r\n"));
	assert_non_null(strstr(t_http_last(), "application/json\r\n"));
	assert_null(strstr(t_http_last(), "Expect:"));
}

static void a_read_is_tried_again_after_a_server_error(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(get("/flaky", &an, &err), 0);
	assert_int_equal(an.status, 200);
	assert_int_equal(t_http_requests(), 3);
	assert_int_equal(get("/status/500", &an, &err), 0);
	assert_int_equal(an.status, 500);
	assert_int_equal(t_http_requests(), 7);
	/* What the client did wrong does not get better. */
	assert_int_equal(get("/status/404", &an, &err), 0);
	assert_int_equal(get("/status/501", &an, &err), 0);
	assert_int_equal(t_http_requests(), 9);
}

static void a_read_waits_as_long_as_it_is_told_to(void **state)
{
	int64_t t = clock_mono_ns();
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(get("/soon", &an, &err), 0);
	assert_int_equal(an.status, 200);
	assert_int_equal(t_http_requests(), 2);
	assert_true(clock_mono_ns() - t >= 1000000000);
	/* Seven seconds are over the longest pause: the caller decides. */
	assert_int_equal(get("/later", &an, &err), 0);
	assert_int_equal(an.status, 429);
	assert_int_equal(t_http_requests(), 3);
}

static void a_write_is_never_sent_twice(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(post("/status/503", "x", &an, &err), 0);
	assert_int_equal(an.status, 503);
	assert_int_equal(t_http_requests(), 1);
	assert_int_equal(post("/close", "x", &an, &err), -E_UNCERTAIN);
	assert_int_equal(t_http_requests(), 2);
	/* On a connection that was kept, where libcurl would repeat. */
	assert_int_equal(post("/ok", "x", &an, &err), 0);
	assert_int_equal(post("/close", "x", &an, &err), -E_UNCERTAIN);
	assert_int_equal(t_http_requests(), 4);
}

static void a_write_without_an_answer_is_uncertain(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(post("/slow", "x", &an, &err), -E_UNCERTAIN);
	assert_int_equal(t_http_requests(), 1);
}

static void a_read_has_a_time_limit(void **state)
{
	struct http_request rq = { .url = url("/slow"), .tries = 1,
				   .timeout_ms = 200 };
	struct http_answer an;
	struct err err;
	int64_t t = clock_mono_ns();

	(void)state;
	assert_int_equal(http_do(a, h, &rq, &an, &err), -E_TIMEOUT);
	assert_in_range((clock_mono_ns() - t) / 1000000, 150, 1500);
}

static void an_answer_over_the_ceiling_is_cut_off(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(get("/big/65536", &an, &err), 0);
	assert_int_equal(an.body.n, 65536);
	assert_int_equal(get("/big/65537", &an, &err), -E_TOOBIG);
}

static void a_redirect_is_not_followed(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(get("/redirect", &an, &err), 0);
	assert_int_equal(an.status, 302);
	assert_int_equal(t_http_requests(), 1);
}

static void retry_after_is_read(void **state)
{
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(post("/later", "x", &an, &err), 0);
	assert_int_equal(an.status, 429);
	assert_int_equal(an.retry_after_ms, 7000);
}

static void no_server_means_not_sent(void **state)
{
	struct http_request rq = { .method = "POST",
				   .url = "http://127.0.0.1:1/", .tries = 1 };
	struct http_answer an;
	struct err err;

	(void)state;
	assert_int_equal(http_do(a, h, &rq, &an, &err), -E_IO);
}

static void other_schemes_are_refused(void **state)
{
	static const char *const bad[] = { "file:///etc/passwd",
		"ftp://127.0.0.1/", "gopher://127.0.0.1/", "", "http://" };
	struct http_answer an;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(http_do(a, h, &(struct http_request){
				 .url = bad[i], .tries = 1 }, &an, &err),
				 -E_INVAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(an_answer_comes_with_status_type_and_body),
		T(a_write_carries_headers_and_body),
		T(a_read_is_tried_again_after_a_server_error),
		T(a_read_waits_as_long_as_it_is_told_to),
		T(a_write_is_never_sent_twice),
		T(a_write_without_an_answer_is_uncertain),
		T(a_read_has_a_time_limit),
		T(an_answer_over_the_ceiling_is_cut_off),
		T(a_redirect_is_not_followed),
		T(retry_after_is_read),
		T(no_server_means_not_sent),
		T(other_schemes_are_refused),
	};

	return cmocka_run_group_tests_name("http client", tests, NULL, NULL);
}
