#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bot/bot_i.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/rand.h"
#include "db/db.h"
#include "proc/board.h"
#include "proc/proc.h"

#define HELD_MAX	256
#define SLICE_NS	10000000LL	/* of one bot, then the next one's turn */
#define LOOK_MS		500		/* for new wishes and new bots */
#define BOT_MEMORY	((size_t)512 << 20)

struct runner {
	const struct runner_conf *c;
	struct proc_self *self;
	struct arena *arena;
	struct bot *bots[HELD_MAX];
	size_t n;
	int64_t looked_ns, renewed_ns, counted_ns;
	int64_t lease_until_ns;
	unsigned db_fails;
};

/* Worth another try after everything was read again?  A conflict is, a few
 * times: what is in memory may be behind the tables. */
static bool transient(int rc, unsigned fails)
{
	return rc == -E_DB || rc == -E_UNCERTAIN || rc == -E_BUSY ||
		rc == -E_TIMEOUT || rc == -E_EXCHANGE ||
		(rc == -E_CONFLICT && fails < 3);
}

static void drop(struct runner *r, size_t i)
{
	struct bot *b = r->bots[i];

	arena_free(&b->arena);
	r->bots[i] = r->bots[--r->n];
	memset(b, 0, sizeof(*b));
	/* The room is used again. */
	r->bots[r->n] = b;
	board_slot_gauge_set(BS_BOTS_HELD, (int64_t)r->n);
}

static struct bot *add(struct runner *r, uint64_t id, uint64_t epoch)
{
	struct bot *b = r->bots[r->n];

	if (b == NULL)
		b = r->bots[r->n] = NEW(r->arena, struct bot);
	r->n++;
	b->magic = BOT_MAGIC;
	b->arena = arena_new("bot", BOT_MEMORY);
	b->tick = arena_push(b->arena, "tick");
	b->db = r->c->db;
	b->rc = r->c;
	b->row.id = id;
	b->epoch = epoch;
	b->lease_until_ns = r->lease_until_ns;
	board_slot_gauge_set(BS_BOTS_HELD, (int64_t)r->n);
	return b;
}

/* ---- ends ------------------------------------------------------------------------ */

/* Its state for good and the lease free for the next, both or neither: between
 * the two a lost connection would leave a finished bot to be opened again. */
static int end_bot(struct runner *r, struct bot *b, enum bot_state s,
		   enum bot_want w, const char *error, struct err *err)
{
	const char state[2] = { (char)s, 0 }, want[2] = { (char)w, 0 };
	uint64_t n;
	int rc = db_exec(r->c->db, Q_BOT_END,
			 ARGS(V_STR(state), V_STR(want), V_STR(error),
			      V_I64(clock_ms(&clock_real)), V_U64(b->row.id),
			      V_U64(b->epoch), V_STR(r->c->holder)),
			 &n, NULL, err);

	if (rc == 0 && FAULT("bot.ended"))
		rc = FAIL(err, E_UNCERTAIN, "end: no answer");
	if (rc < 0)
		return rc;
	if (n == 0)
		return FAIL(err, E_BUSY, "the bot has another holder");
	board_generation_bump(GEN_BOTS);
	r->counted_ns = 0;
	return 0;
}

static void tell_end(struct runner *r, struct bot *b)
{
	struct err err;
	uint64_t id = b->row.id;

	if (bot_get(b->arena, r->c->db, 0, id, &b->row, &err) == 0)
		tell_state(b);
	else
		log_warn(NULL, "bot %" PRIu64 ": %s", id, err.msg);
}

/* An error that waiting does not mend: the bot stops, with the reason. */
static void halt(struct runner *r, struct bot *b, const struct err *why)
{
	char text[400];
	struct err err;

	snprintf(text, sizeof(text), "%s", why->msg);
	log_error(NULL, "bot %" PRIu64 " halted: %s", b->row.id, text);
	board_inc(BC_BOT_ERRORS);
	if (end_bot(r, b, BOT_HALTED, WANT_STOP, text, &err) < 0) {
		/* Nobody could be told: it is tried again from the start. */
		log_error(NULL, "bot %" PRIu64 ": %s", b->row.id, err.msg);
		return;
	}
	bot_log(b, LOG_L_ERROR, "halted: %s", text);
	tell_end(r, b);
}

