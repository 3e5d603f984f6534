#ifndef PROG_CTL_BARS_H
#define PROG_CTL_BARS_H
/* ctl_bars.h - scripts and candles for the subcommands that run strategies:
 * from files or from the store, with the market's numbers. */
#include "market/table.h"
#include "prog/ctl.h"
#include "script/script.h"

struct ctl_bars {
	const char *candles, *market;	/* FILE or EX:PAIR:TF: one of them */
	const char *symbol;		/* of a file's candles; may be NULL */
	const char *timezone, *session;	/* of the exchange; may be NULL */
	struct ctl_texts data;		/* SYMBOL[:TF]=FILE: more of them */
	struct ctl_texts models;	/* NAME=FILE: what ml.*() asks */
	bool in_sample;			/* of candles they have learned from too */
	int64_t from, to;
	double tick, lot;		/* NaN: the market's, or as guessed */
};
#define CTL_BARS_NONE { .from = INT64_MIN, .to = INT64_MAX, .tick = NAN, .lot = NAN }
/* What is wrong with the options, or NULL. */
const char *ctl_bars_wrong(const struct ctl_bars *o);
MUST_CHECK int ctl_bars_load(struct ctl *c, const struct ctl_bars *o,
			     struct bars *ret, struct script_market *ret_m,
			     struct err *err);

/* The models that the script asks, over the bars, into m; *ret lives as long. */
struct bt_models;
MUST_CHECK int ctl_models(struct ctl *c, const struct ctl_bars *o,
			  const struct script_prog *prog, const struct bars *b,
			  struct script_market *m, const struct bt_models **ret,
			  struct err *err);
void bars_of(struct bars *ret, const struct bars_cols *b);
void bars_cut(struct bars *b, int64_t from, int64_t to);
/* The timeframe the candles are of, by their smallest distance. */
const char *bars_timeframe(const struct bars *b);

/* A text file of at most SCRIPT_SOURCE_MAX bytes. */
MUST_CHECK int ctl_read_text(struct arena *out, const char *path,
			     const char **ret, size_t *ret_n, struct err *err);
/* The text to a file, or to stdout for "-"; an exit status. */
MUST_CHECK int ctl_save(struct ctl *c, const char *path, const struct sbuf *b);
/* script_options.library over files; ctx: the path of the script. */
int ctl_library(void *ctx, struct arena *out, struct str user, struct str name,
		int version, struct str *ret);
/* The script of a file, its diagnostics on stderr. */
MUST_CHECK int ctl_compile(struct ctl *c, const char *path,
			   const struct script_options *opt,
			   const struct script_prog **ret, struct err *err);
/* --set NAME=VALUE... */
MUST_CHECK int ctl_bind(struct ctl *c, const struct script_prog *prog,
			const struct ctl_texts *set,
			struct script_binding **ret, struct err *err);

/* Candles, costs and the market's numbers: options of what runs strategies, for
 * a struct with the members bars, capital, fee, slippage and new_defaults. */
#define CTL_RUN_OPTS(o)							\
	{ "market", 'm', CTL_TEXT, &(o).bars.market, "EX:PAIR:TF", \
	  "candles of the store", 0, 0 }, \
	{ "data", 0, CTL_LIST, &(o).bars.data, "SYMBOL[:TF]=FILE", \
	  "candles of other symbols or finer ones, for request.security()", 0, 0 }, \
	{ "model", 0, CTL_LIST, &(o).bars.models, "NAME=FILE", \
	  "a model that the script asks; again for more", 0, 0 }, \
	{ "in-sample", 0, CTL_FLAG, &(o).bars.in_sample, NULL, \
	  "ask models of candles that they have learned from, too", 0, 0 }, \
	{ "from", 0, CTL_TIME, &(o).bars.from, "TIME", \
	  "first candle", 0, 0 }, \
	{ "to", 0, CTL_TIME, &(o).bars.to, "TIME", \
	  "candles before this", 0, 0 }, \
	{ "initial-capital", 0, CTL_NUM, &(o).capital, "AMOUNT", \
	  "instead of the script's", 0, 1000000000000 }, \
	{ "fee", 0, CTL_NUM, &(o).fee, "PERCENT", \
	  "of each fill, instead of the script's", 0, 50 }, \
	{ "slippage", 0, CTL_NUM, &(o).slippage, "TICKS", \
	  "instead of the script's", 0, 1000000 }, \
	{ "mintick", 0, CTL_NUM, &(o).bars.tick, "PRICE", \
	  "smallest step of the price", 0, 0 }, \
	{ "lot", 0, CTL_NUM, &(o).bars.lot, "QTY", \
	  "smallest step of the quantity; 0: none", 0, 0 }, \
	{ "symbol", 0, CTL_TEXT, &(o).bars.symbol, "PAIR", \
	  "what a file's candles are of", 0, 0 }, \
	{ "timezone", 0, CTL_TEXT, &(o).bars.timezone, "ZONE", \
	  "of the exchange: hours and days of the script", 0, 0 }, \
	{ "session", 0, CTL_TEXT, &(o).bars.session, "HHMM-HHMM", \
	  "when a trading day begins and ends; 24x7", 0, 0 }, \
	{ "new-defaults", 0, CTL_FLAG, &(o).new_defaults, NULL, \
	  "100,000 and 100 % of equity where the script is silent", 0, 0 }

#endif /* PROG_CTL_BARS_H */
