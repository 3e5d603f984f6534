#include "config.h"

#include <string.h>

#include "bt/pack.h"
#include "bt/store.h"
#include "db/db.h"

/* The columns of a result: written by the run, read a part at a time. */

_Static_assert(BT_PLOTS_MAX + 1 >= 4, "the curve's columns fit as well");
#define CURVE_ROWS ((size_t)65536)
#define PLOT_VALUES ((size_t)131072)	/* of all plots in one part */
#define TRADE_ROWS ((size_t)1000)
#define PARTS_MAX 1000000

enum { C_T, C_EQUITY, C_POSITION, C_CLOSE, C__N };
static const bool curve_whole[C__N] = { [C_T] = true };

static const char *kind_letter(enum bt_kind k)
{
	switch (k) {
	case BT_CURVE: return "e";
	case BT_PLOTS: return "p";
	case BT_TRADES: return "t";
	}
	return "?";
}

/* ---- writing --------------------------------------------------------------- */

static int put(struct db *db, uint64_t id, enum bt_kind k, size_t number, size_t n,
	       int64_t t0, int64_t t1, struct str data, struct err *err)
{
	return db_exec(db, Q_BT_PART_ADD,
		       ARGS(V_U64(id), V_STR(kind_letter(k)), V_U64(number),
			    V_U64(n), V_I64(t0), V_I64(t1),
			    V_BLOB(data.p, data.n)), NULL, NULL, err);
}

static size_t rest(size_t at, size_t n, size_t most)
{
	return n - at < most ? n - at : most;
}

static int put_curve(struct db *db, uint64_t id, const struct bt_record *r,
		     struct arena *a, struct err *err)
{
	int rc = 0;

	for (size_t at = 0, n; rc == 0 && at < r->n; at += n) {
		n = rest(at, r->n, CURVE_ROWS);
		SCOPE(tmp, a) {
			const struct pack_col cols[C__N] = {
				[C_T] = { true, r->t + at },
				[C_EQUITY] = { false, r->equity + at },
				[C_POSITION] = { false, r->position + at },
				[C_CLOSE] = { false, r->close + at },
			};

			rc = put(db, id, BT_CURVE, at, n, r->t[at],
				 r->t[at + n - 1],
				 pack_columns(tmp, cols, C__N, n), err);
		}
	}
	return rc;
}

static int put_plots(struct db *db, uint64_t id, const struct bt_record *r,
		     struct arena *a, struct err *err)
{
	const struct bt_plots *p = &r->plots;
	int rc = 0;

	if (p->n == 0)
		return 0;
	for (size_t at = 0, n; rc == 0 && at < p->bars; at += n) {
		n = rest(at, p->bars, PLOT_VALUES / p->n);
		SCOPE(tmp, a) {
			struct pack_col *cols = NEW_N(tmp, struct pack_col,
						      p->n + 1);

			cols[0] = (struct pack_col){ true, p->t + at };
			for (size_t k = 0; k < p->n; k++)
				cols[k + 1].v = &p->values[k * p->bars + at];
			rc = put(db, id, BT_PLOTS, at, n, p->t[at],
				 p->t[at + n - 1],
				 pack_columns(tmp, cols, p->n + 1, n), err);
		}
	}
	return rc;
}

static int put_trades(struct db *db, uint64_t id, const struct bt_record *r,
		      struct arena *a, struct err *err)
{
	int rc = 0;

	for (size_t at = 0, n; rc == 0 && at < r->n_trades; at += n) {
		const struct bt_trade *t = &r->trades[at];
		int64_t t0 = t->entry_ms, t1 = t->exit_ms;

		n = rest(at, r->n_trades, TRADE_ROWS);
		for (size_t i = 0; i < n; i++) {
			t0 = t[i].entry_ms < t0 ? t[i].entry_ms : t0;
			t1 = t[i].exit_ms > t1 ? t[i].exit_ms : t1;
		}
		SCOPE(tmp, a)
			rc = put(db, id, BT_TRADES, at, n, t0, t1,
				 pack_trades(tmp, t, n, r->plots.n), err);
	}
	return rc;
}

struct finish {
	struct arena *a;
	uint64_t id, lease;
	const struct bt_record *rec;
	const char *breakdown, *plots;
	int64_t now_ms;
};

