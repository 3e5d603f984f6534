#include "config.h"

#include <stdlib.h>

#include "script/gen_i.h"
#include "script/lib_i.h"

#define CALL_DEPTH_MAX 48

struct val *arg_find(struct args *a, const char *name)
{
	for (size_t i = 0; i < a->n; i++)
		if (str_eqc(a->v[i].name, name))
			return &a->v[i].v;
	return NULL;
}

/* --- Calling C ----------------------------------------------------------- */

static int call_new(struct gen *g, const struct lib *l, const struct val *v, size_t n,
		    bool columns)
{
	struct call c = { .fn = l->fn, .name = l->name, .n = n, .line = g->line,
			  .data = l->code };

	if (columns) {
		c.cols = NEW_N(g->c->out, struct cref, n);
		for (size_t i = 0; i < n; i++)
			c.cols[i] = to_col(g, v[i]);
	} else {
		c.args = NEW_N(g->c->out, int, n);
		for (size_t i = 0; i < n; i++)
			c.args[i] = to_reg(g, v[i]);
	}
	*array_push(g->c->out, &g->p->calls) = c;
	return (int)g->p->calls.n - 1;
}

/* timestamp() of constants.  Without a time zone it is the exchange's, known
 * when a machine is made: the value in UTC goes along for input.time(). */
static bool fold_time(struct gen *g, const struct lib *l, struct val *v, size_t n,
		      double *ret)
{
	double parts[6] = { 0 };
	int64_t t;

	for (size_t i = 0; i < n; i++)
		if (v[i].rate != RATE_CONST)
			return false;
	if (l->fn == fn_time_text) {
		if (!is_ref(v[0].k) || !time_of_text(g->p->strs.v[ref_index(v[0].k)], &t))
			return false;
		*ret = (double)t;
		return true;
	}
	if (l->fn != fn_timestamp || n != (l->code == 1 ? 7u : 6u) ||
	    (l->code == 1 && !is_ref(v[0].k)))
		return false;
	for (size_t i = 0; i < 6; i++)
		parts[i] = v[i + (l->code == 1)].k;
	return time_of_parts(parts, l->code == 1 ? g->p->strs.v[ref_index(v[0].k)] :
			     STR("UTC"), ret);
}

static bool chart_only(const struct lib *l)
{
	return l->fn == fn_account || l->fn == fn_trade || l->fn == fn_default_qty ||
	       l->fn == fn_is_last || l->fn == fn_last_index;
}

struct val lib_call(struct gen *g, const struct lib *l, struct val *v, size_t n,
		    const struct ast *at)
{
	const struct type *t = lib_ret(g, l, v, n);
	enum rate rate = l->flags & (LF_PURE | LF_ONCE) ? RATE_ONCE : RATE_BAR;
	struct buf *outer = g->cur;
	struct cop *o;
	struct val r;
	double k = NAN;
	int id;

	if (g->parent != NULL && chart_only(l)) {
		ERR_AT(g->c, at, "UNSUPPORTED", "%s belongs to the chart and has no value "
		       "in request.security()", l->name);
		return val_error();
	}
	for (size_t i = 0; i < n; i++) {
		if (v[i].ty->b == TY_ERROR)
			return val_error();
		rate = v[i].rate > rate ? v[i].rate : rate;
	}
	if (fold_time(g, l, v, n, &k) && (l->fn != fn_timestamp || l->code == 1))
		return val_const(t, k);
	if (rate == RATE_COL && l->flags & LF_HEAP)
		rate = RATE_BAR;
	if (rate == RATE_COL) {
		id = call_new(g, l, v, n, true);
		r = val_col(t, col_new(g, t, 0));
		o = array_push(g->c->out, &g->p->cops);
		*o = (struct cop){ .kind = COP_CALL, .dst = r.col, .unit = id, .reg = -1 };
		return r;
	}
	if (rate == RATE_ONCE)
		g->cur = &g->init;
	id = call_new(g, l, v, n, false);
	r = val_reg(t, rate, reg_new(g, NAN));
	r.k = k;
	emit(g, in_call, r.reg, id, 0, 0);
	g->cur = outer;
	return r;
}

