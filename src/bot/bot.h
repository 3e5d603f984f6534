#ifndef BOT_BOT_H
#define BOT_BOT_H
/* bot.h - bots: their rows, their life, and who runs them.
 *
 * A bot is a strategy on a market with an account of its own.  Pages and the
 * shell change what is wanted (bot_start, bot_pause, bot_stop); a runner that
 * holds the bot's lease makes it so:
 *
 *	created -> starting -> running -> finished	(its replay is over)
 *	                       running -> paused -> starting ...
 *	                       running -> stopping -> stopped -> starting ...
 *	                       any of them -> halted	(with a sentence)
 *
 * What a bot runs is the strategy's text as it was when the bot was made.  A
 * bot that is started again after stopped, paused or halted goes on where it
 * stood; one that is finished has nothing left to do.
 *
 * The last bar that was decided on, the intents of that bar and the equity up
 * to it are written in one transaction.  All else can be worked out again: a
 * restart runs the strategy over the same candles with the same fills, asks
 * the exchange about what is unclear, and decides the next bar. */
#include "json/json.h"
#include "market/market.h"
#include "order/order.h"
#include "risk/risk.h"

struct db;
struct conf;
struct board;
struct proc_self;

/* name, letter, needs a runner */
#define BOT_STATES(X)							\
	X(CREATED, "created", 'c', false)				\
	X(STARTING, "starting", 's', true)				\
	X(RUNNING, "running", 'r', true)				\
	X(PAUSED, "paused", 'p', false)					\
	X(STOPPING, "stopping", 't', true)				\
	X(STOPPED, "stopped", 'x', false)				\
	X(FINISHED, "finished", 'f', false)				\
	X(HALTED, "halted", 'h', false)
enum bot_state {
#define X(id, text, c, live) BOT_##id = c,
	BOT_STATES(X)
#undef X
};
#define BOT_WANTS(X) X(RUN, "run", 'r') X(PAUSE, "pause", 'p') X(STOP, "stop", 'x')
enum bot_want {
#define X(id, text, c) WANT_##id = c,
	BOT_WANTS(X)
#undef X
};
enum bot_feed { BOT_FEED_LIVE = 'l', BOT_FEED_REPLAY = 'y' };
const char *bot_state_name(enum bot_state s);
const char *bot_want_name(enum bot_want w);
bool bot_state_parse(char c, enum bot_state *ret);
bool bot_state_needs_runner(enum bot_state s);

#define BOT_NAME_MAX 80

struct bot_row {
	uint64_t id, user_id, account_id, market_id, strategy_id, ver;
	const char *name, *strategy_name, *inputs;	/* inputs: JSON */
	const char *exchange, *symbol;
	char mode;
	enum tf tf;
	enum bot_feed feed;
	int64_t from_ms, to_ms;		/* INT64_MIN, INT64_MAX: open */
	double speed;			/* x real time; 0: as fast as possible */
	struct quote initial;
	struct risk_limits limits;
	enum bot_state state;
	enum bot_want want;
	const char *error;		/* NULL: none */
	int64_t created_ms, changed_ms;
	/* where it stands, written by its runner */
	int64_t warm_ms, first_ms, decided_ms;	/* 0: none yet */
	uint64_t bars, bars_total, trades;	/* total 0: has no end */
	struct price last, avg_price;
	struct qty base;
	struct quote cash, equity;
	int64_t since_ms;		/* of the position; 0: flat */
};

struct bot_new {
	const char *name;
	uint64_t market_id, strategy_id;
	enum tf tf;
	const struct json *inputs;	/* object or NULL */
	struct quote initial;		/* > 0 */
	enum bot_feed feed;
	int64_t from_ms, to_ms;		/* as in bot_row */
	double speed;
	struct risk_limits limits;
	/* The paper broker; defaults from bot_new_defaults().  What the
	 * strategy declares (commission, slippage) counts where has_ is
	 * false. */
	bool has_fees, has_slippage;
	struct qty fee_maker, fee_taker, participation;
	int64_t slippage_ticks, latency_ms;
	bool allow_short;
};
void bot_new_defaults(struct bot_new *n);

