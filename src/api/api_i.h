#ifndef API_API_I_H
#define API_API_I_H
/* api_i.h - the parts of the framework among themselves. */
#include "api/api.h"
#include "core/array.h"

struct keep;
struct seen;

struct api {
	unsigned magic;
#define API_MAGIC 0x61706921u
	struct api_deps d;
	struct routes *rs;
	struct keep *keep;		/* answers served again */
	struct seen *seen;		/* callers known from the last seconds */
	struct str openapi;		/* the document, made at first use */
	struct arena *arena;
	unsigned created;		/* since old keys were last removed */
};

struct after {
	void (*fn)(struct api_req *r, void *arg);
	void *arg;
};

struct api_rep {
	struct api *api;
	const struct path *path;	/* NULL: 404 */
	struct str segs[PATH_SEGMENTS];
	size_t n_segs;
	struct field_errors fe;
	bool said;
	char say[200];
	char etag[40];			/* with its quotes; "" without */
	const char *location;		/* of what was created, or NULL */
	struct str body;		/* raw, "" without */
	struct str key;			/* of a kept answer, and its version */
	uint64_t version;
	ARRAY(struct after) after;
};

/* -- problem.c -- */
/* The answer of a request that failed. */
void problem_answer(struct api_req *r, const struct err *err);

/* -- access.c: who is calling, and may they? -- */
/* Fills r->who; -E_UNAUTH for credentials that are not good (any more). */
MUST_CHECK int access_identify(struct api_req *r, struct err *err);
MUST_CHECK int access_allowed(struct api_req *r, struct err *err);
struct seen *seen_new(struct arena *out) NONNULL_RET;
/* Somebody's session, token or password has changed: look everybody up. */
void access_forget(struct api_req *r);
/* "sid" or "__Host-sid", as the connection allows. */
const char *cookie_name(const struct api_req *r, bool *ret_secure);

/* -- origin.c: other sites -- */
/* Origin and Sec-Fetch-Site of a write. */
MUST_CHECK int origin_check(const struct api_req *r, struct err *err);
/* Access-Control headers for a listed origin. */
void origin_headers(struct api_req *r);
/* True: it was an OPTIONS request and is answered. */
bool origin_preflight(struct api_req *r);

/* -- limit.c -- */
/* Counts the request; the RateLimit headers. */
MUST_CHECK int limit_take(struct api_req *r, struct err *err);

/* -- keep.c: answers kept in the worker -- */
struct keep *keep_new(struct arena *out) NONNULL_RET;
/* True: answered. */
bool keep_get(struct api_req *r);
void keep_put(struct api_req *r);

/* -- create.c: creating POSTs, once -- */
MUST_CHECK int create_run(struct api_req *r, struct err *err);

/* -- handle.c -- */
/* With these routes (tests bring their own). */
struct api *api_with(struct arena *out, const struct api_deps *d,
		     struct routes *rs) NONNULL_RET;
/* Forget what a first run of the handler wrote. */
void rep_restart(struct api_req *r);
/* Names the body, unless it is named already. */
void etag_make(struct api_req *r);
/* 64 bits of a text, the same in every process. */
uint64_t text_hash(struct str s);

#endif /* API_API_I_H */