/* --- Indicators ----------------------------------------------------------- */

static struct val fixed_col(const char *names, char c, const char *cols)
{
	(void)names;
	return val_col(c == 't' ? &ty_int : &ty_float, (int)(strchr(cols, c) - cols));
}

static struct val ind_input(struct gen *g, char c, struct val *v, const struct ast *at)
{
	struct val x, k;

	if (c >= '0' && c <= '9' && c != '3')
		return v[c - '0'];
	if (c == '3') {				/* hlc3 */
		bool found;

		return gen_builtin_var(g, "hlc3", at, &found);
	}
	if (c == 'A') {				/* a new day begins */
		x = val_col(&ty_int, COL_TIME);
		k = history(g, x, val_const(&ty_int, 1), at);
		return lib_call(g, &lib_day_changed, (struct val[]){ x, k }, 2, at);
	}
	return fixed_col("", c, "ohlcvt");
}

/* Parameters are known before the first bar, or the window is read anew. */
static bool ind_params(struct gen *g, struct unit *u, struct val *p, const struct lib *l,
		       const struct ast *at)
{
	for (size_t k = 0; k < u->d->n_param; k++) {
		if (p[k].rate == RATE_CONST && isnan(p[k].k)) {
			ERR_AT(g->c, at, "ARGS", "%s(): an argument is na", l->name);
			return false;
		}
		if (p[k].rate <= RATE_ONCE)
			continue;
		if (k > 0 || u->d->window == IND_RECURSIVE) {
			ERR_AT(g->c, at, "QUALIFIER", "%s() needs a \"%s\" that is the "
			       "same on every bar: a constant, an input or made of "
			       "these", l->name, u->d->param[k].name);
			return false;
		}
		u->dyn = true;
	}
	return true;
}

static bool ind_const_check(struct gen *g, const struct ind_def *d, const struct val *p,
			    const struct ast *at)
{
	double q[IND_PARAMS_MAX];
	struct err err;

	ind_defaults(d, q);
	for (size_t k = 0; k < d->n_param; k++)
		if (p[k].rate == RATE_CONST)
			q[k] = p[k].k;
	if (ind_check(d, q, &err) == 0)
		return true;
	ERR_AT(g->c, at, "RANGE", "%s", err.msg);
	return false;
}

static struct val ind_result(struct gen *g, const struct lib *l, const struct val *v,
			     int first, bool column)
{
	static const struct type ty_tuple = { .b = TY_TUPLE };
	bool many = l->ret[0] == '(';
	size_t n = many ? strlen(l->ret) - 2 : 1;
	struct val r = val_const(&ty_tuple, NAN), *t = NEW_N(g->c->tmp, struct val, n);

	for (size_t k = 0; k < n; k++) {
		const struct type *ty = many ? lib_type(g, &l->ret[k + 1]) :
					       lib_ret(g, l, v, 0);

		t[k] = column ? val_col(ty, first + (int)k) :
				val_reg(ty, RATE_BAR, first + (int)k);
	}
	if (!many)
		return t[0];
	r.tup = t;
	r.n = n;
	return r;
}

static int ind_emit(struct gen *g, struct unit *u, const struct val *in,
		    const struct val *p, bool column)
{
	struct buf *outer = g->cur;
	int id;

	for (size_t k = 0; k < u->d->n_param; k++)
		u->param[k] = to_reg(g, p[k]);
	for (size_t k = 0; k < u->d->n_in; k++) {
		if (column)
			u->in[k] = to_col(g, in[k]);
		else
			u->in_reg[k] = to_reg(g, in[k]);
	}
	u->column = column;
	u->out = -1;
	for (size_t k = 0; k < u->d->n_out; k++) {
		int at = column ? col_new(g, &ty_float, 0) : reg_new(g, NAN);

		u->out = u->out < 0 ? at : u->out;
	}
	*array_push(g->c->out, &g->p->units) = *u;
	id = (int)g->p->units.n - 1;
	if (column)
		*array_push(g->c->out, &g->p->cops) = (struct cop){
			.kind = COP_IND, .dst = u->out, .unit = id, .reg = -1 };
	else
		emit(g, in_unit, 0, id, 0, 0);
	g->cur = outer;
	return u->out;
}

