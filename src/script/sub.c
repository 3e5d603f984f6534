/* request.security(): bars of a timeframe made of the chart's own or of a
 * series of the host's, and the sub-program that runs on them.
 *
 * A bar of the higher timeframe is closed by the chart's bar that ends with it
 * or, where that one is missing, by the first one after it; from then on its
 * value shows (lookahead_off).  With lookahead_on the value of the last closed
 * bar shows from the opening of the next one on; the compiler admits only what
 * is known then.  Nothing is read of a bar that has not come, but where a script
 * asks for it (`leaks`), and then only of bars the host has given as history. */
#include "config.h"

#include <ctype.h>
#include <stdio.h>

#include "script/lib_i.h"

#define DAY ((int64_t)86400000)

#define HEIKIN_ASHI "#HA "	/* before a symbol, see ticker.heikinashi() */

struct vm_sub {
	struct script_vm *vm;
	int64_t tf, months, period;
	struct bar bar;		/* under way, if open */
	bool open;
	double *val;		/* of the last closed bar */
	int64_t val_t;		/* its time */
	const struct script_series *from;	/* NULL: the chart's bars */
	int64_t from_tf, from_months;
	size_t next;		/* of from->bars */
	bool ha, ha_any;	/* heikin-ashi; there was a bar before */
	double ha_o, ha_c;
	double *list;		/* security_lower_tf: arrays of this bar */
	size_t list_bar;
};

/* --- Making ------------------------------------------------------------- */

/* The same letters and digits: "BTC/USDT" is also written "BTCUSDT". */
static bool same_symbol(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a.n && (a.p[i] == '/' || a.p[i] == '-'))
			i++;
		while (k < b.n && (b.p[k] == '/' || b.p[k] == '-'))
			k++;
		if (i == a.n || k == b.n)
			return i == a.n && k == b.n;
		if (toupper((unsigned char)a.p[i]) != toupper((unsigned char)b.p[k]))
			return false;
	}
}

static bool own_symbol(const struct script_vm *vm, struct str s)
{
	const struct script_market *m = &vm->m;
	struct str exchange;

	if (s.n == 0 || same_symbol(s, str_c(m->symbol)))
		return true;
	str_split(&s, ':', &exchange);
	/* candles of a file are of any exchange */
	return s.n > 0 && same_symbol(s, str_c(m->symbol)) &&
	       (strcmp(m->exchange, "file") == 0 ||
		(m->exchange[0] != '\0' && same_symbol(exchange, str_c(m->exchange))));
}

/* Whether bars of one timeframe make up whole bars of another.  0 ms: months. */
static bool makes_up(int64_t from, int64_t from_months, int64_t tf, int64_t months)
{
	if (from == 0)
		return tf == 0 && months % from_months == 0 &&
		       (months == from_months || 12 % months == 0);
	if (from == tf)
		return true;
	if (DAY % from != 0)
		return false;
	return tf == 0 ? 12 % months == 0 : tf % from == 0;
}

/* The coarsest of the host's series that will do. */
static void find_series(const struct script_vm *vm, struct vm_sub *s, struct str symbol,
			bool own)
{
	for (size_t i = 0; i < vm->m.n_series; i++) {
		const struct script_series *k = &vm->m.series[i];
		struct str tf = str_c(k->timeframe), name = str_c(k->symbol), want = symbol;
		int64_t ms = tf_text_ms(tf), months = ms == 0 ? tf_months(tf) : 1;

		if (memchr(want.p, ':', want.n) == NULL || memchr(name.p, ':', name.n) == NULL) {
			struct str exchange;

			if (memchr(want.p, ':', want.n) != NULL)
				str_split(&want, ':', &exchange);
			if (memchr(name.p, ':', name.n) != NULL)
				str_split(&name, ':', &exchange);
		}
		if (own ? !own_symbol(vm, str_c(k->symbol)) : !same_symbol(want, name))
			continue;
		if (ms < 0 || !makes_up(ms, months, s->tf, s->months))
			continue;
		if (s->from != NULL && ms > 0 && s->from_tf >= ms)
			continue;
		s->from = k;
		s->from_tf = ms;
		s->from_months = months;
	}
}

