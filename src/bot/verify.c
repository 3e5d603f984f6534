#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "bot/desk.h"
#include "bot/verify.h"
#include "bt/models.h"
#include "core/array.h"
#include "core/clock.h"

#define VERIFY_BOT 1
#define LIVE_ROOM 4096		/* open orders of the replay */

/* A model that looks at one bar after the other, as a bot's does. */
struct watcher { struct ml_eye *eye; double row[SM__N]; };

struct replay {
	const struct verify_in *in;
	struct watcher *models;
	struct script_model *said;
	int64_t t;			/* of the bar they speak of */
	struct arena *a, *run, *tick;	/* run: until the next restart */
	struct desk *desk;
	struct desk_conf conf;
	struct match_state x;		/* the broker */
	struct acct acct;		/* the books */
	struct quote ledger_quote;	/* the postings' sums */
	struct quote ledger_base;
	struct intent *live;
	size_t n_live;
	size_t bar, trade;		/* now; compared so far */
	struct verify_out n;
	struct err *err;
};

static int differs(struct replay *r, const char *what, double want, double got)
{
	char at[TIME_TEXT_MAX];

	time_format(at, r->in->bars->t[r->bar]);
	return FAIL(r->err, E_CONFLICT, "candle %zu (%s): %s: expected %.12g, "
		    "got %.12g", r->bar, at, what, want, got);
}

static int differs_text(struct replay *r, const char *what, const char *want,
			const char *got)
{
	char at[TIME_TEXT_MAX];

	time_format(at, r->in->bars->t[r->bar]);
	return FAIL(r->err, E_CONFLICT, "candle %zu (%s): %s: expected \"%.40s\", "
		    "got \"%.40s\"", r->bar, at, what, want, got);
}

/* ---- the orders' life, without a database ------------------------------------- */

static struct intent *live_find(struct replay *r, struct coid coid)
{
	for (size_t i = 0; i < r->n_live; i++)
		if (coid_eq(r->live[i].o.coid, coid))
			return &r->live[i];
	return NULL;
}

static int add_posting(struct replay *r, const struct xchg_fill *f)
{
	struct posting p[POSTINGS_MAX];
	size_t n;
	int rc = ledger_of_fill(f, "B", "Q", p, &n, r->err);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct quote *to = *p[i].asset == 'B' ? &r->ledger_base :
			&r->ledger_quote;

		if (p[i].book == BOOK_AVAILABLE &&
		    !quote_add(to, *to, p[i].amount))
			return FAIL(r->err, E_UNPROCESSABLE, "the ledger is out of range");
	}
	return rc;
}

static int take_fill(struct replay *r, const struct match_fill *f)
{
	const struct match_order *m = &r->x.orders[f->order];
	struct xchg_fill xf = { .seq = f->seq, .coid = m->o.coid,
		.time_us = f->time_ms * 1000, .side = m->o.side,
		.price = f->price, .qty = f->qty, .cost = f->cost,
		.fee = f->fee, .fee_asset = "Q", .maker = f->maker };
	struct intent *it = live_find(r, m->o.coid);
	struct acct_changes ch;
	struct acct_fill af = { .side = xf.side, .price = xf.price,
		.qty = xf.qty, .cost = xf.cost, .fee = xf.fee,
		.time_ms = f->time_ms, .bar = (int64_t)r->bar };
	int rc;

	if (it == NULL)
		return FAIL(r->err, E_BUG, "a fill of an order that is not there");
	af.intent = it->id;
	af.signal = it->tag;
	af.comment = it->comment;
	af.from = it->from_entry;
	if (!qty_add(&it->filled, it->filled, f->qty))
		return FAIL(r->err, E_UNPROCESSABLE, "a fill is out of range");
	it->state = ORDER_PARTIAL;
	r->n.fills++;
	rc = acct_fill(r->tick, &r->acct, &af, &ch, r->err);
	return rc < 0 ? rc : add_posting(r, &xf);
}

static int take_events(struct replay *r, const struct match_events *ev)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ev->n_fills; i++)
		rc = take_fill(r, &ev->fills[i]);
	return rc;
}

