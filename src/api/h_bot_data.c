#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/bot_api_i.h"
#include "auth/auth.h"
#include "db/db.h"
#include "ops/ops.h"
#include "script/script.h"

/* What a bot has done: orders, fills, trades, equity, its log, its plots. */

static const char *const sides[] = { "buy", "sell", NULL };
static const char *const directions[] = { "long", "short", NULL };
static const char *const liquidities[] = { "maker", "taker", NULL };

struct part_in { struct page page; };
static const struct param list_params[] = {
	PAGE_PARAMS(struct part_in, page),
};
static const struct params list_query = PARAMS(struct part_in, list_params);

struct range_in { int64_t from, to, points; bool has_from, has_to; };
static const struct param range_params[] = {
	PARAM(struct range_in, from, P_TIME, "not before",
	      HAS(struct range_in, has_from)),
	PARAM(struct range_in, to, P_TIME, "before", HAS(struct range_in, has_to)),
	PARAM(struct range_in, points, P_I64, "at most so many, evenly spaced",
	      .min = 2, .max = 5000, .def = 1000),
};
static const struct params range_query = PARAMS(struct range_in, range_params);

/* ---- orders ---------------------------------------------------------------------- */

static const struct field order_fields[] = {
	FIELD("id", &sc_id, "of the journal"),
	FIELD("client_id", &sc_str, "its name at the exchange"),
	FIELD("side", ENUM_OF(sides), "buy or sell"),
	FIELD("type", &sc_str, "market, limit, stop, stop_limit, trail"),
	FIELD("qty", &sc_money, "asked"),
	FIELD_NULL("price", &sc_money, "limit"),
	FIELD_NULL("stop", &sc_money, "stop, or where a trail begins"),
	FIELD("state", &sc_str, "of the journal"),
	FIELD("filled", &sc_money, "of it"),
	FIELD_NULL("avg_price", &sc_money, "of its fills"),
	FIELD("signal", &sc_str, "the strategy's name for it"),
	FIELD("created", &sc_time, "by the bot's clock"),
	FIELD_NULL("reason", &sc_str, "why it was refused, cut or ended"),
};
static const struct schema sc_order = OBJECT("Order", order_fields,
					     "An order of the journal");

static char letter(const struct rows *rows, size_t i, size_t col)
{
	struct str s = row_str(rows, i, col);

	return s.n > 0 ? s.p[0] : '\0';
}

static void price_or_null(struct jw *w, const char *key, struct price p)
{
	jw_key(w, key);
	if (price_is_zero(p))
		jw_null(w);
	else
		jw_price(w, p);
}

static void order_json(struct jw *w, const struct rows *rows, size_t i)
{
	struct str coid = row_str(rows, i, 1);
	enum xchg_side side = SIDE_BUY;
	enum xchg_type type = OT_MARKET;
	enum order_state state = ORDER_NEW;
	struct price avg = price_zero();
	struct qty filled = row_qty(rows, i, 9);
	char text[COID_TEXT_MAX] = "";
	struct coid c;

	if (coid.n == COID_SIZE) {
		memcpy(c.b, coid.p, COID_SIZE);
		coid_format(text, c);
	}
	(void)xchg_side_parse(letter(rows, i, 2), &side);
	(void)xchg_type_parse(letter(rows, i, 3), &type);
	(void)order_state_parse(letter(rows, i, 8), &state);
	if (qty_sign(filled) > 0 &&
	    !notional_price(&avg, row_quote(rows, i, 10), filled,
			    ROUND_HALF_EVEN))
		avg = price_zero();
	jw_obj(w);
	jw_ku64(w, "id", row_u64(rows, i, 0));
	jw_kstr(w, "client_id", text);
	jw_kstr(w, "side", xchg_side_name(side));
	jw_kstr(w, "type", xchg_type_name(type));
	jw_key(w, "qty");
	jw_qty(w, row_qty(rows, i, 5));
	price_or_null(w, "price", row_price(rows, i, 6));
	price_or_null(w, "stop", row_price(rows, i, 7));
	jw_kstr(w, "state", order_state_name(state));
	jw_key(w, "filled");
	jw_qty(w, filled);
	price_or_null(w, "avg_price", avg);
	jw_kstr(w, "signal", row_cstr(rows, i, 4));
	jw_ki64(w, "created", row_i64(rows, i, 11));
	jw_kstr(w, "reason", row_cstr(rows, i, 12));
	jw_obj_end(w);
}

