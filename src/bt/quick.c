#include "config.h"

#include "bt/emu_price_i.h"
#include "bt/quick_i.h"

#define PENDING_MAX 8

/* An order of this close, for the next open. */
struct pending {
	bool entry;
	int dir;
	double qty, against;
	const char *id, *comment, *from;
};
/* A command with the names of its order. */
struct planned { const struct strat_cmd *c; const char *id, *comment, *close_id; };
struct plan { bool made; struct planned *v; size_t n; };

struct quick {
	struct script_vm *vm;
	struct emu *e;			/* its rules and account; lists unused */
	struct quick_want want;
	quick_trades *trades;
	struct plan plan[SCRIPT_LISTS];
	struct pending v[PENDING_MAX];
	size_t n;
	bool open;
	struct strat_trade t;		/* when open */
	double fee;			/* of its entry */
	double high, low;		/* it has seen, and not been told */
	struct stretch s;
	double last;			/* equity */
	size_t held, ends, bars;
	bool lost;			/* this way is at its end */
};

/* Of numbers, none of them na: fmin() is a call. */
static inline double least(double a, double b) { return a < b ? a : b; }

bool quick_rules(const struct emu_rules *r, const struct strat_properties *p)
{
	return !r->strict && !r->on_close && !emu_carries(r) &&
		r->rate.n == 0 && r->pyramiding <= 1 && !p->calc_on_order_fills;
}

struct quick *quick_new(struct arena *out, struct script_vm *vm,
			const struct emu_rules *r, const struct quick_want *want,
			quick_trades *trades)
{
	struct quick *q = NEW(out, struct quick);

	q->vm = vm;
	q->e = emu_new(out, r);
	q->want = *want;
	q->want.spans |= r->margin_long > 0 || r->margin_short > 0;
	q->trades = trades;
	q->s = (struct stretch){ .pv = r->pointvalue, .base = r->initial_capital };
	q->last = r->initial_capital;
	return q;
}

/* --- the account ------------------------------------------------------------ */

static void follow(struct quick *q)
{
	const struct emu *e = q->e;

	q->s.pos = e->position;
	q->s.cost = e->cost;
	q->s.fee = q->open ? q->fee : 0;
	q->s.base = e->r.initial_capital + e->a.net_profit;
	q->e->open_fee.v = &q->fee;
	q->e->open_fee.n = q->e->open.n = q->open;
	q->e->open.v = &q->t;
}

/* The best and the worst price since it was last told: between them nothing
 * counts. */
static void tell_span(struct quick *q)
{
	if (q->high < q->low)		/* none: closed where it opened */
		return;
	emu_touch(q->e, &q->t, q->high);
	emu_touch(q->e, &q->t, q->low);
}

/* What emu_close_qty does where there is one trade. */
static void close_qty(struct quick *q, double qty, const struct emu_deal *d)
{
	struct emu *e = q->e;
	struct strat_trade *t = &q->t, *done;
	double size = fabs(t->size), share, fee_in, fee_out;
	struct emu_trade *n;

	if (e->r.close_any && d->from != NULL && t->entry_id != d->from)
		return;
	qty = least(qty, size);
	if (!(qty > EMU_EPS))
		return;
	share = qty / size;
	fee_in = q->fee * share;
	fee_out = emu_fee(e, qty, d->price) +
		(d->fee_once != 0 ? d->fee_once * qty / qty : 0);
	if (q->want.spans) {
		tell_span(q);
		emu_touch(e, t, d->price);
	}
	n = array_push(e->arena, q->trades);
	n->reason = d->reason;
	n->fee_entry = fee_in;
	n->fee_exit = fee_out;
	n->worth = 0;
	done = &n->t;
	*done = *t;
	done->size = t->size > 0 ? qty : -qty;
	done->max_runup = t->max_runup * share;
	done->max_drawdown = t->max_drawdown * share;
	done->exit_id = d->id;
	done->exit_comment = d->comment;
	done->exit_price = d->price;
	done->exit_time = e->bar.t;
	done->exit_bar = e->index;
	done->commission = fee_in + fee_out;
	done->profit = (d->price - t->entry_price) * done->size *
		e->r.pointvalue - done->commission;
	e->a.net_profit += done->profit;
	e->position -= done->size;
	e->cost -= done->size * t->entry_price;
	t->size -= done->size;
	t->max_runup -= done->max_runup;
	t->max_drawdown -= done->max_drawdown;
	q->fee -= fee_in;
	q->high = -INFINITY;
	q->low = INFINITY;
	if (fabs(t->size) <= EMU_EPS) {
		q->open = false;
		e->position = e->cost = 0;
	}
	follow(q);
}

