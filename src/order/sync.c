#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "order/journal_i.h"

/* ---- what the exchange did: fills and ends ------------------------------------ */

struct sync {
	struct journal *j;
	const struct sync_in *in;
	struct arena *a;
	ARRAY(struct booked) fills;
	ARRAY(struct change) changes;
	ARRAY(struct acct_trade) trades;
	/* orders that are over, and got a late fill */
	struct intent *late;
	size_t n_late;
};

static int get_fills(struct sync *s, struct err *err)
{
	struct journal *j = s->j;
	uint64_t after = j->fill_seq;
	size_t n;
	int rc;

	do {
		struct xchg_fill *v;

		rc = xchg_fills_since(s->a, j->c.x, after, &v, &n, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n; i++) {
			array_push(s->a, &s->fills)->f = v[i];
			after = v[i].seq;
		}
	} while (n == XCHG_FILLS_MAX);
	s->late = NEW_N(s->a, struct intent, s->fills.n + 1);
	return 0;
}

static struct change *change_for(struct sync *s, struct intent *it)
{
	struct change *c;

	for (size_t i = 0; i < s->changes.n; i++)
		if (s->changes.v[i].it == it)
			return &s->changes.v[i];
	c = array_push(s->a, &s->changes);
	*c = change_of(it, it->state, "filled");
	return c;
}

/* The order of a fill: an open one, or one that was thought to be over. */
static int order_of(struct sync *s, struct coid coid, struct intent **ret,
		    struct err *err)
{
	struct rows r;
	int rc;

	*ret = live_find(s->j, coid);
	if (*ret != NULL)
		return 0;
	for (size_t i = 0; i < s->n_late; i++)
		if (coid_eq(s->late[i].o.coid, coid)) {
			*ret = &s->late[i];
			return 0;
		}
	rc = db_select(s->a, s->j->c.db, Q_INTENT_BY_COID,
		       ARGS(V_U64(s->j->c.bot_id), V_BLOB(coid.b, COID_SIZE)),
		       &r, err);
	if (rc < 0 || r.n == 0)
		return rc;
	rc = intent_from_row(&r, 0, &s->late[s->n_late], err);
	if (rc == 0)
		*ret = &s->late[s->n_late++];
	return rc;
}

static enum order_state after_fill(const struct intent *it, struct qty filled)
{
	if (qty_cmp(filled, it->o.qty) >= 0)
		return ORDER_FILLED;
	if (it->state == ORDER_CANCELING || it->state == ORDER_CANCELED)
		return it->state;
	return ORDER_PARTIAL;
}

static int take_fill(struct sync *s, struct booked *b, struct err *err)
{
	struct acct_fill f = { .side = b->f.side, .price = b->f.price,
		.qty = b->f.qty, .cost = b->f.cost, .fee = b->f.fee,
		.time_ms = b->f.time_us / 1000, .bar = s->in->decided_index,
		.signal = "(external)", .comment = "", .from = "" };
	struct acct_changes ch;
	struct change *c;
	struct intent *it;
	int rc = order_of(s, b->f.coid, &it, err);

	if (rc < 0)
		return rc;
	if (f.bar < 0 || f.time_ms > s->in->decided_ms)
		f.bar++;
	if (it != NULL) {
		c = change_for(s, it);
		if (!qty_add(&c->filled, c->filled, b->f.qty) ||
		    !quote_add(&c->cost, c->cost, b->f.cost))
			return FAIL(err, E_UNPROCESSABLE, "fill out of range");
		c->to = after_fill(it, c->filled);
		b->intent = f.intent = it->id;
		snprintf(b->tag, sizeof(b->tag), "%s", it->tag);
		f.signal = it->tag;
		f.comment = it->comment;
		f.from = it->from_entry;
	}
	rc = acct_fill(s->a, s->in->acct, &f, &ch, err);
	for (size_t i = 0; rc == 0 && i < ch.n; i++)
		*array_push(s->a, &s->trades) = ch.v[i];
	return rc;
}

/* Is the order among those the exchange calls open? */
static bool among(const struct xchg_report *v, size_t n, struct coid coid)
{
	for (size_t i = 0; i < n; i++)
		if (coid_eq(v[i].coid, coid))
			return true;
	return false;
}

static int adopt_end(struct sync *s, struct intent *it, struct err *err)
{
	struct change *c = change_for(s, it);
	struct xchg_report r;
	int rc;

	if (c->to == ORDER_FILLED)
		return 0;
	rc = xchg_query(s->j->c.x, it->o.coid, &r, err);
	if (rc < 0)
		return rc;
	if (qty_cmp(r.filled, c->filled) != 0)
		return FAIL(err, E_CONFLICT, "order %" PRIu64 ": the exchange "
			    "reports another filled quantity than its fills", it->id);
	if (r.state != XS_CANCELED)
		return 0;
	c->to = ORDER_CANCELED;
	c->reason = arena_strdup(s->a, *r.reason ? r.reason :
				 "cancelled by the exchange");
	c->cause = c->reason;
	return 0;
}

