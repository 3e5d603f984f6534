#ifndef FCGI_FCGI_H
#define FCGI_FCGI_H
/* fcgi.h - requests from nginx, one at a time.
 *
 * fcgi_serve() is the loop of a worker: wait (signals open only here), accept
 * through libfcgi, make a struct request in an arena that is reset after it,
 * call the handler, read away what is left of the body, send the answer, which
 * was built whole, with Content-Length, log one line, count.
 *
 * A handler never writes to the client itself, so one that fails half way
 * still gives a clean 500.  HEAD is GET without the body: handlers need not
 * care.  Requests without REQUEST_METHOD or with parameters over 64 KiB never
 * reach a handler. */
#include "core/err.h"
#include "core/log.h"
#include "core/sbuf.h"
#include "core/str.h"
#include "proc/board.h"
#include "proc/proc.h"

struct request {
	struct arena *arena;		/* this request's; limit 16 MiB */
	const struct logctx *log;	/* fields req, trace, route, user */
	enum http_method method;
	const char *method_text;	/* as it came, for 405 and logs */
	const char *path;		/* decoded and normalised by nginx */
	const char *uri;		/* as it came: raw path and query */
	struct str query;		/* raw, without '?' */
	const char *remote;		/* client's address, "" if unknown */
	bool https;
	const char *host;		/* Host header, lower case, "" if none */
	char id[BOARD_REQID];		/* nginx's $request_id, else our own */
	char trace[33];			/* 32 hex digits from traceparent, or made */
	uint64_t content_length;	/* as announced, 0 if none */
	int64_t start_ns;		/* clock_mono_ns() */
	int64_t time_ms;		/* wall clock at the start */
	unsigned route;			/* set by request_set_route() */
	uint64_t user;			/* set by request_set_user(), 0: nobody */
	struct request_i *i;		/* private */
};

struct answer {
	int status;			/* 200 unless set */
	const char *type;		/* Content-Type; NULL: none */
	struct sbuf body;		/* ceiling 4 MiB */
	struct sbuf headers;		/* through answer_header() */
	const char *code;		/* for the log: "NOTFOUND", or NULL */
};

/* A request made by hand, for tests and fuzzing: `env` is a NULL-ended list of
 * "NAME=value" as FastCGI passes them (REQUEST_METHOD, DOCUMENT_URI,
 * QUERY_STRING, CONTENT_LENGTH, HTTP_..., REMOTE_ADDR, HTTPS, REQUEST_ID).
 * fcgi_serve() makes its requests the same way.  -E_INVAL: not a request. */
MUST_CHECK int request_make(struct arena *out, const char *const *env,
			    struct str body, struct request **ret,
			    struct err *err);
struct answer *answer_make(struct arena *out) NONNULL_RET;

typedef int fcgi_handler(void *ctx, struct request *rq, struct answer *an);

struct fcgi_opts {
	fcgi_handler *handle;	/* < 0: the loop answers a bare 500 */
	void *ctx;
	int64_t slow_ms;	/* log and count above; 1000 */
	bool access_log;	/* one line at info per request */
	/* Between requests, at most every idle_ms (0: never): reconnects,
	 * caches to refresh. */
	void (*idle)(void *ctx);
	int64_t idle_ms;
};
/* Serves until the process is to end; returns its exit status. */
int fcgi_serve(const struct fcgi_opts *o, struct proc_self *self);

/* ---- for handlers ---- */
/* A header by its HTTP name ("If-None-Match"), or NULL. */
const char *request_header(const struct request *rq, const char *name);
/* The whole body, at most `limit` bytes; kept, so a second call gives the same
 * text.  -E_TOOBIG (nothing was read), -E_INVAL (shorter than announced). */
MUST_CHECK int request_body(struct request *rq, size_t limit, struct str *ret,
			    struct err *err);
/* A cookie by its name; false when absent. */
bool request_cookie(const struct request *rq, const char *name,
		    struct str *ret);
void request_set_route(struct request *rq, unsigned route);
void request_set_user(struct request *rq, uint64_t user);
/* Adds "name: value"; a value with control characters is a bug (assert). */
void answer_header(struct answer *an, const char *name, const char *value);
void answer_headerf(struct answer *an, const char *name, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* Forget status, headers and body: begin again (for error answers). */
void answer_reset(struct answer *an);

/* ---- text of requests, as pure functions ---- */
/* Cuts the next name=value off a query string and decodes both (%XX, +) into
 * `out`.  1: one was there, 0: the end, -E_INVAL: malformed escape, NUL or
 * control character, invalid UTF-8. */
MUST_CHECK int query_next(struct arena *out, struct str *rest,
			  struct str *ret_name, struct str *ret_value,
			  struct err *err);
/* The first cookie of that name in a Cookie header. */
bool cookie_find(struct str header, const char *name, struct str *ret);
/* version-trace-parent-flags; false unless well formed and not all zero. */
bool traceparent_parse(const char *s, char ret_trace[static 33],
		       char ret_parent[static 17]);
/* One item of a list header ("a, b;q=0.5") at a time, parameters cut off. */
bool header_list_next(struct str *rest, struct str *ret_item);
/* Does If-None-Match (a list, "*", weak or strong) hold this ETag? */
bool etag_matches(const char *if_none_match, const char *etag);
const char *http_reason(int status);		/* "Not Found" */

#endif /* FCGI_FCGI_H */
