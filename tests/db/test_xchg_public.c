#include "config.h"
#include "test.h"
#include "t_bot.h"
#include "t_db.h"
#include "t_http.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "http/http.h"
#include "xchg/poll.h"
#include "xchg/public_i.h"

/* A server that speaks as the four exchanges document it: their columns,
 * orders and limits of rows, over a market that is a function of time.  Two
 * trades a minute, at 5 and at 35 seconds; none in every seventh minute. */

#define MIN	INT64_C(60000)
#define LISTED	(INT64_C(1735689600000))	/* 2025-01-01 */

enum trouble { NONE, BUSY, BANNED, COUNTRY, HTML, TEXT, BROKEN, ORDER, SECRET,
	       LATE, SHUFFLED };
static struct shared {
	_Atomic int trouble;
	_Atomic unsigned asked, busy_left;
} *shared;

static struct arena *root;
static struct db *db;
static struct http *http;
static struct conf conf;
static int port;

static int price(int64_t minute, int k)	/* cents */
{
	return 3000000 + (int)((minute * 7919 + k * 1013) % 5000);
}

static int amount(int64_t minute, int k)	/* 1e-5 */
{
	return 1 + (int)((minute * 13 + k * 7) % 9000);
}

static bool quiet_minute(int64_t minute)
{
	return minute % 7 == 3;
}

struct bar { bool any; int o, h, l, c, v; };

/* Of `len` minutes. */
static struct bar made(int64_t minute, int64_t len)
{
	struct bar b = { 0 };

	for (int64_t m = minute; m < minute + len; m++)
		for (int k = 0; k < 2 && !quiet_minute(m); k++) {
			int p = price(m, k);

			if (!b.any)
				b.o = b.h = b.l = p;
			b.any = true;
			b.h = p > b.h ? p : b.h;
			b.l = p < b.l ? p : b.l;
			b.c = p;
			b.v += amount(m, k);
		}
	return b;
}

/* ---- the server ---------------------------------------------------------------- */

static int64_t param(const char *rq, const char *name)
{
	char key[40];
	const char *s;

	snprintf(key, sizeof(key), "%s=", name);
	s = strstr(rq, key);
	return s != NULL ? strtoll(s + strlen(key), NULL, 10) : -1;
}

/* Six numbers with w[0] .. w[6] around them. */
static void say(struct sbuf *b, const char *const *w, int64_t t,
		const struct bar *x)
{
	int h = shared->trouble == BROKEN ? x->l - 1 : x->h;
	int v[4] = { x->o, h, x->l, x->c };

	sbuf_addf(b, "%s%" PRId64, w[0], t);
	for (int i = 0; i < 4; i++)
		sbuf_addf(b, "%s%d.%02d", w[i + 1], v[i] / 100, v[i] % 100);
	sbuf_addf(b, "%s%d.%05d%s", w[5], x->v / 100000, x->v % 100000, w[6]);
}

/* Opens [from, to) as rows, in the order of the exchange. */
static size_t rows(struct sbuf *b, const char *const *w, int64_t from, int64_t to,
		   int64_t step, size_t max, bool backwards, int64_t unit)
{
	int64_t t = backwards ? (to - 1) / step * step : (from + step - 1) / step *
		step, d = backwards ? -step : step;
	size_t n = 0;

	if (shared->trouble == SHUFFLED)
		d = -d, t = backwards ? (from + step - 1) / step * step :
			(to - 1) / step * step;
	for (; t >= from && t < to && n < max; t += d) {
		struct bar x = made(t / MIN, step / MIN);

		if (!x.any || t < LISTED)
			continue;
		if (n++ > 0)
			sbuf_addf(b, ",");
		say(b, w, t / unit, &x);
	}
	return n;
}

