#include "config.h"

#include <string.h>

#include "core/array.h"

#define FIRST 8

void array_room(struct arena *a, void **v, size_t n, size_t *size, size_t elem)
{
	size_t want = *size != 0 ? *size : FIRST;
	void *p;

	if (n < *size)
		return;
	while (want <= n)
		if (__builtin_mul_overflow(want, 2, &want))
			arena_panic(a, SIZE_MAX);
	p = arena_alloc_n(a, want, elem);
	if (*size != 0)
		memcpy(p, *v, *size * elem);
	*v = p;
	*size = want;
}
