#include "config.h"
#include "test.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cache/cache_i.h"
#include "core/clock.h"

/* Against a redis-server of our own, on a socket in a private directory. */

static char dir[] = "/tmp/test_redis.XXXXXX";
static pid_t server;
static int port;

static int free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static void start_server(void)
{
	char path[100], text[20];
	int64_t until = clock_mono_ns() + INT64_C(10000000000);

	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(text, sizeof(text), "%d", port);
	server = fork();
	if (server == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(null, 1);
		dup2(null, 2);
		execlp("redis-server", "redis-server", "--unixsocket", path,
		       "--port", text, "--bind", "127.0.0.1", "--dir", dir,
		       "--save", "", "--requirepass", "hunter2", NULL);
		_exit(127);
	}
	while (access(path, F_OK) != 0) {
		assert_true(clock_mono_ns() < until);
		clock_sleep_ms(5);
	}
}

static void stop_server(void)
{
	char path[100];
	int st;

	kill(server, SIGKILL);
	waitpid(server, &st, 0);
	server = 0;
	snprintf(path, sizeof(path), "%s/s", dir);
	unlink(path);
}

static struct cache *host(struct arena *a, const char *name, const char *url)
{
	struct conf *conf = conf_defaults(a, dir);
	struct cache *c = NULL;
	struct err err;

	conf->run_dir = arena_printf(a, "%s/%s", dir, name);
	conf->redis_url = url != NULL ? url :
		arena_printf(a, "unix://:hunter2@%s/s?db=3", dir);
	assert_true(access(conf->run_dir, F_OK) == 0);
	if (cache_new(a, conf, &c, &err) < 0)
		fail_msg("%s", err.msg);
	return c;
}

static int setup(void **state)
{
	*state = arena_new("t", 64 << 20);
	if (server == 0)
		start_server();
	return 0;
}

static int teardown(void **state)
{
	struct arena *a = *state;

	arena_free(&a);
	if (server != 0)
		kill(server, SIGCONT);
	return 0;
}

static bool get(struct cache *c, struct arena *a, uint64_t version, const char *key,
		const char *want)
{
	struct str v;

	if (!cache_get(c, a, 5, version, str_c(key), &v))
		return false;
	if (!str_eqc(v, want))
		fail_msg("%s is %s, not %s", key, v.p, want);
	return true;
}

static void put(struct cache *c, uint64_t version, const char *key, const char *v)
{
	cache_put(c, 5, version, str_c(key), str_c(v), 60000);
}

static void what_one_host_computed_another_has(void **state)
{
	struct cache *a = host(*state, "a", NULL), *b;

	assert_false(get(a, *state, 1, "k", ""));
	put(a, 1, "k", "with\nlines and \xc3\xa9");
	b = host(*state, "b", NULL);
	/* The first use of an area on a host voids what was there. */
	assert_false(get(b, *state, 9, "k", ""));
	clock_sleep_ms(1050);
	assert_false(get(a, *state, 1, "k", ""));
	put(a, 1, "k", "new");
	assert_true(get(b, *state, 9, "k", "new"));
	assert_int_equal(cache_stats(b).shared_hits, 1);
	assert_true(get(b, *state, 9, "k", "new"));	/* its own copy now */
	assert_int_equal(cache_stats(b).shared_hits, 1);
	assert_int_equal(cache_stats(a).redis_errors, 0);
}

static void a_change_on_one_host_voids_the_others_within_a_second(void **state)
{
	struct cache *a = host(*state, "a", NULL), *b = host(*state, "b", NULL);

	assert_false(get(a, *state, 1, "x", ""));
	assert_false(get(b, *state, 1, "x", ""));
	clock_sleep_ms(1050);
	assert_false(get(a, *state, 1, "x", ""));
	put(a, 1, "x", "old");
	assert_true(get(b, *state, 1, "x", "old"));
	assert_false(get(a, *state, 2, "x", ""));	/* a wrote something */
	clock_sleep_ms(1050);
	assert_false(get(b, *state, 1, "x", ""));
	/* Computed before the change was heard of, stored after it. */
	assert_false(get(b, *state, 1, "y", ""));
	assert_false(get(a, *state, 3, "y", ""));
	clock_sleep_ms(1050);
	put(b, 1, "z", "asks Redis");
	put(b, 1, "y", "too old");
	assert_false(get(a, *state, 3, "y", ""));
	assert_false(get(b, *state, 1, "y", ""));
}