static void binance(struct sbuf *b, const char *rq)
{
	static const char *const w[] = { "[", ",\"", "\",\"", "\",\"", "\",\"",
		"\",\"", "\",1,\"0\",2,\"0\",\"0\",\"0\"]" };
	int64_t step = strstr(rq, "interval=5m") != NULL ? 5 * MIN : MIN;

	if (strstr(rq, "/time") != NULL) {
		sbuf_addf(b, "{\"serverTime\":%" PRId64 "}", clock_ms(&clock_real));
	} else if (strstr(rq, "exchangeInfo") != NULL) {
		sbuf_addf(b, "{\"symbols\":[{\"symbol\":\"BTCUSDT\",\"status\":"
			  "\"TRADING\",\"filters\":[{\"filterType\":\"PRICE_FILTER\""
			  ",\"tickSize\":\"0.01000000\"},{\"filterType\":"
			  "\"LOT_SIZE\",\"stepSize\":\"0.00001000\"},{\"filterType\""
			  ":\"NOTIONAL\",\"minNotional\":\"5.00000000\"}]}]}");
	} else {
		int64_t from = param(rq, "startTime");

		sbuf_addf(b, "[");
		rows(b, w, from < LISTED ? LISTED : from,
		     param(rq, "endTime") + 1, step, 1000, false, 1);
		sbuf_addf(b, "]");
	}
}

static void coinbase(struct sbuf *b, const char *rq)
{
	static const char *const w[] = { "{\"start\":\"", "\",\"open\":\"",
		"\",\"high\":\"", "\",\"low\":\"", "\",\"close\":\"",
		"\",\"volume\":\"", "\"}" };

	if (strstr(rq, "/time") != NULL) {
		sbuf_addf(b, "{\"epochMillis\":\"%" PRId64 "\"}",
			  clock_ms(&clock_real));
	} else if (strstr(rq, "/candles") != NULL) {
		sbuf_addf(b, "{\"candles\":[");
		rows(b, w, param(rq, "start") * 1000,
		     param(rq, "end") * 1000 + 1, MIN, 350, true, 1000);
		sbuf_addf(b, "]}");
	} else {
		sbuf_addf(b, "{\"product_id\":\"BTC-USDT\",\"quote_increment\":"
			  "\"0.1\",\"price_increment\":\"0.01\",\"base_increment\":"
			  "\"0.00000001\",\"quote_min_size\":\"1\","
			  "\"trading_disabled\":true}");
	}
}

static void trades(struct sbuf *b, int64_t since_ns)
{
	int64_t m = since_ns / 1000000 / MIN, last = since_ns;
	int n = 0;

	m = m < LISTED / MIN ? LISTED / MIN : m;
	sbuf_addf(b, "{\"error\":[],\"result\":{\"XXBTZUSDT\":[");
	for (; n < 1000 && m * MIN < clock_ms(&clock_real); m++)
		for (int k = 0; k < 2 && n < 1000 && !quiet_minute(m); k++) {
			int64_t s = m * 60 + 5 + 30 * k;
			int64_t ns = s * 1000000000 + 123456789;

			if (ns <= since_ns || ns / 1000000 > clock_ms(&clock_real))
				continue;
			if (shared->trouble == ORDER && n == 600)
				s -= 86400;
			n++;
			sbuf_addf(b, "%s[\"%d.%02d\",\"%d.%05d\",%" PRId64
				  ".1234567,\"b\",\"m\",\"\",%d]", n > 1 ? "," : "",
				  price(m, k) / 100, price(m, k) % 100,
				  amount(m, k) / 100000, amount(m, k) % 100000, s, n);
			last = ns;
		}
	sbuf_addf(b, "],\"last\":\"%" PRId64 "\"}}", last);
}

