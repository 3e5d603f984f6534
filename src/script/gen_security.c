/* request.security(): the expression becomes a program of its own, which runs
 * on bars made of the chart's (sub.c).
 *
 * The sub-program repeats those statements of the script above the call that
 * the expression needs: what declares or changes a name in it, and so on.  In
 * a user function these are the statements of its body above the call, after
 * the arguments, which are computed anew too. */
#include "config.h"

#include "script/lib_i.h"

#define SUBS_MAX 40

/* --- What the expression needs --------------------------------------------- */

struct needs { struct name *names[256]; size_t n; };

static void need_name(struct gen *g, struct needs *w, struct str s)
{
	if (set_has(w->names, s))
		return;
	set_add(g, w->names, s);
	w->n++;
}

static void need_all(struct gen *g, struct needs *w, const struct ast *n)
{
	if (n == NULL)
		return;
	if (n->kind == A_NAME || n->kind == A_MEMBER)
		need_name(g, w, n->text);
	for (size_t i = 0; i < n->n; i++)
		need_all(g, w, n->v[i]);
}

static struct str root_name(const struct ast *n)
{
	while (n->kind == A_MEMBER || n->kind == A_INDEX || n->kind == A_ARG)
		n = n->v[0];
	return n->kind == A_NAME ? n->text : STR("");
}

/* array.push(x, ...), x.push(...): changes x. */
static bool changes(const struct ast *n, const struct needs *w)
{
	static const char *const verbs[] = { "push", "pop", "set", "shift", "unshift",
		"insert", "remove", "clear", "fill", "sort", "reverse", "concat", "put" };
	const struct ast *callee = n->kind == A_CALL ? n->v[0] : n;

	if (n->kind != A_CALL || callee->kind != A_MEMBER)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_eqc(callee->text, verbs[i]))
			return set_has(w->names, root_name(callee)) ||
			       (n->n > 1 && set_has(w->names, root_name(n->v[1])));
	return false;
}

/* Assignments to a name of `w` and, with `decl`, declarations of one. */
static bool touches(const struct ast *n, const struct needs *w, bool decl)
{
	if (n == NULL || n->kind == A_FUNC)
		return false;
	if (n->kind == A_ASSIGN && set_has(w->names, root_name(n->v[0])))
		return true;
	if (decl && n->kind == A_DECL && set_has(w->names, n->text))
		return true;
	for (size_t i = 1; decl && n->kind == A_TUPLEDECL && i < n->n; i++)
		if (set_has(w->names, n->v[i]->text))
			return true;
	if (changes(n, w))
		return true;
	for (size_t i = 0; i < n->n; i++)
		if (touches(n->v[i], w, decl))
			return true;
	return false;
}

static void need_statements(struct gen *g, struct needs *w, const struct ast *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ast *s = b->v[i];

		if (s->kind == A_FUNC ? set_has(w->names, s->text) : touches(s, w, true))
			need_all(g, w, s);
	}
}

/* The argument of a frame's parameter i, or its default, or NULL. */
static const struct ast *param_value(const struct frame *f, size_t i, bool *ret_given)
{
	size_t n_pos = 0;
	const struct ast *at = NULL;

	while (n_pos < f->a->n && f->a->v[n_pos].name.n == 0)
		n_pos++;
	if (i - 1 < n_pos)
		at = f->a->v[i - 1].at;
	for (size_t k = n_pos; k < f->a->n && at == NULL; k++)
		if (str_eq(f->a->v[k].name, f->func->v[i]->text))
			at = f->a->v[k].at;
	*ret_given = at != NULL;
	if (at == NULL)
		return f->func->v[i]->v[0];
	return at->kind == A_ARG ? at->v[0] : at;
}

static void close_needs(struct gen *g, struct needs *w)
{
	size_t before;
	bool given;

	do {
		before = w->n;
		need_statements(g, w, g->root, g->stmt);
		for (const struct frame *f = g->frame; f != NULL; f = f->up) {
			need_statements(g, w, f->func->v[0], f->stmt);
			for (size_t i = 1; i < f->func->n; i++)
				if (set_has(w->names, f->func->v[i]->text))
					need_all(g, w, param_value(f, i, &given));
		}
	} while (w->n > before);
}

/* --- What cannot be carried over -------------------------------------------- */

static bool refuse(struct gen *g, const struct ast *n, const char *why)
{
	ERR_AT(g->c, n, "UNSUPPORTED", "request.security() %s", why);
	return false;
}

