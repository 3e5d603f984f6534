#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/fault.h"
#include "db/db.h"
#include "xchg/paper.h"

struct paper {
	struct xchg x;			/* first: an xchg is a paper */
	struct db *db;
	uint64_t account_id, fence, ver;
	const char *base, *quote;
	struct arena *arena;
	struct match_state s;
	int64_t now_ms;
	/* The last candle that was walked, stored or not: reading the books
	 * again must not turn back the clock. */
	int64_t seen_bar_ms, seen_clock_ms;
	struct price seen_last;
	bool stale;			/* memory ran ahead of the books */
};

static const struct xchg_ops paper_ops;

static struct paper *paper_of(struct xchg *x)
{
	assert(x->magic == XCHG_MAGIC && x->ops == &paper_ops);
	return (struct paper *)x;
}

/* ---- reading the books ---------------------------------------------------- */

static char letter(const struct rows *r, size_t i, size_t col)
{
	struct str s = row_str(r, i, col);

	return s.n > 0 ? s.p[0] : '\0';
}

static void row_coid(const struct rows *r, size_t i, size_t col,
		     struct coid *ret)
{
	struct str s = row_str(r, i, col);

	memset(ret, 0, sizeof(*ret));
	if (s.n == COID_SIZE)
		memcpy(ret->b, s.p, COID_SIZE);
}

static int order_from_row(const struct rows *r, size_t i,
			  struct match_order *m, struct err *err)
{
	memset(m, 0, sizeof(*m));
	m->seq = row_u64(r, i, 0);
	row_coid(r, i, 1, &m->o.coid);
	if (!xchg_side_parse(letter(r, i, 2), &m->o.side) ||
	    !xchg_type_parse(letter(r, i, 3), &m->o.type) ||
	    !xchg_state_parse(letter(r, i, 12), &m->state))
		return FAIL(err, E_BUG, "paper order %" PRIu64 ": unknown letter",
			    m->seq);
	m->o.flags = (unsigned)row_u64(r, i, 4);
	m->o.qty = row_qty(r, i, 5);
	m->o.limit = row_price(r, i, 6);
	m->o.stop = row_price(r, i, 7);
	m->o.offset = row_price(r, i, 8);
	m->o.oca = row_u64(r, i, 9);
	m->o.oca_kind = letter(r, i, 10) == OCA_CANCEL ? OCA_CANCEL :
		letter(r, i, 10) == OCA_REDUCE ? OCA_REDUCE : OCA_NONE;
	row_coid(r, i, 11, &m->o.parent);
	m->placed_ms = row_i64(r, i, 13);
	m->filled = row_qty(r, i, 14);
	m->cost = row_quote(r, i, 15);
	snprintf(m->reason, sizeof(m->reason), "%.*s",
		 STR_ARG(row_str(r, i, 16)));
	return 0;
}

