#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "script/lib_i.h"

#define STEPS_DEFAULT	2000000u
#define MEMORY_DEFAULT	((size_t)64 << 20)
#define CMDS_MAX	1000

const struct ins *vm_fail(struct script_vm *vm, enum errc code, int line,
			  const char *fmt, ...)
{
	char msg[160];
	va_list ap;

	if (vm->failed)
		return NULL;
	vm->failed = true;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (line > 0)
		FAIL(vm->err, code, "line %d, bar %zu: %s", line, vm->bars, msg);
	else
		FAIL(vm->err, code, "bar %zu: %s", vm->bars, msg);
	return NULL;
}

void vm_note(struct script_vm *vm, int kind, const char *text, int line)
{
	struct script_note *n;

	if (vm->n_notes == NOTES_MAX)
		return;
	n = &vm->notes[vm->n_notes++];
	n->kind = kind;
	n->text = text;
	n->line = line;
}

/* --- Instructions ---------------------------------------------------- */

#define IN(name) const struct ins *in_##name(struct script_vm *vm, const struct ins *i)

static int line_of(const struct script_vm *vm, const struct ins *i)
{
	const struct script_prog *p = vm->p;

	return i >= p->bar.v && i < p->bar.v + p->bar.n ? p->lines.v[i - p->bar.v] : 0;
}

IN(halt) { (void)vm; (void)i; return NULL; }
IN(jump) { (void)vm; return i + i->b; }
IN(jump_false) { return truth(vm->r[i->a]) ? i + 1 : i + i->b; }
IN(jump_true) { return truth(vm->r[i->a]) ? i + i->b : i + 1; }

/* The rest of a `var` declaration runs the first time only. */
IN(once)
{
	if (vm->r[i->d] == 1)
		return i + i->b;
	vm->r[i->d] = 1;
	return i + 1;
}

IN(load)
{
	vm->r[i->d] = vm->cols[i->a].b[(ptrdiff_t)vm->at - i->b];
	return i + 1;
}

/* The distance of x[n]; false when it gives na or ends the run. */
static bool offset(struct script_vm *vm, const struct ins *i, double k,
		   size_t max, size_t *ret)
{
	if (isnan(k))
		return false;
	k = trunc(k);
	if (k < 0) {
		vm_fail(vm, E_INVAL, line_of(vm, i),
			"x[%g] looks into the future", k);
		return false;
	}
	if (k > HISTORY_MAX) {
		vm_fail(vm, E_INVAL, line_of(vm, i),
			"x[%g] looks back more than %d bars", k, HISTORY_MAX);
		return false;
	}
	*ret = (size_t)k;
	return *ret <= max;
}

IN(col_at)
{
	const struct vm_col *c = &vm->cols[i->a];
	size_t k;

	vm->r[i->d] = NAN;
	if (offset(vm, i, vm->r[i->b] + i->c, c->pad, &k))
		vm->r[i->d] = c->b[(ptrdiff_t)vm->at - (ptrdiff_t)k];
	return vm->failed ? NULL : i + 1;
}

IN(hist_push)
{
	struct vm_hist *h = &vm->hists[i->d];

	if (h->cap == 0)
		return i + 1;
	/* The past of a varip is what the bar began with. */
	h->b[h->at] = i->b ? vm_begun_with(vm, i->a) : vm->r[i->a];
	h->at = h->at + 1 == h->cap ? 0 : h->at + 1;
	if (h->n < h->cap)
		h->n++;
	return i + 1;
}

IN(hist_at)
{
	const struct vm_hist *h = &vm->hists[i->a];
	size_t k = 0;
	double v = h->fill;

	if (offset(vm, i, vm->r[i->b], HISTORY_MAX, &k)) {
		if (k == 0)
			v = vm->r[i->c];
		else if (k <= h->n)
			v = h->b[(h->at + h->cap - k) % h->cap];
	}
	vm->r[i->d] = v;
	return vm->failed ? NULL : i + 1;
}

