#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"
#include "t_api.h"
#include "t_db.h"

#include "api/api_i.h"
#include "auth/auth.h"
#include "conf/conf.h"
#include "ops/ops.h"

/* The framework and its own routes on a real database. */

/* ---- a creating route of our own ---- */
struct note_in { struct str text; };
static const struct param note_params[] = {
	PARAM(struct note_in, text, P_STR, "text", .required = true, .min = 1,
	      .max = 100),
};
static const struct params note_body = PARAMS(struct note_in, note_params);

static int made, announced;
static bool fail_after, die_after;

static void announce(struct api_req *r, void *arg)
{
	(void)r;
	(void)arg;
	announced++;
}

static int h_note(struct api_req *r, struct err *err)
{
	const struct note_in *in = r->body;
	struct app_entry e = {
		.time_ms = r->now_ms, .source = APP_CLIENT,
		.level = LOG_L_INFO, .user = r->who.id, .message = in->text.p,
	};
	int rc;

	made++;
	rc = app_log_add(r->d->db, &e, 1, err);
	if (rc < 0)
		return rc;
	if (die_after)
		raise(SIGKILL);
	if (fail_after)
		return api_fail(r, err, E_CONFLICT, "not now");
	api_created(r, "/t/notes/%d", made);
	api_after(r, announce, NULL);
	jw_obj(&r->w);
	jw_ki64(&r->w, "n", made);
	jw_obj_end(&r->w);
	return 0;
}

static const struct route rows[] = {
	{ .method = M_POST, .path = "/t/notes", .id = "note", .doc = "x",
	  .fn = h_note, .need = N_TRADER, .flags = RF_CREATE, .status = 201,
	  .body = &note_body, .answer = &sc_any },
};
static const struct area area_test = AREA(rows);

static int fresh(void **state)
{
	made = announced = 0;
	fail_after = die_after = false;
	return t_api_fresh(state);
}

#define NOTES() t_db_int("SELECT COUNT(*) FROM app_log")
#define KEY(k) "HTTP_IDEMPOTENCY_KEY=" k
#define NOTE(who, text, ...) \
	t_api(who, "POST", "/t/notes", "{\"text\":\"" text "\"}", \
	      __VA_ARGS__, NULL)

static void the_same_key_and_body_are_done_once(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(t_api_int(".n"), 1);
	assert_null(t_api_header("Idempotency-Replayed"));
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(t_api_int(".n"), 1);
	assert_string_equal(t_api_header("Location"), "/t/notes/1");
	assert_string_equal(t_api_header("Idempotency-Replayed"), "true");
	assert_int_equal(made, 1);
	assert_int_equal(announced, 1);
	assert_int_equal(NOTES(), 1);
}

static void without_a_key_each_is_done(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(NOTE("anna", "a", NULL), 201);
	assert_int_equal(NOTE("anna", "a", NULL), 201);
	assert_int_equal(NOTES(), 2);
	assert_int_equal(announced, 2);
}

static void the_same_key_with_another_body_is_422(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(NOTE("anna", "b", KEY("k1")), 422);
	assert_int_equal(NOTES(), 1);
}

static void keys_belong_to_their_user(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	t_api_user("bert", "trader");
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(NOTE("bert", "b", KEY("k1")), 201);
	assert_int_equal(t_api_int(".n"), 2);
}

static void malformed_keys_are_refused(void **state)
{
	char longest[200];

	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(NOTE("anna", "a", KEY("a b")), 400);
	snprintf(longest, sizeof(longest), KEY("%0129d"), 1);
	assert_int_equal(NOTE("anna", "a", longest), 400);
	snprintf(longest, sizeof(longest), KEY("%0128d"), 1);
	assert_int_equal(NOTE("anna", "a", longest), 201);
}

static void what_failed_left_nothing_and_may_be_tried_again(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	fail_after = true;
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 409);
	assert_string_equal(t_api_text(".detail"), "not now");
	assert_int_equal(NOTES(), 0);
	assert_int_equal(announced, 0);
	fail_after = false;
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(NOTES(), 1);
}

