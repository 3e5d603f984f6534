#include "config.h"

#include "script/gen_i.h"
#include "script/lib_i.h"
#include "script/vm_i.h"

const char *dotted(struct gen *g, const struct ast *n)
{
	const char *l;

	if (n->kind == A_NAME)
		return str_dup(g->c->tmp, n->text);
	if (n->kind != A_MEMBER)
		return NULL;
	l = dotted(g, n->v[0]);
	return l == NULL ? NULL :
	       arena_printf(g->c->tmp, "%s.%.*s", l, STR_ARG(n->text));
}

struct sym *sym_find(struct gen *g, struct str name)
{
	for (struct scope *s = g->scope; s != NULL; s = s->up)
		for (struct sym *y = s->syms; y != NULL; y = y->next)
			if (str_eq(y->name, name))
				return y;
	return NULL;
}

struct sym *sym_add(struct gen *g, struct str name, enum sym_kind kind,
		    const struct ast *at)
{
	struct sym *y;

	for (y = g->scope->syms; y != NULL; y = y->next)
		if (str_eq(y->name, name) && !str_eqc(name, "_") &&
		    kind != SYM_FUNC) {
			ERR_AT(g->c, at, "NAME", "\"%.*s\" is already defined; use := "
			       "to change its value", STR_ARG(name));
			break;
		}
	y = NEW(g->c->tmp, struct sym);
	y->kind = kind;
	y->name = name;
	y->next = g->scope->syms;
	y->decl = at;
	y->v = val_error();
	g->scope->syms = y;
	return y;
}

/* --- Operators --------------------------------------------------------- */

static bool error_in(struct val a, struct val b)
{
	return a.ty->b == TY_ERROR || b.ty->b == TY_ERROR;
}

static struct val mismatch(struct gen *g, enum tok o, struct val a, struct val b,
			   const struct ast *at)
{
	if (!error_in(a, b))
		ERR_AT(g->c, at, "TYPE", "\"%s\" does not work with %s and %s",
		       tok_name(o), type_name(g, a.ty), type_name(g, b.ty));
	return val_error();
}

static bool number_like(const struct val *v)
{
	return is_numeric(v->ty) || v->ty->b == TY_NA;
}

static struct val arithmetic(struct gen *g, enum tok o, struct val a, struct val b)
{
	bool ints = a.ty->b == TY_INT && b.ty->b == TY_INT;
	const struct type *t = ints ? &ty_int : &ty_float;

	switch ((int)o) {
	case T_ADD: return op(g, OP_ADD, t, a, b, a);
	case T_SUB: return op(g, OP_SUB, t, a, b, a);
	case T_MUL: return op(g, OP_MUL, t, a, b, a);
	case T_MOD: return op(g, OP_MOD, t, a, b, a);
	default: break;
	}
	/* before version 6 two constant integers divide to an integer */
	if (ints && g->c->version < 6 && a.rate == RATE_CONST && b.rate == RATE_CONST &&
	    a.qual == Q_CONST && b.qual == Q_CONST)
		return op(g, OP_IDIV, &ty_int, a, b, a);
	return op(g, OP_DIV, &ty_float, a, b, a);
}

static struct val comparison(struct gen *g, enum tok o, struct val a, struct val b)
{
	bool exact = (a.ty->b != TY_FLOAT && b.ty->b != TY_FLOAT);
	enum pureop k;

	switch ((int)o) {
	case T_LT: k = exact ? OP_ILT : OP_LT; break;
	case T_GT: k = exact ? OP_IGT : OP_GT; break;
	case T_LE: k = exact ? OP_ILE : OP_LE; break;
	case T_GE: k = exact ? OP_IGE : OP_GE; break;
	case T_EQ: k = exact ? OP_IEQ : OP_EQ; break;
	default: k = exact ? OP_INE : OP_NE; break;
	}
	return op(g, k, &ty_bool, a, b, a);
}

static struct val equality(struct gen *g, enum tok o, struct val a, struct val b,
			   const struct ast *at)
{
	const struct type *t = common_type(g, a.ty, b.ty);
	struct val v[2] = { a, b }, r;

	if (t == NULL || t->b == TY_VOID || t->b == TY_TUPLE)
		return mismatch(g, o, a, b, at);
	if (t->b == TY_STRING) {
		r = lib_call(g, &lib_text_eq, v, 2, at);
		return o == T_EQ ? r : op(g, OP_NOT, &ty_bool, r, r, r);
	}
	if (is_heap(t))
		return mismatch(g, o, a, b, at);
	return comparison(g, o, a, b);
}

