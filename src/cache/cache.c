#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <hiredis/hiredis.h>

#include "cache/cache_i.h"
#include "core/clock.h"
#include "core/rand.h"

#define SECOND_NS INT64_C(1000000000)
#define HEAD_MAX 48		/* of a value in Redis: "version until\n" */

static void unmap(void *ptr)
{
	munmap(ptr, sizeof(struct cache_shared));
}

int cache_new(struct arena *out, const struct conf *conf, struct cache **ret,
	      struct err *err)
{
	struct cache *c = NEW(out, struct cache);
	struct redis_url url;
	unsigned char id[8];
	int rc;

	c->conf = conf;
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED)
		return FAIL(err, E_IO, "cache: %s", strerror(errno));
	arena_defer(out, unmap, c->shared);
	if (conf->redis_url[0] != '\0') {
		rc = redis_url_parse(out, conf->redis_url, &url, err);
		if (rc < 0)
			return rc;
		c->redis = redis_new(out, conf, &url, &c->shared->redis);
		c->prefix = conf->db_name;
		rand_secret(id, sizeof(id));
		str_hex(c->host, id, sizeof(id));
	}
	if (conf->cache_ttl > 0 && conf->cache_max_size > 0) {
		c->table = table_new(out, (size_t)conf->cache_max_size,
				     (size_t)conf->cache_entry_max);
		if (c->table == NULL)
			return FAIL(err, E_IO, "cache: %s", strerror(errno));
	}
	*ret = c;
	return 0;
}

bool cache_has_redis(const struct cache *c)
{
	return c->redis != NULL;
}

/* The area's version among the hosts is a number drawn at random by whoever
 * changed something: compared for being the same, never for order, so that a
 * Redis that lost its memory cannot make an old one valid again. */
static void tell_version(struct cache *c, unsigned area)
{
	struct area *a = &c->shared->areas[area];
	char name[120], text[24];
	uint64_t v;
	redisReply *r;

	rand_secret(&v, sizeof(v));
	snprintf(name, sizeof(name), "%s:v:%u", c->prefix, area);
	snprintf(text, sizeof(text), "%" PRIu64, v);
	r = redis_ask(c->redis, 3, (const struct str[]){ STR("SET"),
		str_c(name), str_c(text) });
	/* Until Redis has heard of it, what it holds may be older. */
	a->owed = r == NULL || r->type != REDIS_REPLY_STATUS;
	if (!a->owed)
		a->shared = v;
	redis_reply_free(r);
}

/* Once a second one process of the host asks what the others have done. */
static void ask_version(struct cache *c, unsigned area)
{
	struct area *a = &c->shared->areas[area];
	int64_t now = clock_mono_ns(), last = a->asked_ns;
	redisReply *r;
	char name[120];
	uint64_t v;

	if (now - last < SECOND_NS ||
	    !atomic_compare_exchange_strong(&a->asked_ns, &last, now))
		return;
	snprintf(name, sizeof(name), "%s:v:%u", c->prefix, area);
	r = a->owed ? NULL : redis_ask(c->redis, 2,
		(const struct str[]){ STR("GET"), str_c(name) });
	if (a->owed || (r != NULL && r->type == REDIS_REPLY_NIL))
		tell_version(c, area);
	else if (r != NULL && r->type == REDIS_REPLY_STRING &&
		 str_u64(str_n(r->str, (size_t)r->len), &v))
		a->shared = v;
	redis_reply_free(r);
}

/* Takes note of the version that the caller knows; false when another process
 * has seen a newer one since. */
static bool agree(struct cache *c, unsigned area, uint64_t version)
{
	struct area *a = &c->shared->areas[area];
	uint64_t was = a->version;
	bool first;

	assert(area < CACHE_AREAS);
	first = !atomic_exchange(&a->seen, true);
	if (version < was)
		return false;
	if ((version > was || first) &&
	    (atomic_compare_exchange_strong(&a->version, &was, version)) &&
	    c->redis != NULL)
		tell_version(c, area);
	else if (c->redis != NULL)
		ask_version(c, area);
	return true;
}

static int64_t ttl_of(const struct cache *c, int64_t ttl_ms)
{
	int64_t most = c->conf->cache_ttl * 1000;

	return ttl_ms < most ? ttl_ms : most;
}

static struct str redis_key(struct arena *a, const struct cache *c,
			    unsigned area, struct str key)
{
	return str_c(arena_printf(a, "%s:c:%u:%.*s", c->prefix, area,
				  STR_ARG(key)));
}

/* "version until\nvalue", good while the version is the area's. */
static bool unpack(struct str text, uint64_t shared, int64_t now_ms,
		   struct str *ret_value, int64_t *ret_ttl_ms)
{
	struct str line, version, rest;
	int64_t until;
	uint64_t v;

	if (!str_split(&text, '\n', &line) || text.p == NULL)
		return false;
	rest = line;
	if (!str_split(&rest, ' ', &version) || !str_u64(version, &v) ||
	    v != shared || !str_i64(rest, &until) || until <= now_ms)
		return false;
	*ret_value = text;
	*ret_ttl_ms = until - now_ms;
	return true;
}