static void open_qty(struct quick *q, int dir, double qty, const struct emu_deal *d)
{
	struct emu *e = q->e;

	q->t = (struct strat_trade){
		.entry_id = d->id, .entry_comment = d->comment,
		.size = dir * qty, .entry_price = d->price,
		.exit_price = NAN,
		.entry_time = e->bar.t, .entry_bar = e->index,
		.exit_bar = -1,
	};
	q->fee = emu_fee(e, qty, d->price) + d->fee_once;
	q->open = true;
	q->high = -INFINITY;
	q->low = INFINITY;
	e->position += q->t.size;
	e->cost += q->t.size * d->price;
	follow(q);
}

/* --- fills: as fill_close and fill_entry of the emulator ----------------------- */

static void fill_close(struct quick *q, const struct pending *o, double price)
{
	struct emu *e = q->e;
	struct emu_deal d = {
		.id = o->id, .comment = o->comment, .from = o->from,
		.reason = EMU_CLOSE, .price = price,
		.fee_once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0,
	};
	double qty = least(o->qty, fabs(e->position));

	if (e->position * o->dir < 0 && qty > EMU_EPS)
		close_qty(q, qty, &d);
}

static void fill_entry(struct quick *q, const struct pending *o, double price)
{
	struct emu *e = q->e;
	double other = e->position * o->dir < 0 ? fabs(e->position) : 0;
	double total = o->qty + least(o->against, other);
	double closes = least(other, total);
	double held = e->position * o->dir < 0 ? other - closes : fabs(e->position);
	double opens = emu_risk_entry(e, o->dir, held, total - closes);
	double once = e->r.fee_type == STRAT_FEE_PER_ORDER ? e->r.fee : 0;
	struct emu_deal d = { .id = o->id, .comment = o->comment,
			      .reason = EMU_SIGNAL, .price = price };

	if (e->position * o->dir > 0)		/* there is one already */
		return;
	total = closes + opens;
	if (closes > EMU_EPS) {
		d.fee_once = once * closes / total;
		close_qty(q, closes, &d);
	}
	if (opens <= EMU_EPS)
		return;
	/* A part of the other side is left: not for one trade alone. */
	if (q->open) {
		q->lost = true;
		return;
	}
	if (closes <= EMU_EPS && !emu_affords(e, o->dir, opens, price)) {
		e->rejected++;
		return;
	}
	d.fee_once = once * opens / total;
	open_qty(q, o->dir, opens, &d);
}

static void fill_all(struct quick *q, const struct bars *b, size_t i)
{
	struct emu *e = q->e;
	double open = b->o[i];

	e->index = (int64_t)(q->bars + i);
	e->bar.t = b->t[i];
	for (size_t k = 0; k < q->n; k++) {
		const struct pending *o = &q->v[k];
		double price = emu_snap(e, open + o->dir * e->r.slippage);

		if (o->entry)
			fill_entry(q, o, price);
		else
			fill_close(q, o, price);
	}
	q->n = 0;
	/* The position meets this open; for what follows see stretch(). */
	q->high = open > q->high ? open : q->high;
	q->low = open < q->low ? open : q->low;
}

/* --- orders: as place and close_position ------------------------------------------ */

static struct pending *slot(struct quick *q, const struct planned *p)
{
	for (size_t i = 0; i < q->n; i++)
		if (q->v[i].entry && q->v[i].id == p->id)
			return &q->v[i];
	if (q->n == PENDING_MAX) {
		q->lost = true;
		return &q->v[0];
	}
	return &q->v[q->n++];
}

static void place_entry(struct quick *q, const struct planned *p, double close)
{
	struct emu *e = q->e;
	double qty;

	if (p->c->dir == 0)
		return;
	qty = isnan(p->c->qty) ? emu_default_qty(e, close) : emu_cut(e, p->c->qty);
	if (!(qty > EMU_EPS))
		return;
	*slot(q, p) = (struct pending){
		.entry = true, .dir = p->c->dir, .qty = qty,
		.against = e->position * p->c->dir < 0 ? fabs(e->position) : 0,
		.id = p->id, .comment = p->comment };
}

static void place_close(struct quick *q, const struct planned *p)
{
	bool all = p->c->kind == STRAT_CLOSE_ALL;
	const char *from = all ? NULL : p->id;

	if (!q->open || (from != NULL && q->t.entry_id != from) ||
	    fabs(q->t.size) <= EMU_EPS)
		return;
	if (q->n == PENDING_MAX) {
		q->lost = true;
		return;
	}
	q->v[q->n++] = (struct pending){
		.dir = q->e->position > 0 ? -1 : 1, .qty = fabs(q->t.size),
		.id = p->close_id, .comment = p->comment, .from = from };
}

static struct plan *plan_of(struct quick *q, const struct script_choice *c,
			    struct err *err, int *rc)
{
	struct plan *p = &q->plan[c->list];
	struct emu *e = q->e;
	struct strat_cmds cmds;