/* An indicator whose inputs are BAR values, or that runs conditionally. */
IN(unit)
{
	const struct unit *u = &vm->p->units.v[i->a];
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX], x[IND_INPUTS_MAX], p[IND_PARAMS_MAX];
	double y[IND_OUTPUTS_MAX];

	for (size_t k = 0; k < u->d->n_in; k++) {
		x[k] = vm->r[u->in_reg[k]];
		in[k] = &x[k];
	}
	if (u->dyn) {
		for (size_t k = 0; k < u->d->n_param; k++)
			p[k] = vm->r[u->param[k]];
		vm->steps += isnan(p[0]) || p[0] < 0 || p[0] > IND_LENGTH_MAX ? 1 :
			     1 + (uint64_t)p[0] / 4;
		ind_dyn_step(vm->dyns[i->a], p, x, y);
	} else {
		for (size_t k = 0; k < u->d->n_out; k++)
			ret[k] = &y[k];
		ind_run(vm->units[i->a], in, ret, 1);
	}
	for (size_t k = 0; k < u->d->n_out; k++)
		vm->r[u->out + (int)k] = y[k];
	return i + 1;
}

IN(call)
{
	const struct call *c = &vm->p->calls.v[i->a];
	double a[64], ret = NAN;

	for (size_t k = 0; k < c->n; k++)
		a[k] = vm->r[c->args[k]];
	vm->call = c;
	if (c->fn(vm, &ret, a, c->n) < 0)
		return vm_fail(vm, E_INVAL, c->line, "%s failed", c->name);
	if (vm->steps > vm->steps_max)
		return vm_fail(vm, E_LIMIT, c->line, "%s() takes the bar over its %llu steps",
			       c->name, (unsigned long long)vm->steps_max);
	vm->r[i->d] = ret;
	return vm->failed ? NULL : i + 1;
}

/* Charged at the end of each round of a loop. */
IN(loop)
{
	vm->steps += (uint64_t)i->a;
	if (vm->steps > vm->steps_max)
		return vm_fail(vm, E_LIMIT, line_of(vm, i),
			       "a loop takes more than %llu steps in one bar",
			       (unsigned long long)vm->steps_max);
	return i + 1;
}

/* d: counter, d + 1: last, d + 2: step; b: behind the loop. */
IN(for_init)
{
	double *r = &vm->r[i->d];
	double step = isnan(r[2]) ? 1 : fabs(r[2]);

	if (isnan(r[0]) || isnan(r[1]))
		return i + i->b;
	if (step == 0)
		return vm_fail(vm, E_INVAL, line_of(vm, i),
			       "the step of this loop is 0");
	r[2] = r[0] > r[1] ? -step : step;
	return i + 1;
}

IN(for_test)
{
	const double *r = &vm->r[i->d];
	bool go = r[2] > 0 ? r[0] <= r[1] : r[0] >= r[1];

	return go ? i + 1 : i + i->b;
}

static const char *text_of(struct script_vm *vm, int reg)
{
	double v = reg < 0 ? NAN : vm->r[reg];
	struct str s;

	if (!is_ref(v))
		return NULL;
	s = vm_str(vm, v);		/* always with a NUL behind it */
	return s.p;
}

static double number_of(const struct script_vm *vm, int reg)
{
	return reg < 0 ? NAN : vm->r[reg];
}

static int direction_of(struct script_vm *vm, int reg)
{
	double v = number_of(vm, reg);
	struct str s;

	if (isnan(v) && !is_ref(v))
		return 0;
	if (!is_ref(v))
		return truth(v) ? 1 : -1;
	s = vm_str(vm, v);
	return str_eqc(s, "long") ? 1 : str_eqc(s, "short") ? -1 : 0;
}

/* Most programs say one or two things on a bar. */
static void more_cmds(struct script_vm *vm)
{
	size_t had = vm->cmds_room * sizeof(*vm->cmds);

	vm->cmds_room = vm->cmds_room > 0 ? 4 * vm->cmds_room : 4;
	vm->cmds = arena_grow(vm->out, vm->cmds, had, vm->cmds_room * sizeof(*vm->cmds));
}