struct val gen_binary(struct gen *g, enum tok o, struct val a, struct val b,
		      const struct ast *at)
{
	struct val v[2] = { a, b };

	if (error_in(a, b))
		return val_error();
	if (o == T_EQ || o == T_NE)
		return equality(g, o, a, b, at);
	if (o == T_ADD && (a.ty->b == TY_STRING || b.ty->b == TY_STRING)) {
		if (!can_coerce(g, a.ty, &ty_string) || !can_coerce(g, b.ty, &ty_string))
			return mismatch(g, o, a, b, at);
		if (is_ref(a.k) && is_ref(b.k) && a.rate == RATE_CONST && b.rate == RATE_CONST)
			return val_text(g, str_c(arena_printf(g->c->tmp, "%.*s%.*s",
				STR_ARG(g->p->strs.v[ref_index(a.k)]),
				STR_ARG(g->p->strs.v[ref_index(b.k)]))));
		return lib_call(g, &lib_text_join, v, 2, at);
	}
	if (!number_like(&a) || !number_like(&b))
		return mismatch(g, o, a, b, at);
	if (o >= T_ADD && o <= T_MOD)
		return arithmetic(g, o, a, b);
	return comparison(g, o, a, b);
}

/* A condition that is the same on every bar does not make what depends on it
 * conditional: its columns are computed anyway, or never. */
struct guard guard_enter(struct gen *g, struct val c, bool when)
{
	struct guard k = { g->guard, c.rate <= RATE_ONCE && c.ty->b == TY_BOOL };

	g->inner++;
	if (!k.steady) {
		g->cond++;
		return k;
	}
	if (!when)
		c = op(g, OP_NOT, &ty_bool, c, c, c);
	g->guard = g->guard.ty == NULL ? c : op(g, OP_AND, &ty_bool, g->guard, c, c);
	return k;
}

void guard_leave(struct gen *g, struct guard k)
{
	g->inner--;
	g->cond -= !k.steady;
	g->guard = k.was;
}

int guard_reg(struct gen *g)
{
	bool sure = g->guard.ty == NULL ||
		    (g->guard.rate == RATE_CONST && truth(g->guard.k));

	return sure ? -1 : to_reg(g, g->guard);
}

/* and, or: from version 6 on the right side runs only when it matters. */
static struct val logic(struct gen *g, const struct ast *n)
{
	struct val a = to_bool(g, gen_expr(g, n->v[0]), n->v[0]), b, r;
	enum pureop o = n->op == T_AND ? OP_AND : OP_OR;
	struct buf u, *outer;
	struct guard k;
	size_t j;

	if (g->c->version < 6) {
		b = to_bool(g, gen_expr(g, n->v[1]), n->v[1]);
		return error_in(a, b) ? val_error() : op(g, o, &ty_bool, a, b, a);
	}
	k = guard_enter(g, a, n->op == T_AND);
	buf_begin(g, &u, &outer);
	b = to_bool(g, gen_expr(g, n->v[1]), n->v[1]);
	if (u.code.n > 0 && b.rate == RATE_COL)
		b = val_reg(&ty_bool, RATE_BAR, to_reg(g, b));
	buf_end(g, outer);
	guard_leave(g, k);
	if (error_in(a, b))
		return val_error();
	if (u.code.n == 0)
		return op(g, o, &ty_bool, a, b, a);
	r = val_reg(&ty_bool, RATE_BAR, reg_new(g, NAN));
	move_to(g, r.reg, op(g, OP_TRUTH, &ty_bool, a, a, a));
	j = emit(g, n->op == T_AND ? in_jump_false : in_jump_true, 0, r.reg, 0, 0);
	buf_append(g, &u);
	emit(g, op_instructions[OP_TRUTH], r.reg, to_reg(g, b), 0, 0);
	patch(g, j);
	return r;
}

static struct val unary(struct gen *g, const struct ast *n)
{
	struct val a = gen_expr(g, n->v[0]);

