#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/html.h"

/* The charts: plain SVG, each with a title for those who do not see it.
 * Coordinates have one decimal, so a chart has no more bytes than needed. */

#define W 960
#define LEFT 64
#define RIGHT 12
#define TOP 12
#define BOTTOM 26
#define POINTS 900

struct axes {
	double x0, x1, y0, y1;		/* of the values */
	int height;
};

static double px(const struct axes *a, double x)
{
	return LEFT + (x - a->x0) / (a->x1 - a->x0) * (W - LEFT - RIGHT);
}

static double py(const struct axes *a, double y)
{
	return a->height - BOTTOM - (y - a->y0) / (a->y1 - a->y0) *
		(a->height - TOP - BOTTOM);
}

/* Neither empty nor without end. */
static void widen(double *lo, double *hi)
{
	if (!isfinite(*lo) || !isfinite(*hi)) {
		*lo = 0;
		*hi = 1;
	} else if (*hi - *lo < 1e-9 * fmax(1, fabs(*hi))) {
		*lo -= 0.5;
		*hi += 0.5;
	}
}

static double nice_step(double span)
{
	double p = pow(10, floor(log10(span / 4)));

	for (double k = 1; k < 10; k = k < 2 ? 2 : k < 5 ? 5 : 10)
		if (span / (k * p) <= 6)
			return k * p;
	return 10 * p;
}

static void svg_begin(struct sbuf *b, const struct axes *a, const char *title)
{
	sbuf_addf(b, "<svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\" "
		  "font-family=\"sans-serif\" font-size=\"11\"><title>", W,
		  a->height);
	html_text(b, title);
	sbuf_addf(b, "</title><rect x=\"0\" y=\"0\" width=\"%d\" height=\"%d\" "
		  "fill=\"#ffffff\"/>\n", W, a->height);
}

static void y_label(struct sbuf *b, double v, bool percent)
{
	if (percent)
		sbuf_addf(b, "%.*f %%", fabs(v) < 0.1 && v != 0 ? 1 : 0, v * 100);
	else
		sbuf_addf(b, "%.*f", fabs(v) < 10 && v != 0 ? 2 : 0, v);
}

static void grid_y(struct sbuf *b, const struct axes *a, bool percent)
{
	double step = nice_step(a->y1 - a->y0);

	for (double k = ceil(a->y0 / step); k * step <= a->y1; k++) {
		double v = k * step, y = py(a, v);

		sbuf_addf(b, "<path d=\"M%d %.1fH%d\" stroke=\"#e2e5ea\"/><text "
			  "x=\"%d\" y=\"%.1f\" text-anchor=\"end\" "
			  "fill=\"#5a6472\">", LEFT, y, W - RIGHT, LEFT - 6, y + 4);
		y_label(b, v, percent);
		sbuf_add_cstr(b, "</text>\n");
	}
}

static void grid_time(struct sbuf *b, const struct axes *a)
{
	for (int i = 0; i <= 5; i++) {
		double t = a->x0 + (a->x1 - a->x0) * i / 5, x = px(a, t);

		sbuf_addf(b, "<path d=\"M%.1f %dV%d\" stroke=\"#eef0f3\"/><text "
			  "x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" "
			  "fill=\"#5a6472\">", x, TOP, a->height - BOTTOM, x,
			  a->height - 8, i == 0 ? "start" : i == 5 ? "end" :
			  "middle");
		html_date(b, (int64_t)t);
		sbuf_add_cstr(b, "</text>\n");
	}
}

/* ---- lines over time ------------------------------------------------------- */

/* What is drawn of row i. */
typedef double value_fn(const struct bt_record *r, size_t i, void *ctx);

static double equity_at(const struct bt_record *r, size_t i, void *ctx)
{
	(void)ctx;
	return r->equity[i];
}

static double hold_at(const struct bt_record *r, size_t i, void *ctx)
{
	return r->close[i] * *(double *)ctx;
}

static double below_peak(const struct bt_record *r, size_t i, void *ctx)
{
	double *peak = ctx;

	*peak = i == 0 ? fmax(r->initial_capital, r->equity[0]) :
		fmax(*peak, r->equity[i]);
	return *peak > 0 ? r->equity[i] / *peak - 1 : NAN;
}

