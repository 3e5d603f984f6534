#ifndef TESTS_T_MARKET_H
#define TESTS_T_MARKET_H
/* t_market.h - a market of the simulation with candles, in the tests' database. */
#include "test.h"
#include "t_api.h"

#include "market/market.h"
#include "xchg/sim.h"

#define T_HOUR INT64_C(3600000)
#define T_DAY (24 * T_HOUR)
#define T_START INT64_C(1735689600000)		/* 2025-01-01 */

/* sim:SYMBOL with `n` hourly candles from T_START on. */
static inline uint64_t t_market_named(struct arena *out, const char *symbol,
				      size_t n, struct candles *ret)
{
	struct sim *s = sim_new(out, 1, symbol);
	struct market m;
	struct err err;

	sim_market(s, &m);
	if (market_ensure(t_api_db(), &m, "import", NULL, &err) < 0)
		fail_msg("%s", err.msg);
	if (n == 0)
		return m.id;
	if (sim_candles(out, s, TF_1H, T_START, T_START + (int64_t)n * T_HOUR,
			ret, &err) < 0 ||
	    candles_append(t_api_db(), m.id, TF_1H, ret, NULL, &err) < 0)
		fail_msg("%s", err.msg);
	return m.id;
}

static inline uint64_t t_market_add(struct arena *out, size_t n,
				    struct candles *ret)
{
	return t_market_named(out, "BTC/USDT", n, ret);
}

#endif
