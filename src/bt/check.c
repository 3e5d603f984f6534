#include "config.h"

#include <math.h>
#include <string.h>

#include "bt/check.h"
#include "core/clock.h"

struct shown {			/* plots of a run, bar by bar */
	const struct script_plot *plot;
	size_t n;
	double *v;
	size_t first;		/* only from this bar on */
};

static int keep(void *ctx, size_t i, const struct script_vm *vm)
{
	struct shown *s = ctx;

	if (s->n > 0 && i >= s->first)
		script_plot_values(vm, &s->v[(i - s->first) * s->n]);
	return 0;
}

static int run(struct arena *out, const struct script_prog *prog,
	       const struct script_binding *binding,
	       const struct script_market *m, const struct bars *bars,
	       const struct bt_options *opt, size_t first, struct shown *s,
	       struct bt_result *ret, struct err *err)
{
	struct bt_options o = *opt;

	s->n = script_plots(prog, &s->plot);
	s->first = first;
	s->v = NEW_N(out, double, (bars->n - first) * s->n + 1);
	o.progress = NULL;
	o.each_bar = keep;
	o.bar_ctx = s;
	return bt_run(out, prog, binding, m, bars, &o, ret, err);
}

static bool same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void differ(struct bt_leak *l, const struct bars *b, size_t bar,
		   const char *what, double with, double without, size_t ended)
{
	if (l->found && l->bar <= bar)
		return;
	*l = (struct bt_leak){
		.found = true, .bar = bar, .bar_ms = b->t[bar], .what = what,
		.with = with, .without = without, .ended = ended,
		.runs = l->runs,
	};
}

struct whole { struct shown plots; struct bt_result r; };

/* The first bar on which the run that ended early differs. */
static void compare(struct bt_leak *l, const struct whole *a,
		    const struct whole *b, const struct bars *bars, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < a->plots.n; k++) {
			double x = a->plots.v[i * a->plots.n + k];
			double y = b->plots.v[i * a->plots.n + k];

			if (same(x, y))
				continue;
			differ(l, bars, i, a->plots.plot[k].title, x, y, n);
			return;
		}
		if (!same(a->r.position[i], b->r.position[i])) {
			differ(l, bars, i, "position", a->r.position[i],
			       b->r.position[i], n);
			return;
		}
		if (!same(a->r.equity[i], b->r.equity[i])) {
			differ(l, bars, i, "equity", a->r.equity[i],
			       b->r.equity[i], n);
			return;
		}
	}
}

int bt_check_lookahead(struct arena *out, const struct script_prog *prog,
		       const struct script_binding *binding,
		       const struct script_market *m, const struct bars *bars,
		       const struct bt_options *opt, struct bt_leak *ret,
		       struct err *err)
{
	struct bt_leak l = { 0 };
	struct whole all;
	int rc = run(out, prog, binding, m, bars, opt, 0, &all.plots, &all.r, err);

	for (size_t k = 1; rc == 0 && k <= BT_CUTS; k++) {
		/* Odd steps, so that the ends do not all fall on the same
		 * place of a day or an hour. */
		size_t n = bars->n * k / (BT_CUTS + 1) + k * k % 29;

		if (n < 2 || n >= bars->n)
			continue;
		SCOPE(tmp, out) {
			struct bars part = bars_slice(bars, 0, n);
			struct whole cut;

			rc = run(tmp, prog, binding, m, &part, opt, 0,
				 &cut.plots, &cut.r, err);
			if (rc != 0)
				break;
			l.runs++;
			compare(&l, &all, &cut, bars, n);
		}
	}
	if (rc == 0)
		*ret = l;
	return rc;
}

static double relative(double full, double late)
{
	if (same(full, late))
		return 0;
	if (isnan(full) || isnan(late))
		return INFINITY;
	return fabs(late - full) / fmax(fabs(full), 1e-12);
}

static void judge(struct bt_recursion *r)
{
	for (size_t k = r->n; k-- > 0; ) {
		for (size_t i = 0; i < r->n_v; i++)
			if (!(r->v[i].by[k] <= BT_WARMUP_SAME))
				return;
		r->enough = r->bars[k];
	}
}

int bt_check_recursion(struct arena *out, const struct script_prog *prog,
		       const struct script_binding *binding,
		       const struct script_market *m, const struct bars *bars,
		       const struct bt_options *opt, struct bt_recursion *ret,
		       struct err *err)
{
	struct bt_recursion r = { 0 };
	struct bt_result res;
	struct shown full;
	int rc = bars->n == 0 ? FAIL(err, E_UNPROCESSABLE, "there are no candles") :
		run(out, prog, binding, m, bars, opt, bars->n - 1, &full, &res, err);

	if (rc != 0)
		return rc;
	r.n_v = full.n;
	r.v = NEW_N(out, struct bt_warmup, full.n + 1);
	for (size_t i = 0; i < full.n; i++)
		r.v[i] = (struct bt_warmup){ .what = full.plot[i].title,
					     .value = full.v[i] };
	for (size_t n = 50; rc == 0 && n < bars->n && r.n < BT_WARMUPS_MAX; n *= 2) {
		SCOPE(tmp, out) {
			struct bars part = bars_slice(bars, bars->n - n, n);
			struct shown late;

			rc = run(tmp, prog, binding, m, &part, opt, n - 1,
				 &late, &res, err);
			if (rc != 0)
				break;
			r.bars[r.n] = n;
			for (size_t i = 0; i < full.n; i++)
				r.v[i].by[r.n] = relative(full.v[i], late.v[i]);
		}
		r.n++;
	}
	if (rc != 0)
		return rc;
	judge(&r);
	*ret = r;
	return 0;
}

/* ---- in words --------------------------------------------------------------- */

void bt_leak_text(struct sbuf *b, const struct bt_leak *l)
{
	char at[TIME_TEXT_MAX];

	if (!l->found) {
		sbuf_addf(b, "no look-ahead: %zu runs that end early agree with "
			  "the whole one\n", l->runs);
		return;
	}
	time_format(at, l->bar_ms);
	sbuf_addf(b, "look-ahead: bar %zu (%s): %s is %.10g, but %.10g when the "
		  "candles end after %zu bars\n", l->bar, at, l->what, l->with,
		  l->without, l->ended);
}

void bt_recursion_text(struct sbuf *b, const struct bt_recursion *r)
{
	sbuf_addf(b, "difference on the last bar by how many bars were read\n"
		  "%-24s%14s", "plot", "value");
	for (size_t k = 0; k < r->n; k++)
		sbuf_addf(b, "%10zu", r->bars[k]);
	sbuf_add_c(b, '\n');
	for (size_t i = 0; i < r->n_v; i++) {
		sbuf_addf(b, "%-24.24s%14.8g",
			  r->v[i].what != NULL ? r->v[i].what : "", r->v[i].value);
		for (size_t k = 0; k < r->n; k++) {
			if (isinf(r->v[i].by[k]))
				sbuf_addf(b, "%10s", "na");
			else
				sbuf_addf(b, "%9.3g%%", r->v[i].by[k] * 100);
		}
		sbuf_add_c(b, '\n');
	}
	if (r->n == 0)
		sbuf_add_cstr(b, "too few candles to begin later\n");
	else if (r->enough > 0)
		sbuf_addf(b, "%zu bars are enough\n", r->enough);
	else
		sbuf_addf(b, "%zu bars are not enough\n", r->bars[r->n - 1]);
}
