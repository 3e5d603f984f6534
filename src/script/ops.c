#include "config.h"

#include "script/prog_i.h"
#include "script/vm_i.h"

int op_arity(enum pureop op)
{
	return op < OP_ADD ? 1 : op < OP_SELECT ? 2 : 3;
}

/* Scalars, loops and instructions of one list. */
#define X(n, e)								\
static inline double eval_##n(double a, double b, double c)		\
{ (void)a; (void)b; (void)c; return (e); }				\
static void col_##n(const double *a, const double *b, const double *c,	\
		    double *d, size_t n_)				\
{									\
	for (size_t i = 0; i < n_; i++)					\
		d[i] = eval_##n(a[i], b[i], c[i]);			\
}									\
static const struct ins *ins_##n(struct script_vm *vm, const struct ins *i) \
{									\
	vm->r[i->d] = eval_##n(vm->r[i->a], vm->r[i->b], vm->r[i->c]);	\
	return i + 1;							\
}
OPS1(X)
OPS2(X)
OPS3(X)
#undef X

col_fn *const op_columns[OP__MAX] = {
#define X(n, e) col_##n,
	OPS1(X) OPS2(X) OPS3(X)
#undef X
};

op_fn *const op_instructions[OP__MAX] = {
#define X(n, e) ins_##n,
	OPS1(X) OPS2(X) OPS3(X)
#undef X
};

typedef double eval_fn(double a, double b, double c);
double op_eval(enum pureop op, double a, double b, double c)
{
	static eval_fn *const table[OP__MAX] = {
#define X(n, e) eval_##n,
		OPS1(X) OPS2(X) OPS3(X)
#undef X
	};

	assert(op < OP__MAX);
	return table[op](a, b, c);
}
