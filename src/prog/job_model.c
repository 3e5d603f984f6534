#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/fault.h"
#include "core/log.h"
#include "ml/mem.h"
#include "ml/shelf.h"
#include "prog/job_model.h"
#include "proc/board.h"

/* The job "model": {"id":N} trains a stored model.  It goes on from the last
 * checkpoint, so a worker that is lost costs time and changes no byte.  Those
 * who watch are told; the truth is in the row. */

#define TELL_NS		400000000LL
#define KEEP_NS		10000000000LL	/* between two checkpoints */
/* An epoch of a large network takes minutes, and so does judging it. */
#define LEASE_MS	600000

struct training {
	const struct job_env *e;
	const struct job *j;
	struct model *m;
	int64_t start_ns, told_ns, kept_ns;
	double first_done;		/* where this run began; -1: not known */
	unsigned points;		/* epochs written */
	enum { TR_ON, TR_UNWANTED, TR_BROKEN } stop;
	struct err why;			/* of TR_BROKEN */
};

/* ---- signs of life -------------------------------------------------------- */

static int broken(struct training *t, int rc)
{
	t->stop = rc == -E_CONFLICT ? TR_UNWANTED : TR_BROKEN;
	return rc;
}

static void estimate(struct training *t, double done, int64_t now)
{
	double ms = (double)(now - t->start_ns) / 1e6, made;

	if (t->first_done < 0)
		t->first_done = done;
	made = done - t->first_done;
	t->m->permille = done < 1 ? (unsigned)(done * 1000) : 999;
	t->m->eta_ms = made > 0 ? (int64_t)(ms * (1 - done) / made) : -1;
}

/* The lease goes on, the row says how far it is, and whether anybody waits. */
static int alive(struct training *t, const struct ml_step *s, int64_t now)
{
	struct model *m = t->m;
	int rc;

	estimate(t, s->done, now);
	rc = job_renew(t->e->db, t->j, LEASE_MS, (int)m->permille, &t->why);
	if (rc == 0)
		rc = model_progress(t->e->db, m->id, t->j->lease, m->permille,
				    m->eta_ms, &t->why);
	if (rc < 0)
		return broken(t, rc);
	if (rc == 0) {
		t->stop = TR_UNWANTED;
		return -E_CONFLICT;
	}
	board_slot_gauge_set(BS_ML_ARENA, (int64_t)ml_arena_bytes());
	board_slot_gauge_set(BS_ML_TENSORS, (int64_t)ml_tensors_live());
	return 0;
}

static int step(void *ctx, const struct ml_step *s)
{
	struct training *t = ctx;
	bool epoch = s->phase == ML_PHASE_FIT && s->epoch.epoch > 0;
	int64_t now = clock_mono_ns();
	int rc = 0;

	if (FAULT("model.step")) {
		t->stop = TR_BROKEN;
		return FAIL(&t->why, E_IO, "fault: model.step");
	}
	if (epoch)
		rc = model_point(t->e->db, t->m->id, &s->epoch, &t->why);
	if (rc < 0)
		return broken(t, rc);
	if (now - t->told_ns < TELL_NS && !(epoch && t->points == 0))
		return 0;
	t->points += epoch;
	t->told_ns = now;
	rc = alive(t, s, now);
	if (rc == 0)
		model_tell(t->m, "progress", epoch ? &s->epoch : NULL);
	return rc;
}

static int checkpoint(void *ctx, const void *bytes, size_t n)
{
	struct training *t = ctx;
	int64_t now = clock_mono_ns();
	int rc;

	if (t->kept_ns != 0 && now - t->kept_ns < KEEP_NS)
		return 0;
	rc = model_checkpoint(t->e->db, t->m->id, t->j->lease,
			      str_n(bytes, n), &t->why);
	if (rc < 0)
		return broken(t, rc);
	t->kept_ns = now;
	if (FAULT("model.kept")) {
		t->stop = TR_BROKEN;
		return FAIL(&t->why, E_IO, "fault: model.kept");
	}
	return 0;
}

/* ---- training ---------------------------------------------------------------- */

