#include "config.h"

#include <math.h>

#include "fuzz.h"
#include "script/again.h"

/* Whatever the text: it compiles or is refused with a diagnostic, runs within
 * its budgets or fails with a sentence, and lays out to a text that lays out
 * to itself. */

#define BARS 40

static void bars_of(int64_t *t, double (*v)[BARS])
{
	for (size_t i = 0; i < BARS; i++) {
		double p = 100 + 10 * sin((double)i);

		t[i] = 1704067200000 + (int64_t)i * 3600000;
		v[0][i] = p;
		v[1][i] = p + 2;
		v[2][i] = p - 2;
		v[3][i] = p + 1;
		v[4][i] = (double)(i % 5);
	}
}

static void run(struct arena *a, const struct script_prog *p)
{
	struct script_market m = { .symbol = "X", .timeframe = "60",
		.mintick = 0.01, .last_bar_index = -1 };
	const struct script_limits lim = { .steps = 20000, .memory = 1 << 20 };
	int64_t t[BARS];
	double v[5][BARS];
	struct bars b = { BARS, t, v[0], v[1], v[2], v[3], v[4] };
	struct strat_account acct = { .initial_capital = 1000, .equity = 1000 };
	struct strat_cmds cmds;
	struct script_vm *vm;
	struct err err = { 0 };
	int rc;

	bars_of(t, v);
	m.ahead = &b;
	rc = script_vm_new(a, p, NULL, &m, &lim, &vm, &err);
	for (size_t i = 0; rc == 0 && i < BARS; i++) {
		struct bars one = bars_slice(&b, i, 1);

		acct.position_size = i % 3 == 0 ? 1 : 0;
		rc = script_block(vm, &one, &err);
		/* as after fills: some bars are run more than once */
		for (size_t k = 0; rc == 0 && k < i % 4; k++)
			rc = script_early(vm, &acct, &cmds, &err);
		if (rc == 0 && i % 5 == 4)
			rc = script_keep(vm, &err);
		if (rc == 0)
			rc = script_step(vm, &acct, &cmds, &err);
		if (rc == 0 && i % 5 == 4)
			rc = script_late(vm, &acct, &cmds, &err);
	}
	promise("a failure has a sentence", rc == 0 || err.msg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new("fuzz", (size_t)1 << 30);
	const char *src = (const char *)data, *one, *two;
	const struct script_prog *p;
	struct diags d;
	struct err err = { 0 };
	int rc;

	if (size > 20000) {
		arena_free(&a);
		return 0;
	}
	rc = script_compile(a, src, size, NULL, &p, &d, &err);
	if (rc == 0)
		run(a, p);
	else
		promise("a refusal has a diagnostic", d.n > 0);
	if (script_format(a, src, size, &one, &err) == 0) {
		promise("what is laid out can be laid out",
			script_format(a, one, strlen(one), &two, &err) == 0);
		promise("a layout settles", strcmp(one, two) == 0);
	}
	arena_free(&a);
	return 0;
}