static void range_of(const struct bt_record *r, value_fn *fn, void *ctx,
		     double *lo, double *hi)
{
	for (size_t i = 0; i < r->n; i++) {
		double v = fn(r, i, ctx);

		*lo = fmin(*lo, v);	/* fmin drops what is not a number */
		*hi = fmax(*hi, v);
	}
}

static void point(struct sbuf *b, const struct axes *a, const struct bt_record *r,
		  size_t i, double v)
{
	sbuf_addf(b, "%.1f,%.1f ", px(a, (double)r->t[i]), py(a, v));
}

/* Of each bucket of rows the lowest and the highest, in their order. */
static void line(struct sbuf *b, const struct axes *a, const struct bt_record *r,
		 value_fn *fn, void *ctx)
{
	size_t step = r->n / (POINTS / 2) + 1;

	for (size_t at = 0; at < r->n; at += step) {
		size_t lo = SIZE_MAX, hi = SIZE_MAX;
		double vlo = 0, vhi = 0;

		for (size_t i = at; i < at + step && i < r->n; i++) {
			double v = fn(r, i, ctx);

			if (!isfinite(v))
				continue;
			if (lo == SIZE_MAX || v < vlo) {
				lo = i;
				vlo = v;
			}
			if (hi == SIZE_MAX || v > vhi) {
				hi = i;
				vhi = v;
			}
		}
		if (lo == SIZE_MAX)
			continue;
		point(b, a, r, lo < hi ? lo : hi, lo < hi ? vlo : vhi);
		if (lo != hi)
			point(b, a, r, lo < hi ? hi : lo, lo < hi ? vhi : vlo);
	}
}

static struct axes time_axes(const struct bt_record *r, int height)
{
	struct axes a = { .x0 = (double)r->t[0], .x1 = (double)r->t[r->n - 1],
			  .y0 = INFINITY, .y1 = -INFINITY, .height = height };

	widen(&a.x0, &a.x1);
	return a;
}

void svg_equity(struct sbuf *b, const struct bt_record *r)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("svg", 8 << 20);
	struct axes a = time_axes(r, 320);
	double scale = bt_buy_hold_scale(tmp, r->metrics, r->initial_capital,
					 r->close[r->n - 1]);

	range_of(r, equity_at, NULL, &a.y0, &a.y1);
	if (isfinite(scale))
		range_of(r, hold_at, &scale, &a.y0, &a.y1);
	widen(&a.y0, &a.y1);
	svg_begin(b, &a, "Equity at bar closes, and the market alone");
	grid_y(b, &a, false);
	grid_time(b, &a);
	if (isfinite(scale)) {
		sbuf_add_cstr(b, "<polyline fill=\"none\" stroke=\"#9aa4b2\" "
			      "stroke-width=\"1\" points=\"");
		line(b, &a, r, hold_at, &scale);
		sbuf_add_cstr(b, "\"/>\n");
	}
	sbuf_add_cstr(b, "<polyline fill=\"none\" stroke=\"#1f6feb\" "
		      "stroke-width=\"1.5\" points=\"");
	line(b, &a, r, equity_at, NULL);
	sbuf_addf(b, "\"/>\n<text x=\"%d\" y=\"%d\" fill=\"#1f6feb\">equity</text>",
		  LEFT + 8, TOP + 12);
	if (isfinite(scale))
		sbuf_addf(b, "<text x=\"%d\" y=\"%d\" fill=\"#6b7685\">buy and "
			  "hold</text>", LEFT + 56, TOP + 12);
	sbuf_add_cstr(b, "</svg>\n");
}

void svg_drawdown(struct sbuf *b, const struct bt_record *r)
{
	struct axes a = time_axes(r, 180);
	double peak = 0;

	range_of(r, below_peak, &peak, &a.y0, &a.y1);
	a.y1 = 0;
	a.y0 = isfinite(a.y0) ? fmin(a.y0, -0.001) : -1;
	svg_begin(b, &a, "Fall of the equity below its highest point so far");
	grid_y(b, &a, true);
	grid_time(b, &a);
	sbuf_addf(b, "<polygon fill=\"#f6c9c4\" stroke=\"#b42318\" points=\"%.1f,%.1f ",
		  px(&a, a.x0), py(&a, 0));
	peak = 0;
	line(b, &a, r, below_peak, &peak);
	sbuf_addf(b, "%.1f,%.1f\"/>\n</svg>\n", px(&a, a.x1), py(&a, 0));
}

