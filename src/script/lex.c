#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/ast_i.h"

struct lexer {
	struct comp *c;
	struct tokens *ret;
	const char *s;
	size_t n, i, line_start;
	int line, depth;		/* depth: open brackets */
};

const char *tok_name(enum tok t)
{
	static const char *const names[] = {
#define X(n, s) s,
		TOKENS(X)
#undef X
	};

	assert(t < T__MAX);
	return names[t];
}

void diag_add(struct comp *c, enum diag_severity s, int line, int col,
	      int end_col, const char *code, const char *fmt, ...)
{
	char msg[400];
	va_list ap;

	if (s == DIAG_ERROR)
		c->errors++;
	if (c->diags->n >= DIAGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	if (c->library != NULL) {
		char *in = arena_printf(c->tmp, "the library %s, line %d: %s", c->library, line,
					msg);

		*array_push(c->out, c->diags) = (struct diag){ .severity = s,
			.line = c->at_line, .col = c->at_col, .end_col = c->at_end,
			.code = code, .msg = arena_strdup(c->out, in) };
		return;
	}
	*array_push(c->out, c->diags) = (struct diag){
		.severity = s, .line = line, .col = col,
		.end_col = end_col > col ? end_col : col + 1,
		.code = code, .msg = arena_strdup(c->out, msg) };
}

static int peek(const struct lexer *x, size_t k)
{
	return x->i + k < x->n ? (unsigned char)x->s[x->i + k] : 0;
}

static bool is_digit(int c) { return c >= '0' && c <= '9'; }
static bool is_alpha(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int column(const struct lexer *x, size_t i)
{
	return (int)(i - x->line_start) + 1;
}

static void lex_error(struct lexer *x, size_t from, const char *msg)
{
	diag_add(x->c, DIAG_ERROR, x->line, column(x, from), column(x, x->i),
		 "SYNTAX", "%s", msg);
}

static struct token *push(struct lexer *x, enum tok t, size_t from)
{
	struct token *k = array_push(x->c->tmp, x->ret);

	*k = (struct token){ .t = t, .line = x->line, .col = column(x, from),
		.end_col = column(x, x->i),
		.text = str_n(x->s + from, x->i - from) };
	return k;
}

/* The annotation "//@version=5" anywhere at the start of a comment. */
static void comment(struct lexer *x)
{
	size_t from = x->i;
	struct str s;

	while (x->i < x->n && x->s[x->i] != '\n')
		x->i++;
	s = str_trim(str_n(x->s + from + 2, x->i - from - 2));
	if (str_starts(s, "@version=") && s.n > 9 && is_digit(s.p[9])) {
		x->c->version = s.p[9] - '0';
		x->c->version_seen = true;
		if (x->c->version < 4 || x->c->version > 6 || s.n > 10)
			lex_error(x, from, "versions 4, 5 and 6 of the language "
				  "are understood; convert the script first");
	}
}

static void number(struct lexer *x)
{
	size_t from = x->i;
	bool real = false;
	char buf[64];
	struct token *k;

	while (is_digit(peek(x, 0)))
		x->i++;
	if (peek(x, 0) == '.' && !is_alpha(peek(x, 1))) {
		real = true;
		x->i++;
		while (is_digit(peek(x, 0)))
			x->i++;
	}
	if ((peek(x, 0) == 'e' || peek(x, 0) == 'E') &&
	    (is_digit(peek(x, 1)) ||
	     ((peek(x, 1) == '+' || peek(x, 1) == '-') && is_digit(peek(x, 2))))) {
		real = true;
		x->i += 2;
		while (is_digit(peek(x, 0)))
			x->i++;
	}
	if (is_alpha(peek(x, 0)))
		lex_error(x, from, "a letter right behind a number: a name cannot "
			  "begin with a digit");
	if (x->i - from >= sizeof(buf)) {
		lex_error(x, from, "this number has too many digits");
		return;
	}
	memcpy(buf, x->s + from, x->i - from);
	buf[x->i - from] = '\0';
	k = push(x, real ? T_FLOAT : T_INT, from);
	k->num = strtod(buf, NULL);
}

static void text(struct lexer *x)
{
	char q = x->s[x->i], *buf;
	size_t from = x->i++, n = 0, end;
	struct token *k;

	for (end = x->i; end < x->n && x->s[end] != q && x->s[end] != '\n'; end++)
		if (x->s[end] == '\\' && end + 1 < x->n && x->s[end + 1] != '\n')
			end++;
	buf = arena_alloc(x->c->out, end - x->i + 1);
	while (x->i < end) {
		char ch = x->s[x->i++];

		if (ch == '\\' && x->i < end) {
			ch = x->s[x->i++];
			ch = ch == 'n' ? '\n' : ch == 't' ? '\t' : ch;
		}
		buf[n++] = ch;
	}
	if (x->i < x->n && x->s[x->i] == q)
		x->i++;
	else
		lex_error(x, from, "this text has no closing quotation mark on "
			  "its line");
	k = push(x, T_STR, from);
	k->text = str_n(buf, n);
}

/* #RRGGBB or #RRGGBBAA, kept as 0xAARRGGBB. */
static void color(struct lexer *x)
{
	size_t from = x->i++, d;
	uint32_t v = 0, a = 0xff;
	struct token *k;

	for (d = 0; d < 8; d++) {
		int ch = peek(x, 0), h;

		if (is_digit(ch))
			h = ch - '0';
		else if ((ch | 32) >= 'a' && (ch | 32) <= 'f')
			h = (ch | 32) - 'a' + 10;
		else
			break;
		v = v << 4 | (uint32_t)h;
		x->i++;
	}
	if (d == 8) {
		a = v & 0xff;
		v >>= 8;
	} else if (d != 6) {
		lex_error(x, from, "a colour has 6 or 8 hexadecimal digits: #RRGGBB");
	}
	k = push(x, T_COLOR, from);
	k->num = (double)(a << 24 | v);
}

static void word(struct lexer *x)
{
	size_t from = x->i;
	struct token *k;

	while (is_alpha(peek(x, 0)) || is_digit(peek(x, 0)))
		x->i++;
	k = push(x, T_ID, from);
	for (enum tok t = T_AND; t < T__MAX; t++)
		if (str_eqc(k->text, tok_name(t)))
			k->t = t;
}

static void punctuation(struct lexer *x)
{
	size_t from = x->i, len = 0;
	enum tok best = T_EOF;

	for (enum tok t = T_LPAR; t < T_AND; t++) {
		const char *s = tok_name(t);
		size_t n = strlen(s);

		if (n > len && x->n - x->i >= n && memcmp(x->s + x->i, s, n) == 0) {
			best = t;
			len = n;
		}
	}
	if (best == T_EOF) {
		x->i++;
		while ((peek(x, 0) & 0xc0) == 0x80)	/* rest of a UTF-8 letter */
			x->i++;
		lex_error(x, from, "this character has no meaning here");
		return;
	}
	x->i += len;
	if (best == T_LPAR || best == T_LBRK)
		x->depth++;
	else if ((best == T_RPAR || best == T_RBRK) && x->depth > 0)
		x->depth--;
	push(x, best, from);
}

/* A line that ends in one of these is not over. */
static bool wants_more(enum tok t)
{
	return t == T_COMMA || t == T_DOT || t == T_QUEST || t == T_COLON ||
	       (t >= T_EQ && t <= T_OR);
}

/* At the first token of a physical line: does it begin a logical one? */
static void line_begin(struct lexer *x, struct token *k, int width)
{
	struct token *prev = k > x->ret->v ? k - 1 : NULL;

	if (x->depth > 0 && prev != NULL)
		return;
	if (prev != NULL && (width % 4 != 0 || wants_more(prev->t)))
		return;
	if (k->t == T_QUEST || k->t == T_COLON || k->t == T_AND || k->t == T_OR)
		return;
	k->nl = true;
	k->indent = width / 4;
}

static int indentation(struct lexer *x)
{
	int w = 0;

	for (; x->i < x->n; x->i++) {
		if (x->s[x->i] == '\t')
			w = w / 4 * 4 + 4;
		else if (x->s[x->i] == ' ')
			w++;
		else
			break;
	}
	return w;
}

static void one_token(struct lexer *x)
{
	int ch = peek(x, 0);

	if (is_digit(ch) || (ch == '.' && is_digit(peek(x, 1))))
		number(x);
	else if (is_alpha(ch))
		word(x);
	else if (ch == '"' || ch == '\'')
		text(x);
	else if (ch == '#')
		color(x);
	else
		punctuation(x);
}

void lex(struct comp *c, struct tokens *ret)
{
	struct lexer x = { .c = c, .ret = ret, .s = c->src.p, .n = c->src.n,
			   .line = 1 };
	int width = 0;
	bool fresh = true;		/* nothing of this line seen yet */

	if (x.n >= 3 && memcmp(x.s, "\xef\xbb\xbf", 3) == 0)
		x.i = x.line_start = 3;
	while (x.i < x.n) {
		int ch;
		size_t had = ret->n, depth = (size_t)x.depth;

		if (fresh)
			width = indentation(&x);
		ch = peek(&x, 0);
		if (ch == '\n') {
			x.i++;
			x.line++;
			x.line_start = x.i;
			fresh = true;
			continue;
		}
		if (ch == ' ' || ch == '\t' || ch == '\r' || x.i >= x.n) {
			x.i++;
			continue;
		}
		if (ch == 0xc2 && peek(&x, 1) == 0xa0) {	/* as web pages have it */
			x.i += 2;
			continue;
		}
		if (ch == '/' && peek(&x, 1) == '/') {
			comment(&x);
			continue;
		}
		one_token(&x);
		if (fresh && ret->n > had) {
			int now = x.depth;

			x.depth = (int)depth;
			line_begin(&x, &ret->v[had], width);
			x.depth = now;
		}
		fresh = false;
	}
	x.i = x.n;
	push(&x, T_EOF, x.n)->nl = true;
}
