#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "order/journal_i.h"

/* ---- rows ------------------------------------------------------------------ */

static char letter(const struct rows *r, size_t i, size_t col)
{
	struct str s = row_str(r, i, col);

	return s.n > 0 ? s.p[0] : '\0';
}

static void row_text(char *to, size_t size, const struct rows *r, size_t i,
		     size_t col)
{
	snprintf(to, size, "%.*s", STR_ARG(row_str(r, i, col)));
}

static void row_coid(const struct rows *r, size_t i, size_t col,
		     struct coid *ret)
{
	struct str s = row_str(r, i, col);

	memset(ret, 0, sizeof(*ret));
	if (s.n == COID_SIZE)
		memcpy(ret->b, s.p, COID_SIZE);
}

int intent_from_row(const struct rows *r, size_t i, struct intent *it,
		    struct err *err)
{
	memset(it, 0, sizeof(*it));
	it->id = row_u64(r, i, 0);
	row_coid(r, i, 1, &it->o.coid);
	it->bar_ms = row_i64(r, i, 2);
	it->seq = (unsigned)row_u64(r, i, 3);
	it->attempt = (unsigned)row_u64(r, i, 4);
	it->kind = (enum order_kind)letter(r, i, 5);
	it->leg = (enum order_leg)letter(r, i, 6);
	row_text(it->tag, sizeof(it->tag), r, i, 7);
	row_text(it->from_entry, sizeof(it->from_entry), r, i, 8);
	row_text(it->comment, sizeof(it->comment), r, i, 9);
	if (!xchg_side_parse(letter(r, i, 10), &it->o.side) ||
	    !xchg_type_parse(letter(r, i, 11), &it->o.type) ||
	    !order_state_parse(letter(r, i, 21), &it->state))
		return FAIL(err, E_BUG, "order %" PRIu64 ": unknown letter",
			    it->id);
	it->o.flags = (unsigned)row_u64(r, i, 12);
	it->o.qty = row_qty(r, i, 13);
	it->o.limit = row_price(r, i, 14);
	it->o.stop = row_price(r, i, 15);
	it->o.offset = row_price(r, i, 16);
	it->o.oca = row_u64(r, i, 17);
	it->o.oca_kind = letter(r, i, 18) == OCA_CANCEL ? OCA_CANCEL :
		letter(r, i, 18) == OCA_REDUCE ? OCA_REDUCE : OCA_NONE;
	row_coid(r, i, 19, &it->o.parent);
	it->o.deadline_us = row_i64(r, i, 20);
	it->created_ms = row_i64(r, i, 22);
	it->filled = row_qty(r, i, 23);
	it->cost = row_quote(r, i, 24);
	it->not_found = (unsigned)row_u64(r, i, 25);
	row_text(it->reason, sizeof(it->reason), r, i, 26);
	it->ver = row_u64(r, i, 27);
	if (!row_null(r, i, 28))
		it->sent_us = row_i64(r, i, 28);
	it->key_seq = row_u64(r, i, 29);
	it->key_entry = row_u64(r, i, 30);
	return 0;
}

static int event(struct db *db, uint64_t intent, enum order_state from,
		 enum order_state to, const char *cause, struct err *err)
{
	const char a[2] = { (char)from, 0 }, b[2] = { (char)to, 0 };

	return db_exec(db, Q_INTENT_EVENT,
		       ARGS(V_U64(intent), V_I64(clock_us(&clock_real)),
			    V_STR(a), V_STR(b), V_STR(cause)), NULL, NULL, err);
}

