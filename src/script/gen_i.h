#ifndef SCRIPT_GEN_I_H
#define SCRIPT_GEN_I_H
/* gen_i.h - from the untyped tree to a program: types, qualifiers, code.
 *
 * One walk does all: it gives each expression a type and a rate (prog_i.h)
 * and emits what must be computed at that rate.  User functions are expanded
 * at each call, which is what gives every call its own state and lets their
 * pure parts become columns. */
#include "script/prog_i.h"
#include "script/rows_i.h"

enum base {
	TY_VOID, TY_NA, TY_BOOL, TY_INT, TY_FLOAT, TY_STRING, TY_COLOR,
	TY_PLOT, TY_DRAWING, TY_ARRAY, TY_MAP, TY_MATRIX, TY_RECORD, TY_ENUM,
	TY_TUPLE, TY_ERROR,
};
struct type {
	enum base b;
	const struct type *elem, *key;
	struct str name;		/* of records, enums and drawings */
	const struct ast *def;
	struct str *field;		/* records, enums */
	const struct type **fty;
	const struct type *next;
	size_t n;
};

enum qual { Q_CONST, Q_INPUT, Q_SIMPLE, Q_SERIES };

struct val {
	const struct type *ty;
	enum rate rate;
	enum qual qual;
	int reg;			/* ONCE, BAR */
	int col, shift;			/* COL */
	int hist;			/* of a variable; -1: none */
	double k;			/* CONST */
	bool source_input, lval;	/* lval: a variable that may change */
	struct val *tup;
	size_t n;
};

enum sym_kind { SYM_VALUE, SYM_FUNC, SYM_TYPE, SYM_LIB };
struct library { struct scope *scope; const char *name; int version; };
struct sym {
	struct sym *next;
	enum sym_kind kind;
	struct str name;
	struct val v;
	const struct ast *func;
	const struct type *type;
	bool mut, active, is_input;
	int depth;
	const struct ast *decl;
	struct library *lib;		/* it comes from, or (SYM_LIB) is */
};
struct scope { struct scope *up; struct sym *syms; };

struct buf { VEC(struct ins) code; VEC(int) lines; };

struct loop { struct loop *up; int id; };	/* id marks its jumps, see loop_end */

struct name { struct name *next; struct str s; };
struct kreg { struct kreg *next; double k; int reg; };
struct bcast { struct bcast *next; int reg, col; };

struct kept { struct kept *next; const char *name; struct val v; };

/* A user function being expanded, and a block being compiled. */
struct args;
struct frame {
	struct frame *up;
	const struct ast *func;
	const struct args *a;
	size_t stmt;
};
/* A block that is open, and which of its statements; or a loop, by its node. */
struct nest { struct nest *up; const struct ast *block, *loop; size_t stmt; };

struct gen {
	struct comp *c;
	struct script_prog *p;
	struct buf init, before, *cur;	/* before: ahead of the bar's own code */
	struct kept *kept;
	struct scope global, *scope;
	struct loop *loop;
	int cond;			/* > 0: maybe not run on each bar */
	int inner;			/* > 0: inside a block or a branch */
	struct val guard;		/* ONCE: this place is never reached if false */
	int depth, line;
	size_t work;
	int loops;
	bool in_init, declared, full;
	const struct type *types;
	struct name *muts[256], *hists[256];
	struct kreg *kregs[256];
	struct bcast *bcasts;
	const struct ast *input_name;	/* the declaration an input feeds */
	VEC(struct sym *) methods;
	const struct script_options *opt;
	const struct ast *root;
	size_t stmt;			/* of the root, being compiled */
	struct frame *frame;
	struct nest *nest;
	struct library *lib;		/* whose code is being compiled */
	struct library *prelude;	/* NULL: not wanted so far */
	int imports;
	int loops_open;			/* around this place, callers' too */
	struct gen *parent;		/* of a sub-program, see gen_security.c */
	VEC(const struct ast *) input_at;	/* where each input stands */
	VEC(int) input_map;		/* sub-program: the parent's input */
};

extern const struct type ty_void, ty_na, ty_bool, ty_int, ty_float, ty_string,
	ty_color, ty_plot, ty_error;
bool is_numeric(const struct type *t);
bool is_heap(const struct type *t);	/* held by reference */
const char *type_name(struct gen *g, const struct type *t);
const struct type *type_array(struct gen *g, const struct type *elem);
const struct type *type_map(struct gen *g, const struct type *key,
			    const struct type *elem);
const struct type *type_drawing(struct gen *g, struct str name);
const struct type *type_point(struct gen *g);
const struct type *type_matrix(struct gen *g, const struct type *elem);
const struct type *type_of_ref(struct gen *g, const struct ast *ref);

/* gen.c: registers, columns, operations */
struct val val_const(const struct type *t, double k);
struct val val_na(const struct type *t);
struct val val_text(struct gen *g, struct str s);
struct val val_error(void);
struct val val_col(const struct type *t, int col);
struct val val_reg(const struct type *t, enum rate rate, int reg);
int reg_new(struct gen *g, double first);
int col_new(struct gen *g, const struct type *t, int pad);
size_t emit(struct gen *g, op_fn *fn, int d, int a, int b, int c);
void patch(struct gen *g, size_t at);	/* jump at `at` lands here */
int to_reg(struct gen *g, struct val v);
struct cref to_col(struct gen *g, struct val v);
struct val op(struct gen *g, enum pureop o, const struct type *t,
	      struct val a, struct val b, struct val c);
