#ifndef CORE_HASH_H
#define CORE_HASH_H
/* hash.h - SipHash (Aumasson, Bernstein): a keyed hash that somebody who
 * does not know the key cannot make collide.  1-3 for tables within a
 * process, 2-4 where the design's full margin is wanted. */
#include "core/base.h"

struct hash_key { uint64_t k[2]; };

uint64_t siphash13(struct hash_key key, const void *data, size_t n);
uint64_t siphash24(struct hash_key key, const void *data, size_t n);
/* Drawn once per process (children of a fork share it). */
struct hash_key hash_process_key(void);

#endif /* CORE_HASH_H */
