#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bot/bot_i.h"
#include "core/clock.h"
#include "core/fault.h"
#include "db/db.h"
#include "proc/board.h"

int64_t bot_now(const struct bot *b)
{
	if (b->row.feed == BOT_FEED_LIVE)
		return clock_ms(&clock_real);
	/* A replay's time stands at the close of the last decided bar. */
	return b->row.decided_ms == 0 ? 0 :
		tf_next(b->row.tf, b->row.decided_ms);
}

int bot_to_match(const struct bot *b, const struct candle *c,
		 struct match_candle *ret, struct err *err)
{
	struct price tick = b->market.tick;
	double v = c->v > 1e18 ? 1e18 : c->v;

	ret->open_ms = c->t;
	ret->close_ms = tf_next(b->row.tf, c->t);
	if (!price_from_double(&ret->o, c->o, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&ret->h, c->h, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&ret->l, c->l, tick, ROUND_HALF_EVEN) ||
	    !price_from_double(&ret->c, c->c, tick, ROUND_HALF_EVEN) ||
	    !qty_from_double(&ret->v, v, b->market.lot, ROUND_DOWN) ||
	    price_sign(ret->l) <= 0)
		return FAIL(err, E_UNPROCESSABLE,
			    "the candle at %" PRId64 " cannot be traded on", c->t);
	return 0;
}

/* ---- where it stands ------------------------------------------------------------ */

static struct dbval ms_or_null(int64_t t)
{
	return t == 0 ? V_NULL() : V_I64(t);
}

static int write_points(struct bot *b, struct db *db, struct err *err)
{
	struct dbval *v;
	int rc = 0;

	if (b->n_points == 0)
		return 0;
	SCOPE(tmp, b->arena) {
		v = NEW_N(tmp, struct dbval, 5 * b->n_points);
		for (size_t i = 0; i < b->n_points; i++) {
			v[5 * i] = V_U64(b->row.id);
			v[5 * i + 1] = V_I64(b->points[i].bar_ms);
			v[5 * i + 2] = V_QUOTE(b->points[i].equity);
			v[5 * i + 3] = V_QUOTE(b->points[i].cash);
			v[5 * i + 4] = V_U64(b->points[i].marked);
		}
		rc = db_exec_many(db, Q_EQUITY_ADD, v, b->n_points, 5, err);
	}
	return rc;
}

static int write_detours(struct bot *b, struct db *db, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < b->n_detours; i++) {
		const char kind[2] = { (char)b->detours[i].kind, 0 };

		rc = db_exec(db, Q_DETOUR_ADD,
			     ARGS(V_U64(b->row.id), V_I64(b->detours[i].bar_ms),
				  V_STR(kind)), NULL, NULL, err);
	}
	return rc;
}

/* Within a transaction: progress and equity up to the last decided bar. */
int bot_checkpoint_tx(void *ctx, struct db *db, struct err *err)
{
	struct bot *b = OBJ_CAST(struct bot, ctx, BOT_MAGIC);
	const struct bot_row *r = &b->row;
	int64_t since = b->acct.n_lots > 0 ? b->acct.lots[0].entry_ms : 0;
	uint64_t n;
	int rc = write_points(b, db, err);

	if (rc == 0)
		rc = write_detours(b, db, err);
	if (rc == 0)
		rc = bot_models_write(b->models, db, err);
	if (rc < 0)
		return rc;
	rc = db_exec(db, Q_BOT_PROGRESS,
		ARGS(ms_or_null(r->warm_ms), ms_or_null(r->first_ms),
		     ms_or_null(r->decided_ms), V_U64((uint64_t)(b->index + 1)),
		     r->bars_total == 0 ? V_NULL() : V_U64(r->bars_total),
		     price_is_zero(b->last) ? V_NULL() : V_PRICE(b->last),
		     V_QUOTE(b->acct.cash), V_QTY(b->acct.base),
		     V_PRICE(acct_avg_price(&b->acct)), ms_or_null(since),
		     V_QUOTE(b->equity),
		     V_U64(b->acct.closed_first + b->acct.n_closed +
			   b->acct.n_lots), V_U64(r->id)), &n, NULL, err);
	if (rc == 0 && n != 1)
		return FAIL(err, E_NOTFOUND, "the bot is gone");
	return rc;
}

