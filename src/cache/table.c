#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cache/cache_i.h"

#define WAYS 16			/* entries of a stripe */
#define LINE 64

struct slot {
	uint64_t hash;			/* 0: empty */
	uint64_t version, shared, stamp;
	int64_t until_ns;
	uint32_t area, key_n, value_n;
	char data[];			/* key, then value */
};

struct stripe {
	_Alignas(LINE) pthread_mutex_t lock;	/* no two on one cache line */
	uint64_t stamp;			/* goes up with every use */
	uint32_t first, n;		/* its slots */
	_Atomic uint32_t live;		/* read without the lock */
};

struct shared {
	struct hash_key seed;
	_Atomic uint64_t hits, misses, puts, evicted, wiped;
	struct stripe stripes[];
};

struct table {
	struct shared *mem;
	size_t mem_size, n_stripes, slot_size, room;
	char *slots;
};

static void unmap(void *ptr)
{
	struct table *t = ptr;

	munmap(t->mem, t->mem_size);
}

static size_t round_up(size_t n)
{
	return (n + LINE - 1) / LINE * LINE;
}

static bool init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t a;
	bool ok = pthread_mutexattr_init(&a) == 0 &&
		  pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED) == 0 &&
		  pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST) == 0 &&
		  pthread_mutex_init(lock, &a) == 0;

	pthread_mutexattr_destroy(&a);
	return ok;
}

struct table *table_new(struct arena *out, size_t entries, size_t entry_max)
{
	struct table *t = NEW(out, struct table);
	size_t head, first = 0;

	t->n_stripes = (entries + WAYS - 1) / WAYS;
	t->room = entry_max;
	t->slot_size = round_up(sizeof(struct slot) + entry_max);
	head = round_up(sizeof(struct shared) +
			t->n_stripes * sizeof(struct stripe));
	t->mem_size = head + entries * t->slot_size;
	t->mem = mmap(NULL, t->mem_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->mem == MAP_FAILED)
		return NULL;
	arena_defer(out, unmap, t);
	t->slots = (char *)t->mem + head;
	t->mem->seed = hash_process_key();
	for (size_t i = 0; i < t->n_stripes; i++) {
		struct stripe *s = &t->mem->stripes[i];
		/* Spread evenly: no more than `entries` in all. */
		size_t end = entries * (i + 1) / t->n_stripes;

		if (!init_lock(&s->lock))
			return NULL;
		s->first = (uint32_t)first;
		s->n = (uint32_t)(end - first);
		first = end;
	}
	return t;
}

static struct slot *slot_at(const struct table *t, uint32_t i)
{
	return (struct slot *)(void *)(t->slots + i * t->slot_size);
}

static void wipe(struct table *t, struct stripe *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		slot_at(t, s->first + i)->hash = 0;
	s->live = 0;
}

static void lock(struct table *t, struct stripe *s)
{
	int rc = pthread_mutex_lock(&s->lock);

	if (rc == EOWNERDEAD) {
		/* Who died here may have left half an entry. */
		wipe(t, s);
		t->mem->wiped++;
		rc = pthread_mutex_consistent(&s->lock);
	}
	if (rc != 0)
		abort();
}

static void unlock(struct stripe *s)
{
	if (pthread_mutex_unlock(&s->lock) != 0)
		abort();
}

static uint64_t hash_of(const struct table *t, struct str key, unsigned area)
{
	struct hash_key seed = t->mem->seed;
	uint64_t h;

	seed.k[0] ^= area;
	h = siphash13(seed, key.p, key.n);
	return h != 0 ? h : 1;
}

static struct stripe *stripe_of(const struct table *t, uint64_t hash)
{
	return &t->mem->stripes[(hash >> 32) % t->n_stripes];
}

static struct slot *find(const struct table *t, const struct stripe *s,
			 uint64_t hash, struct str key, unsigned area)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct slot *e = slot_at(t, s->first + i);

		if (e->hash == hash && e->area == area &&
		    str_eq(str_n(e->data, e->key_n), key))
			return e;
	}
	return NULL;
}

bool table_get(struct table *t, struct arena *out, const struct entry_id *id,
	       int64_t now_ns, struct str *ret)
{
	uint64_t hash = hash_of(t, id->key, id->area);
	struct stripe *s = stripe_of(t, hash);
	char *copy = NULL;
	struct slot *e;
	size_t n = 0;

	lock(t, s);
	e = find(t, s, hash, id->key, id->area);
	if (e != NULL && e->version == id->version &&
	    e->shared == id->shared && e->until_ns > now_ns) {
		e->stamp = ++s->stamp;
		n = e->value_n;
		/* An arena at its limit ends the process here; the lock is
		 * robust. */
		copy = str_dup(out, str_n(e->data + e->key_n, n));
	}
	unlock(s);
	if (copy == NULL) {
		t->mem->misses++;
		return false;
	}
	t->mem->hits++;
	*ret = str_n(copy, n);
	return true;
}

/* Its own old place, an empty one, one whose time is over, or the one that
 * was not used for longest. */
static struct slot *place(struct table *t, struct stripe *s, uint64_t hash,
			  const struct entry_id *id)
{
	struct slot *e = find(t, s, hash, id->key, id->area), *oldest;

	if (e != NULL)
		return e;
	oldest = slot_at(t, s->first);
	for (uint32_t i = 0; i < s->n; i++) {
		e = slot_at(t, s->first + i);
		if (e->hash == 0) {
			s->live++;
			return e;
		}
		if (e->stamp < oldest->stamp)
			oldest = e;
	}
	t->mem->evicted++;
	return oldest;
}

void table_put(struct table *t, const struct entry_id *id, struct str value,
	       int64_t until_ns)
{
	uint64_t hash = hash_of(t, id->key, id->area);
	struct stripe *s = stripe_of(t, hash);
	struct slot *e;

	if (id->key.n > t->room || value.n > t->room - id->key.n)
		return;
	lock(t, s);
	e = place(t, s, hash, id);
	e->hash = hash;
	e->area = id->area;
	e->version = id->version;
	e->shared = id->shared;
	e->stamp = ++s->stamp;
	e->until_ns = until_ns;
	e->key_n = (uint32_t)id->key.n;
	e->value_n = (uint32_t)value.n;
	if (id->key.n != 0)
		memcpy(e->data, id->key.p, id->key.n);
	if (value.n != 0)
		memcpy(e->data + e->key_n, value.p, value.n);
	unlock(s);
	t->mem->puts++;
}

void table_hold(struct table *t, struct str key, unsigned area)
{
	lock(t, stripe_of(t, hash_of(t, key, area)));
}

struct cache_stats table_stats(const struct table *t)
{
	struct cache_stats st = {
		.hits = t->mem->hits,
		.misses = t->mem->misses,
		.puts = t->mem->puts,
		.evicted = t->mem->evicted,
		.wiped = t->mem->wiped,
	};

	for (size_t i = 0; i < t->n_stripes; i++)
		st.entries += t->mem->stripes[i].live;
	return st;
}
