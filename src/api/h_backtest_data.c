#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "api/backtest_api_i.h"
#include "bt/html.h"
#include "market/market.h"

/* What a backtest brought: its curve, trades, sums, chart, files.  Long series
 * are thinned to what a chart of the width asked for can show. */

/* ---- equity ----------------------------------------------------------------- */

struct points_in { int64_t points; };
static const struct param points_params[] = {
	PARAM(struct points_in, points, P_I64, "at most so many; peaks and "
	      "troughs stay", .min = 10, .max = 5000, .def = 1000),
};
static const struct params points_query = PARAMS(struct points_in, points_params);

static const struct field equity_fields[] = {
	FIELD("t", ARRAY_OF(&sc_time), "opens of the bars"),
	FIELD("equity", ARRAY_OF(NULL_OR_NUM), "at their closes"),
	FIELD("drawdown", ARRAY_OF(NULL_OR_NUM), "fraction below the highest so far"),
	FIELD("buy_hold", ARRAY_OF(NULL_OR_NUM), "the market alone, with the same "
	      "capital"),
	FIELD("position", ARRAY_OF(NULL_OR_NUM), "base units, negative when short"),
};
static const struct schema sc_equity = OBJECT("BacktestEquity", equity_fields,
					      "Equity as columns of numbers");

struct point {
	uint64_t i;
	int64_t t;
	double equity, down, close, position;
};

/* Of each bucket of rows the lowest and the highest equity, and in all the
 * first row, the last and the deepest fall. */
struct thin {
	uint64_t step;			/* rows of a bucket; 1: all are kept */
	uint64_t bucket;
	double peak;
	bool open;
	struct point low, high, deepest, last, *v;
	size_t n;
};

static void thin_flush(struct thin *c)
{
	bool low_first = c->low.i <= c->high.i;

	if (!c->open)
		return;
	c->v[c->n++] = low_first ? c->low : c->high;
	if (c->low.i != c->high.i)
		c->v[c->n++] = low_first ? c->high : c->low;
	c->open = false;
}

static void thin_add(struct thin *c, const struct point *p)
{
	if (c->open && p->i / c->step != c->bucket)
		thin_flush(c);
	if (!c->open) {
		c->bucket = p->i / c->step;
		c->low = c->high = *p;
		c->open = true;
	}
	if (p->equity < c->low.equity)
		c->low = *p;
	if (p->equity > c->high.equity)
		c->high = *p;
	if (p->i == 0 || p->down > c->deepest.down)
		c->deepest = *p;
	if (p->i == 0)
		c->v[c->n++] = *p;
	c->last = *p;
}

static int thin_part(void *ctx, const struct bt_part *part, struct err *err)
{
	struct thin *c = ctx;

	(void)err;
	for (size_t i = 0; i < part->n; i++) {
		struct point p = {
			part->number + i, part->t[i], part->equity[i], 0,
			part->close[i], part->position[i] };

		c->peak = fmax(c->peak, p.equity);
		p.down = c->peak > 0 ? 1 - p.equity / c->peak : NAN;
		thin_add(c, &p);
	}
	return 0;
}

/* The rows that are kept, in order, each once. */
static void thin_end(struct thin *c)
{
	size_t n = 0;

	thin_flush(c);
	if (c->n == 0)
		return;
	c->v[c->n++] = c->last;
	c->v[c->n++] = c->deepest;
	for (size_t i = 1; i < c->n; i++) {	/* nearly sorted */
		struct point x = c->v[i];
		size_t k = i;

		for (; k > 0 && c->v[k - 1].i > x.i; k--)
			c->v[k] = c->v[k - 1];
		c->v[k] = x;
	}
	for (size_t i = 0; i < c->n; i++)
		if (i == 0 || c->v[i].i != c->v[n - 1].i)
			c->v[n++] = c->v[i];
	c->n = n;
}

#define COLUMN(w, key, c, expr)						\
	do {								\
		jw_key((w), (key));					\
		jw_arr((w));						\
		for (size_t i = 0; i < (c)->n; i++) {			\
			const struct point *p = &(c)->v[i];		\
			jw_f64((w), (expr));				\
		}							\
		jw_arr_end((w));					\
	} while (0)

