#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "market/import.h"
#include "prog/ctl.h"
#include "prog/ctl_download.h"
#include "prog/ctl_named.h"

/* Rows of some years of minutes; their text lives beside them. */
#define DATA_LIMIT	((size_t)24 << 30)
#define TEXT_MAX	((size_t)64 << 20)
#define PART_ROWS	10000
#define GAPS_SHOWN	20
#define SERIES_MAX	100000

/* ---- what the subcommands share ---- */

static bool want_market(struct ctl *c, const char *ref, struct market *ret,
			int *status)
{
	if (ref == NULL)
		*status = ctl_usage(c, "--market is needed: binance:BTC/USDT");
	else if (!market_ref_parse(str_c(ref), ret))
		*status = ctl_usage(c, "\"%s\" is not of the form "
				    "exchange:BASE/QUOTE", ref);
	else
		return true;
	return false;
}

static bool want_tf(struct ctl *c, const char *option, const char *text,
		    enum tf *ret, int *status)
{
	if (text == NULL)
		*status = ctl_usage(c, "%s is needed: 1m, 1h, 1d ...", option);
	else if (!tf_parse(str_c(text), ret))
		*status = ctl_usage(c, "\"%s\" is not a timeframe (1s 5s 15s "
				    "30s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h "
				    "1d 3d 1w 1M)", text);
	else
		return true;
	return false;
}

static bool open_db(struct ctl *c, struct db **ret, int *status)
{
	if (!ctl_conf(c, status))
		return false;
	*ret = db_new(c->arena, c->conf);
	return true;
}

/* A market that is there, by its name. */
static bool open_market(struct ctl *c, const char *ref, struct db **ret_db,
			struct market *ret, int *status)
{
	struct market named;
	struct err err;

	if (!want_market(c, ref, &named, status) || !open_db(c, ret_db, status))
		return false;
	if (market_find(*ret_db, named.exchange, named.symbol, ret, &err) < 0) {
		*status = ctl_fail(c, &err);
		return false;
	}
	return true;
}

static const char *when(struct arena *a, int64_t t)
{
	char buf[TIME_TEXT_MAX];

	time_format(buf, t);
	return arena_strdup(a, buf);
}

/* ---- import ---- */

struct import_cmd {
	struct ctl *c;
	struct market market;
	const char *market_ref, *tf, *tick, *lot, *min_notional;
	bool replace, skip_broken, dry_run;
	struct import im;
	struct store_stats stats;
	bool created;
	struct ctl_progress bar;
};

static void at_bytes(void *ctx, uint64_t done, uint64_t total)
{
	(void)total;
	ctl_progress_at(ctx, done);
}

static void report_notes(const struct import_cmd *m)
{
	const struct import *im = &m->im;

	for (size_t i = 0; i < im->notes.n; i++) {
		const struct import_note *n = &im->notes.v[i];
		const struct import_source *s = &im->files.v[n->file];

		fprintf(stderr, "%s: %s %" PRIu32 ": %s%s%s%s\n", s->name,
			s->unit, n->line, n->what,
			n->cell[0] != '\0' ? ": \"" : "", n->cell,
			n->cell[0] != '\0' ? "\"" : "");
	}
	if (im->broken + im->duplicates + im->unfinished > im->notes.n)
		fprintf(stderr, "and %" PRIu64 " more\n", im->broken +
			im->duplicates + im->unfinished - im->notes.n);
}

static void report_gaps(struct import_cmd *m)
{
	const struct import *im = &m->im;
	int64_t missing = 0;

	for (size_t i = 0; i < im->n_gaps; i++)
		missing += im->gaps[i].missing;
	if (im->n_gaps > 0)
		ctl_say(m->c, "%zu gap%s, %" PRId64 " candle%s missing:",
			im->n_gaps, im->n_gaps == 1 ? "" : "s", missing,
			missing == 1 ? "" : "s");
	for (size_t i = 0; i < im->n_gaps && i < GAPS_SHOWN; i++)
		ctl_say(m->c, "  %s to %s: %" PRId64,
			when(m->c->arena, im->gaps[i].from),
			when(m->c->arena, im->gaps[i].to), im->gaps[i].missing);
	if (im->n_gaps > GAPS_SHOWN)
		ctl_say(m->c, "  and %zu more (orchctl candles gaps)",
			im->n_gaps - GAPS_SHOWN);
}

