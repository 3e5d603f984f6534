#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/bt.h"
#include "bt/ft.h"
#include "core/clock.h"
#include "db/db.h"
#include "market/import.h"
#include "market/table.h"
#include "prog/ctl.h"

/* orchctl backtest: a strategy over candles of a file or of the store, or
 * signal columns under freqtrade's rules. */

struct run_opts {
	const char *candles, *market, *rules;
	const char *trades, *equity, *json, *symbol;
	struct ctl_texts set, signals;
	int64_t from, to;
	double capital, fee, slippage, tick, lot;
	bool new_defaults;
};

static int save(struct ctl *c, const char *path, const struct sbuf *b)
{
	struct err err;
	const char *text = sbuf_finish(b);
	FILE *f;
	bool ok;

	if (text == NULL) {
		FAIL(&err, E_TOOBIG, "%s: the result is too large", path);
		return ctl_fail(c, &err);
	}
	if (strcmp(path, "-") == 0)
		return ctl_print(c, b);
	f = fopen(path, "w");
	ok = f != NULL && fwrite(text, 1, b->len, f) == b->len;
	if (f != NULL && fclose(f) != 0)
		ok = false;
	if (ok)
		return 0;
	FAIL(&err, E_IO, "%s: %s", path, strerror(errno));
	return ctl_fail(c, &err);
}

static int read_text(struct arena *out, const char *path, const char **ret,
		     size_t *ret_n, struct err *err)
{
	char *buf = arena_alloc(out, SCRIPT_SOURCE_MAX + 1);
	FILE *f = fopen(path, "rb");
	size_t n;
	int bad;

	if (f == NULL)
		return FAIL(err, E_NOTFOUND, "%s: %s", path, strerror(errno));
	n = fread(buf, 1, SCRIPT_SOURCE_MAX + 1, f);
	bad = ferror(f) ? errno : 0;
	fclose(f);
	if (bad != 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(bad));
	if (n > SCRIPT_SOURCE_MAX)
		return FAIL(err, E_TOOBIG, "%s: is larger than %zu KiB", path,
			    SCRIPT_SOURCE_MAX >> 10);
	*ret = buf;
	*ret_n = n;
	return 0;
}

/* --- candles ------------------------------------------------------------ */

static void bars_of(struct bars *ret, const struct bars_cols *b)
{
	*ret = (struct bars){ b->n, b->t, b->o, b->h, b->l, b->c, b->v };
}

static void cut_range(struct bars *b, int64_t from, int64_t to)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi && b->t[lo] < from)
		lo++;
	while (hi > lo && b->t[hi - 1] >= to)
		hi--;
	*b = bars_slice(b, lo, hi - lo);
}

/* The finest step that the prices show: decimals of the shortest text. */
static double tick_of(const struct bars *b)
{
	int most = 0;

	for (size_t i = 0; i < b->n && i < 5000; i++) {
		const double v[] = { b->o[i], b->h[i], b->l[i], b->c[i] };

		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			struct dec d;

			if (dec_from_double(&d, v[k]) && d.d > most && d.d <= 10)
				most = d.d;
		}
	}
	return pow(10, -most);
}

/* Where nobody says what the smallest quantity is: the power of ten that is
 * worth less than one unit of the quote currency (0.1 of EUR/USD, 0.0001 of
 * ETH/USDT at 3,000, as exchanges have it). */
static double lot_of(const struct bars *b)
{
	return b->n == 0 ? 0 : pow(10, floor(-log10(b->c[0])));
}

static const char *timeframe_of(const struct bars *b)
{
	int64_t step = INT64_MAX;

	for (size_t i = 1; i < b->n; i++)
		if (b->t[i] - b->t[i - 1] < step)
			step = b->t[i] - b->t[i - 1];
	for (int tf = 1; tf < TF__MAX; tf++)
		if (tf_ms((enum tf)tf) == step)
			return tf_name((enum tf)tf);
	return "1d";
}

static int from_file(struct ctl *c, const struct run_opts *o, struct bars *ret,
		     struct script_market *m, struct err *err)
{
	struct table t;
	struct bars_cols cols;
	int rc = table_read(c->arena, o->candles, &t, err);