	if (a.ty->b == TY_ERROR)
		return a;
	if (n->op == T_NOT) {
		a = to_bool(g, a, n->v[0]);
		return op(g, g->c->version >= 6 ? OP_NOT : OP_NOT5, &ty_bool, a, a, a);
	}
	if (!number_like(&a)) {
		ERR_AT(g->c, n, "TYPE", "\"%s\" does not work with %s",
		       tok_name(n->op), type_name(g, a.ty));
		return val_error();
	}
	return n->op == T_SUB ? op(g, OP_NEG, a.ty, a, a, a) : a;
}

/* --- Choices ------------------------------------------------------------ */

static struct val branch(struct gen *g, struct val c, bool when, const struct ast *n,
			 bool use, struct buf *u)
{
	struct guard k = guard_enter(g, c, when);
	struct buf *outer;
	struct val v;

	buf_begin(g, u, &outer);
	if (n == NULL)
		v = val_na(&ty_na);
	else if (n->kind == A_BLOCK)
		v = gen_block(g, n, use);
	else if (n->kind == A_IF)
		v = gen_if(g, n, use);
	else
		v = gen_expr(g, n);
	buf_end(g, outer);
	guard_leave(g, k);
	return v;
}

static bool plain(const struct val *v)
{
	return v->ty->b != TY_VOID && v->ty->b != TY_TUPLE && v->ty->b != TY_ERROR;
}

/* The elements of a tuple one by one; both sides have n of them. */
static struct val merge_tuple(struct gen *g, struct val *a, struct val *b,
			      struct buf *ua, struct buf *ub)
{
	struct val r = *a, *outv;
	struct buf *outer = g->cur;

	outv = NEW_N(g->c->tmp, struct val, a->n);
	for (size_t i = 0; i < a->n; i++) {
		const struct type *t = b->n == a->n ?
			common_type(g, a->tup[i].ty, b->tup[i].ty) : a->tup[i].ty;

		outv[i] = val_reg(t != NULL ? t : &ty_error, RATE_BAR, reg_new(g, NAN));
		g->cur = ua;
		move_to(g, outv[i].reg, a->tup[i]);
		g->cur = ub;
		move_to(g, outv[i].reg, b->n == a->n ? b->tup[i] : val_na(&ty_na));
	}
	g->cur = outer;
	r.tup = outv;
	return r;
}

static struct val merge(struct gen *g, struct val *a, struct val *b, struct buf *ua,
			struct buf *ub, bool use)
{
	struct buf *outer = g->cur;
	const struct type *t;
	struct val r;

	if (use && a->ty->b == TY_TUPLE && (b->ty->b == TY_NA || b->n == a->n))
		return merge_tuple(g, a, b, ua, ub);
	t = use && plain(a) && plain(b) ? common_type(g, a->ty, b->ty) : NULL;
	if (t == NULL)
		return val_const(&ty_void, NAN);
	if (t->b == TY_BOOL && g->c->version >= 6) {
		a->k = a->ty->b == TY_NA ? 0 : a->k;
		b->k = b->ty->b == TY_NA ? 0 : b->k;
	}
	r = val_reg(t, RATE_BAR, reg_new(g, NAN));
	g->cur = ua;
	move_to(g, r.reg, *a);
	g->cur = ub;
	move_to(g, r.reg, *b);
	g->cur = outer;
	return r;
}

struct val gen_branches(struct gen *g, struct val c, const struct ast *a,
			const struct ast *b, bool use, const struct ast *at)
{
	struct buf ua, ub;
	struct val va, vb, r;
	size_t j, e;

	(void)at;
	va = branch(g, c, true, a, use, &ua);
	vb = branch(g, c, false, b, use, &ub);
	if (c.ty->b == TY_ERROR || va.ty->b == TY_ERROR || vb.ty->b == TY_ERROR)
		return val_error();
	if (ua.code.n == 0 && ub.code.n == 0) {
		const struct type *t = plain(&va) && plain(&vb) ?
			common_type(g, va.ty, vb.ty) : NULL;

		if (!use)
			return val_const(&ty_void, NAN);
		if (t != NULL && c.rate == RATE_CONST) {
			r = truth(c.k) ? va : vb;
			r.ty = t;
			return r;
		}
		if (t != NULL) {
			if (t->b == TY_BOOL && g->c->version >= 6 && vb.ty->b == TY_NA)
				vb.k = 0;
			return op(g, OP_SELECT, t, c, va, vb);
		}
	}
	r = merge(g, &va, &vb, &ua, &ub, use);
	j = emit(g, in_jump_false, 0, to_reg(g, c), 0, 0);
	/* the load of a column condition stands before the jump */
	buf_append(g, &ua);
	if (ub.code.n > 0) {
		e = emit(g, in_jump, 0, 0, 0, 0);
		patch(g, j);
		buf_append(g, &ub);
		patch(g, e);
	} else {
		patch(g, j);
	}
	return r;
}

