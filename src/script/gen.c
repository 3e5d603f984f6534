#include "config.h"

#include "script/gen_i.h"
#include "script/vm_i.h"

const struct type ty_void = { .b = TY_VOID, .name = { "void", 4 } };
const struct type ty_na = { .b = TY_NA, .name = { "na", 2 } };
const struct type ty_bool = { .b = TY_BOOL, .name = { "bool", 4 } };
const struct type ty_int = { .b = TY_INT, .name = { "int", 3 } };
const struct type ty_float = { .b = TY_FLOAT, .name = { "float", 5 } };
const struct type ty_string = { .b = TY_STRING, .name = { "string", 6 } };
const struct type ty_color = { .b = TY_COLOR, .name = { "color", 5 } };
const struct type ty_plot = { .b = TY_PLOT, .name = { "plot", 4 } };
const struct type ty_error = { .b = TY_ERROR, .name = { "?", 1 } };

bool is_numeric(const struct type *t) { return t->b == TY_INT || t->b == TY_FLOAT; }
bool is_heap(const struct type *t)
{
	return t->b == TY_STRING || (t->b >= TY_ARRAY && t->b <= TY_RECORD);
}

struct val val_const(const struct type *t, double k)
{
	return (struct val){ .ty = t, .k = k, .reg = -1, .col = -1, .hist = -1 };
}
struct val val_na(const struct type *t) { return val_const(t, NAN); }
struct val val_error(void) { return val_const(&ty_error, NAN); }

struct val val_reg(const struct type *t, enum rate rate, int reg)
{
	struct val v = val_const(t, NAN);

	v.rate = rate;
	v.reg = reg;
	v.qual = rate == RATE_ONCE ? Q_SIMPLE : Q_SERIES;
	return v;
}

struct val val_col(const struct type *t, int col)
{
	struct val v = val_const(t, NAN);

	v.rate = RATE_COL;
	v.col = col;
	v.qual = Q_SERIES;
	return v;
}

struct val val_text(struct gen *g, struct str s)
{
	struct script_prog *p = g->p;

	for (size_t i = 0; i < p->strs.n; i++)
		if (str_eq(p->strs.v[i], s))
			return val_const(&ty_string, ref_box((uint32_t)i));
	*array_push(g->c->out, &p->strs) = str_n(str_dup(g->c->out, s), s.n);
	return val_const(&ty_string, ref_box((uint32_t)p->strs.n - 1));
}

/* --- Code ------------------------------------------------------------- */

bool budget(struct gen *g, const struct ast *at)
{
	if (g->full)
		return false;
	if (g->p->bar.n + g->cur->code.n > INS_MAX || ++g->work > 4 * INS_MAX) {
		ERR_AT(g->c, at, "LIMIT", "the script becomes too large when its "
		       "functions are expanded; simplify it");
		g->full = true;
		return false;
	}
	return true;
}

size_t emit(struct gen *g, op_fn *fn, int d, int a, int b, int c)
{
	struct buf *u = g->cur;

	*array_push(g->c->out, &u->code) = (struct ins){ fn, d, a, b, c };
	*array_push(g->c->out, &u->lines) = g->line;
	return u->code.n - 1;
}

void patch(struct gen *g, size_t at)
{
	g->cur->code.v[at].b = (int)(g->cur->code.n - at);
}

void buf_begin(struct gen *g, struct buf *b, struct buf **ret_outer)
{
	*b = (struct buf){ 0 };
	*ret_outer = g->cur;
	g->cur = b;
}

void buf_end(struct gen *g, struct buf *outer) { g->cur = outer; }

/* Jumps are relative, so code may be moved as a whole. */
void buf_append(struct gen *g, const struct buf *b)
{
	for (size_t i = 0; i < b->code.n; i++) {
		*array_push(g->c->out, &g->cur->code) = b->code.v[i];
		*array_push(g->c->out, &g->cur->lines) = b->lines.v[i];
	}
}

int reg_new(struct gen *g, double first)
{
	*array_push(g->c->out, &g->p->regs) = first;
	return (int)g->p->regs.n - 1;
}

static int const_reg(struct gen *g, double k)
{
	uint64_t u;
	struct kreg **slot, *r;

	memcpy(&u, &k, sizeof(u));
	slot = &g->kregs[(u * 0x9e3779b97f4a7c15u) >> 56];
	for (r = *slot; r != NULL; r = r->next)
		if (memcmp(&r->k, &k, sizeof(k)) == 0)
			return r->reg;
	r = NEW(g->c->tmp, struct kreg);
	*r = (struct kreg){ *slot, k, reg_new(g, k) };
	*slot = r;
	return r->reg;
}

