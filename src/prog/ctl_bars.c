#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bt/models.h"
#include "db/db.h"
#include "market/import.h"
#include "prog/ctl_bars.h"

/* A file is written beside its name and then takes it: what stands there is
 * whole, the old or the new.  A pipe or a device is written as it is. */
static int write_file(struct arena *tmp, const char *path, const char *text,
		      size_t n)
{
	struct stat st;
	bool plain = stat(path, &st) < 0 || S_ISREG(st.st_mode);
	const char *at = plain ? arena_printf(tmp, "%s.part", path) : path;
	FILE *f = fopen(at, "w");
	int bad = 0;

	if (f == NULL)
		return errno;
	if (fwrite(text, 1, n, f) != n)
		bad = errno;
	if (fclose(f) != 0 && bad == 0)
		bad = errno;
	if (bad == 0 && plain && rename(at, path) < 0)
		bad = errno;
	if (bad != 0 && plain)
		unlink(at);
	return bad;
}

int ctl_save(struct ctl *c, const char *path, const struct sbuf *b)
{
	struct err err;
	const char *text = sbuf_finish(b);
	int bad;

	if (text == NULL) {
		FAIL(&err, E_TOOBIG, "%s: the result is too large", path);
		return ctl_fail(c, &err);
	}
	if (strcmp(path, "-") == 0)
		return ctl_print(c, b);
	bad = write_file(c->arena, path, text, b->len);
	if (bad == 0)
		return 0;
	FAIL(&err, E_IO, "%s: %s", path, strerror(bad));
	return ctl_fail(c, &err);
}

int ctl_read_text(struct arena *out, const char *path, const char **ret,
		  size_t *ret_n, struct err *err)
{
	char *buf = arena_alloc(out, SCRIPT_SOURCE_MAX + 1);
	FILE *f = fopen(path, "rb");
	size_t n;
	int bad;

	if (f == NULL)
		return FAIL(err, E_NOTFOUND, "%s: %s", path, strerror(errno));
	n = fread(buf, 1, SCRIPT_SOURCE_MAX + 1, f);
	bad = ferror(f) ? errno : 0;
	fclose(f);
	if (bad != 0)
		return FAIL(err, E_IO, "%s: %s", path, strerror(bad));
	if (n > SCRIPT_SOURCE_MAX)
		return FAIL(err, E_TOOBIG, "%s: is larger than %zu KiB", path,
			    SCRIPT_SOURCE_MAX >> 10);
	*ret = buf;
	*ret_n = n;
	return 0;
}

/* --- candles ------------------------------------------------------------ */

void bars_of(struct bars *ret, const struct bars_cols *b)
{
	*ret = (struct bars){ b->n, b->t, b->o, b->h, b->l, b->c, b->v };
}

void bars_cut(struct bars *b, int64_t from, int64_t to)
{
	size_t lo = 0, hi = b->n;

	while (lo < hi && b->t[lo] < from)
		lo++;
	while (hi > lo && b->t[hi - 1] >= to)
		hi--;
	*b = bars_slice(b, lo, hi - lo);
}

/* The finest step that the prices show: decimals of the shortest text. */
static double tick_of(const struct bars *b)
{
	int most = 0;

	for (size_t i = 0; i < b->n && i < 5000; i++) {
		const double v[] = { b->o[i], b->h[i], b->l[i], b->c[i] };

		for (size_t k = 0; k < ARRAY_LEN(v); k++) {
			struct dec d;

			if (dec_from_double(&d, v[k]) && d.d > most && d.d <= 10)
				most = d.d;
		}
	}
	return pow(10, -most);
}

/* Where nobody says what the smallest quantity is: the power of ten that is
 * worth less than one unit of the quote currency (0.1 of EUR/USD, 0.0001 of
 * ETH/USDT at 3,000, as exchanges have it). */
static double lot_of(const struct bars *b)
{
	return b->n == 0 ? 0 : pow(10, floor(-log10(b->c[0])));
}

const char *bars_timeframe(const struct bars *b)
{
	int64_t step = INT64_MAX;

	for (size_t i = 1; i < b->n; i++)
		if (b->t[i] - b->t[i - 1] < step)
			step = b->t[i] - b->t[i - 1];
	for (int tf = 1; tf < TF__MAX; tf++)
		if (tf_ms((enum tf)tf) == step)
			return tf_name((enum tf)tf);
	return "1d";
}

