#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H
/* http.h - requests to other servers.
 *
 * Always with time limits, always with a ceiling for the answer, TLS always
 * verified, no redirects, no proxy from the environment, http and https only.
 * A GET is tried again, after a time with full jitter that doubles, when
 * nothing came or 408, 429, 500, 502, 503 or 504 did; not before a Retry-After
 * is over, and not at all when that is longer than the longest pause.  Nothing
 * else ever is, by us or by libcurl: a write whose answer did not come is
 * -E_UNCERTAIN and its fate is the caller's to find out.
 *
 * Outcomes: 0 an answer of any status is in *ret | -E_IO not sent (no
 * connection, no name, bad certificate) | -E_TIMEOUT, a read only: no answer
 * in time | -E_UNCERTAIN sent, no answer | -E_TOOBIG the answer is over the
 * ceiling | -E_INVAL the URL. */
#include "core/err.h"
#include "core/str.h"

struct http;
struct arena;

struct http_opts {
	int64_t connect_ms, timeout_ms;	/* 0: 10 s, 30 s */
	int64_t pause_ms, pause_max_ms;	/* first and longest; 0: 1 s, 30 s */
	size_t max_body;		/* 0: 1 MiB */
	const char *agent;		/* User-Agent */
};
/* One per process, after fork: keeps connections.  Closed with `out`. */
MUST_CHECK int http_new(struct arena *out, const struct http_opts *o,
			struct http **ret, struct err *err);

struct http_header { const char *name, *value; };
struct http_request {
	const char *method;		/* NULL: GET */
	const char *url;
	const struct http_header *headers;
	size_t n_headers;
	struct str body;
	unsigned tries;			/* for GET; 0: 4 */
	int64_t timeout_ms;		/* 0: as the client */
};
struct http_answer {
	int status;
	struct str body;
	const char *type;		/* Content-Type, "" if none */
	int64_t retry_after_ms;		/* from Retry-After; -1: none */
};
MUST_CHECK int http_do(struct arena *out, struct http *h,
		       const struct http_request *rq, struct http_answer *ret,
		       struct err *err);

#endif /* HTTP_HTTP_H */