/* Where the bars come from: the chart's where they will do. */
static int find_bars(const struct script_vm *vm, struct vm_sub *s, struct str symbol,
		     struct str tf, bool lower, struct err *err)
{
	bool own = own_symbol(vm, symbol);

	s->tf = tf_text_ms(tf);
	s->months = s->tf == 0 ? tf_months(tf) : 1;
	if (s->tf < 0)
		return FAIL(err, E_INVAL, "\"%.*s\" is not a timeframe", STR_ARG(tf));
	s->from_tf = vm->tf_ms;
	s->from_months = tf_months(str_c(vm->m.timeframe));
	if (lower && vm->tf_ms > 0 && (s->tf == 0 || s->tf > vm->tf_ms))
		return FAIL(err, E_INVAL, "\"%.*s\" is no lower timeframe than the chart's "
			    "\"%s\": use request.security()", STR_ARG(tf), vm->m.timeframe);
	if (own && makes_up(s->from_tf, s->from_months, s->tf, s->months))
		return 0;
	find_series(vm, s, symbol, own);
	if (s->from != NULL)
		return 0;
	if (!own)
		return FAIL(err, E_INVAL, "there are no candles of \"%.*s\" that make up "
			    "\"%.*s\": add them (--data %.*s=FILE), or use syminfo.tickerid "
			    "for the chart's own symbol", STR_ARG(symbol), STR_ARG(tf),
			    STR_ARG(symbol));
	if (s->tf > 0 && (vm->tf_ms == 0 || s->tf < vm->tf_ms))
		return FAIL(err, E_INVAL, "\"%.*s\" is a lower timeframe than the chart's "
			    "\"%s\": add such candles (--data %s:%.*s=FILE), or run the script "
			    "on a chart of the lower one", STR_ARG(tf), vm->m.timeframe,
			    vm->m.symbol, STR_ARG(tf));
	return FAIL(err, E_INVAL, "bars of \"%.*s\" cannot be made of the chart's \"%s\": "
		    "choose a multiple of it, or months that divide the year", STR_ARG(tf),
		    vm->m.timeframe);
}

static struct script_binding *pass_inputs(const struct script_vm *vm, const struct sub *d)
{
	struct script_binding *b = script_bind(vm->out, d->p);

	for (size_t i = 0; i < d->p->inputs.n; i++) {
		b->v[i] = vm->bind->v[d->inputs[i]];
		b->text[i] = vm->bind->text[d->inputs[i]];
	}
	return b;
}

static int make_sub(struct script_vm *vm, const struct sub *d, struct vm_sub *s,
		    const struct script_limits *lim, struct err *err)
{
	struct str symbol = is_ref(vm->r[d->symbol]) ? vm_str(vm, vm->r[d->symbol]) : STR("");
	struct str tf = is_ref(vm->r[d->tf]) ? vm_str(vm, vm->r[d->tf]) : STR("");
	struct script_market *m = NEW(vm->out, struct script_market);
	/* Nothing is shared: its bars are others. */
	struct script_limits less = {
		.steps = lim != NULL ? lim->steps : 0,
		.memory = vm->memory_max / (vm->p->subs.n + 1),
	};
	int rc;

	s->ha = str_starts(symbol, HEIKIN_ASHI);
	if (s->ha)
		symbol = str_n(symbol.p + 4, symbol.n - 4);
	if (tf.n == 0)
		tf = str_c(vm->m.timeframe);
	rc = find_bars(vm, s, symbol, tf, d->lower, err);
	if (rc < 0)
		return rc;
	if (d->leaks && vm->m.ahead == NULL)
		return FAIL(err, E_UNPROCESSABLE, "lookahead_on asks for what is not known "
			    "yet, which only a backtest has: write (...)[1], or use "
			    "lookahead_off");
	if (d->lookahead && s->tf > 0 && s->tf < vm->tf_ms)
		return FAIL(err, E_INVAL, "lookahead_on of a lower timeframe than the chart's: "
			    "use lookahead_off or request.security_lower_tf()");
	*m = vm->m;
	if (s->from != NULL)
		m->symbol = s->from->symbol;
	m->timeframe = str_dup(vm->out, tf);
	m->last_bar_index = -1;
	s->val = NEW_N(vm->out, double, d->n);
	s->list = NEW_N(vm->out, double, d->n);
	s->list_bar = SIZE_MAX;
	return script_vm_new(vm->out, d->p, pass_inputs(vm, d), m, &less, &s->vm, err);
}

