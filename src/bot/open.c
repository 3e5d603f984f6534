#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot/bot_i.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "db/db.h"

/* How the seconds of a lost bar are spared: everything here is either read, or
 * worked out again from what was read. */

int bot_machine(struct bot *b, const struct conf *c, bool past_only,
		struct err *err)
{
	struct script_market *sm = NEW(b->arena, struct script_market);
	const struct bot_row *row = &b->row;
	const struct market *m = &b->market;
	const struct bot_models_conf mc = {
		.db = b->db, .dir = c->model_dir, .bot_id = row->id,
		.user_id = row->user_id, .market_id = m->id, .tf = row->tf,
		.max_age_ms = c->model_max_age * 1000, .past_only = past_only,
	};
	const struct json *inputs;
	struct script_binding *bind;
	struct diags d = { 0 };
	struct str source;
	int rc = bot_source(b->arena, b->db, row->id, &source, err);

	if (rc == 0)
		rc = script_compile(b->arena, source.p, source.n, NULL, &b->prog, &d,
				    err);
	if (rc == 0)
		rc = json_parse(b->arena, row->inputs, strlen(row->inputs), &inputs,
				err);
	if (rc < 0)
		return rc;
	bind = script_bind(b->arena, b->prog);
	rc = script_bind_json(bind, inputs, err);
	if (rc < 0)
		return rc;
	*sm = (struct script_market){
		.exchange = m->exchange, .symbol = m->symbol, .base = m->base,
		.quote = m->quote, .description = m->symbol,
		.timeframe = script_timeframe(b->arena, tf_name(row->tf)),
		.mintick = price_to_double(m->tick), .pointvalue = 1,
		.lot = qty_to_double(m->lot), .last_bar_index = -1,
	};
	rc = bot_models_new(b->arena, &mc, b->prog, sm, &b->models, err);
	return rc < 0 ? rc :
		script_vm_new(b->arena, b->prog, bind, sm, NULL, &b->vm, err);
}

/* ---- the past, once more ----------------------------------------------------- */

struct past_fill { struct acct_fill f; int64_t after_ms; };
struct past {
	struct arena *a;
	ARRAY(struct past_fill) fills;
	size_t next;
	ARRAY(struct detour) detours;	/* by bar */
	size_t next_detour;
};

static int by_bar(const void *a, const void *b)
{
	const struct detour *x = a, *y = b;

	if (x->bar_ms != y->bar_ms)
		return x->bar_ms < y->bar_ms ? -1 : 1;
	return x->no < y->no ? -1 : x->no > y->no;
}

/* An order that never became one. */
static void order_detour(struct past *p, const struct rows *r, size_t i)
{
	unsigned seq = (unsigned)row_u64(r, i, 2);
	struct str state = row_str(r, i, 3), leg = row_str(r, i, 5);
	struct detour *d = array_push(p->a, &p->detours);

	*d = (struct detour){ .bar_ms = row_i64(r, i, 1), .no = seq,
		.kind = DETOUR_LATE, .qty = row_qty(r, i, 4),
		.key = { row_u64(r, i, 6), row_u64(r, i, 7),
			 leg.n > 0 ? leg.p[0] : '-' } };
	if (!str_eqc(state, "r"))
		return;
	d->kind = DETOUR_REFUSED;
	if (seq > SEQ_ASK && seq < SEQ_LATE) {
		d->kind = DETOUR_CUT;
		d->no = seq - SEQ_ASK;
	}
}

