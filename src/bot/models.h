#ifndef BOT_MODELS_H
#define BOT_MODELS_H
/* models.h - the models that a bot's strategy asks, bar by bar.
 *
 * Before each bar the models that are in use under the names of the script look
 * at it, and what they say is what ml.*() reads.  Another model may have taken
 * a name over since the last bar: it is read its history and speaks from this
 * bar on.  Which one was asked from which bar on is stored with the bot
 * (bot_model), so that a restart asks the same ones of the same bars and comes
 * to the same decisions.
 *
 * A name whose model is missing, stale, broken, of another timeframe or other
 * features, or has learned from the bar, has no values, and the bot holds: what
 * its strategy says on that bar is not carried out. */
#include "ml/shelf.h"
#include "script/script.h"

struct bot_models;

struct bot_models_conf {
	struct db *db;
	const char *dir;		/* of the files; see ml/shelf.h */
	uint64_t bot_id, user_id, market_id;
	enum tf tf;
	int64_t max_age_ms;		/* of a model; 0: any */
	bool past_only;			/* nothing new will be decided */
};
/* Fills in sm->models; *sm lives as long. */
MUST_CHECK int bot_models_new(struct arena *out, const struct bot_models_conf *c,
			      const struct script_prog *prog,
			      struct script_market *sm, struct bot_models **ret,
			      struct err *err);
/* Before the script sees the bar.  `past`: it was decided on already. */
MUST_CHECK int bot_models_bar(struct bot_models *k, const struct bar *b, bool past,
			      struct err *err);
/* NULL: the strategy may act on this bar; else why not. */
const char *bot_models_hold(const struct bot_models *k);
/* What is to be said of the last bar: the hold began, another model speaks.
 * One sentence at a time, NULL at the end. */
const char *bot_models_news(struct bot_models *k, struct arena *tmp);

/* Within the transaction that stores the bar; then bot_models_saved(). */
MUST_CHECK int bot_models_write(struct bot_models *k, struct db *db, struct err *err);
void bot_models_saved(struct bot_models *k);
bool bot_models_unsaved(const struct bot_models *k);

#endif /* BOT_MODELS_H */
