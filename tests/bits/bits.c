/* Prints a checksum of every indicator's outputs and of a whole backtest of
 * every starter strategy: for bits.sh, which builds it in several ways. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/bt.h"
#include "core/rand.h"
#include "ind/ind.h"
#include "json/json.h"
#include "script/script.h"
#include "t_models.h"

#define N 6000

static int64_t t[N];
static double col[6][N];	/* open high low close volume, 1 now and then */
static double out[IND_OUTPUTS_MAX][N];

static void walk(void)
{
	struct rng r;
	double p = 1000;

	rng_seed(&r, 99);
	for (size_t i = 0; i < N; i++) {
		double o = p;

		t[i] = 1600000000000 + (int64_t)i * 3600000;
		p *= 1 + 0.02 * (rng_unit(&r) - 0.5);
		p = round(p * 100) / 100;
		if (rng_below(&r, 7) == 0)
			p = o;
		col[0][i] = o;
		col[1][i] = fmax(o, p) * (1 + 0.004 * rng_unit(&r));
		col[2][i] = fmin(o, p) * (1 - 0.004 * rng_unit(&r));
		col[3][i] = p;
		col[4][i] = 100 * rng_unit(&r);
		col[5][i] = rng_below(&r, 24) == 0;
	}
}

static uint64_t sum(uint64_t h, const void *data, size_t n)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h;
}

static int indicator(const struct ind_def *d, double length)
{
	static const char *const names[] = { "open", "high", "low", "close", "volume" };
	struct arena *a = arena_new("bits", (size_t)1 << 24);
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], p[IND_PARAMS_MAX];
	uint64_t h = 0xcbf29ce484222325;
	struct ind *s;
	struct err err;
	int rc;

	ind_defaults(d, p);
	if (length > 0 && d->n_param > 0 && strcmp(d->param[0].name, "length") == 0)
		p[0] = length;
	for (size_t k = 0; k < d->n_in; k++) {
		in[k] = strcmp(d->in[k], "anchor") == 0 ||
			strcmp(d->in[k], "condition") == 0 ? col[5] : col[3];
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (strcmp(d->in[k], names[i]) == 0)
				in[k] = col[i];
	}
	if (d->n_in == 2 && strcmp(d->in[1], "source2") == 0)
		in[1] = col[0];
	for (size_t k = 0; k < d->n_out; k++)
		ret[k] = out[k];
	rc = ind_new(a, d, p, &s, &err);
	if (rc == 0)
		ind_run(s, in, ret, N);
	for (size_t k = 0; k < d->n_out; k++)
		for (size_t i = 0; i < N; i++)
			/* the sign of na means nothing */
			h = isnan(out[k][i]) ? sum(h, "na", 2) :
			    sum(h, &out[k][i], sizeof(double));
	printf("ind %s(%g) %016llx\n", d->name, p[0], (unsigned long long)h);
	arena_free(&a);
	return rc;
}

static int backtest(const struct script_starter *s)
{
	struct script_market m = { .symbol = "X", .timeframe = "60",
		.mintick = 0.01, .pointvalue = 1, .lot = 1e-6, .last_bar_index = -1 };
	struct arena *a = arena_new("bits", (size_t)1 << 28);
	struct bars b = { N, t, col[0], col[1], col[2], col[3], col[4] };
	struct bt_options o = bt_defaults();
	const struct script_prog *p;
	struct bt_stats stats;
	struct bt_result r;
	struct diags d;
	struct sbuf text;
	struct err err;
	int rc = script_compile(a, s->source, strlen(s->source), NULL, &p, &d, &err);

	o.fee_percent = 0.1;
	o.slippage_ticks = 2;
	if (rc == 0)
		t_models(a, p, t, N, &m);
	if (rc == 0)
		rc = bt_run(a, p, NULL, &m, &b, &o, &r, &err);
	if (rc < 0) {
		printf("backtest %s: %s\n", s->name, err.msg);
	} else {
		bt_stats(&stats, &r);
		sbuf_init(&text, a, (size_t)1 << 27);
		bt_json(&text, &r, &stats, "X");
		printf("backtest %s, %zu trades, %016llx\n", s->name, r.n_trades,
		       (unsigned long long)sum(0xcbf29ce484222325, text.buf, text.len));
	}
	arena_free(&a);
	return rc;
}

int main(void)
{
	int bad = 0;

	walk();
	for (size_t i = 0; i < ind_table_n; i++) {
		bad |= indicator(ind_table[i], 0);
		bad |= indicator(ind_table[i], 77);
	}
	for (size_t i = 0; i < script_starters_n; i++)
		bad |= backtest(&script_starters[i]);
	return bad != 0;
}
