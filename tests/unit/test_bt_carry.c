#include "config.h"
#include "test.h"

#include "t_scene.h"

#include "bt/bt.h"
#include "t_script.h"

/* Funding and interest: at the opens of bars, on what is held before their
 * fills, as a fee of the open trades. */

#define MINUTE INT64_C(60000)
static const int64_t when[] = { 2 * MINUTE, 4 * MINUTE, 5 * MINUTE - 1, 90 * MINUTE };
static const double rates[] = { 0.5, 0.001, 0.002, 0.5 };
static const double marks[] = { 100, 110, 120, 100 };

/* Two of a side, bought or sold at the open of the second bar. */
static void hold(struct scene *s, const struct emu_rules *r, int dir)
{
	begin(s, r);
	bar(s, 100, 100, 100, 100);
	say(s, STRAT_ENTRY, dir, "E")->qty = 2;
	bar(s, 100, 100, 100, 100);
	same(size(s), 2 * dir);
}

static void who_holds_at_the_time_pays_or_is_paid(void **state)
{
	struct emu_rules r = base;

	(void)state;
	r.funding = (struct bt_funding){ 4, when, rates, marks };
	for (int dir = -1; dir <= 1; dir += 2) {
		struct scene s;
		double want = dir * 2 * (0.001 * 110 + 0.002 * 120);

		/* the first one fell on the open that filled it: not held */
		hold(&s, &r, dir);
		same(emu_account(s.e)->equity, 10000);
		bar(&s, 100, 100, 100, 100);
		same(emu_account(s.e)->equity, 10000);
		bar(&s, 100, 100, 100, 100);
		same(emu_account(s.e)->equity, 10000 - dir * 2 * 0.001 * 110);
		say(&s, STRAT_CLOSE, 0, "E");
		/* one that falls between two opens is settled at the next */
		bar(&s, 100, 100, 100, 100);
		same(trade(&s, 0)->t.commission, want);
		same(trade(&s, 0)->t.profit, -want);
		same(emu_carried(s.e), want);
		bar_at(&s, 100 * MINUTE, 100, 100, 100, 100);	/* flat by now */
		same(emu_carried(s.e), want);
		same(emu_account(s.e)->equity, 10000 - want);
		end(&s);
	}
}

static void a_part_that_closes_takes_its_part(void **state)
{
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.funding = (struct bt_funding){ 4, when, rates, marks };
	hold(&s, &r, 1);
	bar(&s, 100, 100, 100, 100);
	say(&s, STRAT_CLOSE, 0, "E")->qty = 0.5;
	bar(&s, 100, 100, 100, 100);
	same(trade(&s, 0)->t.commission, 0.5 * 0.001 * 110);
	emu_finish(s.e);
	same(trade(&s, 1)->t.commission, 1.5 * 0.001 * 110);
	end(&s);
}

/* A short borrows all it sold, a long what it has beyond the account. */
static void what_is_borrowed_costs_interest(void **state)
{
	const double year = 365.0 * 24 * 60;	/* minutes */
	struct emu_rules r = base;
	struct scene s;

	(void)state;
	r.interest = 0.1;
	hold(&s, &r, 1);
	bar(&s, 100, 100, 100, 100);
	same(emu_carried(s.e), 0);
	end(&s);
	hold(&s, &r, -1);
	bar_at(&s, s.t + 1000 * MINUTE, 110, 110, 110, 110);
	same(emu_carried(s.e), 220 * 0.1 * 1000 / year);
	end(&s);
	r.initial_capital = 150;
	hold(&s, &r, 1);
	bar_at(&s, s.t + 1000 * MINUTE, 110, 110, 110, 110);
	same(emu_carried(s.e), (220 - 170) * 0.1 * 1000 / year);
	end(&s);
}

/* What is in force is told. */
static void told(struct arena *a, const struct bt_result *r, const char *what)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, a, 1 << 16);
	jw_init(&w, &b);
	bt_properties_json(&w, r);
	assert_non_null(strstr(sbuf_finish(&b), what));
}