static int finish(struct runner *r, struct bot *b, enum bot_state s,
		  struct err *err)
{
	enum bot_want w = s == BOT_PAUSED ? WANT_PAUSE : WANT_STOP;
	int rc = s == BOT_PAUSED ? bot_save(b, err) : bot_cancel_all(b, err);

	if (rc == 0 && FAULT("bot.end"))
		rc = FAIL(err, E_DB, "end: connection lost");
	if (rc == 0)
		rc = end_bot(r, b, s, w, NULL, err);
	if (rc < 0)
		return rc;
	bot_log(b, LOG_L_INFO, "%s after %" PRId64 " bars", bot_state_name(s),
		b->index + 1);
	tell_end(r, b);
	return 0;
}

/* ---- one turn of one bot ------------------------------------------------------------ */

/* 0: it runs; 1: it is over. */
static int begin(struct runner *r, struct bot *b, struct err *err)
{
	const char state[2] = { BOT_RUNNING, 0 };
	int rc = bot_open(b, err);

	/* Its end was written, and the answer lost. */
	if (rc == 0 && !bot_state_needs_runner(b->row.state)) {
		tell_state(b);
		return 1;
	}
	if (rc < 0 || b->row.state != BOT_STARTING)
		return rc;
	rc = db_exec(r->c->db, Q_BOT_STATE,
		     ARGS(V_STR(state), V_NULL(), V_I64(clock_ms(&clock_real)),
			  V_U64(b->row.id)), NULL, NULL, err);
	if (rc < 0)
		return rc;
	b->row.state = BOT_RUNNING;
	board_generation_bump(GEN_BOTS);
	r->counted_ns = 0;
	bot_log(b, LOG_L_INFO, "running %s on %s %s with %s", b->row.strategy_name,
		b->market.symbol, tf_name(b->row.tf),
		b->row.feed == BOT_FEED_LIVE ? "live candles" : "replayed candles");
	tell_state(b);
	return 0;
}

/* 0: goes on; 1: it is over for this runner. */
static int turn(struct runner *r, struct bot *b, int64_t *ret_wait_ms,
		struct err *err)
{
	int64_t start = clock_mono_ns();
	enum tick_end end;
	int rc = 0;

	*ret_wait_ms = 0;
	if (b->feed == NULL)
		rc = begin(r, b, err);
	if (rc != 0)
		return rc;
	if (b->row.want != WANT_RUN || b->row.state == BOT_STOPPING) {
		rc = finish(r, b, b->row.want == WANT_PAUSE ? BOT_PAUSED :
			    BOT_STOPPED, err);
		return rc < 0 ? rc : 1;
	}
	do {
		rc = bot_tick(b, &end, ret_wait_ms, err);
		if (rc < 0)
			return rc;
		if (end == TICK_END) {
			rc = finish(r, b, BOT_FINISHED, err);
			return rc < 0 ? rc : 1;
		}
	} while (end == TICK_BAR && clock_mono_ns() - start < SLICE_NS);
	b->fails = 0;
	return 0;
}

/* After an error: what is in memory is not trusted any more. */
static bool failed(struct runner *r, struct bot *b, int rc, const struct err *err)
{
	int64_t wait;

	if (!transient(rc, b->fails)) {
		halt(r, b, err);
		return true;
	}
	log_warn(NULL, "bot %" PRIu64 ": %s", b->row.id, err->msg);
	board_inc(BC_BOT_ERRORS);
	bot_close(b);
	wait = 100LL << (b->fails < 8 ? b->fails : 8);
	b->fails++;
	b->retry_ns = clock_mono_ns() +
		(wait / 2 + rand_jitter_ms(wait / 2)) * 1000000;
	/* A lost lease look() will find out about. */
	return false;
}