static int read_files(struct import_cmd *m, struct err *err)
{
	struct ctl *c = m->c;
	uint64_t total = 0;
	int rc = 0;

	for (int i = 0; i < c->argc; i++) {
		struct stat st;

		if (stat(c->argv[i], &st) == 0)
			total += (uint64_t)st.st_size;
	}
	m->im.bytes_total = total;
	m->im.progress = at_bytes;
	m->im.progress_ctx = &m->bar;
	ctl_progress_start(&m->bar, c, "reading", total);
	for (int i = 0; rc == 0 && i < c->argc; i++)
		rc = import_file(&m->im, c->argv[i], err);
	ctl_progress_end(&m->bar);
	if (rc == 0)
		rc = import_finish(&m->im, m->skip_broken ? IMPORT_SKIP_BROKEN :
				   0, err);
	report_notes(m);
	return rc;
}

static money_raw step_of(unsigned decimals)
{
	money_raw v = 1;

	for (unsigned i = decimals; i < 18; i++)
		v *= 10;
	return v;
}

static bool steps(struct import_cmd *m, int *status)
{
	struct market *k = &m->market;

	/* Not told: the finest step that the data uses. */
	k->tick = price_from_raw(step_of(m->im.price_decimals));
	k->lot = qty_from_raw(step_of(m->im.volume_decimals));
	k->min_notional = quote_zero();
	if (m->tick != NULL && (!price_parse(&k->tick, m->tick) ||
				price_sign(k->tick) <= 0))
		*status = ctl_usage(m->c, "--tick: \"%s\" is not a price above "
				    "zero", m->tick);
	else if (m->lot != NULL && (!qty_parse(&k->lot, m->lot) ||
				    qty_sign(k->lot) <= 0))
		*status = ctl_usage(m->c, "--lot: \"%s\" is not a quantity above "
				    "zero", m->lot);
	else if (m->min_notional != NULL &&
		 (!quote_parse(&k->min_notional, m->min_notional) ||
		  quote_sign(k->min_notional) < 0))
		*status = ctl_usage(m->c, "--min-notional: \"%s\" is not an "
				    "amount", m->min_notional);
	else
		return true;
	return false;
}

/* Market and candles come together or not at all. */
static int import_tx(void *ctx, struct db *db, struct err *err)
{
	struct import_cmd *m = ctx;
	struct market market = m->market;
	int rc = market_ensure(db, &market, "import", &m->created, err);

	if (rc < 0)
		return rc;
	return xcandles_merge(db, market.id, m->im.tf, m->im.rows, m->im.n,
			      m->replace ? STORE_REPLACE : 0, &m->stats, err);
}

static int store(struct import_cmd *m)
{
	struct ctl *c = m->c;
	const struct import *im = &m->im;
	struct db *db;
	struct sbuf b;
	struct err err;
	int status;

	if (!steps(m, &status))
		return status;
	if (!m->dry_run) {
		if (!open_db(c, &db, &status))
			return status;
		if (db_tx(db, import_tx, m, &err) < 0) {
			if (err.code == E_CONFLICT)
				err_wrap(&err, "nothing was imported (--replace "
					 "takes the file's numbers)");
			return ctl_fail(c, &err);
		}
	}
	if (im->rounded > 0)
		ctl_say(c, "%" PRIu64 " numbers had more than 18 places and were "
			"rounded", im->rounded);
	report_gaps(m);
	sbuf_init(&b, c->arena, TEXT_MAX);
	sbuf_addf(&b, "%s:%s %s: %zu candles from %s to %s", m->market.exchange,
		  m->market.symbol, tf_name(im->tf), im->n,
		  when(c->arena, im->rows[0].t),
		  when(c->arena, im->rows[im->n - 1].t));
	if (m->dry_run)
		sbuf_addf(&b, "; nothing was written (--dry-run)\n");
	else
		sbuf_addf(&b, "; %" PRIu64 " added, %" PRIu64 " already there, %"
			  PRIu64 " replaced%s\n", m->stats.added, m->stats.same,
			  m->stats.replaced, m->created ? "; market created" :
			  "");
	return ctl_print(c, &b);
}

