#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "ml/registry.h"
#include "proc/board.h"
#include "proc/events.h"

/* ---- rows ------------------------------------------------------------------ */

const char *model_state_name(enum model_state s)
{
	switch (s) {
#define X(id, name, letter) case MODEL_##id: return name;
	MODEL_STATES(X)
#undef X
	}
	return "?";
}

static enum model_state state_of(const char *letter)
{
#define X(id, name, c)							\
	if (*letter == (c))						\
		return MODEL_##id;
	MODEL_STATES(X)
#undef X
	return MODEL_FAILED;		/* the CHECK of the table: never */
}

static int64_t time_or_0(const struct rows *r, size_t i, size_t col)
{
	return row_null(r, i, col) ? 0 : row_i64(r, i, col);
}

static uint64_t number_or_0(const struct rows *r, size_t i, size_t col)
{
	return row_null(r, i, col) ? 0 : row_u64(r, i, col);
}

static void from_row(const struct rows *r, size_t i, struct model *m)
{
	*m = (struct model){
		.id = row_u64(r, i, 0), .user_id = row_u64(r, i, 1),
		.name = row_cstr(r, i, 2), .notes = row_cstr(r, i, 3),
		.kind = row_cstr(r, i, 4), .state = state_of(row_cstr(r, i, 5)),
		.parent_id = number_or_0(r, i, 6), .market_id = row_u64(r, i, 7),
		.exchange = row_cstr(r, i, 8), .symbol = row_cstr(r, i, 9),
		.tf = (enum tf)row_u64(r, i, 10),
		.train_from = row_i64(r, i, 11), .train_to = row_i64(r, i, 12),
		.valid_to = row_i64(r, i, 13), .test_to = row_i64(r, i, 14),
		.spec = row_cstr(r, i, 15),
		.retrain_days = (unsigned)number_or_0(r, i, 16),
		.permille = (unsigned)row_u64(r, i, 17),
		.eta_ms = row_null(r, i, 18) ? -1 : row_i64(r, i, 18),
		.error = row_cstr(r, i, 19), .created = row_i64(r, i, 20),
		.started = time_or_0(r, i, 21), .trained = time_or_0(r, i, 22),
		.promoted = time_or_0(r, i, 23), .ended = time_or_0(r, i, 24),
		.checksum = row_cstr(r, i, 25), .feature_hash = row_cstr(r, i, 26),
		.size = row_u64(r, i, 27), .metrics = row_cstr(r, i, 28),
		.verdict = row_cstr(r, i, 29), .judged = !row_null(r, i, 30),
		.better = number_or_0(r, i, 30) != 0,
		.generation = row_u64(r, i, 31),
		.drift = row_null(r, i, 32) ? '\0' : *row_cstr(r, i, 32),
		.drift_psi = row_null(r, i, 33) ? NAN : row_f64(r, i, 33),
		.drift_ms = time_or_0(r, i, 34), .cancel = row_u64(r, i, 35) != 0,
	};
}

static int many(struct arena *out, struct db *db, enum stmt q,
		const struct dbval *args, size_t n_args, struct model **ret,
		size_t *ret_n, struct err *err)
{
	struct model *v;
	struct rows r;
	int rc = db_select(out, db, q, args, n_args, &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct model, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		from_row(&r, i, &v[i]);
	*ret = v;
	*ret_n = r.n;
	return 0;
}

int model_plan(struct arena *out, const struct model *m, struct ml_plan *ret,
	       struct err *err)
{
	const struct json *j;
	int rc = json_parse(out, m->spec, strlen(m->spec), &j, err);

	if (rc == 0)
		rc = ml_plan_read(out, j, m->kind, m->tf, ret, NULL, err);
	if (rc < 0)
		return rc;
	ret->name = m->name;
	ret->market = arena_printf(out, "%s:%s", m->exchange, m->symbol);
	ret->train_from = m->train_from;
	ret->train_to = m->train_to;
	ret->valid_to = m->valid_to;
	ret->test_to = m->test_to;
	return 0;
}

static struct dbval or_null(uint64_t n)
{
	return n == 0 ? V_NULL() : V_U64(n);
}

int model_add(struct db *db, const struct model *m, int64_t now_ms,
	      uint64_t *ret_id, struct err *err)
{
	return db_exec(db, Q_MODEL_ADD,
		       ARGS(V_U64(m->user_id), V_STR(m->name), V_STR(m->notes),
			    V_STR(m->kind), or_null(m->parent_id),
			    V_U64(m->market_id), V_U64((uint64_t)m->tf),
			    V_I64(m->train_from), V_I64(m->train_to),
			    V_I64(m->valid_to), V_I64(m->test_to), V_STR(m->spec),
			    or_null(m->retrain_days), V_I64(now_ms)),
		       NULL, ret_id, err);
}

int model_queued(struct db *db, uint64_t id, uint64_t job_id, struct err *err)
{
	return db_exec(db, Q_MODEL_QUEUE, ARGS(V_U64(job_id), V_U64(id)), NULL,
		       NULL, err);
}

int model_get(struct arena *out, struct db *db, uint64_t id, struct model *ret,
	      struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_MODEL_GET, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "there is no such model");
	from_row(&r, 0, ret);
	return 0;
}

