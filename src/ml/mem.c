#include "config.h"

#include "ml/mem.h"

struct share { size_t bytes, tensors; };

/* Sums over every model of the process; models come and go with arenas that
 * know nothing of each other, so the sums have no other home. */
static struct share live;

static void give_back(void *p)
{
	const struct share *s = p;

	assert(s->bytes <= live.bytes && s->tensors <= live.tensors);
	live.bytes -= s->bytes;
	live.tensors -= s->tensors;
}

void ml_mem_count(struct arena *out, size_t bytes, size_t tensors)
{
	struct share *s = NEW(out, struct share);

	*s = (struct share){ bytes, tensors };
	live.bytes += bytes;
	live.tensors += tensors;
	arena_defer(out, give_back, s);
}

size_t ml_arena_bytes(void)
{
	return live.bytes;
}

size_t ml_tensors_live(void)
{
	return live.tensors;
}
