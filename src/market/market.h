#ifndef MARKET_MARKET_H
#define MARKET_MARKET_H
/* market.h - timeframes, markets and their candles.
 *
 * Time is the open of a bar, int64 milliseconds UTC.  A bar [open, next open)
 * is closed; the store holds closed candles only.
 *
 * In the database the candles of a series (one market, one timeframe) stand
 * in blocks of up to 4,096, compressed without loss; the newest, unfinished
 * block is a table of single rows that is folded in when full.  A row per
 * series (candle_series) holds its range and count, and is the lock that
 * everybody who writes the series takes first.  Readers take none.
 *
 * Two forms of a candle.  Decision code, indicators and charts use double
 * columns (struct candles).  The store and the importers keep exact decimals
 * (struct xcandle), so what was written in a file is what is exported. */
#include "core/err.h"
#include "core/money.h"
#include "core/str.h"

struct db;
struct rows;

/* ---- timeframes ------------------------------------------------------ */

/* name, its number in the database (never renumber), text, milliseconds
 * (of a month: 30 days, use tf_next). */
#define TF_LIST(X)							\
	X(1S, 1, "1s", 1000LL)		X(5S, 2, "5s", 5000LL)		\
	X(15S, 3, "15s", 15000LL)	X(30S, 4, "30s", 30000LL)	\
	X(1M, 5, "1m", 60000LL)		X(3M, 6, "3m", 180000LL)	\
	X(5M, 7, "5m", 300000LL)	X(15M, 8, "15m", 900000LL)	\
	X(30M, 9, "30m", 1800000LL)	X(1H, 10, "1h", 3600000LL)	\
	X(2H, 11, "2h", 7200000LL)	X(4H, 12, "4h", 14400000LL)	\
	X(6H, 13, "6h", 21600000LL)	X(8H, 14, "8h", 28800000LL)	\
	X(12H, 15, "12h", 43200000LL)	X(1D, 16, "1d", 86400000LL)	\
	X(3D, 17, "3d", 259200000LL)	X(1W, 18, "1w", 604800000LL)	\
	X(1MO, 19, "1M", 2592000000LL)

enum tf {
#define X(id, n, text, ms) TF_##id = n,
	TF_LIST(X)
#undef X
	TF__MAX			/* numbers 1 .. TF__MAX - 1 */
};

const char *tf_name(enum tf tf);		/* "1h" */
MUST_CHECK bool tf_parse(struct str s, enum tf *ret);
bool tf_valid(int64_t n);			/* a number from the database */
int64_t tf_ms(enum tf tf);
/* Bars are aligned to 1970-01-01 UTC; weeks to Monday, months to the first. */
int64_t tf_open(enum tf tf, int64_t t);		/* open of the bar that holds t */
int64_t tf_next(enum tf tf, int64_t open);	/* open of the bar after it */
int64_t tf_count(enum tf tf, int64_t from, int64_t to);	/* opens in [from, to) */
/* Is every bar of `coarse` made of whole bars of `fine`?  (1d of 1w: yes,
 * 1w of 1M: no, a timeframe of itself: yes) */
bool tf_divides(enum tf fine, enum tf coarse);

/* ---- candles --------------------------------------------------------- */

struct candle { int64_t t; double o, h, l, c, v; };

struct candles {		/* columns; ascending in t, no duplicates */
	size_t n;
	int64_t *t;
	double *o, *h, *l, *c, *v;
};
void candles_alloc(struct arena *out, struct candles *ret, size_t n);
struct candle candles_at(const struct candles *cs, size_t i);
void candles_set(struct candles *cs, size_t i, const struct candle *c);
/* Rows [from, to) of cs, sharing its memory. */
struct candles candles_slice(const struct candles *cs, size_t from, size_t to);
/* The first row whose t >= `t` (cs->n: none). */
size_t candles_seek(const struct candles *cs, int64_t t);
/* NULL, or what is wrong with it ("high < low"). */
const char *candle_check(const struct candle *c, enum tf tf);