static void a_key_that_is_being_worked_on_is_409(void **state)
{
	struct arena *a = arena_new("other", 1 << 20);
	struct db *other = t_db_open(a);
	struct err err;
	char name[64];
	uint64_t id;

	(void)state;
	id = t_api_user("anna", "trader");
	snprintf(name, sizeof(name), "idem:%llu:%016llx",
		 (unsigned long long)id,
		 (unsigned long long)text_hash(STR("k1")));
	assert_int_equal(db_lock(other, name, 0, &err), 0);
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 409);
	assert_int_equal(made, 0);
	assert_int_equal(NOTE("anna", "a", KEY("k2")), 201);
	db_unlock(other, name);
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	arena_free(&a);
}

/* Killed between the effect and the answer: neither is there, and the same
 * request with the same key does it. */
static void a_worker_that_dies_leaves_nothing_half_done(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	t_api_user("anna", "trader");
	db_close(t_api_db());		/* the child opens its own */
	die_after = true;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)NOTE("anna", "a", KEY("k1"));
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	die_after = false;
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(NOTE("anna", "a", KEY("k1")), 201);
	assert_int_equal(NOTES(), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM idempotency"), 1);
}

static void a_key_that_made_a_secret_does_not_show_it_again(void **state)
{
	static const char body[] =
		"{\"name\":\"ci\",\"scopes\":[\"read\"],\"expires_days\":7}";

	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/tokens", body,
			       KEY("k1"), NULL), 201);
	assert_non_null(t_api_text(".token"));
	assert_int_equal(t_api("anna", "POST", "/api/v1/tokens", body,
			       KEY("k1"), NULL), 409);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM api_token"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM idempotency"
				  " WHERE answer LIKE '%%bot_%%'"), 0);
}

/* ---- who ---- */

static void a_token_gets_in_within_its_scopes(void **state)
{
	char bearer[120];

	(void)state;
	t_api_user("anna", "trader");
	assert_int_equal(t_api("anna", "POST", "/api/v1/tokens",
			       "{\"name\":\"ci\",\"scopes\":[\"read\"]}", NULL),
			 201);
	snprintf(bearer, sizeof(bearer), "HTTP_AUTHORIZATION=Bearer %s",
		 t_api_text(".token"));
	assert_int_equal(t_api(NULL, "GET", "/api/v1/me", NULL, bearer, NULL),
			 200);
	assert_string_equal(t_api_text(".user.name"), "anna");
	assert_null(t_api_text(".csrf"));
	/* Reading only, and never into the account itself. */
	assert_int_equal(t_api(NULL, "POST", "/t/notes", "{\"text\":\"x\"}",
			       bearer, NULL), 403);
	assert_int_equal(t_api(NULL, "GET", "/api/v1/tokens", NULL, bearer,
			       NULL), 403);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/me/password",
			       "{\"old\":\"a\",\"new\":\"b\"}", bearer, NULL),
			 403);
	/* A token that trades, without CSRF: no browser sends it by itself. */
	assert_int_equal(t_api("anna", "POST", "/api/v1/tokens",
			       "{\"name\":\"t\",\"scopes\":[\"read\","
			       "\"trade\"]}", NULL), 201);
	snprintf(bearer, sizeof(bearer), "HTTP_AUTHORIZATION=Bearer %s",
		 t_api_text(".token"));
	assert_int_equal(t_api(NULL, "POST", "/t/notes", "{\"text\":\"x\"}",
			       bearer, NULL), 201);
	/* Revoked is revoked. */
	assert_int_equal(t_api("anna", "GET", "/api/v1/tokens", NULL, NULL),
			 200);
	assert_int_equal(json_len(t_api_json(".items")), 2);
	t_db_sql("DELETE FROM api_token");
	assert_int_equal(t_api(NULL, "GET", "/api/v1/me", NULL, bearer, NULL),
			 401);
}

static void a_write_needs_the_csrf_token(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	t_api_user("bert", "trader");
	assert_int_equal(t_api("anna", "POST", "/t/notes", "{\"text\":\"x\"}",
			       "-csrf", NULL), 403);
	assert_int_equal(t_api("anna", "POST", "/t/notes", "{\"text\":\"x\"}",
			       "-csrf", "HTTP_X_CSRF_TOKEN=wrong", NULL), 403);
	assert_int_equal(NOTES(), 0);
	assert_int_equal(t_api("anna", "POST", "/t/notes", "{\"text\":\"x\"}",
			       "HTTP_SEC_FETCH_SITE=cross-site", NULL), 403);
	assert_int_equal(NOTE("anna", "x", NULL), 201);
}

