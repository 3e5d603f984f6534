#include "config.h"

#include "script/ast_i.h"

struct parser {
	struct comp *c;
	const struct token *v;
	size_t i, n;
	int indent;		/* of the block being read */
	int depth;
	bool panic;		/* reported; silent until the next statement */
};

static struct ast *expression(struct parser *p);
static struct ast *block(struct parser *p);
static struct ast *statement(struct parser *p);

static const struct token *cur(const struct parser *p) { return &p->v[p->i]; }
static const struct token *ahead(const struct parser *p, size_t k)
{
	return p->i + k < p->n ? &p->v[p->i + k] : &p->v[p->n - 1];
}

static void next(struct parser *p)
{
	if (p->i + 1 < p->n)
		p->i++;
}

/* The current token, unless it already belongs to the next statement. */
static enum tok here(const struct parser *p)
{
	return cur(p)->nl ? T_EOF : cur(p)->t;
}

static bool is_word(const struct token *k, const char *w)
{
	return k->t == T_ID && str_eqc(k->text, w);
}

static struct ast *node_at(struct parser *p, enum ast_kind kind, const struct token *k)
{
	struct ast *n = NEW(p->c->tmp, struct ast);

	n->kind = kind;
	n->line = k->line;
	n->col = k->col;
	n->end_col = k->end_col;
	n->text = k->text;
	return n;
}

static void add(struct parser *p, struct ast *n, struct ast *child)
{
	struct { struct ast **v; size_t n, size; } a = { n->v, n->n, n->size };

	*array_push(p->c->tmp, &a) = child;
	n->v = a.v;
	n->n = a.n;
	n->size = a.size;
	if (child != NULL && child->depth >= n->depth)
		n->depth = child->depth + 1;
	if (child != NULL && child->line == n->line && child->end_col > n->end_col)
		n->end_col = child->end_col;
}

static void fail(struct parser *p, const char *what)
{
	const struct token *k = cur(p);

	if (p->panic)
		return;
	p->panic = true;
	if (k->t == T_EOF)
		diag_add(p->c, DIAG_ERROR, k->line, k->col, k->end_col, "SYNTAX",
			 "%s, but the script ends here", what);
	else
		diag_add(p->c, DIAG_ERROR, k->line, k->col, k->end_col, "SYNTAX",
			 "%s, found %s\"%.*s\"", what,
			 k->nl ? "a new line with " : "",
			 (int)(k->text.n > 40 ? 40 : k->text.n), k->text.p);
}

static bool expect(struct parser *p, enum tok t, const char *what)
{
	if (here(p) == t && cur(p)->t != T_EOF) {
		next(p);
		return true;
	}
	fail(p, what);
	return false;
}

/* A name that may be the first word of its line. */
static void expect_name(struct parser *p, const char *what)
{
	if (cur(p)->t == T_ID)
		next(p);
	else
		fail(p, what);
}

static bool enter(struct parser *p)
{
	if (p->depth++ < NEST_MAX)
		return true;
	fail(p, "nested too deeply: split this into variables or functions");
	return false;
}

static struct ast *error_node(struct parser *p)
{
	return node_at(p, A_ERROR, cur(p));
}

/* --- Types ---------------------------------------------------------- */

/* Index behind a type that begins at token k, or 0. */
static size_t scan_type(const struct parser *p, size_t k)
{
	int angle = 0;

	if (ahead(p, k)->t != T_ID)
		return 0;
	k++;
	while (ahead(p, k)->t == T_DOT && ahead(p, k + 1)->t == T_ID)
		k += 2;
	if (ahead(p, k)->t == T_LT) {
		do {
			enum tok t = ahead(p, k)->t;

			if (t == T_LT)
				angle++;
			else if (t == T_GT)
				angle--;
			else if (t != T_ID && t != T_COMMA && t != T_DOT)
				return 0;
			k++;
		} while (angle > 0);
	}
	if (ahead(p, k)->t == T_LBRK && ahead(p, k + 1)->t == T_RBRK)
		k += 2;
	return k;
}

static bool is_qualifier(const struct token *k)
{
	return is_word(k, "const") || is_word(k, "simple") ||
	       is_word(k, "series") || is_word(k, "input");
}

