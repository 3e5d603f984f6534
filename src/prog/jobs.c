#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bot/bot.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/log.h"
#include "http/http.h"
#include "ops/ops.h"
#include "proc/proc.h"
#include "prog/jobs.h"

#define LEASE_MS	60000
#define LOOK_MS		1000
#define JOB_MEMORY	((size_t)1 << 30)
#define REPORTS_AT_ONCE	20

static const char *const kinds[] = {
#define X(kind, fn, every) #kind,
	JOB_KINDS(X)
#undef X
};
static job_fn *const fns[] = {
#define X(kind, fn, every) fn,
	JOB_KINDS(X)
#undef X
};
static const int64_t every_s[] = {
#define X(kind, fn, every) every,
	JOB_KINDS(X)
#undef X
};

/* ---- kinds ------------------------------------------------------------------------ */

int job_prune(const struct job_env *e, const struct job *j,
	      const char **ret_result, struct err *err)
{
	int64_t now = clock_ms(&clock_real);
	int64_t idle = now - e->conf->session_idle * 1000;
	uint64_t sessions = 0, tokens = 0, keys = 0;
	int rc;

	(void)j;
	rc = db_exec(e->db, Q_SESSION_PRUNE, ARGS(V_I64(now), V_I64(idle)),
		     &sessions, NULL, err);
	if (rc == 0)
		rc = db_exec(e->db, Q_TOKEN_PRUNE, ARGS(V_I64(now)), &tokens,
			     NULL, err);
	if (rc == 0)
		rc = db_exec(e->db, Q_IDEM_PURGE, ARGS(V_I64(now - 86400000)),
			     &keys, NULL, err);
	if (rc == 0)
		rc = ops_prune(e->db, now, err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"sessions\":%" PRIu64
					   ",\"tokens\":%" PRIu64
					   ",\"keys\":%" PRIu64 "}",
					   sessions, tokens, keys);
	return rc;
}

int job_report_send(const struct job_env *e, const struct job *j,
		    const char **ret_result, struct err *err)
{
	unsigned sent = 0;
	int rc;

	(void)j;
	if (e->http == NULL)
		return 0;
	rc = ops_report_send(e->db, e->http, e->conf, REPORTS_AT_ONCE, &sent, err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"sent\":%u}", sent);
	return rc;
}

/* ---- doing them -------------------------------------------------------------------- */

static bool passes(int rc)
{
	return rc == -E_DB || rc == -E_IO || rc == -E_TIMEOUT ||
		rc == -E_BUSY || rc == -E_UNCERTAIN;
}

int jobs_one(struct arena *a, const struct conf *c, struct db *db,
	     struct http *http, struct proc_self *self, const char *worker,
	     struct err *err)
{
	struct arena *mine CLEANUP(arena_free) = arena_new("job", JOB_MEMORY);
	struct job_env e = { mine, c, db, http, self };
	int64_t start = clock_mono_ns();
	const char *result = NULL;
	struct err why;
	struct job j;
	int rc;

	(void)a;
	rc = job_take(mine, db, kinds, ARRAY_LEN(kinds), worker, LEASE_MS, &j,
		      err);
	if (rc <= 0)
		return rc;
	if (self != NULL)
		proc_busy(self, 0, j.kind);
	rc = FAIL(&why, E_BUG, "no such kind of job");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], j.kind) == 0)
			rc = fns[i](&e, &j, &result, &why);
	if (rc < 0) {
		log_warn(NULL, "job %" PRIu64 " (%s): %s", j.id, j.kind, why.msg);
		rc = passes(rc) ? job_retry(db, &j, why.msg, 5000, err) :
			job_finish(db, &j, NULL, why.msg, err);
	} else {
		rc = job_finish(db, &j, result, NULL, err);
	}
	board_observe(BH_JOB, clock_mono_ns() - start);
	if (self != NULL)
		proc_idle(self);
	return rc < 0 ? rc : 1;
}

/* What is to be done now and then, queued once for all workers of all hosts:
 * a name that waits or runs is not queued twice. */
static int plan_regular(struct db *db, int64_t planned_ns[], struct err *err)
{
	int64_t now = clock_mono_ns();
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kinds); i++) {
		uint64_t id;

		if (every_s[i] == 0 ||
		    now - planned_ns[i] < every_s[i] * 1000000000)
			continue;
		planned_ns[i] = now;
		rc = job_enqueue(db, kinds[i], 0, "{}", kinds[i],
				 clock_ms(&clock_real), &id, err);
	}
	return rc;
}

static int one_round(struct arena *a, const struct conf *c, struct db *db,
		     struct http *http, struct proc_self *self,
		     const char *worker, int64_t planned_ns[], struct err *err)
{
	uint64_t queued, running;
	int rc = plan_regular(db, planned_ns, err);

	while (rc == 0 && !proc_draining(self)) {
		rc = jobs_one(a, c, db, http, self, worker, err);
		if (rc <= 0)
			break;
		rc = 0;
	}
	if (rc == 0)
		rc = job_depth(db, &queued, &running, err);
	return rc;
}

int jobs_run(struct arena *a, const struct conf *c, struct db *db,
	     struct proc_self *self, struct err *err)
{
	/* Nothing is due at start: a host that restarts often does not spend
	 * its time on cleaning. */
	int64_t planned_ns[ARRAY_LEN(kinds)];
	struct http *http = NULL;
	unsigned fails = 0;
	char worker[80];

	runner_holder(worker, proc_index(self));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		planned_ns[i] = clock_mono_ns();
	if (c->enable_sentry &&
	    http_new(a, &(struct http_opts){ .agent = PACKAGE_NAME "/"
		     PACKAGE_VERSION }, &http, err) < 0)
		log_warn(NULL, "error reports cannot be sent: %s", err->msg);
	for (;;) {
		int64_t wait = LOOK_MS;
		int rc = one_round(a, c, db, http, self, worker, planned_ns, err);

		if (rc < 0) {
			log_warn(NULL, "jobs: %s", err->msg);
			wait = LOOK_MS << (fails < 5 ? fails : 5);
			fails++;
		} else {
			fails = 0;
		}
		if (!proc_sleep(self, wait))
			return 0;
	}
}
