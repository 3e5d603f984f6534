#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/rand.h"
#include "market/market.h"

#define MIN INT64_C(60000)
#define T0 INT64_C(1577836800000)

static struct arena *root;
static struct db *db;
static uint64_t market;

static struct market named(const char *ref)
{
	struct market m;

	assert_true(market_ref_parse(str_c(ref), &m));
	assert_true(price_parse(&m.tick, "0.01"));
	assert_true(qty_parse(&m.lot, "0.00001"));
	assert_true(quote_parse(&m.min_notional, "5"));
	return m;
}

static int fresh(void **st)
{
	struct market m;
	struct err err;

	root = arena_new("test", (size_t)1 << 30);
	db = t_db_open(root);
	t_db_fresh(st);
	m = named("test:BTC/USDT");
	if (market_ensure(db, &m, "import", NULL, &err) < 0)
		fail_msg("%s", err.msg);
	market = m.id;
	return 0;
}

static int done(void **st)
{
	(void)st;
	fault_arm(0);
	arena_free(&root);
	return 0;
}

/* The candle of minute i; `kind` gives it other numbers. */
static struct xcandle at(int64_t i, int kind)
{
	int64_t p = 3000000 + (i * 7919 + kind * 101) % 5000;

	return (struct xcandle){
		.t = T0 + i * MIN,
		.m = { p, p + 20 + kind, p - 30, p + 5, 100000 + i % 977 },
		.d = { 2, 2, 2, 2, 5 },
	};
}

static struct xcandle *some(int64_t from, int64_t to, int64_t step, int kind,
			    size_t *ret_n)
{
	struct xcandle *x = NEW_N(root, struct xcandle, (size_t)(to - from) + 1);
	size_t n = 0;

	for (int64_t i = from; i < to; i += step)
		x[n++] = at(i, kind);
	*ret_n = n;
	return x;
}

static struct store_stats merge(int64_t from, int64_t to, int64_t step, int kind,
				unsigned flags)
{
	struct store_stats st;
	struct err err;
	size_t n;
	struct xcandle *x = some(from, to, step, kind, &n);

	if (xcandles_merge(db, market, TF_1M, x, n, flags, &st, &err) < 0)
		fail_msg("%s", err.msg);
	return st;
}