/* A decimal number: m x 10^-d, 0 <= d <= 18. */
struct dec { int64_t m; uint8_t d; };
enum dec_rc { DEC_OK, DEC_SYNTAX, DEC_DIGITS };	/* too many digits to hold */
/* [+-]digits[.digits][e[+-]digits]; trailing zeros are dropped. */
MUST_CHECK enum dec_rc dec_parse(struct dec *ret, const char *s, size_t n);
/* The same for market data: what lies beyond 18 places is rounded, half to
 * even, and *ret_rounded says so. */
MUST_CHECK enum dec_rc dec_parse_round(struct dec *ret, const char *s, size_t n,
				       bool *ret_rounded);
double dec_to_double(struct dec d);		/* nearest, as strtod */
/* The decimal of the shortest text that reads back as x. */
MUST_CHECK bool dec_from_double(struct dec *ret, double x);
int dec_cmp(struct dec a, struct dec b);
#define DEC_TEXT_MAX 24
size_t dec_format(char buf[static DEC_TEXT_MAX], struct dec d);

enum { X_O, X_H, X_L, X_C, X_V, X__N };
struct xcandle {		/* exact: column k is m[k] x 10^-d[k] */
	int64_t t;
	int64_t m[X__N];
	uint8_t d[X__N];
	uint16_t file;		/* where it came from, for reports only */
	uint32_t line;
};
const char *xcandle_check(const struct xcandle *c, enum tf tf);
bool xcandle_same(const struct xcandle *a, const struct xcandle *b);
struct candle xcandle_double(const struct xcandle *c);
MUST_CHECK bool xcandle_exact(struct xcandle *ret, const struct candle *c);

/* Aggregate to a coarser timeframe.  Each bar is made of what there is: a
 * missing bar stays missing, a partly missing one is made of the rest; the
 * last may be unfinished.  -E_INVAL when `fine` does not divide `coarse`. */
MUST_CHECK int candles_resample(struct arena *out, const struct candles *cs,
				enum tf fine, enum tf coarse,
				struct candles *ret, struct err *err);
/* The same in exact decimals: volumes are summed without rounding. */
MUST_CHECK int xcandles_resample(struct arena *out, const struct xcandle *x,
				 size_t n, enum tf fine, enum tf coarse,
				 struct xcandle **ret, size_t *ret_n,
				 struct err *err);

struct candle_gap { int64_t from, to; int64_t missing; };	/* opens [from, to) */
size_t candles_gaps(struct arena *out, const int64_t *t, size_t n, enum tf tf,
		    struct candle_gap **ret);

/* ---- exchanges and markets ------------------------------------------- */

#define EXCHANGE_NAME_MAX 32
#define SYMBOL_MAX 40
#define ASSET_MAX 20

#define MARKET_STATUSES(X) X(ACTIVE, "active") X(HALTED, "halted") \
	X(DELISTED, "delisted")
enum market_status {
#define X(id, text) MARKET_##id,
	MARKET_STATUSES(X)
#undef X
};
const char *market_status_name(enum market_status s);

struct exchange {
	uint64_t id;
	char name[EXCHANGE_NAME_MAX + 1];	/* "binance" */
	char kind[17];		/* "sim": ours; "import": candles from files */
	uint64_t markets;
};

struct market {
	uint64_t id, exchange_id;
	char exchange[EXCHANGE_NAME_MAX + 1];
	char symbol[SYMBOL_MAX + 1];		/* "BTC/USDT" */
	char base[ASSET_MAX + 1], quote[ASSET_MAX + 1];
	struct price tick;			/* > 0 */
	struct qty lot;				/* > 0 */
	struct quote min_notional;		/* >= 0 */
	enum market_status status;
	unsigned price_decimals, qty_decimals;	/* of tick and lot */
};

/* "binance:BTC/USDT" into its parts; false when it is not of that form. */
MUST_CHECK bool market_ref_parse(struct str ref, struct market *ret);
MUST_CHECK int exchange_list(struct arena *out, struct db *db,
			     struct exchange **ret, size_t *ret_n, struct err *err);
