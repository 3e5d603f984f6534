#include "config.h"

#include <string.h>

#include "api/api_i.h"
#include "conf/conf.h"
#include "ops/ops.h"

/* What browsers have to say, and what was said. */

static const char *const levels[] = { "debug", "info", "warn", "error", NULL };
static const char *const sources[] = { "client", "bot", NULL };

struct entry_in {
	int64_t time, count;
	int level;
	struct str message, stack, url, request_id;
	const struct json *context;
};
struct logs_in {
	struct list_in entries;
	struct str app_version;
};

static const struct param entry_params[] = {
	PARAM(struct entry_in, time, P_TIME, "when it happened",
	      .required = true, .max = INT64_C(4102444800000)),
	PARAM(struct entry_in, level, P_ENUM, "how serious", .names = levels,
	      .required = true),
	PARAM(struct entry_in, message, P_TEXT, "what happened",
	      .required = true, .min = 1, .max = 2000),
	PARAM(struct entry_in, context, P_ANY, "details", .nullable = true),
	PARAM(struct entry_in, stack, P_TEXT, "where in the program",
	      .max = 8000, .nullable = true),
	PARAM(struct entry_in, request_id, P_STR, "of the failed request",
	      .max = 40, .nullable = true, .ascii = true),
	PARAM(struct entry_in, url, P_STR, "the page", .max = 1000,
	      .nullable = true),
	PARAM(struct entry_in, count, P_I64, "seen so often", .min = 1,
	      .max = 1000000, .def = 1),
};
static const struct params entry_body = PARAMS(struct entry_in, entry_params);

static const struct param logs_params[] = {
	PARAM(struct logs_in, entries, P_ARR, "oldest first",
	      .sub = &entry_body, .required = true, .min = 1,
	      .max = APP_LOG_BATCH),
	PARAM(struct logs_in, app_version, P_STR, "of the page's program",
	      .max = 80, .nullable = true),
};
static const struct params logs_body = PARAMS(struct logs_in, logs_params);

#define CONTEXT_MAX (12u * 1024)

/* All that belongs to an entry beside its message, as one JSON object; one
 * that is too large gives up its free part. */
static const char *context_of(struct arena *out, const struct entry_in *e,
			      struct str version, bool with_context)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, with_context ? CONTEXT_MAX : 2 * CONTEXT_MAX);
	jw_init(&w, &b);
	jw_obj(&w);
	if (e->context != NULL && with_context) {
		jw_key(&w, "context");
		jw_json(&w, e->context);
	}
	if (e->stack.p != NULL) {
		jw_key(&w, "stack");
		jw_strn(&w, e->stack.p, e->stack.n);
	}
	if (e->url.p != NULL) {
		jw_key(&w, "url");
		jw_strn(&w, e->url.p, e->url.n);
	}
	if (version.p != NULL) {
		jw_key(&w, "app_version");
		jw_strn(&w, version.p, version.n);
	}
	jw_obj_end(&w);
	if (sbuf_finish(&b) == NULL)
		return with_context ? context_of(out, e, version, false) : NULL;
	return b.len > 2 ? b.buf : NULL;
}

static void report_error(struct api_req *r, const struct entry_in *e,
			 struct str version)
{
	struct report rep = {
		.level = LOG_L_ERROR, .message = e->message.p,
		.stack = e->stack.p, .url = e->url.p,
		.request_id = e->request_id.p, .release = version.p,
		.user = r->who.id, .from_browser = true,
	};
	struct err err;

	if (ops_report_add(r->d->db, r->d->conf, &rep, &err) < 0)
		log_warn(r->log, "keep a browser's error report: %s", err.msg);
}

static int h_logs_add(struct api_req *r, struct err *err)
{
	const struct logs_in *in = r->body;
	const struct entry_in *e = in->entries.v;
	const struct entry_in *worst = NULL;
	struct app_entry *rows;
	int rc;

	rows = NEW_N(r->arena, struct app_entry, in->entries.n);
	for (size_t i = 0; i < in->entries.n; i++) {
		rows[i] = (struct app_entry){
			.time_ms = e[i].time, .source = APP_CLIENT,
			.level = (enum log_level)e[i].level,
			.user = r->who.id, .request_id = e[i].request_id.p,
			.message = e[i].message.p,
			.context = context_of(r->arena, &e[i],
					      in->app_version, true),
			.count = (unsigned)e[i].count,
		};
		if (worst == NULL && e[i].level == LOG_L_ERROR)
			worst = &e[i];
	}
	rc = app_log_add(r->d->db, rows, in->entries.n, err);
	if (rc < 0)
		return rc;
	board_add(BC_CLIENT_LOGS, in->entries.n);
	if (worst != NULL && r->d->conf->enable_sentry)
		report_error(r, worst, in->app_version);
	return 0;
}

struct list_in_logs {
	struct page page;
	int source, level;
	struct str q, request_id;
	uint64_t bot;
};
static const struct param list_params[] = {
	PAGE_PARAMS(struct list_in_logs, page),
	PARAM(struct list_in_logs, source, P_ENUM, "who wrote it",
	      .names = sources, .def = -1),
	PARAM(struct list_in_logs, level, P_ENUM, "this serious or more",
	      .names = levels, .def = -1),
	PARAM(struct list_in_logs, q, P_STR, "text within the message",
	      .max = 200),
	PARAM(struct list_in_logs, request_id, P_STR, "of this request",
	      .max = 40, .ascii = true),
	PARAM(struct list_in_logs, bot, P_ID, "of this bot"),
};
static const struct params list_query =
	PARAMS(struct list_in_logs, list_params);

