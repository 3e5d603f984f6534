#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/api_i.h"
#include "core/hash.h"

#define BODY_MAX_DEFAULT (64u * 1024)

uint64_t text_hash(struct str s)
{
	/* The same in every process and on every host; nothing secret. */
	static const struct hash_key key = {
		{ 0x6f7263682d617069u, 0x656e746974792d31u }
	};

	return siphash13(key, s.p, s.n);
}

void rep_restart(struct api_req *r)
{
	sbuf_init(&r->an->body, r->arena, r->an->body.max);
	jw_init(&r->w, &r->an->body);
	r->an->status = r->route->status != 0 ? r->route->status :
			r->route->answer == NULL &&
			r->route->media == NULL ? 204 : 200;
	/* A handler of several forms says afterwards which it is. */
	if (r->route->media != NULL)
		r->an->type = r->route->media;
	r->rep->location = NULL;
	r->rep->after.n = 0;
	r->rep->said = false;
	r->rep->fe.n = 0;
}

static struct api_req *req_new(struct api *api, struct request *rq,
			       struct answer *an)
{
	struct api_req *r = NEW(rq->arena, struct api_req);

	r->magic = API_REQ_MAGIC;
	r->arena = rq->arena;
	r->d = &api->d;
	r->rq = rq;
	r->an = an;
	r->log = rq->log;
	r->now_ms = clock_ms(api->d.clock);
	r->rep = NEW(rq->arena, struct api_rep);
	r->rep->api = api;
	return r;
}

static int find_route(struct api_req *r, struct err *err)
{
	static const enum method of[] = {
		[HTTP_GET] = M_GET, [HTTP_HEAD] = M_GET, [HTTP_POST] = M_POST,
		[HTTP_PUT] = M_PUT, [HTTP_PATCH] = M_PATCH,
		[HTTP_DELETE] = M_DELETE, [HTTP_OPTIONS] = M__MAX,
		[HTTP_OTHER] = M__MAX,
	};
	struct api_rep *rep = r->rep;
	enum method m = of[r->rq->method];

	rep->path = routes_find(rep->api->rs, r->rq->path, rep->segs,
				&rep->n_segs);
	if (rep->path == NULL)
		return FAIL(err, E_NOTFOUND, "no such path");
	request_set_route(r->rq, rep->path->number);
	if (m < M__MAX)
		r->route = rep->path->by[m];
	return 0;
}

static int refuse_method(struct api_req *r, struct err *err)
{
	answer_header(r->an, "Allow", r->rep->path->allow);
	return FAIL(err, E_INVAL, "%s is not for this path",
		    r->rq->method_text);
}

static bool is_type(const char *type, const char *want)
{
	struct str t = str_c(type), mime;

	if (!str_split(&t, ';', &mime))
		return false;
	return str_eq_nocase(str_trim(mime), str_c(want));
}

static int body_read(struct api_req *r, struct err *err)
{
	const struct route *route = r->route;
	unsigned limit = route->body_max != 0 ? route->body_max :
						BODY_MAX_DEFAULT;
	const char *want = route->body_media != NULL ? route->body_media :
						       "application/json";
	void *st;
	int rc;

	if (route->body == NULL && route->body_media == NULL) {
		if (r->rq->content_length > 0)
			return api_bad(r, err, "", "takes no body");
		return 0;
	}
	if (r->rq->content_length > limit)
		return FAIL(err, E_TOOBIG, "body of %llu bytes, %u are allowed",
			    (unsigned long long)r->rq->content_length, limit);
	if (!is_type(request_header(r->rq, "Content-Type"), want))
		return FAIL(err, E_MEDIA, "Content-Type is not %s", want);
	rc = request_body(r->rq, limit, &r->rep->body, err);
	if (rc < 0)
		return rc;
	if (route->body_media != NULL) {
		r->raw = r->rep->body;
		return 0;
	}
	st = arena_alloc(r->arena, route->body->size);
	r->body = st;
	return params_body(r->arena, route->body, r->rep->body, st,
			   &r->rep->fe, err);
}

static int decode(struct api_req *r, struct err *err)
{
	static const struct params none = { NULL, 0, 1 };
	const struct route *route = r->route;
	const struct params *query = route->query;
	struct api_rep *rep = r->rep;
	int rc;

	if (route->path_in != NULL) {
		void *st = arena_alloc(r->arena, route->path_in->size);
		struct field_errors fe = { .n = 0 };

		r->path = st;
		rc = params_path(r->arena, route->path_in, rep->segs,
				 rep->n_segs, st, &fe, err);
		/* "/bots/x" is not a malformed request but no bot. */
		if (rc < 0)
			return FAIL(err, E_NOTFOUND, "%s", err->msg);
	}
	if (query != NULL || r->rq->query.n > 0) {
		void *st;

		if (query == NULL)
			query = &none;
		st = arena_alloc(r->arena, query->size);
		r->query = st;
		rc = params_query(r->arena, query, r->rq->query,
				  rep->path->salt, st, &rep->fe, err);
		if (rc < 0)
			return rc;
	}
	return body_read(r, err);
}