	*rc = 0;
	if (p->made)
		return p;
	*rc = script_say(q->vm, c, &cmds, err);
	if (*rc < 0)
		return p;
	p->v = NEW_N(e->arena, struct planned, cmds.n + 1);
	for (size_t i = 0; i < cmds.n; i++) {
		const struct strat_cmd *s = &cmds.v[i];
		const char *id = emu_name(e, s->id);

		p->v[p->n++] = (struct planned){
			.c = s, .id = id, .comment = emu_name(e, s->comment),
			.close_id = s->kind == STRAT_CLOSE_ALL ? EMU_CLOSE_ALL_ID :
				s->kind == STRAT_CLOSE ? emu_close_id(e, id) : NULL };
	}
	p->made = true;
	return p;
}

/* --- bars ------------------------------------------------------------------------------ */

/* Funds are linear in the price, so the ends of the way decide; well before
 * emu_margin_check would act. */
static void check_margin(struct quick *q)
{
	const struct emu *e = q->e;
	double m = (e->position > 0 ? e->r.margin_long : e->r.margin_short) / 100;
	double tied = fabs(e->position) * e->r.pointvalue * m;
	double least = -0.5e-9 * e->r.initial_capital;

	if (!(m > 0) || q->high < q->low)
		return;
	/* Where a sum is a million times the capital its rounding would count. */
	if (stretch_at(&q->s, q->high) - tied * q->high < least ||
	    stretch_at(&q->s, q->low) - tied * q->low < least ||
	    tied * q->high > 1e5 * e->r.initial_capital)
		q->lost = true;
}

/* Bars [from, to) of the block, in which nothing is traded but what waits for
 * the open of the first. */
static void advance(struct quick *q, const struct bars *b, size_t from, size_t to,
		    double *equity, double *position)
{
	size_t n = to - from;

	if (q->n > 0)
		fill_all(q, b, from);
	if (q->open) {
		q->held += n;
		if (q->want.spans)
			stretch_span(b->h + from, b->l + from, n, &q->high, &q->low);
		check_margin(q);
	}
	for (; q->ends < q->want.n_ends &&
	     q->want.ends[q->ends] < q->bars + to; q->ends++)
		q->want.at_ends[q->ends] =
			stretch_at(&q->s, b->c[q->want.ends[q->ends] - q->bars]);
	if (equity != NULL)
		stretch_value(&q->s, b->c + from, n, equity + from);
	if (position != NULL)
		stretch_fill(q->e->position, n, position + from);
}

int quick_block(struct quick *q, const struct bars *b, double *equity,
		double *position, bool *ret_lost, struct err *err)
{
	size_t n = script_choices(q->vm, q->want.room), done = 0;
	struct emu *e = q->e;

	for (size_t i = 0; i < n && !q->lost; i++) {
		size_t at = q->want.room[i].at;
		struct plan *p;
		int rc;

		advance(q, b, done, at + 1, equity, position);
		done = at + 1;
		p = plan_of(q, &q->want.room[i], err, &rc);
		if (rc < 0)
			return rc;
		if (p->n == 0 || b->t[at] < q->want.trade_from)
			continue;
		e->bar.c = b->c[at];
		e->a.equity = stretch_at(&q->s, b->c[at]);
		for (size_t k = 0; k < p->n; k++) {
			if (p->v[k].c->kind == STRAT_ENTRY)
				place_entry(q, &p->v[k], b->c[at]);
			else
				place_close(q, &p->v[k]);
		}
	}
	if (done < b->n && !q->lost)
		advance(q, b, done, b->n, equity, position);
	*ret_lost = q->lost;
	if (q->lost)
		return 0;
	q->last = stretch_at(&q->s, b->c[b->n - 1]);
	e->bar.c = b->c[b->n - 1];
	e->bar.t = b->t[b->n - 1];
	q->bars += b->n;
	e->index = (int64_t)q->bars - 1;
	script_pass(q->vm);
	return 0;
}

void quick_finish(struct quick *q)
{
	struct emu *e = q->e;
	struct emu_trade *n;

	if (!q->open)
		return;
	if (q->want.spans)
		tell_span(q);
	n = array_push(e->arena, q->trades);
	n->t = q->t;
	n->t.profit = (e->bar.c - q->t.entry_price) * q->t.size * e->r.pointvalue - q->fee;
	n->t.exit_price = e->bar.c;
	n->t.exit_time = e->bar.t;
	n->t.exit_bar = e->index;
	n->t.commission = n->fee_entry = q->fee;
	n->fee_exit = 0;
	n->reason = EMU_END;
}

double quick_equity(const struct quick *q) { return q->last; }
size_t quick_held(const struct quick *q) { return q->held; }
size_t quick_rejected(const struct quick *q) { return q->e->rejected; }
size_t quick_waiting(const struct quick *q) { return q->n; }