/* In the caller's transaction or its own.  -E_NOTFOUND: no such market or
 * strategy of this user; -E_UNPROCESSABLE: the strategy has errors, the
 * inputs do not fit it, there are no candles to replay (the sentence may be
 * shown). */
MUST_CHECK int bot_create(struct db *db, uint64_t user_id,
			  const struct bot_new *n, uint64_t *ret_id,
			  struct err *err);
/* user 0: whoever's.  -E_NOTFOUND when it is not the user's. */
MUST_CHECK int bot_get(struct arena *out, struct db *db, uint64_t user_id,
		       uint64_t id, struct bot_row *ret, struct err *err);
/* In order of id, at most 500 with id > after. */
MUST_CHECK int bot_list(struct arena *out, struct db *db, uint64_t user_id,
			uint64_t after, struct bot_row **ret, size_t *ret_n,
			struct err *err);
/* What may be changed while it lives: name, speed, limits.  -E_CONFLICT when
 * the row is another version than b->ver. */
MUST_CHECK int bot_patch(struct db *db, const struct bot_row *b, struct err *err);
/* -E_CONFLICT with the reason when its state does not permit it.  The row is
 * read again into *b. */
MUST_CHECK int bot_start(struct arena *out, struct db *db, struct bot_row *b,
			 struct err *err);
MUST_CHECK int bot_pause(struct arena *out, struct db *db, struct bot_row *b,
			 struct err *err);
MUST_CHECK int bot_stop(struct arena *out, struct db *db, struct bot_row *b,
			struct err *err);
/* Only when no runner has it; with its account, orders, trades, log. */
MUST_CHECK int bot_delete(struct db *db, const struct bot_row *b, struct err *err);
MUST_CHECK int bot_source(struct arena *out, struct db *db, uint64_t id,
			  struct str *ret, struct err *err);
/* How many bots there are by state, into the board's gauges. */
MUST_CHECK int bot_count_states(struct db *db, struct err *err);

/* ---- as JSON, for the API, the live channel and the shell ---- */

/* The BOT object of the API. */
void bot_json(struct jw *w, const struct bot_row *b);
void bot_market_json(struct jw *w, const struct bot_row *b);
/* {qty, avg_price, unrealised, since} or null. */
void bot_position_json(struct jw *w, const struct bot_row *b);
bool bot_profit(const struct bot_row *b, struct quote *ret, double *ret_ratio);

/* ---- the plotted values, worked out again from the bot's candles ---- */

struct script_plot;
struct bot_plots {
	const struct script_plot *plots;
	size_t n_plots, n;
	int64_t *t;		/* n */
	double *v;		/* n x n_plots, row by row */
};
/* Of the newest `limit` decided bars before `to`, every k-th one so that at
 * most `points` remain. */
MUST_CHECK int bot_plots(struct arena *out, struct db *db,
			 const struct conf *conf, const struct bot_row *b,
			 const struct market *m,
			 int64_t from, int64_t to, size_t points,
			 struct bot_plots *ret, struct err *err);

/* ---- running ---- */

struct runner_conf {
	const struct conf *conf;
	struct db *db;
	char holder[80];	/* unique on all hosts */
	/* For tests and the shell: return when no bot needs a runner. */
	bool until_idle;
	uint64_t only_bot;	/* 0: whichever needs a runner */
	int64_t until_ns;	/* clock_mono_ns() at which to leave; 0: never */
};
/* Runs bots until the process is to end.  self may be NULL (orchctl). */
MUST_CHECK int runner_run(struct arena *a, const struct runner_conf *c,
			  struct proc_self *self, struct err *err);
/* "host:pid:ticks:n" */
void runner_holder(char ret[static 80], unsigned index);

#endif /* BOT_BOT_H */
