#include "config.h"

#include <string.h>

#include "core/hash.h"
#include "core/map.h"

/* Entries stand in an array in order of insertion; a table of indices beside
 * it (open addressing, at most half full) finds them.  A deleted entry leaves
 * its place in the array until the next growth. */

#define FIRST	16
#define NOBODY	UINT32_MAX		/* a slot never used */
#define MAX_ENTRIES ((size_t)1 << 30)

struct entry {
	struct str key;		/* p is NULL: deleted */
	uint64_t hash;
	void *value;
};

struct map {
	struct arena *arena;
	struct hash_key seed;
	struct entry *entries;
	uint32_t *slots;
	size_t n, live, n_slots;	/* n_slots = 2 x room for entries */
};

static void make_tables(struct map *m, size_t n_slots)
{
	m->n_slots = n_slots;
	m->entries = NEW_N(m->arena, struct entry, n_slots / 2);
	m->slots = NEW_N(m->arena, uint32_t, n_slots);
	memset(m->slots, 0xff, n_slots * sizeof(*m->slots));
}

struct map *map_new(struct arena *out)
{
	struct map *m = NEW(out, struct map);

	m->arena = out;
	m->seed = hash_process_key();
	make_tables(m, FIRST);
	return m;
}

/* The slot of the key, or the free one where it would go. */
static size_t find(const struct map *m, struct str key, uint64_t hash)
{
	size_t i = hash & (m->n_slots - 1);

	for (; m->slots[i] != NOBODY; i = (i + 1) & (m->n_slots - 1)) {
		const struct entry *e = &m->entries[m->slots[i]];

		if (e->key.p != NULL && e->hash == hash && str_eq(e->key, key))
			break;
	}
	return i;
}

static void insert(struct map *m, size_t slot, struct str key, uint64_t hash,
		   void *value)
{
	m->slots[slot] = (uint32_t)m->n;
	m->entries[m->n++] = (struct entry){ key, hash, value };
	m->live++;
}

/* Twice the room, or the same when most entries are deleted ones. */
static void rebuild(struct map *m)
{
	struct entry *old = m->entries;
	size_t n = m->n, size = m->n_slots;

	if (n > MAX_ENTRIES)
		arena_panic(m->arena, SIZE_MAX);
	make_tables(m, m->live > size / 4 ? size * 2 : size);
	m->n = m->live = 0;
	for (size_t i = 0; i < n; i++)
		if (old[i].key.p != NULL)
			insert(m, find(m, old[i].key, old[i].hash), old[i].key,
			       old[i].hash, old[i].value);
}

static uint64_t hash_of(const struct map *m, struct str key)
{
	return siphash13(m->seed, key.p, key.n);
}

void *map_put(struct map *m, struct str key, void *value)
{
	uint64_t hash = hash_of(m, key);
	size_t slot = find(m, key, hash);
	void *before;

	if (m->slots[slot] != NOBODY) {
		struct entry *e = &m->entries[m->slots[slot]];

		before = e->value;
		e->value = value;
		return before;
	}
	if (m->n == m->n_slots / 2) {
		rebuild(m);
		slot = find(m, key, hash);
	}
	insert(m, slot, str_n(str_dup(m->arena, key), key.n), hash, value);
	return NULL;
}

static struct entry *entry(const struct map *m, struct str key)
{
	size_t slot = find(m, key, hash_of(m, key));

	return m->slots[slot] != NOBODY ? &m->entries[m->slots[slot]] : NULL;
}

void *map_get(const struct map *m, struct str key)
{
	const struct entry *e = entry(m, key);

	return e != NULL ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
	return entry(m, key) != NULL;
}

void *map_del(struct map *m, struct str key)
{
	struct entry *e = entry(m, key);

	if (e == NULL)
		return NULL;
	e->key = str_n(NULL, 0);
	m->live--;
	return e->value;
}

size_t map_len(const struct map *m)
{
	return m->live;
}

bool map_next(const struct map *m, size_t *i, struct str *ret_key,
	      void **ret_value)
{
	while (*i < m->n) {
		const struct entry *e = &m->entries[(*i)++];

		if (e->key.p == NULL)
			continue;
		*ret_key = e->key;
		*ret_value = e->value;
		return true;
	}
	return false;
}
