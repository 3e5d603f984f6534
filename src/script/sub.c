/* request.security(): bars of a higher timeframe made of the chart's own, and
 * the sub-program that runs on them.
 *
 * A bar of the higher timeframe is closed by the chart's bar that ends with it
 * or, where that one is missing, by the first one after it; from then on its
 * value shows (lookahead_off).  With lookahead_on the value of the last closed
 * bar shows from the opening of the next one on; the compiler admits only what
 * is known then.  Nothing is ever read of a bar that has not come. */
#include "config.h"

#include <ctype.h>

#include "script/lib_i.h"

#define DAY ((int64_t)86400000)

struct vm_sub {
	struct script_vm *vm;
	int64_t tf, months, period;
	struct bar bar;		/* under way, if open */
	bool open;
	double *val;		/* of the last closed bar */
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
	return s.n > 0 && m->exchange[0] != '\0' &&
	       same_symbol(exchange, str_c(m->exchange)) &&
	       same_symbol(s, str_c(m->symbol));
}

static int64_t months_of(struct str tf)
{
	uint64_t k = 1;

	return tf.n < 2 || !str_u64(str_n(tf.p, tf.n - 1), &k) ? 1 : (int64_t)k;
}

/* Whether the chart's bars make up whole bars of this timeframe. */
static int check_timeframe(const struct script_vm *vm, struct vm_sub *s, struct str tf,
			   struct err *err)
{
	int64_t chart = vm->tf_ms, own = months_of(str_c(vm->m.timeframe));

	s->tf = tf_text_ms(tf);
	s->months = s->tf == 0 ? months_of(tf) : 1;
	if (s->tf < 0)
		return FAIL(err, E_INVAL, "\"%.*s\" is not a timeframe", STR_ARG(tf));
	if ((s->tf > 0 && (chart == 0 || s->tf < chart)) ||
	    (s->tf == 0 && chart == 0 && s->months < own))
		return FAIL(err, E_INVAL, "\"%.*s\" is a lower timeframe than the chart's "
			    "\"%s\": run the script on a chart of the lower one",
			    STR_ARG(tf), vm->m.timeframe);
	if (s->tf == chart && (chart > 0 || s->months == own))
		return 0;
	if (s->tf == 0 ? 12 % s->months != 0 || (chart == 0 ? s->months % own != 0 :
						  DAY % chart != 0) :
	    s->tf % chart != 0 || (s->tf < DAY ? DAY % s->tf != 0 :
				   s->tf != DAY && s->tf != 7 * DAY))
		return FAIL(err, E_INVAL, "bars of \"%.*s\" cannot be made of the chart's "
			    "\"%s\": choose a multiple of it that divides the day, 1D, 1W "
			    "or months", STR_ARG(tf), vm->m.timeframe);
	return 0;
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
	struct script_limits less = { lim != NULL ? lim->steps : 0,
				      vm->memory_max / (vm->p->subs.n + 1) };
	int rc;

	if (!own_symbol(vm, symbol))
		return FAIL(err, E_INVAL, "only the chart's own symbol can be asked for, "
			    "this is \"%.*s\": use syminfo.tickerid", STR_ARG(symbol));
	if (tf.n == 0)
		tf = str_c(vm->m.timeframe);
	rc = check_timeframe(vm, s, tf, err);
	if (rc < 0)
		return rc;
	*m = vm->m;
	m->timeframe = str_dup(vm->out, tf);
	m->last_bar_index = -1;
	s->val = NEW_N(vm->out, double, d->n);
	return script_vm_new(vm->out, d->p, pass_inputs(vm, d), m, &less, &s->vm, err);
}

int vm_make_subs(struct script_vm *vm, const struct script_limits *lim, struct err *err)
{
	const struct script_prog *p = vm->p;

	vm->subs = NEW_N(vm->out, struct vm_sub, p->subs.n + 1);
	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];
		const struct sub *d = &p->subs.v[o->kind == COP_SUB ? o->unit : 0];
		struct vm_sub *s = &vm->subs[o->kind == COP_SUB ? o->unit : 0];
		int rc;

		if (o->kind != COP_SUB || (d->guard >= 0 && !truth(vm->r[d->guard])))
			continue;
		rc = make_sub(vm, d, s, lim, err);
		if (rc < 0) {
			err_wrap(err, "line %d: request.security()", d->line);
			return rc;
		}
		for (size_t k = 0; k < d->n; k++)
			s->val[k] = p->cols.v[o->dst + (int)k].fill;
	}
	return 0;
}

/* --- Running ------------------------------------------------------------- */

static void close_bar(struct script_vm *vm, struct vm_sub *s)
{
	struct strat_cmds none;

	s->open = false;
	if (vm->failed)
		return;
	if (script_on_bar(s->vm, &s->bar, NULL, &none, vm->err) < 0)
		vm->failed = true;
	else
		script_plot_values(s->vm, s->val);
}

static void take(struct vm_sub *s, int64_t period, const struct bar *b)
{
	if (!s->open) {
		s->bar = *b;
		s->bar.t = s->tf == 0 ? period_start(period * s->months, 0) :
					period_start(period, s->tf);
		s->period = period;
		s->open = true;
		return;
	}
	s->bar.h = b->h > s->bar.h ? b->h : s->bar.h;
	s->bar.l = b->l < s->bar.l ? b->l : s->bar.l;
	s->bar.c = b->c;
	s->bar.v += b->v;
}

/* True when a value is new on this bar. */
static bool advance(struct script_vm *vm, struct vm_sub *s, const struct bar *b, bool lookahead)
{
	int64_t k = period_of(b->t, s->tf, s->months), end;
	bool fresh = false;

	if (s->open && k != s->period) {
		close_bar(vm, s);
		fresh = true;
	}
	fresh = lookahead ? !s->open : fresh;
	take(s, k, b);
	end = vm->tf_ms > 0 ? b->t + vm->tf_ms :
	      period_start(period_of(b->t, 0, 1) + months_of(str_c(vm->m.timeframe)), 0);
	if (lookahead || period_of(end, s->tf, s->months) == k)
		return fresh;
	close_bar(vm, s);
	return true;
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
		bool fresh = advance(vm, s, &b, d->lookahead);

		for (size_t k = 0; k < d->n; k++) {
			double v = d->what[k] == 'o' ? s->bar.o :
				   d->what[k] == 't' ? (double)s->bar.t : s->val[k];

			vm->cols[o->dst + (int)k].b[at] = fresh || !d->gaps ? v :
				vm->p->cols.v[o->dst + (int)k].fill;
		}
	}
}
