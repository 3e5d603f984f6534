#include "config.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bt/ft_i.h"
#include "market/table.h"

/* freqtrade's own trade lists (tests/golden/make_freqtrade.py): every trade's
 * pair, side, times, prices, reason, amount, profit and tag must be equal, and
 * so must the rejected signals, the locks and the balance. */

static struct arena *root;
static const char *const pair_names[] = { "A/USDT", "B/USDT", "C/USDT" };

static const char *file(const char *name)
{
	const char *top = getenv("top_srcdir");

	return arena_printf(root, "%s/tests/golden/freqtrade/%s",
			    top != NULL ? top : ".", name);
}

static const struct json *read_json(const char *name)
{
	const char *path = file(name);
	FILE *f = fopen(path, "rb");
	char *buf = arena_alloc(root, 1 << 20);
	const struct json *j;
	struct err err;
	size_t n;

	if (f == NULL)
		fail_msg("%s: cannot be read", path);
	n = fread(buf, 1, 1 << 20, f);
	fclose(f);
	if (json_parse(root, buf, n, &j, &err) < 0)
		fail_msg("%s: %s", path, err.msg);
	return j;
}

static void read_table(const char *name, struct table *t, struct bars *b)
{
	struct bars_cols c;
	struct err err;

	if (table_read(root, file(name), t, &err) < 0 ||
	    table_bars(root, t, &c, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	*b = (struct bars){ c.n, c.t, c.o, c.h, c.l, c.c, c.v };
}

static long column(const struct table *t, const char *name)
{
	const char *const names[] = { name, NULL };

	return table_find(t, names);
}

static const bool *flags(const struct table *t, const char *name)
{
	struct err err;
	bool *v;

	if (table_flags(root, t, (size_t)column(t, name), &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static const double *numbers(const struct table *t, const char *name)
{
	struct err err;
	double *v;

	if (column(t, name) < 0)
		return NULL;
	if (table_numbers(root, t, (size_t)column(t, name), &v, &err) < 0)
		fail_msg("%s", err.msg);
	return v;
}

static double number(const struct json *j)
{
	double v = NAN;

	if (!json_f64(j, &v))
		fail_msg("not a number");
	return v;
}

static void read_pair(struct ft_pair *p, int k, const struct json *c, bool detail)
{
	struct str kind;
	struct table t;
	struct err err;
	bool funding = false;

	if (!json_str(json_get(c, "files"), &kind) ||
	    !json_bool(json_get(c, "funding"), &funding))
		fail_msg("a case without files");
	*p = (struct ft_pair){ .name = pair_names[k] };
	read_table(arena_printf(root, "%.*s%d.csv", STR_ARG(kind), k), &t, &p->bars);
	p->enter_long = flags(&t, "enter_long");
	p->exit_long = flags(&t, "exit_long");
	p->enter_short = flags(&t, "enter_short");
	p->exit_short = flags(&t, "exit_short");
	p->enter_tag = table_texts(root, &t, (size_t)column(&t, "enter_tag"));
	p->exit_tag = table_texts(root, &t, (size_t)column(&t, "exit_tag"));
	p->entry_price = numbers(&t, "entry_price");
	p->exit_price = numbers(&t, "exit_price");
	p->tick = number(json_get(c, "tick"));
	p->lot = number(json_get(c, "lot"));
	if (detail)
		read_table(arena_printf(root, "h%d_1m.csv", k), &t, &p->detail);
	if (funding) {
		struct bt_funding *u = &p->funding;
		int64_t *at = NULL;

		if (table_read(root, file(arena_printf(root, "f%d.csv", k)), &t,
			       &err) < 0 ||
		    table_times(root, &t, 0, &at, &err) < 0)
			fail_msg("%s", err.msg);
		*u = (struct bt_funding){ t.rows, at, numbers(&t, "rate"),
					  numbers(&t, "mark") };
	}
}

static bool text_is(const struct json *j, const char *s)
{
	struct str v;

	return json_str(j, &v) && str_eqc(v, s != NULL ? s : "");
}

static bool near(const struct json *j, double v, double within)
{
	double want = number(j);

	return fabs(want - v) <= within * fmax(1, fabs(want));
}

/* What is different in trade `t`, or NULL. */
static const char *differs(const struct json *w, const struct ft_trade *t)
{
	if (strcmp(pair_names[(int)number(json_at(w, 0))], t->pair) != 0)
		return "pair";
	if ((number(json_at(w, 1)) != 0) != t->is_short)
		return "side";
	if ((int64_t)number(json_at(w, 2)) * 60000 != t->open_ms)
		return "entry time";
	if ((int64_t)number(json_at(w, 3)) * 60000 != t->close_ms)
		return "exit time";
	if (!near(json_at(w, 4), t->open_rate, 1e-13))
		return "entry price";
	if (!near(json_at(w, 5), t->close_rate, 1e-13))
		return "exit price";
	if (!text_is(json_at(w, 6), t->exit_reason))
		return "reason";
	if (!near(json_at(w, 7), t->amount, 1e-8))	/* stored to 8 places */
		return "amount";
	if (fabs(number(json_at(w, 8)) - t->profit_abs) > 1.1e-8)
		return "profit";
	if (fabs(number(json_at(w, 9)) - t->profit_ratio) > 1e-12)
		return "profit ratio";
	return text_is(json_at(w, 10), t->enter_tag) ? NULL : "tag";
}

static void run_case(const char *version, const struct json *c,
		     struct ft_result *ret)
{
	const char *name = json_text(json_get(c, "name")).p;
	struct ft_rules rules = ft_defaults(), of_version = rules;
	const struct json *v;
	struct ft_pair pairs[3];
	struct err err;

	if (json_parse(root, version, strlen(version), &v, &err) < 0 ||
	    ft_rules_read(v, &of_version, &err) < 0 ||
	    ft_rules_read(json_get(c, "rules"), &rules, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
	rules.version = of_version.version;
	rules.late_2025 = of_version.late_2025;
	for (int k = 0; k < 3; k++)
		read_pair(&pairs[k], k, c, rules.detail_ms > 0);
	if (ft_run(root, &rules, pairs, 3, ret, &err) < 0)
		fail_msg("%s: %s", name, err.msg);
}

static void one_case(const char *version, const struct json *c)
{
	const struct json *want = json_get(c, "trades");
	const char *name = json_text(json_get(c, "name")).p, *what;
	struct ft_result r;

	run_case(version, c, &r);
	for (size_t i = 0; i < r.n_trades && i < json_len(want); i++)
		if ((what = differs(json_at(want, i), &r.trades[i])) != NULL)
			fail_msg("%s: trade %zu: %s", name, i + 1, what);
	if (r.n_trades != json_len(want))
		fail_msg("%s: %zu trades, not %zu", name, r.n_trades, json_len(want));
	if (number(json_get(c, "rejected")) != (double)r.rejected)
		fail_msg("%s: rejected signals", name);
	if (number(json_get(c, "locks")) != (double)r.locks)
		fail_msg("%s: locks", name);
	if (!near(json_get(c, "balance"), r.final_balance, 1e-10))
		fail_msg("%s: balance", name);
}

static void all_cases(const char *release)
{
	const char *version = arena_printf(root, "{\"freqtrade_version\":\"%s\"}",
					   release);
	const struct json *j = read_json(arena_printf(root, "freqtrade-%s.json",
						      release));

	assert_true(json_len(j) >= 29);
	for (size_t i = 0; i < json_len(j); i++)
		one_case(version, json_at(j, i));
}

static void trades_are_those_of_2024_10(void **state) { (void)state; all_cases("2024.10"); }
static void trades_are_those_of_2025_9(void **state) { (void)state; all_cases("2025.9"); }
static void trades_are_those_of_2025_12(void **state) { (void)state; all_cases("2025.12"); }
static void trades_are_those_of_2026_9(void **state) { (void)state; all_cases("2026.9"); }

static void ratios_of_the_wallet_are_those_of_2026_9(void **state)
{
	const struct json *j = read_json("wallet-2026.9.json");

	(void)state;
	assert_true(json_len(j) >= 7);
	for (size_t i = 0; i < json_len(j); i++) {
		const struct json *c = json_at(j, i), *want = json_get(c, "stats");
		const char *name = json_text(json_get(c, "name")).p;
		struct ft_result r;
		struct ft_stats s;

		run_case("{\"freqtrade_version\":\"2026.9\"}", c, &r);
		if (!near(json_get(c, "balance"), r.final_balance, 1e-10))
			fail_msg("%s: balance", name);
		ft_stats(&s, &r);
#define SAME(key)							\
		if (!near(json_get(want, #key), s.wallet_##key, 1e-9))	\
			fail_msg("%s: " #key ": %.17g, not %.17g", name,	\
				 s.wallet_##key, number(json_get(want, #key)))
		SAME(sharpe);
		SAME(sortino);
		SAME(calmar);
		SAME(max_drawdown_abs);
		SAME(max_drawdown_account);
		SAME(max_relative_drawdown);
	}
}

static void profits_after_interest_are_freqtrades(void **state)
{
	static const char *const exchange[] = { "exchange", NULL };
	const double *c[10];
	static const char *const names[10] = { "short", "leverage", "amount",
		"open_rate", "close_rate", "fee", "interest_rate", "minutes",
		"profit_abs", "profit_ratio" };
	const char *const *lender;
	struct table t;
	struct err err;

	(void)state;
	if (table_read(root, file("margin.csv"), &t, &err) < 0)
		fail_msg("%s", err.msg);
	lender = table_texts(root, &t, (size_t)table_find(&t, exchange));
	for (size_t k = 0; k < 10; k++)
		c[k] = numbers(&t, names[k]);
	assert_true(t.rows >= 60);
	for (size_t i = 0; i < t.rows; i++) {
		struct ft_rules r = ft_defaults();
		struct ft_trade x = { .is_short = c[0][i] != 0, .leverage = c[1][i],
			.amount = c[2][i], .open_rate = c[3][i],
			.fee_open = c[5][i], .fee_close = c[5][i],
			.open_ms = 1700000000000 };
		struct ft f = { .r = &r };

		r.mode = FT_MARGIN;
		r.lender = strcmp(lender[i], "kraken") == 0 ? FT_LENDER_KRAKEN :
			FT_LENDER_BINANCE;
		r.interest_rate = c[6][i];
		f.now = x.open_ms + (int64_t)c[7][i] * 60000;
		if (fabs(ft_profit_abs(&f, &x, c[4][i]) - c[8][i]) > 1.1e-8)
			fail_msg("row %zu: profit %.9f, not %.9f", i,
				 ft_profit_abs(&f, &x, c[4][i]), c[8][i]);
		if (fabs(ft_profit_ratio(&f, &x, c[4][i]) - c[9][i]) > 1.1e-8)
			fail_msg("row %zu: ratio", i);
	}
}

static int setup(void **state)
{
	(void)state;
	root = arena_new("t", (size_t)1 << 30);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(trades_are_those_of_2024_10, setup, teardown),
		cmocka_unit_test_setup_teardown(trades_are_those_of_2025_9, setup, teardown),
		cmocka_unit_test_setup_teardown(trades_are_those_of_2025_12, setup, teardown),
		cmocka_unit_test_setup_teardown(trades_are_those_of_2026_9, setup, teardown),
		cmocka_unit_test_setup_teardown(profits_after_interest_are_freqtrades, setup, teardown),
		cmocka_unit_test_setup_teardown(ratios_of_the_wallet_are_those_of_2026_9, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
