#ifndef SCRIPT_PROG_I_H
#define SCRIPT_PROG_I_H
/* prog_i.h - what the compiler makes and the machine runs.
 *
 * Values are of four rates.  CONST: known to the compiler.  ONCE: known when
 * a machine is made (inputs, market); `init` computes them.  COL: pure series,
 * computed a block at a time by `cops`, in order.  BAR: computed by `bar`,
 * which runs once per bar and may read all others.
 *
 * Registers hold constants, ONCE values and BAR values alike and live as long
 * as the machine.  Columns carry `pad` earlier values before the block, so
 * x[n] of a column is a place in it. */
#include "core/array.h"
#include "ind/ind.h"
#include "script/ast_i.h"
#include "script/ops_i.h"

#define HISTORY_MAX 5000
#define INS_MAX	    400000

enum rate { RATE_CONST, RATE_ONCE, RATE_COL, RATE_BAR };

struct ins { op_fn *fn; int32_t d, a, b, c; };
struct code { struct ins *v; size_t n, size; };

/* Columns that every program has. */
enum { COL_OPEN, COL_HIGH, COL_LOW, COL_CLOSE, COL_VOLUME, COL_TIME, COL_INDEX, COL__FIXED };

struct col {
	int pad;		/* earlier values wanted */
	int pad_reg;		/* or: as many as this register says, -1: none */
	double fill;		/* of the bars before the first */
};

/* A pure function of numbers, with access to market and limits only. */
typedef int call_fn(struct script_vm *vm, double *ret, const double *a, size_t n);

enum cop_kind { COP_OP, COP_BROADCAST, COP_SHIFT, COP_IND, COP_CALL, COP_SUB };
struct cref { int col, shift; };
struct cop {
	enum cop_kind kind;
	enum pureop op;
	int dst;		/* column; of COP_IND: the first of its outputs */
	struct cref a[3];
	int reg;		/* BROADCAST: value; SHIFT: distance */
	int unit;		/* IND: kernel; CALL: call; SUB: sub-program */
};

/* One call site of an indicator. */
struct unit {
	const struct ind_def *d;
	bool column, dyn;
	struct cref in[IND_INPUTS_MAX];		/* column */
	int in_reg[IND_INPUTS_MAX], param[IND_PARAMS_MAX];	/* registers */
	int out;				/* first column or register */
	int line;
	int guard;		/* register: not made if that is false; -1: none */
};

/* One call site of a C function: arguments in registers args[0..n). */
struct call {
	call_fn *fn;
	const char *name;
	int *args;
	struct cref *cols;	/* the same for COP_CALL */
	size_t n;
	int line, data;
};

/* The past of a BAR value. */
struct hist { bool deep; int depth; double fill; };

enum cmd_arg {
	CA_ID, CA_DIR, CA_QTY, CA_QTY_PERCENT, CA_LIMIT, CA_STOP, CA_PROFIT,
	CA_LOSS, CA_TRAIL_PRICE, CA_TRAIL_POINTS, CA_TRAIL_OFFSET,
	CA_FROM_ENTRY, CA_OCA_NAME, CA_OCA_TYPE, CA_COMMENT, CA_COMMENT_PROFIT,
	CA_COMMENT_LOSS, CA_COMMENT_TRAILING, CA_ALERT, CA_DISABLE_ALERT,
	CA_IMMEDIATELY, CA_WHEN, CA_RISK_TYPE, CA__MAX
};
struct cmd { enum strat_kind kind; int reg[CA__MAX]; int line; };

struct plot { int col, reg; };		/* one of them is -1 */

struct input_reg { int reg; int col; };	/* source inputs: a column */

/* request.security(): a program over bars made of the chart's, whose plots are
 * the columns dst... of its cop.  `what` says of each: 'v' its value, 'o' the
 * open and 't' the time of the bar under way. */
struct sub {
	struct script_prog *p;
	size_t n;
	const char *what;
	int symbol, tf;		/* registers */
	bool gaps, lookahead, lower;
	bool leaks;		/* lookahead_on of what is not known yet */
	int line, guard;	/* as in struct unit */
	const int *inputs;	/* which of the parent's each of its own is */
};

/* Kinds of drawings: gen_draw.c has their fields. */
enum { DRAW_LABEL, DRAW_LINE, DRAW_BOX, DRAW_TABLE, DRAW_LINEFILL, DRAW_POLYLINE, DRAW__MAX };
struct drawing { const char *name, *fields, *points; };
extern const struct drawing script_drawings[DRAW__MAX];

#define VEC(t) struct { t *v; size_t n, size; }
struct script_prog {
	unsigned magic;
#define PROG_MAGIC 0x5c41f7a1u
	struct strat_properties props;
	uint64_t hash;
	const char *description;
	struct code init, bar;
	VEC(double) regs;		/* first values */
	VEC(struct col) cols;
	VEC(struct cop) cops;
	VEC(struct unit) units;
	VEC(struct call) calls;
	VEC(struct hist) hists;
	VEC(struct cmd) cmds;
	VEC(struct str) strs;		/* constant texts; reference = index */
	VEC(struct script_input) inputs;
	VEC(struct input_reg) input_regs;
	VEC(struct script_plot) plots;
	VEC(struct plot) plot_srcs;
	VEC(struct sub) subs;
	VEC(const char *) models;	/* names that ml.*() uses */
	int model_line;			/* of the first use */
	VEC(int) kept;			/* registers of var: live across bars */
	VEC(int) varip;			/* those that a bar run again leaves alone */
	VEC(int) lines;			/* of bar.v[i] */
	int n_notes;
	int draw_max[DRAW__MAX];	/* the newest so many are kept */
};

struct script_binding {
	const struct script_prog *p;
	struct arena *out;
	double *v;		/* numbers */
	const char **text;	/* texts, sources, enums */
};

#endif /* SCRIPT_PROG_I_H */
