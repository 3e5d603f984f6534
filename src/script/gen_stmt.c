#include "config.h"

#include "script/gen_i.h"
#include "script/lib_i.h"
#include "script/vm_i.h"

bool set_has(struct name *const *table, struct str s)
{
	unsigned char h = s.n > 0 ? (unsigned char)(s.p[0] * 31 + s.p[s.n - 1] + (int)s.n) : 0;

	for (const struct name *k = table[h]; k != NULL; k = k->next)
		if (str_eq(k->s, s))
			return true;
	return false;
}

void set_add(struct gen *g, struct name **table, struct str s)
{
	unsigned char h = s.n > 0 ? (unsigned char)(s.p[0] * 31 + s.p[s.n - 1] + (int)s.n) : 0;
	struct name *k;

	if (set_has(table, s))
		return;
	k = NEW(g->c->tmp, struct name);
	*k = (struct name){ table[h], s };
	table[h] = k;
}

/* Which names are ever assigned to, which are looked back on. */
void gen_survey(struct gen *g, const struct ast *n)
{
	if (n == NULL)
		return;
	if (n->kind == A_ASSIGN && n->v[0] != NULL && n->v[0]->kind == A_NAME)
		set_add(g, g->muts, n->v[0]->text);
	if (n->kind == A_INDEX && n->v[0] != NULL && n->v[0]->kind == A_NAME)
		set_add(g, g->hists, n->v[0]->text);
	for (size_t i = 0; i < n->n; i++)
		gen_survey(g, n->v[i]);
}

/* --- Declarations --------------------------------------------------------- */

static struct sym *variable(struct gen *g, struct str name, const struct type *t,
			    const struct ast *at, double first)
{
	struct sym *s = sym_add(g, name, SYM_VALUE, at);
	bool ip = at->kind == A_DECL && at->flags & AF_VARIP;

	s->mut = set_has(g->muts, name);
	s->depth = g->depth;
	s->v = val_reg(t, RATE_BAR, reg_new(g, first));
	s->v.lval = s->mut;
	if (set_has(g->hists, name)) {
		s->v.hist = hist_new(g, t);
		emit(g, in_hist_push, s->v.hist, s->v.reg, ip, 0);
	}
	return s;
}

/* name = v, for a value that stays what it is until the next time. */
void gen_declare(struct gen *g, struct str name, struct val v, const struct ast *at)
{
	struct sym *s;
	bool past = set_has(g->hists, name);

	if (v.ty->b == TY_VOID) {
		ERR_AT(g->c, at, "TYPE", "this gives no value that could be kept in "
		       "\"%.*s\"", STR_ARG(name));
		v = val_error();
	}
	if (v.ty->b != TY_ERROR && v.ty->b != TY_TUPLE &&
	    (set_has(g->muts, name) || v.lval || (v.rate == RATE_BAR && past) ||
	     (v.rate == RATE_COL && past && g->cond > 0))) {
		s = variable(g, name, v.ty->b == TY_NA ? &ty_float : v.ty, at, NAN);
		move_to(g, s->v.reg, v);
		return;
	}
	s = sym_add(g, name, SYM_VALUE, at);
	s->depth = g->depth;
	s->v = v;
	s->v.lval = false;
}

static void lives_on(struct gen *g, const struct ast *n, int reg)
{
	*array_push(g->c->out, &g->p->kept) = reg;
	if (n->flags & AF_VARIP)
		*array_push(g->c->out, &g->p->varip) = reg;
}

