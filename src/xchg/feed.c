#include "config.h"
#include <math.h>
#include "db/db.h"
#include "xchg/feed.h"
#include "xchg/sim.h"

#define CHUNK_BARS 4096
#define WAIT_MAX_MS 60000
/* A feed process needs a moment to write what has closed. */
#define LIVE_GRACE_MS 150
#define LIVE_POLL_MS 500
#define LIVE_POLL_SLOW_MS 2000
#define LIVE_LATE_MS 60000

int feed_next(struct feed *f, int64_t now, struct feed_item *ret,
	      struct err *err)
{
	struct feed_item item = { .kind = FEED_END };
	int rc;

	assert(f->magic == FEED_MAGIC);
	rc = f->ops->next(f, now, &item, err);
	if (rc < 0)
		return rc;
	if (item.kind == FEED_CANDLE) {
		assert(item.candle.t > f->last);
		f->last = item.candle.t;
		f->bars++;
	}
	assert(item.kind != FEED_WAIT || item.wait_ms > 0);
	*ret = item;
	return 0;
}

int64_t feed_time(const struct feed *f, int64_t now)
{
	assert(f->magic == FEED_MAGIC);
	return f->ops->time(f, now);
}

bool feed_quote(struct feed *f, int64_t now, struct ticker *ret_ticker,
		struct book *ret_book)
{
	assert(f->magic == FEED_MAGIC);
	return f->ops->quote(f, now, ret_ticker, ret_book);
}

/* ---- a window over a market's candles ---- */

struct window {
	struct arena *arena;	/* of the candles at hand, reset by each load */
	struct db *db;
	struct sim *sim;	/* of the two one: the simulated market */
	uint64_t market_id;
	enum tf tf;
	struct candles cs;
	size_t at;
};

static int window_load(struct window *w, int64_t from, int64_t to,
		       struct err *err)
{
	arena_reset(w->arena);
	w->cs.n = w->at = 0;
	if (w->sim != NULL)
		return sim_candles(w->arena, w->sim, w->tf, from, to, &w->cs,
				   err);
	return candles_load(w->arena, w->db, w->market_id, w->tf, from, to,
			    &w->cs, err);
}

static int64_t later(int64_t t, int64_t ms, int64_t limit)
{
	return t > limit - ms ? limit : t + ms;
}

/* The next candle whose open lies in [from, to), without taking it; false
 * when there is none.  A gap is crossed with ever larger steps. */
static int window_peek(struct window *w, int64_t from, int64_t to,
		       struct candle *ret, bool *ret_found, struct err *err)
{
	int64_t step = CHUNK_BARS * tf_ms(w->tf);

	*ret_found = false;
	while (w->at < w->cs.n && w->cs.t[w->at] < from)
		w->at++;
	while (w->at == w->cs.n && from < to) {
		int64_t end = later(from, step, to);
		int rc = window_load(w, from, end, err);

		if (rc < 0)
			return rc;
		from = end;
		step = later(step, step, INT64_MAX / 4);
	}
	if (w->at < w->cs.n && w->cs.t[w->at] < to) {
		*ret = candles_at(&w->cs, w->at);
		*ret_found = true;
	}
	return 0;
}

static void window_init(struct window *w, struct arena *out, enum tf tf)
{
	*w = (struct window){ .arena = arena_push(out, "feed"), .tf = tf };
}