IN(cmd)
{
	const struct cmd *c = &vm->p->cmds.v[i->a];
	struct strat_cmd *s;
	const char *oca;

	if (c->reg[CA_WHEN] >= 0 && !truth(vm->r[c->reg[CA_WHEN]]))
		return i + 1;
	if (vm->n_cmds == CMDS_MAX)
		return vm_fail(vm, E_LIMIT, c->line,
			       "more than %d orders on one bar", CMDS_MAX);
	if (vm->n_cmds == vm->cmds_room)
		more_cmds(vm);
	s = &vm->cmds[vm->n_cmds++];
	oca = text_of(vm, c->reg[CA_OCA_TYPE]);
	*s = (struct strat_cmd){
		.kind = c->kind, .line = c->line,
		.dir = direction_of(vm, c->reg[CA_DIR]),
		.oca_type = oca == NULL ? STRAT_OCA_NONE :
			oca[0] == 'c' ? STRAT_OCA_CANCEL :
			oca[0] == 'r' ? STRAT_OCA_REDUCE : STRAT_OCA_NONE,
		.immediately = truth(number_of(vm, c->reg[CA_IMMEDIATELY])),
		.disable_alert = truth(number_of(vm, c->reg[CA_DISABLE_ALERT])),
		.id = text_of(vm, c->reg[CA_ID]),
		.from_entry = text_of(vm, c->reg[CA_FROM_ENTRY]),
		.oca_name = text_of(vm, c->reg[CA_OCA_NAME]),
		.comment = text_of(vm, c->reg[CA_COMMENT]),
		.comment_profit = text_of(vm, c->reg[CA_COMMENT_PROFIT]),
		.comment_loss = text_of(vm, c->reg[CA_COMMENT_LOSS]),
		.comment_trailing = text_of(vm, c->reg[CA_COMMENT_TRAILING]),
		.alert_message = text_of(vm, c->reg[CA_ALERT]),
		.qty = number_of(vm, c->reg[CA_QTY]),
		.qty_percent = number_of(vm, c->reg[CA_QTY_PERCENT]),
		.limit = number_of(vm, c->reg[CA_LIMIT]),
		.stop = number_of(vm, c->reg[CA_STOP]),
		.profit = number_of(vm, c->reg[CA_PROFIT]),
		.loss = number_of(vm, c->reg[CA_LOSS]),
		.trail_price = number_of(vm, c->reg[CA_TRAIL_PRICE]),
		.trail_points = number_of(vm, c->reg[CA_TRAIL_POINTS]),
		.trail_offset = number_of(vm, c->reg[CA_TRAIL_OFFSET]),
	};
	oca = text_of(vm, c->reg[CA_RISK_TYPE]);
	s->risk_percent = oca != NULL && oca[0] == 'p';
	return vm->failed ? NULL : i + 1;
}

int vm_run(struct script_vm *vm, const struct code *c)
{
	const struct ins *i = c->v;

	while (i != NULL)
		i = i->fn(vm, i);
	if (!vm->failed)
		return 0;
	return vm->err != NULL ? -(int)vm->err->code : -E_INVAL;
}

/* --- Making a machine ------------------------------------------------- */

static void make_heap(struct script_vm *vm)
{
	const struct script_prog *p = vm->p;

	vm->objs_room = (uint32_t)p->strs.n + 256;
	vm->objs = NEW_N(vm->out, struct obj, vm->objs_room);
	for (size_t i = 0; i < p->strs.n; i++) {
		struct obj *o = &vm->objs[i];

		o->kind = OBJ_STR;
		o->fixed = true;
		o->n = (uint32_t)p->strs.v[i].n;
		o->s = str_dup(vm->out, p->strs.v[i]);
	}
	vm->n_objs = (uint32_t)p->strs.n;
	vm->free_obj = UINT32_MAX;
	vm->heap = arena_push(vm->out, "script heap");
	vm->gc_at = (size_t)256 << 10;
}

static void bind_inputs(struct script_vm *vm)
{
	const struct script_prog *p = vm->p;
	const struct script_binding *b = vm->bind;

	for (size_t i = 0; i < p->inputs.n; i++) {
		int reg = p->input_regs.v[i].reg;

		if (reg < 0)
			continue;
		if (p->inputs.v[i].def_text != NULL)
			vm->r[reg] = vm_str_new(vm, b->text[i], strlen(b->text[i]));
		else
			vm->r[reg] = b->v[i];
	}
}

static int source_column(const char *s)
{
	static const char *const names[] = { "open", "high", "low", "close", "volume" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(s, names[i]) == 0)
			return (int)i;
	return -1;
}