int model_active(struct arena *out, struct db *db, uint64_t user,
		 const char *name, struct model *ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_MODEL_ACTIVE,
			   ARGS(V_U64(user), V_STR(name)), &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0)
		return FAIL(err, E_NOTFOUND, "no model named \"%s\" is in use: "
			    "train one and promote it", name);
	from_row(&r, 0, ret);
	return 0;
}

int model_list(struct arena *out, struct db *db, const struct model_filter *f,
	       struct model **ret, size_t *ret_n, struct err *err)
{
	return many(out, db, Q_MODEL_LIST,
		    ARGS(V_U64(f->user), V_U64(f->before), V_U64(f->before),
			 V_STR(f->state), V_STR(f->state), V_STR(f->kind),
			 V_STR(f->kind), V_U64(f->market), V_U64(f->market),
			 V_U64(f->limit)), ret, ret_n, err);
}

int model_all_active(struct arena *out, struct db *db, uint64_t after,
		     struct model **ret, size_t *ret_n, struct err *err)
{
	return many(out, db, Q_MODEL_ALL_ACTIVE, ARGS(V_U64(after)), ret, ret_n,
		    err);
}

int model_due(struct arena *out, struct db *db, int64_t now_ms,
	      struct model **ret, size_t *ret_n, struct err *err)
{
	return many(out, db, Q_MODEL_DUE, ARGS(V_I64(now_ms)), ret, ret_n, err);
}

int model_waiting(struct db *db, uint64_t user, size_t *ret, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, Q_MODEL_WAITING, ARGS(V_U64(user)), &r, err);

	if (rc == 0)
		*ret = (size_t)row_i64(&r, 0, 0);
	return rc;
}

/* 1: a row changed; 0: none. */
static int changed(struct db *db, enum stmt q, const struct dbval *args,
		   size_t n_args, struct err *err)
{
	uint64_t n = 0;
	int rc = db_exec(db, q, args, n_args, &n, NULL, err);

	return rc < 0 ? rc : n > 0;
}

int model_patch(struct db *db, const struct model *m, bool rename,
		struct err *err)
{
	int rc = changed(db, Q_MODEL_PATCH, ARGS(V_STR(m->notes),
			 or_null(m->retrain_days), V_U64(m->id)), err);

	if (rc == 0)
		return FAIL(err, E_NOTFOUND, "there is no such model");
	if (rc < 0 || !rename)
		return rc < 0 ? rc : 0;
	rc = changed(db, Q_MODEL_RENAME, ARGS(V_STR(m->name), V_U64(m->id)), err);
	return rc == 0 ? FAIL(err, E_CONFLICT, "a model that is or was in use "
			      "keeps its name") : rc < 0 ? rc : 0;
}

int model_del(struct db *db, uint64_t id, struct err *err)
{
	int rc = changed(db, Q_MODEL_DEL, ARGS(V_U64(id)), err);

	return rc == 0 ? FAIL(err, E_CONFLICT, "the model is in use") :
		rc < 0 ? rc : 0;
}

int model_cancel(struct db *db, uint64_t id, int64_t now_ms, struct err *err)
{
	int rc = changed(db, Q_MODEL_CANCEL_QUEUED,
			 ARGS(V_I64(now_ms), V_U64(id)), err);

	if (rc == 0)
		rc = changed(db, Q_MODEL_CANCEL_TRAINING, ARGS(V_U64(id)), err);
	return rc == 0 ? FAIL(err, E_CONFLICT, "the training has ended already") :
		rc < 0 ? rc : 0;
}

int model_resume(struct db *db, uint64_t id, struct err *err)
{
	int rc = changed(db, Q_MODEL_RESUME, ARGS(V_U64(id)), err);

	return rc == 0 ? FAIL(err, E_CONFLICT, "the training was not stopped") :
		rc < 0 ? rc : 0;
}

/* ---- which one is in use -------------------------------------------------------- */

struct use {
	const struct model *m;
	int64_t now_ms;
	bool retire;
};

/* The name's row stands locked; *ret_id 0: no model of it is in use. */
static int lock_name(struct db *db, const struct model *m, uint64_t *ret_id,
		     uint64_t *ret_generation, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", 1 << 20);
	struct rows r;
	int rc = db_exec(db, Q_MODEL_NAME_MAKE,
			 ARGS(V_U64(m->user_id), V_STR(m->name)), NULL, NULL, err);

	if (rc == 0)
		rc = db_select(tmp, db, Q_MODEL_NAME_LOCK,
			       ARGS(V_U64(m->user_id), V_STR(m->name)), &r, err);
	if (rc < 0)
		return rc;
	if (r.n != 1)
		return FAIL(err, E_BUG, "a name of a model has %zu rows", r.n);
	*ret_id = row_null(&r, 0, 0) ? 0 : row_u64(&r, 0, 0);
	*ret_generation = row_u64(&r, 0, 1);
	return 0;
}