int vm_make_subs(struct script_vm *vm, const struct script_limits *lim, struct err *err)
{
	const struct script_prog *p = vm->p;

	vm->subs = NEW_N(vm->out, struct vm_sub, p->subs.n + 1);
	for (size_t i = 0; i < p->subs.n; i++) {
		const struct sub *d = &p->subs.v[i];
		int rc;

		if (d->guard >= 0 && !truth(vm->r[d->guard]))
			continue;
		rc = make_sub(vm, d, &vm->subs[i], lim, err);
		if (rc < 0) {
			err_wrap(err, "line %d: request.security%s()", d->line,
				 d->lower ? "_lower_tf" : "");
			return rc;
		}
		for (size_t k = 0; k < d->n; k++)
			vm->subs[i].val[k] = NAN;
	}
	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];

		for (size_t k = 0; o->kind == COP_SUB && vm->subs[o->unit].vm != NULL &&
		     k < p->subs.v[o->unit].n; k++)
			vm->subs[o->unit].val[k] = p->cols.v[o->dst + (int)k].fill;
	}
	return 0;
}

/* --- Running ------------------------------------------------------------- */

/* The opening price of the bar under way, as it shows. */
static double open_of(const struct vm_sub *s)
{
	if (!s->ha)
		return s->bar.o;
	return s->ha_any ? (s->ha_o + s->ha_c) / 2 : (s->bar.o + s->bar.c) / 2;
}

static void heikin_ashi(struct vm_sub *s, struct bar *b)
{
	double o = open_of(s), c = (b->o + b->h + b->l + b->c) / 4;

	b->o = s->ha_o = o;
	b->c = s->ha_c = c;
	b->h = fmax(b->h, fmax(o, c));
	b->l = fmin(b->l, fmin(o, c));
	s->ha_any = true;
}

static void close_bar(struct script_vm *vm, struct vm_sub *s)
{
	struct strat_cmds none;
	struct bar b = s->bar;

	s->open = false;
	if (vm->failed)
		return;
	if (s->ha)
		heikin_ashi(s, &b);
	if (script_on_bar(s->vm, &b, NULL, &none, vm->err) < 0)
		vm->failed = true;
	else
		script_plot_values(s->vm, s->val);
	s->val_t = b.t;
}

static int64_t period_at(const struct script_vm *vm, const struct vm_sub *s, int64_t t)
{
	return vm_period(vm, s->from_tf, t, s->tf, s->months);
}

static void take(const struct script_vm *vm, struct vm_sub *s, int64_t period,
		 const struct bar *b)
{
	if (!s->open) {
		s->bar = *b;
		s->bar.t = vm_period_start(vm, s->from_tf, period, s->tf, s->months);
		s->period = period;
		s->open = true;
		return;
	}
	s->bar.h = b->h > s->bar.h ? b->h : s->bar.h;
	s->bar.l = b->l < s->bar.l ? b->l : s->bar.l;
	s->bar.c = b->c;
	s->bar.v += b->v;
}

static int64_t end_of(int64_t t, int64_t tf, int64_t months)
{
	return tf > 0 ? t + tf : period_start(period_of(t, 0, 1) + months, 0);
}

/* One bar of the source more.  True when a value is new by it. */
static bool advance(struct script_vm *vm, struct vm_sub *s, const struct bar *b, bool lookahead)
{
	int64_t k = period_at(vm, s, b->t);
	bool fresh = false;

	if (s->open && k != s->period) {
		close_bar(vm, s);
		fresh = true;
	}
	fresh = lookahead ? !s->open : fresh;
	take(vm, s, k, b);
	if (lookahead || period_at(vm, s, end_of(b->t, s->from_tf, s->from_months)) == k)
		return fresh;
	close_bar(vm, s);
	return true;
}

