#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "bt/calc.h"
#include "bt/run_i.h"

struct member {
	const struct bt_job *job;
	struct script_vm *vm;
	struct emu *e;
	struct calc calc;
	struct bt_result *r;
	struct script_market market;
	int64_t length;
	size_t row, detail;		/* next */
	bool now;			/* has a bar of this moment */
};

struct run {
	struct member *v;
	size_t n;
	const struct bt_options *opt;
	struct emu_pool pool;
	double capital;
};

static int member_new(struct arena *out, struct run *x, struct member *m,
		      const struct bt_job *j, struct bt_result *r,
		      struct err *err)
{
	size_t n = j->bars.n;
	int rc;

	if (!script_properties(j->prog)->is_strategy)
		return FAIL(err, E_UNPROCESSABLE, "the script is an indicator: "
			    "only a strategy can be tested");
	if (n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	*r = (struct bt_result){
		.bars = j->bars, .props = *script_properties(j->prog),
		.magnified = j->detail.n > 0,
		.equity = NEW_N(out, double, n), .position = NEW_N(out, double, n),
	};
	r->rules = bt_rules_in_force(j->prog, j->market, &j->bars, x->opt);
	r->rules.funding = j->funding;
	rc = bt_account_rate(out, &r->props, j->market, &j->bars, &r->rules.rate,
			     err);
	if (rc < 0)
		return rc;
	if (!(r->rules.initial_capital > 0))
		return FAIL(err, E_INVAL, "initial capital must be above 0");
	*m = (struct member){
		.job = j, .r = r, .market = *j->market,
		.length = bt_bar_length(&j->bars),
	};
	m->market.last_bar_index = (int64_t)n - 1;
	m->market.last_bar_time = j->bars.t[n - 1];
	m->market.ahead = &j->bars;
	m->e = emu_new(out, &r->rules);
	emu_join(m->e, &x->pool);
	rc = script_vm_new(out, j->prog, j->binding, &m->market, &x->opt->limits,
			   &m->vm, err);
	if (rc == 0)
		calc_init(&m->calc, m->vm, m->e, j->prog, &r->rules,
			  x->opt->trade_from);
	return rc;
}

/* The next time at which any pair has a bar. */
static bool next_time(const struct run *x, int64_t *ret)
{
	bool any = false;

	for (size_t i = 0; i < x->n; i++) {
		const struct member *m = &x->v[i];

		if (m->row >= m->job->bars.n)
			continue;
		if (!any || m->job->bars.t[m->row] < *ret)
			*ret = m->job->bars.t[m->row];
		any = true;
	}
	return any;
}

static int meet(struct member *m, int64_t t, struct err *err)
{
	const struct bars *b = &m->job->bars;
	struct bars fine = { 0 }, one;
	struct bar bar;
	int rc;

	m->now = m->row < b->n && b->t[m->row] == t;
	if (!m->now)
		return 0;
	bar = bars_at(b, m->row);
	one = bars_slice(b, m->row, 1);
	rc = script_block(m->vm, &one, err);
	if (rc < 0)
		return rc;
	if (m->job->detail.n > 0)
		fine = bt_finer(&m->job->detail, &m->detail, t, t + m->length);
	return calc_meet(&m->calc, &bar, &fine, err);
}

static int decide(struct member *m, struct err *err)
{
	struct strat_cmds cmds;
	int rc;

	if (!m->now)
		return 0;
	rc = calc_decide(&m->calc, &cmds, err);
	if (rc < 0 || cmds.n == 0)
		return rc;
	emu_commands(m->e, &cmds);
	return calc_done(&m->calc, err);
}

struct curve {
	ARRAY(int64_t) t;
	ARRAY(double) equity, position, price;
};

/* What the account is at this moment, for all. */
static void note(struct arena *out, struct run *x, struct curve *c, int64_t t)
{
	double equity = x->capital + x->pool.profit, held = 0, price = 0, n = 0;

	for (size_t i = 0; i < x->n; i++) {
		struct member *m = &x->v[i];
		const struct bars *b = &m->job->bars;

		if (m->now) {
			m->r->equity[m->row] = equity;
			m->r->position[m->row] = emu_account(m->e)->position_size;
			m->row++;
		}
		held += emu_account(m->e)->position_size != 0;
		if (m->row == 0)
			continue;
		price += b->c[m->row - 1] / b->o[0];
		n++;
	}
	*array_push(out, &c->t) = t;
	*array_push(out, &c->equity) = equity;
	*array_push(out, &c->position) = held;
	*array_push(out, &c->price) = price / n;
}

struct closed { const struct emu_trade *t; const char *pair; size_t order; };

static int by_exit(const void *a, const void *b)
{
	const struct closed *x = a, *y = b;

	if (x->t->t.exit_time != y->t->t.exit_time)
		return x->t->t.exit_time < y->t->t.exit_time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void merge(struct arena *out, struct run *x, struct bt_result *all)
{
	ARRAY(struct closed) list = { 0 };
	struct emu_trade *trades;
	const char **pairs;

	for (size_t i = 0; i < x->n; i++) {
		struct bt_result *r = x->v[i].r;

		for (size_t k = 0; k < r->n_trades; k++)
			*array_push(out, &list) = (struct closed){
				&r->trades[k], x->v[i].job->pair, list.n };
		all->rejected += r->rejected;
		all->margin_calls += r->margin_calls;
		all->carry += r->carry;
		all->waiting += r->waiting;
	}
	if (list.n > 1)
		qsort(list.v, list.n, sizeof(*list.v), by_exit);
	trades = NEW_N(out, struct emu_trade, list.n + 1);
	pairs = NEW_N(out, const char *, list.n + 1);
	for (size_t i = 0; i < list.n; i++) {
		trades[i] = *list.v[i].t;
		pairs[i] = list.v[i].pair;
	}
	all->trades = trades;
	all->n_trades = list.n;
	all->trade_pairs = pairs;
}

static struct bt_result whole(struct arena *out, struct run *x,
			      const struct curve *c)
{
	struct bt_result all = {
		.rules = x->v[0].r->rules, .props = x->v[0].r->props,
		.bars = { c->t.n, c->t.v, c->price.v, c->price.v, c->price.v,
			  c->price.v, c->price.v },
		.equity = c->equity.v, .position = c->position.v,
		.magnified = x->v[0].r->magnified,
		.max_open_trades = x->pool.max_open,
	};

	merge(out, x, &all);
	return all;
}

static int moments(struct arena *out, struct run *x, struct curve *c,
		   struct err *err)
{
	const struct bt_options *o = x->opt;
	size_t done = 0;
	int64_t t = 0;
	int rc = 0;

	while (rc == 0 && next_time(x, &t)) {
		if (o->progress != NULL && done++ % 4096 == 0 &&
		    (rc = o->progress(o->ctx, x->v[0].row,
				      x->v[0].job->bars.n)) != 0)
			break;
		for (size_t i = 0; rc == 0 && i < x->n; i++)
			rc = meet(&x->v[i], t, err);
		for (size_t i = 0; rc == 0 && i < x->n; i++)
			rc = decide(&x->v[i], err);
		note(out, x, c, t);
	}
	return rc;
}

int bt_run_portfolio(struct arena *out, const struct bt_job *jobs, size_t n,
		     const struct bt_options *opt, size_t max_open,
		     struct bt_portfolio *ret, struct err *err)
{
	struct bt_result *pairs = NEW_N(out, struct bt_result, n + 1);
	struct run x = {
		.v = NEW_N(out, struct member, n + 1), .n = n, .opt = opt,
		.pool = { .max_open = max_open },
	};
	struct curve c = { 0 };
	int rc = n == 0 ? FAIL(err, E_UNPROCESSABLE, "no pair to trade") : 0;

	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = member_new(out, &x, &x.v[i], &jobs[i], &pairs[i], err);
		if (rc < 0)
			err_wrap(err, "%s", jobs[i].pair);
	}
	if (rc < 0)
		return rc;
	x.capital = pairs[0].rules.initial_capital;
	rc = moments(out, &x, &c, err);
	if (rc != 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		struct member *m = &x.v[i];

		m->r->waiting = emu_waiting(m->e);
		emu_finish(m->e);
		m->r->n_trades = emu_trades(m->e, &m->r->trades);
		m->r->rejected = emu_rejected(m->e);
		m->r->margin_calls = emu_margin_calls(m->e);
		m->r->carry = emu_carried(m->e);
	}
	*ret = (struct bt_portfolio){ whole(out, &x, &c), pairs, n };
	return 0;
}
