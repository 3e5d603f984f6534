#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bot/verify.h"
#include "bt/check.h"
#include "bt/html.h"
#include "prog/ctl_bt.h"

/* orchctl backtest: a strategy over candles of a file or of the store, or
 * signal columns under freqtrade's rules. */

/* --- chart rules --------------------------------------------------------- */

static int tell(void *ctx, size_t done, size_t total)
{
	(void)total;
	ctl_progress_at(ctx, done);
	return 0;
}

int bt_write_page(struct ctl *c, const char *path, const struct bt_record *rec,
		  const struct script_market *m)
{
	struct bt_html_head h = { 0 };
	struct sbuf b;

	if (m != NULL) {
		h.market = arena_printf(c->arena, "%s:%s", m->exchange, m->symbol);
		h.timeframe = m->timeframe;
	}
	sbuf_init(&b, c->arena, (size_t)1 << 30);
	bt_html(&b, rec, &h);
	return ctl_save(c, path, &b);
}

static int write_all(struct ctl *c, const struct run_opts *o,
		     const struct bt_result *r, const struct script_market *m)
{
	struct bt_stats s;
	struct sbuf b;
	int status = 0;

	bt_stats(&s, r);
	/* Each may be large: one after the other. */
	if (o->json != NULL) SCOPE(tmp, c->arena) {
		sbuf_init(&b, tmp, (size_t)1 << 31);
		bt_json(&b, r, &s, m->symbol);
		status = ctl_save(c, o->json, &b);
	}
	if (status == 0 && o->trades != NULL) SCOPE(tmp, c->arena) {
		sbuf_init(&b, tmp, (size_t)1 << 31);
		bt_trades_csv(&b, r);
		status = ctl_save(c, o->trades, &b);
	}
	if (status == 0 && o->equity != NULL) SCOPE(tmp, c->arena) {
		sbuf_init(&b, tmp, (size_t)1 << 31);
		bt_equity_csv(&b, r);
		status = ctl_save(c, o->equity, &b);
	}
	if (status == 0 && o->html != NULL) {
		struct bt_record rec;
		struct err err;

		if (bt_record_chart(c->arena, r, m->symbol, NULL, &rec, &err) < 0)
			return ctl_fail(c, &err);
		status = bt_write_page(c, o->html, &rec, m);
	}
	if (status == 0 && !c->quiet) {
		sbuf_init(&b, c->arena, 1 << 16);
		bt_text(&b, r, &s);
		status = ctl_print(c, &b);
	}
	return status;
}

/* The same run once more through what a bot does. */
static int verify(struct ctl *c, const struct verify_in *in)
{
	struct verify_out n;
	struct sbuf b;
	struct err err;

	int rc = bot_verify(c->arena, in, &n, &err);

	if (rc == -E_CONFLICT) {	/* no fault of the input */
		err_wrap(&err, "live differs from the backtest");
		(void)ctl_fail(c, &err);
		return 1;
	}
	if (rc < 0)
		return ctl_fail(c, &err);
	if (c->quiet)
		return 0;
	sbuf_init(&b, c->arena, 1 << 10);
	sbuf_addf(&b, "verified: live = backtest over %zu candles, %zu orders, "
		  "%zu fills, %zu closed trades\n", n.bars, n.orders, n.fills,
		  n.trades);
	return ctl_print(c, &b);
}