typedef void row_json(struct jw *w, const struct rows *rows, size_t i);

/* Newest first, by the id in column 0. */
static int list_rows(struct api_req *r, enum stmt q, row_json *fn,
		     struct err *err)
{
	const struct part_in *in = r->query;
	size_t limit = (size_t)in->page.limit;
	uint64_t before = in->page.cursor.set ? (uint64_t)in->page.cursor.a : 0;
	struct bot_row b;
	struct rows rows;
	int rc = api_bot(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = db_select(r->arena, r->d->db, q,
			       ARGS(V_U64(b.id), V_U64(before), V_U64(before),
				    V_U64(limit + 1)), &rows, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < rows.n && i < limit; i++)
		fn(&r->w, &rows, i);
	api_list_end(r, rows.n > limit, rows.n > limit ?
		     (int64_t)row_u64(&rows, limit - 1, 0) : 0, 0);
	return 0;
}

static int h_orders(struct api_req *r, struct err *err)
{
	return list_rows(r, Q_BOT_ORDERS, order_json, err);
}

/* ---- fills -------------------------------------------------------------------------- */

static const struct field fill_fields[] = {
	FIELD("id", &sc_id, "counted up"),
	FIELD_NULL("order_id", &sc_id, "null: not an order of the bot's"),
	FIELD("time", &sc_time, "by the bot's clock"),
	FIELD("side", ENUM_OF(sides), "buy or sell"),
	FIELD("price", &sc_money, "of this fill"),
	FIELD("qty", &sc_money, "of this fill"),
	FIELD("fee", &sc_money, "negative: a rebate"),
	FIELD("fee_asset", &sc_str, "what the fee was paid in"),
	FIELD("liquidity", ENUM_OF(liquidities), "given or taken"),
};
static const struct schema sc_fill = OBJECT("Fill", fill_fields,
					    "A part of an order that was filled");

static void fill_json(struct jw *w, const struct rows *rows, size_t i)
{
	jw_obj(w);
	jw_ku64(w, "id", row_u64(rows, i, 0));
	jw_key(w, "order_id");
	if (row_null(rows, i, 1))
		jw_null(w);
	else
		jw_u64(w, row_u64(rows, i, 1));
	jw_ki64(w, "time", row_i64(rows, i, 2) / 1000);
	jw_kstr(w, "side", sides[letter(rows, i, 3) == SIDE_SELL]);
	jw_key(w, "price");
	jw_price(w, row_price(rows, i, 4));
	jw_key(w, "qty");
	jw_qty(w, row_qty(rows, i, 5));
	jw_key(w, "fee");
	jw_quote(w, row_quote(rows, i, 7));
	jw_kstr(w, "fee_asset", row_cstr(rows, i, 8));
	jw_kstr(w, "liquidity", liquidities[row_u64(rows, i, 9) == 0]);
	jw_obj_end(w);
}

static int h_fills(struct api_req *r, struct err *err)
{
	return list_rows(r, Q_BOT_FILLS, fill_json, err);
}

/* ---- trades --------------------------------------------------------------------------- */

#define TRADE_FIELDS							\
	FIELD("number", &sc_int, "counted from 1"),			\
	FIELD("direction", ENUM_OF(directions), "long or short"),	\
	FIELD("entry_time", &sc_time, "by the bot's clock"),		\
	FIELD("entry_price", &sc_money, "average"),			\
	FIELD("entry_signal", &sc_str, "the strategy's name"),		\
	FIELD_NULL("exit_time", &sc_time, "null while open"),		\
	FIELD_NULL("exit_price", &sc_money, "average"),			\
	FIELD_NULL("exit_signal", &sc_str, "the strategy's name"),	\
	FIELD("qty", &sc_money, "base units"),				\
	FIELD_NULL("profit", &sc_money, "after fees; null while open"),	\
	FIELD_NULL("profit_ratio", &sc_num, "of what the entry cost"),	\
	FIELD("fees", &sc_money, "of entry and exit"),			\
	FIELD_NULL("bars", &sc_int, "from entry to exit"),		\
	FIELD("open", &sc_bool, "not closed yet")

static const struct field trade_fields[] = { TRADE_FIELDS };
static const struct schema sc_trade = OBJECT("Trade", trade_fields,
					     "A round trip");
static const struct field bot_trade_fields[] = {
	TRADE_FIELDS,
	FIELD("bot", &sc_bot_ref, "whose trade"),
	FIELD("market", &sc_market_ref, "where"),
};
const struct schema sc_bot_trade = OBJECT("BotTrade", bot_trade_fields,
					  "A round trip and its bot");

/* As in a backtest's trades: the comment, where the strategy gave one. */
static const char *signal_of(const struct rows *rows, size_t i, size_t col)
{
	const char *said = row_cstr(rows, i, col + 1);

	return said != NULL && *said != '\0' ? said : row_cstr(rows, i, col);
}

/* direction, qty, entry_ms, entry_signal, entry_comment, entry_price,
 * entry_cost, exit_ms, exit_bar, exit_signal, exit_comment, exit_price, fees,
 * profit, entry_bar */
void trade_members(struct jw *w, const struct rows *rows, size_t i, size_t col,
		   bool open)
{
	struct quote cost = row_quote(rows, i, col + 6);
	struct quote profit = row_quote(rows, i, col + 13);
	struct qty ratio;

	jw_kstr(w, "direction", directions[row_i64(rows, i, col) < 0]);
	jw_ki64(w, "entry_time", row_i64(rows, i, col + 2));
	jw_key(w, "entry_price");
	jw_price(w, row_price(rows, i, col + 5));
	jw_kstr(w, "entry_signal", signal_of(rows, i, col + 3));
	jw_key(w, "exit_time");
	if (open)
		jw_null(w);
	else
		jw_i64(w, row_i64(rows, i, col + 7));
	jw_key(w, "exit_price");
	if (open)
		jw_null(w);
	else
		jw_price(w, row_price(rows, i, col + 11));
	jw_kstr(w, "exit_signal", signal_of(rows, i, col + 9));
	jw_key(w, "qty");
	jw_qty(w, row_qty(rows, i, col + 1));
	jw_key(w, "profit");
	if (open)
		jw_null(w);
	else
		jw_quote(w, profit);
	jw_key(w, "profit_ratio");
	if (open || quote_is_zero(cost) ||
	    !quote_ratio(&ratio, profit, cost, ROUND_HALF_EVEN))
		jw_null(w);
	else
		jw_f64(w, qty_to_double(ratio));
	jw_key(w, "fees");
	jw_quote(w, row_quote(rows, i, col + 12));
	jw_key(w, "bars");
	if (open)
		jw_null(w);
	else
		jw_i64(w, row_i64(rows, i, col + 8) - row_i64(rows, i, col + 14));
	jw_kbool(w, "open", open);
}

static void trade_json(struct jw *w, const struct rows *rows, size_t i)
{
	jw_obj(w);
	jw_ku64(w, "number", row_u64(rows, i, 0));
	trade_members(w, rows, i, 2, row_u64(rows, i, 1) != 0);
	jw_obj_end(w);
}

static int h_trades(struct api_req *r, struct err *err)
{
	return list_rows(r, Q_BOT_TRADES, trade_json, err);
}

/* ---- equity ---------------------------------------------------------------------------- */

static const struct field equity_fields[] = {
	FIELD("t", ARRAY_OF(&sc_time), "opens of the bars"),
	FIELD("equity", ARRAY_OF(&sc_money), "at their closes"),
	FIELD("cash", ARRAY_OF(&sc_money), "of it"),
	FIELD("drawdown", ARRAY_OF(&sc_num), "fraction below the highest"),
};
static const struct schema sc_equity = OBJECT("Equity", equity_fields,
					      "Equity as columns");

/* A curve of at most `size` points out of any number of rows in one pass: when
 * the room is used up every other point goes and the step doubles.  The last
 * row is always among them. */
struct equity_pt { int64_t t; struct quote equity, cash, peak; };
struct curve {
	struct equity_pt *v, last;
	size_t n, size, seen, step;
};

static int curve_add(void *ctx, const struct rows *row, struct err *err)
{
	struct curve *c = ctx;
	struct equity_pt p = {
		row_i64(row, 0, 0), row_quote(row, 0, 1), row_quote(row, 0, 2),
		row_quote(row, 0, 1) };

	(void)err;
	if (c->seen > 0 && quote_cmp(c->last.peak, p.peak) > 0)
		p.peak = c->last.peak;
	c->last = p;
	if (c->seen++ % c->step != 0)
		return 0;
	if (c->n == c->size) {
		for (size_t i = 0; i < c->n; i += 2)
			c->v[i / 2] = c->v[i];
		c->n = (c->n + 1) / 2;
		c->step *= 2;
		if ((c->seen - 1) % c->step != 0)
			return 0;
	}
	c->v[c->n++] = p;
	return 0;
}

static int read_curve(struct api_req *r, uint64_t bot, const struct range_in *in,
		      struct curve *ret, struct err *err)
{
	struct curve c = { .size = (size_t)in->points, .step = 1 };
	int rc;

