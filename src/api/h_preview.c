#include "config.h"

#include <math.h>
#include <string.h>

#include "api/strategy_api_i.h"
#include "bt/record.h"
#include "bt/spec.h"
#include "script/store.h"

/* A script over the newest candles of a market, as its editor shows it: one
 * bounded piece of work, of which nothing is kept. */

#define PREVIEW_NS 800000000LL		/* of running, compiling apart */
#define BARS_MAX 5000
/* What of it is answered: together less than an answer may have. */
#define VALUES_MAX 110000
#define TRADES_MAX 2000
#define TRADES_BYTES 1000000		/* all; one is TRADE_BYTES + its plots */
#define TRADE_BYTES 480
#define TRADE_PLOT_BYTES 60
#define DRAWINGS_BYTES 500000

/* ---- what goes out --------------------------------------------------------- */

static const char *const directions[] = { "long", "short", NULL };
/* Decimal text of a double: its digits may be more than money's. */
static const struct schema sc_estimate = {
	.type = S_STR, .doc = "decimal text, as many digits as it has" };
static const struct field trade_fields[] = {
	FIELD("number", &sc_int, "counted from 1"),
	FIELD_NULL("pair", &sc_str, "what was traded"),
	FIELD("direction", ENUM_OF(directions), "long or short"),
	FIELD("entry_ms", &sc_time, "open of the bar it was entered on"),
	FIELD_NULL("entry_price", &sc_estimate, "with slippage"),
	FIELD_NULL("entry_signal", &sc_str, "the strategy's name of the entry"),
	FIELD("exit_ms", &sc_time, "open of the bar it was left on"),
	FIELD_NULL("exit_price", &sc_estimate, "with slippage"),
	FIELD_NULL("exit_reason", &sc_str, "what closed it"),
	FIELD_NULL("exit_signal", &sc_str, "the strategy's name of the exit"),
	FIELD_NULL("qty", &sc_estimate, "base units"),
	FIELD_NULL("profit", &sc_estimate, "after fees"),
	FIELD_NULL("profit_ratio", &sc_estimate, "of what the entry cost"),
	FIELD_NULL("fees", &sc_estimate, "of entry and exit"),
	FIELD_NULL("mfe", &sc_estimate, "best open profit"),
	FIELD_NULL("mae", &sc_estimate, "worst open loss, positive"),
	FIELD("bars", &sc_int, "from entry to exit"),
	FIELD_NULL("tag", &sc_str, "comment of the entry"),
	FIELD("open_at_end", &sc_bool, "was still open; valued at the last close"),
	FIELD("entry_values", MAP_OF(NULL_OR_NUM), "what was plotted on the bar "
	      "that the strategy saw last before the entry"),
};
const struct schema sc_backtest_trade = OBJECT("BacktestTrade", trade_fields,
					       "A round trip of a backtest");

static const struct field plot_fields[] = {
	FIELD("name", &sc_str, "title of the plot"),
	FIELD("kind", &sc_str, "line, histogram, shape, ..."),
	FIELD_NULL("color", &sc_str, "#rrggbb where it is fixed"),
	FIELD("overlay", &sc_bool, "on the candles, not below them"),
	FIELD("values", ARRAY_OF(NULL_OR_NUM), "one for each candle; null is na"),
};
const struct schema sc_plot_column = OBJECT("PlotColumn", plot_fields,
					    "What a script plots");

static const struct field preview_fields[] = {
	FIELD("ok", &sc_bool, "the script can be run"),
	FIELD("diagnostics", ARRAY_OF(&sc_diag), "in order of place"),
	FIELD_NULL("error", &sc_str, "why the run ended early"),
	FIELD("inputs", ARRAY_OF(&sc_input), "empty unless ok"),
	FIELD("t", ARRAY_OF(&sc_time), "opens of the candles"),
	FIELD("o", ARRAY_OF(&sc_num), "open"),
	FIELD("h", ARRAY_OF(&sc_num), "high"),
	FIELD("l", ARRAY_OF(&sc_num), "low"),
	FIELD("c", ARRAY_OF(&sc_num), "close"),
	FIELD("v", ARRAY_OF(&sc_num), "volume in base units"),
	FIELD("plots", ARRAY_OF(&sc_plot_column), "what it plots"),
	FIELD("drawings", ARRAY_OF(&sc_any), "labels, lines, boxes, tables, "
	      "linefills and polylines that are there after the last candle, by "
	      "their fields; xloc bar_index: the number of a candle"),
	FIELD("trades", ARRAY_OF(&sc_backtest_trade), "the newest 2,000 at most"),
	FIELD_NULL("metrics", MAP_OF(NULL_OR_NUM), "null for an indicator"),
};
static const struct schema sc_preview = OBJECT("StrategyPreview", preview_fields,
					       "A script on the newest candles");

void column_json(struct jw *w, const char *key, const double *v, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_f64(w, v[i]);
	jw_arr_end(w);
}

void times_json(struct jw *w, const char *key, const int64_t *t, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_time(w, t[i]);
	jw_arr_end(w);
}

/* ---- the run ---------------------------------------------------------------- */