static void kraken(struct sbuf *b, const char *rq)
{
	static const char *const w[] = { "[", ",\"", "\",\"", "\",\"", "\",\"",
		"\",\"0.0\",\"", "\"," };
	int64_t now = clock_ms(&clock_real), from;
	size_t n = 0;

	if (strstr(rq, "/Time") != NULL) {
		sbuf_addf(b, "{\"error\":[],\"result\":{\"unixtime\":%" PRId64 "}}",
			  now / 1000);
	} else if (strstr(rq, "AssetPairs") != NULL) {
		sbuf_addf(b, "{\"error\":[\"WGeneral:slow\"],\"result\":{"
			  "\"XXBTZUSDT\":{\"altname\":\"XBTUSDT\",\"tick_size\":"
			  "\"0.01\",\"lot_decimals\":8,\"ordermin\":\"0.0001\","
			  "\"costmin\":\"0.5\",\"status\":\"online\"}}}");
	} else if (strstr(rq, "/Trades") != NULL) {
		trades(b, param(rq, "since"));
	} else {	/* the newest 720, those without a trade too */
		from = param(rq, "since") * 1000 + 1;
		if (from < now / MIN * MIN - 720 * MIN)
			from = now / MIN * MIN - 720 * MIN;
		sbuf_addf(b, "{\"error\":[],\"result\":{\"XXBTZUSDT\":[");
		for (int64_t t = (from + MIN - 1) / MIN * MIN; t <= now; t += MIN) {
			struct bar x = made(t / MIN, 1);

			if (!x.any)
				x = (struct bar){ true, 100, 100, 100, 100, 0 };
			sbuf_addf(b, "%s", n++ > 0 ? "," : "");
			say(b, w, t / 1000, &x);
			sbuf_addf(b, "%d]", quiet_minute(t / MIN) ? 0 : 2);
		}
		sbuf_addf(b, "],\"last\":%" PRId64 "}}", now / 1000);
	}
}

static void kucoin(struct sbuf *b, const char *rq)
{
	static const char *const w[] = { "[\"", "\",\"", "\",\"", "\",\"",
		"\",\"", "\",\"", "\",\"1\"]" };

	sbuf_addf(b, "{\"code\":\"200000\",\"data\":");
	if (strstr(rq, "/timestamp") != NULL) {
		sbuf_addf(b, "%" PRId64, clock_ms(&clock_real));
	} else if (strstr(rq, "/symbols/") != NULL) {
		sbuf_addf(b, "{\"symbol\":\"BTC-USDT\",\"priceIncrement\":\"0.1\","
			  "\"baseIncrement\":\"0.00000001\",\"minFunds\":\"0.1\","
			  "\"enableTrading\":true}");
	} else {
		unsigned n = 0;

		sbuf_addf(b, "[");
		for (int64_t t = param(rq, "endAt") / 60 * 60;
		     t >= param(rq, "startAt") && n < 1500; t -= 60) {
			struct bar x = made(t / 60, 1), y = x;

			if (!x.any || t * 1000 < LISTED)
				continue;
			/* the close stands before the high */
			y.h = x.c;
			y.l = x.h;
			y.c = x.l;
			sbuf_addf(b, "%s", n++ > 0 ? "," : "");
			say(b, w, t, &y);
		}
		sbuf_addf(b, "]");
	}
	sbuf_addf(b, "}");
}

static bool troubled(int fd, const char *rq)
{
	static const char no[] = "{\"code\":-1121,\"msg\":\"Invalid symbol.\"}";
	int t = shared->trouble;

	if (strstr(rq, "NOPE") != NULL)
		t_http_reply(fd, 400, "", no, sizeof(no) - 1);
	else if (t == BUSY && shared->busy_left-- > 0)
		t_http_reply(fd, 429, "Retry-After: 0\r\n", "", 0);
	else if (t == LATE)
		t_http_reply(fd, 429, "Retry-After: 600\r\n", "", 0);
	else if (t == BANNED)
		t_http_reply(fd, 418, "Retry-After: 120\r\n", "", 0);
	else if (t == COUNTRY)
		t_http_reply(fd, 451, "", "{}", 2);
	else if (t == HTML)
		t_http_reply(fd, 200, "", "<html>502</html>", 16);
	else if (t == TEXT)
		t_http_reply(fd, 200, "", "{\"candles\":7}", 13);
	else
		return false;
	return true;
}

