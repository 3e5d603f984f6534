#include "config.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/bt.h"
#include "bt/models.h"
#include "bt/spec.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "script/store.h"
#include "t_bot.h"
#include "t_db.h"

/* Bots that ask models: what they ask is what a backtest asks; who may not ask
 * holds; a restart asks the same ones again. */

#define HOUR INT64_C(3600000)
#define T0 INT64_C(1704067200000)	/* of t_bot_sim() */
#define N_BARS 1400
#define LEARNED 700			/* bars that the models have seen */

static struct t_bot T;

static int fresh(void **state)
{
	(void)state;
	t_bot_world(&T);
	T.conf->model_dir = arena_printf(T.a, "%s/models-%lld", t_db_dir(),
					(long long)clock_mono_ns());
	t_bot_sim(&T, N_BARS);
	return 0;
}
static int done(void **state)
{
	(void)state;
	t_db_checks();
	t_bot_end(&T);
	return 0;
}

static void ok(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

#define SOURCE "//@version=6\nstrategy(\"Asks\", initial_capital = 10000, "	\
	"default_qty_type = strategy.percent_of_equity, default_qty_value = 50)\n" \
	"p = ml.predict(\"trend\", \"buy\") - ml.predict(\"trend\", \"sell\")\n"	\
	"plot(p, \"p\")\n"						\
	"if p > 0 and ml.confidence(\"trend\") > 0.35\n"			\
	"    strategy.entry(\"L\", strategy.long)\n"			\
	"if p < 0 or ml.action(\"trend\") == \"sell\"\n    strategy.close(\"L\")\n"

/* A model of the first bars, in the registry of the user; not in use. */
static uint64_t trained(uint64_t seed)
{
	const struct ml_kind *k = ml_kind_find("boosting");
	static const char *const features[] = { "return_1", "rsi_14", "volume_ratio" };
	struct model m = { .user_id = T.user, .name = "trend", .notes = "",
		.kind = "boosting", .market_id = T.market, .tf = TF_1H,
		.train_from = T0, .train_to = T0 + 500 * HOUR,
		.valid_to = T0 + LEARNED * HOUR, .test_to = T0 + 1000 * HOUR };
	struct ml_trained t;
	struct candles cs;
	struct ml_plan p;
	struct bars b;
	struct sbuf text;
	struct jw w;
	struct err err;

	ml_plan_init(&p, k, TF_1H);
	p.features = features;
	p.n_features = ARRAY_LEN(features);
	p.spec.seed = seed;
	p.label.threshold = 0.001;
	ok(ml_spec_set(&p.spec, STR("rounds"), seed == 1 ? 8 : 20, &err), &err);
	p.train_from = m.train_from;
	p.train_to = m.train_to;
	p.valid_to = m.valid_to;
	p.test_to = m.test_to;
	ok(candles_load(T.a, T.db, T.market, TF_1H, T0, m.test_to, &cs, &err), &err);
	b = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	ok(ml_train(T.a, &p, &b, NULL, NULL, 0, NULL, &t, &err), &err);
	sbuf_init(&text, T.a, 1 << 18);
	jw_init(&w, &text);
	ml_plan_write(&w, &p);
	m.spec = sbuf_finish(&text);
	ok(model_add(T.db, &m, 1, &m.id, &err), &err);
	ok(model_done(T.db, m.id, 0, &(struct model_result){
		.file = str_n(t.file, t.size), .kind = "boosting", .checksum = t.sum,
		.feature_hash = t.feature_hash, .metrics = "{}" }, clock_ms(&clock_real),
		&err), &err);
	return m.id;
}

static void promote(uint64_t id)
{
	struct model m;
	struct err err;

	ok(model_get(T.a, T.db, id, &m, &err), &err);
	ok(model_promote(T.db, &m, clock_ms(&clock_real), &err), &err);
	model_changed();
}

static uint64_t make_at(int64_t from, double speed)
{
	struct bot_new n;
	struct err err;
	uint64_t id, strategy;

	ok(strategy_add(T.db, T.user, STR("Asks"), STR(SOURCE), 1, &strategy, &err), &err);
	bot_new_defaults(&n);
	n.name = "asks";
	n.market_id = T.market;
	n.strategy_id = strategy;
	n.tf = TF_1H;
	n.feed = BOT_FEED_REPLAY;
	n.speed = speed;
	n.from_ms = from;
	ok(bot_create(T.db, T.user, &n, &id, &err), &err);
	t_bot_start(&T, id);
	return id;
}

static uint64_t make(int64_t from)
{
	return make_at(from, 0);
}

static int64_t said(const char *what)
{
	return t_db_int("SELECT COUNT(*) FROM app_log WHERE message LIKE '%%%s%%'", what);
}

/* The same strategy, model and bars as a backtest: its closed trades. */
static size_t backtest(struct bt_result *ret)
{
	struct bt_setup *s = NEW(T.a, struct bt_setup);
	struct ml_shelf *shelf = ml_shelf_new(T.a, T.conf->model_dir);
	struct market *m = NEW(T.a, struct market);
	struct diags d;
	struct err err;
	size_t n = 0;

	ok(market_by_id(T.db, T.market, m, &err), &err);
	ok(bt_setup_script(T.a, STR(SOURCE), NULL, NULL, s, &d, &err), &err);
	bt_setup_market(T.a, m, TF_1H, s);
	ok(bt_setup_candles(T.a, T.db, T.market, TF_1H, T0 + LEARNED * HOUR, T0 + N_BARS * HOUR,
			    s, &err), &err);
	ok(bt_setup_models(T.a, shelf, T.db, T.user, T.market, TF_1H, s, &err), &err);
	ok(bt_run(T.a, s->prog, s->binding, &s->market, &s->bars, &s->opt, ret, &err), &err);
	for (size_t i = 0; i < ret->n_trades; i++)
		n += ret->trades[i].reason != EMU_END;
	return n;
}

static void a_bot_asks_what_its_backtest_asks(void **state)
{
	struct bt_result res;
	uint64_t model = trained(1), id;
	size_t n;

	(void)state;
	promote(model);
	n = backtest(&res);
	assert_true(n > 5);
	id = make(T0 + LEARNED * HOUR);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM trade WHERE open = 0"), n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(t_db_int("SELECT entry_ms FROM trade WHERE number = %zu",
					  i + 1), res.trades[i].t.entry_time);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM bot_model"), 1);
	assert_int_equal(t_db_int("SELECT model_id FROM bot_model"), (int64_t)model);
	assert_int_equal(said("asks the model \"trend\""), 1);
	assert_int_equal(said("holds"), 0);
}