static void saved(struct bot *b)
{
	b->n_points = 0;
	b->n_detours = 0;
	bot_models_saved(b->models);
	b->progress_new = false;
	b->saved_ns = clock_mono_ns();
}

static int save_tx(void *ctx, struct db *db, struct err *err)
{
	int rc = lease_guard(ctx, db, err);

	return rc < 0 ? rc : bot_checkpoint_tx(ctx, db, err);
}

int bot_save(struct bot *b, struct err *err)
{
	int rc;

	if (!b->progress_new && b->n_points == 0)
		return 0;
	if (FAULT("bot.save"))
		return FAIL(err, E_DB, "save: connection lost");
	rc = db_tx(b->db, save_tx, b, err);
	if (rc == 0 && FAULT("bot.saved"))
		rc = FAIL(err, E_UNCERTAIN, "save: no answer");
	if (rc == 0)
		saved(b);
	return rc;
}

/* ---- what the exchange did ----------------------------------------------------- */

static int sync_now(struct bot *b, struct err *err)
{
	struct sync_out out;
	int rc = 0;

	SCOPE(tmp, b->tick) {
		rc = journal_sync(tmp, b->j, &(struct sync_in){
			.decided_ms = b->row.decided_ms,
			.decided_index = b->index, .acct = &b->acct,
			.with = bot_checkpoint_tx, .ctx = b }, &out, err);
		if (rc < 0)
			break;
		if (out.n_fills > 0 || out.n_orders > 0)
			saved(b);
		board_add(BC_FILLS, out.n_fills);
		tell_fills(b, &out);
	}
	return rc;
}

static bool all_clear(const struct journal *j)
{
	for (size_t i = 0; i < j->n_live; i++)
		if (j->live[i].state != ORDER_OPEN &&
		    j->live[i].state != ORDER_PARTIAL)
			return false;
	return true;
}

int bot_settle(struct bot *b, struct err *err)
{
	int64_t wait = 250;
	size_t open = 0;

	/* Each round either makes progress or waits; a request that was lost
	 * is sent anew, under a new name, and so on. */
	for (int i = 0; i < 8; i++) {
		int rc = journal_resolve(b->j, bot_now(b), &open, err);

		if (rc == 0)
			rc = sync_now(b, err);
		if (rc == 0 && open == 0)
			rc = journal_send(b->j, bot_now(b), err);
		if (rc == 0)
			rc = sync_now(b, err);
		if (rc < 0)
			return rc;
		if (all_clear(b->j))
			return 0;
		if (open > 0) {
			clock_sleep_ms(wait);
			wait *= 2;
		}
	}
	return FAIL(err, E_BUSY, "the exchange does not answer about orders");
}

/* ---- decisions ---------------------------------------------------------------------- */

void bot_order_changed(void *ctx, const struct intent *it)
{
	struct bot *b = OBJ_CAST(struct bot, ctx, BOT_MAGIC);
	bool late = it->o.deadline_us != 0 &&
		bot_now(b) * 1000 > it->o.deadline_us;

	if (it->state == ORDER_REJECTED)
		desk_refused(b->desk, it);
	/* A decision that never left the house was none: what is in memory
	 * believes otherwise. */
	b->reopen |= it->state == ORDER_ABANDONED ||
		(it->state == ORDER_LOST_NOT_PLACED && late);
	tell_order(b, it);
}

static void note_detour(struct bot *b, enum detour_kind kind)
{
	b->detours[b->n_detours].bar_ms = b->row.decided_ms;
	b->detours[b->n_detours++].kind = kind;
	b->progress_new = true;
}

static void desk_input(struct bot *b, int64_t bar_ms, struct desk_in *in)
{
	*in = (struct desk_in){
		.live = b->j->live, .n_live = b->j->n_live, .bar_ms = bar_ms,
		.now_ms = bot_now(b), .limits = b->row.limits, .last = b->last,
		.base = b->acct.base, .cash = b->acct.cash,
	};
}

/* Write down, send, hear. */
static int carry_out(struct bot *b, const struct decision *d, struct err *err)
{
	int rc = journal_decide(b->j, d, err);

	if (rc < 0)
		return rc;
	saved(b);
	return bot_settle(b, err);
}