static bool later(const struct ast *b, size_t from, const struct needs *w)
{
	for (size_t i = from; i < b->n; i++)
		if (b->v[i]->kind != A_FUNC && touches(b->v[i], w, false))
			return true;
	return false;
}

static bool can_carry(struct gen *g, const struct needs *w, const struct ast *n)
{
	static const char changed[] = "needs a variable that is changed at or below the "
		"call: move the call below, or give the value another name";

	if (g->parent != NULL)
		return refuse(g, n, "stands inside another one, or its expression needs the "
			      "result of another one: ask for that value directly");
	if (g->loops_open > 0)
		return refuse(g, n, "stands in a loop: move it before the loop");
	if (g->p->subs.n >= SUBS_MAX)
		return refuse(g, n, "is called more than 40 times");
	if (later(g->root, g->stmt, w))
		return refuse(g, n, changed);
	for (const struct frame *f = g->frame; f != NULL; f = f->up)
		if (later(f->func->v[0], f->stmt, w))
			return refuse(g, n, changed);
	for (const struct nest *k = g->nest; k != NULL; k = k->up) {
		bool body = false;

		for (const struct frame *f = g->frame; f != NULL; f = f->up)
			body = body || f->func->v[0] == k->block;
		for (size_t i = 0; !body && i < k->block->n; i++)
			if (touches(k->block->v[i], w, true))
				return refuse(g, n, "needs a variable of the block it stands "
					      "in: move both before the block");
	}
	return true;
}

/* --- The value one bar back ---------------------------------------------------- */

static struct ast *node(struct gen *g, const struct ast *n)
{
	struct ast *r = NEW(g->c->tmp, struct ast);

	*r = *n;
	r->v = NEW_N(g->c->tmp, struct ast *, n->n + 1);
	for (size_t i = 0; i < n->n; i++)
		r->v[i] = n->v[i];
	return r;
}

/* With lookahead_on a value shows while its bar is under way; on history that
 * is the future, unless it is one of an earlier bar: the expression as it
 * stands one bar before, or NULL. */
static struct ast *one_back(struct gen *g, const struct ast *n, int depth);

/* Of a variable that is given its value once. */
static struct ast *name_back(struct gen *g, const struct ast *n, int depth)
{
	const struct sym *s = sym_find(g, n->text);

	if (s == NULL || s->kind != SYM_VALUE || s->mut || s->decl == NULL ||
	    s->decl->kind != A_DECL || s->decl->flags & AF_VAR || g->frame != NULL)
		return NULL;
	return one_back(g, s->decl->v[0], depth);
}

static struct ast *index_back(struct gen *g, const struct ast *n)
{
	struct ast *r;

	if (n->v[1]->kind != A_INT || n->v[1]->num < 1)
		return NULL;
	if (n->v[1]->num < 2)
		return n->v[0];
	r = node(g, n);
	r->v[1] = node(g, n->v[1]);
	r->v[1]->num -= 1;
	return r;
}

static bool is_arithmetic(const struct ast *n)
{
	return n->kind == A_UNARY ? n->op != T_NOT :
	       n->kind == A_BINARY && n->op >= T_ADD && n->op <= T_MOD;
}

static struct ast *one_back(struct gen *g, const struct ast *n, int depth)
{
	struct ast *r;

	if (depth > 32)
		return NULL;
	if (n->kind == A_INT || n->kind == A_FLOAT)
		return node(g, n);
	if (n->kind == A_NAME)
		return name_back(g, n, depth + 1);
	if (n->kind == A_INDEX)
		return index_back(g, n);
	if (!is_arithmetic(n))
		return NULL;
	r = node(g, n);
	for (size_t i = 0; i < n->n; i++) {
		r->v[i] = one_back(g, n->v[i], depth + 1);
		if (r->v[i] == NULL)
			return NULL;
	}
	return r;
}

/* --- The sub-program ------------------------------------------------------------ */

static void replay_statements(struct gen *s, const struct needs *w, const struct ast *b,
			      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct ast *k = b->v[i];

		if (k->kind == A_FUNC || k->kind == A_TYPE || k->kind == A_ENUM ||
		    touches(k, w, true))
			gen_stmt(s, k, false);
	}
}