static void stored_is(const struct xcandle *want, size_t n)
{
	struct xcandle *got;
	struct candles cs;
	struct err err;
	size_t n_got;

	t_db_checks();
	assert_int_equal(xcandles_load(root, db, market, TF_1M, INT64_MIN,
				       INT64_MAX, &got, &n_got, &err), 0);
	assert_int_equal(n_got, n);
	assert_int_equal(candles_load(root, db, market, TF_1M, INT64_MIN,
				      INT64_MAX, &cs, &err), 0);
	assert_int_equal(cs.n, n);
	for (size_t i = 0; i < n; i++) {
		struct candle a = xcandle_double(&want[i]);
		struct candle b = candles_at(&cs, i);

		assert_true(xcandle_same(&want[i], &got[i]));
		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void markets_are_made_once(void **st)
{
	struct market a = named("kraken:ETH/EUR"), b = a, *list;
	struct exchange *ex;
	struct err err;
	bool created;
	size_t n;

	(void)st;
	assert_int_equal(market_ensure(db, &a, "import", &created, &err), 0);
	assert_true(created);
	assert_int_equal(market_ensure(db, &b, "import", &created, &err), 0);
	assert_false(created);
	assert_int_equal(a.id, b.id);
	assert_int_equal(b.price_decimals, 2);
	assert_int_equal(b.qty_decimals, 5);
	assert_int_equal(market_find(db, "kraken", "ETH/EUR", &b, &err), 0);
	assert_string_equal(b.quote, "EUR");
	assert_int_equal(market_find(db, "kraken", "ETH/USD", &b, &err),
			 -E_NOTFOUND);
	assert_int_equal(market_by_id(db, 999999, &b, &err), -E_NOTFOUND);
	assert_int_equal(market_list(root, db, NULL, NULL, 0, 50, &list, &n,
				     &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(market_list(root, db, "kraken", "eth", 0, 50, &list,
				     &n, &err), 0);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].symbol, "ETH/EUR");
	assert_int_equal(market_list(root, db, NULL, "doge", 0, 50, &list, &n,
				     &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(market_list(root, db, NULL, NULL, a.id, 50, &list, &n,
				     &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(exchange_list(root, db, &ex, &n, &err), 0);
	assert_int_equal(n, 2);
	assert_int_equal(ex[1].markets, 1);
}

static void names_and_steps_that_cannot_be_are_refused(void **st)
{
	static const char *const bad[] = {
		"", "BTC/USDT", "binance:", "binance:BTC", "binance:BTC/",
		"binance:/USDT", "Binance:BTC/USDT", "b:btc/usdt",
		"b:BTC/US DT", "b:BTC/USDT/X",
		"b:AAAAAAAAAAAAAAAAAAAAAAAAA/USDT",
	};
	struct market m = named("a:B/C");
	struct err err;

	(void)st;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(market_ref_parse(str_c(bad[i]), &m));
	m.tick = price_zero();
	assert_int_equal(market_ensure(db, &m, "import", NULL, &err), -E_INVAL);
}

static void candles_become_blocks_and_a_tail(void **st)
{
	struct store_stats s = merge(0, 10000, 1, 0, 0);
	struct series ser;
	struct err err;
	size_t n;
	struct xcandle *x = some(0, 10000, 1, 0, &n);

	(void)st;
	assert_int_equal(s.added, 10000);
	stored_is(x, n);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_block"), 2);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_tail"), 1808);
	assert_int_equal(series_get(db, market, TF_1M, &ser, &err), 0);
	assert_true(ser.from == T0 && ser.to == T0 + 9999 * MIN &&
		    ser.count == 10000);
	assert_int_equal(series_get(db, market, TF_1H, &ser, &err),
			 -E_NOTFOUND);
}

static void a_feed_appends_and_the_tail_is_folded(void **st)
{
	struct candles one;
	struct store_stats s;
	struct err err;
	size_t n;
	struct xcandle *x = some(0, 4100, 1, 0, &n);

	(void)st;
	merge(0, 4090, 1, 0, 0);
	candles_alloc(root, &one, 1);
	for (int64_t i = 4090; i < 4100; i++) {
		struct candle c = xcandle_double(&x[i]);

		candles_set(&one, 0, &c);
		assert_int_equal(candles_append(db, market, TF_1M, &one, &s,
						&err), 0);
		assert_int_equal(s.added, 1);
		t_db_checks();
	}
	stored_is(x, n);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_block"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_tail"), 4);
	/* The same once more, and with another number. */
	assert_int_equal(candles_append(db, market, TF_1M, &one, &s, &err), 0);
	assert_true(s.added == 0 && s.same == 1);
	one.c[0] += 0.01;
	assert_int_equal(candles_append(db, market, TF_1M, &one, &s, &err),
			 -E_CONFLICT);
	one.c[0] = 0.1 + 1e-17 / 3;
	one.h[0] = 1e-20;
	assert_int_equal(candles_append(db, market, TF_1M, &one, &s, &err),
			 -E_INVAL);
	stored_is(x, n);
}

static void a_repeated_import_changes_nothing(void **st)
{
	struct store_stats s;
	size_t n;
	struct xcandle *x = some(0, 9000, 1, 0, &n);

	(void)st;
	merge(0, 9000, 1, 0, 0);
	s = merge(0, 9000, 1, 0, 0);
	assert_true(s.added == 0 && s.same == 9000 && s.replaced == 0);
	s = merge(4000, 4200, 1, 0, 0);
	assert_true(s.added == 0 && s.same == 200);
	stored_is(x, n);
}

static void other_numbers_are_refused_or_replace(void **st)
{
	struct err err;
	size_t n, n_x;
	struct xcandle *x = some(0, 9000, 1, 0, &n);
	struct xcandle *y = some(5000, 5010, 1, 7, &n_x);
	struct store_stats s;

	(void)st;
	merge(0, 9000, 1, 0, 0);
	assert_int_equal(xcandles_merge(db, market, TF_1M, y, n_x, 0, &s, &err),
			 -E_CONFLICT);
	assert_non_null(strstr(err.msg, "2020-01-04T11:20:00"));
	stored_is(x, n);
	s = merge(5000, 5010, 1, 7, STORE_REPLACE);
	assert_true(s.replaced == 10 && s.added == 0);
	memcpy(x + 5000, y, 10 * sizeof(*y));
	stored_is(x, n);
}

static void bad_rows_are_refused_whole(void **st)
{
	struct err err;
	size_t n;
	struct xcandle *x = some(0, 10, 1, 0, &n);

	(void)st;
	x[7].m[X_H] = 1;
	assert_int_equal(xcandles_merge(db, market, TF_1M, x, n, 0, NULL, &err),
			 -E_INVAL);
	x = some(0, 10, 1, 0, &n);
	x[7].t = x[6].t;
	assert_int_equal(xcandles_merge(db, market, TF_1M, x, n, 0, NULL, &err),
			 -E_INVAL);
	assert_int_equal(xcandles_merge(db, market, TF_1H, x + 1, 1, 0, NULL,
					&err), -E_INVAL);
	x = some(0, 10, 1, 0, &n);
	assert_int_equal(xcandles_merge(db, 424242, TF_1M, x, n, 0, NULL, &err),
			 -E_NOTFOUND);
	assert_int_equal(xcandles_merge(db, market, TF_1M, x, 0, 0, NULL, &err),
			 0);
	stored_is(x, 0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_series"), 0);
}

/* Any order of imports gives the same series as a model in memory. */
static void random_imports_agree_with_a_model(void **st)
{
	enum { SPAN = 14000 };
	int8_t *have = NEW_N(root, int8_t, SPAN);	/* 0: none, else kind */
	struct rng r;

	(void)st;
	rng_seed(&r, 20);
	for (int round = 0; round < 60; round++) {
		int64_t from = (int64_t)rng_below(&r, SPAN);
		int64_t to = from + 1 + (int64_t)rng_below(&r, round % 4 == 0 ?
							   6000 : 500);
		int64_t step = 1 + (int64_t)rng_below(&r, 3);
		int kind = round % 5 == 4 ? 2 : 1;
		struct xcandle *want = NEW_N(root, struct xcandle, SPAN);
		struct store_stats s;
		uint64_t added = 0;
		size_t n = 0;

		to = to < SPAN ? to : SPAN;
		s = merge(from, to, step, kind - 1, STORE_REPLACE);
		for (int64_t i = from; i < to; i += step) {
			added += have[i] == 0;
			have[i] = (int8_t)kind;
		}
		assert_int_equal(s.added, added);
		for (int64_t i = 0; i < SPAN; i++)
			if (have[i] != 0)
				want[n++] = at(i, have[i] - 1);
		stored_is(want, n);
	}
}

static void ranges_and_the_newest_are_cut_right(void **st)
{
	struct candles all, cs;
	struct err err;

	(void)st;
	merge(0, 5000, 1, 0, 0);
	merge(6000, 9500, 1, 0, 0);
	assert_int_equal(candles_load(root, db, market, TF_1M, INT64_MIN,
				      INT64_MAX, &all, &err), 0);
	for (int64_t a = -5; a < 9600; a += 693) {
		for (int64_t b = a; b < 9700; b += 911) {
			int64_t from = T0 + a * MIN + 1, to = T0 + b * MIN;
			size_t i = candles_seek(&all, from);
			size_t k = candles_seek(&all, to);

			k = k < i ? i : k;
			assert_int_equal(candles_load(root, db, market, TF_1M,
						      from, to, &cs, &err), 0);
			assert_int_equal(cs.n, k - i);
			assert_true(cs.n == 0 || (cs.t[0] == all.t[i] &&
				    cs.c[cs.n - 1] == all.c[k - 1]));
			for (size_t n = 1; n < 9000; n += 2201) {
				size_t want = k < n ? k : n;

				assert_int_equal(candles_newest(root, db,
					market, TF_1M, n, to, &cs, &err), 0);
				k = candles_seek(&all, to);
				want = k < n ? k : n;
				assert_int_equal(cs.n, want);
				assert_true(want == 0 ||
					    (cs.t[0] == all.t[k - want] &&
					     cs.t[want - 1] == all.t[k - 1]));
			}
		}
	}
}

static void coarser_bars_are_made_of_what_is_stored(void **st)
{
	struct candles fine, want, cs;
	struct err err;

	(void)st;
	merge(30, 6010, 1, 0, 0);		/* from 00:30 on */
	assert_int_equal(candles_load(root, db, market, TF_1M, INT64_MIN,
				      INT64_MAX, &fine, &err), 0);
	assert_int_equal(candles_resample(root, &fine, TF_1M, TF_1H, &want,
					  &err), 0);
	assert_int_equal(want.n, 101);	/* half, 99 whole, a part */
	assert_int_equal(candles_load(root, db, market, TF_1H, INT64_MIN,
				      INT64_MAX, &cs, &err), 0);
	assert_int_equal(cs.n, 99);
	assert_int_equal(cs.t[0], T0 + 60 * MIN);
	for (size_t i = 0; i < cs.n; i++) {
		struct candle a = candles_at(&want, i + 1);
		struct candle b = candles_at(&cs, i);

		assert_memory_equal(&a, &b, sizeof(a));
	}
	/* A range: opens within it, whole bars. */
	assert_int_equal(candles_load(root, db, market, TF_1H,
				      T0 + 60 * MIN + 1, T0 + 240 * MIN + 1,
				      &cs, &err), 0);
	assert_int_equal(cs.n, 3);
	assert_int_equal(cs.t[0], T0 + 120 * MIN);
	assert_true(cs.c[2] == want.c[4]);
	assert_int_equal(candles_newest(root, db, market, TF_1H, 5, INT64_MAX,
					&cs, &err), 0);
	assert_int_equal(cs.n, 5);
	assert_int_equal(cs.t[4], want.t[99]);
	assert_int_equal(candles_newest(root, db, market, TF_1H, 5,
					want.t[50], &cs, &err), 0);
	assert_int_equal(cs.n, 5);
	assert_int_equal(cs.t[4], want.t[49]);
	/* One more minute makes the last hour whole. */
	merge(6010, 6060, 1, 0, 0);
	assert_int_equal(candles_newest(root, db, market, TF_1H, 1, INT64_MAX,
					&cs, &err), 0);
	assert_int_equal(cs.t[0], T0 + 6000 * MIN);
	/* Nothing finer is stored. */
	assert_int_equal(candles_load(root, db, market, TF_1S, INT64_MIN,
				      INT64_MAX, &cs, &err), 0);
	assert_int_equal(cs.n, 0);
}

static void a_series_can_be_deleted(void **st)
{
	struct err err;

	(void)st;
	merge(0, 9000, 1, 0, 0);
	assert_int_equal(series_delete(db, market, TF_1M, &err), 0);
	assert_int_equal(series_delete(db, market, TF_1M, &err), -E_NOTFOUND);
	stored_is(NULL, 0);
	merge(0, 100, 1, 3, 0);
}

static int failing(void *ctx, struct db *d, struct err *err)
{
	size_t n;
	struct xcandle *x = some(100, 5000, 1, 0, &n);

	(void)ctx;
	if (xcandles_merge(d, market, TF_1M, x, n, 0, NULL, err) < 0)
		return -(int)err->code;
	return FAIL(err, E_CONFLICT, "on purpose");
}

static void it_joins_the_callers_transaction(void **st)
{
	struct err err;
	size_t n;
	struct xcandle *x = some(0, 100, 1, 0, &n);

	(void)st;
	merge(0, 100, 1, 0, 0);
	assert_int_equal(db_tx(db, failing, NULL, &err), -E_CONFLICT);
	stored_is(x, n);
}

/* A child process with a connection of its own; true: it ended in order. */
static bool child(void (*fn)(struct db *d, int who), int who, pid_t *ret)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		struct arena *a = arena_new("child", (size_t)1 << 30);

		fn(t_db_open(a), who);
		_exit(0);
	}
	*ret = pid;
	return true;
}

static bool ended_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Appends minute by minute; the other one does the same. */
static void appender(struct db *d, int who)
{
	struct arena *a = arena_new("appender", (size_t)64 << 20);

	(void)who;
	for (int64_t i = 4000; i < 4200; i += 5) {
		struct xcandle x[5];
		struct err err;

		for (int64_t k = 0; k < 5; k++)
			x[k] = at(i + k, 0);
		if (xcandles_merge(d, market, TF_1M, x, 5, 0, NULL, &err) < 0) {
			fprintf(stderr, "appender: %s\n", err.msg);
			_exit(1);
		}
		arena_reset(a);
	}
}

static void two_appenders_take_turns(void **st)
{
	pid_t a, b;
	size_t n;
	struct xcandle *x = some(0, 4200, 1, 0, &n);

	(void)st;
	merge(0, 4000, 1, 0, 0);
	child(appender, 0, &a);
	child(appender, 1, &b);
	assert_true(ended_well(a));
	assert_true(ended_well(b));
	stored_is(x, n);
}

/* Both create the series, too. */
static void two_first_writers_take_turns(void **st)
{
	pid_t a, b;
	size_t n;
	struct xcandle *x = some(4000, 4200, 1, 0, &n);

	(void)st;
	child(appender, 0, &a);
	child(appender, 1, &b);
	assert_true(ended_well(a));
	assert_true(ended_well(b));
	stored_is(x, n);
}

#ifdef ENABLE_FAULTS
static void every_fault_leaves_all_or_nothing(void **st)
{
	size_t n_old, n_new, n;
	struct xcandle *old = some(0, 4095, 1, 0, &n_old);
	struct xcandle *all = some(0, 12300, 1, 0, &n_new);
	struct err err;
	unsigned struck = 0;

	(void)st;
	merge(0, 4095, 1, 0, 0);
	for (unsigned nth = 1;; nth++) {
		int rc;

		fault_arm(nth);
		rc = xcandles_merge(db, market, TF_1M, all, n_new, 0, NULL,
				    &err);
		n = fault_struck();
		fault_arm(0);
		if (rc < 0 && rc != -E_UNCERTAIN)
			stored_is(old, n_old);
		else if (rc == 0)
			stored_is(all, n_new);
		if (n == 0)
			break;
		struck++;
		if (rc == 0 || rc == -E_UNCERTAIN) {	/* tried again */
			assert_int_equal(series_delete(db, market, TF_1M,
						       &err), 0);
			merge(0, 4095, 1, 0, 0);
		}
	}
	assert_true(struck >= 5);
	stored_is(all, n_new);
}

static void dies(struct db *d, int who)
{
	static const char *const points[] = {
		"market.clear", "market.block", "market.tail", "market.series"
	};
	size_t n;
	struct xcandle *x = some(4095, 8300, 1, 0, &n);
	struct err err;

	fault_kill_at(points[who], 1);
	if (xcandles_merge(d, market, TF_1M, x, n, 0, NULL, &err) < 0)
		_exit(1);
}

static void a_writer_killed_half_way_leaves_what_was(void **st)
{
	size_t n_old, n;
	struct xcandle *old = some(0, 4095, 1, 0, &n_old);
	struct xcandle *all = some(0, 8300, 1, 0, &n);
	pid_t pid;

	(void)st;
	merge(0, 4095, 1, 0, 0);
	for (int point = 0; point < 4; point++) {
		child(dies, point, &pid);
		assert_false(ended_well(pid));
		stored_is(old, n_old);
	}
	merge(4095, 8300, 1, 0, 0);
	stored_is(all, n);
}
#endif

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(markets_are_made_once),
		T(names_and_steps_that_cannot_be_are_refused),
		T(candles_become_blocks_and_a_tail),
		T(a_feed_appends_and_the_tail_is_folded),
		T(a_repeated_import_changes_nothing),
		T(other_numbers_are_refused_or_replace),
		T(bad_rows_are_refused_whole),
		T(random_imports_agree_with_a_model),
		T(ranges_and_the_newest_are_cut_right),
		T(coarser_bars_are_made_of_what_is_stored),
		T(a_series_can_be_deleted),
		T(it_joins_the_callers_transaction),
		T(two_appenders_take_turns),
		T(two_first_writers_take_turns),
#ifdef ENABLE_FAULTS
		T(every_fault_leaves_all_or_nothing),
		T(a_writer_killed_half_way_leaves_what_was),
#endif
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
