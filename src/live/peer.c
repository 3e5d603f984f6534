#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "fcgi/fcgi.h"
#include "json/json.h"
#include "live/server_i.h"
#include "proc/board.h"

#define AT_ONCE		64	/* messages written to one client in a row */

static void wake(void *ctx)
{
	struct peer *c = OBJ_CAST(struct peer, ctx, PEER_MAGIC);

	lws_callback_on_writable(c->wsi);
}

static void count(struct server *s)
{
	board_slot_gauge_set(BS_LIVE_WS, s->n_ws);
	board_slot_gauge_set(BS_LIVE_SSE, s->n_sse);
}

void peer_open(struct server *s, struct peer *c, struct lws *wsi,
	       const struct identity *who, bool sse)
{
	*c = (struct peer){ .magic = PEER_MAGIC, .srv = s, .wsi = wsi,
			    .who = *who, .sse = sse, .next = s->peers,
			    .link = &s->peers };
	c->generation = board_generation(GEN_SESSIONS);
	c->checked_ns = clock_mono_ns();
	client_open(s->hub, &c->client, who->user_id,
		    who->role == USER_ADMIN,
		    (size_t)s->conf->live_max_message, wake, c);
	c->client.moved_ns = c->checked_ns;
	if (s->peers != NULL)
		s->peers->link = &c->next;
	s->peers = c;
	*(sse ? &s->n_sse : &s->n_ws) += 1;
	board_inc(BC_LIVE_OPENED);
	count(s);
}

void peer_close(struct peer *c)
{
	struct server *s = c->srv;

	client_close(s->hub, &c->client);
	if (c->arena != NULL)
		arena_free(&c->arena);
	*c->link = c->next;
	if (c->next != NULL)
		c->next->link = c->link;
	c->magic = 0;
	*(c->sse ? &s->n_sse : &s->n_ws) -= 1;
	count(s);
}

static int ask_session(struct peer *c, struct rows *rows, struct err *err)
{
	struct server *s = c->srv;
	int64_t now = clock_ms(&clock_real);

	if (c->who.session_id != 0)
		return db_select(s->scratch, s->db, Q_LIVE_SESSION,
				 ARGS(V_U64(c->who.session_id), V_I64(now),
				      V_I64(now - s->conf->session_idle * 1000)),
				 rows, err);
	return db_select(s->scratch, s->db, Q_LIVE_TOKEN,
			 ARGS(V_U64(c->who.token_id), V_I64(now)), rows, err);
}

bool peer_still_allowed(struct peer *c, int64_t now_ns)
{
	int64_t every = c->srv->conf->live_ping_interval * 1000000000;
	uint64_t generation = board_generation(GEN_SESSIONS);
	struct rows rows;
	struct err err;
	bool ok = true;

	if (generation == c->generation && now_ns - c->checked_ns < every)
		return true;
	if (ask_session(c, &rows, &err) == 0) {
		/* Another role has other rights: it may come back with them. */
		ok = rows.n == 1 &&
		     row_u64(&rows, 0, 0) == (uint64_t)c->who.role;
		c->generation = generation;
		c->checked_ns = now_ns;
	} else {
		/* Asked again in a second; a page whose session nobody can
		 * check stays for at most ten intervals. */
		ok = now_ns - c->checked_ns < every * 10;
	}
	arena_reset(c->srv->scratch);
	return ok;
}

/* ---- what a client says ---- */
static void say(struct peer *c, const char *text)
{
	client_say(c->srv->hub, &c->client, text, strlen(text));
}

static void say_error(struct peer *c, const struct err *err)
{
	char text[400];
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, c->srv->scratch, sizeof(text));
	jw_init(&w, &b);
	jw_obj(&w);
	jw_kstr(&w, "op", "error");
	jw_kstr(&w, "code", errc_name(err->code));
	jw_kstr(&w, "detail", err->msg);
	jw_obj_end(&w);
	if (sbuf_finish(&b) != NULL)
		client_say(c->srv->hub, &c->client, b.buf, b.len);
}

static int subscribe_one(struct peer *c, const struct json *topic,
			 const struct json *since, struct err *err)
{
	struct str name;
	uint64_t id = 0;
	char key[HUB_TOPIC_MAX];

	if (!json_str(topic, &name) || name.n >= sizeof(key))
		return FAIL(err, E_INVAL, "a topic is a short text");
	snprintf(key, sizeof(key), "%.*s", STR_ARG(name));
	if (since != NULL && json_get(since, key) != NULL &&
	    !json_u64(json_get(since, key), &id))
		return FAIL(err, E_INVAL, "since is the id of an event");
	return client_subscribe(c->srv->hub, &c->client, name, id, err);
}

