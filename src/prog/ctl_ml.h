#ifndef PROG_CTL_ML_H
#define PROG_CTL_ML_H
/* ctl_ml.h - what the subcommands of "orchctl ml" share. */
#include "ml/ml.h"
#include "ml/trainer.h"
#include "prog/ctl_bars.h"

#define CTL_ML_CANDLES(o)						\
	{ "candles", 0, CTL_TEXT, &(o)->candles, "FILE", "CSV with a header", 0, 0 }, \
	{ "market", 0, CTL_TEXT, &(o)->market, "EX:PAIR:TF",		\
	  "candles of the store", 0, 0 },				\
	{ "from", 0, CTL_TIME, &(o)->from, "TIME", "first candle", 0, 0 }, \
	{ "to", 0, CTL_TIME, &(o)->to, "TIME", "behind the last candle", 0, 0 }

/* Candles and their timeframe. */
struct ml_candles { struct bars bars; enum tf tf; const char *market; };
MUST_CHECK int ctl_ml_candles(struct ctl *c, const struct ctl_bars *o,
			      struct ml_candles *ret, struct err *err);
/* "a,b,c" */
size_t ctl_ml_list(struct arena *out, const char *text, const char *const **ret);
/* "next", "bars:5:0.005", "triple:24:0.01", "return:1:0.002" */
MUST_CHECK int ctl_ml_label(const char *text, struct ml_label *ret, struct err *err);
/* A file whole, of at most ML_FILE_MAX bytes. */
MUST_CHECK int ctl_ml_bytes(struct arena *out, const char *path, const char **ret,
			    size_t *ret_n, struct err *err);

ctl_fn ctl_ml_train, ctl_ml_walk, ctl_ml_compare, ctl_ml_evaluate, ctl_ml_import, ctl_ml_export,
	ctl_ml_forward, ctl_ml_bench, ctl_ml_models, ctl_ml_promote, ctl_ml_retire,
	ctl_ml_keep;

#endif /* PROG_CTL_ML_H */