/* What is over at the broker is over here. */
static void sweep(struct replay *r)
{
	size_t n = 0;

	match_sweep(&r->x);
	for (size_t i = 0; i < r->n_live; i++) {
		bool open = false;

		for (size_t k = 0; k < r->x.n_orders && !open; k++)
			open = coid_eq(r->x.orders[k].o.coid,
				       r->live[i].o.coid);
		if (open)
			r->live[n++] = r->live[i];
	}
	r->n_live = n;
}

static int place(struct replay *r, const struct intent *it, int64_t now_ms)
{
	struct match_events ev;
	int rc;

	if (it->state == ORDER_REJECTED) {
		r->n.refused++;
		return 0;
	}
	if (r->n_live == LIVE_ROOM)
		return FAIL(r->err, E_LIMIT, "more than %d open orders", LIVE_ROOM);
	r->live[r->n_live] = *it;
	r->live[r->n_live].id = ++r->n.orders;
	r->live[r->n_live++].state = ORDER_OPEN;
	rc = match_place(r->tick, &r->x, &it->o, now_ms, &ev, r->err);
	if (rc < 0) {
		err_wrap(r->err, "order \"%s\"", it->tag);
		return rc;
	}
	return take_events(r, &ev);
}

/* ---- one candle ------------------------------------------------------------------ */

static int candle_of(struct replay *r, struct match_candle *c)
{
	const struct bars *b = r->in->bars;
	struct bar v = bars_at(b, r->bar);
	struct price tick = r->conf.rules.tick;

	c->open_ms = v.t;
	c->close_ms = r->bar + 1 < b->n ? b->t[r->bar + 1] : v.t + 1;
	c->v = qty_zero();
	if (!price_from_double(&c->o, v.o, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&c->h, v.h, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&c->l, v.l, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&c->c, v.c, tick, ROUND_HALF_EVEN) ||
	    price_sign(c->l) <= 0)
		return FAIL(r->err, E_UNPROCESSABLE, "candle %zu: no prices that "
			    "can be traded", r->bar);
	return 0;
}

static struct desk_in input(const struct replay *r, int64_t now_ms)
{
	return (struct desk_in){
		.live = r->live, .n_live = r->n_live,
		.bar_ms = r->in->bars->t[r->bar], .now_ms = now_ms,
		.last = r->x.last, .base = r->acct.base, .cash = r->acct.cash,
	};
}

static int let_trade(struct replay *r, const struct match_candle *c)
{
	struct desk_in in = input(r, c->close_ms);
	struct match_events ev;
	struct desk_prints p;
	int rc = desk_prints(r->tick, r->desk, &in, c, &p, r->err);

	for (size_t i = 0; rc == 0 && i < p.n_late; i++)
		rc = place(r, &p.late[i], c->open_ms);
	if (rc == 0)
		rc = match_candle(r->tick, &r->x, c, p.v, p.n, &ev, r->err);
	if (rc == 0)
		rc = take_events(r, &ev);
	if (rc == 0)
		sweep(r);
	return rc;
}

static int decide(struct replay *r, const struct strat_cmds *cmds, int64_t now_ms)
{
	struct desk_in in = input(r, now_ms);
	struct desk_out p;
	int rc = desk_decide(r->tick, r->desk, cmds, &in, &p, r->err);

	for (size_t i = 0; rc == 0 && i < p.n_cancel; i++) {
		struct err why;

		/* It may have gone with its parent. */
		if (match_cancel(&r->x, p.cancel[i]->o.coid, "", &why) < 0)
			p.cancel[i]->state = ORDER_CANCELED;
	}
	for (size_t i = 0; rc == 0 && i < p.n_place; i++)
		rc = place(r, &p.place[i], now_ms);
	if (rc == 0)
		sweep(r);
	return rc;
}

/* ---- comparing -------------------------------------------------------------------- */

static bool near(double a, double b, double room)
{
	return fabs(a - b) <= room;
}

/* A name may be cut to what the journal has room for. */
static bool same_name(const char *want, const char *got)
{
	const char *w = want != NULL ? want : "";

	return strncmp(w, got, TAG_MAX - 4) == 0;
}