static int decide(struct bot *b, const struct strat_cmds *cmds, struct err *err)
{
	static const struct strat_cmds none;
	int64_t tf = tf_ms(b->row.tf), close = tf_next(b->row.tf, b->row.decided_ms);
	int64_t room = tf > 120000 ? tf / 2 : 60000;
	struct desk_in in;
	int rc = 0;

	desk_input(b, b->row.decided_ms, &in);
	/* What was decided on a bar is of no use long after it.  What guards a
	 * position is placed all the same. */
	in.deadline_us = (close + room) * 1000;
	if (in.now_ms * 1000 > in.deadline_us) {
		in.deadline_us = (in.now_ms + room) * 1000;
		if (cmds->n > 0) {
			bot_log(b, LOG_L_WARN, "the bar came too late: %zu "
				"commands were not carried out", cmds->n);
			note_detour(b, DETOUR_LATE);
		}
		cmds = &none;
	}
	SCOPE(tmp, b->tick) {
		struct desk_out p;

		rc = desk_decide(tmp, b->desk, cmds, &in, &p, err);
		if (rc == 0 && (p.n_place > 0 || p.n_cancel > 0))
			rc = carry_out(b, &(struct decision){ p.place,
				p.n_place, p.cancel, p.n_cancel,
				bot_checkpoint_tx, b }, err);
	}
	if (rc == 0 && b->reopen)
		return FAIL(err, E_CONFLICT, "what was decided on the last bar "
			    "did not reach the exchange in time");
	return rc;
}

/* Orders that the candle itself made necessary: journalled and at the exchange
 * before it hears what the candle traded.  After a restart they may be there
 * already. */
static int place_late(struct bot *b, struct desk_prints *p, struct err *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_late; i++) {
		bool known = false;

		for (size_t k = 0; k < b->j->n_live && !known; k++)
			known = coid_eq(b->j->live[k].o.coid, p->late[i].o.coid);
		if (!known)
			p->late[n++] = p->late[i];
	}
	return n == 0 ? 0 : carry_out(b, &(struct decision){ .place = p->late,
		.n_place = n, .with = bot_checkpoint_tx, .ctx = b }, err);
}

/* The part of a bar that the exchange plays. */
static int let_trade(struct bot *b, const struct bar *bar,
		     const struct match_candle *mc, struct err *err)
{
	bool changed = false;
	struct desk_in in;
	int rc = 0;

	desk_input(b, bar->t, &in);
	paper_set_now(b->x, mc->close_ms);
	SCOPE(tmp, b->tick) {
		struct desk_prints p;

		rc = desk_bar(tmp, b->desk, bar, &in, err);
		if (rc < 0)
			return rc;
		if (mc->close_ms <= paper_clock(b->x)) { /* before a restart */
			desk_seen(b->desk);
			return 0;
		}
		rc = desk_prints(tmp, b->desk, &in, mc, &p, err);
		/* The books must never be more than one bar ahead of what is
		 * stored here: then the fill is seen by the same bar after a
		 * restart. */
		if (rc == 0 && p.n > 0)
			rc = bot_save(b, err);
		if (rc == 0)
			rc = place_late(b, &p, err);
		if (rc == 0 && FAULT("bot.advance"))
			rc = FAIL(err, E_DB, "advance: connection lost");
		if (rc == 0)
			rc = paper_advance(b->x, mc, p.v, p.n, &changed, err);
	}
	if (rc == 0 && changed)
		rc = sync_now(b, err);
	return rc;
}

static int add_point(struct bot *b, int64_t before_ms, struct err *err)
{
	bool marked = before_ms == 0 || before_ms / DAY_MS !=
		b->row.decided_ms / DAY_MS;

	if (!acct_equity(&b->acct, b->last, &b->equity))
		return FAIL(err, E_UNPROCESSABLE, "equity is out of range");
	b->points[b->n_points++] = (struct point){ b->row.decided_ms, b->equity,
						   b->acct.cash, marked };
	b->progress_new = true;
	return 0;
}

/* The models look at the bar before the strategy does; what changed is told. */
static int ask_models(struct bot *b, const struct bar *bar, struct err *err)
{
	int rc = bot_models_bar(b->models, bar, false, err);

	if (rc < 0)
		return rc;
	b->progress_new |= bot_models_unsaved(b->models);
	SCOPE(tmp, b->tick) {
		const char *news;

		while ((news = bot_models_news(b->models, tmp)) != NULL)
			bot_log(b, bot_models_hold(b->models) != NULL ? LOG_L_WARN :
				LOG_L_INFO, "%s", news);
	}
	return 0;
}

