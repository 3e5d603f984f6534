#ifndef LIVE_HUB_I_H
#define LIVE_HUB_I_H
/* hub_i.h - topics, their last events, and who wants them; no sockets here.
 *
 * An event is published once, kept in its topic's ring and put, by reference,
 * into the queue of every client that subscribed and may see it.  Ids grow
 * over all topics and over restarts (they begin at the clock), so that a
 * client that comes back with the last id it saw gets what it missed, or is
 * told with a "gap" that not all of it is there any more.
 *
 * Who may see what: an event has an owner; 0 is everybody.  A client gets
 * events of its own user and of nobody, an administrator all.  The topic
 * "bots" is one per owner behind its one name. */
#include "core/err.h"
#include "core/hash.h"
#include "core/str.h"
#include "live/pool_i.h"

#define HUB_RING	128		/* events kept of a topic */
#define HUB_QUEUE	512		/* events waiting for a client */
#define HUB_SUBS	64		/* topics of a client */
#define HUB_TOPICS	8192
#define HUB_TOPIC_MAX	48		/* characters of a topic's name */
#define HUB_HEADROOM	64		/* for the frame's head, before text */

struct hub_event {
	unsigned refs;
	uint64_t id;			/* 0: an answer, not an event */
	uint64_t user;
	size_t n;
	char room[HUB_HEADROOM];
	char text[];
};

struct hub_topic {
	struct hub_topic *chain;	/* in its bucket */
	struct hub_topic *newer, *older; /* by the time of the last event */
	char name[HUB_TOPIC_MAX + 24];
	uint64_t floor;			/* the newest id that is gone */
	unsigned first, n;		/* of ring */
	struct hub_event *ring[HUB_RING];
	struct hub_sub *subs;
};

struct hub_sub {
	struct hub_client *client;
	struct hub_topic *topic;
	struct hub_sub *next, **link;	/* in the topic */
	struct hub_sub *more;		/* of the client */
	bool gap;			/* events were dropped: say so */
	char name[HUB_TOPIC_MAX];	/* as the client calls it */
};

struct hub_client {
	uint64_t user;
	bool admin;
	void (*wake)(void *ctx);	/* there is something to write */
	void *ctx;
	size_t max_bytes;		/* that may wait */
	struct hub_event **queue;
	unsigned head, n;
	size_t bytes;
	unsigned n_subs;
	struct hub_sub *subs;
	bool any_gap, evict;		/* evict: to be closed */
	int64_t moved_ns;		/* last time something left the queue */
};

struct hub {
	struct pool pool;
	uint64_t base, last_id;
	bool forgot;			/* a topic was dropped with its ring */
	unsigned n_topics;
	size_t queued;			/* in all queues */
	struct hash_key key;
	struct hub_topic *newest, *oldest;
	struct hub_topic *bucket[4096];
};

/* first_id: above all that an earlier process gave. */
struct hub *hub_new(struct arena *out, size_t max_bytes, uint64_t first_id)
	NONNULL_RET;
/* -E_INVAL: not a topic or type; -E_LIMIT: no room (it is dropped). */
MUST_CHECK int hub_publish(struct hub *h, struct str topic, struct str type,
			   uint64_t user, struct str data, struct err *err);

void client_open(struct hub *h, struct hub_client *c, uint64_t user, bool admin,
		 size_t max_bytes, void (*wake)(void *ctx), void *ctx);
void client_close(struct hub *h, struct hub_client *c);
/* since: the last id the client saw (0: it wants only what comes).
 * -E_INVAL, -E_LIMIT (too many topics). */
MUST_CHECK int client_subscribe(struct hub *h, struct hub_client *c,
				struct str topic, uint64_t since,
				struct err *err);
void client_unsubscribe(struct hub *h, struct hub_client *c, struct str topic);
/* An answer to this client alone. */
void client_say(struct hub *h, struct hub_client *c, const char *text,
		size_t n);
/* What is to be written next, or NULL; client_sent() takes it off. */
struct hub_event *client_next(struct hub *h, struct hub_client *c);
void client_sent(struct hub *h, struct hub_client *c, int64_t now_ns);

bool hub_topic_valid(struct str topic);

#endif /* LIVE_HUB_I_H */
