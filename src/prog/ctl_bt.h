#ifndef PROG_CTL_BT_H
#define PROG_CTL_BT_H
/* ctl_bt.h - orchctl backtest, in two files: the chart and strict rules, and
 * (ctl_bt_ft.c) the freqtrade rules. */
#include "bt/spec.h"
#include "prog/ctl_bars.h"

struct run_opts {
	struct ctl_bars bars;
	const char *rules_set, *rules, *trades, *equity, *json, *html;
	/* [PAIR=]FILE each */
	struct ctl_texts candles, signals, detail, funding;
	struct ctl_texts set;
	int64_t max_open;
	double capital, fee, slippage, spread, latency, volume, interest;
	const char *save, *user, *user_given;
	bool new_defaults, verify, lookahead, recursion;
};

struct pair_file { const char *pair, *path; };	/* pair NULL: not said */
/* "BTC/USDT=btc.csv", or a path alone. */
struct pair_file pair_file_of(struct arena *out, const char *arg);
/* The file that was given for this pair, or the only one; NULL. */
const char *pair_file_for(struct arena *out, const struct ctl_texts *list,
			  const char *pair);

/* Write what was asked for and the table; an exit status.  `write` appends
 * each kind of output. */
/* `m` may be NULL: several pairs. */
struct bt_record;
int bt_write_page(struct ctl *c, const char *path, const struct bt_record *rec,
		  const struct script_market *m);
int bt_freqtrade_signals(struct ctl *c, const struct run_opts *o);
int bt_freqtrade_script(struct ctl *c, const struct run_opts *o);

/* Rates of the pair's file, marks where they are missing from its candles. */
MUST_CHECK int bt_funding_for(struct ctl *c, const struct run_opts *o,
			      const char *pair, const struct bars *b,
			      struct bt_funding *ret, struct err *err);
/* What is wrong with the options of --save, or NULL. */
const char *bt_save_wrong(const struct run_opts *o);
/* An exit status. */
int bt_save(struct ctl *c, const struct run_opts *o, enum bt_rules rules);

#endif /* PROG_CTL_BT_H */