static struct val ternary(struct gen *g, const struct ast *n)
{
	struct val c = to_bool(g, gen_expr(g, n->v[0]), n->v[0]);
	struct val r = gen_branches(g, c, n->v[1], n->v[2], true, n);

	if (r.ty->b == TY_VOID) {
		ERR_AT(g->c, n, "TYPE", "the two sides of \"? :\" are of types that "
		       "do not go together");
		return val_error();
	}
	return r;
}

/* --- Names --------------------------------------------------------------- */

static struct val field_of(struct gen *g, struct val v, const struct ast *n)
{
	for (size_t i = 0; i < v.ty->n; i++)
		if (str_eq(v.ty->field[i], n->text)) {
			struct val a[2] = { v, val_const(&ty_int, (double)i) };
			struct val r = lib_call(g, &lib_field_get, a, 2, n);

			r.ty = v.ty->fty[i];
			return r;
		}
	ERR_AT(g->c, n, "NAME", "%s has no field \"%.*s\"", type_name(g, v.ty),
	       STR_ARG(n->text));
	return val_error();
}

static struct val enum_member(struct gen *g, const struct type *t, const struct ast *n)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->field[i], n->text))
			return val_const(t, (double)i);
	ERR_AT(g->c, n, "NAME", "%s has no member \"%.*s\"", type_name(g, t),
	       STR_ARG(n->text));
	return val_error();
}

/* A variable named like a namespace (color, line) hides it only where it has
 * something behind its own dot. */
static bool has_members(const struct type *t)
{
	return is_heap(t) || t->b == TY_DRAWING || t->b == TY_ERROR;
}

static struct val member(struct gen *g, const struct ast *n)
{
	const struct ast *base = n->v[0];
	struct sym *s = base->kind == A_NAME ? sym_find(g, base->text) : NULL;
	const char *name;
	bool found = false;
	struct val v;

	if (base->kind == A_MEMBER)
		s = library_member(g, base->v[0], base->text);
	if (s != NULL && s->kind == SYM_TYPE && s->type->b == TY_ENUM)
		return enum_member(g, s->type, n);
	if (library_member(g, base, n->text) != NULL &&
	    library_member(g, base, n->text)->kind == SYM_VALUE)
		return library_member(g, base, n->text)->v;
	if (base->kind == A_MEMBER)
		s = NULL;
	if (s == NULL || s->kind != SYM_VALUE || !has_members(s->v.ty)) {
		name = dotted(g, n);
		if (name != NULL) {
			v = gen_builtin_var(g, name, n, &found);
			if (found)
				return v;
		}
		while (base->kind == A_MEMBER)
			base = base->v[0];
		if (base->kind == A_NAME && sym_find(g, base->text) == NULL) {
			const char *near = name_hint_value(g, name);

			ERR_AT(g->c, n, "NAME", "\"%s\" is not known%s", name,
			       near[0] != '\0' ? near : ": it is misspelt or not part "
			       "of the supported language");
			return val_error();
		}
	}
	v = gen_expr(g, n->v[0]);
	if (v.ty->b == TY_RECORD)
		return field_of(g, v, n);
	if (v.ty->b != TY_ERROR)
		ERR_AT(g->c, n, "TYPE", "%s has no fields", type_name(g, v.ty));
	return val_error();
}

static struct val name(struct gen *g, const struct ast *n)
{
	struct sym *s = sym_find(g, n->text);
	bool found = false;
	struct val v;

	if (s != NULL && s->kind == SYM_VALUE)
		return s->v;
	v = gen_builtin_var(g, str_dup(g->c->tmp, n->text), n, &found);
	if (found)
		return v;
	if (s != NULL)
		ERR_AT(g->c, n, "NAME", "\"%.*s\" is a function or a type, not a value",
		       STR_ARG(n->text));
	else
		ERR_AT(g->c, n, "NAME", "\"%.*s\" is not defined%s", STR_ARG(n->text),
		       name_hint_value(g, str_dup(g->c->tmp, n->text)));
	return val_error();
}

static struct val tuple(struct gen *g, const struct ast *n)
{
	static const struct type ty_tuple = { .b = TY_TUPLE };
	struct val v = val_const(&ty_tuple, NAN);

