#include "config.h"

#include <string.h>

#include "api/bot_api_i.h"
#include "auth/auth.h"
#include "db/db.h"

/* All bots of the caller at a glance. */

#define CURVE_POINTS	400
#define LAST_TRADES	20

/* ---- trades of all bots -------------------------------------------------------- */

static void trade_of_bot(struct jw *w, const struct rows *rows, size_t i)
{
	jw_obj(w);
	jw_ku64(w, "number", row_u64(rows, i, 5));
	trade_members(w, rows, i, 6, false);
	jw_key(w, "bot");
	jw_obj(w);
	jw_ku64(w, "id", row_u64(rows, i, 0));
	jw_kstr(w, "name", row_cstr(rows, i, 1));
	jw_obj_end(w);
	jw_key(w, "market");
	jw_obj(w);
	jw_ku64(w, "id", row_u64(rows, i, 2));
	jw_kstr(w, "exchange", row_cstr(rows, i, 3));
	jw_kstr(w, "symbol", row_cstr(rows, i, 4));
	jw_obj_end(w);
	jw_obj_end(w);
}

/* A list goes on behind (exit time, bot, number); bot and number share a word:
 * 2^31 bots with 2^32 trades each. */
static int trades_of(struct api_req *r, const struct cursor *c, size_t limit,
		     struct rows *ret, struct err *err)
{
	int64_t ms = c != NULL && c->set ? c->a : INT64_MAX;
	uint64_t key = c != NULL && c->set ? (uint64_t)c->b : 0;

	return db_select(r->arena, r->d->db, Q_USER_TRADES,
			 ARGS(V_U64(r->who.id), V_U64(r->who.id), V_I64(ms),
			      V_I64(ms), V_U64(key >> 32), V_U64(key >> 32),
			      V_U64(key & 0xffffffffu), V_U64(limit)), ret, err);
}

struct trades_in { struct page page; };
static const struct param trades_params[] = {
	PAGE_PARAMS(struct trades_in, page),
};
static const struct params trades_query = PARAMS(struct trades_in, trades_params);

static int h_all_trades(struct api_req *r, struct err *err)
{
	const struct trades_in *in = r->query;
	size_t limit = (size_t)in->page.limit;
	struct rows rows;
	int64_t a = 0, b = 0;
	int rc = trades_of(r, &in->page.cursor, limit + 1, &rows, err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < rows.n && i < limit; i++)
		trade_of_bot(&r->w, &rows, i);
	if (rows.n > limit) {
		a = row_i64(&rows, limit - 1, 13);
		b = (int64_t)(row_u64(&rows, limit - 1, 0) << 32 |
			      (row_u64(&rows, limit - 1, 5) & 0xffffffffu));
	}
	api_list_end(r, rows.n > limit, a, b);
	return 0;
}

/* ---- the dashboard --------------------------------------------------------------- */

static const struct field count_fields[] = {
	FIELD("running", &sc_int, "starting ones too"),
	FIELD("paused", &sc_int, ""),
	FIELD("halted", &sc_int, "by an error"),
	FIELD("total", &sc_int, ""),
};
static const struct schema sc_counts = OBJECT("BotCounts", count_fields,
					      "Bots by state");
static const struct field open_fields[] = {
	FIELD("bot", &sc_bot_ref, "whose"),
	FIELD("market", &sc_market_ref, "where"),
	FIELD("qty", &sc_money, "base units; negative: short"),
	FIELD("avg_price", &sc_money, "of its entries"),
	FIELD("last", &sc_money, "last close"),
	FIELD("unrealised", &sc_money, "at the last close"),
	FIELD("since", &sc_time, "of the oldest entry"),
};
static const struct schema sc_open = OBJECT("OpenPosition", open_fields,
					    "A position and its bot");
static const struct field curve_fields[] = {
	FIELD("t", ARRAY_OF(&sc_time), "points in time"),
	FIELD("equity", ARRAY_OF(&sc_money), "of all bots together"),
};
static const struct schema sc_curve = OBJECT("EquityCurve", curve_fields,
					     "Equity of all bots");
static const struct field dash_fields[] = {
	FIELD("bots", &sc_counts, "by state"),
	FIELD("equity", &sc_money, "of all bots"),
	FIELD("profit", &sc_money, "since each began"),
	FIELD("profit_24h", &sc_money, "in the last day of each bot's clock"),
	FIELD("positions", ARRAY_OF(&sc_open), "what is held"),
	FIELD("trades", ARRAY_OF(&sc_bot_trade), "the last ones"),
	FIELD("equity_curve", &sc_curve, "of all bots"),
};
static const struct schema sc_dash = OBJECT("Dashboard", dash_fields,
					    "All bots at a glance");

struct sums { struct quote equity, profit, day; };

static bool add_up(struct sums *s, const struct bot_row *b,
		   const struct rows *ago)
{
	struct quote profit, then = b->initial, d;
	double ratio;

	for (size_t i = 0; i < ago->n; i++)
		if (row_u64(ago, i, 0) == b->id && !row_null(ago, i, 1))
			then = row_quote(ago, i, 1);
	return bot_profit(b, &profit, &ratio) &&
		quote_add(&s->equity, s->equity, b->equity) &&
		quote_add(&s->profit, s->profit, profit) &&
		quote_sub(&d, b->equity, then) && quote_add(&s->day, s->day, d);
}