void move_to(struct gen *g, int reg, struct val v);
struct val history(struct gen *g, struct val x, struct val k, const struct ast *at);
int hist_new(struct gen *g, const struct type *t);
struct val coerce(struct gen *g, struct val v, const struct type *t,
		  const struct ast *at, const char *what);
bool can_coerce(struct gen *g, const struct type *from, const struct type *to);
const struct type *common_type(struct gen *g, const struct type *a,
			       const struct type *b);
struct val to_bool(struct gen *g, struct val v, const struct ast *at);
void buf_begin(struct gen *g, struct buf *b, struct buf **ret_outer);
void buf_end(struct gen *g, struct buf *outer);
void buf_append(struct gen *g, const struct buf *b);
bool budget(struct gen *g, const struct ast *at);

/* script.c */
void gen_fixed_columns(struct gen *g);
void gen_lay_out(struct gen *g, struct buf *bar);

/* gen_security.c: request.security() */
struct val gen_security(struct gen *g, const struct ast *n, bool lower);

/* gen_import.c */
void gen_import(struct gen *g, const struct ast *n);
void library_enter(struct gen *g, struct library *lib, const struct ast *at);
void library_leave(struct gen *g, struct library *outer, int version);
struct sym *library_member(struct gen *g, const struct ast *base, struct str name);
/* prelude.c: functions of the language that are written in it; NULL: no such. */
extern const char *const script_prelude;
struct sym *prelude_function(struct gen *g, const char *name, const struct ast *at);

/* gen_expr.c, gen_stmt.c, gen_call.c */
struct val gen_expr(struct gen *g, const struct ast *n);
/* `use`: somebody wants the value.  A block opens a scope. */
struct val gen_block(struct gen *g, const struct ast *b, bool use);
struct val gen_stmt(struct gen *g, const struct ast *n, bool use);
struct val gen_if(struct gen *g, const struct ast *n, bool use);
struct val gen_switch(struct gen *g, const struct ast *n, bool use);
struct val gen_loop(struct gen *g, const struct ast *n, bool use);
/* The code that follows runs only where c holds (`when`) or does not. */
struct guard { struct val was; bool steady; };
struct guard guard_enter(struct gen *g, struct val c, bool when);
void guard_leave(struct gen *g, struct guard k);
int guard_reg(struct gen *g);		/* -1: none */
/* c ? a : b, of expressions or blocks; b may be NULL. */
struct val gen_branches(struct gen *g, struct val c, const struct ast *a,
			const struct ast *b, bool use, const struct ast *at);
void gen_declare(struct gen *g, struct str name, struct val v, const struct ast *at);
struct val gen_binary(struct gen *g, enum tok o, struct val a, struct val b,
		      const struct ast *at);
struct sym *sym_find(struct gen *g, struct str name);
struct sym *sym_add(struct gen *g, struct str name, enum sym_kind kind,
		    const struct ast *at);
struct val gen_call(struct gen *g, const struct ast *n);
struct val gen_builtin_var(struct gen *g, const char *name, const struct ast *n,
			   bool *ret_found);
/* The dotted name of a NAME or MEMBER chain, or NULL. */
const char *dotted(struct gen *g, const struct ast *n);

/* Arguments of one call, bound to the parameters of a signature. */
#define ARGS_MAX 64
struct arg { struct str name; struct val v; const struct ast *at; };
struct args { struct arg v[ARGS_MAX]; size_t n; };

typedef struct val special_fn(struct gen *g, const struct lib *l,
			      struct val *v, struct args *a, const struct ast *n);
extern const struct lib lib_math[], lib_ta[], lib_other[], lib_vars[];
extern special_fn *const specials[];
#define SP_FORMAT 13		/* specials[] of str.format */
extern const char *const special_sigs;

const struct lib *lib_find(const struct lib *t, const char *name);
/* A function by its name, also the names of version 4; how many arguments a
 * row takes. */
const struct lib *lib_named(struct gen *g, const char *name);
size_t lib_words(const struct lib *l);
const struct type *lib_type(struct gen *g, const char *letters);
/* A library variable: ret type; map: "=number", column or indicator. */
struct val lib_call(struct gen *g, const struct lib *l, struct val *v, size_t n,
		    const struct ast *at);
struct val gen_ind(struct gen *g, const struct lib *l, struct val *v, size_t n,
		   const struct ast *at);
struct val gen_input(struct gen *g, const struct lib *l, struct args *a,
		     const struct ast *n);
void gen_plot(struct gen *g, const struct lib *l, struct val *v, const struct ast *n);
void gen_declaration(struct gen *g, struct args *a, const struct ast *n,
		     bool strategy);
void script_defaults(struct strat_properties *p, const struct script_options *opt);
bool set_has(struct name *const *table, struct str s);
void set_add(struct gen *g, struct name **table, struct str s);
void gen_survey(struct gen *g, const struct ast *n);
struct val *arg_find(struct args *a, const char *name);

/* names.c: false, the error said, when an argument's name is not known. */
bool name_arguments(struct gen *g, const struct lib *l, const struct args *a,
		    const struct ast *n);
bool name_check(struct gen *g, const char *what, const char *words,
		const struct args *a);
bool name_constant(const struct gen *g, const char *name);
bool name_color(const char *name, double *ret);
bool name_drawing(const char *name);
/* "; did you mean ...?" or "". */
const char *name_hint_value(struct gen *g, const char *name);
const char *name_hint_function(struct gen *g, const char *name);

#endif /* SCRIPT_GEN_I_H */