/* The columns of a file that are numbers: data.column(). */
static void more_columns(struct ctl *c, const struct table *t, const struct bars_cols *all,
			 const struct bars *b, struct script_market *m)
{
	struct script_column *col = NEW_N(c->arena, struct script_column, t->cols);
	size_t first = b->n > 0 ? (size_t)(b->t - all->t) : 0;

	for (size_t i = 0; i < t->cols; i++) {
		double *v;

		if (table_numbers(c->arena, t, i, &v, NULL) < 0)
			continue;	/* tags, names */
		col[m->n_columns++] = (struct script_column){
			str_dup(c->arena, t->head[i]), v + first, b->n };
	}
	m->columns = col;
}

/* "BTC/USDT" is made of a base and a quote. */
static void name_currencies(struct ctl *c, struct script_market *m)
{
	const char *slash = strchr(m->symbol, '/');

	if (slash == NULL)
		return;
	m->base = str_dup(c->arena, str_n(m->symbol, (size_t)(slash - m->symbol)));
	m->quote = slash + 1;
}

static int from_file(struct ctl *c, const struct ctl_bars *o, struct bars *ret,
		     struct script_market *m, struct err *err)
{
	struct bars_cols cols;

	SCOPE(tmp, c->arena) {		/* the text is larger than the columns */
		struct table t;
		int rc = table_read(tmp, o->candles, &t, err);

		if (rc == 0)
			rc = table_bars(c->arena, &t, &cols, err);
		if (rc < 0)
			return rc;
		bars_of(ret, &cols);
		bars_cut(ret, o->from, o->to);
		if (t.cols > 6)
			more_columns(c, &t, &cols, ret, m);
	}
	m->symbol = o->symbol != NULL ? o->symbol : "FILE";
	m->exchange = "file";
	m->timeframe = script_timeframe(c->arena, bars_timeframe(ret));
	m->mintick = tick_of(ret);
	m->lot = lot_of(ret);
	name_currencies(c, m);
	return 0;
}

/* --data SYMBOL[:TF]=FILE */
static int one_series(struct ctl *c, const char *arg, struct script_series *ret,
		      struct err *err)
{
	const char *eq = strchr(arg, '='), *colon, *tf = NULL;
	char *name;
	struct bars_cols cols;
	struct table t;
	int rc;

	if (eq == NULL || eq == arg)
		return FAIL(err, E_INVAL, "--data %s: must be SYMBOL[:TF]=FILE", arg);
	name = str_dup(c->arena, str_n(arg, (size_t)(eq - arg)));
	colon = strrchr(name, ':');
	if (colon != NULL)
		tf = script_timeframe(c->arena, colon + 1);
	if (tf != NULL)
		name[colon - name] = '\0';
	rc = table_read(c->arena, eq + 1, &t, err);
	if (rc == 0)
		rc = table_bars(c->arena, &t, &cols, err);
	if (rc < 0)
		return rc;
	ret->symbol = name;
	bars_of(&ret->bars, &cols);
	ret->timeframe = tf != NULL ? tf :
		script_timeframe(c->arena, bars_timeframe(&ret->bars));
	return 0;
}

static int load_series(struct ctl *c, const struct ctl_texts *data,
		       struct script_market *m, struct err *err)
{
	struct script_series *s = NEW_N(c->arena, struct script_series, data->n);

	for (size_t i = 0; i < data->n; i++) {
		int rc = one_series(c, data->v[i], &s[i], err);

		if (rc < 0)
			return rc;
	}
	m->series = s;
	m->n_series = data->n;
	return 0;
}

static int from_store(struct ctl *c, const struct ctl_bars *o, struct bars *ret,
		      struct script_market *m, struct err *err)
{
	struct str rest = str_c(o->market);
	const char *colon = strrchr(o->market, ':');
	struct market *mk = NEW(c->arena, struct market);
	struct candles cs;
	enum tf tf;
	struct db *db;
	int rc;

	if (colon == NULL || !tf_parse(str_c(colon + 1), &tf) ||
	    !market_ref_parse(str_n(rest.p, (size_t)(colon - o->market)), mk))
		return FAIL(err, E_INVAL, "--market %s: must be like "
			    "binance:BTC/USDT:1h", o->market);
	db = db_new(c->arena, c->conf);
	rc = market_find(db, mk->exchange, mk->symbol, mk, err);
	if (rc == 0)
		rc = candles_load(c->arena, db, mk->id, tf, o->from, o->to, &cs, err);
	if (rc < 0)
		return rc;
	*ret = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	m->symbol = mk->symbol;
	m->exchange = mk->exchange;
	m->base = mk->base;
	m->quote = mk->quote;
	m->timeframe = script_timeframe(c->arena, tf_name(tf));
	m->mintick = price_to_double(mk->tick);
	m->lot = qty_to_double(mk->lot);
	return 0;
}