static void roles_are_kept(void **state)
{
	(void)state;
	t_api_user("vera", "viewer");
	t_api_user("anna", "trader");
	t_api_user("olga", "admin");
	assert_int_equal(NOTE("vera", "x", NULL), 403);
	assert_int_equal(NOTE("anna", "x", NULL), 201);
	assert_int_equal(NOTE("olga", "x", NULL), 201);
	assert_int_equal(t_api(NULL, "POST", "/t/notes", "{\"text\":\"x\"}",
			       NULL), 401);
}

static void a_caller_is_remembered_for_seconds_only(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	t_api_remember(true);
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
	assert_int_equal(t_api_statements(), 1);
	t_db_sql("DELETE FROM session");
	clock_virtual_advance(t_api_clock(), 5001);
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 401);
}

static void signing_out_is_felt_at_once(void **state)
{
	(void)state;
	t_api_user("anna", "trader");
	t_api_remember(true);
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
	assert_int_equal(t_api("anna", "POST", "/api/v1/logout", NULL, NULL),
			 204);
	assert_non_null(strstr(t_api_header("Set-Cookie"), "Max-Age=0"));
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 401);
}

#define PASSWORD "seven wet umbrellas in a row"
#define LOGIN "{\"name\":\"anna\",\"password\":\"" PASSWORD "\"}"

static void a_password(void)
{
	uint64_t id;
	struct err err;

	assert_int_equal(auth_user_add(t_api_auth(), STR("anna"), STR(PASSWORD),
				       USER_TRADER, &id, &err), 0);
}

static void cookie_is(const char *start, bool secure)
{
	const char *text = t_api_header("Set-Cookie");

	assert_non_null(text);
	assert_int_equal(strncmp(text, start, strlen(start)), 0);
	assert_true((strstr(text, "; Secure") != NULL) == secure);
	assert_non_null(strstr(text, "; HttpOnly"));
	assert_non_null(strstr(text, "; SameSite=Strict"));
	assert_non_null(strstr(text, "; Path=/;"));
}

static void signing_in_gives_a_cookie_that_fits_the_connection(void **state)
{
	(void)state;
	a_password();
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN, NULL),
			 200);
	cookie_is("sid=", false);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN,
			       "HTTP_HOST=127.0.0.1:8080", NULL), 200);
	cookie_is("sid=", false);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN,
			       "HTTPS=on", NULL), 200);
	cookie_is("__Host-sid=", true);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN,
			       "HTTP_HOST=orch.example", NULL), 200);
	cookie_is("__Host-sid=", true);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN,
			       "HTTP_HOST=localhost.evil.example", NULL), 200);
	cookie_is("__Host-sid=", true);
	t_api_conf()->cookie_secure = COOKIE_NEVER;
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN,
			       "HTTP_HOST=orch.example", NULL), 200);
	cookie_is("sid=", false);
	t_api_conf()->cookie_secure = COOKIE_ALWAYS;
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", LOGIN, NULL),
			 200);
	cookie_is("__Host-sid=", true);
}

static void signing_in_has_a_limit_of_its_own(void **state)
{
	static const char wrong[] =
		"{\"name\":\"nobody\",\"password\":\"x\"}";
	int n401 = 0, n429 = 0;

	(void)state;
	t_api_conf()->login_per_minute = 3;
	for (int i = 0; i < 5; i++) {
		int status = t_api(NULL, "POST", "/api/v1/login", wrong,
				   "REMOTE_ADDR=203.0.113.9", NULL);

		n401 += status == 401;
		n429 += status == 429;
	}
	assert_int_equal(n401, 3);
	assert_int_equal(n429, 2);
	assert_non_null(t_api_header("Retry-After"));
	assert_int_equal(t_api(NULL, "POST", "/api/v1/login", wrong,
			       "REMOTE_ADDR=203.0.113.10", NULL), 401);
}

