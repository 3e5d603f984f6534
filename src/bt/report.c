#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/bt.h"
#include "bt/models.h"
#include "bt/out.h"
#include "bt/record.h"
#include "core/clock.h"

static const char *qty_type_name(enum strat_qty_type t)
{
	switch (t) {
	case STRAT_QTY_FIXED: return "fixed";
	case STRAT_QTY_CASH: return "cash";
	case STRAT_QTY_PERCENT: return "percent_of_equity";
	}
	return "?";
}

static const char *fee_type_name(enum strat_fee_type t)
{
	switch (t) {
	case STRAT_FEE_PERCENT: return "percent";
	case STRAT_FEE_PER_CONTRACT: return "cash_per_contract";
	case STRAT_FEE_PER_ORDER: return "cash_per_order";
	}
	return "?";
}

void bt_properties_json(struct jw *w, const struct bt_result *r)
{
	const struct emu_rules *e = &r->rules;

	jw_obj(w);
	jw_kstr(w, "rules", e->strict ? "strict" : "chart");
	jw_kstr(w, "title", r->props.title);
	jw_ki64(w, "version", e->version);
	out_amount(w, "initial_capital", e->initial_capital);
	jw_kstr(w, "default_qty_type", qty_type_name(e->qty_type));
	out_amount(w, "default_qty_value", e->qty_value);
	jw_kstr(w, "commission_type", fee_type_name(e->fee_type));
	out_amount(w, "commission_value", e->fee);
	out_amount(w, "slippage", e->slippage);
	out_amount(w, "limit_beyond", e->limit_beyond);
	jw_ki64(w, "pyramiding", e->pyramiding);
	out_amount(w, "margin_long", e->margin_long);
	out_amount(w, "margin_short", e->margin_short);
	jw_kbool(w, "process_orders_on_close", e->on_close);
	jw_kbool(w, "use_bar_magnifier", r->magnified);
	jw_kbool(w, "calc_on_order_fills", r->props.calc_on_order_fills &&
		 !e->strict);
	bt_models_json(w, r->models);
	if (r->trade_pairs != NULL)
		jw_ku64(w, "max_open_trades", r->max_open_trades);
	if (e->strict) {
		out_amount(w, "spread", e->spread);
		jw_ki64(w, "latency_ms", e->latency_ms);
		out_amount(w, "volume_share", e->volume_share > 0 ?
			   e->volume_share : NAN);
	}
	if (e->funding.n > 0)
		jw_ku64(w, "funding_rates", e->funding.n);
	if (e->interest > 0)
		out_amount(w, "interest", e->interest * 100);
	if (e->rate.n > 0)
		jw_kstr(w, "currency", r->props.currency);
	jw_kstr(w, "close_entries_rule", e->close_any ? "ANY" : "FIFO");
	out_amount(w, "mintick", e->mintick);
	out_amount(w, "pointvalue", e->pointvalue);
	out_amount(w, "lot", e->lot);
	jw_ki64(w, "from", r->bars.t[0]);
	jw_ki64(w, "to", r->bars.t[r->bars.n - 1]);
	jw_obj_end(w);
}

void bt_groups_json(struct jw *w, const struct bt_result *r, const char *key,
		    enum bt_group by)
{
	struct arena *tmp = arena_new("bt_groups", (size_t)1 << 30);
	struct bt_sum *v;
	size_t n = bt_groups(tmp, r, by, &v);

	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		jw_kstr(w, "name", v[i].name);
		jw_kf64(w, "trades", v[i].trades);
		jw_kf64(w, "wins", v[i].wins);
		out_money_json(w, "profit", v[i].profit);
		out_money_json(w, "fees", v[i].fees);
		jw_kf64(w, "average_bars", v[i].bars / v[i].trades);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	arena_free(&tmp);
}

void bt_months_json(struct jw *w, const struct bt_result *r)
{
	struct arena *tmp = arena_new("bt_months", (size_t)1 << 30);
	struct bt_month *v;
	size_t n = bt_months(tmp, r, &v);

	jw_key(w, "months");
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		jw_obj(w);
		jw_ki64(w, "year", v[i].year);
		jw_ki64(w, "month", v[i].month);
		out_money_json(w, "profit", v[i].profit);
		jw_kf64(w, "ratio", v[i].ratio);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	arena_free(&tmp);
}

