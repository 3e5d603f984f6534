#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bot/verify.h"
#include "bt/ft.h"
#include "core/clock.h"
#include "market/import.h"
#include "prog/ctl_bars.h"

/* orchctl backtest: a strategy over candles of a file or of the store, or
 * signal columns under freqtrade's rules. */

struct run_opts {
	struct ctl_bars bars;
	const char *rules, *trades, *equity, *json;
	struct ctl_texts set, signals;
	double capital, fee, slippage;
	bool new_defaults, verify;
};

/* --- chart rules --------------------------------------------------------- */

static int tell(void *ctx, size_t done, size_t total)
{
	(void)total;
	ctl_progress_at(ctx, done);
	return 0;
}

static int write_all(struct ctl *c, const struct run_opts *o,
		     const struct bt_result *r, const struct script_market *m)
{
	struct bt_stats s;
	struct sbuf b;
	int status = 0;

	bt_stats(&s, r);
	if (o->json != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		bt_json(&b, r, &s, m->symbol);
		status = ctl_save(c, o->json, &b);
	}
	if (status == 0 && o->trades != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		bt_trades_csv(&b, r);
		status = ctl_save(c, o->trades, &b);
	}
	if (status == 0 && o->equity != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		bt_equity_csv(&b, r);
		status = ctl_save(c, o->equity, &b);
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

	if (bot_verify(c->arena, in, &n, &err) < 0) {
		err_wrap(&err, "live differs from the backtest");
		return ctl_fail(c, &err);
	}
	if (c->quiet)
		return 0;
	sbuf_init(&b, c->arena, 1 << 10);
	sbuf_addf(&b, "verified: live = backtest over %zu candles, %zu orders, "
		  "%zu fills, %zu closed trades\n", n.bars, n.orders, n.fills,
		  n.trades);
	return ctl_print(c, &b);
}

static int chart(struct ctl *c, const struct run_opts *o)
{
	struct script_options so = { .new_defaults = o->new_defaults };
	struct script_market m;
	struct bt_options opt = bt_defaults();
	const struct script_prog *prog;
	struct script_binding *binding;
	struct ctl_progress bar;
	struct bt_result res;
	struct bars bars;
	struct err err;
	int status;

	if (ctl_compile(c, c->argv[0], &so, &prog, &err) < 0 ||
	    ctl_bind(c, prog, &o->set, &binding, &err) < 0 ||
	    ctl_bars_load(c, &o->bars, &bars, &m, &err) < 0)
		return ctl_fail(c, &err);
	opt.initial_capital = o->capital;
	opt.fee_percent = o->fee;
	opt.slippage_ticks = o->slippage;
	opt.progress = tell;
	opt.ctx = &bar;
	ctl_progress_start(&bar, c, "backtest", bars.n);
	if (bt_run(c->arena, prog, binding, &m, &bars, &opt, &res, &err) < 0) {
		ctl_progress_end(&bar);
		return ctl_fail(c, &err);
	}
	ctl_progress_end(&bar);
	status = write_all(c, o, &res, &m);
	return status != 0 || !o->verify ? status :
		verify(c, &(struct verify_in){ prog, binding, &m, &bars, &opt,
					       &res });
}

/* --- freqtrade rules ------------------------------------------------------ */

static int signal_pair(struct ctl *c, const char *arg, struct ft_pair *ret,
		       struct err *err)
{
	static const char *const el[] = { "enter_long", "buy", NULL };
	static const char *const xl[] = { "exit_long", "sell", NULL };
	static const char *const es[] = { "enter_short", NULL };
	static const char *const xs[] = { "exit_short", NULL };
	static const char *const et[] = { "enter_tag", "buy_tag", NULL };
	static const char *const xt[] = { "exit_tag", NULL };
	const char *eq = strchr(arg, '='), *path = eq != NULL ? eq + 1 : arg;
	struct ft_pair p = { 0 };
	struct bars_cols cols;
	struct table t;
	long col;
	int rc = table_read(c->arena, path, &t, err);

	if (rc == 0)
		rc = table_bars(c->arena, &t, &cols, err);
	if (rc < 0)
		return rc;
	bars_of(&p.bars, &cols);
	p.name = eq != NULL ? str_dup(c->arena, str_n(arg, (size_t)(eq - arg))) :
		strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	const struct { const char *const *names; const bool **to; } flags[] = {
		{ el, &p.enter_long }, { xl, &p.exit_long },
		{ es, &p.enter_short }, { xs, &p.exit_short } };
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		bool *v;

		col = table_find(&t, flags[i].names);
		if (col < 0)
			continue;
		rc = table_flags(c->arena, &t, (size_t)col, &v, err);
		if (rc < 0)
			return rc;
		*flags[i].to = v;
	}
	if (p.enter_long == NULL && p.enter_short == NULL)
		return FAIL(err, E_INVAL, "%s: has neither a column enter_long "
			    "nor enter_short", path);
	col = table_find(&t, et);
	if (col >= 0)
		p.enter_tag = table_texts(c->arena, &t, (size_t)col);
	col = table_find(&t, xt);
	if (col >= 0)
		p.exit_tag = table_texts(c->arena, &t, (size_t)col);
	*ret = p;
	return 0;
}

