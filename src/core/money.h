#ifndef CORE_MONEY_H
#define CORE_MONEY_H
/* money.h - amounts of money: 128-bit integers in units of 1e-18.
 *
 * A price, a quantity and an amount of the quote currency are different types
 * and none of them is a number: the compiler refuses to add them.  Range
 * +-170141183460469231731.687303715884105727.  Every operation that can
 * overflow returns false and leaves *ret as it was; nothing wraps.  Every
 * operation that can lose digits takes its rounding mode; there is no default.
 * Only core/money touches the member (a source test sees to it). */
#include "core/base.h"

__extension__ typedef __int128 money_raw;

struct price { money_raw e18; };	/* quote units per one base unit */
struct qty   { money_raw e18; };	/* base units */
struct quote { money_raw e18; };	/* quote units: price x qty, fees, balances */

enum round {
	ROUND_DOWN,		/* towards zero */
	ROUND_UP,		/* away from zero */
	ROUND_FLOOR,		/* towards minus infinity */
	ROUND_CEIL,		/* towards plus infinity */
	ROUND_HALF_UP,		/* nearest, ties away from zero */
	ROUND_HALF_EVEN,	/* nearest, ties to even */
};

#define MONEY_TEXT_MAX 48	/* room for any formatted value with its NUL */

/* The same set for each of the three types T = price, qty, quote:
 *   bool T_add(T *ret, T a, T b);  bool T_sub(...);  bool T_neg(T *ret, T a);
 *   int  T_cmp(T a, T b);          (<0, 0, >0)       int T_sign(T a);
 *   bool T_is_zero(T a);           T_zero() is the value 0
 *   bool T_parse(T *ret, const char *s);   strict: [+-]?digits[.digits], at
 *	most 64 characters, at most 18 digits after the point (more only if
 *	they are zeros), no exponent, no spaces
 *   bool T_parse_n(T *ret, const char *s, size_t n);
 *   bool T_parse_exchange(T *ret, const char *s, size_t n, enum round m);
 *	as an exchange writes it: exponents allowed, excess digits rounded
 *   size_t T_format(char buf[static MONEY_TEXT_MAX], T a);	shortest: "1.5"
 *   bool T_to_step(T *ret, T a, T step, enum round m);  to a multiple of step;
 *	step > 0, need not be a power of ten
 *   double T_to_double(T a);		nearest; for charts and statistics only
 *   bool T_from_double(T *ret, double x, T step, enum round m);  the one
 *	border from strategy arithmetic back to money; NaN, Inf: false
 *   money_raw T_raw(T a);  T T_from_raw(money_raw v);	for db and file codecs
 *   bool T_mul_i64(T *ret, T a, int64_t n);
 *   bool T_scale(T *ret, T a, struct qty factor, enum round m);  a x factor,
 *	a factor (percent, fee rate) being a plain number kept as struct qty */
#define MONEY_DECLARE(T)						\
MUST_CHECK bool T##_add(struct T *ret, struct T a, struct T b);		\
MUST_CHECK bool T##_sub(struct T *ret, struct T a, struct T b);		\
MUST_CHECK bool T##_neg(struct T *ret, struct T a);			\
int T##_cmp(struct T a, struct T b);					\
int T##_sign(struct T a);						\
bool T##_is_zero(struct T a);						\
struct T T##_zero(void);						\
MUST_CHECK bool T##_parse(struct T *ret, const char *s);		\
MUST_CHECK bool T##_parse_n(struct T *ret, const char *s, size_t n);	\
MUST_CHECK bool T##_parse_exchange(struct T *ret, const char *s,	\
				   size_t n, enum round m);		\
size_t T##_format(char buf[static MONEY_TEXT_MAX], struct T a);		\
MUST_CHECK bool T##_to_step(struct T *ret, struct T a, struct T step,	\
			    enum round m);				\
double T##_to_double(struct T a);					\
MUST_CHECK bool T##_from_double(struct T *ret, double x, struct T step,	\
				enum round m);				\
money_raw T##_raw(struct T a);						\
struct T T##_from_raw(money_raw v);					\
MUST_CHECK bool T##_mul_i64(struct T *ret, struct T a, int64_t n);	\
MUST_CHECK bool T##_scale(struct T *ret, struct T a, struct qty factor,	\
			  enum round m);

MONEY_DECLARE(qty)
MONEY_DECLARE(price)
MONEY_DECLARE(quote)

/* price x qty, and the two ways back. */
MUST_CHECK bool notional(struct quote *ret, struct price p, struct qty q,
			 enum round m);
MUST_CHECK bool notional_price(struct price *ret, struct quote n, struct qty q,
			       enum round m);
MUST_CHECK bool notional_qty(struct qty *ret, struct quote n, struct price p,
			     enum round m);
/* a/b as a plain factor (drawdown, return), b not 0. */
MUST_CHECK bool quote_ratio(struct qty *ret, struct quote a, struct quote b,
			    enum round m);

#endif /* CORE_MONEY_H */