int model_bars(struct arena *out, struct db *db, const struct model *m,
	       const struct ml_plan *p, int64_t from, int64_t to,
	       struct bars *ret, struct err *err)
{
	size_t history = 0;
	struct candles cs;
	int rc = 0;

	SCOPE(tmp, out) {
		struct ml_features *f;

		rc = ml_features_new(tmp, m->tf, p->features, p->n_features, 0, &f,
				     err);
		if (rc == 0)
			history = ml_features_history(f) + p->spec.shape.window;
	}
	if (rc == 0)
		rc = candles_load(out, db, m->market_id, m->tf,
				  from - (int64_t)history * tf_ms(m->tf), to, &cs, err);
	if (rc < 0)
		return rc;
	if (cs.n == 0)
		return FAIL(err, E_UNPROCESSABLE, "there are no candles");
	*ret = (struct bars){ cs.n, cs.t, cs.o, cs.h, cs.l, cs.c, cs.v };
	return 0;
}

static void write_trials(struct jw *w, const struct ml_trained *k)
{
	if (k->n_trials == 0) {
		jw_null(w);
		return;
	}
	jw_arr(w);
	for (size_t i = 0; i < k->n_trials; i++) {
		const struct ml_trial *t = &k->trial[i];

		jw_obj(w);
		jw_kstr(w, "layout", t->layout);
		jw_kf64(w, "rate", t->rate);
		jw_ku64(w, "round", t->round);
		jw_kf64(w, "loss", t->loss);
		jw_kstr(w, "state", t->chosen ? "chosen" : "dropped");
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

/* The evaluation with the search in it. */
static const char *evaluation_text(struct arena *out, const struct ml_trained *k)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, (size_t)8 << 20);
	jw_init(&w, &b);
	ml_eval_json(&w, &k->eval);
	if (b.len == 0 || b.overflow)
		return NULL;
	b.len--;			/* the object goes on */
	sbuf_add_cstr(&b, ",\"search\":");
	jw_init(&w, &b);
	write_trials(&w, k);
	sbuf_add_c(&b, '}');
	return sbuf_finish(&b);
}

static const char *metrics_text(struct arena *out, const struct ml_trained *k)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, out, 1 << 16);
	jw_init(&w, &b);
	ml_metrics_json(&w, k->eval.metric);
	return sbuf_finish(&b);
}

static int resume_from(struct training *t, struct str *ret, struct err *err)
{
	int rc = model_checkpoint_get(t->e->arena, t->e->db, t->m->id, ret, err);

	if (rc == 0 && ret->n > 0)
		log_info(NULL, "model %" PRIu64 ": goes on from a checkpoint of %zu "
			 "bytes", t->m->id, ret->n);
	return rc;
}

/* A checkpoint that does not fit (another program wrote it) costs the work, and
 * not the model. */
static int train(struct training *t, struct ml_trained *ret, struct err *err)
{
	struct arena *a = t->e->arena;
	const struct ml_hooks h = { step, checkpoint, 1, t };
	struct ml_plan p;
	struct str from;
	struct bars b;
	int rc = model_plan(a, t->m, &p, err);

	if (rc == 0) {
		ml_plan_complete(a, &p);
		rc = model_bars(a, t->e->db, t->m, &p, p.train_from, p.test_to, &b,
				err);
	}
	if (rc == 0)
		rc = resume_from(t, &from, err);
	if (rc < 0)
		return rc;
	rc = ml_train(a, &p, &b, NULL, from.n > 0 ? from.p : NULL, from.n, &h, ret,
		      err);
	if (rc == -E_INVAL && from.n > 0 && t->stop == TR_ON) {
		log_warn(NULL, "model %" PRIu64 ": its checkpoint is of no use, it "
			 "begins anew: %s", t->m->id, err->msg);
		rc = ml_train(a, &p, &b, NULL, NULL, 0, &h, ret, err);
	}
	return rc;
}