static void serve(int fd, const char *rq)
{
	struct arena *a = arena_new("answer", 64 << 20);
	struct sbuf b;

	shared->asked++;
	sbuf_init(&b, a, 16 << 20);
	if (!troubled(fd, rq)) {
		if (strncmp(rq, "GET /api/v3/brokerage/", 22) == 0)
			coinbase(&b, rq);
		else if (strncmp(rq, "GET /api/v3/", 12) == 0)
			binance(&b, rq);
		else if (strncmp(rq, "GET /0/", 7) == 0)
			kraken(&b, rq);
		else
			kucoin(&b, rq);
		t_http_reply(fd, 200, "", b.buf, b.len);
	}
	arena_free(&a);
}

/* ---- the tests ------------------------------------------------------------------- */

static int setup(void **st)
{
	static char url[64];
	struct http_opts o = { .timeout_ms = 20000, .max_body = 8 << 20,
			       .pause_ms = 1 };
	struct err err;

	(void)st;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	root = arena_new("test", (size_t)1 << 30);
	port = t_http_start_as(serve);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", port);
	conf.binance_url = conf.coinbase_url = conf.kraken_url =
		conf.kucoin_url = url;
	db = t_db_open(root);
	return http_new(root, &o, &http, &err);
}

static int teardown(void **st)
{
	(void)st;
	arena_free(&root);
	t_http_stop();
	munmap(shared, sizeof(*shared));
	return 0;
}

static int fresh(void **st)
{
	shared->trouble = NONE;
	return t_db_fresh(st);
}

static struct pub *opened(const char *name, struct pub_symbol *ret)
{
	struct market m;
	struct pub *p;
	struct err err;