struct val gen_ind(struct gen *g, const struct lib *l, struct val *v, size_t n,
		   const struct ast *at)
{
	struct str map = str_c(l->map), row, ins;
	struct unit u = { .line = g->line, .guard = guard_reg(g) };
	struct val in[IND_INPUTS_MAX], p[IND_PARAMS_MAX];
	bool column = g->cond == 0;

	for (size_t i = 0; i < n; i++)
		if (v[i].ty->b == TY_ERROR)
			return val_error();
	str_split(&map, ':', &row);
	str_split(&map, '/', &ins);
	u.d = ind_find(str_dup(g->c->tmp, row));
	assert(u.d != NULL && ins.n == u.d->n_in && map.n <= IND_PARAMS_MAX);
	for (size_t k = 0; k < ins.n; k++) {
		in[k] = ind_input(g, ins.p[k], v, at);
		column = column && in[k].rate <= RATE_COL;
	}
	for (size_t k = 0; k < u.d->n_param; k++) {
		char c = k < map.n ? map.p[k] : 'D';

		p[k] = c >= '0' && c <= '9' ? v[c - '0'] :
		       val_const(&ty_int, c == 'Z' ? 0 : c == 'O' ? 1 :
				 u.d->param[k].def);
	}
	if (!ind_params(g, &u, p, l, at) || !ind_const_check(g, u.d, p, at))
		return val_error();
	if (g->cond > 0 && u.d->window == IND_RECURSIVE)
		WARN_AT(g->c, at, "CONDITIONAL", "%s() keeps a history of its own and only "
			"advances on bars where it is run: compute it before the "
			"condition", l->name);
	column = column && !u.dyn;
	return ind_result(g, l, v, ind_emit(g, &u, in, p, column), column);
}

/* --- User functions ----------------------------------------------------------- */

/* The type of a parameter, as the function's own library knows it. */
static const struct type *param_type(struct gen *g, const struct sym *s, size_t i)
{
	struct scope *outer = g->scope;
	const struct type *t;

	if (s->lib != NULL)
		g->scope = s->lib->scope;
	t = type_of_ref(g, s->func->v[i]->type);
	g->scope = outer;
	return t;
}

static struct val param_default(struct gen *g, const struct sym *s, size_t i)
{
	struct scope *outer = g->scope;
	struct val v;

	if (s->lib != NULL)
		g->scope = s->lib->scope;
	v = gen_expr(g, s->func->v[i]->v[0]);
	g->scope = outer;
	return v;
}

static bool bind_params(struct gen *g, const struct sym *s, const struct args *a,
			struct val *ret, const struct ast *at)
{
	const struct ast *f = s->func;
	const char *words = "";
	size_t n_pos = 0;

	for (size_t i = 1; i < f->n; i++)
		words = arena_printf(g->c->tmp, "%s%.*s ", words, STR_ARG(f->v[i]->text));
	if (!name_check(g, str_dup(g->c->tmp, f->text), words, a))
		return false;
	while (n_pos < a->n && a->v[n_pos].name.n == 0)
		n_pos++;
	for (size_t i = 1; i < f->n; i++) {
		struct want w = { .name = f->v[i]->text };
		const struct arg *x = arg_for(a, &w, i - 1, n_pos);

		if (x != NULL) {
			ret[i] = x->v;
			if (x->v.ty->b == TY_ERROR)
				return false;
		} else if (f->v[i]->v[0] != NULL) {
			ret[i] = param_default(g, s, i);
		} else {
			ERR_AT(g->c, at, "ARGS", "%.*s() needs the argument \"%.*s\"",
			       STR_ARG(f->text), STR_ARG(w.name));
			return false;
		}
		if (f->v[i]->type != NULL && f->v[i]->type->text.n > 0)
			ret[i] = coerce(g, ret[i], param_type(g, s, i),
					x != NULL ? x->at : at, "this argument");
	}
	if (a->n > f->n - 1) {
		ERR_AT(g->c, at, "ARGS", "%.*s() takes %zu arguments, not %zu",
		       STR_ARG(f->text), f->n - 1, a->n);
		return false;
	}
	return true;
}

