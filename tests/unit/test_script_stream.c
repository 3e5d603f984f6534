/* Batch and stream give the same bits: starters, and every indicator the
 * language offers, run over columns in odd blocks and bar by bar. */
#include "config.h"

#include <stdlib.h>

#include "t_models.h"
#include "t_script.h"

static struct t_bars bars;
static struct rng cuts;

/* A broker simple enough to depend on commands alone. */
static void obey(const struct strat_cmds *c, struct strat_account *a, const struct bar *b)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct strat_cmd *k = &c->v[i];

		if (k->kind == STRAT_ENTRY) {
			a->position_size = k->dir;
			a->position_avg_price = b->c;
		} else if (k->kind == STRAT_CLOSE || k->kind == STRAT_CLOSE_ALL ||
			   (k->kind == STRAT_EXIT && b->l < k->stop)) {
			a->position_size = 0;
		}
	}
}

struct trace { uint64_t h; size_t cmds; };

static void mix(struct trace *t, const void *p, size_t n)
{
	const unsigned char *b = p;

	for (size_t i = 0; i < n; i++)
		t->h = (t->h ^ b[i]) * 0x100000001b3u;
}

static void mix_double(struct trace *t, double v)
{
	if (isnan(v))
		v = 12345;		/* one na is as good as another */
	mix(t, &v, sizeof(v));
}

static void record(struct trace *t, const struct strat_cmds *c,
		   const struct script_vm *vm, size_t plots)
{
	double v[200];

	t->cmds += c->n;
	for (size_t i = 0; i < c->n; i++) {
		const struct strat_cmd *k = &c->v[i];

		mix(t, &k->kind, sizeof(k->kind));
		mix(t, k->id != NULL ? k->id : "-", strlen(k->id != NULL ? k->id : "-"));
		mix_double(t, k->stop);
		mix_double(t, k->qty);
	}
	script_plot_values(vm, v);
	for (size_t i = 0; i < plots; i++)
		mix_double(t, v[i]);
}

static struct trace run(struct arena *a, const struct script_prog *p, size_t n,
			size_t block)
{
	struct bars all = t_view(&bars, n);
	const struct script_plot *plots;
	size_t np = script_plots(p, &plots);
	struct strat_account acct = { .initial_capital = 10000, .equity = 10000 };
	struct script_market *m = NEW(a, struct script_market);
	struct script_vm *vm;
	struct trace t = { 0 };
	struct strat_cmds cmds;
	struct err err;

	*m = t_market;
	t_models(a, p, bars.t, n, m);
	if (script_vm_new(a, p, NULL, m, NULL, &vm, &err) < 0)
		fail_msg("%s", err.msg);
	assert_true(np <= 200);
	for (size_t i = 0; i < n; ) {
		size_t want = block > 0 ? block :
			1 + (size_t)(rng_unit(&cuts) * (SCRIPT_BLOCK - 1));
		size_t k = want < n - i ? want : n - i;
		struct bars part = bars_slice(&all, i, k);

		if (script_block(vm, &part, &err) < 0)
			fail_msg("%s", err.msg);
		for (; k > 0; k--, i++) {
			struct bar b = bars_at(&all, i);

			if (script_step(vm, &acct, &cmds, &err) < 0)
				fail_msg("%s", err.msg);
			record(&t, &cmds, vm, np);
			obey(&cmds, &acct, &b);
		}
	}
	return t;
}

static void same(const char *name, const struct script_prog *p, struct arena *a, size_t n)
{
	static const size_t blocks[] = { SCRIPT_BLOCK, 7, 0, 0 };	/* 0: at random */
	struct trace one = run(a, p, n, 1);

	for (size_t i = 0; i < 4; i++) {
		struct trace t = run(a, p, n, blocks[i]);

		if (t.h != one.h || t.cmds != one.cmds)
			fail_msg("%s differs with blocks of %zu", name, blocks[i]);
	}
}

static void starters_decide_the_same(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);

	(void)state;
	assert_true(script_starters_n >= 3);
	rng_seed(&cuts, 23);
	t_walk(&bars, 5);
	for (size_t i = 0; i < script_starters_n; i++) {
		const struct script_prog *p = t_compile(a, script_starters[i].source);

		assert_string_equal(script_properties(p)->title, script_starters[i].name);
		assert_true(script_description(p)[0] != '\0');
		same(script_starters[i].name, p, a, T_BARS);
	}
	arena_free(&a);
}

