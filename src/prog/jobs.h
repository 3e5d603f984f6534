#ifndef PROG_JOBS_H
#define PROG_JOBS_H
/* jobs.h - what the job workers of orch-run can do: one table of kinds. */
#include "ops/job.h"

struct conf;
struct http;
struct proc_self;

struct job_env {
	struct arena *arena;		/* of this job */
	const struct conf *conf;
	struct db *db;
	struct http *http;
	struct proc_self *self;		/* NULL in tests */
};
/* 0 with *ret_result (JSON, in e->arena; NULL: none), or an error: those that
 * may pass (E_DB, E_IO, E_TIMEOUT, E_BUSY, E_UNCERTAIN) are tried again. */
typedef int job_fn(const struct job_env *e, const struct job *j,
		   const char **ret_result, struct err *err);

/* kind, function, every so many seconds by itself (0: only when asked) */
#define JOB_KINDS(X)							\
	X(prune, job_prune, 3600)					\
	X(backtest, job_backtest, 0)					\
	X(backtest_tidy, job_backtest_tidy, 60)				\
	X(sweep, job_sweep, 0)						\
	X(sweep_tidy, job_sweep_tidy, 60)				\
	X(model, job_model, 0)						\
	X(model_retrain, job_model_retrain, 600)			\
	X(model_drift, job_model_drift, 3600)				\
	X(model_tidy, job_model_tidy, 60)				\
	X(report_send, job_report_send, 15)
#define X(kind, fn, every) job_fn fn;
JOB_KINDS(X)
#undef X

/* The loop of one worker; returns when the process is to end. */
MUST_CHECK int jobs_run(struct arena *a, const struct conf *c, struct db *db,
			struct proc_self *self, struct err *err);
/* Takes and does one job: 1, or 0 when there is none. */
MUST_CHECK int jobs_one(struct arena *a, const struct conf *c, struct db *db,
			struct http *http, struct proc_self *self,
			const char *worker, struct err *err);

#endif /* PROG_JOBS_H */
