#include "config.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "core/rand.h"
#include "script/store.h"
#include "t_bot.h"
#include "t_db.h"

/* Whatever fails, and wherever, and whoever is killed: the bot goes on, and
 * what it traded, to the last digit, is what it would have traded in peace. */

#define BARS 160

static struct t_bot T;
#define KINDS 3
static const char *peace[KINDS];
/* Entries, reversals and an exit that is moved every few bars; and all that
 * makes a restart hard: orders at the close, exits that wait for their entry,
 * parts, forced sales in the middle of a candle, orders that risk cuts. */
static const struct { const char *name, *inputs; } kinds[KINDS] = {
	{ "EMA cross", "{\"allowShorts\": true, \"fastLength\": 5, \"slowLength\": 12}" },
	{ "Bollinger breakout", "{\"allowShorts\": true, \"length\": 10, \"quietBars\": 10}" },
	{ "Everything", "{}" },
};
static const char everything[] =
	"//@version=5\n"
	"strategy(\"Everything\", process_orders_on_close = true, pyramiding = 2,"
	" margin_long = 4, margin_short = 4, commission_type ="
	" strategy.commission.cash_per_order, commission_value = 0.5)\n"
	"strategy.risk.max_intraday_filled_orders(9)\n"
	"up = ta.crossover(close, ta.sma(close, 5))\n"
	"dn = ta.crossunder(close, ta.sma(close, 5))\n"
	"big = strategy.equity * 20 / close\n"
	"if up\n    strategy.entry(\"L\", strategy.long, qty = big)\n"
	"    strategy.entry(\"M\", strategy.long, qty = 1, stop = high)\n"
	"    strategy.exit(\"XM\", \"M\", profit = 4000, loss = 2500)\n"
	"if dn\n    strategy.entry(\"S\", strategy.short, qty = big / 2)\n"
	"strategy.exit(\"half\", \"L\", qty_percent = 50, profit = 9000)\n"
	"strategy.exit(\"rest\", \"L\", trail_points = 6000, trail_offset = 3000, loss = 60000)\n"
	"if bar_index % 17 == 0\n    strategy.close(\"S\", immediately = true)\n";

