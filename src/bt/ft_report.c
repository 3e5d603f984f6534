#include "config.h"

#include <math.h>

#include "bt/bt.h"
#include "bt/ft.h"
#include "bt/out.h"
#include "bt/record.h"
#include "core/clock.h"

void ft_properties_json(struct jw *w, const struct ft_rules *r)
{
	jw_obj(w);
	jw_kstr(w, "rules", "freqtrade");
	jw_kstr(w, "freqtrade_version", r->version == FT_2024 ? "2024.10" :
		r->version == FT_2026 ? "2026.9" :
		r->late_2025 ? "2025.12" : "2025.9");
	jw_kstr(w, "trading_mode", r->mode == FT_SPOT ? "spot" :
		r->mode == FT_MARGIN ? "margin" : "futures");
	jw_ki64(w, "timeframe_ms", r->timeframe_ms);
	jw_ki64(w, "timeframe_detail_ms", r->detail_ms);
	jw_kf64(w, "stoploss", r->stoploss);
	jw_key(w, "minimal_roi");
	jw_arr(w);
	for (size_t i = 0; i < r->n_roi; i++) {
		jw_arr(w);
		jw_i64(w, r->roi[i].minutes);
		jw_f64(w, r->roi[i].ratio);
		jw_arr_end(w);
	}
	jw_arr_end(w);
	jw_kbool(w, "trailing_stop", r->trailing_stop);
	jw_kf64(w, "trailing_stop_positive", r->trailing_positive);
	jw_kf64(w, "trailing_stop_positive_offset", r->trailing_offset);
	jw_kbool(w, "trailing_only_offset_is_reached", r->only_offset);
	jw_kbool(w, "use_exit_signal", r->use_exit_signal);
	jw_kbool(w, "exit_profit_only", r->exit_profit_only);
	jw_kf64(w, "exit_profit_offset", r->exit_profit_offset);
	jw_kbool(w, "ignore_roi_if_entry_signal", r->ignore_roi_if_entry);
	jw_ki64(w, "max_open_trades", r->max_open_trades);
	out_amount(w, "stake_amount", r->stake_amount);	/* null: unlimited */
	out_amount(w, "dry_run_wallet", r->wallet);
	jw_kf64(w, "tradable_balance_ratio", r->tradable_ratio);
	jw_kf64(w, "fee", r->fee);
	jw_kf64(w, "leverage", r->leverage);
	jw_kbool(w, "can_short", r->can_short);
	jw_kbool(w, "position_stacking", r->position_stacking);
	jw_kbool(w, "amend_last_stake_amount", r->amend_last_stake);
	jw_kf64(w, "last_stake_amount_min_ratio", r->last_stake_min_ratio);
	out_amount(w, "minimum_stake", r->minimum_stake);
	jw_kf64(w, "entry_timeout_minutes", r->entry_timeout);
	jw_kf64(w, "exit_timeout_minutes", r->exit_timeout);
	jw_kf64(w, "interest_rate", r->interest_rate);
	jw_kf64(w, "maintenance_ratio", r->maintenance_ratio);
	jw_kf64(w, "maintenance_amount", r->maintenance_amount);
	jw_kf64(w, "liquidation_buffer", r->liquidation_buffer);
	jw_ki64(w, "startup_candle_count", r->startup);
	jw_ku64(w, "protections", r->n_protections);
	jw_obj_end(w);
}