	v.n = n->n;
	v.tup = NEW_N(g->c->tmp, struct val, n->n);
	for (size_t i = 0; i < n->n; i++)
		v.tup[i] = gen_expr(g, n->v[i]);
	return v;
}

static bool is_symbol(struct gen *g, const struct ast *n)
{
	while (n->kind == A_MEMBER)
		n = n->v[0];
	return n->kind != A_NAME || sym_find(g, n->text) != NULL;
}

/* A variable of the library that is made bar by bar: strategy.position_size.
 * It has its value on every bar, also where this place is not reached, so it
 * is computed, and its past kept, before all else. */
static struct val kept_variable(struct gen *g, const struct ast *n, bool *ret_found)
{
	const char *name = n->kind == A_MEMBER || n->kind == A_NAME ? dotted(g, n) : NULL;
	struct buf u, *outer;
	struct val v = val_error();
	struct kept *k;

	*ret_found = false;
	if (name == NULL || is_symbol(g, n))
		return v;
	for (k = g->kept; k != NULL; k = k->next)
		if (strcmp(k->name, name) == 0)
			break;
	if (k == NULL) {
		buf_begin(g, &u, &outer);
		v = gen_builtin_var(g, name, n, ret_found);
		buf_end(g, outer);
		if (!*ret_found || v.rate != RATE_BAR || v.ty->b == TY_ERROR) {
			*ret_found = false;
			return v;
		}
		k = NEW(g->c->tmp, struct kept);
		*k = (struct kept){ g->kept, name, v };
		g->kept = k;
		k->v.hist = hist_new(g, v.ty);
		outer = g->cur;
		g->cur = &g->before;
		emit(g, in_hist_push, k->v.hist, v.reg, 0, 0);
		buf_append(g, &u);
		g->cur = outer;
	}
	*ret_found = true;
	return k->v;
}

static struct val index_expr(struct gen *g, const struct ast *n)
{
	bool found;
	struct val x = kept_variable(g, n->v[0], &found), k;

	if (!found)
		x = gen_expr(g, n->v[0]);
	k = gen_expr(g, n->v[1]);

	if (error_in(x, k))
		return val_error();
	if (!is_numeric(k.ty)) {
		ERR_AT(g->c, n->v[1], "TYPE", "x[n] needs a whole number, this is %s",
		       type_name(g, k.ty));
		return val_error();
	}
	if (x.ty->b == TY_VOID || x.ty->b == TY_TUPLE) {
		ERR_AT(g->c, n, "TYPE", "this has no history: it is %s",
		       type_name(g, x.ty));
		return val_error();
	}
	return history(g, x, k, n);
}

static struct val literal(struct gen *g, const struct ast *n)
{
	switch ((int)n->kind) {
	case A_INT: return val_const(&ty_int, n->num);
	case A_FLOAT: return val_const(&ty_float, n->num);
	case A_BOOL: return val_const(&ty_bool, n->num);
	case A_COLOR: return val_const(&ty_color, n->num);
	case A_STR: return val_text(g, n->text);
	default: return val_error();	/* A_ERROR: reported by the parser */
	}
}

struct val gen_expr(struct gen *g, const struct ast *n)
{
	int line = g->line;
	struct val v = val_error();

	if (!budget(g, n))
		return v;
	g->line = n->line;
	switch ((int)n->kind) {
	case A_NAME: v = name(g, n); break;
	case A_MEMBER: v = member(g, n); break;
	case A_CALL: v = gen_call(g, n); break;
	case A_INDEX: v = index_expr(g, n); break;
	case A_UNARY: v = unary(g, n); break;
	case A_COND: v = ternary(g, n); break;
	case A_TUPLE: v = tuple(g, n); break;
	case A_BINARY:
		if (n->op == T_AND || n->op == T_OR) {
			v = logic(g, n);
		} else {
			struct val a = gen_expr(g, n->v[0]);

			v = gen_binary(g, n->op, a, gen_expr(g, n->v[1]), n);
		}
		break;
	case A_IF: v = gen_if(g, n, true); break;
	case A_SWITCH: v = gen_switch(g, n, true); break;
	case A_FOR: case A_FORIN: case A_WHILE: v = gen_loop(g, n, true); break;
	default: v = literal(g, n); break;
	}
	g->line = line;
	return v;
}
