/* Indicators against TA-Lib: tests/golden/indicators.csv, made by
 * make_indicators.py beside it.  Relative error at most 1e-9 (absolute below
 * 1), from the bar on that the column's name states; where that is 0, na must
 * stand in the same places, too. */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

#include "ind/ind.h"
#include "market/table.h"

static struct arena *mem;
static struct table t;

static const double *column(const char *name)
{
	long at = table_find(&t, (const char *const[]){ name, NULL });
	struct err err;
	double *v, *h, *l, *c;

	if (at >= 0) {
		assert_int_equal(table_numbers(mem, &t, (size_t)at, &v, &err), 0);
		return v;
	}
	assert_string_equal(name, "hlc3");
	h = (double *)(uintptr_t)column("high");
	l = (double *)(uintptr_t)column("low");
	c = (double *)(uintptr_t)column("close");
	v = NEW_N(mem, double, t.rows);
	for (size_t i = 0; i < t.rows; i++)
		v[i] = (h[i] + l[i] + c[i]) / 3;
	return v;
}

static const double *compute(const char *row, struct str params, size_t output)
{
	const struct ind_def *d = ind_find(row);
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], p[IND_PARAMS_MAX];
	struct str one;
	struct ind *s;
	struct err err;

	assert_non_null(d);
	assert_true(output < d->n_out);
	ind_defaults(d, p);
	for (size_t k = 0; params.n > 0 && !str_eqc(params, "-") &&
	     str_split(&params, ';', &one); k++)
		assert_true(str_double(one, &p[k]));
	for (size_t k = 0; k < d->n_in; k++)
		in[k] = column(strcmp(d->in[k], "source") == 0 ? "close" : d->in[k]);
	for (size_t k = 0; k < d->n_out; k++)
		ret[k] = NEW_N(mem, double, t.rows);
	assert_int_equal(ind_new(mem, d, p, &s, &err), 0);
	ind_run(s, in, ret, t.rows);
	return ret[output];
}

static void values_are_those_of_talib(void **state)
{
	char path[4096];
	struct err err;
	size_t seen = 0;
	const char *top = getenv("top_srcdir");

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/golden/indicators.csv",
		 top == NULL ? "." : top);
	if (table_read(mem, path, &t, &err) < 0)
		fail_msg("%s", err.msg);
	for (size_t k = 6; k < t.cols; k++) {
		struct str head = t.head[k], row, params, out;
		const char *name = str_dup(mem, head);
		const double *got, *want = column(name);
		uint64_t output = 0, from = 0;

		str_split(&head, '/', &row);
		str_split(&head, '/', &params);
		str_split(&head, '/', &out);
		assert_true(str_u64(out, &output) && str_u64(head, &from));
		got = compute(str_dup(mem, row), params, (size_t)output);
		for (size_t i = from; i < t.rows; i++) {
			if (isnan(got[i]) && isnan(want[i]))
				continue;
			if (!(fabs(got[i] - want[i]) <= 1e-9 * fmax(1, fabs(want[i]))))
				fail_msg("%s at bar %zu: %.17g, not %.17g", name, i,
					 got[i], want[i]);
			seen++;
		}
	}
	assert_true(seen > 12000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_those_of_talib),
	};
	int rc;

	mem = arena_new("t", 1 << 26);
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(&mem);
	return rc;
}