/* ---- trades ---------------------------------------------------------------------- */

#define BINS 40

void svg_distribution(struct sbuf *b, const struct bt_record *r)
{
	struct axes a = { .x0 = 0, .x1 = 0, .y0 = 0, .y1 = 1, .height = 220 };
	size_t bin[BINS] = { 0 };
	double step;

	for (size_t i = 0; i < r->n_trades; i++) {
		a.x0 = fmin(a.x0, r->trades[i].profit_ratio);
		a.x1 = fmax(a.x1, r->trades[i].profit_ratio);
	}
	widen(&a.x0, &a.x1);
	step = (a.x1 - a.x0) / BINS;
	for (size_t i = 0; i < r->n_trades; i++) {
		double k = floor((r->trades[i].profit_ratio - a.x0) / step);

		if (!isfinite(k))
			continue;
		k = fmin(fmax(k, 0), BINS - 1);
		bin[(size_t)k]++;
		a.y1 = fmax(a.y1, (double)bin[(size_t)k]);
	}
	svg_begin(b, &a, "How many trades had which result");
	grid_y(b, &a, false);
	for (size_t k = 0; k < BINS; k++) {
		double lo = a.x0 + (double)k * step, x = px(&a, lo);

		if (bin[k] == 0)
			continue;
		sbuf_addf(b, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
			  "height=\"%.1f\" fill=\"%s\"><title>%.2f %% to %.2f %%: "
			  "%zu</title></rect>\n", x, py(&a, (double)bin[k]),
			  px(&a, lo + step) - x - 1,
			  py(&a, 0) - py(&a, (double)bin[k]),
			  lo + step / 2 >= 0 ? "#2e7d32" : "#b42318", lo * 100,
			  (lo + step) * 100, bin[k]);
	}
	for (int i = 0; i <= 4; i++) {
		double v = a.x0 + (a.x1 - a.x0) * i / 4;

		sbuf_addf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" "
			  "fill=\"#5a6472\">%.1f %%</text>", px(&a, v),
			  a.height - 8, i == 0 ? "start" : i == 4 ? "end" :
			  "middle", v * 100);
	}
	sbuf_add_cstr(b, "</svg>\n");
}

#define DOTS_MAX 2000

/* Across how far against, upwards how far in favour; of many trades evenly
 * some. */
void svg_excursions(struct sbuf *b, const struct bt_record *r)
{
	struct axes a = { .x0 = 0, .x1 = 0, .y0 = 0, .y1 = 0, .height = 300 };
	size_t step = r->n_trades / DOTS_MAX + 1;

	for (size_t i = 0; i < r->n_trades; i++) {
		a.x1 = fmax(a.x1, r->trades[i].mae);
		a.y1 = fmax(a.y1, r->trades[i].mfe);
	}
	if (!(a.x1 > 0))
		a.x1 = 1;
	if (!(a.y1 > 0))
		a.y1 = 1;
	svg_begin(b, &a, "Worst open loss (across) and best open profit (upwards) of "
		  "each trade");
	grid_y(b, &a, false);
	for (size_t i = 0; i < r->n_trades; i += step) {
		const struct bt_trade *t = &r->trades[i];

		if (!isfinite(t->mae) || !isfinite(t->mfe))
			continue;
		sbuf_addf(b, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\" "
			  "fill-opacity=\"0.55\"/>\n", px(&a, t->mae),
			  py(&a, t->mfe), t->profit >= 0 ? "#2e7d32" : "#b42318");
	}
	for (int i = 0; i <= 4; i++) {
		double v = a.x1 * i / 4;

		sbuf_addf(b, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" "
			  "fill=\"#5a6472\">", px(&a, v), a.height - 8,
			  i == 0 ? "start" : i == 4 ? "end" : "middle");
		y_label(b, v, false);
		sbuf_add_cstr(b, "</text>");
	}
	sbuf_add_cstr(b, "</svg>\n");
}
