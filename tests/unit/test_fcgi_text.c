#include "config.h"

#include <string.h>

#include "core/arena.h"
#include "fcgi/fcgi.h"
#include "test.h"

static struct arena *a;

static int setup(void **state)
{
	(void)state;
	a = arena_new("test", 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static void a_query_gives_its_pairs_decoded(void **state)
{
	struct str rest = STR("limit=50&&q=BTC%2FUSDT+x&flag&e=%C3%A4=1&=v");
	struct str n, v;
	struct err err;

	(void)state;
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 1);
	assert_true(str_eqc(n, "limit") && str_eqc(v, "50"));
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 1);
	assert_true(str_eqc(n, "q") && str_eqc(v, "BTC/USDT x"));
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 1);
	assert_true(str_eqc(n, "flag") && v.n == 0);
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 1);
	assert_true(str_eqc(n, "e") && str_eqc(v, "\xc3\xa4=1"));
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 1);
	assert_true(n.n == 0 && str_eqc(v, "v"));
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 0);
	assert_int_equal(query_next(a, &rest, &n, &v, &err), 0);
}

static void a_malformed_query_is_refused(void **state)
{
	static const char *const bad[] = {
		"a=%", "a=%4", "a=%zz", "a=%4g", "%00=1", "a=%00", "a=%0a",
		"a=\x01", "a=%7f", "a=%ff", "a=%c3%28", "a=%ed%a0%80", "%e4=1",
	};
	struct str n, v;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct str rest = str_c(bad[i]);

		assert_int_equal(query_next(a, &rest, &n, &v, &err), -E_INVAL);
	}
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
	struct str h = STR("theme=dark; xsid=no; sid=abc123 ;sid=second; e=");
	struct str v;

	(void)state;
	assert_true(cookie_find(h, "sid", &v));
	assert_true(str_eqc(v, "abc123"));
	assert_true(cookie_find(h, "e", &v));
	assert_int_equal(v.n, 0);
	assert_false(cookie_find(h, "si", &v));
	assert_false(cookie_find(h, "dark", &v));
	assert_false(cookie_find(STR(""), "sid", &v));
	assert_false(cookie_find(STR("sid"), "sid", &v));
	assert_true(cookie_find(STR("__Host-sid=x=y"), "__Host-sid", &v));
	assert_true(str_eqc(v, "x=y"));
}