/* ---- leases and wishes ----------------------------------------------------------------- */

static struct bot *find(struct runner *r, uint64_t id, size_t *ret_i)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->bots[i]->row.id == id) {
			*ret_i = i;
			return r->bots[i];
		}
	return NULL;
}

static int renew(struct runner *r, struct err *err)
{
	int64_t lease_ms = r->c->conf->lease_time * 1000;
	int64_t before = clock_mono_ns();
	int rc;

	if (before - r->renewed_ns < lease_ms * 1000000 / 3)
		return 0;
	if (FAULT("lease.renew"))
		return FAIL(err, E_DB, "lease: connection lost");
	rc = db_exec(r->c->db, Q_LEASE_RENEW,
		     ARGS(V_I64(lease_ms), V_STR(r->c->holder)), NULL, NULL, err);
	if (rc < 0)
		return rc;
	r->renewed_ns = before;
	r->lease_until_ns = before + lease_ms * 1000000;
	for (size_t i = 0; i < r->n; i++)
		r->bots[i]->lease_until_ns = r->lease_until_ns;
	return 0;
}

static int take_new(struct runner *r, struct err *err)
{
	int64_t lease_ms = r->c->conf->lease_time * 1000;
	int rc = 0;

	if (r->n >= HELD_MAX)
		return 0;
	SCOPE(tmp, r->arena) {
		struct rows rows;

		rc = db_select(tmp, r->c->db, Q_LEASE_WANTED, NOARGS, &rows, err);
		for (size_t i = 0; rc == 0 && i < rows.n && r->n < HELD_MAX; i++) {
			uint64_t id = row_u64(&rows, i, 0);
			uint64_t epoch = row_u64(&rows, i, 1);
			int64_t before = clock_mono_ns();
			bool got = false;
			size_t at;

			if (r->c->only_bot != 0 && id != r->c->only_bot)
				continue;
			rc = lease_take(r->c->db, r->c->holder, lease_ms, id,
					epoch, &got, err);
			if (rc < 0 || !got)
				continue;
			if (find(r, id, &at) != NULL)
				drop(r, at);
			add(r, id, epoch + 1)->lease_until_ns =
				before + lease_ms * 1000000;
		}
	}
	return rc;
}

static void wishes(struct runner *r, const struct rows *rows, size_t i)
{
	struct str want = row_str(rows, i, 3), state = row_str(rows, i, 2);
	double speed = row_f64(rows, i, 5);
	struct bot *b;
	size_t at;

	b = find(r, row_u64(rows, i, 0), &at);
	if (b == NULL) {
		/* Ours by the table, and not in memory: it was let go in the
		 * middle of an error. */
		if (r->n < HELD_MAX)
			add(r, row_u64(rows, i, 0), row_u64(rows, i, 1));
		return;
	}
	if (b->epoch != row_u64(rows, i, 1)) {
		drop(r, at);
		return;
	}
	if (b->feed == NULL || want.n != 1 || state.n != 1)
		return;
	b->row.want = want.p[0] == WANT_RUN ? WANT_RUN :
		want.p[0] == WANT_PAUSE ? WANT_PAUSE : WANT_STOP;
	if (state.p[0] == BOT_STOPPING)
		b->row.state = BOT_STOPPING;
	/* Another speed is another clock: open it again. */
	if (b->row.speed < speed || b->row.speed > speed)
		b->feed = NULL;
}

static int look(struct runner *r, struct err *err)
{
	int rc = 0;

	SCOPE(tmp, r->arena) {
		struct rows rows;
		bool held[HELD_MAX] = { false };

		rc = db_select(tmp, r->c->db, Q_LEASE_HELD,
			       ARGS(V_STR(r->c->holder)), &rows, err);
		if (rc < 0)
			break;
		for (size_t i = r->n; i-- > 0;) {
			for (size_t k = 0; k < rows.n; k++)
				held[i] |= row_u64(&rows, k, 0) ==
					r->bots[i]->row.id;
			/* Lost: its holder is somebody else, or it is gone. */
			if (!held[i])
				drop(r, i);
		}
		for (size_t k = 0; k < rows.n; k++)
			wishes(r, &rows, k);
	}
	if (rc == 0)
		rc = take_new(r, err);
	return rc;
}

