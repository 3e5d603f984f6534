/* ml.predict(), ml.action(), ml.confidence(): what a host's model says. */
#include "config.h"

#include "t_script.h"

#define S6 "//@version=6\nindicator(\"x\")\n"
#define N 300
#define FIRST 40		/* the model says nothing before */

static struct t_bars bars;
static double said[N][SM__N];

static void make_model(struct script_model *m)
{
	t_walk(&bars, 11);
	for (size_t i = 0; i < N; i++) {
		double b = (double)(i % 10) / 20, s = (double)(i % 7) / 20;

		said[i][SM_BUY] = b;
		said[i][SM_SELL] = s;
		said[i][SM_HOLD] = 1 - b - s;
		said[i][SM_CONFIDENCE] = 0.5 + b / 2;
		said[i][SM_ACTION] = (double)(i % 3);
		said[i][SM_RETURN] = NAN;
	}
	*m = (struct script_model){ "trend", said[FIRST], &bars.t[FIRST], N - FIRST };
}

static int machine(struct arena *a, const char *src, const struct script_model *m,
		   size_t n, struct script_vm **ret, struct err *err)
{
	struct script_market *k = NEW(a, struct script_market);

	*k = t_market;
	k->models = m;
	k->n_models = n;
	return script_vm_new(a, t_compile(a, src), NULL, k, NULL, ret, err);
}

/* The first plot of every bar; block 1: bar by bar, one row at a time. */
static void values(const char *src, size_t block, double *ret)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_model m;
	struct script_vm *vm;
	struct strat_cmds cmds;
	struct bars all;
	struct err err;

	make_model(&m);
	all = t_view(&bars, N);
	if (machine(a, src, &m, 1, &vm, &err) < 0)
		fail_msg("%s\n%s", err.msg, src);
	for (size_t i = 0; i < N; ) {
		size_t k = block < N - i ? block : N - i;
		struct bars part = bars_slice(&all, i, k);

		if (block == 1)
			m = (struct script_model){ "trend", said[i], &bars.t[i], i >= FIRST };
		if (script_block(vm, &part, &err) < 0)
			fail_msg("%s", err.msg);
		for (; k > 0; k--, i++) {
			if (script_step(vm, NULL, &cmds, &err) < 0)
				fail_msg("%s", err.msg);
			script_plot_values(vm, &ret[i]);
		}
	}
	arena_free(&a);
}

static double buy(size_t i) { return i < FIRST ? NAN : said[i][SM_BUY]; }
static double hold(size_t i) { return i < FIRST ? NAN : said[i][SM_HOLD]; }
static double sell_before(size_t i) { return i < FIRST + 2 ? NAN : said[i - 2][SM_SELL]; }
static double sure(size_t i) { return i < FIRST ? NAN : said[i][SM_CONFIDENCE]; }
static double is_sell(size_t i) { return i >= FIRST && i % 3 == 2; }
static double word(size_t i) { return i < FIRST ? NAN : (double)(i % 3) + 3 - (i % 3 == 0 ? 1 : 0); }
static double unknown(size_t i) { (void)i; return NAN; }

static void each_bar_has_its_value(void **state)
{
	static const struct { const char *expr; double (*want)(size_t i); } v[] = {
		{ "ml.predict(\"trend\", \"buy\")", buy },
		{ "ml.predict(model = \"trend\", output = \"hold\")", hold },
		{ "ml.predict(\"trend\", \"sell\")[2]", sell_before },
		{ "ml.predict(\"trend\", \"return\")", unknown },
		{ "ml.confidence(\"trend\")", sure },
		{ "ml.action(\"trend\") == \"sell\" ? 1 : 0", is_sell },
		/* three different numbers, na where there is no word
		 */
		{ "ml.action(\"trend\") == \"buy\" ? 2 : ml.action(\"trend\") == \"hold\" ? "
		  "4 : ml.action(\"trend\") == \"sell\" ? 5 : na", word },
	};
	static const size_t blocks[] = { 1, 64, 256 };
	double got[N];

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(v); k++)
		for (size_t b = 0; b < ARRAY_LEN(blocks); b++) {
			char src[400];

			snprintf(src, sizeof(src), S6 "plot(%s)", v[k].expr);
			values(src, blocks[b], got);
			for (size_t i = 0; i < N; i++) {
				double w = v[k].want(i);

				if (memcmp(&w, &got[i], sizeof(w)) != 0 &&
				    !(isnan(w) && isnan(got[i])))
					fail_msg("%s: bar %zu, block %zu: %g, not %g",
						 v[k].expr, i, blocks[b], got[i], w);
			}
		}
}

static void a_program_says_which_models_it_wants(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	const char *const *names;
	const struct script_prog *p = t_compile(a, S6 "plot(ml.predict(\"b\", \"buy\") + "
		"ml.confidence(\"a\") + ml.predict(\"b\", \"sell\"))");

	(void)state;
	assert_int_equal(script_models(p, &names), 2);
	assert_string_equal(names[0], "b");
	assert_string_equal(names[1], "a");
	assert_int_equal(script_models(t_compile(a, S6 "plot(close)"), &names), 0);
	arena_free(&a);
}

static void a_model_that_is_not_there_is_named(void **state)
{
	struct arena *a = arena_new("t", 1u << 28);
	struct script_model m;
	struct script_vm *vm;
	struct err err;

	(void)state;
	make_model(&m);
	assert_int_equal(machine(a, S6 "\nplot(ml.predict(\"other\", \"buy\"))", &m, 1, &vm,
				 &err), -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "line 4: the script asks the model \"other\""));
	assert_int_equal(machine(a, S6 "plot(ml.confidence(\"trend\"))", NULL, 0, &vm, &err),
			 -E_UNPROCESSABLE);
	arena_free(&a);
}

static void what_cannot_be_asked_is_an_error_of_the_script(void **state)
{
	static const struct { const char *line, *say; } v[] = {
		{ "plot(ml.predict(\"a\", \"up\"))", "not \"up\"" },
		{ "plot(ml.predict(\"a\"))", "ml.predict() needs" },
		{ "plot(ml.predict(\"\", \"buy\"))", "from 1 to 120" },
		{ "plot(ml.predict(syminfo.ticker, \"buy\"))", "constant text" },
		{ "plot(ml.confidence(1))", "ml.confidence() needs" },
		{ "plot(ml.confidence(\"a\", \"b\"))", "at most 1" },
		{ "plot(ml.confidence(name = \"a\"))", "name" },
		{ "plot(request.security(\"\", \"D\", ml.confidence(\"a\")))",
		  "belongs to the chart" },
	};
	struct arena *a = arena_new("t", 1u << 28);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		const struct script_prog *p;
		struct diags d;
		struct err err;
		char src[300];
		int n = snprintf(src, sizeof(src), S6 "%s", v[i].line);

		if (script_compile(a, src, (size_t)n, NULL, &p, &d, &err) == 0)
			fail_msg("compiles: %s", v[i].line);
		assert_true(d.n > 0);
		if (strstr(d.v[0].msg, v[i].say) == NULL)
			fail_msg("%s: %s", v[i].line, d.v[0].msg);
	}
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_bar_has_its_value),
		cmocka_unit_test(a_program_says_which_models_it_wants),
		cmocka_unit_test(a_model_that_is_not_there_is_named),
		cmocka_unit_test(what_cannot_be_asked_is_an_error_of_the_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
