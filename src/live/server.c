#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/cache.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "live/access_i.h"
#include "live/server_i.h"
#include "ops/ops.h"
#include "proc/board.h"
#include "proc/events.h"

#define HUB_BYTES	((size_t)48 << 20)
#define HEADER_BYTES	16384
#define HANDSHAKES	128		/* at the same time */
#define PER_USER	64		/* connections */
#define TICK_US		LWS_US_PER_SEC
#define DB_SECONDS	2		/* one loop for all: never wait long */

/* Set by the signal handler, which can reach nothing else. */
static volatile sig_atomic_t stopping;
static struct lws_context *signalled;

static void on_signal(int sig)
{
	(void)sig;
	stopping = 1;
	if (signalled != NULL)
		lws_cancel_service(signalled);
}

static struct server *server_of(struct lws *wsi)
{
	return lws_context_user(lws_get_context(wsi));
}

/* ---- who comes ---- */
static void header(struct lws *wsi, enum lws_token_indexes t, char *buf,
		   size_t size)
{
	buf[0] = '\0';
	if (lws_hdr_copy(wsi, buf, (int)size, t) < 0)
		buf[0] = '\0';
}

static void custom(struct lws *wsi, const char *name, char *buf, size_t size)
{
	buf[0] = '\0';
	if (lws_hdr_custom_copy(wsi, buf, (int)size, name,
				(int)strlen(name)) < 0)
		buf[0] = '\0';
}

static unsigned connections_of(const struct server *s, uint64_t user)
{
	unsigned n = 0;

	for (const struct peer *c = s->peers; c != NULL; c = c->next)
		n += c->who.user_id == user;
	return n;
}

/* 0 with *ret, or the status to refuse with. */
static unsigned admit(struct server *s, struct lws *wsi, bool websocket,
		      struct identity *ret)
{
	char host[256], origin[300], cookie[4096], authz[200], site[32],
		proto[16];
	struct live_ask q = { host, origin, cookie, authz, site, false,
			      websocket };
	struct str sid = { "", 0 };
	struct err err;
	int rc;

	header(wsi, WSI_TOKEN_HOST, host, sizeof(host));
	header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof(origin));
	header(wsi, WSI_TOKEN_HTTP_COOKIE, cookie, sizeof(cookie));
	header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authz, sizeof(authz));
	custom(wsi, "sec-fetch-site:", site, sizeof(site));
	custom(wsi, "x-forwarded-proto:", proto, sizeof(proto));
	q.https = strcmp(proto, "https") == 0;
	if (!access_origin_ok(s->conf, &q))
		return 403;
	if (!access_cookie(s->conf, &q, &sid))
		sid = str_n("", 0);
	rc = auth_request(s->auth, sid, access_bearer(&q), ret, &err);
	arena_reset(s->scratch);
	if (rc == -E_UNAUTH)
		return 401;
	if (rc < 0)
		return 503;
	if ((ret->scopes & SCOPE_READ) == 0)
		return 403;
	return connections_of(s, ret->user_id) >= PER_USER ? 429 : 0;
}

static int refuse(struct lws *wsi, unsigned status)
{
	board_inc(BC_LIVE_REFUSED);
	if (lws_return_http_status(wsi, status, NULL) < 0)
		return -1;
	return 1;
}

/* ---- WebSocket ---- */
static int ws_ask(struct server *s, struct lws *wsi)
{
	unsigned status = admit(s, wsi, true, &s->asked_who);

	if (status != 0)
		return refuse(wsi, status);
	s->asked = wsi;
	return 0;
}

static int ws_open(struct server *s, struct peer *c, struct lws *wsi)
{
	if (s->asked != wsi)
		return -1;
	s->asked = NULL;
	peer_open(s, c, wsi, &s->asked_who, false);
	return 0;
}

static int too_large(struct lws *wsi)
{
	lws_close_reason(wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
	return -1;
}

static int ws_receive(struct peer *c, const char *in, size_t n)
{
	size_t max = (size_t)c->srv->conf->live_max_message;
	bool first = lws_is_first_fragment(c->wsi);
	bool last = lws_is_final_fragment(c->wsi);

	if (lws_frame_is_binary(c->wsi)) {
		lws_close_reason(c->wsi, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE,
				 NULL, 0);
		return -1;
	}
	if (first && last) {
		if (n > max)
			return too_large(c->wsi);
		peer_message(c, in, n);
		return 0;
	}
	if (c->arena == NULL)
		c->arena = arena_new("message", max * 4 + (64u << 10));
	if (first) {
		arena_reset(c->arena);
		sbuf_init(&c->message, c->arena, max);
	}
	sbuf_add(&c->message, in, n);
	if (c->message.overflow)
		return too_large(c->wsi);
	if (last) {
		peer_message(c, c->message.buf, c->message.len);
		arena_free(&c->arena);
	}
	return 0;
}

/* ---- server-sent events ---- */
static int sse_answer(struct lws *wsi)
{
	static const char cache[] = "no-store", buffering[] = "no";
	unsigned char buf[LWS_PRE + 1024], *start = buf + LWS_PRE, *p = start,
		*end = buf + sizeof(buf);

	if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK,
					"text/event-stream",
					LWS_ILLEGAL_HTTP_CONTENT_LEN, &p, end) ||
	    lws_add_http_header_by_name(wsi,
		    (const unsigned char *)"cache-control:",
		    (const unsigned char *)cache, sizeof(cache) - 1, &p, end) ||
	    lws_add_http_header_by_name(wsi,
		    (const unsigned char *)"x-accel-buffering:",
		    (const unsigned char *)buffering, sizeof(buffering) - 1,
		    &p, end) ||
	    lws_finalize_write_http_header(wsi, start, &p, end))
		return -1;
	/* It stays open for as long as both sides do. */
	lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
	return 0;
}

