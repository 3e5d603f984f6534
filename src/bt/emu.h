#ifndef BT_EMU_H
#define BT_EMU_H
/* emu.h - the broker emulator of the `chart` rules.
 *
 * It takes what a strategy commands and says what would have been filled, bar
 * by bar, from open, high, low and close alone.  The order of events of one
 * bar, and every rule where traders expect one thing and get another, is in
 * doc/backtest.md; in short:
 *
 *	1. market orders of earlier bars fill at the open, in order of creation
 *	2. price orders that the open already passed fill at the open
 *	3. the path open - nearer extreme - other extreme - close is walked; the
 *	   order whose level comes first along it fills first, at its level
 *	4. the account is valued at the close, the strategy decides, its commands
 *	   become orders (or change those of the same id)
 *	5. with process_orders_on_close, market orders fill at this close
 *
 *	struct emu *e = emu_new(out, &rules);
 *	for each bar { emu_bar(e, &bar); script_step(vm, emu_account(e), &cmds);
 *		       emu_commands(e, &cmds); }
 *	emu_finish(e);
 *
 * Arithmetic is double on purpose: these are estimates, and the lists they
 * are compared with were made so.  Nothing here touches a balance.  The same
 * input gives the same bits on every machine. */
#include "ind/bar.h"
#include "script/script.h"

struct emu;

/* What is paid every few hours: rate x mark x amount at each time. */
struct bt_funding { size_t n; const int64_t *t; const double *rate, *mark; };

/* What one of the market's currency is worth in the account's, from t on. */
struct emu_rate { size_t n; const int64_t *t; const double *v; };

struct emu_rules {
	int version;			/* of the language: exits differ in 6 */
	double mintick;			/* > 0 */
	double pointvalue;		/* > 0; 1 for spot */
	double lot;			/* quantities are cut to it; 0 = not */
	double initial_capital;		/* > 0 */
	enum strat_qty_type qty_type;
	double qty_value;
	enum strat_fee_type fee_type;
	double fee;			/* percent, or currency */
	double slippage;		/* price, against market and stop orders */
	double limit_beyond;		/* price a limit must be passed by */
	int pyramiding;			/* 0 and 1 both mean one entry */
	double margin_long, margin_short;	/* percent; 0 = no limit */
	bool on_close;			/* process_orders_on_close */
	bool close_any;			/* exits honour from_entry, not FIFO */
	bool long_only;			/* the account cannot be short */
	/* The strict rules: of what one candle cannot tell, the worse. */
	bool strict;
	double spread;			/* price; half of it is in slippage */
	int64_t latency_ms, bar_ms;	/* until an order is there; of a bar */
	double volume_share;		/* of a bar's volume; 0: no bound */
	/* Where the days of strategy.risk begin: NULL is UTC; day_start in ms
	 * after midnight (61,200,000 for a session that opens at 17:00). */
	const char *timezone;
	int64_t day_start;
	/* Of holding: settled at opens, part of the fees. */
	struct bt_funding funding;
	double interest;		/* a year's, of what is borrowed */
	struct emu_rate rate;		/* n 0: one currency */
};
bool emu_carries(const struct emu_rules *r);
/* From what the script declared and the market's own numbers. */
struct emu_rules emu_rules_of(const struct strat_properties *p, double mintick,
			      double pointvalue, double lot);

enum emu_reason {	/* what closed a trade */
	EMU_SIGNAL,	/* an opposite entry or order */
	EMU_CLOSE,	/* close(), close_all() */
	EMU_PROFIT, EMU_LOSS, EMU_TRAIL,
	EMU_MARGIN, EMU_RISK,
	EMU_END,	/* still open when the bars ended */
};
const char *emu_reason_name(enum emu_reason r);

/* The list of trades, in the order in which they were closed; strings live
 * with the emulator.  trade.size is negative for a short one. */
struct emu_trade {
	struct strat_trade t;
	enum emu_reason reason;
	double fee_entry, fee_exit;
	double worth;			/* at its entry price; 0: not told */
};

/* What charts call the two orders: the comment, or the id where there is none;
 * the exit of a trade that is still open has no name (NULL). */
const char *emu_entry_signal(const struct emu_trade *t);
const char *emu_exit_signal(const struct emu_trade *t);

struct emu *emu_new(struct arena *out, const struct emu_rules *r) NONNULL_RET;
/* Several emulators on one account: each sees the profit of all as its equity,
 * what the others tie up is not free for its margin, and with max_open > 0 no
 * more than so many hold a position at once. */
