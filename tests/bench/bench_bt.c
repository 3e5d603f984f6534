#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bt/opt.h"
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
		  struct bt_stats *ret)
{
	static const struct script_market m = { .symbol = "X", .timeframe = "1",
		.mintick = 1e-8, .pointvalue = 1, .lot = 0 };
	struct bt_options o = bt_defaults();
	struct bt_result r;
	struct err err;
	int rc;

	rc = bt_run(a, p, NULL, &m, b, &o, &r, &err);
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
		if (script(runs, b, p, &s) != 0)
			return;
		best[1] = fmin(best[1], (double)(cpu_ns() - t));
	}
	say("sma_cross_by_hand", b->n, best[0], (double)h.trades, h.equity);
	say("sma_cross_script", b->n, best[1], s.trades, s.final_equity);
}

/* 10 x 10 lengths, as a job of the product has them computed: inputs, runs,
 * metrics, returns of days, score. */
static void sweep(struct arena *runs, const struct bars *b, const struct script_prog *p,
		  const char *name, const char *more)
{
	const char *text = arena_printf(runs, "{\"objective\":\"final_equity\",\"space\":["
		"{\"input\":\"fastLength\",\"min\":5,\"max\":50,\"step\":5},"
		"{\"input\":\"slowLength\",\"min\":60,\"max\":240,\"step\":20}]%s}", more);
	struct opt_data d = { .prog = p, .opt = bt_defaults(), .bars = *b,
		.market = { .symbol = "X", .timeframe = "1", .mintick = 1e-8, .pointvalue = 1 } };
	struct opt_fold f = { 0, b->n, b->n };
	double best = INFINITY, top = -INFINITY, trades = 0;
	struct opt_trial *t;
	struct opt_point v[100];
	struct opt_search *q;
	const struct json *j;
	struct opt_spec s;
	struct err err;

	if (json_parse(runs, text, strlen(text), &j, &err) < 0 ||
	    opt_spec_read(runs, p, j, &s, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return;
	}
	q = opt_search_new(runs, &s, 0);
	for (size_t i = 0; i < 100; i++)
		v[i] = (struct opt_point){ i, opt_ask(q, i) };
	t = NEW_N(runs, struct opt_trial, 100);
	for (int k = 0; k < RUNS; k++) {
		int64_t at = cpu_ns();

		SCOPE(tmp, runs)
			if (opt_eval_many(tmp, &d, &s, &f, 0, v, 100, t, &err) != 0) {
				fprintf(stderr, "%s\n", err.msg);
				return;
			}
		best = fmin(best, (double)(cpu_ns() - at));
	}
	for (size_t i = 0; i < 100; i++) {
		top = fmax(top, t[i].stats.final_equity);
		trades += t[i].stats.trades;
	}
	printf("{\"bench\":\"sweep\",\"name\":\"%s\",\"candles\":%zu,\"ms\":%.2f,"
	       "\"best_equity\":%.2f,\"trades\":%.0f}\n", name, b->n, best / 1e6, top, trades);
	arena_reset(runs);
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
	if (argc < 2 || strcmp(argv[1], "--sweep") != 0)
		one_run(a, runs, &b, p);
	if (argc == 2 && strcmp(argv[1], "--run") == 0)
		return 0;
	sweep(runs, &small, p, "sma_cross_10x10", ",\"metrics\":[\"trades\"]");
	sweep(runs, &small, p, "sma_cross_10x10_all_metrics", "");
	arena_free(&runs);
	arena_free(&a);
	return 0;
}