/* input.source: its column is filled from the one chosen, see fill_fixed. */
static double vm_source(const struct bar *b, const char *s)
{
	switch (source_column(s)) {
	case COL_OPEN: return b->o;
	case COL_HIGH: return b->h;
	case COL_LOW: return b->l;
	case COL_CLOSE: return b->c;
	case COL_VOLUME: return b->v;
	default: break;
	}
	if (strcmp(s, "hl2") == 0)
		return (b->h + b->l) / 2;
	if (strcmp(s, "hlc3") == 0)
		return (b->h + b->l + b->c) / 3;
	if (strcmp(s, "hlcc4") == 0)
		return (b->h + b->l + b->c + b->c) / 4;
	return (b->o + b->h + b->l + b->c) / 4;
}

static int make_columns(struct script_vm *vm, struct err *err)
{
	const struct script_prog *p = vm->p;

	vm->cols = NEW_N(vm->out, struct vm_col, p->cols.n);
	for (size_t i = 0; i < p->cols.n; i++) {
		struct vm_col *c = &vm->cols[i];
		double pad = p->cols.v[i].pad;

		/* Of the bar's own columns few are read. */
		if (i < COL__FIXED && !vm->reads[i]) {
			*c = (struct vm_col){ 0 };
			continue;
		}

		if (p->cols.v[i].pad_reg >= 0) {
			double more = vm->r[p->cols.v[i].pad_reg];

			if (!(more >= 0 && more <= HISTORY_MAX))
				return FAIL(err, E_INVAL, "x[%g] in the script: the "
					    "distance must be from 0 to %d", more,
					    HISTORY_MAX);
			pad = more > pad ? more : pad;
		}
		c->pad = (size_t)pad;
		c->mem = NEW_N(vm->out, double, c->pad + SCRIPT_BLOCK);
		c->b = c->mem + c->pad;
		for (size_t k = 0; k < c->pad; k++)
			c->mem[k] = p->cols.v[i].fill;
	}
	for (size_t i = 0; i < p->cops.n; i++)
		if (p->cops.v[i].kind == COP_BROADCAST) {
			struct vm_col *c = &vm->cols[p->cops.v[i].dst];

			for (size_t k = 0; k < c->pad + SCRIPT_BLOCK; k++)
				c->mem[k] = vm->r[p->cops.v[i].reg];
		}
	return 0;
}

static void use_col(struct script_vm *vm, int col)
{
	if (col < COL__FIXED)
		vm->reads[col] = true;
}

/* Which of the bar's own columns the program reads: the others need no copy. */
static void find_reads(struct script_vm *vm)
{
	const struct script_prog *p = vm->p;

	for (int k = 0; k < COL__FIXED && p->subs.n > 0; k++)
		use_col(vm, k);
	for (size_t i = 0; i < p->cops.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(p->cops.v[i].a); k++)
			use_col(vm, p->cops.v[i].a[k].col);
	for (size_t i = 0; i < p->units.n; i++)
		for (size_t k = 0; k < p->units.v[i].d->n_in; k++)
			use_col(vm, p->units.v[i].in[k].col);
	for (size_t i = 0; i < p->calls.n; i++)
		if (p->calls.v[i].fn == fn_account)
			use_col(vm, COL_CLOSE);	/* what the position is worth */
	for (size_t i = 0; i < p->calls.n; i++)
		for (size_t k = 0; k < p->calls.v[i].n && p->calls.v[i].cols != NULL; k++)
			use_col(vm, p->calls.v[i].cols[k].col);
	for (size_t i = 0; i < p->bar.n; i++)
		if (p->bar.v[i].fn == in_load || p->bar.v[i].fn == in_col_at)
			use_col(vm, p->bar.v[i].a);
	for (size_t i = 0; i < p->plot_srcs.n; i++)
		if (p->plot_srcs.v[i].col >= 0)
			use_col(vm, p->plot_srcs.v[i].col);
}