/* libwebsockets keeps the parts of a query apart. */
static void query_of(struct lws *wsi, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; n + 2 < size; i++) {
		int got = lws_hdr_copy_fragment(wsi, buf + n + (n > 0),
						(int)(size - n - 1),
						WSI_TOKEN_HTTP_URI_ARGS, i);

		if (got < 0)
			break;
		if (n > 0)
			buf[n++] = '&';
		n += (size_t)got;
		buf[n] = '\0';
	}
}

static int http_request(struct server *s, struct peer *c, struct lws *wsi,
			const char *path)
{
	char query[URI_MAX], last[32];
	struct identity who;
	unsigned status;
	struct err err;
	int rc;

	if (strcmp(path, "/live/sse") != 0)
		return refuse(wsi, 404) < 0 ? -1 :
		       lws_http_transaction_completed(wsi) ? -1 : 0;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
		return refuse(wsi, 405) < 0 ? -1 :
		       lws_http_transaction_completed(wsi) ? -1 : 0;
	query_of(wsi, query, sizeof(query));
	custom(wsi, "last-event-id:", last, sizeof(last));
	status = admit(s, wsi, false, &who);
	if (status != 0)
		return refuse(wsi, status) < 0 ? -1 :
		       lws_http_transaction_completed(wsi) ? -1 : 0;
	peer_open(s, c, wsi, &who, true);
	rc = peer_sse_topics(c, str_c(query), last, &err);
	arena_reset(s->scratch);
	if (rc < 0) {
		peer_close(c);
		return refuse(wsi, 400) < 0 ? -1 :
		       lws_http_transaction_completed(wsi) ? -1 : 0;
	}
	if (sse_answer(wsi) < 0)
		return -1;
	client_say(s->hub, &c->client, "{\"op\":\"ok\"}", 11);
	lws_callback_on_writable(wsi);
	return 0;
}

/* ---- the loop ---- */
static int on_live(struct lws *wsi, enum lws_callback_reasons reason, void *user,
		   void *in, size_t len)
{
	struct peer *c = user;
	bool open = c != NULL && c->magic == PEER_MAGIC;

	switch ((int)reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return ws_ask(server_of(wsi), wsi);
	case LWS_CALLBACK_ESTABLISHED:
		return ws_open(server_of(wsi), c, wsi);
	case LWS_CALLBACK_RECEIVE:
		return open ? ws_receive(c, in, len) : -1;
	case LWS_CALLBACK_HTTP:
		return http_request(server_of(wsi), c, wsi, in);
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_HTTP_WRITEABLE:
		/* The system holds only so many datagrams (often 10): between
		 * two of a thousand clients is time to take them in. */
		input_read(server_of(wsi));
		return open ? peer_write(c) : 0;
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLOSED_HTTP:
		if (open)
			peer_close(c);
		return 0;
	default:
		return 0;
	}
}

static int on_input(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE)
		input_read(server_of(wsi));
	return 0;
}

static void from_other_host(void *ctx, struct str text)
{
	input_event(ctx, text);
}

/* One that takes nothing although something waits; one whose session ended. */
static void look_after(struct server *s, struct peer *c, int64_t now)
{
	int64_t patience = s->conf->live_ping_timeout * 1000000000;

	if (c->client.n == 0 && !c->client.any_gap) {
		c->client.moved_ns = now;
	} else if (now - c->client.moved_ns > patience) {
		board_inc(BC_LIVE_EVICTED);
		log_info(NULL, "a live client of user %llu does not read",
			 (unsigned long long)c->who.user_id);
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
				LWS_TO_KILL_ASYNC);
		return;
	}
	if (!peer_still_allowed(c, now)) {
		lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
				LWS_TO_KILL_ASYNC);
		return;
	}
	/* A comment now and then, so that whoever stands between knows. */
	if (c->sse && c->client.n == 0 &&
	    now / 1000000000 % s->conf->live_ping_interval == 0)
		client_say(s->hub, &c->client, "{\"op\":\"ping\"}", 13);
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct server *s = lws_container_of(sul, struct server, tick);
	int64_t now = clock_mono_ns();
	struct err err;

	if (s->slot != NULL)
		slot_beat(s->slot);
	for (struct peer *c = s->peers, *next; c != NULL; c = next) {
		next = c->next;
		look_after(s, c, now);
	}
	board_slot_gauge_set(BS_LIVE_TOPICS, s->hub->n_topics);
	board_slot_gauge_set(BS_LIVE_QUEUED, (int64_t)s->hub->queued);
	if (s->sub != NULL)
		cache_sub_run(s->sub);
	if (ops_report_pending() > 0 && ops_report_flush(s->db, &err) < 0)
		log_warn(NULL, "error reports: %s", err.msg);
	lws_sul_schedule(s->cx, 0, &s->tick, on_tick, TICK_US);
}