static int compare_trade(struct replay *r, const struct emu_trade *w,
			 const struct acct_trade *t)
{
	double size = qty_to_double(t->qty) * t->direction;
	double tick = r->in->want->rules.mintick;
	double fees = quote_to_double(t->entry_fee) + quote_to_double(t->exit_fee);
	double profit = quote_to_double(t->profit);
	/* Cost and fee of each fill are whole steps of the quote. */
	double room = 1e-6 * (1 + fabs(profit) + fabs(fees));

	if (w->t.entry_time != t->entry_ms)
		return differs(r, "entry time", (double)w->t.entry_time,
			       (double)t->entry_ms);
	if (w->t.exit_time != t->exit_ms)
		return differs(r, "exit time", (double)w->t.exit_time,
			       (double)t->exit_ms);
	if (!near(w->t.size, size, 1e-9 * (1 + fabs(size))))
		return differs(r, "quantity", w->t.size, size);
	if (!near(w->t.entry_price, price_to_double(acct_entry_price(t)), tick / 100))
		return differs(r, "entry price", w->t.entry_price,
			       price_to_double(acct_entry_price(t)));
	if (!near(w->t.exit_price, price_to_double(acct_exit_price(t)), tick / 100))
		return differs(r, "exit price", w->t.exit_price,
			       price_to_double(acct_exit_price(t)));
	if (!same_name(w->t.entry_id, t->entry_signal))
		return differs_text(r, "entry signal", w->t.entry_id, t->entry_signal);
	if (!same_name(w->t.exit_id, t->exit_signal))
		return differs_text(r, "exit signal", w->t.exit_id, t->exit_signal);
	if (!near(w->t.commission, fees, room))
		return differs(r, "fees", w->t.commission, fees);
	if (!near(w->t.profit, profit, room))
		return differs(r, "profit", w->t.profit, profit);
	return 0;
}

static int compare_trades(struct replay *r)
{
	const struct bt_result *w = r->in->want;
	const struct acct *a = &r->acct;
	int rc = 0;

	for (; rc == 0 && r->trade < a->closed_first + a->n_closed; r->trade++) {
		if (r->trade >= w->n_trades ||
		    w->trades[r->trade].reason == EMU_END)
			return differs(r, "number of closed trades",
				       (double)r->trade, (double)r->trade + 1);
		rc = compare_trade(r, &w->trades[r->trade],
				   &a->closed[r->trade - a->closed_first]);
	}
	if (rc < 0) {
		err_wrap(r->err, "trade %zu", r->trade);
		return rc;
	}
	/* One that should have closed on this candle or before? */
	if (r->trade < w->n_trades && w->trades[r->trade].reason != EMU_END &&
	    w->trades[r->trade].t.exit_time <= r->in->bars->t[r->bar])
		return differs(r, "number of closed trades",
			       (double)r->trade + 1, (double)r->trade);
	return 0;
}

/* The broker's books, the bot's and the ledger: one position, one balance. */
static int compare_books(struct replay *r)
{
	struct qty base = qty_from_raw(quote_raw(r->ledger_base));

	if (qty_cmp(r->acct.base, r->x.base) != 0 ||
	    qty_cmp(base, r->x.base) != 0)
		return differs(r, "position in the books",
			       qty_to_double(r->x.base),
			       qty_to_double(r->acct.base));
	if (quote_cmp(r->acct.cash, r->x.cash) != 0 ||
	    quote_cmp(r->ledger_quote, r->x.cash) != 0)
		return differs(r, "balance in the books",
			       quote_to_double(r->x.cash),
			       quote_to_double(r->acct.cash));
	return 0;
}

static int compare(struct replay *r)
{
	const struct bt_result *w = r->in->want;
	const struct strat_account *a = desk_account(r->desk);
	double pos = qty_to_double(r->acct.base), eq, room;
	struct quote q;
	int rc = compare_trades(r);

	if (rc == 0)
		rc = compare_books(r);
	if (rc < 0)
		return rc;
	if (a->position_size != w->position[r->bar])
		return differs(r, "position", w->position[r->bar],
			       a->position_size);
	if (!near(pos, emu_position(desk_emu(r->desk)), 1e-9 * (1 + fabs(pos))))
		return differs(r, "position in the books",
			       emu_position(desk_emu(r->desk)), pos);
	if (a->equity != w->equity[r->bar])
		return differs(r, "equity", w->equity[r->bar], a->equity);
	if (!acct_equity(&r->acct, r->x.last, &q))
		return FAIL(r->err, E_UNPROCESSABLE, "the equity is out of range");
	eq = quote_to_double(q);
	room = 1e-9 * (1 + fabs(eq)) + 1e-7 * (1 + (double)r->n.fills);
	/* A close between two ticks is one price here and another there. */
	room += fabs(pos) * w->rules.mintick;
	/* What closed at this close is seen by the script a bar later. */
	if (near(pos, a->position_size, 1e-9 * (1 + fabs(pos))) &&
	    !near(w->equity[r->bar], eq, room))
		return differs(r, "equity in the books", w->equity[r->bar], eq);
	return 0;
}

