#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "api/bot_api_i.h"
#include "auth/auth.h"

/* Bots: made, shown, changed, started, ended. */

/* ---- what comes in ------------------------------------------------------------ */

static const char *const modes[] = { "paper", NULL };
static const char *const feed_kinds[] = { "live", "replay", NULL };

struct feed_in {
	int kind;
	int64_t from, to;
	bool has_from, has_to;
	double speed;
	bool has_speed;
};
static const struct param feed_params[] = {
	PARAM(struct feed_in, kind, P_ENUM, "live candles, or stored ones replayed",
	      .required = true, .names = feed_kinds),
	PARAM(struct feed_in, from, P_TIME, "a replay begins there",
	      .nullable = true, HAS(struct feed_in, has_from)),
	PARAM(struct feed_in, to, P_TIME, "and ends before", .nullable = true,
	      HAS(struct feed_in, has_to)),
	PARAM(struct feed_in, speed, P_F64,
	      "times real time; 0: as fast as possible", .max = 1000000000,
	      .nullable = true, HAS(struct feed_in, has_speed)),
};
static const struct params feed_body = PARAMS(struct feed_in, feed_params);

struct paper_in {
	struct qty fee_maker, fee_taker, participation;
	bool has_maker, has_taker, has_slippage, has_short;
	int64_t slippage_ticks, latency_ms;
	bool allow_short;
};
static const struct param paper_params[] = {
	PARAM(struct paper_in, fee_maker, P_QTY, "fraction of a fill's cost",
	      .max = 1, HAS(struct paper_in, has_maker)),
	PARAM(struct paper_in, fee_taker, P_QTY, "fraction of a fill's cost",
	      .max = 1, HAS(struct paper_in, has_taker)),
	PARAM(struct paper_in, slippage_ticks, P_I64,
	      "of market and stop orders", .max = 100000,
	      HAS(struct paper_in, has_slippage)),
	PARAM(struct paper_in, latency_ms, P_I64,
	      "until an order is at the exchange", .max = 3600000),
	PARAM(struct paper_in, participation, P_QTY,
	      "fraction of a candle's volume that fills may take; 0: no limit",
	      .max = 1),
	PARAM(struct paper_in, allow_short, P_BOOL,
	      "may sell what it does not hold", HAS(struct paper_in, has_short)),
};
static const struct params paper_body = PARAMS(struct paper_in, paper_params);

struct limits_in {
	struct qty max_position, price_band;
	struct quote max_notional;
	int64_t max_orders;
	bool has_position, has_notional, has_orders, has_band;
};
static const struct param limits_params[] = {
	PARAM(struct limits_in, max_position, P_QTY, "base units; 0: no limit",
	      .nullable = true, .max = 1000000000,
	      HAS(struct limits_in, has_position)),
	PARAM(struct limits_in, max_notional, P_QUOTE,
	      "of the position in quote units; 0: no limit", .nullable = true,
	      .max = 1000000000000, HAS(struct limits_in, has_notional)),
	PARAM(struct limits_in, max_orders, P_I64, "open at once", .min = 1,
	      .max = 200, HAS(struct limits_in, has_orders)),
	PARAM(struct limits_in, price_band, P_QTY,
	      "fraction by which a limit or stop may be away; 0: no limit",
	      .max = 100, HAS(struct limits_in, has_band)),
};
static const struct params limits_body = PARAMS(struct limits_in, limits_params);

struct bot_in {
	struct str name, tf;
	uint64_t market_id, strategy_id;
	const struct json *inputs;
	int mode;
	struct quote initial_balance;
	void *feed, *paper, *limits;
};
static const struct param bot_params[] = {
	PARAM(struct bot_in, name, P_STR, "shown in lists", .required = true,
	      .min = 1, .max = BOT_NAME_MAX),
	PARAM(struct bot_in, market_id, P_ID, "what it trades", .required = true),
	PARAM(struct bot_in, tf, P_STR, "timeframe: 1m, 1h, 1d",
	      .required = true, .min = 2, .max = 4),
	PARAM(struct bot_in, strategy_id, P_ID, "what it runs", .required = true),
	PARAM(struct bot_in, inputs, P_JSON, "values for the strategy's inputs"),
	PARAM(struct bot_in, mode, P_ENUM, "with paper money", .names = modes),
	PARAM(struct bot_in, initial_balance, P_QUOTE, "paper money to begin with",
	      .positive = true, .max = 1000000000000, .def_text = "10000"),
	PARAM(struct bot_in, feed, P_OBJ, "where its candles come from",
	      .sub = &feed_body, .required = true),
	PARAM(struct bot_in, paper, P_OBJ, "how the paper broker fills",
	      .sub = &paper_body),
	PARAM(struct bot_in, limits, P_OBJ, "what risk may let through",
	      .sub = &limits_body),
};
static const struct params bot_body = PARAMS(struct bot_in, bot_params);