static void quiet(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

/* Some of the lines may be wanted when a test fails. */
static void hush(bool on)
{
	log_set_sink(on && getenv("ORCH_TEST_LOUD") == NULL ? quiet : NULL, NULL);
}

static uint64_t start_bot(size_t kind)
{
	uint64_t id = t_bot_make(&T, kinds[kind].name, kinds[kind].inputs);

	if (kind == 2)
		t_db_sql("UPDATE bot SET max_position = 4 WHERE id = %llu",
			 (unsigned long long)id);
	t_bot_start(&T, id);
	return id;
}

static int world_end(void **state)
{
	(void)state;
	t_bot_end(&T);
	return 0;
}

static void as_in_peace(uint64_t id, size_t kind, const char *what)
{
	const char *got, *state = t_bot_state(&T, id);

	if (strcmp(state, "finished") != 0)
		fail_msg("%s: the bot is %s", what, state);
	got = t_bot_result(&T, id);
	if (strcmp(got, peace[kind]) != 0) {
		size_t i = 0;

		while (got[i] == peace[kind][i])
			i++;
		while (i > 0 && got[i - 1] != '\n')
			i--;
		fail_msg("%s: differs from the run in peace at\n%.200s\nwas\n%.200s",
			 what, got + i, peace[kind] + i);
	}
	if (t_db_broken() != 0)
		fail_msg("%s: an invariant does not hold", what);
}

/* What is no longer needed: the invariants are asked often. */
static void forget(uint64_t id)
{
	struct bot_row b;
	struct err err;

	assert_int_equal(bot_get(T.a, T.db, 0, id, &b, &err), 0);
	assert_int_equal(bot_delete(T.db, &b, &err), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM fill"), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM paper_order"), 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM ledger_posting"), 0);
}

/* What is meant to be tested is there. */
static void all_kinds_of_orders(uint64_t id)
{
	static const char *const where[] = {
		"seq > 10000 AND seq < 20000 AND state = 'f'",	/* at the close */
		"seq > 20000 AND seq < 30000 AND state = 'r'",	/* cut by risk */
		"seq >= 30000 AND state = 'f'",		/* of the candle */
		"kind = 'x' AND parent <> REPEAT(CHAR(0), 16)",
		"kind = 'x' AND state = 'f' AND qty <> filled + 1",
	};

	for (size_t i = 0; i < ARRAY_LEN(where); i++)
		if (t_db_int("SELECT COUNT(*) FROM order_intent WHERE bot_id = "
			     "%llu AND %s", (unsigned long long)id, where[i]) == 0)
			fail_msg("no order with %s", where[i]);
}

static int world(void **state)
{
	struct err err;
	uint64_t id;

	(void)state;
	t_bot_world(&T);
	t_bot_sim(&T, BARS);
	if (strategy_add(T.db, T.user, str_c(kinds[2].name), str_c(everything),
			 1, &id, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t k = 0; k < KINDS; k++) {
		id = start_bot(k);
		assert_int_equal(t_bot_runner(&T, 0), 0);
		assert_string_equal(t_bot_state(&T, id), "finished");
		assert_true(t_db_int("SELECT COUNT(*) FROM trade WHERE bot_id = "
				     "%llu", (unsigned long long)id) >= 3);
		peace[k] = t_bot_result(&T, id);
		if (k == 2)
			all_kinds_of_orders(id);
		t_db_checks();
		forget(id);
	}
	return 0;
}

/* ---- failing in place ----------------------------------------------------------- */

/* Names of the points that a run meets. */
static size_t points(const char **ret, size_t max)
{
	size_t n = 0;

	for (const char *p; n < max && (p = fault_met(n)) != NULL;)
		ret[n++] = p;
	return n;
}

static void every_named_point_may_fail(void **state)
{
	static const unsigned nth[] = { 1, 3 };
	const char *names[64];
	size_t n = points(names, ARRAY_LEN(names)), struck = 0;

	(void)state;
	assert_true(n > 15);
	hush(true);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(nth); k++) {
			size_t kind = (i + k) % KINDS;
			uint64_t id = start_bot(kind);
			char what[80];

			snprintf(what, sizeof(what), "%s:%u", names[i], nth[k]);
			fault_arm_at(names[i], nth[k]);
			assert_int_equal(t_bot_runner(&T, 0), 0);
			struck += fault_struck();
			fault_arm(0);
			as_in_peace(id, kind, what);
			forget(id);
		}
	hush(false);
	print_message("%zu points, %zu faults struck\n", n, struck);
	assert_true(struck > n);
}

static void any_point_on_the_way_may_fail(void **state)
{
	unsigned n = 0, step = 1;

	(void)state;
	hush(true);
	/* Thousands of points are met; the distance grows so that the whole
	 * way is covered in a bounded number of runs. */
	for (unsigned at = 1;; at += step) {
		uint64_t id = start_bot(at % KINDS);
		char what[40];
		bool struck;

		snprintf(what, sizeof(what), "point %u", at);
		fault_arm(at);
		assert_int_equal(t_bot_runner(&T, 0), 0);
		struck = fault_struck();
		fault_arm(0);
		as_in_peace(id, at % KINDS, what);
		forget(id);
		if (!struck)
			break;
		n++;
		if (n % 6 == 0)
			step += step / 2 + 1;
	}
	hush(false);
	print_message("%u faults\n", n);
	assert_true(n > 20);
}

/* ---- SIGKILL -------------------------------------------------------------------- */

/* A runner in a process of its own. */
static pid_t fork_runner(const char *point, unsigned nth)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		hush(true);
		fault_arm(0);
		if (point != NULL)
			fault_kill_at(point, nth);
		_exit(t_bot_runner(&T, 1) < 0);
	}
	return pid;
}

static bool killed(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void go_on(void)
{
	t_bot_leases_expire();
	assert_int_equal(t_bot_runner(&T, 2), 0);
}

static void a_runner_may_be_killed_at_every_named_point(void **state)
{
	static const unsigned nth[] = { 1, 3 };
	const char *names[64];
	size_t n = points(names, ARRAY_LEN(names)), kills = 0;

	(void)state;
	hush(true);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(nth); k++) {
			size_t kind = (i + k) % KINDS;
			uint64_t id = start_bot(kind);
			char what[80];

			snprintf(what, sizeof(what), "kill at %s:%u", names[i],
				 nth[k]);
			kills += killed(fork_runner(names[i], nth[k]));
			go_on();
			as_in_peace(id, kind, what);
			forget(id);
		}
	hush(false);
	print_message("%zu kills\n", kills);
	assert_true(kills > n);
}