/* var: the initial value is computed the first time only. */
static void declare_once(struct gen *g, const struct ast *n, const struct type *t)
{
	struct buf u, *outer;
	struct val v;
	struct sym *s;
	size_t j;
	int done;

	g->cond++;
	g->inner++;
	buf_begin(g, &u, &outer);
	v = gen_expr(g, n->v[0]);
	if (t != NULL && v.ty->b != TY_VOID)
		v = coerce(g, v, t, n->v[0], "this value");
	buf_end(g, outer);
	g->cond--;
	g->inner--;
	if (v.ty->b == TY_VOID || v.ty->b == TY_TUPLE || v.ty->b == TY_ERROR) {
		gen_declare(g, n->text, v, n);
		return;
	}
	t = v.ty->b == TY_NA ? &ty_float : v.ty;
	if (v.rate <= RATE_ONCE && u.code.n == 0 && !set_has(g->muts, n->text)) {
		gen_declare(g, n->text, v, n);
		return;
	}
	if (v.rate == RATE_CONST && !set_has(g->hists, n->text)) {
		s = variable(g, n->text, t, n, v.k);
		lives_on(g, n, s->v.reg);
		return;
	}
	s = variable(g, n->text, t, n, NAN);
	lives_on(g, n, s->v.reg);
	done = reg_new(g, NAN);
	if (n->flags & AF_VARIP)
		*array_push(g->c->out, &g->p->varip) = done;
	j = emit(g, in_once, done, 0, 0, 0);
	buf_append(g, &u);
	move_to(g, s->v.reg, v);
	patch(g, j);
}

static struct val declaration(struct gen *g, const struct ast *n)
{
	const struct type *t = n->type != NULL && n->type->text.n > 0 ?
		type_of_ref(g, n->type) : NULL;
	struct val v;

	if (n->flags & AF_VAR) {
		declare_once(g, n, t);
		return val_const(&ty_void, NAN);
	}
	g->input_name = n;
	v = gen_expr(g, n->v[0]);
	g->input_name = NULL;
	if (t != NULL && v.ty->b != TY_VOID)
		v = coerce(g, v, t, n->v[0], "this value");
	gen_declare(g, n->text, v, n);
	return v;
}

static struct val tuple_declaration(struct gen *g, const struct ast *n)
{
	struct val v = gen_expr(g, n->v[0]);

	if (v.ty->b != TY_TUPLE || v.n != n->n - 1) {
		if (v.ty->b != TY_ERROR)
			ERR_AT(g->c, n, "TYPE", v.ty->b == TY_TUPLE ?
			       "there are %zu names for %zu values" :
			       "%zu names need a tuple of as many values (found %zu)",
			       n->n - 1, v.n);
		for (size_t i = 1; i < n->n; i++)
			gen_declare(g, n->v[i]->text, val_error(), n->v[i]);
		return v;
	}
	for (size_t i = 1; i < n->n; i++)
		if (!str_eqc(n->v[i]->text, "_"))
			gen_declare(g, n->v[i]->text, v.tup[i - 1], n->v[i]);
	return v;
}

static struct val assign_field(struct gen *g, const struct ast *n)
{
	struct val a[3] = { gen_expr(g, n->v[0]->v[0]) }, v = gen_expr(g, n->v[1]);
	const struct type *t = a[0].ty;

	if (t->b != TY_RECORD) {
		if (t->b != TY_ERROR)
			ERR_AT(g->c, n, "TYPE", "%s has no fields", type_name(g, t));
		return val_error();
	}
	for (size_t i = 0; i < t->n; i++) {
		if (!str_eq(t->field[i], n->v[0]->text))
			continue;
		a[1] = val_const(&ty_int, (double)i);
		if (n->op != T_ASSIGN) {
			struct val was = lib_call(g, &lib_field_get, a, 2, n);

			was.ty = t->fty[i];
			v = gen_binary(g, T_ADD + (n->op - T_ADDSET), was, v, n);
		}
		a[2] = coerce(g, v, t->fty[i], n->v[1], "this value");
		lib_call(g, &lib_field_set, a, 3, n);
		return v;
	}
	ERR_AT(g->c, n, "NAME", "%s has no field \"%.*s\"", type_name(g, t),
	       STR_ARG(n->v[0]->text));
	return val_error();
}

static struct val assignment(struct gen *g, const struct ast *n)
{
	struct sym *s;
	struct val v;

