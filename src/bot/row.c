#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/bot_i.h"
#include "core/clock.h"
#include "db/db.h"
#include "proc/board.h"
#include "script/store.h"
#include "xchg/paper.h"

const char *bot_state_name(enum bot_state s)
{
	switch (s) {
#define X(id, text, c, live) case BOT_##id: return text;
	BOT_STATES(X)
#undef X
	}
	return "?";
}

const char *bot_want_name(enum bot_want w)
{
	switch (w) {
#define X(id, text, c) case WANT_##id: return text;
	BOT_WANTS(X)
#undef X
	}
	return "?";
}

bool bot_state_parse(char c, enum bot_state *ret)
{
	switch (c) {
#define X(id, text, ch, live) case ch: *ret = BOT_##id; return true;
	BOT_STATES(X)
#undef X
	}
	return false;
}

bool bot_state_needs_runner(enum bot_state s)
{
	switch (s) {
#define X(id, text, c, live) case BOT_##id: return live;
	BOT_STATES(X)
#undef X
	}
	return false;
}

static bool want_parse(char c, enum bot_want *ret)
{
	switch (c) {
#define X(id, text, ch) case ch: *ret = WANT_##id; return true;
	BOT_WANTS(X)
#undef X
	}
	return false;
}

/* ---- reading ------------------------------------------------------------------ */

static char letter(const struct rows *r, size_t i, size_t col)
{
	struct str s = row_str(r, i, col);

	return s.n > 0 ? s.p[0] : '\0';
}

static int64_t time_or(const struct rows *r, size_t i, size_t col, int64_t other)
{
	return row_null(r, i, col) ? other : row_i64(r, i, col);
}

static int row_of(const struct rows *r, size_t i, struct bot_row *b,
		  struct err *err)
{
	uint64_t tf = row_u64(r, i, 6);

	memset(b, 0, sizeof(*b));
	b->id = row_u64(r, i, 0);
	b->user_id = row_u64(r, i, 1);
	b->account_id = row_u64(r, i, 2);
	b->name = row_cstr(r, i, 3);
	b->mode = letter(r, i, 4);
	b->market_id = row_u64(r, i, 5);
	if (!tf_valid((int64_t)tf) ||
	    !bot_state_parse(letter(r, i, 19), &b->state) ||
	    !want_parse(letter(r, i, 20), &b->want))
		return FAIL(err, E_BUG, "bot %" PRIu64 ": unknown letter", b->id);
	b->tf = (enum tf)tf;
	b->strategy_id = row_u64(r, i, 7);
	b->strategy_name = row_cstr(r, i, 8);
	b->inputs = row_cstr(r, i, 9);
	b->feed = letter(r, i, 10) == BOT_FEED_LIVE ? BOT_FEED_LIVE :
		BOT_FEED_REPLAY;
	b->from_ms = time_or(r, i, 11, INT64_MIN);
	b->to_ms = time_or(r, i, 12, INT64_MAX);
	b->speed = row_f64(r, i, 13);
	b->initial = row_quote(r, i, 14);
	if (!row_null(r, i, 15))
		b->limits.max_position = row_qty(r, i, 15);
	if (!row_null(r, i, 16))
		b->limits.max_notional = row_quote(r, i, 16);
	b->limits.max_orders = (unsigned)row_u64(r, i, 17);
	b->limits.price_band = row_qty(r, i, 18);
	b->error = row_cstr(r, i, 21);
	b->created_ms = row_i64(r, i, 22);
	b->changed_ms = row_i64(r, i, 23);
	b->ver = row_u64(r, i, 24);
	b->warm_ms = time_or(r, i, 25, 0);
	b->first_ms = time_or(r, i, 26, 0);
	b->decided_ms = time_or(r, i, 27, 0);
	b->bars = row_u64(r, i, 28);
	b->bars_total = row_null(r, i, 29) ? 0 : row_u64(r, i, 29);
	b->last = row_null(r, i, 30) ? price_zero() : row_price(r, i, 30);
	b->cash = row_quote(r, i, 31);
	b->base = row_qty(r, i, 32);
	b->avg_price = row_price(r, i, 33);
	b->since_ms = time_or(r, i, 34, 0);
	b->equity = row_quote(r, i, 35);
	b->trades = row_u64(r, i, 36);
	b->symbol = row_cstr(r, i, 37);
	b->exchange = row_cstr(r, i, 38);
	return 0;
}