static void free_arena(void *p)
{
	struct arena *a = p;

	arena_free(&a);
}

static int candles_import(struct ctl *c)
{
	struct import_cmd *m = NEW(c->arena, struct import_cmd);
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &m->market_ref, "EXCHANGE:SYMBOL",
		  "binance:BTC/USDT; created when absent", 0, 0 },
		{ "tf", 't', CTL_TEXT, &m->tf, "TF",
		  "timeframe; seen in the times when not given", 0, 0 },
		{ "replace", 'r', CTL_FLAG, &m->replace, NULL,
		  "candles that differ replace the stored ones", 0, 0 },
		{ "skip-broken", 's', CTL_FLAG, &m->skip_broken, NULL,
		  "leave broken rows out in place of refusing all", 0, 0 },
		{ "dry-run", 'n', CTL_FLAG, &m->dry_run, NULL,
		  "read and check only", 0, 0 },
		{ "tick", 0, CTL_TEXT, &m->tick, "STEP",
		  "price step of a new market", 0, 0 },
		{ "lot", 0, CTL_TEXT, &m->lot, "STEP",
		  "quantity step of a new market", 0, 0 },
		{ "min-notional", 0, CTL_TEXT, &m->min_notional, "AMOUNT",
		  "least value of an order on a new market", 0, 0 },
		{ 0 } };
	struct arena *data;
	enum tf tf = 0;
	struct err err;
	int status;

	m->c = c;
	if (!ctl_parse(c, opts, "FILE...", 1, CTL_MANY, &status))
		return status;
	if (!want_market(c, m->market_ref, &m->market, &status) ||
	    (m->tf != NULL && !want_tf(c, "--tf", m->tf, &tf, &status)))
		return status;
	data = arena_new("import", DATA_LIMIT);
	arena_defer(c->arena, free_arena, data);
	import_init(&m->im, data, tf, m->market.base, clock_ms(&clock_real));
	if (read_files(m, &err) < 0) {
		err_wrap(&err, "nothing was imported");
		return ctl_fail(c, &err);
	}
	return store(m);
}

/* ---- list ---- */

static int candles_list(struct ctl *c)
{
	const char *ref = NULL;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "only this market", 0, 0 },
		{ 0 } };
	struct market m = { 0 };
	struct series *s;
	struct sbuf b;
	struct db *db;
	struct err err;
	size_t n;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (ref != NULL ? !open_market(c, ref, &db, &m, &status) :
	    !open_db(c, &db, &status))
		return status;
	if (series_list(c->arena, db, m.id, SERIES_MAX, &s, &n, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (s[i].market_id != m.id &&
		    market_by_id(db, s[i].market_id, &m, &err) < 0)
			return ctl_fail(c, &err);
		sbuf_addf(&b, "%s:%-12s %-3s %s  %s  %10" PRIu64 "\n",
			  m.exchange, m.symbol, tf_name(s[i].tf),
			  when(c->arena, s[i].from), when(c->arena, s[i].to),
			  s[i].count);
	}
	if (n == 0)
		ctl_say(c, "There are no candles.");
	return ctl_print(c, &b);
}

/* ---- gaps ---- */