static int make_units(struct script_vm *vm, struct err *err)
{
	const struct script_prog *p = vm->p;
	double q[IND_PARAMS_MAX];
	int rc = 0;

	vm->units = NEW_N(vm->out, struct ind *, p->units.n);
	vm->dyns = NEW_N(vm->out, struct ind_dyn *, p->units.n);
	for (size_t i = 0; i < p->units.n && rc == 0; i++) {
		const struct unit *u = &p->units.v[i];

		if (u->guard >= 0 && !truth(vm->r[u->guard]))
			continue;	/* never reached */
		for (size_t k = 0; k < u->d->n_param; k++)
			q[k] = vm->r[u->param[k]];
		if (u->dyn)
			rc = ind_dyn_new(vm->out, u->d, &vm->dyns[i], err);
		else
			rc = ind_new(vm->out, u->d, q, &vm->units[i], err);
		if (rc < 0)
			err_wrap(err, "line %d", u->line);
	}
	return rc;
}

static void make_hists(struct script_vm *vm)
{
	const struct script_prog *p = vm->p;

	vm->hists = NEW_N(vm->out, struct vm_hist, p->hists.n);
	for (size_t i = 0; i < p->hists.n; i++) {
		struct vm_hist *h = &vm->hists[i];

		h->cap = p->hists.v[i].deep ? HISTORY_MAX : (size_t)p->hists.v[i].depth;
		h->b = NEW_N(vm->out, double, h->cap);
		h->fill = p->hists.v[i].fill;
	}
}

static int64_t timeframe_ms(const char *tf)
{
	double n = 0;
	size_t i = 0;

	for (; tf[i] >= '0' && tf[i] <= '9'; i++)
		n = n * 10 + (tf[i] - '0');
	if (n == 0)
		n = 1;
	switch (tf[i]) {
	case 'S': return (int64_t)(n * 1000);
	case 'D': return (int64_t)(n * 86400000);
	case 'W': return (int64_t)(n * 7 * 86400000);
	case 'M': return 0;
	default: return (int64_t)(n * 60000);
	}
}

static void market_defaults(struct script_market *m)
{
	m->exchange = m->exchange != NULL ? m->exchange : "";
	m->symbol = m->symbol != NULL ? m->symbol : "";
	m->base = m->base != NULL ? m->base : "";
	m->quote = m->quote != NULL ? m->quote : "USD";
	m->description = m->description != NULL ? m->description : m->symbol;
	m->timeframe = m->timeframe != NULL ? m->timeframe : "60";
	m->timezone = m->timezone != NULL ? m->timezone : "Etc/UTC";
	if (!(m->mintick > 0))
		m->mintick = 0.01;
	if (!(m->pointvalue > 0))
		m->pointvalue = 1;
}

int script_vm_new(struct arena *out, const struct script_prog *prog,
		  const struct script_binding *b, const struct script_market *m,
		  const struct script_limits *lim, struct script_vm **ret,
		  struct err *err)
{
	struct script_vm *vm = NEW(out, struct script_vm);
	int rc;

	assert(prog->magic == PROG_MAGIC);
	vm->magic = VM_MAGIC;
	vm->out = out;
	vm->p = prog;
	vm->bind = b != NULL ? b : script_bind(out, prog);
	vm->m = *m;
	market_defaults(&vm->m);
	vm->tf_ms = timeframe_ms(vm->m.timeframe);
	vm_find_days(vm);
	vm->steps_max = lim != NULL && lim->steps > 0 ? lim->steps : STEPS_DEFAULT;
	vm->memory_max = lim != NULL && lim->memory > 0 ? lim->memory : MEMORY_DEFAULT;
	vm->err = err;
	vm->in_init = true;
	vm->seed = prog->hash;
	vm->r = NEW_N(out, double, prog->regs.n);
	memcpy(vm->r, prog->regs.v, prog->regs.n * sizeof(double));
	vm->notes = NEW_N(out, struct script_note, NOTES_MAX);
	make_heap(vm);
	for (int k = 0; k < DRAW__MAX; k++)
		vm->draws[k].max = prog->draw_max[k] > 0 ? prog->draw_max[k] : 50;
	bind_inputs(vm);
	find_reads(vm);
	rc = vm_find_models(vm, err);
	if (rc == 0)
		rc = vm_run(vm, &prog->init);
	if (rc == 0)
		rc = make_columns(vm, err);
	if (rc == 0)
		rc = make_units(vm, err);
	if (rc == 0)
		rc = vm_make_subs(vm, lim, err);
	if (rc < 0)
		return rc;
	make_hists(vm);
	vm->share = lim != NULL ? lim->share : NULL;
	SCOPE(tmp, out) {
		vm_find_guards(vm, tmp);
		if (vm->share != NULL)
			vm_find_shared(vm, tmp);
	}
	vm->in_init = false;
	*ret = vm;
	return 0;
}

