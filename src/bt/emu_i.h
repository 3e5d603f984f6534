#ifndef BT_EMU_I_H
#define BT_EMU_I_H
/* emu_i.h - inside the emulator only. */
#include <math.h>

#include "bt/emu.h"
#include "core/array.h"

#define EMU_MAGIC 0xe3b20c47u
#define EMU_SHOWN 9000		/* closed trades a script of version 6 sees */
#define EMU_EPS 1e-9		/* quantities below are dust */

/* An entry, order or close that waits.  Without limit and stop it is a
 * market order. */
enum emu_kind { EO_ENTRY, EO_ORDER, EO_CLOSE };
struct emu_order {
	enum emu_kind kind;
	const char *id, *comment, *oca;
	enum strat_oca oca_type;
	int dir;			/* +1 buys, -1 sells */
	double qty;			/* to open (or, of a close, to close) */
	double against;			/* held on the other side when placed */
	double limit, stop;		/* NaN: none */
	bool stop_met;			/* of a stop-limit order: limit is live */
	bool all;			/* close_all */
	bool dead;
	const char *from;		/* of a close: the entry, NULL = any */
	uint64_t seq;
	uint64_t key;			/* its name; stays when it is changed */
	int64_t live;			/* when it is at the exchange */
	int64_t spent;			/* bar whose volume it has had, + 1 */
	bool begun;			/* a part of it has filled */
	int64_t born;			/* emu_again.c: bar + 1, 0: of no use */
	int born_leg;
};

/* What strategy.exit said last under one id. */
struct emu_exit {
	const char *id, *from;		/* from NULL: every entry */
	const char *comment, *c_profit, *c_loss, *c_trail;
	const char *oca;
	double qty, qty_percent;	/* NaN: all that is left */
	double limit, stop, profit, loss;
	double trail_price, trail_points, trail_offset;
	uint64_t seq, version;		/* version counts re-issues */
	uint64_t bound;			/* the version its legs have */
	size_t fills;			/* how many it has been bound to */
	int64_t live;
	bool dead;
	int64_t born;			/* as of an order */
	int born_leg;
};

/* One entry that was filled: what exits are measured from. */
struct emu_fill {
	const char *id;
	int dir;
	double size, left;		/* positive; left for exits to take */
	double price;
	uint64_t seq;
	uint64_t order;			/* key of the order that made it */
	int64_t bar;			/* in which it filled */
};

/* An exit at work on a fill. */
struct emu_leg {
	size_t exit, fill;		/* indices */
	uint64_t version;
	double qty;			/* reserved slice; NaN: the rest */
	double limit, stop, trail_at, trail_off;	/* levels; NaN: none */
	double mark;			/* best price since trailing is on */
	bool trailing, done;
	int64_t spent;
	enum emu_reason hit;		/* met, the rest waits for volume */
	bool was_hit;
	int64_t mute_stop, mute_limit;	/* bar that does not meet it, + 1 */
};

struct emu_risk {
	int allow;			/* +1, -1: entries of that side only */
	double max_position, max_drawdown, max_day_loss;
	bool drawdown_percent, day_loss_percent;
	int max_loss_days, max_day_orders;
	/* what has happened */
	bool on;			/* a rule that needs days is declared */
	int64_t day;
	double day_equity;		/* at the open of its first bar */
	int loss_days, day_orders;
	bool halted, day_halted;
};

struct emu {
	unsigned magic;
	struct arena *arena;
	struct emu_rules r;
	struct strat_account a;
	struct bar bar;
	int64_t index;			/* of the bar, from 0 */
	uint64_t seq;
	ARRAY(struct emu_order) orders;
	ARRAY(struct emu_exit) exits;
	ARRAY(struct emu_fill) fills;
	ARRAY(struct emu_leg) legs;
	ARRAY(struct strat_trade) open;
	ARRAY(double) open_fee;		/* entry fee of each open trade */
	ARRAY(struct strat_trade) closed;
	ARRAY(struct emu_trade) trades;
	ARRAY(const char *) names;	/* interned ids */
	double position, cost;		/* signed size; sum of size x price */
	double peak, trough;		/* of equity, for drawdown and run-up */
	struct emu_risk risk;
	struct emu_pool *pool;		/* NULL: an account of its own */
	double profit, tied;		/* its part of the pool */
	bool holds;			/* counted as open there */
	double room;			/* volume that may still be had */
	size_t fund;			/* the next funding to be settled */
	size_t rate;			/* in force */
	double unit;			/* pointvalue in the market's currency */
	double carry;			/* funding and interest paid */
	/* Strict: the bar that is walked (of finer ones, that one), how long
	 * it is, and when it is on the way inside it. */
	struct bar way;
	int64_t way_ms, now;
	bool arriving;			/* what comes in just now is looked at */
	size_t rejected, margin_calls;
	bool work;			/* something waits */
	bool at_close;			/* the bar is over: commands */
	uint64_t keys;			/* the last one given out */
	bool watched;			/* by a bot: emu_watch */
	struct emu_watch watch;
	unsigned asks;			/* of the bar */
	ARRAY(struct emu_exec) execs;
	/* emu_again.c */
	struct emu_again again;
	uint64_t traded, heard;		/* fills; those it was asked after */
	unsigned asked;			/* times in this bar */
	int leg;			/* piece of the way: 1, 2, 3; 0 the open */
	bool at_point, turn;		/* at its end; only what is met there */
	bool in_again, first;		/* commands of the first fill at the open */
	double point;			/* the price then */
};

