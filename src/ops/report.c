#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "core/arena.h"
#include "core/clock.h"
#include "core/rand.h"
#include "http/http.h"
#include "ops/ops.h"

#define KEPT		16
#define LINE_MAX	1024
#define EVENT_SIZE	(64u * 1024)
#define TRIES_MAX	12
#define FIRST_WAIT_MS	30000
#define LONGEST_WAIT_MS	3600000
#define DAY_MS		INT64_C(86400000)

/* Lines of errors that wait for an idle moment of the process. */
struct kept {
	int64_t t_ms;
	unsigned count;
	char line[LINE_MAX];
};

struct reporter {
	const struct conf *conf;
	const char *program, *version;
	bool active;			/* somebody wants reports */
	bool busy;			/* writing: its own errors are not kept */
	unsigned n;
	struct kept kept[KEPT];
};

/* The log's tap is one per process, and so is this. */
static struct reporter *the_reporter;

static void keep(struct reporter *r, const char *line)
{
	struct kept *k;

	for (unsigned i = 0; i < r->n; i++)
		if (strncmp(r->kept[i].line, line, LINE_MAX - 1) == 0) {
			r->kept[i].count++;
			return;
		}
	if (r->n == KEPT) {
		/* The first errors tell most about a cause. */
		board_inc(BC_REPORTS_DROPPED);
		return;
	}
	k = &r->kept[r->n++];
	k->t_ms = clock_ms(&clock_real);
	k->count = 1;
	snprintf(k->line, sizeof(k->line), "%s", line);
}

static void tap(enum log_level level, const char *line, void *ctx)
{
	struct reporter *r = ctx;

	board_inc(level == LOG_L_ERROR ? BC_LOG_ERROR : BC_LOG_WARN);
	if (level == LOG_L_ERROR && r->active && !r->busy)
		keep(r, line);
}

static void untap(void *ptr)
{
	if (the_reporter == ptr) {
		log_set_tap(NULL, NULL);
		the_reporter = NULL;
	}
}

static bool wanted(const struct conf *c)
{
	return c->enable_sentry && c->sentry_dsn[0] != '\0';
}

void ops_report_start(struct arena *out, const struct conf *c,
		      const char *program, const char *version)
{
	struct reporter *r = NEW(out, struct reporter);

	r->conf = c;
	r->program = program;
	r->version = version;
	r->active = wanted(c);
	the_reporter = r;
	arena_defer(out, untap, r);
	log_set_tap(tap, r);
}

unsigned ops_report_pending(void)
{
	return the_reporter != NULL ? the_reporter->n : 0;
}

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_L_DEBUG: return "debug";
	case LOG_L_INFO: return "info";
	case LOG_L_WARN: return "warning";
	case LOG_L_ERROR: return "error";
	}
	return "error";
}

struct event {
	int64_t t_ms;
	const char *program, *version;
	unsigned count;
	const struct report *r;
};

static void kv(struct jw *w, const char *key, const char *value)
{
	if (value != NULL && value[0] != '\0')
		jw_kstr(w, key, value);
}

/* The event as the collector's protocol has it. */
static void event_json(struct sbuf *b, const struct conf *c,
		       const struct event *e, const char *id)
{
	char time[TIME_TEXT_MAX], host[80] = "";
	struct jw w;

	time_format(time, e->t_ms);
	gethostname(host, sizeof(host) - 1);
	jw_init(&w, b);
	jw_obj(&w);
	jw_kstr(&w, "event_id", id);
	jw_kstr(&w, "timestamp", time);
	jw_kstr(&w, "platform", e->r->from_browser ? "javascript" : "native");
	jw_kstr(&w, "level", level_name(e->r->level));
	jw_kstr(&w, "logger", e->program);
	jw_kstr(&w, "release", e->r->release != NULL ? e->r->release
						    : e->version);
	jw_kstr(&w, "environment", c->env == ENV_PRODUCTION ? "production"
							    : "development");
	kv(&w, "server_name", host);
	jw_key(&w, "message");
	jw_obj(&w);
	jw_kstr(&w, "formatted", e->r->message);
	jw_obj_end(&w);
	jw_key(&w, "tags");
	jw_obj(&w);
	kv(&w, "request_id", e->r->request_id);
	jw_obj_end(&w);
	jw_key(&w, "extra");
	jw_obj(&w);
	kv(&w, "stack", e->r->stack);
	kv(&w, "url", e->r->url);
	jw_ku64(&w, "count", e->count);
	jw_obj_end(&w);
	if (e->r->user != 0) {
		char user[24];

		snprintf(user, sizeof(user), "%llu",
			 (unsigned long long)e->r->user);
		jw_key(&w, "user");
		jw_obj(&w);
		jw_kstr(&w, "id", user);
		jw_obj_end(&w);
	}
	jw_obj_end(&w);
}