/* From the second tier into the first. */
static bool fetch(struct cache *c, struct arena *out, struct entry_id *id,
		  struct str *ret)
{
	struct area *a = &c->shared->areas[id->area];
	struct str value;
	int64_t ttl;
	bool ok = false;

	if (a->owed)
		return false;
	SCOPE(tmp, out) {
		const struct str get[] = { STR("GET"),
			redis_key(tmp, c, id->area, id->key) };
		redisReply *r = redis_ask(c->redis, 2, get);

		ok = r != NULL && r->type == REDIS_REPLY_STRING &&
		     unpack(str_n(r->str, (size_t)r->len), id->shared,
			    clock_ms(&clock_real), &value, &ttl);
		if (ok) {
			*ret = str_n(str_dup(out, value), value.n);
			table_put(c->table, id, value, clock_mono_ns() +
				  ttl_of(c, ttl) * 1000000);
			c->shared->shared_hits++;
		}
		redis_reply_free(r);
	}
	return ok;
}

bool cache_get(struct cache *c, struct arena *out, unsigned area,
	       uint64_t version, struct str key, struct str *ret)
{
	struct entry_id id = { .key = key, .area = area, .version = version };

	if (c->table == NULL || !agree(c, area, version))
		return false;
	/* What is computed now will be as old as this. */
	id.shared = c->read_at[area] = c->shared->areas[area].shared;
	if (table_get(c->table, out, &id, clock_mono_ns(), ret))
		return true;
	return c->redis != NULL && fetch(c, out, &id, ret);
}

static void store(struct cache *c, const struct entry_id *id, struct str value,
		  int64_t ttl_ms)
{
	struct arena *tmp = arena_new("cache", (size_t)64 << 20);
	char head[HEAD_MAX], px[24];
	struct sbuf b;
	int n;

	n = snprintf(head, sizeof(head), "%" PRIu64 " %" PRId64 "\n",
		     id->shared, clock_ms(&clock_real) + ttl_ms);
	snprintf(px, sizeof(px), "%" PRId64, ttl_ms);
	sbuf_init(&b, tmp, (size_t)n + value.n);
	sbuf_add(&b, head, (size_t)n);
	sbuf_add(&b, value.p, value.n);
	redis_reply_free(redis_ask(c->redis, 5, (const struct str[]){
		STR("SET"), redis_key(tmp, c, id->area, id->key),
		str_n(b.buf, b.len), STR("PX"), str_c(px) }));
	arena_free(&tmp);
}

void cache_put(struct cache *c, unsigned area, uint64_t version,
	       struct str key, struct str value, int64_t ttl_ms)
{
	struct entry_id id = { .key = key, .area = area, .version = version };

	ttl_ms = ttl_of(c, ttl_ms);
	if (c->table == NULL || ttl_ms <= 0 || !agree(c, area, version) ||
	    key.n + value.n > (size_t)c->conf->cache_entry_max)
		return;
	id.shared = c->read_at[area];
	if (id.shared != c->shared->areas[area].shared)
		return;
	table_put(c->table, &id, value, clock_mono_ns() + ttl_ms * 1000000);
	if (c->redis != NULL && !c->shared->areas[area].owed)
		store(c, &id, value, ttl_ms);
}

struct cache_stats cache_stats(const struct cache *c)
{
	struct cache_stats st = { 0 };

	if (c->table != NULL)
		st = table_stats(c->table);
	st.shared_hits = c->shared->shared_hits;
	st.redis_errors = c->shared->redis.errors;
	return st;
}

bool cache_publish(struct cache *c, const char *channel, struct str text)
{
	struct arena *tmp;
	redisReply *r;
	struct sbuf b;
	bool ok;

	if (c->redis == NULL)
		return false;
	tmp = arena_new("publish", (size_t)64 << 20);
	sbuf_init(&b, tmp, text.n + sizeof(c->host));
	sbuf_addf(&b, "%s ", c->host);
	sbuf_add(&b, text.p, text.n);
	r = redis_ask(c->redis, 3, (const struct str[]){ STR("PUBLISH"),
		str_c(arena_printf(tmp, "%s:%s", c->prefix, channel)),
		str_n(b.buf, b.len) });
	ok = r != NULL && r->type == REDIS_REPLY_INTEGER;
	redis_reply_free(r);
	arena_free(&tmp);
	return ok;
}

int cache_redis_ping(struct cache *c, int64_t *ret_us, struct err *err)
{
	int64_t start = clock_mono_ns();
	redisReply *r;
	bool ok;

	if (c->redis == NULL)
		return FAIL(err, E_NOTFOUND, "no redis_url is set");
	r = redis_ask(c->redis, 1, (const struct str[]){ STR("PING") });
	ok = r != NULL && r->type == REDIS_REPLY_STATUS;
	redis_reply_free(r);
	if (!ok)
		return FAIL(err, E_BUSY, "Redis does not answer");
	*ret_us = (clock_mono_ns() - start) / 1000;
	return 0;
}