static int finish_tx(void *ctx, struct db *db, struct err *err)
{
	struct finish *f = ctx;
	const struct bt_record *r = f->rec;
	uint64_t changed = 0;
	int rc;

	/* First the row: it is locked from here on, and shows whether the
	 * result is still wanted. */
	rc = db_exec(db, Q_BT_DONE,
		     ARGS(V_I64(f->now_ms), V_STR(r->metrics),
			  V_STR(r->properties), V_STR(f->breakdown),
			  V_STR(f->plots), V_STR(r->drawings), V_U64(r->n), V_U64(r->n_trades),
			  V_U64(f->id), V_U64(f->lease)), &changed, NULL, err);
	if (rc == 0 && changed == 0)
		return FAIL(err, E_CONFLICT, "nobody waits for the result");
	if (rc == 0)
		rc = db_exec(db, Q_BT_PARTS_DEL, ARGS(V_U64(f->id)), NULL, NULL,
			     err);
	if (rc == 0)
		rc = put_curve(db, f->id, r, f->a, err);
	if (rc == 0)
		rc = put_plots(db, f->id, r, f->a, err);
	return rc == 0 ? put_trades(db, f->id, r, f->a, err) : rc;
}

int bt_store_done(struct db *db, uint64_t id, uint64_t lease,
		  const struct bt_record *rec, int64_t now_ms, struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("result", (size_t)1 << 30);
	struct finish f = { a, id, lease, rec, NULL, NULL, now_ms };
	struct sbuf b, p;
	struct jw w;

	sbuf_init(&b, a, 8 << 20);
	jw_init(&w, &b);
	bt_breakdown_json(&w, rec);
	sbuf_init(&p, a, 1 << 20);
	jw_init(&w, &p);
	jw_arr(&w);
	for (size_t k = 0; k < rec->plots.n; k++)
		bt_plot_json(&w, &rec->plots.v[k], NULL, 0);
	jw_arr_end(&w);
	f.breakdown = sbuf_finish(&b);
	f.plots = sbuf_finish(&p);
	if (f.breakdown == NULL || f.plots == NULL)
		return FAIL(err, E_TOOBIG, "the result is too large to keep");
	return db_tx_join(db, finish_tx, &f, err);
}

/* Its own lease: nobody else has the row before it is there. */
#define KEEP_LEASE 1
struct keep {
	const struct backtest *b;
	const struct bt_record *rec;
	int64_t now_ms;
	uint64_t id;
};

static int keep_tx(void *ctx, struct db *db, struct err *err)
{
	struct keep *k = ctx;
	int rc = bt_store_add(db, k->b, k->now_ms, &k->id, err);

	if (rc == 0)
		rc = bt_store_begin(db, k->id, KEEP_LEASE, k->now_ms, err);
	if (rc == 0)
		return FAIL(err, E_BUG, "a new row cannot be begun");
	return rc < 0 ? rc : bt_store_done(db, k->id, KEEP_LEASE, k->rec,
					   k->now_ms, err);
}

int bt_store_keep(struct db *db, const struct backtest *b,
		  const struct bt_record *rec, int64_t now_ms, uint64_t *ret_id,
		  struct err *err)
{
	struct keep k = { b, rec, now_ms, 0 };
	int rc = db_tx(db, keep_tx, &k, err);

	if (rc == 0)
		*ret_id = k.id;
	return rc;
}

/* ---- reading ------------------------------------------------------------------ */

int bt_store_drawings(struct arena *out, struct db *db, uint64_t id,
		      struct str *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_BT_DRAWINGS, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	*ret = r.n == 0 || row_null(&r, 0, 0) ? STR("[]") : row_str(&r, 0, 0);
	return 0;
}

int bt_store_breakdown(struct arena *out, struct db *db, uint64_t id,
		       struct str *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_BT_BREAKDOWN, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no such backtest");
	*ret = row_null(&r, 0, 0) ? STR("{\"months\":[],\"groups\":{\"pair\":[],"
					"\"entry\":[],\"exit\":[],\"reason\":[],"
					"\"tag\":[]}}") : row_str(&r, 0, 0);
	return 0;
}