int col_new(struct gen *g, const struct type *t, int pad)
{
	*array_push(g->c->out, &g->p->cols) = (struct col){
		.pad = pad, .pad_reg = -1,
		.fill = t->b == TY_BOOL && g->c->version >= 6 ? 0 : NAN };
	return (int)g->p->cols.n - 1;
}

static struct cop *cop_new(struct gen *g, enum cop_kind kind, int dst)
{
	struct cop *o = array_push(g->c->out, &g->p->cops);

	*o = (struct cop){ .kind = kind, .dst = dst, .reg = -1, .unit = -1 };
	return o;
}

int to_reg(struct gen *g, struct val v)
{
	int r;

	switch (v.rate) {
	case RATE_CONST:
		return const_reg(g, v.k);
	case RATE_COL:
		r = reg_new(g, NAN);
		emit(g, in_load, r, v.col, v.shift, 0);
		return r;
	case RATE_ONCE:
	case RATE_BAR:
		break;
	}
	return v.reg;
}

static void want_pad(struct gen *g, int col, int pad)
{
	struct col *c = &g->p->cols.v[col];

	if (c->pad < pad)
		c->pad = pad;
}

struct cref to_col(struct gen *g, struct val v)
{
	struct bcast *b;
	int reg;

	if (v.rate == RATE_COL)
		return (struct cref){ v.col, v.shift };
	assert(v.rate != RATE_BAR);
	reg = v.rate == RATE_CONST ? const_reg(g, v.k) : v.reg;
	for (b = g->bcasts; b != NULL; b = b->next)
		if (b->reg == reg)
			return (struct cref){ b->col, 0 };
	b = NEW(g->c->tmp, struct bcast);
	*b = (struct bcast){ g->bcasts, reg, col_new(g, v.ty, 0) };
	g->bcasts = b;
	cop_new(g, COP_BROADCAST, b->col)->reg = reg;
	return (struct cref){ b->col, 0 };
}

static enum qual qual_max(enum qual a, enum qual b) { return a > b ? a : b; }

struct val op(struct gen *g, enum pureop o, const struct type *t,
	      struct val a, struct val b, struct val c)
{
	int n = op_arity(o);
	struct val *v[3] = { &a, &b, &c }, r;
	enum rate rate = RATE_CONST;
	enum qual q = Q_CONST;
	int reg[3] = { 0, 0, 0 };
	struct buf *outer = g->cur;

	for (int i = 0; i < n; i++) {
		if (v[i]->rate > rate)
			rate = v[i]->rate;
		q = qual_max(q, v[i]->qual);
	}
	if (rate == RATE_CONST) {
		r = val_const(t, op_eval(o, a.k, n > 1 ? b.k : 0, n > 2 ? c.k : 0));
		r.qual = q;
		return r;
	}
	if (rate == RATE_COL) {
		struct cref in[3];
		struct cop *k;

		for (int i = 0; i < 3; i++)
			in[i] = to_col(g, *v[i < n ? i : 0]);
		r = val_col(t, col_new(g, t, 0));
		k = cop_new(g, COP_OP, r.col);
		k->op = o;
		memcpy(k->a, in, sizeof(in));
		return r;
	}
	if (rate == RATE_ONCE)
		g->cur = &g->init;
	for (int i = 0; i < n; i++)
		reg[i] = to_reg(g, *v[i]);
	r = val_reg(t, rate, reg_new(g, NAN));
	emit(g, op_instructions[o], r.reg, reg[0], reg[1], reg[2]);
	g->cur = outer;
	r.qual = rate == RATE_BAR ? Q_SERIES : q;
	return r;
}

void move_to(struct gen *g, int reg, struct val v)
{
	if (v.rate == RATE_COL)
		emit(g, in_load, reg, v.col, v.shift, 0);
	else
		emit(g, op_instructions[OP_MOVE], reg, to_reg(g, v), 0, 0);
}

/* --- History ----------------------------------------------------------- */

int hist_new(struct gen *g, const struct type *t)
{
	*array_push(g->c->out, &g->p->hists) = (struct hist){
		.fill = t->b == TY_BOOL && g->c->version >= 6 ? 0 : NAN };
	return (int)g->p->hists.n - 1;
}

static struct val col_history(struct gen *g, struct val x, struct val k)
{
	struct col *c;
	struct val r;
	struct cop *o;

