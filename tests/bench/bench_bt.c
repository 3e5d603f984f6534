#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bt/bt.h"
#include "core/rand.h"

/* SMA(10) / SMA(50) cross, long only, all in, 0.1 % fee, on a seeded geometric
 * walk of one-minute candles: as a script through the machine and the emulator
 * with equity and metrics, and as a loop written by hand for this one strategy
 * (orders, fees, trades, equity, drawdown).  One JSON line a figure. */

#define FAST 10
#define SLOW 50
#define FEE  0.001
#define RUNS 9

static const char source[] =
	"//@version=5\n"
	"strategy(\"SMA cross\", initial_capital = 1e12, default_qty_type = "
	"strategy.percent_of_equity, default_qty_value = 100, commission_type = "
	"strategy.commission.percent, commission_value = 0.1)\n"
	"fastLength = input.int(10, \"Fast\", minval = 1)\n"
	"slowLength = input.int(50, \"Slow\", minval = 1)\n"
	"fast = ta.sma(close, fastLength)\n"
	"slow = ta.sma(close, slowLength)\n"
	"if ta.crossover(fast, slow)\n"
	"    strategy.entry(\"Long\", strategy.long)\n"
	"if ta.crossunder(fast, slow)\n"
	"    strategy.close(\"Long\")\n";

/* Processor time, so that other work on the machine counts little. */
static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct bars walk(struct arena *a, size_t n)
{
	int64_t *t = NEW_N(a, int64_t, n);
	double *x[5], p = 30000;
	struct rng r;

	for (size_t i = 0; i < 5; i++)
		x[i] = NEW_N(a, double, n);
	rng_seed(&r, 42);
	for (size_t i = 0; i < n; i++) {
		double q = p * exp(0.001 * rng_gauss(&r));

		t[i] = INT64_C(1600000000000) + (int64_t)i * 60000;
		x[0][i] = p;
		x[1][i] = fmax(p, q) * (1 + 0.0005 * rng_unit(&r));
		x[2][i] = fmin(p, q) * (1 - 0.0005 * rng_unit(&r));
		x[3][i] = p = q;
		x[4][i] = 10 * rng_unit(&r);
	}
	return (struct bars){ n, t, x[0], x[1], x[2], x[3], x[4] };
}

struct hand { double equity, drawdown; size_t trades; };

/* Signals at the close, fills at the next open. */
static struct hand by_hand(const struct bars *b, double *equity)
{
	double f = 0, s = 0, was = NAN, cash = 1e12, units = 0, peak = 1e12;
	struct hand r = { 0 };
	int want = 0;

	for (size_t i = 0; i < b->n; i++) {
		double c = b->c[i], d = NAN, q;

		if (want > 0 && units == 0) {
			units = cash / (b->o[i] * (1 + FEE));
			cash = 0;
		} else if (want < 0 && units > 0) {
			cash = units * b->o[i] * (1 - FEE);
			units = 0;
			r.trades++;
		}
		want = 0;
		f += c - (i >= FAST ? b->c[i - FAST] : 0);
		s += c - (i >= SLOW ? b->c[i - SLOW] : 0);
		if (i + 1 >= SLOW)
			d = f / FAST - s / SLOW;
		if (d > 0 && was <= 0)
			want = 1;
		else if (d < 0 && was >= 0)
			want = -1;
		was = d;
		q = cash + units * c;
		equity[i] = q;
		peak = q > peak ? q : peak;
		r.drawdown = peak - q > r.drawdown ? peak - q : r.drawdown;
	}
	r.equity = equity[b->n - 1];
	return r;
}

static double peak_mb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024;
}

static void say(const char *name, size_t n, double ns, double trades, double equity)
{
	printf("{\"bench\":\"backtest\",\"name\":\"%s\",\"candles\":%zu,\"ns_per_candle\":%.2f,"
	       "\"candles_per_s\":%.0f,\"trades\":%.0f,\"final_equity\":%.2f,"
	       "\"peak_mb\":%.1f}\n", name, n, ns / (double)n,
	       (double)n / ns * 1e9, trades, equity, peak_mb());
}