	if (n->v[0]->kind == A_MEMBER)
		return assign_field(g, n);
	if (n->v[0]->kind != A_NAME) {
		if (n->v[0]->kind != A_ERROR)
			ERR_AT(g->c, n->v[0], "SYNTAX", "only a variable or a field can "
			       "be assigned to");
		return val_error();
	}
	s = sym_find(g, n->v[0]->text);
	v = gen_expr(g, n->v[1]);
	if (s == NULL || s->kind != SYM_VALUE) {
		ERR_AT(g->c, n->v[0], "NAME", "\"%.*s\" is not defined; declare it with "
		       "= first", STR_ARG(n->v[0]->text));
		return val_error();
	}
	if (v.ty->b == TY_ERROR || s->v.ty->b == TY_ERROR)
		return val_error();
	if (!s->mut || s->depth < g->depth) {
		ERR_AT(g->c, n->v[0], "NAME", "\"%.*s\" cannot be changed here: it is a "
		       "%s", STR_ARG(s->name), s->mut ?
		       "variable of the script and this is a function" :
		       "parameter or a loop's counter");
		return val_error();
	}
	if (n->op != T_ASSIGN)
		v = gen_binary(g, T_ADD + (n->op - T_ADDSET), s->v, v, n);
	if (s->v.ty->b == TY_INT && v.ty->b == TY_FLOAT)
		s->v.ty = &ty_float;
	v = coerce(g, v, s->v.ty, n->v[1], "this value");
	if (v.ty->b != TY_ERROR)
		move_to(g, s->v.reg, v);
	return s->v;
}

/* --- Blocks and loops ------------------------------------------------------ */

struct val gen_block(struct gen *g, const struct ast *b, bool use)
{
	struct scope s = { .up = g->scope };
	struct nest here = { .up = g->nest, .block = b };
	struct val v = val_const(&ty_void, NAN);

	g->scope = &s;
	g->nest = &here;
	for (size_t i = 0; i < b->n; i++) {
		if (g->frame != NULL && g->frame->func->v[0] == b)
			g->frame->stmt = i;
		here.stmt = i;
		v = gen_stmt(g, b->v[i], use && i + 1 == b->n);
	}
	g->nest = here.up;
	g->scope = s.up;
	return v;
}

struct val gen_if(struct gen *g, const struct ast *n, bool use)
{
	struct val c = to_bool(g, gen_expr(g, n->v[0]), n->v[0]);

	return gen_branches(g, c, n->v[1], n->v[2], use, n);
}

/* A switch is a chain of ifs; the tree of them is made here. */
struct val gen_switch(struct gen *g, const struct ast *n, bool use)
{
	struct ast *chain = NULL, *subject = NULL;
	struct scope s = { .up = g->scope };
	struct val v;

	g->scope = &s;
	if (n->v[0] != NULL) {
		v = gen_expr(g, n->v[0]);
		if (v.rate == RATE_BAR) {
			int r = reg_new(g, NAN);

			move_to(g, r, v);
			v = val_reg(v.ty, RATE_BAR, r);
		}
		subject = NEW(g->c->tmp, struct ast);
		*subject = *n->v[0];
		subject->kind = A_NAME;
		subject->text = STR("?subject");
		sym_add(g, subject->text, SYM_VALUE, n)->v = v;
	}
	for (size_t i = n->n; i-- > 1; ) {
		const struct ast *c = n->v[i];
		struct ast *f = NEW(g->c->tmp, struct ast), *t;

		if (c->v[0] == NULL) {
			chain = c->v[1];
			continue;
		}
		*f = *c;
		f->kind = A_IF;
		f->n = 3;
		f->v = NEW_N(g->c->tmp, struct ast *, 3);
		f->v[0] = c->v[0];
		if (subject != NULL) {
			t = NEW(g->c->tmp, struct ast);
			*t = *c->v[0];
			t->kind = A_BINARY;
			t->op = T_EQ;
			t->n = 2;
			t->v = NEW_N(g->c->tmp, struct ast *, 2);
			t->v[0] = subject;
			t->v[1] = c->v[0];
			f->v[0] = t;
		}
		f->v[1] = c->v[1];
		f->v[2] = chain;
		chain = f;
	}
	v = val_const(&ty_void, NAN);
	if (chain != NULL)
		v = chain->kind == A_IF ? gen_if(g, chain, use) :
					  gen_block(g, chain, use);
	g->scope = s.up;
	return v;
}

/* break and continue jump with d = the loop's id, negative for continue;
 * their targets are known when the loop is laid out. */
