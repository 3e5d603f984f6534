#include "config.h"

#include <math.h>

#include "ml/feature_i.h"

/* The rows.  Most formulas are one line of arithmetic over indicators, so that
 * nothing about them can differ between training and trading. */

#define DAY 86400000

static double f_same(const double *v, const struct bar *b)
{
	(void)b;
	return v[0];
}

static double f_percent(const double *v, const struct bar *b)
{
	(void)b;
	return v[0] / 100;
}

static double f_over_close(const double *v, const struct bar *b)
{
	return v[0] / b->c;
}

static double f_volume_ratio(const double *v, const struct bar *b)
{
	return b->v / v[0];
}

/* Upper and lower band. */
static double f_place(const double *v, const struct bar *b)
{
	return (b->c - v[1]) / (v[0] - v[1]);
}

static double f_relative(const double *v, const struct bar *b)
{
	(void)b;
	return (v[0] - v[1]) / v[1];
}

static double f_share(const double *v, const struct bar *b)
{
	(void)b;
	return v[0] / v[1];
}

static double f_root(const double *v, const struct bar *b)
{
	(void)b;
	return sqrt(v[0]);
}

static double f_close_to(const double *v, const struct bar *b)
{
	return b->c / v[0] - 1;
}

static double f_above(const double *v, const struct bar *b)
{
	return (b->c - v[0]) / b->c;
}

static double f_below(const double *v, const struct bar *b)
{
	return (v[0] - b->c) / b->c;
}

static double day_angle(const struct bar *b)
{
	int64_t in_day = (b->t % DAY + DAY) % DAY;

	return 2 * M_PI * (double)in_day / DAY;
}

static double week_angle(const struct bar *b)	/* 1970-01-01: a Thursday */
{
	int64_t day = (b->t - (b->t % DAY + DAY) % DAY) / DAY;

	return 2 * M_PI * (double)(((day + 3) % 7 + 7) % 7) / 7;
}

static double f_hour_sin(const double *v, const struct bar *b)
{
	(void)v;
	return sin(day_angle(b));
}

static double f_hour_cos(const double *v, const struct bar *b)
{
	(void)v;
	return cos(day_angle(b));
}

static double f_week_sin(const double *v, const struct bar *b)
{
	(void)v;
	return sin(week_angle(b));
}

static double f_week_cos(const double *v, const struct bar *b)
{
	(void)v;
	return cos(week_angle(b));
}

#define PART(name, inputs, params, output)				\
	{ .ind = name, .in = inputs, .p = params, .out = output }
#define IN(...) { __VA_ARGS__ }
#define CALC(fn, count, ...)						\
	(&(const struct ml_calc){ .part = { __VA_ARGS__ }, .n = (count), .f = (fn) })
#define HLC IN(C_HIGH, C_LOW, C_CLOSE)

#define ROC(k) CALC(f_percent, 1, PART("roc", IN(C_CLOSE), IN(k), 0))