int intent_insert(struct journal *j, struct db *db, const struct intent *it,
		  uint64_t *ret_id, struct err *err)
{
	const char kind[2] = { (char)it->kind, 0 }, leg[2] = { (char)it->leg, 0 };
	const char side[2] = { (char)it->o.side, 0 };
	const char type[2] = { (char)it->o.type, 0 };
	const char state[2] = { (char)it->state, 0 };
	const char oca[2] = { it->o.oca_kind == OCA_NONE ? '-' :
		(char)it->o.oca_kind, 0 };
	bool why = *it->reason != '\0';
	int rc;

	rc = db_exec(db, Q_INTENT_ADD,
		ARGS(V_BLOB(it->o.coid.b, COID_SIZE), V_U64(j->c.bot_id),
		     V_U64(j->c.account_id), V_I64(it->bar_ms), V_U64(it->seq),
		     V_U64(it->attempt), V_STR(kind), V_STR(leg), V_STR(it->tag),
		     V_STR(it->from_entry), V_STR(it->comment), V_STR(side),
		     V_STR(type), V_U64(it->o.flags), V_QTY(it->o.qty),
		     V_PRICE(it->o.limit), V_PRICE(it->o.stop),
		     V_PRICE(it->o.offset), V_U64(it->o.oca), V_STR(oca),
		     V_BLOB(it->o.parent.b, COID_SIZE),
		     V_I64(it->o.deadline_us), V_STR(state),
		     V_I64(it->created_ms), why ? V_STR(it->reason) : V_NULL(),
		     V_U64(j->c.epoch), V_NULL(), V_U64(it->key_seq),
		     V_U64(it->key_entry)), NULL, ret_id, err);
	if (rc == 0)
		rc = event(db, *ret_id, ORDER_NEW, it->state,
			   why ? it->reason : "decided", err);
	return rc;
}

/* ---- changes ------------------------------------------------------------------ */

struct change change_of(struct intent *it, enum order_state to, const char *cause)
{
	return (struct change){ .it = it, .to = to, .filled = it->filled,
		.cost = it->cost, .not_found = it->not_found, .cause = cause };
}

int change_write(struct journal *j, struct db *db, const struct change *c,
		 struct err *err)
{
	const char from[2] = { (char)c->it->state, 0 }, to[2] = { (char)c->to, 0 };
	int64_t now = clock_us(&clock_real);
	uint64_t n;
	int rc;

	assert(c->it->state == c->to || order_state_may(c->it->state, c->to));
	if (c->to == ORDER_SENDING)
		rc = db_exec(db, Q_INTENT_SENDING,
			     ARGS(V_I64(now), V_U64(j->c.epoch), V_U64(c->it->id),
				  V_U64(c->it->ver)), &n, NULL, err);
	else
		rc = db_exec(db, Q_INTENT_STATE,
			ARGS(V_STR(to), V_STR(c->reason), V_STR(c->exch_id),
			     V_QTY(c->filled), V_QUOTE(c->cost), V_I64(now),
			     V_U64(c->not_found), V_U64(c->it->id),
			     V_U64(c->it->ver), V_STR(from)), &n, NULL, err);
	if (rc == 0 && n != 1)
		return FAIL(err, E_CONFLICT, "order %" PRIu64
			    " was changed by somebody else", c->it->id);
	if (rc == 0)
		rc = event(db, c->it->id, c->it->state, c->to, c->cause, err);
	return rc;
}

void change_apply(struct journal *j, const struct change *c)
{
	struct intent *it = c->it;

	it->state = c->to;
	it->filled = c->filled;
	it->cost = c->cost;
	it->not_found = c->not_found;
	it->ver++;
	if (c->reason != NULL)
		snprintf(it->reason, sizeof(it->reason), "%s", c->reason);
	if (j->c.changed != NULL)
		j->c.changed(j->c.ctx, it);
}

struct intent *live_find(struct journal *j, struct coid coid)
{
	for (size_t i = 0; i < j->n_live; i++)
		if (coid_eq(j->live[i].o.coid, coid))
			return &j->live[i];
	return NULL;
}

void live_sweep(struct journal *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n_live; i++)
		if (j->live[i].state == ORDER_NEW ||
		    order_state_live(j->live[i].state))
			j->live[n++] = j->live[i];
	j->n_live = n;
}

int journal_guard(struct journal *j, struct db *db, struct err *err)
{
	return j->c.guard(j->c.ctx, db, err);
}

/* ---- opening ------------------------------------------------------------------ */

static int only_guard(void *ctx, struct db *db, struct err *err)
{
	return journal_guard(ctx, db, err);
}

