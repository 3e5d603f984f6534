#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <hiredis/hiredis.h>

#include "cache/cache_i.h"
#include "core/clock.h"
#include "core/fault.h"

#define SECOND_NS INT64_C(1000000000)
#define BACK_OFF_NS INT64_C(250000000)	/* doubled by each failure in a row */
#define BACK_OFF_DOUBLINGS 7		/* so at most 32 seconds */
#define ARGS_MAX 8

/* A name is looked up beside us (a thread of the C library waits for the
 * answer), since a resolver's own patience is far above our deadline.  The
 * library writes to the struct until it is done, so it is never freed. */
enum lookup { LOOKUP_IDLE, LOOKUP_BUSY, LOOKUP_DONE };
struct resolver {
	enum lookup state;
	struct gaicb req;
	struct addrinfo hints;
	char ip[INET6_ADDRSTRLEN];
};

static void close_it(void *ptr)
{
	redis_close(ptr);
}

struct redis *redis_new(struct arena *out, const struct conf *c,
			const struct redis_url *u, struct redis_shared *shared)
{
	struct redis *r = NEW(out, struct redis);

	*r = (struct redis){
		.arena = out,
		.url = *u,
		.shared = shared,
		.lock_path = arena_printf(out, "%s/redis.lock", c->run_dir),
		.pool_size = c->redis_pool_size,
		.lock_fd = -1,
	};
	arena_defer(out, close_it, r);
	return r;
}

void redis_close(struct redis *r)
{
	if (r->ctx != NULL)
		redisFree(r->ctx);
	if (r->lock_fd >= 0)
		close(r->lock_fd);
	r->ctx = NULL;
	r->lock_fd = -1;
}

void redis_failed(struct redis *r)
{
	unsigned n = r->shared->failures++;

	redis_close(r);
	/* Next time the name may stand for another address. */
	if (r->resolver != NULL && r->resolver->state == LOOKUP_DONE)
		r->resolver->state = LOOKUP_IDLE;
	r->shared->errors++;
	if (n > BACK_OFF_DOUBLINGS)
		n = BACK_OFF_DOUBLINGS;
	r->shared->leave_alone_until_ns = clock_mono_ns() + (BACK_OFF_NS << n);
}

/* A place in the pool is a lock on one byte of a file, which the kernel takes
 * back from a dead process. */
static bool claim(struct redis *r)
{
	int64_t now = clock_mono_ns();
	int fd;

	if (now < r->pool_full_until_ns)
		return false;
	fd = open(r->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (int64_t i = 0; fd >= 0 && i < r->pool_size; i++) {
		struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
				   .l_start = i, .l_len = 1 };

		if (fcntl(fd, F_OFD_SETLK, &l) == 0) {
			r->lock_fd = fd;
			return true;
		}
	}
	if (fd >= 0)
		close(fd);
	r->pool_full_until_ns = now + SECOND_NS;
	return false;
}

static bool is_numeric(const char *host)
{
	unsigned char buf[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, buf) == 1 ||
	       inet_pton(AF_INET6, host, buf) == 1;
}

static void begin_lookup(struct redis *r)
{
	struct resolver *v = r->resolver;
	struct gaicb *list[1];

	if (v == NULL) {
		v = r->resolver = NEW(r->arena, struct resolver);
		v->hints.ai_socktype = SOCK_STREAM;
		v->req.ar_name = r->url.host;
		v->req.ar_request = &v->hints;
	}
	if (v->state != LOOKUP_IDLE)
		return;
	list[0] = &v->req;
	if (getaddrinfo_a(GAI_NOWAIT, list, 1, NULL) == 0)
		v->state = LOOKUP_BUSY;
}

int redis_resolved(struct redis *r)
{
	struct resolver *v = r->resolver;
	int rc;

	if (r->url.path != NULL || is_numeric(r->url.host))
		return 1;
	if (v == NULL || v->state == LOOKUP_IDLE)
		return -1;
	if (v->state == LOOKUP_DONE)
		return 1;
	rc = gai_error(&v->req);
	if (rc == EAI_INPROGRESS)
		return 0;
	if (rc == 0)
		rc = getnameinfo(v->req.ar_result->ai_addr,
				 v->req.ar_result->ai_addrlen, v->ip,
				 sizeof(v->ip), NULL, 0, NI_NUMERICHOST);
	if (v->req.ar_result != NULL)
		freeaddrinfo(v->req.ar_result);
	v->req.ar_result = NULL;
	v->state = rc == 0 ? LOOKUP_DONE : LOOKUP_IDLE;
	return rc == 0 ? 1 : -1;
}

/* Once the address is known. */
static bool begin_connect(struct redis *r)
{
	const char *ip = r->resolver != NULL ? r->resolver->ip : r->url.host;

	if (r->url.path != NULL)
		r->ctx = redisConnectUnixNonBlock(r->url.path);
	else
		r->ctx = redisConnectNonBlock(ip, r->url.port);
	if (r->ctx != NULL && r->ctx->err == 0)
		fcntl(r->ctx->fd, F_SETFD, FD_CLOEXEC);
	return r->ctx != NULL && r->ctx->err == 0;
}