/* Is a type (and maybe a qualifier) followed by a name here? */
static bool typed_name(const struct parser *p, size_t k)
{
	size_t e;

	if (is_qualifier(ahead(p, k)) && ahead(p, k + 1)->t == T_ID &&
	    !ahead(p, k + 1)->nl)
		return true;
	e = scan_type(p, k);
	return e > 0 && ahead(p, e)->t == T_ID && !ahead(p, e)->nl;
}

static struct ast *type_ref(struct parser *p)
{
	struct ast *t = node_at(p, A_TYPEREF, cur(p));

	if (is_qualifier(cur(p)) && ahead(p, 1)->t == T_ID) {
		t->flags |= is_word(cur(p), "series") ? AF_SERIES :
			is_word(cur(p), "const") ? AF_CONST : AF_SIMPLE;
		next(p);
		/* "simple x": a qualifier and no type */
		if (scan_type(p, 0) == 1 && ahead(p, 1)->t != T_ID) {
			t->text = STR("");
			return t;
		}
	}
	if (!enter(p) || cur(p)->t != T_ID) {
		fail(p, "expected the name of a type");
		p->depth--;
		return t;
	}
	t->text = cur(p)->text;
	next(p);
	while (here(p) == T_DOT && ahead(p, 1)->t == T_ID) {
		next(p);
		t->text.n = (size_t)(cur(p)->text.p + cur(p)->text.n - t->text.p);
		next(p);
	}
	if (here(p) == T_LT) {
		do {
			next(p);
			add(p, t, type_ref(p));
		} while (here(p) == T_COMMA && !p->panic);
		expect(p, T_GT, "expected \">\" after the types");
	}
	if (here(p) == T_LBRK && ahead(p, 1)->t == T_RBRK) {
		t->flags |= AF_ARRAY;
		next(p);
		next(p);
	}
	p->depth--;
	return t;
}

/* --- Expressions ----------------------------------------------------- */

static void call_args(struct parser *p, struct ast *call)
{
	next(p);				/* ( */
	while (here(p) != T_RPAR && !p->panic) {
		struct ast *a = node_at(p, A_ARG, cur(p));

		if (cur(p)->t == T_ID && ahead(p, 1)->t == T_SET) {
			next(p);
			next(p);
		} else {
			a->text = STR("");
		}
		add(p, a, expression(p));
		add(p, call, a);
		if (here(p) != T_COMMA)
			break;
		next(p);
	}
	call->end_col = cur(p)->line == call->line ? cur(p)->end_col : call->end_col;
	expect(p, T_RPAR, "expected \",\" or \")\" in the list of arguments");
}

/* name<type, ...>( is a call with types, a < b is not. */
static bool generic_call(const struct parser *p)
{
	size_t k = scan_type(p, 0);

	return k > 1 && ahead(p, k - 1)->t == T_GT && ahead(p, k)->t == T_LPAR;
}

static struct ast *generic(struct parser *p, struct ast *callee)
{
	struct ast *t = type_ref(p), *call = node_at(p, A_CALL, cur(p));

	/* type_ref took the last name too; callee has it already */
	call->line = callee->line;
	call->col = callee->col;
	call->type = t;
	add(p, call, callee);
	call_args(p, call);
	return call;
}

static struct ast *tuple(struct parser *p)
{
	struct ast *t = node_at(p, A_TUPLE, cur(p));

	next(p);
	while (here(p) != T_RBRK && !p->panic) {
		add(p, t, expression(p));
		if (here(p) != T_COMMA)
			break;
		next(p);
	}
	expect(p, T_RBRK, "expected \",\" or \"]\"");
	return t;
}

static struct ast *if_expr(struct parser *p)
{
	struct ast *n = node_at(p, A_IF, cur(p));

	next(p);
	add(p, n, expression(p));
	add(p, n, block(p));
	if (cur(p)->t == T_ELSE && (!cur(p)->nl || cur(p)->indent == p->indent)) {
		next(p);
		if (here(p) == T_IF && enter(p)) {
			add(p, n, if_expr(p));
			p->depth--;
		} else {
			add(p, n, block(p));
		}
	} else {
		add(p, n, NULL);
	}
	return n;
}

static struct ast *for_expr(struct parser *p)
{
	struct ast *n = node_at(p, A_FOR, cur(p)), *name2 = NULL, *body;

