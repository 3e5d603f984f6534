#ifndef BT_RUN_I_H
#define BT_RUN_I_H
/* run_i.h - what runs of one and of several pairs share. */
#include "bt/bt.h"

struct emu_rules bt_rules_in_force(const struct script_prog *prog,
				   const struct script_market *m,
				   const struct bars *bars,
				   const struct bt_options *opt);
/* The rate to the account's currency where it is not the market's; n 0: it is. */
MUST_CHECK int bt_account_rate(struct arena *out, const struct strat_properties *p,
			       const struct script_market *m,
			       const struct bars *bars, struct emu_rate *ret,
			       struct err *err);
/* The smallest distance of two bars. */
int64_t bt_bar_length(const struct bars *b);
/* The finer bars from this bar's open to `to`; *at moves on with them. */
struct bars bt_finer(const struct bars *d, size_t *at, int64_t from, int64_t to);

#endif /* BT_RUN_I_H */
