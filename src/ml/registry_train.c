/* What a training writes, and what came of it is read. */
#include "config.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "db/db.h"
#include "ml/registry.h"

#define PART ((size_t)1 << 20)		/* bytes of a row */
#define PARTS_MAX 512

static int one_row(struct db *db, enum stmt q, const struct dbval *args,
		   size_t n_args, struct err *err)
{
	uint64_t n = 0;
	int rc = db_exec(db, q, args, n_args, &n, NULL, err);

	return rc < 0 ? rc : n > 0;
}

int model_begin(struct db *db, uint64_t id, uint64_t lease, int64_t now_ms,
		struct err *err)
{
	return one_row(db, Q_MODEL_BEGIN, ARGS(V_U64(lease), V_I64(now_ms),
					       V_U64(id)), err);
}

int model_progress(struct db *db, uint64_t id, uint64_t lease,
		   unsigned permille, int64_t eta_ms, struct err *err)
{
	struct dbval eta = V_NULL();

	if (eta_ms >= 0)
		eta = V_I64(eta_ms);
	return one_row(db, Q_MODEL_PROGRESS,
		       ARGS(V_U64(permille < 1000 ? permille : 1000), eta,
			    V_U64(id), V_U64(lease)), err);
}

static struct dbval number_or_null(double v)
{
	return isfinite(v) ? V_F64(v) : V_NULL();
}

int model_point(struct db *db, uint64_t id, const struct ml_progress *p,
		struct err *err)
{
	return db_exec(db, Q_MODEL_POINT_ADD,
		       ARGS(V_U64(id), V_U64(p->epoch),
			    number_or_null(p->train_loss),
			    number_or_null(p->valid_loss),
			    number_or_null(p->valid_accuracy),
			    number_or_null(p->rate)), NULL, NULL, err);
}

int model_fail(struct db *db, uint64_t id, uint64_t lease, const char *why,
	       int64_t now_ms, struct err *err)
{
	int rc = one_row(db, Q_MODEL_FAIL, ARGS(V_STR(why), V_I64(now_ms),
			 V_U64(id), V_U64(lease)), err);

	return rc < 0 ? rc : 0;
}

int model_cancelled(struct db *db, uint64_t id, int64_t now_ms, struct err *err)
{
	int rc = one_row(db, Q_MODEL_CANCELLED, ARGS(V_I64(now_ms), V_U64(id)),
			 err);

	return rc < 0 ? rc : 0;
}

int model_lost(struct db *db, int64_t now_ms, struct err *err)
{
	return db_exec(db, Q_MODEL_LOST, ARGS(V_I64(now_ms)), NULL, NULL, err);
}

int model_drift(struct db *db, uint64_t id, char state, double psi,
		int64_t now_ms, struct err *err)
{
	const char text[2] = { state, '\0' };

	return db_exec(db, Q_MODEL_DRIFT, ARGS(V_STR(text), V_F64(psi),
		       V_I64(now_ms), V_U64(id)), NULL, NULL, err);
}

/* ---- in pieces ------------------------------------------------------------- */

static int put_parts(struct db *db, enum stmt q, uint64_t id, struct str bytes,
		     struct err *err)
{
	int rc = 0;

	for (size_t at = 0, part = 0; rc == 0 && at < bytes.n; at += PART, part++) {
		size_t n = bytes.n - at < PART ? bytes.n - at : PART;

		rc = db_exec(db, q, ARGS(V_U64(id), V_U64(part),
			     V_BLOB(bytes.p + at, n)), NULL, NULL, err);
	}
	return rc;
}

/* The pieces one behind the other; `most` bytes at most. */
static int get_parts(struct arena *out, struct db *db, enum stmt q, uint64_t id,
		     size_t most, struct str *ret, struct err *err)
{
	char *to = arena_alloc(out, 1);
	size_t n = 0, room = 0;

	for (size_t part = 0; part < PARTS_MAX; part++) {
		SCOPE(tmp, out) {
			struct str s;
			struct rows r;
			int rc = db_select(tmp, db, q, ARGS(V_U64(id), V_U64(part)),
					   &r, err);

			if (rc < 0)
				return rc;
			if (r.n == 0) {
				*ret = str_n(to, n);
				return 0;
			}
			s = row_str(&r, 0, 0);
			if (n + s.n > most)
				return FAIL(err, E_TOOBIG, "the parts of model "
					    "%" PRIu64 " are too large", id);
			if (n + s.n > room) {
				size_t want = room == 0 ? s.n : 2 * room;

				want = want < n + s.n ? n + s.n : want;
				to = arena_grow(out, to, room == 0 ? 1 : room, want);
				room = want;
			}
			memcpy(to + n, s.p, s.n);
			n += s.n;
		}
	}
	return FAIL(err, E_TOOBIG, "model %" PRIu64 " has too many parts", id);
}