/* --- Running ---------------------------------------------------------- */

static bool theirs(const struct script_vm *vm, int col)
{
	return vm->theirs != NULL && vm->theirs[col];
}

static void fill_fixed(struct script_vm *vm, const struct bars *b)
{
	const struct script_prog *p = vm->p;
	const double *from[] = { b->o, b->h, b->l, b->c, b->v };

	for (size_t k = 0; k < ARRAY_LEN(from); k++)
		if (vm->reads[k] && !theirs(vm, (int)k))
			memcpy(vm->cols[k].b + vm->pos, from[k],
			       b->n * sizeof(double));
	for (size_t i = 0; i < b->n && vm->reads[COL_TIME] && !theirs(vm, COL_TIME); i++)
		vm->cols[COL_TIME].b[vm->pos + i] = (double)b->t[i];
	for (size_t i = 0; i < b->n && vm->reads[COL_INDEX] && !theirs(vm, COL_INDEX); i++)
		vm->cols[COL_INDEX].b[vm->pos + i] = (double)(vm->bars + i);
	for (size_t k = 0; k < p->inputs.n; k++) {
		int col = p->input_regs.v[k].col;

		if (col < 0 || theirs(vm, col))
			continue;
		for (size_t i = 0; i < b->n; i++) {
			struct bar one = bars_at(b, i);

			vm->cols[col].b[vm->pos + i] =
				vm_source(&one, vm->bind->text[k]);
		}
	}
}

static const double *column(const struct script_vm *vm, struct cref c)
{
	return vm->cols[c.col].b + (ptrdiff_t)vm->pos - c.shift;
}

static void run_unit(struct script_vm *vm, const struct cop *o, size_t n)
{
	const struct unit *u = &vm->p->units.v[o->unit];
	const double *in[IND_INPUTS_MAX];
	double *ret[IND_OUTPUTS_MAX];

	for (size_t k = 0; k < u->d->n_in; k++)
		in[k] = column(vm, u->in[k]);
	for (size_t k = 0; k < u->d->n_out; k++)
		ret[k] = vm->cols[o->dst + (int)k].b + vm->pos;
	if (vm->units[o->unit] != NULL) {
		ind_run(vm->units[o->unit], in, ret, n);
		return;
	}
	for (size_t k = 0; k < u->d->n_out; k++)
		for (size_t i = 0; i < n; i++)
			ret[k][i] = NAN;
}

static void run_call(struct script_vm *vm, const struct cop *o, size_t n)
{
	const struct call *c = &vm->p->calls.v[o->unit];
	double a[64], *to = vm->cols[o->dst].b + vm->pos;

	vm->call = c;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < c->n; k++)
			a[k] = column(vm, c->cols[k])[i];
		if (c->fn(vm, &to[i], a, c->n) < 0)
			vm_fail(vm, E_INVAL, c->line, "%s failed", c->name);
	}
}

static void run_columns(struct script_vm *vm, size_t n)
{
	const struct script_prog *p = vm->p;

	for (size_t i = 0; i < p->cops.n; i++) {
		const struct cop *o = &p->cops.v[i];
		double *to = vm->cols[o->dst].b + vm->pos;

		if (theirs(vm, o->dst) || (vm->choice != NULL && vm_choice_skips(vm, i)) ||
		    (vm->share != NULL && vm_shared_take(vm, i, n)))
			continue;
		switch (o->kind) {
		case COP_OP:
			op_columns[o->op](column(vm, o->a[0]), column(vm, o->a[1]),
					  column(vm, o->a[2]), to, n);
			break;
		case COP_SHIFT:
			memcpy(to, column(vm, o->a[0]) - (ptrdiff_t)vm->r[o->reg],
			       n * sizeof(double));
			break;
		case COP_IND:
			run_unit(vm, o, n);
			break;
		case COP_CALL:
			run_call(vm, o, n);
			break;
		case COP_SUB:
			vm_run_sub(vm, o, n);
			break;
		case COP_BROADCAST:
			break;
		}
		if (vm->share != NULL)
			vm_shared_keep(vm, i, n);
	}
}

