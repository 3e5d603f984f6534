/* import user/name/version: the functions, types and constants of a library,
 * which the host finds, behind the name of the library or its alias. */
#include "config.h"

#include "script/lib_i.h"

#define IMPORTS_MAX 16

/* Behind a script that is kept stand the libraries it was kept with:
 *
 *	//@library user/name/version
 *	//|a line of it
 */
static bool behind_script(struct gen *g, const struct ast *n, struct str *ret)
{
	struct str all = g->c->src, line, head = str_c(arena_printf(g->c->tmp,
		"//@library %.*s/%.*s/%d", STR_ARG(n->v[0]->text), STR_ARG(n->v[1]->text),
		(int)n->num));
	bool here = false, found = false;
	struct sbuf b;
	const char *text;

	sbuf_init(&b, g->c->tmp, 2 * SCRIPT_SOURCE_MAX);
	while (str_split(&all, '\n', &line)) {
		if (str_starts(line, "//@library ")) {
			here = !found && str_eq(str_trim(line), head);
			found = found || here;
		} else if (here && str_starts(line, "//|")) {
			sbuf_add(&b, line.p + 3, line.n - 3);
			sbuf_add(&b, "\n", 1);
		} else {
			here = false;
		}
	}
	text = sbuf_finish(&b);
	if (found && text != NULL)
		*ret = str_c(text);
	return found && text != NULL;
}

static bool find_source(struct gen *g, const struct ast *n, struct str *ret)
{
	const struct str user = n->v[0]->text, name = n->v[1]->text;
	const struct script_options *o = g->opt;

	if (behind_script(g, n, ret))
		return true;
	if (o != NULL && o->library != NULL &&
	    o->library(o->library_ctx, g->c->tmp, user, name, (int)n->num, ret) == 0)
		return true;
	ERR_AT(g->c, n, "UNSUPPORTED", "the library %.*s/%.*s is not here: save its source under "
	       "the name \"%.*s\", or copy the functions you need into the script",
	       STR_ARG(user), STR_ARG(name), STR_ARG(name));
	return false;
}

/* What is declared: functions, types and values that never change. */
static void take_statements(struct gen *g, const struct ast *root)
{
	for (size_t i = 0; i < root->n; i++) {
		const struct ast *s = root->v[i];

		if (s->kind == A_FUNC || s->kind == A_TYPE || s->kind == A_ENUM ||
		    (s->kind == A_DECL && !(s->flags & AF_VAR)))
			gen_stmt(g, s, false);
		else if (s->kind == A_IMPORT)
			ERR_AT(g->c, s, "UNSUPPORTED", "a library that imports another one");
	}
}

/* Its declarations, in a scope of their own; NULL: it cannot be read. */
static struct library *compile_library(struct gen *g, struct str src, struct str name,
				       const struct ast *at)
{
	struct diags d = { 0 };
	struct tokens toks = { 0 };
	struct comp c = *g->c;
	struct library *lib = NEW(g->c->tmp, struct library), *outer = g->lib;
	struct scope *home = NEW(g->c->tmp, struct scope), *scope = g->scope;
	const struct ast *root;
	int version = g->c->version;

	c.src = src;
	c.diags = &d;
	c.errors = 0;
	c.version = 6;
	c.version_seen = false;
	if (c.src.n > SCRIPT_SOURCE_MAX || !str_utf8_valid(c.src))
		return NULL;
	lex(&c, &toks);
	root = parse(&c, &toks);
	if (c.errors > 0) {
		ERR_AT(g->c, at, "IMPORT", "the library %.*s, line %d: %s",
		       STR_ARG(name), d.v[0].line, d.v[0].msg);
		return NULL;
	}
	*lib = (struct library){ home, str_dup(g->c->tmp, name), c.version };
	gen_survey(g, root);
	library_enter(g, lib, at);
	g->scope = home;
	take_statements(g, root);
	g->scope = scope;
	library_leave(g, outer, version);
	return lib;
}

void gen_import(struct gen *g, const struct ast *n)
{
	struct library *lib;
	struct str src;

	if (++g->imports > IMPORTS_MAX) {
		ERR_AT(g->c, n, "LIMIT", "more than %d imports", IMPORTS_MAX);
		return;
	}
	if (n->n < 2 || n->num < 0 || !find_source(g, n, &src))
		return;
	lib = compile_library(g, src, n->v[1]->text, n);
	if (lib != NULL)
		sym_add(g, n->text, SYM_LIB, n)->lib = lib;
}

struct sym *prelude_function(struct gen *g, const char *name, const struct ast *at)
{
	if (g->prelude == NULL)
		g->prelude = compile_library(g, str_c(script_prelude), STR("ta"), at);
	for (struct sym *y = g->prelude != NULL ? g->prelude->scope->syms : NULL; y != NULL;
	     y = y->next)
		if (str_eqc(y->name, name))
			return y;
	return NULL;
}

/* While a library's code is compiled, what is wrong with it is said at the
 * place of the script that brought it in. */
void library_enter(struct gen *g, struct library *lib, const struct ast *at)
{
	if (g->lib == NULL && lib != NULL) {
		g->c->at_line = at->line;
		g->c->at_col = at->col;
		g->c->at_end = at->end_col;
	}
	g->lib = lib;
	g->c->library = lib != NULL ? lib->name : NULL;
	g->c->version = lib != NULL ? lib->version : g->c->version;
}

void library_leave(struct gen *g, struct library *outer, int version)
{
	g->lib = outer;
	g->c->library = outer != NULL ? outer->name : NULL;
	g->c->version = version;
}

/* alias.name, or NULL. */
struct sym *library_member(struct gen *g, const struct ast *base, struct str name)
{
	const struct sym *s = base->kind == A_NAME ? sym_find(g, base->text) : NULL;

	if (s == NULL || s->kind != SYM_LIB)
		return NULL;
	for (struct sym *y = s->lib->scope->syms; y != NULL; y = y->next)
		if (str_eq(y->name, name) && (y->kind != SYM_FUNC || y->func->flags & AF_EXPORT))
			return y;
	return NULL;
}