static int64_t at_least(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t wait_until(int64_t ms)
{
	return ms < 1 ? 1 : ms > WAIT_MAX_MS ? WAIT_MAX_MS : ms;
}

/* ---- replay ---- */

struct replay {
	struct feed feed;
	struct window w;
	double speed;
	int64_t next, end;	/* opens that are still to come: [next, end) */
	bool started;
	int64_t real0, virtual0;
};

static int64_t replay_time(const struct feed *f, int64_t now)
{
	const struct replay *r = (const struct replay *)f;

	if (r->speed > 0 && r->started)
		return r->virtual0 +
			(int64_t)((double)(now - r->real0) * r->speed);
	if (f->bars > 0)
		return tf_next(r->w.tf, f->last);
	return r->started ? r->virtual0 : r->next;
}

static int replay_next(struct feed *f, int64_t now, struct feed_item *ret,
		       struct err *err)
{
	struct replay *r = (struct replay *)f;
	struct candle c;
	int64_t close, clock;
	bool found;
	int rc = window_peek(&r->w, r->next, r->end, &c, &found, err);

	if (rc < 0)
		return rc;
	if (!found) {
		ret->kind = FEED_END;
		return 0;
	}
	if (!r->started) {
		r->started = true;
		r->real0 = now;
		r->virtual0 = c.t;
	}
	close = tf_next(r->w.tf, c.t);
	clock = replay_time(f, now);
	if (r->speed > 0 && clock < close) {
		ret->kind = FEED_WAIT;
		ret->wait_ms = wait_until((int64_t)ceil((double)(close - clock) /
							r->speed));
		return 0;
	}
	r->next = c.t + 1;
	r->w.at++;
	ret->kind = FEED_CANDLE;
	ret->candle = c;
	return 0;
}

static bool no_quote(struct feed *f, int64_t now, struct ticker *ret_ticker,
		     struct book *ret_book)
{
	(void)f, (void)now, (void)ret_ticker, (void)ret_book;
	return false;
}

int feed_replay(struct arena *out, struct db *db, const struct replay_opts *o,
		struct feed **ret, struct err *err)
{
	static const struct feed_ops ops = {
		"replay", replay_next, replay_time, no_quote
	};
	struct replay *r = NEW(out, struct replay);
	int64_t from = at_least(o->from, o->after == FEED_START ? INT64_MIN :
				o->after + 1);

	if (!(o->speed >= 0) || o->speed > 1e9)
		return FAIL(err, E_INVAL, "a replay's speed lies between 0 and "
			    "1e9");
	window_init(&r->w, out, o->tf);
	r->w.db = db;
	r->w.market_id = o->market_id;
	r->speed = o->speed;
	r->next = from;
	r->end = from;
	r->feed = (struct feed){ .magic = FEED_MAGIC, .ops = &ops,
				 .last = o->after };
	SCOPE(tmp, out) {	/* how many there are, and where they end */
		struct candles all;
		int rc = candles_load(tmp, db, o->market_id, o->tf, from, o->to,
				      &all, err);

		if (rc < 0)
			return rc;
		r->feed.bars_total = all.n;
		if (all.n > 0) {
			r->next = all.t[0];
			r->end = all.t[all.n - 1] + 1;
		}
	}
	*ret = &r->feed;
	return 0;
}

/* ---- live: what others write to the store ---- */

struct live {
	struct feed feed;
	struct window w;
	const struct quotes *quotes;
};

static int64_t real_time(const struct feed *f, int64_t now)
{
	(void)f;
	return now;
}

static bool live_quote(struct feed *f, int64_t now, struct ticker *ret_ticker,
		       struct book *ret_book)
{
	const struct live *l = (const struct live *)f;

	(void)now;
	return l->quotes != NULL && quotes_get(l->quotes, l->w.market_id,
					       ret_ticker, ret_book);
}

/* Shared by live and sim: the closed candle that follows f->last. */
static int next_closed(struct feed *f, struct window *w, int64_t now,
		       struct feed_item *ret, bool *ret_found, struct err *err)
{
	enum tf tf = w->tf;
	int rc;

	if (f->last == FEED_START)
		f->last = tf_open(tf, now) - 1;
	/* Opens before that of the running bar: these are closed. */
	rc = window_peek(w, f->last + 1, tf_open(tf, now), &ret->candle,
			 ret_found, err);
	if (rc == 0 && *ret_found) {
		w->at++;
		ret->kind = FEED_CANDLE;
	}
	return rc;
}

static int live_next(struct feed *f, int64_t now, struct feed_item *ret,
		     struct err *err)
{
	struct live *l = (struct live *)f;
	enum tf tf = l->w.tf;
	int64_t close, late;
	bool found;
	int rc = next_closed(f, &l->w, now, ret, &found, err);

	if (rc < 0 || found)
		return rc;
	close = tf_next(tf, tf_next(tf, tf_open(tf, f->last)));
	late = now - close;
	ret->kind = FEED_WAIT;
	ret->wait_ms = late < 0 ? wait_until(-late + LIVE_GRACE_MS) :
		late < LIVE_LATE_MS ? LIVE_POLL_MS : LIVE_POLL_SLOW_MS;
	return 0;
}

int feed_live(struct arena *out, struct db *db, const struct quotes *quotes,
	      uint64_t market_id, enum tf tf, int64_t after, struct feed **ret,
	      struct err *err)
{
	static const struct feed_ops ops = {
		"live", live_next, real_time, live_quote
	};
	struct live *l = NEW(out, struct live);
	struct market m;
	int rc = market_by_id(db, market_id, &m, err);

	if (rc < 0)
		return rc;
	window_init(&l->w, out, tf);
	l->w.db = db;
	l->w.market_id = market_id;
	l->quotes = quotes;
	l->feed = (struct feed){ .magic = FEED_MAGIC, .ops = &ops,
				 .last = after };
	*ret = &l->feed;
	return 0;
}

/* ---- the simulated market itself ---- */

struct sim_feed {
	struct feed feed;
	struct window w;
};

static int sim_next(struct feed *f, int64_t now, struct feed_item *ret,
		    struct err *err)
{
	struct sim_feed *s = (struct sim_feed *)f;
	enum tf tf = s->w.tf;
	bool found;
	int rc = next_closed(f, &s->w, now, ret, &found, err);

	if (rc < 0 || found)
		return rc;
	ret->kind = FEED_WAIT;
	ret->wait_ms = wait_until(tf_next(tf, tf_open(tf, now)) - now);
	return 0;
}

static bool sim_quote(struct feed *f, int64_t now, struct ticker *ret_ticker,
		      struct book *ret_book)
{
	struct sim_feed *s = (struct sim_feed *)f;

	if (ret_ticker != NULL)
		sim_ticker(s->w.sim, now, ret_ticker);
	if (ret_book != NULL)
		sim_book(s->w.sim, now, BOOK_DEPTH, ret_book);
	return true;
}

struct feed *feed_sim(struct arena *out, struct sim *sim, enum tf tf,
		      int64_t after)
{
	static const struct feed_ops ops = {
		"sim", sim_next, real_time, sim_quote
	};
	struct sim_feed *s = NEW(out, struct sim_feed);

	window_init(&s->w, out, tf);
	s->w.sim = sim;
	s->feed = (struct feed){ .magic = FEED_MAGIC, .ops = &ops,
				 .last = after };
	return &s->feed;
}
