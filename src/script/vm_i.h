#ifndef SCRIPT_VM_I_H
#define SCRIPT_VM_I_H
/* vm_i.h - the machine. */
#include "script/prog_i.h"

/* A window is a part of an array: v holds the array, from where, how many. */
enum obj_kind { OBJ_FREE, OBJ_STR, OBJ_ARRAY, OBJ_MAP, OBJ_MATRIX, OBJ_RECORD,
		OBJ_DRAW, OBJ_WINDOW };
/* Texts and objects; index i of the table is what ref_box(i) points at. */
struct obj {
	enum obj_kind kind;
	bool fixed, mark;	/* fixed: constant text, never collected */
	uint32_t n, room;	/* values or bytes */
	uint32_t rows;		/* of a matrix; gaps of a map */
	uint32_t slots, table_room;	/* of a map's table, 0: none in use */
	uint32_t *table;
	uint32_t next_free;
	union { double *v; char *s; };
};

struct vm_col { double *b; size_t pad; double *mem; };	/* b: start of block */
struct vm_hist { double *b; size_t cap, at, n; double fill; };

struct vm_draws { double *ref; size_t n; int max; };	/* oldest first */

struct script_vm {
	unsigned magic;
#define VM_MAGIC 0x7e41ac5du
	struct arena *out, *heap;
	const struct script_prog *p;
	const struct script_binding *bind;
	struct script_market m;
	double *r;
	struct vm_col *cols;
	bool reads[COL__FIXED];		/* those that are filled */
	struct vm_hist *hists;
	struct ind **units;
	struct ind_dyn **dyns;
	struct vm_sub *subs;
	const struct script_model **models;	/* the program's, in order */
	const struct call *call;	/* being made */
	size_t pos, at, end;	/* in the block: first free, next bar, end */
	size_t bars;			/* done */
	int64_t tf_ms, first_time;	/* tf_ms 0: months */
	bool local_days;		/* days are not those of UTC */
	int64_t day_lead;		/* of the session, before its midnight */
	const struct strat_account *acct;
	struct strat_cmd *cmds;
	size_t n_cmds, cmds_room;
	struct script_note *notes;
	size_t n_notes;
	uint64_t steps, steps_max;
	size_t memory, memory_max;
	size_t fresh, gc_at;	/* taken since the last collection */
	struct obj *objs;
	uint32_t n_objs, objs_room, free_obj;
	struct vm_draws draws[DRAW__MAX];
	void *free_blocks[48];		/* by power of two */
	bool failed, in_init;
	struct err *err;
	double rnd;			/* state of math.random */
	/* idle.c */
	bool can_idle, marked;		/* marked: busy is of this block */
	struct cref *guards;
	size_t n_guards;
	uint64_t *busy;
	struct script_share *share;	/* or NULL */
	struct shared **shared;		/* of each cop: share.c */
	bool *theirs;		/* columns of another machine (group.c), or NULL */
	bool bare;		/* it has no column of its own to fill */
	struct vm_choice *choice;	/* choose.c, or NULL */
	uint64_t seed;
	struct obj windows[4];		/* seen as arrays: vm_array() */
	unsigned next_window;
	struct snapshot *snap;		/* again.c; NULL: no bar was run again */
};

/* again.c: before and after the code of a bar; a register's value when the bar
 * began. */
int vm_begin(struct script_vm *vm, struct err *err);
void vm_done(struct script_vm *vm);
double vm_begun_with(const struct script_vm *vm, int reg);

/* Ends the run: sets vm->err, returns NULL for an instruction to return. */
const struct ins *vm_fail(struct script_vm *vm, enum errc code, int line,
			  const char *fmt, ...) PRINTF_LIKE(4, 5);
#define NOTES_MAX 64
void vm_note(struct script_vm *vm, int kind, const char *text, int line);

/* idle.c: after make_units, when inputs are known. */
void vm_find_guards(struct script_vm *vm, struct arena *tmp);

/* share.c: after make_units; is the block of the shared bars; a cop's columns
 * are there already; they are kept. */
void vm_find_shared(struct script_vm *vm, struct arena *tmp);
bool vm_shared_here(const struct script_vm *vm, const struct bars *b);
bool vm_shared_take(struct script_vm *vm, size_t cop, size_t n);
void vm_shared_keep(struct script_vm *vm, size_t cop, size_t n);

/* fn_model.c: the host's models by the program's names. */
int vm_find_models(struct script_vm *vm, struct err *err);
/* What a column is computed from, share.c; all 0: it cannot be told. */
struct vm_name { uint64_t k[2]; };
void vm_name_columns(const struct script_vm *vm, struct vm_name *ret);

/* choose.c: this cop's column is not needed, only its bits. */
bool vm_choice_skips(const struct script_vm *vm, size_t cop);
void vm_choice_mark(struct script_vm *vm, size_t n);

/* sub.c: request.security().  n bars of the block at vm->pos. */
int vm_make_subs(struct script_vm *vm, const struct script_limits *lim, struct err *err);
void vm_run_sub(struct script_vm *vm, const struct cop *o, size_t n);
/* fn_time.c: the period of timeframe `tf` (ms, 0 = months) that holds t. */
int64_t period_of(int64_t t, int64_t tf, int64_t months);
int64_t period_start(int64_t k, int64_t tf);
/* The same with the exchange's days, of candles of `from_tf`. */
void vm_find_days(struct script_vm *vm);
int64_t vm_period(const struct script_vm *vm, int64_t from_tf, int64_t t, int64_t tf,
		  int64_t months);
int64_t vm_period_start(const struct script_vm *vm, int64_t from_tf, int64_t k, int64_t tf,
			int64_t months);

/* heap.c: texts.  An alloc that does not fit fails the run and gives na. */
struct str vm_str(const struct script_vm *vm, double ref);	/* na: "NaN" */
double vm_str_new(struct script_vm *vm, const char *s, size_t n);
double vm_obj_new(struct script_vm *vm, enum obj_kind k, uint32_t n);
struct obj *vm_obj(const struct script_vm *vm, double ref, enum obj_kind k);
bool vm_obj_room(struct script_vm *vm, struct obj *o, uint32_t want);
/* An array, or a window as one whose size stays; NULL for anything else. */
struct obj *vm_array(struct script_vm *vm, double ref);
/* A cleared table of at least `slots` (a power of two) for a map. */
bool vm_obj_table(struct script_vm *vm, struct obj *o, uint32_t slots);
void vm_gc(struct script_vm *vm);
/* An object nobody holds; then, once for all, what is free is found again. */
void vm_obj_drop(struct script_vm *vm, uint32_t i);
void vm_obj_relink(struct script_vm *vm);
/* sub.c: the arrays of this bar, which are made once. */
void vm_mark_lists(struct script_vm *vm, void (*mark)(struct script_vm *vm, double ref));

/* Instructions that are no pure operations. */
#define INSTRUCTIONS(X)							\
	X(halt) X(jump) X(jump_false) X(jump_true) X(once) X(load)	\
	X(col_at) X(hist_push) X(hist_at) X(unit) X(call) X(cmd)	\
	X(loop) X(for_init) X(for_test)
#define X(n) op_fn in_##n;
INSTRUCTIONS(X)
#undef X
int vm_run(struct script_vm *vm, const struct code *c);

#endif /* SCRIPT_VM_I_H */
