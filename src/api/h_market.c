#include "config.h"

#include <string.h>

#include "api/api_i.h"
#include "market/market.h"
#include "xchg/quotes.h"

/* Exchanges, markets, candles, and the newest quotes.  Quotes come out of
 * shared memory; candles of a moment are kept in the worker. */

#define CANDLES_MAX 5000
#define CANDLES_KEPT_MS 1000
#define MARKETS_KEPT_MS 2000
#define EXCHANGES_MAX 1000
#define DAY_MS 86400000LL
/* More candles than these are not read for one answer, in an arena of their
 * own: a request's is made for answers. */
#define CANDLES_READ_MAX 2000000
#define CANDLES_MEMORY	((size_t)256 << 20)

static const char *const tf_names[] = {		/* number - 1 */
#define X(id, n, text, ms) [(n) - 1] = text,
	TF_LIST(X)
#undef X
	NULL
};
static const char *const status_names[] = {
#define X(id, text) text,
	MARKET_STATUSES(X)
#undef X
	NULL
};

/* ---- what goes out ---- */

static const struct field exchange_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("name", &sc_str, "as in binance:BTC/USDT"),
	FIELD("kind", &sc_str, "sim: simulated here; import: from files"),
	FIELD("markets", &sc_int, "how many there are"),
};
static const struct schema sc_exchange = OBJECT("Exchange", exchange_fields,
						"Where markets are");
static const struct field series_fields[] = {
	FIELD("tf", ENUM_OF(tf_names), "timeframe"),
	FIELD("from", &sc_time, "open of the first candle"),
	FIELD("to", &sc_time, "open of the last one"),
	FIELD("count", &sc_int, "candles that are stored"),
};
static const struct schema sc_series = OBJECT("CandleSeries", series_fields,
					      "Stored candles");
static const struct field market_fields[] = {
	FIELD("id", &sc_id, "number"),
	FIELD("exchange", &sc_str, "name of the exchange"),
	FIELD("symbol", &sc_str, "base and quote"),
	FIELD("base", &sc_str, "what is traded"),
	FIELD("quote", &sc_str, "what it is paid with"),
	FIELD("tick", &sc_money, "step of prices"),
	FIELD("lot", &sc_money, "step of quantities"),
	FIELD("min_notional", &sc_money, "least value of an order"),
	FIELD("status", ENUM_OF(status_names), "can it be traded"),
	FIELD("price_decimals", &sc_int, "places of prices"),
	FIELD("qty_decimals", &sc_int, "places of quantities"),
	FIELD("timeframes", ARRAY_OF(&sc_series), "stored candles; coarser ones "
	      "are made of them when asked for"),
	FIELD_OPT("last", &sc_money, "newest price"),
	FIELD_OPT("change_24h", &sc_num, "as a part of 1"),
};
static const struct schema sc_market = OBJECT("Market", market_fields,
					      "A pair of assets on an exchange");
static const struct field candle_fields[] = {
	FIELD("market", &sc_id, "market"),
	FIELD("tf", ENUM_OF(tf_names), "timeframe"),
	FIELD("step", &sc_int, "candles merged into one; 1: none"),
	FIELD("t", ARRAY_OF(&sc_time), "opens"),
	FIELD("o", ARRAY_OF(&sc_num), "open"),
	FIELD("h", ARRAY_OF(&sc_num), "high"),
	FIELD("l", ARRAY_OF(&sc_num), "low"),
	FIELD("c", ARRAY_OF(&sc_num), "close"),
	FIELD("v", ARRAY_OF(&sc_num), "volume in base units"),
};
static const struct schema sc_candles = OBJECT("Candles", candle_fields,
					       "Candles as columns");
static const struct field ticker_fields[] = {
	FIELD_NULL("bid", &sc_money, "best price of buyers"),
	FIELD_NULL("ask", &sc_money, "best price of sellers"),
	FIELD("last", &sc_money, "newest price"),
	FIELD("time", &sc_time, "when it was so"),
	FIELD_NULL("change_24h", &sc_num, "as a part of 1"),
	FIELD_NULL("volume_24h", &sc_money, "base units"),
};
static const struct schema sc_ticker = OBJECT("Ticker", ticker_fields,
					      "The newest quote");
static const struct field book_fields[] = {
	FIELD("time", &sc_time, "when it was so"),
	FIELD("bids", ARRAY_OF(ARRAY_OF(&sc_money)), "price and quantity, best "
	      "first"),
	FIELD("asks", ARRAY_OF(ARRAY_OF(&sc_money)), "price and quantity, best "
	      "first"),
};
static const struct schema sc_book = OBJECT("Book", book_fields, "Order book");

/* ---- exchanges ---- */