static int event_store(struct db *db, const struct conf *c,
		       const struct event *e, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("event", 1 << 20);
	unsigned char raw[16];
	struct sbuf b;
	char id[33];
	int rc;

	rand_secret(raw, sizeof(raw));
	str_hex(id, raw, sizeof(raw));
	sbuf_init(&b, tmp, EVENT_SIZE);
	event_json(&b, c, e, id);
	if (sbuf_finish(&b) == NULL)
		return FAIL(err, E_TOOBIG, "an error report over %u bytes",
			    EVENT_SIZE);
	rc = db_exec(db, Q_REPORT_ADD,
		     ARGS(V_I64(e->t_ms), V_STR(id),
			  V_TEXT(str_n(b.buf, b.len)), V_I64(e->t_ms)),
		     NULL, NULL, err);
	if (rc == 0)
		board_inc(BC_REPORTS_QUEUED);
	return rc;
}

int ops_report_flush(struct db *db, struct err *err)
{
	struct reporter *r = the_reporter;
	unsigned done = 0;
	int rc = 0;

	if (r == NULL || r->n == 0)
		return 0;
	r->busy = true;
	for (; done < r->n && rc == 0; done++) {
		struct report rep = { .level = LOG_L_ERROR,
				      .message = r->kept[done].line };
		struct event e = { r->kept[done].t_ms, r->program, r->version,
				   r->kept[done].count, &rep };

		rc = event_store(db, r->conf, &e, err);
	}
	r->busy = false;
	if (rc != 0)
		done--;			/* this one did not go */
	memmove(r->kept, r->kept + done, (r->n - done) * sizeof(r->kept[0]));
	r->n -= done;
	return rc;
}

int ops_report_add(struct db *db, const struct conf *c, const struct report *r,
		   struct err *err)
{
	struct event e = { clock_ms(&clock_real),
			   r->from_browser ? "browser" : "orch",
			   PACKAGE_VERSION, 1, r };

	if (!wanted(c))
		return 0;
	return event_store(db, c, &e, err);
}

int ops_dsn_parse(struct arena *out, const char *dsn, struct dsn *ret,
		  struct err *err)
{
	struct str all = str_c(dsn), rest = all, keys, key, project;
	const char *scheme = str_starts(all, "https://") ? "https://" :
		str_starts(all, "http://") ? "http://" : NULL;
	const char *at, *slash;

	if (scheme == NULL)
		return FAIL(err, E_INVAL, "sentry_dsn begins with neither "
			    "https:// nor http://");
	rest = str_n(all.p + strlen(scheme), all.n - strlen(scheme));
	at = rest.n > 0 ? memchr(rest.p, '@', rest.n) : NULL;
	if (at == NULL || at == rest.p)
		return FAIL(err, E_INVAL, "sentry_dsn has no key before an @");
	keys = str_n(rest.p, (size_t)(at - rest.p));
	rest = str_n(at + 1, rest.n - keys.n - 1);
	slash = rest.n > 0 ? memrchr(rest.p, '/', rest.n) : NULL;
	if (slash == NULL || slash == rest.p)
		return FAIL(err, E_INVAL, "sentry_dsn has no host and project");
	project = str_n(slash + 1, rest.n - (size_t)(slash - rest.p) - 1);
	rest.n = (size_t)(slash - rest.p);
	/* An old form has "public:secret"; the secret is not used any more. */
	if (!str_split(&keys, ':', &key) || key.n == 0)
		return FAIL(err, E_INVAL, "sentry_dsn has no key before an @");
	for (size_t i = 0; i < project.n; i++)
		if (project.p[i] < '0' || project.p[i] > '9')
			project.n = 0;
	if (project.n == 0)
		return FAIL(err, E_INVAL, "sentry_dsn ends in no project "
			    "number");
	ret->key = str_dup(out, key);
	/* A path before the project goes before /api/. */
	ret->url = arena_printf(out, "%s%.*s/api/%.*s/envelope/", scheme,
				STR_ARG(rest), STR_ARG(project));
	return 0;
}

struct due { uint64_t id, attempts; const char *event_id; struct str event; };

