#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/out.h"
#include "bt/record.h"

void bt_record_json(struct sbuf *b, const struct bt_record *r)
{
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_key(&w, "properties");
	jw_raw(&w, r->properties, strlen(r->properties));
	jw_key(&w, "metrics");
	jw_raw(&w, r->metrics, strlen(r->metrics));
	jw_key(&w, "breakdown");
	bt_breakdown_json(&w, r);
	jw_key(&w, "equity");
	jw_obj(&w);
	jw_key(&w, "t");
	jw_arr(&w);
	for (size_t i = 0; i < r->n; i++)
		jw_i64(&w, r->t[i]);
	jw_arr_end(&w);
	jw_key(&w, "equity");
	jw_arr(&w);
	for (size_t i = 0; i < r->n; i++)
		jw_f64(&w, r->equity[i]);
	jw_arr_end(&w);
	jw_key(&w, "position");
	jw_arr(&w);
	for (size_t i = 0; i < r->n; i++)
		jw_f64(&w, r->position[i]);
	jw_arr_end(&w);
	jw_obj_end(&w);
	jw_key(&w, "trades");
	jw_arr(&w);
	for (size_t i = 0; i < r->n_trades; i++)
		bt_trade_json(&w, &r->trades[i], &r->plots);
	jw_arr_end(&w);
	jw_obj_end(&w);
}

void bt_record_trades_csv(struct sbuf *b, const struct bt_trade *v, size_t n)
{
	sbuf_add_cstr(b, "number,direction,entry_ms,entry_price,entry_signal,"
		      "exit_ms,exit_price,exit_reason,exit_signal,qty,profit,"
		      "fees,mfe,mae,bars,open_at_end,pair,profit_ratio,tag\n");
	for (size_t i = 0; i < n; i++) {
		const struct bt_trade *t = &v[i];

		sbuf_add_u64(b, t->number);
		sbuf_add_cstr(b, t->is_short ? ",short," : ",long,");
		sbuf_add_i64(b, t->entry_ms);
		out_num(b, t->entry_price);
		out_text(b, t->entry_signal);
		sbuf_add_c(b, ',');
		sbuf_add_i64(b, t->exit_ms);
		out_num(b, t->exit_price);
		out_text(b, t->exit_reason);
		out_text(b, t->exit_signal);
		out_num(b, t->qty);
		out_money_num(b, t->profit);
		out_money_num(b, t->fees);
		out_money_num(b, t->mfe);
		out_money_num(b, t->mae);
		sbuf_add_c(b, ',');
		sbuf_add_i64(b, t->bars);
		sbuf_add_cstr(b, t->open_at_end ? ",true" : ",false");
		out_text(b, t->pair);
		out_num(b, t->profit_ratio);
		out_text(b, t->tag);
		sbuf_add_c(b, '\n');
	}
}

void bt_record_equity_csv(struct sbuf *b, const struct bt_record *r)
{
	double peak = r->initial_capital;

	sbuf_add_cstr(b, "timestamp_ms,equity,position,drawdown\n");
	for (size_t i = 0; i < r->n; i++) {
		peak = fmax(peak, r->equity[i]);
		sbuf_add_i64(b, r->t[i]);
		out_num(b, r->equity[i]);
		out_num(b, r->position[i]);
		out_num(b, peak > 0 ? 1 - r->equity[i] / peak : NAN);
		sbuf_add_c(b, '\n');
	}
}

/* So that its end agrees with the metric, which begins at the first open. */
double bt_buy_hold_scale(struct arena *tmp, const char *metrics,
			 double initial_capital, double last_close)
{
	static const char *const names[] = { "buy_hold_return", "market_change" };
	const struct json *j;
	double v;

	if (!(last_close > 0) || metrics == NULL ||
	    json_parse(tmp, metrics, strlen(metrics), &j, NULL) < 0)
		return NAN;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_f64(json_get(j, names[i]), &v))
			return initial_capital * (1 + v) / last_close;
	return NAN;
}