struct reading {
	struct arena *a;
	const struct backtest *b;
	enum bt_kind kind;
	size_t n_plots;
	bt_part_fn *fn;
	void *ctx;
};

static int read_part(struct arena *tmp, const struct reading *r, struct str data,
		     struct bt_part *p, struct err *err)
{
	static const bool plots_whole[BT_PLOTS_MAX + 1] = { true };
	void *cols[BT_PLOTS_MAX + 1];
	struct bt_trade *t;
	int rc = 0;

	switch (r->kind) {
	case BT_CURVE:
		rc = unpack_columns(tmp, data, curve_whole, C__N, cols, &p->n,
				    err);
		if (rc < 0)
			return rc;
		p->t = cols[C_T];
		p->equity = cols[C_EQUITY];
		p->position = cols[C_POSITION];
		p->close = cols[C_CLOSE];
		return 0;
	case BT_PLOTS:
		rc = unpack_columns(tmp, data, plots_whole, r->n_plots + 1, cols,
				    &p->n, err);
		if (rc < 0)
			return rc;
		p->t = cols[0];
		p->plots = memcpy(NEW_N(tmp, double *, r->n_plots), cols + 1,
				  r->n_plots * sizeof(*cols));
		return 0;
	case BT_TRADES:
		rc = unpack_trades(tmp, data, r->n_plots, p->number + 1, &t,
				   &p->n, err);
		if (rc == 0)
			p->trades = t;
		return rc;
	}
	return rc;
}

static int each_row(void *ctx, const struct rows *row, struct err *err)
{
	const struct reading *r = ctx;
	int rc = 0;

	SCOPE(tmp, r->a) {
		struct bt_part p = { .number = row_u64(row, 0, 0) };

		rc = read_part(tmp, r, row_str(row, 0, 4), &p, err);
		if (rc == 0 && p.n != row_u64(row, 0, 1))
			rc = FAIL(err, E_IO, "a part of backtest %llu has %zu rows",
				  (unsigned long long)r->b->id, p.n);
		if (rc == 0)
			rc = r->fn(r->ctx, &p, err);
	}
	return rc;
}

int bt_store_each(struct db *db, const struct backtest *b, enum bt_kind kind,
		  int64_t from, int64_t to, bt_part_fn *fn, void *ctx,
		  struct err *err)
{
	struct arena *a CLEANUP(arena_free) = arena_new("parts", (size_t)1 << 30);
	struct reading r = { a, b, kind, 0, fn, ctx };
	struct bt_plots plots;
	int rc = bt_store_plots(a, b, &plots, err);

	if (rc < 0)
		return rc;
	r.n_plots = plots.n;
	if (kind == BT_PLOTS && plots.n == 0)
		return 0;
	return db_each(db, Q_BT_PARTS,
		       ARGS(V_U64(b->id), V_STR(kind_letter(kind)), V_I64(from),
			    V_I64(to), V_U64(0), V_U64(PARTS_MAX)),
		       each_row, &r, err);
}

int bt_store_trades(struct arena *out, struct db *db, const struct backtest *b,
		    uint64_t after, size_t n, struct bt_trade **ret,
		    size_t *ret_n, struct err *err)
{
	struct bt_trade *v = NEW_N(out, struct bt_trade, n + 1);
	struct bt_plots plots;
	struct rows r;
	size_t got = 0;
	int rc = bt_store_plots(out, b, &plots, err);

	if (rc == 0)
		rc = db_select(out, db, Q_BT_PARTS,
			       ARGS(V_U64(b->id), V_STR("t"), V_I64(INT64_MIN),
				    V_I64(INT64_MAX), V_U64(after),
				    V_U64(n / TRADE_ROWS + 2)), &r, err);
	for (size_t i = 0; rc == 0 && i < r.n && got < n; i++) {
		uint64_t first = row_u64(&r, i, 0);
		struct bt_trade *t;
		size_t k;

		rc = unpack_trades(out, row_str(&r, i, 4), plots.n, first + 1, &t,
				   &k, err);
		if (rc < 0)
			return rc;
		for (size_t j = first < after ? (size_t)(after - first) : 0;
		     j < k && got < n; j++)
			v[got++] = t[j];
	}
	if (rc < 0)
		return rc;
	*ret = v;
	*ret_n = got;
	return 0;
}