/* Locks the row: is it still this run's? */
static int held(struct db *db, uint64_t id, uint64_t lease, struct err *err)
{
	struct arena *tmp CLEANUP(arena_free) = arena_new("model", 1 << 20);
	struct rows r;
	int rc = db_select(tmp, db, Q_MODEL_HELD, ARGS(V_U64(id), V_U64(lease)),
			   &r, err);

	if (rc < 0)
		return rc;
	if (r.n == 0 || row_u64(&r, 0, 0) != 0)
		return FAIL(err, E_CONFLICT, "the model is not this run's any more");
	return 0;
}

struct keeping {
	uint64_t id, lease;
	struct str bytes;
};

static int checkpoint_tx(void *ctx, struct db *db, struct err *err)
{
	const struct keeping *k = ctx;
	int rc = held(db, k->id, k->lease, err);

	if (rc == 0)
		rc = db_exec(db, Q_MODEL_CHECKS_DEL, ARGS(V_U64(k->id)), NULL,
			     NULL, err);
	if (rc == 0)
		rc = put_parts(db, Q_MODEL_CHECK_ADD, k->id, k->bytes, err);
	return rc;
}

int model_checkpoint(struct db *db, uint64_t id, uint64_t lease,
		     struct str bytes, struct err *err)
{
	return db_tx(db, checkpoint_tx, &(struct keeping){ id, lease, bytes }, err);
}

int model_checkpoint_get(struct arena *out, struct db *db, uint64_t id,
			 struct str *ret, struct err *err)
{
	return get_parts(out, db, Q_MODEL_CHECK, id, PARTS_MAX * PART, ret, err);
}

/* ---- the end of it ------------------------------------------------------------- */

struct ending {
	uint64_t id, lease;
	const struct model_result *r;
	int64_t now_ms;
};

static int done_tx(void *ctx, struct db *db, struct err *err)
{
	const struct ending *e = ctx;
	const struct model_result *r = e->r;
	struct dbval better = V_NULL();
	int rc = e->lease == 0 ? 0 : held(db, e->id, e->lease, err);

	if (r->judged)
		better = V_U64(r->better);
	if (rc == 0)
		rc = put_parts(db, Q_MODEL_PART_ADD, e->id, r->file, err);
	if (rc == 0)
		rc = db_exec(db, Q_MODEL_CHECKS_DEL, ARGS(V_U64(e->id)), NULL,
			     NULL, err);
	if (rc == 0)
		rc = db_exec(db, Q_MODEL_DONE,
			     ARGS(V_I64(e->now_ms), V_I64(e->now_ms),
				  V_STR(r->kind), V_STR(r->checksum),
				  V_STR(r->feature_hash), V_U64(r->file.n),
				  V_STR(r->metrics), V_STR(r->evaluation),
				  V_STR(r->verdict), better, V_U64(e->id)),
			     NULL, NULL, err);
	return rc;
}

int model_done(struct db *db, uint64_t id, uint64_t lease,
	       const struct model_result *r, int64_t now_ms, struct err *err)
{
	if (r->file.n == 0 || r->file.n > MODEL_FILE_MAX)
		return FAIL(err, E_UNPROCESSABLE, "the model takes %zu bytes, at "
			    "most %zu are kept: choose a smaller one", r->file.n,
			    MODEL_FILE_MAX);
	return db_tx_join(db, done_tx, &(struct ending){ id, lease, r, now_ms },
			  err);
}

int model_file(struct arena *out, struct db *db, const struct model *m,
	       struct str *ret, struct err *err)
{
	int rc = get_parts(out, db, Q_MODEL_PART, m->id, MODEL_FILE_MAX, ret, err);

	if (rc == 0 && (ret->n == 0 || ret->n != m->size))
		return FAIL(err, E_CONFLICT, "the file of the model is incomplete");
	return rc;
}

int model_evaluation(struct arena *out, struct db *db, uint64_t id,
		     const char **ret, struct err *err)
{
	struct rows r;
	int rc = db_select(out, db, Q_MODEL_EVALUATION, ARGS(V_U64(id)), &r, err);

	if (rc == 0)
		*ret = r.n > 0 ? row_cstr(&r, 0, 0) : NULL;
	return rc;
}

static double number(const struct rows *r, size_t i, size_t col)
{
	return row_null(r, i, col) ? NAN : row_f64(r, i, col);
}

int model_points(struct arena *out, struct db *db, uint64_t id,
		 struct model_point **ret, size_t *ret_n, struct err *err)
{
	struct model_point *v;
	struct rows r;
	int rc = db_select(out, db, Q_MODEL_POINTS, ARGS(V_U64(id)), &r, err);

	if (rc < 0)
		return rc;
	v = NEW_N(out, struct model_point, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct model_point){ (unsigned)row_u64(&r, i, 0),
			number(&r, i, 1), number(&r, i, 2), number(&r, i, 3),
			number(&r, i, 4) };
	*ret = v;
	*ret_n = r.n;
	return 0;
}
