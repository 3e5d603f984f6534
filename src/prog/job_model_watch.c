#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "core/clock.h"
#include "core/log.h"
#include "db/db.h"
#include "ml/eval.h"
#include "ml/shelf.h"
#include "ops/ops.h"
#include "prog/job_model.h"

/* The jobs that watch over models in use: training them anew when they are old
 * (model_retrain), seeing whether their market has moved away (model_drift),
 * and removing what is left over (model_tidy). */

#define DRIFT_BARS	1000		/* of the market that are looked at */

/* ---- telling the owner ------------------------------------------------------- */

/* A line in the log of the model's owner, and an event for the page. */
static void tell_owner(const struct job_env *e, const struct model *m,
		       enum log_level level, const char *text)
{
	struct app_entry line = {
		.time_ms = clock_ms(&clock_real), .source = APP_BOT,
		.level = level, .user = m->user_id, .message = text,
	};
	struct err err;

	log_info(NULL, "model %" PRIu64 ": %s", m->id, text);
	if (app_log_add(e->db, &line, 1, &err) < 0)
		log_warn(NULL, "model %" PRIu64 ": %s", m->id, err.msg);
	model_tell(m, "state", NULL);
}

/* ---- trained anew ---------------------------------------------------------------- */

struct renewal {
	const struct model *old;
	struct model now;
	int64_t now_ms;
	uint64_t id;
};

static int renew_tx(void *ctx, struct db *db, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("renew", 1 << 20);
	struct renewal *r = ctx;
	uint64_t job = 0;
	int rc = model_add(db, &r->now, r->now_ms, &r->id, err);

	if (rc == 0)
		rc = job_enqueue(db, "model", r->old->user_id,
				 arena_printf(tmp, "{\"id\":%" PRIu64 "}", r->id),
				 arena_printf(tmp, "model:%" PRIu64, r->id),
				 r->now_ms, &job, err);
	return rc < 0 ? rc : model_queued(db, r->id, job, err);
}

/* The same lengths, up to the newest candle; nothing when there is none. */
static int renew(const struct job_env *e, const struct model *old, struct err *err)
{
	struct renewal r = { .old = old, .now = *old,
			     .now_ms = clock_ms(&clock_real) };
	struct candles cs;
	int64_t by;
	int rc = candles_newest(e->arena, e->db, old->market_id, old->tf, 1,
				INT64_MAX, &cs, err);

	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	by = cs.n == 0 ? 0 : tf_next(old->tf, cs.t[cs.n - 1]) - old->test_to;
	if (by <= 0)
		return 0;
	r.now.parent_id = old->id;
	r.now.train_from += by;
	r.now.train_to += by;
	r.now.valid_to += by;
	r.now.test_to += by;
	rc = db_tx(e->db, renew_tx, &r, err);
	if (rc == 0)
		log_info(NULL, "model %" PRIu64 " \"%s\" is trained anew as %" PRIu64,
			 old->id, old->name, r.id);
	return rc;
}

int job_model_retrain(const struct job_env *e, const struct job *j,
		      const char **ret_result, struct err *err)
{
	struct model *v;
	size_t n;
	int rc = model_due(e->arena, e->db, clock_ms(&clock_real), &v, &n, err);

	(void)j;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = renew(e, &v[i], err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"due\":%zu}", n);
	return rc;
}

/* What the new one gains on candles that neither has learned from. */
static int duel(const struct job_env *e, const struct model *m,
		const struct ml_trained *k, struct ml_value *ret, size_t *ret_n,
		struct err *err)
{
	struct arena *a = e->arena;
	struct ml_shelf *shelf = ml_shelf_new(a, e->conf->model_dir);
	enum model_refusal why;
	const struct ml_model *old;
	struct ml_model *now;
	struct model parent;
	struct ml_plan p;
	struct bars b;
	int64_t from;
	int rc = model_get(a, e->db, m->parent_id, &parent, err);

	if (rc == 0 && parent.state != MODEL_ACTIVE)
		return FAIL(err, E_CONFLICT, "the model it was trained anew from is "
			    "not in use any more");
	if (rc == 0)
		rc = ml_shelf_open(a, shelf, e->db, &parent, &old, &why, err);
	if (rc == 0)
		rc = ml_model_parse(a, k->file, k->size, &now, err);
	if (rc == 0)
		rc = model_plan(a, m, &p, err);
	if (rc < 0)
		return rc;
	ml_plan_complete(a, &p);
	from = m->valid_to > parent.valid_to ? m->valid_to : parent.valid_to;
	rc = model_bars(a, e->db, m, &p, from, m->test_to, &b, err);
	if (rc == 0)
		rc = ml_duel(now, old, &b, NULL, from, m->test_to, ret, ret_n, err);
	return rc;
}

#define BETTER "so it takes its place"