static struct val expand(struct gen *g, struct sym *s, const struct args *a,
			 const struct ast *at)
{
	const struct ast *f = s->func;
	struct scope params = { .up = s->lib != NULL ? s->lib->scope : &g->global };
	struct scope *outer = g->scope;
	struct library *lib = g->lib;
	int version = g->c->version;
	struct val *v = NEW_N(g->c->tmp, struct val, f->n), r;
	int line = g->line;
	struct loop *loop = g->loop;
	struct frame here = { g->frame, f, a, 0 };

	if (s->active || g->depth >= CALL_DEPTH_MAX) {
		ERR_AT(g->c, at, "RECURSION", s->active ? "%.*s() calls itself: write a "
		       "loop instead" : "%.*s() is nested too deeply in other functions",
		       STR_ARG(s->name));
		return val_error();
	}
	if (!bind_params(g, s, a, v, at))
		return val_error();
	s->active = true;
	if (s->lib != NULL)
		library_enter(g, s->lib, at);
	g->depth++;
	g->loop = NULL;
	g->scope = &params;
	for (size_t i = 1; i < f->n; i++) {
		if (v[i].qual == Q_CONST)	/* a parameter is no constant */
			v[i].qual = Q_SIMPLE;
		gen_declare(g, f->v[i]->text, v[i], f->v[i]);
	}
	g->frame = &here;
	r = gen_block(g, f->v[0], true);
	g->frame = here.up;
	g->scope = outer;
	g->loop = loop;
	g->depth--;
	g->line = line;
	s->active = false;
	library_leave(g, lib, version);
	return r;
}

/* --- Calls ------------------------------------------------------------------- */

static bool cmd_slot(struct str name, enum cmd_arg *ret)
{
	static const struct { const char *name; enum cmd_arg at; } slots[] = {
		{ "id", CA_ID }, { "direction", CA_DIR }, { "qty", CA_QTY },
		{ "qty_percent", CA_QTY_PERCENT }, { "limit", CA_LIMIT },
		{ "stop", CA_STOP }, { "profit", CA_PROFIT }, { "loss", CA_LOSS },
		{ "trail_price", CA_TRAIL_PRICE }, { "trail_points", CA_TRAIL_POINTS },
		{ "trail_offset", CA_TRAIL_OFFSET }, { "from_entry", CA_FROM_ENTRY },
		{ "oca_name", CA_OCA_NAME }, { "oca_type", CA_OCA_TYPE },
		{ "comment", CA_COMMENT }, { "comment_profit", CA_COMMENT_PROFIT },
		{ "comment_loss", CA_COMMENT_LOSS },
		{ "comment_trailing", CA_COMMENT_TRAILING },
		{ "alert_message", CA_ALERT }, { "disable_alert", CA_DISABLE_ALERT },
		{ "immediately", CA_IMMEDIATELY }, { "when", CA_WHEN },
		{ "value", CA_QTY }, { "count", CA_QTY }, { "contracts", CA_QTY },
		{ "type", CA_RISK_TYPE },
	};

	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		if (str_eqc(name, slots[i].name)) {
			*ret = slots[i].at;
			return true;
		}
	return false;
}

