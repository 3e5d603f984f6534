#include "config.h"
#include "test.h"

#include <math.h>
#include <string.h>

#include "bt/opt.h"
#include "core/rand.h"

static const char script[] =
	"//@version=5\n"
	"strategy(\"x\", initial_capital=10000)\n"
	"fast = input.int(5, \"Fast length\", minval=2, maxval=100, step=1)\n"
	"slow = input.int(20, minval=2, maxval=200)\n"
	"w = input.float(1.5, minval=0, maxval=3, step=0.1)\n"
	"on = input.bool(true)\n"
	"kind = input.string(\"EMA\", options=[\"EMA\", \"SMA\"])\n"
	"f = kind == \"EMA\" ? ta.ema(close, fast) : ta.sma(close, fast)\n"
	"s = ta.sma(close, slow)\n"
	"if on and ta.crossover(f, s)\n"
	"    strategy.entry(\"L\", strategy.long)\n"
	"if ta.crossunder(f, s)\n"
	"    strategy.close(\"L\")\n"
	"if fast == 13\n"
	"    runtime.error(\"unlucky\")\n";

struct scene {
	struct arena *a;
	const struct script_prog *prog;
	struct opt_data d;
};

static void begin(struct scene *s, size_t n)
{
	double *c[5];
	int64_t *t;
	double x = 100;
	struct diags diags;
	struct err err;
	struct rng r;

	*s = (struct scene){ .a = arena_new("t", (size_t)1 << 30) };
	if (script_compile(s->a, script, strlen(script), NULL, &s->prog, &diags,
			   &err) < 0)
		fail_msg("%s", err.msg);
	t = NEW_N(s->a, int64_t, n);
	for (size_t k = 0; k < 5; k++)
		c[k] = NEW_N(s->a, double, n);
	rng_seed(&r, 42);
	for (size_t i = 0; i < n; i++) {
		t[i] = (int64_t)i * 3600000;
		c[0][i] = x;
		x *= exp(0.01 * rng_gauss(&r) + 0.001 * sin((double)i / 60));
		c[3][i] = x;
		c[1][i] = fmax(c[0][i], x) * 1.001;
		c[2][i] = fmin(c[0][i], x) * 0.999;
		c[4][i] = 1;
	}
	s->d = (struct opt_data){
		.prog = s->prog, .opt = bt_defaults(),
		.market = { .mintick = 0.01, .pointvalue = 1, .timeframe = "60" },
		.bars = { n, t, c[0], c[1], c[2], c[3], c[4] },
	};
}

static int spec(struct scene *s, const char *text, struct opt_spec *ret,
		struct err *err)
{
	const struct json *j;

	assert_int_equal(json_parse(s->a, text, strlen(text), &j, err), 0);
	return opt_spec_read(s->a, s->prog, j, ret, err);
}

static struct opt_spec good_spec(struct scene *s, const char *text)
{
	struct opt_spec sp;
	struct err err;

	if (spec(s, text, &sp, &err) < 0)
		fail_msg("%s: %s", text, err.msg);
	return sp;
}

static const char *spec_text(struct scene *s, const struct opt_spec *sp)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, s->a, 1 << 16);
	jw_init(&w, &b);
	opt_spec_write(&w, sp);
	return sbuf_finish(&b);
}

