#ifndef ML_REGISTRY_H
#define ML_REGISTRY_H
/* registry.h - models in the database.
 *
 *	queued -> training -> candidate -> active -> retired
 *	                   -> failed | cancelled; these two may be resumed
 *
 * A row pins what its training is a function of: kind, plan (plan.h), market,
 * timeframe and ranges.  A job ("model", {"id":N}) trains it; whoever begins
 * names the run by the job's lease, and only that run may write from then on.
 * What it has done is kept as a checkpoint, so that a run that is begun again
 * goes on where the last one stood and gives the same bytes.
 *
 * Versions of a model share a name; of each user's name at most one is active.
 * The file stands in the database, so that every host has it (shelf.h maps it).
 * Whatever changes what is active bumps the generation: the host's at once
 * (proc/board.h, GEN_MODELS), the database's for other hosts. */
#include "core/err.h"
#include "market/market.h"
#include "ml/plan.h"

struct db;

#define MODEL_STATES(X)							\
	X(QUEUED, "queued", 'q') X(TRAINING, "training", 't')		\
	X(CANDIDATE, "candidate", 'd') X(ACTIVE, "active", 'a')		\
	X(RETIRED, "retired", 'r') X(FAILED, "failed", 'f')		\
	X(CANCELLED, "cancelled", 'c')
enum model_state {
#define X(id, name, letter) MODEL_##id,
	MODEL_STATES(X)
#undef X
};
const char *model_state_name(enum model_state s);

#define MODEL_NAME_MAX	120
#define MODEL_NOTES_MAX	10000
#define MODEL_FILE_MAX	((size_t)12 << 20)	/* of what is stored */

struct model {
	uint64_t id, user_id;
	const char *name, *notes, *kind;
	enum model_state state;
	uint64_t parent_id;			/* 0: none */
	uint64_t market_id;
	const char *exchange, *symbol;
	enum tf tf;
	int64_t train_from, train_to, valid_to, test_to;
	const char *spec;			/* JSON */
	unsigned retrain_days;			/* 0: never */
	unsigned permille;
	int64_t eta_ms;				/* -1: not known */
	const char *error;
	int64_t created, started, trained, promoted, ended;	/* 0: not yet */
	const char *checksum, *feature_hash;	/* NULL: not trained */
	uint64_t size;
	const char *metrics, *verdict;		/* may be NULL */
	bool judged, better;			/* better counts when judged */
	uint64_t generation;
	char drift;				/* 0, 's', 'm', 'd' */
	double drift_psi;
	int64_t drift_ms;
	bool cancel;				/* it shall stop */
};

/* The plan of a row, and what it was made of. */
MUST_CHECK int model_plan(struct arena *out, const struct model *m,
			  struct ml_plan *ret, struct err *err);
/* The bars behind this are the first that it has not learned from. */
static inline int64_t model_seen_to(const struct model *m)
{
	return m->valid_to;
}

/* Inserts it (user_id .. retrain_days, parent_id).  The caller queues its job
 * in the same transaction and says so. */
MUST_CHECK int model_add(struct db *db, const struct model *m, int64_t now_ms,
			 uint64_t *ret_id, struct err *err);
MUST_CHECK int model_queued(struct db *db, uint64_t id, uint64_t job_id,
			    struct err *err);
MUST_CHECK int model_get(struct arena *out, struct db *db, uint64_t id,
			 struct model *ret, struct err *err);
/* The one in use; -E_NOTFOUND with a sentence that names it. */
MUST_CHECK int model_active(struct arena *out, struct db *db, uint64_t user,
			    const char *name, struct model *ret, struct err *err);
struct model_filter {
	uint64_t user, before, market;		/* 0: any */
	const char *state, *kind;		/* letter; "": any */
	size_t limit;
};
/* Newest first. */
MUST_CHECK int model_list(struct arena *out, struct db *db,
			  const struct model_filter *f, struct model **ret,
			  size_t *ret_n, struct err *err);
/* Those in use, of everybody, with id > after: at most 100. */
MUST_CHECK int model_all_active(struct arena *out, struct db *db, uint64_t after,
				struct model **ret, size_t *ret_n,
				struct err *err);