static int ft_rules_file(struct ctl *c, const struct run_opts *o,
			 struct ft_rules *ret, struct err *err)
{
	const char *text = NULL;
	const struct json *j;
	size_t n = 0;
	int rc;

	*ret = ft_defaults();
	if (o->rules == NULL)
		return FAIL(err, E_INVAL, "--signals needs --rules FILE.json");
	rc = ctl_read_text(c->arena, o->rules, &text, &n, err);
	if (rc == 0)
		rc = json_parse(c->arena, text, n, &j, err);
	if (rc == 0)
		rc = ft_rules_read(j, ret, err);
	if (rc < 0)
		err_wrap(err, "%s", o->rules);
	return rc;
}

static int ft_write(struct ctl *c, const struct run_opts *o,
		    const struct ft_result *r)
{
	struct ft_stats s;
	struct sbuf b;
	int status = 0;

	ft_stats(&s, r);
	if (o->json != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		ft_json(&b, r, &s);
		status = ctl_save(c, o->json, &b);
	}
	if (status == 0 && o->trades != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		ft_trades_csv(&b, r);
		status = ctl_save(c, o->trades, &b);
	}
	if (status == 0 && !c->quiet) {
		sbuf_init(&b, c->arena, 1 << 16);
		ft_text(&b, r, &s);
		status = ctl_print(c, &b);
	}
	return status;
}

static int freqtrade(struct ctl *c, const struct run_opts *o)
{
	struct ft_pair *pairs = NEW_N(c->arena, struct ft_pair, o->signals.n);
	struct ft_rules rules;
	struct ft_result res;
	struct err err;

	if (ft_rules_file(c, o, &rules, &err) < 0)
		return ctl_fail(c, &err);
	for (size_t i = 0; i < o->signals.n; i++) {
		if (signal_pair(c, o->signals.v[i], &pairs[i], &err) < 0)
			return ctl_fail(c, &err);
		bars_cut(&pairs[i].bars, INT64_MIN, o->bars.to);
		pairs[i].tick = isnan(o->bars.tick) ? 0 : o->bars.tick;
		pairs[i].lot = isnan(o->bars.lot) ? 0 : o->bars.lot;
	}
	if (rules.timeframe_ms == 0) {
		enum tf tf;

		if (pairs[0].bars.n < 2 ||
		    !tf_parse(str_c(bars_timeframe(&pairs[0].bars)), &tf))
			return ctl_usage(c, "the rules need \"timeframe\"");
		rules.timeframe_ms = tf_ms(tf);
	}
	if (!isnan(o->fee))
		rules.fee = o->fee / 100;
	if (!isnan(o->capital))
		rules.wallet = o->capital;
	if (ft_run(c->arena, &rules, pairs, o->signals.n, &res, &err) < 0)
		return ctl_fail(c, &err);
	return ft_write(c, o, &res);
}

