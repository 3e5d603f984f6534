#include "config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bt/out.h"
#include "bt/record.h"

/* ---- plots --------------------------------------------------------------- */

void bt_plots_init(struct arena *out, const struct script_prog *prog,
		   size_t bars, size_t max_values, struct bt_plots *ret)
{
	struct bt_plots p = { .bars = bars };

	p.n_all = script_plots(prog, &p.v);
	p.n = p.n_all < BT_PLOTS_MAX ? p.n_all : BT_PLOTS_MAX;
	if (bars > 0 && p.n > max_values / bars)
		p.n = max_values / bars;
	p.values = NEW_N(out, double, p.n * bars + 1);
	p.row = NEW_N(out, double, p.n_all + 1);
	p.arena = out;
	for (size_t i = 0; i < p.n * bars; i++)
		p.values[i] = NAN;
	*ret = p;
}

void bt_plots_end(void *ctx, const struct script_vm *vm)
{
	struct bt_plots *p = ctx;
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, p->arena, BT_DRAWINGS_MAX);
	jw_init(&w, &b);
	script_drawings_json(&w, vm, p->arena);
	p->drawings = sbuf_finish(&b);
	if (p->drawings != NULL && strcmp(p->drawings, "[]") == 0)
		p->drawings = NULL;
}

int bt_plots_bar(void *ctx, size_t i, const struct script_vm *vm)
{
	struct bt_plots *p = ctx;

	if (p->n == 0)
		return 0;
	script_plot_values(vm, p->row);
	for (size_t k = 0; k < p->n; k++)
		p->values[k * p->bars + i] = p->row[k];
	return 0;
}

struct drawing {
	struct script_vm *vm;
	int (*fn)(void *ctx, size_t i, const struct script_vm *vm);
	void *ctx;
};

static int draw_bar(void *ctx, size_t i, const struct strat_cmds *cmds,
		    struct strat_account *acct, struct err *err)
{
	const struct drawing *d = ctx;

	(void)cmds;
	(void)acct;
	(void)err;
	return d->fn(d->ctx, i, d->vm);
}

int bt_plots_run(struct arena *tmp, const struct script_prog *prog,
		 const struct script_binding *binding,
		 const struct script_market *m, const struct bars *bars,
		 int (*fn)(void *ctx, size_t i, const struct script_vm *vm),
		 void *ctx, struct err *err)
{
	struct drawing d = { .fn = fn, .ctx = ctx };
	struct strat_account acct = { 0 };
	struct script_market own = *m;
	int rc;

	own.last_bar_index = (int64_t)bars->n - 1;
	own.ahead = bars;
	rc = script_vm_new(tmp, prog, binding, &own, NULL, &d.vm, err);
	return rc < 0 ? rc : script_run_columns(d.vm, bars, &acct, draw_bar, &d,
						err);
}

void bt_plot_json(struct jw *w, const struct script_plot *p,
		  const double *values, size_t n)
{
	char color[8] = "";

	if (p->color != 0)
		snprintf(color, sizeof(color), "#%06x", p->color & 0xffffffu);
	jw_obj(w);
	jw_kstr(w, "name", p->title);
	jw_kstr(w, "kind", script_plot_kind_name(p->kind));
	jw_kstr(w, "color", *color ? color : NULL);
	jw_kbool(w, "overlay", p->overlay);
	if (values != NULL) {
		jw_key(w, "values");
		jw_arr(w);
		for (size_t i = 0; i < n; i++)
			jw_f64(w, values[i]);
		jw_arr_end(w);
	}
	jw_obj_end(w);
}

/* ---- trades ---------------------------------------------------------------- */

static void entry_values(struct jw *w, const struct bt_trade *t,
			 const struct bt_plots *plots)
{
	if (plots == NULL)
		return;
	jw_key(w, "entry_values");
	jw_obj(w);
	for (size_t k = 0; t->seen != NULL && k < plots->n; k++) {
		const char *name = plots->v[k].title;
		bool again = name == NULL || *name == '\0';

		for (size_t i = 0; i < k && !again; i++)
			again = plots->v[i].title != NULL &&
				strcmp(plots->v[i].title, name) == 0;
		if (again)		/* a name stands once in an object */
			continue;
		jw_keyn(w, name, strlen(name));
		jw_f64(w, t->seen[k]);
	}
	jw_obj_end(w);
}