/* All bars of the host's series that are closed when the chart's bar is. */
static bool catch_up(struct script_vm *vm, struct vm_sub *s, int64_t t, int64_t end,
		     bool lookahead)
{
	const struct bars *from = &s->from->bars;
	bool fresh = false;

	/* with lookahead_on a bar is over when the chart's bar is of the next */
	if (lookahead && s->open && period_at(vm, s, t) != s->period) {
		close_bar(vm, s);
		fresh = true;
	}
	for (; s->next < from->n && !vm->failed; s->next++) {
		struct bar b = bars_at(from, s->next);

		if (end_of(b.t, s->from_tf, s->from_months) > end)
			break;
		fresh = advance(vm, s, &b, lookahead) || fresh;
	}
	return fresh;
}

/* lookahead_on of what is not known yet: the whole bar that holds t, of all
 * the candles at hand. */
static bool look_ahead(struct script_vm *vm, struct vm_sub *s, int64_t t)
{
	const struct bars *from = s->from != NULL ? &s->from->bars : vm->m.ahead;
	int64_t now = period_at(vm, s, t);
	bool fresh = false;

	while (s->next < from->n && !vm->failed) {
		struct bar b = bars_at(from, s->next);
		int64_t k = period_at(vm, s, b.t);

		if (k > now)
			break;
		for (; s->next < from->n; s->next++) {
			b = bars_at(from, s->next);
			if (period_at(vm, s, b.t) != k)
				break;
			take(vm, s, k, &b);
		}
		close_bar(vm, s);
		fresh = true;
	}
	return fresh;
}

static double output(const struct script_vm *vm, const struct vm_sub *s,
		     const struct sub *d, size_t k, int64_t t)
{
	if (d->what[k] == 'v')
		return s->val[k];
	if (!s->open || period_at(vm, s, t) != s->period)
		return NAN;
	return d->what[k] == 'o' ? open_of(s) : (double)s->bar.t;
}

static int64_t chart_end(const struct script_vm *vm, int64_t t)
{
	return end_of(t, vm->tf_ms, tf_months(str_c(vm->m.timeframe)));
}

void vm_run_sub(struct script_vm *vm, const struct cop *o, size_t n)
{
	const struct sub *d = &vm->p->subs.v[o->unit];
	struct vm_sub *s = &vm->subs[o->unit];

	if (s->vm == NULL) {		/* never reached */
		for (size_t k = 0; k < d->n; k++)
			for (size_t i = 0; i < n; i++)
				vm->cols[o->dst + (int)k].b[vm->pos + i] = NAN;
		return;
	}
	for (size_t i = 0; i < n && !vm->failed; i++) {
		size_t at = vm->pos + i;
		struct bar b = { .t = (int64_t)vm->cols[COL_TIME].b[at],
				 .o = vm->cols[COL_OPEN].b[at],
				 .h = vm->cols[COL_HIGH].b[at],
				 .l = vm->cols[COL_LOW].b[at],
				 .c = vm->cols[COL_CLOSE].b[at],
				 .v = vm->cols[COL_VOLUME].b[at] };
		bool fresh = d->leaks ? look_ahead(vm, s, b.t) :
			s->from == NULL ? advance(vm, s, &b, d->lookahead) :
			catch_up(vm, s, b.t, chart_end(vm, b.t), d->lookahead);

		for (size_t k = 0; k < d->n; k++)
			vm->cols[o->dst + (int)k].b[at] = fresh || !d->gaps ?
				output(vm, s, d, k, b.t) :
				vm->p->cols.v[o->dst + (int)k].fill;
	}
}

/* --- request.security_lower_tf() ------------------------------------------ */

static bool add_values(struct script_vm *vm, struct vm_sub *s, const struct sub *d)
{
	for (size_t k = 0; k < d->n; k++) {
		struct obj *o = vm_obj(vm, s->list[k], OBJ_ARRAY);

		if (o == NULL || !vm_obj_room(vm, o, o->n + 1))
			return false;
		o->v[o->n++] = s->val[k];
	}
	vm->steps += d->n;
	return true;
}

