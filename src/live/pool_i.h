#ifndef LIVE_POOL_I_H
#define LIVE_POOL_I_H
/* pool_i.h - memory that comes and goes with events and clients.
 *
 * Pieces of sizes 2^n from an arena that lives as long as the process; what is
 * given back is used again by the next of its size.  The total has a ceiling:
 * at it pool_get() gives NULL, and the caller drops something. */
#include "core/arena.h"

#define POOL_CLASSES 18			/* 64 bytes .. 8 MiB */

struct pool {
	struct arena *arena;
	size_t used, taken, max;	/* handed out; from the arena; ceiling */
	struct piece *free[POOL_CLASSES];
};

void pool_init(struct pool *p, struct arena *a, size_t max);
void *pool_get(struct pool *p, size_t n);	/* not zeroed */
void pool_put(struct pool *p, void *ptr);	/* NULL is fine */

#endif /* LIVE_POOL_I_H */