static int post(struct arena *tmp, struct http *http, const struct dsn *dsn,
		const struct due *d, struct http_answer *ret, struct err *err)
{
	const struct http_header headers[] = {
		{ "Content-Type", "application/x-sentry-envelope" },
		{ "X-Sentry-Auth", arena_printf(tmp, "Sentry sentry_version=7,"
			"sentry_client=orch/" PACKAGE_VERSION ",sentry_key=%s",
			dsn->key) },
	};
	const char *body = arena_printf(tmp, "{\"event_id\":\"%s\"}\n"
		"{\"type\":\"event\",\"length\":%zu}\n%.*s\n", d->event_id,
		d->event.n, STR_ARG(d->event));
	const struct http_request rq = {
		.method = "POST", .url = dsn->url, .headers = headers,
		.n_headers = ARRAY_LEN(headers), .body = str_c(body),
	};

	return http_do(tmp, http, &rq, ret, err);
}

static int postpone(struct db *db, const struct due *d, int64_t wait_ms,
		    struct err *err)
{
	board_inc(BC_REPORTS_FAILED);
	if (d->attempts + 1 >= TRIES_MAX) {
		board_inc(BC_REPORTS_DROPPED);
		return db_exec(db, Q_REPORT_DEL, ARGS(V_U64(d->id)), NULL,
			       NULL, err);
	}
	return db_exec(db, Q_REPORT_LATER,
		       ARGS(V_I64(clock_ms(&clock_real) + wait_ms),
			    V_U64(d->id)), NULL, NULL, err);
}

static int64_t growing_wait(uint64_t attempts)
{
	int64_t ms = FIRST_WAIT_MS << (attempts < 8 ? attempts : 8);

	return ms < LONGEST_WAIT_MS ? ms : LONGEST_WAIT_MS;
}

/* 1: sent, 0: not now, stop asking this collector; < 0: the database. */
static int send_one(struct arena *tmp, struct db *db, struct http *http,
		    const struct dsn *dsn, const struct due *d,
		    struct err *err)
{
	struct http_answer an = { 0 };
	int64_t wait = growing_wait(d->attempts);
	int rc = post(tmp, http, dsn, d, &an, err);

	/* The collector knows an event by its id, so one of unknown fate may
	 * be sent again. */
	if (rc == 0 && an.status >= 200 && an.status < 300) {
		board_inc(BC_REPORTS_SENT);
		rc = db_exec(db, Q_REPORT_DEL, ARGS(V_U64(d->id)), NULL, NULL,
			     err);
		return rc < 0 ? rc : 1;
	}
	if (rc == 0 && an.status >= 400 && an.status < 500 &&
	    an.status != 429 && an.status != 408) {
		/* It will never take this one. */
		log_warn(NULL, "the error collector refused a report: %d",
			 an.status);
		board_inc(BC_REPORTS_DROPPED);
		rc = db_exec(db, Q_REPORT_DEL, ARGS(V_U64(d->id)), NULL, NULL,
			     err);
		return rc < 0 ? rc : 0;
	}
	if (rc == 0 && an.retry_after_ms > wait)
		wait = an.retry_after_ms;
	log_warn(NULL, "an error report was not sent: %s",
		 rc < 0 ? err->msg : "the collector is busy");
	rc = postpone(db, d, wait, err);
	return rc < 0 ? rc : 0;
}

int ops_report_send(struct db *db, struct http *http, const struct conf *c,
		    unsigned max, unsigned *ret_sent, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("reports", 16 << 20);
	unsigned sent = 0;
	struct rows rows;
	struct dsn dsn;
	int rc;

	*ret_sent = 0;
	if (!wanted(c))
		return 0;
	rc = ops_dsn_parse(tmp, c->sentry_dsn, &dsn, err);
	if (rc < 0)
		return rc;
	rc = db_select(tmp, db, Q_REPORT_DUE,
		       ARGS(V_I64(clock_ms(&clock_real)), V_U64(max)), &rows,
		       err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < rows.n; i++) {
		struct due d = { row_u64(&rows, i, 0), row_u64(&rows, i, 3),
				 row_cstr(&rows, i, 1), row_str(&rows, i, 2) };

		rc = send_one(tmp, db, http, &dsn, &d, err);
		if (rc <= 0)
			break;
		sent++;
	}
	*ret_sent = sent;
	return rc < 0 ? rc : 0;
}

int ops_prune(struct db *db, int64_t now_ms, struct err *err)
{
	int rc = db_exec(db, Q_APP_LOG_PRUNE, ARGS(V_I64(now_ms - 30 * DAY_MS)),
			 NULL, NULL, err);

	if (rc == 0)
		rc = db_exec(db, Q_JOB_PRUNE, ARGS(V_I64(now_ms - 30 * DAY_MS)),
			     NULL, NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_REPORT_PRUNE, ARGS(V_I64(now_ms - 7 * DAY_MS)),
			     NULL, NULL, err);
	return rc;
}
