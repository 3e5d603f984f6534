#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/bt.h"
#include "bt/ft.h"

/* A run by the freqtrade rules in the form of the others, for the numbers that
 * freqtrade does not have and for tables that serve both. */

static enum emu_reason reason_of(const struct ft_trade *t)
{
	static const struct { const char *name; enum emu_reason r; } map[] = {
		{ "roi", EMU_PROFIT }, { "stop_loss", EMU_LOSS },
		{ "trailing_stop_loss", EMU_TRAIL }, { "liquidation", EMU_MARGIN } };

	for (size_t i = 0; i < ARRAY_LEN(map); i++)
		if (strcmp(t->exit_reason, map[i].name) == 0)
			return map[i].r;
	return EMU_CLOSE;
}

static struct emu_trade trade_of(const struct ft_trade *t, int64_t first,
				 int64_t timeframe)
{
	double fee_in = t->amount * t->open_rate * t->fee_open;
	double fee_out = t->amount * t->close_rate * t->fee_close;
	double up = t->max_rate - t->open_rate, down = t->open_rate - t->min_rate;

	return (struct emu_trade){
		.reason = reason_of(t), .fee_entry = fee_in, .fee_exit = fee_out,
		.t = {
			.entry_id = t->enter_tag, .exit_id = t->exit_reason,
			.entry_comment = t->enter_tag,
			.size = t->is_short ? -t->amount : t->amount,
			.entry_price = t->open_rate, .exit_price = t->close_rate,
			.profit = t->profit_abs, .commission = fee_in + fee_out,
			.max_runup = (t->is_short ? down : up) * t->amount,
			.max_drawdown = (t->is_short ? up : down) * t->amount,
			.entry_time = t->open_ms, .exit_time = t->close_ms,
			.entry_bar = (t->open_ms - first) / timeframe,
			.exit_bar = (t->close_ms - first) / timeframe,
		},
	};
}

void ft_as_bt(struct arena *out, const struct ft_result *r, struct bt_result *ret)
{
	struct emu_trade *trades = NEW_N(out, struct emu_trade, r->n_trades + 1);
	const char **pairs = NEW_N(out, const char *, r->n_trades + 1);
	double *position = NEW_N(out, double, r->n_equity + 1);
	double *price = NEW_N(out, double, r->n_equity + 1);
	size_t n = r->n_equity;
	double paid = 0;

	for (size_t i = 0; i < r->n_trades; i++) {
		const struct ft_trade *t = &r->trades[i];

		trades[i] = trade_of(t, r->from, r->rules.timeframe_ms);
		pairs[i] = t->pair;
		paid -= t->funding;
		/* Held at the closes from its candle to the one before it
		 * left, of a last one up to the end. */
		for (size_t k = trades[i].t.entry_bar > 0 ? (size_t)trades[i].t.entry_bar : 0;
		     k < n && r->equity_t[k] < t->close_ms; k++)
			position[k]++;
	}
	for (size_t k = 0; k < n; k++)
		price[k] = n > 1 && k == n - 1 ? 1 + r->market_change : 1;
	*ret = (struct bt_result){
		.rules = { .version = 6, .mintick = 1, .pointvalue = 1,
			   .initial_capital = r->rules.wallet,
			   .fee = r->rules.fee * 100 },
		.props = { .title = "freqtrade rules", .is_strategy = true },
		.bars = { n, r->equity_t, price, price, price, price, price },
		.equity = r->equity, .position = position,
		.trades = trades, .n_trades = r->n_trades,
		.trade_pairs = pairs, .carry = paid,
		.max_open_trades = r->rules.max_open_trades > 0 ?
			(size_t)r->rules.max_open_trades : 0,
	};
}