static int h_equity(struct api_req *r, struct err *err)
{
	const struct points_in *in = r->query;
	struct thin c = { .step = 1 };
	struct backtest b;
	double scale;
	int rc = api_backtest(r, ACT_READ, &b, err);

	if (rc < 0)
		return rc;
	c.peak = bt_store_initial(r->arena, &b);
	if (b.points > (uint64_t)in->points)
		c.step = b.points / ((uint64_t)(in->points - 4) / 2) + 1;
	c.v = NEW_N(r->arena, struct point, (size_t)(b.points / c.step + 1) * 2 + 4);
	rc = bt_store_each(r->d->db, &b, BT_CURVE, INT64_MIN, INT64_MAX, thin_part,
			   &c, err);
	if (rc < 0)
		return rc;
	thin_end(&c);
	scale = bt_buy_hold_scale(r->arena, b.metrics,
				  bt_store_initial(r->arena, &b), c.last.close);
	jw_obj(&r->w);
	jw_key(&r->w, "t");
	jw_arr(&r->w);
	for (size_t i = 0; i < c.n; i++)
		jw_time(&r->w, c.v[i].t);
	jw_arr_end(&r->w);
	COLUMN(&r->w, "equity", &c, p->equity);
	COLUMN(&r->w, "drawdown", &c, p->down);
	COLUMN(&r->w, "buy_hold", &c, p->close * scale);
	COLUMN(&r->w, "position", &c, p->position);
	jw_obj_end(&r->w);
	return 0;
}

/* ---- trades, sums --------------------------------------------------------------- */

struct trades_in { struct page page; };
static const struct param trades_params[] = { PAGE_PARAMS(struct trades_in, page) };
static const struct params trades_query = PARAMS(struct trades_in, trades_params);