static const char *const every =
	"plot(ta.sma(close,5))\nplot(ta.ema(close,5))\nplot(ta.rma(close,5))\n"
	"plot(ta.wma(close,5))\nplot(ta.hma(close,9))\nplot(ta.vwma(close,5))\n"
	"plot(ta.swma(close))\nplot(ta.alma(close,9,0.85,6))\nplot(ta.linreg(close,9,1))\n"
	"plot(ta.rsi(close,14))\nplot(ta.atr(14))\nplot(ta.tr(true))\nplot(ta.tr)\n"
	"plot(ta.stdev(close,10))\nplot(ta.variance(close,10,false))\nplot(ta.dev(close,10))\n"
	"[a1,a2,a3]=ta.bb(close,20,2)\nplot(a1+a2-a3)\nplot(ta.bbw(close,20,2))\n"
	"[b1,b2,b3]=ta.kc(close,20,1.5)\nplot(b1+b2-b3)\nplot(ta.kcw(close,20,1.5))\n"
	"[c1,c2,c3]=ta.macd(close,12,26,9)\nplot(c1+c2-c3)\nplot(ta.stoch(close,high,low,14))\n"
	"plot(ta.cci(close,20))\nplot(ta.mfi(hlc3,14))\nplot(ta.cmo(close,9))\n"
	"plot(ta.cog(close,10))\nplot(ta.tsi(close,13,25))\nplot(ta.wpr(14))\n"
	"[d1,d2,d3]=ta.dmi(14,14)\nplot(d1+d2-d3)\n[e1,e2]=ta.supertrend(3,10)\nplot(e1*e2)\n"
	"plot(ta.sar(0.02,0.02,0.2))\nplot(ta.highest(10))\nplot(ta.lowestbars(close,10))\n"
	"plot(ta.range(close,10))\nplot(ta.mom(close,10))\nplot(ta.roc(close,10))\n"
	"plot(ta.cross(close,open)?1:0)\nplot(ta.rising(close,2)?1:0)\n"
	"plot(ta.barssince(close>open))\nplot(ta.valuewhen(close>open,high,2))\n"
	"plot(ta.cum(volume))\nplot(ta.median(close,9))\nplot(ta.mode(close,9))\n"
	"plot(ta.percentrank(close,20))\nplot(ta.percentile_nearest_rank(close,20,30))\n"
	"plot(ta.percentile_linear_interpolation(close,20,30))\n"
	"plot(ta.correlation(close,volume,20))\nplot(ta.rci(close,9))\n"
	"plot(ta.pivothigh(3,2))\nplot(ta.pivotlow(low,3,2))\nplot(ta.vwap(hlc3))\nplot(ta.vwap)\n"
	"plot(ta.obv)\nplot(ta.accdist)\nplot(ta.iii)\nplot(ta.nvi)\nplot(ta.pvi)\nplot(ta.pvt)\n"
	"plot(ta.wad)\nplot(ta.wvad)\nplot(math.sum(close,7))\nplot(fixnan(close[300]))\n"
	"plot(close[bar_index%400])\nplot(ta.sma(close,1+bar_index%30))\n"
	"var x=0.0\nx:=x*0.9+close\nplot(ta.ema(x,10)+nz(x[200]))\n"
	"y=0.0\nif close>open\n    y:=ta.sma(high,5)\nplot(y)\nplot(hour+dayofmonth)\n"
	"var mm=map.new<string,float>()\nfor i=0 to 20\n"
	"    mm.put(str.tostring((bar_index+i)%50),close+i)\nplot(mm.get(\"7\"))\n"
	"plot(request.security(syminfo.tickerid,\"240\",ta.ema(hl2,5)))\n"
	"plot(time_close-time)\nplot(timeframe.change(\"D\")?1:0)\n";

static void every_builtin_computes_the_same(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	char *src = arena_printf(a, "//@version=6\nindicator(\"all\")\n%s", every);

	(void)state;
	rng_seed(&cuts, 29);
	t_walk(&bars, 9);
	same("all", t_compile(a, src), a, T_BARS);
	arena_free(&a);
}

/* The hourly candles of four years, when they are there. */
static void starters_trade_real_candles(void **state)
{

	const char *dir = getenv("ORCH_SHARED_DATA");
	struct arena *a = arena_new("t", 1u << 28);
	char name[400];
	FILE *f;

	(void)state;
	snprintf(name, sizeof(name), "%s/binance_BTC_USDT-1h-2022_2025.csv",
		 dir != NULL ? dir : "../shared/data");
	f = fopen(name, "r");

	if (f == NULL) {
		arena_free(&a);
		if (getenv("CI") != NULL && strcmp(getenv("CI"), "true") == 0)
			fail_msg("%s is absent", name);
		skip();
	}
	assert_non_null(fgets(name, sizeof(name), f));
	for (size_t i = 0; i < T_BARS; i++) {
		long long t;

		assert_int_equal(fscanf(f, "%lld,%lf,%lf,%lf,%lf,%lf", &t, &bars.o[i],
					&bars.h[i], &bars.l[i], &bars.c[i], &bars.v[i]), 6);
		bars.t[i] = t;
	}
	fclose(f);
	for (size_t i = 0; i < script_starters_n; i++) {
		const struct script_prog *p = t_compile(a, script_starters[i].source);

		same(script_starters[i].name, p, a, T_BARS);
		assert_true(run(a, p, T_BARS, 1).cmds > 0);
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(starters_decide_the_same),
		cmocka_unit_test(every_builtin_computes_the_same),
		cmocka_unit_test(starters_trade_real_candles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