static void replay_frames(struct gen *s, const struct needs *w, const struct frame *f)
{
	struct scope *params, *body;
	bool given;

	if (f == NULL)
		return;
	replay_frames(s, w, f->up);
	params = NEW(s->c->tmp, struct scope);
	params->up = &s->global;
	body = NEW(s->c->tmp, struct scope);
	body->up = params;
	for (size_t i = 1; i < f->func->n; i++) {
		const struct ast *p = f->func->v[i], *x = param_value(f, i, &given);
		struct scope *caller = s->scope;
		struct val v;

		if (x == NULL || !set_has(w->names, p->text))
			continue;
		v = gen_expr(s, x);
		if (p->type != NULL && p->type->text.n > 0)
			v = coerce(s, v, type_of_ref(s, p->type), x, "this argument");
		s->scope = params;
		s->depth++;
		gen_declare(s, p->text, v, p);
		s->depth--;
		s->scope = caller;
	}
	s->scope = body;
	s->depth++;
	replay_statements(s, w, f->func->v[0], f->stmt);
}

/* Adds a result; its type, or NULL. */
static const struct type *result(struct gen *s, struct val v, const struct ast *at)
{
	struct plot from = { -1, -1 };
	const struct type *t = v.ty->b == TY_NA ? &ty_float : v.ty;

	if (t->b == TY_ERROR)
		return NULL;
	if (!is_numeric(t) && t->b != TY_BOOL && t->b != TY_COLOR) {
		ERR_AT(s->c, at, "TYPE", "request.security() gives numbers, bools and "
		       "colours, not %s", type_name(s, t));
		return NULL;
	}
	if (v.rate == RATE_COL && v.shift == 0) {
		from.col = v.col;
	} else {
		from.reg = reg_new(s, NAN);
		move_to(s, from.reg, v);
	}
	*array_push(s->c->out, &s->p->plot_srcs) = from;
	return t;
}

struct request {
	const struct ast *symbol, *tf, *expr, *gaps, *lookahead, *currency;
	bool ahead;
};

/* One element of the expression; what it is goes to *what. */
static const struct type *element(struct gen *g, struct gen *s, const struct request *q,
				  const struct ast *n, char *what)
{
	struct ast *back;

	*what = 'v';
	if (!q->ahead)
		return result(s, gen_expr(s, n), n);
	if (n->kind == A_NAME && sym_find(g, n->text) == NULL &&
	    (str_eqc(n->text, "open") || str_eqc(n->text, "time"))) {
		*what = n->text.p[0];		/* known when the bar opens */
		return result(s, val_na(n->text.p[0] == 'o' ? &ty_float : &ty_int), n);
	}
	back = one_back(g, n, 0);
	if (back == NULL) {
		ERR_AT(g->c, n, "LOOKAHEAD", "with lookahead_on this shows on history what "
		       "was not known yet: write (...)[1], or use lookahead_off");
		return NULL;
	}
	return result(s, gen_expr(s, back), n);
}

static struct gen *sub_gen(struct gen *g, struct buf *bar)
{
	struct gen *s = NEW(g->c->tmp, struct gen);

	s->c = g->c;
	s->opt = g->opt;
	s->p = NEW(g->c->out, struct script_prog);
	s->p->magic = PROG_MAGIC;
	s->p->props = g->p->props;
	s->p->description = "";
	s->cur = bar;
	s->scope = &s->global;
	s->parent = g;
	s->declared = true;
	s->root = g->root;
	s->stmt = g->stmt;
	s->work = g->work;
	memcpy(s->muts, g->muts, sizeof(s->muts));
	memcpy(s->hists, g->hists, sizeof(s->hists));
	gen_fixed_columns(s);
	return s;
}

static struct val outputs(struct gen *g, struct sub *d, const struct type *const *t,
			  bool many)
{
	static const struct type ty_tuple = { .b = TY_TUPLE };
	struct val r = val_const(&ty_tuple, NAN);
	int first = -1;

	r.n = d->n;
	r.tup = NEW_N(g->c->tmp, struct val, d->n);
	for (size_t i = 0; i < d->n; i++) {
		int col = col_new(g, t[i], 0);

		first = i == 0 ? col : first;
		r.tup[i] = val_col(t[i], col);
	}
	*array_push(g->c->out, &g->p->subs) = *d;
	*array_push(g->c->out, &g->p->cops) = (struct cop){ .kind = COP_SUB,
		.dst = first, .unit = (int)g->p->subs.n - 1, .reg = -1 };
	return many ? r : r.tup[0];
}

static struct val compile(struct gen *g, const struct request *q, const struct ast *n,
			  struct sub *d)
{
	bool many = q->expr->kind == A_TUPLE;
	size_t k = many ? q->expr->n : 1;
	const struct type **t = NEW_N(g->c->tmp, const struct type *, k);
	char *what = arena_alloc(g->c->out, k + 1);
	struct needs w = { .n = 0 };
	struct buf bar = { 0 };
	struct gen *s;
	bool ok = k > 0;

