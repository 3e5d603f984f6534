#ifndef BOT_VERIFY_H
#define BOT_VERIFY_H
/* verify.h - a backtest once more, through what a bot does.
 *
 * The run is replayed candle by candle on a virtual clock: the strategy bar by
 * bar, the desk with its orders, risk, the paper broker's book, the account and
 * the ledger, all in memory.  After each candle the position and the equity
 * must be those of the backtest, and each trade that closed must be the
 * backtest's: times, prices, quantity, signals, fees, profit.  On the way the
 * bot is restarted twice: thrown away and worked out again from its candles.
 *
 * Not in it, because it must differ where money moves: how long a request
 * takes, fills in parts, orders that an exchange refuses. */
#include "bt/bt.h"

struct verify_in {
	const struct script_prog *prog;
	const struct script_binding *binding;
	const struct script_market *market;
	const struct bars *bars;
	const struct bt_options *opt;
	const struct bt_result *want;
};
struct verify_out { size_t bars, orders, refused, fills, trades; };
/* -E_CONFLICT: the first difference; the sentence names the candle, what was
 * expected and what came. */
MUST_CHECK int bot_verify(struct arena *out, const struct verify_in *in,
			  struct verify_out *ret, struct err *err);

#endif /* BOT_VERIFY_H */