static int h_exchanges(struct api_req *r, struct err *err)
{
	struct exchange *e;
	size_t n;
	int rc = exchange_list(r->arena, r->d->db, &e, &n, err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n; i++) {
		jw_obj(&r->w);
		jw_ku64(&r->w, "id", e[i].id);
		jw_kstr(&r->w, "name", e[i].name);
		jw_kstr(&r->w, "kind", e[i].kind);
		jw_ku64(&r->w, "markets", e[i].markets);
		jw_obj_end(&r->w);
	}
	api_list_end(r, false, 0, 0);
	return 0;
}

/* ---- markets ---- */

static void write_market(struct api_req *r, const struct market_info *i)
{
	const struct market *m = &i->m;
	struct jw *w = &r->w;
	struct ticker t;
	double change;

	jw_obj(w);
	jw_ku64(w, "id", m->id);
	jw_kstr(w, "exchange", m->exchange);
	jw_kstr(w, "symbol", m->symbol);
	jw_kstr(w, "base", m->base);
	jw_kstr(w, "quote", m->quote);
	jw_key(w, "tick");
	jw_price(w, m->tick);
	jw_key(w, "lot");
	jw_qty(w, m->lot);
	jw_key(w, "min_notional");
	jw_quote(w, m->min_notional);
	jw_kstr(w, "status", market_status_name(m->status));
	jw_ku64(w, "price_decimals", m->price_decimals);
	jw_ku64(w, "qty_decimals", m->qty_decimals);
	jw_key(w, "timeframes");
	jw_arr(w);
	for (size_t k = 0; k < i->n_series; k++) {
		jw_obj(w);
		jw_kstr(w, "tf", tf_name(i->series[k].tf));
		jw_ki64(w, "from", i->series[k].from);
		jw_ki64(w, "to", i->series[k].to);
		jw_ku64(w, "count", i->series[k].count);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	if (r->d->quotes != NULL && quotes_get(r->d->quotes, m->id, &t, NULL)) {
		jw_key(w, "last");
		jw_price(w, t.last);
		if (ticker_change(&t, &change))
			jw_kf64(w, "change_24h", change);
	}
	jw_obj_end(w);
}

struct markets_in {
	struct str exchange, q;
	struct page page;
};
static const struct param markets_params[] = {
	PARAM(struct markets_in, exchange, P_STR, "name of an exchange",
	      .min = 1, .max = EXCHANGE_NAME_MAX),
	PARAM(struct markets_in, q, P_STR, "part of the symbol", .min = 1,
	      .max = SYMBOL_MAX),
	PAGE_PARAMS(struct markets_in, page),
};
static const struct params markets_query =
	PARAMS(struct markets_in, markets_params);

static const char *text_or_null(struct arena *a, struct str s)
{
	return s.p != NULL ? str_dup(a, s) : NULL;
}

static int h_markets(struct api_req *r, struct err *err)
{
	const struct markets_in *in = r->query;
	size_t limit = (size_t)in->page.limit, n;
	struct market_info *m;
	int rc = market_info_list(r->arena, r->d->db,
				  text_or_null(r->arena, in->exchange),
				  text_or_null(r->arena, in->q),
				  in->page.cursor.set ?
				  (uint64_t)in->page.cursor.a : 0, limit + 1,
				  &m, &n, err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		write_market(r, &m[i]);
	api_list_end(r, n > limit, n > limit ? (int64_t)m[limit - 1].m.id : 0,
		     0);
	return 0;
}

static int h_market(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;
	struct market_info *m;
	int rc = market_info_get(r->arena, r->d->db, in->id, &m, err);

	if (rc == 0)
		write_market(r, m);
	return rc;
}

/* ---- candles ---- */

struct candles_in {
	int tf;
	bool has_from, has_to;
	int64_t from, to, limit;
};
static const struct param candles_params[] = {
	PARAM(struct candles_in, tf, P_ENUM, "timeframe", .names = tf_names,
	      .def = TF_1H - 1),
	PARAM(struct candles_in, from, P_TIME, "first open; without it the "
	      "newest are answered", HAS(struct candles_in, has_from)),
	PARAM(struct candles_in, to, P_TIME, "before this open",
	      HAS(struct candles_in, has_to)),
	PARAM(struct candles_in, limit, P_I64, "most candles to answer; a range "
	      "that holds more is thinned", .min = 1, .max = CANDLES_MAX,
	      .def = 500),
};
static const struct params candles_query =
	PARAMS(struct candles_in, candles_params);

/* `step` neighbours become one: nothing that a chart would show is lost. */
static void thin(struct candles *cs, size_t step)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->n; i += step) {
		struct candle c = candles_at(cs, i);

		for (size_t k = i + 1; k < cs->n && k < i + step; k++) {
			c.h = cs->h[k] > c.h ? cs->h[k] : c.h;
			c.l = cs->l[k] < c.l ? cs->l[k] : c.l;
			c.c = cs->c[k];
			c.v += cs->v[k];
		}
		candles_set(cs, n++, &c);
	}
	cs->n = n;
}