static int reports_taken(const char *who, const char *address)
{
	int taken = 0;

	for (int i = 0; i < 20; i++)
		taken += t_api(who, "POST", "/api/logs", "{\"entries\":[{"
			       "\"time\":1,\"level\":\"warn\",\"message\":"
			       "\"m\"}]}", address, NULL) == 202;
	return taken;
}

static void reports_have_a_limit_of_their_own(void **state)
{
	(void)state;
	t_api_user("anna", "viewer");
	t_api_conf()->client_log_per_minute = 10;
	assert_int_equal(reports_taken("anna", "REMOTE_ADDR=203.0.113.1"), 10);
	assert_int_equal(reports_taken(NULL, "REMOTE_ADDR=203.0.113.2"), 2);
	/* And all of that is not taken from anybody's requests. */
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
}

static void an_older_schema_is_not_ready_and_cheap_to_find(void **state)
{
	(void)state;
	assert_int_equal(t_api(NULL, "GET", "/readyz", NULL, NULL), 200);
	assert_true(t_api_statements() <= 1);
	t_db_sql("UPDATE schema_migration SET finished = NULL"
		 " ORDER BY version DESC LIMIT 1");
	assert_int_equal(t_api(NULL, "GET", "/readyz", NULL, NULL), 503);
	assert_non_null(strstr(t_api_text(".detail"), "orchctl migrate"));
	t_db_sql("UPDATE schema_migration SET finished = 1"
		 " WHERE finished IS NULL");
	assert_int_equal(t_api(NULL, "GET", "/readyz", NULL, NULL), 200);
}

static void metrics_can_be_switched_off(void **state)
{
	(void)state;
	assert_int_equal(t_api(NULL, "GET", "/metrics", NULL, NULL), 200);
	t_api_conf()->enable_prometheus = false;
	assert_int_equal(t_api(NULL, "GET", "/metrics", NULL, NULL), 404);
}

/* ---- one's account ---- */

static void preferences_are_changed_in_parts(void **state)
{
	(void)state;
	t_api_user("anna", "viewer");
	assert_int_equal(t_api("anna", "PATCH", "/api/v1/me",
			       "{\"preferences\":{\"theme\":\"dark\"}}", NULL),
			 204);
	assert_int_equal(t_api("anna", "PATCH", "/api/v1/me",
			       "{\"preferences\":{\"locale\":\"de\"}}", NULL),
			 204);
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
	assert_string_equal(t_api_text(".preferences.theme"), "dark");
	assert_string_equal(t_api_text(".preferences.locale"), "de");
	assert_int_equal(t_api("anna", "PATCH", "/api/v1/me",
			       "{\"role\":\"admin\"}", NULL), 400);
}

static void sessions_are_listed_and_ended(void **state)
{
	(void)state;
	t_api_user("anna", "viewer");
	t_api_user("bert", "viewer");
	t_db_sql("INSERT INTO session (user_id, hash, created, seen, expires,"
		 " proved) SELECT user_id, REPEAT('x', 32), created, seen,"
		 " expires, proved FROM session LIMIT 1");
	assert_int_equal(t_api("anna", "GET", "/api/v1/sessions", NULL, NULL),
			 200);
	assert_int_equal(json_len(t_api_json(".items")), 2);
	assert_int_equal(t_api("bert", "DELETE", "/api/v1/sessions/1", NULL,
			       NULL), 404);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM session"), 3);
	assert_int_equal(t_api("anna", "GET", "/api/v1/sessions", NULL, NULL),
			 200);
}

/* ---- logs ---- */

#define ENTRY "\"time\":1700000000000,\"level\":\"error\""