static int keep(struct training *t, const struct ml_trained *k, struct err *err)
{
	struct arena *a = t->e->arena;
	struct model_result r = {
		.file = str_n(k->file, k->size), .kind = t->m->kind,
		.checksum = k->sum, .feature_hash = k->feature_hash,
		.metrics = metrics_text(a, k), .evaluation = evaluation_text(a, k),
		.verdict = k->eval.verdict, .judged = true, .better = k->eval.better,
	};

	if (r.evaluation == NULL || r.metrics == NULL)
		return FAIL(err, E_BUG, "the evaluation does not fit");
	if (t->m->parent_id != 0)
		r.verdict = model_against_parent(t->e, t->m, k, r.verdict);
	return model_done(t->e->db, t->m->id, t->j->lease, &r,
			  clock_ms(&clock_real), err);
}

/* ---- the job ------------------------------------------------------------------- */

/* Errors that are the request's own have sentences for their owner; those that
 * may pass are tried again; the rest is the program's. */
static bool owners(int rc)
{
	return rc == -E_INVAL || rc == -E_LIMIT || rc == -E_UNPROCESSABLE ||
		rc == -E_TOOBIG;
}

static int ended(struct training *t, int rc, struct err *err)
{
	struct model *m = t->m;
	int64_t now = clock_ms(&clock_real);

	if (t->stop == TR_BROKEN) {
		*err = t->why;
		return -(int)t->why.code;
	}
	m->eta_ms = -1;
	if (t->stop == TR_UNWANTED || rc == -E_CONFLICT) {
		m->state = MODEL_CANCELLED;
		rc = model_cancelled(t->e->db, m->id, now, err);
	} else if (rc == 0) {
		m->state = MODEL_CANDIDATE;
		m->permille = 1000;
	} else if (owners(rc) || rc == -E_BUG || rc == -E_NOTFOUND) {
		if (!owners(rc))
			log_error(NULL, "model %" PRIu64 ": %s", m->id, err->msg);
		m->state = MODEL_FAILED;
		m->error = owners(rc) ? arena_strdup(t->e->arena, err->msg) :
			"the training failed inside the program; its log says why";
		rc = model_fail(t->e->db, m->id, t->j->lease, m->error, now, err);
	} else {
		return rc;
	}
	if (rc == 0)
		model_tell(m, "state", NULL);
	return rc;
}

int job_model(const struct job_env *e, const struct job *j, const char **ret_result,
	      struct err *err)
{
	int64_t now = clock_mono_ns();
	struct training t = { e, j, NEW(e->arena, struct model), now, now, 0, -1, 0,
			      TR_ON, { 0 } };
	struct ml_trained *k = NEW(e->arena, struct ml_trained);
	const struct json *in;
	uint64_t id;
	int rc = json_parse(e->arena, j->input, strlen(j->input), &in, err);

	if (rc < 0)
		return rc;
	if (!json_u64(json_get(in, "id"), &id))
		return FAIL(err, E_BUG, "the job names no model");
	rc = job_renew(e->db, j, LEASE_MS, 0, err);
	if (rc == 0)
		rc = model_begin(e->db, id, j->lease, clock_ms(&clock_real), err);
	if (rc == 0)
		return model_cancelled(e->db, id, clock_ms(&clock_real), err);
	if (rc == 1)
		rc = model_get(e->arena, e->db, id, t.m, err);
	if (rc < 0)
		return rc == -E_NOTFOUND ? 0 : rc;
	model_tell(t.m, "state", NULL);
	rc = train(&t, k, err);
	if (rc == 0)
		rc = keep(&t, k, err);
	if (rc == 0 && FAULT("model.done"))
		return FAIL(err, E_IO, "fault: model.done");
	rc = ended(&t, rc, err);
	board_slot_gauge_set(BS_ML_ARENA, 0);
	board_slot_gauge_set(BS_ML_TENSORS, 0);
	if (rc == 0 && t.m->state == MODEL_CANDIDATE && t.m->parent_id != 0)
		rc = model_succeed(e, t.m, err);
	if (rc == 0)
		*ret_result = arena_printf(e->arena, "{\"id\":%" PRIu64
					   ",\"state\":\"%s\"}", id,
					   model_state_name(t.m->state));
	return rc;
}
