#ifndef SCRIPT_OPS_I_H
#define SCRIPT_OPS_I_H
/* ops_i.h - the pure operations, each written once.
 *
 * From these lists come the machine's instructions, the loops over columns
 * and the folding of constants, so a value cannot depend on which of the
 * three computed it.  Every value is a double: numbers and times are
 * themselves, bools 0 and 1, colours 0xAARRGGBB, na is NaN, texts and objects
 * are references boxed in a NaN (ref_box). */
#include <math.h>
#include <string.h>
#include "core/base.h"

#define REF_TAG ((uint64_t)0xfffa << 48)
static inline double ref_box(uint32_t i)
{
	uint64_t u = REF_TAG | i;
	double d;

	memcpy(&d, &u, sizeof(d));
	return d;
}
static inline bool is_ref(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return u >> 48 == 0xfffa;
}
static inline uint32_t ref_index(double d)
{
	uint64_t u;

	memcpy(&u, &d, sizeof(u));
	return (uint32_t)u;
}
static inline bool is_na(double x) { return isnan(x) && !is_ref(x); }
static inline bool truth(double x) { return x != 0 && !isnan(x); }

/* Numbers that differ by no more than this are equal. */
#define TOLERANCE 1e-10

static inline double f_max(double a, double b)
{
	return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
}
static inline double f_min(double a, double b)
{
	return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
}
static inline double f_round_to(double x, double digits)
{
	double p = pow(10, digits);

	return isnan(p) || digits < 0 ? NAN : digits > 16 ? x : floor(x * p + 0.5) / p;
}
static inline double f_tick(double x, double tick)
{
	return tick > 0 ? floor(x / tick + 0.5) * tick : x;
}
static inline uint32_t f_color(double c) { return isnan(c) ? 0 : (uint32_t)c; }
static inline double f_new_color(double c, double transp)
{
	double t = isnan(transp) || transp < 0 ? 0 : transp > 100 ? 100 : transp;
	uint32_t a = (uint32_t)floor(255 * (100 - t) / 100 + 0.5);

	return isnan(c) ? NAN : (double)(a << 24 | (f_color(c) & 0xffffff));
}
static inline double f_byte(double x) { return x < 0 ? 0 : x > 255 ? 255 : floor(x); }
static inline double f_rgb(double r, double g, double b)
{
	return isnan(r + g + b) ? NAN :
	       4278190080.0 + f_byte(r) * 65536 + f_byte(g) * 256 + f_byte(b);
}
static inline double f_transp(double c)
{
	return isnan(c) ? NAN : 100 - floor((double)(f_color(c) >> 24) * 100 / 255 + 0.5);
}
static inline double f_trunc_div(double a, double b)
{
	return b == 0 ? NAN : trunc(a / b);
}

#define OPS1(X)								\
	X(NEG, -a) X(NOT, truth(a) ? 0 : 1) X(NOT5, isnan(a) ? a : a == 0) \
	X(TOBOOL, fabs(a) > TOLERANCE) X(TOBOOL5, isnan(a) ? a : fabs(a) > TOLERANCE) \
	X(NA, is_na(a)) X(TOINT, trunc(a)) X(MOVE, a) X(TRUTH, truth(a))	\
	X(ABS, fabs(a)) X(CEIL, ceil(a)) X(FLOOR, floor(a))		\
	X(ROUND, floor(a + 0.5)) X(SQRT, sqrt(a)) X(EXP, exp(a))	\
	X(LOG, log(a)) X(LOG10, log10(a)) X(SIN, sin(a)) X(COS, cos(a))	\
	X(TAN, tan(a)) X(ASIN, asin(a)) X(ACOS, acos(a)) X(ATAN, atan(a)) \
	X(SIGN, isnan(a) ? a : (a > 0) - (a < 0))			\
	X(TODEG, a * (180 / M_PI)) X(TORAD, a * (M_PI / 180))		\
	X(COLOR_R, isnan(a) ? a : (double)(f_color(a) >> 16 & 255))	\
	X(COLOR_G, isnan(a) ? a : (double)(f_color(a) >> 8 & 255))	\
	X(COLOR_B, isnan(a) ? a : (double)(f_color(a) & 255))		\
	X(COLOR_T, f_transp(a))

#define OPS2(X)								\
	X(ADD, a + b) X(SUB, a - b) X(MUL, a * b) X(DIV, a / b)		\
	X(IDIV, f_trunc_div(a, b)) X(MOD, fmod(a, b))			\
	X(LT, b - a > TOLERANCE) X(GT, a - b > TOLERANCE)		\
	X(LE, b - a >= -TOLERANCE) X(GE, a - b >= -TOLERANCE)		\
	X(EQ, a == b || fabs(a - b) <= TOLERANCE)			\
	X(NE, fabs(a - b) > TOLERANCE)					\
	X(ILT, a < b) X(IGT, a > b) X(ILE, a <= b) X(IGE, a >= b)	\
	X(IEQ, a == b) X(INE, a < b || a > b)				\
	X(AND, truth(a) && truth(b)) X(OR, truth(a) || truth(b))	\
	X(NZ, is_na(a) ? b : a) X(POW, pow(a, b))			\
	X(MAX, f_max(a, b)) X(MIN, f_min(a, b))				\
	X(ATAN2, atan2(a, b)) X(ROUNDTO, f_round_to(a, b))		\
	X(TICK, f_tick(a, b)) X(NEWCOLOR, f_new_color(a, b))

#define OPS3(X)								\
	X(SELECT, truth(a) ? b : c) X(RGB, f_rgb(a, b, c))

enum pureop {
#define X(n, e) OP_##n,
	OPS1(X) OPS2(X) OPS3(X)
#undef X
	OP__MAX
};

/* 1, 2 or 3 operands. */
int op_arity(enum pureop op);
double op_eval(enum pureop op, double a, double b, double c);
typedef void col_fn(const double *a, const double *b, const double *c,
		    double *d, size_t n);
extern col_fn *const op_columns[OP__MAX];
struct script_vm;
struct ins;
typedef const struct ins *op_fn(struct script_vm *vm, const struct ins *i);
extern op_fn *const op_instructions[OP__MAX];

#endif /* SCRIPT_OPS_I_H */
