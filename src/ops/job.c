#include "config.h"

#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/rand.h"
#include "core/sbuf.h"
#include "ops/job.h"
#include "proc/board.h"

#define ERROR_MAX 500		/* characters of the column */

static int64_t now_ms(void)
{
	return clock_ms(&clock_real);
}

/* At most n bytes, cut between characters. */
static struct str cut(const char *s, size_t n)
{
	struct str t = str_c(s);

	if (t.n <= n)
		return t;
	while (n > 0 && ((unsigned char)t.p[n] & 0xc0) == 0x80)
		n--;
	return str_n(t.p, n);
}

int job_enqueue(struct db *db, const char *kind, uint64_t user,
		const char *input_json, const char *unique,
		int64_t not_before_ms, uint64_t *ret_id, struct err *err)
{
	uint64_t id = 0;
	int rc = db_exec(db, Q_JOB_ADD,
			 ARGS(V_STR(kind), V_U64(user), V_STR(input_json),
			      V_STR(unique), V_I64(not_before_ms),
			      V_I64(now_ms())), NULL, &id, err);

	if (rc == -E_CONFLICT && unique != NULL) {
		id = 0;			/* one of that name is on its way */
		rc = 0;
	}
	if (rc < 0)
		return rc;
	if (ret_id != NULL)
		*ret_id = id;
	return 0;
}

struct take {
	struct arena *out;
	const char *kinds, *worker;
	int64_t lease_ms;
	struct job *ret;
	bool found;
};

static int take_tx(void *ctx, struct db *db, struct err *err)
{
	struct take *t = ctx;
	int64_t now = now_ms();
	uint64_t lease, changed = 0, lost = 0;
	struct rows rows;
	int rc;

	t->found = false;
	rand_secret(&lease, sizeof(lease));
	lease = lease >> 1 | 1;
	rc = db_exec(db, Q_JOB_LOST, ARGS(V_I64(now), V_I64(now)), &lost, NULL,
		     err);
	if (rc < 0)
		return rc;
	board_add(BC_JOBS_LOST, lost);
	rc = db_exec(db, Q_JOB_TAKE,
		     ARGS(V_U64(lease), V_STR(t->worker),
			  V_I64(now + t->lease_ms), V_I64(now), V_I64(now),
			  V_STR(t->kinds)), &changed, NULL, err);
	if (rc < 0 || changed == 0)
		return rc;
	rc = db_select(t->out, db, Q_JOB_TAKEN, ARGS(V_U64(lease)), &rows, err);
	if (rc < 0)
		return rc;
	if (rows.n != 1)
		return FAIL(err, E_BUG, "a job that was taken is not there");
	*t->ret = (struct job){
		.id = row_u64(&rows, 0, 0),
		.user = row_u64(&rows, 0, 1),
		.kind = row_cstr(&rows, 0, 2),
		.input = row_cstr(&rows, 0, 3),
		.attempt = (unsigned)row_u64(&rows, 0, 4),
		.lease = lease,
	};
	t->found = true;
	return 0;
}

int job_take(struct arena *out, struct db *db, const char *const *kinds,
	     size_t n_kinds, const char *worker, int64_t lease_ms,
	     struct job *ret, struct err *err)
{
	struct take t = { .out = out, .worker = worker, .lease_ms = lease_ms,
			  .ret = ret };
	struct sbuf list;
	int rc;

	sbuf_init(&list, out, 4096);
	for (size_t i = 0; i < n_kinds; i++) {
		assert(strchr(kinds[i], ',') == NULL);
		sbuf_addf(&list, "%s%s", i > 0 ? "," : "", kinds[i]);
	}
	t.kinds = sbuf_finish(&list);
	if (t.kinds == NULL)
		return FAIL(err, E_BUG, "too many kinds of jobs");
	rc = db_tx(db, take_tx, &t, err);
	return rc < 0 ? rc : t.found;
}

static int mine(uint64_t changed, const struct job *j, struct err *err)
{
	if (changed == 1)
		return 0;
	return FAIL(err, E_CONFLICT, "job %llu is not this worker's any more",
		    (unsigned long long)j->id);
}

int job_renew(struct db *db, const struct job *j, int64_t lease_ms,
	      int permille_done, struct err *err)
{
	unsigned p = permille_done < 0 ? 0 :
		permille_done > 1000 ? 1000 : (unsigned)permille_done;
	uint64_t changed = 0;
	int rc = db_exec(db, Q_JOB_RENEW,
			 ARGS(V_I64(now_ms() + lease_ms), V_U64(p),
			      V_U64(j->id), V_U64(j->lease)),
			 &changed, NULL, err);

	return rc < 0 ? rc : mine(changed, j, err);
}

int job_finish(struct db *db, const struct job *j, const char *result_json,
	       const char *error, struct err *err)
{
	struct dbval why = V_NULL();
	uint64_t changed = 0;
	int rc;

	if (error != NULL)
		why = V_TEXT(cut(error, ERROR_MAX));
	rc = db_exec(db, Q_JOB_FINISH,
		     ARGS(V_STR(error != NULL ? "f" : "d"), V_STR(result_json),
			  why, V_I64(now_ms()), V_U64(j->id),
			  V_U64(j->lease)), &changed, NULL, err);
	if (rc < 0)
		return rc;
	rc = mine(changed, j, err);
	if (rc == 0)
		board_inc(error != NULL ? BC_JOBS_FAILED : BC_JOBS_DONE);
	return rc;
}

int job_retry(struct db *db, const struct job *j, const char *error,
	      int64_t delay_ms, struct err *err)
{
	uint64_t changed = 0;
	int rc = db_exec(db, Q_JOB_RETRY,
			 ARGS(V_I64(now_ms() + delay_ms),
			      V_TEXT(cut(error, ERROR_MAX)), V_U64(j->id),
			      V_U64(j->lease)), &changed, NULL, err);

	if (rc < 0 || changed == 1)
		return rc;
	/* No attempt is left, or it is not ours: finish tells which. */
	return job_finish(db, j, NULL, error, err);
}

int job_depth(struct db *db, uint64_t *ret_queued, uint64_t *ret_running,
	      struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("depth", 1 << 20);
	uint64_t queued = 0, running = 0;
	struct rows rows;
	int rc = db_select(tmp, db, Q_JOB_DEPTH, NOARGS, &rows, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < rows.n; i++) {
		if (str_eqc(row_str(&rows, i, 0), "q"))
			queued = (uint64_t)row_i64(&rows, i, 1);
		else
			running = (uint64_t)row_i64(&rows, i, 1);
	}
	board_gauge_set(BG_JOBS_QUEUED, (int64_t)queued);
	board_gauge_set(BG_JOBS_RUNNING, (int64_t)running);
	*ret_queued = queued;
	*ret_running = running;
	return 0;
}
