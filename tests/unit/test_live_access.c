#include "config.h"

#include "core/arena.h"
#include "live/access_i.h"
#include "test.h"

static struct conf conf;
static const char *const origins[] = { "https://charts.example" };

static struct live_ask ask(const char *origin)
{
	return (struct live_ask){ .host = "bots.example:8080",
		.origin = origin, .cookie = "", .authorization = "",
		.site = "", .websocket = true };
}

static int setup(void **state)
{
	(void)state;
	conf = (struct conf){ .cookie_secure = COOKIE_AUTO };
	conf.cors_origins = (struct conf_list){ 1, origins };
	return 0;
}

static bool origin_ok(const char *origin)
{
	struct live_ask q = ask(origin);

	return access_origin_ok(&conf, &q);
}

static void a_page_of_ours_may_connect(void **state)
{
	struct live_ask q = ask("https://bots.example:8080");

	(void)state;
	assert_true(origin_ok("http://bots.example:8080"));
	assert_true(origin_ok("http://BOTS.example:8080"));
	assert_true(origin_ok("https://charts.example"));
	assert_false(access_origin_ok(&conf, &q));	/* we are http */
	q.https = true;
	assert_true(access_origin_ok(&conf, &q));
}

static void a_page_of_others_may_not(void **state)
{
	(void)state;
	assert_false(origin_ok("http://evil.example"));
	assert_false(origin_ok("http://bots.example"));
	assert_false(origin_ok("http://bots.example:8080.evil.example"));
	assert_false(origin_ok("http://bots.example:80801"));
	assert_false(origin_ok("null"));
	assert_false(origin_ok("https://charts.example.evil.example"));
	assert_false(origin_ok("http://"));
}

static void without_an_origin_only_programs_and_event_sources(void **state)
{
	struct live_ask q = ask("");

	(void)state;
	assert_false(access_origin_ok(&conf, &q));
	q.authorization = "Bearer x";
	assert_true(access_origin_ok(&conf, &q));
	q = ask("");
	q.websocket = false;
	assert_true(access_origin_ok(&conf, &q));
	q.site = "same-origin";
	assert_true(access_origin_ok(&conf, &q));
	q.site = "cross-site";
	assert_false(access_origin_ok(&conf, &q));
	q.host = "";
	q.origin = "http://";
	assert_false(access_origin_ok(&conf, &q));
}

static void the_cookie_has_the_name_that_holds_here(void **state)
{
	struct live_ask q = ask("");
	struct str v;

	(void)state;
	q.cookie = "sid=plain; __Host-sid=secure";
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "secure"));
	q.host = "localhost:8080";
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "plain"));
	q.host = "localhost.evil.example";
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "secure"));
	q.host = "127.0.0.1";
	q.https = true;
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "secure"));
	conf.cookie_secure = COOKIE_NEVER;
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "plain"));
	conf.cookie_secure = COOKIE_ALWAYS;
	q.host = "localhost";
	q.https = false;
	assert_true(access_cookie(&conf, &q, &v) && str_eqc(v, "secure"));
	q.cookie = "sid=plain";
	assert_false(access_cookie(&conf, &q, &v));
}

static void a_token_follows_bearer(void **state)
{
	struct live_ask q = ask("");

	(void)state;
	q.authorization = "bearer  bot_x ";
	assert_true(str_eqc(access_bearer(&q), "bot_x"));
	q.authorization = "Basic abc";
	assert_int_equal(access_bearer(&q).n, 0);
	q.authorization = "Bearer";
	assert_int_equal(access_bearer(&q).n, 0);
	q.authorization = "";
	assert_int_equal(access_bearer(&q).n, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, NULL)
	const struct CMUnitTest tests[] = {
		T(a_page_of_ours_may_connect),
		T(a_page_of_others_may_not),
		T(without_an_origin_only_programs_and_event_sources),
		T(the_cookie_has_the_name_that_holds_here),
		T(a_token_follows_bearer),
	};

	return cmocka_run_group_tests_name("live access", tests, NULL, NULL);
}
