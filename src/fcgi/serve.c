#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "fcgi/fcgi_i.h"

/* Room for an answer at its ceiling while its buffer grows. */
#define REQUEST_LIMIT	(16u << 20)

struct loop {
	const struct fcgi_opts *o;
	struct proc_self *self;
	struct arena *arena;
	FCGX_Request rq;
	int64_t last_idle_ns;
	size_t arena_peak;
};

static size_t read_stream(void *ctx, char *buf, size_t n)
{
	FCGX_Stream *in = ctx;
	int got = FCGX_GetStr(buf, n > 65536 ? 65536 : (int)n, in);

	return got > 0 ? (size_t)got : 0;
}

/* Unread bytes in the socket would make its close a reset, and nginx would
 * answer 502 in place of what we said. */
static void drain(FCGX_Stream *in)
{
	char buf[4096];

	while (FCGX_GetStr(buf, sizeof(buf), in) > 0)
		;
}

static void bare_problem(struct answer *an, int status, const char *code)
{
	answer_reset(an);
	an->status = status;
	an->code = code;
	an->type = "application/problem+json";
	sbuf_addf(&an->body, "{\"type\":\"about:blank\",\"title\":\"%s\","
		  "\"status\":%d,\"code\":\"%s\"}", http_reason(status), status,
		  code);
}

static void send_answer(struct loop *l, const struct request *rq,
			struct answer *an)
{
	struct sbuf head;
	bool no_body = rq->method == HTTP_HEAD || an->status == 204 ||
		       an->status == 304;

	if (sbuf_finish(&an->body) == NULL ||
	    sbuf_finish(&an->headers) == NULL) {
		log_error(rq->log, "the answer is over its ceiling");
		bare_problem(an, 500, "BUG");
	}
	sbuf_init(&head, rq->arena, 64 * 1024);
	answer_head(&head, rq, an);
	/* Both go into libfcgi's buffer, which leaves with the END record: a
	 * small answer is one write. */
	if (FCGX_PutStr(head.buf, (int)head.len, l->rq.out) < 0 ||
	    (!no_body && FCGX_PutStr(an->body.buf, (int)an->body.len,
				     l->rq.out) < 0))
		board_inc(BC_HTTP_ABORTED);
}

static void account(struct loop *l, const struct request *rq,
		    const struct answer *an)
{
	int64_t ns = clock_mono_ns() - rq->start_ns;
	bool slow = ns > l->o->slow_ms * 1000000;

	board_http(rq->route, rq->method, an->status, ns);
	if (slow) {
		board_inc(BC_HTTP_SLOW);
		log_warn(rq->log, "slow: %s %s took %.3f s", rq->method_text,
			 rq->path, (double)ns / 1e9);
	}
	if (l->o->access_log)
		log_info(rq->log, "%s %s %d%s%s %zu bytes %.2f ms from %s",
			 rq->method_text, rq->path, an->status,
			 an->code != NULL ? " " : "",
			 an->code != NULL ? an->code : "", an->body.len,
			 (double)ns / 1e6, rq->remote);
}

static void one_request(struct loop *l)
{
	/* libfcgi's list is of char *; nothing here writes to it. */
	const char *const *env = (const char *const *)l->rq.envp;
	struct request *rq = NEW(l->arena, struct request);
	struct answer *an = answer_make(l->arena);
	struct err err;

	rq->arena = l->arena;
	rq->i = NEW(l->arena, struct request_i);
	rq->i->read = read_stream;
	rq->i->ctx = l->rq.in;
	rq->method_text = "";
	rq->path = rq->remote = "";
	if (request_fill(rq, env, &err) < 0) {
		/* Not nginx speaking: nobody waits for a fine answer. */
		board_inc(BC_HTTP_ABORTED);
		log_warn(NULL, "not a request: %s", err.msg);
		bare_problem(an, 400, "INVAL");
		send_answer(l, rq, an);
		return;
	}
	proc_busy(l->self, ROUTE_NONE, rq->id);
	if (l->o->handle(l->o->ctx, rq, an) < 0)
		bare_problem(an, 500, "BUG");
	drain(l->rq.in);
	send_answer(l, rq, an);
	/* The last bytes leave here, so that the time counted holds them; the
	 * parameters go too. */
	rq->method_text = arena_strdup(rq->arena, rq->method_text);
	rq->path = arena_strdup(rq->arena, rq->path);
	rq->remote = arena_strdup(rq->arena, rq->remote);
	FCGX_Finish_r(&l->rq);
	account(l, rq, an);
}

static void after_request(struct loop *l)
{
	size_t used = arena_used(l->arena);

	if (used > l->arena_peak) {
		l->arena_peak = used;
		board_slot_gauge_set(BS_ARENA_PEAK, (int64_t)used);
	}
	arena_reset(l->arena);
}

static void idle_moment(struct loop *l)
{
	int64_t now = clock_mono_ns();

	if (l->o->idle == NULL || l->o->idle_ms <= 0 ||
	    now - l->last_idle_ns < l->o->idle_ms * 1000000)
		return;
	l->last_idle_ns = now;
	l->o->idle(l->o->ctx);
}

/* 0: go on, 1: the listening socket is no use any more. */
static int accept_one(struct loop *l)
{
	int rc;

	/* Busy from here: a client that hangs within its header is under the
	 * deadline too. */
	proc_busy(l->self, ROUTE_NONE, NULL);
	rc = FCGX_Accept_r(&l->rq);
	if (rc < 0) {
		slot_unbusy(proc_slot(l->self));
		if (rc == -EAGAIN || rc == -EINTR || rc == -ECONNABORTED)
			return 0;	/* another worker was quicker */
		log_error(NULL, "accept: %s", strerror(-rc));
		return rc == -EMFILE || rc == -ENFILE ? 0 : 1;
	}
	one_request(l);
	FCGX_Finish_r(&l->rq);		/* once more does no harm */
	after_request(l);
	proc_idle(l->self);
	return 0;
}

int fcgi_serve(const struct fcgi_opts *o, struct proc_self *self)
{
	struct loop l = { .o = o, .self = self };
	int64_t wait_ms = o->idle != NULL && o->idle_ms > 0 ? o->idle_ms : -1;
	bool ready;

	/* nginx closes first; libfcgi need not linger.  Read by FCGX_Init. */
	setenv("LIBFCGI_OS_CLOSE_POLL_TIMEOUT", "0", 1);
	if (FCGX_Init() != 0 ||
	    FCGX_InitRequest(&l.rq, proc_listen_fd(self),
			     FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		log_error(NULL, "libfcgi does not start");
		return 1;
	}
	l.arena = arena_new("request", REQUEST_LIMIT);
	l.last_idle_ns = clock_mono_ns();
	proc_ready(self);
	while (proc_wait(self, proc_listen_fd(self), wait_ms, &ready)) {
		if (ready && accept_one(&l) != 0)
			break;
		idle_moment(&l);
	}
	FCGX_Free(&l.rq, 1);
	arena_free(&l.arena);
	return proc_draining(self) ? 0 : 1;
}