	if (pub_new(root, name, &conf, http, &p, &err) < 0)
		fail_msg("%s", err.msg);
	p->gap_ms = 0;
	assert_true(market_ref_parse(str_c(arena_printf(root, "%s:BTC/USDT",
							name)), &m));
	if (pub_symbol(p, &m, ret, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	return p;
}

static void same(const struct xcandle *x, int64_t minutes)
{
	struct bar b = made(x->t / MIN, minutes);
	struct candle c = xcandle_double(x);

	assert_true(b.any);
	assert_float_equal(c.o * 100, b.o, 1e-6);
	assert_float_equal(c.h * 100, b.h, 1e-6);
	assert_float_equal(c.l * 100, b.l, 1e-6);
	assert_float_equal(c.c * 100, b.c, 1e-6);
	assert_float_equal(c.v * 100000, b.v, 1e-6);
}

static size_t traded(int64_t from, int64_t to, int64_t step)
{
	size_t n = 0;

	for (int64_t t = from; t < to; t += step)
		n += t >= LISTED && made(t / MIN, step / MIN).any;
	return n;
}

/* All of [from, to) in as many pages as it takes. */
static size_t pages(struct pub *p, const struct pub_symbol *s, enum tf tf,
		    int64_t from, int64_t to, size_t *ret_candles)
{
	size_t n = 0;

	*ret_candles = 0;
	for (int64_t at = from; at < to; n++) {
		struct pub_page pg;
		struct err err;

		if (pub_candles(root, p, s, tf, at, to, &pg, &err) < 0)
			fail_msg("%s", err.msg);
		for (size_t i = 0; i < pg.n; i++)
			same(&pg.x[i], tf_ms(tf) / MIN);
		*ret_candles += pg.n;
		assert_true(pg.next > at && pg.next <= to);
		at = pg.next;
	}
	return n;
}

static void each_gives_every_candle_once(void **state)
{
	int64_t from = LISTED + 1234 * MIN, to = from + 3000 * MIN;

	(void)state;
	for (size_t i = 0; pub_names[i] != NULL; i++) {
		struct pub_symbol s;
		struct pub *p = opened(pub_names[i], &s);
		size_t n, k = pages(p, &s, TF_1M, from, to, &n);

		assert_int_equal(n, traded(from, to, MIN));
		assert_true(k >= 3);	/* more than one page */
	}
}

static void the_newest_of_kraken_come_as_candles(void **state)
{
	int64_t to = tf_open(TF_1M, clock_ms(&clock_real) - 2000);
	int64_t from = to - 600 * MIN;
	struct pub_symbol s;
	struct pub *p = opened("kraken", &s);
	unsigned before = shared->asked;
	size_t n;

	(void)state;
	assert_int_equal(pages(p, &s, TF_1M, from, to, &n), 1);
	assert_int_equal(shared->asked - before, 1);
	assert_int_equal(n, traded(from, to, MIN));
}

static void trades_make_coarser_candles_too(void **state)
{
	struct pub_symbol s;
	struct pub *p = opened("kraken", &s);
	int64_t from = LISTED + 60 * MIN, to = from + 24 * 60 * MIN;
	size_t n;

	(void)state;
	pages(p, &s, TF_1H, from, to, &n);
	assert_int_equal(n, 24);
	/* another series, and one that was left in the middle */
	pages(p, &s, TF_5M, from, from + 600 * MIN, &n);
	assert_int_equal(n, 120);
}

static void steps_and_state_are_read(void **state)
{
	static const struct { const char *name, *id, *tick, *lot, *least;
		enum market_status status; } want[] = {
		{ "binance", "BTCUSDT", "0.01", "0.00001", "5", MARKET_ACTIVE },
		{ "coinbase", "BTC-USDT", "0.01", "0.00000001", "1", MARKET_HALTED },
		{ "kraken", "XBTUSDT", "0.01", "0.00000001", "0.5", MARKET_ACTIVE },
		{ "kucoin", "BTC-USDT", "0.1", "0.00000001", "0.1", MARKET_ACTIVE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		char tick[MONEY_TEXT_MAX], lot[MONEY_TEXT_MAX], least[MONEY_TEXT_MAX];
		struct pub_symbol s;
		struct pub *p = opened(want[i].name, &s);
		int64_t now;
		struct err err;

		price_format(tick, s.m.tick);
		qty_format(lot, s.m.lot);
		quote_format(least, s.m.min_notional);
		assert_string_equal(s.id, want[i].id);
		assert_string_equal(tick, want[i].tick);
		assert_string_equal(lot, want[i].lot);
		assert_string_equal(least, want[i].least);
		assert_int_equal(s.m.status, want[i].status);
		assert_int_equal(pub_time(p, &now, &err), 0);
		assert_true(llabs(now - clock_ms(&clock_real)) < 60000);
		assert_false(pub_has_tf(p, TF_5S));
		assert_true(pub_has_tf(p, TF_1D));
	}
}

static void fails(struct pub *p, const struct pub_symbol *s, int trouble,
		  int code, const char *part)
{
	struct pub_page pg;
	struct err err;

	shared->trouble = trouble;
	shared->busy_left = 1000;
	assert_int_equal(pub_candles(root, p, s, TF_1M, LISTED, LISTED +
				     900 * MIN, &pg, &err), code);
	if (strstr(err.msg, part) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", part, err.msg);
	shared->trouble = NONE;
}

static void what_is_no_answer_is_said_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; pub_names[i] != NULL; i++) {
		struct pub_symbol s;
		struct pub *p = opened(pub_names[i], &s);

		fails(p, &s, BUSY, -E_BUSY, "left alone");
		fails(p, &s, LATE, -E_BUSY, "600 s");
		fails(p, &s, BANNED, -E_BUSY, "banned");
		fails(p, &s, COUNTRY, -E_EXCHANGE, "country");
		fails(p, &s, HTML, -E_EXCHANGE, "its answer");
		fails(p, &s, TEXT, -E_EXCHANGE, "no list");
		if (strcmp(pub_names[i], "kraken") == 0)
			fails(p, &s, ORDER, -E_EXCHANGE, "out of order");
		else if (strcmp(pub_names[i], "kucoin") != 0)
			fails(p, &s, BROKEN, -E_EXCHANGE, "high");
	}
}

static void rows_in_another_order_are_seen(void **state)
{
	struct pub_symbol s;
	struct pub *p = opened("binance", &s);

	(void)state;
	fails(p, &s, SHUFFLED, -E_EXCHANGE, "out of order");
}

static void asking_again_helps_when_it_was_busy(void **state)
{
	struct pub_symbol s;
	struct pub *p = opened("binance", &s);
	struct pub_page pg;
	struct err err;

	(void)state;
	shared->busy_left = 3;
	shared->trouble = BUSY;
	assert_int_equal(pub_candles(root, p, &s, TF_1M, LISTED, LISTED + MIN,
				     &pg, &err), 0);
	assert_int_equal(pg.n, traded(LISTED, LISTED + MIN, MIN));
}

static void unknown_symbols_and_exchanges_are_named(void **state)
{
	struct pub_symbol s;
	struct pub *p = opened("binance", &s);
	struct market m;
	struct err err;

	(void)state;
	assert_true(market_ref_parse(STR("binance:NOPE/USDT"), &m));
	assert_int_equal(pub_symbol(p, &m, &s, &err), -E_NOTFOUND);
	assert_non_null(strstr(err.msg, "NOPE/USDT"));
	assert_int_equal(pub_new(root, "mtgox", &conf, http, &p, &err), -E_NOTFOUND);
}

/* ---- into the store ---------------------------------------------------------------- */

static int stop_after(void *ctx, uint64_t done, uint64_t total)
{
	unsigned *left = ctx;

	assert_true(done <= total);
	return (*left)-- == 0 ? -E_CONFLICT : 0;
}

static void what_was_stored_stays_and_the_rest_follows(void **state)
{
	struct pub_symbol s;
	struct pub *p = opened("binance", &s);
	struct market m = s.m;
	struct pub_fill f = { .p = p, .s = &s, .tf = TF_1M, .from = LISTED,
			      .to = LISTED + 5000 * MIN, .progress = stop_after };
	struct pub_filled r;
	struct candles cs;
	struct err err;
	unsigned left = 1;

	(void)state;
	assert_int_equal(market_ensure(db, &m, "exchange", NULL, &err), 0);
	f.market_id = m.id;
	f.ctx = &left;
	assert_int_equal(pub_fill(root, db, &f, &r, &err), -E_CONFLICT);
	assert_int_equal(r.pages, 2);
	assert_int_equal(r.added, 2000);
	/* a server in trouble loses nothing of it */
	shared->trouble = BANNED;
	f.progress = NULL;
	assert_int_equal(pub_fill(root, db, &f, &r, &err), -E_BUSY);
	shared->trouble = NONE;
	assert_int_equal(pub_fill(root, db, &f, &r, &err), 0);
	assert_int_equal(candles_load(root, db, m.id, TF_1M, INT64_MIN, INT64_MAX,
				      &cs, &err), 0);
	assert_int_equal(cs.n, traded(f.from, f.to, MIN));
	for (size_t i = 0; i < cs.n; i++) {
		struct candle c = candles_at(&cs, i);
		struct bar b = made(c.t / MIN, 1);

		assert_float_equal(c.c * 100, b.c, 1e-6);
	}
	/* Nothing new: what is missing was never traded. */
	assert_int_equal(pub_fill(root, db, &f, &r, &err), 0);
	assert_int_equal(r.added, 0);
	assert_int_equal(r.missing, 5000 - cs.n);
}

/* ---- while bots want them ------------------------------------------------------------ */

static struct told { unsigned n; char topic[48], text[300]; } told;

static void hear(void *ctx, const char *topic, const char *type,
		 const char *json, size_t n)
{
	(void)ctx;
	assert_string_equal(type, "candle");
	told.n++;
	snprintf(told.topic, sizeof(told.topic), "%s", topic);
	snprintf(told.text, sizeof(told.text), "%.*s", (int)n, json);
}

static size_t stored(uint64_t market, enum tf tf, int64_t *ret_last)
{
	struct series s;
	struct err err;

	if (series_get(db, market, tf, &s, &err) < 0)
		return 0;
	*ret_last = s.to;
	return s.count;
}

static void bots_get_their_candles_as_they_close(void **state)
{
	int64_t now = tf_open(TF_1M, clock_ms(&clock_real)) + 30000, wait, last = 0;
	struct pub_symbol s;
	struct pub *p = opened("binance", &s);
	struct poll *poll = poll_new(root, db, p, "binance", hear, NULL);
	unsigned asked;
	struct t_bot t;
	struct err err;
	size_t n;

	(void)state;
	t_bot_world(&t);
	t_db_sql("UPDATE exchange SET name = 'binance'");
	t_bot_sim(&t, 5);
	t_bot_make(&t, "EMA cross", "{}");
	/* Nobody wants anything: nothing is asked. */
	asked = shared->asked;
	if (poll_step(poll, now, &wait, &err) < 0)
		fail_msg("%s", err.msg);
	assert_int_equal(shared->asked, asked);
	/* A bot that runs: first what it needs to warm up. */
	t_db_sql("UPDATE bot SET feed_kind = 'l', tf = 5, state = 'r'");
	now += 6000;
	assert_int_equal(poll_step(poll, now, &wait, &err), 0);
	n = stored(t.market, TF_1M, &last);
	assert_int_equal(n, traded(tf_open(TF_1M, now) - POLL_WARM * MIN,
				   tf_open(TF_1M, now), MIN));
	assert_int_equal(told.n, 1);
	assert_non_null(strstr(told.topic, ":1m"));
	assert_non_null(strstr(told.text, "\"closed\":true"));
	/* Not again before the next has closed and settled. */
	asked = shared->asked;
	assert_int_equal(poll_step(poll, now + 1000, &wait, &err), 0);
	assert_int_equal(shared->asked, asked);
	/* Then one by one; a quiet minute brings none, and holds up nothing. */
	for (int i = 1; i <= 8; i++)
		assert_int_equal(poll_step(poll, now + i * MIN, &wait, &err), 0);
	assert_int_equal(stored(t.market, TF_1M, &last) - n,
			 traded(tf_open(TF_1M, now), tf_open(TF_1M, now + 8 * MIN),
				MIN));
	/* An exchange that wants to be left alone is, for a while. */
	shared->trouble = BANNED;
	assert_int_equal(poll_step(poll, now + 10 * MIN, &wait, &err), 0);
	asked = shared->asked;
	assert_int_equal(poll_step(poll, now + 10 * MIN + 20000, &wait, &err), 0);
	assert_int_equal(shared->asked, asked);
	shared->trouble = NONE;
	assert_int_equal(poll_step(poll, now + 12 * MIN, &wait, &err), 0);
	assert_int_equal(stored(t.market, TF_1M, &last) - n,
			 traded(tf_open(TF_1M, now), tf_open(TF_1M, now + 12 * MIN),
				MIN));
	/* The bot ends: it is quiet again. */
	t_db_sql("UPDATE bot SET state = 'x'");
	asked = shared->asked;
	assert_int_equal(poll_step(poll, now + 20 * MIN, &wait, &err), 0);
	assert_int_equal(shared->asked, asked);
	t_bot_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_gives_every_candle_once, fresh),
		cmocka_unit_test_setup(the_newest_of_kraken_come_as_candles, fresh),
		cmocka_unit_test_setup(trades_make_coarser_candles_too, fresh),
		cmocka_unit_test_setup(steps_and_state_are_read, fresh),
		cmocka_unit_test_setup(what_is_no_answer_is_said_in_words, fresh),
		cmocka_unit_test_setup(rows_in_another_order_are_seen, fresh),
		cmocka_unit_test_setup(asking_again_helps_when_it_was_busy, fresh),
		cmocka_unit_test_setup(unknown_symbols_and_exchanges_are_named, fresh),
		cmocka_unit_test_setup(what_was_stored_stays_and_the_rest_follows,
				       fresh),
		cmocka_unit_test_setup(bots_get_their_candles_as_they_close, fresh),
	};
	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, setup, teardown);
}