static void command(struct gen *g, const struct lib *l, struct val *v)
{
	struct cmd c = { .kind = (enum strat_kind)l->code, .line = g->line };
	struct str sig = str_c(l->sig);
	struct want w;
	enum cmd_arg at;

	for (size_t k = 0; k < CA__MAX; k++)
		c.reg[k] = -1;
	for (size_t k = 0; sig_next(&sig, &w); k++) {
		if (c.kind == STRAT_RISK_ALLOW_ENTRY)
			at = CA_DIR;
		else if (!cmd_slot(w.name, &at))
			continue;
		if ((v[k].rate == RATE_CONST && is_na(v[k].k)))
			continue;
		c.reg[at] = to_reg(g, v[k]);
	}
	*array_push(g->c->out, &g->p->cmds) = c;
	emit(g, in_cmd, 0, (int)g->p->cmds.n - 1, 0, 0);
}

static int fn_note(struct script_vm *vm, double *ret, const double *a, size_t n)
{
	(void)n;
	*ret = NAN;
	if (truth(a[0]))
		vm_note(vm, vm->call->data, vm_str(vm, a[1]).p, vm->call->line);
	return 0;
}

static void notify(struct gen *g, const struct lib *l, struct val *v, const struct ast *n)
{
	struct lib k = { l->name, "", "u", LIB_FN, l->code, LF_HEAP, fn_note, NULL };
	struct val a[2] = { val_const(&ty_bool, 1), v[0] };

	if (l->flags & 1) {			/* alertcondition */
		a[0] = v[0];
		a[1] = v[2].rate == RATE_CONST && is_na(v[2].k) ? v[1] : v[2];
	}
	lib_call(g, &k, a, 2, n);
}

static struct val conclude(struct gen *g, const struct lib *l, struct val *v, int n,
			   struct args *a, const struct ast *at)
{
	struct val none = val_const(&ty_void, NAN);

	for (int i = 0; i < n; i++)
		if (v[i].ty->b == TY_ERROR)
			return val_error();
	if (g->parent != NULL && (l->kind == LIB_CMD || l->kind == LIB_NOTE))
		return none;		/* a sub-program only computes */
	switch (l->kind) {
	case LIB_OP:
		return op(g, (enum pureop)l->code, lib_ret(g, l, v, (size_t)n), v[0],
			  n > 1 ? v[1] : v[0], n > 2 ? v[2] : v[0]);
	case LIB_IND: return gen_ind(g, l, v, (size_t)n, at);
	case LIB_FN: {
		struct val r = lib_call(g, l, v, (size_t)n, at);

		return l->ret[0] == 'u' ? none : r;
	}
	case LIB_INERT: {
		bool known;
		struct val r = gen_drawing(g, l->name, a, at, &known);

		if (known)
			return r;
		r = val_na(lib_type(g, l->ret));

		r.qual = Q_SERIES;
		return r;
	}
	case LIB_CMD:
		command(g, l, v);
		return none;
	case LIB_PLOT:
		gen_plot(g, l, v, at);
		return val_na(&ty_plot);
	case LIB_INPUT: return gen_input(g, l, a, at);
	case LIB_NOTE:
		notify(g, l, v, at);
		return none;
	case LIB_SPECIAL: return specials[l->code](g, l, v, a, at);
	}
	return none;
}

static const struct lib *find_lib(const char *name)
{
	const struct lib *l = lib_find(lib_ta, name);

	if (l == NULL)
		l = lib_find(lib_math, name);
	return l != NULL ? l : lib_find(lib_other, name);
}

/* Names of version 4 had no namespaces. */
static const struct lib *find_old(struct gen *g, const char *name)
{
	static const char *const spaces[] = { "math.", "ta.", "str.", "request.", "color.",
		"input.", "ticker." };
	const struct lib *l;

	if (strcmp(name, "tickerid") == 0)
		return find_lib("ticker.new");
	if (strcmp(name, "offset") == 0)
		return find_lib("?offset");
	if (strcmp(name, "study") == 0)
		return find_lib("indicator");
	if (strcmp(name, "color") == 0)
		return find_lib("color.new");
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
		l = find_lib(arena_printf(g->c->tmp, "%s%s", spaces[i], name));
		if (l != NULL)
			return l;
	}
	return NULL;
}

const struct lib *lib_named(struct gen *g, const char *name)
{
	const struct lib *l = find_lib(name);

	return l == NULL && g->c->version < 5 ? find_old(g, name) : l;
}