static int script(struct arena *a, const struct bars *b, const struct script_prog *p,
		  const struct script_binding *in, struct script_share *share,
		  struct bt_stats *ret)
{
	static const struct script_market m = { .symbol = "X", .timeframe = "1",
		.mintick = 1e-8, .pointvalue = 1, .lot = 0 };
	struct bt_options o = bt_defaults();
	struct bt_result r;
	struct err err;
	int rc;

	o.limits.share = share;
	rc = bt_run(a, p, in, &m, b, &o, &r, &err);
	if (rc == 0)
		bt_stats(ret, &r);
	else
		fprintf(stderr, "%s\n", err.msg);
	arena_reset(a);			/* the next run takes the same pages */
	return rc;
}

static void one_run(struct arena *a, struct arena *runs, const struct bars *b, const struct script_prog *p)
{
	double *equity = NEW_N(a, double, b->n), best[2] = { INFINITY, INFINITY };
	struct bt_stats s = { 0 };
	struct hand h = { 0 };

	for (int k = 0; k < RUNS; k++) {
		int64_t t = cpu_ns();

		h = by_hand(b, equity);
		best[0] = fmin(best[0], (double)(cpu_ns() - t));
		t = cpu_ns();
		if (script(runs, b, p, NULL, NULL, &s) != 0)
			return;
		best[1] = fmin(best[1], (double)(cpu_ns() - t));
	}
	say("sma_cross_by_hand", b->n, best[0], (double)h.trades, h.equity);
	say("sma_cross_script", b->n, best[1], s.trades, s.final_equity);
}

/* 10 x 10 lengths, each a whole run with its metrics; columns in common are
 * computed once. */
static void sweep(struct arena *a, struct arena *runs, const struct bars *b, const struct script_prog *p)
{
	struct script_share *share = script_share_new(a, b, (size_t)256 << 20);
	int64_t t = cpu_ns();
	double top = -INFINITY;
	char v[16];

	for (int f = 5; f <= 50; f += 5)
		for (int s = 60; s <= 240; s += 20) {
			struct script_binding *in = script_bind(a, p);
			struct bt_stats st;
			struct err err;

			snprintf(v, sizeof(v), "%d", f);
			if (script_bind_text(in, str_c("fastLength"), str_c(v), &err) < 0)
				return;
			snprintf(v, sizeof(v), "%d", s);
			if (script_bind_text(in, str_c("slowLength"), str_c(v), &err) < 0 ||
			    script(runs, b, p, in, share, &st) != 0)
				return;
			top = fmax(top, st.final_equity);
		}
	t = cpu_ns() - t;
	printf("{\"bench\":\"sweep\",\"name\":\"sma_cross_10x10\",\"candles\":%zu,\"ms\":%.2f,"
	       "\"best_equity\":%.2f}\n", b->n, (double)t / 1e6, top);
}

/* The columns for a peer in another language: open, high, low, close, volume. */
static int dump(const struct bars *b, const char *path)
{
	const double *v[] = { b->o, b->h, b->l, b->c, b->v };
	FILE *f = fopen(path, "wb");
	bool ok = f != NULL;

	for (size_t i = 0; i < ARRAY_LEN(v) && ok; i++)
		ok = fwrite(v[i], sizeof(double), b->n, f) == b->n;
	if (f == NULL || fclose(f) != 0 || !ok) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct arena *a = arena_new("bench", (size_t)1 << 30);
	struct arena *runs = arena_new("run", (size_t)1 << 30);
	struct bars b = walk(a, 1000000), small = bars_slice(&b, 0, 100000);
	const struct script_prog *p;
	struct diags d;
	struct err err;

	if (argc == 3 && strcmp(argv[1], "--dump") == 0)
		return dump(&b, argv[2]);
	if (script_compile(a, source, sizeof(source) - 1, NULL, &p, &d, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	one_run(a, runs, &b, p);
	sweep(a, runs, &small, p);
	arena_free(&runs);
	arena_free(&a);
	return 0;
}