int ctl_backtest(struct ctl *c)
{
	struct run_opts o = {
		.bars = CTL_BARS_NONE, .capital = NAN, .fee = NAN, .slippage = NAN,
	};
	const struct ctl_opt opts[] = {
		{ "candles", 0, CTL_TEXT, &o.bars.candles, "FILE",
		  "candles of a CSV file", 0, 0 },
		{ "market", 'm', CTL_TEXT, &o.bars.market, "EX:PAIR:TF",
		  "candles of the store", 0, 0 },
		{ "data", 0, CTL_LIST, &o.bars.data, "SYMBOL[:TF]=FILE",
		  "candles of other symbols or finer ones, for request.security()", 0, 0 },
		{ "signals", 0, CTL_LIST, &o.signals, "[PAIR=]FILE",
		  "candles with signal columns, freqtrade rules; again for more pairs", 0, 0 },
		{ "rules", 0, CTL_TEXT, &o.rules, "FILE", "freqtrade's rules, JSON", 0, 0 },
		{ "from", 0, CTL_TIME, &o.bars.from, "TIME", "first candle", 0, 0 },
		{ "to", 0, CTL_TIME, &o.bars.to, "TIME", "candles before this", 0, 0 },
		{ "set", 0, CTL_LIST, &o.set, "NAME=VALUE",
		  "an input of the script", 0, 0 },
		{ "initial-capital", 0, CTL_NUM, &o.capital, "AMOUNT",
		  "instead of the script's", 0, 1000000000000 },
		{ "fee", 0, CTL_NUM, &o.fee, "PERCENT",
		  "of each fill, instead of the script's", 0, 50 },
		{ "slippage", 0, CTL_NUM, &o.slippage, "TICKS",
		  "instead of the script's", 0, 1000000 },
		{ "mintick", 0, CTL_NUM, &o.bars.tick, "PRICE",
		  "smallest step of the price", 0, 0 },
		{ "lot", 0, CTL_NUM, &o.bars.lot, "QTY",
		  "smallest step of the quantity; 0: none", 0, 0 },
		{ "symbol", 0, CTL_TEXT, &o.bars.symbol, "PAIR",
		  "what a file's candles are of", 0, 0 },
		{ "new-defaults", 0, CTL_FLAG, &o.new_defaults, NULL,
		  "100,000 and 100 % of equity where the script is silent", 0, 0 },
		{ "verify", 0, CTL_FLAG, &o.verify, NULL,
		  "run it once more as a bot and compare", 0, 0 },
		{ "trades", 0, CTL_TEXT, &o.trades, "OUT.csv", "write the trades", 0, 0 },
		{ "equity", 0, CTL_TEXT, &o.equity, "OUT.csv",
		  "write the equity curve", 0, 0 },
		{ "json", 0, CTL_TEXT, &o.json, "OUT.json",
		  "write all of the result", 0, 0 },
		{ 0 } };
	const char *wrong;
	int status;

	if (!ctl_parse(c, opts, "[SCRIPT]", 0, 1, &status))
		return status;
	if (o.signals.n > 0)
		return c->argc == 0 ? freqtrade(c, &o) :
			ctl_usage(c, "--signals runs without a script");
	if (c->argc == 0)
		return ctl_usage(c, "which script?");
	wrong = ctl_bars_wrong(&o.bars);
	if (wrong != NULL)
		return ctl_usage(c, "%s", wrong);
	if (!isnan(o.capital) && !(o.capital > 0))
		return ctl_usage(c, "the initial capital must be above 0");
	if (o.bars.market != NULL && !ctl_conf(c, &status))
		return status;
	return chart(c, &o);
}