static void loop_end(struct gen *g, size_t from, int id, size_t next, size_t end)
{
	for (size_t i = from; i < end; i++) {
		struct ins *k = &g->cur->code.v[i];

		if (k->fn == in_jump && (k->d == id || k->d == -id)) {
			k->b = (int)((k->d > 0 ? end : next) - i);
			k->d = 0;
		}
	}
}

static struct val loop_body(struct gen *g, const struct ast *block, bool use,
			    struct buf *u, int *ret_id, int result)
{
	struct loop l = { .up = g->loop, .id = ++g->loops };
	struct buf *outer;
	struct val v;

	g->loop = &l;
	buf_begin(g, u, &outer);
	v = gen_block(g, block, use);
	for (size_t i = 0; use && v.ty->b == TY_TUPLE && i < v.n; i++) {
		struct val k = val_reg(v.tup[i].ty, RATE_BAR, reg_new(g, NAN));

		move_to(g, k.reg, v.tup[i]);
		v.tup[i] = k;
	}
	if (use && v.ty->b != TY_VOID && v.ty->b != TY_TUPLE && v.ty->b != TY_ERROR)
		move_to(g, result, v);
	buf_end(g, outer);
	g->loop = l.up;
	*ret_id = l.id;
	return v;
}

static struct val loop_value(struct val v, bool use, int result)
{
	if (use && v.ty->b == TY_TUPLE)
		return v;			/* each in a register of its own */
	if (!use || v.ty->b == TY_VOID || v.ty->b == TY_TUPLE || v.ty->b == TY_ERROR)
		return val_const(&ty_void, NAN);
	return val_reg(v.ty, RATE_BAR, result);
}

/* Registers base: counter, last, step (on its way), for_init's sign. */
static struct val for_loop(struct gen *g, const struct ast *n, bool use)
{
	struct scope s = { .up = g->scope };
	struct val from = gen_expr(g, n->v[0]), to = gen_expr(g, n->v[1]), v;
	struct val by = n->v[2] != NULL ? gen_expr(g, n->v[2]) : val_na(&ty_int);
	int base = reg_new(g, NAN), result, id;
	struct buf u, again, *outer;
	size_t a, b, top, next;
	struct sym *y;

	reg_new(g, NAN);
	reg_new(g, NAN);
	result = reg_new(g, NAN);
	if (!can_coerce(g, from.ty, &ty_float) || !can_coerce(g, to.ty, &ty_float)) {
		ERR_AT(g->c, n, "TYPE", "a loop counts from a number to a number");
		return val_error();
	}
	g->scope = &s;
	y = sym_add(g, n->text, SYM_VALUE, n);
	y->v = val_reg(from.ty->b == TY_FLOAT || by.ty->b == TY_FLOAT ? &ty_float :
		       &ty_int, RATE_BAR, base);
	y->depth = g->depth;
	g->cond++;
	g->inner++;
	buf_begin(g, &again, &outer);
	if (g->c->version >= 6 && to.rate == RATE_BAR)
		move_to(g, base + 1, gen_expr(g, n->v[1]));
	buf_end(g, outer);
	v = loop_body(g, n->v[3], use, &u, &id, result);
	g->cond--;
	g->inner--;
	g->scope = s.up;
	move_to(g, base, from);
	move_to(g, base + 1, to);
	move_to(g, base + 2, by);
	a = emit(g, in_for_init, base, 0, 0, 0);
	top = g->cur->code.n;
	buf_append(g, &again);
	b = emit(g, in_for_test, base, 0, 0, 0);
	buf_append(g, &u);
	g->line = n->line;
	next = emit(g, in_loop, 0, (int)(u.code.n + again.code.n) + 4, 0, 0);
	emit(g, op_instructions[OP_ADD], base, base, base + 2, 0);
	emit(g, in_jump, 0, 0, (int)(top - g->cur->code.n), 0);
	patch(g, a);
	patch(g, b);
	loop_end(g, b, id, next, g->cur->code.n);
	return loop_value(v, use, result);
}

