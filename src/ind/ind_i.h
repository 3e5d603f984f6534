#ifndef IND_IND_I_H
#define IND_IND_I_H
/* ind_i.h - the parts that kernels are made of.
 *
 * Each part is a small struct with a `_step` that takes one value and gives
 * one.  A kernel copies its struct to the stack, loops, and copies it back:
 * the compiler then keeps the state in registers, and since no result depends
 * on where a block ends, blocks may be of any size. */
#include <math.h>
#include "ind/ind.h"

#define IND_ROWS(X)							\
	X(accdist) X(alma) X(aroon) X(atr) X(barssince) X(bb) X(bbp)	\
	X(bbw) X(bearish_engulfing) X(bullish_engulfing) X(cci)		\
	X(chaikin) X(change) X(cmf) X(cmo) X(cog) X(correlation)	\
	X(cross) X(crossover) X(crossunder) X(cum) X(dema) X(dev)	\
	X(dmi) X(doji) X(donchian) X(dragonfly_doji) X(ema)		\
	X(engulfing) X(evening_star) X(falling) X(fixnan) X(force)	\
	X(gravestone_doji) X(hammer) X(hanging_man) X(heikinashi)	\
	X(highest) X(highestbars) X(hma) X(ichimoku) X(iii)		\
	X(inverted_hammer) X(kama) X(kc) X(kcw) X(linreg)		\
	X(linregchannel) X(lowest) X(lowestbars) X(macd) X(median)	\
	X(mfi) X(mode) X(mom) X(morning_star) X(natr) X(nvi) X(obv)	\
	X(percentile_linear_interpolation) X(percentile_nearest_rank)	\
	X(percentrank) X(pivothigh) X(pivotlow) X(pivotpoints) X(ppo)	\
	X(pvi) X(pvt) X(range) X(rci) X(regime) X(rising) X(rma) X(roc)	\
	X(rsi) X(sar) X(shooting_star) X(sma) X(stdev) X(stoch)		\
	X(stochastic) X(sum) X(supertrend) X(swma) X(tema)		\
	X(three_crows) X(three_soldiers) X(tr) X(trix) X(tsi)		\
	X(ultimate) X(valuewhen) X(variance) X(volumeprofile) X(vwap)	\
	X(vwma) X(wad) X(wma) X(wpr) X(wvad) X(zigzag)

#define X(n) extern const struct ind_def ind_##n;
IND_ROWS(X)
#undef X

#define LENGTH(d) { "length", IND_INT, d, 1, IND_LENGTH_MAX }
#define RUN_ARGS void *state, const double *const *in, double *const *ret, size_t n

/* One input, one output. */
#define KERNEL1(fn, type, step)						\
static void fn(RUN_ARGS)						\
{									\
	type s = *(type *)state;					\
	const double *x = in[0];					\
	double *y = ret[0];						\
	for (size_t i = 0; i < n; i++)					\
		y[i] = step(&s, x[i]);					\
	*(type *)state = s;						\
}
#define KERNEL2(fn, type, step)						\
static void fn(RUN_ARGS)						\
{									\
	type s = *(type *)state;					\
	const double *x0 = in[0], *x1 = in[1];				\
	double *y = ret[0];						\
	for (size_t i = 0; i < n; i++)					\
		y[i] = step(&s, x0[i], x1[i]);				\
	*(type *)state = s;						\
}
#define KERNEL3(fn, type, step)						\
static void fn(RUN_ARGS)						\
{									\
	type s = *(type *)state;					\
	const double *x0 = in[0], *x1 = in[1], *x2 = in[2];		\
	double *y = ret[0];						\
	for (size_t i = 0; i < n; i++)					\
		y[i] = step(&s, x0[i], x1[i], x2[i]);			\
	*(type *)state = s;						\
}

static inline double pos(double x) { return x > 0 ? x : 0; }

/* Exponential averages, seeded with the plain average of the first n. */
struct ema { double a, b, s, sum; size_t n, seen; };
static inline void ema_init(struct ema *e, double n, double alpha)
{
	*e = (struct ema){ .a = alpha, .b = 1 - alpha, .s = NAN, .n = (size_t)n };
}
static inline void ema_ema(struct ema *e, double n) { ema_init(e, n, 2 / (n + 1)); }
static inline void ema_rma(struct ema *e, double n) { ema_init(e, n, 1 / n); }
static inline double ema_step(struct ema *e, double x)
{
	if (isnan(x))
		return e->s;
	if (e->seen < e->n) {
		e->sum += x;
		if (++e->seen == e->n)
			e->s = e->sum / (double)e->n;
		return e->s;
	}
	return e->s = e->b * e->s + e->a * x;
}

/* The value n bars ago; na before there was one. */
struct lag { double *b; size_t n, k; };
static inline double *lag_init(struct lag *g, double n, double *room)
{
	*g = (struct lag){ .b = room, .n = (size_t)n };
	for (size_t i = 0; i < g->n; i++)
		room[i] = NAN;
	return room + g->n;
}
static inline double lag_step(struct lag *g, double x)
{
	double r = g->b[g->k];

	g->b[g->k] = x;
	if (++g->k == g->n)
		g->k = 0;
	return r;
}

static inline double true_range(double h, double l, double pc)
{
	double a = h - l, b = fabs(h - pc), c = fabs(l - pc);

	a = b > a ? b : a;
	return c > a ? c : a;
}

#endif /* IND_IND_I_H */
