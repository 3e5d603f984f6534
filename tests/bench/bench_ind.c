/* Indicators over 1,000,000 rows in memory, one JSON line a figure: nanoseconds
 * of processor time an element, best of eleven.  `--dump FILE` writes the five
 * columns for peers_ind.py.  The second group shows what length costs. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/rand.h"
#include "ind/ind.h"

#define N 1000000

static double col[5][N], out[IND_OUTPUTS_MAX][N];	/* open high low close volume */

static void walk(void)
{
	struct rng r;
	double p = 30000;

	rng_seed(&r, 1);
	for (size_t i = 0; i < N; i++) {
		double a = p;

		p *= 1 + 0.0007 * rng_gauss(&r);
		p = round(p * 100) / 100;
		col[0][i] = a;
		col[1][i] = fmax(a, p) + round(1000 * rng_unit(&r)) / 100;
		col[2][i] = fmin(a, p) - round(1000 * rng_unit(&r)) / 100;
		col[3][i] = p;
		col[4][i] = 100 * rng_unit(&r);
	}
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void one(const char *name, const double *p, int runs)
{
	static const char *const names[] = { "open", "high", "low", "close", "volume" };
	const struct ind_def *d = ind_find(name);
	struct arena *a = arena_new("bench", (size_t)1 << 28);
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], best = 1e9;
	struct ind *s;
	struct err err;

	for (size_t i = 0; i < d->n_in; i++) {
		in[i] = col[3];
		for (size_t k = 0; k < 5; k++)
			if (strcmp(d->in[i], names[k]) == 0)
				in[i] = col[k];
	}
	for (size_t i = 0; i < IND_OUTPUTS_MAX; i++)
		ret[i] = out[i];
	if (ind_new(a, d, p, &s, &err) < 0) {
		fprintf(stderr, "%s: %s\n", name, err.msg);
		return;
	}
	for (int k = 0; k < runs; k++) {
		int64_t t0 = cpu_ns();

		ind_run(s, in, ret, N);
		best = fmin(best, (double)(cpu_ns() - t0) / N);
		ind_restart(s);
	}
	printf("{\"bench\":\"ind\",\"name\":\"%s\",\"length\":%g,\"rows\":%d,"
	       "\"ns_per_element\":%.2f,\"last\":%.17g}\n", name, p[0], N, best,
	       out[d->n_out - 1][N - 1]);
	fflush(stdout);
	arena_free(&a);
}

int main(int argc, char **argv)
{
	static const struct { const char *name; double p[IND_PARAMS_MAX]; } known[] = {
		{ "rsi", { 14 } }, { "ema", { 20 } }, { "macd", { 12, 26, 9 } },
		{ "bb", { 20, 2 } }, { "atr", { 14 } }, { "dmi", { 14, 14 } },
		{ "stochastic", { 14, 3, 3 } }, { "obv", { 0 } },
	};
	static const char *const ranked[] = { "sma", "highest", "stdev", "median",
		"percentrank", "mode", "cci", "rci", "alma" };

	walk();
	if (argc == 3 && strcmp(argv[1], "--dump") == 0) {
		FILE *f = fopen(argv[2], "wb");
		bool done = f != NULL && fwrite(col, sizeof(col), 1, f) == 1;

		return f != NULL && fclose(f) == 0 && done ? 0 : 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		one(known[i].name, known[i].p, 11);
	for (size_t i = 0; i < ARRAY_LEN(ranked); i++)
		for (double len = 20; len <= 2000; len *= 10) {
			double p[IND_PARAMS_MAX];

			ind_defaults(ind_find(ranked[i]), p);
			p[0] = len;
			if (strcmp(ranked[i], "alma") != 0 || len < 1000)
				one(ranked[i], p, 3);
		}
	return 0;
}
