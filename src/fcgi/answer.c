#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/fcgi_i.h"

#define HEADERS_MAX (16u * 1024)

struct answer *answer_make(struct arena *out)
{
	struct answer *an = NEW(out, struct answer);

	an->status = 200;
	sbuf_init(&an->body, out, ANSWER_MAX);
	sbuf_init(&an->headers, out, HEADERS_MAX);
	return an;
}

void answer_reset(struct answer *an)
{
	struct arena *a = an->body.arena;

	*an = (struct answer){ .status = 200 };
	sbuf_init(&an->body, a, ANSWER_MAX);
	sbuf_init(&an->headers, a, HEADERS_MAX);
}

/* A line break here would let a value write headers of its own. */
static void check_value(const char *s)
{
	for (; *s != '\0'; s++)
		assert((unsigned char)*s >= 0x20 && *s != 0x7f);
}

void answer_header(struct answer *an, const char *name, const char *value)
{
	check_value(name);
	check_value(value);
	sbuf_add(&an->headers, name, strlen(name));
	sbuf_add(&an->headers, ": ", 2);
	sbuf_add(&an->headers, value, strlen(value));
	sbuf_add(&an->headers, "\r\n", 2);
}

void answer_headerf(struct answer *an, const char *name, const char *fmt, ...)
{
	char value[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	assert(n >= 0 && (size_t)n < sizeof(value));
	answer_header(an, name, value);
}

void answer_head(struct sbuf *b, const struct request *rq,
		 const struct answer *an)
{
	bool empty = an->status == 204 || an->status == 304;

	sbuf_add_cstr(b, "Status: ");
	sbuf_add_u64(b, (uint64_t)an->status);
	sbuf_add_cstr(b, " ");
	sbuf_add_cstr(b, http_reason(an->status));
	sbuf_add_cstr(b, "\r\n");
	if (!empty) {
		if (an->type != NULL) {
			sbuf_add_cstr(b, "Content-Type: ");
			sbuf_add_cstr(b, an->type);
			sbuf_add_cstr(b, "\r\n");
		}
		sbuf_add_cstr(b, "Content-Length: ");
		sbuf_add_u64(b, an->body.len);
		sbuf_add_cstr(b, "\r\n");
	}
	if (rq->id[0] != '\0') {
		sbuf_add_cstr(b, "X-Request-Id: ");
		sbuf_add_cstr(b, rq->id);
		sbuf_add_cstr(b, "\r\n");
	}
	sbuf_add(b, an->headers.buf, an->headers.len);
	sbuf_add_cstr(b, "\r\n");
}
