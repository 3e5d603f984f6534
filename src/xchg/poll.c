#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "http/http.h"
#include "json/json.h"
#include "proc/board.h"
#include "proc/events.h"
#include "proc/proc.h"
#include "xchg/poll.h"

#define LOOK_MS		5000	/* between two looks at what is wanted */
#define SETTLE_MS	2000	/* after a close */
#define AGAIN_MS	3000	/* doubled each time nothing came */
#define AGAIN_MAX_MS	60000
#define PAUSE_MS	60000	/* when it wants to be left alone */
#define WANTED_MAX	500
#define TEXT_MAX	1024

struct want {
	uint64_t market_id;
	enum tf tf;
	struct market m;
	bool named, seen;	/* s is known; still wanted */
	struct pub_symbol s;
	int64_t next;		/* the open that is waited for; 0: look */
	int64_t due;		/* not asked before */
	unsigned tries;
};

struct poll {
	struct arena *arena;
	struct db *db;
	struct pub *p;
	const char *exchange;
	poll_publish_fn *publish;
	void *ctx;
	struct want w[WANTED_MAX];
	size_t n;
	int64_t looked;		/* INT64_MIN: never */
	int64_t quiet_until;
};

struct poll *poll_new(struct arena *out, struct db *db, struct pub *pub,
		      const char *exchange, poll_publish_fn *publish, void *ctx)
{
	struct poll *p = NEW(out, struct poll);

	p->arena = out;
	p->db = db;
	p->p = pub;
	p->exchange = exchange;
	p->publish = publish;
	p->ctx = ctx;
	p->looked = INT64_MIN;
	return p;
}

/* ---- what is wanted -------------------------------------------------------- */

static struct want *find(struct poll *p, uint64_t market, enum tf tf)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->w[i].market_id == market && p->w[i].tf == tf)
			return &p->w[i];
	return NULL;
}

static void take(struct poll *p, uint64_t market, enum tf tf)
{
	struct want *w = find(p, market, tf);

	if (w == NULL && p->n < WANTED_MAX) {
		w = &p->w[p->n++];
		*w = (struct want){ .market_id = market, .tf = tf };
	}
	if (w != NULL)
		w->seen = true;
}

static int look(struct poll *p, int64_t now, struct err *err)
{
	int rc = 0;

	if (p->looked != INT64_MIN && now < p->looked + LOOK_MS && now >= p->looked)
		return 0;
	for (size_t i = 0; i < p->n; i++)
		p->w[i].seen = false;
	SCOPE(tmp, p->arena) {
		struct rows r;

		rc = db_select(tmp, p->db, Q_POLL_WANTED,
			       ARGS(V_STR(p->exchange)), &r, err);
		for (size_t i = 0; rc == 0 && i < r.n; i++)
			if (tf_valid((int64_t)row_u64(&r, i, 1)))
				take(p, row_u64(&r, i, 0),
				     (enum tf)row_u64(&r, i, 1));
	}
	if (rc < 0)
		return rc;
	for (size_t i = p->n; i-- > 0;)
		if (!p->w[i].seen)
			p->w[i] = p->w[--p->n];
	p->looked = now;
	return 0;
}

/* ---- one series ---------------------------------------------------------------- */

static int get_ready(struct poll *p, struct want *w, int64_t end, struct err *err)
{
	struct series s;
	int rc = 0;

	if (!w->named) {
		rc = market_by_id(p->db, w->market_id, &w->m, err);
		if (rc == 0)
			rc = pub_symbol(p->p, &w->m, &w->s, err);
		if (rc < 0)
			return rc;
		w->named = true;
	}
	if (w->next != 0)
		return 0;
	w->next = end - POLL_WARM * tf_ms(w->tf);
	w->next = tf_open(w->tf, w->next > tf_ms(w->tf) ? w->next :
			  tf_ms(w->tf));
	rc = series_get(p->db, w->market_id, w->tf, &s, err);
	if (rc == 0 && tf_next(w->tf, s.to) > w->next)
		w->next = tf_next(w->tf, s.to);
	return rc == -E_NOTFOUND ? 0 : rc;
}

