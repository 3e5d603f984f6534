/* orch-run - what works without being asked: feeds, bots, jobs. */
#include "config.h"

#include "bot/bot.h"
#include "core/log.h"
#include "db/db.h"
#include "ops/ops.h"
#include "proc/events.h"
#include "proc/proc.h"
#include "prog/daemon.h"
#include "prog/jobs.h"
#include "xchg/feed_proc.h"
#include "xchg/poll.h"

#define DRAIN_MS	30000
/* One turn of all bots of a runner, a restart's reading of candles included. */
#define TURN_MS		300000

/* The start of a child: its own connection, log tap and events. */
static struct db *child(struct daemon *d, const struct conf *c)
{
	struct db *db = db_new(d->arena, c);
	struct err err;

	ops_report_start(d->arena, c, d->name, PACKAGE_VERSION);
	events_open(d->arena, c->run_dir);
	db_set_hooks(db, &ops_db_hooks);
	/* A database that is away comes back; one whose schema does not fit is
	 * said at once. */
	if (db_connect(db, &err) < 0)
		log_error(NULL, "database: %s", err.msg);
	return db;
}

static int child_end(struct daemon *d, struct db *db, int rc, const struct err *err)
{
	struct err ignored;

	if (rc < 0)
		log_error(NULL, "%s", err->msg);
	if (ops_report_pending() > 0 && ops_report_flush(db, &ignored) < 0)
		log_warn(NULL, "error reports: %s", ignored.msg);
	return daemon_end(d, rc < 0 ? EX_SOFTWARE : EX_OK);
}

static int feed_child(void *ctx, struct proc_self *self)
{
	struct daemon *d = ctx;
	const struct conf *c = daemon_settings(d);
	struct db *db = child(d, c);
	struct err err;

	return child_end(d, db, feed_main(d->arena, c, db, self, &err), &err);
}

static int poll_child(void *ctx, struct proc_self *self)
{
	struct daemon *d = ctx;
	const struct conf *c = daemon_settings(d);
	struct db *db = child(d, c);
	struct err err;

	return child_end(d, db, poll_main(d->arena, c, db, self,
					  proc_index(self), &err), &err);
}

static int runner_main(void *ctx, struct proc_self *self)
{
	struct daemon *d = ctx;
	const struct conf *c = daemon_settings(d);
	struct db *db = child(d, c);
	struct runner_conf rc = { .conf = c, .db = db };
	struct err err;

	runner_holder(rc.holder, proc_index(self));
	proc_ready(self);
	return child_end(d, db, runner_run(d->arena, &rc, self, &err), &err);
}

static int job_main(void *ctx, struct proc_self *self)
{
	struct daemon *d = ctx;
	const struct conf *c = daemon_settings(d);
	struct db *db = child(d, c);
	struct err err;

	proc_ready(self);
	return child_end(d, db, jobs_run(d->arena, c, db, self, &err), &err);
}

static int run(struct daemon *d)
{
	const struct proc_role roles[] = {
		{ .name = "feed", .role = ROLE_FEED, .count = 1,
		  .main = feed_child, .ctx = d, .exclusive = true },
		{ .name = "poll", .role = ROLE_FEED, .count = PUB_EXCHANGES,
		  .main = poll_child, .ctx = d, .exclusive = true },
		{ .name = "runner", .role = ROLE_RUNNER,
		  .count = (unsigned)d->conf->runners, .main = runner_main,
		  .ctx = d, .deadline_ms = TURN_MS },
		{ .name = "job", .role = ROLE_JOB,
		  .count = (unsigned)d->conf->jobs, .main = job_main,
		  .ctx = d },
	};
	const struct proc_conf pc = {
		.program = d->name, .role = ROLE_RUN,
		.pid_file = daemon_path(d, "orch-run.pid"),
		.board = d->board, .drain_ms = DRAIN_MS,
		.roles = roles, .n_roles = ARRAY_LEN(roles),
	};
	struct err err;

	if (proc_run(&pc, &err) < 0) {
		log_error(NULL, "%s", err.msg);
		return err.code == E_BUSY ? EX_TEMPFAIL : EX_OSERR;
	}
	return EX_OK;
}

int main(int argc, char **argv)
{
	struct daemon d;
	int status = daemon_begin(&d, "orch-run", argc, argv);

	if (status >= 0)
		return status;
	return daemon_end(&d, run(&d));
}