static void specs(void **state)
{
	static const struct { const char *text, *why; } bad[] = {
		{ "{\"space\":[{\"input\":\"nosuch\"}]}", "nosuch" },
		{ "{\"space\":[{\"input\":\"fast\",\"min\":9,\"max\":3}]}", "above" },
		{ "{\"space\":[{\"input\":\"fast\",\"min\":1,\"max\":3}]}", "less than" },
		{ "{\"space\":[{\"input\":\"fast\",\"min\":2.5,\"max\":3}]}", "whole" },
		{ "{\"space\":[{\"input\":\"slow\"},{\"input\":\"slow\"}]}", "twice" },
		{ "{\"space\":[{\"input\":\"kind\",\"options\":[\"XMA\"]}]}", "XMA" },
		{ "{\"space\":[{\"input\":\"w\",\"min\":0,\"max\":1,\"step\":-1}]}", "step" },
		{ "{\"space\":[{\"input\":\"w\",\"min\":0,\"max\":1,\"step\":0}]}", "grid" },
		{ "{\"space\":[]}", "list" },
		{ "{\"method\":\"luck\"}", "method" },
		{ "{\"objective\":\"beauty\"}", "beauty" },
		{ "{\"max_trials\":5}", "points" },
		{ "{\"constraints\":[{\"metric\":\"trades\",\"op\":\"<\",\"value\":1}]}", ">=" },
		{ "{\"constraints\":[{\"metric\":\"x\",\"op\":\"<=\",\"value\":1}]}", "metric" },
		{ "{\"walk_forward\":{\"kind\":\"rolling\",\"train\":1,\"test\":5}}", "train" },
		{ "{\"walk_forward\":{\"kind\":\"sideways\"}}", "anchored" },
	};
	struct opt_spec sp, again;
	struct scene s;
	struct err err;

	(void)state;
	begin(&s, 100);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (spec(&s, bad[i].text, &sp, &err) != -E_INVAL ||
		    strstr(err.msg, bad[i].why) == NULL)
			fail_msg("%s: %s", bad[i].text, err.msg);
	}
	sp = good_spec(&s, "{\"method\":\"tpe\",\"objective\":\"max:fees\","
		"\"constraints\":[{\"metric\":\"trades\",\"op\":\">=\",\"value\":3}],"
		"\"space\":[{\"input\":\"Fast length\",\"min\":5,\"max\":50,\"step\":5},"
		"{\"input\":\"on\"},{\"input\":\"kind\"},"
		"{\"input\":\"slow\",\"options\":[10,20,40]},"
		"{\"input\":\"w\",\"min\":0.1,\"max\":0.7,\"step\":0.1}],\"seed\":7,"
		"\"walk_forward\":{\"kind\":\"anchored\",\"train\":50,\"test\":10}}");
	assert_int_equal(opt_space_size(&sp), 10 * 2 * 2 * 3 * 7);
	again = good_spec(&s, spec_text(&s, &sp));
	assert_string_equal(spec_text(&s, &sp), spec_text(&s, &again));
	/* By itself: what has a range and a step; a drawdown is made small. */
	sp = good_spec(&s, "{\"method\":\"random\",\"objective\":\"max_drawdown_ratio\"}");
	assert_int_equal(sp.n_axes, 2);
	assert_true(sp.minimise);
	assert_int_equal(opt_trials(&sp), 200);
	arena_free(&s.a);
}

static void words(void **state)
{
	static const struct { const char *in, *out; } w[] = {
		{ "Fast length=5:50:5", "{\"input\":\"Fast length\",\"min\":5,\"max\":50,\"step\":5}" },
		{ "w=0:1", "{\"input\":\"w\",\"min\":0,\"max\":1}" },
		{ "kind=EMA, SMA", "{\"input\":\"kind\",\"options\":[\"EMA\",\"SMA\"]}" },
		{ "on", "{\"input\":\"on\"}" },
	};
	struct arena *a = arena_new("t", 1 << 20);
	struct err err;
	struct sbuf b;
	struct jw jw;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(w); i++) {
		sbuf_init(&b, a, 1000);
		jw_init(&jw, &b);
		assert_int_equal(opt_axis_text(&jw, str_c(w[i].in), &err), 0);
		assert_string_equal(sbuf_finish(&b), w[i].out);
	}
	sbuf_init(&b, a, 1000);
	jw_init(&jw, &b);
	assert_int_equal(opt_limit_text(&jw, str_c("trades >= 30"), &err), 0);
	assert_string_equal(sbuf_finish(&b),
			    "{\"metric\":\"trades\",\"op\":\">=\",\"value\":30}");
	assert_int_equal(opt_limit_text(&jw, str_c("trades=30"), &err), -E_INVAL);
	assert_int_equal(opt_limit_text(&jw, str_c("trades>=x"), &err), -E_INVAL);
	assert_int_equal(opt_axis_text(&jw, str_c("=3"), &err), -E_INVAL);
	arena_free(&a);
}

