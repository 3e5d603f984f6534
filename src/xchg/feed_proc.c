#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "json/json.h"
#include "proc/events.h"
#include "proc/proc.h"
#include "xchg/feed_proc.h"
#include "xchg/sim.h"

#define MARKETS_MAX 200
#define MARKETS_EACH_MS 15000		/* new ones are looked for */
#define BACK_MS (24 * 3600000LL)	/* how far a new series reaches back */
#define PART 4096			/* candles a transaction */
#define EVENT_TEXT_MAX 4096
#define STEP_MS 1000
/* How often the candle being made is told, by timeframe. */
#define SLOW_EVERY_MS 5000

/* Series that are stored; all others are made of them by readers. */
static const enum tf stored_tfs[] = { TF_1M, TF_1H };
/* Those that pages watch. */
static const enum tf shown_tfs[] = {
	TF_1M, TF_5M, TF_15M, TF_30M, TF_1H, TF_4H, TF_1D
};

struct live_market {
	uint64_t id;
	struct sim *sim;
	int64_t next[ARRAY_LEN(stored_tfs)];	/* open to store; 0: ask first */
	int64_t shown[ARRAY_LEN(shown_tfs)];	/* open told last; 0: none */
};

struct feed_proc {
	struct arena *arena;	/* of the simulated markets */
	struct db *db;
	struct quotes *quotes;
	uint64_t seed;
	feed_publish_fn *publish;
	void *ctx;
	struct live_market m[MARKETS_MAX];
	size_t n;
	int64_t listed_ms, slow_ms;
};

struct feed_proc *feed_proc_new(struct arena *out, struct db *db,
				struct quotes *quotes, uint64_t seed,
				feed_publish_fn *publish, void *ctx)
{
	struct feed_proc *p = NEW(out, struct feed_proc);

	p->arena = out;
	p->db = db;
	p->quotes = quotes;
	p->seed = seed;
	p->publish = publish;
	p->ctx = ctx;
	p->listed_ms = INT64_MIN;
	return p;
}

/* ---- which markets there are ---- */

static bool known(const struct feed_proc *p, uint64_t id)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->m[i].id == id)
			return true;
	return false;
}

static int look_for_markets(struct feed_proc *p, int64_t now, struct err *err)
{
	if (p->listed_ms != INT64_MIN && now >= p->listed_ms &&
	    now < p->listed_ms + MARKETS_EACH_MS)
		return 0;
	SCOPE(tmp, p->arena) {
		struct market *m;
		size_t n;
		int rc = market_list(tmp, p->db, "sim", NULL, 0, MARKETS_MAX,
				     &m, &n, err);

		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n && p->n < MARKETS_MAX; i++) {
			if (m[i].status != MARKET_ACTIVE || known(p, m[i].id))
				continue;
			p->m[p->n++] = (struct live_market){
				.id = m[i].id,
				.sim = sim_new(p->arena, p->seed, m[i].symbol),
			};
		}
	}
	p->listed_ms = now;
	return 0;
}

/* ---- candles to the store ---- */

/* Where the stored series goes on. */
static int find_next(struct feed_proc *p, struct live_market *m, size_t k,
		     int64_t now, struct err *err)
{
	enum tf tf = stored_tfs[k];
	struct series s;
	int rc = series_get(p->db, m->id, tf, &s, err);

	if (rc == -E_NOTFOUND) {
		m->next[k] = tf_open(tf, now - BACK_MS);
		return 0;
	}
	if (rc == 0)
		m->next[k] = tf_next(tf, s.to);
	return rc;
}

static int store_part(struct feed_proc *p, struct live_market *m, size_t k,
		      int64_t end, struct err *err)
{
	enum tf tf = stored_tfs[k];
	int64_t to = m->next[k] + PART * tf_ms(tf);

	SCOPE(tmp, p->arena) {
		struct store_stats st;
		struct candles cs;
		int rc = sim_candles(tmp, m->sim, tf, m->next[k],
				     to < end ? to : end, &cs, err);

		if (rc == 0)
			rc = candles_append(p->db, m->id, tf, &cs, &st, err);
		if (rc < 0)
			return rc;
		board_add(BC_FEED_CANDLES, st.added);
		if (cs.n > 0)
			m->next[k] = tf_next(tf, cs.t[cs.n - 1]);
	}
	return 0;
}

static int store_closed(struct feed_proc *p, struct live_market *m, int64_t now,
			struct err *err)
{
	for (size_t k = 0; k < ARRAY_LEN(stored_tfs); k++) {
		int64_t end = tf_open(stored_tfs[k], now);
		int rc = m->next[k] == 0 ? find_next(p, m, k, now, err) : 0;

		while (rc == 0 && m->next[k] < end)
			rc = store_part(p, m, k, end, err);
		if (rc < 0) {
			m->next[k] = 0;		/* look again what is there */
			err_wrap(err, "market %" PRIu64, m->id);
			return rc;
		}
	}
	return 0;
}

/* ---- events ---- */

static void tell(struct feed_proc *p, const char *topic, const char *type,
		 const struct sbuf *b)
{
	const char *text = sbuf_finish(b);

	if (text != NULL)
		p->publish(p->ctx, topic, type, text, b->len);
}

static void tell_candle(struct feed_proc *p, const struct live_market *m,
			enum tf tf, const struct candle *c, bool closed)
{
	char topic[48];

