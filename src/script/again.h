#ifndef SCRIPT_AGAIN_H
#define SCRIPT_AGAIN_H
/* again.h - running one bar more than once (calc_on_order_fills).
 *
 * Each run begins with what the script was when the bar began: variables,
 * histories, indicators, objects, drawings, the random numbers.  Only what
 * `varip` variables hold stays as the run before left it.  The last run of a
 * bar is the one the next bar goes on from, and whose plots and notes show.
 *
 *	script_block(vm, &one_bar)
 *	script_early	any number of times, while orders meet the bar
 *	script_keep	if there may be a script_late
 *	script_step	the run at the close
 *	script_late	any number of times, for what filled at the close
 *
 * Bars that are run once cost nothing of this. */
#include "script/script.h"

/* The announced bar, which stays the next one. */
MUST_CHECK int script_early(struct script_vm *vm, const struct strat_account *acct,
			    struct strat_cmds *ret, struct err *err);
/* Remember what the next bar begins with. */
MUST_CHECK int script_keep(struct script_vm *vm, struct err *err);
/* The bar that script_step ran last. */
MUST_CHECK int script_late(struct script_vm *vm, const struct strat_account *acct,
			   struct strat_cmds *ret, struct err *err);
/* May something fill at the close of a bar?  (strategy.close(immediately)) */
bool script_closes_now(const struct script_prog *p);

#endif /* SCRIPT_AGAIN_H */
