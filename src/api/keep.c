#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "conf/conf.h"
#include "core/hash.h"

/* Answers kept in the worker's own memory for a moment: the second page that
 * asks for the same candles within a second costs no database.  A place is
 * found by the hash of path and query; who comes later takes it over, so
 * memory is bounded by KEEP_N x KEEP_MAX. */
#define KEEP_N 256
#define KEEP_MAX (256u * 1024)

struct kept {
	struct arena *mem;		/* NULL: nothing here */
	struct str key, body;
	uint64_t version;
	int64_t until_ms;
	char etag[40];
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

static uint64_t version_of(const struct api_req *r)
{
	return r->route->cache_version != NULL ?
	       r->route->cache_version(r) : 0;
}

bool keep_get(struct api_req *r)
{
	struct keep *k = r->rep->api->keep;
	struct kept *e;

	r->rep->key = key_of(r);
	r->rep->version = version_of(r);
	e = place(k, r->rep->key);
	/* The clock may have been set back. */
	if (e->mem == NULL || !str_eq(e->key, r->rep->key) ||
	    e->version != r->rep->version || e->until_ms <= r->now_ms ||
	    e->until_ms > r->now_ms + r->route->cache_ms) {
		board_inc(BC_CACHE_MISSES);
		return false;
	}
	board_inc(BC_CACHE_HITS);
	rep_restart(r);
	jw_raw(&r->w, e->body.p, e->body.n);
	memcpy(r->rep->etag, e->etag, sizeof(e->etag));
	return true;
}

void keep_put(struct api_req *r)
{
	struct keep *k = r->rep->api->keep;
	struct kept *e = place(k, r->rep->key);
	struct str body = str_n(r->an->body.buf, r->an->body.len);

	if (r->an->status != 200 || body.n + r->rep->key.n > KEEP_MAX)
		return;
	if (e->mem == NULL)
		e->mem = arena_push(k->arena, "kept");
	else
		arena_reset(e->mem);
	e->key = str_n(str_dup(e->mem, r->rep->key), r->rep->key.n);
	e->body = str_n(str_dup(e->mem, body), body.n);
	e->version = r->rep->version;
	e->until_ms = r->now_ms + r->route->cache_ms;
	etag_make(r);
	memcpy(e->etag, r->rep->etag, sizeof(e->etag));
}