	snprintf(topic, sizeof(topic), "market:%" PRIu64 ":%s", m->id,
		 tf_name(tf));
	SCOPE(tmp, p->arena) {
		struct sbuf b;
		struct jw w;

		sbuf_init(&b, tmp, EVENT_TEXT_MAX);
		jw_init(&w, &b);
		jw_obj(&w);
		jw_ki64(&w, "t", c->t);
		jw_kf64(&w, "o", c->o);
		jw_kf64(&w, "h", c->h);
		jw_kf64(&w, "l", c->l);
		jw_kf64(&w, "c", c->c);
		jw_kf64(&w, "v", c->v);
		jw_kbool(&w, "closed", closed);
		jw_obj_end(&w);
		tell(p, topic, "candle", &b);
	}
}

/* The candle that closed since the last round, whole. */
static void tell_closed(struct feed_proc *p, struct live_market *m, enum tf tf,
			int64_t open)
{
	SCOPE(tmp, p->arena) {
		struct candles cs;
		struct candle c;
		struct err err;

		if (sim_candles(tmp, m->sim, tf, open, tf_next(tf, open), &cs,
				&err) < 0 || cs.n == 0)
			return;
		c = candles_at(&cs, 0);
		tell_candle(p, m, tf, &c, true);
	}
}

static void tell_candles(struct feed_proc *p, struct live_market *m, int64_t now,
			 bool slow)
{
	for (size_t k = 0; k < ARRAY_LEN(shown_tfs); k++) {
		enum tf tf = shown_tfs[k];
		int64_t open = tf_open(tf, now);
		struct candle c;

		if (m->shown[k] != 0 && m->shown[k] < open)
			tell_closed(p, m, tf, m->shown[k]);
		m->shown[k] = open;
		if (!slow && tf != TF_1M)
			continue;
		c = sim_running(m->sim, tf, now);
		tell_candle(p, m, tf, &c, false);
	}
}

static void tell_ticker(struct feed_proc *p, const struct live_market *m,
			const struct ticker *t)
{
	char topic[32];
	double change;

	snprintf(topic, sizeof(topic), "ticker:%" PRIu64, m->id);
	SCOPE(tmp, p->arena) {
		struct sbuf b;
		struct jw w;

		sbuf_init(&b, tmp, EVENT_TEXT_MAX);
		jw_init(&w, &b);
		jw_obj(&w);
		jw_key(&w, "bid");
		jw_price(&w, t->bid);
		jw_key(&w, "ask");
		jw_price(&w, t->ask);
		jw_key(&w, "last");
		jw_price(&w, t->last);
		jw_ki64(&w, "time", t->time);
		jw_key(&w, "change_24h");
		if (ticker_change(t, &change))
			jw_f64(&w, change);
		else
			jw_null(&w);
		jw_key(&w, "volume_24h");
		jw_qty(&w, t->volume_24h);
		jw_obj_end(&w);
		tell(p, topic, "ticker", &b);
	}
}

/* ---- rounds ---- */

static int quote(struct feed_proc *p, struct live_market *m, int64_t now,
		 bool slow, struct err *err)
{
	struct ticker t;
	struct book b;
	int rc;

	sim_ticker(m->sim, now, &t);
	sim_book(m->sim, now, BOOK_DEPTH, &b);
	rc = quotes_put(p->quotes, m->id, &t, &b, err);
	if (rc < 0)
		return rc;
	tell_ticker(p, m, &t);
	tell_candles(p, m, now, slow);
	return 0;
}

int feed_proc_step(struct feed_proc *p, int64_t now, struct err *err)
{
	bool slow = now < p->slow_ms || now >= p->slow_ms + SLOW_EVERY_MS;
	int rc = look_for_markets(p, now, err);
	struct err first = { .code = E_OK };

	if (rc < 0)
		first = *err;
	for (size_t i = 0; i < p->n; i++) {
		int rc_quote = quote(p, &p->m[i], now, slow, err);
		/* After one failure of the database the others wait, too. */
		int rc_store = rc < 0 ? 0 : store_closed(p, &p->m[i], now, err);

		if (rc == 0 && (rc_quote < 0 || rc_store < 0)) {
			rc = rc_store < 0 ? rc_store : rc_quote;
			first = *err;
		}
	}
	if (slow)
		p->slow_ms = now;
	if (rc < 0)
		*err = first;
	return rc;
}

static void publish(void *ctx, const char *topic, const char *type,
		    const char *json, size_t n)
{
	(void)ctx;
	events_publish(topic, type, 0, json, n);
}

int feed_main(struct arena *scratch, const struct conf *conf, struct db *db,
	      struct proc_self *self, struct err *err)
{
	struct quotes *quotes;
	struct feed_proc *p;
	bool well = true;
	int rc = quotes_open(scratch, conf->run_dir, &quotes, err);

	if (rc < 0)
		return rc;
	p = feed_proc_new(scratch, db, quotes, (uint64_t)conf->sim_seed,
			  publish, NULL);
	proc_ready(self);
	do {
		struct err why;

		proc_busy(self, ROUTE_NONE, NULL);
		rc = feed_proc_step(p, clock_ms(&clock_real), &why);
		proc_idle(self);
		/* Once when it begins, once when it is over. */
		if (rc < 0 && well)
			log_warn(NULL, "feed: %s", why.msg);
		else if (rc == 0 && !well)
			log_info(NULL, "feed: the database is back");
		well = rc == 0;
	} while (proc_sleep(self, STEP_MS - clock_ms(&clock_real) % STEP_MS));
	return 0;
}
