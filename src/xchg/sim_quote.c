#include "config.h"
#include "xchg/sim_i.h"

#define DAY_MS 86400000LL
#define LOTS_MAX 1e15

static money_raw unit(unsigned places)
{
	money_raw v = 1;

	for (unsigned i = places; i < 18; i++)
		v *= 10;
	return v;
}

static struct price price_of(const struct sim *s, int64_t ticks)
{
	return price_from_raw((money_raw)ticks * unit(s->price_places));
}

static struct qty qty_of(const struct sim *s, int64_t lots)
{
	return qty_from_raw((money_raw)lots * unit(s->qty_places));
}

struct price sim_last(struct sim *s, int64_t now)
{
	return price_of(s, sim_last_ticks(s, now));
}

/* Best bid and ask around the last trade: a tick apart when it is calm, wider
 * the more the minute moves. */
static void best(struct sim *s, int64_t now, struct rng *r, int64_t last,
		 int64_t *ret_bid, int64_t *ret_ask)
{
	const struct sim_minute *m = sim_minute_at(s, now);
	double wide = (double)(m->h - m->l) / 40 * (0.5 + rng_unit(r));
	int64_t spread = 1 + (int64_t)wide;
	int64_t below = (int64_t)rng_below(r, (uint64_t)spread + 1);

	*ret_bid = last - below;
	if (*ret_bid < 1)
		*ret_bid = 1;
	*ret_ask = *ret_bid + spread;
	if (*ret_ask < last)
		*ret_ask = last;
}

void sim_ticker(struct sim *s, int64_t now, struct ticker *ret)
{
	int64_t from = now - DAY_MS, second = now / 1000, bid, ask, last;
	struct ticker t = { .time = now - now % 1000 };
	int64_t lots = 0;
	struct rng r;

	if (from < SIM_EPOCH)
		from = SIM_EPOCH;
	last = sim_last_ticks(s, now);
	sim_book_rng(s, second, &r);
	best(s, now, &r, last, &bid, &ask);
	t.bid = price_of(s, bid);
	t.ask = price_of(s, ask);
	t.last = price_of(s, last);
	t.open_24h = price_of(s, sim_last_ticks(s, from));
	/* Whole minutes are near enough for a day's volume. */
	for (int64_t m = from - from % 60000; m + 60000 <= now; m += 60000)
		lots += sim_minute_at(s, m)->v;
	t.volume_24h = qty_of(s, lots);
	*ret = t;
}

/* One side: prices step away from the best, quantities grow with distance. */
static unsigned side(struct sim *s, struct rng *r, int64_t best_ticks, int sign,
		     unsigned depth, double lots, struct book_level *ret)
{
	/* Two levels lie some 0.004 % apart. */
	double gap = (double)best_ticks * 4e-5;
	int64_t at = best_ticks;
	unsigned n = 0;

	for (; n < depth && at > 0; n++) {
		double luck = -det_log(1 - rng_unit(r));
		double q = lots * (0.15 + luck) * (1 + 0.12 * n);

		ret[n].price = price_of(s, at);
		ret[n].qty = qty_of(s, 1 + (int64_t)(q < LOTS_MAX ? q :
						      LOTS_MAX));
		at += sign * (1 + (int64_t)(gap * 2 * rng_unit(r)));
	}
	return n;
}

void sim_book(struct sim *s, int64_t now, unsigned depth, struct book *ret)
{
	const struct sim_minute *m = sim_minute_at(s, now);
	struct book b = { .time = now - now % 1000 };
	/* A level holds a twentieth of a usual minute. */
	double usual = s->turnover / SIM_MINUTES /
		((double)m->c * s->tick) / s->lot / 20;
	int64_t bid, ask, last = sim_last_ticks(s, now);
	struct rng r;

	depth = depth < BOOK_DEPTH ? depth : BOOK_DEPTH;
	sim_book_rng(s, now / 1000, &r);
	best(s, now, &r, last, &bid, &ask);
	b.n_bids = side(s, &r, bid, -1, depth, usual, b.bids);
	b.n_asks = side(s, &r, ask, +1, depth, usual, b.asks);
	*ret = b;
}
