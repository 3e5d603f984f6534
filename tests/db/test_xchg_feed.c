#include "config.h"

#include "test.h"
#include "t_db.h"

#include "xchg/feed.h"
#include "xchg/sim.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define T0 INT64_C(1735689600000)
#define REAL INT64_C(1800000000000)	/* the clock on the wall */

static struct arena *root;
static struct db *db;
static uint64_t market;
static struct candles hours;		/* with a hole of 300 hours */

static int fresh(void **st)
{
	struct candles all, part;
	struct sim *s;
	struct market m;
	struct err err;

	root = arena_new("test", (size_t)1 << 30);
	db = t_db_open(root);
	t_db_fresh(st);
	s = sim_new(root, 1, "BTC/USDT");
	sim_market(s, &m);
	assert_int_equal(market_ensure(db, &m, "sim", NULL, &err), 0);
	market = m.id;
	assert_int_equal(sim_candles(root, s, TF_1H, T0, T0 + 400 * DAY, &all,
				     &err), 0);
	part = candles_slice(&all, 0, 5000);
	assert_int_equal(candles_append(db, market, TF_1H, &part, NULL, &err), 0);
	part = candles_slice(&all, 5300, 9600);
	assert_int_equal(candles_append(db, market, TF_1H, &part, NULL, &err), 0);
	assert_int_equal(candles_load(root, db, market, TF_1H, INT64_MIN,
				      INT64_MAX, &hours, &err), 0);
	assert_int_equal(hours.n, 9300);
	return 0;
}