struct preview_in {
	struct str source, tf;
	const struct json *inputs, *options, *rules;
	uint64_t market_id;
	int64_t to, bars;
	bool has_to;
	int rules_set;
};
static const char *const rules_sets[] = {
#define X(id, name, letter) name,
	BT_RULES_LIST(X)
#undef X
	NULL
};
static const struct param preview_params[] = {
	PARAM(struct preview_in, source, P_TEXT, "the script", .required = true,
	      .max = 250000),
	PARAM(struct preview_in, inputs, P_JSON, "values for its inputs"),
	PARAM(struct preview_in, market_id, P_ID, "whose candles", .required = true),
	PARAM(struct preview_in, tf, P_STR, "timeframe: 1m, 1h, 1d",
	      .required = true, .min = 2, .max = 4),
	PARAM(struct preview_in, to, P_TIME, "candles before this; the newest "
	      "without it", .nullable = true, HAS(struct preview_in, has_to)),
	PARAM(struct preview_in, bars, P_I64, "most candles", .min = 1,
	      .max = BARS_MAX, .def = 1500),
	PARAM(struct preview_in, rules_set, P_ENUM, "rules of the broker",
	      .names = rules_sets),
	PARAM(struct preview_in, options, P_JSON, "initial_capital, fee "
	      "(percent), slippage (ticks), new_defaults, ..."),
	PARAM(struct preview_in, rules, P_JSON, "of freqtrade, by its own names",
	      .nullable = true),
};
static const struct params preview_body = PARAMS(struct preview_in, preview_params);

struct preview {
	struct bt_setup s;
	struct diags diags;
	bool compiled, late, freqtrade;
	struct ft_rules rules;
	int64_t until_ns;
	struct bt_plots plots;
	struct bt_record rec;		/* trades and metrics, of a strategy */
	struct arena *out;
	const char *drawings;		/* NULL: none, or more than may be sent */
};

static void keep_drawings(struct preview *p, const struct script_vm *vm)
{
	struct sbuf text;
	struct jw w;

	sbuf_init(&text, p->out, DRAWINGS_BYTES);
	jw_init(&w, &text);
	script_drawings_json(&w, vm, p->out);
	p->drawings = sbuf_finish(&text);
}

static int each_bar(void *ctx, size_t i, const struct script_vm *vm)
{
	struct preview *p = ctx;

	(void)bt_plots_bar(&p->plots, i, vm);
	if (i + 1 == p->s.bars.n)
		keep_drawings(p, vm);
	p->late = clock_mono_ns() > p->until_ns;
	return p->late ? -E_TIMEOUT : 0;
}

static int run_chart(struct arena *out, struct preview *p, struct err *err)
{
	struct bt_setup *s = &p->s;
	struct bt_result *res = NEW(out, struct bt_result);
	int rc;

	s->opt.each_bar = each_bar;
	s->opt.bar_ctx = p;
	rc = bt_run(out, s->prog, s->binding, &s->market, &s->bars, &s->opt, res,
		    err);
	return rc != 0 ? rc : bt_record_chart(out, res, s->market.symbol,
					      &p->plots, &p->rec, err);
}

/* Drawing comes first: a script that takes too long is found out there. */
static int run_freqtrade(struct arena *out, struct preview *p, struct err *err)
{
	struct bt_setup *s = &p->s;
	struct ft_result *res = NEW(out, struct ft_result);
	int rc = bt_plots_run(out, s->prog, s->binding, &s->market, &s->bars,
			      each_bar, p, err);

	if (rc == 0)
		rc = bt_run_freqtrade(out, s, &p->rules, res, err);
	return rc != 0 ? rc : bt_record_freqtrade(out, res, &p->plots, &p->rec,
						  err);
}

static int run_script(struct arena *out, struct preview *p, struct err *err)
{
	struct bt_setup *s = &p->s;
	int rc;

	p->out = out;
	bt_plots_init(out, s->prog, s->bars.n, VALUES_MAX, &p->plots);
	p->plots.t = s->bars.t;
	p->until_ns = clock_mono_ns() + PREVIEW_NS;
	if (!script_properties(s->prog)->is_strategy)
		rc = bt_plots_run(out, s->prog, s->binding, &s->market, &s->bars,
				  each_bar, p, err);
	else if (p->freqtrade)
		rc = run_freqtrade(out, p, err);
	else
		rc = run_chart(out, p, err);
	if (rc != 0 && p->late)
		return FAIL(err, E_TIMEOUT, "the preview took too long: take "
			    "fewer candles, or run a backtest");
	return rc;
}

/* ---- the answer --------------------------------------------------------------- */

