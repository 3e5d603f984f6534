#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bt/stored.h"
#include "conf/conf.h"
#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "prog/jobs.h"

/* The job "backtest": runs a stored backtest.  Those who watch are told; the
 * truth is in the row. */

#define TELL_NS		400000000LL
#define LEASE_MS	60000

struct running {
	const struct job_env *e;
	const struct job *j;
	struct backtest *b;
	int64_t start_ns, told_ns;
	enum { RUN_ON, RUN_UNWANTED, RUN_BROKEN } stop;
	struct err why;			/* of RUN_BROKEN */
	bool late;
};

/* A sign of life: the lease goes on, the row says how far it is, and whether
 * anybody still waits for it. */
static int alive(void *ctx, size_t done, size_t total)
{
	struct running *r = ctx;
	struct backtest *b = r->b;
	int64_t now = clock_mono_ns();
	int rc;

	if (FAULT("backtest.run")) {
		r->stop = RUN_BROKEN;
		return FAIL(&r->why, E_IO, "fault: backtest.run");
	}
	if (now - r->told_ns < TELL_NS)
		return 0;
	r->told_ns = now;
	b->permille = total > 0 ? (unsigned)(done * 1000 / total) : 0;
	b->has_eta = done > 0;
	b->eta_ms = done > 0 ? (int64_t)((double)(now - r->start_ns) / 1e6 *
		(double)(total - done) / (double)done) : 0;
	rc = job_renew(r->e->db, r->j, LEASE_MS, (int)b->permille, &r->why);
	if (rc == 0)
		rc = bt_store_progress(r->e->db, b->id, r->j->lease, b->permille,
				       b->eta_ms, &r->why);
	if (rc < 0) {
		r->stop = RUN_BROKEN;
		return rc;
	}
	if (rc == 0) {
		r->stop = RUN_UNWANTED;
		return -E_CONFLICT;
	}
	bt_store_tell(b, "progress");
	return 0;
}

/* Under freqtrade's rules a run says nothing while it lasts, so its lease is
 * long; and a script that would take longer than that is found out before. */
#define DRAW_NS		(6 * 60 * 1000000000LL)

static int drawn(void *ctx, size_t done, size_t total)
{
	struct running *r = ctx;

	r->late = clock_mono_ns() - r->start_ns > DRAW_NS;
	return r->late ? -E_LIMIT : alive(r, done, total);
}

static int silent(void *ctx)
{
	struct running *r = ctx;

	if (job_renew(r->e->db, r->j, 15 * LEASE_MS, 500, &r->why) == 0)
		return 0;
	r->stop = RUN_BROKEN;
	return -(int)r->why.code;
}

static int simulate(struct running *r, struct bt_record *ret, struct err *err)
{
	const struct bt_hooks h = { r, alive, drawn, silent };
	int rc = bt_stored_run(r->e->arena, r->e->db,
			       ml_shelf_new(r->e->arena, r->e->conf->model_dir),
			       r->b, &h, ret, err);

	return !r->late ? rc : FAIL(err, E_LIMIT, "the script takes too long for "
				    "its range: choose a shorter one");
}

/* Errors that are the script's or the request's own have sentences for their
 * owner; those that may pass are tried again; the rest is the program's. */
static bool owners(int rc)
{
	return rc == -E_INVAL || rc == -E_LIMIT || rc == -E_UNPROCESSABLE ||
		rc == -E_TOOBIG;
}

static int ended(struct running *r, int rc, struct err *err)
{
	struct backtest *b = r->b;
	int64_t now = clock_ms(&clock_real);

	if (r->stop == RUN_BROKEN) {
		*err = r->why;
		return rc;
	}
	b->has_eta = false;
	if (r->stop == RUN_UNWANTED || rc == -E_CONFLICT) {
		b->state = BT_CANCELLED;
		rc = bt_store_cancelled(r->e->db, b->id, now, err);
	} else if (rc == 0) {
		b->state = BT_DONE;
		b->permille = 1000;
	} else if (owners(rc) || rc == -E_BUG || rc == -E_NOTFOUND) {
		if (!owners(rc))
			log_error(NULL, "backtest %" PRIu64 ": %s", b->id, err->msg);
		b->state = BT_FAILED;
		b->error = owners(rc) ? arena_strdup(r->e->arena, err->msg) :
			"the run failed inside the program; its log says why";
		rc = bt_store_fail(r->e->db, b->id, r->j->lease, b->error, now,
				   err);
	} else {
		return rc;
	}
	if (rc == 0)
		bt_store_tell(b, "state");
	return rc;
}

int job_backtest(const struct job_env *e, const struct job *j,
		 const char **ret_result, struct err *err)
{
	int64_t now = clock_mono_ns();
	struct running r = { .e = e, .j = j, .start_ns = now, .told_ns = now,
			     .b = NEW(e->arena, struct backtest) };
	const struct json *in;
	struct bt_record rec;
	uint64_t id;
	int rc = j->input == NULL ? FAIL(err, E_BUG, "the job has no input") :
		json_parse(e->arena, j->input, strlen(j->input), &in, err);

	if (rc < 0)
		return rc;
	if (!json_u64(json_get(in, "id"), &id))
		return FAIL(err, E_BUG, "the job names no backtest");
	rc = bt_store_begin(e->db, id, j->lease, clock_ms(&clock_real), err);
	if (rc == 0)
		return bt_store_cancelled(e->db, id, clock_ms(&clock_real), err);
	if (rc == 1)
		rc = bt_store_get(e->arena, e->db, id, r.b, err);
	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	bt_store_tell(r.b, "state");
	rc = simulate(&r, &rec, err);
	if (rc == 0)
		rc = bt_store_done(e->db, id, j->lease, &rec,
				   clock_ms(&clock_real), err);
	if (rc == 0 && FAULT("backtest.done"))
		return FAIL(err, E_IO, "fault: backtest.done");
	rc = ended(&r, rc, err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"id\":%" PRIu64
					   ",\"state\":\"%s\"}", id,
					   bt_state_name(r.b->state));
	return rc;
}

int job_backtest_tidy(const struct job_env *e, const struct job *j,
		      const char **ret_result, struct err *err)
{
	(void)j;
	(void)ret_result;
	return bt_store_tidy(e->db, clock_ms(&clock_real),
			     e->conf->backtest_keep * 1000, err);
}
