#include "config.h"

#include <string.h>

#include "api/api_i.h"
#include "conf/conf.h"

static bool listed(const struct conf *c, const char *origin)
{
	for (size_t i = 0; i < c->cors_origins.n; i++)
		if (strcmp(c->cors_origins.v[i], origin) == 0)
			return true;
	return false;
}

/* Is it where this page came from: scheme://host as we are called? */
static bool own(const struct request *rq, const char *origin)
{
	const char *scheme = rq->https ? "https://" : "http://";
	size_t n = strlen(scheme);

	return strncmp(origin, scheme, n) == 0 && rq->host[0] != '\0' &&
	       strcmp(origin + n, rq->host) == 0;
}

int origin_check(const struct api_req *r, struct err *err)
{
	const char *origin = request_header(r->rq, "Origin");
	const char *site = request_header(r->rq, "Sec-Fetch-Site");

	if (origin != NULL && listed(r->d->conf, origin))
		return 0;
	if (site != NULL && strcmp(site, "same-origin") != 0 &&
	    strcmp(site, "none") != 0)
		return FAIL(err, E_DENIED, "a write from another site");
	if (origin != NULL && !own(r->rq, origin))
		return FAIL(err, E_DENIED, "a write from another origin");
	return 0;
}

void origin_headers(struct api_req *r)
{
	const char *origin;

	if (r->d->conf->cors_origins.n == 0)
		return;
	answer_header(r->an, "Vary", "Origin");
	origin = request_header(r->rq, "Origin");
	if (origin == NULL || !listed(r->d->conf, origin))
		return;
	answer_header(r->an, "Access-Control-Allow-Origin", origin);
	answer_header(r->an, "Access-Control-Expose-Headers",
		      "ETag, Location, Retry-After, RateLimit-Limit, "
		      "RateLimit-Remaining, RateLimit-Reset, X-Request-Id");
}

/* No Allow-Credentials: another origin comes with a token of its own, never
 * with the cookie (which is SameSite=Strict anyway). */
bool origin_preflight(struct api_req *r)
{
	const char *origin, *want;

	if (r->rq->method != HTTP_OPTIONS || r->rep->path == NULL)
		return false;
	origin = request_header(r->rq, "Origin");
	want = request_header(r->rq, "Access-Control-Request-Method");
	if (origin == NULL || want == NULL || !listed(r->d->conf, origin))
		return false;
	answer_header(r->an, "Access-Control-Allow-Methods",
		      r->rep->path->allow);
	answer_header(r->an, "Access-Control-Allow-Headers",
		      "Authorization, Content-Type, Idempotency-Key, "
		      "If-None-Match, X-Request-Id, traceparent");
	answer_header(r->an, "Access-Control-Max-Age", "600");
	r->an->status = 204;
	r->an->type = NULL;
	return true;
}