static void write_column(struct jw *w, const char *key, const double *v,
			 size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_f64(w, v[i]);
	jw_arr_end(w);
}

static void write_candles(struct jw *w, uint64_t market, enum tf tf,
			  const struct candles *cs, size_t step)
{
	jw_obj(w);
	jw_ku64(w, "market", market);
	jw_kstr(w, "tf", tf_name(tf));
	jw_ku64(w, "step", step);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < cs->n; i++)
		jw_time(w, cs->t[i]);
	jw_arr_end(w);
	write_column(w, "o", cs->o, cs->n);
	write_column(w, "h", cs->h, cs->n);
	write_column(w, "l", cs->l, cs->n);
	write_column(w, "c", cs->c, cs->n);
	write_column(w, "v", cs->v, cs->n);
	jw_obj_end(w);
}

static int read_range(struct api_req *r, struct arena *out, uint64_t market,
		      enum tf tf, struct candles *ret, struct err *err)
{
	const struct candles_in *in = r->query;
	int64_t to = in->has_to ? in->to : r->now_ms;

	if (!in->has_from)
		return candles_newest(out, r->d->db, market, tf,
				      (size_t)in->limit, in->has_to ? in->to :
				      INT64_MAX, ret, err);
	if (in->from > to)
		return api_bad(r, err, "from", "must not be after `to`");
	if (tf_count(tf, in->from, to) > CANDLES_READ_MAX)
		return api_bad(r, err, "from", "the range holds too many "
			       "candles: take a coarser timeframe");
	return candles_load(out, r->d->db, market, tf, in->from, to, ret, err);
}

static int h_candles(struct api_req *r, struct err *err)
{
	const struct id_in *id = r->path;
	const struct candles_in *in = r->query;
	enum tf tf = (enum tf)(in->tf + 1);
	struct arena *root CLEANUP(arena_free) =
		arena_new("candles", CANDLES_MEMORY);
	size_t limit = (size_t)in->limit, step = 1;
	struct candles cs;
	struct market m;
	int rc = read_range(r, root, id->id, tf, &cs, err);

	/* Only a market without candles may be none at all. */
	if (rc == 0 && cs.n == 0)
		rc = market_by_id(r->d->db, id->id, &m, err);
	if (rc < 0)
		return rc;
	if (cs.n > limit) {
		step = (cs.n + limit - 1) / limit;
		thin(&cs, step);
	}
	write_candles(&r->w, id->id, tf, &cs, step);
	return 0;
}

/* ---- quotes ---- */

static void write_ticker(struct jw *w, const struct ticker *t, bool quoted)
{
	double change;

	jw_obj(w);
	jw_key(w, "bid");
	quoted ? jw_price(w, t->bid) : jw_null(w);
	jw_key(w, "ask");
	quoted ? jw_price(w, t->ask) : jw_null(w);
	jw_key(w, "last");
	jw_price(w, t->last);
	jw_ki64(w, "time", t->time);
	jw_key(w, "change_24h");
	ticker_change(t, &change) ? jw_f64(w, change) : jw_null(w);
	jw_key(w, "volume_24h");
	quoted ? jw_qty(w, t->volume_24h) : jw_null(w);
	jw_obj_end(w);
}

static struct price price_of(double x)
{
	struct price p = price_zero(), step;

	if (!price_parse(&step, "0.000000000001") ||
	    !price_from_double(&p, x, step, ROUND_HALF_EVEN))
		p = price_zero();
	return p;
}

/* Nobody brings quotes of this market: what its candles say.  The close of
 * the newest one, and of the one a day before it. */
static int ticker_of_candles(struct api_req *r, uint64_t id, struct ticker *ret,
			     struct err *err)
{
	struct market_info *m;
	const struct series *s;
	struct candles cs;
	size_t i = 0, n;
	int rc = market_info_get(r->arena, r->d->db, id, &m, err);

	if (rc < 0)
		return rc;
	if (m->n_series == 0)
		return api_fail(r, err, E_NOTFOUND, "This market has no prices "
				"yet.");
	while (i + 1 < m->n_series && m->series[i].tf < TF_1M)
		i++;
	s = &m->series[i];
	n = tf_ms(s->tf) < DAY_MS ? (size_t)(DAY_MS / tf_ms(s->tf)) + 1 : 2;
	n = n < CANDLES_MAX ? n : CANDLES_MAX;
	rc = candles_newest(r->arena, r->d->db, id, s->tf, n, INT64_MAX, &cs,
			    err);
	if (rc < 0)
		return rc;
	if (cs.n == 0)
		return api_fail(r, err, E_NOTFOUND, "This market has no prices "
				"yet.");
	*ret = (struct ticker){ .time = tf_next(s->tf, cs.t[cs.n - 1]),
				.last = price_of(cs.c[cs.n - 1]) };
	i = candles_seek(&cs, cs.t[cs.n - 1] - DAY_MS);
	if (cs.t[i] == cs.t[cs.n - 1] - DAY_MS)
		ret->open_24h = price_of(cs.c[i]);
	return 0;
}