/* What passes over quiet bars must not pass over what they cost. */
static void quiet_bars_cost_what_they_cost(void **state)
{
	static const char src[] = "//@version=6\nstrategy(\"t\", initial_capital = "
		"500, default_qty_value = 1, margin_long = 20)\n"
		"if ta.crossover(ta.sma(close, 5), ta.sma(close, 20))\n"
		"    strategy.entry(\"L\", strategy.long)\n"
		"if ta.crossunder(ta.sma(close, 5), ta.sma(close, 20))\n"
		"    strategy.close(\"L\")\n";
	struct arena *a = arena_new("t", (size_t)1 << 28);
	struct t_bars *b = NEW(a, struct t_bars);
	struct bt_result r[2];
	struct bars bars;
	int64_t t[200];
	double rate[200], mark[200];

	(void)state;
	t_walk(b, 5);
	bars = t_view(b, T_BARS);
	for (size_t i = 0; i < 200; i++) {
		t[i] = b->t[0] + (int64_t)i * 8 * 3600000;
		rate[i] = 1e-4 * (i % 3 ? 1 : -2);
		mark[i] = 1000;
	}
	for (int k = 0; k < 2; k++) {
		struct bt_options o = bt_defaults();
		struct err err;

		o.bar_by_bar = k == 1;
		o.interest_percent = 12;
		o.funding = (struct bt_funding){ 200, t, rate, mark };
		if (bt_run(a, t_compile(a, src), NULL, &t_market, &bars, &o, &r[k],
			   &err) < 0)
			fail_msg("%s", err.msg);
	}
	assert_true(r[0].n_trades > 10 && r[0].carry > 0);
	told(a, &r[0], "\"funding_rates\":200,\"interest\":\"12\"");
	assert_memory_equal(&r[0].carry, &r[1].carry, sizeof(double));
	assert_memory_equal(r[0].equity, r[1].equity, T_BARS * sizeof(double));
	arena_free(&a);
}

/* A BTC market whose account is in EUR: a dollar is worth 0.5, then 0.8. */
static void an_account_in_another_currency(void **state)
{
	static const char src[] = "//@version=6\nstrategy(\"t\", initial_capital = "
		"1000, default_qty_type = strategy.percent_of_equity, "
		"default_qty_value = 50, currency = currency.EUR)\n"
		"if bar_index == 1\n    strategy.entry(\"L\", strategy.long)\n"
		"if bar_index == 4\n    strategy.close(\"L\")\n";
	struct arena *a = arena_new("t", (size_t)1 << 28);
	struct t_bars *b = NEW(a, struct t_bars), *fx = NEW(a, struct t_bars);
	static const double c[] = { 100, 100, 110, 120, 130, 140, 140, 140 };
	static const double rate[] = { 0.5, 0.5, 0.5, 0.5, 0.8, 0.8, 0.8, 0.8 };
	struct script_series s = { "SIM:USDT/EUR", "60", { 0 } };
	struct script_market m = t_market;
	struct bt_options o = bt_defaults();
	struct bt_result r;
	struct bars bars;
	struct err err;

	(void)state;
	t_closes(b, c, 8);
	t_closes(fx, rate, 8);
	bars = t_view(b, 8);
	m.quote = "USDT";
	assert_int_equal(bt_run(a, t_compile(a, src), NULL, &m, &bars, &o, &r, &err),
			 -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "the account is in EUR, the market in USDT"));
	for (int turned = 0; turned < 2; turned++) {
		if (turned)
			for (size_t i = 0; i < 8; i++) {
				fx->o[i] = 1 / fx->o[i];
				fx->c[i] = 1 / fx->c[i];
			}
		s.symbol = turned ? "EURUSDT" : "SIM:USDT/EUR";
		s.bars = t_view(fx, 8);
		m.series = &s;
		m.n_series = 1;
		assert_int_equal(bt_run(a, t_compile(a, src), NULL, &m, &bars, &o,
					&r, &err), 0);
		/* half of 1,000 at 100 x 0.5 a piece, bought at 100 */
		assert_int_equal(r.n_trades, 1);
		same(r.trades[0].t.size, 10);
		same(r.trades[0].t.entry_price, 100);
		same(r.equity[2], 1000 + 10 * 10 * 0.5);
		same(r.equity[3], 1000 + 20 * 10 * 0.5);
		/* the close of bar 4 is known to bar 5: it leaves at its open */
		same(r.equity[4], 1000 + 30 * 10 * 0.5);
		same(r.trades[0].t.exit_price, 130);
		same(r.trades[0].t.profit, 30 * 10 * 0.8);
		same(r.equity[7], 1240);
		told(a, &r, "\"currency\":\"EUR\"");
	}
	s.bars = bars_slice(&s.bars, 1, 7);
	assert_int_equal(bt_run(a, t_compile(a, src), NULL, &m, &bars, &o, &r, &err),
			 -E_UNPROCESSABLE);
	assert_non_null(strstr(err.msg, "begin after those of the run"));
	m.quote = "EUR";
	assert_int_equal(bt_run(a, t_compile(a, src), NULL, &m, &bars, &o, &r, &err), 0);
	assert_int_equal(r.rules.rate.n, 0);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_holds_at_the_time_pays_or_is_paid),
		cmocka_unit_test(a_part_that_closes_takes_its_part),
		cmocka_unit_test(what_is_borrowed_costs_interest),
		cmocka_unit_test(an_account_in_another_currency),
		cmocka_unit_test(quiet_bars_cost_what_they_cost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
