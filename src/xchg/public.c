#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "db/db.h"
#include "http/http.h"
#include "xchg/public_i.h"


static const struct pub_dialect *const dialects[] = {
	&pub_binance, &pub_coinbase, &pub_kraken, &pub_kucoin,
};
const char *const pub_names[] = { "binance", "coinbase", "kraken", "kucoin", NULL };
_Static_assert(ARRAY_LEN(dialects) == PUB_EXCHANGES &&
	       ARRAY_LEN(pub_names) == PUB_EXCHANGES + 1, "one name, one dialect");

static const char *base_url(const struct conf *c, const char *name)
{
	return strcmp(name, "binance") == 0 ? c->binance_url :
		strcmp(name, "coinbase") == 0 ? c->coinbase_url :
		strcmp(name, "kraken") == 0 ? c->kraken_url : c->kucoin_url;
}

int pub_new(struct arena *out, const char *exchange, const struct conf *conf,
	    struct http *http, struct pub **ret, struct err *err)
{
	struct pub *p;

	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		size_t n;

		if (strcmp(dialects[i]->name, exchange) != 0)
			continue;
		p = *ret = NEW(out, struct pub);
		p->magic = PUB_MAGIC;
		p->d = dialects[i];
		p->gap_ms = p->d->gap_ms;
		p->arena = out;
		p->http = http;
		p->url = base_url(conf, exchange);
		n = strlen(p->url);
		while (n > 0 && p->url[n - 1] == '/')
			n--;
		p->url = str_dup(out, str_n(p->url, n));
		return 0;
	}
	return FAIL(err, E_NOTFOUND, "there is no connection to an exchange "
		    "\"%.32s\" (there are binance, coinbase, kraken, kucoin)",
		    exchange);
}

bool pub_has_tf(const struct pub *p, enum tf tf)
{
	return p->d->tf(tf) != NULL;
}

int pub_odd(const struct pub *p, struct err *err, const char *what)
{
	return FAIL(err, E_EXCHANGE, "%s: %s", p->d->name, what);
}

/* ---- asking -------------------------------------------------------------- */

static void throttle(struct pub *p)
{
	int64_t since = (clock_mono_ns() - p->asked_ns) / 1000000;

	if (p->asked_ns != 0 && since < p->gap_ms)
		clock_sleep_ms(p->gap_ms - since);
	p->asked_ns = clock_mono_ns();
}

/* What is no answer: in words, and whether it is worth asking again. */
static int refused(struct arena *out, const struct pub *p,
		   const struct http_answer *a, struct err *err)
{
	const struct json *j = NULL;
	const char *say = NULL;
	struct err ignored;

	if (a->status == 429 || a->status == 418)
		return FAIL(err, E_BUSY, "%s: too many requests%s; it wants to "
			    "be left alone for %" PRId64 " s", p->d->name,
			    a->status == 418 ? ", this address is banned" : "",
			    (a->retry_after_ms > 0 ? a->retry_after_ms : 60000)
			    / 1000);
	if (a->status == 451 || a->status == 403)
		return FAIL(err, E_EXCHANGE, "%s refuses this address (status "
			    "%d; it may not serve your country)", p->d->name,
			    a->status);
	if (a->body.n > 0 &&
	    json_parse(out, a->body.p, a->body.n, &j, &ignored) == 0)
		say = p->d->error(out, j);
	if (say != NULL)
		return FAIL(err, a->status == 404 ? E_NOTFOUND : E_EXCHANGE,
			    "%s: %.200s", p->d->name, say);
	return FAIL(err, a->status == 404 ? E_NOTFOUND : E_EXCHANGE,
		    "%s: status %d", p->d->name, a->status);
}

