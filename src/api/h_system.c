#include "config.h"

#include <string.h>

#include "api/api_i.h"
#include "cache/cache.h"
#include "conf/conf.h"
#include "db/migrate.h"
#include "ops/ops.h"

/* How the service itself fares. */

#define PING_MS 1000

static const char *const health_words[] = { "ok", "degraded", "down", NULL };
enum health { H_OK, H_DEGRADED, H_DOWN };

static const struct field live_fields[] = {
	FIELD("status", ENUM_OF(health_words), "ok"),
};
static const struct schema sc_live = OBJECT("Liveness", live_fields,
					    "The process answers");

static const struct field version_fields[] = {
	FIELD("name", &sc_str, "orch"),
	FIELD("version", &sc_str, "of the program"),
	FIELD("started", &sc_time, "when this host's processes began"),
};
static const struct schema sc_version = OBJECT("Version", version_fields,
					       "Which program answers");

static const struct field component_fields[] = {
	FIELD("name", &sc_str, "database, redis, api, live, run"),
	FIELD("status", ENUM_OF(health_words), "how it fares"),
	FIELD_NULL("latency_ms", &sc_num, "of one exchange with it"),
	FIELD("processes", &sc_int, "running on this host"),
};
static const struct schema sc_component =
	OBJECT("Component", component_fields, "A part of the service");
static const struct field health_fields[] = {
	FIELD("status", ENUM_OF(health_words), "the worst that matters"),
	FIELD("time", &sc_time, "now"),
	FIELD("components", ARRAY_OF(&sc_component), "its parts"),
};
static const struct schema sc_health = OBJECT("Health", health_fields,
					      "How the service fares");

static int h_live(struct api_req *r, struct err *err)
{
	static const char text[] = "{\"status\":\"ok\"}";

	(void)err;
	jw_raw(&r->w, text, sizeof(text) - 1);
	return 0;
}

static int h_ready(struct api_req *r, struct err *err)
{
	int64_t us;
	int rc;

	rc = db_ping(r->d->db, PING_MS, &us, err);
	if (rc == 0)
		rc = schema_current(r->d->db, err);
	if (rc < 0) {
		struct err why = *err;

		return api_fail(r, err, E_DB, "Not ready: %.150s", rc == -E_DB ?
				"the database is away." : why.msg);
	}
	return h_live(r, err);
}

static int h_version(struct api_req *r, struct err *err)
{
	(void)err;
	jw_obj(&r->w);
	jw_kstr(&r->w, "name", "orch");
	jw_kstr(&r->w, "version", r->d->version);
	jw_ki64(&r->w, "started", r->d->board != NULL ?
		board_start_ms(r->d->board) : 0);
	jw_obj_end(&r->w);
	return 0;
}

static void component(struct jw *w, const char *name, enum health h,
		      double latency_ms, unsigned processes)
{
	jw_obj(w);
	jw_kstr(w, "name", name);
	jw_kstr(w, "status", health_words[h]);
	jw_key(w, "latency_ms");
	if (latency_ms < 0)
		jw_null(w);
	else
		jw_f64(w, latency_ms);
	jw_ku64(w, "processes", processes);
	jw_obj_end(w);
}

/* How many processes of each role are up. */
static void count_roles(const struct board *b, unsigned n[ROLE__MAX])
{
	struct slot_view v;

	memset(n, 0, ROLE__MAX * sizeof(n[0]));
	for (unsigned i = 0; b != NULL && board_slot_next(b, &i, &v); )
		if (v.state == SLOT_IDLE || v.state == SLOT_BUSY)
			n[v.role]++;
}

/* The cache that hosts share, when there is one: without it they only work
 * more. */
static enum health redis(struct api_req *r)
{
	struct err err;
	int64_t us = 0;
	int rc;

	if (r->d->cache == NULL || !cache_has_redis(r->d->cache))
		return H_OK;
	rc = cache_redis_ping(r->d->cache, &us, &err);
	component(&r->w, "redis", rc < 0 ? H_DOWN : H_OK,
		  rc < 0 ? -1 : (double)us / 1000, 0);
	return rc < 0 ? H_DEGRADED : H_OK;
}

/* 200 in any case while it can answer at all: the answer says how things
 * are.  Load balancers ask /readyz. */
static int h_health(struct api_req *r, struct err *err)
{
	enum health all = H_OK, db;
	unsigned n[ROLE__MAX];
	struct jw *w = &r->w;
	int64_t us = 0;

	count_roles(r->d->board, n);
	db = db_ping(r->d->db, PING_MS, &us, err) < 0 ? H_DOWN : H_OK;
	jw_obj(w);
	jw_ki64(w, "time", r->now_ms);
	jw_key(w, "components");
	jw_arr(w);
	component(w, "database", db, db == H_OK ? (double)us / 1000 : -1, 0);
	component(w, "api", H_OK, -1, n[ROLE_WORKER]);
	component(w, "live", n[ROLE_LIVE] > 0 ? H_OK : H_DOWN, -1,
		  n[ROLE_LIVE]);
	component(w, "run", n[ROLE_RUNNER] > 0 ? H_OK : H_DOWN, -1,
		  n[ROLE_RUNNER] + n[ROLE_FEED] + n[ROLE_JOB]);
	all = redis(r);
	jw_arr_end(w);
	if (db != H_OK)
		all = H_DOWN;
	else if (n[ROLE_LIVE] == 0 || n[ROLE_RUNNER] == 0)
		all = H_DEGRADED;
	jw_kstr(w, "status", health_words[all]);
	jw_obj_end(w);
	return 0;
}

static int h_metrics(struct api_req *r, struct err *err)
{
	if (!r->d->conf->enable_prometheus)
		return FAIL(err, E_NOTFOUND, "enable_prometheus is off");
	ops_metrics_text(&r->an->body, r->d->board);
	return 0;
}

static int h_openapi(struct api_req *r, struct err *err)
{
	struct api *api = r->rep->api;
	int rc;

	if (api->openapi.p == NULL) {
		rc = openapi_write(api->arena, api->rs, r->d->version,
				   &api->openapi, err);
		if (rc < 0)
			return rc;
	}
	jw_raw(&r->w, api->openapi.p, api->openapi.n);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/livez", .id = "getLiveness",
	  .doc = "The process answers.", .fn = h_live, .flags = RF_QUIET,
	  .answer = &sc_live },
	{ .method = M_GET, .path = "/readyz", .id = "getReadiness",
	  .doc = "The database answers and its schema fits.", .fn = h_ready,
	  .flags = RF_QUIET, .answer = &sc_live, .problems = 1u << E_DB },
	{ .method = M_GET, .path = "/healthz", .id = "getHealth",
	  .doc = "How each part fares.", .fn = h_health, .flags = RF_QUIET,
	  .answer = &sc_health },
	{ .method = M_GET, .path = "/version", .id = "getVersion",
	  .doc = "Which program answers.", .fn = h_version,
	  .flags = RF_QUIET, .answer = &sc_version },
	{ .method = M_GET, .path = "/metrics", .id = "getMetrics",
	  .doc = "The whole host in the Prometheus text format.",
	  .fn = h_metrics, .flags = RF_QUIET | RF_ALLOW_LIST,
	  .media = METRICS_TYPE, .problems = 1u << E_NOTFOUND },
	{ .method = M_GET, .path = "/api/openapi.json", .id = "getOpenapi",
	  .doc = "This document.", .fn = h_openapi, .flags = RF_SHARED,
	  .answer = &sc_any },
};
const struct area area_system = AREA(routes);