static void traceparent_follows_the_recommendation(void **state)
{
	static const char *const bad[] = {
		"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
		"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
	};
	char t[33] = "", p[17] = "";

	(void)state;
	assert_true(traceparent_parse(
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", t, p));
	assert_string_equal(t, "0af7651916cd43dd8448eb211c80319c");
	assert_string_equal(p, "b7ad6b7169203331");
	assert_true(traceparent_parse(
		"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", t, p));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(traceparent_parse(bad[i], t, p));
}

static void etags_match_weakly_and_in_lists(void **state)
{
	(void)state;
	assert_true(etag_matches("\"a1\"", "\"a1\""));
	assert_true(etag_matches("W/\"a1\"", "\"a1\""));
	assert_true(etag_matches("\"a1\"", "W/\"a1\""));
	assert_true(etag_matches("\"x\", W/\"a1\" , \"y\"", "\"a1\""));
	assert_true(etag_matches("*", "\"a1\""));
	assert_false(etag_matches("\"a2\"", "\"a1\""));
	assert_false(etag_matches("a1", "\"a1\""));
	assert_false(etag_matches("", "\"a1\""));
}

static void list_headers_lose_their_parameters(void **state)
{
	struct str rest = STR(" a;q=1 ,, b ,;x, application/json; v=2"), item;

	(void)state;
	assert_true(header_list_next(&rest, &item) && str_eqc(item, "a"));
	assert_true(header_list_next(&rest, &item) && str_eqc(item, "b"));
	assert_true(header_list_next(&rest, &item) &&
		    str_eqc(item, "application/json"));
	assert_false(header_list_next(&rest, &item));
}

static void a_request_is_made_from_its_parameters(void **state)
{
	static const char *const env[] = {
		"REQUEST_METHOD=POST", "DOCUMENT_URI=/api/v1/bots",
		"REQUEST_URI=/api/v1//bots?x=1", "QUERY_STRING=x=1",
		"CONTENT_LENGTH=5", "CONTENT_TYPE=application/json",
		"HTTP_COOKIE=sid=s3", "HTTP_X_CSRF_TOKEN=tok",
		"HTTP_X_EMPTY=", "HTTP_HOST=Example.ORG:8080", "HTTPS=on",
		"REMOTE_ADDR=192.0.2.1",
		"REQUEST_ID=0123456789abcdef0123456789abcdef", NULL };
	struct request *rq;
	struct str body, c;
	struct err err;

	(void)state;
	assert_int_equal(request_make(a, env, STR("hello"), &rq, &err), 0);
	assert_int_equal(rq->method, HTTP_POST);
	assert_string_equal(rq->path, "/api/v1/bots");
	assert_string_equal(rq->uri, "/api/v1//bots?x=1");
	assert_true(str_eqc(rq->query, "x=1"));
	assert_string_equal(request_header(rq, "X-CSRF-Token"), "tok");
	assert_string_equal(request_header(rq, "content-type"),
			    "application/json");
	assert_null(request_header(rq, "X-Empty"));
	assert_null(request_header(rq, "X-Absent"));
	assert_string_equal(rq->host, "example.org:8080");
	assert_true(rq->https);
	assert_string_equal(rq->remote, "192.0.2.1");
	assert_string_equal(rq->id, "0123456789abcdef0123456789abcdef");
	assert_string_equal(rq->trace, rq->id);
	assert_true(request_cookie(rq, "sid", &c) && str_eqc(c, "s3"));
	assert_int_equal(request_body(rq, 4, &body, &err), -E_TOOBIG);
	assert_int_equal(request_body(rq, 5, &body, &err), 0);
	assert_true(str_eqc(body, "hello"));
	assert_int_equal(request_body(rq, 64, &body, &err), 0);
	assert_true(str_eqc(body, "hello"));
}

static void an_id_that_could_forge_a_line_is_not_taken(void **state)
{
	static const char *const ids[] = {
		"REQUEST_ID=short", "REQUEST_ID=aaaaaaaaa\nlevel=error",
		"REQUEST_ID=<script>alert(1)</script>",
		"REQUEST_ID=0123456789012345678901234567890123456789",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		const char *env[] = { "REQUEST_METHOD=GET", ids[i], NULL };
		struct request *rq;
		struct err err;

		assert_int_equal(request_make(a, env, STR(""), &rq, &err), 0);
		assert_int_equal(strlen(rq->id), 32);
		assert_int_equal(strspn(rq->id, "0123456789abcdef"), 32);
	}
}

static void what_is_no_request_is_refused(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const empty[] = { "REQUEST_METHOD=", NULL };
	static const char *const length[] = {
		"REQUEST_METHOD=GET", "CONTENT_LENGTH=-1", NULL };
	const char *big[3] = { "REQUEST_METHOD=GET", NULL, NULL };
	char *huge = NEW_N(a, char, 70000);
	struct request *rq = NULL;
	struct err err;

	(void)state;
	memset(huge, 'x', 69999);
	big[1] = huge;
	assert_int_equal(request_make(a, none, STR(""), &rq, &err), -E_INVAL);
	assert_int_equal(request_make(a, empty, STR(""), &rq, &err), -E_INVAL);
	assert_int_equal(request_make(a, length, STR(""), &rq, &err), -E_INVAL);
	assert_int_equal(request_make(a, big, STR(""), &rq, &err), -E_INVAL);
	assert_null(rq);
}

static void a_body_that_ends_early_is_refused(void **state)
{
	static const char *const env[] = {
		"REQUEST_METHOD=POST", "CONTENT_LENGTH=10", NULL };
	struct request *rq;
	struct str body = { NULL, 0 };
	struct err err;

	(void)state;
	assert_int_equal(request_make(a, env, STR("short"), &rq, &err), 0);
	assert_int_equal(request_body(rq, 100, &body, &err), -E_INVAL);
	assert_int_equal(request_body(rq, 100, &body, &err), -E_INVAL);
	assert_null(body.p);
}

static void every_status_of_our_errors_has_a_reason(void **state)
{
	(void)state;
	for (int c = 0; c < E__MAX; c++)
		assert_string_not_equal(http_reason(errc_http((enum errc)c)),
					"Unknown");
	for (size_t i = 0; i + 1 < BOARD_CODES; i++)
		assert_string_not_equal(http_reason(board_codes[i]), "Unknown");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_query_gives_its_pairs_decoded),
		T(a_malformed_query_is_refused),
		T(a_cookie_is_found_by_its_whole_name),
		T(traceparent_follows_the_recommendation),
		T(etags_match_weakly_and_in_lists),
		T(list_headers_lose_their_parameters),
		T(a_request_is_made_from_its_parameters),
		T(an_id_that_could_forge_a_line_is_not_taken),
		T(what_is_no_request_is_refused),
		T(a_body_that_ends_early_is_refused),
		T(every_status_of_our_errors_has_a_reason),
	};

	return cmocka_run_group_tests_name("fcgi text", tests, NULL, NULL);
}