static void pages_report_and_read_their_errors(void **state)
{
	uint64_t anna;

	(void)state;
	anna = t_api_user("anna", "viewer");
	t_api_user("bert", "viewer");
	t_api_user("olga", "admin");
	assert_int_equal(t_api("anna", "POST", "/api/logs",
		"{\"entries\":[{" ENTRY ",\"message\":\"it broke\","
		"\"stack\":\"at f\",\"url\":\"/bots\",\"count\":3,"
		"\"context\":{\"a\":[1,null]},"
		"\"request_id\":\"abc\"}],\"app_version\":\"9\"}", "-csrf",
		NULL), 202);
	assert_int_equal(t_api(NULL, "POST", "/api/v1/logs",
		"{\"entries\":[{" ENTRY ",\"message\":\"no one\"}]}", NULL),
		202);
	assert_int_equal(t_api("anna", "GET", "/api/v1/logs?level=error"
			       "&source=client&q=broke&request_id=abc", NULL,
			       NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 1);
	assert_string_equal(t_api_text(".items[0].message"), "it broke");
	assert_string_equal(t_api_text(".items[0].stack"), "at f");
	assert_string_equal(t_api_text(".items[0].app_version"), "9");
	assert_int_equal(t_api_int(".items[0].context.a[0]"), 1);
	assert_int_equal(t_api_int(".items[0].count"), 3);
	assert_int_equal((uint64_t)t_api_int(".items[0].user_id"), anna);
	assert_int_equal(t_api("bert", "GET", "/api/v1/logs", NULL, NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 0);
	assert_int_equal(t_api("olga", "GET", "/api/v1/logs", NULL, NULL), 200);
	assert_int_equal(json_len(t_api_json(".items")), 2);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM app_log"
				  " WHERE user_id IS NULL"), 1);
}

static void forged_lines_stay_one_entry(void **state)
{
	(void)state;
	t_api_user("anna", "viewer");
	assert_int_equal(t_api("anna", "POST", "/api/logs",
		"{\"entries\":[{" ENTRY ",\"message\":\"x\\n2026-01-01 ERROR "
		"forged\\u0009\"}]}", NULL), 202);
	assert_int_equal(NOTES(), 1);
	assert_int_equal(t_api("anna", "POST", "/api/logs",
		"{\"entries\":[{" ENTRY ",\"message\":\"\\u001b[31m\"}]}", NULL),
		400);
	assert_int_equal(t_api("anna", "POST", "/api/logs",
		"{\"entries\":[]}", NULL), 400);
	assert_int_equal(t_api("anna", "POST", "/api/logs",
		"{\"entries\":[{" ENTRY ",\"message\":\"m\","
		"\"request_id\":\"\\u00e9\"}]}", NULL), 400);
}

static void a_large_context_is_left_out_and_the_rest_kept(void **state)
{
	static char body[40000];
	size_t n;

	(void)state;
	t_api_user("anna", "viewer");
	n = (size_t)snprintf(body, sizeof(body), "{\"entries\":[{" ENTRY
		",\"message\":\"m\",\"url\":\"/x\",\"context\":\"");
	memset(body + n, 'a', 20000);
	strcpy(body + n + 20000, "\"}]}");
	assert_int_equal(t_api("anna", "POST", "/api/logs", body, NULL), 202);
	assert_int_equal(t_api("anna", "GET", "/api/v1/logs", NULL, NULL), 200);
	assert_string_equal(t_api_text(".items[0].url"), "/x");
	assert_null(t_api_text(".items[0].context"));
}

static void logs_are_walked_by_cursor(void **state)
{
	char path[120] = "/api/v1/logs?limit=2";
	int seen = 0;

	(void)state;
	t_api_user("anna", "trader");
	for (int i = 0; i < 5; i++)
		assert_int_equal(NOTE("anna", "x", NULL), 201);
	for (int pages = 0; pages < 3; pages++) {
		assert_int_equal(t_api("anna", "GET", path, NULL, NULL), 200);
		seen += (int)json_len(t_api_json(".items"));
		if (t_api_text(".next") == NULL)
			break;
		snprintf(path, sizeof(path), "/api/v1/logs?limit=2&cursor=%s",
			 t_api_text(".next"));
	}
	assert_int_equal(seen, 5);
	assert_null(t_api_text(".next"));
}

/* ---- the whole ---- */

/* Pages that gather several things, with what they may cost. */
static unsigned budget_of(const char *path)
{
	return strcmp(path, "/api/v1/dashboard") == 0 ? 5 : 2;
}

/* Every GET without parameters in its path: fits its schema (t_api checks
 * that), and costs two statements at most with the caller's own. */