	if (rc == 0)
		rc = table_bars(c->arena, &t, &cols, err);
	if (rc < 0)
		return rc;
	bars_of(ret, &cols);
	cut_range(ret, o->from, o->to);
	m->symbol = o->symbol != NULL ? o->symbol : "FILE";
	m->exchange = "file";
	m->timeframe = script_timeframe(c->arena, timeframe_of(ret));
	m->mintick = tick_of(ret);
	m->lot = lot_of(ret);
	return 0;
}

static int from_store(struct ctl *c, const struct run_opts *o, struct bars *ret,
		      struct script_market *m, struct err *err)
{
	struct str rest = str_c(o->market);
	const char *colon = strrchr(o->market, ':');
	struct market *mk = NEW(c->arena, struct market);
	struct candles cs;
	enum tf tf;
	struct db *db;
	int rc;

	if (colon == NULL || !tf_parse(str_c(colon + 1), &tf) ||
	    !market_ref_parse(str_n(rest.p, (size_t)(colon - o->market)), mk))
		return FAIL(err, E_INVAL, "--market %s: must be like "
			    "binance:BTC/USDT:1h", o->market);
	db = db_new(c->arena, c->conf);
	rc = market_find(db, mk->exchange, mk->symbol, mk, err);
	if (rc == 0)
		rc = candles_load(c->arena, db, mk->id, tf, o->from, o->to, &cs, err);
	if (rc < 0)
		return rc;
	*ret = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	m->symbol = mk->symbol;
	m->exchange = mk->exchange;
	m->base = mk->base;
	m->quote = mk->quote;
	m->timeframe = script_timeframe(c->arena, tf_name(tf));
	m->mintick = price_to_double(mk->tick);
	m->lot = qty_to_double(mk->lot);
	return 0;
}

/* --- chart rules --------------------------------------------------------- */

static int bind_inputs(struct ctl *c, const struct script_prog *prog,
		       const struct ctl_texts *set,
		       struct script_binding **ret, struct err *err)
{
	struct script_binding *b = script_bind(c->arena, prog);

	for (size_t i = 0; i < set->n; i++) {
		const char *eq = strchr(set->v[i], '=');
		int rc;

		if (eq == NULL)
			return FAIL(err, E_INVAL, "--set %s: must be name=value",
				    set->v[i]);
		rc = script_bind_text(b, str_n(set->v[i], (size_t)(eq - set->v[i])),
				      str_c(eq + 1), err);
		if (rc < 0)
			return rc;
	}
	*ret = b;
	return 0;
}

static void show_diags(const char *path, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s:%d:%d: %s: %s [%s]\n", path, d->v[i].line,
			d->v[i].col, diag_severity_name(d->v[i].severity),
			d->v[i].msg, d->v[i].code);
}

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
		status = save(c, o->json, &b);
	}
	if (status == 0 && o->trades != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		bt_trades_csv(&b, r);
		status = save(c, o->trades, &b);
	}
	if (status == 0 && o->equity != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		bt_equity_csv(&b, r);
		status = save(c, o->equity, &b);
	}
	if (status == 0 && !c->quiet) {
		sbuf_init(&b, c->arena, 1 << 16);
		bt_text(&b, r, &s);
		status = ctl_print(c, &b);
	}
	return status;
}

