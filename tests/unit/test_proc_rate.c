#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "proc/board.h"
#include "test.h"

#define SECOND	INT64_C(1000000000)

static char dir[] = "/tmp/orch-rate-XXXXXX";
static char path[64];
static int64_t t0;

static int setup(void **state)
{
	struct arena *a = arena_new("test", 1 << 20);
	struct board *b;
	struct err err;

	*state = a;
	assert_int_equal(board_open(a, path, &b, &err), 0);
	board_attach(b);
	t0 = clock_mono_ns();
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

static unsigned take_all(uint64_t key, unsigned per_minute, unsigned burst,
			 int64_t now)
{
	struct rate_verdict v;
	unsigned n = 0;

	for (;;) {
		rate_take(board_attached(), key, per_minute, burst, now, &v);
		if (!v.allowed)
			return n;
		n++;
	}
}

static void a_burst_is_allowed_and_no_more(void **state)
{
	uint64_t key = rate_key_user(board_attached(), RATE_USER, 7);
	struct rate_verdict v;

	(void)state;
	rate_take(board_attached(), key, 60, 100, t0, &v);
	assert_true(v.allowed);
	assert_int_equal(v.limit, 100);
	assert_int_equal(v.remaining, 99);
	assert_int_equal(v.reset_ms, 1000);
	assert_int_equal(v.retry_ms, 0);
	assert_int_equal(take_all(key, 60, 100, t0), 99);
	rate_take(board_attached(), key, 60, 100, t0, &v);
	assert_false(v.allowed);
	assert_int_equal(v.remaining, 0);
	assert_int_equal(v.retry_ms, 1000);
	assert_int_equal(v.reset_ms, 100000);
}

static void tokens_come_back_with_time(void **state)
{
	uint64_t key = rate_key_user(board_attached(), RATE_USER, 8);

	(void)state;
	assert_int_equal(take_all(key, 60, 10, t0), 10);
	assert_int_equal(take_all(key, 60, 10, t0 + SECOND / 2), 0);
	assert_int_equal(take_all(key, 60, 10, t0 + SECOND + 1000000), 1);
	assert_int_equal(take_all(key, 60, 10, t0 + 4 * SECOND + 1000000), 3);
	/* Never more than the bucket holds. */
	assert_int_equal(take_all(key, 60, 10, t0 + 3600 * SECOND), 10);
}

static void a_refusal_costs_nothing(void **state)
{
	uint64_t key = rate_key_user(board_attached(), RATE_USER, 9);
	struct rate_verdict v;

	(void)state;
	take_all(key, 60, 1, t0);
	for (int i = 0; i < 1000; i++)
		rate_take(board_attached(), key, 60, 1, t0 + SECOND / 2, &v);
	assert_int_equal(take_all(key, 60, 1, t0 + SECOND + 1000000), 1);
}

static void users_and_addresses_have_buckets_of_their_own(void **state)
{
	const struct board *b = board_attached();

	(void)state;
	assert_int_equal(take_all(rate_key_user(b, RATE_USER, 1), 60, 5, t0), 5);
	assert_int_equal(take_all(rate_key_user(b, RATE_USER, 2), 60, 5, t0), 5);
	assert_int_equal(take_all(rate_key_user(b, RATE_LOGIN, 1), 60, 5, t0), 5);
	assert_int_equal(take_all(rate_key_address(b, RATE_ADDRESS, "10.0.0.1"),
				  60, 5, t0), 5);
	assert_int_equal(take_all(rate_key_address(b, RATE_ADDRESS, "10.0.0.2"),
				  60, 5, t0), 5);
}

static void ipv6_counts_by_its_network(void **state)
{
	const struct board *b = board_attached();
#define KEY(a) rate_key_address(b, RATE_ADDRESS, a)

	(void)state;
	assert_int_equal(KEY("2001:db8:1:2::1"), KEY("2001:db8:1:2:ffff::9"));
	assert_int_not_equal(KEY("2001:db8:1:2::1"), KEY("2001:db8:1:3::1"));
	assert_int_equal(KEY("::ffff:10.1.2.3"), KEY("10.1.2.3"));
	assert_int_not_equal(KEY("10.1.2.3"), KEY("10.1.2.4"));
	/* "::" is 0/64 and not the IPv4 address 0.0.0.0. */
	assert_int_not_equal(KEY("::"), KEY("0.0.0.0"));
	assert_int_equal(KEY(""), KEY("unix:"));
#undef KEY
}

static void many_keys_push_out_the_fullest_first(void **state)
{
	const struct board *b = board_attached();
	uint64_t hot = rate_key_user(b, RATE_USER, 1);
	struct rate_verdict v;

	(void)state;
	/* A bucket that is empty for a long while ... */
	assert_int_equal(take_all(hot, 60, 100, t0), 100);
	/* ... stays while thousands come by once, as long as its set has
	 * others that are fuller: 16,384 places, 8,000 keys. */
	for (uint64_t u = 1000; u < 9000; u++) {
		rate_take(board_attached(), rate_key_user(b, RATE_USER, u), 60,
			  100, t0 + SECOND, &v);
		assert_true(v.allowed);
	}
	rate_take(board_attached(), hot, 60, 100, t0 + SECOND / 2, &v);
	assert_false(v.allowed);
}

static void a_lowered_burst_counts_at_once(void **state)
{
	uint64_t key = rate_key_user(board_attached(), RATE_USER, 77);
	struct rate_verdict v;

	(void)state;
	assert_int_equal(take_all(key, 60, 100, t0), 100);
	/* 100 s in debt under the old size is an empty bucket under the new,
	 * not one that stays shut for 100 s. */
	rate_take(board_attached(), key, 60, 5, t0, &v);
	assert_false(v.allowed);
	assert_int_equal(v.retry_ms, 1000);
	assert_int_equal(v.reset_ms, 5000);
}

static void processes_share_a_bucket_and_none_takes_too_much(void **state)
{
	uint64_t key = rate_key_user(board_attached(), RATE_USER, 3);
	unsigned total = 0;
	int fds[2];
	pid_t pids[4];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	for (int i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			unsigned n = take_all(key, 60, 20000, t0);

			_exit(write(fds[1], &n, sizeof(n)) != sizeof(n));
		}
	}
	for (int i = 0; i < 4; i++) {
		unsigned n;
		int status;

		assert_int_equal(read(fds[0], &n, sizeof(n)), sizeof(n));
		total += n;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(total, 20000);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(a_burst_is_allowed_and_no_more),
		T(tokens_come_back_with_time),
		T(a_refusal_costs_nothing),
		T(users_and_addresses_have_buckets_of_their_own),
		T(ipv6_counts_by_its_network),
		T(many_keys_push_out_the_fullest_first),
		T(a_lowered_burst_counts_at_once),
		T(processes_share_a_bucket_and_none_takes_too_much),
	};
	int rc;

	if (mkdtemp(dir) == NULL)
		return 99;
	snprintf(path, sizeof(path), "%s/board", dir);
	rc = cmocka_run_group_tests_name("rate", tests, NULL, NULL);
	snprintf(path, sizeof(path), "%s/board.lock", dir);
	unlink(path);
	rmdir(dir);
	return rc;
}