static void a_redis_that_does_not_answer_costs_its_deadline_once(void **state)
{
	struct cache *a = host(*state, "a", NULL);
	int64_t t0, took;

	assert_false(get(a, *state, 1, "k", ""));
	put(a, 1, "k", "v");
	assert_true(get(a, *state, 1, "k", "v"));
	assert_int_equal(kill(server, SIGSTOP), 0);
	t0 = clock_mono_ns();
	assert_false(get(a, *state, 1, "other", ""));
	took = (clock_mono_ns() - t0) / 1000000;
	assert_true(took >= 150 && took < 1500);
	assert_int_equal(cache_stats(a).redis_errors, 1);
	t0 = clock_mono_ns();
	for (int i = 0; i < 20; i++) {
		assert_true(get(a, *state, 1, "k", "v"));
		assert_false(get(a, *state, 1, "other", ""));
	}
	took = (clock_mono_ns() - t0) / 1000000;
	assert_true(took < 1500);
	assert_int_equal(cache_stats(a).redis_errors, 1);
}

static void a_dead_redis_breaks_nothing_and_is_found_again(void **state)
{
	struct cache *a = host(*state, "a", NULL), *b = host(*state, "b", NULL);
	int64_t us, until;
	struct err err;

	assert_false(get(a, *state, 1, "k", ""));
	put(a, 1, "k", "old");
	assert_int_equal(cache_redis_ping(a, &us, &err), 0);
	stop_server();
	assert_true(get(a, *state, 1, "k", "old"));
	assert_false(get(a, *state, 1, "none", ""));
	assert_int_equal(cache_redis_ping(a, &us, &err), -E_BUSY);
	put(a, 1, "l", "local");
	assert_true(get(a, *state, 1, "l", "local"));
	start_server();
	until = clock_mono_ns() + INT64_C(5000000000);
	while (cache_redis_ping(a, &us, &err) < 0) {
		assert_true(clock_mono_ns() < until);
		clock_sleep_ms(20);
	}
	assert_false(get(b, *state, 1, "k", ""));
	clock_sleep_ms(1050);
	assert_false(get(a, *state, 1, "m", ""));
	put(a, 1, "m", "again");
	assert_true(get(b, *state, 1, "m", "again"));
}

/* The change is remembered until Redis has heard of it: what it held before
 * must not come back. */
static void a_change_made_while_redis_was_away_is_told_later(void **state)
{
	struct cache *a = host(*state, "a", NULL), *b = host(*state, "b", NULL);
	int64_t until;

	assert_false(get(b, *state, 1, "p", ""));
	assert_false(get(a, *state, 1, "p", ""));
	put(a, 1, "p", "old");
	kill(server, SIGSTOP);
	assert_false(get(a, *state, 2, "p", ""));	/* cannot be told */
	assert_true(a->shared->areas[5].owed);
	kill(server, SIGCONT);
	assert_false(get(a, *state, 2, "p", ""));
	until = clock_mono_ns() + INT64_C(6000000000);
	while (a->shared->areas[5].owed) {
		assert_false(get(a, *state, 2, "p", ""));
		assert_true(clock_mono_ns() < until);
		clock_sleep_ms(50);
	}
	assert_false(get(a, *state, 2, "p", ""));
	clock_sleep_ms(1050);
	assert_false(get(b, *state, 1, "p", ""));
}

