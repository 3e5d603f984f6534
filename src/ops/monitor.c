#include "config.h"

#include "core/clock.h"
#include "ops/ops_i.h"

static void quantiles(struct jw *w, const struct hist_view *v)
{
	jw_kf64(w, "p50", hist_quantile(v, 0.50));
	jw_kf64(w, "p95", hist_quantile(v, 0.95));
	jw_kf64(w, "p99", hist_quantile(v, 0.99));
}

static void route_row(struct jw *w, const struct board *board, unsigned r,
		      enum http_method m)
{
	uint64_t all = 0, errors = 0, refused = 0;
	struct hist_view v;

	for (unsigned c = 0; c < BOARD_CODES; c++) {
		uint64_t n = board_http_count(board, r, m, c);

		all += n;
		errors += board_codes[c] >= 500 ? n : 0;
		refused += board_codes[c] >= 400 && board_codes[c] < 500 ? n : 0;
	}
	if (all == 0)
		return;
	board_http_hist(board, r, &v);
	jw_obj(w);
	jw_kstr(w, "route", board_route(board, r));
	jw_kstr(w, "method", http_method_name(m));
	jw_ku64(w, "requests", all);
	jw_ku64(w, "errors", errors);
	jw_ku64(w, "refused", refused);
	quantiles(w, &v);
	jw_obj_end(w);
}

static void json_http(struct jw *w, const struct board *board)
{
	struct slot_view v;
	unsigned active = 0;

	for (unsigned i = 0; board_slot_next(board, &i, &v); )
		active += v.role == ROLE_WORKER && v.state == SLOT_BUSY;
	jw_key(w, "http");
	jw_obj(w);
	jw_key(w, "routes");
	jw_arr(w);
	for (unsigned r = 0; r < BOARD_ROUTES; r++)
		for (unsigned m = 0; m < HTTP_METHOD__MAX; m++)
			if (board_route(board, r) != NULL)
				route_row(w, board, r, (enum http_method)m);
	jw_arr_end(w);
	jw_ku64(w, "active", active);
	jw_ku64(w, "slow", board_counter(BC_HTTP_SLOW));
	jw_ku64(w, "limited", board_counter(BC_LIMITED_USER) +
			      board_counter(BC_LIMITED_ADDRESS));
	jw_ku64(w, "deadline_kills", board_counter(BC_DEADLINE_KILLS));
	jw_obj_end(w);
}

static void json_processes(struct jw *w, const struct board *board)
{
	struct slot_view v;

	jw_key(w, "processes");
	jw_arr(w);
	for (unsigned i = 0; board_slot_next(board, &i, &v); ) {
		uint64_t rss = 0, cpu = 0;

		if (v.pid <= 0 || !ops_proc_usage(v.pid, &rss, &cpu))
			continue;
		jw_obj(w);
		jw_kstr(w, "role", role_name(v.role));
		jw_ki64(w, "pid", v.pid);
		jw_kstr(w, "state", slot_state_name(v.state));
		jw_ku64(w, "rss", rss);
		jw_kf64(w, "cpu_seconds", (double)cpu / 1e6);
		jw_ku64(w, "requests", v.served);
		jw_ku64(w, "restarts", board_restarts(board, v.role));
		jw_ki64(w, "started", v.started_ms);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void json_db(struct jw *w)
{
	struct hist_view v;

	board_hist(BH_DB, &v);
	jw_key(w, "db");
	jw_obj(w);
	jw_ku64(w, "queries", board_counter(BC_DB_QUERIES));
	jw_ku64(w, "errors", board_counter(BC_DB_ERR_AWAY) +
			     board_counter(BC_DB_ERR_CONFLICT) +
			     board_counter(BC_DB_ERR_UNCERTAIN) +
			     board_counter(BC_DB_ERR_TIMEOUT) +
			     board_counter(BC_DB_ERR_OTHER));
	jw_ki64(w, "connections", board_slot_gauge_sum(BS_DB_CONNECTIONS));
	quantiles(w, &v);
	jw_obj_end(w);
}

static void json_bots(struct jw *w)
{
	static const struct { const char *name; enum board_gauge g; } rows[] = {
		{ "created", BG_BOTS_CREATED }, { "starting", BG_BOTS_STARTING },
		{ "running", BG_BOTS_RUNNING }, { "paused", BG_BOTS_PAUSED },
		{ "stopping", BG_BOTS_STOPPING }, { "stopped", BG_BOTS_STOPPED },
		{ "finished", BG_BOTS_FINISHED }, { "halted", BG_BOTS_HALTED },
	};

	jw_key(w, "bots");
	jw_obj(w);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		jw_ki64(w, rows[i].name, board_gauge(rows[i].g));
	jw_obj_end(w);
	jw_key(w, "orders");
	jw_obj(w);
	jw_ki64(w, "open", board_slot_gauge_sum(BS_ORDERS_OPEN));
	jw_ku64(w, "sent", board_counter(BC_ORDERS_SENT));
	jw_ku64(w, "filled", board_counter(BC_ORDERS_FILLED));
	jw_ku64(w, "refused", board_counter(BC_ORDERS_REFUSED));
	jw_ku64(w, "uncertain", board_counter(BC_ORDERS_UNCERTAIN));
	jw_ku64(w, "fills", board_counter(BC_FILLS));
	jw_ku64(w, "bars", board_counter(BC_BOT_BARS));
	jw_obj_end(w);
	jw_key(w, "jobs");
	jw_obj(w);
	jw_ki64(w, "queued", board_gauge(BG_JOBS_QUEUED));
	jw_ki64(w, "running", board_gauge(BG_JOBS_RUNNING));
	jw_ku64(w, "done", board_counter(BC_JOBS_DONE));
	jw_ku64(w, "failed", board_counter(BC_JOBS_FAILED));
	jw_obj_end(w);
}

static void json_live(struct jw *w)
{
	jw_key(w, "live");
	jw_obj(w);
	jw_ki64(w, "clients", board_slot_gauge_sum(BS_LIVE_WS) +
			      board_slot_gauge_sum(BS_LIVE_SSE));
	jw_ki64(w, "topics", board_slot_gauge_sum(BS_LIVE_TOPICS));
	jw_ku64(w, "received", board_counter(BC_LIVE_RECEIVED));
	jw_ku64(w, "delivered", board_counter(BC_LIVE_DELIVERED));
	jw_ku64(w, "dropped", board_counter(BC_LIVE_DROPPED));
	jw_ku64(w, "evicted", board_counter(BC_LIVE_EVICTED));
	jw_obj_end(w);
}

void ops_metrics_json(struct jw *w, const struct board *board)
{
	int64_t now = clock_ms(&clock_real);

	jw_obj(w);
	jw_key(w, "time");
	jw_time(w, now);
	jw_kf64(w, "uptime", (double)(now - board_start_ms(board)) / 1e3);
	jw_kstr(w, "version", PACKAGE_VERSION);
	json_http(w, board);
	json_processes(w, board);
	json_db(w);
	json_bots(w);
	json_live(w);
	jw_key(w, "log");
	jw_obj(w);
	jw_ku64(w, "warnings", board_counter(BC_LOG_WARN));
	jw_ku64(w, "errors", board_counter(BC_LOG_ERROR));
	jw_obj_end(w);
	jw_obj_end(w);
}