int pub_get(struct arena *out, struct pub *p, const char *path,
	    const struct json **ret, struct err *err)
{
	struct http_request rq = { .url = arena_printf(out, "%s%s", p->url, path) };
	struct http_answer a;
	const char *say;
	int rc;

	throttle(p);
	rc = http_do(out, p->http, &rq, &a, err);
	if (rc < 0) {
		err_wrap(err, "%s", p->d->name);
		return rc;
	}
	if (a.status != 200)
		return refused(out, p, &a, err);
	if (json_parse(out, a.body.p, a.body.n, ret, err) < 0) {
		err_wrap(err, "%s: its answer", p->d->name);
		err->code = E_EXCHANGE;
		return -E_EXCHANGE;
	}
	say = p->d->error(out, *ret);
	return say == NULL ? 0 :
		FAIL(err, E_EXCHANGE, "%s: %.200s", p->d->name, say);
}

int pub_time(struct pub *p, int64_t *ret_ms, struct err *err)
{
	int rc = 0;

	assert(p->magic == PUB_MAGIC);
	SCOPE(tmp, p->arena)
		rc = p->d->time(p, tmp, ret_ms, err);
	return rc;
}

int pub_symbol(struct pub *p, const struct market *named,
	       struct pub_symbol *ret, struct err *err)
{
	int rc = 0;

	assert(p->magic == PUB_MAGIC);
	*ret = (struct pub_symbol){ .m = *named };
	SCOPE(tmp, p->arena)
		rc = p->d->symbol(p, tmp, ret, err);
	return rc;
}

int pub_candles(struct arena *out, struct pub *p, const struct pub_symbol *s,
		enum tf tf, int64_t from, int64_t to, struct pub_page *ret,
		struct err *err)
{
	int rc;

	assert(p->magic == PUB_MAGIC && from < to);
	*ret = (struct pub_page){ .next = to };
	if (p->d->tf(tf) == NULL)
		return FAIL(err, E_INVAL, "%s has no candles of %s", p->d->name,
			    tf_name(tf));
	rc = p->d->candles(out, p, s, tf, from, to, ret, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ret->n; i++)
		if (ret->x[i].t < from || ret->x[i].t >= ret->next ||
		    (i > 0 && ret->x[i].t <= ret->x[i - 1].t))
			return pub_odd(p, err, "its candles are out of order");
	if (ret->next <= from || ret->next > to)
		return pub_odd(p, err, "its candles do not go on");
	return 0;
}

/* ---- for the dialects ------------------------------------------------------ */

static bool number(const struct json *j, struct str *ret)
{
	if (json_type(j) != JSON_NUM && json_type(j) != JSON_STR)
		return false;
	*ret = json_text(j);
	return ret->n > 0;
}

int pub_row(const struct pub *p, enum tf tf, int64_t t,
	    const struct json *const *v, struct xcandle *ret, struct err *err)
{
	const char *wrong;

	*ret = (struct xcandle){ .t = t };
	for (int k = 0; k < X__N; k++) {
		struct dec d = { 0 };
		struct str s;
		bool rounded;

		if (v[k] == NULL || !number(v[k], &s) ||
		    dec_parse_round(&d, s.p, s.n, &rounded) != DEC_OK)
			return pub_odd(p, err, "a candle has something else for "
				       "a number");
		ret->m[k] = d.m;
		ret->d[k] = d.d;
	}
	wrong = xcandle_check(ret, tf);
	if (wrong != NULL)
		return FAIL(err, E_EXCHANGE, "%s: the candle of %" PRId64 ": %s",
			    p->d->name, t, wrong);
	return 0;
}

int pub_steps(const struct pub *p, struct market *m, const struct json *tick,
	      const struct json *lot, const struct json *least, struct err *err)
{
	struct str s;

	if ((tick != NULL && (!number(tick, &s) || !price_parse(&m->tick, s.p))) ||
	    (lot != NULL && (!number(lot, &s) || !qty_parse(&m->lot, s.p))) ||
	    (least != NULL && (!number(least, &s) ||
			       !quote_parse(&m->min_notional, s.p))))
		return pub_odd(p, err, "a step is no number");
	if (price_sign(m->tick) <= 0 || qty_sign(m->lot) <= 0 ||
	    quote_sign(m->min_notional) < 0)
		return pub_odd(p, err, "a step is not above zero");
	return 0;
}

