#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot/desk.h"
#include "core/array.h"
#include "core/rand.h"

/* A thousand bots on fifty markets, the starters in turn, each with 500 bars of
 * history: one closed candle of each market comes, and every bot decides on it:
 * the candle meets its orders, the strategy runs, commands become orders, risk
 * is asked, the journal's orders are compared with what waits.  All that is
 * computed, and nothing that is written: the journal's commits and the paper
 * broker's are left out.  Processor time of one core; one JSON line. */

#define BOTS	1000
#define MARKETS	50
#define HISTORY	500
#define TICKS	60
#define OPEN	64

struct one {
	const struct bars *bars;
	struct desk *desk;
	struct intent live[OPEN];
	size_t n_live;
	size_t orders;
};

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct bars walk(struct arena *a, unsigned seed, size_t n)
{
	int64_t *t = NEW_N(a, int64_t, n);
	double *x[5], p = 100 + seed;
	struct rng r;

	for (size_t i = 0; i < 5; i++)
		x[i] = NEW_N(a, double, n);
	rng_seed(&r, seed);
	for (size_t i = 0; i < n; i++) {
		double q = p * exp(0.006 * rng_gauss(&r));

		t[i] = INT64_C(1600000200000) + (int64_t)i * 300000;
		x[0][i] = nearbyint(p * 100) / 100;
		x[1][i] = ceil(fmax(p, q) * (1 + 0.002 * rng_unit(&r)) * 100) / 100;
		x[2][i] = floor(fmin(p, q) * (1 - 0.002 * rng_unit(&r)) * 100) / 100;
		x[3][i] = nearbyint(q * 100) / 100;
		x[4][i] = 10;
		p = q;
	}
	return (struct bars){ n, t, x[0], x[1], x[2], x[3], x[4] };
}

static void die(const struct err *err)
{
	fprintf(stderr, "bench_tick: %s\n", err->msg);
	exit(1);
}

static void carry_out(struct one *o, const struct desk_out *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_cancel; i++)
		p->cancel[i]->state = ORDER_CANCELED;
	for (size_t i = 0; i < o->n_live; i++)
		if (o->live[i].state == ORDER_OPEN)
			o->live[n++] = o->live[i];
	for (size_t i = 0; i < p->n_place && n < OPEN; i++) {
		if (p->place[i].state != ORDER_NEW ||
		    (p->place[i].o.flags & XO_NOW))
			continue;
		o->live[n] = p->place[i];
		o->live[n++].state = ORDER_OPEN;
	}
	o->n_live = n;
	o->orders += p->n_place;
}

/* What was printed is no longer open. */
static void printed(struct one *o, const struct desk_prints *p)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_live; i++) {
		bool gone = false;

		for (size_t k = 0; k < p->n; k++)
			gone |= coid_eq(o->live[i].o.coid, p->v[k].coid);
		if (!gone)
			o->live[n++] = o->live[i];
	}
	o->n_live = n;
}

static void tick(struct arena *tmp, struct one *o, size_t at)
{
	struct bar b = bars_at(o->bars, at);
	struct match_candle c = { .open_ms = b.t, .close_ms = b.t + 300000 };
	struct price cent = price_from_raw(10000000000000000LL);
	struct desk_in in = { .live = o->live, .n_live = o->n_live,
			      .bar_ms = b.t, .now_ms = c.close_ms };
	struct desk_prints prints;
	struct desk_out plan;
	struct strat_cmds cmds;
	struct err err;

	if (!price_from_double(&c.o, b.o, cent, ROUND_HALF_EVEN) ||
	    !price_from_double(&c.h, b.h, cent, ROUND_HALF_EVEN) ||
	    !price_from_double(&c.l, b.l, cent, ROUND_HALF_EVEN) ||
	    !price_from_double(&c.c, b.c, cent, ROUND_HALF_EVEN))
		exit(1);
	if (desk_bar(tmp, o->desk, &b, &in, &err) < 0)
		die(&err);
	if (desk_prints(tmp, o->desk, &in, &c, &prints, &err) < 0)
		die(&err);
	printed(o, &prints);
	if (desk_calc(o->desk, &cmds, &err) < 0)
		die(&err);
	in.n_live = o->n_live;
	in.last = c.c;
	if ((cmds.n > 0 || o->n_live > 0) &&
	    desk_decide(tmp, o->desk, &cmds, &in, &plan, &err) < 0)
		die(&err);
	if (cmds.n > 0 || o->n_live > 0)
		carry_out(o, &plan);
}

