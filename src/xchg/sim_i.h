#ifndef XCHG_SIM_I_H
#define XCHG_SIM_I_H
/* sim_i.h - inside of the simulated market. */
#include "core/array.h"
#include "xchg/det.h"
#include "xchg/sim.h"

#define SIM_MINUTES 1440

struct sim_minute { int64_t o, h, l, c, v; };	/* ticks; lots */
struct sim_day { int64_t day; struct sim_minute m[SIM_MINUTES]; };
struct sim_link { double log_price, var; };	/* at the open of a day */
/* p[i]: ticks when i seconds are over; v[i]: lots of second i. */
struct sim_path { int64_t p[61], v[60]; };

struct sim {
	unsigned magic;
#define SIM_MAGIC 0x7a0c95e3u
	struct arena *arena;
	uint64_t seed, key;
	char symbol[SYMBOL_MAX + 1], base[ASSET_MAX + 1], quote[ASSET_MAX + 1];
	unsigned price_places, qty_places;
	double tick, lot, log_level, sigma, turnover;
	ARRAY(struct sim_link) chain;		/* by day since SIM_EPOCH */
	struct sim_day days[4];			/* made last */
	int64_t path_minute;			/* of path; -1: none */
	struct sim_path path;
};

const struct sim_minute *sim_minute_at(struct sim *s, int64_t t);
/* Ticks of the last trade at `now`. */
int64_t sim_last_ticks(struct sim *s, int64_t now);
/* The generator of the order book of a second. */
void sim_book_rng(const struct sim *s, int64_t second, struct rng *r);

#endif /* XCHG_SIM_I_H */