static void wrap(struct script_vm *vm)
{
	for (size_t i = 0; i < vm->p->cols.n && !vm->bare; i++) {
		struct vm_col *c = &vm->cols[i];

		if (!theirs(vm, (int)i) && c->mem != NULL)
			memmove(c->mem, c->mem + vm->pos, c->pad * sizeof(double));
	}
	vm->pos = 0;
}

int script_block(struct script_vm *vm, const struct bars *b, struct err *err)
{
	assert(vm->magic == VM_MAGIC && vm->at == vm->end);
	if (vm->failed)
		return FAIL(err, E_INVAL, "the script has already failed");
	if (b->n == 0 || b->n > SCRIPT_BLOCK)
		return FAIL(err, E_BUG, "a block of %zu bars", b->n);
	if (vm->share != NULL && !vm_shared_here(vm, b))
		return FAIL(err, E_BUG, "these are not the bars that are shared");
	vm->err = err;
	if (vm->bars == 0)
		vm->first_time = b->t[0];
	if (vm->pos + b->n > SCRIPT_BLOCK)
		wrap(vm);
	if (!vm->bare) {
		fill_fixed(vm, b);
		run_columns(vm, b->n);
	}
	if (vm->choice != NULL)
		vm_choice_mark(vm, b->n);
	if (vm->failed)
		return err != NULL ? -(int)err->code : -E_INVAL;
	vm->marked = false;
	vm->at = vm->pos;
	vm->end = vm->pos += b->n;
	return 0;
}

int script_step(struct script_vm *vm, const struct strat_account *acct,
		struct strat_cmds *ret, struct err *err)
{
	int rc;

	assert(vm->magic == VM_MAGIC && vm->at < vm->end);
	if (vm->failed)
		return FAIL(err, E_INVAL, "the script has already failed");
	vm->err = err;
	vm->acct = acct;
	vm->n_cmds = vm->n_notes = 0;
	rc = vm_begin(vm, err);
	if (rc == 0)
		rc = vm_run(vm, &vm->p->bar);
	vm->acct = NULL;
	if (rc < 0)
		return rc;
	vm_done(vm);
	vm->at++;
	vm->bars++;
	*ret = (struct strat_cmds){ vm->cmds, vm->n_cmds };
	return 0;
}

int script_on_bar(struct script_vm *vm, const struct bar *b,
		  const struct strat_account *acct, struct strat_cmds *ret,
		  struct err *err)
{
	struct bars one = { 1, &b->t, &b->o, &b->h, &b->l, &b->c, &b->v };
	int rc = script_block(vm, &one, err);

	return rc < 0 ? rc : script_step(vm, acct, ret, err);
}

int script_run_columns(struct script_vm *vm, const struct bars *b,
		       struct strat_account *acct, script_bar_fn *fn, void *ctx,
		       struct err *err)
{
	for (size_t i = 0; i < b->n; ) {
		size_t n = b->n - i < SCRIPT_BLOCK ? b->n - i : SCRIPT_BLOCK;
		struct bars part = bars_slice(b, i, n);
		int rc = script_block(vm, &part, err);

		for (size_t k = 0; k < n && rc == 0; k++, i++) {
			struct strat_cmds cmds;

			rc = script_step(vm, acct, &cmds, err);
			if (rc == 0)
				rc = fn(ctx, i, &cmds, acct, err);
		}
		if (rc != 0)
			return rc;
	}
	return 0;
}

size_t script_bars(const struct script_vm *vm) { return vm->bars; }

size_t script_notes(const struct script_vm *vm, const struct script_note **ret)
{
	*ret = vm->notes;
	return vm->n_notes;
}

void script_plot_values(const struct script_vm *vm, double *ret)
{
	const struct script_prog *p = vm->p;

	for (size_t i = 0; i < p->plot_srcs.n; i++) {
		const struct plot *s = &p->plot_srcs.v[i];

		if (vm->bars == 0)
			ret[i] = NAN;
		else if (s->col >= 0)
			ret[i] = vm->cols[s->col].b[vm->at - 1];
		else
			ret[i] = vm->r[s->reg];
	}
}
