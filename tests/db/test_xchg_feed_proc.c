#include "config.h"

#include "test.h"
#include "t_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "json/json.h"
#include "xchg/feed.h"
#include "xchg/feed_proc.h"
#include "xchg/sim.h"

#define MIN INT64_C(60000)
#define T0 INT64_C(1735689600000)

static struct arena *root;
static struct db *db;
static struct quotes *quotes;
static struct feed_proc *proc;
static uint64_t btc, eth;

struct event { char topic[48], type[16], json[300]; };
static struct event events[5000];
static size_t n_events;

static void keep(void *ctx, const char *topic, const char *type,
		 const char *json, size_t n)
{
	struct event *e = &events[n_events++];

	(void)ctx;
	assert_true(n_events < ARRAY_LEN(events));
	snprintf(e->topic, sizeof(e->topic), "%s", topic);
	snprintf(e->type, sizeof(e->type), "%s", type);
	snprintf(e->json, sizeof(e->json), "%.*s", (int)n, json);
}

static uint64_t add(const char *symbol)
{
	struct market m;
	struct err err;

	sim_market(sim_new(root, 1, symbol), &m);
	if (market_ensure(db, &m, "sim", NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return m.id;
}

static int fresh(void **st)
{
	struct err err;

	root = arena_new("test", (size_t)1 << 30);
	db = t_db_open(root);
	t_db_fresh(st);
	assert_int_equal(quotes_open(root, t_db_dir(), &quotes, &err), 0);
	btc = add("BTC/USDT");
	eth = add("ETH/USDT");
	proc = feed_proc_new(root, db, quotes, 1, keep, NULL);
	n_events = 0;
	return 0;
}

static int done(void **st)
{
	(void)st;
	arena_free(&root);
	return 0;
}

static void step(int64_t now)
{
	struct err err;

	if (feed_proc_step(proc, now, &err) < 0)
		fail_msg("%s", err.msg);
}

static void stored_is_the_market(uint64_t id, const char *symbol, enum tf tf,
				 int64_t from, int64_t to)
{
	struct sim *s = sim_new(root, 1, symbol);
	struct candles want, got;
	struct err err;

	assert_int_equal(sim_candles(root, s, tf, from, to, &want, &err), 0);
	assert_int_equal(candles_load(root, db, id, tf, INT64_MIN, INT64_MAX,
				      &got, &err), 0);
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < want.n; i++) {
		struct candle a = candles_at(&want, i);
		struct candle b = candles_at(&got, i);

		assert_memory_equal(&a, &b, sizeof(a));
	}
}

static void the_store_follows_the_clock(void **st)
{
	int64_t day = T0 - 24 * 60 * MIN;

	(void)st;
	step(T0 + 5000);			/* the last day is made good */
	stored_is_the_market(btc, "BTC/USDT", TF_1M, day, T0);
	stored_is_the_market(eth, "ETH/USDT", TF_1H, day, T0);
	step(T0 + MIN - 1);
	stored_is_the_market(btc, "BTC/USDT", TF_1M, day, T0);
	step(T0 + MIN);
	stored_is_the_market(btc, "BTC/USDT", TF_1M, day, T0 + MIN);
	step(T0 + 61 * MIN + 999);		/* it slept for an hour */
	stored_is_the_market(btc, "BTC/USDT", TF_1M, day, T0 + 61 * MIN);
	stored_is_the_market(eth, "ETH/USDT", TF_1H, day, T0 + 60 * MIN);
	t_db_checks();
}

static void another_process_goes_on_where_it_was(void **st)
{
	int64_t day = T0 - 24 * 60 * MIN;

	(void)st;
	step(T0 + 5000);
	proc = feed_proc_new(root, db, quotes, 1, keep, NULL);
	step(T0 + 10 * 24 * 60 * MIN);		/* ten days later */
	stored_is_the_market(btc, "BTC/USDT", TF_1M, day,
			     T0 + 10 * 24 * 60 * MIN);
	t_db_checks();
}

static void quotes_are_of_this_second(void **st)
{
	struct sim *s = sim_new(root, 1, "ETH/USDT");
	struct ticker want, got;
	struct book wb, gb;

	(void)st;
	for (int64_t now = T0 + 1234; now < T0 + 10000; now += 1000) {
		step(now);
		sim_ticker(s, now, &want);
		sim_book(s, now, BOOK_DEPTH, &wb);
		assert_true(quotes_get(quotes, eth, &got, &gb));
		assert_memory_equal(&want, &got, sizeof(got));
		assert_memory_equal(&wb, &gb, sizeof(gb));
	}
}

static size_t told(const char *topic, const char *part, const char **ret)
{
	size_t n = 0;

	*ret = "";
	for (size_t i = 0; i < n_events; i++) {
		if (strcmp(events[i].topic, topic) != 0 ||
		    strstr(events[i].json, part) == NULL)
			continue;
		*ret = events[i].json;
		n++;
	}
	return n;
}

static void pages_are_told_of_ticks_and_candles(void **st)
{
	char ticker[32], minute[32], hour[32], part[40];
	const struct json *j;
	const char *text;
	struct err err;
	double v;
	struct candles want;

	(void)st;
	for (int64_t s = 0; s < 65; s++)
		step(T0 + s * 1000 + 10);
	snprintf(ticker, sizeof(ticker), "ticker:%llu", (unsigned long long)btc);
	snprintf(minute, sizeof(minute), "market:%llu:1m",
		 (unsigned long long)btc);
	snprintf(hour, sizeof(hour), "market:%llu:1h", (unsigned long long)btc);
	assert_int_equal(told(ticker, "\"last\":\"", &text), 65);
	assert_int_equal(told(minute, "\"closed\":false", &text), 65);
	assert_int_equal(told(hour, "\"closed\":false", &text), 13);
	assert_int_equal(told(hour, "\"closed\":true", &text), 0);
	/* The minute that closed is told once, as it is stored. */
	snprintf(part, sizeof(part), "\"t\":%lld", (long long)T0);
	assert_int_equal(told(minute, "\"closed\":true", &text), 1);
	assert_non_null(strstr(text, part));
	assert_int_equal(json_parse(root, text, strlen(text), &j, &err), 0);
	assert_int_equal(candles_newest(root, db, btc, TF_1M, 1, INT64_MAX,
					&want, &err), 0);
	assert_true(json_f64(json_get(j, "c"), &v) && v == want.c[0]);
	assert_true(json_f64(json_get(j, "v"), &v) && v == want.v[0]);
}

static void new_markets_are_found(void **st)
{
	struct ticker t;
	uint64_t sol;

	(void)st;
	step(T0);
	sol = add("SOL/USDT");
	step(T0 + 14000);
	assert_false(quotes_get(quotes, sol, &t, NULL));
	step(T0 + 15000);
	assert_true(quotes_get(quotes, sol, &t, NULL));
}

static void a_market_that_is_not_active_rests(void **st)
{
	struct feed_item it;
	struct feed *f;
	struct err err;

	(void)st;
	t_db_sql("UPDATE market SET status = 1 WHERE id = %llu",
		 (unsigned long long)eth);
	step(T0);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM candle_series"
				  " WHERE market_id = %llu",
				  (unsigned long long)eth), 0);
	/* The live feed of a bot takes what was stored. */
	assert_int_equal(feed_live(root, db, quotes, btc, TF_5M,
				   T0 - 30 * MIN, &f, &err), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(feed_next(f, T0 + 100, &it, &err), 0);
		assert_int_equal(it.kind, FEED_CANDLE);
		assert_int_equal(it.candle.t, T0 - 25 * MIN + i * 5 * MIN);
	}
	assert_int_equal(feed_next(f, T0 + 100, &it, &err), 0);
	assert_int_equal(it.kind, FEED_WAIT);
	assert_true(feed_quote(f, T0 + 100, NULL, NULL));
}

/* Quotes and events go on, candles wait and are made good. */
static void the_database_may_go_and_come_back(void **st)
{
	struct ticker t;
	struct err err;

	(void)st;
	step(T0);
	t_db_stop();
	assert_true(feed_proc_step(proc, T0 + 3 * MIN, &err) < 0);
	assert_true(quotes_get(quotes, btc, &t, NULL));
	assert_int_equal(t.time, T0 + 3 * MIN);
	t_db_restart();
	for (int i = 0; feed_proc_step(proc, T0 + 5 * MIN, &err) < 0; i++) {
		assert_true(i < 200);
		clock_sleep_ms(50);
	}
	stored_is_the_market(btc, "BTC/USDT", TF_1M, T0 - 24 * 60 * MIN,
			     T0 + 5 * MIN);
	t_db_checks();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(the_store_follows_the_clock),
		T(another_process_goes_on_where_it_was),
		T(quotes_are_of_this_second),
		T(pages_are_told_of_ticks_and_candles),
		T(new_markets_are_found),
		T(a_market_that_is_not_active_rests),
		T(the_database_may_go_and_come_back),
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
