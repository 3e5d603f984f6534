#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/rand.h"
#include "ind/ind.h"
#include "script/script.h"

/* One JSON line a figure: microseconds a bar of the starters, in columns and
 * bar by bar; nanoseconds an element of the indicators. */

#define N 200000

static int64_t t[N];
static double o[N], h[N], l[N], c[N], v[N], out[4][N];

static void walk(void)
{
	struct rng r;
	double p = 1000;

	rng_seed(&r, 1);
	for (size_t i = 0; i < N; i++) {
		t[i] = 1600000000000 + (int64_t)i * 60000;
		o[i] = p;
		p *= 1 + 0.002 * rng_gauss(&r);
		c[i] = p;
		h[i] = fmax(o[i], p) * (1 + 0.001 * rng_unit(&r));
		l[i] = fmin(o[i], p) * (1 - 0.001 * rng_unit(&r));
		v[i] = 100 * rng_unit(&r);
	}
}

static int nothing(void *ctx, size_t i, const struct strat_cmds *k,
		   struct strat_account *a, struct err *err)
{
	(void)i;
	(void)a;
	(void)err;
	*(size_t *)ctx += k->n;
	return 0;
}

static void script_one(const struct script_starter *s, bool stream)
{
	static const struct script_market m = { .symbol = "X", .timeframe = "1",
		.mintick = 0.01, .last_bar_index = -1 };
	struct arena *a = arena_new("bench", (size_t)1 << 30);
	struct bars b = { N, t, o, h, l, c, v };
	struct strat_account acct = { .initial_capital = 1e4, .equity = 1e4 };
	const struct script_prog *p;
	const char *const *names;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct diags d;
	struct err err;
	size_t n = 0;
	int64_t t0, t1;
	int rc = script_compile(a, s->source, strlen(s->source), NULL, &p, &d, &err);

	if (rc == 0)
		rc = script_vm_new(a, p, NULL, &m, NULL, &vm, &err);
	if (rc < 0 && script_models(p, &names) > 0) {
		arena_free(&a);		/* it has no model here */
		return;
	}
	t0 = clock_mono_ns();
	if (rc == 0 && !stream)
		rc = script_run_columns(vm, &b, &acct, nothing, &n, &err);
	for (size_t i = 0; rc == 0 && stream && i < N; i++) {
		struct bar one = bars_at(&b, i);

		rc = script_on_bar(vm, &one, &acct, &cmds, &err);
	}
	t1 = clock_mono_ns();
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", s->name, err.msg);
	printf("{\"bench\":\"script\",\"name\":\"%s\",\"mode\":\"%s\",\"bars\":%d,"
	       "\"us_per_bar\":%.4f}\n", s->name, stream ? "stream" : "columns", N,
	       (double)(t1 - t0) / 1e3 / N);
	arena_free(&a);
}

static const double *column_of(const char *name)
{
	return strcmp(name, "high") == 0 ? h : strcmp(name, "low") == 0 ? l :
	       strcmp(name, "open") == 0 ? o : strcmp(name, "volume") == 0 ? v : c;
}

static void ind_one(const struct ind_def *d)
{
	struct arena *a = arena_new("bench", (size_t)1 << 28);
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], p[IND_PARAMS_MAX], best = 1e9;
	struct ind *s;
	struct err err;

	ind_defaults(d, p);
	for (size_t i = 0; i < d->n_in; i++)
		in[i] = column_of(d->in[i]);
	for (size_t i = 0; i < IND_OUTPUTS_MAX; i++)
		ret[i] = out[i % 4];
	if (ind_new(a, d, p, &s, &err) == 0)
		for (int k = 0; k < 5; k++) {
			int64_t t0 = clock_mono_ns();

			ind_run(s, in, ret, N);
			best = fmin(best, (double)(clock_mono_ns() - t0) / N);
			ind_restart(s);
		}
	printf("{\"bench\":\"ind\",\"name\":\"%s\",\"ns_per_element\":%.2f}\n", d->name, best);
	arena_free(&a);
}

int main(void)
{
	walk();
	for (size_t i = 0; i < script_starters_n; i++) {
		script_one(&script_starters[i], false);
		script_one(&script_starters[i], true);
	}
	for (size_t i = 0; i < ind_table_n; i++)
		ind_one(ind_table[i]);
	return 0;
}