static int load_live(struct journal *j, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, j->arena) {
		struct rows r;

		rc = db_select(tmp, j->c.db, Q_INTENTS_LIVE,
			       ARGS(V_U64(j->c.bot_id)), &r, err);
		if (rc == 0 && r.n > j->room)
			rc = FAIL(err, E_BUG, "too many open orders");
		for (size_t i = 0; rc == 0 && i < r.n; i++)
			rc = intent_from_row(&r, i, &j->live[j->n_live++], err);
		if (rc == 0)
			rc = db_select(tmp, j->c.db, Q_FILL_LAST,
				       ARGS(V_U64(j->c.account_id)), &r, err);
		if (rc == 0 && r.n > 0 && !row_null(&r, 0, 0))
			j->fill_seq = row_u64(&r, 0, 0);
	}
	return rc;
}

int journal_open(struct arena *out, const struct journal_conf *c,
		 struct journal **ret, struct err *err)
{
	struct journal *j = NEW(out, struct journal);
	int rc;

	j->c = *c;
	j->arena = arena_push(out, "journal");
	j->live = NEW_N(out, struct intent, LIVE_MAX);
	j->room = LIVE_MAX;
	/* The lock waits for a transaction of ours whose COMMIT got no answer:
	 * what is read after it is what holds. */
	rc = db_tx(c->db, only_guard, j, err);
	if (rc == 0)
		rc = load_live(j, err);
	if (rc < 0) {
		err_wrap(err, "open journal");
		return rc;
	}
	*ret = j;
	return 0;
}

/* ---- T1 ------------------------------------------------------------------------ */

struct decide_tx { struct journal *j; const struct decision *d; };

static int decide_tx(void *ctx, struct db *db, struct err *err)
{
	struct decide_tx *t = ctx;
	const struct decision *d = t->d;
	int rc = journal_guard(t->j, db, err);

	for (size_t i = 0; rc == 0 && i < d->n_cancel; i++) {
		struct change c = change_of(d->cancel[i], ORDER_CANCELING,
					    "the strategy cancels it");

		rc = change_write(t->j, db, &c, err);
	}
	for (size_t i = 0; rc == 0 && i < d->n_place; i++)
		rc = intent_insert(t->j, db, &d->place[i], &d->place[i].id, err);
	if (rc == 0 && d->with != NULL)
		rc = d->with(d->ctx, db, err);
	if (rc == 0 && FAULT("order.t1"))
		rc = FAIL(err, E_DB, "decide: connection lost");
	return rc;
}

int journal_decide(struct journal *j, const struct decision *d, struct err *err)
{
	struct decide_tx t = { j, d };
	int rc;

	if (j->n_live + d->n_place > j->room)
		return FAIL(err, E_LIMIT, "too many open orders");
	rc = db_tx(j->c.db, decide_tx, &t, err);
	if (rc == 0 && FAULT("order.t1.done"))
		rc = FAIL(err, E_UNCERTAIN, "decide: no answer");
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < d->n_cancel; i++) {
		struct change c = change_of(d->cancel[i], ORDER_CANCELING, "");

		change_apply(j, &c);
	}
	for (size_t i = 0; i < d->n_place; i++) {
		if (d->place[i].state == ORDER_NEW)
			j->live[j->n_live++] = d->place[i];
		else
			j->refused++;
		if (j->c.changed != NULL)
			j->c.changed(j->c.ctx, &d->place[i]);
	}
	return 0;
}

/* ---- T2, the request, T3 ---------------------------------------------------------- */

struct changes_tx { struct journal *j; struct change *v; size_t n; };

static int changes_tx(void *ctx, struct db *db, struct err *err)
{
	struct changes_tx *t = ctx;
	int rc = journal_guard(t->j, db, err);

	for (size_t i = 0; rc == 0 && i < t->n; i++)
		rc = change_write(t->j, db, &t->v[i], err);
	return rc;
}

static int write_changes(struct journal *j, struct change *v, size_t n,
			 struct err *err)
{
	struct changes_tx t = { j, v, n };
	int rc;

	if (n == 0)
		return 0;
	rc = db_tx(j->c.db, changes_tx, &t, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++)
		change_apply(j, &v[i]);
	return 0;
}

static int to_sending(struct arena *tmp, struct journal *j, int64_t now_ms,
		      struct err *err)
{
	struct change *v = NEW_N(tmp, struct change, j->n_live + 1);
	size_t n = 0;
	int rc;