	c.v = NEW_N(r->arena, struct equity_pt, c.size + 1);
	rc = db_each(r->d->db, Q_BOT_EQUITY,
		     ARGS(V_U64(bot), V_I64(in->has_from ? in->from : 0),
			  V_I64(in->has_to ? in->to : INT64_MAX)),
		     curve_add, &c, err);
	if (rc == 0 && c.n > 0 && c.v[c.n - 1].t != c.last.t) {
		if (c.n == c.size)
			c.n--;
		c.v[c.n++] = c.last;
	}
	*ret = c;
	return rc;
}

static double below_peak(const struct equity_pt *p)
{
	struct quote below;
	struct qty ratio;

	if (quote_sign(p->peak) <= 0 ||
	    !quote_sub(&below, p->peak, p->equity) ||
	    !quote_ratio(&ratio, below, p->peak, ROUND_HALF_EVEN))
		return 0;
	return qty_to_double(ratio);
}

static int h_equity(struct api_req *r, struct err *err)
{
	struct bot_row b;
	struct curve c = { 0 };
	struct jw *w = &r->w;
	int rc = api_bot(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = read_curve(r, b.id, r->query, &c, err);
	if (rc < 0)
		return rc;
	jw_obj(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < c.n; i++)
		jw_i64(w, c.v[i].t);
	jw_arr_end(w);
	jw_key(w, "equity");
	jw_arr(w);
	for (size_t i = 0; i < c.n; i++)
		jw_quote(w, c.v[i].equity);
	jw_arr_end(w);
	jw_key(w, "cash");
	jw_arr(w);
	for (size_t i = 0; i < c.n; i++)
		jw_quote(w, c.v[i].cash);
	jw_arr_end(w);
	jw_key(w, "drawdown");
	jw_arr(w);
	for (size_t i = 0; i < c.n; i++)
		jw_f64(w, below_peak(&c.v[i]));
	jw_arr_end(w);
	jw_obj_end(w);
	return 0;
}

/* ---- log ---------------------------------------------------------------------------------- */

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const struct field log_fields[] = {
	FIELD("id", &sc_id, "counted up"),
	FIELD("time", &sc_time, "when it was written"),
	FIELD("level", ENUM_OF(levels), "how serious"),
	FIELD("message", &sc_str, "what happened"),
};
static const struct schema sc_bot_log = OBJECT("BotLogLine", log_fields,
					       "A line of a bot's log");

static int h_log(struct api_req *r, struct err *err)
{
	const struct part_in *in = r->query;
	size_t limit = (size_t)in->page.limit;
	struct bot_row b;
	struct rows rows;
	int rc = api_bot(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = app_log_list(r->arena, r->d->db, &(struct app_filter){
			.source = "bot", .bot = b.id,
			.before = in->page.cursor.set ?
				(uint64_t)in->page.cursor.a : 0,
			.limit = (unsigned)limit + 1 }, &rows, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < rows.n && i < limit; i++) {
		uint64_t level = (uint64_t)row_i64(&rows, i, 3);

		jw_obj(&r->w);
		jw_ku64(&r->w, "id", row_u64(&rows, i, 0));
		jw_ki64(&r->w, "time", row_i64(&rows, i, 1));
		jw_kstr(&r->w, "level", levels[level < 3 ? level : 3]);
		jw_kstr(&r->w, "message", row_cstr(&rows, i, 7));
		jw_obj_end(&r->w);
	}
	api_list_end(r, rows.n > limit, rows.n > limit ?
		     (int64_t)row_u64(&rows, limit - 1, 0) : 0, 0);
	return 0;
}

/* ---- plots ---------------------------------------------------------------------------------- */

static const struct field plot_fields[] = {
	FIELD("name", &sc_str, "title of the plot"),
	FIELD("kind", &sc_str, "line, histogram, shape, ..."),
	FIELD_NULL("color", &sc_str, "#rrggbb where it is fixed"),
	FIELD("overlay", &sc_bool, "on the candles, not below them"),
};
static const struct schema sc_plot = OBJECT("PlotName", plot_fields, "A plot");
static const struct field plots_fields[] = {
	FIELD("names", ARRAY_OF(&sc_plot), "what is plotted"),
	FIELD("t", ARRAY_OF(&sc_time), "opens of the bars"),
	FIELD("values", ARRAY_OF(ARRAY_OF(NULL_OR_NUM)),
	      "one column for each name; null is na"),
};
static const struct schema sc_plots = OBJECT("Plots", plots_fields,
					     "What the strategy plots");

static void plot_name(struct jw *w, const struct script_plot *p)
{
	char color[8] = "";

	if (p->color != 0)
		snprintf(color, sizeof(color), "#%06x", p->color & 0xffffffu);
	jw_obj(w);
	jw_kstr(w, "name", p->title);
	jw_kstr(w, "kind", script_plot_kind_name(p->kind));
	jw_kstr(w, "color", *color ? color : NULL);
	jw_kbool(w, "overlay", p->overlay);
	jw_obj_end(w);
}

static int h_plots(struct api_req *r, struct err *err)
{
	const struct range_in *in = r->query;
	struct bot_plots p = { 0 };
	struct jw *w = &r->w;
	struct bot_row b;
	struct market m;
	int rc = api_bot(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = market_by_id(r->d->db, b.market_id, &m, err);
	if (rc == 0)
		rc = bot_plots(r->arena, r->d->db, r->d->conf, &b, &m,
			       in->has_from ? in->from : INT64_MIN,
			       in->has_to ? in->to : INT64_MAX,
			       (size_t)in->points, &p, err);
	if (rc < 0)
		return rc;
	jw_obj(w);
	jw_key(w, "names");
	jw_arr(w);
	for (size_t i = 0; i < p.n_plots; i++)
		plot_name(w, &p.plots[i]);
	jw_arr_end(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < p.n; i++)
		jw_i64(w, p.t[i]);
	jw_arr_end(w);
	jw_key(w, "values");
	jw_arr(w);
	for (size_t k = 0; k < p.n_plots; k++) {
		jw_arr(w);
		for (size_t i = 0; i < p.n; i++)
			jw_f64(w, p.v[i * p.n_plots + k]);
		jw_arr_end(w);
	}
	jw_arr_end(w);
	jw_obj_end(w);
	return 0;
}

/* ---- the table --------------------------------------------------------------------------------- */

#define PART(name, oid, text, handler, in, out)				\
	{ .method = M_GET, .path = "/api/v1/bots/{id}/" name, .id = oid, \
	  .doc = text, .fn = handler, .need = N_VIEWER,			\
	  .path_in = &id_path, .query = in, .answer = out }

static const struct route routes[] = {
	PART("orders", "listBotOrders", "Its orders, newest first.", h_orders,
	     &list_query, LIST_OF(&sc_order)),
	PART("fills", "listBotFills", "Its fills, newest first.", h_fills,
	     &list_query, LIST_OF(&sc_fill)),
	PART("trades", "listBotTrades", "Its round trips, newest first.",
	     h_trades, &list_query, LIST_OF(&sc_trade)),
	PART("equity", "getBotEquity", "Its equity, thinned to `points`.",
	     h_equity, &range_query, &sc_equity),
	PART("log", "listBotLog", "Its log, newest first.", h_log, &list_query,
	     LIST_OF(&sc_bot_log)),
	PART("plots", "getBotPlots",
	     "What its strategy plots, worked out again from its candles.",
	     h_plots, &range_query, &sc_plots),
};
const struct area area_bot_data = AREA(routes);
