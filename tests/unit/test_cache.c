#include "config.h"
#include "test.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cache/cache_i.h"
#include "core/clock.h"
#include "core/rand.h"

static int setup(void **state)
{
	*state = arena_new("t", 64 << 20);
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;

	arena_free(&a);
	return 0;
}

static struct conf *settings(struct arena *a, int64_t size, int64_t entry_max)
{
	struct conf *c = conf_defaults(a, "/tmp");

	c->cache_max_size = size;
	c->cache_entry_max = entry_max;
	return c;
}

static struct cache *make(struct arena *a, int64_t size, int64_t entry_max)
{
	struct cache *c = NULL;
	struct err err;

	if (cache_new(a, settings(a, size, entry_max), &c, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static void an_answer_is_given_back_while_its_version_stands(void **state)
{
	struct cache *c = make(*state, 100, 1000);
	struct str v = STR("untouched");

	assert_false(cache_get(c, *state, 3, 7, STR("k"), &v));
	assert_true(str_eqc(v, "untouched"));
	cache_put(c, 3, 7, STR("k"), STR("one"), 60000);
	assert_true(cache_get(c, *state, 3, 7, STR("k"), &v));
	assert_string_equal(v.p, "one");
	assert_false(cache_get(c, *state, 4, 7, STR("k"), &v));
	cache_put(c, 3, 7, STR("k"), STR("two"), 60000);
	assert_true(cache_get(c, *state, 3, 7, STR("k"), &v));
	assert_string_equal(v.p, "two");
	assert_int_equal(cache_stats(c).entries, 1);
	assert_false(cache_get(c, *state, 3, 8, STR("k"), &v));
	/* Read before version 8, stored after it: too late. */
	cache_put(c, 3, 7, STR("k"), STR("old"), 60000);
	assert_false(cache_get(c, *state, 3, 7, STR("k"), &v));
	assert_false(cache_get(c, *state, 3, 8, STR("k"), &v));
	cache_put(c, 3, 8, STR("k"), STR(""), 60000);
	assert_true(cache_get(c, *state, 3, 8, STR("k"), &v));
	assert_int_equal(v.n, 0);
}

static void an_answer_lives_as_long_as_it_may(void **state)
{
	struct conf *conf = settings(*state, 10, 1000);
	struct cache *c;
	struct err err;
	struct str v;

	conf->cache_ttl = 1;
	assert_int_equal(cache_new(*state, conf, &c, &err), 0);
	cache_put(c, 0, 1, STR("short"), STR("x"), 20);
	cache_put(c, 0, 1, STR("long"), STR("x"), 60000);
	cache_put(c, 0, 1, STR("none"), STR("x"), 0);
	assert_true(cache_get(c, *state, 0, 1, STR("short"), &v));
	assert_false(cache_get(c, *state, 0, 1, STR("none"), &v));
	clock_sleep_ms(25);
	assert_false(cache_get(c, *state, 0, 1, STR("short"), &v));
	assert_true(cache_get(c, *state, 0, 1, STR("long"), &v));
	clock_sleep_ms(1000);		/* cache_ttl cuts it */
	assert_false(cache_get(c, *state, 0, 1, STR("long"), &v));
}

static void a_cache_of_no_size_or_time_holds_nothing(void **state)
{
	struct conf *conf = settings(*state, 0, 1000);
	struct cache *c;
	struct err err;
	struct str v;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(cache_new(*state, conf, &c, &err), 0);
		cache_put(c, 0, 1, STR("k"), STR("x"), 60000);
		assert_false(cache_get(c, *state, 0, 1, STR("k"), &v));
		assert_int_equal(cache_stats(c).entries, 0);
		conf->cache_max_size = 10;
		conf->cache_ttl = 0;
	}
	assert_false(cache_has_redis(c));
	assert_false(cache_publish(c, "events", STR("x")));
}

static void what_is_too_large_is_not_kept(void **state)
{
	struct cache *c = make(*state, 10, 1000);
	static char text[1001];
	struct str v;

	memset(text, 'x', sizeof(text));
	cache_put(c, 0, 1, STR("k"), str_n(text, 999), 60000);
	assert_true(cache_get(c, *state, 0, 1, STR("k"), &v));
	assert_int_equal(v.n, 999);
	cache_put(c, 0, 1, STR("l"), str_n(text, 1000), 60000);
	assert_false(cache_get(c, *state, 0, 1, STR("l"), &v));
	cache_put(c, 0, 1, str_n(text, 1001), STR(""), 60000);
	assert_false(cache_get(c, *state, 0, 1, str_n(text, 1001), &v));
}

static void the_least_used_makes_room_and_the_size_is_kept(void **state)
{
	struct cache *c = make(*state, 100, 256);
	char key[20];
	struct str v;
	int found = 0;

	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		cache_put(c, 0, 1, str_c(key), str_c(key), 60000);
		/* Used all the time, so it stays. */
		if (i == 0)
			cache_put(c, 0, 1, STR("hot"), STR("hot"), 60000);
		assert_true(cache_get(c, *state, 0, 1, STR("hot"), &v));
	}
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		if (cache_get(c, *state, 0, 1, str_c(key), &v)) {
			assert_string_equal(v.p, key);
			found++;
		}
	}
	assert_int_equal(found, 99);
	assert_int_equal(cache_stats(c).entries, 100);
	assert_int_equal(cache_stats(c).evicted, 1001 - 100);
}