	switch (k.rate) {
	case RATE_CONST:
		x.shift += (int)k.k;
		want_pad(g, x.col, x.shift);
		return x;
	case RATE_ONCE: {
		struct val base = val_const(&ty_int, x.shift), need;

		need = op(g, OP_ADD, &ty_int, k, base, base);
		c = &g->p->cols.v[x.col];
		if (c->pad_reg >= 0)
			need = op(g, OP_MAX, &ty_int, need,
				  val_reg(&ty_int, RATE_ONCE, c->pad_reg), base);
		g->p->cols.v[x.col].pad_reg = need.reg;
		r = val_col(x.ty, col_new(g, x.ty, 0));
		o = cop_new(g, COP_SHIFT, r.col);
		o->a[0] = (struct cref){ x.col, x.shift };
		o->reg = k.reg;
		return r;
	}
	case RATE_COL:
	case RATE_BAR:
		break;
	}
	want_pad(g, x.col, HISTORY_MAX);
	r = val_reg(x.ty, RATE_BAR, reg_new(g, NAN));
	emit(g, in_col_at, r.reg, x.col, to_reg(g, k), x.shift);
	return r;
}

struct val history(struct gen *g, struct val x, struct val k, const struct ast *at)
{
	struct hist *h;
	struct val r;
	int id = x.hist;

	if (k.rate == RATE_CONST) {
		if (isnan(k.k))
			return val_na(x.ty);
		if (k.k < 0 || k.k > HISTORY_MAX) {
			ERR_AT(g->c, at, "HISTORY", "x[%g]: the distance must be "
			       "from 0 to %d bars", k.k, HISTORY_MAX);
			return val_error();
		}
		if (k.k == 0)
			return x;
	}
	if (x.rate <= RATE_ONCE) {
		/* a constant too has no value before the first bar */
		struct cref c = to_col(g, x);
		struct cop *o;

		r = val_col(x.ty, col_new(g, x.ty, 0));
		o = cop_new(g, COP_OP, r.col);
		o->op = OP_MOVE;
		o->a[0] = o->a[1] = o->a[2] = c;
		x = r;
	}
	if (x.rate == RATE_COL)
		return col_history(g, x, k);
	if (id < 0)
		id = hist_new(g, x.ty);
	h = &g->p->hists.v[id];
	if (k.rate == RATE_CONST)
		h->depth = h->depth > (int)k.k ? h->depth : (int)k.k;
	else
		h->deep = true;
	r = val_reg(x.ty, RATE_BAR, reg_new(g, NAN));
	emit(g, in_hist_at, r.reg, id, to_reg(g, k), x.reg);
	if (x.hist < 0)
		emit(g, in_hist_push, id, x.reg, 0, 0);
	return r;
}

/* --- Types ------------------------------------------------------------- */

const char *type_name(struct gen *g, const struct type *t)
{
	switch (t->b) {
	case TY_ARRAY:
		return arena_printf(g->c->tmp, "array<%s>", type_name(g, t->elem));
	case TY_MATRIX:
		return arena_printf(g->c->tmp, "matrix<%s>", type_name(g, t->elem));
	case TY_MAP:
		return arena_printf(g->c->tmp, "map<%s, %s>", type_name(g, t->key),
				    type_name(g, t->elem));
	case TY_TUPLE:
		return "tuple";
	case TY_VOID: case TY_NA: case TY_BOOL: case TY_INT: case TY_FLOAT:
	case TY_STRING: case TY_COLOR: case TY_PLOT: case TY_DRAWING:
	case TY_RECORD: case TY_ENUM: case TY_ERROR:
		break;
	}
	return str_dup(g->c->tmp, t->name);
}

static const struct type *intern(struct gen *g, const struct type *want)
{
	struct type *t;

	for (const struct type *k = g->types; k != NULL; k = k->next)
		if (k->b == want->b && k->elem == want->elem &&
		    k->key == want->key && str_eq(k->name, want->name))
			return k;
	t = NEW(g->c->tmp, struct type);
	*t = *want;
	t->next = g->types;
	g->types = t;
	return t;
}

const struct type *type_array(struct gen *g, const struct type *elem)
{
	return intern(g, &(struct type){ .b = TY_ARRAY, .elem = elem });
}

const struct type *type_map(struct gen *g, const struct type *key,
			    const struct type *elem)
{
	return intern(g, &(struct type){ .b = TY_MAP, .elem = elem, .key = key });
}

const struct type *type_matrix(struct gen *g, const struct type *elem)
{
	return intern(g, &(struct type){ .b = TY_MATRIX, .elem = elem });
}