static int check_lookahead(struct ctl *c, const struct verify_in *in)
{
	struct bt_leak l;
	struct sbuf b;
	struct err err;
	int status;

	if (bt_check_lookahead(c->arena, in->prog, in->binding, in->market,
			       in->bars, in->opt, &l, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 12);
	bt_leak_text(&b, &l);
	status = ctl_print(c, &b);
	return status == 0 && l.found ? EX_DATAERR : status;
}

static int check_recursion(struct ctl *c, const struct verify_in *in)
{
	struct bt_recursion r;
	struct sbuf b;
	struct err err;

	if (bt_check_recursion(c->arena, in->prog, in->binding, in->market,
			       in->bars, in->opt, &r, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 1 << 16);
	bt_recursion_text(&b, &r);
	return ctl_print(c, &b);
}

/* What the script declares and this run does not do. */
static void remarks(struct ctl *c, const struct script_prog *prog, bool detail)
{
	const struct strat_properties *p = script_properties(prog);

	if (p->calc_on_order_fills)
		ctl_say(c, "calc_on_order_fills: as on the chart, a run after a "
			"fill sees the whole bar, its close too; no live "
			"order can (rules strict: not done)");
	if (p->bar_magnifier && !detail)
		ctl_say(c, "use_bar_magnifier: give finer candles with --detail; "
			"the way inside a bar is assumed");
}

static int finer_candles(struct ctl *c, const struct run_opts *o,
			 const char *pair, struct bars *ret, struct err *err)
{
	const char *path = pair_file_for(c->arena, &o->detail, pair);
	struct bars_cols cols;
	struct table t;
	int rc;

	if (path == NULL)
		return 0;
	rc = table_read(c->arena, path, &t, err);
	if (rc == 0)
		rc = table_bars(c->arena, &t, &cols, err);
	if (rc == 0)
		bars_of(ret, &cols);
	return rc;
}

static struct bt_options options_of(const struct run_opts *o, enum bt_rules rules)
{
	struct bt_options opt = bt_defaults();

	opt.rules_set = rules;
	opt.initial_capital = o->capital;
	opt.fee_percent = o->fee;
	opt.slippage_ticks = o->slippage;
	opt.spread_ticks = o->spread;
	opt.latency_ms = o->latency;
	opt.volume_percent = o->volume;
	opt.interest_percent = isnan(o->interest) ? 0 : o->interest;
	return opt;
}

static int chart(struct ctl *c, const struct run_opts *o, enum bt_rules rules)
{
	struct script_options so = { .new_defaults = o->new_defaults };
	struct script_market m;
	struct bt_options opt = options_of(o, rules);
	const struct script_prog *prog;
	struct script_binding *binding;
	struct ctl_progress bar;
	struct bt_result res;
	struct verify_in in;
	struct bars bars;
	struct err err;
	int status;

	if (ctl_compile(c, c->argv[0], &so, &prog, &err) < 0 ||
	    ctl_bind(c, prog, &o->set, &binding, &err) < 0 ||
	    ctl_bars_load(c, &o->bars, &bars, &m, &err) < 0 ||
	    finer_candles(c, o, m.symbol, &opt.detail, &err) < 0 ||
	    bt_funding_for(c, o, m.symbol, &bars, &opt.funding, &err) < 0 ||
	    ctl_models(c, &o->bars, prog, &bars, &m, &opt.models, &err) < 0)
		return ctl_fail(c, &err);
	remarks(c, prog, opt.detail.n > 0);
	opt.progress = tell;
	opt.ctx = &bar;
	ctl_progress_start(&bar, c, "backtest", bars.n);
	if (bt_run(c->arena, prog, binding, &m, &bars, &opt, &res, &err) < 0) {
		ctl_progress_end(&bar);
		return ctl_fail(c, &err);
	}
	ctl_progress_end(&bar);
	status = write_all(c, o, &res, &m);
	in = (struct verify_in){ prog, binding, &m, &bars, &opt, &res };
	if (status == 0 && o->lookahead)
		status = check_lookahead(c, &in);
	if (status == 0 && o->recursion)
		status = check_recursion(c, &in);
	return status != 0 || !o->verify ? status : verify(c, &in);
}

/* Several pairs on one account. */
static int portfolio(struct ctl *c, const struct run_opts *o, enum bt_rules rules)
{
	struct script_options so = { .new_defaults = o->new_defaults };
	struct bt_job *jobs = NEW_N(c->arena, struct bt_job, o->candles.n);
	struct bt_options opt = options_of(o, rules);
	const struct script_prog *prog;
	struct bt_portfolio res;
	struct ctl_progress bar;
	struct err err;
	int rc = ctl_compile(c, c->argv[0], &so, &prog, &err);

	for (size_t i = 0; rc == 0 && i < o->candles.n; i++) {
		struct pair_file f = pair_file_of(c->arena, o->candles.v[i]);
		struct script_market *m = NEW(c->arena, struct script_market);
		struct script_binding *binding;
		struct ctl_bars from = o->bars;

		from.candles = f.path;
		from.symbol = f.pair != NULL ? f.pair : f.path;
		rc = ctl_bind(c, prog, &o->set, &binding, &err);
		if (rc == 0)
			rc = ctl_bars_load(c, &from, &jobs[i].bars, m, &err);
		if (rc == 0)
			rc = finer_candles(c, o, m->symbol, &jobs[i].detail, &err);
		if (rc == 0)
			rc = bt_funding_for(c, o, m->symbol, &jobs[i].bars,
					    &jobs[i].funding, &err);
		if (rc == 0)
			rc = ctl_models(c, &o->bars, prog, &jobs[i].bars, m,
					&opt.models, &err);
		jobs[i].pair = m->symbol;
		jobs[i].prog = prog;
		jobs[i].binding = binding;
		jobs[i].market = m;
	}
	if (rc < 0)
		return ctl_fail(c, &err);
	opt.progress = tell;
	opt.ctx = &bar;
	ctl_progress_start(&bar, c, "backtest", jobs[0].bars.n);
	rc = bt_run_portfolio(c->arena, jobs, o->candles.n, &opt,
			      (size_t)o->max_open, &res, &err);
	ctl_progress_end(&bar);
	return rc < 0 ? ctl_fail(c, &err) : write_all(c, o, &res.all, jobs[0].market);
}

/* --- pairs ---------------------------------------------------------------- */

struct pair_file pair_file_of(struct arena *out, const char *arg)
{
	const char *eq = strchr(arg, '=');

	if (eq == NULL || access(arg, F_OK) == 0)
		return (struct pair_file){ NULL, arg };
	return (struct pair_file){
		str_dup(out, str_n(arg, (size_t)(eq - arg))), eq + 1 };
}

const char *pair_file_for(struct arena *out, const struct ctl_texts *list,
			  const char *pair)
{
	for (size_t i = 0; i < list->n; i++) {
		struct pair_file f = pair_file_of(out, list->v[i]);

		if (f.pair == NULL || strcmp(f.pair, pair) == 0)
			return f.path;
	}
	return NULL;
}

static int check(struct ctl *c, struct run_opts *o, enum bt_rules rules)
{
	const char *wrong;

	if (c->argc == 0)
		return ctl_usage(c, "which script?");
	if (rules == BT_RULES_FREQTRADE ? o->rules == NULL : o->rules != NULL)
		return ctl_usage(c, o->rules == NULL ? "--rules-set freqtrade "
				 "needs --rules FILE.json" : "--rules needs "
				 "--rules-set freqtrade");
	if (o->candles.n > 0)
		o->bars.candles = pair_file_of(c->arena, o->candles.v[0]).path;
	wrong = ctl_bars_wrong(&o->bars);
	if (wrong == NULL)
		wrong = bt_save_wrong(o);
	if (wrong != NULL)
		return ctl_usage(c, "%s", wrong);
	if (o->candles.n > 1 && (o->verify || o->lookahead || o->recursion))
		return ctl_usage(c, "--verify and --check-... take one pair");
	if (o->bars.symbol == NULL && o->candles.n > 0)
		o->bars.symbol = pair_file_of(c->arena, o->candles.v[0]).pair;
	return 0;
}

static int run(struct ctl *c, struct run_opts *o)
{
	enum bt_rules rules;
	int status;

	if (!bt_rules_parse(str_c(o->rules_set), &rules))
		return ctl_usage(c, "--rules-set %s: must be chart, freqtrade "
				 "or strict", o->rules_set);
	if (!isnan(o->capital) && !(o->capital > 0))
		return ctl_usage(c, "the initial capital must be above 0");
	if (o->verify && (rules == BT_RULES_FREQTRADE || o->signals.n > 0))
		return ctl_usage(c, "--verify is for runs that a bot can make: "
				 "chart or strict rules");
	if (o->signals.n > 0)
		return c->argc > 0 ?
			ctl_usage(c, "--signals runs without a script") :
			o->save != NULL ?
			ctl_usage(c, "--save keeps runs of a script") :
			bt_freqtrade_signals(c, o);
	status = check(c, o, rules);
	if (status != 0)
		return status;
	if (o->bars.market != NULL && !ctl_conf(c, &status))
		return status;
	if (rules == BT_RULES_FREQTRADE)
		status = bt_freqtrade_script(c, o);
	else
		status = o->candles.n > 1 ? portfolio(c, o, rules) :
			chart(c, o, rules);
	return status == 0 && o->save != NULL ? bt_save(c, o, rules) : status;
}

int ctl_backtest(struct ctl *c)
{
	struct run_opts o = {
		.bars = CTL_BARS_NONE, .capital = NAN, .fee = NAN,
		.slippage = NAN, .spread = NAN, .latency = NAN,
		.volume = NAN, .interest = NAN, .rules_set = "chart",
	};
	const struct ctl_opt opts[] = {
		CTL_RUN_OPTS(o),
		{ "candles", 0, CTL_LIST, &o.candles, "[PAIR=]FILE",
		  "candles of a CSV file; again for more pairs", 0, 0 },
		{ "rules-set", 0, CTL_TEXT, &o.rules_set, "NAME",
		  "chart (default), freqtrade or strict", 0, 0 },
		{ "signals", 0, CTL_LIST, &o.signals, "[PAIR=]FILE",
		  "candles with signal columns, freqtrade rules; again for more pairs", 0, 0 },
		{ "rules", 0, CTL_TEXT, &o.rules, "FILE", "freqtrade's rules, JSON", 0, 0 },
		{ "detail", 0, CTL_LIST, &o.detail, "[PAIR=]FILE",
		  "finer candles, for what happens inside a candle", 0, 0 },
		{ "funding", 0, CTL_LIST, &o.funding, "[PAIR=]FILE",
		  "funding rates of a perpetual future", 0, 0 },
		{ "set", 0, CTL_LIST, &o.set, "NAME=VALUE",
		  "an input of the script", 0, 0 },
		{ "spread", 0, CTL_NUM, &o.spread, "TICKS",
		  "strict: between bid and ask", 0, 1000000 },
		{ "latency", 0, CTL_NUM, &o.latency, "MS",
		  "strict: until an order is at the exchange", 0, 1000000000 },
		{ "volume-share", 0, CTL_NUM, &o.volume, "PERCENT",
		  "strict: of a bar's volume that can be had; 0: no bound", 0, 100 },
		{ "interest", 0, CTL_NUM, &o.interest, "PERCENT",
		  "a year's, of what a position borrows", 0, 1000 },
		{ "max-open-trades", 0, CTL_INT, &o.max_open, "N",
		  "of several pairs: held at once; 0: all", 0, 100000 },
		{ "verify", 0, CTL_FLAG, &o.verify, NULL,
		  "run it once more as a bot and compare", 0, 0 },
		{ "check-lookahead", 0, CTL_FLAG, &o.lookahead, NULL,
		  "is anything of a bar known only from later ones?", 0, 0 },
		{ "check-recursion", 0, CTL_FLAG, &o.recursion, NULL,
		  "how many bars must be read before the values hold?", 0, 0 },
		{ "trades", 0, CTL_TEXT, &o.trades, "OUT.csv", "write the trades", 0, 0 },
		{ "equity", 0, CTL_TEXT, &o.equity, "OUT.csv",
		  "write the equity curve", 0, 0 },
		{ "json", 0, CTL_TEXT, &o.json, "OUT.json",
		  "write all of the result", 0, 0 },
		{ "save", 0, CTL_TEXT, &o.save, "NAME",
		  "keep the run in the store, as the page does; \"\": its usual name",
		  0, 0 },
		{ "user", 'u', CTL_TEXT, &o.user_given, "NAME", "whose it is (admin)",
		  0, 0 },
		{ "html", 0, CTL_TEXT, &o.html, "OUT.html",
		  "write a page of charts and tables", 0, 0 },
		{ 0 } };
	int status;

	if (!ctl_parse(c, opts, "[SCRIPT]", 0, 1, &status))
		return status;
	o.user = o.user_given != NULL ? o.user_given : "admin";
	return run(c, &o);
}