static void bars_that_it_has_learned_from_are_not_traded(void **state)
{
	uint64_t model = trained(1), id;

	(void)state;
	promote(model);
	id = make(T0 + 100 * HOUR);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_true(t_db_int("SELECT COUNT(*) FROM trade") > 5);
	assert_true(t_db_int("SELECT MIN(entry_ms) FROM trade") >= T0 + LEARNED * HOUR);
	assert_int_equal(said("holds: the model \"trend\" cannot be asked: it has learned"), 1);
	assert_int_equal(said("holds no longer"), 1);
}

static void a_bot_without_its_model_holds_and_says_so(void **state)
{
	uint64_t id = make(T0 + LEARNED * HOUR);

	(void)state;
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent"), 0);
	assert_int_equal(said("holds: the model \"trend\" cannot be asked: no model named"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM bot_model WHERE model_id IS NULL"), 1);
}

static void a_broken_one_is_not_asked(void **state)
{
	uint64_t model = trained(1), id;

	(void)state;
	promote(model);
	t_db_sql("UPDATE model_part SET data = INSERT(data, LENGTH(data) - 3, 1, '!')");
	id = make(T0 + LEARNED * HOUR);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(said("holds: the model \"trend\" cannot be asked%%is broken"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent"), 0);
}

static void a_stale_one_is_not_asked(void **state)
{
	uint64_t model = trained(1), id;

	(void)state;
	promote(model);
	T.conf->model_max_age = 86400;
	/* A replay's now is the past: this one is old there, too. */
	t_db_sql("UPDATE model SET trained_ms = %lld",
		 (long long)(T0 + (LEARNED - 100) * HOUR));
	id = make(T0 + LEARNED * HOUR);
	assert_int_equal(t_bot_runner(&T, 0), 0);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(said("it is stale: it was trained 4 days before"), 1);
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM order_intent"), 0);
}

/* What was decided is worked out again from the same models, also when another
 * one has taken over meanwhile. */
static void a_restart_asks_the_same_models_of_the_same_bars(void **state)
{
	uint64_t a = trained(1), b = trained(2), id;
	int64_t from = T0 + LEARNED * HOUR, half;

	(void)state;
	promote(a);
	/* all of it would take a second */
	id = make_at(from, 2.5e6);
	for (int i = 0; i < 50 && t_db_int("SELECT COALESCE(MAX(bars), 0) FROM"
					   " bot_progress") < 100; i++)
		t_bot_runner_for(&T, 20);
	half = t_db_int("SELECT bars FROM bot_progress");
	if (half >= N_BARS - LEARNED)
		return;			/* this machine was too quick */
	promote(b);
	for (int i = 0; i < 100 && strcmp(t_bot_state(&T, id), "finished") != 0; i++)
		t_bot_runner_for(&T, 100);
	assert_string_equal(t_bot_state(&T, id), "finished");
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM bot_model"), 2);
	assert_int_equal(t_db_int("SELECT model_id FROM bot_model ORDER BY from_ms LIMIT 1"),
			 (int64_t)a);
	assert_int_equal(t_db_int("SELECT model_id FROM bot_model ORDER BY from_ms DESC"
				  " LIMIT 1"), (int64_t)b);
	/* a model that a bot has asked stays */
	assert_int_equal(t_db_int("SELECT COUNT(*) FROM model WHERE state = 'r'"), 1);
	{
		struct err err;

		assert_int_equal(model_del(T.db, a, &err), -E_CONFLICT);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
	const struct CMUnitTest tests[] = {
		TEST(a_bot_asks_what_its_backtest_asks),
		TEST(bars_that_it_has_learned_from_are_not_traded),
		TEST(a_bot_without_its_model_holds_and_says_so),
		TEST(a_broken_one_is_not_asked), TEST(a_stale_one_is_not_asked),
		TEST(a_restart_asks_the_same_models_of_the_same_bars),
	};

	t_db_start();
	t_db_schema();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