/* Those in use that are to be trained anew. */
MUST_CHECK int model_due(struct arena *out, struct db *db, int64_t now_ms,
			 struct model **ret, size_t *ret_n, struct err *err);
MUST_CHECK int model_waiting(struct db *db, uint64_t user, size_t *ret,
			     struct err *err);
/* Notes and retrain_days; the name too unless versions of it were in use. */
MUST_CHECK int model_patch(struct db *db, const struct model *m, bool rename,
			   struct err *err);
/* -E_CONFLICT: it is in use, or a bot has asked it. */
MUST_CHECK int model_del(struct db *db, uint64_t id, struct err *err);
/* -E_CONFLICT when it is not under way; when it was not stopped. */
MUST_CHECK int model_cancel(struct db *db, uint64_t id, int64_t now_ms,
			    struct err *err);
MUST_CHECK int model_resume(struct db *db, uint64_t id, struct err *err);
/* Takes the place of the one in use; -E_CONFLICT: it is not trained, or is in
 * use already.  Joins an open transaction; bump with model_changed() after. */
MUST_CHECK int model_promote(struct db *db, const struct model *m,
			     int64_t now_ms, struct err *err);
/* No longer in use, nor to be. */
MUST_CHECK int model_retire(struct db *db, const struct model *m, struct err *err);
void model_changed(void);		/* on this host; after the commit */
MUST_CHECK int model_generation(struct db *db, uint64_t *ret, struct err *err);

/* Those who watch topic model:<id>: "state" or "progress"; p may be NULL. */
void model_tell(const struct model *m, const char *type,
		const struct ml_progress *p);

/* -- the training ----------------------------------------------------------- */
/* 1: begin; 0: there is nothing to train (ended, cancelled, deleted). */
MUST_CHECK int model_begin(struct db *db, uint64_t id, uint64_t lease,
			   int64_t now_ms, struct err *err);
/* 1: go on; 0: stop, nobody waits for it. */
MUST_CHECK int model_progress(struct db *db, uint64_t id, uint64_t lease,
			      unsigned permille, int64_t eta_ms, struct err *err);
/* A point of the curve, epochs count from 1; one that is there is replaced. */
MUST_CHECK int model_point(struct db *db, uint64_t id, const struct ml_progress *p,
			   struct err *err);
/* All or nothing; -E_CONFLICT: the run is another's by now. */
MUST_CHECK int model_checkpoint(struct db *db, uint64_t id, uint64_t lease,
				struct str bytes, struct err *err);
/* n 0: there is none. */
MUST_CHECK int model_checkpoint_get(struct arena *out, struct db *db, uint64_t id,
				    struct str *ret, struct err *err);
MUST_CHECK int model_fail(struct db *db, uint64_t id, uint64_t lease,
			  const char *why, int64_t now_ms, struct err *err);
MUST_CHECK int model_cancelled(struct db *db, uint64_t id, int64_t now_ms,
			       struct err *err);
struct model_result {
	struct str file;
	const char *kind, *checksum, *feature_hash;
	const char *metrics, *evaluation, *verdict;	/* JSON, JSON, text */
	bool judged, better;
};
/* All or nothing; lease 0: imported.  -E_CONFLICT as above. */
MUST_CHECK int model_done(struct db *db, uint64_t id, uint64_t lease,
			  const struct model_result *r, int64_t now_ms,
			  struct err *err);
MUST_CHECK int model_lost(struct db *db, int64_t now_ms, struct err *err);
MUST_CHECK int model_drift(struct db *db, uint64_t id, char state, double psi,
			   int64_t now_ms, struct err *err);

/* -- what came of it --------------------------------------------------------- */
MUST_CHECK int model_file(struct arena *out, struct db *db, const struct model *m,
			  struct str *ret, struct err *err);
MUST_CHECK int model_evaluation(struct arena *out, struct db *db, uint64_t id,
				const char **ret, struct err *err);
struct model_point { unsigned epoch; double train_loss, valid_loss, valid_accuracy, rate; };
MUST_CHECK int model_points(struct arena *out, struct db *db, uint64_t id,
			    struct model_point **ret, size_t *ret_n,
			    struct err *err);

#endif /* ML_REGISTRY_H */