size_t lib_words(const struct lib *l)
{
	struct str sig = str_c(l->sig);
	struct want w;
	size_t n = 0;

	while (sig_next(&sig, &w))
		n++;
	return n;
}

static struct val library(struct gen *g, const struct lib *l, struct args *a,
			  const struct ast *n)
{
	struct val v[ARGS_MAX];
	const struct lib *k;
	int cnt;

	if (!name_arguments(g, l, a, n))
		return val_error();
	if (l->kind == LIB_NOTE && a->n > 1 && strncmp(l->name, "log.", 4) == 0) {
		v[0] = specials[SP_FORMAT](g, l, v, a, n);	/* {0}, {1}, ... */
		return conclude(g, l, v, 1, a, n);
	}
	if (l->kind == LIB_INERT || l->kind == LIB_INPUT || l->kind == LIB_SPECIAL)
		return conclude(g, l, v, 0, a, n);
	for (k = l; k->name != NULL && strcmp(k->name, l->name) == 0; k++) {
		bool last = k[1].name == NULL || strcmp(k[1].name, l->name) != 0;

		cnt = lib_bind(g, k, a, v, n, !last);
		if (cnt >= 0)
			return conclude(g, k, v, cnt, a, n);
	}
	return val_error();
}

static bool gather(struct gen *g, const struct ast *n, size_t first, struct args *a)
{
	for (size_t i = first; i < n->n; i++) {
		struct arg *x = &a->v[a->n];

		if (a->n == ARGS_MAX) {
			ERR_AT(g->c, n, "LIMIT", "more than %d arguments", ARGS_MAX);
			return false;
		}
		x->name = n->v[i]->text;
		if (g->c->version < 5 && str_eqc(x->name, "long"))
			x->name = STR("direction");
		x->at = n->v[i];
		x->v = gen_expr(g, n->v[i]->v[0]);
		a->n++;
	}
	return true;
}

static struct val unknown(struct gen *g, const char *name, struct args *a,
			  const struct ast *n)
{
	bool known;
	struct sym *own = strcmp(name, "ta.pivot_point_levels") == 0 ?
		prelude_function(g, name + 3, n) : NULL;
	struct val r;

	if (own != NULL)
		return expand(g, own, a, n);
	r = gen_drawing(g, name, a, n, &known);
	if (known)
		return r;
	if (strncmp(name, "request.", 8) == 0 || strncmp(name, "matrix.", 7) == 0 ||
	    strncmp(name, "ticker.", 7) == 0 || strcmp(name, "security") == 0)
		ERR_AT(g->c, n, "UNSUPPORTED", "%s() is not supported: remove it, or compute "
		       "the value from what is (doc/language.md)", name);
	else
		ERR_AT(g->c, n, "NAME", "there is no function \"%s\"%s", name,
		       name_hint_function(g, name));
	return val_error();
}

/* TypeName.new(...): the fields in order, or by name. */
static struct val record_new(struct gen *g, const struct type *t, const struct args *a,
			     const struct ast *n)
{
	struct val v[ARGS_MAX], r;
	const char *words = "";
	size_t n_pos = 0;

	for (size_t i = 0; i < t->n; i++)
		words = arena_printf(g->c->tmp, "%s%.*s ", words, STR_ARG(t->field[i]));
	if (!name_check(g, arena_printf(g->c->tmp, "%s.new", type_name(g, t)), words, a))
		return val_error();
	while (n_pos < a->n && a->v[n_pos].name.n == 0)
		n_pos++;
	if (t->n >= ARGS_MAX || a->n > t->n) {
		ERR_AT(g->c, n, "ARGS", "%s has %zu fields", type_name(g, t), t->n);
		return val_error();
	}
	for (size_t i = 0; i < t->n; i++) {
		struct want w = { .name = t->field[i] };
		const struct arg *x = arg_for(a, &w, i, n_pos);

		v[i] = x != NULL ? x->v : t->def->v[i]->v[0] != NULL ?
			gen_expr(g, t->def->v[i]->v[0]) : val_na(&ty_na);
		v[i] = coerce(g, v[i], t->fty[i], x != NULL ? x->at : n, "this field");
	}
	r = lib_call(g, &lib_record_new, v, t->n, n);
	if (r.ty->b != TY_ERROR)
		r.ty = t;
	return r;
}