static int promote(struct db *db, const struct use *u, uint64_t was,
		   uint64_t generation, struct err *err)
{
	const struct model *m = u->m;
	int rc;

	if (was == m->id)
		return FAIL(err, E_CONFLICT, "the model is in use already");
	/* First the place is free, then it is taken: a model may stand in one
	 * place only. */
	if (was != 0) {
		rc = db_exec(db, Q_MODEL_RETIRE, ARGS(V_U64(was)), NULL, NULL, err);
		if (rc < 0)
			return rc;
	}
	rc = changed(db, Q_MODEL_ACTIVATE, ARGS(V_U64(generation),
		     V_I64(u->now_ms), V_U64(m->id)), err);
	if (rc == 0)
		return FAIL(err, E_CONFLICT, "the model is not trained");
	if (rc > 0)
		rc = db_exec(db, Q_MODEL_NAME_SET,
			     ARGS(V_U64(m->id), V_U64(generation),
				  V_U64(m->user_id), V_STR(m->name)), NULL, NULL,
			     err);
	return rc;
}

static int retire(struct db *db, const struct use *u, uint64_t was,
		  uint64_t generation, struct err *err)
{
	int rc = changed(db, Q_MODEL_RETIRE, ARGS(V_U64(u->m->id)), err);

	if (rc == 0)
		return FAIL(err, E_CONFLICT, "the model is neither in use nor a "
			    "candidate");
	if (rc > 0 && was == u->m->id)
		rc = db_exec(db, Q_MODEL_NAME_SET,
			     ARGS(V_NULL(), V_U64(generation),
				  V_U64(u->m->user_id), V_STR(u->m->name)), NULL,
			     NULL, err);
	return rc < 0 ? rc : 0;
}

static int use_tx(void *ctx, struct db *db, struct err *err)
{
	const struct use *u = ctx;
	uint64_t was, generation;
	int rc = lock_name(db, u->m, &was, &generation, err);

	if (rc == 0)
		rc = u->retire ? retire(db, u, was, generation, err) :
			promote(db, u, was, generation + 1, err);
	if (rc == 0)
		rc = db_exec(db, Q_MODEL_GENERATION_UP, NOARGS, NULL, NULL, err);
	return rc;
}

int model_promote(struct db *db, const struct model *m, int64_t now_ms,
		  struct err *err)
{
	return db_tx_join(db, use_tx, &(struct use){ m, now_ms, false }, err);
}

int model_retire(struct db *db, const struct model *m, struct err *err)
{
	return db_tx_join(db, use_tx, &(struct use){ m, 0, true }, err);
}

void model_changed(void)
{
	board_generation_bump(GEN_MODELS);
}

int model_generation(struct db *db, uint64_t *ret, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, Q_MODEL_GENERATION, NOARGS, &r, err);

	if (rc == 0)
		*ret = r.n > 0 ? row_u64(&r, 0, 0) : 0;
	return rc;
}

/* ---- who watches ------------------------------------------------------------------ */

static void tell_epoch(struct jw *w, const struct ml_progress *p)
{
	jw_ku64(w, "epoch", p->epoch);
	jw_ku64(w, "epochs", p->epochs);
	jw_kf64(w, "train_loss", p->train_loss);
	jw_kf64(w, "valid_loss", p->valid_loss);
	jw_kf64(w, "valid_accuracy", p->valid_accuracy);
}

void model_tell(const struct model *m, const char *type,
		const struct ml_progress *p)
{
	struct arena *a CLEANUP(arena_free) = arena_new("tell", 1 << 20);
	char topic[48];
	struct sbuf s;
	struct jw w;

	sbuf_init(&s, a, EVENT_MAX);
	jw_init(&w, &s);
	jw_obj(&w);
	jw_ku64(&w, "id", m->id);
	jw_kstr(&w, "state", model_state_name(m->state));
	jw_kf64(&w, "progress", m->permille / 1000.0);
	jw_key(&w, "eta_ms");
	if (m->eta_ms >= 0)
		jw_i64(&w, m->eta_ms);
	else
		jw_null(&w);
	jw_kstr(&w, "error", m->error);
	if (p != NULL)
		tell_epoch(&w, p);
	jw_obj_end(&w);
	snprintf(topic, sizeof(topic), "model:%" PRIu64, m->id);
	if (sbuf_finish(&s) != NULL)
		events_publish(topic, type, m->user_id, s.buf, s.len);
}
