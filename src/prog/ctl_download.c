#include "config.h"

#include <inttypes.h>

#include "core/clock.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "http/http.h"
#include "prog/ctl.h"
#include "prog/ctl_download.h"
#include "xchg/public.h"

#define ANSWER_MAX	((size_t)16 << 20)	/* a list of symbols is long */
#define YEAR_MS		(365 * 86400000LL)
#define SETTLE_MS	2000	/* a candle that closed just now may change */

struct download {
	struct ctl *c;
	struct db *db;
	struct pub *p;
	struct pub_symbol s;
	struct market m;
	enum tf tf;
	int64_t from, to;
	struct ctl_progress bar;
	bool shown;
};

static int at(void *ctx, uint64_t done, uint64_t total)
{
	struct download *d = ctx;

	if (!d->shown)
		ctl_progress_start(&d->bar, d->c, "candles", total);
	d->shown = true;
	ctl_progress_at(&d->bar, done);
	return 0;
}

/* [from, to) onto the grid, and not beyond what has closed. */
static int range(struct download *d, struct err *err)
{
	int64_t now, first;
	int rc = pub_time(d->p, &now, err);

	if (rc < 0)
		return rc;
	now = tf_open(d->tf, now - SETTLE_MS);
	if (d->to > now)
		d->to = now;
	d->to = tf_open(d->tf, d->to);
	if (d->from == INT64_MIN)
		d->from = d->to - YEAR_MS;
	first = tf_open(d->tf, d->from);
	d->from = first < d->from ? tf_next(d->tf, first) : first;
	if (d->from <= 0 || d->from >= d->to)
		return FAIL(err, E_INVAL, "no candle of %s closed in that time",
			    tf_name(d->tf));
	return 0;
}

static int fetch(struct download *d, struct pub_filled *ret, struct err *err)
{
	struct pub_fill f = { .s = &d->s, .p = d->p, .tf = d->tf,
			      .progress = at, .ctx = d };
	int rc = range(d, err);

	if (rc == 0)
		rc = pub_symbol(d->p, &d->m, &d->s, err);
	if (rc < 0)
		return rc;
	d->m = d->s.m;
	rc = market_ensure(d->db, &d->m, "exchange", NULL, err);
	if (rc < 0)
		return rc;
	f.market_id = d->m.id;
	f.from = d->from;
	f.to = d->to;
	rc = pub_fill(d->c->arena, d->db, &f, ret, err);
	if (d->shown)
		ctl_progress_end(&d->bar);
	if (rc < 0 && ret->added > 0)
		err_wrap(err, "%" PRIu64 " candles were stored, the same command "
			 "goes on from there", ret->added);
	return rc;
}

int ctl_download(struct ctl *c)
{
	struct download *d = NEW(c->arena, struct download);
	const char *ref = NULL, *text = NULL;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "binance:BTC/USDT; created when absent", 0, 0 },
		{ "tf", 't', CTL_TEXT, &text, "TF", "the timeframe", 0, 0 },
		{ "from", 0, CTL_TIME, &d->from, "TIME",
		  "first open (a year before the end when not given)", 0, 0 },
		{ "to", 0, CTL_TIME, &d->to, "TIME",
		  "before this open (now when not given)", 0, 0 },
		{ 0 } };
	struct pub_filled done = { 0 };
	struct http *http;
	struct sbuf b;
	struct err err;
	int status;

	d->c = c;
	d->from = INT64_MIN;
	d->to = INT64_MAX;
	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (ref == NULL || text == NULL)
		return ctl_usage(c, "--market and --tf are needed: "
				 "--market binance:BTC/USDT --tf 1h");
	if (!market_ref_parse(str_c(ref), &d->m))
		return ctl_usage(c, "\"%s\" is not of the form "
				 "exchange:BASE/QUOTE", ref);
	if (!tf_parse(str_c(text), &d->tf))
		return ctl_usage(c, "\"%s\" is not a timeframe", text);
	if (!ctl_conf(c, &status))
		return status;
	d->db = db_new(c->arena, c->conf);
	if (http_new(c->arena, &(struct http_opts){ .agent = PACKAGE_NAME "/"
		     PACKAGE_VERSION, .max_body = ANSWER_MAX, .connect_ms = 5000,
		     .timeout_ms = 15000 }, &http, &err) < 0 ||
	    pub_new(c->arena, d->m.exchange, c->conf, http, &d->p, &err) < 0)
		return ctl_fail(c, &err);
	if (!pub_has_tf(d->p, d->tf))
		return ctl_usage(c, "%s has no candles of %s (make them of finer "
				 "ones: orchctl candles resample)", d->m.exchange,
				 text);
	if (fetch(d, &done, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, 4096);
	sbuf_addf(&b, "%s:%s %s: %" PRIu64 " added in %" PRIu64 " request%s",
		  d->m.exchange, d->m.symbol, text, done.added, done.pages,
		  done.pages == 1 ? "" : "s");
	if (done.pages == 0)
		sbuf_addf(&b, "; all was there");
	if (done.missing > 0)
		sbuf_addf(&b, "; %" PRIu64 " candle%s the exchange has not",
			  done.missing, done.missing == 1 ? "" : "s");
	sbuf_addf(&b, "\n");
	return ctl_print(c, &b);
}