#define SPACE "\"space\":[{\"input\":\"fast\",\"min\":2,\"max\":100,\"step\":1}," \
	"{\"input\":\"slow\",\"min\":2,\"max\":200,\"step\":1}," \
	"{\"input\":\"w\",\"min\":0,\"max\":3,\"step\":0}]"

/* A hill with its top at fast 70, slow 40, w 1, and a wall of no score. */
static double hill(const double *p)
{
	double x = (p[0] - 68) / 99, y = (p[1] - 38) / 199, z = (p[2] - 1) / 3;

	return p[0] > 90 ? NAN : -(x * x + y * y + z * z);
}

static double search(struct scene *s, const struct opt_spec *sp, size_t fold,
		     double *points)
{
	struct opt_search *q = opt_search_new(s->a, sp, fold);
	double best = -INFINITY;

	for (size_t i = 0; i < opt_trials(sp); ) {
		size_t end;

		opt_batch(sp, i, &end);
		/* All are asked before any is told, the last first. */
		for (size_t k = end; k-- > i; )
			memcpy(points + 3 * k, opt_ask(q, k), 3 * sizeof(double));
		for (size_t k = end; k-- > i; ) {
			double v = hill(points + 3 * k);

			opt_tell(q, k, v);
			best = v > best ? v : best;
		}
		i = end;
	}
	return best;
}

static void methods(void **state)
{
	static const char *const name[] = { "random", "sobol", "anneal", "tpe" };
	double mean[4] = { 0 }, p[600], again[600];
	struct scene s;

	(void)state;
	begin(&s, 10);
	for (size_t m = 0; m < 4; m++)
		for (int seed = 1; seed <= 20; seed++) {
			struct opt_spec sp = good_spec(&s, arena_printf(s.a,
				"{\"method\":\"%s\",\"max_trials\":200,\"seed\":%d,"
				SPACE "}", name[m], seed));

			mean[m] += search(&s, &sp, 0, p) / 20;
			search(&s, &sp, 0, again);
			assert_memory_equal(p, again, sizeof(p));
			search(&s, &sp, 1, again);
			assert_memory_not_equal(p, again, sizeof(p));
			for (size_t i = 0; i < 200; i++)
				for (size_t k = 0; k < i; k++)
					assert_memory_not_equal(p + 3 * i, p + 3 * k, 24);
		}
	/* What looks at scores comes much closer to the top. */
	assert_true(mean[2] > mean[0] / 2);
	assert_true(mean[3] > mean[0] / 20);
	assert_true(mean[1] > 2 * mean[0]);
	arena_free(&s.a);
}

/* A space with fewer points than trials is taken whole, each point once. */
static void small_spaces(void **state)
{
	static const char *const name[] = { "grid", "random", "sobol", "anneal", "tpe" };
	struct scene s;

	(void)state;
	begin(&s, 10);
	for (size_t m = 0; m < 5; m++) {
		struct opt_spec sp = good_spec(&s, arena_printf(s.a,
			"{\"method\":\"%s\",\"max_trials\":500,\"space\":["
			"{\"input\":\"fast\",\"min\":2,\"max\":14,\"step\":1},"
			"{\"input\":\"kind\"},{\"input\":\"on\"}]}", name[m]));
		struct opt_search *q = opt_search_new(s.a, &sp, 0);
		bool seen[64] = { false };

		assert_int_equal(opt_trials(&sp), 52);
		for (size_t i = 0; i < 52; i++) {
			const double *p = opt_ask(q, i);
			size_t at;

			if (p == NULL)
				fail_msg("%s: trial %zu is not ready", name[m], i);
			at = (size_t)(p[0] * 4 + p[1] * 2 + p[2]) & 63;
			assert_true(at < 52 && !seen[at]);
			seen[at] = true;
			opt_tell(q, i, at == 7 ? NAN : (double)at);
		}
	}
	arena_free(&s.a);
}

static void waits_for_scores(void **state)
{
	struct opt_spec sp;
	struct opt_search *q;
	struct scene s;

	(void)state;
	begin(&s, 10);
	sp = good_spec(&s, "{\"method\":\"tpe\",\"max_trials\":50," SPACE "}");
	q = opt_search_new(s.a, &sp, 0);
	assert_non_null(opt_ask(q, 7));
	assert_null(opt_ask(q, 8));
	for (size_t i = 1; i < 8; i++)
		opt_tell(q, i, 1);
	assert_null(opt_ask(q, 8));
	opt_tell(q, 0, 1);
	assert_non_null(opt_ask(q, 15));
	assert_null(opt_ask(q, 16));
	arena_free(&s.a);
}

