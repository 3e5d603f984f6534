#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "core/hash.h"

/* Answers served again.  Those that fit go into the cache that all workers
 * share; larger ones (columns of candles) are kept in the worker's own memory:
 * a place is found by the hash of path and query, and who comes later takes it
 * over, so that memory is bounded by KEEP_N x KEEP_MAX. */
#define KEEP_N 64
#define KEEP_MAX (512u * 1024)
/* The cache's area of answers that have no version. */
#define AREA_NONE (CACHE_AREAS - 1)

struct kept {
	struct arena *mem;		/* NULL: nothing here */
	struct str key, body;
	uint64_t version;
	int64_t until_ms;
};
struct keep {
	struct arena *arena;
	struct hash_key key;
	struct kept v[KEEP_N];
};

struct keep *keep_new(struct arena *out)
{
	struct keep *k = NEW(out, struct keep);

	k->arena = out;
	k->key = hash_process_key();
	return k;
}

/* Path and query as they came: two spellings are two answers. */
static struct str key_of(const struct api_req *r)
{
	size_t n = strlen(r->rq->path);
	char *p = arena_alloc(r->arena, n + r->rq->query.n + 2);

	memcpy(p, r->rq->path, n);
	p[n] = '?';
	if (r->rq->query.n > 0)
		memcpy(p + n + 1, r->rq->query.p, r->rq->query.n);
	return str_n(p, n + r->rq->query.n + 1);
}

static struct kept *place(struct keep *k, struct str key)
{
	return &k->v[siphash13(k->key, key.p, key.n) % KEEP_N];
}

static unsigned area_of(const struct route *r)
{
	return r->cache_by != 0 ? r->cache_by - 1 : AREA_NONE;
}

static uint64_t version_of(const struct route *r)
{
	return r->cache_by != 0 ?
	       board_generation((enum board_gen)(r->cache_by - 1)) : 0;
}

static bool keeps(const struct conf *c)
{
	return c->cache_ttl > 0 && c->cache_max_size > 0;
}

static bool own_get(const struct api_req *r, struct str *ret)
{
	const struct kept *e = place(r->rep->api->keep, r->rep->key);

	/* The clock may have been set back. */
	if (e->mem == NULL || !str_eq(e->key, r->rep->key) ||
	    e->version != r->rep->version || e->until_ms <= r->now_ms ||
	    e->until_ms > r->now_ms + r->route->cache_ms)
		return false;
	*ret = e->body;
	return true;
}

bool keep_get(struct api_req *r)
{
	struct cache *shared = r->d->cache;
	struct str body;

	if (!keeps(r->d->conf))
		return false;
	r->rep->key = key_of(r);
	r->rep->version = version_of(r->route);
	if (!(shared != NULL &&
	      cache_get(shared, r->arena, area_of(r->route), r->rep->version,
			r->rep->key, &body)) && !own_get(r, &body)) {
		board_inc(BC_CACHE_MISSES);
		return false;
	}
	board_inc(BC_CACHE_HITS);
	rep_restart(r);
	jw_raw(&r->w, body.p, body.n);
	return true;
}

static void own_put(const struct api_req *r, struct str body)
{
	struct keep *k = r->rep->api->keep;
	struct kept *e = place(k, r->rep->key);

	if (body.n + r->rep->key.n > KEEP_MAX)
		return;
	if (e->mem == NULL)
		e->mem = arena_push(k->arena, "kept");
	else
		arena_reset(e->mem);
	e->key = str_n(str_dup(e->mem, r->rep->key), r->rep->key.n);
	e->body = str_n(str_dup(e->mem, body), body.n);
	e->version = r->rep->version;
	e->until_ms = r->now_ms + r->route->cache_ms;
}

void keep_put(struct api_req *r)
{
	const struct conf *c = r->d->conf;
	struct str body = str_n(r->an->body.buf, r->an->body.len);

	if (!keeps(c) || r->an->status != 200)
		return;
	if (r->d->cache != NULL && body.n + r->rep->key.n <
				   (size_t)c->cache_entry_max)
		cache_put(r->d->cache, area_of(r->route), r->rep->version,
			  r->rep->key, body, r->route->cache_ms);
	else
		own_put(r, body);
}
