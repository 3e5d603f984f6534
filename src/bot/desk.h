#ifndef BOT_DESK_H
#define BOT_DESK_H
/* desk.h - the trading desk of one bot: what the emulator decided becomes
 * orders at an exchange.  Pure: no clock, no I/O.
 *
 * The emulator of backtests (bt/emu.h) is the order engine of bots as well: it
 * takes the strategy's commands and says which orders wait and what each candle
 * trades.  The desk makes that agree with what stands in the journal:
 *
 *	desk_bar	the candle meets the orders; with calc_on_order_fills
 *			the strategy is run after each fill
 *	desk_calc	the strategy decides
 *	desk_prints	what was traded, as fills of the orders that are open.
 *			What no open order stands for (a margin call, a rule of
 *			strategy.risk, an exit born inside the candle) gets an
 *			order of its own, to be placed first
 *	desk_decide	the commands; then orders to place and to cancel, so
 *			that what is open is what the emulator says waits.
 *			Risk is asked before an order exists: what it cuts is
 *			cut in the emulator too, and left as a refused order
 *
 * After a restart the same candles and commands go through the desk again, with
 * what was refused on the way (desk_again): that is all that the emulator does
 * not find out by itself. */
#include "bt/calc.h"
#include "risk/risk.h"

struct desk;

struct desk_conf {
	uint64_t bot_id;
	const struct strat_properties *props;
	struct match_rules rules;	/* of the account */
	struct quote initial;
	double pointvalue;		/* 0: 1 */
	int64_t bar_ms;			/* length of a bar */
	const struct emu_rules *emu;	/* NULL: desk_rules() */
	struct script_vm *vm;		/* the strategy, and what it is made of */
	const struct script_prog *prog;
	int64_t from;			/* what it says before is not done */
};
/* What orders cost and how they fill, as the account has it. */
struct emu_rules desk_rules(const struct desk_conf *c);
struct desk *desk_new(struct arena *out, const struct desk_conf *c) NONNULL_RET;
const struct strat_account *desk_account(const struct desk *d);
/* The emulator's own list, for comparing. */
const struct emu *desk_emu(const struct desk *d);

/* What the candle traded is in the books already. */
void desk_seen(struct desk *d);

/* Names of orders within a bar: those of its decision count from 1, those
 * traded at its close from SEQ_NOW, what was refused before it was an order
 * from SEQ_ASK, what the candle itself needed from SEQ_LATE. */
#define SEQ_NOW		10000
#define SEQ_ASK		20000
#define SEQ_LATE	30000

struct desk_in {
	struct intent *live;		/* of the journal */
	size_t n_live;
	int64_t bar_ms, now_ms;
	int64_t deadline_us;		/* of what is placed now; 0: none */
	/* of the decision only */
	struct risk_limits limits;
	struct price last;
	struct qty base;
	struct quote cash;
};

/* `in`: what risk is asked with for orders that are made while the candle runs;
 * NULL: it is not asked.  It and `out` are used until desk_prints(). */
MUST_CHECK int desk_bar(struct arena *out, struct desk *d, const struct bar *b,
			const struct desk_in *in, struct err *err);
MUST_CHECK int desk_calc(struct desk *d, struct strat_cmds *ret, struct err *err);

struct desk_prints {
	struct intent *late;		/* to be placed before the candle */
	size_t n_late;
	struct match_print *v;
	size_t n;
};
/* -E_UNPROCESSABLE: a price or quantity is no money. */
MUST_CHECK int desk_prints(struct arena *out, struct desk *d,
			   const struct desk_in *in,
			   const struct match_candle *c,
			   struct desk_prints *ret, struct err *err);

struct desk_out {
	struct intent *place;	/* NEW, or REJECTED: refused by risk */
	size_t n_place;
	struct intent **cancel;		/* into in->live */
	size_t n_cancel;
};
MUST_CHECK int desk_decide(struct arena *out, struct desk *d,
			   const struct strat_cmds *cmds,
			   const struct desk_in *in, struct desk_out *ret,
			   struct err *err);

/* ---- what did not go as the strategy said -------------------------------- */

/* The exchange refused this order: the emulator forgets it. */
void desk_refused(struct desk *d, const struct intent *it);
/* All orders were cancelled from outside. */
void desk_withdraw(struct desk *d);

enum detour_kind {
	DETOUR_CUT = 'c',	/* risk refused qty of ask `no` */
	DETOUR_REFUSED = 'r',	/* the exchange refused order key */
	DETOUR_LATE = 'l',	/* the bar's commands were not carried out */
	DETOUR_WITHDRAWN = 'w',
};
struct detour {
	int64_t bar_ms;
	enum detour_kind kind;
	unsigned no;
	struct qty qty;
	struct emu_key key;
};
/* The bar that comes is one of the past, with these detours. */
void desk_past(struct desk *d, const struct detour *v, size_t n);
/* A decision of the past, with the detours of its bar. */
void desk_again(struct desk *d, const struct strat_cmds *cmds,
		const struct detour *v, size_t n);

/* Does the position agree with the books? */
MUST_CHECK int desk_agrees(const struct desk *d, struct qty base,
			   struct err *err);

#endif /* BOT_DESK_H */
