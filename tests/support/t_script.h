#ifndef TESTS_T_SCRIPT_H
#define TESTS_T_SCRIPT_H
/* t_script.h - small scripts over small bars. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

#include "core/rand.h"
#include "script/script.h"

#define T_BARS 1500

struct t_bars {
	int64_t t[T_BARS];
	double o[T_BARS], h[T_BARS], l[T_BARS], c[T_BARS], v[T_BARS];
};

static inline struct bars t_view(const struct t_bars *b, size_t n)
{
	return (struct bars){ n, b->t, b->o, b->h, b->l, b->c, b->v };
}

/* Hourly bars from 2024-01-01, a random walk. */
static inline void t_walk(struct t_bars *b, uint64_t seed)
{
	struct rng r;
	double p = 1000;

	rng_seed(&r, seed);
	for (size_t i = 0; i < T_BARS; i++) {
		b->t[i] = 1704067200000 + (int64_t)i * 3600000;
		b->o[i] = p;
		p = floor(p * (1 + 0.01 * rng_gauss(&r)) * 100) / 100;
		b->c[i] = p;
		b->h[i] = fmax(b->o[i], p) + floor(500 * rng_unit(&r)) / 100;
		b->l[i] = fmin(b->o[i], p) - floor(500 * rng_unit(&r)) / 100;
		b->v[i] = floor(1000 * rng_unit(&r));
	}
}

/* Closes given; open = close before, high and low one away. */
static inline void t_closes(struct t_bars *b, const double *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		b->t[i] = 1704067200000 + (int64_t)i * 3600000;
		b->c[i] = c[i];
		b->o[i] = i > 0 ? c[i - 1] : c[i];
		b->h[i] = fmax(b->o[i], c[i]) + 1;
		b->l[i] = fmin(b->o[i], c[i]) - 1;
		b->v[i] = 10 + (double)i;
	}
}

static const struct script_market t_market = {
	.exchange = "sim", .symbol = "BTCUSDT", .base = "BTC", .quote = "USDT",
	.timeframe = "60", .mintick = 0.01, .last_bar_index = -1,
};

static inline const struct script_prog *t_compile(struct arena *a, const char *src)
{
	const struct script_prog *p;
	struct diags d;
	struct err err;

	if (script_compile(a, src, strlen(src), NULL, &p, &d, &err) < 0)
		fail_msg("%s\n%s", err.msg, src);
	return p;
}

static inline struct script_vm *t_vm(struct arena *a, const struct script_prog *p)
{
	struct script_vm *vm;
	struct err err;

	if (script_vm_new(a, p, NULL, &t_market, NULL, &vm, &err) < 0)
		fail_msg("%s", err.msg);
	return vm;
}
#endif