static void answer_json(struct jw *w, const struct preview *p, const char *error)
{
	const struct bars *b = &p->s.bars;
	size_t n = p->rec.n_trades, most = TRADES_BYTES /
		(TRADE_BYTES + TRADE_PLOT_BYTES * p->plots.n);

	if (most > TRADES_MAX)
		most = TRADES_MAX;
	jw_obj(w);
	jw_kbool(w, "ok", p->compiled);
	jw_key(w, "diagnostics");
	diags_json(w, &p->diags);
	jw_kstr(w, "error", error);
	jw_key(w, "inputs");
	inputs_json(w, p->s.prog);
	times_json(w, "t", b->t, b->n);
	column_json(w, "o", b->o, b->n);
	column_json(w, "h", b->h, b->n);
	column_json(w, "l", b->l, b->n);
	column_json(w, "c", b->c, b->n);
	column_json(w, "v", b->v, b->n);
	jw_key(w, "plots");
	jw_arr(w);
	for (size_t k = 0; k < p->plots.n; k++)
		bt_plot_json(w, &p->plots.v[k], &p->plots.values[k * b->n], b->n);
	jw_arr_end(w);
	jw_key(w, "drawings");
	jw_raw(w, p->drawings, strlen(p->drawings));
	jw_key(w, "trades");
	jw_arr(w);
	for (size_t i = n > most ? n - most : 0; i < n; i++)
		bt_trade_json(w, &p->rec.trades[i], &p->plots);
	jw_arr_end(w);
	jw_key(w, "metrics");
	if (p->rec.metrics != NULL)
		jw_raw(w, p->rec.metrics, strlen(p->rec.metrics));
	else
		jw_null(w);
	jw_obj_end(w);
}

static int load(struct api_req *r, struct arena *root, struct market *m,
		enum tf tf, struct preview *p, struct err *err)
{
	const struct preview_in *in = r->body;
	struct candles cs;
	int rc = market_by_id(r->d->db, in->market_id, m, err);

	if (rc == -E_NOTFOUND)
		return api_bad(r, err, "market_id", "there is no such market");
	if (rc == 0)
		rc = candles_newest(root, r->d->db, m->id, tf, (size_t)in->bars,
				    in->has_to ? in->to : INT64_MAX, &cs, err);
	if (rc < 0)
		return rc;
	p->s.bars = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	return 0;
}

static int take_rules(struct api_req *r, enum tf tf, struct preview *p,
		      struct err *err)
{
	const struct preview_in *in = r->body;
	struct err why;

	p->freqtrade = in->rules_set == BT_RULES_FREQTRADE;
	if (!p->freqtrade) {
		p->s.opt.rules_set = (enum bt_rules)in->rules_set;
		return in->rules == NULL ? 0 :
			api_bad(r, err, "rules", "are for rules_set freqtrade");
	}
	if (p->compiled &&
	    bt_setup_freqtrade(in->rules, tf, &p->s, &p->rules, &why) < 0)
		return api_bad(r, err, "rules", why.msg);
	return 0;
}

static int h_preview(struct api_req *r, struct err *err)
{
	const struct preview_in *in = r->body;
	struct arena *root CLEANUP(arena_free) =
		arena_new("preview", (size_t)512 << 20);
	struct preview *p = NEW(root, struct preview);
	struct market *m = NEW(root, struct market);
	const char *error = NULL;
	struct bt_setup s;
	struct str source;
	struct err why;
	enum tf tf;
	int rc;

	if (!tf_parse(in->tf, &tf))
		return api_bad(r, err, "tf", "is not a timeframe");
	rc = strategy_bundle(root, r->d->db, r->who.id, in->source, &source, err);
	if (rc < 0)
		return rc;
	rc = bt_setup_script(root, source, in->inputs, in->options, &s,
			     &p->diags, &why);
	if (rc < 0 && strcmp(s.fault, "source") != 0)
		return api_bad(r, err, s.fault, why.msg);
	p->compiled = rc == 0;
	if (rc == 0)
		p->s = s;
	rc = take_rules(r, tf, p, err);
	if (rc < 0)
		return rc;
	rc = load(r, root, m, tf, p, err);
	if (rc < 0)
		return rc;
	if (p->compiled) {
		bt_setup_market(root, m, tf, &p->s);
		rc = p->s.bars.n == 0 ? FAIL(&why, E_UNPROCESSABLE,
					     "there are no candles") :
			bt_setup_extras(root, r->d->db, m->id, tf, p->s.bars.t[0],
				tf_next(tf, p->s.bars.t[p->s.bars.n - 1]), &p->s,
				&why);
		if (rc == 0)
			rc = bt_setup_models(root, r->d->shelf, r->d->db,
					     r->who.id, m->id, tf, &p->s, &why);
		if (rc < 0 && rc != -E_UNPROCESSABLE) {
			*err = why;
			return rc;
		}
		if (rc < 0 || run_script(root, p, &why) != 0)
			error = why.msg;
	}
	if (p->drawings == NULL || error != NULL)
		p->drawings = "[]";
	if (error != NULL) {		/* no half of a result */
		p->plots.n = 0;
		p->rec = (struct bt_record){ 0 };
	}
	answer_json(&r->w, p, error);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_POST, .path = "/api/v1/strategies/preview",
	  .id = "previewStrategy",
	  .doc = "Run a script over the newest candles; nothing is kept.",
	  .fn = h_preview, .need = N_VIEWER, .flags = RF_READ,
	  .body_max = SOURCE_BODY_MAX, .body = &preview_body,
	  .answer = &sc_preview },
};
const struct area area_preview = AREA(routes);