static int h_trades(struct api_req *r, struct err *err)
{
	const struct trades_in *in = r->query;
	struct arena *root CLEANUP(arena_free) =
		arena_new("trades", (size_t)256 << 20);
	size_t limit = (size_t)in->page.limit, n;
	struct bt_plots plots;
	struct bt_trade *t;
	struct backtest b;
	int rc = api_backtest(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = bt_store_plots(root, &b, &plots, err);
	if (rc == 0)
		rc = bt_store_trades(root, r->d->db, &b, in->page.cursor.set ?
				     (uint64_t)in->page.cursor.a : 0, limit + 1,
				     &t, &n, err);
	if (rc < 0)
		return rc;
	api_list(r);
	for (size_t i = 0; i < n && i < limit; i++)
		bt_trade_json(&r->w, &t[i], &plots);
	api_list_end(r, n > limit, n > limit ? (int64_t)t[limit - 1].number : 0, 0);
	return 0;
}

static const struct field month_fields[] = {
	FIELD("year", &sc_int, "of the calendar, UTC"),
	FIELD("month", &sc_int, "1 to 12"),
	FIELD_NULL("profit", &sc_str, "decimal text"),
	FIELD_NULL("ratio", &sc_num, "of the equity it began with"),
};
static const struct schema sc_month = OBJECT("BacktestMonth", month_fields,
					     "The profit of a month");
static const struct field group_fields[] = {
	FIELD("name", &sc_str, "what the trades have in common; empty: none"),
	FIELD("trades", &sc_int, "how many"),
	FIELD("wins", &sc_int, "of them with a profit"),
	FIELD_NULL("profit", &sc_str, "decimal text"),
	FIELD_NULL("fees", &sc_str, "decimal text"),
	FIELD_NULL("bars", &sc_num, "mean length"),
};
static const struct schema sc_group = OBJECT("BacktestGroup", group_fields,
					     "Trades that have something in common");
static const struct field groups_fields[] = {
	FIELD("pair", ARRAY_OF(&sc_group), "by what was traded"),
	FIELD("entry", ARRAY_OF(&sc_group), "by the entry's name"),
	FIELD("exit", ARRAY_OF(&sc_group), "by the exit's name"),
	FIELD("reason", ARRAY_OF(&sc_group), "by what closed them"),
	FIELD("tag", ARRAY_OF(&sc_group), "by the entry's comment"),
};
static const struct schema sc_groups = OBJECT("BacktestGroups", groups_fields,
					      "Sums of trades");
static const struct field breakdown_fields[] = {
	FIELD("months", ARRAY_OF(&sc_month), "in order"),
	FIELD("groups", &sc_groups, "trades still open at the end too"),
};
static const struct schema sc_breakdown = OBJECT("BacktestBreakdown",
						 breakdown_fields,
						 "Where the profit came from");

static int h_breakdown(struct api_req *r, struct err *err)
{
	struct backtest b;
	struct str text;
	int rc = api_backtest(r, ACT_READ, &b, err);

	if (rc == 0)
		rc = bt_store_breakdown(r->arena, r->d->db, b.id, &text, err);
	if (rc == 0)
		jw_raw(&r->w, text.p, text.n);
	return rc;
}

/* ---- chart -------------------------------------------------------------------------- */

#define VALUES_MAX ((size_t)110000)
#define TRADES_MAX 1000
#define TRADES_BYTES 1000000

struct chart_in {
	int64_t from, to, points;
	bool has_from, has_to;
};
static const struct param chart_params[] = {
	PARAM(struct chart_in, from, P_TIME, "not before", HAS(struct chart_in, has_from)),
	PARAM(struct chart_in, to, P_TIME, "before", HAS(struct chart_in, has_to)),
	PARAM(struct chart_in, points, P_I64, "at most so many candles; more are "
	      "merged", .min = 10, .max = 5000, .def = 1500),
};
static const struct params chart_query = PARAMS(struct chart_in, chart_params);

static const struct field chart_fields[] = {
	FIELD("step", &sc_int, "candles merged into one; 1: none"),
	FIELD("t", ARRAY_OF(&sc_time), "opens"),
	FIELD("o", ARRAY_OF(&sc_num), "open"), FIELD("h", ARRAY_OF(&sc_num), "high"),
	FIELD("l", ARRAY_OF(&sc_num), "low"), FIELD("c", ARRAY_OF(&sc_num), "close"),
	FIELD("v", ARRAY_OF(&sc_num), "volume in base units"),
	FIELD("plots", ARRAY_OF(&sc_plot_column), "what it plotted"),
	FIELD("trades", ARRAY_OF(&sc_backtest_trade), "the first 1,000 that touch "
	      "the range"),
	FIELD("trades_total", &sc_int, "how many touch it"),
	FIELD("drawings", ARRAY_OF(&sc_any), "labels, lines, boxes, tables, ... "
	      "that there were after the last bar"),
	FIELD("first_bar", &sc_int, "the run's number of the first candle here, "
	      "as drawings count them"),
};
static const struct schema sc_chart = OBJECT("BacktestChart", chart_fields,
					     "Candles, plots and trades of a range");

struct chart {
	struct jw *w;
	struct candles cs;
	struct bt_plots plots;		/* values: one a candle that is shown */
	const char *pair;		/* the market's own: no other trades */
	int64_t from, to;
	size_t at, most, total;
};

static void merge(struct candles *cs, size_t step)
{
	size_t n = 0;

	for (size_t i = 0; i < cs->n; i += step) {
		struct candle c = candles_at(cs, i);

		for (size_t k = i + 1; k < cs->n && k < i + step; k++) {
			c.h = fmax(c.h, cs->h[k]);
			c.l = fmin(c.l, cs->l[k]);
			c.c = cs->c[k];
			c.v += cs->v[k];
		}
		candles_set(cs, n++, &c);
	}
	cs->n = n;
}

/* What a merged candle shows of a plot: of bars the tallest, else the last
 * value that there is, so that no sign is lost. */
static double fold(enum script_plot_kind kind, double had, double v)
{
	if (isnan(v))
		return had;
	if ((kind == PLOT_HISTOGRAM || kind == PLOT_COLUMNS) &&
	    fabs(had) > fabs(v))
		return had;
	return v;
}

static int plots_part(void *ctx, const struct bt_part *p, struct err *err)
{
	struct chart *c = ctx;
	size_t n = c->cs.n;

	(void)err;
	for (size_t i = 0; i < p->n && n > 0; i++) {
		if (p->t[i] < c->from || p->t[i] >= c->to || p->t[i] < c->cs.t[0])
			continue;
		while (c->at + 1 < n && c->cs.t[c->at + 1] <= p->t[i])
			c->at++;
		for (size_t k = 0; k < c->plots.n; k++) {
			double *v = &c->plots.values[k * n + c->at];

			*v = fold(c->plots.v[k].kind, *v, p->plots[k][i]);
		}
	}
	return 0;
}

static int trades_part(void *ctx, const struct bt_part *p, struct err *err)
{
	struct chart *c = ctx;

	(void)err;
	for (size_t i = 0; i < p->n; i++) {
		const struct bt_trade *t = &p->trades[i];

		if (t->exit_ms < c->from || t->entry_ms >= c->to ||
		    (t->pair != NULL && strcmp(t->pair, c->pair) != 0))
			continue;
		if (c->total++ < c->most)
			bt_trade_json(c->w, t, &c->plots);
	}
	return 0;
}

static int chart_load(struct api_req *r, struct arena *root,
		      const struct backtest *b, struct chart *c, size_t *ret_step,
		      struct err *err)
{
	const struct chart_in *in = r->query;
	size_t points = (size_t)in->points;
	int rc = bt_store_plots(root, b, &c->plots, err);

	c->pair = b->symbol;
	c->from = in->has_from && in->from > b->from ? in->from : b->from;
	c->to = in->has_to && in->to < b->to ? in->to : b->to;
	if (rc == 0 && c->from < c->to)
		rc = candles_load(root, r->d->db, b->market_id, b->tf, c->from,
				  c->to, &c->cs, err);
	if (rc < 0)
		return rc;
	if (c->plots.n > 0 && points > VALUES_MAX / c->plots.n)
		points = VALUES_MAX / c->plots.n;
	*ret_step = c->cs.n > points ? (c->cs.n + points - 1) / points : 1;
	if (*ret_step > 1)
		merge(&c->cs, *ret_step);
	c->plots.values = NEW_N(root, double, c->plots.n * c->cs.n + 1);
	for (size_t i = 0; i < c->plots.n * c->cs.n; i++)
		c->plots.values[i] = NAN;
	c->most = TRADES_BYTES / (480 + 60 * c->plots.n);
	c->most = c->most < TRADES_MAX ? c->most : TRADES_MAX;
	return bt_store_each(r->d->db, b, BT_PLOTS, c->from, c->to, plots_part, c,
			     err);
}

/* Drawings count the run's bars from its first; the range may begin later. */
static int drawings_json(struct api_req *r, struct arena *root,
			 const struct backtest *b, const struct chart *c,
			 struct err *err)
{
	struct candles before = { 0 };
	struct str text;
	int rc = bt_store_drawings(root, r->d->db, b->id, &text, err);

	if (rc == 0 && c->from > b->from && !str_eqc(text, "[]"))
		rc = candles_load(root, r->d->db, b->market_id, b->tf, b->from,
				  c->from, &before, err);
	if (rc < 0)
		return rc;
	jw_key(&r->w, "drawings");
	jw_raw(&r->w, text.p, text.n);
	jw_ku64(&r->w, "first_bar", before.n);
	return 0;
}

static int h_chart(struct api_req *r, struct err *err)
{
	struct arena *root CLEANUP(arena_free) =
		arena_new("chart", (size_t)1 << 30);
	struct chart *c = NEW(root, struct chart);
	struct jw *w = &r->w;
	struct backtest b;
	size_t step = 1;
	int rc = api_backtest(r, ACT_READ, &b, err);

	c->w = w;
	if (rc == 0)
		rc = chart_load(r, root, &b, c, &step, err);
	if (rc < 0)
		return rc;
	jw_obj(w);
	jw_ku64(w, "step", step);
	times_json(w, "t", c->cs.t, c->cs.n);
	column_json(w, "o", c->cs.o, c->cs.n);
	column_json(w, "h", c->cs.h, c->cs.n);
	column_json(w, "l", c->cs.l, c->cs.n);
	column_json(w, "c", c->cs.c, c->cs.n);
	column_json(w, "v", c->cs.v, c->cs.n);
	jw_key(w, "plots");
	jw_arr(w);
	for (size_t k = 0; k < c->plots.n; k++)
		bt_plot_json(w, &c->plots.v[k], &c->plots.values[k * c->cs.n],
			     c->cs.n);
	jw_arr_end(w);
	jw_key(w, "trades");
	jw_arr(w);
	rc = bt_store_each(r->d->db, &b, BT_TRADES, c->from, c->to, trades_part, c,
			   err);
	if (rc < 0)
		return rc;
	jw_arr_end(w);
	jw_ku64(w, "trades_total", c->total);
	rc = drawings_json(r, root, &b, c, err);
	jw_obj_end(w);
	return rc;
}

/* ---- files --------------------------------------------------------------------------- */

#define FILE_MAX ((size_t)512 << 20)

static const char *const formats[] = { "json", "trades", "equity", "html", NULL };
static const struct { const char *type, *suffix; } files[] = {
	{ "application/json", ".json" },
	{ "text/csv; charset=utf-8", "-trades.csv" },
	{ "text/csv; charset=utf-8", "-equity.csv" },
	{ "text/html; charset=utf-8", ".html" },
};
struct export_in { int format; };
static const struct param export_params[] = {
	PARAM(struct export_in, format, P_ENUM, "all of it as JSON, the trades or the "
	      "equity as CSV, or a page to read and print", .names = formats),
};
static const struct params export_query = PARAMS(struct export_in, export_params);

static void drop(void *arena)
{
	struct arena *a = arena;

	arena_free(&a);
}

static void write_file(struct api_req *r, int format, const struct backtest *b,
		       const struct bt_record *rec)
{
	struct sbuf *out = &r->an->body;

	if (format == 0)
		bt_record_json(out, rec);
	else if (format == 1)
		bt_record_trades_csv(out, rec->trades, rec->n_trades);
	else if (format == 2)
		bt_record_equity_csv(out, rec);
	else
		bt_html(out, rec, &(struct bt_html_head){
			.name = b->name, .timeframe = tf_name(b->tf),
			.market = arena_printf(r->arena, "%s:%s", b->exchange,
					       b->symbol),
			.notes = b->notes, .source = b->source.p });
}

/* A file may be larger than an answer usually is: its memory is its own and
 * goes when it has been sent. */
static int h_export(struct api_req *r, struct err *err)
{
	const struct export_in *in = r->query;
	struct arena *file = arena_new("export", (size_t)2 << 30);
	struct bt_record rec;
	struct backtest b;
	int rc = api_backtest(r, ACT_READ, &b, err);

	arena_defer(r->arena, drop, file);
	if (rc == 0 && b.state != BT_DONE)
		return api_fail(r, err, E_CONFLICT, "This backtest has no result.");
	if (rc == 0)
		rc = bt_store_record(file, r->d->db, &b, &rec, err);
	if (rc < 0)
		return rc;
	sbuf_init(&r->an->body, file, FILE_MAX);
	write_file(r, in->format, &b, &rec);
	r->an->type = files[in->format].type;
	answer_headerf(r->an, "Content-Disposition", "attachment; "
		       "filename=\"backtest-%" PRIu64 "%s\"", b.id,
		       files[in->format].suffix);
	return 0;
}

#define PART(name, oid, text, handler, in, out)				\
	{ .method = M_GET, .path = "/api/v1/backtests/{id}/" name, .id = oid, \
	  .doc = text, .fn = handler, .need = N_VIEWER,			\
	  .path_in = &id_path, .query = in, .answer = out }

static const struct route routes[] = {
	PART("equity", "getBacktestEquity", "Its equity, thinned to `points`.",
	     h_equity, &points_query, &sc_equity),
	PART("trades", "listBacktestTrades", "Its trades, in order.", h_trades,
	     &trades_query, LIST_OF(&sc_backtest_trade)),
	PART("breakdown", "getBacktestBreakdown",
	     "Its profit by month and by what trades have in common.",
	     h_breakdown, NULL, &sc_breakdown),
	PART("chart", "getBacktestChart",
	     "Candles, plots and trades of a range, thinned to `points`.",
	     h_chart, &chart_query, &sc_chart),
	{ .method = M_GET, .path = "/api/v1/backtests/{id}/export",
	  .id = "exportBacktest", .doc = "The result as a file.",
	  .fn = h_export, .need = N_VIEWER, .path_in = &id_path,
	  .query = &export_query, .media = "application/octet-stream",
	  .problems = 1u << E_CONFLICT },
};
const struct area area_backtest_data = AREA(routes);
