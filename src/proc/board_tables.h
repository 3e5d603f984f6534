#ifndef PROC_BOARD_TABLES_H
#define PROC_BOARD_TABLES_H
/* board_tables.h - the names of all figures, in the terms of Prometheus.
 *
 * X(id, family, labels, help): rows of one family stand together, and its
 * help is the first row's.  Add a row where it belongs; the layout number of
 * the board changes by itself.  Counters end in _total. */

#define BOARD_COUNTERS(X)						\
	X(HTTP_SLOW, "http_requests_slow_total", "",			\
	  "Requests that took over one second")				\
	X(HTTP_ABORTED, "http_requests_aborted_total", "",		\
	  "Connections without a usable request, or left by the client") \
	X(LIMITED_USER, "http_requests_limited_total", "by=\"user\"",	\
	  "Requests refused by the rate limit")				\
	X(LIMITED_ADDRESS, "http_requests_limited_total", "by=\"address\"", "") \
	X(DEADLINE_KILLS, "process_deadline_kills_total", "",		\
	  "Processes ended because one request took too long")		\
	X(DB_QUERIES, "db_queries_total", "", "Statements executed")	\
	X(DB_ERR_AWAY, "db_errors_total", "kind=\"away\"",		\
	  "Statements that failed")					\
	X(DB_ERR_CONFLICT, "db_errors_total", "kind=\"conflict\"", "")	\
	X(DB_ERR_UNCERTAIN, "db_errors_total", "kind=\"uncertain\"", "") \
	X(DB_ERR_TIMEOUT, "db_errors_total", "kind=\"timeout\"", "")	\
	X(DB_ERR_OTHER, "db_errors_total", "kind=\"other\"", "")	\
	X(CACHE_HITS, "cache_requests_total", "result=\"hit\"",		\
	  "Look-ups in the cache")					\
	X(CACHE_MISSES, "cache_requests_total", "result=\"miss\"", "")	\
	X(LOGIN_OK, "auth_logins_total", "result=\"ok\"", "Sign-ins")	\
	X(LOGIN_FAILED, "auth_logins_total", "result=\"failed\"", "")	\
	X(LOGIN_THROTTLED, "auth_logins_total", "result=\"throttled\"", "") \
	X(ORDERS_SENT, "orders_total", "event=\"sent\"", "Order events")	\
	X(ORDERS_ACKED, "orders_total", "event=\"acknowledged\"", "")	\
	X(ORDERS_FILLED, "orders_total", "event=\"filled\"", "")	\
	X(ORDERS_CANCELLED, "orders_total", "event=\"cancelled\"", "")	\
	X(ORDERS_REFUSED, "orders_total", "event=\"refused\"", "")	\
	X(ORDERS_UNCERTAIN, "orders_total", "event=\"uncertain\"", "")	\
	X(FILLS, "fills_total", "", "Fills booked")			\
	X(RISK_REFUSED, "risk_refusals_total", "",			\
	  "Orders shrunk or refused by a risk rule")			\
	X(BOT_BARS, "bot_bars_total", "", "Bars that bots have decided on") \
	X(BOT_ERRORS, "bot_errors_total", "", "Bot ticks that failed")	\
	X(FEED_CANDLES, "feed_candles_total", "", "Candles received by feeds") \
	X(JOBS_DONE, "jobs_total", "result=\"done\"", "Jobs finished")	\
	X(JOBS_FAILED, "jobs_total", "result=\"failed\"", "")		\
	X(JOBS_LOST, "jobs_total", "result=\"lost\"", "")		\
	X(EVENTS_PUBLISHED, "events_published_total", "",		\
	  "Live events handed to orch-live")				\
	X(EVENTS_DROPPED, "events_dropped_total", "",			\
	  "Live events dropped because nobody took them")		\
	X(LIVE_OPENED, "live_connections_total", "", "Live connections opened") \
	X(LIVE_REFUSED, "live_refused_total", "",			\
	  "Live connections or subscriptions refused")			\
	X(LIVE_RECEIVED, "live_events_received_total", "",		\
	  "Events taken in by orch-live")				\
	X(LIVE_DELIVERED, "live_events_delivered_total", "",		\
	  "Events written to a live client")				\
	X(LIVE_DROPPED, "live_events_dropped_total", "",		\
	  "Events a live client missed")				\
	X(LIVE_EVICTED, "live_clients_dropped_total", "",		\
	  "Live clients dropped because they did not read")		\
	X(LOG_WARN, "log_messages_total", "level=\"warn\"",		\
	  "Log lines of warn and above")				\
	X(LOG_ERROR, "log_messages_total", "level=\"error\"", "")	\
	X(CLIENT_LOGS, "client_log_entries_total", "",			\
	  "Log entries sent in by browsers")				\
	X(REPORTS_QUEUED, "error_reports_total", "result=\"queued\"",	\
	  "Error reports for the configured collector")			\
	X(REPORTS_SENT, "error_reports_total", "result=\"sent\"", "")	\
	X(REPORTS_FAILED, "error_reports_total", "result=\"failed\"", "") \
	X(REPORTS_DROPPED, "error_reports_total", "result=\"dropped\"", "") \
	X(FETCH_OK, "http_client_requests_total", "result=\"ok\"",	\
	  "Requests sent to other servers")				\
	X(FETCH_FAILED, "http_client_requests_total", "result=\"failed\"", "") \
	X(ML_PREDICTIONS, "orch_ml_predictions_total", "",		\
	  "Answers of models")						\
	X(ML_MISSING, "orch_ml_refusals_total", "reason=\"missing\"",	\
	  "Times a model could not be asked")				\
	X(ML_STALE, "orch_ml_refusals_total", "reason=\"stale\"", "")	\
	X(ML_FEATURES, "orch_ml_refusals_total", "reason=\"features\"", "") \
	X(ML_BROKEN, "orch_ml_refusals_total", "reason=\"broken\"", "")

