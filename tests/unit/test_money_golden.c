#include "config.h"
#include "test.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/money.h"
#include "core/str.h"

/* Every row of tests/golden/money.csv, in every rounding mode. */

static const enum round modes[] = { ROUND_DOWN, ROUND_UP, ROUND_FLOOR,
	ROUND_CEIL, ROUND_HALF_UP, ROUND_HALF_EVEN };

static struct qty operand(struct str s)
{
	struct qty v = qty_zero();

	if (!qty_parse_n(&v, s.p, s.n))
		fail_msg("%.*s", STR_ARG(s));
	return v;
}

static bool compute(struct str op, struct str a, struct str b, enum round m,
		    struct qty *ret)
{
	if (str_eqc(op, "text"))
		return qty_parse_exchange(ret, a.p, a.n, m);
	if (str_eqc(op, "mul"))
		return qty_scale(ret, operand(a), operand(b), m);
	if (str_eqc(op, "step"))
		return qty_to_step(ret, operand(a), operand(b), m);
	assert_true(str_eqc(op, "div"));
	return quote_ratio(ret, quote_from_raw(qty_raw(operand(a))),
			   quote_from_raw(qty_raw(operand(b))), m);
}

static void one_row(struct str line, const char *wanted_op, unsigned *rows)
{
	struct str op, a, b, want;
	char got[MONEY_TEXT_MAX];

	assert_true(str_split(&line, ',', &op) && str_split(&line, ',', &a) &&
		    str_split(&line, ',', &b));
	if (!str_eqc(op, wanted_op))
		return;
	++*rows;
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct qty r = qty_zero();
		bool ok = compute(op, a, b, modes[i], &r);

		assert_true(str_split(&line, ',', &want));
		qty_format(got, r);
		if (ok ? !str_eqc(want, got) : !str_eqc(want, "-"))
			fail_msg("%.*s %.*s %.*s, mode %zu: %s, not %.*s",
				 STR_ARG(op), STR_ARG(a), STR_ARG(b), i,
				 ok ? got : "-", STR_ARG(want));
	}
}

static void golden(void **state)
{
	const char *op = *state, *top = getenv("top_srcdir");
	char path[4096], line[1000];
	unsigned rows = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/golden/money.csv",
		 top != NULL ? top : ".");
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s", path);
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#')
			one_row(str_trim(str_c(line)), op, &rows);
	fclose(f);
	assert_true(rows > 300);
}

int main(void)
{
	static char mul[] = "mul", div[] = "div", step[] = "step", text[] = "text";
	const struct CMUnitTest tests[] = {
		{ "products_are_python_decimals", golden, NULL, NULL, mul },
		{ "quotients_are_python_decimals", golden, NULL, NULL, div },
		{ "steps_are_python_decimals", golden, NULL, NULL, step },
		{ "exchange_texts_are_python_decimals", golden, NULL, NULL, text },
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
