#ifndef BT_RECORD_H
#define BT_RECORD_H
/* record.h - a finished run in one form, whatever rules made it: what is
 * stored, answered, exported and drawn.
 *
 *	bt_run -> struct bt_result -> bt_record_chart -> bt_trade_json, ...
 *
 * The columns have one row a point of the curve; a trade is numbered from 1
 * in the order of the result.  Numbers that are not defined are NaN, texts
 * NULL. */
#include "bt/bt.h"

/* What the script plots, one column each; at most BT_PLOTS_MAX of them and no
 * more than BT_PLOT_VALUES values in all: the first ones are kept. */
#define BT_PLOTS_MAX 32
#define BT_PLOT_VALUES ((size_t)20000000)
struct bt_plots {
	const struct script_plot *v;
	size_t n, n_all, bars;
	double *values;			/* plot k, bar i: [k * bars + i] */
	double *row;			/* room for one bar of all plots */
};
void bt_plots_init(struct arena *out, const struct script_prog *prog,
		   size_t bars, size_t max_values, struct bt_plots *ret);
/* A bt_options.each_bar with a struct bt_plots as its ctx. */
int bt_plots_bar(void *ctx, size_t i, const struct script_vm *vm);

struct bt_trade {
	uint64_t number;
	const char *pair, *entry_signal, *exit_reason, *exit_signal, *tag;
	bool is_short, open_at_end;
	int64_t entry_ms, exit_ms, bars;
	double entry_price, exit_price, qty, profit, profit_ratio, fees, mfe, mae;
	/* n_plots values: what the strategy saw when it last decided before
	 * the entry.  NULL: not known. */
	const double *seen;
};

struct bt_record {
	const char *title;
	double initial_capital;
	const char *properties, *metrics;	/* JSON objects */
	size_t n;				/* points of the curve */
	const int64_t *t;
	const double *equity, *position, *close;
	struct bt_trade *trades;
	size_t n_trades;
	struct bt_plots plots;
};
/* `plots` may be NULL.  What it is made from must outlive it. */
MUST_CHECK int bt_record_chart(struct arena *out, const struct bt_result *r,
			       const char *pair, const struct bt_plots *plots,
			       struct bt_record *ret, struct err *err);

/* As in the JSON of orchctl backtest, and "entry_values": {plot: number}. */
void bt_trade_json(struct jw *w, const struct bt_trade *t,
		   const struct bt_plots *plots);
/* {name, kind, color, overlay, and "values" when not NULL}. */
void bt_plot_json(struct jw *w, const struct script_plot *p,
		  const double *values, size_t n);

#endif /* BT_RECORD_H */
