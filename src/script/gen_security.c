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
		for (const struct nest *k = g->nest; k != NULL; k = k->up)
			if (k->block != NULL)
				need_statements(g, w, k->block, k->stmt);
		for (const struct frame *f = g->frame; f != NULL; f = f->up) {
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

/* Is a name of the loop's own among them? */
static bool counts(const struct ast *loop, const struct needs *w)
{
	const struct ast *second = loop->kind == A_FORIN ? loop->v[2] : NULL;

	return loop->kind != A_WHILE &&
	       (set_has(w->names, loop->text) ||
		(second != NULL && set_has(w->names, second->text)));
}

static bool can_carry(struct gen *g, const struct needs *w, const struct ast *n)
{
	static const char changed[] = "needs a variable that is changed at or below the "
		"call: move the call below, or give the value another name";

	if (g->lib != NULL)
		return refuse(g, n, "stands in a library: give the library's function the value "
			      "as an argument");
	if (g->parent != NULL)
		return refuse(g, n, "stands inside another one, or its expression needs the "
			      "result of another one: ask for that value directly");
	if (g->p->subs.n >= SUBS_MAX)
		return refuse(g, n, "is called more than 40 times");
	if (later(g->root, g->stmt, w))
		return refuse(g, n, changed);
	for (const struct frame *f = g->frame; f != NULL; f = f->up)
		if (later(f->func->v[0], f->stmt, w))
			return refuse(g, n, changed);
	for (const struct nest *k = g->nest; k != NULL; k = k->up)
		if (k->loop != NULL && counts(k->loop, w))
			return refuse(g, n, "needs the counter of the loop it stands in: "
				      "what it asks for must be one thing; write a call "
				      "for each");
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

/* Inputs, facts of the market, na. */
static bool never_changes(struct gen *g, const struct ast *n)
{
	const char *name = dotted(g, n);
	const struct sym *s = n->kind == A_NAME ? sym_find(g, n->text) : NULL;
	struct val v;
	bool found = false;

	if (s != NULL)
		return s->kind == SYM_VALUE && s->v.rate <= RATE_ONCE &&
		       s->v.ty->b != TY_ERROR;
	if (name == NULL)
		return false;
	v = gen_builtin_var(g, name, n, &found);
	return found && v.rate <= RATE_ONCE;
}

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

/* A function of nothing but its arguments, the bar's prices not among them. */
static bool of_arguments(struct gen *g, const struct ast *n)
{
	const char *name = dotted(g, n->v[0]);
	const struct lib *l = name != NULL ? lib_named(g, name) : NULL;
	const struct sym *s = n->v[0]->kind == A_NAME ? sym_find(g, n->v[0]->text) : NULL;
	struct str ins;

	if (l == NULL || s != NULL)
		return false;
	if (l->kind == LIB_OP)
		return true;
	if (l->kind == LIB_SPECIAL)
		return strncmp(name, "math.", 5) == 0 || strcmp(name, "nz") == 0 ||
		       strcmp(name, "na") == 0;
	/* several forms: the one that takes the bar's own prices is shorter */
	if (l->kind != LIB_IND || (l[1].name != NULL && strcmp(l[1].name, l->name) == 0 &&
				   l++ != NULL && n->n - 1 < lib_words(l)))
		return false;
	ins = str_c(strchr(l->map, ':') + 1);
	for (size_t i = 0; i < ins.n && ins.p[i] != '/'; i++)
		if (ins.p[i] < '0' || ins.p[i] > '2')
			return false;
	return true;
}

static bool is_pointwise(struct gen *g, const struct ast *n)
{
	return n->kind == A_UNARY || n->kind == A_BINARY || n->kind == A_COND ||
	       (n->kind == A_CALL && of_arguments(g, n));
}

/* An argument `name = x` or a value that never changes stays what it is. */
static struct ast *argument_back(struct gen *g, const struct ast *n, int depth)
{
	struct ast *r, *x = one_back(g, n->v[0], depth);

	if (x == NULL)
		return NULL;
	r = node(g, n);
	r->v[0] = x;
	return r;
}

static struct ast *one_back(struct gen *g, const struct ast *n, int depth)
{
	struct ast *r;

	if (depth > 32)
		return NULL;
	if (n->kind == A_INT || n->kind == A_FLOAT || n->kind == A_BOOL)
		return node(g, n);
	if (n->kind == A_ARG)
		return argument_back(g, n, depth + 1);
	if ((n->kind == A_NAME || n->kind == A_MEMBER) && never_changes(g, n))
		return node(g, n);
	if (n->kind == A_NAME)
		return name_back(g, n, depth + 1);
	if (n->kind == A_INDEX)
		return index_back(g, n);
	if (!is_pointwise(g, n))
		return NULL;
	r = node(g, n);
	for (size_t i = n->kind == A_CALL; i < n->n; i++) {
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
		    k->kind == A_IMPORT ||
		    touches(k, w, true))
			gen_stmt(s, k, false);
	}
}

/* A function that the call stands in: its arguments, computed anew. */
static void replay_params(struct gen *s, const struct needs *w, const struct frame *f)
{
	struct scope *params = NEW(s->c->tmp, struct scope);
	bool given;

	params->up = &s->global;
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
	s->scope = params;
}

/* The blocks around the call, from the outermost on. */
static void replay_nests(struct gen *s, const struct needs *w, const struct gen *g,
			 const struct nest *k)
{
	struct scope *body;

	if (k == NULL)
		return;
	replay_nests(s, w, g, k->up);
	if (k->block == NULL)
		return;
	for (const struct frame *f = g->frame; f != NULL; f = f->up)
		if (f->func->v[0] == k->block)
			replay_params(s, w, f);
	body = NEW(s->c->tmp, struct scope);
	body->up = s->scope;
	s->scope = body;
	s->depth++;
	replay_statements(s, w, k->block, k->stmt);
}

struct outs { const struct type *t[ARGS_MAX]; char what[ARGS_MAX + 1]; size_t n; bool bad; };

/* Adds a result, a tuple's one by one. */
static void result(struct gen *s, struct val v, char what, const struct ast *at,
		   struct outs *o)
{
	struct plot from = { -1, -1 };
	const struct type *t = v.ty->b == TY_NA ? &ty_float : v.ty;

	if (t->b == TY_TUPLE) {
		for (size_t i = 0; i < v.n; i++)
			result(s, v.tup[i], what, at, o);
		return;
	}
	if (t->b == TY_ERROR || o->n == ARGS_MAX) {
		o->bad = true;
		return;
	}
	if (!is_numeric(t) && t->b != TY_BOOL && t->b != TY_COLOR) {
		ERR_AT(s->c, at, "TYPE", "request.security() gives numbers, bools and "
		       "colours, not %s", type_name(s, t));
		o->bad = true;
		return;
	}
	if (v.rate == RATE_COL && v.shift == 0) {
		from.col = v.col;
	} else {
		from.reg = reg_new(s, NAN);
		move_to(s, from.reg, v);
	}
	*array_push(s->c->out, &s->p->plot_srcs) = from;
	o->t[o->n] = t;
	o->what[o->n++] = what;
}

struct request {
	const struct ast *symbol, *tf, *expr, *gaps, *lookahead, *currency;
	bool ahead, leaks;
};

static bool known_at_open(struct gen *g, const struct ast *n)
{
	return n->kind == A_NAME && sym_find(g, n->text) == NULL &&
	       (str_eqc(n->text, "open") || str_eqc(n->text, "time"));
}

/* One element of the expression. */
static void element(struct gen *g, struct gen *s, const struct request *q,
		    const struct ast *n, struct outs *o)
{
	if (!q->ahead || q->leaks)
		result(s, gen_expr(s, n), 'v', n, o);
	else if (known_at_open(g, n))
		result(s, val_na(n->text.p[0] == 'o' ? &ty_float : &ty_int),
		       n->text.p[0], n, o);
	else
		result(s, gen_expr(s, one_back(g, n, 0)), 'v', n, o);
}

/* The first part of the expression that is not known when its bar opens. */
static const struct ast *first_leak(struct gen *g, const struct request *q)
{
	bool tuple = q->expr->kind == A_TUPLE;

	for (size_t i = 0; q->ahead && i < (tuple ? q->expr->n : 1); i++) {
		const struct ast *n = tuple ? q->expr->v[i] : q->expr;

		if (!known_at_open(g, n) && one_back(g, n, 0) == NULL)
			return n;
	}
	return NULL;
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

/* The arrays of request.security_lower_tf(): asked for bar by bar. */
static struct val lists(struct gen *g, struct sub *d, const struct outs *o, const struct ast *n,
			struct val r)
{
	struct lib row = { "request.security_lower_tf", "", "x", LIB_FN, 0, LF_HEAP,
			   fn_lower_list, NULL };
	struct val id = val_const(&ty_int, (double)g->p->subs.n);

	*array_push(g->c->out, &g->p->subs) = *d;
	for (size_t i = 0; i < d->n; i++) {
		row.code = (int)i;
		r.tup[i] = lib_call(g, &row, &id, 1, n);
		r.tup[i].ty = type_array(g, o->t[i]);
	}
	return r;
}

static struct val outputs(struct gen *g, struct sub *d, const struct outs *o, bool many,
			  const struct ast *n)
{
	static const struct type ty_tuple = { .b = TY_TUPLE };
	struct val r = val_const(&ty_tuple, NAN);
	int first = -1;

	r.n = d->n;
	r.tup = NEW_N(g->c->tmp, struct val, d->n);
	if (d->lower) {
		r = lists(g, d, o, n, r);
		return many ? r : r.tup[0];
	}
	for (size_t i = 0; i < d->n; i++) {
		int col = col_new(g, o->t[i], 0);

		first = i == 0 ? col : first;
		r.tup[i] = val_col(o->t[i], col);
	}
	*array_push(g->c->out, &g->p->subs) = *d;
	*array_push(g->c->out, &g->p->cops) = (struct cop){ .kind = COP_SUB,
		.dst = first, .unit = (int)g->p->subs.n - 1, .reg = -1 };
	return many ? r : r.tup[0];
}

static struct val compile(struct gen *g, const struct request *q, const struct ast *n,
			  struct sub *d)
{
	bool tuple = q->expr->kind == A_TUPLE;
	struct outs *o = NEW(g->c->tmp, struct outs);
	struct needs w = { .n = 0 };
	struct buf bar = { 0 };
	struct gen *s;

	need_all(g, &w, q->expr);
	close_needs(g, &w);
	if (!can_carry(g, &w, n))
		return val_error();
	s = sub_gen(g, &bar);
	replay_statements(s, &w, g->root, g->stmt);
	replay_nests(s, &w, g, g->nest);
	s->line = n->line;
	for (size_t i = 0; i < (tuple ? q->expr->n : 1); i++)
		element(g, s, q, tuple ? q->expr->v[i] : q->expr, o);
	gen_lay_out(s, &bar);
	g->work = s->work;
	if (o->bad || o->n == 0)
		return val_error();
	d->p = s->p;
	d->n = o->n;
	d->what = str_dup(g->c->out, str_n(o->what, o->n));
	d->inputs = s->input_map.v;
	return outputs(g, d, o, tuple || o->n > 1, n);
}

/* --- The call -------------------------------------------------------------------- */

static bool find_arguments(struct gen *g, const struct ast *n, bool lower,
			   struct request *q)
{
	static const char lower_names[] = "symbol timeframe expression ignore_invalid_symbol "
		"currency ignore_invalid_timeframe calc_bars_count ";
	static const char names[] = "symbol timeframe expression gaps lookahead "
		"ignore_invalid_symbol currency calc_bars_count ";
	static const char old_names[] = "symbol resolution expression gaps lookahead ";
	const char *words = lower ? lower_names : g->c->version < 5 ? old_names : names;
	const struct ast **to[] = { &q->symbol, &q->tf, &q->expr, &q->gaps, &q->lookahead,
				    NULL, &q->currency, NULL };
	const struct ast *ignored = NULL;
	struct args a = { .n = 0 };
	struct str all, w;

	for (size_t i = 1; i < n->n && a.n < ARGS_MAX; i++)
		a.v[a.n++] = (struct arg){ .name = n->v[i]->text, .at = n->v[i] };
	if (lower) {
		to[3] = to[5] = to[6] = &ignored;
		to[4] = &q->currency;
	}
	if (!name_check(g, lower ? "request.security_lower_tf" : "request.security", words,
			&a))
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

/* The chart's own timeframe, as it is written: nothing of it lies ahead. */
static bool charts_own(struct gen *g, const struct ast *n)
{
	const char *name = dotted(g, n);

	if (n->kind == A_STR)
		return n->text.n == 0;
	return name != NULL && sym_find(g, STR("timeframe")) == NULL &&
	       (strcmp(name, "timeframe.period") == 0 ||
		(g->c->version < 5 && strcmp(name, "period") == 0 &&
		 sym_find(g, STR("period")) == NULL));
}

struct val gen_security(struct gen *g, const struct ast *n, bool lower)
{
	struct request q = { .expr = NULL };
	struct sub d = { .line = n->line, .guard = guard_reg(g), .lower = lower };
	const struct ast *leak;

	if (!find_arguments(g, n, lower, &q) ||
	    !simple_text(g, q.symbol, "symbol", &d.symbol) ||
	    !simple_text(g, q.tf, "timeframe", &d.tf) ||
	    !choice(g, q.gaps, "gaps_on", "gaps_off", &d.gaps) ||
	    !choice(g, q.lookahead, "lookahead_on", "lookahead_off", &d.lookahead))
		return val_error();
	if (q.currency != NULL) {
		refuse(g, n, "does not convert currencies: leave the argument out");
		return val_error();
	}
	if (charts_own(g, q.tf))
		d.lookahead = false;
	q.ahead = d.lookahead;
	leak = first_leak(g, &q);
	q.leaks = d.leaks = leak != NULL;
	if (leak != NULL)
		WARN_AT(g->c, leak, "LOOKAHEAD", "with lookahead_on this shows on history what "
			"was not known yet: a backtest of it is too good, and bots refuse it; "
			"write (...)[1], or use lookahead_off");
	return compile(g, &q, n, &d);
}