static struct val while_loop(struct gen *g, const struct ast *n, bool use)
{
	struct buf u, test, *outer;
	struct val c, v;
	int result = reg_new(g, NAN), id, reg;
	size_t top, j, next;

	g->cond++;
	g->inner++;
	buf_begin(g, &test, &outer);
	c = to_bool(g, gen_expr(g, n->v[0]), n->v[0]);
	reg = to_reg(g, c);
	buf_end(g, outer);
	v = loop_body(g, n->v[1], use, &u, &id, result);
	g->cond--;
	g->inner--;
	top = g->cur->code.n;
	buf_append(g, &test);
	j = emit(g, in_jump_false, 0, reg, 0, 0);
	buf_append(g, &u);
	g->line = n->line;
	next = emit(g, in_loop, 0, (int)(u.code.n + test.code.n) + 3, 0, 0);
	emit(g, in_jump, 0, 0, (int)(top - g->cur->code.n), 0);
	patch(g, j);
	loop_end(g, j, id, next, g->cur->code.n);
	return loop_value(v, use, result);
}

/* What a loop over a collection goes through: of a map its keys, as they are
 * when the loop begins; of a matrix its rows. */
static bool loop_list(struct gen *g, const struct ast *n, struct val coll, struct val *ret)
{
	static const struct lib keys = { "map.keys", "", "K", LIB_FN, 0, LF_HEAP,
		fn_map_list, NULL };
	struct val held;

	if (coll.ty->b == TY_ERROR)
		return false;
	if (coll.ty->b != TY_ARRAY && coll.ty->b != TY_MATRIX &&
	    (coll.ty->b != TY_MAP || n->v[2] == NULL)) {
		ERR_AT(g->c, n->v[0], "TYPE", coll.ty->b == TY_MAP ? "a loop over a map has "
		       "two names: for [key, value] in %s" : "\"in\" needs an array, a map or "
		       "a matrix, this is %s", type_name(g, coll.ty));
		return false;
	}
	if (coll.ty->b == TY_MAP)
		coll = lib_call(g, &keys, &coll, 1, n);
	held = val_reg(coll.ty, RATE_BAR, reg_new(g, NAN));
	move_to(g, held.reg, coll);
	*ret = held;
	return true;
}

/* The loop's names, for element i of the list. */
static void loop_names(struct gen *g, const struct ast *n, struct val coll, struct val list,
		       struct val i)
{
	static const struct lib get = { "map.get", "", "e", LIB_FN, 0, LF_HEAP, fn_map_get,
		NULL };
	static const struct lib row = { "matrix.row", "", "E", LIB_FN, 0, LF_HEAP,
		fn_matrix_line, NULL };
	struct val a[2] = { list, i }, first = i, v;
	const struct ast *second = n->v[2];
	struct sym *y;

	v = lib_call(g, list.ty->b == TY_MATRIX ? &row : &lib_array_get, a, 2, n);
	if (coll.ty->b == TY_MAP) {
		first = v;
		a[0] = coll;
		a[1] = v;
		v = lib_call(g, &get, a, 2, n);
	}
	y = sym_add(g, second != NULL ? second->text : n->text, SYM_VALUE, n);
	y->v = v;
	y->depth = g->depth;
	if (second == NULL)
		return;
	y = sym_add(g, n->text, SYM_VALUE, n);
	y->v = first;
	y->depth = g->depth;
}

/* for x in array: a counter, and the element of that index. */
static struct val forin_loop(struct gen *g, const struct ast *n, bool use)
{
	static const struct lib rows = { "matrix.rows", "", "i", LIB_FN, 0, LF_HEAP,
		fn_matrix_size, NULL };
	struct scope s = { .up = g->scope };
	struct val coll = gen_expr(g, n->v[0]), list, i, size, v;
	int idx = reg_new(g, NAN), result = reg_new(g, NAN), id;
	struct buf u, head, *outer;
	size_t top, j, next;