	next(p);
	if (here(p) == T_LBRK) {
		struct ast *t = tuple(p);

		n->kind = A_FORIN;
		if (t->n != 2 || t->v[0]->kind != A_NAME || t->v[1]->kind != A_NAME) {
			fail(p, "expected two names: for [index, value] in array");
			n->kind = A_ERROR;
			return n;
		}
		n->text = t->v[0]->text;
		name2 = t->v[1];
	} else {
		n->text = cur(p)->text;
		expect(p, T_ID, "expected the name of the loop's variable");
		if (here(p) == T_SET) {
			next(p);
			add(p, n, expression(p));
			if (!is_word(cur(p), "to"))
				fail(p, "expected \"to\"");
			next(p);
			add(p, n, expression(p));
			if (is_word(cur(p), "by") && !cur(p)->nl) {
				next(p);
				add(p, n, expression(p));
			} else {
				add(p, n, NULL);
			}
			add(p, n, block(p));
			return n;
		}
		n->kind = A_FORIN;
	}
	if (!is_word(cur(p), "in"))
		fail(p, "expected \"=\" or \"in\"");
	next(p);
	add(p, n, expression(p));
	body = block(p);
	add(p, n, body);
	add(p, n, name2);
	return n;
}

static struct ast *while_expr(struct parser *p)
{
	struct ast *n = node_at(p, A_WHILE, cur(p));

	next(p);
	add(p, n, expression(p));
	add(p, n, block(p));
	return n;
}

static struct ast *switch_expr(struct parser *p)
{
	struct ast *n = node_at(p, A_SWITCH, cur(p));
	int outer = p->indent;

	next(p);
	add(p, n, here(p) != T_EOF ? expression(p) : NULL);
	if (!cur(p)->nl || cur(p)->t == T_EOF || cur(p)->indent <= outer) {
		fail(p, "expected the cases of this switch on lines of their own, "
		     "indented by four columns");
		return n;
	}
	p->indent = cur(p)->indent;
	while (cur(p)->nl && cur(p)->t != T_EOF && cur(p)->indent == p->indent &&
	       !p->panic) {
		struct ast *cs = node_at(p, A_CASE, cur(p));

		add(p, cs, cur(p)->t == T_ARROW ? NULL : expression(p));
		if (cur(p)->t == T_ARROW)
			next(p);
		else
			fail(p, "expected \"=>\" after the value of the case");
		add(p, cs, block(p));
		add(p, n, cs);
		if (n->n > CASES_MAX)
			fail(p, "a switch of so many cases is not read");
	}
	p->indent = outer;
	return n;
}

static struct ast *structure(struct parser *p)
{
	struct ast *n;

	if (!enter(p)) {
		p->depth--;
		return error_node(p);
	}
	switch ((int)cur(p)->t) {
	case T_IF: n = if_expr(p); break;
	case T_FOR: n = for_expr(p); break;
	case T_WHILE: n = while_expr(p); break;
	default: n = switch_expr(p); break;
	}
	p->depth--;
	return n;
}

static bool is_structure(enum tok t)
{
	return t == T_IF || t == T_FOR || t == T_WHILE || t == T_SWITCH;
}

static struct ast *literal(struct parser *p, enum ast_kind kind)
{
	struct ast *n = node_at(p, kind, cur(p));

	n->num = kind == A_BOOL ? cur(p)->t == T_TRUE : cur(p)->num;
	next(p);
	return n;
}

static struct ast *primary(struct parser *p)
{
	struct ast *n;

	switch ((int)cur(p)->t) {
	case T_INT: return literal(p, A_INT);
	case T_FLOAT: return literal(p, A_FLOAT);
	case T_STR: return literal(p, A_STR);
	case T_COLOR: return literal(p, A_COLOR);
	case T_TRUE: case T_FALSE: return literal(p, A_BOOL);
	case T_ID: return literal(p, A_NAME);
	case T_LBRK: return tuple(p);
	case T_LPAR:
		next(p);
		n = expression(p);
		expect(p, T_RPAR, "expected \")\"");
		return n;
	default:
		if (is_structure(cur(p)->t))
			return structure(p);
		fail(p, "expected a value");
		n = error_node(p);
		return n;
	}
}

static bool too_deep(struct parser *p, const struct ast *n)
{
	if (n->depth < DEPTH_MAX)
		return false;
	fail(p, "too long an expression: split it into variables");
	return true;
}

static struct ast *postfix(struct parser *p)
{
	bool gen = cur(p)->t == T_ID && generic_call(p);
	size_t start = p->i;
	struct ast *n = primary(p), *m;

