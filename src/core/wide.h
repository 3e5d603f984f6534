#ifndef CORE_WIDE_H
#define CORE_WIDE_H
/* wide.h - eight doubles at a time, in the widest registers there are.
 *
 * A loop is written once as WIDE_BODY and compiled for each kind of register;
 * the machine's best is taken when it runs.  Each lane is rounded as it would
 * be alone, so all of them give the same bits. */
#include <string.h>
#include "core/base.h"

#define WIDE 8
typedef double wide __attribute__((__vector_size__(64)));
typedef long long wide_mask __attribute__((__vector_size__(64)));

#define WIDE_BODY static inline __attribute__((__always_inline__))
#define WIDE_ALL(x) ((wide){ x, x, x, x, x, x, x, x })
#define WIDE_LOAD(v, p) memcpy(&(v), (p), sizeof(v))
#define WIDE_STORE(p, v) memcpy((p), &(v), sizeof(v))
/* x where the mask of a comparison is set, else y. */
#define WIDE_PICK(m, x, y)						\
	((wide)(((wide_mask)(m) & (wide_mask)(x)) |			\
		(~(wide_mask)(m) & (wide_mask)(y))))

/* fn(args) that calls body(args) compiled for what this machine has. */
#ifdef __x86_64__
#define WIDE_FN(fn, body, params, args)					\
__attribute__((__target__("avx512f,avx512dq"))) static void fn##_512 params	\
{ body args; }								\
__attribute__((__target__("avx2"))) static void fn##_256 params		\
{ body args; }								\
static void fn##_128 params { body args; }				\
void fn params								\
{									\
	if (__builtin_cpu_supports("avx512dq"))				\
		fn##_512 args;						\
	else if (__builtin_cpu_supports("avx2"))			\
		fn##_256 args;						\
	else								\
		fn##_128 args;						\
}
#else
#define WIDE_FN(fn, body, params, args) void fn params { body args; }
#endif

#endif /* CORE_WIDE_H */