/* What is sent now is there when? */
static inline int64_t emu_live(const struct emu *e)
{
	return e->r.strict ? e->bar.t + e->r.bar_ms + e->r.latency_ms : 0;
}

/* emu.c */
const char *emu_name(struct emu *e, const char *s);	/* interned; NULL stays */
double emu_equity_at(const struct emu *e, double price);
void emu_value(struct emu *e);
void emu_value_at(struct emu *e, double price);
double emu_cut(const struct emu *e, double qty);	/* down to the lot */

/* emu_cmd.c: the size where a script gives none; the names of closes. */
double emu_default_qty(const struct emu *e, double price);
const char *emu_close_id(struct emu *e, const char *entry);
#define EMU_CLOSE_ALL_ID "Close position order"

/* emu_fill.c: what a fill does to trades and money. */
struct emu_deal {
	const char *id, *comment;
	const char *from;		/* NULL: any entry */
	enum emu_reason reason;
	double price;
	double fee_once;		/* cash per order, for this part of it */
	uint64_t key;			/* of the order that opens */
};
/* Closes at most qty of the position; returns what was closed. */
double emu_close_qty(struct emu *e, double qty, const struct emu_deal *d);
/* What was closed otherwise than by an exit is no exit's to take any more. */
void emu_take_left(struct emu *e, const char *from, double qty);
void emu_open_qty(struct emu *e, int dir, double qty, const struct emu_deal *d);
/* Fill an order at a price (slippage not yet in it for market and stop). */
void emu_fill_order(struct emu *e, size_t order, double price, bool slips);
void emu_fill_leg(struct emu *e, size_t leg, double price, enum emu_reason why);
void emu_oca(struct emu *e, const char *oca, enum strat_oca type, double qty,
	     uint64_t but_seq);

/* emu_exit.c: exits and their legs. */
void emu_exit_cmd(struct emu *e, const struct strat_cmd *c);
void emu_legs_bind(struct emu *e);	/* after a fill or a command */
double emu_leg_qty(const struct emu *e, const struct emu_leg *l);
void emu_flat(struct emu *e);		/* the position is closed */

/* emu_path.c */
void emu_walk(struct emu *e, const struct bars *fine);	/* NULL: none */
void emu_market_orders(struct emu *e, double price, uint64_t before_seq);
void emu_sweep(struct emu *e);		/* forget dead orders */

/* emu_work.c: what a bot carries out. */
/* Every trade the emulator makes passes here, in the order of the trades. */
void emu_note_exec(struct emu *e, const struct emu_exec *x);
/* How much of the order the watcher lets through. */
double emu_gate(struct emu *e, const struct emu_order *o);

/* emu_again.c: asking the strategy again after a fill. */
void emu_again_open(struct emu *e);	/* a bar begins */
void emu_ask_again(struct emu *e, double price);
void emu_again_close(struct emu *e);
void emu_again_leg(const struct emu *e, struct emu_leg *l);
bool emu_newborn(const struct emu *e, int64_t born);
/* Can it be met here, on this part of the way? */
bool emu_awake(const struct emu *e, int64_t born, int leg, bool exit);
int64_t emu_born(const struct emu *e);	/* of what is said now */
int emu_born_leg(const struct emu *e);

/* emu_cmd.c */
void emu_command(struct emu *e, const struct strat_cmd *c);

/* emu_pool.c */
void emu_pool_value(struct emu *e);	/* at the bar's close */
void emu_pool_holds(struct emu *e);	/* the position has changed */
bool emu_pool_full(const struct emu *e);
static inline double emu_others(const struct emu *e)
{
	return e->pool != NULL ? e->pool->profit - e->profit : 0;
}

/* emu_carry.c: at an open; `before`: time of the bar before. */
void emu_carry(struct emu *e, int64_t before);

/* emu_margin.c */
bool emu_affords(const struct emu *e, int dir, double opens, double price);
void emu_margin_check(struct emu *e, double price);

/* emu_risk.c */
void emu_risk_cmd(struct emu *e, const struct strat_cmd *c);
void emu_risk_open(struct emu *e);	/* before the fills of a bar */
void emu_risk_point(struct emu *e, double price);	/* the path came to it */
void emu_risk_close(struct emu *e);
/* The quantity that may be opened; 0: none. */
double emu_risk_entry(const struct emu *e, int dir, double held, double qty);
/* An order was filled at this price; dir: of an entry, 0 for an exit. */
void emu_risk_filled(struct emu *e, double price, int dir);

#include "bt/emu_strict_i.h"

#endif /* BT_EMU_I_H */
