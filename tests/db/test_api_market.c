#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "t_api.h"
#include "t_db.h"

#include "market/market.h"
#include "xchg/quotes.h"
#include "xchg/sim.h"

/* Exchanges, markets, candles and quotes through the API. */

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define T0 INT64_C(1735689600000)

static struct arena *root;
static uint64_t btc, eth;
static struct candles hours;

static uint64_t add(struct sim *s, const char *exchange)
{
	struct market m;
	struct err err;

	sim_market(s, &m);
	snprintf(m.exchange, sizeof(m.exchange), "%s", exchange);
	if (market_ensure(t_api_db(), &m, "import", NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return m.id;
}

static int fresh(void **state)
{
	int rc = t_api_fresh(state);
	struct sim *s;
	struct err err;

	root = arena_new("test", (size_t)1 << 30);
	s = sim_new(root, 1, "BTC/USDT");
	btc = add(s, "sim");
	assert_int_equal(sim_candles(root, s, TF_1H, T0, T0 + 300 * DAY, &hours,
				     &err), 0);
	assert_int_equal(candles_append(t_api_db(), btc, TF_1H, &hours, NULL,
					&err), 0);
	eth = add(sim_new(root, 1, "ETH/USDT"), "kraken");
	t_api_user("vera", "viewer");
	return rc;
}

static int done(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

static int get(const char *fmt, ...) PRINTF_LIKE(1, 2);
static int get(const char *fmt, ...)
{
	char path[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return t_api("vera", "GET", path, NULL, NULL);
}

#define M "/api/v1/markets/%llu"
#define ID(id) (unsigned long long)(id)

static size_t len(const char *path)
{
	return json_len(t_api_json(path));
}

static double num(const char *path)
{
	double x;

	assert_true(json_f64(t_api_json(path), &x));
	return x;
}

static void exchanges_and_markets_are_listed(void **state)
{
	(void)state;
	assert_int_equal(get("/api/v1/exchanges"), 200);
	assert_int_equal(len(".items"), 2);
	assert_string_equal(t_api_text(".items[0].name"), "sim");
	assert_int_equal(t_api_int(".items[1].markets"), 1);
	assert_int_equal(get("/api/v1/markets"), 200);
	assert_int_equal(len(".items"), 2);
	assert_string_equal(t_api_text(".items[0].symbol"), "BTC/USDT");
	assert_string_equal(t_api_text(".items[0].tick"), "0.01");
	assert_int_equal(t_api_int(".items[0].price_decimals"), 2);
	assert_string_equal(t_api_text(".items[0].timeframes[0].tf"), "1h");
	assert_int_equal(t_api_int(".items[0].timeframes[0].count"), 7200);
	assert_int_equal(t_api_int(".items[0].timeframes[0].from"), T0);
	assert_int_equal(t_api_int(".items[0].timeframes[0].to"),
			 T0 + 7199 * HOUR);
	assert_int_equal(len(".items[1].timeframes"), 0);
	assert_null(t_api_json(".items[0].last"));
	assert_true(t_api_statements() <= 2);
}

static void markets_are_searched_and_paged(void **state)
{
	char next[300];

	(void)state;
	assert_int_equal(get("/api/v1/markets?q=eth"), 200);
	assert_int_equal(len(".items"), 1);
	assert_string_equal(t_api_text(".items[0].exchange"), "kraken");
	assert_int_equal(get("/api/v1/markets?exchange=sim"), 200);
	assert_int_equal(len(".items"), 1);
	assert_int_equal(get("/api/v1/markets?exchange=nobody"), 200);
	assert_int_equal(len(".items"), 0);
	assert_int_equal(get("/api/v1/markets?limit=1"), 200);
	assert_int_equal(len(".items"), 1);
	snprintf(next, sizeof(next), "%s", t_api_text(".next"));
	assert_int_equal(get("/api/v1/markets?limit=1&cursor=%s", next), 200);
	assert_int_equal(t_api_int(".items[0].id"), eth);
	assert_int_equal(json_type(t_api_json(".next")), JSON_NULL);
	assert_int_equal(get("/api/v1/markets?q="), 400);
}

static void one_market_is_shown_or_not_found(void **state)
{
	(void)state;
	assert_int_equal(get(M, ID(btc)), 200);
	assert_string_equal(t_api_text(".symbol"), "BTC/USDT");
	assert_string_equal(t_api_text(".min_notional"), "5");
	assert_int_equal(get(M, ID(9999)), 404);
	assert_int_equal(get("/api/v1/markets/0"), 404);
	assert_int_equal(get("/api/v1/markets/x"), 404);
	assert_int_equal(t_api(NULL, "GET", "/api/v1/markets", NULL, NULL), 401);
	assert_int_equal(t_api("vera", "POST", "/api/v1/markets", "{}", NULL),
			 405);
}

static void the_newest_candles_come_as_columns(void **state)
{
	(void)state;
	assert_int_equal(get(M "/candles?tf=1h&limit=3", ID(btc)), 200);
	assert_int_equal(len(".t"), 3);
	assert_int_equal(t_api_int(".step"), 1);
	assert_int_equal(t_api_int(".t[2]"), T0 + 7199 * HOUR);
	assert_true(num(".o[2]") == hours.o[7199]);
	assert_true(num(".h[2]") == hours.h[7199]);
	assert_true(num(".l[2]") == hours.l[7199]);
	assert_true(num(".c[2]") == hours.c[7199]);
	assert_true(num(".v[2]") == hours.v[7199]);
	assert_int_equal(get(M "/candles", ID(btc)), 200);
	assert_int_equal(len(".c"), 500);
	assert_string_equal(t_api_text(".tf"), "1h");
	assert_int_equal(get(M "/candles?limit=2&to=%lld", ID(btc),
			     (long long)(T0 + 10 * HOUR)), 200);
	assert_int_equal(t_api_int(".t[1]"), T0 + 9 * HOUR);
}

static void coarser_candles_are_made(void **state)
{
	(void)state;
	assert_int_equal(get(M "/candles?tf=1d&limit=5000", ID(btc)), 200);
	assert_int_equal(len(".t"), 300);
	assert_true(num(".o[0]") == hours.o[0]);
	assert_true(num(".c[0]") == hours.c[23]);
	assert_int_equal(get(M "/candles?tf=1m", ID(btc)), 200);
	assert_int_equal(len(".t"), 0);
}

static void a_long_range_is_thinned_without_losing_extremes(void **state)
{
	double high = 0, sum = 0, got_high = 0, got_sum = 0;

	(void)state;
	assert_int_equal(get(M "/candles?from=%lld&to=%lld&limit=100", ID(btc),
			     (long long)T0, (long long)(T0 + 7200 * HOUR)), 200);
	assert_int_equal(t_api_int(".step"), 72);
	assert_int_equal(len(".t"), 100);
	for (size_t i = 0; i < hours.n; i++) {
		high = hours.h[i] > high ? hours.h[i] : high;
		sum += hours.v[i];
	}
	for (int i = 0; i < 100; i++) {
		char path[20];
		double x;

		snprintf(path, sizeof(path), ".h[%d]", i);
		x = num(path);
		got_high = x > got_high ? x : got_high;
		snprintf(path, sizeof(path), ".v[%d]", i);
		got_sum += num(path);
	}
	assert_true(got_high == high);
	assert_true(got_sum > sum * 0.999999 && got_sum < sum * 1.000001);
	assert_true(num(".c[99]") == hours.c[7199]);
	assert_int_equal(get(M "/candles?from=%lld&to=%lld", ID(btc),
			     (long long)T0, (long long)(T0 + 10 * HOUR)), 200);
	assert_int_equal(t_api_int(".step"), 1);
	assert_int_equal(len(".t"), 10);
}

/* More than a request's arena holds (16 MiB), and than is held of the finer
 * ones when coarser ones are made of them. */
static void many_candles_fit_into_an_answer(void **state)
{
	struct candles cs, days;
	const size_t n = 360000;
	struct err err;

	(void)state;
	candles_alloc(root, &cs, n);
	for (size_t i = 0; i < n; i++) {
		double p = 1000 + (double)(i * 7919 % 5000);

		candles_set(&cs, i, &(struct candle){ T0 + (int64_t)i * 60000,
			    p, p + 2, p - 2, p + 1, 1 });
	}
	assert_int_equal(candles_append(t_api_db(), eth, TF_1M, &cs, NULL, &err), 0);
	assert_int_equal(get(M "/candles?tf=1m&from=%lld&to=%lld&limit=1000", ID(eth),
			     (long long)T0, (long long)(T0 + 250 * DAY)), 200);
	assert_true(t_api_memory() < 4 << 20);
	assert_int_equal(t_api_int(".step"), 360);
	assert_int_equal(len(".t"), 1000);
	assert_true(num(".c[999]") == cs.c[n - 1]);
	assert_int_equal(candles_resample(root, &cs, TF_1M, TF_1D, &days, &err), 0);
	assert_int_equal(days.n, 250);
	assert_int_equal(get(M "/candles?tf=1d&limit=5000", ID(eth)), 200);
	assert_int_equal(len(".t"), 250);
	for (size_t i = 0; i < days.n; i++) {
		char path[40];

		snprintf(path, sizeof(path), ".t[%zu]", i);
		assert_int_equal(t_api_int(path), days.t[i]);
		snprintf(path, sizeof(path), ".h[%zu]", i);
		assert_true(num(path) == days.h[i]);
		snprintf(path, sizeof(path), ".v[%zu]", i);
		assert_true(num(path) == days.v[i]);
	}
}

static void wrong_questions_are_told(void **state)
{
	(void)state;
	assert_int_equal(get(M "/candles?tf=7m", ID(btc)), 400);
	assert_int_equal(get(M "/candles?limit=5001", ID(btc)), 400);
	assert_int_equal(get(M "/candles?limit=0", ID(btc)), 400);
	assert_int_equal(get(M "/candles?from=20&to=10", ID(btc)), 400);
	assert_int_equal(get(M "/candles?tf=1s&from=0&to=1735689600000",
			     ID(btc)), 400);
	assert_int_equal(get(M "/candles?frob=1", ID(btc)), 400);
	assert_int_equal(get(M "/candles", ID(9999)), 404);
	assert_int_equal(get(M "/ticker", ID(9999)), 404);
	assert_int_equal(get(M "/book", ID(9999)), 404);
	assert_int_equal(get(M "/book?depth=51", ID(btc)), 400);
}

static void without_quotes_the_candles_tell_the_price(void **state)
{
	(void)state;
	assert_int_equal(get(M "/ticker", ID(btc)), 200);
	assert_int_equal(json_type(t_api_json(".bid")), JSON_NULL);
	assert_int_equal(t_api_int(".time"), T0 + 7200 * HOUR);
	assert_true(strtod(t_api_text(".last"), NULL) == hours.c[7199]);
	assert_true(num(".change_24h") > -0.5 && num(".change_24h") < 0.5);
	assert_int_equal(get(M "/ticker", ID(eth)), 404);
	assert_int_equal(get(M "/book", ID(btc)), 404);
}

static void quotes_are_read_without_the_database(void **state)
{
	struct sim *s = sim_new(root, 1, "BTC/USDT");
	int64_t now = T0 + 300 * DAY + 12345;
	struct quotes *q;
	struct ticker t;
	struct book b;
	struct err err;
	char last[MONEY_TEXT_MAX];

	(void)state;
	assert_int_equal(quotes_open(root, t_db_dir(), &q, &err), 0);
	sim_ticker(s, now, &t);
	sim_book(s, now, BOOK_DEPTH, &b);
	assert_int_equal(quotes_put(q, btc, &t, &b, &err), 0);
	t_api_remember(true);
	assert_int_equal(get("/api/v1/me"), 200);
	assert_int_equal(get(M "/ticker", ID(btc)), 200);
	assert_int_equal(t_api_statements(), 0);
	price_format(last, t.last);
	assert_string_equal(t_api_text(".last"), last);
	assert_int_equal(t_api_int(".time"), now - now % 1000);
	assert_int_equal(get(M "/book?depth=7", ID(btc)), 200);
	assert_int_equal(t_api_statements(), 0);
	assert_int_equal(len(".bids"), 7);
	assert_int_equal(len(".asks[6]"), 2);
	assert_int_equal(get("/api/v1/markets"), 200);
	assert_string_equal(t_api_text(".items[0].last"), last);
	assert_true(num(".items[0].change_24h") > -0.5);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, fresh, done)
	const struct CMUnitTest tests[] = {
		T(exchanges_and_markets_are_listed),
		T(markets_are_searched_and_paged),
		T(one_market_is_shown_or_not_found),
		T(the_newest_candles_come_as_columns),
		T(coarser_candles_are_made),
		T(a_long_range_is_thinned_without_losing_extremes),
		T(many_candles_fit_into_an_answer),
		T(wrong_questions_are_told),
		T(without_quotes_the_candles_tell_the_price),
		T(quotes_are_read_without_the_database),
	};

	t_db_start();
	t_db_schema();
	t_api_start(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