/* ---- the run ------------------------------------------------------------------------- */

static int start_models(struct replay *r, struct script_market *m)
{
	const struct bt_models *k = r->in->opt->models;
	size_t n = k != NULL ? k->n : 0;
	int rc = 0;

	r->models = NEW_N(r->run, struct watcher, n + 1);
	r->said = NEW_N(r->run, struct script_model, n + 1);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = ml_eye_new(r->run, k->v[i].m, 0, &r->models[i].eye, r->err);
		if (rc == 0 && k->v[i].before.n > 0)
			ml_eye_push(r->models[i].eye, &k->v[i].before, NULL);
		r->said[i] = (struct script_model){ k->v[i].name, r->models[i].row,
						    &r->t, 0 };
	}
	m->models = r->said;
	m->n_models = n;
	return rc;
}

/* What they say of bar i must be what the backtest read, bit by bit. */
static int ask_models(struct replay *r, size_t i, const struct bar *b)
{
	const struct bt_models *k = r->in->opt->models;

	r->t = b->t;
	for (size_t n = 0; k != NULL && n < k->n; n++) {
		const double *want = r->in->market->models[n].v + i * SM__N;
		struct watcher *w = &r->models[n];

		bt_model_bar(w->eye, b, w->row);
		r->said[n].n = k->in_sample || b->t >= bt_model_seen_to(k->v[n].m);
		for (size_t c = 0; c < SM__N && r->said[n].n > 0; c++)
			if (memcmp(&want[c], &w->row[c], sizeof(double)) != 0 &&
			    !(isnan(want[c]) && isnan(w->row[c])))
				return differs(r, "what a model says", want[c],
					       w->row[c]);
	}
	return 0;
}

static int start(struct replay *r)
{
	struct script_market *m = NEW(r->run, struct script_market);
	int rc;

	*m = *r->in->market;
	m->last_bar_index = (int64_t)r->in->bars->n - 1;
	m->last_bar_time = r->in->bars->t[r->in->bars->n - 1];
	rc = start_models(r, m);
	if (rc == 0)
		rc = script_vm_new(r->run, r->in->prog, r->in->binding, m,
				   &r->in->opt->limits, &r->conf.vm, r->err);
	if (rc < 0)
		return rc;
	r->conf.prog = r->in->prog;
	r->conf.from = r->in->opt->trade_from;
	r->desk = desk_new(r->run, &r->conf);
	return 0;
}

static int one_candle(struct replay *r)
{
	struct bar b = bars_at(r->in->bars, r->bar);
	struct match_candle c;
	struct strat_cmds cmds;
	int rc = candle_of(r, &c);

	if (rc < 0)
		return rc;
	rc = ask_models(r, r->bar, &b);
	if (rc == 0)
		rc = desk_bar(r->tick, r->desk, &b, NULL, r->err);
	if (rc == 0)
		rc = let_trade(r, &c);
	if (rc < 0)
		return rc;
	acct_mark(&r->acct, c.h, c.l, c.c);
	rc = desk_calc(r->desk, &cmds, r->err);
	if (rc == 0 && (cmds.n > 0 || r->n_live > 0))
		rc = decide(r, &cmds, c.close_ms);
	if (rc == 0)
		rc = desk_agrees(r->desk, r->acct.base, r->err);
	return rc < 0 ? rc : compare(r);
}

/* All that a restart knows: candles, commands, the orders in the journal. */
static int restart(struct replay *r)
{
	struct bars part = bars_slice(r->in->bars, 0, r->bar + 1);
	int rc;

	arena_reset(r->run);
	rc = start(r);
	for (size_t i = 0; rc == 0 && i < part.n; i++) {
		struct bar b = bars_at(&part, i);
		struct strat_cmds cmds;

		rc = ask_models(r, i, &b);
		if (rc == 0)
			rc = desk_bar(r->tick, r->desk, &b, NULL, r->err);
		desk_seen(r->desk);
		if (rc == 0)
			rc = desk_calc(r->desk, &cmds, r->err);
		if (rc == 0 && b.t >= r->in->opt->trade_from)
			desk_again(r->desk, &cmds, NULL, 0);
	}
	return rc < 0 ? rc : compare(r);
}