	if (!loop_list(g, n, coll, &list))
		return val_error();
	if (coll.rate == RATE_BAR) {		/* the name may change in the loop */
		struct val held = val_reg(coll.ty, RATE_BAR, reg_new(g, NAN));

		move_to(g, held.reg, coll);
		coll = held;
	}
	move_to(g, idx, val_const(&ty_int, 0));
	i = val_reg(&ty_int, RATE_BAR, idx);
	g->scope = &s;
	g->cond++;
	g->inner++;
	buf_begin(g, &head, &outer);
	size = lib_call(g, list.ty->b == TY_MATRIX ? &rows : &lib_array_size, &list, 1, n);
	size = op(g, OP_ILT, &ty_bool, i, size, i);
	j = emit(g, in_jump_false, 0, to_reg(g, size), 0, 0);
	loop_names(g, n, coll, list, i);
	buf_end(g, outer);
	v = loop_body(g, n->v[1], use, &u, &id, result);
	g->cond--;
	g->inner--;
	g->scope = s.up;
	top = g->cur->code.n;
	buf_append(g, &head);
	buf_append(g, &u);
	g->line = n->line;
	next = emit(g, in_loop, 0, (int)(u.code.n + head.code.n) + 3, 0, 0);
	move_to(g, idx, op(g, OP_ADD, &ty_int, i, val_const(&ty_int, 1), i));
	emit(g, in_jump, 0, 0, (int)(top - g->cur->code.n), 0);
	patch(g, top + j);
	loop_end(g, top, id, next, g->cur->code.n);
	return loop_value(v, use, result);
}

struct val gen_loop(struct gen *g, const struct ast *n, bool use)
{
	struct nest here = { .up = g->nest, .loop = n };
	struct val v;

	g->loops_open++;
	g->nest = &here;
	if (n->kind == A_WHILE)
		v = while_loop(g, n, use);
	else if (n->kind == A_FORIN)
		v = forin_loop(g, n, use);
	else
		v = for_loop(g, n, use);
	g->nest = here.up;
	g->loops_open--;
	return v;
}

static struct val leave_loop(struct gen *g, const struct ast *n)
{
	if (g->loop == NULL)
		ERR_AT(g->c, n, "SYNTAX", "\"%s\" outside a loop",
		       n->kind == A_BREAK ? "break" : "continue");
	else
		emit(g, in_jump, n->kind == A_BREAK ? g->loop->id : -g->loop->id, 0, 0, 0);
	return val_const(&ty_void, NAN);
}

/* --- Types, functions, statements ------------------------------------------ */

static void define_type(struct gen *g, const struct ast *n)
{
	struct sym *s = sym_add(g, n->text, SYM_TYPE, n);
	struct type *t = NEW(g->c->tmp, struct type);

	t->b = n->kind == A_TYPE ? TY_RECORD : TY_ENUM;
	t->name = n->text;
	t->def = n;
	t->field = NEW_N(g->c->tmp, struct str, n->n);
	t->fty = NEW_N(g->c->tmp, const struct type *, n->n);
	s->type = t;			/* a field may be of this very type */
	for (size_t i = 0; i < n->n; i++) {
		t->field[i] = n->v[i]->text;
		t->fty[i] = n->kind == A_TYPE ? type_of_ref(g, n->v[i]->type) : t;
	}
	t->n = n->n;
}

struct val gen_stmt(struct gen *g, const struct ast *n, bool use)
{
	struct sym *s;

	g->line = n->line;
	switch ((int)n->kind) {
	case A_DECL: return declaration(g, n);
	case A_TUPLEDECL: return tuple_declaration(g, n);
	case A_ASSIGN: return assignment(g, n);
	case A_IF: return gen_if(g, n, use);
	case A_SWITCH: return gen_switch(g, n, use);
	case A_FOR: case A_FORIN: case A_WHILE: return gen_loop(g, n, use);
	case A_BREAK: case A_CONTINUE: return leave_loop(g, n);
	case A_TYPE: case A_ENUM:
		define_type(g, n);
		break;
	case A_FUNC:
		s = sym_add(g, n->text, SYM_FUNC, n);
		s->func = n;
		s->lib = g->lib;
		if (n->flags & AF_METHOD)
			*array_push(g->c->tmp, &g->methods) = s;
		break;
	case A_IMPORT:
		gen_import(g, n);
		break;
	default:
		return gen_expr(g, n);
	}
	return val_const(&ty_void, NAN);
}
