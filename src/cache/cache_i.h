#ifndef CACHE_CACHE_I_H
#define CACHE_CACHE_I_H
/* cache_i.h - the parts of the cache: table.c (first tier), redis.c (one
 * connection), url.c, cache.c (both tiers together), sub.c. */
#include <stdatomic.h>

#include "cache/cache.h"
#include "conf/conf.h"
#include "core/hash.h"

/* ---- first tier ---- */
struct table;
/* NULL when it cannot be mapped (errno says why). */
struct table *table_new(struct arena *out, size_t entries, size_t entry_max);

struct entry_id {
	struct str key;
	unsigned area;
	uint64_t version, shared;	/* both must be equal to be found */
};
bool table_get(struct table *t, struct arena *out, const struct entry_id *id,
	       int64_t now_ns, struct str *ret);
void table_put(struct table *t, const struct entry_id *id, struct str value,
	       int64_t until_ns);
struct cache_stats table_stats(const struct table *t);
/* A test's way to die with a stripe in its hands. */
void table_hold(struct table *t, struct str key, unsigned area);

/* ---- second tier ---- */
#define REDIS_DEADLINE_NS INT64_C(200000000)

struct redis_url {
	const char *path;		/* of a unix socket, or NULL */
	const char *host;
	int port, db;
	const char *user, *password;	/* NULL: none */
};
MUST_CHECK int redis_url_parse(struct arena *out, const char *text,
			       struct redis_url *ret, struct err *err);

/* What the processes of a host know together about Redis. */
struct redis_shared {
	_Atomic int64_t leave_alone_until_ns;
	_Atomic unsigned failures;	/* in a row */
	_Atomic uint64_t errors;
};

struct redisContext;
struct redisReply;
struct resolver;
struct redis {
	struct arena *arena;
	struct redis_url url;
	struct redis_shared *shared;
	const char *lock_path;		/* of the file that counts connections */
	int64_t pool_size;
	struct redisContext *ctx;	/* NULL: none now */
	struct resolver *resolver;	/* NULL: nothing is being looked up */
	int owner;			/* the process that opened it */
	int lock_fd;
	int64_t pool_full_until_ns;
};
struct redis *redis_new(struct arena *out, const struct conf *c,
			const struct redis_url *u,
			struct redis_shared *shared) NONNULL_RET;
void redis_close(struct redis *r);
/* Begins to connect (without waiting) and claims one of the pool's places:
 * false when that is not possible now. */
MUST_CHECK bool redis_begin(struct redis *r);
/* The host's address is known or need not be looked up; -1: there is none. */
int redis_resolved(struct redis *r);
/* Append AUTH and SELECT where the URL asks for them; how many replies. */
int redis_greet(struct redis *r);
/* Connection is there (no wait): 1 yes, 0 not yet, -1 it failed. */
int redis_connected(struct redis *r);
/* A command within the deadline; NULL: Redis could not be asked.  Free with
 * redis_reply_free(). */
struct redisReply *redis_ask(struct redis *r, size_t argc,
			     const struct str *argv);
void redis_reply_free(struct redisReply *reply);
void redis_failed(struct redis *r);	/* close, and leave it alone a while */

/* ---- both ---- */
struct area {
	_Atomic uint64_t version;	/* that was last seen on this host */
	_Atomic uint64_t shared;	/* of all hosts: Redis counts it */
	_Atomic int64_t asked_ns;	/* when Redis was last asked for it */
	_Atomic bool seen;
	_Atomic bool owed;		/* Redis has not heard of a new version */
};
struct cache_shared {
	struct redis_shared redis;
	_Atomic uint64_t shared_hits;
	struct area areas[CACHE_AREAS];
};
struct cache {
	const struct conf *conf;
	struct table *table;		/* NULL: the cache is off */
	struct cache_shared *shared;
	uint64_t read_at[CACHE_AREAS];	/* areas[].shared at the last get */
	struct redis *redis;		/* NULL: no second tier */
	char host[17];			/* who we are among the hosts */
	const char *prefix;		/* of our names in Redis */
};

#endif /* CACHE_CACHE_I_H */