	for (;;) {
		enum tok t = here(p);

		if (t == T_DOT) {
			next(p);
			m = node_at(p, A_MEMBER, cur(p));
			m->line = n->line;
			m->col = n->col;
			if (cur(p)->t == T_ID || cur(p)->t >= T_AND)
				next(p);
			else
				fail(p, "expected a name after \".\"");
			add(p, m, n);
			n = m;
		} else if (t == T_LT && gen) {
			/* the types hang on the whole dotted name */
			p->i = start;
			gen = false;
			n = generic(p, n);
		} else if (t == T_LPAR) {
			m = node_at(p, A_CALL, cur(p));
			m->line = n->line;
			m->col = n->col;
			add(p, m, n);
			call_args(p, m);
			n = m;
		} else if (t == T_LBRK) {
			m = node_at(p, A_INDEX, cur(p));
			m->line = n->line;
			m->col = n->col;
			next(p);
			add(p, m, n);
			add(p, m, expression(p));
			expect(p, T_RBRK, "expected \"]\"");
			n = m;
		} else {
			return n;
		}
		if (p->panic || too_deep(p, n))
			return n;
	}
}

static struct ast *unary(struct parser *p)
{
	enum tok t = cur(p)->t;
	struct ast *n;

	if (!enter(p)) {
		p->depth--;
		return error_node(p);
	}
	if (t == T_NOT || t == T_SUB || t == T_ADD) {
		n = node_at(p, A_UNARY, cur(p));
		n->op = t;
		next(p);
		add(p, n, unary(p));
	} else {
		n = postfix(p);
	}
	p->depth--;
	return n;
}

static int precedence(enum tok t)
{
	switch ((int)t) {
	case T_OR: return 1;
	case T_AND: return 2;
	case T_EQ: case T_NE: return 3;
	case T_LT: case T_GT: case T_LE: case T_GE: return 4;
	case T_ADD: case T_SUB: return 5;
	case T_MUL: case T_DIV: case T_MOD: return 6;
	default: return 0;
	}
}

static struct ast *binary(struct parser *p, int least)
{
	struct ast *l = unary(p);
	int prec;

	while ((prec = precedence(here(p))) >= least && prec > 0 && !p->panic &&
	       !too_deep(p, l)) {
		struct ast *n = node_at(p, A_BINARY, cur(p));

		n->op = cur(p)->t;
		n->line = l->line;
		n->col = l->col;
		next(p);
		add(p, n, l);
		add(p, n, binary(p, prec + 1));
		l = n;
	}
	return l;
}

static struct ast *expression(struct parser *p)
{
	struct ast *c, *n;

	if (!enter(p)) {
		p->depth--;
		return error_node(p);
	}
	c = binary(p, 1);
	if (here(p) == T_QUEST && !p->panic) {
		n = node_at(p, A_COND, cur(p));
		n->line = c->line;
		n->col = c->col;
		next(p);
		add(p, n, c);
		add(p, n, expression(p));
		expect(p, T_COLON, "expected \":\" of this \"?\"");
		add(p, n, expression(p));
		c = n;
	}
	p->depth--;
	return c;
}

/* --- Statements ------------------------------------------------------ */

/* Skip what is left of a statement, begun at token `from`, that could not be
 * read; at least that token. */
static void resync(struct parser *p, size_t from)
{
	if (!p->panic)
		return;
	p->panic = false;
	if (p->i == from)
		next(p);
	while (cur(p)->t != T_EOF && !(cur(p)->nl && cur(p)->indent <= p->indent))
		next(p);
}

static void statements_of_line(struct parser *p, struct ast *b)
{
	size_t from = p->i;

	add(p, b, statement(p));
	while (here(p) == T_COMMA && !p->panic) {
		next(p);
		add(p, b, statement(p));
	}
	if (!p->panic && !cur(p)->nl)
		fail(p, "expected the end of the line");
	resync(p, from);
}

/* The rest of this line, or the deeper lines that follow. */
static struct ast *block(struct parser *p)
{
	struct ast *b = node_at(p, A_BLOCK, cur(p));
	int outer = p->indent;