/* value.name(...): a method of the user's, or name() of the value's kind. */
static struct val method(struct gen *g, const struct ast *n)
{
	const struct ast *m = n->v[0];
	struct args a = { .n = 1 };
	const char *space = NULL, *name;
	const struct lib *l;

	a.v[0] = (struct arg){ { "", 0 }, gen_expr(g, m->v[0]), m->v[0] };
	if (!gather(g, n, 1, &a) || a.v[0].v.ty->b == TY_ERROR)
		return val_error();
	for (size_t i = 0; i < g->methods.n; i++) {
		const struct ast *f = g->methods.v[i]->func;

		if (str_eq(g->methods.v[i]->name, m->text) && f->n > 1 &&
		    (f->v[1]->type == NULL ||
		     can_coerce(g, a.v[0].v.ty, param_type(g, g->methods.v[i], 1))))
			return expand(g, g->methods.v[i], &a, n);
	}
	if (a.v[0].v.ty->b == TY_ARRAY)
		space = "array";
	else if (a.v[0].v.ty->b == TY_MAP)
		space = "map";
	else if (a.v[0].v.ty->b == TY_MATRIX)
		space = "matrix";
	else if (a.v[0].v.ty->b == TY_STRING)
		space = "str";
	else if (a.v[0].v.ty->b == TY_DRAWING)
		space = type_name(g, a.v[0].v.ty);
	else if (a.v[0].v.ty->b == TY_RECORD && str_eqc(m->text, "copy")) {
		struct lib copy = { "copy", "", "0", LIB_FN, 0, LF_HEAP, fn_record_copy, NULL };

		return lib_call(g, &copy, &a.v[0].v, 1, n);
	}
	name = arena_printf(g->c->tmp, "%s.%.*s", space != NULL ? space :
			    type_name(g, a.v[0].v.ty), STR_ARG(m->text));
	l = space != NULL ? find_lib(name) : NULL;
	return l != NULL ? library(g, l, &a, n) : unknown(g, name, &a, n);
}

static bool is_value(struct gen *g, const struct ast *n)
{
	struct sym *s;

	while (n->kind == A_MEMBER)
		n = n->v[0];
	if (n->kind != A_NAME)
		return true;
	s = sym_find(g, n->text);
	return s != NULL && s->kind == SYM_VALUE;
}

/* color.new() beside a variable "color", line.new() beside a line "line". */
static bool is_namespace(struct gen *g, const struct ast *callee, const char *name)
{
	const struct sym *s = callee->v[0]->kind == A_NAME ?
		sym_find(g, callee->v[0]->text) : NULL;

	if (s == NULL || s->kind != SYM_VALUE || lib_named(g, name) == NULL)
		return false;
	if (s->v.ty->b == TY_DRAWING)
		return str_eqc(callee->text, "new");
	return !is_heap(s->v.ty) && s->v.ty->b != TY_ERROR;
}

/* close.f(), line.all.size(): what stands before the last name is a variable
 * of the library, and all of it no function. */
static bool is_variable(struct gen *g, const struct ast *callee, const char *name)
{
	const char *base = dotted(g, callee->v[0]);
	bool found = false;

	if (base == NULL || name == NULL || lib_named(g, name) != NULL)
		return false;
	gen_builtin_var(g, base, callee, &found);
	return found;
}

static bool is_security(const struct gen *g, const char *name)
{
	return name != NULL &&
	       (strcmp(name, "request.security") == 0 ||
		(g->c->version < 5 && strcmp(name, "security") == 0));
}

