#ifndef BT_CHECK_H
#define BT_CHECK_H
/* check.h - can the result of a strategy be trusted?
 *
 * Look-ahead: what a strategy shows and does on a bar may depend on that bar
 * and those before it, never on what comes after.  So the run over all bars
 * and runs that end early must agree, bar by bar, up to where the early ones
 * end: every plot, the position, the equity.
 *
 * Recursion: values that begin somewhere (averages of averages, sums) depend
 * on where.  The last bar of the run over all bars is compared with runs that
 * begin later: how many bars must a bot read before it is as good as this
 * backtest? */
#include "bt/bt.h"

struct bt_leak {
	bool found;
	/* the first bar that differs, over all runs that end early */
	size_t bar;
	int64_t bar_ms;
	const char *what;	/* a plot's title, "position" or "equity" */
	double with, without;	/* the bars that come after it */
	size_t ended;		/* bars of the run that showed it */
	size_t runs;		/* that were compared */
};
#define BT_CUTS 16
/* Errors are bt_run's. */
MUST_CHECK int bt_check_lookahead(struct arena *out,
				  const struct script_prog *prog,
				  const struct script_binding *binding,
				  const struct script_market *m,
				  const struct bars *bars,
				  const struct bt_options *opt,
				  struct bt_leak *ret, struct err *err);

#define BT_WARMUPS_MAX 8
#define BT_WARMUP_SAME 1e-6	/* relative difference that does not matter */
struct bt_warmup { const char *what; double value, by[BT_WARMUPS_MAX]; };
struct bt_recursion {
	size_t bars[BT_WARMUPS_MAX];	/* read before the last bar's close */
	size_t n;
	struct bt_warmup *v;	/* a plot: its last value; |difference| / value */
	size_t n_v;
	size_t enough;		/* the least of bars[] that is; 0: none is */
};
MUST_CHECK int bt_check_recursion(struct arena *out,
				  const struct script_prog *prog,
				  const struct script_binding *binding,
				  const struct script_market *m,
				  const struct bars *bars,
				  const struct bt_options *opt,
				  struct bt_recursion *ret, struct err *err);

void bt_leak_text(struct sbuf *b, const struct bt_leak *l);
void bt_recursion_text(struct sbuf *b, const struct bt_recursion *r);

#endif /* BT_CHECK_H */