struct patch_in {
	struct str name;
	double speed;
	bool has_speed;
	void *limits;
};
static const struct param patch_params[] = {
	PARAM(struct patch_in, name, P_STR, "shown in lists", .min = 1,
	      .max = BOT_NAME_MAX),
	PARAM(struct patch_in, speed, P_F64, "of its replay",
	      .max = 1000000000, HAS(struct patch_in, has_speed)),
	PARAM(struct patch_in, limits, P_OBJ, "what risk may let through",
	      .sub = &limits_body),
};
static const struct params patch_body = PARAMS(struct patch_in, patch_params);

/* ---- what goes out --------------------------------------------------------------- */

static const char *const states[] = {
#define X(id, text, c, live) text,
	BOT_STATES(X)
#undef X
	NULL
};
static const char *const wants[] = {
#define X(id, text, c) text,
	BOT_WANTS(X)
#undef X
	NULL
};

static const struct field market_fields[] = {
	FIELD("id", &sc_id, "of the market"),
	FIELD("exchange", &sc_str, "its exchange"),
	FIELD("symbol", &sc_str, "BASE/QUOTE"),
};
const struct schema sc_market_ref = OBJECT("MarketRef", market_fields, "A market");
static const struct field ref_fields[] = {
	FIELD("id", &sc_id, "its number"),
	FIELD("name", &sc_str, "what it is called"),
};
const struct schema sc_bot_ref = OBJECT("Ref", ref_fields, "A thing by name");
static const struct field feed_fields[] = {
	FIELD("kind", ENUM_OF(feed_kinds), "live candles, or stored ones"),
	FIELD_NULL("from", &sc_time, "a replay begins there"),
	FIELD_NULL("to", &sc_time, "and ends before"),
	FIELD("speed", &sc_num, "times real time; 0: as fast as possible"),
};
static const struct schema sc_feed = OBJECT("Feed", feed_fields, "Candles");
static const struct field limits_fields[] = {
	FIELD_NULL("max_position", &sc_money, "base units"),
	FIELD_NULL("max_notional", &sc_money, "quote units"),
	FIELD("max_orders", &sc_int, "open at once"),
	FIELD("price_band", &sc_money, "fraction"),
};
static const struct schema sc_limits = OBJECT("Limits", limits_fields,
					      "What risk lets through");
static const struct field progress_fields[] = {
	FIELD_NULL("bar_time", &sc_time, "open of the last decided bar"),
	FIELD("bars", &sc_int, "decided on"),
	FIELD_NULL("bars_total", &sc_int, "of a replay"),
};
static const struct schema sc_progress = OBJECT("Progress", progress_fields,
						"How far it is");
static const struct field position_fields[] = {
	FIELD("qty", &sc_money, "base units; negative: short"),
	FIELD("avg_price", &sc_money, "of its entries"),
	FIELD("unrealised", &sc_money, "at the last close"),
	FIELD("since", &sc_time, "of the oldest entry"),
};
static const struct schema sc_position = OBJECT("Position", position_fields,
						"What is held");
static const struct field bot_fields[] = {
	FIELD("id", &sc_id, "its number"),
	FIELD("name", &sc_str, "shown in lists"),
	FIELD("state", ENUM_OF(states), "what it does"),
	FIELD("want", ENUM_OF(wants), "what it shall do"),
	FIELD("mode", ENUM_OF(modes), "with paper money"),
	FIELD("market", &sc_market_ref, "what it trades"),
	FIELD("tf", &sc_str, "timeframe of its bars"),
	FIELD("strategy", &sc_bot_ref, "what it runs"),
	FIELD("inputs", MAP_OF(&sc_any), "of the strategy"),
	FIELD("feed", &sc_feed, "where its candles come from"),
	FIELD("limits", &sc_limits, "what risk lets through"),
	FIELD("progress", &sc_progress, "how far it is"),
	FIELD("equity", &sc_money, "at the last close"),
	FIELD("initial_balance", &sc_money, "what it began with"),
	FIELD("profit", &sc_money, "equity less that"),
	FIELD("profit_ratio", &sc_num, "the same as a fraction"),
	FIELD_NULL("position", &sc_position, "what it holds"),
	FIELD("trades", &sc_int, "round trips, open ones too"),
	FIELD_NULL("error", &sc_str, "why it halted"),
	FIELD("created", &sc_time, "when it was made"),
	FIELD("changed", &sc_time, "by a person or its runner"),
	FIELD("ver", &sc_int, "version of the row"),
};
const struct schema sc_bot = OBJECT("Bot", bot_fields,
				    "A strategy on a market with its own account");

