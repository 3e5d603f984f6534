#include "config.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/api_i.h"

void api_status(struct api_req *r, int status)
{
	r->an->status = status;
}

void api_created(struct api_req *r, const char *fmt, ...)
{
	char text[160];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert(n > 0 && (size_t)n < sizeof(text));
	r->an->status = 201;
	r->rep->location = arena_strdup(r->arena, text);
}

int api_bad(struct api_req *r, struct err *err, const char *field,
	    const char *detail)
{
	field_error(r->arena, &r->rep->fe, field, "%s", detail);
	return FAIL(err, E_INVAL, "%s: %s", field, detail);
}

void api_say(struct api_req *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->rep->say, sizeof(r->rep->say), fmt, ap);
	va_end(ap);
	r->rep->said = true;
}

void api_list(struct api_req *r)
{
	jw_obj(&r->w);
	jw_key(&r->w, "items");
	jw_arr(&r->w);
}

void api_list_end(struct api_req *r, bool more, int64_t a, int64_t b)
{
	jw_arr_end(&r->w);
	jw_key(&r->w, "next");
	if (more)
		jw_str(&r->w, cursor_text(r->arena, r->rep->path->salt, a, b));
	else
		jw_null(&r->w);
	jw_obj_end(&r->w);
}

void api_after(struct api_req *r, void (*fn)(struct api_req *r, void *arg),
	       void *arg)
{
	struct after *a = array_push(r->arena, &r->rep->after);

	a->fn = fn;
	a->arg = arg;
}