static int load_account(struct arena *tmp, struct paper *p, struct err *err)
{
	struct match_rules *k = &p->s.rules;
	struct rows r;
	int rc = db_select(tmp, p->db, Q_PAPER_ACCOUNT,
			   ARGS(V_U64(p->account_id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "paper account %" PRIu64 " has no books",
			    p->account_id);
	if (p->base == NULL) {
		p->base = str_dup(p->arena, row_str(&r, 0, 0));
		p->quote = str_dup(p->arena, row_str(&r, 0, 1));
	}
	k->tick = row_price(&r, 0, 2);
	k->lot = row_qty(&r, 0, 3);
	k->min_notional = row_quote(&r, 0, 4);
	k->quote_step = row_quote(&r, 0, 5);
	k->fee_maker = row_qty(&r, 0, 6);
	k->fee_taker = row_qty(&r, 0, 7);
	k->participation = row_qty(&r, 0, 8);
	k->slippage_ticks = row_i64(&r, 0, 9);
	k->latency_ms = row_i64(&r, 0, 10);
	k->allow_short = row_u64(&r, 0, 11) != 0;
	p->s.bar_ms = row_i64(&r, 0, 12);
	p->s.clock_ms = row_i64(&r, 0, 13);
	p->s.last = row_price(&r, 0, 14);
	p->s.order_seq = row_u64(&r, 0, 15);
	p->s.fill_seq = row_u64(&r, 0, 16);
	p->fence = row_u64(&r, 0, 17);
	p->ver = row_u64(&r, 0, 18);
	k->fee_unit = row_qty(&r, 0, 19);
	k->fee_order = row_quote(&r, 0, 20);
	return 0;
}

static int load_balances(struct arena *tmp, struct paper *p, struct err *err)
{
	struct rows r;
	int rc = db_select(tmp, p->db, Q_PAPER_BALANCES,
			   ARGS(V_U64(p->account_id)), &r, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r.n; i++) {
		if (str_eqc(row_str(&r, i, 0), p->base))
			p->s.base = row_qty(&r, i, 1);
		else if (str_eqc(row_str(&r, i, 0), p->quote))
			p->s.cash = row_quote(&r, i, 1);
	}
	return 0;
}

static int load(struct paper *p, struct err *err)
{
	int rc = 0;

	p->s.n_orders = 0;
	SCOPE(tmp, p->arena) {
		struct rows r;

		rc = load_account(tmp, p, err);
		if (rc == 0)
			rc = load_balances(tmp, p, err);
		if (rc == 0)
			rc = db_select(tmp, p->db, Q_PAPER_ORDERS_OPEN,
				       ARGS(V_U64(p->account_id)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++) {
			if (p->s.n_orders == p->s.room)
				return FAIL(err, E_BUG, "paper account %" PRIu64
					    ": too many open orders",
					    p->account_id);
			rc = order_from_row(&r, i,
					    &p->s.orders[p->s.n_orders++], err);
		}
	}
	if (rc == 0 && p->seen_clock_ms > p->s.clock_ms) {
		p->s.bar_ms = p->seen_bar_ms;
		p->s.clock_ms = p->seen_clock_ms;
		p->s.last = p->seen_last;
	}
	p->stale = rc < 0;
	return rc;
}

static int fresh(struct paper *p, struct err *err)
{
	return p->stale ? load(p, err) : 0;
}

int paper_open(struct arena *out, struct db *db, uint64_t account_id,
	       struct xchg **ret, struct err *err)
{
	struct paper *p = NEW(out, struct paper);
	int rc;

	p->x.magic = XCHG_MAGIC;
	p->x.ops = &paper_ops;
	p->db = db;
	p->account_id = account_id;
	p->arena = arena_push(out, "paper");
	match_init(p->arena, &p->s, MATCH_ORDERS_MAX);
	rc = load(p, err);
	if (rc < 0)
		return rc;
	*ret = &p->x;
	return 0;
}

void paper_set_now(struct xchg *x, int64_t now_ms)
{
	paper_of(x)->now_ms = now_ms;
}

int64_t paper_clock(const struct xchg *x)
{
	const struct paper *p = (const struct paper *)x;

	assert(x->ops == &paper_ops);
	return p->s.clock_ms;
}

const struct match_rules *paper_rules(const struct xchg *x)
{
	const struct paper *p = (const struct paper *)x;

	assert(x->ops == &paper_ops);
	return &p->s.rules;
}

/* ---- writing them ----------------------------------------------------------- */

struct change {
	struct paper *p;
	const struct match_fill *fills;
	size_t n_fills;
	uint64_t known_seq;	/* orders above it are new */
};

static int write_order(struct change *c, struct db *db,
		       const struct match_order *m, struct err *err)
{
	const char side[2] = { (char)m->o.side, 0 };
	const char type[2] = { (char)m->o.type, 0 };
	const char state[2] = { (char)m->state, 0 };
	const char oca[2] = { m->o.oca_kind == OCA_NONE ? '-' :
		(char)m->o.oca_kind, 0 };
	int64_t at = c->p->s.clock_ms > c->p->now_ms ? c->p->s.clock_ms :
		c->p->now_ms;
	uint64_t n;
	int rc;

	if (m->seq > c->known_seq)
		return db_exec(db, Q_PAPER_ORDER_ADD,
			ARGS(V_U64(c->p->account_id), V_U64(m->seq),
			     V_BLOB(m->o.coid.b, COID_SIZE), V_STR(side),
			     V_STR(type), V_U64(m->o.flags), V_QTY(m->o.qty),
			     V_PRICE(m->o.limit), V_PRICE(m->o.stop),
			     V_PRICE(m->o.offset), V_U64(m->o.oca), V_STR(oca),
			     V_BLOB(m->o.parent.b, COID_SIZE), V_STR(state),
			     V_I64(m->placed_ms), V_I64(at), V_QTY(m->filled),
			     V_QUOTE(m->cost), V_STR(m->reason)),
			NULL, NULL, err);
	rc = db_exec(db, Q_PAPER_ORDER_SET,
		ARGS(V_STR(state), V_U64(m->o.flags), V_PRICE(m->o.limit),
		     V_PRICE(m->o.stop), V_I64(at), V_QTY(m->filled),
		     V_QUOTE(m->cost), V_STR(m->reason),
		     V_U64(c->p->account_id), V_U64(m->seq)), &n, NULL, err);
	if (rc == 0 && n != 1)
		return FAIL(err, E_BUG, "paper order %" PRIu64 " is not in the books",
			    m->seq);
	return rc;
}

static int write_fill(struct change *c, struct db *db,
		      const struct match_fill *f, struct err *err)
{
	const struct match_order *m = &c->p->s.orders[f->order];
	const char side[2] = { (char)m->o.side, 0 };

	return db_exec(db, Q_PAPER_FILL_ADD,
		ARGS(V_U64(c->p->account_id), V_U64(f->seq),
		     V_BLOB(m->o.coid.b, COID_SIZE), V_I64(f->time_ms * 1000),
		     V_STR(side), V_PRICE(f->price), V_QTY(f->qty),
		     V_QUOTE(f->cost), V_QUOTE(f->fee), V_U64(f->maker)),
		NULL, NULL, err);
}

static int write_books(void *ctx, struct db *db, struct err *err)
{
	struct change *c = ctx;
	struct paper *p = c->p;
	struct match_state *s = &p->s;
	uint64_t n = 0;
	int rc;

	if (FAULT("paper.books"))
		return FAIL(err, E_DB, "paper books: connection lost");
	rc = db_exec(db, Q_PAPER_ACCOUNT_SET,
		     ARGS(V_I64(s->bar_ms), V_I64(s->clock_ms),
			  V_PRICE(s->last), V_U64(s->order_seq),
			  V_U64(s->fill_seq), V_U64(p->account_id),
			  V_U64(p->ver), V_U64(p->fence)), &n, NULL, err);
	if (rc == 0 && n != 1)
		return FAIL(err, E_BUSY, "the paper books have another keeper");
	for (size_t i = 0; rc == 0 && i < s->n_orders; i++)
		if (s->orders[i].dirty)
			rc = write_order(c, db, &s->orders[i], err);
	for (size_t i = 0; rc == 0 && i < c->n_fills; i++)
		rc = write_fill(c, db, &c->fills[i], err);
	if (rc == 0 && c->n_fills > 0)
		rc = db_exec(db, Q_PAPER_BALANCE_SET,
			     ARGS(V_U64(p->account_id), V_STR(p->base),
				  V_QTY(s->base)), NULL, NULL, err);
	if (rc == 0 && c->n_fills > 0)
		rc = db_exec(db, Q_PAPER_BALANCE_SET,
			     ARGS(V_U64(p->account_id), V_STR(p->quote),
				  V_QUOTE(s->cash)), NULL, NULL, err);
	return rc;
}

static int commit(struct paper *p, const struct match_fill *fills, size_t n,
		  uint64_t known_seq, struct err *err)
{
	struct change c = { p, fills, n, known_seq };
	int rc = db_tx(p->db, write_books, &c, err);

	if (rc == 0 && FAULT("paper.written"))
		rc = FAIL(err, E_UNCERTAIN, "paper books: no answer");
	if (rc < 0) {
		p->stale = true;
		return rc;
	}
	p->ver++;
	for (size_t i = 0; i < p->s.n_orders; i++)
		p->s.orders[i].dirty = false;
	match_sweep(&p->s);
	return 0;
}

int paper_advance(struct xchg *x, const struct match_candle *c,
		  const struct match_print *v, size_t n, bool *ret_changed,
		  struct err *err)
{
	struct paper *p = paper_of(x);
	struct match_events ev;
	int rc = fresh(p, err);

	if (rc < 0)
		return rc;
	*ret_changed = false;
	if (c->close_ms <= p->s.clock_ms)
		return 0;
	SCOPE(tmp, p->arena) {
		rc = match_candle(tmp, &p->s, c, v, n, &ev, err);
		if (rc < 0) {
			p->stale = true;
			return rc;
		}
		if (ev.changed)
			rc = commit(p, ev.fills, ev.n_fills, p->s.order_seq, err);
		if (rc < 0)
			return rc;
		*ret_changed = ev.changed;
		p->seen_bar_ms = p->s.bar_ms;
		p->seen_clock_ms = p->s.clock_ms;
		p->seen_last = p->s.last;
	}
	return rc;
}

/* ---- the table of functions -------------------------------------------------- */

static int paper_attach(struct xchg *x, uint64_t epoch, struct err *err)
{
	struct paper *p = paper_of(x);
	uint64_t n;
	int rc = db_exec(p->db, Q_PAPER_FENCE,
			 ARGS(V_U64(epoch), V_U64(p->account_id), V_U64(epoch)),
			 &n, NULL, err);

	if (rc < 0)
		return rc;
	if (n != 1)
		return FAIL(err, E_BUSY, "the paper books have a later keeper");
	return load(p, err);
}

static void ack(struct xchg_ack *a, enum xchg_outcome how, const char *why)
{
	memset(a, 0, sizeof(*a));
	a->outcome = how;
	snprintf(a->reason, sizeof(a->reason), "%.*s",
		 (int)sizeof(a->reason) - 1, why);
}

static const struct match_order *live_order(const struct paper *p,
					    struct coid coid)
{
	for (size_t i = 0; i < p->s.n_orders; i++)
		if (coid_eq(p->s.orders[i].o.coid, coid))
			return &p->s.orders[i];
	return NULL;
}

/* The order in the books, also when it is over. */
static int find_order(struct paper *p, struct coid coid,
		      struct match_order *ret, struct err *err)
{
	const struct match_order *m = live_order(p, coid);
	int rc = 0;

	if (m != NULL) {
		*ret = *m;
		return 0;
	}
	SCOPE(tmp, p->arena) {
		struct rows r;

		rc = db_select(tmp, p->db, Q_PAPER_ORDER,
			       ARGS(V_U64(p->account_id),
				    V_BLOB(coid.b, COID_SIZE)), &r, err);
		if (rc == 0 && r.n == 0)
			rc = FAIL(err, E_NOTFOUND, "no such order");
		if (rc == 0)
			rc = order_from_row(&r, 0, ret, err);
	}
	return rc;
}

/* One request against the state in memory. */
static int take_in(struct arena *tmp, struct paper *p, const struct xchg_req *q,
		   struct match_fill *fills, size_t *n_fills,
		   struct xchg_ack *a, struct err *err)
{
	struct match_order known;
	struct match_events ev;
	struct err why;
	int rc;

	ack(a, XR_DONE, "");
	if (q->verb == XV_CANCEL) {
		if (match_cancel(&p->s, q->order.coid, "cancelled on request", &why) < 0)
			ack(a, XR_REFUSED, why.msg);
		return 0;
	}
	rc = find_order(p, q->order.coid, &known, err);
	if (rc == 0) {
		snprintf(a->exch_id, sizeof(a->exch_id), "%" PRIu64, known.seq);
		return 0;
	}
	if (rc != -E_NOTFOUND)
		return rc;
	rc = match_place(tmp, &p->s, &q->order, p->now_ms, &ev, &why);
	if (rc < 0) {
		ack(a, XR_REFUSED, why.msg);
		return 0;
	}
	snprintf(a->exch_id, sizeof(a->exch_id), "%" PRIu64, p->s.order_seq);
	if (ev.n_fills > 0)
		fills[(*n_fills)++] = ev.fills[0];
	return 0;
}

static int paper_submit(struct xchg *x, const struct xchg_req *req, size_t n,
			struct xchg_ack *ret_ack, struct err *err)
{
	struct paper *p = paper_of(x);
	int rc = fresh(p, err);

	SCOPE(tmp, p->arena) {
		struct match_fill *fills = NEW_N(tmp, struct match_fill, n + 1);
		uint64_t known = p->s.order_seq;
		size_t n_fills = 0;

		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = take_in(tmp, p, &req[i], fills, &n_fills,
				     &ret_ack[i], err);
		if (rc == 0)
			rc = commit(p, fills, n_fills, known, err);
	}
	if (rc == 0)
		return 0;
	/* query() decides whether the books were written, not this answer. */
	p->stale = true;
	for (size_t i = 0; i < n; i++)
		ack(&ret_ack[i], XR_UNCERTAIN, "the paper books did not answer");
	return rc;
}

static void report(const struct match_order *m, int64_t at_ms,
		   struct xchg_report *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->coid = m->o.coid;
	snprintf(ret->exch_id, sizeof(ret->exch_id), "%" PRIu64, m->seq);
	ret->state = m->state;
	ret->qty = m->o.qty;
	ret->filled = m->filled;
	ret->cost = m->cost;
	ret->updated_us = at_ms * 1000;
	snprintf(ret->reason, sizeof(ret->reason), "%s", m->reason);
}

static int paper_query(struct xchg *x, struct coid coid,
		       struct xchg_report *ret, struct err *err)
{
	struct paper *p = paper_of(x);
	struct match_order m;
	int rc = fresh(p, err);

	if (rc == 0)
		rc = find_order(p, coid, &m, err);
	if (rc == 0)
		report(&m, p->s.clock_ms, ret);
	return rc;
}

static int paper_open_orders(struct arena *out, struct xchg *x,
			     struct xchg_report **ret, size_t *ret_n,
			     struct err *err)
{
	struct paper *p = paper_of(x);
	struct xchg_report *v;
	int rc = fresh(p, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct xchg_report, p->s.n_orders + 1);
	for (size_t i = 0; i < p->s.n_orders; i++)
		report(&p->s.orders[i], p->s.clock_ms, &v[i]);
	*ret = v;
	*ret_n = p->s.n_orders;
	return 0;
}

static int paper_fills_since(struct arena *out, struct xchg *x, uint64_t after,
			     struct xchg_fill **ret, size_t *ret_n,
			     struct err *err)
{
	struct paper *p = paper_of(x);
	struct rows r;
	struct xchg_fill *v;
	int rc;

	rc = fresh(p, err);
	/* Nothing new: the books need not be asked. */
	if (rc == 0 && after >= p->s.fill_seq) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	if (rc == 0)
		rc = db_select(out, p->db, Q_PAPER_FILLS,
			       ARGS(V_U64(p->account_id), V_U64(after)), &r, err);
	if (rc < 0)
		return rc;
	v = NEW_N(out, struct xchg_fill, r.n + 1);
	for (size_t i = 0; i < r.n; i++) {
		v[i].seq = row_u64(&r, i, 0);
		snprintf(v[i].trade_id, sizeof(v[i].trade_id), "P%" PRIu64,
			 v[i].seq);
		row_coid(&r, i, 1, &v[i].coid);
		v[i].time_us = row_i64(&r, i, 2);
		if (!xchg_side_parse(letter(&r, i, 3), &v[i].side))
			return FAIL(err, E_BUG, "paper fill %" PRIu64 ": no side",
				    v[i].seq);
		v[i].price = row_price(&r, i, 4);
		v[i].qty = row_qty(&r, i, 5);
		v[i].cost = row_quote(&r, i, 6);
		v[i].fee = row_quote(&r, i, 7);
		v[i].maker = row_u64(&r, i, 8) != 0;
		snprintf(v[i].fee_asset, sizeof(v[i].fee_asset), "%s", p->quote);
	}
	*ret = v;
	*ret_n = r.n;
	return 0;
}

static int paper_balances(struct arena *out, struct xchg *x,
			  struct xchg_balance **ret, size_t *ret_n,
			  struct err *err)
{
	struct paper *p = paper_of(x);
	struct xchg_balance *v;
	int rc = fresh(p, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct xchg_balance, 2);
	snprintf(v[0].asset, sizeof(v[0].asset), "%s", p->base);
	v[0].total = p->s.base;
	snprintf(v[1].asset, sizeof(v[1].asset), "%s", p->quote);
	v[1].total = qty_from_raw(quote_raw(p->s.cash));
	*ret = v;
	*ret_n = 2;
	return 0;
}

static const struct xchg_ops paper_ops = {
	.name = "paper",
	.caps = XCHG_FENCED,
	.attach = paper_attach,
	.submit = paper_submit,
	.query = paper_query,
	.open_orders = paper_open_orders,
	.fills_since = paper_fills_since,
	.balances = paper_balances,
};

/* ---- accounts ------------------------------------------------------------------ */

static int create(void *ctx, struct db *db, struct err *err)
{
	const struct paper_conf *c = ctx;
	const struct match_rules *k = &c->rules;
	int rc = db_exec(db, Q_PAPER_ACCOUNT_ADD,
		ARGS(V_U64(c->account_id), V_STR(c->base), V_STR(c->quote),
		     V_PRICE(k->tick), V_QTY(k->lot), V_QUOTE(k->min_notional),
		     V_QUOTE(k->quote_step), V_QTY(k->fee_maker),
		     V_QTY(k->fee_taker), V_QTY(k->participation),
		     V_I64(k->slippage_ticks), V_I64(k->latency_ms),
		     V_U64(k->allow_short), V_QTY(k->fee_unit),
		     V_QUOTE(k->fee_order)), NULL, NULL, err);

	if (rc == 0)
		rc = db_exec(db, Q_PAPER_BALANCE_SET,
			     ARGS(V_U64(c->account_id), V_STR(c->base),
				  V_QTY(qty_zero())), NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_PAPER_BALANCE_SET,
			     ARGS(V_U64(c->account_id), V_STR(c->quote),
				  V_QUOTE(c->deposit)), NULL, NULL, err);
	return rc;
}

int paper_create(struct db *db, const struct paper_conf *c, struct err *err)
{
	struct paper_conf copy = *c;

	return db_tx_join(db, create, &copy, err);
}

int paper_delete(struct db *db, uint64_t account_id, struct err *err)
{
	return db_exec(db, Q_PAPER_ACCOUNT_DEL, ARGS(V_U64(account_id)), NULL,
		       NULL, err);
}
