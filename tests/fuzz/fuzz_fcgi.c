#include "config.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "fcgi/fcgi.h"
#include "fuzz.h"

/* FastCGI parameters and bodies as a client may make them: lines NAME=value
 * up to an empty line, then the body.  Whatever is accepted keeps the promises
 * that handlers and log lines rely on. */

static void check_text(struct arena *a, const struct request *rq)
{
	struct str rest = rq->query, name, value, item;
	struct err err;
	int rc;

	while ((rc = query_next(a, &rest, &name, &value, &err)) > 0)
		promise("names and values are clean UTF-8",
			str_utf8_valid(name) && str_utf8_valid(value) &&
			memchr(name.p, 0, name.n) == NULL);
	promise("a query ends or is refused", rc == 0 || rc == -E_INVAL);
	if (request_header(rq, "If-None-Match") != NULL)
		(void)etag_matches(request_header(rq, "If-None-Match"),
				   "\"a\"");
	rest = str_c(request_header(rq, "Accept"));
	while (header_list_next(&rest, &item))
		promise("an item is not empty", item.n > 0);
	if (request_cookie(rq, "sid", &value))
		promise("a cookie ends at ;",
			value.n == 0 || memchr(value.p, ';', value.n) == NULL);
}

static void check_request(struct arena *a, struct request *rq)
{
	struct str body;
	struct err err;
	int rc;

	promise("there is a method", rq->method_text[0] != '\0');
	promise("the id is safe in a line", strspn(rq->id,
		"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"-_") == strlen(rq->id) && strlen(rq->id) >= 8);
	promise("the trace is 32 hex digits", strlen(rq->trace) == 32 &&
		strspn(rq->trace, "0123456789abcdef") == 32);
	rc = request_body(rq, 4096, &body, &err);
	promise("a body has its length or is refused",
		rc == 0 ? body.n == rq->content_length :
		rc == -E_TOOBIG || rc == -E_INVAL);
	check_text(a, rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new("fuzz", 64 << 20);
	struct str rest = str_n((const char *)data, n), line;
	const char *env[64];
	struct request *rq;
	struct err err;
	size_t k = 0;

	while (k < ARRAY_LEN(env) - 1 && str_split(&rest, '\n', &line) &&
	       line.n > 0)
		env[k++] = str_dup(a, line);
	env[k] = NULL;
	if (request_make(a, env, rest, &rq, &err) == 0)
		check_request(a, rq);
	arena_free(&a);
	return 0;
}