	if (!enter(p)) {
		p->depth--;
		return b;
	}
	if (!cur(p)->nl) {
		add(p, b, statement(p));
		while (here(p) == T_COMMA && !p->panic &&
		       ahead(p, 1)->t != T_EOF) {
			next(p);
			add(p, b, statement(p));
		}
	} else if (cur(p)->t == T_EOF || cur(p)->indent <= outer) {
		fail(p, "expected a block, indented by four columns");
	} else {
		p->indent = cur(p)->indent;
		while (cur(p)->t != T_EOF && cur(p)->nl && cur(p)->indent >= p->indent) {
			if (cur(p)->indent > p->indent)
				fail(p, "this line is indented deeper than its block");
			statements_of_line(p, b);
		}
		p->indent = outer;
	}
	p->depth--;
	return b;
}

static struct ast *params(struct parser *p, struct ast *f)
{
	next(p);				/* ( */
	while (here(p) != T_RPAR && !p->panic) {
		struct ast *a, *t = NULL;

		if (typed_name(p, 0))
			t = type_ref(p);
		a = node_at(p, A_PARAM, cur(p));
		a->type = t;
		expect(p, T_ID, "expected the name of a parameter");
		if (here(p) == T_SET) {
			next(p);
			add(p, a, expression(p));
		} else {
			add(p, a, NULL);
		}
		add(p, f, a);
		if (here(p) != T_COMMA)
			break;
		next(p);
	}
	expect(p, T_RPAR, "expected \",\" or \")\" in the list of parameters");
	expect(p, T_ARROW, "expected \"=>\"");
	return f;
}

static struct ast *function(struct parser *p, unsigned flags)
{
	struct ast *f, *body;

	if (flags & AF_METHOD)
		next(p);
	f = node_at(p, A_FUNC, cur(p));
	f->flags = flags;
	add(p, f, NULL);
	next(p);
	params(p, f);
	body = block(p);
	f->v[0] = body;
	return f;
}

/* The fields of a type or of an enum, one to a line. */
static struct ast *fields(struct parser *p, enum ast_kind kind, unsigned flags)
{
	struct ast *n;
	int outer = p->indent;

	next(p);
	n = node_at(p, kind, cur(p));
	n->flags = flags;
	next(p);
	if (!cur(p)->nl || cur(p)->indent <= outer) {
		fail(p, "expected the fields on lines of their own, indented by "
		     "four columns");
		return n;
	}
	p->indent = cur(p)->indent;
	while (cur(p)->nl && cur(p)->t != T_EOF && cur(p)->indent == p->indent) {
		struct ast *f, *t = NULL;
		size_t from = p->i;

		if (is_word(cur(p), "varip") || cur(p)->t == T_VARIP)
			next(p);
		if (kind == A_TYPE)
			t = type_ref(p);
		f = node_at(p, A_FIELD, cur(p));
		f->type = t;
		expect_name(p, "expected the name of a field");
		if (here(p) == T_SET) {
			next(p);
			add(p, f, expression(p));
		} else {
			add(p, f, NULL);
		}
		add(p, n, f);
		if (!p->panic && !cur(p)->nl)
			fail(p, "expected the end of the line");
		resync(p, from);
	}
	p->indent = outer;
	return n;
}

/* import user/name/1 as alias */
static struct ast *import(struct parser *p)
{
	struct ast *n = node_at(p, A_IMPORT, cur(p));

	next(p);
	for (int i = 0; i < 2; i++) {
		add(p, n, node_at(p, A_NAME, cur(p)));
		n->text = cur(p)->text;
		expect(p, T_ID, "expected user/library/version");
		expect(p, T_DIV, "expected user/library/version");
	}
	n->num = here(p) == T_INT && !p->panic ? cur(p)->num : -1;	/* -1: not read */
	expect(p, T_INT, "expected the version of the library");
	if (is_word(cur(p), "as") && !cur(p)->nl) {
		next(p);
		n->text = cur(p)->text;
		expect(p, T_ID, "expected a name for the library");
	}
	return n;
}

static struct ast *declaration(struct parser *p, unsigned flags)
{
	struct ast *t = NULL, *n;

	if (typed_name(p, 0))
		t = type_ref(p);
	n = node_at(p, A_DECL, cur(p));
	n->type = t;
	n->flags = flags;
	expect_name(p, "expected the name of a variable");
	expect(p, T_SET, "expected \"=\"");
	add(p, n, expression(p));
	return n;
}