static int candles_gap_list(struct ctl *c)
{
	const char *ref = NULL, *text = NULL;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "the market", 0, 0 },
		{ "tf", 't', CTL_TEXT, &text, "TF", "the timeframe", 0, 0 },
		{ 0 } };
	struct candle_gap *g;
	struct candles cs;
	struct market m;
	struct sbuf b;
	struct db *db;
	struct err err;
	enum tf tf;
	size_t n;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (!want_tf(c, "--tf", text, &tf, &status) ||
	    !open_market(c, ref, &db, &m, &status))
		return status;
	if (candles_load(c->arena, db, m.id, tf, INT64_MIN, INT64_MAX, &cs,
			 &err) < 0)
		return ctl_fail(c, &err);
	n = candles_gaps(c->arena, cs.t, cs.n, tf, &g);
	sbuf_init(&b, c->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s  %s  %10" PRId64 "\n", when(c->arena, g[i].from),
			  when(c->arena, g[i].to), g[i].missing);
	ctl_say(c, "%zu candles, %zu gap%s", cs.n, n, n == 1 ? "" : "s");
	return ctl_print(c, &b);
}

/* ---- resample ---- */

/* Bars that the finer series does not hold whole, at either end, are not
 * stored: they would be wrong for ever. */
static void whole_bars(const struct series *fine, enum tf tf,
		       struct xcandle **x, size_t *n)
{
	if (*n > 0 && (*x)[0].t < fine->from) {
		(*x)++;
		(*n)--;
	}
	if (*n > 0 && tf_next(tf, (*x)[*n - 1].t) > tf_next(fine->tf, fine->to))
		(*n)--;
}

static int candles_resample_cmd(struct ctl *c)
{
	const char *ref = NULL, *from_text = NULL, *to_text = NULL;
	bool replace = false;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "the market", 0, 0 },
		{ "from-tf", 'f', CTL_TEXT, &from_text, "TF",
		  "the stored timeframe", 0, 0 },
		{ "tf", 't', CTL_TEXT, &to_text, "TF",
		  "the coarser one that is made of it and stored", 0, 0 },
		{ "replace", 'r', CTL_FLAG, &replace, NULL,
		  "candles that differ replace the stored ones", 0, 0 },
		{ 0 } };
	struct xcandle *x, *bars;
	struct store_stats st;
	struct series fine;
	struct market m;
	struct sbuf b;
	struct db *db;
	struct err err;
	enum tf from, to;
	size_t n, n_bars;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (!want_tf(c, "--from-tf", from_text, &from, &status) ||
	    !want_tf(c, "--tf", to_text, &to, &status))
		return status;
	if (from == to || !tf_divides(from, to))
		return ctl_usage(c, "bars of %s cannot be made of bars of %s",
				 to_text, from_text);
	if (!open_market(c, ref, &db, &m, &status))
		return status;
	if (series_get(db, m.id, from, &fine, &err) < 0 ||
	    xcandles_load(c->arena, db, m.id, from, INT64_MIN, INT64_MAX, &x,
			  &n, &err) < 0 ||
	    xcandles_resample(c->arena, x, n, from, to, &bars, &n_bars,
			      &err) < 0)
		return ctl_fail(c, &err);
	whole_bars(&fine, to, &bars, &n_bars);
	if (xcandles_merge(db, m.id, to, bars, n_bars, replace ? STORE_REPLACE :
			   0, &st, &err) < 0)
		return ctl_fail(c, &err);
	sbuf_init(&b, c->arena, TEXT_MAX);
	sbuf_addf(&b, "%s:%s %s: %zu candles made of %zu of %s; %" PRIu64
		  " added, %" PRIu64 " already there, %" PRIu64 " replaced\n",
		  m.exchange, m.symbol, to_text, n_bars, n, from_text, st.added,
		  st.same, st.replaced);
	return ctl_print(c, &b);
}

/* ---- export ---- */

static void csv_row(struct sbuf *b, const struct xcandle *x)
{
	sbuf_addf(b, "%" PRId64, x->t);
	for (int k = 0; k < X__N; k++) {
		char buf[DEC_TEXT_MAX];
		size_t n = dec_format(buf, (struct dec){ x->m[k], x->d[k] });

		sbuf_add(b, ",", 1);
		sbuf_add(b, buf, n);
	}
	sbuf_add(b, "\n", 1);
}

