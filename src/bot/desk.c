#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/desk_i.h"

/* What a strategy declares is taken as it is declared; a share of the account
 * becomes percent digit by digit. */
static double percent_of(const struct emu_rules *r, struct qty share)
{
	struct qty q;

	if (!qty_mul_i64(&q, share, 100))
		return 0;
	if (r->fee_type == STRAT_FEE_PERCENT &&
	    fabs(qty_to_double(q) - r->fee) < 1e-9)
		return r->fee;
	return qty_to_double(q);
}

struct emu_rules desk_rules(const struct desk_conf *c)
{
	const struct match_rules *k = &c->rules;
	struct emu_rules r = emu_rules_of(c->props, price_to_double(k->tick),
					  c->pointvalue > 0 ? c->pointvalue : 1,
					  qty_to_double(k->lot));

	r.initial_capital = quote_to_double(c->initial);
	r.slippage = (double)k->slippage_ticks * r.mintick;
	if (!qty_is_zero(k->fee_unit)) {
		r.fee_type = STRAT_FEE_PER_CONTRACT;
		r.fee = qty_to_double(k->fee_unit);
	} else if (!quote_is_zero(k->fee_order)) {
		r.fee_type = STRAT_FEE_PER_ORDER;
		r.fee = quote_to_double(k->fee_order);
	} else {
		r.fee = percent_of(&r, k->fee_taker);
		r.fee_type = STRAT_FEE_PERCENT;
	}
	if (k->latency_ms > 0 || !qty_is_zero(k->participation)) {
		/* Who wants to know what is lost on the way gets the rules
		 * that think of it. */
		r.strict = true;
		r.on_close = false;
		r.latency_ms = k->latency_ms;
		r.bar_ms = c->bar_ms;
		r.volume_share = qty_to_double(k->participation);
	}
	if (!k->allow_short) {		/* what is bought is paid for */
		r.long_only = true;
		r.margin_long = fmax(r.margin_long, 100);
	}
	return r;
}

struct desk *desk_new(struct arena *out, const struct desk_conf *c)
{
	struct desk *d = NEW(out, struct desk);
	struct emu_rules r = c->emu != NULL ? *c->emu : desk_rules(c);

	d->c = *c;
	/* Where a market has no lot, digits end somewhere all the same. */
	d->step = qty_is_zero(c->rules.lot) ? qty_from_raw(1000000) :
		c->rules.lot;
	d->e = emu_new(out, &r);
	emu_watch(d->e, &(struct emu_watch){ desk_gate, d });
	calc_init(&d->calc, c->vm, d->e, c->prog, &r, c->from);
	return d;
}

const struct strat_account *desk_account(const struct desk *d)
{
	return emu_account(d->e);
}

const struct emu *desk_emu(const struct desk *d)
{
	return d->e;
}

void desk_begin(struct arena *out, struct desk *d, const struct desk_in *in)
{
	d->a = out;
	d->in = in;
	memset(&d->let, 0, sizeof(d->let));
	memset(&d->cut, 0, sizeof(d->cut));
}

int desk_bar(struct arena *out, struct desk *d, const struct bar *b,
	     const struct desk_in *in, struct err *err)
{
	struct bars one = { 1, &b->t, &b->o, &b->h, &b->l, &b->c, &b->v };
	int rc = script_block(d->c.vm, &one, err);

	if (rc < 0)
		return rc;
	desk_begin(out, d, in);
	rc = calc_meet(&d->calc, b, NULL, err);
	d->in = NULL;
	return rc;
}

int desk_calc(struct desk *d, struct strat_cmds *ret, struct err *err)
{
	return calc_decide(&d->calc, ret, err);
}

void desk_seen(struct desk *d)
{
	emu_execs_clear(d->e);
}

void desk_text(char *to, size_t size, const char *from)
{
	size_t n;

	snprintf(to, size, "%s", from != NULL ? from : "");
	/* A character is never cut in half. */
	for (n = strlen(to); n > 0 && !str_utf8_valid(str_n(to, n)); n--)
		to[n - 1] = '\0';
}

void desk_intent(const struct desk *d, const struct desk_in *in,
		 struct emu_key key, enum emu_what what, const char *const text[3],
		 struct intent *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->bar_ms = in->bar_ms;
	ret->created_ms = in->now_ms;
	ret->state = ORDER_NEW;
	ret->key_seq = key.seq;
	ret->key_entry = key.entry;
	ret->leg = key.leg == 'p' ? LEG_PROFIT : key.leg == 'l' ? LEG_LOSS :
		key.leg == 't' ? LEG_TRAIL : LEG_NONE;
	switch (what) {
	case EMU_W_ENTRY: ret->kind = KIND_ENTRY; break;
	case EMU_W_ORDER: ret->kind = KIND_ORDER; break;
	case EMU_W_CLOSE: ret->kind = KIND_CLOSE; break;
	case EMU_W_EXIT: ret->kind = KIND_EXIT; break;
	}
	if (what == EMU_W_CLOSE || what == EMU_W_EXIT)
		ret->o.flags = XO_REDUCE;
	desk_text(ret->tag, sizeof(ret->tag), text[0]);
	desk_text(ret->from_entry, sizeof(ret->from_entry), text[1]);
	desk_text(ret->comment, sizeof(ret->comment), text[2]);
	ret->o.type = OT_MARKET;
	ret->o.deadline_us = in->deadline_us;
	(void)d;
}

bool desk_same_key(const struct intent *it, struct emu_key key)
{
	char leg = it->leg == LEG_NONE ? '-' : (char)it->leg;

	return it->key_seq == key.seq && it->key_entry == key.entry &&
		leg == key.leg;
}

