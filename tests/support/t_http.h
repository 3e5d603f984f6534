#ifndef TESTS_T_HTTP_H
#define TESTS_T_HTTP_H
/* t_http.h - a web server for tests, in a process of its own on loopback.
 *
 * The path decides: /ok, /status/503 (any number), /later (429 with
 * Retry-After: 7), /soon (that with 1, then 200), /big/100000 (that many
 * bytes), /slow (answers after 5 s), /close (reads, then closes without an
 * answer), /redirect, /flaky (503 the first two times, then 200), /echo (the
 * request's body).  The requests that came are kept: t_http_requests() and
 * t_http_last(). */
#include "core/base.h"

int t_http_start(void);			/* the port */
/* The same with answers of one's own: fn gets the whole request. */
typedef void t_http_fn(int fd, const char *request);
int t_http_start_as(t_http_fn *fn);
void t_http_reply(int fd, int status, const char *headers, const char *body,
		  size_t n);
void t_http_stop(void);
unsigned t_http_requests(void);
/* Head and body of the last request, as they came. */
const char *t_http_last(void);

#endif /* TESTS_T_HTTP_H */
