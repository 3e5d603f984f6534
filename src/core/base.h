#ifndef CORE_BASE_H
#define CORE_BASE_H
/* base.h - what every file may assume: attributes, sizes, nothing else. */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK	__attribute__((__warn_unused_result__))
#define PRINTF_LIKE(f, a) __attribute__((__format__(__printf__, f, a)))
#define NORETURN	__attribute__((__noreturn__))
#define NONNULL_RET	__attribute__((__returns_nonnull__))
#define CLEANUP(fn)	__attribute__((__cleanup__(fn)))
#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

/* What came through a void pointer is what it says it is: the object's first
 * member is `unsigned magic`.  OBJ_CAST(struct bot, priv, BOT_MAGIC). */
#define OBJ_CAST(type, ptr, m) \
	((type *)obj_check((ptr), (m)))
static inline void *obj_check(void *ptr, unsigned magic)
{
	assert(ptr != NULL && *(const unsigned *)ptr == magic);
	return ptr;
}

#endif /* CORE_BASE_H */