int bot_get(struct arena *out, struct db *db, uint64_t user_id, uint64_t id,
	    struct bot_row *ret, struct err *err)
{
	struct bot_row b;
	struct rows r;
	int rc = db_select(out, db, Q_BOT_GET, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no bot %" PRIu64, id);
	rc = row_of(&r, 0, &b, err);
	if (rc < 0)
		return rc;
	if (user_id != 0 && b.user_id != user_id)
		return FAIL(err, E_NOTFOUND, "there is no bot %" PRIu64, id);
	*ret = b;
	return 0;
}

int bot_list(struct arena *out, struct db *db, uint64_t user_id, uint64_t after,
	     struct bot_row **ret, size_t *ret_n, struct err *err)
{
	struct bot_row *v;
	struct rows r;
	int rc = db_select(out, db, Q_BOT_LIST,
			   ARGS(V_U64(user_id), V_U64(user_id), V_U64(after)),
			   &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct bot_row, r.n + 1);
	for (size_t i = 0; rc == 0 && i < r.n; i++)
		rc = row_of(&r, i, &v[i], err);
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = r.n;
	return 0;
}

int bot_source(struct arena *out, struct db *db, uint64_t id, struct str *ret,
	       struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_BOT_SOURCE, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no bot %" PRIu64, id);
	*ret = row_str(&r, 0, 0);
	return 0;
}

int bot_count_states(struct db *db, struct err *err)
{
	static const enum board_gauge gauges[] = {
#define X(id, text, c, live) BG_BOTS_##id,
		BOT_STATES(X)
#undef X
	};
	static const char letters[] = {
#define X(id, text, c, live) c,
		BOT_STATES(X)
#undef X
	};
	struct arena *a = arena_new("states", (size_t)1 << 20);
	struct rows r;
	int rc = db_select(a, db, Q_BOT_STATES, NOARGS, &r, err);

	for (size_t k = 0; rc == 0 && k < ARRAY_LEN(letters); k++) {
		int64_t n = 0;

		for (size_t i = 0; i < r.n; i++)
			if (letter(&r, i, 0) == letters[k])
				n = (int64_t)row_u64(&r, i, 1);
		board_gauge_set(gauges[k], n);
	}
	arena_free(&a);
	return rc;
}

/* ---- making -------------------------------------------------------------------- */

void bot_new_defaults(struct bot_new *n)
{
	memset(n, 0, sizeof(*n));
	n->feed = BOT_FEED_LIVE;
	n->from_ms = INT64_MIN;
	n->to_ms = INT64_MAX;
	n->speed = 1;
	n->limits.max_orders = 50;
	n->limits.price_band = qty_from_raw(BOT_BAND_RAW);
	n->fee_maker = n->fee_taker = qty_from_raw(BOT_FEE_RAW);
	n->allow_short = true;
	if (!quote_parse(&n->initial, "10000"))
		n->initial = quote_zero();
}

struct making {
	struct arena *a;
	uint64_t user_id;
	const struct bot_new *n;
	struct market m;
	struct strategy s;
	const char *inputs;
	struct match_rules rules;
	uint64_t ret_id;
};

/* As in a backtest of it: what it declares is what it costs, be it nothing. */
static int declared_fee(const struct strat_properties *pr,
			struct match_rules *k, struct err *err)
{
	struct qty fine = qty_from_raw(1000000);		/* 1e-12 */
	struct quote fine_quote = quote_from_raw(1000000);
	bool ok = true;

