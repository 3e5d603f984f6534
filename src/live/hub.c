#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "live/hub_i.h"
#include "proc/board.h"

struct hub *hub_new(struct arena *out, size_t max_bytes, uint64_t first_id)
{
	struct hub *h = NEW(out, struct hub);

	pool_init(&h->pool, out, max_bytes);
	h->base = h->last_id = first_id;
	h->key = hash_process_key();
	return h;
}

/* ---- names ---- */
static bool number(struct str s)
{
	if (s.n == 0 || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

static bool word(struct str s)
{
	if (s.n == 0 || s.n > 16)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
		      (s.p[i] >= 'a' && s.p[i] <= 'z') ||
		      (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '_'))
			return false;
	return true;
}

/* bots | market:<id>:<timeframe> | bot, ticker, job, backtest, sweep, model :<id> */
bool hub_topic_valid(struct str topic)
{
	struct str kind, id;

	if (topic.n > HUB_TOPIC_MAX - 1 || topic.n == 0)
		return false;
	if (str_eqc(topic, "bots"))
		return true;
	if (!str_split(&topic, ':', &kind))
		return false;
	if (str_eqc(kind, "bot") || str_eqc(kind, "ticker") ||
	    str_eqc(kind, "job") || str_eqc(kind, "backtest") ||
	    str_eqc(kind, "sweep") || str_eqc(kind, "model"))
		return number(topic);
	return str_eqc(kind, "market") && str_split(&topic, ':', &id) &&
	       number(id) && word(topic);
}

/* ---- events ---- */
static void unref(struct hub *h, struct hub_event *e)
{
	assert(e->refs > 0);
	if (--e->refs == 0)
		pool_put(&h->pool, e);
}

static void ring_pop(struct hub *h, struct hub_topic *t)
{
	struct hub_event *e = t->ring[t->first];

	t->floor = e->id;
	t->first = (t->first + 1) % HUB_RING;
	t->n--;
	unref(h, e);
}

static void ring_push(struct hub *h, struct hub_topic *t, struct hub_event *e)
{
	if (t->n == HUB_RING)
		ring_pop(h, t);
	t->ring[(t->first + t->n++) % HUB_RING] = e;
	e->refs++;
}

/* ---- topics ---- */
static unsigned bucket_of(const struct hub *h, const char *name)
{
	return (unsigned)(siphash13(h->key, name, strlen(name)) %
			  ARRAY_LEN(h->bucket));
}

static void order_out(struct hub *h, struct hub_topic *t)
{
	if (t->newer != NULL)
		t->newer->older = t->older;
	else
		h->newest = t->older;
	if (t->older != NULL)
		t->older->newer = t->newer;
	else
		h->oldest = t->newer;
}

static void order_in(struct hub *h, struct hub_topic *t)
{
	t->newer = NULL;
	t->older = h->newest;
	if (h->newest != NULL)
		h->newest->newer = t;
	else
		h->oldest = t;
	h->newest = t;
}

static void topic_free(struct hub *h, struct hub_topic *t)
{
	struct hub_topic **link = &h->bucket[bucket_of(h, t->name)];

	assert(t->subs == NULL);
	while (t->n > 0)
		ring_pop(h, t);
	while (*link != t)
		link = &(*link)->chain;
	*link = t->chain;
	order_out(h, t);
	h->n_topics--;
	/* Whoever asks for it again cannot be told that nothing is missing. */
	h->forgot = true;
	pool_put(&h->pool, t);
}

/* Frees something: the longest silent topic that nobody watches, else the
 * events of the longest silent one. */
static bool make_room(struct hub *h)
{
	for (struct hub_topic *t = h->oldest; t != NULL; t = t->newer)
		if (t->subs == NULL) {
			topic_free(h, t);
			return true;
		}
	for (struct hub_topic *t = h->oldest; t != NULL; t = t->newer)
		if (t->n > 0) {
			while (t->n > 0)
				ring_pop(h, t);
			return true;
		}
	return false;
}

static void *get(struct hub *h, size_t n)
{
	void *p;

	while ((p = pool_get(&h->pool, n)) == NULL)
		if (!make_room(h))
			return NULL;
	return p;
}

static struct hub_topic *topic_find(const struct hub *h, const char *name)
{
	struct hub_topic *t = h->bucket[bucket_of(h, name)];

	while (t != NULL && strcmp(t->name, name) != 0)
		t = t->chain;
	return t;
}

static struct hub_topic *topic_get(struct hub *h, const char *name)
{
	struct hub_topic *t = topic_find(h, name), **link;

	if (t != NULL)
		return t;
	while (h->n_topics >= HUB_TOPICS)
		if (h->oldest == NULL || !make_room(h))
			return NULL;
	t = get(h, sizeof(*t));
	if (t == NULL)
		return NULL;
	memset(t, 0, sizeof(*t));
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->floor = h->forgot ? h->last_id : h->base;
	link = &h->bucket[bucket_of(h, name)];
	t->chain = *link;
	*link = t;
	order_in(h, t);
	h->n_topics++;
	return t;
}

/* "bots" stands for a topic per owner, and one of all for administrators. */
static void inner_name(char out[static HUB_TOPIC_MAX + 24], struct str topic,
		       uint64_t user, bool all)
{
	if (!str_eqc(topic, "bots"))
		snprintf(out, HUB_TOPIC_MAX + 24, "%.*s", STR_ARG(topic));
	else if (all)
		snprintf(out, HUB_TOPIC_MAX + 24, "bots#all");
	else
		snprintf(out, HUB_TOPIC_MAX + 24, "bots#%" PRIu64, user);
}

/* ---- clients ---- */
static bool may_see(const struct hub_client *c, const struct hub_event *e)
{
	return e->user == 0 || c->admin || e->user == c->user;
}

static void queue_drop_all(struct hub *h, struct hub_client *c)
{
	for (; c->n > 0; c->n--, h->queued--) {
		struct hub_event *e = c->queue[c->head];

		if (e->id != 0)
			board_inc(BC_LIVE_DROPPED);
		unref(h, e);
		c->head = (c->head + 1) % HUB_QUEUE;
	}
	c->bytes = 0;
}

/* Too slow for what it asked for: it starts anew and is told so.  A client
 * that takes nothing at all is closed by the server, see moved_ns. */
static void overflow(struct hub *h, struct hub_client *c)
{
	queue_drop_all(h, c);
	for (struct hub_sub *s = c->subs; s != NULL; s = s->more)
		s->gap = true;
	c->any_gap = true;
	c->wake(c->ctx);
}

static void enqueue(struct hub *h, struct hub_client *c, struct hub_event *e)
{
	if (c->evict)
		return;
	if (c->queue == NULL) {
		c->queue = get(h, HUB_QUEUE * sizeof(struct hub_event *));
		if (c->queue == NULL) {
			c->evict = true;
			c->wake(c->ctx);
			return;
		}
	}
	if (c->n == HUB_QUEUE || c->bytes + e->n > c->max_bytes) {
		if (e->id != 0)
			board_inc(BC_LIVE_DROPPED);
		overflow(h, c);
		return;
	}
	c->queue[(c->head + c->n++) % HUB_QUEUE] = e;
	e->refs++;
	c->bytes += e->n;
	h->queued++;
	c->wake(c->ctx);
}

void client_open(struct hub *h, struct hub_client *c, uint64_t user, bool admin,
		 size_t max_bytes, void (*wake)(void *ctx), void *ctx)
{
	(void)h;
	*c = (struct hub_client){ .user = user, .admin = admin, .wake = wake,
				  .ctx = ctx, .max_bytes = max_bytes };
}

static void sub_free(struct hub *h, struct hub_sub *s)
{
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	pool_put(&h->pool, s);
}

void client_close(struct hub *h, struct hub_client *c)
{
	while (c->subs != NULL) {
		struct hub_sub *s = c->subs;

		c->subs = s->more;
		sub_free(h, s);
	}
	queue_drop_all(h, c);
	pool_put(&h->pool, c->queue);
	c->queue = NULL;
	c->n_subs = 0;
}

static struct hub_sub **sub_find(struct hub_client *c, struct str name)
{
	struct hub_sub **s = &c->subs;

	while (*s != NULL && !str_eqc(name, (*s)->name))
		s = &(*s)->more;
	return s;
}

static void replay(struct hub *h, struct hub_client *c, struct hub_sub *s,
		   uint64_t since)
{
	const struct hub_topic *t = s->topic;

	/* An id from the future is another host's. */
	if (since < t->floor || since > h->last_id) {
		s->gap = c->any_gap = true;
		c->wake(c->ctx);
		return;
	}
	for (unsigned i = 0; i < t->n; i++) {
		struct hub_event *e = t->ring[(t->first + i) % HUB_RING];

		if (e->id > since && may_see(c, e))
			enqueue(h, c, e);
	}
}

int client_subscribe(struct hub *h, struct hub_client *c, struct str topic,
		     uint64_t since, struct err *err)
{
	char name[HUB_TOPIC_MAX + 24];
	struct hub_topic *t;
	struct hub_sub *s;

	if (!hub_topic_valid(topic))
		return FAIL(err, E_INVAL, "no such topic");
	if (*sub_find(c, topic) != NULL)
		return 0;
	if (c->n_subs >= HUB_SUBS)
		return FAIL(err, E_LIMIT, "over %d topics", HUB_SUBS);
	inner_name(name, topic, c->user, c->admin);
	s = get(h, sizeof(*s));
	t = s != NULL ? topic_get(h, name) : NULL;
	if (t == NULL) {
		pool_put(&h->pool, s);
		return FAIL(err, E_LIMIT, "too many topics");
	}
	*s = (struct hub_sub){ .client = c, .topic = t, .next = t->subs,
			       .link = &t->subs, .more = c->subs };
	snprintf(s->name, sizeof(s->name), "%.*s", STR_ARG(topic));
	if (t->subs != NULL)
		t->subs->link = &s->next;
	t->subs = s;
	c->subs = s;
	c->n_subs++;
	if (since != 0)
		replay(h, c, s, since);
	return 0;
}

void client_unsubscribe(struct hub *h, struct hub_client *c, struct str topic)
{
	struct hub_sub **at = sub_find(c, topic), *s = *at;

	if (s == NULL)
		return;
	*at = s->more;
	c->n_subs--;
	sub_free(h, s);
}

static struct hub_event *event_new(struct hub *h, size_t n)
{
	struct hub_event *e = get(h, sizeof(*e) + n + 1);

	if (e != NULL) {
		e->refs = 1;
		e->id = e->user = 0;
		e->n = n;
	}
	return e;
}

void client_say(struct hub *h, struct hub_client *c, const char *text, size_t n)
{
	struct hub_event *e = event_new(h, n);

	if (e == NULL) {
		c->evict = true;
		c->wake(c->ctx);
		return;
	}
	memcpy(e->text, text, n);
	e->text[n] = '\0';
	enqueue(h, c, e);
	unref(h, e);
}

static void say_gaps(struct hub *h, struct hub_client *c)
{
	c->any_gap = false;
	for (struct hub_sub *s = c->subs; s != NULL; s = s->more) {
		char text[HUB_TOPIC_MAX + 32];
		int n;

		if (!s->gap)
			continue;
		s->gap = false;
		n = snprintf(text, sizeof(text),
			     "{\"op\":\"gap\",\"topic\":\"%s\"}", s->name);
		client_say(h, c, text, (size_t)n);
	}
}

struct hub_event *client_next(struct hub *h, struct hub_client *c)
{
	if (c->any_gap && c->n == 0)
		say_gaps(h, c);
	return c->n > 0 ? c->queue[c->head] : NULL;
}

void client_sent(struct hub *h, struct hub_client *c, int64_t now_ns)
{
	struct hub_event *e;

	assert(c->n > 0);
	e = c->queue[c->head];
	c->head = (c->head + 1) % HUB_QUEUE;
	c->n--;
	h->queued--;
	c->bytes -= e->n;
	c->moved_ns = now_ns;
	if (e->id != 0)
		board_inc(BC_LIVE_DELIVERED);
	unref(h, e);
}

/* ---- publishing ---- */
static void fan_out(struct hub *h, struct hub_topic *t, struct hub_event *e)
{
	for (struct hub_sub *s = t->subs; s != NULL; s = s->next)
		if (may_see(s->client, e))
			enqueue(h, s->client, e);
}

static int put_into(struct hub *h, const char *name, struct hub_event *e,
		    struct err *err)
{
	struct hub_topic *t = topic_get(h, name);

	if (t == NULL)
		return FAIL(err, E_LIMIT, "too many topics");
	order_out(h, t);
	order_in(h, t);
	ring_push(h, t, e);
	fan_out(h, t, e);
	return 0;
}

int hub_publish(struct hub *h, struct str topic, struct str type, uint64_t user,
		struct str data, struct err *err)
{
	char head[HUB_TOPIC_MAX + 96], name[HUB_TOPIC_MAX + 24];
	struct hub_event *e;
	int n, rc;

	if (!hub_topic_valid(topic) || !word(type) || data.n == 0)
		return FAIL(err, E_INVAL, "not an event");
	n = snprintf(head, sizeof(head), "{\"topic\":\"%.*s\",\"id\":%" PRIu64
		     ",\"type\":\"%.*s\",\"data\":", STR_ARG(topic),
		     h->last_id + 1, STR_ARG(type));
	e = event_new(h, (size_t)n + data.n + 1);
	if (e == NULL)
		return FAIL(err, E_LIMIT, "no room for an event");
	memcpy(e->text, head, (size_t)n);
	memcpy(e->text + n, data.p, data.n);
	memcpy(e->text + (size_t)n + data.n, "}", 2);
	e->id = ++h->last_id;
	e->user = user;
	inner_name(name, topic, user, false);
	rc = put_into(h, name, e, err);
	if (rc == 0 && str_eqc(topic, "bots"))
		rc = put_into(h, "bots#all", e, err);
	unref(h, e);
	return rc;
}