void pub_page_room(struct arena *out, struct pub_page *pg, size_t n)
{
	pg->x = NEW_N(out, struct xcandle, n + 1);
	pg->n = 0;
}

static int by_time(const void *a, const void *b)
{
	const struct xcandle *x = a, *y = b;

	return (x->t > y->t) - (x->t < y->t);
}

void pub_page_order(struct pub_page *pg, int64_t from, int64_t to)
{
	size_t n = 0;

	qsort(pg->x, pg->n, sizeof(*pg->x), by_time);
	for (size_t i = 0; i < pg->n; i++)
		if (pg->x[i].t >= from && pg->x[i].t < to)
			pg->x[n++] = pg->x[i];
	pg->n = n;
}

/* ---- into the store ----------------------------------------------------------- */

/* What is not stored of [from, to). */
static int holes(struct arena *out, struct db *db, const struct pub_fill *f,
		 struct candle_gap **ret, size_t *ret_n, struct err *err)
{
	struct candles cs;
	struct candle_gap *g, *in;
	size_t n, k = 0;
	struct series s;
	int rc = series_get(db, f->market_id, f->tf, &s, err);

	if (rc < 0 && rc != -E_NOTFOUND)
		return rc;
	cs.n = 0;
	if (rc == 0 && candles_load(out, db, f->market_id, f->tf, f->from, f->to,
				    &cs, err) < 0)
		return -err->code;
	if (cs.n == 0) {
		g = NEW(out, struct candle_gap);
		*g = (struct candle_gap){ f->from, f->to, 0 };
		*ret = g;
		*ret_n = 1;
		return 0;
	}
	n = candles_gaps(out, cs.t, cs.n, f->tf, &in);
	g = NEW_N(out, struct candle_gap, n + 2);
	if (cs.t[0] > f->from)
		g[k++] = (struct candle_gap){ f->from, cs.t[0], 0 };
	for (size_t i = 0; i < n; i++)
		g[k++] = in[i];
	if (tf_next(f->tf, cs.t[cs.n - 1]) < f->to)
		g[k++] = (struct candle_gap){ tf_next(f->tf, cs.t[cs.n - 1]),
					      f->to, 0 };
	*ret = g;
	*ret_n = k;
	return 0;
}

static int one_page(struct arena *tmp, struct db *db, const struct pub_fill *f,
		    int64_t from, int64_t to, struct pub_filled *ret,
		    int64_t *ret_next, struct err *err)
{
	struct store_stats st = { 0 };
	struct pub_page pg;
	int rc = pub_candles(tmp, f->p, f->s, f->tf, from, to, &pg, err);

	if (rc == 0 && pg.n > 0)
		rc = xcandles_merge(db, f->market_id, f->tf, pg.x, pg.n, 0, &st,
				    err);
	if (rc < 0)
		return rc;
	ret->pages++;
	ret->added += st.added;
	ret->same += st.same;
	ret->missing += (uint64_t)tf_count(f->tf, from, pg.next) - pg.n;
	*ret_next = pg.next;
	return 0;
}

int pub_fill(struct arena *scratch, struct db *db, const struct pub_fill *f,
	     struct pub_filled *ret, struct err *err)
{
	uint64_t total = 0, done = 0;
	int rc = 0;

	*ret = (struct pub_filled){ 0 };
	SCOPE(tmp, scratch) {
		struct candle_gap *g = NULL;
		size_t n = 0;

		rc = holes(tmp, db, f, &g, &n, err);
		for (size_t i = 0; rc == 0 && i < n; i++)
			total += (uint64_t)tf_count(f->tf, g[i].from, g[i].to);
		for (size_t i = 0; rc == 0 && i < n; i++) {
			int64_t at = g[i].from;

			while (rc == 0 && at < g[i].to) {
				int64_t next = at;

				SCOPE(page, tmp)
					rc = one_page(page, db, f, at, g[i].to,
						      ret, &next, err);
				done += (uint64_t)tf_count(f->tf, at, next);
				at = next;
				if (rc == 0 && f->progress != NULL)
					rc = f->progress(f->ctx, done, total);
			}
		}
	}
	return rc;
}
