#include "config.h"

#include <math.h>

#include "bt/calc.h"
#include "bt/quick_i.h"
#include "bt/run_i.h"

struct bt_options bt_defaults(void)
{
	return (struct bt_options){
		.initial_capital = NAN, .fee_percent = NAN,
		.slippage_ticks = NAN, .trade_from = INT64_MIN,
		.spread_ticks = NAN, .latency_ms = NAN, .volume_percent = NAN,
	};
}

static double or_else(double v, double usual)
{
	return isnan(v) ? usual : v;
}

int64_t bt_bar_length(const struct bars *b)
{
	int64_t least = INT64_MAX;

	for (size_t i = 1; i < b->n; i++)
		if (b->t[i] - b->t[i - 1] < least)
			least = b->t[i] - b->t[i - 1];
	return b->n > 1 ? least : 60000;
}

/* Half of the spread is paid by what crosses it, and a limit is met when the
 * other side has come to it. */
static void make_strict(struct emu_rules *r, const struct bt_options *opt,
			const struct bars *bars)
{
	double half = or_else(opt->spread_ticks, BT_STRICT_SPREAD_TICKS) *
		r->mintick / 2, volume = 0;

	for (size_t i = 0; i < bars->n; i++)
		volume += bars->v[i];
	r->strict = true;
	r->spread = 2 * half;
	if (isnan(opt->slippage_ticks))
		r->slippage = fmax(r->slippage,
				   BT_STRICT_SLIPPAGE_TICKS * r->mintick);
	r->slippage += half;
	r->limit_beyond = fmax(r->limit_beyond, half);
	r->latency_ms = (int64_t)or_else(opt->latency_ms, BT_STRICT_LATENCY_MS);
	r->bar_ms = bt_bar_length(bars);
	r->volume_share = or_else(opt->volume_percent,
				  BT_STRICT_VOLUME_PERCENT) / 100;
	if (!(volume > 0))		/* the candles do not tell it */
		r->volume_share = 0;
	r->on_close = false;		/* a close cannot be had any more */
}

struct emu_rules bt_rules_in_force(const struct script_prog *prog,
				   const struct script_market *m,
				   const struct bars *bars,
				   const struct bt_options *opt)
{
	struct emu_rules r = emu_rules_of(script_properties(prog), m->mintick,
					  m->pointvalue > 0 ? m->pointvalue : 1,
					  m->lot);

	r.timezone = m->timezone;
	if (m->session != NULL)
		(void)script_session_start(m->session, &r.day_start);
	if (!isnan(opt->initial_capital))
		r.initial_capital = opt->initial_capital;
	if (!isnan(opt->fee_percent)) {
		r.fee_type = STRAT_FEE_PERCENT;
		r.fee = opt->fee_percent;
	}
	if (!isnan(opt->slippage_ticks))
		r.slippage = opt->slippage_ticks * m->mintick;
	r.funding = opt->funding;
	r.interest = opt->interest_percent / 100;
	if (opt->rules_set == BT_RULES_STRICT)
		make_strict(&r, opt, bars);
	return r;
}

/* Bars on which neither the strategy nor its orders do anything. */
static size_t pass_over(struct script_vm *vm, struct emu *e,
			const struct bars *block, size_t k, double *equity,
			double *position)
{
	size_t n = script_idle(vm);
	struct bars part;

	if (n == 0)
		return 0;
	part = bars_slice(block, k, n);
	n = emu_quiet(e, &part, n, equity, position);
	script_skip(vm, n);
	return n;
}

/* The finer bars from this bar's open to `to`; *at moves on with them. */
struct bars bt_finer(const struct bars *d, size_t *at, int64_t from, int64_t to)
{
	size_t n = 0;

	while (*at < d->n && d->t[*at] < from)
		(*at)++;
	while (*at + n < d->n && d->t[*at + n] < to)
		n++;
	return bars_slice(d, *at, n);
}

static int steps(struct script_vm *vm, struct calc *c, const struct bars *bars,
		 const struct bt_options *opt, struct bt_result *res,
		 struct err *err)
{
	int64_t length = opt->detail.n > 0 ? bt_bar_length(bars) : 0;
	struct bars block, fine = { 0 };
	struct emu *e = c->e;
	size_t detail = 0;
	int rc;

	for (size_t at = 0; at < bars->n; at += block.n) {
		size_t left = bars->n - at;

		block = bars_slice(bars, at,
				   left < SCRIPT_BLOCK ? left : SCRIPT_BLOCK);
		if (opt->progress != NULL &&
		    (rc = opt->progress(opt->ctx, at, bars->n)) != 0)
			return rc;
		rc = script_block(vm, &block, err);
		if (rc < 0)
			return rc;
		for (size_t k = 0; k < block.n; k++) {
			struct bar b;
			struct strat_cmds cmds;

			/* Who looks at each bar sees each bar. */
			if (opt->each_bar == NULL)
				k += pass_over(vm, e, &block, k,
					       &res->equity[at + k],
					       &res->position[at + k]);
			if (k == block.n)
				break;
			b = bars_at(&block, k);
			if (length > 0)
				fine = bt_finer(&opt->detail, &detail, b.t,
					     b.t + length);
			rc = calc_meet(c, &b, &fine, err);
			if (rc == 0)
				rc = calc_decide(c, &cmds, err);
			if (rc == 0 && cmds.n > 0) {
				emu_commands(e, &cmds);
				rc = calc_done(c, err);
			}
			if (rc < 0)
				return rc;
			res->equity[at + k] = emu_account(e)->equity;
			res->position[at + k] = emu_account(e)->position_size;
			if (opt->each_bar != NULL &&
			    (rc = opt->each_bar(opt->bar_ctx, at + k, vm)) != 0)
				return rc;
		}
	}
	return 0;
}