struct emu_pool {
	size_t max_open, open;
	double profit, tied;
};
void emu_join(struct emu *e, struct emu_pool *pool);
/* calc_on_order_fills: run() is asked after each fill, late: at the close of
 * the bar; what it says is carried out at once.  False: it failed, and is not
 * asked any more.  Not for margin calls and rules of strategy.risk. */
struct emu_again {
	bool (*run)(void *ctx, bool late, struct strat_cmds *ret);
	void *ctx;
};
void emu_on_fill(struct emu *e, const struct emu_again *a);
/* Let the orders meet a bar, then value the account at its close. */
void emu_bar(struct emu *e, const struct bar *b);
/* The same with the way inside the bar told by finer bars (NULL: by itself). */
void emu_bar_fine(struct emu *e, const struct bar *b, const struct bars *fine);
/* The same for up to n bars on which the strategy says nothing; returns how
 * many were done (0: call emu_bar), their equity and position in the arrays. */
size_t emu_quiet(struct emu *e, const struct bars *b, size_t n, double *equity,
		 double *position);
/* What the strategy said at that close. */
void emu_commands(struct emu *e, const struct strat_cmds *cmds);
/* Trades still open are listed as closed at the last close (EMU_END); the
 * account is not changed by it. */
void emu_finish(struct emu *e);

const struct strat_account *emu_account(const struct emu *e);
size_t emu_trades(const struct emu *e, const struct emu_trade **ret);
/* Orders that wait: market and price orders of entries, exits of positions. */
size_t emu_waiting(const struct emu *e);
/* Entries refused for want of margin, and forced liquidations. */
size_t emu_rejected(const struct emu *e);
size_t emu_margin_calls(const struct emu *e);
/* Funding and interest paid so far; below 0: received. */
double emu_carried(const struct emu *e);

/* ---- carried out by a bot ----
 *
 * A bot runs the same emulator over its candles and does at the exchange what
 * it says: emu_work() lists the orders that wait, emu_execs() what has been
 * traded.  So there is one code that decides, in a backtest and live. */

/* The name of an order.  An exit has one for each entry and leg: seq is the
 * exit's, entry the key of the order that makes the entry.  It stays the same
 * for as long as the order is only changed. */
struct emu_key {
	uint64_t seq, entry;
	char leg;		/* '-': an order; 'p', 'l', 't': profit, loss,
				 * trail; 'm', 'r': forced by margin, by risk */
};
enum emu_what { EMU_W_ENTRY, EMU_W_ORDER, EMU_W_CLOSE, EMU_W_EXIT };

struct emu_work {
	struct emu_key key;
	enum emu_what what;
	const char *id, *from, *comment;	/* may be NULL */
	int dir;
	double qty;
	double limit, stop;	/* levels; NaN: none */
	double rel_limit, rel_stop;	/* distances from the entry; NaN: none */
	double trail_at, trail_off;
	bool stop_met;
	bool child;		/* sleeps until order key.entry has filled */
};
/* Market entries beyond the pyramiding limit are left out. */
size_t emu_work(struct arena *out, const struct emu *e, struct emu_work **ret);
/* The position now; the script sees what strategy.close(immediately) did to it
 * only on the next bar. */
double emu_position(const struct emu *e);
/* Does an order of that name wait?  (Not for the legs of exits.) */
bool emu_waits(const struct emu *e, struct emu_key key);

struct emu_exec {
	struct emu_key key;
	enum emu_what what;
	const char *id, *from, *comment;
	int dir;
	double qty, price;	/* slippage included */
	bool limit;		/* filled as a limit */
	bool more;		/* the rest of the order waits on */
};

/* An order that is about to be placed: how much of total may be?  Asked in
 * the order of the commands; no counts from 1 on each bar. */
struct emu_ask {
	unsigned no;
	struct emu_work w;	/* qty: with what it turns round */
};
struct emu_watch {
	double (*gate)(void *ctx, const struct emu_ask *ask);	/* may be NULL */
	void *ctx;
};
void emu_watch(struct emu *e, const struct emu_watch *w);
/* What was traded since emu_execs_clear(). */
size_t emu_execs(const struct emu *e, const struct emu_exec **ret);
void emu_execs_clear(struct emu *e);
/* The exchange refused it: forget one order; all orders. */
void emu_drop(struct emu *e, struct emu_key key);
void emu_withdraw(struct emu *e);

#endif /* BT_EMU_H */
