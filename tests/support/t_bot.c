#include "config.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "market/table.h"
#include "script/store.h"
#include "t_bot.h"
#include "t_db.h"
#include "t_shared.h"
#include "xchg/sim.h"

#define T0 INT64_C(1704067200000)	/* 2024-01-01 */

static void ok(int rc, const struct err *err)
{
	if (rc < 0)
		fail_msg("%s", err->msg);
}

void t_bot_world(struct t_bot *t)
{
	struct market m;
	struct sim *s;
	struct err err;

	memset(t, 0, sizeof(*t));
	t_db_fresh(NULL);
	t->a = arena_new("t_bot", (size_t)2 << 30);
	t->db = t_db_open(t->a);
	t->conf = conf_defaults(t->a, t_db_dir());
	t->conf->lease_time = 5;
	t_db_sql("INSERT INTO user (name, role, password, created, password_set)"
		 " VALUES ('ann', 1, '$argon2id$v=19$m=65536,t=3,p=1$x$y', 1, 1)");
	t->user = (uint64_t)t_db_int("SELECT id FROM user WHERE name = 'ann'");
	ok(script_starters_sync(t->db, 1, &err), &err);
	s = sim_new(t->a, 7, "BTC/USDT");
	sim_market(s, &m);
	ok(market_ensure(t->db, &m, "sim", NULL, &err), &err);
	t->market = m.id;
}

void t_bot_sim(struct t_bot *t, size_t n)
{
	struct sim *s = sim_new(t->a, 7, "BTC/USDT");
	struct candles cs;
	struct err err;

	ok(sim_candles(t->a, s, TF_1H, T0, T0 + (int64_t)n * tf_ms(TF_1H), &cs,
		       &err), &err);
	ok(candles_append(t->db, t->market, TF_1H, &cs, NULL, &err), &err);
}

size_t t_bot_csv(struct t_bot *t, const char *path)
{
	struct bars_cols b;
	struct candles cs;
	struct table tab;
	struct err err;

	ok(table_read(t->a, path, &tab, &err), &err);
	ok(table_bars(t->a, &tab, &b, &err), &err);
	cs = (struct candles){ b.n, b.t, b.o, b.h, b.l, b.c, b.v };
	ok(candles_append(t->db, t->market, TF_1H, &cs, NULL, &err), &err);
	return b.n;
}

void t_bot_end(struct t_bot *t)
{
	arena_free(&t->a);
}

uint64_t t_bot_make(struct t_bot *t, const char *strategy, const char *inputs)
{
	struct strategy s;
	struct bot_new n;
	struct err err;
	uint64_t id;

	bot_new_defaults(&n);
	ok(strategy_find(t->a, t->db, t->user, strategy, &s, &err), &err);
	ok(json_parse(t->a, inputs, strlen(inputs), &n.inputs, &err), &err);
	n.name = strategy;
	n.market_id = t->market;
	n.strategy_id = s.id;
	n.tf = TF_1H;
	n.feed = BOT_FEED_REPLAY;
	n.speed = 0;
	ok(bot_create(t->db, t->user, &n, &id, &err), &err);
	return id;
}

void t_bot_start(struct t_bot *t, uint64_t id)
{
	struct bot_row b;
	struct err err;

	ok(bot_get(t->a, t->db, t->user, id, &b, &err), &err);
	ok(bot_start(t->a, t->db, &b, &err), &err);
}

static int runner(struct t_bot *t, unsigned index, int64_t until_ns)
{
	struct arena *a = arena_new("runner", (size_t)1 << 30);
	struct runner_conf rc = { .conf = t->conf, .until_idle = until_ns == 0,
				  .until_ns = until_ns };
	struct err err;
	int r;

	rc.db = t_db_open(a);
	runner_holder(rc.holder, index);
	r = runner_run(a, &rc, NULL, &err);
	arena_free(&a);
	return r;
}

int t_bot_runner(struct t_bot *t, unsigned index)
{
	return runner(t, index, 0);
}

void t_bot_runner_for(struct t_bot *t, int64_t ms)
{
	assert_int_equal(runner(t, 0, clock_mono_ns() + ms * 1000000), 0);
}

const char *t_bot_state(struct t_bot *t, uint64_t id)
{
	struct bot_row b;
	struct err err;

	ok(bot_get(t->a, t->db, 0, id, &b, &err), &err);
	if (b.error != NULL)
		fprintf(stderr, "bot: %s\n", b.error);
	return bot_state_name(b.state);
}

void t_bot_leases_expire(void)
{
	t_db_sql("UPDATE bot_lease SET expires_ms = 0");
}

/* One column of text, row by row, in one string. */
static const char *column(struct t_bot *t, const char *what, const char *from,
			  const char *order, uint64_t id)
{
	const char *s = t_db_query("SELECT GROUP_CONCAT(CONCAT_WS(' ', %s) ORDER "
				   "BY %s SEPARATOR '\\n') FROM %s = %llu",
				   what, order, from, (unsigned long long)id);

	return arena_strdup(t->a, s != NULL ? s : "");
}

const char *t_bot_result(struct t_bot *t, uint64_t id)
{
	uint64_t account = (uint64_t)t_db_int(
		"SELECT account_id FROM bot WHERE id = %llu",
		(unsigned long long)id);

	t_db_sql("SET SESSION group_concat_max_len = 67108864");
	return arena_printf(t->a, "trades\n%s\nfills\n%s\nequity\n%s\n"
		"balances\n%s\norders\n%s\n",
		column(t, "number, lot, open, direction, qty, orig_qty, entry_ms,"
		       " entry_bar, entry_signal, entry_comment, entry_price,"
		       " entry_cost, COALESCE(exit_ms, '-'),"
		       " COALESCE(exit_bar, '-'), COALESCE(exit_signal, '-'),"
		       " COALESCE(exit_comment, '-'), COALESCE(exit_price, '-'),"
		       " COALESCE(exit_cost, '-'), fees, profit",
		       "trade WHERE bot_id", "number", id),
		column(t, "f.seq, f.time_us, f.after_bar_ms, f.side, f.price,"
		       " f.qty, f.cost, f.fee, f.maker, i.tag, i.leg",
		       "fill f LEFT JOIN order_intent i ON i.id = f.intent_id"
		       " WHERE f.bot_id", "f.seq", id),
		column(t, "bar_ms, equity, cash, marked",
		       "equity_point WHERE bot_id", "bar_ms", id),
		column(t, "asset, available", "balance WHERE account_id", "asset",
		       account),
		column(t, "bar_ms, seq, kind, leg, tag, from_entry, side, type,"
		       " qty, limit_price, stop_price, offset_price, state,"
		       " filled, cost, COALESCE(reason, '-')",
		       "order_intent WHERE state <> 'l' AND bot_id",
		       "bar_ms, seq, attempt", id));
}

const char *t_bot_real_data(const char *name)
{
	static char path[4200];

	snprintf(path, sizeof(path), "%s/%s", t_shared_dir(), name);
	if (access(path, R_OK) == 0)
		return path;
	if (getenv("CI") != NULL)
		fail_msg("the real candles %s are not there", name);
	return NULL;
}
