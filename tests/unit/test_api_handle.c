#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

#include "api/api_i.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "proc/board.h"

/* The framework without database and nginx: requests made by hand, routes of
 * our own. */

struct echo_in { struct str name; int64_t n; };
static const struct param echo_params[] = {
	PARAM(struct echo_in, name, P_STR, "name", .required = true, .min = 1,
	      .max = 20),
	PARAM(struct echo_in, n, P_I64, "count", .max = 10),
};
static const struct params echo_body = PARAMS(struct echo_in, echo_params);
struct items_in { struct page page; };
static const struct param items_params[] = {
	PAGE_PARAMS(struct items_in, page),
};
static const struct params items_query = PARAMS(struct items_in, items_params);

static int calls;

static int h_hello(struct api_req *r, struct err *err)
{
	(void)err;
	calls++;
	jw_obj(&r->w);
	jw_kstr(&r->w, "hello", "world");
	jw_obj_end(&r->w);
	return 0;
}

static int h_echo(struct api_req *r, struct err *err)
{
	const struct echo_in *in = r->body;

	if (in->n == 9)
		return api_fail(r, err, E_CONFLICT, "nine is taken");
	if (in->n == 8)
		return FAIL(err, E_CONFLICT, "select from secret_table");
	if (in->n == 7)
		return api_bad(r, err, "n", "is not seven");
	if (in->n == 6) {	/* half an answer */
		jw_obj(&r->w);
		return FAIL(err, E_IO, "/etc/secret: no such file");
	}
	jw_obj(&r->w);
	jw_key(&r->w, "name");
	jw_strn(&r->w, in->name.p, in->name.n);
	jw_obj_end(&r->w);
	return 0;
}

static int h_items(struct api_req *r, struct err *err)
{
	const struct items_in *in = r->query;
	int64_t from = in->page.cursor.set ? in->page.cursor.a : 0;
	int64_t i;

	(void)err;
	api_list(r);
	for (i = from + 1; i <= 5 && i - from <= in->page.limit; i++)
		jw_i64(&r->w, i);
	api_list_end(r, i <= 5, i - 1, 0);
	return 0;
}

static int h_thing(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;

	(void)err;
	jw_u64(&r->w, in->id);
	return 0;
}

static int h_nothing(struct api_req *r, struct err *err)
{
	(void)r;
	(void)err;
	return 0;
}

static int h_huge(struct api_req *r, struct err *err)
{
	(void)err;
	jw_arr(&r->w);
	for (int i = 0; i < 5000000; i++)
		jw_i64(&r->w, i);
	jw_arr_end(&r->w);
	return 0;
}

static const struct route rows[] = {
	{ .method = M_GET, .path = "/hello", .id = "hello", .doc = "x",
	  .fn = h_hello, .answer = &sc_any },
	{ .method = M_GET, .path = "/kept", .id = "kept", .doc = "x",
	  .fn = h_hello, .answer = &sc_any, .cache_ms = 1000,
	  .query = &items_query, .flags = RF_SHARED },
	{ .method = M_POST, .path = "/echo", .id = "echo", .doc = "x",
	  .fn = h_echo, .answer = &sc_any, .body = &echo_body,
	  .body_max = 200 },
	{ .method = M_GET, .path = "/items", .id = "items", .doc = "x",
	  .fn = h_items, .answer = LIST_OF(&sc_int), .query = &items_query },
	{ .method = M_GET, .path = "/things/{id}", .id = "thing", .doc = "x",
	  .fn = h_thing, .answer = &sc_id, .path_in = &id_path },
	{ .method = M_DELETE, .path = "/things/{id}", .id = "delete",
	  .doc = "x", .fn = h_nothing, .path_in = &id_path },
	{ .method = M_GET, .path = "/secret", .id = "secret", .doc = "x",
	  .fn = h_hello, .answer = &sc_any, .need = N_ADMIN },
	{ .method = M_GET, .path = "/local", .id = "local", .doc = "x",
	  .fn = h_hello, .answer = &sc_any, .flags = RF_ALLOW_LIST | RF_QUIET },
	{ .method = M_GET, .path = "/huge", .id = "huge", .doc = "x",
	  .fn = h_huge, .answer = &sc_any },
};
static const struct area area = AREA(rows);

static struct arena *a;
static struct conf *conf;
static struct api *api;
static struct answer *an;
static struct api_deps deps;
static struct clock now;
static char dir[] = "/tmp/orch-api-XXXXXX";