static int one_bar(struct bot *b, const struct candle *c, struct err *err)
{
	struct bar bar = { c->t, c->o, c->h, c->l, c->c, c->v };
	const struct script_note *notes;
	int64_t before_ms = b->row.decided_ms;
	struct match_candle mc;
	struct strat_cmds cmds;
	int rc = bot_to_match(b, c, &mc, err);

	if (rc == 0)
		rc = ask_models(b, &bar, err);
	if (rc == 0)
		rc = let_trade(b, &bar, &mc, err);
	if (rc < 0)
		return rc;
	if (b->row.first_ms == 0) {
		b->row.first_ms = c->t;
		if (b->row.warm_ms == 0)
			b->row.warm_ms = c->t;
	}
	acct_mark(&b->acct, mc.h, mc.l, mc.c);
	rc = desk_calc(b->desk, &cmds, err);
	if (rc < 0)
		return rc;
	for (size_t i = script_notes(b->vm, &notes), k = 0; k < i; k++)
		bot_log(b, notes[k].kind == NOTE_ERROR ? LOG_L_ERROR :
			notes[k].kind == NOTE_WARNING ? LOG_L_WARN : LOG_L_INFO,
			"%s", notes[k].text);
	/* From here the bar counts as decided; it is stored with its intents,
	 * or, when there are none, with a later one. */
	b->row.decided_ms = c->t;
	b->index++;
	b->last = mc.c;
	rc = add_point(b, before_ms, err);
	/* Who cannot ask does nothing new; what guards a position stays. */
	if (cmds.n > 0 && bot_models_hold(b->models) != NULL) {
		note_detour(b, DETOUR_LATE);
		cmds.n = 0;
	}
	if (rc == 0 && (cmds.n > 0 || b->j->n_live > 0))
		rc = decide(b, &cmds, err);
	return rc < 0 ? rc : desk_agrees(b->desk, b->acct.base, err);
}

int bot_tick(struct bot *b, enum tick_end *ret, int64_t *ret_wait_ms,
	     struct err *err)
{
	int64_t start = clock_mono_ns();
	struct feed_item item;
	int rc = feed_next(b->feed, clock_ms(&clock_real), &item, err);

	if (rc < 0)
		return rc;
	switch (item.kind) {
	case FEED_WAIT:
		*ret = TICK_WAIT;
		*ret_wait_ms = item.wait_ms;
		return bot_save(b, err);
	case FEED_END:
		*ret = TICK_END;
		return 0;
	case FEED_CANDLE:
		break;
	}
	rc = one_bar(b, &item.candle, err);
	if (rc < 0)
		return rc;
	if (b->n_points == BOT_POINTS_MAX ||
	    clock_mono_ns() - b->saved_ns > 1000000000LL)
		rc = bot_save(b, err);
	if (rc < 0)
		return rc;
	board_inc(BC_BOT_BARS);
	board_observe(BH_TICK, clock_mono_ns() - start);
	tell_bar(b, &item.candle);
	*ret = TICK_BAR;
	return 0;
}

int bot_cancel_all(struct bot *b, struct err *err)
{
	struct intent **v;
	size_t n = 0;
	int rc = 0;

	if (emu_waiting(desk_emu(b->desk)) > 0) {
		desk_withdraw(b->desk);
		note_detour(b, DETOUR_WITHDRAWN);
	}
	SCOPE(tmp, b->tick) {
		v = NEW_N(tmp, struct intent *, b->j->n_live + 1);
		for (size_t i = 0; i < b->j->n_live; i++)
			if (b->j->live[i].state == ORDER_OPEN ||
			    b->j->live[i].state == ORDER_PARTIAL)
				v[n++] = &b->j->live[i];
		if (n == 0)
			return bot_save(b, err);
		rc = journal_decide(b->j, &(struct decision){ .cancel = v,
			.n_cancel = n, .with = bot_checkpoint_tx, .ctx = b }, err);
	}
	if (rc < 0)
		return rc;
	saved(b);
	return bot_settle(b, err);
}
