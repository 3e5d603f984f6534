#include "config.h"

#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "conf/conf.h"

/* What everybody may read.  The sentence of the error itself is for the log
 * and for development: it may name tables, files and addresses. */
static const char *public_detail(enum errc code)
{
	switch (code) {
	case E_INVAL:
		return "The request is malformed.";
	case E_UNAUTH:
		return "Sign in first.";
	case E_DENIED:
		return "You may not do this.";
	case E_NOTFOUND:
		return "There is no such thing.";
	case E_CONFLICT:
		return "The present state does not permit this.";
	case E_TOOBIG:
		return "The body is too large.";
	case E_MEDIA:
		return "The body must be application/json.";
	case E_UNPROCESSABLE:
		return "The request is well formed and was refused by a rule.";
	case E_LIMIT:
		return "Too many requests; try again later.";
	case E_EXCHANGE:
		return "The exchange did not do what was asked.";
	case E_DB:
		return "The database is away; nothing was changed.";
	case E_BUSY:
		return "Busy; try again in a moment.";
	case E_TIMEOUT:
		return "It took too long.";
	case E_UNCERTAIN:
		return "It is not known whether this was done; look before "
		       "you repeat it.";
	case E_OK:
	case E_BUG:
	case E_IO:
	case E__MAX:
		break;
	}
	return "Something went wrong here; the request id finds it in the log.";
}

static void fields_write(struct jw *w, const struct field_errors *fe)
{
	if (fe->n == 0)
		return;
	jw_kstr(w, "field", fe->v[0].field);
	jw_key(w, "errors");
	jw_arr(w);
	for (size_t i = 0; i < fe->n; i++) {
		jw_obj(w);
		jw_kstr(w, "field", fe->v[i].field);
		jw_kstr(w, "detail", fe->v[i].detail);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static bool is_405(const struct api_req *r)
{
	return r->rep->path != NULL && r->route == NULL;
}

void problem_answer(struct api_req *r, const struct err *err)
{
	const struct api_rep *rep = r->rep;
	enum errc code = err->code != E_OK ? err->code : E_BUG;
	int status = is_405(r) ? 405 : errc_http(code);
	const char *name = is_405(r) ? "METHOD" : errc_name(code);
	const char *detail = public_detail(code);
	struct answer *an = r->an;
	struct jw w;

	if (rep->said)
		detail = rep->say;
	else if (r->d->conf->env == ENV_DEVELOPMENT)
		detail = err->msg;
	else if (is_405(r))
		detail = "This method is not for this path.";
	if (code == E_DB || code == E_BUSY)
		log_warn(r->log, "%s", err->msg);
	else if (status >= 500)
		log_error(r->log, "%s", err->msg);
	an->status = status;
	an->type = "application/problem+json";
	an->code = name;
	sbuf_init(&an->body, r->arena, 64 * 1024);
	jw_init(&w, &an->body);
	jw_obj(&w);
	jw_kstr(&w, "type", "about:blank");
	jw_kstr(&w, "title", http_reason(status));
	jw_ki64(&w, "status", status);
	jw_kstr(&w, "detail", detail);
	jw_kstr(&w, "code", name);
	if (code == E_INVAL)
		fields_write(&w, &rep->fe);
	jw_kstr(&w, "request_id", r->rq->id);
	jw_obj_end(&w);
}