static void lws_log(int level, const char *line)
{
	size_t n = strcspn(line, "\n");

	if (level & LLL_ERR)
		log_warn(NULL, "libwebsockets: %.*s", (int)n, line);
	else
		log_debug(NULL, "libwebsockets: %.*s", (int)n, line);
}

static int context_new(struct server *s, const char *path, struct err *err)
{
	static const struct lws_protocols protocols[] = {
		{ "live", on_live, sizeof(struct peer), 4096, 0, NULL, 0 },
		{ "in", on_input, 0, 0, 0, NULL, 0 },
		{ NULL, NULL, 0, 0, 0, NULL, 0 },
	};
	/* Kept by libwebsockets as long as the context lives. */
	static lws_retry_bo_t keep;
	struct lws_context_creation_info i = {
		.iface = path, .protocols = protocols, .user = s,
		.options = LWS_SERVER_OPTION_UNIX_SOCK |
			   LWS_SERVER_OPTION_HTTP_HEADERS_SECURITY_BEST_PRACTICES_ENFORCE,
		.max_http_header_data = HEADER_BYTES,
		.max_http_header_pool = HANDSHAKES,
		.fd_limit_per_thread = (unsigned)s->conf->max_connections + 64,
		.server_string = "orch", .retry_and_idle_policy = &keep,
	};
	lws_sock_file_fd_type fd = { .filefd = s->in_fd };

	keep.secs_since_valid_ping = (uint16_t)s->conf->live_ping_interval;
	keep.secs_since_valid_hangup = (uint16_t)(s->conf->live_ping_interval +
						  s->conf->live_ping_timeout);
	umask(0117);		/* the sockets are for our user and group */
	lws_set_log_level(LLL_ERR | LLL_WARN, lws_log);
	s->cx = lws_create_context(&i);
	if (s->cx == NULL)
		return FAIL(err, E_IO, "cannot listen on %s", path);
	s->vhost = lws_get_vhost_by_name(s->cx, "default");
	if (lws_adopt_descriptor_vhost(s->vhost, LWS_ADOPT_RAW_FILE_DESC, fd,
				       "in", NULL) == NULL)
		return FAIL(err, E_IO, "the event socket is refused");
	return 0;
}

static int set_up(struct server *s, struct conf *own, struct err *err)
{
	const char *path = arena_printf(s->arena, "%s/live.sock",
					s->conf->run_dir);
	int rc;

	/* One client's question to the database holds up all the others. */
	*own = *s->conf;
	own->db_timeout = own->db_timeout < DB_SECONDS ? own->db_timeout
						       : DB_SECONDS;
	s->db = db_new(s->arena, own);
	db_set_hooks(s->db, &ops_db_hooks);
	s->auth = auth_new(s->arena, own, s->db, &clock_real);
	s->hub = hub_new(s->arena, HUB_BYTES,
			 (uint64_t)clock_ms(&clock_real) * 1000);
	s->scratch = arena_new("scratch", 16u << 20);
	rc = input_open(s, err);
	if (rc < 0)
		return rc;
	if (s->conf->redis_url[0] != '\0') {
		rc = cache_new(s->arena, s->conf, &s->cache, err);
		if (rc < 0)
			return rc;
		s->sub = cache_sub_new(s->arena, s->cache, "orch:live",
				       from_other_host, s);
	}
	return context_new(s, path, err);
}

int live_serve(struct arena *a, const struct live_opts *o)
{
	struct server *s = NEW(a, struct server);
	struct conf *own = NEW(a, struct conf);
	struct sigaction sa = { .sa_handler = on_signal };
	struct err err;

	s->conf = o->conf;
	s->slot = o->slot;
	s->arena = a;
	s->in_fd = -1;
	if (set_up(s, own, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return 1;
	}
	signalled = s->cx;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (s->slot != NULL)
		slot_ready(s->slot);
	log_info(NULL, "ready");
	lws_sul_schedule(s->cx, 0, &s->tick, on_tick, TICK_US);
	while (!stopping && lws_service(s->cx, 0) >= 0)
		;
	signalled = NULL;
	lws_context_destroy(s->cx);	/* closes the clients, and in_fd */
	arena_free(&s->scratch);
	return 0;
}