static int chart(struct ctl *c, const struct run_opts *o)
{
	struct script_options so = { .new_defaults = o->new_defaults };
	struct script_market m = { .pointvalue = 1 };
	struct bt_options opt = bt_defaults();
	const struct script_prog *prog;
	struct script_binding *binding;
	struct diags diags = { 0 };
	struct ctl_progress bar;
	struct bt_result res;
	const char *source = NULL;
	struct bars bars;
	struct err err;
	size_t n = 0;

	if (read_text(c->arena, c->argv[0], &source, &n, &err) < 0)
		return ctl_fail(c, &err);
	if (script_compile(c->arena, source, n, &so, &prog, &diags, &err) < 0) {
		show_diags(c->argv[0], &diags);
		return ctl_fail(c, &err);
	}
	if (bind_inputs(c, prog, &o->set, &binding, &err) < 0 ||
	    (o->candles != NULL ? from_file(c, o, &bars, &m, &err) :
	     from_store(c, o, &bars, &m, &err)) < 0)
		return ctl_fail(c, &err);
	if (!isnan(o->tick))
		m.mintick = o->tick;
	if (!isnan(o->lot))
		m.lot = o->lot;
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
	return write_all(c, o, &res, &m);
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
	rc = read_text(c->arena, o->rules, &text, &n, err);
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
		status = save(c, o->json, &b);
	}
	if (status == 0 && o->trades != NULL) {
		sbuf_init(&b, c->arena, (size_t)1 << 31);
		ft_trades_csv(&b, r);
		status = save(c, o->trades, &b);
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
		cut_range(&pairs[i].bars, INT64_MIN, o->to);
		pairs[i].tick = isnan(o->tick) ? 0 : o->tick;
		pairs[i].lot = isnan(o->lot) ? 0 : o->lot;
	}
	if (rules.timeframe_ms == 0) {
		enum tf tf;

		if (pairs[0].bars.n < 2 ||
		    !tf_parse(str_c(timeframe_of(&pairs[0].bars)), &tf))
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
		.from = INT64_MIN, .to = INT64_MAX, .capital = NAN,
		.fee = NAN, .slippage = NAN, .tick = NAN, .lot = NAN,
	};
	const struct ctl_opt opts[] = {
		{ "candles", 0, CTL_TEXT, &o.candles, "FILE",
		  "candles of a CSV file", 0, 0 },
		{ "market", 'm', CTL_TEXT, &o.market, "EX:PAIR:TF",
		  "candles of the store", 0, 0 },
		{ "signals", 0, CTL_LIST, &o.signals, "[PAIR=]FILE",
		  "candles with signal columns, freqtrade rules; again for more pairs", 0, 0 },
		{ "rules", 0, CTL_TEXT, &o.rules, "FILE", "freqtrade's rules, JSON", 0, 0 },
		{ "from", 0, CTL_TIME, &o.from, "TIME", "first candle", 0, 0 },
		{ "to", 0, CTL_TIME, &o.to, "TIME", "candles before this", 0, 0 },
		{ "set", 0, CTL_LIST, &o.set, "NAME=VALUE",
		  "an input of the script", 0, 0 },
		{ "initial-capital", 0, CTL_NUM, &o.capital, "AMOUNT",
		  "instead of the script's", 0, 1000000000000 },
		{ "fee", 0, CTL_NUM, &o.fee, "PERCENT",
		  "of each fill, instead of the script's", 0, 50 },
		{ "slippage", 0, CTL_NUM, &o.slippage, "TICKS",
		  "instead of the script's", 0, 1000000 },
		{ "mintick", 0, CTL_NUM, &o.tick, "PRICE",
		  "smallest step of the price", 0, 0 },
		{ "lot", 0, CTL_NUM, &o.lot, "QTY",
		  "smallest step of the quantity; 0: none", 0, 0 },
		{ "symbol", 0, CTL_TEXT, &o.symbol, "PAIR",
		  "what a file's candles are of", 0, 0 },
		{ "new-defaults", 0, CTL_FLAG, &o.new_defaults, NULL,
		  "100,000 and 100 % of equity where the script is silent", 0, 0 },
		{ "trades", 0, CTL_TEXT, &o.trades, "OUT.csv", "write the trades", 0, 0 },
		{ "equity", 0, CTL_TEXT, &o.equity, "OUT.csv",
		  "write the equity curve", 0, 0 },
		{ "json", 0, CTL_TEXT, &o.json, "OUT.json",
		  "write all of the result", 0, 0 },
		{ 0 } };
	int status;

	if (!ctl_parse(c, opts, "[SCRIPT]", 0, 1, &status))
		return status;
	if (o.signals.n > 0)
		return c->argc == 0 ? freqtrade(c, &o) :
			ctl_usage(c, "--signals runs without a script");
	if (c->argc == 0)
		return ctl_usage(c, "which script?");
	if ((o.candles == NULL) == (o.market == NULL))
		return ctl_usage(c, "give either --candles or --market");
	if ((!isnan(o.tick) && !(o.tick > 0)) || (!isnan(o.lot) && o.lot < 0) ||
	    (!isnan(o.capital) && !(o.capital > 0)))
		return ctl_usage(c, "mintick and initial capital must be above 0");
	if (o.market != NULL && !ctl_conf(c, &status))
		return status;
	return chart(c, &o);
}