bool redis_begin(struct redis *r)
{
	if (r->owner != getpid()) {
		/* A parent's connection is not ours to speak on, and its
		 * look-up goes on in a thread that we do not have. */
		redis_close(r);
		r->resolver = NULL;
		r->pool_full_until_ns = 0;
		r->owner = getpid();
	}
	if (clock_mono_ns() < r->shared->leave_alone_until_ns || !claim(r))
		return false;
	if (r->url.path == NULL && !is_numeric(r->url.host))
		begin_lookup(r);
	return true;
}

int redis_connected(struct redis *r)
{
	struct pollfd p;
	socklen_t n = sizeof(int);
	int rc, e = 0;

	if (r->ctx == NULL) {
		rc = redis_resolved(r);
		if (rc <= 0)
			return rc;
		if (!begin_connect(r))
			return -1;
	}
	p = (struct pollfd){ r->ctx->fd, POLLOUT, 0 };
	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (getsockopt(r->ctx->fd, SOL_SOCKET, SO_ERROR, &e, &n) < 0 || e != 0)
		return -1;
	return 1;
}

static int append(struct redis *r, size_t argc, const struct str *argv)
{
	const char *p[ARGS_MAX];
	size_t n[ARGS_MAX];

	assert(argc <= ARGS_MAX);
	for (size_t i = 0; i < argc; i++) {
		p[i] = argv[i].p;
		n[i] = argv[i].n;
	}
	return redisAppendCommandArgv(r->ctx, (int)argc, p, n);
}

int redis_greet(struct redis *r)
{
	const struct redis_url *u = &r->url;
	char db[16];
	int replies = 0;

	if (u->password != NULL) {
		const struct str auth[] = { STR("AUTH"), str_c(u->user),
					    str_c(u->password) };
		/* Without a name: AUTH password, as before Redis 6. */
		const struct str old[] = { auth[0], auth[2] };

		append(r, u->user != NULL ? 3 : 2, u->user != NULL ? auth : old);
		replies++;
	}
	if (u->db != 0) {
		snprintf(db, sizeof(db), "%d", u->db);
		append(r, 2, (const struct str[]){ STR("SELECT"), str_c(db) });
		replies++;
	}
	return replies;
}

static bool wait_for(struct redis *r, short events, int64_t deadline_ns)
{
	int64_t left = (deadline_ns - clock_mono_ns()) / 1000000;
	struct pollfd p = { r->ctx->fd, events, 0 };

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

/* Everything that was appended goes out. */
static bool flush(struct redis *r, int64_t deadline_ns)
{
	int done = 0;

	for (;;) {
		if (redisBufferWrite(r->ctx, &done) != REDIS_OK)
			return false;
		if (done)
			return true;
		if (!wait_for(r, POLLOUT, deadline_ns))
			return false;
	}
}

static redisReply *one_reply(struct redis *r, int64_t deadline_ns)
{
	void *reply = NULL;

	for (;;) {
		if (redisGetReplyFromReader(r->ctx, &reply) != REDIS_OK)
			return NULL;
		if (reply != NULL)
			return reply;
		if (!wait_for(r, POLLIN, deadline_ns) ||
		    redisBufferRead(r->ctx) != REDIS_OK)
			return NULL;
	}
}

/* Waits for the name, the connection, and the answers to the greeting. */
static bool connect_by(struct redis *r, int64_t deadline_ns)
{
	int rc, replies;

	while ((rc = redis_connected(r)) == 0) {
		if (clock_mono_ns() >= deadline_ns)
			return false;
		if (r->ctx != NULL)
			(void)wait_for(r, POLLOUT, deadline_ns);
		else
			clock_sleep_ms(2);	/* the name is looked up */
	}
	if (rc < 0)
		return false;
	replies = redis_greet(r);
	if (!flush(r, deadline_ns))
		return false;
	while (replies-- > 0) {
		redisReply *reply = one_reply(r, deadline_ns);
		bool ok = reply != NULL && reply->type == REDIS_REPLY_STATUS;

		redis_reply_free(reply);
		if (!ok)
			return false;
	}
	return true;
}

struct redisReply *redis_ask(struct redis *r, size_t argc,
			     const struct str *argv)
{
	int64_t deadline = clock_mono_ns() + REDIS_DEADLINE_NS;
	redisReply *reply = NULL;
	bool ok = r->ctx != NULL && r->owner == getpid();

	if (!ok) {
		if (!redis_begin(r))
			return NULL;
		ok = connect_by(r, deadline);
	}
	if (ok && append(r, argc, argv) == REDIS_OK && flush(r, deadline) &&
	    !FAULT("redis.read"))
		reply = one_reply(r, deadline);
	if (reply == NULL)
		redis_failed(r);
	else
		r->shared->failures = 0;
	return reply;
}

void redis_reply_free(struct redisReply *reply)
{
	if (reply != NULL)
		freeReplyObject(reply);
}