static int run(struct api_req *r, struct err *err)
{
	const struct route *route = r->route;
	int rc;

	if (route->flags & (RF_CREATE | RF_SECRET)) {
		rc = create_run(r, err);
	} else {
		rep_restart(r);
		rc = route->fn(r, err);
	}
	if (rc < 0)
		return rc;
	assert(r->w.depth == 0);
	if (r->an->body.overflow)
		return FAIL(err, E_BUG, "the answer is larger than %zu bytes",
			    r->an->body.max);
	for (size_t i = 0; i < r->rep->after.n; i++)
		r->rep->after.v[i].fn(r, r->rep->after.v[i].arg);
	return 0;
}

/* Everything between the route and the finished body. */
static int serve(struct api_req *r, struct err *err)
{
	int rc;

	rc = find_route(r, err);
	if (rc < 0)
		return rc;
	origin_headers(r);
	if (r->route == NULL) {
		if (origin_preflight(r))
			return 0;
		return refuse_method(r, err);
	}
	rc = access_identify(r, err);
	/* Nobody, or a wrong secret: that counts against the address. */
	if (rc == 0 || rc == -E_UNAUTH) {
		int limited = limit_take(r, err);

		rc = limited < 0 ? limited : rc;
	}
	if (rc < 0)
		return rc;
	rc = access_allowed(r, err);
	if (rc < 0)
		return rc;
	if (r->route->cache_ms != 0 && keep_get(r))
		return 0;
	rc = decode(r, err);
	if (rc < 0)
		return rc;
	rc = run(r, err);
	if (rc == 0 && r->route->cache_ms != 0)
		keep_put(r);
	return rc;
}

void etag_make(struct api_req *r)
{
	if (r->rep->etag[0] != '\0')
		return;
	snprintf(r->rep->etag, sizeof(r->rep->etag), "\"%016llx-%zx\"",
		 (unsigned long long)text_hash(str_n(r->an->body.buf,
						     r->an->body.len)),
		 r->an->body.len);
}

static void entity_headers(struct api_req *r)
{
	const char *match;
	struct answer *an = r->an;

	if (r->route == NULL || r->route->method != M_GET || an->status != 200)
		return;
	if (r->route->flags & RF_QUIET)
		return;
	etag_make(r);
	answer_header(an, "ETag", r->rep->etag);
	match = request_header(r->rq, "If-None-Match");
	if (match == NULL || !etag_matches(match, r->rep->etag))
		return;
	an->status = 304;
	an->type = NULL;
	sbuf_init(&an->body, r->arena, 0);
}

/* An answer of the API is data: it is never rendered, framed or sniffed. */
static void common_headers(struct api_req *r)
{
	bool shared = r->route != NULL && r->route->flags & RF_SHARED &&
		      r->an->status < 400;

	answer_header(r->an, "Cache-Control",
		      shared ? "private, no-cache" : "no-store");
	answer_header(r->an, "X-Content-Type-Options", "nosniff");
	answer_header(r->an, "Content-Security-Policy",
		      "default-src 'none'; frame-ancestors 'none'");
}

int api_handle(void *ctx, struct request *rq, struct answer *an)
{
	struct api *api = OBJ_CAST(struct api, ctx, API_MAGIC);
	struct api_req *r = req_new(api, rq, an);
	struct err err = { 0 };
	int rc;

	an->type = "application/json";
	rc = serve(r, &err);
	if (rc < 0) {
		problem_answer(r, &err);
	} else {
		if (an->body.len == 0)
			an->type = NULL;
		if (r->rep->location != NULL)
			answer_header(an, "Location", r->rep->location);
		entity_headers(r);
	}
	common_headers(r);
	return 0;
}

struct api *api_with(struct arena *out, const struct api_deps *d,
		     struct routes *rs)
{
	struct api *api = NEW(out, struct api);

	api->magic = API_MAGIC;
	api->d = *d;
	api->arena = out;
	api->rs = rs;
	api->keep = keep_new(out);
	api->seen = seen_new(out);
	return api;
}

int api_new(struct arena *out, const struct api_deps *d, struct api **ret,
	    struct err *err)
{
	struct routes *rs;
	int rc;

	rc = routes_all(out, &rs, err);
	if (rc == 0)
		*ret = api_with(out, d, rs);
	return rc;
}

int api_board_routes(struct board *b, struct err *err)
{
	struct arena *tmp = arena_new("routes", 1 << 20);
	struct routes *rs;
	int rc;

	rc = routes_all(tmp, &rs, err);
	for (unsigned i = 1; rc == 0 && i <= routes_paths(rs); i++)
		board_route_set(b, i, routes_path(rs, i)->template);
	arena_free(&tmp);
	return rc;
}
