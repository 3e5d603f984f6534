#ifndef API_API_H
#define API_API_H
/* api.h - from a request to its answer.
 *
 * A worker makes one struct api after the fork and gives it every request.
 * The order is fixed: route (404, 405) · CORS · who is calling (401) · rate
 * limit (429) · role and scope (403) · CSRF (403) · kept answer · path, query
 * and body against their tables (400, 413, 415) · Idempotency-Key · handler ·
 * ETag (304) · log line and metrics.
 *
 * A handler
 *
 *	int h_bot_get(struct api_req *r, struct err *err)
 *	{
 *		const struct id_in *in = r->path;
 *		struct bot *b;
 *		int rc;
 *
 *		rc = bot_load(r->arena, r->d->db, r->who.id, in->id, &b, err);
 *		if (rc < 0)
 *			return rc;	(becomes problem+json)
 *		bot_json(&r->w, b);
 *		return 0;
 *	}
 *
 * writes one JSON value to r->w and returns 0, or returns -errc with the
 * reason in err and writes nothing: half an answer is never sent.  The status
 * and the sentence that the client sees come from the code; the sentence in
 * err is for the log (and, in development, for the answer).  Errors the
 * client can repair are made with api_bad() and api_fail().
 *
 * Whose objects: a handler asks its module for (user, object); what belongs
 * to somebody else is -E_NOTFOUND, as if it did not exist.  Two SQL
 * statements a request at most, the session's own included. */
#include "api/route.h"
#include "core/clock.h"
#include "core/log.h"
#include "fcgi/fcgi.h"

struct api;
struct api_rep;
struct auth;
struct cache;
struct conf;
struct db;
struct identity;
struct ml_shelf;
struct quotes;

/* What handlers may use; a module that needs more adds its own pointer. */
struct api_deps {
	const struct conf *conf;
	struct db *db;			/* NULL in tests without a database */
	struct auth *auth;		/* as well */
	struct board *board;		/* NULL: no rate limits */
	struct cache *cache;		/* made before the fork; NULL: none */
	const struct quotes *quotes;	/* of markets; NULL: there are none */
	struct ml_shelf *shelf;		/* models at hand */
	const struct clock *clock;
	const char *version;
};

struct caller {
	uint64_t id;			/* 0: nobody is signed in */
	enum need role;			/* N_PUBLIC when nobody is */
	const char *name;
	const struct identity *ident;	/* for authz(); NULL when nobody is */
};

struct api_req {
	unsigned magic;
#define API_REQ_MAGIC 0x61706972u
	struct arena *arena;		/* dies when the answer is sent */
	const struct api_deps *d;
	const struct route *route;
	struct request *rq;		/* as fcgi.h has it */
	struct answer *an;
	struct caller who;
	const struct logctx *log;
	int64_t now_ms;
	const void *path, *query, *body; /* as the route's tables say */
	struct str raw;			/* a body that is not JSON */
	struct jw w;			/* the answer */
	struct api_rep *rep;		/* the framework's own */
};

/* Lives in `out`; the tables are checked and sorted. */
MUST_CHECK int api_new(struct arena *out, const struct api_deps *d,
		       struct api **ret, struct err *err);
/* Answers in any case; a fcgi_handler with the struct api as its ctx. */
int api_handle(void *api, struct request *rq, struct answer *an);
/* Tells the board which route numbers mean what; before the fork. */
MUST_CHECK int api_board_routes(struct board *b, struct err *err);

/* -- for handlers ------------------------------------------------------- */

/* 201 with Location. */
void api_created(struct api_req *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
void api_status(struct api_req *r, int status);

/* The client's mistake in one field: 400 with the list of fields. */
MUST_CHECK int api_bad(struct api_req *r, struct err *err, const char *field,
		       const char *detail);
/* Fail with a sentence that users may read in production too: it names no
 * SQL, no path, no secret.  `r` may hold it in development anyway. */
#define api_fail(r, err, code, ...)					\
	(api_say((r), __VA_ARGS__), FAIL((err), (code), __VA_ARGS__))
void api_say(struct api_req *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Lists: select page->limit + 1 rows after page->cursor (a, b: the key of the
 * last row, of your choosing), write at most page->limit, then
 *
 *	api_list(r);			{"items":[
 *	for (i = 0; i < n && i < limit; i++) ...
 *	api_list_end(r, n > limit, a, b);	],"next":"..." or null}	*/
void api_list(struct api_req *r);
void api_list_end(struct api_req *r, bool more, int64_t a, int64_t b);

/* Run after the answer's transaction is committed, or, without one, when the
 * handler has returned 0.  For events; it cannot fail the request. */
void api_after(struct api_req *r, void (*fn)(struct api_req *r, void *arg),
	       void *arg);

/* The OpenAPI document: the same bytes for the same tables. */
MUST_CHECK int openapi_write(struct arena *out, const struct routes *rs,
			     const char *version, struct str *ret,
			     struct err *err);

#endif /* API_API_H */