/* ---- handlers ----------------------------------------------------------------------- */

int api_bot(struct api_req *r, enum action act, struct bot_row *ret,
	    struct err *err)
{
	const struct id_in *in = r->path;
	int rc = bot_get(r->arena, r->d->db, 0, in->id, ret, err);

	return rc < 0 ? rc : authz(r->who.ident, act, ret->user_id, err);
}

/* Sentences that people may read: rules of the bots, not of the machine. */
static int tell(struct api_req *r, int rc, const struct err *err)
{
	if (rc == -E_UNPROCESSABLE || rc == -E_CONFLICT)
		api_say(r, "%s", err->msg);
	return rc;
}

static int h_bot_list(struct api_req *r, struct err *err)
{
	const struct page *page = r->query;
	size_t limit = (size_t)page->limit, n;
	struct bot_row *v;
	int rc = bot_list(r->arena, r->d->db, r->who.id,
			  page->cursor.set ? (uint64_t)page->cursor.a : 0, &v, &n,
			  err);

	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		bot_json(&r->w, &v[i]);
	api_list_end(r, n > limit, n > limit ? (int64_t)v[limit - 1].id : 0, 0);
	return 0;
}

static int h_bot_get(struct api_req *r, struct err *err)
{
	struct bot_row b;
	int rc = api_bot(r, ACT_READ, &b, err);

	if (rc == 0)
		bot_json(&r->w, &b);
	return rc;
}

static void take_limits(struct risk_limits *l, const struct limits_in *in)
{
	if (in == NULL)
		return;
	if (in->has_position)
		l->max_position = in->max_position;
	if (in->has_notional)
		l->max_notional = in->max_notional;
	if (in->has_orders)
		l->max_orders = (unsigned)in->max_orders;
	if (in->has_band)
		l->price_band = in->price_band;
}

static void take_paper(struct bot_new *n, const struct paper_in *in)
{
	if (in == NULL)
		return;
	n->has_fees = in->has_maker || in->has_taker;
	if (in->has_taker)
		n->fee_taker = n->fee_maker = in->fee_taker;
	if (in->has_maker)
		n->fee_maker = in->fee_maker;
	n->has_slippage = in->has_slippage;
	n->slippage_ticks = in->slippage_ticks;
	n->latency_ms = in->latency_ms;
	n->participation = in->participation;
	if (in->has_short)
		n->allow_short = in->allow_short;
}

static int h_bot_create(struct api_req *r, struct err *err)
{
	const struct bot_in *in = r->body;
	const struct feed_in *feed = in->feed;
	struct bot_row b;
	struct bot_new n;
	uint64_t id;
	int rc;

	bot_new_defaults(&n);
	if (!tf_parse(in->tf, &n.tf))
		return api_bad(r, err, "tf", "is not a timeframe");
	n.name = str_dup(r->arena, in->name);
	n.market_id = in->market_id;
	n.strategy_id = in->strategy_id;
	n.inputs = in->inputs;
	n.initial = in->initial_balance;
	n.feed = feed->kind == 0 ? BOT_FEED_LIVE : BOT_FEED_REPLAY;
	if (feed->has_from)
		n.from_ms = feed->from;
	if (feed->has_to)
		n.to_ms = feed->to;
	if (feed->has_speed)
		n.speed = feed->speed;
	take_paper(&n, in->paper);
	take_limits(&n.limits, in->limits);
	rc = bot_create(r->d->db, r->who.id, &n, &id, err);
	if (rc == 0)
		rc = bot_get(r->arena, r->d->db, 0, id, &b, err);
	if (rc == -E_NOTFOUND)
		return api_fail(r, err, E_UNPROCESSABLE,
				"There is no such market or strategy.");
	if (rc < 0)
		return tell(r, rc, err);
	api_created(r, "/api/v1/bots/%" PRIu64, id);
	bot_json(&r->w, &b);
	return 0;
}