static void the_pool_counts_the_connections_of_all_processes(void **state)
{
	struct cache *a = host(*state, "a", NULL);
	int up[2], st;
	int64_t us;
	struct err err;
	pid_t pid;
	char c;

	((struct conf *)(uintptr_t)a->conf)->redis_pool_size = 1;
	a->redis->pool_size = 1;
	assert_int_equal(pipe(up), 0);
	pid = fork();
	if (pid == 0) {
		if (cache_redis_ping(a, &us, &err) < 0 || write(up[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(up[0], &c, 1), 1);
	assert_int_equal(cache_redis_ping(a, &us, &err), -E_BUSY);
	assert_int_equal(cache_stats(a).redis_errors, 0);	/* no fault of Redis */
	assert_false(get(a, *state, 1, "k", ""));
	put(a, 1, "k", "works without");
	assert_true(get(a, *state, 1, "k", "works without"));
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	clock_sleep_ms(1050);
	assert_int_equal(cache_redis_ping(a, &us, &err), 0);
	close(up[0]);
	close(up[1]);
}

static void redis_is_reached_by_tcp_and_by_name(void **state)
{
	char url[100];
	struct err err;
	int64_t us, until;
	struct cache *c;

	snprintf(url, sizeof(url), "redis://:hunter2@127.0.0.1:%d/1", port);
	assert_int_equal(cache_redis_ping(host(*state, "a", url), &us, &err), 0);
	snprintf(url, sizeof(url), "redis://default:hunter2@localhost:%d", port);
	c = host(*state, "a", url);
	until = clock_mono_ns() + INT64_C(5000000000);
	while (cache_redis_ping(c, &us, &err) < 0) {
		assert_true(clock_mono_ns() < until);
		clock_sleep_ms(20);
	}
	snprintf(url, sizeof(url), "redis://:wrong@127.0.0.1:%d", port);
	c = host(*state, "a", url);
	assert_int_equal(cache_redis_ping(c, &us, &err), -E_BUSY);
	assert_int_equal(cache_stats(c).redis_errors, 1);
	snprintf(url, sizeof(url), "redis://:hunter2@127.0.0.1:%d/99", port);
	assert_int_equal(cache_redis_ping(host(*state, "a", url), &us, &err), -E_BUSY);
	c = host(*state, "a", "redis://no-such-host.invalid");
	assert_int_equal(cache_redis_ping(c, &us, &err), -E_BUSY);
}

static int n_heard;
static char heard[100];

static void hear(void *ctx, struct str text)
{
	(void)ctx;
	n_heard++;
	snprintf(heard, sizeof(heard), "%.*s", STR_ARG(text));
}

static void run_until(struct cache_sub *s, int wanted)
{
	int64_t until = clock_mono_ns() + INT64_C(8000000000);

	while (wanted < 0 ? !cache_sub_ready(s) : n_heard < wanted) {
		struct pollfd p = { cache_sub_fd(s), POLLIN, 0 };

		if (cache_sub_writes(s))
			p.events |= POLLOUT;
		assert_true(clock_mono_ns() < until);
		poll(&p, 1, 20);
		cache_sub_run(s);
	}
}

static void events_reach_the_other_hosts_and_survive_a_restart(void **state)
{
	struct cache *a = host(*state, "a", NULL), *b = host(*state, "b", NULL);
	struct cache_sub *s = cache_sub_new(*state, b, "events", hear, NULL);

	n_heard = 0;
	run_until(s, -1);
	assert_true(cache_publish(b, "events", STR("my own")));
	assert_true(cache_publish(a, "other", STR("another channel")));
	assert_true(cache_publish(a, "events", STR("{\"topic\":\"x y\"}")));
	run_until(s, 1);
	assert_string_equal(heard, "{\"topic\":\"x y\"}");
	assert_int_equal(n_heard, 1);
	stop_server();
	clock_sleep_ms(20);
	cache_sub_run(s);
	assert_false(cache_sub_ready(s));
	assert_false(cache_publish(a, "events", STR("lost")));
	start_server();
	run_until(s, -1);
	for (int i = 0; i < 200 && !cache_publish(a, "events", STR("back")); i++)
		clock_sleep_ms(20);
	run_until(s, 2);
	assert_string_equal(heard, "back");
}

static int finish(void **state)
{
	char cmd[100];

	(void)state;
	if (server != 0)
		stop_server();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_one_host_computed_another_has),
		CASE(a_change_on_one_host_voids_the_others_within_a_second),
		CASE(a_redis_that_does_not_answer_costs_its_deadline_once),
		CASE(a_dead_redis_breaks_nothing_and_is_found_again),
		CASE(a_change_made_while_redis_was_away_is_told_later),
		CASE(the_pool_counts_the_connections_of_all_processes),
		CASE(redis_is_reached_by_tcp_and_by_name),
		CASE(events_reach_the_other_hosts_and_survive_a_restart),
	};
	const char *require = getenv("ORCH_REQUIRE_INTEG");
	char sub[40];

	if (system("command -v redis-server >/dev/null") != 0) {
		if (require != NULL && strcmp(require, "1") == 0)
			puts("Bail out! redis-server is not installed");
		else
			puts("1..0 # SKIP redis-server is not installed");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(dir) == NULL)
		return 99;
	for (int i = 0; i < 2; i++) {
		snprintf(sub, sizeof(sub), "%s/%c", dir, 'a' + i);
		if (mkdir(sub, 0700) < 0)
			return 99;
	}
	port = free_port();
	return cmocka_run_group_tests(tests, NULL, finish);
}