static bool may_be_quick(const struct bt_result *res, const struct bt_options *opt)
{
	return !opt->bar_by_bar && opt->each_bar == NULL && opt->detail.n == 0 &&
		quick_rules(&res->rules, &res->props);
}

/* A machine that chooses.  *ret_lost: not this way. */
static int run_quick(struct arena *out, struct script_vm *vm, const struct bars *bars,
		     const struct bt_options *opt, struct bt_result *res,
		     bool *ret_lost, struct err *err)
{
	struct script_choice room[SCRIPT_BLOCK];
	struct quick_want want = { .spans = true, .trade_from = opt->trade_from,
				   .room = room };
	quick_trades trades = { 0 };
	struct quick *q = quick_new(out, vm, &res->rules, &want, &trades);
	struct bars block;
	int rc = 0;

	for (size_t at = 0; at < bars->n; at += block.n) {
		size_t left = bars->n - at;

		block = bars_slice(bars, at, left < SCRIPT_BLOCK ? left : SCRIPT_BLOCK);
		if (opt->progress != NULL &&
		    (rc = opt->progress(opt->ctx, at, bars->n)) != 0)
			return rc;
		rc = script_block(vm, &block, err);
		if (rc == 0)
			rc = quick_block(q, &block, &res->equity[at],
					 &res->position[at], ret_lost, err);
		if (rc != 0 || *ret_lost)
			return rc;
	}
	res->waiting = quick_waiting(q);
	quick_finish(q);
	res->trades = trades.v;
	res->n_trades = trades.n;
	res->rejected = quick_rejected(q);
	return 0;
}

static int run_bar_by_bar(struct arena *out, const struct script_prog *prog,
			  struct script_vm *vm, const struct bars *bars,
			  const struct bt_options *opt, struct bt_result *res,
			  struct err *err)
{
	struct emu *e = emu_new(out, &res->rules);
	struct calc c;
	int rc;

	calc_init(&c, vm, e, prog, &res->rules, opt->trade_from);
	rc = steps(vm, &c, bars, opt, res, err);
	if (rc != 0)
		return rc;
	res->waiting = emu_waiting(e);
	emu_finish(e);
	res->n_trades = emu_trades(e, &res->trades);
	res->rejected = emu_rejected(e);
	res->margin_calls = emu_margin_calls(e);
	res->carry = emu_carried(e);
	return 0;
}

int bt_run(struct arena *out, const struct script_prog *prog,
	   const struct script_binding *binding, const struct script_market *m,
	   const struct bars *bars, const struct bt_options *opt,
	   struct bt_result *ret, struct err *err)
{
	struct bt_result res = { .bars = *bars,
				 .magnified = opt->detail.n > 0,
				 .models = opt->models };
	struct script_market market = *m;
	bool quick;
	int rc = 0;

	res.props = *script_properties(prog);
	if (!res.props.is_strategy)
		return FAIL(err, E_UNPROCESSABLE, "the script is an indicator: "
			    "only a strategy can be tested");
	if (bars->n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	res.rules = bt_rules_in_force(prog, m, bars, opt);
	rc = bt_account_rate(out, &res.props, m, bars, &res.rules.rate, err);
	if (rc < 0)
		return rc;
	if (!(res.rules.initial_capital > 0))
		return FAIL(err, E_INVAL, "initial capital must be above 0");
	market.last_bar_index = (int64_t)bars->n - 1;
	market.last_bar_time = bars->t[bars->n - 1];
	market.ahead = bars;
	quick = may_be_quick(&res, opt);
	/* Every element is written by steps() or run_quick(). */
	res.equity = arena_alloc_raw(out, bars->n * sizeof(double));
	res.position = arena_alloc_raw(out, bars->n * sizeof(double));
	/* The second time only when the quick way leads nowhere. */
	for (bool lost = true; lost; ) {
		SCOPE(tmp, out) {
			struct script_vm *vm;

			rc = script_vm_new(tmp, prog, binding, &market,
					   &opt->limits, &vm, err);
			lost = false;
			if (rc == 0 && quick && script_choose(vm))
				rc = run_quick(out, vm, bars, opt, &res, &lost, err);
			else if (rc == 0)
				rc = run_bar_by_bar(out, prog, vm, bars, opt, &res, err);
			if (rc != 0)
				return rc;
			if (!lost && opt->at_end != NULL)
				opt->at_end(opt->end_ctx, vm);
		}
		quick = false;
	}
	*ret = res;
	return 0;
}