static void reads_cost_two_statements_at_most(void **state)
{
	struct arena *a = arena_new("routes", 4 << 20);
	struct routes *rs;
	struct err err;

	(void)state;
	t_api_user("olga", "admin");
	assert_int_equal(routes_all(a, &rs, &err), 0);
	for (size_t i = 0; i < routes_len(rs); i++) {
		const struct route *r = routes_at(rs, i);
		int status;

		if (r->method != M_GET || r->path_in != NULL)
			continue;
		status = t_api("olga", "GET", r->path, NULL, NULL);
		if (status != 200)
			fail_msg("GET %s: %d %s", r->path, status,
				 t_api_body());
		if (t_api_statements() > budget_of(r->path))
			fail_msg("GET %s: %u statements", r->path,
				 t_api_statements());
	}
	arena_free(&a);
}

static void without_the_database_it_is_503_and_comes_back(void **state)
{
	int64_t began;

	(void)state;
	t_api_user("anna", "trader");
	t_db_stop();
	began = clock_mono_ns();
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 503);
	assert_string_equal(t_api_text(".code"), "DB");
	assert_null(strstr(t_api_body(), "sock"));
	assert_int_equal(NOTE("anna", "x", KEY("k9")), 503);
	assert_int_equal(t_api(NULL, "GET", "/livez", NULL, NULL), 200);
	assert_int_equal(t_api(NULL, "GET", "/readyz", NULL, NULL), 503);
	assert_int_equal(t_api(NULL, "GET", "/healthz", NULL, NULL), 200);
	assert_string_equal(t_api_text(".status"), "down");
	assert_true(clock_mono_ns() - began < INT64_C(5000000000));
	t_db_restart();
	for (int i = 0; i < 100; i++) {
		if (t_api("anna", "GET", "/api/v1/me", NULL, NULL) == 200)
			break;
		clock_sleep_ms(50);
	}
	assert_int_equal(t_api("anna", "GET", "/api/v1/me", NULL, NULL), 200);
	assert_int_equal(t_api(NULL, "GET", "/readyz", NULL, NULL), 200);
	assert_int_equal(NOTE("anna", "x", KEY("k9")), 201);
	assert_int_equal(NOTES(), 1);
}

static void a_frozen_database_is_503_in_time(void **state)
{
	int64_t began;
	int status;

	(void)state;
	t_api_user("anna", "trader");
	t_db_freeze();
	began = clock_mono_ns();
	status = t_api("anna", "GET", "/api/v1/me", NULL, NULL);
	t_db_thaw();
	assert_true(status == 503 || status == 504);
	assert_true(clock_mono_ns() - began < INT64_C(10000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, fresh, NULL)
		T(the_same_key_and_body_are_done_once),
		T(without_a_key_each_is_done),
		T(the_same_key_with_another_body_is_422),
		T(keys_belong_to_their_user),
		T(malformed_keys_are_refused),
		T(what_failed_left_nothing_and_may_be_tried_again),
		T(a_key_that_is_being_worked_on_is_409),
		T(a_worker_that_dies_leaves_nothing_half_done),
		T(a_key_that_made_a_secret_does_not_show_it_again),
		T(a_token_gets_in_within_its_scopes),
		T(a_write_needs_the_csrf_token),
		T(roles_are_kept),
		T(a_caller_is_remembered_for_seconds_only),
		T(signing_out_is_felt_at_once),
		T(signing_in_gives_a_cookie_that_fits_the_connection),
		T(signing_in_has_a_limit_of_its_own),
		T(reports_have_a_limit_of_their_own),
		T(an_older_schema_is_not_ready_and_cheap_to_find),
		T(metrics_can_be_switched_off),
		T(preferences_are_changed_in_parts),
		T(sessions_are_listed_and_ended),
		T(pages_report_and_read_their_errors),
		T(forged_lines_stay_one_entry),
		T(a_large_context_is_left_out_and_the_rest_kept),
		T(logs_are_walked_by_cursor),
		T(reads_cost_two_statements_at_most),
		T(without_the_database_it_is_503_and_comes_back),
		T(a_frozen_database_is_503_in_time),
	};

	t_db_start();
	t_db_schema();
	t_api_start(&area_test);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
