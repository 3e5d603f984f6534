#ifndef CORE_ARRAY_H
#define CORE_ARRAY_H
/* array.h - an array that grows inside an arena.
 *
 *	ARRAY(struct bot) bots = { 0 };
 *	*array_push(arena, &bots) = bot;	zeroed room for one more
 *	for (size_t i = 0; i < bots.n; i++) use(&bots.v[i]);
 *
 * Pointers into v are good until the next push. */
#include "core/arena.h"

#define ARRAY(type) struct { type *v; size_t n, size; }
#define array_push(a, arr)						\
	(array_room((a), (void **)&(arr)->v, (arr)->n, &(arr)->size,	\
		    sizeof(*(arr)->v)), &(arr)->v[(arr)->n++])
#define array_reserve(a, arr, want)					\
	array_room((a), (void **)&(arr)->v, (want) ? (want) - 1 : 0,	\
		   &(arr)->size, sizeof(*(arr)->v))

/* Make room for element n; *v moves when it must. */
void array_room(struct arena *a, void **v, size_t n, size_t *size, size_t elem);

#endif /* CORE_ARRAY_H */