static void counts(struct jw *w, const struct bot_row *v, size_t n)
{
	int64_t running = 0, paused = 0, halted = 0;

	for (size_t i = 0; i < n; i++) {
		running += bot_state_needs_runner(v[i].state);
		paused += v[i].state == BOT_PAUSED;
		halted += v[i].state == BOT_HALTED;
	}
	jw_key(w, "bots");
	jw_obj(w);
	jw_ki64(w, "running", running);
	jw_ki64(w, "paused", paused);
	jw_ki64(w, "halted", halted);
	jw_ki64(w, "total", (int64_t)n);
	jw_obj_end(w);
}

static void positions(struct jw *w, const struct bot_row *v, size_t n)
{
	jw_key(w, "positions");
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		struct quote u = quote_zero();
		struct price d;

		if (qty_is_zero(v[i].base))
			continue;
		if (!price_sub(&d, v[i].last, v[i].avg_price) ||
		    !notional(&u, d, v[i].base, ROUND_HALF_EVEN))
			u = quote_zero();
		jw_obj(w);
		jw_key(w, "bot");
		jw_obj(w);
		jw_ku64(w, "id", v[i].id);
		jw_kstr(w, "name", v[i].name);
		jw_obj_end(w);
		jw_key(w, "market");
		bot_market_json(w, &v[i]);
		jw_key(w, "qty");
		jw_qty(w, v[i].base);
		jw_key(w, "avg_price");
		jw_price(w, v[i].avg_price);
		jw_key(w, "last");
		jw_price(w, v[i].last);
		jw_key(w, "unrealised");
		jw_quote(w, u);
		jw_ki64(w, "since", v[i].since_ms);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

struct curve { size_t n; int64_t *t; struct quote *v; };

/* The sum of what all bots had at each moment: before its first bar a bot has
 * what it began with, after its last what it ended with. */
static bool add_curve(struct arena *out, const struct bot_row *v, size_t n,
		      const struct rows *p, struct curve *c)
{
	struct quote *now = NEW_N(out, struct quote, n + 1);
	struct quote total = quote_zero();

	c->t = NEW_N(out, int64_t, p->n + 1);
	c->v = NEW_N(out, struct quote, p->n + 1);
	c->n = 0;
	for (size_t k = 0; k < n; k++) {
		now[k] = v[k].initial;
		if (!quote_add(&total, total, now[k]))
			return false;
	}
	for (size_t i = 0; i < p->n; i++) {
		int64_t t = row_i64(p, i, 1);

		for (size_t k = 0; k < n; k++) {
			if (v[k].id != row_u64(p, i, 0))
				continue;
			if (!quote_sub(&total, total, now[k]))
				return false;
			now[k] = row_quote(p, i, 2);
			if (!quote_add(&total, total, now[k]))
				return false;
		}
		if (c->n == 0 || c->t[c->n - 1] != t)
			c->t[c->n++] = t;
		c->v[c->n - 1] = total;
	}
	return true;
}

static void curve_json(struct jw *w, const struct curve *c)
{
	size_t every = c->n / CURVE_POINTS + 1;

	jw_key(w, "equity_curve");
	jw_obj(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < c->n; i++)
		if (i % every == 0 || i + 1 == c->n)
			jw_i64(w, c->t[i]);
	jw_arr_end(w);
	jw_key(w, "equity");
	jw_arr(w);
	for (size_t i = 0; i < c->n; i++)
		if (i % every == 0 || i + 1 == c->n)
			jw_quote(w, c->v[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

static int h_dashboard(struct api_req *r, struct err *err)
{
	struct db *db = r->d->db;
	struct sums s = { quote_zero(), quote_zero(), quote_zero() };
	struct rows ago, trades, points;
	struct bot_row *v;
	struct curve c;
	struct jw *w = &r->w;
	size_t n;
	int rc = bot_list(r->arena, db, r->who.id, 0, &v, &n, err);

	if (rc == 0)
		rc = db_select(r->arena, db, Q_USER_DAY_AGO,
			       ARGS(V_U64(r->who.id)), &ago, err);
	if (rc == 0)
		rc = trades_of(r, NULL, LAST_TRADES, &trades, err);
	if (rc == 0)
		rc = db_select(r->arena, db, Q_USER_EQUITY,
			       ARGS(V_U64(r->who.id),
				    V_I64(r->now_ms - 86400000)), &points, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (!add_up(&s, &v[i], &ago))
			return FAIL(err, E_BUG, "equity is out of range");
	if (!add_curve(r->arena, v, n, &points, &c))
		return FAIL(err, E_BUG, "equity is out of range");
	jw_obj(w);
	counts(w, v, n);
	jw_key(w, "equity");
	jw_quote(w, s.equity);
	jw_key(w, "profit");
	jw_quote(w, s.profit);
	jw_key(w, "profit_24h");
	jw_quote(w, s.day);
	positions(w, v, n);
	jw_key(w, "trades");
	jw_arr(w);
	for (size_t i = 0; i < trades.n; i++)
		trade_of_bot(w, &trades, i);
	jw_arr_end(w);
	curve_json(w, &c);
	jw_obj_end(w);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/dashboard", .id = "getDashboard",
	  .doc = "All of the caller's bots at a glance.", .fn = h_dashboard,
	  .need = N_VIEWER, .answer = &sc_dash },
	{ .method = M_GET, .path = "/api/v1/trades", .id = "listTrades",
	  .doc = "Closed round trips of all of the caller's bots, newest first.",
	  .fn = h_all_trades, .need = N_VIEWER, .query = &trades_query,
	  .answer = LIST_OF(&sc_bot_trade) },
};
const struct area area_dash = AREA(routes);
