#ifndef OPS_OPS_H
#define OPS_OPS_H
/* ops.h - what is going on: metrics of the whole host from the board, error
 * reports, records of what browsers and bots wrote. */
#include "core/err.h"
#include "core/log.h"
#include "core/sbuf.h"
#include "db/db.h"
#include "json/json.h"
#include "proc/board.h"

struct conf;

/* ---- metrics ---- */
/* Everything in the Prometheus text format 0.0.4. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
void ops_metrics_text(struct sbuf *b, const struct board *board);
/* The object of GET /monitoring: {time,uptime,http,processes,db,bots,orders,
 * jobs,live,...}. */
void ops_metrics_json(struct jw *w, const struct board *board);
/* Statements counted and timed. */
extern const struct db_hooks ops_db_hooks;
/* Resident bytes and CPU time of a process; false when it is gone. */
bool ops_proc_usage(int pid, uint64_t *ret_rss, uint64_t *ret_cpu_us);
/* Is the address inside one of the networks ("127.0.0.0/8", "::1")? */
bool ops_address_allowed(const char *const *nets, size_t n, const char *address);

/* ---- error reports ----
 * Every log line of level error (warn is counted only) becomes, when
 * enable_sentry is set and a DSN is there, a row of error_report; a job of
 * orch-run sends them.  A process that cannot reach the database keeps the
 * last few in memory and writes them later.  The tap never blocks: the rows
 * are written by ops_report_flush() from an idle moment of the process. */
void ops_report_start(struct arena *out, const struct conf *c,
		      const char *program, const char *version);
unsigned ops_report_pending(void);
MUST_CHECK int ops_report_flush(struct db *db, struct err *err);
/* A report from outside the log (a browser's error). */
struct report {
	enum log_level level;
	const char *message, *stack, *url, *request_id, *release;
	uint64_t user;
	bool from_browser;
};
MUST_CHECK int ops_report_add(struct db *db, const struct conf *c,
			      const struct report *r, struct err *err);
/* Sends up to `max` queued reports; *ret_sent of them went out.  For a job of
 * orch-run: the only process with a network. */
struct http;
MUST_CHECK int ops_report_send(struct db *db, struct http *http,
			       const struct conf *c, unsigned max,
			       unsigned *ret_sent, struct err *err);
/* Rows that have grown old go, a bounded number at a time: app_log after 30
 * days, jobs 30 days after their end, reports nobody took after 7. */
MUST_CHECK int ops_prune(struct db *db, int64_t now_ms, struct err *err);
/* "https://KEY@HOST/PROJECT" apart; -E_INVAL with the reason. */
struct dsn { const char *url, *key; };
MUST_CHECK int ops_dsn_parse(struct arena *out, const char *dsn,
			     struct dsn *ret, struct err *err);

/* ---- application log (table app_log): browsers and bots ---- */
enum app_source { APP_CLIENT, APP_BOT };
struct app_entry {
	int64_t time_ms;
	enum app_source source;
	enum log_level level;
	uint64_t user, bot;		/* 0: none */
	const char *request_id, *message, *context;	/* NULL: none */
	unsigned count;			/* the same message this often */
};
/* At most APP_LOG_BATCH entries at once. */
#define APP_LOG_BATCH 50
MUST_CHECK int app_log_add(struct db *db, const struct app_entry *e, size_t n,
			   struct err *err);
/* Newest first, ids below `before` (0: from the newest); 0 and NULL filters
 * match everything.  Columns: id, t_ms, source ("c" client, "b" bot), level
 * (0 debug .. 3 error), user_id, bot_id, request_id, message, context, count.
 * (Modules below ops write with Q_APP_LOG_ADD themselves.) */
struct app_filter {
	const char *source, *min_level, *text, *request_id;
	uint64_t user, bot, before;
	unsigned limit;
};
MUST_CHECK int app_log_list(struct arena *out, struct db *db,
			    const struct app_filter *f, struct rows *ret,
			    struct err *err);

#endif /* OPS_OPS_H */
