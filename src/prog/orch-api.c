/* orch-api - the workers that answer the API, and orch-live beside them. */
#include "config.h"

#include "api/api.h"
#include "auth/auth.h"
#include "cache/cache.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "fcgi/fcgi.h"
#include "ml/shelf.h"
#include "ops/ops.h"
#include "proc/events.h"
#include "proc/proc.h"
#include "prog/daemon.h"
#include "xchg/quotes.h"

#define IDLE_MS		2000
#define SLOW_MS		1000
/* nginx answers 504 at request_timeout; the worker goes just after, so that
 * it is never the other way round (which would be a 502). */
#define KILL_AFTER_MS	500
#define LIVE_SILENCE_MS	30000
#define DRAIN_MS	30000
#define BACKLOG_MIN	1024

/* What the supervisor has made before it forks. */
struct service {
	struct daemon *d;
	struct cache *cache;
};

struct worker {
	struct db *db;
	struct api *api;
};

/* Between requests: what the last ones left to be written. */
static void idle(void *ctx)
{
	struct worker *w = ctx;
	struct err err;

	if (ops_report_pending() > 0 && ops_report_flush(w->db, &err) < 0)
		log_warn(NULL, "error reports: %s", err.msg);
}

static int handle(void *ctx, struct request *rq, struct answer *an)
{
	struct worker *w = ctx;

	return api_handle(w->api, rq, an);
}

static int worker_main(void *ctx, struct proc_self *self)
{
	struct service *s = ctx;
	struct daemon *d = s->d;
	const struct conf *c = daemon_settings(d);
	struct worker w = { 0 };
	const struct fcgi_opts o = {
		.handle = handle, .ctx = &w, .slow_ms = SLOW_MS,
		.access_log = true, .idle = idle, .idle_ms = IDLE_MS,
	};
	struct api_deps deps = {
		.conf = c, .board = d->board, .cache = s->cache,
		.clock = &clock_real,
		.version = PACKAGE_VERSION,
	};
	struct quotes *quotes = NULL;
	struct err err;
	int status;

	ops_report_start(d->arena, c, d->name, PACKAGE_VERSION);
	events_open(d->arena, c->run_dir);
	w.db = deps.db = db_new(d->arena, c);
	deps.auth = auth_new(d->arena, c, w.db, &clock_real);
	db_set_hooks(w.db, &ops_db_hooks);
	if (quotes_open(d->arena, c->run_dir, &quotes, &err) < 0)
		log_warn(NULL, "%s", err.msg);
	deps.quotes = quotes;
	deps.shelf = ml_shelf_new(d->arena, c->model_dir);
	if (api_new(d->arena, &deps, &w.api, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return EX_SOFTWARE;
	}
	/* A database that is away is asked again by each request; one whose
	 * schema does not fit is said at once. */
	if (db_connect(w.db, &err) < 0)
		log_error(NULL, "database: %s", err.msg);
	status = fcgi_serve(&o, self);
	idle(&w);
	return daemon_end(d, status);
}

static int run(struct daemon *d)
{
	struct service s = { .d = d };
	const char *live_argv[] = { daemon_sibling(d, "orch-live"), NULL, NULL,
				    NULL };
	const struct proc_role roles[] = {
		{ .name = "worker", .role = ROLE_WORKER,
		  .count = (unsigned)d->conf->workers, .main = worker_main,
		  .ctx = &s, .listens = true,
		  .deadline_ms = d->conf->request_timeout * 1000 +
				 KILL_AFTER_MS },
		{ .name = "live", .role = ROLE_LIVE, .count = 1,
		  .argv = live_argv, .exclusive = true,
		  .silence_ms = LIVE_SILENCE_MS },
	};
	const struct proc_conf pc = {
		.program = d->name, .role = ROLE_API,
		.pid_file = daemon_path(d, "orch-api.pid"),
		.board = d->board, .drain_ms = DRAIN_MS,
		.listen_path = daemon_path(d, "api.sock"),
		.backlog = d->conf->max_connections > BACKLOG_MIN ?
			(int)d->conf->max_connections : BACKLOG_MIN,
		.roles = roles, .n_roles = ARRAY_LEN(roles),
	};
	struct err err;

	if (d->conf->file[0] != '\0') {
		live_argv[1] = "-c";
		live_argv[2] = d->conf->file;
	}
	if (cache_new(d->arena, d->conf, &s.cache, &err) < 0 ||
	    api_board_routes(d->board, &err) < 0 || proc_run(&pc, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return err.code == E_BUSY ? EX_TEMPFAIL : EX_OSERR;
	}
	return EX_OK;
}

int main(int argc, char **argv)
{
	struct daemon d;
	int status = daemon_begin(&d, "orch-api", argc, argv);

	if (status >= 0)
		return status;
	return daemon_end(&d, run(&d));
}
