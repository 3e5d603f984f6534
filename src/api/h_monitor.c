#include "config.h"

#include "api/api.h"
#include "ops/ops.h"

/* What the Monitoring page shows: the figures of the whole host. */

static const struct field route_fields[] = {
	FIELD("route", &sc_str, "template of the path"),
	FIELD("method", &sc_str, "of HTTP"),
	FIELD("requests", &sc_int, "answered"),
	FIELD("errors", &sc_int, "answered with 5xx"),
	FIELD("refused", &sc_int, "answered with 4xx"),
	FIELD("p50", &sc_num, "seconds, median of the path"),
	FIELD("p95", &sc_num, "seconds"),
	FIELD("p99", &sc_num, "seconds"),
};
static const struct schema sc_route = OBJECT("RouteStats", route_fields,
					     "One operation's figures");
static const struct field http_fields[] = {
	FIELD("routes", ARRAY_OF(&sc_route), "those that were used"),
	FIELD("active", &sc_int, "requests being worked on"),
	FIELD("slow", &sc_int, "requests over one second"),
	FIELD("limited", &sc_int, "refused by the rate limit"),
	FIELD("deadline_kills", &sc_int, "workers ended by the time limit"),
};
static const struct schema sc_http = OBJECT("HttpStats", http_fields,
					    "Requests");
static const struct field process_fields[] = {
	FIELD("role", &sc_str, "what it does"),
	FIELD("pid", &sc_int, "process id"),
	FIELD("state", &sc_str, "what it is at"),
	FIELD("rss", &sc_int, "resident bytes"),
	FIELD("cpu_seconds", &sc_num, "used"),
	FIELD("requests", &sc_int, "or ticks, or jobs, done"),
	FIELD("restarts", &sc_int, "of its role"),
	FIELD("started", &sc_time, "when it began"),
};
static const struct schema sc_process = OBJECT("ProcessStats", process_fields,
					       "One process");
static const struct field db_fields[] = {
	FIELD("queries", &sc_int, "statements executed"),
	FIELD("errors", &sc_int, "that failed"),
	FIELD("connections", &sc_int, "open now"),
	FIELD("p50", &sc_num, "seconds, median"),
	FIELD("p95", &sc_num, "seconds"),
	FIELD("p99", &sc_num, "seconds"),
};
static const struct schema sc_db = OBJECT("DbStats", db_fields, "Database");
static const struct field orders_fields[] = {
	FIELD("open", &sc_int, "not yet in a final state"),
	FIELD("sent", &sc_int, "to an exchange"),
	FIELD("filled", &sc_int, "completely"),
	FIELD("refused", &sc_int, "by an exchange or a risk rule"),
	FIELD("uncertain", &sc_int, "whose answer did not come"),
	FIELD("fills", &sc_int, "booked"),
	FIELD("bars", &sc_int, "that bots have decided on"),
};
static const struct schema sc_orders = OBJECT("OrderStats", orders_fields,
					      "Orders");
static const struct field jobs_fields[] = {
	FIELD("queued", &sc_int, "waiting"),
	FIELD("running", &sc_int, "being worked on"),
	FIELD("done", &sc_int, "finished"),
	FIELD("failed", &sc_int, "given up"),
};
static const struct schema sc_jobs = OBJECT("JobStats", jobs_fields, "Jobs");
static const struct field live_fields[] = {
	FIELD("clients", &sc_int, "connected"),
	FIELD("topics", &sc_int, "with a ring or a subscriber"),
	FIELD("received", &sc_int, "events taken in"),
	FIELD("delivered", &sc_int, "events written"),
	FIELD("dropped", &sc_int, "events missed"),
	FIELD("evicted", &sc_int, "clients dropped, as they did not read"),
};
static const struct schema sc_live = OBJECT("LiveStats", live_fields,
					    "Live channel");
static const struct field log_fields[] = {
	FIELD("warnings", &sc_int, "lines of warn"),
	FIELD("errors", &sc_int, "lines of error"),
};
static const struct schema sc_log = OBJECT("LogStats", log_fields,
					   "Log lines");
static const struct field monitoring_fields[] = {
	FIELD("time", &sc_time, "now"),
	FIELD("uptime", &sc_num, "seconds since the host's board was made"),
	FIELD("version", &sc_str, "of the program"),
	FIELD("http", &sc_http, "requests"),
	FIELD("processes", ARRAY_OF(&sc_process), "of this host"),
	FIELD("db", &sc_db, "database"),
	FIELD("bots", MAP_OF(&sc_int), "number by state"),
	FIELD("orders", &sc_orders, "orders"),
	FIELD("jobs", &sc_jobs, "jobs"),
	FIELD("live", &sc_live, "live channel"),
	FIELD("log", &sc_log, "log lines"),
};
static const struct schema sc_monitoring =
	OBJECT("Monitoring", monitoring_fields, "The figures of the host");

static int h_monitoring(struct api_req *r, struct err *err)
{
	(void)err;
	ops_metrics_json(&r->w, r->d->board);
	return 0;
}

static const struct route routes[] = {
	{ .method = M_GET, .path = "/api/v1/monitoring",
	  .id = "getMonitoring", .doc = "The figures of the host.",
	  .fn = h_monitoring, .need = N_VIEWER, .answer = &sc_monitoring },
};
const struct area area_monitor = AREA(routes);