	for (size_t i = 0; i < j->n_live; i++) {
		struct intent *it = &j->live[i];
		bool late = it->o.deadline_us != 0 &&
			now_ms * 1000 > it->o.deadline_us;

		if (it->state != ORDER_NEW)
			continue;
		v[n] = change_of(it, late ? ORDER_ABANDONED : ORDER_SENDING,
				 late ? "its deadline was over before it was sent" :
				 "about to be sent");
		if (late)
			v[n].reason = v[n].cause;
		n++;
	}
	if (n > 0 && FAULT("order.t2"))
		return FAIL(err, E_DB, "send: connection lost");
	rc = write_changes(j, v, n, err);
	if (rc == 0 && n > 0 && FAULT("order.t2.done"))
		rc = FAIL(err, E_UNCERTAIN, "send: no answer");
	return rc;
}

/* What the answer makes of an order; false: nothing. */
static bool answered(struct journal *j, struct intent *it,
		     const struct xchg_ack *a, struct change *ret)
{
	bool cancel = it->state == ORDER_CANCELING;

	switch (a->outcome) {
	case XR_DONE:
		*ret = change_of(it, cancel ? ORDER_CANCELED : ORDER_OPEN,
				 cancel ? "the exchange cancelled it" :
				 "the exchange took it");
		if (cancel)
			ret->reason = "cancelled on request";
		else if (*a->exch_id != '\0')
			ret->exch_id = a->exch_id;
		j->acked++;
		return true;
	case XR_REFUSED:
		/* What it is that cannot be cancelled, a query tells. */
		if (cancel)
			return false;
		*ret = change_of(it, ORDER_REJECTED, a->reason);
		ret->reason = a->reason;
		j->refused++;
		return true;
	case XR_UNCERTAIN:
		it->cancel_sent = false;
		if (cancel)
			return false;	/* may be asked again */
		*ret = change_of(it, ORDER_UNKNOWN, a->reason);
		j->unknown++;
		return true;
	}
	return false;
}

static bool to_send(const struct intent *it, bool cancel)
{
	return cancel ? it->state == ORDER_CANCELING && !it->cancel_sent :
		it->state == ORDER_SENDING;
}

int journal_send(struct journal *j, int64_t now_ms, struct err *err)
{
	struct err xerr;
	int rc = 0;

	SCOPE(tmp, j->arena) {
		struct xchg_req *req = NEW_N(tmp, struct xchg_req, j->n_live + 1);
		struct xchg_ack *ack = NEW_N(tmp, struct xchg_ack, j->n_live + 1);
		struct intent **who = NEW_N(tmp, struct intent *, j->n_live + 1);
		struct change *v = NEW_N(tmp, struct change, j->n_live + 1);
		size_t n = 0, nv = 0;

		rc = to_sending(tmp, j, now_ms, err);
		if (rc < 0)
			return rc;
		/* What was SENDING before this call was not collected here:
		 * resolve() turns those into UNKNOWN first. */
		for (int cancel = 1; cancel >= 0; cancel--)
			for (size_t i = 0; i < j->n_live; i++) {
				if (!to_send(&j->live[i], cancel))
					continue;
				req[n].verb = cancel ? XV_CANCEL : XV_PLACE;
				req[n].order = j->live[i].o;
				who[n++] = &j->live[i];
			}
		if (n == 0) {
			live_sweep(j);
			return 0;
		}
		if (!j->c.may_send(j->c.ctx))
			return FAIL(err, E_BUSY, "the lease is running out");
		for (size_t i = 0; i < n; i++)
			who[i]->cancel_sent = req[i].verb == XV_CANCEL;
		j->sent += n;
		/* The outcome of each stands in its ack. */
		(void)!xchg_submit(j->c.x, req, n, ack, &xerr);
		for (size_t i = 0; i < n; i++)
			nv += answered(j, who[i], &ack[i], &v[nv]);
		if (FAULT("order.t3"))
			return FAIL(err, E_DB, "answer: connection lost");
		rc = write_changes(j, v, nv, err);
		if (rc == 0 && FAULT("order.t3.done"))
			rc = FAIL(err, E_UNCERTAIN, "answer: no answer");
		if (rc == 0)
			live_sweep(j);
	}
	return rc;
}