static void tell(struct poll *p, const struct want *w)
{
	char topic[48];

	snprintf(topic, sizeof(topic), "market:%" PRIu64 ":%s", w->market_id,
		 tf_name(w->tf));
	SCOPE(tmp, p->arena) {
		struct candles cs;
		struct sbuf b;
		struct jw j;
		struct err err;

		if (candles_newest(tmp, p->db, w->market_id, w->tf, 1, INT64_MAX,
				   &cs, &err) < 0 || cs.n == 0)
			break;
		sbuf_init(&b, tmp, TEXT_MAX);
		jw_init(&j, &b);
		jw_obj(&j);
		jw_ki64(&j, "t", cs.t[0]);
		jw_kf64(&j, "o", cs.o[0]);
		jw_kf64(&j, "h", cs.h[0]);
		jw_kf64(&j, "l", cs.l[0]);
		jw_kf64(&j, "c", cs.c[0]);
		jw_kf64(&j, "v", cs.v[0]);
		jw_kbool(&j, "closed", true);
		jw_obj_end(&j);
		if (sbuf_finish(&b) != NULL)
			p->publish(p->ctx, topic, "candle", b.buf, b.len);
	}
}

static int serve(struct poll *p, struct want *w, int64_t now, struct err *err)
{
	int64_t end = tf_open(w->tf, now - SETTLE_MS);
	struct pub_filled r;
	struct pub_fill f = { .p = p->p, .s = &w->s, .tf = w->tf,
			      .market_id = w->market_id, .to = end };
	int64_t again;
	int rc = get_ready(p, w, end, err);

	if (rc < 0 || w->next >= end) {
		w->due = tf_next(w->tf, end) + SETTLE_MS;
		return rc;
	}
	f.from = w->next;
	rc = pub_fill(p->arena, p->db, &f, &r, err);
	if (rc < 0) {
		w->next = 0;	/* look again how far it came */
		return rc;
	}
	board_add(BC_FEED_CANDLES, r.added);
	if (r.added > 0) {
		w->next = 0;
		w->tries = 0;
		tell(p, w);
		rc = get_ready(p, w, end, err);
	}
	again = AGAIN_MS << (w->tries < 5 ? w->tries : 5);
	if (r.added == 0)
		w->tries++;
	w->due = w->next >= end ? tf_next(w->tf, end) + SETTLE_MS :
		now + (again < AGAIN_MAX_MS ? again : AGAIN_MAX_MS);
	return rc;
}

/* ---- rounds ---------------------------------------------------------------------- */

int poll_step(struct poll *p, int64_t now, int64_t *ret_wait_ms, struct err *err)
{
	int64_t next = now + LOOK_MS;
	int rc = look(p, now, err);
	struct err why;

	for (size_t i = 0; rc == 0 && i < p->n && now >= p->quiet_until; i++) {
		struct want *w = &p->w[i];
		int one;

		if (now < w->due) {
			next = w->due < next ? w->due : next;
			continue;
		}
		one = serve(p, w, now, &why);
		if (one == -E_BUSY)
			p->quiet_until = now + PAUSE_MS;
		if (one < 0) {
			w->due = now + (one == -E_NOTFOUND ? PAUSE_MS * 10 :
					AGAIN_MAX_MS / 4);
			log_warn(NULL, "%s: %s", p->exchange, why.msg);
		}
		/* A database that is away is so for all. */
		if (one == -E_DB) {
			*err = why;
			rc = one;
		}
		next = w->due < next ? w->due : next;
	}
	*ret_wait_ms = next - now < 100 ? 100 : next - now;
	return rc;
}

static void publish(void *ctx, const char *topic, const char *type,
		    const char *json, size_t n)
{
	(void)ctx;
	events_publish(topic, type, 0, json, n);
}

int poll_main(struct arena *scratch, const struct conf *conf, struct db *db,
	      struct proc_self *self, unsigned index, struct err *err)
{
	const struct http_opts o = { .agent = PACKAGE_NAME "/" PACKAGE_VERSION,
				     .connect_ms = 5000, .timeout_ms = 15000,
				     .max_body = (size_t)16 << 20 };
	int64_t wait = LOOK_MS;
	bool well = true;
	struct http *http;
	struct poll *p;
	struct pub *pub;
	int rc = http_new(scratch, &o, &http, err);

	if (rc == 0)
		rc = pub_new(scratch, pub_names[index], conf, http, &pub, err);
	if (rc < 0)
		return rc;
	p = poll_new(scratch, db, pub, pub_names[index], publish, NULL);
	proc_ready(self);
	do {
		struct err why;

		proc_busy(self, ROUTE_NONE, NULL);
		rc = poll_step(p, clock_ms(&clock_real), &wait, &why);
		proc_idle(self);
		/* Once when it begins, once when it is over. */
		if (rc < 0 && well)
			log_warn(NULL, "%s: %s", pub_names[index], why.msg);
		else if (rc == 0 && !well)
			log_info(NULL, "%s: the database is back",
				 pub_names[index]);
		well = rc == 0;
	} while (proc_sleep(self, wait));
	return 0;
}