int ctl_bind(struct ctl *c, const struct script_prog *prog,
	     const struct ctl_texts *set, struct script_binding **ret, struct err *err)
{
	struct script_binding *b = script_bind(c->arena, prog);

	for (size_t i = 0; i < set->n; i++) {
		const char *eq = strchr(set->v[i], '=');
		int rc;

		if (eq == NULL)
			return FAIL(err, E_INVAL, "--set %s: must be name=value",
				    set->v[i]);
		rc = script_bind_text(b, str_n(set->v[i], (size_t)(eq - set->v[i])),
				      str_c(eq + 1), err);
		if (rc < 0)
			return rc;
	}
	*ret = b;
	return 0;
}

static void show_diags(const char *path, const struct diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s:%d:%d: %s: %s [%s]\n", path, d->v[i].line,
			d->v[i].col, diag_severity_name(d->v[i].severity),
			d->v[i].msg, d->v[i].code);
}

/* import user/name/version: NAME.pine beside the script, or USER/NAME.pine. */
int ctl_library(void *ctx, struct arena *out, struct str user, struct str name, int version,
		struct str *ret)
{
	const char *path = ctx, *slash = strrchr(path, '/'), *text = NULL;
	struct str dir = str_n(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
	size_t n = 0;

	(void)version;
	if (ctl_read_text(out, arena_printf(out, "%.*s%.*s.pine", STR_ARG(dir), STR_ARG(name)),
			  &text, &n, NULL) < 0 &&
	    ctl_read_text(out, arena_printf(out, "%.*s%.*s/%.*s.pine", STR_ARG(dir),
					    STR_ARG(user), STR_ARG(name)), &text, &n, NULL) < 0)
		return -E_NOTFOUND;
	*ret = str_n(text, n);
	return 0;
}

int ctl_models(struct ctl *c, const struct ctl_bars *o,
	       const struct script_prog *prog, const struct bars *b,
	       struct script_market *m, const struct bt_models **ret,
	       struct err *err)
{
	struct bt_models *k = NEW(c->arena, struct bt_models);
	int rc = bt_models_files(c->arena, o->models.v, o->models.n, prog, k, err);

	k->in_sample = o->in_sample;
	if (rc == 0)
		rc = bt_models_run(c->arena, k, b, INT64_MIN, m, err);
	*ret = k;
	return rc;
}

int ctl_compile(struct ctl *c, const char *path,
		const struct script_options *opt, const struct script_prog **ret,
		struct err *err)
{
	struct script_options with = opt != NULL ? *opt : (struct script_options){ 0 };
	struct diags diags = { 0 };
	const char *source = NULL;
	size_t n = 0;
	int rc = ctl_read_text(c->arena, path, &source, &n, err);

	if (rc < 0)
		return rc;
	with.library = ctl_library;
	with.library_ctx = arena_strdup(c->arena, path);
	rc = script_compile(c->arena, source, n, &with, ret, &diags, err);
	if (rc < 0)
		show_diags(path, &diags);
	return rc;
}

const char *ctl_bars_wrong(const struct ctl_bars *o)
{
	int64_t ms;

	if ((o->candles == NULL) == (o->market == NULL))
		return "give either --candles or --market";
	if ((!isnan(o->tick) && !(o->tick > 0)) || (!isnan(o->lot) && o->lot < 0))
		return "mintick must be above 0, and lot not below it";
	if (o->timezone != NULL &&
	    !script_zone_offset(str_c(o->timezone), 0, &ms))
		return "the time zone is not known; write \"Europe/London\" or \"UTC+1\"";
	if (o->session != NULL && !script_session_start(o->session, &ms))
		return "a session is written \"0930-1600\", or \"24x7\"";
	return NULL;
}

int ctl_bars_load(struct ctl *c, const struct ctl_bars *o, struct bars *ret,
		  struct script_market *ret_m, struct err *err)
{
	struct script_market m = { .pointvalue = 1 };
	int rc = o->candles != NULL ? from_file(c, o, ret, &m, err) :
		from_store(c, o, ret, &m, err);

	if (rc < 0)
		return rc;
	if (!isnan(o->tick))
		m.mintick = o->tick;
	if (!isnan(o->lot))
		m.lot = o->lot;
	m.timezone = o->timezone;
	m.session = o->session;
	rc = load_series(c, &o->data, &m, err);
	if (rc == 0)
		*ret_m = m;
	return rc;
}