static void begin(struct arena *a, struct one *o, size_t i,
		  const struct script_prog *prog, const struct bars *bars)
{
	struct script_market *m = NEW(a, struct script_market);
	struct desk_conf c = { .bot_id = i + 1, .bar_ms = 300000,
			       .props = script_properties(prog) };
	struct err err;

	*m = (struct script_market){ .symbol = "X", .exchange = "x",
		.timeframe = "5", .mintick = 0.01, .pointvalue = 1, .lot = 0.001,
		.last_bar_index = -1 };
	c.rules.tick = price_from_raw(10000000000000000LL);
	c.rules.lot = qty_from_raw(1000000000000000LL);
	c.rules.quote_step = quote_from_raw(10000000000LL);
	c.rules.fee_maker = c.rules.fee_taker = qty_from_raw(1000000000000000LL);
	c.rules.allow_short = true;
	if (!quote_parse(&c.initial, "10000"))
		exit(1);
	o->bars = bars;
	if (script_vm_new(a, prog, script_bind(a, prog), m, NULL, &c.vm, &err) < 0)
		die(&err);
	c.prog = prog;
	c.from = INT64_MIN;
	o->desk = desk_new(a, &c);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int main(void)
{
	struct arena *a = arena_new("bench", (size_t)4 << 30);
	struct arena *tmp = arena_push(a, "tick");
	struct one *v = NEW_N(a, struct one, BOTS);
	const struct script_prog *prog[64];
	struct bars bars[MARKETS];
	int64_t ns[TICKS];
	size_t orders = 0, have = 0;
	size_t n = script_starters_n < 64 ? script_starters_n : 64;
	struct diags d = { 0 };
	struct err err;

	for (size_t i = 0; i < n; i++) {
		const char *const *names;

		if (script_compile(a, script_starters[i].source,
				   strlen(script_starters[i].source), NULL,
				   &prog[have], &d, &err) < 0)
			die(&err);
		/* Those that need a model of somebody's are left out. */
		have += script_models(prog[have], &names) == 0;
	}
	n = have;
	for (unsigned i = 0; i < MARKETS; i++)
		bars[i] = walk(a, i + 1, HISTORY + TICKS);
	for (size_t i = 0; i < BOTS; i++) {
		begin(a, &v[i], i, prog[i % n], &bars[i % MARKETS]);
		for (size_t k = 0; k < HISTORY; k++) {
			arena_reset(tmp);
			tick(tmp, &v[i], k);
		}
		v[i].orders = 0;
	}
	for (size_t k = 0; k < TICKS; k++) {
		int64_t start = cpu_ns();

		for (size_t i = 0; i < BOTS; i++) {
			arena_reset(tmp);
			tick(tmp, &v[i], HISTORY + k);
		}
		ns[k] = cpu_ns() - start;
	}
	for (size_t i = 0; i < BOTS; i++)
		orders += v[i].orders;
	qsort(ns, TICKS, sizeof(ns[0]), by_size);
	printf("{\"bench\":\"tick\",\"bots\":%d,\"markets\":%d,\"strategies\":%zu,"
	       "\"ticks\":%d,\"orders_a_tick\":%.0f,\"median_ms\":%.2f,"
	       "\"worst_ms\":%.2f,\"must_ms\":50,\"journal\":false}\n", BOTS,
	       MARKETS, n, TICKS, (double)orders / TICKS,
	       (double)ns[TICKS / 2] / 1e6, (double)ns[TICKS - 1] / 1e6);
	arena_free(&a);
	return 0;
}