static void a_runner_may_be_killed_at_any_moment(void **state)
{
	struct rng r;
	int kills = 0;

	(void)state;
	rng_seed(&r, 42);
	hush(true);
	for (int i = 0; i < 8; i++) {
		size_t kind = (size_t)i % KINDS;
		uint64_t id = start_bot(kind);
		char what[80] = "";

		/* The same bot is killed up to three times. */
		for (int k = 0; k < 3; k++) {
			int64_t ms = 10 + (int64_t)rng_below(&r, 250);
			pid_t pid = fork_runner(NULL, 0);

			clock_sleep_ms(ms);
			kill(pid, SIGKILL);
			kills += killed(pid);
			t_bot_leases_expire();
			snprintf(what, sizeof(what), "killed after %d ms", (int)ms);
		}
		go_on();
		as_in_peace(id, kind, what);
		forget(id);
	}
	hush(false);
	print_message("%d kills\n", kills);
	/* How many hit a runner that still ran is the machine's affair. */
	assert_true(kills > 0);
}

/* ---- a holder that sleeps ----------------------------------------------------------- */

static void a_stopped_holder_is_fenced_off(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 5);
	hush(true);
	for (int i = 0; i < 4; i++) {
		size_t kind = (size_t)i % KINDS;
		uint64_t id = start_bot(kind), epoch;
		pid_t pid = fork_runner(NULL, 0);
		int status;

		clock_sleep_ms(60 + (int64_t)rng_below(&r, 150));
		kill(pid, SIGSTOP);
		go_on();		/* another one takes over and finishes */
		as_in_peace(id, kind, "taken over");
		epoch = (uint64_t)t_db_int("SELECT epoch FROM bot_lease WHERE "
					   "bot_id = %llu", (unsigned long long)id);
		kill(pid, SIGCONT);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		as_in_peace(id, kind, "after the sleeper woke up");
		assert_int_equal(t_db_int("SELECT epoch FROM bot_lease WHERE "
					  "bot_id = %llu", (unsigned long long)id),
				 epoch);
		forget(id);
	}
	hush(false);
}

static void two_runners_never_hold_the_same_bot(void **state)
{
	uint64_t id[4];
	pid_t a, b;

	(void)state;
	hush(true);
	for (size_t i = 0; i < 4; i++)
		id[i] = start_bot(i % KINDS);
	a = fork_runner(NULL, 0);
	b = fork_runner(NULL, 0);
	assert_false(killed(a));
	assert_false(killed(b));
	for (size_t i = 0; i < 4; i++) {
		as_in_peace(id[i], i % KINDS, "two runners");
		assert_int_equal(t_db_int("SELECT epoch FROM bot_lease WHERE "
					  "bot_id = %llu",
					  (unsigned long long)id[i]), 1);
	}
	t_db_sql("DELETE FROM bot; DELETE FROM account; DELETE FROM paper_account");
	hush(false);
}

/* ---- the database dies ------------------------------------------------------------------ */

static void the_database_may_die_in_the_middle(void **state)
{
	struct rng r;

	(void)state;
	rng_seed(&r, 9);
	hush(true);
	for (int i = 0; i < 4; i++) {
		size_t kind = (size_t)i % KINDS;
		uint64_t id = start_bot(kind);
		pid_t pid = fork_runner(NULL, 0);
		int status;

		clock_sleep_ms(80 + (int64_t)rng_below(&r, 300));
		t_db_kill();
		clock_sleep_ms(50);
		t_db_restart();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFEXITED(status));
		as_in_peace(id, kind, "database killed");
		forget(id);
	}
	hush(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_named_point_may_fail),
		cmocka_unit_test(any_point_on_the_way_may_fail),
		cmocka_unit_test(a_runner_may_be_killed_at_every_named_point),
		cmocka_unit_test(a_runner_may_be_killed_at_any_moment),
		cmocka_unit_test(a_stopped_holder_is_fenced_off),
		cmocka_unit_test(two_runners_never_hold_the_same_bot),
		cmocka_unit_test(the_database_may_die_in_the_middle),
	};
	/* Hundreds of runs: what is tested is the order of commits, not the
	 * disk.  A killed server loses nothing that was in memory files. */
	if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, world, world_end);
}
