#ifndef TESTS_T_BOT_H
#define TESTS_T_BOT_H
/* t_bot.h - a market, a user, strategies and bots for tests, on the private
 * MariaDB of t_db.h. */
#include "bot/bot.h"
#include "conf/conf.h"
#include "db/db.h"

struct t_bot {
	struct arena *a;
	struct db *db;
	struct conf *conf;
	uint64_t user, market;
};

/* An empty database with a trader "ann", the starters and a market without
 * candles. */
void t_bot_world(struct t_bot *t);
/* Its hourly candles: `n` of the simulated market; or of a CSV file. */
void t_bot_sim(struct t_bot *t, size_t n);
size_t t_bot_csv(struct t_bot *t, const char *path);
void t_bot_end(struct t_bot *t);

/* A bot on hourly candles, replayed as fast as possible, not started. */
uint64_t t_bot_make(struct t_bot *t, const char *strategy, const char *inputs);
void t_bot_start(struct t_bot *t, uint64_t id);
/* A runner of this process, with a connection of its own, until no bot needs
 * one; 0 or the error. */
int t_bot_runner(struct t_bot *t, unsigned index);
/* The same for a bounded time, then it gives its bots back. */
void t_bot_runner_for(struct t_bot *t, int64_t ms);
const char *t_bot_state(struct t_bot *t, uint64_t id);
/* Time passes for the leases: as if their holders were dead. */
void t_bot_leases_expire(void);
/* Everything that must not depend on what failed on the way: trades, fills,
 * equity, balances. */
const char *t_bot_result(struct t_bot *t, uint64_t id);

/* The same, by name, skipped or failed as the rule for real data is: NULL when
 * it is not there. */
const char *t_bot_real_data(const char *name);

#endif /* TESTS_T_BOT_H */
