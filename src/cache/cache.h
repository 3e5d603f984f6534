#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H
/* cache.h - answers that were computed once, shared by the workers of a host
 * and, when redis_url is set, by the hosts.
 *
 * The cache never knows anything that the database does not: losing it costs
 * time only, so nothing here reports an error once it is made.
 *
 * An entry belongs to an area (a number below CACHE_AREAS; users take the
 * board's GEN_* for it) and to the area's version at the time when its data
 * was read.  It is given back only while that is still the version, so
 *
 *	v = board_generation(GEN_MARKETS);
 *	if (!cache_get(c, out, GEN_MARKETS, v, key, &text)) {
 *		text = ... from the database ...
 *		cache_put(c, GEN_MARKETS, v, key, text, ttl_ms);
 *	}
 *
 * cannot keep what was overtaken between the two lines.
 *
 * First tier: a shared mapping made before the fork, cache_max_size entries of
 * at most cache_entry_max bytes, in stripes of 16 under a robust lock each: a
 * process killed while it holds one costs the entries of that stripe.  The
 * least recently used entry of a stripe makes room.
 *
 * Second tier: Redis.  What another host computed is taken over, and a new
 * version of an area makes the others' entries void within a second.  At most
 * redis_pool_size connections are open on this host (locks on a file in
 * run_dir count them, so the dead give theirs back), each use of Redis has
 * 200 ms in all, and after a failure it is left alone for a while.  A process
 * that gets no connection works without.
 *
 * SIGPIPE must be ignored where redis_url is set.
 *
 * Events between hosts: cache_publish(), and a subscriber that fits into any
 * poll loop. */
#include "core/err.h"
#include "core/str.h"

struct conf;
struct cache;

#define CACHE_AREAS 64

/* Before the fork; NULL with *err when redis_url is malformed (-E_INVAL) or
 * the memory cannot be mapped (-E_IO).  `conf` must outlive it.  With
 * cache_ttl or cache_max_size 0 it holds nothing. */
MUST_CHECK int cache_new(struct arena *out, const struct conf *conf,
			 struct cache **ret, struct err *err);

/* A copy in `out`, ending in '\0'.  An area whose data has no version is used
 * with version 0 always. */
MUST_CHECK bool cache_get(struct cache *c, struct arena *out, unsigned area,
			  uint64_t version, struct str key, struct str *ret);
/* After a cache_get() of the area that found nothing, by the same process: what
 * other hosts changed since then makes it void.  ttl_ms is cut to cache_ttl.
 * What does not fit is not kept. */
void cache_put(struct cache *c, unsigned area, uint64_t version,
	       struct str key, struct str value, int64_t ttl_ms);

struct cache_stats {
	uint64_t hits, misses, shared_hits;	/* the last: from Redis */
	uint64_t puts, evicted;
	uint64_t wiped;			/* stripes found in a dead one's hands */
	uint64_t redis_errors;
	uint64_t entries;		/* now */
};
struct cache_stats cache_stats(const struct cache *c);

/* Tell the other hosts; false when it did not get to Redis.  Needs a cache
 * with redis_url. */
bool cache_publish(struct cache *c, const char *channel, struct str text);

/* Hear the other hosts: what this cache published itself is left out.  Never
 * blocks.  Watch cache_sub_fd() for reading (and for writing while
 * cache_sub_writes()), call cache_sub_run() then and at least once a second:
 * it connects, reconnects with growing delay, and calls fn for each message. */
struct cache_sub;
typedef void cache_sub_fn(void *ctx, struct str text);
struct cache_sub *cache_sub_new(struct arena *out, struct cache *c,
				const char *channel, cache_sub_fn *fn,
				void *ctx) NONNULL_RET;
int cache_sub_fd(const struct cache_sub *s);	/* -1: not connected now */
bool cache_sub_writes(const struct cache_sub *s);
bool cache_sub_ready(const struct cache_sub *s);	/* subscribed */
void cache_sub_run(struct cache_sub *s);

/* Is there a second tier at all, and does it answer?  (For /healthz.) */
bool cache_has_redis(const struct cache *c);
MUST_CHECK int cache_redis_ping(struct cache *c, int64_t *ret_us,
				struct err *err);

#endif /* CACHE_CACHE_H */
