#ifndef PROG_DEMO_BOT_H
#define PROG_DEMO_BOT_H
/* demo_bot.h - the bot that a fresh installation begins with. */
#include "market/market.h"

/* A started paper bot of this user that replays the market's candles, one bar
 * in about a second.  When the user has a bot already nothing is made, and
 * *ret_id is that one's. */
MUST_CHECK int demo_bot(struct db *db, uint64_t user_id, uint64_t market_id,
			enum tf tf, uint64_t *ret_id, struct err *err);

#endif /* PROG_DEMO_BOT_H */