static int load_detours(struct bot *b, struct past *p, struct err *err)
{
	uint64_t after = 0;
	int64_t bar = INT64_MIN;
	struct rows r;
	int rc;

	do {
		rc = db_select(p->a, b->db, Q_DETOURS_ORDERS,
			       ARGS(V_U64(b->row.id), V_U64(after)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++) {
			order_detour(p, &r, i);
			after = row_u64(&r, i, 0);
		}
	} while (rc == 0 && r.n == 1000);
	/* A page may end within a bar: that bar is read twice, which says
	 * nothing new. */
	while (rc == 0) {
		rc = db_select(p->a, b->db, Q_DETOURS,
			       ARGS(V_U64(b->row.id), V_I64(bar)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++) {
			bar = row_i64(&r, i, 0);
			*array_push(p->a, &p->detours) = (struct detour){
				.bar_ms = bar, .kind = str_eqc(row_str(&r, i, 1),
				"w") ? DETOUR_WITHDRAWN : DETOUR_LATE };
		}
		if (rc < 0 || r.n < 1000)
			break;
		bar--;
	}
	if (rc == 0 && p->detours.n > 0)
		qsort(p->detours.v, p->detours.n, sizeof(p->detours.v[0]), by_bar);
	return rc;
}

/* What did not go as the strategy said on the bar at t. */
static size_t detours_of(struct past *p, int64_t t, const struct detour **ret)
{
	size_t from, n;

	while (p->next_detour < p->detours.n &&
	       p->detours.v[p->next_detour].bar_ms < t)
		p->next_detour++;
	from = n = p->next_detour;
	while (n < p->detours.n && p->detours.v[n].bar_ms == t)
		n++;
	*ret = n > from ? &p->detours.v[from] : NULL;
	return n - from;
}

static int keep_fill(void *ctx, const struct acct_fill *f, int64_t after_ms,
		     struct err *err)
{
	struct past *p = ctx;
	struct past_fill *k = array_push(p->a, &p->fills);

	(void)err;
	k->f = *f;
	k->f.signal = arena_strdup(p->a, f->signal);
	k->f.comment = arena_strdup(p->a, f->comment);
	k->f.from = arena_strdup(p->a, f->from);
	k->after_ms = after_ms;
	return 0;
}

/* The fills that the decision on the bar at `t` had seen. */
static int replay_fills(struct bot *b, struct past *p, int64_t t, int64_t index,
			int64_t decided_ms, struct err *err)
{
	int rc = 0;

	while (rc == 0 && p->next < p->fills.n &&
	       p->fills.v[p->next].after_ms < t) {
		struct acct_fill *f = &p->fills.v[p->next++].f;
		struct acct_changes ch;

		/* as in sync(): the bar before, or this one */
		f->bar = index - 1 < 0 || f->time_ms > decided_ms ? index :
			index - 1;
		SCOPE(tmp, b->tick)
			rc = acct_fill(tmp, &b->acct, f, &ch, err);
	}
	return rc;
}

static int rebuild_bar(struct bot *b, struct past *p, const struct candle *c,
		       struct err *err)
{
	struct bar bar = { c->t, c->o, c->h, c->l, c->c, c->v };
	const struct detour *v = NULL;
	struct match_candle mc;
	struct strat_cmds cmds;
	size_t n = 0;
	int rc = bot_to_match(b, c, &mc, err);

	if (rc < 0)
		return rc;
	if (c->t >= b->row.first_ms)
		n = detours_of(p, c->t, &v);
	desk_past(b->desk, v, n);
	rc = bot_models_bar(b->models, &bar, true, err);
	if (rc < 0)
		return rc;
	SCOPE(tmp, b->tick)
		rc = desk_bar(tmp, b->desk, &bar, NULL, err);
	if (rc < 0)
		return rc;
	desk_seen(b->desk);
	if (c->t < b->row.first_ms)
		return desk_calc(b->desk, &cmds, err);
	rc = replay_fills(b, p, c->t, b->index + 1,
			  b->index < 0 ? 0 : b->row.decided_ms, err);
	if (rc < 0)
		return rc;
	b->index++;
	acct_mark(&b->acct, mc.h, mc.l, mc.c);
	rc = desk_calc(b->desk, &cmds, err);
	if (rc == 0)
		desk_again(b->desk, &cmds, v, n);
	b->last = mc.c;
	b->row.decided_ms = c->t;
	return rc;
}

/* Candles are read in pieces, so that a bot of many years needs no more
 * memory than one of a day. */
#define PIECE 20000

int bot_rebuild(struct bot *b, bot_bar_fn *fn, void *ctx, struct err *err)
{
	int64_t to = b->row.decided_ms, from = b->row.warm_ms;
	struct past p = { .a = arena_push(b->arena, "past") };
	size_t n = 0;
	int rc;

	b->index = -1;
	if (to == 0) {
		arena_free(&p.a);
		return 0;
	}
	b->row.decided_ms = 0;
	rc = journal_fills(b->db, b->row.id, keep_fill, &p, err);
	if (rc == 0)
		rc = load_detours(b, &p, err);
	while (rc == 0 && from <= to) {
		struct arena *a = arena_push(b->arena, "piece");
		struct candles cs;
		int64_t end = from + PIECE * tf_ms(b->row.tf);

		if (end > to + 1)
			end = to + 1;
		rc = candles_load(a, b->db, b->market.id, b->row.tf, from, end,
				  &cs, err);
		for (size_t i = 0; rc == 0 && i < cs.n; i++) {
			struct candle c = candles_at(&cs, i);

			rc = rebuild_bar(b, &p, &c, err);
			if (rc == 0 && fn != NULL)
				fn(ctx, b->vm, &c);
			n++;
		}
		from = end;
		arena_free(&a);
	}
	/* Fills after the last decision: the account has them, and the next
	 * bar will see them. */
	if (rc == 0)
		rc = replay_fills(b, &p, INT64_MAX, b->index + 1,
				  b->row.decided_ms, err);
	arena_free(&p.a);
	if (rc == 0 && b->row.decided_ms != to)
		return FAIL(err, E_CONFLICT, "the candles this bot has decided on "
			    "are not in the database any more");
	return rc;
}

/* The exchange's books stand at their last change: bring their clock to the
 * bot's last bar.  Nothing was traded on the way that they do not know of. */
static int catch_up(struct bot *b, struct err *err)
{
	int rc = 0;

	if (b->row.decided_ms == 0)
		return 0;
	SCOPE(tmp, b->arena) {
		struct match_candle mc;
		struct candles cs;
		bool changed;

		rc = candles_load(tmp, b->db, b->market.id, b->row.tf,
				  b->row.decided_ms, b->row.decided_ms + 1, &cs,
				  err);
		if (rc == 0 && cs.n == 1) {
			struct candle c = candles_at(&cs, 0);

			rc = bot_to_match(b, &c, &mc, err);
			if (rc == 0)
				rc = paper_advance(b->x, &mc, NULL, 0, &changed,
						   err);
		}
	}
	return rc;
}

/* ---- opening --------------------------------------------------------------------- */

static int open_books(struct bot *b, struct err *err)
{
	struct journal_conf jc = {
		.bot_id = b->row.id, .account_id = b->row.account_id,
		.epoch = b->epoch, .base = b->market.base,
		.quote = b->market.quote, .db = b->db, .guard = lease_guard,
		.may_send = lease_may_send, .changed = bot_order_changed,
		.ctx = b,
	};
	int rc = paper_open(b->arena, b->db, b->row.account_id, &b->x, err);

	if (rc == 0)
		rc = xchg_attach(b->x, b->epoch, err);
	jc.x = b->x;
	if (rc == 0)
		rc = journal_open(b->arena, &jc, &b->j, err);
	return rc;
}

static int open_feed(struct bot *b, struct err *err)
{
	int64_t after = b->row.decided_ms != 0 ? b->row.decided_ms : FEED_START;

	if (b->row.feed == BOT_FEED_LIVE)
		return feed_live(b->arena, b->db, NULL, b->market.id, b->row.tf,
				 b->row.decided_ms != 0 ? after :
				 b->row.first_ms - 1, &b->feed, err);
	return feed_replay(b->arena, b->db, &(struct replay_opts){
		.market_id = b->market.id, .tf = b->row.tf,
		.from = b->row.from_ms, .to = b->row.to_ms, .after = after,
		.speed = b->row.speed }, &b->feed, err);
}

/* A live bot starts with a strategy that has seen some history, and with the
 * candle after it: that is settled once, whatever restarts come before it. */
static int warm_up(struct bot *b, struct err *err)
{
	bool again = b->row.first_ms != 0;
	int rc = 0;

	if (b->row.feed != BOT_FEED_LIVE || b->row.decided_ms != 0)
		return 0;
	SCOPE(tmp, b->arena) {
		struct candles cs;

		rc = candles_newest(tmp, b->db, b->market.id, b->row.tf,
				    BOT_WARM_BARS, again ? b->row.first_ms :
				    tf_open(b->row.tf, clock_ms(&clock_real)),
				    &cs, err);
		for (size_t i = 0; rc == 0 && i < cs.n; i++) {
			struct bar bar = { cs.t[i], cs.o[i], cs.h[i], cs.l[i],
					   cs.c[i], cs.v[i] };
			struct strat_cmds cmds;

			rc = bot_models_bar(b->models, &bar, again, err);
			if (rc == 0)
				rc = desk_bar(tmp, b->desk, &bar, NULL, err);
			if (rc == 0)
				rc = desk_calc(b->desk, &cmds, err);
		}
		if (rc == 0 && !again) {
			b->row.first_ms = cs.n > 0 ?
				tf_next(b->row.tf, cs.t[cs.n - 1]) :
				tf_open(b->row.tf, clock_ms(&clock_real));
			b->row.warm_ms = cs.n > 0 ? cs.t[0] : b->row.first_ms;
			b->progress_new = true;
		}
	}
	return rc;
}

void bot_desk(struct bot *b)
{
	b->props = script_properties(b->prog);
	acct_init(b->arena, &b->acct, b->row.initial);
	b->acct.close_any = b->props->close_any;
	b->desk = desk_new(b->arena, &(struct desk_conf){
		.bot_id = b->row.id, .props = b->props,
		.rules = *paper_rules(b->x), .initial = b->row.initial,
		.bar_ms = tf_ms(b->row.tf), .vm = b->vm, .prog = b->prog,
		.from = INT64_MIN });
}

static int open_parts(struct bot *b, struct err *err)
{
	int rc = bot_get(b->arena, b->db, 0, b->row.id, &b->row, err);

	if (rc == 0)
		rc = market_by_id(b->db, b->row.market_id, &b->market, err);
	if (rc == 0)
		rc = bot_machine(b, b->rc->conf, false, err);
	if (rc < 0)
		return rc;
	b->n_points = 0;
	b->n_detours = 0;
	b->progress_new = b->reopen = false;
	rc = open_books(b, err);
	if (rc < 0)
		return rc;
	bot_desk(b);
	rc = bot_rebuild(b, NULL, NULL, err);
	if (rc == 0)
		rc = catch_up(b, err);
	if (rc == 0)
		rc = warm_up(b, err);
	return rc;
}

int bot_open(struct bot *b, struct err *err)
{
	int rc;

	bot_close(b);
	if (FAULT("bot.open"))
		return FAIL(err, E_DB, "open: connection lost");
	rc = open_parts(b, err);
	if (rc == 0) {
		paper_set_now(b->x, bot_now(b));
		rc = bot_settle(b, err);
	}
	if (rc == 0)
		rc = journal_compare(b->j, err);
	b->equity = b->row.initial;
	if (rc == 0 && b->row.decided_ms != 0 &&
	    !acct_equity(&b->acct, b->last, &b->equity))
		rc = FAIL(err, E_UNPROCESSABLE, "equity is out of range");
	if (rc == 0)
		rc = open_feed(b, err);
	if (rc == 0 && b->progress_new)
		rc = bot_save(b, err);
	if (rc < 0) {
		err_wrap(err, "open bot %" PRIu64, b->row.id);
		return rc;
	}
	b->row.bars = (uint64_t)(b->index + 1);
	b->row.bars_total = b->row.feed == BOT_FEED_LIVE ? 0 :
		b->row.bars + b->feed->bars_total;
	b->saved_ns = clock_mono_ns();
	return 0;
}

void bot_close(struct bot *b)
{
	uint64_t id = b->row.id;

	arena_reset(b->arena);
	b->tick = arena_push(b->arena, "tick");
	memset(&b->row, 0, sizeof(b->row));
	b->row.id = id;
	b->vm = NULL;
	b->models = NULL;
	b->desk = NULL;
	b->x = NULL;
	b->j = NULL;
	b->feed = NULL;
}
