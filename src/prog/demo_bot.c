#include "config.h"

#include "bot/bot.h"
#include "prog/demo_bot.h"
#include "script/store.h"

int demo_bot(struct db *db, uint64_t user_id, uint64_t market_id, enum tf tf,
	     uint64_t *ret_id, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("demo", (size_t)16 << 20);
	struct bot_row *have, row;
	struct strategy s;
	struct bot_new n;
	size_t n_have;
	int rc = bot_list(a, db, user_id, 0, &have, &n_have, err);

	if (rc < 0)
		return rc;
	if (n_have > 0) {
		*ret_id = have[0].id;
		return 0;
	}
	rc = strategy_find(a, db, user_id, "EMA cross", &s, err);
	if (rc < 0)
		return rc;
	bot_new_defaults(&n);
	n.name = "Demo: EMA cross";
	n.market_id = market_id;
	n.strategy_id = s.id;
	n.tf = tf;
	n.feed = BOT_FEED_REPLAY;
	n.speed = (double)tf_ms(tf) / 1000;
	rc = bot_create(db, user_id, &n, ret_id, err);
	if (rc == 0)
		rc = bot_get(a, db, user_id, *ret_id, &row, err);
	if (rc == 0)
		rc = bot_start(a, db, &row, err);
	return rc;
}