static void trials(void **state)
{
	struct opt_trial t, back;
	struct opt_fold *f;
	struct opt_spec sp;
	const struct json *j;
	struct scene s;
	struct err err;
	struct sbuf b;
	struct jw w;
	size_t n;

	(void)state;
	begin(&s, 3000);
	sp = good_spec(&s, "{\"objective\":\"net_profit\",\"constraints\":[{\"metric\":"
		       "\"trades\",\"op\":\">=\",\"value\":10}],\"space\":[{\"input\":\"fast\","
		       "\"min\":12,\"max\":14,\"step\":1},{\"input\":\"kind\"}]}");
	assert_int_equal(opt_folds(s.a, &sp, 3000, &f, &n, &err), 0);
	assert_int_equal(n, 1);
	assert_int_equal(opt_eval(s.a, &s.d, &sp, f, 0, 0, (double[]){ 0, 1 }, &t, &err), 0);
	assert_string_equal(t.inputs, "{\"fast\":12,\"kind\":\"SMA\"}");
	assert_true(t.kept && t.stats.trades > 10 && t.error == NULL);
	assert_true(t.score == t.stats.net_profit);
	assert_int_equal(t.returns.n, 125);
	sbuf_init(&b, s.a, 1 << 16);
	jw_init(&w, &b);
	opt_trial_write(&w, &t);
	assert_int_equal(json_parse(s.a, b.buf, b.len, &j, &err), 0);
	assert_int_equal(opt_trial_read(s.a, j, &back, &err), 0);
	assert_memory_equal(&back.returns, &t.returns, sizeof(t.returns));
#define X(m) assert_true(back.stats.m == t.stats.m || (isnan(back.stats.m) && isnan(t.stats.m)));
	BT_STATS(X)
#undef X
	/* A script that fails with some inputs. */
	assert_int_equal(opt_eval(s.a, &s.d, &sp, f, 0, 1, (double[]){ 1, 1 }, &t, &err), 0);
	assert_non_null(strstr(t.error, "unlucky"));
	assert_true(isnan(t.score) && isnan(t.stats.sharpe));
	/* A constraint that is not met. */
	sp.limits[0].value = 1e6;
	assert_int_equal(opt_eval(s.a, &s.d, &sp, f, 0, 0, (double[]){ 0, 1 }, &t, &err), 0);
	assert_true(isnan(t.score) && !t.kept);
	arena_free(&s.a);
}

static const char *trial_text(struct scene *s, const struct opt_trial *t)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, s->a, 1 << 16);
	jw_init(&w, &b);
	opt_trial_write(&w, t);
	return sbuf_finish(&b);
}