static int h_ticker(struct api_req *r, struct err *err)
{
	const struct id_in *in = r->path;
	struct ticker t;
	bool quoted = r->d->quotes != NULL &&
		quotes_get(r->d->quotes, in->id, &t, NULL);
	int rc = quoted ? 0 : ticker_of_candles(r, in->id, &t, err);

	if (rc == 0)
		write_ticker(&r->w, &t, quoted);
	return rc;
}

struct book_in { int64_t depth; };
static const struct param book_params[] = {
	PARAM(struct book_in, depth, P_I64, "levels of each side", .min = 1,
	      .max = BOOK_DEPTH, .def = 20),
};
static const struct params book_query = PARAMS(struct book_in, book_params);

static void write_side(struct jw *w, const char *key,
		       const struct book_level *v, unsigned n, int64_t depth)
{
	jw_key(w, key);
	jw_arr(w);
	for (unsigned i = 0; i < n && i < depth; i++) {
		jw_arr(w);
		jw_price(w, v[i].price);
		jw_qty(w, v[i].qty);
		jw_arr_end(w);
	}
	jw_arr_end(w);
}

static int h_book(struct api_req *r, struct err *err)
{
	const struct id_in *id = r->path;
	const struct book_in *in = r->query;
	struct market m;
	struct book b;
	int rc;

	if (r->d->quotes == NULL ||
	    !quotes_get(r->d->quotes, id->id, NULL, &b)) {
		rc = market_by_id(r->d->db, id->id, &m, err);
		return rc < 0 ? rc : api_fail(r, err, E_NOTFOUND, "This market "
					      "has no order book here.");
	}
	jw_obj(&r->w);
	jw_ki64(&r->w, "time", b.time);
	write_side(&r->w, "bids", b.bids, b.n_bids, in->depth);
	write_side(&r->w, "asks", b.asks, b.n_asks, in->depth);
	jw_obj_end(&r->w);
	return 0;
}

#define NOT_FOUND (1u << E_NOTFOUND)
static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/exchanges", .id = "listExchanges",
	  .doc = "All exchanges.", .fn = h_exchanges, .need = N_VIEWER,
	  .flags = RF_SHARED, .cache_ms = MARKETS_KEPT_MS,
	  .answer = LIST_OF(&sc_exchange) },
	{ .method = M_GET, .path = "/api/v1/markets", .id = "listMarkets",
	  .doc = "Markets and what is stored of them.", .fn = h_markets,
	  .need = N_VIEWER, .flags = RF_SHARED, .cache_ms = MARKETS_KEPT_MS,
	  .query = &markets_query, .answer = LIST_OF(&sc_market) },
	{ .method = M_GET, .path = "/api/v1/markets/{id}", .id = "getMarket",
	  .doc = "One market.", .fn = h_market, .need = N_VIEWER,
	  .flags = RF_SHARED, .cache_ms = MARKETS_KEPT_MS,
	  .path_in = &id_path, .answer = &sc_market, .problems = NOT_FOUND },
	{ .method = M_GET, .path = "/api/v1/markets/{id}/candles",
	  .id = "getCandles", .doc = "Closed candles, oldest first.",
	  .fn = h_candles, .need = N_VIEWER, .flags = RF_SHARED,
	  .cache_ms = CANDLES_KEPT_MS, .path_in = &id_path,
	  .query = &candles_query, .answer = &sc_candles,
	  .problems = NOT_FOUND },
	{ .method = M_GET, .path = "/api/v1/markets/{id}/ticker",
	  .id = "getTicker", .doc = "The newest quote; of a market without "
	  "one, the newest candle's close.", .fn = h_ticker, .need = N_VIEWER,
	  .flags = RF_SHARED, .path_in = &id_path, .answer = &sc_ticker,
	  .problems = NOT_FOUND },
	{ .method = M_GET, .path = "/api/v1/markets/{id}/book",
	  .id = "getBook", .doc = "The order book.", .fn = h_book,
	  .need = N_VIEWER, .flags = RF_SHARED, .path_in = &id_path,
	  .query = &book_query, .answer = &sc_book, .problems = NOT_FOUND },
};
const struct area area_market = AREA(routes);
