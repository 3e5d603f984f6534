#ifndef BOT_BOT_I_H
#define BOT_BOT_I_H
/* bot_i.h - a bot while it runs. */
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/models.h"
#include "core/array.h"
#include "core/log.h"
#include "script/script.h"
#include "xchg/feed.h"
#include "xchg/paper.h"

#define BOT_BAND_RAW		200000000000000000LL	/* 0.2: within 20 % */
#define BOT_FEE_RAW		1000000000000000LL	/* 0.001 */
#define BOT_QUOTE_STEP_RAW	10000000000LL		/* 1e-8 */
#define BOT_POINTS_MAX		512	/* equity points kept in memory */
#define BOT_WARM_BARS		500	/* a live bot's history */

#define DAY_MS			86400000LL

struct point { int64_t bar_ms; struct quote equity, cash; bool marked; };

struct bot {
	unsigned magic;
#define BOT_MAGIC 0x9d2b41c7u
	struct arena *arena;		/* everything below; reset to reopen */
	struct arena *tick;		/* of one bar */
	struct db *db;
	const struct runner_conf *rc;
	struct bot_row row;
	struct market market;
	uint64_t epoch;			/* of the lease */
	int64_t lease_until_ns;		/* CLOCK_BOOTTIME; kept by the runner */

	const struct script_prog *prog;
	const struct strat_properties *props;
	struct script_vm *vm;
	struct xchg *x;
	struct journal *j;
	struct feed *feed;

	struct bot_models *models;	/* that the script asks */
	struct desk *desk;		/* decides; the account the script sees */
	struct acct acct;		/* the books */
	bool reopen;			/* what was decided did not happen */

	int64_t index;			/* of the last decided bar; -1 */
	struct price last;
	struct quote equity;
	struct point points[BOT_POINTS_MAX];	/* not stored yet */
	size_t n_points;
	struct { int64_t bar_ms; enum detour_kind kind; } detours[BOT_POINTS_MAX];
	size_t n_detours;		/* not stored yet */
	int64_t saved_ns;		/* when progress was last stored */
	bool progress_new;		/* since then */

	/* what the page was told last */
	int64_t told_ns;
	unsigned told_n;
	int64_t retry_ns;		/* do not touch before */
	unsigned fails;
	uint64_t lines;			/* written to the log in this minute */
	int64_t lines_ns;
};

/* open.c */
MUST_CHECK int bot_open(struct bot *b, struct err *err);
/* The desk of a bot whose broker and program are there. */
void bot_desk(struct bot *b);
void bot_close(struct bot *b);		/* memory only; nothing is written */
/* The strategy's machine, compiled from the bot's own text, and the models that
 * it asks; b->arena, db, row and market are there. */
MUST_CHECK int bot_machine(struct bot *b, const struct conf *c, bool past_only,
			   struct err *err);
/* Runs the machine over bars that were decided already, with the account as
 * it was.  fn (may be NULL) sees each bar after it. */
struct rebuild;
typedef void bot_bar_fn(void *ctx, struct script_vm *vm, const struct candle *c);
MUST_CHECK int bot_rebuild(struct bot *b, bot_bar_fn *fn, void *ctx,
			   struct err *err);

/* tick.c */
enum tick_end { TICK_BAR, TICK_WAIT, TICK_END };
/* One step of the bot's life.  *ret_wait_ms with TICK_WAIT. */
MUST_CHECK int bot_tick(struct bot *b, enum tick_end *ret, int64_t *ret_wait_ms,
			struct err *err);
/* Store where it stands. */
MUST_CHECK int bot_save(struct bot *b, struct err *err);
/* Cancel what is open, wait for the answers. */
MUST_CHECK int bot_cancel_all(struct bot *b, struct err *err);
/* The exchange's answers to everything that is under way. */
MUST_CHECK int bot_settle(struct bot *b, struct err *err);
int64_t bot_now(const struct bot *b);	/* the bot's clock */
MUST_CHECK int bot_to_match(const struct bot *b, const struct candle *c,
			    struct match_candle *ret, struct err *err);
int bot_checkpoint_tx(void *ctx, struct db *db, struct err *err);
/* After each change of an order's state. */
void bot_order_changed(void *bot, const struct intent *it);

/* lease.c */
MUST_CHECK int lease_take(struct db *db, const char *holder, int64_t ms,
			  uint64_t bot, uint64_t epoch, bool *ret_got,
			  struct err *err);
MUST_CHECK int lease_free(struct db *db, const char *holder, uint64_t bot,
			  uint64_t epoch, struct err *err);
int lease_guard(void *bot, struct db *db, struct err *err);
bool lease_may_send(void *bot);

/* tell.c */
void tell_order(void *bot, const struct intent *it);
void tell_fills(struct bot *b, const struct sync_out *s);
void tell_bar(struct bot *b, const struct candle *c);
void tell_state(struct bot *b);
/* A line in the bot's own log; never fails the caller. */
void bot_log(struct bot *b, enum log_level level, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif /* BOT_BOT_I_H */
