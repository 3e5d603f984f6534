#ifndef CORE_MAP_H
#define CORE_MAP_H
/* map.h - text to pointer, in an arena; keyed hash, so no input can make it
 * slow.  Walks in order of insertion. */
#include "core/str.h"

struct map;

struct map *map_new(struct arena *out) NONNULL_RET;
/* The key is copied.  Returns the value that stood there before, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
void *map_get(const struct map *m, struct str key);	/* NULL: not there */
bool map_has(const struct map *m, struct str key);
void *map_del(struct map *m, struct str key);
size_t map_len(const struct map *m);
/* for (size_t i = 0; map_next(m, &i, &key, &value); ) */
bool map_next(const struct map *m, size_t *i, struct str *ret_key,
	      void **ret_value);

#endif /* CORE_MAP_H */