static int h_bot_patch(struct api_req *r, struct err *err)
{
	const struct patch_in *in = r->body;
	struct bot_row b;
	int rc = api_bot(r, ACT_CHANGE, &b, err);

	if (rc < 0)
		return rc;
	if (in->name.p != NULL)
		b.name = str_dup(r->arena, in->name);
	if (in->has_speed)
		b.speed = in->speed;
	take_limits(&b.limits, in->limits);
	rc = bot_patch(r->d->db, &b, err);
	if (rc == 0)
		rc = bot_get(r->arena, r->d->db, 0, b.id, &b, err);
	if (rc < 0)
		return tell(r, rc, err);
	bot_json(&r->w, &b);
	return 0;
}

static int h_bot_delete(struct api_req *r, struct err *err)
{
	struct bot_row b;
	int rc = api_bot(r, ACT_CHANGE, &b, err);

	if (rc == 0)
		rc = bot_delete(r->d->db, &b, err);
	return tell(r, rc, err);
}

typedef int bot_wish(struct arena *out, struct db *db, struct bot_row *b,
		     struct err *err);

static int wish(struct api_req *r, bot_wish *fn, struct err *err)
{
	struct bot_row b;
	int rc = api_bot(r, ACT_CHANGE, &b, err);

	if (rc == 0)
		rc = fn(r->arena, r->d->db, &b, err);
	if (rc < 0)
		return tell(r, rc, err);
	bot_json(&r->w, &b);
	return 0;
}

static int h_bot_start(struct api_req *r, struct err *err)
{
	return wish(r, bot_start, err);
}
static int h_bot_pause(struct api_req *r, struct err *err)
{
	return wish(r, bot_pause, err);
}
static int h_bot_stop(struct api_req *r, struct err *err)
{
	return wish(r, bot_stop, err);
}

static const struct param page_params[] = {
	PARAM_NAMED(struct page, limit, "limit", P_I64, "most items to answer",
		    .min = 1, .max = 499, .def = 50),
	PARAM_NAMED(struct page, cursor, "cursor", P_CURSOR,
		    "`next` of the page before"),
};
static const struct params page_query = PARAMS(struct page, page_params);

#define WISH(verb, oid, text, handler)					\
	{ .method = M_POST, .path = "/api/v1/bots/{id}/" verb, .id = oid, \
	  .doc = text, .fn = handler, .need = N_TRADER,			\
	  .path_in = &id_path, .answer = &sc_bot,			\
	  .problems = 1u << E_CONFLICT }

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/bots", .id = "listBots",
	  .doc = "The caller's bots, oldest first.", .fn = h_bot_list,
	  .need = N_VIEWER, .query = &page_query, .answer = LIST_OF(&sc_bot) },
	{ .method = M_POST, .path = "/api/v1/bots", .id = "createBot",
	  .doc = "Makes a bot; it does nothing until it is started.",
	  .fn = h_bot_create, .need = N_TRADER, .flags = RF_CREATE,
	  .body = &bot_body, .status = 201, .answer = &sc_bot,
	  .problems = 1u << E_UNPROCESSABLE },
	{ .method = M_GET, .path = "/api/v1/bots/{id}", .id = "getBot",
	  .doc = "One bot.", .fn = h_bot_get, .need = N_VIEWER,
	  .path_in = &id_path, .answer = &sc_bot },
	{ .method = M_PATCH, .path = "/api/v1/bots/{id}", .id = "changeBot",
	  .doc = "Name, speed of its replay, limits; while it runs too.",
	  .fn = h_bot_patch, .need = N_TRADER, .path_in = &id_path,
	  .body = &patch_body, .answer = &sc_bot,
	  .problems = 1u << E_CONFLICT | 1u << E_UNPROCESSABLE },
	{ .method = M_DELETE, .path = "/api/v1/bots/{id}", .id = "deleteBot",
	  .doc = "Removes a bot that does not run, with all it has traded.",
	  .fn = h_bot_delete, .need = N_TRADER, .path_in = &id_path,
	  .problems = 1u << E_CONFLICT },
	WISH("start", "startBot", "Lets it run, or go on.", h_bot_start),
	WISH("pause", "pauseBot", "Holds it; its orders stay.", h_bot_pause),
	WISH("stop", "stopBot", "Ends it; its open orders are cancelled.",
	     h_bot_stop),
};
const struct area area_bot = AREA(routes);
