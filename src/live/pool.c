#include "config.h"

#include "live/pool_i.h"

#define SMALLEST 64

/* In front of each piece; keeps it aligned. */
struct piece {
	struct piece *next;		/* while it is free */
	unsigned class;
	unsigned magic;
};
#define PIECE_MAGIC 0x70696563u
#define PIECE_FREE  0x66726565u

void pool_init(struct pool *p, struct arena *a, size_t max)
{
	*p = (struct pool){ .arena = a, .max = max };
}

static size_t class_size(unsigned c)
{
	return (size_t)SMALLEST << c;
}

void *pool_get(struct pool *p, size_t n)
{
	struct piece *piece;
	unsigned c = 0;

	while (c < POOL_CLASSES && class_size(c) < n + sizeof(*piece))
		c++;
	if (c == POOL_CLASSES)
		return NULL;
	piece = p->free[c];
	if (piece != NULL) {
		assert(piece->magic == PIECE_FREE);
		p->free[c] = piece->next;
	} else {
		if (p->taken > p->max || class_size(c) > p->max - p->taken)
			return NULL;
		piece = arena_alloc_raw(p->arena, class_size(c));
		p->taken += class_size(c);
		piece->class = c;
	}
	piece->magic = PIECE_MAGIC;
	p->used += class_size(c);
	return piece + 1;
}

void pool_put(struct pool *p, void *ptr)
{
	struct piece *piece;

	if (ptr == NULL)
		return;
	piece = (struct piece *)ptr - 1;
	assert(piece->magic == PIECE_MAGIC);	/* not given back twice */
	piece->magic = PIECE_FREE;
	piece->next = p->free[piece->class];
	p->free[piece->class] = piece;
	p->used -= class_size(piece->class);
}
