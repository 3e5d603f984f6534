#ifndef LIVE_SERVER_I_H
#define LIVE_SERVER_I_H
/* server_i.h - what the files of the server share. */
#include <libwebsockets.h>

#include "auth/auth.h"
#include "conf/conf.h"
#include "core/sbuf.h"
#include "live/hub_i.h"
#include "live/live.h"

#define PEER_MAGIC	0x70656572u
#define URI_MAX		4096

struct server;

struct peer {				/* lives in libwebsockets' memory */
	unsigned magic;			/* 0 until it is open */
	struct server *srv;
	struct lws *wsi;
	struct peer *next, **link;
	struct hub_client client;
	struct identity who;
	bool sse;
	uint64_t generation;		/* of the sessions, when last checked */
	int64_t checked_ns;
	struct arena *arena;		/* of a message in parts; NULL: none */
	struct sbuf message;
};

struct server {
	const struct conf *conf;
	struct board_slot *slot;
	struct arena *arena, *scratch;	/* scratch: reset after each use */
	struct hub *hub;
	struct db *db;
	struct auth *auth;
	struct lws_context *cx;
	struct lws_vhost *vhost;
	struct peer *peers;
	unsigned n_ws, n_sse;
	int in_fd;
	/* Between the check of a WebSocket's request and its opening, which
	 * libwebsockets does in one go. */
	struct lws *asked;
	struct identity asked_who;
	struct cache *cache;		/* NULL: one host only */
	struct cache_sub *sub;
	lws_sorted_usec_list_t tick;
};

/* peer.c */
void peer_open(struct server *s, struct peer *c, struct lws *wsi,
	       const struct identity *who, bool sse);
void peer_close(struct peer *c);
/* Asks after its session; false: it has ended. */
bool peer_still_allowed(struct peer *c, int64_t now_ns);
/* A whole message of a client. */
void peer_message(struct peer *c, const char *text, size_t n);
/* Writes what waits, as much as the socket takes; -1: close it. */
int peer_write(struct peer *c);
/* Topics and since of an SSE request's query. */
MUST_CHECK int peer_sse_topics(struct peer *c, struct str query,
			       const char *last_event_id, struct err *err);

/* input.c */
MUST_CHECK int input_open(struct server *s, struct err *err);
void input_read(struct server *s);
/* One event as it came in a datagram or from another host. */
void input_event(struct server *s, struct str text);

#endif /* LIVE_SERVER_I_H */
