#ifndef API_BOT_API_I_H
#define API_BOT_API_I_H
/* bot_api_i.h - what the areas about bots share. */
#include "api/api.h"
#include "bot/bot.h"

extern const struct schema sc_bot, sc_bot_trade, sc_market_ref, sc_bot_ref;
/* The bot of r->path, when the caller may do that to it. */
enum action;
MUST_CHECK int api_bot(struct api_req *r, enum action act, struct bot_row *ret,
		       struct err *err);
/* A trade's members, from a row whose columns begin at `col` as in
 * Q_BOT_TRADES without number and open. */
void trade_members(struct jw *w, const struct rows *rows, size_t i, size_t col,
		   bool open);

#endif /* API_BOT_API_I_H */