static int done(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

static struct replay_opts whole(enum tf tf, double speed)
{
	return (struct replay_opts){ market, tf, INT64_MIN, INT64_MAX,
				     FEED_START, speed };
}

static struct feed *replay(const struct replay_opts *o)
{
	struct feed *f;
	struct err err;

	if (feed_replay(root, db, o, &f, &err) < 0)
		fail_msg("%s", err.msg);
	return f;
}

static struct feed_item next(struct feed *f, int64_t now)
{
	struct feed_item item;
	struct err err;

	if (feed_next(f, now, &item, &err) < 0)
		fail_msg("%s", err.msg);
	return item;
}

static void a_fast_replay_gives_every_candle_once(void **st)
{
	struct replay_opts o = whole(TF_1H, 0);
	struct feed *f = replay(&o);
	struct feed_item it;

	(void)st;
	assert_int_equal(f->bars_total, hours.n);
	for (size_t i = 0; i < hours.n; i++) {
		struct candle want = candles_at(&hours, i);

		it = next(f, REAL);
		assert_int_equal(it.kind, FEED_CANDLE);
		assert_memory_equal(&it.candle, &want, sizeof(want));
		assert_int_equal(feed_time(f, REAL), want.t + HOUR);
	}
	assert_int_equal(next(f, REAL).kind, FEED_END);
	assert_int_equal(next(f, REAL).kind, FEED_END);
	assert_int_equal(f->bars, hours.n);
	assert_false(feed_quote(f, REAL, NULL, NULL));
}

static void a_replay_keeps_its_own_clock(void **st)
{
	struct replay_opts o = whole(TF_1H, 3600);	/* an hour a second */
	struct feed *f = replay(&o);
	struct feed_item it = next(f, REAL);

	(void)st;
	assert_int_equal(it.kind, FEED_WAIT);
	assert_int_equal(it.wait_ms, 1000);
	assert_int_equal(feed_time(f, REAL), hours.t[0]);
	it = next(f, REAL + 999);
	assert_int_equal(it.kind, FEED_WAIT);
	assert_int_equal(it.wait_ms, 1);
	it = next(f, REAL + 1000);
	assert_int_equal(it.kind, FEED_CANDLE);
	assert_int_equal(feed_time(f, REAL + 1500),
			 hours.t[0] + HOUR * 3 / 2);
	/* Late: what is due comes at once, one after the other. */
	for (int i = 1; i < 10; i++)
		assert_int_equal(next(f, REAL + 10000).kind, FEED_CANDLE);
	assert_int_equal(next(f, REAL + 10000).kind, FEED_WAIT);
	/* A long wait is told in parts. */
	o.speed = 0.001;
	f = replay(&o);
	assert_int_equal(next(f, REAL).wait_ms, 60000);
}

static void a_replay_goes_on_behind_any_candle(void **st)
{
	struct replay_opts o = whole(TF_1H, 0);

	(void)st;
	for (size_t i = 1; i < hours.n; i += 1033) {
		struct feed *f;

		o.after = hours.t[i - 1];
		f = replay(&o);
		assert_int_equal(f->bars_total, hours.n - i);
		assert_int_equal(next(f, REAL).candle.t, hours.t[i]);
	}
	o.after = hours.t[hours.n - 1];
	assert_int_equal(next(replay(&o), REAL).kind, FEED_END);
}

static void a_replay_may_be_a_part_and_coarser(void **st)
{
	struct replay_opts o = whole(TF_4H, 0);
	struct feed *f;
	struct candles four;
	struct feed_item it;
	struct err err;
	size_t n = 0;

	(void)st;
	o.from = T0 + 100 * DAY;
	o.to = T0 + 300 * DAY;
	assert_int_equal(candles_load(root, db, market, TF_4H, o.from, o.to,
				      &four, &err), 0);
	f = replay(&o);
	while ((it = next(f, REAL)).kind == FEED_CANDLE) {
		assert_int_equal(it.candle.t, four.t[n]);
		assert_true(it.candle.c == four.c[n] && it.candle.v == four.v[n]);
		n++;
	}
	assert_int_equal(n, four.n);
	assert_int_equal(f->bars_total, n);
	assert_int_equal(four.n, 200 * 6 - 75);		/* 300 hours are missing */
	o.to = o.from;
	assert_int_equal(next(replay(&o), REAL).kind, FEED_END);
}

static void wrong_replays_are_refused(void **st)
{
	struct replay_opts o = whole(TF_1H, -1);
	struct feed *f;
	struct err err;

	(void)st;
	assert_int_equal(feed_replay(root, db, &o, &f, &err), -E_INVAL);
	o.speed = 0.0 / 0.0;
	assert_int_equal(feed_replay(root, db, &o, &f, &err), -E_INVAL);
	assert_int_equal(feed_live(root, db, NULL, 4711, TF_1H, 0, &f, &err),
			 -E_NOTFOUND);
}

static void put(const struct candle *c)
{
	struct candles one;
	struct err err;

	candles_alloc(root, &one, 1);
	candles_set(&one, 0, c);
	if (candles_append(db, market, TF_1H, &one, NULL, &err) < 0)
		fail_msg("%s", err.msg);
}

static void a_live_feed_follows_the_store(void **st)
{
	int64_t end = hours.t[hours.n - 1] + HOUR;	/* the running bar */
	struct candle c = candles_at(&hours, hours.n - 1);
	struct feed_item it;
	struct feed *f;
	struct err err;

	(void)st;
	assert_int_equal(feed_live(root, db, NULL, market, TF_1H, FEED_START,
				   &f, &err), 0);
	it = next(f, end + 60000);
	assert_int_equal(it.kind, FEED_WAIT);
	assert_int_equal(it.wait_ms, 60000);		/* it closes later */
	it = next(f, end + HOUR - 1000);
	assert_int_equal(it.wait_ms, 1150);
	it = next(f, end + HOUR + 1);			/* not written yet */
	assert_int_equal(it.wait_ms, 500);
	c.t = end;
	put(&c);
	it = next(f, end + HOUR + 500);
	assert_int_equal(it.kind, FEED_CANDLE);
	assert_int_equal(it.candle.t, end);
	assert_int_equal(next(f, end + HOUR + 500).kind, FEED_WAIT);
	assert_int_equal(feed_time(f, 77), 77);
	/* An hour that never comes is a gap. */
	c.t = end + 2 * HOUR;
	put(&c);
	it = next(f, end + 3 * HOUR);
	assert_int_equal(it.kind, FEED_CANDLE);
	assert_int_equal(it.candle.t, end + 2 * HOUR);
	it = next(f, end + 4 * HOUR + 70000);
	assert_int_equal(it.wait_ms, 2000);		/* long overdue */
}

static void a_live_feed_catches_up_and_makes_coarser_bars(void **st)
{
	struct feed_item it;
	struct feed *f;
	struct err err;
	int64_t now = hours.t[hours.n - 1] + HOUR, last = hours.t[100];
	size_t n = 0;

	(void)st;
	assert_int_equal(feed_live(root, db, NULL, market, TF_4H,
				   tf_open(TF_4H, last), &f, &err), 0);
	while ((it = next(f, now)).kind == FEED_CANDLE) {
		assert_int_equal(it.candle.t % (4 * HOUR), 0);
		assert_true(it.candle.t > last - 4 * HOUR);
		n++;
	}
	assert_int_equal(n, (9600 - 300) / 4 - 26);
}

static void a_sim_feed_needs_no_database(void **st)
{
	struct sim *s = sim_new(root, 3, "ETH/USDT");
	struct feed *f = feed_sim(root, s, TF_5M, FEED_START);
	struct candles want;
	struct ticker t;
	struct book b;
	struct feed_item it = next(f, T0 + 1000);
	struct err err;

	(void)st;
	assert_int_equal(it.kind, FEED_WAIT);
	assert_int_equal(it.wait_ms, 60000);
	assert_int_equal(next(f, T0 + 290000).wait_ms, 10000);
	it = next(f, T0 + 300000);
	assert_int_equal(it.kind, FEED_CANDLE);
	assert_int_equal(it.candle.t, T0);
	assert_int_equal(sim_candles(root, s, TF_5M, T0, T0 + DAY, &want, &err),
			 0);
	for (size_t i = 1; i < want.n; i++) {
		it = next(f, T0 + DAY);
		assert_int_equal(it.kind, FEED_CANDLE);
		assert_true(it.candle.t == want.t[i] && it.candle.c == want.c[i]);
	}
	assert_int_equal(next(f, T0 + DAY).kind, FEED_WAIT);
	assert_true(feed_quote(f, T0 + DAY, &t, &b));
	assert_int_equal(t.time, T0 + DAY);
	assert_int_equal(b.n_bids, BOOK_DEPTH);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(a_fast_replay_gives_every_candle_once),
		T(a_replay_keeps_its_own_clock),
		T(a_replay_goes_on_behind_any_candle),
		T(a_replay_may_be_a_part_and_coarser),
		T(wrong_replays_are_refused),
		T(a_live_feed_follows_the_store),
		T(a_live_feed_catches_up_and_makes_coarser_bars),
		T(a_sim_feed_needs_no_database),
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
