#ifndef API_ROUTE_H
#define API_ROUTE_H
/* route.h - the API is a table.
 *
 * One row per operation.  The router, the 404, 405 and 413 answers, the role
 * and scope checks, the decoding of what comes in, the OpenAPI document and
 * the labels of the metrics all come from it; a handler sees typed structs
 * and a signed-in user, and writes JSON.
 *
 * To add operations: a file h_<area>.c with the handlers and
 *
 *	static const struct route routes[] = { { ... }, ... };
 *	const struct area area_<area> = AREA(routes);
 *
 * and one line X(<area>) in areas.h.  Rows may stand in any order; api_new()
 * sorts them by path and method and refuses two of the same. */
#include "api/param.h"
#include "api/schema.h"

struct api_req;

enum method { M_GET, M_POST, M_PUT, M_PATCH, M_DELETE, M__MAX };
const char *method_name(enum method m);

/* Who may call. */
enum need { N_PUBLIC, N_VIEWER, N_TRADER, N_ADMIN };

enum route_flag {
	/* A creating POST: Idempotency-Key is taken.  With a key or without,
	 * the handler runs inside one transaction with the stored answer, and
	 * runs again from the start after a deadlock: SQL and r->w only, and
	 * what must happen after the commit through api_after(). */
	RF_CREATE	= 1 << 0,
	/* As RF_CREATE, but the answer holds a secret and is not stored: the
	 * second use of a key answers 409. */
	RF_SECRET	= 1 << 1,
	/* A write without X-CSRF-Token: sign-in, and reports from pages that
	 * are not signed in.  Origin and Sec-Fetch-Site still count. */
	RF_NO_CSRF	= 1 << 2,
	/* Browser sessions only: no API token gets in here. */
	RF_SESSION	= 1 << 3,
	/* Not counted by the rate limit, not logged at info: health checks. */
	RF_QUIET	= 1 << 4,
	/* Peers in metrics_allow only, everybody else 403. */
	RF_ALLOW_LIST	= 1 << 5,
	/* The same answer for everybody who may call: browsers may keep it and
	 * ask again with If-None-Match (all else is no-store). */
	RF_SHARED	= 1 << 6,
	/* A POST that changes nothing (a check): tokens with scope read may. */
	RF_READ		= 1 << 7,
	/* Counted in a bucket of its own: sign-in by address, and what browsers
	 * report. */
	RF_RATE_LOGIN	= 1 << 8,
	RF_RATE_LOG	= 1 << 9,
	/* Public, and yet who calls is found out when a cookie is there. */
	RF_WHO		= 1 << 10,
};

typedef int api_fn(struct api_req *r, struct err *err);

struct route {
	const char *path;	/* "/api/v1/bots/{id}/start" */
	const char *id;		/* operationId: "startBot" */
	const char *doc;	/* one sentence for the document */
	api_fn *fn;
	const struct params *path_in, *query, *body;
	const struct schema *answer;	/* NULL: no content */
	const char *media;	/* of the answer when it is not JSON */
	/* Of a body that is not JSON: as it came in r->raw, up to body_max. */
	const char *body_media;
	enum method method;
	enum need need;
	unsigned flags;		/* of enum route_flag */
	unsigned body_max;	/* bytes; 0 with a body table: 64 KiB */
	int status;		/* of success; 0: 200, or 204 without answer */
	/* Further problems the operation answers, as bits of 1 << enum errc. */
	unsigned problems;
	/* An answer is served again for so long, keyed by path and query; for
	 * routes whose answer does not depend on the caller.  With
	 * CACHE_BY(GEN_MARKETS) only until that generation has grown. */
	unsigned cache_ms, cache_by;
#define CACHE_BY(gen) ((gen) + 1)
};

/* {id} in a path: r->path is a struct id_in. */
struct id_in { uint64_t id; };
extern const struct params id_path;

struct area {
	const struct route *v;
	size_t n;
};
#define AREA(table) { (table), ARRAY_LEN(table) }

#define X(name) extern const struct area area_##name;
#include "api/areas.h"
#undef X

/* All of them, sorted by path and method. */
struct routes;
/* -E_BUG when two rows are the same or a row contradicts itself. */
MUST_CHECK int routes_new(struct arena *out, const struct area *const *areas,
			  size_t n_areas, struct routes **ret, struct err *err);
/* With every area of areas.h. */
MUST_CHECK int routes_all(struct arena *out, struct routes **ret,
			  struct err *err);
size_t routes_len(const struct routes *rs);
const struct route *routes_at(const struct routes *rs, size_t i);

/* What a path leads to: the operations on one template. */
#define PATH_SEGMENTS 12
struct path {
	const char *template;
	unsigned number;		/* 1.. in order; for metrics */
	uint32_t salt;			/* of its cursors */
	const struct route *by[M__MAX];	/* NULL: 405 */
	const char *allow;		/* "GET, HEAD, POST" */
};
/* The path of a request; NULL when there is none.  ret_in takes the segments
 * that stand for {names}, in order. */
const struct path *routes_find(const struct routes *rs, const char *path,
			       struct str ret_in[static PATH_SEGMENTS],
			       size_t *ret_n);
/* Paths by their number, 1 .. routes_paths(). */
unsigned routes_paths(const struct routes *rs);
const struct path *routes_path(const struct routes *rs, unsigned number);

#endif /* API_ROUTE_H */