static int setup(void **state)
{
	const struct area *const areas[] = { &area };
	struct routes *rs;
	struct err err;

	(void)state;
	a = arena_new("test", 64 << 20);
	conf = conf_defaults(a, dir);
	conf->env = ENV_PRODUCTION;
	clock_virtual_init(&now, 1700000000000);
	deps = (struct api_deps){ .conf = conf, .clock = &now,
				  .version = "1.2.3" };
	assert_int_equal(routes_new(a, areas, 1, &rs, &err), 0);
	api = api_with(a, &deps, rs);
	calls = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

/* METHOD PATH[?QUERY], body, further "HTTP_X=..." lines up to NULL. */
static int ask(const char *method, const char *target, const char *body, ...)
{
	const char *env[24];
	const char *q = strchr(target, '?');
	struct request *rq;
	struct err err;
	size_t n = 0;
	va_list ap;

	env[n++] = arena_printf(a, "REQUEST_METHOD=%s", method);
	env[n++] = arena_printf(a, "DOCUMENT_URI=%.*s",
				(int)(q != NULL ? q - target :
				      (ptrdiff_t)strlen(target)), target);
	env[n++] = arena_printf(a, "QUERY_STRING=%s", q != NULL ? q + 1 : "");
	env[n++] = arena_printf(a, "REQUEST_URI=%s", target);
	env[n++] = "REMOTE_ADDR=192.0.2.7";
	env[n++] = "HTTP_HOST=localhost:8080";
	env[n++] = "REQUEST_ID=00112233445566778899aabbccddeeff";
	if (body != NULL)
		env[n++] = arena_printf(a, "CONTENT_LENGTH=%zu", strlen(body));
	va_start(ap, body);
	while ((env[n] = va_arg(ap, const char *)) != NULL)
		n++;
	va_end(ap);
	assert_int_equal(request_make(a, env, str_c(body), &rq, &err), 0);
	an = answer_make(a);
	assert_int_equal(api_handle(api, rq, an), 0);
	return an->status;
}
#define JSON_TYPE "CONTENT_TYPE=application/json"
#define POST(body) ask("POST", "/echo", body, JSON_TYPE, NULL)

static bool has(const char *text)
{
	return strstr(an->body.buf, text) != NULL;
}

static bool header(const char *text)
{
	return an->headers.buf != NULL && strstr(an->headers.buf, text) != NULL;
}

/* Problems have one form, and the code in them that belongs to the status. */
static void problem(int status, const char *code)
{
	const struct json *j;
	struct err err;
	int64_t v;

	assert_int_equal(an->status, status);
	assert_string_equal(an->type, "application/problem+json");
	assert_int_equal(json_parse(a, an->body.buf, an->body.len, &j, &err),
			 0);
	assert_true(json_i64(json_get(j, "status"), &v));
	assert_int_equal(v, status);
	assert_true(str_eqc(json_text(json_get(j, "code")), code));
	assert_true(str_eqc(json_text(json_get(j, "type")), "about:blank"));
	assert_int_equal(json_text(json_get(j, "request_id")).n, 32);
	assert_true(header("Cache-Control: no-store"));
}

static void an_answer_has_its_headers(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/hello", NULL, NULL), 200);
	assert_string_equal(an->body.buf, "{\"hello\":\"world\"}");
	assert_string_equal(an->type, "application/json");
	assert_true(header("Cache-Control: no-store"));
	assert_true(header("X-Content-Type-Options: nosniff"));
	assert_true(header("default-src 'none'"));
	assert_true(header("ETag: \""));
	assert_false(header("Access-Control"));
}

static void unknown_paths_and_methods_are_told_apart(void **state)
{
	(void)state;
	ask("GET", "/nope", NULL, NULL);
	problem(404, "NOTFOUND");
	ask("GET", "/things/abc", NULL, NULL);
	problem(404, "NOTFOUND");
	ask("GET", "/things/0", NULL, NULL);
	problem(404, "NOTFOUND");
	ask("POST", "/hello", NULL, NULL);
	problem(405, "METHOD");
	assert_true(header("Allow: GET, HEAD\r\n"));
	ask("BREW", "/hello", NULL, NULL);
	problem(405, "METHOD");
	ask("PUT", "/things/1", NULL, NULL);
	assert_true(header("Allow: GET, HEAD, DELETE\r\n"));
	assert_int_equal(ask("GET", "/things/17", NULL, NULL), 200);
	assert_string_equal(an->body.buf, "17");
	assert_int_equal(ask("DELETE", "/things/17", NULL, NULL), 204);
	assert_int_equal(an->body.len, 0);
	assert_null(an->type);
	assert_int_equal(ask("HEAD", "/hello", NULL, NULL), 200);
}

static void a_body_must_be_small_json_of_the_right_type(void **state)
{
	char big[400];

	(void)state;
	assert_int_equal(POST("{\"name\":\"x\"}"), 200);
	assert_string_equal(an->body.buf, "{\"name\":\"x\"}");
	ask("POST", "/echo", "{\"name\":\"x\"}", "CONTENT_TYPE=text/plain",
	    NULL);
	problem(415, "MEDIA");
	ask("POST", "/echo", "{\"name\":\"x\"}", NULL);
	problem(415, "MEDIA");
	assert_int_equal(ask("POST", "/echo", "{\"name\":\"x\"}",
		"CONTENT_TYPE=Application/JSON; charset=utf-8", NULL), 200);
	memset(big, ' ', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	POST(big);
	problem(413, "TOOBIG");
	POST("{\"name\":");
	problem(400, "INVAL");
	POST("");
	problem(400, "INVAL");
	POST("{\"name\":\"x\",\"name\":\"y\"}");
	problem(400, "INVAL");
	ask("DELETE", "/things/17", "{}", JSON_TYPE, NULL);
	problem(400, "INVAL");
}

static void faulty_fields_are_listed(void **state)
{
	(void)state;
	POST("{\"nam\":\"x\",\"n\":11}");
	problem(400, "INVAL");
	assert_true(has("\"field\":\"nam\",\"errors\":["));
	assert_true(has("{\"field\":\"n\",\"detail\":\"must be an integer from "
			"0 to 10\"}"));
	assert_true(has("{\"field\":\"name\",\"detail\":\"is required\"}"));
	POST("{\"name\":\"x\",\"n\":7}");
	problem(400, "INVAL");
	assert_true(has("\"field\":\"n\""));
	ask("GET", "/hello?x=1", NULL, NULL);
	problem(400, "INVAL");
	assert_true(has("\"field\":\"x\""));
}

static void production_hides_what_development_shows(void **state)
{
	(void)state;
	POST("{\"name\":\"x\",\"n\":8}");
	problem(409, "CONFLICT");
	assert_false(has("secret_table"));
	POST("{\"name\":\"x\",\"n\":6}");
	problem(500, "IO");
	assert_false(has("secret"));
	assert_true(has("request id"));
	POST("{\"name\":\"x\",\"n\":9}");
	problem(409, "CONFLICT");
	assert_true(has("nine is taken"));
	conf->env = ENV_DEVELOPMENT;
	POST("{\"name\":\"x\",\"n\":8}");
	problem(409, "CONFLICT");
	assert_true(has("secret_table"));
}

static void an_answer_that_is_too_large_is_a_clean_500(void **state)
{
	(void)state;
	ask("GET", "/huge", NULL, NULL);
	problem(500, "BUG");
}

static void etags_are_strong_and_spare_the_body(void **state)
{
	char etag[64] = "";
	const char *at;

	(void)state;
	ask("GET", "/hello", NULL, NULL);
	at = strstr(an->headers.buf, "ETag: ");
	assert_non_null(at);
	sscanf(at, "ETag: %60s", etag);
	assert_int_equal(ask("GET", "/hello", NULL, arena_printf(a,
		"HTTP_IF_NONE_MATCH=%s", etag), NULL), 304);
	assert_int_equal(an->body.len, 0);
	assert_null(an->type);
	assert_true(header(etag));
	assert_int_equal(ask("GET", "/hello", NULL, arena_printf(a,
		"HTTP_IF_NONE_MATCH=\"x\", W/%s", etag), NULL), 304);
	assert_int_equal(ask("GET", "/hello", NULL,
			     "HTTP_IF_NONE_MATCH=\"other\"", NULL), 200);
	/* Another body, another tag. */
	assert_int_equal(ask("GET", "/things/2", NULL, arena_printf(a,
		"HTTP_IF_NONE_MATCH=%s", etag), NULL), 200);
}

static void a_list_is_walked_by_its_cursor(void **state)
{
	char cursor[64] = "";

	(void)state;
	assert_int_equal(ask("GET", "/items?limit=2", NULL, NULL), 200);
	assert_int_equal(sscanf(an->body.buf,
				"{\"items\":[1,2],\"next\":\"%40[^\"]", cursor),
			 1);
	ask("GET", arena_printf(a, "/items?limit=2&cursor=%s", cursor), NULL,
	    NULL);
	assert_int_equal(sscanf(an->body.buf,
				"{\"items\":[3,4],\"next\":\"%40[^\"]", cursor),
			 1);
	ask("GET", arena_printf(a, "/items?limit=2&cursor=%s", cursor), NULL,
	    NULL);
	assert_string_equal(an->body.buf, "{\"items\":[5],\"next\":null}");
	ask("GET", "/items?cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAA", NULL, NULL);
	problem(400, "INVAL");
}

static void who_is_not_signed_in_gets_401_before_anything_is_read(void **state)
{
	(void)state;
	ask("GET", "/secret?nonsense=1", NULL, NULL);
	problem(401, "UNAUTH");
}

static void other_sites_may_not_write(void **state)
{
	static const char *const bad[] = {
		"HTTP_SEC_FETCH_SITE=cross-site",
		"HTTP_SEC_FETCH_SITE=same-site",
		"HTTP_ORIGIN=https://evil.example",
		"HTTP_ORIGIN=null",
		"HTTP_ORIGIN=https://localhost:8080",	/* the other scheme */
		"HTTP_ORIGIN=http://localhost:80800",
	};
	static const char *const good[] = {
		"HTTP_SEC_FETCH_SITE=same-origin", "HTTP_SEC_FETCH_SITE=none",
		"HTTP_ORIGIN=http://localhost:8080",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ask("POST", "/echo", "{\"name\":\"x\"}", JSON_TYPE, bad[i],
		    NULL);
		problem(403, "DENIED");
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(ask("POST", "/echo", "{\"name\":\"x\"}",
				     JSON_TYPE, good[i], NULL), 200);
	/* Reading is what SameSite and CORS are for. */
	assert_int_equal(ask("GET", "/hello", NULL, bad[0], NULL), 200);
}

static void only_listed_origins_get_cors(void **state)
{
	static const char *const origins[] = { "https://app.example" };

	(void)state;
	ask("OPTIONS", "/echo", NULL, "HTTP_ORIGIN=https://app.example",
	    "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST", NULL);
	problem(405, "METHOD");
	conf->cors_origins = (struct conf_list){ 1, origins };
	assert_int_equal(ask("OPTIONS", "/echo", NULL,
			     "HTTP_ORIGIN=https://app.example",
			     "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST", NULL),
			 204);
	assert_true(header("Access-Control-Allow-Origin: "
			   "https://app.example\r\n"));
	assert_true(header("Access-Control-Allow-Methods: POST\r\n"));
	assert_true(header("Vary: Origin"));
	assert_false(header("Allow-Credentials"));
	ask("OPTIONS", "/echo", NULL, "HTTP_ORIGIN=https://evil.example",
	    "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST", NULL);
	problem(405, "METHOD");
	assert_false(header("Access-Control"));
	ask("GET", "/hello", NULL, "HTTP_ORIGIN=https://app.example", NULL);
	assert_true(header("Access-Control-Allow-Origin: "
			   "https://app.example\r\n"));
	assert_int_equal(ask("POST", "/echo", "{\"name\":\"x\"}", JSON_TYPE,
			     "HTTP_ORIGIN=https://app.example",
			     "HTTP_SEC_FETCH_SITE=cross-site", NULL), 200);
}

static void an_address_has_a_limit_and_is_told(void **state)
{
	char path[64];
	struct board *b;
	struct err err;
	int n429 = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/board", dir);
	assert_int_equal(board_open(a, path, &b, &err), 0);
	conf->rate_limit_per_minute = 60;
	conf->rate_limit_burst = 5;
	deps.board = b;
	api = api_with(a, &deps, api->rs);
	for (int i = 0; i < 7; i++)
		n429 += ask("GET", "/hello", NULL, NULL) == 429;
	assert_int_equal(n429, 2);
	problem(429, "LIMIT");
	assert_true(header("RateLimit-Limit: 5\r\n"));
	assert_true(header("RateLimit-Remaining: 0\r\n"));
	assert_true(header("RateLimit-Reset: 5\r\n"));
	assert_true(header("Retry-After: 1\r\n"));
	/* Health checks are not counted. */
	assert_int_equal(ask("GET", "/local", NULL, NULL), 403);
	unlink(path);
}

static void the_allow_list_is_by_address(void **state)
{
	static const char *const nets[] = { "192.0.2.0/24" };

	(void)state;
	ask("GET", "/local", NULL, NULL);
	problem(403, "DENIED");
	conf->metrics_allow = (struct conf_list){ 1, nets };
	assert_int_equal(ask("GET", "/local", NULL, NULL), 200);
}

static void kept_answers(void)
{
	assert_int_equal(ask("GET", "/kept", NULL, NULL), 200);
	assert_int_equal(ask("GET", "/kept", NULL, NULL), 200);
	assert_int_equal(calls, 1);
	assert_string_equal(an->body.buf, "{\"hello\":\"world\"}");
	assert_true(header("Cache-Control: private, no-cache"));
	assert_true(header("ETag: \""));
	/* Another query is another answer. */
	assert_int_equal(ask("GET", "/kept?limit=3", NULL, NULL), 200);
	assert_int_equal(calls, 2);
	clock_virtual_advance(&now, 1001);
	assert_int_equal(ask("GET", "/kept", NULL, NULL), 200);
	assert_int_equal(calls, 3);
	/* A refused query is not kept. */
	assert_int_equal(ask("GET", "/kept?limit=0", NULL, NULL), 400);
	assert_int_equal(ask("GET", "/kept?limit=0", NULL, NULL), 400);
	assert_int_equal(calls, 3);
}

static void a_kept_answer_is_not_made_again(void **state)
{
	(void)state;
	kept_answers();
}

static int h_count(struct api_req *r, struct err *err)
{
	(void)err;
	jw_i64(&r->w, ++calls);
	return 0;
}

/* Two workers, one cache; a change of the data ends what was kept. */
static void workers_share_what_is_kept(void **state)
{
	static const struct route row[] = {
		{ .method = M_GET, .path = "/n", .id = "n", .doc = "x",
		  .fn = h_count, .answer = &sc_int, .cache_ms = 1000,
		  .cache_by = CACHE_BY(GEN_MARKETS) },
	};
	static const struct area one = AREA(row);
	const struct area *const areas[] = { &one };
	struct api *worker[2];
	struct routes *rs;
	struct board *b;
	struct err err;
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "%s/board", dir);
	assert_int_equal(board_open(a, path, &b, &err), 0);
	board_attach(b);
	assert_int_equal(cache_new(a, conf, &deps.cache, &err), 0);
	assert_int_equal(routes_new(a, areas, 1, &rs, &err), 0);
	worker[0] = api_with(a, &deps, rs);
	worker[1] = api_with(a, &deps, rs);
	for (int i = 0; i < 4; i++) {
		api = worker[i % 2];
		assert_int_equal(ask("GET", "/n", NULL, NULL), 200);
		assert_string_equal(an->body.buf, "1");
	}
	board_generation_bump(GEN_MARKETS);
	for (int i = 0; i < 4; i++) {
		api = worker[i % 2];
		assert_int_equal(ask("GET", "/n", NULL, NULL), 200);
		assert_string_equal(an->body.buf, "2");
	}
	board_attach(NULL);
	unlink(path);
}

static void the_settings_turn_the_cache_off(void **state)
{
	(void)state;
	conf->cache_ttl = 0;
	assert_int_equal(ask("GET", "/kept", NULL, NULL), 200);
	assert_int_equal(ask("GET", "/kept", NULL, NULL), 200);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(an_answer_has_its_headers),
		T(unknown_paths_and_methods_are_told_apart),
		T(a_body_must_be_small_json_of_the_right_type),
		T(faulty_fields_are_listed),
		T(production_hides_what_development_shows),
		T(an_answer_that_is_too_large_is_a_clean_500),
		T(etags_are_strong_and_spare_the_body),
		T(a_list_is_walked_by_its_cursor),
		T(who_is_not_signed_in_gets_401_before_anything_is_read),
		T(other_sites_may_not_write),
		T(only_listed_origins_get_cors),
		T(an_address_has_a_limit_and_is_told),
		T(the_allow_list_is_by_address),
		T(a_kept_answer_is_not_made_again),
		T(workers_share_what_is_kept),
		T(the_settings_turn_the_cache_off),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(dir);
	return rc;
}
