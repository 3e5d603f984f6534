#ifndef XCHG_SIM_H
#define XCHG_SIM_H
/* sim.h - the simulated market.
 *
 * Everything is a function of (seed, symbol, time): the same on every machine
 * and in every order of asking.  No library function whose last bit differs
 * between machines takes part: only + - * / and sqrt, and integers.
 *
 * Three levels, each filled in between the points of the one above:
 *   days	a chain from SIM_EPOCH: GARCH(1,1) variance, fat tails, jumps, a
 *		pull towards the symbol's level, shocks shared between symbols.
 *		A day costs some 0.1 us, so any day is reached cheaply.
 *   minutes	1,440 of a day, seeded by the day alone: a bridge from the day's
 *		open to the next day's, its variance following a GARCH of its
 *		own, the hour of the day and the day of the week; volume follows
 *		the variance and the size of the move.
 *   seconds	60 of a minute, seeded by the minute: a path through its open,
 *		high, low and close; the volume is dealt out among them.
 * A candle of any timeframe is the aggregate of its seconds, so 60 candles of
 * 1m make the one of 1h.  Prices are whole ticks, volumes whole lots. */
#include "market/market.h"
#include "xchg/quotes.h"

/* 2016-01-01; before it there is no market. */
#define SIM_EPOCH 1451606400000LL
/* How far it may be asked: 100 years of days. */
#define SIM_END (SIM_EPOCH + 36500LL * 86400000LL)

struct sim;

/* Any symbol "BASE/QUOTE" has a market; BTC, ETH and SOL have their own
 * temper.  Freed with `out`. */
struct sim *sim_new(struct arena *out, uint64_t seed, const char *symbol)
	NONNULL_RET;
/* symbol, base, quote, tick, lot, min_notional of the market; exchange "sim". */
void sim_market(const struct sim *s, struct market *ret);
/* Whole candles with an open in [from, to); to <= SIM_END. */
MUST_CHECK int sim_candles(struct arena *out, struct sim *s, enum tf tf,
			   int64_t from, int64_t to, struct candles *ret,
			   struct err *err);
/* The candle that is being made at `now`: seconds gone by so far; with none
 * of them over it is flat at its open and has no volume. */
struct candle sim_running(struct sim *s, enum tf tf, int64_t now);
struct price sim_last(struct sim *s, int64_t now);
void sim_ticker(struct sim *s, int64_t now, struct ticker *ret);
void sim_book(struct sim *s, int64_t now, unsigned depth, struct book *ret);

#endif /* XCHG_SIM_H */
