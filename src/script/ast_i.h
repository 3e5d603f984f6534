#ifndef SCRIPT_AST_I_H
#define SCRIPT_AST_I_H
/* ast_i.h - tokens and the untyped tree.
 *
 * Layout is not made of tokens: each token knows whether it begins a logical
 * line and how far that line is indented (in steps of four columns; a tab is
 * a step).  A line whose indentation is no multiple of four continues the
 * one above, and so does every line inside brackets. */
#include "core/array.h"
#include "script/script.h"

#define NEST_MAX 128			/* of blocks and expressions */
#define DEPTH_MAX 300			/* of one expression's tree */
#define CASES_MAX 300
#define DIAGS_MAX 100

#define TOKENS(X)							\
	X(EOF, "end of file") X(INT, "number") X(FLOAT, "number")	\
	X(STR, "text") X(COLOR, "colour") X(ID, "name")		\
	X(LPAR, "(") X(RPAR, ")") X(LBRK, "[") X(RBRK, "]")		\
	X(COMMA, ",") X(DOT, ".") X(QUEST, "?") X(COLON, ":")		\
	X(ARROW, "=>") X(SET, "=") X(ASSIGN, ":=")			\
	X(ADDSET, "+=") X(SUBSET, "-=") X(MULSET, "*=")			\
	X(DIVSET, "/=") X(MODSET, "%=")					\
	X(EQ, "==") X(NE, "!=") X(LE, "<=") X(GE, ">=")			\
	X(LT, "<") X(GT, ">") X(ADD, "+") X(SUB, "-")			\
	X(MUL, "*") X(DIV, "/") X(MOD, "%")				\
	X(AND, "and") X(OR, "or") X(NOT, "not") X(IF, "if")		\
	X(ELSE, "else") X(FOR, "for") X(WHILE, "while")			\
	X(SWITCH, "switch") X(VAR, "var") X(VARIP, "varip")		\
	X(TRUE, "true") X(FALSE, "false") X(BREAK, "break")		\
	X(CONTINUE, "continue")

enum tok {
#define X(n, s) T_##n,
	TOKENS(X)
#undef X
	T__MAX
};

struct token {
	enum tok t;
	int line, col, end_col;
	bool nl;		/* first of a logical line */
	int indent;		/* of that line, in steps */
	struct str text;	/* as written; of T_STR: with escapes resolved */
	double num;
};
struct tokens { struct token *v; size_t n, size; };

enum ast_kind {
	A_ERROR, A_INT, A_FLOAT, A_STR, A_COLOR, A_BOOL, A_NAME, A_MEMBER,
	A_CALL, A_ARG, A_INDEX, A_UNARY, A_BINARY, A_COND, A_TUPLE, A_IF,
	A_FOR, A_FORIN, A_WHILE, A_SWITCH, A_CASE, A_BLOCK, A_DECL,
	A_TUPLEDECL, A_ASSIGN, A_FUNC, A_PARAM, A_TYPE, A_FIELD, A_ENUM,
	A_IMPORT, A_BREAK, A_CONTINUE, A_TYPEREF,
};

#define AF_VAR		1u
#define AF_VARIP	2u
#define AF_EXPORT	4u
#define AF_METHOD	8u
#define AF_ARRAY	16u	/* typeref: T[] */
#define AF_SIMPLE	32u	/* typeref: simple, input or const asked for */
#define AF_CONST	64u
#define AF_SERIES	128u

/* Children by kind, `-` where absent (NULL):
 *   MEMBER obj | CALL callee ARG... | ARG value (text = its name or "")
 *   INDEX x offset | UNARY x | BINARY l r | COND c a b | TUPLE x...
 *   IF c BLOCK else(BLOCK, IF or -) | FOR from to by(-) BLOCK (text = name)
 *   FORIN x BLOCK name1 name2(-) | WHILE c BLOCK | SWITCH subject(-) CASE...
 *   CASE c(-) BLOCK | BLOCK statement... | DECL init | TUPLEDECL init NAME...
 *   ASSIGN target value | FUNC BLOCK PARAM... | PARAM default(-)
 *   IMPORT user library (text = its name here, num = version)
 *   TYPE FIELD... | FIELD default(-) | ENUM FIELD... | TYPEREF TYPEREF... */
struct ast {
	enum ast_kind kind;
	enum tok op;
	int line, col, end_col;
	int depth;		/* of the tree below */
	unsigned flags;
	struct str text;
	double num;
	struct ast *type;	/* TYPEREF of DECL, PARAM, FIELD; of CALL: <...> */
	struct ast **v;
	size_t n, size;
};

/* What one compilation shares. */
struct comp {
	struct arena *out;	/* the program and its diagnostics */
	struct arena *tmp;	/* goes when the compilation is done */
	struct str src;
	int version;
	bool version_seen;
	struct diags *diags;
	size_t errors;
	const char *library;	/* being compiled; brought in at this place */
	int at_line, at_col, at_end;
};

void diag_add(struct comp *c, enum diag_severity s, int line, int col,
	      int end_col, const char *code, const char *fmt, ...)
	PRINTF_LIKE(7, 8);
#define ERR_AT(c, n, code, ...) \
	diag_add((c), DIAG_ERROR, (n)->line, (n)->col, (n)->end_col, code, __VA_ARGS__)
#define WARN_AT(c, n, code, ...) \
	diag_add((c), DIAG_WARNING, (n)->line, (n)->col, (n)->end_col, code, __VA_ARGS__)

const char *tok_name(enum tok t);
/* Whole source to tokens, the last being T_EOF; sets version. */
void lex(struct comp *c, struct tokens *ret);
struct ast *parse(struct comp *c, const struct tokens *toks) NONNULL_RET;

#endif /* SCRIPT_AST_I_H */