/* One point a candle: balance and what open trades are worth at its close. */
static void equity(struct jw *w, const struct ft_result *r)
{
	jw_key(w, "equity");
	jw_obj(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < r->n_equity; i++)
		jw_i64(w, r->equity_t[i]);
	jw_arr_end(w);
	jw_key(w, "equity");
	jw_arr(w);
	for (size_t i = 0; i < r->n_equity; i++)
		jw_f64(w, r->equity[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

void ft_equity_csv(struct sbuf *b, const struct ft_result *r)
{
	double peak = r->rules.wallet;

	sbuf_add_cstr(b, "timestamp_ms,equity,drawdown\n");
	for (size_t i = 0; i < r->n_equity; i++) {
		peak = fmax(peak, r->equity[i]);
		sbuf_addf(b, "%lld", (long long)r->equity_t[i]);
		out_num(b, r->equity[i]);
		out_num(b, 1 - r->equity[i] / peak);
		sbuf_add_c(b, '\n');
	}
}

/* What freqtrade has no name for, by the definitions of the other rules. */
static void more_metrics(struct jw *w, const struct ft_result *r)
{
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("ft_metrics", (size_t)1 << 32);
	struct bt_result as;
	struct bt_stats s;

	ft_as_bt(tmp, r, &as);
	if (as.bars.n == 0)
		return;
	bt_stats(&s, &as);
	jw_kf64(w, "net_profit", s.net_profit);
	jw_kf64(w, "gross_profit", s.gross_profit);
	jw_kf64(w, "gross_loss", s.gross_loss);
	jw_kf64(w, "fees", s.fees);
	jw_kf64(w, "total_return", s.total_return);
	jw_kf64(w, "recovery_factor", s.recovery_factor);
	jw_kf64(w, "ulcer_index", s.ulcer_index);
	jw_kf64(w, "volatility", s.volatility);
	jw_kf64(w, "omega", s.omega);
	jw_kf64(w, "var_95", s.var_95);
	jw_kf64(w, "cvar_95", s.cvar_95);
	jw_kf64(w, "exposure", s.exposure);
	jw_kf64(w, "buy_hold_return", s.buy_hold_return);
	jw_kf64(w, "win_rate", s.win_rate);
	jw_kf64(w, "longs", s.longs);
	jw_kf64(w, "shorts", s.shorts);
	jw_kf64(w, "payoff_ratio", s.payoff_ratio);
	jw_kf64(w, "average_win", s.average_win);
	jw_kf64(w, "average_loss", s.average_loss);
	jw_kf64(w, "average_bars", s.average_bars);
	jw_kf64(w, "average_mae", s.average_mae);
	jw_kf64(w, "average_mfe", s.average_mfe);
}

/* Months and groups, by the tables of the other rules. */
static void tables(struct jw *w, const struct ft_result *r)
{
	struct arena *tmp CLEANUP(arena_free) =
		arena_new("ft_tables", (size_t)1 << 32);
	struct bt_result as;

	ft_as_bt(tmp, r, &as);
	bt_months_json(w, &as);
	bt_groups_json(w, &as, "by_entry", BT_BY_ENTRY);
	bt_groups_json(w, &as, "by_exit", BT_BY_EXIT);
	bt_groups_json(w, &as, "by_reason", BT_BY_EXIT);
	bt_groups_json(w, &as, "by_pair", BT_BY_PAIR);
	bt_groups_json(w, &as, "by_tag", BT_BY_TAG);
}

void ft_metrics_json(struct jw *w, const struct ft_result *r,
		     const struct ft_stats *s)
{
	jw_obj(w);
#define X(name) jw_kf64(w, #name, s->name);
	FT_STATS(X)
#undef X
	jw_ki64(w, "rejected_signals", r->rejected);
	jw_ki64(w, "locks", r->locks);
	jw_ki64(w, "timedout_entry_orders", r->timedout_entries);
	jw_ki64(w, "timedout_exit_orders", r->timedout_exits);
	jw_ku64(w, "ignored_exits", r->ignored_exits);
	more_metrics(w, r);
	jw_obj_end(w);
}

void ft_json(struct sbuf *b, const struct ft_result *r, const struct ft_stats *s)
{
	struct jw w;

	jw_init(&w, b);
	jw_obj(&w);
	jw_key(&w, "properties");
	ft_properties_json(&w, &r->rules);
	jw_key(&w, "metrics");
	ft_metrics_json(&w, r, s);
	tables(&w, r);
	equity(&w, r);
	jw_key(&w, "trades");
	jw_arr(&w);
	for (size_t i = 0; i < r->n_trades; i++) {
		struct bt_trade t = { .number = i + 1 };

		bt_record_ft_trade(&r->trades[i], &t);
		bt_trade_json(&w, &t, NULL);
	}
	jw_arr_end(&w);
	jw_obj_end(&w);
}

void ft_trades_csv(struct sbuf *b, const struct ft_result *r)
{
	sbuf_add_cstr(b, "number,pair,direction,entry_ms,entry_price,exit_ms,"
		      "exit_price,exit_reason,qty,stake,profit,profit_ratio,"
		      "open_at_end\n");
	for (size_t i = 0; i < r->n_trades; i++) {
		const struct ft_trade *t = &r->trades[i];

		sbuf_addf(b, "%zu,%s,%s,%lld", i + 1, t->pair,
			  t->is_short ? "short" : "long", (long long)t->open_ms);
		out_num(b, t->open_rate);
		sbuf_addf(b, ",%lld", (long long)t->close_ms);
		out_num(b, t->close_rate);
		sbuf_addf(b, ",%s", t->exit_reason);
		out_num(b, t->amount);
		out_num(b, t->stake);
		out_num(b, t->profit_abs);
		out_num(b, t->profit_ratio);
		sbuf_addf(b, ",%s\n", t->open_at_end ? "true" : "false");
	}
}

void ft_text(struct sbuf *b, const struct ft_result *r, const struct ft_stats *s)
{
	char from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];

	time_format(from, r->from);
	time_format(to, r->to);
	sbuf_addf(b, "freqtrade rules, %s to %s\n", from, to);
	sbuf_addf(b, "  %-24s%16.2f\n", "starting balance", s->starting_balance);
	sbuf_addf(b, "  %-24s%16.2f\n", "final balance", s->final_balance);
	sbuf_addf(b, "  %-24s%15.2f%%\n", "total profit", s->profit_total * 100);
	sbuf_addf(b, "  %-24s%15.2f%%\n", "market change", s->market_change * 100);
	sbuf_addf(b, "  %-24s%16.0f\n", "trades", s->trades);
	sbuf_addf(b, "  %-24s%15.2f%%\n", "win rate", s->winrate * 100);
	sbuf_addf(b, "  %-24s%15.2f%%\n", "max drawdown", s->max_drawdown_account * 100);
	sbuf_addf(b, "  %-24s%16.2f\n", "Sharpe", s->sharpe);
	sbuf_addf(b, "  %-24s%16.2f\n", "Sortino", s->sortino);
	sbuf_addf(b, "  %-24s%16.2f\n", "Calmar", s->calmar);
	sbuf_addf(b, "  %-24s%16.2f\n", "profit factor", s->profit_factor);
	sbuf_addf(b, "  %-24s%16lld\n", "rejected signals", (long long)r->rejected);
}