static int subscribe(struct peer *c, const struct json *msg, struct err *err)
{
	const struct json *topics = json_get(msg, "topics");
	const struct json *since = json_get(msg, "since");

	if (topics == NULL || json_type(topics) != JSON_ARR)
		return FAIL(err, E_INVAL, "topics is a list");
	/* The answer first: what is replayed comes after it. */
	say(c, "{\"op\":\"ok\"}");
	for (size_t i = 0; i < json_len(topics); i++) {
		int rc = subscribe_one(c, json_at(topics, i), since, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int unsubscribe(struct peer *c, const struct json *msg, struct err *err)
{
	const struct json *topics = json_get(msg, "topics");
	struct str name;

	if (topics == NULL || json_type(topics) != JSON_ARR)
		return FAIL(err, E_INVAL, "topics is a list");
	for (size_t i = 0; i < json_len(topics); i++)
		if (json_str(json_at(topics, i), &name))
			client_unsubscribe(c->srv->hub, &c->client, name);
	say(c, "{\"op\":\"ok\"}");
	return 0;
}

void peer_message(struct peer *c, const char *text, size_t n)
{
	const struct json *msg;
	struct str op;
	struct err err;
	int rc = json_parse(c->srv->scratch, text, n, &msg, &err);

	if (rc == 0 && !json_str(json_get(msg, "op"), &op))
		rc = FAIL(&err, E_INVAL, "op is sub, unsub or ping");
	if (rc == 0) {
		if (str_eqc(op, "ping"))
			say(c, "{\"op\":\"pong\"}");
		else if (str_eqc(op, "sub"))
			rc = subscribe(c, msg, &err);
		else if (str_eqc(op, "unsub"))
			rc = unsubscribe(c, msg, &err);
		else
			rc = FAIL(&err, E_INVAL, "op is sub, unsub or ping");
	}
	if (rc < 0) {
		board_inc(BC_LIVE_REFUSED);
		say_error(c, &err);
	}
	arena_reset(c->srv->scratch);
}

/* "bot:7:123,bots:5": the id stands behind the last colon. */
static uint64_t since_of(struct str list, struct str topic)
{
	struct str item;
	uint64_t id;

	while (list.n > 0 && str_split(&list, ',', &item)) {
		const char *colon = item.n > 0 ?
			memrchr(item.p, ':', item.n) : NULL;
		size_t n = colon != NULL ? (size_t)(colon - item.p) : 0;

		if (n > 0 && str_eq(str_n(item.p, n), topic) &&
		    str_u64(str_n(colon + 1, item.n - n - 1), &id))
			return id;
	}
	return 0;
}

int peer_sse_topics(struct peer *c, struct str query, const char *last_event_id,
		    struct err *err)
{
	struct str name, value, topics = { "", 0 }, since = { "", 0 }, topic;
	struct arena *tmp = c->srv->scratch;
	uint64_t last = 0, id;
	int rc;

	while ((rc = query_next(tmp, &query, &name, &value, err)) > 0) {
		if (str_eqc(name, "topics"))
			topics = value;
		else if (str_eqc(name, "since"))
			since = value;
	}
	if (rc < 0)
		return rc;
	if (topics.n == 0)
		return FAIL(err, E_INVAL, "topics is missing");
	if (!str_u64(str_c(last_event_id), &last))
		last = 0;
	while (topics.n > 0 && str_split(&topics, ',', &topic)) {
		id = since_of(since, topic);
		rc = client_subscribe(c->srv->hub, &c->client, topic,
				      id > last ? id : last, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- what it gets ---- */
static int write_ws(struct peer *c, struct hub_event *e)
{
	/* The frame's head goes into the room before the text, which no two
	 * clients use at the same time. */
	return lws_write(c->wsi, (unsigned char *)e->text, e->n,
			 LWS_WRITE_TEXT) < 0 ? -1 : 0;
}

static int write_sse(struct peer *c, const struct hub_event *e)
{
	size_t size = e->n + 64;
	unsigned char *buf = arena_alloc_raw(c->srv->scratch, LWS_PRE + size);
	char *text = (char *)buf + LWS_PRE;
	int n, rc;

	if (e->id != 0)
		n = snprintf(text, size, "id: %" PRIu64 "\ndata: %s\n\n", e->id,
			     e->text);
	else
		n = snprintf(text, size, "data: %s\n\n", e->text);
	rc = lws_write(c->wsi, (unsigned char *)text, (size_t)n,
		       LWS_WRITE_HTTP);
	arena_reset(c->srv->scratch);
	return rc < 0 ? -1 : 0;
}

int peer_write(struct peer *c)
{
	struct hub *h = c->srv->hub;
	int64_t now = clock_mono_ns();

	for (int i = 0; i < AT_ONCE; i++) {
		struct hub_event *e;

		if (c->client.evict) {
			board_inc(BC_LIVE_EVICTED);
			return -1;
		}
		e = client_next(h, &c->client);
		if (e == NULL)
			return 0;
		if (c->sse ? write_sse(c, e) < 0 : write_ws(c, e) < 0)
			return -1;
		client_sent(h, &c->client, now);
		if (lws_send_pipe_choked(c->wsi))
			break;
	}
	if (c->client.n > 0)
		lws_callback_on_writable(c->wsi);
	return 0;
}
