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
#include "bt/ft.h"

/* What the script plots, one column each; at most BT_PLOTS_MAX of them and no
 * more than BT_PLOT_VALUES values in all: the first ones are kept. */
#define BT_PLOTS_MAX 32
#define BT_PLOT_VALUES ((size_t)20000000)
struct bt_plots {
	const struct script_plot *v;
	size_t n, n_all, bars;
	const int64_t *t;		/* of the bars; who keeps them sets it */
	double *values;			/* plot k, bar i: [k * bars + i] */
	double *row;			/* room for one bar of all plots */
	/* What the script had drawn when the last bar was over, at most
	 * BT_DRAWINGS_MAX bytes of JSON; NULL: nothing, or more. */
	const char *drawings;
	struct arena *arena;
};
#define BT_DRAWINGS_MAX ((size_t)512 << 10)
void bt_plots_init(struct arena *out, const struct script_prog *prog,
		   size_t bars, size_t max_values, struct bt_plots *ret);
/* A bt_options.each_bar with a struct bt_plots as its ctx. */
int bt_plots_bar(void *ctx, size_t i, const struct script_vm *vm);
/* A bt_options.at_end with the same: the drawings. */
void bt_plots_end(void *ctx, const struct script_vm *vm);

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
	const char *drawings;		/* JSON list of the last bar's; NULL */
};
/* `plots` may be NULL.  What it is made from must outlive it. */
MUST_CHECK int bt_record_chart(struct arena *out, const struct bt_result *r,
			       const char *pair, const struct bt_plots *plots,
			       struct bt_record *ret, struct err *err);

/* Its trades alone. */
struct bt_trade *bt_record_trades(struct arena *out, const struct bt_result *r,
				  const char *pair, const struct bt_plots *plots)
	NONNULL_RET;
/* What a script plots when nothing that it orders is done; fn as bt_plots_bar,
 * other than 0 ends it and is returned. */
MUST_CHECK int bt_plots_run(struct arena *tmp, const struct script_prog *prog,
			    const struct script_binding *binding,
			    const struct script_market *m,
			    const struct bars *bars,
			    int (*fn)(void *ctx, size_t i,
				      const struct script_vm *vm),
			    void *ctx, struct err *err);
/* Of all pairs together: there is neither one close nor one position.
 * `plots` (may be NULL) are of the one pair, with their times. */
MUST_CHECK int bt_record_freqtrade(struct arena *out, const struct ft_result *r,
				   const struct bt_plots *plots,
				   struct bt_record *ret, struct err *err);

/* One trade of it; its number and what was seen stay. */
void bt_record_ft_trade(const struct ft_trade *x, struct bt_trade *t);

/* One of the list of trades; with "entry_values": {plot: number} unless plots
 * is NULL. */
void bt_trade_json(struct jw *w, const struct bt_trade *t,
		   const struct bt_plots *plots);
/* {name, kind, color, overlay, and "values" when not NULL}. */
void bt_plot_json(struct jw *w, const struct script_plot *p,
		  const double *values, size_t n);

/* Profit by calendar month (UTC) and by pair, entry, exit, reason, tag. */
size_t bt_record_months(struct arena *out, const struct bt_record *r,
			struct bt_month **ret);
#define BT_GROUPS(X)							\
	X(PAIR, pair) X(ENTRY, entry_signal) X(EXIT, exit_signal)	\
	X(REASON, exit_reason) X(TAG, tag)
enum bt_grouping {
#define X(id, member) BT_GROUP_##id,
	BT_GROUPS(X)
#undef X
	BT_GROUP__MAX
};
const char *bt_grouping_name(enum bt_grouping g);	/* "pair", ... */
/* In order of appearance; trades without such a name are one group "". */
size_t bt_record_groups(struct arena *out, const struct bt_record *r,
			enum bt_grouping by, struct bt_sum **ret);
/* {"months":[...],"groups":{...}} */
void bt_breakdown_json(struct jw *w, const struct bt_record *r);

/* The exports: {properties, metrics, months, groups, equity, trades}, and
 * tables with a head. */
void bt_record_json(struct sbuf *b, const struct bt_record *r);
void bt_record_trades_csv(struct sbuf *b, const struct bt_trade *v, size_t n);
void bt_record_equity_csv(struct sbuf *b, const struct bt_record *r);
/* What the market did alone, beginning with initial_capital: that times the
 * close; NaN when it is not known. */
double bt_buy_hold_scale(struct arena *tmp, const char *metrics,
			 double initial_capital, double last_close);

#endif /* BT_RECORD_H */