static int candles_export(struct ctl *c)
{
	const char *ref = NULL, *text = NULL;
	int64_t from = INT64_MIN, to = INT64_MAX;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "the market", 0, 0 },
		{ "tf", 't', CTL_TEXT, &text, "TF", "the timeframe", 0, 0 },
		{ "from", 0, CTL_TIME, &from, "TIME", "first open", 0, 0 },
		{ "to", 0, CTL_TIME, &to, "TIME", "before this open", 0, 0 },
		{ 0 } };
	struct xcandle *x;
	struct series s;
	struct market m;
	struct db *db;
	struct err err;
	enum tf tf;
	size_t n;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (!want_tf(c, "--tf", text, &tf, &status) ||
	    !open_market(c, ref, &db, &m, &status))
		return status;
	if (series_get(db, m.id, tf, &s, &err) < 0 ||
	    xcandles_load(c->arena, db, m.id, tf, from, to, &x, &n, &err) < 0)
		return ctl_fail(c, &err);
	for (size_t i = 0; i <= n; i += PART_ROWS) {
		SCOPE(tmp, c->arena) {
			struct sbuf b;

			sbuf_init(&b, tmp, TEXT_MAX);
			if (i == 0)
				sbuf_addf(&b, "timestamp_ms,open,high,low,"
					  "close,volume\n");
			for (size_t k = i; k < n && k < i + PART_ROWS; k++)
				csv_row(&b, &x[k]);
			status = ctl_print(c, &b);
		}
		if (status != 0)
			return status;
	}
	return 0;
}

/* ---- delete ---- */

static int candles_delete(struct ctl *c)
{
	const char *ref = NULL, *text = NULL;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "the market", 0, 0 },
		{ "tf", 't', CTL_TEXT, &text, "TF", "the timeframe", 0, 0 },
		{ 0 } };
	struct market m;
	struct db *db;
	struct err err;
	enum tf tf;
	int status;

	if (!ctl_parse(c, opts, NULL, 0, 0, &status))
		return status;
	if (!want_tf(c, "--tf", text, &tf, &status) ||
	    !open_market(c, ref, &db, &m, &status))
		return status;
	if (series_delete(db, m.id, tf, &err) < 0)
		return ctl_fail(c, &err);
	ctl_say(c, "Deleted %s:%s %s.", m.exchange, m.symbol, text);
	return 0;
}

static int candles_funding(struct ctl *c)
{
	const char *ref = NULL;
	const struct ctl_opt opts[] = {
		{ "market", 'm', CTL_TEXT, &ref, "EXCHANGE:SYMBOL",
		  "binance:BTC/USDT", 0, 0 },
		{ 0 } };
	struct market m;
	struct funding f;
	struct db *db;
	struct err err;
	int status;

	if (!ctl_parse(c, opts, "FILE", 1, 1, &status) ||
	    !open_market(c, ref, &db, &m, &status))
		return status;
	if (ctl_funding_file(c->arena, c->argv[0], &f, &err) < 0 ||
	    funding_store(db, m.id, &f, &err) < 0) {
		err_wrap(&err, "funding rates");
		return ctl_fail(c, &err);
	}
	if (!c->quiet)
		ctl_say(c, "%zu funding rates of %s are stored", f.n, m.symbol);
	return 0;
}

int ctl_candles(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "import", candles_import, "FILE...",
		  "read CSV, freqtrade JSON, zip and gzip files" },
		{ "download", ctl_download, NULL,
		  "ask an exchange for what is not stored yet" },
		{ "list", candles_list, NULL, "what is stored" },
		{ "gaps", candles_gap_list, NULL, "where candles are missing" },
		{ "resample", candles_resample_cmd, NULL,
		  "store a coarser timeframe made of a finer one" },
		{ "export", candles_export, NULL, "write CSV to stdout" },
		{ "delete", candles_delete, NULL, "delete a stored series" },
		{ "funding", candles_funding, "FILE",
		  "read funding rates of a perpetual future" },
		{ 0 } };

	return ctl_dispatch(c, subs);
}