const struct type *type_point(struct gen *g)
{
	static const char *const names[] = { "time", "index", "price" };
	const struct type *t = intern(g, &(struct type){ .b = TY_RECORD,
							  .name = STR("chart.point") });
	struct type *w = NEW(g->c->tmp, struct type);

	if (t->n > 0)
		return t;
	*w = *t;
	w->n = 3;
	w->field = NEW_N(g->c->tmp, struct str, 3);
	w->fty = NEW_N(g->c->tmp, const struct type *, 3);
	for (int i = 0; i < 3; i++) {
		w->field[i] = str_c(names[i]);
		w->fty[i] = i == 2 ? &ty_float : &ty_int;
	}
	g->types = w;			/* in place of the empty one */
	return w;
}

const struct type *type_drawing(struct gen *g, struct str name)
{
	if (str_eqc(name, "chart.point"))
		return type_point(g);
	return intern(g, &(struct type){ .b = TY_DRAWING, .name = name });
}

static const struct type *plain_type(struct str s)
{
	static const struct { const char *name; const struct type *t; } names[] = {
		{ "int", &ty_int }, { "float", &ty_float }, { "bool", &ty_bool },
		{ "string", &ty_string }, { "color", &ty_color },
		{ "plot", &ty_plot }, { "hline", &ty_plot },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eqc(s, names[i].name))
			return names[i].t;
	return NULL;
}

const struct type *type_of_ref(struct gen *g, const struct ast *ref)
{
	static const char *const drawings[] = { "line", "label", "box", "table",
		"linefill", "polyline", "chart.point" };
	const struct type *t = plain_type(ref->text), *key = NULL;
	struct sym *s;

	for (size_t i = 0; t == NULL && i < ARRAY_LEN(drawings); i++)
		if (str_eqc(ref->text, drawings[i]))
			t = type_drawing(g, ref->text);
	if (t == NULL && ref->n >= 1) {
		t = type_of_ref(g, ref->v[0]);
		if (ref->n == 2) {
			key = t;
			t = type_of_ref(g, ref->v[1]);
		}
		if (str_eqc(ref->text, "array"))
			return type_array(g, t);
		if (str_eqc(ref->text, "matrix"))
			return type_matrix(g, t);
		if (str_eqc(ref->text, "map"))
			return type_map(g, key, t);
		t = NULL;
	}
	if (t == NULL) {
		struct str name = ref->text, alias;
		struct ast base = *ref;

		s = sym_find(g, ref->text);
		if (s == NULL && str_split(&name, '.', &alias) && name.n > 0) {
			base.kind = A_NAME;
			base.text = alias;
			s = library_member(g, &base, name);
		}
		if (s != NULL && s->kind == SYM_TYPE)
			t = s->type;
	}
	if (t == NULL) {
		ERR_AT(g->c, ref, "TYPE", "there is no type \"%.*s\"", STR_ARG(ref->text));
		return &ty_error;
	}
	return ref->flags & AF_ARRAY ? type_array(g, t) : t;
}

bool can_coerce(struct gen *g, const struct type *from, const struct type *to)
{
	if (from == to || from->b == TY_NA || from->b == TY_ERROR || to->b == TY_ERROR)
		return to->b != TY_VOID;
	if (to->b == TY_FLOAT)
		return from->b == TY_INT;
	if (to->b == TY_BOOL)
		return g->c->version < 6 && is_numeric(from);
	return false;
}

struct val coerce(struct gen *g, struct val v, const struct type *t,
		  const struct ast *at, const char *what)
{
	if (!can_coerce(g, v.ty, t)) {
		ERR_AT(g->c, at, "TYPE", "%s is %s, but %s is needed here", what,
		       type_name(g, v.ty), type_name(g, t));
		return val_error();
	}
	if (t->b == TY_BOOL && is_numeric(v.ty))
		return op(g, OP_TOBOOL5, &ty_bool, v, v, v);
	if (v.ty->b == TY_NA && t->b == TY_BOOL && g->c->version >= 6)
		v.k = 0;
	v.ty = t;
	return v;
}

const struct type *common_type(struct gen *g, const struct type *a,
			       const struct type *b)
{
	if (a->b == TY_ERROR)
		return b;
	if (can_coerce(g, b, a) && !(b->b == TY_FLOAT && a->b == TY_INT))
		return a;
	return can_coerce(g, a, b) ? b : NULL;
}

struct val to_bool(struct gen *g, struct val v, const struct ast *at)
{
	if (v.ty->b == TY_BOOL || v.ty->b == TY_ERROR)
		return v;
	return coerce(g, v, &ty_bool, at, "this condition");
}