static int account_rules(const struct emu_rules *e, struct match_rules *k,
			 struct err *err)
{
	struct price fine = price_from_raw(1000000);		/* 1e-12 */
	struct qty fine_q = qty_from_raw(1000000);
	bool ok = price_from_double(&k->tick, e->mintick, fine, ROUND_HALF_EVEN) &&
		qty_from_double(&k->lot, e->lot, fine_q, ROUND_HALF_EVEN);

	k->quote_step = quote_from_raw(10000000000LL);		/* 1e-8 */
	k->slippage_ticks = (int64_t)ceil(e->slippage / e->mintick - 1e-6);
	k->allow_short = true;
	switch (e->fee_type) {
	case STRAT_FEE_PERCENT:
		ok = ok && qty_from_double(&k->fee_taker, e->fee / 100, fine_q,
					   ROUND_HALF_EVEN);
		k->fee_maker = k->fee_taker;
		break;
	case STRAT_FEE_PER_CONTRACT:
		ok = ok && qty_from_double(&k->fee_unit, e->fee, fine_q,
					   ROUND_HALF_EVEN);
		break;
	case STRAT_FEE_PER_ORDER:
		ok = ok && quote_from_double(&k->fee_order, e->fee,
			quote_from_raw(1000000), ROUND_HALF_EVEN);
		break;
	}
	if (!ok || price_sign(k->tick) <= 0)
		return FAIL(err, E_UNPROCESSABLE, "tick, lot or fee are no money");
	if (qty_is_zero(k->lot))
		k->lot = fine_q;
	return 0;
}

static int prepare(struct replay *r)
{
	const struct emu_rules *e = &r->in->want->rules;
	int rc;

	r->conf = (struct desk_conf){ .bot_id = VERIFY_BOT,
		.props = &r->in->want->props, .emu = e,
		.pointvalue = e->pointvalue };
	rc = account_rules(e, &r->conf.rules, r->err);
	if (rc < 0)
		return rc;
	if (!quote_from_double(&r->conf.initial, e->initial_capital,
			       r->conf.rules.quote_step, ROUND_HALF_EVEN))
		return FAIL(r->err, E_UNPROCESSABLE, "the capital is out of range");
	match_init(r->a, &r->x, LIVE_ROOM);
	r->x.rules = r->conf.rules;
	r->x.cash = r->ledger_quote = r->conf.initial;
	acct_init(r->a, &r->acct, r->conf.initial);
	r->acct.close_any = e->close_any;
	r->live = NEW_N(r->a, struct intent, LIVE_ROOM);
	return start(r);
}

int bot_verify(struct arena *out, const struct verify_in *in,
	       struct verify_out *ret, struct err *err)
{
	struct replay *r;
	int rc;

	if (in->want->rules.pointvalue != 1)
		return FAIL(err, E_UNPROCESSABLE, "a bot trades markets whose "
			    "point is worth 1");
	if (emu_carries(&in->want->rules))
		return FAIL(err, E_UNPROCESSABLE, "a bot's books know no funding and "
			    "no interest: a run with them cannot be verified");
	if (in->want->rules.rate.n > 0)
		return FAIL(err, E_UNPROCESSABLE, "a bot's account is in its market's "
			    "currency: a run in another cannot be verified");
	if (in->opt->detail.n > 0)
		return FAIL(err, E_UNPROCESSABLE, "a bot sees whole candles: a run "
			    "over finer ones cannot be verified");
	SCOPE(tmp, out) {
		r = NEW(tmp, struct replay);
		*r = (struct replay){ .in = in, .a = tmp, .err = err,
			.run = arena_push(tmp, "bot"),
			.tick = arena_push(tmp, "tick") };
		rc = prepare(r);
		for (; rc == 0 && r->bar < in->bars->n; r->bar++) {
			arena_reset(r->tick);
			rc = one_candle(r);
			if (rc == 0 && (r->bar == in->bars->n / 3 ||
					r->bar == in->bars->n * 2 / 3))
				rc = restart(r);
		}
		if (rc < 0)
			break;
		r->n.bars = r->bar;
		r->n.trades = r->trade;
		*ret = r->n;
	}
	return rc;
}
