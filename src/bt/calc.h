#ifndef BT_CALC_H
#define BT_CALC_H
/* calc.h - one bar of one strategy: its orders meet the bar, then it decides.
 *
 * Backtests, portfolios and bots all go through this, so that a script that is
 * run again after fills (calc_on_order_fills) is run at the same moments, on
 * the same values, in each of them.
 *
 *	calc_init(&c, vm, e)
 *	for each bar {
 *		script_block(vm, ...)		one bar, or many at once
 *		calc_meet(&c, &bar, fine, err)
 *		calc_decide(&c, &cmds, err)
 *		emu_commands(e, &cmds)
 *		calc_done(&c, err)		did a run after the close fail?
 *	}
 */
#include "bt/emu.h"

struct calc {
	struct script_vm *vm;
	struct emu *e;
	bool again;		/* runs after fills are wanted */
	bool keep;		/* something may fill at the close */
	int64_t from;		/* what is said before is not carried out */
	int64_t t;		/* of the bar */
	int rc;
	struct err err;
};
/* Strict rules do not ask again: of a candle's inside nothing is sure. */
void calc_init(struct calc *c, struct script_vm *vm, struct emu *e,
	       const struct script_prog *prog, const struct emu_rules *r,
	       int64_t trade_from);
bool calc_again(const struct script_prog *prog, const struct emu_rules *r);
MUST_CHECK int calc_meet(struct calc *c, const struct bar *b,
			 const struct bars *fine, struct err *err);
MUST_CHECK int calc_decide(struct calc *c, struct strat_cmds *ret,
			   struct err *err);
MUST_CHECK int calc_done(const struct calc *c, struct err *err);

#endif /* BT_CALC_H */
