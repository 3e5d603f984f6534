/* Laying a script out afresh.  Only blanks change: indentation becomes four
 * columns a step, operators and commas get their usual spaces, trailing blanks
 * and surplus empty lines go.  Comments and texts stay as they are. */
#include "config.h"

#include <string.h>

#include "script/ast_i.h"

static bool tight_before(enum tok t)
{
	return t == T_COMMA || t == T_RPAR || t == T_RBRK || t == T_DOT || t == T_LBRK;
}

static bool is_operand(enum tok t)
{
	return (t >= T_INT && t <= T_ID) || t == T_RPAR || t == T_RBRK || t == T_TRUE ||
	       t == T_FALSE;
}

/* Is there a space between a and b, of which `before` stands left of a? */
static bool spaced(const struct token *before, const struct token *a,
		   const struct token *b, bool was)
{
	bool unary = (a->t == T_SUB || a->t == T_ADD) &&
		     (before == NULL || !is_operand(before->t));

	if (a->t == T_LPAR || a->t == T_LBRK || a->t == T_DOT || unary)
		return false;
	if (b->t == T_LBRK)		/* a history bracket, or a tuple */
		return !is_operand(a->t);
	if (tight_before(b->t))
		return false;
	if (b->t == T_LPAR)
		return !(a->t == T_ID || a->t == T_RPAR || a->t == T_GT) || was;
	if (a->t == T_LT || b->t == T_LT || a->t == T_GT || b->t == T_GT)
		return was;		/* may be array<float> */
	return true;
}

static const char *at_of(const char *src, const struct token *k, const size_t *lines)
{
	return src + lines[k->line - 1] + (size_t)(k->col - 1);
}

static size_t token_len(const struct token *k)
{
	return (size_t)(k->end_col - k->col);
}

/* The comment at the end of a physical line, if any. */
static struct str comment_of(struct str line, const struct token *last, size_t from)
{
	size_t i = last != NULL ? (size_t)(last->end_col - 1) : from;

	for (; i + 1 < line.n; i++)
		if (line.p[i] == '/' && line.p[i + 1] == '/')
			return str_trim(str_n(line.p + i, line.n - i));
	return str_n(line.p, 0);
}

static void put_line(struct sbuf *b, const char *src, const struct tokens *t, size_t i,
		     size_t n, const size_t *lines)
{
	for (size_t k = i; k < n; k++) {
		const struct token *a = k > i ? &t->v[k - 1] : NULL, *c = &t->v[k];

		if (a != NULL && spaced(k > i + 1 ? a - 1 : NULL, a, c,
					c->col > a->end_col))
			sbuf_add(b, " ", 1);
		sbuf_add(b, at_of(src, c, lines), token_len(c));
	}
}

static size_t leading(struct str line)
{
	size_t w = 0;

	for (size_t i = 0; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++)
		w = line.p[i] == '\t' ? w / 4 * 4 + 4 : w + 1;
	return w;
}

/* The text laid out; what cannot be read is refused. */
static int lay_out(struct arena *out, const char *source, size_t n, struct tokens *t,
		   const char **ret, struct err *err)
{
	struct diags d = { 0 };
	struct comp c = { .out = out, .tmp = out, .src = str_n(source, n), .version = 6,
			  .diags = &d };
	struct str rest = c.src, line;
	size_t k = 0, at = 0, empty = 0, count = 1, *lines;
	struct sbuf b;
	int no = 0;

	for (size_t i = 0; i < n; i++)
		count += source[i] == '\n';
	lines = NEW_N(out, size_t, count + 1);
	sbuf_init(&b, out, 4 * SCRIPT_SOURCE_MAX);
	lex(&c, t);
	parse(&c, t);
	if (c.errors > 0)
		return FAIL(err, E_INVAL, "line %d: %s", d.v[0].line, d.v[0].msg);
	while (n > 0 && str_split(&rest, '\n', &line)) {
		size_t first = k, w = leading(line);
		struct str note;

		lines[no++] = at;
		at += line.n + 1;
		while (t->v[k].t != T_EOF && t->v[k].line == no)
			k++;
		note = comment_of(line, k > first ? &t->v[k - 1] : NULL, 0);
		if (k == first && note.n == 0) {
			empty++;
			continue;
		}
		if (b.len > 0 && empty > 0)
			sbuf_add(&b, "\n", 1);
		empty = 0;
		sbuf_addf(&b, "%*s", (int)(w > 200 ? 200 : w), "");
		put_line(&b, source, t, first, k, lines);
		sbuf_addf(&b, "%s%.*s\n", note.n > 0 && k > first ? "  " : "",
			  STR_ARG(note));
	}
	*ret = sbuf_finish(&b);
	return *ret != NULL ? 0 : FAIL(err, E_TOOBIG, "the script is too long");
}

static bool same_tokens(const struct tokens *a, const struct tokens *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct token *x = &a->v[i], *y = &b->v[i];

		if (x->t != y->t || x->nl != y->nl || x->indent != y->indent ||
		    !str_eq(x->text, y->text))
			return false;
	}
	return true;
}

int script_format(struct arena *out, const char *source, size_t n, const char **ret,
		  struct err *err)
{
	const char *one = NULL, *two = NULL;
	int rc;

	if (n > SCRIPT_SOURCE_MAX)
		return FAIL(err, E_INVAL, "the script is too long");
	if (!str_utf8_valid(str_n(source, n)) || memchr(source, '\0', n) != NULL)
		return FAIL(err, E_INVAL, "the script is not UTF-8 text");
	SCOPE(tmp, out) {
		struct tokens a = { 0 }, b = { 0 };

		rc = lay_out(tmp, source, n, &a, &one, err);
		if (rc < 0)
			return rc;
		/* The promise is kept by looking: the same words in the same
		 * places, and nothing left to do.  Else all stays as it was. */
		if (lay_out(tmp, one, strlen(one), &b, &two, NULL) == 0 &&
		    same_tokens(&a, &b) && strcmp(one, two) == 0)
			*ret = arena_strdup(out, one);
		else
			*ret = str_dup(out, str_n(source, n));
	}
	return 0;
}