static void a_stripe_of_a_killed_process_is_wiped_and_works_on(void **state)
{
	struct cache *c = make(*state, 16, 256);	/* one stripe */
	struct str v;
	int st;
	pid_t pid;

	cache_put(c, 0, 1, STR("k"), STR("x"), 60000);
	pid = fork();
	if (pid == 0) {
		table_hold(c->table, STR("k"), 0);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &st, 0), pid);
	assert_true(WIFSIGNALED(st));
	assert_false(cache_get(c, *state, 0, 1, STR("k"), &v));
	assert_int_equal(cache_stats(c).wiped, 1);
	cache_put(c, 0, 1, STR("k"), STR("y"), 60000);
	assert_true(cache_get(c, *state, 0, 1, STR("k"), &v));
	assert_string_equal(v.p, "y");
}

/* Several processes that put and get, some of them killed in the middle:
 * nobody ever sees a value that was not put under its key. */
static void processes_share_it_and_die_in_it(void **state)
{
	enum { PROCS = 4, KEYS = 60 };
	struct cache *c = make(*state, 64, 512);
	pid_t pids[PROCS];
	int st;

	for (int p = 0; p < PROCS; p++) {
		pids[p] = fork();
		if (pids[p] == 0) {
			struct arena *a = arena_new("child", 16 << 20);
			struct rng r;

			rng_seed(&r, (uint64_t)p);
			for (int i = 0; i < (p == 0 ? 30000 : 1 << 30); i++) {
				char key[20], text[300];
				unsigned k = (unsigned)rng_below(&r, KEYS);
				struct str v;

				snprintf(key, sizeof(key), "k%u", k);
				snprintf(text, sizeof(text), "%*u", 200, k);
				if (rng_below(&r, 3) == 0)
					cache_put(c, 0, 1, str_c(key), str_c(text), 60000);
				else if (cache_get(c, a, 0, 1, str_c(key), &v) &&
					 !str_eqc(v, text))
					_exit(1);
				arena_reset(a);
			}
			_exit(0);
		}
	}
	assert_int_equal(waitpid(pids[0], &st, 0), pids[0]);
	assert_true(WIFEXITED(st) && WEXITSTATUS(st) == 0);
	for (int p = 1; p < PROCS; p++) {
		struct str v;

		assert_int_equal(kill(pids[p], SIGKILL), 0);
		assert_int_equal(waitpid(pids[p], &st, 0), pids[p]);
		assert_true(WIFSIGNALED(st) && WTERMSIG(st) == SIGKILL);
		for (int k = 0; k < KEYS; k++) {
			char key[20];

			snprintf(key, sizeof(key), "k%d", k);
			if (cache_get(c, *state, 0, 1, str_c(key), &v))
				assert_int_equal(v.n, 200);
		}
	}
	assert_true(cache_stats(c).hits > 0);
}

static void urls_of_redis_are_taken_apart(void **state)
{
	static const struct { const char *url, *path, *host, *user, *pass; int port, db; } t[] = {
		{ "redis://h", NULL, "h", NULL, NULL, 6379, 0 },
		{ "redis://h:1/2", NULL, "h", NULL, NULL, 1, 2 },
		{ "redis://h/", NULL, "h", NULL, NULL, 6379, 0 },
		{ "redis://u:p@h:7", NULL, "h", "u", "p", 7, 0 },
		{ "redis://:p%40%2f@h", NULL, "h", NULL, "p@/", 6379, 0 },
		{ "redis://u:a/b@c@h/3", NULL, "h", "u", "a/b@c", 6379, 3 },
		{ "redis://[::1]:8/1", NULL, "::1", NULL, NULL, 8, 1 },
		{ "redis://[::1]", NULL, "::1", NULL, NULL, 6379, 0 },
		{ "unix:///run/r.sock", "/run/r.sock", NULL, NULL, NULL, 6379, 0 },
		{ "unix:///r?db=4", "/r", NULL, NULL, NULL, 6379, 4 },
		{ "unix://u:p@/r", "/r", NULL, "u", "p", 6379, 0 },
	};
	static const char *const bad[] = { "", "h", "http://h", "redis://", "redis://:1",
		"redis://h:", "redis://h:0", "redis://h:65536", "redis://h:x",
		"redis://h/x", "redis://h/-1", "redis://u:%zz@h", "redis://u:%00@h",
		"redis://[::1", "redis://[::1]x", "unix://", "unix:///", "unix://r",
		"unix:///r?x=1", "unix:///r?db=", "rediss://h", "redis://a@" };
	struct redis_url u;
	struct err err;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (redis_url_parse(*state, bad[i], &u, &err) != -E_INVAL)
			fail_msg("accepted %s", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		assert_int_equal(redis_url_parse(*state, t[i].url, &u, &err), 0);
		assert_true(str_eq(str_c(u.path), str_c(t[i].path)));
		assert_true(str_eq(str_c(u.host), str_c(t[i].host)));
		assert_true(str_eq(str_c(u.user), str_c(t[i].user)));
		assert_true(str_eq(str_c(u.password), str_c(t[i].pass)));
		assert_int_equal(u.port, t[i].port);
		assert_int_equal(u.db, t[i].db);
	}
}

static void a_malformed_url_stops_the_start_and_is_not_repeated(void **state)
{
	struct conf *conf = settings(*state, 10, 1000);
	struct cache *c;
	struct err err;

	conf->redis_url = "redis://u:hunter2@h:x";
	assert_int_equal(cache_new(*state, conf, &c, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "redis_url"));
	assert_null(strstr(err.msg, "hunter2"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_answer_is_given_back_while_its_version_stands),
		CASE(an_answer_lives_as_long_as_it_may),
		CASE(a_cache_of_no_size_or_time_holds_nothing),
		CASE(what_is_too_large_is_not_kept),
		CASE(the_least_used_makes_room_and_the_size_is_kept),
		CASE(a_stripe_of_a_killed_process_is_wiped_and_works_on),
		CASE(processes_share_it_and_die_in_it),
		CASE(urls_of_redis_are_taken_apart),
		CASE(a_malformed_url_stops_the_start_and_is_not_repeated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