/* Find it or create it with these properties (a race with another creator is
 * won by either).  m: exchange, symbol, base, quote, tick, lot, min_notional
 * are read; all of *m is filled. */
MUST_CHECK int market_ensure(struct db *db, struct market *m, const char *kind,
			     bool *ret_created, struct err *err);
MUST_CHECK int market_by_id(struct db *db, uint64_t id, struct market *ret,
			    struct err *err);		/* -E_NOTFOUND */
MUST_CHECK int market_find(struct db *db, const char *exchange,
			   const char *symbol, struct market *ret, struct err *err);
/* In order of id, after `after`, at most `limit`; exchange and q (part of the
 * symbol) may be NULL. */
MUST_CHECK int market_list(struct arena *out, struct db *db,
			   const char *exchange, const char *q, uint64_t after,
			   size_t limit, struct market **ret, size_t *ret_n,
			   struct err *err);

/* ---- the store -------------------------------------------------------- */

struct series {			/* statistics of one series */
	uint64_t market_id;
	enum tf tf;
	int64_t from, to;	/* first and last open */
	uint64_t count;
};
/* Series of one market (id 0: of all, at most `limit`), finest first. */
MUST_CHECK int series_list(struct arena *out, struct db *db, uint64_t market_id,
			   size_t limit, struct series **ret, size_t *ret_n,
			   struct err *err);
MUST_CHECK int series_get(struct db *db, uint64_t market_id, enum tf tf,
			  struct series *ret, struct err *err);	/* -E_NOTFOUND */

/* A market and what is stored of it, in one statement. */
struct market_info {
	struct market m;
	struct series series[TF__MAX];	/* finest first */
	size_t n_series;
};
MUST_CHECK int market_info_get(struct arena *out, struct db *db, uint64_t id,
			       struct market_info **ret, struct err *err);
MUST_CHECK int market_info_list(struct arena *out, struct db *db,
				const char *exchange, const char *q,
				uint64_t after, size_t limit,
				struct market_info **ret, size_t *ret_n,
				struct err *err);

/* Candles whose open lies in [from, to).  A series that is not stored is made
 * from the coarsest stored one that divides it; an unfinished newest bar is
 * then left out.  Nothing there: n = 0 and no error. */
MUST_CHECK int candles_load(struct arena *out, struct db *db, uint64_t market_id,
			    enum tf tf, int64_t from, int64_t to,
			    struct candles *ret, struct err *err);
/* The newest n whose open is < before (INT64_MAX: the newest of all). */
MUST_CHECK int candles_newest(struct arena *out, struct db *db,
			      uint64_t market_id, enum tf tf, size_t n,
			      int64_t before, struct candles *ret, struct err *err);
/* The stored series itself in exact decimals. */
MUST_CHECK int xcandles_load(struct arena *out, struct db *db, uint64_t market_id,
			     enum tf tf, int64_t from, int64_t to,
			     struct xcandle **ret, size_t *ret_n, struct err *err);

/* What a write did. */
struct store_stats { uint64_t added, same, replaced; };
#define STORE_REPLACE 1u	/* rows that differ replace the stored ones */
/* Closed candles at the end of the series, as a feed brings them: ascending.
 * Those already there are compared: -E_CONFLICT when one differs.  Both calls
 * run in the caller's transaction when there is one, else in their own. */
MUST_CHECK int candles_append(struct db *db, uint64_t market_id, enum tf tf,
			      const struct candles *cs, struct store_stats *ret,
			      struct err *err);
/* Any range, ascending, checked: merged into what is stored.  Identical rows
 * are skipped; differing ones: -E_CONFLICT naming the first, or replaced. */
MUST_CHECK int xcandles_merge(struct db *db, uint64_t market_id, enum tf tf,
			      const struct xcandle *x, size_t n, unsigned flags,
			      struct store_stats *ret, struct err *err);
MUST_CHECK int series_delete(struct db *db, uint64_t market_id, enum tf tf,
			     struct err *err);

#endif /* MARKET_MARKET_H */