bool desk_stands(const struct intent *it)
{
	return it->state != ORDER_CANCELING &&
		(it->state == ORDER_NEW || order_state_live(it->state));
}

/* ---- what a candle traded --------------------------------------------------- */

/* Does it sleep until its entry fills, which it has not? */
static bool asleep(const struct desk_in *in, const struct desk_prints *ps,
		   const struct intent *it)
{
	if (coid_is_zero(it->o.parent))
		return false;
	for (size_t i = 0; i < ps->n; i++)
		if (coid_eq(ps->v[i].coid, it->o.parent))
			return false;
	for (size_t i = 0; i < in->n_live; i++)
		if (coid_eq(in->live[i].o.coid, it->o.parent))
			return qty_is_zero(in->live[i].filled);
	return false;
}

/* The order of an execution: an open one of that name that says the same. */
static const struct intent *order_of(const struct desk *d,
				     const struct desk_in *in,
				     const struct desk_prints *ps,
				     const struct emu_exec *x,
				     const struct match_candle *c,
				     const struct match_print *p)
{
	for (size_t i = 0; i < in->n_live; i++) {
		const struct intent *it = &in->live[i];
		struct err why;

		if (!desk_stands(it) || !desk_same_key(it, x->key) ||
		    qty_cmp(intent_rest(it), p->qty) < 0 ||
		    asleep(in, ps, it))
			continue;
		if (it->o.side == p->side &&
		    match_may_print(&d->c.rules, &it->o, c, p, &why) == 0)
			return it;
	}
	return NULL;
}

static int money_of(const struct desk *d, const struct emu_exec *x,
		    struct match_print *p, struct err *err)
{
	memset(p, 0, sizeof(*p));
	p->side = x->dir > 0 ? SIDE_BUY : SIDE_SELL;
	p->maker = x->limit;
	p->last = !x->more;
	if (!price_from_double(&p->price, x->price, d->c.rules.tick,
			       ROUND_HALF_EVEN) ||
	    !qty_from_double(&p->qty, x->qty, d->step, ROUND_HALF_EVEN) ||
	    price_sign(p->price) <= 0)
		return FAIL(err, E_UNPROCESSABLE, "a fill of \"%.40s\": the price "
			    "or the quantity is out of range",
			    x->id != NULL ? x->id : "");
	return 0;
}

int desk_prints(struct arena *out, struct desk *d, const struct desk_in *in,
		const struct match_candle *c, struct desk_prints *ret,
		struct err *err)
{
	const struct emu_exec *x;
	size_t n = emu_execs(d->e, &x);

	memset(ret, 0, sizeof(*ret));
	ret->v = NEW_N(out, struct match_print, n + 1);
	ret->late = NEW_N(out, struct intent, n + d->cut.n + 1);
	for (size_t i = 0; i < d->cut.n; i++)
		ret->late[ret->n_late++] = d->cut.v[i];
	for (size_t i = 0; i < n; i++) {
		const char *const text[3] = { x[i].id, x[i].from, x[i].comment };
		struct match_print *p = &ret->v[ret->n];
		const struct intent *it;
		struct intent *late;
		int rc = money_of(d, &x[i], p, err);

		if (rc < 0)
			return rc;
		if (qty_is_zero(p->qty))
			continue;	/* dust */
		it = order_of(d, in, ret, &x[i], c, p);
		if (it == NULL) {
			late = &ret->late[ret->n_late++];
			desk_intent(d, in, (struct emu_key){ 0, 0, '-' },
				    x[i].what, text, late);
			late->o.deadline_us = 0;
			late->o.side = p->side;
			late->o.qty = p->qty;
			late->seq = SEQ_LATE + (unsigned)i;
			intent_name(late, d->c.bot_id);
			p->last = true;
			p->coid = late->o.coid;
		} else {
			p->coid = it->o.coid;
		}
		ret->n++;
	}
	emu_execs_clear(d->e);
	return 0;
}

/* ---- detours ------------------------------------------------------------------ */

void desk_refused(struct desk *d, const struct intent *it)
{
	if (it->seq < SEQ_NOW)
		emu_drop(d->e, (struct emu_key){ it->key_seq, it->key_entry,
			it->leg == LEG_NONE ? '-' : (char)it->leg });
}

void desk_withdraw(struct desk *d)
{
	emu_withdraw(d->e);
}

void desk_past(struct desk *d, const struct detour *v, size_t n)
{
	d->past = v;
	d->n_past = n;
}

void desk_again(struct desk *d, const struct strat_cmds *cmds,
		const struct detour *v, size_t n)
{
	bool late = false;

	for (size_t i = 0; i < n; i++)
		late |= v[i].kind == DETOUR_LATE;
	desk_past(d, v, n);
	if (!late)
		emu_commands(d->e, cmds);
	desk_past(d, NULL, 0);
	emu_execs_clear(d->e);
	for (size_t i = 0; i < n; i++) {
		if (v[i].kind == DETOUR_REFUSED)
			emu_drop(d->e, v[i].key);
		else if (v[i].kind == DETOUR_WITHDRAWN)
			emu_withdraw(d->e);
	}
}

int desk_agrees(const struct desk *d, struct qty base, struct err *err)
{
	double want = emu_position(d->e), have = qty_to_double(base);
	double room = qty_to_double(d->step) / 2;

	if (fabs(want - have) <= fmax(room, 1e-9))
		return 0;
	return FAIL(err, E_CONFLICT, "the strategy's position is %.10g, the "
		    "books have %.10g", want, have);
}
