#include "config.h"

#include <string.h>
#include <hiredis/hiredis.h>

#include "cache/cache_i.h"
#include "core/clock.h"

#define SECOND_NS INT64_C(1000000000)
#define CONNECT_NS (5 * SECOND_NS)	/* nobody waits for it */
#define PING_NS (15 * SECOND_NS)
#define SILENCE_NS (45 * SECOND_NS)

enum sub_state { SUB_OFF, SUB_CONNECTING, SUB_GREETING, SUB_READY };

struct cache_sub {
	struct cache *c;
	struct redis *redis;		/* a connection of its own */
	struct redis_shared own;	/* with a back-off of its own */
	const char *channel;
	cache_sub_fn *fn;
	void *ctx;
	enum sub_state state;
	int replies;			/* of the greeting still to come */
	bool unsent;
	int64_t since_ns, heard_ns, pinged_ns;
};

struct cache_sub *cache_sub_new(struct arena *out, struct cache *c,
				const char *channel, cache_sub_fn *fn,
				void *ctx)
{
	struct cache_sub *s = NEW(out, struct cache_sub);

	s->c = c;
	s->fn = fn;
	s->ctx = ctx;
	if (c->redis != NULL) {
		s->channel = arena_printf(out, "%s:%s", c->prefix, channel);
		s->redis = redis_new(out, c->conf, &c->redis->url, &s->own);
	}
	return s;
}

int cache_sub_fd(const struct cache_sub *s)
{
	return s->redis != NULL && s->redis->ctx != NULL ? s->redis->ctx->fd : -1;
}

bool cache_sub_writes(const struct cache_sub *s)
{
	return s->unsent || (s->state == SUB_CONNECTING && cache_sub_fd(s) >= 0);
}

bool cache_sub_ready(const struct cache_sub *s)
{
	return s->state == SUB_READY;
}

static void fail(struct cache_sub *s)
{
	redis_failed(s->redis);
	s->state = SUB_OFF;
	s->unsent = false;
}

static void begin(struct cache_sub *s)
{
	if (!redis_begin(s->redis))
		return;
	s->state = SUB_CONNECTING;
	s->since_ns = clock_mono_ns();
}

static bool send_some(struct cache_sub *s)
{
	int done = 1;

	if (s->unsent && redisBufferWrite(s->redis->ctx, &done) != REDIS_OK)
		return false;
	s->unsent = !done;
	return true;
}

static bool connected(struct cache_sub *s)
{
	int rc = redis_connected(s->redis);

	if (rc < 0 || clock_mono_ns() - s->since_ns > CONNECT_NS)
		return false;
	if (rc == 0)
		return true;
	s->replies = redis_greet(s->redis);
	if (redisAppendCommand(s->redis->ctx, "SUBSCRIBE %s", s->channel) !=
	    REDIS_OK)
		return false;
	s->state = SUB_GREETING;
	s->unsent = true;
	s->heard_ns = s->pinged_ns = clock_mono_ns();
	return send_some(s);
}

/* "message", channel, "host text" */
static void message(struct cache_sub *s, const redisReply *r)
{
	const redisReply *body = r->element[2];
	struct str text, host;

	if (body->type != REDIS_REPLY_STRING)
		return;
	text = str_n(body->str, (size_t)body->len);
	if (str_split(&text, ' ', &host) && text.p != NULL &&
	    !str_eqc(host, s->c->host))
		s->fn(s->ctx, text);
}

static bool is_kind(const redisReply *r, const char *kind, size_t elements)
{
	return r->type == REDIS_REPLY_ARRAY && r->elements == elements &&
	       r->element[0]->type == REDIS_REPLY_STRING &&
	       strcmp(r->element[0]->str, kind) == 0;
}

static bool take(struct cache_sub *s, const redisReply *r)
{
	if (r->type == REDIS_REPLY_ERROR)
		return false;
	if (s->state == SUB_GREETING && s->replies > 0)
		s->replies--;
	else if (s->state == SUB_GREETING && is_kind(r, "subscribe", 3)) {
		s->state = SUB_READY;
		s->own.failures = 0;
	} else if (s->state == SUB_READY && is_kind(r, "message", 3)) {
		message(s, r);
	}
	return true;
}

static bool read_some(struct cache_sub *s)
{
	void *reply;

	if (redisBufferRead(s->redis->ctx) != REDIS_OK)
		return false;
	for (;;) {
		bool ok;

		if (redisGetReplyFromReader(s->redis->ctx, &reply) != REDIS_OK)
			return false;
		if (reply == NULL)
			return true;
		s->heard_ns = clock_mono_ns();
		ok = take(s, reply);
		redis_reply_free(reply);
		if (!ok)
			return false;
	}
}

/* A peer that vanished without a word is found by asking. */
static bool keep_alive(struct cache_sub *s)
{
	int64_t now = clock_mono_ns();

	if (now - s->heard_ns > SILENCE_NS)
		return false;
	if (now - s->pinged_ns < PING_NS)
		return true;
	s->pinged_ns = now;
	s->unsent = true;
	return redisAppendCommand(s->redis->ctx, "PING") == REDIS_OK;
}

void cache_sub_run(struct cache_sub *s)
{
	if (s->redis == NULL)
		return;
	if (s->state == SUB_OFF)
		begin(s);
	if (s->state == SUB_CONNECTING && !connected(s))
		fail(s);
	if ((s->state == SUB_GREETING || s->state == SUB_READY) &&
	    (!read_some(s) || !keep_alive(s) || !send_some(s)))
		fail(s);
}