static void count_orders(const struct runner *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->bots[i]->j != NULL ? r->bots[i]->j->n_live : 0;
	board_slot_gauge_set(BS_ORDERS_OPEN, (int64_t)n);
}

static int housekeeping(struct runner *r, struct err *err)
{
	int64_t now = clock_mono_ns();
	int rc = renew(r, err);

	if (rc == 0 && now - r->looked_ns > LOOK_MS * 1000000LL) {
		rc = look(r, err);
		if (rc == 0)
			r->looked_ns = now;
	}
	count_orders(r);
	if (rc == 0 && now - r->counted_ns > 5000000000LL) {
		rc = bot_count_states(r->c->db, err);
		r->counted_ns = now;
	}
	return rc;
}

/* ---- the loop --------------------------------------------------------------------------- */

/* One turn of every bot; the shortest time until one of them has something to
 * do. */
static int64_t all_turns(struct runner *r)
{
	int64_t least = LOOK_MS;

	for (size_t i = r->n; i-- > 0;) {
		struct bot *b = r->bots[i];
		int64_t now = clock_mono_ns(), wait = 0;
		struct err err;
		bool over;
		int rc;

		if (b->retry_ns > now) {
			wait = (b->retry_ns - now) / 1000000 + 1;
			least = wait < least ? wait : least;
			continue;
		}
		rc = turn(r, b, &wait, &err);
		over = rc == 1 || (rc < 0 && failed(r, b, rc, &err));
		if (rc == 0) {
			b->retry_ns = wait > 0 ?
				clock_mono_ns() + wait * 1000000 : 0;
			least = wait < least ? wait : least;
		}
		if (over)
			drop(r, i);
	}
	return least;
}

static bool leaving(struct runner *r, int64_t wait_ms)
{
	if (r->self == NULL) {
		if (wait_ms > 0)
			clock_sleep_ms(wait_ms);
		return r->c->until_ns != 0 && clock_mono_ns() > r->c->until_ns;
	}
	if (wait_ms <= 0)
		return proc_draining(r->self);
	return !proc_sleep(r->self, wait_ms);
}

/* Progress is stored, leases are given back: the next runner need not wait. */
static void leave(struct runner *r)
{
	struct err err;

	for (size_t i = r->n; i-- > 0;) {
		struct bot *b = r->bots[i];

		if (b->feed != NULL && bot_save(b, &err) < 0)
			log_warn(NULL, "bot %" PRIu64 ": %s", b->row.id, err.msg);
		if (lease_free(r->c->db, r->c->holder, b->row.id, b->epoch,
			       &err) < 0)
			log_warn(NULL, "bot %" PRIu64 ": %s", b->row.id, err.msg);
		drop(r, i);
	}
}

int runner_run(struct arena *a, const struct runner_conf *c,
	       struct proc_self *self, struct err *err)
{
	struct runner *r = NEW(a, struct runner);
	int rc;

	r->c = c;
	r->self = self;
	r->arena = arena_push(a, "runner");
	for (;;) {
		int64_t wait;

		rc = housekeeping(r, err);
		if (rc < 0) {
			log_warn(NULL, "runner: %s", err->msg);
			wait = 200LL << (r->db_fails < 5 ? r->db_fails : 5);
			r->db_fails++;
			if (leaving(r, wait))
				break;
			continue;
		}
		r->db_fails = 0;
		if (self != NULL && r->n > 0)
			proc_busy(self, 0, NULL);
		wait = all_turns(r);
		if (self != NULL && r->n > 0)
			proc_idle(self);
		if (c->until_idle && r->n == 0 &&
		    clock_mono_ns() - r->looked_ns < LOOK_MS * 1000000LL)
			break;
		if (leaving(r, wait))
			break;
	}
	leave(r);
	return 0;
}
