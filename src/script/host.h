#ifndef SCRIPT_HOST_H
#define SCRIPT_HOST_H
/* host.h - what the host of a machine may give it beside its candles.  All of
 * it is the host's memory and outlives the machine. */
#include "ind/bar.h"

/* Candles of other markets, or finer ones of the chart's own, for
 * request.security(): oldest first; the host may add to them between bars,
 * closed ones only. */
struct script_series {
	const char *symbol;		/* "BTC/USDT", "binance:BTC/USDT" */
	const char *timeframe;		/* as in struct script_market */
	struct bars bars;
};
/* data.column(): more columns of the chart's candles, a value a bar. */
struct script_column { const char *name; const double *v; size_t n; };

/* ml.predict() and its kin: what a model says at the close of each bar, n rows
 * with the opening times of their bars, ascending; what is not there is na.
 * The host may change all but the name between bars, so a row for the bar to
 * come is enough; and a run over a part of the bars finds its rows.  The machine knows no model: what may be asked on which
 * bar is the host's to decide, by leaving out what must not be known. */
enum script_model_value {
	SM_BUY, SM_HOLD, SM_SELL,	/* probabilities */
	SM_CONFIDENCE,			/* calibrated, of the action */
	SM_ACTION,			/* 0 buy, 1 hold, 2 sell */
	SM_RETURN,			/* of models that predict one */
	SM__N
};
struct script_model {
	const char *name;
	const double *v;		/* n x SM__N */
	const int64_t *t;		/* n */
	size_t n;
};

#endif /* SCRIPT_HOST_H */