#define BOARD_SLOT_GAUGES(X)						\
	X(BOTS_HELD, "bots_held", "", "Bots held by runners through a lease") \
	X(ORDERS_OPEN, "orders_open", "", "Orders not yet in a final state") \
	X(DB_CONNECTIONS, "db_connections", "", "Open database connections") \
	X(LIVE_WS, "live_clients", "kind=\"websocket\"", "Live clients connected") \
	X(LIVE_SSE, "live_clients", "kind=\"sse\"", "")			\
	X(LIVE_TOPICS, "live_topics", "", "Topics with a ring or a subscriber") \
	X(LIVE_QUEUED, "live_queued_events", "", "Events waiting for live clients") \
	X(ARENA_PEAK, "request_arena_peak_bytes", "",			\
	  "Largest request arena since the process started, summed")	\
	X(ML_ARENA, "orch_ml_arena_bytes", "",				\
	  "Memory of models at hand or being trained; mapped weights not counted") \
	X(ML_TENSORS, "orch_ml_tensors", "", "Tensors of models at hand")

#define BOARD_GAUGES(X)							\
	X(BOTS_CREATED, "bots", "state=\"created\"", "Bots by state")	\
	X(BOTS_STARTING, "bots", "state=\"starting\"", "")		\
	X(BOTS_RUNNING, "bots", "state=\"running\"", "")		\
	X(BOTS_PAUSED, "bots", "state=\"paused\"", "")			\
	X(BOTS_STOPPING, "bots", "state=\"stopping\"", "")		\
	X(BOTS_STOPPED, "bots", "state=\"stopped\"", "")		\
	X(BOTS_FINISHED, "bots", "state=\"finished\"", "")		\
	X(BOTS_HALTED, "bots", "state=\"halted\"", "")			\
	X(JOBS_QUEUED, "job_queue_depth", "state=\"queued\"", "Jobs in the queue") \
	X(JOBS_RUNNING, "job_queue_depth", "state=\"running\"", "")	\
	X(ML_GENERATION, "orch_ml_generation", "",			\
	  "Grows each time another model is put to use")

#define BOARD_HISTS(X)							\
	X(DB, "db_query_duration_seconds", "", "Time a statement took")	\
	X(TICK, "bot_tick_duration_seconds", "",			\
	  "From a closed candle to the last journalled answer")		\
	X(ORDER_ACK, "order_ack_duration_seconds", "",			\
	  "From sending an order to its answer")			\
	X(JOB, "job_duration_seconds", "", "Run time of jobs")		\
	X(FETCH, "http_client_duration_seconds", "",			\
	  "Time a request to another server took")

#define BOARD_ROLES(X)							\
	X(API, "api") X(WORKER, "worker") X(LIVE, "live")		\
	X(RUN, "run") X(FEED, "feed") X(RUNNER, "runner") X(JOB, "job")	\
	X(SIGN, "sign")

#define BOARD_GENS(X)							\
	X(MODELS, "models") X(MARKETS, "markets") X(STRATEGIES, "strategies") \
	X(SESSIONS, "sessions") X(BOTS, "bots")

#define BOARD_SLOT_STATES(X)						\
	X(FREE, "free") X(STARTING, "starting") X(IDLE, "idle")		\
	X(BUSY, "busy") X(DRAINING, "draining")

#endif /* PROC_BOARD_TABLES_H */