/* Orders that the exchange has ended by itself. */
static int find_ends(struct sync *s, struct err *err)
{
	struct journal *j = s->j;
	struct xchg_report *open;
	size_t n;
	int rc = xchg_open_orders(s->a, j->c.x, &open, &n, err);

	for (size_t i = 0; rc == 0 && i < j->n_live; i++) {
		struct intent *it = &j->live[i];

		if ((it->state == ORDER_OPEN || it->state == ORDER_PARTIAL ||
		     it->state == ORDER_CANCELING) &&
		    !among(open, n, it->o.coid))
			rc = adopt_end(s, it, err);
	}
	return rc;
}

static int sync_tx(void *ctx, struct db *db, struct err *err)
{
	struct sync *s = ctx;
	int rc = journal_guard(s->j, db, err);

	for (size_t i = 0; rc == 0 && i < s->fills.n; i++)
		rc = book_fill(s->j, db, &s->fills.v[i].f, s->fills.v[i].intent,
			       s->in->decided_ms, err);
	for (size_t i = 0; rc == 0 && i < s->changes.n; i++)
		rc = change_write(s->j, db, &s->changes.v[i], err);
	for (size_t i = 0; rc == 0 && i < s->trades.n; i++)
		rc = book_trade(db, s->j->c.bot_id, &s->trades.v[i], err);
	if (rc == 0 && s->in->with != NULL)
		rc = s->in->with(s->in->ctx, db, err);
	if (rc == 0 && FAULT("book.write"))
		rc = FAIL(err, E_DB, "book: connection lost");
	return rc;
}

int journal_sync(struct arena *out, struct journal *j, const struct sync_in *in,
		 struct sync_out *ret, struct err *err)
{
	struct sync s = { .j = j, .in = in, .a = out };
	int rc = get_fills(&s, err);

	memset(ret, 0, sizeof(*ret));
	if (FAULT("book.begin"))
		return FAIL(err, E_DB, "book: connection lost");
	for (size_t i = 0; rc == 0 && i < s.fills.n; i++)
		rc = take_fill(&s, &s.fills.v[i], err);
	if (rc == 0)
		rc = find_ends(&s, err);
	if (rc < 0 || (s.fills.n == 0 && s.changes.n == 0))
		return rc;
	rc = db_tx(j->c.db, sync_tx, &s, err);
	if (rc == 0 && FAULT("book.done"))
		rc = FAIL(err, E_UNCERTAIN, "book: no answer");
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < s.changes.n; i++)
		change_apply(j, &s.changes.v[i]);
	if (s.fills.n > 0)
		j->fill_seq = s.fills.v[s.fills.n - 1].f.seq;
	live_sweep(j);
	ret->fills = s.fills.v;
	ret->n_fills = s.fills.n;
	ret->trades = (struct acct_changes){ s.trades.v, s.trades.n };
	ret->n_orders = s.changes.n;
	return 0;
}

/* ---- what nobody knows ------------------------------------------------------------ */

struct rename { struct coid was, is; };
struct resolve {
	struct journal *j;
	struct arena *a;
	ARRAY(struct change) changes;
	ARRAY(struct intent) again;	/* new attempts */
	ARRAY(struct rename) renamed;
	int64_t now_ms;
	size_t open;
};

/* Enough rounds, and nothing that is still on its way can arrive? */
static bool proven_lost(const struct resolve *r, const struct intent *it)
{
	int64_t grace_us = 10LL * 1000000;

	if (r->j->c.x->ops->caps & XCHG_FENCED)
		return true;
	return it->not_found + 1 >= 3 && it->sent_us != 0 &&
		clock_us(&clock_real) > it->sent_us + 60LL * 1000000 + grace_us;
}

static struct coid renamed(const struct resolve *r, struct coid c)
{
	for (size_t i = 0; i < r->renamed.n; i++)
		if (coid_eq(r->renamed.v[i].was, c))
			return r->renamed.v[i].is;
	return c;
}

static void lost(struct resolve *r, struct intent *it)
{
	struct change *c = array_push(r->a, &r->changes);
	struct intent *n;

	*c = change_of(it, ORDER_LOST_NOT_PLACED,
		       "the exchange never got it");
	c->reason = c->cause;
	c->not_found++;
	r->j->lost++;
	if (it->o.deadline_us != 0 && r->now_ms * 1000 > it->o.deadline_us)
		return;
	n = array_push(r->a, &r->again);
	*n = *it;
	n->id = 0;
	n->attempt++;
	n->state = ORDER_NEW;
	n->ver = 0;
	n->not_found = 0;
	n->sent_us = 0;
	n->reason[0] = '\0';
	n->o.parent = renamed(r, it->o.parent);
	intent_name(n, r->j->c.bot_id);
	*array_push(r->a, &r->renamed) = (struct rename){ it->o.coid, n->o.coid };
}