/* Columns that trials have in common change nothing, to the bit. */
static void shared_columns(void **state)
{
	static const char many[] =
		"//@version=5\n"
		"strategy(\"x\", initial_capital=10000)\n"
		"n = input.int(5, minval=2, maxval=30)\n"
		"m = input.int(20, minval=2, maxval=90)\n"
		"back = input.int(1, minval=0, maxval=9)\n"
		"src = input.source(hl2)\n"
		"[mid, up, dn] = ta.bb(src, m, 2)\n"
		"f = ta.ema(ta.sma(src[back], n), n)\n"
		"d = request.security(syminfo.tickerid, \"D\", ta.sma(close, n))\n"
		"[p, q, r] = ta.macd(f - mid[2], 12, 26, 9)\n"
		"h = ta.highest(high, m)\n"
		"if ta.crossover(f, mid) and close < h\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(p, q) or close > up or close < d * 0.9\n"
		"    strategy.close(\"L\")\n";
	struct opt_trial plain, shared;
	struct opt_share share = { NULL, NULL, (size_t)1 << 26 };
	struct opt_fold *f;
	struct opt_spec sp;
	struct diags diags;
	struct scene s;
	struct err err;
	size_t n, k = 0;

	(void)state;
	begin(&s, 3000);
	if (script_compile(s.a, many, strlen(many), NULL, &s.prog, &diags, &err) < 0)
		fail_msg("%s", err.msg);
	s.d.prog = s.prog;
	sp = good_spec(&s, "{\"space\":[{\"input\":\"n\",\"min\":3,\"max\":9,\"step\":3},"
		       "{\"input\":\"m\",\"min\":10,\"max\":50,\"step\":20},"
		       "{\"input\":\"back\",\"min\":0,\"max\":2,\"step\":1},"
		       "{\"input\":\"src\",\"options\":[\"close\",\"hl2\"]}],"
		       "\"walk_forward\":{\"kind\":\"rolling\",\"train\":1000,\"test\":800}}");
	share.a = arena_new("share", (size_t)1 << 27);
	assert_int_equal(opt_folds(s.a, &sp, 3000, &f, &n, &err), 0);
	for (size_t fold = 0; fold < n; fold++) {
		struct opt_search *q = opt_search_new(s.a, &sp, fold);

		for (size_t i = 0; i < opt_trials(&sp); i++) {
			const double *at = opt_ask(q, i);

			s.d.share = NULL;
			assert_int_equal(opt_eval(s.a, &s.d, &sp, &f[fold], fold, i,
						  at, &plain, &err), 0);
			s.d.share = &share;
			assert_int_equal(opt_eval(s.a, &s.d, &sp, &f[fold], fold, i,
						  at, &shared, &err), 0);
			assert_string_equal(trial_text(&s, &plain),
					    trial_text(&s, &shared));
			assert_null(plain.error);
			k += plain.stats.trades > 0;
		}
	}
	assert_true(k > 100);
	/* Other bars than those that are shared are refused. */
	{
		struct script_vm *vm;
		struct script_limits lim = { .share = share.s };
		struct bars block = bars_slice(&s.d.bars, 5, 10);

		assert_int_equal(script_vm_new(s.a, s.prog, NULL, &s.d.market, &lim,
					       &vm, &err), 0);
		assert_int_equal(script_block(vm, &block, &err), -E_BUG);
	}
	arena_free(&share.a);
	arena_free(&s.a);
}

static size_t all_trials(struct scene *s, const struct opt_spec *sp,
			 struct opt_trial *v)
{
	struct opt_fold *f;
	struct err err;
	size_t n, k = 0;

	assert_int_equal(opt_folds(s->a, sp, s->d.bars.n, &f, &n, &err), 0);
	for (size_t i = 0; i < n; i++) {
		struct opt_search *q = opt_search_new(s->a, sp, i);

		for (size_t t = 0; t < opt_trials(sp); t++) {
			assert_int_equal(opt_eval(s->a, &s->d, sp, &f[i], i, t,
						  opt_ask(q, t), &v[k], &err), 0);
			opt_tell(q, t, v[k++].score);
		}
	}
	return k;
}

static const char *result_text(struct scene *s, const struct opt_spec *sp,
			       const struct opt_result *r,
			       const struct opt_trial *v, size_t n)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, s->a, 1 << 24);
	jw_init(&w, &b);
	opt_result_json(&w, sp, r, v, n);
	return sbuf_finish(&b);
}