static void equity(struct jw *w, const struct bt_result *r)
{
	jw_key(w, "equity");
	jw_obj(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < r->bars.n; i++)
		jw_i64(w, r->bars.t[i]);
	jw_arr_end(w);
	jw_key(w, "equity");
	jw_arr(w);
	for (size_t i = 0; i < r->bars.n; i++)
		jw_f64(w, r->equity[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

void bt_metrics_json(struct jw *w, const struct bt_result *r,
		     const struct bt_stats *s)
{
	jw_obj(w);
#define X(name) jw_kf64(w, #name, s->name);
	BT_STATS(X)
#undef X
	jw_ku64(w, "rejected_orders", r->rejected);
	jw_ku64(w, "margin_calls", r->margin_calls);
	jw_obj_end(w);
}

void bt_json(struct sbuf *b, const struct bt_result *r, const struct bt_stats *s,
	     const char *pair)
{
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("bt_trades", (size_t)1 << 32);
	const struct bt_trade *v = bt_record_trades(tmp, r, pair, NULL);
	const char **pairs = NEW_N(tmp, const char *, r->n_trades + 1);
	struct bt_result named = *r;
	struct jw w;

	for (size_t i = 0; i < r->n_trades; i++)
		pairs[i] = pair;
	if (r->trade_pairs == NULL)
		named.trade_pairs = pairs;
	r = &named;
	jw_init(&w, b);
	jw_obj(&w);
	jw_key(&w, "properties");
	bt_properties_json(&w, r);
	jw_key(&w, "metrics");
	bt_metrics_json(&w, r, s);
	bt_months_json(&w, r);
	bt_groups_json(&w, r, "by_entry", BT_BY_ENTRY);
	bt_groups_json(&w, r, "by_exit", BT_BY_EXIT);
	bt_groups_json(&w, r, "by_reason", BT_BY_REASON);
	bt_groups_json(&w, r, "by_pair", BT_BY_PAIR);
	bt_groups_json(&w, r, "by_tag", BT_BY_TAG);
	equity(&w, r);
	jw_key(&w, "trades");
	jw_arr(&w);
	for (size_t i = 0; i < r->n_trades; i++)
		bt_trade_json(&w, &v[i], NULL);
	jw_arr_end(&w);
	jw_obj_end(&w);
}

void bt_trades_csv(struct sbuf *b, const struct bt_result *r)
{
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("bt_trades", (size_t)1 << 32);

	bt_record_trades_csv(b, bt_record_trades(tmp, r, NULL, NULL),
			     r->n_trades);
}

void bt_equity_csv(struct sbuf *b, const struct bt_result *r)
{
	double peak = r->rules.initial_capital;

	sbuf_add_cstr(b, "timestamp_ms,equity,position,drawdown\n");
	for (size_t i = 0; i < r->bars.n; i++) {
		peak = fmax(peak, r->equity[i]);
		sbuf_add_i64(b, r->bars.t[i]);
		out_num(b, r->equity[i]);
		out_num(b, r->position[i]);
		out_num(b, peak > 0 ? 1 - r->equity[i] / peak : NAN);
		sbuf_add_c(b, '\n');
	}
}

struct line { const char *label; double value; enum { L_NUM, L_RATIO, L_COUNT } kind; };

static void lines(struct sbuf *b, const struct line *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sbuf_addf(b, "  %-24s", v[i].label);
		if (isnan(v[i].value))
			sbuf_addf(b, "%16s\n", "-");
		else if (v[i].kind == L_COUNT)
			sbuf_addf(b, "%16.0f\n", v[i].value);
		else if (v[i].kind == L_RATIO)
			sbuf_addf(b, "%15.2f%%\n", v[i].value * 100);
		else
			sbuf_addf(b, "%16.2f\n", v[i].value);
	}
}

void bt_text(struct sbuf *b, const struct bt_result *r, const struct bt_stats *s)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	const struct line v[] = {
		{ "initial capital", s->initial_capital, L_NUM },
		{ "final equity", s->final_equity, L_NUM },
		{ "total return", s->total_return, L_RATIO },
		{ "buy and hold", s->buy_hold_return, L_RATIO },
		{ "CAGR", s->cagr, L_RATIO },
		{ "max drawdown", s->max_drawdown_ratio, L_RATIO },
		{ "Sharpe", s->sharpe, L_NUM },
		{ "Sortino", s->sortino, L_NUM },
		{ "Calmar", s->calmar, L_NUM },
		{ "profit factor", s->profit_factor, L_NUM },
		{ "expectancy", s->expectancy, L_NUM },
		{ "SQN", s->sqn, L_NUM },
		{ "win rate", s->win_rate, L_RATIO },
		{ "closed trades", s->trades, L_COUNT },
		{ "fees", s->fees, L_NUM },
		{ "time in market", s->exposure, L_RATIO },
	};

	time_format(from, r->bars.t[0]);
	time_format(to, r->bars.t[r->bars.n - 1]);
	sbuf_addf(b, "%s: %zu bars, %s to %s\n", r->props.title, r->bars.n,
		  from, to);
	lines(b, v, ARRAY_LEN(v));
	if (r->rejected > 0)
		sbuf_addf(b, "  %zu orders were refused for want of margin\n",
			  r->rejected);
	if (r->margin_calls > 0)
		sbuf_addf(b, "  %zu margin calls\n", r->margin_calls);
}