	need_all(g, &w, q->expr);
	close_needs(g, &w);
	if (!can_carry(g, &w, n))
		return val_error();
	s = sub_gen(g, &bar);
	replay_statements(s, &w, g->root, g->stmt);
	replay_frames(s, &w, g->frame);
	s->line = n->line;
	for (size_t i = 0; i < k; i++) {
		t[i] = element(g, s, q, many ? q->expr->v[i] : q->expr, &what[i]);
		ok = ok && t[i] != NULL;
	}
	gen_lay_out(s, &bar);
	g->work = s->work;
	if (!ok)
		return val_error();
	d->p = s->p;
	d->n = k;
	d->what = what;
	d->inputs = s->input_map.v;
	return outputs(g, d, t, many);
}

/* --- The call -------------------------------------------------------------------- */

static bool find_arguments(struct gen *g, const struct ast *n, struct request *q)
{
	static const char names[] = "symbol timeframe expression gaps lookahead "
		"ignore_invalid_symbol currency calc_bars_count ";
	static const char old_names[] = "symbol resolution expression gaps lookahead ";
	const char *words = g->c->version < 5 ? old_names : names;
	const struct ast **to[] = { &q->symbol, &q->tf, &q->expr, &q->gaps, &q->lookahead,
				    NULL, &q->currency, NULL };
	struct args a = { .n = 0 };
	struct str all, w;

	for (size_t i = 1; i < n->n && a.n < ARGS_MAX; i++)
		a.v[a.n++] = (struct arg){ .name = n->v[i]->text, .at = n->v[i] };
	if (!name_check(g, "request.security", words, &a))
		return false;
	if (a.n > ARRAY_LEN(to))
		return refuse(g, n, "takes at most 8 arguments");
	all = str_c(words);
	for (size_t k = 0; str_split(&all, ' ', &w) && k < ARRAY_LEN(to); k++)
		for (size_t i = 0; i < a.n && to[k] != NULL; i++)
			if (a.v[i].name.n == 0 ? i == k : str_eq(a.v[i].name, w))
				*to[k] = a.v[i].at->v[0];
	if (q->symbol != NULL && q->tf != NULL && q->expr != NULL)
		return true;
	ERR_AT(g->c, n, "ARGS", "request.security() needs a symbol, a timeframe and an "
	       "expression");
	return false;
}

/* barmerge.gaps_on, or true as version 4 writes it. */
static bool choice(struct gen *g, const struct ast *n, const char *on, const char *off,
		   bool *ret)
{
	struct val v = n != NULL ? gen_expr(g, n) : val_const(&ty_bool, 0);

	*ret = false;
	if (v.ty->b == TY_ERROR)
		return false;
	if (v.rate == RATE_CONST && v.ty->b == TY_BOOL) {
		*ret = truth(v.k);
		return true;
	}
	if (v.rate == RATE_CONST && is_ref(v.k)) {
		*ret = str_eqc(g->p->strs.v[ref_index(v.k)], on);
		if (*ret || str_eqc(g->p->strs.v[ref_index(v.k)], off))
			return true;
	}
	ERR_AT(g->c, n, "ARGS", "this must be barmerge.%s or barmerge.%s", on, off);
	return false;
}

/* A text that is known before the first bar. */
static bool simple_text(struct gen *g, const struct ast *n, const char *what, int *ret)
{
	struct val v = gen_expr(g, n);

	if (v.ty->b == TY_ERROR)
		return false;
	if (!can_coerce(g, v.ty, &ty_string) || v.rate > RATE_ONCE) {
		ERR_AT(g->c, n, "QUALIFIER", "the %s of request.security() must be a text "
		       "that is the same on every bar", what);
		return false;
	}
	*ret = to_reg(g, v);
	return true;
}

struct val gen_security(struct gen *g, const struct ast *n)
{
	struct request q = { .expr = NULL };
	struct sub d = { .line = n->line, .guard = guard_reg(g) };

	if (!find_arguments(g, n, &q) ||
	    !simple_text(g, q.symbol, "symbol", &d.symbol) ||
	    !simple_text(g, q.tf, "timeframe", &d.tf) ||
	    !choice(g, q.gaps, "gaps_on", "gaps_off", &d.gaps) ||
	    !choice(g, q.lookahead, "lookahead_on", "lookahead_off", &d.lookahead))
		return val_error();
	if (q.currency != NULL) {
		refuse(g, n, "does not convert currencies: leave the argument out");
		return val_error();
	}
	q.ahead = d.lookahead;
	return compile(g, &q, n, &d);
}