/* The values of the finer bars inside the chart's, as arrays. */
static void fill_lists(struct script_vm *vm, struct vm_sub *s, const struct sub *d,
		       const struct bar *b)
{
	int64_t end = chart_end(vm, b->t);

	for (size_t k = 0; k < d->n; k++)
		s->list[k] = vm_obj_new(vm, OBJ_ARRAY, 0);
	if (s->from == NULL) {
		if (advance(vm, s, b, false))
			add_values(vm, s, d);
		return;
	}
	for (; s->next < s->from->bars.n && !vm->failed; s->next++) {
		struct bar x = bars_at(&s->from->bars, s->next);

		if (end_of(x.t, s->from_tf, s->from_months) > end)
			break;
		if (advance(vm, s, &x, false) && s->val_t >= b->t &&
		    !add_values(vm, s, d))
			break;
	}
}

void vm_mark_lists(struct script_vm *vm, void (*mark)(struct script_vm *vm, double ref))
{
	for (size_t i = 0; i < vm->p->subs.n; i++) {
		const struct vm_sub *s = &vm->subs[i];

		for (size_t k = 0; s->list != NULL && s->list_bar == vm->bars &&
		     k < vm->p->subs.v[i].n; k++)
			mark(vm, s->list[k]);
	}
}

int fn_lower_list(struct script_vm *vm, double *ret, const double *a, size_t n)
{
	const struct sub *d = &vm->p->subs.v[(size_t)a[0]];
	struct vm_sub *s = &vm->subs[(size_t)a[0]];
	size_t at = vm->at;

	(void)n;
	if (s->list_bar != vm->bars) {
		struct bar b = { .t = (int64_t)vm->cols[COL_TIME].b[at],
				 .o = vm->cols[COL_OPEN].b[at],
				 .h = vm->cols[COL_HIGH].b[at],
				 .l = vm->cols[COL_LOW].b[at],
				 .c = vm->cols[COL_CLOSE].b[at],
				 .v = vm->cols[COL_VOLUME].b[at] };

		fill_lists(vm, s, d, &b);
		s->list_bar = vm->bars;
	}
	*ret = s->list[vm->call->data];
	return 0;
}

int fn_ticker(struct script_vm *vm, double *ret, const double *a, size_t n)
{
	struct str x = vm_str(vm, a[0]), y = n > 1 && !is_na(a[1]) ? vm_str(vm, a[1]) : STR("");
	bool ha = str_starts(x, HEIKIN_ASHI);
	char buf[400];
	int k = 0;

	if (ha && vm->call->data != 1)
		x = str_n(x.p + 4, x.n - 4);
	switch (vm->call->data) {
	case 0:					/* heikinashi */
		k = snprintf(buf, sizeof(buf), HEIKIN_ASHI "%.*s", STR_ARG(x));
		break;
	case 1:					/* new: exchange and symbol */
		k = snprintf(buf, sizeof(buf), "%.*s%s%.*s", STR_ARG(x), x.n > 0 ? ":" : "",
			     STR_ARG(y));
		break;
	case 2:					/* standard */
		k = snprintf(buf, sizeof(buf), "%.*s", STR_ARG(x));
		break;
	default:				/* inherit, modify */
		k = snprintf(buf, sizeof(buf), "%s%.*s", ha ? HEIKIN_ASHI : "",
			     STR_ARG((vm->call->data == 3 ? y : x)));
		break;
	}
	*ret = vm_str_new(vm, buf, k < 0 || (size_t)k >= sizeof(buf) ? 0 : (size_t)k);
	return 0;
}

int fn_data_column(struct script_vm *vm, double *ret, const double *a, size_t n)
{
	struct str name = vm_str(vm, a[1]);

	(void)n;
	*ret = NAN;
	for (size_t i = 0; i < vm->m.n_columns; i++) {
		const struct script_column *c = &vm->m.columns[i];

		if (!str_eqc(name, c->name))
			continue;
		if (a[0] >= 0 && a[0] < (double)c->n)
			*ret = c->v[(size_t)a[0]];
		return 0;
	}
	vm_fail(vm, E_INVAL, vm->call->line, "the candles have no column \"%.*s\"",
		STR_ARG(name));
	return 0;
}
