#ifndef OPS_JOB_H
#define OPS_JOB_H
/* job.h - work that outlives a request: rows of the table `job`, taken by the
 * job workers of orch-run through a lease.
 *
 * queued -> running -> done | failed.  A worker that dies lets its lease run
 * out; the job is then queued again, up to `attempts` times in all.  So a job
 * may run twice: what it does must bear that. */
#include "core/err.h"
#include "core/str.h"
#include "db/db.h"

struct job {
	uint64_t id;
	uint64_t user;			/* 0: the system's */
	const char *kind;		/* "report_send", "backtest", ... */
	const char *input;		/* JSON */
	unsigned attempt;		/* 1 = first */
	uint64_t lease;			/* names this run of it */
};

/* `unique` (may be NULL): while a job of that name waits or runs, a second
 * one is not queued and *ret_id is 0. */
MUST_CHECK int job_enqueue(struct db *db, const char *kind, uint64_t user,
			   const char *input_json, const char *unique,
			   int64_t not_before_ms, uint64_t *ret_id,
			   struct err *err);
/* The oldest that is due and of one of the kinds this worker knows: 1 and *ret
 * in `out`, or 0 when there is none.  `worker` names the taker. */
MUST_CHECK int job_take(struct arena *out, struct db *db,
			const char *const *kinds, size_t n_kinds,
			const char *worker, int64_t lease_ms, struct job *ret,
			struct err *err);
/* Prolongs the lease; -E_CONFLICT: it was lost, stop. */
MUST_CHECK int job_renew(struct db *db, const struct job *j, int64_t lease_ms,
			 int permille_done, struct err *err);
/* Ends it: with a result (JSON) or, when error is not NULL, a failure. */
MUST_CHECK int job_finish(struct db *db, const struct job *j,
			  const char *result_json, const char *error,
			  struct err *err);
/* Failed for now: queued again after delay_ms unless its attempts are used. */
MUST_CHECK int job_retry(struct db *db, const struct job *j, const char *error,
			 int64_t delay_ms, struct err *err);
MUST_CHECK int job_depth(struct db *db, uint64_t *ret_queued,
			 uint64_t *ret_running, struct err *err);

#endif /* OPS_JOB_H */