	k->fee_taker = k->fee_maker = qty_zero();
	switch (pr->commission_type) {
	case STRAT_FEE_PERCENT:
		ok = qty_from_double(&k->fee_taker, pr->commission_value / 100,
				     fine, ROUND_HALF_EVEN);
		k->fee_maker = k->fee_taker;
		break;
	case STRAT_FEE_PER_CONTRACT:
		ok = qty_from_double(&k->fee_unit, pr->commission_value, fine,
				     ROUND_HALF_EVEN);
		break;
	case STRAT_FEE_PER_ORDER:
		ok = quote_from_double(&k->fee_order, pr->commission_value,
				       fine_quote, ROUND_HALF_EVEN);
		break;
	}
	return ok ? 0 : FAIL(err, E_UNPROCESSABLE,
			     "the strategy's commission is out of range");
}

/* The strategy compiles and takes these inputs; what it declares about costs
 * holds where the caller did not say otherwise. */
static int check_strategy(struct making *k, struct err *err)
{
	const struct script_prog *prog;
	const struct strat_properties *pr;
	struct script_binding *b;
	struct diags d = { 0 };
	int rc = script_compile(k->a, k->s.source.p, k->s.source.n, NULL, &prog,
				&d, err);

	if (rc == -E_INVAL)
		return FAIL(err, E_UNPROCESSABLE, "the strategy has errors: %s",
			    d.n > 0 ? d.v[0].msg : "it cannot be read");
	if (rc < 0)
		return rc;
	pr = script_properties(prog);
	if (!pr->is_strategy)
		return FAIL(err, E_UNPROCESSABLE,
			    "the script is an indicator: it places no orders");
	b = script_bind(k->a, prog);
	if (k->n->inputs != NULL) {
		rc = script_bind_json(b, k->n->inputs, err);
		if (rc == -E_INVAL)
			err->code = E_UNPROCESSABLE;
		if (rc < 0)
			return rc == -E_INVAL ? -E_UNPROCESSABLE : rc;
	}
	if (!k->n->has_slippage && pr->slippage > 0)
		k->rules.slippage_ticks = pr->slippage;
	return k->n->has_fees ? 0 : declared_fee(pr, &k->rules, err);
}

static int check_feed(struct db *db, struct making *k, struct err *err)
{
	const struct bot_new *n = k->n;
	struct candles cs;
	int64_t from = n->from_ms, to = n->to_ms;
	int rc;

	if (n->feed == BOT_FEED_LIVE)
		return 0;
	if (from >= to)
		return FAIL(err, E_UNPROCESSABLE,
			    "the replay ends before it begins");
	/* One candle is enough to know: the newest one of the range. */
	rc = candles_newest(k->a, db, n->market_id, n->tf, 1, to, &cs, err);
	if (rc < 0)
		return rc;
	if (cs.n == 0 || cs.t[0] < from)
		return FAIL(err, E_UNPROCESSABLE,
			    "there are no %s candles of %s in that range",
			    tf_name(n->tf), k->m.symbol);
	return 0;
}

static int check_new(struct db *db, struct making *k, struct err *err)
{
	const struct bot_new *n = k->n;
	int rc;

	if (*n->name == '\0' || strlen(n->name) > BOT_NAME_MAX)
		return FAIL(err, E_UNPROCESSABLE, "a name has 1 to %d characters",
			    BOT_NAME_MAX);
	if (quote_sign(n->initial) <= 0)
		return FAIL(err, E_UNPROCESSABLE,
			    "the initial balance must be more than zero");
	if (!(n->speed >= 0) || n->speed > 1e9)
		return FAIL(err, E_UNPROCESSABLE,
			    "the speed must be 0 (as fast as possible) to 1e9");
	rc = market_by_id(db, n->market_id, &k->m, err);
	if (rc == 0)
		rc = strategy_get(k->a, db, k->user_id, n->strategy_id, &k->s, err);
	if (rc == 0)
		rc = strategy_bundle(k->a, db, k->user_id, k->s.source,
				     &k->s.source, err);
	if (rc < 0)
		return rc;
	k->rules = (struct match_rules){
		.tick = k->m.tick, .lot = k->m.lot,
		.min_notional = k->m.min_notional,
		.quote_step = quote_from_raw(BOT_QUOTE_STEP_RAW),
		.fee_maker = n->fee_maker, .fee_taker = n->fee_taker,
		.participation = n->participation,
		.slippage_ticks = n->slippage_ticks,
		.latency_ms = n->latency_ms, .allow_short = n->allow_short,
	};
	rc = check_feed(db, k, err);
	return rc < 0 ? rc : check_strategy(k, err);
}

static struct dbval time_val(int64_t t, int64_t open)
{
	return t == open ? V_NULL() : V_I64(t);
}

static int insert_bot(struct making *k, struct db *db, uint64_t account,
		      int64_t now, struct err *err)
{
	const struct bot_new *n = k->n;
	const char feed[2] = { (char)n->feed, 0 };
	const char state[2] = { BOT_CREATED, 0 }, want[2] = { WANT_STOP, 0 };
	const struct risk_limits *l = &n->limits;
	int rc = db_exec(db, Q_BOT_ADD,
		ARGS(V_U64(k->user_id), V_U64(account), V_STR(n->name),
		     V_STR("p"), V_U64(n->market_id), V_U64(n->tf),
		     V_U64(n->strategy_id), V_STR(k->s.name),
		     V_TEXT(k->s.source), V_STR(k->inputs), V_STR(feed),
		     time_val(n->from_ms, INT64_MIN),
		     time_val(n->to_ms, INT64_MAX), V_F64(n->speed),
		     V_QUOTE(n->initial),
		     qty_is_zero(l->max_position) ? V_NULL() : V_QTY(l->max_position),
		     quote_is_zero(l->max_notional) ? V_NULL() :
			V_QUOTE(l->max_notional),
		     V_U64(l->max_orders), V_QTY(l->price_band), V_STR(state),
		     V_STR(want), V_I64(now), V_I64(now)), NULL, &k->ret_id, err);

	if (rc == 0)
		rc = db_exec(db, Q_BOT_PROGRESS_ADD,
			     ARGS(V_U64(k->ret_id), V_QUOTE(n->initial),
				  V_QTY(qty_zero()), V_QUOTE(n->initial)),
			     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_BOT_LEASE_ADD, ARGS(V_U64(k->ret_id)), NULL,
			     NULL, err);
	return rc;
}

static int make(void *ctx, struct db *db, struct err *err)
{
	struct making *k = ctx;
	int64_t now = clock_ms(&clock_real);
	struct paper_conf pc = { .base = k->m.base, .quote = k->m.quote,
				 .deposit = k->n->initial, .rules = k->rules };
	int rc = account_create(db, k->user_id, k->m.base, k->m.quote,
				k->n->initial, now, &pc.account_id, err);

	if (rc == 0)
		rc = paper_create(db, &pc, err);
	if (rc == 0)
		rc = insert_bot(k, db, pc.account_id, now, err);
	return rc;
}

int bot_create(struct db *db, uint64_t user_id, const struct bot_new *n,
	       uint64_t *ret_id, struct err *err)
{
	struct making k = { .user_id = user_id, .n = n, .inputs = "{}" };
	int rc;

	k.a = arena_new("bot_create", (size_t)64 << 20);
	if (n->inputs != NULL) {
		struct sbuf b;
		struct jw w;

		sbuf_init(&b, k.a, (size_t)60 << 10);
		jw_init(&w, &b);
		jw_json(&w, n->inputs);
		k.inputs = sbuf_finish(&b);
	}
	if (k.inputs == NULL)
		rc = FAIL(err, E_TOOBIG, "the inputs are too large");
	else
		rc = check_new(db, &k, err);
	if (rc == 0)
		rc = db_tx_join(db, make, &k, err);
	if (rc == 0)
		*ret_id = k.ret_id;
	arena_free(&k.a);
	return rc;
}

/* ---- changing -------------------------------------------------------------------- */

int bot_patch(struct db *db, const struct bot_row *b, struct err *err)
{
	const struct risk_limits *l = &b->limits;
	uint64_t n;
	int rc;

	if (*b->name == '\0' || strlen(b->name) > BOT_NAME_MAX)
		return FAIL(err, E_UNPROCESSABLE, "a name has 1 to %d characters",
			    BOT_NAME_MAX);
	rc = db_exec(db, Q_BOT_PATCH,
		ARGS(V_STR(b->name), V_F64(b->speed),
		     qty_is_zero(l->max_position) ? V_NULL() : V_QTY(l->max_position),
		     quote_is_zero(l->max_notional) ? V_NULL() :
			V_QUOTE(l->max_notional),
		     V_U64(l->max_orders), V_QTY(l->price_band),
		     V_I64(clock_ms(&clock_real)), V_U64(b->id), V_U64(b->ver)),
		&n, NULL, err);
	if (rc == 0 && n != 1)
		return FAIL(err, E_CONFLICT, "the bot was changed meanwhile");
	return rc;
}

static int want(struct arena *out, struct db *db, struct bot_row *b,
		enum bot_want w, enum bot_state s, struct err *err)
{
	const char want_text[2] = { (char)w, 0 }, state[2] = { (char)s, 0 };
	uint64_t n;
	int rc = db_exec(db, Q_BOT_WANT,
			 ARGS(V_STR(want_text), V_STR(state),
			      V_I64(clock_ms(&clock_real)), V_U64(b->id),
			      V_U64(b->ver)), &n, NULL, err);