const struct ml_feature ml_feature_table[] = {
	{ "return_1", "Return of the bar", "return",
	  "close / close[1] - 1", 1, 1, -1, 10, 0, true,
	  CALC(f_same, 1, { .in = IN(C_RET) }) },
	{ "volume_ratio", "Volume against its mean of 20 bars", "volume",
	  "volume / sma(volume, 20)", 1, 19, 0, 5, 1, true,
	  CALC(f_volume_ratio, 1, PART("sma", IN(C_VOLUME), IN(20), 0)) },
	{ "rsi_14", "RSI of 14 bars", "momentum",
	  "rsi(close, 14) / 100", 1, 14, 0, 1, 0.5, true,
	  CALC(f_percent, 1, PART("rsi", IN(C_CLOSE), IN(14), 0)) },
	{ "macd", "MACD over the close", "trend",
	  "(ema(close, 12) - ema(close, 26)) / close", 1, 25, -1, 1, 0, true,
	  CALC(f_over_close, 1, PART("macd", IN(C_CLOSE), IN(12, 26, 9), 0)) },
	{ "macd_histogram", "MACD histogram over the close", "trend",
	  "(macd - ema(macd, 9)) / close", 1, 33, -1, 1, 0, true,
	  CALC(f_over_close, 1, PART("macd", IN(C_CLOSE), IN(12, 26, 9), 2)) },
	{ "bollinger", "Place within the Bollinger bands", "volatility",
	  "(close - lower) / (upper - lower), sma(close, 20) -+ 2 stdev", 1, 19,
	  -1, 2, 0.5, true,
	  CALC(f_place, 2, PART("bb", IN(C_CLOSE), IN(20, 2), 1),
	       PART("bb", IN(C_CLOSE), IN(20, 2), 2)) },
	{ "atr_14", "Average true range over the close", "volatility",
	  "atr(14) / close", 1, 13, 0, 1, 0, true,
	  CALC(f_over_close, 1, PART("atr", HLC, IN(14), 0)) },
	{ "volume_oscillator", "Volume oscillator", "volume",
	  "(ema(volume, 5) - ema(volume, 10)) / ema(volume, 10)", 1, 9, -1, 1, 0,
	  true, CALC(f_relative, 2, PART("ema", IN(C_VOLUME), IN(5), 0),
		     PART("ema", IN(C_VOLUME), IN(10), 0)) },
	{ "stochastic_k", "Stochastic K of 14 bars", "momentum",
	  "stochastic(14, 1, 3).k / 100", 1, 13, 0, 1, 0.5, true,
	  CALC(f_percent, 1, PART("stochastic", HLC, IN(14, 1, 3), 0)) },
	{ "stochastic_d", "Stochastic D of 14 bars", "momentum",
	  "sma(stochastic_k, 3)", 1, 15, 0, 1, 0.5, true,
	  CALC(f_percent, 1, PART("stochastic", HLC, IN(14, 1, 3), 1)) },
	{ "adx_14", "Strength of the trend (ADX)", "trend",
	  "adx(14, 14) / 100", 1, 27, 0, 1, 0, true,
	  CALC(f_percent, 1, PART("dmi", HLC, IN(14, 14), 2)) },
	{ "obv", "On-balance volume of 20 bars, as a share", "volume",
	  "sum(sign(close - close[1]) * volume, 20) / sum(volume, 20)", 1, 20,
	  -1, 1, 0, true, CALC(f_share, 2, PART("sum", IN(C_FLOW), IN(20), 0),
			       PART("sum", IN(C_VOLUME), IN(20), 0)) },
	{ "momentum_5", "Change over 5 bars", "return",
	  "close / close[5] - 1", 1, 5, -1, 10, 0, true, ROC(5) },
	{ "momentum_10", "Change over 10 bars", "return",
	  "close / close[10] - 1", 1, 10, -1, 10, 0, true, ROC(10) },
	{ "momentum_20", "Change over 20 bars", "return",
	  "close / close[20] - 1", 1, 20, -1, 10, 0, true, ROC(20) },
	{ "volatility_20", "Realised volatility of 20 bars", "volatility",
	  "sqrt(sma(return_1 ^ 2, 20))", 1, 20, 0, 1, 0, true,
	  CALC(f_root, 1, PART("sma", IN(C_RET2), IN(20), 0)) },
	{ "range_position", "Place within the range of 21 bars", "level",
	  "(close - lowest(low, 21)) / (highest(high, 21) - lowest(low, 21))", 1,
	  20, 0, 1, 0.5, true,
	  CALC(f_place, 2, PART("highest", IN(C_HIGH), IN(21), 0),
	       PART("lowest", IN(C_LOW), IN(21), 0)) },
	{ "hour_sin", "Hour of the day (sine)", "time",
	  "sin(2 pi hour / 24), UTC, of the bar's opening", 1, 0, -1, 1, 0, true,
	  CALC(f_hour_sin, 0) },
	{ "hour_cos", "Hour of the day (cosine)", "time",
	  "cos(2 pi hour / 24)", 1, 0, -1, 1, 0, true, CALC(f_hour_cos, 0) },
	{ "weekday_sin", "Day of the week (sine)", "time",
	  "sin(2 pi day / 7), Monday 0, UTC", 1, 0, -1, 1, 0, true,
	  CALC(f_week_sin, 0) },
	{ "weekday_cos", "Day of the week (cosine)", "time",
	  "cos(2 pi day / 7)", 1, 0, -1, 1, 0, true, CALC(f_week_cos, 0) },
	{ "sma_distance", "Distance to the mean of 20 bars", "trend",
	  "close / sma(close, 20) - 1", 1, 19, -1, 10, 0, true,
	  CALC(f_close_to, 1, PART("sma", IN(C_CLOSE), IN(20), 0)) },
	{ "support", "Distance above the lowest low of 50 bars", "level",
	  "(close - lowest(low, 50)) / close", 1, 49, 0, 1, 0, true,
	  CALC(f_above, 1, PART("lowest", IN(C_LOW), IN(50), 0)) },
	{ "resistance", "Distance below the highest high of 50 bars", "level",
	  "(highest(high, 50) - close) / close", 1, 49, 0, 10, 0, true,
	  CALC(f_below, 1, PART("highest", IN(C_HIGH), IN(50), 0)) },
	{ "trend_10_20", "Mean of 10 bars against that of 20", "trend",
	  "sma(close, 10) / sma(close, 20) - 1", 1, 19, -1, 10, 0, false,
	  CALC(f_relative, 2, PART("sma", IN(C_CLOSE), IN(10), 0),
	       PART("sma", IN(C_CLOSE), IN(20), 0)) },
	{ "book_imbalance", "Imbalance of the order book", "book",
	  "(bids - asks) / (bids + asks), the ten best levels at the close", 1, 0,
	  -1, 1, 0, false, (&(const struct ml_calc){ .n = 1, .book = true, .f = f_same }) },
};
const size_t ml_feature_table_n = ARRAY_LEN(ml_feature_table);