/* [a, b] = ... */
static bool tuple_decl_here(const struct parser *p)
{
	size_t k = 1;

	if (cur(p)->t != T_LBRK)
		return false;
	while (ahead(p, k)->t == T_ID || ahead(p, k)->t == T_COMMA)
		k++;
	return ahead(p, k)->t == T_RBRK && ahead(p, k + 1)->t == T_SET;
}

static struct ast *tuple_declaration(struct parser *p, unsigned flags)
{
	struct ast *n = node_at(p, A_TUPLEDECL, cur(p)), *names = tuple(p);

	next(p);				/* = */
	n->flags = flags;
	add(p, n, expression(p));
	for (size_t i = 0; i < names->n; i++)
		add(p, n, names->v[i]);
	return n;
}

/* name(...) => */
static bool function_here(const struct parser *p, size_t k)
{
	int depth = 0;

	if (ahead(p, k)->t != T_ID || ahead(p, k + 1)->t != T_LPAR)
		return false;
	for (k++;; k++) {
		enum tok t = ahead(p, k)->t;

		if (t == T_EOF)
			return false;
		if (t == T_LPAR)
			depth++;
		if (t == T_RPAR && --depth == 0)
			return ahead(p, k + 1)->t == T_ARROW &&
			       !ahead(p, k + 1)->nl;
	}
}

static bool declaration_here(const struct parser *p)
{
	size_t e = 0;

	if (cur(p)->t != T_ID)
		return false;
	if (ahead(p, 1)->t == T_SET)
		return true;
	if (!typed_name(p, 0))
		return false;
	if (is_qualifier(cur(p)))
		e = 1;
	e = scan_type(p, e);
	return ahead(p, e)->t == T_SET ||
	       (ahead(p, e)->t == T_ID && ahead(p, e + 1)->t == T_SET);
}

static struct ast *definition(struct parser *p)
{
	unsigned flags = 0;

	if (is_word(cur(p), "export") && ahead(p, 1)->t == T_ID && !ahead(p, 1)->nl) {
		flags |= AF_EXPORT;
		next(p);
	}
	if (is_word(cur(p), "method") && function_here(p, 1))
		return function(p, flags | AF_METHOD);
	if (function_here(p, 0))
		return function(p, flags);
	if (ahead(p, 1)->t == T_ID && !ahead(p, 1)->nl && ahead(p, 2)->nl) {
		if (is_word(cur(p), "type"))
			return fields(p, A_TYPE, flags);
		if (is_word(cur(p), "enum"))
			return fields(p, A_ENUM, flags);
	}
	if (is_word(cur(p), "import") && ahead(p, 1)->t == T_ID && !ahead(p, 1)->nl)
		return import(p);
	return declaration_here(p) ? declaration(p, flags) : NULL;
}

static struct ast *statement(struct parser *p)
{
	struct ast *n, *l;
	enum tok t = cur(p)->t;

	if (t == T_BREAK || t == T_CONTINUE) {
		n = node_at(p, t == T_BREAK ? A_BREAK : A_CONTINUE, cur(p));
		next(p);
		return n;
	}
	if (t == T_VAR || t == T_VARIP) {
		unsigned flags = t == T_VAR ? AF_VAR : AF_VAR | AF_VARIP;

		next(p);
		return tuple_decl_here(p) ? tuple_declaration(p, flags) :
					    declaration(p, flags);
	}
	if (tuple_decl_here(p))
		return tuple_declaration(p, 0);
	if (t == T_ID) {
		n = definition(p);
		if (n != NULL)
			return n;
	}
	l = expression(p);
	t = here(p);
	if (t < T_ASSIGN || t > T_MODSET || p->panic)
		return l;
	n = node_at(p, A_ASSIGN, cur(p));
	n->op = t;
	n->line = l->line;
	n->col = l->col;
	next(p);
	add(p, n, l);
	add(p, n, expression(p));
	return n;
}

struct ast *parse(struct comp *c, const struct tokens *toks)
{
	struct parser p = { .c = c, .v = toks->v, .n = toks->n };
	struct ast *root = node_at(&p, A_BLOCK, &toks->v[0]);

	while (cur(&p)->t != T_EOF) {
		if (cur(&p)->nl && cur(&p)->indent > 0)
			fail(&p, "this line is indented, but no block is open");
		if (!p.panic)
			statements_of_line(&p, root);
		else
			resync(&p, p.i);
	}
	return root;
}