const char *model_against_parent(const struct job_env *e, const struct model *m,
				 const struct ml_trained *k, const char *verdict)
{
	struct arena *a = e->arena;
	struct ml_value gain;
	struct err why;
	size_t n;

	if (duel(e, m, k, &gain, &n, &why) < 0)
		return arena_printf(a, "%.200s It could not be compared with model "
				    "%" PRIu64 ": %.150s.", verdict, m->parent_id,
				    why.msg);
	return arena_printf(a, "%.200s Against model %" PRIu64 " on %zu candles that "
		"neither has learned from its log loss is lower by %.4f (95 %%: %.4f "
		"to %.4f), %s.", verdict, m->parent_id, n, gain.value, gain.low,
		gain.high, gain.low > 0 ? BETTER : "so the other one stays in use");
}

int model_succeed(const struct job_env *e, const struct model *m, struct err *err)
{
	struct model now;
	bool better;
	int rc = model_get(e->arena, e->db, m->id, &now, err);

	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	better = now.verdict != NULL && strstr(now.verdict, BETTER) != NULL;
	if (better)
		rc = model_promote(e->db, &now, clock_ms(&clock_real), err);
	if (rc == -E_CONFLICT)
		return 0;		/* somebody else has decided */
	if (rc < 0)
		return rc;
	if (better) {
		model_changed();
		now.state = MODEL_ACTIVE;
	}
	tell_owner(e, &now, LOG_L_INFO,
		   arena_printf(e->arena, "The model \"%s\" was trained anew (%" PRIu64
				"). %s", now.name, now.id,
				now.verdict != NULL ? now.verdict : ""));
	return 0;
}

/* ---- drift ----------------------------------------------------------------------------- */

static int look(const struct job_env *e, struct ml_shelf *shelf, struct arena *a,
		const struct model *m, struct err *err)
{
	const struct ml_model *k;
	enum model_refusal why;
	struct ml_eye *eye;
	struct candles cs;
	struct bars b;
	struct err not_yet;
	double *psi;
	size_t worst;
	char state;
	int rc = ml_shelf_open(a, shelf, e->db, m, &k, &why, err);

	if (rc == -E_CONFLICT) {
		log_warn(NULL, "%s", err->msg);
		return 0;
	}
	if (rc == 0)
		rc = ml_eye_new(a, k, 0, &eye, err);
	if (rc == 0)
		rc = candles_newest(a, e->db, m->market_id, m->tf, DRIFT_BARS +
				    ml_eye_history(eye), INT64_MAX, &cs, err);
	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	b = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	psi = NEW_N(a, double, k->spec.shape.features + 1);
	if (ml_model_drift(k, &b, NULL, psi, &worst, &not_yet) < 0)
		return 0;		/* too few candles: nothing can be said */
	state = ml_drift_name(ml_drift_state(psi[worst]))[0];
	rc = model_drift(e->db, m->id, state, psi[worst], clock_ms(&clock_real), err);
	if (rc == 0 && state == 'd' && m->drift != 'd')
		tell_owner(e, m, LOG_L_WARN, arena_printf(a, "The market of the model "
			"\"%s\" (%" PRIu64 ") has moved away from what it learned: %s "
			"has a population stability index of %.2f over the last %zu "
			"candles. Train it anew, or retire it.", m->name, m->id,
			k->features[worst], psi[worst], b.n));
	return rc;
}

int job_model_drift(const struct job_env *e, const struct job *j,
		    const char **ret_result, struct err *err)
{
	struct ml_shelf *shelf = ml_shelf_new(e->arena, e->conf->model_dir);
	uint64_t after = 0;
	size_t seen = 0, n = 100;
	int rc = 0;

	while (rc == 0 && n == 100) {
		struct model *v;

		rc = model_all_active(e->arena, e->db, after, &v, &n, err);
		for (size_t i = 0; rc == 0 && i < n; i++, seen++) {
			struct arena *one = arena_push(e->arena, "drift");

			after = v[i].id;
			rc = look(e, shelf, one, &v[i], err);
			arena_free(&one);
			if (rc == 0)
				rc = job_renew(e->db, j, 60000, 0, err);
		}
	}
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"models\":%zu}", seen);
	return rc;
}

/* ---- tidying ----------------------------------------------------------------------------- */

int job_model_tidy(const struct job_env *e, const struct job *j,
		   const char **ret_result, struct err *err)
{
	int64_t now = clock_ms(&clock_real);
	uint64_t generation = 0;
	int rc = model_lost(e->db, now, err);

	(void)j;
	(void)ret_result;
	if (rc == 0)
		rc = model_generation(e->db, &generation, err);
	if (rc == 0) {
		board_gauge_set(BG_ML_GENERATION, (int64_t)generation);
		rc = ml_shelf_tidy(e->conf->model_dir, e->db, now, err);
	}
	return rc;
}