static const struct field log_fields[] = {
	FIELD("id", &sc_id, "counted up"),
	FIELD("time", &sc_time, "when it happened"),
	FIELD("source", ENUM_OF(sources), "who wrote it"),
	FIELD("level", ENUM_OF(levels), "how serious"),
	FIELD_NULL("user_id", &sc_id, "whose page or bot; null: not signed in"),
	FIELD_NULL("bot_id", &sc_id, "the bot, if one wrote it"),
	FIELD_NULL("request_id", &sc_str, "of the request it is about"),
	FIELD("message", &sc_str, "what happened"),
	FIELD("context", &sc_any, "details, or null"),
	FIELD_NULL("stack", &sc_str, "where in the page's program"),
	FIELD_NULL("url", &sc_str, "the page"),
	FIELD_NULL("app_version", &sc_str, "of the page's program"),
	FIELD("count", &sc_int, "seen so often"),
};
static const struct schema sc_log = OBJECT("LogEntry", log_fields,
					   "A line from a browser or a bot");

static void kid(struct jw *w, const char *key, const struct rows *rows,
		size_t i, size_t col)
{
	jw_key(w, key);
	if (row_null(rows, i, col))
		jw_null(w);
	else
		jw_u64(w, row_u64(rows, i, col));
}

static void ktext(struct jw *w, const char *key, const struct json *j)
{
	struct str s;

	jw_key(w, key);
	if (json_str(j, &s))
		jw_strn(w, s.p, s.n);
	else
		jw_null(w);
}

/* What context_of() has put together, apart again. */
static void log_context(struct api_req *r, struct str text)
{
	const struct json *j = NULL, *free_part;
	struct jw *w = &r->w;
	struct err err;

	if (text.n > 0 && json_parse(r->arena, text.p, text.n, &j, &err) < 0)
		j = NULL;
	free_part = json_get(j, "context");
	jw_key(w, "context");
	if (free_part != NULL)
		jw_json(w, free_part);
	else
		jw_null(w);
	ktext(w, "stack", json_get(j, "stack"));
	ktext(w, "url", json_get(j, "url"));
	ktext(w, "app_version", json_get(j, "app_version"));
}

/* Columns as app_log_list() says. */
static void log_row(struct api_req *r, const struct rows *rows, size_t i)
{
	uint64_t level = (uint64_t)row_i64(rows, i, 3);
	struct jw *w = &r->w;

	jw_obj(w);
	jw_ku64(w, "id", row_u64(rows, i, 0));
	jw_ki64(w, "time", row_i64(rows, i, 1));
	jw_kstr(w, "source", sources[str_eqc(row_str(rows, i, 2), "b")]);
	jw_kstr(w, "level", levels[level < 3 ? level : 3]);
	kid(w, "user_id", rows, i, 4);
	kid(w, "bot_id", rows, i, 5);
	jw_kstr(w, "request_id", row_cstr(rows, i, 6));
	jw_kstr(w, "message", row_cstr(rows, i, 7));
	log_context(r, row_str(rows, i, 8));
	jw_ku64(w, "count", row_u64(rows, i, 9));
	jw_obj_end(w);
}

static int h_logs_list(struct api_req *r, struct err *err)
{
	const struct list_in_logs *in = r->query;
	size_t limit = (size_t)in->page.limit, n;
	struct app_filter f = {
		.source = in->source >= 0 ? sources[in->source] : NULL,
		.min_level = in->level >= 0 ? levels[in->level] : NULL,
		.text = in->q.p, .request_id = in->request_id.p,
		.bot = in->bot,
		/* An administrator reads what everybody's pages reported. */
		.user = r->who.role == N_ADMIN ? 0 : r->who.id,
		.before = in->page.cursor.set ?
			  (uint64_t)in->page.cursor.a : 0,
		.limit = (unsigned)limit + 1,
	};
	struct rows rows;
	int rc;

	rc = app_log_list(r->arena, r->d->db, &f, &rows, err);
	if (rc < 0)
		return rc;
	n = rows.n < limit ? rows.n : limit;
	api_list(r);
	for (size_t i = 0; i < n; i++)
		log_row(r, &rows, i);
	api_list_end(r, rows.n > limit,
		     n > 0 ? (int64_t)row_u64(&rows, n - 1, 0) : 0, 0);
	return 0;
}

#define ADD(where, name)						\
	{ .method = M_POST, .path = (where), .id = (name),		\
	  .doc = "Takes in what a page has logged; works signed out too, "\
		 "at a smaller rate.",					\
	  .fn = h_logs_add, .need = N_PUBLIC,				\
	  .flags = RF_NO_CSRF | RF_RATE_LOG | RF_WHO,			\
	  .body = &logs_body, .body_max = 128 * 1024, .status = 202,	\
	  .problems = 1u << E_DB }

static const struct route routes[] = {
	ADD("/api/logs", "addLogs"),
	ADD("/api/v1/logs", "addLogsV1"),
	{ .method = M_GET, .path = "/api/v1/logs", .id = "listLogs",
	  .doc = "Lines from the caller's pages and bots, newest first; an "
		 "administrator sees everybody's.",
	  .fn = h_logs_list, .need = N_VIEWER, .query = &list_query,
	  .answer = LIST_OF(&sc_log) },
};
const struct area area_logs = AREA(routes);