static enum script_plot_kind plot_kind(struct str name)
{
	for (int k = PLOT_LINE; k <= PLOT_BARCOLOR; k++)
		if (str_eqc(name, script_plot_kind_name((enum script_plot_kind)k)))
			return (enum script_plot_kind)k;
	return PLOT_LINE;
}

static void read_plot(const struct json *j, struct script_plot *p)
{
	struct str s;
	uint64_t color = 0;

	p->title = json_text(json_get(j, "name")).p;
	p->kind = plot_kind(json_text(json_get(j, "kind")));
	if (!json_bool(json_get(j, "overlay"), &p->overlay))
		p->overlay = false;
	if (!json_str(json_get(j, "color"), &s))
		return;
	for (size_t i = 1; i < s.n; i++) {
		char c = s.p[i];

		color = color << 4 | (uint64_t)(c <= '9' ? c - '0' :
						(c | 0x20) - 'a' + 10);
	}
	p->color = 0xff000000u | (uint32_t)color;
}

int bt_store_plots(struct arena *out, const struct backtest *b,
		   struct bt_plots *ret, struct err *err)
{
	struct bt_plots p = { 0 };
	struct script_plot *v;
	const struct json *j;
	int rc;

	*ret = p;
	if (b->plots == NULL)
		return 0;
	rc = json_parse(out, b->plots, strlen(b->plots), &j, err);
	if (rc < 0)
		return rc;
	if (json_len(j) > BT_PLOTS_MAX)
		return FAIL(err, E_IO, "backtest %llu has too many plots",
			    (unsigned long long)b->id);
	p.n = p.n_all = json_len(j);
	v = NEW_N(out, struct script_plot, p.n + 1);
	for (size_t k = 0; k < p.n; k++)
		read_plot(json_at(j, k), &v[k]);
	p.v = v;
	*ret = p;
	return 0;
}

/* ---- all of it ------------------------------------------------------------------ */

struct whole {
	int64_t *t;
	double *equity, *position, *close;
	size_t n, max;
};

static int add_curve(void *ctx, const struct bt_part *p, struct err *err)
{
	struct whole *w = ctx;

	if (p->n > w->max - w->n)
		return FAIL(err, E_IO, "a stored curve is longer than it says");
	memcpy(w->t + w->n, p->t, p->n * sizeof(*p->t));
	memcpy(w->equity + w->n, p->equity, p->n * sizeof(double));
	memcpy(w->position + w->n, p->position, p->n * sizeof(double));
	memcpy(w->close + w->n, p->close, p->n * sizeof(double));
	w->n += p->n;
	return 0;
}

double bt_store_initial(struct arena *tmp, const struct backtest *b)
{
	static const char *const names[] = { "initial_capital", "starting_balance" };
	const struct json *j;
	double v;

	if (b->metrics != NULL &&
	    json_parse(tmp, b->metrics, strlen(b->metrics), &j, NULL) == 0)
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			if (json_f64(json_get(j, names[i]), &v))
				return v;
	return 0;
}

int bt_store_record(struct arena *out, struct db *db, const struct backtest *b,
		    struct bt_record *ret, struct err *err)
{
	size_t n = (size_t)b->points;
	struct whole w = { NEW_N(out, int64_t, n + 1), NEW_N(out, double, n + 1),
			   NEW_N(out, double, n + 1), NEW_N(out, double, n + 1),
			   0, n };
	struct bt_record r = {
		.title = b->strategy_name, .properties = b->properties,
		.metrics = b->metrics, .initial_capital = bt_store_initial(out, b),
	};
	int rc = bt_store_each(db, b, BT_CURVE, INT64_MIN, INT64_MAX, add_curve,
			       &w, err);

	if (rc == 0)
		rc = bt_store_trades(out, db, b, 0, (size_t)b->trades, &r.trades,
				     &r.n_trades, err);
	if (rc == 0)
		rc = bt_store_plots(out, b, &r.plots, err);
	if (rc < 0)
		return rc;
	r.n = w.n;
	r.t = w.t;
	r.equity = w.equity;
	r.position = w.position;
	r.close = w.close;
	*ret = r;
	return 0;
}
