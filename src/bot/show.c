#include "config.h"

#include <string.h>

#include "bot/bot_i.h"

bool bot_profit(const struct bot_row *b, struct quote *ret, double *ret_ratio)
{
	struct qty r;

	if (!quote_sub(ret, b->equity, b->initial) || quote_is_zero(b->initial) ||
	    !quote_ratio(&r, *ret, b->initial, ROUND_HALF_EVEN))
		return false;
	*ret_ratio = qty_to_double(r);
	return true;
}

void bot_position_json(struct jw *w, const struct bot_row *b)
{
	struct price d;
	struct quote u;

	if (qty_is_zero(b->base)) {
		jw_null(w);
		return;
	}
	jw_obj(w);
	jw_key(w, "qty");
	jw_qty(w, b->base);
	jw_key(w, "avg_price");
	jw_price(w, b->avg_price);
	jw_key(w, "unrealised");
	if (price_sub(&d, b->last, b->avg_price) &&
	    notional(&u, d, b->base, ROUND_HALF_EVEN))
		jw_quote(w, u);
	else
		jw_quote(w, quote_zero());
	jw_ki64(w, "since", b->since_ms);
	jw_obj_end(w);
}

static void time_or_null(struct jw *w, const char *key, int64_t t, int64_t none)
{
	jw_key(w, key);
	if (t == none)
		jw_null(w);
	else
		jw_time(w, t);
}

static void feed_json(struct jw *w, const struct bot_row *b)
{
	jw_obj(w);
	jw_kstr(w, "kind", b->feed == BOT_FEED_LIVE ? "live" : "replay");
	time_or_null(w, "from", b->from_ms, INT64_MIN);
	time_or_null(w, "to", b->to_ms, INT64_MAX);
	jw_kf64(w, "speed", b->speed);
	jw_obj_end(w);
}

static void limits_json(struct jw *w, const struct risk_limits *l)
{
	jw_obj(w);
	jw_key(w, "max_position");
	if (qty_is_zero(l->max_position))
		jw_null(w);
	else
		jw_qty(w, l->max_position);
	jw_key(w, "max_notional");
	if (quote_is_zero(l->max_notional))
		jw_null(w);
	else
		jw_quote(w, l->max_notional);
	jw_ku64(w, "max_orders", l->max_orders);
	jw_key(w, "price_band");
	jw_qty(w, l->price_band);
	jw_obj_end(w);
}

static void money_json(struct jw *w, const struct bot_row *b)
{
	struct quote profit;
	double ratio;

	if (!bot_profit(b, &profit, &ratio)) {
		profit = quote_zero();
		ratio = 0;
	}
	jw_key(w, "equity");
	jw_quote(w, b->equity);
	jw_key(w, "initial_balance");
	jw_quote(w, b->initial);
	jw_key(w, "profit");
	jw_quote(w, profit);
	jw_kf64(w, "profit_ratio", ratio);
}

void bot_market_json(struct jw *w, const struct bot_row *b)
{
	jw_obj(w);
	jw_ku64(w, "id", b->market_id);
	jw_kstr(w, "exchange", b->exchange);
	jw_kstr(w, "symbol", b->symbol);
	jw_obj_end(w);
}

void bot_json(struct jw *w, const struct bot_row *b)
{
	jw_obj(w);
	jw_ku64(w, "id", b->id);
	jw_kstr(w, "name", b->name);
	jw_kstr(w, "state", bot_state_name(b->state));
	jw_kstr(w, "want", bot_want_name(b->want));
	jw_kstr(w, "mode", b->mode == 'p' ? "paper" : "live");
	jw_key(w, "market");
	bot_market_json(w, b);
	jw_kstr(w, "tf", tf_name(b->tf));
	jw_key(w, "strategy");
	jw_obj(w);
	jw_ku64(w, "id", b->strategy_id);
	jw_kstr(w, "name", b->strategy_name);
	jw_obj_end(w);
	jw_key(w, "inputs");
	jw_raw(w, b->inputs, strlen(b->inputs));
	jw_key(w, "feed");
	feed_json(w, b);
	jw_key(w, "limits");
	limits_json(w, &b->limits);
	jw_key(w, "progress");
	jw_obj(w);
	time_or_null(w, "bar_time", b->decided_ms, 0);
	jw_ku64(w, "bars", b->bars);
	jw_key(w, "bars_total");
	if (b->bars_total == 0)
		jw_null(w);
	else
		jw_u64(w, b->bars_total);
	jw_obj_end(w);
	money_json(w, b);
	jw_key(w, "position");
	bot_position_json(w, b);
	jw_ku64(w, "trades", b->trades);
	jw_kstr(w, "error", b->error);
	jw_ki64(w, "created", b->created_ms);
	jw_ki64(w, "changed", b->changed_ms);
	jw_ku64(w, "ver", b->ver);
	jw_obj_end(w);
}

/* ---- plots -------------------------------------------------------------------- */

struct plotting {
	struct bot_plots *out;
	int64_t from, to;
	size_t seen, every, n_max;
};

static void plot_bar(void *ctx, struct script_vm *vm, const struct candle *c)
{
	struct plotting *p = ctx;
	struct bot_plots *o = p->out;

	if (c->t < p->from || c->t >= p->to)
		return;
	if (p->seen++ % p->every != 0 || o->n == p->n_max)
		return;
	o->t[o->n] = c->t;
	script_plot_values(vm, &o->v[o->n * o->n_plots]);
	o->n++;
}

int bot_plots(struct arena *out, struct db *db, const struct conf *conf,
	      const struct bot_row *row, const struct market *m, int64_t from, int64_t to, size_t points,
	      struct bot_plots *ret, struct err *err)
{
	struct bot *b = NEW(out, struct bot);
	struct plotting p = { .out = ret, .from = from, .to = to };
	int64_t first = from > row->first_ms ? from : row->first_ms;
	int64_t last = to < row->decided_ms + 1 ? to : row->decided_ms + 1;
	int64_t bars = row->decided_ms == 0 || first >= last ? 0 :
		tf_count(row->tf, first, last);
	int rc;

	b->magic = BOT_MAGIC;
	b->arena = arena_push(out, "plots");
	b->tick = arena_push(out, "plots_bar");
	b->db = db;
	b->row = *row;
	b->market = *m;
	rc = bot_machine(b, conf, true, err);
	if (rc == 0)
		rc = paper_open(b->arena, db, row->account_id, &b->x, err);
	if (rc < 0)
		return rc;
	bot_desk(b);
	memset(ret, 0, sizeof(*ret));
	ret->n_plots = script_plots(b->prog, &ret->plots);
	p.every = points == 0 || (size_t)bars <= points ? 1 :
		((size_t)bars + points - 1) / points;
	p.n_max = (size_t)bars / p.every + 1;
	ret->t = NEW_N(out, int64_t, p.n_max);
	ret->v = NEW_N(out, double, p.n_max * (ret->n_plots + 1));
	/* What nobody will see need not be run, but for what it leaves in the
	 * strategy's memory: so all of it is. */
	if (last > 0 && b->row.decided_ms > last)
		b->row.decided_ms = last - 1;
	return bars == 0 ? 0 : bot_rebuild(b, plot_bar, &p, err);
}