static int resolve_one(struct resolve *r, struct intent *it, struct err *err)
{
	struct xchg_report rep;
	int rc = xchg_query(r->j->c.x, it->o.coid, &rep, err);

	if (rc == -E_NOTFOUND && it->state == ORDER_CANCELING)
		return FAIL(err, E_CONFLICT, "order %" PRIu64 " was open and the "
			    "exchange does not know it any more", it->id);
	if (rc == -E_NOTFOUND && proven_lost(r, it)) {
		lost(r, it);
		return 0;
	}
	if (rc == -E_NOTFOUND) {
		struct change *c = array_push(r->a, &r->changes);

		*c = change_of(it, ORDER_UNKNOWN, "not found this time");
		c->not_found++;
		r->open++;
		return 0;
	}
	if (rc < 0)
		return rc;
	if (it->state == ORDER_CANCELING) {
		/* Still there: asked once more.  Over: sync() takes it in. */
		it->cancel_sent = xchg_state_over(rep.state);
		return 0;
	}
	*array_push(r->a, &r->changes) = change_of(it, ORDER_OPEN,
						   "found at the exchange");
	r->changes.v[r->changes.n - 1].exch_id = *rep.exch_id ?
		arena_strdup(r->a, rep.exch_id) : NULL;
	return 0;
}

static int resolve_tx(void *ctx, struct db *db, struct err *err)
{
	struct resolve *r = ctx;
	int rc = journal_guard(r->j, db, err);

	for (size_t i = 0; rc == 0 && i < r->changes.n; i++)
		rc = change_write(r->j, db, &r->changes.v[i], err);
	for (size_t i = 0; rc == 0 && i < r->again.n; i++)
		rc = intent_insert(r->j, db, &r->again.v[i], &r->again.v[i].id,
				   err);
	if (rc == 0 && FAULT("resolve.write"))
		rc = FAIL(err, E_DB, "resolve: connection lost");
	return rc;
}

static bool unclear(const struct intent *it)
{
	return it->state == ORDER_SENDING || it->state == ORDER_UNKNOWN ||
		(it->state == ORDER_CANCELING && !it->cancel_sent);
}

static int resolve_all(struct resolve *r, struct err *err)
{
	struct journal *j = r->j;
	int rc = 0;

	/* A request of ours whose answer was lost may still be at work. */
	if (j->c.x->ops->caps & XCHG_FENCED)
		rc = xchg_attach(j->c.x, j->c.epoch, err);
	for (size_t i = 0; rc == 0 && i < j->n_live; i++)
		if (unclear(&j->live[i]))
			rc = resolve_one(r, &j->live[i], err);
	if (rc < 0 || (r->changes.n == 0 && r->again.n == 0))
		return rc;
	if (j->n_live + r->again.n > j->room)
		return FAIL(err, E_LIMIT, "too many open orders");
	rc = db_tx(j->c.db, resolve_tx, r, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < r->changes.n; i++)
		change_apply(j, &r->changes.v[i]);
	for (size_t i = 0; i < r->again.n; i++)
		j->live[j->n_live++] = r->again.v[i];
	live_sweep(j);
	return 0;
}

int journal_resolve(struct journal *j, int64_t now_ms, size_t *ret_open,
		    struct err *err)
{
	size_t n = 0;
	int rc = 0;

	*ret_open = 0;
	for (size_t i = 0; i < j->n_live; i++)
		n += unclear(&j->live[i]);
	if (n == 0)
		return 0;
	if (FAULT("resolve.begin"))
		return FAIL(err, E_DB, "resolve: connection lost");
	SCOPE(tmp, j->arena) {
		struct resolve r = { .j = j, .a = tmp, .now_ms = now_ms };

		rc = resolve_all(&r, err);
		*ret_open = r.open;
	}
	if (rc < 0)
		err_wrap(err, "reconcile");
	return rc;
}

/* ---- balances ------------------------------------------------------------------------ */

int journal_compare(struct journal *j, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, j->arena) {
		struct xchg_balance *b;
		struct rows r;
		size_t n;

		rc = xchg_balances(tmp, j->c.x, &b, &n, err);
		if (rc == 0)
			rc = db_select(tmp, j->c.db, Q_BALANCES,
				       ARGS(V_U64(j->c.account_id)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++)
			for (size_t k = 0; k < n; k++) {
				char a[MONEY_TEXT_MAX], c[MONEY_TEXT_MAX];

				if (!str_eqc(row_str(&r, i, 0), b[k].asset) ||
				    qty_cmp(row_qty(&r, i, 1), b[k].total) == 0)
					continue;
				qty_format(a, row_qty(&r, i, 1));
				qty_format(c, b[k].total);
				return FAIL(err, E_CONFLICT,
					    "the ledger says %s %s, the exchange %s",
					    a, b[k].asset, c);
			}
	}
	return rc;
}