static void walk_forward(void **state)
{
	struct opt_trial *v;
	struct opt_result r;
	struct opt_spec sp;
	struct scene s;
	struct err err;
	double end = 1;
	size_t n;

	(void)state;
	begin(&s, 5100);
	sp = good_spec(&s, "{\"objective\":\"total_return\",\"space\":[{\"input\":\"fast\","
		       "\"min\":4,\"max\":12,\"step\":2},{\"input\":\"slow\",\"min\":15,"
		       "\"max\":45,\"step\":10}],\"walk_forward\":{\"kind\":\"rolling\","
		       "\"train\":2000,\"test\":1000}}");
	v = NEW_N(s.a, struct opt_trial, 200);
	n = all_trials(&s, &sp, v);
	/* 2000-3000, 3000-4000, 4000-5000; the last 100 are too few. */
	assert_int_equal(n, 3 * 20);
	assert_int_equal(opt_conclude(s.a, &s.d, &sp, v, n, &r, &err), 0);
	assert_int_equal(r.n_folds, 3);
	assert_int_equal(r.n_equity, 3000);
	assert_int_equal(r.equity_t[0], s.d.bars.t[2000]);
	for (size_t i = 0; i < 3; i++) {
		const struct opt_fold_result *f = &r.folds[i];

		assert_int_equal(f->f.train, 1000 * i);
		assert_int_equal(f->f.test_end, 3000 + 1000 * i);
		for (size_t k = 20 * i; k < 20 * (i + 1); k++)
			assert_true(f->best->score >= v[k].score);
		assert_true(f->test.bars == 1000);
		end *= 1 + f->test.total_return;
	}
	assert_true(fabs(r.out_of_sample.total_return - (end - 1)) < 1e-9);
	assert_true(r.luck.pbo >= 0 && r.luck.pbo <= 1);
	assert_true(r.luck.deflated >= 0 && r.luck.deflated <= 1);
	assert_true(r.luck.plateau >= 0 && r.luck.plateau <= 1);
	assert_true(r.chance.total_return.p05 <= r.chance.total_return.p95);
	assert_non_null(strstr(result_text(&s, &sp, &r, v, n), "\"out_of_sample\":{"));

	/* What comes after a fold changes nothing of its training or choice,
	 * and what is after the tests nothing at all. */
	for (size_t i = 5000; i < 5100; i++)
		((double *)(uintptr_t)s.d.bars.c)[i] *= 2;
	{
		struct opt_trial *v2 = NEW_N(s.a, struct opt_trial, 200);
		struct opt_result r2;

		assert_int_equal(all_trials(&s, &sp, v2), n);
		assert_int_equal(opt_conclude(s.a, &s.d, &sp, v2, n, &r2, &err), 0);
		assert_string_equal(result_text(&s, &sp, &r, v, n),
				    result_text(&s, &sp, &r2, v2, n));
	}
	sp.walk = WALK_ANCHORED;
	n = all_trials(&s, &sp, v);
	assert_int_equal(opt_conclude(s.a, &s.d, &sp, v, n, &r, &err), 0);
	assert_int_equal(r.folds[2].f.train, 0);
	assert_int_equal(r.folds[2].f.train_end, 4000);
	arena_free(&s.a);
}

static void nothing_kept(void **state)
{
	struct opt_trial *v;
	struct opt_result r;
	struct opt_spec sp;
	struct scene s;
	struct err err;
	struct sbuf b;
	size_t n;

	(void)state;
	begin(&s, 2000);
	sp = good_spec(&s, "{\"constraints\":[{\"metric\":\"trades\",\"op\":\">=\","
		       "\"value\":1e9}],\"space\":[{\"input\":\"fast\",\"min\":4,\"max\":12,"
		       "\"step\":2}],\"walk_forward\":{\"kind\":\"rolling\",\"train\":1000,"
		       "\"test\":500}}");
	v = NEW_N(s.a, struct opt_trial, 200);
	n = all_trials(&s, &sp, v);
	assert_int_equal(opt_conclude(s.a, &s.d, &sp, v, n, &r, &err), 0);
	assert_null(r.best);
	sbuf_init(&b, s.a, 1 << 20);
	opt_result_text(&b, &sp, &r, v, n);
	assert_non_null(strstr(sbuf_finish(&b), "No trial met"));
	sp.walk = WALK_NONE;
	assert_int_equal(opt_folds(s.a, &sp, 1, &(struct opt_fold *){ NULL }, &n, &err),
			 -E_UNPROCESSABLE);
	sp.walk = WALK_ROLLING;
	assert_int_equal(opt_folds(s.a, &sp, 1400, &(struct opt_fold *){ NULL }, &n, &err),
			 -E_INVAL);
	arena_free(&s.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs),
		cmocka_unit_test(words),
		cmocka_unit_test(methods),
		cmocka_unit_test(small_spaces),
		cmocka_unit_test(waits_for_scores),
		cmocka_unit_test(trials),
		cmocka_unit_test(shared_columns),
		cmocka_unit_test(walk_forward),
		cmocka_unit_test(nothing_kept),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, NULL);
}