static bool fits(struct gen *g, const struct sym *s, const struct args *a, bool exactly)
{
	const struct ast *f = s->func;
	bool named = false;

	if (a->n > f->n - 1)
		return false;
	for (size_t i = 0; i < f->n - 1; i++) {
		const struct ast *t = f->v[i + 1]->type;
		const struct type *want;

		named = named || (i < a->n && a->v[i].name.n > 0);
		if (!named && i >= a->n && f->v[i + 1]->v[0] == NULL)
			return false;
		if (named || i >= a->n || t == NULL || t->text.n == 0)
			continue;
		want = param_type(g, s, i + 1);
		if (exactly ? want != a->v[i].v.ty : !can_coerce(g, a->v[i].v.ty, want))
			return false;
	}
	return true;
}

/* Of several functions of one name the one whose parameters fit. */
static struct sym *overload(struct gen *g, struct sym *s, const struct args *a)
{
	for (int exactly = 1; exactly >= 0; exactly--)
		for (struct sym *y = s; y != NULL; y = y->next)
			if (y->kind == SYM_FUNC && str_eq(y->name, s->name) &&
			    fits(g, y, a, exactly))
				return y;
	return s;
}

/* TypeName.new(...), TypeName.copy(object) */
static struct val of_type(struct gen *g, const struct type *t, struct args *a,
			  const struct ast *n)
{
	static const struct lib copy = { "copy", "", "0", LIB_FN, 0, LF_HEAP, fn_record_copy,
		NULL };
	const struct str verb = n->v[0]->text;

	if (str_eqc(verb, "new") && t->b == TY_RECORD)
		return record_new(g, t, a, n);
	if (str_eqc(verb, "copy") && a->n == 1 && a->v[0].v.ty == t)
		return lib_call(g, &copy, &a->v[0].v, 1, n);
	ERR_AT(g->c, n, "NAME", "%s has no function \"%.*s\" for these arguments",
	       type_name(g, t), STR_ARG(verb));
	return val_error();
}

/* A user's function or the library's. */
static struct val named(struct gen *g, const char *name, const struct ast *n)
{
	const struct ast *callee = n->v[0];
	struct args a = { .n = 0 };
	const struct lib *l;
	struct sym *s;

	if (!gather(g, n, 1, &a))
		return val_error();
	s = callee->kind == A_NAME ? overload(g, sym_find(g, callee->text), &a) : NULL;
	if (s != NULL && s->kind == SYM_FUNC)
		return expand(g, s, &a, n);
	l = find_lib(name);
	if (g->c->version < 5 && (l == NULL || (a.n == 2 && strcmp(name, "color") == 0)))
		l = find_old(g, name);
	return l != NULL ? library(g, l, &a, n) : unknown(g, name, &a, n);
}

struct val gen_call(struct gen *g, const struct ast *n)
{
	const struct ast *callee = n->v[0];
	const char *name = dotted(g, callee);
	struct args a = { .n = 0 };
	struct sym *s;

	if (callee->kind == A_MEMBER && !is_namespace(g, callee, name) &&
	    (is_value(g, callee->v[0]) || is_variable(g, callee, name)))
		return method(g, n);
	if (is_security(g, name))
		return gen_security(g, n, false);
	if (name != NULL && strcmp(name, "request.security_lower_tf") == 0)
		return gen_security(g, n, true);
	if (name == NULL) {
		ERR_AT(g->c, n, "SYNTAX", "this cannot be called");
		return val_error();
	}
	if (callee->kind == A_MEMBER) {
		const struct ast *base = callee->v[0];

		s = library_member(g, base, callee->text);
		if (s != NULL && s->kind == SYM_FUNC)
			return gather(g, n, 1, &a) ? expand(g, overload(g, s, &a), &a, n) :
						     val_error();
		s = base->kind == A_NAME ? sym_find(g, base->text) : base->kind == A_MEMBER ?
			library_member(g, base->v[0], base->text) : NULL;
		if (s != NULL && s->kind == SYM_TYPE)
			return gather(g, n, 1, &a) ? of_type(g, s->type, &a, n) :
						     val_error();
	}
	return named(g, name, n);
}