void bt_trade_json(struct jw *w, const struct bt_trade *t,
		   const struct bt_plots *plots)
{
	jw_obj(w);
	jw_ku64(w, "number", t->number);
	jw_kstr(w, "pair", t->pair);
	jw_kstr(w, "direction", t->is_short ? "short" : "long");
	jw_ki64(w, "entry_ms", t->entry_ms);
	out_amount(w, "entry_price", t->entry_price);
	jw_kstr(w, "entry_signal", t->entry_signal);
	jw_ki64(w, "exit_ms", t->exit_ms);
	out_amount(w, "exit_price", t->exit_price);
	jw_kstr(w, "exit_reason", t->exit_reason);
	jw_kstr(w, "exit_signal", t->exit_signal);
	out_amount(w, "qty", t->qty);
	out_money_json(w, "profit", t->profit);
	out_amount(w, "profit_ratio", t->profit_ratio);
	out_money_json(w, "fees", t->fees);
	out_money_json(w, "mfe", t->mfe);
	out_money_json(w, "mae", t->mae);
	jw_ki64(w, "bars", t->bars);
	jw_kstr(w, "tag", t->tag);
	jw_kbool(w, "open_at_end", t->open_at_end);
	entry_values(w, t, plots);
	jw_obj_end(w);
}

/* The bar whose close the strategy saw before the fill at bar `i`. */
static const double *seen_before(struct arena *out, const struct bt_plots *p,
				 int64_t i, bool at_close)
{
	double *v;

	i -= !at_close;
	if (p == NULL || p->n == 0 || i < 0 || (size_t)i >= p->bars)
		return NULL;
	v = NEW_N(out, double, p->n);
	for (size_t k = 0; k < p->n; k++)
		v[k] = p->values[k * p->bars + (size_t)i];
	return v;
}

static void trade_of(struct arena *out, const struct bt_result *r,
		     const struct emu_trade *x, const struct bt_plots *plots,
		     struct bt_trade *t)
{
	const struct strat_trade *s = &x->t;
	double spent = x->worth > 0 ? x->worth :
		fabs(s->size) * s->entry_price * r->rules.pointvalue;

	t->entry_signal = emu_entry_signal(x);
	t->exit_reason = emu_reason_name(x->reason);
	t->exit_signal = emu_exit_signal(x);
	t->tag = s->entry_comment;
	t->is_short = s->size < 0;
	t->open_at_end = x->reason == EMU_END;
	t->entry_ms = s->entry_time;
	t->exit_ms = s->exit_time;
	t->bars = s->exit_bar - s->entry_bar;
	t->entry_price = s->entry_price;
	t->exit_price = s->exit_price;
	t->qty = fabs(s->size);
	t->profit = s->profit;
	t->profit_ratio = spent > 0 ? s->profit / spent : NAN;
	t->fees = s->commission;
	t->mfe = s->max_runup;
	t->mae = s->max_drawdown;
	t->seen = seen_before(out, plots, s->entry_bar, r->rules.on_close);
}

struct bt_trade *bt_record_trades(struct arena *out, const struct bt_result *r,
				  const char *pair, const struct bt_plots *plots)
{
	struct bt_trade *v = NEW_N(out, struct bt_trade, r->n_trades + 1);

	for (size_t i = 0; i < r->n_trades; i++) {
		v[i].number = i + 1;
		v[i].pair = r->trade_pairs != NULL ? r->trade_pairs[i] :
			pair;
		trade_of(out, r, &r->trades[i], plots, &v[i]);
	}
	return v;
}

int bt_record_chart(struct arena *out, const struct bt_result *r,
		    const char *pair, const struct bt_plots *plots,
		    struct bt_record *ret, struct err *err)
{
	struct bt_record rec = {
		.title = r->props.title,
		.initial_capital = r->rules.initial_capital,
		.n = r->bars.n, .t = r->bars.t, .close = r->bars.c,
		.equity = r->equity, .position = r->position,
		.n_trades = r->n_trades,
	};
	struct bt_stats stats;
	struct sbuf b;
	struct jw w;

	if (plots != NULL) {
		rec.plots = *plots;
		rec.plots.t = r->bars.t;
		rec.drawings = plots->drawings;
	}
	rec.trades = bt_record_trades(out, r, pair, plots);
	bt_stats(&stats, r);
	sbuf_init(&b, out, 1 << 20);
	jw_init(&w, &b);
	bt_properties_json(&w, r);
	rec.properties = sbuf_finish(&b);
	sbuf_init(&b, out, 1 << 20);
	jw_init(&w, &b);
	bt_metrics_json(&w, r, &stats);
	rec.metrics = sbuf_finish(&b);
	if (rec.properties == NULL || rec.metrics == NULL)
		return FAIL(err, E_TOOBIG, "the properties are too long");
	*ret = rec;
	return 0;
}