	if (rc < 0)
		return rc;
	if (n != 1)
		return FAIL(err, E_CONFLICT, "the bot was changed meanwhile");
	board_generation_bump(GEN_BOTS);
	return bot_get(out, db, 0, b->id, b, err);
}

int bot_start(struct arena *out, struct db *db, struct bot_row *b, struct err *err)
{
	switch (b->state) {
	case BOT_CREATED:
	case BOT_PAUSED:
	case BOT_STOPPED:
	case BOT_HALTED:
		return want(out, db, b, WANT_RUN, BOT_STARTING, err);
	case BOT_STARTING:
	case BOT_RUNNING:
		if (b->want == WANT_RUN)
			return 0;
		return want(out, db, b, WANT_RUN, b->state, err);
	case BOT_STOPPING:
		return FAIL(err, E_CONFLICT, "the bot is stopping; start it when it has stopped");
	case BOT_FINISHED:
		break;
	}
	return FAIL(err, E_CONFLICT, "the bot has finished its replay; make a new one");
}

int bot_pause(struct arena *out, struct db *db, struct bot_row *b, struct err *err)
{
	switch (b->state) {
	case BOT_STARTING:
	case BOT_RUNNING:
		return want(out, db, b, WANT_PAUSE, b->state, err);
	case BOT_PAUSED:
		return 0;
	case BOT_CREATED:
	case BOT_STOPPING:
	case BOT_STOPPED:
	case BOT_FINISHED:
	case BOT_HALTED:
		break;
	}
	return FAIL(err, E_CONFLICT, "only a running bot can be paused");
}

int bot_stop(struct arena *out, struct db *db, struct bot_row *b, struct err *err)
{
	switch (b->state) {
	case BOT_STARTING:
	case BOT_RUNNING:
	case BOT_PAUSED:
	case BOT_HALTED:
		return want(out, db, b, WANT_STOP, BOT_STOPPING, err);
	case BOT_STOPPING:
	case BOT_STOPPED:
	case BOT_FINISHED:
		return 0;
	case BOT_CREATED:
		return want(out, db, b, WANT_STOP, BOT_STOPPED, err);
	}
	return FAIL(err, E_BUG, "unknown state");
}

static int delete_tx(void *ctx, struct db *db, struct err *err)
{
	const struct bot_row *b = ctx;
	uint64_t n;
	int rc = db_exec(db, Q_BOT_DEL, ARGS(V_U64(b->id), V_U64(b->ver)), &n,
			 NULL, err);

	if (rc == 0 && n != 1)
		return FAIL(err, E_CONFLICT, "the bot was changed meanwhile");
	if (rc == 0)
		rc = paper_delete(db, b->account_id, err);
	if (rc == 0)
		rc = db_exec(db, Q_ACCOUNT_DEL, ARGS(V_U64(b->account_id)), NULL,
			     NULL, err);
	return rc;
}

int bot_delete(struct db *db, const struct bot_row *b, struct err *err)
{
	struct bot_row copy = *b;

	if (bot_state_needs_runner(b->state))
		return FAIL(err, E_CONFLICT, "stop the bot first");
	return db_tx_join(db, delete_tx, &copy, err);
}
