#ifndef ML_FEATURE_H
#define ML_FEATURE_H
/* feature.h - what a model sees of a market: one table, one code.
 *
 * A feature is a row of a table (formula, warm-up, range), built on the
 * indicators of src/ind.  Training, backtests and live trading run the same
 * functions over blocks of closed bars; how the bars are cut into blocks does
 * not change a bit of the result (a property test holds every row to that).
 *
 * A list of features is a list of names:
 *	rsi_14		of the market's own timeframe
 *	rsi_14[3]	three bars ago
 *	rsi_14@4h	of the last closed bar of 4 hours
 *	rsi_14@4h[1]	of the one before that
 * A bar of another timeframe is made of the bars that come in and counts from
 * the bar that completes it; nothing unfinished is ever seen.
 *
 * Values are raw (scale.h scales them), lie within the row's range, and are
 * NaN until the warm-up is over. */
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "ind/bar.h"
#include "market/market.h"

struct ml_calc;

struct ml_feature {
	const char *name;
	const char *title;		/* "RSI of 14 bars" */
	const char *group;	/* "return" "momentum" "trend" "volatility"
				   "volume" "level" "time" "book" */
	const char *formula;
	uint16_t version;		/* a changed formula is another one */
	uint16_t warm_up;		/* bars without a value at the start */
	double min, max;		/* values are kept within */
	double flat;			/* where the formula divides by nothing */
	bool usual;			/* in the list nobody has to name */
	const struct ml_calc *calc;
};
extern const struct ml_feature ml_feature_table[];
extern const size_t ml_feature_table_n;
const struct ml_feature *ml_feature_find(struct str name);	/* a row; or NULL */

#define ML_FEATURE_LAG_MAX 200
#define ML_FEATURE_NAME_MAX 48

/* A name taken apart. */
struct ml_feature_ref {
	const struct ml_feature *row;
	enum tf tf;			/* 0: the market's own */
	uint32_t lag;			/* in bars of tf */
};
/* -E_INVAL with what is wrong with it and, if one is near, the name meant. */
MUST_CHECK int ml_feature_parse(struct str name, struct ml_feature_ref *ret,
				struct err *err);
/* "RSI of 14 bars (4h, 1 bar ago)" */
const char *ml_feature_title(struct arena *out, const struct ml_feature_ref *r);

/* The usual list: every row that is always known. */
size_t ml_features_usual(struct arena *out, const char *const **ret);
/* Hex SHA-256 of the names, formulas and versions: what the model file keeps
 * and what a model is compared with before it is asked. */
#define ML_HASH_HEX 64
MUST_CHECK int ml_features_hash(const char *const *names, size_t n,
				char ret[static ML_HASH_HEX + 1],
				struct err *err);

/* ---- a running list -------------------------------------------------------- */

#define ML_KNOWN_BOOK 1u	/* the order book comes with the bars */

struct ml_features;
/* -E_INVAL: an unknown name, one twice, a timeframe that `tf` does not divide.
 * -E_UNPROCESSABLE: one that needs what is not known (names it). */
MUST_CHECK int ml_features_new(struct arena *out, enum tf tf,
			       const char *const *names, size_t n, unsigned known,
			       struct ml_features **ret, struct err *err);
size_t ml_features_n(const struct ml_features *f);
/* Rows before all values are there, in bars of the market's timeframe. */
size_t ml_features_warm_up(const struct ml_features *f);
/* The bars to run before a value is wanted live: warm-up, and until averages
 * that remember everything have forgotten where they began (to 1e-12). */
size_t ml_features_history(const struct ml_features *f);
/* b->n closed bars more, ascending.  book: (bids - asks) / (bids + asks) at
 * each bar's close, NaN where it is not known; NULL: unknown.  ret: b->n rows
 * of n values.  Allocates nothing. */
void ml_features_run(struct ml_features *f, const struct bars *b,
		     const double *book, float *ret);
void ml_features_restart(struct ml_features *f);

#endif /* ML_FEATURE_H */
